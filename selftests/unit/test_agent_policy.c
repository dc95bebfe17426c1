// SPDX-License-Identifier: GPL-2.0
/*
 * The policies of a configuration in a kernel that is made up here: what is
 * wanted is there in the end, nothing else is touched, no packet finds a gap on
 * the way, and a refusal leaves everything as it was. covers: I2 I5
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/policy.h"

#define MAX 64

/* The made-up kernel. */
static struct {
	struct kern_policy v[MAX];
	unsigned int n;
	unsigned int requests;
	unsigned int fail_at;
	/* Of the last request, as the real one has it. */
	const char *error;
	/* Selectors, by their protocol, that must be covered all the time. */
	uint8_t always[MAX];
	unsigned int n_always;
} fake;

static bool covered(uint8_t proto)
{
	for (unsigned int i = 0; i < fake.n; i++)
		if (fake.v[i].action == MOBX_ACTION_PROTECT &&
		    fake.v[i].selector.proto == proto)
			return true;
	return false;
}

static int request(void)
{
	for (unsigned int i = 0; i < fake.n_always; i++)
		assert_true(covered(fake.always[i]));
	fake.requests++;
	fake.error = "";
	if (!fake.fail_at || fake.requests != fake.fail_at)
		return 0;
	fake.error = "refused";
	return -ENOMEM;
}

int kern_policy_new(struct kern *k, const struct kern_policy *p)
{
	int ret = request();

	(void)k;
	if (ret)
		return ret;
	for (unsigned int i = 0; i < fake.n; i++)
		if (fake.v[i].order == p->order && !fake.v[i].builtin)
			return -EEXIST;
	assert_true(fake.n < MAX);
	fake.v[fake.n++] = *p;
	return 0;
}

int kern_policy_del(struct kern *k, uint32_t order)
{
	int ret = request();

	(void)k;
	if (ret)
		return ret;
	for (unsigned int i = 0; i < fake.n; i++) {
		if (fake.v[i].order != order || fake.v[i].builtin)
			continue;
		fake.v[i] = fake.v[--fake.n];
		return 0;
	}
	return -ENOENT;
}

int kern_policy_dump(struct kern *k,
		     int (*fn)(const struct kern_policy *p, void *ctx),
		     void *ctx)
{
	(void)k;
	for (unsigned int i = 0; i < fake.n; i++) {
		int ret = fn(&fake.v[i], ctx);

		if (ret)
			return ret;
	}
	return 0;
}

const char *kern_error(const struct kern *k)
{
	(void)k;
	return fake.error;
}

/* A policy in the made-up kernel; @conn NULL for one that was set by hand. */
static void put(uint32_t order, uint8_t proto, const char *conn)
{
	struct kern_policy *p = &fake.v[fake.n++];

	memset(p, 0, sizeof(*p));
	p->order = order;
	p->action = MOBX_ACTION_PROTECT;
	p->mode = MOBX_MODE_TRANSPORT;
	p->selector.proto = proto;
	p->selector.local_port_max = UINT16_MAX;
	p->selector.remote_port_max = UINT16_MAX;
	if (conn)
		snprintf(p->label, sizeof(p->label), "conn:%s", conn);
}

static struct conf *conf_new(void)
{
	struct conf *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->conn = calloc(8, sizeof(*c->conn));
	assert_non_null(c->conn);
	return c;
}

static void want(struct conf *c, const char *name, uint32_t order,
		 uint8_t proto)
{
	struct conf_conn *conn = conf_find(c, name);
	struct conf_protect *p;

	if (!conn) {
		conn = &c->conn[c->nconn++];
		snprintf(conn->ike.name, sizeof(conn->ike.name), "%s", name);
	}
	p = &conn->protect[conn->ike.nprotect++];
	p->order = order;
	p->selector.proto = proto;
	p->selector.local_port_max = UINT16_MAX;
	p->selector.remote_port_max = UINT16_MAX;
}

static const struct kern_policy *get(uint32_t order)
{
	for (unsigned int i = 0; i < fake.n; i++)
		if (fake.v[i].order == order && !fake.v[i].builtin)
			return &fake.v[i];
	return NULL;
}

static int fresh(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	put(0, 50, NULL);
	fake.v[0].builtin = true;
	return 0;
}

static void first_load(void **state)
{
	struct conf *c = conf_new();
	char err[CONF_MAX_ERROR];

	(void)state;
	want(c, "a", 100, 6);
	want(c, "a", 101, 17);
	want(c, "b", 0, 1);
	assert_int_equal(policy_sync(NULL, c, err, sizeof(err)), 0);
	assert_int_equal(fake.n, 4);
	assert_string_equal(get(101)->label, "conn:a");
	assert_string_equal(get(0)->label, "conn:b");
	assert_int_equal(get(100)->action, MOBX_ACTION_PROTECT);
	assert_int_equal(get(100)->peer, 0);
	conf_free(c);
}

/* A second time nothing is asked of the kernel: counters live on. */
static void nothing_new(void **state)
{
	struct conf *c = conf_new();
	char err[CONF_MAX_ERROR];

	(void)state;
	want(c, "a", 100, 6);
	put(100, 6, "a");
	assert_int_equal(policy_sync(NULL, c, err, sizeof(err)), 0);
	assert_int_equal(fake.requests, 0);
	conf_free(c);
}

static void dropped(void **state)
{
	struct conf *c = conf_new();
	char err[CONF_MAX_ERROR];

	(void)state;
	put(100, 6, "a");
	put(200, 17, "gone");
	put(300, 17, NULL);
	want(c, "a", 100, 6);
	assert_int_equal(policy_sync(NULL, c, err, sizeof(err)), 0);
	assert_null(get(200));
	assert_non_null(get(100));
	assert_non_null(get(300));
	conf_free(c);
}

/* An order moves: the new policy is there before the old one goes. */
static void moved(void **state)
{
	struct conf *c = conf_new();
	char err[CONF_MAX_ERROR];

	(void)state;
	put(100, 6, "a");
	fake.always[fake.n_always++] = 6;
	want(c, "a", 50, 6);
	assert_int_equal(policy_sync(NULL, c, err, sizeof(err)), 0);
	assert_null(get(100));
	assert_int_equal(get(50)->selector.proto, 6);
	conf_free(c);
}

/* A connection is renamed, its neighbours' orders are taken. */
static void renamed(void **state)
{
	struct conf *c = conf_new();
	char err[CONF_MAX_ERROR];

	(void)state;
	put(0, 17, NULL);
	put(1, 6, "a");
	put(2, 1, "a");
	fake.always[fake.n_always++] = 6;
	fake.always[fake.n_always++] = 1;
	want(c, "new", 1, 6);
	want(c, "new", 2, 1);
	assert_int_equal(policy_sync(NULL, c, err, sizeof(err)), 0);
	assert_string_equal(get(1)->label, "conn:new");
	assert_string_equal(get(2)->label, "conn:new");
	assert_int_equal(fake.n, 4);
	conf_free(c);
}

static void taken_by_hand(void **state)
{
	struct conf *c = conf_new();
	char err[CONF_MAX_ERROR];

	(void)state;
	put(100, 6, NULL);
	put(200, 17, "gone");
	want(c, "a", 50, 6);
	want(c, "b", 100, 17);
	assert_int_equal(policy_sync(NULL, c, err, sizeof(err)), -EEXIST);
	assert_non_null(strstr(err, "\"b\""));
	assert_non_null(strstr(err, "100"));
	assert_int_equal(fake.requests, 0);
	conf_free(c);
}

/* The kernel refuses the first request, the second, ...: all as it was. */
static void refused(void **state)
{
	struct conf *c = conf_new();
	unsigned int at, done = 0;
	char err[CONF_MAX_ERROR];

	want(c, "a", 100, 17);
	want(c, "a", 101, 1);
	want(c, "b", 102, 132);
	want(c, "b", 103, 47);
	for (at = 1; !done && at < 64; at++) {
		fresh(state);
		put(100, 6, "a");
		put(102, 132, "b");
		put(200, 89, "gone");
		fake.fail_at = at;
		fake.always[fake.n_always++] = 132;
		if (!policy_sync(NULL, c, err, sizeof(err))) {
			done = at;
			continue;
		}
		assert_non_null(strstr(err, "refused"));
		assert_int_equal(get(100)->selector.proto, 6);
		assert_int_equal(get(102)->selector.proto, 132);
		assert_non_null(get(200));
		assert_null(get(101));
		assert_null(get(103));
		assert_int_equal(fake.n, 4);
	}
	assert_true(done > 3);
	conf_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(first_load, fresh),
		cmocka_unit_test_setup(nothing_new, fresh),
		cmocka_unit_test_setup(dropped, fresh),
		cmocka_unit_test_setup(moved, fresh),
		cmocka_unit_test_setup(renamed, fresh),
		cmocka_unit_test_setup(taken_by_hand, fresh),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests_name("agent_policy", tests, NULL, NULL);
}
