// SPDX-License-Identifier: GPL-2.0
/* Certificates: what they name, what they are for, and whom to believe. */
#include "test_wire.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "crypto/cert.h"
#include "crypto/dn.h"
#include "crypto/sig.h"
#include "pki.h"
#include "wire/cert.h"

static const uint8_t message[] = "octets that are to be signed";
static const struct wire_span octets = { message, sizeof(message) - 1 };

static struct wire_span text(const char *s)
{
	return (struct wire_span){ (const uint8_t *)s, strlen(s) };
}

/* ---------------------------------------------------- distinguished names */

static void test_dn(void **state)
{
	static const char *const good[] = {
		"CN=mobile", "O=Test, CN=mobile", "C=DE, O=A\\, B, CN=x y z",
		"emailAddress=me@example.org, CN=me",
	};
	static const char *const bad[] = {
		"", "CN", "CN=", "=x", "nothing=x", "CN=a, O", ", CN=a",
	};
	uint8_t der[255], again[255];
	size_t len, other;
	char name[300];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		len = crypto_dn_parse(good[i], der, sizeof(der));
		assert_int_not_equal(len, 0);
		assert_true(crypto_dn_text((struct wire_span){ der, len }, name,
					   sizeof(name)));
		assert_string_equal(name, good[i]);
		other = crypto_dn_parse(name, again, sizeof(again));
		assert_int_equal(len, other);
		assert_memory_equal(der, again, len);
		assert_int_equal(crypto_dn_parse(good[i], der, len - 1), 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(crypto_dn_parse(bad[i], der, sizeof(der)), 0);
	len = crypto_dn_parse("O=Test, CN=Mobile", der, sizeof(der));
	other = crypto_dn_parse("O=TEST, CN=mobile", again, sizeof(again));
	assert_true(crypto_dn_equal((struct wire_span){ der, len },
				    (struct wire_span){ again, other }));
	other = crypto_dn_parse("CN=mobile, O=TEST", again, sizeof(again));
	assert_false(crypto_dn_equal((struct wire_span){ der, len },
				     (struct wire_span){ again, other }));
	for (size_t n = 0; n < len; n++) {
		uint8_t *cut = exact(der, n);

		assert_false(crypto_dn_text((struct wire_span){ cut, n }, name,
					    sizeof(name)));
		assert_false(crypto_dn_equal((struct wire_span){ cut, n },
					     (struct wire_span){ cut, n }));
		free(cut);
	}
}

/* A name from anywhere writes nothing but printable ASCII. */
static void test_dn_hostile(void **state)
{
	uint8_t der[255];
	uint64_t seed = 0x6d6f62780002;
	char name[100];
	size_t len;

	(void)state;
	len = crypto_dn_parse("O=Test, CN=a long common name", der,
			      sizeof(der));
	for (int round = 0; round < 20000; round++) {
		uint8_t *copy = exact(der, len);

		for (int i = 0; i < 3; i++)
			copy[draw(&seed) % len] = (uint8_t)draw(&seed);
		if (crypto_dn_text((struct wire_span){ copy, len }, name,
				   1 + draw(&seed) % sizeof(name)))
			for (char *p = name; *p; p++)
				assert_in_range((uint8_t)*p, ' ', '~');
		crypto_dn_equal((struct wire_span){ copy, len },
				(struct wire_span){ der, len });
		free(copy);
	}
}

/* -------------------------------------------------------------- identities */

static bool names(X509 *cert, uint8_t type, const char *id)
{
	return crypto_cert_has_id(cert, type, text(id));
}

/* covers: K32 */
static void test_identities(void **state)
{
	const struct pki_want want = {
		.subject = "subject.example",
		.san = "DNS:Mobile.example,DNS:*.wild.example,"
		       "email:Me@Example.org,IP:192.0.2.1,IP:2001:db8::1",
	};
	EVP_PKEY *key = pki_key("P-256");
	X509 *cert = pki_cert(key, NULL, NULL, &want);
	static const uint8_t six[16] = { 0x20, 1, 0x0d, 0xb8, [15] = 1 };
	uint8_t dn[100];
	char buf[200];
	size_t len;

	(void)state;
	assert_true(names(cert, IKE_ID_FQDN, "mobile.example"));
	assert_false(names(cert, IKE_ID_FQDN, "mobile.example.org"));
	assert_false(names(cert, IKE_ID_FQDN, "obile.example"));
	/* The common name is no domain name, and a wildcard names itself. */
	assert_false(names(cert, IKE_ID_FQDN, "subject.example"));
	assert_false(names(cert, IKE_ID_FQDN, "a.wild.example"));
	assert_false(names(cert, IKE_ID_FQDN, ""));
	assert_true(names(cert, IKE_ID_RFC822_ADDR, "Me@example.ORG"));
	assert_false(names(cert, IKE_ID_RFC822_ADDR, "me@example.org"));
	assert_false(names(cert, IKE_ID_FQDN, "Me@Example.org"));
	assert_true(crypto_cert_has_id(cert, IKE_ID_IPV4_ADDR,
				       (struct wire_span){
				       (const uint8_t *)"\xc0\0\2\1", 4 }));
	assert_true(crypto_cert_has_id(cert, IKE_ID_IPV6_ADDR,
				       (struct wire_span){ six, 16 }));
	assert_false(crypto_cert_has_id(cert, IKE_ID_IPV6_ADDR,
					(struct wire_span){ six, 15 }));
	len = crypto_dn_parse("O=Test, CN=SUBJECT.example", dn, sizeof(dn));
	assert_true(crypto_cert_has_id(cert, IKE_ID_DER_ASN1_DN,
				       (struct wire_span){ dn, len }));
	len = crypto_dn_parse("CN=subject.example", dn, sizeof(dn));
	assert_false(crypto_cert_has_id(cert, IKE_ID_DER_ASN1_DN,
					(struct wire_span){ dn, len }));
	assert_false(names(cert, IKE_ID_KEY_ID, "mobile.example"));
	assert_false(names(cert, 99, "mobile.example"));
	crypto_cert_names(cert, buf, sizeof(buf));
	assert_string_equal(buf, "Mobile.example, *.wild.example,"
			    " Me@Example.org, 192.0.2.1, 2001:db8::1,"
			    " O=Test, CN=subject.example");
	for (size_t n = 1; n < sizeof(buf); n++) {
		crypto_cert_names(cert, buf, n);
		assert_true(strlen(buf) < n);
	}
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* A zero octet does not end a name that a peer claims. */
static void test_zero_in_name(void **state)
{
	const struct pki_want want = { .subject = "x",
				       .san = "DNS:mobile.example" };
	static const uint8_t id[] = "mobile.example\0.evil.example";
	EVP_PKEY *key = pki_key("P-256");
	X509 *cert = pki_cert(key, NULL, NULL, &want);

	(void)state;
	assert_false(crypto_cert_has_id(cert, IKE_ID_FQDN,
					(struct wire_span){ id,
					sizeof(id) - 1 }));
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void test_usages(void **state)
{
	static const struct {
		const char *usage;
		const char *extended;
		bool ok;
	} cases[] = {
		{ NULL, NULL, true },
		{ "digitalSignature", NULL, true },
		{ "nonRepudiation", NULL, true },
		{ "keyEncipherment", NULL, false },
		{ "keyCertSign", NULL, false },
		{ "digitalSignature,keyEncipherment", "ipsecIKE", true },
		{ NULL, "anyExtendedKeyUsage", true },
		{ NULL, "serverAuth,codeSigning", true },
		{ NULL, "1.3.6.1.5.5.8.2.2", true },
		{ NULL, "codeSigning", false },
		{ "digitalSignature", "emailProtection,timeStamping", false },
		{ "keyEncipherment", "ipsecIKE", false },
	};
	EVP_PKEY *key = pki_key("P-256");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct pki_want want = {
			.subject = "x", .usage = cases[i].usage,
			.extended = cases[i].extended,
		};
		X509 *cert = pki_cert(key, NULL, NULL, &want);

		assert_int_equal(crypto_cert_for_ike(cert), cases[i].ok);
		X509_free(cert);
	}
	EVP_PKEY_free(key);
}

/* ------------------------------------------------------------------- trust */

/* root, authority between, the peer's certificate, another root */
struct family {
	EVP_PKEY *root_key, *between_key, *key, *other_key;
	X509 *root, *between, *leaf, *other;
};

static struct family family(void)
{
	const struct pki_want root = { .subject = "root", .ca = true };
	const struct pki_want between = { .subject = "between", .ca = true };
	const struct pki_want other = { .subject = "other", .ca = true };
	const struct pki_want leaf = { .subject = "mobile",
				       .san = "DNS:mobile.example",
				       .usage = "digitalSignature" };
	struct family f = {
		pki_key("P-256"), pki_key("P-256"), pki_key("P-256"),
		pki_key("P-256"), NULL, NULL, NULL, NULL
	};

	f.root = pki_cert(f.root_key, NULL, NULL, &root);
	f.between = pki_cert(f.between_key, f.root, f.root_key, &between);
	f.leaf = pki_cert(f.key, f.between, f.between_key, &leaf);
	f.other = pki_cert(f.other_key, NULL, NULL, &other);
	return f;
}

static void family_free(struct family *f)
{
	EVP_PKEY_free(f->root_key);
	EVP_PKEY_free(f->between_key);
	EVP_PKEY_free(f->key);
	EVP_PKEY_free(f->other_key);
	X509_free(f->root);
	X509_free(f->between);
	X509_free(f->leaf);
	X509_free(f->other);
}

static void trust_cert(struct crypto_trust *t, enum crypto_trust_item item,
		       X509 *cert)
{
	struct wire_span der = pki_der(cert);

	assert_int_equal(crypto_trust_add(t, item, der), 0);
	pki_free(der);
}

static void list_cert(struct wire_wr *list, X509 *cert)
{
	struct wire_cert c = { IKE_CERT_X509_SIGNATURE, pki_der(cert) };

	wire_cert_list_add(list, &c);
	pki_free(c.data);
}

/* The proof of who has @key and shows @list; the reason of a refusal. */
static int prove(const struct crypto_trust *t, EVP_PKEY *key, const char *id,
		 const struct wire_wr *list, char *err, size_t errlen)
{
	struct wire_wr auth = { 0 };
	struct crypto_proof p = {
		.id_type = IKE_ID_FQDN, .id = text(id), .octets = octets,
		.certs = { list->data, list->len },
	};
	int ret;

	assert_int_equal(crypto_sig_sign(key, true, CRYPTO_SIG_HASHES, octets,
					 &p.method, &auth), 0);
	p.auth = (struct wire_span){ auth.data, auth.len };
	ret = crypto_trust_verify(t, &p, err, errlen);
	wire_wr_free(&auth);
	return ret;
}

/* covers: K32 K36 */
static void test_chain(void **state)
{
	struct family f = family();
	struct crypto_trust *t = crypto_trust_new();
	struct wire_wr whole = { 0 }, part = { 0 }, wrong = { 0 };
	char err[200];

	(void)state;
	list_cert(&whole, f.leaf);
	list_cert(&whole, f.between);
	list_cert(&part, f.leaf);
	list_cert(&wrong, f.between);
	list_cert(&wrong, f.leaf);
	/* Nothing is trusted yet. */
	assert_int_equal(prove(t, f.key, "mobile.example", &whole, err,
			       sizeof(err)), -EACCES);
	trust_cert(t, CRYPTO_TRUST_CA, f.other);
	assert_int_equal(prove(t, f.key, "mobile.example", &whole, err,
			       sizeof(err)), -EACCES);
	assert_non_null(strstr(err, "issuer"));
	trust_cert(t, CRYPTO_TRUST_CA, f.root);
	assert_int_equal(prove(t, f.key, "mobile.example", &whole, err,
			       sizeof(err)), 0);
	/* The link that is missing, the order that is wrong. */
	assert_int_equal(prove(t, f.key, "mobile.example", &part, err,
			       sizeof(err)), -EACCES);
	assert_int_equal(prove(t, f.key, "mobile.example", &wrong, err,
			       sizeof(err)), -EACCES);
	/* Another name; a key that is not the certificate's. */
	assert_int_equal(prove(t, f.key, "server.example", &whole, err,
			       sizeof(err)), -EACCES);
	assert_non_null(strstr(err, "it names mobile.example"));
	assert_int_equal(prove(t, f.other_key, "mobile.example", &whole, err,
			       sizeof(err)), -EBADMSG);
	assert_non_null(strstr(err, "does not match"));
	wire_wr_free(&whole);
	wire_wr_free(&part);
	wire_wr_free(&wrong);
	crypto_trust_free(t);
	family_free(&f);
}

/* Who is no authority signs nobody's certificate, not even a friend's. */
static void test_no_authority(void **state)
{
	const struct pki_want want = { .subject = "evil",
				       .san = "DNS:server.example" };
	struct family f = family();
	struct crypto_trust *t = crypto_trust_new();
	X509 *evil = pki_cert(f.other_key, f.leaf, f.key, &want);
	struct wire_wr list = { 0 };
	char err[200];

	(void)state;
	trust_cert(t, CRYPTO_TRUST_CA, f.root);
	list_cert(&list, evil);
	list_cert(&list, f.leaf);
	list_cert(&list, f.between);
	assert_int_equal(prove(t, f.other_key, "server.example", &list, err,
			       sizeof(err)), -EACCES);
	wire_wr_free(&list);
	X509_free(evil);
	crypto_trust_free(t);
	family_free(&f);
}

static void test_times_and_uses(void **state)
{
	static const struct {
		struct pki_want want;
		const char *text;
	} cases[] = {
		{ { .subject = "a", .san = "DNS:mobile.example",
		    .from = 3600 }, "not yet valid" },
		{ { .subject = "b", .san = "DNS:mobile.example", .days = -1,
		    .from = -200000 }, "expired" },
		{ { .subject = "c", .san = "DNS:mobile.example",
		    .extended = "codeSigning" }, "another use" },
		{ { .subject = "d", .san = "DNS:mobile.example",
		    .usage = "keyEncipherment" }, "another use" },
		{ { .subject = "mobile.example" }, "does not name" },
	};
	struct family f = family();
	struct crypto_trust *t = crypto_trust_new();
	char err[200];

	(void)state;
	trust_cert(t, CRYPTO_TRUST_CA, f.root);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		X509 *cert = pki_cert(f.key, f.root, f.root_key,
				      &cases[i].want);
		struct wire_wr list = { 0 };

		list_cert(&list, cert);
		assert_int_equal(prove(t, f.key, "mobile.example", &list, err,
				       sizeof(err)), -EACCES);
		assert_non_null(strstr(err, cases[i].text));
		wire_wr_free(&list);
		X509_free(cert);
	}
	crypto_trust_free(t);
	family_free(&f);
}

/* An authority's list as @what says, see test_revoked_below() */
static void trust_list(struct crypto_trust *t, X509 *issuer, EVP_PKEY *key,
		       X509 *cert, char what)
{
	X509_CRL *crl = what == 'o' ? pki_crl_old(issuer, key) :
			what == 'u' ? pki_crl_users(issuer, key) :
				      pki_crl(issuer, key,
					      what == 'r' ? cert : NULL);
	struct wire_span der = pki_crl_der(crl);

	if (what != 'n')
		assert_int_equal(crypto_trust_add(t, CRYPTO_TRUST_CRL, der), 0);
	pki_free(der);
	X509_CRL_free(crl);
}

/* With a list of what is revoked everybody needs one that is current. */
static void test_revoked(void **state)
{
	struct family f = family();
	struct wire_wr list = { 0 };
	char err[200];

	(void)state;
	list_cert(&list, f.leaf);
	list_cert(&list, f.between);
	for (int what = 0; what < 4; what++) {
		struct crypto_trust *t = crypto_trust_new();
		X509_CRL *upper = pki_crl(f.root, f.root_key,
					  what == 1 ? f.between : NULL);
		X509_CRL *lower = pki_crl(f.between, f.between_key,
					  what == 2 ? f.leaf : NULL);
		struct wire_span u = pki_crl_der(upper);
		struct wire_span l = pki_crl_der(lower);

		trust_cert(t, CRYPTO_TRUST_CA, f.root);
		assert_int_equal(crypto_trust_add(t, CRYPTO_TRUST_CRL, u), 0);
		if (what != 3)
			assert_int_equal(crypto_trust_add(t, CRYPTO_TRUST_CRL,
							  l), 0);
		assert_int_equal(prove(t, f.key, "mobile.example", &list, err,
				       sizeof(err)), what ? -EACCES : 0);
		if (what)
			assert_non_null(strstr(err, what == 3 ? "get cert" :
					       "revoked"));
		pki_free(u);
		pki_free(l);
		X509_CRL_free(upper);
		X509_CRL_free(lower);
		crypto_trust_free(t);
	}
	wire_wr_free(&list);
	family_free(&f);
}

/*
 * An authority that is no root is trusted as it stands: nobody has a list about
 * it that it has signed itself. What is below it needs one as ever.
 */
static void test_revoked_below(void **state)
{
	static const struct {
		bool root;
		bool between;
		/*
		 * Lists: n none, g good, u good and not about authorities,
		 * r revokes, o out of date
		 */
		char upper;
		char lower;
		const char *text;
	} cases[] = {
		{ false, true, 'n', 'g', NULL },
		{ false, true, 'g', 'g', NULL },
		{ false, true, 'o', 'g', NULL },
		{ true, true, 'n', 'g', NULL },
		{ true, true, 'g', 'g', NULL },
		{ true, false, 'g', 'g', NULL },
		{ false, true, 'n', 'u', NULL },
		{ true, true, 'u', 'g', NULL },
		{ true, false, 'g', 'u', NULL },
		{ true, false, 'u', 'g', "CRL scope (at depth 1)" },
		{ false, true, 'g', 'r', "revoked (at depth 0)" },
		{ true, true, 'g', 'r', "revoked (at depth 0)" },
		{ false, true, 'g', 'n', "get certificate CRL (at depth 0)" },
		{ false, true, 'g', 'o', "expired (at depth 0)" },
		{ true, true, 'g', 'n', "get certificate CRL (at depth 0)" },
		{ false, true, 'r', 'g', "revoked (at depth 1)" },
		{ true, true, 'r', 'g', "revoked (at depth 1)" },
		{ true, false, 'r', 'g', "revoked (at depth 1)" },
		{ true, false, 'n', 'g', "get certificate CRL (at depth 1)" },
		{ true, false, 'o', 'g', "expired (at depth 1)" },
	};
	struct family f = family();
	struct wire_wr list = { 0 };
	char err[200];

	(void)state;
	list_cert(&list, f.leaf);
	list_cert(&list, f.between);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct crypto_trust *t = crypto_trust_new();

		if (cases[i].root)
			trust_cert(t, CRYPTO_TRUST_CA, f.root);
		if (cases[i].between)
			trust_cert(t, CRYPTO_TRUST_CA, f.between);
		trust_list(t, f.root, f.root_key, f.between, cases[i].upper);
		trust_list(t, f.between, f.between_key, f.leaf, cases[i].lower);
		err[0] = '\0';
		if (prove(t, f.key, "mobile.example", &list, err,
			  sizeof(err)) != (cases[i].text ? -EACCES : 0) ||
		    (cases[i].text && !strstr(err, cases[i].text)))
			fail_msg("case %zu: %s", i, err);
		crypto_trust_free(t);
	}
	wire_wr_free(&list);
	family_free(&f);
}

/* The peer's own certificate or key, shown or not. */
static void test_pinned(void **state)
{
	struct family f = family();
	struct crypto_trust *cert = crypto_trust_new();
	struct crypto_trust *key = crypto_trust_new();
	struct wire_wr none = { 0 }, shown = { 0 }, other = { 0 }, raw = { 0 };
	struct wire_wr other_raw = { 0 };
	struct wire_cert c = { IKE_CERT_RAW_PUBLIC_KEY, { NULL, 0 } };
	char err[200];

	(void)state;
	list_cert(&shown, f.leaf);
	list_cert(&other, f.other);
	c.data = pki_key_der(f.key, false);
	wire_cert_list_add(&raw, &c);
	assert_int_equal(crypto_trust_add(key, CRYPTO_TRUST_KEY, c.data), 0);
	pki_free(c.data);
	c.data = pki_key_der(f.other_key, false);
	wire_cert_list_add(&other_raw, &c);
	pki_free(c.data);
	trust_cert(cert, CRYPTO_TRUST_CERT, f.leaf);
	assert_int_equal(prove(cert, f.key, "any", &shown, err, 200), 0);
	assert_int_equal(prove(cert, f.key, "any", &none, err, 200), 0);
	assert_int_equal(prove(cert, f.other_key, "any", &shown, err, 200),
			 -EBADMSG);
	assert_int_equal(prove(cert, f.other_key, "any", &none, err, 200),
			 -EBADMSG);
	assert_int_equal(prove(cert, f.other_key, "any", &other, err, 200),
			 -EACCES);
	assert_int_equal(prove(key, f.key, "any", &raw, err, 200), 0);
	assert_int_equal(prove(key, f.key, "any", &none, err, 200), 0);
	assert_int_equal(prove(key, f.other_key, "any", &other_raw, err, 200),
			 -EACCES);
	assert_int_equal(prove(key, f.other_key, "any", &none, err, 200),
			 -EBADMSG);
	assert_int_equal(prove(key, f.other_key, "any", &other, err, 200),
			 -EACCES);
	wire_wr_free(&shown);
	wire_wr_free(&other);
	wire_wr_free(&raw);
	wire_wr_free(&other_raw);
	crypto_trust_free(cert);
	crypto_trust_free(key);
	family_free(&f);
}

/* Lists and certificates that are broken: refused, whatever they are. */
static void test_broken(void **state)
{
	struct family f = family();
	struct crypto_trust *t = crypto_trust_new();
	struct wire_wr list = { 0 }, many = { 0 };
	uint64_t seed = 0x6d6f62780003;
	char err[200];

	(void)state;
	trust_cert(t, CRYPTO_TRUST_CA, f.root);
	list_cert(&list, f.leaf);
	list_cert(&list, f.between);
	for (int i = 0; i < 9; i++)
		list_cert(&many, f.leaf);
	assert_int_equal(prove(t, f.key, "mobile.example", &many, err, 200),
			 -EACCES);
	for (int round = 0; round < 2000; round++) {
		struct wire_wr copy = { 0 };
		uint8_t *at;

		wire_wr_bytes(&copy, list.data, list.len - draw(&seed) % 9);
		at = copy.data + draw(&seed) % copy.len;
		*at ^= (uint8_t)(1 << draw(&seed) % 8);
		prove(t, f.key, "mobile.example", &copy, err, sizeof(err));
		wire_wr_free(&copy);
	}
	wire_wr_free(&list);
	wire_wr_free(&many);
	assert_int_equal(crypto_trust_add(t, CRYPTO_TRUST_CA, octets), -EINVAL);
	assert_int_equal(crypto_trust_add(t, CRYPTO_TRUST_CERT, octets),
			 -EINVAL);
	assert_int_equal(crypto_trust_add(t, CRYPTO_TRUST_KEY, octets),
			 -EINVAL);
	assert_int_equal(crypto_trust_add(t, CRYPTO_TRUST_CRL, octets),
			 -EINVAL);
	crypto_trust_free(t);
	family_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dn),
		cmocka_unit_test(test_dn_hostile),
		cmocka_unit_test(test_identities),
		cmocka_unit_test(test_zero_in_name),
		cmocka_unit_test(test_usages),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_no_authority),
		cmocka_unit_test(test_times_and_uses),
		cmocka_unit_test(test_revoked),
		cmocka_unit_test(test_revoked_below),
		cmocka_unit_test(test_pinned),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
