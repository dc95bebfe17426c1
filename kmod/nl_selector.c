// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: traffic selectors, nested in SAs and policies.
 */

#include <net/ipv6.h>
#include <net/netlink.h>

#include "netlink_gen.h"
#include "selector.h"

/* The attributes of one range of addresses. */
struct mobx_range_attrs {
	int	first;
	int	plen;
	int	last;
};

static const struct mobx_range_attrs mobx_local_attrs = {
	MOBX_A_SELECTOR_LOCAL, MOBX_A_SELECTOR_LOCAL_PLEN,
	MOBX_A_SELECTOR_LOCAL_LAST,
};

static const struct mobx_range_attrs mobx_remote_attrs = {
	MOBX_A_SELECTOR_REMOTE, MOBX_A_SELECTOR_REMOTE_PLEN,
	MOBX_A_SELECTOR_REMOTE_LAST,
};

static int mobx_addr_parse(union mobx_addr *addr, u16 *family,
			   const struct nlattr *attr,
			   struct netlink_ext_ack *extack)
{
	u16 fam;

	switch (nla_len(attr)) {
	case sizeof(__be32):
		fam = AF_INET;
		break;
	case sizeof(struct in6_addr):
		fam = AF_INET6;
		break;
	default:
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "an address has 4 or 16 octets");
		return -EINVAL;
	}
	if (*family && *family != fam) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "the addresses of a selector must be of one family");
		return -EINVAL;
	}
	*family = fam;
	memset(addr, 0, sizeof(*addr));
	memcpy(addr, nla_data(attr), nla_len(attr));
	return 0;
}

static int mobx_prefix_parse(struct mobx_range *range, u16 family,
			     const struct nlattr *addr,
			     const struct nlattr *plen,
			     struct netlink_ext_ack *extack)
{
	unsigned int whole = mobx_addr_len(family) * 8;
	unsigned int bits = plen ? nla_get_u8(plen) : whole;
	union mobx_addr prefix = range->first;

	if (bits > whole) {
		NL_SET_ERR_MSG_ATTR(extack, plen,
				    "the prefix length is beyond the address");
		return -EINVAL;
	}
	*range = mobx_range_of(&prefix, bits, family);
	if (!mobx_addr_eq(&range->first, &prefix)) {
		NL_SET_ERR_MSG_ATTR(extack, addr,
				    "the address has bits beyond its prefix length");
		return -EINVAL;
	}
	return 0;
}

/* Leaves @range alone when there is none. */
static int mobx_range_parse(struct mobx_range *range, u16 *family,
			    struct nlattr **tb,
			    const struct mobx_range_attrs *attrs,
			    struct netlink_ext_ack *extack)
{
	const struct nlattr *first = tb[attrs->first];
	const struct nlattr *plen = tb[attrs->plen];
	const struct nlattr *last = tb[attrs->last];
	int err;

	if (!first && !plen && !last)
		return 0;
	if (!first) {
		NL_SET_ERR_MSG_ATTR(extack, plen ?: last,
				    "a prefix length or the end of a range needs its address");
		return -EINVAL;
	}
	err = mobx_addr_parse(&range->first, family, first, extack);
	if (err)
		return err;
	if (!last)
		return mobx_prefix_parse(range, *family, first, plen, extack);
	if (plen) {
		NL_SET_ERR_MSG_ATTR(extack, last,
				    "addresses are a prefix or a range, not both");
		return -EINVAL;
	}
	err = mobx_addr_parse(&range->last, family, last, extack);
	if (err)
		return err;
	if (!mobx_range_valid(range)) {
		NL_SET_ERR_MSG_ATTR(extack, last,
				    "a range of addresses begins above its end");
		return -EINVAL;
	}
	return 0;
}

static int mobx_addrs_parse(struct mobx_selector *sel, struct nlattr **tb,
			    struct netlink_ext_ack *extack)
{
	const union mobx_addr none = {};
	int err;

	err = mobx_range_parse(&sel->local, &sel->family, tb,
			       &mobx_local_attrs, extack);
	if (err)
		return err;
	err = mobx_range_parse(&sel->remote, &sel->family, tb,
			       &mobx_remote_attrs, extack);
	if (err || !sel->family)
		return err;
	if (!tb[MOBX_A_SELECTOR_LOCAL])
		sel->local = mobx_range_of(&none, 0, sel->family);
	if (!tb[MOBX_A_SELECTOR_REMOTE])
		sel->remote = mobx_range_of(&none, 0, sel->family);
	return 0;
}

static bool mobx_ports_opaque(u16 min, u16 max)
{
	return min == MOBX_PORT_OPAQUE && !max;
}

static bool mobx_ports_any(u16 min, u16 max)
{
	return !min && max == U16_MAX;
}

static int mobx_ports_parse(u16 *min, u16 *max, const struct nlattr *amin,
			    const struct nlattr *amax,
			    struct netlink_ext_ack *extack)
{
	*min = amin ? nla_get_u16(amin) : 0;
	*max = amax ? nla_get_u16(amax) : U16_MAX;
	if (*min <= *max || mobx_ports_opaque(*min, *max))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, amax ?: amin,
			    "a range of ports begins above its end");
	return -EINVAL;
}

/* What both ranges of ports say together. */
static int mobx_ports_check(struct mobx_selector *sel,
			    const struct nlattr *nest,
			    struct netlink_ext_ack *extack)
{
	bool local_any = mobx_ports_any(sel->local_port_min,
					sel->local_port_max);
	bool remote_any = mobx_ports_any(sel->remote_port_min,
					 sel->remote_port_max);
	bool local_opaque = mobx_ports_opaque(sel->local_port_min,
					      sel->local_port_max);
	bool remote_opaque = mobx_ports_opaque(sel->remote_port_min,
					       sel->remote_port_max);

	sel->any_ports = local_any && remote_any;
	sel->opaque_ports = local_opaque || remote_opaque;
	if (!sel->any_ports && !mobx_proto_has_ports(sel->proto)) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "ports need a protocol that has ports or a type: tcp, udp, udplite, sctp, dccp, icmp, icmpv6 or mh");
		return -EINVAL;
	}
	if (sel->opaque_ports && !((local_opaque || local_any) &&
				   (remote_opaque || remote_any))) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "a packet shows both ports or none: with one OPAQUE the other is OPAQUE or any");
		return -EINVAL;
	}
	return 0;
}

/**
 * mobx_selector_parse - read a selector from netlink
 * @sel: filled
 * @nest: attribute whose nested ones are MOBX_A_SELECTOR_*
 * @extack: says what is wrong with it
 *
 * Return: 0 or -EINVAL
 */
int mobx_selector_parse(struct mobx_selector *sel, const struct nlattr *nest,
			struct netlink_ext_ack *extack)
{
	struct nlattr *tb[MOBX_A_SELECTOR_MAX + 1];
	int err;

	memset(sel, 0, sizeof(*sel));
	err = nla_parse_nested(tb, MOBX_A_SELECTOR_MAX, nest,
			       mobx_selector_nl_policy, extack);
	if (err)
		return err;
	err = mobx_addrs_parse(sel, tb, extack);
	if (err)
		return err;
	if (tb[MOBX_A_SELECTOR_PROTO])
		sel->proto = nla_get_u8(tb[MOBX_A_SELECTOR_PROTO]);
	err = mobx_ports_parse(&sel->local_port_min, &sel->local_port_max,
			       tb[MOBX_A_SELECTOR_LOCAL_PORT_MIN],
			       tb[MOBX_A_SELECTOR_LOCAL_PORT_MAX], extack);
	if (err)
		return err;
	err = mobx_ports_parse(&sel->remote_port_min, &sel->remote_port_max,
			       tb[MOBX_A_SELECTOR_REMOTE_PORT_MIN],
			       tb[MOBX_A_SELECTOR_REMOTE_PORT_MAX], extack);
	if (err)
		return err;
	return mobx_ports_check(sel, nest, extack);
}

static int mobx_range_put(struct sk_buff *skb, const struct mobx_range *range,
			  u16 family, const struct mobx_range_attrs *attrs)
{
	unsigned int len = mobx_addr_len(family);

	if (nla_put(skb, attrs->first, len, &range->first))
		return -EMSGSIZE;
	if (mobx_range_is_prefix(range, family))
		return nla_put_u8(skb, attrs->plen,
				  mobx_range_bits(range, family));
	return nla_put(skb, attrs->last, len, &range->last);
}

/* One of them even when both are any, since they tell the family. */
static int mobx_addrs_put(struct sk_buff *skb, const struct mobx_selector *sel)
{
	bool local = !mobx_range_any(&sel->local, sel->family);
	bool remote = !mobx_range_any(&sel->remote, sel->family);

	if ((local || (sel->family && !remote)) &&
	    mobx_range_put(skb, &sel->local, sel->family, &mobx_local_attrs))
		return -EMSGSIZE;
	if (remote &&
	    mobx_range_put(skb, &sel->remote, sel->family, &mobx_remote_attrs))
		return -EMSGSIZE;
	return 0;
}

/**
 * mobx_selector_put - write a selector as mobx_selector_parse() reads it
 * @skb: message
 * @attrtype: type of the nest
 * @sel: selector
 *
 * Return: 0 or -EMSGSIZE, then the nest is taken back
 */
int mobx_selector_put(struct sk_buff *skb, int attrtype,
		      const struct mobx_selector *sel)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, attrtype);
	if (!nest)
		return -EMSGSIZE;
	if (mobx_addrs_put(skb, sel))
		goto cancel;
	if (sel->proto && nla_put_u8(skb, MOBX_A_SELECTOR_PROTO, sel->proto))
		goto cancel;
	if (!sel->any_ports &&
	    (nla_put_u16(skb, MOBX_A_SELECTOR_LOCAL_PORT_MIN,
			 sel->local_port_min) ||
	     nla_put_u16(skb, MOBX_A_SELECTOR_LOCAL_PORT_MAX,
			 sel->local_port_max) ||
	     nla_put_u16(skb, MOBX_A_SELECTOR_REMOTE_PORT_MIN,
			 sel->remote_port_min) ||
	     nla_put_u16(skb, MOBX_A_SELECTOR_REMOTE_PORT_MAX,
			 sel->remote_port_max)))
		goto cancel;
	nla_nest_end(skb, nest);
	return 0;

cancel:
	nla_nest_cancel(skb, nest);
	return -EMSGSIZE;
}
