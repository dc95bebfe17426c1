// SPDX-License-Identifier: GPL-2.0
/* prf and prf+ over HMAC. */
#include <errno.h>
#include <string.h>

#include "crypto/hmac.h"
#include "crypto/prf.h"
#include "crypto/util.h"
#include "wire/ike_const.h"

/* prf+ counts its blocks in one octet. */
#define PRF_PLUS_BLOCKS	255
#define PRF_PLUS_PARTS	6

static const char *prf_digest(uint16_t prf)
{
	switch (prf) {
	case IKE_PRF_HMAC_SHA1:
		return "SHA1";
	case IKE_PRF_HMAC_SHA2_256:
		return "SHA256";
	case IKE_PRF_HMAC_SHA2_384:
		return "SHA384";
	case IKE_PRF_HMAC_SHA2_512:
		return "SHA512";
	}
	return NULL;
}

size_t crypto_prf_len(uint16_t prf)
{
	switch (prf) {
	case IKE_PRF_HMAC_SHA1:
		return 20;
	case IKE_PRF_HMAC_SHA2_256:
		return 32;
	case IKE_PRF_HMAC_SHA2_384:
		return 48;
	case IKE_PRF_HMAC_SHA2_512:
		return 64;
	}
	return 0;
}

int crypto_prf(uint16_t prf, const uint8_t *key, size_t key_len,
	       const struct wire_span *parts, unsigned int n,
	       uint8_t out[CRYPTO_PRF_MAX])
{
	size_t len = crypto_prf_len(prf);
	int err = -ENOTSUP;

	/* @out is not touched before the data is read: prf+ chains in place. */
	if (len)
		err = crypto_hmac(prf_digest(prf), key, key_len, parts, n, out,
				  len);
	if (err)
		crypto_wipe(out, CRYPTO_PRF_MAX);
	return err;
}

/* T1 = prf(K, S | 1), Ti = prf(K, Ti-1 | S | i) */
int crypto_prf_plus(uint16_t prf, const uint8_t *key, size_t key_len,
		    const struct wire_span *seed, unsigned int n,
		    uint8_t *out, size_t len)
{
	struct wire_span parts[PRF_PLUS_PARTS + 2];
	size_t block = crypto_prf_len(prf);
	uint8_t t[CRYPTO_PRF_MAX];
	uint8_t counter = 0;
	int err = 0;

	memset(out, 0, len);
	if (!block)
		return -ENOTSUP;
	if (n > PRF_PLUS_PARTS || len > PRF_PLUS_BLOCKS * block)
		return -EINVAL;
	for (unsigned int i = 0; i < n; i++)
		parts[i + 1] = seed[i];
	parts[n + 1] = (struct wire_span){ &counter, 1 };

	for (size_t at = 0; at < len && !err; at += block) {
		parts[0] = (struct wire_span){ t, counter ? block : 0 };
		counter++;
		err = crypto_prf(prf, key, key_len, parts, n + 2, t);
		memcpy(out + at, t, len - at < block ? len - at : block);
	}
	crypto_wipe(t, sizeof(t));
	if (err)
		crypto_wipe(out, len);
	return err;
}
