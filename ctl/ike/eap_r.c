// SPDX-License-Identifier: GPL-2.0
/*
 * EAP inside IKE_AUTH, the responder's side. The first request is kept whole, for
 * what it asks for counts once its sender is known. Until then the IKE SA is
 * half-open: few, for a short time, in a bounded number of rounds.
 */
#include <stdlib.h>
#include <string.h>

#include "ike/auth.h"
#include "wire/cp.h"

/* Octets of a first request that are kept for one who is not known yet */
#define MAX_FIRST 8192

static void refuse(struct ike_sa *sa, uint16_t type, const char *reason)
{
	ike_auth_refuse(sa, ike_auth_now(sa), type, reason);
}

/* Failure says it all: there is no notify (RFC 7296, section 2.21.2). */
static void failure(struct ike_sa *sa, const char *reason)
{
	struct wire_enc enc;

	ike_stranger_report(sa, reason);
	wire_enc_start(&enc, NULL);
	ike_eap_put(sa, IKE_EAP_FAILURE, &enc);
	ike_slot_answer(sa, ike_auth_now(sa), &enc);
	ike_sa_fail(sa, reason);
	ike_sa_keep_answer(sa);
	ike_eap_free(sa);
	ike_auth_release(sa);
}

/* With the first one who responds proves who it is. */
static void answer(struct ike_sa *sa, enum ike_eap_code code)
{
	const struct ike_conn *c = sa->conn;
	struct ike_sa_private *p = sa->p;
	struct wire_enc enc;

	wire_enc_start(&enc, NULL);
	if (!p->eap->rounds) {
		wire_id_encode(&enc, IKE_PL_IDR, c->local_id.type,
			       c->local_id.data, c->local_id.len);
		if (!ike_eap_only(sa)) {
			ike_cert_put(&p->auth_certs, &enc);
			wire_auth_encode(&enc, p->auth_method, p->auth_mine.p,
					 p->auth_mine.len);
		}
	}
	ike_eap_put(sa, code, &enc);
	ike_slot_answer(sa, ike_auth_now(sa), &enc);
}

static void proved(struct ike_sa *sa)
{
	const struct ike_id *id = &sa->p->eap->identity;
	const struct ike_id *wanted = &sa->conn->remote_id;

	/* To be one of those with a secret does not make one of them IDi. */
	if (!id->type && !sa->p->eap->fits) {
		refuse(sa, IKE_N_AUTHENTICATION_FAILED, "the EAP method says"
		       " neither who the peer is nor that it is who its IDi"
		       " says");
		return;
	}
	/* It is the identity proved that counts, not IDi. */
	if (id->type && wanted->type && !ike_id_equal(id, wanted)) {
		failure(sa, "the peer proves by EAP to be another than IDi"
			" says");
		return;
	}
	if (!ike_eap_over(sa)) {
		failure(sa, "the EAP method has made no key");
		return;
	}
	if (id->type)
		sa->remote_id = *id;
	answer(sa, IKE_EAP_SUCCESS);
}

/* The method has spoken. */
static void said(struct ike_sa *sa, enum ike_eap_verdict v, const char *text)
{
	/* Nothing is proved by one who has said nothing. */
	if (v == IKE_EAP_PROVED && !sa->p->eap->begun) {
		v = IKE_EAP_REFUSED;
		text = "the EAP method takes the peer's word before it has"
		       " said anything";
	}
	if (v == IKE_EAP_SAY || v == IKE_EAP_SAY_LAST) {
		sa->p->eap->id++;
		answer(sa, IKE_EAP_REQUEST);
	} else if (!sa->p->eap->rounds) {
		refuse(sa, IKE_N_AUTHENTICATION_FAILED, text);
	} else if (v == IKE_EAP_PROVED) {
		proved(sa);
	} else {
		failure(sa, text);
	}
}

static void begin(struct ike_sa *sa, uint8_t type)
{
	if (ike_eap_begin(sa, type))
		ike_eap_round(sa, NULL, said);
	else
		refuse(sa, IKE_N_TEMPORARY_FAILURE, "no memory for an EAP"
		       " method");
}

static void signed_own(struct ike_sa *sa, void *ctx,
		       const struct ike_event *ev)
{
	const char *why;

	(void)ctx;
	if (!ike_auth_signed(sa, ev, &why))
		return;
	if (why)
		refuse(sa, IKE_N_AUTHENTICATION_FAILED, why);
	else
		begin(sa, sa->conn->eap[0]);
}

/* Of one who does not sign nothing needs them, and they are long. */
static void without_certs(struct wire_msg *msg)
{
	unsigned int i, n = 0;

	for (i = 0; i < msg->n; i++)
		if (msg->payload[i].type != IKE_PL_CERT &&
		    msg->payload[i].type != IKE_PL_CERTREQ)
			msg->payload[n++] = msg->payload[i];
	msg->n = n;
}

/**
 * ike_eap_start() - the first IKE_AUTH request has no AUTH: its sender wants EAP
 * @sa: half-open IKE SA, with a connection that wants it too
 * @in: request
 */
void ike_eap_start(struct ike_sa *sa, const struct ike_in *in)
{
	struct wire_msg msg = *in->msg;
	struct ike_in kept = *in;
	struct wire_notify n;
	size_t len = 0;

	without_certs(&msg);
	kept.msg = &msg;
	for (unsigned int i = 0; i < msg.n; i++)
		len += msg.payload[i].len;
	if (len > MAX_FIRST) {
		refuse(sa, IKE_N_INVALID_SYNTAX, "the first message of one who"
		       " wants EAP is too long");
		return;
	}
	sa->p->eap = calloc(1, sizeof(*sa->p->eap));
	if (!sa->p->eap || ike_random(sa->eng, &sa->p->eap->id, 1) ||
	    !ike_auth_hold(sa, &kept)) {
		refuse(sa, IKE_N_TEMPORARY_FAILURE, "no memory");
		return;
	}
	if (!ike_eap_only(sa)) {
		if (!ike_auth_sign(sa, signed_own))
			refuse(sa, IKE_N_TEMPORARY_FAILURE, "no memory");
	} else if (wire_notify_find(&msg, IKE_N_EAP_ONLY_AUTHENTICATION,
				    &n)) {
		begin(sa, sa->conn->eap[0]);
	} else {
		refuse(sa, IKE_N_AUTHENTICATION_FAILED, "the peer wants us to"
		       " sign, and local-auth is EAP");
	}
}

/* -------------------------------------------------------------- other rounds */

/* The peer wants another method: the best of ours that it names. */
static void nak(struct ike_sa *sa, struct wire_span wanted)
{
	const struct ike_conn *c = sa->conn;
	struct ike_eap *e = sa->p->eap;

	if (e->begun) {
		failure(sa, "the peer wants another EAP method half-way");
		return;
	}
	while (++e->offered < c->neap) {
		if (wanted.len &&
		    memchr(wanted.p, c->eap[e->offered], wanted.len)) {
			begin(sa, c->eap[e->offered]);
			return;
		}
	}
	failure(sa, "the peer takes none of this connection's EAP methods");
}

static void heard(struct ike_sa *sa, const struct wire_eap *eap)
{
	if (eap->type == IKE_EAP_NAK)
		nak(sa, eap->data);
	else if (eap->type != sa->p->eap->m->type)
		failure(sa, "the peer answers by another EAP method than the"
			" one it was asked by");
	else
		ike_eap_round(sa, &eap->data, said);
}

/* EAP is over: whoever was at its other end has to be the one that is here. */
static void last_request(struct ike_sa *sa, const struct ike_in *in)
{
	const struct wire_payload *pl = wire_msg_only(in->msg, IKE_PL_AUTH);
	struct wire_auth auth;
	struct wire_id id;

	sa->p->eap->last = true;
	wire_id_decode(wire_msg_only(&sa->p->auth_in->msg, IKE_PL_IDI), &id);
	if (!pl || wire_auth_decode(pl, &auth) != WIRE_OK ||
	    auth.method != IKE_AUTH_PSK)
		refuse(sa, IKE_N_AUTHENTICATION_FAILED, "the peer's last"
		       " message has no AUTH made from EAP's key");
	else if (!ike_auth_verify(sa, in->msg, &id, &auth,
				  ike_auth_request_verified))
		refuse(sa, IKE_N_TEMPORARY_FAILURE, "no memory");
}

/**
 * ike_eap_request() - another IKE_AUTH request, after the first one
 * @sa: half-open IKE SA
 * @in: request
 */
void ike_eap_request(struct ike_sa *sa, const struct ike_in *in)
{
	const struct wire_payload *pl = wire_msg_only(in->msg, IKE_PL_EAP);
	struct ike_eap *e = sa->p->eap;
	struct wire_eap eap;

	if (e->last || in->mid != ike_auth_now(sa) + 1) {
		ike_slot_error(sa, in->mid, IKE_N_INVALID_SYNTAX, NULL, 0);
		return;
	}
	e->rounds++;
	if (e->over)
		last_request(sa, in);
	else if (!pl || wire_eap_decode(pl, &eap) != WIRE_OK ||
		 eap.code != IKE_EAP_RESPONSE || eap.id != e->id)
		refuse(sa, IKE_N_INVALID_SYNTAX, "the peer's message has no"
		       " answer to what EAP asked");
	else if (e->rounds > IKE_EAP_MAX_ROUNDS)
		failure(sa, "EAP does not come to an end");
	else
		heard(sa, &eap);
}
