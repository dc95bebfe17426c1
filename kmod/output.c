// SPDX-License-Identifier: GPL-2.0
/*
 * What leaves: decided at POST_ROUTING, last, where local and forwarded
 * packets pass, firewall and address translation have seen them in clear, and
 * connection tracking has confirmed them. What is protected is taken there and
 * comes back as ESP through LOCAL_OUT and POST_ROUTING, as with XFRM.
 */
#include <linux/netfilter.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/ipv6_stubs.h>

#include "about.h"
#include "alg.h"
#include "compat.h"
#include "device.h"
#include "esp.h"
#include "hold.h"
#include "hooks.h"
#include "inner.h"
#include "layout.h"
#include "loop.h"
#include "netns.h"
#include "output.h"
#include "peer.h"
#include "pmtu.h"
#include "policy.h"
#include "route.h"
#include "sa.h"
#include "send.h"
#include "spread.h"
#include "tunnel.h"

/*
 * Octets that stay in front of ESP, of the packet's own header in transport
 * mode and of the outer one in tunnel mode, and of UDP.
 */
static unsigned int mobx_output_front(const struct mobx_choice *choice)
{
	return mobx_encap_len(choice->encap) +
	       (choice->mode == MOBX_MODE_TRANSPORT ? choice->headers.esp :
		mobx_tunnel_header(choice->path->family));
}

/*
 * Octets on the wire, IP headers included, those of fragments too, where a
 * packet takes @mtu; never less than they will be.
 */
static u64 mobx_output_wire_len(const struct sk_buff *skb,
				const struct mobx_choice *choice,
				unsigned int mtu)
{
	const struct mobx_alg *alg = choice->sa->alg;
	unsigned int at = mobx_output_front(choice);
	/* IPv6 has a fragment header, and moves all that is not unfragmentable. */
	unsigned int head = at + sizeof(struct frag_hdr);
	unsigned int fragment = max((int)(mtu - head) & ~7, 8);
	u64 each = at + min_t(unsigned int, choice->sa->tfc, mtu) +
		   mobx_alg_header(alg) + alg->block + 2 + alg->icv_len;
	u64 n = 1, len;

	if (skb_is_gso(skb)) {
		/* Those of SCTP are chunks of any size: they are counted. */
		n = skb_is_gso_sctp(skb) ? skb_shinfo(skb)->gso_segs :
			DIV_ROUND_UP(skb->len, skb_shinfo(skb)->gso_size);
		/* Every segment has the transport's header as well. */
		each += 60;
	}
	len = skb->len + n * each;
	if (len > n * mtu)
		len += (n + div_u64(len, fragment)) * head;
	return len;
}

/**
 * mobx_output_charge - take octets of a tentative path's credit
 * @path: path
 * @len: octets
 *
 * Context: RCU section.
 * Return: whether there were as many; otherwise none is taken
 */
bool mobx_output_charge(struct mobx_path *path, u64 len)
{
	u64 used = atomic64_read(&path->credit_used);

	do {
		if (used + len > mobx_path_credit(path))
			return false;
	} while (!atomic64_try_cmpxchg(&path->credit_used, (s64 *)&used,
				       used + len));
	return true;
}

/*
 * Whether a peer can take the packet: its pair is in the binding, in a state
 * that may be sent to, and an SA matches. One dereference decides about both.
 * A younger peer wins over an older one, for an agent that has started anew
 * makes new peers before it removes those of its predecessor.
 */
static void mobx_output_consider(struct mobx_choice *choice,
				 struct mobx_peer *peer, u64 *serial,
				 u8 *state)
{
	u8 pfp = choice->policy ? choice->policy->pfp : 0;
	const struct mobx_flow *flow = &choice->flow;
	const struct mobx_binding *b = rcu_dereference(peer->binding);
	const struct mobx_bound *e;
	struct mobx_sa *sa;

	if (choice->sa && peer->serial < *serial)
		return;
	if (unlikely(!b))
		return;
	e = mobx_binding_find(b, flow->family, &flow->local, &flow->remote);
	if (!e || e->state > MOBX_PATH_STATE_VALID) {
		if (!choice->peer)
			choice->peer = peer;
		return;
	}
	sa = mobx_sa_choose_out(peer, MOBX_MODE_TRANSPORT, flow, pfp);
	if (!sa) {
		if (!choice->sa)
			choice->peer = peer;
		return;
	}
	choice->peer = peer;
	choice->sa = sa;
	choice->path = e->path;
	choice->encap = e->encap;
	*serial = peer->serial;
	*state = e->state;
}

/*
 * The peer, SA and path for a packet that a tunnel must take: by the primary
 * path, which the packet knows nothing of, or by that of its flow.
 */
static void mobx_output_choose_tunnel(struct mobx_choice *choice,
				      struct mobx_net *mnet, u8 *state)
{
	const struct mobx_policy *policy = choice->policy;
	u8 pfp = policy ? policy->pfp : 0;
	const struct mobx_binding *b;
	const struct mobx_bound *e;
	struct mobx_sa *sa;

	choice->peer = policy ? policy->peer : NULL;
	/* Where no policy names the peer, selectors have to. */
	sa = choice->peer ? mobx_sa_choose_out(choice->peer, MOBX_MODE_TUNNEL,
					       &choice->flow, pfp) :
			    mobx_inner_find(mnet, &choice->flow, pfp);
	if (!sa)
		return;
	choice->peer = sa->peer;
	b = rcu_dereference(sa->peer->binding);
	if (unlikely(!b))
		return;
	e = likely(!b->spread) ? &b->paths[b->primary] :
		mobx_spread_choose(b, &choice->flow, &choice->headers);
	choice->dst = mobx_route_find(mnet, e->path);
	if (unlikely(!choice->dst))
		return;
	choice->sa = sa;
	choice->path = e->path;
	choice->encap = e->encap;
	*state = e->state;
}

/* The same for one that must be protected as it is. */
static void mobx_output_choose_transport(struct mobx_choice *choice,
					 struct mobx_net *mnet, u8 *state)
{
	const struct mobx_flow *flow = &choice->flow;
	struct mobx_addr_node *n;
	struct rhlist_head *pos;
	u64 serial = 0;

	if (choice->policy && choice->policy->peer) {
		mobx_output_consider(choice, choice->policy->peer, &serial,
				     state);
		return;
	}
	mobx_for_each_peer_at(n, pos, mnet, flow->family, &flow->remote)
		mobx_output_consider(choice, n->peer, &serial, state);
}

/*
 * Segments of this super-packet would be fragments, and transport mode is for
 * datagrams: it is protected as the one that it is.
 */
static bool mobx_output_is_whole(const struct sk_buff *skb,
				 const struct mobx_choice *choice)
{
	return skb_shinfo(skb)->gso_type & SKB_GSO_UDP &&
	       choice->mode == MOBX_MODE_TRANSPORT;
}

/* Too long for the length in an IP header, once ESP is in it. */
static bool mobx_output_too_long(const struct sk_buff *skb,
				 const struct mobx_choice *choice)
{
	const struct mobx_alg *alg = choice->sa->alg;
	unsigned int len = skb->len, max = IP_MAX_MTU;

	/* Nothing adds as much again. */
	if (likely(len <= IP_MAX_MTU / 2))
		return false;
	if (choice->mode == MOBX_MODE_TRANSPORT)
		len -= choice->headers.esp;
	if (choice->path->family == AF_INET6)
		max += sizeof(struct ipv6hdr);
	return mobx_output_front(choice) + mobx_alg_header(alg) + len +
	       mobx_alg_trailer(alg, len) > max &&
	       (!skb_is_gso(skb) || mobx_output_is_whole(skb, choice));
}

/**
 * mobx_output_choose - the peer, SA and path for a packet to be protected
 * @choice: the flow, mode, and policy if there is one, are filled; the rest is
 * @mnet: namespace
 * @skb: packet at its IP header, with a route
 *
 * Context: the RCU section of @choice.
 * Return: MOBX_TAKE; MOBX_WAIT when something is missing; MOBX_DROP, counted
 */
enum mobx_verdict mobx_output_choose(struct mobx_choice *choice,
				     struct mobx_net *mnet,
				     const struct sk_buff *skb)
{
	u8 state = MOBX_PATH_STATE_VALID;
	unsigned int mtu;

	if (likely(choice->mode == MOBX_MODE_TRANSPORT)) {
		mobx_output_choose_transport(choice, mnet, &state);
		choice->dst = skb_dst(skb);
	} else {
		mobx_output_choose_tunnel(choice, mnet, &state);
	}
	if (!choice->sa || unlikely(READ_ONCE(mobx_hibernating)))
		return MOBX_WAIT;
	if (unlikely(mobx_output_too_long(skb, choice))) {
		mobx_stat_inc(mnet, MOBX_STAT_OUT_CRYPTO_ERROR);
		return MOBX_DROP;
	}
	if (likely(state != MOBX_PATH_STATE_TENTATIVE))
		return MOBX_TAKE;
	mtu = mobx_pmtu_outer(choice->dst, choice->path->family, choice->path);
	if (!mobx_output_charge(choice->path,
				mobx_output_wire_len(skb, choice, mtu))) {
		choice->no_credit = true;
		return MOBX_WAIT;
	}
	return MOBX_TAKE;
}

/*
 * Tell who sent a packet that it may not pass (RFC 4301, section 5.1.1). The
 * kernel limits the rate, and answers no ICMP errors.
 */
static void mobx_output_prohibit(struct sk_buff *skb, u16 family)
{
	if (!skb->dev || !skb_dst(skb))
		return;
	if (family == AF_INET)
		icmp_send(skb, ICMP_DEST_UNREACH, ICMP_PKT_FILTERED, 0);
	else
		icmpv6_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_ADM_PROHIBITED, 0);
}

/*
 * Whether ESP has a place behind the IP header. Rules of a firewall may write any
 * length there, which then is checked by nobody; of IPv6 see mobx_headers_walk().
 */
static bool mobx_output_header_ok(const struct sk_buff *skb, u16 family)
{
	return likely(family != AF_INET ||
		      (ip_hdr(skb)->ihl >= 5 && ip_hdrlen(skb) <= skb->len));
}

/**
 * mobx_output_decide - what becomes of a packet
 * @mnet: namespace
 * @skb: packet at its IP header
 * @family: AF_INET or AF_INET6
 * @choice: filled; for MOBX_TAKE with SA and path, for MOBX_WAIT with what is
 *	known of them
 *
 * Explicit policies in their order, then negotiated selectors, then the
 * default of the namespace (RFC 4301, section 5.1). Counts what it passes and
 * drops.
 *
 * Context: RCU section, to the end of which @choice is valid.
 */
enum mobx_verdict mobx_output_decide(struct mobx_net *mnet,
				     struct sk_buff *skb, u16 family,
				     struct mobx_choice *choice)
{
	const struct mobx_flow *flow = &choice->flow;

	mobx_flow_out(skb, family, &choice->flow, &choice->headers);
	choice->policy = NULL;
	choice->peer = NULL;
	choice->sa = NULL;
	choice->path = NULL;
	choice->encap = (struct mobx_encap){ 0 };
	choice->dst = NULL;
	choice->finish = NULL;
	choice->mode = MOBX_MODE_TRANSPORT;
	choice->forwarded = mobx_is_forwarded(skb);
	choice->no_credit = false;
	/* Pairs with mobx_hold_retry_out(), see mobx_hold_enqueue(). */
	choice->epoch = smp_load_acquire(&mnet->hold->epoch);
	if (mobx_exempt_out(mnet, skb, flow) != MOBX_EXEMPT_NOT)
		return MOBX_PASS;

	choice->policy = mobx_policy_lookup(mnet, flow);
	if (choice->policy) {
		switch (choice->policy->action) {
		case MOBX_ACTION_BYPASS:
			if (unlikely(mobx_about_out(mnet, skb, &choice->flow,
						    &choice->policy)))
				break;
			mobx_stat_inc(mnet, MOBX_STAT_OUT_BYPASSED);
			return MOBX_PASS;
		case MOBX_ACTION_DISCARD:
			goto discard;
		}
	} else if (!mobx_flow_negotiated(mnet, MOBX_DIR_OUT, flow)) {
		if (READ_ONCE(mnet->default_action) != MOBX_ACTION_BYPASS)
			goto discard;
		if (likely(!mobx_about_out(mnet, skb, &choice->flow,
					   &choice->policy)))
			return MOBX_PASS;
	}
	if (choice->policy)
		choice->mode = choice->policy->mode;
	if (unlikely(choice->policy &&
		     !mobx_policy_pfp_shown(choice->policy, flow)))
		goto discard;
	if (unlikely(!mobx_output_header_ok(skb, family)))
		goto discard;
	/*
	 * Transport mode is for whole datagrams (RFC 4303, section 3.3.4), and
	 * for what the IP layer sends: br_netfilter shows us frames that are
	 * bridged, whose route leads nowhere.
	 */
	if (unlikely((choice->headers.fragment &&
		      choice->mode == MOBX_MODE_TRANSPORT) || !skb_dst(skb) ||
		     skb_dst(skb)->flags & DST_FAKE_RTABLE))
		goto discard;
	return mobx_output_choose(choice, mnet, skb);

discard:
	mobx_stat_inc(mnet, MOBX_STAT_OUT_DISCARDED);
	if (READ_ONCE(mnet->icmp))
		mobx_output_prohibit(skb, family);
	return MOBX_DROP;
}

/*
 * Padding that hides a packet's length (RFC 4303, section 2.7), in octets. Only
 * where the payload tells its own length, so that the receiver can cut it off.
 */
static unsigned int mobx_output_tfc(const struct sk_buff *skb,
				    const struct mobx_choice *choice,
				    const struct mobx_layout *l)
{
	unsigned int to = min_t(unsigned int, choice->sa->tfc, l->inner);
	/* The flow of an ICMP error may be that of what it is about. */
	u8 proto = choice->headers.proto;

	if (!l->tunnel && proto != IPPROTO_UDP && proto != IPPROTO_IPIP &&
	    proto != IPPROTO_IPV6)
		return 0;
	return to > skb->len ? to - skb->len : 0;
}

/* Protect one packet that is no super-packet, consuming it; sets @l->tfc. */
static void mobx_output_one(struct mobx_net *mnet, struct sk_buff *skb,
			    const struct mobx_choice *choice,
			    struct mobx_layout *l)
{
	struct mobx_path *path = choice->path;
	struct mobx_sa *sa = choice->sa;

	if (unlikely(!mobx_sa_account(sa, skb->len))) {
		mobx_stat_inc(mnet, MOBX_STAT_OUT_EXPIRED);
		kfree_skb(skb);
		return;
	}
	if (unlikely(sa->tfc))
		l->tfc = mobx_output_tfc(skb, choice, l);
	/* A tunnel's path is certain only when the cipher has done. */
	if (likely(!l->tunnel)) {
		atomic64_inc(&path->tx_packets);
		atomic64_add(skb->len + l->tfc + mobx_encap_len(l->encap) +
			     mobx_alg_header(sa->alg) +
			     mobx_alg_trailer(sa->alg,
					      skb->len - l->at + l->tfc),
			     &path->tx_bytes);
	}
	mobx_esp_encrypt(mnet, sa, skb, l);
}

/*
 * SCTP's super-packets hold all that the congestion window lets go. In clear
 * they may cross as they are, and a receiver's backlog takes them as one; what
 * we make of them would come as a burst that overflows it. XFRM's routes have
 * a header_len, for which the socket forgoes them; we have no route of our own
 * and tell the socket, which SCTP has locked while it sends.
 */
void mobx_output_no_bursts(struct sk_buff *skb)
{
	if (skb_shinfo(skb)->gso_type & SKB_GSO_SCTP && skb->sk)
		sk_gso_disable(skb->sk);
}

/* Where ESP goes. Return: false when the packet is too long: its sender knows. */
static bool mobx_output_layout(struct mobx_net *mnet, struct sk_buff *skb,
			       const struct mobx_choice *choice,
			       struct mobx_layout *l)
{
	l->room = LL_RESERVED_SPACE(choice->dst->dev);
	l->family = choice->flow.family;
	l->path = choice->path;
	l->dst = choice->dst;
	l->finish = choice->finish;
	l->tfc = 0;
	if (likely(choice->mode == MOBX_MODE_TRANSPORT)) {
		l->tunnel = false;
		l->at = choice->headers.esp;
		l->encap = choice->encap;
		l->nexthdr = choice->headers.nexthdr;
		mobx_pmtu_tell(skb, choice, l);
		return true;
	}
	l->tunnel = true;
	l->at = 0;
	l->encap = (struct mobx_encap){ 0 };
	l->room += mobx_output_front(choice);
	mobx_tunnel_layout(skb, choice, l);
	return mobx_pmtu_tunnel(mnet, skb, choice, l);
}

/**
 * struct mobx_output_split - for what the fragments of a packet are
 * @mnet: namespace
 * @choice: with what the packet is protected
 * @l: its layout
 */
struct mobx_output_split {
	struct mobx_net			*mnet;
	const struct mobx_choice	*choice;
	struct mobx_layout		*l;
};

/* Of the packet that this CPU takes apart; bottom halves are off. */
static DEFINE_PER_CPU(struct mobx_output_split *, mobx_output_splitting);

static int mobx_output_fragment(struct net *net, struct sock *sk,
				struct sk_buff *skb)
{
	const struct mobx_output_split *s;

	s = this_cpu_read(mobx_output_splitting);
	mobx_output_one(s->mnet, skb, s->choice, s->l);
	return 0;
}

/* The longest that an IPv6 packet may leave the far end of a tunnel in. */
static unsigned int mobx_output_longest(const struct sk_buff *skb,
					const struct mobx_layout *l)
{
	unsigned int came = IP6CB(skb)->frag_max_size;

	return came ? min(came, l->inner) : l->inner;
}

/* Whether the SA may carry fragments, of which all but one show no ports. */
static noinline_for_stack bool
mobx_output_may_split(const struct mobx_choice *choice)
{
	struct mobx_flow later = choice->flow;

	later.opaque_ports = true;
	return mobx_sa_match(choice->sa, &later) == MOBX_MATCH_YES;
}

/*
 * IPv6 is fragmented by its source only, so the gateway at the far end could not
 * pass on a datagram that was longer before: it goes in fragments through the
 * tunnel, if the selectors of the SA let it carry such (RFC 4301, section 7).
 */
static bool mobx_output_must_split(const struct sk_buff *skb,
				   const struct mobx_choice *choice,
				   const struct mobx_layout *l)
{
	return l->tunnel && l->family == AF_INET6 && skb->ignore_df &&
	       !skb_is_gso(skb) && skb->len > mobx_output_longest(skb, l) &&
	       mobx_output_may_split(choice);
}

static void mobx_output_split(struct mobx_net *mnet, struct sk_buff *skb,
			      const struct mobx_choice *choice,
			      struct mobx_layout *l)
{
	struct mobx_output_split s = {
		.mnet = mnet, .choice = choice, .l = l
	};
	struct mobx_output_split *outer;

	local_bh_disable();
	outer = this_cpu_read(mobx_output_splitting);
	this_cpu_write(mobx_output_splitting, &s);
	IP6CB(skb)->frag_max_size = min(mobx_output_longest(skb, l),
					dst_mtu(skb_dst(skb)));
	ipv6_stub->ipv6_fragment(mnet->net, skb->sk, skb, mobx_output_fragment);
	this_cpu_write(mobx_output_splitting, outer);
	local_bh_enable();
}

/**
 * mobx_output_take - protect a packet and send it
 * @mnet: namespace
 * @skb: packet at its IP header, a super-packet possibly; consumed
 * @choice: from mobx_output_decide(), which said MOBX_TAKE
 *
 * Context: the RCU section of @choice.
 */
void mobx_output_take(struct mobx_net *mnet, struct sk_buff *skb,
		      struct mobx_choice *choice)
{
	struct sk_buff *segs = skb, *next;
	struct mobx_layout l;

	if (unlikely(skb->len > IP_MAX_MTU) &&
	    !mobx_layout_no_jumbo(skb, &choice->headers)) {
		mobx_stat_inc(mnet, MOBX_STAT_OUT_NO_MEMORY);
		kfree_skb(skb);
		return;
	}
	if (unlikely(!mobx_output_layout(mnet, skb, choice, &l))) {
		mobx_stat_inc(mnet, MOBX_STAT_OUT_TOO_BIG);
		kfree_skb(skb);
		return;
	}

	if (unlikely(mobx_output_must_split(skb, choice, &l))) {
		mobx_output_split(mnet, skb, choice, &l);
		return;
	}
	if (unlikely(mobx_output_is_whole(skb, choice)))
		skb_gso_reset(skb);
	if (skb_is_gso(skb)) {
		mobx_output_no_bursts(skb);
		mobx_layout_lean(skb, choice->sa->alg, &l);
		/* No features: each segment has its checksum, in one piece. */
		segs = skb_gso_segment(skb, 0);
		if (IS_ERR_OR_NULL(segs)) {
			mobx_stat_inc(mnet, MOBX_STAT_OUT_NO_MEMORY);
			kfree_skb(skb);
			return;
		}
		consume_skb(skb);
	}
	/*
	 * A softirq that interrupts the cipher finds the vector registers in
	 * use and has its own packets ciphered later, out of order.
	 */
	local_bh_disable();
	skb_list_walk_safe(segs, skb, next) {
		skb_mark_not_on_list(skb);
		mobx_output_one(mnet, skb, choice, &l);
	}
	local_bh_enable();
}

/*
 * How ESP goes on in place of the packet, if it need not pass LOCAL_OUT and
 * POST_ROUTING, because nobody looks there. A route that is not sent by
 * ip_output(), or by another device than its own, has reasons of its own.
 * @watched says of POST_ROUTING whether somebody does.
 */
static mobx_okfn_t *mobx_output_finish(const struct sk_buff *skb,
				       const struct nf_hook_state *state,
				       bool watched)
{
	const struct dst_entry *dst = skb_dst(skb);

	if (state->pf != NFPROTO_IPV4 || watched || dst->output != ip_output ||
	    dst->dev != state->out ||
	    mobx_hooks_watched(state->net, AF_INET, NF_INET_LOCAL_OUT))
		return NULL;
	return state->okfn;
}

/*
 * Whether a packet comes from mobx_send() as ESP in UDP. The mark says so, and
 * an SA must have its SPI, for nothing else may pass that is not ESP.
 */
static bool mobx_output_was_sent(struct mobx_net *mnet,
				 const struct sk_buff *skb, u16 family)
{
	struct rhlist_head *pos;
	struct mobx_sa *sa;
	__be32 spi, *p;

	if (likely(!((family == AF_INET ? IPCB(skb)->flags :
					  IP6CB(skb)->flags) & MOBX_CB_SENT)))
		return false;
	p = skb_header_pointer(skb, skb_transport_offset(skb) +
			       sizeof(struct udphdr), sizeof(spi), &spi);
	if (!p)
		return false;
	mobx_for_each_sa_out(sa, pos, mnet, *p)
		return true;
	return false;
}

/**
 * mobx_output_hook - POST_ROUTING, last
 * @priv: not used
 * @skb: packet that is about to leave
 * @state: where
 *
 * Context: RCU section.
 * Return: verdict of netfilter
 */
unsigned int mobx_output_hook(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	struct mobx_net *mnet = mobx_pernet(state->net);
	/* mobx_output_decide() fills it; to clear it first is felt, see pair.c. */
	struct mobx_choice choice __uninitialized;
	enum mobx_verdict what;
	unsigned int verdict;
	bool watched = false;

	if (mobx_loop_is_copy(skb, state) || mobx_is_esp(skb, state->pf) ||
	    mobx_output_was_sent(mnet, skb, state->pf) ||
	    (unlikely(state->out->flags & (IFF_LOOPBACK | IFF_POINTOPOINT)) &&
	     mobx_device_decides(mnet, skb, state)))
		return NF_ACCEPT;
	what = mobx_output_decide(mnet, skb, state->pf, &choice);
	if (what == MOBX_PASS)
		return NF_ACCEPT;
	if (what == MOBX_DROP)
		return NF_DROP;
	verdict = mobx_hooks_behind(skb, state, &watched);
	if (unlikely(verdict != NF_ACCEPT))
		return verdict;
	if (unlikely(state->pf == NFPROTO_IPV6))
		mobx_loop_back6(skb, state);
	if (likely(what == MOBX_TAKE)) {
		choice.finish = mobx_output_finish(skb, state, watched);
		mobx_output_take(mnet, skb, &choice);
	} else {
		mobx_hold_packet(mnet, skb, state->okfn, &choice);
	}
	return NF_STOLEN;
}
