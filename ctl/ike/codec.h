/* SPDX-License-Identifier: GPL-2.0 */
/*
 * State in octets, and back: one walk over a struct does both, so that what is
 * written is what is read. Numbers are big-endian. Whatever is read is checked
 * for its bounds here, and for its meaning by who walks. The first mistake makes
 * the codec bad: what is read afterwards means nothing, and counts are 0.
 */
#ifndef MOBX_IKE_CODEC_H
#define MOBX_IKE_CODEC_H

#include "crypto/keys.h"
#include "ike/text.h"
#include "wire/addr.h"
#include "wire/buf.h"

/**
 * struct ike_codec - a walk
 * @out: where to write to, or NULL: it reads
 * @in: where to read from
 * @bad: something was wrong; also see ike_codec_ok()
 */
struct ike_codec {
	struct wire_wr *out;
	struct wire_rd in;
	bool bad;
};

/** ike_codec_ok() - was all well so far */
bool ike_codec_ok(const struct ike_codec *c);

/** ike_codec_check() - what has been read must be so, or the codec is bad */
void ike_codec_check(struct ike_codec *c, bool right);

/* Numbers */
void ike_codec_u8(struct ike_codec *c, uint8_t *v);
void ike_codec_u16(struct ike_codec *c, uint16_t *v);
void ike_codec_u32(struct ike_codec *c, uint32_t *v);
void ike_codec_u64(struct ike_codec *c, uint64_t *v);
void ike_codec_bool(struct ike_codec *c, bool *v);

/**
 * ike_codec_count() - a small number, such as that of entries that follow
 * @c: codec
 * @v: the number; 0 when it is bad
 * @max: the most that it may be
 */
void ike_codec_count(struct ike_codec *c, unsigned int *v, unsigned int max);

/** ike_codec_octets() - so many octets as they are */
void ike_codec_octets(struct ike_codec *c, void *v, size_t len);

/** ike_codec_text() - a text and its end in a field of @size octets */
void ike_codec_text(struct ike_codec *c, char *v, size_t size);

/* Of family 4 or 6, or none. */
void ike_codec_addr(struct ike_codec *c, struct wire_addr *v);
void ike_codec_endpoint(struct ike_codec *c, struct wire_endpoint *v);

void ike_codec_id(struct ike_codec *c, struct ike_id *v);
void ike_codec_suite(struct ike_codec *c, struct crypto_suite *v);

#endif /* MOBX_IKE_CODEC_H */
