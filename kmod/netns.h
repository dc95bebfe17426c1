/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_NETNS_H
#define MOBX_NETNS_H

#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rhashtable.h>
#include <linux/timerqueue.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <uapi/linux/mobx.h>

#include "addr.h"
#include "spd.h"

#define MOBX_STAT_COUNT		(MOBX_STAT_MAX + 1)
#define MOBX_IKE_SOCKETS	64

struct mobx_hold;
struct mobx_inner;
struct net_device;

/* Counters of one CPU, indexed by enum mobx_stat. */
struct mobx_stats {
	u64	n[MOBX_STAT_COUNT];
};

/**
 * struct mobx_net - all that mobx knows in one network namespace
 * @net: the namespace
 * @spd: policies; RCU, changed under @lock
 * @default_action: what becomes of packets that nothing matches, enum
 *	mobx_action, bypass or discard; READ_ONCE
 * @icmp: whether what is discarded on its way out causes an ICMP error;
 *	READ_ONCE
 * @n_ike: entries of @ike in use; READ_ONCE
 * @ike: cookies of registered IKE sockets, see ikesock.c; READ_ONCE each
 * @stats: counters, see mobx_stat_inc()
 * @hold: packets that wait for an SA or a path; belongs to hold.c
 * @addrs: address to peers, of struct mobx_addr_node; RCU
 * @inner: tunnels by inner addresses; belongs to inner.c
 * @device: the network device, or NULL; RCU, changed under RTNL
 * @sa_in: SPI to the inbound SA, at most one an SPI; RCU
 * @sa_out: SPI to outbound SAs, which other hosts chose; RCU
 * @lock: serialises every change of what is here, of peers, SAs and policies
 * @peers: peers by their id, changed under @lock
 * @peer_serial: serial of the youngest peer; under @lock
 * @uncovered: what becomes of SAs that no policy covers any more, enum
 *	mobx_uncovered; under @lock
 * @seq: counts the changes, for consistent dumps; under @lock
 * @protecting: peers, SAs, policies, the network device, and a default that
 *	discards; each holds a reference to the module, the first one brings the
 *	hooks; under @lock
 * @ike_next: where the next cookie goes; under @lock
 * @timers: SAs with a limit in time, by their next deadline on
 *	CLOCK_BOOTTIME; under @lock
 * @timer_work: meets the first of @timers
 * @expired: SAs that the data path found beyond a limit
 * @expire_work: tells about @expired and removes them
 * @list: in the list of all namespaces
 */
struct mobx_net {
	struct net		*net;
	struct mobx_spd		spd;
	u8			default_action;
	bool			icmp;
	u8			n_ike;
	u64			ike[MOBX_IKE_SOCKETS];
	struct mobx_stats __percpu *stats;
	struct mobx_hold	*hold;
	struct rhltable		addrs;
	struct mobx_inner	*inner;
	struct net_device __rcu	*device;
	struct rhltable		sa_in;
	struct rhltable		sa_out;

	/* Every change of what is here. */
	struct mutex		lock;
	struct xarray		peers;
	u64			peer_serial;
	u8			uncovered;
	u32			seq;
	u32			protecting;
	u32			ike_next;
	struct timerqueue_head	timers;
	struct delayed_work	timer_work;
	struct llist_head	expired;
	struct work_struct	expire_work;
	struct list_head	list;
};

extern unsigned int mobx_net_id;
extern bool mobx_hibernating;

static inline struct mobx_net *mobx_pernet(const struct net *net)
{
	return net_generic(net, mobx_net_id);
}

/* Any context; counters are exact, since each CPU has its own. */
static inline void mobx_stat_inc(struct mobx_net *mnet, enum mobx_stat which)
{
	this_cpu_inc(mnet->stats->n[which]);
}

static inline void mobx_stat_add(struct mobx_net *mnet, enum mobx_stat which,
				 u64 n)
{
	this_cpu_add(mnet->stats->n[which], n);
}

u64 mobx_stat_read(const struct mobx_net *mnet, enum mobx_stat which);

struct netlink_ext_ack;

int mobx_net_protect(struct mobx_net *mnet, struct netlink_ext_ack *extack);
void mobx_net_unprotect(struct mobx_net *mnet);
int mobx_net_default(struct mobx_net *mnet, u32 action,
		     struct netlink_ext_ack *extack);

int mobx_netns_init(void);
void mobx_netns_drain(void);
void mobx_netns_exit(void);

#endif
