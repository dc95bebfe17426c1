/* SPDX-License-Identifier: GPL-2.0 */
/* Questions to the kernel's routing, answered at once. */
#ifndef MOBX_AGENT_RTNL_H
#define MOBX_AGENT_RTNL_H

#include <netlink/msg.h>
#include <stdbool.h>
#include <stdint.h>

#include "wire/addr.h"

/**
 * struct rtnl - a socket for questions
 * @fd: its descriptor
 * @seq: of the last question
 */
struct rtnl {
	int fd;
	uint32_t seq;
};

/**
 * struct rtnl_route - where packets would go
 * @ifindex: interface, 0 when the answer names none (several next hops)
 * @metric: priority of the route, the lower the better
 * @hop: next hop, family 0 for a destination on the link
 * @source: address that the kernel would choose, family 0 if it does not say
 */
struct rtnl_route {
	uint32_t ifindex;
	uint32_t metric;
	struct wire_addr hop;
	struct wire_addr source;
};

#define RTNL_MAC_LEN 6

/** rtnl_open() - 0 or a negative errno */
int rtnl_open(struct rtnl *r);

/** rtnl_close() - close the socket */
void rtnl_close(struct rtnl *r);

/**
 * rtnl_dump() - a table of links or addresses
 * @r: socket
 * @type: RTM_GETLINK or RTM_GETADDR
 * @fn: called for each entry
 * @ctx: its argument
 *
 * Return: 0; -EAGAIN when the table changed meanwhile; or a negative errno.
 */
int rtnl_dump(struct rtnl *r, uint16_t type,
	      void (*fn)(struct nlmsghdr *h, void *ctx), void *ctx);

/**
 * rtnl_lookup() - which route leads to an address
 * @r: socket
 * @remote: destination
 * @local: source address, or NULL: what would the kernel do by itself
 * @ifindex: with @local, interface to leave by
 * @out: gets the answer
 *
 * Return: 0; -ENETUNREACH or the like when there is no route; a negative errno.
 */
int rtnl_lookup(struct rtnl *r, const struct wire_addr *remote,
		const struct wire_addr *local, uint32_t ifindex,
		struct rtnl_route *out);

/** rtnl_is_own() - whether an address is this host's */
bool rtnl_is_own(struct rtnl *r, const struct wire_addr *addr);

/**
 * rtnl_link() - own link address
 * @r: socket
 * @ifindex: link
 * @mac: gets its Ethernet address
 *
 * Return: 0; -EAFNOSUPPORT if it is not Ethernet or has no ARP; a negative
 * errno.
 */
int rtnl_link(struct rtnl *r, uint32_t ifindex, uint8_t mac[RTNL_MAC_LEN]);

/**
 * rtnl_neigh() - link address of a neighbour
 * @r: socket
 * @ifindex: link
 * @addr: the neighbour
 * @mac: gets its Ethernet address
 *
 * Return: 0; -ENOENT if the kernel does not know it; a negative errno.
 */
int rtnl_neigh(struct rtnl *r, uint32_t ifindex, const struct wire_addr *addr,
	       uint8_t mac[RTNL_MAC_LEN]);

/**
 * rtnl_neigh_add() - tell the kernel a link address, to be used and verified
 * @r: socket
 * @ifindex: link
 * @addr: the neighbour, of which the kernel knows nothing
 * @mac: its Ethernet address
 *
 * Return: 0; -EEXIST if it does know the neighbour; a negative errno.
 */
int rtnl_neigh_add(struct rtnl *r, uint32_t ifindex,
		   const struct wire_addr *addr,
		   const uint8_t mac[RTNL_MAC_LEN]);

/**
 * rtnl_is_tunnel() - is a link a network device of the mobx module
 * @linkinfo: its IFLA_LINKINFO, NULL is fine
 *
 * Whoever made it, and whatever its name is: its packets end up in a tunnel.
 */
bool rtnl_is_tunnel(struct nlattr *linkinfo);

/**
 * rtnl_find() - a link by its name
 * @r: socket
 * @name: name
 * @ifindex: gets its number
 *
 * Return: 0; -ENODEV if there is none; a negative errno.
 */
int rtnl_find(struct rtnl *r, const char *name, uint32_t *ifindex);

/**
 * rtnl_addr() - give a link a host's address, or take it away
 * @r: socket
 * @add: give; one that it has already is no error
 * @ifindex: link
 * @addr: the address, which brings no route but to itself
 *
 * Return: 0 or a negative errno.
 */
int rtnl_addr(struct rtnl *r, bool add, uint32_t ifindex,
	      const struct wire_addr *addr);

#endif /* MOBX_AGENT_RTNL_H */
