// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/mobx.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/mobx.h>

/* Common nested types */
const struct nla_policy mobx_lifetime_nl_policy[MOBX_A_LIFETIME_PAD + 1] = {
	[MOBX_A_LIFETIME_SOFT_SECONDS] = { .type = NLA_U64, },
	[MOBX_A_LIFETIME_HARD_SECONDS] = { .type = NLA_U64, },
	[MOBX_A_LIFETIME_SOFT_BYTES] = { .type = NLA_U64, },
	[MOBX_A_LIFETIME_HARD_BYTES] = { .type = NLA_U64, },
	[MOBX_A_LIFETIME_SOFT_PACKETS] = { .type = NLA_U64, },
	[MOBX_A_LIFETIME_HARD_PACKETS] = { .type = NLA_U64, },
};

const struct nla_policy mobx_path_nl_policy[MOBX_A_PATH_PAD + 1] = {
	[MOBX_A_PATH_LOCAL] = { .type = NLA_BINARY, },
	[MOBX_A_PATH_REMOTE] = { .type = NLA_BINARY, },
	[MOBX_A_PATH_STATE] = NLA_POLICY_MAX(NLA_U32, 3),
	[MOBX_A_PATH_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x3),
	[MOBX_A_PATH_PREFERENCE] = { .type = NLA_U8, },
	[MOBX_A_PATH_ACCEPT_UNTIL] = { .type = NLA_U32, },
	[MOBX_A_PATH_CREDIT] = { .type = NLA_U64, },
	[MOBX_A_PATH_CREDIT_USED] = { .type = NLA_U64, },
	[MOBX_A_PATH_MTU] = { .type = NLA_U32, },
	[MOBX_A_PATH_ENCAP_SPORT] = { .type = NLA_U16, },
	[MOBX_A_PATH_ENCAP_DPORT] = { .type = NLA_U16, },
	[MOBX_A_PATH_RX_PACKETS] = { .type = NLA_U64, },
	[MOBX_A_PATH_RX_BYTES] = { .type = NLA_U64, },
	[MOBX_A_PATH_TX_PACKETS] = { .type = NLA_U64, },
	[MOBX_A_PATH_TX_BYTES] = { .type = NLA_U64, },
	[MOBX_A_PATH_LAST_SEEN] = { .type = NLA_U64, },
};

const struct nla_policy mobx_selector_nl_policy[MOBX_A_SELECTOR_REMOTE_LAST + 1] = {
	[MOBX_A_SELECTOR_LOCAL] = { .type = NLA_BINARY, },
	[MOBX_A_SELECTOR_LOCAL_PLEN] = NLA_POLICY_MAX(NLA_U8, 128),
	[MOBX_A_SELECTOR_REMOTE] = { .type = NLA_BINARY, },
	[MOBX_A_SELECTOR_REMOTE_PLEN] = NLA_POLICY_MAX(NLA_U8, 128),
	[MOBX_A_SELECTOR_PROTO] = { .type = NLA_U8, },
	[MOBX_A_SELECTOR_LOCAL_PORT_MIN] = { .type = NLA_U16, },
	[MOBX_A_SELECTOR_LOCAL_PORT_MAX] = { .type = NLA_U16, },
	[MOBX_A_SELECTOR_REMOTE_PORT_MIN] = { .type = NLA_U16, },
	[MOBX_A_SELECTOR_REMOTE_PORT_MAX] = { .type = NLA_U16, },
	[MOBX_A_SELECTOR_LOCAL_LAST] = { .type = NLA_BINARY, },
	[MOBX_A_SELECTOR_REMOTE_LAST] = { .type = NLA_BINARY, },
};

/* MOBX_CMD_PEER_NEW - do */
const struct nla_policy mobx_peer_new_nl_policy[MOBX_A_PEER_SPREAD + 1] = {
	[MOBX_A_PEER_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[MOBX_A_PEER_LABEL] = { .type = NLA_NUL_STRING, .len = MOBX_MAX_LABEL, },
	[MOBX_A_PEER_PATHS] = NLA_POLICY_NESTED(mobx_path_nl_policy),
	[MOBX_A_PEER_SPREAD] = NLA_POLICY_MAX(NLA_U8, 1),
};

/* MOBX_CMD_PEER_DEL - do */
const struct nla_policy mobx_peer_del_nl_policy[MOBX_A_PEER_ID + 1] = {
	[MOBX_A_PEER_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* MOBX_CMD_PEER_GET - do */
const struct nla_policy mobx_peer_get_nl_policy[MOBX_A_PEER_ID + 1] = {
	[MOBX_A_PEER_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* MOBX_CMD_PEER_REBIND - do */
const struct nla_policy mobx_peer_rebind_nl_policy[MOBX_A_PEER_SPREAD + 1] = {
	[MOBX_A_PEER_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[MOBX_A_PEER_EXPECTED_GENERATION] = { .type = NLA_U64, },
	[MOBX_A_PEER_PATHS] = NLA_POLICY_NESTED(mobx_path_nl_policy),
	[MOBX_A_PEER_SPREAD] = NLA_POLICY_MAX(NLA_U8, 1),
};

/* MOBX_CMD_PEER_FLUSH - do */
const struct nla_policy mobx_peer_flush_nl_policy[MOBX_A_PEER_LABEL + 1] = {
	[MOBX_A_PEER_LABEL] = { .type = NLA_NUL_STRING, .len = MOBX_MAX_LABEL, },
};

/* MOBX_CMD_SA_NEW - do */
const struct nla_policy mobx_sa_new_nl_policy[MOBX_A_SA_TFC + 1] = {
	[MOBX_A_SA_SPI] = NLA_POLICY_MIN(NLA_U32, 256),
	[MOBX_A_SA_DIR] = NLA_POLICY_MAX(NLA_U32, 1),
	[MOBX_A_SA_PEER] = NLA_POLICY_MIN(NLA_U32, 1),
	[MOBX_A_SA_MODE] = NLA_POLICY_MAX(NLA_U32, 1),
	[MOBX_A_SA_ENC] = NLA_POLICY_MAX(NLA_U32, 4),
	[MOBX_A_SA_ENC_KEY] = { .type = NLA_BINARY, },
	[MOBX_A_SA_AUTH] = NLA_POLICY_MAX(NLA_U32, 4),
	[MOBX_A_SA_AUTH_KEY] = { .type = NLA_BINARY, },
	[MOBX_A_SA_ESN] = { .type = NLA_FLAG, },
	[MOBX_A_SA_REPLAY_WINDOW] = { .type = NLA_U32, },
	[MOBX_A_SA_SEQ] = { .type = NLA_U64, },
	[MOBX_A_SA_SELECTORS] = NLA_POLICY_NESTED(mobx_selector_nl_policy),
	[MOBX_A_SA_LIFETIME] = NLA_POLICY_NESTED(mobx_lifetime_nl_policy),
	[MOBX_A_SA_FORCE] = { .type = NLA_FLAG, },
	[MOBX_A_SA_MANAGED] = { .type = NLA_FLAG, },
	[MOBX_A_SA_DF] = NLA_POLICY_MAX(NLA_U32, 2),
	[MOBX_A_SA_TFC] = { .type = NLA_U16, },
};

/* MOBX_CMD_SA_DEL - do */
const struct nla_policy mobx_sa_del_nl_policy[MOBX_A_SA_PEER + 1] = {
	[MOBX_A_SA_SPI] = NLA_POLICY_MIN(NLA_U32, 256),
	[MOBX_A_SA_DIR] = NLA_POLICY_MAX(NLA_U32, 1),
	[MOBX_A_SA_PEER] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* MOBX_CMD_SA_GET - do */
const struct nla_policy mobx_sa_get_nl_policy[MOBX_A_SA_SHOW_KEYS + 1] = {
	[MOBX_A_SA_SPI] = NLA_POLICY_MIN(NLA_U32, 256),
	[MOBX_A_SA_DIR] = NLA_POLICY_MAX(NLA_U32, 1),
	[MOBX_A_SA_PEER] = NLA_POLICY_MIN(NLA_U32, 1),
	[MOBX_A_SA_SHOW_KEYS] = { .type = NLA_FLAG, },
};

/* MOBX_CMD_SA_FLUSH - do */
const struct nla_policy mobx_sa_flush_nl_policy[MOBX_A_SA_PEER + 1] = {
	[MOBX_A_SA_PEER] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* MOBX_CMD_POLICY_NEW - do */
const struct nla_policy mobx_policy_new_nl_policy[MOBX_A_POLICY_PFP + 1] = {
	[MOBX_A_POLICY_ORDER] = { .type = NLA_U32, },
	[MOBX_A_POLICY_ACTION] = NLA_POLICY_MAX(NLA_U32, 2),
	[MOBX_A_POLICY_PEER] = { .type = NLA_U32, },
	[MOBX_A_POLICY_MODE] = NLA_POLICY_MAX(NLA_U32, 1),
	[MOBX_A_POLICY_SELECTOR] = NLA_POLICY_NESTED(mobx_selector_nl_policy),
	[MOBX_A_POLICY_LABEL] = { .type = NLA_NUL_STRING, .len = MOBX_MAX_LABEL, },
	[MOBX_A_POLICY_PFP] = NLA_POLICY_MASK(NLA_U32, 0x1f),
};

/* MOBX_CMD_POLICY_DEL - do */
const struct nla_policy mobx_policy_del_nl_policy[MOBX_A_POLICY_ORDER + 1] = {
	[MOBX_A_POLICY_ORDER] = { .type = NLA_U32, },
};

/* MOBX_CMD_POLICY_GET - do */
const struct nla_policy mobx_policy_get_nl_policy[MOBX_A_POLICY_ORDER + 1] = {
	[MOBX_A_POLICY_ORDER] = { .type = NLA_U32, },
};

/* MOBX_CMD_POLICY_FLUSH - do */
const struct nla_policy mobx_policy_flush_nl_policy[MOBX_A_POLICY_LABEL + 1] = {
	[MOBX_A_POLICY_LABEL] = { .type = NLA_NUL_STRING, .len = MOBX_MAX_LABEL, },
};

/* MOBX_CMD_CONF - do */
const struct nla_policy mobx_conf_nl_policy[MOBX_A_CONF_UNCOVERED + 1] = {
	[MOBX_A_CONF_DEFAULT_ACTION] = NLA_POLICY_MAX(NLA_U32, 2),
	[MOBX_A_CONF_IKE_SOCKET] = { .type = NLA_S32, },
	[MOBX_A_CONF_ICMP] = NLA_POLICY_MAX(NLA_U8, 1),
	[MOBX_A_CONF_UNCOVERED] = NLA_POLICY_MAX(NLA_U32, 1),
};

/* MOBX_CMD_STATS_GET - do */
const struct nla_policy mobx_stats_get_nl_policy[MOBX_A_STATS_WHICH + 1] = {
	[MOBX_A_STATS_WHICH] = NLA_POLICY_MAX(NLA_U32, 36),
};

/* MOBX_CMD_PEER_REPLACE - do */
const struct nla_policy mobx_peer_replace_nl_policy[MOBX_A_REPLACE_ACCEPT_UNTIL + 1] = {
	[MOBX_A_REPLACE_FROM] = { .type = NLA_BINARY, },
	[MOBX_A_REPLACE_TO] = { .type = NLA_BINARY, },
	[MOBX_A_REPLACE_LABEL] = { .type = NLA_NUL_STRING, .len = MOBX_MAX_LABEL, },
	[MOBX_A_REPLACE_ACCEPT_UNTIL] = { .type = NLA_U32, },
};

/* Ops table for mobx */
const struct genl_ops mobx_nl_ops[16] = {
	{
		.cmd		= MOBX_CMD_PEER_NEW,
		.doit		= mobx_nl_peer_new_doit,
		.policy		= mobx_peer_new_nl_policy,
		.maxattr	= MOBX_A_PEER_SPREAD,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= MOBX_CMD_PEER_DEL,
		.doit		= mobx_nl_peer_del_doit,
		.policy		= mobx_peer_del_nl_policy,
		.maxattr	= MOBX_A_PEER_ID,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= MOBX_CMD_PEER_GET,
		.doit		= mobx_nl_peer_get_doit,
		.dumpit		= mobx_nl_peer_get_dumpit,
		.policy		= mobx_peer_get_nl_policy,
		.maxattr	= MOBX_A_PEER_ID,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= MOBX_CMD_PEER_REBIND,
		.doit		= mobx_nl_peer_rebind_doit,
		.policy		= mobx_peer_rebind_nl_policy,
		.maxattr	= MOBX_A_PEER_SPREAD,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= MOBX_CMD_PEER_FLUSH,
		.doit		= mobx_nl_peer_flush_doit,
		.policy		= mobx_peer_flush_nl_policy,
		.maxattr	= MOBX_A_PEER_LABEL,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= MOBX_CMD_SA_NEW,
		.doit		= mobx_nl_sa_new_doit,
		.policy		= mobx_sa_new_nl_policy,
		.maxattr	= MOBX_A_SA_TFC,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= MOBX_CMD_SA_DEL,
		.doit		= mobx_nl_sa_del_doit,
		.policy		= mobx_sa_del_nl_policy,
		.maxattr	= MOBX_A_SA_PEER,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= MOBX_CMD_SA_GET,
		.doit		= mobx_nl_sa_get_doit,
		.dumpit		= mobx_nl_sa_get_dumpit,
		.policy		= mobx_sa_get_nl_policy,
		.maxattr	= MOBX_A_SA_SHOW_KEYS,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= MOBX_CMD_SA_FLUSH,
		.doit		= mobx_nl_sa_flush_doit,
		.policy		= mobx_sa_flush_nl_policy,
		.maxattr	= MOBX_A_SA_PEER,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= MOBX_CMD_POLICY_NEW,
		.doit		= mobx_nl_policy_new_doit,
		.policy		= mobx_policy_new_nl_policy,
		.maxattr	= MOBX_A_POLICY_PFP,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= MOBX_CMD_POLICY_DEL,
		.doit		= mobx_nl_policy_del_doit,
		.policy		= mobx_policy_del_nl_policy,
		.maxattr	= MOBX_A_POLICY_ORDER,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= MOBX_CMD_POLICY_GET,
		.doit		= mobx_nl_policy_get_doit,
		.dumpit		= mobx_nl_policy_get_dumpit,
		.policy		= mobx_policy_get_nl_policy,
		.maxattr	= MOBX_A_POLICY_ORDER,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= MOBX_CMD_POLICY_FLUSH,
		.doit		= mobx_nl_policy_flush_doit,
		.policy		= mobx_policy_flush_nl_policy,
		.maxattr	= MOBX_A_POLICY_LABEL,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= MOBX_CMD_CONF,
		.doit		= mobx_nl_conf_doit,
		.policy		= mobx_conf_nl_policy,
		.maxattr	= MOBX_A_CONF_UNCOVERED,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= MOBX_CMD_STATS_GET,
		.doit		= mobx_nl_stats_get_doit,
		.policy		= mobx_stats_get_nl_policy,
		.maxattr	= MOBX_A_STATS_WHICH,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= MOBX_CMD_PEER_REPLACE,
		.doit		= mobx_nl_peer_replace_doit,
		.policy		= mobx_peer_replace_nl_policy,
		.maxattr	= MOBX_A_REPLACE_ACCEPT_UNTIL,
		.flags		= GENL_ADMIN_PERM,
	},
};

static const struct genl_multicast_group mobx_nl_mcgrps[] = {
	[MOBX_NLGRP_EVENTS] = { "events", },
};
