/* SPDX-License-Identifier: GPL-2.0 */
/* Distinguished names (RFC 5280 section 4.1.2.4) as identities. */
#ifndef MOBX_CRYPTO_DN_H
#define MOBX_CRYPTO_DN_H

#include "wire/buf.h"

/**
 * crypto_dn_parse() - a name from its text
 * @text: for instance "CN=mobile, O=Example, C=DE", in the order of the
 *   certificate; a backslash takes the special meaning from what follows it.
 * @out: Room for the name in DER.
 * @max: Octets of @out.
 *
 * Return: octets of the name, 0 when @text is none or @out too small.
 */
size_t crypto_dn_parse(const char *text, uint8_t *out, size_t max);

/**
 * crypto_dn_text() - a name as crypto_dn_parse() reads it
 * @dn: In DER, from anywhere.
 * @buf: Gets printable ASCII, cut if need be.
 * @len: Octets of @buf.
 *
 * Return: false when @dn is no name.
 */
bool crypto_dn_text(struct wire_span dn, char *buf, size_t len);

/**
 * crypto_dn_equal() - whether two names are the same by RFC 5280 section 7.1
 * @a: In DER.
 * @b: In DER.
 *
 * Case, blanks at the ends and the type of a string do not matter. What is no
 * name equals nothing.
 */
bool crypto_dn_equal(struct wire_span a, struct wire_span b);

#endif
