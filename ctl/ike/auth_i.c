// SPDX-License-Identifier: GPL-2.0
/* IKE_AUTH, the initiator's side (RFC 7296, section 1.2). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ike/auth.h"

static bool build(struct ike_sa *sa, void *ctx,
		  const struct wire_endpoint *local,
		  const struct wire_endpoint *remote, struct wire_enc *b)
{
	const struct ike_conn *c = sa->conn;
	struct ike_sa_private *p = sa->p;

	(void)ctx;
	wire_id_encode(b, IKE_PL_IDI, c->local_id.type, c->local_id.data,
		       c->local_id.len);
	ike_cert_put(&p->auth_certs, b);
	if (c->initial_contact && !sa->cs->contacted)
		wire_notify_encode(b, IKE_N_INITIAL_CONTACT, NULL, 0);
	if (!p->resuming)
		ike_cert_ask(sa, b);
	if (c->remote_id.type)
		wire_id_encode(b, IKE_PL_IDR, c->remote_id.type,
			       c->remote_id.data, c->remote_id.len);
	/* Without AUTH it asks for EAP (section 2.16). */
	if (!ike_eap_due(sa))
		wire_auth_encode(b, p->auth_method, p->auth_mine.p,
				 p->auth_mine.len);
	else if (ike_eap_only(sa))
		wire_notify_encode(b, IKE_N_EAP_ONLY_AUTHENTICATION, NULL, 0);
	ike_ppk_put(sa, b);
	ike_virtual_ask(sa, b);
	ike_resume_ask(sa, b);
	if (!p->childless) {
		wire_sa_encode(b, p->child_sent);
		ike_child_put_ts(b, p->offer);
	}
	ike_auth_put_extras(sa, b, local, remote);
	return true;
}

static void answered(struct ike_sa *sa, void *ctx, enum ike_result result,
		     const struct ike_in *in);

static void request(struct ike_sa *sa)
{
	static const struct ike_request_desc d = {
		.build = build,
		.done = answered,
	};

	if (!ike_request_new(sa, IKE_EX_AUTH, &d)) {
		ike_sa_fail(sa, "no memory");
		return;
	}
	ike_requests_pump(sa);
}

static void signed_without(struct ike_sa *sa, void *ctx,
			   const struct ike_event *ev)
{
	const struct ike_ev_auth_done *a = &ev->u.auth_done;

	(void)ctx;
	if (ev->type != IKE_EV_AUTH_DONE)
		return;
	if (!a->ok || !ike_buf_set(&sa->p->ppk.auth, a->data, a->len))
		ike_sa_fail(sa, a->text ? a->text : "no memory");
	else
		request(sa);
}

static void signed_own(struct ike_sa *sa, void *ctx,
		       const struct ike_event *ev)
{
	const char *why;

	(void)ctx;
	if (!ike_auth_signed(sa, ev, &why))
		return;
	if (why) {
		ike_sa_fail(sa, why);
		return;
	}
	if (!sa->p->ppk.used || sa->conn->ppk_required)
		request(sa);
	else if (!ike_ppk_sign_without(sa, signed_without))
		ike_sa_fail(sa, "no memory");
}

static void mixed(struct ike_sa *sa, void *ctx, const struct ike_event *ev)
{
	(void)ctx;
	if (ev->type != IKE_EV_AUTH_DONE)
		return;
	if (!ike_ppk_take(sa, &ev->u.auth_done))
		ike_sa_fail(sa, "the post-quantum preshared key of this"
			    " connection cannot be used");
	else if (!ike_auth_sign(sa, signed_own))
		ike_sa_fail(sa, "no memory");
}

static bool prove(struct ike_sa *sa)
{
	const struct wire_span id = { sa->conn->ppk_id, sa->conn->ppk_id_len };

	return sa->p->use_ppk ? ike_ppk_ask(sa, id, mixed) :
				ike_auth_sign(sa, signed_own);
}

static bool offer_child(struct ike_sa *sa)
{
	struct ike_sa_private *p = sa->p;

	p->offer = calloc(1, sizeof(*p->offer));
	p->child_sent = calloc(1, sizeof(*p->child_sent));
	if (!p->offer || !p->child_sent)
		return false;
	p->offer->spi_in = ike_child_spi(sa);
	if (!p->offer->spi_in)
		return false;
	ike_propose(p->child_sent, sa->conn->esp, sa->conn->nesp,
		    IKE_PROTO_ESP, p->offer->spi_in, IKE_GROUPS_NONE);
	p->offer->mode = sa->conn->mode;
	p->offer->conf = sa->cs->conf;
	if (sa->cs->trigger.set)
		p->offer->child = ike_ts_child(sa->conn, &sa->cs->trigger);
	if (!ike_virtual_propose(sa, p->offer->child, &p->offer->tsi,
				 &p->offer->tsr))
		return false;
	if (sa->cs->trigger.set &&
	    ike_virtual_may_trigger(sa, &sa->cs->trigger))
		ike_ts_trigger(sa->conn, &sa->cs->trigger, &p->offer->tsi,
			       &p->offer->tsr);
	sa->cs->trigger.set = false;
	return true;
}

/**
 * ike_auth_start() - keys are there: authenticate
 * @sa: IKE SA of an initiator
 */
void ike_auth_start(struct ike_sa *sa)
{
	bool ok = ike_auth_open_ext(sa) &&
		  (sa->p->childless || offer_child(sa));

	if (ok && ike_eap_due(sa))
		request(sa);
	else if (!ok || !prove(sa))
		ike_sa_fail(sa, "no memory or no random numbers");
}

/* ------------------------------------------------------------ the answer */

/** ike_auth_refused() - the peer has answered with an error */
void ike_auth_refused(struct ike_sa *sa, uint16_t type)
{
	const char *name = ike_notify_name(type);
	char reason[IKE_MAX_TEXT];

	if (type == IKE_N_AUTHENTICATION_FAILED)
		snprintf(reason, sizeof(reason), "the peer refuses:"
			 " AUTHENTICATION_FAILED: do the identities and the"
			 " %s of both ends agree?",
			 ike_method(sa->conn->local_auth)->credentials);
	else if (type == IKE_N_UNEXPECTED_NAT_DETECTED)
		snprintf(reason, sizeof(reason), "the peer refuses: it sees a"
			 " NAT that IKE_SA_INIT has not shown");
	else
		snprintf(reason, sizeof(reason), "the peer refuses: %s (%u)",
			 name ? name : "unknown error", type);
	ike_sa_fail(sa, reason);
}

/** ike_auth_lacks() - an answer lacks something: a refusal, or nonsense */
void ike_auth_lacks(struct ike_sa *sa, const struct wire_msg *msg,
		    const char *what)
{
	char reason[IKE_MAX_TEXT];
	struct wire_notify n;

	if (wire_notify_error(msg, &n)) {
		ike_auth_refused(sa, n.type);
		return;
	}
	snprintf(reason, sizeof(reason), "the answer to IKE_AUTH lacks %s",
		 what);
	ike_sa_fail(sa, reason);
}

static void all_installed(struct ike_sa *sa, struct ike_child *c, int err)
{
	(void)c;
	if (err)
		ike_sa_end(sa, "the kernel refuses the Child SA", 0, true);
	else
		ike_sa_established(sa);
}

static void in_installed(struct ike_sa *sa, struct ike_child *c, int err)
{
	if (err)
		all_installed(sa, c, err);
	else
		ike_child_install_out(sa, c, all_installed);
}

/* The IKE SA outlives a Child SA that came to nothing (section 1.2). */
static void without_child(struct ike_sa *sa)
{
	const char *name = ike_notify_name(sa->p->child_error);
	uint32_t spi_in = sa->p->offer->spi_in;
	struct ike_report *r;

	ike_sa_established(sa);
	if (sa->state != IKE_SA_ESTABLISHED)
		return;
	r = ike_sa_report(sa, IKE_LOG_ERROR, "error");
	if (sa->p->child_error == IKE_CHILD_UNWANTED) {
		ike_report_text(r, "reason", "the peer's Child SA is not what"
				" was asked for");
		ike_child_reject(sa, spi_in);
		return;
	}
	ike_report_text(r, "reason", "the peer refuses the Child SA: %s (%u)",
			name ? name : "unknown error", sa->p->child_error);
}

static void peer_made(struct ike_sa *sa, int err)
{
	static const struct wire_span none;
	struct ike_sa_private *p = sa->p;
	struct ike_child *c;

	if (err) {
		ike_sa_end(sa, "the kernel refuses the peer", 0, true);
		return;
	}
	if (p->childless) {
		ike_sa_established(sa);
		return;
	}
	if (p->child_error) {
		without_child(sa);
		return;
	}
	c = ike_child_add(sa, p->offer, ike_span(&p->ni), ike_span(&p->nr),
			  none, true);
	if (!c) {
		ike_sa_end(sa, "no memory", 0, true);
		return;
	}
	ike_child_install_in(sa, c, in_installed);
}

static void placed(struct ike_sa *sa, int err)
{
	if (err)
		ike_sa_end(sa, "the virtual address cannot be used", 0, true);
	else
		ike_peer_new(sa, peer_made);
}

/* Without the address that was asked for it is of no use. */
static void no_address(struct ike_sa *sa)
{
	char reason[IKE_MAX_TEXT];
	const char *name = NULL;
	struct wire_notify n;

	if (wire_notify_error(&sa->p->auth_in->msg, &n))
		name = ike_notify_name(n.type);
	snprintf(reason, sizeof(reason), "the peer gives no virtual address%s%s",
		 name ? ": " : "", name ? name : "");
	ike_sa_end(sa, reason, 0, true);
}

/** ike_auth_answer_verified() - AUTH_DONE of the held answer with the SA */
void ike_auth_answer_verified(struct ike_sa *sa, void *ctx,
			      const struct ike_event *ev)
{
	struct ike_sa_private *p = sa->p;

	(void)ctx;
	if (ev->type != IKE_EV_AUTH_DONE)
		return;
	if (!ev->u.auth_done.ok) {
		ike_sa_end(sa, ev->u.auth_done.text ? ev->u.auth_done.text :
			   ike_method(sa->conn->remote_auth)->no_proof,
			   IKE_N_AUTHENTICATION_FAILED, true);
		return;
	}
	ike_sa_authentic(sa);
	if (ike_redirect_in(sa, &p->auth_in->msg))
		return;
	ike_resume_read(sa, &p->auth_in->msg);
	if (!ike_virtual_read(sa, &p->auth_in->msg)) {
		no_address(sa);
		return;
	}
	ike_auth_read_extras(sa, &p->auth_in->in);
	if (!p->childless)
		p->child_error = ike_child_accept(sa, &p->auth_in->msg,
						  p->child_sent, p->offer);
	ike_auth_release(sa);
	ike_virtual_place(sa, placed);
}

/** ike_auth_another() - not who it should be, or not in the way wanted */
void ike_auth_another(struct ike_sa *sa)
{
	char reason[IKE_MAX_TEXT];

	snprintf(reason, sizeof(reason), "the peer is not who it should be:"
		 " remote-id differs, or %s",
		 ike_method(sa->conn->remote_auth)->otherwise);
	ike_sa_end(sa, reason, IKE_N_AUTHENTICATION_FAILED, true);
}

static void answered(struct ike_sa *sa, void *ctx, enum ike_result result,
		     const struct ike_in *in)
{
	const struct wire_payload *id_pl, *auth_pl;
	struct wire_auth auth;
	struct wire_id id;
	const char *why;

	(void)ctx;
	if (result != IKE_RESULT_ANSWER)
		return;
	id_pl = wire_msg_only(in->msg, IKE_PL_IDR);
	auth_pl = wire_msg_only(in->msg, IKE_PL_AUTH);
	if (!id_pl || (!auth_pl && !ike_eap_due(sa))) {
		ike_auth_lacks(sa, in->msg, "IDr or AUTH");
		return;
	}
	if (wire_id_decode(id_pl, &id) != WIRE_OK ||
	    !ike_auth_id(&id, &sa->remote_id) ||
	    (sa->conn->remote_id.type &&
	     !ike_id_equal(&sa->remote_id, &sa->conn->remote_id))) {
		ike_auth_another(sa);
		return;
	}
	if (ike_eap_due(sa)) {
		ike_eap_first(sa, in, &id);
		return;
	}
	if (wire_auth_decode(auth_pl, &auth) != WIRE_OK ||
	    !ike_auth_method_ok(sa, auth.method)) {
		ike_auth_another(sa);
		return;
	}
	why = ike_ppk_answered(sa, in->msg);
	if (why)
		ike_sa_end(sa, why, IKE_N_AUTHENTICATION_FAILED, true);
	else if (!ike_auth_hold(sa, in) ||
		 !ike_auth_verify(sa, in->msg, &id, &auth,
				  ike_auth_answer_verified))
		ike_sa_fail(sa, "no memory");
}
