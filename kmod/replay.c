// SPDX-License-Identifier: GPL-2.0
/*
 * Anti-replay without a lock (RFC 4303, section 3.4.3).
 *
 * Sequence numbers are cut into blocks of 32. A block has one slot in a ring,
 * a word of which the upper half is the number of the block that the slot
 * holds now, its tag, and the lower half has a bit for each number of that
 * block. To accept a number is one compare-and-exchange of its slot: set its
 * bit, or, when the slot holds an older block, put the newer tag there with
 * this bit alone.
 *
 * No number is accepted twice, on however many CPUs at once: its bit is set
 * only while its block is in the slot, bits are never cleared while the tag
 * stays, and tags only grow, so a block that has left its slot never returns.
 *
 * A number T - W + 1 or newer, where T is the highest accepted and W the window
 * asked for, is never taken for old: the ring has a block more than W needs,
 * so that none which still counts shares a slot with that of T. Numbers left
 * of the window may still be accepted, at most once, when nothing newer has
 * taken their slot.
 *
 * An extended sequence number has 64 bits, of which 32 are sent. The others
 * are inferred (RFC 4303, appendix A2) from the highest number accepted: from
 * one not far below it, for then CPUs that receive one SA together need not
 * all write one word with every packet. A tag is the lower half of a block's
 * number, compared as TCP does. That is right while tags differ by less than
 * 2^31, so slots that nobody has come by for long are moved along now and then.
 */
#include <linux/bitops.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "replay.h"
#include "sa.h"

#define MOBX_REPLAY_SHIFT	5
#define MOBX_REPLAY_BLOCK	BIT(MOBX_REPLAY_SHIFT)

/* How far mobx_replay.top may lie below the highest number accepted. */
#define MOBX_REPLAY_LAZY	65536

/*
 * Rings of the usual size: theirs is a power of two and what stands in front is
 * not much, so that of kmalloc() they would take almost twice the memory.
 */
static struct kmem_cache *mobx_replay_cache;

/* Slots of the ring for a window. */
static u32 mobx_replay_slots(u32 window)
{
	return roundup_pow_of_two(DIV_ROUND_UP(window, MOBX_REPLAY_BLOCK) + 1);
}

/* Context: module init. Return: 0 or -ENOMEM. */
int mobx_replay_init(void)
{
	struct mobx_replay *replay;
	u32 n = mobx_replay_slots(MOBX_DEFAULT_REPLAY_WINDOW);

	mobx_replay_cache = kmem_cache_create("mobx_replay",
					      struct_size(replay, slots, n),
					      0, 0, NULL);
	return mobx_replay_cache ? 0 : -ENOMEM;
}

/* Context: module exit, when all SAs have been freed. */
void mobx_replay_exit(void)
{
	kmem_cache_destroy(mobx_replay_cache);
}

/* Whether a ring with that many slots is of the usual size. */
static bool mobx_replay_usual(u32 n)
{
	return n == mobx_replay_slots(MOBX_DEFAULT_REPLAY_WINDOW);
}

/**
 * mobx_replay_alloc - a window that has seen nothing
 * @window: its size in packets, 1 or more
 *
 * Return: the window, or NULL without memory
 * Context: process.
 */
struct mobx_replay *mobx_replay_alloc(u32 window)
{
	u32 n = mobx_replay_slots(window);
	struct mobx_replay *replay;
	u32 i;

	if (mobx_replay_usual(n))
		replay = kmem_cache_alloc(mobx_replay_cache,
					  GFP_KERNEL_ACCOUNT);
	else
		replay = kvmalloc(struct_size(replay, slots, n),
				  GFP_KERNEL_ACCOUNT);
	if (!replay)
		return NULL;
	replay->mask = n - 1;
	atomic64_set(&replay->top, 0);
	/* One lap behind: the first block to come is newer than what is there. */
	for (i = 0; i < n; i++)
		atomic64_set(&replay->slots[i], (u64)(u32)(i - n) << 32);
	return replay;
}

/**
 * mobx_replay_begin - go on where another window of the same key left off
 * @replay: window that has seen nothing, and that nobody reads yet
 * @seq: highest number that was accepted
 *
 * Which of those below were is not known, so none will be.
 *
 * Context: any.
 */
void mobx_replay_begin(struct mobx_replay *replay, u64 seq)
{
	u32 block = seq >> MOBX_REPLAY_SHIFT;
	u32 bits = GENMASK(seq & (MOBX_REPLAY_BLOCK - 1), 0);
	u32 i;

	atomic64_set(&replay->top, seq);
	for (i = 0; i <= replay->mask && i <= seq >> MOBX_REPLAY_SHIFT; i++) {
		atomic64_set(&replay->slots[(block - i) & replay->mask],
			     (u64)(block - i) << 32 | bits);
		bits = U32_MAX;
	}
}

/* Context: any but interrupts; no reader may be left. NULL is fine. */
void mobx_replay_free(struct mobx_replay *replay)
{
	if (replay && mobx_replay_usual(replay->mask + 1))
		kmem_cache_free(mobx_replay_cache, replay);
	else
		kvfree(replay);
}

/**
 * mobx_replay_infer - the extended sequence number of a packet
 * @replay: window
 * @low: lower half, as it was sent
 *
 * The one number with this lower half that is not left of the window and less
 * than 2^32 beyond its left edge. If the packet has another one its ICV will
 * be wrong. So a loss may have up to 2^32 packets, less what the ring holds and
 * MOBX_REPLAY_LAZY.
 *
 * Return: the number
 * Context: any.
 */
u64 mobx_replay_infer(const struct mobx_replay *replay, u32 low)
{
	u64 top = atomic64_read(&replay->top);
	u64 span = (u64)replay->mask << MOBX_REPLAY_SHIFT;
	u64 left = top > span ? top - span + 1 : 0;

	return left + (u32)(low - (u32)left);
}

/**
 * mobx_replay_check - whether a number may still be accepted
 * @replay: window
 * @seq: sequence number, with its upper half when there is one
 *
 * The look before the cipher is worked (RFC 4303, section 3.4.3): cheap, and
 * nothing moves, for the number is not known to be authentic yet.
 *
 * Return: false when it was accepted before, or is too old to tell
 * Context: any.
 */
bool mobx_replay_check(const struct mobx_replay *replay, u64 seq)
{
	u32 block = seq >> MOBX_REPLAY_SHIFT;
	u64 slot = atomic64_read(&replay->slots[block & replay->mask]);
	s32 ahead = block - (u32)(slot >> 32);

	return ahead > 0 ||
	       (!ahead && !(slot & BIT(seq & (MOBX_REPLAY_BLOCK - 1))));
}

/*
 * Slots whose blocks have been out of the window for long get the newest tag
 * that is out of it. No number of that block has ever been accepted, or the
 * slot would have its tag, or a newer one, already.
 */
static void mobx_replay_sweep(struct mobx_replay *replay, u64 top)
{
	u32 block = top >> MOBX_REPLAY_SHIFT;
	u32 i;

	for (i = 0; i <= replay->mask; i++) {
		u32 tag = block - ((block - i) & replay->mask) -
			  (replay->mask + 1);
		s64 old = atomic64_read(&replay->slots[i]);

		/* Where another CPU was quicker the slot is newer than this. */
		if ((s32)(tag - (u32)((u64)old >> 32)) > 0)
			atomic64_cmpxchg(&replay->slots[i], old,
					 (u64)tag << 32);
	}
}

static void mobx_replay_advance(struct mobx_replay *replay, u64 seq)
{
	s64 old = atomic64_read(&replay->top);

	do {
		if ((s64)(seq - old) <= 0)
			return;
	} while (!atomic64_try_cmpxchg(&replay->top, &old, seq));
	if (upper_32_bits(seq) != upper_32_bits(old))
		mobx_replay_sweep(replay, seq);
}

/**
 * mobx_replay_commit - accept the number of an authentic packet
 * @replay: window
 * @seq: sequence number, with its upper half when there is one
 *
 * Return: false when another packet with this number was quicker, or the
 *	window has moved on: the packet is to be dropped
 * Context: any.
 */
bool mobx_replay_commit(struct mobx_replay *replay, u64 seq)
{
	u32 block = seq >> MOBX_REPLAY_SHIFT;
	atomic64_t *slot = &replay->slots[block & replay->mask];
	u64 bit = BIT(seq & (MOBX_REPLAY_BLOCK - 1));
	s64 old = atomic64_read(slot);
	s32 ahead;
	u64 new;

	do {
		ahead = block - (u32)((u64)old >> 32);
		if (ahead < 0 || (!ahead && (old & bit)))
			return false;
		new = ahead ? (u64)block << 32 | bit : old | bit;
	} while (!atomic64_try_cmpxchg(slot, &old, new));
	if (unlikely((s64)(seq - atomic64_read(&replay->top)) >
		     MOBX_REPLAY_LAZY))
		mobx_replay_advance(replay, seq);
	return true;
}

/**
 * mobx_replay_top - the highest number accepted so far
 * @replay: window
 *
 * For people, not for packets: looks at the whole ring.
 *
 * Return: the number, 0 when none was accepted
 * Context: any.
 */
u64 mobx_replay_top(const struct mobx_replay *replay)
{
	u64 base = (u64)atomic64_read(&replay->top) >> MOBX_REPLAY_SHIFT;
	u64 slot, block, top = 0;
	u32 i;

	for (i = 0; i <= replay->mask; i++) {
		slot = atomic64_read(&replay->slots[i]);
		if (!lower_32_bits(slot))
			continue;
		block = base + (s32)(upper_32_bits(slot) - (u32)base);
		top = max(top, (block << MOBX_REPLAY_SHIFT) +
			       __fls(lower_32_bits(slot)));
	}
	return top;
}
