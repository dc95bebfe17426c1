/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_HOOKS_H
#define MOBX_HOOKS_H

#include <linux/netfilter.h>

bool mobx_hooks_watched(const struct net *net, u16 family, unsigned int hook);
unsigned int mobx_hooks_behind(struct sk_buff *skb,
			       const struct nf_hook_state *state);

#endif
