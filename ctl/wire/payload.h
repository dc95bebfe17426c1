/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is in the payloads of RFC 7296 (sections 3.4 to 3.13): for each a decoder
 * from a payload's body to a struct of views, and an encoder that adds a whole
 * payload to a message. Reserved fields are written 0 and ignored.
 *
 * Decoders take a payload of their type, fill the struct with views of its body
 * and return WIRE_OK, or why the body is malformed: the answer is INVALID_SYNTAX
 * then, unless their comment says otherwise, and the struct holds nothing to
 * rely on. Encoders cannot fail by themselves; wire_enc_finish() tells.
 */
#ifndef MOBX_WIRE_PAYLOAD_H
#define MOBX_WIRE_PAYLOAD_H

#include "wire/addr.h"
#include "wire/msg.h"

/**
 * struct wire_ke - Key Exchange (section 3.4)
 * @group: enum ike_ke_group.
 * @data: Public value. Its length is for the group to check (K27).
 */
struct wire_ke {
	uint16_t group;
	struct wire_span data;
};

enum wire_err wire_ke_decode(const struct wire_payload *pl, struct wire_ke *ke);
void wire_ke_encode(struct wire_enc *enc, uint16_t group, const uint8_t *data,
		    size_t len);

/* Nonce (section 3.9): 16 to 256 octets, others are WIRE_E_LENGTH (K26). */
enum wire_err wire_nonce_decode(const struct wire_payload *pl,
				struct wire_span *nonce);
void wire_nonce_encode(struct wire_enc *enc, const uint8_t *nonce, size_t len);

/**
 * struct wire_id - Identification (section 3.5)
 * @type: enum ike_id_type; an address has its length checked.
 * @data: Identification data.
 * @body: The whole payload body, type and reserved octets included: what AUTH
 *   covers (section 2.15).
 */
struct wire_id {
	uint8_t type;
	struct wire_span data;
	struct wire_span body;
};

enum wire_err wire_id_decode(const struct wire_payload *pl, struct wire_id *id);

/**
 * wire_id_encode() - add an IDi or IDr payload
 * @enc: Message.
 * @pl_type: IKE_PL_IDI or IKE_PL_IDR.
 * @type: enum ike_id_type.
 * @data: Identification data.
 * @len: Octets of @data.
 */
void wire_id_encode(struct wire_enc *enc, uint8_t pl_type, uint8_t type,
		    const uint8_t *data, size_t len);

/**
 * struct wire_auth - Authentication (section 3.8)
 * @method: enum ike_auth_method.
 * @data: Authentication data.
 */
struct wire_auth {
	uint8_t method;
	struct wire_span data;
};

enum wire_err wire_auth_decode(const struct wire_payload *pl,
			       struct wire_auth *auth);
void wire_auth_encode(struct wire_enc *enc, uint8_t method,
		      const uint8_t *data, size_t len);

/**
 * struct wire_notify - Notify (section 3.10)
 * @protocol: enum ike_protocol.
 * @type: enum ike_notify, or any other value.
 * @spi: SPI; empty for what is about the IKE SA, 4 octets for a Child SA.
 * @data: Notification data.
 */
struct wire_notify {
	uint8_t protocol;
	uint16_t type;
	struct wire_span spi;
	struct wire_span data;
};

enum wire_err wire_notify_decode(const struct wire_payload *pl,
				 struct wire_notify *n);

/**
 * wire_notify_find() - the first well-formed notify of a type
 * @msg: Message.
 * @type: Notify Message Type.
 * @n: Filled when found.
 *
 * Return: whether there is one.
 */
bool wire_notify_find(const struct wire_msg *msg, uint16_t type,
		      struct wire_notify *n);

/**
 * wire_notify_error() - the first error notify of a message (K16)
 * @msg: Message.
 * @n: Filled when found.
 *
 * Return: whether there is one, of a known or an unknown type.
 */
bool wire_notify_error(const struct wire_msg *msg, struct wire_notify *n);

/**
 * wire_notify_encode() - add a notify about the IKE SA: protocol 0, no SPI
 * @enc: Message.
 * @type: enum ike_notify.
 * @data: Notification data, NULL when @len is 0.
 * @len: Octets of @data.
 */
void wire_notify_encode(struct wire_enc *enc, uint16_t type, const void *data,
			size_t len);

/**
 * wire_notify_encode_esp() - add a notify about a Child SA (REKEY_SA, ...)
 * @enc: Message.
 * @type: enum ike_notify.
 * @spi: ESP SPI, host order.
 * @data: Notification data, NULL when @len is 0.
 * @len: Octets of @data.
 */
void wire_notify_encode_esp(struct wire_enc *enc, uint16_t type, uint32_t spi,
			    const void *data, size_t len);

/* Data of two octets: INVALID_KE_PAYLOAD's group. False when it has others. */
bool wire_notify_u16(const struct wire_notify *n, uint16_t *v);
/* Data of four octets: SET_WINDOW_SIZE. False when it has others. */
bool wire_notify_u32(const struct wire_notify *n, uint32_t *v);

/**
 * struct wire_delete - Delete (section 3.11)
 * @protocol: enum ike_protocol: IKE without SPIs, AH and ESP with those of four
 *   octets.
 * @n: Number of SPIs.
 * @spis: The SPIs, see wire_delete_spi().
 */
struct wire_delete {
	uint8_t protocol;
	uint16_t n;
	const uint8_t *spis;
};

enum wire_err wire_delete_decode(const struct wire_payload *pl,
				 struct wire_delete *del);
uint32_t wire_delete_spi(const struct wire_delete *del, unsigned int i);
void wire_delete_encode_ike(struct wire_enc *enc);

/**
 * wire_delete_encode_esp() - add a Delete of Child SAs
 * @enc: Message.
 * @spis: The sender's inbound SPIs, host order.
 * @n: Number of @spis.
 */
void wire_delete_encode_esp(struct wire_enc *enc, const uint32_t *spis,
			    uint16_t n);

void wire_vendor_encode(struct wire_enc *enc, const uint8_t *id, size_t len);

/**
 * wire_vendor_find() - whether a message holds a vendor ID
 * @msg: Message.
 * @id: Vendor ID.
 * @len: Octets of @id.
 */
bool wire_vendor_find(const struct wire_msg *msg, const uint8_t *id,
		      size_t len);

/**
 * struct wire_ts - a traffic selector (section 3.13.1)
 * @protocol: IP protocol, 0 for any.
 * @port_start: First port; ICMP: type * 256 + code. 65535 with @port_end 0 is
 *   OPAQUE (K42).
 * @port_end: Last port.
 * @start: First address.
 * @end: Last address, of the same family.
 */
struct wire_ts {
	uint8_t protocol;
	uint16_t port_start;
	uint16_t port_end;
	struct wire_addr start;
	struct wire_addr end;
};

#define WIRE_MAX_TS	32

/**
 * struct wire_ts_list - a TSi or TSr payload
 * @n: Entries of @ts.
 * @skipped: Selectors left out: types that are not address ranges, ranges that
 *   end before they start, and what is beyond WIRE_MAX_TS. An answer without
 *   them is a narrowed one.
 * @ts: The selectors.
 */
struct wire_ts_list {
	unsigned int n;
	unsigned int skipped;
	struct wire_ts ts[WIRE_MAX_TS];
};

enum wire_err wire_ts_decode(const struct wire_payload *pl,
			     struct wire_ts_list *list);

/**
 * wire_ts_encode() - add a TSi or TSr payload
 * @enc: Message.
 * @pl_type: IKE_PL_TSI or IKE_PL_TSR.
 * @list: 1 to WIRE_MAX_TS selectors.
 */
void wire_ts_encode(struct wire_enc *enc, uint8_t pl_type,
		    const struct wire_ts_list *list);

/**
 * wire_ts_intersect() - what two selectors have in common
 * @a: One.
 * @b: Other.
 * @out: The common part, may be @a or @b.
 *
 * Return: whether there is any. OPAQUE meets OPAQUE and any-port only.
 */
bool wire_ts_intersect(const struct wire_ts *a, const struct wire_ts *b,
		       struct wire_ts *out);

/**
 * wire_ts_contains() - whether a selector lies wholly inside another
 * @outer: The wider one.
 * @inner: The narrower one.
 */
bool wire_ts_contains(const struct wire_ts *outer, const struct wire_ts *inner);

#endif
