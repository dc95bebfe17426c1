// SPDX-License-Identifier: GPL-2.0
/* Rekeying of the IKE SA, begun by the peer (RFC 7296, sections 1.3.2, 2.18). */
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

/* The peer deletes the old IKE SA; if it forgets, we do not wait for ever. */
#define OLD_US (60 * IKE_SECOND)

/* While anything else is going on the answer is "later" (section 2.25.2). */
static bool busy(const struct ike_sa *sa)
{
	const struct ike_child *c;

	for (c = sa->children; c; c = c->next)
		if (c->state != IKE_CHILD_UP)
			return true;
	return sa->p->create || ike_requests_outstanding(sa);
}

static void move_children(struct ike_sa *from, struct ike_sa *to)
{
	to->children = from->children;
	from->children = NULL;
	to->p->linger = from->p->linger;
	from->p->linger = NULL;
	to->p->requests = from->p->requests;
	from->p->requests = NULL;
	to->p->create_again_us = from->p->create_again_us;
	to->p->again_spi_in = from->p->again_spi_in;
	from->p->create_again_us = IKE_NEVER;
	to->p->rebinds = from->p->rebinds;
	from->p->rebinds = 0;
	ike_waits_move(from->eng, from, to);
}

/* The successor takes everything; the old one only waits for its Delete. */
static void inherit(struct ike_sa *from, struct ike_sa *to)
{
	const struct ike_ext_ops *ext = from->eng->ext;
	struct ike_report *r;

	to->cs = from->cs;
	to->conn = from->conn;
	to->first_initiator = from->first_initiator;
	to->local = from->local;
	to->remote = from->remote;
	to->remote_id = from->remote_id;
	to->mobike = from->mobike;
	to->p->fragments = from->p->fragments;
	to->peer = from->peer;
	to->generation = from->generation;
	to->established_us = from->eng->now;
	to->t_ike_us = from->t_ike_us;
	to->rtt_us = from->rtt_us;
	to->last_in_us = from->eng->now;
	to->state = IKE_SA_ESTABLISHED;
	to->p->authentic = true;
	to->p->announced = true;
	to->p->own_window = from->p->own_window;
	move_children(from, to);
	from->state = IKE_SA_REKEYED;
	from->p->replaced = true;
	from->peer = 0;
	from->p->expire_us = from->eng->now + OLD_US;
	if (from->p->ext_open && ext->rekeyed) {
		to->ext_deadline = from->ext_deadline;
		from->ext_deadline = IKE_NEVER;
		ext->rekeyed(from, to);
		to->p->ext_open = true;
	}
	r = ike_sa_report(to, IKE_LOG_INFO, "ike-rekey");
	ike_report_text(r, "old", "%016llx:%016llx",
			(unsigned long long)from->spi_i,
			(unsigned long long)from->spi_r);
}

static bool choose(const struct ike_sa *sa, const struct wire_sa *offer,
		   struct wire_proposal *chosen)
{
	struct wire_sa *ours = calloc(1, sizeof(*ours));
	bool ok;

	if (!ours)
		return false;
	ike_propose(ours, sa->conn->ike, sa->conn->nike, IKE_PROTO_IKE, 0,
		    true);
	ok = wire_sa_choose(offer, ours, chosen) &&
	     chosen->spi_len == IKE_SPI_LEN;
	free(ours);
	return ok;
}

static bool derive(struct ike_sa *from, struct ike_sa *to,
		   struct crypto_ke *own, const struct wire_ke *ke,
		   struct wire_span ni, struct wire_span nr)
{
	uint8_t secret[CRYPTO_KE_SHARED_MAX];
	struct wire_span shared = { .p = secret };
	bool ok;

	ok = !ike_make_ke(from->eng, own, ke->group) &&
	     !crypto_ke_shared(own, ke->data.p, ke->data.len, secret,
			       &shared.len) &&
	     !crypto_ike_rekey(&from->p->keys, &to->suite, ni, nr, shared,
			       to->spi_i, to->spi_r, &to->p->keys);
	crypto_wipe(secret, sizeof(secret));
	to->p->have_keys = ok;
	return ok;
}

static void answer(struct ike_sa *sa, uint32_t mid,
		   struct wire_proposal *chosen, uint64_t spi,
		   const struct crypto_ke *ke, struct wire_span nr)
{
	struct wire_sa *list = calloc(1, sizeof(*list));
	struct wire_enc enc;

	wire_enc_start(&enc, NULL);
	if (list) {
		wire_put_u64(chosen->spi, spi);
		list->n = 1;
		list->p[0] = *chosen;
		wire_sa_encode(&enc, list);
	} else {
		enc.wr.bad = true;
	}
	wire_nonce_encode(&enc, nr.p, nr.len);
	wire_ke_encode(&enc, ke->group, ke->pub, ke->pub_len);
	ike_slot_answer(sa, mid, &enc);
	free(list);
}

static void rekey(struct ike_sa *sa, const struct ike_in *in,
		  struct wire_proposal *chosen, const struct wire_ke *ke)
{
	const struct wire_payload *pl = wire_msg_only(in->msg, IKE_PL_NONCE);
	struct ike_sa *to = ike_sa_new(sa->eng, false);
	uint8_t nonce[IKE_NONCE_LEN];
	struct wire_span nr = { .p = nonce, .len = sizeof(nonce) };
	struct crypto_ke own;
	struct wire_rd rd;
	struct wire_span ni;

	if (!to) {
		ike_slot_error(sa, in->mid, IKE_N_TEMPORARY_FAILURE, NULL, 0);
		return;
	}
	wire_rd_init(&rd, chosen->spi, IKE_SPI_LEN);
	to->spi_i = wire_rd_u64(&rd);
	ike_chosen(chosen, &to->suite);
	if (to->spi_i == 0 || !pl || wire_nonce_decode(pl, &ni) != WIRE_OK ||
	    ike_random(sa->eng, nonce, sizeof(nonce)) ||
	    !derive(sa, to, &own, ke, ni, nr)) {
		to->state = IKE_SA_DEAD;
		ike_slot_error(sa, in->mid, IKE_N_NO_PROPOSAL_CHOSEN, NULL, 0);
		return;
	}
	answer(sa, in->mid, chosen, to->spi_r, &own, nr);
	crypto_wipe(&own, sizeof(own));
	inherit(sa, to);
	ike_info_announce_window(to);
	ike_requests_pump(to);
}

/**
 * ike_rekey_request() - the peer wants another IKE SA in place of this one
 * @sa: established IKE SA
 * @in: request
 * @offer: its proposals
 */
void ike_rekey_request(struct ike_sa *sa, const struct ike_in *in,
		       const struct wire_sa *offer)
{
	const struct wire_payload *pl = wire_msg_only(in->msg, IKE_PL_KE);
	const struct wire_transform *t;
	struct wire_proposal chosen;
	uint8_t group[2];
	struct wire_ke ke;

	if (busy(sa)) {
		ike_slot_error(sa, in->mid, IKE_N_TEMPORARY_FAILURE, NULL, 0);
		return;
	}
	if (!choose(sa, offer, &chosen)) {
		ike_slot_error(sa, in->mid, IKE_N_NO_PROPOSAL_CHOSEN, NULL, 0);
		return;
	}
	t = wire_proposal_get(&chosen, IKE_TT_KE);
	if (!t || !pl || wire_ke_decode(pl, &ke) != WIRE_OK ||
	    ke.group != t->id) {
		wire_put_u16(group, t ? t->id : IKE_KE_NONE);
		ike_slot_error(sa, in->mid, IKE_N_INVALID_KE_PAYLOAD, group,
			       sizeof(group));
		return;
	}
	rekey(sa, in, &chosen, &ke);
}
