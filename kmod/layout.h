/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_LAYOUT_H
#define MOBX_LAYOUT_H

#include <linux/types.h>

#include "encap.h"
#include "output.h"

struct dst_entry;
struct mobx_alg;
struct mobx_headers;
struct mobx_net;
struct mobx_path;
struct sk_buff;

/**
 * struct mobx_layout - where ESP goes in a packet (RFC 4303, section 3.1)
 * @at: octets in front of ESP that stay as they are: the IP header, and
 *	extension headers that belong there
 * @nexthdr: octets to the one among these that says what follows
 * @room: octets to be free in front of the packet when it is done
 * @mtu: octets of IP packet that the path takes
 * @inner: octets of packet before ESP that the path takes
 * @tfc: octets of padding behind the payload that no length counts
 * @family: AF_INET or AF_INET6
 * @tunnel: ESP goes in front of all, @at is 0, and what follows is for the
 *	outer header
 * @tos: DSCP and ECN
 * @df: the don't-fragment bit
 * @label: flow label
 * @finish: how an ESP packet over IPv4 leaves, NULL for through all hooks
 * @path: that the packet was accounted for, to see whether it moved since
 * @dst: route of @path; NULL once it may have gone
 * @encap: ports, if ESP goes in UDP; in tunnel mode filled with the outer header
 */
struct mobx_layout {
	unsigned int	at;
	unsigned int	nexthdr;
	unsigned int	room;
	unsigned int	mtu;
	unsigned int	inner;
	unsigned int	tfc;
	u16		family;
	bool		tunnel;
	u8		tos;
	bool		df;
	__be32		label;
	mobx_okfn_t	*finish;
	const struct mobx_path *path;
	struct dst_entry *dst;
	struct mobx_encap encap;
};

/* Octets to ESP. */
static inline unsigned int mobx_layout_esp(const struct mobx_layout *l)
{
	return l->at + mobx_encap_len(l->encap);
}

int mobx_layout_open(struct sk_buff *skb, const struct mobx_alg *alg,
		     const struct mobx_layout *l);
bool mobx_layout_no_jumbo(struct sk_buff *skb, struct mobx_headers *h);
void mobx_layout_lean(struct sk_buff *skb, const struct mobx_alg *alg,
		      const struct mobx_layout *l);
int mobx_layout_strip(struct mobx_net *mnet, const struct mobx_alg *alg,
		      struct sk_buff *skb);
void mobx_layout_close(struct sk_buff *skb, u16 family, unsigned int nexthdr,
		       u8 next);

#endif
