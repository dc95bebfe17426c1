// SPDX-License-Identifier: GPL-2.0
/*
 * Return routability: does the peer get what is sent to an address that it
 * announced (RFC 4555, section 3.7; MOBIKE-X, section 8)?
 */
#include "crypto/util.h"
#include "mobike/session.h"
#include "wire/payload.h"

#include <stdlib.h>
#include <string.h>

static bool build(struct ike_sa *sa, void *ctx,
		  const struct wire_endpoint *local,
		  const struct wire_endpoint *remote, struct wire_enc *b)
{
	struct mx_rrc *c = ctx;

	if (!c->s)
		return false;
	ike_put_natd(sa, b, local, remote);
	wire_notify_encode(b, IKE_N_COOKIE2, c->cookie, sizeof(c->cookie));
	return true;
}

static void unlink_check(struct mx_rrc *c)
{
	struct mx_rrc **pp;

	if (!c->s)
		return;
	for (pp = &c->s->rrc; *pp; pp = &(*pp)->next) {
		if (*pp == c) {
			*pp = c->next;
			break;
		}
	}
	mx_session_put(c->s);
	c->s = NULL;
}

static void release(void *ctx)
{
	struct mx_rrc *c = ctx;

	unlink_check(c);
	free(c);
}

/* The path as it was when the check began, or NULL: it has changed since. */
static struct mx_path *subject(struct mx_session *s, const struct mx_rrc *c)
{
	struct mx_path *p = mx_set_find(&s->peer, c->id);

	if (!p || p->state != MOBIKEX_TENTATIVE || p->port != c->port ||
	    !wire_addr_equal(&p->addr, &c->addr))
		return NULL;
	return p;
}

static void bar(struct mx_session *s, const struct wire_addr *addr)
{
	unsigned int at = 0;

	if (s->n_barred < MX_MAX_BARRED &&
	    mx_reserve(&s->barred, &s->barred_room, s->n_barred + 1,
		       sizeof(*s->barred)))
		at = s->n_barred++;
	else if (!s->n_barred)
		return;
	else
		for (unsigned int i = 1; i < s->n_barred; i++)
			if (s->barred[i].until < s->barred[at].until)
				at = i;
	s->barred[at] = (struct mx_memo){
		.addr = *addr,
		.until = ike_sa_now(s->sa) + MX_BARRED_US,
	};
}

static bool is_proven(struct mx_session *s)
{
	return mx_set_primary(&s->peer)->state == MOBIKEX_VALID;
}

/**
 * mx_rrc_hopeless() - has the peer's only path not proven itself for too long
 * @s: session
 *
 * Whoever never does may have it from thin air, and nobody else can be there: that
 * is over when a peer that went silent would be given up, be it heard of or not.
 */
bool mx_rrc_hopeless(struct mx_session *s)
{
	return s->unproven_us && !is_proven(s) &&
	       ike_sa_now(s->sa) - s->unproven_us >= MX_PATIENCE_US;
}

/*
 * The last path stays what it is, within its credit; done() tries on. Checks that
 * nobody answers keep the window closed some day, see on_give_up() then.
 */
static void last_failed(struct mx_session *s)
{
	/* It is us who are not to be met. */
	if (s->links_known && !s->n_cand)
		s->unproven_us = 0;
	else if (!s->unproven_us)
		s->unproven_us = ike_sa_now(s->sa);
	else if (mx_rrc_hopeless(s))
		ike_sa_close(s->sa, "the only address of the peer does not"
			     " pass its routability check", true);
}

static void failed(struct mx_session *s, struct mx_path *p, const char *why)
{
	struct ike_report *r;
	struct wire_addr gone;
	uint16_t id = p->id;

	r = ike_sa_report(s->sa, IKE_LOG_WARNING, "path-state");
	ike_report_text(r, "side", "peer");
	ike_report_number(r, "id", id);
	ike_report_addr(r, "addr", &p->addr);
	ike_report_text(r, "state", "unreachable");
	ike_report_text(r, "why", "%s", why);
	gone = p->addr;
	if (!mx_set_drop(&s->peer, id, &s->own, ike_sa_now(s->sa), 0)) {
		last_failed(s);
		return;
	}
	if (is_proven(s))
		s->unproven_us = 0;
	bar(s, &gone);
	mx_candidates_follow(s, NULL);
	mx_ask_follow(s, NULL);
	/* The peer does not know of either: look, and tell it. */
	if (mx_follow_family(&s->own, &s->peer, NULL) && s->mobikex)
		s->query_at = ike_sa_now(s->sa);
	mx_commit(s, NULL, 0);
	mx_follow_primary(s);
}

static void proven(struct mx_session *s, struct mx_path *p, uint64_t took)
{
	struct ike_report *r;

	p->state = MOBIKEX_VALID;
	p->rtt_us = took;
	s->unproven_us = 0;
	if (p->flags & MOBIKEX_F_PRIMARY)
		s->move.t_rrc_us = took;
	mx_commit(s, NULL, 0);
	r = ike_sa_report(s->sa, IKE_LOG_INFO, "path-state");
	ike_report_text(r, "side", "peer");
	ike_report_number(r, "id", p->id);
	ike_report_addr(r, "addr", &p->addr);
	ike_report_text(r, "state", "valid");
	ike_report_number(r, "t_rrc_us", (int64_t)took);
}

static void answered(struct mx_session *s, struct ike_sa *sa, struct mx_rrc *c,
		     const struct ike_in *in)
{
	struct mx_path *p = subject(s, c);
	struct wire_notify n;

	if (!wire_notify_find(in->msg, IKE_N_COOKIE2, &n)) {
		if (p)
			failed(s, p, "the answer has no COOKIE2");
		/* It came at once, and so might the next one. */
		if (s->sa && subject(s, c))
			s->rrc_at = ike_sa_now(s->sa) + MX_RRC_US;
		return;
	}
	if (n.data.len != sizeof(c->cookie) ||
	    !crypto_equal(n.data.p, c->cookie, sizeof(c->cookie))) {
		ike_sa_close(sa, "wrong COOKIE2 in a routability check", true);
		return;
	}
	mx_nat_look(s, sa, in);
	p = subject(s, c);
	/* If it went elsewhere too, done() asks once more. */
	if (p && !in->several)
		proven(s, p, ike_sa_now(sa) - in->sent_us);
}

static void done(struct ike_sa *sa, void *ctx, enum ike_result result,
		 const struct ike_in *in)
{
	struct mx_rrc *c = ctx;
	struct mx_session *s = c->s;
	struct mx_path *p;

	if (!s || !s->sa)
		return;
	switch (result) {
	case IKE_RESULT_YIELDED:
		break;
	case IKE_RESULT_ANSWER:
		answered(s, sa, c, in);
		break;
	case IKE_RESULT_TIMEOUT:
		p = subject(s, c);
		if (p)
			failed(s, p, "no answer to the routability check");
		break;
	case IKE_RESULT_CLOSED:
		/* If the IKE SA was replaced, the new one checks anew. */
		unlink_check(c);
		if (s->sa != sa)
			mx_rrc_start(s);
		return;
	}
	unlink_check(c);
	if (!s->sa)
		return;
	mx_rrc_start(s);
	mx_steer(s);
}

static bool is_checked(const struct mx_session *s, const struct mx_path *p)
{
	for (const struct mx_rrc *c = s->rrc; c; c = c->next)
		if (c->id == p->id && c->port == p->port &&
		    wire_addr_equal(&c->addr, &p->addr))
			return true;
	return false;
}

/*
 * From where the announcement came to, which need not be a path yet; if it was one
 * and is no more, from another one.
 */
static struct wire_addr way_back(struct mx_session *s, const struct mx_path *p)
{
	const struct mx_path *from = mx_set_primary(&s->own);

	if (mx_set_by_addr(&s->own, &p->via))
		return p->via;
	for (unsigned int i = 0; i < s->own.n; i++)
		if (from->addr.family != p->addr.family)
			from = &s->own.path[i];
	return from->addr.family == p->addr.family ? from->addr : p->via;
}

/* The request may be over by now, and the check freed with it. */
static void note_request(struct mx_session *s, const struct mx_rrc *made,
			 uint64_t request)
{
	for (struct mx_rrc *c = s->rrc; c; c = c->next)
		if (c == made && !c->request)
			c->request = request;
}

static void check(struct mx_session *s, const struct mx_path *p)
{
	struct mx_rrc *c = calloc(1, sizeof(*c));
	struct ike_request_desc d;

	if (!c)
		return;
	/* A cookie that can be guessed proves nothing. */
	if (ike_sa_random(s->sa, c->cookie, sizeof(c->cookie))) {
		free(c);
		return;
	}
	c->id = p->id;
	c->addr = p->addr;
	c->port = p->port;
	c->s = s;
	c->next = s->rrc;
	s->rrc = c;
	mx_session_get(s);

	d = (struct ike_request_desc){
		.local = { .addr = way_back(s, p), .port = s->sa->local.port },
		.remote = { .addr = p->addr, .port = p->port },
		.build = build,
		.done = done,
		.free = release,
		.ctx = c,
		.timeout_us = MX_RRC_US,
	};
	note_request(s, c, ike_sa_request(s->sa, &d));
}

/*
 * A path that has changed since is checked anew. A peer that goes on changing and
 * answers no check is not to fill the queue: what waits for the window is
 * dropped, and what was sent is no more than that let out.
 */
static void forget_stale(struct mx_session *s)
{
	struct mx_rrc *c, *next;

	for (c = s->rrc; c; c = next) {
		next = c->next;
		if (!subject(s, c))
			ike_sa_request_forget(s->sa, c->request);
	}
}

/**
 * mx_rrc_start() - check every path of the peer that is not proven
 * @s: session
 *
 * One that is being checked is left alone; checks of what has changed since are
 * given up. After an answer that proved nothing about the last path the next
 * checks wait for mx_session.rrc_at.
 */
void mx_rrc_start(struct mx_session *s)
{
	forget_stale(s);
	if (s->rrc_at > ike_sa_now(s->sa))
		return;
	s->rrc_at = 0;
	/* The IKE SA may come to its end by it. */
	for (unsigned int i = 0; s->sa && i < s->peer.n; i++) {
		const struct mx_path *p = &s->peer.path[i];

		if (p->state == MOBIKEX_TENTATIVE && !is_checked(s, p))
			check(s, p);
	}
}

/** mx_rrc_drop_all() - nobody wants the results any more */
void mx_rrc_drop_all(struct mx_session *s)
{
	while (s->rrc)
		unlink_check(s->rrc);
}
