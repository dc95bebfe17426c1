/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two agents' state machines over a virtual network, kernel and clock.
 *
 * The network loses, repeats, delays and reorders as told; the kernel keeps
 * bindings and answers as the module does; everything random comes from one
 * seed, so that a run can be repeated. Node 0 is the mobile (it initiates),
 * node 1 the server.
 */
#ifndef SELFTESTS_MOBIKE_SIM_H
#define SELFTESTS_MOBIKE_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ike/ike.h"

#define SIM_MS		1000ull
#define SIM_SECOND	1000000ull
#define SIM_MAX_LINKS	6
#define SIM_MAX_PEERS	8
#define SIM_MAX_KINDS	40
#define SIM_MAX_COUNTS	16

struct sim;

/**
 * struct sim_link - an own address of a node and the way it leads
 *
 * @nat: address that a NAT gives it outside, if the family is not 0.
 * @nat_port: port that port 4500 has there, 500 the next one; 0: both keep
 *	theirs. Nothing else comes in, and no ESP without UDP.
 */
struct sim_link {
	struct wire_addr addr;
	char ifname[16];
	bool up;
	uint64_t delay_us;
	unsigned int lose;
	struct wire_addr nat;
	uint16_t nat_port;
	bool transient;
	bool deprecated;
};

struct sim_peer {
	uint32_t id;
	uint64_t generation;
	uint64_t bound_at;
	char label[64];
	unsigned int n;
	struct ike_path paths[IKE_MAX_PATHS];
};

/** struct sim_flow - data that a node has sent to the other, and its fate */
struct sim_flow {
	uint64_t sent;
	uint64_t received;
	uint64_t lost_on_link;
	uint64_t refused;
	uint64_t not_sent;
	uint64_t last_at;
	uint64_t longest_gap;
};

struct sim_kind {
	char name[20];
	unsigned int n;
};

/**
 * struct sim_node - one end
 *
 * @endpoints: own addresses that MPTCP may use
 * @endpoint_users: how many connections' paths have them
 * @mute: it sends no data, and takes them
 * @ike_sent: datagrams of IKE
 * @looks: how often the kernel was asked what went by the paths
 * @gone_while_bound: the last one that ceased to be one was still bound
 */
struct sim_node {
	struct sim *sim;
	int index;
	struct ike_engine *eng;
	unsigned int n_links;
	struct sim_link links[SIM_MAX_LINKS];
	struct sim_peer peers[SIM_MAX_PEERS];
	unsigned int n_peers;
	unsigned int n_remotes;
	struct wire_addr remotes[IKE_MAX_HOST_ADDRS];
	unsigned int sas;
	unsigned int refuse_rebinds;
	unsigned int rebinds;
	unsigned int stale_rebinds;
	struct sim_kind kinds[SIM_MAX_KINDS];
	unsigned int n_kinds;
	uint64_t hint_at;
	uint64_t last_reply;
	int last_err;
	char last_text[IKE_MAX_TEXT];
	struct sim_flow flow;
	unsigned int n_endpoints;
	struct wire_addr endpoints[SIM_MAX_LINKS];
	unsigned int endpoint_users[SIM_MAX_LINKS];
	bool gone_while_bound;
	bool mute;
	unsigned int ike_sent;
	unsigned int looks;
	unsigned int n_counts;
	struct ike_path_count counts[SIM_MAX_COUNTS];
};

struct sim_event {
	uint64_t at;
	uint64_t order;
	int type;
	int node;
	uint64_t tag;
	int err;
	uint64_t generation;
	uint64_t packets;
	struct wire_endpoint local;
	struct wire_endpoint remote;
	uint8_t *data;
	size_t len;
	bool ok;
	unsigned int tries;
};

/**
 * struct sim - the world
 *
 * @sent: datagrams of IKE that both nodes have sent
 * @drop: which of them get lost, by their number in @sent: bit 0 the first
 */
struct sim {
	uint64_t now;
	uint64_t seed;
	uint64_t rng;
	uint64_t order;
	unsigned int lose;
	unsigned int repeat;
	uint64_t jitter_us;
	uint64_t data_every_us;
	unsigned int sent;
	uint64_t drop;
	bool verbose;
	bool no_random;
	struct sim_node node[2];
	struct sim_event *heap;
	size_t n;
	size_t cap;
};

/** sim_new() - both nodes with MOBIKE-X; @ext may replace either's extension */
struct sim *sim_new(uint64_t seed, const struct ike_ext_ops *mobile,
		    const struct ike_ext_ops *server);
void sim_free(struct sim *sim);

/** sim_random() - number below @below */
uint32_t sim_random(struct sim *sim, uint32_t below);

struct sim_link *sim_add_link(struct sim *sim, int node, const char *addr,
			      const char *ifname, uint64_t delay_us);
void sim_set_link(struct sim *sim, int node, unsigned int link, bool up);

/** sim_conn() - the usual connection of a node, to be changed and added */
struct ike_conn sim_conn(int node);
void sim_conn_add(struct sim *sim, int node, const struct ike_conn *conn);

/** sim_path() - a path command; the result is in the node's last_* */
void sim_path(struct sim *sim, int node, enum ike_path_verb verb,
	      const char *addr, bool hard);

/** sim_kick_data() - both send a datagram every sim.data_every_us from now */
void sim_kick_data(struct sim *sim);

/** sim_run() - let @us microseconds pass */
void sim_run(struct sim *sim, uint64_t us);
void sim_event(struct sim *sim, int node, const struct ike_event *ev);
void sim_tell_addrs(struct sim *sim, int node);

/** sim_status() - of the node's one connection; false if it is not up */
bool sim_status(struct sim *sim, int node, struct ike_status *st);

/** sim_lives_on() - whether @own is the mobile's address of its IKE SA, which is up */
bool sim_lives_on(struct sim *sim, const char *own);

/** sim_reports() - how many reports of a kind a node has made */
unsigned int sim_reports(const struct sim *sim, int node, const char *kind);

/** sim_path_state() - state of a pair in the kernel, or -1 */
int sim_path_state(const struct sim *sim, int node, const char *local,
		   const char *remote);

/** sim_path_credit() - octets that may be sent to a pair, -1 without it */
int64_t sim_path_credit(const struct sim *sim, int node, const char *local,
			const char *remote);

/** sim_mirrored() - are the live pairs of both kernels the same and proven */
bool sim_mirrored(struct sim *sim, char *why, size_t len);

/** sim_start() - two links for the mobile, one for the server; up and quiet */
void sim_start(struct sim *sim);

#endif /* SELFTESTS_MOBIKE_SIM_H */
