// SPDX-License-Identifier: GPL-2.0
/* What follows when the peer has agreed to a request of ours. */
#include "mobike/session.h"

#include <stdio.h>

static void report_move(struct mx_session *s, const char *kind, uint64_t took)
{
	const struct mx_path *l = NULL, *p = NULL;
	struct ike_report *r;

	snprintf(s->move.kind, sizeof(s->move.kind), "%s", kind);
	s->move.t_update_us = took;
	s->move.t_rrc_us = took;
	if (!mx_primary_pair(&s->own, &s->peer, &l, &p))
		return;
	r = ike_sa_report(s->sa, IKE_LOG_INFO, "move");
	ike_report_text(r, "side", "own");
	ike_report_text(r, "how", "%s", kind);
	ike_report_addr(r, "from", &mx_set_primary(&s->ask->before)->addr);
	ike_report_addr(r, "to", &l->addr);
	ike_report_addr(r, "remote", &p->addr);
	ike_report_number(r, "t_update_us", (int64_t)took);
	ike_report_number(r, "t_rrc_us", (int64_t)took);
}

static void was_added(struct mx_session *s, uint64_t rtt)
{
	struct mx_path *p = mx_set_find(&s->own, s->ask->id);

	if (!p)
		return;
	p->state = MOBIKEX_VALID;
	p->rtt_us = rtt;
	mx_commit(s, NULL, 0);
	mx_report_path(s, "path-add", true, p);
}

static void was_moved_softly(struct mx_session *s, uint64_t took)
{
	const struct mx_path *p = mx_set_find(&s->own, s->ask->id);
	uint64_t drain = s->sa->conn->drain_us;

	if (!p)
		return;
	/*
	 * The answer was long on its way, and the peer has gone to the other
	 * family since: that took our primary path along.
	 */
	if (s->ask->primary_moved &&
	    p->addr.family != mx_set_primary(&s->peer)->addr.family)
		return;
	if (drain < s->sa->rtt_us * 4)
		drain = s->sa->rtt_us * 4;
	s->drain_id = mx_set_primary(&s->own)->id;
	s->drain_until = ike_sa_now(s->sa) + drain;
	mx_set_lead(&s->own, s->ask->id);
	mx_follow_family(&s->peer, &s->own, &s->ask->remote.addr);
	mx_commit(s, NULL, 0);
	mx_follow_primary(s);
	report_move(s, "soft", took);
}

/*
 * An RFC 4555 peer has transport Child SAs for one pair of addresses. Tunnels carry
 * what is named in their selectors, from anywhere.
 */
static void replace_children(struct mx_session *s)
{
	struct ike_child *c, *next;

	for (c = s->sa->children; c; c = next) {
		next = c->next;
		if (c->state == IKE_CHILD_UP && ike_child_is_transport(c))
			ike_sa_replace_child(s->sa, c, false);
	}
}

/*
 * An address that the peer had told of is proven by the cookie that came back
 * from there, if the request went nowhere else; or there is a check of its own.
 */
static void was_found(struct mx_session *s, const struct ike_in *in,
		      uint64_t took)
{
	struct mx_path *p = mx_set_by_addr(&s->peer, &in->remote.addr);
	bool only = s->ask->elsewhere || !s->mobikex;
	struct wire_notify n;

	if (p && p->state != MOBIKEX_VALID && only && !in->several &&
	    wire_addr_equal(&s->ask->remote.addr, &p->addr) &&
	    wire_notify_find(in->msg, IKE_N_COOKIE2, &n)) {
		p->state = MOBIKEX_VALID;
		p->rtt_us = took;
		s->unproven_us = 0;
		mx_commit(s, NULL, 0);
	}
	mx_rrc_start(s);
}

static void was_moved_hard(struct mx_session *s, uint64_t took)
{
	report_move(s, "hard", took);
	if (s->mobikex)
		return;
	mx_others_agreed(s, &s->ask->remote.addr);
	replace_children(s);
}

/* The peer sends to where the NAT shows us now. */
static void was_refreshed(struct mx_session *s)
{
	struct mx_path *p = mx_set_find(&s->own, s->ask->id);
	struct ike_report *r;

	if (!p)
		return;
	r = ike_sa_report(s->sa, IKE_LOG_INFO, "nat");
	ike_report_text(r, "who", "here");
	ike_report_number(r, "id", p->id);
	ike_report_addr(r, "local", &p->addr);
	/* The peer has Child SAs for an address that may be another one. */
	if (!s->mobikex)
		replace_children(s);
}

static void were_removed(struct mx_session *s)
{
	for (unsigned int i = 0; i < s->ask->n; i++) {
		uint16_t id = s->ask->ops[i].id;
		struct mx_path *p = mx_set_find(&s->own, id);
		struct mx_path gone;

		for (unsigned int j = 0; j < s->n_stray; j++)
			if (s->stray[j] == id)
				s->stray[j--] = s->stray[--s->n_stray];
		if (!p) {
			mx_set_retire(&s->own, id, ike_sa_now(s->sa));
			continue;
		}
		gone = *p;
		if (mx_set_drop(&s->own, id, &s->peer, ike_sa_now(s->sa),
				MX_GRACE_US))
			mx_report_path(s, "path-del", true, &gone);
	}
	mx_follow_family(&s->peer, &s->own, NULL);
	mx_commit(s, NULL, 0);
	mx_follow_primary(s);
}

/* Which paths a request that has been agreed to was to remove; how many. */
static unsigned int removed_ids(const struct mx_ask *a, uint16_t *ids)
{
	if (a->kind != MX_ASK_REMOVE)
		return 0;
	for (unsigned int i = 0; i < a->n; i++)
		ids[i] = a->ops[i].id;
	return a->n;
}

/* Does the peer list any of them all the same? */
static bool any_stays(const struct mx_session *s, const uint16_t *ids,
		      unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		for (unsigned int j = 0; j < s->n_stray; j++)
			if (s->stray[j] == ids[i])
				return true;
	return false;
}

/*
 * A new path that had to be given up for what its own answer lists. The next one
 * would fare no better.
 */
static void was_in_vain(struct mx_session *s, const struct wire_addr *own)
{
	if (!mx_set_by_addr(&s->own, own) &&
	    mx_shunned_until(s, own) <= ike_sa_now(s->sa))
		mx_shun(s, own, MX_BARRED_US);
}

/**
 * mx_ask_done() - the peer has agreed: draw the consequences
 * @s: session with a request under way
 * @in: the answer
 */
void mx_ask_done(struct mx_session *s, const struct ike_in *in)
{
	uint64_t now = ike_sa_now(s->sa);
	uint64_t took = now - s->ask->started_us;
	uint16_t gone[MX_MAX_PATHS];
	unsigned int n_gone = removed_ids(s->ask, gone);
	struct wire_addr added = { .family = 0 };
	bool held = mx_hold(s);
	bool crossed;

	/* What the kernel is still to hear of has been asked for all the same. */
	if (s->pending) {
		s->pending->again = true;
		mx_ask_peer_moved(s, s->pending->moved, s->pending->anew);
	}
	crossed = s->ask->peer_moved;

	switch (s->ask->kind) {
	case MX_ASK_ADD:
		was_added(s, now - in->sent_us);
		if (mx_set_by_addr(&s->own, &s->ask->local.addr))
			added = s->ask->local.addr;
		break;
	case MX_ASK_PRIMARY:
		was_moved_softly(s, took);
		break;
	case MX_ASK_HARD:
		was_found(s, in, took);
		was_moved_hard(s, took);
		break;
	case MX_ASK_REFRESH:
		was_refreshed(s);
		break;
	case MX_ASK_REMOVE:
		were_removed(s);
		break;
	case MX_ASK_QUERY:
		break;
	}
	mx_ask_drop(s);
	if (crossed)
		mx_settle(s, MX_QUERY_US);
	mx_reconcile(s, in);
	if (any_stays(s, gone, n_gone))
		mx_not_let_go(s);
	if (added.family)
		was_in_vain(s, &added);
	mx_release(s, held);
	mx_steer(s);
}
