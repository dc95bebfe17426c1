/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/mobx.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_MOBX_H
#define _UAPI_LINUX_MOBX_H

#define MOBX_FAMILY_NAME	"mobx"
#define MOBX_GENL_VERSION	1

#define MOBX_MAX_PATHS		64
#define MOBX_MAX_SELECTORS	16
#define MOBX_MAX_KEY		64
#define MOBX_MAX_LABEL		63
#define MOBX_MAX_REPLAY_WINDOW	65536
#define MOBX_MAX_PEER_ID	2147483647

/**
 * enum mobx_path_state - What the remote end of a path has shown so far
 *   (MOBIKE-X, section 4).
 * @MOBX_PATH_STATE_TENTATIVE: Announced, not proven; taken from, sent to
 *   within its credit only.
 * @MOBX_PATH_STATE_VALID: Proven; taken from and sent to.
 * @MOBX_PATH_STATE_DEPRECATED: Replaced; taken from until its accept-until
 *   time, not sent to.
 * @MOBX_PATH_STATE_REMOVED: Known as gone; dropped and counted in both
 *   directions.
 */
enum mobx_path_state {
	MOBX_PATH_STATE_TENTATIVE,
	MOBX_PATH_STATE_VALID,
	MOBX_PATH_STATE_DEPRECATED,
	MOBX_PATH_STATE_REMOVED,
};

/**
 * enum mobx_path_flags
 * @MOBX_PATH_FLAGS_PRIMARY: The path that tunnel mode uses, unless it spreads,
 *   and that upper layers without a choice do.
 * @MOBX_PATH_FLAGS_BACKUP: Used only when no other path is left: of a peer
 *   that spreads by the module, else by who chooses the primary path.
 */
enum mobx_path_flags {
	MOBX_PATH_FLAGS_PRIMARY = 1,
	MOBX_PATH_FLAGS_BACKUP = 2,
};

enum mobx_dir {
	MOBX_DIR_IN,
	MOBX_DIR_OUT,
};

enum mobx_mode {
	MOBX_MODE_TRANSPORT,
	MOBX_MODE_TUNNEL,
};

/**
 * enum mobx_df - The don't-fragment bit of an IPv4 outer header (RFC 4301,
 *   section 8.1).
 * @MOBX_DF_COPY: That of the inner header; set for IPv6.
 */
enum mobx_df {
	MOBX_DF_COPY,
	MOBX_DF_SET,
	MOBX_DF_CLEAR,
};

/**
 * enum mobx_enc - Ciphers; the integrity of a combined-mode cipher is its own.
 */
enum mobx_enc {
	MOBX_ENC_NULL,
	MOBX_ENC_AES_CBC,
	MOBX_ENC_AES_GCM_16,
	MOBX_ENC_AES_GMAC,
	MOBX_ENC_CHACHA20_POLY1305,
};

enum mobx_auth {
	MOBX_AUTH_NONE,
	MOBX_AUTH_HMAC_SHA1_96,
	MOBX_AUTH_HMAC_SHA2_256_128,
	MOBX_AUTH_HMAC_SHA2_384_192,
	MOBX_AUTH_HMAC_SHA2_512_256,
};

/**
 * enum mobx_action
 * @MOBX_ACTION_BYPASS: Let the packet pass in clear.
 * @MOBX_ACTION_DISCARD: Drop the packet.
 * @MOBX_ACTION_PROTECT: Protect the packet with an SA, or hold it, never send
 *   it in clear.
 */
enum mobx_action {
	MOBX_ACTION_BYPASS,
	MOBX_ACTION_DISCARD,
	MOBX_ACTION_PROTECT,
};

/**
 * enum mobx_pfp - Selectors of a policy whose value an SA takes from the
 *   packet that asks for it (PFP, RFC 4301, section 4.4.1).
 */
enum mobx_pfp {
	MOBX_PFP_LOCAL = 1,
	MOBX_PFP_REMOTE = 2,
	MOBX_PFP_PROTO = 4,
	MOBX_PFP_LOCAL_PORT = 8,
	MOBX_PFP_REMOTE_PORT = 16,
};

/**
 * enum mobx_uncovered - What becomes of SAs that no policy covers any more
 *   (RFC 4301, section 4.4.1).
 * @MOBX_UNCOVERED_KEEP: They serve until they expire or are removed.
 * @MOBX_UNCOVERED_REMOVE: They end at once, with a hard sa-expire event.
 */
enum mobx_uncovered {
	MOBX_UNCOVERED_KEEP,
	MOBX_UNCOVERED_REMOVE,
};

/**
 * enum mobx_expire - Which limit an SA has met.
 */
enum mobx_expire {
	MOBX_EXPIRE_SOFT,
	MOBX_EXPIRE_HARD,
};

/**
 * enum mobx_stat - Counters of a network namespace, indices of the array in
 *   stats.
 * @MOBX_STAT_OUT_PROTECTED: Packets sent under an SA.
 * @MOBX_STAT_OUT_BYPASSED: Packets that a bypass policy let go in clear.
 * @MOBX_STAT_OUT_DISCARDED: Packets that a discard policy or the default
 *   dropped.
 * @MOBX_STAT_OUT_HELD: Packets that waited for an SA or a path.
 * @MOBX_STAT_OUT_HOLD_DROPPED: Packets that waited in vain, or found the queue
 *   full.
 * @MOBX_STAT_OUT_NO_SOURCE: Packets not held because the host owns their
 *   source no longer.
 * @MOBX_STAT_OUT_NO_CREDIT: Packets dropped for a path beyond its credit.
 * @MOBX_STAT_OUT_SEQ_OVERFLOW: Packets dropped because the sequence numbers of
 *   the SA are used up.
 * @MOBX_STAT_OUT_EXPIRED: Packets that met an SA past its hard lifetime.
 * @MOBX_STAT_OUT_CRYPTO_ERROR: Packets whose encryption failed.
 * @MOBX_STAT_OUT_NO_MEMORY: Packets dropped for want of memory.
 * @MOBX_STAT_OUT_FRAGMENTED: Protected packets that were fragmented after ESP.
 * @MOBX_STAT_IN_PROTECTED: Packets that an SA authenticated and delivered.
 * @MOBX_STAT_IN_UNKNOWN_SPI: Packets handed on to XFRM because no SA has their
 *   SPI.
 * @MOBX_STAT_IN_FOREIGN_LOCAL: Packets handed on to XFRM because their
 *   destination is not in the binding of the SA.
 * @MOBX_STAT_IN_MALFORMED: Packets too short or not aligned as the algorithm
 *   needs.
 * @MOBX_STAT_IN_REPLAYED: Packets whose sequence number was seen before or is
 *   too old.
 * @MOBX_STAT_IN_INTEGRITY: Packets whose integrity check failed.
 * @MOBX_STAT_IN_PADDING: Authentic packets whose padding is not 1, 2, 3, ...
 * @MOBX_STAT_IN_DUMMY: Authentic dummy packets (next header 59), discarded.
 * @MOBX_STAT_IN_SELECTOR: Authentic packets that the selectors of their SA do
 *   not allow.
 * @MOBX_STAT_IN_UNKNOWN_SOURCE: Authentic packets from a source outside the
 *   binding, dropped.
 * @MOBX_STAT_IN_KEPT: Authentic packets kept a moment for a rebind to admit
 *   their source.
 * @MOBX_STAT_IN_REMOVED_PATH: Authentic packets dropped because their path is
 *   removed.
 * @MOBX_STAT_IN_EXPIRED: Packets that met an SA past its hard lifetime.
 * @MOBX_STAT_IN_CLEAR_DISCARDED: Clear packets dropped because a policy wants
 *   them protected.
 * @MOBX_STAT_IN_DISCARDED: Packets that a discard policy or the default
 *   dropped.
 * @MOBX_STAT_IN_FRAGMENT: ESP packets that were still fragments, and packets
 *   of a tunnel that cannot be made whole, dropped.
 * @MOBX_STAT_IN_NO_MEMORY: Packets dropped for want of memory.
 * @MOBX_STAT_ACQUIRES: Acquire events sent.
 * @MOBX_STAT_REBINDS: Bindings stored.
 * @MOBX_STAT_IN_CRYPTO_ERROR: Packets whose decryption failed for another
 *   reason than integrity.
 * @MOBX_STAT_OUT_NO_ROUTE: Packets for a tunnel whose outer addresses no route
 *   connects.
 * @MOBX_STAT_OUT_TOO_BIG: Forwarded packets too long for a tunnel whose
 *   senders were told.
 * @MOBX_STAT_IN_ECN: Packets dropped because congestion met what knows no ECN
 *   (RFC 6040).
 * @MOBX_STAT_IN_ICMP: ICMP errors about a packet that their SA cannot have
 *   carried, or that was never sent in clear.
 * @MOBX_STAT_OUT_NO_TUNNEL: Packets routed into the network device that no
 *   tunnel's selectors match.
 */
enum mobx_stat {
	MOBX_STAT_OUT_PROTECTED,
	MOBX_STAT_OUT_BYPASSED,
	MOBX_STAT_OUT_DISCARDED,
	MOBX_STAT_OUT_HELD,
	MOBX_STAT_OUT_HOLD_DROPPED,
	MOBX_STAT_OUT_NO_SOURCE,
	MOBX_STAT_OUT_NO_CREDIT,
	MOBX_STAT_OUT_SEQ_OVERFLOW,
	MOBX_STAT_OUT_EXPIRED,
	MOBX_STAT_OUT_CRYPTO_ERROR,
	MOBX_STAT_OUT_NO_MEMORY,
	MOBX_STAT_OUT_FRAGMENTED,
	MOBX_STAT_IN_PROTECTED,
	MOBX_STAT_IN_UNKNOWN_SPI,
	MOBX_STAT_IN_FOREIGN_LOCAL,
	MOBX_STAT_IN_MALFORMED,
	MOBX_STAT_IN_REPLAYED,
	MOBX_STAT_IN_INTEGRITY,
	MOBX_STAT_IN_PADDING,
	MOBX_STAT_IN_DUMMY,
	MOBX_STAT_IN_SELECTOR,
	MOBX_STAT_IN_UNKNOWN_SOURCE,
	MOBX_STAT_IN_KEPT,
	MOBX_STAT_IN_REMOVED_PATH,
	MOBX_STAT_IN_EXPIRED,
	MOBX_STAT_IN_CLEAR_DISCARDED,
	MOBX_STAT_IN_DISCARDED,
	MOBX_STAT_IN_FRAGMENT,
	MOBX_STAT_IN_NO_MEMORY,
	MOBX_STAT_ACQUIRES,
	MOBX_STAT_REBINDS,
	MOBX_STAT_IN_CRYPTO_ERROR,
	MOBX_STAT_OUT_NO_ROUTE,
	MOBX_STAT_OUT_TOO_BIG,
	MOBX_STAT_IN_ECN,
	MOBX_STAT_IN_ICMP,
	MOBX_STAT_OUT_NO_TUNNEL,

	/* private: */
	__MOBX_STAT_MAX,
	MOBX_STAT_MAX = (__MOBX_STAT_MAX - 1)
};

enum {
	MOBX_A_PATH_LOCAL = 1,
	MOBX_A_PATH_REMOTE,
	MOBX_A_PATH_STATE,
	MOBX_A_PATH_FLAGS,
	MOBX_A_PATH_PREFERENCE,
	MOBX_A_PATH_ACCEPT_UNTIL,
	MOBX_A_PATH_CREDIT,
	MOBX_A_PATH_CREDIT_USED,
	MOBX_A_PATH_MTU,
	MOBX_A_PATH_ENCAP_SPORT,
	MOBX_A_PATH_ENCAP_DPORT,
	MOBX_A_PATH_RX_PACKETS,
	MOBX_A_PATH_RX_BYTES,
	MOBX_A_PATH_TX_PACKETS,
	MOBX_A_PATH_TX_BYTES,
	MOBX_A_PATH_LAST_SEEN,
	MOBX_A_PATH_PAD,

	__MOBX_A_PATH_MAX,
	MOBX_A_PATH_MAX = (__MOBX_A_PATH_MAX - 1)
};

enum {
	MOBX_A_SELECTOR_LOCAL = 1,
	MOBX_A_SELECTOR_LOCAL_PLEN,
	MOBX_A_SELECTOR_REMOTE,
	MOBX_A_SELECTOR_REMOTE_PLEN,
	MOBX_A_SELECTOR_PROTO,
	MOBX_A_SELECTOR_LOCAL_PORT_MIN,
	MOBX_A_SELECTOR_LOCAL_PORT_MAX,
	MOBX_A_SELECTOR_REMOTE_PORT_MIN,
	MOBX_A_SELECTOR_REMOTE_PORT_MAX,
	MOBX_A_SELECTOR_LOCAL_LAST,
	MOBX_A_SELECTOR_REMOTE_LAST,

	__MOBX_A_SELECTOR_MAX,
	MOBX_A_SELECTOR_MAX = (__MOBX_A_SELECTOR_MAX - 1)
};

enum {
	MOBX_A_LIFETIME_SOFT_SECONDS = 1,
	MOBX_A_LIFETIME_HARD_SECONDS,
	MOBX_A_LIFETIME_SOFT_BYTES,
	MOBX_A_LIFETIME_HARD_BYTES,
	MOBX_A_LIFETIME_SOFT_PACKETS,
	MOBX_A_LIFETIME_HARD_PACKETS,
	MOBX_A_LIFETIME_PAD,

	__MOBX_A_LIFETIME_MAX,
	MOBX_A_LIFETIME_MAX = (__MOBX_A_LIFETIME_MAX - 1)
};

enum {
	MOBX_A_PEER_ID = 1,
	MOBX_A_PEER_LABEL,
	MOBX_A_PEER_GENERATION,
	MOBX_A_PEER_EXPECTED_GENERATION,
	MOBX_A_PEER_PATHS,
	MOBX_A_PEER_SAS,
	MOBX_A_PEER_PAD,
	MOBX_A_PEER_SPREAD,

	__MOBX_A_PEER_MAX,
	MOBX_A_PEER_MAX = (__MOBX_A_PEER_MAX - 1)
};

enum {
	MOBX_A_REPLACE_FROM = 1,
	MOBX_A_REPLACE_TO,
	MOBX_A_REPLACE_LABEL,
	MOBX_A_REPLACE_ACCEPT_UNTIL,
	MOBX_A_REPLACE_MOVED,
	MOBX_A_REPLACE_UNCHANGED,
	MOBX_A_REPLACE_FAILED,
	MOBX_A_REPLACE_FAILED_PEER,

	__MOBX_A_REPLACE_MAX,
	MOBX_A_REPLACE_MAX = (__MOBX_A_REPLACE_MAX - 1)
};

enum {
	MOBX_A_SA_SPI = 1,
	MOBX_A_SA_DIR,
	MOBX_A_SA_PEER,
	MOBX_A_SA_MODE,
	MOBX_A_SA_ENC,
	MOBX_A_SA_ENC_KEY,
	MOBX_A_SA_AUTH,
	MOBX_A_SA_AUTH_KEY,
	MOBX_A_SA_ESN,
	MOBX_A_SA_REPLAY_WINDOW,
	MOBX_A_SA_SEQ,
	MOBX_A_SA_SELECTORS,
	MOBX_A_SA_LIFETIME,
	MOBX_A_SA_FORCE,
	MOBX_A_SA_MANAGED,
	MOBX_A_SA_SHOW_KEYS,
	MOBX_A_SA_PACKETS,
	MOBX_A_SA_BYTES,
	MOBX_A_SA_REPLAYED,
	MOBX_A_SA_INTEGRITY_FAILED,
	MOBX_A_SA_AGE,
	MOBX_A_SA_IDLE,
	MOBX_A_SA_PAD,
	MOBX_A_SA_DF,
	MOBX_A_SA_TFC,

	__MOBX_A_SA_MAX,
	MOBX_A_SA_MAX = (__MOBX_A_SA_MAX - 1)
};

enum {
	MOBX_A_POLICY_ORDER = 1,
	MOBX_A_POLICY_ACTION,
	MOBX_A_POLICY_PEER,
	MOBX_A_POLICY_MODE,
	MOBX_A_POLICY_SELECTOR,
	MOBX_A_POLICY_LABEL,
	MOBX_A_POLICY_PACKETS,
	MOBX_A_POLICY_BUILTIN,
	MOBX_A_POLICY_PAD,
	MOBX_A_POLICY_PFP,

	__MOBX_A_POLICY_MAX,
	MOBX_A_POLICY_MAX = (__MOBX_A_POLICY_MAX - 1)
};

enum {
	MOBX_A_CONF_DEFAULT_ACTION = 1,
	MOBX_A_CONF_IKE_SOCKET,
	MOBX_A_CONF_PROTECTING,
	MOBX_A_CONF_ICMP,
	MOBX_A_CONF_UNCOVERED,

	__MOBX_A_CONF_MAX,
	MOBX_A_CONF_MAX = (__MOBX_A_CONF_MAX - 1)
};

enum {
	MOBX_A_STATS_WHICH = 1,
	MOBX_A_STATS_COUNTER,

	__MOBX_A_STATS_MAX,
	MOBX_A_STATS_MAX = (__MOBX_A_STATS_MAX - 1)
};

enum {
	MOBX_A_COUNTER_WHICH = 1,
	MOBX_A_COUNTER_VALUE,
	MOBX_A_COUNTER_PAD,

	__MOBX_A_COUNTER_MAX,
	MOBX_A_COUNTER_MAX = (__MOBX_A_COUNTER_MAX - 1)
};

enum {
	MOBX_A_EVENT_PEER = 1,
	MOBX_A_EVENT_SPI,
	MOBX_A_EVENT_DIR,
	MOBX_A_EVENT_EXPIRE,
	MOBX_A_EVENT_GENERATION,
	MOBX_A_EVENT_LOCAL,
	MOBX_A_EVENT_REMOTE,
	MOBX_A_EVENT_PROTO,
	MOBX_A_EVENT_LOCAL_PORT,
	MOBX_A_EVENT_REMOTE_PORT,
	MOBX_A_EVENT_POLICY_ORDER,
	MOBX_A_EVENT_LABEL,
	MOBX_A_EVENT_PATHS,
	MOBX_A_EVENT_PAD,
	MOBX_A_EVENT_PFP,
	MOBX_A_EVENT_SPREAD,
	MOBX_A_EVENT_REPLACED,
	MOBX_A_EVENT_MOVED,
	MOBX_A_EVENT_FAILED,

	__MOBX_A_EVENT_MAX,
	MOBX_A_EVENT_MAX = (__MOBX_A_EVENT_MAX - 1)
};

enum mobx_cmd {
	MOBX_CMD_PEER_NEW = 1,
	MOBX_CMD_PEER_DEL,
	MOBX_CMD_PEER_GET,
	MOBX_CMD_PEER_REBIND,
	MOBX_CMD_PEER_FLUSH,
	MOBX_CMD_SA_NEW,
	MOBX_CMD_SA_DEL,
	MOBX_CMD_SA_GET,
	MOBX_CMD_SA_FLUSH,
	MOBX_CMD_POLICY_NEW,
	MOBX_CMD_POLICY_DEL,
	MOBX_CMD_POLICY_GET,
	MOBX_CMD_POLICY_FLUSH,
	MOBX_CMD_CONF,
	MOBX_CMD_STATS_GET,
	MOBX_CMD_SA_EXPIRE,
	MOBX_CMD_ACQUIRE,
	MOBX_CMD_PATH_HINT,
	MOBX_CMD_BINDING_CHANGED,
	MOBX_CMD_SEQUENCE_OVERFLOW,
	MOBX_CMD_INTEGRITY_FAILURE,
	MOBX_CMD_SELECTOR_MISMATCH,
	MOBX_CMD_PEER_REPLACE,
	MOBX_CMD_LOCAL_REPLACED,

	__MOBX_CMD_MAX,
	MOBX_CMD_MAX = (__MOBX_CMD_MAX - 1)
};

#define MOBX_MCGRP_EVENTS	"events"

#endif /* _UAPI_LINUX_MOBX_H */
