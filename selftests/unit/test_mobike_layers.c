// SPDX-License-Identifier: GPL-2.0
/*
 * What SCTP and MPTCP are told of own addresses: ready once the peer has
 * accepted the path, gone before it is asked to forget it. That an endpoint has
 * a path in the kernel is checked by the simulator in every run of it.
 * SIM_TEST=NAME runs one test, SIM_VERBOSE=1 tells what happens in it.
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
#define SERVER	"10.0.3.2"

static struct sim *start_as(enum ike_mptcp mptcp, bool mobikex)
{
	struct sim *sim = sim_new(1, &mobike_ext, &mobike_ext);
	struct ike_conn c;

	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	for (int i = 1; i >= 0; i--) {
		c = sim_conn(i);
		c.mptcp = mptcp;
		c.mobikex = mobikex;
		sim_conn_add(sim, i, &c);
	}
	sim_run(sim, 2 * SIM_SECOND);
	return sim;
}

static struct sim *start(void)
{
	return start_as(IKE_MPTCP_SUBFLOW, true);
}

static bool is_endpoint(const struct sim *sim, int node, const char *text)
{
	struct wire_addr a;

	assert_true(wire_addr_parse(&a, text));
	for (unsigned int i = 0; i < sim->node[node].n_endpoints; i++)
		if (wire_addr_equal(&sim->node[node].endpoints[i], &a))
			return true;
	return false;
}

static void assert_endpoints(const struct sim *sim, bool radio, bool wlan)
{
	assert_int_equal(is_endpoint(sim, 0, RADIO), radio);
	assert_int_equal(is_endpoint(sim, 0, WLAN), wlan);
	assert_int_equal(sim->node[0].n_endpoints, radio + wlan);
}

/* Each end's own addresses become endpoints; the events tell the same. */
static void test_follow_paths(void **state)
{
	struct sim *sim = start();

	(void)state;
	assert_endpoints(sim, true, true);
	assert_true(is_endpoint(sim, 1, SERVER));
	assert_int_equal(sim->node[1].n_endpoints, 1);
	assert_int_equal(sim_reports(sim, 0, "address-ready"), 2);
	assert_int_equal(sim_reports(sim, 1, "address-ready"), 1);
	assert_int_equal(sim_reports(sim, 0, "address-gone"), 0);
	sim_free(sim);
}

/* A path that has not been agreed to is nothing for an endpoint. */
static void test_not_before_the_answer(void **state)
{
	struct sim *sim = start();

	(void)state;
	sim_path(sim, 0, IKE_PATH_DEL, WLAN, false);
	sim_run(sim, SIM_SECOND);
	assert_endpoints(sim, true, false);
	sim_path(sim, 0, IKE_PATH_ADD, WLAN, false);
	/* There and back takes 15 ms. */
	sim_run(sim, 14 * SIM_MS);
	assert_endpoints(sim, true, false);
	sim_run(sim, 10 * SIM_MS);
	assert_endpoints(sim, true, true);
	sim_free(sim);
}

/* When the peer is asked to forget a path, nothing is begun on it any more. */
static void test_gone_before_it_is_removed(void **state)
{
	struct sim *sim = start();

	(void)state;
	sim_path(sim, 0, IKE_PATH_DEL, WLAN, false);
	/* The request has not even arrived. */
	assert_endpoints(sim, true, false);
	assert_true(sim->node[0].gone_while_bound);
	assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN),
			 MOBX_PATH_STATE_VALID);
	sim_run(sim, SIM_SECOND);
	assert_endpoints(sim, true, false);
	assert_int_equal(sim_reports(sim, 0, "address-gone"), 1);
	sim_free(sim);
}

static void test_link_goes_and_comes(void **state)
{
	struct sim *sim = start();

	(void)state;
	sim_set_link(sim, 0, 1, false);
	sim_run(sim, SIM_SECOND);
	assert_endpoints(sim, true, false);
	sim_set_link(sim, 0, 1, true);
	sim_run(sim, 12 * SIM_SECOND);
	assert_endpoints(sim, true, true);
	sim_set_link(sim, 0, 0, false);
	sim_run(sim, SIM_SECOND);
	assert_endpoints(sim, false, true);
	sim_free(sim);
}

static void test_soft_move_keeps_both(void **state)
{
	struct sim *sim = start();

	(void)state;
	sim_path(sim, 0, IKE_PATH_USE, WLAN, false);
	sim_run(sim, 4 * SIM_SECOND);
	assert_endpoints(sim, true, true);
	assert_int_equal(sim_reports(sim, 0, "address-gone"), 0);
	sim_free(sim);
}

static void test_end_with_the_connection(void **state)
{
	const struct ike_conn c = sim_conn(0);
	const struct ike_event ev = {
		.type = IKE_EV_CONN_DOWN, .u.conn.name = c.name,
	};
	struct sim *sim = start();

	(void)state;
	sim_event(sim, 0, &ev);
	sim_run(sim, SIM_SECOND);
	assert_int_equal(sim->node[0].n_endpoints, 0);
	assert_int_equal(sim->node[1].n_endpoints, 0);
	sim_free(sim);
}

/* SCTP needs the events, whatever MPTCP does. */
static void test_only_if_wanted(void **state)
{
	struct sim *sim = start_as(IKE_MPTCP_NO, true);

	(void)state;
	assert_int_equal(sim->node[0].n_endpoints, 0);
	assert_int_equal(sim_reports(sim, 0, "address-ready"), 2);
	sim_free(sim);
}

/* With RFC 4555 alone there is one path, which is where the IKE SA is. */
static void test_not_without_sets(void **state)
{
	struct sim *sim = start_as(IKE_MPTCP_SUBFLOW, false);

	(void)state;
	assert_int_equal(sim->node[0].n_endpoints, 0);
	assert_int_equal(sim_reports(sim, 0, "address-ready"), 0);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_follow_paths),
		cmocka_unit_test(test_not_before_the_answer),
		cmocka_unit_test(test_gone_before_it_is_removed),
		cmocka_unit_test(test_link_goes_and_comes),
		cmocka_unit_test(test_soft_move_keeps_both),
		cmocka_unit_test(test_end_with_the_connection),
		cmocka_unit_test(test_only_if_wanted),
		cmocka_unit_test(test_not_without_sets),
	};

	cmocka_set_test_filter(getenv("SIM_TEST"));
	return cmocka_run_group_tests_name("mobike: layers above", tests, NULL,
					   NULL);
}
