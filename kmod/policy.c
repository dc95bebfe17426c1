// SPDX-License-Identifier: GPL-2.0
/*
 * Policies, and what is exempt from them. See spd.c for how they are found.
 */

#include <linux/icmpv6.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/ndisc.h>
#include <net/udp.h>

#include "about.h"
#include "cover.h"
#include "datapath.h"
#include "ikesock.h"
#include "netns.h"
#include "peer.h"
#include "policy.h"

#define DHCP_SERVER_PORT	67
#define DHCP_CLIENT_PORT	68
#define DHCPV6_CLIENT_PORT	546
#define DHCPV6_SERVER_PORT	547

static bool mobx_between(const struct mobx_flow *flow, u16 one, u16 other)
{
	return (flow->local_port == one || flow->local_port == other) &&
	       (flow->remote_port == one || flow->remote_port == other);
}

/*
 * What IPv6 does on one link, and nothing beyond it: neighbour discovery (RFC
 * 4861, section 7.1: no router has touched it) and multicast listeners (RFC
 * 3810, section 5).
 */
static bool mobx_is_link_icmp6(const struct sk_buff *skb,
			       const struct mobx_flow *flow)
{
	if (flow->family != AF_INET6 || flow->proto != IPPROTO_ICMPV6)
		return false;
	switch (flow->local_port >> 8) {
	case NDISC_ROUTER_SOLICITATION:
	case NDISC_ROUTER_ADVERTISEMENT:
	case NDISC_NEIGHBOUR_SOLICITATION:
	case NDISC_NEIGHBOUR_ADVERTISEMENT:
	case NDISC_REDIRECT:
		return ipv6_hdr(skb)->hop_limit == 255;
	case ICMPV6_MGM_QUERY:
	case ICMPV6_MGM_REPORT:
	case ICMPV6_MGM_REDUCTION:
	case ICMPV6_MLD2_REPORT:
		return ipv6_hdr(skb)->hop_limit == 1;
	}
	return false;
}

/* What is the same in both directions. */
static enum mobx_exempt mobx_exempt(const struct sk_buff *skb,
				    const struct mobx_flow *flow)
{
	if (flow->proto == IPPROTO_ESP)
		return MOBX_EXEMPT_ESP;
	if (skb->dev && skb->dev->flags & IFF_LOOPBACK)
		return MOBX_EXEMPT_LOOPBACK;
	if (flow->opaque_ports)
		return MOBX_EXEMPT_NOT;
	if (flow->proto == IPPROTO_UDP && flow->family == AF_INET &&
	    mobx_between(flow, DHCP_SERVER_PORT, DHCP_CLIENT_PORT))
		return MOBX_EXEMPT_DHCP;
	if (flow->proto == IPPROTO_UDP && flow->family == AF_INET6 &&
	    mobx_between(flow, DHCPV6_SERVER_PORT, DHCPV6_CLIENT_PORT))
		return MOBX_EXEMPT_DHCPV6;
	if (unlikely(mobx_is_link_icmp6(skb, flow)))
		return MOBX_EXEMPT_LINK;
	return MOBX_EXEMPT_NOT;
}

/**
 * mobx_exempt_out - whether the module lets a packet out by itself
 * @mnet: namespace
 * @skb: packet
 * @flow: its flow
 *
 * Context: RCU section.
 * Return: which exemption it is, or MOBX_EXEMPT_NOT
 */
enum mobx_exempt mobx_exempt_out(const struct mobx_net *mnet,
				 const struct sk_buff *skb,
				 const struct mobx_flow *flow)
{
	enum mobx_exempt what = mobx_exempt(skb, flow);

	if (what == MOBX_EXEMPT_NOT && flow->proto == IPPROTO_UDP &&
	    mobx_ikesock_is(mnet, skb->sk))
		return MOBX_EXEMPT_IKE;
	return what;
}

static struct sock *mobx_udp_socket(const struct mobx_net *mnet,
				    struct sk_buff *skb,
				    const struct mobx_flow *flow)
{
	if (flow->family == AF_INET)
		return udp4_lib_lookup(mnet->net, flow->remote.v4,
				       htons(flow->remote_port),
				       flow->local.v4, htons(flow->local_port),
				       inet_iif(skb));
	return udp6_lib_lookup(mnet->net, &flow->remote.v6,
			       htons(flow->remote_port), &flow->local.v6,
			       htons(flow->local_port), inet6_iif(skb));
}

/**
 * mobx_exempt_in - whether the module lets a clear packet in by itself
 * @mnet: namespace
 * @skb: packet, at its way in
 * @flow: its flow
 *
 * Looks the socket up where there may be a registered one, so it is best asked
 * about packets that would be dropped otherwise.
 *
 * Context: RCU section.
 * Return: which exemption it is, or MOBX_EXEMPT_NOT
 */
enum mobx_exempt mobx_exempt_in(const struct mobx_net *mnet,
				struct sk_buff *skb,
				const struct mobx_flow *flow)
{
	enum mobx_exempt what = mobx_exempt(skb, flow);
	struct sock *sk;
	bool ike;

	if (what == MOBX_EXEMPT_NOT && mobx_about_esp(skb, flow->family))
		return MOBX_EXEMPT_ICMP;
	if (what != MOBX_EXEMPT_NOT || flow->proto != IPPROTO_UDP ||
	    flow->opaque_ports || !READ_ONCE(mnet->n_ike))
		return what;
	sk = mobx_udp_socket(mnet, skb, flow);
	if (!sk)
		return MOBX_EXEMPT_NOT;
	ike = mobx_ikesock_is(mnet, sk);
	sock_put(sk);
	return ike ? MOBX_EXEMPT_IKE : MOBX_EXEMPT_NOT;
}

/**
 * mobx_policy_lookup - the policy that decides about a flow, and count it
 * @mnet: namespace
 * @flow: flow
 *
 * Context: RCU section.
 * Return: the first policy that matches, or NULL
 */
const struct mobx_policy *mobx_policy_lookup(const struct mobx_net *mnet,
					     const struct mobx_flow *flow)
{
	const struct mobx_policy *pol = mobx_spd_lookup(&mnet->spd, flow);

	if (pol)
		this_cpu_inc(*pol->packets);
	return pol;
}

/**
 * mobx_policy_pfp_shown - whether a packet shows what an SA would take from it
 * @pol: policy that decides about it
 * @flow: its flow
 *
 * A packet without the ports that PFP asks for cannot be given to any SA, and
 * is discarded (RFC 4301, section 4.4.1).
 *
 * Context: RCU section.
 */
bool mobx_policy_pfp_shown(const struct mobx_policy *pol,
			   const struct mobx_flow *flow)
{
	return !flow->opaque_ports ||
	       !(pol->pfp & (MOBX_PFP_LOCAL_PORT | MOBX_PFP_REMOTE_PORT));
}

/* Packets that a policy decided, on all CPUs. */
u64 mobx_policy_packets(const struct mobx_policy *pol)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += *per_cpu_ptr(pol->packets, cpu);
	return sum;
}

/* PFP takes a value from the packet, so packets must show one. */
static int mobx_policy_check_pfp(const struct mobx_policy_spec *spec,
				 struct netlink_ext_ack *extack)
{
	if (!spec->pfp)
		return 0;
	if (spec->action != MOBX_ACTION_PROTECT) {
		NL_SET_ERR_MSG(extack,
			       "pfp is for policies whose action is protect");
		return -EINVAL;
	}
	if (spec->sel.opaque_ports &&
	    spec->pfp & (MOBX_PFP_LOCAL_PORT | MOBX_PFP_REMOTE_PORT)) {
		NL_SET_ERR_MSG(extack,
			       "pfp takes ports from the packet, and an OPAQUE one has none to show");
		return -EINVAL;
	}
	return 0;
}

static int mobx_policy_check(struct mobx_net *mnet,
			     const struct mobx_policy_spec *spec,
			     struct netlink_ext_ack *extack)
{
	if (mobx_spd_find(&mnet->spd, spec->order)) {
		NL_SET_ERR_MSG(extack,
			       "there is a policy with this order already");
		return -EEXIST;
	}
	if (spec->action != MOBX_ACTION_PROTECT && spec->peer_id) {
		NL_SET_ERR_MSG(extack,
			       "a peer is for policies whose action is protect");
		return -EINVAL;
	}
	if (spec->peer_id && !mobx_peer_find(mnet, spec->peer_id)) {
		NL_SET_ERR_MSG(extack,
			       "there is no peer with this id: add it first, or leave the peer open");
		return -ENOENT;
	}
	return mobx_policy_check_pfp(spec, extack);
}

static void mobx_policy_free(struct mobx_policy *pol)
{
	free_percpu(pol->packets);
	kfree(pol);
}

static void mobx_policy_free_cb(struct rcu_head *rcu)
{
	mobx_policy_free(container_of(rcu, struct mobx_policy, rcu));
}

/* Context: under mobx_net.lock. Return: a policy in no table, or NULL. */
static struct mobx_policy *
mobx_policy_alloc(struct mobx_net *mnet, const struct mobx_policy_spec *spec)
{
	struct mobx_policy *pol = kzalloc(sizeof(*pol), GFP_KERNEL);

	if (!pol)
		return NULL;
	pol->packets = alloc_percpu(u64);
	if (!pol->packets) {
		kfree(pol);
		return NULL;
	}
	pol->order = spec->order;
	pol->action = spec->action;
	pol->mode = spec->mode;
	pol->pfp = spec->pfp;
	pol->sel = spec->sel;
	if (spec->peer_id)
		pol->peer = mobx_peer_find(mnet, spec->peer_id);
	strscpy(pol->label, spec->label, sizeof(pol->label));
	return pol;
}

/**
 * mobx_policy_create - add a policy to the SPD
 * @mnet: namespace
 * @spec: what it is to be
 * @extack: says why not
 *
 * Context: process, under mobx_net.lock.
 * Return: 0, -EEXIST, -EINVAL, -EOPNOTSUPP, -ENOENT, -ENOMEM, or what
 * mobx_net_protect() returns
 */
int mobx_policy_create(struct mobx_net *mnet,
		       const struct mobx_policy_spec *spec,
		       struct netlink_ext_ack *extack)
{
	struct mobx_policy *pol;
	int err;

	lockdep_assert_held(&mnet->lock);
	err = mobx_policy_check(mnet, spec, extack);
	if (err)
		return err;
	err = mobx_net_protect(mnet, extack);
	if (err)
		return err;
	pol = mobx_policy_alloc(mnet, spec);
	if (!pol)
		goto no_memory;
	err = mobx_spd_insert(&mnet->spd, pol);
	if (err) {
		/* It may have been found in the index that had room. */
		call_rcu(&pol->rcu, mobx_policy_free_cb);
		goto no_memory;
	}
	if (pol->peer) {
		pol->peer->n_policies++;
		refcount_inc(&pol->peer->ref);
	}
	mnet->seq++;
	mobx_hold_retry(mnet);
	return 0;

no_memory:
	mobx_net_unprotect(mnet);
	NL_SET_ERR_MSG(extack, "no memory for the policy");
	return -ENOMEM;
}

/* Context: process, under mobx_net.lock. */
void mobx_policy_remove(struct mobx_net *mnet, struct mobx_policy *pol)
{
	lockdep_assert_held(&mnet->lock);
	mobx_spd_remove(&mnet->spd, pol);
	mnet->seq++;
	mobx_cover_gone(mnet, pol);
	if (pol->peer) {
		pol->peer->n_policies--;
		mobx_peer_put(pol->peer);
	}
	/* What waits because of it goes on to wait: it is not for clear. */
	call_rcu(&pol->rcu, mobx_policy_free_cb);
	mobx_net_unprotect(mnet);
}

/**
 * mobx_policy_flush - remove policies
 * @mnet: namespace
 * @label: of those to remove; NULL for all
 *
 * The last first, so that what decides about a packet in between is what did
 * before or what will afterwards: no bypass outlives the discard before it.
 *
 * Context: process, under mobx_net.lock.
 */
void mobx_policy_flush(struct mobx_net *mnet, const char *label)
{
	struct mobx_policy *pol, *before;

	for (pol = mobx_spd_last(&mnet->spd); pol; pol = before) {
		before = mobx_spd_prev(pol);
		if (!label || !strcmp(pol->label, label))
			mobx_policy_remove(mnet, pol);
	}
}
