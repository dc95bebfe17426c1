// SPDX-License-Identifier: GPL-2.0
/*
 * Traffic selectors: what they match.
 */

#include <linux/in.h>
#include <linux/bitops.h>
#include <uapi/linux/mobx.h>

#include "selector.h"

/* Octets behind an IPv4 address are zero, so one comparison serves both. */
static bool mobx_addr_below(const union mobx_addr *a, const union mobx_addr *b)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(a->w); i++)
		if (a->w[i] != b->w[i])
			return ntohl((__force __be32)a->w[i]) <
			       ntohl((__force __be32)b->w[i]);
	return false;
}

static bool mobx_range_has(const struct mobx_range *range,
			   const union mobx_addr *addr, u16 family)
{
	if (likely(family == AF_INET)) {
		u32 a = ntohl(addr->v4);

		return a >= ntohl(range->first.v4) &&
		       a <= ntohl(range->last.v4);
	}
	return !mobx_addr_below(addr, &range->first) &&
	       !mobx_addr_below(&range->last, addr);
}

/**
 * mobx_range_valid - whether a range ends where it begins, or after that
 * @range: addresses of one family
 */
bool mobx_range_valid(const struct mobx_range *range)
{
	return !mobx_addr_below(&range->last, &range->first);
}

/**
 * mobx_range_bits - length of the shortest prefix that covers a range
 * @range: range
 * @family: of its addresses
 *
 * Return: bits in which its first and last address agree
 */
unsigned int mobx_range_bits(const struct mobx_range *range, u16 family)
{
	unsigned int i, words = mobx_addr_len(family) / sizeof(u32);
	u32 differ;

	for (i = 0; i < words; i++) {
		differ = ntohl((__force __be32)(range->first.w[i] ^
						range->last.w[i]));
		if (differ)
			return i * 32 + 32 - fls(differ);
	}
	return i * 32;
}

/**
 * mobx_addr_mask - the mask of a prefix
 * @bits: length of the prefix
 * @family: of its addresses
 *
 * Return: ones, then zeroes
 */
union mobx_addr mobx_addr_mask(unsigned int bits, u16 family)
{
	unsigned int i, words = mobx_addr_len(family) / sizeof(u32);
	union mobx_addr mask = {};

	for (i = 0; i < words; i++) {
		unsigned int n = clamp_t(int, (int)bits - (int)i * 32, 0, 32);

		mask.w[i] = (__force u32)htonl(n ? ~0U << (32 - n) : 0);
	}
	return mask;
}

/**
 * mobx_range_of - the range of a prefix
 * @prefix: address, whose bits beyond @bits do not matter
 * @bits: length of the prefix
 * @family: of @prefix
 *
 * Return: its first and last address
 */
struct mobx_range mobx_range_of(const union mobx_addr *prefix,
				unsigned int bits, u16 family)
{
	unsigned int i, words = mobx_addr_len(family) / sizeof(u32);
	union mobx_addr mask = mobx_addr_mask(bits, family);
	struct mobx_range range = {};

	for (i = 0; i < words; i++) {
		range.first.w[i] = prefix->w[i] & mask.w[i];
		range.last.w[i] = prefix->w[i] | ~mask.w[i];
	}
	return range;
}

/**
 * mobx_range_is_prefix - whether a range is that of a prefix
 * @range: range
 * @family: of its addresses
 */
bool mobx_range_is_prefix(const struct mobx_range *range, u16 family)
{
	struct mobx_range whole;

	whole = mobx_range_of(&range->first, mobx_range_bits(range, family),
			      family);
	return mobx_addr_eq(&whole.first, &range->first) &&
	       mobx_addr_eq(&whole.last, &range->last);
}

/**
 * mobx_range_any - whether a range is all of its family
 * @range: range
 * @family: of its addresses; AF_UNSPEC has no others
 */
bool mobx_range_any(const struct mobx_range *range, u16 family)
{
	return !family || (!mobx_range_bits(range, family) &&
			   mobx_range_is_prefix(range, family));
}

static bool mobx_ports_match(const struct mobx_selector *sel,
			     const struct mobx_flow *flow)
{
	return flow->local_port >= sel->local_port_min &&
	       flow->local_port <= sel->local_port_max &&
	       flow->remote_port >= sel->remote_port_min &&
	       flow->remote_port <= sel->remote_port_max;
}

/**
 * mobx_selector_match - whether a selector covers a flow
 * @sel: selector
 * @flow: flow
 *
 * Return: MOBX_MATCH_MAYBE when it depends on a protocol or on ports that the
 * packet does not show. What to make of that is the caller's to decide: never
 * to send in clear what may have to be protected (RFC 4301, section 7.4).
 * Context: any.
 */
enum mobx_match mobx_selector_match(const struct mobx_selector *sel,
				    const struct mobx_flow *flow)
{
	if (sel->proto && sel->proto != flow->proto && !flow->opaque_proto)
		return MOBX_MATCH_NO;
	if (sel->family && (sel->family != flow->family ||
			    !mobx_range_has(&sel->remote, &flow->remote,
					    sel->family) ||
			    !mobx_range_has(&sel->local, &flow->local,
					    sel->family)))
		return MOBX_MATCH_NO;
	if (sel->proto && flow->opaque_proto)
		return MOBX_MATCH_MAYBE;
	if (sel->any_ports)
		return MOBX_MATCH_YES;
	if (sel->opaque_ports)
		return flow->opaque_ports ? MOBX_MATCH_YES : MOBX_MATCH_NO;
	if (flow->opaque_ports)
		return MOBX_MATCH_MAYBE;
	return mobx_ports_match(sel, flow) ? MOBX_MATCH_YES : MOBX_MATCH_NO;
}

/* Whether a protocol has a type where others have a local port. */
static bool mobx_proto_has_type(u8 proto)
{
	return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6 ||
	       proto == IPPROTO_MH;
}

/**
 * mobx_selector_single - whether a selector is for one value
 * @sel: selector
 * @pfp: enum mobx_pfp, of what
 * @proto: protocol of the packets; those without ports have none to tell apart,
 *	and those with a type have it in the local ones
 *
 * Context: any.
 */
bool mobx_selector_single(const struct mobx_selector *sel, u8 pfp, u8 proto)
{
	if (!mobx_proto_has_ports(proto))
		pfp &= ~(MOBX_PFP_LOCAL_PORT | MOBX_PFP_REMOTE_PORT);
	if (mobx_proto_has_type(proto))
		pfp &= ~MOBX_PFP_REMOTE_PORT;
	return !((pfp & MOBX_PFP_LOCAL &&
		  (!sel->family || !mobx_addr_eq(&sel->local.first,
						 &sel->local.last))) ||
		 (pfp & MOBX_PFP_REMOTE &&
		  (!sel->family || !mobx_addr_eq(&sel->remote.first,
						 &sel->remote.last))) ||
		 (pfp & MOBX_PFP_PROTO && !sel->proto) ||
		 (pfp & MOBX_PFP_LOCAL_PORT &&
		  sel->local_port_min != sel->local_port_max) ||
		 (pfp & MOBX_PFP_REMOTE_PORT &&
		  sel->remote_port_min != sel->remote_port_max));
}

static bool mobx_range_meets(const struct mobx_range *a,
			     const struct mobx_range *b)
{
	return !mobx_addr_below(&a->last, &b->first) &&
	       !mobx_addr_below(&b->last, &a->first);
}

static bool mobx_ports_meet(const struct mobx_selector *a,
			    const struct mobx_selector *b)
{
	if (a->any_ports || b->any_ports)
		return true;
	if (a->opaque_ports || b->opaque_ports)
		return a->opaque_ports && b->opaque_ports;
	return a->local_port_min <= b->local_port_max &&
	       b->local_port_min <= a->local_port_max &&
	       a->remote_port_min <= b->remote_port_max &&
	       b->remote_port_min <= a->remote_port_max;
}

/**
 * mobx_selector_meets - whether a packet can match two selectors
 * @a: one
 * @b: the other
 *
 * Context: any.
 */
bool mobx_selector_meets(const struct mobx_selector *a,
			 const struct mobx_selector *b)
{
	if (a->proto && b->proto && a->proto != b->proto)
		return false;
	if (a->family && b->family &&
	    (a->family != b->family || !mobx_range_meets(&a->local, &b->local) ||
	     !mobx_range_meets(&a->remote, &b->remote)))
		return false;
	return mobx_ports_meet(a, b);
}

/**
 * mobx_proto_has_ports - whether selectors look into packets of a protocol
 * @proto: IP protocol
 *
 * Return: true when it has ports, or a type that RFC 4301 treats as one
 */
bool mobx_proto_has_ports(u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return true;
	}
	return mobx_proto_has_type(proto);
}
