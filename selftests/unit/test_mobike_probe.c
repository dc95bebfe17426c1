// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of paths that are not in use: what is known from them when one is needed,
 * and that nothing ever waits for them. SIM_TEST=NAME runs one test, SIM_VERBOSE=1
 * tells what happens in it.
 *
 * covers: MB31 MB33 MX12
 */
#include <errno.h>
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
#define CABLE	"10.0.4.2"
#define SERVER	"10.0.3.2"
#define NAT	"192.0.2.1"

/* Links of the mobile, in its order of preference. */
enum { ON_RADIO, ON_WLAN, ON_CABLE };

static struct sim *start(uint64_t test_us, bool nat)
{
	struct sim *sim = sim_new(4555, &mobike_ext, &mobike_ext);
	struct ike_conn c;

	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 0, CABLE, "cable", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	if (nat) {
		wire_addr_parse(&sim->node[0].links[ON_WLAN].nat, NAT);
		sim->node[0].links[ON_WLAN].nat_port = 40000;
	}
	c = sim_conn(1);
	c.dpd_delay_us = 0;
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	c.dpd_delay_us = 5 * SIM_SECOND;
	c.path_test_us = test_us;
	c.nprefer = 3;
	strcpy(c.prefer[0], "radio");
	strcpy(c.prefer[1], "wlan");
	strcpy(c.prefer[2], "cable");
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
	return sim;
}

static void assert_lives_on(struct sim *sim, const char *local)
{
	struct wire_addr a;
	struct ike_status s;

	assert_true(wire_addr_parse(&a, local));
	for (int i = 0; i < 2; i++) {
		assert_true(sim_status(sim, i, &s));
		assert_true(wire_addr_equal(i ? &s.remote.addr : &s.local.addr,
					    &a));
	}
}

/* The path in use falls silent, WLAN is dead: is that tried nevertheless? */
static bool tries_wlan(struct sim *sim)
{
	bool tried = false;
	struct ike_status s;
	struct wire_addr a;

	assert_true(wire_addr_parse(&a, WLAN));
	sim->node[0].links[ON_RADIO].lose = 1000;
	for (int i = 0; i < 300; i++) {
		sim_run(sim, 100 * SIM_MS);
		assert_true(sim_status(sim, 0, &s));
		tried |= wire_addr_equal(&s.local.addr, &a);
	}
	assert_lives_on(sim, CABLE);
	assert_int_equal(sim_reports(sim, 0, "ike-up"), 1);
	return tried;
}

/* A spare path that has died is not the one that is moved to. */
static void test_dead_spare(void **state)
{
	struct sim *sim = start(5 * SIM_SECOND, false);

	(void)state;
	sim->node[0].links[ON_WLAN].lose = 1000;
	sim_run(sim, 20 * SIM_SECOND);
	assert_lives_on(sim, RADIO);
	assert_false(tries_wlan(sim));
	assert_int_equal(sim_reports(sim, 0, "move"), 1);
	sim_free(sim);
}

/* Not even if nobody had tested it: all are as soon as there is trouble. */
static void test_trouble(void **state)
{
	struct sim *sim = start(3600 * SIM_SECOND, false);

	(void)state;
	sim->node[0].links[ON_WLAN].lose = 1000;
	assert_false(tries_wlan(sim));
	assert_int_equal(sim_reports(sim, 0, "move"), 1);
	sim_free(sim);
	/* Else it had been the first choice. */
	sim = start(0, false);
	sim->node[0].links[ON_WLAN].lose = 1000;
	assert_true(tries_wlan(sim));
	sim_free(sim);
}

/* Answers by other paths are no sign of life of the one in use. */
static void test_no_life_sign(void **state)
{
	struct sim *sim = start(SIM_SECOND, false);

	(void)state;
	sim_run(sim, 10 * SIM_SECOND);
	sim->node[0].links[ON_RADIO].lose = 1000;
	sim_run(sim, 8 * SIM_SECOND);
	assert_lives_on(sim, WLAN);
	sim_free(sim);
}

/* Tests change nothing at either end, whether they are answered or not. */
static void test_changes_nothing(void **state)
{
	struct sim *sim = start(SIM_SECOND, false);
	unsigned int rebinds[2] = { sim->node[0].rebinds,
				    sim->node[1].rebinds };
	char why[160];

	(void)state;
	sim_run(sim, 30 * SIM_SECOND);
	sim->node[0].links[ON_CABLE].lose = 1000;
	sim_run(sim, 300 * SIM_SECOND);
	for (int i = 0; i < 2; i++)
		assert_int_equal(sim->node[i].rebinds, rebinds[i]);
	assert_lives_on(sim, RADIO);
	if (!sim_mirrored(sim, why, sizeof(why)))
		fail_msg("%s", why);
	assert_int_equal(sim_reports(sim, 0, "error"), 0);
	sim_free(sim);
}

/*
 * A soft move by hand to a path that is dead. The request arrives after all, by
 * the path that works, and the server takes the dead one for the primary: it is
 * asked at once what it has made of it, and put right.
 */
static void test_move_to_dead(void **state)
{
	struct sim *sim = start(0, false);

	(void)state;
	sim->node[0].links[ON_WLAN].lose = 1000;
	sim->data_every_us = 1000;
	sim_kick_data(sim);
	sim_run(sim, SIM_SECOND);
	sim_path(sim, 0, IKE_PATH_USE, WLAN, false);
	sim_run(sim, 10 * SIM_SECOND);
	assert_int_equal(sim->node[0].last_err, -ETIMEDOUT);
	assert_lives_on(sim, RADIO);
	for (int i = 0; i < 2; i++)
		assert_true(sim->node[i].flow.longest_gap <= 100 * SIM_MS);
	sim_free(sim);
}

static uint16_t port_of_wlan(struct sim *sim)
{
	struct wire_addr a;
	struct ike_status s;

	assert_true(wire_addr_parse(&a, NAT));
	assert_true(sim_status(sim, 1, &s));
	for (unsigned int i = 0; i < s.npaths; i++)
		if (wire_addr_equal(&s.paths[i].path.remote, &a) &&
		    s.paths[i].path.state == MOBX_PATH_STATE_VALID)
			return s.paths[i].path.encap_dport;
	return 0;
}

/* A NAT in front of a spare path starts anew: told before it is needed. */
static void test_nat(void **state)
{
	struct sim *sim = start(5 * SIM_SECOND, true);

	(void)state;
	assert_int_equal(port_of_wlan(sim), 40000);
	sim_run(sim, 20 * SIM_SECOND);
	assert_int_equal(sim_reports(sim, 0, "nat"), 0);
	sim->node[0].links[ON_WLAN].nat_port = 41000;
	sim_run(sim, 6 * SIM_SECOND);
	assert_int_equal(port_of_wlan(sim), 41000);
	assert_int_equal(sim_reports(sim, 0, "nat"), 1);
	assert_lives_on(sim, RADIO);
	sim_free(sim);
}

/*
 * Four dead paths are tested all the time. Whatever the moment, a move is made
 * at once: softly to a path that works, and hard when the one in use fails.
 */
static void test_nothing_waits(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 40; i++) {
		struct sim *sim = start(SIM_SECOND, false);

		for (unsigned int l = 0; l < 3; l++) {
			char a[16];

			snprintf(a, sizeof(a), "10.0.7.%u", l + 2);
			sim_add_link(sim, 0, a, "other", 5 * SIM_MS);
		}
		sim_tell_addrs(sim, 0);
		sim_run(sim, 2 * SIM_SECOND);
		for (unsigned int l = ON_CABLE; l < 6; l++)
			sim->node[0].links[l].lose = 1000;
		sim_run(sim, 5 * SIM_SECOND + i * 50 * SIM_MS);
		sim_path(sim, 0, IKE_PATH_USE, WLAN, false);
		sim_run(sim, 100 * SIM_MS);
		assert_int_not_equal(sim->node[0].last_reply, 0);
		assert_int_equal(sim->node[0].last_err, 0);
		assert_lives_on(sim, WLAN);
		sim_run(sim, i * 50 * SIM_MS);
		sim_set_link(sim, 0, ON_WLAN, false);
		sim_run(sim, 100 * SIM_MS);
		assert_lives_on(sim, RADIO);
		sim_free(sim);
	}
}

static bool has_path(struct sim *sim, int node, const char *own)
{
	struct wire_addr a;
	struct ike_status s;

	assert_true(wire_addr_parse(&a, own));
	assert_true(sim_status(sim, node, &s));
	for (unsigned int i = 0; i < s.npaths; i++)
		if (wire_addr_equal(&s.paths[i].path.local, &a) &&
		    s.paths[i].path.state == MOBX_PATH_STATE_VALID)
			return true;
	return false;
}

/* A new address on the radio's link, which the kernel gives to flows. */
static struct sim_link *give_temporary(struct sim *sim, const char *addr)
{
	struct sim_link *l = sim_add_link(sim, 0, addr, "radio", 5 * SIM_MS);

	l->transient = true;
	return l;
}

/*
 * Transport mode: temporary addresses are bound for the flows that have them, as
 * long as they are there, and for nothing else.
 */
static void test_temporary(void **state)
{
	struct sim *sim = start(SIM_SECOND, false);
	struct sim_link *old = give_temporary(sim, "10.0.1.7"), *new;

	(void)state;
	/* Deprecated before it was a path: nobody has it. */
	give_temporary(sim, "10.0.1.9")->deprecated = true;
	sim_tell_addrs(sim, 0);
	sim_run(sim, 2 * SIM_SECOND);
	assert_true(has_path(sim, 0, "10.0.1.7"));
	assert_int_equal(sim_path_state(sim, 1, SERVER, "10.0.1.7"),
			 MOBX_PATH_STATE_VALID);
	assert_false(has_path(sim, 0, "10.0.1.9"));
	old->deprecated = true;
	new = give_temporary(sim, "10.0.1.8");
	sim_tell_addrs(sim, 0);
	sim_run(sim, 10 * SIM_SECOND);
	assert_true(has_path(sim, 0, "10.0.1.7"));
	assert_true(has_path(sim, 0, "10.0.1.8"));
	assert_lives_on(sim, RADIO);
	/* On the link that is preferred, and yet the last choice. */
	sim_set_link(sim, 0, ON_RADIO, false);
	sim_run(sim, 10 * SIM_SECOND);
	assert_lives_on(sim, WLAN);
	sim_set_link(sim, 0, ON_WLAN, false);
	sim_set_link(sim, 0, ON_CABLE, false);
	sim_run(sim, 10 * SIM_SECOND);
	assert_lives_on(sim, "10.0.1.8");
	sim_set_link(sim, 0, ON_CABLE, true);
	sim_run(sim, 10 * SIM_SECOND);
	assert_lives_on(sim, CABLE);
	new->up = false;
	old->up = false;
	sim_tell_addrs(sim, 0);
	sim_run(sim, 2 * SIM_SECOND);
	assert_false(has_path(sim, 0, "10.0.1.7"));
	assert_false(has_path(sim, 0, "10.0.1.8"));
	sim_free(sim);
}

/* Tunnel mode, or no MOBIKE-X: what nobody sees is not bound. */
static void test_temporary_outside(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct sim *sim = start(SIM_SECOND, false);
		struct ike_conn c = sim_conn(0);

		if (i)
			c.mobikex = false;
		else
			c.mode = MOBX_MODE_TUNNEL;
		give_temporary(sim, "10.0.1.7");
		sim_conn_add(sim, 0, &c);
		sim_tell_addrs(sim, 0);
		sim_run(sim, 10 * SIM_SECOND);
		assert_false(has_path(sim, 0, "10.0.1.7"));
		sim_free(sim);
	}
}

/* There are as many as there is room for, and room for others remains. */
static void test_temporary_many(void **state)
{
	struct sim *sim = start(SIM_SECOND, false);
	struct ike_conn c = sim_conn(0);

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		char a[16];

		snprintf(a, sizeof(a), "10.0.1.%u", i + 7);
		give_temporary(sim, a);
	}
	c.max_paths = 4;
	sim_conn_add(sim, 0, &c);
	sim_tell_addrs(sim, 0);
	sim_run(sim, 5 * SIM_SECOND);
	assert_true(has_path(sim, 0, RADIO) && has_path(sim, 0, WLAN));
	assert_int_equal(has_path(sim, 0, "10.0.1.7") +
			 has_path(sim, 0, "10.0.1.8") +
			 has_path(sim, 0, "10.0.1.9") +
			 has_path(sim, 0, CABLE), 2);
	sim_free(sim);
}

/*
 * What the configuration denies is no path, is not moved to, not even by hand or
 * for want of any other, and nothing is set up from there.
 */
static void test_denied(void **state)
{
	struct sim *sim = start(5 * SIM_SECOND, false);
	struct ike_conn c = sim_conn(0);

	(void)state;
	assert_true(has_path(sim, 0, CABLE));
	c.dpd_delay_us = 5 * SIM_SECOND;
	c.link_deny = (struct ike_links){ 1, { "ra*" } };
	c.nlocal_deny = 1;
	c.local_deny[0].plen = 24;
	assert_true(wire_addr_parse(&c.local_deny[0].addr, "10.0.4.0"));
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 5 * SIM_SECOND);
	assert_lives_on(sim, WLAN);
	assert_false(has_path(sim, 0, RADIO));
	assert_false(has_path(sim, 0, CABLE));
	sim_path(sim, 0, IKE_PATH_USE, CABLE, false);
	sim_run(sim, SIM_SECOND);
	assert_int_not_equal(sim->node[0].last_err, 0);
	sim_set_link(sim, 0, ON_WLAN, false);
	sim_run(sim, 20 * SIM_SECOND);
	assert_false(has_path(sim, 0, RADIO));
	assert_false(has_path(sim, 0, CABLE));
	sim_set_link(sim, 0, ON_WLAN, true);
	sim_run(sim, 5 * SIM_SECOND);
	assert_lives_on(sim, WLAN);
	sim_free(sim);
}

/*
 * The host wakes up, and its path in use is dead. It does not take the next
 * liveness check to find out.
 */
static void test_awake(void **state)
{
	const struct ike_event awake = { .type = IKE_EV_AWAKE };
	struct sim *sim = start(3600 * SIM_SECOND, false);

	(void)state;
	sim_event(sim, 0, &awake);
	sim_run(sim, 10 * SIM_SECOND);
	assert_lives_on(sim, RADIO);
	assert_int_equal(sim_reports(sim, 0, "move"), 0);
	sim->node[0].links[ON_RADIO].lose = 1000;
	sim->node[0].links[ON_WLAN].lose = 1000;
	sim_run(sim, 100 * SIM_MS);
	sim_event(sim, 0, &awake);
	sim_run(sim, 2 * SIM_SECOND);
	assert_lives_on(sim, CABLE);
	assert_int_equal(sim_reports(sim, 0, "move"), 1);
	assert_int_equal(sim_reports(sim, 0, "ike-up"), 1);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dead_spare),
		cmocka_unit_test(test_trouble),
		cmocka_unit_test(test_no_life_sign),
		cmocka_unit_test(test_changes_nothing),
		cmocka_unit_test(test_move_to_dead),
		cmocka_unit_test(test_nat),
		cmocka_unit_test(test_nothing_waits),
		cmocka_unit_test(test_temporary),
		cmocka_unit_test(test_temporary_outside),
		cmocka_unit_test(test_temporary_many),
		cmocka_unit_test(test_denied),
		cmocka_unit_test(test_awake),
	};

	cmocka_set_test_filter(getenv("SIM_TEST"));
	return cmocka_run_group_tests_name("mobike: path tests", tests, NULL,
					   NULL);
}
