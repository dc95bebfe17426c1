// SPDX-License-Identifier: GPL-2.0
#include "agent/conf_value.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/http.h"
#include "crypto/ocsp.h"

/* A decimal number without sign, blanks or leading plus. */
static int number(const char *text, size_t len, unsigned int max,
		  unsigned int *out)
{
	unsigned int n = 0;

	if (!len || len > 9)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return -EINVAL;
		n = n * 10 + (unsigned int)(text[i] - '0');
	}
	if (n > max)
		return -EINVAL;
	*out = n;
	return 0;
}

static bool host_part_is_zero(const struct wire_addr *a, unsigned int plen)
{
	unsigned int bits = (unsigned int)wire_addr_len(a->family) * 8;

	for (unsigned int i = plen; i < bits; i++)
		if (a->a[i / 8] & (0x80 >> (i % 8)))
			return false;
	return true;
}

int conf_prefix(const char *text, struct ike_prefix *out, char *err,
		size_t errlen)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char addr[WIRE_ADDR_TEXT];
	unsigned int bits, plen;

	memset(out, 0, sizeof(*out));
	if (!strcmp(text, "any"))
		return 0;
	if (len >= sizeof(addr))
		goto bad;
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (!wire_addr_parse(&out->addr, addr))
		goto bad;
	bits = (unsigned int)wire_addr_len(out->addr.family) * 8;
	plen = bits;
	if (slash && number(slash + 1, strlen(slash + 1), bits, &plen)) {
		snprintf(err, errlen,
			 "\"%s\" has a bad prefix length; 0 to %u would be right",
			 text, bits);
		goto fail;
	}
	if (!host_part_is_zero(&out->addr, plen)) {
		snprintf(err, errlen,
			 "\"%s\" has bits set beyond its prefix length; clear them, or leave /%u out for one host",
			 text, plen);
		goto fail;
	}
	out->plen = (uint8_t)plen;
	return 0;
bad:
	snprintf(err, errlen,
		 "\"%s\" is no address; \"any\", an address or a prefix such as \"10.0.3.0/24\" would be right",
		 text);
fail:
	memset(out, 0, sizeof(*out));
	return -EINVAL;
}

int conf_ports(const char *text, uint16_t *min, uint16_t *max, char *err,
	       size_t errlen)
{
	const char *dash = strchr(text, '-');
	size_t len = dash ? (size_t)(dash - text) : strlen(text);
	unsigned int a, b;

	if (!strcmp(text, "any")) {
		*min = 0;
		*max = UINT16_MAX;
		return 0;
	}
	if (number(text, len, UINT16_MAX, &a))
		goto bad;
	b = a;
	if (dash && number(dash + 1, strlen(dash + 1), UINT16_MAX, &b))
		goto bad;
	if (a > b) {
		snprintf(err, errlen,
			 "port range \"%s\" ends before it begins; \"%u-%u\" would be right",
			 text, b, a);
		return -EINVAL;
	}
	*min = (uint16_t)a;
	*max = (uint16_t)b;
	return 0;
bad:
	snprintf(err, errlen,
		 "\"%s\" is no port; \"any\", \"7000\" or \"7000-7010\" (0 to 65535) would be right",
		 text);
	return -EINVAL;
}

int conf_proto(const char *text, uint8_t *out, char *err, size_t errlen)
{
	static const struct {
		const char *name;
		uint8_t number;
	} names[] = {
		{ "any", 0 }, { "icmp", 1 }, { "tcp", 6 }, { "udp", 17 },
		{ "sctp", 132 }, { "ipv6-icmp", 58 },
	};
	unsigned int n;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(text, names[i].name)) {
			*out = names[i].number;
			return 0;
		}
	}
	if (number(text, strlen(text), UINT8_MAX, &n) || !n) {
		snprintf(err, errlen,
			 "protocol \"%s\" is not known; any, tcp, udp, sctp, icmp, ipv6-icmp or a number from 1 to 255 would be right",
			 text);
		return -EINVAL;
	}
	*out = (uint8_t)n;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int conf_psk(const char *text, size_t len, uint8_t *out, size_t max,
	     size_t *out_len, char *err, size_t errlen)
{
	bool hex = len >= 2 && text[0] == '0' && text[1] == 'x';
	size_t n = hex ? (len - 2) / 2 : len;

	if (hex && len % 2) {
		snprintf(err, errlen,
			 "the pre-shared key has an odd number of hexadecimal digits; two an octet would be right");
		return -EINVAL;
	}
	if (!n || n > max) {
		snprintf(err, errlen,
			 "the pre-shared key has %zu octets; 1 to %zu would be right",
			 n, max);
		return -EINVAL;
	}
	if (!hex)
		memcpy(out, text, n);
	for (size_t i = 0; hex && i < n; i++) {
		int high = hex_digit(text[2 + 2 * i]);
		int low = hex_digit(text[3 + 2 * i]);

		if (high < 0 || low < 0) {
			explicit_bzero(out, n);
			snprintf(err, errlen,
				 "the pre-shared key begins with 0x, but its character %zu is no hexadecimal digit",
				 2 + 2 * i + (high < 0 ? 1 : 2));
			return -EINVAL;
		}
		out[i] = (uint8_t)(high << 4 | low);
	}
	*out_len = n;
	return 0;
}

int conf_word(const char *text, const char *const *words, char *err,
	      size_t errlen)
{
	size_t used;
	int n;

	for (n = 0; words[n]; n++)
		if (!strcmp(text, words[n]))
			return n;
	n = snprintf(err, errlen, "\"%s\" is not known;", text);
	used = n > 0 ? (size_t)n : 0;
	for (size_t i = 0; words[i] && used < errlen; i++) {
		const char *sep = !i ? "" : words[i + 1] ? "," : " or";

		n = snprintf(err + used, errlen - used, "%s %s", sep, words[i]);
		used += n > 0 ? (size_t)n : 0;
	}
	if (used < errlen)
		snprintf(err + used, errlen - used, " would be right");
	return -EINVAL;
}

int conf_uri(const char *text, char *err, size_t errlen)
{
	if (strlen(text) < CRYPTO_OCSP_URI_MAX && http_uri_ok(text))
		return 0;
	snprintf(err, errlen,
		 "\"%s\" cannot be asked; \"http://HOST/PATH\", without TLS and of at most %d characters, would be right",
		 text, CRYPTO_OCSP_URI_MAX - 1);
	return -EINVAL;
}
