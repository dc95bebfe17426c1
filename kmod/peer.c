// SPDX-License-Identifier: GPL-2.0
/*
 * Peers, and how one moves.
 *
 * A peer has a binding: the pairs of addresses it may use now. The binding is
 * never changed, it is replaced, by one store to peer->binding. That store
 * moves every SA and every selector of the peer at once, because nothing else
 * in the module knows an address:
 *
 *  - an SA points to its peer. An inbound packet finds the SA by its SPI alone
 *    and then asks the binding about its addresses;
 *  - a policy names a peer, or leaves it open;
 *  - the hash mobx_net.addrs leads from a remote address to the peers that may
 *    have it. It is a hint: it says where to ask, and the binding answers.
 *
 * A packet dereferences peer->binding once and takes all that it needs to know
 * of addresses from what it got, so it sees the old set or the new one and
 * never a mixture, whatever the CPUs do (the store has release semantics, so
 * who sees the pointer sees what it points to).
 *
 * The hash holds a node for (at least) each remote address of the current
 * binding at every moment: nodes for new addresses go in before the store,
 * nodes of addresses that left go out after it, and those of addresses that
 * both bindings have are not touched. A reader that finds the node early gets
 * the old binding and is told no; one that misses a node that has gone looked
 * after the store, when the binding had the address no more; either way it
 * decides as if it had come wholly before or wholly after. Nodes and bindings
 * are freed after a grace period, so a reader may stand on either. (A hash from
 * address to binding would not do: a reader may stand on the old node when the
 * new one goes in behind it, and find nothing.)
 *
 * Everything that can fail happens before the store: a rebind that is refused
 * has changed nothing. Changes are serialised by mobx_net.lock; readers take
 * no lock and no reference. The cost depends on the number of paths and not on
 * that of SAs or policies.
 */

#include <linux/jhash.h>
#include <linux/netlink.h>
#include <linux/slab.h>

#include "datapath.h"
#include "event.h"
#include "netns.h"
#include "peer.h"
#include "sa.h"
#include "spread.h"

static u32 mobx_addr_hash(const void *data, u32 len, u32 seed)
{
	const struct mobx_addr_key *key = data;

	if (likely(key->family == AF_INET))
		return jhash_1word(key->addr.w[0], seed);
	return jhash2(key->addr.w, ARRAY_SIZE(key->addr.w), seed);
}

static int mobx_addr_differs(struct rhashtable_compare_arg *arg,
			     const void *obj)
{
	const struct mobx_addr_key *want = arg->key;
	const struct mobx_addr_key *have =
		&((const struct mobx_addr_node *)obj)->key;

	return want->family != have->family ||
	       !mobx_addr_eq(&want->addr, &have->addr);
}

static const struct rhashtable_params mobx_addr_params = {
	.key_len = sizeof(struct mobx_addr_key),
	.key_offset = offsetof(struct mobx_addr_node, key),
	.head_offset = offsetof(struct mobx_addr_node, node),
	.hashfn = mobx_addr_hash,
	.obj_cmpfn = mobx_addr_differs,
	.automatic_shrinking = true,
};

/**
 * mobx_addr_lookup - peers that may have a remote address
 * @mnet: namespace
 * @family: of @addr
 * @addr: remote address
 *
 * Context: RCU section, which the list does not outlive.
 * Return: list of struct mobx_addr_node for rhl_for_each_entry_rcu(), or NULL
 */
struct rhlist_head *mobx_addr_lookup(struct mobx_net *mnet, u16 family,
				     const union mobx_addr *addr)
{
	struct mobx_addr_key key = { .addr = *addr, .family = family };

	return rhltable_lookup(&mnet->addrs, &key, mobx_addr_params);
}

struct mobx_binding *mobx_peer_binding(const struct mobx_peer *peer)
{
	return rcu_dereference_protected(peer->binding,
					 lockdep_is_held(&peer->mnet->lock));
}

static void mobx_node_unlink(struct mobx_peer *peer, struct mobx_addr_node *node)
{
	rhltable_remove(&peer->mnet->addrs, &node->node, mobx_addr_params);
	list_del(&node->list);
	kfree_rcu(node, rcu);
}

/* Unlink nodes of addresses that @keep (NULL: an empty set) does not have. */
static void mobx_nodes_trim(struct mobx_peer *peer,
			    const struct mobx_binding *keep)
{
	struct mobx_addr_node *node, *next;

	list_for_each_entry_safe(node, next, &peer->nodes, list)
		if (!keep || !mobx_binding_has_remote(keep, node->key.family,
						      &node->key.addr))
			mobx_node_unlink(peer, node);
}

static bool mobx_nodes_have(const struct mobx_peer *peer,
			    const struct mobx_bound *e)
{
	const struct mobx_addr_node *node;

	list_for_each_entry(node, &peer->nodes, list)
		if (node->key.family == e->family &&
		    mobx_addr_eq(&node->key.addr, &e->remote))
			return true;
	return false;
}

/* Insert nodes for addresses of @b that have none; what fails leaves none. */
static int mobx_nodes_add(struct mobx_peer *peer, const struct mobx_binding *b)
{
	const struct mobx_binding *old = mobx_peer_binding(peer);
	struct mobx_addr_node *node;
	unsigned int i;
	int err;

	for (i = 0; i < b->n_paths; i++) {
		const struct mobx_bound *e = &b->paths[i];

		if (mobx_nodes_have(peer, e))
			continue;
		err = -ENOMEM;
		node = kzalloc(sizeof(*node), GFP_KERNEL);
		if (!node)
			goto undo;
		node->key.addr = e->remote;
		node->key.family = e->family;
		node->peer = peer;
		err = rhltable_insert(&peer->mnet->addrs, &node->node,
				      mobx_addr_params);
		if (err) {
			kfree(node);
			goto undo;
		}
		list_add(&node->list, &peer->nodes);
	}
	return 0;

undo:
	mobx_nodes_trim(peer, old);
	return err;
}

/**
 * mobx_peer_find - a peer by its id
 * @mnet: namespace
 * @id: id
 *
 * Context: under mobx_net.lock, or an RCU section.
 * Return: the peer or NULL
 */
struct mobx_peer *mobx_peer_find(struct mobx_net *mnet, u32 id)
{
	return xa_load(&mnet->peers, id);
}

/**
 * mobx_peer_create - add a peer
 * @mnet: namespace
 * @id: unique in @mnet
 * @label: at most MOBX_MAX_LABEL octets
 * @spec: its paths
 * @n: their number
 * @spread: whether tunnel mode takes several paths at once
 * @extack: says why not
 *
 * Context: process, under mobx_net.lock.
 * Return: 0, -EEXIST, -EINVAL for a list of paths that makes no binding,
 * -ENOMEM, or what mobx_net_protect() returns
 */
int mobx_peer_create(struct mobx_net *mnet, u32 id, const char *label,
		     const struct mobx_path_spec *spec, unsigned int n,
		     bool spread, struct netlink_ext_ack *extack)
{
	struct mobx_binding *b;
	struct mobx_peer *peer;
	int err;

	lockdep_assert_held(&mnet->lock);
	if (mobx_peer_find(mnet, id)) {
		NL_SET_ERR_MSG(extack, "there is a peer with this id already");
		return -EEXIST;
	}
	err = mobx_binding_check(spec, n, extack);
	if (err)
		return err;
	err = mobx_net_protect(mnet, extack);
	if (err)
		return err;
	err = -ENOMEM;
	peer = kzalloc(sizeof(*peer), GFP_KERNEL);
	if (!peer)
		goto err_unprotect;
	INIT_LIST_HEAD(&peer->sas_out);
	INIT_LIST_HEAD(&peer->sas_in);
	INIT_LIST_HEAD(&peer->nodes);
	peer->mnet = mnet;
	peer->id = id;
	refcount_set(&peer->ref, 1);
	strscpy(peer->label, label, sizeof(peer->label));
	b = mobx_binding_build(NULL, 1, spec, n);
	if (!b)
		goto err_free;
	if (spread)
		mobx_spread_prepare(b);
	mobx_binding_commit(b, spec);
	peer->serial = ++mnet->peer_serial;
	/* Before the nodes, since who finds a node reads the binding. */
	rcu_assign_pointer(peer->binding, b);
	err = xa_insert(&mnet->peers, id, peer, GFP_KERNEL);
	if (err)
		goto err_binding;
	err = mobx_nodes_add(peer, b);
	if (err)
		goto err_erase;
	mnet->seq++;
	mobx_event_binding(peer, b);
	mobx_hold_retry(mnet);
	return 0;

err_erase:
	xa_erase(&mnet->peers, id);
	mobx_nodes_trim(peer, NULL);
	mobx_peer_put(peer);
	goto err_unprotect;
err_binding:
	mobx_binding_free(b);
err_free:
	kfree(peer);
err_unprotect:
	mobx_net_unprotect(mnet);
	if (err == -ENOMEM)
		NL_SET_ERR_MSG(extack, "no memory for the peer");
	return err;
}

/**
 * mobx_peer_swap - replace the binding of a peer, and do no more than that
 * @peer: peer
 * @spec: the whole new set of paths
 * @n: their number
 * @spread: whether tunnel mode takes several paths at once
 * @extack: says why not
 *
 * See the top of this file. A failure leaves all as it was. The caller has
 * packets that wait looked at again, mobx_hold_retry(), and tells who listens.
 *
 * Context: process, under mobx_net.lock.
 * Return: 0, -EINVAL for a list of paths that makes no binding, -ENOMEM
 */
int mobx_peer_swap(struct mobx_peer *peer, const struct mobx_path_spec *spec,
		   unsigned int n, bool spread, struct netlink_ext_ack *extack)
{
	struct mobx_binding *old = mobx_peer_binding(peer);
	struct mobx_binding *new;
	int err;

	err = mobx_binding_check(spec, n, extack);
	if (err)
		return err;
	new = mobx_binding_build(old, old->generation + 1, spec, n);
	err = new ? mobx_nodes_add(peer, new) : -ENOMEM;
	if (err) {
		NL_SET_ERR_MSG(extack, "no memory for the binding");
		mobx_binding_free(new);
		return err;
	}
	/* Nothing fails from here on. */
	if (spread)
		mobx_spread_prepare(new);
	mobx_binding_commit(new, spec);
	rcu_assign_pointer(peer->binding, new);
	mobx_nodes_trim(peer, new);
	mobx_binding_free_rcu(old);
	peer->mnet->seq++;
	mobx_stat_inc(peer->mnet, MOBX_STAT_REBINDS);
	return 0;
}

/**
 * mobx_peer_rebind - give a peer another binding
 * @peer: peer
 * @expected: generation of the binding that the caller means to replace
 * @spec: the whole new set of paths
 * @n: their number
 * @spread: whether tunnel mode takes several paths at once; NULL for as before
 * @extack: says why not
 *
 * Context: process, under mobx_net.lock.
 * Return: 0, -ESTALE when @expected is not the current generation, or what
 * mobx_peer_swap() returns
 */
int mobx_peer_rebind(struct mobx_peer *peer, u64 expected,
		     const struct mobx_path_spec *spec, unsigned int n,
		     const bool *spread, struct netlink_ext_ack *extack)
{
	const struct mobx_binding *old = mobx_peer_binding(peer);
	int err;

	if (old->generation != expected) {
		NL_SET_ERR_MSG(extack,
			       "the binding has changed since: its generation is not the expected one");
		return -ESTALE;
	}
	err = mobx_peer_swap(peer, spec, n, spread ? *spread : old->spread,
			     extack);
	if (err)
		return err;
	mobx_hold_retry(peer->mnet);
	mobx_event_binding(peer, mobx_peer_binding(peer));
	return 0;
}

/**
 * mobx_peer_remove - remove a peer with its SAs
 * @peer: no policy names it
 *
 * Readers and asynchronous requests may still hold it.
 *
 * Context: process, under mobx_net.lock.
 */
void mobx_peer_remove(struct mobx_peer *peer)
{
	struct mobx_net *mnet = peer->mnet;

	lockdep_assert_held(&mnet->lock);
	mobx_sa_remove_all(peer);
	xa_erase(&mnet->peers, peer->id);
	mobx_nodes_trim(peer, NULL);
	/* Somebody may hold the peer longer than its routes should last. */
	mobx_binding_forget_routes(mobx_peer_binding(peer));
	mnet->seq++;
	mobx_event_binding(peer, NULL);
	mobx_net_unprotect(mnet);
	mobx_peer_put(peer);
}

static void mobx_peer_free(struct rcu_head *rcu)
{
	struct mobx_peer *peer = container_of(rcu, struct mobx_peer, rcu);

	mobx_binding_free(rcu_dereference_protected(peer->binding, true));
	kfree(peer);
}

/* Give a reference back. Context: any. */
void mobx_peer_put(struct mobx_peer *peer)
{
	if (refcount_dec_and_test(&peer->ref))
		call_rcu(&peer->rcu, mobx_peer_free);
}

/* Context: process, at the birth of a namespace. Return: 0 or -ENOMEM. */
int mobx_peer_tables_init(struct mobx_net *mnet)
{
	xa_init(&mnet->peers);
	return rhltable_init(&mnet->addrs, &mobx_addr_params);
}

/* Context: process, when all peers have been removed. */
void mobx_peer_tables_exit(struct mobx_net *mnet)
{
	rhltable_destroy(&mnet->addrs);
	xa_destroy(&mnet->peers);
}
