/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_LOOP_H
#define MOBX_LOOP_H

#include <linux/netdevice.h>
#include <linux/netfilter.h>

#include "output.h"

extern mobx_okfn_t *mobx_loop_sends;

bool mobx_loop_is_copy4(const struct sk_buff *skb);

/**
 * mobx_loop_is_copy - whether a packet goes back to this host, and nowhere else
 * @skb: packet at POST_ROUTING
 * @state: of the hook there
 *
 * Context: RCU section.
 */
static inline bool mobx_loop_is_copy(const struct sk_buff *skb,
				     const struct nf_hook_state *state)
{
	if (likely(state->pf == NFPROTO_IPV4))
		return unlikely(state->okfn != mobx_loop_sends) &&
		       mobx_loop_is_copy4(skb);
	return unlikely(state->okfn == dev_loopback_xmit);
}

void mobx_loop_back6(struct sk_buff *skb, const struct nf_hook_state *state);

int mobx_loop_init(void);

#endif
