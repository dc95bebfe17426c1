// SPDX-License-Identifier: GPL-2.0
/*
 * The path manager: one decision for each state of links and paths.
 *
 * covers: MB10 MB16
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mobike/manager.h"

#define SECOND	1000000ull
#define NOW	(1000 * SECOND)
#define LONG_AGO (NOW - 60 * SECOND)

static struct wire_addr addr(const char *text)
{
	struct wire_addr a;

	assert_true(wire_addr_parse(&a, text));
	return a;
}

#define RADIO	"10.0.1.2"
#define WLAN	"10.0.2.2"
#define CABLE	"10.0.4.2"

static struct mx_cand cand(const char *local, unsigned int rank)
{
	return (struct mx_cand){
		.local = addr(local),
		.remote = addr("10.0.3.2"),
		.rank = rank,
		.since = LONG_AGO,
	};
}

/* Path 0 on the radio, primary; with @wlan also path 1. */
static struct mx_set paths(bool wlan)
{
	struct wire_addr a = addr(RADIO);
	struct mx_set s = { 0 };

	assert_true(mx_set_init(&s, &a, 4500, 0) && mx_set_reserve(&s, 3));
	if (wlan) {
		s.path[1] = s.path[0];
		s.path[1].id = 1;
		s.path[1].flags = 0;
		s.path[1].addr = addr(WLAN);
		s.n = 2;
	}
	return s;
}

/* Sets of a test end with it. */
#define SET __attribute__((cleanup(mx_set_free))) struct mx_set

/* What the candidates lead to. */
static struct mx_path there = {
	.state = MOBIKEX_VALID,
	.flags = MOBIKEX_F_PRIMARY,
};
static const struct mx_set peer = { .n = 1, .path = &there };

static struct mx_view view(const struct mx_set *own, const struct mx_cand *c,
			   unsigned int n)
{
	there.addr = addr("10.0.3.2");
	return (struct mx_view){
		.own = own,
		.peer = &peer,
		.leads = true,
		.cand = c,
		.n = n,
		.mobikex = true,
		.may_move = true,
		.auto_add = true,
		.max_paths = 4,
		.now = NOW,
	};
}

static void test_all_well(void **state)
{
	SET own = paths(true);
	struct mx_cand c[] = { cand(RADIO, 0), cand(WLAN, 1) };
	struct mx_view v = view(&own, c, 2);
	struct mx_want w = mx_decide(&v);

	(void)state;
	assert_int_equal(w.kind, MX_WANT_NOTHING);
	assert_true(w.again_at == IKE_NEVER);
}

static void test_primary_gone(void **state)
{
	SET own = paths(true);
	SET one = paths(false);
	struct mx_cand c[] = { cand(CABLE, 0), cand(WLAN, 1) };
	struct mx_view v = view(&own, c, 2);
	struct mx_want w = mx_decide(&v);

	(void)state;
	/* A path that the peer knows is better than the better link. */
	assert_int_equal(w.kind, MX_WANT_FAILOVER);
	assert_int_equal(w.id, 1);
	assert_ptr_equal(w.cand, &c[1]);

	v = view(&one, c, 2);
	w = mx_decide(&v);
	assert_int_equal(w.kind, MX_WANT_MOVE);
	assert_int_equal(w.id, 0);
	assert_ptr_equal(w.cand, &c[0]);

	/* Between RFC 4555 hosts the one that was called waits. */
	v.mobikex = false;
	v.may_move = false;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_WAIT);
	v.n = 0;
	v.may_move = true;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_WAIT);
}

/* Where else the peer may be is looked for when no own address leads to it. */
static void test_elsewhere(void **state)
{
	SET own = paths(false);
	struct wire_addr radio = addr(RADIO);
	struct mx_cand c[] = { cand(RADIO, 0), cand(WLAN, 1) };
	struct mx_cand o[] = { cand(WLAN, 1), cand(RADIO, 0) };
	struct mx_view v = view(&own, c, 2);
	struct mx_want w;

	(void)state;
	v.mobikex = false;
	v.other = o;
	v.n_other = 2;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_NOTHING);
	v.suspect = &radio;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_MOVE);
	v.n = 1;
	w = mx_decide(&v);
	assert_int_equal(w.kind, MX_WANT_ELSEWHERE);
	assert_ptr_equal(w.cand, &o[1]);
	v.suspect = NULL;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_NOTHING);
	v.peer_gone = true;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_ELSEWHERE);
	v.peer_gone = false;
	v.n = 0;
	o[1].not_before = NOW + SECOND;
	assert_ptr_equal(mx_decide(&v).cand, &o[0]);
	o[0].not_before = NOW + 2 * SECOND;
	w = mx_decide(&v);
	assert_int_equal(w.kind, MX_WANT_WAIT);
	assert_true(w.again_at == NOW + SECOND);
	o[0].not_before = 0;
	v.may_move = false;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_WAIT);
}

static void test_refused_address_waits(void **state)
{
	SET one = paths(false);
	struct mx_cand c[] = { cand(WLAN, 0) };
	struct mx_view v = view(&one, c, 1);
	struct mx_want w;

	(void)state;
	c[0].not_before = NOW + 7 * SECOND;
	w = mx_decide(&v);
	assert_int_equal(w.kind, MX_WANT_WAIT);
	assert_true(w.again_at == NOW + 7 * SECOND);
	v.now = w.again_at;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_MOVE);
}

static void test_add_and_remove(void **state)
{
	SET one = paths(false);
	SET two = paths(true);
	struct mx_cand c[] = { cand(RADIO, 0), cand(CABLE, 2), cand(WLAN, 1) };
	struct mx_view v = view(&one, c, 3);
	struct mx_want w = mx_decide(&v);

	(void)state;
	assert_int_equal(w.kind, MX_WANT_ADD);
	assert_ptr_equal(w.cand, &c[2]);
	v.auto_add = false;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_NOTHING);
	v.auto_add = true;
	v.max_paths = 1;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_NOTHING);
	v.max_paths = 4;
	v.mobikex = false;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_NOTHING);

	/* What is gone goes first. */
	v = view(&two, c, 2);
	w = mx_decide(&v);
	assert_int_equal(w.kind, MX_WANT_REMOVE);
	assert_int_equal(w.id, 1);
}

static void test_prefer(void **state)
{
	SET two = paths(true);
	struct mx_cand c[] = { cand(RADIO, 1), cand(WLAN, 0) };
	struct mx_view v = view(&two, c, 2);
	struct mx_want w;

	(void)state;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_NOTHING);
	v.prefers = true;
	w = mx_decide(&v);
	assert_int_equal(w.kind, MX_WANT_PREFER);
	assert_int_equal(w.id, 1);

	/* Hysteresis: only once it has been there for a while. */
	c[1].since = NOW - SECOND;
	w = mx_decide(&v);
	assert_int_equal(w.kind, MX_WANT_NOTHING);
	assert_true(w.again_at == c[1].since + MX_SETTLE_US);
	v.now = w.again_at;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_PREFER);

	/* And never against a choice made by hand. */
	v.pinned = true;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_NOTHING);
}

static void test_prefer_rfc4555(void **state)
{
	SET one = paths(false);
	struct mx_cand c[] = { cand(RADIO, 1), cand(WLAN, 0) };
	struct mx_view v = view(&one, c, 2);
	struct mx_want w;

	(void)state;
	v.mobikex = false;
	v.prefers = true;
	w = mx_decide(&v);
	assert_int_equal(w.kind, MX_WANT_MOVE);
	assert_ptr_equal(w.cand, &c[1]);
}

static void test_suspect(void **state)
{
	SET two = paths(true);
	SET one = paths(false);
	struct mx_cand c[] = { cand(RADIO, 0), cand(WLAN, 1) };
	struct wire_addr radio = addr(RADIO);
	struct mx_view v = view(&two, c, 2);
	struct mx_want w;

	(void)state;
	v.suspect = &radio;
	w = mx_decide(&v);
	assert_int_equal(w.kind, MX_WANT_FAILOVER);
	assert_int_equal(w.id, 1);
	/* With nothing else to go by it stays. */
	v = view(&one, c, 1);
	v.suspect = &radio;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_NOTHING);
}

static void test_backup_comes_last(void **state)
{
	SET three = paths(true);
	struct mx_cand c[] = { cand(WLAN, 0), cand(CABLE, 1) };
	struct mx_view v = view(&three, c, 2);

	(void)state;
	three.path[2] = three.path[1];
	three.path[2].id = 2;
	three.path[2].addr = addr(CABLE);
	three.n = 3;
	three.path[1].flags = MOBIKEX_F_BACKUP;
	assert_int_equal(mx_decide(&v).id, 2);
	three.path[2].state = MOBIKEX_TENTATIVE;
	assert_int_equal(mx_decide(&v).id, 1);
}

static void test_rank(void **state)
{
	struct ike_conn conn;

	(void)state;
	memset(&conn, 0, sizeof(conn));
	assert_int_equal(mx_rank_ifname(&conn, "eth0"), 0);
	conn.nprefer = 2;
	strcpy(conn.prefer[0], "radio");
	strcpy(conn.prefer[1], "wlan");
	assert_int_equal(mx_rank_ifname(&conn, "radio"), 0);
	assert_int_equal(mx_rank_ifname(&conn, "wlan"), 1);
	assert_int_equal(mx_rank_ifname(&conn, "eth0"), 2);
}

/* What is there for some flows only is nobody's choice, but better than none. */
static void test_transient(void **state)
{
	SET own = paths(true);
	struct mx_cand c[] = { cand(RADIO, 1), cand(WLAN, 0), cand(CABLE, 0) };
	struct mx_view v = view(&own, c, 2);
	struct mx_want w;

	(void)state;
	v.prefers = true;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_PREFER);
	c[1].transient = true;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_NOTHING);
	/* The primary's is deprecated: whatever the rank, and nobody asked. */
	v.prefers = false;
	c[0].transient = true;
	c[0].deprecated = true;
	c[1].transient = false;
	c[1].rank = 2;
	w = mx_decide(&v);
	assert_int_equal(w.kind, MX_WANT_PREFER);
	assert_int_equal(w.id, 1);
	v.pinned = true;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_NOTHING);
	/* It is announced after what stays. */
	c[0].transient = false;
	c[0].deprecated = false;
	own.n = 1;
	c[1].transient = true;
	c[1].rank = 0;
	v.n = 3;
	c[2].rank = 5;
	w = mx_decide(&v);
	assert_int_equal(w.kind, MX_WANT_ADD);
	assert_ptr_equal(w.cand, &c[2]);
	/* And taken when there is no other: what is given out before the rest. */
	own.n = 2;
	v.cand = &c[1];
	v.n = 1;
	w = mx_decide(&v);
	assert_int_equal(w.kind, MX_WANT_FAILOVER);
	assert_int_equal(w.id, 1);
}

static struct mx_quality quality(unsigned int loss, unsigned int rtt_ms)
{
	return (struct mx_quality){
		.tests = 10,
		.loss = loss,
		.rtt_us = rtt_ms * 1000,
		.base_us = rtt_ms * 1000,
	};
}

/* What tests showed decides where the configured order does not, and then late. */
static void test_quality(void **state)
{
	SET own = paths(true);
	struct mx_cand c[] = { cand(RADIO, 0), cand(WLAN, 0) };
	struct mx_view v = view(&own, c, 2);
	struct mx_want w;

	(void)state;
	v.by_quality = true;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_NOTHING);
	c[0].quality = quality(0, 100);
	c[1].quality = quality(0, 20);
	w = mx_decide(&v);
	assert_int_equal(w.kind, MX_WANT_PREFER);
	assert_int_equal(w.id, 1);
	v.stay_until = NOW + 1;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_NOTHING);
	v.stay_until = 0;
	v.pinned = true;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_NOTHING);
	v.pinned = false;
	v.by_quality = false;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_NOTHING);
	v.by_quality = true;
	c[1].silent = true;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_NOTHING);
	c[1].silent = false;
	c[1].since = NOW - SECOND;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_NOTHING);
	c[1].since = LONG_AGO;
	/* It may lose half of all: who prefers it keeps it. */
	v.prefers = true;
	c[0].quality = quality(500, 100);
	c[1].rank = 1;
	assert_int_equal(mx_decide(&v).kind, MX_WANT_NOTHING);
	c[0].rank = 1;
	c[1].rank = 0;
	c[0].quality = quality(0, 20);
	c[1].quality = quality(500, 100);
	assert_int_equal(mx_decide(&v).kind, MX_WANT_PREFER);
}

/* Of those that are as good by all else, the one that does best takes over. */
static void test_best_spare(void **state)
{
	SET own = paths(true);
	struct mx_cand c[] = { cand(WLAN, 0), cand(CABLE, 0) };
	struct mx_view v = view(&own, c, 2);

	(void)state;
	own.path[2] = own.path[1];
	own.path[2].id = 2;
	own.path[2].addr = addr(CABLE);
	own.n = 3;
	assert_int_equal(mx_decide(&v).id, 1);
	c[0].quality = quality(0, 30);
	c[1].quality = quality(0, 29);
	assert_int_equal(mx_decide(&v).id, 2);
	c[1].quality = quality(100, 10);
	assert_int_equal(mx_decide(&v).id, 1);
	c[1].quality = quality(10, 10);
	assert_int_equal(mx_decide(&v).id, 2);
	c[1].rank = 1;
	assert_int_equal(mx_decide(&v).id, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_well),
		cmocka_unit_test(test_primary_gone),
		cmocka_unit_test(test_elsewhere),
		cmocka_unit_test(test_refused_address_waits),
		cmocka_unit_test(test_add_and_remove),
		cmocka_unit_test(test_prefer),
		cmocka_unit_test(test_prefer_rfc4555),
		cmocka_unit_test(test_suspect),
		cmocka_unit_test(test_backup_comes_last),
		cmocka_unit_test(test_rank),
		cmocka_unit_test(test_transient),
		cmocka_unit_test(test_quality),
		cmocka_unit_test(test_best_spare),
	};

	return cmocka_run_group_tests_name("mobike: path manager", tests, NULL,
					   NULL);
}
