// SPDX-License-Identifier: GPL-2.0
/*
 * The route of a path's outer addresses, for tunnel mode. One is remembered
 * for each path, by a single pointer: as long as it is valid, packets use it
 * without a look-up and without a reference.
 */
#include <linux/slab.h>
#include <net/dst.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ipv6_stubs.h>
#include <net/route.h>

#include "device.h"
#include "netns.h"
#include "peer.h"
#include "route.h"

/**
 * struct mobx_route - a route as it was found
 * @dst: a reference to it
 * @cookie: with which dst_check() tells whether it is still right
 * @rcu: frees it after a grace period
 */
struct mobx_route {
	struct dst_entry	*dst;
	u32			cookie;
	struct rcu_head		rcu;
};

static void mobx_route_free(struct rcu_head *rcu)
{
	struct mobx_route *r = container_of(rcu, struct mobx_route, rcu);

	dst_release(r->dst);
	kfree(r);
}

static struct dst_entry *mobx_route_lookup4(struct net *net,
					    const struct mobx_path *path)
{
	struct flowi4 fl = {
		.daddr = path->remote.v4,
		.saddr = path->local.v4,
		.flowi4_proto = IPPROTO_ESP,
	};
	struct rtable *rt = ip_route_output_flow(net, &fl, NULL);

	return IS_ERR(rt) ? NULL : &rt->dst;
}

static struct dst_entry *mobx_route_lookup6(struct net *net,
					    const struct mobx_path *path)
{
	struct flowi6 fl = {
		.daddr = path->remote.v6,
		.saddr = path->local.v6,
		.flowi6_proto = IPPROTO_ESP,
	};
	struct dst_entry *dst;

	/* Unlike IPv4 it would send from an address that is gone. */
	if (!mobx_addr_is_own6(net, &path->local.v6, NULL))
		return NULL;
	dst = ipv6_stub->ipv6_dst_lookup_flow(net, NULL, &fl, NULL);
	return IS_ERR(dst) ? NULL : dst;
}

/**
 * mobx_route_cookie - with what dst_check() tells whether a route is still right
 * @dst: route, valid now
 * @family: of it
 *
 * Context: RCU section.
 */
u32 mobx_route_cookie(const struct dst_entry *dst, u16 family)
{
	return family == AF_INET ? 0 :
		rt6_get_cookie((const struct rt6_info *)dst);
}

/* Look the route up, and remember it in place of @old. */
static struct dst_entry *mobx_route_renew(struct mobx_net *mnet,
					  struct mobx_path *path,
					  struct mobx_route *old)
{
	struct mobx_route *r;
	struct dst_entry *dst;

	dst = path->family == AF_INET ? mobx_route_lookup4(mnet->net, path) :
					mobx_route_lookup6(mnet->net, path);
	if (!dst)
		return NULL;
	/* A tunnel does not go through itself, nor through another. */
	if (mobx_is_device(dst->dev)) {
		dst_release(dst);
		return NULL;
	}
	r = kmalloc(sizeof(*r), GFP_ATOMIC);
	if (!r) {
		dst_release(dst);
		return NULL;
	}
	r->dst = dst;
	r->cookie = mobx_route_cookie(dst, path->family);
	if (unrcu_pointer(cmpxchg(&path->route, RCU_INITIALIZER(old),
				  RCU_INITIALIZER(r))) != old)
		/* Another CPU was faster; this one serves one packet. */
		call_rcu(&r->rcu, mobx_route_free);
	else if (old)
		call_rcu(&old->rcu, mobx_route_free);
	return dst;
}

/**
 * mobx_route_find - the route of a path
 * @mnet: namespace
 * @path: path
 *
 * Context: RCU section, to the end of which the route is valid.
 * Return: the route, or NULL when there is none but into our own device, or the
 *	host does not own the local address
 */
struct dst_entry *mobx_route_find(struct mobx_net *mnet, struct mobx_path *path)
{
	struct mobx_route *r = rcu_dereference(path->route);

	if (likely(r && dst_check(r->dst, r->cookie)))
		return r->dst;
	return mobx_route_renew(mnet, path, r);
}

/**
 * mobx_route_forget - drop the route that a path remembers
 * @path: path of a peer that goes away; packets may still be on their way
 *
 * Context: any.
 */
void mobx_route_forget(struct mobx_path *path)
{
	struct mobx_route *r;

	r = unrcu_pointer(xchg(&path->route, NULL));
	if (r)
		call_rcu(&r->rcu, mobx_route_free);
}

/**
 * mobx_route_release - the same for a path that no reader can have any more
 * @path: path
 *
 * Context: any.
 */
void mobx_route_release(struct mobx_path *path)
{
	struct mobx_route *r = rcu_dereference_protected(path->route, true);

	if (r)
		mobx_route_free(&r->rcu);
}
