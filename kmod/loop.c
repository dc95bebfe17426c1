// SPDX-License-Identifier: GPL-2.0
/*
 * Packets for groups, members of which may be on this host: the IP code has a
 * copy go back to them, which it shows to POST_ROUTING as if it were to leave.
 * The copy is no packet to protect, or the same would leave twice.
 *
 * IPv4 makes it before POST_ROUTING, and nothing in the copy says so but where it
 * goes on from there, by a function that has no symbol. Nor has the one that all
 * other packets go on by, but that can be asked for: ip_output() tells it to
 * whoever has a hook. IPv6 makes the copy behind POST_ROUTING, where what we take
 * never gets, so it is made here.
 */
#include <linux/ip.h>
#include <linux/skbuff.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/sock.h>

#include "addr.h"
#include "loop.h"

/* How packets go on from POST_ROUTING that ip_output() or ip_mc_output() sends. */
mobx_okfn_t *mobx_loop_sends __ro_after_init;

/* The packet that asks. */
static struct sk_buff *mobx_loop_asks;

static unsigned int mobx_loop_hook(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	if (skb != READ_ONCE(mobx_loop_asks))
		return NF_ACCEPT;
	mobx_loop_sends = state->okfn;
	return NF_DROP;
}

/* Of all hooks it comes first, so nobody else sees what asks. */
static const struct nf_hook_ops mobx_loop_ops = {
	.hook		= mobx_loop_hook,
	.pf		= NFPROTO_IPV4,
	.hooknum	= NF_INET_POST_ROUTING,
	.priority	= INT_MIN,
};

/**
 * mobx_loop_is_copy4 - whether an IPv4 packet is such a copy
 * @skb: packet at POST_ROUTING that goes on by another way than others
 *
 * A clone has no owner. XFRM has routes of its own that send what it has yet to
 * encrypt.
 *
 * Context: RCU section.
 */
bool mobx_loop_is_copy4(const struct sk_buff *skb)
{
	const struct rtable *rt = skb_rtable(skb);

	return rt && rt->rt_flags & (RTCF_MULTICAST | RTCF_BROADCAST) &&
	       rt->dst.output != ip_output && !dst_xfrm(&rt->dst) &&
	       mobx_loop_sends && !skb->sk && skb_cloned(skb);
}

/**
 * mobx_loop_back6 - let members on this host have a packet that does not pass
 * @skb: IPv6 packet that is taken at POST_ROUTING
 * @state: of the hook there
 *
 * What another host has sent has come to them already.
 *
 * Context: RCU section.
 */
void mobx_loop_back6(struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct sk_buff *copy;

	if (!ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr) ||
	    mobx_is_forwarded(skb) || state->out->flags & IFF_LOOPBACK ||
	    !sk_mc_loop(state->sk))
		return;
	copy = skb_clone(skb, GFP_ATOMIC);
	if (copy)
		NF_HOOK(NFPROTO_IPV6, NF_INET_POST_ROUTING, state->net,
			state->sk, copy, NULL, state->out, dev_loopback_xmit);
}

/* Context: process. Return: a packet from this host to itself, or NULL. */
static struct sk_buff *mobx_loop_packet(void)
{
	struct sk_buff *skb = alloc_skb(LL_MAX_HEADER + sizeof(struct iphdr),
					GFP_KERNEL);
	struct iphdr *iph;

	if (!skb)
		return NULL;
	skb_reserve(skb, LL_MAX_HEADER);
	skb_reset_network_header(skb);
	iph = skb_put_zero(skb, sizeof(*iph));
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->protocol = IPPROTO_NONE;
	iph->saddr = htonl(INADDR_LOOPBACK);
	iph->daddr = htonl(INADDR_LOOPBACK);
	iph->tot_len = htons(sizeof(*iph));
	ip_send_check(iph);
	return skb;
}

/**
 * mobx_loop_init - learn how packets go on
 *
 * Context: module init.
 * Return: 0 or an error
 */
int __init mobx_loop_init(void)
{
	/* All that ip_output() wants of a route. */
	static struct dst_entry dst;
	struct sk_buff *skb = mobx_loop_packet();
	int err;

	if (!skb)
		return -ENOMEM;
	err = nf_register_net_hook(&init_net, &mobx_loop_ops);
	if (err) {
		kfree_skb(skb);
		return err;
	}
	dst.dev = init_net.loopback_dev;
	WRITE_ONCE(mobx_loop_asks, skb);
	local_bh_disable();
	rcu_read_lock();
	skb_dst_set_noref(skb, &dst);
	ip_output(&init_net, NULL, skb);
	rcu_read_unlock();
	local_bh_enable();
	WRITE_ONCE(mobx_loop_asks, NULL);
	nf_unregister_net_hook(&init_net, &mobx_loop_ops);
	return 0;
}
