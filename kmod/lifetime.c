// SPDX-License-Identifier: GPL-2.0
/*
 * Lifetimes of SAs in time, octets and packets (RFC 4301, section 4.4.2.1): a soft
 * limit is told once, a hard one ends the SA.
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/llist.h>
#include <linux/math64.h>
#include <linux/timerqueue.h>
#include <linux/workqueue.h>

#include "event.h"
#include "netns.h"
#include "peer.h"
#include "sa.h"

static u64 mobx_deadline(u64 start, u64 seconds)
{
	if (!seconds || seconds > div_u64(S64_MAX - start, NSEC_PER_SEC))
		return U64_MAX;
	return start + seconds * NSEC_PER_SEC;
}

/* The nearer of a soft and a hard limit, 0 being none. */
static u64 mobx_first_limit(u64 soft, u64 hard)
{
	return min(soft ?: U64_MAX, hard ?: U64_MAX);
}

/**
 * mobx_sa_set_limits - the clock of an SA begins
 * @sa: SA that nobody else knows yet; its lifetime is checked
 *
 * Context: any.
 */
void mobx_sa_set_limits(struct mobx_sa *sa)
{
	const struct mobx_lifetime *life = &sa->life;

	sa->added = ktime_get_boottime_ns();
	sa->hard_until = mobx_deadline(sa->added, life->hard_seconds);
	sa->limit_packets = mobx_first_limit(life->soft_packets,
					     life->hard_packets);
	sa->limit_bytes = mobx_first_limit(life->soft_bytes, life->hard_bytes);
	timerqueue_init(&sa->timer);
	sa->timer.expires = min_t(u64, S64_MAX,
				  min(mobx_deadline(sa->added,
						    life->soft_seconds),
				      sa->hard_until));
}

static void mobx_timer_kick(struct mobx_net *mnet)
{
	struct timerqueue_node *first = timerqueue_getnext(&mnet->timers);
	u64 now = ktime_get_boottime_ns();
	u64 delay = 0;

	if (!first)
		return;
	/* The work runs on a clock that stands still in suspend. */
	if ((u64)first->expires > now)
		delay = min_t(u64, first->expires - now, NSEC_PER_SEC * 3600);
	mod_delayed_work(system_wq, &mnet->timer_work,
			 nsecs_to_jiffies(delay) + 1);
}

/**
 * mobx_sa_timer_start - an SA is in use from here on
 * @mnet: its namespace
 * @sa: SA with limits
 *
 * Context: process, under mobx_net.lock.
 */
void mobx_sa_timer_start(struct mobx_net *mnet, struct mobx_sa *sa)
{
	if (sa->timer.expires == S64_MAX)
		return;
	timerqueue_add(&mnet->timers, &sa->timer);
	mobx_timer_kick(mnet);
}

/**
 * mobx_sa_expire - an SA has met a limit
 * @sa: SA
 * @which: soft tells of it, hard ends the SA too; each once
 *
 * Context: any; RCU section, or a reference held.
 */
void mobx_sa_expire(struct mobx_sa *sa, enum mobx_expire which)
{
	struct mobx_net *mnet = sa->peer->mnet;

	if (which == MOBX_EXPIRE_SOFT) {
		if (!test_and_set_bit(MOBX_SA_SOFT, &sa->flags))
			mobx_event_expire(sa, which);
		return;
	}
	if (test_and_set_bit(MOBX_SA_DEAD, &sa->flags))
		return;
	mobx_event_expire(sa, which);
	if (!mobx_sa_tryget(sa))
		return;
	llist_add(&sa->expired, &mnet->expired);
	schedule_work(&mnet->expire_work);
}

/* Remove SAs that met a hard limit. Context: process, under mobx_net.lock. */
void mobx_sa_expire_remove(struct mobx_net *mnet)
{
	struct mobx_sa *sa, *next;

	llist_for_each_entry_safe(sa, next, llist_del_all(&mnet->expired),
				  expired) {
		mobx_sa_remove(sa);
		mobx_sa_put(sa);
	}
}

/* Expire what has run out of time. Context: process, under mobx_net.lock. */
void mobx_sa_expire_timers(struct mobx_net *mnet)
{
	u64 now = ktime_get_boottime_ns();
	struct timerqueue_node *node;

	while ((node = timerqueue_getnext(&mnet->timers)) &&
	       (u64)node->expires <= now) {
		struct mobx_sa *sa = container_of(node, struct mobx_sa, timer);

		timerqueue_del(&mnet->timers, node);
		if (sa->hard_until <= now) {
			mobx_sa_expire(sa, MOBX_EXPIRE_HARD);
			continue;
		}
		mobx_sa_expire(sa, MOBX_EXPIRE_SOFT);
		if (sa->hard_until == U64_MAX)
			continue;
		node->expires = sa->hard_until;
		timerqueue_add(&mnet->timers, node);
	}
	mobx_timer_kick(mnet);
}

/**
 * mobx_sa_limit - a packet has met a limit of its SA, soft or hard
 * @sa: SA
 * @packets: packets of the SA with this one
 * @bytes: their octets
 *
 * The packet that meets a hard limit exactly still passes, none after it.
 *
 * Context: any; RCU section, or a reference held.
 * Return: false when the packet is beyond a hard limit
 */
bool mobx_sa_limit(struct mobx_sa *sa, u64 packets, u64 bytes)
{
	const struct mobx_lifetime *life = &sa->life;
	u64 hard_packets = life->hard_packets ?: U64_MAX;
	u64 hard_bytes = life->hard_bytes ?: U64_MAX;

	if (packets >= (life->soft_packets ?: U64_MAX) ||
	    bytes >= (life->soft_bytes ?: U64_MAX)) {
		mobx_sa_expire(sa, MOBX_EXPIRE_SOFT);
		WRITE_ONCE(sa->limit_packets, hard_packets);
		WRITE_ONCE(sa->limit_bytes, hard_bytes);
	}
	if (packets >= hard_packets || bytes >= hard_bytes)
		mobx_sa_expire(sa, MOBX_EXPIRE_HARD);
	return packets <= hard_packets && bytes <= hard_bytes;
}
