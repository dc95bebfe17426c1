/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The path manager: which change of the own paths is wanted now. A pure
 * decision from what there is; carrying it out is the session's work, and the
 * next decision is taken when that is done.
 */
#ifndef MOBX_MOBIKE_MANAGER_H
#define MOBX_MOBIKE_MANAGER_H

#include "ike/ike.h"
#include "mobike/pathset.h"
#include "mobike/quality.h"

#define MX_MAX_CANDS 32

/** MX_LATE_US - a path that works has answered a test by then */
#define MX_LATE_US (200 * 1000ull)

/** MX_IDLE_US - so long a NAT may keep a mapping that nothing uses */
#define MX_IDLE_US (120 * 1000000ull)

/** MX_SETTLE_US - a better link must have been there so long to move to it. */
#define MX_SETTLE_US (5 * 1000000ull)

/** MX_STAY_US - after a change of the primary quality moves nothing for so long */
#define MX_STAY_US (60 * 1000000ull)
/** MX_STAY_MAX_US - and no longer, however often it went back and forth */
#define MX_STAY_MAX_US (3600 * 1000000ull)

/**
 * struct mx_traffic - what the kernel counted on a path
 * @tx: packets sent
 * @rx: packets that came
 * @looked_us: looked at last
 * @busy: and it had sent
 * @quiet_us: since then it sent and nothing came, 0 for not
 * @asks: how often it has been asked for that, in a row
 * @ask_at: not again before
 */
struct mx_traffic {
	uint64_t tx;
	uint64_t rx;
	uint64_t looked_us;
	bool busy;
	uint64_t quiet_us;
	unsigned int asks;
	uint64_t ask_at;
};

/**
 * struct mx_cand - an own address that can be used now
 * @local: the address
 * @remote: address of the peer that it reaches
 * @rank: place of its interface in the order of preference, 0 best
 * @since: usable without a break since then, microseconds
 * @not_before: failed before, not to be tried until then, 0 if fine
 * @add_at: pairs with other addresses of the peer: likewise, to be announced
 * @test_at: to be tested then, microseconds, 0 if it is not decided yet
 * @tested_us: last tested
 * @testing: and the answer is not in yet
 * @silent: it did not answer
 * @transient: it is for the flows that have it, see struct ike_host_addr
 * @deprecated: likewise
 * @quality: what the tests of it showed
 * @traffic: what the kernel counted
 */
struct mx_cand {
	struct wire_addr local;
	struct wire_addr remote;
	unsigned int rank;
	uint64_t since;
	uint64_t not_before;
	uint64_t add_at;
	uint64_t test_at;
	uint64_t tested_us;
	bool testing;
	bool silent;
	bool transient;
	bool deprecated;
	struct mx_quality quality;
	struct mx_traffic traffic;
};

/**
 * struct mx_view - all that a decision rests on
 * @own: own set
 * @peer: the peer's
 * @home: own addresses, whatever they reach
 * @n_home: entries in @home
 * @cand: usable own addresses, the kernel's preference first
 * @n: entries in @cand
 * @other: pairs with addresses of the peer that are not in its set
 * @n_other: entries in @other
 * @peer_gone: the peer says that it has left the address that is used
 * @mobikex: agreed with the peer, else RFC 4555 only
 * @may_move: this end may send UPDATE_SA_ADDRESSES (RFC 4555, section 3.5:
 *	the original initiator; with MOBIKE-X both)
 * @leads: this end began the IKE SA: of two families it chooses
 * @auto_add: make every usable address a path
 * @prefers: there is a configured order of interfaces
 * @by_quality: among links of the same rank a move may be for quality
 * @stay_until: but not before
 * @pinned: somebody chose the primary by hand
 * @suspect: own address that gets no answers, avoided if there is another one;
 *	NULL if none
 * @max_paths: agreed limit
 * @now: microseconds
 */
struct mx_view {
	const struct mx_set *own;
	const struct mx_set *peer;
	const struct ike_own_addr *home;
	unsigned int n_home;
	const struct mx_cand *cand;
	unsigned int n;
	const struct mx_cand *other;
	unsigned int n_other;
	bool peer_gone;
	bool mobikex;
	bool may_move;
	bool leads;
	bool auto_add;
	bool prefers;
	bool by_quality;
	uint64_t stay_until;
	bool pinned;
	const struct wire_addr *suspect;
	unsigned int max_paths;
	uint64_t now;
};

/**
 * enum mx_want_kind
 * @MX_WANT_NOTHING: Leave all as it is.
 * @MX_WANT_WAIT: The primary is dead and nothing can replace it yet.
 * @MX_WANT_MOVE: The primary's address is to become @addr, at once.
 * @MX_WANT_FAILOVER: Path @id is to be primary, and dead paths go, at once.
 * @MX_WANT_ELSEWHERE: No path leads to where the peer is: to another address
 *	of it, at once.
 * @MX_WANT_ADD: Announce @addr.
 * @MX_WANT_REMOVE: Path @id is dead and not primary.
 * @MX_WANT_PREFER: Path @id is the better primary; both work.
 */
enum mx_want_kind {
	MX_WANT_NOTHING,
	MX_WANT_WAIT,
	MX_WANT_MOVE,
	MX_WANT_FAILOVER,
	MX_WANT_ELSEWHERE,
	MX_WANT_ADD,
	MX_WANT_REMOVE,
	MX_WANT_PREFER,
};

/**
 * struct mx_want - a decision
 * @kind: what to do
 * @id: which path
 * @cand: the address and where it leads, or NULL
 * @again_at: think again then, even if nothing happens; IKE_NEVER for no need
 */
struct mx_want {
	enum mx_want_kind kind;
	uint16_t id;
	const struct mx_cand *cand;
	uint64_t again_at;
};

struct mx_want mx_decide(const struct mx_view *v);
const struct mx_cand *mx_cand_find(const struct mx_cand *cand, unsigned int n,
				   const struct wire_addr *local);
unsigned int mx_rank_ifname(const struct ike_conn *conn, const char *ifname);

#endif /* MOBX_MOBIKE_MANAGER_H */
