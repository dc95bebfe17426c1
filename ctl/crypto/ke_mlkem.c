// SPDX-License-Identifier: GPL-2.0
/*
 * ML-KEM (FIPS 203), by the names and parameters of OpenSSL 3.5. The headers of an
 * older one are enough to build it, and crypto_ke_usable() tells what is there.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "crypto/ke_group.h"

/* m of FIPS 203, algorithm 17: what the secret and the ciphertext come from */
#define M_LEN 32

/* Whatever is told to libcrypto here is octets. */
static OSSL_PARAM octets(const char *name, const uint8_t *p, size_t len)
{
	return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)p,
						 len);
}

/* The pair of a seed; libcrypto expands it anew each time, which is cheap. */
static EVP_PKEY *pair(const struct ke_group *g, const uint8_t *seed)
{
	const OSSL_PARAM params[] = {
		octets("seed", seed, g->priv_len),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, g->kem, NULL);
	EVP_PKEY *key = NULL;

	if (ctx && EVP_PKEY_keygen_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_params(ctx, params) == 1)
		EVP_PKEY_generate(ctx, &key);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static int mlkem_from_private(const struct ke_group *g, struct crypto_ke *ke,
			      const uint8_t *priv)
{
	EVP_PKEY *key = pair(g, priv);
	int err = -EIO;
	size_t len;

	if (key && EVP_PKEY_get_octet_string_param(key, "pub", ke->pub,
						   g->pub_len, &len) == 1 &&
	    len == g->pub_len) {
		memcpy(ke->priv, priv, g->priv_len);
		err = 0;
	}
	EVP_PKEY_free(key);
	return err;
}

/* The test of FIPS 203, section 7.2, is libcrypto's, of what it imports. */
static int load_peer(const struct ke_group *g, const uint8_t *peer,
		     EVP_PKEY **key)
{
	OSSL_PARAM params[] = {
		octets("pub", peer, g->pub_len),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, g->kem, NULL);
	int err = -EIO;

	if (ctx && EVP_PKEY_fromdata_init(ctx) == 1)
		err = EVP_PKEY_fromdata(ctx, key, EVP_PKEY_PUBLIC_KEY,
					params) == 1 ? 0 : -EBADMSG;
	EVP_PKEY_CTX_free(ctx);
	return err;
}

/*
 * With m from the caller, whose random octets are the only ones that a key exchange
 * takes, whatever its kind.
 */
static int mlkem_answer(const struct ke_group *g, struct crypto_ke *ke,
			const uint8_t random[CRYPTO_KE_RANDOM],
			const uint8_t *peer, uint8_t *shared)
{
	const OSSL_PARAM params[] = {
		octets("ikme", random, M_LEN),
		OSSL_PARAM_construct_end(),
	};
	size_t len = g->answer_len, shared_len = g->shared_len;
	EVP_PKEY_CTX *ctx = NULL;
	EVP_PKEY *key = NULL;
	int err = load_peer(g, peer, &key);

	if (err)
		return err;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	if (!ctx || EVP_PKEY_encapsulate_init(ctx, params) != 1 ||
	    EVP_PKEY_encapsulate(ctx, ke->pub, &len, shared,
				 &shared_len) != 1 ||
	    len != g->answer_len || shared_len != g->shared_len)
		err = -EIO;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return err;
}

static int mlkem_shared(const struct ke_group *g, const struct crypto_ke *ke,
			const uint8_t *peer, uint8_t *shared)
{
	EVP_PKEY *key = pair(g, ke->priv);
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) :
				  NULL;
	size_t len = g->shared_len;
	int err = 0;

	if (!ctx || EVP_PKEY_decapsulate_init(ctx, NULL) != 1 ||
	    EVP_PKEY_decapsulate(ctx, shared, &len, peer,
				 g->answer_len) != 1 ||
	    len != g->shared_len)
		err = -EIO;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return err;
}

const struct ke_kind crypto_ke_mlkem = {
	/* Any octets are a seed. */
	.generate = mlkem_from_private,
	.from_private = mlkem_from_private,
	.answer = mlkem_answer,
	.shared = mlkem_shared,
};
