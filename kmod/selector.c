// SPDX-License-Identifier: GPL-2.0
/*
 * Traffic selectors: matching, and their netlink form.
 */

#include <linux/in.h>
#include <net/ipv6.h>
#include <net/netlink.h>

#include "netlink_gen.h"
#include "selector.h"

static bool mobx_prefix_match(const union mobx_addr *prefix, u8 plen,
			      const union mobx_addr *addr, u16 family)
{
	if (!plen)
		return true;
	if (family == AF_INET)
		return !((prefix->v4 ^ addr->v4) &
			 cpu_to_be32(~0U << (32 - plen)));
	return ipv6_prefix_equal(&prefix->v6, &addr->v6, plen);
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
	if (sel->family &&
	    (sel->family != flow->family ||
	     !mobx_prefix_match(&sel->remote, sel->remote_plen, &flow->remote,
				flow->family) ||
	     !mobx_prefix_match(&sel->local, sel->local_plen, &flow->local,
				flow->family)))
		return MOBX_MATCH_NO;
	if (sel->any_ports && (!sel->proto || !flow->opaque_proto))
		return MOBX_MATCH_YES;
	if (flow->opaque_ports)
		return MOBX_MATCH_MAYBE;
	if (flow->local_port < sel->local_port_min ||
	    flow->local_port > sel->local_port_max ||
	    flow->remote_port < sel->remote_port_min ||
	    flow->remote_port > sel->remote_port_max)
		return MOBX_MATCH_NO;
	return MOBX_MATCH_YES;
}

/* Keep the first @plen bits; false when there were others. */
static bool mobx_prefix_check(const union mobx_addr *addr, u8 plen, u16 family)
{
	struct in6_addr masked;

	if (family == AF_INET)
		return !plen ? !addr->v4 :
			!(addr->v4 & ~cpu_to_be32(~0U << (32 - plen)));
	ipv6_addr_prefix(&masked, &addr->v6, plen);
	return ipv6_addr_equal(&masked, &addr->v6);
}

static int mobx_prefix_parse(union mobx_addr *prefix, u8 *plen, u16 *family,
			     const struct nlattr *addr,
			     const struct nlattr *bits,
			     struct netlink_ext_ack *extack)
{
	u16 fam;

	if (!addr) {
		if (!bits)
			return 0;
		NL_SET_ERR_MSG_ATTR(extack, bits,
				    "a prefix length needs its address");
		return -EINVAL;
	}
	switch (nla_len(addr)) {
	case sizeof(__be32):
		fam = AF_INET;
		break;
	case sizeof(struct in6_addr):
		fam = AF_INET6;
		break;
	default:
		NL_SET_ERR_MSG_ATTR(extack, addr,
				    "an address has 4 or 16 octets");
		return -EINVAL;
	}
	if (*family && *family != fam) {
		NL_SET_ERR_MSG_ATTR(extack, addr,
				    "local and remote must be of one family");
		return -EINVAL;
	}
	*family = fam;
	*plen = bits ? nla_get_u8(bits) : nla_len(addr) * 8;
	if (*plen > nla_len(addr) * 8) {
		NL_SET_ERR_MSG_ATTR(extack, bits,
				    "the prefix length is beyond the address");
		return -EINVAL;
	}
	memcpy(prefix, nla_data(addr), nla_len(addr));
	if (!mobx_prefix_check(prefix, *plen, fam)) {
		NL_SET_ERR_MSG_ATTR(extack, addr,
				    "the address has bits beyond its prefix length");
		return -EINVAL;
	}
	return 0;
}

static int mobx_ports_parse(u16 *min, u16 *max, const struct nlattr *amin,
			    const struct nlattr *amax,
			    struct netlink_ext_ack *extack)
{
	*min = amin ? nla_get_u16(amin) : 0;
	*max = amax ? nla_get_u16(amax) : U16_MAX;
	if (*min <= *max)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, amax ?: amin,
			    "a range of ports begins above its end");
	return -EINVAL;
}

static bool mobx_proto_has_ports(u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
	case IPPROTO_ICMP:
		return true;
	}
	return false;
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
	err = mobx_prefix_parse(&sel->local, &sel->local_plen, &sel->family,
				tb[MOBX_A_SELECTOR_LOCAL],
				tb[MOBX_A_SELECTOR_LOCAL_PLEN], extack);
	if (err)
		return err;
	err = mobx_prefix_parse(&sel->remote, &sel->remote_plen, &sel->family,
				tb[MOBX_A_SELECTOR_REMOTE],
				tb[MOBX_A_SELECTOR_REMOTE_PLEN], extack);
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
	sel->any_ports = !sel->local_port_min && !sel->remote_port_min &&
		sel->local_port_max == U16_MAX &&
		sel->remote_port_max == U16_MAX;
	if (!sel->any_ports && !mobx_proto_has_ports(sel->proto)) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "ports need a protocol that has ports: tcp, udp, udplite, sctp, dccp or icmp");
		return -EINVAL;
	}
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
	unsigned int len = mobx_addr_len(sel->family);
	struct nlattr *nest;

	nest = nla_nest_start(skb, attrtype);
	if (!nest)
		return -EMSGSIZE;
	/* One of them even when both are any, since they tell the family. */
	if ((sel->local_plen || (sel->family && !sel->remote_plen)) &&
	    (nla_put(skb, MOBX_A_SELECTOR_LOCAL, len, &sel->local) ||
	     nla_put_u8(skb, MOBX_A_SELECTOR_LOCAL_PLEN, sel->local_plen)))
		goto cancel;
	if (sel->remote_plen &&
	    (nla_put(skb, MOBX_A_SELECTOR_REMOTE, len, &sel->remote) ||
	     nla_put_u8(skb, MOBX_A_SELECTOR_REMOTE_PLEN, sel->remote_plen)))
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
