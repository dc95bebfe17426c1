// SPDX-License-Identifier: GPL-2.0
/* Payloads of RFC 7296 but SA and TS: decode to views, encode. */
#include <string.h>

#include "wire/payload.h"

static struct wire_span rest(struct wire_rd *rd)
{
	struct wire_span s = { .len = rd->left };

	s.p = wire_rd_bytes(rd, s.len);
	return s;
}

enum wire_err wire_ke_decode(const struct wire_payload *pl, struct wire_ke *ke)
{
	struct wire_rd rd;

	wire_rd_init(&rd, pl->body, pl->len);
	ke->group = wire_rd_u16(&rd);
	wire_rd_u16(&rd);
	ke->data = rest(&rd);
	return rd.bad ? WIRE_E_SHORT : WIRE_OK;
}

void wire_ke_encode(struct wire_enc *enc, uint16_t group, const uint8_t *data,
		    size_t len)
{
	wire_enc_payload(enc, IKE_PL_KE);
	wire_wr_u16(&enc->wr, group);
	wire_wr_u16(&enc->wr, 0);
	wire_wr_bytes(&enc->wr, data, len);
	wire_enc_end(enc);
}

enum wire_err wire_nonce_decode(const struct wire_payload *pl,
				struct wire_span *nonce)
{
	*nonce = (struct wire_span){ pl->body, pl->len };
	if (pl->len < IKE_NONCE_MIN || pl->len > IKE_NONCE_MAX)
		return WIRE_E_LENGTH;
	return WIRE_OK;
}

void wire_nonce_encode(struct wire_enc *enc, const uint8_t *nonce, size_t len)
{
	wire_enc_payload(enc, IKE_PL_NONCE);
	wire_wr_bytes(&enc->wr, nonce, len);
	wire_enc_end(enc);
}

enum wire_err wire_id_decode(const struct wire_payload *pl, struct wire_id *id)
{
	struct wire_rd rd;

	id->body = (struct wire_span){ pl->body, pl->len };
	wire_rd_init(&rd, pl->body, pl->len);
	id->type = wire_rd_u8(&rd);
	wire_rd_bytes(&rd, 3);
	id->data = rest(&rd);
	if (rd.bad)
		return WIRE_E_SHORT;
	if ((id->type == IKE_ID_IPV4_ADDR && id->data.len != 4) ||
	    (id->type == IKE_ID_IPV6_ADDR && id->data.len != 16))
		return WIRE_E_LENGTH;
	return WIRE_OK;
}

void wire_id_encode(struct wire_enc *enc, uint8_t pl_type, uint8_t type,
		    const uint8_t *data, size_t len)
{
	wire_enc_payload(enc, pl_type);
	wire_wr_u8(&enc->wr, type);
	wire_wr_zero(&enc->wr, 3);
	wire_wr_bytes(&enc->wr, data, len);
	wire_enc_end(enc);
}

enum wire_err wire_auth_decode(const struct wire_payload *pl,
			       struct wire_auth *auth)
{
	struct wire_rd rd;

	wire_rd_init(&rd, pl->body, pl->len);
	auth->method = wire_rd_u8(&rd);
	wire_rd_bytes(&rd, 3);
	auth->data = rest(&rd);
	return rd.bad ? WIRE_E_SHORT : WIRE_OK;
}

void wire_auth_encode(struct wire_enc *enc, uint8_t method,
		      const uint8_t *data, size_t len)
{
	wire_enc_payload(enc, IKE_PL_AUTH);
	wire_wr_u8(&enc->wr, method);
	wire_wr_zero(&enc->wr, 3);
	wire_wr_bytes(&enc->wr, data, len);
	wire_enc_end(enc);
}

enum wire_err wire_notify_decode(const struct wire_payload *pl,
				 struct wire_notify *n)
{
	struct wire_rd rd;

	wire_rd_init(&rd, pl->body, pl->len);
	n->protocol = wire_rd_u8(&rd);
	n->spi.len = wire_rd_u8(&rd);
	n->type = wire_rd_u16(&rd);
	n->spi.p = wire_rd_bytes(&rd, n->spi.len);
	n->data = rest(&rd);
	return rd.bad ? WIRE_E_SHORT : WIRE_OK;
}

bool wire_notify_find(const struct wire_msg *msg, uint16_t type,
		      struct wire_notify *n)
{
	const struct wire_payload *pl = NULL;

	while ((pl = wire_msg_next(msg, IKE_PL_NOTIFY, pl)))
		if (!wire_notify_decode(pl, n) && n->type == type)
			return true;
	return false;
}

bool wire_notify_error(const struct wire_msg *msg, struct wire_notify *n)
{
	const struct wire_payload *pl = NULL;

	while ((pl = wire_msg_next(msg, IKE_PL_NOTIFY, pl)))
		if (!wire_notify_decode(pl, n) && n->type < IKE_N_FIRST_STATUS)
			return true;
	return false;
}

void wire_notify_encode(struct wire_enc *enc, uint16_t type, const void *data,
			size_t len)
{
	wire_enc_payload(enc, IKE_PL_NOTIFY);
	wire_wr_u8(&enc->wr, IKE_PROTO_NONE);
	wire_wr_u8(&enc->wr, 0);
	wire_wr_u16(&enc->wr, type);
	wire_wr_bytes(&enc->wr, data, len);
	wire_enc_end(enc);
}

void wire_notify_encode_esp(struct wire_enc *enc, uint16_t type, uint32_t spi,
			    const void *data, size_t len)
{
	wire_enc_payload(enc, IKE_PL_NOTIFY);
	wire_wr_u8(&enc->wr, IKE_PROTO_ESP);
	wire_wr_u8(&enc->wr, ESP_SPI_LEN);
	wire_wr_u16(&enc->wr, type);
	wire_wr_u32(&enc->wr, spi);
	wire_wr_bytes(&enc->wr, data, len);
	wire_enc_end(enc);
}

bool wire_notify_u16(const struct wire_notify *n, uint16_t *v)
{
	struct wire_rd rd;

	wire_rd_init(&rd, n->data.p, n->data.len);
	*v = wire_rd_u16(&rd);
	return !rd.bad && !rd.left;
}

bool wire_notify_u32(const struct wire_notify *n, uint32_t *v)
{
	struct wire_rd rd;

	wire_rd_init(&rd, n->data.p, n->data.len);
	*v = wire_rd_u32(&rd);
	return !rd.bad && !rd.left;
}

enum wire_err wire_delete_decode(const struct wire_payload *pl,
				 struct wire_delete *del)
{
	struct wire_rd rd;
	size_t spi_len;

	wire_rd_init(&rd, pl->body, pl->len);
	del->protocol = wire_rd_u8(&rd);
	spi_len = wire_rd_u8(&rd);
	del->n = wire_rd_u16(&rd);
	if (rd.bad)
		return WIRE_E_SHORT;
	switch (del->protocol) {
	case IKE_PROTO_IKE:
		if (spi_len || del->n)
			return WIRE_E_LENGTH;
		break;
	case IKE_PROTO_AH:
	case IKE_PROTO_ESP:
		if (spi_len != ESP_SPI_LEN)
			return WIRE_E_LENGTH;
		break;
	default:
		return WIRE_E_VALUE;
	}
	if (rd.left != spi_len * del->n)
		return WIRE_E_LENGTH;
	del->spis = rd.p;
	return WIRE_OK;
}

uint32_t wire_delete_spi(const struct wire_delete *del, unsigned int i)
{
	struct wire_rd rd;

	if (i >= del->n)
		return 0;
	wire_rd_init(&rd, del->spis + (size_t)i * ESP_SPI_LEN, ESP_SPI_LEN);
	return wire_rd_u32(&rd);
}

void wire_delete_encode_ike(struct wire_enc *enc)
{
	wire_enc_payload(enc, IKE_PL_DELETE);
	wire_wr_u8(&enc->wr, IKE_PROTO_IKE);
	wire_wr_u8(&enc->wr, 0);
	wire_wr_u16(&enc->wr, 0);
	wire_enc_end(enc);
}

void wire_delete_encode_esp(struct wire_enc *enc, const uint32_t *spis,
			    uint16_t n)
{
	wire_enc_payload(enc, IKE_PL_DELETE);
	wire_wr_u8(&enc->wr, IKE_PROTO_ESP);
	wire_wr_u8(&enc->wr, ESP_SPI_LEN);
	wire_wr_u16(&enc->wr, n);
	for (unsigned int i = 0; i < n; i++)
		wire_wr_u32(&enc->wr, spis[i]);
	wire_enc_end(enc);
}

void wire_vendor_encode(struct wire_enc *enc, const uint8_t *id, size_t len)
{
	wire_enc_payload(enc, IKE_PL_VENDOR);
	wire_wr_bytes(&enc->wr, id, len);
	wire_enc_end(enc);
}

bool wire_vendor_find(const struct wire_msg *msg, const uint8_t *id, size_t len)
{
	const struct wire_payload *pl = NULL;

	while ((pl = wire_msg_next(msg, IKE_PL_VENDOR, pl)))
		if (pl->len == len && !memcmp(pl->body, id, len))
			return true;
	return false;
}
