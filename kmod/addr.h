/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_ADDR_H
#define MOBX_ADDR_H

#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/minmax.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <net/ipv6.h>

/**
 * union mobx_addr - an IP address; who holds one also holds its family
 * @v4: IPv4 address; the octets behind it are zero
 * @v6: IPv6 address
 * @w: all 16 octets, for hashing and comparing
 *
 * Unused octets are always zero, so that two addresses of one family are equal
 * when all 16 octets are.
 */
union mobx_addr {
	__be32		v4;
	struct in6_addr	v6;
	u32		w[4];
};

static inline union mobx_addr mobx_addr_v4(__be32 addr)
{
	return (union mobx_addr){ .w = { (__force u32)addr } };
}

static inline bool mobx_addr_eq(const union mobx_addr *a,
				const union mobx_addr *b)
{
	return ipv6_addr_equal(&a->v6, &b->v6);
}

/* Octets of an address on the wire and in netlink attributes. */
static inline unsigned int mobx_addr_len(u16 family)
{
	return family == AF_INET ? sizeof(__be32) : sizeof(struct in6_addr);
}

/**
 * struct mobx_flow - what the selectors of RFC 4301, section 4.4.1.1 look at
 * @local: own address: the source of what leaves, the destination of what comes
 * @remote: the other one
 * @family: AF_INET or AF_INET6
 * @proto: IP protocol; for IPv6 what follows the extension headers
 * @opaque_proto: the packet does not show its protocol (a later fragment that
 *	begins with an extension header); implies @opaque_ports
 * @opaque_ports: the packet does not show its ports (a later fragment)
 * @local_port: own port in host order; for ICMP type * 256 + code; or 0
 * @remote_port: the other one; for ICMP the same as @local_port
 */
struct mobx_flow {
	union mobx_addr	local;
	union mobx_addr	remote;
	u16		family;
	u8		proto;
	bool		opaque_proto;
	bool		opaque_ports;
	u16		local_port;
	u16		remote_port;
};

/**
 * struct mobx_headers - where things are in a packet, from its IP header on
 * @upper: octets to the header of the upper layer
 * @esp: octets to where ESP goes in transport mode: behind the headers that
 *	routers look at, before destination options (RFC 4303, section 3.1.1)
 * @nexthdr: octets to the one that says what is at @esp
 * @proto: what is at @upper
 * @fragment: the packet is a fragment
 * @later: and not the first
 * @opaque: @proto is not to be had
 */
struct mobx_headers {
	unsigned int	upper;
	unsigned int	esp;
	unsigned int	nexthdr;
	u8		proto;
	bool		fragment;
	bool		later;
	bool		opaque;
};

/* Source and destination of a packet, 4 or 16 octets in its IP header. */
static inline const void *mobx_packet_saddr(const struct sk_buff *skb,
					    u16 family)
{
	return likely(family == AF_INET) ? (const void *)&ip_hdr(skb)->saddr :
					   (const void *)&ipv6_hdr(skb)->saddr;
}

static inline const void *mobx_packet_daddr(const struct sk_buff *skb,
					    u16 family)
{
	return likely(family == AF_INET) ? (const void *)&ip_hdr(skb)->daddr :
					   (const void *)&ipv6_hdr(skb)->daddr;
}

/* ESP right behind the IP header; netfilter's families are those of sockets. */
static inline bool mobx_is_esp(const struct sk_buff *skb, u16 family)
{
	return (likely(family == AF_INET) ? ip_hdr(skb)->protocol :
		ipv6_hdr(skb)->nexthdr) == IPPROTO_ESP;
}

/* Whether a packet that leaves has come by a device: another host has sent it. */
static inline bool mobx_is_forwarded(const struct sk_buff *skb)
{
	return skb->skb_iif;
}

bool mobx_addr_is_own6(struct net *net, const struct in6_addr *addr,
		       const struct net_device *dev);
bool mobx_addr_is_set6(struct net *net, const struct in6_addr *addr,
		       const struct net_device *dev);
void mobx_packet_addrs(const struct sk_buff *skb, u16 family,
		       union mobx_addr *src, union mobx_addr *dst);
void mobx_flow_out(const struct sk_buff *skb, u16 family,
		   struct mobx_flow *flow, struct mobx_headers *h);
void mobx_flow_in(const struct sk_buff *skb, u16 family,
		  struct mobx_flow *flow, struct mobx_headers *h);
bool mobx_flow_inner(const struct sk_buff *skb, u16 family, u8 proto,
		     struct mobx_flow *flow);

/* What mobx_flow_about() has found. */
enum mobx_about {
	MOBX_ABOUT_NOTHING,	/* no ICMP error */
	MOBX_ABOUT_UNKNOWN,	/* one that does not say what it is about */
	MOBX_ABOUT_PACKET,	/* one about a packet */
	MOBX_ABOUT_TOO_LONG,	/* one about a packet that was too long */
};

enum mobx_about mobx_flow_about(const struct sk_buff *skb, unsigned int offset,
				u16 family, u8 proto, struct mobx_flow *about);
enum mobx_about mobx_packet_about(const struct sk_buff *skb, u16 family,
				  struct mobx_flow *about);

/* The same packet, seen from the other side. */
static inline void mobx_flow_turn(struct mobx_flow *flow)
{
	swap(flow->local, flow->remote);
	swap(flow->local_port, flow->remote_port);
}

#endif
