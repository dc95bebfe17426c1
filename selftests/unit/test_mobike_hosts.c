// SPDX-License-Identifier: GPL-2.0
/*
 * Hosts of one server: what one of them has, another one does not get, unless what
 * is sent to them tells them apart; and where a NAT has given both the same private
 * address they are told apart by what is outside. Requests are written by hand. SIM_TEST=NAME runs one test,
 * SIM_VERBOSE=1 tells what happens in it.
 *
 * covers: MX6 E4
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mobike/mobike.h"
#include "mobike_hand.h"

#define OTHER	"10.0.6.2"
#define PRIVATE	"192.168.1.2"
#define NAT_A	"192.0.2.1"
#define NAT_B	"192.0.2.2"

static void put_nat(struct sim *sim, unsigned int link, const char *outside,
		    uint16_t port)
{
	assert_true(wire_addr_parse(&sim->node[0].links[link].nat, outside));
	sim->node[0].links[link].nat_port = port;
}

/* The links that lead to NATs, and which of them each host has. */
enum { WLAN_LINK = 1, OTHER_LINK = 4 };
static const char *const links[] = { WLAN, OTHER, WLAN };

/* One more, with an identity of its own; @proto: which its Child SA is for, 0 all */
static void add_host(struct sim *sim, unsigned int host, uint8_t proto)
{
	struct ike_conn c = sim_conn(0);
	char id[32];

	snprintf(c.name, sizeof(c.name), "host-%u", host);
	snprintf(id, sizeof(id), "host-%u.example", host);
	assert_int_equal(ike_id_parse(id, &c.local_id), 0);
	c.protect[0].proto = proto;
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
	assert_int_equal(hand.n_sa, host + 1);
	assert_int_equal(sim->node[1].n_peers, host + 1);
}

/* Host 0 is the usual one, host 1 has another identity and began later. */
static struct sim *start(void)
{
	struct sim *sim = hand_start(true, 16);

	sim_add_link(sim, 0, OTHER, "usb", 5 * SIM_MS);
	add_host(sim, 1, 0);
	return sim;
}

/* What the server's kernel sends one of the hosts by. */
static const struct ike_path *primary(const struct sim *sim, unsigned int host)
{
	const struct sim_peer *p = &sim->node[1].peers[host];

	for (unsigned int i = 0; i < p->n; i++)
		if (p->paths[i].flags & MOBX_PATH_FLAGS_PRIMARY)
			return &p->paths[i];
	return NULL;
}

static void assert_sends_to(const struct sim *sim, unsigned int host,
			    const char *outside, uint16_t port)
{
	const struct ike_path *p = primary(sim, host);
	struct wire_addr a;

	assert_true(wire_addr_parse(&a, outside));
	assert_non_null(p);
	assert_true(wire_addr_equal(&p->remote, &a));
	assert_int_equal(p->encap_dport, port);
	assert_int_equal(p->state, MOBX_PATH_STATE_VALID);
}

static struct ask ask_of(unsigned int host)
{
	struct ask a = hand_ask_by(links[host]);

	a.conn = host;
	a.no_nats = NONE;
	return a;
}

/* Adds a path behind its NAT and has all sent there. */
static void go_behind_nat(struct sim *sim, unsigned int host)
{
	struct ask a = ask_of(host);

	hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, PRIVATE);
	hand_ask(sim, &a);
	assert_int_equal(a.error, 0);
	a = ask_of(host);
	hand_put_update(&a);
	hand_put_block(&a, IKE_N_IP_PARAMETER, 1, MOBIKEX_F_PRIMARY, NULL,
		       NULL);
	hand_ask(sim, &a);
	assert_int_equal(a.error, 0);
	assert_int_equal(a.set.n, 2);
	assert_int_equal(a.set.e[1].state, MOBIKEX_VALID);
	assert_true(a.set.e[1].flags & MOBIKEX_F_PRIMARY);
}

/* Both say that they are 192.168.1.2, and so they are, behind two NATs. */
static void test_same_private_address(void **state)
{
	struct sim *sim = start();
	uint64_t generation;
	struct ask a;

	(void)state;
	put_nat(sim, WLAN_LINK, NAT_A, 40000);
	put_nat(sim, OTHER_LINK, NAT_B, 40000);
	go_behind_nat(sim, 0);
	assert_sends_to(sim, 0, NAT_A, 40000);
	assert_sends_to(sim, 1, RADIO, 0);
	go_behind_nat(sim, 1);
	assert_sends_to(sim, 0, NAT_A, 40000);
	assert_sends_to(sim, 1, NAT_B, 40000);

	/* One of the NATs starts anew: that host says so, and nobody else moves. */
	generation = sim->node[1].peers[0].generation;
	put_nat(sim, OTHER_LINK, NAT_B, 41000);
	a = ask_of(1);
	hand_put_update(&a);
	hand_put_block(&a, IKE_N_IP_PARAMETER, 1, MOBIKEX_F_PRIMARY, PRIVATE,
		       PRIVATE);
	hand_ask(sim, &a);
	assert_int_equal(a.error, 0);
	assert_sends_to(sim, 1, NAT_B, 41000);
	assert_sends_to(sim, 0, NAT_A, 40000);
	assert_int_equal(sim->node[1].peers[0].generation, generation);
	sim_free(sim);
}

/* What has come from where another host is moves nothing, whatever it asks. */
static void test_address_of_another(void **state)
{
	struct sim *sim = start();
	uint64_t generation[2];

	(void)state;
	put_nat(sim, WLAN_LINK, NAT_A, 40000);
	put_nat(sim, OTHER_LINK, NAT_A, 50000);
	go_behind_nat(sim, 0);
	for (int i = 0; i < 2; i++)
		generation[i] = sim->node[1].peers[i].generation;
	for (int i = 0; i < 3; i++) {
		struct ask a = ask_of(1);

		if (i == 0)
			hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL,
				       PRIVATE);
		else
			hand_put_update(&a);
		if (i == 1)
			hand_put_block(&a, IKE_N_IP_PARAMETER, 0,
				       MOBIKEX_F_PRIMARY, RADIO, PRIVATE);
		hand_ask(sim, &a);
		assert_int_equal(a.error, IKE_N_TS_UNACCEPTABLE);
		assert_int_equal(a.reason.code, MOBIKEX_R_SELECTOR_CONFLICT);
		assert_true(a.cookie_back && !a.has_set);
	}
	assert_sends_to(sim, 0, NAT_A, 40000);
	assert_sends_to(sim, 1, RADIO, 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(sim->node[1].peers[i].generation,
				 generation[i]);
	sim_free(sim);
}

/*
 * Two hosts behind one NAT, of which the server talks TCP with one and UDP with the
 * other: the selectors say to which one a packet goes.
 */
static void test_one_nat(void **state)
{
	struct sim *sim = hand_start(true, 16);

	(void)state;
	sim_add_link(sim, 0, OTHER, "usb", 5 * SIM_MS);
	add_host(sim, 1, IPPROTO_TCP);
	add_host(sim, 2, IPPROTO_UDP);
	put_nat(sim, WLAN_LINK, NAT_A, 40000);
	put_nat(sim, OTHER_LINK, NAT_A, 50000);
	go_behind_nat(sim, 1);
	go_behind_nat(sim, 2);
	assert_sends_to(sim, 1, NAT_A, 50000);
	assert_sends_to(sim, 2, NAT_A, 40000);
	sim_free(sim);
}

/*
 * The server has tunnel mode configured by now, and the hosts refuse it: the Child
 * SAs are what they were, and so is what they cover.
 */
static void test_refused_tunnel(void **state)
{
	struct sim *sim = start();
	struct ike_conn c = sim_conn(1);
	struct ask a = ask_of(1);

	(void)state;
	put_nat(sim, WLAN_LINK, NAT_A, 40000);
	put_nat(sim, OTHER_LINK, NAT_A, 50000);
	go_behind_nat(sim, 0);
	c.mode = MOBX_MODE_TUNNEL;
	/* All else is as hand_start() has it. */
	c.remote_id.type = 0;
	c.ndeny = 1;
	assert_true(wire_addr_parse(&c.deny[0].addr, "10.0.4.0"));
	c.deny[0].plen = 24;
	c.protect[0].local.plen = 32;
	assert_true(wire_addr_parse(&c.protect[0].local.addr, "10.8.0.1"));
	c.protect[0].remote.plen = 32;
	assert_true(wire_addr_parse(&c.protect[0].remote.addr, "10.8.0.2"));
	sim_conn_add(sim, 1, &c);
	sim_run(sim, 2 * SIM_SECOND);
	assert_int_equal(hand.n_sa, 2);
	hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, PRIVATE);
	hand_ask(sim, &a);
	assert_int_equal(a.error, IKE_N_TS_UNACCEPTABLE);
	assert_int_equal(a.reason.code, MOBIKEX_R_SELECTOR_CONFLICT);
	sim_free(sim);
}

static void sends_on(struct sim *sim, unsigned int host, const char *by,
		     unsigned int seconds)
{
	for (unsigned int i = 0; i < seconds && hand.sa[host]; i += 50) {
		struct ask a = hand_ask_by(by);

		a.conn = host;
		hand_put(&a, IKE_N_SA_ADDRESS_SET, NULL, 0);
		hand_send(sim, &a, NULL);
		sim_run(sim, 50 * SIM_SECOND);
	}
}

/*
 * The only address that a host claims never proves to be its own, though the host is
 * heard of: another one gets it in the end.
 */
static void test_claimed_only(void **state)
{
	static const enum check how[] = { SILENT, WITHOUT };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct sim *sim = start();
		struct ask a = hand_ask_by(WLAN);

		hand.check = how[i];
		a.conn = 0;
		hand_put_update(&a);
		hand_ask(sim, &a);
		assert_int_equal(a.error, 0);
		sends_on(sim, 0, WLAN, 250);
		assert_non_null(hand.sa[0]);
		a = hand_ask_by(WLAN);
		a.conn = 1;
		hand_put_update(&a);
		hand_ask(sim, &a);
		assert_int_equal(a.error, IKE_N_TS_UNACCEPTABLE);
		sends_on(sim, 0, WLAN, 150);
		assert_null(hand.sa[0]);
		hand.check = ANSWERED;
		a = hand_ask_by(WLAN);
		a.conn = 1;
		hand_put_update(&a);
		hand_ask(sim, &a);
		assert_int_equal(a.error, 0);
		assert_non_null(hand.sa[1]);
		sim_free(sim);
	}
}

/* While the server slept nobody could prove anything: the time begins anew. */
static void test_claimed_asleep(void **state)
{
	const struct ike_event awake = { .type = IKE_EV_AWAKE };
	struct sim *sim = start();
	struct ask a = hand_ask_by(WLAN);

	(void)state;
	hand.check = WITHOUT;
	a.conn = 0;
	hand_put_update(&a);
	hand_ask(sim, &a);
	assert_int_equal(a.error, 0);
	sends_on(sim, 0, WLAN, 250);
	sim_event(sim, 1, &awake);
	sends_on(sim, 0, WLAN, 250);
	assert_non_null(hand.sa[0]);
	sends_on(sim, 0, WLAN, 150);
	assert_null(hand.sa[0]);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_private_address),
		cmocka_unit_test(test_address_of_another),
		cmocka_unit_test(test_one_nat),
		cmocka_unit_test(test_refused_tunnel),
		cmocka_unit_test(test_claimed_only),
		cmocka_unit_test(test_claimed_asleep),
	};

	cmocka_set_test_filter(getenv("SIM_TEST"));
	return cmocka_run_group_tests_name("mobike: several hosts", tests,
					   NULL, NULL);
}
