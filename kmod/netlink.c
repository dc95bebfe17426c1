// SPDX-License-Identifier: GPL-2.0
/*
 * The netlink family: its description, settings and counters. What concerns
 * peers, SAs and policies is in nl_peer.c, nl_sa.c and nl_policy.c.
 *
 * Requests may run in parallel, with each other and with dumps; whoever looks
 * at more than one thing takes mobx_net.lock.
 */

#include <linux/module.h>

#include "ikesock.h"
#include "netlink.h"
#include "netns.h"
#include "policy.h"

static const struct genl_multicast_group mobx_nl_groups[] = {
	/*
	 * They tell of flows, addresses and SPIs, which is for who administers
	 * the network namespace; requests take one who does so initially.
	 */
	[MOBX_NLGRP_EVENTS] = { .name = MOBX_MCGRP_EVENTS,
				.flags = GENL_MCAST_CAP_NET_ADMIN },
};

struct genl_family mobx_nl_family __ro_after_init = {
	.name = MOBX_FAMILY_NAME,
	.version = MOBX_GENL_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = mobx_nl_ops,
	.n_ops = ARRAY_SIZE(mobx_nl_ops),
	.resv_start_op = MOBX_CMD_PEER_NEW,
	.mcgrps = mobx_nl_groups,
	.n_mcgrps = ARRAY_SIZE(mobx_nl_groups),
};

/**
 * mobx_nl_missing - refuse a request that lacks an attribute
 * @info: request
 * @type: of the attribute, for programs
 * @text: what is missing, for people; lives as long as the module
 *
 * Return: -EINVAL
 */
int mobx_nl_missing(const struct genl_info *info, u16 type, const char *text)
{
	NL_SET_ERR_ATTR_MISS(info->extack, NULL, type);
	if (info->extack)
		info->extack->_msg = text;
	return -EINVAL;
}

/* The text of a label attribute; "" when there is none. */
const char *mobx_nl_label(const struct nlattr *attr)
{
	return attr ? nla_data(attr) : "";
}

/* Settings of a namespace, as they were at one moment. */
struct mobx_conf {
	u32	default_action;
	u32	uncovered;
	u32	protecting;
	bool	icmp;
};

int mobx_nl_conf_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mobx_net *mnet = mobx_pernet(genl_info_net(info));
	struct nlattr *action = info->attrs[MOBX_A_CONF_DEFAULT_ACTION];
	struct nlattr *fd = info->attrs[MOBX_A_CONF_IKE_SOCKET];
	struct nlattr *uncovered = info->attrs[MOBX_A_CONF_UNCOVERED];
	struct nlattr *icmp = info->attrs[MOBX_A_CONF_ICMP];
	struct mobx_conf now = {};
	struct sk_buff *msg;
	int err = 0;
	void *hdr;

	if (action && nla_get_u32(action) == MOBX_ACTION_PROTECT) {
		NL_SET_ERR_MSG_ATTR(info->extack, action,
				    "the default is bypass or discard; to protect takes a policy");
		return -EINVAL;
	}
	/* Before the change, which nothing can fail after. */
	msg = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	mutex_lock(&mnet->lock);
	/* The default last, which a refused socket then leaves as it was. */
	if (fd)
		err = mobx_ikesock_register(mnet, nla_get_s32(fd),
					    info->extack);
	if (!err && action)
		err = mobx_net_default(mnet, nla_get_u32(action),
				       info->extack);
	if (!err && icmp)
		WRITE_ONCE(mnet->icmp, nla_get_u8(icmp));
	if (!err && uncovered)
		mnet->uncovered = nla_get_u32(uncovered);
	now.default_action = mnet->default_action;
	now.icmp = mnet->icmp;
	now.uncovered = mnet->uncovered;
	now.protecting = mnet->protecting;
	mutex_unlock(&mnet->lock);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	hdr = genlmsg_put_reply(msg, info, &mobx_nl_family, 0, MOBX_CMD_CONF);
	if (!hdr ||
	    nla_put_u32(msg, MOBX_A_CONF_DEFAULT_ACTION, now.default_action) ||
	    nla_put_u8(msg, MOBX_A_CONF_ICMP, now.icmp) ||
	    nla_put_u32(msg, MOBX_A_CONF_UNCOVERED, now.uncovered) ||
	    nla_put_u32(msg, MOBX_A_CONF_PROTECTING, now.protecting)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

static int mobx_stat_put(struct sk_buff *msg, const struct mobx_net *mnet,
			 unsigned int which)
{
	struct nlattr *nest;

	nest = nla_nest_start(msg, MOBX_A_STATS_COUNTER);
	if (!nest || nla_put_u32(msg, MOBX_A_COUNTER_WHICH, which) ||
	    nla_put_u64_64bit(msg, MOBX_A_COUNTER_VALUE,
			      mobx_stat_read(mnet, which), MOBX_A_COUNTER_PAD))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

int mobx_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mobx_net *mnet = mobx_pernet(genl_info_net(info));
	struct nlattr *only = info->attrs[MOBX_A_STATS_WHICH];
	unsigned int i, first = 0, last = MOBX_STAT_COUNT - 1;
	struct sk_buff *msg;
	void *hdr;
	int err;

	if (only) {
		first = nla_get_u32(only);
		last = first;
	}
	msg = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &mobx_nl_family, 0,
				MOBX_CMD_STATS_GET);
	err = hdr ? 0 : -EMSGSIZE;
	for (i = first; !err && i <= last; i++)
		err = mobx_stat_put(msg, mnet, i);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

/* Context: module init. Return: 0 or an error. */
int mobx_netlink_init(void)
{
	return genl_register_family(&mobx_nl_family);
}

/* Context: module exit. */
void mobx_netlink_exit(void)
{
	genl_unregister_family(&mobx_nl_family);
}
