/* SPDX-License-Identifier: GPL-2.0 */
/* Pseudo-random functions: prf and prf+ (RFC 7296 section 2.13). */
#ifndef MOBX_CRYPTO_PRF_H
#define MOBX_CRYPTO_PRF_H

#include <stddef.h>
#include <stdint.h>

#include "wire/buf.h"

#define CRYPTO_PRF_MAX	64

/**
 * crypto_prf_len() - output and preferred key length of a PRF
 * @prf: enum ike_prf.
 *
 * Return: octets, 0 when mobx does not have it.
 */
size_t crypto_prf_len(uint16_t prf);

/**
 * crypto_prf() - prf(key, parts...)
 * @prf: enum ike_prf.
 * @key: Key of any length.
 * @key_len: Octets of @key.
 * @parts: The data, concatenated.
 * @n: Number of @parts.
 * @out: Result of crypto_prf_len() octets, zeroed on failure; may be among
 *   @parts.
 *
 * Return: 0, -ENOTSUP for an unknown PRF, -EIO when libcrypto fails.
 */
int crypto_prf(uint16_t prf, const uint8_t *key, size_t key_len,
	       const struct wire_span *parts, unsigned int n,
	       uint8_t out[CRYPTO_PRF_MAX]);

/**
 * crypto_prf_plus() - prf+(key, seed)
 * @prf: enum ike_prf.
 * @key: Key.
 * @key_len: Octets of @key.
 * @seed: The seed, concatenated; at most 6 parts.
 * @n: Number of @seed.
 * @out: Result, zeroed on failure.
 * @len: Octets wanted, at most 255 times the output of the PRF.
 *
 * Return: 0, -EINVAL when too much is asked for, -ENOTSUP, -EIO.
 */
int crypto_prf_plus(uint16_t prf, const uint8_t *key, size_t key_len,
		    const struct wire_span *seed, unsigned int n,
		    uint8_t *out, size_t len);

#endif
