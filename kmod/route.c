// SPDX-License-Identifier: GPL-2.0
/*
 * Routes that are remembered: for each path that of its outer addresses, for
 * tunnel mode; and for each inbound SA that of the last packet that it had for
 * this host, as the kernel's sockets of TCP have it. Each by a single pointer: as
 * long as it is valid, packets use it without a look-up and without a reference.
 */
#include <linux/inetdevice.h>
#include <linux/slab.h>
#include <net/dst.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip_fib.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ipv6_stubs.h>
#include <net/route.h>

#include "device.h"
#include "netns.h"
#include "peer.h"
#include "route.h"
#include "sa.h"

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

/**
 * struct mobx_route_in - the way of a packet into this host
 * @dst: a reference to it
 * @dev: by which the packet came; compared, not looked into
 * @saddr: its source
 * @daddr: its destination
 * @tos: its DSCP
 * @rp_filter: what was asked of its source, a change of which makes no route
 *	invalid
 * @made: jiffies
 * @rcu: frees it after a grace period
 */
struct mobx_route_in {
	struct dst_entry	*dst;
	struct net_device	*dev;
	__be32			saddr;
	__be32			daddr;
	u8			tos;
	u8			rp_filter;
	unsigned long		made;
	struct rcu_head		rcu;
};

static void mobx_route_in_free(struct rcu_head *rcu)
{
	struct mobx_route_in *r = container_of(rcu, struct mobx_route_in, rcu);

	dst_release(r->dst);
	kfree(r);
}

static bool mobx_route_in_serves(const struct mobx_route_in *r,
				 const struct sk_buff *skb,
				 struct in_device *in_dev)
{
	const struct iphdr *iph = ip_hdr(skb);

	return r->saddr == iph->saddr && r->daddr == iph->daddr &&
	       r->tos == (iph->tos & ~INET_ECN_MASK) && r->dev == skb->dev &&
	       r->rp_filter == IN_DEV_RPFILTER(in_dev) && dst_check(r->dst, 0);
}

/* What ip_route_input_noref() does for a packet that it has found this route for. */
static void mobx_route_in_use(const struct mobx_route_in *r,
			      struct sk_buff *skb, struct in_device *in_dev)
{
	skb_dst_set_noref(skb, r->dst);
	if (IN_DEV_ORCONF(in_dev, NOPOLICY))
		IPCB(skb)->flags |= IPSKB_NOPOLICY;
}

/*
 * Remember the route of @skb in place of @old, if it leads here, is one that the
 * kernel shares, and no rules ask for more than addresses; and once a moment at
 * most, for an SA may serve many. @genid and @rp_filter are of before it was
 * looked up: what has changed meanwhile was not asked.
 */
static void mobx_route_in_keep(struct net *net, struct mobx_sa *sa,
			       struct sk_buff *skb, int genid, u8 rp_filter,
			       struct mobx_route_in *old)
{
	const struct rtable *rt = skb_rtable(skb);
	struct mobx_route_in *r;

	if (rt->rt_type != RTN_LOCAL || dst_tclassid(skb) ||
	    !skb_dst_is_noref(skb) || rt->rt_genid != genid ||
	    fib4_has_custom_rules(net) ||
	    (old && !time_after(jiffies, old->made)))
		return;
	r = kmalloc(sizeof(*r), GFP_ATOMIC);
	if (!r)
		return;
	*r = (struct mobx_route_in){
		.dst = skb_dst(skb),
		.dev = skb->dev,
		.saddr = ip_hdr(skb)->saddr,
		.daddr = ip_hdr(skb)->daddr,
		.tos = ip_hdr(skb)->tos & ~INET_ECN_MASK,
		.rp_filter = rp_filter,
		.made = jiffies,
	};
	if (!dst_hold_safe(r->dst)) {
		kfree(r);
		return;
	}
	if (unrcu_pointer(cmpxchg(&sa->route, RCU_INITIALIZER(old),
				  RCU_INITIALIZER(r))) != old)
		call_rcu(&r->rcu, mobx_route_in_free);
	else if (old)
		call_rcu(&old->rcu, mobx_route_in_free);
}

/**
 * mobx_route_input - the route of a packet that came out of ESP
 * @net: namespace
 * @sa: inbound SA, which remembers it; or NULL
 * @skb: IPv4, its network header and control block set, with the device that it
 *	came by and no route; gets one without a reference
 *
 * What ip_route_input_noref() finds. While that is the same for each packet of a
 * pair of addresses it is asked once. It asks nothing of the source of what XFRM
 * has protected as well, which says nothing of other packets.
 *
 * Context: RCU section, to the end of which the route is valid.
 * Return: 0, or why there is none
 */
int mobx_route_input(struct net *net, struct mobx_sa *sa, struct sk_buff *skb)
{
	struct in_device *in_dev = __in_dev_get_rcu(skb->dev);
	const struct iphdr *iph = ip_hdr(skb);
	struct mobx_route_in *r;
	int genid, err;
	u8 rp_filter;

	if (unlikely(!sa || !in_dev || secpath_exists(skb)))
		return ip_route_input_noref(skb, iph->daddr, iph->saddr,
					    iph->tos, skb->dev);
	r = rcu_dereference(sa->route);
	if (likely(r) && likely(mobx_route_in_serves(r, skb, in_dev))) {
		mobx_route_in_use(r, skb, in_dev);
		return 0;
	}
	genid = rt_genid_ipv4(net);
	rp_filter = IN_DEV_RPFILTER(in_dev);
	/* The kernel changes what is looked up and then the count. */
	smp_rmb();
	err = ip_route_input_noref(skb, iph->daddr, iph->saddr, iph->tos,
				   skb->dev);
	if (likely(!err))
		mobx_route_in_keep(net, sa, skb, genid, rp_filter, r);
	return err;
}

/**
 * mobx_route_in_release - drop what an SA remembers that no reader can have
 * @sa: SA
 *
 * Context: any.
 */
void mobx_route_in_release(struct mobx_sa *sa)
{
	struct mobx_route_in *r = rcu_dereference_protected(sa->route, true);

	if (r)
		mobx_route_in_free(&r->rcu);
}
