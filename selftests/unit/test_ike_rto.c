// SPDX-License-Identifier: GPL-2.0
/* When a request is sent again: by the time that earlier answers took. */
#include "ike_net.h"

/* Only the initiator asks for signs of life: one each ten seconds. */
static struct net *up_asking(uint64_t seed, uint64_t delay_us)
{
	struct net *net = net_new(seed);
	struct ike_conn c = net_conn(0), s = net_conn(1);

	net->delay_us = delay_us;
	s.dpd_delay_us = 0;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, 8 * NET_SECOND);
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	return net;
}

static unsigned int asked(struct net *net)
{
	return net_count(net, 0, IKE_EX_INFORMATIONAL, false);
}

static enum net_verdict lose_answers(struct net *net, struct net_packet *p,
				     void *ctx)
{
	unsigned int *n = ctx;

	(void)net;
	if (p->hdr.exchange != IKE_EX_INFORMATIONAL || p->from != 1 || !*n)
		return NET_PASS;
	(*n)--;
	return NET_DROP;
}

static uint64_t asked_at(struct net *net, unsigned int i)
{
	return net_nth(net, 0, IKE_EX_INFORMATIONAL, false, i)->at;
}

/* With 10 ms to the peer and back a lost answer costs a tenth of a second. */
static void near(void **state)
{
	struct net *net = up_asking(1, 5 * NET_MS);
	unsigned int lose = 2;

	(void)state;
	net_run(net, 20 * NET_SECOND);
	net_forget(net);
	net->filter = lose_answers;
	net->filter_ctx = &lose;
	net_run(net, 11 * NET_SECOND);
	assert_int_equal(asked(net), 3);
	assert_in_range(asked_at(net, 1) - asked_at(net, 0), 90 * NET_MS,
			110 * NET_MS);
	/* More slowly each time (RFC 7296, section 2.1). */
	assert_in_range(asked_at(net, 2) - asked_at(net, 1), 170 * NET_MS,
			190 * NET_MS);
	net_free(net);
}

/* In a minute, about each ten seconds: asked as often as answered. */
static void asked_once_each(struct net *net)
{
	unsigned int answers;

	net_forget(net);
	net_run(net, 60 * NET_SECOND);
	answers = net_count(net, 1, IKE_EX_INFORMATIONAL, true);
	assert_in_range(answers, 4, 6);
	assert_in_range(asked(net), answers, answers + 1);
}

/*
 * Farther away than the configured time, the peer is asked twice until that is
 * known, and once from then on.
 */
static void far(void **state)
{
	struct net *net = up_asking(2, 400 * NET_MS);

	(void)state;
	net_run(net, 40 * NET_SECOND);
	asked_once_each(net);
	net_free(net);
}

/* A way that has become longer is learned, though at first all is repeated. */
static void becomes_longer(void **state)
{
	struct net *net = up_asking(3, 5 * NET_MS);

	(void)state;
	net_run(net, 20 * NET_SECOND);
	net->delay_us = 400 * NET_MS;
	net_forget(net);
	net_run(net, 11 * NET_SECOND);
	assert_true(asked(net) > 1);
	net_run(net, 40 * NET_SECOND);
	asked_once_each(net);
	net_free(net);
}

/* Other ways and exchanges keep the configured pace. covers: K2 */
static void not_measured(void **state)
{
	struct net *net = net_new(4);
	struct ike_conn c = net_conn(0), s = net_conn(1);

	(void)state;
	c.retransmit_first_us = 700 * NET_MS;
	net_conn_add(net, 0, &c);
	net_run(net, 2 * NET_SECOND);
	/* Nobody there yet: 0 and 0.7 s, and 1.26 s later. */
	assert_int_equal(net_count(net, 0, IKE_EX_SA_INIT, false), 3);
	net_conn_add(net, 1, &s);
	net_run(net, 10 * NET_SECOND);
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	net_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(near),
		cmocka_unit_test(far),
		cmocka_unit_test(becomes_longer),
		cmocka_unit_test(not_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
