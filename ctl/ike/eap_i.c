// SPDX-License-Identifier: GPL-2.0
/*
 * EAP inside IKE_AUTH, the initiator's side: the first request went without AUTH
 * (auth_i.c), what comes then until AUTH of both is here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ike/auth.h"
#include "wire/cp.h"

static void answered(struct ike_sa *sa, void *ctx, enum ike_result result,
		     const struct ike_in *in);

static bool build(struct ike_sa *sa, void *ctx,
		  const struct wire_endpoint *local,
		  const struct wire_endpoint *remote, struct wire_enc *b)
{
	const struct ike_sa_private *p = sa->p;

	(void)ctx;
	(void)local;
	(void)remote;
	if (p->eap->over)
		wire_auth_encode(b, p->auth_method, p->auth_mine.p,
				 p->auth_mine.len);
	else
		ike_eap_put(sa, IKE_EAP_RESPONSE, b);
	return true;
}

static void request(struct ike_sa *sa)
{
	static const struct ike_request_desc d = {
		.build = build,
		.done = answered,
	};

	struct ike_eap *e = sa->p->eap;

	/* What says AUTH is none of the method's rounds. */
	if (!e->over && ++e->rounds > IKE_EAP_MAX_ROUNDS)
		ike_sa_fail(sa, "EAP does not come to an end");
	else if (!ike_request_new(sa, IKE_EX_AUTH, &d))
		ike_sa_fail(sa, "no memory");
	else
		ike_requests_pump(sa);
}

static void say(struct ike_sa *sa, uint8_t type, const void *data, size_t len)
{
	if (ike_eap_set(sa, type, data, len))
		request(sa);
	else
		ike_sa_fail(sa, "no memory");
}

/* The method has spoken. */
static void said(struct ike_sa *sa, enum ike_eap_verdict v, const char *text)
{
	if (v == IKE_EAP_SAY || v == IKE_EAP_SAY_LAST)
		request(sa);
	else
		ike_sa_fail(sa, text);
}

/* -------------------------------------------------------- what the peer says */

/* IDi in words, if it is one that is (RFC 7296, section 2.16) */
static void identity(struct ike_sa *sa)
{
	const struct ike_id *id = &sa->conn->local_id;
	bool words = id->type == IKE_ID_FQDN || id->type == IKE_ID_RFC822_ADDR ||
		     id->type == IKE_ID_KEY_ID;

	say(sa, IKE_EAP_IDENTITY, id->data, words ? id->len : 0);
}

static void heard_method(struct ike_sa *sa, const struct wire_eap *eap)
{
	const struct ike_conn *c = sa->conn;
	struct ike_eap *e = sa->p->eap;

	if (e->m && e->m->type != eap->type) {
		ike_sa_fail(sa, "the peer changes the EAP method half-way");
		return;
	}
	/* Nak: the methods that would be right (RFC 3748, section 5.3.1). */
	if (!e->m && !memchr(c->eap, eap->type, c->neap))
		say(sa, IKE_EAP_NAK, c->eap, c->neap);
	else if (e->m || ike_eap_begin(sa, eap->type))
		ike_eap_round(sa, &eap->data, said);
	else
		ike_sa_fail(sa, "no memory for an EAP method");
}

static void signed_own(struct ike_sa *sa, void *ctx,
		       const struct ike_event *ev)
{
	const char *why;

	(void)ctx;
	if (!ike_auth_signed(sa, ev, &why))
		return;
	if (why)
		ike_sa_fail(sa, why);
	else
		request(sa);
}

static void unfit(struct ike_sa *sa)
{
	ike_sa_fail(sa, "the peer sent a malformed message: an EAP packet that"
		    " has no place there");
}

/* Who ends it names what it answers (RFC 3748, section 4.2). */
static void success(struct ike_sa *sa, uint8_t id)
{
	if (!sa->p->eap->through)
		ike_sa_fail(sa, "the peer ends EAP before it has proved what"
			    " the method wants");
	else if (id != sa->p->eap->id)
		unfit(sa);
	else if (ike_eap_only(sa) && !sa->p->eap->fits)
		ike_sa_end(sa, "the EAP method does not say that the peer is"
			   " who its IDr says, and nobody signs",
			   IKE_N_AUTHENTICATION_FAILED, true);
	else if (!ike_eap_over(sa))
		ike_sa_fail(sa, "the EAP method has made no key");
	else if (!ike_auth_sign(sa, signed_own))
		ike_sa_fail(sa, "no memory");
}

static void failure(struct ike_sa *sa)
{
	const struct ike_eap_method *m = sa->p->eap->m;
	char reason[IKE_MAX_TEXT];

	snprintf(reason, sizeof(reason), "the peer refuses: EAP Failure%s%s: do"
		 " the %s of both ends agree?", m ? " of " : "",
		 m ? m->name : "",
		 ike_method(sa->conn->local_auth)->credentials);
	ike_sa_fail(sa, reason);
}

static void heard_request(struct ike_sa *sa, const struct wire_eap *eap)
{
	sa->p->eap->id = eap->id;
	switch (eap->type) {
	case IKE_EAP_IDENTITY:
		/* Not once a method has begun (RFC 3748, section 2.1). */
		if (sa->p->eap->m)
			unfit(sa);
		else
			identity(sa);
		break;
	case IKE_EAP_NOTIFICATION:
		say(sa, IKE_EAP_NOTIFICATION, NULL, 0);
		break;
	case IKE_EAP_NAK:
		ike_sa_fail(sa, "the peer sent a malformed message: an EAP Nak"
			    " that answers nothing");
		break;
	default:
		heard_method(sa, eap);
	}
}

static void heard(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_payload *pl = wire_msg_only(msg, IKE_PL_EAP);
	struct wire_eap eap;

	if (!pl || wire_eap_decode(pl, &eap) != WIRE_OK) {
		ike_auth_lacks(sa, msg, "EAP");
		return;
	}
	if (eap.code == IKE_EAP_REQUEST)
		heard_request(sa, &eap);
	else if (eap.code == IKE_EAP_FAILURE)
		failure(sa);
	else if (eap.code == IKE_EAP_SUCCESS)
		success(sa, eap.id);
	else
		unfit(sa);
}

/* Whose IDr was in the first answer: does it have the key too? */
static void last_answer(struct ike_sa *sa, const struct ike_in *in)
{
	const struct wire_payload *pl = wire_msg_only(in->msg, IKE_PL_AUTH);
	const struct wire_id id = { .body = ike_span(&sa->p->eap->peer_id) };
	struct wire_auth auth;

	if (!pl || wire_auth_decode(pl, &auth) != WIRE_OK)
		ike_auth_lacks(sa, in->msg, "AUTH");
	else if (auth.method != IKE_AUTH_PSK)
		ike_sa_end(sa, "the peer's last AUTH is not made from EAP's key",
			   IKE_N_AUTHENTICATION_FAILED, true);
	else if (!ike_auth_hold(sa, in) ||
		 !ike_auth_verify(sa, in->msg, &id, &auth,
				  ike_auth_answer_verified))
		ike_sa_fail(sa, "no memory");
}

static void answered(struct ike_sa *sa, void *ctx, enum ike_result result,
		     const struct ike_in *in)
{
	(void)ctx;
	if (result != IKE_RESULT_ANSWER)
		return;
	if (sa->p->eap->over)
		last_answer(sa, in);
	else
		heard(sa, in->msg);
}

/* ---------------------------------------------------------- the first answer */

static void verified(struct ike_sa *sa, void *ctx, const struct ike_event *ev)
{
	const struct ike_ev_auth_done *a = &ev->u.auth_done;

	(void)ctx;
	if (ev->type != IKE_EV_AUTH_DONE)
		return;
	if (a->ok)
		heard(sa, &sa->p->auth_in->msg);
	else
		ike_sa_fail(sa, a->text ? a->text :
			    ike_method(sa->conn->remote_auth)->no_proof);
	ike_auth_release(sa);
}

/**
 * ike_eap_first() - the first answer to an IKE_AUTH request without AUTH
 * @sa: IKE SA of an initiator
 * @in: answer
 * @id: IDr, the peer's who is meant
 *
 * The responder proves who it is before anything is said to it, unless EAP
 * alone was agreed on (RFC 5998): then AUTH comes last, by a safe method.
 */
void ike_eap_first(struct ike_sa *sa, const struct ike_in *in,
		   const struct wire_id *id)
{
	const struct wire_payload *pl = wire_msg_only(in->msg, IKE_PL_AUTH);
	struct wire_auth auth;

	sa->p->eap = calloc(1, sizeof(*sa->p->eap));
	if (!sa->p->eap || !ike_buf_set(&sa->p->eap->peer_id, id->body.p,
					id->body.len)) {
		ike_sa_fail(sa, "no memory");
		return;
	}
	if (ike_eap_only(sa)) {
		if (wire_msg_next(in->msg, IKE_PL_AUTH, NULL))
			ike_auth_another(sa);
		else
			heard(sa, in->msg);
		return;
	}
	if (!pl || wire_auth_decode(pl, &auth) != WIRE_OK)
		ike_auth_lacks(sa, in->msg, "AUTH");
	else if (!ike_auth_method_ok(sa, auth.method))
		ike_auth_another(sa);
	else if (!ike_auth_hold(sa, in) ||
		 !ike_auth_verify(sa, in->msg, id, &auth, verified))
		ike_sa_fail(sa, "no memory");
}
