// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "crypto/hmac.h"
#include "crypto/util.h"

static bool hmac_run(EVP_MAC_CTX *ctx, const char *digest, const uint8_t *key,
		     size_t key_len, const struct wire_span *parts,
		     unsigned int n, uint8_t full[EVP_MAX_MD_SIZE], size_t *len)
{
	static const uint8_t empty;
	char name[16];
	OSSL_PARAM params[2] = { OSSL_PARAM_END, OSSL_PARAM_END };

	strncpy(name, digest, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
						     name, 0);
	/* Without a key EVP_MAC_init() would ask for the last one. */
	if (!EVP_MAC_init(ctx, key_len ? key : &empty, key_len, params))
		return false;
	for (unsigned int i = 0; i < n; i++)
		if (parts[i].len &&
		    !EVP_MAC_update(ctx, parts[i].p, parts[i].len))
			return false;
	return EVP_MAC_final(ctx, full, len, EVP_MAX_MD_SIZE);
}

int crypto_hmac(const char *digest, const uint8_t *key, size_t key_len,
		const struct wire_span *parts, unsigned int n, uint8_t *out,
		size_t len)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	uint8_t full[EVP_MAX_MD_SIZE];
	size_t full_len = 0;
	int err = -EIO;

	if (ctx && hmac_run(ctx, digest, key, key_len, parts, n, full,
			    &full_len)) {
		err = len <= full_len ? 0 : -EINVAL;
		if (!err)
			memcpy(out, full, len);
	}
	crypto_wipe(full, sizeof(full));
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return err;
}
