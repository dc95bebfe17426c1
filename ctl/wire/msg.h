/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An IKEv2 message: header and chain of payloads (RFC 7296 sections 3.1, 3.2,
 * 3.14) or a fragment of one (RFC 7383 section 2.5). Parsing validates and makes views, it copies nothing; the octets must
 * outlive the struct. What the payloads hold is payload.h's and sa.h's.
 */
#ifndef MOBX_WIRE_MSG_H
#define MOBX_WIRE_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/buf.h"
#include "wire/ike_const.h"

/**
 * enum wire_err - why octets are not what they should be
 * @WIRE_OK: They are.
 * @WIRE_E_SHORT: They end too early.
 * @WIRE_E_LENGTH: A length field contradicts what holds or surrounds it.
 * @WIRE_E_MAJOR: Major version above 2: INVALID_MAJOR_VERSION.
 * @WIRE_E_VERSION: Major version below 2: dropped.
 * @WIRE_E_VALUE: A field holds a value that it must not.
 * @WIRE_E_ORDER: SK is not the last payload, or an SK is inside an SK.
 * @WIRE_E_LIMIT: More elements than mobx takes.
 */
enum wire_err {
	WIRE_OK = 0,
	WIRE_E_SHORT,
	WIRE_E_LENGTH,
	WIRE_E_MAJOR,
	WIRE_E_VERSION,
	WIRE_E_VALUE,
	WIRE_E_ORDER,
	WIRE_E_LIMIT,
};

/**
 * wire_err_text() - a short reason for logs
 * @err: Result of a wire function.
 *
 * Return: text without a full stop, never NULL.
 */
const char *wire_err_text(enum wire_err err);

#define WIRE_MSG_MAX		65535
#define WIRE_MAX_PAYLOADS	64
/* What SKF has in front of its IV: number and total */
#define WIRE_SKF_HDR_LEN	4

/**
 * struct wire_hdr - the IKE header (RFC 7296 section 3.1)
 * @spi_i: IKE SA initiator's SPI; 0 at most in an INFORMATIONAL request of no
 *	IKE SA.
 * @spi_r: IKE SA responder's SPI, 0 in the first message.
 * @next: Type of the first payload. Set by the encoder.
 * @major: Major version. The encoder writes 2.
 * @minor: Minor version. The encoder writes 0.
 * @exchange: enum ike_exchange, or any other value.
 * @flags: enum ike_flag bits; the others are masked out.
 * @msg_id: Message ID.
 * @length: Octets of the whole message. Set by the encoder.
 */
struct wire_hdr {
	uint64_t spi_i;
	uint64_t spi_r;
	uint8_t next;
	uint8_t major;
	uint8_t minor;
	uint8_t exchange;
	uint8_t flags;
	uint32_t msg_id;
	uint32_t length;
};

/**
 * struct wire_payload - view of one payload
 * @type: enum ike_payload_type, or any other value.
 * @critical: The critical bit.
 * @body: What follows the generic payload header.
 * @len: Octets of @body.
 */
struct wire_payload {
	uint8_t type;
	bool critical;
	const uint8_t *body;
	size_t len;
};

/**
 * struct wire_msg - a parsed message
 * @hdr: Header.
 * @raw: The whole message, from the first SPI octet (no non-ESP marker).
 * @raw_len: Octets of @raw, equal to @hdr.length.
 * @n: Entries of @payload.
 * @payload: The payloads in order; after wire_msg_parse_inner() only those that
 *   SK protected.
 * @has_sk: The last payload is SK: nothing else in the message counts until it
 *   is opened.
 * @has_skf: The last payload is SKF, one fragment of an SK.
 * @opened: wire_msg_parse_inner() has run: all of @payload is authentic.
 * @sk_first: Type of the first payload inside SK; of SKF only the first
 *   fragment knows it.
 * @fragment: SKF: which one, 1 to @fragments.
 * @fragments: SKF: of how many.
 * @inner: The octets that SK protected, without padding, once opened.
 * @sk: SK and SKF: IV, ciphertext with padding, ICV.
 * @sk_len: Octets of @sk.
 */
struct wire_msg {
	struct wire_hdr hdr;
	const uint8_t *raw;
	size_t raw_len;
	unsigned int n;
	struct wire_payload payload[WIRE_MAX_PAYLOADS];
	bool has_sk;
	bool has_skf;
	bool opened;
	uint8_t sk_first;
	uint16_t fragment;
	uint16_t fragments;
	struct wire_span inner;
	const uint8_t *sk;
	size_t sk_len;
};

/**
 * wire_hdr_parse() - the header alone, without a look at the payloads
 * @data: Message without non-ESP marker.
 * @len: Octets of @data, more than the message is an error.
 * @hdr: Filled whenever @len is at least IKE_HDR_LEN, also on errors, so that
 *   INVALID_MAJOR_VERSION and INVALID_IKE_SPI can be answered.
 *
 * Return: WIRE_OK or why not (K10, K14).
 */
enum wire_err wire_hdr_parse(const uint8_t *data, size_t len,
			     struct wire_hdr *hdr);

/**
 * wire_msg_parse() - header and outer chain
 * @data: Message without non-ESP marker.
 * @len: Octets of @data.
 * @msg: Filled; @msg->hdr also on errors, see wire_hdr_parse().
 *
 * Return: WIRE_OK or why not. Unknown payloads are no error, see
 * wire_msg_unknown_critical().
 */
enum wire_err wire_msg_parse(const uint8_t *data, size_t len,
			     struct wire_msg *msg);

/**
 * wire_msg_parse_inner() - the chain that SK protected
 * @msg: Message with @has_sk, or the first of its fragments. The payload list
 *   is replaced, as what stood outside of SK is not authentic.
 * @plain: Decrypted payloads, without padding; must outlive @msg.
 * @len: Octets of @plain.
 *
 * Return: WIRE_OK or why not (then @msg has no payloads).
 */
enum wire_err wire_msg_parse_inner(struct wire_msg *msg, const uint8_t *plain,
				   size_t len);

/**
 * wire_msg_unknown_critical() - the unsupported critical payload, if any (K12)
 * @msg: Message.
 *
 * Return: its type, for UNSUPPORTED_CRITICAL_PAYLOAD; 0 when there is none. The
 * critical bit of payload types that RFC 7296 defines is ignored.
 */
uint8_t wire_msg_unknown_critical(const struct wire_msg *msg);

/**
 * wire_msg_next() - iterate over payloads of a type
 * @msg: Message.
 * @type: Payload type.
 * @after: NULL for the first, else what the last call returned.
 *
 * Return: the payload, NULL when there is none (left).
 */
const struct wire_payload *wire_msg_next(const struct wire_msg *msg,
					 uint8_t type,
					 const struct wire_payload *after);

/**
 * wire_msg_only() - the one payload of a type that must not stand twice
 * @msg: Message.
 * @type: Payload type.
 *
 * Return: the payload, NULL when there is none or more than one.
 */
const struct wire_payload *wire_msg_only(const struct wire_msg *msg,
					 uint8_t type);

/**
 * struct wire_enc - a message, or the inside of SK, under construction
 * @wr: Octets so far.
 * @first: Type of the first payload, 0 if none yet.
 * @has_hdr: Starts with the IKE header.
 * @next_at: Where the type of the payload to come is to be written.
 * @prev_at: Where that of the open payload was, unless it is the first of all.
 * @payload_at: Start of the open payload.
 * @open: A payload is open.
 *
 * wire_enc_start(), payloads, wire_enc_finish(); then @wr holds the result.
 */
struct wire_enc {
	struct wire_wr wr;
	uint8_t first;
	bool has_hdr;
	size_t next_at;
	size_t prev_at;
	size_t payload_at;
	bool open;
};

#ifdef MOBX_IMPAIR
/*
 * Whether a payload is left out of the message it was just written to. In builds
 * for tests, which set it to spoil what they send; NULL leaves none out.
 */
extern bool (*wire_enc_omit)(uint8_t type, const uint8_t *body, size_t len);
#endif

/**
 * wire_enc_start() - begin
 * @enc: Any content; overwritten (not freed).
 * @hdr: Header of a message in clear, or NULL for the inside of SK, whose
 *   octets and @enc->first go to crypto_sk_seal().
 */
void wire_enc_start(struct wire_enc *enc, const struct wire_hdr *hdr);

/**
 * wire_enc_payload() - open a payload; its body is then written to @enc->wr
 * @enc: Encoder without an open payload.
 * @type: Payload type.
 *
 * The critical bit is never set: all payload types of RFC 7296 are known to
 * everyone (section 3.2).
 */
void wire_enc_payload(struct wire_enc *enc, uint8_t type);

/**
 * wire_enc_end() - close the open payload
 * @enc: Encoder.
 */
void wire_enc_end(struct wire_enc *enc);

/**
 * wire_enc_finish() - write the header's length and check
 * @enc: Encoder.
 *
 * Return: whether @enc->wr holds a whole message; false when memory or
 * WIRE_MSG_MAX ran out.
 */
bool wire_enc_finish(struct wire_enc *enc);
void wire_enc_free(struct wire_enc *enc);

/**
 * wire_hdr_write() - a header
 * @wr: Empty writer.
 * @hdr: Header; @hdr->next and @hdr->length are written as they are.
 */
void wire_hdr_write(struct wire_wr *wr, const struct wire_hdr *hdr);

#endif
