/* SPDX-License-Identifier: GPL-2.0 */
/* Files with certificates and keys: PEM, or one thing in DER. */
#ifndef MOBX_CRYPTO_PEM_H
#define MOBX_CRYPTO_PEM_H

#include <openssl/types.h>

#include "wire/buf.h"

enum crypto_pem_kind {
	CRYPTO_PEM_CERT,
	CRYPTO_PEM_CRL,
};

/**
 * crypto_pem_each() - all things of a kind in a file, in their order
 * @text: Content of the file.
 * @kind: Certificates or certificate revocation lists.
 * @fn: Called for each with its DER; what it returns ends the walk unless 0.
 * @ctx: First argument of @fn.
 *
 * Return: 0; -ENOENT without any; -EINVAL for one that is broken; what @fn
 * returned.
 */
int crypto_pem_each(struct wire_span text, enum crypto_pem_kind kind,
		    int (*fn)(void *ctx, struct wire_span der), void *ctx);

/**
 * crypto_pem_private() - the private key of a file
 * @text: Content of the file.
 *
 * Return: the key, to be freed with EVP_PKEY_free(); NULL when there is none or
 * it is encrypted.
 */
EVP_PKEY *crypto_pem_private(struct wire_span text);

/* crypto_pem_public() - a SubjectPublicKeyInfo, as above */
EVP_PKEY *crypto_pem_public(struct wire_span text);

/**
 * crypto_key_der() - a key as another process can read it
 * @key: Key.
 * @private: PKCS #8; else SubjectPublicKeyInfo.
 * @out: Appended to; scrubbed by wire_wr_free().
 *
 * Return: 0, -EIO or -ENOMEM.
 */
int crypto_key_der(const EVP_PKEY *key, bool private, struct wire_wr *out);

/* crypto_key_from_der() - a private key from that; NULL when it is none */
EVP_PKEY *crypto_key_from_der(struct wire_span der);

#endif
