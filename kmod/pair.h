/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_PAIR_H
#define MOBX_PAIR_H

#include <linux/types.h>

struct crypto_aead;
struct crypto_shash;
struct crypto_skcipher;
struct mobx_alg;

/**
 * struct mobx_pair - cipher and integrity algorithm side by side
 * @cipher: keyed, answers at once; NULL for null encryption
 * @mac: keyed
 * @simd: @cipher needs the vector registers
 */
struct mobx_pair {
	struct crypto_skcipher	*cipher;
	struct crypto_shash	*mac;
	bool			simd;
};

struct mobx_pair *mobx_pair_alloc(const struct mobx_alg *alg,
				  struct crypto_aead *tfm,
				  const u8 *enc_key, unsigned int enc_len,
				  const u8 *auth_key, unsigned int auth_len);
void mobx_pair_free(struct mobx_pair *pair);

bool mobx_pair_usable(const struct mobx_pair *pair);
int mobx_pair_encrypt(const struct mobx_pair *pair, const struct mobx_alg *alg,
		      u8 *esp, unsigned int len, const __be32 *high);
int mobx_pair_decrypt(const struct mobx_pair *pair, const struct mobx_alg *alg,
		      u8 *esp, unsigned int len, const __be32 *high);

#endif
