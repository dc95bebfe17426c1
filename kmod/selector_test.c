// SPDX-License-Identifier: GPL-2.0
/*
 * Self-test of selector matching, run when the module loads.
 */
#ifdef DEBUG
#include <linux/in.h>
#include <linux/kernel.h>

#include "selector.h"
#include "selftest.h"

/* A selector in numbers; 10.0.x.y is written as x << 8 | y. */
struct mobx_selector_case {
	const char	*what;
	u16		local, remote;
	u8		local_plen, remote_plen;
	u8		proto;
	u16		lmin, lmax, rmin, rmax;
	enum mobx_match	want;
	bool		opaque;
};

/* The flow: 10.0.1.2 port 1000 to 10.0.2.3 port 2000, UDP. */
static const struct mobx_selector_case mobx_selector_cases[] = {
	{ "any", 0, 0, 0, 0, 0, 0, 65535, 0, 65535, MOBX_MATCH_YES },
	{ "hosts", 0x102, 0x203, 32, 32, 0, 0, 65535, 0, 65535,
	  MOBX_MATCH_YES },
	{ "swapped", 0x203, 0x102, 32, 32, 0, 0, 65535, 0, 65535,
	  MOBX_MATCH_NO },
	{ "prefix", 0x100, 0x200, 24, 24, 17, 0, 65535, 0, 65535,
	  MOBX_MATCH_YES },
	{ "31 bits", 0x102, 0x202, 31, 31, 17, 0, 65535, 0, 65535,
	  MOBX_MATCH_YES },
	{ "next prefix", 0x100, 0x300, 24, 24, 17, 0, 65535, 0, 65535,
	  MOBX_MATCH_NO },
	{ "1 bit", 0, 0, 1, 1, 17, 0, 65535, 0, 65535, MOBX_MATCH_YES },
	{ "other protocol", 0, 0, 0, 0, 6, 0, 65535, 0, 65535, MOBX_MATCH_NO },
	{ "ports", 0, 0, 0, 0, 17, 1000, 1000, 2000, 2000, MOBX_MATCH_YES },
	{ "first of range", 0, 0, 0, 0, 17, 1000, 1010, 0, 2000,
	  MOBX_MATCH_YES },
	{ "below range", 0, 0, 0, 0, 17, 1001, 1010, 0, 65535, MOBX_MATCH_NO },
	{ "above range", 0, 0, 0, 0, 17, 0, 65535, 1000, 1999, MOBX_MATCH_NO },
	{ "opaque, ports", 0, 0, 0, 0, 17, 7, 7, 0, 65535, MOBX_MATCH_MAYBE,
	  true },
	{ "opaque, any port", 0, 0, 0, 0, 17, 0, 65535, 0, 65535,
	  MOBX_MATCH_YES, true },
	{ "opaque, other host", 0x999, 0, 32, 0, 17, 7, 7, 0, 65535,
	  MOBX_MATCH_NO, true },
};

static union mobx_addr __init mobx_test_addr(u16 low)
{
	return mobx_addr_v4(htonl(0x0a000000 | low));
}

int __init mobx_selector_selftest(void)
{
	struct mobx_flow flow = {
		.local = mobx_test_addr(0x102),
		.remote = mobx_test_addr(0x203),
		.family = AF_INET,
		.proto = IPPROTO_UDP,
		.local_port = 1000,
		.remote_port = 2000,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mobx_selector_cases); i++) {
		const struct mobx_selector_case *c = &mobx_selector_cases[i];
		struct mobx_selector sel = {
			.local = mobx_test_addr(c->local),
			.remote = mobx_test_addr(c->remote),
			.family = c->local_plen | c->remote_plen ? AF_INET : 0,
			.local_plen = c->local_plen,
			.remote_plen = c->remote_plen,
			.proto = c->proto,
			.local_port_min = c->lmin,
			.local_port_max = c->lmax,
			.remote_port_min = c->rmin,
			.remote_port_max = c->rmax,
		};

		sel.any_ports = !c->lmin && c->lmax == U16_MAX && !c->rmin &&
				c->rmax == U16_MAX;
		flow.opaque_ports = c->opaque;
		if (mobx_selector_match(&sel, &flow) == c->want)
			continue;
		pr_err("mobx: selector self-test: '%s' does not give %d\n",
		       c->what, c->want);
		return -EINVAL;
	}
	return 0;
}
#endif
