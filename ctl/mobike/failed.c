// SPDX-License-Identifier: GPL-2.0
/*
 * Own requests of which nothing comes: what they staged is undone, and what the
 * peer did meanwhile is not.
 */
#include "mobike/session.h"

#include <errno.h>

#define SHUN_US (10 * 1000000ull)
#define CALM_US (2 * 1000000ull)

static bool is_staged(const struct mx_ask *a)
{
	return a->kind == MX_ASK_ADD || a->kind == MX_ASK_HARD;
}

/* Is there a path that an answer would have told about that nobody waited for? */
static bool is_unsure(const struct mx_session *s)
{
	if (s->crossed)
		return true;
	for (unsigned int i = 0; i < s->own.n; i++)
		if (s->own.path[i].state == MOBIKEX_TENTATIVE)
			return true;
	return false;
}

static const char *kind_name(const struct mx_ask *a)
{
	static const char *const names[] = {
		[MX_ASK_ADD] = "add",	     [MX_ASK_PRIMARY] = "soft move",
		[MX_ASK_HARD] = "hard move", [MX_ASK_REFRESH] = "NAT change",
		[MX_ASK_REMOVE] = "remove",  [MX_ASK_QUERY] = "query",
	};

	return names[a->kind];
}

/* What the request took along, unless it has moved meanwhile. */
static void lead_back(struct mx_set *peer, const struct mx_ask *a,
		      uint8_t family)
{
	const struct mx_path *from = mx_set_find(peer, a->peer_from);

	if (!a->took_along || !from || from->addr.family != family ||
	    mx_set_primary(peer)->id != a->peer_to)
		return;
	mx_set_find(peer, a->peer_to)->led = a->peer_led;
	mx_set_make_primary(peer, from->id);
}

/* Own set and peer's primary path as they were. */
static void go_back(struct mx_session *s, struct mx_ask *a)
{
	if (!a->anew)
		mx_set_move(&s->own, &a->before);
	lead_back(&s->peer, a, mx_set_primary(&s->own)->addr.family);
	mx_follow_family(&s->peer, &s->own, NULL);
}

/**
 * mx_ask_follow() - the peer has moved: what is gone back to goes along
 * @s: session
 * @at: see mx_follow_family()
 *
 * Should the request under way fail, it does not undo what was agreed meanwhile.
 */
void mx_ask_follow(struct mx_session *s, const struct wire_addr *at)
{
	if (s->ask)
		mx_follow_family(&s->ask->before, &s->peer, at);
}

/**
 * mx_ask_peer_moved() - what the peer has asked for is done
 * @s: session
 * @primary: its primary path has moved
 * @anew: both sets have begun anew by it
 *
 * Should the request under way fail, nothing older than that comes back.
 */
void mx_ask_peer_moved(struct mx_session *s, bool primary, bool anew)
{
	if (!s->ask)
		return;
	s->ask->peer_moved = true;
	s->ask->primary_moved |= primary;
	s->ask->anew |= anew;
}

/*
 * A change of the peer's is on its way to the kernel. It is done by now, and if the
 * kernel refuses it, what this request has staged is not to come back with it.
 */
static void beside_pending(struct mx_session *s, struct mx_ask *a)
{
	struct mx_pending *p = s->pending;

	p->again = true;
	/* Something older than it that is done stays done. */
	if (a->elsewhere && !a->peer_moved)
		mx_set_move(&p->before, &a->peer_before);
	if (is_staged(a) && !a->anew &&
	    !mx_set_copy(&p->own_before, &a->before))
		s->query_at = ike_sa_now(s->sa);
	lead_back(&p->before, a, mx_set_primary(&p->own_before)->addr.family);
	mx_ask_peer_moved(s, p->moved, p->anew);
}

/* When the peer is asked for its view after a request that failed. */
static void ask_what_came(struct mx_session *s, const struct mx_ask *a, int err)
{
	uint64_t now = ike_sa_now(s->sa);

	if (!s->mobikex)
		return;
	/* It may have done it all the same. */
	if (err == -ETIMEDOUT || a->elsewhere)
		s->query_at = now;
	else if (a->kind == MX_ASK_REMOVE)
		mx_not_let_go(s);
	/* One that refuses to tell has some peace. */
	else if (a->kind == MX_ASK_QUERY &&
		 (is_unsure(s) || s->settle_at != IKE_NEVER))
		mx_settle(s, MX_QUERY_US);
	/* Or what was given up before. */
	else if (is_unsure(s))
		s->query_at = now;
}

/**
 * mx_ask_failed() - nothing comes of the request under way
 * @s: session with a request under way
 * @err: for a command that it serves; negative errno
 * @why: for people
 */
void mx_ask_failed(struct mx_session *s, int err, const char *why)
{
	struct mx_ask *a = s->ask;
	struct ike_report *r;

	r = ike_sa_report(s->sa, IKE_LOG_WARNING, "error");
	ike_report_text(r, "what", "%s", kind_name(a));
	ike_report_addr(r, "local", &a->local.addr);
	ike_report_addr(r, "remote", &a->remote.addr);
	ike_report_text(r, "why", "%s", why);
	if (s->pending)
		beside_pending(s, a);
	if (a->elsewhere) {
		if (!a->peer_moved)
			mx_set_move(&s->peer, &a->peer_before);
		if (!s->mobikex && err == -EPERM)
			mx_others_stays(s);
		if (a->trial && err == -ETIMEDOUT)
			mx_others_silent(s);
		else
			mx_others_shun(s, &a->local.addr, &a->remote.addr);
	}
	if (is_staged(a)) {
		go_back(s, a);
		mx_commit(s, NULL, 0);
		mx_follow_primary(s);
	}
	if (a->elsewhere)
		mx_candidates(s);
	else if (is_staged(a) || a->kind == MX_ASK_PRIMARY)
		mx_shun(s, &a->local.addr, SHUN_US);
	/* To another address of the peer it may be different. */
	if (a->kind == MX_ASK_ADD && err == -ETIMEDOUT &&
	    !mx_set_by_addr(&s->peer, &a->remote.addr))
		mx_others_shun(s, &a->local.addr, &a->remote.addr);
	s->calm_until = ike_sa_now(s->sa) + CALM_US;
	if (a->kind == MX_ASK_REFRESH && mx_set_find(&s->own, a->id))
		mx_nat_tell_later(mx_set_find(&s->own, a->id),
				  ike_sa_now(s->sa));
	if (a->kind == MX_ASK_QUERY)
		s->yields = false;
	ask_what_came(s, a, err);
	if (a->for_cmd)
		mx_command_end(s, err, why);
	mx_ask_drop(s);
	mx_steer(s);
}
