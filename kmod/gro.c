// SPDX-License-Identifier: GPL-2.0
/*
 * Segments of TCP come out of ESP one by one, each to be acknowledged through
 * the cipher. Here they are put together as the driver of a network card has it
 * done (generic receive offload), so that the stack is passed once for many of
 * them and one of those goes back.
 *
 * The kernel's own way there, through NAPI, looks at frames: it wants a device
 * that has GRO switched on, and shows what it made to the taps of the device a
 * second time, in clear. So only the protocol's part of it is used, on what an
 * SA has authenticated. What waits does so until the CPU has seen the packets
 * that are in its queue already.
 */
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <net/gro.h>
#include <net/ip.h>
#include <net/protocol.h>

#include "compat.h"
#include "deliver.h"
#include "gro.h"
#include "input.h"
#include "netns.h"

/* Connections of which segments wait on a CPU. */
#define MOBX_GRO_FLOWS	8

/**
 * struct mobx_gro - what waits on one CPU
 * @napi: softirq that brings it on
 * @held: first segments, each with a reference to its device; youngest first
 * @n: length of @held
 */
struct mobx_gro {
	struct napi_struct	napi;
	struct list_head	held;
	unsigned int		n;
};

static DEFINE_PER_CPU(struct mobx_gro, mobx_gro);
static struct net_device *mobx_gro_dev;

static const struct net_offload *mobx_gro_ops(void)
{
	const struct net_offload *ops;

	ops = rcu_dereference(inet_offloads[IPPROTO_TCP]);
	return ops && ops->callbacks.gro_receive &&
	       ops->callbacks.gro_complete ? ops : NULL;
}

/* The connection may be the same: all but what TCP itself looks at. */
static bool mobx_gro_same(const struct sk_buff *a, const struct sk_buff *b)
{
	const struct iphdr *x = ip_hdr(a), *y = ip_hdr(b);

	return a->dev == b->dev && a->mark == b->mark &&
	       NAPI_GRO_CB(a)->encap_mark == NAPI_GRO_CB(b)->encap_mark &&
	       x->saddr == y->saddr && x->daddr == y->daddr &&
	       x->tos == y->tos && x->ttl == y->ttl &&
	       x->frag_off == y->frag_off;
}

/* Hand on what was put together under @skb. Context: RCU section, softirq. */
static void mobx_gro_finish(struct mobx_gro *gro, struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;
	const struct net_offload *ops = mobx_gro_ops();
	unsigned int iphlen = ip_hdrlen(skb);

	skb_list_del_init(skb);
	gro->n--;
	if (NAPI_GRO_CB(skb)->count == 1) {
		skb_shinfo(skb)->gso_size = 0;
	} else if (likely(ops)) {
		/* Longer ones say nothing, see iph_totlen(). */
		ip_hdr(skb)->tot_len = skb->len > IP_MAX_MTU ? 0 :
				       htons(skb->len);
		ip_send_check(ip_hdr(skb));
		ops->callbacks.gro_complete(skb, iphlen);
	}
	if (NAPI_GRO_CB(skb)->encap_mark) {
		mobx_deliver_merged(mobx_pernet(dev_net(dev)), skb);
	} else {
		__skb_pull(skb, iphlen);
		mobx_input_merged(mobx_pernet(dev_net(dev)), skb);
	}
	dev_put(dev);
}

static int mobx_gro_poll(struct napi_struct *napi, int budget)
{
	struct mobx_gro *gro = container_of(napi, struct mobx_gro, napi);

	rcu_read_lock();
	while (gro->n)
		mobx_gro_finish(gro, list_last_entry(&gro->held,
						     struct sk_buff, list));
	rcu_read_unlock();
	napi_complete_done(napi, 0);
	return 0;
}

/*
 * A segment that others carry along waits in their socket as long as the reader
 * likes, and then, to be freed, for the next packet on the CPU that it came from.
 * Its namespace could not end meanwhile if it still had its route, or the
 * connection that ESP was tracked as; of the first segment the stack takes these.
 */
static void mobx_gro_detach(struct sk_buff *skb)
{
	skb_dst_drop(skb);
	nf_reset_ct(skb);
}

enum mobx_gro_what { MOBX_GRO_MERGED, MOBX_GRO_HOLD, MOBX_GRO_PASS };

/* Ask TCP, and hand on what was held and must go before @skb goes. */
static enum mobx_gro_what mobx_gro_ask(struct mobx_gro *gro,
				       const struct net_offload *ops,
				       struct sk_buff *skb, bool tunnel)
{
	enum mobx_gro_what what = MOBX_GRO_HOLD;
	struct sk_buff *p;

	memset(NAPI_GRO_CB(skb), 0, sizeof(*NAPI_GRO_CB(skb)));
	NAPI_GRO_CB(skb)->data_offset = ip_hdrlen(skb);
	NAPI_GRO_CB(skb)->count = 1;
	/*
	 * The ICV has covered more than the checksum does, of what the peer has
	 * sent itself; what it passes on has come to it by other ways.
	 */
	NAPI_GRO_CB(skb)->csum_cnt = !tunnel;
	/* Which tells here what came out of a tunnel. */
	NAPI_GRO_CB(skb)->encap_mark = tunnel;
	list_for_each_entry(p, &gro->held, list)
		NAPI_GRO_CB(p)->same_flow = mobx_gro_same(p, skb);
	p = ops->callbacks.gro_receive(&gro->held, skb);

	/* Once another segment has it, it may be gone when that one is. */
	if (NAPI_GRO_CB(skb)->same_flow) {
		what = MOBX_GRO_MERGED;
		/* Only its content is taken over, or it is as a whole. */
		if (NAPI_GRO_CB(skb)->free)
			kfree_skb_partial(skb, NAPI_GRO_CB(skb)->free ==
					       NAPI_GRO_FREE_STOLEN_HEAD);
		else
			mobx_gro_detach(skb);
	} else if (NAPI_GRO_CB(skb)->flush) {
		what = MOBX_GRO_PASS;
	}
	if (p)
		mobx_gro_finish(gro, p);
	return what;
}

/**
 * mobx_gro_receive - have a segment wait for its successors
 * @skb: of TCP over IPv4, authentic; at the TCP header, behind its IP header.
 *	Consumed if taken
 * @tunnel: it came out of a tunnel, and its checksum may be wrong; otherwise it
 *	was protected in transport mode
 *
 * Segments of the same connection that came before have been handed on when
 * one is not taken, so their order stays.
 *
 * Context: RCU section, bottom halves off.
 * Return: whether it was taken; if not, it is to be delivered now
 */
bool mobx_gro_receive(struct sk_buff *skb, bool tunnel)
{
	struct mobx_gro *gro = this_cpu_ptr(&mobx_gro);
	const struct net_offload *ops = mobx_gro_ops();
	struct inet_skb_parm parm = *IPCB(skb);
	unsigned int iphlen = ip_hdrlen(skb);

	/* What has an owner takes what it is charged with along. */
	if (unlikely(!ops || skb->sk || iphlen != sizeof(struct iphdr) ||
		     skb_is_gso(skb) || skb_has_frag_list(skb)))
		return false;
	__skb_push(skb, iphlen);
	switch (mobx_gro_ask(gro, ops, skb, tunnel)) {
	case MOBX_GRO_MERGED:
		return true;
	case MOBX_GRO_PASS:
		__skb_pull(skb, iphlen);
		*IPCB(skb) = parm;
		return false;
	case MOBX_GRO_HOLD:
		break;
	}

	if (gro->n >= MOBX_GRO_FLOWS)
		mobx_gro_finish(gro, list_last_entry(&gro->held,
						     struct sk_buff, list));
	NAPI_GRO_CB(skb)->last = skb;
	skb_shinfo(skb)->gso_size = skb_gro_len(skb);
	/* The route is good for no longer than the RCU section. */
	skb_dst_drop(skb);
	dev_hold(skb->dev);
	list_add(&skb->list, &gro->held);
	gro->n++;
	napi_schedule(&gro->napi);
	return true;
}

/**
 * mobx_gro_init - make ready on all CPUs
 *
 * Context: module init, before input.
 * Return: 0 or -ENOMEM
 */
int mobx_gro_init(void)
{
	struct mobx_gro *gro;
	int cpu;

	mobx_gro_dev = mobx_dummy_netdev();
	if (!mobx_gro_dev)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		gro = per_cpu_ptr(&mobx_gro, cpu);
		INIT_LIST_HEAD(&gro->held);
		netif_napi_add(mobx_gro_dev, &gro->napi, mobx_gro_poll);
		set_bit(NAPI_STATE_NO_BUSY_POLL, &gro->napi.state);
		napi_enable(&gro->napi);
	}
	return 0;
}

/**
 * mobx_gro_exit - after input has ended
 *
 * Context: module exit, process.
 */
void mobx_gro_exit(void)
{
	int cpu;

	/* Waits for what is scheduled, so nothing is held afterwards. */
	for_each_possible_cpu(cpu) {
		struct napi_struct *napi = &per_cpu_ptr(&mobx_gro, cpu)->napi;

		napi_disable(napi);
		netif_napi_del(napi);
	}
	mobx_dummy_netdev_free(mobx_gro_dev);
}
