// SPDX-License-Identifier: GPL-2.0
/* Keys and certificates made for a test. */
#include "pki.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

EVP_PKEY *pki_key(const char *kind)
{
	EVP_PKEY *key;

	if (!strcmp(kind, "rsa"))
		key = EVP_RSA_gen(2048);
	else if (!strcmp(kind, "rsa1024"))
		key = EVP_RSA_gen(1024);
	else if (!strcmp(kind, "ed25519") || !strcmp(kind, "ed448"))
		key = EVP_PKEY_Q_keygen(NULL, NULL, kind);
	else
		key = EVP_EC_gen(kind);
	assert_non_null(key);
	return key;
}

static void extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	if (!value)
		return;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

static const EVP_MD *digest_for(EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448") ?
	       NULL : EVP_sha256();
}

X509 *pki_cert(EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
	       const struct pki_want *w)
{
	static long serial = 1;
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	EVP_PKEY *signer = issuer ? issuer_key : key;

	if (!issuer)
		issuer = cert;
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
	X509_gmtime_adj(X509_getm_notBefore(cert), w->from - 60);
	X509_time_adj_ex(X509_getm_notAfter(cert), w->days ? w->days : 1, 0,
			 NULL);
	X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC,
				   (const unsigned char *)"Test", -1, -1, 0);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const unsigned char *)w->subject, -1, -1,
				   0);
	X509_set_issuer_name(cert, X509_get_subject_name(issuer));
	X509_set_pubkey(cert, key);
	extend(cert, issuer, NID_basic_constraints,
	       w->ca ? "critical,CA:TRUE" : "CA:FALSE");
	extend(cert, issuer, NID_key_usage,
	       w->usage ? w->usage : w->ca ? "keyCertSign,cRLSign" : NULL);
	extend(cert, issuer, NID_ext_key_usage, w->extended);
	extend(cert, issuer, NID_subject_key_identifier, "hash");
	extend(cert, issuer, NID_subject_alt_name, w->san);
	extend(cert, issuer, NID_info_access, w->info);
	assert_true(X509_sign(cert, signer, digest_for(signer)) > 0);
	return cert;
}

/* @users: it is about no authorities */
static X509_CRL *new_crl(X509 *issuer, EVP_PKEY *issuer_key, X509 *revoked,
			 long to, bool users)
{
	ISSUING_DIST_POINT scope = { .onlyuser = 0xff };
	X509_CRL *crl = X509_CRL_new();
	X509_REVOKED *r;
	ASN1_TIME *t = X509_gmtime_adj(NULL, -60);

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer));
	X509_CRL_set1_lastUpdate(crl, t);
	if (revoked) {
		r = X509_REVOKED_new();
		X509_REVOKED_set_serialNumber(r,
					      X509_get_serialNumber(revoked));
		X509_REVOKED_set_revocationDate(r, t);
		X509_CRL_add0_revoked(crl, r);
	}
	X509_gmtime_adj(t, to);
	X509_CRL_set1_nextUpdate(crl, t);
	ASN1_TIME_free(t);
	if (users)
		assert_true(X509_CRL_add1_ext_i2d(
			crl, NID_issuing_distribution_point, &scope, 1, 0));
	assert_true(X509_CRL_sign(crl, issuer_key, digest_for(issuer_key)) > 0);
	return crl;
}

X509_CRL *pki_crl(X509 *issuer, EVP_PKEY *issuer_key, X509 *revoked)
{
	return new_crl(issuer, issuer_key, revoked, 3600, false);
}

X509_CRL *pki_crl_old(X509 *issuer, EVP_PKEY *issuer_key)
{
	return new_crl(issuer, issuer_key, NULL, -30, false);
}

X509_CRL *pki_crl_users(X509 *issuer, EVP_PKEY *issuer_key)
{
	return new_crl(issuer, issuer_key, NULL, 3600, true);
}

static struct wire_span encoded(unsigned char *der, int len)
{
	assert_true(len > 0);
	return (struct wire_span){ der, (size_t)len };
}

struct wire_span pki_der(X509 *cert)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);

	return encoded(der, len);
}

struct wire_span pki_crl_der(X509_CRL *crl)
{
	unsigned char *der = NULL;
	int len = i2d_X509_CRL(crl, &der);

	return encoded(der, len);
}

struct wire_span pki_key_der(EVP_PKEY *key, bool private)
{
	unsigned char *der = NULL;
	int len = private ? i2d_PrivateKey(key, &der) : i2d_PUBKEY(key, &der);

	return encoded(der, len);
}

void pki_free(struct wire_span der)
{
	OPENSSL_free((void *)(uintptr_t)der.p);
}

/* ------------------------------------------------------------------- OCSP */

struct wire_span pki_request(X509 *cert, X509 *issuer)
{
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	unsigned char *der = NULL;
	int len;

	OCSP_request_add0_id(req, OCSP_cert_to_id(NULL, cert, issuer));
	len = i2d_OCSP_REQUEST(req, &der);
	OCSP_REQUEST_free(req);
	return encoded(der, len);
}

static void add_status(OCSP_BASICRESP *basic, OCSP_REQUEST *req,
		       const struct pki_answer *a)
{
	OCSP_CERTID *id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(req,
								       0));
	ASN1_TIME *from = X509_gmtime_adj(NULL, a->from);
	ASN1_TIME *to = a->to ? X509_gmtime_adj(NULL, a->to) : NULL;
	ASN1_TIME *when = X509_gmtime_adj(NULL, -60);
	OCSP_CERTID *other = NULL;

	if (a->about) {
		other = OCSP_cert_to_id(NULL, a->about, a->issuer);
		id = other;
	}
	assert_non_null(OCSP_basic_add1_status(basic, id, a->status, 0,
		a->status == V_OCSP_CERTSTATUS_REVOKED ? when : NULL, from,
		to));
	OCSP_CERTID_free(other);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	ASN1_TIME_free(when);
}

struct wire_span pki_answer(struct wire_span request,
			    const struct pki_answer *a)
{
	const unsigned char *p = request.p;
	OCSP_REQUEST *req = d2i_OCSP_REQUEST(NULL, &p, (long)request.len);
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx;
	OCSP_RESPONSE *resp;
	unsigned char *der = NULL;
	int len;

	assert_non_null(req);
	add_status(basic, req, a);
	if (a->nonce == PKI_NONCE_SAME)
		assert_int_equal(OCSP_copy_nonce(basic, req), 1);
	else if (a->nonce == PKI_NONCE_OTHER)
		assert_int_equal(OCSP_basic_add1_nonce(basic, NULL, 32), 1);
	assert_int_equal(EVP_DigestSignInit(md, &ctx, a->md ? a->md :
							      EVP_sha256(),
					    NULL, a->signer_key), 1);
	if (a->pss)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx,
							      RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(OCSP_basic_sign_ctx(basic, a->signer, md, NULL, 0), 1);
	EVP_MD_CTX_free(md);
	resp = OCSP_response_create(a->error, a->error ? NULL : basic);
	len = i2d_OCSP_RESPONSE(resp, &der);
	OCSP_RESPONSE_free(resp);
	OCSP_BASICRESP_free(basic);
	OCSP_REQUEST_free(req);
	return encoded(der, len);
}
