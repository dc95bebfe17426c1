// SPDX-License-Identifier: GPL-2.0
/*
 * What a packet shows to selectors.
 */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "addr.h"

/* More extension headers than anybody sends: beyond them nobody looks. */
#define MOBX_MAX_EXTHDRS	16

/*
 * Ports as RFC 4301, section 4.4.1.1 wants them; both or neither. The types
 * and codes of ICMP and the type of the mobility header stand for ports.
 */
static bool mobx_flow_ports(const struct sk_buff *skb, unsigned int offset,
			    u8 proto, u16 *sport, u16 *dport)
{
	const __be16 *ports;
	const u8 *head;
	__be16 buf[2];

	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		ports = skb_header_pointer(skb, offset, sizeof(buf), buf);
		if (!ports)
			return false;
		*sport = ntohs(ports[0]);
		*dport = ntohs(ports[1]);
		return true;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		head = skb_header_pointer(skb, offset, 2, buf);
		if (!head)
			return false;
		*sport = head[0] << 8 | head[1];
		*dport = *sport;
		return true;
	case IPPROTO_MH:
		head = skb_header_pointer(skb, offset, 3, buf);
		if (!head)
			return false;
		*sport = head[2] << 8;
		*dport = *sport;
		return true;
	default:
		*sport = 0;
		*dport = 0;
		return true;
	}
}

/*
 * Whether there is a fragment header where selectors do not look: behind AH, or
 * behind more headers than anybody sends. The kernel's defragmenters look there.
 */
static bool mobx_headers_hide(const struct sk_buff *skb, unsigned int at,
			      u8 proto)
{
	const struct frag_hdr *fh;
	struct frag_hdr buf;

	while (ipv6_ext_hdr(proto) && proto != NEXTHDR_NONE) {
		fh = skb_header_pointer(skb, at, sizeof(buf), &buf);
		if (!fh)
			return false;
		if (proto == NEXTHDR_FRAGMENT)
			return true;
		at += proto == NEXTHDR_AUTH ? (fh->reserved + 2) * 4 :
					      (fh->reserved + 1) * 8;
		proto = fh->nexthdr;
	}
	return false;
}

/*
 * Walk IPv6 extension headers from @h->upper on, an offset from skb->data,
 * where a header of type @h->proto is. Those that RFC 4301, section 4.4.1.1
 * names are looked past; AH and ESP are protocols. A header that does not end in
 * the packet, as raw sockets and strangers may send, is not looked past: where
 * ESP goes is in the packet.
 */
static void mobx_headers_walk(const struct sk_buff *skb, unsigned int base,
			      struct mobx_headers *h)
{
	const struct frag_hdr *fh;
	struct frag_hdr buf;
	unsigned int n;

	for (n = 0; n < MOBX_MAX_EXTHDRS; n++) {
		unsigned int at = h->upper, len;

		switch (h->proto) {
		case NEXTHDR_HOP:
		case NEXTHDR_ROUTING:
		case NEXTHDR_DEST:
		case NEXTHDR_FRAGMENT:
			break;
		case NEXTHDR_AUTH:
			h->fragment |= mobx_headers_hide(skb, base + at,
							 h->proto);
			return;
		default:
			return;
		}
		/* The shortest extension header is as long as this one. */
		fh = skb_header_pointer(skb, base + at, sizeof(buf), &buf);
		if (!fh)
			break;
		len = sizeof(buf);
		if (h->proto == NEXTHDR_FRAGMENT) {
			/* A second one that is for nothing does not undo it. */
			h->fragment |= !!(fh->frag_off &
					  htons(IP6_OFFSET | IP6_MF));
			h->later = fh->frag_off & htons(IP6_OFFSET);
		} else {
			len += fh->reserved * 8;
		}
		if (unlikely(base + at + len > skb->len))
			break;
		h->upper += len;
		if (h->proto != NEXTHDR_DEST) {
			h->esp = h->upper;
			h->nexthdr = at;
		}
		h->proto = fh->nexthdr;
		/* Of a later fragment this names what the first begins with. */
		if (h->later) {
			h->opaque = ipv6_ext_hdr(h->proto);
			return;
		}
	}
	h->opaque = true;
	h->fragment |= mobx_headers_hide(skb, base + h->upper, h->proto);
}

static void mobx_headers_find(const struct sk_buff *skb, u16 family,
			      struct mobx_headers *h)
{
	h->opaque = false;
	if (likely(family == AF_INET)) {
		const struct iphdr *iph = ip_hdr(skb);

		h->upper = iph->ihl * 4;
		h->esp = h->upper;
		h->nexthdr = offsetof(struct iphdr, protocol);
		h->proto = iph->protocol;
		h->fragment = ip_is_fragment(iph);
		h->later = iph->frag_off & htons(IP_OFFSET);
		return;
	}
	h->upper = sizeof(struct ipv6hdr);
	h->esp = h->upper;
	h->nexthdr = offsetof(struct ipv6hdr, nexthdr);
	h->proto = ipv6_hdr(skb)->nexthdr;
	h->fragment = false;
	h->later = false;
	if (unlikely(ipv6_ext_hdr(h->proto)))
		mobx_headers_walk(skb, skb_network_offset(skb), h);
}

/* Where IPv6 is switched off at boot the kernel has no table to look into. */
static bool mobx_addr_find6(struct net *net, const struct in6_addr *addr,
			    const struct net_device *dev, u32 banned)
{
	return ipv6_mod_enabled() &&
	       ipv6_chk_addr_and_flags(net, addr, dev, !dev, 0, banned);
}

/**
 * mobx_addr_is_own6 - is an IPv6 address one of this host's
 * @net: network namespace
 * @addr: address
 * @dev: by its VRF, and for a link-local one by its link; or NULL for addresses
 *	outside of any VRF
 *
 * Context: any.
 */
bool mobx_addr_is_own6(struct net *net, const struct in6_addr *addr,
		       const struct net_device *dev)
{
	return mobx_addr_find6(net, addr, dev, IFA_F_TENTATIVE);
}

/**
 * mobx_addr_is_set6 - is an IPv6 address set on this host, in use or not
 * @net: network namespace
 * @addr: address
 * @dev: see mobx_addr_is_own6()
 *
 * Duplicate address detection takes an address from IPv6, but not from SAs.
 *
 * Context: any.
 */
bool mobx_addr_is_set6(struct net *net, const struct in6_addr *addr,
		       const struct net_device *dev)
{
	return mobx_addr_find6(net, addr, dev, 0);
}

/**
 * mobx_packet_addrs - copy the addresses of a packet
 * @skb: its network header is set and checked
 * @family: AF_INET or AF_INET6
 * @src: filled
 * @dst: filled
 *
 * Context: any.
 */
void mobx_packet_addrs(const struct sk_buff *skb, u16 family,
		       union mobx_addr *src, union mobx_addr *dst)
{
	if (likely(family == AF_INET)) {
		*src = mobx_addr_v4(ip_hdr(skb)->saddr);
		*dst = mobx_addr_v4(ip_hdr(skb)->daddr);
	} else {
		src->v6 = ipv6_hdr(skb)->saddr;
		dst->v6 = ipv6_hdr(skb)->daddr;
	}
}

/* What @h says of the packet, and its ports. */
static void mobx_flow_upper(const struct sk_buff *skb, unsigned int offset,
			    const struct mobx_headers *h, u16 *sport,
			    u16 *dport, struct mobx_flow *flow)
{
	*sport = 0;
	*dport = 0;
	flow->proto = h->proto;
	flow->opaque_proto = h->opaque;
	flow->opaque_ports = h->opaque || h->later ||
		!mobx_flow_ports(skb, offset, h->proto, sport, dport);
}

/*
 * What most packets are, at a glance: IPv4, whole, with ports that are in the
 * first piece. Return: the ports, with all but them and the addresses filled; or
 * NULL.
 */
static const __be16 *mobx_flow_plain(const struct sk_buff *skb, u16 family,
				     struct mobx_flow *flow,
				     struct mobx_headers *h)
{
	const struct iphdr *iph = ip_hdr(skb);
	unsigned int at;

	if (unlikely(family != AF_INET) || unlikely(ip_is_fragment(iph)) ||
	    (iph->protocol != IPPROTO_UDP && iph->protocol != IPPROTO_TCP &&
	     iph->protocol != IPPROTO_SCTP))
		return NULL;
	h->upper = iph->ihl * 4;
	at = skb_network_offset(skb) + h->upper;
	if (unlikely(at + 2 * sizeof(__be16) > skb_headlen(skb)))
		return NULL;
	h->esp = h->upper;
	h->nexthdr = offsetof(struct iphdr, protocol);
	h->proto = iph->protocol;
	h->fragment = false;
	h->later = false;
	h->opaque = false;
	flow->family = AF_INET;
	flow->proto = iph->protocol;
	flow->opaque_proto = false;
	flow->opaque_ports = false;
	return (const __be16 *)(skb->data + at);
}

/**
 * mobx_flow_out - the flow of a packet that leaves
 * @skb: its network header is set and checked
 * @family: AF_INET or AF_INET6
 * @flow: filled
 * @h: filled
 *
 * A later fragment, or a packet too short for the header of its protocol, has
 * opaque ports; one whose extension headers lead nowhere an opaque protocol
 * as well.
 *
 * Context: any.
 */
void mobx_flow_out(const struct sk_buff *skb, u16 family,
		   struct mobx_flow *flow, struct mobx_headers *h)
{
	const __be16 *ports = mobx_flow_plain(skb, family, flow, h);

	if (likely(ports)) {
		flow->local = mobx_addr_v4(ip_hdr(skb)->saddr);
		flow->remote = mobx_addr_v4(ip_hdr(skb)->daddr);
		flow->local_port = ntohs(ports[0]);
		flow->remote_port = ntohs(ports[1]);
		return;
	}
	flow->family = family;
	mobx_packet_addrs(skb, family, &flow->local, &flow->remote);
	mobx_headers_find(skb, family, h);
	mobx_flow_upper(skb, skb_network_offset(skb) + h->upper, h,
			&flow->local_port, &flow->remote_port, flow);
}

/**
 * mobx_flow_in - the flow of a packet that arrives, in clear or in a tunnel
 * @skb: its network header is set and checked
 * @family: AF_INET or AF_INET6
 * @flow: filled, see mobx_flow_out()
 * @h: filled
 *
 * Context: any.
 */
void mobx_flow_in(const struct sk_buff *skb, u16 family,
		  struct mobx_flow *flow, struct mobx_headers *h)
{
	const __be16 *ports = mobx_flow_plain(skb, family, flow, h);

	if (likely(ports)) {
		flow->local = mobx_addr_v4(ip_hdr(skb)->daddr);
		flow->remote = mobx_addr_v4(ip_hdr(skb)->saddr);
		flow->local_port = ntohs(ports[1]);
		flow->remote_port = ntohs(ports[0]);
		return;
	}
	flow->family = family;
	mobx_packet_addrs(skb, family, &flow->remote, &flow->local);
	mobx_headers_find(skb, family, h);
	mobx_flow_upper(skb, skb_network_offset(skb) + h->upper, h,
			&flow->remote_port, &flow->local_port, flow);
}

/**
 * mobx_flow_inner - the flow of what came out of ESP in transport mode
 * @skb: at its payload; its network header is that of the ESP packet
 * @family: of both
 * @proto: next header of the ESP trailer
 * @flow: filled, see mobx_flow_out()
 *
 * Context: any.
 * Return: false for a fragment, which has no business there
 */
bool mobx_flow_inner(const struct sk_buff *skb, u16 family, u8 proto,
		     struct mobx_flow *flow)
{
	struct mobx_headers h = { .proto = proto };

	flow->family = family;
	mobx_packet_addrs(skb, family, &flow->remote, &flow->local);
	if (unlikely(family == AF_INET6 && ipv6_ext_hdr(proto)))
		mobx_headers_walk(skb, 0, &h);
	mobx_flow_upper(skb, h.upper, &h, &flow->remote_port,
			&flow->local_port, flow);
	return !h.fragment;
}

/* Octets from the beginning of an ICMP error to the packet it is about. */
#define MOBX_ICMP_HDR_LEN	8

/* Whether ICMP of some type is an error, and of which kind. */
static enum mobx_about mobx_about_kind(u16 family, u8 proto, u8 type, u8 code)
{
	if (family == AF_INET6 && proto == IPPROTO_ICMPV6)
		return type == ICMPV6_PKT_TOOBIG ? MOBX_ABOUT_TOO_LONG :
		       type & ICMPV6_INFOMSG_MASK ? MOBX_ABOUT_NOTHING :
						    MOBX_ABOUT_PACKET;
	if (family != AF_INET || proto != IPPROTO_ICMP)
		return MOBX_ABOUT_NOTHING;
	switch (type) {
	case ICMP_DEST_UNREACH:
		return code == ICMP_FRAG_NEEDED ? MOBX_ABOUT_TOO_LONG :
						  MOBX_ABOUT_PACKET;
	case ICMP_SOURCE_QUENCH:
	case ICMP_REDIRECT:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETERPROB:
		return MOBX_ABOUT_PACKET;
	}
	return MOBX_ABOUT_NOTHING;
}

/* The addresses and headers of an embedded packet; false if they are not there. */
static bool mobx_about_headers(const struct sk_buff *skb, unsigned int offset,
			       u16 family, struct mobx_flow *about,
			       struct mobx_headers *h)
{
	const struct ipv6hdr *ip6h;
	const struct iphdr *iph;
	struct ipv6hdr buf6;
	struct iphdr buf4;

	if (family == AF_INET) {
		iph = skb_header_pointer(skb, offset, sizeof(buf4), &buf4);
		if (!iph || iph->version != 4 || iph->ihl < 5)
			return false;
		about->local = mobx_addr_v4(iph->saddr);
		about->remote = mobx_addr_v4(iph->daddr);
		h->upper = iph->ihl * 4;
		h->proto = iph->protocol;
		h->later = iph->frag_off & htons(IP_OFFSET);
		return true;
	}
	ip6h = skb_header_pointer(skb, offset, sizeof(buf6), &buf6);
	if (!ip6h || ip6h->version != 6)
		return false;
	about->local.v6 = ip6h->saddr;
	about->remote.v6 = ip6h->daddr;
	h->upper = sizeof(buf6);
	h->proto = ip6h->nexthdr;
	if (ipv6_ext_hdr(h->proto))
		mobx_headers_walk(skb, offset, h);
	return true;
}

/**
 * mobx_flow_about - the flow of the packet that an ICMP error is about
 * @skb: packet with the error
 * @offset: from skb->data to what follows its IP header
 * @family: AF_INET or AF_INET6
 * @proto: of that, an extension header possibly
 * @about: filled for MOBX_ABOUT_PACKET and MOBX_ABOUT_TOO_LONG, as if the host
 *	that gets the error had sent the packet
 *
 * Nothing here is verified, as nothing can be: who uses it compares it with
 * what it trusts (RFC 4301, section 6).
 *
 * Context: any.
 */
enum mobx_about mobx_flow_about(const struct sk_buff *skb, unsigned int offset,
				u16 family, u8 proto, struct mobx_flow *about)
{
	struct mobx_headers h = { .proto = proto };
	enum mobx_about kind;
	const u8 *icmp;
	u8 buf[2];

	if (unlikely(family == AF_INET6 && ipv6_ext_hdr(proto)))
		mobx_headers_walk(skb, offset, &h);
	if (likely(h.proto != IPPROTO_ICMP && h.proto != IPPROTO_ICMPV6) ||
	    h.opaque)
		return MOBX_ABOUT_NOTHING;
	offset += h.upper;
	icmp = h.later ? NULL :
		skb_header_pointer(skb, offset, sizeof(buf), buf);
	if (!icmp)
		return MOBX_ABOUT_UNKNOWN;
	kind = mobx_about_kind(family, h.proto, icmp[0], icmp[1]);
	if (kind == MOBX_ABOUT_NOTHING)
		return kind;

	offset += MOBX_ICMP_HDR_LEN;
	h = (struct mobx_headers){};
	about->family = family;
	if (!mobx_about_headers(skb, offset, family, about, &h))
		return MOBX_ABOUT_UNKNOWN;
	mobx_flow_upper(skb, offset + h.upper, &h, &about->local_port,
			&about->remote_port, about);
	return kind;
}

/**
 * mobx_packet_about - the same for a packet in clear
 * @skb: its network header is set and checked
 * @family: AF_INET or AF_INET6
 * @about: see mobx_flow_about()
 *
 * Context: any.
 */
enum mobx_about mobx_packet_about(const struct sk_buff *skb, u16 family,
				  struct mobx_flow *about)
{
	unsigned int offset = skb_network_offset(skb);

	if (family == AF_INET) {
		/* Of a later fragment no header is there. */
		if (ip_hdr(skb)->frag_off & htons(IP_OFFSET))
			return MOBX_ABOUT_NOTHING;
		return mobx_flow_about(skb, offset + ip_hdrlen(skb), family,
				       ip_hdr(skb)->protocol, about);
	}
	return mobx_flow_about(skb, offset + sizeof(struct ipv6hdr), family,
			       ipv6_hdr(skb)->nexthdr, about);
}
