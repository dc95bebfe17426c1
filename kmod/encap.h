/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_ENCAP_H
#define MOBX_ENCAP_H

#include <linux/types.h>
#include <linux/udp.h>

struct mobx_peer;
struct mobx_sa;
struct sk_buff;

/**
 * struct mobx_encap - UDP ports around ESP (RFC 3948)
 * @sport: own port
 * @dport: the peer's, or its NAT's; 0 for ESP without UDP
 */
struct mobx_encap {
	__be16	sport;
	__be16	dport;
};

/* Octets of UDP header in front of ESP. */
static inline unsigned int mobx_encap_len(struct mobx_encap encap)
{
	return encap.dport ? sizeof(struct udphdr) : 0;
}

void mobx_encap_fill(struct sk_buff *skb, u16 family, unsigned int at,
		     struct mobx_encap encap);
void mobx_encap_strip(struct sk_buff *skb, u16 family);
struct mobx_encap mobx_encap_source(const struct sk_buff *skb);
void mobx_encap_checksum(struct sk_buff *skb, u16 family, u8 next);
bool mobx_encap_ambiguous(const struct mobx_peer *peer,
			  const struct mobx_sa *sa);

#endif
