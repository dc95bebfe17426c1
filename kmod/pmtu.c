// SPDX-License-Identifier: GPL-2.0
/*
 * Path MTU (RFC 4301, section 8.2). A path has an outer MTU, that of its
 * device or a lower one learnt from ICMP, which ages. The inner one, which leaves
 * room for ESP, is told to the routing table as an exception for the pair, from where
 * TCP, SCTP and UDP take it before their next packet. It fades after ten
 * minutes, as every exception does, and is told again by the next packet.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <net/addrconf.h>
#include <net/dst.h>
#include <net/esp.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ndisc.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "alg.h"
#include "compat.h"
#include "netns.h"
#include "output.h"
#include "peer.h"
#include "layout.h"
#include "pmtu.h"
#include "sa.h"
#include "tunnel.h"

/* Below this nothing is believed of IPv4; same as the kernel's ip_rt_min_pmtu. */
#define MOBX_PMTU_MIN	552

/* What every IPv4 link takes (RFC 791). */
#define MOBX_IPV4_MIN_MTU	68

/* The MTU of an IPv4 route and its device, in octets. */
static unsigned int mobx_pmtu_route4(const struct dst_entry *dst)
{
	return dst_metric_raw(dst, RTAX_MTU) ?: READ_ONCE(dst->dev->mtu);
}

/* The same; what an exception says is in another place than for IPv4. */
static unsigned int mobx_pmtu_route6(const struct dst_entry *dst)
{
	const struct rt6_info *rt = (const struct rt6_info *)dst;
	unsigned int mtu = READ_ONCE(dst->dev->mtu);
	const struct inet6_dev *idev;
	const struct fib6_info *from;
	unsigned int metric = 0;

	if (rt->rt6i_flags & RTF_CACHE) {
		from = rcu_dereference(rt->from);
		if (from)
			metric = from->fib6_metrics->metrics[RTAX_MTU - 1];
	} else {
		metric = dst_metric_raw(dst, RTAX_MTU);
	}
	if (metric)
		return metric;
	/* Routers may advertise a smaller one for the link. */
	idev = __in6_dev_get(dst->dev);
	return idev ? min_t(unsigned int, mtu, READ_ONCE(idev->cnf.mtu6)) : mtu;
}

/**
 * mobx_pmtu_known - what is known of a path besides its route
 * @path: path
 *
 * What was learnt from ICMP, of which nobody knows who sent it, ages as what the
 * kernel learns does (RFC 4301, section 8.2.2).
 *
 * Context: any.
 * Return: octets of IP packet, 0 for nothing
 */
unsigned int mobx_pmtu_known(const struct mobx_path *path)
{
	u64 until = READ_ONCE(path->learnt_until);
	unsigned int mtu = READ_ONCE(path->mtu);
	unsigned int learnt;

	if (likely(!until) || time_after_eq64(get_jiffies_64(), until))
		return mtu;
	/* The value is no older than its time; pairs with mobx_pmtu_learn(). */
	smp_rmb();
	learnt = READ_ONCE(path->learnt);
	return mtu ? min(mtu, learnt) : learnt;
}

/**
 * mobx_pmtu_outer - what a path takes
 * @dst: route
 * @family: of @dst
 * @path: path
 *
 * Context: RCU section.
 * Return: octets of IP packet, whatever we have told the route ourselves
 */
unsigned int mobx_pmtu_outer(const struct dst_entry *dst, u16 family,
			     const struct mobx_path *path)
{
	unsigned int known = mobx_pmtu_known(path);
	unsigned int mtu;

	mtu = likely(family == AF_INET) ? mobx_pmtu_route4(dst) :
					  mobx_pmtu_route6(dst);
	mtu = min_t(unsigned int, mtu, IP_MAX_MTU);
	return known ? min(known, mtu) : mtu;
}

/* What is left for a packet when @front octets stand in front of ESP. */
static unsigned int mobx_pmtu_payload(const struct mobx_choice *choice,
				      unsigned int outer, unsigned int front)
{
	return mobx_alg_payload(choice->sa->alg,
				outer > front ? outer - front : 0);
}

/* No link takes less, so no upper layer has to. */
static unsigned int mobx_pmtu_min(const struct mobx_choice *choice)
{
	return choice->flow.family == AF_INET ? MOBX_IPV4_MIN_MTU :
						IPV6_MIN_MTU;
}

/* Owners of packets include requests to connect, and sockets of tunnels' users. */
static bool mobx_pmtu_can_hear(const struct sock *sk)
{
	return sk && sk_fullsock(sk) &&
	       (sk->sk_family == AF_INET || sk->sk_family == AF_INET6);
}

/* Whether who sends a packet has asked that it be in one piece. */
static bool mobx_pmtu_dont_fragment(const struct sk_buff *skb, u16 family)
{
	return !skb->ignore_df &&
	       (family == AF_INET6 || ip_hdr(skb)->frag_off & htons(IP_DF));
}

/* Whether a route says it already, at a glance: as an exception for its pair. */
static bool mobx_pmtu_is_told(const struct dst_entry *dst, u16 family,
			      unsigned int inner)
{
	const struct rtable *rt = (const struct rtable *)dst;

	return likely(family == AF_INET) && rt->rt_pmtu &&
	       rt->rt_pmtu <= inner && time_before(jiffies, dst->expires);
}

/*
 * See that upper layers of this host know. A packet that is too long already
 * goes all the same, in fragments; a socket that has asked never to fragment
 * hears about it.
 */
static void mobx_pmtu_tell_own(struct sk_buff *skb, u16 family,
			       unsigned int inner)
{
	struct dst_entry *dst = skb_dst(skb);

	if (!mobx_pmtu_is_told(dst, family, inner) &&
	    unlikely(dst_mtu(dst) > inner)) {
		skb->dev = dst->dev;
		skb_dst_update_pmtu_no_confirm(skb, inner);
	}
	if (unlikely(skb->len > inner) && !skb_is_gso(skb) &&
	    mobx_pmtu_dont_fragment(skb, family) &&
	    mobx_pmtu_can_hear(skb->sk))
		xfrm_local_error(skb, inner);
}

/**
 * mobx_pmtu_tell - see that upper layers know how long packets may be
 * @skb: packet that will be protected in transport mode, with its route
 * @choice: with what
 * @l: its layout; mtu and inner are filled
 *
 * Context: the RCU section of @choice.
 */
void mobx_pmtu_tell(struct sk_buff *skb, const struct mobx_choice *choice,
		    struct mobx_layout *l)
{
	u16 family = choice->flow.family;

	l->mtu = mobx_pmtu_outer(choice->dst, family, choice->path);
	l->inner = max(l->at + mobx_pmtu_payload(choice, l->mtu,
						 mobx_layout_esp(l)),
		       mobx_pmtu_min(choice));
	mobx_pmtu_tell_own(skb, family, l->inner);
}

/**
 * mobx_pmtu_tunnel - the same for a tunnel (RFC 4301, section 8.2)
 * @mnet: namespace
 * @skb: packet that will be protected, super-packet possibly
 * @choice: with what
 * @l: its layout; mtu and inner are filled
 *
 * Another host that has asked for its packet not to be fragmented is told,
 * unless the SA is to clear DF.
 *
 * Context: the RCU section of @choice.
 * Return: false when another host was told: the packet is to be dropped
 */
bool mobx_pmtu_tunnel(struct mobx_net *mnet, struct sk_buff *skb,
		      const struct mobx_choice *choice, struct mobx_layout *l)
{
	u16 family = choice->flow.family, outside = choice->path->family;
	unsigned int inner;

	l->mtu = mobx_pmtu_outer(choice->dst, outside, choice->path);
	inner = max(mobx_pmtu_payload(choice, l->mtu,
				      mobx_tunnel_header(outside) +
				      mobx_encap_len(choice->encap)),
		    mobx_pmtu_min(choice));
	l->inner = inner;
	if (!choice->forwarded) {
		mobx_pmtu_tell_own(skb, family, inner);
		return true;
	}
	if (likely(skb->len <= inner ||
		   (skb_is_gso(skb) &&
		    skb_gso_validate_network_len(skb, inner))) ||
	    !mobx_pmtu_dont_fragment(skb, family) ||
	    choice->sa->df == MOBX_DF_CLEAR)
		return true;
	/* Of the kinds that know of address translation, behind which we are. */
	if (family == AF_INET)
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED,
			      htonl(inner));
	else
		icmpv6_ndo_send(skb, ICMPV6_PKT_TOOBIG, 0, inner);
	return false;
}

/*
 * The path of an ESP packet that an ICMP message tells of, by its destination
 * and outbound SPI (RFC 4301, section 8.2.1); or NULL.
 */
static struct mobx_path *mobx_pmtu_path(struct mobx_net *mnet, __be32 spi,
					u16 family, const void *saddr,
					const void *daddr)
{
	const struct mobx_binding *b;
	const struct mobx_bound *e;
	struct rhlist_head *pos;
	struct mobx_sa *sa;

	mobx_for_each_sa_out(sa, pos, mnet, spi) {
		b = rcu_dereference(sa->peer->binding);
		e = b ? mobx_binding_find(b, family, saddr, daddr) : NULL;
		if (e)
			return e->path;
	}
	return NULL;
}

/*
 * Believed only so far: it lowers the MTU of one path for some time, and not below
 * what is plausible for its family.
 */
static void mobx_pmtu_learn(const struct net *net, struct mobx_path *path,
			    u32 mtu)
{
	bool ipv4 = path->family == AF_INET;
	int lasts = ipv4 ? READ_ONCE(net->ipv4.ip_rt_mtu_expires) :
			   READ_ONCE(net->ipv6.sysctl.ip6_rt_mtu_expires);
	u32 known = mobx_pmtu_known(path);

	mtu = max_t(u32, mtu, ipv4 ? MOBX_PMTU_MIN : IPV6_MIN_MTU);
	if (known && known < mtu)
		return;
	WRITE_ONCE(path->learnt, mtu);
	/* An old value must not get this time; pairs with mobx_pmtu_known(). */
	smp_wmb();
	WRITE_ONCE(path->learnt_until, get_jiffies_64() + lasts);
}

/* The path of an ESP packet in UDP, by addresses and ports; or NULL. */
static struct mobx_path *mobx_pmtu_encap_path(struct mobx_net *mnet,
					      const struct mobx_flow *flow)
{
	const struct mobx_binding *b;
	const struct mobx_bound *e;
	struct mobx_addr_node *n;
	struct rhlist_head *pos;

	mobx_for_each_peer_at(n, pos, mnet, flow->family, &flow->remote) {
		b = rcu_dereference(n->peer->binding);
		e = b ? mobx_binding_find(b, flow->family, &flow->local,
					  &flow->remote) : NULL;
		if (e && e->encap.dport == htons(flow->remote_port) &&
		    e->encap.sport == htons(flow->local_port))
			return e->path;
	}
	return NULL;
}

/**
 * mobx_pmtu_encap - learn from ICMP about ESP in UDP
 * @mnet: namespace
 * @skb: packet that arrives in clear, any
 * @family: AF_INET or AF_INET6
 *
 * The UDP code takes such ICMP to the socket of the key management daemon,
 * which has not sent the packet. Routers need not quote more than ports.
 *
 * Context: RCU section.
 */
void mobx_pmtu_encap(struct mobx_net *mnet, struct sk_buff *skb, u16 family)
{
	bool ipv4 = family == AF_INET;
	unsigned int at = skb_network_offset(skb) +
		(ipv4 ? ip_hdrlen(skb) : sizeof(struct ipv6hdr));
	const struct icmphdr *icmph;
	struct mobx_path *path;
	struct icmphdr buf;
	struct mobx_flow about;

	if (likely(mobx_packet_about(skb, family, &about) !=
		   MOBX_ABOUT_TOO_LONG) ||
	    about.proto != IPPROTO_UDP || about.opaque_ports ||
	    (!ipv4 && ipv6_hdr(skb)->nexthdr != IPPROTO_ICMPV6))
		return;
	path = mobx_pmtu_encap_path(mnet, &about);
	if (!path)
		return;
	icmph = skb_header_pointer(skb, at, sizeof(buf), &buf);
	if (!icmph || nf_checksum(skb, NF_INET_PRE_ROUTING, at,
				  ipv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6, family))
		return;
	/* ICMPv6 has the MTU in the same place, in 32 bits. */
	mobx_pmtu_learn(mnet->net, path, ipv4 ? ntohs(icmph->un.frag.mtu) :
						ntohl(icmph->un.gateway));
}

/**
 * mobx_pmtu_error4 - ICMP about an ESP packet
 * @skb: at the IP header of the packet that the error is about, of which the
 *	ICMP code has made sure that 8 octets beyond it are there
 * @info: next-hop MTU, for a packet that was too long
 *
 * Context: RCU section, softirq.
 * Return: 0 when an SA of ours has sent the packet, -ENOENT otherwise
 */
int mobx_pmtu_error4(struct sk_buff *skb, u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	const struct ip_esp_hdr *esph = (const void *)iph + iph->ihl * 4;
	struct net *net = dev_net(skb->dev);
	u8 type = icmp_hdr(skb)->type, code = icmp_hdr(skb)->code;
	struct mobx_path *path;

	path = mobx_pmtu_path(mobx_pernet(net), esph->spi, AF_INET,
			      &iph->saddr, &iph->daddr);
	if (!path)
		return -ENOENT;
	if (type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED)
		mobx_pmtu_learn(net, path, info);
	else if (type == ICMP_REDIRECT)
		ipv4_redirect(skb, net, 0, IPPROTO_ESP);
	return 0;
}

/**
 * mobx_pmtu_error6 - ICMPv6 about an ESP packet
 * @skb: at the IP header of the packet that the error is about
 * @opt: what was learnt of the ICMPv6 packet; not used
 * @type: type of the message
 * @code: its code; not used
 * @offset: octets to the ESP header, which need not be there
 * @info: MTU of the link, for a packet that was too long
 *
 * Context: RCU section, softirq.
 * Return: 0 when an SA of ours has sent the packet, -ENOENT otherwise
 */
int mobx_pmtu_error6(struct sk_buff *skb, struct inet6_skb_parm *opt, u8 type,
		     u8 code, int offset, __be32 info)
{
	const struct ipv6hdr *iph = (const struct ipv6hdr *)skb->data;
	struct net *net = dev_net(skb->dev);
	struct mobx_path *path;
	const __be32 *spi;
	__be32 buf;

	spi = skb_header_pointer(skb, offset, sizeof(buf), &buf);
	path = spi ? mobx_pmtu_path(mobx_pernet(net), *spi, AF_INET6,
				    &iph->saddr, &iph->daddr) : NULL;
	if (!path)
		return -ENOENT;
	if (type == ICMPV6_PKT_TOOBIG)
		mobx_pmtu_learn(net, path, ntohl(info));
	else if (type == NDISC_REDIRECT)
		ip6_redirect(skb, net, skb->dev->ifindex, 0,
			     sock_net_uid(net, NULL));
	return 0;
}
