// SPDX-License-Identifier: GPL-2.0
/*
 * What mobx keeps for each network namespace, and when it holds the module.
 */

#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/random.h>
#include <linux/suspend.h>
#include <net/genetlink.h>

#include "compat.h"
#include "datapath.h"
#include "netns.h"
#include "peer.h"
#include "policy.h"
#include "sa.h"

unsigned int mobx_net_id __read_mostly;

/*
 * The machine is about to be written to disk, or was: nothing is sent under an
 * SA, for what is sent after the picture was taken the picture does not know.
 */
bool mobx_hibernating __read_mostly;

/* All namespaces, for notifiers. Taken before mobx_net.lock. */
static DEFINE_MUTEX(mobx_nets_lock);
static LIST_HEAD(mobx_nets);

/**
 * mobx_stat_read - a counter of a namespace, over all CPUs
 * @mnet: namespace
 * @which: counter
 *
 * Context: any.
 */
u64 mobx_stat_read(const struct mobx_net *mnet, enum mobx_stat which)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(mnet->stats, cpu)->n[which]);
	return sum;
}

/**
 * mobx_net_protect - there is one more object that protects
 * @mnet: namespace
 * @extack: says why not
 *
 * Each such object, a peer, an SA, a policy, the network device, or the default
 * that discards, holds the module: to unload it would let in clear what is
 * protected. The first one of a namespace brings the hooks.
 *
 * Context: process, under mobx_net.lock.
 * Return: 0, -ENODEV while the module is being unloaded, or the error of hooks
 * that could not be registered
 */
int mobx_net_protect(struct mobx_net *mnet, struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&mnet->lock);
	if (!try_module_get(THIS_MODULE)) {
		NL_SET_ERR_MSG(extack, "the module is being unloaded");
		return -ENODEV;
	}
	if (!mnet->protecting) {
		err = mobx_hooks_up(mnet);
		if (err) {
			NL_SET_ERR_MSG(extack,
				       "the netfilter hooks cannot be registered");
			module_put(THIS_MODULE);
			return err;
		}
	}
	mnet->protecting++;
	return 0;
}

/* The reverse of mobx_net_protect(). Context: the same. */
void mobx_net_unprotect(struct mobx_net *mnet)
{
	lockdep_assert_held(&mnet->lock);
	if (!--mnet->protecting)
		mobx_hooks_down(mnet);
	module_put(THIS_MODULE);
}

static int mobx_net_discard(struct mobx_net *mnet,
			    struct netlink_ext_ack *extack)
{
	int err = mobx_net_protect(mnet, extack);

	if (err)
		return err;
	err = mobx_local_hooks_up(mnet);
	if (err) {
		NL_SET_ERR_MSG(extack,
			       "the netfilter hooks cannot be registered");
		mobx_net_unprotect(mnet);
	}
	return err;
}

/**
 * mobx_net_default - set what becomes of packets that nothing matches
 * @mnet: namespace
 * @action: enum mobx_action, bypass or discard
 * @extack: says why not
 *
 * Context: process, under mobx_net.lock.
 * Return: 0, or what mobx_net_protect() returns
 */
int mobx_net_default(struct mobx_net *mnet, u32 action,
		     struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&mnet->lock);
	if (action == mnet->default_action)
		return 0;
	if (action == MOBX_ACTION_DISCARD) {
		err = mobx_net_discard(mnet, extack);
		if (err)
			return err;
	}
	WRITE_ONCE(mnet->default_action, action);
	if (action == MOBX_ACTION_BYPASS) {
		mobx_local_hooks_down(mnet);
		mobx_net_unprotect(mnet);
	}
	return 0;
}

static void mobx_expire_work_fn(struct work_struct *work)
{
	struct mobx_net *mnet = container_of(work, struct mobx_net,
					     expire_work);

	mutex_lock(&mnet->lock);
	mobx_sa_expire_remove(mnet);
	mutex_unlock(&mnet->lock);
}

static void mobx_timer_work_fn(struct work_struct *work)
{
	struct mobx_net *mnet = container_of(to_delayed_work(work),
					     struct mobx_net, timer_work);

	mutex_lock(&mnet->lock);
	mobx_sa_expire_timers(mnet);
	mutex_unlock(&mnet->lock);
}

static int __net_init mobx_net_init(struct net *net)
{
	struct mobx_net *mnet = mobx_pernet(net);
	int err;

	mnet->net = net;
	mnet->default_action = MOBX_ACTION_BYPASS;
	mutex_init(&mnet->lock);
	INIT_DELAYED_WORK(&mnet->timer_work, mobx_timer_work_fn);
	INIT_WORK(&mnet->expire_work, mobx_expire_work_fn);
	mnet->stats = alloc_percpu(struct mobx_stats);
	if (!mnet->stats)
		return -ENOMEM;
	err = mobx_spd_init(&mnet->spd);
	if (err)
		goto err_stats;
	err = mobx_peer_tables_init(mnet);
	if (err)
		goto err_spd;
	err = mobx_sa_tables_init(mnet);
	if (err)
		goto err_peers;
	err = mobx_datapath_net_init(mnet);
	if (err)
		goto err_sas;
	mutex_lock(&mobx_nets_lock);
	list_add(&mnet->list, &mobx_nets);
	mutex_unlock(&mobx_nets_lock);
	return 0;

err_sas:
	mobx_sa_tables_exit(mnet);
err_peers:
	mobx_peer_tables_exit(mnet);
err_spd:
	mobx_spd_exit(&mnet->spd);
err_stats:
	free_percpu(mnet->stats);
	return err;
}

/* A namespace that ends protects nothing: nothing in it sends any more. */
static void mobx_net_clear(struct mobx_net *mnet)
{
	struct mobx_peer *peer;
	unsigned long id;

	mutex_lock(&mnet->lock);
	mobx_policy_flush(mnet, NULL);
	xa_for_each(&mnet->peers, id, peer)
		mobx_peer_remove(peer);
	mobx_net_default(mnet, MOBX_ACTION_BYPASS, NULL);
	mutex_unlock(&mnet->lock);
}

static void mobx_net_close(struct mobx_net *mnet)
{
	mutex_lock(&mobx_nets_lock);
	list_del(&mnet->list);
	mutex_unlock(&mobx_nets_lock);
	mobx_net_clear(mnet);
	mobx_datapath_net_close(mnet);
}

/*
 * No packet is on its way any more that could expire an SA. What comes out of
 * ESP, or leaves as ESP over IPv6, goes on from netfilter by functions of ours,
 * and somebody's queue may have it still: hooks that go empty the queues of
 * their namespace, but some packets may have come there only then. Verdicts are
 * given in RCU sections, which a module outlives.
 */
static void mobx_net_quiet(struct mobx_net *mnet)
{
	nf_queue_nf_hook_drop(mnet->net);
	cancel_work_sync(&mnet->expire_work);
	mutex_lock(&mnet->lock);
	mobx_sa_expire_remove(mnet);
	mutex_unlock(&mnet->lock);
	cancel_delayed_work_sync(&mnet->timer_work);
}

static void mobx_net_free(struct mobx_net *mnet)
{
	mobx_datapath_net_exit(mnet);
	mobx_sa_tables_exit(mnet);
	mobx_peer_tables_exit(mnet);
	mobx_spd_exit(&mnet->spd);
	free_percpu(mnet->stats);
}

/*
 * In steps, each for all namespaces that end at once, so that these wait
 * together: take everything away; when no packet can have found any of it, wait
 * for the cipher; when nobody is in there any more, free. Routes that peers
 * still remember must go before the tables of routes do.
 */
static void __net_exit mobx_net_exit_batch(struct list_head *nets)
{
	struct net *net;

	list_for_each_entry(net, nets, exit_list)
		mobx_net_close(mobx_pernet(net));
	synchronize_rcu();
	list_for_each_entry(net, nets, exit_list)
		mobx_datapath_net_drain(mobx_pernet(net));
	/* Who counted down last may still be about to leave. */
	synchronize_rcu();
	list_for_each_entry(net, nets, exit_list)
		mobx_net_quiet(mobx_pernet(net));
	mobx_sa_flush_free();
	rcu_barrier();
	list_for_each_entry(net, nets, exit_list)
		mobx_net_free(mobx_pernet(net));
}

static struct pernet_operations mobx_net_ops = {
	.init = mobx_net_init,
	.exit_batch = mobx_net_exit_batch,
	.id = &mobx_net_id,
	.size = sizeof(struct mobx_net),
};

/*
 * The machine may go on twice from here: as itself, and as a copy. Both would
 * number their packets alike and use IVs again, so outbound SAs end. What they
 * carried is held until there are others.
 */
static void mobx_expire_outbound(void)
{
	struct mobx_net *mnet;
	struct mobx_peer *peer;
	struct mobx_sa *sa;
	unsigned long id;

	mutex_lock(&mobx_nets_lock);
	list_for_each_entry(mnet, &mobx_nets, list) {
		mutex_lock(&mnet->lock);
		xa_for_each(&mnet->peers, id, peer)
			list_for_each_entry(sa, &peer->sas_out, list)
				mobx_sa_expire(sa, MOBX_EXPIRE_HARD);
		mutex_unlock(&mnet->lock);
	}
	mutex_unlock(&mobx_nets_lock);
}

/**
 * mobx_netns_drain - wait for all requests to the cipher
 *
 * Context: module exit, process; no new ones are made.
 */
void mobx_netns_drain(void)
{
	struct mobx_net *mnet;

	mutex_lock(&mobx_nets_lock);
	list_for_each_entry(mnet, &mobx_nets, list)
		mobx_datapath_net_drain(mnet);
	mutex_unlock(&mobx_nets_lock);
	/* Who counted down last may still be about to leave. */
	synchronize_rcu();
}

/* The clock of workqueues stood still: look at all deadlines again. */
static void mobx_kick_timers(void)
{
	struct mobx_net *mnet;

	mutex_lock(&mobx_nets_lock);
	list_for_each_entry(mnet, &mobx_nets, list)
		mod_delayed_work(system_wq, &mnet->timer_work, 0);
	mutex_unlock(&mobx_nets_lock);
}

static int mobx_pm_event(struct notifier_block *nb, unsigned long event,
			 void *data)
{
	switch (event) {
	case PM_HIBERNATION_PREPARE:
		WRITE_ONCE(mobx_hibernating, true);
		mobx_expire_outbound();
		break;
	case PM_POST_HIBERNATION:
		/* A daemon may have been quick enough to make new ones. */
		mobx_expire_outbound();
		WRITE_ONCE(mobx_hibernating, false);
		mobx_kick_timers();
		break;
	case PM_POST_SUSPEND:
	case PM_POST_RESTORE:
		mobx_kick_timers();
		break;
	}
	return NOTIFY_DONE;
}

static int mobx_vmfork_event(struct notifier_block *nb, unsigned long event,
			     void *data)
{
	mobx_expire_outbound();
	return NOTIFY_DONE;
}

static struct notifier_block mobx_pm_nb = { .notifier_call = mobx_pm_event };
static struct notifier_block mobx_vmfork_nb = {
	.notifier_call = mobx_vmfork_event,
};

/* Context: module init. Return: 0 or an error. */
int mobx_netns_init(void)
{
	int err;

	err = register_pernet_subsys(&mobx_net_ops);
	if (err)
		return err;
	err = register_pm_notifier(&mobx_pm_nb);
	if (err)
		goto err_pernet;
	err = register_random_vmfork_notifier(&mobx_vmfork_nb);
	if (err)
		goto err_pm;
	return 0;

err_pm:
	unregister_pm_notifier(&mobx_pm_nb);
err_pernet:
	unregister_pernet_subsys(&mobx_net_ops);
	return err;
}

/* Context: module exit. */
void mobx_netns_exit(void)
{
	unregister_random_vmfork_notifier(&mobx_vmfork_nb);
	unregister_pm_notifier(&mobx_pm_nb);
	unregister_pernet_subsys(&mobx_net_ops);
}
