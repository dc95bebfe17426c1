// SPDX-License-Identifier: GPL-2.0
/*
 * Authentic packets from a source outside the binding. After a hard move the
 * first of them overtake the message that announces the new address; they are
 * kept a moment, and delivered if a rebind admits their source meanwhile. They
 * never change the binding themselves.
 */
#include <linux/ip.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <net/dst.h>

#include "hold.h"
#include "input.h"
#include "netns.h"
#include "peer.h"
#include "sa.h"

#define MOBX_KEEP_TIME		(HZ / 10)
#define MOBX_KEEP_PACKETS	128
#define MOBX_KEEP_BYTES		(512 * 1024)

/**
 * struct mobx_kept - one packet that is kept
 * @list: in mobx_hold.keep
 * @skb: at its payload, its IP header in front, without a route
 * @sa: that has authenticated it; a reference
 * @until: jiffies when it is dropped
 * @bytes: memory that it takes
 * @family: AF_INET or AF_INET6
 */
struct mobx_kept {
	struct list_head	list;
	struct sk_buff		*skb;
	struct mobx_sa		*sa;
	unsigned long		until;
	unsigned int		bytes;
	u16			family;
};

static const struct mobx_bound *mobx_kept_bound(const struct mobx_kept *kept)
{
	const struct mobx_binding *b = rcu_dereference(kept->sa->peer->binding);

	return b ? mobx_binding_find(b, kept->family,
				     mobx_packet_daddr(kept->skb, kept->family),
				     mobx_packet_saddr(kept->skb, kept->family)) :
		   NULL;
}

static void mobx_kept_drop(struct mobx_net *mnet, struct mobx_kept *kept,
			   enum mobx_stat why)
{
	mobx_stat_inc(mnet, why);
	dev_put(kept->skb->dev);
	kfree_skb(kept->skb);
	mobx_sa_put(kept->sa);
	kfree(kept);
}

/* Context: hold->lock. */
static void mobx_kept_unlink(struct mobx_hold *hold, struct mobx_kept *kept)
{
	list_del(&kept->list);
	hold->n_keep--;
	hold->keep_bytes -= kept->bytes;
}

/**
 * mobx_keep_packet - keep an authentic packet whose source is not known
 * @mnet: namespace
 * @sa: that has authenticated it
 * @skb: at its payload, its IP header in front; consumed
 * @family: of that
 *
 * Context: RCU section, bottom halves off.
 */
void mobx_keep_packet(struct mobx_net *mnet, struct mobx_sa *sa,
		      struct sk_buff *skb, u16 family)
{
	struct mobx_hold *hold = mnet->hold;
	const struct mobx_bound *e;
	struct mobx_kept *kept;
	bool room;

	kept = kzalloc(sizeof(*kept), GFP_ATOMIC);
	if (!kept || !mobx_sa_tryget(sa)) {
		mobx_stat_inc(mnet, MOBX_STAT_IN_NO_MEMORY);
		kfree(kept);
		kfree_skb(skb);
		return;
	}
	skb_dst_drop(skb);
	dev_hold(skb->dev);
	kept->skb = skb;
	kept->sa = sa;
	kept->until = jiffies + MOBX_KEEP_TIME;
	kept->bytes = skb->truesize;
	kept->family = family;

	spin_lock_bh(&hold->lock);
	room = !hold->closing && hold->n_keep < MOBX_KEEP_PACKETS &&
	       hold->keep_bytes + kept->bytes <= MOBX_KEEP_BYTES;
	if (room) {
		list_add_tail(&kept->list, &hold->keep);
		hold->n_keep++;
		hold->keep_bytes += kept->bytes;
		/* Only the first, or a stream of them would put it off. */
		if (hold->n_keep == 1)
			mod_delayed_work(system_wq, &hold->work, HZ / 20);
		/* A rebind may have come since the binding was looked at. */
		e = mobx_kept_bound(kept);
		if (e && mobx_bound_accepts(e))
			schedule_work(&hold->retry);
	}
	spin_unlock_bh(&hold->lock);
	if (room)
		mobx_stat_inc(mnet, MOBX_STAT_IN_KEPT);
	else
		mobx_kept_drop(mnet, kept, MOBX_STAT_IN_UNKNOWN_SOURCE);
}

/**
 * mobx_keep_retry - deliver what a rebind has admitted
 * @hold: of a namespace
 *
 * Context: process.
 */
void mobx_keep_retry(struct mobx_hold *hold)
{
	struct mobx_net *mnet = hold->mnet;
	struct mobx_kept *kept, *next;
	const struct mobx_bound *e;
	struct net_device *dev;
	LIST_HEAD(admitted);

	local_bh_disable();
	rcu_read_lock();
	spin_lock(&hold->lock);
	list_for_each_entry_safe(kept, next, &hold->keep, list) {
		if (!mobx_kept_bound(kept))
			continue;
		mobx_kept_unlink(hold, kept);
		list_add_tail(&kept->list, &admitted);
	}
	spin_unlock(&hold->lock);

	list_for_each_entry_safe(kept, next, &admitted, list) {
		e = mobx_kept_bound(kept);
		if (!e || !mobx_bound_accepts(e) || !mobx_sa_usable(kept->sa)) {
			mobx_kept_drop(mnet, kept, MOBX_STAT_IN_REMOVED_PATH);
			continue;
		}
		dev = kept->skb->dev;
		mobx_input_late(mnet, kept->sa, e, kept->skb,
				kept->family);
		dev_put(dev);
		mobx_sa_put(kept->sa);
		kfree(kept);
	}
	rcu_read_unlock();
	local_bh_enable();
}

static void mobx_keep_drop_until(struct mobx_hold *hold, bool everything)
{
	struct mobx_kept *kept, *next;
	LIST_HEAD(gone);

	spin_lock_bh(&hold->lock);
	list_for_each_entry_safe(kept, next, &hold->keep, list) {
		if (!everything && time_before(jiffies, kept->until))
			break;
		mobx_kept_unlink(hold, kept);
		list_add_tail(&kept->list, &gone);
	}
	spin_unlock_bh(&hold->lock);
	list_for_each_entry_safe(kept, next, &gone, list)
		mobx_kept_drop(hold->mnet, kept, MOBX_STAT_IN_UNKNOWN_SOURCE);
}

/**
 * mobx_keep_expire - drop what was kept for long enough
 * @hold: of a namespace
 *
 * Context: process.
 * Return: whether there is reason to come again
 */
bool mobx_keep_expire(struct mobx_hold *hold)
{
	mobx_keep_drop_until(hold, false);
	return READ_ONCE(hold->n_keep);
}

/**
 * mobx_keep_drop_all - the namespace ends
 * @hold: of it; nothing is kept any more
 *
 * Context: process.
 */
void mobx_keep_drop_all(struct mobx_hold *hold)
{
	mobx_keep_drop_until(hold, true);
}
