/* SPDX-License-Identifier: GPL-2.0 */
/* Configuration (RFC 7296 section 3.15) and EAP (section 3.16). */
#ifndef MOBX_WIRE_CP_H
#define MOBX_WIRE_CP_H

#include "wire/msg.h"

#define WIRE_MAX_CP_ATTRS	32

/**
 * struct wire_cp_attr - a configuration attribute
 * @type: enum ike_cfg_attribute, or any other value.
 * @value: Its value; empty in a request for anything.
 */
struct wire_cp_attr {
	uint16_t type;
	struct wire_span value;
};

/**
 * struct wire_cp - Configuration
 * @type: enum ike_cfg_type.
 * @n: Entries of @attr.
 * @skipped: Attributes beyond WIRE_MAX_CP_ATTRS, validated and left out.
 * @attr: The attributes; those that RFC 7296 defines have a length that it
 *   allows.
 */
struct wire_cp {
	uint8_t type;
	unsigned int n;
	unsigned int skipped;
	struct wire_cp_attr attr[WIRE_MAX_CP_ATTRS];
};

enum wire_err wire_cp_decode(const struct wire_payload *pl, struct wire_cp *cp);

/**
 * wire_cp_encode() - add a CP payload
 * @enc: Message.
 * @cp: At most WIRE_MAX_CP_ATTRS attributes.
 */
void wire_cp_encode(struct wire_enc *enc, const struct wire_cp *cp);

/**
 * struct wire_eap - EAP (RFC 3748 section 4)
 * @code: enum ike_eap_code.
 * @id: Identifier.
 * @type: Of a request or a response, else 0.
 * @data: Type-Data.
 */
struct wire_eap {
	uint8_t code;
	uint8_t id;
	uint8_t type;
	struct wire_span data;
};

enum wire_err wire_eap_decode(const struct wire_payload *pl,
			      struct wire_eap *eap);

/**
 * wire_eap_encode() - add an EAP payload
 * @enc: Message.
 * @eap: @type and @data count in a request or a response only.
 */
void wire_eap_encode(struct wire_enc *enc, const struct wire_eap *eap);

#endif
