// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors, which quote the packet that they are about (RFC 4301, section
 * 6). What they quote decides:
 *
 *  - An error that leaves quotes a packet that came. Where that one had to be
 *    protected, so has the error, by the SA that its answer would take, for the
 *    quotation would be in clear otherwise.
 *  - An error that comes out of an SA is believed when that SA may have carried
 *    the packet it is about, whatever its selectors say of ICMP.
 *  - An error that comes in clear about a packet that leaves under protection
 *    only is forged: nobody on the way has seen that packet.
 *  - An error in clear about ESP may be true. All that is believed of it is that
 *    a packet was too long, see pmtu.c.
 */

#include <linux/in.h>

#include "about.h"
#include "netns.h"
#include "peer.h"
#include "policy.h"
#include "sa.h"

/**
 * mobx_about_carried - whether an SA may have carried what an error is about
 * @sa: inbound SA in transport mode, out of which the error came
 * @about: what it is about
 *
 * Context: RCU section.
 */
bool mobx_about_carried(const struct mobx_sa *sa,
			const struct mobx_flow *about)
{
	const struct mobx_binding *b = rcu_dereference(sa->peer->binding);

	if (!b || !mobx_binding_find(b, about->family, &about->local,
				     &about->remote))
		return false;
	return mobx_sa_match(sa, about) == MOBX_MATCH_YES;
}

/**
 * mobx_about_protected - whether packets of a flow have to be protected
 * @mnet: namespace
 * @about: flow that an error is about
 * @policy: set to the policy that says so, NULL for negotiated selectors
 *
 * Context: RCU section.
 */
bool mobx_about_protected(struct mobx_net *mnet, const struct mobx_flow *about,
			  const struct mobx_policy **policy)
{
	if (about->proto == IPPROTO_ESP)
		return false;
	*policy = mobx_spd_lookup(&mnet->spd, about);
	if (*policy)
		return (*policy)->action == MOBX_ACTION_PROTECT;
	return mobx_flow_negotiated(mnet, MOBX_DIR_OUT, about);
}

/**
 * mobx_about_out - whether a packet is an error that has to be protected
 * @mnet: namespace
 * @skb: packet that leaves, which no policy protects by itself
 * @flow: its flow; where it has to be protected, changed into that of the
 *	answers to the packet that it is about, with its own addresses
 * @policy: that decides about them, set only then
 *
 * Context: RCU section.
 */
bool mobx_about_out(struct mobx_net *mnet, const struct sk_buff *skb,
		    struct mobx_flow *flow, const struct mobx_policy **policy)
{
	const struct mobx_policy *its;
	struct mobx_flow about;

	if (flow->opaque_ports)
		return false;
	if (mobx_packet_about(skb, flow->family, &about) < MOBX_ABOUT_PACKET)
		return false;
	mobx_flow_turn(&about);
	if (!mobx_about_protected(mnet, &about, &its))
		return false;
	about.local = flow->local;
	about.remote = flow->remote;
	*flow = about;
	*policy = its;
	return true;
}

/**
 * mobx_about_forged - whether an error in clear is about protected packets
 * @mnet: namespace
 * @skb: packet that arrives in clear
 * @family: AF_INET or AF_INET6
 *
 * Context: RCU section.
 */
bool mobx_about_forged(struct mobx_net *mnet, const struct sk_buff *skb,
		       u16 family)
{
	const struct mobx_policy *policy;
	struct mobx_flow about;

	return mobx_packet_about(skb, family, &about) >= MOBX_ABOUT_PACKET &&
	       mobx_about_protected(mnet, &about, &policy);
}

/**
 * mobx_about_esp - whether a packet says that an ESP packet was too long
 * @skb: packet that arrives in clear
 * @family: AF_INET or AF_INET6
 *
 * Context: any.
 */
bool mobx_about_esp(const struct sk_buff *skb, u16 family)
{
	struct mobx_flow about;

	return mobx_packet_about(skb, family, &about) == MOBX_ABOUT_TOO_LONG &&
	       about.proto == IPPROTO_ESP;
}
