// SPDX-License-Identifier: GPL-2.0
/*
 * Round trip time and loss of paths: from single tests to a move between two
 * agents. SIM_TEST=NAME runs one test, SIM_VERBOSE=1 tells what happens in it.
 *
 * covers: MB31
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mobike/mobike.h"
#include "mobike/quality.h"
#include "mobike_sim.h"

#define RADIO	"10.0.1.2"
#define WLAN	"10.0.2.2"
#define SERVER	"10.0.3.2"

#define INTERVAL (250 * SIM_MS)

/* ------------------------------------------------------------ arithmetic */

static void test_rtt(void **state)
{
	struct mx_quality q = { 0 };

	(void)state;
	mx_quality_answer(&q, 20 * SIM_MS, 1, INTERVAL);
	assert_int_equal(q.rtt_us, 20 * SIM_MS);
	assert_int_equal(q.loss, 0);
	mx_quality_answer(&q, 28 * SIM_MS, 1, INTERVAL);
	assert_int_equal(q.rtt_us, 21 * SIM_MS);
	for (int i = 0; i < 60; i++)
		mx_quality_answer(&q, 60 * SIM_MS, 1, INTERVAL);
	assert_true(q.rtt_us > 59 * SIM_MS && q.rtt_us <= 60 * SIM_MS);
	assert_int_equal(q.loss, 0);
	assert_int_equal(q.tests, 62);
}

/* The second of what was sent is answered: the first was lost. */
static void test_loss(void **state)
{
	struct mx_quality q = { 0 };
	unsigned int before;

	(void)state;
	for (int i = 0; i < 5; i++)
		mx_quality_answer(&q, 20 * SIM_MS, 1, INTERVAL);
	mx_quality_answer(&q, INTERVAL + 20 * SIM_MS, 2, INTERVAL);
	assert_int_equal(q.rtt_us, 20 * SIM_MS);
	assert_in_range(q.loss, 100, 125);
	mx_quality_answer(&q, INTERVAL + 450 * SIM_MS + 20 * SIM_MS, 3,
			  INTERVAL);
	assert_int_equal(q.rtt_us, 20 * SIM_MS);
	assert_in_range(q.loss, 250, 350);
	before = q.loss;
	mx_quality_lost(&q);
	assert_true(q.loss > before);
	for (int i = 0; i < 100; i++)
		mx_quality_lost(&q);
	assert_in_range(q.loss, 950, 1000);
	for (int i = 0; i < 100; i++)
		mx_quality_answer(&q, 20 * SIM_MS, 1, INTERVAL);
	assert_int_equal(q.loss, 0);
}

/* Slower than the retransmissions, and nothing is lost all the same. */
static void test_slow(void **state)
{
	struct mx_quality q = { 0 };

	(void)state;
	for (int i = 0; i < 20; i++)
		mx_quality_answer(&q, 300 * SIM_MS, 2, INTERVAL);
	assert_int_equal(q.rtt_us, 300 * SIM_MS);
	assert_int_equal(q.loss, 0);
	for (int i = 0; i < 60; i++)
		mx_quality_answer(&q, 800 * SIM_MS, 3, INTERVAL);
	assert_true(q.rtt_us > 700 * SIM_MS);
	assert_int_equal(q.loss, 0);
	/* As many tries as there may be, at no time at all. */
	mx_quality_answer(&q, 0, 30, 0);
	mx_quality_answer(&q, 0, 30, INTERVAL);
	assert_true(q.loss <= 1000);
}

/* Between the two transmissions this host slept, or waited for half a minute. */
static void test_slept(void **state)
{
	struct mx_quality q = { 0 }, was;
	uint64_t at = 0, interval = INTERVAL;

	(void)state;
	mx_quality_answer(&q, 20 * SIM_MS, 1, INTERVAL);
	was = q;
	mx_quality_answer(&q, 8 * 3600 * SIM_SECOND, 2, INTERVAL);
	mx_quality_answer(&q, 8 * 3600 * SIM_SECOND, 1, INTERVAL);
	assert_memory_equal(&q, &was, sizeof(q));
	for (int i = 0; i < 6; i++) {
		at += interval;
		interval = interval * 9 / 5;
	}
	mx_quality_answer(&q, at + 20 * SIM_MS, 7, INTERVAL);
	assert_int_equal(q.rtt_us, 20 * SIM_MS);
}

static struct mx_quality quality(unsigned int loss, unsigned int rtt_ms)
{
	return (struct mx_quality){
		.tests = 10,
		.loss = loss,
		.rtt_us = rtt_ms * SIM_MS,
		.base_us = rtt_ms * SIM_MS,
	};
}

static bool better(struct mx_quality a, struct mx_quality b)
{
	return mx_quality_better(&a, &b);
}

/* Two are never both better than the other, however near they are. */
static void test_better(void **state)
{
	struct mx_quality few = quality(0, 1), none = { 0 }, late;

	(void)state;
	assert_true(better(quality(0, 50), quality(0, 100)));
	assert_false(better(quality(0, 51), quality(0, 100)));
	assert_false(better(quality(0, 1), quality(0, 20)));
	assert_true(better(quality(0, 1), quality(0, 21)));
	assert_true(better(quality(0, 500), quality(150, 10)));
	assert_false(better(quality(1, 500), quality(150, 10)));
	assert_false(better(quality(30, 10), quality(0, 500)));
	assert_true(better(quality(20, 10), quality(0, 500)));
	few.tests = MX_QUALITY_TESTS - 1;
	assert_false(better(few, quality(500, 500)));
	assert_false(better(quality(0, 1), none));
	assert_false(better(none, quality(1000, 500)));
	/* Nor is one that is good worse for what was lost or late once. */
	late = quality(0, 30);
	mx_quality_lost(&late);
	mx_quality_answer(&late, 300 * SIM_MS, 1, INTERVAL);
	assert_true(late.rtt_us > 60 * SIM_MS);
	assert_false(better(quality(0, 30), late));
	mx_quality_lost(&late);
	assert_true(better(quality(0, 30), late));
	for (unsigned int l = 0; l <= 1000; l += 10)
		for (unsigned int r = 1; r < 400; r += 3)
			assert_false(better(quality(l, r), quality(50, 60)) &&
				     better(quality(50, 60), quality(l, r)));
}

/* ------------------------------------------------------------ two agents */

static struct sim *start(uint64_t radio_us, uint64_t wlan_us, bool prefers)
{
	struct sim *sim = sim_new(4555, &mobike_ext, &mobike_ext);
	struct ike_conn c;

	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", radio_us);
	sim_add_link(sim, 0, WLAN, "wlan", wlan_us);
	sim_add_link(sim, 1, SERVER, "eth0", 0);
	c = sim_conn(1);
	c.dpd_delay_us = 0;
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	c.path_test_us = 10 * SIM_SECOND;
	c.nprefer = prefers;
	strcpy(c.prefer[0], "radio");
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
	return sim;
}

static const struct ike_path_status *path_of(const struct ike_status *s,
					     const char *own)
{
	struct wire_addr a;

	assert_true(wire_addr_parse(&a, own));
	for (unsigned int i = 0; i < s->npaths; i++)
		if (wire_addr_equal(&s->paths[i].path.local, &a))
			return &s->paths[i];
	fail_msg("no path %s", own);
	return NULL;
}

/* Both are measured, the one in use too, while it has traffic all the time. */
static void test_measured(void **state)
{
	struct sim *sim = start(20 * SIM_MS, 25 * SIM_MS, false);
	struct ike_status s;

	(void)state;
	sim->data_every_us = 10 * SIM_MS;
	sim_kick_data(sim);
	sim->node[0].links[1].lose = 200;
	sim_run(sim, 600 * SIM_SECOND);
	assert_true(sim_status(sim, 0, &s));
	assert_in_range(path_of(&s, RADIO)->rtt_us, 40 * SIM_MS, 42 * SIM_MS);
	assert_int_equal(path_of(&s, RADIO)->loss, 0);
	assert_in_range(path_of(&s, RADIO)->tests, 40, 130);
	assert_in_range(path_of(&s, WLAN)->rtt_us, 50 * SIM_MS, 70 * SIM_MS);
	/* A fifth each way. */
	assert_in_range(path_of(&s, WLAN)->loss, 50, 800);
	assert_true(sim_lives_on(sim, RADIO));
	assert_int_equal(sim_reports(sim, 0, "move"), 0);
	sim_free(sim);
}

/*
 * What is lost by the path in use counts as such, though it is sent again by the
 * time that answers take there.
 */
static void test_used(void **state)
{
	struct sim *sim = start(20 * SIM_MS, 25 * SIM_MS, true);
	struct ike_status s;
	unsigned int most = 0;

	(void)state;
	sim_run(sim, 60 * SIM_SECOND);
	sim->node[0].links[0].lose = 100;
	for (int i = 0; i < 60; i++) {
		sim_run(sim, 10 * SIM_SECOND);
		assert_true(sim_status(sim, 0, &s));
		if (path_of(&s, RADIO)->loss > most)
			most = path_of(&s, RADIO)->loss;
		assert_true(path_of(&s, RADIO)->rtt_us <= 45 * SIM_MS);
	}
	assert_in_range(most, 200, 800);
	sim_free(sim);
}

static void test_moves(void **state)
{
	struct sim *sim = start(100 * SIM_MS, 10 * SIM_MS, false);

	(void)state;
	assert_true(sim_lives_on(sim, RADIO));
	sim_run(sim, 120 * SIM_SECOND);
	assert_true(sim_lives_on(sim, WLAN));
	assert_int_equal(sim_reports(sim, 0, "move"), 1);
	/* They change places; and back and forth, which it follows at its own pace. */
	sim->node[0].links[0].delay_us = 10 * SIM_MS;
	sim->node[0].links[1].delay_us = 100 * SIM_MS;
	sim_run(sim, 600 * SIM_SECOND);
	assert_true(sim_lives_on(sim, RADIO));
	assert_int_equal(sim_reports(sim, 0, "move"), 2);
	for (int i = 0; i < 60; i++) {
		sim->node[0].links[0].delay_us = (i % 2 ? 10 : 100) * SIM_MS;
		sim->node[0].links[1].delay_us = (i % 2 ? 100 : 10) * SIM_MS;
		sim_run(sim, 10 * SIM_SECOND);
	}
	assert_in_range(sim_reports(sim, 0, "move"), 2, 12);
	sim_free(sim);
	/* Who names an interface wants it, whatever it is like. */
	sim = start(100 * SIM_MS, 10 * SIM_MS, true);
	sim_run(sim, 300 * SIM_SECOND);
	assert_true(sim_lives_on(sim, RADIO));
	sim_free(sim);
}

/* What is sent makes any path slow: it does not go back and forth all day. */
static void test_bulk(void **state)
{
	struct sim *sim = start(10 * SIM_MS, 10 * SIM_MS, false);

	(void)state;
	for (int i = 0; i < 360; i++) {
		unsigned int used = sim_lives_on(sim, RADIO) ? 0 : 1;

		sim->node[0].links[used].delay_us = 150 * SIM_MS;
		sim->node[0].links[1 - used].delay_us = 10 * SIM_MS;
		sim_run(sim, 10 * SIM_SECOND);
	}
	assert_in_range(sim_reports(sim, 0, "move"), 3, 7);
	/* When that is over for long, it does as ever. */
	sim->node[0].links[0].delay_us = 10 * SIM_MS;
	sim->node[0].links[1].delay_us = 10 * SIM_MS;
	sim_run(sim, 3 * 3600 * SIM_SECOND);
	sim->node[0].links[sim_lives_on(sim, RADIO) ? 0 : 1].delay_us =
		150 * SIM_MS;
	sim_run(sim, 300 * SIM_SECOND);
	assert_in_range(sim_reports(sim, 0, "move"), 4, 8);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rtt),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_slept),
		cmocka_unit_test(test_better),
		cmocka_unit_test(test_measured),
		cmocka_unit_test(test_used),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_bulk),
	};

	cmocka_set_test_filter(getenv("SIM_TEST"));
	return cmocka_run_group_tests_name("mobike: quality of paths", tests,
					   NULL, NULL);
}
