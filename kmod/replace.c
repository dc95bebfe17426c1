// SPDX-License-Identifier: GPL-2.0
/*
 * A host that changes its own address: all peers that use it move, each by a
 * binding of its own, as if each had been rebound.
 *
 * The peers are found by looking at all of them. A host that changes an address
 * has most of them there; an index by own addresses would have to be kept up to
 * date by every rebind, and cost memory for each peer, to be of use to the few.
 *
 * Others must not wait for all of that: after a number of peers the lock is
 * given to who waits for it. Peers may come, go and be rebound meanwhile. One
 * that is there all the time is looked at once; one that comes may have been too
 * late, and has the old address then if that is what it was made with.
 */
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "datapath.h"
#include "event.h"
#include "netns.h"
#include "peer.h"
#include "replace.h"

/* Peers in a row, before others get the lock. */
#define MOBX_REPLACE_BATCH	32

static bool mobx_replace_live(const struct mobx_bound *e)
{
	return e->state <= MOBX_PATH_STATE_VALID;
}

/* Whether a path may be sent to from the address that goes. */
static bool mobx_replace_moves(const struct mobx_replace *r,
			       const struct mobx_bound *e)
{
	return mobx_replace_live(e) && e->family == r->family &&
	       mobx_addr_eq(&e->local, &r->from);
}

/* Whether a path is what one of those that move will be. */
static bool mobx_replace_meets(const struct mobx_replace *r,
			       const struct mobx_binding *b,
			       const struct mobx_bound *e)
{
	unsigned int i;

	if (e->family != r->family || !mobx_addr_eq(&e->local, &r->to))
		return false;
	for (i = 0; i < b->n_paths; i++)
		if (mobx_replace_moves(r, &b->paths[i]) &&
		    mobx_addr_eq(&b->paths[i].remote, &e->remote))
			return true;
	return false;
}

/*
 * What no binding need have any more: a deprecated path whose time is over, and
 * any with an address that is gone.
 */
static bool mobx_replace_over(const struct mobx_replace *r,
			      const struct mobx_bound *e)
{
	if (mobx_replace_live(e))
		return false;
	if (e->state == MOBX_PATH_STATE_DEPRECATED && !mobx_bound_accepts(e))
		return true;
	return !r->until && e->family == r->family &&
	       mobx_addr_eq(&e->local, &r->from);
}

static void mobx_replace_copy(struct mobx_path_spec *s,
			      const struct mobx_bound *e)
{
	*s = (struct mobx_path_spec){
		.local = e->local,
		.remote = e->remote,
		.accept_until = e->accept_until,
		.family = e->family,
		.encap = e->encap,
		.state = e->state,
		.flags = e->flags,
		.preference = e->preference,
	};
}

/* Write a path that moves, and what stays of it. Return: how many. */
static unsigned int mobx_replace_path(const struct mobx_replace *r,
				      struct mobx_path_spec *s,
				      const struct mobx_bound *e)
{
	mobx_replace_copy(s, e);
	s->local = r->to;
	s->heir_of = e->path;
	if (!r->until)
		return 1;
	s++;
	mobx_replace_copy(s, e);
	s->state = MOBX_PATH_STATE_DEPRECATED;
	s->flags &= ~MOBX_PATH_FLAGS_PRIMARY;
	s->accept_until = r->until;
	return 2;
}

/*
 * Write the paths that @b shall have into @r->spec. Return: their number, 0 when
 * it has none that moves, or an error.
 */
static int mobx_replace_paths(struct mobx_replace *r,
			      const struct mobx_binding *b,
			      struct netlink_ext_ack *extack)
{
	unsigned int i, n = 0, moves = 0;

	for (i = 0; i < b->n_paths; i++)
		moves += mobx_replace_moves(r, &b->paths[i]);
	if (!moves)
		return 0;
	for (i = 0; i < b->n_paths; i++) {
		const struct mobx_bound *e = &b->paths[i];
		bool moving = mobx_replace_moves(r, e);

		if (mobx_replace_over(r, e))
			continue;
		if (!moving && mobx_replace_meets(r, b, e)) {
			/* The one that moves comes in place of what is gone. */
			if (!mobx_replace_live(e))
				continue;
			NL_SET_ERR_MSG(extack,
				       "a peer has a path from the new address to the same remote one already: rebind it by itself");
			return -EEXIST;
		}
		if (n + 1 + (moving && r->until) > MOBX_MAX_PATHS) {
			NL_SET_ERR_MSG(extack,
				       "a peer would have more than 64 paths with its old ones: rebind it by itself");
			return -E2BIG;
		}
		if (moving)
			n += mobx_replace_path(r, &r->spec[n], e);
		else
			mobx_replace_copy(&r->spec[n++], e);
	}
	return n;
}

/* Return: whether the peer has moved. */
static bool mobx_replace_peer(struct mobx_replace *r, struct mobx_peer *peer,
			      struct netlink_ext_ack *extack)
{
	const struct mobx_binding *b = mobx_peer_binding(peer);
	int n, err;

	n = r->label && strcmp(peer->label, r->label) ? 0 :
		mobx_replace_paths(r, b, r->failed ? NULL : extack);
	if (!n) {
		r->unchanged++;
		return false;
	}
	err = n < 0 ? n : mobx_peer_swap(peer, r->spec, n, b->spread,
					 r->failed ? NULL : extack);
	if (!err) {
		r->moved++;
		return true;
	}
	if (r->failed < MOBX_REPLACE_TOLD)
		r->failed_ids[r->failed] = peer->id;
	r->failed++;
	return false;
}

/**
 * mobx_replace_local - move all peers from one own address to another
 * @mnet: namespace
 * @r: what to do; filled with what was done
 * @extack: says what was wrong with the first peer that could not be moved
 *
 * Each peer moves in one step. States, ports, preference, flags and what is
 * left of the credit go with a path: its remote end is the same. Counters and
 * path MTU are those of a new pair.
 *
 * Context: process, may sleep; takes mobx_net.lock, now and then.
 */
void mobx_replace_local(struct mobx_net *mnet, struct mobx_replace *r,
			struct netlink_ext_ack *extack)
{
	unsigned int n = 0;
	bool moved = false;
	struct mobx_peer *peer;
	unsigned long id;

	mutex_lock(&mnet->lock);
	xa_for_each(&mnet->peers, id, peer) {
		moved |= mobx_replace_peer(r, peer, extack);
		if (++n % MOBX_REPLACE_BATCH)
			continue;
		if (moved)
			mobx_hold_retry(mnet);
		moved = false;
		mutex_unlock(&mnet->lock);
		cond_resched();
		mutex_lock(&mnet->lock);
	}
	if (moved)
		mobx_hold_retry(mnet);
	if (r->moved)
		mobx_event_replaced(mnet, r);
	mutex_unlock(&mnet->lock);
}
