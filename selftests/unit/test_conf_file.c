// SPDX-License-Identifier: GPL-2.0
/* The configuration file: what is read, and what is said about mistakes. */
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

#include "agent/conf.h"
#include "wire/ike_const.h"

static char folder[64];
static char file[128];

static void write_to(const char *path, const char *text, size_t len,
		     mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/mobx-conf-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/mobxd.conf", folder);
	return 0;
}

static int remove_folder(void **state)
{
	char path[128];

	(void)state;
	unlink(file);
	snprintf(path, sizeof(path), "%s/key", folder);
	unlink(path);
	return rmdir(folder);
}

static int load(const char *text, struct conf **c, char *err, size_t errlen)
{
	write_to(file, text, strlen(text), 0600);
	return conf_load(file, c, err, errlen);
}

static struct conf *load_good(const char *text)
{
	char err[CONF_MAX_ERROR];
	struct conf *c = NULL;

	if (load(text, &c, err, sizeof(err)))
		fail_msg("%s", err);
	assert_non_null(c);
	return c;
}

#define CONN(role, rest) \
	"connection \"server\" {\n" \
	"	role = \"" role "\"\n" \
	"	remote = { \"10.0.3.2\" }\n" \
	"	local-id = \"mobile.example\"\n" \
	"	remote-id = \"server.example\"\n" \
	rest \
	"}\n"
#define KEY "	psk = \"secret\"\n"
#define PROTECT "	protect { order = 100 }\n"

static void minimal(void **state)
{
	struct conf *c = load_good(CONN("initiate", KEY PROTECT));
	const struct conf_conn *conn = &c->conn[0];
	const struct kern_selector *s = &conn->protect[0].selector;

	(void)state;
	assert_int_equal(c->nconn, 1);
	assert_int_equal(c->level, IKE_LOG_INFO);
	assert_int_equal(c->cookie_threshold, 64);
	assert_string_equal(c->control, "/run/mobx/control");
	assert_string_equal(c->user, "nobody");
	assert_string_equal(conn->ike.name, "server");
	assert_int_equal(conn->ike.role, IKE_INITIATE);
	assert_int_equal(conn->ike.start, IKE_START_ON_LOAD);
	assert_int_equal(conn->ike.nremote, 1);
	assert_int_equal(conn->ike.remote[0].plen, 32);
	assert_int_equal(conn->ike.nlocal, 0);
	assert_int_equal(conn->ike.local_id.type, IKE_ID_FQDN);
	assert_true(conn->ike.nike > 0);
	assert_int_equal(conn->ike.esp[0].encr, IKE_ENCR_AES_GCM_16);
	assert_true(conn->ike.mobike);
	assert_true(conn->ike.mobikex);
	assert_int_equal(conn->psk_len, 6);
	assert_memory_equal(conn->psk, "secret", 6);
	assert_int_equal(conn->ike.nprotect, 1);
	assert_int_equal(conn->protect[0].order, 100);
	assert_int_equal(s->local.family, 0);
	assert_int_equal(s->remote.family, 0);
	assert_int_equal(s->proto, 0);
	assert_int_equal(s->local_port_max, 65535);
	assert_ptr_equal(conf_find(c, "server"), conn);
	assert_null(conf_find(c, "serve"));
	conf_free(c);
}

static void everything(void **state)
{
	struct conf *c = load_good(
		"# comment\n"
		"log-level = \"debug\"\n"
		"control = \"/run/other/control\"\n"
		"user = \"daemon\"\n"
		"cookie-threshold = 0\n"
		"connection \"a-1.b_2\" {\n"
		"	role = \"respond\"\n"
		"	start = \"manual\"\n"
		"	local = { \"10.0.3.2\", \"10.0.4.2\" }\n"
		"	remote = { \"10.0.0.0/8\", \"192.0.2.1\" }\n"
		"	local-id = \"key-id:me\"\n"
		"	remote-id = \"user@example.org\"\n"
		"	psk = \"0x00ff10\"\n"
		"	ike = { \"aes256gcm16-prfsha256-x25519\", \"aes128-sha256-prfsha256-ecp256\" }\n"
		"	esp = { \"aes128-sha1\" }\n"
		"	mode = \"transport\"\n"
		"	protect { order = 7 proto = \"sctp\" local-port = \"7000-7010\" remote-port = \"9\" local = \"10.0.3.0/24\" remote = \"10.0.0.0/8\" }\n"
		"	protect { order = 9 proto = \"47\" }\n"
		"	mobike = true\n"
		"	mobike-x = no\n"
		"	rrc = \"before\"\n"
		"	paths { auto-add = false prefer = { \"radio\", \"wlan\" } allow = { \"10.0.0.0/8\" } deny = { \"192.0.2.0/24\" } local-allow = { \"10.0.0.0/8\", \"2001:db8::/32\" } local-deny = { \"10.9.0.0/16\" } link-allow = { \"radio\", \"wl*\" } link-deny = { \"wlx*\" } drain-ms = 250 test-seconds = 7 max-paths = 4 }\n"
		"	dpd-delay = 3\n"
		"	replay-window = 4096\n"
		"	retransmit-first-ms = 100\n"
		"	retransmit-tries = 5\n"
		"	rekey-seconds = 60\n"
		"	resume-seconds = 300\n"
		"}\n"
		"connection \"second\" { role = \"respond\" local-id = \"10.0.3.2\" psk = \"k\" protect { order = 8 } }\n");
	const struct conf_conn *conn = &c->conn[0];
	const struct ike_conn *i = &conn->ike;
	const struct kern_selector *s = &conn->protect[0].selector;

	(void)state;
	assert_int_equal(c->nconn, 2);
	assert_int_equal(c->level, IKE_LOG_DEBUG);
	assert_int_equal(c->cookie_threshold, 0);
	assert_string_equal(c->user, "daemon");
	assert_int_equal(i->role, IKE_RESPOND);
	assert_int_equal(i->start, IKE_START_MANUAL);
	assert_int_equal(i->nlocal, 2);
	assert_int_equal(i->nremote, 2);
	assert_int_equal(i->remote[0].plen, 8);
	assert_int_equal(i->local_id.type, IKE_ID_KEY_ID);
	assert_int_equal(i->remote_id.type, IKE_ID_RFC822_ADDR);
	assert_int_equal(conn->psk_len, 3);
	assert_memory_equal(conn->psk, "\x00\xff\x10", 3);
	assert_int_equal(i->nike, 2);
	assert_int_equal(i->ike[0].key_bits, 256);
	assert_int_equal(i->ike[0].ke, IKE_KE_X25519);
	assert_int_equal(i->ike[1].encr, IKE_ENCR_AES_CBC);
	assert_int_equal(i->nesp, 1);
	assert_int_equal(i->esp[0].integ, IKE_INTEG_HMAC_SHA1_96);
	assert_int_equal(i->nprotect, 2);
	assert_int_equal(i->protect[0].proto, 132);
	assert_int_equal(i->protect[0].local_min, 7000);
	assert_int_equal(i->protect[0].local_max, 7010);
	assert_int_equal(i->protect[0].remote_min, 9);
	assert_int_equal(i->protect[0].remote_max, 9);
	assert_int_equal(s->local_plen, 24);
	assert_int_equal(s->remote_plen, 8);
	assert_int_equal(conn->protect[1].selector.proto, 47);
	assert_false(i->mobikex);
	assert_int_equal(i->rrc, IKE_RRC_BEFORE);
	assert_false(i->auto_add);
	assert_int_equal(i->nprefer, 2);
	assert_string_equal(i->prefer[1], "wlan");
	assert_int_equal(i->nlocal_allow, 2);
	assert_int_equal(i->local_allow[1].plen, 32);
	assert_int_equal(i->nlocal_deny, 1);
	assert_int_equal(i->local_deny[0].plen, 16);
	assert_int_equal(i->link_allow.n, 2);
	assert_string_equal(i->link_allow.name[1], "wl*");
	assert_int_equal(i->link_deny.n, 1);
	assert_int_equal(i->nallow, 1);
	assert_int_equal(i->ndeny, 1);
	assert_int_equal(i->drain_us, 250000);
	assert_int_equal(i->path_test_us, 7000000);
	assert_int_equal(i->max_paths, 4);
	assert_int_equal(i->dpd_delay_us, 3000000);
	assert_int_equal(i->replay_window, 4096);
	assert_int_equal(i->retransmit_first_us, 100000);
	assert_int_equal(i->retransmit_tries, 5);
	assert_int_equal(i->rekey_us, 60000000);
	assert_int_equal(i->resume_us, 300000000);
	assert_int_equal(c->conn[1].ike.nremote, 0);
	assert_int_equal(c->conn[1].ike.remote_id.type, 0);
	conf_free(c);
}

static void virtual_addresses(void **state)
{
	struct conf *c = load_good(
		"connection \"server\" { role = \"respond\" local-id = \"a\" mode = \"tunnel\" pool = \"guests\" psk = \"k\" protect { order = 1 } }\n"
		"connection \"client\" { role = \"initiate\" remote = { \"10.0.3.2\" } local-id = \"a\" remote-id = \"b\" mode = \"tunnel\" psk = \"k\"\n"
		"	virtual-address = { \"::\", \"10.9.0.7\" } device = \"mobx0\" protect { order = 2 } }\n"
		"pool \"guests\" { addresses = { \"10.9.0.0/24\", \"fd00:9::/64\" } dns = { \"10.9.0.1\" } }\n"
		"pool \"other\" { addresses = { \"10.8.0.0/24\" } }\n");
	const struct conf_pool *p = conf_find_pool(c, "guests");
	const struct ike_conn *i = &c->conn[1].ike;

	(void)state;
	assert_string_equal(c->conn[0].ike.pool, "guests");
	assert_int_equal(c->npool, 2);
	assert_int_equal(p->n, 2);
	assert_int_equal(p->prefix[1].plen, 64);
	assert_int_equal(p->ndns, 1);
	assert_int_equal(p->dns[0].a[0], 10);
	assert_null(conf_find_pool(c, "guest"));
	assert_int_equal(i->nvirtual, 2);
	assert_int_equal(i->virtual[0].family, 6);
	assert_int_equal(i->virtual[1].a[3], 7);
	assert_string_equal(i->device, "mobx0");
	conf_free(c);
}

static void empty_file(void **state)
{
	struct conf *c = load_good("");

	(void)state;
	assert_int_equal(c->nconn, 0);
	conf_free(c);
}

/* A key in a file of its own, named relative to the configuration. */
static void key_file(void **state)
{
	const char *conf = CONN("initiate", "	psk-file = \"key\"\n" PROTECT);
	char path[128], err[CONF_MAX_ERROR];
	struct conf *c;

	(void)state;
	snprintf(path, sizeof(path), "%s/key", folder);
	write_to(path, "0xABcd\n", 7, 0600);
	c = load_good(conf);
	assert_int_equal(c->conn[0].psk_len, 2);
	assert_memory_equal(c->conn[0].psk, "\xab\xcd", 2);
	conf_free(c);
	write_to(path, "two words ", 10, 0600);
	c = load_good(conf);
	assert_int_equal(c->conn[0].psk_len, 10);
	conf_free(c);
	write_to(path, "\n", 1, 0600);
	assert_int_not_equal(load(conf, &c, err, sizeof(err)), 0);
	assert_non_null(strstr(err, "1 to 128"));
	unlink(path);
	assert_int_not_equal(load(conf, &c, err, sizeof(err)), 0);
	assert_non_null(strstr(err, "cannot read"));
	assert_non_null(strstr(err, path));
}

/* Each kind of mistake: its line, and words that must be in the message. */
static const struct {
	const char *text;
	int line;
	const char *words[3];
} mistakes[] = {
	{ "colour = 1\n", 1, { "colour", "log-level", "connection" } },
	{ "\nlog-level = \"loud\"\n", 2, { "loud", "warning" } },
	{ "control = \"here\"\n", 1, { "control", "absolute" } },
	{ "cookie-threshold = 70000\n", 1, { "70000", "65535" } },
	{ "cookie-threshold = many\n", 1, { "cookie-threshold", "number" } },
	{ "user = \"\"\n", 1, { "user", "nobody" } },
	{ "connection {\n}\n", 1, { "title" } },
	{ "connection \"a b\" {\n}\n", 2, { "name", "letters" } },
	{ "connection \"x\" {\n\n}\n", 3, { "role", "missing" } },
	{ "connection \"x\" {\n	role = \"boss\"\n}\n", 2,
	  { "boss", "initiate", "respond" } },
	{ "connection \"x\" {\n	colour = 1\n}\n", 2, { "colour", "remote-id" } },
	{ "connection \"x\" {\n	remote = { \"10.0.0\" }\n}\n", 2,
	  { "remote", "10.0.0", "prefix" } },
	{ "connection \"x\" {\n	remote = { \"10.0.0.1/33\" }\n}\n", 2,
	  { "10.0.0.1/33", "0 to 32" } },
	{ "connection \"x\" {\n	remote = { \"10.0.0.1/24\" }\n}\n", 2,
	  { "10.0.0.1/24", "beyond" } },
	{ "connection \"x\" {\n	remote = { \"fe80::1\" }\n}\n", 2,
	  { "fe80::1", "link-local", "2001:db8::1" } },
	{ "connection \"x\" {\n	local = { \"ff02::1\" }\n}\n", 2,
	  { "ff02::1", "multicast", "2001:db8::1" } },
	{ "connection \"x\" {\n	remote = { \"224.0.0.1\" }\n}\n", 2,
	  { "224.0.0.1", "multicast", "192.0.2.1" } },
	{ "connection \"x\" {\n	redirect-to = \"::ffff:192.0.2.1\"\n}\n", 2,
	  { "redirect-to", "IPv6's form", "192.0.2.1" } },
	{ "connection \"x\" {\n	remote = { \"2001:db8::1/129\" }\n}\n", 2,
	  { "2001:db8::1/129", "0 to 128" } },
	{ "connection \"x\" {\n	local = { \"2001:db8::/64\" }\n}\n", 2,
	  { "local", "single" } },
	{ "connection \"x\" {\n	local = { \"10.0.0.0/24\" }\n}\n", 2,
	  { "local", "single" } },
	{ "connection \"x\" {\n	local-id = \"\"\n}\n", 2, { "local-id" } },
	{ "connection \"x\" {\n	ike = { \"rot13\" }\n}\n", 2, { "ike", "rot13" } },
	{ "connection \"x\" {\n	esp = { \"rot13\" }\n}\n", 2, { "esp", "rot13" } },
	{ "connection \"x\" {\n	mode = \"beet\"\n}\n", 2,
	  { "beet", "tunnel" } },
	{ "connection \"x\" {\n	rrc = \"later\"\n}\n", 2, { "later", "before" } },
	{ "connection \"x\" {\n	start = \"soon\"\n}\n", 2, { "soon", "manual" } },
	{ "connection \"x\" {\n	mobike = perhaps\n}\n", 2, { "mobike", "true" } },
	{ "connection \"x\" {\n	dpd-delay = -1\n}\n", 2, { "-1", "0 to" } },
	{ "connection \"x\" {\n	replay-window = 65537\n}\n", 2,
	  { "65537", "65536" } },
	{ "connection \"x\" {\n	protect {\n		order = -5\n	}\n}\n", 3, { "-5" } },
	{ "connection \"x\" {\n	protect { proto = \"carp\" }\n}\n", 2,
	  { "carp", "sctp" } },
	{ "connection \"x\" {\n	protect { local-port = \"70000\" }\n}\n", 2,
	  { "70000", "65535" } },
	{ "connection \"x\" {\n	protect { local-port = \"20-10\" }\n}\n", 2,
	  { "20-10", "10-20" } },
	{ "connection \"x\" {\n	paths { link-deny = { \"docker0\", \"*\" } }\n}\n",
	  2, { "link-deny", "every interface" } },
	{ "connection \"x\" {\n	paths { link-allow = { \"wl*0\" } }\n}\n",
	  2, { "link-allow", "at the end" } },
	{ "connection \"x\" {\n	paths { link-allow = { \"averyveryverylongname\" } }\n}\n",
	  2, { "link-allow", "15" } },
	{ "connection \"x\" {\n	paths { local-deny = { \"any\" } }\n}\n",
	  2, { "local-deny", "no address" } },
	{ "connection \"x\" {\n	paths { local-allow = { \"10.0.0.1/8\" } }\n}\n",
	  2, { "local-allow", "beyond its prefix" } },
	{ "connection \"x\" {\n	paths { prefer = { \"averyveryverylongname\" } }\n}\n",
	  2, { "prefer", "15" } },
	{ "connection \"x\" {\n	paths { max-paths = 1 }\n}\n", 2,
	  { "1", "2 to 64" } },
	{ CONN("initiate", PROTECT), 7, { "key is missing", "psk-file" } },
	{ CONN("initiate", KEY "	psk-file = \"k\"\n" PROTECT), 9,
	  { "both", "one of" } },
	{ CONN("initiate", "	psk = \"0x123\"\n" PROTECT), 8, { "odd" } },
	{ CONN("initiate", "	psk = \"0x12zz\"\n" PROTECT), 8,
	  { "hexadecimal" } },
	{ CONN("initiate", "	psk = \"\"\n" PROTECT), 8, { "1 to 128" } },
	{ CONN("initiate", KEY), 7, { "0 protect", "1 to 16" } },
	{ CONN("initiate", KEY "	protect { }\n"), 8, { "order" } },
	{ CONN("initiate", KEY PROTECT "	mobike = false\n	mobike-x = true\n"),
	  10, { "mobike-x", "mobike" } },
	{ "connection \"x\" {\n	role = \"initiate\"\n	remote = { \"any\" }\n	local-id = \"a\"\n	remote-id = \"b\"\n" KEY PROTECT "}\n",
	  8, { "remote", "address" } },
	{ "connection \"x\" {\n	role = \"initiate\"\n	local-id = \"a\"\n	remote-id = \"b\"\n" KEY PROTECT "}\n",
	  7, { "remote is missing" } },
	{ CONN("initiate", KEY PROTECT "	redirect-to = \"192.0.2.9\"\n"), 9,
	  { "redirect-to", "respond" } },
	{ "connection \"x\" {\n	redirect-to = \"192.0.2.0/24\"\n}\n", 2,
	  { "redirect-to", "single" } },
	{ "connection \"x\" {\n	resume-seconds = -1\n}\n", 2,
	  { "resume-seconds", "-1", "0 to" } },
	{ "pool \"p\" {\n	addresses = { \"10.9.0.1/24\" }\n}\n", 2,
	  { "pool \"p\"", "10.9.0.1/24", "beyond" } },
	{ "pool \"p\" {\n	addresses = { \"224.0.0.0/8\" }\n}\n", 2,
	  { "addresses", "10.9.0.0/24" } },
	{ "pool \"p\" {\n	dns = { \"ns.example\" }\n}\n", 2,
	  { "dns", "10.9.0.1" } },
	{ "pool \"p\" {\n}\n", 2, { "addresses is missing", "10.9.0.0/24" } },
	{ "pool \"p q\" {\n	addresses = { \"10.9.0.0/24\" }\n}\n", 3,
	  { "p q", "without blanks" } },
	{ "pool \"p\" {\n	addresses = { \"10.9.0.0/24\" }\n}\n"
	  "pool \"q\" {\n	addresses = { \"10.8.0.0/15\" }\n}\n", 6,
	  { "10.8.0.0/15", "overlaps", "\"p\"" } },
	{ "pool {\n}\n", 1, { "title", "NAME" } },
	{ "connection \"x\" {\n	role = \"respond\"\n	local-id = \"a\"\n	mode = \"tunnel\"\n	pool = \"p\"\n" KEY PROTECT "}\n",
	  0, { "no pool \"p\"", "addresses" } },
	{ "connection \"x\" {\n	role = \"respond\"\n	local-id = \"a\"\n	pool = \"p\"\n" KEY PROTECT "}\n",
	  7, { "pool", "tunnel" } },
	{ "connection \"x\" {\n	virtual-address = { \"any\" }\n}\n", 2,
	  { "virtual-address", "0.0.0.0" } },
	{ "connection \"x\" {\n	virtual-address = { \"ff02::1\" }\n}\n", 2,
	  { "virtual-address", "multicast" } },
	{ "connection \"x\" {\n	device = \"averyveryverylongname\"\n}\n", 2,
	  { "device", "15" } },
	{ CONN("initiate", KEY PROTECT PROTECT), 9, { "100", "taken" } },
	{ CONN("initiate", KEY PROTECT)
	  "connection \"other\" {\n	role = \"respond\"\n	local-id = \"a\"\n" KEY PROTECT "}\n",
	  14, { "100", "server", "other" } },
	{ CONN("initiate", KEY PROTECT) CONN("initiate", KEY PROTECT), 0,
	  { "server" } },
	{ "connection \"x\" {\n	role = \"initiate\"\n", 0, { NULL } },
	{ "connection \"x\" {\n	role = \"initiate\n}\n", 0, { NULL } },
	{ "log-level\n", 0, { NULL } },
	{ "}\n", 1, { NULL } },
};

static void each_mistake(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		char err[CONF_MAX_ERROR] = "", want[160];
		struct conf *c = NULL;
		int ret = load(mistakes[i].text, &c, err, sizeof(err));

		if (!ret || c)
			fail_msg("mistake %zu was not noticed:\n%s", i,
				 mistakes[i].text);
		snprintf(want, sizeof(want), "%s:%d: ", file, mistakes[i].line);
		if (!mistakes[i].line)
			snprintf(want, sizeof(want), "%s:", file);
		if (strncmp(err, want, strlen(want)))
			fail_msg("mistake %zu: \"%s\" does not begin with \"%s\"",
				 i, err, want);
		for (int w = 0; w < 3 && mistakes[i].words[w]; w++)
			if (!strstr(err, mistakes[i].words[w]))
				fail_msg("mistake %zu: \"%s\" does not say \"%s\"",
					 i, err, mistakes[i].words[w]);
		assert_null(strstr(err, "secret"));
	}
}

static void unreadable(void **state)
{
	char err[CONF_MAX_ERROR];
	struct conf *c = NULL;

	(void)state;
	assert_int_equal(conf_load("/nonexistent/mobxd.conf", &c, err,
				   sizeof(err)), -ENOENT);
	assert_non_null(strstr(err, "/nonexistent/mobxd.conf"));
	assert_int_equal(conf_load("/", &c, err, sizeof(err)), -EISDIR);
	write_to(file, "user\0= 1", 8, 0600);
	assert_int_equal(conf_load(file, &c, err, sizeof(err)), -EILSEQ);
	assert_null(c);
}

/* Every beginning of a good file is read or refused, never more. */
static void truncated(void **state)
{
	const char *good = "user = \"daemon\"\n" CONN("initiate", KEY PROTECT);
	char err[CONF_MAX_ERROR], *text = strdup(good);

	(void)state;
	for (size_t len = strlen(good); len--;) {
		struct conf *c = NULL;

		text[len] = '\0';
		if (load(text, &c, err, sizeof(err)))
			assert_true(err[0] && !c);
		conf_free(c);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(minimal),
		cmocka_unit_test(everything),
		cmocka_unit_test(virtual_addresses),
		cmocka_unit_test(empty_file),
		cmocka_unit_test(key_file),
		cmocka_unit_test(each_mistake),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(truncated),
	};

	return cmocka_run_group_tests_name("conf_file", tests, make_folder,
					   remove_folder);
}
