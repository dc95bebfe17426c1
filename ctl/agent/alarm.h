/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A timer that goes on while the host sleeps, and says when it has slept. Those
 * of an event loop count the time that the host is awake.
 */
#ifndef MOBX_AGENT_ALARM_H
#define MOBX_AGENT_ALARM_H

#include <stdint.h>

struct alarm;
struct event_base;

/** ALARM_NEVER - no time at all, as IKE_NEVER is */
#define ALARM_NEVER UINT64_MAX

/** ALARM_SLEPT_US - less is no sleep that anybody would notice elsewhere */
#define ALARM_SLEPT_US (1000 * 1000ull)

/**
 * alarm_new() - make one, set to ALARM_NEVER
 * @base: event loop
 * @fn: called when its time has come, and as soon as the host is awake again:
 *	@slept_us is how long it slept, 0 if it did not
 * @ctx: its argument
 *
 * All system calls that may be refused later are made here.
 *
 * Return: the alarm, or NULL.
 */
struct alarm *alarm_new(struct event_base *base,
			void (*fn)(void *ctx, uint64_t slept_us), void *ctx);

/** alarm_free() - end it; NULL is fine */
void alarm_free(struct alarm *a);

/**
 * alarm_set() - call when it is time, once
 * @a: alarm
 * @at_us: CLOCK_BOOTTIME in microseconds, ALARM_NEVER for never; instead of
 *	what was set before
 */
void alarm_set(struct alarm *a, uint64_t at_us);

/**
 * alarm_awake_us() - how long the host has slept since it was last asked
 * @asleep_us: what was known of that, updated
 * @boot_us: time that goes on during sleep, read first
 * @mono_us: time that does not
 *
 * Who is interrupted between the two readings sees less sleep than there was,
 * never more.
 *
 * Return: microseconds, 0 for less than ALARM_SLEPT_US.
 */
uint64_t alarm_awake_us(uint64_t *asleep_us, uint64_t boot_us,
			uint64_t mono_us);

#endif /* MOBX_AGENT_ALARM_H */
