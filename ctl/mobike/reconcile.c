// SPDX-License-Identifier: GPL-2.0
/*
 * What the peer says that it knows of our paths, and what to do where that
 * differs: a request may have been overtaken, its answer lost, or a path may
 * have failed the peer's check since.
 *
 * The peer tells where it sees each path. Behind a NAT that is an address and
 * port that mean nothing here; but the NATD payload of each answer is the digest
 * of where the peer saw the path that the answer came by. So which path an entry
 * is about is known, not guessed, whatever its ID.
 */
#include "crypto/util.h"
#include "mobike/session.h"
#include "wire/mobike.h"

#include <string.h>

/* From there on the time between two tries stays what it is. */
#define MAX_IN_VAIN 6

/** struct view - one entry of the peer's, and its address as a digest */
struct view {
	const struct mobikex_set_entry *e;
	uint8_t digest[MX_SEEN_LEN];
};

static const struct mobikex_set_entry *entry_of(const struct mobikex_set *set,
						uint16_t id)
{
	for (unsigned int i = 0; i < set->n; i++)
		if (set->e[i].path_id == id &&
		    set->e[i].state != MOBIKEX_DEPRECATED)
			return &set->e[i];
	return NULL;
}

static void add_stray(struct mx_session *s, uint16_t id)
{
	if (s->n_stray < MX_MAX_PATHS)
		s->stray[s->n_stray++] = id;
}

/* Is this where the peer sees an own path? Behind a NAT it alone can tell. */
static bool seen_there(const struct mx_path *p, const struct view *v)
{
	if (!(p->nat & IKE_NATD_LOCAL))
		return wire_addr_equal(&p->addr, &v->e->observed.addr);
	if (p->shown_us)
		return crypto_equal(p->shown, v->digest, MX_SEEN_LEN);
	/* Since the IKE SA was rekeyed there was no digest. */
	return p->outer.addr.family &&
	       wire_endpoint_equal(&p->outer, &v->e->observed);
}

/*
 * The own path that an entry is about. A NAT may have given the mapping of one
 * to another since: the last one that was seen there has it.
 */
static struct mx_path *path_at(struct mx_session *s, const struct view *v)
{
	struct mx_path *best = NULL;

	for (unsigned int i = 0; i < s->own.n; i++) {
		struct mx_path *p = &s->own.path[i];

		if (seen_there(p, v) && (!best || p->shown_us > best->shown_us))
			best = p;
	}
	return best;
}

/* An own path goes that the peer has not; false if it has to stay. */
static bool drop_own(struct mx_session *s, const struct mx_path *p)
{
	struct mx_path was = *p;

	if (!mx_set_drop(&s->own, p->id, &s->peer, ike_sa_now(s->sa),
			 MX_GRACE_US))
		return false;
	mx_report_path(s, "path-del", true, &was);
	return true;
}

/*
 * The peer knows an address of ours under another ID than we do: its word
 * counts. It numbers a path itself where we left the ID to it, and moved the
 * path that it has where a plain UPDATE did not say which. What it has under the
 * old ID is a stray then. Only the primary path keeps its ID, and says where it
 * is.
 */
static bool adopt(struct mx_session *s, const struct view *v)
{
	struct mx_path *p = path_at(s, v);
	struct mx_path *other = mx_set_find(&s->own, v->e->path_id);
	uint16_t id;

	if (!p || p == other)
		return false;
	if (other && (other->flags & MOBIKEX_F_PRIMARY)) {
		s->primary_off = true;
		return false;
	}
	id = p->id;
	if (other && !drop_own(s, other))
		return false;
	mx_set_renumber(&s->own, id, v->e->path_id);
	return true;
}

/**
 * mx_give_up() - the ends do not agree on an own path: begin anew with it
 * @s: session
 * @id: a path that is not the primary one
 *
 * The peer is asked to remove what it has, then the path manager may add the
 * address again. The caller tells the kernel.
 *
 * Return: whether there was such a path.
 */
bool mx_give_up(struct mx_session *s, uint16_t id)
{
	struct mx_path *p = mx_set_find(&s->own, id);

	if (!p || (p->flags & MOBIKEX_F_PRIMARY) || !drop_own(s, p))
		return false;
	add_stray(s, id);
	return true;
}

/* The peer has the path elsewhere: it was not told, or its answer was lost. */
static bool astray(struct mx_session *s, struct mx_path *p,
		   const struct view *v)
{
	if (!(p->nat & IKE_NATD_LOCAL))
		p->confirmed = v->e->observed.addr;
	if (p->flags & MOBIKEX_F_PRIMARY) {
		s->primary_off = true;
		return false;
	}
	if (p->nat & IKE_NATD_LOCAL && p->confirmed.family) {
		if (!p->remapped)
			mx_nat_tell_again(p, ike_sa_now(s->sa));
		return false;
	}
	return mx_give_up(s, v->e->path_id);
}

static bool learn(struct mx_session *s, const struct view *v)
{
	struct mx_path *p = mx_set_find(&s->own, v->e->path_id);
	uint64_t over = ike_sa_now(s->sa) + MX_QUERY_US;
	bool unknown;

	if (!p) {
		add_stray(s, v->e->path_id);
		return false;
	}
	/*
	 * What it was seen as is not known, but it is the only one of its ID; if
	 * it is not one that this host has by itself.
	 */
	unknown = (p->nat & IKE_NATD_LOCAL) && !p->shown_us &&
		  !p->outer.addr.family &&
		  v->e->observed.addr.family == p->addr.family &&
		  !mx_cand_find(s->cand, s->n_cand, &v->e->observed.addr) &&
		  wire_addr_equal(&p->confirmed, &p->addr);
	if (!seen_there(p, v) && !unknown)
		return astray(s, p, v);
	p->confirmed = p->addr;
	p->outer = v->e->observed;
	/* That it is where it was told to be, only the set says. */
	if (!p->remapped)
		p->untold = 0;
	/* What comes of its check is not announced. */
	if (v->e->state == MOBIKEX_TENTATIVE && s->query_at > over)
		s->query_at = over;
	if (p->state != MOBIKEX_TENTATIVE)
		return false;
	p->state = MOBIKEX_VALID;
	mx_report_path(s, "path-add", true, p);
	return true;
}

/* Paths of ours that the peer has given up, or never took. */
static bool unlearn(struct mx_session *s, const struct mobikex_set *set)
{
	bool changed = false;

	for (unsigned int i = 0; i < s->own.n; i++) {
		struct mx_path gone = s->own.path[i];

		if (entry_of(set, gone.id))
			continue;
		s->own.path[i].confirmed.family = 0;
		if (!mx_set_drop(&s->own, gone.id, &s->peer,
				 ike_sa_now(s->sa), MX_GRACE_US))
			continue;
		mx_report_path(s, "path-del", true, &gone);
		mx_shun(s, &gone.addr, MX_BARRED_US);
		changed = true;
		i--;
	}
	return changed;
}

/* Without a primary of its own, this end takes the one that the peer has. */
static void follow(struct mx_session *s, const struct mobikex_set *set)
{
	for (unsigned int i = 0; i < set->n; i++) {
		const struct mx_path *p = mx_set_find(&s->own,
						      set->e[i].path_id);

		if ((set->e[i].flags & MOBIKEX_F_PRIMARY) &&
		    set->e[i].state != MOBIKEX_DEPRECATED && p &&
		    mx_set_has_family(&s->peer, p->addr.family))
			mx_set_make_primary(&s->own, p->id);
	}
}

/*
 * Both ends may have gone over to another family at once, each to where the other
 * was: one of them has to give up its own, or they would do so for ever.
 */
static bool gives_way(struct mx_session *s, const struct mobikex_set *set)
{
	uint8_t family = mx_set_primary(&s->own)->addr.family;
	uint16_t id = mx_set_primary(&s->own)->id;

	if (s->sa->first_initiator)
		return false;
	follow(s, set);
	if (mx_set_primary(&s->own)->addr.family != family)
		return true;
	mx_set_make_primary(&s->own, id);
	return false;
}

/*
 * The peer has us at an own address that is no path, and has nothing to meet the
 * paths with that are: they begin anew there.
 */
static bool goes_there(struct mx_session *s, const struct mobikex_set *set)
{
	struct mx_req req = {
		.src_port = s->sa->local.port,
		.now = ike_sa_now(s->sa),
		.fresh = MOBIKEX_VALID,
	};
	const struct mobikex_set_entry *e = NULL;

	for (unsigned int i = 0; i < set->n; i++)
		if ((set->e[i].flags & MOBIKEX_F_PRIMARY) &&
		    set->e[i].state != MOBIKEX_DEPRECATED)
			e = &set->e[i];
	if (!e || s->pending || mx_set_by_addr(&s->own, &e->observed.addr) ||
	    !mx_cand_find(s->cand, s->n_cand, &e->observed.addr) ||
	    !mx_set_has_family(&s->peer, e->observed.addr.family))
		return false;
	req.src = e->observed.addr;
	mx_set_restart(&s->own, &req);
	mx_set_renumber(&s->own, 0, e->path_id);
	return true;
}

static bool compare(struct mx_session *s, const struct mobikex_set *set)
{
	struct view v[MOBIKEX_PATHS_MAX];
	const struct mobikex_set_entry *e;
	bool changed = false;
	unsigned int n = 0;
	uint16_t primary;

	for (unsigned int i = 0; i < set->n; i++) {
		if (set->e[i].state == MOBIKEX_DEPRECATED)
			continue;
		v[n].e = &set->e[i];
		if (!mx_nat_digest(s->sa, &v[n].e->observed, v[n].digest))
			return false;
		n++;
	}
	if (s->yields)
		changed = goes_there(s, set);
	s->yields = false;
	for (unsigned int i = 0; i < n; i++)
		changed |= adopt(s, &v[i]);
	primary = mx_set_primary(&s->own)->id;
	for (unsigned int i = 0; i < n; i++)
		changed |= learn(s, &v[i]);
	changed |= unlearn(s, set);
	if (!mx_set_find(&s->own, primary))
		follow(s, set);
	e = entry_of(set, mx_set_primary(&s->own)->id);
	/* Which of the two was first there the next answer tells. */
	if (!s->crossed && (!e || !(e->flags & MOBIKEX_F_PRIMARY))) {
		if (gives_way(s, set))
			return true;
		s->primary_off = true;
	}
	return changed;
}

/**
 * mx_settle() - both ends may have changed one thing at once
 * @s: session
 * @us: how long that may take, microseconds
 *
 * Which of two changes was the later one each end sees in its own way, and an answer
 * that was lost may come long afterwards. So once it is quiet the peer is asked what
 * has come of our paths.
 */
void mx_settle(struct mx_session *s, uint64_t us)
{
	if (!s->mobikex)
		return;
	s->settle_at = ike_sa_now(s->sa) + us;
	if (s->query_at > s->settle_at)
		s->query_at = s->settle_at;
}

/**
 * mx_not_let_go() - a path that only the peer has was asked for in vain
 * @s: session
 *
 * It is asked for ever more seldom.
 */
void mx_not_let_go(struct mx_session *s)
{
	mx_settle(s, MX_QUERY_US << s->in_vain);
	if (s->in_vain < MAX_IN_VAIN)
		s->in_vain++;
}

/**
 * mx_reconcile() - compare the own set with SA_ADDRESS_SET of an answer
 * @s: session, with no request under way
 * @in: the answer
 */
void mx_reconcile(struct mx_session *s, const struct ike_in *in)
{
	struct mobikex_set set;
	struct wire_notify n;
	bool changed;

	if (!s->mobikex ||
	    !wire_notify_find(in->msg, IKE_N_SA_ADDRESS_SET, &n)) {
		for (unsigned int i = 0; i < s->own.n; i++)
			s->own.path[i].confirmed = s->own.path[i].addr;
		return;
	}
	if (mobikex_set_decode(&n, &set) != WIRE_OK || !set.n)
		return;
	s->primary_off = false;
	if (s->settle_at <= ike_sa_now(s->sa))
		s->settle_at = IKE_NEVER;
	s->query_at = s->crossed ? ike_sa_now(s->sa) : s->settle_at;
	s->n_stray = 0;
	changed = compare(s, &set);
	if (!s->n_stray)
		s->in_vain = 0;
	s->crossed = false;
	changed |= mx_follow_family(&s->peer, &s->own, NULL);
	if (!s->primary_off)
		s->off_tries = 0;
	if (!changed)
		return;
	mx_commit(s, NULL, 0);
	mx_follow_primary(s);
}
