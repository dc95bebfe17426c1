// SPDX-License-Identifier: GPL-2.0
/*
 * Path MTU (RFC 4301, section 8.2). A path has an outer MTU, that of its
 * device or a lower one learnt from ICMP. The inner one, which leaves room for
 * ESP, is told to the routing table as an exception for the pair, from where
 * TCP, SCTP and UDP take it before their next packet. It fades after ten
 * minutes, as every exception does, and is told again by the next packet.
 */
#include <linux/icmp.h>
#include <net/dst.h>
#include <net/esp.h>
#include <net/ip.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "alg.h"
#include "netns.h"
#include "peer.h"
#include "pmtu.h"
#include "sa.h"

/* Below this nothing is believed; same as the kernel's ip_rt_min_pmtu. */
#define MOBX_PMTU_MIN	552

/**
 * mobx_pmtu_outer - what a path takes
 * @dst: route
 * @path: path
 *
 * Context: RCU section.
 * Return: octets of IP packet, whatever we have told the route ourselves
 */
unsigned int mobx_pmtu_outer(const struct dst_entry *dst,
			     const struct mobx_path *path)
{
	unsigned int mtu = dst_metric_raw(dst, RTAX_MTU);
	unsigned int learnt = READ_ONCE(path->mtu);

	if (!mtu)
		mtu = READ_ONCE(dst->dev->mtu);
	mtu = min_t(unsigned int, mtu, IP_MAX_MTU);
	return learnt ? min(learnt, mtu) : mtu;
}

/* Owners of packets include requests to connect, and sockets of tunnels' users. */
static bool mobx_pmtu_can_hear(const struct sock *sk)
{
	return sk && sk_fullsock(sk) &&
	       (sk->sk_family == AF_INET || sk->sk_family == AF_INET6);
}

/**
 * mobx_pmtu_tell - see that upper layers know how long packets may be
 * @skb: IPv4 packet that will be protected, with its route
 * @sa: with what
 * @path: where to
 *
 * A packet that is too long already goes all the same, in fragments; a socket
 * that has asked never to fragment hears about it.
 *
 * Context: RCU section.
 * Return: octets of IP packet that the path takes
 */
unsigned int mobx_pmtu_tell(struct sk_buff *skb, const struct mobx_sa *sa,
			    const struct mobx_path *path)
{
	struct dst_entry *dst = skb_dst(skb);
	unsigned int outer = mobx_pmtu_outer(dst, path);
	unsigned int inner = mobx_alg_inner_mtu(sa->alg, outer,
						ip_hdrlen(skb));

	if (unlikely(dst_mtu(dst) > inner)) {
		skb->dev = dst->dev;
		skb_dst_update_pmtu_no_confirm(skb, inner);
	}
	if (unlikely(skb->len > inner) && !skb_is_gso(skb) &&
	    !skb->ignore_df && ip_hdr(skb)->frag_off & htons(IP_DF) &&
	    mobx_pmtu_can_hear(skb->sk))
		xfrm_local_error(skb, inner);
	return outer;
}

/**
 * mobx_pmtu_error - ICMP about an ESP packet
 * @skb: at the IP header of the packet that the error is about, of which the
 *	ICMP code has made sure that 8 octets beyond it are there
 * @info: next-hop MTU, for a packet that was too long
 *
 * Found by destination and outbound SPI (RFC 4301, section 8.2.1). Believed
 * only so far: it lowers the MTU of one path, not below MOBX_PMTU_MIN.
 *
 * Context: RCU section, softirq.
 * Return: 0 when an SA of ours has sent the packet, -ENOENT otherwise
 */
int mobx_pmtu_error(struct sk_buff *skb, u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	const struct ip_esp_hdr *esph = (const void *)iph + iph->ihl * 4;
	struct net *net = dev_net(skb->dev);
	struct mobx_net *mnet = mobx_pernet(net);
	u8 type = icmp_hdr(skb)->type, code = icmp_hdr(skb)->code;
	const struct mobx_binding *b;
	const struct mobx_bound *e;
	struct rhlist_head *pos;
	struct mobx_sa *sa;

	mobx_for_each_sa_out(sa, pos, mnet, esph->spi) {
		b = rcu_dereference(sa->peer->binding);
		e = b ? mobx_binding_find4(b, iph->saddr, iph->daddr) : NULL;
		if (!e)
			continue;
		if (type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED) {
			u32 mtu = max_t(u32, info, MOBX_PMTU_MIN);
			u32 old = READ_ONCE(e->path->mtu);

			if (!old || mtu < old)
				WRITE_ONCE(e->path->mtu, mtu);
		} else if (type == ICMP_REDIRECT) {
			ipv4_redirect(skb, net, 0, IPPROTO_ESP);
		}
		return 0;
	}
	return -ENOENT;
}
