// SPDX-License-Identifier: GPL-2.0
/*
 * A peer written by hand asks a real one: each row of MOBIKE-X section 6, and
 * what the kernel holds before and after.
 *
 * covers: MX5 MX8 MB7 MB8 MB13 MB14 MB16 MB20 MB21 MB22 MB24 MB26
 * covers: MB28 MB29 E0 E1 E2 E3 E4 E5 E6 E8
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

#include "mobike/mobike.h"
#include "mobike_hand.h"

static struct sim *start(void)
{
	return hand_start(true, 16);
}

/* ---------------------------------------------------------------- rows */

static void test_e0(void **state)
{
	struct sim *sim = start();
	struct ask a = hand_ask_by(WLAN);

	(void)state;
	hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, MOBIKEX_F_SOFT, NULL, WLAN);
	hand_send(sim, &a, NULL);
	/* The server takes it, with credit, before it has answered. */
	sim_run(sim, 8 * SIM_MS);
	assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN),
			 MOBX_PATH_STATE_TENTATIVE);
	/* Three times a request of some 200 octets, no more. */
	assert_in_range(sim_path_credit(sim, 1, SERVER, WLAN), 3 * 100,
			3 * 300);
	assert_int_equal(hand.checks, 0);
	sim_run(sim, SIM_SECOND);
	assert_true(a.answered && a.cookie_back && a.natd_back && a.has_set);
	assert_int_equal(a.set.n, 2);
	assert_int_equal(a.set.e[1].path_id, 1);
	assert_int_equal(a.set.e[1].state, MOBIKEX_TENTATIVE);
	assert_int_equal(hand.checks, 1);
	assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN),
			 MOBX_PATH_STATE_VALID);

	/* The same once more, and a look at it. */
	hand_agree(sim, &a);
	assert_int_equal(a.set.e[1].state, MOBIKEX_VALID);
	a = hand_ask_by(RADIO);
	hand_put(&a, IKE_N_SA_ADDRESS_SET, NULL, 0);
	hand_agree(sim, &a);
	assert_int_equal(a.set.n, 2);
	assert_int_equal(a.set.e[0].flags, MOBIKEX_F_PRIMARY);
	sim_free(sim);
}

static void test_e1_format(void **state)
{
	static const struct {
		uint16_t type;
		uint8_t data[20];
		size_t len;
	} bad[] = {
		/* short, version, family, lengths, shapes */
		{ IKE_N_ADD_SA_ADDRESS, { 1, 0, 0, 1, 0, 0, 4 }, 7 },
		{ IKE_N_ADD_SA_ADDRESS, { 2, 0, 0, 1, 0, 0, 4, 0, 10, 0, 2, 2 },
		  12 },
		{ IKE_N_ADD_SA_ADDRESS, { 1, 0, 0, 1, 0, 0, 5, 0, 10, 0, 2, 2 },
		  12 },
		{ IKE_N_ADD_SA_ADDRESS, { 1, 0, 0, 1, 0, 0, 4, 0, 10, 0, 2 },
		  11 },
		{ IKE_N_ADD_SA_ADDRESS,
		  { 1, 0, 0, 1, 0, 0, 4, 0, 10, 0, 2, 2, 0 }, 13 },
		{ IKE_N_ADD_SA_ADDRESS, { 1, 0, 0, 1, 0, 0, 0, 0 }, 8 },
		{ IKE_N_ADD_SA_ADDRESS,
		  { 1, 0, 0, 1, 0, 4, 4, 0, 10, 0, 1, 2, 10, 0, 2, 2 }, 16 },
		{ IKE_N_REMOVE_SA_ADDRESS,
		  { 1, 0, 0, 1, 0, 0, 4, 0, 10, 0, 2, 2 }, 12 },
		{ IKE_N_IP_PARAMETER, { 1, 0, 0, 0, 0, 0, 0, 0 }, 8 },
	};
	struct sim *sim = start();
	struct ask a;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		a = hand_ask_by(WLAN);
		hand_put(&a, bad[i].type, bad[i].data, bad[i].len);
		hand_refuse(sim, &a, IKE_N_UNACCEPTABLE_ADDRESSES,
		       MOBIKEX_R_BAD_FORMAT, 0);
	}
	/* The second block is the bad one: it is named, the first undone. */
	a = hand_ask_by(WLAN);
	hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
	hand_put(&a, IKE_N_REMOVE_SA_ADDRESS, bad[0].data, 7);
	hand_refuse(sim, &a, IKE_N_UNACCEPTABLE_ADDRESSES, MOBIKEX_R_BAD_FORMAT, 1);
	/* Half of an UPDATE. */
	a = hand_ask_by(WLAN);
	hand_put_update(&a);
	hand_put_block(&a, IKE_N_IP_PARAMETER, 0, 0, NULL, WLAN);
	hand_refuse(sim, &a, IKE_N_UNACCEPTABLE_ADDRESSES, MOBIKEX_R_BAD_FORMAT, 0);
	sim_free(sim);
}

static void test_e2_set(void **state)
{
	struct sim *sim = hand_start(true, 2);
	const uint16_t no = IKE_N_UNACCEPTABLE_ADDRESSES;
	struct ask a = hand_ask_by(RADIO);

	(void)state;
	hand_put_block(&a, IKE_N_REMOVE_SA_ADDRESS, 0, 0, NULL, NULL);
	hand_refuse(sim, &a, no, MOBIKEX_R_LAST_PATH, 0);
	a = hand_ask_by(RADIO);
	hand_put_block(&a, IKE_N_REMOVE_SA_ADDRESS, 9, 0, NULL, NULL);
	hand_refuse(sim, &a, no, MOBIKEX_R_NO_SUCH_PATH, 0);
	a = hand_ask_by(WLAN);
	hand_put_update(&a);
	hand_put_block(&a, IKE_N_IP_PARAMETER, 3, MOBIKEX_F_PRIMARY, NULL, NULL);
	hand_refuse(sim, &a, no, MOBIKEX_R_NO_SUCH_PATH, 0);
	a = hand_ask_by(WLAN);
	hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 0, 0, NULL, WLAN);
	hand_refuse(sim, &a, no, MOBIKEX_R_DUPLICATE, 0);
	hand_add_wlan(sim);
	/* Two paths are agreed. */
	sim_add_link(sim, 0, "10.0.6.2", "usb", 5 * SIM_MS);
	a = hand_ask_by("10.0.6.2");
	hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 2, 0, NULL, "10.0.6.2");
	hand_refuse(sim, &a, no, MOBIKEX_R_LIMIT, 0);
	/* IPv6: not by a request in IPv4, nor to who has no such path. */
	sim_add_link(sim, 0, RADIO6, "radio6", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER6, "eth6", 2500);
	a = hand_ask_by(WLAN);
	hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 2, 0, NULL, RADIO6);
	hand_refuse(sim, &a, no, MOBIKEX_R_FAMILY, 0);
	a = hand_ask_by(RADIO6);
	a.to = SERVER6;
	hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 2, 0, NULL, RADIO6);
	hand_refuse(sim, &a, no, MOBIKEX_R_FAMILY, 0);
	a = hand_ask_by(RADIO6);
	a.to = SERVER6;
	hand_put_update(&a);
	hand_put_block(&a, IKE_N_IP_PARAMETER, 1, 0, WLAN, RADIO6);
	hand_refuse(sim, &a, no, MOBIKEX_R_FAMILY, 0);
	sim_free(sim);
}

static void test_e3_policy(void **state)
{
	struct sim *sim = start();
	const uint16_t no = IKE_N_UNACCEPTABLE_ADDRESSES;
	struct ask a = hand_ask_by(CABLE);

	(void)state;
	hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, CABLE);
	hand_refuse(sim, &a, no, MOBIKEX_R_POLICY_DENIED, 0);
	a = hand_ask_by(CABLE);
	hand_put_update(&a);
	hand_refuse(sim, &a, no, MOBIKEX_R_POLICY_DENIED, 0);
	a = hand_ask_by(LOCALNET);
	hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, LOCALNET);
	hand_refuse(sim, &a, no, MOBIKEX_R_POLICY_DENIED, 0);
	sim_free(sim);
}

/* No answer to the check: never VALID, gone, and barred for 30 s. */
static void test_e3_routability(void **state)
{
	static const enum check how[] = { SILENT, WITHOUT };

	(void)state;
	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		struct sim *sim = start();
		struct ask a = hand_ask_by(WLAN), again;

		hand.check = how[i];
		hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
		again = a;
		again.v[0].data[3] = 2;
		hand_agree(sim, &a);
		for (int t = 0; t < 80; t++) {
			assert_int_not_equal(sim_path_state(sim, 1, SERVER,
							    WLAN),
					     MOBX_PATH_STATE_VALID);
			sim_run(sim, 100 * SIM_MS);
		}
		assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN),
				 MOBX_PATH_STATE_REMOVED);
		hand.check = ANSWERED;
		hand_refuse(sim, &again, IKE_N_UNACCEPTABLE_ADDRESSES,
		       MOBIKEX_R_RRC_FAILED, 0);
		sim_run(sim, 30 * SIM_SECOND);
		hand_agree(sim, &again);
		assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN),
				 MOBX_PATH_STATE_VALID);
		sim_free(sim);
	}
}

/* An answer without it, where there is no other path: not asked at once. */
static void test_last_without_cookie(void **state)
{
	struct sim *sim = start();
	struct ask a = hand_ask_by(WLAN);

	(void)state;
	hand.check = WITHOUT;
	hand_put_update(&a);
	hand_put_block(&a, IKE_N_IP_PARAMETER, 0, MOBIKEX_F_PRIMARY, RADIO,
		       WLAN);
	hand_agree(sim, &a);
	sim_run(sim, 20 * SIM_SECOND);
	assert_in_range(hand.checks, 2, 5);
	assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN),
			 MOBX_PATH_STATE_TENTATIVE);
	hand.check = ANSWERED;
	sim_run(sim, 10 * SIM_SECOND);
	assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN),
			 MOBX_PATH_STATE_VALID);
	sim_free(sim);
}

static void test_wrong_cookie_closes(void **state)
{
	struct sim *sim = start();
	struct ask a = hand_ask_by(WLAN);
	struct ike_status s;

	(void)state;
	hand.check = FORGED;
	hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
	hand_ask(sim, &a);
	assert_true(hand.closed);
	assert_true(!sim_status(sim, 1, &s) || s.age_us < SIM_SECOND);
	sim_free(sim);
}

/* A second identity may not take an address that the first one has. */
static void test_e4_owner(void **state)
{
	struct sim *sim = start();
	struct ike_conn c = sim_conn(0);
	struct ask a = hand_ask_by(WLAN);

	(void)state;
	hand_add_wlan(sim);
	strcpy(c.name, "second");
	assert_int_equal(ike_id_parse("other.example", &c.local_id), 0);
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
	assert_int_equal(hand.n_sa, 2);
	a.conn = 1;
	hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
	hand_ask(sim, &a);
	assert_int_equal(a.error, IKE_N_TS_UNACCEPTABLE);
	assert_int_equal(a.reason.code, MOBIKEX_R_SELECTOR_CONFLICT);
	assert_true(a.cookie_back);
	sim_free(sim);
}

static void test_e5_nat(void **state)
{
	struct sim *sim = start();
	struct ask a = hand_ask_by(WLAN);

	(void)state;
	a.no_nats = WRONG;
	hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
	hand_refuse(sim, &a, IKE_N_UNEXPECTED_NAT_DETECTED, 0, 0);
	/* Without the mark a NAT is nothing to be refused. */
	a.no_nats = NONE;
	sim->node[0].links[1].nat.family = 4;
	memcpy(sim->node[0].links[1].nat.a, "\xc0\x00\x02\x09", 4);
	hand_ask(sim, &a);
	assert_int_equal(a.error, 0);
	assert_int_equal(a.set.n, 2);
	assert_int_equal(a.set.e[1].observed.addr.a[0], 0xc0);
	sim_free(sim);
}

/* Two at once: the first is carried out, the other one has to wait. */
static void second_waits(struct sim *sim, struct ask *a, struct ask *b)
{
	hand_send(sim, a, b);
	sim_run(sim, SIM_SECOND);
	assert_true(a->answered && b->answered);
	assert_int_equal(a->error, 0);
	assert_int_equal(b->error, IKE_N_TEMPORARY_FAILURE);
	assert_int_equal(b->reason.code, MOBIKEX_R_BUSY);
}

static void test_e6_busy(void **state)
{
	struct sim *sim = start();
	struct ask a = hand_ask_by(WLAN), b = hand_ask_by(WLAN);

	(void)state;
	sim->node[1].refuse_rebinds = 1;
	hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
	hand_refuse(sim, &a, IKE_N_TEMPORARY_FAILURE, MOBIKEX_R_INTERNAL, 0);
	hand_put_update(&b);
	hand_put_block(&b, IKE_N_IP_PARAMETER, 0, 0, RADIO, WLAN);
	second_waits(sim, &a, &b);
	sim_free(sim);
}

static void test_e8_cookie(void **state)
{
	static const struct {
		size_t len;
		bool good;
	} rows[] = { { 7, false }, { 8, true }, { 64, true }, { 65, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sim *sim = start();
		struct ask a = hand_ask_by(RADIO);

		a.cookie_len = rows[i].len;
		a.no_nats = NONE;
		hand_ask(sim, &a);
		assert_int_equal(a.error,
				 rows[i].good ? 0 : IKE_N_INVALID_SYNTAX);
		assert_int_equal(a.cookie_back, rows[i].good);
		sim_run(sim, SIM_SECOND);
		if (!rows[i].good) {
			struct ike_status s;

			/* It is another IKE SA, if there is one. */
			assert_true(!sim_status(sim, 1, &s) ||
				    s.age_us < 2 * SIM_SECOND);
		}
		sim_free(sim);
	}
}

/* Requests that come out of order: the newer one has decided (MB13). */
static void test_overtaken(void **state)
{
	struct sim *sim = start();
	struct ask slow = hand_ask_by(WLAN), quick = hand_ask_by(RADIO);

	(void)state;
	hand_add_wlan(sim);
	sim->node[0].links[1].delay_us = 80 * SIM_MS;
	hand_put_update(&slow);
	hand_put_block(&slow, IKE_N_IP_PARAMETER, 1, MOBIKEX_F_PRIMARY, NULL, NULL);
	hand_put_update(&quick);
	hand_put_block(&quick, IKE_N_IP_PARAMETER, 0, MOBIKEX_F_PRIMARY, NULL, NULL);
	quick.v[1].data[4] = 5;
	hand_send(sim, &slow, &quick);
	sim_run(sim, SIM_SECOND);
	assert_true(slow.answered && quick.answered);
	assert_int_equal(slow.error, 0);
	assert_int_equal(quick.error, 0);
	assert_true(slow.has_set);
	for (unsigned int i = 0; i < slow.set.n; i++)
		assert_int_equal(slow.set.e[i].flags & MOBIKEX_F_PRIMARY,
				 slow.set.e[i].path_id == 0);
	sim_free(sim);
}

/* A query is newer as well: what it was told is not changed by what is older. */
static void test_query_overtakes(void **state)
{
	struct sim *sim = start();
	struct ask slow = hand_ask_by(WLAN), quick = hand_ask_by(RADIO);

	(void)state;
	sim->node[0].links[1].delay_us = 80 * SIM_MS;
	hand_put_block(&slow, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
	hand_put(&quick, IKE_N_SA_ADDRESS_SET, NULL, 0);
	hand_send(sim, &slow, &quick);
	sim_run(sim, SIM_SECOND);
	assert_true(slow.answered && quick.answered);
	assert_int_equal(quick.set.n, 1);
	assert_int_equal(slow.error, 0);
	assert_int_equal(slow.set.n, 1);
	assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN), -1);
	sim_free(sim);
}

/* Nor is it told what the kernel may yet refuse. */
static void test_query_waits(void **state)
{
	struct sim *sim = start();
	struct ask a = hand_ask_by(WLAN), b = hand_ask_by(WLAN);

	(void)state;
	hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
	hand_put(&b, IKE_N_SA_ADDRESS_SET, NULL, 0);
	second_waits(sim, &a, &b);
	b = hand_ask_by(WLAN);
	hand_put(&b, IKE_N_SA_ADDRESS_SET, NULL, 0);
	hand_agree(sim, &b);
	assert_int_equal(b.set.n, 2);
	sim_free(sim);
}

/* A path test from an unknown address is answered and changes nothing. */
static void test_probe_changes_nothing(void **state)
{
	struct sim *sim = start();
	uint64_t generation = sim->node[1].peers[0].generation;
	struct ask a = hand_ask_by(WLAN);
	struct ike_status s;

	(void)state;
	a.no_nats = NONE;
	hand_agree(sim, &a);
	assert_int_equal(sim->node[1].peers[0].generation, generation);
	assert_true(sim_status(sim, 1, &s));
	assert_int_equal(s.remote.addr.a[2], 1);
	/* Nor do announcements in RFC 4555's way, right or wrong. */
	a = hand_ask_by(WLAN);
	hand_put(&a, IKE_N_ADDITIONAL_IP4_ADDRESS, "\x0a\x00\x02\x02", 4);
	hand_agree(sim, &a);
	a = hand_ask_by(WLAN);
	hand_put(&a, IKE_N_NO_ADDITIONAL_ADDRESSES, NULL, 0);
	a.no_nats = WRONG;
	hand_ask(sim, &a);
	assert_int_equal(a.error, IKE_N_UNEXPECTED_NAT_DETECTED);
	assert_int_equal(sim->node[1].peers[0].generation, generation);
	sim_free(sim);
}

/*
 * Somebody who is flooded, or says so, has no SA for what comes: whether the peer
 * still gets what is sent there is asked with a cookie, and nothing else done.
 * covers: MB37
 */
static void test_flooded_says_so(void **state)
{
	struct sim *sim = start();
	uint64_t generation = sim->node[1].peers[0].generation;
	struct ike_event ev = { .type = IKE_EV_PACKET };
	const struct wire_hdr hdr = { .exchange = IKE_EX_INFORMATIONAL,
				      .flags = IKE_FLAG_INITIATOR };
	struct ike_status s;
	struct wire_enc enc;
	uint8_t spi[4];

	(void)state;
	assert_true(sim_status(sim, 1, &s));
	wire_put_u32(spi, s.children[0].spi_out);
	wire_enc_start(&enc, &hdr);
	wire_notify_encode(&enc, IKE_N_INVALID_SPI, spi, sizeof(spi));
	assert_true(wire_enc_finish(&enc));
	ev.u.packet.local = s.local;
	ev.u.packet.remote = s.remote;
	ev.u.packet.data = enc.wr.data;
	ev.u.packet.len = enc.wr.len;
	sim_run(sim, 2 * SIM_SECOND);
	hand.checks = 0;
	sim_event(sim, 1, &ev);
	sim_run(sim, SIM_SECOND);
	assert_int_equal(hand.checks, 1);
	assert_int_equal(sim->node[1].peers[0].generation, generation);
	assert_false(hand.closed);
	/* Who answers with another cookie does not get it. */
	hand.check = FORGED;
	sim_run(sim, 2 * SIM_SECOND);
	sim_event(sim, 1, &ev);
	sim_run(sim, SIM_SECOND);
	assert_true(hand.closed);
	wire_enc_free(&enc);
	sim_free(sim);
}

/* Not agreed: 4864x mean nothing, UPDATE means RFC 4555. */
static void test_not_negotiated(void **state)
{
	struct sim *sim = hand_start(false, 16);
	uint64_t generation = sim->node[1].peers[0].generation;
	struct ask a = hand_ask_by(WLAN);

	(void)state;
	hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
	hand_agree(sim, &a);
	assert_false(a.has_set);
	assert_int_equal(sim->node[1].peers[0].generation, generation);
	a = hand_ask_by(WLAN);
	hand_put_update(&a);
	hand_put_block(&a, IKE_N_IP_PARAMETER, 7, 0, RADIO, WLAN);
	hand_agree(sim, &a);
	assert_false(a.has_set);
	assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN),
			 MOBX_PATH_STATE_VALID);
	assert_int_equal(sim_path_state(sim, 1, SERVER, RADIO),
			 MOBX_PATH_STATE_DEPRECATED);
	sim_free(sim);
}

/* The other way round: a real mobile and a server written by hand. */
static struct sim *start_mobile(enum check check)
{
	struct sim *sim = sim_new(4555, &mobike_ext, &hand_ext);
	struct ike_conn c;

	memset(&hand, 0, sizeof(hand));
	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	c = sim_conn(1);
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	c.auto_add = false;
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
	assert_int_equal(hand.n_sa, 1);
	hand.check = check;
	return sim;
}

static void test_asker_closes_on_wrong_cookie(void **state)
{
	struct sim *sim = start_mobile(FORGED);

	(void)state;
	sim_path(sim, 0, IKE_PATH_ADD, WLAN, false);
	sim_run(sim, SIM_SECOND);
	assert_true(hand.closed);
	assert_int_not_equal(sim->node[0].last_err, 0);
	sim_free(sim);
}

/* Refused: back to what was, with a clear word, and not tried at once again. */
static void test_asker_goes_back(void **state)
{
	struct sim *sim = start_mobile(REFUSED);
	struct ike_status s;

	(void)state;
	for (int hard = 0; hard < 2; hard++) {
		sim_path(sim, 0, IKE_PATH_USE, WLAN, hard);
		sim_run(sim, SIM_SECOND);
		assert_int_equal(sim->node[0].last_err, -EPERM);
		assert_true(sim_status(sim, 0, &s));
		assert_int_equal(s.local.addr.a[2], 1);
		assert_int_equal(sim_path_state(sim, 0, RADIO, SERVER),
				 MOBX_PATH_STATE_VALID);
		assert_int_not_equal(sim_path_state(sim, 0, WLAN, SERVER),
				     MOBX_PATH_STATE_VALID);
	}
	/* With its link gone it tries, not in a frenzy, then starts anew. */
	hand.checks = 0;
	sim_set_link(sim, 0, 0, false);
	sim_run(sim, 60 * SIM_SECOND);
	assert_in_range(hand.checks, 1, 10);
	assert_true(hand.closed);
	assert_true(sim_status(sim, 0, &s));
	assert_int_equal(s.local.addr.a[2], 2);
	sim_free(sim);
}

/* As many blocks as fit in a message, and random ones. */
static void test_many_blocks(void **state)
{
	struct sim *sim = start();
	struct ask a = hand_ask_by(WLAN);

	(void)state;
	for (uint16_t i = 0; i < 58; i++)
		hand_put_block(&a, IKE_N_REMOVE_SA_ADDRESS, (uint16_t)(i + 10), 0,
			  NULL, NULL);
	hand_refuse(sim, &a, IKE_N_UNACCEPTABLE_ADDRESSES, MOBIKEX_R_NO_SUCH_PATH,
	       0);
	for (int round = 0; round < 300; round++) {
		static const uint16_t types[] = {
			IKE_N_ADD_SA_ADDRESS, IKE_N_REMOVE_SA_ADDRESS,
			IKE_N_IP_PARAMETER, IKE_N_UPDATE_SA_ADDRESSES,
			IKE_N_SA_ADDRESS_SET, IKE_N_MOBIKEX_REASON,
			IKE_N_MOBIKEX_SUPPORTED,
		};
		unsigned int n = 1 + sim_random(sim, 6);

		a = hand_ask_by(sim_random(sim, 2) ? WLAN : RADIO);
		while (n--) {
			uint8_t d[20];
			size_t len = sim_random(sim, sizeof(d) + 1);

			for (size_t i = 0; i < len; i++)
				d[i] = (uint8_t)sim_random(sim, 8);
			hand_put(&a, types[sim_random(sim, 7)], d, len);
		}
		hand_send(sim, &a, NULL);
		sim_run(sim, 100 * SIM_MS);
		assert_true(a.answered);
		assert_false(hand.closed);
	}
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_e0),
		cmocka_unit_test(test_e1_format),
		cmocka_unit_test(test_e2_set),
		cmocka_unit_test(test_e3_policy),
		cmocka_unit_test(test_e3_routability),
		cmocka_unit_test(test_last_without_cookie),
		cmocka_unit_test(test_wrong_cookie_closes),
		cmocka_unit_test(test_e4_owner),
		cmocka_unit_test(test_e5_nat),
		cmocka_unit_test(test_e6_busy),
		cmocka_unit_test(test_e8_cookie),
		cmocka_unit_test(test_overtaken),
		cmocka_unit_test(test_query_overtakes),
		cmocka_unit_test(test_query_waits),
		cmocka_unit_test(test_probe_changes_nothing),
		cmocka_unit_test(test_flooded_says_so),
		cmocka_unit_test(test_not_negotiated),
		cmocka_unit_test(test_asker_closes_on_wrong_cookie),
		cmocka_unit_test(test_asker_goes_back),
		cmocka_unit_test(test_many_blocks),
	};

	cmocka_set_test_filter(getenv("SIM_TEST"));
	return cmocka_run_group_tests_name("mobike: rows", tests, NULL, NULL);
}
