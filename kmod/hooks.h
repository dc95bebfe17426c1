/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_HOOKS_H
#define MOBX_HOOKS_H

#include <linux/netfilter.h>
#include <net/net_namespace.h>

/* Context: RCU section. Return: who has hooks there, or NULL for nobody. */
static inline const struct nf_hook_entries *
mobx_hooks_at(const struct net *net, u16 family, unsigned int hook)
{
	struct nf_hook_entries __rcu *const *hooks;

	hooks = likely(family == AF_INET) ? net->nf.hooks_ipv4 :
					    net->nf.hooks_ipv6;
	return rcu_dereference(hooks[hook]);
}

bool mobx_hooks_device(struct net_device *dev);
bool mobx_hooks_others(const struct nf_hook_entries *entries);
unsigned int mobx_hooks_behind(struct sk_buff *skb,
			       const struct nf_hook_state *state,
			       bool *watched);

/**
 * mobx_hooks_watched - whether anybody would see a packet at a hook
 * @net: namespace
 * @family: of the packet, NFPROTO_IPV4 or NFPROTO_IPV6
 * @hook: enum nf_inet_hooks
 *
 * Neither we nor those count that have nothing to do with a packet of ours.
 *
 * Context: RCU section.
 */
static inline bool mobx_hooks_watched(const struct net *net, u16 family,
				      unsigned int hook)
{
	const struct nf_hook_entries *entries = mobx_hooks_at(net, family,
							      hook);

	return entries && mobx_hooks_others(entries);
}

/* Whether anybody would see a packet on its way to this host's protocols. */
static inline bool mobx_hooks_watched_in(const struct net *net, u16 family)
{
	return mobx_hooks_watched(net, family, NF_INET_LOCAL_IN) ||
	       mobx_hooks_watched(net, family, NF_INET_PRE_ROUTING);
}

#endif
