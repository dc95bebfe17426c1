/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Certificates and raw public keys of peers: from trust anchors to the key that
 * AUTH is checked with (RFC 5280, RFC 4945, RFC 7670).
 */
#ifndef MOBX_CRYPTO_CERT_H
#define MOBX_CRYPTO_CERT_H

#include <openssl/types.h>

#include "crypto/ocsp.h"
#include "wire/buf.h"
#include "wire/ike_const.h"

/**
 * crypto_cert_decode() - one X.509 certificate
 * @der: Octets of it and nothing else.
 *
 * Return: the certificate, to be freed with X509_free(); NULL when it is none.
 */
X509 *crypto_cert_decode(struct wire_span der);

/**
 * crypto_cert_has_id() - whether a certificate names an identity (RFC 4945
 *	section 3.1)
 * @cert: Certificate.
 * @type: enum ike_id_type; key IDs and unknown types are never named.
 * @id: Identification data.
 *
 * Domain names, mail and IP addresses stand in subjectAltName and nowhere else,
 * without wildcards; a DN is the subject.
 */
bool crypto_cert_has_id(X509 *cert, uint8_t type, struct wire_span id);

/**
 * crypto_cert_names() - what crypto_cert_has_id() would take, for people
 * @cert: Certificate.
 * @buf: Gets the names, cut if need be.
 * @len: Octets of @buf.
 */
void crypto_cert_names(X509 *cert, char *buf, size_t len);

/**
 * crypto_cert_for_ike() - whether its key may sign IKE's messages
 * @cert: Certificate.
 *
 * RFC 4945 section 5.1.3: key usage, where there is one, with digitalSignature
 * or nonRepudiation; extended key usage, where there is one, with ipsecIKE,
 * anyExtendedKeyUsage, or what certificates of gateways commonly have instead
 * (iKEIntermediate, serverAuth, clientAuth).
 */
bool crypto_cert_for_ike(X509 *cert);

/**
 * crypto_ca_hash() - what CERTREQ says of a certification authority
 * @cert: Its certificate.
 * @out: SHA-1 of its SubjectPublicKeyInfo (RFC 7296 section 3.7).
 *
 * Return: 0 or -EIO.
 */
int crypto_ca_hash(X509 *cert, uint8_t out[IKE_CA_HASH_LEN]);

/* Which certificates and keys of a peer are good; opaque */
struct crypto_trust;

struct crypto_trust *crypto_trust_new(void);
void crypto_trust_free(struct crypto_trust *t);

/* What a trust can be told; crypto_trust_add() takes each in DER. */
enum crypto_trust_item {
	/* Certificate of an authority: what it signs, in the end, is good. */
	CRYPTO_TRUST_CA,
	/* Certificate of the peer itself. */
	CRYPTO_TRUST_CERT,
	/* SubjectPublicKeyInfo of the peer. */
	CRYPTO_TRUST_KEY,
	/*
	 * What an authority has revoked. With one, every certificate needs a
	 * current one of its authority.
	 */
	CRYPTO_TRUST_CRL,
};

/**
 * crypto_trust_add() - trust something
 * @t: Trust.
 * @item: What it is.
 * @der: Octets of it and nothing else.
 *
 * Return: 0; -EINVAL when @der is no such thing; -ENOMEM.
 */
int crypto_trust_add(struct crypto_trust *t, enum crypto_trust_item item,
		     struct wire_span der);

/**
 * crypto_trust_ocsp() - ask responders whether certificates are revoked
 * @t: Trust.
 * @policy: What is asked, and what becomes of no answer.
 * @uri: See crypto_ocsp_new().
 *
 * Return: 0 or -ENOMEM.
 */
int crypto_trust_ocsp(struct crypto_trust *t, enum crypto_ocsp_policy policy,
		      const char *uri);

/**
 * struct crypto_proof - what a peer says to prove who it is
 * @id_type: enum ike_id_type.
 * @id: Identification data.
 * @certs: Its CERT payloads, see wire_cert_list_add().
 * @method: enum ike_auth_method.
 * @octets: From crypto_auth_octets() with the peer as signer.
 * @auth: Authentication data.
 * @ask: See crypto_ocsp_check().
 */
struct crypto_proof {
	uint8_t id_type;
	struct wire_span id;
	struct wire_span certs;
	uint8_t method;
	struct wire_span octets;
	struct wire_span auth;
	struct crypto_ocsp_ask *ask;
};

/**
 * crypto_trust_verify() - whether a peer is who it says
 * @t: Trust.
 * @proof: What it says.
 * @err: Gets why not, for the log, without what the peer could put in; of who is
 *	taken what has been put up with, or nothing.
 * @errlen: Octets of @err.
 *
 * A certificate must name the identity; keys and certificates of the peer
 * itself are taken for whatever identity the caller knows it by. Nobody is asked
 * for the sake of one who has not proved that the certificate is its own.
 *
 * Return: 0, -EACCES for a certificate or key that is not trusted, -EBADMSG for
 * a signature that does not match, -EAGAIN when @proof->ask is to be asked before
 * this is called again, or another negative errno.
 */
int crypto_trust_verify(const struct crypto_trust *t,
			const struct crypto_proof *proof, char *err,
			size_t errlen);

#endif
