// SPDX-License-Identifier: GPL-2.0
/* Bounded reader and growable, scrubbed writer. */
#include <stdlib.h>
#include <string.h>

#include "wire/buf.h"

void wire_rd_init(struct wire_rd *rd, const void *data, size_t len)
{
	rd->p = data;
	rd->left = len;
	rd->bad = false;
}

const uint8_t *wire_rd_bytes(struct wire_rd *rd, size_t len)
{
	/* For zero octets too the answer must not be the NULL of a failure. */
	static const uint8_t nothing;
	const uint8_t *p = rd->p;

	if (rd->bad || rd->left < len) {
		rd->bad = true;
		rd->left = 0;
		return NULL;
	}
	if (!len)
		return p ? p : &nothing;
	rd->p += len;
	rd->left -= len;
	return p;
}

uint8_t wire_rd_u8(struct wire_rd *rd)
{
	const uint8_t *p = wire_rd_bytes(rd, 1);

	return p ? p[0] : 0;
}

uint16_t wire_rd_u16(struct wire_rd *rd)
{
	const uint8_t *p = wire_rd_bytes(rd, 2);

	if (!p)
		return 0;
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t wire_rd_u32(struct wire_rd *rd)
{
	const uint8_t *p = wire_rd_bytes(rd, 4);

	if (!p)
		return 0;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

uint64_t wire_rd_u64(struct wire_rd *rd)
{
	const uint8_t *p = wire_rd_bytes(rd, 8);
	uint64_t v = 0;

	for (int i = 0; p && i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

void wire_rd_copy(struct wire_rd *rd, void *out, size_t len)
{
	const uint8_t *p = wire_rd_bytes(rd, len);

	if (!len)
		return;
	if (p)
		memcpy(out, p, len);
	else
		memset(out, 0, len);
}

struct wire_rd wire_rd_sub(struct wire_rd *rd, size_t len)
{
	struct wire_rd sub = { .p = wire_rd_bytes(rd, len) };

	if (sub.p)
		sub.left = len;
	else
		sub.bad = true;
	return sub;
}

/* realloc() would leave a copy of what may be keys behind. */
static bool wr_reserve(struct wire_wr *wr, size_t more)
{
	size_t cap = wr->cap ? wr->cap : 512;
	uint8_t *data;

	if (wr->bad || more > WIRE_WR_MAX - wr->len) {
		wr->bad = true;
		return false;
	}
	if (wr->len + more <= wr->cap)
		return true;
	while (cap < wr->len + more)
		cap *= 2;
	data = malloc(cap);
	if (!data) {
		wr->bad = true;
		return false;
	}
	if (wr->len)
		memcpy(data, wr->data, wr->len);
	wire_free(wr->data, wr->len);
	wr->data = data;
	wr->cap = cap;
	return true;
}

void wire_wr_bytes(struct wire_wr *wr, const void *data, size_t len)
{
	if (!len || !wr_reserve(wr, len))
		return;
	memcpy(wr->data + wr->len, data, len);
	wr->len += len;
}

uint8_t *wire_wr_zero(struct wire_wr *wr, size_t len)
{
	uint8_t *p;

	if (!wr_reserve(wr, len))
		return NULL;
	if (!wr->data)
		return NULL;
	p = wr->data + wr->len;
	memset(p, 0, len);
	wr->len += len;
	return p;
}

void wire_wr_u8(struct wire_wr *wr, uint8_t v)
{
	wire_wr_bytes(wr, &v, 1);
}

void wire_wr_u16(struct wire_wr *wr, uint16_t v)
{
	uint8_t b[2];

	wire_put_u16(b, v);
	wire_wr_bytes(wr, b, sizeof(b));
}

void wire_wr_u32(struct wire_wr *wr, uint32_t v)
{
	uint8_t b[4];

	wire_put_u32(b, v);
	wire_wr_bytes(wr, b, sizeof(b));
}

void wire_wr_u64(struct wire_wr *wr, uint64_t v)
{
	uint8_t b[8];

	wire_put_u64(b, v);
	wire_wr_bytes(wr, b, sizeof(b));
}

void wire_wr_set_u16(struct wire_wr *wr, size_t at, uint16_t v)
{
	if (wr->bad || wr->len < 2 || at > wr->len - 2)
		wr->bad = true;
	else
		wire_put_u16(wr->data + at, v);
}

void wire_wr_set_u32(struct wire_wr *wr, size_t at, uint32_t v)
{
	if (wr->bad || wr->len < 4 || at > wr->len - 4)
		wr->bad = true;
	else
		wire_put_u32(wr->data + at, v);
}

uint8_t *wire_wr_take(struct wire_wr *wr, size_t *len)
{
	uint8_t *data = wr->data;

	*len = 0;
	if (wr->bad || !wr->len) {
		wire_wr_free(wr);
		return NULL;
	}
	*len = wr->len;
	*wr = (struct wire_wr){ 0 };
	return data;
}

void wire_wr_free(struct wire_wr *wr)
{
	wire_free(wr->data, wr->len);
	*wr = (struct wire_wr){ 0 };
}

void wire_free(uint8_t *data, size_t len)
{
	if (!data)
		return;
	explicit_bzero(data, len);
	free(data);
}
