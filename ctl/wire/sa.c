// SPDX-License-Identifier: GPL-2.0
/* SA payload: proposals and transforms. */
#include <string.h>

#include "wire/sa.h"

/* What follows the "Last Substruc" octet when more are to come */
#define MORE_PROPOSALS		2
#define MORE_TRANSFORMS		3
#define SUBSTRUC_HDR_LEN	8
#define ATTR_TV			0x8000

/*
 * "Last" must agree with where the octets end, so that nothing hides behind the
 * last one.
 */
static enum wire_err substruc_read(struct wire_rd *rd, uint8_t more,
				   struct wire_rd *sub, bool *last)
{
	uint8_t next = wire_rd_u8(rd);
	uint16_t len;

	wire_rd_u8(rd);
	len = wire_rd_u16(rd);
	if (rd->bad)
		return WIRE_E_SHORT;
	if (next != 0 && next != more)
		return WIRE_E_VALUE;
	if (len < SUBSTRUC_HDR_LEN)
		return WIRE_E_LENGTH;
	*sub = wire_rd_sub(rd, len - 4u);
	if (sub->bad)
		return WIRE_E_LENGTH;
	*last = next == 0;
	return *last == (rd->left == 0) ? WIRE_OK : WIRE_E_LENGTH;
}

static enum wire_err attrs_read(struct wire_rd *rd, struct wire_transform *t)
{
	while (rd->left) {
		uint16_t type = wire_rd_u16(rd);
		uint16_t value = wire_rd_u16(rd);

		if (!(type & ATTR_TV))
			wire_rd_bytes(rd, value);
		if (rd->bad)
			return WIRE_E_LENGTH;
		if (type == (ATTR_TV | IKE_ATTR_KEY_LENGTH) && !t->key_bits &&
		    value)
			t->key_bits = value;
		else
			t->bad = true;
	}
	return WIRE_OK;
}

static enum wire_err transform_read(struct wire_rd *rd, bool *last,
				    struct wire_proposal *p)
{
	struct wire_transform t = { 0 };
	enum wire_err err;
	struct wire_rd sub;

	err = substruc_read(rd, MORE_TRANSFORMS, &sub, last);
	if (err)
		return err;
	t.type = wire_rd_u8(&sub);
	wire_rd_u8(&sub);
	t.id = wire_rd_u16(&sub);
	err = attrs_read(&sub, &t);
	if (err)
		return err;
	if (t.type < IKE_TT_ENCR || t.type > IKE_TT_ADDKE7 ||
	    p->n == WIRE_MAX_TRANSFORMS)
		p->bad = true;
	else
		p->t[p->n++] = t;
	return WIRE_OK;
}

static bool spi_len_ok(const struct wire_proposal *p)
{
	switch (p->protocol) {
	case IKE_PROTO_IKE:
		return p->spi_len == 0 || p->spi_len == IKE_SPI_LEN;
	case IKE_PROTO_AH:
	case IKE_PROTO_ESP:
		return p->spi_len == ESP_SPI_LEN;
	}
	return false;
}

static enum wire_err proposal_read(struct wire_rd *rd, bool *last,
				   struct wire_proposal *p)
{
	enum wire_err err;
	struct wire_rd sub;
	bool last_transform;
	unsigned int n;

	memset(p, 0, sizeof(*p));
	err = substruc_read(rd, MORE_PROPOSALS, &sub, last);
	if (err)
		return err;
	p->num = wire_rd_u8(&sub);
	p->protocol = wire_rd_u8(&sub);
	p->spi_len = wire_rd_u8(&sub);
	n = wire_rd_u8(&sub);
	if (spi_len_ok(p)) {
		wire_rd_copy(&sub, p->spi, p->spi_len);
	} else {
		wire_rd_bytes(&sub, p->spi_len);
		p->spi_len = 0;
		p->bad = true;
	}
	if (sub.bad)
		return WIRE_E_LENGTH;
	last_transform = sub.left == 0;
	for (; n; n--) {
		if (last_transform)
			return WIRE_E_LENGTH;
		err = transform_read(&sub, &last_transform, p);
		if (err)
			return err;
	}
	return last_transform ? WIRE_OK : WIRE_E_LENGTH;
}

enum wire_err wire_sa_decode(const struct wire_payload *pl, struct wire_sa *sa)
{
	struct wire_proposal surplus;
	struct wire_rd rd;
	bool last = false;

	sa->n = 0;
	sa->skipped = 0;
	wire_rd_init(&rd, pl->body, pl->len);
	while (!last) {
		bool room = sa->n < WIRE_MAX_PROPOSALS;
		enum wire_err err;

		err = proposal_read(&rd, &last,
				    room ? &sa->p[sa->n] : &surplus);
		if (err)
			return err;
		if (room)
			sa->n++;
		else
			sa->skipped++;
	}
	return WIRE_OK;
}

static void transform_write(struct wire_wr *wr, const struct wire_transform *t,
			    bool last)
{
	wire_wr_u8(wr, last ? 0 : MORE_TRANSFORMS);
	wire_wr_u8(wr, 0);
	wire_wr_u16(wr, t->key_bits ? SUBSTRUC_HDR_LEN + 4 : SUBSTRUC_HDR_LEN);
	wire_wr_u8(wr, t->type);
	wire_wr_u8(wr, 0);
	wire_wr_u16(wr, t->id);
	if (t->key_bits) {
		wire_wr_u16(wr, ATTR_TV | IKE_ATTR_KEY_LENGTH);
		wire_wr_u16(wr, t->key_bits);
	}
}

void wire_sa_encode(struct wire_enc *enc, const struct wire_sa *sa)
{
	struct wire_wr *wr = &enc->wr;

	wire_enc_payload(enc, IKE_PL_SA);
	for (unsigned int i = 0; i < sa->n; i++) {
		const struct wire_proposal *p = &sa->p[i];
		size_t at = wr->len;

		wire_wr_u8(wr, i + 1 < sa->n ? MORE_PROPOSALS : 0);
		wire_wr_u8(wr, 0);
		wire_wr_u16(wr, 0);
		wire_wr_u8(wr, p->num ? p->num : (uint8_t)(i + 1));
		wire_wr_u8(wr, p->protocol);
		wire_wr_u8(wr, p->spi_len);
		wire_wr_u8(wr, (uint8_t)p->n);
		wire_wr_bytes(wr, p->spi, p->spi_len);
		for (unsigned int j = 0; j < p->n; j++)
			transform_write(wr, &p->t[j], j + 1 == p->n);
		wire_wr_set_u16(wr, at + 2, (uint16_t)(wr->len - at));
	}
	wire_enc_end(enc);
}

bool wire_proposal_add(struct wire_proposal *p, uint8_t type, uint16_t id,
		       uint16_t key_bits)
{
	if (p->n == WIRE_MAX_TRANSFORMS)
		return false;
	p->t[p->n++] = (struct wire_transform){
		.type = type, .id = id, .key_bits = key_bits,
	};
	return true;
}

const struct wire_transform *wire_proposal_get(const struct wire_proposal *p,
					       uint8_t type)
{
	for (unsigned int i = 0; i < p->n; i++)
		if (p->t[i].type == type)
			return &p->t[i];
	return NULL;
}
