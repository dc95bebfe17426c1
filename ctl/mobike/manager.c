// SPDX-License-Identifier: GPL-2.0
/* The path manager's decision: see manager.h. */
#include "mobike/manager.h"
#include "ike/sa.h"

#include <string.h>

/**
 * mx_cand_find() - the candidate of an address
 * @cand: usable own addresses
 * @n: how many
 * @local: address looked for
 *
 * Return: it, or NULL: the address cannot be used.
 */
const struct mx_cand *mx_cand_find(const struct mx_cand *cand, unsigned int n,
				   const struct wire_addr *local)
{
	for (unsigned int i = 0; i < n; i++)
		if (wire_addr_equal(&cand[i].local, local))
			return &cand[i];
	return NULL;
}

/**
 * mx_rank_ifname() - place of an interface in a connection's preference
 * @conn: connection
 * @ifname: interface
 *
 * Return: 0 for the best; those not named share the last place.
 */
unsigned int mx_rank_ifname(const struct ike_conn *conn, const char *ifname)
{
	for (unsigned int i = 0; i < conn->nprefer; i++)
		if (!strncmp(conn->prefer[i], ifname, IKE_IFNAME_LEN))
			return i;
	return conn->nprefer;
}

static const struct mx_cand *cand_of(const struct mx_view *v,
				     const struct mx_path *p)
{
	return mx_cand_find(v->cand, v->n, &p->addr);
}

/* It did not answer its last test, or should have by now. */
static bool is_silent(const struct mx_view *v, const struct mx_cand *c)
{
	return c->silent || (c->testing && c->tested_us + MX_LATE_US < v->now);
}

/* What answers before what does not, what stays before what goes, then by rank. */
static unsigned int order(const struct mx_view *v, const struct mx_cand *c)
{
	return (is_silent(v, c) ? 1u << 20 : 0u) +
	       (c->transient ? 1u << 18 : 0u) +
	       (c->deprecated ? 1u << 19 : 0u) + c->rank * 256u;
}

/*
 * What answers before what does not, what stays before what is there for some
 * flows only, a proven path before an unproven one, spare ones last, then by rank.
 */
static unsigned int cost(const struct mx_view *v, const struct mx_path *p,
			 const struct mx_cand *c)
{
	return order(v, c) +
	       (p->state == MOBIKEX_VALID ? 0u : 1u << 17) +
	       (p->flags & MOBIKEX_F_BACKUP ? 1u << 16 : 0u) + p->preference;
}

static bool is_suspect(const struct mx_view *v, const struct wire_addr *addr)
{
	return v->suspect && wire_addr_equal(v->suspect, addr);
}

/* Whether a candidate may be tried; @again gets when, if not yet. */
static bool is_due(const struct mx_view *v, const struct mx_cand *c,
		   uint64_t *again)
{
	if (c->not_before <= v->now)
		return true;
	if (c->not_before < *again)
		*again = c->not_before;
	return false;
}

static const struct mx_path *best_path(const struct mx_view *v, uint64_t *again)
{
	const struct mx_path *found = NULL;
	const struct mx_cand *best = NULL;
	unsigned int least = ~0u, n;

	for (unsigned int i = 0; i < v->own->n; i++) {
		const struct mx_path *p = &v->own->path[i];
		const struct mx_cand *c = cand_of(v, p);

		n = c ? cost(v, p, c) : ~0u;
		if (!c || n > least || is_suspect(v, &p->addr))
			continue;
		if (n == least && mx_quality_compare(&c->quality,
						     &best->quality) >= 0)
			continue;
		if (!is_due(v, c, again))
			continue;
		least = n;
		found = p;
		best = c;
	}
	return found;
}

/*
 * Is the address that a candidate leads to one that paths can be announced to? What
 * the peer does not use yet, a whole family, it has to prove first: more is sent
 * there then.
 */
static bool is_known(const struct mx_view *v, const struct mx_cand *c)
{
	const struct mx_path *to = mx_set_by_addr(v->peer, &c->remote);

	return mx_set_has_family(v->own, c->local.family) ||
	       (to && to->state == MOBIKEX_VALID);
}

/*
 * The best address that no path has, of those that are known if only such count;
 * @again gets when a refused one is due.
 */
static const struct mx_cand *best_new(const struct mx_view *v, bool known,
				      uint64_t *again)
{
	const struct mx_cand *best = NULL;

	for (unsigned int i = 0; i < v->n; i++) {
		const struct mx_cand *c = &v->cand[i];

		if (mx_set_by_addr(v->own, &c->local) ||
		    is_suspect(v, &c->local) || (known && !is_known(v, c)))
			continue;
		if (!is_due(v, c, again))
			continue;
		if (!best || order(v, c) < order(v, best))
			best = c;
	}
	return best;
}

/*
 * Nothing leads to the peer in a family that it has told an address of: to
 * announce one there is to ask for it. One is enough, the others have a partner
 * then.
 */
static const struct mx_cand *best_opening(const struct mx_view *v,
					  uint64_t *again)
{
	const struct mx_cand *best = NULL;

	for (unsigned int i = 0; i < v->n_other; i++) {
		const struct mx_cand *c = &v->other[i];

		if (mx_set_has_family(v->own, c->local.family) ||
		    mx_set_has_family(v->peer, c->local.family) ||
		    is_suspect(v, &c->local) || !is_due(v, c, again))
			continue;
		if (c->add_at > v->now) {
			if (c->add_at < *again)
				*again = c->add_at;
			continue;
		}
		if (!best || c->rank < best->rank)
			best = c;
	}
	return best;
}

/* The best way to another address of the peer, if there is one. */
static bool elsewhere(const struct mx_view *v, struct mx_want *w)
{
	const struct mx_cand *best = NULL;

	for (unsigned int i = 0; i < v->n_other && v->may_move; i++) {
		const struct mx_cand *c = &v->other[i];

		if (is_due(v, c, &w->again_at) &&
		    (!best || c->rank < best->rank))
			best = c;
	}
	if (!best)
		return false;
	w->kind = MX_WANT_ELSEWHERE;
	w->cand = best;
	return true;
}

static struct mx_want rescue(const struct mx_view *v)
{
	struct mx_want w = { .kind = MX_WANT_WAIT, .again_at = IKE_NEVER };
	const struct mx_path *p = v->mobikex ? best_path(v, &w.again_at) : NULL;

	if (p) {
		w.kind = MX_WANT_FAILOVER;
		w.id = p->id;
		w.cand = cand_of(v, p);
		return w;
	}
	w.cand = best_new(v, false, &w.again_at);
	if (w.cand && v->may_move) {
		w.kind = MX_WANT_MOVE;
		w.id = mx_set_primary(v->own)->id;
	} else {
		w.cand = NULL;
		elsewhere(v, &w);
	}
	return w;
}

/*
 * By what is configured, then by what tests showed; an address that does not stay
 * is for nobody's choice.
 */
static bool is_better(const struct mx_view *v, const struct mx_cand *c,
		      const struct mx_cand *than)
{
	if (c->transient || than->transient)
		return !c->transient;
	if (c->rank != than->rank)
		return v->prefers && c->rank < than->rank;
	return v->by_quality && v->mobikex && v->stay_until <= v->now &&
	       mx_quality_better(&c->quality, &than->quality);
}

/* A better link, and it has shown that it stays. */
static bool prefer(const struct mx_view *v, const struct mx_cand *now_used,
		   struct mx_want *w)
{
	const struct mx_cand *best = NULL;

	if (v->pinned || !v->may_move)
		return false;
	for (unsigned int i = 0; i < v->n; i++) {
		const struct mx_cand *c = &v->cand[i];
		bool member = mx_set_by_addr(v->own, &c->local);

		if (!is_better(v, c, best ? best : now_used) ||
		    (!v->leads && c->local.family != now_used->local.family) ||
		    member != v->mobikex || c->not_before > v->now ||
		    is_silent(v, c))
			continue;
		if (c->since + MX_SETTLE_US > v->now) {
			if (c->since + MX_SETTLE_US < w->again_at)
				w->again_at = c->since + MX_SETTLE_US;
			continue;
		}
		best = c;
	}
	if (!best)
		return false;
	w->cand = best;
	w->kind = MX_WANT_MOVE;
	w->id = mx_set_primary(v->own)->id;
	for (unsigned int i = 0; v->mobikex && i < v->own->n; i++) {
		if (!wire_addr_equal(&v->own->path[i].addr, &best->local))
			continue;
		w->kind = MX_WANT_PREFER;
		w->id = v->own->path[i].id;
	}
	return true;
}

/*
 * A path whose family the peer has nothing of is no use, but nobody counts on it:
 * it is there for the day on which the peer has, to be met by it. So behind a NAT
 * it is announced anew from time to time.
 */
static bool is_idle(const struct mx_view *v, const struct mx_path *p,
		    uint64_t *again)
{
	uint64_t end = p->shown_us + MX_IDLE_US;

	if (mx_set_has_family(v->peer, p->addr.family))
		return false;
	if ((p->nat & IKE_NATD_LOCAL) && end <= v->now)
		return false;
	if ((p->nat & IKE_NATD_LOCAL) && end < *again)
		*again = end;
	for (unsigned int i = 0; i < v->n_home; i++)
		if (wire_addr_equal(&v->home[i].addr, &p->addr))
			return true;
	return false;
}

/**
 * mx_decide() - what to change about the own paths
 * @v: how things are
 *
 * First what is broken: a peer that has left, a primary whose address is gone
 * or that gets no answers; the peer's other addresses come after all own ones
 * (RFC 4555, section 3.5). Then paths that are
 * gone, so that the peer does not count on them; then new ones; last, a move
 * to a better link, which must have been there for a while (hysteresis) and
 * never against a choice made by hand. Better is what the configured order says;
 * where that leaves the choice, what loses clearly less or takes clearly less
 * time, but not within MX_STAY_US of the last change.
 *
 * Return: one change; the caller asks again when it is done.
 */
struct mx_want mx_decide(const struct mx_view *v)
{
	struct mx_want w = { .kind = MX_WANT_NOTHING, .again_at = IKE_NEVER };
	const struct mx_path *primary = mx_set_primary(v->own);
	const struct mx_cand *used = cand_of(v, primary);

	if (v->peer_gone && elsewhere(v, &w))
		return w;
	if (!used)
		return rescue(v);
	if (is_suspect(v, &primary->addr)) {
		w = rescue(v);
		if (w.kind != MX_WANT_WAIT)
			return w;
		w.kind = MX_WANT_NOTHING;
		w.cand = NULL;
	}
	for (unsigned int i = 0; v->mobikex && i < v->own->n; i++) {
		const struct mx_path *p = &v->own->path[i];

		if (p == primary || cand_of(v, p) || is_idle(v, p, &w.again_at))
			continue;
		w.kind = MX_WANT_REMOVE;
		w.id = p->id;
		w.cand = used;
		return w;
	}
	if (v->mobikex && v->auto_add && v->own->n < v->max_paths) {
		w.cand = best_new(v, true, &w.again_at);
		if (!w.cand)
			w.cand = best_opening(v, &w.again_at);
		if (w.cand) {
			w.kind = MX_WANT_ADD;
			return w;
		}
	}
	prefer(v, used, &w);
	return w;
}
