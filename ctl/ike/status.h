/* SPDX-License-Identifier: GPL-2.0 */
/* How connections are: ike_engine_status(). */
#ifndef MOBX_IKE_STATUS_H
#define MOBX_IKE_STATUS_H

#include "ike/action.h"

struct ike_engine;

enum ike_conn_phase {
	IKE_CONN_DOWN,
	IKE_CONN_CONNECTING,
	IKE_CONN_IS_UP,
};

/* All of a connection, and as many that take their places. */
#define IKE_MAX_CHILDREN (2 * IKE_MAX_CONN_CHILDREN)

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
 * @rtt_us: smoothed round trip time, 0 if not known
 * @tests: how often it was tested; 0: @loss is not known
 * @loss: of what the tests sent, smoothed, in thousandths
 */
struct ike_path_status {
	uint16_t id;
	struct ike_path path;
	uint64_t rtt_us;
	unsigned int tests;
	unsigned int loss;
};

/**
 * struct ike_idle_status - a path of one end, of whose family the other has nothing
 * @id: MOBIKE-X path ID
 * @own: of this end
 * @addr: its address
 * @rtt_us: smoothed round trip time, 0 if not known
 */
struct ike_idle_status {
	uint16_t id;
	bool own;
	struct wire_addr addr;
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
 * @ppk: its keys depend on a post-quantum preshared key
 * @age_us: of the IKE SA
 * @rekey_us: until it is rekeyed, IKE_NEVER if it is not
 * @nat_local: this host is behind a NAT
 * @nat_remote: the peer is
 * @t_ike_us: first IKE_SA_INIT request to Child SA in the kernel
 * @nchildren: entries in @children
 * @children: Child SAs
 * @virtual: virtual addresses: own ones, or those that the peer was given
 * @mobike: agreed
 * @mobikex: agreed
 * @npaths: entries in @paths
 * @paths: as in the kernel
 * @nidle: entries in @idle
 * @idle: paths of no pair, of which the kernel knows nothing
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
	bool ppk;
	uint64_t age_us;
	uint64_t rekey_us;
	bool nat_local;
	bool nat_remote;
	uint64_t t_ike_us;
	unsigned int nchildren;
	struct ike_child_status children[IKE_MAX_CHILDREN];
	struct ike_virtual virtual;
	bool mobike;
	bool mobikex;
	unsigned int npaths;
	struct ike_path_status paths[IKE_MAX_PATHS];
	unsigned int nidle;
	struct ike_idle_status idle[IKE_MAX_PATHS];
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

#endif /* MOBX_IKE_STATUS_H */
