/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The IKEv2 state machine (RFC 7296): what goes in, what comes out.
 *
 * An engine holds the connections of one host and their IKE SAs. It is pure:
 * (state, event, now, random) -> actions. It never touches a socket, a clock,
 * a file or the kernel; its owner hands it events and carries out the actions
 * that it returns, in their order. One engine serves one thread.
 *
 * An action that the kernel or the credentials have to answer carries a tag;
 * the owner hands the answer back as an event with the same tag, sooner or
 * later, but each exactly once and those of the kernel in the order of the
 * actions. What must not happen before the kernel has agreed (a message that
 * lets the peer use a new path or SA) leaves the engine only after that answer.
 *
 * Times are microseconds of one clock that never goes back. Ports and SPIs of
 * ESP are in host order. Datagrams go in and out without the non-ESP marker:
 * it belongs to port 4500 and whoever owns that socket adds and removes it.
 */
#ifndef MOBX_IKE_IKE_H
#define MOBX_IKE_IKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/mobx.h>

#include "crypto/keys.h"
#include "ike/text.h"
#include "wire/addr.h"
#include "wire/ike_const.h"

#define IKE_MAX_NAME 48
#define IKE_MAX_ADDRS 16
#define IKE_MAX_PROPOSALS 8
#define IKE_MAX_SELECTORS MOBX_MAX_SELECTORS
#define IKE_MAX_CONN_CHILDREN 4
#define IKE_MAX_IFNAMES 8
#define IKE_MAX_CAS 32
#define IKE_IFNAME_LEN 16
#define IKE_MAX_HOST_ADDRS 128
#define IKE_MAX_PATHS MOBX_MAX_PATHS
#define IKE_MAX_TEXT 160
#define IKE_NEVER UINT64_MAX

/* ------------------------------------------------------- configuration */

enum ike_role {
	IKE_INITIATE,
	IKE_RESPOND,
};

/** enum ike_start - what makes an initiator set its connection up */
enum ike_start {
	IKE_START_MANUAL,
	IKE_START_ON_LOAD,
	IKE_START_ON_TRAFFIC,
};

/** enum ike_authby - how a side proves who it is */
enum ike_authby {
	IKE_AUTHBY_PSK,
	IKE_AUTHBY_PUBKEY,
};

/** enum ike_rrc - return routability policy (MOBIKE-X, section 8) */
enum ike_rrc {
	IKE_RRC_EARLY,
	IKE_RRC_BEFORE,
	IKE_RRC_OFF,
};

/** struct ike_prefix - addresses; family 0 means any address */
struct ike_prefix {
	struct wire_addr addr;
	uint8_t plen;
};

/**
 * struct ike_selector - what a connection protects, in terms of this host
 * @proto: IP protocol, 0 for any
 * @local_min: first own port; 0 to 65535 means any
 * @local_max: last own port
 * @remote_min: first port of the peer
 * @remote_max: last one
 * @child: which of the connection's Child SAs it belongs to
 * @local: own addresses; transport mode: not looked at
 * @remote: the peer's; likewise
 *
 * In transport mode the addresses are those of the peer's paths: own set and
 * peer's set.
 */
struct ike_selector {
	uint8_t proto;
	uint16_t local_min;
	uint16_t local_max;
	uint16_t remote_min;
	uint16_t remote_max;
	uint8_t child;
	struct ike_prefix local;
	struct ike_prefix remote;
};

/**
 * struct ike_conn - a connection as configured
 * @name: unique
 * @role: who starts
 * @start: initiator: when
 * @local: own addresses to use; @nlocal 0 means any
 * @remote: the peer's; @nremote 0 means any (responder only). An initiator
 *	tries the single addresses in their order.
 * @local_id: sent
 * @remote_id: wanted; type 0 accepts any identity that can prove itself
 * @local_auth: how we do it
 * @remote_auth: how the peer has to
 * @ncas: entries in @ca; 0 with IKE_AUTHBY_PUBKEY when the peer's certificate
 *	or key is known itself
 * @ca: certification authorities for the peer, as CERTREQ names them
 * @ike: proposals of the IKE SA in order of preference, one suite each
 * @esp: proposals of Child SAs; @ke there is for perfect forward secrecy
 * @mode: of its Child SAs
 * @protect: traffic selectors, at least one for each Child SA from 0 on
 * @mobike: offer and accept RFC 4555
 * @mobikex: offer and accept MOBIKE-X; needs @mobike
 * @fragmentation: offer and accept fragments (RFC 7383)
 * @rrc: return routability policy
 * @auto_add: make every usable local link a path by itself
 * @prefer: interface names in order of preference
 * @allow: addresses that the peer's paths may have; @nallow 0 means all
 * @deny: addresses that they may not
 * @drain_us: shortest time that a path is kept after a soft move
 * @max_paths: MOBIKE-X limit announced to the peer, 2 to 64
 * @dpd_delay_us: idle time before a liveness check, 0 for none
 * @replay_window: packets
 * @retransmit_first_us: time before the first retransmission
 * @retransmit_tries: transmissions in vain before the peer counts as dead
 * @rekey_us: soft lifetime of Child SAs, 0 for none; the hard one is 1.25 of it
 * @ike_rekey_us: the same of the IKE SA
 * @initial_contact: send INITIAL_CONTACT; right only at a host's first start
 *
 * Flat, so that it can be copied and sent to another process as it is. The key
 * is not here: the owner knows it by @name.
 */
struct ike_conn {
	char name[IKE_MAX_NAME];
	enum ike_role role;
	enum ike_start start;
	unsigned int nlocal;
	struct wire_addr local[IKE_MAX_ADDRS];
	unsigned int nremote;
	struct ike_prefix remote[IKE_MAX_ADDRS];
	struct ike_id local_id;
	struct ike_id remote_id;
	enum ike_authby local_auth;
	enum ike_authby remote_auth;
	unsigned int ncas;
	uint8_t ca[IKE_MAX_CAS][IKE_CA_HASH_LEN];
	unsigned int nike;
	struct crypto_suite ike[IKE_MAX_PROPOSALS];
	unsigned int nesp;
	struct crypto_suite esp[IKE_MAX_PROPOSALS];
	enum mobx_mode mode;
	unsigned int nprotect;
	struct ike_selector protect[IKE_MAX_SELECTORS];
	bool mobike;
	bool mobikex;
	bool fragmentation;
	enum ike_rrc rrc;
	bool auto_add;
	unsigned int nprefer;
	char prefer[IKE_MAX_IFNAMES][IKE_IFNAME_LEN];
	unsigned int nallow;
	struct ike_prefix allow[IKE_MAX_ADDRS];
	unsigned int ndeny;
	struct ike_prefix deny[IKE_MAX_ADDRS];
	uint64_t drain_us;
	uint8_t max_paths;
	uint64_t dpd_delay_us;
	uint32_t replay_window;
	uint64_t retransmit_first_us;
	unsigned int retransmit_tries;
	uint64_t rekey_us;
	uint64_t ike_rekey_us;
	bool initial_contact;
};

/** ike_conn_init() - defaults of every member that has one; the rest zero */
void ike_conn_init(struct ike_conn *c);

/**
 * ike_conn_check() - is a connection usable as it is
 * @c: connection
 * @err: gets what is wrong and what would be right
 * @errlen: octets in @err
 *
 * Return: 0 or -EINVAL.
 */
int ike_conn_check(const struct ike_conn *c, char *err, size_t errlen);

/** ike_prefix_has() - does a prefix hold an address; family 0 holds all */
bool ike_prefix_has(const struct ike_prefix *p, const struct wire_addr *a);

/* --------------------------------------------------- paths in the kernel */

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
};

/* -------------------------------------------------------------- events */

enum ike_event_type {
	IKE_EV_PACKET,
	IKE_EV_TIMER,
	IKE_EV_CONN_ADD,
	IKE_EV_CONN_DEL,
	IKE_EV_CONN_UP,
	IKE_EV_CONN_DOWN,
	IKE_EV_CONN_REKEY,
	IKE_EV_CONN_REKEY_CHILDREN,
	IKE_EV_ADDRS,
	IKE_EV_PATH_CMD,
	IKE_EV_KERNEL_DONE,
	IKE_EV_AUTH_DONE,
	IKE_EV_ACQUIRE,
	IKE_EV_SA_EXPIRE,
	IKE_EV_PATH_HINT,
	IKE_EV_LEFTOVER,
	IKE_EV_SHUTDOWN,
};

/**
 * struct ike_ev_packet - a datagram came to port 500 or 4500
 * @local: where to
 * @remote: where from
 * @data: without the non-ESP marker; read only, not kept
 * @len: octets
 */
struct ike_ev_packet {
	struct wire_endpoint local;
	struct wire_endpoint remote;
	const uint8_t *data;
	size_t len;
};

/**
 * struct ike_ev_conn - CONN_ADD, CONN_DEL, CONN_UP, CONN_DOWN, CONN_REKEY,
 *	CONN_REKEY_CHILDREN
 * @conn: CONN_ADD: the connection (copied); one of the same name is replaced,
 *	and keeps its IKE SA if the two are equal
 * @name: the others: which one
 * @reply: number for CMD_DONE; 0 if nobody waits
 */
struct ike_ev_conn {
	const struct ike_conn *conn;
	const char *name;
	uint64_t reply;
};

/**
 * struct ike_host_addr - this host can reach a remote address from a local one
 * @local: own address, up and usable now
 * @remote: one of ike_engine_remotes()
 * @ifindex: interface that leads there
 * @ifname: its name
 * @mtu: its MTU, 0 if not known
 */
struct ike_host_addr {
	struct wire_addr local;
	struct wire_addr remote;
	uint32_t ifindex;
	char ifname[IKE_IFNAME_LEN];
	uint32_t mtu;
};

/**
 * struct ike_ev_addrs - the usable addresses as they are now: all of them
 * @addrs: copied; best first where the kernel has a preference
 * @n: at most IKE_MAX_HOST_ADDRS
 */
struct ike_ev_addrs {
	const struct ike_host_addr *addrs;
	unsigned int n;
};

enum ike_path_verb {
	IKE_PATH_ADD,
	IKE_PATH_DEL,
	IKE_PATH_USE,
};

/**
 * struct ike_ev_path_cmd - somebody asks for a change of paths
 * @name: connection
 * @verb: what
 * @local: own address it is about
 * @hard: at once, without make before break
 * @reply: number for CMD_DONE
 */
struct ike_ev_path_cmd {
	const char *name;
	enum ike_path_verb verb;
	struct wire_addr local;
	bool hard;
	uint64_t reply;
};

/**
 * struct ike_ev_kernel_done - a kernel action has been carried out
 * @tag: of the action
 * @err: 0 or a negative errno
 * @generation: PEER_NEW and PEER_REBIND: of the binding now
 * @text: why it failed, or NULL
 */
struct ike_ev_kernel_done {
	uint64_t tag;
	int err;
	uint64_t generation;
	const char *text;
};

/**
 * struct ike_ev_auth_done - the credentials have answered
 * @tag: of the action
 * @ok: AUTH_SIGN: @data holds the result; AUTH_VERIFY: it is genuine
 * @method: AUTH_SIGN: enum ike_auth_method
 * @data: AUTH_SIGN: authentication data (copied)
 * @len: octets
 * @certs: AUTH_SIGN: own certificates, see wire_cert_list_add() (copied)
 * @certs_len: octets
 * @text: why not, for the log; or NULL
 */
struct ike_ev_auth_done {
	uint64_t tag;
	bool ok;
	uint8_t method;
	const uint8_t *data;
	size_t len;
	const uint8_t *certs;
	size_t certs_len;
	const char *text;
};

/**
 * struct ike_ev_acquire - a packet waits for an SA
 * @peer: id of the kernel peer, 0 if none has the address
 * @local: source of the packet
 * @remote: its destination
 * @proto: its protocol
 * @local_port: its source port
 * @remote_port: its destination port
 * @label: of the policy; "conn:NAME" belongs to a connection; may be NULL
 */
struct ike_ev_acquire {
	uint32_t peer;
	struct wire_addr local;
	struct wire_addr remote;
	uint8_t proto;
	uint16_t local_port;
	uint16_t remote_port;
	const char *label;
};

/** struct ike_ev_sa_expire - an SA met a limit, or its sequence numbers end */
struct ike_ev_sa_expire {
	uint32_t peer;
	uint32_t spi;
	enum mobx_dir dir;
	enum mobx_expire kind;
};

/** struct ike_ev_path_hint - ESP that is genuine came from an unknown source */
struct ike_ev_path_hint {
	uint32_t peer;
	struct wire_addr local;
	struct wire_addr remote;
};

/**
 * struct ike_ev_leftover - a peer of an earlier run is in the kernel
 * @peer: its id
 * @label: its label, which this engine may have made
 *
 * Before the connections are added. The engine deletes it once the connection
 * that made it has new Child SAs, so that traffic never stops.
 */
struct ike_ev_leftover {
	uint32_t peer;
	const char *label;
};

struct ike_event {
	enum ike_event_type type;
	union {
		struct ike_ev_packet packet;
		struct ike_ev_conn conn;
		struct ike_ev_addrs addrs;
		struct ike_ev_path_cmd path_cmd;
		struct ike_ev_kernel_done kernel_done;
		struct ike_ev_auth_done auth_done;
		struct ike_ev_acquire acquire;
		struct ike_ev_sa_expire sa_expire;
		struct ike_ev_path_hint path_hint;
		struct ike_ev_leftover leftover;
	} u;
};

/* ------------------------------------------------------------- actions */

enum ike_action_type {
	IKE_AC_SEND,
	IKE_AC_PEER_NEW,
	IKE_AC_PEER_REBIND,
	IKE_AC_PEER_DEL,
	IKE_AC_SA_NEW,
	IKE_AC_SA_DEL,
	IKE_AC_AUTH_SIGN,
	IKE_AC_AUTH_VERIFY,
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
 * struct ike_ac_peer - PEER_NEW, PEER_REBIND, PEER_DEL
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
 * struct ike_ac_auth - AUTH_SIGN, AUTH_VERIFY
 * @conn: whose credentials
 * @prf: enum ike_prf, for pre-shared keys
 * @octets: made by crypto_auth_octets()
 * @len: octets of them
 * @hashes: SIGN: hash algorithms that the peer takes, 0 without RFC 7427; see
 *	crypto_sig_sign()
 * @peer_id: VERIFY: who the peer says it is
 * @method: VERIFY: enum ike_auth_method, of the peer
 * @auth: VERIFY: authentication data of the peer
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
 *	"path-del", "path-state", "primary", "move", "acquire", "error", "log" …
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

/* -------------------------------------------------------------- engine */

/**
 * struct ike_settings - of the whole engine
 * @random: fills a buffer with octets that nobody can predict, returns 0;
 *	see crypto_random()
 * @random_ctx: its first argument
 * @cookie_threshold: half-open IKE SAs before cookies are asked for; 0 always
 * @max_half_open: above this IKE_SA_INIT requests are dropped; 0 means 4096
 * @port: of IKE, 0 means 500
 * @natt_port: the other one, 0 means 4500
 */
struct ike_settings {
	int (*random)(void *ctx, uint8_t *out, size_t len);
	void *random_ctx;
	unsigned int cookie_threshold;
	unsigned int max_half_open;
	uint16_t port;
	uint16_t natt_port;
};

struct ike_engine;
struct ike_ext_ops;

/**
 * ike_engine_new() - an engine without connections
 * @s: settings, copied
 * @ext: extension (MOBIKE-X, see ike/sa.h), or NULL for none
 *
 * Return: the engine, or NULL without memory.
 */
struct ike_engine *ike_engine_new(const struct ike_settings *s,
				  const struct ike_ext_ops *ext);

/** ike_engine_free() - wipe and free; sends nothing. NULL is fine. */
void ike_engine_free(struct ike_engine *eng);

/**
 * ike_engine_event() - let an event happen
 * @eng: engine
 * @ev: what happened; nothing that it points to is kept
 * @now_us: when
 * @out: actions are appended here
 *
 * Without memory the event is as if lost, which the protocol survives.
 */
void ike_engine_event(struct ike_engine *eng, const struct ike_event *ev,
		      uint64_t now_us, struct ike_actions *out);

/** ike_engine_deadline() - when a TIMER event is due, or IKE_NEVER */
uint64_t ike_engine_deadline(const struct ike_engine *eng);

/**
 * ike_engine_remotes() - remote addresses whose routes matter now
 * @eng: engine
 * @out: gets them, without duplicates
 * @max: room in @out
 *
 * To be asked anew after events; the owner watches routes towards these and
 * reports them with IKE_EV_ADDRS, also when the list changes.
 *
 * Return: how many.
 */
unsigned int ike_engine_remotes(const struct ike_engine *eng,
				struct wire_addr *out, unsigned int max);

/** ike_engine_idle() - after SHUTDOWN: has every IKE SA gone */
bool ike_engine_idle(const struct ike_engine *eng);

/* -------------------------------------------------------------- status */

enum ike_conn_phase {
	IKE_CONN_DOWN,
	IKE_CONN_CONNECTING,
	IKE_CONN_IS_UP,
};

#define IKE_MAX_CHILD_STATUS 8

struct ike_child_status {
	unsigned int child;
	uint32_t spi_in;
	uint32_t spi_out;
	struct crypto_suite suite;
};

/**
 * struct ike_path_status - a path as the extension knows it
 * @id: MOBIKE-X path ID of the own or else the peer's path
 * @path: addresses, state, flags
 * @rtt_us: 0 if not known
 */
struct ike_path_status {
	uint16_t id;
	struct ike_path path;
	uint64_t rtt_us;
};

/**
 * struct ike_move_status - the last move
 * @kind: "soft" or "hard", empty if none yet
 * @t_update_us: request to answer
 * @t_rrc_us: until routability was shown, 0 if not checked
 */
struct ike_move_status {
	char kind[8];
	uint64_t t_update_us;
	uint64_t t_rrc_us;
};

/**
 * struct ike_status - a connection (or one client of a responder) as it is
 * @conn: its configuration
 * @phase: how far it is
 * @remote_id: authenticated identity; type 0 if none yet
 * @local: addresses of the IKE SA
 * @remote: addresses of the IKE SA
 * @peer: kernel peer, 0 if none
 * @spi_i: of the IKE SA
 * @spi_r: of the IKE SA
 * @suite: of the IKE SA
 * @age_us: of the IKE SA
 * @t_ike_us: first IKE_SA_INIT request to Child SA in the kernel
 * @nchildren: entries in @children
 * @children: Child SAs
 * @mobike: agreed
 * @mobikex: agreed
 * @npaths: entries in @paths
 * @paths: as in the kernel
 * @move: last move
 */
struct ike_status {
	const struct ike_conn *conn;
	enum ike_conn_phase phase;
	struct ike_id remote_id;
	struct wire_endpoint local;
	struct wire_endpoint remote;
	uint32_t peer;
	uint64_t spi_i;
	uint64_t spi_r;
	struct crypto_suite suite;
	uint64_t age_us;
	uint64_t t_ike_us;
	unsigned int nchildren;
	struct ike_child_status children[IKE_MAX_CHILD_STATUS];
	bool mobike;
	bool mobikex;
	unsigned int npaths;
	struct ike_path_status paths[IKE_MAX_PATHS];
	struct ike_move_status move;
};

/**
 * ike_engine_status() - visit connections
 * @eng: engine
 * @name: only this one; NULL for all
 * @now_us: for ages
 * @fn: called once for each IKE SA, and once for a connection without any
 * @ctx: handed to @fn
 */
void ike_engine_status(const struct ike_engine *eng, const char *name,
		       uint64_t now_us,
		       void (*fn)(const struct ike_status *s, void *ctx),
		       void *ctx);

#endif /* MOBX_IKE_IKE_H */
