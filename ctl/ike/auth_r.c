// SPDX-License-Identifier: GPL-2.0
/* IKE_AUTH, the responder's side (RFC 7296, section 1.2). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ike/auth.h"
#include "wire/mobike.h"

/* ------------------------------------------------------- which connection */

/* @auth: as the peer proves it, or NULL if it wants EAP. */
static bool fits(const struct ike_conn_state *cs, const struct ike_sa *sa,
		 const struct ike_id *peer, const struct ike_id *own,
		 const struct wire_auth *auth)
{
	const struct ike_conn *c = &cs->cfg;

	return ike_may_mean(sa->eng, cs, &sa->local, &sa->remote) &&
	       (auth ? ike_method_fits(c, auth->method) :
		       ike_method(c->remote_auth)->eap) &&
	       (!c->remote_id.type || ike_id_equal(&c->remote_id, peer)) &&
	       (!own->type || ike_id_equal(&c->local_id, own)) &&
	       ike_suite_in(&sa->suite, c->ike, c->nike, IKE_GROUPS_ALL);
}

/* One that names the peer before one that takes anybody. */
static struct ike_conn_state *find_conn(const struct ike_sa *sa,
					const struct ike_id *peer,
					const struct ike_id *own,
					const struct wire_auth *auth)
{
	struct ike_conn_state *cs, *found = NULL;

	for (cs = sa->eng->conns; cs; cs = cs->next) {
		if (!fits(cs, sa, peer, own, auth))
			continue;
		if (cs->cfg.remote_id.type)
			return cs;
		if (!found)
			found = cs;
	}
	return found;
}

/* ---------------------------------------------------------------- failing */

/**
 * ike_auth_refuse() - a peer that has not proved who it is does not get on
 * @sa: IKE SA of a responder
 * @mid: of the request to be answered
 * @type: notify for the peer, without a detail (section 2.21.2)
 * @reason: all of it, for the log
 */
void ike_auth_refuse(struct ike_sa *sa, uint32_t mid, uint16_t type,
		     const char *reason)
{
	ike_stranger_report(sa, reason);
	ike_slot_error(sa, mid, type, NULL, 0);
	ike_sa_fail(sa, reason);
	ike_sa_keep_answer(sa);
	/* The answer is all that is needed yet; callers may have read these. */
	ike_eap_free(sa);
	ike_auth_release(sa);
}

static void fail(struct ike_sa *sa, uint16_t type, const char *reason)
{
	ike_auth_refuse(sa, ike_auth_now(sa), type, reason);
}

/* ----------------------------------------------------------------- answer */

static void answer(struct ike_sa *sa, uint16_t child_error)
{
	const struct ike_conn *c = sa->conn;
	struct ike_sa_private *p = sa->p;
	struct wire_enc enc;

	wire_enc_start(&enc, NULL);
	/* With EAP the first of several answers has said who we are. */
	if (!p->eap)
		wire_id_encode(&enc, IKE_PL_IDR, c->local_id.type,
			       c->local_id.data, c->local_id.len);
	ike_cert_put(&p->auth_certs, &enc);
	wire_auth_encode(&enc, p->auth_method, p->auth_mine.p,
			 p->auth_mine.len);
	ike_ppk_confirm(sa, &enc);
	ike_virtual_reply(sa, &enc);
	ike_resume_give(sa, &enc);
	if (child_error) {
		ike_count_error_out(sa->eng, child_error);
		wire_notify_encode(&enc, child_error, NULL, 0);
	} else if (!p->childless) {
		ike_child_put_sa(&enc, p->offer);
		ike_child_put_ts(&enc, p->offer);
	}
	ike_auth_put_extras(sa, &enc, &sa->local, &sa->remote);
	ike_slot_answer(sa, ike_auth_now(sa), &enc);
}

static void without_child(struct ike_sa *sa)
{
	const char *name = ike_notify_name(sa->p->child_error);
	struct ike_report *r;

	answer(sa, sa->p->child_error);
	r = ike_sa_report(sa, IKE_LOG_ERROR, "error");
	ike_report_text(r, "reason", "no Child SA: %s",
			name ? name : "unknown error");
	ike_sa_established(sa);
}

/*
 * As the initiator wishes (RFC 6023). But where traffic flows under SAs of an
 * IKE SA that it may have forgotten, new ones have to take their place.
 */
static void childless(struct ike_sa *sa)
{
	bool successor = ike_conn_successor(sa);
	unsigned int i, n = ike_conn_children(sa->conn);

	answer(sa, 0);
	ike_sa_established(sa);
	for (i = 0; successor && i < n; i++)
		ike_create_new(sa, i);
}

static void out_installed(struct ike_sa *sa, struct ike_child *c, int err)
{
	(void)c;
	if (err)
		ike_sa_end(sa, "the kernel refuses the Child SA", 0, true);
	else
		ike_sa_established(sa);
}

/* Ready to take its packets: now the initiator may know (I4). */
static void in_installed(struct ike_sa *sa, struct ike_child *c, int err)
{
	if (err) {
		answer(sa, IKE_N_TEMPORARY_FAILURE);
		ike_sa_end(sa, "the kernel refuses the Child SA", 0, true);
		return;
	}
	answer(sa, 0);
	if (!ike_conn_successor(sa)) {
		ike_child_install_out(sa, c, out_installed);
		return;
	}
	/* Traffic flows: let the initiator be ready for it first. */
	ike_child_full(c)->switch_us = sa->eng->now + IKE_HANDOVER_US;
	ike_sa_established(sa);
}

static void peer_made(struct ike_sa *sa, int err)
{
	static const struct wire_span none;
	struct ike_sa_private *p = sa->p;
	struct ike_child *c;

	if (err) {
		answer(sa, IKE_N_TEMPORARY_FAILURE);
		ike_sa_end(sa, "the kernel refuses the peer", 0, true);
		return;
	}
	if (p->childless) {
		childless(sa);
		return;
	}
	if (p->child_error) {
		without_child(sa);
		return;
	}
	c = ike_child_add(sa, p->offer, ike_span(&p->ni), ike_span(&p->nr),
			  none, false);
	if (!c) {
		fail(sa, IKE_N_TEMPORARY_FAILURE, "no memory");
		return;
	}
	ike_child_install_in(sa, c, in_installed);
}

static void signed_own(struct ike_sa *sa, void *ctx,
		       const struct ike_event *ev)
{
	const char *why;

	(void)ctx;
	if (!ike_auth_signed(sa, ev, &why))
		return;
	if (why) {
		fail(sa, IKE_N_AUTHENTICATION_FAILED, why);
		return;
	}
	ike_peer_new(sa, peer_made);
}

/* --------------------------------------------------------------- request */

/* The address that the sender saw is not the one that arrived: a NAT. */
static bool nat_on_the_way(const struct ike_in *in)
{
	struct wire_endpoint src, dst;
	struct wire_notify n;

	if (!wire_notify_find(in->msg, IKE_N_NO_NATS_ALLOWED, &n) ||
	    mobike_no_nats_decode(&n, &src, &dst) != WIRE_OK)
		return false;
	return !wire_endpoint_equal(&src, &in->remote) ||
	       !wire_endpoint_equal(&dst, &in->local);
}

static void started_anew(struct ike_sa *sa)
{
	ike_resume_revoke(sa);
	ike_sa_fail(sa, "the peer has started anew (INITIAL_CONTACT)");
}

/* The peer has lost all that it had before: so do we (section 2.4). */
static void initial_contact(struct ike_sa *sa)
{
	struct ike_sa *other;

	for (other = sa->eng->sas; other; other = other->p->next)
		if (other != sa && other->cs == sa->cs &&
		    other->state >= IKE_SA_ESTABLISHED &&
		    ike_id_equal(&other->remote_id, &sa->remote_id))
			started_anew(other);
}

/* @error: what keeps a Child SA from being made, or 0 */
static void negotiate(struct ike_sa *sa, const struct wire_msg *msg,
		      uint16_t error)
{
	struct ike_sa_private *p = sa->p;

	p->childless = sa->conn->childless != IKE_CHILDLESS_NEVER &&
		       !wire_msg_next(msg, IKE_PL_SA, NULL) &&
		       !wire_msg_next(msg, IKE_PL_TSI, NULL) &&
		       !wire_msg_next(msg, IKE_PL_TSR, NULL);
	if (p->childless)
		return;
	p->child_error = error;
	if (error)
		return;
	p->offer = calloc(1, sizeof(*p->offer));
	p->child_error = IKE_N_TEMPORARY_FAILURE;
	if (p->offer)
		p->child_error = ike_child_negotiate(sa, msg, NULL, false,
						     p->offer);
}

static void leased(struct ike_sa *sa, uint16_t error)
{
	negotiate(sa, &sa->p->auth_in->msg, error);
	ike_auth_release(sa);
	if (!ike_auth_sign(sa, signed_own))
		fail(sa, IKE_N_TEMPORARY_FAILURE, "no memory");
}

/** ike_auth_request_verified() - AUTH_DONE of whoever sent the held request */
void ike_auth_request_verified(struct ike_sa *sa, void *ctx,
			       const struct ike_event *ev)
{
	struct ike_sa_private *p = sa->p;
	struct wire_notify n;

	(void)ctx;
	if (ev->type != IKE_EV_AUTH_DONE)
		return;
	if (!ev->u.auth_done.ok) {
		fail(sa, IKE_N_AUTHENTICATION_FAILED, ev->u.auth_done.text ?
		     ev->u.auth_done.text :
		     ike_method(sa->conn->remote_auth)->no_proof);
		return;
	}
	ike_sa_authentic(sa);
	ike_resume_done(sa);
	ike_resume_asked(sa, &p->auth_in->msg);
	if (nat_on_the_way(&p->auth_in->in)) {
		fail(sa, IKE_N_UNEXPECTED_NAT_DETECTED, "the peer does not"
		     " want a NAT in between, and there is one");
		return;
	}
	if (!ike_auth_open_ext(sa)) {
		fail(sa, IKE_N_TEMPORARY_FAILURE, "no memory");
		return;
	}
	ike_auth_read_extras(sa, &p->auth_in->in);
	if (wire_notify_find(&p->auth_in->msg, IKE_N_INITIAL_CONTACT, &n))
		initial_contact(sa);
	ike_virtual_lease(sa, &p->auth_in->msg, leased);
}

/*
 * Ask the credentials; @without: by what the initiator sent for one that lacks
 * the PPK that it names. The message is the one that is held, well-formed.
 */
static void check(struct ike_sa *sa, bool without)
{
	const struct wire_msg *msg = &sa->p->auth_in->msg;
	struct wire_auth auth;
	struct wire_id id;

	wire_id_decode(wire_msg_only(msg, IKE_PL_IDI), &id);
	wire_auth_decode(wire_msg_only(msg, IKE_PL_AUTH), &auth);
	if (without && !ike_ppk_without(msg, &auth))
		fail(sa, IKE_N_AUTHENTICATION_FAILED, "the peer insists on a"
		     " post-quantum preshared key that is not known here");
	else if (!ike_auth_verify(sa, msg, &id, &auth,
				  ike_auth_request_verified))
		fail(sa, IKE_N_TEMPORARY_FAILURE, "no memory");
}

static void mixed(struct ike_sa *sa, void *ctx, const struct ike_event *ev)
{
	(void)ctx;
	if (ev->type != IKE_EV_AUTH_DONE)
		return;
	if (ike_ppk_take(sa, &ev->u.auth_done))
		check(sa, false);
	else if (sa->conn->ppk_required)
		fail(sa, IKE_N_AUTHENTICATION_FAILED, "the peer names another"
		     " post-quantum preshared key than that of ppk-id");
	else
		check(sa, true);
}

/* The message is held: is the peer who it says? */
static void prove(struct ike_sa *sa)
{
	struct wire_span id;

	if (ike_ppk_named(sa, &sa->p->auth_in->msg, &id)) {
		if (!ike_ppk_ask(sa, id, mixed))
			fail(sa, IKE_N_TEMPORARY_FAILURE, "no memory");
	} else if (sa->conn->ppk_required) {
		fail(sa, IKE_N_AUTHENTICATION_FAILED, "the peer uses no"
		     " post-quantum preshared key, and ppk-required = true");
	} else {
		check(sa, ike_ppk_unknown(sa, &sa->p->auth_in->msg));
	}
}

#define NO_CONNECTION "no connection is configured for these identities," \
		      " addresses and this way to authenticate"

/* Of one who wants EAP or says, with @auth, how it proves who it is. */
static bool choose(struct ike_sa *sa, const struct ike_id *own,
		   const struct wire_auth *auth)
{
	const char *why = auth || sa->p->resuming ? NO_CONNECTION :
						    NO_CONNECTION ", with EAP";

	sa->cs = sa->p->resuming ? ike_resume_conn(sa) :
		 find_conn(sa, &sa->remote_id, own, auth);
	if (sa->cs) {
		sa->conn = &sa->cs->cfg;
		if (!sa->p->resuming ||
		    (auth && ike_auth_method_ok(sa, auth->method)))
			return true;
		why = "the peer has another proof than that of its ticket";
	}
	fail(sa, IKE_N_AUTHENTICATION_FAILED, why);
	return false;
}

/**
 * ike_auth_request() - an IKE_AUTH request
 * @sa: half-open IKE SA
 * @in: request, decrypted and well-formed
 */
void ike_auth_request(struct ike_sa *sa, const struct ike_in *in)
{
	const struct wire_payload *idi = wire_msg_only(in->msg, IKE_PL_IDI);
	const struct wire_payload *idr = wire_msg_only(in->msg, IKE_PL_IDR);
	const struct wire_payload *pl = wire_msg_next(in->msg, IKE_PL_AUTH,
						      NULL);
	struct ike_id own = { 0 };
	struct wire_auth auth;
	struct wire_id id;

	if (sa->p->eap) {
		ike_eap_request(sa, in);
		return;
	}
	if (in->mid != ike_auth_mid(sa) || ike_inter_due(sa) || sa->cs) {
		ike_slot_error(sa, in->mid, IKE_N_INVALID_SYNTAX, NULL, 0);
		return;
	}
	/* MOBIKE: these addresses, of the first IKE_AUTH request (3.3). */
	sa->local = in->local;
	sa->remote = in->remote;
	if (!idi || wire_id_decode(idi, &id) != WIRE_OK) {
		fail(sa, IKE_N_INVALID_SYNTAX, "IKE_AUTH without IDi");
		return;
	}
	if (!ike_auth_id(&id, &sa->remote_id) ||
	    (idr && (wire_id_decode(idr, &id) != WIRE_OK ||
		     !ike_auth_id(&id, &own)))) {
		fail(sa, IKE_N_AUTHENTICATION_FAILED, "an identity is longer"
		     " than any that could be configured here");
		return;
	}
	if (pl && (!wire_msg_only(in->msg, IKE_PL_AUTH) ||
		   wire_auth_decode(pl, &auth) != WIRE_OK)) {
		fail(sa, IKE_N_INVALID_SYNTAX, "IKE_AUTH with several AUTH");
		return;
	}
	if (!choose(sa, &own, pl ? &auth : NULL))
		return;
	if (!pl)
		ike_eap_start(sa, in);
	else if (ike_auth_hold(sa, in))
		prove(sa);
	else
		fail(sa, IKE_N_TEMPORARY_FAILURE, "no memory");
}
