/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Makes an address known on its link before the first packet needs it: to the
 * next hop, which otherwise asks before it delivers the peer's answer, and the
 * next hop to the kernel, which forgets it with the last address of a link.
 * Each would cost a round trip of the link in the middle of a move.
 */
#ifndef MOBX_AGENT_NEIGH_H
#define MOBX_AGENT_NEIGH_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/rtnl.h"
#include "wire/addr.h"

/**
 * struct neigh - who can do it
 * @fd: packet socket, or -errno
 * @rtnl: routing socket
 */
struct neigh {
	int fd;
	struct rtnl rtnl;
};

/**
 * struct neigh_ask - MSG_NEIGH: an own address appeared
 * @local: the address
 * @remote: where to
 * @hop: its next hop, of the same family
 * @ifindex: the link between them
 * @has_mac: the next hop has been seen there with
 * @mac: this Ethernet address
 */
struct neigh_ask {
	struct wire_addr local;
	struct wire_addr remote;
	struct wire_addr hop;
	uint32_t ifindex;
	bool has_mac;
	uint8_t mac[RTNL_MAC_LEN];
};

/** neigh_open() - needs CAP_NET_RAW and CAP_NET_ADMIN; fails when used */
void neigh_open(struct neigh *n);

/** neigh_close() - close the sockets */
void neigh_close(struct neigh *n);

/**
 * neigh_ask() - send the question of ARP once (RFC 826; RFC 4436, section 2.1)
 * @n: opened
 * @m: what to ask; an address that is not this host's is refused
 *
 * The neighbour learns the asker's address from it (RFC 826, "Packet
 * Reception"). Its answer is for the kernel; nobody waits for it. A link
 * address that the kernel has forgotten is used until the kernel has verified
 * it, if it is that of the next hop that the routes name.
 *
 * Return: 0; -EAFNOSUPPORT for links that have no ARP; a negative errno.
 */
int neigh_ask(struct neigh *n, const struct neigh_ask *m);

#endif /* MOBX_AGENT_NEIGH_H */
