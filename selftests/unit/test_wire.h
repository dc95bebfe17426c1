/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of ctl/wire and ctl/crypto share. */
#ifndef MOBX_TEST_WIRE_H
#define MOBX_TEST_WIRE_H

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/mobike.h"
#include "wire/msg.h"
#include "wire/payload.h"
#include "wire/sa.h"

/* Octets from hexadecimal text; spaces between octets are fine. */
static inline size_t unhex(const char *text, uint8_t *out, size_t room)
{
	size_t n = 0;

	while (*text) {
		char octet[3] = { 0 };

		if (*text == ' ') {
			text++;
			continue;
		}
		octet[0] = text[0];
		octet[1] = text[1];
		assert_true(text[1] && n < room);
		out[n++] = (uint8_t)strtoul(octet, NULL, 16);
		text += 2;
	}
	return n;
}

static inline void assert_hex(const uint8_t *data, size_t len, const char *text)
{
	uint8_t want[2048];

	assert_int_equal(unhex(text, want, sizeof(want)), len);
	assert_memory_equal(data, want, len);
}

/* A copy whose end is the end of its memory, so that ASan sees every overrun. */
static inline uint8_t *exact(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	if (len)
		memcpy(copy, data, len);
	return copy;
}

/* Reproducible numbers for fuzzing (xorshift64) */
static inline uint64_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static const struct wire_hdr test_hdr = {
	.spi_i = 0x0102030405060708, .spi_r = 0x1112131415161718,
	.exchange = IKE_EX_INFORMATIONAL, .flags = IKE_FLAG_INITIATOR,
	.msg_id = 7,
};

/* Ends @enc and parses what it holds; @enc keeps the octets. */
static inline void finish_and_parse(struct wire_enc *enc, struct wire_msg *msg)
{
	assert_true(wire_enc_finish(enc));
	assert_int_equal(wire_msg_parse(enc->wr.data, enc->wr.len, msg),
			 WIRE_OK);
}

/* Field by field: memcmp() would see padding. */
static inline void assert_same_ts(const struct wire_ts *a,
				  const struct wire_ts *b)
{
	assert_int_equal(a->protocol, b->protocol);
	assert_int_equal(a->port_start, b->port_start);
	assert_int_equal(a->port_end, b->port_end);
	assert_true(wire_addr_equal(&a->start, &b->start));
	assert_true(wire_addr_equal(&a->end, &b->end));
}

static inline void assert_same_transforms(const struct wire_proposal *a,
					  const struct wire_proposal *b)
{
	assert_int_equal(a->n, b->n);
	for (unsigned int i = 0; i < a->n; i++) {
		assert_int_equal(a->t[i].type, b->t[i].type);
		assert_int_equal(a->t[i].id, b->t[i].id);
		assert_int_equal(a->t[i].key_bits, b->t[i].key_bits);
		assert_int_equal(a->t[i].bad, b->t[i].bad);
	}
}

static inline void assert_same_block(const struct mobikex_block *a,
				     const struct mobikex_block *b)
{
	assert_int_equal(a->empty, b->empty);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->path_id, b->path_id);
	assert_int_equal(a->preference, b->preference);
	assert_true(wire_addr_equal(&a->old_addr, &b->old_addr));
	assert_true(wire_addr_equal(&a->new_addr, &b->new_addr));
}

static inline void assert_same_entry(const struct mobikex_set_entry *a,
				     const struct mobikex_set_entry *b)
{
	assert_int_equal(a->path_id, b->path_id);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->preference, b->preference);
	assert_int_equal(a->flags, b->flags);
	assert_true(wire_endpoint_equal(&a->observed, &b->observed));
}

#endif
