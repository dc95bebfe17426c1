// SPDX-License-Identifier: GPL-2.0
/* Key exchange: published vectors, and public values that must be refused. */
#include "test_wire.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/dh.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "crypto/ke.h"

static const uint16_t groups[] = {
	IKE_KE_MODP2048, IKE_KE_MODP3072, IKE_KE_MODP4096, IKE_KE_ECP256,
	IKE_KE_ECP384, IKE_KE_ECP521, IKE_KE_X25519, IKE_KE_X448,
};

#define N_GROUPS	(sizeof(groups) / sizeof(groups[0]))

struct vector {
	uint16_t group;
	const char *priv[2];
	/* NULL: the two secrets being what is published says as much. */
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
	{	/* RFC 5903 section 8.2 */
		IKE_KE_ECP384,
		{ "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f16"
		  "0647b67414dce655e35b538041e649ee3faef896783ab194",
		  "41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060"
		  "855cc9bda0aa2942e0308312916b8ed2960e4bd55a7448fc" },
		{ NULL, NULL },
		"11187331c279962d93d604243fd592cb9d0a926f422e4718"
		"7521287e7156c5c4d603135569b9e9d09cf5d4a270f59746",
	},
	{	/* RFC 5903 section 8.3 */
		IKE_KE_ECP521,
		{ "0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393d"
		  "ce47608172a095aa85a30fe1c2952c6771d937ba9777f5957b26"
		  "39bab072462f68c27a57382d4a52",
		  "0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc"
		  "3f078380201e9c677d600b343757a3bdbf2a3163e4c2f869cca7"
		  "458aa4a4effc311f5cb151685eb9" },
		{ NULL, NULL },
		"01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894"
		"e5e6b2d79b04d1427e73ca4baa240a34786859810c06b3c715a3"
		"a8cc3151f2bee417996d19f3ddea",
	},
	{	/* RFC 7748 section 6.2 */
		IKE_KE_X448,
		{ "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498"
		  "c28dd9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0"
		  "a598726b",
		  "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad"
		  "0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b6"
		  "5173992d" },
		{ NULL, NULL },
		"07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d"
		"282bb60c0b56fd2464c335543936521c24403085d59a449a5037"
		"514a879d",
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
	uint8_t priv[CRYPTO_KE_PRIVATE], shared[CRYPTO_KE_SHARED_MAX];

	(void)state;
	for (size_t v = 0; v < sizeof(vectors) / sizeof(vectors[0]); v++) {
		const struct vector *vec = &vectors[v];
		struct crypto_ke ke[2];
		size_t len;

		for (int i = 0; i < 2; i++) {
			len = unhex(vec->priv[i], priv, sizeof(priv));
			assert_int_equal(crypto_ke_from_private(&ke[i],
								vec->group,
								priv, len), 0);
			assert_int_equal(ke[i].pub_len,
					 crypto_ke_public_len(vec->group));
			if (vec->pub[i])
				assert_hex(ke[i].pub, ke[i].pub_len,
					   vec->pub[i]);
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
	uint8_t random[CRYPTO_KE_RANDOM] = { 1 };
	struct crypto_ke a, b;

	(void)state;
	for (size_t g = 0; g < N_GROUPS; g++) {
		assert_int_equal(crypto_ke_generate(&a, groups[g], random), 0);
		assert_int_equal(crypto_ke_generate(&b, groups[g], random), 0);
		assert_memory_equal(a.priv, b.priv, sizeof(a.priv));
		assert_memory_equal(a.pub, b.pub, sizeof(a.pub));
		random[31] ^= 1;
		assert_int_equal(crypto_ke_generate(&b, groups[g], random), 0);
		assert_memory_not_equal(a.pub, b.pub, a.pub_len);
	}
	/* modp1536 */
	assert_int_equal(crypto_ke_generate(&a, 5, random), -ENOTSUP);
	assert_int_equal(a.pub_len, 0);
	assert_int_equal(crypto_ke_from_private(&a, 0, random, 32), -ENOTSUP);
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
	assert_int_equal(crypto_ke_from_private(&b, IKE_KE_ECP256, one, 32), 0);
	assert_memory_equal(a.pub, b.pub, 64);
	memset(random, 0xff, sizeof(random));
	assert_int_equal(crypto_ke_generate(&a, IKE_KE_ECP256, random), 0);
	assert_int_equal(crypto_ke_from_private(&b, IKE_KE_ECP256, a.priv,
						32), 0);
	assert_memory_equal(a.pub, b.pub, 64);
}

static void test_private_range(void **state)
{
	static const char order[] = "ffffffff00000000ffffffffffffffff"
				    "bce6faada7179e84f3b9cac2fc632551";
	uint8_t priv[32] = { 0 };
	struct crypto_ke ke;

	(void)state;
	assert_int_equal(crypto_ke_from_private(&ke, IKE_KE_ECP256, priv, 32),
			 -EINVAL);
	unhex(order, priv, sizeof(priv));
	assert_int_equal(crypto_ke_from_private(&ke, IKE_KE_ECP256, priv, 32),
			 -EINVAL);
	assert_int_equal(ke.pub_len, 0);
	priv[31]--;
	assert_int_equal(crypto_ke_from_private(&ke, IKE_KE_ECP256, priv, 32),
			 0);
	assert_int_equal(crypto_ke_from_private(&ke, IKE_KE_ECP256, priv, 31),
			 -EINVAL);
}

/* covers: K27 */
static void test_lengths(void **state)
{
	static const uint8_t random[CRYPTO_KE_RANDOM] = { 9 };
	uint8_t peer[600] = { 9 }, shared[CRYPTO_KE_SHARED_MAX];
	size_t len;

	(void)state;
	for (size_t g = 0; g < N_GROUPS; g++) {
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

/* Both ends of every group get the same secret; none is left behind. covers: K27 */
static void test_agree(void **state)
{
	static const uint8_t none[CRYPTO_KE_PRIVATE];
	uint8_t random[2][CRYPTO_KE_RANDOM] = { { 1 }, { 2 } };
	uint8_t shared[2][CRYPTO_KE_SHARED_MAX];
	struct crypto_ke a, b;
	size_t len[2];

	(void)state;
	for (size_t g = 0; g < N_GROUPS; g++) {
		assert_int_equal(crypto_ke_generate(&a, groups[g], random[0]),
				 0);
		assert_int_equal(crypto_ke_answer(&b, groups[g], random[1],
						  a.pub, a.pub_len, shared[1],
						  &len[1]), 0);
		assert_int_equal(crypto_ke_shared(&a, b.pub, b.pub_len,
						  shared[0], &len[0]), 0);
		assert_int_equal(len[0], len[1]);
		assert_memory_equal(b.priv, none, sizeof(none));
		assert_memory_equal(shared[0], shared[1], len[0]);
	}
}

/* libcrypto's own Diffie-Hellman, over the same prime */
static EVP_PKEY *foreign_dh(const char *name)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string("group", (char *)(uintptr_t)name,
						 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_params(ctx, params), 1);
	assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* Another implementation of the exchange agrees with ours. */
static void test_modp_foreign(void **state)
{
	static const char *const names[] = { "modp_2048", "modp_3072",
					     "modp_4096" };
	static const uint8_t random[CRYPTO_KE_RANDOM] = { 5, 6, 7 };
	uint8_t ours[CRYPTO_KE_SHARED_MAX], theirs[CRYPTO_KE_SHARED_MAX];
	struct crypto_ke ke;

	(void)state;
	for (int g = 0; g < 3; g++) {
		EVP_PKEY *key = foreign_dh(names[g]), *peer = EVP_PKEY_new();
		uint8_t pub[CRYPTO_KE_PUBLIC_MAX];
		size_t len, their_len = sizeof(theirs), pub_len = 0;
		BIGNUM *y = NULL;
		EVP_PKEY_CTX *ctx;

		assert_int_equal(crypto_ke_generate(&ke, groups[g], random), 0);
		pub_len = ke.pub_len;
		assert_int_equal(EVP_PKEY_get_bn_param(key, "pub", &y), 1);
		assert_int_equal(BN_bn2binpad(y, pub, (int)pub_len), pub_len);
		assert_int_equal(crypto_ke_shared(&ke, pub, pub_len, ours,
						  &len), 0);
		assert_int_equal(EVP_PKEY_copy_parameters(peer, key), 1);
		assert_int_equal(EVP_PKEY_set1_encoded_public_key(peer, ke.pub,
								  pub_len), 1);
		ctx = EVP_PKEY_CTX_new(key, NULL);
		assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
		assert_int_equal(EVP_PKEY_CTX_set_dh_pad(ctx, 1), 1);
		assert_int_equal(EVP_PKEY_derive_set_peer(ctx, peer), 1);
		assert_int_equal(EVP_PKEY_derive(ctx, theirs, &their_len), 1);
		assert_int_equal(len, their_len);
		assert_memory_equal(ours, theirs, len);
		EVP_PKEY_CTX_free(ctx);
		BN_free(y);
		EVP_PKEY_free(peer);
		EVP_PKEY_free(key);
	}
}

/* 0, 1, p - 1, p, and more than p (RFC 6989 section 2.1). covers: K28 */
static void test_modp_public(void **state)
{
	static const uint8_t random[CRYPTO_KE_RANDOM] = { 9 };
	uint8_t peer[CRYPTO_KE_PUBLIC_MAX], shared[CRYPTO_KE_SHARED_MAX];
	BIGNUM *prime = BN_get_rfc3526_prime_2048(NULL);
	struct crypto_ke ke;
	size_t len;

	(void)state;
	assert_int_equal(crypto_ke_generate(&ke, IKE_KE_MODP2048, random), 0);
	memset(peer, 0, sizeof(peer));
	assert_int_equal(crypto_ke_shared(&ke, peer, 256, shared, &len),
			 -EBADMSG);
	peer[255] = 1;
	assert_int_equal(crypto_ke_shared(&ke, peer, 256, shared, &len),
			 -EBADMSG);
	peer[255] = 2;
	assert_int_equal(crypto_ke_shared(&ke, peer, 256, shared, &len), 0);
	assert_int_equal(len, 256);
	BN_bn2binpad(prime, peer, 256);
	assert_int_equal(crypto_ke_shared(&ke, peer, 256, shared, &len),
			 -EBADMSG);
	peer[255]--;
	assert_int_equal(crypto_ke_shared(&ke, peer, 256, shared, &len),
			 -EBADMSG);
	peer[255]--;
	assert_int_equal(crypto_ke_shared(&ke, peer, 256, shared, &len), 0);
	memset(peer, 0xff, sizeof(peer));
	assert_int_equal(crypto_ke_shared(&ke, peer, 256, shared, &len),
			 -EBADMSG);
	assert_int_equal(len, 0);
	BN_free(prime);
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
		cmocka_unit_test(test_agree),
		cmocka_unit_test(test_modp_foreign),
		cmocka_unit_test(test_modp_public),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
