// SPDX-License-Identifier: GPL-2.0
/* The path manager's decisions carried out; timers. */
#include "mobike/session.h"

#include <errno.h>

#define MAX_STEPS   64
/* Between two moves to where the peer should see us already, at first. */
#define OFF_US	    (1 * 1000000ull)
#define OFF_TRIES   6

/**
 * mx_suspect() - the primary path does not get answers
 * @s: session
 *
 * Another one is tried if there is one (RFC 4555, section 3.5).
 */
void mx_suspect(struct mx_session *s)
{
	const struct mx_path *p = mx_set_by_addr(&s->own, &s->sa->local.addr);

	if (!p || !(p->flags & MOBIKEX_F_PRIMARY))
		return;
	mx_others_shun(s, &p->addr, &s->sa->remote.addr);
	s->suspect = p->addr;
	s->suspect_until = ike_sa_now(s->sa) + MX_SUSPECT_US;
	mx_steer(s);
}

/* ------------------------------------------------------- decisions */

static struct mx_want decide(struct mx_session *s, bool automatic)
{
	const struct ike_conn *conn = s->sa->conn;
	unsigned int n_other = mx_others_find(s), n_home;
	const struct ike_own_addr *home = ike_sa_own_addrs(s->sa, &n_home);
	struct mx_view v = {
		.home = home,
		.n_home = n_home,
		.other = s->other,
		.n_other = n_other,
		.peer_gone = !s->mobikex && mx_others_gone(s),
		.own = &s->own,
		.peer = &s->peer,
		.cand = s->cand,
		.n = s->n_cand,
		.mobikex = s->mobikex,
		.may_move = s->mobikex || s->sa->first_initiator,
		.leads = s->sa->first_initiator,
		.auto_add = automatic && conn->auto_add,
		.prefers = automatic && conn->nprefer > 0,
		.by_quality = automatic,
		.stay_until = s->stay_until,
		.pinned = s->pinned,
		.suspect = s->suspect.family ? &s->suspect : NULL,
		.max_paths = s->max_paths,
		.now = ike_sa_now(s->sa),
	};

	return mx_decide(&v);
}

static bool is_urgent(const struct mx_want *w)
{
	return w->kind == MX_WANT_MOVE || w->kind == MX_WANT_FAILOVER ||
	       w->kind == MX_WANT_ELSEWHERE;
}

/* It was not the links' fault. */
static void forgive(struct mx_session *s)
{
	s->suspect.family = 0;
	for (unsigned int i = 0; i < s->n_memo; i++)
		if (s->memo[i].until != UINT64_MAX)
			s->memo[i--] = s->memo[--s->n_memo];
}

/*
 * That the peer has left is all that is wrong: a list may have been sent on. What
 * is asked for already has been proven nowhere: there is no place to go back to.
 */
static bool is_trial(struct mx_session *s)
{
	const struct wire_addr *own = &mx_set_primary(&s->own)->addr;

	return !s->mobikex && mx_others_gone(s) && !s->suspect.family &&
	       !(s->ask && s->ask->kind == MX_ASK_HARD) &&
	       mx_cand_find(s->cand, s->n_cand, own);
}

static void rescue(struct mx_session *s, const struct mx_want *w)
{
	bool trial = is_trial(s);

	s->stay_until = ike_sa_now(s->sa) + MX_STAY_US;
	if (s->ask)
		mx_ask_preempt(s);
	if (s->n_cmd && s->cmd[0].begun)
		mx_command_end(s, -EINTR, "overtaken: the primary path failed");
	s->pinned = false;
	if (w->kind == MX_WANT_ELSEWHERE) {
		forgive(s);
		mx_ask_elsewhere(s, w->cand, trial);
		return;
	}
	if (s->suspect.family)
		mx_shun(s, &s->suspect, MX_SUSPECT_US);
	mx_ask_hard(s, w->id, w->cand, false);
}

/* A request that tries a path: nothing of importance waits for its answer. */
static bool is_probe(struct mx_session *s, const struct mx_ask *a)
{
	return a->kind == MX_ASK_ADD || a->kind == MX_ASK_PRIMARY ||
	       (a->kind == MX_ASK_REFRESH &&
		a->id != mx_set_primary(&s->own)->id);
}

/*
 * Where the peer sends to is wrong: that comes before all that other paths want,
 * and waits for none of them.
 */
static bool mend_primary(struct mx_session *s, uint64_t now)
{
	struct mx_path *p = mx_set_primary(&s->own);
	const struct mx_cand *c = mx_cand_find(s->cand, s->n_cand, &p->addr);
	bool may = s->mobikex || s->sa->first_initiator;

	if (!c || !may || (s->ask && !is_probe(s, s->ask)))
		return false;
	if (s->primary_off && s->off_at <= now) {
		if (s->ask)
			mx_ask_preempt(s);
		s->primary_off = false;
		s->off_at = now + (OFF_US << s->off_tries);
		if (s->off_tries < OFF_TRIES)
			s->off_tries++;
		mx_ask_hard(s, p->id, c, false);
		return true;
	}
	if (p->remapped && p->tell_at <= now) {
		if (s->ask)
			mx_ask_preempt(s);
		mx_ask_refresh(s, p->id);
		return true;
	}
	return false;
}

/* What the last answers showed to be wrong. */
static bool mend(struct mx_session *s, uint64_t now)
{
	uint16_t ids[MX_MAX_PATHS];
	unsigned int n = 0;

	for (unsigned int i = 0; i < s->n_stray; i++)
		if (!mx_set_find(&s->own, s->stray[i]))
			ids[n++] = s->stray[i];
	s->n_stray = 0;
	/* If the peer did not let them go, not before the next look. */
	if (n && !(s->in_vain && s->settle_at != IKE_NEVER)) {
		mx_ask_remove(s, ids, n, false);
		return true;
	}
	for (unsigned int i = 0; i < s->own.n; i++) {
		const struct mx_path *q = &s->own.path[i];

		if (!q->remapped || q->tell_at > now ||
		    !mx_cand_find(s->cand, s->n_cand, &q->addr))
			continue;
		if (!s->mobikex || (q->flags & MOBIKEX_F_PRIMARY))
			continue;
		mx_ask_refresh(s, q->id);
		return true;
	}
	if (s->query_at <= now) {
		s->query_at = IKE_NEVER;
		mx_ask_query(s);
		return true;
	}
	return false;
}

/*
 * Traffic may make slow whatever path it takes: the other one is better then, each
 * time anew. What goes back to where it came from stays longer.
 */
static void stay(struct mx_session *s, uint16_t id)
{
	const struct mx_path *to = mx_set_find(&s->own, id);
	uint64_t now = ike_sa_now(s->sa), us = MX_STAY_US;

	if (to && s->stay_us && wire_addr_equal(&to->addr, &s->left) &&
	    now < s->stay_until + MX_STAY_MAX_US)
		us = 2 * s->stay_us;
	s->stay_us = us < MX_STAY_MAX_US ? us : MX_STAY_MAX_US;
	s->stay_until = now + s->stay_us;
	s->left = mx_set_primary(&s->own)->addr;
}

static bool carry_out(struct mx_session *s, const struct mx_want *w)
{
	switch (w->kind) {
	case MX_WANT_NOTHING:
	case MX_WANT_WAIT:
		break;
	case MX_WANT_MOVE:
	case MX_WANT_FAILOVER:
	case MX_WANT_ELSEWHERE:
		rescue(s, w);
		return true;
	case MX_WANT_ADD:
		mx_ask_add(s, w->cand, false);
		return true;
	case MX_WANT_REMOVE:
		mx_ask_remove(s, &w->id, 1, false);
		return true;
	case MX_WANT_PREFER:
		stay(s, w->id);
		mx_ask_primary(s, w->id, false);
		return true;
	}
	return false;
}

/* One step; false when there is nothing (more) to do now. */
static bool step(struct mx_session *s)
{
	uint64_t now = ike_sa_now(s->sa);
	bool calm = s->calm_until > now;
	struct mx_want w = decide(s, !calm);

	s->again_at = w.again_at;
	if (is_urgent(&w)) {
		rescue(s, &w);
		return true;
	}
	if (mend_primary(s, now))
		return true;
	if (s->ask || w.kind == MX_WANT_WAIT)
		return false;
	if (mx_command_step(s))
		return true;
	/* What came too late may have made the peer send to a dead path. */
	if (s->query_at <= now && !s->primary_off) {
		s->query_at = IKE_NEVER;
		mx_ask_query(s);
		return true;
	}
	if (calm) {
		if (s->calm_until < s->again_at)
			s->again_at = s->calm_until;
		return false;
	}
	return mend(s, now) || carry_out(s, &w);
}

/**
 * mx_steer() - do what is to be done about the own paths now
 * @s: session
 *
 * Safe to call at any time; calls from within are carried out afterwards.
 */
void mx_steer(struct mx_session *s)
{
	unsigned int steps = 0;

	s->steer_again = true;
	if (s->steering || !s->up || !s->sa || !s->sa->mobike)
		return;
	s->steering = true;
	while (s->steer_again && s->sa && steps++ < MAX_STEPS) {
		s->steer_again = false;
		while (s->sa && !s->pending && step(s) &&
		       steps++ < MAX_STEPS)
			;
	}
	s->steering = false;
	if (s->sa)
		mx_layers(s);
	if (s->sa)
		mx_others_tell(s);
	if (s->sa)
		mx_others_watch(s);
	if (s->sa)
		mx_test_paths(s);
	if (s->sa)
		mx_traffic_plan(s);
	if (s->sa)
		mx_deadline(s);
}

/**
 * mx_hold() - let mx_steer() decide nothing for now
 * @s: session
 *
 * A decision may put another request in place of the one under way, and moves
 * the sets of paths: not while somebody works on them.
 *
 * Return: for mx_release().
 */
bool mx_hold(struct mx_session *s)
{
	bool held = s->steering;

	s->steering = true;
	return held;
}

/**
 * mx_release() - the end of what mx_hold() began
 * @s: session
 * @held: what that returned
 *
 * Nothing is made up for: the caller calls mx_steer() when it has finished.
 */
void mx_release(struct mx_session *s, bool held)
{
	s->steering = held;
}

/* ---------------------------------------------------------- timers */

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When something that is wrong may be told (again). */
static uint64_t mend_at(struct mx_session *s, uint64_t now)
{
	uint64_t t = s->primary_off ? s->off_at : IKE_NEVER;

	for (unsigned int i = 0; i < s->own.n; i++)
		if (s->own.path[i].remapped && s->own.path[i].tell_at > now)
			t = earlier(t, s->own.path[i].tell_at);
	return t > now ? t : IKE_NEVER;
}

/*
 * When mx_steer() has to look again by itself. It has looked just now: what is due and
 * has not been done waits for time to pass, or for an event.
 */
static uint64_t steer_at(struct mx_session *s, uint64_t now)
{
	const uint64_t at[] = { s->again_at, s->query_at, mend_at(s, now) };
	uint64_t t = IKE_NEVER;

	/* What ends an own request, or the peer's, steers too. */
	if (s->pending)
		return IKE_NEVER;
	if (s->ask)
		return mend_at(s, now);
	for (unsigned int i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		if (at[i] > now)
			t = earlier(t, at[i]);
		else if (s->calm_until > now)
			t = earlier(t, s->calm_until);
	}
	return t;
}

/** mx_deadline() - tell the engine when the session wants to be woken */
void mx_deadline(struct mx_session *s)
{
	uint64_t now = ike_sa_now(s->sa);
	uint64_t t = earlier(mx_set_deadline(&s->own, now),
			     mx_set_deadline(&s->peer, now));

	t = earlier(t, steer_at(s, now));
	if (s->ask)
		t = earlier(t, s->ask->retry_at);
	if (s->suspect.family)
		t = earlier(t, s->suspect_until);
	if (s->rrc_at)
		t = earlier(t, s->rrc_at);
	t = earlier(t, mx_test_deadline(s, now));
	if (s->look_at)
		t = earlier(t, s->look_at);
	s->sa->ext_deadline = t;
}

/* Has an address ceased to be taken from since the kernel was last told? */
static bool has_lapsed(const struct mx_session *s, const struct mx_set *set,
		       uint64_t now)
{
	for (unsigned int i = 0; i < set->n_ghost; i++)
		if (set->ghost[i].accept_until > s->committed_us &&
		    set->ghost[i].accept_until <= now)
			return true;
	return false;
}

/** mx_timer() - the time of mx_deadline() has come (ike_ext_ops.timer) */
void mx_timer(struct mx_session *s)
{
	uint64_t now = ike_sa_now(s->sa);
	bool stale = has_lapsed(s, &s->own, now) ||
		     has_lapsed(s, &s->peer, now);

	stale |= mx_set_expire(&s->own, now);
	stale |= mx_set_expire(&s->peer, now);
	if (stale)
		mx_commit(s, NULL, 0);
	if (s->suspect.family && s->suspect_until <= now)
		s->suspect.family = 0;
	if (s->rrc_at && s->rrc_at <= now)
		mx_rrc_start(s);
	mx_traffic_timer(s);
	mx_ask_timer(s, now);
	mx_steer(s);
}
