// SPDX-License-Identifier: GPL-2.0
/* Chains of certificates, pinned certificates and keys. */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cert.h"
#include "crypto/sig.h"
#include "wire/cert.h"

#define MAX_CERTS	8
#define MAX_DEPTH	6
/* 112 bits of strength: RSA of 2048 bits, no SHA-1 */
#define AUTH_LEVEL	2

struct crypto_trust {
	X509_STORE *store;
	/* There is an authority. */
	bool has_ca;
	/* The peer's own, trusted as they are. */
	STACK_OF(X509) *certs;
	unsigned int n_keys;
	EVP_PKEY *key[MAX_CERTS];
	/* NULL: nobody is asked. */
	struct crypto_ocsp *ocsp;
};

/* What is wrong with a list of what is revoked, or with there being none. */
static bool about_crl(int error)
{
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
	case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
	case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
	case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
	case X509_V_ERR_DIFFERENT_CRL_SCOPE:
	case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
		return true;
	}
	return false;
}

/* Whoever's list it is: all are the operator's. */
static bool is_listed(X509_STORE_CTX *ctx, X509 *cert)
{
	STACK_OF(X509_CRL) *crls =
		X509_STORE_CTX_get1_crls(ctx, X509_get_issuer_name(cert));
	X509_REVOKED *entry;
	bool found = false;

	for (int i = 0; i < sk_X509_CRL_num(crls) && !found; i++)
		found = X509_CRL_get0_by_cert(sk_X509_CRL_value(crls, i),
					      &entry, cert) == 1;
	sk_X509_CRL_pop_free(crls, X509_CRL_free);
	return found;
}

/*
 * libcrypto wants a list about the end of the chain too, and one that is signed
 * with the end's own key, which nobody has if that is no root. The operator
 * trusts it as it stands, unless a list names it. A list that says nothing good
 * of what is below is told at the depth of that.
 */
static int on_verify(int ok, X509_STORE_CTX *ctx)
{
	int end = sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) - 1;

	if (ok || X509_STORE_CTX_get_error_depth(ctx) != end ||
	    !about_crl(X509_STORE_CTX_get_error(ctx)))
		return ok;
	if (is_listed(ctx, X509_STORE_CTX_get_current_cert(ctx))) {
		X509_STORE_CTX_set_error(ctx, X509_V_ERR_CERT_REVOKED);
		return 0;
	}
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

/* For the peer's chain, and for that of who answers for an authority. */
static void set_params(X509_STORE *store)
{
	X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);

	X509_VERIFY_PARAM_set_depth(param, MAX_DEPTH);
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	/* What the operator trusts need not be a root. */
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_STORE_set_verify_cb(store, on_verify);
}

struct crypto_trust *crypto_trust_new(void)
{
	struct crypto_trust *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->store = X509_STORE_new();
	t->certs = sk_X509_new_null();
	if (!t->store || !t->certs) {
		crypto_trust_free(t);
		return NULL;
	}
	set_params(t->store);
	return t;
}

void crypto_trust_free(struct crypto_trust *t)
{
	if (!t)
		return;
	for (unsigned int i = 0; i < t->n_keys; i++)
		EVP_PKEY_free(t->key[i]);
	X509_STORE_free(t->store);
	sk_X509_pop_free(t->certs, X509_free);
	crypto_ocsp_free(t->ocsp);
	free(t);
}

int crypto_trust_ocsp(struct crypto_trust *t, enum crypto_ocsp_policy policy,
		      const char *uri)
{
	crypto_ocsp_free(t->ocsp);
	t->ocsp = policy == CRYPTO_OCSP_OFF ? NULL :
					      crypto_ocsp_new(policy, uri);
	return policy == CRYPTO_OCSP_OFF || t->ocsp ? 0 : -ENOMEM;
}

static EVP_PKEY *key_decode(struct wire_span der)
{
	const unsigned char *p = der.p;
	EVP_PKEY *key;

	if (!der.len || der.len > UINT16_MAX)
		return NULL;
	key = d2i_PUBKEY(NULL, &p, (long)der.len);
	if (key && p != der.p + der.len) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

static int add_crl(struct crypto_trust *t, struct wire_span der)
{
	const unsigned char *p = der.p;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.len);
	int err = -EINVAL;

	if (crl && p == der.p + der.len)
		err = X509_STORE_add_crl(t->store, crl) &&
		      X509_STORE_set_flags(t->store, X509_V_FLAG_CRL_CHECK |
					   X509_V_FLAG_CRL_CHECK_ALL) ?
		      0 : -ENOMEM;
	X509_CRL_free(crl);
	return err;
}

static int add_key(struct crypto_trust *t, struct wire_span der)
{
	EVP_PKEY *key = key_decode(der);

	if (!key)
		return -EINVAL;
	if (t->n_keys == MAX_CERTS) {
		EVP_PKEY_free(key);
		return -ENOMEM;
	}
	t->key[t->n_keys++] = key;
	return 0;
}

static int add_cert(struct crypto_trust *t, bool ca, struct wire_span der)
{
	X509 *cert = crypto_cert_decode(der);
	int err = 0;

	if (!cert)
		return -EINVAL;
	if (ca) {
		t->has_ca = true;
		err = X509_STORE_add_cert(t->store, cert) ? 0 : -ENOMEM;
		X509_free(cert);
	} else if (!sk_X509_push(t->certs, cert)) {
		X509_free(cert);
		err = -ENOMEM;
	}
	return err;
}

int crypto_trust_add(struct crypto_trust *t, enum crypto_trust_item item,
		     struct wire_span der)
{
	switch (item) {
	case CRYPTO_TRUST_CA:
		return add_cert(t, true, der);
	case CRYPTO_TRUST_CERT:
		return add_cert(t, false, der);
	case CRYPTO_TRUST_KEY:
		return add_key(t, der);
	case CRYPTO_TRUST_CRL:
		return add_crl(t, der);
	}
	return -EINVAL;
}

/* -------------------------------------------------------------- the peer's */

/**
 * struct sent - what the peer's CERT payloads hold
 * @leaf: the first certificate, whose key signs (RFC 7296 section 3.6)
 * @chain: the others
 * @verified: from @leaf to a trust anchor, once that has been found
 * @key: a raw public key instead
 */
struct sent {
	X509 *leaf;
	STACK_OF(X509) *chain;
	STACK_OF(X509) *verified;
	EVP_PKEY *key;
};

static void sent_free(struct sent *s)
{
	X509_free(s->leaf);
	sk_X509_pop_free(s->chain, X509_free);
	sk_X509_pop_free(s->verified, X509_free);
	EVP_PKEY_free(s->key);
}

static int sent_add(struct sent *s, const struct wire_cert *c)
{
	X509 *cert;

	if (c->encoding == IKE_CERT_RAW_PUBLIC_KEY && !s->key) {
		s->key = key_decode(c->data);
		return s->key ? 0 : -EINVAL;
	}
	/* What else there is may help others; it is no reason to refuse. */
	if (c->encoding != IKE_CERT_X509_SIGNATURE)
		return 0;
	cert = crypto_cert_decode(c->data);
	if (!cert)
		return -EINVAL;
	if (!s->leaf)
		s->leaf = cert;
	else if (!sk_X509_push(s->chain, cert))
		X509_free(cert);
	return 0;
}

static int sent_read(struct sent *s, struct wire_span certs, char *err,
		     size_t errlen)
{
	struct wire_cert c;
	struct wire_rd rd;
	unsigned int n = 0;

	s->chain = sk_X509_new_null();
	if (!s->chain)
		return -ENOMEM;
	wire_rd_init(&rd, certs.p, certs.len);
	while (wire_cert_list_next(&rd, &c)) {
		if (n++ == MAX_CERTS) {
			snprintf(err, errlen, "the peer sends more than %d"
				 " certificates", MAX_CERTS);
			return -EACCES;
		}
		if (sent_add(s, &c)) {
			snprintf(err, errlen, "a certificate or key of the"
				 " peer is malformed");
			return -EACCES;
		}
	}
	return 0;
}

static bool pinned(const struct crypto_trust *t, const X509 *cert)
{
	for (int i = 0; i < sk_X509_num(t->certs); i++)
		if (!X509_cmp(sk_X509_value(t->certs, i), cert))
			return true;
	return false;
}

/* Who stands between must say that it is one; the anchor is the operator's. */
static bool authorities(const STACK_OF(X509) *chain)
{
	for (int i = 1; i < sk_X509_num(chain) - 1; i++)
		if (X509_check_ca(sk_X509_value(chain, i)) != 1)
			return false;
	return true;
}

static int chain_verify(const struct crypto_trust *t, struct sent *s,
			char *err, size_t errlen)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int ret = -EIO;

	if (!ctx || !X509_STORE_CTX_init(ctx, t->store, s->leaf, s->chain))
		goto out;
	if (X509_verify_cert(ctx) == 1) {
		s->verified = X509_STORE_CTX_get1_chain(ctx);
		ret = !s->verified ? -ENOMEM :
		      authorities(s->verified) ? 0 : -EACCES;
		if (ret == -EACCES)
			snprintf(err, errlen, "the peer's certificate is"
				 " signed by one of no authority");
	} else {
		snprintf(err, errlen, "the peer's certificate is not good: %s"
			 " (at depth %d)", X509_verify_cert_error_string(
			 X509_STORE_CTX_get_error(ctx)),
			 X509_STORE_CTX_get_error_depth(ctx));
		ret = -EACCES;
	}
out:
	X509_STORE_CTX_free(ctx);
	return ret;
}

static int leaf_check(const struct crypto_trust *t, struct sent *s,
		      const struct crypto_proof *proof, char *err,
		      size_t errlen)
{
	char names[200];
	int ret;

	if (pinned(t, s->leaf))
		return 0;
	if (!t->has_ca) {
		snprintf(err, errlen, "the peer's certificate is not the one"
			 " in remote-cert");
		return -EACCES;
	}
	ret = chain_verify(t, s, err, errlen);
	if (ret)
		return ret;
	if (!crypto_cert_for_ike(s->leaf)) {
		snprintf(err, errlen, "the peer's certificate is for another"
			 " use: key usage or extended key usage");
		return -EACCES;
	}
	if (!crypto_cert_has_id(s->leaf, proof->id_type, proof->id)) {
		crypto_cert_names(s->leaf, names, sizeof(names));
		snprintf(err, errlen, "the peer's certificate does not name"
			 " its identity; it names %s", names);
		return -EACCES;
	}
	return 0;
}

static int key_verify(EVP_PKEY *key, const struct crypto_proof *p, char *err,
		      size_t errlen)
{
	char why[160];
	int ret;

	if (!key || !crypto_sig_key_ok(key, why, sizeof(why))) {
		snprintf(err, errlen, "the peer's key is %s",
			 key ? why : "unreadable");
		return -EACCES;
	}
	ret = crypto_sig_verify(key, p->method, p->octets, p->auth);
	if (ret == -EBADMSG)
		snprintf(err, errlen, "the peer's signature does not match");
	else if (ret)
		snprintf(err, errlen, "the peer signs in a way that is not"
			 " taken here (method %u)", p->method);
	return ret;
}

static int leaf_verify(const struct crypto_trust *t, struct sent *s,
		       const struct crypto_proof *p, char *err, size_t errlen)
{
	int ret = leaf_check(t, s, p, err, errlen);

	if (!ret)
		ret = key_verify(X509_get0_pubkey(s->leaf), p, err, errlen);
	if (ret)
		return ret;
	err[0] = '\0';
	/* The peer's own, which the operator knows, has no chain. */
	return t->ocsp && s->verified ?
		       crypto_ocsp_check(t->ocsp, t->store, s->verified,
					 p->ask, err, errlen) :
		       0;
}

/* The peer says nothing, or a key: one of those that are known. */
static int known_verify(const struct crypto_trust *t, EVP_PKEY *sent,
			const struct crypto_proof *p, char *err, size_t errlen)
{
	int ret = -EACCES;

	snprintf(err, errlen, "the peer sends %s, and none of remote-key or"
		 " remote-cert is it", sent ? "a raw public key" :
					      "no certificate");
	for (unsigned int i = 0; i < t->n_keys; i++) {
		if (sent && EVP_PKEY_eq(sent, t->key[i]) != 1)
			continue;
		ret = key_verify(t->key[i], p, err, errlen);
		if (!ret)
			return 0;
	}
	for (int i = 0; !sent && i < sk_X509_num(t->certs); i++) {
		ret = key_verify(X509_get0_pubkey(sk_X509_value(t->certs, i)),
				 p, err, errlen);
		if (!ret)
			return 0;
	}
	return ret;
}

int crypto_trust_verify(const struct crypto_trust *t,
			const struct crypto_proof *proof, char *err,
			size_t errlen)
{
	struct sent s = { 0 };
	int ret;

	snprintf(err, errlen, "libcrypto fails");
	ret = sent_read(&s, proof->certs, err, errlen);
	if (ret)
		goto out;
	if (!s.leaf) {
		ret = known_verify(t, s.key, proof, err, errlen);
		if (!ret)
			err[0] = '\0';
		goto out;
	}
	ret = leaf_verify(t, &s, proof, err, errlen);
out:
	sent_free(&s);
	return ret;
}
