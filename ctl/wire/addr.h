/* SPDX-License-Identifier: GPL-2.0 */
/* IP addresses and UDP endpoints as values: no padding to compare, no sockets. */
#ifndef MOBX_WIRE_ADDR_H
#define MOBX_WIRE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/**
 * struct wire_addr - an IP address
 * @family: 4, 6, or 0 for "none".
 * @a: Network order; the octets after the address (12 for IPv4) are zero.
 */
struct wire_addr {
	uint8_t family;
	uint8_t a[16];
};

/**
 * struct wire_endpoint - a UDP endpoint
 * @addr: Address.
 * @port: Host order.
 */
struct wire_endpoint {
	struct wire_addr addr;
	uint16_t port;
};

/* "[v6]:port" and the terminator */
#define WIRE_ADDR_TEXT		46
#define WIRE_ENDPOINT_TEXT	(WIRE_ADDR_TEXT + 8)

/**
 * enum wire_addr_kind - what an address is good for (MOBIKE-X, section 6, 6.)
 * @WIRE_ADDR_UNICAST: An ordinary one.
 * @WIRE_ADDR_UNSPECIFIED: 0.0.0.0/8, ::, or family 0.
 * @WIRE_ADDR_LOOPBACK: 127.0.0.0/8, ::1.
 * @WIRE_ADDR_LINK_LOCAL: 169.254.0.0/16, fe80::/10.
 * @WIRE_ADDR_MULTICAST: 224.0.0.0/4, ff00::/8.
 * @WIRE_ADDR_BROADCAST: 240.0.0.0/4, which holds 255.255.255.255.
 * @WIRE_ADDR_MAPPED: IPv4 in IPv6, ::ffff:0:0/96 and ::/96.
 */
enum wire_addr_kind {
	WIRE_ADDR_UNICAST,
	WIRE_ADDR_UNSPECIFIED,
	WIRE_ADDR_LOOPBACK,
	WIRE_ADDR_LINK_LOCAL,
	WIRE_ADDR_MULTICAST,
	WIRE_ADDR_BROADCAST,
	WIRE_ADDR_MAPPED,
};

/**
 * wire_addr_len() - octets of an address on the wire
 * @family: 0, 4 or 6.
 *
 * Return: 4, 16, or 0 for any other @family.
 */
size_t wire_addr_len(uint8_t family);

/**
 * wire_addr_set() - an address from its octets
 * @addr: Filled; family 0 when @len is neither 4 nor 16.
 * @octets: Network order.
 * @len: 4 or 16.
 *
 * Return: whether @len was one of the two.
 */
bool wire_addr_set(struct wire_addr *addr, const uint8_t *octets, size_t len);

bool wire_addr_equal(const struct wire_addr *a, const struct wire_addr *b);

/**
 * wire_addr_cmp() - total order: family, then the octets
 * @a: One.
 * @b: Other.
 *
 * Return: below, equal to or above 0 as memcmp().
 */
int wire_addr_cmp(const struct wire_addr *a, const struct wire_addr *b);
enum wire_addr_kind wire_addr_kind(const struct wire_addr *addr);

/**
 * wire_addr_in_prefix() - membership in a prefix
 * @addr: Address.
 * @prefix: Network; other family: not a member.
 * @bits: Prefix length; more than the family has: not a member.
 */
bool wire_addr_in_prefix(const struct wire_addr *addr,
			 const struct wire_addr *prefix, unsigned int bits);

/**
 * wire_addr_parse() - from text, numeric only
 * @addr: Filled on success, zeroed otherwise.
 * @text: "192.0.2.1" or "2001:db8::1", nothing around it.
 *
 * Return: whether @text is an address.
 */
bool wire_addr_parse(struct wire_addr *addr, const char *text);

/**
 * wire_addr_text() - to text
 * @addr: Address; family 0 gives "none".
 * @text: Result.
 *
 * Return: @text.
 */
const char *wire_addr_text(const struct wire_addr *addr,
			   char text[WIRE_ADDR_TEXT]);

bool wire_endpoint_equal(const struct wire_endpoint *a,
			 const struct wire_endpoint *b);

/**
 * wire_endpoint_text() - "192.0.2.1:4500" or "[2001:db8::1]:4500"
 * @ep: Endpoint.
 * @text: Result.
 *
 * Return: @text.
 */
const char *wire_endpoint_text(const struct wire_endpoint *ep,
			       char text[WIRE_ENDPOINT_TEXT]);

/**
 * wire_endpoint_from_sockaddr() - from what recvmsg() and rtnetlink give
 * @ep: Filled on success, zeroed otherwise. An IPv4-mapped IPv6 address becomes
 *   the IPv4 one: a dual-stack socket shows an IPv4 peer so.
 * @sa: AF_INET or AF_INET6.
 * @len: Octets of @sa.
 *
 * Return: whether @sa was one of the two and long enough.
 */
bool wire_endpoint_from_sockaddr(struct wire_endpoint *ep,
				 const struct sockaddr *sa, socklen_t len);

/**
 * wire_endpoint_to_sockaddr() - for sendmsg() and bind()
 * @ep: Endpoint.
 * @ss: Filled; scope id and flow label are 0.
 *
 * Return: octets of @ss that count, 0 when @ep has no address.
 */
socklen_t wire_endpoint_to_sockaddr(const struct wire_endpoint *ep,
				    struct sockaddr_storage *ss);

#endif
