// SPDX-License-Identifier: GPL-2.0
/*
 * The security policy database (RFC 4301, section 4.4.1): policies in their
 * order, and an index that finds the first one that matches in a time that
 * does not grow with their number.
 *
 * Every policy has a shape: how long the prefixes are that cover its addresses,
 * and whether it wants one protocol and single ports. All policies of a shape
 * are told apart by the same parts of a packet, so one look into a hash table
 * finds those that can match among them, mostly one, which is then compared in
 * full. A look-up asks once for each shape, in the order of the first policy
 * that the shape has, and ends where no better one can come. There are few
 * shapes: an administrator writes host by host or network by network, port by
 * port. (What shares shape and key is looked at one by one: many ranges of
 * ports, or of addresses that no prefix tells apart, at the same place.)
 *
 * A packet that does not show its ports, or not even its protocol, may match a
 * policy for any of them, so such packets have an index of their own, whose
 * shapes are of addresses alone.
 *
 * Readers take no lock. One policy comes or goes by one store, so a reader sees
 * it or not. A reader that meets two changes could see the later one alone: a
 * bypass, say, without the discard that was put before it first. Each change has a
 * number, therefore, and who finds another one behind the look-up than before it
 * looks again. The number also says whether what is remembered of a flow still
 * holds (memo.c).
 */

#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "memo.h"
#include "policy.h"
#include "spd.h"

/* Bits of mobx_spd_shape.id above the two prefix lengths. */
#define MOBX_SHAPE_LOCAL(bits)	(bits)
#define MOBX_SHAPE_REMOTE(bits)	((bits) << 8)
#define MOBX_SHAPE_V4		BIT(16)
#define MOBX_SHAPE_V6		BIT(17)
#define MOBX_SHAPE_PROTO	BIT(18)
#define MOBX_SHAPE_LOCAL_PORT	BIT(19)
#define MOBX_SHAPE_REMOTE_PORT	BIT(20)
#define MOBX_SHAPE_OPAQUE	BIT(21)

/**
 * struct mobx_spd_shape - what the policies of a shape are told apart by
 * @id: lengths of prefixes and MOBX_SHAPE_*
 * @first: no policy of this shape has a lower order
 * @n: policies of this shape; under mobx_net.lock
 * @local: mask of the own address
 * @remote: mask of the other one
 */
struct mobx_spd_shape {
	u32		id;
	u32		first;
	u32		n;
	union mobx_addr	local;
	union mobx_addr	remote;
};

/**
 * struct mobx_spd_map - all shapes of an index
 * @rcu: frees it after a grace period
 * @n: entries of @shapes
 * @shapes: by mobx_spd_shape.first; only .n of them ever changes
 */
struct mobx_spd_map {
	struct rcu_head		rcu;
	unsigned int		n;
	struct mobx_spd_shape	shapes[];
};

/*
 * Who sends packets cannot choose keys that are in the table, so for IPv4 two
 * products are hash enough. What differs most stands low in what goes into them,
 * for all of what is above depends on it.
 */
static u32 mobx_spd_hash(const void *data, u32 len, u32 seed)
{
	const struct mobx_spd_key *key = data;
	u64 addrs, rest;

	if (key->shape & MOBX_SHAPE_V6)
		return jhash2(data, sizeof(*key) / sizeof(u32), seed);
	addrs = (u64)ntohl(key->local.v4) << 32 | ntohl(key->remote.v4);
	rest = (u64)(key->shape ^ key->proto << 24) << 32 |
	       (u32)key->local_port << 16 | key->remote_port;
	return (((addrs ^ seed) * GOLDEN_RATIO_64 ^ rest) *
		GOLDEN_RATIO_64) >> 32;
}

/* The same as memcmp() says of keys, in the words that they are made of. */
static int mobx_spd_differs(struct rhashtable_compare_arg *arg,
			    const void *obj)
{
	const struct mobx_spd_key *want = arg->key;
	const struct mobx_spd_key *have =
		&((const struct mobx_spd_node *)obj)->key;

	if (want->shape != have->shape || want->proto != have->proto ||
	    want->local_port != have->local_port ||
	    want->remote_port != have->remote_port)
		return 1;
	if (!(want->shape & MOBX_SHAPE_V6))
		return want->local.w[0] != have->local.w[0] ||
		       want->remote.w[0] != have->remote.w[0];
	return !mobx_addr_eq(&want->local, &have->local) ||
	       !mobx_addr_eq(&want->remote, &have->remote);
}

static const struct rhashtable_params mobx_spd_params = {
	.key_len = sizeof(struct mobx_spd_key),
	.key_offset = offsetof(struct mobx_spd_node, key),
	.head_offset = offsetof(struct mobx_spd_node, node),
	.hashfn = mobx_spd_hash,
	.obj_cmpfn = mobx_spd_differs,
	.automatic_shrinking = true,
};

static void mobx_spd_mask(union mobx_addr *to, const union mobx_addr *addr,
			  const union mobx_addr *mask, unsigned int words)
{
	unsigned int i;

	for (i = 0; i < words; i++)
		to->w[i] = addr->w[i] & mask->w[i];
}

/*
 * Where policies of a shape are that may match a flow. @key is zero before, or
 * of another shape for flows of the same family.
 */
static void mobx_spd_key_of(struct mobx_spd_key *key,
			    const struct mobx_spd_shape *shape,
			    const struct mobx_flow *flow)
{
	unsigned int words = flow->family == AF_INET ?
		1 : ARRAY_SIZE(key->local.w);

	key->shape = shape->id;
	key->proto = shape->id & MOBX_SHAPE_PROTO ? flow->proto : 0;
	key->local_port = shape->id & MOBX_SHAPE_LOCAL_PORT ?
		flow->local_port : 0;
	key->remote_port = shape->id & MOBX_SHAPE_REMOTE_PORT ?
		flow->remote_port : 0;
	mobx_spd_mask(&key->local, &flow->local, &shape->local, words);
	mobx_spd_mask(&key->remote, &flow->remote, &shape->remote, words);
}

/**
 * mobx_policy_decides - whether a policy decides about a flow
 * @pol: policy
 * @flow: flow
 *
 * A packet that does not show its protocol or ports is not let pass by a policy
 * that asks for them; it is discarded or protected by one.
 *
 * Context: any in which @pol cannot go away.
 */
bool mobx_policy_decides(const struct mobx_policy *pol,
			 const struct mobx_flow *flow)
{
	enum mobx_match match = mobx_selector_match(&pol->sel, flow);

	return match == MOBX_MATCH_YES ||
	       (match == MOBX_MATCH_MAYBE && pol->action != MOBX_ACTION_BYPASS);
}

/* The first policy of a shape that decides about a flow, if before @best. */
static const struct mobx_policy *
mobx_spd_ask(struct rhltable *table, const struct mobx_spd_key *key,
	     const struct mobx_flow *flow, const struct mobx_policy *best)
{
	const struct mobx_policy *pol;
	struct mobx_spd_node *entry;
	struct rhlist_head *pos;

	rhl_for_each_entry_rcu(entry, pos,
			       rhltable_lookup(table, key, mobx_spd_params),
			       node) {
		pol = entry->policy;
		if ((!best || pol->order < best->order) &&
		    (likely(entry->exact) || mobx_policy_decides(pol, flow)))
			best = pol;
	}
	return best;
}

static const struct mobx_policy *
mobx_spd_look(const struct mobx_spd *spd, const struct mobx_flow *flow)
{
	u32 family = flow->family == AF_INET ? MOBX_SHAPE_V4 : MOBX_SHAPE_V6;
	u32 other = family ^ (MOBX_SHAPE_V4 | MOBX_SHAPE_V6);
	const struct mobx_policy *best = NULL;
	const struct mobx_spd_map *map;
	struct mobx_spd_key key = {};
	unsigned int i;

	map = rcu_dereference(spd->map[flow->opaque_ports ? MOBX_SPD_OPAQUE :
							    MOBX_SPD_PORTS]);
	for (i = 0; map && i < map->n; i++) {
		const struct mobx_spd_shape *shape = &map->shapes[i];

		if (best && shape->first > best->order)
			break;
		if (shape->id & other)
			continue;
		mobx_spd_key_of(&key, shape, flow);
		best = mobx_spd_ask((struct rhltable *)&spd->table, &key, flow,
				    best);
	}
	return best;
}

/**
 * mobx_spd_lookup - the first policy that decides about a flow
 * @spd: SPD
 * @flow: flow
 *
 * Context: RCU section.
 * Return: what the ordered list of policies had to say at some moment during
 * the call; NULL if nothing
 */
const struct mobx_policy *mobx_spd_lookup(const struct mobx_spd *spd,
					  const struct mobx_flow *flow)
{
	const struct mobx_policy *pol;
	unsigned long state;

	do {
		/* Pairs with the release in mobx_spd_changed(). */
		state = smp_load_acquire(&spd->state);
		if (likely(mobx_memo_find(state, flow, &pol)))
			return pol;
		pol = mobx_spd_look(spd, flow);
		/* Pairs with the barrier in mobx_spd_changed(). */
		smp_rmb();
	} while (unlikely(READ_ONCE(spd->state) != state));
	mobx_memo_keep(state, flow, pol);
	return pol;
}

/* No two states of all SPDs have the same; 0 is none. */
static unsigned long mobx_spd_state(void)
{
	static atomic_long_t last;

	return atomic_long_inc_return(&last);
}

/*
 * A change is there as a whole: who sees anything of the next one, sees this
 * number before.
 */
static void mobx_spd_changed(struct mobx_spd *spd)
{
	/* Behind the change; pairs with the acquire in mobx_spd_lookup(). */
	smp_store_release(&spd->state, mobx_spd_state());
	/* Before the next change; pairs with the smp_rmb() there. */
	smp_wmb();
}

/* The shape of a policy in one view. */
static void mobx_spd_shape_of(struct mobx_spd_shape *shape,
			      const struct mobx_policy *pol,
			      enum mobx_spd_view view)
{
	const struct mobx_selector *sel = &pol->sel;
	unsigned int local, remote;

	*shape = (struct mobx_spd_shape){ .first = pol->order };
	if (view == MOBX_SPD_OPAQUE)
		shape->id |= MOBX_SHAPE_OPAQUE;
	if (view == MOBX_SPD_PORTS && sel->proto)
		shape->id |= MOBX_SHAPE_PROTO;
	if (view == MOBX_SPD_PORTS &&
	    sel->local_port_min == sel->local_port_max)
		shape->id |= MOBX_SHAPE_LOCAL_PORT;
	if (view == MOBX_SPD_PORTS &&
	    sel->remote_port_min == sel->remote_port_max)
		shape->id |= MOBX_SHAPE_REMOTE_PORT;
	if (!sel->family)
		return;
	local = mobx_range_bits(&sel->local, sel->family);
	remote = mobx_range_bits(&sel->remote, sel->family);
	shape->id |= MOBX_SHAPE_LOCAL(local) | MOBX_SHAPE_REMOTE(remote);
	shape->id |= sel->family == AF_INET ? MOBX_SHAPE_V4 : MOBX_SHAPE_V6;
	shape->local = mobx_addr_mask(local, sel->family);
	shape->remote = mobx_addr_mask(remote, sel->family);
}

static bool mobx_spd_port_exact(u16 min, u16 max)
{
	return min == max || (!min && max == U16_MAX);
}

/* Whether packets that show their ports match if they have the key. */
static bool mobx_spd_exact(const struct mobx_selector *sel)
{
	return !sel->opaque_ports &&
	       mobx_spd_port_exact(sel->local_port_min, sel->local_port_max) &&
	       mobx_spd_port_exact(sel->remote_port_min,
				   sel->remote_port_max) &&
	       (!sel->family ||
		(mobx_range_is_prefix(&sel->local, sel->family) &&
		 mobx_range_is_prefix(&sel->remote, sel->family)));
}

/* Where a policy of this shape is; what its selector leaves open is zero. */
static void mobx_spd_key_at(struct mobx_spd_key *key,
			    const struct mobx_spd_shape *shape,
			    const struct mobx_selector *sel)
{
	const struct mobx_flow least = {
		.local = sel->local.first,
		.remote = sel->remote.first,
		.family = sel->family,
		.proto = sel->proto,
		.local_port = sel->local_port_min,
		.remote_port = sel->remote_port_min,
	};

	memset(key, 0, sizeof(*key));
	mobx_spd_key_of(key, shape, &least);
}

static struct mobx_spd_map *mobx_spd_map(const struct mobx_spd *spd,
					 enum mobx_spd_view view)
{
	return rcu_dereference_protected(spd->map[view], true);
}

static struct mobx_spd_shape *mobx_spd_shape_find(struct mobx_spd_map *map,
						  u32 id)
{
	unsigned int i;

	for (i = 0; map && i < map->n; i++)
		if (map->shapes[i].id == id)
			return &map->shapes[i];
	return NULL;
}

/*
 * A map of what @old has, without shapes that nobody has and without that of
 * @shape, which is put at its place.
 */
static struct mobx_spd_map *
mobx_spd_map_build(const struct mobx_spd_map *old,
		   const struct mobx_spd_shape *shape)
{
	unsigned int i, n = old ? old->n : 0;
	bool placed = !shape->n;
	struct mobx_spd_map *map;

	map = kmalloc(struct_size(map, shapes, n + 1), GFP_KERNEL);
	if (!map)
		return NULL;
	map->n = 0;
	for (i = 0; i < n; i++) {
		const struct mobx_spd_shape *s = &old->shapes[i];

		if (!s->n || s->id == shape->id)
			continue;
		if (!placed && shape->first < s->first) {
			map->shapes[map->n++] = *shape;
			placed = true;
		}
		map->shapes[map->n++] = *s;
	}
	if (!placed)
		map->shapes[map->n++] = *shape;
	return map;
}

static void mobx_spd_map_store(struct mobx_spd *spd, enum mobx_spd_view view,
			       struct mobx_spd_map *map)
{
	struct mobx_spd_map *old = mobx_spd_map(spd, view);

	rcu_assign_pointer(spd->map[view], map);
	if (old)
		kfree_rcu(old, rcu);
}

/*
 * Put a policy into one index. Its shape is published behind it, where it is
 * new or comes earlier now.
 */
static int mobx_spd_enter(struct mobx_spd *spd, struct mobx_policy *pol,
			  enum mobx_spd_view view)
{
	struct mobx_spd_map *map = mobx_spd_map(spd, view);
	struct mobx_spd_node *entry = &pol->index[view];
	struct mobx_spd_shape shape, *have;
	int err;

	mobx_spd_shape_of(&shape, pol, view);
	mobx_spd_key_at(&entry->key, &shape, &pol->sel);
	entry->policy = pol;
	entry->exact = view == MOBX_SPD_PORTS && mobx_spd_exact(&pol->sel);
	have = mobx_spd_shape_find(map, shape.id);
	if (have && have->first <= pol->order) {
		err = rhltable_insert(&spd->table, &entry->node,
				      mobx_spd_params);
		if (!err)
			have->n++;
		return err;
	}
	shape.n = have ? have->n + 1 : 1;
	map = mobx_spd_map_build(map, &shape);
	if (!map)
		return -ENOMEM;
	err = rhltable_insert(&spd->table, &entry->node, mobx_spd_params);
	if (err)
		kfree(map);
	else
		mobx_spd_map_store(spd, view, map);
	return err;
}

/* A shape that loses its last policy goes, as soon as there is memory. */
static void mobx_spd_leave(struct mobx_spd *spd, struct mobx_policy *pol,
			   enum mobx_spd_view view)
{
	struct mobx_spd_map *map = mobx_spd_map(spd, view);
	struct mobx_spd_node *entry = &pol->index[view];
	struct mobx_spd_shape *have;

	rhltable_remove(&spd->table, &entry->node, mobx_spd_params);
	have = mobx_spd_shape_find(map, entry->key.shape);
	if (--have->n)
		return;
	map = mobx_spd_map_build(map, have);
	if (map)
		mobx_spd_map_store(spd, view, map);
}

static bool mobx_policy_before(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct mobx_policy, in_order)->order <
	       rb_entry(b, struct mobx_policy, in_order)->order;
}

/**
 * mobx_spd_insert - put a policy into the SPD
 * @spd: SPD, in which its order is free
 * @pol: policy, whole but for its places in @spd
 *
 * Context: process, under mobx_net.lock.
 * Return: 0, or an error for want of memory; then nothing is changed
 */
int mobx_spd_insert(struct mobx_spd *spd, struct mobx_policy *pol)
{
	int err;

	err = mobx_spd_enter(spd, pol, MOBX_SPD_PORTS);
	if (err)
		return err;
	err = mobx_spd_enter(spd, pol, MOBX_SPD_OPAQUE);
	if (err)
		mobx_spd_leave(spd, pol, MOBX_SPD_PORTS);
	else
		rb_add(&pol->in_order, &spd->policies, mobx_policy_before);
	mobx_spd_changed(spd);
	return err;
}

/**
 * mobx_spd_remove - take a policy out of the SPD
 * @spd: SPD
 * @pol: policy; readers may have it to the end of a grace period
 *
 * Context: process, under mobx_net.lock.
 */
void mobx_spd_remove(struct mobx_spd *spd, struct mobx_policy *pol)
{
	mobx_spd_leave(spd, pol, MOBX_SPD_PORTS);
	mobx_spd_leave(spd, pol, MOBX_SPD_OPAQUE);
	rb_erase(&pol->in_order, &spd->policies);
	mobx_spd_changed(spd);
}

static struct mobx_policy *mobx_spd_entry(struct rb_node *node)
{
	return rb_entry_safe(node, struct mobx_policy, in_order);
}

/**
 * mobx_spd_from - the first policy from an order on
 * @spd: SPD
 * @order: order
 *
 * Context: under mobx_net.lock.
 * Return: the policy of @order, else the next one, or NULL
 */
struct mobx_policy *mobx_spd_from(const struct mobx_spd *spd, u32 order)
{
	struct rb_node *node = spd->policies.rb_node;
	struct mobx_policy *pol, *found = NULL;

	while (node) {
		pol = mobx_spd_entry(node);
		if (pol->order < order) {
			node = node->rb_right;
		} else {
			found = pol;
			node = node->rb_left;
		}
	}
	return found;
}

/* Context: under mobx_net.lock. Return: the policy of an order, or NULL. */
struct mobx_policy *mobx_spd_find(const struct mobx_spd *spd, u32 order)
{
	struct mobx_policy *pol = mobx_spd_from(spd, order);

	return pol && pol->order == order ? pol : NULL;
}

/* Context: under mobx_net.lock. Return: the policy behind one, or NULL. */
struct mobx_policy *mobx_spd_next(const struct mobx_policy *pol)
{
	return mobx_spd_entry(rb_next(&pol->in_order));
}

/* Context: under mobx_net.lock. Return: the policy before one, or NULL. */
struct mobx_policy *mobx_spd_prev(const struct mobx_policy *pol)
{
	return mobx_spd_entry(rb_prev(&pol->in_order));
}

/* Context: under mobx_net.lock. Return: the last policy, or NULL. */
struct mobx_policy *mobx_spd_last(const struct mobx_spd *spd)
{
	return mobx_spd_entry(rb_last(&spd->policies));
}

/**
 * mobx_spd_init - make an empty SPD
 * @spd: SPD, all zero
 *
 * Context: process.
 * Return: 0 or -ENOMEM
 */
int mobx_spd_init(struct mobx_spd *spd)
{
	spd->policies = RB_ROOT;
	spd->state = mobx_spd_state();
	return rhltable_init(&spd->table, &mobx_spd_params);
}

/**
 * mobx_spd_exit - end an SPD
 * @spd: SPD, empty and out of the reach of readers
 *
 * Context: process, may sleep.
 */
void mobx_spd_exit(struct mobx_spd *spd)
{
	kfree(mobx_spd_map(spd, MOBX_SPD_PORTS));
	kfree(mobx_spd_map(spd, MOBX_SPD_OPAQUE));
	rhltable_destroy(&spd->table);
}
