// SPDX-License-Identifier: GPL-2.0
/* INFORMATIONAL: liveness, Delete, and whatever an extension makes of it. */
#include <string.h>

#include "ike/priv.h"
#include "wire/mobike.h"

static bool build_nothing(struct ike_sa *sa, void *ctx,
			  const struct wire_endpoint *local,
			  const struct wire_endpoint *remote,
			  struct wire_enc *b)
{
	(void)sa;
	(void)ctx;
	(void)local;
	(void)remote;
	(void)b;
	return true;
}

/* Ask for a sign of life (RFC 7296, section 2.4). */
void ike_info_liveness(struct ike_sa *sa)
{
	static const struct ike_request_desc d = { .build = build_nothing };
	const struct ike_ext_ops *ext = sa->eng->ext;

	if (sa->state == IKE_SA_ESTABLISHED && sa->p->announced && ext &&
	    ext->liveness && ext->liveness(sa))
		return;
	ike_sa_request(sa, &d);
}

/**
 * ike_info_awake() - the host slept: is the peer there, and by which way
 * @sa: IKE SA
 *
 * What waits for an answer begins afresh: the time that nobody could have
 * answered in does not count.
 */
void ike_info_awake(struct ike_sa *sa)
{
	const struct ike_ext_ops *ext = sa->eng->ext;

	if (sa->state != IKE_SA_DEAD)
		ike_sa_resend(sa);
	if (sa->state != IKE_SA_ESTABLISHED)
		return;
	if (!ike_request_tells(sa))
		ike_info_liveness(sa);
	if (ext && ext->awake)
		ext->awake(sa);
}

/**
 * ike_info_probe() - ask for a sign of life where the peer may be
 * @sa: IKE SA
 * @remote: there
 * @done: told of the answer, or that there was none within @timeout_us
 * @timeout_us: see struct ike_request_desc
 */
void ike_info_probe(struct ike_sa *sa, const struct wire_endpoint *remote,
		    void (*done)(struct ike_sa *sa, void *ctx,
				 enum ike_result result,
				 const struct ike_in *in),
		    uint64_t timeout_us)
{
	const struct ike_request_desc d = {
		.local = sa->local,
		.remote = *remote,
		.build = build_nothing,
		.done = done,
		.timeout_us = timeout_us,
	};

	ike_sa_request(sa, &d);
}

static bool build_window(struct ike_sa *sa, void *ctx,
			 const struct wire_endpoint *local,
			 const struct wire_endpoint *remote,
			 struct wire_enc *b)
{
	uint8_t n[4];

	(void)ctx;
	(void)local;
	(void)remote;
	wire_put_u32(n, sa->p->own_window);
	wire_notify_encode(b, IKE_N_SET_WINDOW_SIZE, n, sizeof(n));
	return true;
}

/* A new IKE SA begins with a window of one (RFC 7296, section 2.3). */
void ike_info_announce_window(struct ike_sa *sa)
{
	static const struct ike_request_desc d = { .build = build_window };

	if (sa->p->own_window > 1)
		ike_sa_request(sa, &d);
}

/* The peer says how many requests it takes at once. It never says fewer. */
void ike_info_window(struct ike_sa *sa, const struct ike_in *in)
{
	struct wire_notify n;
	uint32_t v;

	if (!wire_notify_find(in->msg, IKE_N_SET_WINDOW_SIZE, &n) ||
	    !wire_notify_u32(&n, &v))
		return;
	if (v > IKE_MAX_WINDOW)
		v = IKE_MAX_WINDOW;
	if (v > sa->p->peer_window)
		sa->p->peer_window = v;
}

/* -------------------------------------------------------------- Delete */

struct deletes {
	bool any;
	bool ike;
	unsigned int n;
	uint32_t spi[64];
};

static void read_deletes(const struct wire_msg *msg, struct deletes *d)
{
	const struct wire_payload *pl = NULL;
	struct wire_delete del;
	unsigned int i;

	memset(d, 0, sizeof(*d));
	while ((pl = wire_msg_next(msg, IKE_PL_DELETE, pl))) {
		if (wire_delete_decode(pl, &del) != WIRE_OK)
			continue;
		d->any = true;
		if (del.protocol == IKE_PROTO_IKE)
			d->ike = true;
		for (i = 0; del.protocol == IKE_PROTO_ESP && i < del.n &&
		     d->n < sizeof(d->spi) / sizeof(d->spi[0]); i++)
			d->spi[d->n++] = wire_delete_spi(&del, i);
	}
}

/*
 * Delete names the sender's inbound SPIs; the answer names ours of the same
 * pairs, but for those that we are deleting ourselves (sections 1.4.1, 2.25).
 */
static void delete_children(struct ike_sa *sa, uint32_t mid,
			    const struct deletes *d)
{
	struct ike_sa *heir = ike_sa_heir(sa);
	uint32_t own[sizeof(d->spi) / sizeof(d->spi[0])];
	struct ike_child *c;
	struct wire_enc enc;
	uint16_t n = 0;
	unsigned int i;

	for (i = 0; i < d->n; i++) {
		c = ike_child_find_out(heir, d->spi[i]);
		if (!c) {
			ike_create_gone(heir, d->spi[i]);
			continue;
		}
		ike_switch_from(heir, c->spi_in);
		if (c->state != IKE_CHILD_CLOSING)
			own[n++] = c->spi_in;
		ike_child_forget(heir, c, "the peer deleted it");
	}
	wire_enc_start(&enc, NULL);
	if (n)
		wire_delete_encode_esp(&enc, own, n);
	ike_slot_answer(sa, mid, &enc);
}

static void answer_empty(struct ike_sa *sa, uint32_t mid)
{
	struct wire_enc enc;

	wire_enc_start(&enc, NULL);
	ike_slot_answer(sa, mid, &enc);
}

/* ------------------------------------------------------------- requests */

/* What the peer says has gone wrong at its end for good (section 2.21). */
static bool fatal(const struct ike_in *in)
{
	struct wire_notify n;

	return wire_notify_find(in->msg, IKE_N_AUTHENTICATION_FAILED, &n) ||
	       wire_notify_find(in->msg, IKE_N_INVALID_SYNTAX, &n);
}

/* Without an extension: RFC 4555, sections 3.7 and 3.8, and nothing else. */
static void answer_plain(struct ike_sa *sa, const struct ike_in *in,
			 struct wire_enc *enc)
{
	struct wire_span cookie;
	struct wire_notify n;

	if (wire_notify_find(in->msg, IKE_N_COOKIE2, &n) &&
	    mobike_cookie2_decode(&n, &cookie) == WIRE_OK)
		wire_notify_encode(enc, IKE_N_COOKIE2, cookie.p, cookie.len);
	if (ike_in_natd(sa, in) != IKE_NATD_ABSENT)
		ike_put_natd(sa, enc, &in->local, &in->remote);
}

static void other(struct ike_sa *sa, const struct ike_in *in)
{
	const struct ike_ext_ops *ext = sa->eng->ext;
	enum ike_verdict verdict = IKE_PASS;
	struct wire_enc enc;

	ike_info_window(sa, in);
	wire_enc_start(&enc, NULL);
	if (ext && ext->request)
		verdict = ext->request(sa, in, &enc);
	switch (verdict) {
	case IKE_PASS:
		answer_plain(sa, in, &enc);
		ike_slot_answer(sa, in->mid, &enc);
		break;
	case IKE_ANSWER:
		ike_slot_answer(sa, in->mid, &enc);
		break;
	case IKE_LATER:
		wire_enc_free(&enc);
		break;
	case IKE_ANSWER_CLOSE:
		ike_slot_answer(sa, in->mid, &enc);
		ike_sa_fail(ike_sa_heir(sa), "the peer broke the protocol");
		break;
	}
	if (sa->state == IKE_SA_ESTABLISHED && ike_redirect_in(sa, in->msg))
		return;
	if (sa->state != IKE_SA_DEAD)
		ike_requests_pump(sa);
}

/** ike_info_closes() - does a request close the IKE SA that it came by */
bool ike_info_closes(const struct ike_in *in)
{
	struct deletes d;

	if (in->msg->hdr.exchange != IKE_EX_INFORMATIONAL)
		return false;
	read_deletes(in->msg, &d);
	return d.ike;
}

/*
 * If the peer has replaced it without having seen that we were about to, then
 * its own counts (section 2.8.2). In any case it knows the successor.
 */
static void closed_by_peer(struct ike_sa *sa)
{
	if (sa->p->rekey && sa->p->rekey->rival)
		ike_rekey_rival_wins(sa);
	if (sa->p->successor)
		ike_rekey_heard(ike_sa_heir(sa));
}

/**
 * ike_info_request() - an INFORMATIONAL request
 * @sa: IKE SA beyond IKE_AUTH
 * @in: request, authentic and well-formed
 */
void ike_info_request(struct ike_sa *sa, const struct ike_in *in)
{
	struct deletes d;

	ike_qcd_read(sa, in->msg);
	read_deletes(in->msg, &d);
	if (d.ike || fatal(in)) {
		answer_empty(sa, in->mid);
		closed_by_peer(sa);
		ike_resume_revoke(sa);
		ike_sa_fail(sa, d.ike ? "the peer closed it" :
			    "the peer reports an error that ends it");
	} else if (sa->state != IKE_SA_ESTABLISHED &&
		   sa->state != IKE_SA_REKEYED) {
		answer_empty(sa, in->mid);
	} else if (d.any) {
		delete_children(sa, in->mid, &d);
	} else {
		other(sa, in);
	}
}
