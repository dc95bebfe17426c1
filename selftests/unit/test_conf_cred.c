// SPDX-License-Identifier: GPL-2.0
/* Keys and certificates that a configuration names. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <confuse.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/conf.h"
#include "pki.h"

static char folder[] = "/tmp/mobx-conf-cred.XXXXXX";

static FILE *create(const char *name)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fchmod(fileno(f), 0600);
	return f;
}

static void write_cert(const char *name, X509 *cert)
{
	FILE *f = create(name);

	assert_int_equal(PEM_write_X509(f, cert), 1);
	fclose(f);
}

static void write_key(const char *name, EVP_PKEY *key, bool private,
		      const char *pass)
{
	FILE *f = create(name);

	if (private)
		assert_int_equal(PEM_write_PrivateKey(f, key, pass ?
				 EVP_aes_128_cbc() : NULL, NULL, 0, NULL,
				 (void *)(uintptr_t)pass), 1);
	else
		assert_int_equal(PEM_write_PUBKEY(f, key), 1);
	fclose(f);
}

static void write_text(const char *name, const char *text)
{
	FILE *f = create(name);

	fputs(text, f);
	fclose(f);
}

/* root and its CRL, a certificate of ours, one of the peer's, weak keys */
static int set_up(void **state)
{
	const struct pki_want root = { .subject = "root", .ca = true };
	const struct pki_want own = { .subject = "mobile",
				      .san = "DNS:mobile.example" };
	const struct pki_want use = { .subject = "mobile",
				      .san = "DNS:mobile.example",
				      .extended = "codeSigning" };
	const struct pki_want peer = { .subject = "server",
				       .san = "DNS:server.example" };
	EVP_PKEY *root_key = pki_key("P-256"), *key = pki_key("P-256");
	EVP_PKEY *weak = pki_key("rsa1024");
	X509 *ca, *cert;
	X509_CRL *crl;
	char path[200];
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(folder));
	ca = pki_cert(root_key, NULL, NULL, &root);
	write_cert("root.pem", ca);
	crl = pki_crl(ca, root_key, NULL);
	f = create("root.crl");
	PEM_write_X509_CRL(f, crl);
	fclose(f);
	cert = pki_cert(key, ca, root_key, &own);
	write_cert("own.pem", cert);
	X509_free(cert);
	cert = pki_cert(key, ca, root_key, &use);
	write_cert("use.pem", cert);
	X509_free(cert);
	cert = pki_cert(root_key, ca, root_key, &peer);
	write_cert("peer.pem", cert);
	X509_free(cert);
	write_key("own.key", key, true, NULL);
	write_key("own.pub", key, false, NULL);
	write_key("locked.key", key, true, "secret");
	write_key("weak.key", weak, true, NULL);
	write_text("empty", "");
	write_text("text", "no certificate\n");
	write_text("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n"
		   "-----END CERTIFICATE-----\n");
	snprintf(path, sizeof(path), "%s/cas", folder);
	mkdir(path, 0700);
	write_cert("cas/root.pem", ca);
	write_text("cas/README", "what is in here\n");
	X509_CRL_free(crl);
	X509_free(ca);
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(key);
	EVP_PKEY_free(weak);
	return 0;
}

static int clean_up(void **state)
{
	static const char *const names[] = {
		"root.pem", "root.crl", "own.pem", "use.pem", "peer.pem",
		"own.key", "own.pub", "locked.key", "weak.key", "empty",
		"text", "broken.pem", "cas/root.pem", "cas/README", "cas",
		"conf", "ppk", "log",
	};
	char path[200];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		remove(path);
	}
	return rmdir(folder);
}

static int load(const char *options, struct conf **c, char *err, size_t errlen)
{
	char text[2000], path[200];

	snprintf(text, sizeof(text), "connection \"a\" {\n"
		 "role = \"respond\"\nlocal-id = \"mobile.example\"\n"
		 "protect { order = 1 }\n%s\n}\n", options);
	write_text("conf", text);
	snprintf(path, sizeof(path), "%s/conf", folder);
	return conf_load(path, c, err, errlen);
}

static unsigned int count(const struct conf_conn *c, enum conf_item want)
{
	enum conf_item item;
	struct wire_span der;
	struct wire_rd rd;
	unsigned int n = 0;

	wire_rd_init(&rd, c->items.data, c->items.len);
	while (conf_item_next(&rd, &item, &der)) {
		assert_int_not_equal(der.len, 0);
		n += item == want;
	}
	assert_false(rd.bad);
	return n;
}

static void good(void **state)
{
	static const struct {
		const char *options;
		enum ike_authby local, remote;
		unsigned int psk, certs, raw, cas, crls, known;
	} cases[] = {
		{ "psk = \"k\"", IKE_AUTHBY_PSK, IKE_AUTHBY_PSK, 1, 0, 0, 0,
		  0, 0 },
		{ "cert = { \"own.pem\" } key = \"own.key\""
		  " ca = { \"root.pem\" }", IKE_AUTHBY_PUBKEY,
		  IKE_AUTHBY_PUBKEY, 0, 1, 0, 1, 0, 0 },
		{ "cert = { \"own.pem\", \"root.pem\" } key = \"own.key\""
		  " ca = { \"cas\" } crl = { \"root.crl\" }",
		  IKE_AUTHBY_PUBKEY, IKE_AUTHBY_PUBKEY, 0, 2, 0, 1, 1, 0 },
		{ "cert = { \"own.pem\" } key = \"own.key\" psk = \"k\"",
		  IKE_AUTHBY_PUBKEY, IKE_AUTHBY_PSK, 1, 1, 0, 0, 0, 0 },
		{ "local-auth = \"psk\" ca = { \"root.pem\" } psk = \"k\"",
		  IKE_AUTHBY_PSK, IKE_AUTHBY_PUBKEY, 1, 0, 0, 1, 0, 0 },
		{ "remote-id = \"x\" key = \"own.key\""
		  " remote-key = { \"own.pub\" }", IKE_AUTHBY_PUBKEY,
		  IKE_AUTHBY_PUBKEY, 0, 0, 1, 0, 0, 1 },
		{ "remote-id = \"x\" key = \"own.key\""
		  " remote-cert = { \"peer.pem\" }", IKE_AUTHBY_PUBKEY,
		  IKE_AUTHBY_PUBKEY, 0, 0, 1, 0, 0, 1 },
	};
	char err[CONF_MAX_ERROR];
	struct conf *c;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct conf_conn *conn;

		if (load(cases[i].options, &c, err, sizeof(err)))
			fail_msg("%s: %s", cases[i].options, err);
		conn = &c->conn[0];
		assert_int_equal(conn->ike.local_auth, cases[i].local);
		assert_int_equal(conn->ike.remote_auth, cases[i].remote);
		assert_int_equal(conn->psk_len, cases[i].psk);
		assert_int_equal(count(conn, CONF_ITEM_KEY),
				 cases[i].local == IKE_AUTHBY_PUBKEY);
		assert_int_equal(count(conn, CONF_ITEM_CERT), cases[i].certs);
		assert_int_equal(count(conn, CONF_ITEM_RAW), cases[i].raw);
		assert_int_equal(count(conn, CONF_ITEM_CA), cases[i].cas);
		assert_int_equal(conn->ike.ncas, cases[i].cas);
		assert_int_equal(count(conn, CONF_ITEM_CRL), cases[i].crls);
		assert_int_equal(count(conn, CONF_ITEM_REMOTE_KEY) +
				 count(conn, CONF_ITEM_REMOTE_CERT),
				 cases[i].known);
		conf_free(c);
	}
}

static void ocsp(void **state)
{
	static const struct {
		const char *options;
		enum crypto_ocsp_policy policy;
		const char *uri;
	} cases[] = {
		{ "", CRYPTO_OCSP_OFF, "" },
		{ "ocsp = \"no\"", CRYPTO_OCSP_OFF, "" },
		{ "ocsp = \"relaxed\"", CRYPTO_OCSP_RELAXED, "" },
		{ "ocsp = \"if-uri\"", CRYPTO_OCSP_IF_URI, "" },
		{ "ocsp = \"strict\" ocsp-uri = \"http://192.0.2.1:8888\"",
		  CRYPTO_OCSP_STRICT, "http://192.0.2.1:8888" },
	};
	char err[CONF_MAX_ERROR], options[200];
	struct conf *c;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(options, sizeof(options),
			 "cert = { \"own.pem\" } key = \"own.key\""
			 " ca = { \"root.pem\" } %s", cases[i].options);
		if (load(options, &c, err, sizeof(err)))
			fail_msg("%s: %s", options, err);
		assert_int_equal(c->conn[0].ocsp, cases[i].policy);
		assert_string_equal(c->conn[0].ocsp_uri, cases[i].uri);
		conf_free(c);
	}
}

/* Each with the file, the line and what would be right. */
static void bad(void **state)
{
	static const char *const cases[][2] = {
		{ "key = \"own.key\"", "pre-shared key is missing" },
		{ "remote-auth = \"pubkey\" key = \"own.key\"",
		  "something to trust" },
		{ "local-auth = \"pubkey\" psk = \"k\"", "needs a private key" },
		{ "cert = { \"own.pem\" } ca = { \"root.pem\" }",
		  "needs a private key" },
		{ "key = \"own.key\" ca = { \"root.pem\" } psk = \"k\"",
		  "neither end uses" },
		{ "key = \"absent\" ca = { \"root.pem\" }",
		  "absent: No such file" },
		{ "key = \"locked.key\" ca = { \"root.pem\" }",
		  "without a passphrase" },
		{ "key = \"text\" ca = { \"root.pem\" }", "no private key" },
		{ "key = \"cas\" ca = { \"root.pem\" }", "Is a directory" },
		{ "key = \"weak.key\" ca = { \"root.pem\" }", "2048" },
		{ "key = \"own.key\" cert = { \"peer.pem\" }"
		  " ca = { \"root.pem\" }", "do not belong together" },
		{ "key = \"own.key\" cert = { \"use.pem\" }"
		  " ca = { \"root.pem\" }", "does not allow IKE" },
		{ "key = \"own.key\" cert = { \"own.pem\" }"
		  " ca = { \"own.pem\" }", "remote-cert would be right" },
		{ "key = \"own.key\" ca = { \"text\" }", "holds none" },
		{ "key = \"own.key\" ca = { \"empty\" }", "holds none" },
		{ "key = \"own.key\" ca = { \"broken.pem\" }", "broken" },
		{ "key = \"own.key\" ca = { \"root.pem\" }"
		  " crl = { \"root.pem\" }", "holds none" },
		{ "key = \"own.key\" remote-key = { \"own.pub\" }",
		  "need a remote-id" },
		{ "remote-id = \"x\" key = \"own.key\""
		  " remote-key = { \"own.key\" }", "no public key" },
		{ "local-auth = \"psk\" psk = \"k\" rsa-padding = \"pss\"",
		  "no effect" },
		{ "remote-auth = \"psk\" psk = \"k\" crl = { \"root.crl\" }",
		  "no effect" },
		{ "remote-auth = \"psk\" psk = \"k\" ocsp = \"strict\"",
		  "no effect" },
		{ "ocsp = \"sometimes\"", "no, relaxed, if-uri or strict" },
		{ "ocsp-uri = \"https://a/\"", "without TLS" },
		{ "key = \"own.key\" ca = { \"root.pem\" }"
		  " ocsp-uri = \"http://a/\"", "no effect without ocsp" },
		{ "key = \"own.key\" ca = { \"root.pem\" } ocsp = \"no\""
		  " ocsp-uri = \"http://a/\"", "no effect without ocsp" },
		{ "remote-id = \"x\" key = \"own.key\" ocsp = \"strict\""
		  " remote-key = { \"own.pub\" }", "ocsp needs a ca" },
		{ "local-auth = \"signature\"", "psk or pubkey" },
		{ "local-auth = \"eap\"", "no EAP method is built in; psk" },
		{ "remote-auth = \"EAP-aka\"", "no EAP method is built in" },
		{ "rsa-padding = \"x\"", "pss or pkcs1" },
	};
	char err[CONF_MAX_ERROR];
	struct conf *c;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_not_equal(load(cases[i][0], &c, err, sizeof(err)),
				     0);
		if (!strstr(err, cases[i][1]) || !strstr(err, "/conf:"))
			fail_msg("%s: %s", cases[i][0], err);
	}
}

/* The certificate of another name: said with those that it has. */
static void other_name(void **state)
{
	char err[CONF_MAX_ERROR];
	struct conf *c;

	(void)state;
	assert_int_not_equal(load("psk = \"k\" }\n"
				  "connection \"b\" { role = \"respond\""
				  " local-id = \"x.example\""
				  " protect { order = 2 }\n"
				  "key = \"own.key\" cert = { \"own.pem\" }"
				  " ca = { \"root.pem\" }", &c, err,
				  sizeof(err)), 0);
	assert_non_null(strstr(err, "mobile.example, O=Test, CN=mobile"));
}

#define PPK "a key that no quantum computer finds"

/* Post-quantum preshared keys, from the text and from a file. */
static void ppk(void **state)
{
	static const char *const texts[] = {
		"psk = \"k\" ppk-id = \"first\" ppk = \"" PPK "\"",
		"psk = \"k\" ppk-id = \"first\" ppk-file = \"ppk\""
		" ppk-required = true",
	};
	static const char *const wrong[][2] = {
		{ "ppk = \"" PPK "\"", "ppk-id = \"TEXT\"" },
		{ "ppk-required = true", "ppk-id = \"TEXT\"" },
		{ "ppk-id = \"\" ppk = \"" PPK "\"", "1 to 64 octets" },
		{ "ppk-id = \"first\"", "names a key that is missing" },
		{ "ppk-id = \"first\" ppk = \"k\" ppk-file = \"ppk\"",
		  "are both given" },
		{ "ppk-id = \"first\" ppk-file = \"absent\"",
		  "cannot read" },
		{ "ppk-id = \"first\" ppk = \"\"", "1 to 128 would be" },
	};
	char err[CONF_MAX_ERROR], options[200];
	struct conf *c;
	size_t i;

	(void)state;
	write_text("ppk", PPK "\n");
	for (i = 0; i < 2; i++) {
		if (load(texts[i], &c, err, sizeof(err)))
			fail_msg("%s", err);
		assert_int_equal(c->conn[0].ike.ppk_id_len, 5);
		assert_memory_equal(c->conn[0].ike.ppk_id, "first", 5);
		assert_int_equal(c->conn[0].ike.ppk_required, i);
		assert_int_equal(c->conn[0].ppk_len, sizeof(PPK) - 1);
		assert_memory_equal(c->conn[0].ppk, PPK, sizeof(PPK) - 1);
		conf_free(c);
	}
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(options, sizeof(options), "psk = \"k\" %s",
			 wrong[i][0]);
		assert_int_not_equal(load(options, &c, err, sizeof(err)), 0);
		if (!strstr(err, wrong[i][1]))
			fail_msg("%s", err);
	}
}

/*
 * In the place of the parser's own: does it hold keys when it is freed? A
 * section of a section is freed through it as well.
 */
static unsigned int wiped, freed;

int cfg_free(cfg_t *cfg)
{
	int (*real)(cfg_t *) = (int (*)(cfg_t *))dlsym(RTLD_NEXT, "cfg_free");
	static const char *const keys[] = { "psk", "ppk" };

	for (int i = 0; i < 2 && !strcmp(cfg->name, "connection"); i++) {
		if (!cfg_size(cfg, keys[i]))
			continue;
		freed++;
		wiped += !*cfg_getstr(cfg, keys[i]);
	}
	return real(cfg);
}

/* How often the log says a word while a configuration is loaded. */
static unsigned int said(const char *options, mode_t mode, const char *word)
{
	char text[4000], path[200], err[CONF_MAX_ERROR];
	int log, old = dup(STDERR_FILENO);
	unsigned int n = 0;
	struct conf *c;
	ssize_t len;

	snprintf(path, sizeof(path), "%s/conf", folder);
	assert_int_equal(load(options, &c, err, sizeof(err)), 0);
	conf_free(c);
	assert_int_equal(chmod(path, mode), 0);
	snprintf(text, sizeof(text), "%s/log", folder);
	log = open(text, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(log >= 0 && dup2(log, STDERR_FILENO) >= 0);
	assert_int_equal(conf_load(path, &c, err, sizeof(err)), 0);
	dup2(old, STDERR_FILENO);
	close(old);
	conf_free(c);
	len = pread(log, text, sizeof(text) - 1, 0);
	close(log);
	assert_true(len >= 0);
	text[len] = '\0';
	for (char *at = text; (at = strstr(at, word)); at++)
		n++;
	return n;
}

/* A key is a key, whatever it is for. */
static void inline_keys(void **state)
{
	static const char *const options[] = {
		"psk = \"k\"",
		"psk-file = \"ppk\" ppk-id = \"first\" ppk = \"" PPK "\"",
		"psk = \"k\" ppk-id = \"first\" ppk = \"" PPK "\"",
		"psk-file = \"ppk\"",
	};

	(void)state;
	write_text("ppk", PPK "\n");
	for (int i = 0; i < 4; i++) {
		assert_int_equal(said(options[i], 0644, "conf holds a key"),
				 i < 3);
		assert_int_equal(said(options[i], 0600, "conf holds a key"),
				 0);
	}
	assert_true(freed > 0);
	assert_int_equal(wiped, freed);
}

/* Once at each load is enough. */
static void warnings(void **state)
{
	char path[200];

	(void)state;
	write_text("ppk", PPK "\n");
	snprintf(path, sizeof(path), "%s/ppk", folder);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(said("psk-file = \"ppk\"", 0600,
			      "others than its owner"), 1);
	assert_int_equal(said("psk = \"k\" ppk-id = \"first\""
			      " ppk = \"short\"", 0600, "is shorter than"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(ocsp),
		cmocka_unit_test(bad),
		cmocka_unit_test(other_name),
		cmocka_unit_test(ppk),
		cmocka_unit_test(inline_keys),
		cmocka_unit_test(warnings),
	};

	return cmocka_run_group_tests(tests, set_up, clean_up);
}
