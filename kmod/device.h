/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_DEVICE_H
#define MOBX_DEVICE_H

#include <linux/netdevice.h>

#include "netns.h"
#include "output.h"

extern const struct net_device_ops mobx_device_ops;

/* Any context. */
static inline bool mobx_is_device(const struct net_device *dev)
{
	return dev->netdev_ops == &mobx_device_ops;
}

bool mobx_device_decides(struct mobx_net *mnet, struct sk_buff *skb,
			 const struct nf_hook_state *state);
enum mobx_verdict mobx_device_decide(struct mobx_net *mnet,
				     struct sk_buff *skb, u16 family,
				     struct mobx_choice *choice);
void mobx_device_receive(struct net_device *dev, struct sk_buff *skb);

/**
 * mobx_device_up - the device of a namespace
 * @mnet: namespace
 *
 * One that goes down takes no more packets before it waits for those who have
 * found it, so it outlives them and what they queue.
 *
 * Context: RCU section.
 * Return: the device, or NULL when there is none or it is down
 */
static inline struct net_device *mobx_device_up(const struct mobx_net *mnet)
{
	struct net_device *dev = rcu_dereference(mnet->device);

	return unlikely(dev) && netif_running(dev) ? dev : NULL;
}

int mobx_device_init(void);
void mobx_device_exit(void);

#endif
