/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_COMPAT_H
#define MOBX_COMPAT_H

/*
 * What differs between kernels 6.1 and 6.12 and later, and by what they have.
 */

#include <linux/types.h>
#include <linux/version.h>

/* skb_gso_segment() and friends moved in 6.5. */
#include <linux/netdevice.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#include <net/gso.h>
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* The attributes of the request that began a dump have another home. */
#include <net/genetlink.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
static inline struct nlattr **mobx_dump_attrs(struct netlink_callback *cb)
{
	return genl_info_dump(cb)->attrs;
}
#else
static inline struct nlattr **mobx_dump_attrs(struct netlink_callback *cb)
{
	return genl_dumpit_info(cb)->attrs;
}
#endif

/* A device that only NAPI knows; since 6.10 such are allocated. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define mobx_dummy_netdev()		alloc_netdev_dummy(0)
#define mobx_dummy_netdev_free(dev)	free_netdev(dev)
#else
#include <linux/slab.h>
static inline struct net_device *mobx_dummy_netdev(void)
{
	struct net_device *dev = kmalloc(sizeof(*dev), GFP_KERNEL);

	if (dev)
		init_dummy_netdev(dev);
	return dev;
}

#define mobx_dummy_netdev_free(dev)	kfree(dev)
#endif

/* What are features of a device before 6.12 are bits of their own there. */
static inline void mobx_dev_lltx(struct net_device *dev)
{
#ifdef NETIF_F_LLTX
	dev->features |= NETIF_F_LLTX;
#else
	dev->lltx = true;
#endif
}

static inline void mobx_dev_netns_immutable(struct net_device *dev)
{
#ifdef NETIF_F_NETNS_LOCAL
	dev->features |= NETIF_F_NETNS_LOCAL;
#elif defined(MOBX_HAVE_NETNS_IMMUTABLE)
	dev->netns_immutable = true;
#else
	dev->netns_local = true;
#endif
}

/* What traffic control has at the ingress of a device; renamed in 6.6. */
static inline bool mobx_dev_has_tc(const struct net_device *dev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#ifdef CONFIG_NET_XGRESS
	return rcu_access_pointer(dev->tcx_ingress);
#endif
#elif defined(CONFIG_NET_CLS_ACT)
	return rcu_access_pointer(dev->miniq_ingress);
#endif
	return false;
}

/* A packet that br_netfilter lent to IP's hooks, where the kernel can have it. */
#include <linux/netfilter_bridge.h>
static inline bool mobx_skb_is_bridged(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	return nf_bridge_info_exists(skb);
#else
	return false;
#endif
}

/* Exported for modules that are the kernel's own, so no header tells of it. */
struct net;
void nf_queue_nf_hook_drop(struct net *net);

/* Since 6.3 a completion gets its data, before that the request. */
#include <crypto/aead.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
typedef void *mobx_completion_arg;
static inline void *mobx_completion_data(mobx_completion_arg arg)
{
	return arg;
}
#else
typedef struct crypto_async_request *mobx_completion_arg;
static inline void *mobx_completion_data(mobx_completion_arg arg)
{
	return arg->data;
}
#endif

#endif
