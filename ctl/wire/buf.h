/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Octets in and out. The reader never leaves its bounds and the writer grows;
 * both remember the first failure, so that a codec checks once at its end.
 * All numbers are big-endian on the wire, host order here.
 */
#ifndef MOBX_WIRE_BUF_H
#define MOBX_WIRE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct wire_span - octets that belong to somebody else
 * @p: First octet; may be NULL when @len is 0.
 * @len: Octets.
 */
struct wire_span {
	const uint8_t *p;
	size_t len;
};

/**
 * struct wire_rd - bounded reader
 * @p: Next octet.
 * @left: Octets from @p to the end.
 * @bad: A read went beyond the end; all later reads give zeros.
 */
struct wire_rd {
	const uint8_t *p;
	size_t left;
	bool bad;
};

/**
 * wire_rd_init() - read from the start of some octets
 * @rd: Any content; overwritten.
 * @data: The octets, which must outlive @rd; may be NULL when @len is 0.
 * @len: Octets of @data.
 */
void wire_rd_init(struct wire_rd *rd, const void *data, size_t len);

/* The next number; 0 (and @rd->bad) when too few octets are left. */
uint8_t wire_rd_u8(struct wire_rd *rd);
uint16_t wire_rd_u16(struct wire_rd *rd);
uint32_t wire_rd_u32(struct wire_rd *rd);
uint64_t wire_rd_u64(struct wire_rd *rd);

/**
 * wire_rd_bytes() - a view of the next octets
 * @rd: Reader.
 * @len: Octets wanted.
 *
 * Return: a pointer into the reader's data, NULL (and @rd->bad) when fewer than
 * @len octets are left.
 */
const uint8_t *wire_rd_bytes(struct wire_rd *rd, size_t len);

/**
 * wire_rd_copy() - copy the next octets out
 * @rd: Reader.
 * @out: Destination of @len octets; zeroed when the reader has too few.
 * @len: Octets.
 */
void wire_rd_copy(struct wire_rd *rd, void *out, size_t len);

/**
 * wire_rd_sub() - a reader of the next octets only; the outer one skips them
 * @rd: Reader.
 * @len: Octets of the inner reader.
 *
 * Return: the inner reader, bad and empty when fewer than @len are left.
 */
struct wire_rd wire_rd_sub(struct wire_rd *rd, size_t len);

/**
 * struct wire_wr - growable writer; what it leaves behind is scrubbed
 * @data: Octets written, NULL before the first.
 * @len: Octets written.
 * @cap: Octets allocated.
 * @bad: Memory or WIRE_WR_MAX ran out; all later writes do nothing.
 *
 * Zero-initialised is empty and ready. wire_wr_free() at the end, always.
 */
struct wire_wr {
	uint8_t *data;
	size_t len;
	size_t cap;
	bool bad;
};

#define WIRE_WR_MAX	(256 * 1024)

/* Append a number, or @len octets (@data may be NULL when @len is 0). */
void wire_wr_u8(struct wire_wr *wr, uint8_t v);
void wire_wr_u16(struct wire_wr *wr, uint16_t v);
void wire_wr_u32(struct wire_wr *wr, uint32_t v);
void wire_wr_u64(struct wire_wr *wr, uint64_t v);
void wire_wr_bytes(struct wire_wr *wr, const void *data, size_t len);

/**
 * wire_wr_zero() - append zero octets to be filled in place
 * @wr: Writer.
 * @len: Octets.
 *
 * Return: the first of them, valid until the next write; NULL if @wr is bad.
 */
uint8_t *wire_wr_zero(struct wire_wr *wr, size_t len);

/**
 * wire_wr_set_u16() - overwrite two octets written before
 * @wr: Writer.
 * @at: Offset of the first, at most @wr->len - 2.
 * @v: Value.
 */
void wire_wr_set_u16(struct wire_wr *wr, size_t at, uint16_t v);
void wire_wr_set_u32(struct wire_wr *wr, size_t at, uint32_t v);

/**
 * wire_wr_take() - end with the writer, keep what it wrote
 * @wr: Writer; empty and ready afterwards.
 * @len: Set to the octets written.
 *
 * Return: memory that the caller frees with wire_free(), NULL if @wr is bad or
 * empty (what it held is freed).
 */
uint8_t *wire_wr_take(struct wire_wr *wr, size_t *len);

/**
 * wire_wr_free() - scrub and free what was written
 * @wr: Writer; empty and ready afterwards, also when it was bad.
 */
void wire_wr_free(struct wire_wr *wr);

/**
 * wire_free() - scrub and free
 * @data: From wire_wr_take(), or NULL.
 * @len: Octets to scrub.
 */
void wire_free(uint8_t *data, size_t len);

static inline void wire_put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void wire_put_u32(uint8_t *p, uint32_t v)
{
	wire_put_u16(p, (uint16_t)(v >> 16));
	wire_put_u16(p + 2, (uint16_t)v);
}

static inline void wire_put_u64(uint8_t *p, uint64_t v)
{
	wire_put_u32(p, (uint32_t)(v >> 32));
	wire_put_u32(p + 4, (uint32_t)v);
}

#endif
