// SPDX-License-Identifier: GPL-2.0
#include "crypto/ocsp.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* Certificates whose state is remembered; of more, the oldest is forgotten. */
#define CACHE_SIZE	256
/* What RFC 9654 asks for. */
#define NONCE_LEN	32
/* How wrong clocks may be, and how old an answer that names no end. */
#define SKEW_S		300
#define NO_END_S	600
/* How long that one is good for, and how long nobody is asked after a failure. */
#define BRIEFLY_S	60

enum state {
	GOOD,
	REVOKED,
	/* No answer, or none that counts. */
	NOTHING,
};

/**
 * struct verdict - what is known of a certificate
 * @cert: its SHA-256
 * @state: as it says
 * @why: of NOTHING, for people
 * @until: seconds since 1970; 0 for an entry that is free
 */
struct verdict {
	uint8_t cert[CRYPTO_OCSP_HASH_LEN];
	enum state state;
	const char *why;
	time_t until;
};

struct crypto_ocsp {
	enum crypto_ocsp_policy policy;
	char uri[CRYPTO_OCSP_URI_MAX];
	unsigned int next;
	struct verdict cache[CACHE_SIZE];
};

struct crypto_ocsp *crypto_ocsp_new(enum crypto_ocsp_policy policy,
				    const char *uri)
{
	struct crypto_ocsp *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->policy = policy;
	snprintf(o->uri, sizeof(o->uri), "%s", uri);
	return o;
}

void crypto_ocsp_free(struct crypto_ocsp *o)
{
	free(o);
}

void crypto_ocsp_ask_end(struct crypto_ocsp_ask *ask)
{
	wire_wr_free(&ask->request);
	*ask = (struct crypto_ocsp_ask){ 0 };
}

/* ---------------------------------------------------------------- questions */

/* The first responder of a certificate that can be asked; false without. */
static bool uri_of(X509 *cert, char uri[CRYPTO_OCSP_URI_MAX])
{
	STACK_OF(OPENSSL_STRING) *all = X509_get1_ocsp(cert);
	bool found = false;

	for (int i = 0; i < sk_OPENSSL_STRING_num(all) && !found; i++) {
		const char *s = sk_OPENSSL_STRING_value(all, i);

		/* Under TLS it could not be asked before it was asked. */
		found = !strncasecmp(s, "http://", 7) &&
			strlen(s) < CRYPTO_OCSP_URI_MAX;
		if (found)
			strcpy(uri, s);
	}
	X509_email_free(all);
	return found;
}

static OCSP_REQUEST *new_request(X509 *cert, X509 *issuer)
{
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	/* SHA-1, which all responders know: it names, and proves nothing. */
	OCSP_CERTID *id = OCSP_cert_to_id(NULL, cert, issuer);

	if (req && id && OCSP_request_add0_id(req, id)) {
		if (OCSP_request_add1_nonce(req, NULL, NONCE_LEN))
			return req;
	} else {
		OCSP_CERTID_free(id);
	}
	OCSP_REQUEST_free(req);
	return NULL;
}

static int ask_for(struct crypto_ocsp_ask *ask, X509 *cert, X509 *issuer,
		   const char *uri, const uint8_t *hash)
{
	OCSP_REQUEST *req = new_request(cert, issuer);
	unsigned char *der = NULL;
	int len = req ? i2d_OCSP_REQUEST(req, &der) : -1;

	crypto_ocsp_ask_end(ask);
	if (len > 0)
		wire_wr_bytes(&ask->request, der, (size_t)len);
	OPENSSL_free(der);
	OCSP_REQUEST_free(req);
	if (len <= 0 || ask->request.bad)
		return -ENOMEM;
	snprintf(ask->uri, sizeof(ask->uri), "%s", uri);
	memcpy(ask->cert, hash, sizeof(ask->cert));
	ask->asked = true;
	return -EAGAIN;
}

/* ------------------------------------------------------------------ answers */

static OCSP_REQUEST *request_of(const struct crypto_ocsp_ask *ask)
{
	const unsigned char *p = ask->request.data;

	return d2i_OCSP_REQUEST(NULL, &p, (long)ask->request.len);
}

/* The hash of an RSASSA-PSS signature; SHA-1 if it names none (RFC 4055). */
static int pss_digest(const X509_ALGOR *alg)
{
	RSA_PSS_PARAMS *pss = ASN1_TYPE_unpack_sequence(
		ASN1_ITEM_rptr(RSA_PSS_PARAMS), alg->parameter);
	const ASN1_OBJECT *oid;
	int digest = NID_sha1;

	if (pss && pss->hashAlgorithm) {
		X509_ALGOR_get0(&oid, NULL, NULL, pss->hashAlgorithm);
		digest = OBJ_obj2nid(oid);
	}
	RSA_PSS_PARAMS_free(pss);
	return digest;
}

/* Whoever can make two answers of one sum can make one of a good one. */
static bool weakly_signed(const OCSP_BASICRESP *basic)
{
	const X509_ALGOR *alg = OCSP_resp_get0_tbs_sigalg(basic);
	int digest = NID_undef, nid;
	const ASN1_OBJECT *oid;

	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	nid = OBJ_obj2nid(oid);
	if (nid == NID_ED25519 || nid == NID_ED448)
		return false;
	if (nid == NID_rsassaPss)
		digest = pss_digest(alg);
	else
		OBJ_find_sigid_algs(nid, &digest, NULL);
	switch (digest) {
	case NID_sha256:
	case NID_sha384:
	case NID_sha512:
	case NID_sha3_256:
	case NID_sha3_384:
	case NID_sha3_512:
		return false;
	}
	return true;
}

static time_t seconds(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? timegm(&tm) : 0;
}

static void nothing(struct verdict *v, const char *why)
{
	v->state = NOTHING;
	v->why = why;
}

/* What a genuine answer says of the one certificate. */
static void read_status(struct verdict *v, OCSP_REQUEST *req,
			OCSP_BASICRESP *basic)
{
	OCSP_CERTID *id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(req,
								       0));
	ASN1_GENERALIZEDTIME *from = NULL, *to = NULL;
	int status;

	if (!OCSP_resp_find_status(basic, id, &status, NULL, NULL, &from,
				   &to)) {
		nothing(v, "its OCSP responder answers about others");
		return;
	}
	if (!OCSP_check_validity(from, to, SKEW_S, to ? -1 : NO_END_S)) {
		nothing(v, "the answer of its OCSP responder is out of date");
		return;
	}
	if (status != V_OCSP_CERTSTATUS_GOOD &&
	    status != V_OCSP_CERTSTATUS_REVOKED) {
		nothing(v, "its OCSP responder does not know it");
		return;
	}
	v->state = status == V_OCSP_CERTSTATUS_GOOD ? GOOD : REVOKED;
	if (to && seconds(to) > v->until)
		v->until = seconds(to);
}

/*
 * From the issuer, or from who has a certificate of the issuer for that
 * (id-kp-OCSPSigning). Without our nonce, which one that answers from a store
 * cannot know, the times alone say that it is no old one.
 */
static void read_basic(struct verdict *v, OCSP_REQUEST *req,
		       OCSP_BASICRESP *basic, X509_STORE *store,
		       STACK_OF(X509) *chain)
{
	const unsigned long flags = OCSP_NOEXPLICIT | OCSP_PARTIAL_CHAIN;
	int nonce = OCSP_check_nonce(req, basic);

	if (nonce != 1 && nonce != -1)
		nothing(v, "its OCSP responder answers another question");
	else if (weakly_signed(basic))
		nothing(v, "the answer of its OCSP responder is signed with a weak hash");
	else if (OCSP_basic_verify(basic, chain, store, flags) != 1)
		nothing(v, "the answer of its OCSP responder is not signed by its issuer, nor on its behalf");
	else
		read_status(v, req, basic);
}

static void read_answer(struct verdict *v, const struct crypto_ocsp_ask *ask,
			X509_STORE *store, STACK_OF(X509) *chain)
{
	const unsigned char *p = ask->answer.p;
	OCSP_REQUEST *req = request_of(ask);
	OCSP_RESPONSE *resp = NULL;
	OCSP_BASICRESP *basic = NULL;

	if (ask->answer.len && ask->answer.len <= CRYPTO_OCSP_ANSWER_MAX)
		resp = d2i_OCSP_RESPONSE(NULL, &p, (long)ask->answer.len);
	if (resp && p == ask->answer.p + ask->answer.len)
		basic = OCSP_response_get1_basic(resp);
	if (!ask->answer.len)
		nothing(v, "its OCSP responder does not answer");
	else if (resp && OCSP_response_status(resp) !=
			 OCSP_RESPONSE_STATUS_SUCCESSFUL)
		nothing(v, "its OCSP responder says that it cannot answer");
	else if (!basic || !req)
		nothing(v, "the answer of its OCSP responder is malformed");
	else
		read_basic(v, req, basic, store, chain);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(resp);
	OCSP_REQUEST_free(req);
	ERR_clear_error();
}

/* ------------------------------------------------------------ certificates */

static const struct verdict *find(const struct crypto_ocsp *o,
				  const uint8_t *hash, time_t now)
{
	for (unsigned int i = 0; i < CACHE_SIZE; i++)
		if (o->cache[i].until > now &&
		    !memcmp(o->cache[i].cert, hash, CRYPTO_OCSP_HASH_LEN))
			return &o->cache[i];
	return NULL;
}

static const struct verdict *keep(struct crypto_ocsp *o,
				  const struct verdict *v)
{
	struct verdict *at = &o->cache[o->next++ % CACHE_SIZE];

	*at = *v;
	return at;
}

static int judge(const struct crypto_ocsp *o, const struct verdict *v,
		 int depth, char *err, size_t errlen)
{
	switch (v->state) {
	case GOOD:
		return 0;
	case REVOKED:
		snprintf(err, errlen, "the peer's certificate is not good:"
			 " revoked, says its OCSP responder (at depth %d)",
			 depth);
		return -EACCES;
	case NOTHING:
		snprintf(err, errlen, "whether the peer's certificate is"
			 " revoked is not known: %s (at depth %d)", v->why,
			 depth);
		return o->policy == CRYPTO_OCSP_RELAXED ? 0 : -EACCES;
	}
	return -EACCES;
}

static int check(struct crypto_ocsp *o, X509_STORE *store,
		 STACK_OF(X509) *chain, int depth, struct crypto_ocsp_ask *ask,
		 char *err, size_t errlen)
{
	X509 *cert = sk_X509_value(chain, depth);
	time_t now = time(NULL);
	struct verdict v = { .until = now + BRIEFLY_S };
	char uri[CRYPTO_OCSP_URI_MAX];
	const struct verdict *known;

	if (!X509_digest(cert, EVP_sha256(), v.cert, NULL))
		return -ENOMEM;
	strcpy(uri, o->uri);
	if (!uri[0] && !uri_of(cert, uri)) {
		if (o->policy != CRYPTO_OCSP_STRICT)
			return 0;
		nothing(&v, "it names no OCSP responder that can be asked by HTTP");
		return judge(o, &v, depth, err, errlen);
	}
	known = find(o, v.cert, now);
	if (known)
		return judge(o, known, depth, err, errlen);
	if (!ask) {
		nothing(&v, "too many OCSP responders are being asked");
		return judge(o, &v, depth, err, errlen);
	}
	if (!ask->asked || memcmp(ask->cert, v.cert, sizeof(v.cert)))
		return ask_for(ask, cert, sk_X509_value(chain, depth + 1), uri,
			       v.cert);
	read_answer(&v, ask, store, chain);
	ask->asked = false;
	return judge(o, keep(o, &v), depth, err, errlen);
}

int crypto_ocsp_check(struct crypto_ocsp *o, X509_STORE *store,
		      STACK_OF(X509) *chain, struct crypto_ocsp_ask *ask,
		      char *err, size_t errlen)
{
	int ret = 0;

	for (int i = 0; !ret && i < sk_X509_num(chain) - 1; i++)
		ret = check(o, store, chain, i, ask, err, errlen);
	return ret;
}
