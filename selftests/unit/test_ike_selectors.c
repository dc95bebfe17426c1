// SPDX-License-Identifier: GPL-2.0
/*
 * Several Child SAs of one IKE SA, tunnel mode, narrowing, and the packet that
 * waits (RFC 7296, sections 1.3.1, 2.9).
 */
#include <errno.h>
#include <stdio.h>

#include "ike_net.h"

static struct ike_prefix prefix(const char *addr, uint8_t plen)
{
	struct ike_prefix p = { .addr = net_addr(addr), .plen = plen };

	return p;
}

static struct ike_selector ports(uint8_t proto, uint16_t remote, uint8_t child)
{
	struct ike_selector s = {
		.proto = proto, .local_max = 65535,
		.remote_min = remote, .remote_max = remote, .child = child,
	};

	return s;
}

static struct ike_selector mirrored(const struct ike_selector *s)
{
	struct ike_selector m = *s;

	m.local_min = s->remote_min;
	m.local_max = s->remote_max;
	m.remote_min = s->local_min;
	m.remote_max = s->local_max;
	m.local = s->remote;
	m.remote = s->local;
	return m;
}

/* Both ends configured alike: @c is completed, the other end follows. */
static void up(struct net *net, struct ike_conn *c)
{
	struct ike_conn s = net_conn(1);
	unsigned int i;

	s.mode = c->mode;
	s.nprotect = c->nprotect;
	for (i = 0; i < c->nprotect; i++)
		s.protect[i] = mirrored(&c->protect[i]);
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, c);
	net_run(net, NET_SECOND);
}

static const struct ike_child *child_of(struct net *net, int host,
					unsigned int which)
{
	const struct ike_child *c = net_sa(net, host)->children, *found = NULL;

	for (; c; c = c->next) {
		if (c->child != which)
			continue;
		assert_null(found);
		found = c;
	}
	return found;
}

static void acquire(struct net *net, int host, uint8_t proto, uint16_t remote)
{
	struct ike_sa *sa = net_sa(net, host);
	struct ike_event ev = {
		.type = IKE_EV_ACQUIRE,
		.u.acquire = {
			.peer = sa->peer, .proto = proto, .local_port = 4711,
			.remote_port = remote,
		},
	};

	ev.u.acquire.local = sa->local.addr;
	ev.u.acquire.remote = sa->remote.addr;
	net_event(net, host, &ev);
}

/*
 * One IKE_AUTH, the rest by CREATE_CHILD_SA; each is rekeyed for itself, all go
 * with the IKE SA, and one that is missing comes back when traffic wants it.
 * covers: K40 K45 K50
 */
static void several(void **state)
{
	struct net *net = net_new(1);
	struct ike_conn c = net_conn(0);
	uint32_t spi[3];
	unsigned int i;

	(void)state;
	c.nprotect = 4;
	c.protect[0] = ports(6, 80, 0);
	c.protect[1] = ports(17, 53, 1);
	c.protect[2] = ports(6, 443, 0);
	c.protect[3] = ports(132, 9, 2);
	up(net, &c);
	assert_true(net_agree(net, 3));
	assert_int_equal(net_count(net, 0, IKE_EX_CREATE_CHILD_SA, false), 2);
	assert_int_equal(child_of(net, 1, 0)->nselectors, 2);
	assert_int_equal(child_of(net, 1, 1)->nselectors, 1);
	assert_int_equal(child_of(net, 1, 1)->selectors[0].proto, 17);
	assert_int_equal(child_of(net, 1, 1)->selectors[0].local_min, 53);
	for (i = 0; i < 3; i++)
		spi[i] = child_of(net, 0, i)->spi_in;
	net_cmd(net, 1, IKE_EV_CONN_REKEY_CHILDREN, "mobile");
	net_run_without_gap(net, 5 * NET_SECOND);
	assert_true(net_agree(net, 3));
	for (i = 0; i < 3; i++)
		assert_true(child_of(net, 0, i)->spi_in != spi[i]);
	net_cmd(net, 0, IKE_EV_CONN_REKEY, "server");
	net_run(net, NET_SECOND);
	assert_true(net_agree(net, 3));
	assert_int_equal(net_sa_count(net, 0), 1);
	/* The second one goes, and a packet for it brings it back. */
	spi[1] = child_of(net, 0, 1)->spi_in;
	net_expire(net, 0, spi[1], MOBX_DIR_IN, MOBX_EXPIRE_HARD);
	net_run(net, 5 * NET_SECOND);
	assert_true(net_agree(net, 3));
	assert_true(child_of(net, 0, 1)->spi_in != spi[1]);
	acquire(net, 0, 17, 53);
	net_run(net, NET_SECOND);
	assert_true(net_agree(net, 3));
	net_free(net);
}

/* Both ends ask for the same one anew at once: one of them remains. */
static void same_at_once(void **state)
{
	struct ike_conn c = net_conn(0);
	struct net *net;
	unsigned int seed;
	int h;

	(void)state;
	c.nprotect = 2;
	c.protect[0] = ports(6, 80, 0);
	c.protect[1] = ports(17, 53, 1);
	for (seed = 1; seed < 30; seed++) {
		net = net_new(seed);
		net->jitter_us = 2000 * (seed % 3);
		up(net, &c);
		for (h = 0; h < 2; h++)
			net_expire(net, h, child_of(net, h, 1)->spi_in,
				   MOBX_DIR_IN, MOBX_EXPIRE_HARD);
		net_run(net, 30 * NET_SECOND);
		if (!net_agree(net, 2))
			net_fail(net, seed);
		net_free(net);
	}
}

/* covers: K43 */
static void tunnel(void **state)
{
	struct net *net = net_new(2);
	struct ike_conn c = net_conn(0);
	const struct ike_ac_sa *sa;
	struct wire_notify n;
	struct wire_msg msg;
	uint8_t *plain;

	(void)state;
	c.mode = MOBX_MODE_TUNNEL;
	c.nprotect = 1;
	c.protect[0] = (struct ike_selector){
		.local_max = 65535, .remote_max = 65535,
		.local = prefix("192.168.4.0", 22),
		.remote = prefix("172.16.0.0", 12),
	};
	up(net, &c);
	assert_true(net_agree(net, 1));
	assert_true(net_open(net, net_nth(net, 0, IKE_EX_AUTH, false, 0), &msg,
			     &plain));
	assert_false(wire_notify_find(&msg, IKE_N_USE_TRANSPORT_MODE, &n));
	free(plain);
	sa = net_newest(net, 1, MOBX_DIR_IN);
	assert_int_equal(sa->mode, MOBX_MODE_TUNNEL);
	assert_int_equal(sa->nselectors, 1);
	assert_int_equal(sa->selectors[0].remote.plen, 22);
	assert_int_equal(sa->selectors[0].local.plen, 12);
	assert_true(wire_addr_equal(&sa->selectors[0].remote.addr,
				    &c.protect[0].local.addr));
	net_cmd(net, 0, IKE_EV_CONN_REKEY_CHILDREN, "server");
	net_run_without_gap(net, 4 * NET_SECOND);
	assert_true(net_agree(net, 1));
	net_free(net);
}

/* One wants a tunnel, the other does not: no Child SA. covers: K43 K37 */
static void modes_differ(void **state)
{
	struct ike_conn c, s;
	struct net *net;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		net = net_new(3);
		c = net_conn(0);
		s = net_conn(1);
		c.mode = i ? MOBX_MODE_TUNNEL : MOBX_MODE_TRANSPORT;
		s.mode = i ? MOBX_MODE_TRANSPORT : MOBX_MODE_TUNNEL;
		net_conn_add(net, 1, &s);
		net_conn_add(net, 0, &c);
		net_run(net, 5 * NET_SECOND);
		assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
		assert_null(net_sa(net, 0)->children);
		assert_null(net_sa(net, 1)->children);
		assert_int_equal(net->host[0].n_sas, 0);
		net_free(net);
	}
}

static void list_of(struct wire_ts_list *l, const char *start, const char *end)
{
	memset(l, 0, sizeof(*l));
	l->n = 1;
	l->ts[0].port_end = 65535;
	l->ts[0].start = net_addr(start);
	l->ts[0].end = net_addr(end);
}

/*
 * What is common of ranges and prefixes, of both families; the kernel gets
 * prefixes, and what would be too many of them is left out.
 * covers: K39
 */
static void ranges(void **state)
{
	static const struct {
		const char *start, *end;
		unsigned int n;
	} cases[] = {
		{ "10.1.0.0", "10.1.255.255", 1 },
		{ "10.0.0.0", "10.255.255.255", 1 },
		{ "10.1.2.0", "10.1.2.0", 1 },
		{ "10.1.2.1", "10.1.2.6", 4 },
		{ "10.1.2.0", "10.1.2.130", 3 },
		{ "10.1.0.1", "10.1.255.254", 0 },
		{ "10.2.0.0", "10.3.0.0", 0 },
		{ "0.0.0.0", "255.255.255.255", 1 },
		{ "2001:db8::", "2001:db8::ffff", 0 },
	};
	struct wire_addr a = net_addr("192.0.2.1"), b = net_addr("192.0.2.2");
	struct wire_ts_list tl, tr, l, r;
	struct ike_conn c = net_conn(0);
	struct ike_offer o;
	unsigned int i;

	(void)state;
	c.mode = MOBX_MODE_TUNNEL;
	c.nprotect = 1;
	c.protect[0] = (struct ike_selector){
		.local_max = 65535, .remote_max = 65535,
		.local = prefix("10.1.0.0", 16),
	};
	list_of(&tr, "0.0.0.0", "255.255.255.255");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		list_of(&tl, cases[i].start, cases[i].end);
		assert_true(ike_ts_narrow(&c, 0, &a, &b, &tl, &tr, &o, &l, &r)
			    == (cases[i].n > 0));
		assert_int_equal(o.nselectors, cases[i].n);
	}
	/* Any address is any of the family that the peer speaks of. */
	c.protect[0].local.addr.family = 0;
	list_of(&tl, "2001:db8::", "2001:db8::ffff");
	assert_false(ike_ts_narrow(&c, 0, &a, &b, &tl, &tr, &o, &l, &r));
	list_of(&tr, "2001:db8:1::", "2001:db8:1::1");
	assert_true(ike_ts_narrow(&c, 0, &a, &b, &tl, &tr, &o, &l, &r));
	assert_int_equal(o.nselectors, 1);
	assert_int_equal(o.selectors[0].local.plen, 112);
	assert_int_equal(o.selectors[0].remote.plen, 127);
}

/* What an answer or a request of host 0 or 1 holds. */
static bool has_notify(struct net *net, int from, uint8_t exchange,
		       bool response, uint16_t type)
{
	struct wire_notify n;
	struct wire_msg msg;
	uint8_t *plain;
	bool found;

	assert_true(net_open(net, net_nth(net, from, exchange, response, 0),
			     &msg, &plain));
	found = wire_notify_find(&msg, type, &n);
	free(plain);
	return found;
}

/*
 * A peer that asks for all at once gets one Child SA and hears that there may
 * be more. covers: K39
 */
static void more_possible(void **state)
{
	struct ike_conn c = net_conn(0), s = net_conn(1);
	struct net *net = net_new(4);
	struct ike_selector one;

	(void)state;
	c.protect[0] = (struct ike_selector){
		.local_max = 65535, .remote_max = 65535,
	};
	s.nprotect = 2;
	one = ports(6, 80, 0);
	s.protect[0] = mirrored(&one);
	one = ports(17, 53, 1);
	s.protect[1] = mirrored(&one);
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, NET_SECOND);
	assert_true(has_notify(net, 1, IKE_EX_AUTH, true,
			       IKE_N_ADDITIONAL_TS_POSSIBLE));
	assert_int_equal(net_sa(net, 0)->children->nselectors, 1);
	assert_int_equal(net_sa(net, 0)->children->selectors[0].proto, 6);
	net_free(net);
}

static void read_ts(struct net *net, uint8_t exchange, unsigned int nth,
		    struct wire_ts_list *tsr)
{
	struct wire_msg msg;
	uint8_t *plain;

	assert_true(net_open(net, net_nth(net, 0, exchange, false, nth), &msg,
			     &plain));
	assert_int_equal(wire_ts_decode(wire_msg_only(&msg, IKE_PL_TSR), tsr),
			 WIRE_OK);
	free(plain);
}

/*
 * The packet that waits comes first, in IKE_AUTH and later; if the peer wants a
 * Child SA for each pair, it is all that is asked for.
 * covers: K40
 */
static void packet_first(void **state)
{
	struct ike_conn c = net_conn(0), s = net_conn(1);
	struct ike_event ev = {
		.type = IKE_EV_ACQUIRE,
		.u.acquire = { .proto = 17, .local_port = 4711,
			       .remote_port = 7003, .label = "conn:server" },
	};
	struct net *net = net_new(5);
	struct wire_ts_list tsr;
	struct wire_enc enc;

	(void)state;
	c.start = IKE_START_ON_TRAFFIC;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	ev.u.acquire.local = net_addr("10.0.0.1");
	ev.u.acquire.remote = net_addr("10.0.0.2");
	net_event(net, 0, &ev);
	net_run(net, NET_SECOND);
	assert_true(net_agree(net, 1));
	read_ts(net, IKE_EX_AUTH, 0, &tsr);
	assert_int_equal(tsr.n, 2);
	assert_int_equal(tsr.ts[0].port_start, 7003);
	assert_int_equal(tsr.ts[0].port_end, 7003);
	assert_int_equal(tsr.ts[1].port_start, 7000);
	/* The whole range is what came of it. */
	assert_int_equal(net_sa(net, 1)->children->nselectors, 1);
	assert_int_equal(net_sa(net, 1)->children->selectors[0].local_min,
			 7000);
	net_cmd(net, 1, IKE_EV_CONN_DOWN, "mobile");
	net_run(net, NET_SECOND);

	/* An old friend: the Child SA is gone, the IKE SA is not. */
	net_event(net, 0, &ev);
	net_run(net, NET_SECOND);
	wire_enc_start(&enc, NULL);
	wire_delete_encode_esp(&enc,
			       &(uint32_t){ net_sa(net, 1)->children->spi_in },
			       1);
	net_forge(net, 1, IKE_EX_INFORMATIONAL, false, 0, &enc);
	assert_null(net_sa(net, 0)->children);
	net_forget(net);
	acquire(net, 0, 17, 7005);
	read_ts(net, IKE_EX_CREATE_CHILD_SA, 0, &tsr);
	assert_int_equal(tsr.n, 2);
	assert_int_equal(tsr.ts[0].port_start, 7005);
	wire_enc_start(&enc, NULL);
	wire_notify_encode(&enc, IKE_N_SINGLE_PAIR_REQUIRED, NULL, 0);
	net_forge(net, 1, IKE_EX_CREATE_CHILD_SA, true, 2, &enc);
	read_ts(net, IKE_EX_CREATE_CHILD_SA, 1, &tsr);
	assert_int_equal(tsr.n, 1);
	assert_int_equal(tsr.ts[0].port_start, 7005);
	net_free(net);
}

/*
 * No padding against traffic analysis is ever sent, and fragments without
 * ports go under no Child SA that did not agree to them: neither did we.
 * covers: K47
 */
static void other_notifies(void **state)
{
	struct net *net = net_new(6);
	struct wire_sa *offer = calloc(1, sizeof(*offer));
	uint8_t nonce[32] = { 1, 2, 3 };
	struct wire_ts_list l, r;
	struct ike_sa *sa;
	struct wire_enc enc;

	(void)state;
	assert_non_null(offer);
	net_up(net);
	sa = net_sa(net, 0);
	ike_propose(offer, sa->conn->esp, 1, IKE_PROTO_ESP, 5000,
		    IKE_GROUPS_NONE);
	ike_ts_propose(sa->conn, 0, &sa->local.addr, &sa->remote.addr, &l, &r);
	wire_enc_start(&enc, NULL);
	wire_sa_encode(&enc, offer);
	wire_nonce_encode(&enc, nonce, sizeof(nonce));
	wire_ts_encode(&enc, IKE_PL_TSI, &l);
	wire_ts_encode(&enc, IKE_PL_TSR, &r);
	wire_notify_encode(&enc, IKE_N_USE_TRANSPORT_MODE, NULL, 0);
	wire_notify_encode(&enc, IKE_N_ESP_TFC_PADDING_NOT_SUPPORTED, NULL, 0);
	wire_notify_encode(&enc, IKE_N_NON_FIRST_FRAGMENTS_ALSO, NULL, 0);
	net_forge(net, 0, IKE_EX_CREATE_CHILD_SA, false, 2, &enc);
	net_run(net, NET_MS);
	assert_true(has_notify(net, 1, IKE_EX_CREATE_CHILD_SA, true,
			       IKE_N_USE_TRANSPORT_MODE));
	assert_false(has_notify(net, 1, IKE_EX_CREATE_CHILD_SA, true,
				IKE_N_NON_FIRST_FRAGMENTS_ALSO));
	/* It might be there to replace the first: that is given a moment. */
	net_run(net, 2 * NET_SECOND);
	assert_int_equal(net->host[1].n_sas, 4);
	free(offer);
	net_free(net);
}

/* The peer can have one Child SA only: that goes, then another is made. */
static void no_additional(void **state)
{
	struct net *net = net_new(7);
	struct wire_enc enc;
	uint32_t spi;

	(void)state;
	net_up(net);
	spi = net_sa(net, 0)->children->spi_in;
	net_cmd(net, 0, IKE_EV_CONN_REKEY_CHILDREN, "server");
	wire_enc_start(&enc, NULL);
	wire_notify_encode(&enc, IKE_N_NO_ADDITIONAL_SAS, NULL, 0);
	net_forge(net, 1, IKE_EX_CREATE_CHILD_SA, true, 2, &enc);
	net_run(net, 5 * NET_SECOND);
	assert_int_equal(net_count(net, 0, IKE_EX_CREATE_CHILD_SA, false), 2);
	assert_non_null(net_sa(net, 0)->children);
	assert_true(net_sa(net, 0)->children->spi_in != spi);
	assert_null(net_sa(net, 0)->children->next);
	net_free(net);
}

/* As many as a connection may have, and all of them rekeyed at once. */
static void as_many_as_may_be(void **state)
{
	struct net *net = net_new(8);
	struct ike_conn c = net_conn(0);
	unsigned int i;

	(void)state;
	assert_true(IKE_MAX_CONN_CHILDREN <= IKE_MAX_SELECTORS);
	c.nprotect = IKE_MAX_CONN_CHILDREN;
	for (i = 0; i < c.nprotect; i++)
		c.protect[i] = ports(17, (uint16_t)(6000 + i), (uint8_t)i);
	up(net, &c);
	net_run(net, 5 * NET_SECOND);
	assert_true(net_agree(net, IKE_MAX_CONN_CHILDREN));
	net_cmd(net, 0, IKE_EV_CONN_REKEY_CHILDREN, "server");
	net_run_without_gap(net, 20 * NET_SECOND);
	assert_true(net_agree(net, IKE_MAX_CONN_CHILDREN));
	for (i = 0; i < c.nprotect; i++)
		assert_non_null(child_of(net, 0, i));
	net_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several),
		cmocka_unit_test(as_many_as_may_be),
		cmocka_unit_test(same_at_once),
		cmocka_unit_test(tunnel),
		cmocka_unit_test(modes_differ),
		cmocka_unit_test(ranges),
		cmocka_unit_test(more_possible),
		cmocka_unit_test(packet_first),
		cmocka_unit_test(other_notifies),
		cmocka_unit_test(no_additional),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
