// SPDX-License-Identifier: GPL-2.0
/* NAT traversal of IKEv2 without MOBIKE, and where MOBIKE forbids NATs. */
#include "ike_net.h"
#include "mobike/mobike.h"

static unsigned int keepalives(const struct net *net, int host)
{
	unsigned int n = 0;

	for (size_t i = 0; i < net->n_sent; i++)
		n += net->sent[i].from == host && net_keepalive(&net->sent[i]);
	return n;
}

static void assert_encap(const struct net *net, int host, uint16_t sport,
			 uint16_t dport)
{
	const struct ike_path *p = &net->host[host].peers[0].paths[0];

	assert_int_equal(net->host[host].n_peers, 1);
	assert_int_equal(p->encap_sport, sport);
	assert_int_equal(p->encap_dport, dport);
}

/*
 * Behind a NAT, without MOBIKE: the other port, ESP in UDP; who is behind it keeps
 * the mapping, who is not follows a new one. covers: K44 UE6
 */
static void nat_traversed(void **state)
{
	struct net *net = net_new(7);
	struct ike_conn c = net_conn(0), s = net_conn(1);
	const struct net_peer *p;

	(void)state;
	c.mobike = false;
	c.mobikex = false;
	c.dpd_delay_us = 60 * NET_SECOND;
	s.dpd_delay_us = 0;
	net->nat = net_at("192.0.2.7", 1234);
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, NET_SECOND);
	assert_true(net_logged(net, 0, "mobike=no nat=here"));
	assert_true(net_logged(net, 1, "mobike=no nat=peer"));
	assert_int_equal(net->host[0].eng->sas->state, IKE_SA_ESTABLISHED);
	assert_int_equal(net->host[1].eng->sas->state, IKE_SA_ESTABLISHED);
	assert_false(net->host[0].eng->sas->mobike);
	assert_false(net->host[1].eng->sas->mobike);
	assert_encap(net, 0, IKE_NATT_PORT, IKE_NATT_PORT);
	assert_encap(net, 1, IKE_NATT_PORT, 1235);
	p = &net->host[1].peers[0];
	assert_true(wire_addr_equal(&p->paths[0].remote, &net->nat.addr));
	assert_int_equal(keepalives(net, 0), 0);
	/* The NAT starts anew: the next authentic request tells. */
	net->nat = net_at("192.0.2.8", 2000);
	net_run(net, 100 * NET_SECOND);
	assert_encap(net, 1, IKE_NATT_PORT, 2001);
	assert_true(wire_addr_equal(&p->paths[0].remote, &net->nat.addr));
	assert_int_equal(net->host[1].n_sas, 2);
	net_free(net);
}

/* Client and server with a NAT between them, who have nothing to say. */
static struct net *behind_nat(uint64_t seed)
{
	struct net *net = net_new(seed);
	struct ike_conn c = net_conn(0), s = net_conn(1);

	c.mobike = false;
	c.mobikex = false;
	c.dpd_delay_us = 0;
	s.dpd_delay_us = 0;
	net->nat = net_at("192.0.2.7", 1234);
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, NET_SECOND);
	assert_int_equal(net->host[0].n_peers, 1);
	return net;
}

/*
 * The host behind the NAT sends keepalives while nothing else leaves, and never
 * leaves the NAT without a packet for more than 20 s. covers: UE3
 */
static void nat_kept(void **state)
{
	struct net *net = behind_nat(8);
	struct net_peer *p = &net->host[0].peers[0];
	unsigned int n, i;
	uint64_t last;

	(void)state;
	assert_int_equal(keepalives(net, 0), 0);
	net_run(net, 50 * NET_SECOND);
	assert_int_equal(keepalives(net, 0), 2);
	assert_int_equal(keepalives(net, 1), 0);

	/* Once a packet has left no more, for as long as packets do. */
	p->packets++;
	net_run(net, 10 * NET_SECOND);
	n = keepalives(net, 0);
	for (i = 0; i < 100; i++) {
		p->packets++;
		net_run(net, NET_SECOND);
	}
	assert_int_equal(keepalives(net, 0), n);
	last = net->now - NET_SECOND;
	while (keepalives(net, 0) == n)
		net_run(net, NET_SECOND);
	assert_true(net->now - last <= 21 * NET_SECOND);

	/* A kernel that does not tell: better one too many. */
	n = keepalives(net, 0);
	net->host[0].n_peers = 0;
	net_run(net, 41 * NET_SECOND);
	assert_int_equal(keepalives(net, 0), n + 2);
	net->host[0].n_peers = 1;
	net_free(net);
}

/*
 * ESP that comes from elsewhere moves nobody by itself: the host that is not
 * behind a NAT asks there, and follows an authentic answer. covers: UE6
 */
static void nat_hinted(void **state)
{
	struct net *net = behind_nat(9);
	const struct net_peer *p = &net->host[1].peers[0];
	struct ike_event ev = { .type = IKE_EV_PATH_HINT };
	struct ike_ev_path_hint *h = &ev.u.path_hint;
	unsigned int asked;

	(void)state;
	h->peer = p->id;
	h->local = net_addr("10.0.0.2");
	/* Nobody is there who could answer. */
	asked = net_count(net, 1, IKE_EX_INFORMATIONAL, false);
	h->remote = net_addr("192.0.2.99");
	h->remote_port = 4500;
	net_event(net, 1, &ev);
	net_event(net, 1, &ev);
	assert_int_equal(net_count(net, 1, IKE_EX_INFORMATIONAL, false),
			 asked + 1);
	net_run(net, 30 * NET_SECOND);
	assert_encap(net, 1, IKE_NATT_PORT, 1235);
	assert_true(wire_addr_equal(&p->paths[0].remote, &net->nat.addr));
	assert_int_equal(p->generation, 1);

	/* The NAT has started anew, and only ESP leaves by it. */
	net->nat = net_at("192.0.2.8", 2000);
	h->remote = net->nat.addr;
	h->remote_port = 2001;
	net_event(net, 1, &ev);
	net_run(net, NET_SECOND);
	assert_encap(net, 1, IKE_NATT_PORT, 2001);
	assert_true(wire_addr_equal(&p->paths[0].remote, &net->nat.addr));

	/* Who is behind a NAT himself does not ask. */
	asked = net_count(net, 0, IKE_EX_INFORMATIONAL, false);
	h->peer = net->host[0].peers[0].id;
	h->local = net_addr("10.0.0.1");
	net_event(net, 0, &ev);
	assert_int_equal(net_count(net, 0, IKE_EX_INFORMATIONAL, false),
			 asked);
	net_free(net);
}

static void assert_where(struct net *net, const char *local, const char *remote,
			 uint16_t port)
{
	struct wire_addr l = net_addr(local), r = net_addr(remote);
	const struct ike_path *p = &net->host[1].peers[0].paths[0];

	assert_encap(net, 1, IKE_NATT_PORT, port);
	assert_true(wire_addr_equal(&p->local, &l));
	assert_true(wire_addr_equal(&p->remote, &r));
}

/*
 * A NAT gives the peer no address that it may not move to; and who has agreed
 * on no MOBIKE does not leave his own. covers: UE6
 */
static void nat_denied(void **state)
{
	struct net *net = net_new_with(10, 1000, &mobike_ext);
	struct ike_conn c = net_conn(0), s = net_conn(1);
	struct ike_event ev = { .type = IKE_EV_ADDRS };
	struct ike_host_addr own = { .local = net_addr("10.0.0.2") };

	(void)state;
	c.mobike = false;
	c.mobikex = false;
	s.mobike = false;
	s.mobikex = false;
	c.dpd_delay_us = 5 * NET_SECOND;
	s.dpd_delay_us = 0;
	s.ndeny = 1;
	s.deny[0].addr = net_addr("192.0.2.66");
	s.deny[0].plen = 32;
	net->nat = net_at("192.0.2.7", 1234);
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, NET_SECOND);
	assert_where(net, "10.0.0.2", "192.0.2.7", 1235);

	own.remote = net->nat.addr;
	ev.u.addrs.addrs = &own;
	ev.u.addrs.n = 1;
	net_event(net, 1, &ev);
	own.local = net_addr("10.0.0.9");
	net_event(net, 1, &ev);
	net_run(net, NET_SECOND);
	assert_where(net, "10.0.0.2", "192.0.2.7", 1235);

	net->nat = net_at("192.0.2.66", 2000);
	net_run(net, 20 * NET_SECOND);
	assert_where(net, "10.0.0.2", "192.0.2.7", 1235);
	net->nat = net_at("192.0.2.8", 3000);
	net_run(net, 20 * NET_SECOND);
	assert_where(net, "10.0.0.2", "192.0.2.8", 3001);
	net_free(net);
}

/* The same request again: the same answer, no second IKE SA. covers: K3 K29 */

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nat_traversed),
		cmocka_unit_test(nat_kept),
		cmocka_unit_test(nat_hinted),
		cmocka_unit_test(nat_denied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
