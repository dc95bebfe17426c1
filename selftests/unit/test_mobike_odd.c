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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_proven),
	};

	cmocka_set_test_filter(getenv("SIM_TEST"));
	return cmocka_run_group_tests_name("mobike: odd peers", tests, NULL,
					   NULL);
}
