// SPDX-License-Identifier: GPL-2.0
/*
 * An agent that ends in order hands its IKE SAs to the next one, which goes on as
 * if nothing had been; what does not fit, or is damaged, it leaves alone.
 */
#include <stdio.h>

#include "ike_net.h"
#include "mobike/mobike.h"

static struct ike_conn conn_of(int host)
{
	struct ike_conn c = net_conn(host);

	c.start = IKE_START_MANUAL;
	c.mobike = true;
	c.mobikex = true;
	c.dpd_delay_us = 2 * NET_SECOND;
	return c;
}

static struct net *up(uint64_t seed)
{
	struct net *net = net_new_with(seed, 1000, &mobike_ext);
	struct ike_conn m = conn_of(0), s = conn_of(1);

	net_secret(net, 0, 0xaa);
	net_secret(net, 1, 0xbb);
	net->host[0].addrs[1] = net_addr("10.0.1.1");
	net->host[0].n_addrs = 2;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &m);
	net_tell_addrs(net, 0);
	net_tell_addrs(net, 1);
	net_cmd(net, 0, IKE_EV_CONN_UP, m.name);
	net_run(net, NET_SECOND);
	net_tell_addrs(net, 0);
	net_tell_addrs(net, 1);
	net_run(net, NET_SECOND);
	assert_non_null(net_sa(net, 0));
	assert_true(net_agree(net, 1));
	return net;
}

static void hand_over(struct net *net, int host)
{
	struct ike_conn c = conn_of(host);

	net_leave(net, host);
	assert_int_equal(net->host[host].n_states, 1);
	net_run(net, 200 * NET_MS);
	net_succeed(net, host, &c);
}

static void works(struct net *net, uint64_t spi_i)
{
	unsigned int auths = net_count(net, 0, IKE_EX_AUTH, false);
	uint32_t spi_in;

	net_run(net, 3 * NET_SECOND);
	assert_non_null(net_sa(net, 0));
	assert_non_null(net_sa(net, 1));
	assert_true(net_sa(net, 0)->spi_i == spi_i);
	assert_true(net_sa(net, 1)->spi_i == spi_i);
	assert_true(net_agree(net, 1));
	/* Child SA, IKE SA, and a move: by either end as the core has it. */
	for (int host = 0; host < 2; host++) {
		spi_in = net_sa(net, host)->children->spi_in;
		net_cmd(net, host, IKE_EV_CONN_REKEY_CHILDREN,
			net_sa(net, host)->conn->name);
		net_run_without_gap(net, 5 * NET_SECOND);
		assert_true(net_agree(net, 1));
		assert_true(net_sa(net, host)->children->spi_in != spi_in);
		net_cmd(net, host, IKE_EV_CONN_REKEY,
			net_sa(net, host)->conn->name);
		net_run(net, 5 * NET_SECOND);
		assert_true(net_sa(net, 0)->spi_i == net_sa(net, 1)->spi_i);
	}
	assert_true(net_sa(net, 0)->spi_i != spi_i);
	net->host[0].addr_up[1] = true;
	net->host[0].addr_up[0] = false;
	net_tell_addrs(net, 0);
	net_run(net, 5 * NET_SECOND);
	assert_true(wire_addr_equal(&net_sa(net, 1)->remote.addr,
				    &net->host[0].addrs[1]));
	assert_true(net_agree(net, 1));
	assert_int_equal(net_count(net, 0, IKE_EX_AUTH, false), auths);
	assert_int_equal(net->host[0].n_peers, 1);
	assert_int_equal(net->host[1].n_peers, 1);
}

static void test_goes_on(void **state)
{
	(void)state;
	for (int host = 0; host < 2; host++) {
		struct net *net = up(1 + (uint64_t)host);
		uint64_t spi = net_sa(net, 0)->spi_i;
		unsigned int sas = net->host[host].n_sas;

		hand_over(net, host);
		assert_true(net_logged(net, host, "taken-over"));
		assert_int_equal(net->host[host].n_sas, sas);
		works(net, spi);
		net_free(net);
	}
}

/* Both at once, again and again */
static void test_both(void **state)
{
	struct net *net = up(3);
	uint64_t spi = net_sa(net, 0)->spi_i;
	struct ike_conn m = conn_of(0), s = conn_of(1);

	(void)state;
	for (int i = 0; i < 5; i++) {
		net_leave(net, 0);
		net_leave(net, 1);
		net_succeed(net, 1, &s);
		net_succeed(net, 0, &m);
		net_run(net, 3 * NET_SECOND);
		assert_true(net_sa(net, 0)->spi_i == spi);
	}
	works(net, spi);
	net_free(net);
}

/* What the peer asks while nobody is there it asks again. */
static void test_asked_meanwhile(void **state)
{
	struct net *net = up(4);
	uint64_t spi = net_sa(net, 0)->spi_i;
	struct ike_conn s = conn_of(1);

	(void)state;
	net_leave(net, 1);
	net_cmd(net, 0, IKE_EV_CONN_REKEY_CHILDREN, net_conn(0).name);
	net_forget(net);
	/* To the run that is going: it says nothing, least of all a token. */
	net_run(net, NET_SECOND);
	for (size_t i = 0; i < net->n_sent; i++)
		assert_int_equal(net->sent[i].from, 0);
	net_succeed(net, 1, &s);
	works(net, spi);
	net_free(net);
}

static enum net_verdict drop_answer(struct net *net, struct net_packet *pkt,
				    void *ctx)
{
	unsigned int *left = ctx;

	(void)net;
	if (pkt->from != 1 || !*left)
		return NET_PASS;
	--*left;
	return NET_DROP;
}

/* The answer to a request from before is lost: the next run has it. */
static void test_answer_kept(void **state)
{
	struct net *net = up(5);
	uint64_t spi = net_sa(net, 0)->spi_i;
	struct ike_conn s = conn_of(1);
	unsigned int left = 1;

	(void)state;
	net->filter = drop_answer;
	net->filter_ctx = &left;
	net_cmd(net, 0, IKE_EV_CONN_REKEY_CHILDREN, net_conn(0).name);
	while (left)
		net_run(net, NET_MS);
	/* The new Child SA is not used yet: that is not to be handed over. */
	net_leave(net, 1);
	assert_int_equal(net->host[1].n_states, 1);
	net_succeed(net, 1, &s);
	works(net, spi);
	net_free(net);
}

/* Nothing comes to rest without the peer; it is as after a crash then. */
static void test_left_behind(void **state)
{
	struct net *net = up(6);
	struct ike_conn m = conn_of(0);
	unsigned int left = ~0u;

	(void)state;
	net->filter = drop_answer;
	net->filter_ctx = &left;
	net_cmd(net, 0, IKE_EV_CONN_REKEY, m.name);
	net_leave(net, 0);
	assert_int_equal(net->host[0].n_states, 0);
	assert_true(net_logged(net, 0, "left-behind"));
	assert_int_equal(net->host[0].n_peers, 1);
	left = 0;
	net_succeed(net, 0, &m);
	net_cmd(net, 0, IKE_EV_CONN_UP, m.name);
	net_run_without_gap(net, 20 * NET_SECOND);
	/* The peer finds out that nobody has the old ones. */
	net_run(net, 600 * NET_SECOND);
	assert_true(net_agree(net, 1));
	net_free(net);
}

/* ----------------------------------------------------------- what does not fit */

/* Nothing is taken, nothing breaks, and nothing of the kernel's is touched. */
static void refused(struct net *net, const struct ike_conn *c, const char *why)
{
	unsigned int sas = net->host[0].n_sas;

	net_succeed(net, 0, c);
	assert_int_equal(net_sa_count(net, 0), 0);
	assert_int_equal(net->host[0].n_sas, sas);
	assert_true(net_logged(net, 0, "not-taken"));
	if (why)
		assert_true(net_logged(net, 0, why));
}

static struct net *left(uint64_t seed)
{
	struct net *net = up(seed);

	net_leave(net, 0);
	assert_int_equal(net->host[0].n_states, 1);
	return net;
}

static void test_other_conn(void **state)
{
	struct net *net = left(7);
	struct ike_conn c = conn_of(0);

	(void)state;
	snprintf(c.name, sizeof(c.name), "other");
	refused(net, &c, "no such connection");
	c = conn_of(0);
	c.replay_window++;
	refused(net, &c, "configured otherwise");
	/* Only that depends on what the kernel has. */
	c = conn_of(0);
	c.initial_contact = !c.initial_contact;
	net_succeed(net, 0, &c);
	assert_int_equal(net_sa_count(net, 0), 1);
	net_free(net);
}

static void test_other_kernel(void **state)
{
	struct net *net = left(8);
	struct ike_conn c = conn_of(0);
	struct net_host *h = &net->host[0];
	struct net_peer peer = h->peers[0];

	(void)state;
	h->peers[0].generation++;
	refused(net, &c, "another one");
	h->peers[0] = peer;
	h->peers[0].label[0] ^= 1;
	refused(net, &c, "another one");
	h->peers[0] = peer;
	h->peers[0].id++;
	refused(net, &c, "does not have its peer");
	h->peers[0] = peer;
	h->n_sas--;
	refused(net, &c, "does not have its Child SAs");
	h->n_sas++;
	net_succeed(net, 0, &c);
	assert_int_equal(net_sa_count(net, 0), 1);
	net_free(net);
}

static void test_twice(void **state)
{
	struct net *net = left(9);
	struct ike_conn c = conn_of(0);
	struct net_host *h = &net->host[0];
	const struct ike_ac_state again = { h->states[0].data,
					    h->states[0].len };

	(void)state;
	net_keep_state(h, &again);
	net_succeed(net, 0, &c);
	assert_int_equal(net_sa_count(net, 0), 1);
	assert_true(net_logged(net, 0, "here already"));
	net_free(net);
}

static void mend(struct net_state *s)
{
	uint8_t sum[CRYPTO_PRF_MAX];

	if (s->len < IKE_STATE_SUM)
		return;
	s->len -= IKE_STATE_SUM;
	assert_true(ike_state_sum((struct wire_span){ s->data, s->len }, sum));
	memcpy(s->data + s->len, sum, IKE_STATE_SUM);
	s->len += IKE_STATE_SUM;
}

static void test_version(void **state)
{
	struct net *net = left(10);
	struct ike_conn c = conn_of(0);

	(void)state;
	net->host[0].states[0].data[3]++;
	mend(&net->host[0].states[0]);
	refused(net, &c, "another version");
	net_free(net);
}

static void clear_log(struct net *net)
{
	net->host[0].log_len = 0;
	net->host[0].log[0] = 0;
}

/* Each octet, and each length */
static void test_damaged(void **state)
{
	struct net *net = left(11);
	struct ike_conn c = conn_of(0);
	struct net_state *s = &net->host[0].states[0];
	size_t len = s->len;
	uint8_t bit;

	(void)state;
	for (size_t i = 0; i < len; i++) {
		bit = (uint8_t)(1 << net_random(net, 8));
		s->data[i] ^= bit;
		clear_log(net);
		refused(net, &c, "damaged");
		s->data[i] ^= bit;
	}
	for (s->len = 0; s->len < len; s->len++) {
		clear_log(net);
		refused(net, &c, "damaged");
	}
	clear_log(net);
	net_succeed(net, 0, &c);
	assert_int_equal(net_sa_count(net, 0), 1);
	net_free(net);
}

/* The same by one who knows the sum: it may be taken, nothing may break. */
static void test_forged(void **state)
{
	struct net *net = left(12);
	struct ike_conn c = conn_of(0);
	struct net_state *s = &net->host[0].states[0];
	uint8_t *good = malloc(s->len);
	unsigned int taken = 0;
	size_t len = s->len;

	(void)state;
	assert_non_null(good);
	memcpy(good, s->data, len);
	for (size_t i = 0; i < 2 * (len - IKE_STATE_SUM); i++) {
		size_t at = i / 2;

		memcpy(s->data, good, len);
		s->data[at] = 0xff;
		if (i % 2)
			s->data[at] = (uint8_t)
				(good[at] ^ (1 << net_random(net, 8)));
		mend(s);
		clear_log(net);
		net_succeed(net, 0, &c);
		taken += net_sa_count(net, 0);
	}
	/* Keys, for instance, say nothing. */
	assert_true(taken > 0 && taken < len * 2);
	for (size_t cut = IKE_STATE_SUM; cut < len; cut++) {
		memcpy(s->data, good, len);
		s->len = len - (cut - IKE_STATE_SUM) - 1;
		mend(s);
		clear_log(net);
		refused(net, &c, NULL);
	}
	free(good);
	net_free(net);
}

/* The highest of all numbers, wherever there is one: nothing is lost by it. */
static void test_forged_numbers(void **state)
{
	struct ike_conn c = conn_of(0);
	struct net *net = up(13);
	struct net_state *s;
	uint8_t *good;

	(void)state;
	/* An answer is kept, so that there is something in each list. */
	net_cmd(net, 1, IKE_EV_CONN_REKEY_CHILDREN, net_conn(1).name);
	net_run(net, NET_SECOND);
	net_leave(net, 0);
	assert_int_equal(net->host[0].n_states, 1);
	s = &net->host[0].states[0];
	good = malloc(s->len);
	assert_non_null(good);
	memcpy(good, s->data, s->len);
	for (size_t at = 0; at + 4 + IKE_STATE_SUM <= s->len; at++) {
		memcpy(s->data, good, s->len);
		memset(s->data + at, 0xff, 4);
		mend(s);
		clear_log(net);
		net_succeed(net, 0, &c);
	}
	free(good);
	net_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_asked_meanwhile),
		cmocka_unit_test(test_answer_kept),
		cmocka_unit_test(test_left_behind),
		cmocka_unit_test(test_other_conn),
		cmocka_unit_test(test_other_kernel),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_forged_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
