// SPDX-License-Identifier: GPL-2.0
/*
 * The command line of mobx: what is typed becomes what the kernel is asked,
 * what is printed can be typed again, and every mistake has its message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cli.h"

#define WORDS 128

struct fixture {
	struct cli c;
	char *out;
	char *err;
	size_t outlen;
	size_t errlen;
	char line[4096];
	char *words[WORDS];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->c.out = open_memstream(&f->out, &f->outlen);
	f->c.err = open_memstream(&f->err, &f->errlen);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fclose(f->c.out);
	fclose(f->c.err);
	free(f->out);
	free(f->err);
	free(f);
	return 0;
}

static void type(struct fixture *f, const char *line)
{
	const char *why;

	snprintf(f->line, sizeof(f->line), "%s", line);
	f->c.argc = cli_split(f->line, f->words, WORDS, &why);
	assert_true(f->c.argc >= 0);
	f->c.argv = f->words;
	f->c.next = 0;
	rewind(f->c.err);
	rewind(f->c.out);
}

/* A message must have come, name what was wrong, and not run into a second. */
static void complained(struct fixture *f, const char *about)
{
	fflush(f->c.err);
	f->err[f->errlen] = '\0';
	if (!strstr(f->err, about) || strchr(f->err, '\n') !=
					     f->err + strlen(f->err) - 1)
		fail_msg("typed: %s\nexpected: %s\nmessage: %s", f->line, about,
			 f->err);
}

static const char *printed(struct fixture *f)
{
	fflush(f->c.out);
	f->out[f->outlen] = '\0';
	f->out[strcspn(f->out, "\n")] = '\0';
	return f->out;
}

static void addr_is(const struct wire_addr *addr, const char *text)
{
	char buf[WIRE_ADDR_TEXT];

	assert_string_equal(wire_addr_text(addr, buf), text);
}

static void test_peer_cross(void **state)
{
	struct fixture *f = *state;
	struct cli_peer_args a;

	type(f, "1 label \"two links\" local 10.0.0.1,10.0.1.1 remote 10.0.3.2,2001:db8::2,10.0.3.3");
	assert_int_equal(cli_peer_parse(&f->c, &a), 0);
	assert_int_equal(a.peer.id, 1);
	assert_string_equal(a.peer.label, "two links");
	assert_int_equal(a.peer.npaths, 4);
	addr_is(&a.peer.paths[0].local, "10.0.0.1");
	addr_is(&a.peer.paths[0].remote, "10.0.3.2");
	addr_is(&a.peer.paths[3].local, "10.0.1.1");
	addr_is(&a.peer.paths[3].remote, "10.0.3.3");
	assert_int_equal(a.peer.paths[0].flags, MOBX_PATH_FLAGS_PRIMARY);
	assert_int_equal(a.peer.paths[1].flags, 0);
	assert_int_equal(a.peer.paths[3].state, MOBX_PATH_STATE_VALID);
	assert_false(a.has_expect);
}

static void test_peer_paths(void **state)
{
	struct fixture *f = *state;
	struct cli_peer_args a;
	const struct kern_path *p = a.peer.paths;

	type(f, "7 expect 3 path local 10.0.0.1 remote 10.0.0.2 state deprecated accept-until 2500 path remote 10.0.0.2 local 10.0.1.1 state tentative credit 3000 mtu 1400 preference 9 backup label x");
	assert_int_equal(cli_peer_parse(&f->c, &a), 0);
	assert_int_equal(a.peer.npaths, 2);
	assert_true(a.has_expect);
	assert_int_equal(a.expect, 3);
	assert_int_equal(p[0].state, MOBX_PATH_STATE_DEPRECATED);
	assert_int_equal(p[0].accept_until_ms, 2500);
	assert_int_equal(p[0].flags, 0);
	assert_int_equal(p[1].state, MOBX_PATH_STATE_TENTATIVE);
	assert_int_equal(p[1].flags,
			 MOBX_PATH_FLAGS_PRIMARY | MOBX_PATH_FLAGS_BACKUP);
	assert_int_equal(p[1].credit, 3000);
	assert_int_equal(p[1].mtu, 1400);
	assert_int_equal(p[1].preference, 9);
	assert_string_equal(a.peer.label, "x");
}

static void test_peer_mistakes(void **state)
{
	static const char *const cases[][2] = {
		{ "", "peer is missing" },
		{ "0 local 10.0.0.1 remote 10.0.0.2", "'0' is not a number" },
		{ "x", "'x' is not a number" },
		{ "-1", "'-1' is not a number" },
		{ "4294967296", "is not a number" },
		{ "1 local 10.0.0.1", "remote is missing" },
		{ "1 remote 10.0.0.1", "local is missing" },
		{ "1 local 10.0.0.1 remote", "remote is missing" },
		{ "1 local 10.0.0.1 remote ::1", "family" },
		{ "1 local 10.0.0.300 remote 10.0.0.1", "not an IP address" },
		{ "1 local 10.0.0.1, remote 10.0.0.1", "not an IP address" },
		{ "1 l 10.0.0.1", "ambiguous: label, local" },
		{ "1 colour red", "unknown word 'colour'" },
		{ "1 path local 10.0.0.1", "no remote address" },
		{ "1 path local 10.0.0.1 remote 10.0.0.2 state good",
		  "'good' is no path state" },
		{ "1 path local 10.0.0.1 remote 10.0.0.2 accept-until 9",
		  "path 1: accept-until is for a path that is given up" },
		{ "1 path local 10.0.0.1 remote 10.0.0.2 accept-until 0 state valid",
		  "'state deprecated accept-until MS' would be right" },
		{ "1 path preference 256", "0 to 255" },
		{ "1 path mtu", "mtu is missing" },
		{ "1 label 1234567890123456789012345678901234567890123456789012345678901234",
		  "64 octets" },
	};
	struct fixture *f = *state;
	struct cli_peer_args a;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		type(f, cases[i][0]);
		assert_int_equal(cli_peer_parse(&f->c, &a), CLI_SYNTAX);
		complained(f, cases[i][1]);
	}
}

static void test_peer_too_many(void **state)
{
	struct fixture *f = *state;
	struct cli_peer_args a;
	char line[3072] = "1 remote 10.0.0.2 local 10.0.1.0";

	for (int i = 1; i < 65; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line),
			 ",10.0.1.%d", i);
	type(f, line);
	assert_int_equal(cli_peer_parse(&f->c, &a), CLI_SYNTAX);
	complained(f, "more than 64");
	type(f, "1 local 10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5,10.0.0.6,10.0.0.7,10.0.0.8,10.0.0.9 remote 10.1.0.1,10.1.0.2,10.1.0.3,10.1.0.4,10.1.0.5,10.1.0.6,10.1.0.7,10.1.0.8");
	assert_int_equal(cli_peer_parse(&f->c, &a), CLI_SYNTAX);
	complained(f, "more than 64");
}

static void test_peer_spread(void **state)
{
	struct fixture *f = *state;
	struct cli_peer_args a;

	type(f, "1 spread local 10.0.0.1 remote 10.0.0.2");
	assert_int_equal(cli_peer_parse(&f->c, &a), 0);
	assert_int_equal(a.spread, KERN_SPREAD_ON);
	assert_true(a.peer.spread);
	type(f, "1 path local 10.0.0.1 remote 10.0.0.2 no-spread");
	assert_int_equal(cli_peer_parse(&f->c, &a), 0);
	assert_int_equal(a.spread, KERN_SPREAD_OFF);
	assert_false(a.peer.spread);
	type(f, "1 path local 10.0.0.1 remote 10.0.0.2");
	assert_int_equal(cli_peer_parse(&f->c, &a), 0);
	assert_int_equal(a.spread, KERN_SPREAD_KEEP);
}

static void test_replace(void **state)
{
	static const char *const cases[][2] = {
		{ "", "local is missing" },
		{ "label x", "local is missing" },
		{ "local", "local is missing" },
		{ "local 10.0.0.1", "by is missing" },
		{ "local 10.0.0.1 by", "by is missing" },
		{ "local 10.0.0.1 with 10.0.0.2", "unknown word 'with'" },
		{ "local 10.0.0.1 by 10.0.0.300", "not an IP address" },
		{ "remote 10.0.0.1 by 10.0.0.2", "unknown word 'remote'" },
		{ "local 10.0.0.1 by 10.0.0.2 accept-until x", "'x'" },
	};
	struct fixture *f = *state;
	struct kern_replace r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		type(f, cases[i][0]);
		assert_int_equal(cli_replace_parse(&f->c, &r), CLI_SYNTAX);
		complained(f, cases[i][1]);
	}
	type(f, "label x local 10.0.0.1 by 10.0.0.2");
	assert_int_equal(cli_replace_parse(&f->c, &r), 0);
	addr_is(&r.from, "10.0.0.1");
	addr_is(&r.to, "10.0.0.2");
	assert_string_equal(r.label, "x");
	assert_false(r.has_accept_until);
	type(f, "local fd00::1 by fd00::2 accept-until 0");
	assert_int_equal(cli_replace_parse(&f->c, &r), 0);
	assert_true(r.has_accept_until);
	assert_int_equal(r.accept_until_ms, 0);
}

static void test_peer_round_trip(void **state)
{
	static const char line[] =
		"peer 7 label \"a \\\"b\\\" \\\\ c\" generation 3 spread "
		"\\ path local 10.0.0.1 remote 10.0.0.2 state valid primary "
		"\\ path local 10.0.1.1 remote 10.0.0.2 state deprecated accept-until 2500 "
		"\\ path local 2001:db8::1 remote 2001:db8::2 state tentative backup preference 2 credit 3000 mtu 1280 encap-sport 4500 encap-dport 4501";
	struct fixture *f = *state;
	struct cli_peer_args a;

	type(f, line + 5);
	assert_int_equal(cli_peer_parse(&f->c, &a), 0);
	a.peer.generation = a.expect;
	f->c.oneline = true;
	out_item(&f->c, NULL, cli_peer_json(&f->c, &a.peer));
	assert_string_equal(printed(f), line);
}

#define K16 "0x000102030405060708090a0b0c0d0e0f"
#define K20 K16 "10111213"

static void test_sa(void **state)
{
	struct fixture *f = *state;
	struct kern_sa sa;

	type(f, "dir out spi 0x1000 peer 1 mode transport aead aes-gcm-16 " K20
		" force esn seq 7 sel proto udp local-port 5-6 remote-port 7000-7010 selector proto icmp type 8 code 0 soft-packets 10 hard-bytes 99");
	assert_int_equal(cli_sa_parse(&f->c, &sa), 0);
	assert_int_equal(sa.dir, MOBX_DIR_OUT);
	assert_int_equal(sa.spi, 0x1000);
	assert_int_equal(sa.peer, 1);
	assert_int_equal(sa.enc, MOBX_ENC_AES_GCM_16);
	assert_int_equal(sa.auth, MOBX_AUTH_NONE);
	assert_int_equal(sa.enc_key_len, 20);
	assert_int_equal(sa.enc_key[19], 0x13);
	assert_true(sa.force && sa.esn && !sa.managed);
	assert_int_equal(sa.seq, 7);
	assert_true(sa.replay_window == KERN_WINDOW_DEFAULT);
	assert_int_equal(sa.nselectors, 2);
	assert_int_equal(sa.selectors[0].proto, 17);
	assert_int_equal(sa.selectors[0].local_port_min, 5);
	assert_int_equal(sa.selectors[0].local_port_max, 6);
	assert_int_equal(sa.selectors[0].remote_port_max, 7010);
	assert_int_equal(sa.selectors[1].local_port_min, 0x0800);
	assert_int_equal(sa.selectors[1].local_port_max, 0x0800);
	assert_int_equal(sa.lifetime.soft_packets, 10);
	assert_int_equal(sa.lifetime.hard_bytes, 99);

	type(f, "dir in spi 256 peer 1 enc null auth hmac-sha1-96 " K20
		" replay-window 0");
	assert_int_equal(cli_sa_parse(&f->c, &sa), 0);
	assert_int_equal(sa.enc, MOBX_ENC_NULL);
	assert_int_equal(sa.enc_key_len, 0);
	assert_int_equal(sa.auth_key_len, 20);
	assert_int_equal(sa.replay_window, 0);
}

static void test_sa_mistakes(void **state)
{
	static const char *const cases[][2] = {
		{ "spi 256 peer 1 aead aes-gcm-16 " K20, "dir is missing" },
		{ "dir in peer 1 aead aes-gcm-16 " K20, "spi is missing" },
		{ "dir in spi 256 aead aes-gcm-16 " K20, "peer is missing" },
		{ "dir in spi 256 peer 1", "no cipher" },
		{ "dir in spi 255", "256 to" },
		{ "dir in spi 0x100000000", "is not a number" },
		{ "dir sideways", "'sideways' is no direction" },
		{ "aead aes-cbc " K16, "use enc aes-cbc" },
		{ "enc aes-gcm-16 " K20, "use aead aes-gcm-16" },
		{ "aead rot13 0x00", "'rot13' is no cipher" },
		{ "aead aes", "more than one cipher" },
		{ "aead aes-gcm-16", "a key is missing" },
		{ "aead aes-gcm-16 secret", "a key is 0xHEX, file PATH or -" },
		{ "aead aes-gcm-16 0x123", "odd number" },
		{ "aead aes-gcm-16 0x12zz", "not hexadecimal" },
		{ "aead aes-gcm-16 0x" K16 K16, "not hexadecimal" },
		{ "aead aes-gcm-16 file /nonexistent/key",
		  "/nonexistent/key: No such file" },
		{ "dir in spi 256 peer 1 enc aes-cbc " K16, "needs auth" },
		{ "dir in spi 256 peer 1 aead aes-gcm-16 " K20
		  " auth hmac-sha1-96 " K20, "its own integrity check" },
		{ "replay-window 65537", "0 to 65536" },
		{ "selector sport 1", "ports need a protocol" },
		{ "selector proto udp sport 9-8", "not a port" },
		{ "selector proto udp sport 65536", "not a port" },
		{ "selector proto udp sport 1-", "not a port" },
		{ "selector proto 256", "no protocol" },
		{ "selector proto icmp code 0", "code: of which type" },
		{ "selector proto icmp type 3 selector proto icmp code 4",
		  "'type N code M' would be right" },
		{ "selector local 10.0.0.1/24", "bits set behind" },
		{ "selector local 10.0.0.0/33", "0 to 32 bits" },
		{ "selector local 10.0.0.0/", "0 to 32 bits" },
		{ "selector local 10.0.0.0 remote ::1", "local is IPv4" },
	};
	struct fixture *f = *state;
	struct kern_sa sa;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		type(f, cases[i][0]);
		assert_int_not_equal(cli_sa_parse(&f->c, &sa), 0);
		complained(f, cases[i][1]);
		/* no message tells what a key was */
		assert_null(strstr(f->err, "0001020304"));
	}
}

static void test_key_lengths(void **state)
{
	struct fixture *f = *state;
	char line[512] = "aead aes-gcm-16 0x";
	struct kern_sa sa;

	for (int i = 0; i < MOBX_MAX_KEY; i++)
		strcat(line, "ab");
	type(f, line);
	assert_int_equal(cli_sa_parse(&f->c, &sa), CLI_SYNTAX);
	complained(f, "dir is missing");
	assert_int_equal(sa.enc_key_len, MOBX_MAX_KEY);
	strcat(line, "ab");
	type(f, line);
	assert_int_equal(cli_sa_parse(&f->c, &sa), CLI_SYNTAX);
	complained(f, "65 octets, 64 are allowed");
}

static void test_key_file(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/mobx-key-XXXXXX";
	int fd = mkstemp(path);
	char line[256];
	struct kern_sa sa;
	FILE *file;

	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	fputs(K20 "\n", file);
	fclose(file);
	snprintf(line, sizeof(line),
		 "dir in spi 256 peer 1 aead aes-gcm-16 file %s", path);
	type(f, line);
	assert_int_equal(cli_sa_parse(&f->c, &sa), 0);
	assert_int_equal(sa.enc_key_len, 20);
	assert_int_equal(sa.enc_key[19], 0x13);
	file = fopen(path, "w");
	fputs("not a key\n", file);
	fclose(file);
	type(f, line);
	assert_int_equal(cli_sa_parse(&f->c, &sa), CLI_SYNTAX);
	complained(f, "holds no key");
	unlink(path);
	f->c.stdin_taken = true;
	type(f, "dir in spi 256 peer 1 aead aes-gcm-16 -");
	assert_int_equal(cli_sa_parse(&f->c, &sa), CLI_SYNTAX);
	complained(f, "standard input is the batch");
}

static void test_sa_round_trip(void **state)
{
	static const char *const lines[] = {
		"sa dir out spi 0x00001000 peer 1 mode transport aead aes-gcm-16 " K20
		" seq 7 force hard-bytes 99 soft-packets 10"
		" \\ selector proto udp sport 5-6 dport 7000-7010"
		" \\ selector proto icmp type 8 code 0"
		" \\ selector proto icmp type 3 \\ selector",
		"sa dir in spi 0xffffffff peer 2147483647 mode tunnel enc aes-cbc " K16
		" auth hmac-sha2-256-128 0x"
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
		" replay-window 2048 esn managed soft-seconds 1 hard-seconds 18446744073709551615",
	};
	struct fixture *f = *state;
	struct kern_sa sa;

	f->c.oneline = true;
	for (size_t i = 0; i < 2; i++) {
		type(f, lines[i] + 3);
		assert_int_equal(cli_sa_parse(&f->c, &sa), 0);
		out_item(&f->c, "sa", cli_sa_json(&f->c, &sa));
		assert_string_equal(printed(f), lines[i]);
	}
}

static void test_keys_hidden(void **state)
{
	struct fixture *f = *state;
	struct kern_sa sa;

	type(f, "dir in spi 256 peer 1 enc aes-cbc " K16
		" auth hmac-sha1-96 " K20);
	assert_int_equal(cli_sa_parse(&f->c, &sa), 0);
	kern_sa_wipe(&sa);
	for (size_t i = 0; i < sizeof(sa.enc_key); i++)
		assert_int_equal(sa.enc_key[i] | sa.auth_key[i], 0);
	out_item(&f->c, "sa", cli_sa_json(&f->c, &sa));
	assert_null(strstr(printed(f), "0x0001"));
	assert_non_null(strstr(printed(f), "enc aes-cbc auth hmac-sha1-96"));
}

static void test_policy_round_trip(void **state)
{
	static const char *const lines[] = {
		"policy order 100 action protect peer 1 mode transport local 10.0.0.0/8 remote 10.0.3.2 proto sctp sport 1-2 dport 7000 label conn:x",
		"policy order 0 action protect peer * mode tunnel remote 2001:db8::/32",
		"policy order 4294967295 action discard",
		"policy order 5 action bypass proto 99",
		"policy order 6 action bypass proto icmp type 8",
		"policy order 7 action bypass proto ipv6-icmp type 135 code 0",
		"policy order 8 action bypass proto udp sport 68 dport 67 label DHCP",
		"policy order 9 action discard proto icmp type 0-7 code 5-208",
		"policy order 16 action discard proto icmp type 0-255 code 3-4",
		"policy order 10 action bypass local 10.0.0.7-10.0.1.3 remote 192.0.2.1-192.0.2.200",
		"policy order 11 action bypass proto ipv6-icmp type 133-137",
		"policy order 14 action protect peer * mode transport remote 10.0.0.0/8 pfp remote,dport",
		"policy order 15 action protect peer 2 mode transport pfp local,remote,proto,sport,dport label x",
		"policy order 12 action bypass proto mh type 5",
		"policy order 13 action discard proto udp sport opaque dport opaque",
	};
	struct fixture *f = *state;
	struct kern_policy p;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		type(f, lines[i] + 7);
		assert_int_equal(cli_policy_parse(&f->c, &p), 0);
		out_item(&f->c, "policy", cli_policy_json(&f->c, &p));
		assert_string_equal(printed(f), lines[i]);
	}
}

static void test_policy_mistakes(void **state)
{
	static const char *const cases[][2] = {
		{ "action protect", "order is missing" },
		{ "order 1", "action is missing" },
		{ "order 1 action hide", "'hide' is no action" },
		{ "order 1 action bypass peer 1", "action protect only" },
		{ "order 1 action protect peer x", "'x' is not a number" },
		{ "order -1 action protect", "'-1' is not a number" },
		{ "order 1 action protect dport 80", "ports need a protocol" },
		{ "order 1 action protect proto icmp dport 80",
		  "ports need a protocol" },
		{ "order 1 action protect local 10.0.0.0/x", "0 to 32 bits" },
		{ "order 1 action protect remote host", "not ADDRESS" },
		{ "order 1 action protect remote", "remote is missing" },
		{ "order 1 action protect remote 10.0.0.9-10.0.0.8",
		  "begins above its end" },
		{ "order 1 action protect remote 10.0.0.9-::1",
		  "two addresses of one family" },
		{ "order 1 action protect remote 10.0.0.9-", "two addresses" },
		{ "order 1 action protect proto icmp type 9-8", "FIRST-LAST" },
		{ "order 1 action protect proto icmp type 256", "up to 255" },
		{ "order 1 action protect proto icmp type 3 code 7-6",
		  "FIRST-LAST" },
		{ "order 1 action protect proto icmp code 0",
		  "code: of which type? 'type N code M' would be right" },
		{ "order 1 action protect proto icmp code 4 type 3",
		  "code: of which type" },
		{ "order 1 action protect proto icmp type 3 code 4 type 5",
		  "it has a code already" },
		{ "order 1 action protect pfp port", "'port' is none of" },
		{ "order 1 action protect pfp ,", "names no selector" },
		{ "order 1 action discard pfp remote", "action protect only" },
		{ "order 1 action protect proto tcp dport opaques",
		  "not a port" },
	};
	struct fixture *f = *state;
	struct kern_policy p;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		type(f, cases[i][0]);
		assert_int_equal(cli_policy_parse(&f->c, &p), CLI_SYNTAX);
		complained(f, cases[i][1]);
	}
}

/* A built-in exemption is a comment: what is saved can be loaded. */
static void test_policy_builtin(void **state)
{
	struct fixture *f = *state;
	struct kern_policy p = { .action = MOBX_ACTION_BYPASS,
				 .builtin = true,
				 .label = "IKE" };
	char *words[16];
	const char *why;

	kern_selector_any(&p.selector);
	type(f, "");
	out_item(&f->c, "policy", cli_policy_json(&f->c, &p));
	assert_string_equal(printed(f),
			    "# policy builtin action bypass label IKE");
	assert_int_equal(cli_split(f->out, words, 16, &why), 0);
}

static void test_words(void **state)
{
	static const char *const words[] = { "add", "address", "del", NULL };

	(void)state;
	assert_int_equal(cli_match(words, "add"), 0);
	assert_int_equal(cli_match(words, "addr"), 1);
	assert_int_equal(cli_match(words, "ad"), -2);
	assert_int_equal(cli_match(words, "d"), 2);
	assert_int_equal(cli_match(words, "dell"), -1);
	assert_int_equal(cli_match(words, ""), -1);
}

static void test_commands(void **state)
{
	static const struct {
		const char *line;
		int status;
		const char *about;
	} cases[] = {
		{ "p show", CLI_SYNTAX, "ambiguous" },
		{ "nothing", CLI_SYNTAX, "no object 'nothing'" },
		{ "peer sh x", CLI_SYNTAX, "unknown word 'x'" },
		{ "peer frob", CLI_SYNTAX, "unknown verb 'frob'" },
		{ "policy de order 1", CLI_SYNTAX, "ambiguous" },
		{ "policy default protect", CLI_SYNTAX, "bypass or discard" },
		{ "policy default bypass x", CLI_SYNTAX, "unknown word 'x'" },
		{ "policy default icmp maybe", CLI_SYNTAX, "neither on nor off" },
		{ "policy default uncovered no", CLI_SYNTAX, "keep, remove" },
		{ "policy del label x", CLI_SYNTAX, "named by its order" },
		{ "policy flush order 1", CLI_SYNTAX, "flush takes no order" },
		{ "policy order 1", CLI_SYNTAX, "action is missing" },
		{ "peer 1 x", CLI_SYNTAX, "unknown word 'x'" },
		{ "peer del", CLI_SYNTAX, "peer is missing" },
		{ "peer del 1 2", CLI_SYNTAX, "'2' is too much" },
		{ "peer set 1 label x local 10.0.0.1 remote 10.0.0.2",
		  CLI_SYNTAX, "cannot be changed" },
		{ "peer flush 3", CLI_SYNTAX, "use del 3" },
		{ "sa dir in", CLI_SYNTAX, "spi is missing" },
		{ "sa del dir out spi 256", CLI_SYNTAX, "peer is missing" },
		{ "sa del spi 256", CLI_SYNTAX, "named by dir and spi" },
		{ "sa flush dir in", CLI_SYNTAX, "nothing but a peer" },
		{ "conn up", CLI_SYNTAX, "name of a connection" },
		{ "conn up x timeout 0", CLI_SYNTAX, "1 to 100" },
		{ "path add x 10.0.0", CLI_SYNTAX, "not an IP address" },
		{ "path use x 10.0.0.1 gently", CLI_SYNTAX, "hard, soft" },
		{ "stats in-fun", CLI_SYNTAX, "no counter" },
		{ "monitor sa everything", CLI_SYNTAX, "there are: all" },
		{ "conn list", CLI_REFUSED, "the agent does not run" },
		{ "path use x 10.0.0.1 hard", CLI_REFUSED, "does not run" },
		{ "check everything", CLI_SYNTAX, "too much" },
	};
	struct fixture *f = *state;

	f->c.control = "/nonexistent/control";
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		type(f, cases[i].line);
		assert_int_equal(cli_run(&f->c, f->c.argc, f->words),
				 cases[i].status);
		complained(f, cases[i].about);
	}
}

static void test_help(void **state)
{
	static const char *const objects[] = { "peer",	"sa",	   "policy",
					       "conn",	"path",	   "monitor",
					       "stats", "check" };
	struct fixture *f = *state;
	char line[64];

	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		snprintf(line, sizeof(line), "%s help", objects[i]);
		type(f, line);
		assert_int_equal(cli_run(&f->c, f->c.argc, f->words), 0);
		snprintf(line, sizeof(line), "Usage: mobx %s", objects[i]);
		assert_non_null(strstr(printed(f), line));
		snprintf(line, sizeof(line), "help %s", objects[i]);
		type(f, line);
		assert_int_equal(cli_run(&f->c, f->c.argc, f->words), 0);
	}
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_peer_cross),
		TEST(test_peer_paths),
		TEST(test_peer_mistakes),
		TEST(test_peer_too_many),
		TEST(test_peer_spread),
		TEST(test_replace),
		TEST(test_peer_round_trip),
		TEST(test_sa),
		TEST(test_sa_mistakes),
		TEST(test_key_lengths),
		TEST(test_key_file),
		TEST(test_sa_round_trip),
		TEST(test_keys_hidden),
		TEST(test_policy_round_trip),
		TEST(test_policy_mistakes),
		TEST(test_policy_builtin),
		TEST(test_words),
		TEST(test_commands),
		TEST(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
