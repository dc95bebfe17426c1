// SPDX-License-Identifier: GPL-2.0
/*
 * Security associations: making, finding, choosing and ending them.
 */

#include <crypto/aead.h>
#include <linux/hash.h>
#include <linux/netlink.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "alg.h"
#include "datapath.h"
#include "encap.h"
#include "inner.h"
#include "netns.h"
#include "pair.h"
#include "peer.h"
#include "replay.h"
#include "route.h"
#include "sa.h"

/* Whoever sends packets does not choose which SPIs are in the table. */
static u32 mobx_sa_hash(const void *data, u32 len, u32 seed)
{
	return ((*(const u32 *)data ^ seed) * GOLDEN_RATIO_64) >> 32;
}

static int mobx_sa_differs(struct rhashtable_compare_arg *arg, const void *obj)
{
	return *(const __be32 *)arg->key != ((const struct mobx_sa *)obj)->spi;
}

static const struct rhashtable_params mobx_sa_params = {
	.key_len = sizeof(__be32),
	.key_offset = offsetof(struct mobx_sa, spi),
	.head_offset = offsetof(struct mobx_sa, node),
	.hashfn = mobx_sa_hash,
	.obj_cmpfn = mobx_sa_differs,
	.automatic_shrinking = true,
};

/* SAs without references, to be freed in process context. */
static LLIST_HEAD(mobx_sa_free_list);

/**
 * mobx_sa_find_in - the inbound SA of an SPI (RFC 4301, section 4.1)
 * @mnet: namespace
 * @spi: SPI
 *
 * Context: RCU section.
 * Return: the SA, which may be beyond its limits, or NULL
 */
struct mobx_sa *mobx_sa_find_in(struct mobx_net *mnet, __be32 spi)
{
	struct rhlist_head *list;

	list = rhltable_lookup(&mnet->sa_in, &spi, mobx_sa_params);
	return list ? container_of(list, struct mobx_sa, node) : NULL;
}

/**
 * mobx_sa_lookup_out - the outbound SAs of an SPI, of whichever peers
 * @mnet: namespace
 * @spi: SPI
 *
 * Context: RCU section, which the list does not outlive.
 * Return: list for rhl_for_each_entry_rcu(), or NULL
 */
struct rhlist_head *mobx_sa_lookup_out(struct mobx_net *mnet, __be32 spi)
{
	return rhltable_lookup(&mnet->sa_out, &spi, mobx_sa_params);
}

/**
 * mobx_sa_find - an SA as netlink names it
 * @mnet: namespace
 * @dir: direction
 * @spi: SPI
 * @peer_id: whose; 0 for whoever, if there is only one
 *
 * Context: under mobx_net.lock.
 * Return: the SA, NULL, or ERR_PTR(-ENOTUNIQ) when @peer_id is needed
 */
struct mobx_sa *mobx_sa_find(struct mobx_net *mnet, enum mobx_dir dir,
			     __be32 spi, u32 peer_id)
{
	struct mobx_sa *found = NULL;
	struct rhlist_head *pos;
	struct mobx_sa *sa;

	lockdep_assert_held(&mnet->lock);
	rcu_read_lock();
	if (dir == MOBX_DIR_IN) {
		found = mobx_sa_find_in(mnet, spi);
		if (found && peer_id && found->peer->id != peer_id)
			found = NULL;
		goto out;
	}
	mobx_for_each_sa_out(sa, pos, mnet, spi) {
		if (peer_id && sa->peer->id != peer_id)
			continue;
		if (found) {
			found = ERR_PTR(-ENOTUNIQ);
			break;
		}
		found = sa;
	}
out:
	rcu_read_unlock();
	return found;
}

/**
 * mobx_sa_match - whether an SA may carry a flow
 * @sa: SA
 * @flow: flow; its addresses were checked against the binding
 *
 * Context: any in which @sa cannot go away.
 * Return: the best match of its selectors; yes for an SA that has none
 */
enum mobx_match mobx_sa_match(const struct mobx_sa *sa,
			      const struct mobx_flow *flow)
{
	enum mobx_match best = MOBX_MATCH_NO;
	unsigned int i;

	if (!sa->n_sels)
		return MOBX_MATCH_YES;
	for (i = 0; i < sa->n_sels && best != MOBX_MATCH_YES; i++)
		best = max(best, mobx_selector_match(&sa->sels[i], flow));
	return best;
}

/* Whether an SA that may carry a flow is for it alone in all that @pfp names. */
static bool mobx_sa_narrow(const struct mobx_sa *sa,
			   const struct mobx_flow *flow, u8 pfp)
{
	unsigned int i;

	/* In transport mode the addresses are those of its peer anyway. */
	if (sa->mode == MOBX_MODE_TRANSPORT)
		pfp &= ~(MOBX_PFP_LOCAL | MOBX_PFP_REMOTE);
	for (i = 0; i < sa->n_sels; i++)
		if (mobx_selector_match(&sa->sels[i], flow) == MOBX_MATCH_YES &&
		    mobx_selector_single(&sa->sels[i], pfp, flow->proto))
			return true;
	return !pfp;
}

/**
 * mobx_sa_serves - whether an outbound SA can take a packet now
 * @sa: SA
 * @flow: flow of the packet
 * @pfp: enum mobx_pfp of the policy: an SA for other values too will not do
 *
 * Context: RCU section.
 */
bool mobx_sa_serves(const struct mobx_sa *sa, const struct mobx_flow *flow,
		    u8 pfp)
{
	return mobx_sa_usable(sa) && mobx_sa_match(sa, flow) == MOBX_MATCH_YES &&
	       (likely(!pfp) || mobx_sa_narrow(sa, flow, pfp));
}

/**
 * mobx_sa_choose_out - the SA for a packet to a peer
 * @peer: peer
 * @mode: that its policy wants
 * @flow: flow of the packet
 * @pfp: see mobx_sa_serves()
 *
 * Context: RCU section.
 * Return: the newest SA that may carry the packet, or NULL
 */
struct mobx_sa *mobx_sa_choose_out(const struct mobx_peer *peer,
				   enum mobx_mode mode,
				   const struct mobx_flow *flow, u8 pfp)
{
	struct mobx_sa *sa;

	list_for_each_entry_rcu(sa, &peer->sas_out, list)
		if (sa->mode == mode && mobx_sa_serves(sa, flow, pfp))
			return sa;
	return NULL;
}

/*
 * Whether the selectors that a peer has negotiated ask for protection; the pair
 * of addresses is in its binding. An SA without selectors asks for nothing:
 * then policies alone decide, as they do about tunnels. One that may match, if
 * only the packet showed its ports, does ask.
 */
static bool mobx_sa_negotiated(const struct mobx_peer *peer, enum mobx_dir dir,
			       const struct mobx_flow *flow)
{
	const struct list_head *sas;
	const struct mobx_sa *sa;

	sas = dir == MOBX_DIR_IN ? &peer->sas_in : &peer->sas_out;
	list_for_each_entry_rcu(sa, sas, list)
		if (sa->n_sels && sa->mode == MOBX_MODE_TRANSPORT &&
		    mobx_sa_match(sa, flow) != MOBX_MATCH_NO)
			return true;
	return false;
}

/**
 * mobx_flow_negotiated - whether any peer's negotiated selectors ask for
 *	protection of a flow
 * @mnet: namespace
 * @dir: of the packet
 * @flow: its flow
 *
 * Context: RCU section.
 */
bool mobx_flow_negotiated(struct mobx_net *mnet, enum mobx_dir dir,
			  const struct mobx_flow *flow)
{
	const struct mobx_binding *b;
	struct mobx_addr_node *n;
	struct rhlist_head *pos;

	mobx_for_each_peer_at(n, pos, mnet, flow->family, &flow->remote) {
		b = rcu_dereference(n->peer->binding);
		if (b && mobx_binding_find(b, flow->family, &flow->local,
					   &flow->remote) &&
		    mobx_sa_negotiated(n->peer, dir, flow))
			return true;
	}
	return false;
}

static void mobx_sa_free(struct mobx_sa *sa)
{
	if (sa->tfm)
		mobx_alg_free(sa->tfm);
	mobx_pair_free(sa->pair);
	if (sa->peer)
		mobx_peer_put(sa->peer);
	mobx_route_in_release(sa);
	mobx_replay_free(sa->replay);
	/* Its keys are in there. */
	kfree_sensitive(sa);
}

/* The crypto API frees in process context only. */
static void mobx_sa_free_work_fn(struct work_struct *work)
{
	struct llist_node *list = llist_del_all(&mobx_sa_free_list);
	struct mobx_sa *sa, *next;

	llist_for_each_entry_safe(sa, next, list, free) {
		mobx_sa_free(sa);
		cond_resched();
	}
}

static DECLARE_WORK(mobx_sa_free_work, mobx_sa_free_work_fn);

static void mobx_sa_free_rcu(struct rcu_head *rcu)
{
	struct mobx_sa *sa = container_of(rcu, struct mobx_sa, rcu);

	if (llist_add(&sa->free, &mobx_sa_free_list))
		schedule_work(&mobx_sa_free_work);
}

/*
 * Give a reference back. Readers may have found the SA before it left the
 * tables. Context: any.
 */
void mobx_sa_put(struct mobx_sa *sa)
{
	if (refcount_dec_and_test(&sa->ref))
		call_rcu(&sa->rcu, mobx_sa_free_rcu);
}

/*
 * Wait until all SAs without references are freed. Context: module and namespace
 * exit.
 */
void mobx_sa_flush_free(void)
{
	rcu_barrier();
	flush_work(&mobx_sa_free_work);
}

static int mobx_sa_spec_check(const struct mobx_sa_spec *spec,
			      struct netlink_ext_ack *extack)
{
	const struct mobx_lifetime *life = &spec->life;

	if (spec->df &&
	    (spec->mode != MOBX_MODE_TUNNEL || spec->dir != MOBX_DIR_OUT)) {
		NL_SET_ERR_MSG(extack,
			       "df is for outbound SAs in tunnel mode only");
		return -EINVAL;
	}
	if (spec->seq > (spec->esn ? MOBX_ESN_LAST : U32_MAX)) {
		if (spec->esn)
			NL_SET_ERR_MSG(extack,
				       "the last extended sequence number is 0xffffffffffff0000");
		else
			NL_SET_ERR_MSG(extack,
				       "without esn a sequence number has 32 bits");
		return -ERANGE;
	}
	if (spec->esn && spec->dir == MOBX_DIR_IN && !spec->replay_window) {
		NL_SET_ERR_MSG(extack,
			       "esn needs a replay window, from which the upper half of a number is inferred");
		return -EINVAL;
	}
	if (spec->dir == MOBX_DIR_OUT && spec->replay_window) {
		NL_SET_ERR_MSG(extack,
			       "a replay window is for inbound SAs only");
		return -EINVAL;
	}
	if (spec->dir == MOBX_DIR_IN && spec->tfc) {
		NL_SET_ERR_MSG(extack, "tfc is for outbound SAs only");
		return -EINVAL;
	}
	if ((life->hard_seconds && life->soft_seconds > life->hard_seconds) ||
	    (life->hard_bytes && life->soft_bytes > life->hard_bytes) ||
	    (life->hard_packets && life->soft_packets > life->hard_packets)) {
		NL_SET_ERR_MSG(extack,
			       "a soft limit is beyond its hard limit");
		return -EINVAL;
	}
	return 0;
}

/* Keys, transform and replay window. */
static int mobx_sa_set_keys(struct mobx_sa *sa, const struct mobx_sa_spec *spec,
			    struct netlink_ext_ack *extack)
{
	sa->enc_key_len = spec->enc_key_len;
	sa->auth_key_len = spec->auth_key_len;
	sa->keys = (u8 *)&sa->sels[sa->n_sels];
	if (sa->enc_key_len)
		memcpy(sa->keys, spec->enc_key, sa->enc_key_len);
	if (sa->auth_key_len)
		memcpy(sa->keys + sa->enc_key_len, spec->auth_key,
		       sa->auth_key_len);
	sa->tfm = mobx_alg_alloc(sa->alg, spec->esn, spec->enc_key, spec->enc_key_len,
				 spec->auth_key, spec->auth_key_len, extack);
	if (IS_ERR(sa->tfm)) {
		int err = PTR_ERR(sa->tfm);

		sa->tfm = NULL;
		return err;
	}
	sa->direct = mobx_alg_direct(sa->tfm);
	sa->pair = mobx_pair_alloc(sa->alg, sa->tfm, spec->enc_key,
				   spec->enc_key_len, spec->auth_key,
				   spec->auth_key_len);
	sa->replay_window = spec->replay_window;
	if (!spec->replay_window)
		return 0;
	sa->replay = mobx_replay_alloc(spec->replay_window);
	if (!sa->replay)
		return -ENOMEM;
	if (spec->seq)
		mobx_replay_begin(sa->replay, spec->seq);
	return 0;
}

/* Octets that an SA takes with its selectors and its keys. */
static size_t mobx_sa_size(const struct mobx_sa_spec *spec)
{
	/* What sizeof() has beyond the last field is room for selectors. */
	return max(sizeof(struct mobx_sa),
		   offsetof(struct mobx_sa, sels) +
		   spec->n_sels * sizeof(*spec->sels) +
		   spec->enc_key_len + spec->auth_key_len);
}

/**
 * mobx_sa_alloc - make an SA that is in no table yet
 * @spec: what it is to be; lengths are within their limits
 * @extack: says why not
 *
 * Context: process, without mobx_net.lock: the crypto API may load modules.
 * Return: the SA with one reference, or an ERR_PTR
 */
struct mobx_sa *mobx_sa_alloc(const struct mobx_sa_spec *spec,
			      struct netlink_ext_ack *extack)
{
	const struct mobx_alg *alg;
	struct mobx_sa *sa;
	int err;

	err = mobx_sa_spec_check(spec, extack);
	if (err)
		return ERR_PTR(err);
	alg = mobx_alg_find(spec->enc, spec->auth, extack);
	if (!alg)
		return ERR_PTR(-EOPNOTSUPP);
	err = mobx_alg_check_keys(alg, spec->enc_key_len, spec->auth_key_len,
				  extack);
	if (err)
		return ERR_PTR(err);
	if (mobx_alg_counter_mode(alg) && !spec->managed && !spec->force) {
		NL_SET_ERR_MSG(extack,
			       "a counter-mode cipher with a manual key breaks when the key is used twice (RFC 8221): say force to take it all the same");
		return ERR_PTR(-EINVAL);
	}
	sa = kzalloc(mobx_sa_size(spec), GFP_KERNEL);
	if (!sa)
		goto no_memory;
	refcount_set(&sa->ref, 1);
	INIT_LIST_HEAD(&sa->inner);
	sa->spi = spec->spi;
	sa->dir = spec->dir;
	sa->mode = spec->mode;
	sa->df = spec->df;
	sa->alg = alg;
	sa->iv_base = get_random_u64();
	sa->seq_last = spec->esn ? MOBX_ESN_LAST : U32_MAX;
	sa->flags = (spec->managed ? BIT(MOBX_SA_MANAGED) : 0) |
		    (spec->esn ? BIT(MOBX_SA_ESN) : 0);
	sa->life = spec->life;
	sa->tfc = spec->tfc;
	sa->n_sels = spec->n_sels;
	memcpy(sa->sels, spec->sels, spec->n_sels * sizeof(*sa->sels));
	if (sa->dir == MOBX_DIR_OUT)
		atomic64_set(&sa->seq, spec->seq);
	mobx_sa_set_limits(sa);
	err = mobx_sa_set_keys(sa, spec, extack);
	if (!err)
		return sa;
	mobx_sa_free(sa);
	if (err != -ENOMEM)
		return ERR_PTR(err);
no_memory:
	NL_SET_ERR_MSG(extack, "no memory for the SA");
	return ERR_PTR(-ENOMEM);
}

static struct rhltable *mobx_sa_table(struct mobx_net *mnet,
				      const struct mobx_sa *sa)
{
	return sa->dir == MOBX_DIR_IN ? &mnet->sa_in : &mnet->sa_out;
}

/**
 * mobx_sa_insert - give an SA to a peer
 * @peer: peer
 * @sa: from mobx_sa_alloc(); its reference goes to the tables on success
 * @extack: says why not
 *
 * An outbound SA is used from here on, being the newest.
 *
 * Context: process, under mobx_net.lock.
 * Return: 0, -EEXIST, -EADDRINUSE, -ENOMEM, or what mobx_net_protect() returns
 */
int mobx_sa_insert(struct mobx_peer *peer, struct mobx_sa *sa,
		   struct netlink_ext_ack *extack)
{
	struct mobx_net *mnet = peer->mnet;
	int err;

	lockdep_assert_held(&mnet->lock);
	/* Inbound SPIs are ours to choose, outbound ones only that peer's. */
	if (mobx_sa_find(mnet, sa->dir, sa->spi,
			 sa->dir == MOBX_DIR_OUT ? peer->id : 0)) {
		NL_SET_ERR_MSG(extack,
			       "there is an SA with this SPI already: inbound ones are unique, outbound ones for each peer");
		return -EEXIST;
	}
	if (sa->dir == MOBX_DIR_OUT && sa->mode == MOBX_MODE_TRANSPORT &&
	    mobx_encap_ambiguous(peer, sa)) {
		NL_SET_ERR_MSG(extack,
			       "another host behind the same NAT has an SA with the same selectors: narrow them to ports, or use tunnel mode");
		return -EADDRINUSE;
	}
	err = mobx_net_protect(mnet, extack);
	if (err)
		return err;
	refcount_inc(&peer->ref);
	sa->peer = peer;
	err = mobx_inner_add(mnet, sa);
	if (!err) {
		err = rhltable_insert(mobx_sa_table(mnet, sa), &sa->node,
				      mobx_sa_params);
		if (err)
			mobx_inner_remove(mnet, sa);
	}
	if (err) {
		NL_SET_ERR_MSG(extack, "no memory for the SA in its table");
		mobx_net_unprotect(mnet);
		return err;
	}
	list_add_rcu(&sa->list, sa->dir == MOBX_DIR_IN ? &peer->sas_in :
							 &peer->sas_out);
	peer->n_sas++;
	mnet->seq++;
	mobx_sa_timer_start(mnet, sa);
	mobx_hold_retry(mnet);
	return 0;
}

/**
 * mobx_sa_remove - take an SA out of use
 * @sa: SA; gone already is fine
 *
 * Context: process, under mobx_net.lock.
 */
void mobx_sa_remove(struct mobx_sa *sa)
{
	struct mobx_net *mnet = sa->peer->mnet;

	lockdep_assert_held(&mnet->lock);
	if (test_and_set_bit(MOBX_SA_REMOVED, &sa->flags))
		return;
	set_bit(MOBX_SA_DEAD, &sa->flags);
	list_del_rcu(&sa->list);
	mobx_inner_remove(mnet, sa);
	rhltable_remove(mobx_sa_table(mnet, sa), &sa->node, mobx_sa_params);
	if (!RB_EMPTY_NODE(&sa->timer.node))
		timerqueue_del(&mnet->timers, &sa->timer);
	sa->peer->n_sas--;
	mnet->seq++;
	mobx_net_unprotect(mnet);
	mobx_sa_put(sa);
}

/* Remove all SAs of a peer. Context: process, under mobx_net.lock. */
void mobx_sa_remove_all(struct mobx_peer *peer)
{
	struct mobx_sa *sa, *next;

	list_for_each_entry_safe(sa, next, &peer->sas_out, list)
		mobx_sa_remove(sa);
	list_for_each_entry_safe(sa, next, &peer->sas_in, list)
		mobx_sa_remove(sa);
}

/* Out, the last number sent; in, the highest accepted (0 without a window). */
u64 mobx_sa_seq(const struct mobx_sa *sa)
{
	if (sa->dir == MOBX_DIR_OUT)
		return min_t(u64, atomic64_read(&sa->seq), sa->seq_last);
	return sa->replay ? mobx_replay_top(sa->replay) : 0;
}

/* Context: process, at the birth of a namespace. Return: 0 or -ENOMEM. */
int mobx_sa_tables_init(struct mobx_net *mnet)
{
	int err;

	timerqueue_init_head(&mnet->timers);
	init_llist_head(&mnet->expired);
	err = rhltable_init(&mnet->sa_in, &mobx_sa_params);
	if (err)
		return err;
	err = rhltable_init(&mnet->sa_out, &mobx_sa_params);
	if (err)
		goto err_in;
	err = mobx_inner_init(mnet);
	if (err)
		goto err_out;
	return 0;

err_out:
	rhltable_destroy(&mnet->sa_out);
err_in:
	rhltable_destroy(&mnet->sa_in);
	return err;
}

/* Context: process, when all SAs have been removed. */
void mobx_sa_tables_exit(struct mobx_net *mnet)
{
	mobx_inner_exit(mnet);
	rhltable_destroy(&mnet->sa_in);
	rhltable_destroy(&mnet->sa_out);
}
