// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: the SPD.
 */

#include <net/sock.h>

#include "netlink.h"
#include "netns.h"
#include "peer.h"
#include "policy.h"

static u32 mobx_get_u32(const struct nlattr *attr, u32 absent)
{
	return attr ? nla_get_u32(attr) : absent;
}

int mobx_nl_policy_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mobx_net *mnet = mobx_pernet(genl_info_net(info));
	struct mobx_policy_spec spec = { .sel = MOBX_SELECTOR_ANY };
	struct nlattr **tb = info->attrs;
	int err;

	if (!tb[MOBX_A_POLICY_ORDER])
		return mobx_nl_missing(info, MOBX_A_POLICY_ORDER,
				       "order is missing: the place in the SPD");
	if (!tb[MOBX_A_POLICY_ACTION])
		return mobx_nl_missing(info, MOBX_A_POLICY_ACTION,
				       "action is missing: bypass, discard or protect");
	if (tb[MOBX_A_POLICY_SELECTOR]) {
		err = mobx_selector_parse(&spec.sel,
					  tb[MOBX_A_POLICY_SELECTOR],
					  info->extack);
		if (err)
			return err;
	}
	spec.order = nla_get_u32(tb[MOBX_A_POLICY_ORDER]);
	spec.action = nla_get_u32(tb[MOBX_A_POLICY_ACTION]);
	spec.mode = mobx_get_u32(tb[MOBX_A_POLICY_MODE], MOBX_MODE_TRANSPORT);
	spec.pfp = mobx_get_u32(tb[MOBX_A_POLICY_PFP], 0);
	spec.peer_id = mobx_get_u32(tb[MOBX_A_POLICY_PEER], 0);
	spec.label = mobx_nl_label(tb[MOBX_A_POLICY_LABEL]);
	mutex_lock(&mnet->lock);
	err = mobx_policy_create(mnet, &spec, info->extack);
	mutex_unlock(&mnet->lock);
	return err;
}

/* Context: under mobx_net.lock. */
static struct mobx_policy *mobx_policy_named(struct mobx_net *mnet,
					     struct genl_info *info)
{
	struct nlattr *order = info->attrs[MOBX_A_POLICY_ORDER];
	struct mobx_policy *pol;

	if (!order)
		return ERR_PTR(mobx_nl_missing(info, MOBX_A_POLICY_ORDER,
					       "order is missing: which policy?"));
	pol = mobx_spd_find(&mnet->spd, nla_get_u32(order));
	if (pol)
		return pol;
	NL_SET_ERR_MSG_ATTR(info->extack, order,
			    "there is no policy with this order");
	return ERR_PTR(-ENOENT);
}

int mobx_nl_policy_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mobx_net *mnet = mobx_pernet(genl_info_net(info));
	struct mobx_policy *pol;
	int err;

	mutex_lock(&mnet->lock);
	pol = mobx_policy_named(mnet, info);
	err = PTR_ERR_OR_ZERO(pol);
	if (!err)
		mobx_policy_remove(mnet, pol);
	mutex_unlock(&mnet->lock);
	return err;
}

int mobx_nl_policy_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mobx_net *mnet = mobx_pernet(genl_info_net(info));
	struct nlattr *label = info->attrs[MOBX_A_POLICY_LABEL];

	mutex_lock(&mnet->lock);
	mobx_policy_flush(mnet, label ? mobx_nl_label(label) : NULL);
	mutex_unlock(&mnet->lock);
	return 0;
}

static int mobx_policy_put_msg(struct sk_buff *skb,
			       const struct mobx_policy *pol)
{
	if (nla_put_u32(skb, MOBX_A_POLICY_ORDER, pol->order) ||
	    nla_put_u32(skb, MOBX_A_POLICY_ACTION, pol->action) ||
	    nla_put_u32(skb, MOBX_A_POLICY_MODE, pol->mode) ||
	    mobx_selector_put(skb, MOBX_A_POLICY_SELECTOR, &pol->sel))
		return -EMSGSIZE;
	if (pol->peer && nla_put_u32(skb, MOBX_A_POLICY_PEER, pol->peer->id))
		return -EMSGSIZE;
	if (pol->pfp && nla_put_u32(skb, MOBX_A_POLICY_PFP, pol->pfp))
		return -EMSGSIZE;
	if (*pol->label && nla_put_string(skb, MOBX_A_POLICY_LABEL, pol->label))
		return -EMSGSIZE;
	return nla_put_u64_64bit(skb, MOBX_A_POLICY_PACKETS,
				 mobx_policy_packets(pol), MOBX_A_POLICY_PAD);
}

int mobx_nl_policy_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mobx_net *mnet = mobx_pernet(genl_info_net(info));
	struct mobx_policy *pol;
	struct sk_buff *msg;
	void *hdr;
	int err;

	msg = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	mutex_lock(&mnet->lock);
	pol = mobx_policy_named(mnet, info);
	err = PTR_ERR_OR_ZERO(pol);
	if (err)
		goto unlock;
	err = -EMSGSIZE;
	hdr = genlmsg_put_reply(msg, info, &mobx_nl_family, 0,
				MOBX_CMD_POLICY_GET);
	if (!hdr || mobx_policy_put_msg(msg, pol))
		goto unlock;
	mutex_unlock(&mnet->lock);
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);

unlock:
	mutex_unlock(&mnet->lock);
	nlmsg_free(msg);
	return err;
}

/* What struct mobx_policy would say of an exemption, if it were one. */
static int mobx_exempt_put_msg(struct sk_buff *skb, enum mobx_exempt exempt)
{
	static const struct {
		const char *label;
		u16 family;
		u8 proto;
		u16 port_min, port_max;
	} what[MOBX_EXEMPT_COUNT] = {
		[MOBX_EXEMPT_ESP] = {
			"ESP", AF_UNSPEC, IPPROTO_ESP, 0, U16_MAX
		},
		[MOBX_EXEMPT_DHCP] = { "DHCP", AF_INET, IPPROTO_UDP, 67, 68 },
		[MOBX_EXEMPT_DHCPV6] = {
			"DHCPv6", AF_INET6, IPPROTO_UDP, 546, 547
		},
		[MOBX_EXEMPT_LINK] = {
			"neighbour discovery and multicast listeners", AF_INET6,
			IPPROTO_ICMPV6, 0, U16_MAX
		},
		[MOBX_EXEMPT_ICMP] = {
			"ICMP, an ESP packet was too long, way in", AF_INET,
			IPPROTO_ICMP, 0x304, 0x304
		},
		[MOBX_EXEMPT_IKE] = {
			"registered IKE sockets", AF_UNSPEC, IPPROTO_UDP, 0,
			U16_MAX
		},
		[MOBX_EXEMPT_LOOPBACK] = {
			"loopback device", AF_UNSPEC, 0, 0, U16_MAX
		},
	};
	const union mobx_addr none = {};
	u16 family = what[exempt].family;
	struct mobx_selector sel = {
		.local = mobx_range_of(&none, 0, family),
		.remote = mobx_range_of(&none, 0, family),
		.family = family,
		.proto = what[exempt].proto,
		.local_port_min = what[exempt].port_min,
		.local_port_max = what[exempt].port_max,
		.remote_port_min = what[exempt].port_min,
		.remote_port_max = what[exempt].port_max,
		.any_ports = !what[exempt].port_min,
	};

	if (nla_put_u32(skb, MOBX_A_POLICY_ACTION, MOBX_ACTION_BYPASS) ||
	    mobx_selector_put(skb, MOBX_A_POLICY_SELECTOR, &sel) ||
	    nla_put_string(skb, MOBX_A_POLICY_LABEL, what[exempt].label))
		return -EMSGSIZE;
	return nla_put_flag(skb, MOBX_A_POLICY_BUILTIN);
}

/* A policy, or without one an exemption. */
static int mobx_policy_dump_one(struct sk_buff *skb,
				struct netlink_callback *cb,
				const struct mobx_policy *pol,
				enum mobx_exempt exempt)
{
	void *hdr;
	int err;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &mobx_nl_family, NLM_F_MULTI, MOBX_CMD_POLICY_GET);
	if (!hdr)
		return -EMSGSIZE;
	err = pol ? mobx_policy_put_msg(skb, pol) :
		    mobx_exempt_put_msg(skb, exempt);
	if (err) {
		genlmsg_cancel(skb, hdr);
		return err;
	}
	genl_dump_check_consistent(cb, hdr);
	genlmsg_end(skb, hdr);
	return 0;
}

/*
 * Exemptions first, since they come before all policies. cb->args[0]: the next
 * one; cb->args[1]: the next order; cb->args[2]: no more to come.
 */
int mobx_nl_policy_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct mobx_net *mnet = mobx_pernet(sock_net(skb->sk));
	const struct mobx_policy *pol;
	int err = 0;

	if (cb->args[2])
		return 0;
	mutex_lock(&mnet->lock);
	cb->seq = mnet->seq;
	while (!err && cb->args[0] + 1 < MOBX_EXEMPT_COUNT) {
		err = mobx_policy_dump_one(skb, cb, NULL, cb->args[0] + 1);
		if (!err)
			cb->args[0]++;
	}
	for (pol = mobx_spd_from(&mnet->spd, cb->args[1]); pol && !err;
	     pol = mobx_spd_next(pol)) {
		err = mobx_policy_dump_one(skb, cb, pol, MOBX_EXEMPT_NOT);
		cb->args[1] = err ? pol->order : pol->order + 1L;
	}
	mutex_unlock(&mnet->lock);
	cb->args[2] = !err;
	return skb->len ?: err;
}
