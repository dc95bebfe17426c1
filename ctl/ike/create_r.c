// SPDX-License-Identifier: GPL-2.0
/* CREATE_CHILD_SA, begun by the peer (RFC 7296, sections 1.3, 2.8, 2.25). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

static void child_error(struct ike_sa *sa, uint32_t mid, uint16_t type)
{
	const char *name = ike_notify_name(type);
	struct ike_report *r;

	r = ike_sa_report(sa, IKE_LOG_INFO, "log");
	ike_report_text(r, "reason", "the peer's Child SA is refused: %s",
			name ? name : "?");
	ike_slot_error(sa, mid, type, NULL, 0);
}

/* ---------------------------------------------------------------- answer */

static void answer(struct ike_sa *sa, struct ike_answer *a)
{
	struct wire_enc enc;

	wire_enc_start(&enc, NULL);
	ike_child_put_sa(&enc, &a->offer);
	wire_nonce_encode(&enc, a->nonce, sizeof(a->nonce));
	if (a->offer.suite.ke)
		wire_ke_encode(&enc, a->ke.group, a->ke.pub, a->ke.pub_len);
	ike_child_put_ts(&enc, &a->offer);
	ike_slot_answer(sa, a->mid, &enc);
}

/*
 * The newest Child SA that carries some of what a new one is for. Its peer may be
 * about to replace it by one with other selectors, which has no REKEY_SA.
 */
static struct ike_child *carrier(struct ike_sa *sa, struct ike_child *new)
{
	const struct ike_child_full *n = ike_child_full(new);
	struct ike_child *c, *found = NULL;

	for (c = sa->children; c; c = c->next) {
		const struct ike_child_full *f = ike_child_full(c);

		/* After a move a transport Child SA may be of no use. */
		if (c != new && c->out_installed && f->mode == n->mode &&
		    c->state != IKE_CHILD_CLOSING &&
		    (n->mode == MOBX_MODE_TUNNEL ||
		     (wire_addr_equal(&f->local, &n->local) &&
		      wire_addr_equal(&f->remote, &n->remote))) &&
		    ike_child_overlaps(c, new))
			found = c;
	}
	return found;
}

/* Ready for its packets: answer (I4). Sending waits if it replaces another. */
static void in_installed(struct ike_sa *sa, struct ike_child *c, int err)
{
	struct ike_child_full *f = ike_child_full(c);
	struct ike_answer *a = f->answer;
	struct ike_child *old;

	f->answer = NULL;
	if (err) {
		ike_slot_error(sa, a->mid, IKE_N_TEMPORARY_FAILURE, NULL, 0);
		wire_free((uint8_t *)a, sizeof(*a));
		ike_child_forget(sa, c, "the kernel refuses it");
		return;
	}
	answer(sa, a);
	wire_free((uint8_t *)a, sizeof(*a));
	old = f->replaces ? ike_child_find(sa, f->replaces) : NULL;
	if (f->lost) {
		c->state = IKE_CHILD_REKEYED;
	} else if (old) {
		if (old->state == IKE_CHILD_UP)
			old->state = IKE_CHILD_REKEYED;
		f->switch_us = sa->eng->now + IKE_SWITCH_US;
	} else if ((old = carrier(sa, c))) {
		f->replaces = old->spi_in;
		f->beside = true;
		f->switch_us = sa->eng->now + IKE_HANDOVER_US;
	} else {
		ike_child_switch(sa, c);
	}
}

/* --------------------------------------------------------------- request */

/* Another one, with other selectors, is about to take its place. */
static bool given_up(const struct ike_sa *sa, const struct ike_child *c)
{
	const struct ike_create *cr = sa->p->create;

	return cr && !cr->rekey && cr->old_in == c->spi_in;
}

/*
 * Our own exchange has made what takes its place: it will be closed as soon as the
 * kernel is done (section 2.25.1). No two nonces are to be compared any more.
 */
static bool succeeded(struct ike_sa *sa, const struct ike_child *c)
{
	const struct ike_create *cr = sa->p->create;

	return cr && cr->old_in == c->spi_in &&
	       ike_child_find(sa, cr->offer.spi_in);
}

/* What the peer wants to replace: false if it has been answered already. */
static bool rekeyed_child(struct ike_sa *sa, const struct ike_in *in,
			  struct ike_child **old)
{
	struct wire_notify n;
	struct wire_enc enc;
	struct wire_rd rd;
	uint32_t spi;

	*old = NULL;
	if (!wire_notify_find(in->msg, IKE_N_REKEY_SA, &n))
		return true;
	wire_rd_init(&rd, n.spi.p, n.spi.len);
	spi = wire_rd_u32(&rd);
	if (n.protocol == IKE_PROTO_ESP && !rd.bad)
		*old = ike_child_find_out(sa, spi);
	if (!*old && sa->p->create) {
		/* It may be the one that the answer to us will tell of. */
		child_error(sa, in->mid, IKE_N_TEMPORARY_FAILURE);
		return false;
	}
	if (!*old) {
		wire_enc_start(&enc, NULL);
		wire_notify_encode_esp(&enc, IKE_N_CHILD_SA_NOT_FOUND, spi,
				       NULL, 0);
		ike_slot_answer(sa, in->mid, &enc);
		return false;
	}
	if (((*old)->state == IKE_CHILD_UP && !given_up(sa, *old)) ||
	    ((*old)->state == IKE_CHILD_REKEYING && !succeeded(sa, *old)))
		return true;
	child_error(sa, in->mid, IKE_N_TEMPORARY_FAILURE);
	return false;
}

/* A key exchange, if a group was chosen; false if it has been answered. */
static bool key_exchange(struct ike_sa *sa, const struct ike_in *in,
			 struct ike_answer *a, uint8_t *shared, size_t *len)
{
	const struct wire_payload *pl = wire_msg_only(in->msg, IKE_PL_KE);
	uint8_t group[2];
	struct wire_ke ke;

	*len = 0;
	if (!a->offer.suite.ke)
		return true;
	if (!pl || wire_ke_decode(pl, &ke) != WIRE_OK ||
	    ke.group != a->offer.suite.ke) {
		wire_put_u16(group, a->offer.suite.ke);
		ike_slot_error(sa, in->mid, IKE_N_INVALID_KE_PAYLOAD, group,
			       sizeof(group));
		return false;
	}
	if (ike_answer_ke(sa->eng, &a->ke, &ke, shared, len)) {
		child_error(sa, in->mid, IKE_N_INVALID_SYNTAX);
		return false;
	}
	return true;
}

static void create(struct ike_sa *sa, const struct ike_in *in,
		   struct wire_span ni, struct ike_child *old,
		   struct ike_answer *a)
{
	uint8_t secret[CRYPTO_KE_SHARED_MAX];
	struct wire_span shared = { .p = secret };
	struct wire_span nr = { .p = a->nonce, .len = sizeof(a->nonce) };
	struct ike_create *cr = sa->p->create;
	struct ike_child *c;

	if (!key_exchange(sa, in, a, secret, &shared.len)) {
		wire_free((uint8_t *)a, sizeof(*a));
		return;
	}
	c = ike_child_add(sa, &a->offer, ni, nr, shared, false);
	crypto_wipe(secret, sizeof(secret));
	if (!c) {
		child_error(sa, in->mid, IKE_N_TEMPORARY_FAILURE);
		wire_free((uint8_t *)a, sizeof(*a));
		return;
	}
	if (old && cr && cr->rekey && cr->old_in == old->spi_in) {
		cr->rival = c->spi_in;
		ike_lowest(&cr->rival_lowest, ni, nr);
	}
	if (old)
		ike_child_replaces(sa, c, old);
	ike_child_full(c)->answer = a;
	ike_child_install_in(sa, c, in_installed);
}

static void create_child(struct ike_sa *sa, const struct ike_in *in,
			 struct wire_span ni)
{
	struct ike_answer *a;
	struct ike_child *old;
	uint16_t err = 0;

	if (!rekeyed_child(sa, in, &old))
		return;
	/* Not while the IKE SA is rekeyed (section 2.25.2). */
	if (!sa->peer || (sa->p->rekey && sa->p->rekey->sent)) {
		child_error(sa, in->mid, IKE_N_TEMPORARY_FAILURE);
		return;
	}
	if (ike_child_count(sa) >= IKE_MAX_CHILDREN) {
		child_error(sa, in->mid, IKE_N_NO_ADDITIONAL_SAS);
		return;
	}
	a = calloc(1, sizeof(*a));
	if (!a || ike_random(sa->eng, a->nonce, sizeof(a->nonce)))
		err = IKE_N_TEMPORARY_FAILURE;
	else
		err = ike_child_negotiate(sa, in->msg, old, true,
					  &a->offer);
	if (err) {
		free(a);
		child_error(sa, in->mid, err);
		return;
	}
	a->mid = in->mid;
	create(sa, in, ni, old, a);
}

/**
 * ike_create_request() - a CREATE_CHILD_SA request
 * @sa: IKE SA
 * @in: request, authentic and well-formed
 */
void ike_create_request(struct ike_sa *sa, const struct ike_in *in)
{
	const struct wire_payload *sa_pl = wire_msg_only(in->msg, IKE_PL_SA);
	const struct wire_payload *ni_pl = wire_msg_only(in->msg,
							 IKE_PL_NONCE);
	struct wire_sa *offer;
	struct wire_span ni;

	if (sa->state != IKE_SA_ESTABLISHED) {
		ike_slot_error(sa, in->mid, IKE_N_TEMPORARY_FAILURE, NULL, 0);
		return;
	}
	offer = calloc(1, sizeof(*offer));
	if (!offer) {
		ike_slot_error(sa, in->mid, IKE_N_TEMPORARY_FAILURE, NULL, 0);
		return;
	}
	if (!sa_pl || !ni_pl || wire_nonce_decode(ni_pl, &ni) != WIRE_OK ||
	    wire_sa_decode(sa_pl, offer) != WIRE_OK || offer->n == 0) {
		ike_slot_error(sa, in->mid, IKE_N_INVALID_SYNTAX, NULL, 0);
		ike_sa_fail(sa, "the peer sent a malformed message");
	} else if (offer->p[0].protocol == IKE_PROTO_IKE) {
		ike_rekey_request(sa, in, offer);
	} else {
		create_child(sa, in, ni);
	}
	free(offer);
}
