// SPDX-License-Identifier: GPL-2.0
/*
 * ESP taken at PRE_ROUTING. Where no firewall looks at ESP, or at what comes out
 * of it, the way of ESP to this host's protocols need not be gone. Of a tunnel
 * only the inner packet has its route looked up. What transport mode had in it
 * goes on in place of ESP: a segment of TCP finds its socket there, which knows
 * the route, or waits for others, and so needs none; for all else the SA knows it.
 */
#include <linux/inetdevice.h>
#include <linux/netfilter.h>
#include <net/ip.h>

#include "alg.h"
#include "compat.h"
#include "early.h"
#include "hooks.h"
#include "input.h"
#include "netns.h"
#include "route.h"
#include "sa.h"

/*
 * Whether ip_local_deliver() would have had it anyway, by its addresses alone. A
 * VRF, a bridge that filters, options, and strict reverse path filtering, which
 * wants the route of ESP, have the long way.
 */
static bool mobx_early_local(struct net *net, const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct in_device *in_dev = __in_dev_get_rcu(skb->dev);

	return iph->ihl == sizeof(*iph) / 4 && !ip_is_fragment(iph) &&
	       skb->pkt_type == PACKET_HOST && !mobx_skb_is_bridged(skb) &&
	       in_dev && IN_DEV_RPFILTER(in_dev) != 1 &&
	       !netif_is_l3_master(skb->dev) && !netif_is_l3_slave(skb->dev) &&
	       !ipv4_is_multicast(iph->saddr) && !ipv4_is_lbcast(iph->saddr) &&
	       !ipv4_is_zeronet(iph->saddr) && !ipv4_is_loopback(iph->saddr) &&
	       __ip_dev_find(net, iph->daddr, false);
}

static struct mobx_sa *mobx_early_sa(struct mobx_net *mnet,
				     struct sk_buff *skb)
{
	const unsigned int at = sizeof(struct iphdr);

	if (unlikely(!pskb_may_pull(skb, at + MOBX_ESP_HDR_LEN)))
		return NULL;
	return mobx_sa_find_in(mnet, *(const __be32 *)(skb->data + at));
}

/**
 * mobx_early - take ESP over IPv4 before it is routed, if nobody can tell
 * @mnet: namespace
 * @skb: ESP at PRE_ROUTING, at its IP header
 *
 * Context: RCU section; bottom halves off, unless somebody else has a hook there.
 * Return: NF_STOLEN for a packet that was taken, else NF_ACCEPT, for one that is
 * ESP still or is what was in it in transport mode
 */
unsigned int mobx_early(struct mobx_net *mnet, struct sk_buff *skb)
{
	struct mobx_sa *sa;
	int next;

	if (mobx_hooks_watched_in(mnet->net, AF_INET) ||
	    unlikely(!mobx_early_local(mnet->net, skb)))
		return NF_ACCEPT;
	sa = mobx_early_sa(mnet, skb);
	if (!sa)
		return NF_ACCEPT;
	__skb_pull(skb, sizeof(struct iphdr));
	next = mobx_input_sa(skb, AF_INET, false, sa);
	if (next == MOBX_INPUT_GONE)
		return NF_STOLEN;
	__skb_push(skb, sizeof(struct iphdr));
	/* Where there is none ip_rcv() looks again, and counts it. */
	if (next >= 0 && next != IPPROTO_TCP && !skb_dst(skb))
		mobx_route_input(mnet->net, sa, skb);
	return NF_ACCEPT;
}
