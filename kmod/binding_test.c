// SPDX-License-Identifier: GPL-2.0
/*
 * Self-test of bindings, run when the module loads: which lists of paths make
 * one, and what a binding takes over from the one before it.
 */
#ifdef DEBUG
#include <linux/kernel.h>
#include <linux/slab.h>

#include "peer.h"
#include "selftest.h"

#define V	MOBX_PATH_STATE_VALID
#define T	MOBX_PATH_STATE_TENTATIVE
#define D	MOBX_PATH_STATE_DEPRECATED
#define R	MOBX_PATH_STATE_REMOVED
#define P	MOBX_PATH_FLAGS_PRIMARY

struct mobx_list_case {
	const char		*what;
	unsigned int		n;
	bool			good;
	/* Last octets of both addresses, state, flags. */
	struct { u8 local, remote, state, flags; } path[3];
};

static const struct mobx_list_case mobx_lists[] = {
	{ "one", 1, true, { { 1, 2, V, P } } },
	{ "tentative primary", 1, true, { { 1, 2, T, P } } },
	{ "four states", 3, true,
	  { { 1, 2, D, 0 }, { 3, 2, V, P }, { 5, 2, R, 0 } } },
	{ "empty", 0, false, { { 0 } } },
	{ "no primary", 2, false, { { 1, 2, V, 0 }, { 3, 2, V, 0 } } },
	{ "two primaries", 2, false, { { 1, 2, V, P }, { 3, 2, V, P } } },
	{ "deprecated primary", 1, false, { { 1, 2, D, P } } },
	{ "removed primary", 1, false, { { 1, 2, R, P } } },
	{ "twice", 2, false, { { 1, 2, V, P }, { 1, 2, D, 0 } } },
	{ "no address", 1, false, { { 0, 2, V, P } } },
};

static void __init mobx_test_spec(struct mobx_path_spec *spec, u8 local,
				  u8 remote, u8 state, u8 flags)
{
	memset(spec, 0, sizeof(*spec));
	spec->local.v4 = local ? htonl(0x0a000000 | local) : 0;
	spec->remote.v4 = htonl(0x0a000000 | remote);
	spec->family = AF_INET;
	spec->state = state;
	spec->flags = flags;
}

static bool __init mobx_lists_test(void)
{
	struct mobx_path_spec spec[3];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(mobx_lists); i++) {
		const struct mobx_list_case *c = &mobx_lists[i];

		for (j = 0; j < c->n; j++)
			mobx_test_spec(&spec[j], c->path[j].local,
				       c->path[j].remote, c->path[j].state,
				       c->path[j].flags);
		if (!mobx_binding_check(spec, c->n, NULL) == c->good)
			continue;
		pr_err("mobx: binding self-test: '%s' must%s make one\n",
		       c->what, c->good ? "" : " not");
		return false;
	}
	return true;
}

/* What must hold of @b, which follows @a and shares one path with it. */
static bool __init mobx_shared_test(const struct mobx_binding *a,
				    const struct mobx_binding *b)
{
	const __be32 one = htonl(0x0a000001), two = htonl(0x0a000002);
	const __be32 three = htonl(0x0a000003);
	const struct mobx_bound *e;

	e = mobx_binding_find(b, AF_INET, &one, &two);
	if (!e || e->path != a->paths[0].path || e->state != D ||
	    atomic64_read(&e->path->credit) != 5000 ||
	    atomic64_read(&e->path->credit_used) != 1234 ||
	    e->path->mtu != 1400 || mobx_bound_accepts(e))
		return false;
	if (a->paths[0].state != V || !mobx_bound_accepts(&a->paths[0]))
		return false;
	if (b->primary != 0 || b->generation != 2 ||
	    b->paths[0].path == a->paths[1].path)
		return false;
	return mobx_binding_has_local(b, AF_INET, &three) &&
	       !mobx_binding_has_local(b, AF_INET, &two) &&
	       !mobx_binding_find(b, AF_INET, &two, &one) &&
	       mobx_binding_has_remote(b, AF_INET, &b->paths[1].remote);
}

static bool __init mobx_sharing_test(void)
{
	struct mobx_path_spec first[2], second[2];
	struct mobx_binding *a, *b;
	bool good = false;

	mobx_test_spec(&first[0], 1, 2, V, P);
	mobx_test_spec(&first[1], 5, 2, V, 0);
	first[0].credit = 5000;
	first[0].mtu = 1400;
	mobx_test_spec(&second[0], 3, 2, T, P);
	mobx_test_spec(&second[1], 1, 2, D, 0);
	/* Credit is not lowered, an MTU of 0 not taken over. */
	second[1].credit = 4000;

	a = mobx_binding_build(NULL, 1, first, ARRAY_SIZE(first));
	b = a ? mobx_binding_build(a, 2, second, ARRAY_SIZE(second)) : NULL;
	if (b) {
		mobx_binding_commit(a, first);
		atomic64_set(&a->paths[0].path->credit_used, 1234);
		mobx_binding_commit(b, second);
		good = mobx_shared_test(a, b);
		/* What they share outlives the first. */
		mobx_binding_free(a);
		a = NULL;
		good = good && b->paths[1].path->mtu == 1400 &&
		       refcount_read(&b->paths[1].path->ref) == 1;
	}
	mobx_binding_free(a);
	mobx_binding_free(b);
	if (!good)
		pr_err("mobx: binding self-test: sharing of paths failed\n");
	return good;
}

int __init mobx_binding_selftest(void)
{
	return mobx_lists_test() && mobx_sharing_test() ? 0 : -EINVAL;
}
#endif
