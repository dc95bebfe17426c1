// SPDX-License-Identifier: GPL-2.0
/*
 * The layout of an ESP packet (RFC 4303, sections 2 and 3.1): making room for
 * what goes around a payload, and taking it off again. Knows no key.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "addr.h"
#include "alg.h"
#include "layout.h"
#include "netns.h"

/* Move a header, mostly that of IPv4 without options, by less than itself. */
static void mobx_layout_move(u8 *to, const u8 *from, unsigned int len)
{
	struct iphdr header;

	if (unlikely(len != sizeof(header))) {
		if (len)
			memmove(to, from, len);
		return;
	}
	header = *(const struct iphdr *)from;
	*(struct iphdr *)to = header;
}

/*
 * The checksum that a socket has left to the device. What ESP covers no device
 * reaches; SCTP's is another one. Return: 0 or an error.
 */
static int mobx_layout_checksum(struct sk_buff *skb)
{
	unsigned int from = skb_checksum_start_offset(skb);
	unsigned int at = from + skb->csum_offset;
	__wsum sum;

	if (unlikely(skb_csum_is_sctp(skb) || from >= skb->len ||
		     at + sizeof(__sum16) > skb->len))
		return skb_csum_hwoffload_help(skb, 0);
	sum = csum_partial(skb->data + from, skb->len - from, 0);
	*(__sum16 *)(skb->data + at) = csum_fold(sum) ?: CSUM_MANGLED_0;
	skb->ip_summed = CHECKSUM_NONE;
	return 0;
}

/*
 * A packet in one piece, all its own: @head octets of room for ESP at l->at,
 * and @tail behind. Datagrams from sockets have little room in front and,
 * thanks to the allocator, often enough behind; segments of TCP have much in
 * front, and behind what the allocator happens to leave. So the payload moves
 * rather than everything be allocated anew.
 */
static int mobx_layout_open_linear(struct sk_buff *skb,
				   const struct mobx_layout *l, int head,
				   unsigned int tail)
{
	int behind = skb_end_pointer(skb) - skb_tail_pointer(skb);
	int front = (int)skb_headroom(skb) - (int)l->room;
	unsigned int paged = skb->data_len;
	int nhead = 0, ntail = 0, need = tail + paged;
	/* How far the beginning goes back, and so the payload forth. */
	int push = min(head, front);
	int shift = head - push, lack;
	u8 *begin;

	if (shift && behind < need + shift) {
		nhead = shift;
		push = head;
		shift = 0;
	}
	/* By whole words: headers and cipher like them aligned. */
	lack = round_up(max(need + shift - behind, 0), 4);
	if (lack && !paged && !skb_cloned(skb) && front >= head + lack) {
		shift = -lack;
		push = head + lack;
	} else if (behind < need + shift) {
		ntail = need - behind;
	}
	if (nhead || ntail || skb_cloned(skb)) {
		int err = pskb_expand_head(skb, nhead, ntail, GFP_ATOMIC);

		if (err)
			return err;
	}
	if (paged && !__pskb_pull_tail(skb, paged))
		return -ENOMEM;
	if (skb->ip_summed == CHECKSUM_PARTIAL && mobx_layout_checksum(skb))
		return -EINVAL;

	/* What is moved to must have been moved from. */
	begin = skb->data;
	if (shift > 0) {
		memmove(begin + l->at + shift, begin + l->at,
			skb->len - l->at);
		__skb_put(skb, shift);
	}
	mobx_layout_move(begin - push, begin, l->at);
	if (shift < 0) {
		memmove(begin + l->at + shift, begin + l->at,
			skb->len - l->at);
		__skb_trim(skb, skb->len + shift);
	}
	if (push >= 0)
		__skb_push(skb, push);
	else
		__skb_pull(skb, -push);
	return 0;
}

/**
 * mobx_layout_open - make room for ESP in a packet
 * @skb: at its IP header, no super-packet
 * @alg: suite
 * @l: where
 *
 * Afterwards there are, behind l->at octets: in transport mode a UDP header if
 * the path has ESP in UDP, not filled in yet; then, where the transport header
 * begins: ESP header and IV not filled in yet, payload, both kinds of padding,
 * pad length, next header, ICV not filled in yet. In transport mode the IP
 * header says ESP or UDP; its length is that of before.
 *
 * Context: any.
 * Return: how many pieces the packet has, or -ENOMEM or -EINVAL
 */
int mobx_layout_open(struct sk_buff *skb, const struct mobx_alg *alg,
		     const struct mobx_layout *l)
{
	unsigned int head = mobx_encap_len(l->encap) + mobx_alg_header(alg);
	unsigned int tail = l->tfc +
		mobx_alg_trailer(alg, skb->len - l->at + l->tfc);
	unsigned int pad = tail - l->tfc - alg->icv_len - 2, i;
	struct sk_buff *trailer = skb;
	int n_sg = 1, err;
	u8 *p, *nexthdr;

	if (likely(!skb_has_frag_list(skb))) {
		err = mobx_layout_open_linear(skb, l, head, tail);
		if (err)
			return err;
		p = __skb_put(skb, tail);
	} else {
		u8 *begin;

		if (skb->ip_summed == CHECKSUM_PARTIAL &&
		    skb_csum_hwoffload_help(skb, 0))
			return -EINVAL;
		/* The headers before ESP may be longer than the first piece. */
		if (unlikely(!pskb_may_pull(skb, l->at)))
			return -ENOMEM;
		err = skb_cow_head(skb, head + l->room);
		if (err)
			return err;
		n_sg = skb_cow_data(skb, tail, &trailer);
		if (n_sg < 0)
			return n_sg;
		begin = skb->data;
		memmove(skb_push(skb, head), begin, l->at);
		p = pskb_put(skb, trailer, tail);
	}
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, mobx_layout_esp(l));
	if (unlikely(l->tfc)) {
		memset(p, 0, l->tfc);
		p += l->tfc;
	}
	for (i = 1; i <= pad; i++)
		*p++ = i;
	*p++ = pad;
	if (unlikely(l->tunnel)) {
		*p = l->family == AF_INET ? IPPROTO_IPIP : IPPROTO_IPV6;
		return n_sg;
	}
	nexthdr = skb_network_header(skb) + l->nexthdr;
	*p = *nexthdr;
	*nexthdr = l->encap.dport ? IPPROTO_UDP : IPPROTO_ESP;
	return n_sg;
}

/**
 * mobx_layout_no_jumbo - take off what no segment of a super-packet has
 * @skb: super-packet at its IP header
 * @h: where things are in it; true again afterwards
 *
 * One of IPv6 that is longer than 64 KB tells its length in a hop-by-hop header
 * (RFC 2675), which is not for the wire: taking it apart drops that. ESP is laid
 * out for the segments; and the kernel's code relies on a header of Ethernet in
 * front, which is not there yet.
 *
 * Context: any.
 * Return: whether there was memory for it
 */
bool mobx_layout_no_jumbo(struct sk_buff *skb, struct mobx_headers *h)
{
	const unsigned int len = sizeof(struct hop_jumbo_hdr);
	int next = ipv6_has_hopopt_jumbo(skb);

	if (!next)
		return true;
	if (skb_cow_head(skb, 0))
		return false;
	memmove(skb->data + len, skb->data, sizeof(struct ipv6hdr));
	__skb_pull(skb, len);
	skb_reset_network_header(skb);
	ipv6_hdr(skb)->nexthdr = next;
	h->nexthdr = offsetof(struct ipv6hdr, nexthdr);
	h->esp = sizeof(struct ipv6hdr);
	h->upper = sizeof(struct ipv6hdr);
	return true;
}

/**
 * mobx_layout_lean - take from a super-packet the room that no segment needs
 * @skb: super-packet at its IP header
 * @alg: suite
 * @l: where ESP goes in its segments
 *
 * Each segment gets as much in front as the super-packet has, which for TCP is
 * enough for any stack of headers, and may so have too little behind for a
 * trailer: then all of its payload is moved, see mobx_layout_open_linear(). Here
 * the headers move once for all of them. By whole lines of the cache, as the
 * payload is aligned to these. Those of a socket that keeps the payload to send
 * it again are not shared.
 *
 * Context: any.
 */
void mobx_layout_lean(struct sk_buff *skb, const struct mobx_alg *alg,
		      const struct mobx_layout *l)
{
	unsigned int need = l->room + mobx_encap_len(l->encap) +
			    mobx_alg_header(alg);
	int by;

	if (skb_headroom(skb) < need + L1_CACHE_BYTES || skb_header_cloned(skb))
		return;
	by = round_down(skb_headroom(skb) - need, L1_CACHE_BYTES);
	/* Only room is written to: a payload behind the headers may be shared. */
	if (skb_headlen(skb) > by)
		return;
	memmove(skb->data - by, skb->data, skb_headlen(skb));
	skb->data -= by;
	skb->tail -= by;
	skb_headers_offset_update(skb, -by);
}

static bool mobx_layout_padding_ok(const u8 *p, unsigned int pad)
{
	unsigned int i;

	for (i = 0; i < pad; i++)
		if (unlikely(p[i] != i + 1))
			return false;
	return true;
}

/* The same where the padding, at @offset, may be in several pieces. */
static noinline_for_stack bool
mobx_layout_padding_far(const struct sk_buff *skb, unsigned int offset,
			unsigned int pad)
{
	u8 buf[U8_MAX];
	const u8 *p = skb_header_pointer(skb, offset, pad, buf);

	return p && mobx_layout_padding_ok(p, pad);
}

/**
 * mobx_layout_strip - take ESP off a packet that was decrypted
 * @mnet: namespace, whose counters tell what was wrong
 * @alg: suite
 * @skb: at its ESP header; afterwards at its payload. Not touched on failure
 *
 * Context: any.
 * Return: the next header, or -EINVAL when the packet is to be dropped
 */
int mobx_layout_strip(struct mobx_net *mnet, const struct mobx_alg *alg,
		      struct sk_buff *skb)
{
	unsigned int head = mobx_alg_header(alg), end = skb->len - alg->icv_len;
	bool near = end <= skb_headlen(skb);
	u8 buf[2], *p, next;
	unsigned int pad;

	p = skb_header_pointer(skb, end - 2, sizeof(buf), buf);
	if (unlikely(!p))
		goto malformed;
	pad = p[0];
	next = p[1];
	if (unlikely(pad + 2 > end - head))
		goto malformed;
	if (unlikely(!(near ? mobx_layout_padding_ok(p - pad, pad) :
			      mobx_layout_padding_far(skb, end - 2 - pad,
						      pad))))
		goto malformed;
	/* A dummy packet, whatever it is filled with (RFC 4303, section 2.6). */
	if (unlikely(next == IPPROTO_NONE)) {
		mobx_stat_inc(mnet, MOBX_STAT_IN_DUMMY);
		return -EINVAL;
	}
	if (unlikely(pskb_trim(skb, end - 2 - pad))) {
		mobx_stat_inc(mnet, MOBX_STAT_IN_NO_MEMORY);
		return -EINVAL;
	}
	__skb_pull(skb, head);
	return next;

malformed:
	mobx_stat_inc(mnet, MOBX_STAT_IN_PADDING);
	return -EINVAL;
}

/**
 * mobx_layout_close - have the IP header stand in front of the payload again
 * @skb: at its payload, from which ESP was taken; its transport header is where
 *	ESP was
 * @family: of its IP header
 * @nexthdr: octets from there to the one that says ESP
 * @next: what it is to say
 *
 * Context: any.
 */
void mobx_layout_close(struct sk_buff *skb, u16 family, unsigned int nexthdr,
		       u8 next)
{
	unsigned int len = skb_network_header_len(skb);
	unsigned int by = -skb_transport_offset(skb);
	u8 *from = skb_network_header(skb);
	u8 *to = from + by;

	mobx_layout_move(to, from, len);
	skb->network_header += by;
	skb_reset_transport_header(skb);
	to[nexthdr] = next;
	if (likely(family == AF_INET)) {
		ip_hdr(skb)->tot_len = htons(len + skb->len);
		ip_send_check(ip_hdr(skb));
	} else {
		ipv6_hdr(skb)->payload_len =
			htons(len - sizeof(struct ipv6hdr) + skb->len);
	}
}
