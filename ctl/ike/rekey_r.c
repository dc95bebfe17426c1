// SPDX-License-Identifier: GPL-2.0
/* Rekeying of the IKE SA, begun by the peer (RFC 7296, sections 1.3.2, 2.18). */
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

static bool choose(const struct ike_sa *sa, const struct wire_sa *offer,
		   struct wire_proposal *chosen)
{
	struct wire_sa *ours = calloc(1, sizeof(*ours));
	bool ok;

	if (!ours)
		return false;
	ike_propose(ours, sa->conn->ike, sa->conn->nike, IKE_PROTO_IKE, 0,
		    IKE_GROUPS_KE);
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
		   struct wire_proposal *chosen, const struct ike_sa *to,
		   const struct crypto_ke *ke, struct wire_span nr)
{
	struct wire_sa *list = calloc(1, sizeof(*list));
	struct wire_enc enc;

	wire_enc_start(&enc, NULL);
	if (list) {
		wire_put_u64(chosen->spi, to->spi_r);
		list->n = 1;
		list->p[0] = *chosen;
		wire_sa_encode(&enc, list);
	} else {
		enc.wr.bad = true;
	}
	wire_nonce_encode(&enc, nr.p, nr.len);
	wire_ke_encode(&enc, ke->group, ke->pub, ke->pub_len);
	ike_qcd_put(sa->eng, to->spi_i, to->spi_r, &enc);
	ike_slot_answer(sa, mid, &enc);
	free(list);
}

/*
 * The answer is out. If we rekey this IKE SA as well, which of the two new ones
 * takes over is seen when our own answer is in, or when the peer shows it.
 */
static void made(struct ike_sa *sa, struct ike_sa *to, struct wire_span ni,
		 struct wire_span nr)
{
	struct ike_rekey *rk = sa->p->rekey;

	to->cs = sa->cs;
	to->conn = sa->conn;
	to->local = sa->local;
	to->remote = sa->remote;
	to->p->authentic = true;
	if (rk && rk->sent) {
		to->state = IKE_SA_RIVAL;
		to->p->replaced = true;
		to->p->rival_of = sa;
		rk->rival = to;
		ike_lowest(&rk->rival_lowest, ni, nr);
		return;
	}
	/* Our own had not left yet: there is no need of it. */
	ike_rekey_free(sa);
	ike_rekey_inherit(sa, to);
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
		ike_sa_dead(to);
		ike_slot_error(sa, in->mid, IKE_N_NO_PROPOSAL_CHOSEN, NULL, 0);
		return;
	}
	answer(sa, in->mid, chosen, to, &own, nr);
	crypto_wipe(&own, sizeof(own));
	made(sa, to, ni, nr);
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

	/* One rival is enough: no honest peer begins a second one. */
	if (ike_rekey_busy(sa) || (sa->p->rekey && sa->p->rekey->rival)) {
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
