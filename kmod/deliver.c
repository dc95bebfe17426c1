// SPDX-License-Identifier: GPL-2.0
/*
 * What came out of a tunnel enters the stack as the packet of another host
 * would, but for a mark that tells PRE_ROUTING that it came out of ESP. Where
 * nobody would see it on the way there it goes to its route at once.
 */
#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include <linux/random.h>
#include <net/dst_metadata.h>
#include <net/ip.h>
#include <net/route.h>

#include "deliver.h"
#include "gro.h"
#include "hooks.h"
#include "input.h"
#include "netns.h"
#include "route.h"

/* The mark; one a CPU, so that its count of references stays there. */
static DEFINE_PER_CPU(struct metadata_dst *, mobx_deliver_mark);
static __be64 mobx_deliver_id;

static void mobx_deliver_marked(struct sk_buff *skb)
{
	struct metadata_dst *mark = this_cpu_read(mobx_deliver_mark);

	skb_mac_header_rebuild(skb);
	if (skb->mac_len == ETH_HLEN)
		eth_hdr(skb)->h_proto = skb->protocol;
	dst_hold(&mark->dst);
	skb_dst_set(skb, &mark->dst);
	netif_receive_skb(skb);
}

/*
 * Whether ip_rcv() would have found nothing to say but where the packet goes.
 * A device of a VRF, and a packet for several hosts, have the long way.
 */
static bool mobx_deliver_plain(const struct net *net, struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);

	return iph->ihl == sizeof(*iph) / 4 &&
	       !ip_fast_csum((const u8 *)iph, iph->ihl) &&
	       skb->pkt_type == PACKET_HOST &&
	       !netif_is_l3_master(skb->dev) && !netif_is_l3_slave(skb->dev) &&
	       !mobx_hooks_device(skb->dev) &&
	       !mobx_hooks_watched(net, AF_INET, NF_INET_PRE_ROUTING);
}

/**
 * mobx_deliver_route4 - find out where a packet of ours goes
 * @net: namespace
 * @sa: inbound SA, or NULL, see mobx_route_input()
 * @skb: IPv4, at its IP header, without a route; gets one without a reference
 *
 * Context: RCU section, to the end of which the route is valid.
 * Return: whether there is one; if not, the IP code has counted why
 */
bool mobx_deliver_route4(struct net *net, struct mobx_sa *sa,
			 struct sk_buff *skb)
{
	int err = mobx_route_input(net, sa, skb);

	if (unlikely(err == -EXDEV))
		__NET_INC_STATS(net, LINUX_MIB_IPRPFILTER);
	return likely(!err);
}

/* What ip_rcv() does with such a packet. */
static void mobx_deliver_routed(struct net *net, struct mobx_sa *sa,
				struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	const struct rtable *rt;

	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	IPCB(skb)->iif = skb->skb_iif;
	IPCB(skb)->flags = MOBX_CB_AUTHENTIC;
	if (unlikely(!mobx_deliver_route4(net, sa, skb))) {
		kfree_skb(skb);
		return;
	}
	rt = skb_rtable(skb);
	/* It also counts by group and by realm. */
	if (unlikely(rt->rt_type == RTN_MULTICAST ||
		     rt->rt_type == RTN_BROADCAST || dst_tclassid(skb))) {
		skb_dst_drop(skb);
		mobx_deliver_marked(skb);
		return;
	}
	__IP_UPD_PO_STATS(net, IPSTATS_MIB_IN, skb->len);
	__IP_ADD_STATS(net, IPSTATS_MIB_NOECTPKTS + (iph->tos & INET_ECN_MASK),
		       max_t(unsigned short, 1, skb_shinfo(skb)->gso_segs));
	dst_input(skb);
}

static void mobx_deliver4(struct mobx_net *mnet, struct mobx_sa *sa,
			  struct sk_buff *skb)
{
	if (likely(mobx_deliver_plain(mnet->net, skb)))
		mobx_deliver_routed(mnet->net, sa, skb);
	else
		mobx_deliver_marked(skb);
}

/**
 * mobx_deliver_merged - the same for what was put together of such packets
 * @mnet: namespace
 * @skb: IPv4, at its IP header, its transport header set; consumed
 *
 * Context: RCU section, bottom halves off.
 */
void mobx_deliver_merged(struct mobx_net *mnet, struct sk_buff *skb)
{
	mobx_deliver4(mnet, NULL, skb);
}

/* Have a segment of TCP wait for its successors, if it is one. */
static bool mobx_deliver_later(struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);

	/*
	 * Who takes apart what was put together gives it other names. A header
	 * that is wrong must not get a checksum that is right.
	 */
	if (iph->protocol != IPPROTO_TCP || iph->frag_off != htons(IP_DF) ||
	    iph->ihl != sizeof(*iph) / 4 ||
	    unlikely(ip_fast_csum((const u8 *)iph, iph->ihl)))
		return false;
	__skb_pull(skb, sizeof(*iph));
	if (mobx_gro_receive(skb, true))
		return true;
	__skb_push(skb, sizeof(*iph));
	return false;
}

/**
 * mobx_deliver - an inner packet that may pass enters the stack
 * @mnet: namespace
 * @sa: inbound SA that it came by
 * @skb: at its IP header, whole, its transport header set, without a route,
 *	with the device that it came by; consumed
 * @family: of it
 *
 * Context: RCU section, bottom halves off.
 */
void mobx_deliver(struct mobx_net *mnet, struct mobx_sa *sa,
		  struct sk_buff *skb, u16 family)
{
	if (unlikely(family != AF_INET))
		mobx_deliver_marked(skb);
	else if (!mobx_deliver_later(skb))
		mobx_deliver4(mnet, sa, skb);
}

/**
 * mobx_deliver_mark_take - whether a packet came out of a tunnel
 * @skb: at PRE_ROUTING; without the mark afterwards
 *
 * Context: RCU section.
 */
bool mobx_deliver_mark_take(struct sk_buff *skb)
{
	const struct metadata_dst *md = skb_metadata_dst(skb);

	if (likely(!md) || md->type != METADATA_IP_TUNNEL ||
	    md->u.tun_info.key.tun_id != mobx_deliver_id)
		return false;
	skb_dst_drop(skb);
	return true;
}

/**
 * mobx_deliver_init - make the mark
 *
 * Context: module init.
 * Return: 0 or -ENOMEM
 */
int mobx_deliver_init(void)
{
	struct metadata_dst *md;
	int cpu;

	mobx_deliver_id = (__force __be64)get_random_u64();
	for_each_possible_cpu(cpu) {
		md = metadata_dst_alloc(0, METADATA_IP_TUNNEL, GFP_KERNEL);
		if (!md) {
			mobx_deliver_exit();
			return -ENOMEM;
		}
		md->u.tun_info.key.tun_id = mobx_deliver_id;
		*per_cpu_ptr(&mobx_deliver_mark, cpu) = md;
	}
	return 0;
}

/**
 * mobx_deliver_exit - no more marks; packets on their way keep theirs
 *
 * Context: module init and exit; nobody marks packets any more.
 */
void mobx_deliver_exit(void)
{
	struct metadata_dst *md;
	int cpu;

	for_each_possible_cpu(cpu) {
		md = *per_cpu_ptr(&mobx_deliver_mark, cpu);
		if (md)
			dst_release(&md->dst);
	}
}
