// SPDX-License-Identifier: GPL-2.0
/* What OCSP responders say of certificates, and whom of them to believe. */
#include "test_wire.h"

#include <errno.h>
#include <openssl/ocsp.h>
#include <stdio.h>

#include "crypto/cert.h"
#include "crypto/sig.h"
#include "pki.h"
#include "wire/cert.h"

#define URI "http://ocsp.example/of/all"
#define INFO "OCSP;URI:"

static const struct wire_span octets = { (const uint8_t *)"octets", 6 };

/* Root, its delegate; between, its delegate; the peer, another root */
static EVP_PKEY *root_key, *between_key, *key, *helper_key, *other_key;
static EVP_PKEY *rsa_key;
static X509 *root, *between, *leaf, *silent, *helper, *unfit, *stranger;
static X509 *rsa_helper;

static int make_family(void **state)
{
	const struct pki_want w_root = { .subject = "root", .ca = true };
	const struct pki_want w_between = { .subject = "between", .ca = true };
	const struct pki_want w_leaf = {
		.subject = "mobile", .san = "DNS:mobile.example",
		.info = INFO "https://no.example," INFO "http://leaf.example",
	};
	const struct pki_want w_silent = { .subject = "silent",
					   .san = "DNS:mobile.example" };
	const struct pki_want w_helper = { .subject = "helper",
					   .extended = "OCSPSigning" };
	const struct pki_want w_unfit = { .subject = "unfit" };

	(void)state;
	root_key = pki_key("P-256");
	between_key = pki_key("P-256");
	key = pki_key("P-256");
	helper_key = pki_key("P-256");
	other_key = pki_key("P-256");
	rsa_key = pki_key("rsa");
	root = pki_cert(root_key, NULL, NULL, &w_root);
	between = pki_cert(between_key, root, root_key, &w_between);
	leaf = pki_cert(key, between, between_key, &w_leaf);
	silent = pki_cert(key, between, between_key, &w_silent);
	helper = pki_cert(helper_key, between, between_key, &w_helper);
	rsa_helper = pki_cert(rsa_key, between, between_key, &w_helper);
	unfit = pki_cert(other_key, between, between_key, &w_unfit);
	stranger = pki_cert(other_key, NULL, NULL, &w_helper);
	return 0;
}

static int free_family(void **state)
{
	X509 *certs[] = { root, between, leaf, silent, helper, unfit,
			  stranger, rsa_helper };
	EVP_PKEY *keys[] = { root_key, between_key, key, helper_key,
			     other_key, rsa_key };

	(void)state;
	for (size_t i = 0; i < sizeof(certs) / sizeof(certs[0]); i++)
		X509_free(certs[i]);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		EVP_PKEY_free(keys[i]);
	return 0;
}

/* The intermediate authority is trusted itself: one certificate is asked for. */
static struct crypto_trust *trust(enum crypto_ocsp_policy policy, X509 *ca,
				  const char *uri)
{
	struct crypto_trust *t = crypto_trust_new();
	struct wire_span der = pki_der(ca);

	assert_non_null(t);
	assert_int_equal(crypto_trust_add(t, CRYPTO_TRUST_CA, der), 0);
	assert_int_equal(crypto_trust_ocsp(t, policy, uri), 0);
	pki_free(der);
	return t;
}

static char err[200];

static int prove_with(const struct crypto_trust *t, X509 *cert, EVP_PKEY *with,
		      struct crypto_ocsp_ask *ask)
{
	struct wire_wr list = { 0 }, auth = { 0 };
	struct wire_cert c[] = {
		{ IKE_CERT_X509_SIGNATURE, pki_der(cert) },
		{ IKE_CERT_X509_SIGNATURE, pki_der(between) },
	};
	struct crypto_proof p = {
		.id_type = IKE_ID_FQDN, .octets = octets, .ask = ask,
		.id = { (const uint8_t *)"mobile.example", 14 },
	};
	int ret;

	for (int i = 0; i < 2; i++) {
		wire_cert_list_add(&list, &c[i]);
		pki_free(c[i].data);
	}
	p.certs = (struct wire_span){ list.data, list.len };
	assert_int_equal(crypto_sig_sign(with, true, CRYPTO_SIG_HASHES, octets,
					 &p.method, &auth), 0);
	p.auth = (struct wire_span){ auth.data, auth.len };
	ret = crypto_trust_verify(t, &p, err, sizeof(err));
	wire_wr_free(&list);
	wire_wr_free(&auth);
	return ret;
}

static int prove(const struct crypto_trust *t, struct crypto_ocsp_ask *ask)
{
	return prove_with(t, leaf, key, ask);
}

/* What is said of the first certificate that is asked for. */
static int said(const struct crypto_trust *t, const struct pki_answer *a)
{
	struct crypto_ocsp_ask ask = { 0 };
	struct wire_span der;
	int ret;

	assert_int_equal(prove(t, &ask), -EAGAIN);
	der = pki_answer((struct wire_span){ ask.request.data,
					     ask.request.len }, a);
	ask.answer = der;
	ret = prove(t, &ask);
	pki_free(der);
	crypto_ocsp_ask_end(&ask);
	return ret;
}

static struct pki_answer good(void)
{
	return (struct pki_answer){
		.status = V_OCSP_CERTSTATUS_GOOD, .from = -60, .to = 3600,
		.signer = between, .signer_key = between_key,
	};
}

/* ------------------------------------------------------------------ answers */

/* Each alone makes a good answer one that does not count. covers: K32 */
static void answers(void **state)
{
	const struct {
		struct pki_answer a;
		const char *why;
	} cases[] = {
		{ { .to = 3600 }, "" },
		{ { .to = 0 }, "" },
		{ { .to = 3600, .nonce = PKI_NONCE_NONE }, "" },
		{ { .to = 3600, .signer = helper,
		    .signer_key = helper_key }, "" },
		{ { .to = 3600, .signer = rsa_helper,
		    .signer_key = rsa_key, .pss = true }, "" },
		{ { .to = 3600, .status = V_OCSP_CERTSTATUS_REVOKED },
		  "revoked, says" },
		{ { .to = 3600, .status = V_OCSP_CERTSTATUS_UNKNOWN },
		  "does not know it" },
		{ { .to = 3600, .error = OCSP_RESPONSE_STATUS_TRYLATER },
		  "says that it cannot" },
		{ { .to = 3600, .nonce = PKI_NONCE_OTHER }, "another question" },
		{ { .to = 3600, .from = 1000 }, "out of date" },
		{ { .to = -400, .from = -4000 }, "out of date" },
		{ { .to = 0, .from = -4000 }, "out of date" },
		{ { .to = 3600, .about = silent, .issuer = between },
		  "about others" },
		{ { .to = 3600, .md = EVP_sha1() }, "weak hash" },
		{ { .to = 3600, .md = EVP_sha1(), .signer = rsa_helper,
		    .signer_key = rsa_key, .pss = true }, "weak hash" },
		/* Who is allowed nothing, or is of another family. */
		{ { .to = 3600, .signer = unfit, .signer_key = other_key },
		  "not signed by its issuer" },
		{ { .to = 3600, .signer = stranger, .signer_key = other_key },
		  "not signed by its issuer" },
		{ { .to = 3600, .signer = root, .signer_key = root_key },
		  "not signed by its issuer" },
		{ { .to = 3600, .signer = leaf, .signer_key = key },
		  "not signed by its issuer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct crypto_trust *t = trust(CRYPTO_OCSP_STRICT, between,
					       "");
		struct pki_answer a = cases[i].a;
		int ret;

		if (!a.signer) {
			a.signer = between;
			a.signer_key = between_key;
		}
		if (!a.from)
			a.from = -60;
		ret = said(t, &a);
		if (ret != (cases[i].why[0] ? -EACCES : 0) ||
		    !strstr(err, cases[i].why))
			fail_msg("case %zu: %d, %s", i, ret, err);
		if (!ret)
			assert_string_equal(err, "");
		crypto_trust_free(t);
	}
}

/* No octet of an answer can change without its being noticed. */
static void damaged(void **state)
{
	struct crypto_trust *t = trust(CRYPTO_OCSP_STRICT, between, "");
	struct crypto_ocsp_ask ask = { 0 };
	const struct pki_answer a = good();
	uint64_t seed = 0x6f637370;
	struct wire_span der;

	(void)state;
	assert_int_equal(prove(t, &ask), -EAGAIN);
	der = pki_answer((struct wire_span){ ask.request.data,
					     ask.request.len }, &a);
	for (size_t round = 0; round < 300; round++) {
		size_t len = round % 3 ? der.len : draw(&seed) % der.len;
		uint8_t *copy = exact(der.p, len);
		struct crypto_trust *fresh = trust(CRYPTO_OCSP_STRICT, between,
						   "");

		if (len == der.len)
			copy[draw(&seed) % len] ^=
				(uint8_t)(1 + draw(&seed) % 255);
		ask.answer = (struct wire_span){ copy, len };
		ask.asked = true;
		/* Certificates that go with it may be damaged: none is needed. */
		if (prove(fresh, &ask) == 0)
			assert_int_equal(len, der.len);
		crypto_trust_free(fresh);
		free(copy);
	}
	/* More than there may be. */
	ask.answer.p = calloc(1, CRYPTO_OCSP_ANSWER_MAX + 1);
	ask.answer.len = CRYPTO_OCSP_ANSWER_MAX + 1;
	ask.asked = true;
	assert_int_equal(prove(t, &ask), -EACCES);
	assert_non_null(strstr(err, "malformed"));
	free((void *)(uintptr_t)ask.answer.p);
	pki_free(der);
	crypto_ocsp_ask_end(&ask);
	crypto_trust_free(t);
}

/* ----------------------------------------------------------------- policies */

static void policies(void **state)
{
	static const struct {
		enum crypto_ocsp_policy policy;
		int no_answer, unknown, no_uri;
	} cases[] = {
		{ CRYPTO_OCSP_RELAXED, 0, 0, 0 },
		{ CRYPTO_OCSP_IF_URI, -EACCES, -EACCES, 0 },
		{ CRYPTO_OCSP_STRICT, -EACCES, -EACCES, -EACCES },
	};
	struct pki_answer a = good();

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct crypto_ocsp_ask ask = { 0 };
		struct crypto_trust *t = trust(cases[i].policy, between, "");

		assert_int_equal(prove(t, &ask), -EAGAIN);
		assert_int_equal(prove(t, &ask), cases[i].no_answer);
		assert_non_null(strstr(err, "does not answer"));
		/* For a moment it is not asked again. */
		assert_int_equal(prove(t, &ask), cases[i].no_answer);
		assert_int_equal(prove_with(t, silent, key, &ask),
				 cases[i].no_uri);
		crypto_ocsp_ask_end(&ask);
		crypto_trust_free(t);

		t = trust(cases[i].policy, between, "");
		assert_int_equal(prove(t, NULL), cases[i].no_answer);
		a.status = V_OCSP_CERTSTATUS_UNKNOWN;
		assert_int_equal(said(t, &a), cases[i].unknown);
		crypto_trust_free(t);
		t = trust(cases[i].policy, between, "");
		a.status = V_OCSP_CERTSTATUS_REVOKED;
		assert_int_equal(said(t, &a), -EACCES);
		crypto_trust_free(t);
	}
}

static void off(void **state)
{
	struct crypto_trust *t = trust(CRYPTO_OCSP_STRICT, between, URI);
	struct crypto_ocsp_ask ask = { 0 };

	(void)state;
	assert_int_equal(crypto_trust_ocsp(t, CRYPTO_OCSP_OFF, ""), 0);
	assert_int_equal(prove(t, &ask), 0);
	assert_false(ask.asked);
	crypto_trust_free(t);
}

/* Every certificate but the anchor, of its own responder or of that of all. */
static void whole_chain(void **state)
{
	struct crypto_trust *t = trust(CRYPTO_OCSP_STRICT, root, URI);
	struct crypto_ocsp_ask ask = { 0 };
	struct pki_answer a = good();

	(void)state;
	assert_int_equal(prove(t, &ask), -EAGAIN);
	for (int i = 0; i < 2; i++) {
		struct wire_span request, der;

		assert_true(ask.asked);
		assert_string_equal(ask.uri, URI);
		request = (struct wire_span){ ask.request.data,
					      ask.request.len };
		a.signer = i ? root : between;
		a.signer_key = i ? root_key : between_key;
		der = pki_answer(request, &a);
		ask.answer = der;
		/* The second time it has gone on to the next one. */
		assert_int_equal(prove(t, &ask), i ? 0 : -EAGAIN);
		pki_free(der);
	}
	/* All is known now, to who comes next as well. */
	assert_int_equal(prove(t, &ask), 0);
	assert_false(ask.asked);
	assert_int_equal(prove(t, NULL), 0);
	crypto_ocsp_ask_end(&ask);
	crypto_trust_free(t);
}

/* Who has no key to a certificate has nobody asked for it. */
static void proof_first(void **state)
{
	struct crypto_trust *t = trust(CRYPTO_OCSP_STRICT, between, "");
	struct crypto_ocsp_ask ask = { 0 };

	(void)state;
	assert_int_equal(prove_with(t, leaf, other_key, &ask), -EBADMSG);
	assert_false(ask.asked);
	assert_int_equal(prove(t, &ask), -EAGAIN);
	/* The first that can be asked. */
	assert_string_equal(ask.uri, "http://leaf.example");
	crypto_ocsp_ask_end(&ask);
	crypto_trust_free(t);
}

/* The answer to a question about one certificate says nothing of others. */
static void other_question(void **state)
{
	struct crypto_trust *t = trust(CRYPTO_OCSP_STRICT, between, URI);
	struct crypto_ocsp_ask ask = { 0 };
	const struct pki_answer a = good();
	struct wire_span der;

	(void)state;
	assert_int_equal(prove(t, &ask), -EAGAIN);
	der = pki_answer((struct wire_span){ ask.request.data,
					     ask.request.len }, &a);
	ask.answer = der;
	assert_int_equal(prove_with(t, silent, key, &ask), -EAGAIN);
	ask.answer = der;
	assert_int_equal(prove_with(t, silent, key, &ask), -EACCES);
	pki_free(der);
	crypto_ocsp_ask_end(&ask);
	crypto_trust_free(t);
}

static void trust_list(struct crypto_trust *t, X509 *revoked)
{
	X509_CRL *crl = pki_crl(between, between_key, revoked);
	struct wire_span der = pki_crl_der(crl);

	assert_int_equal(crypto_trust_add(t, CRYPTO_TRUST_CRL, der), 0);
	pki_free(der);
	X509_CRL_free(crl);
}

/* Lists count for who answers too, but not for the authority that is trusted. */
static void lists(void **state)
{
	const struct pki_answer own = { .to = 60, .signer = between,
					.signer_key = between_key };
	const struct pki_answer by_helper = { .to = 60, .signer = helper,
					      .signer_key = helper_key };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct crypto_trust *t = trust(CRYPTO_OCSP_STRICT, between, "");

		trust_list(t, i & 1 ? helper : NULL);
		assert_int_equal(said(t, i & 2 ? &by_helper : &own),
				 i == 3 ? -EACCES : 0);
		crypto_trust_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(damaged),
		cmocka_unit_test(policies),
		cmocka_unit_test(off),
		cmocka_unit_test(whole_chain),
		cmocka_unit_test(proof_first),
		cmocka_unit_test(other_question),
		cmocka_unit_test(lists),
	};

	return cmocka_run_group_tests(tests, make_family, free_family);
}
