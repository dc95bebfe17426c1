// SPDX-License-Identifier: GPL-2.0
/*
 * Signs of life: an INFORMATIONAL request with NATD and COOKIE2 and nothing else,
 * which changes nothing for who answers it (RFC 4555, sections 3.8 and 3.10).
 *
 * By the path in use it is liveness. By the others it is a test: now and then,
 * and all of them at once as soon as something by the path in use is not
 * answered, so that the next one is taken for a reason. A test is of no
 * importance: it leaves one slot of the window for others, and gives up its own
 * if even that is not enough.
 */
#include "crypto/util.h"
#include "mobike/session.h"
#include "wire/payload.h"

#include <stdlib.h>

/* Look again for room in the window. */
#define ROOM_US	  (500 * 1000ull)
/* Test again what did not answer. */
#define SILENT_US (30 * 1000000ull)

/** struct sign - of life, that has been asked for; @cookie: COOKIE2 */
struct sign {
	struct mx_session *s;
	bool is_test;
	struct wire_addr local;
	uint8_t cookie[MX_COOKIE_LEN];
};

static struct mx_cand *cand_of(struct mx_session *s,
			       const struct wire_addr *local)
{
	for (unsigned int i = 0; i < s->n_cand; i++)
		if (wire_addr_equal(&s->cand[i].local, local))
			return &s->cand[i];
	return NULL;
}

static bool build_sign(struct ike_sa *sa, void *ctx,
		       const struct wire_endpoint *local,
		       const struct wire_endpoint *remote, struct wire_enc *b)
{
	const struct sign *sign = ctx;

	if (sa->natt)
		ike_put_natd(sa, b, local, remote);
	wire_notify_encode(b, IKE_N_COOKIE2, sign->cookie,
			   sizeof(sign->cookie));
	return true;
}

/* What became of a test; @silent: nobody answered in time. */
static void tested(struct mx_session *s, const struct sign *sign, bool silent,
		   bool again)
{
	struct mx_cand *c = cand_of(s, &sign->local);
	uint64_t now = ike_sa_now(s->sa);

	if (!c || !c->testing)
		return;
	c->testing = false;
	c->test_at = again ? now + ROOM_US : 0;
	if (again)
		return;
	c->silent = silent;
	if (silent)
		mx_quality_lost(&c->quality);
	/* It is not moved to meanwhile, however much it is preferred. */
	if (silent && s->sa->conn->path_test_us > SILENT_US)
		c->test_at = now + SILENT_US;
}

/* How long the answer took is told of the way that it took. */
static void measure(struct mx_session *s, const struct ike_in *in)
{
	struct mx_cand *c = cand_of(s, &in->local.addr);

	if (c && !in->several && in->interval_us)
		mx_quality_answer(&c->quality, ike_sa_now(s->sa) - in->sent_us,
				  in->tries, in->interval_us);
}

static void sign_done(struct ike_sa *sa, void *ctx, enum ike_result result,
		      const struct ike_in *in)
{
	struct sign *sign = ctx;
	struct mx_session *s = sign->s;
	struct wire_notify n;

	if (result == IKE_RESULT_ANSWER &&
	    wire_notify_find(in->msg, IKE_N_COOKIE2, &n) &&
	    (n.data.len != sizeof(sign->cookie) ||
	     !crypto_equal(n.data.p, sign->cookie, sizeof(sign->cookie)))) {
		ike_sa_close(sa, "wrong COOKIE2 in an answer", true);
		return;
	}
	if (!s->sa)
		return;
	if (result == IKE_RESULT_ANSWER)
		measure(s, in);
	if (sign->is_test) {
		tested(s, sign, result == IKE_RESULT_TIMEOUT,
		       result == IKE_RESULT_YIELDED ||
			       result == IKE_RESULT_CLOSED);
		sign->is_test = false;
		if (result == IKE_RESULT_ANSWER)
			mx_nat_compare(s, sa, in);
		/* What is begun on an IKE SA that goes has no end. */
		if (result != IKE_RESULT_CLOSED || s->sa != sa)
			mx_steer(s);
	} else if (result == IKE_RESULT_ANSWER && s->sa == sa) {
		mx_nat_look(s, sa, in);
	}
}

static void sign_free(void *ctx)
{
	struct sign *sign = ctx;

	/* Or it was dropped before it was sent. */
	if (sign->is_test && sign->s->sa)
		tested(sign->s, sign, false, true);
	mx_session_put(sign->s);
	free(sign);
}

/**
 * mx_ask_for_sign() - ask for a sign of life, and how the NAT shows us
 * @s: session
 * @where: by which way, and how long; family 0 for the IKE SA's own addresses
 * @is_test: the candidate of that address is under test
 *
 * Return: false if it cannot be asked so.
 */
bool mx_ask_for_sign(struct mx_session *s, const struct ike_request_desc *where,
		     bool is_test)
{
	struct sign *sign = malloc(sizeof(*sign));
	struct ike_request_desc d = *where;

	if (!sign)
		return false;
	if (ike_sa_random(s->sa, sign->cookie, sizeof(sign->cookie))) {
		free(sign);
		return false;
	}
	sign->s = s;
	sign->is_test = is_test;
	sign->local = d.local.addr;
	mx_session_get(s);
	d.build = build_sign;
	d.done = sign_done;
	d.free = sign_free;
	d.ctx = sign;
	ike_sa_request(s->sa, &d);
	return true;
}

/**
 * mx_liveness() - ask for a sign of life by the path in use
 * @s: session
 *
 * With a cookie: whoever answers gets what is sent there (RFC 4555, sections
 * 3.10 and 5.3).
 *
 * Return: false if it cannot be asked so.
 */
bool mx_liveness(struct mx_session *s)
{
	const struct ike_request_desc here = { .timeout_us = 0 };

	return mx_ask_for_sign(s, &here, false);
}

/* ---------------------------------------------------------- other paths */

static bool in_use(struct mx_session *s, const struct mx_cand *c)
{
	return wire_addr_equal(&c->local, &mx_set_primary(&s->own)->addr) ||
	       wire_addr_equal(&c->local, &s->sa->local.addr);
}

/*
 * A peer that takes one request at a time has none left for tests. What leads by
 * the same link as another is not moved to, and nothing new is learned of it.
 */
static bool may_test(struct mx_session *s, const struct mx_cand *c)
{
	return s->sa->conn->path_test_us && !c->transient &&
	       ike_sa_peer_window(s->sa) > 1 &&
	       !c->testing && !in_use(s, c) &&
	       (s->mobikex || s->sa->first_initiator);
}

static bool is_spare(struct mx_session *s, const struct mx_cand *c)
{
	const struct mx_path *p = mx_set_by_addr(&s->own, &c->local);

	return s->mobikex && p && p->state == MOBIKEX_VALID;
}

static void test(struct mx_session *s, struct mx_cand *c)
{
	const struct mx_path *to = mx_set_by_addr(&s->peer, &c->remote);
	const struct ike_request_desc d = {
		.local = { .addr = c->local, .port = s->sa->local.port },
		.remote = { .addr = c->remote,
			    .port = to ? to->port : s->sa->remote.port },
		.timeout_us = MX_PROBE_US,
		.yields = true,
	};

	c->testing = true;
	c->tested_us = ike_sa_now(s->sa);
	if (!mx_ask_for_sign(s, &d, true)) {
		c->testing = false;
		c->test_at = c->tested_us + ROOM_US;
	}
}

/*
 * What the others showed is compared with it. While traffic comes by it nobody
 * asks for a sign of life.
 */
static void test_used(struct mx_session *s, uint64_t now)
{
	struct mx_cand *c = cand_of(s, &s->sa->local.addr);

	if (!c || ike_sa_window(s->sa) <= 1 || ike_request_tells(s->sa) ||
	    c->tested_us + s->sa->conn->path_test_us / 2 > now)
		return;
	c->tested_us = now;
	mx_liveness(s);
}

/**
 * mx_test_paths() - test the paths that are due
 * @s: session
 *
 * The one in use with them.
 */
void mx_test_paths(struct mx_session *s)
{
	uint64_t now = ike_sa_now(s->sa);
	bool any = false;

	for (unsigned int i = 0; s->sa && i < s->n_cand; i++) {
		struct mx_cand *c = &s->cand[i];

		if (in_use(s, c))
			c->silent = false;
		if (!may_test(s, c))
			continue;
		if (!c->test_at || (c->test_at == IKE_NEVER && is_spare(s, c)))
			c->test_at = is_spare(s, c) ?
					     now + s->sa->conn->path_test_us :
					     IKE_NEVER;
		if (c->test_at > now)
			continue;
		/* The last slot is for what matters. */
		if (ike_sa_window(s->sa) > 1) {
			any = true;
			test(s, c);
		} else {
			c->test_at = now + ROOM_US;
		}
	}
	if (any && s->sa)
		test_used(s, now);
}

/**
 * mx_test_soon() - test one path as soon as there is room
 * @s: session, whose mx_steer() is called after that
 * @c: its own address; nothing happens if it is not to be tested
 */
void mx_test_soon(struct mx_session *s, struct mx_cand *c)
{
	if (may_test(s, c))
		c->test_at = ike_sa_now(s->sa);
}

/**
 * mx_test_all() - the path in use does not answer: which of the others do?
 * @s: session
 *
 * Own addresses that are no paths as well: RFC 4555 has one path only.
 */
void mx_test_all(struct mx_session *s)
{
	for (unsigned int i = 0; i < s->n_cand; i++)
		mx_test_soon(s, &s->cand[i]);
	mx_steer(s);
}

/** mx_test_deadline() - when the next test is due, or IKE_NEVER */
uint64_t mx_test_deadline(const struct mx_session *s, uint64_t now)
{
	uint64_t t = IKE_NEVER;

	for (unsigned int i = 0; i < s->n_cand; i++) {
		const struct mx_cand *c = &s->cand[i];

		if (!c->testing && c->test_at > now && c->test_at < t)
			t = c->test_at;
	}
	return t;
}
