// SPDX-License-Identifier: GPL-2.0
/*
 * Path sets: what a request makes of them, in every shape and order.
 *
 * covers: MX5 MX7
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mobike/pairs.h"
#include "mobike/pathset.h"

#define NOW	1000000000ull

static struct wire_addr addr(const char *text)
{
	struct wire_addr a;

	assert_true(wire_addr_parse(&a, text));
	return a;
}

static struct mx_set fresh_set(void)
{
	struct wire_addr a = addr("10.0.1.2");
	struct mx_set s = { 0 };

	assert_true(mx_set_init(&s, &a, 4500, 0));
	return s;
}

/* Sets of a test end with it. */
#define SET __attribute__((cleanup(mx_set_free))) struct mx_set

static struct mx_set copy_of(const struct mx_set *s)
{
	struct mx_set c = { 0 };

	assert_true(mx_set_copy(&c, s));
	return c;
}

static void assert_same_set(const struct mx_set *a, const struct mx_set *b)
{
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->n_ghost, b->n_ghost);
	assert_memory_equal(a->path, b->path, a->n * sizeof(*a->path));
	if (a->n_ghost)
		assert_memory_equal(a->ghost, b->ghost,
				    a->n_ghost * sizeof(*a->ghost));
}

static struct mx_req from(const char *src)
{
	return (struct mx_req){
		.src = addr(src),
		.src_port = 4500,
		.dst = addr("10.0.3.2"),
		.now = NOW,
		.credit = 600,
		.fresh = MOBIKEX_TENTATIVE,
		.max_paths = 4,
		.partner4 = true,
	};
}

static struct mx_op add(uint16_t id, const char *new_addr, uint8_t flags)
{
	return (struct mx_op){
		.kind = MX_OP_ADD,
		.id = id,
		.flags = flags,
		.new_addr = addr(new_addr),
	};
}

static struct mx_op move(uint16_t id, const char *old, const char *new_addr,
			 uint8_t flags)
{
	return (struct mx_op){
		.kind = MX_OP_UPDATE,
		.id = id,
		.flags = flags,
		.old_addr = addr(old),
		.new_addr = addr(new_addr),
	};
}

static struct mx_op set_flags(uint16_t id, uint8_t flags, uint8_t preference)
{
	return (struct mx_op){
		.kind = MX_OP_UPDATE,
		.id = id,
		.flags = flags,
		.preference = preference,
	};
}

static struct mx_op del(uint16_t id)
{
	return (struct mx_op){ .kind = MX_OP_REMOVE, .id = id };
}

static void expect(struct mx_set *s, struct mx_op op, const char *src,
		   int reason)
{
	SET before = copy_of(s);
	struct mx_req req = from(src);
	struct mx_refusal why;

	assert_int_equal(mx_set_apply(s, &op, 1, &req, &why), reason);
	assert_int_equal(why.reason, reason);
	assert_true(mx_set_sound(s));
	if (reason) {
		assert_same_set(s, &before);
		assert_true(strlen(why.text) > 0);
	}
}

static void test_add(void **state)
{
	SET s = fresh_set();
	const struct mx_path *p;

	(void)state;
	expect(&s, add(1, "10.0.2.2", MOBIKEX_F_SOFT), "10.0.2.2", 0);
	assert_int_equal(s.n, 2);
	p = mx_set_find(&s, 1);
	assert_int_equal(p->state, MOBIKEX_TENTATIVE);
	assert_int_equal(p->credit, 600);
	assert_int_equal(mx_set_primary(&s)->id, 0);

	/* Repeated: success, and nothing new. */
	expect(&s, add(1, "10.0.2.2", 0), "10.0.2.2", 0);
	assert_int_equal(s.n, 2);
	expect(&s, add(1, "10.0.4.2", 0), "10.0.4.2", MOBIKEX_R_DUPLICATE);
	expect(&s, add(2, "10.0.2.2", 0), "10.0.2.2", MOBIKEX_R_DUPLICATE);

	expect(&s, add(9, "10.0.4.2", MOBIKEX_F_PRIMARY), "10.0.4.2", 0);
	assert_int_equal(mx_set_primary(&s)->id, 9);
	expect(&s, add(3, "10.0.5.2", MOBIKEX_F_BACKUP), "10.0.5.2", 0);
	assert_int_equal(mx_set_find(&s, 3)->flags, MOBIKEX_F_BACKUP);
	expect(&s, add(4, "10.0.6.2", 0), "10.0.6.2", MOBIKEX_R_LIMIT);
}

static void test_add_family(void **state)
{
	SET s = fresh_set();

	(void)state;
	expect(&s, add(1, "2001:db8::1", 0), "2001:db8::1", MOBIKEX_R_FAMILY);
	expect(&s, add(1, "2001:db8::1", 0), "10.0.2.2", MOBIKEX_R_FAMILY);
	expect(&s, move(0, "10.0.1.2", "2001:db8::1", 0), "2001:db8::1",
	       MOBIKEX_R_FAMILY);
}

static void test_shapes(void **state)
{
	SET s = fresh_set();
	struct mx_op op = add(1, "10.0.2.2", 0);

	(void)state;
	op.new_addr.family = 0;
	expect(&s, op, "10.0.2.2", MOBIKEX_R_BAD_FORMAT);
	op = add(1, "10.0.2.2", 0);
	op.old_addr = op.new_addr;
	expect(&s, op, "10.0.2.2", MOBIKEX_R_BAD_FORMAT);
	op = move(0, "10.0.1.2", "10.0.2.2", 0);
	op.old_addr.family = 0;
	expect(&s, op, "10.0.2.2", MOBIKEX_R_BAD_FORMAT);
	op = move(0, "10.0.1.2", "10.0.2.2", 0);
	op.new_addr.family = 0;
	expect(&s, op, "10.0.2.2", MOBIKEX_R_BAD_FORMAT);
	op = del(0);
	op.new_addr = addr("10.0.2.2");
	expect(&s, op, "10.0.2.2", MOBIKEX_R_BAD_FORMAT);
}

static void test_move(void **state)
{
	SET s = fresh_set();

	(void)state;
	expect(&s, move(5, "10.0.1.2", "10.0.2.2", 0), "10.0.2.2",
	       MOBIKEX_R_NO_SUCH_PATH);
	expect(&s, move(0, "10.9.9.9", "10.0.2.2", 0), "10.0.2.2",
	       MOBIKEX_R_NO_SUCH_PATH);
	expect(&s, move(0, "10.0.1.2", "10.0.2.2", MOBIKEX_F_PRIMARY),
	       "10.0.2.2", 0);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.path[0].state, MOBIKEX_TENTATIVE);
	assert_int_equal(s.n_ghost, 1);
	assert_false(s.ghost[0].retired);
	assert_true(s.ghost[0].accept_until == NOW + MX_GRACE_US);

	/* It missed the answer and still names the address before. */
	expect(&s, move(0, "10.0.1.2", "10.0.4.2", MOBIKEX_F_SOFT), "10.0.4.2",
	       0);
	assert_true(s.ghost[1].accept_until == NOW + MX_SOFT_US);

	/* What was left softly is hushed by name. */
	{
		struct mx_op op = del(0);

		op.old_addr = addr("10.0.2.2");
		expect(&s, op, "10.0.4.2", 0);
		assert_int_equal(s.n, 1);
		assert_true(s.ghost[1].accept_until == NOW + MX_GRACE_US);
	}
}

static void test_move_onto_other(void **state)
{
	SET s = fresh_set();

	(void)state;
	expect(&s, add(1, "10.0.2.2", 0), "10.0.2.2", 0);
	expect(&s, move(0, "10.0.1.2", "10.0.2.2", 0), "10.0.2.2",
	       MOBIKEX_R_DUPLICATE);
}

static void test_flags(void **state)
{
	SET s = fresh_set();

	(void)state;
	expect(&s, add(1, "10.0.2.2", 0), "10.0.2.2", 0);
	expect(&s, set_flags(1, MOBIKEX_F_PRIMARY, 7), "10.0.2.2", 0);
	assert_int_equal(mx_set_primary(&s)->id, 1);
	assert_int_equal(mx_set_find(&s, 1)->preference, 7);
	/* Without the mark nothing loses it: there is always a primary. */
	expect(&s, set_flags(1, MOBIKEX_F_BACKUP, 7), "10.0.2.2", 0);
	assert_int_equal(mx_set_primary(&s)->id, 1);
	assert_true(mx_set_find(&s, 1)->flags & MOBIKEX_F_BACKUP);
	expect(&s, set_flags(1, 0, 7), "10.0.2.2", 0);
	assert_false(mx_set_find(&s, 1)->flags & MOBIKEX_F_BACKUP);
}

static void test_remove(void **state)
{
	SET s = fresh_set();

	(void)state;
	expect(&s, del(0), "10.0.1.2", MOBIKEX_R_LAST_PATH);
	expect(&s, del(7), "10.0.1.2", MOBIKEX_R_NO_SUCH_PATH);
	expect(&s, add(1, "10.0.2.2", 0), "10.0.2.2", 0);
	expect(&s, del(0), "10.0.2.2", 0);
	assert_int_equal(mx_set_primary(&s)->id, 1);
	assert_true(s.ghost[0].retired);
	/* The ID rests for two minutes, the address does not. */
	expect(&s, add(0, "10.0.1.2", 0), "10.0.1.2", MOBIKEX_R_DUPLICATE);
	expect(&s, add(2, "10.0.1.2", 0), "10.0.1.2", 0);
	assert_int_equal(mx_set_free_id(&s), 3);
	assert_false(mx_set_expire(&s, NOW + MX_FORGET_US));
	assert_true(mx_set_expire(&s, NOW + MX_GRACE_US + MX_FORGET_US));
	assert_int_equal(mx_set_free_id(&s), 0);
	expect(&s, add(0, "10.0.9.2", 0), "10.0.9.2", 0);
}

static struct mx_op derived(enum mx_op_kind kind)
{
	return (struct mx_op){ .kind = kind, .derived = true };
}

static void test_derived(void **state)
{
	SET s = fresh_set();

	(void)state;
	expect(&s, derived(MX_OP_REMOVE), "10.0.7.7", MOBIKEX_R_NO_SUCH_PATH);
	expect(&s, derived(MX_OP_ADD), "10.0.2.2", 0);
	assert_non_null(mx_set_find(&s, 1));
	expect(&s, derived(MX_OP_ADD), "10.0.2.2", 0);
	assert_int_equal(s.n, 2);

	/* RFC 4555: from a known path it becomes primary ... */
	expect(&s, derived(MX_OP_UPDATE), "10.0.2.2", 0);
	assert_int_equal(mx_set_primary(&s)->id, 1);
	assert_int_equal(s.n, 2);
	/* ... and from elsewhere the primary moves there. */
	expect(&s, derived(MX_OP_UPDATE), "10.0.3.3", 0);
	assert_int_equal(mx_set_primary(&s)->id, 1);
	assert_true(wire_addr_equal(&mx_set_primary(&s)->addr,
				    &(struct wire_addr){ .family = 4,
				    .a = { 10, 0, 3, 3 } }));

	expect(&s, derived(MX_OP_REMOVE), "10.0.3.3", 0);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.path[0].id, 1);
}

static void test_several(void **state)
{
	SET s = fresh_set();
	SET t = { 0 };
	struct mx_req req = from("10.0.2.2");
	struct mx_refusal why;
	struct mx_op ops[3];

	(void)state;
	/* Hand over in one request, whatever the order. */
	ops[0] = del(0);
	ops[1] = add(1, "10.0.2.2", MOBIKEX_F_PRIMARY);
	assert_int_equal(mx_set_apply(&s, ops, 2, &req, &why), 0);
	t = fresh_set();
	ops[2] = ops[0];
	assert_int_equal(mx_set_apply(&t, ops + 1, 2, &req, &why), 0);
	assert_same_set(&s, &t);
	assert_int_equal(s.n, 1);
	assert_int_equal(mx_set_primary(&s)->id, 1);

	/* One bad block spoils all, and is named. */
	assert_true(mx_set_copy(&t, &s));
	ops[0] = set_flags(1, MOBIKEX_F_BACKUP, 3);
	ops[1] = del(44);
	ops[1].index = 1;
	assert_int_equal(mx_set_apply(&s, ops, 2, &req, &why),
			 MOBIKEX_R_NO_SUCH_PATH);
	assert_int_equal(why.index, 1);
	assert_same_set(&s, &t);

	/* Contradictions have no order to settle them. */
	ops[0] = set_flags(1, 0, 1);
	ops[1] = set_flags(1, 0, 2);
	assert_int_equal(mx_set_apply(&s, ops, 2, &req, &why),
			 MOBIKEX_R_BAD_FORMAT);
	ops[0] = set_flags(1, MOBIKEX_F_PRIMARY, 1);
	ops[1] = set_flags(2, MOBIKEX_F_PRIMARY, 1);
	assert_int_equal(mx_set_apply(&s, ops, 2, &req, &why),
			 MOBIKEX_R_BAD_FORMAT);
}

static struct mx_op random_op(void)
{
	static const char *const addrs[] = {
		"10.0.1.2", "10.0.2.2", "10.0.3.3", "10.0.4.2", "2001:db8::7",
	};
	struct mx_op op = {
		.kind = (enum mx_op_kind)(rand() % 3),
		.derived = rand() % 8 == 0,
		.flags = (uint8_t)(rand() & (MOBIKEX_F_PRIMARY |
					     MOBIKEX_F_SOFT |
					     MOBIKEX_F_BACKUP)),
		.id = (uint16_t)(rand() % 5),
		.preference = (uint8_t)rand(),
	};

	if (op.derived)
		op.flags = 0;
	if (op.kind != MX_OP_REMOVE && rand() % 3)
		op.new_addr = addr(addrs[rand() % 5]);
	if (op.kind != MX_OP_ADD && rand() % 3)
		op.old_addr = addr(addrs[rand() % 5]);
	return op;
}

/*
 * Whatever comes: all or nothing, in every order the same, never empty, one
 * primary; and the binding made of it holds together.
 */
static void test_random(void **state)
{
	SET s = fresh_set();
	SET peer = { 0 };
	struct wire_addr server = addr("10.0.3.2");
	uint64_t now = NOW;

	(void)state;
	srand(4555);
	mx_set_init(&peer, &server, 4500, 0);
	for (int round = 0; round < 50000; round++) {
		struct mx_op ops[3], rev[3];
		SET a = copy_of(&s);
		SET b = copy_of(&s);
		struct mx_refusal wa, wb;
		struct mx_req req = from(rand() % 2 ? "10.0.2.2" : "10.0.4.2");
		unsigned int n = 1 + (unsigned int)rand() % 3;
		struct ike_path paths[IKE_MAX_PATHS];
		unsigned int np, primaries = 0;
		int ra, rb;

		now += (uint64_t)(rand() % 20000000);
		req.now = now;
		for (unsigned int i = 0; i < n; i++) {
			ops[i] = random_op();
			rev[n - 1 - i] = ops[i];
		}
		ra = mx_set_apply(&a, ops, n, &req, &wa);
		rb = mx_set_apply(&b, rev, n, &req, &wb);
		assert_int_equal(!ra, !rb);
		if (ra) {
			assert_same_set(&a, &s);
			assert_same_set(&b, &s);
			continue;
		}
		assert_true(mx_set_sound(&a));
		assert_int_equal(a.n, b.n);
		for (unsigned int i = 0; i < a.n; i++)
			assert_memory_equal(&a.path[i], &b.path[i],
					    sizeof(a.path[i]));
		mx_set_expire(&a, now);
		assert_true(mx_set_copy(&s, &a));
		np = mx_pairs(&peer, &s, now, paths);
		assert_true(np >= 1 && np <= IKE_MAX_PATHS);
		for (unsigned int i = 0; i < np; i++) {
			assert_int_equal(paths[i].local.family,
					 paths[i].remote.family);
			if (paths[i].flags & MOBX_PATH_FLAGS_PRIMARY) {
				primaries++;
				assert_true(paths[i].state <=
					    MOBX_PATH_STATE_VALID);
			}
			for (unsigned int j = 0; j < i; j++)
				assert_false(
					wire_addr_equal(&paths[i].local,
							&paths[j].local) &&
					wire_addr_equal(&paths[i].remote,
							&paths[j].remote));
		}
		assert_int_equal(primaries, 1);
	}
}

static const struct ike_path *pair(const struct ike_path *v, unsigned int n,
				   const char *local, const char *remote)
{
	struct wire_addr l = addr(local), r = addr(remote);

	for (unsigned int i = 0; i < n; i++)
		if (wire_addr_equal(&v[i].local, &l) &&
		    wire_addr_equal(&v[i].remote, &r))
			return &v[i];
	return NULL;
}

/* What the kernel is told at each stage of a path's life. */
static void test_pairs(void **state)
{
	struct wire_addr server = addr("10.0.3.2");
	SET own = { 0 };
	SET peer = fresh_set();
	struct ike_path v[IKE_MAX_PATHS];
	const struct ike_path *p;
	unsigned int n;

	(void)state;
	mx_set_init(&own, &server, 4500, 0);
	expect(&peer, add(1, "10.0.2.2", 0), "10.0.2.2", 0);
	n = mx_pairs(&own, &peer, NOW, v);
	assert_int_equal(n, 2);
	assert_true(v[0].flags & MOBX_PATH_FLAGS_PRIMARY);
	p = pair(v, n, "10.0.3.2", "10.0.2.2");
	assert_int_equal(p->state, MOBX_PATH_STATE_TENTATIVE);
	assert_int_equal(p->credit, 600);

	/* Own paths that the peer has not confirmed are only taken from. */
	n = mx_pairs(&peer, &own, NOW, v);
	p = pair(v, n, "10.0.2.2", "10.0.3.2");
	assert_int_equal(p->state, MOBX_PATH_STATE_TENTATIVE);
	assert_int_equal(p->credit, 0);

	mx_set_find(&peer, 1)->state = MOBIKEX_VALID;
	expect(&peer, del(0), "10.0.2.2", 0);
	n = mx_pairs(&own, &peer, NOW, v);
	p = pair(v, n, "10.0.3.2", "10.0.1.2");
	assert_int_equal(p->state, MOBX_PATH_STATE_DEPRECATED);
	assert_int_equal(p->accept_until_ms, MX_GRACE_US / 1000);
	n = mx_pairs(&own, &peer, NOW + MX_GRACE_US, v);
	p = pair(v, n, "10.0.3.2", "10.0.1.2");
	assert_int_equal(p->state, MOBX_PATH_STATE_REMOVED);
	mx_set_expire(&peer, NOW + MX_GRACE_US + MX_FORGET_US);
	n = mx_pairs(&own, &peer, NOW + MX_GRACE_US + MX_FORGET_US, v);
	assert_int_equal(n, 1);
}

static struct mx_set two_families(const char *four, const char *six)
{
	struct mx_req req = from(six);
	struct mx_op op = add(1, six, 0);
	struct wire_addr a = addr(four);
	struct mx_refusal why;
	struct mx_set s = { 0 };

	req.partner6 = true;
	req.fresh = MOBIKEX_VALID;
	assert_true(mx_set_init(&s, &a, 4500, 0));
	assert_int_equal(mx_set_apply(&s, &op, 1, &req, &why), 0);
	return s;
}

/* Sets of both families: pairs of each, the primary one where both ends are. */
static void test_two_families(void **state)
{
	SET own = two_families("10.0.3.2", "2001:db8:3::2");
	SET peer = two_families("10.0.1.2", "2001:db8:1::2");
	struct ike_path v[IKE_MAX_PATHS];
	struct mx_req req = from("2001:db8:1::2");
	struct mx_op op = set_flags(1, MOBIKEX_F_PRIMARY, 0), gone = del(0);
	struct mx_refusal why;

	(void)state;
	req.partner6 = true;
	assert_int_equal(mx_pairs_live(&own, &peer), 2);
	assert_int_equal(mx_pairs(&own, &peer, NOW, v), 2);
	assert_non_null(pair(v, 2, "2001:db8:3::2", "2001:db8:1::2"));
	assert_true(pair(v, 2, "10.0.3.2", "10.0.1.2")->flags &
		    MOBX_PATH_FLAGS_PRIMARY);
	/* The peer prefers IPv6, where the own primary path is not. */
	assert_int_equal(mx_set_apply(&peer, &op, 1, &req, &why), 0);
	assert_int_equal(mx_pairs(&own, &peer, NOW, v), 2);
	assert_true(pair(v, 2, "2001:db8:3::2", "2001:db8:1::2")->flags &
		    MOBX_PATH_FLAGS_PRIMARY);
	/* Its IPv4 may go, but not if there is nothing else here. */
	req.partner6 = false;
	assert_int_equal(mx_set_apply(&peer, &gone, 1, &req, &why),
			 MOBIKEX_R_FAMILY);
	assert_int_equal(peer.n, 2);
	req.partner6 = true;
	assert_int_equal(mx_set_apply(&peer, &gone, 1, &req, &why), 0);
	assert_int_equal(mx_pairs_live(&own, &peer), 1);
}

/* At an own address that is no path yet a family begins; nothing is sent there. */
static void test_idle(void **state)
{
	SET own = fresh_set();
	SET peer = fresh_set();
	struct mx_req req = from("2001:db8:1::2");
	struct mx_op op = add(1, "2001:db8:1::2", 0), gone = del(0);
	struct ike_path v[IKE_MAX_PATHS];
	struct mx_refusal why;

	(void)state;
	assert_int_equal(mx_set_apply(&peer, &op, 1, &req, &why),
			 MOBIKEX_R_FAMILY);
	req.may_join = true;
	op.flags = MOBIKEX_F_PRIMARY;
	assert_int_equal(mx_set_apply(&peer, &op, 1, &req, &why),
			 MOBIKEX_R_FAMILY);
	op.flags = 0;
	assert_int_equal(mx_set_apply(&peer, &op, 1, &req, &why), 0);
	assert_int_equal(mx_pairs(&own, &peer, NOW, v), 1);
	/* It is no heir of the last one that leads anywhere. */
	assert_int_equal(mx_set_apply(&peer, &gone, 1, &req, &why),
			 MOBIKEX_R_FAMILY);
	assert_false(mx_set_drop(&peer, 0, &own, NOW, 0));
	assert_true(mx_set_drop(&peer, 1, &own, NOW, 0));
	assert_int_equal(peer.n, 1);
}

/* One end's primary path takes the other's along into its family. */
static void test_follow_family(void **state)
{
	SET own = two_families("10.0.3.2", "2001:db8:3::2");
	SET peer = two_families("10.0.1.2", "2001:db8:1::2");
	SET four = fresh_set();
	struct wire_addr at = addr("2001:db8:1::2");

	(void)state;
	assert_false(mx_follow_family(&peer, &own, NULL));
	mx_set_make_primary(&own, 1);
	assert_false(mx_primaries_meet(&peer, &own));
	assert_false(mx_follow_family(&four, &own, NULL));
	assert_true(mx_follow_family(&peer, &own, &at));
	assert_true(mx_primaries_meet(&peer, &own));
	assert_false(mx_follow_family(&peer, &own, &at));
	mx_set_make_primary(&own, 0);
	assert_true(mx_follow_family(&peer, &own, NULL));
	assert_int_equal(mx_set_primary(&peer)->id, 0);
}

/* Credit counts once: on the pair that the announcement came by. */
static void test_credit_once(void **state)
{
	struct wire_addr server = addr("10.0.3.2");
	SET own = { 0 };
	SET peer = fresh_set();
	struct ike_path v[IKE_MAX_PATHS];
	struct mx_op second = add(1, "10.0.8.2", 0);
	struct mx_req req = from("10.0.8.2");
	struct mx_refusal why;
	uint64_t sum = 0;
	unsigned int n;

	(void)state;
	mx_set_init(&own, &server, 4500, 0);
	req.fresh = MOBIKEX_VALID;
	assert_int_equal(mx_set_apply(&own, &second, 1, &req, &why), 0);
	expect(&peer, add(1, "10.0.2.2", 0), "10.0.2.2", 0);
	n = mx_pairs(&own, &peer, NOW, v);
	assert_int_equal(n, 4);
	for (unsigned int i = 0; i < n; i++)
		sum += v[i].credit;
	assert_int_equal(sum, 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_add_family),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_move_onto_other),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_derived),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_two_families),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_follow_family),
		cmocka_unit_test(test_credit_once),
	};

	return cmocka_run_group_tests_name("mobike: path sets", tests, NULL,
					   NULL);
}
