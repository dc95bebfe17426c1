// SPDX-License-Identifier: GPL-2.0
/* The words of Documentation/netlink/specs/mobx.yaml. */

#include <stddef.h>
#include <string.h>

#include "kern/names.h"

#define COUNT(array) ((unsigned int)(sizeof(array) / sizeof((array)[0])))

#define NAMES(symbol, about, ...)                                     \
	static const char *const symbol##_words[] = { __VA_ARGS__ };  \
	const struct kern_names symbol = { about, symbol##_words,     \
					   COUNT(symbol##_words) }

NAMES(kern_states, "path state",
	[MOBX_PATH_STATE_TENTATIVE] = "tentative",
	[MOBX_PATH_STATE_VALID] = "valid",
	[MOBX_PATH_STATE_DEPRECATED] = "deprecated",
	[MOBX_PATH_STATE_REMOVED] = "removed");

NAMES(kern_dirs, "direction",
	[MOBX_DIR_IN] = "in",
	[MOBX_DIR_OUT] = "out");

NAMES(kern_modes, "mode",
	[MOBX_MODE_TRANSPORT] = "transport",
	[MOBX_MODE_TUNNEL] = "tunnel");

NAMES(kern_dfs, "df",
	[MOBX_DF_COPY] = "copy",
	[MOBX_DF_SET] = "set",
	[MOBX_DF_CLEAR] = "clear");

NAMES(kern_encs, "cipher",
	[MOBX_ENC_NULL] = "null",
	[MOBX_ENC_AES_CBC] = "aes-cbc",
	[MOBX_ENC_AES_GCM_16] = "aes-gcm-16",
	[MOBX_ENC_AES_GMAC] = "aes-gmac",
	[MOBX_ENC_CHACHA20_POLY1305] = "chacha20-poly1305");

NAMES(kern_auths, "integrity algorithm",
	[MOBX_AUTH_NONE] = "none",
	[MOBX_AUTH_HMAC_SHA1_96] = "hmac-sha1-96",
	[MOBX_AUTH_HMAC_SHA2_256_128] = "hmac-sha2-256-128",
	[MOBX_AUTH_HMAC_SHA2_384_192] = "hmac-sha2-384-192",
	[MOBX_AUTH_HMAC_SHA2_512_256] = "hmac-sha2-512-256");

NAMES(kern_actions, "action",
	[MOBX_ACTION_BYPASS] = "bypass",
	[MOBX_ACTION_DISCARD] = "discard",
	[MOBX_ACTION_PROTECT] = "protect");

NAMES(kern_pfps, "selector", "local", "remote", "proto", "sport", "dport");

NAMES(kern_uncovereds, "lot of an SA without a policy",
	[MOBX_UNCOVERED_KEEP] = "keep",
	[MOBX_UNCOVERED_REMOVE] = "remove");

NAMES(kern_expires, "limit",
	[MOBX_EXPIRE_SOFT] = "soft",
	[MOBX_EXPIRE_HARD] = "hard");

NAMES(kern_counters, "counter",
	[MOBX_STAT_OUT_PROTECTED] = "out-protected",
	[MOBX_STAT_OUT_BYPASSED] = "out-bypassed",
	[MOBX_STAT_OUT_DISCARDED] = "out-discarded",
	[MOBX_STAT_OUT_HELD] = "out-held",
	[MOBX_STAT_OUT_HOLD_DROPPED] = "out-hold-dropped",
	[MOBX_STAT_OUT_NO_SOURCE] = "out-no-source",
	[MOBX_STAT_OUT_NO_CREDIT] = "out-no-credit",
	[MOBX_STAT_OUT_SEQ_OVERFLOW] = "out-seq-overflow",
	[MOBX_STAT_OUT_EXPIRED] = "out-expired",
	[MOBX_STAT_OUT_CRYPTO_ERROR] = "out-crypto-error",
	[MOBX_STAT_OUT_NO_MEMORY] = "out-no-memory",
	[MOBX_STAT_OUT_FRAGMENTED] = "out-fragmented",
	[MOBX_STAT_IN_PROTECTED] = "in-protected",
	[MOBX_STAT_IN_UNKNOWN_SPI] = "in-unknown-spi",
	[MOBX_STAT_IN_FOREIGN_LOCAL] = "in-foreign-local",
	[MOBX_STAT_IN_MALFORMED] = "in-malformed",
	[MOBX_STAT_IN_REPLAYED] = "in-replayed",
	[MOBX_STAT_IN_INTEGRITY] = "in-integrity",
	[MOBX_STAT_IN_PADDING] = "in-padding",
	[MOBX_STAT_IN_DUMMY] = "in-dummy",
	[MOBX_STAT_IN_SELECTOR] = "in-selector",
	[MOBX_STAT_IN_UNKNOWN_SOURCE] = "in-unknown-source",
	[MOBX_STAT_IN_KEPT] = "in-kept",
	[MOBX_STAT_IN_REMOVED_PATH] = "in-removed-path",
	[MOBX_STAT_IN_EXPIRED] = "in-expired",
	[MOBX_STAT_IN_CLEAR_DISCARDED] = "in-clear-discarded",
	[MOBX_STAT_IN_DISCARDED] = "in-discarded",
	[MOBX_STAT_IN_FRAGMENT] = "in-fragment",
	[MOBX_STAT_IN_NO_MEMORY] = "in-no-memory",
	[MOBX_STAT_ACQUIRES] = "acquires",
	[MOBX_STAT_REBINDS] = "rebinds",
	[MOBX_STAT_IN_CRYPTO_ERROR] = "in-crypto-error",
	[MOBX_STAT_OUT_NO_ROUTE] = "out-no-route",
	[MOBX_STAT_OUT_TOO_BIG] = "out-too-big",
	[MOBX_STAT_IN_ECN] = "in-ecn",
	[MOBX_STAT_IN_ICMP] = "in-icmp",
	[MOBX_STAT_OUT_NO_TUNNEL] = "out-no-tunnel");

NAMES(kern_event_names, "event",
	[MOBX_CMD_SA_EXPIRE] = "sa-expire",
	[MOBX_CMD_ACQUIRE] = "acquire",
	[MOBX_CMD_PATH_HINT] = "path-hint",
	[MOBX_CMD_BINDING_CHANGED] = "binding-changed",
	[MOBX_CMD_SEQUENCE_OVERFLOW] = "sequence-overflow",
	[MOBX_CMD_INTEGRITY_FAILURE] = "integrity-failure",
	[MOBX_CMD_SELECTOR_MISMATCH] = "selector-mismatch",
	[MOBX_CMD_LOCAL_REPLACED] = "local-replaced");

const char *kern_name(const struct kern_names *names, uint32_t value)
{
	if (value >= names->count || !names->name[value])
		return "?";
	return names->name[value];
}

int kern_value(const struct kern_names *names, const char *word)
{
	for (unsigned int i = 0; i < names->count; i++) {
		if (names->name[i] && !strcmp(names->name[i], word))
			return (int)i;
	}
	return -1;
}

static const char *const path_words[] = {
	[MOBX_A_PATH_LOCAL] = "local",
	[MOBX_A_PATH_REMOTE] = "remote",
	[MOBX_A_PATH_STATE] = "state",
	[MOBX_A_PATH_FLAGS] = "flags",
	[MOBX_A_PATH_PREFERENCE] = "preference",
	[MOBX_A_PATH_ACCEPT_UNTIL] = "accept-until",
	[MOBX_A_PATH_CREDIT] = "credit",
	[MOBX_A_PATH_CREDIT_USED] = "credit-used",
	[MOBX_A_PATH_MTU] = "mtu",
	[MOBX_A_PATH_ENCAP_SPORT] = "encap-sport",
	[MOBX_A_PATH_ENCAP_DPORT] = "encap-dport",
	[MOBX_A_PATH_RX_PACKETS] = "rx-packets",
	[MOBX_A_PATH_RX_BYTES] = "rx-bytes",
	[MOBX_A_PATH_TX_PACKETS] = "tx-packets",
	[MOBX_A_PATH_TX_BYTES] = "tx-bytes",
	[MOBX_A_PATH_LAST_SEEN] = "last-seen",
	[MOBX_A_PATH_PAD] = "pad",
};

static const char *const selector_words[] = {
	[MOBX_A_SELECTOR_LOCAL] = "local",
	[MOBX_A_SELECTOR_LOCAL_PLEN] = "local-plen",
	[MOBX_A_SELECTOR_REMOTE] = "remote",
	[MOBX_A_SELECTOR_REMOTE_PLEN] = "remote-plen",
	[MOBX_A_SELECTOR_PROTO] = "proto",
	[MOBX_A_SELECTOR_LOCAL_PORT_MIN] = "local-port-min",
	[MOBX_A_SELECTOR_LOCAL_PORT_MAX] = "local-port-max",
	[MOBX_A_SELECTOR_REMOTE_PORT_MIN] = "remote-port-min",
	[MOBX_A_SELECTOR_REMOTE_PORT_MAX] = "remote-port-max",
	[MOBX_A_SELECTOR_LOCAL_LAST] = "local-last",
	[MOBX_A_SELECTOR_REMOTE_LAST] = "remote-last",
};

static const char *const lifetime_words[] = {
	[MOBX_A_LIFETIME_SOFT_SECONDS] = "soft-seconds",
	[MOBX_A_LIFETIME_HARD_SECONDS] = "hard-seconds",
	[MOBX_A_LIFETIME_SOFT_BYTES] = "soft-bytes",
	[MOBX_A_LIFETIME_HARD_BYTES] = "hard-bytes",
	[MOBX_A_LIFETIME_SOFT_PACKETS] = "soft-packets",
	[MOBX_A_LIFETIME_HARD_PACKETS] = "hard-packets",
	[MOBX_A_LIFETIME_PAD] = "pad",
};

static const char *const peer_words[] = {
	[MOBX_A_PEER_ID] = "id",
	[MOBX_A_PEER_LABEL] = "label",
	[MOBX_A_PEER_GENERATION] = "generation",
	[MOBX_A_PEER_EXPECTED_GENERATION] = "expected-generation",
	[MOBX_A_PEER_PATHS] = "paths",
	[MOBX_A_PEER_SAS] = "sas",
	[MOBX_A_PEER_PAD] = "pad",
	[MOBX_A_PEER_SPREAD] = "spread",
};

static const char *const replace_words[] = {
	[MOBX_A_REPLACE_FROM] = "from",
	[MOBX_A_REPLACE_TO] = "to",
	[MOBX_A_REPLACE_LABEL] = "label",
	[MOBX_A_REPLACE_ACCEPT_UNTIL] = "accept-until",
	[MOBX_A_REPLACE_MOVED] = "moved",
	[MOBX_A_REPLACE_UNCHANGED] = "unchanged",
	[MOBX_A_REPLACE_FAILED] = "failed",
	[MOBX_A_REPLACE_FAILED_PEER] = "failed-peer",
};

static const char *const sa_words[] = {
	[MOBX_A_SA_SPI] = "spi",
	[MOBX_A_SA_DIR] = "dir",
	[MOBX_A_SA_PEER] = "peer",
	[MOBX_A_SA_MODE] = "mode",
	[MOBX_A_SA_DF] = "df",
	[MOBX_A_SA_ENC] = "enc",
	[MOBX_A_SA_ENC_KEY] = "enc-key",
	[MOBX_A_SA_AUTH] = "auth",
	[MOBX_A_SA_AUTH_KEY] = "auth-key",
	[MOBX_A_SA_ESN] = "esn",
	[MOBX_A_SA_REPLAY_WINDOW] = "replay-window",
	[MOBX_A_SA_SEQ] = "seq",
	[MOBX_A_SA_SELECTORS] = "selectors",
	[MOBX_A_SA_LIFETIME] = "lifetime",
	[MOBX_A_SA_FORCE] = "force",
	[MOBX_A_SA_MANAGED] = "managed",
	[MOBX_A_SA_TFC] = "tfc",
	[MOBX_A_SA_SHOW_KEYS] = "show-keys",
	[MOBX_A_SA_PACKETS] = "packets",
	[MOBX_A_SA_BYTES] = "bytes",
	[MOBX_A_SA_REPLAYED] = "replayed",
	[MOBX_A_SA_INTEGRITY_FAILED] = "integrity-failed",
	[MOBX_A_SA_AGE] = "age",
	[MOBX_A_SA_IDLE] = "idle",
	[MOBX_A_SA_PAD] = "pad",
};

static const char *const policy_words[] = {
	[MOBX_A_POLICY_ORDER] = "order",
	[MOBX_A_POLICY_ACTION] = "action",
	[MOBX_A_POLICY_PEER] = "peer",
	[MOBX_A_POLICY_MODE] = "mode",
	[MOBX_A_POLICY_SELECTOR] = "selector",
	[MOBX_A_POLICY_LABEL] = "label",
	[MOBX_A_POLICY_PACKETS] = "packets",
	[MOBX_A_POLICY_BUILTIN] = "builtin",
	[MOBX_A_POLICY_PAD] = "pad",
	[MOBX_A_POLICY_PFP] = "pfp",
};

static const char *const conf_words[] = {
	[MOBX_A_CONF_DEFAULT_ACTION] = "default-action",
	[MOBX_A_CONF_IKE_SOCKET] = "ike-socket",
	[MOBX_A_CONF_PROTECTING] = "protecting",
	[MOBX_A_CONF_ICMP] = "icmp",
	[MOBX_A_CONF_UNCOVERED] = "uncovered",
};

static const char *const stats_words[] = {
	[MOBX_A_STATS_WHICH] = "which",
	[MOBX_A_STATS_COUNTER] = "counter",
};

static const struct kern_attrs path_attrs = {
	path_words, NULL, MOBX_A_PATH_MAX
};

static const struct kern_attrs selector_attrs = {
	selector_words, NULL, MOBX_A_SELECTOR_MAX
};

static const struct kern_attrs lifetime_attrs = {
	lifetime_words, NULL, MOBX_A_LIFETIME_MAX
};

static const struct kern_attrs *const peer_nested[MOBX_A_PEER_MAX + 1] = {
	[MOBX_A_PEER_PATHS] = &path_attrs,
};

static const struct kern_attrs *const sa_nested[MOBX_A_SA_MAX + 1] = {
	[MOBX_A_SA_SELECTORS] = &selector_attrs,
	[MOBX_A_SA_LIFETIME] = &lifetime_attrs,
};

static const struct kern_attrs *const policy_nested[MOBX_A_POLICY_MAX + 1] = {
	[MOBX_A_POLICY_SELECTOR] = &selector_attrs,
};

static const struct kern_attrs peer_attrs = {
	peer_words, peer_nested, MOBX_A_PEER_MAX
};

static const struct kern_attrs replace_attrs = {
	replace_words, NULL, MOBX_A_REPLACE_MAX
};

static const struct kern_attrs sa_attrs = {
	sa_words, sa_nested, MOBX_A_SA_MAX
};

static const struct kern_attrs policy_attrs = {
	policy_words, policy_nested, MOBX_A_POLICY_MAX
};

static const struct kern_attrs conf_attrs = {
	conf_words, NULL, MOBX_A_CONF_MAX
};

static const struct kern_attrs stats_attrs = {
	stats_words, NULL, MOBX_A_STATS_MAX
};

const struct kern_attrs *kern_cmd_attrs(unsigned int cmd)
{
	switch (cmd) {
	case MOBX_CMD_PEER_NEW:
	case MOBX_CMD_PEER_DEL:
	case MOBX_CMD_PEER_GET:
	case MOBX_CMD_PEER_REBIND:
	case MOBX_CMD_PEER_FLUSH:
		return &peer_attrs;
	case MOBX_CMD_PEER_REPLACE:
		return &replace_attrs;
	case MOBX_CMD_SA_NEW:
	case MOBX_CMD_SA_DEL:
	case MOBX_CMD_SA_GET:
	case MOBX_CMD_SA_FLUSH:
		return &sa_attrs;
	case MOBX_CMD_POLICY_NEW:
	case MOBX_CMD_POLICY_DEL:
	case MOBX_CMD_POLICY_GET:
	case MOBX_CMD_POLICY_FLUSH:
		return &policy_attrs;
	case MOBX_CMD_CONF:
		return &conf_attrs;
	case MOBX_CMD_STATS_GET:
		return &stats_attrs;
	default:
		return NULL;
	}
}
