// SPDX-License-Identifier: GPL-2.0
/*
 * Who else has hooks where ours are. Rules of a firewall see every packet that
 * they would see with XFRM: clear ones before ESP and behind it, and ESP. Where
 * there are none, packets need not be shown to nobody.
 */
#include <linux/netdevice.h>
#include <linux/netfilter_ipv4.h>

#include "compat.h"
#include "hooks.h"
#include "input.h"
#include "output.h"

static bool mobx_hooks_is_ours(const struct nf_hook_entry *entry)
{
	return entry->hook == mobx_input_hook ||
	       entry->hook == mobx_local_hook ||
	       entry->hook == mobx_output_hook;
}

/*
 * Hooks that have nothing to say of a packet that comes from us. Those that put
 * fragments together. And AppArmor's, which looks at the socket and the mark of
 * a packet: ESP has those of the packet in it, that was let pass. (SELinux has
 * one of the same priority and wants more, but one at LOCAL_OUT as well.) Tables
 * of a firewall have something private. IPv6 has the same priorities.
 */
static bool mobx_hooks_is_idle(const struct nf_hook_ops *ops)
{
	if (ops->priv)
		return false;
	return ops->priority == NF_IP_PRI_CONNTRACK_DEFRAG ||
	       (ops->priority == NF_IP_PRI_SELINUX_FIRST &&
		ops->hooknum == NF_INET_POST_ROUTING);
}

static bool mobx_hooks_is_other(const struct nf_hook_entries *entries,
				unsigned int i)
{
	return !mobx_hooks_is_ours(&entries->hooks[i]) &&
	       !mobx_hooks_is_idle(nf_hook_entries_get_hook_ops(entries)[i]);
}

/**
 * mobx_hooks_others - whether some hook is of interest to others than us
 * @entries: hooks
 *
 * Context: RCU section.
 */
bool mobx_hooks_others(const struct nf_hook_entries *entries)
{
	unsigned int i;

	for (i = 0; i < entries->num_hook_entries; i++)
		if (mobx_hooks_is_other(entries, i))
			return true;
	return false;
}

/* A packet socket, say, for IPv4 on this device. */
static bool mobx_hooks_tap4(const struct net_device *dev)
{
	const struct packet_type *tap;

	list_for_each_entry_rcu(tap, &dev->ptype_specific, list)
		if (tap->type == htons(ETH_P_IP))
			return true;
	return false;
}

/**
 * mobx_hooks_device - whether anybody would see a packet that a device brings
 * @dev: device
 *
 * For IPv4: taps, bridges and their like, traffic control, XDP, netfilter's
 * ingress hook. (A packet socket for one protocol and no device is not to be
 * found; it sees ESP and not what was in it.)
 *
 * Context: RCU section.
 */
bool mobx_hooks_device(struct net_device *dev)
{
	if (dev_nit_active(dev) || mobx_hooks_tap4(dev) ||
	    rcu_access_pointer(dev->rx_handler) ||
	    rcu_access_pointer(dev->xdp_prog) || mobx_dev_has_tc(dev))
		return true;
#ifdef CONFIG_NETFILTER_INGRESS
	if (rcu_access_pointer(dev->nf_hooks_ingress))
		return true;
#endif
	return false;
}

/**
 * mobx_hooks_behind - show a packet to the hooks behind ours at POST_ROUTING
 * @skb: packet, consumed unless the verdict is NF_ACCEPT or NF_DROP
 * @state: of the hook that called us
 * @watched: set if the verdict is NF_ACCEPT and others than us would see a
 *	packet there, see mobx_hooks_watched()
 *
 * Of those with the same priority the youngest comes first, so connection
 * tracking, which confirms a connection here, may be among them. What is taken
 * or held never gets there by itself. A queue would resume behind our hook, with
 * the packet in clear, so nothing is queued from there.
 *
 * Context: RCU section.
 * Return: NF_ACCEPT, NF_DROP or NF_STOLEN, with an error code possibly
 */
unsigned int mobx_hooks_behind(struct sk_buff *skb,
			       const struct nf_hook_state *state,
			       bool *watched)
{
	const struct nf_hook_entries *entries = mobx_hooks_at(state->net,
							      state->pf,
							      state->hook);
	unsigned int i = 0, verdict;

	if (!entries)
		return NF_ACCEPT;
	while (i < entries->num_hook_entries &&
	       entries->hooks[i].hook != mobx_output_hook)
		*watched |= mobx_hooks_is_other(entries, i++);
	for (i++; i < entries->num_hook_entries; i++) {
		*watched |= mobx_hooks_is_other(entries, i);
		verdict = entries->hooks[i].hook(entries->hooks[i].priv, skb,
						 state);
		switch (verdict & NF_VERDICT_MASK) {
		case NF_ACCEPT:
			break;
		case NF_DROP:
		case NF_STOLEN:
			return verdict;
		default:
			return NF_DROP;
		}
	}
	return NF_ACCEPT;
}
