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
 * @groups: what to offer of them (none in IKE_AUTH, RFC 7296, section 1.2)
 */
void ike_propose(struct wire_sa *sa, const struct crypto_suite *suites,
		 unsigned int n, uint8_t protocol, uint32_t spi,
		 enum ike_groups groups)
{
	const struct crypto_suite *s;
	struct wire_proposal *p;
	unsigned int i, j;

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
		if (s->ke && groups != IKE_GROUPS_NONE)
			wire_proposal_add(p, IKE_TT_KE, s->ke, 0);
		if (protocol == IKE_PROTO_ESP)
			wire_proposal_add(p, IKE_TT_ESN, s->esn ? IKE_ESN_YES :
					  IKE_ESN_NO, 0);
		for (j = 0; j < CRYPTO_MAX_ADDKE; j++)
			if (s->addke[j] && groups == IKE_GROUPS_ALL)
				wire_proposal_add(p, (uint8_t)(IKE_TT_ADDKE1 +
						  j), s->addke[j], 0);
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
	uint8_t i;

	memset(suite, 0, sizeof(*suite));
	if (encr) {
		suite->encr = encr->id;
		suite->key_bits = encr->key_bits;
	}
	suite->prf = transform_id(p, IKE_TT_PRF);
	suite->integ = transform_id(p, IKE_TT_INTEG);
	suite->ke = transform_id(p, IKE_TT_KE);
	for (i = 0; i < CRYPTO_MAX_ADDKE; i++)
		suite->addke[i] = transform_id(p, (uint8_t)(IKE_TT_ADDKE1 + i));
	suite->esn = transform_id(p, IKE_TT_ESN) == IKE_ESN_YES;
}

/**
 * ike_next_group() - the additional key exchange of a suite that is due
 * @s: suite
 * @next: its index, or where to look for it from; moved there
 *
 * Return: its group, IKE_KE_NONE if there is none left.
 */
uint16_t ike_next_group(const struct crypto_suite *s, unsigned int *next)
{
	while (*next < CRYPTO_MAX_ADDKE && !s->addke[*next])
		++*next;
	return *next < CRYPTO_MAX_ADDKE ? s->addke[*next] : IKE_KE_NONE;
}

/** ike_more_groups() - has a suite additional key exchanges */
bool ike_more_groups(const struct crypto_suite *s)
{
	unsigned int first = 0;

	return ike_next_group(s, &first) != IKE_KE_NONE;
}

/* Is a suite one of these, as far as @groups count? */
bool ike_suite_in(const struct crypto_suite *s, const struct crypto_suite *v,
		  unsigned int n, enum ike_groups groups)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (s->encr == v[i].encr && s->key_bits == v[i].key_bits &&
		    s->prf == v[i].prf && s->integ == v[i].integ &&
		    s->ke == v[i].ke && s->esn == v[i].esn &&
		    (groups != IKE_GROUPS_ALL ||
		     !memcmp(s->addke, v[i].addke, sizeof(s->addke))))
			return true;
	return false;
}
