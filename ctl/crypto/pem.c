// SPDX-License-Identifier: GPL-2.0
/* PEM files. */
#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "crypto/pem.h"

static BIO *open_text(struct wire_span text)
{
	return text.len <= INT_MAX ? BIO_new_mem_buf(text.p, (int)text.len) :
				     NULL;
}

/* Nobody is there to be asked for a passphrase. */
static int no_passphrase(char *buf, int size, int rwflag, void *ctx)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)ctx;
	return -1;
}

static bool is_cert(const unsigned char *p, long len)
{
	const unsigned char *at = p;
	X509 *cert = d2i_X509(NULL, &at, len);

	X509_free(cert);
	return cert && at == p + len;
}

static bool is_crl(const unsigned char *p, long len)
{
	const unsigned char *at = p;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, len);

	X509_CRL_free(crl);
	return crl && at == p + len;
}

static const struct {
	const char *name;
	bool (*valid)(const unsigned char *p, long len);
} kinds[] = {
	[CRYPTO_PEM_CERT] = { PEM_STRING_X509, is_cert },
	[CRYPTO_PEM_CRL] = { PEM_STRING_X509_CRL, is_crl },
};

/* The end of a PEM file, or something broken in the midst of it? */
static int at_end(unsigned int n, int ret)
{
	unsigned long e = ERR_peek_last_error();

	ERR_clear_error();
	if (ret)
		return ret;
	if (ERR_GET_REASON(e) != PEM_R_NO_START_LINE)
		return -EINVAL;
	return n ? 0 : -ENOENT;
}

static bool is_pem(struct wire_span text)
{
	static const char begin[] = "-----BEGIN";

	return text.len >= sizeof(begin) &&
	       memmem(text.p, text.len, begin, sizeof(begin) - 1);
}

int crypto_pem_each(struct wire_span text, enum crypto_pem_kind kind,
		    int (*fn)(void *ctx, struct wire_span der), void *ctx)
{
	unsigned char *der;
	unsigned int n = 0;
	int ret = 0;
	long len;
	BIO *bio;

	if (!is_pem(text)) {
		if (text.len <= LONG_MAX &&
		    kinds[kind].valid(text.p, (long)text.len))
			ret = fn(ctx, text);
		else
			ret = -ENOENT;
		ERR_clear_error();
		return ret;
	}
	bio = open_text(text);
	while (!ret && PEM_bytes_read_bio(&der, &len, NULL, kinds[kind].name,
					  bio, no_passphrase, NULL)) {
		n++;
		ret = kinds[kind].valid(der, len) ?
			fn(ctx, (struct wire_span){ der, (size_t)len }) :
			-EINVAL;
		OPENSSL_free(der);
	}
	BIO_free(bio);
	return at_end(n, ret);
}

EVP_PKEY *crypto_pem_private(struct wire_span text)
{
	const unsigned char *p = text.p;
	EVP_PKEY *key = NULL;
	BIO *bio;

	if (is_pem(text)) {
		bio = open_text(text);
		if (bio)
			key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase,
						      NULL);
		BIO_free(bio);
	} else {
		key = d2i_AutoPrivateKey(NULL, &p, (long)text.len);
	}
	ERR_clear_error();
	return key;
}

EVP_PKEY *crypto_pem_public(struct wire_span text)
{
	const unsigned char *p = text.p;
	EVP_PKEY *key = NULL;
	BIO *bio;

	if (is_pem(text)) {
		bio = open_text(text);
		if (bio)
			key = PEM_read_bio_PUBKEY(bio, NULL, no_passphrase,
						  NULL);
		BIO_free(bio);
	} else {
		key = d2i_PUBKEY(NULL, &p, (long)text.len);
	}
	ERR_clear_error();
	return key;
}

int crypto_key_der(const EVP_PKEY *key, bool private, struct wire_wr *out)
{
	PKCS8_PRIV_KEY_INFO *p8 = private ? EVP_PKEY2PKCS8(key) : NULL;
	unsigned char *der = NULL;
	int len;

	len = private ? i2d_PKCS8_PRIV_KEY_INFO(p8, &der) :
			i2d_PUBKEY(key, &der);
	if (len > 0)
		wire_wr_bytes(out, der, (size_t)len);
	OPENSSL_clear_free(der, len > 0 ? (size_t)len : 0);
	PKCS8_PRIV_KEY_INFO_free(p8);
	if (len <= 0)
		return -EIO;
	return out->bad ? -ENOMEM : 0;
}

EVP_PKEY *crypto_key_from_der(struct wire_span der)
{
	const unsigned char *p = der.p;

	return d2i_AutoPrivateKey(NULL, &p, (long)der.len);
}
