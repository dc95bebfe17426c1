// SPDX-License-Identifier: GPL-2.0
/*
 * EAP inside IKE_AUTH (RFC 7296, sections 2.16 and 3.16): what both roles have
 * in common. An initiator that has no AUTH to show is asked by the responder, in
 * as many rounds of IKE_AUTH as the method needs; then both show AUTH, made from
 * the key that the method leaves behind, or from SK_pi and SK_pr.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/auth.h"
#include "wire/cp.h"

/* -------------------------------------------------------------- which method */

static const struct ike_eap_method *find(const struct ike_engine *eng,
					 uint8_t type)
{
	const struct ike_eap_method *const *m;

	for (m = eng->s.eap; m && *m; m++)
		if ((*m)->type == type)
			return *m;
	return NULL;
}

/** ike_eap_due() - does the initiator prove by EAP who it is */
bool ike_eap_due(const struct ike_sa *sa)
{
	const struct ike_conn *c = sa->conn;

	return !sa->p->resuming &&
	       ike_method(sa->initiator ? c->local_auth : c->remote_auth)->eap;
}

/** ike_eap_only() - has the responder nothing but EAP either (RFC 5998) */
bool ike_eap_only(const struct ike_sa *sa)
{
	const struct ike_conn *c = sa->conn;

	return ike_method(sa->initiator ? c->remote_auth : c->local_auth)->eap;
}

/**
 * ike_eap_conn_check() - are the EAP methods of a connection there
 * @eng: engine
 * @c: connection that ike_conn_check() finds usable
 * @err: gets what is wrong and what would be right
 * @errlen: octets in @err
 *
 * Return: 0 or -EINVAL.
 */
int ike_eap_conn_check(const struct ike_engine *eng, const struct ike_conn *c,
		       char *err, size_t errlen)
{
	bool local = ike_method(c->local_auth)->eap;
	bool remote = ike_method(c->remote_auth)->eap;
	const struct ike_eap_method *m;
	unsigned int i;

	for (i = 0; (local || remote) && i < c->neap; i++) {
		m = find(eng, c->eap[i]);
		if (!m)
			snprintf(err, errlen, "EAP method %u is not known here;"
				 " psk or pubkey would be right", c->eap[i]);
		else if (local && remote && (!m->safe || !m->key))
			snprintf(err, errlen, "EAP method %s is not safe"
				 " without a certificate of who responds",
				 m->name);
		else
			continue;
		return -EINVAL;
	}
	return 0;
}

/* -------------------------------------------------------------- conversation */

static void end_method(struct ike_eap *e)
{
	if (e->m)
		e->m->free(e->state);
	e->m = NULL;
	e->state = NULL;
	e->begun = false;
	e->through = false;
	e->fits = false;
}

/**
 * ike_eap_free() - the end of EAP: its method ends, what it left is wiped
 * @sa: IKE SA, with EAP or without
 *
 * What was asked for the method must not be awaited any more.
 */
void ike_eap_free(struct ike_sa *sa)
{
	struct ike_eap *e = sa->p->eap;

	if (!e)
		return;
	end_method(e);
	ike_buf_free(&e->data);
	ike_buf_free(&e->peer_id);
	wire_free((uint8_t *)e, sizeof(*e));
	sa->p->eap = NULL;
}

/**
 * ike_eap_begin() - a method begins; one that had begun is forgotten
 * @sa: IKE SA with connection
 * @type: of the method, one of the connection's
 *
 * Return: false without memory.
 */
bool ike_eap_begin(struct ike_sa *sa, uint8_t type)
{
	const struct ike_eap_method *m = find(sa->eng, type);
	struct ike_eap *e = sa->p->eap;

	end_method(e);
	e->state = m ? m->begin(sa) : NULL;
	if (!e->state)
		return false;
	e->m = m;
	return true;
}

/**
 * ike_eap_set() - what is said next
 * @sa: IKE SA
 * @type: EAP type
 * @data: Type-Data
 * @len: octets
 *
 * Return: false without memory.
 */
bool ike_eap_set(struct ike_sa *sa, uint8_t type, const void *data, size_t len)
{
	sa->p->eap->type = type;
	return ike_buf_set(&sa->p->eap->data, data, len);
}

static const char no_memory[] = "no memory for what the EAP method says";

static void told(struct ike_sa *sa, void *ctx, const struct ike_event *ev);

/* Return: NULL, or why nobody is asked. */
static const char *ask(struct ike_sa *sa, struct wire_wr *question)
{
	struct ike_action *a;

	if (!sa->p->eap->m->told)
		return "the EAP method asks, and takes no answer";
	if (!question->len)
		return "the EAP method asks, and has no question";
	a = ike_ask(sa->eng, IKE_AC_AUTH_EAP, sa, told, NULL);
	if (!a)
		return no_memory;
	memcpy(a->u.auth->conn, sa->conn->name, sizeof(a->u.auth->conn));
	a->u.auth->prf = sa->suite.prf;
	a->u.auth->method = sa->p->eap->m->type;
	a->u.auth->octets = wire_wr_take(question, &a->u.auth->len);
	return NULL;
}

/* Return: NULL, or why the next packet is not kept. */
static const char *keep(struct ike_sa *sa, const struct wire_wr *data)
{
	return ike_eap_set(sa, sa->p->eap->m->type, data->data, data->len) ?
	       NULL : no_memory;
}

/* Return: NULL, or why what a method has to say cannot be used. */
static const char *unusable(const struct wire_wr *data)
{
	if (data->len > IKE_EAP_MAX_DATA)
		return "the EAP method has too much to say";
	return data->bad ? no_memory : NULL;
}

/* A method has spoken: see to it, then let the role go on. */
static void settle(struct ike_sa *sa, enum ike_eap_verdict v,
		   struct ike_eap_out *out, const char *text)
{
	struct ike_eap *e = sa->p->eap;
	const char *bad = unusable(&out->data);

	switch (v) {
	case IKE_EAP_ASK:
		bad = bad ? bad : ask(sa, &out->data);
		break;
	case IKE_EAP_SAY:
	case IKE_EAP_SAY_LAST:
		bad = bad ? bad : keep(sa, &out->data);
		e->through = v == IKE_EAP_SAY_LAST;
		e->fits = e->through && out->fits;
		break;
	case IKE_EAP_PROVED:
		e->identity = out->identity;
		e->fits = out->fits;
		break;
	case IKE_EAP_REFUSED:
		text = out->text ? out->text : text;
		break;
	}
	wire_wr_free(&out->data);
	if (bad) {
		v = IKE_EAP_REFUSED;
		text = bad;
	}
	if (v != IKE_EAP_ASK)
		e->said(sa, v, text ? text : "the EAP method is not content"
					     " with what the peer says");
}

static void told(struct ike_sa *sa, void *ctx, const struct ike_event *ev)
{
	const struct ike_ev_auth_done *a = &ev->u.auth_done;
	const struct wire_span answer = { a->data, a->len };
	struct ike_eap_out out = { 0 };
	enum ike_eap_verdict v;

	(void)ctx;
	if (ev->type != IKE_EV_AUTH_DONE)
		return;
	v = sa->p->eap->m->told(sa->p->eap->state, a->ok ? &answer : NULL, &out);
	settle(sa, v, &out, a->ok ? NULL : a->text);
}

/**
 * ike_eap_round() - let the method hear what has come
 * @sa: IKE SA whose method has begun
 * @in: Type-Data, or NULL if a responder's method is to begin
 * @said: gets what it makes of that, never ASK; perhaps later
 */
void ike_eap_round(struct ike_sa *sa, const struct wire_span *in,
		   ike_eap_fn said)
{
	struct ike_eap *e = sa->p->eap;
	struct ike_eap_out out = { 0 };
	enum ike_eap_verdict v;

	e->said = said;
	e->begun = in;
	v = e->m->round(e->state, in, &out);
	settle(sa, v, &out, NULL);
}

/** ike_eap_put() - add what is to be said, as a packet of @code */
void ike_eap_put(const struct ike_sa *sa, enum ike_eap_code code,
		 struct wire_enc *enc)
{
	const struct ike_eap *e = sa->p->eap;
	const struct wire_eap eap = {
		.code = (uint8_t)code,
		.id = e->id,
		.type = e->type,
		.data = ike_span(&e->data),
	};

	wire_eap_encode(enc, &eap);
}

/* ---------------------------------------------------------------------- AUTH */

/**
 * ike_eap_over() - the method has ended well: what is left to show is AUTH
 * @sa: IKE SA
 *
 * Return: false if it should have made a key and did not.
 */
bool ike_eap_over(struct ike_sa *sa)
{
	struct ike_eap *e = sa->p->eap;

	e->keyed = e->m->key;
	if (e->keyed && e->m->key(e->state, e->key))
		return false;
	e->over = true;
	return true;
}

/** ike_eap_proves() - is AUTH made from what EAP has left behind */
bool ike_eap_proves(const struct ike_sa *sa)
{
	return sa->p->eap && sa->p->eap->over;
}

/**
 * ike_eap_auth() - authentication data after EAP
 * @sa: IKE SA, after ike_eap_over()
 * @octets: what AUTH covers
 * @initiators: of the initiator's message, or the responder's
 * @out: gets crypto_prf_len() octets
 *
 * As with a pre-shared key, which is the Master Session Key or, after a method
 * without one, SK_pi or SK_pr (section 2.16).
 *
 * Return: 0 or a negative errno.
 */
int ike_eap_auth(const struct ike_sa *sa, struct wire_span octets,
		 bool initiators, uint8_t out[CRYPTO_PRF_MAX])
{
	const struct crypto_ike_keys *k = &sa->p->keys;
	struct wire_span key = { initiators ? k->sk_pi : k->sk_pr, k->prf_len };

	if (sa->p->eap->keyed)
		key = (struct wire_span){ sa->p->eap->key, IKE_EAP_KEY_LEN };
	return crypto_psk_auth(sa->suite.prf, key, octets, out);
}

/** ike_eap_renamed() - is the peer another one than its ID payload says */
bool ike_eap_renamed(const struct ike_sa *sa)
{
	return sa->p->eap && sa->p->eap->identity.type;
}
