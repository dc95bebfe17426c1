// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: one own address in place of another, for many peers.
 */

#include <linux/slab.h>

#include "netlink.h"
#include "netns.h"
#include "peer.h"
#include "replace.h"

static int mobx_replace_parse(struct mobx_replace *r,
			      const struct genl_info *info)
{
	struct nlattr *from = info->attrs[MOBX_A_REPLACE_FROM];
	struct nlattr *to = info->attrs[MOBX_A_REPLACE_TO];
	struct nlattr *label = info->attrs[MOBX_A_REPLACE_LABEL];
	struct nlattr *until = info->attrs[MOBX_A_REPLACE_ACCEPT_UNTIL];
	u16 family;
	int err;

	if (!from)
		return mobx_nl_missing(info, MOBX_A_REPLACE_FROM,
				       "from is missing: which own address goes?");
	if (!to)
		return mobx_nl_missing(info, MOBX_A_REPLACE_TO,
				       "to is missing: which own address comes?");
	err = mobx_nl_addr(&r->from, &r->family, from, info->extack) ?:
	      mobx_nl_addr(&r->to, &family, to, info->extack);
	if (err)
		return err;
	if (family != r->family) {
		NL_SET_ERR_MSG_ATTR(info->extack, to,
				    "the new address must be of the old one's family: the peers' addresses stay");
		return -EINVAL;
	}
	if (mobx_addr_eq(&r->from, &r->to)) {
		NL_SET_ERR_MSG_ATTR(info->extack, to,
				    "the new address is the old one");
		return -EINVAL;
	}
	err = mobx_binding_check_addr(&r->to, family, info->extack);
	if (err) {
		NL_SET_BAD_ATTR(info->extack, to);
		return err;
	}
	if (label)
		r->label = mobx_nl_label(label);
	if (until)
		r->until = ktime_get_boottime_ns() +
			   (u64)nla_get_u32(until) * NSEC_PER_MSEC;
	return 0;
}

static int mobx_replace_reply(struct sk_buff *msg, struct genl_info *info,
			      const struct mobx_replace *r)
{
	unsigned int i, told = min_t(u32, r->failed, MOBX_REPLACE_TOLD);
	void *hdr;
	int err;

	hdr = genlmsg_put_reply(msg, info, &mobx_nl_family, 0,
				MOBX_CMD_PEER_REPLACE);
	err = !hdr ? -EMSGSIZE :
	      nla_put_u32(msg, MOBX_A_REPLACE_MOVED, r->moved) ?:
	      nla_put_u32(msg, MOBX_A_REPLACE_UNCHANGED, r->unchanged) ?:
	      nla_put_u32(msg, MOBX_A_REPLACE_FAILED, r->failed);
	for (i = 0; !err && i < told; i++)
		err = nla_put_u32(msg, MOBX_A_REPLACE_FAILED_PEER,
				  r->failed_ids[i]);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

int mobx_nl_peer_replace_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mobx_net *mnet = mobx_pernet(genl_info_net(info));
	struct mobx_replace *r;
	struct sk_buff *msg;
	int err;

	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	err = mobx_replace_parse(r, info);
	if (err)
		goto out;
	/* Before the change, which nothing can fail after. */
	err = -ENOMEM;
	msg = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		goto out;
	mobx_replace_local(mnet, r, info->extack);
	err = mobx_replace_reply(msg, info, r);
out:
	kfree(r);
	return err;
}
