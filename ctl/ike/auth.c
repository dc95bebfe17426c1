// SPDX-License-Identifier: GPL-2.0
/* IKE_AUTH: what both roles have in common. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/auth.h"
#include "wire/mobike.h"

struct wire_span ike_span(const struct ike_buf *b)
{
	struct wire_span s = { .p = b->p, .len = b->len };

	return s;
}

/**
 * ike_auth_hold() - keep a message while somebody else is asked
 * @sa: IKE SA, which keeps it as p->auth_in
 * @in: authentic message
 *
 * Return: false without memory.
 */
bool ike_auth_hold(struct ike_sa *sa, const struct ike_in *in)
{
	struct ike_held *h;
	size_t len = 0, at = 0;
	unsigned int i;

	for (i = 0; i < in->msg->n; i++)
		len += in->msg->payload[i].len;
	h = malloc(sizeof(*h) + len);
	if (!h)
		return false;
	h->plain_len = len;
	h->in = *in;
	h->msg = *in->msg;
	h->in.msg = &h->msg;
	h->msg.raw = NULL;
	h->msg.raw_len = 0;
	h->msg.sk = NULL;
	h->msg.sk_len = 0;
	h->msg.inner = (struct wire_span){ 0 };
	for (i = 0; i < h->msg.n; i++) {
		if (h->msg.payload[i].len)
			memcpy(h->plain + at, h->msg.payload[i].body,
			       h->msg.payload[i].len);
		h->msg.payload[i].body = h->plain + at;
		at += h->msg.payload[i].len;
	}
	ike_auth_release(sa);
	sa->p->auth_in = h;
	return true;
}

void ike_auth_release(struct ike_sa *sa)
{
	if (sa->p->auth_in)
		wire_free((uint8_t *)sa->p->auth_in,
			  sizeof(*sa->p->auth_in) + sa->p->auth_in->plain_len);
	sa->p->auth_in = NULL;
}

/* What the AUTH payload of one side covers. */
static int octets(const struct ike_sa *sa, bool initiators,
		  struct wire_span id_body, struct wire_wr *out)
{
	const struct ike_sa_private *p = sa->p;
	bool mine = initiators == sa->initiator;
	int rc;

	rc = crypto_auth_octets(sa->suite.prf,
				ike_span(mine ? &p->init_mine :
						&p->init_theirs),
				ike_span(initiators ? &p->nr : &p->ni),
				initiators ? p->keys.sk_pi : p->keys.sk_pr,
				id_body, out);
	ike_inter_auth(sa, out);
	return rc;
}

/* By keys that the IKE SA has, without anybody else? */
static bool alone(const struct ike_sa *sa)
{
	return sa->p->resuming || ike_eap_proves(sa);
}

/* @theirs: the peer's proof, NULL to make our own; @fn is called from here */
static bool prove(struct ike_sa *sa, bool initiators, struct wire_span id_body,
		  const struct wire_auth *theirs, ike_wait_fn fn)
{
	struct ike_event ev = { .type = IKE_EV_AUTH_DONE };
	struct ike_ev_auth_done *a = &ev.u.auth_done;
	size_t len = sa->p->keys.prf_len;
	uint8_t made[CRYPTO_PRF_MAX];
	struct wire_wr wr = { 0 };
	struct wire_span s;

	if (octets(sa, initiators, id_body, &wr) || wr.bad) {
		wire_wr_free(&wr);
		return false;
	}
	s = (struct wire_span){ wr.data, wr.len };
	a->ok = sa->p->resuming ? !ike_resume_auth(sa, s, initiators, made) :
				  !ike_eap_auth(sa, s, initiators, made);
	if (theirs) {
		a->ok = a->ok && theirs->data.len == len &&
			crypto_equal(made, theirs->data.p, len);
		a->text = sa->p->resuming ?
			  "the peer does not know the IKE SA that it resumes" :
			  ike_method(IKE_AUTHBY_EAP)->no_proof;
	} else {
		a->method = IKE_AUTH_PSK;
		a->data = made;
		a->len = len;
	}
	wire_wr_free(&wr);
	fn(sa, NULL, &ev);
	crypto_wipe(made, sizeof(made));
	return true;
}

/** ike_auth_now() - Message ID of the IKE_AUTH request that is at hand */
uint32_t ike_auth_now(const struct ike_sa *sa)
{
	return ike_auth_mid(sa) + (sa->p->eap ? sa->p->eap->rounds : 0);
}

/** ike_auth_method_ok() - is that how the peer has to prove who it is */
bool ike_auth_method_ok(const struct ike_sa *sa, uint8_t method)
{
	return sa->p->resuming ? method == IKE_AUTH_PSK :
				 ike_method_fits(sa->conn, method);
}

static struct ike_action *ask(struct ike_sa *sa, enum ike_action_type type,
			      bool initiators, struct wire_span id_body,
			      ike_wait_fn fn)
{
	struct wire_wr wr = { 0 };
	struct ike_action *a = NULL;

	if (!octets(sa, initiators, id_body, &wr) && !wr.bad)
		a = ike_ask(sa->eng, type, sa, fn, NULL);
	if (!a) {
		wire_wr_free(&wr);
		return NULL;
	}
	memcpy(a->u.auth->conn, sa->conn->name, sizeof(a->u.auth->conn));
	a->u.auth->prf = sa->suite.prf;
	a->u.auth->octets = wire_wr_take(&wr, &a->u.auth->len);
	return a;
}

/**
 * ike_auth_sign() - ask for our own authentication data
 * @sa: IKE SA with connection
 * @fn: gets AUTH_DONE
 *
 * Return: false without memory.
 */
bool ike_auth_sign(struct ike_sa *sa, ike_wait_fn fn)
{
	const struct ike_id *id = &sa->conn->local_id;
	uint8_t body[4 + IKE_MAX_ID] = { id->type };
	struct wire_span s = { .p = body, .len = 4u + id->len };
	struct ike_action *a;

	memcpy(body + 4, id->data, id->len);
	if (alone(sa))
		return prove(sa, sa->initiator, s, NULL, fn);
	a = ask(sa, IKE_AC_AUTH_SIGN, sa->initiator, s, fn);
	if (a)
		a->u.auth->hashes = sa->p->hashes;
	return a != NULL;
}

/**
 * ike_auth_signed() - keep our own authentication data
 * @sa: IKE SA
 * @ev: what ike_auth_sign() has led to
 * @why: gets NULL, or why what the credentials say cannot be used
 *
 * Return: false if nobody has said anything, and the IKE SA comes to its end.
 */
bool ike_auth_signed(struct ike_sa *sa, const struct ike_event *ev,
		     const char **why)
{
	const struct ike_ev_auth_done *a = &ev->u.auth_done;

	if (ev->type != IKE_EV_AUTH_DONE)
		return false;
	*why = NULL;
	if (!a->ok) {
		*why = a->text ? a->text : "there are no credentials for this"
					   " connection";
		return true;
	}
	sa->p->auth_method = a->method;
	if (!ike_buf_set(&sa->p->auth_mine, a->data, a->len) ||
	    !ike_buf_set(&sa->p->auth_certs, a->certs, a->certs_len))
		*why = "no memory";
	return true;
}

/**
 * ike_auth_verify() - ask whether the peer's authentication data is genuine
 * @sa: IKE SA with connection
 * @msg: the peer's message, with its certificates
 * @id: the peer's identity
 * @auth: its authentication data
 * @fn: gets AUTH_DONE
 *
 * Return: false without memory.
 */
bool ike_auth_verify(struct ike_sa *sa, const struct wire_msg *msg,
		     const struct wire_id *id, const struct wire_auth *auth,
		     ike_wait_fn fn)
{
	struct wire_wr certs = { 0 };
	struct ike_buf data = { 0 };
	struct ike_action *a = NULL;

	if (alone(sa))
		return prove(sa, !sa->initiator, id->body, auth, fn);
	if (ike_buf_set(&data, auth->data.p, auth->data.len) &&
	    ike_cert_collect(msg, &certs))
		a = ask(sa, IKE_AC_AUTH_VERIFY, !sa->initiator, id->body, fn);
	if (!a) {
		ike_buf_free(&data);
		wire_wr_free(&certs);
		return false;
	}
	ike_auth_id(id, &a->u.auth->peer_id);
	a->u.auth->method = auth->method;
	a->u.auth->auth = data.p;
	a->u.auth->auth_len = data.len;
	a->u.auth->certs = wire_wr_take(&certs, &a->u.auth->certs_len);
	return true;
}

/* False if it is longer than any identity that could be configured. */
bool ike_auth_id(const struct wire_id *w, struct ike_id *id)
{
	memset(id, 0, sizeof(*id));
	if (w->data.len == 0 || w->data.len > IKE_MAX_ID)
		return false;
	id->type = w->type;
	id->len = (uint8_t)w->data.len;
	memcpy(id->data, w->data.p, w->data.len);
	return true;
}

bool ike_auth_open_ext(struct ike_sa *sa)
{
	const struct ike_ext_ops *ext = sa->eng->ext;

	if (!ext || !ext->open || sa->p->ext_open)
		return true;
	if (ext->open(sa))
		return false;
	sa->p->ext_open = true;
	return true;
}

/*
 * What is said in both directions besides AUTH and Child SA. The responder
 * speaks of MOBIKE only if the initiator did (RFC 4555, section 3.2).
 */
void ike_auth_put_extras(struct ike_sa *sa, struct wire_enc *b,
			 const struct wire_endpoint *local,
			 const struct wire_endpoint *remote)
{
	const struct ike_ext_ops *ext = sa->eng->ext;
	unsigned int window = 1;
	uint8_t n[4];

	if (sa->initiator ? sa->conn->mobike : sa->mobike) {
		wire_notify_encode(b, IKE_N_MOBIKE_SUPPORTED, NULL, 0);
		if (sa->initiator && !sa->natt)
			mobike_no_nats_encode(b, local, remote);
	}
	if (ext && ext->window)
		window = ext->window(sa);
	if (window > IKE_MAX_WINDOW)
		window = IKE_MAX_WINDOW;
	if (window > 1) {
		sa->p->own_window = window;
		wire_put_u32(n, window);
		wire_notify_encode(b, IKE_N_SET_WINDOW_SIZE, n, sizeof(n));
	}
	ike_qcd_put(sa->eng, sa->spi_i, sa->spi_r, b);
	if (ext && ext->auth_build)
		ext->auth_build(sa, b);
}

/* The peer is who it says: what else does its message say? */
void ike_auth_read_extras(struct ike_sa *sa, const struct ike_in *in)
{
	const struct ike_ext_ops *ext = sa->eng->ext;
	struct wire_notify n;

	/* A responder that is told of a NAT may not want one (RFC 4555, 3.9). */
	sa->natt &= sa->conn->nat_traversal;
	sa->mobike = sa->conn->mobike && (!sa->nat || sa->natt) &&
		     wire_notify_find(in->msg, IKE_N_MOBIKE_SUPPORTED, &n);
	ike_info_window(sa, in);
	ike_qcd_read(sa, in->msg);
	if (ext && ext->auth_in)
		ext->auth_in(sa, in);
}
