// SPDX-License-Identifier: GPL-2.0
/*
 * A peer written by hand asks a real one: each row of MOBIKE-X section 6, and
 * what the kernel holds before and after.
 *
 * covers: MX1 MX5 MX9 MX8 MB7 MB8 MB13 MB14 MB20 MB21 MB22 MB24 MB26
 * covers: MB27 MB28 MB29
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

#include "ike/sa.h"
#include "mobike/mobike.h"
#include "mobike_sim.h"
#include "wire/mobike.h"

#define RADIO	"10.0.1.2"
#define WLAN	"10.0.2.2"
#define CABLE	"10.0.4.2"
#define LOCALNET "169.254.7.7"
#define SERVER	"10.0.3.2"

#define MAX_NOTIFIES	70

enum no_nats { RIGHT, WRONG, NONE };
enum check { ANSWERED, FORGED, WITHOUT, SILENT, REFUSED };

struct notify {
	uint16_t type;
	uint8_t data[40];
	size_t len;
};

/** struct ask - a request of the hand-written peer, and what came back */
struct ask {
	const char *by;
	unsigned int conn;
	enum no_nats no_nats;
	bool natd;
	size_t cookie_len;
	unsigned int n;
	struct notify v[MAX_NOTIFIES];

	bool answered;
	uint16_t error;
	struct mobikex_reason reason;
	bool cookie_back;
	bool natd_back;
	bool has_set;
	struct mobikex_set set;
};

/* The hand: what it is about to do, and how it meets checks. */
static struct {
	struct ike_sa *sa[4];
	unsigned int n_sa;
	struct ask *todo[4];
	unsigned int n_todo;
	enum check check;
	unsigned int checks;
	bool closed;
} hand;

static int on_open(struct ike_sa *sa)
{
	sa->ext = &hand;
	return 0;
}

static void on_auth_build(struct ike_sa *sa, struct wire_enc *b)
{
	(void)sa;
	wire_vendor_encode(b, mobikex_vendor_id, sizeof(mobikex_vendor_id));
	mobikex_supported_encode(b, 16);
}

static unsigned int on_window(struct ike_sa *sa)
{
	(void)sa;
	return 4;
}

static void on_established(struct ike_sa *sa)
{
	assert_true(hand.n_sa < 4);
	hand.sa[hand.n_sa++] = sa;
}

static void on_closed(struct ike_sa *sa)
{
	for (unsigned int i = 0; i < hand.n_sa; i++)
		if (hand.sa[i] == sa)
			hand.sa[i] = NULL;
	hand.closed = true;
}

static enum ike_verdict on_request(struct ike_sa *sa, const struct ike_in *in,
				   struct wire_enc *b)
{
	static const uint8_t forged[32] = { 1 };
	struct wire_notify n;

	(void)sa;
	if (!wire_notify_find(in->msg, IKE_N_COOKIE2, &n))
		return IKE_PASS;
	hand.checks++;
	switch (hand.check) {
	case ANSWERED:
		return IKE_PASS;
	case FORGED:
		wire_notify_encode(b, IKE_N_COOKIE2, forged, sizeof(forged));
		return IKE_ANSWER;
	case WITHOUT:
		return IKE_ANSWER;
	case REFUSED:
		wire_notify_encode(b, IKE_N_UNACCEPTABLE_ADDRESSES, NULL, 0);
		return IKE_ANSWER;
	case SILENT:
		break;
	}
	return IKE_LATER;
}

static bool build(struct ike_sa *sa, void *ctx,
		  const struct wire_endpoint *local,
		  const struct wire_endpoint *remote, struct wire_enc *b)
{
	const struct ask *a = ctx;
	struct wire_endpoint from = *local;
	uint8_t cookie[80];

	for (unsigned int i = 0; i < a->n; i++)
		wire_notify_encode(b, a->v[i].type, a->v[i].data, a->v[i].len);
	if (a->no_nats == WRONG)
		from.port ^= 1;
	if (a->no_nats != NONE)
		mobike_no_nats_encode(b, &from, remote);
	if (a->natd)
		ike_put_natd(sa, b, local, remote);
	memset(cookie, 0x5a, sizeof(cookie));
	if (a->cookie_len)
		wire_notify_encode(b, IKE_N_COOKIE2, cookie, a->cookie_len);
	return true;
}

static void done(struct ike_sa *sa, void *ctx, enum ike_result result,
		 const struct ike_in *in)
{
	struct ask *a = ctx;
	struct wire_notify n;

	if (result != IKE_RESULT_ANSWER)
		return;
	a->answered = true;
	a->error = wire_notify_error(in->msg, &n) ? n.type : 0;
	if (wire_notify_find(in->msg, IKE_N_MOBIKEX_REASON, &n))
		assert_int_equal(mobikex_reason_decode(&n, &a->reason),
				 WIRE_OK);
	if (wire_notify_find(in->msg, IKE_N_COOKIE2, &n)) {
		a->cookie_back = n.data.len == a->cookie_len;
		for (size_t i = 0; i < n.data.len; i++)
			a->cookie_back &= n.data.p[i] == 0x5a;
	}
	a->natd_back = ike_in_natd(sa, in) == IKE_NATD_NONE;
	a->has_set = wire_notify_find(in->msg, IKE_N_SA_ADDRESS_SET, &n);
	if (a->has_set)
		assert_int_equal(mobikex_set_decode(&n, &a->set), WIRE_OK);
}

static void on_path_cmd(struct ike_sa *sa, const struct ike_ev_path_cmd *cmd)
{
	(void)cmd;
	for (unsigned int i = 0; i < hand.n_todo; i++) {
		struct ask *a = hand.todo[i];
		struct ike_request_desc d = {
			.local.port = 4500,
			.remote = hand.sa[a->conn]->remote,
			.build = build,
			.done = done,
			.ctx = a,
		};

		assert_true(wire_addr_parse(&d.local.addr, a->by));
		assert_true(ike_sa_request(hand.sa[a->conn], &d));
	}
	hand.n_todo = 0;
	ike_sa_cmd_done(sa, cmd->reply, 0, "%s", "");
}

static const struct ike_ext_ops hand_ext = {
	.open = on_open,
	.auth_build = on_auth_build,
	.window = on_window,
	.established = on_established,
	.closed = on_closed,
	.request = on_request,
	.path_cmd = on_path_cmd,
};

/* ------------------------------------------------------------- helpers */

static struct sim *start_with(bool server_x, uint8_t max_paths)
{
	struct sim *sim = sim_new(4555, &hand_ext, &mobike_ext);
	struct ike_conn c;

	memset(&hand, 0, sizeof(hand));
	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 0, CABLE, "cable", 5 * SIM_MS);
	sim_add_link(sim, 0, LOCALNET, "ad-hoc", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	c = sim_conn(1);
	c.mobikex = server_x;
	c.max_paths = max_paths;
	c.remote_id.type = 0;
	c.ndeny = 1;
	assert_true(wire_addr_parse(&c.deny[0].addr, "10.0.4.0"));
	c.deny[0].plen = 24;
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
	assert_int_equal(hand.n_sa, 1);
	return sim;
}

static struct sim *start(void)
{
	return start_with(true, 16);
}

static struct ask ask_by(const char *by)
{
	return (struct ask){
		.by = by,
		.natd = true,
		.cookie_len = 32,
	};
}

static void put_raw(struct ask *a, uint16_t type, const void *data, size_t len)
{
	struct notify *n = &a->v[a->n++];

	assert_true(a->n <= MAX_NOTIFIES && len <= sizeof(n->data));
	n->type = type;
	n->len = len;
	if (len)
		memcpy(n->data, data, len);
}

static void put_block(struct ask *a, uint16_t type, uint16_t id, uint8_t flags,
		      const char *old, const char *new_addr)
{
	uint8_t d[40] = { 1, flags, (uint8_t)(id >> 8), (uint8_t)id };
	struct wire_addr addr;
	size_t len = 8;

	if (old) {
		assert_true(wire_addr_parse(&addr, old));
		d[5] = addr.family;
		memcpy(d + len, addr.a, wire_addr_len(addr.family));
		len += wire_addr_len(addr.family);
	}
	if (new_addr) {
		assert_true(wire_addr_parse(&addr, new_addr));
		d[6] = addr.family;
		memcpy(d + len, addr.a, wire_addr_len(addr.family));
		len += wire_addr_len(addr.family);
	}
	put_raw(a, type, d, len);
}

static void put_update(struct ask *a)
{
	put_raw(a, IKE_N_UPDATE_SA_ADDRESSES, NULL, 0);
}

static void send_asks(struct sim *sim, struct ask *a, struct ask *b)
{
	hand.todo[0] = a;
	hand.todo[1] = b;
	hand.n_todo = b ? 2 : 1;
	sim_path(sim, 0, IKE_PATH_USE, RADIO, false);
	assert_int_equal(sim->node[0].last_err, 0);
}

static void ask(struct sim *sim, struct ask *a)
{
	send_asks(sim, a, NULL);
	sim_run(sim, SIM_SECOND);
	assert_true(a->answered);
}

/* Refused as told, and the server is as it was. */
static void refuse(struct sim *sim, struct ask *a, uint16_t error,
		   uint16_t reason, uint16_t block)
{
	struct sim_peer before = sim->node[1].peers[0];

	ask(sim, a);
	if (a->error != error || a->reason.code != reason)
		fail_msg("notify %u reason %u (%s) instead of %u %u", a->error,
			 a->reason.code, a->reason.text, error, reason);
	assert_int_equal(a->reason.block, block);
	assert_false(a->has_set);
	assert_true(a->cookie_back);
	assert_int_equal(sim->node[1].n_peers, 1);
	assert_int_equal(sim->node[1].peers[0].generation, before.generation);
	assert_memory_equal(sim->node[1].peers[0].paths, before.paths,
			    sizeof(before.paths[0]) * before.n);
	assert_false(hand.closed);
	memset(&a->reason, 0, sizeof(a->reason));
	a->answered = false;
}

static void agree(struct sim *sim, struct ask *a)
{
	ask(sim, a);
	if (a->error)
		fail_msg("notify %u reason %u (%s)", a->error, a->reason.code,
			 a->reason.text);
	assert_true(a->cookie_back);
	assert_true(a->natd_back);
}

static void add_wlan(struct sim *sim)
{
	struct ask a = ask_by(WLAN);

	put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
	agree(sim, &a);
	assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN),
			 MOBX_PATH_STATE_VALID);
}

/* ---------------------------------------------------------------- rows */

static void test_e0(void **state)
{
	struct sim *sim = start();
	struct ask a = ask_by(WLAN);

	(void)state;
	put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, MOBIKEX_F_SOFT, NULL, WLAN);
	send_asks(sim, &a, NULL);
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
	agree(sim, &a);
	assert_int_equal(a.set.e[1].state, MOBIKEX_VALID);
	a = ask_by(RADIO);
	put_raw(&a, IKE_N_SA_ADDRESS_SET, NULL, 0);
	agree(sim, &a);
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
		a = ask_by(WLAN);
		put_raw(&a, bad[i].type, bad[i].data, bad[i].len);
		refuse(sim, &a, IKE_N_UNACCEPTABLE_ADDRESSES,
		       MOBIKEX_R_BAD_FORMAT, 0);
	}
	/* The second block is the bad one: it is named, the first undone. */
	a = ask_by(WLAN);
	put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
	put_raw(&a, IKE_N_REMOVE_SA_ADDRESS, bad[0].data, 7);
	refuse(sim, &a, IKE_N_UNACCEPTABLE_ADDRESSES, MOBIKEX_R_BAD_FORMAT, 1);
	/* Half of an UPDATE. */
	a = ask_by(WLAN);
	put_update(&a);
	put_block(&a, IKE_N_IP_PARAMETER, 0, 0, NULL, WLAN);
	refuse(sim, &a, IKE_N_UNACCEPTABLE_ADDRESSES, MOBIKEX_R_BAD_FORMAT, 0);
	sim_free(sim);
}

static void test_e2_set(void **state)
{
	struct sim *sim = start_with(true, 2);
	const uint16_t no = IKE_N_UNACCEPTABLE_ADDRESSES;
	struct ask a = ask_by(RADIO);

	(void)state;
	put_block(&a, IKE_N_REMOVE_SA_ADDRESS, 0, 0, NULL, NULL);
	refuse(sim, &a, no, MOBIKEX_R_LAST_PATH, 0);
	a = ask_by(RADIO);
	put_block(&a, IKE_N_REMOVE_SA_ADDRESS, 9, 0, NULL, NULL);
	refuse(sim, &a, no, MOBIKEX_R_NO_SUCH_PATH, 0);
	a = ask_by(WLAN);
	put_update(&a);
	put_block(&a, IKE_N_IP_PARAMETER, 3, MOBIKEX_F_PRIMARY, NULL, NULL);
	refuse(sim, &a, no, MOBIKEX_R_NO_SUCH_PATH, 0);
	a = ask_by(WLAN);
	put_block(&a, IKE_N_ADD_SA_ADDRESS, 0, 0, NULL, WLAN);
	refuse(sim, &a, no, MOBIKEX_R_DUPLICATE, 0);
	add_wlan(sim);
	/* Two paths are agreed. */
	sim_add_link(sim, 0, "10.0.6.2", "usb", 5 * SIM_MS);
	a = ask_by("10.0.6.2");
	put_block(&a, IKE_N_ADD_SA_ADDRESS, 2, 0, NULL, "10.0.6.2");
	refuse(sim, &a, no, MOBIKEX_R_LIMIT, 0);
	sim_free(sim);
}

static void test_e3_policy(void **state)
{
	struct sim *sim = start();
	const uint16_t no = IKE_N_UNACCEPTABLE_ADDRESSES;
	struct ask a = ask_by(CABLE);

	(void)state;
	put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, CABLE);
	refuse(sim, &a, no, MOBIKEX_R_POLICY_DENIED, 0);
	a = ask_by(CABLE);
	put_update(&a);
	refuse(sim, &a, no, MOBIKEX_R_POLICY_DENIED, 0);
	a = ask_by(LOCALNET);
	put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, LOCALNET);
	refuse(sim, &a, no, MOBIKEX_R_POLICY_DENIED, 0);
	sim_free(sim);
}

/* No answer to the check: never VALID, gone, and barred for 30 s. */
static void test_e3_routability(void **state)
{
	static const enum check how[] = { SILENT, WITHOUT };

	(void)state;
	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		struct sim *sim = start();
		struct ask a = ask_by(WLAN), again;

		hand.check = how[i];
		put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
		again = a;
		again.v[0].data[3] = 2;
		agree(sim, &a);
		for (int t = 0; t < 80; t++) {
			assert_int_not_equal(sim_path_state(sim, 1, SERVER,
							    WLAN),
					     MOBX_PATH_STATE_VALID);
			sim_run(sim, 100 * SIM_MS);
		}
		assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN),
				 MOBX_PATH_STATE_REMOVED);
		hand.check = ANSWERED;
		refuse(sim, &again, IKE_N_UNACCEPTABLE_ADDRESSES,
		       MOBIKEX_R_RRC_FAILED, 0);
		sim_run(sim, 30 * SIM_SECOND);
		agree(sim, &again);
		assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN),
				 MOBX_PATH_STATE_VALID);
		sim_free(sim);
	}
}

static void test_wrong_cookie_closes(void **state)
{
	struct sim *sim = start();
	struct ask a = ask_by(WLAN);
	struct ike_status s;

	(void)state;
	hand.check = FORGED;
	put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
	ask(sim, &a);
	assert_true(hand.closed);
	assert_true(!sim_status(sim, 1, &s) || s.age_us < SIM_SECOND);
	sim_free(sim);
}

/* A second identity may not take an address that the first one has. */
static void test_e4_owner(void **state)
{
	struct sim *sim = start();
	struct ike_conn c = sim_conn(0);
	struct ask a = ask_by(WLAN);

	(void)state;
	add_wlan(sim);
	strcpy(c.name, "second");
	assert_int_equal(ike_id_parse("other.example", &c.local_id), 0);
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
	assert_int_equal(hand.n_sa, 2);
	a.conn = 1;
	put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
	ask(sim, &a);
	assert_int_equal(a.error, IKE_N_TS_UNACCEPTABLE);
	assert_int_equal(a.reason.code, MOBIKEX_R_SELECTOR_CONFLICT);
	assert_true(a.cookie_back);
	sim_free(sim);
}

static void test_e5_nat(void **state)
{
	struct sim *sim = start();
	struct ask a = ask_by(WLAN);

	(void)state;
	a.no_nats = WRONG;
	put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
	refuse(sim, &a, IKE_N_UNEXPECTED_NAT_DETECTED, 0, 0);
	/* Without the mark the other signs tell. */
	a.no_nats = NONE;
	sim->node[0].links[1].nat.family = 4;
	memcpy(sim->node[0].links[1].nat.a, "\xc0\x00\x02\x09", 4);
	refuse(sim, &a, IKE_N_UNEXPECTED_NAT_DETECTED, 0, 0);
	a.natd = false;
	refuse(sim, &a, IKE_N_UNEXPECTED_NAT_DETECTED, 0, 0);
	sim_free(sim);
}

static void test_e6_busy(void **state)
{
	struct sim *sim = start();
	struct ask a = ask_by(WLAN), b = ask_by(WLAN);

	(void)state;
	sim->node[1].refuse_rebinds = 1;
	put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
	refuse(sim, &a, IKE_N_TEMPORARY_FAILURE, MOBIKEX_R_INTERNAL, 0);
	put_update(&b);
	put_block(&b, IKE_N_IP_PARAMETER, 0, 0, RADIO, WLAN);
	send_asks(sim, &a, &b);
	sim_run(sim, SIM_SECOND);
	assert_true(a.answered && b.answered);
	assert_int_equal(a.error, 0);
	assert_int_equal(b.error, IKE_N_TEMPORARY_FAILURE);
	assert_int_equal(b.reason.code, MOBIKEX_R_BUSY);
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
		struct ask a = ask_by(RADIO);

		a.cookie_len = rows[i].len;
		a.no_nats = NONE;
		ask(sim, &a);
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
	struct ask slow = ask_by(WLAN), quick = ask_by(RADIO);

	(void)state;
	add_wlan(sim);
	sim->node[0].links[1].delay_us = 80 * SIM_MS;
	put_update(&slow);
	put_block(&slow, IKE_N_IP_PARAMETER, 1, MOBIKEX_F_PRIMARY, NULL, NULL);
	put_update(&quick);
	put_block(&quick, IKE_N_IP_PARAMETER, 0, MOBIKEX_F_PRIMARY, NULL, NULL);
	quick.v[1].data[4] = 5;
	send_asks(sim, &slow, &quick);
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

/* A path test from an unknown address is answered and changes nothing. */
static void test_probe_changes_nothing(void **state)
{
	struct sim *sim = start();
	uint64_t generation = sim->node[1].peers[0].generation;
	struct ask a = ask_by(WLAN);
	struct ike_status s;

	(void)state;
	a.no_nats = NONE;
	agree(sim, &a);
	assert_int_equal(sim->node[1].peers[0].generation, generation);
	assert_true(sim_status(sim, 1, &s));
	assert_int_equal(s.remote.addr.a[2], 1);
	/* Nor do announcements in RFC 4555's way, right or wrong. */
	a = ask_by(WLAN);
	put_raw(&a, IKE_N_ADDITIONAL_IP4_ADDRESS, "\x0a\x00\x02\x02", 4);
	agree(sim, &a);
	a = ask_by(WLAN);
	put_raw(&a, IKE_N_NO_ADDITIONAL_ADDRESSES, NULL, 0);
	a.no_nats = WRONG;
	ask(sim, &a);
	assert_int_equal(a.error, IKE_N_UNEXPECTED_NAT_DETECTED);
	assert_int_equal(sim->node[1].peers[0].generation, generation);
	sim_free(sim);
}

/* Not agreed: 4864x mean nothing, UPDATE means RFC 4555. */
static void test_not_negotiated(void **state)
{
	struct sim *sim = start_with(false, 16);
	uint64_t generation = sim->node[1].peers[0].generation;
	struct ask a = ask_by(WLAN);

	(void)state;
	put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
	agree(sim, &a);
	assert_false(a.has_set);
	assert_int_equal(sim->node[1].peers[0].generation, generation);
	a = ask_by(WLAN);
	put_update(&a);
	put_block(&a, IKE_N_IP_PARAMETER, 7, 0, RADIO, WLAN);
	agree(sim, &a);
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
	struct ask a = ask_by(WLAN);

	(void)state;
	for (uint16_t i = 0; i < 58; i++)
		put_block(&a, IKE_N_REMOVE_SA_ADDRESS, (uint16_t)(i + 10), 0,
			  NULL, NULL);
	refuse(sim, &a, IKE_N_UNACCEPTABLE_ADDRESSES, MOBIKEX_R_NO_SUCH_PATH,
	       0);
	for (int round = 0; round < 300; round++) {
		static const uint16_t types[] = {
			IKE_N_ADD_SA_ADDRESS, IKE_N_REMOVE_SA_ADDRESS,
			IKE_N_IP_PARAMETER, IKE_N_UPDATE_SA_ADDRESSES,
			IKE_N_SA_ADDRESS_SET, IKE_N_MOBIKEX_REASON,
			IKE_N_MOBIKEX_SUPPORTED,
		};
		unsigned int n = 1 + sim_random(sim, 6);

		a = ask_by(sim_random(sim, 2) ? WLAN : RADIO);
		while (n--) {
			uint8_t d[20];
			size_t len = sim_random(sim, sizeof(d) + 1);

			for (size_t i = 0; i < len; i++)
				d[i] = (uint8_t)sim_random(sim, 8);
			put_raw(&a, types[sim_random(sim, 7)], d, len);
		}
		send_asks(sim, &a, NULL);
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
		cmocka_unit_test(test_wrong_cookie_closes),
		cmocka_unit_test(test_e4_owner),
		cmocka_unit_test(test_e5_nat),
		cmocka_unit_test(test_e6_busy),
		cmocka_unit_test(test_e8_cookie),
		cmocka_unit_test(test_overtaken),
		cmocka_unit_test(test_probe_changes_nothing),
		cmocka_unit_test(test_not_negotiated),
		cmocka_unit_test(test_asker_closes_on_wrong_cookie),
		cmocka_unit_test(test_asker_goes_back),
		cmocka_unit_test(test_many_blocks),
	};

	cmocka_set_test_filter(getenv("SIM_TEST"));
	return cmocka_run_group_tests_name("mobike: rows", tests, NULL, NULL);
}
