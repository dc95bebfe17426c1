// SPDX-License-Identifier: GPL-2.0
/*
 * Tunnel mode: the outer header of what leaves (RFC 4301, section 5.1.2, and
 * RFC 6040), and the inner packet of what arrives.
 *
 * The outer addresses are those of the primary path when the cipher has done,
 * so a packet that was in the cipher during a move leaves by the new path. Where
 * a peer spreads its flows the packet keeps the path of its flow, if that still
 * is one that takes part; spread.c chooses.
 *
 * Fragments that arrive are put together here, apart from those in clear, lest
 * somebody complete an authentic datagram with a piece of his own.
 */
#include <net/dsfield.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#include <net/route.h>

#include "addr.h"
#include "deliver.h"
#include "device.h"
#include "event.h"
#include "input.h"
#include "layout.h"
#include "netns.h"
#include "output.h"
#include "peer.h"
#include "policy.h"
#include "pmtu.h"
#include "route.h"
#include "sa.h"
#include "spread.h"
#include "tunnel.h"

/*
 * Users of the defragmenters: beyond the kernel's, one for each peer, whose id has
 * this bit clear.
 */
#define MOBX_TUNNEL_DEFRAG	BIT(31)

/**
 * mobx_tunnel_layout - what the outer header takes from a packet
 * @skb: packet, super-packet possibly
 * @choice: with what it will be protected
 * @l: tos, df, and label are filled
 *
 * Context: RCU section.
 */
void mobx_tunnel_layout(const struct sk_buff *skb,
			const struct mobx_choice *choice,
			struct mobx_layout *l)
{
	bool df = true;

	if (l->family == AF_INET) {
		l->tos = ip_hdr(skb)->tos;
		df = ip_hdr(skb)->frag_off & htons(IP_DF);
		l->label = 0;
	} else {
		l->tos = ipv6_get_dsfield(ipv6_hdr(skb));
		/* A gateway does not copy it. */
		l->label = choice->forwarded ? 0 :
					       ip6_flowlabel(ipv6_hdr(skb));
	}
	switch (choice->sa->df) {
	case MOBX_DF_COPY:
		l->df = df;
		break;
	case MOBX_DF_SET:
		l->df = true;
		break;
	case MOBX_DF_CLEAR:
		l->df = false;
		break;
	}
}

static void mobx_tunnel_header4(struct net *net, struct sk_buff *skb,
				const struct mobx_path *path,
				const struct mobx_layout *l)
{
	struct iphdr *iph = skb_push(skb, sizeof(*iph));

	skb_reset_network_header(skb);
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tos = l->tos;
	iph->frag_off = l->df ? htons(IP_DF) : 0;
	iph->ttl = ip4_dst_hoplimit(skb_dst(skb));
	iph->protocol = l->encap.dport ? IPPROTO_UDP : IPPROTO_ESP;
	iph->saddr = path->local.v4;
	iph->daddr = path->remote.v4;
	/* What is never fragmented needs no name (RFC 6864, section 4.1). */
	iph->id = 0;
	if (!l->df)
		__ip_select_ident(net, iph, 1);
}

static void mobx_tunnel_header6(struct sk_buff *skb,
				const struct mobx_path *path,
				const struct mobx_layout *l)
{
	struct ipv6hdr *iph = skb_push(skb, sizeof(*iph));

	skb_reset_network_header(skb);
	ip6_flow_hdr(iph, l->tos, l->label);
	iph->nexthdr = l->encap.dport ? IPPROTO_UDP : IPPROTO_ESP;
	iph->hop_limit = ip6_dst_hoplimit(skb_dst(skb));
	iph->saddr = path->local.v6;
	iph->daddr = path->remote.v6;
}

/**
 * mobx_tunnel_wrap - give an encrypted packet its outer header
 * @mnet: namespace
 * @sa: with what it was encrypted
 * @skb: at its ESP header; on success at its IP header, with the route of that
 * @l: its layout; at, encap, family and mtu become those of the path that it
 *	takes
 *
 * Context: RCU section.
 * Return: false when there is no way for it: to be dropped
 */
bool mobx_tunnel_wrap(struct mobx_net *mnet, const struct mobx_sa *sa,
		      struct sk_buff *skb, struct mobx_layout *l)
{
	const struct mobx_binding *b = rcu_dereference(sa->peer->binding);
	const struct mobx_bound *e;
	unsigned int outer, len;
	struct dst_entry *dst;
	struct mobx_path *path;

	if (unlikely(!b))
		return false;
	e = &b->paths[b->primary];
	if (unlikely(e->path != l->path) && b->spread)
		e = mobx_spread_again(b, l->path);
	path = e->path;
	dst = l->dst;
	if (unlikely(path != l->path || !dst)) {
		dst = mobx_route_find(mnet, path);
		if (!dst)
			return false;
		l->mtu = mobx_pmtu_outer(dst, path->family, path);
	}
	outer = mobx_encap_len(e->encap) + mobx_tunnel_header(path->family);
	if (unlikely(skb_cow_head(skb, outer + LL_RESERVED_SPACE(dst->dev))))
		return false;
	len = skb->len + outer;
	/* It moved during the cipher, to a path with a credit of its own. */
	if (unlikely(path != l->path) && e->state == MOBX_PATH_STATE_TENTATIVE &&
	    !mobx_output_charge(path, len))
		return false;
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, dst);
	l->family = path->family;
	l->encap = e->encap;
	l->at = mobx_tunnel_header(path->family);
	__skb_push(skb, mobx_encap_len(l->encap));
	if (path->family == AF_INET)
		mobx_tunnel_header4(mnet->net, skb, path, l);
	else
		mobx_tunnel_header6(skb, path, l);
	atomic64_inc(&path->tx_packets);
	atomic64_add(len, &path->tx_bytes);
	return true;
}

/*
 * The inner header: whole, and no longer than the packet, which is cut to its
 * length. What ip_rcv() and ip6_rcv() check besides, they check. Where IPv6 is
 * switched off at boot its code must not see any, or meets tables that it lacks.
 */
static bool mobx_tunnel_header_ok(struct sk_buff *skb, u16 family)
{
	unsigned int len;

	if (family == AF_INET) {
		if (!pskb_may_pull(skb, sizeof(struct iphdr)) ||
		    ip_hdr(skb)->version != 4 || ip_hdr(skb)->ihl < 5 ||
		    !pskb_may_pull(skb, ip_hdr(skb)->ihl * 4))
			return false;
		len = ntohs(ip_hdr(skb)->tot_len);
		if (len < ip_hdr(skb)->ihl * 4)
			return false;
	} else {
		if (!ipv6_mod_enabled() ||
		    !pskb_may_pull(skb, sizeof(struct ipv6hdr)) ||
		    ipv6_hdr(skb)->version != 6)
			return false;
		len = ntohs(ipv6_hdr(skb)->payload_len) +
		      sizeof(struct ipv6hdr);
	}
	return len <= skb->len && !pskb_trim(skb, len);
}

/*
 * Whether a packet is what its SA is for; fragments as far as they show it. An
 * SA without selectors carries what the SPD protects with its peer.
 */
static bool mobx_tunnel_allowed(struct mobx_net *mnet,
				const struct mobx_sa *sa,
				const struct mobx_flow *flow, bool fragment)
{
	const struct mobx_policy *policy;
	enum mobx_match match;

	if (sa->n_sels) {
		match = mobx_sa_match(sa, flow);
		return match == MOBX_MATCH_YES ||
		       (fragment && match == MOBX_MATCH_MAYBE);
	}
	policy = mobx_policy_lookup(mnet, flow);
	return policy && policy->action == MOBX_ACTION_PROTECT &&
	       policy->mode == MOBX_MODE_TUNNEL &&
	       (!policy->peer || policy->peer == sa->peer);
}

/*
 * The same, told of where it is not: @why. An error has to be about what the SA
 * carries (RFC 4301, section 6.2), which it shows when it is whole.
 */
static bool mobx_tunnel_carries(struct mobx_net *mnet, struct mobx_sa *sa,
				const struct sk_buff *skb, u16 family,
				struct mobx_headers *h, enum mobx_stat *why)
{
	struct mobx_flow flow;

	*why = MOBX_STAT_IN_SELECTOR;
	mobx_flow_in(skb, family, &flow, h);
	if (unlikely((flow.proto == IPPROTO_ICMP ||
		      flow.proto == IPPROTO_ICMPV6) && !h->fragment &&
		     mobx_packet_about(skb, family, &flow) >=
		     MOBX_ABOUT_PACKET))
		*why = MOBX_STAT_IN_ICMP;
	if (likely(mobx_tunnel_allowed(mnet, sa, &flow, h->fragment)))
		return true;
	if (*why == MOBX_STAT_IN_SELECTOR)
		mobx_event_mismatch(sa, &flow);
	return false;
}

/*
 * Return: whether the packet is still there, and whole, unless it is one that the
 * defragmenter gives back as it was; if not, it waits or is gone.
 */
static bool mobx_tunnel_defrag(struct mobx_net *mnet, const struct mobx_sa *sa,
			       struct sk_buff *skb, u16 family)
{
	u32 user = MOBX_TUNNEL_DEFRAG | sa->peer->id;
	int err;

	BUILD_BUG_ON(MOBX_MAX_PEER_ID & MOBX_TUNNEL_DEFRAG);

	if (family == AF_INET) {
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		if (ip_defrag(mnet->net, skb, user))
			return false;
		skb->ignore_df = 1;
		return true;
	}
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	err = nf_ct_frag6_gather(mnet->net, skb, user);
	if (err && err != -EINPROGRESS)
		kfree_skb(skb);
	return !err;
}

/**
 * mobx_tunnel_receive - an authentic inner packet
 * @mnet: namespace
 * @sa: inbound SA
 * @skb: at its inner header, still with the device it came by; consumed
 * @tos: of its outer header
 * @next: next header of the ESP trailer
 *
 * Context: RCU section, bottom halves off.
 */
void mobx_tunnel_receive(struct mobx_net *mnet, struct mobx_sa *sa,
			 struct sk_buff *skb, u8 tos, u8 next)
{
	u16 family = next == IPPROTO_IPIP ? AF_INET : AF_INET6;
	enum mobx_stat why = MOBX_STAT_IN_MALFORMED;
	struct net_device *dev;
	struct mobx_headers h;

	skb_dst_drop(skb);
	nf_reset_ct(skb);
	skb_reset_network_header(skb);
	skb->protocol = family == AF_INET ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
	/* What was said of ESP, or of UDP around it, is not of this packet. */
	skb->ip_summed = CHECKSUM_NONE;
	skb->csum_valid = 0;
	skb_clear_hash(skb);
	if ((next != IPPROTO_IPIP && next != IPPROTO_IPV6) ||
	    unlikely(!mobx_tunnel_header_ok(skb, family)))
		goto drop;
	if (unlikely(!mobx_tunnel_carries(mnet, sa, skb, family, &h, &why)))
		goto drop;
	why = MOBX_STAT_IN_ECN;
	if (unlikely(INET_ECN_decapsulate(skb, tos,
					  family == AF_INET ?
					  ip_hdr(skb)->tos :
					  ipv6_get_dsfield(ipv6_hdr(skb))) > 1))
		goto drop;
	dev = mobx_device_up(mnet);
	if (dev)
		mobx_device_receive(dev, skb);
	if (unlikely(h.fragment)) {
		if (!mobx_tunnel_defrag(mnet, sa, skb, family))
			return;
		if (!mobx_tunnel_carries(mnet, sa, skb, family, &h, &why))
			goto drop;
		/* Further on it would meet fragments in clear. */
		why = MOBX_STAT_IN_FRAGMENT;
		if (unlikely(h.fragment))
			goto drop;
	}
	why = MOBX_STAT_IN_SELECTOR;
	if (unlikely(mobx_input_forges_us(mnet, skb, family)))
		goto drop;
	mobx_stat_inc(mnet, MOBX_STAT_IN_PROTECTED);
	skb_set_transport_header(skb, h.upper);
	mobx_deliver(mnet, sa, skb, family);
	return;

drop:
	mobx_stat_inc(mnet, why);
	kfree_skb(skb);
}
