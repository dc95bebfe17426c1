// SPDX-License-Identifier: GPL-2.0
/*
 * Self-test of selectors, run when the module loads: random ones against an
 * oracle that takes RFC 4301 word by word and an address octet by octet.
 *
 * covers: AR3
 */
#ifdef DEBUG
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/prandom.h>
#include <linux/random.h>

#include "selector.h"
#include "selftest.h"

#define MOBX_TEST_ROUNDS	20000

static u32 __init mobx_test_below(struct rnd_state *rnd, u32 n)
{
	return prandom_u32_state(rnd) % n;
}

/* Addresses that differ little, so that they often meet a range. */
static union mobx_addr __init mobx_test_addr(struct rnd_state *rnd, u16 family)
{
	unsigned int octets = mobx_addr_len(family);
	union mobx_addr addr = {};
	u8 *octet = (u8 *)&addr;
	unsigned int i;

	memset(octet, 0x20, octets);
	for (i = 0; i < 2; i++)
		octet[mobx_test_below(rnd, octets)] =
			0x1f + mobx_test_below(rnd, 3);
	octet[octets - 1] = mobx_test_below(rnd, 4) - 1;
	return addr;
}

static void __init mobx_test_range(struct rnd_state *rnd,
				   struct mobx_range *range, u16 family)
{
	union mobx_addr a = mobx_test_addr(rnd, family);
	union mobx_addr b = mobx_test_addr(rnd, family);

	if (mobx_test_below(rnd, 2))
		*range = mobx_range_of(&a, mobx_test_below(rnd, mobx_addr_len(family) * 8 + 1),
				       family);
	else if (memcmp(&a, &b, sizeof(a)) <= 0)
		*range = (struct mobx_range){ a, b };
	else
		*range = (struct mobx_range){ b, a };
}

static void __init mobx_test_ports(struct rnd_state *rnd, u16 *min, u16 *max)
{
	*min = mobx_test_below(rnd, 4) * 0x100 + mobx_test_below(rnd, 2);
	*max = *min + mobx_test_below(rnd, 3) * 0xff;
}

static void __init mobx_test_selector(struct rnd_state *rnd,
				      struct mobx_selector *sel)
{
	static const u16 families[] __initconst = { 0, AF_INET, AF_INET6 };
	static const u8 protos[] __initconst = {
		IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_MH
	};

	*sel = MOBX_SELECTOR_ANY;
	sel->family = families[mobx_test_below(rnd, 3)];
	if (sel->family) {
		mobx_test_range(rnd, &sel->local, sel->family);
		mobx_test_range(rnd, &sel->remote, sel->family);
	}
	if (mobx_test_below(rnd, 4))
		sel->proto = protos[mobx_test_below(rnd, 4)];
	if (!sel->proto || !mobx_test_below(rnd, 3))
		return;
	sel->any_ports = false;
	if (!mobx_test_below(rnd, 8)) {
		sel->opaque_ports = true;
		sel->local_port_min = MOBX_PORT_OPAQUE;
		sel->local_port_max = 0;
		return;
	}
	mobx_test_ports(rnd, &sel->local_port_min, &sel->local_port_max);
	if (mobx_test_below(rnd, 2))
		mobx_test_ports(rnd, &sel->remote_port_min,
				&sel->remote_port_max);
}

/* One that may well be in @sel. */
static void __init mobx_test_flow(struct rnd_state *rnd,
				  const struct mobx_selector *sel,
				  struct mobx_flow *flow)
{
	*flow = (struct mobx_flow){
		.family = mobx_test_below(rnd, 4) && sel->family ?
			sel->family : mobx_test_below(rnd, 2) ?
			AF_INET : AF_INET6,
		.proto = mobx_test_below(rnd, 8) && sel->proto ?
			sel->proto : IPPROTO_UDP,
		.opaque_ports = !mobx_test_below(rnd, 8),
	};
	flow->local = mobx_test_addr(rnd, flow->family);
	flow->remote = mobx_test_addr(rnd, flow->family);
	flow->opaque_proto = flow->opaque_ports && mobx_test_below(rnd, 2);
	if (flow->opaque_ports)
		return;
	mobx_test_ports(rnd, &flow->local_port, &flow->remote_port);
}

/* Octet by octet, as a human would compare two addresses. */
static bool __init mobx_oracle_at_most(const union mobx_addr *a,
				       const union mobx_addr *b)
{
	const u8 *x = (const u8 *)a, *y = (const u8 *)b;
	unsigned int i;

	for (i = 0; i < sizeof(*a); i++) {
		if (x[i] < y[i])
			return true;
		if (x[i] > y[i])
			return false;
	}
	return true;
}

static bool __init mobx_oracle_addrs(const struct mobx_selector *sel,
				     const struct mobx_flow *flow)
{
	if (!sel->family)
		return true;
	return sel->family == flow->family &&
	       mobx_oracle_at_most(&sel->local.first, &flow->local) &&
	       mobx_oracle_at_most(&flow->local, &sel->local.last) &&
	       mobx_oracle_at_most(&sel->remote.first, &flow->remote) &&
	       mobx_oracle_at_most(&flow->remote, &sel->remote.last);
}

/* Ports, or type * 256 + code between two such (RFC 4301, 4.4.1.1). */
static bool __init mobx_oracle_port(u16 min, u16 max, u16 port)
{
	unsigned int p;

	if (!min && max == U16_MAX)
		return true;
	for (p = min; p <= max; p++)
		if (p == port)
			return true;
	return false;
}

static enum mobx_match __init mobx_oracle(const struct mobx_selector *sel,
					  const struct mobx_flow *flow)
{
	bool asks = sel->local_port_min || sel->local_port_max != U16_MAX ||
		sel->remote_port_min || sel->remote_port_max != U16_MAX;
	bool opaque = sel->local_port_min > sel->local_port_max;

	if (!mobx_oracle_addrs(sel, flow))
		return MOBX_MATCH_NO;
	if (sel->proto && flow->opaque_proto)
		return MOBX_MATCH_MAYBE;
	if (sel->proto && sel->proto != flow->proto)
		return MOBX_MATCH_NO;
	if (!asks || (opaque && flow->opaque_ports))
		return MOBX_MATCH_YES;
	if (opaque)
		return MOBX_MATCH_NO;
	if (flow->opaque_ports)
		return MOBX_MATCH_MAYBE;
	return mobx_oracle_port(sel->local_port_min, sel->local_port_max,
				flow->local_port) &&
	       mobx_oracle_port(sel->remote_port_min, sel->remote_port_max,
				flow->remote_port) ?
		MOBX_MATCH_YES : MOBX_MATCH_NO;
}

/* Bits that the oracle finds the same in all addresses of a range. */
static bool __init mobx_test_bits(const struct mobx_range *range, u16 family)
{
	unsigned int i, bits = mobx_addr_len(family) * 8;
	const u8 *x = (const u8 *)&range->first, *y = (const u8 *)&range->last;
	struct mobx_range back;

	for (i = 0; i < bits; i++)
		if ((x[i / 8] ^ y[i / 8]) & 0x80 >> i % 8)
			break;
	if (mobx_range_bits(range, family) != i)
		return false;
	back = mobx_range_of(&range->last, i, family);
	return mobx_oracle_at_most(&back.first, &range->first) &&
	       mobx_oracle_at_most(&range->last, &back.last) &&
	       mobx_range_is_prefix(&back, family) &&
	       mobx_range_is_prefix(range, family) ==
	       !memcmp(&back, range, sizeof(back));
}

int __init mobx_selector_selftest(void)
{
	u64 seed = get_random_u64();
	unsigned int i, seen[3] = {};
	struct mobx_selector sel;
	struct mobx_flow flow;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, seed);
	for (i = 0; i < MOBX_TEST_ROUNDS; i++) {
		mobx_test_selector(&rnd, &sel);
		mobx_test_flow(&rnd, &sel, &flow);
		seen[mobx_oracle(&sel, &flow)]++;
		if (mobx_selector_match(&sel, &flow) !=
		    mobx_oracle(&sel, &flow))
			goto failed;
		if (sel.family && (!mobx_test_bits(&sel.local, sel.family) ||
				   !mobx_test_bits(&sel.remote, sel.family)))
			goto failed;
	}
	/* A test in which nothing ever matches would prove little. */
	if (min3(seen[0], seen[1], seen[2]) > MOBX_TEST_ROUNDS / 100)
		return 0;
failed:
	pr_err("mobx: selector self-test: seed %llu, round %u: %u no, %u maybe, %u yes\n",
	       seed, i, seen[MOBX_MATCH_NO], seen[MOBX_MATCH_MAYBE],
	       seen[MOBX_MATCH_YES]);
	return -EINVAL;
}
#endif
