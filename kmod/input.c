// SPDX-License-Identifier: GPL-2.0
/*
 * What arrives. ESP comes through the protocol multiplexer of XFRM, before
 * XFRM: what is not ours goes on to it untouched. What comes out of ESP passes
 * PRE_ROUTING and LOCAL_IN in clear; where nobody listens there it goes to its
 * protocol directly, which nobody can tell apart. Clear packets are asked at
 * PRE_ROUTING, once they are whole and before any address translation, whether
 * they should not have been protected (RFC 4301, section 5.2).
 */
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/skbuff.h>
#include <net/addrconf.h>
#include <net/dsfield.h>
#include <net/esp.h>
#include <net/ip.h>
#include <net/ipv6_stubs.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "about.h"
#include "alg.h"
#include "compat.h"
#include "esp.h"
#include "event.h"
#include "gro.h"
#include "hold.h"
#include "hooks.h"
#include "input.h"
#include "layout.h"
#include "netns.h"
#include "peer.h"
#include "pmtu.h"
#include "policy.h"
#include "replay.h"
#include "sa.h"
#include "tunnel.h"

/*
 * A packet that came out of ESP. Lives in a bit of the flags of IPCB and IP6CB
 * that the kernel does not use. ip_rcv() and ip6_rcv() clear it, so it cannot
 * come from outside, and nothing between PRE_ROUTING and delivery does; were it
 * lost, the packet would be dropped.
 */
#define MOBX_CB_AUTHENTIC	BIT(15)

/* Beyond all next headers. */
#define MOBX_INPUT_GONE		256

static u16 *mobx_cb_flags(struct sk_buff *skb, u16 family)
{
	return likely(family == AF_INET) ? &IPCB(skb)->flags :
					   &IP6CB(skb)->flags;
}

static void mobx_input_drop(struct mobx_net *mnet, struct sk_buff *skb,
			    enum mobx_stat why)
{
	mobx_stat_inc(mnet, why);
	kfree_skb(skb);
}

/* A rule of the firewall has seen it: find out where it goes, and bring it. */
static int mobx_input_route4(struct net *net, struct sock *sk,
			     struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);

	if (!skb_dst(skb) &&
	    ip_route_input_noref(skb, iph->daddr, iph->saddr, iph->tos,
				 skb->dev)) {
		kfree_skb(skb);
		return NET_RX_DROP;
	}
	return dst_input(skb);
}

static int mobx_input_route6(struct net *net, struct sock *sk,
			     struct sk_buff *skb)
{
	/* Where it cannot be routed the route itself says so. */
	if (!skb_dst(skb))
		ipv6_stub->ipv6_route_input(skb);
	return dst_input(skb);
}

/* Bring a decrypted packet, at its payload, to PRE_ROUTING; consumes it. */
static void mobx_input_inject(struct mobx_net *mnet, struct sk_buff *skb,
			      u16 family)
{
	__skb_push(skb, skb_network_header_len(skb));
	skb_dst_drop(skb);
	nf_reset_ct(skb);
	NF_HOOK(family, NF_INET_PRE_ROUTING, mnet->net, NULL, skb, skb->dev,
		NULL, family == AF_INET ? mobx_input_route4 :
					  mobx_input_route6);
}

/* Whether anybody would see a decrypted packet at PRE_ROUTING or LOCAL_IN. */
static bool mobx_input_watched(const struct net *net, u16 family)
{
	return mobx_hooks_watched(net, family, NF_INET_LOCAL_IN) ||
	       mobx_hooks_watched(net, family, NF_INET_PRE_ROUTING);
}

/* Count an authentic packet for its path, @len with IP header and ESP. */
static void mobx_input_account(struct mobx_path *path, unsigned int len)
{
	/* 0 says never. */
	unsigned long now = jiffies ?: 1;

	atomic64_inc(&path->rx_packets);
	atomic64_add(len, &path->rx_bytes);
	if (READ_ONCE(path->last_seen) != now)
		WRITE_ONCE(path->last_seen, now);
}

/**
 * mobx_input_late - deliver an authentic packet that had to wait
 * @mnet: namespace
 * @path: that it came by
 * @skb: at its payload, its IP header in front; consumed
 * @family: of that
 *
 * Context: RCU section, bottom halves off.
 */
void mobx_input_late(struct mobx_net *mnet, struct mobx_path *path,
		     struct sk_buff *skb, u16 family)
{
	mobx_input_account(path, skb->len + skb_network_header_len(skb));
	mobx_stat_inc(mnet, MOBX_STAT_IN_PROTECTED);
	mobx_input_inject(mnet, skb, family);
}

/*
 * Octets from the IP header to the one that said ESP, which the IP code has
 * noted before it came to us.
 */
static unsigned int mobx_input_nexthdr(struct sk_buff *skb, u16 family)
{
	return likely(family == AF_INET) ? offsetof(struct iphdr, protocol) :
					   IP6CB(skb)->nhoff;
}

/*
 * Whether the content of a packet is what its SA is for (RFC 4301, section
 * 5.2); an ICMP error must be about what the SA is for. If not, @why says which.
 */
static bool mobx_input_allowed(struct mobx_sa *sa, const struct sk_buff *skb,
			       u16 family, u8 next, enum mobx_stat *why)
{
	struct mobx_flow flow, about;

	if (unlikely(mobx_flow_about(skb, 0, family, next, &about) >=
		     MOBX_ABOUT_PACKET)) {
		*why = MOBX_STAT_IN_ICMP;
		return mobx_about_carried(sa, &about);
	}
	if (!sa->n_sels && likely(family == AF_INET || !ipv6_ext_hdr(next)))
		return true;
	*why = MOBX_STAT_IN_SELECTOR;
	if (likely(mobx_flow_inner(skb, family, next, &flow) &&
		   mobx_sa_match(sa, &flow) == MOBX_MATCH_YES))
		return true;
	mobx_event_mismatch(sa, &flow);
	return false;
}

static void mobx_input_hint(struct mobx_sa *sa, const struct sk_buff *skb,
			    u16 family)
{
	union mobx_addr local, remote;

	mobx_packet_addrs(skb, family, &remote, &local);
	mobx_event_hint(sa, family, &local, &remote);
}

/**
 * mobx_input_merged - deliver authentic segments that were put together
 * @mnet: namespace
 * @skb: at its payload, its IP header in front; consumed
 *
 * Context: RCU section, softirq.
 */
void mobx_input_merged(struct mobx_net *mnet, struct sk_buff *skb)
{
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	IPCB(skb)->iif = skb->skb_iif;
	IPCB(skb)->flags = MOBX_CB_AUTHENTIC;
	mobx_input_inject(mnet, skb, AF_INET);
}

/*
 * An inner packet, which is delivered wherever it came from: its own addresses
 * and selectors say what it is.
 */
static void mobx_input_tunnel(struct mobx_net *mnet, struct mobx_sa *sa,
			      struct sk_buff *skb, u16 family, u8 next,
			      const struct mobx_bound *e)
{
	if (unlikely(!mobx_sa_account(sa, skb->len))) {
		mobx_input_drop(mnet, skb, MOBX_STAT_IN_EXPIRED);
		return;
	}
	if (unlikely(!e))
		mobx_input_hint(sa, skb, family);
	mobx_tunnel_receive(mnet, sa, skb,
			    family == AF_INET ? ip_hdr(skb)->tos :
			    ipv6_get_dsfield(ipv6_hdr(skb)), next);
}

/*
 * The ICV was right. Returns the next header of a packet that is to be
 * delivered, or -1 when it is gone.
 */
static int mobx_input_admit(struct mobx_net *mnet, struct mobx_sa *sa,
			    struct sk_buff *skb, u16 family, u64 seq,
			    const struct mobx_binding *b)
{
	unsigned int len = skb->len + skb_network_header_len(skb);
	enum mobx_stat why = MOBX_STAT_IN_REPLAYED;
	const struct mobx_bound *e;
	int next;

	if (sa->replay && unlikely(!mobx_replay_commit(sa->replay, seq))) {
		atomic64_inc(&sa->replayed);
		goto drop;
	}
	e = mobx_binding_find(b, family, mobx_packet_daddr(skb, family),
			      mobx_packet_saddr(skb, family));
	if (e && likely(mobx_bound_accepts(e))) {
		mobx_input_account(e->path, len);
	} else if (e) {
		why = MOBX_STAT_IN_REMOVED_PATH;
		goto drop;
	}
	next = mobx_layout_strip(mnet, sa->alg, skb);
	if (unlikely(next < 0)) {
		kfree_skb(skb);
		return -1;
	}
	if (sa->mode == MOBX_MODE_TUNNEL) {
		mobx_input_tunnel(mnet, sa, skb, family, next, e);
		return -1;
	}
	mobx_layout_close(skb, family, mobx_input_nexthdr(skb, family), next);
	if (unlikely(!mobx_sa_account(sa, skb->len +
				      skb_network_header_len(skb)))) {
		why = MOBX_STAT_IN_EXPIRED;
		goto drop;
	}
	if (unlikely(!mobx_input_allowed(sa, skb, family, next, &why)))
		goto drop;
	*mobx_cb_flags(skb, family) |= MOBX_CB_AUTHENTIC;
	if (unlikely(!e)) {
		skb->ip_summed = CHECKSUM_NONE;
		mobx_input_hint(sa, skb, family);
		mobx_keep_packet(mnet, sa, skb, family);
		return -1;
	}
	/* The ICV has covered more than the checksum does. */
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->csum_level = 0;
	mobx_stat_inc(mnet, MOBX_STAT_IN_PROTECTED);
	return next;

drop:
	mobx_input_drop(mnet, skb, why);
	return -1;
}

static void mobx_input_failed(struct mobx_net *mnet, struct mobx_sa *sa,
			      struct sk_buff *skb, u16 family, int err)
{
	union mobx_addr local, remote;

	switch (err) {
	case -EBADMSG:
		atomic64_inc(&sa->integrity_failed);
		mobx_packet_addrs(skb, family, &remote, &local);
		mobx_event_integrity(sa, family, &local, &remote);
		mobx_input_drop(mnet, skb, MOBX_STAT_IN_INTEGRITY);
		return;
	case -ENOMEM:
		mobx_input_drop(mnet, skb, MOBX_STAT_IN_NO_MEMORY);
		return;
	default:
		mobx_input_drop(mnet, skb, MOBX_STAT_IN_CRYPTO_ERROR);
	}
}

/**
 * mobx_input_decrypted - the cipher has finished with a packet, later
 * @mnet: namespace
 * @sa: inbound SA, a reference to which is held
 * @skb: as mobx_esp_decrypt() was given it; consumed
 * @seq: its sequence number
 * @err: 0, or what went wrong
 *
 * The binding may be another one by now; it is the one that counts.
 *
 * Context: RCU section, bottom halves off.
 */
void mobx_input_decrypted(struct mobx_net *mnet, struct mobx_sa *sa,
			  struct sk_buff *skb, u64 seq, int err)
{
	const struct mobx_binding *b = rcu_dereference(sa->peer->binding);
	u16 family = ip_hdr(skb)->version == 4 ? AF_INET : AF_INET6;

	if (unlikely(err || !b))
		mobx_input_failed(mnet, sa, skb, family, err);
	else if (mobx_input_admit(mnet, sa, skb, family, seq, b) >= 0)
		mobx_input_inject(mnet, skb, family);
}

/*
 * ESP has arrived, at its header, behind an IP header that was checked. Returns
 * the next header of a packet that the IP code is to go on with,
 * MOBX_INPUT_GONE, or -EINVAL to leave it to XFRM and others.
 */
static int mobx_input_esp(struct sk_buff *skb, u16 family)
{
	struct net *net = dev_net(skb->dev);
	struct mobx_net *mnet = mobx_pernet(net);
	const struct mobx_binding *b;
	const struct ip_esp_hdr *esph;
	const struct mobx_alg *alg;
	enum mobx_stat why;
	struct mobx_sa *sa;
	int err, next;
	u64 seq;

	if (unlikely(!pskb_may_pull(skb, MOBX_ESP_HDR_LEN)))
		return -EINVAL;
	esph = (const struct ip_esp_hdr *)skb->data;
	sa = mobx_sa_find_in(mnet, esph->spi);
	if (!sa) {
		mobx_stat_inc(mnet, MOBX_STAT_IN_UNKNOWN_SPI);
		return -EINVAL;
	}
	b = rcu_dereference(sa->peer->binding);
	if (unlikely(!b ||
		     !mobx_binding_has_local(b, family,
					     mobx_packet_daddr(skb, family)))) {
		mobx_stat_inc(mnet, MOBX_STAT_IN_FOREIGN_LOCAL);
		return -EINVAL;
	}

	alg = sa->alg;
	why = MOBX_STAT_IN_FRAGMENT;
	/* Of IPv6 nobody brings us fragments. */
	if (unlikely(family == AF_INET && ip_is_fragment(ip_hdr(skb))))
		goto drop;
	/* ESP within ESP of ours would have the stack recurse as it likes. */
	why = MOBX_STAT_IN_MALFORMED;
	if (unlikely(*mobx_cb_flags(skb, family) & MOBX_CB_AUTHENTIC ||
		     skb->len < mobx_alg_header(alg) + alg->block +
				alg->icv_len ||
		     (skb->len - mobx_alg_header(alg) - alg->icv_len) %
				alg->block ||
		     !pskb_may_pull(skb, mobx_alg_header(alg))))
		goto drop;
	why = MOBX_STAT_IN_EXPIRED;
	if (unlikely(!mobx_sa_usable(sa)))
		goto drop;
	esph = (const struct ip_esp_hdr *)skb->data;
	seq = ntohl(esph->seq_no);
	if (mobx_sa_esn(sa))
		seq = mobx_replay_infer(sa->replay, seq);
	why = MOBX_STAT_IN_REPLAYED;
	if (sa->replay &&
	    unlikely(!seq || !mobx_replay_check(sa->replay, seq))) {
		atomic64_inc(&sa->replayed);
		goto drop;
	}

	err = mobx_esp_decrypt(mnet, sa, skb, seq);
	if (err == -EINPROGRESS)
		return MOBX_INPUT_GONE;
	if (unlikely(err)) {
		mobx_input_failed(mnet, sa, skb, family, err);
		return MOBX_INPUT_GONE;
	}
	next = mobx_input_admit(mnet, sa, skb, family, seq, b);
	if (next < 0)
		return MOBX_INPUT_GONE;
	if (next == IPPROTO_TCP && family == AF_INET && mobx_gro_receive(skb))
		return MOBX_INPUT_GONE;
	if (!mobx_input_watched(net, family))
		return next;
	mobx_input_inject(mnet, skb, family);
	return MOBX_INPUT_GONE;

drop:
	mobx_input_drop(mnet, skb, why);
	return MOBX_INPUT_GONE;
}

/* -EINVAL: somebody else's; minus a protocol: go on with that; 0: gone. */
static int mobx_input_esp4(struct sk_buff *skb)
{
	int next = mobx_input_esp(skb, AF_INET);

	switch (next) {
	case MOBX_INPUT_GONE:
		return 0;
	case -EINVAL:
		return -EINVAL;
	case 0:
	case EINVAL:
		/* Two protocols whose numbers say something else here. */
		mobx_input_inject(mobx_pernet(dev_net(skb->dev)), skb, AF_INET);
		return 0;
	}
	return -next;
}

/* -EINVAL: somebody else's; 1: go on with what the headers say; 0: gone. */
static int mobx_input_esp6(struct sk_buff *skb)
{
	int next = mobx_input_esp(skb, AF_INET6);

	switch (next) {
	case MOBX_INPUT_GONE:
		return 0;
	case -EINVAL:
		return -EINVAL;
	}
	return 1;
}

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
	enum mobx_stat why = MOBX_STAT_IN_CLEAR_DISCARDED;
	const struct mobx_policy *policy;
	struct mobx_headers h;
	struct mobx_flow flow;

	if (unlikely(mobx_tunnel_mark_take(skb))) {
		*mobx_cb_flags(skb, state->pf) |= MOBX_CB_AUTHENTIC;
		return NF_ACCEPT;
	}
	if (*mobx_cb_flags(skb, state->pf) & MOBX_CB_AUTHENTIC ||
	    mobx_is_esp(skb, state->pf) ||
	    state->in->flags & IFF_LOOPBACK ||
	    skb->pkt_type == PACKET_LOOPBACK)
		return NF_ACCEPT;

	mobx_flow_in(skb, state->pf, &flow, &h);
	policy = mobx_policy_lookup(mnet, &flow);
	if (policy) {
		if (policy->action == MOBX_ACTION_BYPASS)
			return mobx_input_clear(mnet, skb, state->pf);
		if (policy->action == MOBX_ACTION_DISCARD)
			why = MOBX_STAT_IN_DISCARDED;
	} else if (!mobx_flow_negotiated(mnet, MOBX_DIR_IN, &flow)) {
		if (READ_ONCE(mnet->default_action) == MOBX_ACTION_BYPASS ||
		    mobx_input_passes(state->net, &flow))
			return mobx_input_clear(mnet, skb, state->pf);
		why = MOBX_STAT_IN_DISCARDED;
	}
	if (mobx_exempt_in(mnet, skb, &flow) != MOBX_EXEMPT_NOT)
		return NF_ACCEPT;
	mobx_stat_inc(mnet, why);
	return NF_DROP;
}

/* ESP in UDP is not ours yet. */
static int mobx_input_encap(struct sk_buff *skb, int nexthdr, __be32 spi,
			    int encap_type)
{
	return -EINVAL;
}

/* Packets that XFRM has decrypted are never ours. */
static int mobx_input_xfrm_cb(struct sk_buff *skb, int err)
{
	return 1;
}

/* Before ip_vti (100), xfrmi (10) and esp4 (0). */
#define MOBX_INPUT_PRIORITY	200

static struct xfrm4_protocol mobx_esp4_protocol = {
	.handler	= mobx_input_esp4,
	.input_handler	= mobx_input_encap,
	.cb_handler	= mobx_input_xfrm_cb,
	.err_handler	= mobx_pmtu_error4,
	.priority	= MOBX_INPUT_PRIORITY,
};

static struct xfrm6_protocol mobx_esp6_protocol = {
	.handler	= mobx_input_esp6,
	.input_handler	= mobx_input_encap,
	.cb_handler	= mobx_input_xfrm_cb,
	.err_handler	= mobx_pmtu_error6,
	.priority	= MOBX_INPUT_PRIORITY,
};

/**
 * mobx_input_init - have ESP brought to us
 *
 * Context: module init.
 * Return: 0, or -EEXIST when another module has the same place
 */
int mobx_input_init(void)
{
	int err;

	err = xfrm4_protocol_register(&mobx_esp4_protocol, IPPROTO_ESP);
	if (err)
		return err;
	err = xfrm6_protocol_register(&mobx_esp6_protocol, IPPROTO_ESP);
	if (err)
		xfrm4_protocol_deregister(&mobx_esp4_protocol, IPPROTO_ESP);
	return err;
}

/**
 * mobx_input_exit - no more; waits until nobody is at it
 *
 * Context: module exit.
 */
void mobx_input_exit(void)
{
	xfrm6_protocol_deregister(&mobx_esp6_protocol, IPPROTO_ESP);
	xfrm4_protocol_deregister(&mobx_esp4_protocol, IPPROTO_ESP);
}
