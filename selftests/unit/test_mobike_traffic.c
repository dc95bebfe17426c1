// SPDX-License-Identifier: GPL-2.0
/*
 * Traffic that gets no answer shows that a path is dead, before liveness does.
 * SIM_TEST=NAME runs one test, SIM_VERBOSE=1 tells what happens in it.
 *
 * covers: MB10 MB33
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mobike/mobike.h"
#include "mobike/session.h"
#include "mobike_sim.h"

#define RADIO	"10.0.1.2"
#define WLAN	"10.0.2.2"
#define SERVER	"10.0.3.2"
#define MOST	(10 * SIM_SECOND)

static bool quiet(struct mx_traffic *t, uint64_t tx, uint64_t rx, uint64_t ms)
{
	return mx_traffic_quiet(t, tx, rx, ms * SIM_MS, MOST);
}

/* Asked after a second of sending in vain, then less and less often. */
static void test_quiet(void **state)
{
	struct mx_traffic t = { 0 };
	unsigned int asked = 0;

	(void)state;
	/* What is sent now cannot have been answered, however long ago the last. */
	assert_false(quiet(&t, 100, 100, 60000));
	assert_false(quiet(&t, 100, 100, 65000));
	assert_false(quiet(&t, 101, 100, 90000));
	assert_true(quiet(&t, 102, 100, 91000));
	assert_false(quiet(&t, 103, 100, 92000));
	assert_true(quiet(&t, 104, 100, 93000));
	assert_false(quiet(&t, 105, 100, 96000));
	assert_true(quiet(&t, 106, 100, 97000));
	/* One answer, and all begins anew: a second of a flow that goes on. */
	assert_false(quiet(&t, 107, 101, 98000));
	assert_false(quiet(&t, 108, 101, 98500));
	assert_true(quiet(&t, 109, 101, 99000));
	/* Nothing is sent: nobody is to be asked. */
	for (unsigned int i = 0; i < 100; i++)
		assert_false(quiet(&t, 109, 101, 110000 + 1000 * i));
	for (unsigned int i = 0; i < 1000; i++)
		asked += quiet(&t, 110 + i, 101, 300000 + 1000 * i);
	assert_in_range(asked, 99, 102);
}

static struct sim *start(uint64_t dpd_us)
{
	struct sim *sim = sim_new(4555, &mobike_ext, &mobike_ext);
	struct ike_conn c;

	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	c = sim_conn(1);
	c.dpd_delay_us = 0;
	c.path_test_us = 0;
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	c.dpd_delay_us = dpd_us;
	c.path_test_us = 3600 * SIM_SECOND;
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
	return sim;
}

static void send_data(struct sim *sim)
{
	sim->data_every_us = 20 * SIM_MS;
	sim_kick_data(sim);
}

/* The access point is dead and its link is up: there is another way. */
static void test_dead(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 20; i++) {
		struct sim *sim = start(60 * SIM_SECOND);

		send_data(sim);
		sim_run(sim, 5 * SIM_SECOND + i * 100 * SIM_MS);
		sim->node[0].links[0].lose = 1000;
		sim_run(sim, 4 * SIM_SECOND);
		assert_true(sim_lives_on(sim, WLAN));
		assert_int_equal(sim_reports(sim, 0, "move"), 1);
		assert_true(sim->node[1].flow.longest_gap <= 2500 * SIM_MS);
		sim_free(sim);
	}
}

/* Without traffic there is hardly a look, and no question; a server never looks. */
static void test_idle(void **state)
{
	struct sim *sim = start(600 * SIM_SECOND);
	unsigned int looks, sent;

	(void)state;
	sim_add_link(sim, 1, "10.0.5.2", "eth1", 2500);
	sim_tell_addrs(sim, 1);
	sim_run(sim, 10 * SIM_SECOND);
	looks = sim->node[0].looks;
	sent = sim->node[0].ike_sent;
	sim_run(sim, 500 * SIM_SECOND);
	assert_true(sim->node[0].looks - looks <= 101);
	assert_int_equal(sim->node[0].ike_sent, sent);
	send_data(sim);
	sim_run(sim, 50 * SIM_SECOND);
	assert_in_range(sim->node[0].looks - looks, 185, 202);
	assert_int_equal(sim->node[0].ike_sent, sent);
	assert_int_equal(sim->node[1].looks, 0);
	sim_free(sim);
	/* dpd-delay = 0 never asks. */
	sim = start(0);
	send_data(sim);
	sim_run(sim, 50 * SIM_SECOND);
	assert_int_equal(sim->node[0].looks, 0);
	sim_free(sim);
}

/* Who only sends is asked no more often than liveness would in the end. */
static void test_one_way(void **state)
{
	struct sim *sim = start(20 * SIM_SECOND);
	unsigned int sent;

	(void)state;
	sim->node[1].mute = true;
	send_data(sim);
	sim_run(sim, 100 * SIM_SECOND);
	sent = sim->node[0].ike_sent;
	sim_run(sim, 200 * SIM_SECOND);
	assert_in_range(sim->node[0].ike_sent - sent, 8, 14);
	assert_true(sim_lives_on(sim, RADIO));
	assert_int_equal(sim_reports(sim, 0, "move"), 0);
	sim->node[0].links[0].lose = 1000;
	sim_run(sim, 25 * SIM_SECOND);
	assert_true(sim_lives_on(sim, WLAN));
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_dead),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_one_way),
	};

	cmocka_set_test_filter(getenv("SIM_TEST"));
	return cmocka_run_group_tests_name("mobike: traffic without answers",
					   tests, NULL, NULL);
}
