/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_POLICY_H
#define MOBX_POLICY_H

#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <uapi/linux/mobx.h>

#include "selector.h"
#include "spd.h"

struct mobx_net;
struct mobx_peer;
struct netlink_ext_ack;

/**
 * struct mobx_policy - an entry of the SPD (RFC 4301, section 4.4.1)
 * @order: position, unique in the namespace
 * @action: enum mobx_action
 * @mode: enum mobx_mode, for protect
 * @pfp: enum mobx_pfp, for protect: what an SA takes from the packet
 * @peer: for protect, whose SAs; NULL for whichever peer has the address; a
 *	reference
 * @sel: static selector, never changed by a move
 * @packets: packets it decided, one counter a CPU
 * @in_order: in mobx_spd.policies
 * @index: where look-ups find it
 * @rcu: frees it after a grace period
 * @label: for people
 */
struct mobx_policy {
	u32			order;
	u8			action;
	u8			mode;
	u8			pfp;
	struct mobx_peer	*peer;
	struct mobx_selector	sel;
	u64 __percpu		*packets;
	struct rb_node		in_order;
	struct mobx_spd_node	index[MOBX_SPD_VIEWS];
	struct rcu_head		rcu;
	char			label[MOBX_MAX_LABEL + 1];
};

/**
 * struct mobx_policy_spec - a policy as netlink asks for it
 * @order: position, unique
 * @action: enum mobx_action
 * @mode: enum mobx_mode
 * @pfp: enum mobx_pfp
 * @peer_id: for protect; 0 for whichever peer has the address
 * @label: at most MOBX_MAX_LABEL octets
 * @sel: selector
 */
struct mobx_policy_spec {
	u32			order;
	u8			action;
	u8			mode;
	u8			pfp;
	u32			peer_id;
	const char		*label;
	struct mobx_selector	sel;
};

/* What the module lets pass by itself, in clear; not part of the SPD. */
enum mobx_exempt {
	MOBX_EXEMPT_NOT,
	MOBX_EXEMPT_ESP,	/* protected already, by us or by others */
	MOBX_EXEMPT_DHCP,	/* UDP 67 and 68 */
	MOBX_EXEMPT_DHCPV6,	/* UDP 546 and 547 */
	MOBX_EXEMPT_LINK,	/* IPv6: neighbours, routers, listeners */
	MOBX_EXEMPT_ICMP,	/* ICMP: an ESP packet was too long */
	MOBX_EXEMPT_IKE,	/* registered IKE sockets */
	MOBX_EXEMPT_LOOPBACK,	/* what stays on the loopback device */
	MOBX_EXEMPT_COUNT,
};

enum mobx_exempt mobx_exempt_out(const struct mobx_net *mnet,
				 const struct sk_buff *skb,
				 const struct mobx_flow *flow);
enum mobx_exempt mobx_exempt_in(const struct mobx_net *mnet,
				struct sk_buff *skb,
				const struct mobx_flow *flow);

const struct mobx_policy *mobx_policy_lookup(const struct mobx_net *mnet,
					     const struct mobx_flow *flow);
bool mobx_policy_pfp_shown(const struct mobx_policy *pol,
			   const struct mobx_flow *flow);
u64 mobx_policy_packets(const struct mobx_policy *pol);

int mobx_policy_create(struct mobx_net *mnet,
		       const struct mobx_policy_spec *spec,
		       struct netlink_ext_ack *extack);
void mobx_policy_remove(struct mobx_net *mnet, struct mobx_policy *pol);
void mobx_policy_flush(struct mobx_net *mnet, const char *label);

#endif
