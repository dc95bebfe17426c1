// SPDX-License-Identifier: GPL-2.0
/*
 * NATs are not allowed (RFC 4555, section 3.9): what may change an address says
 * where it was sent from and to, and an answer that there is a NAT is believed
 * when new requests get it again and again. SIM_TEST=NAME runs one test,
 * SIM_VERBOSE=1 tells what happens in it.
 *
 * covers: MB27 MB28 MB30
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

#include "ike/sa.h"
#include "mobike/mobike.h"
#include "mobike_sim.h"
#include "wire/mobike.h"

#define RADIO	"10.0.1.2"
#define WLAN	"10.0.2.2"
#define SERVER	"10.0.3.2"
#define SECOND	"10.0.5.2"
#define NAT	"192.0.2.66"
#define SERVER6	"2001:db8:3::2"

/* What may change an address, or the list of those to go to. */
static const uint16_t changes[] = {
	IKE_N_ADDITIONAL_IP4_ADDRESS, IKE_N_ADDITIONAL_IP6_ADDRESS,
	IKE_N_NO_ADDITIONAL_ADDRESSES, IKE_N_UPDATE_SA_ADDRESSES,
	IKE_N_ADD_SA_ADDRESS, IKE_N_REMOVE_SA_ADDRESS, IKE_N_IP_PARAMETER,
};

#define N_CHANGES (sizeof(changes) / sizeof(changes[0]))

/*
 * Requests as they have come, by either end.
 * @n: with a notify of changes[]
 * @auth: IKE_AUTH
 * @misfits: their NO_NATS_ALLOWED does not say where they came from
 * @refuse: so many of the next ones are told of a NAT that is none
 * @mid: message IDs of those that changed something
 */
static struct {
	unsigned int n[N_CHANGES];
	unsigned int auth;
	unsigned int misfits;
	unsigned int refuse;
	unsigned int n_mid;
	uint32_t mid[16];
} seen;

/* NO_NATS_ALLOWED is there if it has to be: is that where it came from? */
static void look(const struct ike_sa *sa, const struct ike_in *in)
{
	struct wire_endpoint src, dst;
	struct wire_notify n;

	assert_int_equal(wire_notify_find(in->msg, IKE_N_NO_NATS_ALLOWED, &n),
			 !sa->natt);
	if (sa->natt)
		return;
	assert_int_equal(mobike_no_nats_decode(&n, &src, &dst), WIRE_OK);
	seen.misfits += !wire_endpoint_equal(&src, &in->remote) ||
			!wire_endpoint_equal(&dst, &in->local);
}

static void on_auth_in(struct ike_sa *sa, const struct ike_in *in)
{
	if (!sa->initiator) {
		seen.auth++;
		look(sa, in);
	}
	mobike_ext.auth_in(sa, in);
}

static enum ike_verdict on_request(struct ike_sa *sa, const struct ike_in *in,
				   struct wire_enc *answer)
{
	struct wire_notify n;
	bool any = false;

	for (size_t i = 0; i < N_CHANGES; i++) {
		if (!wire_notify_find(in->msg, changes[i], &n))
			continue;
		seen.n[i]++;
		any = true;
	}
	if (!any)
		return mobike_ext.request(sa, in, answer);
	look(sa, in);
	if (seen.n_mid < 16)
		seen.mid[seen.n_mid++] = in->mid;
	if (!seen.refuse)
		return mobike_ext.request(sa, in, answer);
	seen.refuse--;
	wire_notify_encode(answer, IKE_N_UNEXPECTED_NAT_DETECTED, NULL, 0);
	return IKE_ANSWER;
}

/* Two links of the mobile; @nats: are they allowed? */
static struct sim *start(bool mobikex, bool nats)
{
	static struct ike_ext_ops ext;
	struct sim *sim;
	struct ike_conn c;

	memset(&seen, 0, sizeof(seen));
	ext = mobike_ext;
	ext.auth_in = on_auth_in;
	ext.request = on_request;
	sim = sim_new(27, &ext, &ext);
	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	sim_add_link(sim, 1, SECOND, "eth1", 2500)->up = false;
	sim_add_link(sim, 1, SERVER6, "eth2", 2500)->up = false;
	sim_tell_addrs(sim, 1);
	c = sim_conn(1);
	c.mode = MOBX_MODE_TUNNEL;
	c.mobikex = mobikex;
	c.auto_add = false;
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	c.mode = MOBX_MODE_TUNNEL;
	c.auto_add = false;
	c.nat_traversal = nats;
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
	return sim;
}

static void command(struct sim *sim, enum ike_path_verb verb, const char *local,
		    bool hard)
{
	sim_path(sim, 0, verb, local, hard);
	sim_run(sim, 6 * SIM_SECOND);
	assert_int_not_equal(sim->node[0].last_reply, 0);
	if (sim->node[0].last_err)
		fail_msg("%s: %s", local, sim->node[0].last_text);
}

static void assert_primary(struct sim *sim, const char *local)
{
	struct wire_addr a;
	struct ike_status s;
	char why[160];

	assert_true(wire_addr_parse(&a, local));
	assert_true(sim_status(sim, 0, &s));
	assert_true(wire_addr_equal(&s.local.addr, &a));
	assert_true(wire_addr_equal(&s.paths[0].path.local, &a));
	if (!sim_mirrored(sim, why, sizeof(why)))
		fail_msg("%s", why);
}

/* Each way in which either end may tell of an address, and not once without. */
static void every_request(bool mobikex, bool nats)
{
	struct sim *sim = start(mobikex, nats);
	struct ike_event ev = { .type = IKE_EV_CONN_REKEY };

	assert_int_equal(seen.auth, 1);
	if (mobikex)
		command(sim, IKE_PATH_ADD, WLAN, false);
	command(sim, IKE_PATH_USE, WLAN, false);
	command(sim, IKE_PATH_USE, RADIO, true);
	if (mobikex)
		command(sim, IKE_PATH_DEL, WLAN, false);
	assert_primary(sim, RADIO);
	if (mobikex)
		command(sim, IKE_PATH_ADD, WLAN, false);
	for (unsigned int i = 1; i < 5; i++) {
		sim_set_link(sim, 1, i > 2 ? i - 2 : i, i <= 2);
		sim_run(sim, SIM_SECOND);
	}
	/* Both ends keep to it after the IKE SA has been replaced. */
	ev.u.conn.name = "server";
	sim_event(sim, 0, &ev);
	sim_run(sim, SIM_SECOND);
	sim_set_link(sim, 1, 1, true);
	sim_run(sim, SIM_SECOND);
	sim_set_link(sim, 0, 0, false);
	sim_run(sim, 2 * SIM_SECOND);
	assert_primary(sim, WLAN);
	for (size_t i = 0; i < N_CHANGES; i++)
		assert_int_equal(seen.n[i] > 0,
				 changes[i] <= IKE_N_UPDATE_SA_ADDRESSES ||
				 mobikex);
	assert_int_equal(seen.misfits, 0);
	sim_free(sim);
}

static void test_every_request(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		every_request(i & 1, i & 2);
}

/*
 * Told of a NAT once or twice: it may have been somebody who wrote another
 * address into one packet. Told so by the third new request it is true.
 */
static void refusals(bool mobikex, enum ike_path_verb verb, bool hard)
{
	for (unsigned int n = 1; n <= 4; n++) {
		struct sim *sim = start(mobikex, false);
		unsigned int tries = n < 3 ? n + 1 : 3;

		seen.n_mid = 0;
		seen.refuse = n;
		sim_path(sim, 0, verb, WLAN, hard);
		sim_run(sim, 300 * SIM_MS);
		assert_int_equal(seen.n_mid, tries);
		/* Each of them is a new one. */
		for (unsigned int i = 1; i < tries; i++)
			assert_int_equal(seen.mid[i], seen.mid[i - 1] + 1);
		if (n < 3) {
			sim_run(sim, 6 * SIM_SECOND);
			assert_int_equal(sim->node[0].last_err, 0);
			assert_primary(sim, verb == IKE_PATH_USE ? WLAN :
								   RADIO);
			assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN),
					 MOBX_PATH_STATE_VALID);
		} else {
			assert_int_equal(sim->node[0].last_err, -EPERM);
			assert_non_null(strstr(sim->node[0].last_text, "NAT"));
			seen.refuse = 0;
			sim_run(sim, SIM_SECOND);
			assert_primary(sim, RADIO);
			assert_int_not_equal(sim_path_state(sim, 0, WLAN,
							    SERVER),
					     MOBX_PATH_STATE_VALID);
		}
		sim_free(sim);
	}
}

static void test_refusals(void **state)
{
	(void)state;
	refusals(true, IKE_PATH_ADD, false);
	refusals(true, IKE_PATH_USE, true);
	refusals(false, IKE_PATH_USE, true);
}

static void put_nat(struct sim *sim, unsigned int link, bool there)
{
	memset(&sim->node[0].links[link].nat, 0,
	       sizeof(sim->node[0].links[link].nat));
	if (there)
		assert_true(wire_addr_parse(&sim->node[0].links[link].nat,
					    NAT));
}

/*
 * Somebody on the way writes his own address into one request, and the server
 * says the truth of that. What is asked next is not for him, and is agreed to.
 */
static void test_one_spoofed(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		/* He lets the answer through to who asked, or does not. */
		bool answered = i & 1;
		struct sim *sim = start(i & 2, false);

		seen.n_mid = 0;
		put_nat(sim, 1, true);
		sim_set_link(sim, 0, 0, false);
		/* There it takes 7.5 ms, and the same back. */
		sim_run(sim, (answered ? 20 : 10) * SIM_MS);
		assert_int_equal(seen.n_mid, 1);
		assert_int_equal(sim_path_state(sim, 1, SERVER, NAT), -1);
		put_nat(sim, 1, false);
		sim_run(sim, 3 * SIM_SECOND);
		assert_primary(sim, WLAN);
		assert_true(seen.n_mid >= 2 && seen.misfits == 1);
		assert_int_equal(seen.mid[1], seen.mid[0] + 1);
		assert_int_equal(sim_reports(sim, 0, "ike-down"), 0);
		assert_int_equal(sim_reports(sim, 0, "ike-up"), 1);
		sim_free(sim);
	}
}

/*
 * He does so with IKE_AUTH, which is not even looked at and comes again; or with
 * IKE_SA_INIT as well: all of it begins anew.
 */
static void test_spoofed_auth(void **state)
{
	(void)state;
	for (unsigned int init = 0; init < 2; init++) {
		struct sim *sim = sim_new(30, &mobike_ext, &mobike_ext);
		struct ike_conn c = sim_conn(1);
		struct ike_status s;

		sim->verbose = getenv("SIM_VERBOSE") != NULL;
		sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
		sim_add_link(sim, 1, SERVER, "eth0", 2500);
		sim_conn_add(sim, 1, &c);
		c = sim_conn(0);
		c.nat_traversal = false;
		put_nat(sim, 0, init);
		sim_conn_add(sim, 0, &c);
		/* IKE_SA_INIT is answered, AUTH is being computed. */
		sim_run(sim, 15230);
		put_nat(sim, 0, true);
		sim_run(sim, 20 * SIM_MS);
		assert_int_equal(sim_reports(sim, 1, "error"), init);
		assert_false(sim_status(sim, 1, &s));
		put_nat(sim, 0, false);
		sim_run(sim, (init ? 30 : 1) * SIM_SECOND);
		assert_int_equal(sim_reports(sim, 1, "error"), init);
		assert_primary(sim, RADIO);
		assert_int_equal(sim_reports(sim, 0, "ike-up"), 1);
		sim_free(sim);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_request),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_one_spoofed),
		cmocka_unit_test(test_spoofed_auth),
	};

	cmocka_set_test_filter(getenv("SIM_TEST"));
	return cmocka_run_group_tests_name("mobike: no NATs", tests, NULL,
					   NULL);
}
