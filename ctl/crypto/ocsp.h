/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether certificates are revoked, by what responders say (OCSP, RFC 6960).
 * Nothing here speaks to the network: who checks a certificate is told what to
 * ask whom, and checks again with the answer, which is hostile until it is
 * proved.
 */
#ifndef MOBX_CRYPTO_OCSP_H
#define MOBX_CRYPTO_OCSP_H

#include <openssl/x509.h>

#include "wire/buf.h"

#define CRYPTO_OCSP_URI_MAX	256
/* Octets of an answer: one status, and a certificate or two. */
#define CRYPTO_OCSP_ANSWER_MAX	(16 * 1024)
#define CRYPTO_OCSP_HASH_LEN	32

/** enum crypto_ocsp_policy - what is asked, and what becomes of no answer */
enum crypto_ocsp_policy {
	/* Nobody is asked. */
	CRYPTO_OCSP_OFF,
	/* Only what is known to be revoked is refused. */
	CRYPTO_OCSP_RELAXED,
	/* A certificate for which there is a responder needs its word. */
	CRYPTO_OCSP_IF_URI,
	/* Every certificate does. */
	CRYPTO_OCSP_STRICT,
};

/**
 * struct crypto_ocsp_ask - a question to a responder; all zero at first
 * @asked: there is one, whose answer, or that none came, is in @answer
 * @uri: whom to ask, by HTTP
 * @cert: which certificate it is about
 * @request: the question in DER, to be posted
 * @answer: to be set by the caller: the answer in DER, or empty
 */
struct crypto_ocsp_ask {
	bool asked;
	char uri[CRYPTO_OCSP_URI_MAX];
	uint8_t cert[CRYPTO_OCSP_HASH_LEN];
	struct wire_wr request;
	struct wire_span answer;
};

/** crypto_ocsp_ask_end() - free what belongs to a question */
void crypto_ocsp_ask_end(struct crypto_ocsp_ask *ask);

/* A policy, and the answers that are still good; opaque */
struct crypto_ocsp;

/**
 * crypto_ocsp_new() - ask from now on
 * @policy: not CRYPTO_OCSP_OFF
 * @uri: responder for all certificates, or empty for the one that each names
 *
 * Return: NULL without memory.
 */
struct crypto_ocsp *crypto_ocsp_new(enum crypto_ocsp_policy policy,
				    const char *uri);
void crypto_ocsp_free(struct crypto_ocsp *o);

/**
 * crypto_ocsp_check() - is none of a chain revoked
 * @o: policy and answers
 * @store: what is trusted
 * @chain: from the peer's certificate to the trust anchor, which is not asked for
 * @ask: a question with its answer, or one that is free; NULL if nobody can be
 *	asked
 * @err: gets why a certificate is refused, or what is put up with
 * @errlen: octets of @err
 *
 * Return: 0; -EACCES; -EAGAIN: @ask is to be asked, then it is to be checked
 * again; -ENOMEM.
 */
int crypto_ocsp_check(struct crypto_ocsp *o, X509_STORE *store,
		      STACK_OF(X509) *chain, struct crypto_ocsp_ask *ask,
		      char *err, size_t errlen);

#endif
