// SPDX-License-Identifier: GPL-2.0
/*
 * Peers that ask or answer oddly, by mistake or not: what they make this host do
 * stays within bounds. SIM_TEST=NAME runs one test, SIM_VERBOSE=1 tells what
 * happens in it.
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
#include "mobike/session.h"
#include "mobike_hand.h"

#define NAT	"192.0.2.1"

static void put_nat(struct sim *sim, unsigned int link, uint16_t port)
{
	struct sim_link *l = &sim->node[0].links[link];

	assert_true(wire_addr_parse(&l->nat, NAT));
	l->nat_port = port;
}

/* ------------------------------------------------------ who asks oddly */

static unsigned int requests(const struct sim *sim, int node)
{
	const struct ike_request *r;
	unsigned int n = 0;

	for (const struct ike_sa *sa = sim->node[node].eng->sas; sa;
	     sa = sa->p->next)
		for (r = sa->p->requests; r; r = r->next)
			n++;
	return n;
}

static unsigned int checks(const struct sim *sim, int node)
{
	const struct mx_session *s = sim->node[node].eng->sas->ext;
	const struct mx_rrc *c;
	unsigned int n = 0;

	for (c = s->rrc; c; c = c->next)
		n++;
	return n;
}

/* A thousand new ports, none of which answers: no check waits for each. */
static void test_never_proven(void **state)
{
	struct sim *sim = hand_start(true, 16);

	(void)state;
	hand.check = SILENT;
	for (uint16_t i = 0; i < 1000; i++) {
		struct ask a = hand_ask_by(RADIO);

		put_nat(sim, 0, (uint16_t)(20000 + 2 * i));
		a.no_nats = NONE;
		hand_put_update(&a);
		hand_send(sim, &a, NULL);
		sim_run(sim, 50 * SIM_MS);
		assert_true(a.answered);
		assert_int_equal(a.error, 0);
		/* Where it is now is checked all the same. */
		assert_int_equal(checks(sim, 1), 1);
		assert_in_range(requests(sim, 1), 0, MX_WINDOW + 2);
	}
	assert_false(hand.closed);
	sim_free(sim);
}

/*
 * A new port of a peer without a NAT is taken as it comes, for ESP does not go
 * there. That changes when it says that it has one.
 */
static void test_port_behind_nat(void **state)
{
	__attribute__((cleanup(mx_set_free))) struct mx_set set = { 0 };
	struct mx_op op = { .kind = MX_OP_UPDATE, .derived = true };
	struct mx_req req = {
		.src_port = 40000,
		.nat_known = true,
		.credit = 600,
		.fresh = MOBIKEX_TENTATIVE,
		.max_paths = 4,
		.partner4 = true,
	};
	struct mx_refusal why;

	(void)state;
	assert_true(wire_addr_parse(&req.src, NAT));
	assert_true(mx_set_init(&set, &req.src, 40000, IKE_NATD_REMOTE));
	assert_int_equal(mx_set_apply(&set, &op, 1, &req, &why), 0);
	req.src_port = 45000;
	assert_int_equal(mx_set_apply(&set, &op, 1, &req, &why), 0);
	assert_int_equal(set.path[0].port, 45000);
	assert_int_equal(set.path[0].state, MOBIKEX_VALID);
	req.nat = IKE_NATD_REMOTE;
	assert_int_equal(mx_set_apply(&set, &op, 1, &req, &why), 0);
	assert_int_equal(set.n, 1);
	assert_int_equal(set.path[0].port, 45000);
	assert_int_equal(set.path[0].state, MOBIKEX_TENTATIVE);
	assert_int_equal(set.path[0].credit, 600);
}

/* So does that of one whose NAT shows it where it was: it goes on, and is proven. */
static void test_moves_behind_nat(void **state)
{
	struct sim *sim = hand_start(true, 16);
	struct ask a = hand_ask_by(WLAN);

	(void)state;
	/* The address is the NAT's from now on. */
	sim->node[0].links[1].nat = sim->node[0].links[0].addr;
	sim->node[0].links[0].addr = sim->node[0].links[3].addr;
	sim->node[0].links[1].nat_port = IKE_NATT_PORT;
	a.no_nats = NONE;
	hand_put_update(&a);
	hand_send(sim, &a, NULL);
	sim_run(sim, 8 * SIM_MS);
	assert_int_equal(sim_path_state(sim, 1, SERVER, RADIO),
			 MOBX_PATH_STATE_TENTATIVE);
	assert_in_range(sim_path_credit(sim, 1, SERVER, RADIO), 3 * 100,
			3 * 300);
	sim_run(sim, SIM_SECOND);
	assert_true(a.answered);
	assert_int_equal(a.error, 0);
	assert_int_equal(hand.checks, 1);
	assert_int_equal(sim_path_state(sim, 1, SERVER, RADIO),
			 MOBX_PATH_STATE_VALID);
	sim_free(sim);
}

/* ---------------------------------------------------- who answers oddly */

/*
 * The server: what it holds of the mobile's paths, how it answers, and how many
 * requests of each kind have come.
 * @no_natd: no NATD payloads where there is an UPDATE
 * @refuse: queries are refused with this reason
 * @keeps: what is removed is listed all the same
 * @elsewhere: port that is listed for all paths but the primary one
 */
static struct {
	bool no_natd;
	uint16_t refuse;
	bool keeps;
	uint16_t elsewhere;
	struct mobikex_set set;
	unsigned int updates;
	unsigned int adds;
	unsigned int removes;
	unsigned int queries;
} odd;

static struct mobikex_set_entry *entry_of(uint16_t id)
{
	for (unsigned int i = 0; i < odd.set.n; i++)
		if (odd.set.e[i].path_id == id)
			return &odd.set.e[i];
	return NULL;
}

static void add(const struct mobikex_block *b, const struct ike_in *in)
{
	struct mobikex_set_entry *e = entry_of(b->path_id);

	if (!e) {
		assert_true(odd.set.n < MOBIKEX_PATHS_MAX);
		e = &odd.set.e[odd.set.n++];
	}
	/* So the mobile asks once more what became of it. */
	*e = (struct mobikex_set_entry){
		.path_id = b->path_id,
		.state = MOBIKEX_TENTATIVE,
		.observed = in->remote,
	};
}

static void take_blocks(const struct ike_in *in)
{
	struct mobikex_set_entry *e;
	struct mobikex_block b;
	struct wire_notify n;

	odd.updates += wire_notify_find(in->msg, IKE_N_UPDATE_SA_ADDRESSES, &n);
	if (wire_notify_find(in->msg, IKE_N_ADD_SA_ADDRESS, &n)) {
		odd.adds++;
		assert_int_equal(mobikex_block_decode(&n, &b), WIRE_OK);
		add(&b, in);
	}
	if (wire_notify_find(in->msg, IKE_N_IP_PARAMETER, &n)) {
		assert_int_equal(mobikex_block_decode(&n, &b), WIRE_OK);
		e = entry_of(b.path_id);
		if (e && b.new_addr.family)
			e->observed = in->remote;
	}
	if (wire_notify_find(in->msg, IKE_N_REMOVE_SA_ADDRESS, &n)) {
		odd.removes++;
		assert_int_equal(mobikex_block_decode(&n, &b), WIRE_OK);
		e = entry_of(b.path_id);
		if (e && !odd.keeps)
			*e = odd.set.e[--odd.set.n];
	}
}

static void put_set(struct wire_enc *b)
{
	struct mobikex_set set = odd.set;

	for (unsigned int i = 0; i < set.n; i++)
		if (odd.elsewhere && !(set.e[i].flags & MOBIKEX_F_PRIMARY))
			set.e[i].observed.port = odd.elsewhere;
	mobikex_set_encode(b, &set);
}

static enum ike_verdict on_request(struct ike_sa *sa, const struct ike_in *in,
				   struct wire_enc *b)
{
	struct wire_notify n;
	bool update, query;

	if (!wire_notify_find(in->msg, IKE_N_COOKIE2, &n))
		return IKE_PASS;
	wire_notify_encode(b, IKE_N_COOKIE2, n.data.p, n.data.len);
	update = wire_notify_find(in->msg, IKE_N_UPDATE_SA_ADDRESSES, &n);
	query = wire_notify_find(in->msg, IKE_N_SA_ADDRESS_SET, &n);
	odd.queries += query;
	if (!update || !odd.no_natd)
		ike_put_natd(sa, b, &in->local, &in->remote);
	if (query && odd.refuse) {
		wire_notify_encode(b, IKE_N_UNACCEPTABLE_ADDRESSES, NULL, 0);
		mobikex_reason_encode(b, odd.refuse, 0, "no");
		return IKE_ANSWER;
	}
	take_blocks(in);
	if (query || update ||
	    wire_notify_find(in->msg, IKE_N_ADD_SA_ADDRESS, &n) ||
	    wire_notify_find(in->msg, IKE_N_REMOVE_SA_ADDRESS, &n))
		put_set(b);
	return IKE_ANSWER;
}

static void on_established(struct ike_sa *sa)
{
	odd.set.n = 1;
	odd.set.e[0] = (struct mobikex_set_entry){
		.state = MOBIKEX_VALID,
		.flags = MOBIKEX_F_PRIMARY,
		.observed = sa->remote,
	};
}

static void on_auth_build(struct ike_sa *sa, struct wire_enc *b)
{
	if (sa->conn->mobikex)
		hand_ext.auth_build(sa, b);
}

/* The real mobile, whose two links may be behind one NAT. */
static struct sim *start(bool mobikex, bool nat, bool auto_add)
{
	static struct ike_ext_ops ext;
	struct ike_conn c;
	struct sim *sim;

	memset(&odd, 0, sizeof(odd));
	ext = hand_ext;
	ext.auth_build = on_auth_build;
	ext.established = on_established;
	ext.request = on_request;
	sim = sim_new(5, &mobike_ext, &ext);
	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	for (uint16_t i = 0; nat && i < 2; i++)
		put_nat(sim, i, (uint16_t)(40000 + 1000 * i));
	c = sim_conn(1);
	c.mobikex = mobikex;
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	c.auto_add = auto_add;
	c.dpd_delay_us = 5 * SIM_SECOND;
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
	return sim;
}

/* A new mapping is told once, also to who does not say that it has seen it. */
static void test_no_natd(void **state)
{
	(void)state;
	for (int mobikex = 0; mobikex < 2; mobikex++) {
		struct sim *sim = start(mobikex, true, false);

		odd.no_natd = true;
		put_nat(sim, 0, 45000);
		sim_run(sim, 60 * SIM_SECOND);
		assert_in_range(odd.updates, 1, 2);
		sim_free(sim);
	}
}

/* Who does not want to tell is not asked at once, whatever the reason. */
static void test_query_refused(void **state)
{
	static const uint16_t why[] = {
		MOBIKEX_R_NO_SUCH_PATH, MOBIKEX_R_RRC_FAILED,
		MOBIKEX_R_DUPLICATE, MOBIKEX_R_LIMIT,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(why) / sizeof(why[0]); i++) {
		struct sim *sim = start(true, false, true);

		assert_int_equal(odd.adds, 1);
		odd.refuse = why[i];
		sim_run(sim, 60 * SIM_SECOND);
		assert_in_range(odd.queries, 1, 8);
		sim_free(sim);
	}
}

/* A path that is agreed to be gone, and listed: ever more seldom. */
static void test_keeps_paths(void **state)
{
	struct sim *sim = start(true, false, false);

	(void)state;
	sim_path(sim, 0, IKE_PATH_ADD, WLAN, false);
	sim_run(sim, 20 * SIM_SECOND);
	assert_int_equal(odd.set.n, 2);
	odd.keeps = true;
	sim_path(sim, 0, IKE_PATH_DEL, WLAN, false);
	sim_run(sim, SIM_SECOND);
	assert_int_equal(sim->node[0].last_err, 0);
	/* After 8 s, 16 s and so on. */
	sim_run(sim, 130 * SIM_SECOND);
	assert_in_range(odd.removes, 3, 6);
	assert_in_range(odd.queries, 3, 6);
	/* It lets go at last. */
	odd.keeps = false;
	sim_run(sim, 300 * SIM_SECOND);
	assert_int_equal(odd.set.n, 1);
	sim_free(sim);
}

/* A path that is told of, and listed elsewhere than the NATD payloads say. */
static void test_listed_elsewhere(void **state)
{
	struct sim *sim = start(true, true, true);

	(void)state;
	assert_int_equal(odd.adds, 1);
	odd.elsewhere = 47000;
	sim_run(sim, 130 * SIM_SECOND);
	assert_in_range(odd.updates, 2, 8);
	assert_in_range(odd.adds, 1, 2);
	/* Where it is right again that is all. */
	odd.elsewhere = 0;
	sim_run(sim, 200 * SIM_SECOND);
	odd.updates = 0;
	sim_run(sim, 700 * SIM_SECOND);
	assert_int_equal(odd.updates, 0);
	sim_free(sim);
}

/* One that has never been listed where it is. */
static void test_added_elsewhere(void **state)
{
	struct sim *sim = start(true, true, true);

	(void)state;
	sim_set_link(sim, 0, 1, false);
	sim_run(sim, 5 * SIM_SECOND);
	assert_int_equal(odd.set.n, 1);
	odd.adds = 0;
	odd.elsewhere = 47000;
	sim_set_link(sim, 0, 1, true);
	sim_run(sim, 100 * SIM_SECOND);
	assert_in_range(odd.adds, 1, 4);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_proven),
		cmocka_unit_test(test_port_behind_nat),
		cmocka_unit_test(test_moves_behind_nat),
		cmocka_unit_test(test_no_natd),
		cmocka_unit_test(test_query_refused),
		cmocka_unit_test(test_keeps_paths),
		cmocka_unit_test(test_listed_elsewhere),
		cmocka_unit_test(test_added_elsewhere),
	};

	cmocka_set_test_filter(getenv("SIM_TEST"));
	return cmocka_run_group_tests_name("mobike: odd peers", tests, NULL,
					   NULL);
}
