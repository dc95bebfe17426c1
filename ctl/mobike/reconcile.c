// SPDX-License-Identifier: GPL-2.0
/*
 * What the peer says that it knows of our paths, and what to do where that
 * differs: a request may have been overtaken, its answer lost, or a path may
 * have failed the peer's check since.
 */
#include "mobike/session.h"
#include "wire/mobike.h"

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
	for (unsigned int i = 0; i < s->n_stray; i++)
		if (s->stray[i] == id)
			return;
	if (s->n_stray < MX_MAX_PATHS)
		s->stray[s->n_stray++] = id;
}

/* Is this where the peer sees an own path? Behind a NAT it alone can tell. */
static bool seen_there(struct mx_path *p, const struct wire_endpoint *at)
{
	if (!(p->nat & IKE_NATD_LOCAL))
		return wire_addr_equal(&p->addr, &at->addr);
	if (!p->outer.addr.family)
		p->outer = *at;
	return wire_endpoint_equal(&p->outer, at);
}

/* The own path that an entry of the peer's is about, whatever its ID. */
static struct mx_path *path_at(struct mx_session *s,
			       const struct mobikex_set *set,
			       const struct mobikex_set_entry *e)
{
	for (unsigned int i = 0; i < s->own.n; i++) {
		struct mx_path *p = &s->own.path[i];

		/* Where it moved just now, if that was not said by its ID. */
		if ((p->nat & IKE_NATD_LOCAL) && !p->outer.addr.family &&
		    (entry_of(set, p->id) ||
		     !(p->flags & e->flags & MOBIKEX_F_PRIMARY)))
			continue;
		if (seen_there(p, &e->observed))
			return p;
	}
	return NULL;
}

/*
 * The peer knows an address of ours under another ID than we do: its word
 * counts. It numbers a path itself where we left the ID to it, and moved the
 * path that it has where a plain UPDATE did not say which.
 */
static bool adopt(struct mx_session *s, const struct mobikex_set *set,
		  const struct mobikex_set_entry *e)
{
	struct mx_path *p = path_at(s, set, e);
	struct mx_path *other = mx_set_find(&s->own, e->path_id);
	uint16_t id;

	if (!p || p == other || entry_of(set, p->id))
		return false;
	id = p->id;
	if (other) {
		mx_report_path(s, "path-del", true, other);
		mx_set_drop(&s->own, other->id, ike_sa_now(s->sa), MX_GRACE_US);
	}
	mx_set_renumber(&s->own, id, e->path_id);
	return true;
}

static bool learn(struct mx_session *s, const struct mobikex_set *set,
		  const struct mobikex_set_entry *e)
{
	bool changed = adopt(s, set, e);
	struct mx_path *p = mx_set_find(&s->own, e->path_id);

	if (!p) {
		add_stray(s, e->path_id);
		return false;
	}
	if (seen_there(p, &e->observed))
		p->confirmed = p->addr;
	else if (!(p->nat & IKE_NATD_LOCAL))
		p->confirmed = e->observed.addr;
	if (!seen_there(p, &e->observed)) {
		/* It was moved and the peer never heard of it. */
		if (p->flags & MOBIKEX_F_PRIMARY) {
			s->primary_off = true;
			return changed;
		}
		mx_report_path(s, "path-del", true, p);
		mx_set_drop(&s->own, e->path_id, ike_sa_now(s->sa),
			    MX_GRACE_US);
		add_stray(s, e->path_id);
		return true;
	}
	if (p->state == MOBIKEX_TENTATIVE) {
		p->state = MOBIKEX_VALID;
		changed = true;
		mx_report_path(s, "path-add", true, p);
	}
	if ((p->flags & MOBIKEX_F_PRIMARY) && !(e->flags & MOBIKEX_F_PRIMARY))
		s->primary_off = true;
	/* What comes of its check is not announced. */
	if (e->state == MOBIKEX_TENTATIVE)
		s->query_at = ike_sa_now(s->sa) + MX_QUERY_US;
	return changed;
}

/* Paths of ours that the peer has given up, or never took. */
static bool unlearn(struct mx_session *s, const struct mobikex_set *set)
{
	bool changed = false;

	for (unsigned int i = 0; i < s->own.n; i++) {
		struct mx_path gone = s->own.path[i];

		if (entry_of(set, gone.id))
			continue;
		if (!mx_set_drop(&s->own, gone.id, ike_sa_now(s->sa),
				 MX_GRACE_US))
			continue;
		mx_report_path(s, "path-del", true, &gone);
		mx_shun(s, &gone.addr, MX_BARRED_US);
		changed = true;
		i--;
	}
	return changed;
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
	bool changed = false;

	if (!s->mobikex ||
	    !wire_notify_find(in->msg, IKE_N_SA_ADDRESS_SET, &n)) {
		for (unsigned int i = 0; i < s->own.n; i++)
			s->own.path[i].confirmed = s->own.path[i].addr;
		return;
	}
	if (mobikex_set_decode(&n, &set) != WIRE_OK || !set.n)
		return;
	s->primary_off = false;
	s->query_at = IKE_NEVER;
	for (unsigned int i = 0; i < set.n; i++)
		if (set.e[i].state != MOBIKEX_DEPRECATED)
			changed |= learn(s, &set, &set.e[i]);
	changed |= unlearn(s, &set);
	if (!changed)
		return;
	mx_commit(s, NULL, 0);
	mx_follow_primary(s);
}
