// SPDX-License-Identifier: GPL-2.0
/*
 * Hosts with addresses of both families, in transport mode: whichever they began
 * with, both families come into the sets, and each end's primary path is of the
 * same one; no pair is ever of both, which the simulator looks at with each
 * binding. Then the same by who has one family only for a while, who may not use
 * the other, and who speaks plain RFC 4555. SIM_TEST=NAME runs one test,
 * SIM_VERBOSE=1 tells what happens in it.
 *
 * covers: MX7 MX8
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
/* The server's. */
enum { ON_WIRE, ON_WIRE6 };

/** struct ends - how a test differs from the usual one */
struct ends {
	bool plain;
	bool begins_with_six;
	bool mobile_waits;
	bool server_waits;
	bool server_denies_six;
	enum ike_rrc rrc;
};

static void refuse_six(struct ike_conn *c)
{
	c->nlocal_deny = 1;
	assert_true(wire_addr_parse(&c->local_deny[0].addr, SERVER6));
	c->local_deny[0].plen = 64;
}

static struct sim *start(const struct ends *e)
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
	c.mobikex = !e->plain;
	c.rrc = e->rrc;
	c.auto_add = !e->server_waits;
	if (e->server_denies_six)
		refuse_six(&c);
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	c.rrc = e->rrc;
	c.auto_add = !e->mobile_waits;
	if (e->begins_with_six) {
		assert_true(wire_addr_parse(&c.remote[0].addr, SERVER6));
		c.remote[0].plen = 128;
	}
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 3 * SIM_SECOND);
	return sim;
}

static void put_up(struct sim *sim, bool four, bool six)
{
	for (unsigned int i = 0; i < LINKS; i++)
		sim->node[0].links[i].up = i % 2 ? six : four;
	sim_tell_addrs(sim, 0);
	sim_run(sim, 3 * SIM_SECOND);
}

/* So many pairs of each family are in use at both ends, and they agree on them. */
static void assert_pairs(struct sim *sim, unsigned int four, unsigned int six)
{
	char why[160];

	for (int i = 0; i < 2; i++) {
		struct ike_status s;
		unsigned int n4 = 0, n6 = 0;

		assert_true(sim_status(sim, i, &s));
		for (unsigned int j = 0; j < s.npaths; j++) {
			const struct ike_path *p = &s.paths[j].path;

			if (p->state > MOBX_PATH_STATE_VALID)
				continue;
			assert_int_equal(p->local.family, p->remote.family);
			n4 += p->local.family == 4;
			n6 += p->local.family == 6;
		}
		assert_int_equal(n4, four);
		assert_int_equal(n6, six);
	}
	if (!sim_mirrored(sim, why, sizeof(why)))
		fail_msg("%s", why);
}

/* Which family the IKE SA lives on, at both ends. */
static void assert_on(struct sim *sim, int family)
{
	struct ike_status s;

	for (int i = 0; i < 2; i++) {
		assert_true(sim_status(sim, i, &s));
		assert_int_equal(s.local.addr.family, family);
		assert_int_equal(s.remote.addr.family, family);
	}
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

/* Whichever they began with, and however an address has to be proven. */
static void test_come_about(void **state)
{
	const enum ike_rrc rrc[] = { IKE_RRC_EARLY, IKE_RRC_BEFORE,
				     IKE_RRC_OFF };

	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		const struct ends e = { .begins_with_six = i % 2,
					.rrc = rrc[i / 2] };
		struct sim *sim = start(&e);

		assert_pairs(sim, 2, 2);
		assert_on(sim, e.begins_with_six ? 6 : 4);
		/* The layers above are told of all four. */
		assert_int_equal(sim->node[0].n_endpoints, 4);
		assert_int_equal(sim->node[1].n_endpoints, 2);
		sim_free(sim);
	}
}

/* Paths of no pair, of this end or of the other. */
static unsigned int idle_paths(struct sim *sim, int node, bool own)
{
	struct ike_status st;
	unsigned int n = 0;

	assert_true(sim_status(sim, node, &st));
	for (unsigned int i = 0; i < st.nidle; i++)
		n += st.idle[i].own == own;
	return n;
}

/* The mobile leaves one family: the server's path of it stays, with one end. */
static void test_idle_is_shown(void **state)
{
	const struct ends e = { .plain = false };
	struct sim *sim = start(&e);

	(void)state;
	assert_int_equal(idle_paths(sim, 0, true), 0);
	assert_int_equal(idle_paths(sim, 0, false), 0);
	put_up(sim, true, false);
	assert_pairs(sim, 2, 0);
	assert_int_equal(idle_paths(sim, 0, false), 1);
	assert_int_equal(idle_paths(sim, 1, true), 1);
	assert_int_equal(idle_paths(sim, 0, true), 0);
	assert_int_equal(idle_paths(sim, 1, false), 0);
	sim_free(sim);
}

/* From one family to the other and back, with nothing of the first one left. */
static void there_and_back(bool plain, bool six)
{
	const struct ends e = { .plain = plain, .begins_with_six = six };
	struct sim *sim = start(&e);
	struct ike_status was, is;

	assert_true(sim_status(sim, 0, &was));
	assert_int_equal(was.mobikex, !plain);
	for (int i = 0; i < 4; i++) {
		six = !six;
		start_data(sim);
		put_up(sim, !six, six);
		if (plain)
			assert_pairs(sim, !six, six);
		else
			assert_pairs(sim, six ? 0 : 2, six ? 2 : 0);
		stop_data(sim);
		start_data(sim);
		sim_run(sim, 2 * SIM_SECOND);
		assert_int_equal(stop_data(sim), 0);
		assert_true(sim_status(sim, 0, &is));
		assert_true(is.spi_i == was.spi_i);
		assert_int_equal(is.nchildren, 1);
		/* Its selectors are the sets: it need not be made anew. */
		assert_int_equal(is.children[0].spi_in ==
				 was.children[0].spi_in, !plain);
	}
	put_up(sim, true, true);
	if (!plain)
		assert_pairs(sim, 2, 2);
	assert_on(sim, six ? 6 : 4);
	sim_free(sim);
}

static void test_there_and_back(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		there_and_back(i & 1, i & 2);
}

/* The links of the other family come and go; what is in use does not notice. */
static void test_other_family_flaps(void **state)
{
	const struct ends e = { .plain = false };
	struct sim *sim = start(&e);

	(void)state;
	start_data(sim);
	for (int i = 0; i < 4; i++) {
		sim_set_link(sim, 0, ON_RADIO6, i % 2);
		sim_run(sim, SIM_SECOND);
		sim_set_link(sim, 0, ON_WLAN6, i % 2);
		sim_run(sim, SIM_SECOND);
		assert_pairs(sim, 2, i % 2 ? 2 : 0);
		assert_on(sim, 4);
	}
	assert_int_equal(stop_data(sim), 0);
	sim_free(sim);
}

/* A soft move takes the primary path of the other end along, without a loss. */
static void test_soft_across(void **state)
{
	static const char *const mobile[] = { WLAN6, RADIO, RADIO6, WLAN };
	static const char *const server[] = { SERVER6, SERVER };
	const struct ends e = { .plain = false };
	struct sim *sim = start(&e);

	(void)state;
	start_data(sim);
	for (int i = 0; i < 6; i++) {
		int node = i >= 4;

		sim_path(sim, node, IKE_PATH_USE,
			 node ? server[i - 4] : mobile[i], false);
		sim_run(sim, 3 * SIM_SECOND);
		assert_int_equal(sim->node[node].last_err, 0);
		assert_int_not_equal(sim->node[node].last_reply, 0);
		assert_on(sim, i % 2 ? 4 : 6);
		assert_pairs(sim, 2, 2);
	}
	assert_int_equal(stop_data(sim), 0);
	sim_free(sim);
}

/* Each end goes over to where the other one was: they meet again. */
static void test_both_at_once(void **state)
{
	const struct ends e = { .plain = false };

	(void)state;
	for (int hard = 0; hard < 2; hard++) {
		struct sim *sim = start(&e);

		sim_path(sim, 0, IKE_PATH_USE, WLAN6, hard);
		sim_run(sim, 3 * SIM_SECOND);
		sim_path(sim, 0, IKE_PATH_USE, RADIO, hard);
		sim_path(sim, 1, IKE_PATH_USE, SERVER6, hard);
		sim_run(sim, 20 * SIM_SECOND);
		assert_pairs(sim, 2, 2);
		sim_free(sim);
	}
}

/* The server's links go, of one family and then of the other. */
static void test_server_leaves(void **state)
{
	const struct ends e = { .plain = false };
	struct sim *sim = start(&e);

	(void)state;
	for (int i = 0; i < 4; i++) {
		unsigned int gone = i % 2 ? ON_WIRE6 : ON_WIRE;

		sim_set_link(sim, 1, gone, false);
		sim_run(sim, 5 * SIM_SECOND);
		assert_pairs(sim, i % 2 ? 2 : 0, i % 2 ? 0 : 2);
		assert_on(sim, i % 2 ? 4 : 6);
		sim_set_link(sim, 1, gone, true);
		sim_run(sim, 5 * SIM_SECOND);
		assert_pairs(sim, 2, 2);
	}
	sim_free(sim);
}

/* Nobody asks by himself: each end's command is needed, and the mobile's first. */
static void test_by_hand(void **state)
{
	const struct ends e = { .mobile_waits = true, .server_waits = true };
	struct sim *sim = start(&e);

	(void)state;
	assert_pairs(sim, 1, 0);
	sim_path(sim, 1, IKE_PATH_ADD, SERVER6, false);
	sim_run(sim, SIM_SECOND);
	assert_int_not_equal(sim->node[1].last_err, 0);
	sim_path(sim, 0, IKE_PATH_ADD, WLAN6, false);
	sim_run(sim, SIM_SECOND);
	assert_int_equal(sim->node[0].last_err, 0);
	assert_int_not_equal(sim->node[0].last_reply, 0);
	assert_pairs(sim, 1, 0);
	sim_path(sim, 1, IKE_PATH_ADD, SERVER6, false);
	sim_run(sim, SIM_SECOND);
	assert_int_equal(sim->node[1].last_err, 0);
	assert_pairs(sim, 1, 1);
	sim_free(sim);
}

/* What the server may not use it does not tell of, nor take an ADD at. */
static void test_denied(void **state)
{
	const struct ends e = { .server_denies_six = true };
	struct sim *sim = start(&e);
	unsigned int sent;

	(void)state;
	assert_pairs(sim, 2, 0);
	sent = sim->sent;
	sim_run(sim, 5 * SIM_SECOND);
	assert_int_equal(sim->sent, sent);
	sim_free(sim);
}

/* IPv6 that leads nowhere: tried more and more seldom, to no other end. */
static void test_broken_six(void **state)
{
	const struct ends e = { .plain = false };
	struct sim *sim = start(&e);
	unsigned int sent, first;

	(void)state;
	for (unsigned int i = 0; i < LINKS; i++)
		sim->node[0].links[i].up = i % 2 == 0;
	sim_tell_addrs(sim, 0);
	sim_run(sim, 3 * SIM_SECOND);
	assert_pairs(sim, 2, 0);
	sim->node[0].links[ON_RADIO6].lose = 1000;
	sim->node[0].links[ON_RADIO6].up = true;
	sim_tell_addrs(sim, 0);
	sent = sim->sent;
	sim_run(sim, 300 * SIM_SECOND);
	first = sim->sent - sent;
	sent = sim->sent;
	sim_run(sim, 300 * SIM_SECOND);
	assert_true(sim->sent - sent < first);
	assert_pairs(sim, 2, 0);
	assert_on(sim, 4);
	sim->node[0].links[ON_RADIO6].lose = 0;
	sim_run(sim, 400 * SIM_SECOND);
	assert_pairs(sim, 2, 1);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_come_about),
		cmocka_unit_test(test_idle_is_shown),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_other_family_flaps),
		cmocka_unit_test(test_soft_across),
		cmocka_unit_test(test_both_at_once),
		cmocka_unit_test(test_server_leaves),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_denied),
		cmocka_unit_test(test_broken_six),
	};

	cmocka_set_test_filter(getenv("SIM_TEST"));
	return cmocka_run_group_tests_name("mobike: both families", tests,
					   NULL, NULL);
}
