// SPDX-License-Identifier: GPL-2.0
/*
 * Self-test of the SPD, run when the module loads: what the index finds against
 * what the ordered list says, while policies come and go; and a reader that
 * must never see a later change without an earlier one.
 *
 * covers: AR2 AR5
 */
#ifdef DEBUG
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "policy.h"
#include "selftest.h"

#define MOBX_TEST_POLICIES	48
#define MOBX_TEST_CHANGES	1500
#define MOBX_TEST_LOOKS		8
#define MOBX_TEST_RACES		3000

static u32 __init mobx_test_below(struct rnd_state *rnd, u32 n)
{
	return prandom_u32_state(rnd) % n;
}

/* 10.0.0.0 to 10.0.3.3, or the same at the end of an IPv6 address. */
static union mobx_addr __init mobx_test_addr(struct rnd_state *rnd, u16 family)
{
	u32 low = mobx_test_below(rnd, 4) << 8 | mobx_test_below(rnd, 4);
	union mobx_addr addr = {};

	if (family == AF_INET)
		return mobx_addr_v4(htonl(0x0a000000 | low));
	addr.w[0] = (__force u32)htonl(0x20010db8);
	addr.w[3] = (__force u32)htonl(low);
	return addr;
}

static void __init mobx_test_range(struct rnd_state *rnd,
				   struct mobx_range *range, u16 family)
{
	static const u8 host_bits[] __initconst = { 0, 1, 8, 10, 32 };
	union mobx_addr a = mobx_test_addr(rnd, family);
	union mobx_addr b = mobx_test_addr(rnd, family);
	unsigned int bits = mobx_addr_len(family) * 8 -
		host_bits[mobx_test_below(rnd, ARRAY_SIZE(host_bits))];

	if (mobx_test_below(rnd, 4))
		*range = mobx_range_of(&a, bits, family);
	else if (memcmp(&a, &b, sizeof(a)) <= 0)
		*range = (struct mobx_range){ a, b };
	else
		*range = (struct mobx_range){ b, a };
}

static void __init mobx_test_ports(struct rnd_state *rnd, u16 *min, u16 *max)
{
	*min = mobx_test_below(rnd, 3);
	*max = *min + mobx_test_below(rnd, 2);
}

static void __init mobx_test_policy(struct rnd_state *rnd,
				    struct mobx_policy *pol)
{
	struct mobx_selector *sel = &pol->sel;
	u32 what = prandom_u32_state(rnd);

	*sel = MOBX_SELECTOR_ANY;
	pol->action = what % 3;
	if (what & 0x100) {
		sel->family = what & 0x200 ? AF_INET : AF_INET6;
		mobx_test_range(rnd, &sel->local, sel->family);
		mobx_test_range(rnd, &sel->remote, sel->family);
	}
	if (what & 0x400)
		return;
	sel->proto = what & 0x800 ? IPPROTO_UDP : IPPROTO_TCP;
	sel->any_ports = !(what & 0x3000);
	sel->opaque_ports = (what & 0x3f000) == 0x3f000;
	if (sel->opaque_ports) {
		sel->local_port_min = MOBX_PORT_OPAQUE;
		sel->local_port_max = 0;
		return;
	}
	if (what & 0x1000)
		mobx_test_ports(rnd, &sel->local_port_min,
				&sel->local_port_max);
	if (what & 0x2000)
		mobx_test_ports(rnd, &sel->remote_port_min,
				&sel->remote_port_max);
}

static void __init mobx_test_flow(struct rnd_state *rnd,
				  struct mobx_flow *flow)
{
	u32 what = prandom_u32_state(rnd);

	memset(flow, 0, sizeof(*flow));
	flow->family = what & 1 ? AF_INET : AF_INET6;
	flow->proto = what & 2 ? IPPROTO_UDP : IPPROTO_TCP;
	flow->local = mobx_test_addr(rnd, flow->family);
	flow->remote = mobx_test_addr(rnd, flow->family);
	flow->opaque_ports = !(what & 0x1c);
	flow->opaque_proto = !(what & 0x3c);
	if (flow->opaque_ports)
		return;
	flow->local_port = mobx_test_below(rnd, 4);
	flow->remote_port = mobx_test_below(rnd, 4);
}

/* The ordered search of RFC 4301, section 4.4.1. */
static const struct mobx_policy *__init
mobx_oracle(const struct mobx_spd *spd, const struct mobx_flow *flow)
{
	const struct mobx_policy *pol;

	for (pol = mobx_spd_from(spd, 0); pol; pol = mobx_spd_next(pol))
		if (mobx_policy_decides(pol, flow))
			return pol;
	return NULL;
}

static bool __init mobx_test_look(struct mobx_spd *spd, struct rnd_state *rnd,
				  unsigned int *found)
{
	const struct mobx_policy *pol, *want;
	struct mobx_flow flow;
	unsigned int i;

	for (i = 0; i < MOBX_TEST_LOOKS; i++) {
		mobx_test_flow(rnd, &flow);
		want = mobx_oracle(spd, &flow);
		rcu_read_lock();
		pol = mobx_spd_lookup(spd, &flow);
		rcu_read_unlock();
		if (pol != want)
			return false;
		*found += !!pol;
	}
	return true;
}

/* Each change is followed by look-ups. */
static int __init mobx_test_changes(struct mobx_spd *spd,
				    struct mobx_policy *pols,
				    struct rnd_state *rnd)
{
	unsigned int i, found = 0;

	for (i = 0; i < MOBX_TEST_CHANGES; i++) {
		struct mobx_policy *pol =
			&pols[mobx_test_below(rnd, MOBX_TEST_POLICIES)];

		/* The place in the array and @mode, which nobody reads here. */
		if (pol->mode) {
			mobx_spd_remove(spd, pol);
			pol->mode = 0;
		} else {
			mobx_test_policy(rnd, pol);
			do {
				pol->order = mobx_test_below(rnd, 4 * MOBX_TEST_POLICIES);
			} while (mobx_spd_find(spd, pol->order));
			if (mobx_spd_insert(spd, pol))
				return -ENOMEM;
			pol->mode = 1;
		}
		if (!mobx_test_look(spd, rnd, &found))
			return -EINVAL;
	}
	for (i = 0; i < MOBX_TEST_POLICIES; i++)
		if (pols[i].mode)
			mobx_spd_remove(spd, &pols[i]);
	return found > MOBX_TEST_CHANGES ? 0 : -ERANGE;
}

/* 10.0.1.2 to 10.0.2.3 */
static const struct mobx_flow mobx_race_flow = {
	.family = AF_INET,
	.local.w[0] = (__force u32)cpu_to_be32(0x0a000102),
	.remote.w[0] = (__force u32)cpu_to_be32(0x0a000203),
	.proto = IPPROTO_UDP,
};

/* Returns how often it was let pass; never, if all is well. */
static int mobx_race_reader(void *data)
{
	const struct mobx_policy *pol;
	struct mobx_spd *spd = data;
	int passed = 0;

	while (!kthread_should_stop()) {
		rcu_read_lock();
		pol = mobx_spd_lookup(spd, &mobx_race_flow);
		if (pol && pol->action == MOBX_ACTION_BYPASS)
			passed++;
		rcu_read_unlock();
		cond_resched();
	}
	return passed;
}

static struct mobx_policy *__init mobx_race_policy(u32 order, u8 action,
						   unsigned int bits,
						   u32 remote)
{
	struct mobx_policy *pol = kzalloc(sizeof(*pol), GFP_KERNEL);
	union mobx_addr addr = mobx_addr_v4(htonl(remote));

	if (!pol)
		return NULL;
	pol->order = order;
	pol->action = action;
	pol->sel = MOBX_SELECTOR_ANY;
	pol->sel.family = AF_INET;
	pol->sel.local = mobx_range_of(&addr, 0, AF_INET);
	pol->sel.remote = mobx_range_of(&addr, bits, AF_INET);
	return pol;
}

/*
 * A discard, then behind it a bypass; they go the other way round. The shape of
 * the bypass is there all the time, that of the discard is not.
 */
static int __init mobx_test_race_changes(struct mobx_spd *spd)
{
	struct mobx_policy *discard, *bypass;
	unsigned int i;

	for (i = 0; i < MOBX_TEST_RACES; i++) {
		discard = mobx_race_policy(10, MOBX_ACTION_DISCARD, 24,
					   0x0a000203);
		bypass = mobx_race_policy(20, MOBX_ACTION_BYPASS, 32,
					  0x0a000203);
		if (!discard || !bypass || mobx_spd_insert(spd, discard) ||
		    mobx_spd_insert(spd, bypass))
			return -ENOMEM;
		mobx_spd_remove(spd, bypass);
		mobx_spd_remove(spd, discard);
		kfree_rcu(bypass, rcu);
		kfree_rcu(discard, rcu);
		cond_resched();
	}
	return 0;
}

static int __init mobx_test_race(struct mobx_spd *spd)
{
	struct mobx_policy *other;
	struct task_struct *reader;
	int err, passed;

	other = mobx_race_policy(5, MOBX_ACTION_BYPASS, 32, 0x0a00ffff);
	if (!other || mobx_spd_insert(spd, other))
		return -ENOMEM;
	reader = kthread_run(mobx_race_reader, spd, "mobx-selftest");
	if (IS_ERR(reader))
		return PTR_ERR(reader);
	err = mobx_test_race_changes(spd);
	passed = kthread_stop(reader);
	mobx_spd_remove(spd, other);
	kfree_rcu(other, rcu);
	return err ?: passed ? -EINVAL : 0;
}

int __init mobx_spd_selftest(void)
{
	u64 seed = get_random_u64();
	struct mobx_policy *pols;
	struct rnd_state rnd;
	struct mobx_spd *spd;
	int err = -ENOMEM;

	/* Not on the stack: there is work in it that objects are kept track of. */
	spd = kzalloc(sizeof(*spd), GFP_KERNEL);
	pols = kcalloc(MOBX_TEST_POLICIES, sizeof(*pols), GFP_KERNEL);
	if (!spd || !pols)
		goto out;
	err = mobx_spd_init(spd);
	if (err)
		goto out;
	prandom_seed_state(&rnd, seed);
	err = mobx_test_changes(spd, pols, &rnd);
	if (err)
		pr_err("mobx: SPD self-test: index and list differ, seed %llu (%d)\n",
		       seed, err);
	if (!err) {
		err = mobx_test_race(spd);
		if (err)
			pr_err("mobx: SPD self-test: a reader saw changes in the wrong order (%d)\n",
			       err);
	}
	/* What failed may still have policies in its tables. */
	if (!err)
		mobx_spd_exit(spd);
	synchronize_rcu();
out:
	kfree(pols);
	kfree(spd);
	return err;
}
#endif
