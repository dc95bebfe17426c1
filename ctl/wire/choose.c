// SPDX-License-Identifier: GPL-2.0
/* Choosing among proposals, and checking a choice (RFC 7296 2.7, 3.3.6). */
#include <string.h>

#include "wire/sa.h"

static const struct wire_transform *holds(const struct wire_proposal *p,
					  const struct wire_transform *t)
{
	for (unsigned int i = 0; i < p->n; i++)
		if (p->t[i].type == t->type && p->t[i].id == t->id &&
		    p->t[i].key_bits == t->key_bits && !p->t[i].bad)
			return &p->t[i];
	return NULL;
}

/* INTEG, KE and ADDKE know a transform "NONE", which says what absence says. */
static const struct wire_transform *none_of(const struct wire_proposal *p,
					    uint8_t type)
{
	struct wire_transform none = { .type = type };

	if (type != IKE_TT_INTEG && type != IKE_TT_KE && type < IKE_TT_ADDKE1)
		return NULL;
	return holds(p, &none);
}

static bool choose_type(const struct wire_proposal *offer,
			const struct wire_proposal *ours, uint8_t type,
			struct wire_proposal *chosen)
{
	bool offered = wire_proposal_get(offer, type);
	bool wanted = wire_proposal_get(ours, type);
	const struct wire_transform *t;

	if (!offered)
		return !wanted || none_of(ours, type);
	if (!wanted) {
		t = none_of(offer, type);
		return t && wire_proposal_add(chosen, type, t->id, 0);
	}
	for (unsigned int i = 0; i < ours->n; i++) {
		if (ours->t[i].type != type)
			continue;
		t = holds(offer, &ours->t[i]);
		if (t)
			return wire_proposal_add(chosen, type, t->id,
						 t->key_bits);
	}
	return false;
}

static bool choose_from(const struct wire_proposal *offer,
			const struct wire_proposal *ours,
			struct wire_proposal *chosen)
{
	if (offer->bad || offer->protocol != ours->protocol)
		return false;
	memset(chosen, 0, sizeof(*chosen));
	chosen->num = offer->num;
	chosen->protocol = offer->protocol;
	chosen->spi_len = offer->spi_len;
	memcpy(chosen->spi, offer->spi, sizeof(chosen->spi));
	for (uint8_t type = IKE_TT_ENCR; type <= IKE_TT_ADDKE7; type++)
		if (!choose_type(offer, ours, type, chosen))
			return false;
	return chosen->n > 0;
}

bool wire_sa_choose(const struct wire_sa *offer, const struct wire_sa *ours,
		    struct wire_proposal *chosen)
{
	for (unsigned int i = 0; i < ours->n; i++)
		for (unsigned int j = 0; j < offer->n; j++)
			if (choose_from(&offer->p[j], &ours->p[i], chosen))
				return true;
	memset(chosen, 0, sizeof(*chosen));
	return false;
}

static bool answer_fits(const struct wire_proposal *offer,
			const struct wire_proposal *answer)
{
	for (uint8_t type = IKE_TT_ENCR; type <= IKE_TT_ADDKE7; type++) {
		bool offered = wire_proposal_get(offer, type);
		unsigned int n = 0;

		for (unsigned int i = 0; i < answer->n; i++) {
			if (answer->t[i].type != type)
				continue;
			if (answer->t[i].bad || !holds(offer, &answer->t[i]))
				return false;
			n++;
		}
		if (n > 1 || (!n && offered && !none_of(offer, type)))
			return false;
	}
	return true;
}

bool wire_sa_answer_ok(const struct wire_sa *offer,
		       const struct wire_sa *answer)
{
	const struct wire_proposal *p = &answer->p[0];

	if (answer->n != 1 || answer->skipped || p->bad)
		return false;
	for (unsigned int i = 0; i < offer->n; i++) {
		unsigned int num = offer->p[i].num ? offer->p[i].num : i + 1;

		if (num == p->num)
			return offer->p[i].protocol == p->protocol &&
			       answer_fits(&offer->p[i], p);
	}
	return false;
}
