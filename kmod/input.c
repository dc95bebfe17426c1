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
#include <linux/skbuff.h>
#include <net/esp.h>
#include <net/ip.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "alg.h"
#include "compat.h"
#include "esp.h"
#include "event.h"
#include "gro.h"
#include "hold.h"
#include "input.h"
#include "netns.h"
#include "peer.h"
#include "pmtu.h"
#include "policy.h"
#include "replay.h"
#include "sa.h"

/*
 * A packet that came out of ESP. Lives in a bit of IPCB's flags that the
 * kernel does not use. ip_rcv() clears it, so it cannot come from outside, and
 * nothing between PRE_ROUTING and delivery does; were it lost, the packet would
 * be dropped.
 */
#define MOBX_IPCB_AUTHENTIC	BIT(15)

static void mobx_input_drop(struct mobx_net *mnet, struct sk_buff *skb,
			    enum mobx_stat why)
{
	mobx_stat_inc(mnet, why);
	kfree_skb(skb);
}

/* A rule of the firewall has seen it: find out where it goes, and bring it. */
static int mobx_input_route(struct net *net, struct sock *sk,
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

/* Bring a decrypted packet, at its payload, to PRE_ROUTING; consumes it. */
static void mobx_input_inject(struct mobx_net *mnet, struct sk_buff *skb)
{
	__skb_push(skb, skb_network_header_len(skb));
	skb_dst_drop(skb);
	nf_reset_ct(skb);
	NF_HOOK(NFPROTO_IPV4, NF_INET_PRE_ROUTING, mnet->net, NULL, skb,
		skb->dev, NULL, mobx_input_route);
}

/* Ours, or the one that puts fragments together, which has nothing to do. */
static bool mobx_input_idle_hook(const struct nf_hook_entries *entries,
				 unsigned int i)
{
	const struct nf_hook_ops *ops;

	if (entries->hooks[i].hook == mobx_input_hook)
		return true;
	ops = nf_hook_entries_get_hook_ops(entries)[i];
	return ops->priority == NF_IP_PRI_CONNTRACK_DEFRAG && !ops->priv;
}

/* Whether anybody would see a decrypted packet at PRE_ROUTING or LOCAL_IN. */
static bool mobx_input_watched(const struct net *net)
{
	const struct nf_hook_entries *entries;
	unsigned int i;

	if (rcu_access_pointer(net->nf.hooks_ipv4[NF_INET_LOCAL_IN]))
		return true;
	entries = rcu_dereference(net->nf.hooks_ipv4[NF_INET_PRE_ROUTING]);
	for (i = 0; entries && i < entries->num_hook_entries; i++)
		if (!mobx_input_idle_hook(entries, i))
			return true;
	return false;
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
 *
 * Context: RCU section, bottom halves off.
 */
void mobx_input_late(struct mobx_net *mnet, struct mobx_path *path,
		     struct sk_buff *skb)
{
	mobx_input_account(path, skb->len + skb_network_header_len(skb));
	mobx_stat_inc(mnet, MOBX_STAT_IN_PROTECTED);
	mobx_input_inject(mnet, skb);
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
	IPCB(skb)->flags = MOBX_IPCB_AUTHENTIC;
	mobx_input_inject(mnet, skb);
}

/*
 * The ICV was right. Returns the next header of a packet that is to be
 * delivered, or -1 when it is gone.
 */
static int mobx_input_admit(struct mobx_net *mnet, struct mobx_sa *sa,
			    struct sk_buff *skb, u32 seq,
			    const struct mobx_binding *b)
{
	const struct iphdr *iph = ip_hdr(skb);
	union mobx_addr local = mobx_addr_v4(iph->daddr);
	union mobx_addr remote = mobx_addr_v4(iph->saddr);
	unsigned int len = skb->len + skb_network_header_len(skb);
	enum mobx_stat why = MOBX_STAT_IN_REPLAYED;
	const struct mobx_bound *e;
	struct mobx_flow flow;
	int next;

	if (sa->replay && unlikely(!mobx_replay_commit(sa->replay, seq))) {
		atomic64_inc(&sa->replayed);
		goto drop;
	}
	e = mobx_binding_find4(b, iph->daddr, iph->saddr);
	if (e && likely(mobx_bound_accepts(e))) {
		mobx_input_account(e->path, len);
	} else if (e) {
		why = MOBX_STAT_IN_REMOVED_PATH;
		goto drop;
	}
	next = mobx_esp_strip(mnet, sa, skb);
	if (unlikely(next < 0)) {
		kfree_skb(skb);
		return -1;
	}
	if (unlikely(!mobx_sa_account(sa, skb->len +
				      skb_network_header_len(skb)))) {
		why = MOBX_STAT_IN_EXPIRED;
		goto drop;
	}
	if (sa->n_sels) {
		mobx_flow_inner(skb, AF_INET, next, &flow);
		if (unlikely(mobx_sa_match(sa, &flow) != MOBX_MATCH_YES)) {
			why = MOBX_STAT_IN_SELECTOR;
			goto drop;
		}
	}
	IPCB(skb)->flags |= MOBX_IPCB_AUTHENTIC;
	if (unlikely(!e)) {
		skb->ip_summed = CHECKSUM_NONE;
		mobx_event_hint(sa, AF_INET, &local, &remote);
		mobx_keep_packet(mnet, sa, skb);
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
			      struct sk_buff *skb, int err)
{
	union mobx_addr local = mobx_addr_v4(ip_hdr(skb)->daddr);
	union mobx_addr remote = mobx_addr_v4(ip_hdr(skb)->saddr);

	switch (err) {
	case -EBADMSG:
		atomic64_inc(&sa->integrity_failed);
		mobx_event_integrity(sa, AF_INET, &local, &remote);
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
			  struct sk_buff *skb, u32 seq, int err)
{
	const struct mobx_binding *b = rcu_dereference(sa->peer->binding);

	if (unlikely(err || !b))
		mobx_input_failed(mnet, sa, skb, err);
	else if (mobx_input_admit(mnet, sa, skb, seq, b) >= 0)
		mobx_input_inject(mnet, skb);
}

/*
 * ESP has arrived, at its header, behind an IP header that was checked.
 * -EINVAL leaves it to XFRM and others; another negative number has the IP
 * code go on with that protocol; 0: it is gone.
 */
static int mobx_input_esp(struct sk_buff *skb)
{
	struct net *net = dev_net(skb->dev);
	struct mobx_net *mnet = mobx_pernet(net);
	const struct mobx_binding *b;
	const struct ip_esp_hdr *esph;
	const struct mobx_alg *alg;
	enum mobx_stat why;
	struct mobx_sa *sa;
	int err, next;
	u32 seq;

	if (unlikely(!pskb_may_pull(skb, MOBX_ESP_HDR_LEN)))
		return -EINVAL;
	esph = (const struct ip_esp_hdr *)skb->data;
	sa = mobx_sa_find_in(mnet, esph->spi);
	if (!sa) {
		mobx_stat_inc(mnet, MOBX_STAT_IN_UNKNOWN_SPI);
		return -EINVAL;
	}
	b = rcu_dereference(sa->peer->binding);
	if (unlikely(!b || !mobx_binding_has_local4(b, ip_hdr(skb)->daddr))) {
		mobx_stat_inc(mnet, MOBX_STAT_IN_FOREIGN_LOCAL);
		return -EINVAL;
	}

	alg = sa->alg;
	why = MOBX_STAT_IN_FRAGMENT;
	if (unlikely(ip_is_fragment(ip_hdr(skb))))
		goto drop;
	/* ESP within ESP of ours would have the stack recurse as it likes. */
	why = MOBX_STAT_IN_MALFORMED;
	if (unlikely(IPCB(skb)->flags & MOBX_IPCB_AUTHENTIC ||
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
	why = MOBX_STAT_IN_REPLAYED;
	if (sa->replay &&
	    unlikely(!seq || !mobx_replay_check(sa->replay, seq))) {
		atomic64_inc(&sa->replayed);
		goto drop;
	}

	err = mobx_esp_decrypt(mnet, sa, skb, seq);
	if (err == -EINPROGRESS)
		return 0;
	if (unlikely(err)) {
		mobx_input_failed(mnet, sa, skb, err);
		return 0;
	}
	next = mobx_input_admit(mnet, sa, skb, seq, b);
	if (next < 0)
		return 0;
	if (next == IPPROTO_TCP && mobx_gro_receive(skb))
		return 0;
	/* Two protocols whose numbers say something else here. */
	if (mobx_input_watched(net) || unlikely(!next || next == EINVAL)) {
		mobx_input_inject(mnet, skb);
		return 0;
	}
	return -next;

drop:
	mobx_input_drop(mnet, skb, why);
	return 0;
}

/* Whether the selectors that a peer has negotiated want this protected. */
static bool mobx_input_negotiated(struct mobx_net *mnet,
				  const struct mobx_flow *flow)
{
	const struct mobx_binding *b;
	struct mobx_addr_node *n;
	struct rhlist_head *pos;

	mobx_for_each_peer_at(n, pos, mnet, AF_INET, &flow->remote) {
		b = rcu_dereference(n->peer->binding);
		if (b && mobx_binding_find4(b, flow->local.v4,
					    flow->remote.v4) &&
		    mobx_sa_negotiated(n->peer, MOBX_DIR_IN, flow))
			return true;
	}
	return false;
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
	struct mobx_flow flow;

	if (IPCB(skb)->flags & MOBX_IPCB_AUTHENTIC ||
	    ip_hdr(skb)->protocol == IPPROTO_ESP ||
	    state->in->flags & IFF_LOOPBACK ||
	    skb->pkt_type == PACKET_LOOPBACK)
		return NF_ACCEPT;

	mobx_flow_in(skb, AF_INET, &flow);
	policy = mobx_policy_lookup(mnet, &flow);
	if (policy) {
		if (policy->action == MOBX_ACTION_BYPASS)
			return NF_ACCEPT;
		if (policy->action == MOBX_ACTION_DISCARD)
			why = MOBX_STAT_IN_DISCARDED;
	} else if (!mobx_input_negotiated(mnet, &flow)) {
		if (READ_ONCE(mnet->default_action) == MOBX_ACTION_BYPASS)
			return NF_ACCEPT;
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
static struct xfrm4_protocol mobx_esp4_protocol = {
	.handler	= mobx_input_esp,
	.input_handler	= mobx_input_encap,
	.cb_handler	= mobx_input_xfrm_cb,
	.err_handler	= mobx_pmtu_error,
	.priority	= 200,
};

/**
 * mobx_input_init - have ESP brought to us
 *
 * Context: module init.
 * Return: 0, or -EEXIST when another module has the same place
 */
int mobx_input_init(void)
{
	return xfrm4_protocol_register(&mobx_esp4_protocol, IPPROTO_ESP);
}

/**
 * mobx_input_exit - no more; waits until nobody is at it
 *
 * Context: module exit.
 */
void mobx_input_exit(void)
{
	xfrm4_protocol_deregister(&mobx_esp4_protocol, IPPROTO_ESP);
}
