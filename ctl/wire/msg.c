// SPDX-License-Identifier: GPL-2.0
/* IKE header and chain of payloads. */
#include <string.h>

#include "wire/msg.h"

/* Offsets of header fields that are filled in last */
#define HDR_NEXT	16
#define HDR_LENGTH	24

const char *wire_err_text(enum wire_err err)
{
	switch (err) {
	case WIRE_OK:
		return "well-formed";
	case WIRE_E_SHORT:
		return "ends too early";
	case WIRE_E_LENGTH:
		return "a length field contradicts its surroundings";
	case WIRE_E_MAJOR:
		return "major version above 2";
	case WIRE_E_VERSION:
		return "major version below 2";
	case WIRE_E_VALUE:
		return "a field holds a value that is not allowed";
	case WIRE_E_ORDER:
		return "SK is not the last payload, or is inside an SK";
	case WIRE_E_LIMIT:
		return "more elements than supported";
	}
	return "unknown error";
}

enum wire_err wire_hdr_parse(const uint8_t *data, size_t len,
			     struct wire_hdr *hdr)
{
	struct wire_rd rd;
	uint8_t version;

	*hdr = (struct wire_hdr){ 0 };
	if (len < IKE_HDR_LEN)
		return WIRE_E_SHORT;
	wire_rd_init(&rd, data, len);
	hdr->spi_i = wire_rd_u64(&rd);
	hdr->spi_r = wire_rd_u64(&rd);
	hdr->next = wire_rd_u8(&rd);
	version = wire_rd_u8(&rd);
	hdr->major = version >> 4;
	hdr->minor = version & 0x0f;
	hdr->exchange = wire_rd_u8(&rd);
	hdr->flags = wire_rd_u8(&rd) & (IKE_FLAG_INITIATOR | IKE_FLAG_VERSION |
					IKE_FLAG_RESPONSE);
	hdr->msg_id = wire_rd_u32(&rd);
	hdr->length = wire_rd_u32(&rd);

	/* The version first: what follows it may mean something else then. */
	if (hdr->major > IKE_VERSION_MAJOR)
		return WIRE_E_MAJOR;
	if (hdr->major < IKE_VERSION_MAJOR)
		return WIRE_E_VERSION;
	if (hdr->length != len || len > WIRE_MSG_MAX)
		return WIRE_E_LENGTH;
	/* INVALID_SPI that is sent outside of an IKE SA (RFC 7296, section 1.5). */
	if (!hdr->spi_i && (hdr->exchange != IKE_EX_INFORMATIONAL ||
			    hdr->spi_r || hdr->flags & IKE_FLAG_RESPONSE))
		return WIRE_E_VALUE;
	return WIRE_OK;
}

/* What is to be decrypted, and which part of a whole it is (RFC 7383). */
static enum wire_err encrypted_parse(struct wire_msg *msg,
				     const struct wire_payload *pl,
				     uint8_t first)
{
	struct wire_rd rd;

	wire_rd_init(&rd, pl->body, pl->len);
	msg->sk_first = first;
	if (pl->type == IKE_PL_SK) {
		msg->has_sk = true;
	} else {
		msg->fragment = wire_rd_u16(&rd);
		msg->fragments = wire_rd_u16(&rd);
		if (rd.bad)
			return WIRE_E_SHORT;
		if (!msg->fragment || msg->fragment > msg->fragments)
			return WIRE_E_VALUE;
		msg->has_skf = true;
	}
	msg->sk_len = rd.left;
	msg->sk = wire_rd_bytes(&rd, rd.left);
	return WIRE_OK;
}

/*
 * The next-payload field of SK (and of SKF) names what is inside of it, so the
 * chain ends there.
 */
static enum wire_err chain_parse(struct wire_msg *msg, uint8_t type,
				 const uint8_t *data, size_t len, bool inner)
{
	struct wire_rd rd;

	wire_rd_init(&rd, data, len);
	while (type != IKE_PL_NONE) {
		struct wire_payload *pl;
		uint8_t next, flags;
		size_t pl_len;

		if (rd.left < IKE_PAYLOAD_HDR_LEN)
			return WIRE_E_SHORT;
		if (msg->n == WIRE_MAX_PAYLOADS)
			return WIRE_E_LIMIT;
		next = wire_rd_u8(&rd);
		flags = wire_rd_u8(&rd);
		pl_len = wire_rd_u16(&rd);
		if (pl_len < IKE_PAYLOAD_HDR_LEN ||
		    pl_len - IKE_PAYLOAD_HDR_LEN > rd.left)
			return WIRE_E_LENGTH;

		pl = &msg->payload[msg->n++];
		pl->type = type;
		pl->critical = flags & 0x80;
		pl->len = pl_len - IKE_PAYLOAD_HDR_LEN;
		pl->body = wire_rd_bytes(&rd, pl->len);

		if (type == IKE_PL_SK || type == IKE_PL_SKF) {
			if (inner || rd.left)
				return WIRE_E_ORDER;
			return encrypted_parse(msg, pl, next);
		}
		type = next;
	}
	return rd.left ? WIRE_E_LENGTH : WIRE_OK;
}

enum wire_err wire_msg_parse(const uint8_t *data, size_t len,
			     struct wire_msg *msg)
{
	enum wire_err err;

	memset(msg, 0, sizeof(*msg));
	err = wire_hdr_parse(data, len, &msg->hdr);
	if (err)
		return err;
	msg->raw = data;
	msg->raw_len = len;
	err = chain_parse(msg, msg->hdr.next, data + IKE_HDR_LEN,
			  len - IKE_HDR_LEN, false);
	if (err)
		msg->n = 0;
	return err;
}

enum wire_err wire_msg_parse_inner(struct wire_msg *msg, const uint8_t *plain,
				   size_t len)
{
	enum wire_err err;

	msg->n = 0;
	msg->opened = true;
	msg->inner = (struct wire_span){ plain, len };
	err = chain_parse(msg, msg->sk_first, plain, len, true);
	if (err)
		msg->n = 0;
	return err;
}

uint8_t wire_msg_unknown_critical(const struct wire_msg *msg)
{
	if ((msg->has_sk || msg->has_skf) && !msg->opened)
		return 0;
	for (unsigned int i = 0; i < msg->n; i++) {
		const struct wire_payload *pl = &msg->payload[i];

		if (pl->critical &&
		    (pl->type < IKE_PL_SA || pl->type > IKE_PL_EAP))
			return pl->type;
	}
	return 0;
}

const struct wire_payload *wire_msg_next(const struct wire_msg *msg,
					 uint8_t type,
					 const struct wire_payload *after)
{
	const struct wire_payload *pl = after ? after + 1 : msg->payload;

	for (; pl < msg->payload + msg->n; pl++)
		if (pl->type == type)
			return pl;
	return NULL;
}

const struct wire_payload *wire_msg_only(const struct wire_msg *msg,
					 uint8_t type)
{
	const struct wire_payload *pl = wire_msg_next(msg, type, NULL);

	return pl && !wire_msg_next(msg, type, pl) ? pl : NULL;
}

void wire_hdr_write(struct wire_wr *wr, const struct wire_hdr *hdr)
{
	wire_wr_u64(wr, hdr->spi_i);
	wire_wr_u64(wr, hdr->spi_r);
	wire_wr_u8(wr, hdr->next);
	wire_wr_u8(wr, IKE_VERSION_MAJOR << 4 | IKE_VERSION_MINOR);
	wire_wr_u8(wr, hdr->exchange);
	wire_wr_u8(wr, hdr->flags & (IKE_FLAG_INITIATOR | IKE_FLAG_RESPONSE));
	wire_wr_u32(wr, hdr->msg_id);
	wire_wr_u32(wr, hdr->length);
}

void wire_enc_start(struct wire_enc *enc, const struct wire_hdr *hdr)
{
	struct wire_hdr h;

	*enc = (struct wire_enc){ 0 };
	if (!hdr)
		return;
	h = *hdr;
	h.next = IKE_PL_NONE;
	h.length = 0;
	wire_hdr_write(&enc->wr, &h);
	enc->has_hdr = true;
	enc->next_at = HDR_NEXT;
}

void wire_enc_payload(struct wire_enc *enc, uint8_t type)
{
	if (enc->open)
		enc->wr.bad = true;
	if (!enc->wr.bad && (enc->has_hdr || enc->first))
		enc->wr.data[enc->next_at] = type;
	if (!enc->first)
		enc->first = type;
	enc->open = true;
	enc->payload_at = enc->wr.len;
	enc->prev_at = enc->next_at;
	enc->next_at = enc->wr.len;
	wire_wr_u32(&enc->wr, 0);
}

#ifdef MOBX_IMPAIR
bool (*wire_enc_omit)(uint8_t type, const uint8_t *body, size_t len);

/* As if the payload that was just closed had never been there. */
static void leave_out(struct wire_enc *enc)
{
	bool is_first = enc->payload_at == (enc->has_hdr ? IKE_HDR_LEN : 0);
	uint8_t *data = enc->wr.data;
	size_t body = enc->payload_at + IKE_PAYLOAD_HDR_LEN;

	if (enc->wr.bad || !wire_enc_omit ||
	    !wire_enc_omit(is_first ? enc->first : data[enc->prev_at],
			   data + body, enc->wr.len - body))
		return;
	enc->wr.len = enc->payload_at;
	enc->next_at = enc->prev_at;
	if (is_first)
		enc->first = IKE_PL_NONE;
	if (enc->has_hdr || !is_first)
		data[enc->next_at] = IKE_PL_NONE;
}
#else
static inline void leave_out(struct wire_enc *enc)
{
	(void)enc;
}
#endif

void wire_enc_end(struct wire_enc *enc)
{
	size_t len = enc->wr.len - enc->payload_at;

	if (!enc->open || len > UINT16_MAX)
		enc->wr.bad = true;
	enc->open = false;
	wire_wr_set_u16(&enc->wr, enc->payload_at + 2, (uint16_t)len);
	leave_out(enc);
}

bool wire_enc_finish(struct wire_enc *enc)
{
	if (enc->open || enc->wr.len > WIRE_MSG_MAX)
		enc->wr.bad = true;
	if (enc->has_hdr)
		wire_wr_set_u32(&enc->wr, HDR_LENGTH, (uint32_t)enc->wr.len);
	return !enc->wr.bad;
}

void wire_enc_free(struct wire_enc *enc)
{
	wire_wr_free(&enc->wr);
}
