/* SPDX-License-Identifier: GPL-2.0 */
/* How a signature was made, as RFC 7427 says it: an AlgorithmIdentifier. */
#ifndef MOBX_CRYPTO_SIG_ALG_H
#define MOBX_CRYPTO_SIG_ALG_H

#include "wire/buf.h"

#define SIG_ALG_MAX	96

/**
 * struct sig_alg - a way to sign, in libcrypto's numbers
 * @key: NID_rsaEncryption (PKCS #1 v1.5), NID_rsassaPss,
 *   NID_X9_62_id_ecPublicKey, NID_ED25519 or NID_ED448.
 * @md: NID_sha256, _sha384 or _sha512; NID_undef for the last two.
 * @salt_len: Octets, for RSASSA-PSS.
 */
struct sig_alg {
	int key;
	int md;
	int salt_len;
};

/**
 * crypto_sig_alg_encode() - AlgorithmIdentifier of a way to sign
 * @a: The way; for RSASSA-PSS the salt is as long as the hash.
 * @out: Gets DER.
 *
 * Return: octets, 0 for a way that RFC 7427 and RFC 8420 do not name.
 */
size_t crypto_sig_alg_encode(const struct sig_alg *a, uint8_t out[SIG_ALG_MAX]);

/**
 * crypto_sig_alg_decode() - the way that an AlgorithmIdentifier names
 * @id: DER, from the peer.
 * @a: Filled.
 *
 * Return: whether mobx takes it: no SHA-1, and for RSASSA-PSS one hash for both
 * and a salt that is not shorter than 16 octets nor longer than the hash.
 */
bool crypto_sig_alg_decode(struct wire_span id, struct sig_alg *a);

#endif
