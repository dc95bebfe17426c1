// SPDX-License-Identifier: GPL-2.0
/*
 * What arrives. ESP comes through the protocol multiplexer of XFRM, before
 * XFRM: what is not ours goes on to it untouched. What comes out of ESP passes
 * PRE_ROUTING and LOCAL_IN in clear; where nobody listens there it goes to its
 * protocol directly, which nobody can tell apart. For what arrives in clear see
 * clear.c.
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
#include "deliver.h"
#include "encap.h"
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
	if (!skb_dst(skb) && !mobx_deliver_route4(net, NULL, skb)) {
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

/* Octets that a packet, at its ESP header, had on the wire. */
static unsigned int mobx_input_wire_len(struct sk_buff *skb, u16 family)
{
	unsigned int len = skb->len + skb_network_header_len(skb);

	if (unlikely(*mobx_cb_flags(skb, family) & MOBX_CB_ENCAP))
		len += sizeof(struct udphdr);
	return len;
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

/*
 * An address that is not proven yet may be sent three times what it has sent, so
 * that nobody gains by having a peer send to another one's address (RFC 9000,
 * section 8.1, has the same factor). Where nothing may be sent at all, that stays;
 * and what may be sent again and again earns nothing.
 */
static void mobx_input_earn(struct mobx_net *mnet, const struct mobx_sa *sa,
			    const struct mobx_bound *e, unsigned int len)
{
	if (likely(e->state != MOBX_PATH_STATE_TENTATIVE) || !sa->replay ||
	    !atomic64_read(&e->path->credit) ||
	    mobx_path_credit(e->path) > S64_MAX / 2)
		return;
	atomic64_add(3 * (s64)len, &e->path->earned);
	mobx_hold_credit(mnet->hold);
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

/**
 * mobx_input_late - deliver an authentic packet that had to wait
 * @mnet: namespace
 * @sa: inbound SA
 * @e: of the current binding, the path that it came by
 * @skb: at its payload, its IP header in front; consumed
 * @family: of that
 *
 * Context: RCU section, bottom halves off.
 */
void mobx_input_late(struct mobx_net *mnet, const struct mobx_sa *sa,
		     const struct mobx_bound *e,
		     struct sk_buff *skb, u16 family)
{
	unsigned int len = skb->len + skb_network_header_len(skb);
	u8 next;

	mobx_input_account(e->path, len);
	mobx_input_earn(mnet, sa, e, len);
	mobx_stat_inc(mnet, MOBX_STAT_IN_PROTECTED);
	if (*mobx_cb_flags(skb, family) & MOBX_CB_ENCAP) {
		next = *(skb_network_header(skb) +
			 mobx_input_nexthdr(skb, family));
		mobx_encap_checksum(skb, family, next);
	}
	mobx_input_inject(mnet, skb, family);
}

/*
 * Whether the content of a packet is what its SA is for (RFC 4301, section
 * 5.2); an ICMP error must be about what the SA is for. If not, @why says which.
 */
static noinline_for_stack bool
mobx_input_allowed(struct mobx_sa *sa, const struct sk_buff *skb, u16 family,
		   u8 next, enum mobx_stat *why)
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

/* Whether that need not be asked: nothing but ICMP could be the wrong thing. */
static bool mobx_input_any(const struct mobx_sa *sa, u16 family, u8 next)
{
	return !sa->n_sels && likely(family == AF_INET) &&
	       next != IPPROTO_ICMP && next != IPPROTO_ICMPV6;
}

/* Tell where a packet came from; its ESP header is its transport header. */
static void mobx_input_hint(struct mobx_sa *sa, struct sk_buff *skb, u16 family)
{
	struct mobx_encap encap = { 0 };
	union mobx_addr local, remote;

	mobx_packet_addrs(skb, family, &remote, &local);
	if (*mobx_cb_flags(skb, family) & MOBX_CB_ENCAP)
		encap = mobx_encap_source(skb);
	mobx_event_hint(sa, family, &local, &remote, encap);
}

/*
 * Whether an authentic packet came by another way than its binding says. ESP
 * with and without UDP is taken in any case (RFC 7296, section 2.23).
 */
static bool mobx_input_strange(struct sk_buff *skb, u16 family,
			       const struct mobx_bound *e)
{
	if (unlikely(!e))
		return true;
	return unlikely(*mobx_cb_flags(skb, family) & MOBX_CB_ENCAP) &&
	       e->encap.dport &&
	       mobx_encap_source(skb).dport != e->encap.dport;
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
			      struct sk_buff *skb, u16 family, u8 next)
{
	if (unlikely(!mobx_sa_account(sa, skb->len))) {
		mobx_input_drop(mnet, skb, MOBX_STAT_IN_EXPIRED);
		return;
	}
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
	unsigned int len = mobx_input_wire_len(skb, family);
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
		mobx_input_earn(mnet, sa, e, len);
	} else if (e) {
		why = MOBX_STAT_IN_REMOVED_PATH;
		goto drop;
	}
	if (mobx_input_strange(skb, family, e))
		mobx_input_hint(sa, skb, family);
	next = mobx_layout_strip(mnet, sa->alg, skb);
	if (unlikely(next < 0)) {
		kfree_skb(skb);
		return -1;
	}
	if (sa->mode == MOBX_MODE_TUNNEL) {
		mobx_input_tunnel(mnet, sa, skb, family, next);
		return -1;
	}
	mobx_layout_close(skb, family, mobx_input_nexthdr(skb, family), next);
	if (unlikely(!mobx_sa_account(sa, skb->len +
				      skb_network_header_len(skb)))) {
		why = MOBX_STAT_IN_EXPIRED;
		goto drop;
	}
	if (!mobx_input_any(sa, family, next) &&
	    unlikely(!mobx_input_allowed(sa, skb, family, next, &why)))
		goto drop;
	*mobx_cb_flags(skb, family) |= MOBX_CB_AUTHENTIC;
	if (unlikely(!e)) {
		skb->ip_summed = CHECKSUM_NONE;
		skb->csum_valid = 0;
		mobx_keep_packet(mnet, sa, skb, family);
		return -1;
	}
	/* The ICV has covered more than the checksum does. */
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->csum_level = 0;
	if (unlikely(*mobx_cb_flags(skb, family) & MOBX_CB_ENCAP))
		mobx_encap_checksum(skb, family, next);
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

/**
 * mobx_input_sa - ESP of an SA has arrived
 * @skb: at the ESP header, which is in its first piece, behind an IP header that
 *	was checked
 * @family: of that
 * @encap: and behind a UDP header
 * @sa: inbound SA of its SPI
 *
 * Context: RCU section, bottom halves off.
 * Return: the next header of a packet that is to be delivered, at its payload,
 * behind its IP header; MOBX_INPUT_GONE, as always in tunnel mode; or
 * -EADDRNOTAVAIL when it was not for the peer of the SA
 */
int mobx_input_sa(struct sk_buff *skb, u16 family, bool encap,
		  struct mobx_sa *sa)
{
	struct mobx_net *mnet = mobx_pernet(dev_net(skb->dev));
	const struct mobx_binding *b;
	const struct ip_esp_hdr *esph;
	const struct mobx_alg *alg;
	enum mobx_stat why;
	int err, next;
	u64 seq;

	b = rcu_dereference(sa->peer->binding);
	if (unlikely(!b ||
		     !mobx_binding_has_local(b, family,
					     mobx_packet_daddr(skb, family))))
		return -EADDRNOTAVAIL;

	if (unlikely(encap)) {
		mobx_encap_strip(skb, family);
		*mobx_cb_flags(skb, family) |= MOBX_CB_ENCAP;
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
	if (next == IPPROTO_TCP && family == AF_INET &&
	    mobx_gro_receive(skb, false))
		return MOBX_INPUT_GONE;
	return next;

drop:
	mobx_input_drop(mnet, skb, why);
	return MOBX_INPUT_GONE;
}

/*
 * The same for what may be somebody else's, which -EINVAL leaves to XFRM and
 * others. A firewall is shown what comes out; and what came in UDP goes its way,
 * for what the UDP code would go on with differs between the families.
 */
static int mobx_input_esp(struct sk_buff *skb, u16 family, bool encap)
{
	struct mobx_net *mnet = mobx_pernet(dev_net(skb->dev));
	struct mobx_sa *sa;
	int next;

	if (unlikely(!pskb_may_pull(skb, MOBX_ESP_HDR_LEN)))
		return -EINVAL;
	sa = mobx_sa_find_in(mnet,
			     ((const struct ip_esp_hdr *)skb->data)->spi);
	if (!sa) {
		mobx_stat_inc(mnet, MOBX_STAT_IN_UNKNOWN_SPI);
		return -EINVAL;
	}
	next = mobx_input_sa(skb, family, encap, sa);
	if (unlikely(next < 0)) {
		mobx_stat_inc(mnet, MOBX_STAT_IN_FOREIGN_LOCAL);
		return -EINVAL;
	}
	if (next == MOBX_INPUT_GONE ||
	    (!encap && !mobx_hooks_watched_in(mnet->net, family)))
		return next;
	mobx_input_inject(mnet, skb, family);
	return MOBX_INPUT_GONE;
}

/* -EINVAL: somebody else's; minus a protocol: go on with that; 0: gone. */
static int mobx_input_esp4(struct sk_buff *skb)
{
	int next = mobx_input_esp(skb, AF_INET, false);

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
	int next = mobx_input_esp(skb, AF_INET6, false);

	switch (next) {
	case MOBX_INPUT_GONE:
		return 0;
	case -EINVAL:
		return -EINVAL;
	}
	return 1;
}

/* ESP in UDP, from a socket of the key management daemon; returns as above. */
static int mobx_input_encap(struct sk_buff *skb, u16 family, int type)
{
	if (type != UDP_ENCAP_ESPINUDP ||
	    mobx_input_esp(skb, family, true) == -EINVAL)
		return -EINVAL;
	return 0;
}

static int mobx_input_encap4(struct sk_buff *skb, int nexthdr, __be32 spi,
			     int encap_type)
{
	return mobx_input_encap(skb, AF_INET, encap_type);
}

static int mobx_input_encap6(struct sk_buff *skb, int nexthdr, __be32 spi,
			     int encap_type)
{
	return mobx_input_encap(skb, AF_INET6, encap_type);
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
	.input_handler	= mobx_input_encap4,
	.cb_handler	= mobx_input_xfrm_cb,
	.err_handler	= mobx_pmtu_error4,
	.priority	= MOBX_INPUT_PRIORITY,
};

static struct xfrm6_protocol mobx_esp6_protocol = {
	.handler	= mobx_input_esp6,
	.input_handler	= mobx_input_encap6,
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
