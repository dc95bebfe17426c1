// SPDX-License-Identifier: GPL-2.0
/* Requests of the peer that change its paths (MOBIKE-X, section 6). */
#include "mobike/session.h"
#include "wire/mobike.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/**
 * mx_barred() - has an address of the peer failed its check lately
 * @s: session
 * @addr: address
 * @now: microseconds
 *
 * Return: whether it is to be refused.
 */
bool mx_barred(const struct mx_session *s, const struct wire_addr *addr,
	       uint64_t now)
{
	for (unsigned int i = 0; i < s->n_barred; i++)
		if (s->barred[i].until > now &&
		    wire_addr_equal(&s->barred[i].addr, addr))
			return true;
	return false;
}

static int say_no(struct mx_answer *a, uint16_t error, uint16_t reason,
		  uint16_t index, const char *text)
{
	a->error = error;
	a->why.reason = reason;
	a->why.index = index;
	snprintf(a->why.text, sizeof(a->why.text), "%s", text);
	return -1;
}

/* Not by an entry that stands for all addresses. */
static bool named(const struct ike_prefix *v, unsigned int n,
		  const struct wire_addr *addr)
{
	for (unsigned int i = 0; i < n; i++)
		if (v[i].addr.family && ike_prefix_has(&v[i], addr))
			return true;
	return false;
}

/** mx_allowed() - do the lists of a connection let the peer have an address */
bool mx_allowed(const struct ike_conn *conn, const struct wire_addr *addr)
{
	return (!conn->nallow ||
		ike_prefixes_have(conn->allow, conn->nallow, addr)) &&
	       !ike_prefixes_have(conn->deny, conn->ndeny, addr);
}

/* Step 6: may the peer be at this address at all? */
static int check_address(const struct mx_session *s,
			 const struct wire_addr *addr, struct mx_answer *a)
{
	const struct ike_conn *conn = s->sa->conn;
	const uint16_t refused = IKE_N_UNACCEPTABLE_ADDRESSES;

	switch (wire_addr_kind(addr)) {
	case WIRE_ADDR_UNICAST:
		break;
	case WIRE_ADDR_LOOPBACK:
	case WIRE_ADDR_LINK_LOCAL:
		if (named(conn->allow, conn->nallow, addr))
			break;
		return say_no(a, refused, MOBIKEX_R_POLICY_DENIED, 0,
			      "link-local and loopback are not allowed here");
	case WIRE_ADDR_UNSPECIFIED:
	case WIRE_ADDR_MULTICAST:
	case WIRE_ADDR_BROADCAST:
	case WIRE_ADDR_MAPPED:
		return say_no(a, refused, MOBIKEX_R_POLICY_DENIED, 0,
			      "not an address of a host");
	}
	if (conn->nallow &&
	    !ike_prefixes_have(conn->allow, conn->nallow, addr))
		return say_no(a, refused, MOBIKEX_R_POLICY_DENIED, 0,
			      "address not in the list of allowed ones");
	if (ike_prefixes_have(conn->deny, conn->ndeny, addr))
		return say_no(a, refused, MOBIKEX_R_POLICY_DENIED, 0,
			      "address in the list of denied ones");
	if (mx_barred(s, addr, ike_sa_now(s->sa)))
		return say_no(a, refused, MOBIKEX_R_RRC_FAILED, 0,
			      "address failed its routability check just now");
	return 0;
}

/* By protocol and ports: whose addresses they are is the question here. */
static bool selectors_meet(const struct ike_child *a, const struct ike_child *b)
{
	for (unsigned int i = 0; i < a->nselectors; i++)
		for (unsigned int j = 0; j < b->nselectors; j++)
			if (ike_selector_meets(&a->selectors[i],
					       &b->selectors[j]))
				return true;
	return false;
}

/* Transport Child SAs only: in tunnel mode inner addresses tell hosts apart. */
static bool children_meet(const struct ike_sa *a, const struct ike_sa *b)
{
	for (const struct ike_child *x = a->children; x; x = x->next)
		for (const struct ike_child *y = b->children; y; y = y->next)
			if (ike_child_is_transport(x) &&
			    ike_child_is_transport(y) && selectors_meet(x, y))
				return true;
	return false;
}

/*
 * Step 8: nobody takes over an address that another identity's transport Child
 * SA covers. The same identity may have come back before its old IKE SA ended.
 * What is configured by now does not count, but what there is.
 */
static int check_owner(const struct mx_session *s, const struct wire_addr *addr,
		       struct mx_answer *a)
{
	struct ike_sa *o = NULL;

	while ((o = ike_sa_next(s->sa, o))) {
		struct mx_session *other = o->ext;

		if (!other || other == s || !other->up || other->sa != o ||
		    ike_id_equal(&o->remote_id, &s->sa->remote_id) ||
		    (!mx_set_by_addr(&other->peer, addr) &&
		     !wire_addr_equal(&o->remote.addr, addr)) ||
		    !children_meet(s->sa, o))
			continue;
		return say_no(a, IKE_N_TS_UNACCEPTABLE,
			      MOBIKEX_R_SELECTOR_CONFLICT, 0,
			      "another peer uses this address");
	}
	return 0;
}

/**
 * mx_may_be_at() - may a NAT have the peer at an address
 *	(ike_ext_ops.may_be_at)
 * @sa: its IKE SA
 * @addr: address
 *
 * What holds for who moves by himself. In tunnel mode many may be at one
 * address, for inner ones tell them apart.
 */
bool mx_may_be_at(struct ike_sa *sa, const struct wire_addr *addr)
{
	struct mx_session *s = sa->ext;
	struct mx_answer a = { 0 };

	return !s || !s->sa ||
	       (!check_address(s, addr, &a) && !check_owner(s, addr, &a));
}

/* Do any of the blocks bring in the address that the request came from? */
static bool brings_address(const struct mx_request *rq)
{
	for (unsigned int i = 0; i < rq->n; i++)
		if (rq->ops[i].kind != MX_OP_REMOVE &&
		    (rq->ops[i].derived || rq->ops[i].new_addr.family))
			return true;
	return false;
}

/* A NAT that one of the ends does not want (RFC 4555, section 3.9). */
static bool unwanted_nat(const struct ike_sa *sa, const struct mx_request *rq)
{
	return rq->nat || (!sa->natt && (rq->natd & (IKE_NATD_LOCAL |
						     IKE_NATD_REMOTE)));
}

/*
 * A plain UPDATE that comes to an address outside of the own set: the peer
 * goes on there because our others fail. Both sets begin anew.
 */
static bool begins_anew(struct mx_session *s, const struct ike_in *in,
			const struct mx_request *rq)
{
	return rq->n == 1 && rq->ops[0].derived &&
	       rq->ops[0].kind == MX_OP_UPDATE &&
	       !mx_set_by_addr(&s->own, &in->local.addr);
}

static int apply(struct mx_session *s, const struct ike_in *in,
		 const struct mx_request *rq, struct mx_answer *a,
		 struct mx_set *next)
{
	enum ike_rrc policy = mx_rrc_policy(s);
	struct mx_req req = {
		.src = in->remote.addr,
		.src_port = in->remote.port,
		.dst = in->local.addr,
		.nat = rq->natd & (IKE_NATD_LOCAL | IKE_NATD_REMOTE),
		.nat_known = rq->natd != IKE_NATD_ABSENT,
		.now = ike_sa_now(s->sa),
		.credit = policy == IKE_RRC_EARLY ? in->size * 3 : 0,
		.fresh = policy == IKE_RRC_OFF ? MOBIKEX_VALID :
						 MOBIKEX_TENTATIVE,
		.max_paths = s->max_paths,
		.may_join = mx_others_may_join(s, &in->local.addr),
		.partner4 = mx_set_has_family(&s->own, 4),
		.partner6 = mx_set_has_family(&s->own, 6),
	};

	if (!mx_set_copy(next, &s->peer))
		return say_no(a, IKE_N_TEMPORARY_FAILURE, MOBIKEX_R_INTERNAL,
			      0, "out of memory");
	if (begins_anew(s, in, rq)) {
		mx_set_restart(next, &req);
		return 0;
	}
	if (mx_set_apply(next, rq->ops, rq->n, &req, &a->why)) {
		/* What is wrong here is not wrong with the addresses. */
		a->error = a->why.reason == MOBIKEX_R_INTERNAL ?
				   IKE_N_TEMPORARY_FAILURE :
				   IKE_N_UNACCEPTABLE_ADDRESSES;
		return -1;
	}
	if (mx_pairs_live(&s->own, next) > IKE_MAX_PATHS)
		return say_no(a, IKE_N_UNACCEPTABLE_ADDRESSES, MOBIKEX_R_LIMIT,
			      0, "too many pairs of addresses");
	return 0;
}

/* Steps 3 to 8; nothing is changed. */
static int judge(struct mx_session *s, struct ike_sa *sa,
		 const struct ike_in *in, const struct mx_request *rq,
		 struct mx_answer *a, struct mx_set *next)
{
	if (rq->why.reason) {
		a->error = IKE_N_UNACCEPTABLE_ADDRESSES;
		a->why = rq->why;
		return -1;
	}
	if (unwanted_nat(sa, rq)) {
		/* RFC 4555, section 3.9: nothing else is read from it. */
		a->error = IKE_N_UNEXPECTED_NAT_DETECTED;
		return -1;
	}
	if (s->pending)
		return say_no(a, IKE_N_TEMPORARY_FAILURE, MOBIKEX_R_BUSY, 0,
			      "another change is in work");
	if (brings_address(rq) && !mx_set_by_addr(&s->peer, &in->remote.addr) &&
	    (check_address(s, &in->remote.addr, a) ||
	     check_owner(s, &in->remote.addr, a)))
		return -1;
	if (begins_anew(s, in, rq) && !ike_sa_local_ok(sa, &in->local.addr))
		return say_no(a, IKE_N_UNACCEPTABLE_ADDRESSES,
			      MOBIKEX_R_POLICY_DENIED, 0,
			      "it came to an address that is not to be used");
	return apply(s, in, rq, a, next);
}

static void report_refusal(struct mx_session *s, const struct mx_answer *a)
{
	struct ike_report *r = ike_sa_report(s->sa, IKE_LOG_WARNING, "error");

	ike_report_text(r, "what", "%s", "address change of the peer refused");
	ike_report_addr(r, "remote", &a->remote.addr);
	ike_report_number(r, "notify", a->error);
	if (a->error == IKE_N_UNEXPECTED_NAT_DETECTED)
		ike_report_text(r, "why", "%s",
				"there is a NAT on the way, and one of the "
				"two ends does not allow any");
	if (a->why.reason) {
		ike_report_text(r, "reason", "%s",
				mobikex_reason_name(a->why.reason));
		ike_report_text(r, "why", "%s", a->why.text);
	}
}

struct late_answer {
	const struct mx_session *s;
	const struct mx_answer *a;
};

static void build_answer(struct ike_sa *sa, void *ctx, struct wire_enc *b)
{
	const struct late_answer *late = ctx;

	mx_put_answer(late->s, sa, b, late->a);
}

/** mx_pending_free() - NULL is fine */
void mx_pending_free(struct mx_pending *p)
{
	if (!p)
		return;
	mx_set_free(&p->before);
	mx_set_free(&p->own_before);
	free(p);
}

static struct mx_pending *pending_new(const struct mx_session *s)
{
	struct mx_pending *p = calloc(1, sizeof(*p));

	if (p && mx_set_copy(&p->before, &s->peer) &&
	    mx_set_copy(&p->own_before, &s->own))
		return p;
	mx_pending_free(p);
	return NULL;
}

static void report_changes(struct mx_session *s, const struct mx_set *before)
{
	struct mx_set was = *before;

	for (unsigned int i = 0; i < s->peer.n; i++) {
		const struct mx_path *p = &s->peer.path[i];
		const struct mx_path *q = mx_set_find(&was, p->id);

		if (!q)
			mx_report_path(s, "path-add", false, p);
		else if (!wire_addr_equal(&q->addr, &p->addr))
			mx_report_path(s, "path-state", false, p);
		if ((p->flags & MOBIKEX_F_PRIMARY) &&
		    !(q && (q->flags & MOBIKEX_F_PRIMARY)))
			mx_report_path(s, "primary", false, p);
	}
	for (unsigned int i = 0; i < was.n; i++)
		if (!mx_set_find(&s->peer, was.path[i].id))
			mx_report_path(s, "path-del", false, &was.path[i]);
}

static void report_move(struct mx_session *s, const struct mx_set *before,
			bool soft)
{
	const struct mx_path *p = mx_set_primary(&s->peer);
	const struct mx_path *q = mx_set_primary(before);
	struct ike_report *r;

	memset(&s->move, 0, sizeof(s->move));
	snprintf(s->move.kind, sizeof(s->move.kind), "%s",
		 soft ? "soft" : "hard");
	r = ike_sa_report(s->sa, IKE_LOG_INFO, "move");
	ike_report_text(r, "side", "peer");
	ike_report_text(r, "how", "%s", s->move.kind);
	ike_report_addr(r, "from", &q->addr);
	ike_report_addr(r, "to", &p->addr);
}

static void committed(struct mx_session *s, uint64_t serial, int err)
{
	struct mx_pending *p = s->pending;
	struct late_answer late = { .s = s };

	if (!p || serial != p->serial)
		return;
	s->pending = NULL;
	if (err) {
		mx_set_move(&s->peer, &p->before);
		mx_set_move(&s->own, &p->own_before);
		mx_follow_family(&s->own, &s->peer, NULL);
		mx_ask_follow(s, NULL);
		mx_candidates_follow(s, NULL);
		if (p->again) {
			mx_commit(s, NULL, 0);
			mx_follow_primary(s);
		}
		say_no(&p->answer, IKE_N_TEMPORARY_FAILURE, MOBIKEX_R_INTERNAL,
		       0, "the kernel refused the change");
		report_refusal(s, &p->answer);
	} else {
		mx_ask_peer_moved(s, p->moved, p->anew);
		mx_follow_primary(s);
	}
	late.a = &p->answer;
	ike_sa_answer(p->sa, p->mid, build_answer, &late);
	if (!err) {
		report_changes(s, &p->before);
		if (p->moved)
			report_move(s, &p->before, p->soft);
	}
	/* Checks of what is back may have been given up meanwhile. */
	mx_rrc_start(s);
	if (!err)
		mx_steer(s);
	mx_pending_free(p);
}

static bool primary_moves(const struct mx_set *was, const struct mx_set *is)
{
	const struct mx_path *p = mx_set_primary(was);
	const struct mx_path *q = mx_set_primary(is);

	return p->id != q->id || !wire_addr_equal(&p->addr, &q->addr) ||
	       (q->nat && p->port != q->port);
}

/* The mover says that its old path still works. */
static bool is_soft(const struct mx_request *rq)
{
	const uint8_t mark = MOBIKEX_F_PRIMARY | MOBIKEX_F_SOFT;

	for (unsigned int i = 0; i < rq->n; i++)
		if (rq->ops[i].kind == MX_OP_UPDATE &&
		    (rq->ops[i].flags & mark) == mark)
			return true;
	return false;
}

static enum ike_verdict carry_out(struct mx_session *s, struct ike_sa *sa,
				  const struct ike_in *in,
				  const struct mx_request *rq,
				  const struct mx_answer *a,
				  struct mx_set *next, struct mx_pending *p)
{
	struct mx_req own = {
		.now = ike_sa_now(s->sa),
		.fresh = MOBIKEX_VALID,
	};

	s->pending = p;
	p->sa = sa;
	p->mid = in->mid;
	p->serial = ++s->serial;
	p->answer = *a;
	p->moved = primary_moves(&s->peer, next);
	p->soft = is_soft(rq);
	p->anew = begins_anew(s, in, rq);
	mx_set_move(&s->peer, next);
	if (p->anew) {
		own.src = in->local.addr;
		own.src_port = in->local.port;
		own.nat = sa->nat & IKE_NATD_LOCAL;
		mx_set_restart(&s->own, &own);
		mx_candidates(s);
	} else {
		mx_follow_family(&s->own, &s->peer, &in->local.addr);
		mx_ask_follow(s, &in->local.addr);
		mx_candidates_follow(s, in);
	}
	mx_commit(s, committed, p->serial);
	return IKE_LATER;
}

/* Nothing that is older than this request changes anything from now on. */
static void note_order(struct mx_session *s, const struct ike_sa *sa,
		       const struct ike_in *in)
{
	s->last_sa = sa;
	s->last_born = sa->established_us;
	s->last_mid = in->mid;
}

/*
 * A request that a newer one has overtaken is answered and does nothing; nor
 * does one by an IKE SA of which any successor has brought a change.
 */
static bool is_stale(const struct mx_session *s, const struct ike_sa *sa,
		     const struct ike_in *in)
{
	if (sa->established_us < s->last_born)
		return true;
	return s->last_sa == sa && in->mid < s->last_mid;
}

static bool same_set(const struct mx_set *a, const struct mx_set *b)
{
	if (a->n != b->n || a->n_ghost != b->n_ghost)
		return false;
	for (unsigned int i = 0; i < a->n; i++) {
		const struct mx_path *p = &a->path[i], *q = &b->path[i];

		if (p->id != q->id || p->state != q->state ||
		    p->flags != q->flags || p->port != q->port ||
		    p->nat != q->nat ||
		    p->preference != q->preference ||
		    !wire_addr_equal(&p->addr, &q->addr))
			return false;
	}
	for (unsigned int i = 0; i < a->n_ghost; i++)
		if (a->ghost[i].accept_until != b->ghost[i].accept_until)
			return false;
	return true;
}

/* The mover says where its primary path is. */
static bool leads(const struct mx_request *rq)
{
	for (unsigned int i = 0; i < rq->n; i++)
		if (rq->ops[i].kind == MX_OP_UPDATE &&
		    (rq->ops[i].derived ||
		     (rq->ops[i].flags & MOBIKEX_F_PRIMARY)))
			return true;
	return false;
}

/*
 * Is the peer's view of the own set still what it was? Of two changes that cross
 * each end takes its own for the later one, which matters where a primary path
 * takes the other's along; and a plain UPDATE comes from a peer that has begun
 * anew, where it may have missed that its end of it was in our set. And where its
 * primary path goes it may have taken ours along, from where it had ours.
 */
static void look_after(struct mx_session *s, const struct mx_request *rq)
{
	bool both = mx_set_has_family(&s->own, 4) &&
		    mx_set_has_family(&s->own, 6);
	bool plain = rq->ops[0].derived && rq->ops[0].kind == MX_OP_UPDATE;

	if (!s->mobikex || s->own.n < 2)
		return;
	if (s->ask || leads(rq))
		mx_settle(s, MX_QUERY_US);
	if (s->ask)
		s->crossed |= both || plain;
	else if (plain)
		s->query_at = ike_sa_now(s->sa);
}

static enum ike_verdict change(struct mx_session *s, struct ike_sa *sa,
			       const struct ike_in *in,
			       const struct mx_request *rq, struct mx_answer *a,
			       struct wire_enc *body)
{
	struct mx_pending *p;
	struct mx_set next = { 0 };

	a->with_set = s->mobikex;
	if (is_stale(s, sa, in)) {
		mx_put_answer(s, sa, body, a);
		return IKE_ANSWER;
	}
	if (judge(s, sa, in, rq, a, &next)) {
		mx_set_free(&next);
		report_refusal(s, a);
		mx_put_answer(s, sa, body, a);
		return IKE_ANSWER;
	}
	p = pending_new(s);
	if (!p) {
		mx_set_free(&next);
		say_no(a, IKE_N_TEMPORARY_FAILURE, MOBIKEX_R_INTERNAL, 0,
		       "out of memory");
		mx_put_answer(s, sa, body, a);
		return IKE_ANSWER;
	}
	note_order(s, sa, in);
	look_after(s, rq);
	if (same_set(&s->peer, &next) && mx_primaries_meet(&s->own, &next) &&
	    !begins_anew(s, in, rq)) {
		mx_pending_free(p);
		mx_set_move(&s->peer, &next);
		mx_ask_peer_moved(s, false, false);
		mx_put_answer(s, sa, body, a);
		return IKE_ANSWER;
	}
	/* Which takes @next. */
	return carry_out(s, sa, in, rq, a, &next, p);
}

/*
 * What it is told holds until it says something new: nothing older changes it
 * afterwards, and what the kernel may yet refuse is not told.
 */
static void query(struct mx_session *s, struct ike_sa *sa,
		  const struct ike_in *in, struct mx_answer *a)
{
	a->with_set = true;
	if (is_stale(s, sa, in))
		return;
	if (s->pending) {
		say_no(a, IKE_N_TEMPORARY_FAILURE, MOBIKEX_R_BUSY, 0,
		       "a change is in work");
		return;
	}
	note_order(s, sa, in);
}

/* RFC 4555's announcements; the latest one counts. */
static void others(struct mx_session *s, struct ike_sa *sa,
		   const struct ike_in *in)
{
	if (sa != s->sa || (s->known_sa == sa && in->mid < s->known_mid))
		return;
	s->known_sa = sa;
	s->known_mid = in->mid;
	mx_others_in(s, sa, in);
	mx_steer(s);
}

/**
 * mx_request() - a request without Delete has come (ike_ext_ops.request)
 * @sa: by this IKE SA
 * @in: the request
 * @body: for an answer at once
 *
 * Return: what to do with @body.
 */
enum ike_verdict mx_request(struct ike_sa *sa, const struct ike_in *in,
			    struct wire_enc *body)
{
	struct mx_session *s = sa->ext;
	struct mx_request rq;
	struct mx_answer a;

	if (!s || !s->up || !s->sa || !sa->mobike)
		return IKE_PASS;
	mx_get_request(sa, in, s->mobikex, &rq, &a);
	if (rq.bad_cookie) {
		wire_notify_encode(body, IKE_N_INVALID_SYNTAX, NULL, 0);
		return IKE_ANSWER_CLOSE;
	}
	mx_nat_look(s, sa, in);
	if (!s->sa)
		return IKE_PASS;
	/* Between RFC 4555 hosts only the first initiator moves (section 3.5) */
	if (rq.changes && (s->mobikex || !sa->first_initiator))
		return change(s, sa, in, &rq, &a, body);
	if (!rq.query && !rq.additional)
		return IKE_PASS;
	if (rq.additional && rq.nat)
		a.error = IKE_N_UNEXPECTED_NAT_DETECTED;
	else if (rq.additional && sa->first_initiator)
		others(s, sa, in);
	if (rq.query && !a.error)
		query(s, sa, in, &a);
	mx_put_answer(s, sa, body, &a);
	return IKE_ANSWER;
}
