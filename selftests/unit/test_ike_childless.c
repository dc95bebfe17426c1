// SPDX-License-Identifier: GPL-2.0
/* IKE SAs without a Child SA (RFC 6023), until somebody wants one. */
#include <stdio.h>

#include "ike_net.h"

static void configure(struct net *net, enum ike_childless initiator,
		      enum ike_childless responder)
{
	struct ike_conn c = net_conn(0), s = net_conn(1);

	c.childless = initiator;
	s.childless = responder;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
}

static void packet(struct net *net, int host)
{
	struct ike_event ev = { .type = IKE_EV_ACQUIRE };
	struct ike_ev_acquire *a = &ev.u.acquire;

	a->peer = net->host[host].n_peers ? net->host[host].peers[0].id : 0;
	a->local = net_addr(host ? "10.0.0.2" : "10.0.0.1");
	a->remote = net_addr(host ? "10.0.0.1" : "10.0.0.2");
	a->proto = 17;
	a->local_port = host ? 7000 : 4000;
	a->remote_port = host ? 4000 : 7000;
	a->label = host ? "conn:mobile" : "conn:server";
	net_event(net, host, &ev);
}

/* What the IKE_AUTH request and its answer have of a Child SA. */
static bool auth_has(struct net *net, int host, uint8_t type)
{
	const struct net_packet *p;
	struct wire_msg msg;
	uint8_t *plain;
	bool has;

	p = net_nth(net, host, IKE_EX_AUTH, host, 0);
	assert_non_null(p);
	assert_true(net_open(net, p, &msg, &plain));
	has = wire_msg_next(&msg, type, NULL);
	free(plain);
	return has;
}

static void nothing_yet(struct net *net)
{
	for (int host = 0; host < 2; host++) {
		assert_int_equal(net_sa(net, host)->state, IKE_SA_ESTABLISHED);
		assert_null(net_sa(net, host)->children);
		assert_int_equal(net->host[host].n_peers, 1);
		assert_int_equal(net->host[host].n_sas, 0);
		assert_false(auth_has(net, host, IKE_PL_SA));
		assert_false(auth_has(net, host, IKE_PL_TSI));
		assert_false(auth_has(net, host, IKE_PL_TSR));
	}
}

/* The first packet, of whichever end, makes the Child SA. */
static void first_packet(void **state)
{
	struct net *net;

	(void)state;
	for (int host = 0; host < 2; host++) {
		net = net_new(1 + (uint64_t)host);
		configure(net, IKE_CHILDLESS_PREFER, IKE_CHILDLESS_ALLOW);
		net_cmd(net, 0, IKE_EV_CONN_UP, "server");
		net_run(net, NET_SECOND);
		nothing_yet(net);
		assert_int_equal(net->host[0].last_err, 0);
		packet(net, host);
		net_run(net, NET_SECOND);
		assert_int_equal(net_count(net, host, IKE_EX_CREATE_CHILD_SA,
					   false), 1);
		assert_true(net_agree(net, 1));
		net_free(net);
	}
}

/* It takes both: else IKE_AUTH makes a Child SA as ever. */
static void who_wants(void **state)
{
	static const struct {
		enum ike_childless i, r;
	} cases[] = {
		{ IKE_CHILDLESS_PREFER, IKE_CHILDLESS_NEVER },
		{ IKE_CHILDLESS_ALLOW, IKE_CHILDLESS_ALLOW },
		{ IKE_CHILDLESS_ALLOW, IKE_CHILDLESS_PREFER },
		{ IKE_CHILDLESS_NEVER, IKE_CHILDLESS_ALLOW },
	};
	struct net *net;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		net = net_new(10 + i);
		configure(net, cases[i].i, cases[i].r);
		net_run(net, NET_SECOND);
		assert_true(auth_has(net, 0, IKE_PL_SA));
		assert_true(net_agree(net, 1));
		net_free(net);
	}
}

/* A packet that waits is not put off by another exchange. */
static void packet_waits(void **state)
{
	struct net *net = net_new(20);
	struct ike_conn c = net_conn(0), s = net_conn(1);

	(void)state;
	c.childless = IKE_CHILDLESS_PREFER;
	c.start = IKE_START_ON_TRAFFIC;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	packet(net, 0);
	net_run(net, NET_SECOND);
	assert_true(auth_has(net, 0, IKE_PL_SA));
	assert_int_equal(net_count(net, 0, IKE_EX_CREATE_CHILD_SA, false), 0);
	assert_true(net_agree(net, 1));
	net_free(net);
}

/* A peer that answers a request without Child SA only if it may be so. */
static void not_asked_for(void **state)
{
	struct net *net = net_new(21);
	struct ike_sa *sa;

	(void)state;
	configure(net, IKE_CHILDLESS_PREFER, IKE_CHILDLESS_NEVER);
	/* After its IKE_SA_INIT has been answered, before IKE_AUTH leaves. */
	net->creds_us = 20 * NET_MS;
	net_run(net, 15 * NET_MS);
	sa = net_sa(net, 0);
	assert_int_equal(sa->state, IKE_SA_AUTH);
	sa->p->childless = true;
	net_run(net, NET_SECOND);
	assert_false(auth_has(net, 0, IKE_PL_SA));
	assert_null(net_sa(net, 1)->children);
	assert_true(net_logged(net, 1, "no Child SA: NO_PROPOSAL_CHOSEN"));
	net_free(net);
}

static void leftover(struct net *net, int host, const char *label)
{
	struct ike_ac_peer peer = { .id = 1, .npaths = 1 };
	struct ike_action a = { .type = IKE_AC_PEER_NEW };
	struct ike_path path = { .state = MOBX_PATH_STATE_VALID };
	struct ike_event ev = { .type = IKE_EV_LEFTOVER };
	uint64_t generation;

	snprintf(peer.label, sizeof(peer.label), "%s", label);
	peer.paths = &path;
	a.u.peer = peer;
	assert_int_equal(net_kernel(&net->host[host], &a, &generation), 0);
	ev.u.leftover.peer = 1;
	ev.u.leftover.label = label;
	net_event(net, host, &ev);
}

/*
 * SAs of an earlier run go when there are new ones. If the initiator has them
 * it begins with a Child SA; if only the responder does, that makes one.
 */
static void earlier_run(void **state)
{
	struct net *net = net_new(22);

	(void)state;
	leftover(net, 0, "server/server.example");
	configure(net, IKE_CHILDLESS_PREFER, IKE_CHILDLESS_ALLOW);
	net_run(net, 30 * NET_SECOND);
	assert_true(auth_has(net, 0, IKE_PL_SA));
	assert_true(net_agree(net, 1));
	assert_int_equal(net->host[0].n_peers, 1);
	net_free(net);

	net = net_new(23);
	leftover(net, 1, "mobile/mobile.example");
	configure(net, IKE_CHILDLESS_PREFER, IKE_CHILDLESS_ALLOW);
	net_run(net, 30 * NET_SECOND);
	assert_false(auth_has(net, 0, IKE_PL_SA));
	assert_int_equal(net_count(net, 1, IKE_EX_CREATE_CHILD_SA, false), 1);
	assert_true(net_agree(net, 1));
	assert_int_equal(net->host[1].n_peers, 1);
	net_free(net);
}

/* Rekeyed before it has a Child SA; on a network that loses a third. */
static void bad_network(void **state)
{
	unsigned int seed;
	struct net *net;

	(void)state;
	for (seed = 1; seed <= 100; seed++) {
		net = net_new(seed);
		configure(net, IKE_CHILDLESS_PREFER, IKE_CHILDLESS_ALLOW);
		net->lose_percent = 30;
		net->repeat_percent = 30;
		net->jitter_us = 100 * NET_MS;
		net_run(net, 40 * NET_SECOND);
		net_cmd(net, (int)seed % 2, IKE_EV_CONN_REKEY,
			seed % 2 ? "mobile" : "server");
		net_run(net, net_random(net, 2000) * NET_MS);
		packet(net, 0);
		packet(net, 1);
		net_run(net, 40 * NET_SECOND);
		net->lose_percent = 0;
		net_run(net, 150 * NET_SECOND);
		packet(net, 0);
		net_run(net, 60 * NET_SECOND);
		if (!net_agree(net, 1))
			net_fail(net, seed);
		net_free(net);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_packet),
		cmocka_unit_test(who_wants),
		cmocka_unit_test(packet_waits),
		cmocka_unit_test(not_asked_for),
		cmocka_unit_test(earlier_run),
		cmocka_unit_test(bad_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
