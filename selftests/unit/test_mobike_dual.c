// SPDX-License-Identifier: GPL-2.0
/*
 * Hosts with addresses of both families, in transport mode: the set of paths is
 * where it began, IPv4 or IPv6, goes over to the other family when nothing is
 * left of it, and no pair is ever of both, which the simulator looks at with each
 * binding. SIM_TEST=NAME runs one test, SIM_VERBOSE=1 tells what happens in it.
 *
 * covers: MX7
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
#include "mobike_sim.h"

#define RADIO	"10.0.1.2"
#define WLAN	"10.0.2.2"
#define RADIO6	"2001:db8:1::2"
#define WLAN6	"2001:db8:2::2"
#define SERVER	"10.0.3.2"
#define SERVER6	"2001:db8:3::2"

/* The mobile's links, of each family in turn; on odd ones is IPv6. */
enum { ON_RADIO, ON_RADIO6, ON_WLAN, ON_WLAN6, LINKS };

static struct sim *start(bool mobikex, bool six)
{
	struct sim *sim = sim_new(7, &mobike_ext, &mobike_ext);
	struct ike_conn c;

	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, RADIO6, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN6, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	sim_add_link(sim, 1, SERVER6, "eth0", 2500);
	sim_tell_addrs(sim, 1);
	c = sim_conn(1);
	c.mobikex = mobikex;
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	if (six) {
		assert_true(wire_addr_parse(&c.remote[0].addr, SERVER6));
		c.remote[0].plen = 128;
	}
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 3 * SIM_SECOND);
	return sim;
}

/* All links of one family, and none of the other, from one moment to the next. */
static void leave_for(struct sim *sim, bool six)
{
	for (unsigned int i = 0; i < LINKS; i++)
		sim->node[0].links[i].up = (i % 2 == 1) == six;
	sim_tell_addrs(sim, 0);
	sim_run(sim, 3 * SIM_SECOND);
}

/* Pairs that are in use, all of one family, as many as there are links of it. */
static void assert_pairs(struct sim *sim, bool six, unsigned int n)
{
	char why[160];

	for (int i = 0; i < 2; i++) {
		struct ike_status s;
		unsigned int live = 0;

		assert_true(sim_status(sim, i, &s));
		for (unsigned int j = 0; j < s.npaths; j++) {
			const struct ike_path *p = &s.paths[j].path;

			if (p->state > MOBX_PATH_STATE_VALID)
				continue;
			live++;
			assert_int_equal(p->local.family, six ? 6 : 4);
			assert_int_equal(p->remote.family, six ? 6 : 4);
		}
		assert_int_equal(live, n);
	}
	if (!sim_mirrored(sim, why, sizeof(why)))
		fail_msg("%s", why);
}

static void start_data(struct sim *sim)
{
	for (int i = 0; i < 2; i++)
		memset(&sim->node[i].flow, 0, sizeof(sim->node[i].flow));
	sim->data_every_us = 1000;
	sim_kick_data(sim);
}

/* Return: how many were not received, of what both ends sent. */
static uint64_t stop_data(struct sim *sim)
{
	uint64_t lost = 0;

	sim->data_every_us = 0;
	sim_run(sim, SIM_SECOND);
	for (int i = 0; i < 2; i++) {
		assert_true(sim->node[i].flow.sent > 1000);
		lost += sim->node[i].flow.sent - sim->node[i].flow.received;
	}
	return lost;
}

/* From one family to the other and back, whichever it began with. */
static void there_and_back(bool mobikex, bool six)
{
	struct sim *sim = start(mobikex, six);
	struct ike_status was, is;

	assert_true(sim_status(sim, 0, &was));
	assert_int_equal(was.mobikex, mobikex);
	assert_pairs(sim, six, mobikex ? 2 : 1);
	for (int i = 0; i < 4; i++) {
		six = !six;
		start_data(sim);
		leave_for(sim, six);
		assert_pairs(sim, six, mobikex ? 2 : 1);
		stop_data(sim);
		start_data(sim);
		sim_run(sim, 2 * SIM_SECOND);
		assert_int_equal(stop_data(sim), 0);
		assert_true(sim_status(sim, 0, &is));
		assert_true(is.spi_i == was.spi_i);
		assert_int_equal(is.nchildren, 1);
		/* Its selectors are the sets: it need not be made anew. */
		assert_int_equal(is.children[0].spi_in ==
				 was.children[0].spi_in, mobikex);
	}
	sim_free(sim);
}

static void test_there_and_back(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		there_and_back(i & 1, i & 2);
}

/* What is up in the other family does not matter, nor does that it goes. */
static void test_other_family_idles(void **state)
{
	struct sim *sim = start(true, false);
	unsigned int rebinds;

	(void)state;
	rebinds = sim->node[0].rebinds + sim->node[1].rebinds;
	start_data(sim);
	for (int i = 0; i < 4; i++) {
		sim_set_link(sim, 0, ON_RADIO6, i % 2);
		sim_run(sim, SIM_SECOND);
		sim_set_link(sim, 0, ON_WLAN6, i % 2);
		sim_run(sim, SIM_SECOND);
		assert_pairs(sim, false, 2);
	}
	assert_int_equal(stop_data(sim), 0);
	assert_int_equal(sim->node[0].rebinds + sim->node[1].rebinds, rebinds);
	sim_free(sim);
}

/* Once over there, links of that family are moved between without a loss. */
static void test_soft_in_the_other(void **state)
{
	struct sim *sim = start(true, false);

	(void)state;
	leave_for(sim, true);
	sim->node[0].links[ON_RADIO].up = true;
	sim->node[0].links[ON_WLAN].up = true;
	sim_tell_addrs(sim, 0);
	sim_run(sim, 3 * SIM_SECOND);
	start_data(sim);
	for (int i = 0; i < 4; i++) {
		sim_path(sim, 0, IKE_PATH_USE, i % 2 ? RADIO6 : WLAN6, false);
		sim_run(sim, 3 * SIM_SECOND);
		assert_int_equal(sim->node[0].last_err, 0);
		assert_int_not_equal(sim->node[0].last_reply, 0);
		assert_pairs(sim, true, 2);
	}
	assert_int_equal(stop_data(sim), 0);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_other_family_idles),
		cmocka_unit_test(test_soft_in_the_other),
	};

	cmocka_set_test_filter(getenv("SIM_TEST"));
	return cmocka_run_group_tests_name("mobike: both families", tests,
					   NULL, NULL);
}
