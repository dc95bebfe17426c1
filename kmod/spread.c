// SPDX-License-Identifier: GPL-2.0
/*
 * A tunnel over several paths at once. Each flow has one of them, so that its
 * packets stay in order: the one that weighs most for it, where a weight is a
 * hash of flow and path. When a path comes or goes, no flow moves but to it or
 * from it.
 *
 * Of a binding's paths those take part that are valid, no backup, and have the
 * best preference of such; when all that are valid are backups, the best of
 * them; when none is valid, all goes by the primary path.
 */
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/once.h>
#include <linux/random.h>

#include "addr.h"
#include "peer.h"
#include "spread.h"

static u32 mobx_spread_seed __read_mostly;

/* The lower, the sooner it is used; UINT_MAX for never. */
static unsigned int mobx_spread_rank(const struct mobx_bound *e)
{
	if (e->state != MOBX_PATH_STATE_VALID)
		return UINT_MAX;
	return (e->flags & MOBX_PATH_FLAGS_BACKUP ? 256 : 0) + e->preference;
}

/**
 * mobx_spread_prepare - make a binding one that spreads
 * @b: binding that nobody else can see yet
 *
 * Context: process.
 */
void mobx_spread_prepare(struct mobx_binding *b)
{
	unsigned int i, best = UINT_MAX;

	get_random_once(&mobx_spread_seed, sizeof(mobx_spread_seed));
	for (i = 0; i < b->n_paths; i++)
		best = min(best, mobx_spread_rank(&b->paths[i]));
	for (i = 0; i < b->n_paths; i++) {
		struct mobx_bound *e = &b->paths[i];

		e->spread = best != UINT_MAX && mobx_spread_rank(e) == best;
		e->key = jhash2(e->local.w, ARRAY_SIZE(e->local.w),
				jhash2(e->remote.w, ARRAY_SIZE(e->remote.w),
				       mobx_spread_seed));
	}
	b->spread = true;
}

static const struct mobx_bound *mobx_spread_heaviest(const struct mobx_binding *b,
						     u32 hash)
{
	const struct mobx_bound *best = NULL;
	unsigned int i;
	u32 weight, most = 0;

	for (i = 0; i < b->n_paths; i++) {
		const struct mobx_bound *e = &b->paths[i];

		if (!e->spread)
			continue;
		weight = jhash_2words(hash, e->key, mobx_spread_seed);
		if (best && weight <= most)
			continue;
		best = e;
		most = weight;
	}
	return best ?: &b->paths[b->primary];
}

/**
 * mobx_spread_choose - the path of a flow
 * @b: binding that spreads
 * @flow: of the inner packet
 * @h: its headers
 *
 * Fragments of a datagram, of which only the first shows ports, go together.
 *
 * Context: the RCU section of @b.
 */
const struct mobx_bound *mobx_spread_choose(const struct mobx_binding *b,
					    const struct mobx_flow *flow,
					    const struct mobx_headers *h)
{
	unsigned int words = flow->family == AF_INET ? 1 :
		ARRAY_SIZE(flow->local.w);
	u32 hash;

	hash = jhash2(flow->remote.w, words,
		      jhash2(flow->local.w, words, mobx_spread_seed));
	if (!h->fragment)
		hash = jhash_3words(hash, flow->proto,
				    (u32)flow->local_port << 16 |
				    flow->remote_port, mobx_spread_seed);
	return mobx_spread_heaviest(b, hash);
}

/**
 * mobx_spread_again - the path of a packet that comes from the cipher
 * @b: binding that spreads
 * @path: which was chosen for it, perhaps from an earlier binding, the packets
 *	of which then have the same one; compared, not looked into
 *
 * Context: the RCU section of @b.
 */
const struct mobx_bound *mobx_spread_again(const struct mobx_binding *b,
					   const struct mobx_path *path)
{
	unsigned int i;

	for (i = 0; i < b->n_paths; i++)
		if (b->paths[i].path == path && b->paths[i].spread)
			return &b->paths[i];
	return mobx_spread_heaviest(b, hash_ptr(path, 32));
}
