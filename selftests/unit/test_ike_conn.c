// SPDX-License-Identifier: GPL-2.0
/* Identities, proposals and connections as texts and back. */
#include <errno.h>

#include "ike_net.h"

/* covers: K35 */
static void identities(void **state)
{
	static const struct {
		const char *text;
		uint8_t type;
		unsigned int len;
	} v[] = {
		{ "mobile.example", IKE_ID_FQDN, 14 },
		{ "10.1.2.3", IKE_ID_IPV4_ADDR, 4 },
		{ "2001:db8::1", IKE_ID_IPV6_ADDR, 16 },
		{ "me@example.org", IKE_ID_RFC822_ADDR, 14 },
		{ "key-id:abc", IKE_ID_KEY_ID, 3 },
	};
	char text[IKE_MAX_ID + 16], longest[IKE_MAX_ID + 2];
	struct ike_id a, b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		assert_int_equal(ike_id_parse(v[i].text, &a), 0);
		assert_int_equal(a.type, v[i].type);
		assert_int_equal(a.len, v[i].len);
		assert_string_equal(ike_id_text(&a, text, sizeof(text)),
				    v[i].text);
		assert_int_equal(ike_id_parse(text, &b), 0);
		assert_true(ike_id_equal(&a, &b));
	}
	assert_int_equal(ike_id_parse("", &a), -EINVAL);
	assert_int_equal(ike_id_parse("key-id:", &a), -EINVAL);
	memset(longest, 'a', sizeof(longest));
	longest[IKE_MAX_ID] = 0;
	assert_int_equal(ike_id_parse(longest, &a), 0);
	longest[IKE_MAX_ID] = 'a';
	longest[IKE_MAX_ID + 1] = 0;
	assert_int_equal(ike_id_parse(longest, &a), -EINVAL);
	assert_int_equal(ike_id_parse("Mobile.Example", &a), 0);
	assert_int_equal(ike_id_parse("mobile.example", &b), 0);
	assert_true(ike_id_equal(&a, &b));
	/* The peer's octets cannot write on a terminal. */
	a.data[0] = 27;
	a.data[1] = '\n';
	ike_id_text(&a, text, sizeof(text));
	assert_string_equal(text, "??bile.Example");
	/* No room is no harm. */
	ike_id_text(&a, text, 3);
	assert_string_equal(text, "??");
}

static void proposals(void **state)
{
	static const char *const good_ike[] = {
		"aes128gcm16-prfsha256-ecp256", "aes256-sha512-prfsha256-x25519",
		"aes256gcm16-prfsha384-x25519",
		"chacha20poly1305-prfsha256-x448",
		"aes192gcm16-prfsha512-ecp521",
		"aes256-sha384-prfsha384-ecp384",
		"aes192-sha256-prfsha256-modp2048",
		"aes128-sha1-prfsha1-modp3072",
		"aes256gcm16-prfsha256-modp4096",
	};
	/* Other words for the same; what is forbidden, and the cure. */
	static const char *const other[][2] = {
		{ "aes-sha2_256-curve25519", "aes128-sha256-prfsha256-x25519" },
		{ "AES256GCM128-SHA384-ECP384",
		  "aes256gcm16-prfsha384-ecp384" },
		{ "aes256-sha-modp2048", "aes256-sha1-prfsha1-modp2048" },
	};
	static const char *const forbidden[][2] = {
		{ "3des-sha1-modp2048", "aes128gcm16 or aes128" },
		{ "des-sha1-modp2048", "aes128gcm16" },
		{ "blowfish256-sha1-modp2048", "aes128" },
		{ "aes128-md5-modp2048", "sha256" },
		{ "aes128-md5_128-modp2048", "sha256" },
		{ "aes128gcm16-prfmd5-ecp256", "prfsha256" },
		{ "aes128-sha256-modp1024", "modp2048" },
		{ "aes128-sha256-modp1024s160", "modp2048" },
		{ "aes128-sha256-modp1536", "modp2048" },
		{ "aes128-sha256-modp2048s256", "modp2048 or ecp256" },
		{ "aes128gcm8-prfsha256-ecp256", "gcm16" },
		{ "aes256gcm96-prfsha256-ecp256", "gcm16" },
	};
	static const char *const bad_ike[] = {
		"", "-", "aes128gcm16", "aes128gcm16-ecp256", "null-sha1-ecp256",
		"aes128gcm16-sha256-prfsha256-ecp256", "aes128-ecp256",
		"aes128-sha256-prfsha256", "aes128-aes256-sha256-ecp256",
		"des-sha256-ecp256", "aes128-sha256-ecp256-esn",
		"aes128-sha256-ecp256-", "aes128gmac-prfsha256-ecp256",
		"prfsha256-ecp256", "camellia128-sha256-ecp256",
		"aes128gcm16-prfsha256-ke1_x25519",
		"aes128gcm16-prfsha256-ecp256-ke0_x25519",
		"aes128gcm16-prfsha256-ecp256-ke8_x25519",
		"aes128gcm16-prfsha256-ecp256-ke1_", "ke1_x25519",
		"aes128gcm16-prfsha256-ecp256-ke1_aes128",
		"aes128gcm16-prfsha256-ecp256-ke1_ecp256",
		"aes128gcm16-prfsha256-ecp256-ke1_x448-ke2_x448",
		"aes128gcm16-prfsha256-ecp256-ke1_x448-ke1_x25519",
	};
	static const char *const good_esp[] = {
		"aes128gcm16", "aes256gcm16-esn", "aes128-sha1",
		"aes128-sha256-ecp256", "null-sha1", "aes128gmac",
		"chacha20poly1305-esn", "null-sha256", "aes256-sha256-x448-esn",
		"aes256-sha384", "aes128-sha512", "null-sha512-esn",
	};
	static const char *const bad_esp[] = {
		"", "null", "aes128", "sha1", "aes128gcm16-sha1",
		"aes128gcm16-prfsha256", "chacha20poly1305-sha512",
		"aes128gcm16-ecp256-ke1_x25519",
	};
	struct crypto_suite s, again;
	char err[IKE_MAX_TEXT], text[IKE_SUITE_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good_ike) / sizeof(good_ike[0]); i++) {
		assert_int_equal(ike_suite_parse(good_ike[i], false, &s, err,
						 sizeof(err)), 0);
		ike_suite_text(&s, false, text, sizeof(text));
		assert_string_equal(text, good_ike[i]);
		assert_int_equal(ike_suite_parse(text, false, &again, err,
						 sizeof(err)), 0);
		assert_true(ike_suite_in(&s, &again, 1, IKE_GROUPS_ALL));
	}
	for (i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		assert_int_equal(ike_suite_parse(other[i][0], false, &s, err,
						 sizeof(err)), 0);
		assert_string_equal(ike_suite_text(&s, false, text,
						   sizeof(text)), other[i][1]);
	}
	for (i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		assert_int_equal(ike_suite_parse(forbidden[i][0], false, &s,
						 err, sizeof(err)), -EINVAL);
		assert_non_null(strstr(err, "is refused: "));
		assert_non_null(strstr(err, forbidden[i][1]));
	}
	for (i = 0; i < sizeof(good_esp) / sizeof(good_esp[0]); i++) {
		assert_int_equal(ike_suite_parse(good_esp[i], true, &s, err,
						 sizeof(err)), 0);
		assert_string_equal(ike_suite_text(&s, true, text,
						   sizeof(text)), good_esp[i]);
	}
	for (i = 0; i < sizeof(bad_ike) / sizeof(bad_ike[0]); i++) {
		err[0] = 0;
		assert_int_equal(ike_suite_parse(bad_ike[i], false, &s, err,
						 sizeof(err)), -EINVAL);
		assert_true(err[0]);
	}
	for (i = 0; i < sizeof(bad_esp) / sizeof(bad_esp[0]); i++) {
		err[0] = 0;
		assert_int_equal(ike_suite_parse(bad_esp[i], true, &s, err,
						 sizeof(err)), -EINVAL);
		assert_true(err[0]);
	}
}

/* Each kind of mistake is refused with a text that names it. */
static void checks(void **state)
{
	struct ike_conn c = net_conn(0), bad;
	char err[IKE_MAX_TEXT];

	(void)state;
	assert_int_equal(ike_conn_check(&c, err, sizeof(err)), 0);
#define REFUSED(change, word)						\
	do {								\
		bad = c;						\
		change;							\
		assert_int_equal(ike_conn_check(&bad, err, sizeof(err)), \
				 -EINVAL);				\
		assert_non_null(strstr(err, word));			\
	} while (0)
	REFUSED(bad.name[0] = 0, "name");
	REFUSED(memset(bad.name, 'x', sizeof(bad.name)), "name");
	REFUSED(bad.nremote = 0, "remote");
	REFUSED(bad.remote[0].plen = 24, "remote");
	REFUSED(bad.nremote = IKE_MAX_ADDRS + 1, "addresses");
	REFUSED(bad.nike = 0, "ike");
	REFUSED(bad.nike = IKE_MAX_PROPOSALS + 1, "ike");
	REFUSED(bad.ike[1].encr = IKE_ENCR_NULL, "ike");
	REFUSED(bad.nesp = 0, "esp");
	REFUSED(bad.esp[0].encr = 3, "esp");
	REFUSED(bad.esp[1].integ = 5, "esp");
	REFUSED(bad.nprotect = 0, "protect");
	REFUSED(bad.protect[0].proto = 0, "proto");
	REFUSED(bad.protect[0].remote_max = 6999, "range");
	REFUSED(bad.local_id.len = 0, "local-id");
	REFUSED(bad.remote_id.len = 0, "remote-id");
	REFUSED(bad.mobike = false, "mobike");
	REFUSED(bad.max_paths = 1, "max-paths");
	REFUSED(bad.max_paths = 65, "max-paths");
	REFUSED(bad.replay_window = 65537, "replay-window");
	REFUSED((bad.replay_window = 0, bad.esp[1].esn = true), "esn");
	bad.esp[1].esn = false;
	assert_int_equal(ike_conn_check(&bad, err, sizeof(err)), 0);
	REFUSED(bad.retransmit_first_us = 1, "retransmit-first");
	REFUSED(bad.retransmit_tries = 0, "retransmit-tries");
	REFUSED(bad.nprefer = IKE_MAX_IFNAMES + 1, "prefer");
	REFUSED(bad.link_deny.n = IKE_MAX_LINKS + 1, "interfaces");
	REFUSED(bad.nlocal_allow = IKE_MAX_ADDRS + 1, "addresses");
	REFUSED((bad.nlocal = 1, bad.local[0] = net_addr("10.9.0.1"),
		 bad.nlocal_deny = 1,
		 bad.local_deny[0] = (struct ike_prefix){ bad.local[0], 32 }),
		"local: 10.9.0.1");
	REFUSED((bad.nprefer = 1, strcpy(bad.prefer[0], "docker0"),
		 bad.link_deny.n = 1, strcpy(bad.link_deny.name[0], "docker*")),
		"prefer: docker0");
#undef REFUSED
}

/* Which own addresses a connection uses: by the address, and by its link. */
static void own_addresses(void **state)
{
	struct wire_addr a = net_addr("10.0.1.2"), b = net_addr("10.9.0.1");
	struct ike_conn c;

	(void)state;
	ike_conn_init(&c);
	assert_true(ike_conn_may_use(&c, &a, "wlan0"));
	assert_true(ike_conn_may_use(&c, &a, NULL));
	c.nlocal_deny = 1;
	c.local_deny[0] = (struct ike_prefix){ net_addr("10.9.0.0"), 16 };
	assert_true(ike_conn_may_use(&c, &a, "wlan0"));
	assert_false(ike_conn_may_use(&c, &b, "wlan0"));
	c.nlocal_allow = 1;
	c.local_allow[0] = (struct ike_prefix){ net_addr("10.0.0.0"), 8 };
	assert_true(ike_conn_may_use(&c, &a, "wlan0"));
	assert_false(ike_conn_may_use(&c, &b, "wlan0"));
	c.local_allow[0].addr = net_addr("172.16.0.0");
	c.local_allow[0].plen = 12;
	assert_false(ike_conn_may_use(&c, &a, "wlan0"));
	c.nlocal_allow = 0;
	c.link_deny = (struct ike_links){ 2, { "docker*", "eth0" } };
	assert_false(ike_conn_may_use(&c, &a, "docker0"));
	assert_false(ike_conn_may_use(&c, &a, "docker"));
	assert_true(ike_conn_may_use(&c, &a, "dock"));
	assert_false(ike_conn_may_use(&c, &a, "eth0"));
	assert_true(ike_conn_may_use(&c, &a, "eth01"));
	assert_true(ike_conn_may_use(&c, &a, NULL));
	c.link_allow = (struct ike_links){ 1, { "eth*" } };
	assert_true(ike_conn_may_use(&c, &a, "eth1"));
	assert_false(ike_conn_may_use(&c, &a, "eth0"));
	assert_false(ike_conn_may_use(&c, &a, "wlan0"));
	/* What is named has to be let, too. */
	c.nlocal = 1;
	c.local[0] = a;
	assert_true(ike_conn_may_use(&c, &a, "eth1"));
	c.local[0] = b;
	assert_false(ike_conn_may_use(&c, &a, "eth1"));
	assert_false(ike_conn_may_use(&c, &b, "eth1"));
}

/* covers: K39 K42 */
static void narrowing(void **state)
{
	struct wire_addr own = net_addr("10.0.0.2");
	struct wire_addr peer = net_addr("10.0.0.1");
	struct ike_conn s = net_conn(1);
	struct wire_ts_list l = { .n = 1 }, r = { .n = 1 }, nl, nr;
	struct ike_offer o = { 0 };

	(void)state;
	/* A wide offer is cut to what is configured, and to the two hosts. */
	l.ts[0].port_end = 65535;
	l.ts[0].start = net_addr("0.0.0.0");
	l.ts[0].end = net_addr("255.255.255.255");
	r = l;
	assert_true(ike_ts_narrow(&s, 0, &own, &peer, &l, &r, &o, &nl, &nr));
	assert_int_equal(o.nselectors, 1);
	assert_int_equal(o.selectors[0].proto, 17);
	assert_int_equal(o.selectors[0].local_min, 7000);
	assert_int_equal(o.selectors[0].local_max, 7010);
	assert_int_equal(nl.n, 1);
	assert_true(wire_addr_equal(&nl.ts[0].start, &own));
	assert_true(wire_addr_equal(&nl.ts[0].end, &own));
	assert_true(wire_addr_equal(&nr.ts[0].start, &peer));
	assert_int_equal(nr.ts[0].protocol, 17);
	/* The packet that waits comes first and stays in. */
	l.n = 2;
	l.ts[1] = l.ts[0];
	l.ts[0].protocol = 17;
	l.ts[0].port_start = 7005;
	l.ts[0].port_end = 7005;
	assert_true(ike_ts_narrow(&s, 0, &own, &peer, &l, &r, &o, &nl, &nr));
	assert_int_equal(nl.ts[0].port_start, 7005);
	/* Nothing in common. */
	l.n = 1;
	l.ts[0].port_start = 80;
	l.ts[0].port_end = 80;
	assert_false(ike_ts_narrow(&s, 0, &own, &peer, &l, &r, &o, &nl, &nr));
	l.ts[0].port_start = 7000;
	l.ts[0].port_end = 7000;
	l.ts[0].protocol = 6;
	assert_false(ike_ts_narrow(&s, 0, &own, &peer, &l, &r, &o, &nl, &nr));
	/* OPAQUE ports meet a configuration of any ports, but no kernel's. */
	l.ts[0].protocol = 17;
	l.ts[0].port_start = 65535;
	l.ts[0].port_end = 0;
	s.protect[0].local_min = 0;
	s.protect[0].local_max = 65535;
	assert_false(ike_ts_narrow(&s, 0, &own, &peer, &l, &r, &o, &nl, &nr));
}

/* More combinations than the kernel takes: cut, not overrun. */
static void many_selectors(void **state)
{
	struct wire_addr own = net_addr("10.0.0.2");
	struct wire_addr peer = net_addr("10.0.0.1");
	struct ike_conn s = net_conn(1);
	struct wire_ts_list l, r, nl, nr;
	struct ike_offer o = { 0 };
	unsigned int i;

	(void)state;
	memset(&l, 0, sizeof(l));
	for (i = 0; i < IKE_MAX_SELECTORS; i++)
		s.protect[i] = (struct ike_selector){
			.proto = 17, .local_min = (uint16_t)(100 * i),
			.local_max = (uint16_t)(100 * i + 99),
			.remote_max = 65535,
		};
	s.nprotect = IKE_MAX_SELECTORS;
	for (i = 0; i < WIRE_MAX_TS; i++) {
		l.ts[i].protocol = 17;
		l.ts[i].port_start = (uint16_t)(50 * i);
		l.ts[i].port_end = (uint16_t)(50 * i + 49);
		l.ts[i].start = own;
		l.ts[i].end = own;
	}
	l.n = WIRE_MAX_TS;
	r = l;
	for (i = 0; i < WIRE_MAX_TS; i++) {
		r.ts[i].start = peer;
		r.ts[i].end = peer;
	}
	assert_true(ike_ts_narrow(&s, 0, &own, &peer, &l, &r, &o, &nl, &nr));
	assert_int_equal(o.nselectors, IKE_MAX_SELECTORS);
	assert_true(nl.n <= WIRE_MAX_TS && nr.n <= WIRE_MAX_TS);
}

/* Who names links answers where the link is known, also if nobody is told of it. */
static void unknown_link(void **state)
{
	struct net *net = net_new(9);
	struct ike_conn c = net_conn(0), s = net_conn(1);
	struct ike_own_addr own = { .ifname = "docker0", .untold = true };
	struct ike_event ev = { .type = IKE_EV_ADDRS };

	(void)state;
	s.link_deny = (struct ike_links){ 1, { "docker*" } };
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, 3 * NET_SECOND);
	assert_null(net_sa(net, 1));
	own.addr = net->host[1].addrs[0];
	ev.u.addrs.own = &own;
	ev.u.addrs.n_own = 1;
	net_event(net, 1, &ev);
	net_run(net, 60 * NET_SECOND);
	assert_null(net_sa(net, 1));
	strcpy(own.ifname, "eth0");
	net_event(net, 1, &ev);
	net_run(net, 60 * NET_SECOND);
	assert_int_equal(net_sa(net, 1)->state, IKE_SA_ESTABLISHED);
	net_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identities),
		cmocka_unit_test(proposals),
		cmocka_unit_test(checks),
		cmocka_unit_test(own_addresses),
		cmocka_unit_test(unknown_link),
		cmocka_unit_test(narrowing),
		cmocka_unit_test(many_selectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
