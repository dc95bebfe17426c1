/* SPDX-License-Identifier: GPL-2.0 */
/* What an engine wants to be done: ike_engine_event(). */
#ifndef MOBX_IKE_ACTION_H
#define MOBX_IKE_ACTION_H

#include "ike/conn.h"

#define IKE_MAX_PATHS MOBX_MAX_PATHS
#define IKE_MAX_TEXT 160

/**
 * struct ike_path - one pair of addresses of a kernel peer's binding
 * @local: own address
 * @remote: the peer's, of the same family
 * @state: what the remote end has shown so far
 * @flags: MOBX_PATH_FLAGS_*; exactly one path of a set is primary
 * @preference: 0 best to 255
 * @credit: octets that a TENTATIVE path may be sent; raises, never resets
 * @accept_until_ms: of a DEPRECATED path, from now
 * @mtu: octets, 0 if not known
 * @encap_sport: own UDP port if ESP goes in UDP, 0 otherwise
 * @encap_dport: the peer's, or its NAT's
 */
struct ike_path {
	struct wire_addr local;
	struct wire_addr remote;
	enum mobx_path_state state;
	uint32_t flags;
	uint8_t preference;
	uint64_t credit;
	uint32_t accept_until_ms;
	uint32_t mtu;
	uint16_t encap_sport;
	uint16_t encap_dport;
};

enum ike_action_type {
	IKE_AC_SEND,
	IKE_AC_PEER_NEW,
	IKE_AC_PEER_REBIND,
	IKE_AC_PEER_DEL,
	IKE_AC_PEER_SENT,
	IKE_AC_PEER_COUNTS,
	IKE_AC_SA_NEW,
	IKE_AC_SA_DEL,
	IKE_AC_AUTH_SIGN,
	IKE_AC_AUTH_VERIFY,
	IKE_AC_AUTH_PPK,
	IKE_AC_AUTH_EAP,
	IKE_AC_LEASE,
	IKE_AC_LEASE_END,
	IKE_AC_ADDR_NEW,
	IKE_AC_ADDR_DEL,
	IKE_AC_ENDPOINT_NEW,
	IKE_AC_ENDPOINT_DEL,
	IKE_AC_STATE,
	IKE_AC_REPORT,
	IKE_AC_CMD_DONE,
};

/** struct ike_ac_send - send a datagram from @local to @remote */
struct ike_ac_send {
	struct wire_endpoint local;
	struct wire_endpoint remote;
	uint8_t *data;
	size_t len;
};

/**
 * struct ike_ac_peer - PEER_NEW, PEER_REBIND; PEER_DEL, PEER_SENT, which asks
 *	how many packets left, and PEER_COUNTS, which asks for struct
 *	ike_path_count of each path, use @id only
 * @id: kernel peer
 * @expected_generation: PEER_REBIND
 * @label: PEER_NEW
 * @npaths: PEER_NEW and PEER_REBIND: entries in @paths
 * @paths: the whole set
 */
struct ike_ac_peer {
	uint32_t id;
	uint64_t expected_generation;
	char label[MOBX_MAX_LABEL + 1];
	unsigned int npaths;
	struct ike_path *paths;
};

/**
 * struct ike_ac_sa - SA_NEW, SA_DEL (which uses @spi, @dir and @peer only)
 * @spi: host order
 * @dir: direction
 * @peer: kernel peer
 * @mode: of the connection
 * @enc: cipher
 * @enc_key: key, then salt where the cipher has one
 * @enc_key_len: octets
 * @auth: integrity algorithm
 * @auth_key: its key
 * @auth_key_len: octets
 * @esn: extended sequence numbers
 * @replay_window: packets
 * @nselectors: entries in @selectors
 * @selectors: negotiated
 * @soft_seconds: lifetime, 0 for none
 * @hard_seconds: lifetime, 0 for none
 *
 * The kernel is to be told that it is managed (its keys are fresh).
 */
struct ike_ac_sa {
	uint32_t spi;
	enum mobx_dir dir;
	uint32_t peer;
	enum mobx_mode mode;
	enum mobx_enc enc;
	uint8_t enc_key[MOBX_MAX_KEY];
	size_t enc_key_len;
	enum mobx_auth auth;
	uint8_t auth_key[MOBX_MAX_KEY];
	size_t auth_key_len;
	bool esn;
	uint32_t replay_window;
	unsigned int nselectors;
	struct ike_selector selectors[IKE_MAX_SELECTORS];
	uint64_t soft_seconds;
	uint64_t hard_seconds;
};

/**
 * struct ike_ac_auth - AUTH_SIGN, AUTH_VERIFY, AUTH_PPK, AUTH_EAP
 * @conn: whose credentials
 * @prf: enum ike_prf, for pre-shared keys
 * @octets: made by crypto_auth_octets(); PPK: see crypto_ppk_mix(); EAP: what
 *	the method asks
 * @len: octets of them
 * @hashes: SIGN: hash algorithms that the peer takes, 0 without RFC 7427; see
 *	crypto_sig_sign()
 * @peer_id: VERIFY: who the peer says it is
 * @method: VERIFY: enum ike_auth_method, of the peer; EAP: type of the method
 * @auth: VERIFY: authentication data of the peer; PPK: which one
 * @auth_len: octets of them
 * @certs: VERIFY: its certificates, see wire_cert_list_add(); or NULL
 * @certs_len: octets of them
 */
struct ike_ac_auth {
	char conn[IKE_MAX_NAME];
	uint16_t prf;
	uint8_t *octets;
	size_t len;
	unsigned int hashes;
	struct ike_id peer_id;
	uint8_t method;
	uint8_t *auth;
	size_t auth_len;
	uint8_t *certs;
	size_t certs_len;
};

/**
 * struct ike_ac_lease - LEASE, which LEASE_DONE answers; LEASE_END, one for each
 *	LEASE that got an address, answered by nobody
 * @pool: to be taken from
 * @id: who gets it: the same one as before, if it can be
 * @n: entries in @want
 * @want: LEASE: one of each family that is asked for; the address that the peer
 *	would like best, or an unspecified one. LEASE_END: what it got.
 */
struct ike_ac_lease {
	char pool[IKE_MAX_NAME];
	struct ike_id id;
	unsigned int n;
	struct wire_addr want[IKE_MAX_VIRTUAL];
};

/**
 * struct ike_ac_addr - ADDR_NEW, ADDR_DEL: a virtual address on a device
 * @device: its name, from the connection
 * @addr: the address; that it is there already is no error
 */
struct ike_ac_addr {
	char device[IKE_IFNAME_LEN];
	struct wire_addr addr;
};

/**
 * struct ike_ac_endpoint - ENDPOINT_NEW, ENDPOINT_DEL, answered by nobody: MPTCP
 *	may, or may not any more, use an own address
 * @conn: connection whose peer takes the address
 * @addr: the address
 */
struct ike_ac_endpoint {
	char conn[IKE_MAX_NAME];
	struct wire_addr addr;
};

/* Octets of a state at most */
#define IKE_STATE_MAX 65536
/* And of those of all IKE SAs: what is on its way has to fit into memory. */
#define IKE_STATES_MAX (8u << 20)

/**
 * struct ike_ac_state - STATE, answered by nobody: what the next run of the agent
 *	needs to go on with an IKE SA, see IKE_EV_LEAVE
 * @data: for its IKE_EV_STATE, once at most; there are keys in it
 * @len: octets, at most IKE_STATE_MAX
 */
struct ike_ac_state {
	uint8_t *data;
	size_t len;
};

enum ike_level {
	IKE_LOG_ERROR,
	IKE_LOG_WARNING,
	IKE_LOG_INFO,
	IKE_LOG_DEBUG,
};

#define IKE_MAX_KV 20

/** struct ike_kv - one fact of a report: a text, or a number */
struct ike_kv {
	char key[20];
	bool is_number;
	int64_t number;
	char text[IKE_MAX_TEXT];
};

/**
 * struct ike_report - something happened: a log line and an event for monitors
 * @kind: "ike-up", "ike-down", "child-up", "child-down", "path-add",
 *	"path-del", "path-state", "primary", "move", "address-ready",
 *	"address-gone", "acquire", "error", "log" …
 * @level: for the log; monitors get all but DEBUG
 * @conn: connection, or empty
 * @n: entries in @kv
 * @kv: in the order in which they were said
 */
struct ike_report {
	char kind[20];
	enum ike_level level;
	char conn[IKE_MAX_NAME];
	unsigned int n;
	struct ike_kv *kv;
};

/**
 * struct ike_ac_cmd_done - a command of the control socket is finished
 * @reply: its number
 * @err: 0 or a negative errno
 * @text: why it failed
 */
struct ike_ac_cmd_done {
	uint64_t reply;
	int err;
	char text[IKE_MAX_TEXT];
};

/**
 * struct ike_action - one thing to do
 * @type: what
 * @tag: kernel and AUTH actions: to be repeated in the answering event
 */
struct ike_action {
	enum ike_action_type type;
	uint64_t tag;
	union {
		struct ike_ac_send send;
		struct ike_ac_peer peer;
		struct ike_ac_sa *sa;
		struct ike_ac_auth *auth;
		struct ike_ac_lease *lease;
		struct ike_ac_addr addr;
		struct ike_ac_endpoint endpoint;
		struct ike_ac_state state;
		struct ike_report report;
		struct ike_ac_cmd_done done;
	} u;
};

/** struct ike_actions - a list of actions; starts as all zero */
struct ike_actions {
	struct ike_action *v;
	size_t n;
	size_t cap;
};

/** ike_actions_clear() - free all that a list holds, wiping keys; reusable */
void ike_actions_clear(struct ike_actions *a);

#endif /* MOBX_IKE_ACTION_H */
