/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_INPUT_H
#define MOBX_INPUT_H

#include <linux/bits.h>
#include <linux/types.h>
#include <net/ip.h>
#include <net/ipv6.h>

/*
 * A packet that came out of ESP. Lives in a bit of the flags of IPCB and IP6CB
 * that the kernel does not use. ip_rcv() and ip6_rcv() clear it, so it cannot
 * come from outside, and nothing between PRE_ROUTING and delivery does; were it
 * lost, the packet would be dropped.
 */
#define MOBX_CB_AUTHENTIC	BIT(15)

/* One that came as ESP in UDP; another such bit. */
#define MOBX_CB_ENCAP		BIT(13)

/*
 * Of what arrives in clear: what a policy or an exemption has let in; and what
 * nothing matched, where such is discarded unless it goes on to another host.
 */
#define MOBX_CB_CHECKED		BIT(12)
#define MOBX_CB_UNMATCHED	BIT(11)

/* Beyond all next headers, see mobx_input_sa(). */
#define MOBX_INPUT_GONE		256

/* The flags of IPCB or IP6CB. */
static inline u16 *mobx_cb_flags(struct sk_buff *skb, u16 family)
{
	return likely(family == AF_INET) ? &IPCB(skb)->flags :
					   &IP6CB(skb)->flags;
}

struct mobx_net;
struct mobx_bound;
struct mobx_sa;
struct nf_hook_state;
struct sk_buff;

unsigned int mobx_input_hook(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state);
unsigned int mobx_local_hook(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state);
bool mobx_input_forges_us(struct mobx_net *mnet, const struct sk_buff *skb,
			  u16 family);
int mobx_input_sa(struct sk_buff *skb, u16 family, bool encap,
		  struct mobx_sa *sa);
void mobx_input_decrypted(struct mobx_net *mnet, struct mobx_sa *sa,
			  struct sk_buff *skb, u64 seq, int err);
void mobx_input_late(struct mobx_net *mnet, const struct mobx_sa *sa,
		     const struct mobx_bound *e,
		     struct sk_buff *skb, u16 family);
void mobx_input_merged(struct mobx_net *mnet, struct sk_buff *skb);

int mobx_input_init(void);
void mobx_input_exit(void);

#endif
