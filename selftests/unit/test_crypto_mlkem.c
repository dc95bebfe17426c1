// SPDX-License-Identifier: GPL-2.0
/*
 * ML-KEM as a key exchange (FIPS 203, draft-ietf-ipsecme-ikev2-mlkem). What is not
 * about its arithmetic is tried with something else in its place where libcrypto
 * lacks it; what is, is skipped there.
 */
#include "test_wire.h"

#include <errno.h>
#include <openssl/evp.h>

#include "crypto/ke.h"
#include "fake_kem.h"
#include "ike/action.h"
#include "ike/text.h"

static const struct size {
	uint16_t group;
	const char *name;
	size_t request;
	size_t answer;
} sizes[] = {
	{ IKE_KE_MLKEM512, "ML-KEM-512", 800, 768 },
	{ IKE_KE_MLKEM768, "ML-KEM-768", 1184, 1088 },
	{ IKE_KE_MLKEM1024, "ML-KEM-1024", 1568, 1568 },
};

#define N_SIZES		(sizeof(sizes) / sizeof(sizes[0]))

static const uint8_t seed[CRYPTO_KE_RANDOM] = { 1, 2, 3 };
static const uint8_t m[CRYPTO_KE_RANDOM] = { 4, 5, 6 };

/* ------------------------------------------- libcrypto as it is, with or without */

/* What is missing is named, and what has it. */
static void test_named(void **state)
{
	char err[IKE_MAX_TEXT];
	struct crypto_suite s;
	int rc;

	(void)state;
	rc = ike_suite_parse("aes128gcm16-prfsha256-ecp256-ke1_mlkem768", false,
			     &s, err, sizeof(err));
	if (crypto_ke_usable(IKE_KE_MLKEM768)) {
		assert_int_equal(rc, 0);
		return;
	}
	assert_int_equal(rc, -EINVAL);
	assert_non_null(strstr(err, "\"ke1_mlkem768\": libcrypto 3."));
	assert_non_null(strstr(err, "does not have ML-KEM-768; OpenSSL 3.5"));
}

/* Not in IKE_SA_INIT, and not for a Child SA, whoever has it */
static void test_first(void **state)
{
	char err[IKE_MAX_TEXT];
	struct crypto_suite s;

	(void)state;
	assert_int_equal(ike_suite_parse("aes128gcm16-prfsha256-mlkem768",
					 false, &s, err, sizeof(err)), -EINVAL);
	assert_non_null(strstr(err, "ke1_mlkem768, it would be right"));
	assert_int_equal(ike_suite_parse("aes128gcm16-mlkem512", true, &s, err,
					 sizeof(err)), -EINVAL);
	assert_non_null(strstr(err, "another one of ike, ke1_mlkem512"));
}

static EVP_MD_CTX *shake(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	assert_int_equal(EVP_DigestInit_ex(ctx, EVP_shake128(), NULL), 1);
	return ctx;
}

/*
 * A hundred rounds of a stream of seeds, messages and ciphertexts of nobody: the
 * hash of all results is in C2SP's CCTV and in the tests of Go's ML-KEM-768.
 */
static void test_accumulated(void **state)
{
	enum { SEED = 64, M = 32, CT = 1088, ROUND = SEED + M + CT, N = 100 };
	uint8_t shared[CRYPTO_KE_SHARED_MAX], random[CRYPTO_KE_RANDOM] = { 0 };
	uint8_t sum[32], want[32], *stream, *in;
	EVP_MD_CTX *source, *out;
	struct crypto_ke a, b;
	size_t len;

	(void)state;
	if (!crypto_ke_usable(IKE_KE_MLKEM768)) {
		print_message("# libcrypto here has no ML-KEM\n");
		skip();
	}
	source = shake();
	out = shake();
	stream = malloc(N * ROUND);
	assert_int_equal(EVP_DigestFinalXOF(source, stream, N * ROUND), 1);
	EVP_MD_CTX_free(source);
	for (in = stream; in < stream + N * ROUND; in += ROUND) {
		assert_int_equal(crypto_ke_from_private(&a, IKE_KE_MLKEM768, in,
							SEED), 0);
		EVP_DigestUpdate(out, a.pub, a.pub_len);
		memcpy(random, in + SEED, M);
		assert_int_equal(crypto_ke_answer(&b, IKE_KE_MLKEM768, random,
						  a.pub, a.pub_len, shared,
						  &len), 0);
		EVP_DigestUpdate(out, b.pub, b.pub_len);
		EVP_DigestUpdate(out, shared, len);
		assert_int_equal(crypto_ke_shared(&a, in + SEED + M, CT, shared,
						  &len), 0);
		EVP_DigestUpdate(out, shared, len);
	}
	assert_int_equal(EVP_DigestFinalXOF(out, sum, sizeof(sum)), 1);
	EVP_MD_CTX_free(out);
	free(stream);
	unhex("1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415",
	      want, sizeof(want));
	assert_memory_equal(sum, want, sizeof(sum));
}

/* ------------------------------------------------------- it, or what is like it */

static void test_agree(void **state)
{
	static const uint8_t none[CRYPTO_KE_PRIVATE];
	uint8_t shared[2][CRYPTO_KE_SHARED_MAX];
	struct crypto_ke a, b;
	size_t i, len[2];

	(void)state;
	for (i = 0; i < N_SIZES; i++) {
		uint16_t g = sizes[i].group;

		assert_string_equal(crypto_ke_kem(g), sizes[i].name);
		assert_int_equal(crypto_ke_public_len(g), sizes[i].request);
		assert_int_equal(crypto_ke_answer_len(g), sizes[i].answer);
		assert_int_equal(crypto_ke_generate(&a, g, seed), 0);
		assert_int_equal(a.pub_len, sizes[i].request);
		assert_int_equal(crypto_ke_answer(&b, g, m, a.pub, a.pub_len,
						  shared[1], &len[1]), 0);
		assert_int_equal(b.pub_len, sizes[i].answer);
		assert_memory_equal(b.priv, none, sizeof(none));
		assert_int_equal(crypto_ke_shared(&a, b.pub, b.pub_len,
						  shared[0], &len[0]), 0);
		assert_int_equal(len[0], 32);
		assert_int_equal(len[1], 32);
		assert_memory_equal(shared[0], shared[1], 32);
		/* Who changes the answer leaves the two with two secrets. */
		b.pub[700] ^= 1;
		assert_int_equal(crypto_ke_shared(&a, b.pub, b.pub_len,
						  shared[0], &len[0]), 0);
		assert_memory_not_equal(shared[0], shared[1], 32);
	}
}

/* No length but the one of its direction gets as far as libcrypto. covers: K27 */
static void test_lengths(void **state)
{
	uint8_t peer[1600] = { 9 }, shared[CRYPTO_KE_SHARED_MAX];
	struct crypto_ke a, b;
	size_t i, n, len;

	(void)state;
	for (i = 0; i < N_SIZES; i++) {
		assert_int_equal(crypto_ke_generate(&a, sizes[i].group, seed),
				 0);
		for (n = 0; n <= sizeof(peer); n++) {
			if (n == sizes[i].request)
				continue;
			assert_int_equal(crypto_ke_answer(&b, sizes[i].group, m,
							  peer, n, shared,
							  &len), -EINVAL);
			assert_int_equal(len, 0);
		}
		for (n = 0; n <= sizeof(peer); n++) {
			if (n == sizes[i].answer)
				continue;
			assert_int_equal(crypto_ke_shared(&a, peer, n, shared,
							  &len), -EINVAL);
			assert_int_equal(len, 0);
		}
	}
}

/* Octets that are no key: coefficients beyond the modulus. covers: K28 */
static void test_no_key(void **state)
{
	static const uint8_t none[CRYPTO_KE_SHARED_MAX];
	uint8_t peer[1568], shared[CRYPTO_KE_SHARED_MAX];
	struct crypto_ke b;
	size_t i, len;

	(void)state;
	memset(peer, 0xff, sizeof(peer));
	for (i = 0; i < N_SIZES; i++) {
		assert_int_equal(crypto_ke_answer(&b, sizes[i].group, m, peer,
						  sizes[i].request, shared,
						  &len), -EBADMSG);
		assert_int_equal(len, 0);
		assert_int_equal(b.pub_len, 0);
		assert_memory_equal(shared, none, sizeof(none));
	}
}

int main(void)
{
	const struct CMUnitTest libcrypto[] = {
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_accumulated),
	};
	const struct CMUnitTest any[] = {
		cmocka_unit_test(test_agree),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_no_key),
	};

	return cmocka_run_group_tests(libcrypto, NULL, NULL) |
	       cmocka_run_group_tests(any, fake_kem_setup,
				      fake_kem_teardown);
}
