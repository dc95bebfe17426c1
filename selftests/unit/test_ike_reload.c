// SPDX-License-Identifier: GPL-2.0
/*
 * A connection that is up is configured anew: what its Child SAs protect changes
 * without a gap, and with the peer's consent only.
 * covers: MX15
 */
#include <stdio.h>

#include "ike_net.h"
#include "mobike/mobike.h"

/* What a test sends from host 0; the other way round from host 1. */
struct flow {
	uint16_t port;
	struct wire_addr own;
	struct wire_addr peer;
};

static struct ike_selector port(int host, uint16_t min, uint16_t max,
				uint8_t child)
{
	struct ike_selector s = { .proto = 17, .child = child };

	s.local_max = 65535;
	s.remote_max = 65535;
	if (host) {
		s.local_min = min;
		s.local_max = max;
	} else {
		s.remote_min = min;
		s.remote_max = max;
	}
	return s;
}

static struct ike_selector prefix(int host, const char *own, const char *peer,
				  uint8_t plen, uint8_t child)
{
	struct ike_selector s = { .child = child };

	s.local_max = 65535;
	s.remote_max = 65535;
	s.local.addr = net_addr(host ? peer : own);
	s.remote.addr = net_addr(host ? own : peer);
	s.local.plen = plen;
	s.remote.plen = plen;
	return s;
}

static bool matches(const struct ike_ac_sa *sa, int host, const struct flow *f)
{
	const struct ike_selector *s;
	unsigned int i;

	for (i = 0; i < sa->nselectors; i++) {
		s = &sa->selectors[i];
		if (sa->mode == MOBX_MODE_TUNNEL && f->own.family) {
			if (ike_prefix_has(host ? &s->remote : &s->local,
					   &f->own) &&
			    ike_prefix_has(host ? &s->local : &s->remote,
					   &f->peer))
				return true;
		} else if (f->port >= (host ? s->local_min : s->remote_min) &&
			   f->port <= (host ? s->local_max : s->remote_max)) {
			return true;
		}
	}
	return false;
}

/* What a host sends a packet under: the newest SA that may carry it. */
static const struct ike_ac_sa *carrier(const struct net *net, int host,
				       const struct flow *f)
{
	const struct net_host *h = &net->host[host];
	unsigned int i = h->n_sas;

	while (i-- > 0)
		if (h->sas[i].dir == MOBX_DIR_OUT && matches(&h->sas[i], host, f))
			return &h->sas[i];
	return NULL;
}

static bool taken(const struct net *net, int host, const struct flow *f)
{
	const struct ike_ac_sa *out = carrier(net, host, f);
	const struct net_host *to = &net->host[!host];
	unsigned int i;

	for (i = 0; out && i < to->n_sas; i++)
		if (to->sas[i].dir == MOBX_DIR_IN &&
		    to->sas[i].spi == out->spi &&
		    matches(&to->sas[i], !host, f))
			return true;
	return false;
}

/* Time passes, and all the while what either end sends the other takes. */
static void flows(struct net *net, uint64_t us, const struct flow *f)
{
	uint64_t end = net->now + us;

	while (net->now < end) {
		net_run(net, NET_MS / 2);
		if (!taken(net, 0, f) || !taken(net, 1, f))
			net_fail(net, net->seed);
	}
}

/* The same IKE SA at both ends, and nothing that is left over. */
static void settled(struct net *net, uint64_t spi_i, unsigned int pairs)
{
	int h;

	for (h = 0; h < 2; h++)
		if (!net_sa(net, h) || net_sa(net, h)->spi_i != spi_i ||
		    ike_child_count(net_sa(net, h)) != pairs ||
		    net->host[h].n_sas != 2 * pairs)
			net_fail(net, net->seed);
	if (!net_agree(net, pairs))
		net_fail(net, net->seed);
}

static struct net *up(uint64_t seed, struct ike_conn c[2])
{
	struct net *net = net_new(seed);

	c[0] = net_conn(0);
	c[1] = net_conn(1);
	net_conn_add(net, 1, &c[1]);
	net_conn_add(net, 0, &c[0]);
	net_run(net, NET_SECOND);
	assert_true(net_agree(net, 1));
	return net;
}

static void reload(struct net *net, int host, const struct ike_conn *c)
{
	net_conn_add(net, host, c);
	assert_int_equal(net->host[host].last_err, 0);
}

/*
 * Other ports, at both ends, in either order, at once, and while a packet is on
 * its way: what both configurations have is carried all the time.
 */
static void ports(void **state)
{
	const struct flow kept = { .port = 7005 };
	struct flow added = { .port = 7500 };
	struct ike_conn c[2];
	uint64_t seed, spi_i;
	struct net *net;
	int first;

	(void)state;
	for (seed = 1; seed <= 60; seed++) {
		net = up(seed, c);
		spi_i = net_sa(net, 0)->spi_i;
		net->jitter_us = seed % 3 ? 6 * NET_MS : 0;
		first = (int)(seed & 1);
		c[0].protect[0] = port(0, 7005, 7500, 0);
		c[1].protect[0] = port(1, 7005, 7500, 0);
		reload(net, first, &c[first]);
		flows(net, net_random(net, seed % 4 ? 20000 : 2000000), &kept);
		reload(net, !first, &c[!first]);
		flows(net, 10 * NET_SECOND, &kept);
		settled(net, spi_i, 1);
		assert_true(taken(net, 0, &added) && taken(net, 1, &added));
		added.port = 7004;
		assert_null(carrier(net, 0, &added));
		assert_null(carrier(net, 1, &added));
		added.port = 7500;
		assert_int_equal(net_count(net, 0, IKE_EX_AUTH, false), 1);
		net_free(net);
	}
}

/* It is no rekeying: that has the same selectors (RFC 7296, section 2.8). */
static void on_the_wire(void **state)
{
	struct wire_ts_list tsr;
	struct ike_conn c[2];
	struct wire_notify n;
	struct wire_msg msg;
	uint8_t *plain;
	struct net *net = up(1, c);

	(void)state;
	c[1].protect[0] = port(1, 7000, 7020, 0);
	reload(net, 1, &c[1]);
	net_run(net, 5 * NET_SECOND);
	net_forget(net);
	c[0].protect[0] = port(0, 7000, 7020, 0);
	reload(net, 0, &c[0]);
	net_run(net, 5 * NET_SECOND);
	assert_int_equal(net_count(net, 0, IKE_EX_CREATE_CHILD_SA, false), 1);
	assert_true(net_open(net, net_nth(net, 0, IKE_EX_CREATE_CHILD_SA, false,
					  0), &msg, &plain));
	assert_false(wire_notify_find(&msg, IKE_N_REKEY_SA, &n));
	assert_int_equal(wire_ts_decode(wire_msg_only(&msg, IKE_PL_TSR), &tsr),
			 WIRE_OK);
	assert_int_equal(tsr.n, 1);
	assert_int_equal(tsr.ts[0].port_end, 7020);
	free(plain);
	/* The Delete of the old one, and nothing else. */
	assert_int_equal(net_count(net, 0, IKE_EX_INFORMATIONAL, false), 1);
	/* The same again changes nothing at all. */
	net_forget(net);
	reload(net, 0, &c[0]);
	reload(net, 1, &c[1]);
	net_run(net, 5 * NET_SECOND);
	assert_int_equal(net->n_sent, 0);
	/* A lifetime is nobody else's business: an ordinary rekeying. */
	c[0].rekey_us /= 2;
	reload(net, 0, &c[0]);
	net_run_without_gap(net, 5 * NET_SECOND);
	assert_true(net_open(net, net_nth(net, 0, IKE_EX_CREATE_CHILD_SA, false,
					  0), &msg, &plain));
	assert_true(wire_notify_find(&msg, IKE_N_REKEY_SA, &n));
	free(plain);
	assert_true(net_agree(net, 1));
	assert_true(net_newest(net, 0, MOBX_DIR_OUT)->hard_seconds <
		    net_newest(net, 1, MOBX_DIR_OUT)->hard_seconds);
	net_free(net);
}

/* Algorithms, and an IKE SA that lives longer or without end. */
static void algorithms(void **state)
{
	const struct flow f = { .port = 7000 };
	struct ike_conn c[2];
	struct net *net = up(3, c);
	uint64_t spi_i = net_sa(net, 0)->spi_i;
	int h;

	(void)state;
	for (h = 0; h < 2; h++) {
		c[h].esp[0] = c[h].esp[1];
		c[h].nesp = 1;
		c[h].ike_rekey_us = h ? 0 : 7200 * NET_SECOND;
		reload(net, h, &c[h]);
		flows(net, 3 * NET_SECOND, &f);
	}
	flows(net, 5 * NET_SECOND, &f);
	settled(net, spi_i, 1);
	assert_int_equal(net->host[0].sas[0].enc, MOBX_ENC_AES_CBC);
	assert_true(net_sa(net, 0)->p->rekey_us > net->now + 6000 * NET_SECOND);
	assert_true(net_sa(net, 1)->p->rekey_us == IKE_NEVER);
	assert_true(net_sa(net, 1)->p->over_us == IKE_NEVER);
	net_free(net);
}

/* Where the peer does not agree the old one stays, until it does. */
static void refused(void **state)
{
	const struct flow old = { .port = 7005 }, new = { .port = 8005 };
	struct ike_conn c[2];
	struct net *net;
	uint64_t spi_i;
	int way;

	(void)state;
	for (way = 0; way < 3; way++) {
		net = up(4, c);
		spi_i = net_sa(net, 0)->spi_i;
		if (way == 1)
			c[0].esp[0] = net_conn(0).esp[1], c[0].nesp = 1,
			c[1].nesp = 1, reload(net, 1, &c[1]);
		flows(net, 5 * NET_SECOND, &old);
		c[0].protect[0] = port(0, 8000, 8010, 0);
		c[1].protect[0] = port(1, 8000, 8010, 0);
		reload(net, 0, &c[0]);
		flows(net, 5 * NET_SECOND, &old);
		settled(net, spi_i, 1);
		assert_true(net_logged(net, 0, way == 1 ?
				       "NO_PROPOSAL_CHOSEN" : "TS_UNACCEPTABLE"));
		assert_true(net_logged(net, 0, "mobx conn rekey server children"));
		/* It may be asked again, and is by who is asked to rekey. */
		net_forget(net);
		net_cmd(net, 0, IKE_EV_CONN_REKEY_CHILDREN, "server");
		flows(net, 5 * NET_SECOND, &old);
		assert_int_equal(net_count(net, 0, IKE_EX_CREATE_CHILD_SA,
					   false), 1);
		settled(net, spi_i, 1);
		if (way == 1) {
			c[1].esp[0] = c[0].esp[0];
			c[1].nesp = 1;
		}
		if (way == 2) {
			/* The peer's own is refused as long as ours is old. */
			c[0].protect[0] = port(0, 7000, 7010, 0);
			reload(net, 0, &c[0]);
			flows(net, 5 * NET_SECOND, &old);
			reload(net, 1, &c[1]);
			flows(net, 5 * NET_SECOND, &old);
			assert_true(net_logged(net, 1, "TS_UNACCEPTABLE"));
			c[0].protect[0] = port(0, 8000, 8010, 0);
			reload(net, 0, &c[0]);
		} else {
			reload(net, 1, &c[1]);
		}
		net_run(net, 5 * NET_SECOND);
		settled(net, spi_i, 1);
		assert_true(taken(net, 0, &new) && taken(net, 1, &new));
		net_free(net);
	}
}

/* More Child SAs, fewer, and what one had another has now. */
static void children(void **state)
{
	const struct flow a = { .port = 7005 }, b = { .port = 8005 };
	struct ike_conn c[2];
	uint64_t seed, spi_i;
	struct net *net;
	int h;

	(void)state;
	for (seed = 1; seed <= 20; seed++) {
		net = up(seed, c);
		spi_i = net_sa(net, 0)->spi_i;
		for (h = 1; h >= 0; h--) {
			c[h].protect[1] = port(h, 8000, 8010, 1);
			c[h].nprotect = 2;
			reload(net, h, &c[h]);
			flows(net, net_random(net, 2000000), &a);
		}
		flows(net, 10 * NET_SECOND, &a);
		settled(net, spi_i, 2);
		/* The first goes, the second takes its number. */
		for (h = 0; h < 2; h++) {
			c[h].protect[0] = port(h, 8000, 8010, 0);
			c[h].nprotect = 1;
			memset(&c[h].protect[1], 0, sizeof(c[h].protect[1]));
			reload(net, h, &c[h]);
			flows(net, net_random(net, 40000), &b);
		}
		flows(net, 30 * NET_SECOND, &b);
		settled(net, spi_i, 1);
		assert_null(carrier(net, 0, &a));
		assert_null(carrier(net, 1, &a));
		net_free(net);
	}
}

/* Prefixes of tunnel mode; then the mode itself. */
static void tunnel(void **state)
{
	struct flow in = { .own = net_addr("10.8.1.1"),
			   .peer = net_addr("10.9.1.1") };
	struct ike_conn c[2];
	struct net *net = up(6, c);
	uint64_t spi_i = net_sa(net, 0)->spi_i;
	int h;

	(void)state;
	for (h = 0; h < 2; h++) {
		c[h].mode = MOBX_MODE_TUNNEL;
		c[h].protect[0] = prefix(h, "10.8.1.0", "10.9.1.0", 24, 0);
		reload(net, h, &c[h]);
		net_run(net, 5 * NET_SECOND);
	}
	settled(net, spi_i, 1);
	assert_true(net_logged(net, 0, "does not agree"));
	assert_int_equal(net->host[0].sas[0].mode, MOBX_MODE_TUNNEL);
	for (h = 0; h < 2; h++) {
		c[h].protect[0] = prefix(h, "10.8.0.0", "10.9.0.0", 16, 0);
		reload(net, h, &c[h]);
		flows(net, 5 * NET_SECOND, &in);
	}
	settled(net, spi_i, 1);
	in.own = net_addr("10.8.7.1");
	assert_true(taken(net, 0, &in) && taken(net, 1, &in));
	/* Back again, from the other end. */
	for (h = 1; h >= 0; h--) {
		c[h].mode = MOBX_MODE_TRANSPORT;
		c[h].protect[0] = port(h, 7000, 7010, 0);
		reload(net, h, &c[h]);
		net_run(net, 5 * NET_SECOND);
	}
	settled(net, spi_i, 1);
	assert_int_equal(net->host[0].sas[0].mode, MOBX_MODE_TRANSPORT);
	net_free(net);
}

static void something(struct net *net, int host)
{
	struct ike_sa *sa = net_sa(net, host);

	switch (net_random(net, 4)) {
	case 0:
		net_cmd(net, host, IKE_EV_CONN_REKEY, sa->conn->name);
		break;
	case 1:
		net_cmd(net, host, IKE_EV_CONN_REKEY_CHILDREN, sa->conn->name);
		break;
	default:
		break;
	}
}

/* While Child SAs or the IKE SA are rekeyed, by either end. covers: C2 */
static void amid_others(void **state)
{
	const struct flow f = { .port = 7005 };
	struct ike_conn c[2];
	struct net *net;
	uint64_t seed;
	int i;

	(void)state;
	for (seed = 1; seed <= 200; seed++) {
		net = up(seed, c);
		net->kernel_us = seed % 2 ? 3 * NET_MS : 0;
		net->jitter_us = seed % 3 ? 6 * NET_MS : 0;
		for (i = 0; i < 4; i++) {
			int h = (int)net_random(net, 2);
			uint16_t max = (uint16_t)(7010 + net_random(net, 5));

			something(net, (int)net_random(net, 2));
			flows(net, net_random(net, 20000), &f);
			c[0].protect[0] = port(0, 7000, max, 0);
			c[1].protect[0] = port(1, 7000, max, 0);
			reload(net, h, &c[h]);
			something(net, (int)net_random(net, 2));
			flows(net, net_random(net, 20000), &f);
			reload(net, !h, &c[!h]);
			flows(net, net_random(net, i % 2 ? 20000 : 3000000),
			      &f);
		}
		flows(net, 70 * NET_SECOND, &f);
		if (net_sa(net, 0)->spi_i != net_sa(net, 1)->spi_i)
			net_fail(net, seed);
		settled(net, net_sa(net, 0)->spi_i, 1);
		assert_int_equal(net->host[0].sas[0].selectors[0].remote_max,
				 c[0].protect[0].remote_max);
		assert_int_equal(net_count(net, 0, IKE_EX_AUTH, false), 1);
		net_free(net);
	}
}

/* While one is made and no answer comes the others wait, and look for nothing. */
static void offline(void **state)
{
	struct ike_conn c[2];
	struct net *net = up(7, c);
	uint8_t i;
	int h;

	(void)state;
	for (i = 1; i < 4; i++)
		for (h = 1; h >= 0; h--) {
			c[h].protect[i] = port(h, (uint16_t)(7000 + 100 * i),
					       (uint16_t)(7010 + 100 * i), i);
			c[h].nprotect = i + 1u;
		}
	reload(net, 1, &c[1]);
	net->filter = net_gone;
	reload(net, 0, &c[0]);
	net_run(net, NET_SECOND);
	assert_non_null(net_sa(net, 0)->p->create);
	assert_int_equal(ike_create_deadline(net_sa(net, 0)), IKE_NEVER);
	net->filter = NULL;
	net_run(net, 20 * NET_SECOND);
	settled(net, net_sa(net, 0)->spi_i, 4);
	net_free(net);
}

/* The same over a network that loses and reorders. */
static void bad_network(void **state)
{
	struct ike_conn c[2];
	struct net *net;
	uint64_t seed;
	int h, i;

	(void)state;
	for (seed = 1; seed <= 100; seed++) {
		net = up(seed, c);
		net->lose_percent = 20;
		net->repeat_percent = 20;
		net->jitter_us = 300 * NET_MS;
		for (i = 0; i < 3; i++) {
			for (h = 0; h < 2; h++) {
				c[h].protect[0] = port(h, 7000, (uint16_t)
						       (8000 + i), 0);
				reload(net, h, &c[h]);
				net_run(net, net_random(net, 3000000));
			}
		}
		net_calm(net, 120 * NET_SECOND, seed);
		if (net->host[0].n_sas != 2 || net->host[1].n_sas != 2 ||
		    net->host[0].sas[0].selectors[0].remote_max != 8002)
			net_fail(net, seed);
		net_free(net);
	}
}

/* An IKE SA that is being set up begins again; other changes end one. */
static void set_up_anew(void **state)
{
	struct ike_conn c[2];
	struct net *net = net_new(9);
	unsigned int i;
	uint64_t spi_i;
	int h;

	(void)state;
	for (h = 1; h >= 0; h--) {
		c[h] = net_conn(h);
		net_conn_add(net, h, &c[h]);
	}
	for (i = 0; i < 8; i++) {
		net_run(net, 4 * NET_MS);
		h = (int)(i % 2);
		c[h].protect[0] = port(h, 7000, (uint16_t)(7020 + i), 0);
		reload(net, h, &c[h]);
	}
	c[0].protect[0] = port(0, 7000, 7030, 0);
	c[1].protect[0] = port(1, 7000, 7030, 0);
	reload(net, 0, &c[0]);
	reload(net, 1, &c[1]);
	net_run(net, 60 * NET_SECOND);
	settled(net, net_sa(net, 0)->spi_i, 1);
	assert_int_equal(net->host[1].sas[0].selectors[0].local_max, 7030);
	spi_i = net_sa(net, 0)->spi_i;
	c[0].dpd_delay_us++;
	reload(net, 0, &c[0]);
	net_run(net, 5 * NET_SECOND);
	assert_true(net_sa(net, 0)->spi_i != spi_i);
	settled(net, net_sa(net, 0)->spi_i, 1);
	net_free(net);
}

/* What the peer has refused is not forgotten by the next run of the agent. */
static void handed_over(void **state)
{
	const struct flow old = { .port = 7005 }, new = { .port = 8005 };
	struct ike_conn c[2];
	struct net *net = up(10, c);
	uint64_t spi_i = net_sa(net, 0)->spi_i;

	(void)state;
	c[0].protect[0] = port(0, 8000, 8010, 0);
	c[1].protect[0] = port(1, 8000, 8010, 0);
	reload(net, 0, &c[0]);
	flows(net, 5 * NET_SECOND, &old);
	net_leave(net, 0);
	assert_int_equal(net->host[0].n_states, 1);
	net_succeed(net, 0, &c[0]);
	flows(net, 5 * NET_SECOND, &old);
	settled(net, spi_i, 1);
	/* Its own end asks again only when it is told to. */
	c[1].protect[0] = port(1, 8000, 8020, 0);
	net_forget(net);
	reload(net, 0, &c[0]);
	net_run(net, NET_SECOND);
	assert_int_equal(net_count(net, 0, IKE_EX_CREATE_CHILD_SA, false), 1);
	reload(net, 1, &c[1]);
	net_run(net, 5 * NET_SECOND);
	settled(net, spi_i, 1);
	assert_true(taken(net, 0, &new) && taken(net, 1, &new));
	net_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports),
		cmocka_unit_test(on_the_wire),
		cmocka_unit_test(algorithms),
		cmocka_unit_test(refused),
		cmocka_unit_test(children),
		cmocka_unit_test(tunnel),
		cmocka_unit_test(amid_others),
		cmocka_unit_test(offline),
		cmocka_unit_test(bad_network),
		cmocka_unit_test(set_up_anew),
		cmocka_unit_test(handed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
