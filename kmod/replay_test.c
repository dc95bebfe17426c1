// SPDX-License-Identifier: GPL-2.0
/*
 * Self-test of the replay window, run when the module loads.
 * covers: ES16 ES17 ES18 ES19
 */
#ifdef DEBUG
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/prandom.h>
#include <linux/slab.h>

#include "replay.h"

/* Numbers that the random run uses; its oracle is a bit for each. */
#define MOBX_REPLAY_TEST_SPAN	40000
#define MOBX_REPLAY_TEST_ROUNDS	60000

/* A number to offer to a window of 64, and what must become of it. */
struct mobx_replay_step {
	u64	seq;
	bool	accept;
};

static const struct mobx_replay_step mobx_replay_steps[] = {
	/* Out of order within the window, each once. */
	{ 1, true }, { 1, false }, { 3, true }, { 2, true }, { 2, false },
	/* T = 1000: T and T - W + 1 once, then not again. */
	{ 1000, true }, { 1000, false },
	{ 937, true }, { 937, false }, { 938, true }, { 999, true },
	/* Far left of the window: a slot that newer blocks have taken. */
	{ 800, false }, { 3, false }, { 1, false },
	/* T + 1, T + W. */
	{ 1001, true }, { 1065, true }, { 1001, false }, { 1002, true },
	{ 1065, false }, { 1066 - 64, false }, { 1003, true },
	/* A leap over half of the numbers, and what lies before it. */
	{ 1065 + 0x80000000ULL, true }, { 1065 + 0x80000000ULL, false },
	{ 1065, false }, { 1065 + 0x80000000ULL - 63, true },
	/* The last number of 32 bits, and beyond. */
	{ 0xffffffffULL, true }, { 0xffffffffULL, false },
	{ 0xffffffffULL - 63, true },
	{ 0x100000000ULL, true }, { 0xffffffffULL - 62, true },
	{ 0x100000000ULL, false }, { 0xffffffffULL, false },
};

static int __init mobx_replay_test_edges(void)
{
	struct mobx_replay *replay = mobx_replay_alloc(64);
	const struct mobx_replay_step *step;
	unsigned int i;
	int err = 0;

	if (!replay)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(mobx_replay_steps) && !err; i++) {
		step = &mobx_replay_steps[i];
		/* The look must agree with the commit, and change nothing. */
		if (mobx_replay_check(replay, step->seq) != step->accept ||
		    mobx_replay_check(replay, step->seq) != step->accept ||
		    mobx_replay_commit(replay, step->seq) != step->accept) {
			pr_err("mobx: self-test: replay: step %u: %llu must be %s\n",
			       i, step->seq,
			       step->accept ? "accepted" : "refused");
			err = -EINVAL;
		}
	}
	mobx_replay_free(replay);
	return err;
}

/* Nothing up to the number that a window begins with, all that is beyond. */
static int __init mobx_replay_test_begin(u32 window)
{
	static const u64 begins[] __initconst = {
		1, 31, 32, 1000, 123456, 0xfffffffe, 0x100000000ULL,
		0x1fffffffffULL, 0x2000000000ULL, 0x7fffffff00000012ULL
	};
	struct mobx_replay *replay;
	unsigned int i;
	int err = 0;
	u32 back;

	for (i = 0; i < ARRAY_SIZE(begins) && !err; i++) {
		replay = mobx_replay_alloc(window);
		if (!replay)
			return -ENOMEM;
		mobx_replay_begin(replay, begins[i]);
		if (mobx_replay_top(replay) != begins[i])
			err = -EINVAL;
		for (back = 0; back < begins[i] && back < 20000; back++)
			if (mobx_replay_commit(replay, begins[i] - back))
				err = -EINVAL;
		if (!mobx_replay_commit(replay, begins[i] + 1ULL))
			err = -EINVAL;
		if (err)
			pr_err("mobx: self-test: replay: window %u does not begin at %llu\n",
			       window, begins[i]);
		mobx_replay_free(replay);
	}
	return err;
}

/* Any window: never a number twice, and never one refused that is within. */
static int __init mobx_replay_test_random(u32 window)
{
	struct mobx_replay *replay = mobx_replay_alloc(window);
	unsigned long *seen = bitmap_zalloc(MOBX_REPLAY_TEST_SPAN, GFP_KERNEL);
	u32 seq, i, top = 0, base = 0;
	struct rnd_state rnd;
	int err = -ENOMEM;
	bool accepted;

	if (!replay || !seen)
		goto out;
	err = 0;
	prandom_seed_state(&rnd, window);
	for (i = 0; i < MOBX_REPLAY_TEST_ROUNDS && !err; i++) {
		base = i / 2;
		seq = 1 + base + prandom_u32_state(&rnd) % (window + 40);
		if (seq >= MOBX_REPLAY_TEST_SPAN)
			continue;
		accepted = mobx_replay_commit(replay, seq);
		if (accepted && test_bit(seq, seen)) {
			pr_err("mobx: self-test: replay: window %u: %u accepted twice\n",
			       window, seq);
			err = -EINVAL;
		}
		if (!accepted && !test_bit(seq, seen) && seq + window > top) {
			pr_err("mobx: self-test: replay: window %u: %u refused below %u\n",
			       window, seq, top);
			err = -EINVAL;
		}
		if (accepted) {
			__set_bit(seq, seen);
			top = max(top, seq);
		}
	}
	if (!err && mobx_replay_top(replay) != top) {
		pr_err("mobx: self-test: replay: window %u: top is %llu, not %u\n",
		       window, mobx_replay_top(replay), top);
		err = -EINVAL;
	}
out:
	bitmap_free(seen);
	if (replay)
		mobx_replay_free(replay);
	return err;
}

/*
 * A number that a peer might send next: mostly close by, now and then behind a
 * loss as large as may be, or around the next multiple of 2^32.
 */
static u64 __init mobx_replay_test_next(struct rnd_state *rnd, u64 top,
					u32 window)
{
	u32 r = prandom_u32_state(rnd), back = prandom_u32_state(rnd) % window;
	/* Less than can be lost, see mobx_replay_infer(). */
	u64 most = U32_MAX - 2 * max(window, 32U) - 0x20000, seq;

	switch (r % 64) {
	case 0:
		return top + 1 + prandom_u32_state(rnd) % 0x80000000U;
	case 1:
		return top + most;
	case 2:
		seq = (top | U32_MAX) - 2 + (r >> 6) % 5;
		return seq - top < most ? seq : top + most;
	case 3 ... 31:
		return top >= back ? top - back : 0;
	default:
		return top + 1 + (r >> 6) % 40;
	}
}

/*
 * Extended numbers against an oracle that knows all 64 bits of those in the
 * window, wherever that is, straddling a multiple of 2^32 or not.
 */
static int __init mobx_replay_test_extended(u32 window, u64 begin)
{
	struct mobx_replay *replay = mobx_replay_alloc(window);
	u64 *seen = kvcalloc(window, sizeof(*seen), GFP_KERNEL);
	u64 top = begin, seq, inferred, i;
	struct rnd_state rnd;
	int err = -ENOMEM;
	bool fresh;

	if (!replay || !seen)
		goto out;
	err = 0;
	prandom_seed_state(&rnd, window ^ begin);
	mobx_replay_begin(replay, begin);
	for (i = 0; i < window && i <= begin; i++)
		seen[(begin - i) % window] = begin - i;
	for (i = 0; i < MOBX_REPLAY_TEST_ROUNDS / 3 && !err; i++) {
		seq = mobx_replay_test_next(&rnd, top, window);
		inferred = mobx_replay_infer(replay, seq);
		fresh = seq > top || seen[seq % window] != seq;
		if (inferred != seq ||
		    mobx_replay_check(replay, seq) != fresh ||
		    mobx_replay_commit(replay, seq) != fresh) {
			pr_err("mobx: self-test: replay: window %u, top %#llx: %#llx taken for %#llx, or not %s\n",
			       window, top, seq, inferred,
			       fresh ? "accepted" : "refused");
			err = -EINVAL;
		}
		seen[seq % window] = seq;
		top = max(top, seq);
		if (i % 1024 == 0 && mobx_replay_top(replay) != top) {
			pr_err("mobx: self-test: replay: top is %#llx, not %#llx\n",
			       mobx_replay_top(replay), top);
			err = -EINVAL;
		}
	}
out:
	kvfree(seen);
	if (replay)
		mobx_replay_free(replay);
	return err;
}

/**
 * mobx_replay_selftest - exact edges, then random runs against an oracle
 *
 * Return: 0, or a negative error with the reason in the log
 * Context: process.
 */
int __init mobx_replay_selftest(void)
{
	static const u32 windows[] __initconst = {
		1, 32, 33, 64, 1024, 4096, 65536
	};
	int err = mobx_replay_test_edges();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(windows) && !err; i++)
		err = mobx_replay_test_random(windows[i]) ?:
		      mobx_replay_test_begin(windows[i]) ?:
		      mobx_replay_test_extended(windows[i], 1) ?:
		      mobx_replay_test_extended(windows[i], 0xffffffd0) ?:
		      mobx_replay_test_extended(windows[i], 0x2000000000ULL) ?:
		      mobx_replay_test_extended(windows[i], BIT_ULL(63) - 9);
	return err;
}
#endif
