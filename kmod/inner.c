// SPDX-License-Identifier: GPL-2.0
/*
 * Which tunnel leads to an inner address, where a policy leaves the peer open:
 * outbound SAs in tunnel mode by the remote prefixes of their selectors. A hash
 * of prefixes, asked once for each length that is in use, the longest first; so
 * the cost grows with the lengths and not with the tunnels.
 */
#include <linux/bitmap.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "inner.h"
#include "netns.h"
#include "peer.h"
#include "sa.h"

#define MOBX_INNER_LENGTHS	129

/**
 * struct mobx_inner_key - a prefix
 * @prefix: host bits zero
 * @family: AF_INET or AF_INET6
 * @plen: bits that count
 */
struct mobx_inner_key {
	union mobx_addr	prefix;
	u16		family;
	u16		plen;
};

/**
 * struct mobx_inner_node - an SA leads to a prefix
 * @node: in mobx_inner.prefixes
 * @key: remote prefix of one of its selectors
 * @sa: the SA
 * @list: in mobx_sa.inner
 * @rcu: frees it after a grace period
 */
struct mobx_inner_node {
	struct rhlist_head	node;
	struct mobx_inner_key	key;
	struct mobx_sa		*sa;
	struct list_head	list;
	struct rcu_head		rcu;
};

/**
 * struct mobx_inner - the tunnels of a namespace
 * @prefixes: of struct mobx_inner_node; RCU, changed under mobx_net.lock
 * @used: lengths in use, for each family
 * @count: nodes of each length; under mobx_net.lock
 */
struct mobx_inner {
	struct rhltable	prefixes;
	DECLARE_BITMAP(used[2], MOBX_INNER_LENGTHS);
	u32		count[2][MOBX_INNER_LENGTHS];
};

static const struct rhashtable_params mobx_inner_params = {
	.key_len = sizeof(struct mobx_inner_key),
	.key_offset = offsetof(struct mobx_inner_node, key),
	.head_offset = offsetof(struct mobx_inner_node, node),
	.automatic_shrinking = true,
};

/* The newest SA of the youngest peer that leads to a prefix and fits @flow. */
static struct mobx_sa *mobx_inner_best(struct mobx_inner *inner,
				       const struct mobx_inner_key *key,
				       const struct mobx_flow *flow, u8 pfp)
{
	struct mobx_sa *best = NULL, *sa;
	struct mobx_inner_node *n;
	struct rhlist_head *pos;

	rhl_for_each_entry_rcu(n, pos,
			       rhltable_lookup(&inner->prefixes, key,
					       mobx_inner_params), node) {
		sa = n->sa;
		if ((!best || sa->peer->serial > best->peer->serial) &&
		    mobx_sa_serves(sa, flow, pfp))
			best = sa;
	}
	return best;
}

/**
 * mobx_inner_find - the tunnel for a flow
 * @mnet: namespace
 * @flow: of an inner packet
 * @pfp: see mobx_sa_serves()
 *
 * Of selectors that match, those with the longest remote prefix win.
 *
 * Context: RCU section.
 * Return: an outbound SA whose selectors match, or NULL
 */
struct mobx_sa *mobx_inner_find(struct mobx_net *mnet,
				const struct mobx_flow *flow, u8 pfp)
{
	unsigned int i = flow->family == AF_INET6, plen = MOBX_INNER_LENGTHS;
	struct mobx_inner *inner = mnet->inner;
	struct mobx_inner_key key = { .family = flow->family };
	struct mobx_sa *sa;

	while (plen) {
		unsigned int n = find_last_bit(inner->used[i], plen);

		if (n == plen)
			break;
		plen = n;
		key.plen = plen;
		memset(&key.prefix, 0, sizeof(key.prefix));
		ipv6_addr_prefix(&key.prefix.v6, &flow->remote.v6, plen);
		sa = mobx_inner_best(inner, &key, flow, pfp);
		if (sa)
			return sa;
	}
	return NULL;
}

static int mobx_inner_add_prefix(struct mobx_inner *inner, struct mobx_sa *sa,
				 u16 family, const union mobx_addr *prefix,
				 u8 plen)
{
	unsigned int i = family == AF_INET6;
	struct mobx_inner_node *n;
	int err;

	n = kzalloc(sizeof(*n), GFP_KERNEL);
	if (!n)
		return -ENOMEM;
	n->sa = sa;
	n->key.prefix = *prefix;
	n->key.family = family;
	n->key.plen = plen;
	err = rhltable_insert(&inner->prefixes, &n->node, mobx_inner_params);
	if (err) {
		kfree(n);
		return err;
	}
	list_add(&n->list, &sa->inner);
	inner->count[i][plen]++;
	set_bit(plen, inner->used[i]);
	return 0;
}

/**
 * mobx_inner_add - have an SA found by where it leads to
 * @mnet: namespace
 * @sa: SA; nothing happens unless it is outbound, in tunnel mode and has
 *	selectors
 *
 * Context: process, under mobx_net.lock.
 * Return: 0, or -ENOMEM with nothing added
 */
int mobx_inner_add(struct mobx_net *mnet, struct mobx_sa *sa)
{
	unsigned int i;
	int err = 0;

	if (sa->mode != MOBX_MODE_TUNNEL || sa->dir != MOBX_DIR_OUT)
		return 0;
	for (i = 0; i < sa->n_sels && !err; i++) {
		const struct mobx_selector *sel = &sa->sels[i];
		struct mobx_range cover = {};
		unsigned int bits = 0;

		/* A range is found by the prefix that covers it. */
		if (sel->family) {
			bits = mobx_range_bits(&sel->remote, sel->family);
			cover = mobx_range_of(&sel->remote.first, bits,
					      sel->family);
		}
		if (sel->family != AF_INET6)
			err = mobx_inner_add_prefix(mnet->inner, sa, AF_INET,
						    &cover.first, bits);
		if (sel->family != AF_INET && !err)
			err = mobx_inner_add_prefix(mnet->inner, sa, AF_INET6,
						    &cover.first, bits);
	}
	if (err)
		mobx_inner_remove(mnet, sa);
	return err;
}

/**
 * mobx_inner_remove - the reverse
 * @mnet: namespace
 * @sa: SA, added or not
 *
 * Context: process, under mobx_net.lock.
 */
void mobx_inner_remove(struct mobx_net *mnet, struct mobx_sa *sa)
{
	struct mobx_inner *inner = mnet->inner;
	struct mobx_inner_node *n, *next;

	list_for_each_entry_safe(n, next, &sa->inner, list) {
		unsigned int i = n->key.family == AF_INET6;

		if (!--inner->count[i][n->key.plen])
			clear_bit(n->key.plen, inner->used[i]);
		rhltable_remove(&inner->prefixes, &n->node, mobx_inner_params);
		list_del(&n->list);
		kfree_rcu(n, rcu);
	}
}

/* Context: process, at the birth of a namespace. Return: 0 or -ENOMEM. */
int mobx_inner_init(struct mobx_net *mnet)
{
	int err;

	mnet->inner = kzalloc(sizeof(*mnet->inner), GFP_KERNEL);
	if (!mnet->inner)
		return -ENOMEM;
	err = rhltable_init(&mnet->inner->prefixes, &mobx_inner_params);
	if (err)
		kfree(mnet->inner);
	return err;
}

/* Context: process, when all SAs have been removed and nobody reads. */
void mobx_inner_exit(struct mobx_net *mnet)
{
	rhltable_destroy(&mnet->inner->prefixes);
	kfree(mnet->inner);
}
