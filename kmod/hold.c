// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that must be protected while there is no SA or no path to do it
 * with: a few of each pair and policy wait, as they would for ARP, while the
 * key management daemon is told (RFC 4301, section 4.4.1; RFC 4303 leaves the
 * rest to us). The oldest gives way to the newest; after a while they are
 * dropped; they never leave in clear.
 */
#include <linux/inetdevice.h>
#include <linux/jhash.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/slab.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/l3mdev.h>
#include <net/route.h>

#include "device.h"
#include "event.h"
#include "hold.h"
#include "netns.h"
#include "output.h"
#include "policy.h"
#include "route.h"

/* Enough for an IKE_SA_INIT and an IKE_AUTH, one of them lost. */
#define MOBX_HOLD_TIME		(3 * HZ)
#define MOBX_HOLD_PACKETS	16
#define MOBX_HOLD_BYTES		(1024 * 1024)
#define MOBX_HOLD_QUEUES	256
#define MOBX_ACQUIRE_TIME	HZ

/**
 * struct mobx_held - one packet that waits
 * @list: in mobx_hold_queue.packets
 * @skb: packet, with a reference to its route
 * @okfn: where it goes on if it may leave in clear after all; NULL for what
 *	came to the device
 * @until: jiffies when it is dropped
 * @bytes: memory that it takes
 * @cookie: with which dst_check() tells whether its route is still right
 * @vrf: where its route was looked up, by index, which the route forgets when its
 *	device goes; 0 for outside of any
 * @family: AF_INET or AF_INET6
 * @no_credit: it waits for its path to be validated
 */
struct mobx_held {
	struct list_head	list;
	struct sk_buff		*skb;
	mobx_okfn_t		*okfn;
	unsigned long		until;
	unsigned int		bytes;
	u32			cookie;
	int			vrf;
	u16			family;
	bool			no_credit;
};

/**
 * struct mobx_hold_key - what packets that wait together have in common
 * @local: source
 * @remote: destination
 * @order: of the policy, or U64_MAX for negotiated selectors
 * @values: protocol and ports, as far as the policy wants an SA for each
 * @family: of both, as a whole word so that there is no padding
 */
struct mobx_hold_key {
	union mobx_addr	local;
	union mobx_addr	remote;
	u64		order;
	u64		values;
	u64		family;
};

/**
 * struct mobx_hold_queue - packets of one pair that wait because of one policy
 * @node: in mobx_hold.queues
 * @key: pair and policy
 * @packets: of struct mobx_held, oldest first
 * @n: length of @packets
 * @next_acquire: jiffies before which no further acquire is due
 */
struct mobx_hold_queue {
	struct hlist_node	node;
	struct mobx_hold_key	key;
	struct list_head	packets;
	unsigned int		n;
	unsigned long		next_acquire;
};

static void mobx_hold_key(struct mobx_hold_key *key,
			  const struct mobx_choice *choice)
{
	key->local = choice->flow.local;
	key->remote = choice->flow.remote;
	key->order = choice->policy ? choice->policy->order : U64_MAX;
	key->family = choice->flow.family;
	key->values = 0;
	if (!choice->policy)
		return;
	if (choice->policy->pfp & MOBX_PFP_PROTO)
		key->values |= (u64)choice->flow.proto << 32;
	if (choice->policy->pfp & MOBX_PFP_LOCAL_PORT)
		key->values |= (u32)choice->flow.local_port << 16;
	if (choice->policy->pfp & MOBX_PFP_REMOTE_PORT)
		key->values |= choice->flow.remote_port;
}

static void mobx_held_drop(struct mobx_net *mnet, struct mobx_held *held)
{
	mobx_stat_inc(mnet, held->no_credit ? MOBX_STAT_OUT_NO_CREDIT :
					      MOBX_STAT_OUT_HOLD_DROPPED);
	kfree_skb(held->skb);
	kfree(held);
}

/* Context: hold->lock. */
static void mobx_held_unlink(struct mobx_hold *hold,
			     struct mobx_hold_queue *queue,
			     struct mobx_held *held)
{
	list_del(&held->list);
	queue->n--;
	hold->bytes -= held->bytes;
	hold->n_no_credit -= held->no_credit;
}

/* Context: hold->lock. Return: the queue, a new one if need be, or NULL. */
static struct mobx_hold_queue *
mobx_hold_queue_get(struct mobx_hold *hold, const struct mobx_hold_key *key)
{
	u32 hash = jhash2((const u32 *)key, sizeof(*key) / sizeof(u32), 0);
	struct mobx_hold_queue *queue;

	hash_for_each_possible(hold->queues, queue, node, hash)
		if (!memcmp(&queue->key, key, sizeof(*key)))
			return queue;
	if (hold->n_queues >= MOBX_HOLD_QUEUES)
		return NULL;
	queue = kzalloc(sizeof(*queue), GFP_ATOMIC);
	if (!queue)
		return NULL;
	queue->key = *key;
	INIT_LIST_HEAD(&queue->packets);
	queue->next_acquire = jiffies;
	hash_add(hold->queues, &queue->node, hash);
	hold->n_queues++;
	return queue;
}

/*
 * Put a packet into its queue. Returns it, or another that has to make room,
 * to be dropped outside the lock; or NULL. @acquire says whether the daemon is
 * to be told.
 */
static struct mobx_held *mobx_hold_enqueue(struct mobx_hold *hold,
					   struct mobx_held *held,
					   const struct mobx_choice *choice,
					   bool *acquire)
{
	struct mobx_hold_queue *queue;
	struct mobx_held *out = NULL;
	struct mobx_hold_key key;

	lockdep_assert_held(&hold->lock);
	*acquire = false;
	if (hold->closing)
		return held;
	mobx_hold_key(&key, choice);
	queue = mobx_hold_queue_get(hold, &key);
	if (!queue)
		return held;
	if (time_after_eq(jiffies, queue->next_acquire)) {
		queue->next_acquire = jiffies + MOBX_ACQUIRE_TIME;
		*acquire = true;
	}
	if (queue->n >= MOBX_HOLD_PACKETS ||
	    hold->bytes + held->bytes > MOBX_HOLD_BYTES) {
		out = list_first_entry_or_null(&queue->packets,
					       struct mobx_held, list);
		if (!out || hold->bytes - out->bytes + held->bytes >
			    MOBX_HOLD_BYTES)
			return held;
		mobx_held_unlink(hold, queue, out);
	}
	list_add_tail(&held->list, &queue->packets);
	queue->n++;
	hold->bytes += held->bytes;
	hold->n_no_credit += held->no_credit;
	/* Also for one that comes back: it was away when somebody last looked. */
	schedule_delayed_work(&hold->work, HZ / 4);
	/*
	 * What it waits for may have come after it was decided and before it
	 * was queued, and then nobody else would look at it.
	 */
	if (choice->epoch != hold->epoch)
		schedule_work(&hold->retry);
	return out;
}

/*
 * Routes may lead out of one VRF by a device of another, or of none, and SAs
 * know no VRF: what either side owns is the host's.
 */
static bool mobx_hold_is_own(struct net *net, const struct sk_buff *skb,
			     u16 family)
{
	const struct net_device *dev = skb_dst(skb)->dev, *bound = NULL;

	if (family == AF_INET)
		return inet_addr_type_dev_table(net, dev,
						ip_hdr(skb)->saddr) == RTN_LOCAL ||
		       __ip_dev_find(net, ip_hdr(skb)->saddr, false);
	if (skb->sk)
		bound = dev_get_by_index_rcu(net,
					     READ_ONCE(skb->sk->sk_bound_dev_if));
	return mobx_addr_is_own6(net, &ipv6_hdr(skb)->saddr, dev) ||
	       mobx_addr_is_own6(net, &ipv6_hdr(skb)->saddr, bound);
}

/* Return: true, for it is gone. */
static bool mobx_hold_refuse(struct mobx_net *mnet, struct sk_buff *skb,
			     enum mobx_stat why)
{
	mobx_stat_inc(mnet, why);
	kfree_skb(skb);
	return true;
}

/**
 * mobx_hold_packet - have a packet wait
 * @mnet: namespace
 * @skb: packet at its IP header, a super-packet possibly; consumed
 * @okfn: of the hook that it came to; NULL if it came to the device
 * @choice: from mobx_output_decide() or, there, mobx_device_decide(), which said
 *	MOBX_WAIT
 *
 * Not for a source that the host does not own (any longer): no SA will ever
 * take it, unless it is another host's and a tunnel's.
 *
 * Context: the RCU section of @choice.
 */
void mobx_hold_packet(struct mobx_net *mnet, struct sk_buff *skb,
		      mobx_okfn_t *okfn,
		      const struct mobx_choice *choice)
{
	struct mobx_hold *hold = mnet->hold;
	struct mobx_held *held, *out;
	bool acquire;

	if (!(choice->forwarded && choice->mode == MOBX_MODE_TUNNEL) &&
	    !mobx_hold_is_own(mnet->net, skb, choice->flow.family)) {
		mobx_hold_refuse(mnet, skb, MOBX_STAT_OUT_NO_SOURCE);
		return;
	}
	held = kzalloc(sizeof(*held), GFP_ATOMIC);
	if (!held || !skb_dst_force(skb)) {
		kfree(held);
		mobx_hold_refuse(mnet, skb, MOBX_STAT_OUT_NO_MEMORY);
		return;
	}
	held->skb = skb;
	held->okfn = okfn;
	held->until = jiffies + MOBX_HOLD_TIME;
	held->bytes = skb->truesize;
	held->family = choice->flow.family;
	held->cookie = mobx_route_cookie(skb_dst(skb), held->family);
	held->vrf = l3mdev_master_ifindex_rcu(skb_dst(skb)->dev);
	held->no_credit = choice->no_credit;

	mobx_stat_inc(mnet, MOBX_STAT_OUT_HELD);
	spin_lock_bh(&hold->lock);
	out = mobx_hold_enqueue(hold, held, choice, &acquire);
	spin_unlock_bh(&hold->lock);
	if (out)
		mobx_held_drop(mnet, out);
	if (acquire)
		mobx_event_acquire(mnet, choice->policy, choice->peer,
				   &choice->flow);
}

/*
 * Routes may have changed meanwhile. One whose device has gone does not know its
 * VRF any more, and what no socket binds to that would be routed outside of it.
 * Return: whether the packet has a route, and where it had one.
 */
static bool mobx_hold_reroute(struct net *net, struct mobx_held *held)
{
	struct sk_buff *skb = held->skb;

	if (!dst_check(skb_dst(skb), held->cookie)) {
		if (held->family == AF_INET ?
		    ip_route_me_harder(net, skb->sk, skb, RTN_UNSPEC) :
		    ip6_route_me_harder(net, skb->sk, skb))
			return false;
		held->cookie = mobx_route_cookie(skb_dst(skb), held->family);
	}
	return l3mdev_master_ifindex_rcu(skb_dst(skb)->dev) == held->vrf;
}

/* Return: whether the packet is gone; false when it must go on waiting. */
static bool mobx_hold_again(struct mobx_net *mnet, struct mobx_held *held,
			    struct mobx_choice *choice)
{
	struct sk_buff *skb = held->skb;
	enum mobx_verdict what;
	bool routed;

	/* The device may have gone; only the route is referenced. */
	skb->dev = NULL;
	/* First, for whose the source is and what fits the path are asked of it. */
	routed = mobx_hold_reroute(mnet->net, held);
	if (!mobx_is_forwarded(skb) &&
	    !mobx_hold_is_own(mnet->net, skb, held->family))
		return mobx_hold_refuse(mnet, skb, MOBX_STAT_OUT_NO_SOURCE);
	what = held->okfn ?
	       mobx_output_decide(mnet, skb, held->family, choice) :
	       mobx_device_decide(mnet, skb, held->family, choice);
	switch (what) {
	case MOBX_WAIT:
		held->no_credit = choice->no_credit;
		return false;
	case MOBX_DROP:
		kfree_skb(skb);
		return true;
	case MOBX_PASS:
		/* Its policy or SA has gone: that does not free it for clear. */
		if (!choice->policy)
			return mobx_hold_refuse(mnet, skb,
						MOBX_STAT_OUT_HOLD_DROPPED);
		break;
	case MOBX_TAKE:
		break;
	}
	if (!routed)
		return mobx_hold_refuse(mnet, skb, MOBX_STAT_OUT_HOLD_DROPPED);
	skb->dev = skb_dst(skb)->dev;
	if (choice->sa)
		mobx_output_take(mnet, skb, choice);
	else
		held->okfn(mnet->net, skb->sk, skb);
	return true;
}

/**
 * mobx_hold_credit - a path has more credit than before
 * @hold: of a namespace, which may be ending
 *
 * Context: any, bottom halves off.
 */
void mobx_hold_credit(struct mobx_hold *hold)
{
	spin_lock(&hold->lock);
	/* One that was refused and is not queued yet is looked at again, too. */
	smp_store_release(&hold->epoch, hold->epoch + 1);
	if (hold->n_no_credit && !hold->closing)
		schedule_work(&hold->retry);
	spin_unlock(&hold->lock);
}

/**
 * mobx_hold_retry_out - look at all packets that wait to go out once more
 * @hold: of a namespace
 *
 * Context: process.
 */
void mobx_hold_retry_out(struct mobx_hold *hold)
{
	struct mobx_net *mnet = hold->mnet;
	struct mobx_held *held, *next, *out;
	struct mobx_hold_queue *queue;
	struct mobx_choice choice;
	bool acquire;
	LIST_HEAD(all);
	int bucket;

	spin_lock_bh(&hold->lock);
	/* Pairs with the look at it in mobx_output_decide(). */
	smp_store_release(&hold->epoch, hold->epoch + 1);
	hash_for_each(hold->queues, bucket, queue, node) {
		list_splice_tail_init(&queue->packets, &all);
		queue->n = 0;
	}
	hold->bytes = 0;
	hold->n_no_credit = 0;
	spin_unlock_bh(&hold->lock);

	list_for_each_entry_safe(held, next, &all, list) {
		local_bh_disable();
		rcu_read_lock();
		list_del(&held->list);
		if (mobx_hold_again(mnet, held, &choice)) {
			kfree(held);
		} else {
			spin_lock(&hold->lock);
			out = mobx_hold_enqueue(hold, held, &choice, &acquire);
			spin_unlock(&hold->lock);
			if (acquire)
				mobx_event_acquire(mnet, choice.policy,
						   choice.peer, &choice.flow);
			if (out)
				mobx_held_drop(mnet, out);
		}
		rcu_read_unlock();
		local_bh_enable();
	}
}

/* Take what has waited until @now, and queues that have served, off @hold. */
static void mobx_hold_collect(struct mobx_hold *hold, unsigned long now,
			      bool everything, struct list_head *gone)
{
	struct mobx_held *held, *next;
	struct mobx_hold_queue *queue;
	struct hlist_node *tmp;
	int bucket;

	lockdep_assert_held(&hold->lock);
	hash_for_each_safe(hold->queues, bucket, tmp, queue, node) {
		list_for_each_entry_safe(held, next, &queue->packets, list) {
			if (!everything && time_before(now, held->until))
				continue;
			mobx_held_unlink(hold, queue, held);
			list_add_tail(&held->list, gone);
		}
		if (queue->n || (!everything &&
				 time_before(now, queue->next_acquire)))
			continue;
		hash_del(&queue->node);
		hold->n_queues--;
		kfree(queue);
	}
}

/**
 * mobx_hold_expire - drop what has waited too long
 * @hold: of a namespace
 *
 * Context: process.
 * Return: whether there is reason to come again
 */
bool mobx_hold_expire(struct mobx_hold *hold)
{
	struct mobx_held *held, *next;
	LIST_HEAD(gone);
	bool more;

	spin_lock_bh(&hold->lock);
	mobx_hold_collect(hold, jiffies, false, &gone);
	more = hold->n_queues;
	spin_unlock_bh(&hold->lock);
	list_for_each_entry_safe(held, next, &gone, list)
		mobx_held_drop(hold->mnet, held);
	return more;
}

/**
 * mobx_hold_drop_all - the namespace ends
 * @hold: of it; nothing is queued any more
 *
 * Context: process.
 */
void mobx_hold_drop_all(struct mobx_hold *hold)
{
	struct mobx_held *held, *next;
	LIST_HEAD(gone);

	spin_lock_bh(&hold->lock);
	mobx_hold_collect(hold, jiffies, true, &gone);
	spin_unlock_bh(&hold->lock);
	list_for_each_entry_safe(held, next, &gone, list)
		mobx_held_drop(hold->mnet, held);
}
