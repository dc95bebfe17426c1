/* SPDX-License-Identifier: GPL-2.0 */
/* Identities and proposals, as people write them and as IKE has them. */
#ifndef MOBX_IKE_TEXT_H
#define MOBX_IKE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/keys.h"

#define IKE_MAX_ID 255

/**
 * struct ike_id - an identity as the ID payload has it (RFC 7296, section 3.5)
 * @type: enum ike_id_type
 * @len: octets used in @data
 * @data: without terminator
 */
struct ike_id {
	uint8_t type;
	uint8_t len;
	uint8_t data[IKE_MAX_ID];
};

/**
 * ike_refuse() - say what is wrong with something that a person wrote
 * @err: gets it
 * @errlen: octets in @err
 * @fmt: what is wrong, and what would be right
 *
 * Return: -EINVAL.
 */
__attribute__((format(printf, 3, 4)))
int ike_refuse(char *err, size_t errlen, const char *fmt, ...);

/**
 * ike_id_parse() - an identity from its text
 * @text: "key-id:TEXT", an IPv4 or IPv6 address, "CN=NAME, O=NAME" (a DN in
 *	the order of its certificate), user@fqdn, else an FQDN
 * @id: result
 *
 * Return: 0; -EINVAL if empty or longer than IKE_MAX_ID.
 */
int ike_id_parse(const char *text, struct ike_id *id);

/** ike_id_text() - an identity for people; what ike_id_parse() reads */
const char *ike_id_text(const struct ike_id *id, char *buf, size_t len);

/**
 * ike_id_equal() - same type and octets; FQDNs without regard to case, DNs by
 *	RFC 5280
 */
bool ike_id_equal(const struct ike_id *a, const struct ike_id *b);

/**
 * ike_suite_parse() - a proposal in the keywords that strongSwan uses
 * @text: for instance "aes128gcm16-prfsha256-ecp256" or "aes128-sha1"
 * @esp: false for the IKE SA, true for a Child SA
 * @s: result
 * @err: gets what is wrong and what would be right
 * @errlen: octets in @err
 *
 * Return: 0 or -EINVAL.
 */
int ike_suite_parse(const char *text, bool esp, struct crypto_suite *s, char *err,
		    size_t errlen);

/* Room for the keywords of any suite */
#define IKE_SUITE_TEXT 160

/** ike_suite_text() - the keywords of a suite */
const char *ike_suite_text(const struct crypto_suite *s, bool esp, char *buf,
			   size_t len);

#endif /* MOBX_IKE_TEXT_H */
