/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The Security Association payload: proposals of transforms (RFC 7296 section
 * 3.3), and choosing among them (section 2.7).
 */
#ifndef MOBX_WIRE_SA_H
#define MOBX_WIRE_SA_H

#include "wire/msg.h"

#define WIRE_MAX_PROPOSALS	16
#define WIRE_MAX_TRANSFORMS	96

/**
 * struct wire_transform - one algorithm on offer
 * @type: enum ike_transform_type, or any other value.
 * @id: Transform ID.
 * @key_bits: Key Length attribute, 0 if there is none.
 * @bad: Has an attribute that mobx does not know: must not be chosen.
 */
struct wire_transform {
	uint8_t type;
	uint16_t id;
	uint16_t key_bits;
	bool bad;
};

/**
 * struct wire_proposal - one proposal
 * @num: Proposal number. wire_sa_encode() numbers by itself when it is 0.
 * @protocol: enum ike_protocol.
 * @spi_len: Octets of @spi: 0, 4 or 8.
 * @spi: SPI, as on the wire.
 * @bad: Has more than WIRE_MAX_TRANSFORMS transforms, or one of an unknown
 *   type: must not be chosen.
 * @n: Entries of @t.
 * @t: Transforms in the sender's order of preference.
 */
struct wire_proposal {
	uint8_t num;
	uint8_t protocol;
	uint8_t spi_len;
	uint8_t spi[8];
	bool bad;
	unsigned int n;
	struct wire_transform t[WIRE_MAX_TRANSFORMS];
};

/**
 * struct wire_sa - an SA payload
 * @n: Entries of @p.
 * @skipped: Proposals beyond WIRE_MAX_PROPOSALS, validated and left out.
 * @p: Proposals in the sender's order of preference.
 */
struct wire_sa {
	unsigned int n;
	unsigned int skipped;
	struct wire_proposal p[WIRE_MAX_PROPOSALS];
};

/**
 * wire_sa_decode() - proposals and transforms from an SA payload
 * @pl: Payload of type SA.
 * @sa: Filled; what mobx does not know in it is marked bad, not refused.
 *
 * Return: WIRE_OK, or why the payload is malformed.
 */
enum wire_err wire_sa_decode(const struct wire_payload *pl, struct wire_sa *sa);

/**
 * wire_sa_encode() - add an SA payload
 * @enc: Message.
 * @sa: 1 to WIRE_MAX_PROPOSALS proposals; @bad and @skipped are ignored.
 */
void wire_sa_encode(struct wire_enc *enc, const struct wire_sa *sa);

/**
 * wire_proposal_add() - append a transform
 * @p: Proposal.
 * @type: enum ike_transform_type.
 * @id: Transform ID.
 * @key_bits: Key length in bits; 0: no attribute.
 *
 * Return: false when @p is full.
 */
bool wire_proposal_add(struct wire_proposal *p, uint8_t type, uint16_t id,
		       uint16_t key_bits);

/**
 * wire_proposal_get() - the first transform of a type
 * @p: Proposal.
 * @type: enum ike_transform_type.
 *
 * Return: the transform, NULL when @p has none of @type. "NONE" of INTEG and KE
 * (transform ID 0) is returned like any other.
 */
const struct wire_transform *wire_proposal_get(const struct wire_proposal *p,
					       uint8_t type);

/**
 * wire_sa_choose() - a responder's choice (RFC 7296 section 2.7)
 * @offer: The peer's proposals.
 * @ours: What we accept, in our order of preference, which decides. SPIs and
 *   numbers are ignored.
 * @chosen: The result: number and SPI of the peer's proposal, one transform of
 *   each type, in the peer's form (no INTEG or KE "NONE" that was not offered).
 *   The caller puts its own SPI in.
 *
 * A proposal of ours without KE transforms takes any offer that has none or
 * lists "NONE"; the same holds for INTEG and each ADDKE.
 *
 * Return: whether anything fits; else NO_PROPOSAL_CHOSEN.
 */
bool wire_sa_choose(const struct wire_sa *offer, const struct wire_sa *ours,
		    struct wire_proposal *chosen);

/**
 * wire_sa_answer_ok() - an initiator's check of the answer (section 3.3.6)
 * @offer: What we sent, with numbers (as wire_sa_encode() gives them).
 * @answer: What came back.
 *
 * Return: whether @answer is one proposal that @offer holds, with exactly one
 * transform of each type that it has there.
 */
bool wire_sa_answer_ok(const struct wire_sa *offer,
		       const struct wire_sa *answer);

#endif
