// SPDX-License-Identifier: GPL-2.0
/*
 * Rekeying of IKE SAs by either end and both at once, together with all else
 * that may go on at the same time (RFC 7296, sections 2.8 and 2.25). The last
 * test is random: REKEY_SEED=N repeats one run, REKEY_RUNS=N makes another
 * number of them.
 */
#include <stdio.h>

#include "ike_net.h"

static const char *const names[] = { "server", "mobile" };

/* Two more key exchanges for each IKE SA, so that a rekey takes three. */
static void more_groups(struct ike_conn *c)
{
	c->ike[0].addke[0] = IKE_KE_X25519;
	c->ike[0].addke[2] = IKE_KE_ECP384;
	c->nike = 1;
}

static void up(struct net *net, bool more)
{
	struct ike_conn c;
	int host;

	for (host = 1; host >= 0; host--) {
		c = net_conn(host);
		if (more)
			more_groups(&c);
		net_conn_add(net, host, &c);
	}
	net_run(net, NET_SECOND / 2);
	assert_true(net_agree(net, 1));
}

static void rekey(struct net *net, int host)
{
	net_cmd(net, host, IKE_EV_CONN_REKEY, names[host]);
}

static void rekey_children(struct net *net, int host)
{
	net_cmd(net, host, IKE_EV_CONN_REKEY_CHILDREN, names[host]);
}

/* Is the peer of a host the same IKE SA, with the same keys? */
static bool same_ike(struct net *net)
{
	struct ike_sa *a = net_sa(net, 0), *b = net_sa(net, 1);

	return a && b && a->spi_i == b->spi_i && a->spi_r == b->spi_r &&
	       a->initiator != b->initiator &&
	       a->first_initiator != b->first_initiator &&
	       !memcmp(a->p->keys.sk_d, b->p->keys.sk_d, a->p->keys.prf_len);
}

/* One IKE SA, one pair of SAs, one peer, and nothing else, at both ends. */
static void assert_one(struct net *net, uint64_t seed)
{
	bool fine = same_ike(net) && net_agree(net, 1);
	int h;

	for (h = 0; h < 2; h++)
		fine = fine && net_sa_count(net, h) == 1 &&
		       net->host[h].n_sas == 2 && net->host[h].n_peers == 1 &&
		       net_sa(net, h)->peer == net->host[h].peers[0].id &&
		       net_sa(net, h)->children &&
		       !net_sa(net, h)->children->next;
	if (!fine)
		net_fail(net, seed);
}

/*
 * Kernel peer and Child SAs stay as they are; the old IKE SA is deleted, and
 * who began the first of the series is remembered.
 * covers: K7 K26
 */
static void by_one(void **state)
{
	uint64_t spi_i, spi_r, generation;
	const struct net_packet *p;
	struct net *net;
	uint32_t peer, in;
	int host;

	(void)state;
	for (host = 0; host < 2; host++) {
		net = net_new(1);
		net_up(net);
		spi_i = net_sa(net, 0)->spi_i;
		spi_r = net_sa(net, 0)->spi_r;
		in = net_sa(net, host)->children->spi_in;
		peer = net_sa(net, host)->peer;
		generation = net->host[host].peers[0].generation;
		net_forget(net);
		rekey(net, host);
		/* Asked twice is not done twice. */
		rekey(net, host);
		assert_int_equal(net->host[host].last_err, 0);
		net_run_without_gap(net, 100 * NET_MS);
		assert_one(net, 1);
		assert_true(net_sa(net, 0)->spi_i != spi_i);
		assert_true(net_sa(net, 0)->spi_r != spi_r);
		assert_true(net_sa(net, host)->initiator);
		assert_true(net_sa(net, 0)->first_initiator);
		assert_int_equal(net_sa(net, host)->children->spi_in, in);
		assert_int_equal(net_sa(net, host)->peer, peer);
		assert_true(net->host[host].peers[0].generation == generation);
		assert_int_equal(net_count(net, host, IKE_EX_CREATE_CHILD_SA,
					   false), 1);
		assert_int_equal(net_count(net, host, IKE_EX_INFORMATIONAL,
					   false), 1);
		assert_true(net_logged(net, 0, "ike-rekey"));
		assert_true(net_logged(net, 1, "ike-rekey"));
		assert_false(net_logged(net, 0, "down"));
		assert_false(net_logged(net, 1, "down"));
		/* Liveness counts from zero under the new one. */
		net_forget(net);
		net_run(net, 11 * NET_SECOND);
		p = net_nth(net, 0, IKE_EX_INFORMATIONAL, false, 0);
		if (!p)
			p = net_nth(net, 1, IKE_EX_INFORMATIONAL, false, 0);
		assert_non_null(p);
		assert_int_equal(p->hdr.msg_id, 0);
		assert_true(p->hdr.spi_i == net_sa(net, 0)->spi_i);
		/* And it ends as any other does. */
		net_cmd(net, host, IKE_EV_CONN_DOWN, names[host]);
		net_run(net, 100 * NET_MS);
		assert_int_equal(net->host[!host].n_peers, 0);
		net_free(net);
	}
}

/* By their lifetimes, again and again. covers: K46 */
static void by_lifetime(void **state)
{
	struct ike_conn c = net_conn(0), s = net_conn(1);
	struct net *net = net_new(2);
	unsigned int n;

	(void)state;
	c.ike_rekey_us = 20 * NET_SECOND;
	s.ike_rekey_us = 20 * NET_SECOND;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, NET_SECOND);
	net_run_without_gap(net, 400 * NET_SECOND);
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	n = net_count(net, 0, IKE_EX_CREATE_CHILD_SA, false) +
	    net_count(net, 1, IKE_EX_CREATE_CHILD_SA, false);
	assert_in_range(n, 19, 50);
	assert_int_equal(net_count(net, 0, IKE_EX_SA_INIT, false), 1);
	net_run(net, NET_SECOND);
	assert_true(same_ike(net));
	net_free(net);
}

/*
 * Whoever rekeyed last: without MOBIKE it ends with an address of the end that
 * set up the connection, and not with one of the other.
 */
static void addr_gone(void **state)
{
	struct net *net;
	uint64_t spi;
	int by;

	(void)state;
	for (by = 0; by < 2; by++) {
		net = net_new(11);
		net_up(net);
		rekey(net, by);
		net_run(net, 100 * NET_MS);
		assert_one(net, 11);
		spi = net_sa(net, 0)->spi_i;
		net->host[1].addr_up[0] = false;
		net_tell_addrs(net, 1);
		assert_false(net_logged(net, 1, "its own address is gone"));
		net->host[1].addr_up[0] = true;
		net_tell_addrs(net, 1);
		net->host[0].n_addrs = 2;
		net->host[0].addrs[1] = net_addr("10.1.0.1");
		net->host[0].addr_up[0] = false;
		net->host[0].addr_up[1] = true;
		net_tell_addrs(net, 0);
		assert_true(net_logged(net, 0, "its own address is gone"));
		net_run(net, 100 * NET_MS);
		assert_true(net_sa(net, 0)->spi_i != spi);
		assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
		net_free(net);
	}
}

static enum net_verdict no_create(struct net *net, struct net_packet *p,
				  void *ctx)
{
	(void)net;
	(void)ctx;
	return p->hdr.exchange == IKE_EX_CREATE_CHILD_SA &&
	       !(p->hdr.flags & IKE_FLAG_RESPONSE) ? NET_DROP : NET_PASS;
}

/* What cannot be rekeyed ends with its lifetime, and is set up anew. */
static void over(void **state)
{
	struct ike_conn c = net_conn(0), s = net_conn(1);
	struct net *net = net_new(3);

	(void)state;
	c.ike_rekey_us = 60 * NET_SECOND;
	c.retransmit_tries = 30;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, NET_SECOND);
	net->filter = no_create;
	net_run(net, 70 * NET_SECOND);
	assert_int_equal(net_count(net, 0, IKE_EX_SA_INIT, false), 1);
	assert_true(net_count(net, 0, IKE_EX_CREATE_CHILD_SA, false) > 1);
	net_run(net, 10 * NET_SECOND);
	assert_int_equal(net_count(net, 0, IKE_EX_SA_INIT, false), 2);
	assert_true(net_logged(net, 0, "its lifetime is over"));
	net->filter = NULL;
	net_run(net, 20 * NET_SECOND);
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	net_free(net);
}

/* The peer likes another group than the one of this IKE SA. covers: K24 */
static void other_group(void **state)
{
	struct ike_conn s = net_conn(1), c = net_conn(0);
	struct net *net = net_new(4);

	(void)state;
	s.ike[0] = s.ike[1];
	s.nike = 1;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, NET_SECOND);
	assert_int_equal(net_sa(net, 0)->suite.ke, IKE_KE_X25519);
	net_sa(net, 0)->suite.ke = IKE_KE_ECP256;
	rekey(net, 0);
	net_run_without_gap(net, NET_SECOND);
	assert_int_equal(net_count(net, 0, IKE_EX_CREATE_CHILD_SA, false), 2);
	assert_int_equal(net_sa(net, 0)->suite.ke, IKE_KE_X25519);
	assert_one(net, 4);
	net_free(net);
}

/* The error in the last answer of host 1, under the keys that it has now. */
static uint16_t last_error(struct net *net, uint8_t exchange)
{
	unsigned int n = net_count(net, 1, exchange, true);
	struct wire_notify e;
	struct wire_msg msg;
	uint8_t *plain;
	bool error;

	assert_true(n > 0);
	assert_true(net_open(net, net_nth(net, 1, exchange, true, n - 1), &msg,
			     &plain));
	error = wire_notify_error(&msg, &e);
	free(plain);
	return error ? e.type : 0;
}

static void put_create(struct net *net, struct wire_enc *enc, uint32_t rekeys)
{
	struct ike_sa *sa = net_sa(net, 0);
	struct wire_sa *offer = calloc(1, sizeof(*offer));
	uint8_t nonce[32] = { 1, 2, 3 };
	struct wire_ts_list l, r;

	assert_non_null(offer);
	wire_enc_start(enc, NULL);
	if (rekeys)
		wire_notify_encode_esp(enc, IKE_N_REKEY_SA, rekeys, NULL, 0);
	ike_propose(offer, sa->conn->esp, 1, IKE_PROTO_ESP, 5000,
		    IKE_GROUPS_NONE);
	wire_sa_encode(enc, offer);
	wire_nonce_encode(enc, nonce, sizeof(nonce));
	ike_ts_propose(sa->conn, 0, &sa->local.addr, &sa->remote.addr, &l, &r);
	wire_ts_encode(enc, IKE_PL_TSI, &l);
	wire_ts_encode(enc, IKE_PL_TSR, &r);
	wire_notify_encode(enc, IKE_N_USE_TRANSPORT_MODE, NULL, 0);
	free(offer);
}

/* What host 1 answers to a Delete of the Child SA: its own SPI, or nothing. */
static uint32_t delete_answer(struct net *net, uint32_t mid)
{
	uint32_t spi = net_sa(net, 0)->children->spi_in;
	struct wire_delete del;
	struct wire_enc enc;
	struct wire_msg msg;
	uint8_t *plain;
	uint32_t own = 0;

	wire_enc_start(&enc, NULL);
	wire_delete_encode_esp(&enc, &spi, 1);
	net_forge(net, 0, IKE_EX_INFORMATIONAL, false, mid, &enc);
	assert_true(net_open(net, net_nth(net, 1, IKE_EX_INFORMATIONAL, true,
					  0), &msg, &plain));
	if (msg.n == 1) {
		assert_int_equal(wire_delete_decode(&msg.payload[0], &del),
				 WIRE_OK);
		own = wire_delete_spi(&del, 0);
	}
	free(plain);
	return own;
}

/* covers: C5 */
static void delete_while_rekeying_child(void **state)
{
	struct net *net = net_new(5);
	uint32_t own;

	(void)state;
	net_up(net);
	own = net_sa(net, 1)->children->spi_in;
	rekey_children(net, 1);
	assert_int_equal(delete_answer(net, 2), own);
	net_free(net);
}

/* covers: C12 */
static void create_while_rekeying(void **state)
{
	struct net *net = net_new(6);
	struct wire_enc enc;

	(void)state;
	net_up(net);
	rekey(net, 1);
	put_create(net, &enc, 0);
	net_forge(net, 0, IKE_EX_CREATE_CHILD_SA, false, 2, &enc);
	assert_int_equal(last_error(net, IKE_EX_CREATE_CHILD_SA),
			 IKE_N_TEMPORARY_FAILURE);
	put_create(net, &enc, net_sa(net, 0)->children->spi_in);
	net_forge(net, 0, IKE_EX_CREATE_CHILD_SA, false, 3, &enc);
	assert_int_equal(last_error(net, IKE_EX_CREATE_CHILD_SA),
			 IKE_N_TEMPORARY_FAILURE);
	net_free(net);
}

/* covers: C13 */
static void delete_while_rekeying(void **state)
{
	struct net *net = net_new(7);
	uint32_t own;

	(void)state;
	net_up(net);
	own = net_sa(net, 1)->children->spi_in;
	rekey(net, 1);
	assert_int_equal(delete_answer(net, 2), own);
	assert_null(net_sa(net, 1)->children);
	net_free(net);
}

static enum net_verdict answers_late(struct net *net, struct net_packet *p,
				     void *ctx)
{
	(void)net;
	(void)ctx;
	return p->hdr.flags & IKE_FLAG_RESPONSE ? NET_DROP : NET_PASS;
}

/* covers: C9 */
static void rekey_while_closing(void **state)
{
	struct net *net = net_new(8);

	(void)state;
	net_up(net);
	rekey(net, 0);
	net_cmd(net, 1, IKE_EV_CONN_DOWN, names[1]);
	net->filter = answers_late;
	net_run(net, 6 * NET_MS);
	/* Still closing: it answers, and makes nothing new. */
	assert_int_equal(net_count(net, 1, IKE_EX_CREATE_CHILD_SA, true), 1);
	assert_int_equal(net_sa_count(net, 1), 1);
	net->filter = NULL;
	net_run(net, 200 * NET_MS);
	assert_int_equal(net_sa_count(net, 1), 0);
	net_run(net, 2 * NET_SECOND);
	assert_one(net, 8);
	net_free(net);
}

/* covers: C10 */
static void close_while_rekeying(void **state)
{
	struct net *net = net_new(9);

	(void)state;
	net_up(net);
	net_cmd(net, 0, IKE_EV_CONN_DOWN, names[0]);
	rekey(net, 1);
	net_run(net, 200 * NET_MS);
	assert_int_equal(net_sa_count(net, 0) + net_sa_count(net, 1), 0);
	assert_int_equal(net->host[0].n_peers + net->host[1].n_peers, 0);
	net_free(net);
}

/*
 * Both at once: two new IKE SAs, the one with the lowest nonce goes, the same
 * at both ends; or only one end notices. covers: C8
 */
static void both(void **state)
{
	unsigned int seed, two = 0, soon = 0, inherited[2] = { 0, 0 };
	struct net *net;

	(void)state;
	for (seed = 1; seed <= 200; seed++) {
		net = net_new(seed);
		net->jitter_us = seed % 4 ? 6 * NET_MS : 0;
		up(net, false);
		rekey(net, seed % 2);
		net_run(net, net_random(net, seed % 3 ? 4000 : 14000));
		rekey(net, !(seed % 2));
		net_run_without_gap(net, 300 * NET_MS);
		/* Nearly always each has closed what it began and lost. */
		soon += net_sa_count(net, 0) + net_sa_count(net, 1) == 2;
		net_run(net, 62 * NET_SECOND);
		assert_one(net, seed);
		two += net_logged(net, 0, "ike-rekey") &&
		       net_count(net, 0, IKE_EX_CREATE_CHILD_SA, false) &&
		       net_count(net, 1, IKE_EX_CREATE_CHILD_SA, false);
		inherited[net_sa(net, 0)->initiator]++;
		net_free(net);
	}
	assert_true(two > 100);
	assert_true(soon > 190);
	assert_true(inherited[0] > 20 && inherited[1] > 20);
}

/*
 * The answer is lost for minutes: the end that has the new IKE SA keeps the old
 * one for as long as the other may know no better.
 */
static void answer_lost(void **state)
{
	struct ike_conn c = net_conn(0), s = net_conn(1);
	struct net *net = net_new(10);

	(void)state;
	c.retransmit_tries = 30;
	s.dpd_delay_us = 0;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, NET_SECOND);
	rekey(net, 0);
	net->filter = answers_late;
	net_run(net, 300 * NET_SECOND);
	assert_int_equal(net_sa_count(net, 1), 2);
	net->filter = NULL;
	net_run_without_gap(net, 40 * NET_SECOND);
	assert_one(net, 10);
	assert_int_equal(net_count(net, 0, IKE_EX_SA_INIT, false), 1);
	net_free(net);
}

/* The new one dies before the other end has heard of it: so does the old. */
static void end_unheard(void **state)
{
	struct net *net = net_new(11);

	(void)state;
	net_up(net);
	rekey(net, 0);
	net->filter = answers_late;
	net_run(net, 20 * NET_MS);
	assert_int_equal(net_sa_count(net, 1), 2);
	net_cmd(net, 1, IKE_EV_CONN_DEL, names[1]);
	net_run(net, 60 * NET_SECOND);
	assert_int_equal(net_sa_count(net, 1), 0);
	assert_int_equal(net->host[1].n_peers, 0);
	net_free(net);
}

enum deed {
	NOTHING,
	REKEY_IKE,
	REKEY_CHILD,
	EXPIRE_CHILD,
	CLOSE_IKE,
	DEEDS,
};

static void act(struct net *net, int host, enum deed deed)
{
	struct ike_sa *sa = net_sa(net, host);

	if (!sa)
		return;
	switch (deed) {
	case REKEY_IKE:
		rekey(net, host);
		break;
	case REKEY_CHILD:
		rekey_children(net, host);
		break;
	case EXPIRE_CHILD:
		if (sa->children && sa->peer)
			net_expire(net, host, sa->children->spi_in, MOBX_DIR_IN,
				   MOBX_EXPIRE_HARD);
		break;
	case CLOSE_IKE:
		ike_sa_close(sa, "the test wants it", true);
		break;
	case NOTHING:
	case DEEDS:
		break;
	}
}

/*
 * What one end does times what the other does, each pair many times with other
 * times between them, on a good network.
 * covers: C1 C2 C4 C5 C7 C8 C9 C10 C11 C12 C13
 */
static void table_of(bool more)
{
	unsigned int a, b, i;
	struct net *net;

	for (a = 0; a < CLOSE_IKE; a++) {
		for (b = 0; b < CLOSE_IKE; b++) {
			for (i = 0; i < 24; i++) {
				net = net_new(i * 64 + a * 8 + b);
				net->jitter_us = i % 2 ? 4 * NET_MS : 0;
				up(net, more);
				act(net, 0, a);
				net_run(net, (more ? 2400 : 800) * (i / 2));
				act(net, 1, b);
				if (a == EXPIRE_CHILD || b == EXPIRE_CHILD)
					net_run(net, 60 * NET_SECOND);
				else
					net_run_without_gap(net,
							    60 * NET_SECOND);
				assert_one(net, i * 64 + a * 8 + b);
				net_free(net);
			}
		}
	}
}

static void table(void **state)
{
	(void)state;
	table_of(false);
	table_of(true);
}

/* A packet waits for an SA, if there is none. */
static void traffic(struct net *net, int host)
{
	struct ike_sa *sa = net_sa(net, host);
	struct ike_event ev = { .type = IKE_EV_ACQUIRE };

	if (!sa || sa->children)
		return;
	ev.u.acquire.peer = sa->peer;
	ev.u.acquire.local = sa->local.addr;
	ev.u.acquire.remote = sa->remote.addr;
	net_event(net, host, &ev);
}

static void random_run(uint64_t seed)
{
	static const unsigned int odds[] = {
		REKEY_IKE, REKEY_IKE, REKEY_CHILD, REKEY_IKE, REKEY_CHILD,
		EXPIRE_CHILD,
	};
	struct net *net = net_new(seed);
	struct ike_conn c = net_conn(0), s = net_conn(1);
	unsigned int i, n = seed % 3 ? 5 : 6;
	int host;

	/* Patient enough for the network below. */
	c.retransmit_tries = 20;
	s.retransmit_tries = 20;
	c.initial_contact = true;
	if (seed % 7 > 3) {
		more_groups(&c);
		more_groups(&s);
	}
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, NET_SECOND);
	net->lose_percent = (unsigned int)(seed % 4) * 10;
	net->repeat_percent = seed % 5 ? 20 : 0;
	net->jitter_us = seed % 2 ? 300 * NET_MS : 3 * NET_MS;
	for (i = 0; i < 8; i++) {
		host = (int)net_random(net, 2);
		act(net, host, odds[net_random(net, n)]);
		if (net_random(net, 2))
			act(net, !host, odds[net_random(net, n)]);
		/* Nothing is interrupted unless somebody lets it expire. */
		if (n == 5)
			net_run_without_gap(net, net_random(net, 1500000));
		else
			net_run(net, net_random(net, 1500000));
	}
	net->lose_percent = 0;
	net_run(net, 200 * NET_SECOND);
	/* If each let the Child SA of the other go, traffic brings another. */
	traffic(net, (int)(seed % 2));
	net_run(net, 5 * NET_SECOND);
	assert_one(net, seed);
	/* All of it without setting anything up anew. */
	if (net_logged(net, 0, "ike-down") || net_logged(net, 1, "ike-down"))
		net_fail(net, seed);
	net_free(net);
}

static void random_runs(void **state)
{
	const char *one = getenv("REKEY_SEED"), *many = getenv("REKEY_RUNS");
	uint64_t runs = many ? strtoull(many, NULL, 10) : 1000, seed;

	(void)state;
	if (one) {
		random_run(strtoull(one, NULL, 10));
		return;
	}
	for (seed = 1; seed <= runs; seed++)
		random_run(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_one),
		cmocka_unit_test(by_lifetime),
		cmocka_unit_test(addr_gone),
		cmocka_unit_test(over),
		cmocka_unit_test(other_group),
		cmocka_unit_test(delete_while_rekeying_child),
		cmocka_unit_test(create_while_rekeying),
		cmocka_unit_test(delete_while_rekeying),
		cmocka_unit_test(rekey_while_closing),
		cmocka_unit_test(close_while_rekeying),
		cmocka_unit_test(both),
		cmocka_unit_test(answer_lost),
		cmocka_unit_test(end_unheard),
		cmocka_unit_test(table),
		cmocka_unit_test(random_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
