// SPDX-License-Identifier: GPL-2.0
/* MOBIKE and MOBIKE-X as an extension of the IKEv2 engine: the hooks. */
#include "mobike/mobike.h"
#include "mobike/session.h"
#include "wire/mobike.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Retransmissions in vain, and time, before another path is tried. */
#define TROUBLE_TRIES 2
#define TROUBLE_US (500 * 1000ull)

/** mx_session_get() - one more points to a session */
void mx_session_get(struct mx_session *s)
{
	s->refs++;
}

/** mx_session_put() - one less; the last one frees it */
void mx_session_put(struct mx_session *s)
{
	if (--s->refs)
		return;
	mx_pending_free(s->pending);
	mx_ask_drop(s);
	mx_set_free(&s->own);
	mx_set_free(&s->peer);
	free(s->ready);
	free(s->cand);
	free(s->other);
	free(s->tried);
	free(s->barred);
	free(s);
}

/* -------------------------------------------------------- the kernel */

/** struct commit - what the kernel's answer is for */
struct commit {
	struct mx_session *s;
	mx_commit_fn *done;
	uint64_t serial;
};

static void commit_done(struct ike_sa *sa, void *ctx, int err)
{
	struct commit *c = ctx;

	/* Cancelled by the end of an IKE SA that was replaced: ask anew. */
	if (c->s->sa && (err != -ECANCELED || c->s->sa != sa)) {
		if (c->done)
			c->done(c->s, c->serial, err);
		mx_steer(c->s);
	}
	mx_session_put(c->s);
	free(c);
}

/**
 * mx_commit() - tell the kernel the two sets as they are now
 * @s: session
 * @done: gets the kernel's answer, unless the IKE SA ends first; may be NULL
 * @serial: handed to @done
 *
 * What fails at once is told before this returns, but nothing is decided then:
 * without @done, paths and the request under way are where they were.
 */
void mx_commit(struct mx_session *s, mx_commit_fn *done, uint64_t serial)
{
	struct ike_path paths[IKE_MAX_PATHS];
	struct commit *c = malloc(sizeof(*c));
	unsigned int n;
	bool held;

	s->committed_us = ike_sa_now(s->sa);
	n = mx_pairs(&s->own, &s->peer, s->committed_us, paths);
	if (!c || !n) {
		free(c);
		if (done)
			done(s, serial, c ? -EAFNOSUPPORT : -ENOMEM);
		return;
	}
	c->s = s;
	c->done = done;
	c->serial = serial;
	mx_session_get(s);
	held = mx_hold(s);
	ike_sa_rebind(s->sa, paths, n, commit_done, c);
	mx_release(s, held);
}

/**
 * mx_follow_primary() - the IKE SA lives on the primary pair
 * @s: session
 */
void mx_follow_primary(struct mx_session *s)
{
	const struct mx_path *l = NULL, *r = NULL;
	struct wire_endpoint local, remote;

	if (!mx_primary_pair(&s->own, &s->peer, &l, &r))
		return;
	local = (struct wire_endpoint){ .addr = l->addr, .port = l->port };
	remote = (struct wire_endpoint){ .addr = r->addr, .port = r->port };
	ike_sa_set_nat(s->sa, l->nat | r->nat);
	ike_sa_set_addresses(s->sa, &local, &remote);
}

/**
 * mx_rrc_policy() - what may be sent to a path before it is proven
 * @s: session
 *
 * Return: as configured; RFC 4555 wants the check first.
 */
enum ike_rrc mx_rrc_policy(const struct mx_session *s)
{
	if (!s->mobikex && s->sa->conn->rrc == IKE_RRC_EARLY)
		return IKE_RRC_BEFORE;
	return s->sa->conn->rrc;
}

/**
 * mx_report_path() - say what became of a path
 * @s: session
 * @kind: "path-add", "path-del", "path-state", "primary"
 * @is_own: or the peer's
 * @p: the path
 */
void mx_report_path(struct mx_session *s, const char *kind, bool is_own,
		    const struct mx_path *p)
{
	static const char *const states[] = { "", "tentative", "valid" };
	struct ike_report *r = ike_sa_report(s->sa, IKE_LOG_INFO, kind);

	ike_report_text(r, "side", "%s", is_own ? "own" : "peer");
	ike_report_number(r, "id", p->id);
	ike_report_addr(r, "addr", &p->addr);
	ike_report_text(r, "state", "%s", p->state < 3 ? states[p->state] : "");
	if (is_own && p->rtt_us)
		ike_report_number(r, "t_update_us", (int64_t)p->rtt_us);
}

/* ---------------------------------------------------- birth and death */

static int on_open(struct ike_sa *sa)
{
	struct mx_session *s = calloc(1, sizeof(*s));

	/* What comes later is not to fail. */
	if (!s || !mx_set_reserve(&s->own, 1) || !mx_set_reserve(&s->peer, 1)) {
		if (s)
			mx_set_free(&s->own);
		free(s);
		return -ENOMEM;
	}
	s->refs = 1;
	s->sa = sa;
	s->query_at = IKE_NEVER;
	s->settle_at = IKE_NEVER;
	s->again_at = IKE_NEVER;
	sa->ext = s;
	return 0;
}

/* Nobody can be told any more what became of it. */
static void drop_pending(struct mx_session *s, const struct ike_sa *sa)
{
	if (!s->pending || s->pending->sa != sa)
		return;
	mx_pending_free(s->pending);
	s->pending = NULL;
}

static void on_free(struct ike_sa *sa)
{
	struct mx_session *s = sa->ext;

	if (!s)
		return;
	drop_pending(s, sa);
	if (s->last_sa == sa)
		s->last_sa = NULL;
	/* Another one may come to lie there, whose Message IDs begin anew. */
	if (s->known_sa == sa)
		s->known_sa = NULL;
	if (s->sa == sa) {
		mx_layers_end(s, sa);
		s->sa = NULL;
		mx_rrc_drop_all(s);
	}
	sa->ext = NULL;
	mx_session_put(s);
}

static bool wanted(const struct ike_sa *sa)
{
	return sa->conn && sa->conn->mobike && sa->conn->mobikex;
}

static void on_auth_build(struct ike_sa *sa, struct wire_enc *b)
{
	struct mx_session *s = sa->ext;

	if (s && !sa->initiator && sa->mobike)
		mx_others_put(s, sa, b);
	if (!s || !wanted(sa) || (!sa->initiator && !s->accepted))
		return;
	mx_put_supported(b, sa->conn->max_paths);
	s->offered = true;
}

static void on_auth_in(struct ike_sa *sa, const struct ike_in *in)
{
	struct mx_session *s = sa->ext;
	uint8_t max_paths;

	if (s && sa->initiator && sa->mobike)
		mx_others_in(s, sa, in);
	if (!s || !mx_get_supported(in, &max_paths))
		return;
	s->accepted = true;
	s->max_paths = max_paths;
}

static unsigned int on_window(struct ike_sa *sa)
{
	const struct mx_session *s = sa->ext;

	if (!s || !wanted(sa) || (!sa->initiator && !s->accepted))
		return 1;
	return MX_WINDOW;
}

static void on_established(struct ike_sa *sa)
{
	struct mx_session *s = sa->ext;
	unsigned int own_limit;

	if (!s)
		return;
	own_limit = sa->conn->max_paths;
	if (own_limit < MOBIKEX_PATHS_MIN)
		own_limit = MOBIKEX_PATHS_DEFAULT;
	s->mobikex = sa->mobike && s->offered && s->accepted;
	if (!s->mobikex)
		s->max_paths = 1;
	else if (own_limit < s->max_paths)
		s->max_paths = own_limit;
	mx_set_init(&s->own, &sa->local.addr, sa->local.port,
		    sa->nat & IKE_NATD_LOCAL);
	mx_set_init(&s->peer, &sa->remote.addr, sa->remote.port,
		    sa->nat & IKE_NATD_REMOTE);
	s->up = true;
	mx_candidates(s);
	mx_steer(s);
	/* How the NAT shows us, to be compared with from now on. */
	if (sa->mobike && (sa->nat & IKE_NATD_LOCAL))
		mx_liveness(s);
}

static void on_closed(struct ike_sa *sa)
{
	struct mx_session *s = sa->ext;

	if (!s)
		return;
	drop_pending(s, sa);
	if (s->sa != sa)
		return;
	mx_layers_end(s, sa);
	mx_commands_drop(s);
	mx_ask_drop(s);
	mx_rrc_drop_all(s);
	s->up = false;
	s->sa = NULL;
	sa->ext_deadline = IKE_NEVER;
}

/* Sets and pending changes go with the children; @from answers on. */
static void on_rekeyed(struct ike_sa *from, struct ike_sa *to)
{
	struct mx_session *s = from->ext;

	if (!s || s->sa != from)
		return;
	mx_session_get(s);
	to->ext = s;
	s->sa = to;
	/* A list by an IKE SA that the peer had left already was lost. */
	s->telling = false;
	s->untold = s->lists;
	mx_others_watch(s);
	mx_nat_rekeyed(s);
	from->ext_deadline = IKE_NEVER;
	mx_deadline(s);
}

/* -------------------------------------------------------------- events */

static struct mx_session *active(struct ike_sa *sa)
{
	struct mx_session *s = sa->ext;

	return s && s->up && s->sa == sa ? s : NULL;
}

static void on_trouble(struct ike_sa *sa, unsigned int tries,
		       uint64_t waited_us)
{
	struct mx_session *s = active(sa);

	if (!s || !sa->mobike)
		return;
	/* Which of the others work is to be known when one is needed. */
	if (tries < TROUBLE_TRIES)
		mx_test_all(s);
	else if (waited_us >= TROUBLE_US && s->ask && s->ask->trial)
		mx_ask_failed(s, -ETIMEDOUT, "no answer from there");
	else if (waited_us >= TROUBLE_US)
		mx_suspect(s);
}

/*
 * With no link up nothing can be said about the peer. One that moves may be
 * away for minutes, and it is the one that comes back (RFC 4555, section 3.11).
 */
static bool on_give_up(struct ike_sa *sa)
{
	struct mx_session *s = active(sa);

	if (!s || !sa->mobike)
		return false;
	if (s->links_known && !s->n_cand) {
		s->unproven_us = 0;
		return true;
	}
	return !sa->first_initiator && !mx_rrc_hopeless(s) &&
	       ike_sa_now(sa) - sa->last_in_us < MX_PATIENCE_US;
}

static void on_timer(struct ike_sa *sa)
{
	struct mx_session *s = active(sa);

	if (s)
		mx_timer(s);
}

static bool primary_usable(struct mx_session *s)
{
	return mx_cand_find(s->cand, s->n_cand, &mx_set_primary(&s->own)->addr);
}

static void on_addrs(struct ike_sa *sa)
{
	struct mx_session *s = active(sa);

	bool could, can;

	if (!s)
		return;
	could = primary_usable(s);
	mx_candidates(s);
	can = primary_usable(s);
	if (could && !can)
		mx_others_leave(s);
	mx_steer(s);
	/* What was sent into the void meanwhile need not wait for its timer. */
	if (s->sa && can && !could)
		ike_sa_resend(s->sa);
}

static void on_counts(struct ike_sa *sa, const struct ike_path_count *v,
		      unsigned int n)
{
	struct mx_session *s = active(sa);

	if (s && s->look_at)
		mx_traffic_counts(s, v, n);
}

/* What was known of the paths is old, and nobody could have answered meanwhile. */
static void on_awake(struct ike_sa *sa)
{
	struct mx_session *s = active(sa);

	if (!s || !sa->mobike)
		return;
	s->unproven_us = 0;
	mx_test_all(s);
}

static void on_path_cmd(struct ike_sa *sa, const struct ike_ev_path_cmd *cmd)
{
	struct mx_session *s = active(sa);

	if (!s || !sa->mobike) {
		ike_sa_cmd_done(sa, cmd->reply, -EOPNOTSUPP,
				"the peer does not support MOBIKE: its "
				"addresses are fixed");
		return;
	}
	mx_command(s, cmd);
}

/* ESP alone moves nobody (I8); who sent it will say so, or is no friend. */
static void on_path_hint(struct ike_sa *sa, const struct ike_ev_path_hint *h)
{
	struct ike_report *r = ike_sa_report(sa, IKE_LOG_DEBUG, "path-hint");
	struct mx_session *s = active(sa);

	ike_report_addr(r, "local", &h->local);
	ike_report_addr(r, "remote", &h->remote);
	if (s && sa->mobike)
		mx_nat_hint(s, h);
}

static bool on_liveness(struct ike_sa *sa)
{
	struct mx_session *s = active(sa);

	return s && sa->mobike && mx_liveness(s);
}

static uint16_t status_id(const struct mx_session *s, const struct ike_path *p,
			  uint64_t *rtt)
{
	for (unsigned int i = 0; i < s->own.n; i++) {
		if (!wire_addr_equal(&s->own.path[i].addr, &p->local))
			continue;
		if (s->own.n > 1 || s->peer.n == 1) {
			*rtt = s->own.path[i].rtt_us;
			if (!*rtt && s->peer.n == 1)
				*rtt = s->peer.path[0].rtt_us;
			return s->own.path[i].id;
		}
	}
	for (unsigned int i = 0; i < s->peer.n; i++) {
		if (!wire_addr_equal(&s->peer.path[i].addr, &p->remote))
			continue;
		*rtt = s->peer.path[i].rtt_us;
		return s->peer.path[i].id;
	}
	*rtt = 0;
	return 0;
}

/* What the tests of it showed is newer than how long it took to announce it. */
static void status_quality(const struct mx_session *s, struct ike_path_status *p)
{
	const struct mx_cand *c = mx_cand_find(s->cand, s->n_cand,
					       &p->path.local);

	if (!c || !c->quality.tests ||
	    !wire_addr_equal(&c->remote, &p->path.remote))
		return;
	p->tests = c->quality.tests;
	p->loss = c->quality.loss;
	if (c->quality.rtt_us)
		p->rtt_us = c->quality.rtt_us;
}

/* Proven paths of @set for which @other has nothing of their family. */
static void status_idle(const struct mx_set *set, const struct mx_set *other,
			bool own, struct ike_status *st)
{
	for (unsigned int i = 0; i < set->n && st->nidle < IKE_MAX_PATHS; i++) {
		const struct mx_path *p = &set->path[i];

		if (p->state != MOBIKEX_VALID ||
		    mx_set_has_family(other, p->addr.family))
			continue;
		st->idle[st->nidle++] = (struct ike_idle_status){
			.id = p->id,
			.own = own,
			.addr = p->addr,
			.rtt_us = p->rtt_us,
		};
	}
}

static void on_status(const struct ike_sa *sa, struct ike_status *st)
{
	const struct mx_session *s = sa->ext;
	struct ike_path paths[IKE_MAX_PATHS];
	const struct mx_set *peer;
	struct mx_set one = { 0 };

	if (!s || !s->up || s->sa != sa)
		return;
	st->mobikex = s->mobikex;
	st->move = s->move;
	peer = &s->peer;
	/* Where there is no MOBIKE a NAT may have moved it. */
	if (sa->nat && !sa->mobike &&
	    mx_set_init(&one, &sa->remote.addr, sa->remote.port,
			sa->nat & IKE_NATD_REMOTE))
		peer = &one;
	st->npaths = mx_pairs(&s->own, peer, ike_sa_now(sa), paths);
	mx_set_free(&one);
	for (unsigned int i = 0; i < st->npaths; i++) {
		struct ike_path_status *p = &st->paths[i];

		p->path = paths[i];
		p->id = status_id(s, &paths[i], &p->rtt_us);
		status_quality(s, p);
	}
	if (!s->mobikex)
		return;
	status_idle(&s->own, &s->peer, true, st);
	status_idle(&s->peer, &s->own, false, st);
}

const struct ike_ext_ops mobike_ext = {
	.open = on_open,
	.free = on_free,
	.auth_build = on_auth_build,
	.auth_in = on_auth_in,
	.window = on_window,
	.established = on_established,
	.closed = on_closed,
	.rekeyed = on_rekeyed,
	.request = mx_request,
	.trouble = on_trouble,
	.give_up = on_give_up,
	.liveness = on_liveness,
	.timer = on_timer,
	.addrs = on_addrs,
	.counts = on_counts,
	.awake = on_awake,
	.path_cmd = on_path_cmd,
	.path_hint = on_path_hint,
	.may_be_at = mx_may_be_at,
	.rests = mx_rests,
	.state = mx_state,
	.status = on_status,
};
