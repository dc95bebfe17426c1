// SPDX-License-Identifier: GPL-2.0
/*
 * MOBIKE without memory for its lists, and with a kernel that cannot be asked: a
 * change does not happen then, both ends hear why, and nothing else comes of it.
 * SIM_TEST=NAME runs one test, SIM_VERBOSE=1 tells what happens in it.
 *
 * covers: E6
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mobike/mobike.h"
#include "mobike/session.h"
#include "mobike_hand.h"

#define SECOND "10.0.5.2"

/* Which of the next calls fails, from 0 on: that one, or all from there on. */
static unsigned int fails_at;
static bool counts, fails_on, failed;

/* All lists and sets of the sessions grow by this, and little else does. */
void *reallocarray(void *p, size_t n, size_t size)
{
	if (counts && (!fails_at-- || (fails_on && failed))) {
		failed = true;
		return NULL;
	}
	return realloc(p, n * size);
}

static void fail_at(unsigned int n, bool on)
{
	fails_at = n;
	fails_on = on;
	counts = true;
	failed = false;
}

/* Return: whether anything failed. */
static bool fail_no_more(void)
{
	counts = false;
	return failed;
}

static struct ike_sa *mobile;

static void on_established(struct ike_sa *sa)
{
	mobile = sa;
	mobike_ext.established(sa);
}

/* The mobile adds paths when it is told to. */
static struct sim *start(bool mobikex, const char *client, const char *server)
{
	static struct ike_ext_ops ext;
	struct ike_conn c;
	struct sim *sim;

	ext = mobike_ext;
	ext.established = on_established;
	sim = sim_new(1, &ext, &mobike_ext);
	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	if (client)
		sim_add_link(sim, 0, client, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	if (server)
		sim_add_link(sim, 1, server, "eth1", 2500);
	sim_tell_addrs(sim, 1);
	for (int i = 1; i >= 0; i--) {
		c = sim_conn(i);
		c.mode = MOBX_MODE_TUNNEL;
		c.mobikex = mobikex;
		c.auto_add = false;
		c.mptcp = IKE_MPTCP_NO;
		c.dpd_delay_us = 5 * SIM_SECOND;
		sim_conn_add(sim, i, &c);
	}
	sim_run(sim, 2 * SIM_SECOND);
	assert_non_null(mobile);
	return sim;
}

/* The peer is told to try again, not that its address is no good. */
static void test_peer_asks(void **state)
{
	unsigned int refused = 0;
	bool done = false;

	(void)state;
	for (unsigned int i = 0; !done; i++) {
		struct sim *sim = hand_start(true, 16);
		struct ask a = hand_ask_by(WLAN);

		hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
		fail_at(i, false);
		hand_ask(sim, &a);
		done = !fail_no_more();
		if (a.error) {
			assert_false(done);
			assert_int_equal(a.error, IKE_N_TEMPORARY_FAILURE);
			assert_int_equal(a.reason.code, MOBIKEX_R_INTERNAL);
			refused++;
		}
		sim_free(sim);
	}
	assert_in_range(refused, 3, 10);
}

/* A command fails by want of memory, or not at all. Leaks are the sanitizer's. */
static void test_own_asks(void **state)
{
	unsigned int refused = 0;
	bool done = false;

	(void)state;
	for (unsigned int i = 0; !done; i++) {
		struct sim *sim = start(true, WLAN, NULL);
		char why[160];

		/* There are ghosts in both sets then. */
		sim_path(sim, 0, IKE_PATH_ADD, WLAN, false);
		sim_run(sim, SIM_SECOND);
		sim_path(sim, 0, IKE_PATH_DEL, WLAN, false);
		sim_run(sim, SIM_SECOND);
		assert_int_equal(sim->node[0].last_err, 0);
		fail_at(i, false);
		sim_path(sim, 0, IKE_PATH_ADD, WLAN, false);
		sim_run(sim, 5 * SIM_SECOND);
		done = !fail_no_more();
		if (sim->node[0].last_err) {
			assert_false(done);
			assert_int_equal(sim->node[0].last_err, -ENOMEM);
			refused++;
		}
		sim_path(sim, 0, IKE_PATH_ADD, WLAN, false);
		sim_run(sim, 20 * SIM_SECOND);
		assert_int_equal(sim->node[0].last_err, 0);
		if (!sim_mirrored(sim, why, sizeof(why)))
			fail_msg("%u: %s", i, why);
		sim_free(sim);
	}
	assert_in_range(refused, 3, 10);
}

/* Another address of the peer: what is shunned for a while is an address. */
static void test_elsewhere(void **state)
{
	bool done = false;

	(void)state;
	for (unsigned int i = 0; !done; i++) {
		struct sim *sim = start(false, NULL, SECOND);
		const struct mx_session *s = mobile->ext;

		sim->node[1].links[0].lose = 1000;
		fail_at(i, false);
		for (unsigned int t = 0; t < 60; t++) {
			sim_run(sim, SIM_SECOND);
			for (unsigned int j = 0; j < s->n_memo; j++)
				assert_int_not_equal(s->memo[j].addr.family, 0);
		}
		done = !fail_no_more();
		assert_int_equal(sim_reports(sim, 0, "move"), 1);
		assert_int_equal(sim_path_state(sim, 0, RADIO, SECOND),
				 MOBX_PATH_STATE_VALID);
		sim_free(sim);
	}
}

/* The host's addresses are looked at anew: none is lost that was there. */
static void test_refresh(void **state)
{
	struct sim *sim = start(true, WLAN, NULL);
	const struct mx_session *s = mobile->ext;

	(void)state;
	assert_int_equal(s->n_cand, 2);
	fail_at(0, true);
	sim_tell_addrs(sim, 0);
	fail_no_more();
	assert_int_equal(s->n_cand, 2);
	sim_free(sim);
}

/*
 * The kernel cannot be told of a path that the peer has accepted, and the primary
 * path is suspect meanwhile: the next request waits until this one is over.
 */
static void test_rebind_fails_at_once(void **state)
{
	struct sim *sim = start(true, WLAN, NULL);
	struct mx_session *s = mobile->ext;
	uint32_t peer = mobile->peer;
	char why[160];

	(void)state;
	sim_path(sim, 0, IKE_PATH_ADD, WLAN, false);
	while (!s->ask || !s->ask->request)
		sim_run(sim, SIM_MS);
	s->suspect = mx_set_primary(&s->own)->addr;
	s->suspect_until = sim->now + 60 * SIM_SECOND;
	mobile->peer = 0;
	sim_run(sim, 50 * SIM_MS);
	assert_int_equal(sim_reports(sim, 0, "path-add"), 1);
	mobile->peer = peer;
	sim_run(sim, 30 * SIM_SECOND);
	assert_true(mx_set_sound(&s->own));
	if (!sim_mirrored(sim, why, sizeof(why)))
		fail_msg("%s", why);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peer_asks),
		cmocka_unit_test(test_own_asks),
		cmocka_unit_test(test_elsewhere),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_rebind_fails_at_once),
	};

	cmocka_set_test_filter(getenv("SIM_TEST"));
	return cmocka_run_group_tests_name("mobike: without memory", tests,
					   NULL, NULL);
}
