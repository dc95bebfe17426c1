/* SPDX-License-Identifier: GPL-2.0 */
/* HMAC (RFC 2104) of scattered octets, for the rest of crypto/. */
#ifndef MOBX_CRYPTO_HMAC_H
#define MOBX_CRYPTO_HMAC_H

#include <stddef.h>
#include <stdint.h>

#include "wire/buf.h"

/**
 * crypto_hmac() - HMAC, perhaps truncated
 * @digest: libcrypto's name of the hash.
 * @key: Key of any length.
 * @key_len: Octets of @key.
 * @parts: The data, concatenated.
 * @n: Number of @parts.
 * @out: Result.
 * @len: Octets wanted, at most those of the hash.
 *
 * Return: 0, -EINVAL when @len is too much, -EIO when libcrypto fails.
 */
int crypto_hmac(const char *digest, const uint8_t *key, size_t key_len,
		const struct wire_span *parts, unsigned int n, uint8_t *out,
		size_t len);

#endif
