// SPDX-License-Identifier: GPL-2.0
/*
 * Protected messages that come in: our window, the answers that are kept for
 * requests that are repeated, and who handles what (RFC 7296, sections 2.1 to
 * 2.3).
 */
#include <stdlib.h>

#include "crypto/sk.h"
#include "crypto/util.h"
#include "ike/priv.h"
#include "wire/cert.h"
#include "wire/cp.h"

static struct ike_slot *slot_of(const struct ike_sa *sa, uint32_t mid)
{
	struct ike_slot *s = sa->p->slots;

	while (s && s->mid != mid)
		s = s->next;
	return s;
}

static struct ike_slot *slot_pending(struct ike_sa *sa, uint32_t mid)
{
	struct ike_slot *s = slot_of(sa, mid);

	return s && s->state == IKE_SLOT_PENDING ? s : NULL;
}

/* Takes one out of its list. */
static void slot_free(struct ike_slot **at)
{
	struct ike_slot *s = *at;

	*at = s->next;
	ike_buf_free(&s->answer);
	free(s);
}

/** ike_slots_clear() - forget all requests of the peer */
void ike_slots_clear(struct ike_sa *sa)
{
	while (sa->p->slots)
		slot_free(&sa->p->slots);
}

/* Forget the requests before one of the peer's. */
static void slots_before(struct ike_sa *sa, uint32_t mid)
{
	struct ike_slot **at = &sa->p->slots;

	while (*at) {
		if ((*at)->mid < mid)
			slot_free(at);
		else
			at = &(*at)->next;
	}
}

/* The window moves on over what has been answered; old answers go. */
static void slots_advance(struct ike_sa *sa)
{
	struct ike_sa_private *p = sa->p;
	const struct ike_slot *s = slot_of(sa, p->in_mid);

	while (s && s->state == IKE_SLOT_ANSWERED)
		s = slot_of(sa, ++p->in_mid);
	if (p->in_mid > p->own_window)
		slots_before(sa, p->in_mid - p->own_window);
}

/**
 * ike_slot_answer() - answer a request, and keep the answer
 * @sa: IKE SA
 * @mid: of the request
 * @enc: inner payloads; freed here
 */
void ike_slot_answer(struct ike_sa *sa, uint32_t mid, struct wire_enc *enc)
{
	struct ike_slot *s = slot_pending(sa, mid);
	struct wire_span inner;
	bool ok = s && wire_enc_finish(enc);

	inner = (struct wire_span){ enc->wr.data, enc->wr.len };
	if (ok && ike_seal(sa, s->exchange, true, mid, enc->first, inner,
			   ike_ip_size(sa, &s->local), &s->answer)) {
		s->state = IKE_SLOT_ANSWERED;
		ike_send_buf(sa->eng, &s->local, &s->remote, &s->answer);
		slots_advance(sa);
	}
	wire_enc_free(enc);
}

void ike_slot_error(struct ike_sa *sa, uint32_t mid, uint16_t type,
		    const void *data, size_t len)
{
	struct wire_enc enc;

	ike_count_error_out(sa->eng, type);
	wire_enc_start(&enc, NULL);
	wire_notify_encode(&enc, type, data, len);
	ike_slot_answer(sa, mid, &enc);
}

void ike_sa_answer(struct ike_sa *sa, uint32_t mid,
		   void (*build)(struct ike_sa *sa, void *ctx,
				 struct wire_enc *b), void *ctx)
{
	struct wire_enc enc;

	if (!slot_pending(sa, mid))
		return;
	wire_enc_start(&enc, NULL);
	build(sa, ctx, &enc);
	ike_slot_answer(sa, mid, &enc);
}

/* ------------------------------------------------------------ messages */

static bool well_formed(const struct wire_payload *pl)
{
	union {
		struct wire_sa sa;
		struct wire_ts_list ts;
		struct wire_ke ke;
		struct wire_id id;
		struct wire_auth auth;
		struct wire_notify n;
		struct wire_delete del;
		struct wire_span nonce;
		struct wire_cert cert;
		struct wire_certreq req;
		struct wire_cp cp;
		struct wire_eap eap;
	} u;

	switch (pl->type) {
	case IKE_PL_SA:
		return wire_sa_decode(pl, &u.sa) == WIRE_OK;
	case IKE_PL_KE:
		return wire_ke_decode(pl, &u.ke) == WIRE_OK;
	case IKE_PL_IDI:
	case IKE_PL_IDR:
		return wire_id_decode(pl, &u.id) == WIRE_OK;
	case IKE_PL_AUTH:
		return wire_auth_decode(pl, &u.auth) == WIRE_OK;
	case IKE_PL_CERT:
		return wire_cert_decode(pl, &u.cert) == WIRE_OK;
	case IKE_PL_CERTREQ:
		return wire_certreq_decode(pl, &u.req) == WIRE_OK;
	case IKE_PL_CP:
		return wire_cp_decode(pl, &u.cp) == WIRE_OK;
	case IKE_PL_EAP:
		return wire_eap_decode(pl, &u.eap) == WIRE_OK;
	case IKE_PL_NONCE:
		return wire_nonce_decode(pl, &u.nonce) == WIRE_OK;
	case IKE_PL_NOTIFY:
		return wire_notify_decode(pl, &u.n) == WIRE_OK;
	case IKE_PL_DELETE:
		return wire_delete_decode(pl, &u.del) == WIRE_OK;
	case IKE_PL_TSI:
	case IKE_PL_TSR:
		return wire_ts_decode(pl, &u.ts) == WIRE_OK;
	default:
		return true;
	}
}

static bool all_well_formed(const struct wire_msg *msg)
{
	unsigned int i;

	for (i = 0; i < msg->n; i++)
		if (!well_formed(&msg->payload[i]))
			return false;
	return true;
}

static void dispatch(struct ike_sa *sa, const struct ike_in *in)
{
	uint8_t ex = in->msg->hdr.exchange;

	if (sa->state == IKE_SA_RIVAL && !ike_info_closes(in))
		ike_rekey_rival_wins(sa->p->rival_of);
	if (!ike_expects(sa, &in->msg->hdr))
		ike_slot_error(sa, in->mid, IKE_N_INVALID_SYNTAX, NULL, 0);
	else if (ex == IKE_EX_INTERMEDIATE)
		ike_inter_request(sa, in);
	else if (ex == IKE_EX_AUTH)
		ike_auth_request(sa, in);
	else if (ex == IKE_EX_CREATE_CHILD_SA)
		ike_create_request(sa, in);
	else if (ex == IKE_EX_FOLLOWUP_KE)
		ike_follow_request(sa, in);
	else
		ike_info_request(sa, in);
}

/* A fresh, authentic request. */
static void request_in(struct ike_sa *sa, struct ike_in *in, enum wire_err err)
{
	struct ike_slot *s = calloc(1, sizeof(*s));
	uint8_t critical;

	if (!s)
		return;
	ike_count(sa->eng, in->msg->hdr.exchange, IKE_COUNT_REQUEST_IN);
	s->next = sa->p->slots;
	sa->p->slots = s;
	s->mid = in->mid;
	s->exchange = in->msg->hdr.exchange;
	s->local = in->local;
	s->remote = in->remote;
	if (err != WIRE_OK) {
		ike_slot_error(sa, in->mid, IKE_N_INVALID_SYNTAX, NULL, 0);
		ike_sa_fail(sa, "the peer sent a malformed message");
		return;
	}
	critical = wire_msg_unknown_critical(in->msg);
	if (critical) {
		ike_slot_error(sa, in->mid, IKE_N_UNSUPPORTED_CRITICAL_PAYLOAD,
			       &critical, 1);
		if (sa->state == IKE_SA_AUTH)
			ike_sa_fail(sa, "a critical payload is not supported");
		return;
	}
	dispatch(sa, in);
}

static void response_in(struct ike_sa *sa, struct ike_in *in,
			struct ike_request *r, enum wire_err err)
{
	struct ike_request got = *r;

	if (err != WIRE_OK) {
		ike_sa_fail(sa, "the peer sent a malformed message");
		return;
	}
	/* No answer may have one (section 2.5), and nothing can be said to it. */
	if (wire_msg_unknown_critical(in->msg)) {
		ike_sa_fail(sa, "a critical payload of the peer's answer is not"
			    " known here");
		return;
	}
	ike_count(sa->eng, r->exchange, IKE_COUNT_ANSWERED);
	ike_count_error_in(sa->eng, in->msg);
	in->sent_us = r->first_us;
	in->tries = r->total_tries;
	in->interval_us = r->restarted ? 0 : r->first_interval;
	in->several = r->several;
	ike_request_measure(sa, r);
	/* Out of the list first: the callback may close the IKE SA. */
	r->d.free = NULL;
	ike_request_free(sa, r);
	if (got.d.done)
		got.d.done(sa, got.d.ctx, IKE_RESULT_ANSWER, in);
	if (got.d.free)
		got.d.free(got.d.ctx);
	if (sa->state != IKE_SA_DEAD)
		ike_requests_pump(sa);
	if (sa->state == IKE_SA_REKEYED)
		ike_rekey_close_old(sa);
}

static struct ike_request *request_of(struct ike_sa *sa,
				      const struct wire_hdr *hdr)
{
	struct ike_request *r;

	for (r = sa->p->requests; r; r = r->next)
		if (r->sent && r->mid == hdr->msg_id &&
		    r->exchange == hdr->exchange)
			return r;
	return NULL;
}

/* Is a request new, or one whose answer we still have? */
static bool in_window(struct ike_sa *sa, uint32_t mid)
{
	if (slot_of(sa, mid))
		return true;
	return mid >= sa->p->in_mid &&
	       mid - sa->p->in_mid < sa->p->own_window;
}

/* A request seen before, authentic again: the same answer to where it asks. */
static void repeat_answer(struct ike_sa *sa, struct ike_slot *s,
			  const struct ike_ev_packet *pkt)
{
	s->local = pkt->local;
	s->remote = pkt->remote;
	ike_count(sa->eng, s->exchange, IKE_COUNT_REPEATED_IN);
	if (s->state == IKE_SLOT_ANSWERED)
		ike_send_buf(sa->eng, &s->local, &s->remote, &s->answer);
}

/*
 * The peer may be through with IKE_AUTH while our kernel or credentials are at
 * work: what it asks then is looked at when we are through as well. A responder
 * keeps nothing for those who have not proved who they are.
 */
static bool too_early(struct ike_sa *sa, const struct ike_ev_packet *pkt,
		      const struct wire_hdr *hdr)
{
	struct ike_early *e;

	if (sa->state != IKE_SA_AUTH || hdr->flags & IKE_FLAG_RESPONSE ||
	    (!sa->initiator && (hdr->exchange == IKE_EX_AUTH ||
				hdr->exchange == IKE_EX_INTERMEDIATE)))
		return false;
	if (sa->p->n_early == IKE_MAX_EARLY ||
	    (!sa->initiator && !sa->p->authentic))
		return true;
	e = &sa->p->early[sa->p->n_early];
	if (!ike_buf_set(&e->data, pkt->data, pkt->len))
		return true;
	e->local = pkt->local;
	e->remote = pkt->remote;
	sa->p->n_early++;
	return true;
}

void ike_early_free(struct ike_sa *sa)
{
	unsigned int i;

	for (i = 0; i < IKE_MAX_EARLY; i++)
		ike_buf_free(&sa->p->early[i].data);
	sa->p->n_early = 0;
}

/* IKE_AUTH is through. */
void ike_early_run(struct ike_sa *sa)
{
	struct ike_ev_packet pkt = { 0 };
	unsigned int i;

	for (i = 0; i < sa->p->n_early; i++) {
		pkt.local = sa->p->early[i].local;
		pkt.remote = sa->p->early[i].remote;
		pkt.data = sa->p->early[i].data.p;
		pkt.len = sa->p->early[i].data.len;
		ike_packet(sa->eng, &pkt);
	}
	ike_early_free(sa);
}

/*
 * Who begins has shown that it gets what is sent to where IKE_SA_INIT came
 * from. Another address would have to be checked first, as MOBIKE does later.
 */
static bool from_elsewhere(const struct ike_sa *sa,
			   const struct ike_ev_packet *pkt)
{
	return sa->state == IKE_SA_AUTH && !sa->initiator &&
	       !wire_addr_equal(&sa->remote.addr, &pkt->remote.addr);
}

/*
 * What comes by another way says nothing of the one that is used (RFC 4555,
 * section 3.12). Without MOBIKE there is only one, which a NAT may change.
 */
static void note_life(struct ike_sa *sa, const struct ike_in *in)
{
	sa->last_in_us = sa->eng->now;
	if (!sa->mobike ||
	    (wire_endpoint_equal(&sa->remote, &in->remote) &&
	     wire_addr_equal(&sa->local.addr, &in->local.addr)))
		sa->p->way_heard_us = sa->eng->now;
}

/* Opened and authentic: an answer, a repeated request or a new one. */
static void opened(struct ike_sa *sa, const struct ike_ev_packet *pkt,
		   struct ike_in *in, struct wire_msg *msg,
		   struct ike_request *r, enum wire_err err)
{
	struct ike_slot *s = slot_of(sa, in->mid);

	if (err == WIRE_OK && (!all_well_formed(msg) ||
			       !ike_expect_payloads(msg)))
		err = WIRE_E_VALUE;
	if (r) {
		note_life(sa, in);
		response_in(sa, in, r, err);
	} else if (s) {
		repeat_answer(sa, s, pkt);
	} else {
		note_life(sa, in);
		ike_nat_follow(sa, in);
		request_in(sa, in, err);
	}
	ike_rekey_heard(sa);
}

/*
 * Of a request that has been answered the first fragment alone brings the
 * answer once more (RFC 7383, section 2.6.1).
 */
static void fragment_in(struct ike_sa *sa, const struct ike_ev_packet *pkt,
			struct ike_in *in, struct wire_msg *msg,
			struct ike_request *r, struct wire_span plain)
{
	struct ike_slot *s = slot_of(sa, in->mid);
	struct ike_buf whole = { 0 };
	enum wire_err err;

	if (!r && s) {
		if (msg->fragment == 1)
			repeat_answer(sa, s, pkt);
		return;
	}
	if (!ike_frag_in(sa, pkt, msg, plain, &whole, &in->size))
		return;
	err = wire_msg_parse_inner(msg, whole.p, whole.len);
	opened(sa, pkt, in, msg, r, err);
	ike_buf_free(&whole);
}

/**
 * ike_message_in() - a protected message for an IKE SA
 * @sa: IKE SA that has keys
 * @pkt: the datagram
 * @msg: parsed outer message with SK or SKF
 */
void ike_message_in(struct ike_sa *sa, const struct ike_ev_packet *pkt,
		    struct wire_msg *msg)
{
	const struct crypto_ike_keys *keys = ike_inter_keys(sa, &msg->hdr);
	bool response = msg->hdr.flags & IKE_FLAG_RESPONSE;
	struct ike_request *r = NULL;
	struct ike_in in = {
		.local = pkt->local, .remote = pkt->remote,
		.size = pkt->len, .mid = msg->hdr.msg_id, .msg = msg,
	};
	enum wire_err err = WIRE_OK;
	size_t room = msg->sk_len, len;
	uint8_t *plain;

	if (from_elsewhere(sa, pkt) || too_early(sa, pkt, &msg->hdr))
		return;
	if (response)
		r = request_of(sa, &msg->hdr);
	if (response ? !r : !in_window(sa, in.mid)) {
		sa->eng->n.drop[IKE_DROP_OUTSIDE_WINDOW]++;
		return;
	}
	plain = malloc(room ? room : 1);
	if (!plain)
		return;
	if (msg->has_skf) {
		if (!crypto_skf_open(keys, !sa->initiator, msg, plain,
				     room, &len))
			fragment_in(sa, pkt, &in, msg, r,
				    (struct wire_span){ plain, len });
		else
			sa->eng->n.drop[IKE_DROP_NOT_AUTHENTIC]++;
	} else if (!crypto_sk_open(keys, !sa->initiator, msg, plain,
				   room, &err)) {
		ike_frags_drop(sa, response, in.mid);
		opened(sa, pkt, &in, msg, r, err);
	} else {
		sa->eng->n.drop[IKE_DROP_NOT_AUTHENTIC]++;
	}
	crypto_wipe(plain, room);
	free(plain);
}
