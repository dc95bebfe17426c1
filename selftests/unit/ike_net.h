/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IKE engines on a small network in memory: virtual clock, a kernel that
 * checks what it is told, credentials, and a wire on which tests may look,
 * drop, repeat, change and forge. Randomness comes from a seed.
 */
#ifndef SELFTESTS_IKE_NET_H
#define SELFTESTS_IKE_NET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ike/priv.h"

#define NET_MS UINT64_C(1000)
#define NET_SECOND UINT64_C(1000000)
#define NET_HOSTS 3
#define NET_ADDRS 4
#define NET_PEERS 64
#define NET_SAS 64
#define NET_LINKS 4

struct net;
struct cred_list;
struct conf;
struct leases;

/** struct net_packet - what an engine has sent */
struct net_packet {
	uint64_t at;
	int from;
	struct wire_endpoint src;
	struct wire_endpoint dst;
	uint8_t *data;
	size_t len;
	struct wire_hdr hdr;
};

struct net_peer {
	uint32_t id;
	uint64_t generation;
	char label[MOBX_MAX_LABEL + 1];
	unsigned int n;
	struct ike_path paths[IKE_MAX_PATHS];
	/* Packets that have left, as a test wants it. */
	uint64_t packets;
};

/** struct net_state - an IKE SA that has been handed over */
struct net_state {
	uint8_t *data;
	size_t len;
};

struct net_host {
	struct net *net;
	int index;
	struct ike_engine *eng;
	unsigned int n_addrs;
	struct wire_addr addrs[NET_ADDRS];
	bool addr_up[NET_ADDRS];
	/* The credentials are behind. */
	bool busy;
	/* The pre-shared key of every connection here; NULL: there is none. */
	const char *psk;
	/* Takes every proof for genuine. */
	bool gullible;
	/* What the engine watches routes to. */
	unsigned int n_remotes;
	struct wire_addr remotes[NET_SAS];
	/* What the agent itself would sign and verify with, instead. */
	const struct cred_list *creds;
	unsigned int n_peers;
	struct net_peer peers[NET_PEERS];
	unsigned int n_sas;
	struct ike_ac_sa sas[NET_SAS];
	/* Virtual addresses to be given out, and those on a device. */
	struct leases *leases;
	const struct conf *conf;
	unsigned int n_given;
	unsigned int n_device;
	struct wire_addr device[NET_ADDRS];
	/* What EAP methods of a test know here; NULL: the agent is asked. */
	const char *eap_secret;
	/* For the next run of the agent. */
	unsigned int n_states;
	struct net_state states[NET_PEERS];
	/* The next so many requests of a kind are refused. */
	unsigned int refuse_addr;
	unsigned int refuse_peer;
	unsigned int refuse_sa;
	unsigned int eexist;
	/* Everything that was reported, a line each. */
	char log[65536];
	size_t log_len;
	uint64_t last_reply;
	int last_err;
	char last_text[IKE_MAX_TEXT];
};

enum net_verdict {
	NET_PASS,
	NET_DROP,
};

/** typedef net_filter - looks at a packet about to be delivered */
typedef enum net_verdict (*net_filter)(struct net *net,
				       struct net_packet *pkt, void *ctx);

struct net_event;

struct net {
	uint64_t now;
	uint64_t seed;
	uint64_t rng;
	struct net_host host[NET_HOSTS];
	struct net_event *events;
	uint64_t order;
	uint64_t delay_us;
	uint64_t jitter_us;
	unsigned int lose_percent;
	unsigned int repeat_percent;
	uint64_t kernel_us;
	uint64_t creds_us;
	net_filter filter;
	void *filter_ctx;
	/* Once set, the NAT in front of host 0, and the first of its two ports. */
	struct wire_endpoint nat;
	struct net_packet *sent;
	size_t n_sent;
	size_t cap_sent;
};

/** net_new() - hosts 10.0.0.1, 10.0.0.2, 10.0.0.3; one way takes 5 ms */
struct net *net_new(uint64_t seed);
struct net *net_new_with(uint64_t seed, unsigned int cookie_threshold,
			 const struct ike_ext_ops *ext);
void net_free(struct net *net);

/** net_secret() - a host tells tokens made with a secret of this octet */
void net_secret(struct net *net, int host, uint8_t octet);

/** net_gone() - a filter by which nothing gets through */
enum net_verdict net_gone(struct net *net, struct net_packet *p, void *ctx);

/** net_restart() - the agent of a host dies and begins anew, without secret */
void net_restart(struct net *net, int host);

/** net_keep_state() - an IKE SA is handed over */
void net_keep_state(struct net_host *h, const struct ike_ac_state *a);
void net_drop_states(struct net_host *h);

/** net_leave() - the agent of a host hands its IKE SAs over and is gone */
void net_leave(struct net *net, int host);

/**
 * net_succeed() - the next run begins, and has what was handed over
 * @net: network
 * @host: whose agent
 * @conn: its connection
 */
void net_succeed(struct net *net, int host, const struct ike_conn *conn);

uint32_t net_random(struct net *net, uint32_t below);

struct wire_addr net_addr(const char *text);

struct wire_endpoint net_at(const char *addr, uint16_t port);

/** net_host_of() - the host with an address, or -1 */
/* One octet, for the NAT. */
bool net_keepalive(const struct net_packet *p);
int net_host_of(const struct net *net, const struct wire_addr *a);

/** net_conn() - from host 0 to host 1, both to be changed and added */
struct ike_conn net_conn(int host);
void net_conn_add(struct net *net, int host, const struct ike_conn *c);

/** net_conns() - the usual two connections, responder first */
void net_conns(struct net *net);

/** net_up() - net_conns(), and both ends are established */
void net_up(struct net *net);

/**
 * net_calm() - nothing is lost any more: what both have agrees after a while
 * @net: network
 * @us: so long later at the latest
 * @seed: named if it does not
 */
void net_calm(struct net *net, uint64_t us, uint64_t seed);

/** net_up_asking() - the same, but only the initiator asks for signs of life */
void net_up_asking(struct net *net);

void net_tell_addrs(struct net *net, int host);
void net_event(struct net *net, int host, const struct ike_event *ev);
void net_cmd(struct net *net, int host, enum ike_event_type type,
	     const char *name);
void net_expire(struct net *net, int host, uint32_t spi, enum mobx_dir dir,
		enum mobx_expire kind);

/**
 * net_kernel() - the kernel of a host does what an action asks
 * @h: host
 * @a: PEER_NEW, PEER_REBIND, PEER_DEL, SA_NEW or SA_DEL
 * @generation: of the binding, when the action made one
 *
 * Return: 0 or a negative errno.
 */
int net_kernel(struct net_host *h, const struct ike_action *a,
	       uint64_t *generation);

/** net_kernel_sent() - how many packets it has sent to a peer */
int net_kernel_sent(struct net_host *h, uint32_t id, uint64_t *packets);

/** net_run() - let time pass */
void net_run(struct net *net, uint64_t us);

/** net_inject() - a datagram arrives at a host, now */
void net_inject(struct net *net, int host, const struct wire_endpoint *src,
		const struct wire_endpoint *dst, const void *data, size_t len);

/** net_sa() - the only live IKE SA of a host, or NULL */
struct ike_sa *net_sa(struct net *net, int host);
unsigned int net_sa_count(struct net *net, int host);

/**
 * net_forge() - a protected message as @host would send it, sent now
 * @net: network
 * @host: whose keys and addresses
 * @exchange: exchange type
 * @response: or a request
 * @mid: Message ID
 * @enc: inner payloads; freed
 */
void net_forge(struct net *net, int host, uint8_t exchange, bool response,
	       uint32_t mid, struct wire_enc *enc);

/** net_seal() - the same from octets: what an authentic peer could write */
void net_seal(struct net *net, int host, uint8_t exchange, bool response,
	      uint32_t mid, uint8_t first, const uint8_t *inner, size_t len);

/** net_open() - decrypt a packet that was sent; @plain is to be freed */
bool net_open(struct net *net, const struct net_packet *pkt,
	      struct wire_msg *msg, uint8_t **plain);

/**
 * net_reseal() - other payloads in a packet that is under way
 * @net: network
 * @pkt: protected, from host 0 or its peer; changed
 * @enc: all of its payloads; freed
 *
 * By one who knows the keys that host 0 has now.
 */
void net_reseal(struct net *net, struct net_packet *pkt, struct wire_enc *enc);

/** net_copy() - a payload of another message, as it is */
void net_copy(struct wire_enc *enc, const struct wire_payload *pl);

/** net_count() - packets of a host with an exchange type, all of them or so */
unsigned int net_count(const struct net *net, int from, uint8_t exchange,
		       bool response);
const struct net_packet *net_nth(const struct net *net, int from,
				 uint8_t exchange, bool response,
				 unsigned int nth);

/** net_forget() - the packets sent so far */
void net_forget(struct net *net);

/** net_logged() - does the log of a host hold a text */
bool net_logged(const struct net *net, int host, const char *text);

/** net_fail() - fail, and tell what both hosts have reported until then */
void net_fail(const struct net *net, uint64_t seed)
	__attribute__((noreturn));

/**
 * net_agree() - do the kernels of hosts 0 and 1 hold the same SAs with the same
 *	keys, outbound here and inbound there
 */
bool net_agree(const struct net *net, unsigned int pairs);

/** net_newest() - the last SA of a direction that a host's kernel was given */
const struct ike_ac_sa *net_newest(const struct net *net, int host,
				   enum mobx_dir dir);

/**
 * net_run_without_gap() - let time pass in steps of half a millisecond: at each
 *	what either of hosts 0 and 1 sends under its newest SA the other takes
 */
void net_run_without_gap(struct net *net, uint64_t us);

#endif /* SELFTESTS_IKE_NET_H */
