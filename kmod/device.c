// SPDX-License-Identifier: GPL-2.0
/*
 * The network device for those who steer with routes: one for all tunnels of a
 * namespace. What is routed into it takes the tunnel whose selectors match, or
 * is dropped; it never leaves in clear. What comes out of a tunnel comes in by
 * it while it is up. It knows no peer and no address: moves pass it by.
 *
 * Policies hold here as well. They are asked here and not at POST_ROUTING, so
 * that taps and queues of the device have the packet first, except by those
 * that want it in transport mode: these take it on its way and leave ESP to
 * the device.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <net/addrconf.h>
#include <net/dst_metadata.h>
#include <net/icmp.h>
#include <net/ip_tunnels.h>
#include <net/rtnetlink.h>

#include "about.h"
#include "alg.h"
#include "compat.h"
#include "device.h"
#include "hold.h"
#include "inner.h"
#include "peer.h"
#include "policy.h"
#include "sa.h"
#include "tunnel.h"

/*
 * What AES-GCM leaves of 1500 octets in every tunnel: 40 of outer IPv6, 8 of
 * UDP, 8 of ESP, 8 of IV, 2 of trailer, 16 of ICV. Where a path or an algorithm
 * leaves less, routes through the device learn it, see pmtu.c.
 */
#define MOBX_DEVICE_MTU		1418

#define MOBX_DEVICE_HEADROOM	(MOBX_TUNNEL_ROOM + MOBX_ESP_HDR_LEN +	\
				 MOBX_ALG_MAX_IV + ETH_HLEN)
/* A block of padding, pad length, next header. */
#define MOBX_DEVICE_TAILROOM	(15 + 2 + MOBX_ALG_MAX_ICV)

/* SCTP is told to forgo super-packets, see mobx_output_no_bursts(). */
#define MOBX_DEVICE_FEATURES						\
	(NETIF_F_SG | NETIF_F_HIGHDMA | NETIF_F_HW_CSUM |		\
	 (NETIF_F_GSO_SOFTWARE & ~NETIF_F_GSO_SCTP))

/* Whether a packet is to be protected in transport mode. */
static bool mobx_device_is_transport(struct mobx_net *mnet,
				     const struct sk_buff *skb, u16 family)
{
	const struct mobx_policy *policy;
	struct mobx_headers h;
	struct mobx_flow flow;

	mobx_flow_out(skb, family, &flow, &h);
	policy = mobx_spd_lookup(&mnet->spd, &flow);
	if (policy)
		return policy->action == MOBX_ACTION_PROTECT &&
		       policy->mode == MOBX_MODE_TRANSPORT;
	return mobx_flow_negotiated(mnet, MOBX_DIR_OUT, &flow);
}

/**
 * mobx_device_decides - whether what becomes of a packet is decided elsewhere
 * @mnet: namespace
 * @skb: packet
 * @state: POST_ROUTING
 *
 * Context: RCU section.
 * Return: true when it is on its way to the device, and not to be protected
 * in transport mode before; or if it goes to the loopback device
 */
bool mobx_device_decides(struct mobx_net *mnet, struct sk_buff *skb,
			 const struct nf_hook_state *state)
{
	if (!mobx_is_device(state->out))
		return state->out->flags & IFF_LOOPBACK;
	if (mobx_device_is_transport(mnet, skb, state->pf))
		return false;
	/* Its socket is locked here; behind a queue it need not be. */
	mobx_output_no_bursts(skb);
	return true;
}

/*
 * Whether a packet is what the tunnel that it would take is made of or depends
 * on: ESP to its peer, or IKE.
 */
static bool mobx_device_loops(const struct mobx_choice *choice,
			      enum mobx_exempt what)
{
	const struct mobx_flow *flow = &choice->flow;
	const struct mobx_binding *b;
	const struct mobx_bound *e;

	b = rcu_dereference(choice->sa->peer->binding);
	e = b ? mobx_binding_find(b, flow->family, &flow->local,
				  &flow->remote) : NULL;
	if (likely(!e))
		return false;
	return what == MOBX_EXEMPT_ESP || what == MOBX_EXEMPT_IKE ||
	       (flow->proto == IPPROTO_UDP && e->encap.dport &&
		e->encap.dport == htons(flow->remote_port) &&
		e->encap.sport == htons(flow->local_port));
}

/* The SA and path, by selectors alone unless a policy wants the packet. */
static enum mobx_verdict mobx_device_choose(struct mobx_net *mnet,
					    struct sk_buff *skb,
					    struct mobx_choice *choice)
{
	struct mobx_flow about;
	enum mobx_verdict what;

	what = mobx_output_choose(choice, mnet, skb);
	if (likely(choice->peer) || choice->policy)
		return what;
	/* An error goes where the answer to what it is about would. */
	if (mobx_packet_about(skb, choice->flow.family, &about) <
	    MOBX_ABOUT_PACKET)
		return MOBX_DROP;
	mobx_flow_turn(&about);
	about.local = choice->flow.local;
	about.remote = choice->flow.remote;
	choice->flow = about;
	what = mobx_output_choose(choice, mnet, skb);
	return choice->peer ? what : MOBX_DROP;
}

/**
 * mobx_device_decide - what becomes of a packet that was routed into the device
 * @mnet: namespace
 * @skb: packet at its IP header, with a route
 * @family: AF_INET or AF_INET6
 * @choice: filled as by mobx_output_decide(); for MOBX_DROP with the policy or
 *	SA that is the reason, or neither when no tunnel takes the packet
 *
 * Explicit policies in their order: a discard discards, a tunnel policy names
 * the peer; a bypass does not mind protection. Where none matches, and for what
 * is exempt from them, the selectors of SAs decide. Counts what it drops.
 *
 * Context: RCU section, to the end of which @choice is valid.
 * Return: never MOBX_PASS
 */
enum mobx_verdict mobx_device_decide(struct mobx_net *mnet,
				     struct sk_buff *skb, u16 family,
				     struct mobx_choice *choice)
{
	enum mobx_verdict verdict;
	enum mobx_exempt what;

	*choice = (struct mobx_choice){
		/* Pairs with mobx_hold_retry_out(). */
		.epoch = smp_load_acquire(&mnet->hold->epoch),
		.mode = MOBX_MODE_TUNNEL,
		.forwarded = mobx_is_forwarded(skb),
	};
	mobx_flow_out(skb, family, &choice->flow, &choice->headers);
	what = mobx_exempt_out(mnet, skb, &choice->flow);
	if (likely(what == MOBX_EXEMPT_NOT))
		choice->policy = mobx_policy_lookup(mnet, &choice->flow);
	if (choice->policy) {
		switch (choice->policy->action) {
		case MOBX_ACTION_BYPASS:
			choice->policy = NULL;
			break;
		case MOBX_ACTION_DISCARD:
			goto discard;
		case MOBX_ACTION_PROTECT:
			/* It has come by a way round POST_ROUTING. */
			if (choice->policy->mode != MOBX_MODE_TUNNEL ||
			    !mobx_policy_pfp_shown(choice->policy,
						   &choice->flow))
				goto discard;
		}
	}
	verdict = mobx_device_choose(mnet, skb, choice);
	if (unlikely(!choice->peer && !choice->policy)) {
		mobx_stat_inc(mnet, MOBX_STAT_OUT_NO_TUNNEL);
		return MOBX_DROP;
	}
	if (unlikely(choice->sa && mobx_device_loops(choice, what))) {
		mobx_stat_inc(mnet, MOBX_STAT_OUT_NO_ROUTE);
		return MOBX_DROP;
	}
	return verdict;

discard:
	mobx_stat_inc(mnet, MOBX_STAT_OUT_DISCARDED);
	return MOBX_DROP;
}

static void mobx_device_error(struct sk_buff *skb, u16 family, u8 code4,
			      u8 code6)
{
	/* Of the kinds that know of address translation, behind which we are. */
	if (family == AF_INET)
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, code4, 0);
	else
		icmpv6_ndo_send(skb, ICMPV6_DEST_UNREACH, code6, 0);
}

/* Drop a packet, and tell who sent it why. */
static void mobx_device_drop(struct mobx_net *mnet, struct net_device *dev,
			     struct sk_buff *skb,
			     const struct mobx_choice *choice)
{
	u16 family = choice->flow.family;

	if (!choice->sa && !choice->policy)
		mobx_device_error(skb, family, ICMP_HOST_UNREACH,
				  ICMPV6_ADDR_UNREACH);
	else if (!choice->sa && READ_ONCE(mnet->icmp))
		mobx_device_error(skb, family, ICMP_PKT_FILTERED,
				  ICMPV6_ADM_PROHIBITED);
	DEV_STATS_INC(dev, tx_dropped);
	kfree_skb(skb);
}

/*
 * The family of a packet, with its IP header in one piece and its control block
 * as that of the family; or 0 for none of ours. Packet sockets send anything,
 * and without a route, by which errors would go.
 */
static u16 mobx_device_family(struct sk_buff *skb)
{
	__be16 protocol = ip_tunnel_parse_protocol(skb);

	if (unlikely(!skb_valid_dst(skb) || skb_network_offset(skb) ||
		     protocol != skb->protocol))
		return 0;
	switch (protocol) {
	case htons(ETH_P_IP):
		if (unlikely(ip_hdr(skb)->ihl < 5 ||
			     !pskb_may_pull(skb, ip_hdrlen(skb))))
			return 0;
		/* A queue may have used it for itself. */
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		return AF_INET;
	case htons(ETH_P_IPV6):
		memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
		return AF_INET6;
	}
	return 0;
}

static netdev_tx_t mobx_device_xmit(struct sk_buff *skb,
				    struct net_device *dev)
{
	struct mobx_net *mnet = mobx_pernet(dev_net(dev));
	u16 family = mobx_device_family(skb);
	struct mobx_choice choice;

	if (unlikely(!family)) {
		DEV_STATS_INC(dev, tx_errors);
		kfree_skb(skb);
		return NETDEV_TX_OK;
	}
	rcu_read_lock();
	switch (mobx_device_decide(mnet, skb, family, &choice)) {
	case MOBX_TAKE:
		dev_sw_netstats_tx_add(dev, skb_shinfo(skb)->gso_segs ?: 1,
				       skb->len);
		mobx_output_take(mnet, skb, &choice);
		break;
	case MOBX_WAIT:
		dev_sw_netstats_tx_add(dev, skb_shinfo(skb)->gso_segs ?: 1,
				       skb->len);
		mobx_hold_packet(mnet, skb, NULL, &choice);
		break;
	case MOBX_DROP:
	case MOBX_PASS:
		mobx_device_drop(mnet, dev, skb, &choice);
		break;
	}
	rcu_read_unlock();
	return NETDEV_TX_OK;
}

/**
 * mobx_device_receive - a packet that came out of a tunnel came by the device
 * @dev: from mobx_device_up()
 * @skb: at its IP header, allowed by its SA
 *
 * Context: the RCU section of @dev, bottom halves off.
 */
void mobx_device_receive(struct net_device *dev, struct sk_buff *skb)
{
	/* Nothing of the device below it matters any more. */
	__skb_tunnel_rx(skb, dev, dev_net(dev));
	skb->skb_iif = dev->ifindex;
	skb_reset_mac_header(skb);
	skb->mac_len = 0;
	dev_sw_netstats_rx_add(dev, skb->len);
}

/*
 * There is no other end to hear of a link-local address, or of who joins a
 * group. Who wants one all the same says how it is made (addrgenmode).
 */
static int mobx_device_open(struct net_device *dev)
{
	struct inet6_dev *idev = __in6_dev_get(dev);

	if (idev && idev->cnf.addr_gen_mode == IN6_ADDR_GEN_MODE_EUI64)
		WRITE_ONCE(idev->cnf.addr_gen_mode, IN6_ADDR_GEN_MODE_NONE);
	return 0;
}

/* Who has found the device is waited for before it goes. Context: RTNL. */
static void mobx_device_uninit(struct net_device *dev)
{
	struct mobx_net *mnet = mobx_pernet(dev_net(dev));

	/* One that could not be registered was never the one. */
	if (rcu_access_pointer(mnet->device) != dev)
		return;
	RCU_INIT_POINTER(mnet->device, NULL);
	mutex_lock(&mnet->lock);
	mobx_net_unprotect(mnet);
	mutex_unlock(&mnet->lock);
}

const struct net_device_ops mobx_device_ops = {
	.ndo_open		= mobx_device_open,
	.ndo_uninit		= mobx_device_uninit,
	.ndo_start_xmit		= mobx_device_xmit,
	.ndo_get_stats64	= dev_get_tstats64,
};

static const struct device_type mobx_device_type = { .name = "mobx" };

static void mobx_device_setup(struct net_device *dev)
{
	dev->netdev_ops = &mobx_device_ops;
	dev->header_ops = &ip_tunnel_header_ops;
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_POINTOPOINT | IFF_NOARP;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->hard_header_len = 0;
	dev->addr_len = 0;
	dev->needed_headroom = MOBX_DEVICE_HEADROOM;
	dev->needed_tailroom = MOBX_DEVICE_TAILROOM;
	dev->mtu = MOBX_DEVICE_MTU;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = IP_MAX_MTU;
	dev->features |= MOBX_DEVICE_FEATURES;
	dev->hw_features |= MOBX_DEVICE_FEATURES;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->needs_free_netdev = true;
	mobx_dev_lltx(dev);
	mobx_dev_netns_immutable(dev);
	/* Errors go back by the route that the packet has. */
	netif_keep_dst(dev);
	SET_NETDEV_DEVTYPE(dev, &mobx_device_type);
}

static int mobx_device_validate(struct nlattr *tb[], struct nlattr *data[],
				struct netlink_ext_ack *extack)
{
	const struct nlattr *its;

	if (tb[IFLA_ADDRESS]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[IFLA_ADDRESS],
				    "a mobx device has no link-layer address");
		return -EINVAL;
	}
	if (tb[IFLA_LINK]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[IFLA_LINK],
				    "a mobx device is bound to no other device: the paths of its peers say where ESP goes");
		return -EINVAL;
	}
	its = tb[IFLA_LINKINFO] ? nla_find_nested(tb[IFLA_LINKINFO],
						  IFLA_INFO_DATA) : NULL;
	if (its && nla_len(its)) {
		NL_SET_ERR_MSG_ATTR(extack, its,
				    "a mobx device takes no arguments: peers, SAs and policies are set by mobx");
		return -EINVAL;
	}
	return 0;
}

/*
 * It holds the module as SAs do: without it, what is routed into it would find
 * another route.
 */
static int mobx_device_newlink(struct net *src_net, struct net_device *dev,
			       struct nlattr *tb[], struct nlattr *data[],
			       struct netlink_ext_ack *extack)
{
	struct mobx_net *mnet = mobx_pernet(dev_net(dev));
	int err;

	if (rcu_access_pointer(mnet->device)) {
		NL_SET_ERR_MSG(extack,
			       "this network namespace has a mobx device, and one serves all peers");
		return -EEXIST;
	}
	mutex_lock(&mnet->lock);
	err = mobx_net_protect(mnet, extack);
	mutex_unlock(&mnet->lock);
	if (err)
		return err;
	err = register_netdevice(dev);
	if (err) {
		mutex_lock(&mnet->lock);
		mobx_net_unprotect(mnet);
		mutex_unlock(&mnet->lock);
		return err;
	}
	rcu_assign_pointer(mnet->device, dev);
	return 0;
}

static struct rtnl_link_ops mobx_device_link_ops = {
	.kind		= "mobx",
	.setup		= mobx_device_setup,
	.validate	= mobx_device_validate,
	.newlink	= mobx_device_newlink,
};

/**
 * mobx_device_init - have such devices made
 *
 * Context: module init.
 * Return: 0 or an error
 */
int mobx_device_init(void)
{
	return rtnl_link_register(&mobx_device_link_ops);
}

/**
 * mobx_device_exit - no more
 *
 * Context: module exit; there is none left, for each holds the module.
 */
void mobx_device_exit(void)
{
	rtnl_link_unregister(&mobx_device_link_ops);
}

MODULE_ALIAS_RTNL_LINK("mobx");
