// SPDX-License-Identifier: GPL-2.0
/* Signatures of AUTH: every kind of key, every method, and forgeries. */
#include "test_wire.h"

#include <errno.h>
#include <stdbool.h>
#include <openssl/rsa.h>

#include "crypto/sig.h"
#include "crypto/sig_alg.h"
#include "pki.h"

#define ALL CRYPTO_SIG_HASHES

static const uint8_t message[] = "octets that are to be signed";
static const struct wire_span octets = { message, sizeof(message) - 1 };

static struct wire_span written(const struct wire_wr *wr)
{
	return (struct wire_span){ wr->data, wr->len };
}

/* What comes out is what goes in, and nothing that differs in a bit. */
static void round_trip(EVP_PKEY *key, bool pss, unsigned int hashes,
		       uint8_t want)
{
	struct wire_wr out = { 0 };
	uint8_t method = 0, other[sizeof(message)];
	struct wire_span s = { other, sizeof(message) - 1 };

	assert_int_equal(crypto_sig_sign(key, pss, hashes, octets, &method,
					 &out), 0);
	assert_int_equal(method, want);
	assert_int_equal(crypto_sig_verify(key, method, octets, written(&out)),
			 0);
	for (size_t bit = 0; bit < out.len * 8; bit += 3) {
		uint8_t *copy = exact(out.data, out.len);

		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (!crypto_sig_verify(key, method, octets,
				       (struct wire_span){ copy, out.len }))
			fail_msg("bit %zu of %zu", bit, 8 * out.len);
		free(copy);
	}
	for (size_t len = 0; len < out.len; len += 7) {
		uint8_t *copy = exact(out.data, len);

		assert_int_not_equal(crypto_sig_verify(key, method, octets,
				     (struct wire_span){ copy, len }), 0);
		free(copy);
	}
	memcpy(other, message, sizeof(message));
	other[3] ^= 1;
	s.p = other;
	assert_int_equal(crypto_sig_verify(key, method, s, written(&out)),
			 -EBADMSG);
	wire_wr_free(&out);
}

/* covers: K30 */
static void test_rsa(void **state)
{
	EVP_PKEY *key = pki_key("rsa");

	(void)state;
	for (int h = IKE_HASH_SHA2_256; h <= IKE_HASH_SHA2_512; h++) {
		round_trip(key, true, 1u << h, IKE_AUTH_DIGITAL_SIG);
		round_trip(key, false, 1u << h, IKE_AUTH_DIGITAL_SIG);
	}
	round_trip(key, true, 0, IKE_AUTH_RSA_SIG);
	EVP_PKEY_free(key);
}

/* covers: K30 */
static void test_ecdsa(void **state)
{
	static const struct {
		const char *curve;
		uint8_t method;
	} kinds[] = {
		{ "P-256", IKE_AUTH_ECDSA_256 },
		{ "P-384", IKE_AUTH_ECDSA_384 },
		{ "P-521", IKE_AUTH_ECDSA_521 },
	};

	(void)state;
	for (int i = 0; i < 3; i++) {
		EVP_PKEY *key = pki_key(kinds[i].curve);

		round_trip(key, true, ALL, IKE_AUTH_DIGITAL_SIG);
		round_trip(key, true, 1u << IKE_HASH_SHA2_256,
			   IKE_AUTH_DIGITAL_SIG);
		round_trip(key, true, 0, kinds[i].method);
		EVP_PKEY_free(key);
	}
}

static void test_eddsa(void **state)
{
	static const char *const kinds[] = { "ed25519", "ed448" };
	struct wire_wr out = { 0 };
	uint8_t method;

	(void)state;
	for (int i = 0; i < 2; i++) {
		EVP_PKEY *key = pki_key(kinds[i]);

		round_trip(key, true, ALL, IKE_AUTH_DIGITAL_SIG);
		/* There is no other way to sign with it. */
		assert_int_equal(crypto_sig_sign(key, true, 0, octets, &method,
						 &out), -ENOTSUP);
		assert_int_equal(crypto_sig_sign(key, true, 1u <<
						 IKE_HASH_SHA2_256, octets,
						 &method, &out), -ENOTSUP);
		wire_wr_free(&out);
		EVP_PKEY_free(key);
	}
}

/* A signature says nothing about keys of another kind. */
static void test_wrong_kind(void **state)
{
	static const char *const kinds[] = { "rsa", "P-256", "P-384",
					     "ed25519" };
	static const uint8_t methods[] = {
		IKE_AUTH_RSA_SIG, IKE_AUTH_ECDSA_256, IKE_AUTH_ECDSA_384,
		IKE_AUTH_ECDSA_521, IKE_AUTH_DIGITAL_SIG, IKE_AUTH_PSK,
		IKE_AUTH_DSS_SIG, 0, 255,
	};
	EVP_PKEY *keys[4];
	struct wire_wr out;
	uint8_t method;

	(void)state;
	for (int i = 0; i < 4; i++)
		keys[i] = pki_key(kinds[i]);
	for (int i = 0; i < 4; i++) {
		out = (struct wire_wr){ 0 };
		assert_int_equal(crypto_sig_sign(keys[i], true, ALL, octets,
						 &method, &out), 0);
		for (int j = 0; j < 4; j++)
			for (size_t m = 0; m < sizeof(methods); m++)
				assert_int_equal(!crypto_sig_verify(keys[j],
						 methods[m], octets,
						 written(&out)), i == j &&
						 methods[m] == method);
		wire_wr_free(&out);
	}
	for (int i = 0; i < 4; i++)
		EVP_PKEY_free(keys[i]);
}

static void test_keys(void **state)
{
	static const struct {
		const char *kind;
		bool ok;
	} kinds[] = {
		{ "rsa", true }, { "rsa1024", false }, { "P-256", true },
		{ "P-384", true }, { "P-521", true }, { "secp256k1", false },
		{ "P-224", false }, { "ed25519", true }, { "ed448", true },
	};
	char err[200];

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		EVP_PKEY *key = pki_key(kinds[i].kind);

		err[0] = '\0';
		assert_int_equal(crypto_sig_key_ok(key, err, sizeof(err)),
				 kinds[i].ok);
		assert_int_equal(!err[0], kinds[i].ok);
		EVP_PKEY_free(key);
	}
}

/* Every way has its name, and the name is that way's. */
static void test_names(void **state)
{
	static const struct sig_alg algs[] = {
		{ NID_rsaEncryption, NID_sha256, 0 },
		{ NID_rsaEncryption, NID_sha512, 0 },
		{ NID_rsassaPss, NID_sha256, 32 },
		{ NID_rsassaPss, NID_sha384, 48 },
		{ NID_rsassaPss, NID_sha512, 64 },
		{ NID_X9_62_id_ecPublicKey, NID_sha384, 0 },
		{ NID_ED25519, NID_undef, 0 },
	};
	/* RFC 7427 appendix A.4.3: RSASSA-PSS with SHA-256 */
	static const char pss[] =
		"304106092a864886f70d01010a3034a00f300d06096086480165030402010500"
		"a11c301a06092a864886f70d010108300d06096086480165030402010500"
		"a203020120";
	static const struct sig_alg none = { NID_rsaEncryption, NID_sha1, 0 };
	uint8_t der[SIG_ALG_MAX], cut[SIG_ALG_MAX];
	struct sig_alg a;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		len = crypto_sig_alg_encode(&algs[i], der);
		assert_int_not_equal(len, 0);
		assert_true(crypto_sig_alg_decode((struct wire_span){ der,
						  len }, &a));
		assert_int_equal(a.key, algs[i].key);
		assert_int_equal(a.md, algs[i].md);
		assert_int_equal(a.salt_len, algs[i].salt_len);
		for (size_t n = 0; n < len; n++) {
			uint8_t *copy = exact(der, n);

			assert_false(crypto_sig_alg_decode((struct wire_span){
							   copy, n }, &a));
			free(copy);
		}
	}
	len = crypto_sig_alg_encode(&algs[2], der);
	assert_hex(der, len, pss);
	assert_int_equal(crypto_sig_alg_encode(&none, der), 0);
	/* A salt longer than the hash, one too short; SHA-1 as its hash. */
	len = unhex(pss, cut, sizeof(cut));
	cut[len - 1] = 33;
	assert_false(crypto_sig_alg_decode((struct wire_span){ cut, len }, &a));
	cut[len - 1] = 8;
	assert_false(crypto_sig_alg_decode((struct wire_span){ cut, len }, &a));
	cut[len - 1] = 20;
	assert_true(crypto_sig_alg_decode((struct wire_span){ cut, len }, &a));
	cut[59] = 2;
	assert_false(crypto_sig_alg_decode((struct wire_span){ cut, len }, &a));
	/* sha1WithRSAEncryption */
	len = unhex("300d06092a864886f70d0101050500", cut, sizeof(cut));
	assert_false(crypto_sig_alg_decode((struct wire_span){ cut, len }, &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rsa),
		cmocka_unit_test(test_ecdsa),
		cmocka_unit_test(test_eddsa),
		cmocka_unit_test(test_wrong_kind),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
