// SPDX-License-Identifier: GPL-2.0
#include "ike/codec.h"

#include <string.h>

bool ike_codec_ok(const struct ike_codec *c)
{
	return !c->bad && (c->out ? !c->out->bad : !c->in.bad);
}

void ike_codec_check(struct ike_codec *c, bool right)
{
	if (!right)
		c->bad = true;
}

void ike_codec_u8(struct ike_codec *c, uint8_t *v)
{
	if (c->out)
		wire_wr_u8(c->out, *v);
	else
		*v = wire_rd_u8(&c->in);
}

void ike_codec_u16(struct ike_codec *c, uint16_t *v)
{
	if (c->out)
		wire_wr_u16(c->out, *v);
	else
		*v = wire_rd_u16(&c->in);
}

void ike_codec_u32(struct ike_codec *c, uint32_t *v)
{
	if (c->out)
		wire_wr_u32(c->out, *v);
	else
		*v = wire_rd_u32(&c->in);
}

void ike_codec_u64(struct ike_codec *c, uint64_t *v)
{
	if (c->out)
		wire_wr_u64(c->out, *v);
	else
		*v = wire_rd_u64(&c->in);
}

void ike_codec_bool(struct ike_codec *c, bool *v)
{
	uint8_t octet = *v;

	ike_codec_u8(c, &octet);
	ike_codec_check(c, octet <= 1);
	*v = octet == 1;
}

void ike_codec_count(struct ike_codec *c, unsigned int *v, unsigned int max)
{
	uint32_t n = *v;

	ike_codec_u32(c, &n);
	ike_codec_check(c, n <= max);
	*v = ike_codec_ok(c) ? n : 0;
}

void ike_codec_octets(struct ike_codec *c, void *v, size_t len)
{
	if (c->out)
		wire_wr_bytes(c->out, v, len);
	else
		wire_rd_copy(&c->in, v, len);
}

void ike_codec_text(struct ike_codec *c, char *v, size_t size)
{
	ike_codec_octets(c, v, size);
	if (!memchr(v, 0, size)) {
		ike_codec_check(c, false);
		v[0] = 0;
	}
}

void ike_codec_addr(struct ike_codec *c, struct wire_addr *v)
{
	if (!c->out)
		memset(v, 0, sizeof(*v));
	ike_codec_u8(c, &v->family);
	ike_codec_check(c, !v->family || wire_addr_len(v->family));
	ike_codec_octets(c, v->a, wire_addr_len(v->family));
}

void ike_codec_endpoint(struct ike_codec *c, struct wire_endpoint *v)
{
	ike_codec_addr(c, &v->addr);
	ike_codec_u16(c, &v->port);
}

void ike_codec_id(struct ike_codec *c, struct ike_id *v)
{
	if (!c->out)
		memset(v, 0, sizeof(*v));
	ike_codec_u8(c, &v->type);
	ike_codec_u8(c, &v->len);
	ike_codec_octets(c, v->data, v->len);
}

void ike_codec_suite(struct ike_codec *c, struct crypto_suite *v)
{
	unsigned int i;

	ike_codec_u16(c, &v->encr);
	ike_codec_u16(c, &v->key_bits);
	ike_codec_u16(c, &v->integ);
	ike_codec_u16(c, &v->prf);
	ike_codec_u16(c, &v->ke);
	for (i = 0; i < CRYPTO_MAX_ADDKE; i++)
		ike_codec_u16(c, &v->addke[i]);
	ike_codec_bool(c, &v->esn);
}
