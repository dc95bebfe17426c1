// SPDX-License-Identifier: GPL-2.0
/*
 * Where the data path begins and ends, for the module and for each namespace.
 */
#include <linux/delay.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/slab.h>
#include <net/netfilter/ipv4/nf_defrag_ipv4.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>

#include "compat.h"
#include "datapath.h"
#include "gro.h"
#include "hold.h"
#include "input.h"
#include "netns.h"
#include "output.h"

static const struct nf_hook_ops mobx_hook_ops[] = {
	{
		.hook		= mobx_input_hook,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_PRE_ROUTING,
		.priority	= NF_IP_PRI_CONNTRACK_DEFRAG + 1,
	},
	{
		.hook		= mobx_output_hook,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_POST_ROUTING,
		.priority	= NF_IP_PRI_LAST,
	},
	{
		.hook		= mobx_input_hook,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_PRE_ROUTING,
		.priority	= NF_IP6_PRI_CONNTRACK_DEFRAG + 1,
	},
	{
		.hook		= mobx_output_hook,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_POST_ROUTING,
		.priority	= NF_IP6_PRI_LAST,
	},
};

/* Where a default discards, see clear.c. */
static const struct nf_hook_ops mobx_local_ops[] = {
	{
		.hook		= mobx_local_hook,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= NF_IP_PRI_FIRST,
	},
	{
		.hook		= mobx_local_hook,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= NF_IP6_PRI_FIRST,
	},
};

/**
 * mobx_hooks_up - attach a namespace to netfilter
 * @mnet: namespace
 *
 * Selectors look at ports, so packets must be whole before they are asked.
 *
 * Context: process, may sleep.
 * Return: 0 or an error, with nothing attached
 */
int mobx_hooks_up(struct mobx_net *mnet)
{
	int err;

	err = nf_defrag_ipv4_enable(mnet->net);
	if (err)
		return err;
	err = nf_defrag_ipv6_enable(mnet->net);
	if (err)
		goto err_ipv4;
	err = nf_register_net_hooks(mnet->net, mobx_hook_ops,
				    ARRAY_SIZE(mobx_hook_ops));
	if (err)
		goto err_ipv6;
	return 0;

err_ipv6:
	nf_defrag_ipv6_disable(mnet->net);
err_ipv4:
	nf_defrag_ipv4_disable(mnet->net);
	return err;
}

/*
 * A hook that goes has the queues of its namespace emptied. The kernel looks for
 * the place of each packet in the list of hooks then, which is shorter already,
 * and warns of those that wait at the end of it; so they are emptied before.
 */
static void mobx_unregister(struct mobx_net *mnet,
			    const struct nf_hook_ops *ops, unsigned int n)
{
	nf_queue_nf_hook_drop(mnet->net);
	nf_unregister_net_hooks(mnet->net, ops, n);
}

/**
 * mobx_hooks_down - detach it again
 * @mnet: namespace
 *
 * Packets may be in a hook until the current RCU sections end.
 *
 * Context: process, may sleep.
 */
void mobx_hooks_down(struct mobx_net *mnet)
{
	mobx_unregister(mnet, mobx_hook_ops, ARRAY_SIZE(mobx_hook_ops));
	nf_defrag_ipv6_disable(mnet->net);
	nf_defrag_ipv4_disable(mnet->net);
}

/**
 * mobx_local_hooks_up - see all that comes to this host, too
 * @mnet: attached namespace
 *
 * Context: process, may sleep.
 * Return: 0 or an error, with nothing more attached
 */
int mobx_local_hooks_up(struct mobx_net *mnet)
{
	return nf_register_net_hooks(mnet->net, mobx_local_ops,
				     ARRAY_SIZE(mobx_local_ops));
}

/* The reverse of mobx_local_hooks_up(). Context: the same. */
void mobx_local_hooks_down(struct mobx_net *mnet)
{
	mobx_unregister(mnet, mobx_local_ops, ARRAY_SIZE(mobx_local_ops));
}

static void mobx_datapath_work(struct work_struct *work)
{
	struct mobx_hold *hold = container_of(to_delayed_work(work),
					      struct mobx_hold, work);
	bool out = mobx_hold_expire(hold), in = mobx_keep_expire(hold);

	/*
	 * Kept packets have 100 ms, held ones seconds; one that was held just
	 * now may have had the later time set.
	 */
	if (in)
		mod_delayed_work(system_wq, &hold->work, HZ / 20);
	else if (out)
		schedule_delayed_work(&hold->work, HZ / 4);
}

static void mobx_datapath_retry(struct work_struct *work)
{
	struct mobx_hold *hold = container_of(work, struct mobx_hold, retry);

	mobx_keep_retry(hold);
	mobx_hold_retry_out(hold);
}

/**
 * mobx_hold_retry - look at all that waits in a namespace once more
 * @mnet: namespace
 *
 * Context: process.
 */
void mobx_hold_retry(struct mobx_net *mnet)
{
	mobx_keep_retry(mnet->hold);
	mobx_hold_retry_out(mnet->hold);
}

/**
 * mobx_datapath_net_init - what the data path has in a new namespace
 * @mnet: namespace
 *
 * Context: process.
 * Return: 0 or -ENOMEM
 */
int mobx_datapath_net_init(struct mobx_net *mnet)
{
	struct mobx_hold *hold = kzalloc(sizeof(*hold), GFP_KERNEL);

	if (!hold)
		return -ENOMEM;
	hold->busy = alloc_percpu(long);
	if (!hold->busy) {
		kfree(hold);
		return -ENOMEM;
	}
	spin_lock_init(&hold->lock);
	hash_init(hold->queues);
	INIT_LIST_HEAD(&hold->keep);
	INIT_DELAYED_WORK(&hold->work, mobx_datapath_work);
	INIT_WORK(&hold->retry, mobx_datapath_retry);
	hold->mnet = mnet;
	mnet->hold = hold;
	return 0;
}

static long mobx_datapath_busy(const struct mobx_hold *hold)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(hold->busy, cpu));
	return sum;
}

/**
 * mobx_datapath_net_close - a namespace ends: nothing waits there any more
 * @mnet: namespace, without hooks and with empty tables
 *
 * Until the current RCU sections end, packets that found an SA before it went
 * may still be on their way to the cipher.
 *
 * Context: process, may sleep.
 */
void mobx_datapath_net_close(struct mobx_net *mnet)
{
	struct mobx_hold *hold = mnet->hold;

	spin_lock_bh(&hold->lock);
	hold->closing = true;
	spin_unlock_bh(&hold->lock);
	cancel_work_sync(&hold->retry);
	cancel_delayed_work_sync(&hold->work);
	mobx_hold_drop_all(hold);
	mobx_keep_drop_all(hold);
}

/**
 * mobx_datapath_net_drain - wait for cipher requests, which count here
 * @mnet: closed namespace, an RCU grace period later
 *
 * Context: process, may sleep.
 */
void mobx_datapath_net_drain(const struct mobx_net *mnet)
{
	while (mobx_datapath_busy(mnet->hold))
		msleep(20);
}

/**
 * mobx_datapath_net_exit - free what the data path has in a namespace
 * @mnet: drained namespace, an RCU grace period later
 *
 * Context: process.
 */
void mobx_datapath_net_exit(struct mobx_net *mnet)
{
	free_percpu(mnet->hold->busy);
	kfree(mnet->hold);
	mnet->hold = NULL;
}

/**
 * mobx_datapath_init - open the ways in
 *
 * Context: module init.
 * Return: 0 or an error
 */
int mobx_datapath_init(void)
{
	int err;

	err = mobx_gro_init();
	if (err)
		return err;
	err = mobx_input_init();
	if (err)
		mobx_gro_exit();
	return err;
}

/**
 * mobx_datapath_exit - close them
 *
 * What the cipher has still may be held for its successors when it comes out of
 * a tunnel, so that comes first.
 *
 * Context: module exit; may sleep.
 */
void mobx_datapath_exit(void)
{
	mobx_input_exit();
	mobx_netns_drain();
	mobx_gro_exit();
}
