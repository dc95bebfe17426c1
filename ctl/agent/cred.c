// SPDX-License-Identifier: GPL-2.0
#include "agent/cred.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/log.h"
#include "crypto/auth.h"
#include "crypto/cert.h"
#include "crypto/keys.h"
#include "crypto/pem.h"
#include "crypto/sig.h"
#include "crypto/util.h"
#include "wire/cert.h"

/**
 * struct cred - of one connection
 *
 * @psk: in locked memory, @psk_len octets; NULL without one.
 * @ppk: the same, @ppk_len octets, of the name @ppk_id.
 * @key: own private key, or NULL.
 * @certs: own certificates, or the raw key, as they go to the peer.
 * @pieces: the first ones of an item that is still coming.
 * @trust: what the peer's key has to come from, or NULL.
 * @ocsp: what responders are asked of the peer's certificates.
 * @ocsp_uri: which one, or empty.
 */
struct cred {
	struct cred *next;
	char name[IKE_MAX_NAME];
	enum ike_authby local_auth;
	enum ike_authby remote_auth;
	bool rsa_pkcs1;
	uint8_t *psk;
	size_t psk_len;
	uint8_t *ppk;
	size_t ppk_len;
	uint8_t ppk_id[IKE_MAX_PPK_ID];
	size_t ppk_id_len;
	EVP_PKEY *key;
	struct wire_wr certs;
	struct wire_wr pieces;
	struct crypto_trust *trust;
	enum crypto_ocsp_policy ocsp;
	char ocsp_uri[CRYPTO_OCSP_URI_MAX];
};

static void cred_free(struct cred *c)
{
	if (!c)
		return;
	OPENSSL_secure_clear_free(c->psk, c->psk_len);
	OPENSSL_secure_clear_free(c->ppk, c->ppk_len);
	EVP_PKEY_free(c->key);
	wire_wr_free(&c->certs);
	wire_wr_free(&c->pieces);
	crypto_trust_free(c->trust);
	free(c);
}

static struct cred *find(const struct cred_list *l, const char *name)
{
	struct cred *c = l->first;

	while (c && strcmp(c->name, name))
		c = c->next;
	return c;
}

static void forget(struct cred_list *l, const char *name)
{
	struct cred **at = &l->first, *c;

	while (*at && strcmp((*at)->name, name))
		at = &(*at)->next;
	c = *at;
	if (!c)
		return;
	*at = c->next;
	cred_free(c);
}

/* ------------------------------------------------------------- being told */

/* A copy in locked memory; NULL without a key, or without that memory. */
static uint8_t *lock_away(const uint8_t *key, size_t len, size_t max,
			  size_t *kept)
{
	uint8_t *copy = len && len <= max ? OPENSSL_secure_malloc(len) : NULL;

	*kept = copy ? len : 0;
	if (copy)
		memcpy(copy, key, len);
	return copy;
}

static void begin(struct cred_list *l, const struct msg_cred *m)
{
	struct cred *c = calloc(1, sizeof(*c));

	cred_free(l->fresh);
	l->fresh = c;
	if (!c)
		return;
	memcpy(c->name, m->name, sizeof(c->name));
	c->name[sizeof(c->name) - 1] = '\0';
	c->local_auth = m->local_auth;
	c->remote_auth = m->remote_auth;
	c->rsa_pkcs1 = m->rsa_pkcs1;
	c->psk = lock_away(m->psk, m->psk_len, sizeof(m->psk), &c->psk_len);
	c->ppk = lock_away(m->ppk, m->ppk_len, sizeof(m->ppk), &c->ppk_len);
	if (m->ppk_id_len > sizeof(m->ppk_id))
		return;
	memcpy(c->ppk_id, m->ppk_id, m->ppk_id_len);
	c->ppk_id_len = m->ppk_id_len;
	c->ocsp = m->ocsp;
	memcpy(c->ocsp_uri, m->ocsp_uri, sizeof(c->ocsp_uri) - 1);
}

static int trust(struct cred *c, enum crypto_trust_item item,
		 struct wire_span der)
{
	if (!c->trust) {
		c->trust = crypto_trust_new();
		if (!c->trust)
			return -ENOMEM;
		if (crypto_trust_ocsp(c->trust, c->ocsp, c->ocsp_uri)) {
			crypto_trust_free(c->trust);
			c->trust = NULL;
			return -ENOMEM;
		}
	}
	return crypto_trust_add(c->trust, item, der);
}

static int own(struct cred *c, uint8_t encoding, struct wire_span der)
{
	const struct wire_cert cert = { encoding, der };

	wire_cert_list_add(&c->certs, &cert);
	return c->certs.bad ? -ENOMEM : 0;
}

static int item(struct cred *c, enum conf_item what, struct wire_span der)
{
	switch (what) {
	case CONF_ITEM_KEY:
		EVP_PKEY_free(c->key);
		c->key = crypto_key_from_der(der);
		return c->key ? 0 : -ENOMEM;
	case CONF_ITEM_CERT:
		return own(c, IKE_CERT_X509_SIGNATURE, der);
	case CONF_ITEM_RAW:
		return own(c, IKE_CERT_RAW_PUBLIC_KEY, der);
	case CONF_ITEM_CA:
		return trust(c, CRYPTO_TRUST_CA, der);
	case CONF_ITEM_REMOTE_CERT:
		return trust(c, CRYPTO_TRUST_CERT, der);
	case CONF_ITEM_REMOTE_KEY:
		return trust(c, CRYPTO_TRUST_KEY, der);
	case CONF_ITEM_CRL:
		return trust(c, CRYPTO_TRUST_CRL, der);
	}
	return -EINVAL;
}

/* What is too long for one message comes in several. */
static void piece(struct cred *c, const struct msg_cred_item *m,
		  struct wire_span der)
{
	struct wire_wr *all = &c->pieces;
	int ret;

	if (m->more || all->len || all->bad) {
		wire_wr_bytes(all, der.p, der.len);
		der = (struct wire_span){ all->data, all->len };
	}
	if (m->more)
		return;
	ret = all->bad ? -ENOMEM : item(c, m->item, der);
	wire_wr_free(all);
	if (ret)
		log_line(IKE_LOG_ERROR, c->name, "start",
			 "cannot use a key or certificate: %s", strerror(-ret));
}

static void end(struct cred_list *l, const char *name)
{
	struct cred *c = l->fresh;

	l->fresh = NULL;
	forget(l, name);
	if (!c || strcmp(c->name, name)) {
		cred_free(c);
		return;
	}
	c->next = l->first;
	l->first = c;
}

void cred_list_told(struct cred_list *l, uint32_t type, const void *data,
		    size_t len)
{
	const struct msg_cred_item *i = data;
	const struct msg_name *n = data;
	struct wire_span der;

	if (type == MSG_CRED_BEGIN && len == sizeof(struct msg_cred)) {
		begin(l, data);
	} else if (type == MSG_CRED_ITEM && len >= sizeof(*i) && l->fresh) {
		der = (struct wire_span){ (const uint8_t *)(i + 1),
					  len - sizeof(*i) };
		piece(l->fresh, i, der);
	} else if (type == MSG_CRED_END && len == sizeof(*n)) {
		end(l, n->name);
	} else if (type == MSG_CRED_GONE && len == sizeof(*n)) {
		forget(l, n->name);
	}
}

void cred_list_free(struct cred_list *l)
{
	struct cred *c;

	while ((c = l->first)) {
		l->first = c->next;
		cred_free(c);
	}
	cred_free(l->fresh);
	l->fresh = NULL;
}

/* ------------------------------------------------------- signing, verifying */

__attribute__((format(printf, 2, 3)))
static void say(struct msg_auth_done *done, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(done->text, sizeof(done->text), fmt, ap);
	va_end(ap);
}

static int sign_psk(const struct cred *c, const struct msg_auth *m,
		    struct wire_span octets, struct wire_wr *data)
{
	const struct wire_span psk = { c->psk, c->psk_len };
	uint8_t out[CRYPTO_PRF_MAX];
	int ret = crypto_psk_auth(m->prf, psk, octets, out);

	if (!ret)
		wire_wr_bytes(data, out, crypto_prf_len(m->prf));
	crypto_wipe(out, sizeof(out));
	return ret;
}

void cred_sign(const struct cred_list *l, const struct msg_auth *m,
	       struct wire_span octets, struct msg_auth_done *done,
	       struct wire_wr *data, struct wire_wr *certs)
{
	const struct cred *c = find(l, m->conn);
	int ret = -ENOKEY;

	if (c && c->local_auth == IKE_AUTHBY_PSK) {
		done->method = IKE_AUTH_PSK;
		ret = sign_psk(c, m, octets, data);
	} else if (c && c->key) {
		ret = crypto_sig_sign(c->key, !c->rsa_pkcs1, m->hashes, octets,
				      &done->method, data);
		wire_wr_bytes(certs, c->certs.data, c->certs.len);
	}
	done->ok = !ret && !data->bad && !certs->bad;
	if (ret == -ENOTSUP)
		say(done, "the peer takes no signature of our key: it does not know the hash or Ed25519");
	else if (!done->ok)
		say(done, "cannot sign: %s", strerror(ret ? -ret : ENOMEM));
}

void cred_ppk(const struct cred_list *l, const struct msg_auth *m,
	      struct wire_span keys, struct wire_span id,
	      struct msg_auth_done *done, struct wire_wr *data)
{
	const struct cred *c = find(l, m->conn);
	size_t len = 3 * crypto_prf_len(m->prf);
	uint8_t out[CRYPTO_PPK_KEYS_MAX];
	int ret = -ENOKEY;

	if (c && c->ppk && id.len && id.len == c->ppk_id_len &&
	    !memcmp(id.p, c->ppk_id, id.len) && len && keys.len == len)
		ret = crypto_ppk_mix(m->prf, (struct wire_span){
				     c->ppk, c->ppk_len }, keys.p, out);
	if (!ret) {
		wire_wr_bytes(data, out, len);
		crypto_wipe(out, sizeof(out));
	}
	done->ok = !ret && !data->bad;
}

void cred_eap(const struct msg_auth *m, struct msg_auth_done *done)
{
	say(done, "there are no credentials for EAP method %u", m->method);
}

bool cred_verify(const struct cred_list *l, const struct msg_auth *m,
		 struct wire_span octets, struct wire_span auth,
		 struct wire_span certs, struct crypto_ocsp_ask *ask,
		 struct msg_auth_done *done)
{
	const struct cred *c = find(l, m->conn);
	const struct crypto_proof proof = {
		.id_type = m->peer_id.type,
		.id = { m->peer_id.data, m->peer_id.len },
		.certs = certs,
		.method = m->method,
		.octets = octets,
		.auth = auth,
		.ask = ask,
	};
	int ret = -ENOKEY;

	if (c && c->remote_auth == IKE_AUTHBY_PSK &&
	    m->method == IKE_AUTH_PSK) {
		ret = crypto_psk_verify(m->prf, (struct wire_span){
					c->psk, c->psk_len }, octets, auth);
		if (ret == -EBADMSG)
			say(done, "the peer does not know the pre-shared key");
	} else if (c && c->remote_auth == IKE_AUTHBY_PUBKEY && c->trust) {
		ret = crypto_trust_verify(c->trust, &proof, done->text,
					  sizeof(done->text));
	}
	if (ret == -EAGAIN) {
		done->text[0] = '\0';
		return false;
	}
	done->ok = !ret;
	if (ret && !done->text[0])
		say(done, "cannot verify: %s", strerror(-ret));
	if (!ret && done->text[0])
		log_line(IKE_LOG_WARNING, m->conn, "ocsp", "%s", done->text);
	if (!ret)
		done->text[0] = '\0';
	return true;
}
