/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AUTH by signature (RFC 7296 section 2.15): the methods of RFC 7427 and RFC
 * 8420 for peers that know them, else those of RFC 7296 and RFC 4754.
 */
#ifndef MOBX_CRYPTO_SIG_H
#define MOBX_CRYPTO_SIG_H

#include <openssl/types.h>

#include "wire/buf.h"
#include "wire/ike_const.h"

/* What SIGNATURE_HASH_ALGORITHMS says of us: all but SHA-1 */
#define CRYPTO_SIG_HASHES \
	(1u << IKE_HASH_SHA2_256 | 1u << IKE_HASH_SHA2_384 | \
	 1u << IKE_HASH_SHA2_512 | 1u << IKE_HASH_IDENTITY)

/* A signature of RSA with 16384 bits and how it was made */
#define CRYPTO_SIG_MAX	2200

/**
 * crypto_sig_key_ok() - whether a key is one that mobx signs or verifies with
 * @key: Private or public.
 * @err: Gets what is wrong with it and what would be right.
 * @errlen: Octets of @err.
 *
 * RSA of 2048 bits at least, ECDSA on P-256, P-384 and P-521, Ed25519, Ed448.
 */
bool crypto_sig_key_ok(const EVP_PKEY *key, char *err, size_t errlen);

/**
 * crypto_sig_sign() - authentication data
 * @key: Private key, one that crypto_sig_key_ok() takes.
 * @pss: RSA: sign with RSASSA-PSS where the peer can know; else PKCS #1 v1.5.
 * @hashes: Hash algorithms that the peer takes, bits 1 << enum ike_hash; 0 when
 *   it does not know RFC 7427.
 * @octets: From crypto_auth_octets().
 * @method: Gets enum ike_auth_method.
 * @out: Appended to.
 *
 * Return: 0; -ENOTSUP when the peer takes no signature of this key; -ENOMEM;
 * -EIO.
 */
int crypto_sig_sign(EVP_PKEY *key, bool pss, unsigned int hashes,
		    struct wire_span octets, uint8_t *method,
		    struct wire_wr *out);

/**
 * crypto_sig_verify() - check the peer's authentication data
 * @key: The peer's public key.
 * @method: enum ike_auth_method, from the peer.
 * @octets: From crypto_auth_octets() with the peer as signer.
 * @auth: Authentication data.
 *
 * Return: 0; -EBADMSG when it does not match; -ENOTSUP when it is made in a way
 * that mobx does not take, or not with this kind of key; -EIO.
 */
int crypto_sig_verify(EVP_PKEY *key, uint8_t method, struct wire_span octets,
		      struct wire_span auth);

#endif
