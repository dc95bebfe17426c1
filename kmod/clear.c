// SPDX-License-Identifier: GPL-2.0
/*
 * What arrives in clear: asked at PRE_ROUTING, once it is whole and before any
 * address translation, whether it should not have been protected (RFC 4301,
 * section 5.2).
 */
#include <linux/netfilter.h>
#include <net/addrconf.h>
#include <net/route.h>

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
				     const struct sk_buff *skb, u16 family)
{
	if (likely(!mobx_about_forged(mnet, skb, family)))
		return NF_ACCEPT;
	mobx_stat_inc(mnet, MOBX_STAT_IN_ICMP);
	return NF_DROP;
}

/* What goes on to another host is asked again when it leaves. */
static bool mobx_input_passes(struct net *net, const struct mobx_flow *flow)
{
	if (flow->family == AF_INET)
		return inet_addr_type(net, flow->local.v4) == RTN_UNICAST;
	return !ipv6_addr_is_multicast(&flow->local.v6) &&
	       !ipv6_chk_addr(net, &flow->local.v6, NULL, 0);
}

/* What is not from us, nor for us, has to be something that may be in clear. */
static noinline_for_stack unsigned int
mobx_input_check(struct mobx_net *mnet, struct sk_buff *skb, u16 family)
{
	enum mobx_stat why = MOBX_STAT_IN_CLEAR_DISCARDED;
	const struct mobx_policy *policy;
	struct mobx_headers h;
	struct mobx_flow flow;

	mobx_flow_in(skb, family, &flow, &h);
	if (unlikely(flow.proto == IPPROTO_ICMP ||
		     flow.proto == IPPROTO_ICMPV6))
		mobx_pmtu_encap(mnet, skb, family);
	policy = mobx_policy_lookup(mnet, &flow);
	if (policy) {
		if (policy->action == MOBX_ACTION_BYPASS)
			return mobx_input_clear(mnet, skb, family);
		if (policy->action == MOBX_ACTION_DISCARD)
			why = MOBX_STAT_IN_DISCARDED;
	} else if (!mobx_flow_negotiated(mnet, MOBX_DIR_IN, &flow)) {
		if (READ_ONCE(mnet->default_action) == MOBX_ACTION_BYPASS ||
		    mobx_input_passes(mnet->net, &flow))
			return mobx_input_clear(mnet, skb, family);
		why = MOBX_STAT_IN_DISCARDED;
	}
	if (mobx_exempt_in(mnet, skb, &flow) != MOBX_EXEMPT_NOT)
		return NF_ACCEPT;
	mobx_stat_inc(mnet, why);
	return NF_DROP;
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
	    state->in->flags & IFF_LOOPBACK ||
	    skb->pkt_type == PACKET_LOOPBACK)
		return NF_ACCEPT;
	if (mobx_is_esp(skb, state->pf))
		return state->pf == NFPROTO_IPV4 ? mobx_early(mnet, skb) :
						   NF_ACCEPT;
	return mobx_input_check(mnet, skb, state->pf);
}
