// SPDX-License-Identifier: GPL-2.0
/*
 * Moves with NATs in front of the mobile: each of its links is shown to the
 * server as another address and port, which may change at any time.
 * SIM_TEST=NAME runs one test, SIM_VERBOSE=1 tells what happens in it.
 *
 * covers: MB25 MB26 MB28 MB36 MX6
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
#define OTHER	"192.0.2.2"

static struct wire_addr addr(const char *text)
{
	struct wire_addr a;

	assert_true(wire_addr_parse(&a, text));
	return a;
}

static void put_nat(struct sim *sim, unsigned int link, const char *outside,
		    uint16_t port)
{
	sim->node[0].links[link].nat = addr(outside);
	sim->node[0].links[link].nat_port = port;
}

/* Radio and WLAN behind NATs of their own, or one; a cable without. */
static struct sim *start(bool mobikex, const char *wlan_nat, bool auto_add)
{
	struct sim *sim = sim_new(3948, &mobike_ext, &mobike_ext);
	struct ike_conn c;

	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 0, CABLE, "cable", 5 * SIM_MS)->up = false;
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	put_nat(sim, 0, NAT, 40000);
	put_nat(sim, 1, wlan_nat, 50000);
	c = sim_conn(1);
	c.mobikex = mobikex;
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	c.auto_add = auto_add;
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
	return sim;
}

/* The server sends to this address and port outside, and it is proven. */
static void assert_sends_to(struct sim *sim, const char *outside, uint16_t port)
{
	struct wire_addr a = addr(outside);
	const struct ike_path *p;
	struct ike_status s;

	assert_true(sim_status(sim, 1, &s));
	p = &s.paths[0].path;
	assert_true(p->flags & MOBX_PATH_FLAGS_PRIMARY);
	assert_true(wire_addr_equal(&p->remote, &a));
	assert_int_equal(p->state, MOBX_PATH_STATE_VALID);
	assert_int_equal(p->encap_dport, port);
	assert_int_equal(p->encap_sport, port ? IKE_NATT_PORT : 0);
	assert_true(wire_addr_equal(&s.remote.addr, &a));
	if (port)
		assert_int_equal(s.remote.port, port);
}

static void assert_lives_on(struct sim *sim, const char *local, bool encap)
{
	struct wire_addr a = addr(local);
	struct ike_status s;

	assert_true(sim_status(sim, 0, &s));
	assert_true(wire_addr_equal(&s.paths[0].path.local, &a));
	assert_int_equal(s.paths[0].path.encap_sport,
			 encap ? IKE_NATT_PORT : 0);
}

static void start_data(struct sim *sim)
{
	memset(&sim->node[0].flow, 0, sizeof(sim->node[0].flow));
	memset(&sim->node[1].flow, 0, sizeof(sim->node[1].flow));
	sim->data_every_us = 1000;
	sim_kick_data(sim);
}

static void stop_data(struct sim *sim)
{
	sim->data_every_us = 0;
	sim_run(sim, SIM_SECOND);
}

static void use(struct sim *sim, const char *local, bool hard)
{
	sim_path(sim, 0, IKE_PATH_USE, local, hard);
	sim_run(sim, 4 * SIM_SECOND);
	assert_int_not_equal(sim->node[0].last_reply, 0);
	if (sim->node[0].last_err)
		fail_msg("%s: %s", local, sim->node[0].last_text);
}

/* MOBIKE-X through NATs: both links are paths, soft moves lose nothing. */
static void test_moves(void **state)
{
	struct sim *sim = start(true, OTHER, true);
	struct ike_status s;

	(void)state;
	assert_true(sim_status(sim, 0, &s));
	assert_true(s.mobike && s.mobikex);
	assert_int_equal(s.npaths, 2);
	assert_sends_to(sim, NAT, 40000);
	assert_int_equal(sim_path_state(sim, 1, SERVER, OTHER),
			 MOBX_PATH_STATE_VALID);
	start_data(sim);
	sim_run(sim, SIM_SECOND);
	use(sim, WLAN, false);
	assert_sends_to(sim, OTHER, 50000);
	assert_lives_on(sim, WLAN, true);
	use(sim, RADIO, false);
	assert_sends_to(sim, NAT, 40000);
	stop_data(sim);
	for (int i = 0; i < 2; i++)
		assert_int_equal(sim->node[i].flow.received,
				 sim->node[i].flow.sent);

	/* The link goes: one round trip, then all flows again. */
	start_data(sim);
	sim_run(sim, SIM_SECOND);
	sim_set_link(sim, 0, 0, false);
	sim_run(sim, 2 * SIM_SECOND);
	assert_sends_to(sim, OTHER, 50000);
	stop_data(sim);
	assert_true(sim->node[0].flow.longest_gap <= 25 * SIM_MS);
	assert_true(sim->node[1].flow.longest_gap <= 25 * SIM_MS);
	sim_free(sim);
}

/* ESP goes in UDP where there is a NAT, and plain where there is none. */
static void encapsulation(bool mobikex)
{
	struct sim *sim = start(mobikex, OTHER, false);

	assert_lives_on(sim, RADIO, true);
	sim_set_link(sim, 0, 2, true);
	use(sim, CABLE, true);
	assert_sends_to(sim, CABLE, 0);
	assert_lives_on(sim, CABLE, false);
	start_data(sim);
	sim_run(sim, SIM_SECOND);
	sim_path(sim, 0, IKE_PATH_USE, WLAN, true);
	sim_run(sim, 4 * SIM_SECOND);
	assert_int_equal(sim->node[0].last_err, 0);
	assert_sends_to(sim, OTHER, 50000);
	assert_lives_on(sim, WLAN, true);
	stop_data(sim);
	/* Until the answer the mobile sends without UDP, into the NAT. */
	assert_true(sim->node[0].flow.longest_gap <= 40 * SIM_MS);
	assert_true(sim->node[1].flow.longest_gap <= 60 * SIM_MS);
	sim_free(sim);
}

static void test_encapsulation(void **state)
{
	(void)state;
	encapsulation(true);
	encapsulation(false);
}

/*
 * The NAT starts anew while nothing is sent by the mobile: liveness is fine,
 * what the server sends is lost. The next sign of life that is asked for shows
 * it, and the mobile says so.
 */
static void reboot(bool mobikex, const char *outside, uint16_t port)
{
	struct sim *sim = start(mobikex, OTHER, true);

	sim_run(sim, 15 * SIM_SECOND);
	assert_int_equal(sim_reports(sim, 0, "nat"), 0);
	assert_sends_to(sim, NAT, 40000);
	put_nat(sim, 0, outside, port);
	/* One liveness check comes within ten seconds. */
	sim_run(sim, 10 * SIM_SECOND + 200 * SIM_MS);
	assert_int_equal(sim_reports(sim, 0, "nat"), 1);
	assert_sends_to(sim, outside, port);
	assert_int_equal(sim_reports(sim, 0, "ike-up"), 1);
	start_data(sim);
	sim_run(sim, SIM_SECOND);
	stop_data(sim);
	assert_int_equal(sim->node[1].flow.received, sim->node[1].flow.sent);
	sim_free(sim);
}

static void test_reboot(void **state)
{
	(void)state;
	reboot(true, NAT, 41000);
	reboot(true, "192.0.2.7", 40000);
	reboot(false, NAT, 41000);
	reboot(false, "192.0.2.7", 41000);
}

/*
 * The same while the mobile sends: the server's kernel sees ESP from elsewhere,
 * asks there, and does not move before the mobile itself has said so.
 */
static void test_reboot_hint(void **state)
{
	struct sim *sim = start(true, OTHER, true);

	(void)state;
	start_data(sim);
	sim_run(sim, SIM_SECOND);
	put_nat(sim, 0, NAT, 41000);
	sim_run(sim, 12 * SIM_MS);
	assert_sends_to(sim, NAT, 40000);
	sim_run(sim, SIM_SECOND);
	assert_sends_to(sim, NAT, 41000);
	stop_data(sim);
	/* There and back, and once more. */
	assert_true(sim->node[1].flow.longest_gap <= 60 * SIM_MS);
	assert_int_equal(sim->node[0].flow.received, sim->node[0].flow.sent);
	sim_free(sim);
}

/* Somebody sends on what he held up: asked, no answer, nothing changes. */
static void test_hint_of_stranger(void **state)
{
	struct sim *sim = start(true, OTHER, true);
	struct ike_event ev = { .type = IKE_EV_PATH_HINT };
	uint64_t generation = sim->node[1].peers[0].generation;

	(void)state;
	ev.u.path_hint.peer = sim->node[1].peers[0].id;
	ev.u.path_hint.local = addr(SERVER);
	ev.u.path_hint.remote = addr("198.51.100.9");
	ev.u.path_hint.remote_port = 4500;
	for (int i = 0; i < 20; i++) {
		sim_event(sim, 1, &ev);
		sim_run(sim, 100 * SIM_MS);
	}
	sim_run(sim, 5 * SIM_SECOND);
	assert_sends_to(sim, NAT, 40000);
	assert_int_equal(sim->node[1].peers[0].generation, generation);
	assert_int_equal(sim_reports(sim, 1, "ike-down"), 0);
	sim_free(sim);
}

/* Two links behind one NAT have one address outside, and two ports. */
static void test_one_nat(void **state)
{
	struct sim *sim = start(true, NAT, true);
	struct ike_status s;

	(void)state;
	assert_true(sim_status(sim, 0, &s));
	assert_int_equal(s.npaths, 2);
	assert_int_equal(s.paths[0].path.state, MOBX_PATH_STATE_VALID);
	assert_int_equal(s.paths[1].path.state, MOBX_PATH_STATE_VALID);
	assert_sends_to(sim, NAT, 40000);
	start_data(sim);
	sim_run(sim, SIM_SECOND);
	use(sim, WLAN, false);
	assert_sends_to(sim, NAT, 50000);
	use(sim, RADIO, false);
	assert_sends_to(sim, NAT, 40000);
	stop_data(sim);
	for (int i = 0; i < 2; i++)
		assert_int_equal(sim->node[i].flow.received,
				 sim->node[i].flow.sent);
	sim_set_link(sim, 0, 0, false);
	sim_run(sim, 2 * SIM_SECOND);
	assert_sends_to(sim, NAT, 50000);
	sim_set_link(sim, 0, 0, true);
	sim_run(sim, 8 * SIM_SECOND);
	/* It forgets both: the one in use is told at once, the other when used. */
	put_nat(sim, 0, NAT, 42000);
	put_nat(sim, 1, NAT, 52000);
	sim_run(sim, 11 * SIM_SECOND);
	assert_sends_to(sim, NAT, 52000);
	use(sim, RADIO, false);
	assert_sends_to(sim, NAT, 42000);
	sim_free(sim);
}

/* Rekeying the IKE SA while the NAT changes: nobody is left behind. */
static void test_rekey(void **state)
{
	struct sim *sim = start(true, OTHER, true);
	struct ike_event ev = { .type = IKE_EV_CONN_REKEY };

	(void)state;
	put_nat(sim, 0, NAT, 43000);
	ev.u.conn.name = "server";
	sim_event(sim, 0, &ev);
	sim_run(sim, 4 * SIM_SECOND);
	assert_sends_to(sim, NAT, 43000);
	put_nat(sim, 0, NAT, 44000);
	sim_run(sim, 11 * SIM_SECOND);
	assert_sends_to(sim, NAT, 44000);
	sim_free(sim);
}

/*
 * A path that does not answer is told of as well, but never first: where the
 * peer sends to comes before all others.
 */
static void test_dead_spare(void **state)
{
	struct sim *sim = start(true, OTHER, true);
	struct ike_event ev = { .type = IKE_EV_CONN_REKEY };

	(void)state;
	use(sim, WLAN, false);
	sim_run(sim, 5 * SIM_SECOND);
	/* Its link is up, and it has the lower ID. */
	sim->node[0].links[0].lose = 1000;
	ev.u.conn.name = "server";
	sim_event(sim, 0, &ev);
	put_nat(sim, 1, OTHER, 51000);
	sim_run(sim, 500 * SIM_MS);
	assert_sends_to(sim, OTHER, 51000);
	/* Not even while the other one is being told of. */
	sim_run(sim, 10 * SIM_SECOND);
	put_nat(sim, 1, OTHER, 52000);
	sim_run(sim, 10 * SIM_SECOND + 200 * SIM_MS);
	assert_sends_to(sim, OTHER, 52000);
	assert_int_equal(sim_reports(sim, 0, "ike-up"), 1);
	/* Its tries become rare, but it is not forgotten. */
	sim_run(sim, 60 * SIM_SECOND);
	sim->node[0].links[0].lose = 0;
	put_nat(sim, 0, NAT, 41000);
	sim_run(sim, 120 * SIM_SECOND);
	use(sim, RADIO, false);
	assert_sends_to(sim, NAT, 41000);
	sim_free(sim);
}

/*
 * One NAT for both links gives the path in use the mapping that the server holds
 * for the other one. It is refused by its ID, says it without, and both ends
 * agree on IDs again.
 */
static void taken_mapping(uint16_t spare_port, bool spare_dead)
{
	struct sim *sim = start(true, NAT, true);
	char why[160];

	sim_run(sim, 5 * SIM_SECOND);
	assert_sends_to(sim, NAT, 40000);
	put_nat(sim, 0, NAT, 50000);
	put_nat(sim, 1, NAT, spare_port);
	if (spare_dead)
		sim->node[0].links[1].lose = 1000;
	sim_run(sim, 10 * SIM_SECOND + 200 * SIM_MS);
	assert_sends_to(sim, NAT, 50000);
	assert_lives_on(sim, RADIO, true);
	sim->node[0].links[1].lose = 0;
	/* The other one is withdrawn meanwhile and announced anew. */
	sim_run(sim, 60 * SIM_SECOND);
	assert_sends_to(sim, NAT, 50000);
	if (!sim_mirrored(sim, why, sizeof(why)))
		fail_msg("%s", why);
	use(sim, WLAN, false);
	assert_sends_to(sim, NAT, spare_port);
	use(sim, RADIO, false);
	assert_sends_to(sim, NAT, 50000);
	assert_int_equal(sim_reports(sim, 0, "ike-up"), 1);
	sim_free(sim);
}

static void test_taken_mapping(void **state)
{
	(void)state;
	taken_mapping(51000, false);
	taken_mapping(51000, true);
	/* Each has that of the other. */
	taken_mapping(40000, false);
	taken_mapping(40000, true);
}

/* A spare one gets it: nothing happens to the path in use. */
static void test_spare_takes_mapping(void **state)
{
	struct sim *sim = start(true, NAT, true);
	char why[160];

	(void)state;
	sim_run(sim, 5 * SIM_SECOND);
	put_nat(sim, 0, NAT, 60000);
	put_nat(sim, 1, NAT, 40000);
	sim_path(sim, 0, IKE_PATH_USE, WLAN, false);
	sim_run(sim, 15 * SIM_SECOND);
	if (!sim_mirrored(sim, why, sizeof(why)))
		fail_msg("%s", why);
	use(sim, WLAN, true);
	assert_sends_to(sim, NAT, 40000);
	use(sim, RADIO, true);
	assert_sends_to(sim, NAT, 60000);
	sim_free(sim);
}

/*
 * NATs that are not allowed: found in IKE_AUTH already, for the mobile has said
 * where it sends from, or when a path is to lead through one.
 */
static void test_not_allowed(void **state)
{
	struct sim *sim = sim_new(1, &mobike_ext, &mobike_ext);
	struct ike_conn c = sim_conn(1);

	(void)state;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	put_nat(sim, 0, NAT, 40000);
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	c.nat_traversal = false;
	c.auto_add = false;
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
	/* The second link has none. */
	assert_int_equal(sim_reports(sim, 1, "error"), 1);
	assert_sends_to(sim, WLAN, 0);
	sim_path(sim, 0, IKE_PATH_ADD, RADIO, false);
	sim_run(sim, 4 * SIM_SECOND);
	assert_int_equal(sim->node[0].last_err, -EPERM);
	assert_non_null(strstr(sim->node[0].last_text, "NAT"));
	assert_int_equal(sim_path_state(sim, 1, SERVER, NAT), -1);
	sim_free(sim);

	/* The server's word counts as well. */
	sim = sim_new(2, &mobike_ext, &mobike_ext);
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	c = sim_conn(1);
	c.nat_traversal = false;
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	c.auto_add = false;
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
	put_nat(sim, 1, OTHER, 50000);
	sim_path(sim, 0, IKE_PATH_USE, WLAN, true);
	sim_run(sim, 4 * SIM_SECOND);
	assert_int_equal(sim->node[0].last_err, -EPERM);
	assert_int_equal(sim_path_state(sim, 1, SERVER, OTHER), -1);
	assert_sends_to(sim, RADIO, 0);
	sim_free(sim);
}

/*
 * What RFC 4555 alone cannot do is said and not tried: one pair of addresses at
 * a time; both ends that move in one moment find each other by a new IKE SA.
 */
static void test_limits(void **state)
{
	struct sim *sim = start(false, OTHER, true);
	struct ike_status s;

	(void)state;
	assert_true(sim_status(sim, 0, &s));
	assert_int_equal(s.npaths, 1);
	sim_path(sim, 0, IKE_PATH_ADD, WLAN, false);
	assert_int_equal(sim->node[0].last_err, -EOPNOTSUPP);
	assert_non_null(strstr(sim->node[0].last_text, "one path"));
	sim_path(sim, 1, IKE_PATH_USE, SERVER, false);
	sim_run(sim, SIM_SECOND);
	sim_add_link(sim, 1, "10.0.3.3", "eth1", 2500)->up = true;
	sim->node[1].links[0].up = false;
	sim->node[0].links[0].up = false;
	sim_tell_addrs(sim, 0);
	sim_tell_addrs(sim, 1);
	sim_run(sim, 5 * SIM_SECOND);
	/* The mobile knocks where nobody is. */
	assert_true(wire_addr_equal(&sim->node[1].peers[0].paths[0].remote,
				    &(struct wire_addr){ .family = 4,
					.a = { 192, 0, 2, 1 } }));
	sim->node[1].links[0].up = true;
	sim_tell_addrs(sim, 1);
	sim_run(sim, 400 * SIM_SECOND);
	assert_sends_to(sim, OTHER, 50000);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_encapsulation),
		cmocka_unit_test(test_reboot),
		cmocka_unit_test(test_reboot_hint),
		cmocka_unit_test(test_hint_of_stranger),
		cmocka_unit_test(test_one_nat),
		cmocka_unit_test(test_rekey),
		cmocka_unit_test(test_dead_spare),
		cmocka_unit_test(test_taken_mapping),
		cmocka_unit_test(test_spare_takes_mapping),
		cmocka_unit_test(test_not_allowed),
		cmocka_unit_test(test_limits),
	};

	cmocka_set_test_filter(getenv("SIM_TEST"));
	return cmocka_run_group_tests_name("mobike: NATs", tests, NULL, NULL);
}
