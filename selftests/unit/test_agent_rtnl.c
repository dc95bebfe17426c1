// SPDX-License-Identifier: GPL-2.0
/* Questions to the routing of the host that the tests run on. */
#include <errno.h>
#include <event2/event.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/neigh.h"
#include "agent/rtnl.h"
#include "agent/watch.h"

static struct wire_addr addr(const char *text)
{
	struct wire_addr a;

	assert_true(wire_addr_parse(&a, text));
	return a;
}

static void own_addresses(void **state)
{
	struct wire_addr lo = addr("127.0.0.1"), doc = addr("192.0.2.1");
	struct wire_addr doc6 = addr("2001:db8::1");
	struct rtnl r;

	(void)state;
	assert_int_equal(rtnl_open(&r), 0);
	assert_true(rtnl_is_own(&r, &lo));
	assert_false(rtnl_is_own(&r, &doc));
	assert_false(rtnl_is_own(&r, &doc6));
	assert_true(rtnl_is_own(&r, &lo));
	rtnl_close(&r);
}

/* The loopback is no Ethernet, whatever it calls its address. */
static void links(void **state)
{
	struct wire_addr doc = addr("192.0.2.1");
	uint8_t mac[RTNL_MAC_LEN];
	struct rtnl r;

	(void)state;
	assert_int_equal(rtnl_open(&r), 0);
	assert_int_equal(rtnl_link(&r, if_nametoindex("lo"), mac),
			 -EAFNOSUPPORT);
	assert_int_equal(rtnl_link(&r, 0x7ffffff0, mac), -ENODEV);
	assert_true(rtnl_neigh(&r, if_nametoindex("lo"), &doc, mac) < 0);
	assert_int_equal(rtnl_neigh(&r, 0x7ffffff0, &doc, mac), -ENODEV);
	rtnl_close(&r);
}

/* Nobody is asked in the name of another host, or by what has no ARP. */
static void refusals(void **state)
{
	struct neigh_ask m = {
		.local = addr("192.0.2.1"),
		.hop = addr("192.0.2.2"),
		.ifindex = if_nametoindex("lo"),
	};
	struct neigh n = { .fd = -EPERM };

	(void)state;
	assert_int_equal(neigh_ask(&n, &m), -EPERM);
	neigh_open(&n);
	if (n.fd < 0) {
		assert_int_equal(neigh_ask(&n, &m), n.fd);
		return;
	}
	assert_int_equal(neigh_ask(&n, &m), -EADDRNOTAVAIL);
	m.local = addr("127.0.0.1");
	assert_int_equal(neigh_ask(&n, &m), -EAFNOSUPPORT);
	m.local = addr("::1");
	assert_int_equal(neigh_ask(&n, &m), -EAFNOSUPPORT);
	neigh_close(&n);
	assert_int_equal(neigh_ask(&n, &m), -EBADF);
}

/* Does the kernel take a link address for @hop, on the way to @remote? */
static bool learns(struct neigh *n, const char *remote, const char *hop)
{
	struct neigh_ask m = {
		.local = addr("192.0.2.1"),
		.remote = addr(remote),
		.hop = addr(hop),
		.ifindex = if_nametoindex("v0"),
		.has_mac = true,
		.mac = { 2, 0, 0, 0, 0, 9 },
	};
	uint8_t mac[RTNL_MAC_LEN];

	/* Asked for it is in any case. */
	assert_int_equal(neigh_ask(n, &m), 0);
	return !rtnl_neigh(&n->rtnl, m.ifindex, &m.hop, mac);
}

/* Last: a network of its own. The routes say who is a neighbour. */
static void next_hops(void **state)
{
	struct neigh n;

	(void)state;
	if (geteuid() || unshare(CLONE_NEWNET) ||
	    system("ip link add v0 type veth peer name v1 &&"
		   " ip addr add 192.0.2.1/24 dev v0 &&"
		   " ip link set v0 up && ip link set v1 up &&"
		   " ip route add default via 192.0.2.254"))
		skip();
	neigh_open(&n);
	assert_true(n.fd >= 0);
	assert_false(learns(&n, "198.51.100.1", "192.0.2.66"));
	assert_false(learns(&n, "192.0.2.7", "192.0.2.66"));
	assert_false(learns(&n, "198.51.100.1", "198.51.100.1"));
	assert_false(learns(&n, "::1", "192.0.2.66"));
	assert_true(learns(&n, "198.51.100.1", "192.0.2.254"));
	assert_true(learns(&n, "192.0.2.7", "192.0.2.7"));
	neigh_close(&n);
}

static bool is_tunnel(const char *kind, int len)
{
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, 0);
	struct nlattr *info = nla_nest_start(msg, IFLA_LINKINFO);
	bool is;

	if (kind)
		nla_put(msg, IFLA_INFO_KIND, len, kind);
	nla_nest_end(msg, info);
	is = rtnl_is_tunnel(info);
	nlmsg_free(msg);
	return is;
}

/* A device of the module is known by its kind, not by its name. */
static void tunnels(void **state)
{
	(void)state;
	assert_true(is_tunnel("mobx", 5));
	assert_true(is_tunnel("mobx", 4));
	assert_false(is_tunnel("mobx0", 6));
	assert_false(is_tunnel("mob", 3));
	assert_false(is_tunnel("dummy", 6));
	assert_false(is_tunnel("", 0));
	assert_false(is_tunnel(NULL, 0));
	assert_false(rtnl_is_tunnel(NULL));
}

static void nothing(void *ctx)
{
	(void)ctx;
}

/* The loopback's address is known with its link, and no peer is told of it. */
static void own_links(void **state)
{
	struct wire_addr lo = addr("127.0.0.1");
	struct event_base *base = event_base_new();
	struct ike_own_addr own[IKE_MAX_OWN];
	unsigned int n, found = 0, untold = 0;
	char err[128];
	struct watch *w;

	(void)state;
	assert_non_null(base);
	w = watch_new(base, nothing, NULL, err, sizeof(err));
	assert_non_null(w);
	n = watch_own(w, own, IKE_MAX_OWN);
	for (unsigned int i = 0; i < n; i++) {
		/* Those that peers are told of come first. */
		assert_true(own[i].untold || !untold);
		untold += own[i].untold;
		if (!wire_addr_equal(&own[i].addr, &lo))
			continue;
		assert_string_equal(own[i].ifname, "lo");
		assert_true(own[i].untold);
		found++;
	}
	assert_int_equal(found, 1);
	watch_free(w);
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_addresses),
		cmocka_unit_test(own_links),
		cmocka_unit_test(links),
		cmocka_unit_test(refusals),
		cmocka_unit_test(tunnels),
		cmocka_unit_test(next_hops),
	};

	return cmocka_run_group_tests_name("agent: routing", tests, NULL, NULL);
}
