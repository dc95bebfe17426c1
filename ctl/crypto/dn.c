// SPDX-License-Identifier: GPL-2.0
/* Distinguished names. */
#include <openssl/bio.h>
#include <openssl/x509.h>
#include <string.h>

#include "crypto/dn.h"

#define DN_MAX_TEXT	512

static X509_NAME *decode(struct wire_span dn)
{
	const unsigned char *p = dn.p;
	X509_NAME *name;

	if (!dn.len || dn.len > UINT16_MAX)
		return NULL;
	name = d2i_X509_NAME(NULL, &p, (long)dn.len);
	if (name && p != dn.p + dn.len) {
		X509_NAME_free(name);
		return NULL;
	}
	return name;
}

/* One "TYPE=VALUE" up to a comma; where the next one begins, or NULL. */
static const char *entry_parse(const char *p, X509_NAME *name)
{
	char type[32], value[DN_MAX_TEXT];
	size_t n = strcspn(p, "=,"), len = 0;

	if (p[n] != '=' || !n || n >= sizeof(type))
		return NULL;
	memcpy(type, p, n);
	type[n] = '\0';
	for (p += n + 1; *p && *p != ','; p++) {
		if (*p == '\\' && p[1])
			p++;
		if (len == sizeof(value) - 1)
			return NULL;
		value[len++] = *p;
	}
	value[len] = '\0';
	if (!len || !X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8,
						(unsigned char *)value,
						(int)len, -1, 0))
		return NULL;
	if (*p)
		p++;
	while (*p == ' ')
		p++;
	return p;
}

size_t crypto_dn_parse(const char *text, uint8_t *out, size_t max)
{
	X509_NAME *name = X509_NAME_new();
	const char *p = text;
	size_t size = 0;
	int len;

	while (name && p && *p)
		p = entry_parse(p, name);
	if (name && p && X509_NAME_entry_count(name)) {
		len = i2d_X509_NAME(name, NULL);
		if (len > 0 && (size_t)len <= max)
			size = (size_t)i2d_X509_NAME(name, &out);
	}
	X509_NAME_free(name);
	return size;
}

bool crypto_dn_text(struct wire_span dn, char *buf, size_t len)
{
	X509_NAME *name = decode(dn);
	BIO *bio = name ? BIO_new(BIO_s_mem()) : NULL;
	bool ok;
	int n = 0;

	ok = bio && len && X509_NAME_print_ex(bio, name, 0,
					      ASN1_STRFLGS_ESC_2253 |
					      ASN1_STRFLGS_ESC_CTRL |
					      ASN1_STRFLGS_ESC_MSB |
					      XN_FLAG_SEP_CPLUS_SPC) >= 0;
	if (ok)
		n = BIO_read(bio, buf, (int)len - 1);
	if (len)
		buf[n > 0 ? n : 0] = '\0';
	BIO_free(bio);
	X509_NAME_free(name);
	return ok;
}

bool crypto_dn_equal(struct wire_span a, struct wire_span b)
{
	X509_NAME *x = decode(a), *y = decode(b);
	bool equal = x && y && !X509_NAME_cmp(x, y);

	X509_NAME_free(x);
	X509_NAME_free(y);
	return equal;
}
