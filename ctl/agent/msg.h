/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the processes of mobxd say to each other. The parent has privileges and
 * parses nothing from the network; the worker parses and has none; the
 * credentials process knows the keys and does nothing else; the fetching process
 * asks web servers what the credentials want to know. All four are one program,
 * so bodies are structs as they are in memory.
 */
#ifndef MOBX_AGENT_MSG_H
#define MOBX_AGENT_MSG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/conf.h"
#include "agent/udp.h"
#include "crypto/ocsp.h"
#include "crypto/prf.h"
#include "ike/ike.h"

enum msg_type {
	/* parent to all others, with descriptors to the worker */
	MSG_START = 1,

	/* parent to worker */
	MSG_LEFTOVER,
	MSG_CONN,
	MSG_CONN_GONE,
	MSG_STATE,
	MSG_LOADED,
	MSG_KERNEL_DONE,
	MSG_COUNTS,
	MSG_LEASE_DONE,
	MSG_ACQUIRE,
	MSG_SA_EXPIRE,
	MSG_PATH_HINT,
	MSG_STOP,
	MSG_LEAVE,

	/* worker to parent; the first eight are answered by MSG_KERNEL_DONE */
	MSG_PEER_NEW,
	MSG_PEER_REBIND,
	MSG_PEER_DEL,
	MSG_PEER_SENT,
	MSG_SA_NEW,
	MSG_SA_DEL,
	MSG_ADDR_NEW,
	MSG_ADDR_DEL,
	MSG_ENDPOINT_NEW,
	MSG_ENDPOINT_DEL,
	MSG_LEASE,
	MSG_LEASE_END,
	/* answered by MSG_COUNTS: any number of struct ike_path_count */
	MSG_PEER_COUNTS,
	MSG_LEFT,
	MSG_NEIGH,
	MSG_RELOAD,
	MSG_READY,
	MSG_IDLE,

	/*
	 * parent to credentials: those of a connection begin, go on with any
	 * number of items, and count from the end on
	 */
	MSG_CRED_BEGIN,
	MSG_CRED_ITEM,
	MSG_CRED_END,
	MSG_CRED_GONE,

	/* worker to credentials, and its answer */
	MSG_SIGN,
	MSG_VERIFY,
	MSG_PPK,
	MSG_EAP,
	MSG_AUTH_DONE,

	/* credentials to the fetching process, and its answer */
	MSG_FETCH,
	MSG_FETCHED,
};

/* Descriptors that go with MSG_START to the worker. */
enum msg_start_fd {
	/* UDP_SOCKETS of them */
	MSG_FD_UDP,
	MSG_FD_CONTROL = UDP_SOCKETS,
	MSG_NFDS,
};

/**
 * struct msg_start - what a process needs before it gives its privileges up
 * @level: of the log
 * @uid: who to become
 * @gid: likewise
 * @root: empty folder to be locked into
 * @cookie_threshold: see struct conf
 * @seccomp: likewise
 * @qcd: see struct ike_settings
 * @qcd_secret: likewise
 * @has_control: a control socket could be made
 * @nudp: UDP sockets there are: those of IPv4, or all
 *
 * In the place of a descriptor that there is not, another one is passed.
 */
struct msg_start {
	enum ike_level level;
	uid_t uid;
	gid_t gid;
	char root[CONF_MAX_PATH + 8];
	unsigned int cookie_threshold;
	bool seccomp;
	bool qcd;
	uint8_t qcd_secret[IKE_QCD_SECRET];
	bool has_control;
	unsigned int nudp;
};

/** struct msg_name - MSG_CONN_GONE, MSG_CRED_END, MSG_CRED_GONE */
struct msg_name {
	char name[IKE_MAX_NAME];
};

/**
 * struct msg_leftover - MSG_LEFTOVER
 * @peer: see struct ike_ev_leftover
 * @n: number of struct ike_left_sa that follow
 * @generation: likewise
 * @label: likewise
 */
struct msg_leftover {
	uint32_t peer;
	uint32_t n;
	uint64_t generation;
	char label[MOBX_MAX_LABEL + 1];
};

/** struct msg_loaded - MSG_LOADED: answers MSG_RELOAD, tag 0 if none asked */
struct msg_loaded {
	int err;
	char text[CONF_MAX_ERROR];
};

/** struct msg_kernel_done - MSG_KERNEL_DONE */
struct msg_kernel_done {
	int err;
	uint64_t generation;
	uint64_t packets;
	char text[IKE_MAX_TEXT];
};

/*
 * MSG_LEFT is the data of an IKE_AC_STATE, on its way to the file of
 * agent/handover.h, and MSG_STATE the same on its way back. MSG_ADDR_NEW and MSG_ADDR_DEL are a struct ike_ac_addr,
 * MSG_ENDPOINT_NEW and MSG_ENDPOINT_DEL a struct ike_ac_endpoint; MSG_LEASE, which
 * MSG_LEASE_DONE answers, and MSG_LEASE_END a struct ike_ac_lease.
 */

/**
 * struct msg_lease_done - MSG_LEASE_DONE
 * @lease: see struct ike_ev_lease_done
 * @text: likewise, or empty
 */
struct msg_lease_done {
	struct ike_virtual lease;
	char text[IKE_MAX_TEXT];
};

/** struct msg_acquire - MSG_ACQUIRE */
struct msg_acquire {
	struct ike_ev_acquire ev;
	char label[MOBX_MAX_LABEL + 1];
};

/**
 * struct msg_peer - MSG_PEER_*
 * @id: peer
 * @expected_generation: MSG_PEER_REBIND
 * @label: MSG_PEER_NEW
 * @npaths: number of struct ike_path that follow
 */
struct msg_peer {
	uint32_t id;
	uint64_t expected_generation;
	char label[MOBX_MAX_LABEL + 1];
	uint32_t npaths;
};

/**
 * struct msg_cred - MSG_CRED_BEGIN
 * @name: connection
 * @local_auth: how we authenticate
 * @remote_auth: how the peer has to
 * @rsa_pkcs1: sign with PKCS #1 v1.5
 * @psk_len: octets of @psk, 0 without one
 * @psk: the pre-shared key
 * @ppk_len: octets of @ppk, 0 without one
 * @ppk: the post-quantum preshared key
 * @ppk_id_len: octets of @ppk_id
 * @ppk_id: its name
 * @ocsp: what responders are asked of the peer's certificates
 * @ocsp_uri: which one, or empty for those that certificates name
 */
struct msg_cred {
	char name[IKE_MAX_NAME];
	enum ike_authby local_auth;
	enum ike_authby remote_auth;
	bool rsa_pkcs1;
	uint32_t psk_len;
	uint8_t psk[CONF_MAX_PSK];
	uint32_t ppk_len;
	uint8_t ppk[CONF_MAX_PSK];
	uint8_t ppk_id_len;
	uint8_t ppk_id[IKE_MAX_PPK_ID];
	enum crypto_ocsp_policy ocsp;
	char ocsp_uri[CRYPTO_OCSP_URI_MAX];
};

/** MSG_PIECE - octets of an item in one message; a revocation list may have more */
#define MSG_PIECE 32768u

/**
 * struct msg_cred_item - MSG_CRED_ITEM: a key or certificate, or a piece, follows
 * @name: connection
 * @item: what it is
 * @more: it goes on in the next message
 */
struct msg_cred_item {
	char name[IKE_MAX_NAME];
	enum conf_item item;
	bool more;
};

/**
 * struct msg_auth - MSG_SIGN, MSG_VERIFY, MSG_PPK, MSG_EAP
 * @conn: whose credentials
 * @prf: transform ID
 * @hashes: see struct ike_ac_auth
 * @peer_id: likewise
 * @method: likewise
 * @octets_len: octets to be signed or mixed with a PPK, or what an EAP method
 *	asks, which follow
 * @auth_len: octets of authentication data, or the name of a PPK, that follow
 *	those
 * @certs_len: octets of certificates that follow those
 */
struct msg_auth {
	char conn[IKE_MAX_NAME];
	uint16_t prf;
	unsigned int hashes;
	struct ike_id peer_id;
	uint8_t method;
	uint32_t octets_len;
	uint32_t auth_len;
	uint32_t certs_len;
};

/**
 * struct msg_auth_done - MSG_AUTH_DONE
 * @type: of the question
 * @ok: see struct ike_ev_auth_done
 * @method: likewise
 * @text: why not, or empty
 * @len: octets of authentication data, which follow
 * @certs_len: octets of certificates that follow those
 */
struct msg_auth_done {
	uint32_t type;
	bool ok;
	uint8_t method;
	char text[IKE_MAX_TEXT];
	uint32_t len;
	uint32_t certs_len;
};

/** struct msg_fetch - MSG_FETCH: whom to ask by HTTP; the OCSP request follows */
struct msg_fetch {
	char uri[CRYPTO_OCSP_URI_MAX];
};

/**
 * struct msg_fetched - MSG_FETCHED: the answer follows, if there is one
 * @text: else why not
 */
struct msg_fetched {
	char text[IKE_MAX_TEXT];
};

#endif /* MOBX_AGENT_MSG_H */
