// SPDX-License-Identifier: GPL-2.0
/*
 * Bindings and the paths that successive bindings share. Nothing here is
 * visible to the data path until peer.c stores the pointer.
 */

#include <linux/inetdevice.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <net/ipv6.h>

#include "peer.h"
#include "route.h"

static bool mobx_addr_unicast(const union mobx_addr *addr, u16 family)
{
	if (family == AF_INET)
		return !ipv4_is_zeronet(addr->v4) &&
		       !ipv4_is_multicast(addr->v4) &&
		       !ipv4_is_lbcast(addr->v4);
	return !ipv6_addr_any(&addr->v6) && !ipv6_addr_is_multicast(&addr->v6);
}

/* Such an address means something on one link only, and a path names none. */
static bool mobx_addr_link_local(const union mobx_addr *addr, u16 family)
{
	return family == AF_INET6 &&
	       ipv6_addr_type(&addr->v6) & IPV6_ADDR_LINKLOCAL;
}

static bool mobx_spec_same_pair(const struct mobx_path_spec *a,
				const struct mobx_path_spec *b)
{
	return a->family == b->family && mobx_addr_eq(&a->local, &b->local) &&
	       mobx_addr_eq(&a->remote, &b->remote);
}

/**
 * mobx_binding_check_addr - whether a path may have an address
 * @addr: own address or the peer's
 * @family: of @addr
 * @extack: says what is wrong
 *
 * Return: 0 or -EINVAL
 */
int mobx_binding_check_addr(const union mobx_addr *addr, u16 family,
			    struct netlink_ext_ack *extack)
{
	if (!mobx_addr_unicast(addr, family)) {
		NL_SET_ERR_MSG(extack,
			       "the addresses of a path must be unicast");
		return -EINVAL;
	}
	if (mobx_addr_link_local(addr, family)) {
		NL_SET_ERR_MSG(extack,
			       "a path cannot have link-local addresses: take global or unique local ones");
		return -EINVAL;
	}
	return 0;
}

/**
 * mobx_binding_check - whether a list of paths makes a binding
 * @spec: list; what each path is alone was checked when it was read
 * @n: its length
 * @extack: says what is wrong
 *
 * A binding is never empty, has one primary path, which may be sent to, and no
 * pair of addresses twice.
 *
 * Return: 0 or -EINVAL
 */
int mobx_binding_check(const struct mobx_path_spec *spec, unsigned int n,
		       struct netlink_ext_ack *extack)
{
	unsigned int primaries = 0;
	unsigned int i, j;

	if (!n) {
		NL_SET_ERR_MSG(extack,
			       "the last address of a peer cannot be removed: give it another, or delete the peer");
		return -EINVAL;
	}
	if (n > MOBX_MAX_PATHS) {
		NL_SET_ERR_MSG(extack, "a binding has at most 64 paths");
		return -EINVAL;
	}
	for (i = 0; i < n; i++) {
		const struct mobx_path_spec *s = &spec[i];

		if (mobx_binding_check_addr(&s->local, s->family, extack) ||
		    mobx_binding_check_addr(&s->remote, s->family, extack))
			return -EINVAL;
		if (!s->encap.sport != !s->encap.dport) {
			NL_SET_ERR_MSG(extack,
				       "UDP encapsulation needs both ports: encap-sport and encap-dport");
			return -EINVAL;
		}
		for (j = 0; j < i; j++) {
			if (!mobx_spec_same_pair(s, &spec[j]))
				continue;
			NL_SET_ERR_MSG(extack,
				       "a pair of addresses is given twice");
			return -EINVAL;
		}
		if (!(s->flags & MOBX_PATH_FLAGS_PRIMARY))
			continue;
		primaries++;
		if (s->state > MOBX_PATH_STATE_VALID) {
			NL_SET_ERR_MSG(extack,
				       "the primary path must be valid or tentative");
			return -EINVAL;
		}
	}
	if (primaries == 1)
		return 0;
	NL_SET_ERR_MSG(extack, "exactly one path must be the primary one");
	return -EINVAL;
}

static void mobx_path_put(struct mobx_path *path)
{
	if (!refcount_dec_and_test(&path->ref))
		return;
	mobx_route_release(path);
	kfree(path);
}

/* The path of @old with the same addresses, or a new one; NULL for no memory. */
static struct mobx_path *mobx_path_take(const struct mobx_binding *old,
					const struct mobx_path_spec *spec)
{
	struct mobx_path *path;
	unsigned int i;

	for (i = 0; old && i < old->n_paths; i++) {
		path = old->paths[i].path;
		if (path->family != spec->family ||
		    !mobx_addr_eq(&path->local, &spec->local) ||
		    !mobx_addr_eq(&path->remote, &spec->remote))
			continue;
		refcount_inc(&path->ref);
		return path;
	}
	path = kzalloc(sizeof(*path), GFP_KERNEL);
	if (!path)
		return NULL;
	path->local = spec->local;
	path->remote = spec->remote;
	path->family = spec->family;
	refcount_set(&path->ref, 1);
	return path;
}

/**
 * mobx_binding_build - allocate and fill a binding
 * @old: the one before it, whose paths it shares where the pairs are the same;
 *	or NULL
 * @generation: of the new one
 * @spec: paths that mobx_binding_check() has found right
 * @n: their number
 *
 * Leaves the paths of @old as they are.
 *
 * Context: process, may sleep; @old cannot go away.
 * Return: the binding, or NULL when there is no memory
 */
struct mobx_binding *mobx_binding_build(const struct mobx_binding *old,
					u64 generation,
					const struct mobx_path_spec *spec,
					unsigned int n)
{
	struct mobx_binding *b;
	unsigned int i;

	b = kzalloc(struct_size(b, paths, n), GFP_KERNEL);
	if (!b)
		return NULL;
	b->generation = generation;
	for (i = 0; i < n; i++) {
		struct mobx_bound *e = &b->paths[i];

		e->path = mobx_path_take(old, &spec[i]);
		if (!e->path) {
			mobx_binding_free(b);
			return NULL;
		}
		e->local = spec[i].local;
		e->remote = spec[i].remote;
		e->family = spec[i].family;
		e->encap = spec[i].encap;
		e->accept_until = spec[i].accept_until;
		e->state = spec[i].state;
		e->flags = spec[i].flags;
		e->preference = spec[i].preference;
		if (e->flags & MOBX_PATH_FLAGS_PRIMARY)
			b->primary = i;
		b->n_paths = i + 1;
	}
	return b;
}

/*
 * What is left of the credit of @from goes to @path, in one step: a packet that
 * still has the old binding finds nothing to take twice.
 */
static void mobx_path_inherit(struct mobx_path *path, struct mobx_path *from)
{
	s64 credit = atomic64_read(&from->credit);
	s64 used = min(atomic64_xchg(&from->credit_used, credit), credit);
	s64 have = atomic64_read(&path->credit);

	/* As a sum of both, so that one that has used all may still earn. */
	if (credit > S64_MAX - have)
		return;
	atomic64_add(used, &path->credit_used);
	atomic64_set(&path->credit, have + credit);
}

/* What was earned was for the time without a proof: it is not kept for another. */
static void mobx_path_forfeit(struct mobx_path *path)
{
	s64 credit = atomic64_read(&path->credit);

	if (!atomic64_xchg(&path->earned, 0))
		return;
	if (atomic64_read(&path->credit_used) > credit)
		atomic64_set(&path->credit_used, credit);
}

/**
 * mobx_binding_commit - give paths the credit and MTU that were asked for
 * @b: binding that will be stored for certain
 * @spec: what it was built from
 *
 * Credit is only raised: bytes once allowed were allowed, and a list written
 * before the last raise must not take it back.
 *
 * Context: under mobx_net.lock.
 */
void mobx_binding_commit(const struct mobx_binding *b,
			 const struct mobx_path_spec *spec)
{
	unsigned int i;

	for (i = 0; i < b->n_paths; i++) {
		struct mobx_path *path = b->paths[i].path;

		if (spec[i].heir_of)
			mobx_path_inherit(path, spec[i].heir_of);
		if (spec[i].credit > (u64)atomic64_read(&path->credit))
			atomic64_set(&path->credit, spec[i].credit);
		if (spec[i].mtu) {
			WRITE_ONCE(path->mtu, spec[i].mtu);
			WRITE_ONCE(path->learnt_until, 0);
		}
		if (b->paths[i].state != MOBX_PATH_STATE_TENTATIVE)
			mobx_path_forfeit(path);
	}
}

/* Whether an address is a remote one of the binding, in whatever state. */
bool mobx_binding_has_remote(const struct mobx_binding *b, u16 family,
			     const union mobx_addr *remote)
{
	unsigned int i;

	for (i = 0; i < b->n_paths; i++)
		if (b->paths[i].family == family &&
		    mobx_addr_eq(&b->paths[i].remote, remote))
			return true;
	return false;
}

/* Drop the routes that paths remember; who holds the binding may find new ones. */
void mobx_binding_forget_routes(const struct mobx_binding *b)
{
	unsigned int i;

	for (i = 0; i < b->n_paths; i++)
		mobx_route_forget(b->paths[i].path);
}

/**
 * mobx_binding_free - free a binding that no reader can have any more
 * @b: binding, also one that was built in part; or NULL
 *
 * Context: any.
 */
void mobx_binding_free(struct mobx_binding *b)
{
	unsigned int i;

	if (!b)
		return;
	for (i = 0; i < b->n_paths; i++)
		mobx_path_put(b->paths[i].path);
	kfree(b);
}

static void mobx_binding_free_cb(struct rcu_head *rcu)
{
	mobx_binding_free(container_of(rcu, struct mobx_binding, rcu));
}

/* Free a binding after a grace period. Context: any. */
void mobx_binding_free_rcu(struct mobx_binding *b)
{
	call_rcu(&b->rcu, mobx_binding_free_cb);
}
