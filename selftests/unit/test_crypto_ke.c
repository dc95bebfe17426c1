// SPDX-License-Identifier: GPL-2.0
/* Key exchange: published vectors, and public values that must be refused. */
#include "test_wire.h"

#include <errno.h>

#include "crypto/ke.h"

struct vector {
	uint16_t group;
	const char *priv[2];
	const char *pub[2];
	const char *shared;
};

static const struct vector vectors[] = {
	{	/* RFC 5903 section 8.1 */
		IKE_KE_ECP256,
		{ "c88f01f510d9ac3f70a292daa2316de5"
		  "44e9aab8afe84049c62a9c57862d1433",
		  "c6ef9c5d78ae012a011164acb397ce20"
		  "88685d8f06bf9be0b283ab46476bee53" },
		{ "dad0b65394221cf9b051e1feca5787d0"
		  "98dfe637fc90b9ef945d0c3772581180"
		  "5271a0461cdb8252d61f1c456fa3e59a"
		  "b1f45b33accf5f58389e0577b8990bb3",
		  "d12dfb5289c8d4f81208b70270398c34"
		  "2296970a0bccb74c736fc7554494bf63"
		  "56fbf3ca366cc23e8157854c13c58d6a"
		  "ac23f046ada30f8353e74f33039872ab" },
		"d6840f6b42f6edafd13116e0e1256520"
		"2fef8e9ece7dce03812464d04b9442de",
	},
	{	/* RFC 7748 section 6.1 */
		IKE_KE_X25519,
		{ "77076d0a7318a57d3c16c17251b26645"
		  "df4c2f87ebc0992ab177fba51db92c2a",
		  "5dab087e624a8a4b79e17f8b83800ee6"
		  "6f3bb1292618b6fd1c2f8b27ff88e0eb" },
		{ "8520f0098930a754748b7ddcb43ef75a"
		  "0dbf3a0d26381af4eba4a98eaa9b4e6a",
		  "de9edb7d7b7dc1b4d35b61c2ece43537"
		  "3f8343c85b78674dadfc7e146f882b4f" },
		"4a5d9d5ba4ce2de1728e3bf480350f25"
		"e07e21c947d19e3376f09b3c1e161742",
	},
};

/* covers: K27 */
static void test_vectors(void **state)
{
	uint8_t priv[32], shared[CRYPTO_KE_SHARED_MAX];

	(void)state;
	for (size_t v = 0; v < sizeof(vectors) / sizeof(vectors[0]); v++) {
		const struct vector *vec = &vectors[v];
		struct crypto_ke ke[2];
		size_t len;

		for (int i = 0; i < 2; i++) {
			unhex(vec->priv[i], priv, sizeof(priv));
			assert_int_equal(crypto_ke_from_private(&ke[i],
								vec->group,
								priv), 0);
			assert_int_equal(ke[i].pub_len,
					 crypto_ke_public_len(vec->group));
			assert_hex(ke[i].pub, ke[i].pub_len, vec->pub[i]);
		}
		for (int i = 0; i < 2; i++) {
			assert_int_equal(crypto_ke_shared(&ke[i], ke[!i].pub,
							  ke[!i].pub_len,
							  shared, &len), 0);
			assert_hex(shared, len, vec->shared);
		}
	}
}

/* The same random octets give the same pair, others another one. */
static void test_generate(void **state)
{
	static const uint16_t groups[] = { IKE_KE_ECP256, IKE_KE_X25519 };
	uint8_t random[CRYPTO_KE_RANDOM] = { 1 };
	struct crypto_ke a, b;

	(void)state;
	for (int g = 0; g < 2; g++) {
		assert_int_equal(crypto_ke_generate(&a, groups[g], random), 0);
		assert_int_equal(crypto_ke_generate(&b, groups[g], random), 0);
		assert_memory_equal(a.priv, b.priv, sizeof(a.priv));
		assert_memory_equal(a.pub, b.pub, sizeof(a.pub));
		random[31] ^= 1;
		assert_int_equal(crypto_ke_generate(&b, groups[g], random), 0);
		assert_memory_not_equal(a.pub, b.pub, a.pub_len);
	}
	assert_int_equal(crypto_ke_generate(&a, IKE_KE_MODP2048, random),
			 -ENOTSUP);
	assert_int_equal(a.pub_len, 0);
	assert_int_equal(crypto_ke_from_private(&a, 0, random), -ENOTSUP);
}

/* Random octets at both ends give scalars within 1 .. order - 1. */
static void test_generate_edges(void **state)
{
	uint8_t random[CRYPTO_KE_RANDOM], one[32] = { 0 };
	struct crypto_ke a, b;

	(void)state;
	memset(random, 0, sizeof(random));
	one[31] = 1;
	assert_int_equal(crypto_ke_generate(&a, IKE_KE_ECP256, random), 0);
	assert_memory_equal(a.priv, one, 32);
	assert_int_equal(crypto_ke_from_private(&b, IKE_KE_ECP256, one), 0);
	assert_memory_equal(a.pub, b.pub, 64);
	memset(random, 0xff, sizeof(random));
	assert_int_equal(crypto_ke_generate(&a, IKE_KE_ECP256, random), 0);
	assert_int_equal(crypto_ke_from_private(&b, IKE_KE_ECP256, a.priv), 0);
	assert_memory_equal(a.pub, b.pub, 64);
}

static void test_private_range(void **state)
{
	static const char order[] = "ffffffff00000000ffffffffffffffff"
				    "bce6faada7179e84f3b9cac2fc632551";
	uint8_t priv[32] = { 0 };
	struct crypto_ke ke;

	(void)state;
	assert_int_equal(crypto_ke_from_private(&ke, IKE_KE_ECP256, priv),
			 -EINVAL);
	unhex(order, priv, sizeof(priv));
	assert_int_equal(crypto_ke_from_private(&ke, IKE_KE_ECP256, priv),
			 -EINVAL);
	assert_int_equal(ke.pub_len, 0);
	priv[31]--;
	assert_int_equal(crypto_ke_from_private(&ke, IKE_KE_ECP256, priv), 0);
}

/* covers: K27 */
static void test_lengths(void **state)
{
	static const uint16_t groups[] = { IKE_KE_ECP256, IKE_KE_X25519 };
	static const uint8_t random[CRYPTO_KE_RANDOM] = { 9 };
	uint8_t peer[70] = { 9 }, shared[CRYPTO_KE_SHARED_MAX];
	size_t len;

	(void)state;
	for (int g = 0; g < 2; g++) {
		struct crypto_ke ke;

		assert_int_equal(crypto_ke_generate(&ke, groups[g], random), 0);
		for (size_t n = 0; n <= sizeof(peer); n++) {
			if (n == ke.pub_len)
				continue;
			assert_int_equal(crypto_ke_shared(&ke, peer, n, shared,
							  &len), -EINVAL);
			assert_int_equal(len, 0);
		}
	}
}

/* Not on the curve; the point at infinity; x or y not reduced. covers: K28 */
static void test_ecp256_public(void **state)
{
	static const uint8_t random[CRYPTO_KE_RANDOM] = { 9 };
	static const char prime[] = "ffffffff00000001000000000000000000000000"
				    "ffffffffffffffffffffffff";
	static const uint8_t zeros[32];
	uint8_t peer[64], shared[CRYPTO_KE_SHARED_MAX];
	struct crypto_ke ke;
	size_t len;

	(void)state;
	assert_int_equal(crypto_ke_generate(&ke, IKE_KE_ECP256, random), 0);
	for (int bit = 0; bit < 64 * 8; bit++) {
		unhex(vectors[0].pub[1], peer, sizeof(peer));
		peer[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(crypto_ke_shared(&ke, peer, 64, shared, &len),
				 -EBADMSG);
		assert_memory_equal(shared, zeros, 32);
		assert_int_equal(len, 0);
	}
	memset(peer, 0, sizeof(peer));
	assert_int_equal(crypto_ke_shared(&ke, peer, 64, shared, &len),
			 -EBADMSG);
	memset(peer, 0xff, sizeof(peer));
	assert_int_equal(crypto_ke_shared(&ke, peer, 64, shared, &len),
			 -EBADMSG);
	/* (0, sqrt b) is a point; written as (p, sqrt b) it must not pass. */
	unhex("66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4",
	      peer + 32, 32);
	memset(peer, 0, 32);
	assert_int_equal(crypto_ke_shared(&ke, peer, 64, shared, &len), 0);
	unhex(prime, peer, 32);
	assert_int_equal(crypto_ke_shared(&ke, peer, 64, shared, &len),
			 -EBADMSG);
}

/* Points of small order give a secret of zeros. covers: K28 */
static void test_x25519_small_order(void **state)
{
	static const char *const small[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	static const uint8_t random[CRYPTO_KE_RANDOM] = { 9 };
	uint8_t peer[32], shared[CRYPTO_KE_SHARED_MAX];
	struct crypto_ke ke;
	size_t len;

	(void)state;
	assert_int_equal(crypto_ke_generate(&ke, IKE_KE_X25519, random), 0);
	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		unhex(small[i], peer, sizeof(peer));
		assert_int_equal(crypto_ke_shared(&ke, peer, 32, shared, &len),
				 -EBADMSG);
		assert_int_equal(len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_generate),
		cmocka_unit_test(test_generate_edges),
		cmocka_unit_test(test_private_range),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_ecp256_public),
		cmocka_unit_test(test_x25519_small_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
