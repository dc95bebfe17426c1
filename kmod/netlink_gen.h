/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/mobx.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_MOBX_GEN_H
#define _LINUX_MOBX_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/mobx.h>

/* Common nested types */
extern const struct nla_policy mobx_lifetime_nl_policy[MOBX_A_LIFETIME_PAD + 1];
extern const struct nla_policy mobx_path_nl_policy[MOBX_A_PATH_PAD + 1];
extern const struct nla_policy mobx_selector_nl_policy[MOBX_A_SELECTOR_REMOTE_LAST + 1];

extern const struct nla_policy mobx_peer_new_nl_policy[MOBX_A_PEER_SPREAD + 1];

extern const struct nla_policy mobx_peer_del_nl_policy[MOBX_A_PEER_ID + 1];

extern const struct nla_policy mobx_peer_get_nl_policy[MOBX_A_PEER_ID + 1];

extern const struct nla_policy mobx_peer_rebind_nl_policy[MOBX_A_PEER_SPREAD + 1];

extern const struct nla_policy mobx_peer_flush_nl_policy[MOBX_A_PEER_LABEL + 1];

extern const struct nla_policy mobx_sa_new_nl_policy[MOBX_A_SA_TFC + 1];

extern const struct nla_policy mobx_sa_del_nl_policy[MOBX_A_SA_PEER + 1];

extern const struct nla_policy mobx_sa_get_nl_policy[MOBX_A_SA_SHOW_KEYS + 1];

extern const struct nla_policy mobx_sa_flush_nl_policy[MOBX_A_SA_PEER + 1];

extern const struct nla_policy mobx_policy_new_nl_policy[MOBX_A_POLICY_PFP + 1];

extern const struct nla_policy mobx_policy_del_nl_policy[MOBX_A_POLICY_ORDER + 1];

extern const struct nla_policy mobx_policy_get_nl_policy[MOBX_A_POLICY_ORDER + 1];

extern const struct nla_policy mobx_policy_flush_nl_policy[MOBX_A_POLICY_LABEL + 1];

extern const struct nla_policy mobx_conf_nl_policy[MOBX_A_CONF_UNCOVERED + 1];

extern const struct nla_policy mobx_stats_get_nl_policy[MOBX_A_STATS_WHICH + 1];

extern const struct nla_policy mobx_peer_replace_nl_policy[MOBX_A_REPLACE_ACCEPT_UNTIL + 1];

/* Ops table for mobx */
extern const struct genl_ops mobx_nl_ops[16];

int mobx_nl_peer_new_doit(struct sk_buff *skb, struct genl_info *info);
int mobx_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info);
int mobx_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info);
int mobx_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int mobx_nl_peer_rebind_doit(struct sk_buff *skb, struct genl_info *info);
int mobx_nl_peer_flush_doit(struct sk_buff *skb, struct genl_info *info);
int mobx_nl_sa_new_doit(struct sk_buff *skb, struct genl_info *info);
int mobx_nl_sa_del_doit(struct sk_buff *skb, struct genl_info *info);
int mobx_nl_sa_get_doit(struct sk_buff *skb, struct genl_info *info);
int mobx_nl_sa_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int mobx_nl_sa_flush_doit(struct sk_buff *skb, struct genl_info *info);
int mobx_nl_policy_new_doit(struct sk_buff *skb, struct genl_info *info);
int mobx_nl_policy_del_doit(struct sk_buff *skb, struct genl_info *info);
int mobx_nl_policy_get_doit(struct sk_buff *skb, struct genl_info *info);
int mobx_nl_policy_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int mobx_nl_policy_flush_doit(struct sk_buff *skb, struct genl_info *info);
int mobx_nl_conf_doit(struct sk_buff *skb, struct genl_info *info);
int mobx_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int mobx_nl_peer_replace_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	MOBX_NLGRP_EVENTS,
};

#endif /* _LINUX_MOBX_GEN_H */
