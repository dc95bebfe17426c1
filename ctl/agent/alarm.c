// SPDX-License-Identifier: GPL-2.0
#include "agent/alarm.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* Seconds: a date in 2242, which every kernel can count to. */
#define FAR_FUTURE ((time_t)1 << 33)

/*
 * @due: on CLOCK_BOOTTIME. It need not expire for long when the host wakes up:
 * @jump, which never does, is cancelled by any jump of CLOCK_REALTIME, and the
 * end of a sleep is one.
 */
struct alarm {
	int due;
	int jump;
	struct event *on_due;
	struct event *on_jump;
	void (*fn)(void *ctx, uint64_t slept_us);
	void *ctx;
	uint64_t at_us;
	uint64_t asleep_us;
};

static uint64_t read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t alarm_awake_us(uint64_t *asleep_us, uint64_t boot_us, uint64_t mono_us)
{
	uint64_t asleep = boot_us > mono_us ? boot_us - mono_us : 0;
	uint64_t slept = asleep > *asleep_us ? asleep - *asleep_us : 0;

	*asleep_us += slept;
	return slept < ALARM_SLEPT_US ? 0 : slept;
}

static uint64_t slept(struct alarm *a)
{
	uint64_t boot = read_clock(CLOCK_BOOTTIME);

	return alarm_awake_us(&a->asleep_us, boot, read_clock(CLOCK_MONOTONIC));
}

static void await_jump(struct alarm *a)
{
	const struct itimerspec never = { .it_value.tv_sec = FAR_FUTURE };

	/* -ECANCELED tells of one meanwhile; it is armed all the same. */
	timerfd_settime(a->jump, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
			&never, NULL);
}

static void on_due(evutil_socket_t fd, short what, void *arg)
{
	struct alarm *a = arg;
	uint64_t times;

	(void)what;
	/* It was set anew since the loop looked. */
	if (read(fd, &times, sizeof(times)) != sizeof(times))
		return;
	a->at_us = ALARM_NEVER;
	a->fn(a->ctx, slept(a));
}

static void on_jump(evutil_socket_t fd, short what, void *arg)
{
	struct alarm *a = arg;
	uint64_t times, us;

	(void)what;
	if (read(fd, &times, sizeof(times)) < 0 && errno != ECANCELED)
		return;
	await_jump(a);
	us = slept(a);
	/* Or somebody has set the clock. */
	if (us)
		a->fn(a->ctx, us);
}

static struct event *watch(struct event_base *base, int clock, int *fd,
			   event_callback_fn fn, struct alarm *a)
{
	struct event *ev = NULL;

	*fd = timerfd_create(clock, TFD_NONBLOCK | TFD_CLOEXEC);
	if (*fd >= 0)
		ev = event_new(base, *fd, EV_READ | EV_PERSIST, fn, a);
	if (ev && event_add(ev, NULL)) {
		event_free(ev);
		ev = NULL;
	}
	return ev;
}

struct alarm *alarm_new(struct event_base *base,
			void (*fn)(void *ctx, uint64_t slept_us), void *ctx)
{
	struct alarm *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->fn = fn;
	a->ctx = ctx;
	a->at_us = ALARM_NEVER;
	a->jump = -1;
	a->on_due = watch(base, CLOCK_BOOTTIME, &a->due, on_due, a);
	a->on_jump = watch(base, CLOCK_REALTIME, &a->jump, on_jump, a);
	if (!a->on_due || !a->on_jump) {
		alarm_free(a);
		return NULL;
	}
	slept(a);
	await_jump(a);
	return a;
}

void alarm_free(struct alarm *a)
{
	if (!a)
		return;
	if (a->on_due)
		event_free(a->on_due);
	if (a->on_jump)
		event_free(a->on_jump);
	if (a->due >= 0)
		close(a->due);
	if (a->jump >= 0)
		close(a->jump);
	free(a);
}

void alarm_set(struct alarm *a, uint64_t at_us)
{
	struct itimerspec when = { 0 };

	if (at_us == a->at_us)
		return;
	a->at_us = at_us;
	if (at_us != ALARM_NEVER) {
		/* All zero would mean never. */
		when.it_value.tv_sec = (time_t)(at_us / 1000000);
		when.it_value.tv_nsec = (long)(at_us % 1000000) * 1000 + 1;
	}
	timerfd_settime(a->due, TFD_TIMER_ABSTIME, &when, NULL);
}
