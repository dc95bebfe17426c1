// SPDX-License-Identifier: GPL-2.0
/*
 * ESP in UDP (RFC 3948), for peers with a NAT between them. The sockets belong
 * to the key management daemon: the UDP code tells ESP from IKE and keepalives
 * for any socket with UDP_ENCAP, and brings us ESP as it brings it to XFRM.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>

#include "encap.h"
#include "netns.h"
#include "peer.h"
#include "sa.h"
#include "selector.h"

static __sum16 mobx_pseudo(const struct sk_buff *skb, u16 family,
			   unsigned int len, u8 proto)
{
	if (likely(family == AF_INET))
		return ~csum_tcpudp_magic(ip_hdr(skb)->saddr,
					  ip_hdr(skb)->daddr, len, proto, 0);
	return ~csum_ipv6_magic(&ipv6_hdr(skb)->saddr, &ipv6_hdr(skb)->daddr,
				len, proto, 0);
}

/* Whoever sends the packet on, or delivers it, finishes the checksum. */
static void mobx_checksum_partial(struct sk_buff *skb, u16 family,
				  unsigned int len, u8 proto,
				  unsigned int offset)
{
	*(__sum16 *)(skb_transport_header(skb) + offset) =
		mobx_pseudo(skb, family, len, proto);
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offset;
	skb->ip_summed = CHECKSUM_PARTIAL;
}

/**
 * mobx_encap_fill - the UDP header in front of ESP
 * @skb: at its IP header, encrypted, with room for it
 * @family: of the IP header
 * @at: octets to it
 * @encap: ports
 *
 * Without checksum on IPv4 (RFC 3948, section 2.1), which ESP does not need;
 * on IPv6 there must be one (RFC 8200, section 8.1).
 *
 * Context: any.
 */
void mobx_encap_fill(struct sk_buff *skb, u16 family, unsigned int at,
		     struct mobx_encap encap)
{
	unsigned int len = skb->len - at;
	struct udphdr *uh;

	skb_set_transport_header(skb, at);
	uh = udp_hdr(skb);
	uh->source = encap.sport;
	uh->dest = encap.dport;
	uh->len = htons(len);
	uh->check = 0;
	if (unlikely(family == AF_INET6))
		mobx_checksum_partial(skb, family, len, IPPROTO_UDP,
				      offsetof(struct udphdr, check));
}

/**
 * mobx_encap_strip - make plain ESP of ESP in UDP
 * @skb: at its ESP header, which is its transport header; its own, as the UDP
 *	code leaves it, which has also made the IP header's length right
 * @family: of the IP header
 *
 * The UDP header changes places with the IP header, see mobx_encap_source().
 *
 * Context: any.
 */
void mobx_encap_strip(struct sk_buff *skb, u16 family)
{
	unsigned int len = skb_network_header_len(skb) - sizeof(struct udphdr);
	u8 *from = skb_network_header(skb);
	struct udphdr uh;
	u8 *to;

	memcpy(&uh, from + len, sizeof(uh));
	to = memmove(from + sizeof(uh), from, len);
	memcpy(from, &uh, sizeof(uh));
	skb->network_header += sizeof(uh);
	if (likely(family == AF_INET))
		((struct iphdr *)to)->protocol = IPPROTO_ESP;
	else
		to[IP6CB(skb)->nhoff] = IPPROTO_ESP;
}

/**
 * mobx_encap_source - the ports that ESP in UDP came from and went to
 * @skb: from which mobx_encap_strip() took them, with its IP header where that
 *	has left it
 *
 * Context: any.
 * Return: own port and the sender's, in that order
 */
struct mobx_encap mobx_encap_source(const struct sk_buff *skb)
{
	const struct udphdr *uh = (const void *)(skb_network_header(skb) -
						 sizeof(*uh));

	return (struct mobx_encap){ .sport = uh->dest, .dport = uh->source };
}

/**
 * mobx_encap_checksum - make the checksum right that a NAT has made wrong
 * @skb: decrypted in transport mode, at its transport header
 * @family: of the IP header
 * @next: protocol
 *
 * The sender has used addresses that are not in the packet any more. Since the
 * ICV has vouched for the content, the checksum is made anew, for the addresses
 * there are (RFC 3948, section 3.1.2); SCTP's does not cover any. What has TFC
 * padding behind it keeps a checksum that nobody will look at.
 *
 * Context: any.
 */
void mobx_encap_checksum(struct sk_buff *skb, u16 family, u8 next)
{
	if (next == IPPROTO_TCP &&
	    pskb_may_pull(skb, sizeof(struct tcphdr))) {
		mobx_checksum_partial(skb, family, skb->len, next,
				      offsetof(struct tcphdr, check));
	} else if (next == IPPROTO_UDP &&
		   pskb_may_pull(skb, sizeof(struct udphdr)) &&
		   udp_hdr(skb)->check &&
		   ntohs(udp_hdr(skb)->len) == skb->len) {
		mobx_checksum_partial(skb, family, skb->len, next,
				      offsetof(struct udphdr, check));
	}
}

/* Whether two SAs could be asked to carry the same packet. */
static bool mobx_sa_rivals(const struct mobx_sa *a, const struct mobx_sa *b)
{
	unsigned int i, j;

	if (a->mode != b->mode)
		return false;
	if (!a->n_sels || !b->n_sels)
		return true;
	for (i = 0; i < a->n_sels; i++)
		for (j = 0; j < b->n_sels; j++)
			if (mobx_selector_meets(&a->sels[i], &b->sels[j]))
				return true;
	return false;
}

/* The same for one SA and all that a peer has. */
static bool mobx_peer_rivals(const struct mobx_peer *peer,
			     const struct mobx_sa *sa)
{
	const struct mobx_sa *other;

	list_for_each_entry_rcu(other, &peer->sas_out, list)
		if (mobx_sa_rivals(sa, other))
			return true;
	return false;
}

/**
 * mobx_encap_ambiguous - whether packets could be for two hosts behind one NAT
 * @peer: peer
 * @sa: outbound SA in transport mode that it is to have
 *
 * The two have one address, and nothing but selectors tells their packets apart
 * (RFC 3948, section 5.2). They are two if their ports of ESP in UDP differ;
 * another peer with the same port is the same host once more.
 *
 * Context: process, under mobx_net.lock.
 */
bool mobx_encap_ambiguous(const struct mobx_peer *peer,
			  const struct mobx_sa *sa)
{
	const struct mobx_bound *e, *theirs;
	const struct mobx_binding *b, *other;
	struct mobx_addr_node *n;
	struct rhlist_head *pos;
	bool found = false;

	rcu_read_lock();
	b = rcu_dereference(peer->binding);
	for (e = b->paths; e < b->paths + b->n_paths; e++) {
		if (!e->encap.dport)
			continue;
		mobx_for_each_peer_at(n, pos, peer->mnet, e->family,
				      &e->remote) {
			other = rcu_dereference(n->peer->binding);
			theirs = other ? mobx_binding_find(other, e->family,
							   &e->local,
							   &e->remote) : NULL;
			if (theirs && theirs->encap.dport &&
			    theirs->encap.dport != e->encap.dport &&
			    mobx_peer_rivals(n->peer, sa))
				found = true;
		}
	}
	rcu_read_unlock();
	return found;
}
