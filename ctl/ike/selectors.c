// SPDX-License-Identifier: GPL-2.0
/*
 * Traffic selectors: what we offer, what we accept (RFC 7296, section 2.9).
 *
 * In transport mode each side is one host, the IKE SA's own address (section
 * 2.23.1), whatever prefix the configuration has; in tunnel mode each side has
 * the prefixes that are configured.
 */
#include <string.h>

#include "ike/priv.h"

/** ike_conn_children() - how many Child SAs a connection has */
unsigned int ike_conn_children(const struct ike_conn *c)
{
	unsigned int i, n = 0;

	for (i = 0; i < c->nprotect; i++)
		if (c->protect[i].child >= n)
			n = c->protect[i].child + 1u;
	return n;
}

/* ---------------------------------------------------------- one selector */

static uint8_t *octet(struct wire_addr *a, unsigned int bit)
{
	return &a->a[bit / 8];
}

/* The first and last address of a prefix; of family 0, all of @family. */
static void prefix_range(const struct ike_prefix *p, uint8_t family,
			 struct wire_addr *start, struct wire_addr *end)
{
	static const struct wire_addr none;
	unsigned int plen = p->addr.family ? p->plen : 0, i, bits;

	*start = p->addr.family ? p->addr : none;
	start->family = p->addr.family ? p->addr.family : family;
	*end = *start;
	bits = 8 * (unsigned int)wire_addr_len(start->family);
	for (i = plen; i < bits; i++) {
		*octet(start, i) &= (uint8_t)~(0x80 >> i % 8);
		*octet(end, i) |= (uint8_t)(0x80 >> i % 8);
	}
}

/* The largest prefix that begins at @start and does not go beyond @end. */
static void prefix_from(const struct wire_addr *start,
			const struct wire_addr *end, struct ike_prefix *p,
			struct wire_addr *last)
{
	struct ike_prefix try;
	struct wire_addr first;

	p->addr = *start;
	p->plen = (uint8_t)(8 * wire_addr_len(start->family));
	*last = *start;
	try = *p;
	while (try.plen > 0) {
		struct wire_addr to;

		try.plen--;
		prefix_range(&try, start->family, &first, &to);
		if (!wire_addr_equal(&first, start) ||
		    wire_addr_cmp(&to, end) > 0)
			return;
		*p = try;
		*last = to;
	}
}

static void next_addr(struct wire_addr *a)
{
	size_t i = wire_addr_len(a->family);

	while (i-- > 0 && ++a->a[i] == 0)
		;
}

#define MAX_PREFIXES 8

/* The kernel knows prefixes: how many make up a range; 0 for too many. */
static unsigned int split(const struct wire_ts *ts, struct ike_prefix *v)
{
	struct wire_addr at = ts->start, last;
	unsigned int n = 0;

	for (;;) {
		if (n == MAX_PREFIXES)
			return 0;
		prefix_from(&at, &ts->end, &v[n++], &last);
		if (wire_addr_cmp(&last, &ts->end) >= 0)
			return n;
		at = last;
		next_addr(&at);
	}
}

static void own_ts(struct wire_ts *ts, enum mobx_mode mode,
		   const struct ike_prefix *prefix,
		   const struct wire_addr *host, uint8_t proto, uint16_t min,
		   uint16_t max)
{
	memset(ts, 0, sizeof(*ts));
	ts->protocol = proto;
	ts->port_start = min;
	ts->port_end = max;
	ts->start = *host;
	ts->end = *host;
	if (mode == MOBX_MODE_TUNNEL)
		prefix_range(prefix, host->family, &ts->start, &ts->end);
}

/* ------------------------------------------------------------------ lists */

static void list_add(struct wire_ts_list *l, const struct wire_ts *ts)
{
	unsigned int i;

	for (i = 0; i < l->n; i++)
		if (wire_ts_contains(&l->ts[i], ts))
			return;
	if (l->n < WIRE_MAX_TS)
		l->ts[l->n++] = *ts;
	else
		l->skipped++;
}

/**
 * ike_ts_propose() - what a Child SA protects, as traffic selectors
 * @c: connection
 * @child: which of its Child SAs
 * @local: own address
 * @remote: the peer's
 * @l: gets the own side
 * @r: gets the peer's
 */
void ike_ts_propose(const struct ike_conn *c, unsigned int child,
		    const struct wire_addr *local,
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
		if (s->child != child)
			continue;
		own_ts(&ts, c->mode, &s->local, local, s->proto, s->local_min,
		       s->local_max);
		list_add(l, &ts);
		own_ts(&ts, c->mode, &s->remote, remote, s->proto,
		       s->remote_min, s->remote_max);
		list_add(r, &ts);
	}
}

/**
 * ike_ts_virtual() - add what a Child SA protects of a virtual address
 * @c: connection, which asks for them or has a pool
 * @child: which of its Child SAs
 * @addr: the address
 * @known: it is one; else only its family is known
 * @l: own side
 * @r: the peer's
 */
void ike_ts_virtual(const struct ike_conn *c, unsigned int child,
		    const struct wire_addr *addr, bool known,
		    struct wire_ts_list *l, struct wire_ts_list *r)
{
	const bool own = c->nvirtual;
	const struct ike_prefix *client;
	const struct ike_selector *s;
	struct wire_ts a, b, *ts = own ? &a : &b;
	unsigned int i;

	for (i = 0; i < c->nprotect; i++) {
		s = &c->protect[i];
		client = own ? &s->local : &s->remote;
		own_ts(&a, c->mode, &s->local, addr, s->proto, s->local_min,
		       s->local_max);
		own_ts(&b, c->mode, &s->remote, addr, s->proto, s->remote_min,
		       s->remote_max);
		if (s->child != child || a.start.family != addr->family ||
		    b.start.family != addr->family ||
		    (known && !ike_prefix_has(client, addr)))
			continue;
		if (known) {
			ts->start = *addr;
			ts->end = *addr;
		}
		list_add(l, &a);
		list_add(r, &b);
	}
}

static bool prefix_fits(const struct ike_conn *c, const struct ike_prefix *p,
			const struct wire_addr *a)
{
	return c->mode == MOBX_MODE_TRANSPORT || ike_prefix_has(p, a);
}

static bool takes(const struct ike_conn *c, const struct ike_selector *s,
		  const struct ike_trigger *t)
{
	return (!s->proto || s->proto == t->proto) &&
	       t->local_port >= s->local_min && t->local_port <= s->local_max &&
	       t->remote_port >= s->remote_min &&
	       t->remote_port <= s->remote_max &&
	       prefix_fits(c, &s->local, &t->local) &&
	       prefix_fits(c, &s->remote, &t->remote);
}

/** ike_ts_child() - which Child SA of a connection a packet belongs to */
unsigned int ike_ts_child(const struct ike_conn *c, const struct ike_trigger *t)
{
	unsigned int i;

	for (i = 0; i < c->nprotect; i++)
		if (takes(c, &c->protect[i], t))
			return c->protect[i].child;
	return 0;
}

static void first(struct wire_ts_list *l, const struct wire_addr *addr,
		  uint8_t proto, uint16_t port)
{
	struct wire_ts *ts = &l->ts[0];

	if (l->n == WIRE_MAX_TS)
		l->n--;
	memmove(&l->ts[1], &l->ts[0], l->n * sizeof(l->ts[0]));
	l->n++;
	memset(ts, 0, sizeof(*ts));
	ts->protocol = proto;
	ts->port_start = port;
	ts->port_end = port ? port : 65535;
	ts->start = *addr;
	ts->end = *addr;
}

/**
 * ike_ts_trigger() - put the packet that waits in front (section 2.9)
 * @c: connection
 * @t: the packet
 * @l: own side
 * @r: the peer's
 *
 * So a peer that can only have a part of it knows which is needed now. In
 * transport mode the hosts stay those of the IKE SA.
 */
void ike_ts_trigger(const struct ike_conn *c, const struct ike_trigger *t,
		    struct wire_ts_list *l, struct wire_ts_list *r)
{
	struct wire_addr local = l->ts[0].start, remote = r->ts[0].start;

	if (c->mode == MOBX_MODE_TUNNEL) {
		local = t->local;
		remote = t->remote;
	}
	first(l, &local, t->proto, t->local_port);
	first(r, &remote, t->proto, t->remote_port);
}

/* -------------------------------------------------------------- narrowing */

static bool prefix_in(const struct ike_prefix *outer,
		      const struct ike_prefix *inner)
{
	if (!outer->addr.family || !inner->addr.family)
		return outer->addr.family == inner->addr.family;
	return outer->plen <= inner->plen &&
	       ike_prefix_has(outer, &inner->addr);
}

static bool selector_in(const struct ike_selector *outer,
			const struct ike_selector *inner)
{
	return (!outer->proto || outer->proto == inner->proto) &&
	       outer->local_min <= inner->local_min &&
	       outer->local_max >= inner->local_max &&
	       outer->remote_min <= inner->remote_min &&
	       outer->remote_max >= inner->remote_max &&
	       prefix_in(&outer->local, &inner->local) &&
	       prefix_in(&outer->remote, &inner->remote);
}

static bool prefixes_overlap(const struct ike_prefix *a,
			     const struct ike_prefix *b)
{
	return !a->addr.family || !b->addr.family || prefix_in(a, b) ||
	       prefix_in(b, a);
}

bool ike_selector_meets(const struct ike_selector *a,
			const struct ike_selector *b)
{
	return (!a->proto || !b->proto || a->proto == b->proto) &&
	       a->local_min <= b->local_max && b->local_min <= a->local_max &&
	       a->remote_min <= b->remote_max && b->remote_min <= a->remote_max;
}

static bool selectors_overlap(const struct ike_selector *a,
			      const struct ike_selector *b)
{
	return ike_selector_meets(a, b) &&
	       prefixes_overlap(&a->local, &b->local) &&
	       prefixes_overlap(&a->remote, &b->remote);
}

/** ike_child_overlaps() - could two Child SAs carry the same packet */
bool ike_child_overlaps(const struct ike_child *a, const struct ike_child *b)
{
	unsigned int i, j;

	for (i = 0; i < a->nselectors; i++)
		for (j = 0; j < b->nselectors; j++)
			if (selectors_overlap(&a->selectors[i],
					      &b->selectors[j]))
				return true;
	return false;
}

/* False when the kernel's room for selectors is used up. */
static bool selector_add(struct ike_offer *o, const struct ike_selector *s)
{
	unsigned int i, n = 0;

	for (i = 0; i < o->nselectors; i++)
		if (selector_in(&o->selectors[i], s))
			return true;
	/* What it covers is not needed beside it. */
	for (i = 0; i < o->nselectors; i++)
		if (!selector_in(s, &o->selectors[i]))
			o->selectors[n++] = o->selectors[i];
	if (n == IKE_MAX_SELECTORS)
		return false;
	o->nselectors = n;
	o->selectors[o->nselectors++] = *s;
	return true;
}

/* All or none of the pairs of prefixes that two ranges make. */
static bool selectors_add(struct ike_offer *o, struct ike_selector *s,
			  const struct wire_ts *l, const struct wire_ts *r)
{
	struct ike_prefix lv[MAX_PREFIXES], rv[MAX_PREFIXES];
	unsigned int nl = split(l, lv), nr = split(r, rv), i, j;
	struct ike_offer with = *o;

	for (i = 0; i < nl; i++) {
		for (j = 0; j < nr; j++) {
			s->local = lv[i];
			s->remote = rv[j];
			if (!selector_add(&with, s))
				return false;
		}
	}
	*o = with;
	return nl && nr;
}

/* What one pair of selectors and one protect section have in common. */
static bool common(const struct ike_conn *c, const struct ike_selector *own,
		   const struct wire_addr *local,
		   const struct wire_addr *remote, const struct wire_ts *tl,
		   const struct wire_ts *tr, struct wire_ts *l,
		   struct wire_ts *r)
{
	bool tunnel = c->mode == MOBX_MODE_TUNNEL;

	/* "Any" is of whatever family the peer speaks of. */
	own_ts(l, c->mode, &own->local, tunnel ? &tl->start : local, own->proto,
	       own->local_min, own->local_max);
	own_ts(r, c->mode, &own->remote, tunnel ? &tr->start : remote,
	       own->proto, own->remote_min, own->remote_max);
	if (!wire_ts_intersect(tl, l, l) || !wire_ts_intersect(tr, r, r))
		return false;
	if (l->start.family != r->start.family)
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

static void narrow_one(const struct ike_conn *c, const struct ike_selector *own,
		       const struct wire_addr *local,
		       const struct wire_addr *remote, const struct wire_ts *tl,
		       const struct wire_ts *tr, struct ike_offer *o,
		       struct wire_ts_list *l, struct wire_ts_list *r)
{
	struct ike_selector s = { .child = own->child };
	struct wire_ts a, b;

	if (!common(c, own, local, remote, tl, tr, &a, &b))
		return;
	s.proto = a.protocol;
	s.local_min = a.port_start;
	s.local_max = a.port_end;
	s.remote_min = b.port_start;
	s.remote_max = b.port_end;
	if (c->mode == MOBX_MODE_TUNNEL ? !selectors_add(o, &s, &a, &b) :
					  !selector_add(o, &s))
		return;
	list_add(l, &a);
	list_add(r, &b);
}

/**
 * ike_ts_narrow() - what both sides want protected
 * @c: connection
 * @child: which of its Child SAs
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
bool ike_ts_narrow(const struct ike_conn *c, unsigned int child,
		   const struct wire_addr *local,
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
				if (c->protect[k].child == child)
					narrow_one(c, &c->protect[k], local,
						   remote, &tl->ts[i],
						   &tr->ts[j], o, l, r);
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
 * @o: of @o->child; gets the selectors in pairs
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
	       ike_ts_narrow(c, o->child, &sent_l->ts[0].start,
			     &sent_r->ts[0].start, l, r, o, &a, &b);
}
