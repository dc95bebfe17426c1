// SPDX-License-Identifier: GPL-2.0
/*
 * The timer that goes on while the host sleeps.
 *
 * covers: MB10
 */
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>

#include <cmocka.h>

#include "agent/alarm.h"

struct calls {
	unsigned int n;
	uint64_t slept_us;
	uint64_t at_us;
};

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void on_alarm(void *ctx, uint64_t slept_us)
{
	struct calls *c = ctx;

	c->n++;
	c->slept_us = slept_us;
	c->at_us = now_us();
}

static void run(struct event_base *base, unsigned int ms)
{
	struct timeval tv = { .tv_usec = (suseconds_t)ms * 1000 };

	event_base_loopexit(base, &tv);
	event_base_dispatch(base);
}

/* It goes off once, not too early, whatever was set before. */
static void goes_off(void **state)
{
	struct event_base *base = event_base_new();
	struct calls c = { 0 };
	struct alarm *a = alarm_new(base, on_alarm, &c);
	uint64_t at = now_us() + 50 * 1000;

	(void)state;
	assert_non_null(a);
	alarm_set(a, now_us() + 3600 * 1000000ull);
	alarm_set(a, at);
	run(base, 300);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.slept_us, 0);
	assert_true(c.at_us >= at);
	/* The same time again is another alarm, and long due. */
	alarm_set(a, at);
	run(base, 100);
	assert_int_equal(c.n, 2);
	alarm_set(a, 0);
	run(base, 100);
	assert_int_equal(c.n, 3);
	alarm_set(a, now_us() + 50 * 1000);
	alarm_set(a, ALARM_NEVER);
	run(base, 200);
	assert_int_equal(c.n, 3);
	alarm_free(a);
	alarm_free(NULL);
	event_base_free(base);
}

/* One clock goes ahead of the other: the host slept, and that is told once. */
static void sleep_shows(void **state)
{
	uint64_t known = 0;

	(void)state;
	assert_int_equal(alarm_awake_us(&known, 7000000, 7000000), 0);
	assert_int_equal(alarm_awake_us(&known, 67000000, 8000000), 59000000);
	assert_int_equal(alarm_awake_us(&known, 68000000, 9000000), 0);
	/* Interrupted between the readings, and the next time not. */
	assert_int_equal(alarm_awake_us(&known, 69000000, 15000000), 0);
	assert_int_equal(alarm_awake_us(&known, 75000000, 16000000), 0);
	/* A blink is not worth a word, nor do blinks add up to one. */
	assert_int_equal(alarm_awake_us(&known, 76500000, 17000000), 0);
	assert_int_equal(alarm_awake_us(&known, 78000000, 18000000), 0);
	assert_int_equal(alarm_awake_us(&known, 81000000, 19000000), 2000000);
	/* No clock of a host is like that. */
	assert_int_equal(alarm_awake_us(&known, 1000000, 2000000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_off),
		cmocka_unit_test(sleep_shows),
	};

	return cmocka_run_group_tests_name("agent: alarm", tests, NULL, NULL);
}
