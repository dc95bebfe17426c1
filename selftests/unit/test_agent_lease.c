// SPDX-License-Identifier: GPL-2.0
/*
 * What the parent does for the worker: virtual addresses, given out and placed;
 * endpoints of MPTCP.
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
#include <sys/stat.h>
#include <unistd.h>

#include "agent/lease.h"
#include "agent/log.h"
#include "agent/mptcp.h"
#include "agent/virtual.h"

static char folder[64];
static char file[128];
static struct conf pools = { .npool = 1 };
static struct conf_pool *const pool = &pools.pool[0];
static struct leases *l;

static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/mobx-lease-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/leases", folder);
	memset(pool, 0, sizeof(*pool));
	strcpy(pool->name, "guests");
	l = leases_new();
	return l ? 0 : -1;
}

static int tear_down(void **state)
{
	char path[160];

	(void)state;
	leases_free(l);
	unlink(file);
	snprintf(path, sizeof(path), "%s.new", file);
	unlink(path);
	return rmdir(folder);
}

static void add(const char *addr, uint8_t plen)
{
	assert_true(wire_addr_parse(&pool->prefix[pool->n].addr, addr));
	pool->prefix[pool->n++].plen = plen;
}

static struct ike_ac_lease ask(const char *id, const char *want)
{
	struct ike_ac_lease m = { .n = 1 };

	strcpy(m.pool, pool->name);
	assert_int_equal(ike_id_parse(id, &m.id), 0);
	assert_true(wire_addr_parse(&m.want[0], want));
	return m;
}

static const char *take(const char *id, const char *want)
{
	static char text[WIRE_ADDR_TEXT];
	struct ike_ac_lease m = ask(id, want);
	struct msg_lease_done done;

	leases_take(l, &pools, &m, &done);
	assert_int_equal(!done.lease.n, done.text[0] != 0);
	return done.lease.n ? wire_addr_text(&done.lease.addr[0], text) : "";
}

static void give(const char *id, const char *addr)
{
	struct ike_ac_lease m = ask(id, addr);

	leases_give(l, &m);
}

static void restart(void)
{
	leases_free(l);
	l = leases_new();
	assert_non_null(l);
	leases_keep(l, folder);
}

/* As many as there are hosts, each its own, the lowest first. */
static void one_each(void **state)
{
	(void)state;
	add("10.9.0.0", 30);
	add("10.9.1.0", 31);
	assert_string_equal(take("a", "0.0.0.0"), "10.9.0.1");
	assert_string_equal(take("b", "0.0.0.0"), "10.9.0.2");
	assert_string_equal(take("c", "0.0.0.0"), "10.9.1.0");
	assert_string_equal(take("d", "0.0.0.0"), "10.9.1.1");
	assert_string_equal(take("e", "0.0.0.0"), "");
	assert_string_equal(take("e", "::"), "");
	/* The same once more: the same. */
	assert_string_equal(take("b", "0.0.0.0"), "10.9.0.2");
	/* Case is part of a name here, and so is its type. */
	assert_string_equal(take("key-id:b", "0.0.0.0"), "");
}

/* Of those whose holder has gone the one that was left first. */
static void in_turn(void **state)
{
	(void)state;
	add("10.9.0.0", 30);
	take("a", "0.0.0.0");
	take("b", "0.0.0.0");
	take("b", "0.0.0.0");
	give("b", "10.9.0.2");
	assert_string_equal(take("c", "0.0.0.0"), "");
	give("a", "10.9.0.1");
	give("b", "10.9.0.2");
	give("b", "10.9.0.2");
	/* Not by who never had it. */
	give("c", "10.9.0.1");
	assert_string_equal(take("c", "0.0.0.0"), "10.9.0.1");
	assert_string_equal(take("a", "0.0.0.0"), "10.9.0.2");
	assert_string_equal(take("b", "0.0.0.0"), "");
}

static void survives(void **state)
{
	char line[512];
	struct stat st;
	FILE *f;

	(void)state;
	add("10.9.0.0", 24);
	add("fd00:9::", 64);
	leases_keep(l, folder);
	assert_string_equal(take("a", "0.0.0.0"), "10.9.0.1");
	assert_string_equal(take("b", "10.9.0.77"), "10.9.0.77");
	assert_string_equal(take("b", "::"), "fd00:9::1");
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	for (int i = 0; i < 3; i++) {
		restart();
		assert_string_equal(take("b", "0.0.0.0"), "10.9.0.77");
		assert_string_equal(take("c", "0.0.0.0"), "10.9.0.2");
		assert_string_equal(take("b", "fd00:9::5"), "fd00:9::1");
		assert_string_equal(take("a", "0.0.0.0"), "10.9.0.1");
	}
	/* Killed in the midst of a line, and lines that nobody wrote. */
	f = fopen(file, "a");
	fputs("guests 10.9.0.300 2 61\nguests 10.9.0.9 2 6\nguests\n\n"
	      "guests 10.9.0.9 2 61 62\nguests 10.9.0.9 0 61\n"
	      "guests 10.9.0.9 x 61\nguests 10.9.0.8 2 64\nguests 10.9.0.9 2 ",
	      f);
	fclose(f);
	restart();
	assert_string_equal(take("d", "0.0.0.0"), "10.9.0.8");
	assert_string_equal(take("e", "10.9.0.9"), "10.9.0.9");
	assert_string_equal(take("a", "0.0.0.0"), "10.9.0.1");
	/* The file is whole again. */
	restart();
	f = fopen(file, "r");
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, "mobx leases 1\n");
	for (int n = 0; fgets(line, sizeof(line), f); n++)
		assert_true(n < 6 && strstr(line, "guests "));
	fclose(f);
}

/* Addresses that are not in the pool any more are nobody's. */
static void smaller(void **state)
{
	(void)state;
	add("10.9.0.0", 24);
	leases_keep(l, folder);
	take("a", "10.9.0.200");
	take("b", "0.0.0.0");
	give("a", "10.9.0.200");
	pool->prefix[0].plen = 29;
	assert_string_equal(take("a", "0.0.0.0"), "10.9.0.2");
	assert_string_equal(take("b", "0.0.0.0"), "10.9.0.1");
	restart();
	assert_string_equal(take("a", "0.0.0.0"), "10.9.0.2");
}

/* What is no file of ours stays as it is, and addresses are given all the same. */
static void foreign(void **state)
{
	struct stat st;
	FILE *f = fopen(file, "w");

	(void)state;
	add("10.9.0.0", 24);
	fputs("something else\n", f);
	fclose(f);
	restart();
	assert_string_equal(take("a", "0.0.0.0"), "10.9.0.1");
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_size, 15);
	unlink(file);
	restart();
	take("a", "0.0.0.0");
	chmod(file, 0666);
	restart();
	assert_string_equal(take("b", "0.0.0.0"), "10.9.0.1");
}

/* The file does not grow for ever. */
static void short_file(void **state)
{
	struct stat st;

	(void)state;
	add("10.9.0.1", 32);
	leases_keep(l, folder);
	for (int i = 0; i < 3000; i++) {
		const char *id = i & 1 ? "b" : "a";

		assert_string_equal(take(id, "0.0.0.0"), "10.9.0.1");
		give(id, "10.9.0.1");
	}
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size < 30000);
	restart();
	assert_string_equal(take("b", "0.0.0.0"), "10.9.0.1");
}

#define MOST 65536

static const char *nth(unsigned int i, char id[16])
{
	static char addr[32];

	snprintf(id, 16, "id%u", i);
	snprintf(addr, sizeof(addr), "10.9.%u.%u", i >> 8, i & 255);
	return addr;
}

/* With as many as are remembered, whoever has gone makes room for the next. */
static void full(void **state)
{
	char id[16], other[16];
	const char *addr;

	(void)state;
	add("10.0.0.0", 8);
	leases_keep(l, folder);
	for (unsigned int i = 0; i < MOST; i++) {
		addr = nth(i, id);
		assert_string_equal(take(id, addr), addr);
	}
	assert_string_equal(take("new", "0.0.0.0"), "");
	assert_string_equal(take("new", "10.10.0.1"), "");
	give(id, addr);
	addr = nth(7, other);
	give(other, addr);
	/* Who left first is forgotten, in the file as well. */
	assert_string_equal(take("new", "10.10.0.1"), "10.10.0.1");
	assert_string_equal(take("more", "0.0.0.0"), "10.0.0.1");
	assert_string_equal(take("last", "0.0.0.0"), "");
	restart();
	assert_string_equal(take("new", "0.0.0.0"), "10.10.0.1");
	assert_string_equal(take("more", "0.0.0.0"), "10.0.0.1");
	give("new", "10.10.0.1");
	assert_string_equal(take(other, nth(7, other)), "10.9.0.7");
	/* A pool by another name: those of the old one go first. */
	give("more", "10.0.0.1");
	strcpy(pool->name, "others");
	assert_string_equal(take("a", "10.11.0.1"), "10.11.0.1");
	give("a", "10.11.0.1");
	assert_string_equal(take("b", "0.0.0.0"), "10.0.0.1");
	assert_string_equal(take("a", "0.0.0.0"), "10.11.0.1");
	restart();
	assert_string_equal(take("a", "0.0.0.0"), "10.11.0.1");
	assert_string_equal(take("b", "0.0.0.0"), "10.0.0.1");
}

/* The worker may be anybody. */
static void nonsense(void **state)
{
	struct ike_ac_lease good = ask("a", "0.0.0.0"), m;
	struct msg_lease_done done;

	(void)state;
	add("10.9.0.0", 24);
	m = good;
	strcpy(m.pool, "none");
	leases_take(l, &pools, &m, &done);
	assert_int_equal(done.lease.n, 0);
	m = good;
	m.n = 3;
	leases_take(l, &pools, &m, &done);
	assert_int_equal(done.lease.n, 0);
	leases_give(l, &m);
	m = good;
	m.want[0].family = 5;
	leases_take(l, &pools, &m, &done);
	assert_int_equal(done.lease.n, 0);
	m = good;
	m.n = 2;
	m.want[1] = m.want[0];
	leases_take(l, &pools, &m, &done);
	assert_int_equal(done.lease.n, 0);
	m = good;
	m.id.len = 0;
	leases_take(l, &pools, &m, &done);
	assert_int_equal(done.lease.n, 0);
	memset(m.pool, 'x', sizeof(m.pool));
	leases_give(l, &m);
}

/* Of devices it reaches those alone that a connection names. */
static void devices(void **state)
{
	struct conf_conn conn = { .ike = { .device = "mobx-none" } };
	struct conf conf = { .nconn = 1, .conn = &conn };
	struct ike_ac_addr good = { .device = "mobx-none" }, m;
	struct msg_kernel_done done;

	(void)state;
	assert_true(wire_addr_parse(&good.addr, "10.9.0.1"));
	virtual_run(&conf, MSG_ADDR_NEW, &good, sizeof(good), &done);
	assert_int_equal(done.err, -ENODEV);
	assert_non_null(strstr(done.text, "there is no device mobx-none"));
	virtual_run(&conf, MSG_ADDR_DEL, &good, sizeof(good), &done);
	assert_int_equal(done.err, 0);
	m = good;
	strcpy(m.device, "lo");
	virtual_run(&conf, MSG_ADDR_NEW, &m, sizeof(m), &done);
	assert_int_equal(done.err, -EBADMSG);
	memset(m.device, 'x', sizeof(m.device));
	virtual_run(&conf, MSG_ADDR_NEW, &m, sizeof(m), &done);
	assert_int_equal(done.err, -EBADMSG);
	virtual_run(&conf, MSG_ADDR_NEW, &good, sizeof(good) - 1, &done);
	assert_int_equal(done.err, -EBADMSG);
	m = good;
	assert_true(wire_addr_parse(&m.addr, "127.0.0.1"));
	virtual_run(&conf, MSG_ADDR_NEW, &m, sizeof(m), &done);
	assert_int_equal(done.err, -EBADMSG);
}

/* MPTCP's endpoints: for connections that want them, and hosts' addresses. */
static void endpoints(void **state)
{
	struct conf_conn conns[] = {
		{ .ike = { .name = "with", .mptcp = IKE_MPTCP_SUBFLOW } },
		{ .ike = { .name = "without" } },
	};
	struct conf conf = { .nconn = 2, .conn = conns };
	struct ike_ac_endpoint a = { .conn = "without" };
	struct mptcp m = { 0 };

	(void)state;
	assert_true(wire_addr_parse(&a.addr, "10.9.0.1"));
	mptcp_run(&m, &conf, MSG_ENDPOINT_NEW, &a, sizeof(a));
	memset(a.conn, 'x', sizeof(a.conn));
	mptcp_run(&m, &conf, MSG_ENDPOINT_NEW, &a, sizeof(a));
	strcpy(a.conn, "with");
	mptcp_run(&m, &conf, MSG_ENDPOINT_NEW, &a, sizeof(a) - 1);
	mptcp_run(&m, &conf, MSG_ENDPOINT_DEL, &a, sizeof(a));
	assert_true(wire_addr_parse(&a.addr, "224.0.0.1"));
	mptcp_run(&m, &conf, MSG_ENDPOINT_NEW, &a, sizeof(a));
	/* The kernel was not even asked. */
	assert_int_equal(m.n, 0);
	assert_null(m.nl);

	assert_true(wire_addr_parse(&a.addr, "10.9.0.1"));
	m.v[m.n++] = (struct mptcp_endpoint){ .addr = a.addr, .users = 1 };
	mptcp_run(&m, &conf, MSG_ENDPOINT_NEW, &a, sizeof(a));
	assert_int_equal(m.v[0].users, 2);
	mptcp_run(&m, &conf, MSG_ENDPOINT_DEL, &a, sizeof(a));
	assert_int_equal(m.n, 1);
	assert_int_equal(m.v[0].users, 1);
	assert_null(m.nl);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_each), TEST(in_turn), TEST(survives), TEST(smaller),
		TEST(foreign), TEST(short_file), TEST(full), TEST(nonsense), TEST(devices),
		TEST(endpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
