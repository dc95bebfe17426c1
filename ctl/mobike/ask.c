// SPDX-License-Identifier: GPL-2.0
/*
 * Own requests that change own paths: one at a time (MOBIKE-X, section 5).
 *
 * What the peer could make use of is accepted by the kernel before the request
 * leaves (I4): a new path of a soft change is only taken from until the answer
 * is in, one of a hard change is sent by at once. An error goes back to the set
 * from before.
 */
#include "mobike/session.h"
#include "wire/mobike.h"

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

/** struct call - what a request's callbacks get */
struct call {
	struct mx_session *s;
	uint64_t serial;
};

static struct mx_ask *begin(struct mx_session *s, enum mx_ask_kind kind,
			    bool for_cmd)
{
	struct mx_ask *a = calloc(1, sizeof(*a));

	if (!a || !mx_set_copy(&a->before, &s->own)) {
		if (a)
			mx_set_free(&a->before);
		free(a);
		if (for_cmd)
			mx_command_end(s, -ENOMEM, "out of memory");
		return NULL;
	}
	a->kind = kind;
	a->for_cmd = for_cmd;
	a->serial = ++s->serial;
	a->retry_at = IKE_NEVER;
	a->started_us = ike_sa_now(s->sa);
	s->ask = a;
	return a;
}

/** mx_ask_drop() - nothing is under way any more */
void mx_ask_drop(struct mx_session *s)
{
	if (!s->ask)
		return;
	mx_set_free(&s->ask->before);
	mx_set_free(&s->ask->peer_before);
	free(s->ask);
	s->ask = NULL;
}

/* ------------------------------------------------------- the request */

static bool has_update(const struct mx_ask *a)
{
	for (unsigned int i = 0; i < a->n; i++)
		if (a->ops[i].kind == MX_OP_UPDATE)
			return true;
	return false;
}

static bool build(struct ike_sa *sa, void *ctx,
		  const struct wire_endpoint *local,
		  const struct wire_endpoint *remote, struct wire_enc *b)
{
	const struct call *c = ctx;
	const struct mx_ask *a = c->s->ask;

	if (!a || a->serial != c->serial)
		return false;
	if (has_update(a))
		wire_notify_encode(b, IKE_N_UPDATE_SA_ADDRESSES, NULL, 0);
	for (unsigned int i = 0; i < a->n; i++)
		if (!(a->ops[i].kind == MX_OP_UPDATE && a->ops[i].derived))
			mx_put_block(b, &a->ops[i]);
	if (a->kind == MX_ASK_QUERY)
		wire_notify_encode(b, IKE_N_SA_ADDRESS_SET, NULL, 0);
	else if (!sa->natt)
		mobike_no_nats_encode(b, local, remote);
	ike_put_natd(sa, b, local, remote);
	wire_notify_encode(b, IKE_N_COOKIE2, a->cookie, sizeof(a->cookie));
	return true;
}

static void release(void *ctx)
{
	struct call *c = ctx;

	mx_session_put(c->s);
	free(c);
}

/**
 * mx_ask_again() - make the request anew
 * @s: session with a request under way
 * @wait: after so many microseconds
 */
void mx_ask_again(struct mx_session *s, uint64_t wait)
{
	s->ask->request = 0;
	s->ask->serial = ++s->serial;
	s->ask->retry_at = ike_sa_now(s->sa) + wait;
	mx_deadline(s);
}

static void done(struct ike_sa *sa, void *ctx, enum ike_result result,
		 const struct ike_in *in)
{
	struct call *c = ctx;
	struct mx_session *s = c->s;

	if (!s->sa || !s->ask || s->ask->serial != c->serial)
		return;
	switch (result) {
	case IKE_RESULT_ANSWER:
		mx_ask_answered(s, sa, in);
		break;
	case IKE_RESULT_TIMEOUT:
		mx_ask_failed(s, -ETIMEDOUT, "no answer by this path");
		break;
	case IKE_RESULT_CLOSED:
		/* Rekeyed meanwhile: the new IKE SA asks anew. */
		if (s->sa != sa)
			mx_ask_again(s, 0);
		break;
	case IKE_RESULT_YIELDED:
		break;
	}
}

/**
 * mx_ask_send() - send the request under way, as a new one
 * @s: session with a request under way
 *
 * The caller calls mx_steer() sooner or later.
 */
void mx_ask_send(struct mx_session *s)
{
	struct mx_ask *a = s->ask;
	struct call *c = malloc(sizeof(*c));
	struct ike_request_desc d;
	uint64_t request;
	bool held;

	if (!c) {
		mx_ask_failed(s, -ENOMEM, "out of memory");
		return;
	}
	/* A cookie that can be guessed proves nothing. */
	if (ike_sa_random(s->sa, a->cookie, sizeof(a->cookie))) {
		free(c);
		mx_ask_failed(s, -EIO, "no random octets for COOKIE2");
		return;
	}
	a->tries++;
	a->retry_at = IKE_NEVER;
	c->s = s;
	c->serial = a->serial;
	mx_session_get(s);
	d = (struct ike_request_desc){
		.build = build,
		.done = done,
		.free = release,
		.ctx = c,
	};
	/* These try a path; the others follow the IKE SA. */
	if (a->kind == MX_ASK_ADD || a->kind == MX_ASK_PRIMARY ||
	    (a->kind == MX_ASK_REFRESH &&
	     a->id != mx_set_primary(&s->own)->id)) {
		d.local = a->local;
		d.remote = a->remote;
		d.timeout_us = MX_PROBE_US;
		d.stays = true;
	}
	/* A test that gives up its slot for this steers. */
	held = mx_hold(s);
	request = ike_sa_request(s->sa, &d);
	mx_release(s, held);
	/* The IKE SA may have come to its end. */
	if (s->ask != a)
		return;
	a->request = request;
	if (!request)
		mx_ask_failed(s, -ENOMEM, "the request could not be made");
}

/* --------------------------------------------------------- the staging */

static void staged(struct mx_session *s, uint64_t serial, int err)
{
	if (!s->ask || s->ask->serial != serial)
		return;
	if (err) {
		mx_ask_failed(s, err, "the kernel refused the new set of paths");
		return;
	}
	if (s->ask->kind == MX_ASK_HARD)
		ike_sa_set_addresses(s->sa, &s->ask->local, &s->ask->remote);
	mx_ask_send(s);
}

/* The peer's primary path goes along with the own one; it may have to come back. */
static void take_along(struct mx_session *s, struct mx_ask *a)
{
	const struct mx_path *to = mx_set_by_addr(&s->peer, &a->remote.addr);
	uint32_t led = to ? to->led : 0;

	a->peer_from = mx_set_primary(&s->peer)->id;
	a->took_along = mx_follow_family(&s->peer, &s->own, &a->remote.addr);
	a->peer_to = mx_set_primary(&s->peer)->id;
	a->peer_led = to ? led : mx_set_primary(&s->peer)->led;
}

/* The own set changes by what is true here, @op, whatever will be said. */
static void stage(struct mx_session *s, const struct mx_op *op, uint8_t fresh)
{
	struct mx_ask *a = s->ask;
	struct mx_refusal why;
	struct mx_req req = {
		.src = a->local.addr,
		.src_port = a->local.port,
		.dst = a->remote.addr,
		.now = ike_sa_now(s->sa),
		.fresh = fresh,
		.max_paths = s->max_paths,
		/* The peer has told of the address that it goes to. */
		.may_join = a->kind == MX_ASK_ADD,
		.partner4 = mx_set_has_family(&s->peer, 4),
		.partner6 = mx_set_has_family(&s->peer, 6),
	};
	struct mx_set next = { 0 };

	if (!mx_set_copy(&next, &s->own)) {
		mx_set_free(&next);
		mx_ask_failed(s, -ENOMEM, "out of memory");
		return;
	}
	if (mx_set_apply(&next, op, 1, &req, &why)) {
		mx_set_free(&next);
		mx_ask_failed(s, why.reason == MOBIKEX_R_INTERNAL ? -ENOMEM :
								    -EINVAL,
			      why.text);
		return;
	}
	if (mx_pairs_live(&next, &s->peer) > IKE_MAX_PATHS) {
		mx_set_free(&next);
		mx_ask_failed(s, -ENOSPC, "too many pairs of addresses");
		return;
	}
	mx_set_move(&s->own, &next);
	take_along(s, a);
	mx_commit(s, staged, a->serial);
}

static void set_ends(struct mx_session *s, const struct wire_addr *local,
		     const struct wire_addr *remote)
{
	const struct mx_path *p = mx_set_by_addr(&s->peer, remote);

	s->ask->local.addr = *local;
	s->ask->local.port = s->sa->local.port;
	s->ask->remote.addr = *remote;
	s->ask->remote.port = p ? p->port : s->sa->remote.port;
}

/* Where a path of ours is to send to: as its candidate says, if it has one. */
static void set_ends_of(struct mx_session *s, const struct mx_path *own)
{
	const struct mx_cand *c = mx_cand_find(s->cand, s->n_cand, &own->addr);
	const struct mx_path *p = mx_set_primary(&s->peer);

	set_ends(s, &own->addr, c ? &c->remote : &p->addr);
}

/**
 * mx_ask_add() - announce a new path, softly
 * @s: session with no request under way
 * @c: the address
 * @for_cmd: for the command at the head of the queue
 */
void mx_ask_add(struct mx_session *s, const struct mx_cand *c, bool for_cmd)
{
	struct mx_ask *a = begin(s, MX_ASK_ADD, for_cmd);

	if (!a)
		return;
	a->id = (uint16_t)mx_set_free_id(&s->own);
	a->n = 1;
	a->ops[0].kind = MX_OP_ADD;
	a->ops[0].id = a->id;
	a->ops[0].flags = MOBIKEX_F_SOFT;
	/* What is there for some flows is the peer's last choice as well. */
	a->ops[0].preference = c->rank > 255 || c->transient ? 255 :
							(uint8_t)c->rank;
	a->ops[0].new_addr = c->local;
	set_ends(s, &c->local, &c->remote);
	stage(s, &a->ops[0], MOBIKEX_TENTATIVE);
}

/*
 * A NAT may have changed the mapping while the path was not used: with its
 * address the block says that where it comes from now counts.
 */
static void name_mapping(const struct mx_path *p, struct mx_op *op)
{
	if (!(p->nat & IKE_NATD_LOCAL))
		return;
	op->old_addr = p->addr;
	op->new_addr = p->addr;
}

/**
 * mx_ask_primary() - make a proven path the primary one, softly
 * @s: session with no request under way
 * @id: the path
 * @for_cmd: for the command at the head of the queue
 */
void mx_ask_primary(struct mx_session *s, uint16_t id, bool for_cmd)
{
	const struct mx_path *p = mx_set_find(&s->own, id);
	struct mx_ask *a = begin(s, MX_ASK_PRIMARY, for_cmd);

	if (!a)
		return;
	a->id = id;
	a->n = 1;
	a->ops[0].kind = MX_OP_UPDATE;
	a->ops[0].id = id;
	a->ops[0].flags = MOBIKEX_F_PRIMARY | MOBIKEX_F_SOFT |
			  (p->flags & MOBIKEX_F_BACKUP);
	a->ops[0].preference = p->preference;
	name_mapping(p, &a->ops[0]);
	set_ends_of(s, p);
	mx_ask_send(s);
}

static void hard_block(const struct mx_session *s, const struct mx_path *p,
		       const struct mx_cand *c, struct mx_op *op)
{
	op->id = p->id;
	op->flags = MOBIKEX_F_PRIMARY;
	op->preference = p->preference;
	if (!s->mobikex) {
		op->kind = MX_OP_UPDATE;
		op->derived = true;
		return;
	}
	/* Whether the peer has heard of it or not, it is known afterwards. */
	op->kind = p->confirmed.family ? MX_OP_UPDATE : MX_OP_ADD;
	if (op->kind == MX_OP_ADD) {
		op->new_addr = c->local;
	} else if (!wire_addr_equal(&p->confirmed, &c->local)) {
		op->old_addr = p->confirmed;
		op->new_addr = c->local;
	} else {
		name_mapping(p, op);
	}
}

/**
 * mx_ask_hard() - go on by another address at once
 * @s: session with no request under way
 * @id: path that is to be primary
 * @c: the address that it has or is to have
 * @for_cmd: for the command at the head of the queue
 */
void mx_ask_hard(struct mx_session *s, uint16_t id, const struct mx_cand *c,
		 bool for_cmd)
{
	struct mx_path *p = mx_set_find(&s->own, id);
	struct mx_ask *a = begin(s, MX_ASK_HARD, for_cmd);
	struct mx_op op = { .kind = MX_OP_UPDATE, .id = id };

	if (!a)
		return;
	a->id = id;
	a->n = 1;
	hard_block(s, p, c, &a->ops[0]);
	set_ends(s, &c->local, &c->remote);
	op.flags = MOBIKEX_F_PRIMARY;
	op.preference = p->preference;
	if (wire_addr_equal(&p->addr, &c->local)) {
		p->state = MOBIKEX_VALID;
	} else {
		op.old_addr = p->addr;
		op.new_addr = c->local;
	}
	stage(s, &op, MOBIKEX_VALID);
}

/**
 * mx_ask_elsewhere() - go on at once, to an address that the peer has told of
 * @s: session with no request under way
 * @c: from where to where
 * @trial: go back if it is not answered soon
 *
 * Nothing is sent there but this until it is answered. Both sets begin anew.
 */
void mx_ask_elsewhere(struct mx_session *s, const struct mx_cand *c,
		      bool trial)
{
	struct mx_ask *a = begin(s, MX_ASK_HARD, false);
	const struct mx_path *from = mx_set_by_addr(&s->own, &c->local);
	struct mx_req own = {
		.src = c->local,
		.src_port = s->sa->local.port,
		.nat = from ? from->nat : mx_set_primary(&s->own)->nat,
		.now = ike_sa_now(s->sa),
		.fresh = MOBIKEX_VALID,
	};
	struct mx_req peer = {
		.src = c->remote,
		.src_port = s->sa->remote.port,
		.dst = c->local,
		.now = own.now,
		.fresh = MOBIKEX_TENTATIVE,
	};

	if (!a)
		return;
	a->local = (struct wire_endpoint){ own.src, own.src_port };
	a->remote = (struct wire_endpoint){ peer.src, peer.src_port };
	if (!mx_set_copy(&a->peer_before, &s->peer)) {
		mx_ask_failed(s, -ENOMEM, "out of memory");
		return;
	}
	a->elsewhere = true;
	a->trial = trial;
	a->n = 1;
	a->ops[0].kind = MX_OP_UPDATE;
	a->ops[0].derived = true;
	mx_set_restart(&s->own, &own);
	mx_set_restart(&s->peer, &peer);
	mx_candidates(s);
	mx_commit(s, staged, a->serial);
}

/**
 * mx_ask_remove() - withdraw paths
 * @s: session with no request under way
 * @ids: the paths
 * @n: how many, up to MX_MAX_PATHS
 * @for_cmd: for the command at the head of the queue
 */
void mx_ask_remove(struct mx_session *s, const uint16_t *ids, unsigned int n,
		   bool for_cmd)
{
	struct mx_ask *a = begin(s, MX_ASK_REMOVE, for_cmd);

	if (!a)
		return;
	a->id = ids[0];
	a->n = n;
	for (unsigned int i = 0; i < n; i++) {
		a->ops[i].kind = MX_OP_REMOVE;
		a->ops[i].id = ids[i];
		a->ops[i].index = (uint16_t)i;
	}
	set_ends_of(s, mx_set_primary(&s->own));
	mx_layers(s);
	mx_ask_send(s);
}

/**
 * mx_ask_refresh() - tell where the NAT shows a path now (RFC 4555, section 3.8)
 * @s: session with no request under way
 * @id: the path
 */
void mx_ask_refresh(struct mx_session *s, uint16_t id)
{
	struct mx_path *p = mx_set_find(&s->own, id);
	struct mx_ask *a = begin(s, MX_ASK_REFRESH, false);

	if (!a)
		return;
	a->id = id;
	a->n = 1;
	a->ops[0].kind = MX_OP_UPDATE;
	a->ops[0].derived = !s->mobikex;
	a->ops[0].id = id;
	a->ops[0].flags = p->flags & (MOBIKEX_F_PRIMARY | MOBIKEX_F_BACKUP);
	a->ops[0].preference = p->preference;
	a->ops[0].old_addr = p->confirmed.family ? p->confirmed : p->addr;
	a->ops[0].new_addr = p->addr;
	set_ends_of(s, p);
	mx_ask_send(s);
}

/** mx_ask_query() - ask for the peer's view of our paths */
void mx_ask_query(struct mx_session *s)
{
	if (!begin(s, MX_ASK_QUERY, false))
		return;
	set_ends_of(s, mx_set_primary(&s->own));
	mx_ask_send(s);
}

/** mx_ask_timer() - send what was put off */
void mx_ask_timer(struct mx_session *s, uint64_t now)
{
	if (s->ask && s->ask->retry_at <= now)
		mx_ask_send(s);
}

/**
 * mx_ask_preempt() - something more urgent is to be asked
 * @s: session with a request under way
 *
 * The request is on the wire and will be answered, but nobody waits: it leaves
 * by the addresses that the next one takes (RFC 4555, section 3.5). What it
 * staged stays, as the peer may know of it: the next answer tells.
 */
void mx_ask_preempt(struct mx_session *s)
{
	struct mx_ask *a = s->ask;

	if (a->request)
		ike_sa_request_forget(s->sa, a->request);
	if (a->kind == MX_ASK_QUERY) {
		s->yields = false;
		mx_settle(s, MX_QUERY_US);
	}
	mx_ask_drop(s);
}
