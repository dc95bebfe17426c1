// SPDX-License-Identifier: GPL-2.0
/*
 * A responder with several addresses, which it tells by RFC 4555's lists: what
 * the initiator makes of them when its path dies, from IPv4 to IPv6 too.
 * SIM_TEST=NAME runs one test, SIM_VERBOSE=1 tells what happens in it.
 *
 * covers: MB6 MB7 MB8 MB10 MB11 MB17 MB18 MB19 MB23 MX7
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ike/sa.h"
#include "mobike/mobike.h"
#include "mobike/session.h"
#include "mobike_hand.h"

#define SECOND	"10.0.5.2"
#define THIRD	"10.0.6.2"

static struct wire_addr addr(const char *text)
{
	struct wire_addr a;

	assert_true(wire_addr_parse(&a, text));
	return a;
}

/*
 * The mobile has radio, the server two addresses; @deny is the mobile's, and so
 * is @ext.
 */
static struct sim *start_as(const struct ike_ext_ops *ext,
			    const struct ike_ext_ops *server, bool mobikex,
			    const char *other, const char *deny, bool nats)
{
	struct sim *sim = sim_new(1, ext, server);
	struct ike_conn c;

	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	sim_add_link(sim, 1, other, "eth1", 2500);
	sim_tell_addrs(sim, 1);
	c = sim_conn(1);
	c.mode = MOBX_MODE_TUNNEL;
	c.mobikex = mobikex;
	/* It announces nothing by itself. */
	c.auto_add = false;
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	c.mode = MOBX_MODE_TUNNEL;
	c.mobikex = mobikex;
	c.nat_traversal = nats;
	c.dpd_delay_us = 5 * SIM_SECOND;
	if (deny) {
		c.ndeny = 1;
		c.deny[0].addr = addr(deny);
		c.deny[0].plen = 32;
	}
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
	return sim;
}

static struct sim *start_with(bool mobikex, const char *other, const char *deny,
			      bool nats)
{
	return start_as(&mobike_ext, &mobike_ext, mobikex, other, deny, nats);
}

static struct sim *start(bool mobikex, const char *other, const char *deny)
{
	return start_with(mobikex, other, deny, true);
}

static void name_link(struct ike_links *list, const char *name)
{
	if (name)
		snprintf(list->name[list->n++], sizeof(list->name[0]), "%s",
			 name);
}

/* The hand as mobile, a server with two addresses and lists of its own ones */
static struct sim *forbids(const char *deny, const char *allow,
			   const char *link_deny, const char *link_allow,
			   bool known, bool mobikex)
{
	struct sim *sim = sim_new(1, &hand_ext, &mobike_ext);
	struct ike_conn c = sim_conn(1);

	memset(&hand, 0, sizeof(hand));
	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	sim_add_link(sim, 1, SECOND, "eth1", 2500);
	if (known)
		sim_tell_addrs(sim, 1);
	c.mobikex = mobikex;
	c.auto_add = false;
	c.nlocal_deny = deny != NULL;
	c.nlocal_allow = allow != NULL;
	if (deny)
		c.local_deny[0] = (struct ike_prefix){ addr(deny), 32 };
	if (allow)
		c.local_allow[0] = (struct ike_prefix){ addr(allow), 32 };
	name_link(&c.link_deny, link_deny);
	name_link(&c.link_allow, link_allow);
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
	assert_int_equal(hand.n_sa, 1);
	return sim;
}

/* Does the mobile watch the way to an address of the server? */
static bool watches(const struct sim *sim, const char *text)
{
	struct wire_addr a = addr(text);

	for (unsigned int i = 0; i < sim->node[0].n_remotes; i++)
		if (wire_addr_equal(&sim->node[0].remotes[i], &a))
			return true;
	return false;
}

/* Both ends live on these addresses, by the IKE SA that they had. */
static void assert_at(struct sim *sim, const char *mobile, const char *server,
		      uint64_t spi)
{
	struct wire_addr m = addr(mobile), s = addr(server);
	struct ike_status st;
	char why[160];

	assert_true(sim_status(sim, 0, &st));
	assert_true(wire_addr_equal(&st.local.addr, &m));
	assert_true(wire_addr_equal(&st.remote.addr, &s));
	assert_true(st.spi_i == spi);
	assert_true(sim_status(sim, 1, &st));
	assert_true(wire_addr_equal(&st.local.addr, &s));
	assert_true(wire_addr_equal(&st.remote.addr, &m));
	assert_int_equal(sim_path_state(sim, 0, mobile, server),
			 MOBX_PATH_STATE_VALID);
	assert_int_equal(sim_path_state(sim, 1, server, mobile),
			 MOBX_PATH_STATE_VALID);
	if (!sim_mirrored(sim, why, sizeof(why)))
		fail_msg("%s", why);
}

static uint64_t spi_of(struct sim *sim)
{
	struct ike_status st;

	assert_true(sim_status(sim, 0, &st));
	return st.spi_i;
}

/* A list changes nothing but what is watched, and each replaces the last. */
static void test_lists(void **state)
{
	struct sim *sim = start(false, SECOND, NULL);
	uint64_t generation = sim->node[0].peers[0].generation;
	uint64_t spi = spi_of(sim);

	(void)state;
	assert_true(watches(sim, SERVER) && watches(sim, SECOND));
	sim_add_link(sim, 1, THIRD, "eth2", 2500);
	sim_tell_addrs(sim, 1);
	sim_run(sim, SIM_SECOND);
	assert_true(watches(sim, SECOND) && watches(sim, THIRD));
	sim_set_link(sim, 1, 1, false);
	sim_run(sim, SIM_SECOND);
	assert_true(!watches(sim, SECOND) && watches(sim, THIRD));
	sim_set_link(sim, 1, 2, false);
	sim_run(sim, SIM_SECOND);
	assert_true(watches(sim, SERVER) && !watches(sim, THIRD));
	sim_set_link(sim, 1, 1, true);
	sim_run(sim, SIM_SECOND);
	assert_true(watches(sim, SECOND));
	assert_int_equal(sim->node[0].peers[0].generation, generation);
	assert_at(sim, RADIO, SERVER, spi);
	sim_free(sim);
}

/* No answers from where the server is: it is asked where else it said it is. */
static void test_silent(void **state)
{
	(void)state;
	for (int x = 0; x < 2; x++) {
		struct sim *sim = start(x, SECOND, NULL);
		const struct wire_addr first = addr(SERVER);
		uint64_t spi = spi_of(sim);
		struct ike_status st;

		sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
		sim_tell_addrs(sim, 0);
		sim_run(sim, 3 * SIM_SECOND);
		sim->node[1].links[0].lose = 1000;
		sim_run(sim, 20 * SIM_SECOND);
		assert_true(spi_of(sim) == spi);
		/* Its own links had their turn first: the last one was wlan. */
		assert_at(sim, RADIO, SECOND, spi);
		/* Where it was before is known on: it may go back. */
		assert_true(watches(sim, SERVER));
		sim->node[1].links[0].lose = 0;
		sim_run(sim, 90 * SIM_SECOND);
		assert_true(spi_of(sim) == spi);
		sim->node[1].links[1].lose = 1000;
		sim_run(sim, 20 * SIM_SECOND);
		assert_true(sim_status(sim, 0, &st));
		assert_true(st.spi_i == spi);
		assert_true(wire_addr_equal(&st.remote.addr, &first));
		sim_free(sim);
	}
}

/* Nothing but IKE is sent to such an address before it has answered. */
static void test_unproven(void **state)
{
	struct sim *sim = start(false, SECOND, NULL);
	unsigned int seen = 0;

	(void)state;
	sim->node[1].links[0].lose = 1000;
	sim->node[1].links[1].lose = 1000;
	for (int i = 0; i < 100; i++) {
		sim_run(sim, 100 * SIM_MS);
		assert_int_not_equal(sim_path_state(sim, 0, RADIO, SECOND),
				     MOBX_PATH_STATE_VALID);
		if (sim_path_state(sim, 0, RADIO, SECOND) !=
		    MOBX_PATH_STATE_TENTATIVE)
			continue;
		assert_int_equal(sim_path_credit(sim, 0, RADIO, SECOND), 0);
		seen++;
	}
	assert_int_not_equal(seen, 0);
	/* Who answers nowhere is dead, however many addresses it had. */
	sim_run(sim, 60 * SIM_SECOND);
	assert_int_equal(sim_reports(sim, 0, "ike-down"), 1);
	sim_free(sim);
}

/* What is outstanding goes to a third address as well, and back again. */
static void detour(struct ike_sa *sa, const struct ike_ev_path_cmd *cmd)
{
	const struct wire_endpoint local = sa->local, back = sa->remote;
	const struct wire_endpoint there = { cmd->local, back.port };

	ike_sa_set_addresses(sa, &local, &there);
	ike_sa_set_addresses(sa, &local, &back);
}

/*
 * The answer to what was sent to one address proves it. What was sent to several
 * may have been read at any of them: another request has to prove it.
 */
static void test_several(void **state)
{
	struct ike_ext_ops ext = mobike_ext;

	(void)state;
	ext.path_cmd = detour;
	for (int i = 0; i < 4; i++) {
		bool several = i & 1, mobikex = i & 2;
		struct sim *sim = start_as(&ext, &mobike_ext, mobikex, SECOND,
					   NULL, true);
		uint64_t spi = spi_of(sim);

		sim->node[1].links[1].delay_us = 100 * SIM_MS;
		sim->node[1].links[0].lose = 1000;
		while (sim_path_state(sim, 0, RADIO, SECOND) < 0)
			sim_run(sim, 10 * SIM_MS);
		assert_int_equal(sim_path_state(sim, 0, RADIO, SECOND),
				 MOBX_PATH_STATE_TENTATIVE);
		while (!sim_reports(sim, 0, "move")) {
			if (several)
				sim_path(sim, 0, IKE_PATH_USE, THIRD, true);
			sim_run(sim, 10 * SIM_MS);
		}
		assert_int_equal(sim_path_state(sim, 0, RADIO, SECOND),
				 several ? MOBX_PATH_STATE_TENTATIVE :
					   MOBX_PATH_STATE_VALID);
		sim_run(sim, SIM_SECOND);
		assert_at(sim, RADIO, SECOND, spi);
		sim_free(sim);
	}
}

/* What the lists of the connection forbid is not gone to. */
static void test_denied(void **state)
{
	struct sim *sim = start(false, SECOND, SECOND);

	(void)state;
	assert_false(watches(sim, SECOND));
	sim->node[1].links[0].lose = 1000;
	sim_run(sim, 20 * SIM_SECOND);
	assert_int_equal(sim_path_state(sim, 0, RADIO, SECOND), -1);
	sim_free(sim);
}

/* Where the server's configuration does not let it be nobody has it begin anew. */
static void test_server_forbids(void **state)
{
	static const struct {
		const char *deny, *allow, *link_deny, *link_allow;
		bool known, ok;
	} cases[] = {
		{ NULL, NULL, NULL, NULL, true, true },
		{ NULL, NULL, NULL, NULL, false, true },
		{ THIRD, NULL, NULL, NULL, false, true },
		{ NULL, NULL, "docker*", NULL, true, true },
		{ NULL, NULL, NULL, "eth*", true, true },
		{ SECOND, NULL, NULL, NULL, true, false },
		{ SECOND, NULL, NULL, NULL, false, false },
		{ NULL, SERVER, NULL, NULL, true, false },
		{ NULL, NULL, "eth1", NULL, true, false },
		{ NULL, NULL, NULL, "eth0", true, false },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct sim *sim = forbids(cases[i / 2].deny, cases[i / 2].allow,
					  cases[i / 2].link_deny,
					  cases[i / 2].link_allow,
					  cases[i / 2].known, i & 1);
		struct ask move = hand_ask_by(RADIO);
		bool ok = cases[i / 2].ok;

		move.to = SECOND;
		hand_put_update(&move);
		hand_ask(sim, &move);
		assert_int_equal(move.error,
				 ok ? 0 : IKE_N_UNACCEPTABLE_ADDRESSES);
		assert_int_equal(move.reason.code, ok || !(i & 1) ? 0 :
						   MOBIKEX_R_POLICY_DENIED);
		assert_int_equal(sim_path_state(sim, 1, ok ? SECOND : SERVER,
						RADIO), MOBX_PATH_STATE_VALID);
		if (!ok)
			assert_int_equal(sim_path_state(sim, 1, SECOND, RADIO),
					 -1);
		sim_free(sim);
	}
}

/* The server's address goes: it tells from another one, and is followed. */
static void test_server_leaves(void **state)
{
	struct sim *sim = start(false, SECOND, NULL);
	uint64_t spi = spi_of(sim);

	(void)state;
	sim_set_link(sim, 1, 0, false);
	sim_run(sim, 300 * SIM_MS);
	assert_at(sim, RADIO, SECOND, spi);
	sim_set_link(sim, 1, 0, true);
	sim_run(sim, SIM_SECOND);
	assert_true(watches(sim, SERVER));
	sim_set_link(sim, 1, 1, false);
	sim_run(sim, 300 * SIM_MS);
	assert_at(sim, RADIO, SERVER, spi);
	sim_free(sim);
}

/*
 * A list of the server's that comes from elsewhere: somebody may have sent it on
 * from there. Where the peer must not be it does not count; else the mobile asks
 * there, and if nobody answers that is it.
 */
static void test_list_sent_on(void **state)
{
	static const char *const deny[] = { THIRD, "127.0.0.9", NULL };

	(void)state;
	for (int i = 0; i < 3; i++) {
		const char *from = i == 1 ? "127.0.0.1" : THIRD;
		struct ask list = hand_ask_by(from);
		unsigned int tried;
		struct sim *sim;

		memset(&hand, 0, sizeof(hand));
		hand.node = 1;
		sim = start_as(&mobike_ext, &hand_ext, false, SECOND, deny[i],
			       true);
		sim_add_link(sim, 1, from, "eth2", 2500);
		hand_put(&list, IKE_N_NO_ADDITIONAL_ADDRESSES, NULL, 0);
		tried = sim_reports(sim, 0, "error");
		hand_send(sim, &list, NULL);
		/* The answer is on its way, and nothing else gets there. */
		sim_run(sim, 7550);
		sim->node[1].links[2].lose = 1000;
		assert_int_equal(watches(sim, from), i == 2);
		sim_run(sim, 400 * SIM_SECOND);
		assert_int_equal(sim_reports(sim, 0, "error") - tried, i == 2);
		assert_int_equal(sim_path_state(sim, 0, RADIO, SERVER),
				 MOBX_PATH_STATE_VALID);
		assert_int_equal(sim_reports(sim, 0, "ike-down"), 0);
		sim_free(sim);
	}
}

/* It is there indeed, but is not heard at first: it is asked once more. */
static void test_server_leaves_slowly(void **state)
{
	struct sim *sim = start(false, SECOND, NULL);
	uint64_t spi = spi_of(sim);

	(void)state;
	sim_set_link(sim, 1, 0, false);
	sim_run(sim, 8 * SIM_MS);
	sim->node[1].links[1].lose = 1000;
	sim_run(sim, SIM_SECOND);
	sim->node[1].links[1].lose = 0;
	sim_run(sim, 5 * SIM_SECOND);
	assert_at(sim, RADIO, SECOND, spi);
	sim_free(sim);
}

static struct ike_sa *mobile;

static void on_established(struct ike_sa *sa)
{
	mobile = sa;
	mobike_ext.established(sa);
}

/*
 * The mobile asks to go on at the server's other address, which the server refuses;
 * but it has come there by itself meanwhile. That stays, though what was refused is
 * undone.
 */
static void test_moves_cross(void **state)
{
	struct ask list = hand_ask_by(SERVER), move = hand_ask_by(SECOND);
	struct wire_addr first = addr(SERVER), second = addr(SECOND);
	struct ike_ext_ops ext = mobike_ext;

	(void)state;
	ext.established = on_established;
	hand_put(&list, IKE_N_ADDITIONAL_IP4_ADDRESS, second.a, 4);
	hand_put_update(&move);
	for (int x = 0; x < 2; x++) {
		const struct mx_session *s;
		struct sim *sim;

		memset(&hand, 0, sizeof(hand));
		hand.node = 1;
		sim = start_as(&ext, &hand_ext, true, SECOND, NULL, true);
		s = mobile->ext;
		hand_send(sim, &list, NULL);
		sim_run(sim, SIM_SECOND);
		sim->node[1].links[0].lose = 1000;
		while (!s->ask || !s->ask->elsewhere)
			sim_run(sim, SIM_MS);
		hand.check = REFUSED;
		if (x)
			hand_send(sim, &move, NULL);
		while (s->ask && s->ask->elsewhere)
			sim_run(sim, SIM_MS);
		assert_true(wire_addr_equal(&mx_set_primary(&s->peer)->addr,
					    x ? &second : &first));
		assert_int_equal(mx_set_primary(&s->own)->state, MOBIKEX_VALID);
		sim_free(sim);
	}
}

/*
 * The server goes on at an address of the mobile's that is no path, so that both
 * sets begin anew, and refuses a path that it was asked to add before: the set from
 * before does not come back, be the kernel told by then or not.
 */
static void begun_anew(uint64_t after_us)
{
	struct ask move = hand_ask_by(SERVER);
	struct ike_ext_ops ext = mobike_ext;
	struct wire_addr cable = addr(CABLE);
	const struct mx_session *s;
	struct sim *sim;
	uint64_t serial;

	memset(&hand, 0, sizeof(hand));
	hand.node = 1;
	hand.check = REFUSED;
	ext.established = on_established;
	sim = start_as(&ext, &hand_ext, true, SECOND, NULL, true);
	s = mobile->ext;
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 0, CABLE, "cable", 5 * SIM_MS);
	sim_tell_addrs(sim, 0);
	sim_path(sim, 0, IKE_PATH_ADD, WLAN, false);
	for (int i = 0; i < 1000 && !(s->ask && s->ask->request); i++)
		sim_run(sim, 1);
	assert_true(s->ask && s->ask->kind == MX_ASK_ADD);
	sim_run(sim, after_us);
	assert_int_equal(s->own.n, 2);
	assert_null(mx_set_by_addr(&s->own, &cable));
	hand_put_update(&move);
	move.to = CABLE;
	hand_send(sim, &move, NULL);
	serial = s->ask->serial;
	while (s->ask && s->ask->serial == serial)
		sim_run(sim, 1);
	assert_int_equal(s->pending != NULL, after_us > 0);
	assert_true(wire_addr_equal(&mx_set_primary(&s->own)->addr, &cable));
	sim_run(sim, 10 * SIM_MS);
	assert_int_not_equal(sim_path_state(sim, 0, CABLE, SERVER), -1);
	sim_free(sim);
}

static void test_begun_anew(void **state)
{
	(void)state;
	begun_anew(0);
	/* The refusal comes when the change is on its way to the kernel. */
	begun_anew(7500 - 20);
}

/*
 * Of one path nobody knows whether the server has it, and it refuses to tell: it is
 * asked again, but in peace.
 */
static void test_query_refused(void **state)
{
	struct ike_ext_ops ext = mobike_ext;
	struct mx_session *s;
	struct sim *sim;
	unsigned int before;

	(void)state;
	memset(&hand, 0, sizeof(hand));
	hand.node = 1;
	ext.established = on_established;
	sim = start_as(&ext, &hand_ext, true, SECOND, NULL, true);
	s = mobile->ext;
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
	sim_tell_addrs(sim, 0);
	sim_run(sim, 2 * SIM_SECOND);
	assert_int_equal(s->own.n, 2);
	s->own.path[1].state = MOBIKEX_TENTATIVE;
	s->query_at = sim->now;
	hand.check = REFUSED;
	before = sim_reports(sim, 0, "error");
	sim_run(sim, 30 * SIM_SECOND);
	assert_in_range(sim_reports(sim, 0, "error") - before, 2, 4);
	hand.check = ANSWERED;
	sim_free(sim);
}

/*
 * A list is on its way when the address that it comes from goes. What is sent
 * again from another one does not fit, which tells if NATs are not allowed, and
 * is not believed; a new one is made.
 */
static void test_list_overtaken(void **state)
{
	struct sim *sim = start_with(false, SECOND, NULL, false);
	uint64_t spi = spi_of(sim);

	(void)state;
	sim->node[1].links[0].lose = 1000;
	sim_add_link(sim, 1, THIRD, "eth2", 2500);
	sim_tell_addrs(sim, 1);
	sim_run(sim, 100 * SIM_MS);
	assert_false(watches(sim, THIRD));
	sim_set_link(sim, 1, 0, false);
	/* One way: what is sent again is there, and nothing new yet. */
	sim_run(sim, 8 * SIM_MS);
	assert_false(watches(sim, THIRD));
	sim_run(sim, 300 * SIM_MS);
	assert_true(watches(sim, THIRD) && watches(sim, SECOND));
	assert_at(sim, RADIO, SECOND, spi);
	sim_free(sim);
}

/* A phone leaves an IPv4 link for an IPv6 one, and comes back. */
static void test_families(void **state)
{
	(void)state;
	for (int x = 0; x < 2; x++) {
		struct sim *sim = start(x, SERVER6, NULL);
		uint64_t spi = spi_of(sim);
		struct ike_status st;

		sim_add_link(sim, 0, RADIO6, "wlan", 5 * SIM_MS)->up = false;
		for (int i = 0; i < 3; i++) {
			sim->node[0].links[0].up = i % 2;
			sim->node[0].links[1].up = !(i % 2);
			sim_tell_addrs(sim, 0);
			sim_run(sim, 2 * SIM_SECOND);
			assert_at(sim, i % 2 ? RADIO : RADIO6,
				  i % 2 ? SERVER : SERVER6, spi);
			assert_true(sim_status(sim, 0, &st));
			assert_string_equal(st.move.kind, "hard");
			assert_int_equal(st.nchildren, 1);
		}
		/* And when the links change places with a pause. */
		sim_set_link(sim, 0, 1, false);
		sim_run(sim, 20 * SIM_SECOND);
		sim_set_link(sim, 0, 0, true);
		sim_run(sim, 2 * SIM_SECOND);
		assert_at(sim, RADIO, SERVER, spi);
		sim_free(sim);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_unproven),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_denied),
		cmocka_unit_test(test_server_forbids),
		cmocka_unit_test(test_server_leaves),
		cmocka_unit_test(test_list_sent_on),
		cmocka_unit_test(test_server_leaves_slowly),
		cmocka_unit_test(test_moves_cross),
		cmocka_unit_test(test_begun_anew),
		cmocka_unit_test(test_query_refused),
		cmocka_unit_test(test_list_overtaken),
		cmocka_unit_test(test_families),
	};

	cmocka_set_test_filter(getenv("SIM_TEST"));
	return cmocka_run_group_tests_name("mobike: other addresses", tests,
					   NULL, NULL);
}
