// SPDX-License-Identifier: GPL-2.0
/*
 * What look-ups in SPDs have said of the last flows, so that the packets of a
 * flow cost one. Each CPU has a small table, in which a flow has one place; what
 * was there before it is forgotten. An answer holds for one state of one SPD,
 * and no two states have the same number, so nothing is ever taken out: what a
 * change has made wrong is not found any more. Who sends packets of many flows
 * has each of them looked up, and that is all he can do.
 *
 * Readers and writers of a CPU may interrupt each other, and may find themselves
 * on another one in between: each place has a count that is odd while somebody
 * writes there. Nobody waits: a place that is being written has no answer, and
 * takes none.
 */
#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/percpu.h>

#include "addr.h"
#include "memo.h"

/* Two pages a CPU. */
#define MOBX_MEMO_BITS	7

/**
 * struct mobx_memo - an answer
 * @version: odd while it is being written
 * @state: of which SPD, and when; 0 in an empty place
 * @rest: what the flow has besides addresses, see mobx_memo_rest()
 * @local: own address
 * @remote: the other one
 * @policy: the answer; valid in an RCU section in which @state is that of the SPD
 */
struct mobx_memo {
	atomic_t			version;
	unsigned long			state;
	u64				rest;
	union mobx_addr			local;
	union mobx_addr			remote;
	const struct mobx_policy	*policy;
} ____cacheline_aligned;

struct mobx_memos {
	struct mobx_memo place[1 << MOBX_MEMO_BITS];
};

static struct mobx_memos __percpu *mobx_memos;

static u64 mobx_memo_rest(const struct mobx_flow *flow)
{
	return (u64)flow->local_port << 48 | (u64)flow->remote_port << 32 |
	       (u32)flow->family << 16 | flow->proto << 8 |
	       flow->opaque_proto << 1 | flow->opaque_ports;
}

static u64 mobx_memo_addrs(const struct mobx_flow *flow)
{
	const u32 *l = flow->local.w, *r = flow->remote.w;
	u64 sum = (u64)l[0] << 32 | r[0];

	if (unlikely(flow->family != AF_INET))
		sum += (u64)(l[1] ^ l[2]) << 32 ^ (u64)l[3] << 16 ^
		       (u64)r[1] << 24 ^ (u64)r[2] << 8 ^ r[3];
	return sum;
}

static struct mobx_memo *mobx_memo_place(const struct mobx_flow *flow, u64 rest)
{
	u64 hash = (mobx_memo_addrs(flow) * GOLDEN_RATIO_64 ^ rest) *
		   GOLDEN_RATIO_64;

	return &raw_cpu_ptr(mobx_memos)->place[hash >> (64 - MOBX_MEMO_BITS)];
}

/* Octets behind an IPv4 address are zero in both. */
static bool mobx_memo_same(const struct mobx_memo *memo,
			   const struct mobx_flow *flow)
{
	if (likely(flow->family == AF_INET))
		return memo->local.w[0] == flow->local.w[0] &&
		       memo->remote.w[0] == flow->remote.w[0];
	return mobx_addr_eq(&memo->local, &flow->local) &&
	       mobx_addr_eq(&memo->remote, &flow->remote);
}

/**
 * mobx_memo_find - what was said of a flow
 * @state: of the SPD that is asked
 * @flow: flow
 * @pol: filled on success, with NULL where no policy decided
 *
 * Context: RCU section in which @state was read.
 * Return: whether an answer is known
 */
bool mobx_memo_find(unsigned long state, const struct mobx_flow *flow,
		    const struct mobx_policy **pol)
{
	u64 rest = mobx_memo_rest(flow);
	struct mobx_memo *memo = mobx_memo_place(flow, rest);
	int version = atomic_read_acquire(&memo->version);

	if (unlikely(version & 1) || READ_ONCE(memo->state) != state ||
	    READ_ONCE(memo->rest) != rest ||
	    /* What somebody writes meanwhile is found out below. */
	    !data_race(mobx_memo_same(memo, flow)))
		return false;
	*pol = READ_ONCE(memo->policy);
	/* Pairs with the release in mobx_memo_keep(). */
	smp_rmb();
	return likely(atomic_read(&memo->version) == version);
}

/**
 * mobx_memo_keep - remember what was said of a flow
 * @state: of the SPD that was asked
 * @flow: flow
 * @pol: the policy that decided, or NULL
 *
 * Context: any.
 */
void mobx_memo_keep(unsigned long state, const struct mobx_flow *flow,
		    const struct mobx_policy *pol)
{
	u64 rest = mobx_memo_rest(flow);
	struct mobx_memo *memo = mobx_memo_place(flow, rest);
	int version = atomic_read(&memo->version);

	/* Fully ordered: what follows is not seen with an even count before. */
	if (version & 1 ||
	    !atomic_try_cmpxchg(&memo->version, &version, version + 1))
		return;
	WRITE_ONCE(memo->state, state);
	memo->rest = rest;
	memo->local = flow->local;
	memo->remote = flow->remote;
	WRITE_ONCE(memo->policy, pol);
	atomic_set_release(&memo->version, version + 2);
}

/**
 * mobx_memo_init - make the tables
 *
 * Context: module init.
 * Return: 0 or -ENOMEM
 */
int mobx_memo_init(void)
{
	mobx_memos = alloc_percpu(struct mobx_memos);
	return mobx_memos ? 0 : -ENOMEM;
}

/**
 * mobx_memo_exit - free them
 *
 * Context: module init and exit; nobody asks any more.
 */
void mobx_memo_exit(void)
{
	free_percpu(mobx_memos);
}
