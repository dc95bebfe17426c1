// SPDX-License-Identifier: GPL-2.0
/*
 * MOBIKE and MOBIKE-X between two agents: each kind of move, and what goes
 * wrong. SIM_TEST=NAME runs one test, SIM_VERBOSE=1 tells what happens in it.
 *
 * covers: MX3 MX12 MB11 MB12 MB15 MB19 MB32
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
#define SERVER	"10.0.3.2"

static struct sim *start(uint64_t seed)
{
	struct sim *sim = sim_new(seed, &mobike_ext, &mobike_ext);

	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_start(sim);
	return sim;
}

static struct wire_addr addr(const char *text)
{
	struct wire_addr a;

	assert_true(wire_addr_parse(&a, text));
	return a;
}

static void assert_mirrored(struct sim *sim)
{
	char why[160];

	if (!sim_mirrored(sim, why, sizeof(why)))
		fail_msg("seed %llu: %s", (unsigned long long)sim->seed, why);
}

/* Both ends live on this own address of the mobile. */
static void assert_primary(struct sim *sim, const char *mobile)
{
	struct wire_addr a = addr(mobile);
	struct ike_status s;

	assert_true(sim_status(sim, 0, &s));
	assert_true(wire_addr_equal(&s.local.addr, &a));
	assert_true(s.paths[0].path.flags & MOBX_PATH_FLAGS_PRIMARY);
	assert_true(wire_addr_equal(&s.paths[0].path.local, &a));
	assert_true(sim_status(sim, 1, &s));
	assert_true(wire_addr_equal(&s.remote.addr, &a));
	assert_true(wire_addr_equal(&s.paths[0].path.remote, &a));
}

static void start_data(struct sim *sim)
{
	struct ike_status s;

	assert_true(sim_status(sim, 0, &s));
	memset(&sim->node[0].flow, 0, sizeof(sim->node[0].flow));
	memset(&sim->node[1].flow, 0, sizeof(sim->node[1].flow));
	sim->data_every_us = 250;
	sim_kick_data(sim);
}

/* Both links of the mobile become paths, without being asked for. */
static void test_all_links_are_paths(void **state)
{
	struct sim *sim = start(1);
	struct ike_status s;

	(void)state;
	assert_true(sim_status(sim, 0, &s));
	assert_true(s.mobike && s.mobikex);
	assert_mirrored(sim);
	assert_primary(sim, RADIO);
	assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN),
			 MOBX_PATH_STATE_VALID);
	assert_int_equal(sim_reports(sim, 0, "path-add"), 1);
	assert_int_equal(sim_reports(sim, 1, "path-add"), 1);
	sim_free(sim);
}

/* Paths of 5 and 300 ms; nothing is lost, refused or even delayed. */
static void test_soft_loses_nothing(void **state)
{
	struct sim *sim = start(2);
	struct ike_status s;

	(void)state;
	sim->node[0].links[1].delay_us = 300 * SIM_MS;
	start_data(sim);
	sim_run(sim, SIM_SECOND);
	for (int i = 0; i < 4; i++) {
		sim_path(sim, 0, IKE_PATH_USE, i % 2 ? RADIO : WLAN, false);
		sim_run(sim, 4 * SIM_SECOND);
		assert_int_not_equal(sim->node[0].last_reply, 0);
		assert_int_equal(sim->node[0].last_err, 0);
		assert_primary(sim, i % 2 ? RADIO : WLAN);
	}
	sim_path(sim, 0, IKE_PATH_USE, WLAN, false);
	sim_path(sim, 0, IKE_PATH_DEL, RADIO, false);
	sim_run(sim, 10 * SIM_SECOND);
	assert_int_equal(sim->node[0].last_err, 0);
	assert_int_not_equal(sim->node[0].last_reply, 0);
	sim->data_every_us = 0;
	sim_run(sim, SIM_SECOND);
	for (int i = 0; i < 2; i++) {
		const struct sim_flow *f = &sim->node[i].flow;

		assert_true(f->sent > 100000);
		assert_int_equal(f->received, f->sent);
		assert_int_equal(f->not_sent, 0);
		/* The delay difference, and 2 ms. */
		assert_true(f->longest_gap <= 297 * SIM_MS);
	}
	assert_true(sim_status(sim, 1, &s));
	assert_string_equal(s.move.kind, "soft");
	assert_true(sim_status(sim, 0, &s));
	assert_string_equal(s.move.kind, "soft");
	assert_true(s.move.t_update_us >= 600 * SIM_MS);
	assert_mirrored(sim);
	sim_free(sim);
}

/* The link in use goes down: one round trip, then all flows again. */
static void test_hard(void **state)
{
	struct sim *sim = start(3);
	struct ike_status s;

	(void)state;
	start_data(sim);
	sim_run(sim, SIM_SECOND);
	sim_set_link(sim, 0, 0, false);
	sim_run(sim, SIM_SECOND);
	assert_primary(sim, WLAN);
	assert_mirrored(sim);
	assert_true(sim_status(sim, 1, &s));
	assert_string_equal(s.move.kind, "hard");
	assert_true(sim_status(sim, 0, &s));
	assert_string_equal(s.move.kind, "hard");
	/* RTT 15 ms: stall of each direction within 25. */
	assert_true(sim->node[0].flow.longest_gap <= 25 * SIM_MS);
	assert_true(sim->node[1].flow.longest_gap <= 25 * SIM_MS);
	/* The dead path has been withdrawn, and comes back with its link. */
	assert_int_equal(s.npaths, 2);
	assert_int_equal(sim_path_state(sim, 0, RADIO, SERVER),
			 MOBX_PATH_STATE_DEPRECATED);
	sim_set_link(sim, 0, 0, true);
	sim_run(sim, 2 * SIM_SECOND);
	assert_int_equal(sim_path_state(sim, 1, SERVER, RADIO),
			 MOBX_PATH_STATE_VALID);
	assert_primary(sim, WLAN);
	assert_mirrored(sim);
	sim_free(sim);
}

/*
 * All that the server sends is lost while it answers: the move is known to both
 * ends a tenth of a second and a round trip later.
 */
static void test_hard_answer_lost(void **state)
{
	struct sim *sim = start(3);
	struct ike_status s;

	(void)state;
	start_data(sim);
	/* For the round trip time to be known. */
	sim_run(sim, 25 * SIM_SECOND);
	sim_set_link(sim, 0, 0, false);
	sim_run(sim, 7 * SIM_MS);
	sim->node[1].links[0].lose = 1000;
	sim_run(sim, 3 * SIM_MS);
	sim->node[1].links[0].lose = 0;
	sim_run(sim, 100 * SIM_MS);
	assert_true(sim_status(sim, 0, &s));
	assert_string_not_equal(s.move.kind, "hard");
	sim_run(sim, 30 * SIM_MS);
	assert_true(sim_status(sim, 0, &s));
	assert_string_equal(s.move.kind, "hard");
	assert_in_range(s.move.t_update_us, 100 * SIM_MS, 130 * SIM_MS);
	sim_run(sim, SIM_SECOND);
	assert_primary(sim, WLAN);
	assert_mirrored(sim);
	/* What was sent with credit flowed on. */
	assert_true(sim->node[0].flow.longest_gap <= 50 * SIM_MS);
	assert_true(sim->node[1].flow.longest_gap <= 50 * SIM_MS);
	sim_free(sim);
}

static struct sim *start_with(uint64_t seed, bool auto_add, bool server_x,
			      enum ike_rrc rrc)
{
	struct sim *sim = sim_new(seed, &mobike_ext, &mobike_ext);
	struct ike_conn c;

	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	c = sim_conn(1);
	c.mobikex = server_x;
	c.rrc = rrc;
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	c.auto_add = auto_add;
	c.rrc = rrc;
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
	return sim;
}

/* One path only, and its address changes: the path keeps its ID. */
static void test_hard_single(void **state)
{
	struct sim *sim = start_with(4, false, true, IKE_RRC_EARLY);
	struct ike_status s;

	(void)state;
	assert_true(sim_status(sim, 0, &s));
	assert_int_equal(s.npaths, 1);
	sim_set_link(sim, 0, 0, false);
	sim_run(sim, SIM_SECOND);
	assert_primary(sim, WLAN);
	assert_mirrored(sim);
	assert_true(sim_status(sim, 0, &s));
	assert_int_equal(s.paths[0].id, 0);
	/* The server still takes what was under way, then knows it as gone. */
	assert_int_equal(sim_path_state(sim, 1, SERVER, RADIO),
			 MOBX_PATH_STATE_DEPRECATED);
	sim_run(sim, 5 * SIM_SECOND);
	assert_int_equal(sim_path_state(sim, 1, SERVER, RADIO),
			 MOBX_PATH_STATE_REMOVED);
	sim_run(sim, 130 * SIM_SECOND);
	assert_int_equal(sim_path_state(sim, 1, SERVER, RADIO), -1);
	sim_free(sim);
}

/* What a responder sends before the new address is proven. */
static void test_routability_policies(void **state)
{
	static const struct {
		enum ike_rrc rrc;
		uint64_t stall_ms;
	} rows[] = {
		{ IKE_RRC_OFF, 20 }, { IKE_RRC_EARLY, 20 },
		{ IKE_RRC_BEFORE, 35 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sim *sim = start_with(5, true, true, rows[i].rrc);
		struct ike_status s;

		sim_set_link(sim, 0, 1, false);
		sim_run(sim, SIM_SECOND);
		sim->node[0].links[1].up = true;
		start_data(sim);
		sim_run(sim, SIM_SECOND);
		/* At the same moment: a new address and nothing else. */
		sim->node[0].links[0].up = false;
		sim_tell_addrs(sim, 0);
		sim_run(sim, 8 * SIM_MS);
		if (rows[i].rrc != IKE_RRC_OFF)
			assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN),
					 MOBX_PATH_STATE_TENTATIVE);
		sim_run(sim, SIM_SECOND);
		assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN),
				 MOBX_PATH_STATE_VALID);
		assert_true(sim->node[1].flow.longest_gap <=
			    rows[i].stall_ms * SIM_MS);
		assert_true(sim_status(sim, 1, &s));
		if (rows[i].rrc == IKE_RRC_OFF)
			assert_int_equal(s.move.t_rrc_us, 0);
		else
			assert_true(s.move.t_rrc_us >= 15 * SIM_MS);
		assert_mirrored(sim);
		sim_free(sim);
	}
}

static void expect_path(struct sim *sim, enum ike_path_verb verb,
			const char *local, bool hard, int err)
{
	sim_path(sim, 0, verb, local, hard);
	sim_run(sim, 6 * SIM_SECOND);
	assert_int_not_equal(sim->node[0].last_reply, 0);
	if (sim->node[0].last_err != err)
		fail_msg("%d instead of %d: %s", sim->node[0].last_err, err,
			 sim->node[0].last_text);
	assert_int_equal(strlen(sim->node[0].last_text) > 0, err != 0);
}

static void test_commands(void **state)
{
	struct sim *sim = start_with(6, false, true, IKE_RRC_EARLY);

	(void)state;
	expect_path(sim, IKE_PATH_DEL, WLAN, false, -ENOENT);
	expect_path(sim, IKE_PATH_DEL, RADIO, false, -EBUSY);
	expect_path(sim, IKE_PATH_ADD, "10.0.77.7", false, -EADDRNOTAVAIL);
	expect_path(sim, IKE_PATH_USE, "10.0.77.7", false, -EADDRNOTAVAIL);
	expect_path(sim, IKE_PATH_ADD, WLAN, false, 0);
	expect_path(sim, IKE_PATH_ADD, WLAN, false, 0);
	assert_primary(sim, RADIO);
	expect_path(sim, IKE_PATH_USE, WLAN, false, 0);
	assert_primary(sim, WLAN);
	expect_path(sim, IKE_PATH_DEL, RADIO, false, 0);
	assert_mirrored(sim);
	/* An address that is no path yet: added, then used. */
	expect_path(sim, IKE_PATH_USE, RADIO, false, 0);
	assert_primary(sim, RADIO);
	/* The primary goes: the other one takes over first. */
	expect_path(sim, IKE_PATH_DEL, RADIO, false, 0);
	assert_primary(sim, WLAN);
	expect_path(sim, IKE_PATH_USE, RADIO, true, 0);
	assert_primary(sim, RADIO);
	assert_mirrored(sim);
	sim_set_link(sim, 0, 1, false);
	expect_path(sim, IKE_PATH_USE, WLAN, false, -EADDRNOTAVAIL);
	sim_free(sim);
}

/* What was removed by hand is not brought back by the path manager. */
static void test_del_sticks(void **state)
{
	struct sim *sim = start(7);
	struct ike_status s;

	(void)state;
	expect_path(sim, IKE_PATH_DEL, WLAN, false, 0);
	sim_run(sim, 30 * SIM_SECOND);
	assert_int_equal(sim_path_state(sim, 0, WLAN, SERVER),
			 MOBX_PATH_STATE_REMOVED);
	/* Until its link comes anew. */
	sim_set_link(sim, 0, 1, false);
	sim_set_link(sim, 0, 1, true);
	sim_run(sim, 2 * SIM_SECOND);
	assert_true(sim_status(sim, 0, &s));
	assert_int_equal(sim_path_state(sim, 0, WLAN, SERVER),
			 MOBX_PATH_STATE_VALID);
	sim_free(sim);
}

/* A new path that does not work blocks nothing (MX12). */
static void test_probe_into_dead_path(void **state)
{
	struct sim *sim = start_with(8, false, true, IKE_RRC_EARLY);

	(void)state;
	sim->node[0].links[1].lose = 1000;
	start_data(sim);
	sim_path(sim, 0, IKE_PATH_ADD, WLAN, false);
	sim_run(sim, 20 * SIM_SECOND);
	assert_int_equal(sim->node[0].last_err, -ETIMEDOUT);
	assert_int_equal(sim->node[0].flow.longest_gap, 250);
	assert_int_equal(sim->node[1].flow.longest_gap, 250);
	assert_mirrored(sim);
	sim->node[0].links[1].lose = 0;
	expect_path(sim, IKE_PATH_ADD, WLAN, false, 0);
	assert_mirrored(sim);
	sim_free(sim);
}

/* The path in use goes silent while its link stays up. */
static void test_silent_primary(void **state)
{
	struct sim *sim = sim_new(9, &mobike_ext, &mobike_ext);
	struct ike_conn c;
	struct ike_status s, t;

	(void)state;
	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	c = sim_conn(1);
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	c.dpd_delay_us = 5 * SIM_SECOND;
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 3 * SIM_SECOND);
	assert_primary(sim, RADIO);
	assert_true(sim_status(sim, 0, &s));
	sim->node[0].links[0].lose = 1000;
	sim_run(sim, 20 * SIM_SECOND);
	assert_primary(sim, WLAN);
	assert_true(sim_status(sim, 0, &t));
	assert_true(s.spi_i == t.spi_i);
	sim->node[0].links[0].lose = 0;
	sim_run(sim, 20 * SIM_SECOND);
	assert_mirrored(sim);
	sim_free(sim);
}

/* The address flips three times within a round trip: the last one counts. */
static void test_flips(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 40; seed++) {
		struct sim *sim = start_with(seed, seed % 2, seed % 3 != 0,
					     IKE_RRC_EARLY);

		sim_add_link(sim, 0, "10.0.4.2", "cable", 20 * SIM_MS);
		sim->node[0].links[2].up = false;
		sim->jitter_us = seed % 5 ? 10 * SIM_MS : 0;
		for (unsigned int i = 1; i <= 4; i++) {
			unsigned int on = i % 3;

			for (unsigned int l = 0; l < 3; l++)
				sim->node[0].links[l].up = l == on;
			sim_tell_addrs(sim, 0);
			sim_run(sim, sim_random(sim, 9000));
		}
		sim_run(sim, 30 * SIM_SECOND);
		assert_primary(sim, WLAN);
		assert_mirrored(sim);
		sim_free(sim);
	}
}

/* Between RFC 4555 hosts there is one path, and it moves. */
static void test_rfc4555(void **state)
{
	struct sim *sim = start_with(10, true, false, IKE_RRC_EARLY);
	struct ike_status s, t;

	(void)state;
	assert_true(sim_status(sim, 0, &s));
	assert_true(s.mobike);
	assert_false(s.mobikex);
	assert_int_equal(s.npaths, 1);
	sim_set_link(sim, 0, 0, false);
	sim_run(sim, 2 * SIM_SECOND);
	assert_primary(sim, WLAN);
	assert_mirrored(sim);
	assert_true(sim_status(sim, 0, &t));
	assert_true(s.spi_i == t.spi_i);
	/* New Child SAs for the new address; the old ones are gone. */
	assert_int_equal(t.nchildren, 1);
	assert_int_not_equal(s.children[0].spi_in, t.children[0].spi_in);
	sim_set_link(sim, 0, 0, true);
	sim_run(sim, 2 * SIM_SECOND);
	assert_primary(sim, WLAN);
	expect_path(sim, IKE_PATH_ADD, RADIO, false, -EOPNOTSUPP);
	expect_path(sim, IKE_PATH_USE, RADIO, false, 0);
	assert_primary(sim, RADIO);
	sim_path(sim, 1, IKE_PATH_USE, SERVER, false);
	sim_run(sim, SIM_SECOND);
	assert_int_equal(sim->node[1].last_err, 0);
	assert_mirrored(sim);
	sim_free(sim);
}

/* A better link is used after it has stayed for a while. */
static void test_preference(void **state)
{
	struct sim *sim = sim_new(11, &mobike_ext, &mobike_ext);
	struct ike_conn c;

	(void)state;
	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS)->up = false;
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	c = sim_conn(1);
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	c.nprefer = 2;
	strcpy(c.prefer[0], "wlan");
	strcpy(c.prefer[1], "radio");
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
	assert_primary(sim, RADIO);
	sim_set_link(sim, 0, 1, true);
	sim_run(sim, 3 * SIM_SECOND);
	assert_primary(sim, RADIO);
	sim_run(sim, 4 * SIM_SECOND);
	assert_primary(sim, WLAN);
	/* A choice made by hand stands. */
	expect_path(sim, IKE_PATH_USE, RADIO, false, 0);
	sim_run(sim, 30 * SIM_SECOND);
	assert_primary(sim, RADIO);
	/* Until that path fails. */
	sim_set_link(sim, 0, 0, false);
	sim_set_link(sim, 0, 1, false);
	sim_set_link(sim, 0, 0, true);
	sim_run(sim, SIM_SECOND);
	assert_primary(sim, RADIO);
	sim_set_link(sim, 0, 1, true);
	sim_run(sim, 10 * SIM_SECOND);
	assert_primary(sim, WLAN);
	assert_mirrored(sim);
	sim_free(sim);
}

/* A path is not withdrawn while packets may be under way on it. */
static void test_drain(void **state)
{
	struct sim *sim = start(16);

	(void)state;
	sim_path(sim, 0, IKE_PATH_USE, WLAN, false);
	sim_path(sim, 0, IKE_PATH_DEL, RADIO, false);
	sim_run(sim, 900 * SIM_MS);
	assert_primary(sim, WLAN);
	assert_int_equal(sim_path_state(sim, 1, SERVER, RADIO),
			 MOBX_PATH_STATE_VALID);
	sim_run(sim, 200 * SIM_MS);
	assert_int_equal(sim_path_state(sim, 1, SERVER, RADIO),
			 MOBX_PATH_STATE_DEPRECATED);
	assert_int_equal(sim->node[0].last_err, 0);
	sim_free(sim);
}

/* Own new path: first only taken from, sent by once the peer has agreed. */
static void test_make_before_break(void **state)
{
	struct sim *sim = start_with(17, false, true, IKE_RRC_EARLY);

	(void)state;
	sim_path(sim, 0, IKE_PATH_ADD, WLAN, false);
	sim_run(sim, 7 * SIM_MS);
	assert_int_equal(sim_path_state(sim, 0, WLAN, SERVER),
			 MOBX_PATH_STATE_TENTATIVE);
	assert_int_equal(sim_path_credit(sim, 0, WLAN, SERVER), 0);
	assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN), -1);
	sim_run(sim, 10 * SIM_MS);
	assert_int_equal(sim_path_state(sim, 0, WLAN, SERVER),
			 MOBX_PATH_STATE_VALID);
	assert_true(sim_path_credit(sim, 1, SERVER, WLAN) > 0);
	sim_free(sim);
}

/* The kernel says no, at either end: as before, and a clear word. */
static void test_kernel_refuses(void **state)
{
	struct sim *sim = start_with(13, false, true, IKE_RRC_EARLY);

	(void)state;
	sim->node[0].refuse_rebinds = 1;
	expect_path(sim, IKE_PATH_ADD, WLAN, false, -ENOMEM);
	assert_primary(sim, RADIO);
	assert_mirrored(sim);
	/* Here the peer is asked to wait and gets it a second later. */
	sim->node[1].refuse_rebinds = 1;
	expect_path(sim, IKE_PATH_ADD, WLAN, false, 0);
	assert_mirrored(sim);
	sim->node[1].refuse_rebinds = 1000;
	sim_path(sim, 0, IKE_PATH_USE, WLAN, false);
	sim_run(sim, 20 * SIM_SECOND);
	assert_int_equal(sim->node[0].last_err, -EAGAIN);
	sim->node[1].refuse_rebinds = 0;
	assert_primary(sim, RADIO);
	assert_mirrored(sim);
	sim_free(sim);
}

/* Nothing is asked with a cookie that can be guessed. */
static void test_no_random(void **state)
{
	struct sim *sim = start_with(19, false, true, IKE_RRC_EARLY);

	(void)state;
	sim->no_random = true;
	sim_path(sim, 0, IKE_PATH_ADD, WLAN, false);
	sim_run(sim, SIM_SECOND);
	assert_int_equal(sim->node[0].last_err, -EIO);
	assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN), -1);
	sim->no_random = false;
	sim_run(sim, 10 * SIM_SECOND);
	expect_path(sim, IKE_PATH_ADD, WLAN, false, 0);
	assert_mirrored(sim);
	sim_free(sim);
}

/* All links gone for minutes: nobody concludes that the peer is dead. */
static void test_blackout(void **state)
{
	struct sim *sim = start(14);
	struct ike_status s, t;

	(void)state;
	assert_true(sim_status(sim, 0, &s));
	sim_set_link(sim, 0, 0, false);
	sim_set_link(sim, 0, 1, false);
	sim_run(sim, 240 * SIM_SECOND);
	sim_set_link(sim, 0, 1, true);
	/* What waits leaves with the link, not with its timer. */
	sim_run(sim, 100 * SIM_MS);
	assert_primary(sim, WLAN);
	sim_run(sim, SIM_SECOND);
	assert_true(sim_status(sim, 0, &t));
	assert_true(s.spi_i == t.spi_i);
	assert_mirrored(sim);
	sim_free(sim);
}

/* A peer that answers by no path is dead, however many there are. */
static void test_dead_peer(void **state)
{
	struct sim *sim = start(18);
	struct ike_status s;

	(void)state;
	sim->node[1].links[0].lose = 1000;
	sim_run(sim, 60 * SIM_SECOND);
	assert_int_equal(sim_reports(sim, 0, "ike-down"), 1);
	assert_false(sim_status(sim, 0, &s));
	/* The responder is patient: who moves will come back. */
	assert_int_equal(sim_reports(sim, 1, "ike-down"), 0);
	sim_run(sim, 400 * SIM_SECOND);
	assert_int_equal(sim_reports(sim, 1, "ike-down"), 1);
	sim->node[1].links[0].lose = 0;
	sim_run(sim, 200 * SIM_SECOND);
	assert_mirrored(sim);
	sim_free(sim);
}

/* Several addresses at both ends. */
static void test_server_with_two(void **state)
{
	struct sim *sim = sim_new(15, &mobike_ext, &mobike_ext);
	struct ike_conn c;
	struct ike_status s;

	(void)state;
	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	sim_add_link(sim, 1, "10.0.5.2", "eth1", 2500);
	c = sim_conn(1);
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 5 * SIM_SECOND);
	assert_true(sim_status(sim, 0, &s));
	assert_int_equal(s.npaths, 4);
	assert_mirrored(sim);
	sim_set_link(sim, 1, 0, false);
	sim_run(sim, 5 * SIM_SECOND);
	assert_mirrored(sim);
	assert_true(sim_status(sim, 0, &s));
	assert_true(wire_addr_equal(&s.remote.addr, &(struct wire_addr){
		.family = 4, .a = { 10, 0, 5, 2 } }));
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_links_are_paths),
		cmocka_unit_test(test_soft_loses_nothing),
		cmocka_unit_test(test_hard),
		cmocka_unit_test(test_hard_answer_lost),
		cmocka_unit_test(test_hard_single),
		cmocka_unit_test(test_routability_policies),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_del_sticks),
		cmocka_unit_test(test_probe_into_dead_path),
		cmocka_unit_test(test_silent_primary),
		cmocka_unit_test(test_flips),
		cmocka_unit_test(test_rfc4555),
		cmocka_unit_test(test_preference),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_make_before_break),
		cmocka_unit_test(test_kernel_refuses),
		cmocka_unit_test(test_no_random),
		cmocka_unit_test(test_blackout),
		cmocka_unit_test(test_dead_peer),
		cmocka_unit_test(test_server_with_two),
	};

	cmocka_set_test_filter(getenv("SIM_TEST"));
	return cmocka_run_group_tests_name("mobike: simulator", tests, NULL,
					   NULL);
}
