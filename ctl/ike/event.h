/* SPDX-License-Identifier: GPL-2.0 */
/* What happens to an engine: ike_engine_event(). */
#ifndef MOBX_IKE_EVENT_H
#define MOBX_IKE_EVENT_H

#include "ike/conn.h"

#define IKE_MAX_HOST_ADDRS 128
#define IKE_MAX_OWN 64
/* Own addresses that a peer may be told of, and the peer's that are kept. */
#define IKE_MAX_OTHERS 8

enum ike_event_type {
	IKE_EV_PACKET,
	IKE_EV_TIMER,
	/* The host slept: nothing is known of its paths and peers. */
	IKE_EV_AWAKE,
	IKE_EV_CONN_ADD,
	IKE_EV_CONN_DEL,
	IKE_EV_CONN_UP,
	IKE_EV_CONN_DOWN,
	IKE_EV_CONN_REKEY,
	IKE_EV_CONN_REKEY_CHILDREN,
	IKE_EV_ADDRS,
	IKE_EV_PATH_CMD,
	IKE_EV_KERNEL_DONE,
	IKE_EV_COUNTS,
	IKE_EV_AUTH_DONE,
	IKE_EV_LEASE_DONE,
	IKE_EV_ACQUIRE,
	IKE_EV_SA_EXPIRE,
	IKE_EV_PATH_HINT,
	IKE_EV_LEFTOVER,
	IKE_EV_STATE,
	IKE_EV_SHUTDOWN,
	IKE_EV_LEAVE,
};

/**
 * struct ike_ev_packet - a datagram came to port 500 or 4500
 * @local: where to
 * @remote: where from
 * @data: without the non-ESP marker; read only, not kept
 * @len: octets
 * @busy: the credentials have more to do than they should: nobody is to be
 *	authenticated now
 */
struct ike_ev_packet {
	struct wire_endpoint local;
	struct wire_endpoint remote;
	const uint8_t *data;
	size_t len;
	bool busy;
};

/**
 * struct ike_ev_conn - CONN_ADD, CONN_DEL, CONN_UP, CONN_DOWN, CONN_REKEY,
 *	CONN_REKEY_CHILDREN
 * @conn: CONN_ADD: the connection (copied); one of the same name is replaced,
 *	and keeps its IKE SA if they differ in nothing but what is the Child SAs'
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
 * @hop: next hop, the remote address itself if it is on the link
 * @ifindex: interface that leads there
 * @ifname: its name
 * @mtu: its MTU, 0 if not known
 * @transient: for flows that have it, nothing begins there: IPv6's temporary
 *	addresses (RFC 8981) where the link has another, and deprecated ones
 * @deprecated: and the kernel gives it to no new flow
 */
struct ike_host_addr {
	struct wire_addr local;
	struct wire_addr remote;
	struct wire_addr hop;
	uint32_t ifindex;
	char ifname[IKE_IFNAME_LEN];
	uint32_t mtu;
	bool transient;
	bool deprecated;
};

/**
 * struct ike_own_addr - an own address
 * @addr: the address
 * @ifname: its interface
 * @untold: known for its interface, but no peer is told of it: temporary,
 *	deprecated, or of an interface that makes no path
 */
struct ike_own_addr {
	struct wire_addr addr;
	char ifname[IKE_IFNAME_LEN];
	bool untold;
};

/**
 * struct ike_ev_addrs - the usable addresses as they are now: all of them
 * @addrs: copied; best first where the kernel has a preference
 * @n: at most IKE_MAX_HOST_ADDRS
 * @own: own addresses, whatever they reach, the @untold ones last; copied
 * @n_own: at most IKE_MAX_OWN count
 */
struct ike_ev_addrs {
	const struct ike_host_addr *addrs;
	unsigned int n;
	const struct ike_own_addr *own;
	unsigned int n_own;
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
 * @packets: PEER_SENT: what has left by the peer's paths, ever
 * @text: why it failed, or NULL
 */
struct ike_ev_kernel_done {
	uint64_t tag;
	int err;
	uint64_t generation;
	uint64_t packets;
	const char *text;
};

/**
 * struct ike_path_count - what went by a path of a kernel peer, ever
 * @local: own address
 * @remote: the peer's
 * @tx: packets sent
 * @rx: packets that came and were authentic
 */
struct ike_path_count {
	struct wire_addr local;
	struct wire_addr remote;
	uint64_t tx;
	uint64_t rx;
};

/** struct ike_ev_counts - PEER_COUNTS of @tag: @n paths in @v; 0: not known */
struct ike_ev_counts {
	uint64_t tag;
	unsigned int n;
	const struct ike_path_count *v;
};

/**
 * struct ike_ev_auth_done - the credentials have answered
 * @tag: of the action
 * @ok: AUTH_SIGN, AUTH_PPK, AUTH_EAP: @data holds the result; AUTH_VERIFY: it is
 *	genuine
 * @method: AUTH_SIGN: enum ike_auth_method
 * @data: AUTH_SIGN: authentication data; AUTH_PPK: keys; AUTH_EAP: what the
 *	method asked for (copied)
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
 * struct ike_ev_lease_done - LEASE has been answered
 * @tag: of the action
 * @lease: what is given out; without an address: nothing is
 * @text: why not, or NULL
 */
struct ike_ev_lease_done {
	uint64_t tag;
	struct ike_virtual lease;
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

/**
 * struct ike_ev_path_hint - ESP that is genuine came from an unknown source
 * @peer: kernel peer
 * @local: where it came to
 * @remote: where it came from
 * @remote_port: if it came in UDP, or 0
 */
struct ike_ev_path_hint {
	uint32_t peer;
	struct wire_addr local;
	struct wire_addr remote;
	uint16_t remote_port;
};

/**
 * struct ike_left_sa - an SA of such a peer
 * @spi: host order
 * @dir: direction
 * @due: its soft lifetime is over
 */
struct ike_left_sa {
	uint32_t spi;
	enum mobx_dir dir;
	bool due;
};

/**
 * struct ike_ev_leftover - a peer of an earlier run is in the kernel
 * @peer: its id
 * @label: its label, which this engine may have made
 * @generation: of its binding; this and the SAs matter before IKE_EV_STATE only
 * @n: entries in @sas
 * @sas: its SAs
 *
 * Before the connections are added. The engine deletes it once the connection
 * that made it has new Child SAs, so that traffic never stops.
 */
struct ike_ev_leftover {
	uint32_t peer;
	const char *label;
	uint64_t generation;
	unsigned int n;
	const struct ike_left_sa *sas;
};

/**
 * struct ike_ev_state - an IKE SA that an earlier run has handed over
 * @data: of its IKE_AC_STATE; whatever stands there, it is checked; not kept
 * @len: octets
 *
 * After the leftovers and the connections, before the first ADDRS, TIMER and
 * PACKET. What does not fit these is reported and nothing else comes of it.
 */
struct ike_ev_state {
	const uint8_t *data;
	size_t len;
};

struct ike_event {
	enum ike_event_type type;
	union {
		struct ike_ev_packet packet;
		struct ike_ev_conn conn;
		struct ike_ev_addrs addrs;
		struct ike_ev_path_cmd path_cmd;
		struct ike_ev_kernel_done kernel_done;
		struct ike_ev_counts counts;
		struct ike_ev_auth_done auth_done;
		struct ike_ev_lease_done lease_done;
		struct ike_ev_acquire acquire;
		struct ike_ev_sa_expire sa_expire;
		struct ike_ev_path_hint path_hint;
		struct ike_ev_leftover leftover;
		struct ike_ev_state state;
	} u;
};

#endif /* MOBX_IKE_EVENT_H */
