// SPDX-License-Identifier: GPL-2.0
/* Rekeying of the IKE SA, begun by the peer (RFC 7296, sections 1.3.2, 2.18). */
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

/* So long the next key exchange of a rekey may take to come. */
#define FOLLOW_US (30 * IKE_SECOND)

static bool choose(const struct ike_sa *sa, const struct wire_sa *offer,
		   struct wire_proposal *chosen)
{
	struct wire_sa *ours = calloc(1, sizeof(*ours));
	bool ok;

	if (!ours)
		return false;
	ike_propose(ours, sa->conn->ike, sa->conn->nike, IKE_PROTO_IKE, 0,
		    IKE_GROUPS_ALL);
	ok = wire_sa_choose(offer, ours, chosen) &&
	     chosen->spi_len == IKE_SPI_LEN;
	free(ours);
	return ok;
}

static void put_first(const struct ike_follow *f, struct wire_proposal *chosen,
		      struct wire_enc *enc)
{
	struct wire_sa *list = calloc(1, sizeof(*list));

	if (list) {
		wire_put_u64(chosen->spi, f->spi_own);
		list->n = 1;
		list->p[0] = *chosen;
		wire_sa_encode(enc, list);
	} else {
		enc->wr.bad = true;
	}
	wire_nonce_encode(enc, f->nr.v, f->nr.len);
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

/* The new IKE SA, when all key exchanges are done */
static struct ike_sa *make(struct ike_sa *sa, const struct ike_follow *f)
{
	struct ike_sa *to = ike_sa_new_spi(sa->eng, false, f->spi_own);

	if (!to)
		return NULL;
	to->spi_i = f->spi_peer;
	to->suite = f->suite;
	if (ike_follow_derive(sa, to, f))
		return to;
	ike_sa_dead(to);
	return NULL;
}

/*
 * Our value, and what was put before it: the last answer of the rekey, or the
 * next one, which says how the request that is to follow has to name it.
 */
static void answer(struct ike_sa *sa, uint32_t mid, struct wire_enc *enc,
		   const struct crypto_ke *own)
{
	struct ike_follow *f = sa->p->follow;
	struct ike_sa *to = NULL;

	wire_ke_encode(enc, own->group, own->pub, own->pub_len);
	if (ike_follow_group(f)) {
		f->since = sa->eng->now;
		wire_notify_encode(enc, IKE_N_ADDITIONAL_KEY_EXCHANGE,
				   f->link.p, f->link.len);
		ike_slot_answer(sa, mid, enc);
		return;
	}
	sa->p->follow = NULL;
	to = make(sa, f);
	if (to) {
		ike_qcd_put(sa->eng, to->spi_i, to->spi_r, enc);
		ike_slot_answer(sa, mid, enc);
		made(sa, to, (struct wire_span){ f->ni.v, f->ni.len },
		     (struct wire_span){ f->nr.v, f->nr.len });
	} else {
		wire_enc_free(enc);
		ike_slot_error(sa, mid, IKE_N_TEMPORARY_FAILURE, NULL, 0);
	}
	ike_follow_free(f);
}

static void give_up(struct ike_sa *sa, uint32_t mid, uint16_t type)
{
	ike_follow_free(sa->p->follow);
	sa->p->follow = NULL;
	ike_slot_error(sa, mid, type, NULL, 0);
}

static bool begin(struct ike_sa *sa, const struct ike_in *in,
		  const struct wire_proposal *chosen)
{
	const struct wire_payload *pl = wire_msg_only(in->msg, IKE_PL_NONCE);
	uint8_t nonce[IKE_NONCE_LEN], link[IKE_LINK_LEN];
	struct crypto_suite suite;
	struct ike_follow *f;
	struct wire_span ni;
	struct wire_rd rd;

	ike_chosen(chosen, &suite);
	ike_follow_free(sa->p->follow);
	sa->p->follow = NULL;
	if (!pl || wire_nonce_decode(pl, &ni) != WIRE_OK ||
	    ike_random(sa->eng, nonce, sizeof(nonce)) ||
	    ike_random(sa->eng, link, sizeof(link)))
		return false;
	f = ike_follow_new(&suite, ni, (struct wire_span){ nonce,
							   sizeof(nonce) });
	sa->p->follow = f;
	if (!f || ike_sa_spi(sa->eng, &f->spi_own) ||
	    !ike_buf_set(&f->link, link, sizeof(link)))
		return false;
	wire_rd_init(&rd, chosen->spi, IKE_SPI_LEN);
	f->spi_peer = wire_rd_u64(&rd);
	return f->spi_peer != 0;
}

static void rekey(struct ike_sa *sa, const struct ike_in *in,
		  struct wire_proposal *chosen, const struct wire_ke *ke)
{
	struct crypto_ke own;
	struct wire_enc enc;

	if (!begin(sa, in, chosen) ||
	    !ike_follow_answer(sa->p->follow, sa->eng, &own, ke)) {
		give_up(sa, in->mid, IKE_N_NO_PROPOSAL_CHOSEN);
		return;
	}
	wire_enc_start(&enc, NULL);
	put_first(sa->p->follow, chosen, &enc);
	answer(sa, in->mid, &enc, &own);
	crypto_wipe(&own, sizeof(own));
}

/** ike_follow_pending() - the peer is in the middle of a rekey */
bool ike_follow_pending(const struct ike_sa *sa)
{
	return sa->p->follow &&
	       sa->eng->now - sa->p->follow->since < FOLLOW_US;
}

/**
 * ike_follow_request() - an IKE_FOLLOWUP_KE request
 * @sa: IKE SA
 * @in: request, authentic and well-formed
 */
void ike_follow_request(struct ike_sa *sa, const struct ike_in *in)
{
	struct ike_follow *f = sa->p->follow;
	struct wire_notify n;
	struct wire_enc enc;
	struct crypto_ke own;
	struct wire_ke ke;

	if (sa->state != IKE_SA_ESTABLISHED || !ike_follow_pending(sa) ||
	    !wire_notify_find(in->msg, IKE_N_ADDITIONAL_KEY_EXCHANGE, &n) ||
	    n.data.len != f->link.len ||
	    !crypto_equal(n.data.p, f->link.p, n.data.len)) {
		ike_slot_error(sa, in->mid, IKE_N_STATE_NOT_FOUND, NULL, 0);
		return;
	}
	if (ike_rekey_busy(sa) || (sa->p->rekey && sa->p->rekey->rival)) {
		give_up(sa, in->mid, IKE_N_TEMPORARY_FAILURE);
		return;
	}
	if (!ike_ke_value(in->msg, ike_follow_group(f), &ke) ||
	    !ike_follow_answer(f, sa->eng, &own, &ke)) {
		give_up(sa, in->mid, IKE_N_INVALID_SYNTAX);
		return;
	}
	wire_enc_start(&enc, NULL);
	answer(sa, in->mid, &enc, &own);
	crypto_wipe(&own, sizeof(own));
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
