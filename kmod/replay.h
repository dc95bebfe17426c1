/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_REPLAY_H
#define MOBX_REPLAY_H

#include <linux/atomic.h>
#include <linux/types.h>

/**
 * struct mobx_replay - which sequence numbers an inbound SA has accepted
 * @mask: number of slots, a power of two, less one
 * @top: a number not far below the highest accepted; seldom written
 * @slots: see replay.c
 */
struct mobx_replay {
	u32		mask;
	atomic64_t	top;
	atomic64_t	slots[];
};

int mobx_replay_init(void);
void mobx_replay_exit(void);
struct mobx_replay *mobx_replay_alloc(u32 window);
void mobx_replay_begin(struct mobx_replay *replay, u64 seq);
void mobx_replay_free(struct mobx_replay *replay);
u64 mobx_replay_infer(const struct mobx_replay *replay, u32 low);
bool mobx_replay_check(const struct mobx_replay *replay, u64 seq);
bool mobx_replay_commit(struct mobx_replay *replay, u64 seq);
u64 mobx_replay_top(const struct mobx_replay *replay);

#ifdef DEBUG
int mobx_replay_selftest(void);
#else
static inline int mobx_replay_selftest(void)
{
	return 0;
}
#endif

#endif
