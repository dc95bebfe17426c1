// SPDX-License-Identifier: GPL-2.0
/* IP addresses and endpoints: comparison, kinds, text, sockaddr. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "wire/addr.h"

static const uint8_t mapped_prefix[12] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
};

size_t wire_addr_len(uint8_t family)
{
	return family == 4 ? 4 : family == 6 ? 16 : 0;
}

bool wire_addr_set(struct wire_addr *addr, const uint8_t *octets, size_t len)
{
	*addr = (struct wire_addr){ 0 };
	if (len != 4 && len != 16)
		return false;
	addr->family = len == 4 ? 4 : 6;
	memcpy(addr->a, octets, len);
	return true;
}

int wire_addr_cmp(const struct wire_addr *a, const struct wire_addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->a, b->a, wire_addr_len(a->family));
}

bool wire_addr_equal(const struct wire_addr *a, const struct wire_addr *b)
{
	return !wire_addr_cmp(a, b);
}

static enum wire_addr_kind kind4(const uint8_t *a)
{
	if (a[0] == 0)
		return WIRE_ADDR_UNSPECIFIED;
	if (a[0] == 127)
		return WIRE_ADDR_LOOPBACK;
	if (a[0] == 169 && a[1] == 254)
		return WIRE_ADDR_LINK_LOCAL;
	if (a[0] >= 240)
		return WIRE_ADDR_BROADCAST;
	if (a[0] >= 224)
		return WIRE_ADDR_MULTICAST;
	return WIRE_ADDR_UNICAST;
}

static enum wire_addr_kind kind6(const uint8_t *a)
{
	static const uint8_t zeros[16];

	if (!memcmp(a, zeros, 16))
		return WIRE_ADDR_UNSPECIFIED;
	if (!memcmp(a, zeros, 15) && a[15] == 1)
		return WIRE_ADDR_LOOPBACK;
	if (a[0] == 0xff)
		return WIRE_ADDR_MULTICAST;
	if (a[0] == 0xfe && (a[1] & 0xc0) == 0x80)
		return WIRE_ADDR_LINK_LOCAL;
	if (!memcmp(a, mapped_prefix, 12) || !memcmp(a, zeros, 12))
		return WIRE_ADDR_MAPPED;
	return WIRE_ADDR_UNICAST;
}

enum wire_addr_kind wire_addr_kind(const struct wire_addr *addr)
{
	if (addr->family == 4)
		return kind4(addr->a);
	if (addr->family == 6)
		return kind6(addr->a);
	return WIRE_ADDR_UNSPECIFIED;
}

bool wire_addr_in_prefix(const struct wire_addr *addr,
			 const struct wire_addr *prefix, unsigned int bits)
{
	size_t len = wire_addr_len(addr->family);
	unsigned int octets = bits / 8;
	unsigned int mask = 0xff00u >> bits % 8;

	if (!len || addr->family != prefix->family || bits > len * 8)
		return false;
	if (memcmp(addr->a, prefix->a, octets))
		return false;
	return bits % 8 == 0 ||
	       ((addr->a[octets] ^ prefix->a[octets]) & mask & 0xff) == 0;
}

bool wire_addr_parse(struct wire_addr *addr, const char *text)
{
	*addr = (struct wire_addr){ 0 };
	if (inet_pton(AF_INET, text, addr->a) == 1)
		addr->family = 4;
	else if (inet_pton(AF_INET6, text, addr->a) == 1)
		addr->family = 6;
	return addr->family != 0;
}

const char *wire_addr_text(const struct wire_addr *addr,
			   char text[WIRE_ADDR_TEXT])
{
	int af = addr->family == 6 ? AF_INET6 : AF_INET;

	if (!wire_addr_len(addr->family) ||
	    !inet_ntop(af, addr->a, text, WIRE_ADDR_TEXT))
		snprintf(text, WIRE_ADDR_TEXT, "none");
	return text;
}

bool wire_endpoint_equal(const struct wire_endpoint *a,
			 const struct wire_endpoint *b)
{
	return a->port == b->port && wire_addr_equal(&a->addr, &b->addr);
}

const char *wire_endpoint_text(const struct wire_endpoint *ep,
			       char text[WIRE_ENDPOINT_TEXT])
{
	char addr[WIRE_ADDR_TEXT];

	snprintf(text, WIRE_ENDPOINT_TEXT,
		 ep->addr.family == 6 ? "[%s]:%u" : "%s:%u",
		 wire_addr_text(&ep->addr, addr), ep->port);
	return text;
}

bool wire_endpoint_from_sockaddr(struct wire_endpoint *ep,
				 const struct sockaddr *sa, socklen_t len)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	*ep = (struct wire_endpoint){ 0 };
	if (len >= sizeof(in) && sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		ep->port = ntohs(in.sin_port);
		return wire_addr_set(&ep->addr, (const uint8_t *)&in.sin_addr, 4);
	}
	if (len >= sizeof(in6) && sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		ep->port = ntohs(in6.sin6_port);
		if (!memcmp(in6.sin6_addr.s6_addr, mapped_prefix, 12))
			return wire_addr_set(&ep->addr,
					     in6.sin6_addr.s6_addr + 12, 4);
		return wire_addr_set(&ep->addr, in6.sin6_addr.s6_addr, 16);
	}
	return false;
}

socklen_t wire_endpoint_to_sockaddr(const struct wire_endpoint *ep,
				    struct sockaddr_storage *ss)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	memset(ss, 0, sizeof(*ss));
	switch (ep->addr.family) {
	case 4:
		in.sin_port = htons(ep->port);
		memcpy(&in.sin_addr, ep->addr.a, 4);
		memcpy(ss, &in, sizeof(in));
		return sizeof(in);
	case 6:
		in6.sin6_port = htons(ep->port);
		memcpy(&in6.sin6_addr, ep->addr.a, 16);
		memcpy(ss, &in6, sizeof(in6));
		return sizeof(in6);
	}
	return 0;
}
