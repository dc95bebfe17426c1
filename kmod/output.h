/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_OUTPUT_H
#define MOBX_OUTPUT_H

#include <linux/types.h>

#include "addr.h"
#include "encap.h"

struct dst_entry;
struct net;
struct sock;
struct mobx_net;
struct mobx_path;
struct mobx_peer;
struct mobx_policy;
struct mobx_sa;
struct nf_hook_state;
struct sk_buff;

/* How a packet goes on from a netfilter hook. */
typedef int mobx_okfn_t(struct net *net, struct sock *sk, struct sk_buff *skb);

/**
 * enum mobx_verdict - what becomes of a packet that wants to leave
 * @MOBX_PASS: it goes on in clear
 * @MOBX_DROP: it is dropped
 * @MOBX_TAKE: it is protected, see struct mobx_choice
 * @MOBX_WAIT: it must be protected, and nothing is there to do it with
 */
enum mobx_verdict {
	MOBX_PASS,
	MOBX_DROP,
	MOBX_TAKE,
	MOBX_WAIT,
};

/**
 * struct mobx_choice - what a packet is protected with, or waits for
 * @flow: what it shows to selectors
 * @headers: where things are in it
 * @policy: that wants it protected, NULL for negotiated selectors
 * @peer: whose SA it is, or whose SA or path is missing; NULL if none is known
 * @sa: the SA, NULL to wait
 * @path: the pair of addresses that it has on the wire; NULL to wait
 * @encap: ports, if the path has ESP in UDP
 * @dst: in tunnel mode, route of the outer addresses
 * @finish: how ESP leaves, NULL for through all hooks
 * @epoch: of the hold queues, before anything was looked up
 * @mode: enum mobx_mode
 * @forwarded: another host has sent the packet
 * @no_credit: it waits because the path is beyond its credit
 *
 * Valid to the end of the RCU section in which it was made.
 */
struct mobx_choice {
	struct mobx_flow		flow;
	struct mobx_headers		headers;
	const struct mobx_policy	*policy;
	struct mobx_peer		*peer;
	struct mobx_sa			*sa;
	struct mobx_path		*path;
	struct mobx_encap		encap;
	struct dst_entry		*dst;
	mobx_okfn_t			*finish;
	unsigned int			epoch;
	u8				mode;
	bool				forwarded;
	bool				no_credit;
};

unsigned int mobx_output_hook(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state);
enum mobx_verdict mobx_output_decide(struct mobx_net *mnet,
				     struct sk_buff *skb, u16 family,
				     struct mobx_choice *choice);
enum mobx_verdict mobx_output_choose(struct mobx_choice *choice,
				     struct mobx_net *mnet,
				     const struct sk_buff *skb);
bool mobx_output_charge(struct mobx_path *path, u64 len);
void mobx_output_no_bursts(struct sk_buff *skb);
void mobx_output_take(struct mobx_net *mnet, struct sk_buff *skb,
		      struct mobx_choice *choice);

#endif
