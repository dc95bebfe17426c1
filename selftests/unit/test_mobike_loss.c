// SPDX-License-Identifier: GPL-2.0
/*
 * Each datagram of each kind of change is lost once, alone and with each other
 * one, and at each the IKE SA or a Child SA is replaced: both ends come to hold
 * the same paths, those that were asked for, by the IKE SA that there was.
 * SIM_TEST=NAME runs one test, SIM_VERBOSE=1 tells what happens in it.
 *
 * covers: MX10 MX11
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ike/priv.h"
#include "mobike/mobike.h"
#include "mobike_sim.h"

#define RADIO	"10.0.1.2"
#define WLAN	"10.0.2.2"
#define CABLE	"10.0.4.2"
#define SERVER	"10.0.3.2"

static void add(struct sim *sim)
{
	sim_path(sim, 0, IKE_PATH_ADD, WLAN, false);
}

static void del(struct sim *sim)
{
	sim_path(sim, 0, IKE_PATH_DEL, WLAN, false);
}

static void use(struct sim *sim)
{
	sim_path(sim, 0, IKE_PATH_USE, WLAN, false);
}

/* All of a soft handover, one after the other. */
static void hand_over(struct sim *sim)
{
	sim_path(sim, 0, IKE_PATH_ADD, WLAN, false);
	sim_path(sim, 0, IKE_PATH_USE, WLAN, false);
	sim_path(sim, 0, IKE_PATH_DEL, RADIO, false);
}

static void use_hard(struct sim *sim)
{
	sim_path(sim, 0, IKE_PATH_USE, WLAN, true);
}

static void link_goes(struct sim *sim)
{
	sim_set_link(sim, 0, 0, false);
}

/**
 * struct change - something that a mobile does
 *
 * @mobikex: both ends speak MOBIKE-X
 * @both: both links are paths before
 * @begin: begins it
 * @primary: where it lives in the end
 * @paths: how many pairs are in use then
 * @us: without any loss it is over by then
 * @one: there is but one path: two losses in a row are trouble, for which it may
 *	go back to where it was
 */
struct change {
	const char *name;
	bool mobikex;
	bool both;
	void (*begin)(struct sim *sim);
	const char *primary;
	unsigned int paths;
	uint64_t us;
	bool one;
};

static const struct change changes[] = {
	{ "add", true, false, add, RADIO, 2, 100 * SIM_MS, false },
	{ "del", true, true, del, RADIO, 1, 100 * SIM_MS, false },
	{ "use, soft", true, true, use, WLAN, 2, 100 * SIM_MS, false },
	{ "hand over", true, false, hand_over, WLAN, 1, 2 * SIM_SECOND, false },
	{ "use, hard", true, true, use_hard, WLAN, 2, 100 * SIM_MS, false },
	{ "new address", true, false, link_goes, WLAN, 1, 100 * SIM_MS, false },
	{ "link goes", true, true, link_goes, WLAN, 1, 100 * SIM_MS, false },
	{ "RFC 4555, use", false, false, use_hard, WLAN, 1, 200 * SIM_MS,
	  true },
	{ "RFC 4555, link goes", false, false, link_goes, WLAN, 1,
	  200 * SIM_MS, false },
};

#define N_CHANGES (sizeof(changes) / sizeof(changes[0]))

/* Begins to connect; of all that is sent from now on some gets lost. */
static struct sim *begin(const struct change *c, uint64_t drop)
{
	struct sim *sim = sim_new(11, &mobike_ext, &mobike_ext);
	struct ike_conn conn;

	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	for (int i = 1; i >= 0; i--) {
		conn = sim_conn(i);
		conn.mobikex = c->mobikex;
		conn.auto_add = c->both;
		sim_conn_add(sim, i, &conn);
	}
	sim->drop = drop;
	return sim;
}

static struct sim *start(const struct change *c)
{
	struct sim *sim = begin(c, 0);

	sim_run(sim, 2 * SIM_SECOND);
	return sim;
}

static unsigned int children(struct sim *sim)
{
	struct ike_status s;

	assert_true(sim_status(sim, 0, &s));
	return s.nchildren;
}

/* The paths that both ends are to hold in the end, and proven. */
static bool is_over(struct sim *sim, const struct change *c, bool anywhere,
		    char *why, size_t len)
{
	struct ike_status s, t;
	struct wire_addr a;
	unsigned int n = 0;

	assert_true(wire_addr_parse(&a, c->primary));
	if (!sim_mirrored(sim, why, len) || !sim_status(sim, 0, &s) ||
	    !sim_status(sim, 1, &t))
		return false;
	for (unsigned int i = 0; i < s.npaths; i++)
		n += s.paths[i].path.state == MOBX_PATH_STATE_VALID;
	snprintf(why, len, "%u paths, %u and %u Child SAs", n, s.nchildren,
		 t.nchildren);
	return n == c->paths && s.nchildren == t.nchildren && s.nchildren &&
	       (anywhere || wire_addr_equal(&s.paths[0].path.local, &a));
}

/* Return: after how many microseconds it was over; fails if it never was. */
static uint64_t settle(struct sim *sim, const struct change *c, uint64_t max,
		       bool anywhere, const char *what)
{
	char why[160] = "";
	uint64_t begun = sim->now, took;

	while (!is_over(sim, c, anywhere, why, sizeof(why)) &&
	       sim->now - begun < max)
		sim_run(sim, 10 * SIM_MS);
	took = sim->now - begun;
	/* And it stays so. */
	sim_run(sim, 40 * SIM_SECOND);
	if (took >= max || !is_over(sim, c, anywhere, why, sizeof(why)))
		fail_msg("%s, %s: after %llu ms: %s", c->name, what,
			 (unsigned long long)(took / SIM_MS), why);
	if (sim->node[0].last_err)
		fail_msg("%s, %s: %s", c->name, what, sim->node[0].last_text);
	assert_int_equal(sim_reports(sim, 0, "ike-up"), 1);
	assert_int_equal(sim_reports(sim, 1, "ike-up"), 1);
	return took;
}

/* Return: how many datagrams a change takes where none is lost. */
static unsigned int datagrams(const struct change *c)
{
	struct sim *sim = start(c);
	unsigned int n;

	sim->sent = 0;
	c->begin(sim);
	sim_run(sim, c->us);
	n = sim->sent;
	assert_in_range(n, 2, 40);
	settle(sim, c, SIM_SECOND, false, "nothing lost");
	assert_int_equal(children(sim), 1);
	sim_free(sim);
	return n;
}

static uint64_t without(const struct change *c, uint64_t drop, bool anywhere)
{
	struct sim *sim = start(c);
	uint64_t took;
	char what[40];

	snprintf(what, sizeof(what), "without %#llx", (unsigned long long)drop);
	sim->sent = 0;
	sim->drop = drop;
	c->begin(sim);
	took = settle(sim, c, 20 * SIM_SECOND, anywhere, what);
	assert_int_equal(children(sim), 1);
	/* None of them was one that nobody sent. */
	assert_true(drop >> sim->sent == 0);
	sim_free(sim);
	return took;
}

/* One retransmission makes up for it. */
static void test_one_lost(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_CHANGES; i++) {
		const struct change *c = &changes[i];
		unsigned int n = datagrams(c);

		for (unsigned int a = 0; a < n; a++)
			assert_in_range(without(c, 1ull << a, false), 0,
					c->us + 300 * SIM_MS);
	}
}

/* The second may be one that the loss of the first has caused. */
static void test_two_lost(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_CHANGES; i++) {
		const struct change *c = &changes[i];
		unsigned int n = datagrams(c);

		for (unsigned int a = 0; a < n; a++)
			for (unsigned int b = a + 1; b < n + 2; b++)
				assert_in_range(without(c, 1ull << a | 1ull << b,
							c->one), 0,
						c->us + SIM_SECOND);
	}
}

/* From IKE_SA_INIT to the second path, with each datagram and pair of them. */
static void test_start(void **state)
{
	static const struct change up = {
		"start", true, true, NULL, RADIO, 2, 100 * SIM_MS, false
	};
	struct sim *sim = start(&up);
	unsigned int n = sim->sent;

	(void)state;
	sim_free(sim);
	assert_in_range(n, 6, 20);
	for (unsigned int a = 0; a < n; a++) {
		for (unsigned int b = a; b < n + 2; b++) {
			uint64_t drop = 1ull << a | 1ull << b;
			char what[40];

			snprintf(what, sizeof(what), "without %#llx",
				 (unsigned long long)drop);
			sim = begin(&up, drop);
			/* What is not answered is tried from the other link. */
			settle(sim, &up, 20 * SIM_SECOND, true, what);
			assert_int_equal(children(sim), 1);
			assert_true(drop >> sim->sent == 0);
			sim_free(sim);
		}
	}
}

enum rekey { CHILD, IKE };

static void rekey(struct sim *sim, int node, enum rekey what)
{
	struct ike_event ev = { 0 };
	struct ike_status s;

	if (what == IKE) {
		ev.type = IKE_EV_CONN_REKEY;
		ev.u.conn.name = node ? "mobile" : "server";
	} else {
		assert_true(sim_status(sim, node, &s));
		assert_true(s.nchildren > 0);
		ev.type = IKE_EV_SA_EXPIRE;
		ev.u.sa_expire.peer = s.peer;
		ev.u.sa_expire.spi = s.children[0].spi_out;
		ev.u.sa_expire.dir = MOBX_DIR_OUT;
		ev.u.sa_expire.kind = MOBX_EXPIRE_SOFT;
	}
	sim_event(sim, node, &ev);
}

/* SAs of the IKE SA and of the Child SA, as the mobile has them. */
struct names {
	uint64_t ike;
	uint32_t child;
};

static struct names names_of(struct sim *sim)
{
	struct ike_status s;

	assert_true(sim_status(sim, 0, &s));
	return (struct names){ s.spi_i, s.children[0].spi_in };
}

/* Just after the @at-th datagram of the change was sent, by either end. */
static void with_rekey(const struct change *c, unsigned int at, int node,
		       enum rekey what)
{
	struct sim *sim = start(c);
	struct names was = names_of(sim), is;
	char text[60];

	snprintf(text, sizeof(text), "%s SA rekeyed by %d after %u",
		 what == IKE ? "IKE" : "Child", node, at);
	sim->sent = 0;
	c->begin(sim);
	for (int i = 0; sim->sent < at; i++) {
		assert_true(i < 100000);
		sim_run(sim, 20);
	}
	rekey(sim, node, what);
	settle(sim, c, 20 * SIM_SECOND, false, text);
	is = names_of(sim);
	if (what == IKE)
		assert_true(is.ike != was.ike);
	else
		assert_int_not_equal(is.child, was.child);
	/* RFC 4555 has it made anew: beside one that was rekeyed just then. */
	assert_in_range(children(sim), 1, c->mobikex ? 1 : 2);
	sim_free(sim);
}

static void test_rekey_at_each(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_CHANGES; i++) {
		unsigned int n = datagrams(&changes[i]);

		for (unsigned int at = 0; at <= n; at++)
			for (int how = 0; how < 4; how++)
				with_rekey(&changes[i], at, how & 1,
					   how & 2 ? IKE : CHILD);
	}
}

static unsigned int ike_sas(const struct sim *sim, int node)
{
	const struct ike_sa *sa;
	unsigned int n = 0;

	for (sa = sim->node[node].eng->sas; sa; sa = sa->p->next)
		n++;
	return n;
}

/*
 * The way that a request tries is dead, and the IKE SA is replaced meanwhile: the
 * old one does not stay for the sake of what nobody will answer by that way.
 */
static void test_rekey_by_dead_way(void **state)
{
	char why[160] = "";
	struct sim *sim;

	(void)state;
	for (int node = 0; node < 2; node++) {
		sim = start(&changes[2]);
		sim->node[0].links[1].lose = 1000;
		use(sim);
		sim_run(sim, 100 * SIM_MS);
		rekey(sim, node, IKE);
		sim_run(sim, 6 * SIM_SECOND);
		sim_set_link(sim, 0, 1, false);
		sim_run(sim, 300 * SIM_SECOND);
		assert_int_equal(ike_sas(sim, 0), 1);
		assert_int_equal(ike_sas(sim, 1), 1);
		if (!sim_mirrored(sim, why, sizeof(why)))
			fail_msg("%s", why);
		assert_true(sim_lives_on(sim, RADIO));
		sim_free(sim);
	}
}

/* And what it tries is given up only then, for the primary path fails. */
static void test_rekey_then_move(void **state)
{
	struct sim *sim;

	(void)state;
	for (int node = 0; node < 2; node++) {
		sim = begin(&changes[2], 0);
		sim_add_link(sim, 0, CABLE, "cable", 5 * SIM_MS);
		sim_run(sim, 2 * SIM_SECOND);
		sim->node[0].links[1].lose = 1000;
		use(sim);
		sim_run(sim, 100 * SIM_MS);
		rekey(sim, node, IKE);
		sim_run(sim, SIM_SECOND);
		sim_set_link(sim, 0, 0, false);
		sim_run(sim, 60 * SIM_SECOND);
		assert_true(sim_lives_on(sim, CABLE));
		assert_int_equal(ike_sas(sim, 0), 1);
		assert_int_equal(ike_sas(sim, 1), 1);
		sim_free(sim);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_one_lost),
		cmocka_unit_test(test_two_lost),
		cmocka_unit_test(test_rekey_at_each),
		cmocka_unit_test(test_rekey_by_dead_way),
		cmocka_unit_test(test_rekey_then_move),
	};

	cmocka_set_test_filter(getenv("SIM_TEST"));
	return cmocka_run_group_tests_name("mobike: each one lost", tests,
					   NULL, NULL);
}
