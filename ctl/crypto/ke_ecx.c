// SPDX-License-Identifier: GPL-2.0
/* x25519 and x448 (RFC 7748, RFC 8031). */
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "crypto/ke_group.h"

static int ecx_from_private(const struct ke_group *g, struct crypto_ke *ke,
			    const uint8_t *priv)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(g->nid, NULL, priv,
						     g->priv_len);
	size_t len = g->pub_len;
	int err = -EIO;

	if (key && EVP_PKEY_get_raw_public_key(key, ke->pub, &len) == 1 &&
	    len == g->pub_len) {
		memcpy(ke->priv, priv, g->priv_len);
		err = 0;
	}
	EVP_PKEY_free(key);
	return err;
}

/*
 * libcrypto refuses an all-zero result, which only a point of small order gives
 * (RFC 7748 section 6, RFC 8031 section 3.1).
 */
static int ecx_shared(const struct ke_group *g, const struct crypto_ke *ke,
		      const uint8_t *peer, uint8_t *shared)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(g->nid, NULL, ke->priv,
						     g->priv_len);
	EVP_PKEY *pub = EVP_PKEY_new_raw_public_key(g->nid, NULL, peer,
						    g->pub_len);
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	size_t len = CRYPTO_KE_SHARED_MAX;
	int err = -EIO;

	if (ctx && pub && EVP_PKEY_derive_init(ctx) == 1 &&
	    EVP_PKEY_derive_set_peer(ctx, pub) == 1)
		err = EVP_PKEY_derive(ctx, shared, &len) == 1 ? 0 : -EBADMSG;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pub);
	EVP_PKEY_free(key);
	return err;
}

const struct ke_kind crypto_ke_ecx = {
	/* Any octets are a private value. */
	.generate = ecx_from_private,
	.from_private = ecx_from_private,
	.answer = crypto_ke_answer_alike,
	.shared = ecx_shared,
};
