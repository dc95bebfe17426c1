// SPDX-License-Identifier: GPL-2.0
/*
 * From two path sets to the binding that the kernel holds: every pair of an
 * own and a peer's address of one family, with the state that both ends of
 * the pair allow.
 */
#include "mobike/pairs.h"

#include <string.h>

/* Who may be primary when the marked paths are of different families. */
static unsigned int rank(const struct mx_path *p)
{
	return (p->flags & MOBIKEX_F_PRIMARY ? 0u : 1u << 10) +
	       (p->state == MOBIKEX_VALID ? 0u : 1u << 9) +
	       (p->flags & MOBIKEX_F_BACKUP ? 1u << 8 : 0u) + p->preference;
}

/**
 * mx_primary_pair() - the pair that everything without a choice goes by
 * @own: own set
 * @peer: the peer's; its preference comes first
 * @l: own path
 * @r: the peer's
 *
 * Return: false if the sets have no family in common.
 */
bool mx_primary_pair(const struct mx_set *own, const struct mx_set *peer,
		     const struct mx_path **l, const struct mx_path **r)
{
	unsigned int best = ~0u;

	for (unsigned int i = 0; i < peer->n; i++) {
		for (unsigned int j = 0; j < own->n; j++) {
			const struct mx_path *p = &peer->path[i];
			const struct mx_path *o = &own->path[j];
			unsigned int cost = rank(p) * 2048 + rank(o);

			if (p->addr.family != o->addr.family || cost >= best)
				continue;
			best = cost;
			*l = o;
			*r = p;
		}
	}
	return best != ~0u;
}

/** mx_primaries_meet() - whether the primary paths are of one family */
bool mx_primaries_meet(const struct mx_set *a, const struct mx_set *b)
{
	return mx_set_primary(a)->addr.family == mx_set_primary(b)->addr.family;
}

/*
 * What both ends know alike: not what is proven. The one that last was primary; the
 * lowest ID for the rest.
 */
static bool is_better(const struct mx_path *p, const struct mx_path *than)
{
	const uint8_t spare = MOBIKEX_F_BACKUP;

	if (p->led != than->led)
		return p->led > than->led;
	if ((p->flags ^ than->flags) & spare)
		return than->flags & spare;
	return p->preference < than->preference;
}

/**
 * mx_follow_family() - the primary path goes over to the family of the other's
 * @set: set of one end
 * @lead: of the other, whose primary path has just changed
 * @at: address of @set that the change was told to, NULL if it was not told
 *
 * Each end sends from its own primary path to the other's, which have to be of
 * one family for that. So where one of them goes over the other goes along, at
 * both ends by the same request.
 *
 * Return: whether @set has changed; it may have nothing of that family.
 */
bool mx_follow_family(struct mx_set *set, const struct mx_set *lead,
		      const struct wire_addr *at)
{
	uint8_t family = mx_set_primary(lead)->addr.family;
	const struct mx_path *best = NULL;
	bool told = false;

	if (mx_primaries_meet(set, lead))
		return false;
	for (unsigned int i = 0; i < set->n; i++) {
		const struct mx_path *p = &set->path[i];

		if (p->addr.family != family)
			continue;
		if (at && wire_addr_equal(&p->addr, at)) {
			best = p;
			told = true;
			break;
		}
		if (!best || is_better(p, best))
			best = p;
	}
	if (best && told)
		mx_set_lead(set, best->id);
	else if (best)
		mx_set_make_primary(set, best->id);
	return best;
}

/**
 * mx_pairs_live() - how many pairs of live paths there are
 * @own: own set
 * @peer: the peer's
 *
 * Return: the number; above IKE_MAX_PATHS no binding can hold them.
 */
unsigned int mx_pairs_live(const struct mx_set *own, const struct mx_set *peer)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < own->n; i++)
		for (unsigned int j = 0; j < peer->n; j++)
			n += own->path[i].addr.family ==
			     peer->path[j].addr.family;
	return n;
}

static struct ike_path *find_pair(struct ike_path *v, unsigned int n,
				  const struct wire_addr *local,
				  const struct wire_addr *remote)
{
	for (unsigned int i = 0; i < n; i++)
		if (wire_addr_equal(&v[i].local, local) &&
		    wire_addr_equal(&v[i].remote, remote))
			return &v[i];
	return NULL;
}

static void live_pair(struct ike_path *out, const struct mx_path *o,
		      const struct mx_path *p)
{
	memset(out, 0, sizeof(*out));
	out->local = o->addr;
	out->remote = p->addr;
	out->preference = p->preference > o->preference ? p->preference :
							  o->preference;
	/* With a NAT in between ESP goes in UDP, by IKE's ports. */
	if (o->nat || p->nat) {
		out->encap_sport = o->port;
		out->encap_dport = p->port;
	}
	if ((o->flags | p->flags) & MOBIKEX_F_BACKUP)
		out->flags |= MOBX_PATH_FLAGS_BACKUP;
	if (o->state == MOBIKEX_VALID && p->state == MOBIKEX_VALID) {
		out->state = MOBX_PATH_STATE_VALID;
		return;
	}
	out->state = MOBX_PATH_STATE_TENTATIVE;
	/*
	 * The credit belongs to the announced address, once: on the pair that
	 * the announcement came by. An own path that is not confirmed yet is
	 * only taken from.
	 */
	if (o->state == MOBIKEX_VALID && wire_addr_equal(&p->via, &o->addr))
		out->credit = p->credit;
}

static unsigned int ghost_pairs(const struct mx_ghost *g, bool is_own,
				const struct mx_set *others, uint64_t now,
				struct ike_path *out, unsigned int n)
{
	for (unsigned int i = 0; i < others->n && n < IKE_MAX_PATHS; i++) {
		const struct wire_addr *a = &others->path[i].addr;
		const struct wire_addr *local = is_own ? &g->addr : a;
		const struct wire_addr *remote = is_own ? a : &g->addr;
		struct ike_path *e = &out[n];

		if (g->addr.family != a->family ||
		    find_pair(out, n, local, remote))
			continue;
		memset(e, 0, sizeof(*e));
		e->local = *local;
		e->remote = *remote;
		e->preference = g->preference;
		e->state = MOBX_PATH_STATE_REMOVED;
		if (g->accept_until > now) {
			uint64_t ms = (g->accept_until - now + 999) / 1000;

			e->state = MOBX_PATH_STATE_DEPRECATED;
			e->accept_until_ms = ms > UINT32_MAX ? UINT32_MAX :
							       (uint32_t)ms;
		}
		n++;
	}
	return n;
}

/* Better pairs first; few enough for the simplest of sorts. */
static void sort_pairs(struct ike_path *v, unsigned int n)
{
	for (unsigned int i = 1; i < n; i++) {
		struct ike_path e = v[i];
		unsigned int j = i;
		unsigned int key = (e.flags & MOBX_PATH_FLAGS_BACKUP) * 256u +
				   e.preference;

		for (; j; j--) {
			const struct ike_path *q = &v[j - 1];

			if ((q->flags & MOBX_PATH_FLAGS_BACKUP) * 256u +
				    q->preference <=
			    key)
				break;
			v[j] = v[j - 1];
		}
		v[j] = e;
	}
}

/*
 * Two paths behind one NAT are one pair of addresses to the kernel: it sends to
 * the port of the better one, and takes from both.
 */
static unsigned int add_pair(struct ike_path *out, unsigned int n,
			     const struct mx_path *o, const struct mx_path *p)
{
	struct ike_path *same = find_pair(out, n, &o->addr, &p->addr);
	struct ike_path pair;

	live_pair(&pair, o, p);
	if (!same) {
		out[n++] = pair;
	} else if (!(same->flags & MOBX_PATH_FLAGS_PRIMARY) &&
		   (pair.state > same->state ||
		    (pair.state == same->state &&
		     pair.preference < same->preference))) {
		*same = pair;
	}
	return n;
}

/**
 * mx_pairs() - the binding of two sets
 * @own: own set
 * @peer: the peer's
 * @now: microseconds
 * @out: the pairs, the primary first, then in order of preference, then what
 *	is only taken from or known as gone, as far as there is room
 *
 * Return: entries in @out; 0 if the sets have no family in common or too many
 * live pairs.
 */
unsigned int mx_pairs(const struct mx_set *own, const struct mx_set *peer,
		      uint64_t now, struct ike_path out[IKE_MAX_PATHS])
{
	const struct mx_path *l = NULL, *r = NULL;
	unsigned int n = 0;

	if (mx_pairs_live(own, peer) > IKE_MAX_PATHS ||
	    !mx_primary_pair(own, peer, &l, &r))
		return 0;
	live_pair(&out[n], l, r);
	out[n++].flags |= MOBX_PATH_FLAGS_PRIMARY;
	for (unsigned int i = 0; i < peer->n; i++) {
		for (unsigned int j = 0; j < own->n; j++) {
			const struct mx_path *p = &peer->path[i];
			const struct mx_path *o = &own->path[j];

			if (p->addr.family != o->addr.family ||
			    (p == r && o == l))
				continue;
			n = add_pair(out, n, o, p);
		}
	}
	sort_pairs(out + 1, n - 1);
	for (unsigned int i = peer->n_ghost; i-- > 0;)
		n = ghost_pairs(&peer->ghost[i], false, own, now, out, n);
	for (unsigned int i = own->n_ghost; i-- > 0;)
		n = ghost_pairs(&own->ghost[i], true, peer, now, out, n);
	return n;
}
