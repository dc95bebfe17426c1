// SPDX-License-Identifier: GPL-2.0
/*
 * What arrives in clear: asked at PRE_ROUTING, once it is whole and before any
 * address translation, whether it should not have been protected (RFC 4301,
 * section 5.2).
 *
 * Where a default discards what no policy matches, that is not yet the time to
 * say so: what goes on to another host is judged when it leaves, and where a
 * packet goes is for routes and address translation to say, not for its
 * addresses. So such a packet is marked and goes its way, and LOCAL_IN, which
 * has all that comes to this host, does not let it in. Whoever gets there
 * without any mark, because a bridge took it through IP anew or because it never
 * passed PRE_ROUTING, is asked there.
 */
#include <linux/inetdevice.h>
#include <linux/netfilter.h>
#include <net/l3mdev.h>

#include "about.h"
#include "deliver.h"
#include "early.h"
#include "input.h"
#include "netns.h"
#include "pmtu.h"
#include "policy.h"
#include "sa.h"

/* A packet that may pass, unless it is an error about what may not. */
static unsigned int mobx_input_clear(struct mobx_net *mnet,
				     struct sk_buff *skb, u16 family, u16 mark)
{
	if (unlikely(mobx_about_forged(mnet, skb, family))) {
		mobx_stat_inc(mnet, MOBX_STAT_IN_ICMP);
		return NF_DROP;
	}
	*mobx_cb_flags(skb, family) |= mark;
	return NF_ACCEPT;
}

/*
 * For several hosts, of which this may be one. A routing daemon gets its part of
 * such at other places than LOCAL_IN.
 */
static bool mobx_input_is_group(const struct mobx_flow *flow)
{
	if (flow->family == AF_INET)
		return ipv4_is_multicast(flow->local.v4) ||
		       ipv4_is_lbcast(flow->local.v4);
	return ipv6_addr_is_multicast(&flow->local.v6);
}

/*
 * It is to be dropped, unless the module lets it in by itself. What is @forged in
 * our name could go on from here under an SA of ours, so that nothing speaks for it
 * but a link's own business: that is how a neighbour with our address is found.
 */
static unsigned int mobx_input_refuse(struct mobx_net *mnet,
				      struct sk_buff *skb,
				      const struct mobx_flow *flow,
				      enum mobx_stat why, bool forged)
{
	enum mobx_exempt what = mobx_exempt_in(mnet, skb, flow);

	if (forged ? what == MOBX_EXEMPT_LINK : what != MOBX_EXEMPT_NOT) {
		*mobx_cb_flags(skb, flow->family) |= MOBX_CB_CHECKED;
		return NF_ACCEPT;
	}
	mobx_stat_inc(mnet, why);
	return NF_DROP;
}

/* Whether a packet would leave under protection, were it sent on as it is. */
static noinline_for_stack bool
mobx_input_would_protect(struct mobx_net *mnet, const struct sk_buff *skb,
			 u16 family)
{
	const struct mobx_policy *policy;
	struct mobx_headers h;
	struct mobx_flow flow;

	mobx_flow_out(skb, family, &flow, &h);
	return mobx_about_protected(mnet, &flow, &policy) ||
	       mobx_about_out(mnet, skb, &flow, &policy);
}

/* What comes by a device may have any source that is local elsewhere. */
static bool mobx_input_takes_local4(const struct net_device *dev)
{
	struct in_device *in_dev = __in_dev_get_rcu(dev);

	return netif_is_l3_master(dev) || netif_is_l3_slave(dev) ||
	       (in_dev && IN_DEV_ACCEPT_LOCAL(in_dev));
}

static noinline_for_stack bool
mobx_input_forges_us4(struct mobx_net *mnet, const struct sk_buff *skb)
{
	return __ip_dev_find(mnet->net, ip_hdr(skb)->saddr, false) &&
	       mobx_input_would_protect(mnet, skb, AF_INET);
}

static noinline_for_stack bool
mobx_input_forges_us6(struct mobx_net *mnet, const struct sk_buff *skb)
{
	const struct in6_addr *saddr = &ipv6_hdr(skb)->saddr;
	struct net *net = mnet->net;

	return mobx_addr_is_set6(net, saddr, skb->dev) ||
	       (l3mdev_master_dev_rcu(skb->dev) &&
		mobx_addr_is_set6(net, saddr, NULL) &&
		mobx_input_would_protect(mnet, skb, AF_INET6));
}

/**
 * mobx_input_forges_us - does a packet from elsewhere say that it is from us
 * @mnet: namespace
 * @skb: packet at its IP header, with the device it came by
 * @family: AF_INET or AF_INET6
 *
 * IPv4 drops what comes from elsewhere with an address of this host's as source,
 * unless accept_local lets it, or it came by a VRF whose routes do not know the
 * address; IPv6 does not. A router would send it on as its own, under its SAs, which
 * know no VRF.
 *
 * In another VRF the address may be somebody else's, or the packet ours, if a cable
 * leads there. What we would have protected it cannot be.
 *
 * Context: RCU section.
 */
bool mobx_input_forges_us(struct mobx_net *mnet, const struct sk_buff *skb,
			  u16 family)
{
	if (likely(family == AF_INET))
		return unlikely(mobx_input_takes_local4(skb->dev)) &&
		       mobx_input_forges_us4(mnet, skb);
	return mobx_input_forges_us6(mnet, skb);
}

/*
 * What is not from us has to be something that may be in clear. @local: it is
 * for us.
 */
static noinline_for_stack unsigned int
mobx_input_check(struct mobx_net *mnet, struct sk_buff *skb, u16 family,
		 bool local)
{
	enum mobx_stat why = MOBX_STAT_IN_CLEAR_DISCARDED;
	const struct mobx_policy *policy;
	struct mobx_headers h;
	struct mobx_flow flow;

	/* Of what XFRM took this out of, or before a VRF had it come again. */
	*mobx_cb_flags(skb, family) &= ~(MOBX_CB_CHECKED | MOBX_CB_UNMATCHED);
	mobx_flow_in(skb, family, &flow, &h);
	if (unlikely(!local && mobx_input_forges_us(mnet, skb, family)))
		return mobx_input_refuse(mnet, skb, &flow, why, true);
	if (unlikely(flow.proto == IPPROTO_ICMP ||
		     flow.proto == IPPROTO_ICMPV6))
		mobx_pmtu_encap(mnet, skb, family);
	policy = mobx_policy_lookup(mnet, &flow);
	if (policy) {
		if (policy->action == MOBX_ACTION_BYPASS)
			return mobx_input_clear(mnet, skb, family,
						MOBX_CB_CHECKED);
		if (policy->action == MOBX_ACTION_DISCARD)
			why = MOBX_STAT_IN_DISCARDED;
	} else if (!mobx_flow_negotiated(mnet, MOBX_DIR_IN, &flow)) {
		if (READ_ONCE(mnet->default_action) == MOBX_ACTION_BYPASS)
			return mobx_input_clear(mnet, skb, family, 0);
		if (!local && !mobx_input_is_group(&flow))
			return mobx_input_clear(mnet, skb, family,
						MOBX_CB_UNMATCHED);
		why = MOBX_STAT_IN_DISCARDED;
	}
	return mobx_input_refuse(mnet, skb, &flow, why, false);
}

/* Nobody else has sent it. */
static bool mobx_input_is_own(const struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	return state->in->flags & IFF_LOOPBACK ||
	       skb->pkt_type == PACKET_LOOPBACK;
}

/**
 * mobx_input_hook - PRE_ROUTING, right behind the defragmenter
 * @priv: not used
 * @skb: packet, clear or ESP or out of ESP
 * @state: where
 *
 * Context: RCU section.
 * Return: verdict of netfilter
 */
unsigned int mobx_input_hook(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	struct mobx_net *mnet = mobx_pernet(state->net);

	if (unlikely(mobx_deliver_mark_take(skb))) {
		*mobx_cb_flags(skb, state->pf) |= MOBX_CB_AUTHENTIC;
		return NF_ACCEPT;
	}
	if (*mobx_cb_flags(skb, state->pf) & MOBX_CB_AUTHENTIC ||
	    mobx_input_is_own(skb, state))
		return NF_ACCEPT;
	if (mobx_is_esp(skb, state->pf))
		return state->pf == NFPROTO_IPV4 ? mobx_early(mnet, skb) :
						   NF_ACCEPT;
	return mobx_input_check(mnet, skb, state->pf, false);
}

/**
 * mobx_local_hook - LOCAL_IN, first, where a default discards
 * @priv: not used
 * @skb: packet for this host, clear or ESP or out of ESP
 * @state: where
 *
 * What PRE_ROUTING found no match for is refused by the addresses that it came
 * with; if it is exempt is asked by those it has now, which say whose it is.
 *
 * Context: RCU section.
 * Return: verdict of netfilter
 */
unsigned int mobx_local_hook(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	struct mobx_net *mnet = mobx_pernet(state->net);
	u16 flags = *mobx_cb_flags(skb, state->pf);
	struct mobx_headers h;
	struct mobx_flow flow;

	if (flags & (MOBX_CB_AUTHENTIC | MOBX_CB_CHECKED) ||
	    mobx_is_esp(skb, state->pf) || mobx_input_is_own(skb, state))
		return NF_ACCEPT;
	if (unlikely(!(flags & MOBX_CB_UNMATCHED)))
		return mobx_input_check(mnet, skb, state->pf, true);
	mobx_flow_in(skb, state->pf, &flow, &h);
	return mobx_input_refuse(mnet, skb, &flow, MOBX_STAT_IN_DISCARDED,
				 false);
}
