/* SPDX-License-Identifier: GPL-2.0 */
/* Keys and certificates made for a test. */
#ifndef SELFTESTS_PKI_H
#define SELFTESTS_PKI_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

#include "wire/buf.h"

/** pki_key() - a new key: "rsa", "P-256", "P-384", "P-521", "ed25519", … */
EVP_PKEY *pki_key(const char *kind);

/**
 * struct pki_want - what a certificate is to say; zero for the usual
 * @subject: common name
 * @san: subjectAltName, as X509V3_EXT_conf_nid() reads it
 * @usage: keyUsage
 * @extended: extendedKeyUsage
 * @info: authorityInfoAccess
 * @ca: it is an authority's
 * @from: first second of validity, from now on
 * @days: last day
 */
struct pki_want {
	const char *subject;
	const char *san;
	const char *usage;
	const char *extended;
	const char *info;
	bool ca;
	long from;
	int days;
};

/** pki_cert() - a certificate for a key; by itself if @issuer is NULL */
X509 *pki_cert(EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
	       const struct pki_want *want);

/** pki_crl() - what an authority has revoked: one certificate, or none */
X509_CRL *pki_crl(X509 *issuer, EVP_PKEY *issuer_key, X509 *revoked);

/** pki_crl_old() - one that names nobody, and whose time is over */
X509_CRL *pki_crl_old(X509 *issuer, EVP_PKEY *issuer_key);

/** pki_crl_users() - one that names nobody, and is not about authorities */
X509_CRL *pki_crl_users(X509 *issuer, EVP_PKEY *issuer_key);

enum pki_nonce {
	PKI_NONCE_SAME,
	PKI_NONCE_NONE,
	PKI_NONCE_OTHER,
};

/**
 * struct pki_answer - what an OCSP responder says
 * @error: that it cannot answer: OCSP_RESPONSE_STATUS_*
 * @status: V_OCSP_CERTSTATUS_*
 * @from: thisUpdate, seconds from now
 * @to: nextUpdate; 0 for none
 * @nonce: whether it has heard the question
 * @about: another certificate than the one that was asked for, of @issuer
 * @issuer: see @about
 * @signer: certificate of the responder, which goes with the answer
 * @signer_key: its key
 * @md: hash of the signature, if not SHA-256
 * @pss: sign by RSASSA-PSS
 */
struct pki_answer {
	int error;
	int status;
	long from;
	long to;
	enum pki_nonce nonce;
	X509 *about;
	X509 *issuer;
	X509 *signer;
	EVP_PKEY *signer_key;
	const EVP_MD *md;
	bool pss;
};

/** pki_request() - what asks for a certificate, in DER */
struct wire_span pki_request(X509 *cert, X509 *issuer);

/** pki_answer() - an answer to a request in DER */
struct wire_span pki_answer(struct wire_span request,
			    const struct pki_answer *a);

/* Encodings, to be freed with OPENSSL_free() */
struct wire_span pki_der(X509 *cert);
struct wire_span pki_crl_der(X509_CRL *crl);
struct wire_span pki_key_der(EVP_PKEY *key, bool private);
void pki_free(struct wire_span der);

#endif
