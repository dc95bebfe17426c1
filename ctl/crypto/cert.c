// SPDX-License-Identifier: GPL-2.0
/* What a certificate says: identities, usages, the hash of its key. */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "crypto/cert.h"
#include "crypto/dn.h"
#include "wire/addr.h"

X509 *crypto_cert_decode(struct wire_span der)
{
	const unsigned char *p = der.p;
	X509 *cert;

	if (!der.len || der.len > UINT16_MAX)
		return NULL;
	cert = d2i_X509(NULL, &p, (long)der.len);
	if (cert && p != der.p + der.len) {
		X509_free(cert);
		return NULL;
	}
	return cert;
}

static bool same_text(const ASN1_STRING *s, struct wire_span id, bool fold)
{
	const char *a = (const char *)ASN1_STRING_get0_data(s);
	size_t len = (size_t)ASN1_STRING_length(s);

	/* No name has a zero octet, which would end the comparison. */
	if (len != id.len || (fold && memchr(a, 0, len)))
		return false;
	return fold ? !strncasecmp(a, (const char *)id.p, len) :
		      !memcmp(a, id.p, len);
}

/* Only the domain of a mail address is written in any case (RFC 5280 7.5). */
static bool same_mail(const ASN1_STRING *s, struct wire_span id)
{
	const uint8_t *at = memchr(id.p, '@', id.len);
	size_t local = at ? (size_t)(at - id.p) : id.len;

	return same_text(s, id, true) &&
	       !memcmp(ASN1_STRING_get0_data(s), id.p, local);
}

static bool name_is(const GENERAL_NAME *n, uint8_t type, struct wire_span id)
{
	switch (type) {
	case IKE_ID_FQDN:
		return n->type == GEN_DNS && same_text(n->d.dNSName, id, true);
	case IKE_ID_RFC822_ADDR:
		return n->type == GEN_EMAIL && same_mail(n->d.rfc822Name, id);
	case IKE_ID_IPV4_ADDR:
	case IKE_ID_IPV6_ADDR:
		return n->type == GEN_IPADD &&
		       same_text(n->d.iPAddress, id, false);
	}
	return false;
}

static bool subject_is(X509 *cert, struct wire_span id)
{
	unsigned char *der = NULL;
	int len = i2d_X509_NAME(X509_get_subject_name(cert), &der);
	bool equal;

	if (len <= 0)
		return false;
	equal = crypto_dn_equal((struct wire_span){ der, (size_t)len }, id);
	OPENSSL_free(der);
	return equal;
}

bool crypto_cert_has_id(X509 *cert, uint8_t type, struct wire_span id)
{
	GENERAL_NAMES *names;
	bool found = false;

	if (!id.len)
		return false;
	if (type == IKE_ID_DER_ASN1_DN)
		return subject_is(cert, id);
	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++)
		found = name_is(sk_GENERAL_NAME_value(names, i), type, id);
	GENERAL_NAMES_free(names);
	return found;
}

static void append(char *buf, size_t len, const char *text, size_t n)
{
	size_t at = strlen(buf);

	if (at && at + 2 < len) {
		memcpy(buf + at, ", ", 3);
		at += 2;
	}
	for (size_t i = 0; i < n && at + 1 < len; i++, at++)
		buf[at] = text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?';
	buf[at] = '\0';
}

static void append_addr(char *buf, size_t len, const ASN1_STRING *s)
{
	char text[WIRE_ADDR_TEXT];
	struct wire_addr addr;

	if (!wire_addr_set(&addr, ASN1_STRING_get0_data(s),
			   (size_t)ASN1_STRING_length(s)))
		return;
	wire_addr_text(&addr, text);
	append(buf, len, text, strlen(text));
}

static void append_subject(char *buf, size_t len, X509 *cert)
{
	unsigned char *der = NULL;
	int n = i2d_X509_NAME(X509_get_subject_name(cert), &der);
	char text[256];

	if (n > 2 && crypto_dn_text((struct wire_span){ der, (size_t)n }, text,
				    sizeof(text)))
		append(buf, len, text, strlen(text));
	OPENSSL_free(der);
}

void crypto_cert_names(X509 *cert, char *buf, size_t len)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name,
						NULL, NULL);

	buf[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);

		if (n->type == GEN_DNS || n->type == GEN_EMAIL)
			append(buf, len,
			       (const char *)ASN1_STRING_get0_data(n->d.ia5),
			       (size_t)ASN1_STRING_length(n->d.ia5));
		else if (n->type == GEN_IPADD)
			append_addr(buf, len, n->d.iPAddress);
	}
	GENERAL_NAMES_free(names);
	append_subject(buf, len, cert);
}

static bool extended_usage_ok(X509 *cert)
{
	static const int good[] = {
		NID_ipsec_IKE, NID_anyExtendedKeyUsage, NID_server_auth,
		NID_client_auth,
	};
	EXTENDED_KEY_USAGE *usages;
	char oid[32];
	bool ok = false;

	usages = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	for (int i = 0; !ok && i < sk_ASN1_OBJECT_num(usages); i++) {
		const ASN1_OBJECT *o = sk_ASN1_OBJECT_value(usages, i);

		for (size_t j = 0; j < sizeof(good) / sizeof(good[0]); j++)
			ok = ok || OBJ_obj2nid(o) == good[j];
		/* iKEIntermediate, which libcrypto has no number for */
		OBJ_obj2txt(oid, sizeof(oid), o, 1);
		ok = ok || !strcmp(oid, "1.3.6.1.5.5.8.2.2");
	}
	sk_ASN1_OBJECT_pop_free(usages, ASN1_OBJECT_free);
	return ok;
}

bool crypto_cert_for_ike(X509 *cert)
{
	uint32_t flags = X509_get_extension_flags(cert);

	if (flags & EXFLAG_INVALID)
		return false;
	if ((flags & EXFLAG_KUSAGE) &&
	    !(X509_get_key_usage(cert) & (KU_DIGITAL_SIGNATURE |
					  KU_NON_REPUDIATION)))
		return false;
	return !(flags & EXFLAG_XKUSAGE) || extended_usage_ok(cert);
}

int crypto_ca_hash(X509 *cert, uint8_t out[IKE_CA_HASH_LEN])
{
	unsigned char *der = NULL;
	unsigned int out_len = 0;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	int err = -EIO;

	if (len > 0 && EVP_Digest(der, (size_t)len, out, &out_len, EVP_sha1(),
				  NULL) && out_len == IKE_CA_HASH_LEN)
		err = 0;
	OPENSSL_free(der);
	return err;
}
