// SPDX-License-Identifier: GPL-2.0
/*
 * ESP packets leave: through LOCAL_OUT and POST_ROUTING once more, for
 * connection tracking packets of their own; or, where nobody looks there, as the
 * packets that they were would have gone on.
 *
 * Routes of the pair have been told the inner MTU, which must not count for
 * what is sent here. What is too long for its path is fragmented, after ESP,
 * whatever DF says: upper layers have been told, and later packets will be
 * shorter (RFC 4303, section 3.3.4).
 */
#include <linux/bpf-cgroup.h>
#include <linux/netfilter.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ipv6_stubs.h>
#include <net/neighbour.h>

#include "layout.h"
#include "netns.h"
#include "send.h"
#include "tunnel.h"

/* IPSKB_FORWARDED has the IP code look at the MTU of the device. */
static void mobx_send4(struct mobx_net *mnet, struct sk_buff *skb,
		       const struct mobx_layout *l)
{
	struct iphdr *iph = ip_hdr(skb);

	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	IPCB(skb)->flags = IPSKB_FORWARDED | MOBX_CB_SENT;
	if (unlikely(skb->len > l->mtu)) {
		IPCB(skb)->frag_max_size = l->mtu;
		/* Where DF was set, the identification need not be unique. */
		if (iph->frag_off & htons(IP_DF)) {
			iph->frag_off = 0;
			__ip_select_ident(mnet->net, iph, 1);
		}
	}
	if (!l->finish || unlikely(skb_dst(skb)->output != ip_output)) {
		ip_local_out(mnet->net, skb->sk, skb);
		return;
	}
	iph->tot_len = htons(skb->len);
	ip_send_check(iph);
	skb->protocol = htons(ETH_P_IP);
	skb->dev = skb_dst(skb)->dev;
	IP_UPD_PO_STATS(mnet->net, IPSTATS_MIB_OUT, skb->len);
	l->finish(mnet->net, skb->sk, skb);
}

static int mobx_send6_neigh(struct net *net, struct sock *sk,
			    struct sk_buff *skb)
{
	const struct rt6_info *rt = (const struct rt6_info *)skb_dst(skb);
	struct net_device *dev = rt->dst.dev;
	struct in6_addr nexthop;

	nexthop = *rt6_nexthop(rt, &ipv6_hdr(skb)->daddr);
	/* A rule may have chosen another device meanwhile. */
	if (unlikely(skb_cow_head(skb, LL_RESERVED_SPACE(dev)))) {
		kfree_skb(skb);
		return -ENOMEM;
	}
	skb->dev = dev;
	return neigh_xmit(NEIGH_ND_TABLE, dev, &nexthop, skb);
}

/*
 * What ip6_finish_output() does, which would ask the route for its MTU and
 * fragment everything that fills its path.
 */
static int mobx_send6_finish(struct net *net, struct sock *sk,
			     struct sk_buff *skb)
{
	int err = BPF_CGROUP_RUN_PROG_INET_EGRESS(sk, skb);

	if (unlikely(err != NET_XMIT_SUCCESS && err != NET_XMIT_CN)) {
		kfree_skb(skb);
		return err;
	}
	if (likely(!IP6CB(skb)->frag_max_size))
		return mobx_send6_neigh(net, sk, skb);
	return ipv6_stub->ipv6_fragment(net, sk, skb, mobx_send6_neigh);
}

static void mobx_send6(struct mobx_net *mnet, struct sk_buff *skb,
		       const struct mobx_layout *l)
{
	struct net *net = mnet->net;
	struct sock *sk = skb->sk;
	struct dst_entry *dst;

	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	IP6CB(skb)->flags = MOBX_CB_SENT;
	if (unlikely(skb->len > l->mtu))
		IP6CB(skb)->frag_max_size =
			min_t(unsigned int, l->mtu, dst_mtu(skb_dst(skb)));
	if (__ip6_local_out(net, sk, skb) != 1)
		return;
	dst = skb_dst(skb);
	/* Routes that encapsulate have an output of their own. */
	if (unlikely(dst->lwtstate)) {
		dst_output(net, sk, skb);
		return;
	}
	skb->dev = dst->dev;
	NF_HOOK(NFPROTO_IPV6, NF_INET_POST_ROUTING, net, sk, skb, NULL,
		dst->dev, mobx_send6_finish);
}

/* With its outer header if it needs one. */
static void mobx_send_whole(struct mobx_net *mnet, struct sk_buff *skb,
			    const struct mobx_layout *l)
{
	skb->ip_summed = CHECKSUM_NONE;
	skb->encapsulation = 0;
	skb->ignore_df = 1;
	if (unlikely(l->encap.dport))
		mobx_encap_fill(skb, l->family, l->at, l->encap);
	nf_reset_ct(skb);
	mobx_stat_inc(mnet, MOBX_STAT_OUT_PROTECTED);
	if (unlikely(skb->len > l->mtu))
		mobx_stat_inc(mnet, MOBX_STAT_OUT_FRAGMENTED);
	if (likely(l->family == AF_INET))
		mobx_send4(mnet, skb, l);
	else
		mobx_send6(mnet, skb, l);
}

/* Its layout changes, which is still that of the segments behind it. */
static noinline_for_stack void
mobx_send_tunnel(struct mobx_net *mnet, const struct mobx_sa *sa,
		 struct sk_buff *skb, const struct mobx_layout *l)
{
	struct mobx_layout outer = *l;

	if (likely(mobx_tunnel_wrap(mnet, sa, skb, &outer))) {
		mobx_send_whole(mnet, skb, &outer);
		return;
	}
	mobx_stat_inc(mnet, MOBX_STAT_OUT_NO_ROUTE);
	kfree_skb(skb);
}

/**
 * mobx_send - an ESP packet leaves
 * @mnet: namespace
 * @sa: with what it was encrypted
 * @skb: at its IP header, in tunnel mode at its ESP header; consumed
 * @l: its layout
 *
 * Context: RCU section.
 */
void mobx_send(struct mobx_net *mnet, const struct mobx_sa *sa,
	       struct sk_buff *skb, const struct mobx_layout *l)
{
	if (l->tunnel)
		mobx_send_tunnel(mnet, sa, skb, l);
	else
		mobx_send_whole(mnet, skb, l);
}
