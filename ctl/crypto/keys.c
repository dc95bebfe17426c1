// SPDX-License-Identifier: GPL-2.0
/* Suites, and the keys that they need. */
#include <errno.h>
#include <string.h>

#include "crypto/ke.h"
#include "crypto/keys.h"
#include "crypto/util.h"
#include "wire/ike_const.h"

int crypto_encr_info(uint16_t encr, uint16_t key_bits, struct crypto_encr *info)
{
	bool aes = key_bits == 128 || key_bits == 192 || key_bits == 256;

	*info = (struct crypto_encr){ .key_len = key_bits / 8u };
	switch (encr) {
	case IKE_ENCR_NULL:
		info->block = 1;
		return key_bits ? -EINVAL : 0;
	case IKE_ENCR_AES_CBC:
		info->iv_len = 16;
		info->block = 16;
		return aes ? 0 : -EINVAL;
	case IKE_ENCR_AES_GCM_16:
	case IKE_ENCR_NULL_AUTH_AES_GMAC:
		info->salt_len = 4;
		info->iv_len = 8;
		info->block = 1;
		info->icv_len = 16;
		return aes ? 0 : -EINVAL;
	case IKE_ENCR_CHACHA20_POLY1305:
		info->key_len = 32;
		info->salt_len = 4;
		info->iv_len = 8;
		info->block = 1;
		info->icv_len = 16;
		return key_bits ? -EINVAL : 0;
	}
	return -ENOTSUP;
}

int crypto_integ_info(uint16_t integ, size_t *key_len, size_t *icv_len)
{
	*key_len = 0;
	*icv_len = 0;
	switch (integ) {
	case IKE_INTEG_NONE:
		return 0;
	case IKE_INTEG_HMAC_SHA1_96:
		*key_len = 20;
		*icv_len = 12;
		return 0;
	case IKE_INTEG_HMAC_SHA2_256_128:
		*key_len = 32;
		*icv_len = 16;
		return 0;
	case IKE_INTEG_HMAC_SHA2_384_192:
		*key_len = 48;
		*icv_len = 24;
		return 0;
	case IKE_INTEG_HMAC_SHA2_512_256:
		*key_len = 64;
		*icv_len = 32;
		return 0;
	}
	return -ENOTSUP;
}

/* Integrity by exactly one: a combined mode, or an algorithm of its own. */
static int suite_check(const struct crypto_suite *suite,
		       struct crypto_encr *encr)
{
	size_t key_len, icv_len;
	int err;

	err = crypto_encr_info(suite->encr, suite->key_bits, encr);
	if (!err)
		err = crypto_integ_info(suite->integ, &key_len, &icv_len);
	if (!err && !encr->icv_len == !icv_len)
		err = -EINVAL;
	return err;
}

int crypto_child_suite_check(const struct crypto_suite *suite)
{
	struct crypto_encr encr;

	return suite_check(suite, &encr);
}

/* Each group once, and known. */
static int addke_check(const struct crypto_suite *suite)
{
	unsigned int i, j;

	for (i = 0; i < CRYPTO_MAX_ADDKE; i++) {
		if (!suite->addke[i])
			continue;
		if (!crypto_ke_public_len(suite->addke[i]))
			return -ENOTSUP;
		if (suite->addke[i] == suite->ke)
			return -EINVAL;
		for (j = 0; j < i; j++)
			if (suite->addke[i] == suite->addke[j])
				return -EINVAL;
	}
	return 0;
}

int crypto_ike_suite_check(const struct crypto_suite *suite)
{
	struct crypto_encr encr;
	int err = suite_check(suite, &encr);

	if (!err && (suite->encr == IKE_ENCR_NULL ||
		     suite->encr == IKE_ENCR_NULL_AUTH_AES_GMAC))
		err = -EINVAL;
	if (!err && (!crypto_prf_len(suite->prf) ||
		     !crypto_ke_public_len(suite->ke)))
		err = -ENOTSUP;
	return err ? err : addke_check(suite);
}

static const uint8_t *take(uint8_t *to, const uint8_t *from, size_t len)
{
	memcpy(to, from, len);
	return from + len;
}

/* {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr} */
static int expand(const struct crypto_suite *suite, const uint8_t *skeyseed,
		  size_t skeyseed_len, uint16_t prf, struct wire_span ni,
		  struct wire_span nr, uint64_t spi_i, uint64_t spi_r,
		  struct crypto_ike_keys *keys)
{
	uint8_t material[3 * CRYPTO_PRF_MAX + 4 * CRYPTO_KEY_MAX];
	uint8_t spis[2 * IKE_SPI_LEN];
	const struct wire_span seed[] = { ni, nr, { spis, sizeof(spis) } };
	struct crypto_encr encr;
	const uint8_t *p = material;
	size_t icv_len, len;
	int err;

	memset(keys, 0, sizeof(*keys));
	err = crypto_ike_suite_check(suite);
	if (err)
		return err;
	crypto_encr_info(suite->encr, suite->key_bits, &encr);
	crypto_integ_info(suite->integ, &keys->auth_len, &icv_len);
	keys->suite = *suite;
	keys->prf_len = crypto_prf_len(suite->prf);
	keys->enc_len = encr.key_len + encr.salt_len;
	wire_put_u64(spis, spi_i);
	wire_put_u64(spis + IKE_SPI_LEN, spi_r);

	len = 3 * keys->prf_len + 2 * keys->auth_len + 2 * keys->enc_len;
	err = crypto_prf_plus(prf, skeyseed, skeyseed_len, seed, 3, material,
			      len);
	if (err) {
		crypto_wipe(keys, sizeof(*keys));
		return err;
	}
	p = take(keys->sk_d, p, keys->prf_len);
	p = take(keys->sk_ai, p, keys->auth_len);
	p = take(keys->sk_ar, p, keys->auth_len);
	p = take(keys->sk_ei, p, keys->enc_len);
	p = take(keys->sk_er, p, keys->enc_len);
	p = take(keys->sk_pi, p, keys->prf_len);
	take(keys->sk_pr, p, keys->prf_len);
	crypto_wipe(material, sizeof(material));
	return 0;
}

int crypto_ike_derive(const struct crypto_suite *suite, struct wire_span ni,
		      struct wire_span nr, struct wire_span shared,
		      uint64_t spi_i, uint64_t spi_r,
		      struct crypto_ike_keys *keys)
{
	uint8_t nonces[2 * IKE_NONCE_MAX], skeyseed[CRYPTO_PRF_MAX];
	int err;

	memset(keys, 0, sizeof(*keys));
	if (!ni.len || !nr.len || ni.len > IKE_NONCE_MAX ||
	    nr.len > IKE_NONCE_MAX)
		return -EINVAL;
	memcpy(nonces, ni.p, ni.len);
	memcpy(nonces + ni.len, nr.p, nr.len);
	err = crypto_prf(suite->prf, nonces, ni.len + nr.len, &shared, 1,
			 skeyseed);
	if (!err)
		err = expand(suite, skeyseed, crypto_prf_len(suite->prf),
			     suite->prf, ni, nr, spi_i, spi_r, keys);
	crypto_wipe(skeyseed, sizeof(skeyseed));
	return err;
}

/* The old PRF makes SKEYSEED, the new one all that comes after (2.18). */
int crypto_ike_rekey(const struct crypto_ike_keys *old,
		     const struct crypto_suite *suite, struct wire_span ni,
		     struct wire_span nr, struct wire_span shared,
		     struct wire_span more, uint64_t spi_i, uint64_t spi_r,
		     struct crypto_ike_keys *keys)
{
	const struct wire_span parts[] = { shared, ni, nr, more };
	uint8_t skeyseed[CRYPTO_PRF_MAX];
	int err;

	memset(keys, 0, sizeof(*keys));
	err = crypto_prf(old->suite.prf, old->sk_d, old->prf_len, parts, 4,
			 skeyseed);
	if (!err)
		err = expand(suite, skeyseed, old->prf_len, suite->prf, ni, nr,
			     spi_i, spi_r, keys);
	crypto_wipe(skeyseed, sizeof(skeyseed));
	return err;
}

int crypto_ppk_mix(uint16_t prf, struct wire_span ppk, const uint8_t *in,
		   uint8_t out[CRYPTO_PPK_KEYS_MAX])
{
	size_t len = crypto_prf_len(prf);
	struct wire_span seed = { .len = len };
	int err = ppk.len ? 0 : -EINVAL;
	unsigned int i;

	memset(out, 0, CRYPTO_PPK_KEYS_MAX);
	for (i = 0; i < 3 && !err; i++) {
		seed.p = in + i * len;
		err = crypto_prf_plus(prf, ppk.p, ppk.len, &seed, 1,
				      out + i * len, len);
	}
	if (err)
		crypto_wipe(out, CRYPTO_PPK_KEYS_MAX);
	return err;
}

int crypto_child_derive(const struct crypto_ike_keys *ike,
			const struct crypto_suite *suite, struct wire_span ni,
			struct wire_span nr, struct wire_span shared,
			struct crypto_child_keys *keys)
{
	const struct wire_span seed[] = { shared, ni, nr };
	uint8_t material[4 * CRYPTO_KEY_MAX];
	struct crypto_encr encr;
	const uint8_t *p = material;
	size_t icv_len;
	int err;

	memset(keys, 0, sizeof(*keys));
	err = suite_check(suite, &encr);
	if (err)
		return err;
	keys->enc_len = encr.key_len + encr.salt_len;
	crypto_integ_info(suite->integ, &keys->auth_len, &icv_len);
	err = crypto_prf_plus(ike->suite.prf, ike->sk_d, ike->prf_len, seed, 3,
			      material, 2 * (keys->enc_len + keys->auth_len));
	if (err) {
		crypto_wipe(keys, sizeof(*keys));
		return err;
	}
	p = take(keys->enc_i, p, keys->enc_len);
	p = take(keys->auth_i, p, keys->auth_len);
	p = take(keys->enc_r, p, keys->enc_len);
	take(keys->auth_r, p, keys->auth_len);
	crypto_wipe(material, sizeof(material));
	return 0;
}
