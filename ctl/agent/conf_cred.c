// SPDX-License-Identifier: GPL-2.0
#include "agent/conf_cred.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/conf_conn.h"
#include "agent/conf_file.h"
#include "agent/conf_value.h"
#include "agent/log.h"
#include "crypto/cert.h"
#include "crypto/pem.h"
#include "crypto/sig.h"

#define MAX_FILE (1u << 20)

/** struct loading - a connection whose files are being read */
struct loading {
	cfg_t *sec;
	const char *file;
	struct conf_conn *out;
	char *err;
	size_t errlen;
	/* The file at hand and the option that names it. */
	char path[PATH_MAX];
	const char *option;
	enum conf_item item;
	/* Own certificate, that of the key. */
	X509 *leaf;
	EVP_PKEY *key;
};

__attribute__((format(printf, 2, 3)))
static int refuse(struct loading *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->err, l->errlen, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* ------------------------------------------------------------------- items */

static int item_add(struct loading *l, enum conf_item item,
		    struct wire_span der)
{
	struct wire_wr *wr = &l->out->items;

	wire_wr_u8(wr, (uint8_t)item);
	wire_wr_u32(wr, (uint32_t)der.len);
	wire_wr_bytes(wr, der.p, der.len);
	if (wr->bad)
		return refuse(l, "%s: all certificates and keys together are longer than %u octets",
			      l->option, WIRE_WR_MAX);
	return 0;
}

bool conf_item_next(struct wire_rd *rd, enum conf_item *item,
		    struct wire_span *der)
{
	if (!rd->left)
		return false;
	*item = (enum conf_item)wire_rd_u8(rd);
	der->len = wire_rd_u32(rd);
	der->p = wire_rd_bytes(rd, der->len);
	return !rd->bad;
}

/* ------------------------------------------------------------------- files */

/* The file of an option's value, wiped by done(). */
static int open_file(struct loading *l, const char *name,
		     struct wire_span *text)
{
	struct stat st;

	conf_file_path(name, l->file, l->path, sizeof(l->path));
	text->p = (uint8_t *)conf_file_read(l->path, MAX_FILE, &text->len, &st);
	if (!text->p)
		return refuse(l, "%s: cannot read %s: %s", l->option, l->path,
			      strerror(errno));
	if (l->item == CONF_ITEM_KEY)
		conf_file_secret(l->path, &st);
	return 0;
}

static void close_file(struct wire_span text)
{
	explicit_bzero((void *)(uintptr_t)text.p, text.len);
	free((void *)(uintptr_t)text.p);
}

static bool expired(X509 *cert)
{
	return X509_cmp_current_time(X509_get0_notAfter(cert)) < 0;
}

static int ca_add(struct loading *l, X509 *cert)
{
	struct ike_conn *c = &l->out->ike;

	if (!X509_check_ca(cert))
		return refuse(l, "%s: %s holds a certificate that is no authority's; remote-cert would be right for the peer's own",
			      l->option, l->path);
	if (c->ncas == IKE_MAX_CAS)
		return refuse(l, "%s: more than %d certificates", l->option,
			      IKE_MAX_CAS);
	return crypto_ca_hash(cert, c->ca[c->ncas++]);
}

static int cert_on(void *ctx, struct wire_span der)
{
	X509 *cert = crypto_cert_decode(der);
	struct loading *l = ctx;
	int ret = 0;

	if (!cert)
		return -EINVAL;
	if (expired(cert))
		log_line(IKE_LOG_WARNING, l->out->ike.name, "config",
			 "a certificate in %s is no longer valid", l->path);
	if (l->item == CONF_ITEM_CA)
		ret = ca_add(l, cert);
	else if (der.len > UINT16_MAX - 16)
		ret = refuse(l, "%s: a certificate in %s is too long",
			     l->option, l->path);
	if (!ret)
		ret = item_add(l, l->item, der);
	if (l->item == CONF_ITEM_CERT && !l->leaf)
		l->leaf = cert;
	else
		X509_free(cert);
	return ret;
}

static int crl_on(void *ctx, struct wire_span der)
{
	struct loading *l = ctx;

	return item_add(l, l->item, der);
}

static int load_certs(struct loading *l, const char *name)
{
	struct wire_span text;
	int ret = open_file(l, name, &text);

	if (ret)
		return ret;
	ret = l->item == CONF_ITEM_CRL ?
		crypto_pem_each(text, CRYPTO_PEM_CRL, crl_on, l) :
		crypto_pem_each(text, CRYPTO_PEM_CERT, cert_on, l);
	close_file(text);
	if (ret && !l->err[0])
		refuse(l, "%s: %s holds %s; a file in PEM or DER would be right",
		       l->option, l->path, ret == -ENOENT ?
		       "none" : "a broken one");
	return ret;
}

/* What is in a folder, but for files that hold no certificate. */
static int load_folder(struct loading *l, const char *name)
{
	char folder[PATH_MAX], file[PATH_MAX + NAME_MAX + 2];
	struct dirent **list;
	int n, ret = 0;

	conf_file_path(name, l->file, folder, sizeof(folder));
	n = scandir(folder, &list, NULL, alphasort);
	if (n < 0)
		return refuse(l, "%s: cannot read %s: %s", l->option, folder,
			      strerror(errno));
	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", folder, list[i]->d_name);
		if (!ret && list[i]->d_name[0] != '.') {
			ret = load_certs(l, file);
			if (ret == -ENOENT) {
				l->err[0] = '\0';
				ret = 0;
			}
		}
		free(list[i]);
	}
	free(list);
	return ret;
}

static bool is_folder(const struct loading *l, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	conf_file_path(name, l->file, path, sizeof(path));
	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static int load_list(struct loading *l, const char *option,
		     enum conf_item item)
{
	int ret = 0;

	l->option = option;
	l->item = item;
	for (unsigned int i = 0; !ret && i < cfg_size(l->sec, option); i++) {
		const char *name = cfg_getnstr(l->sec, option, i);

		ret = is_folder(l, name) && item != CONF_ITEM_CERT ?
		      load_folder(l, name) : load_certs(l, name);
	}
	return ret;
}

/* -------------------------------------------------------------------- keys */

static int key_check(struct loading *l, const EVP_PKEY *key)
{
	char why[160];

	if (crypto_sig_key_ok(key, why, sizeof(why)))
		return 0;
	return refuse(l, "%s: %s holds %s", l->option, l->path, why);
}

static int key_item(struct loading *l, enum conf_item item, const EVP_PKEY *key,
		    bool private)
{
	struct wire_wr der = { 0 };
	int ret = crypto_key_der(key, private, &der);

	if (!ret)
		ret = item_add(l, item, (struct wire_span){ der.data,
							    der.len });
	wire_wr_free(&der);
	return ret;
}

static int load_key(struct loading *l)
{
	struct wire_span text;
	int ret;

	l->option = "key";
	l->item = CONF_ITEM_KEY;
	if (!cfg_size(l->sec, "key"))
		return refuse(l, "local-auth = \"pubkey\" needs a private key: key = \"FILE\" would be right");
	ret = open_file(l, cfg_getstr(l->sec, "key"), &text);
	if (ret)
		return ret;
	l->key = crypto_pem_private(text);
	close_file(text);
	if (!l->key)
		return refuse(l, "key: %s holds no private key without a passphrase; PEM or DER would be right (openssl pkey -in FILE -out FILE)",
			      l->path);
	ret = key_check(l, l->key);
	if (!ret)
		ret = key_item(l, CONF_ITEM_KEY, l->key, true);
	if (!ret && !cfg_size(l->sec, "cert"))
		ret = key_item(l, CONF_ITEM_RAW, l->key, false);
	return ret;
}

static int load_remote_keys(struct loading *l)
{
	int ret = 0;

	l->option = "remote-key";
	l->item = CONF_ITEM_REMOTE_KEY;
	for (unsigned int i = 0; !ret && i < cfg_size(l->sec, l->option); i++) {
		struct wire_span text;
		EVP_PKEY *key;

		ret = open_file(l, cfg_getnstr(l->sec, l->option, i), &text);
		if (ret)
			return ret;
		key = crypto_pem_public(text);
		close_file(text);
		if (!key)
			return refuse(l, "remote-key: %s holds no public key; PEM or DER would be right (openssl pkey -in KEY -pubout)",
				      l->path);
		ret = key_check(l, key);
		if (!ret)
			ret = key_item(l, CONF_ITEM_REMOTE_KEY, key, false);
		EVP_PKEY_free(key);
	}
	return ret;
}

/* The peer checks the same: better to hear it from our own side. */
static int own_check(struct loading *l)
{
	const struct ike_id *id = &l->out->ike.local_id;
	char names[200];

	if (!l->leaf)
		return 0;
	if (X509_check_private_key(l->leaf, l->key) != 1)
		return refuse(l, "cert and key do not belong together; the first certificate of cert must be that of the key");
	if (!crypto_cert_for_ike(l->leaf))
		return refuse(l, "cert: its key usage or extended key usage does not allow IKE; digitalSignature, and ipsecIKE if there are any extended ones, would be right");
	if (crypto_cert_has_id(l->leaf, id->type,
			       (struct wire_span){ id->data, id->len }))
		return 0;
	crypto_cert_names(l->leaf, names, sizeof(names));
	return refuse(l, "local-id is not in the certificate of cert, which names %s",
		      names);
}

/* ---------------------------------------------------------- pre-shared keys */

static int load_shared_file(struct loading *l, const char *option,
			    uint8_t key[CONF_MAX_PSK], size_t *len)
{
	struct wire_span text;
	int ret;

	l->option = option;
	l->item = CONF_ITEM_KEY;
	ret = open_file(l, cfg_getstr(l->sec, option), &text);
	if (ret)
		return ret;
	ret = conf_psk((const char *)text.p, text.len && text.p[text.len - 1] ==
		       '\n' ? text.len - 1 : text.len, key, CONF_MAX_PSK, len,
		       l->err, l->errlen);
	close_file(text);
	return ret;
}

/* From one of two options: the key itself, or its file. */
static int load_shared(struct loading *l, const char *option, const char *file,
		       uint8_t key[CONF_MAX_PSK], size_t *len)
{
	const char *text;

	if (cfg_size(l->sec, file))
		return load_shared_file(l, file, key, len);
	text = cfg_getstr(l->sec, option);
	return conf_psk(text, strlen(text), key, CONF_MAX_PSK, len, l->err,
			l->errlen);
}

static int load_psk(struct loading *l, bool wanted)
{
	bool has_key = cfg_size(l->sec, "psk");
	bool has_file = cfg_size(l->sec, "psk-file");

	if (!wanted && (has_key || has_file))
		return refuse(l, "neither end uses the pre-shared key; remove it, or say local-auth or remote-auth = \"psk\"");
	if (!wanted)
		return 0;
	if (has_key == has_file)
		return refuse(l, "%s; one of psk and psk-file would be right",
			      has_key ? "psk and psk-file are both given" :
					"the pre-shared key is missing");
	return load_shared(l, "psk", "psk-file", l->out->psk,
			   &l->out->psk_len);
}

/* RFC 8784, section 6: half of its bits count against a quantum computer. */
#define PPK_SHORT 32

static int load_ppk(struct loading *l)
{
	bool has_key = cfg_size(l->sec, "ppk");
	bool has_file = cfg_size(l->sec, "ppk-file");
	struct ike_conn *c = &l->out->ike;
	const char *id;
	int ret;

	c->ppk_required = cfg_size(l->sec, "ppk-required") &&
			  cfg_getbool(l->sec, "ppk-required");
	if (!cfg_size(l->sec, "ppk-id")) {
		if (has_key || has_file || c->ppk_required)
			return refuse(l, "the post-quantum preshared key has no name; ppk-id = \"TEXT\", the same at both ends, would be right");
		return 0;
	}
	id = cfg_getstr(l->sec, "ppk-id");
	if (!*id || strlen(id) > IKE_MAX_PPK_ID)
		return refuse(l, "ppk-id: 1 to %d octets would be right",
			      IKE_MAX_PPK_ID);
	if (has_key == has_file)
		return refuse(l, "%s; one of ppk and ppk-file would be right",
			      has_key ? "ppk and ppk-file are both given" :
					"ppk-id names a key that is missing");
	c->ppk_id_len = (uint8_t)strlen(id);
	memcpy(c->ppk_id, id, c->ppk_id_len);
	ret = load_shared(l, "ppk", "ppk-file", l->out->ppk, &l->out->ppk_len);
	if (!ret && l->out->ppk_len < PPK_SHORT)
		log_line(IKE_LOG_WARNING, c->name, "config",
			 "the post-quantum preshared key is shorter than %d octets",
			 PPK_SHORT);
	return ret;
}

/* -------------------------------------------------------- the whole of them */

static enum ike_authby way(const struct loading *l, const char *option,
			   bool has_key)
{
	char err[CONF_MAX_ERROR];

	if (!cfg_size(l->sec, option))
		return has_key ? IKE_AUTHBY_PUBKEY : IKE_AUTHBY_PSK;
	return (enum ike_authby)conf_word(cfg_getstr(l->sec, option),
					  conf_auth_words, err, sizeof(err));
}

/* An option that would have no effect is a mistake. */
static int none_of(struct loading *l, const char *why,
		   const char *const *options)
{
	for (; *options; options++)
		if (cfg_size(l->sec, *options))
			return refuse(l, "%s has no effect with %s = \"psk\"; remove one of the two",
				      *options, why);
	return 0;
}

static int load_local(struct loading *l)
{
	static const char *const options[] = { "cert", "key", "rsa-padding",
					       NULL };
	int ret;

	if (l->out->ike.local_auth == IKE_AUTHBY_PSK)
		return none_of(l, "local-auth", options);
	if (cfg_size(l->sec, "rsa-padding"))
		l->out->rsa_pkcs1 = !strcmp(cfg_getstr(l->sec, "rsa-padding"),
					    "pkcs1");
	ret = load_key(l);
	if (!ret)
		ret = load_list(l, "cert", CONF_ITEM_CERT);
	return ret ? ret : own_check(l);
}

/* Each of the two has been checked while its line was read. */
static int load_ocsp(struct loading *l)
{
	const char *word = cfg_getstr(l->sec, "ocsp");
	const char *uri = cfg_getstr(l->sec, "ocsp-uri");
	char err[CONF_MAX_ERROR];
	int policy = CRYPTO_OCSP_OFF;

	if (word)
		policy = conf_word(word, conf_ocsp_words, err, sizeof(err));
	if (policy > CRYPTO_OCSP_OFF && !cfg_size(l->sec, "ca"))
		return refuse(l, "ocsp needs a ca; remote-cert and remote-key are taken as they are");
	if (uri && policy <= CRYPTO_OCSP_OFF)
		return refuse(l, "ocsp-uri has no effect without ocsp; ocsp = \"strict\" would be right");
	l->out->ocsp = (enum crypto_ocsp_policy)policy;
	if (uri)
		snprintf(l->out->ocsp_uri, sizeof(l->out->ocsp_uri), "%s", uri);
	return 0;
}

static int load_remote(struct loading *l)
{
	static const char *const options[] = { "ca", "crl", "ocsp", "ocsp-uri",
					       "remote-cert", "remote-key",
					       NULL };
	struct ike_conn *c = &l->out->ike;
	bool own = cfg_size(l->sec, "remote-cert") ||
		   cfg_size(l->sec, "remote-key");
	int ret;

	if (c->remote_auth == IKE_AUTHBY_PSK)
		return none_of(l, "remote-auth", options);
	if (!own && !cfg_size(l->sec, "ca"))
		return refuse(l, "remote-auth = \"pubkey\" needs something to trust: ca, remote-cert or remote-key would be right");
	/* A key or a certificate is bound to an identity here or nowhere. */
	if (own && !c->remote_id.type)
		return refuse(l, "remote-cert and remote-key need a remote-id");
	ret = load_list(l, "ca", CONF_ITEM_CA);
	if (!ret)
		ret = load_list(l, "crl", CONF_ITEM_CRL);
	if (!ret)
		ret = load_ocsp(l);
	if (!ret)
		ret = load_list(l, "remote-cert", CONF_ITEM_REMOTE_CERT);
	return ret ? ret : load_remote_keys(l);
}

int conf_cred_build(cfg_t *sec, const char *file, struct conf_conn *out,
		    char *err, size_t errlen)
{
	struct loading l = {
		.sec = sec, .file = file, .out = out, .err = err,
		.errlen = errlen,
	};
	struct ike_conn *c = &out->ike;
	int ret;

	err[0] = '\0';
	c->local_auth = way(&l, "local-auth", cfg_size(sec, "key") ||
			    cfg_size(sec, "cert"));
	c->remote_auth = way(&l, "remote-auth", cfg_size(sec, "ca") ||
			     cfg_size(sec, "remote-cert") ||
			     cfg_size(sec, "remote-key"));
	ret = load_psk(&l, c->local_auth == IKE_AUTHBY_PSK ||
			   c->remote_auth == IKE_AUTHBY_PSK);
	if (!ret)
		ret = load_ppk(&l);
	if (!ret)
		ret = load_local(&l);
	if (!ret)
		ret = load_remote(&l);
	if (ret && !err[0])
		refuse(&l, "%s: %s", l.option ? l.option : "keys",
		       strerror(-ret));
	X509_free(l.leaf);
	EVP_PKEY_free(l.key);
	return ret;
}
