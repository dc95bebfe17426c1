// SPDX-License-Identifier: GPL-2.0
/* Proposals and traffic selectors: what we offer, what we accept. */
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

/* --------------------------------------------------- traffic selectors */

static void host_ts(struct wire_ts *ts, const struct wire_addr *addr,
		    uint8_t proto, uint16_t min, uint16_t max)
{
	memset(ts, 0, sizeof(*ts));
	ts->protocol = proto;
	ts->port_start = min;
	ts->port_end = max;
	ts->start = *addr;
	ts->end = *addr;
}

static bool same_ts(const struct wire_ts *a, const struct wire_ts *b)
{
	return wire_ts_contains(a, b) && wire_ts_contains(b, a);
}

static void list_add(struct wire_ts_list *l, const struct wire_ts *ts)
{
	unsigned int i;

	for (i = 0; i < l->n; i++)
		if (same_ts(&l->ts[i], ts))
			return;
	if (l->n < WIRE_MAX_TS)
		l->ts[l->n++] = *ts;
	else
		l->skipped++;
}

/**
 * ike_ts_propose() - what a connection protects, as traffic selectors
 * @c: connection
 * @local: own address
 * @remote: the peer's
 * @l: gets the own side
 * @r: gets the peer's
 *
 * In transport mode each side is one host (RFC 7296, section 2.23.1).
 */
void ike_ts_propose(const struct ike_conn *c, const struct wire_addr *local,
		    const struct wire_addr *remote, struct wire_ts_list *l,
		    struct wire_ts_list *r)
{
	const struct ike_selector *s;
	struct wire_ts ts;
	unsigned int i;

	memset(l, 0, sizeof(*l));
	memset(r, 0, sizeof(*r));
	for (i = 0; i < c->nprotect; i++) {
		s = &c->protect[i];
		host_ts(&ts, local, s->proto, s->local_min, s->local_max);
		list_add(l, &ts);
		host_ts(&ts, remote, s->proto, s->remote_min, s->remote_max);
		list_add(r, &ts);
	}
}

/* False when the kernel's room for selectors is used up. */
static bool selector_add(struct ike_offer *o, const struct ike_selector *s)
{
	const struct ike_selector *h;
	unsigned int i;

	for (i = 0; i < o->nselectors; i++) {
		h = &o->selectors[i];
		if (h->proto == s->proto && h->local_min == s->local_min &&
		    h->local_max == s->local_max &&
		    h->remote_min == s->remote_min &&
		    h->remote_max == s->remote_max)
			return true;
	}
	if (o->nselectors == IKE_MAX_SELECTORS)
		return false;
	o->selectors[o->nselectors++] = *s;
	return true;
}

/* What one pair of selectors and one protect section have in common. */
static bool common(const struct ike_selector *own,
		   const struct wire_addr *local,
		   const struct wire_addr *remote, const struct wire_ts *tl,
		   const struct wire_ts *tr, struct wire_ts *l,
		   struct wire_ts *r)
{
	host_ts(l, local, own->proto, own->local_min, own->local_max);
	host_ts(r, remote, own->proto, own->remote_min, own->remote_max);
	if (!wire_ts_intersect(tl, l, l) || !wire_ts_intersect(tr, r, r))
		return false;
	if (l->protocol && r->protocol && l->protocol != r->protocol)
		return false;
	/* OPAQUE ports: nothing that the kernel's selectors could say. */
	if (l->port_start > l->port_end || r->port_start > r->port_end)
		return false;
	if (!l->protocol)
		l->protocol = r->protocol;
	r->protocol = l->protocol;
	return true;
}

static void narrow_one(const struct ike_selector *own,
		       const struct wire_addr *local,
		       const struct wire_addr *remote, const struct wire_ts *tl,
		       const struct wire_ts *tr, struct ike_offer *o,
		       struct wire_ts_list *l, struct wire_ts_list *r)
{
	struct ike_selector s;
	struct wire_ts a, b;

	if (!common(own, local, remote, tl, tr, &a, &b))
		return;
	s.proto = a.protocol;
	s.local_min = a.port_start;
	s.local_max = a.port_end;
	s.remote_min = b.port_start;
	s.remote_max = b.port_end;
	if (!selector_add(o, &s))
		return;
	list_add(l, &a);
	list_add(r, &b);
}

/**
 * ike_ts_narrow() - what both sides want protected (RFC 7296, section 2.9)
 * @c: connection
 * @local: own address
 * @remote: the peer's
 * @tl: selectors of the own side, as the peer has them
 * @tr: selectors of the peer's side
 * @o: gets the selectors in pairs, for the kernel
 * @l: gets the narrowed own side
 * @r: gets the narrowed peer's side
 *
 * The first selector, which may be that of a packet that waits, stays in if it
 * is acceptable at all, since everything acceptable does.
 *
 * Return: false if nothing is left: TS_UNACCEPTABLE.
 */
bool ike_ts_narrow(const struct ike_conn *c, const struct wire_addr *local,
		   const struct wire_addr *remote,
		   const struct wire_ts_list *tl,
		   const struct wire_ts_list *tr, struct ike_offer *o,
		   struct wire_ts_list *l, struct wire_ts_list *r)
{
	unsigned int i, j, k;

	memset(l, 0, sizeof(*l));
	memset(r, 0, sizeof(*r));
	o->nselectors = 0;
	for (i = 0; i < tl->n; i++)
		for (j = 0; j < tr->n; j++)
			for (k = 0; k < c->nprotect; k++)
				narrow_one(&c->protect[k], local, remote,
					   &tl->ts[i], &tr->ts[j], o, l, r);
	return o->nselectors > 0;
}

static bool subset(const struct wire_ts_list *outer,
		   const struct wire_ts_list *inner)
{
	unsigned int i, j;

	for (i = 0; i < inner->n; i++) {
		for (j = 0; j < outer->n; j++)
			if (wire_ts_contains(&outer->ts[j], &inner->ts[i]))
				break;
		if (j == outer->n)
			return false;
	}
	return inner->n > 0 && !inner->skipped;
}

/**
 * ike_ts_accept() - an initiator looks at what became of its selectors
 * @c: connection
 * @sent_l: own side as sent
 * @sent_r: peer's side as sent
 * @l: own side as answered
 * @r: peer's side as answered
 * @o: gets the selectors in pairs
 *
 * Return: false if the answer is no subset: the SA has to go (section 2.9).
 */
bool ike_ts_accept(const struct ike_conn *c, const struct wire_ts_list *sent_l,
		   const struct wire_ts_list *sent_r,
		   const struct wire_ts_list *l, const struct wire_ts_list *r,
		   struct ike_offer *o)
{
	struct wire_ts_list a, b;

	return subset(sent_l, l) && subset(sent_r, r) &&
	       ike_ts_narrow(c, &sent_l->ts[0].start, &sent_r->ts[0].start, l,
			     r, o, &a, &b);
}
