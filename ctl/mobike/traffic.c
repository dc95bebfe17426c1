// SPDX-License-Identifier: GPL-2.0
/*
 * Traffic that goes out by a path while nothing comes back by it: the path may be
 * dead though its link is up, and that shows here long before liveness asks.
 *
 * The kernel counts packets of each path. They are looked at twice a second while
 * there is traffic, seldom without. Who only sends is asked less and less.
 */
#include "mobike/session.h"

#define LOOK_US	  (500 * 1000ull)
/* Without traffic, and when an answer of the kernel does not come. */
#define IDLE_US	  (5 * 1000000ull)
/* That long without an answer, less what looks are late. */
#define QUIET_US  (900 * 1000ull)
/* Between the first two questions in a row. */
#define ASK_US	  (2 * 1000000ull)
#define ASKS_MAX  8

/*
 * For who moves, and has another way to go. A server has very many peers, and
 * liveness tells it in time.
 */
static bool may_look(const struct mx_session *s)
{
	return s->up && s->sa->peer && s->sa->mobike && s->n_cand > 1 &&
	       s->sa->conn->dpd_delay_us && s->sa->first_initiator;
}

/**
 * mx_traffic_plan() - when to look, as things are now
 * @s: session
 */
void mx_traffic_plan(struct mx_session *s)
{
	if (!may_look(s))
		s->look_at = 0;
	else if (!s->look_at)
		s->look_at = ike_sa_now(s->sa) + LOOK_US;
}

/** mx_traffic_timer() - look at the kernel's counters if it is time */
void mx_traffic_timer(struct mx_session *s)
{
	uint64_t now = ike_sa_now(s->sa);

	if (!s->look_at || s->look_at > now)
		return;
	s->look_at = now + IDLE_US;
	ike_sa_count(s->sa);
}

/*
 * What is sent to the address that is tested, and what comes from any: the peer may
 * send from another one, which is an answer as well.
 */
static bool count_of(const struct mx_cand *c, const struct ike_path_count *v,
		     unsigned int n, uint64_t *tx, uint64_t *rx)
{
	bool found = false;

	*rx = 0;
	for (unsigned int i = 0; i < n; i++) {
		if (!wire_addr_equal(&v[i].local, &c->local))
			continue;
		*rx += v[i].rx;
		if (!wire_addr_equal(&v[i].remote, &c->remote))
			continue;
		*tx = v[i].tx;
		found = true;
	}
	return found;
}

/**
 * mx_traffic_quiet() - take over what the kernel has counted
 * @t: what is known of a path, brought up to date
 * @tx: packets sent
 * @rx: packets that came
 * @now: microseconds
 * @most_us: who goes on sending is asked at least as often
 *
 * Return: whether to ask by that path if anybody is there.
 */
bool mx_traffic_quiet(struct mx_traffic *t, uint64_t tx, uint64_t rx,
		      uint64_t now, uint64_t most_us)
{
	bool sent = tx != t->tx, came = rx != t->rx, busy = t->busy;
	uint64_t wait = ASK_US << t->asks, last = t->looked_us;

	t->tx = tx;
	t->rx = rx;
	t->busy = sent;
	t->looked_us = now;
	if (came) {
		t->quiet_us = 0;
		t->asks = 0;
		return false;
	}
	if (!sent)
		return false;
	/* What has just begun cannot have been answered yet. */
	if (!t->quiet_us)
		t->quiet_us = busy ? last : now;
	if (now - t->quiet_us < QUIET_US || (t->asks && t->ask_at > now))
		return false;
	t->ask_at = now + (wait < most_us ? wait : most_us);
	if (t->asks < ASKS_MAX)
		t->asks++;
	return true;
}

/**
 * mx_traffic_counts() - the kernel's answer (ike_ext_ops.counts)
 * @s: session
 * @v: what went by each path
 * @n: paths
 */
void mx_traffic_counts(struct mx_session *s, const struct ike_path_count *v,
		       unsigned int n)
{
	uint64_t now = ike_sa_now(s->sa);
	bool traffic = false, used = false;

	for (unsigned int i = 0; i < s->n_cand; i++) {
		struct mx_cand *c = &s->cand[i];
		struct mx_traffic *t = &c->traffic;
		uint64_t tx, rx;

		if (!count_of(c, v, n, &tx, &rx))
			continue;
		traffic |= tx != t->tx || rx != t->rx;
		if (!mx_traffic_quiet(t, tx, rx, now,
				      s->sa->conn->dpd_delay_us))
			continue;
		if (wire_addr_equal(&c->local, &s->sa->local.addr))
			used = true;
		else
			mx_test_soon(s, c);
	}
	s->look_at = now + (traffic ? LOOK_US : IDLE_US);
	/* Unanswered it does what anything else does that is not answered. */
	if (used && !ike_request_tells(s->sa))
		mx_liveness(s);
	mx_steer(s);
}
