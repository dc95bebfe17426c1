// SPDX-License-Identifier: GPL-2.0
/* Proposals: what we offer, what we accept. */
#include <string.h>

#include "ike/priv.h"

/* ----------------------------------------------------------- proposals */

/**
 * ike_propose() - an SA payload with one proposal for each suite
 * @sa: overwritten
 * @suites: in order of preference
 * @n: their number, at most WIRE_MAX_PROPOSALS
 * @protocol: IKE_PROTO_IKE or IKE_PROTO_ESP
 * @spi: own SPI of a Child SA; 0 for an SA payload without SPIs
 * @with_ke: offer groups (never in IKE_AUTH, RFC 7296, section 1.2)
 */
void ike_propose(struct wire_sa *sa, const struct crypto_suite *suites,
		 unsigned int n, uint8_t protocol, uint32_t spi, bool with_ke)
{
	const struct crypto_suite *s;
	struct wire_proposal *p;
	unsigned int i;

	memset(sa, 0, sizeof(*sa));
	for (i = 0; i < n && i < WIRE_MAX_PROPOSALS; i++) {
		s = &suites[i];
		p = &sa->p[sa->n++];
		p->num = (uint8_t)(i + 1);
		p->protocol = protocol;
		if (spi) {
			p->spi_len = ESP_SPI_LEN;
			wire_put_u32(p->spi, spi);
		}
		wire_proposal_add(p, IKE_TT_ENCR, s->encr, s->key_bits);
		if (protocol == IKE_PROTO_IKE)
			wire_proposal_add(p, IKE_TT_PRF, s->prf, 0);
		if (s->integ)
			wire_proposal_add(p, IKE_TT_INTEG, s->integ, 0);
		if (s->ke && with_ke)
			wire_proposal_add(p, IKE_TT_KE, s->ke, 0);
		if (protocol == IKE_PROTO_ESP)
			wire_proposal_add(p, IKE_TT_ESN, s->esn ? IKE_ESN_YES :
					  IKE_ESN_NO, 0);
	}
}

static uint16_t transform_id(const struct wire_proposal *p, uint8_t type)
{
	const struct wire_transform *t = wire_proposal_get(p, type);

	return t ? t->id : 0;
}

/* The suite that a proposal with one transform of each type stands for. */
void ike_chosen(const struct wire_proposal *p, struct crypto_suite *suite)
{
	const struct wire_transform *encr = wire_proposal_get(p, IKE_TT_ENCR);

	memset(suite, 0, sizeof(*suite));
	if (encr) {
		suite->encr = encr->id;
		suite->key_bits = encr->key_bits;
	}
	suite->prf = transform_id(p, IKE_TT_PRF);
	suite->integ = transform_id(p, IKE_TT_INTEG);
	suite->ke = transform_id(p, IKE_TT_KE);
	suite->esn = transform_id(p, IKE_TT_ESN) == IKE_ESN_YES;
}

/* Is a suite one of these? */
bool ike_suite_in(const struct crypto_suite *s, const struct crypto_suite *v,
		  unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (s->encr == v[i].encr && s->key_bits == v[i].key_bits &&
		    s->prf == v[i].prf && s->integ == v[i].integ &&
		    s->ke == v[i].ke && s->esn == v[i].esn)
			return true;
	return false;
}
