// SPDX-License-Identifier: GPL-2.0
/* Rekeying of the IKE SA, begun by us (RFC 7296, sections 1.3.2, 2.8.2). */
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

/* Something else is going on: look again soon. */
#define BUSY_US (IKE_SECOND / 2)

/* The exchange is over, whatever came of it. */
void ike_rekey_free(struct ike_sa *sa)
{
	struct ike_rekey *rk = sa->p->rekey;

	if (!rk)
		return;
	sa->p->rekey = NULL;
	ike_follow_free(rk->follow);
	wire_free((uint8_t *)rk, sizeof(*rk));
	if (sa->state == IKE_SA_ESTABLISHED)
		ike_create_wake(sa);
}

/* -------------------------------------------------------------- request */

static bool build(struct ike_sa *sa, void *ctx,
		  const struct wire_endpoint *local,
		  const struct wire_endpoint *remote, struct wire_enc *b)
{
	struct ike_rekey *rk = sa->p->rekey;

	(void)ctx;
	(void)local;
	(void)remote;
	/* Overtaken by the peer's own, or something began before it could go. */
	if (!rk || sa->state != IKE_SA_ESTABLISHED)
		return false;
	if (ike_rekey_busy(sa)) {
		ike_rekey_free(sa);
		sa->p->rekey_us = sa->eng->now + BUSY_US;
		return false;
	}
	rk->sent = true;
	wire_sa_encode(b, &rk->offer);
	wire_nonce_encode(b, rk->nonce, sizeof(rk->nonce));
	wire_ke_encode(b, rk->ke.group, rk->ke.pub, rk->ke.pub_len);
	return true;
}

static void answered(struct ike_sa *sa, void *ctx, enum ike_result result,
		     const struct ike_in *in);

static bool rekey_send(struct ike_sa *sa, struct ike_rekey *rk, uint16_t group)
{
	static const struct ike_request_desc d = {
		.build = build,
		.done = answered,
	};
	unsigned int i;

	if (ike_sa_spi(sa->eng, &rk->spi) ||
	    ike_random(sa->eng, rk->nonce, sizeof(rk->nonce)) ||
	    ike_make_ke(sa->eng, &rk->ke, group))
		return false;
	ike_propose(&rk->offer, sa->conn->ike, sa->conn->nike, IKE_PROTO_IKE, 0,
		    IKE_GROUPS_ALL);
	for (i = 0; i < rk->offer.n; i++) {
		rk->offer.p[i].spi_len = IKE_SPI_LEN;
		wire_put_u64(rk->offer.p[i].spi, rk->spi);
	}
	if (!ike_request_new(sa, IKE_EX_CREATE_CHILD_SA, &d))
		return false;
	ike_requests_pump(sa);
	return true;
}

/**
 * ike_rekey_start() - replace an IKE SA, as soon as nothing else is going on
 * @sa: established IKE SA
 */
void ike_rekey_start(struct ike_sa *sa)
{
	struct ike_rekey *rk;

	sa->p->rekey_us = IKE_NEVER;
	if (sa->p->rekey)
		return;
	rk = ike_rekey_busy(sa) ? NULL : calloc(1, sizeof(*rk));
	if (!rk) {
		sa->p->rekey_us = sa->eng->now + BUSY_US;
		return;
	}
	sa->p->rekey = rk;
	/* The group of this IKE SA is one that the peer is known to like. */
	if (!rekey_send(sa, rk, sa->suite.ke)) {
		ike_rekey_free(sa);
		sa->p->rekey_us = sa->eng->now + BUSY_US;
	}
}

/* --------------------------------------------------------------- answer */

static bool answer_sa(const struct ike_rekey *rk, const struct ike_sa *sa,
		      const struct wire_msg *msg, struct crypto_suite *suite,
		      uint64_t *spi)
{
	const struct wire_payload *pl = wire_msg_only(msg, IKE_PL_SA);
	struct wire_sa *a = calloc(1, sizeof(*a));
	struct wire_rd rd;
	bool ok = false;

	if (a && pl && wire_sa_decode(pl, a) == WIRE_OK &&
	    wire_sa_answer_ok(&rk->offer, a) &&
	    a->p[0].spi_len == IKE_SPI_LEN) {
		wire_rd_init(&rd, a->p[0].spi, IKE_SPI_LEN);
		*spi = wire_rd_u64(&rd);
		ike_chosen(&a->p[0], suite);
		ok = *spi && suite->ke == rk->ke.group &&
		     ike_suite_in(suite, sa->conn->ike, sa->conn->nike,
				  IKE_GROUPS_ALL);
	}
	free(a);
	return ok;
}

/* What the answer says, and the first secret; false if that is no good. */
static bool read_answer(struct ike_sa *sa, struct ike_rekey *rk,
			const struct wire_msg *msg)
{
	const struct wire_payload *ke_pl = wire_msg_only(msg, IKE_PL_KE);
	const struct wire_payload *nr_pl = wire_msg_only(msg, IKE_PL_NONCE);
	struct wire_span ni = { .p = rk->nonce, .len = sizeof(rk->nonce) };
	struct crypto_suite suite;
	struct wire_span nr;
	struct wire_ke ke;
	uint64_t spi;

	if (!answer_sa(rk, sa, msg, &suite, &spi) || !ke_pl || !nr_pl ||
	    wire_ke_decode(ke_pl, &ke) != WIRE_OK || ke.group != suite.ke ||
	    wire_nonce_decode(nr_pl, &nr) != WIRE_OK)
		return false;
	rk->follow = ike_follow_new(&suite, ni, nr);
	if (!rk->follow)
		return false;
	rk->follow->spi_peer = spi;
	return ike_follow_finish(rk->follow, &rk->ke, &ke);
}

/* The new IKE SA, when all key exchanges are done; NULL without memory. */
static struct ike_sa *make(struct ike_sa *sa, struct ike_rekey *rk,
			   const struct wire_msg *msg, struct ike_nonce *lowest)
{
	const struct ike_follow *f = rk->follow;
	struct ike_sa *to = ike_sa_new_spi(sa->eng, true, rk->spi);

	if (!to)
		return NULL;
	to->spi_r = f->spi_peer;
	to->suite = f->suite;
	to->cs = sa->cs;
	to->conn = sa->conn;
	to->local = sa->local;
	to->remote = sa->remote;
	to->p->authentic = true;
	to->p->replaced = true;
	if (!ike_follow_derive(sa, to, f)) {
		ike_sa_dead(to);
		return NULL;
	}
	ike_qcd_read(to, msg);
	ike_lowest(lowest, (struct wire_span){ f->ni.v, f->ni.len },
		   (struct wire_span){ f->nr.v, f->nr.len });
	return to;
}

/* Ours it is: make before break, the peer's own waits to be closed by it. */
static void win(struct ike_sa *sa, struct ike_sa *to)
{
	struct ike_sa *rival = sa->p->rekey->rival;

	ike_rekey_free(sa);
	if (rival)
		ike_rekey_lost(rival);
	ike_rekey_inherit(sa, to);
	to->p->unheard = false;
	ike_info_announce_window(to);
	sa->p->delete_due = true;
	ike_rekey_close_old(sa);
}

/**
 * ike_rekey_rival_wins() - the IKE SA that the peer's exchange made takes over
 * @sa: the one that both rekeyed
 *
 * What comes of our own exchange, if it is still under way, is closed then.
 */
void ike_rekey_rival_wins(struct ike_sa *sa)
{
	struct ike_sa *rival = sa->p->rekey->rival;

	sa->p->rekey->rival = NULL;
	rival->p->rival_of = NULL;
	ike_rekey_inherit(sa, rival);
}

/** ike_rekey_close_old() - Delete it as its last request (section 2.18) */
void ike_rekey_close_old(struct ike_sa *sa)
{
	if (!sa->p->delete_due || ike_requests_outstanding(sa))
		return;
	sa->p->delete_due = false;
	if (!ike_sa_last_word(sa, 0))
		ike_sa_dead(sa);
}

static void failed(struct ike_sa *sa, uint16_t type)
{
	const char *name = ike_notify_name(type);
	struct ike_report *r;

	ike_rekey_free(sa);
	if (sa->state != IKE_SA_ESTABLISHED)
		return;
	/* Never at once, and not in step with the peer (section 2.25). */
	if (type == IKE_N_TEMPORARY_FAILURE) {
		sa->p->rekey_us = sa->eng->now + IKE_AGAIN_US +
				  ike_jitter(sa->eng, 5 * IKE_AGAIN_US);
		return;
	}
	r = ike_sa_report(sa, IKE_LOG_ERROR, "error");
	ike_report_text(r, "reason", "the IKE SA cannot be rekeyed: %s; it ends"
			" with its lifetime and is set up anew",
			name ? name : "the answer is no good");
}

static bool other_group(struct ike_sa *sa, struct ike_rekey *rk,
			const struct wire_msg *msg)
{
	struct wire_notify n;
	uint16_t group;
	unsigned int i;

	if (!wire_notify_find(msg, IKE_N_INVALID_KE_PAYLOAD, &n) ||
	    !wire_notify_u16(&n, &group) || ++rk->rounds > 2 ||
	    sa->state != IKE_SA_ESTABLISHED)
		return false;
	rk->sent = false;
	ike_follow_free(rk->follow);
	rk->follow = NULL;
	for (i = 0; i < sa->conn->nike; i++)
		if (sa->conn->ike[i].ke == group && group)
			return rekey_send(sa, rk, group);
	return false;
}

static void refused(struct ike_sa *sa, struct ike_rekey *rk,
		    const struct wire_msg *msg)
{
	struct wire_notify n = { .type = 0 };

	/* Refused because the peer's own has replaced it already. */
	if (rk->rival) {
		ike_rekey_rival_wins(sa);
		ike_rekey_free(sa);
		return;
	}
	if (other_group(sa, rk, msg))
		return;
	failed(sa, wire_notify_error(msg, &n) ? n.type : 0);
}

static bool build_follow(struct ike_sa *sa, void *ctx,
			 const struct wire_endpoint *local,
			 const struct wire_endpoint *remote,
			 struct wire_enc *b)
{
	struct ike_rekey *rk = sa->p->rekey;

	(void)ctx;
	(void)local;
	(void)remote;
	if (!rk || !rk->follow)
		return false;
	wire_ke_encode(b, rk->ke.group, rk->ke.pub, rk->ke.pub_len);
	wire_notify_encode(b, IKE_N_ADDITIONAL_KEY_EXCHANGE,
			   rk->follow->link.p, rk->follow->link.len);
	return true;
}

/* The next key exchange of the same rekey */
static bool follow(struct ike_sa *sa, struct ike_rekey *rk)
{
	static const struct ike_request_desc d = {
		.build = build_follow,
		.done = answered,
	};

	if (ike_make_ke(sa->eng, &rk->ke, ike_follow_group(rk->follow)) ||
	    !ike_request_new(sa, IKE_EX_FOLLOWUP_KE, &d))
		return false;
	ike_requests_pump(sa);
	return true;
}

static bool read_any(struct ike_sa *sa, struct ike_rekey *rk,
		     const struct wire_msg *msg)
{
	struct wire_ke ke;

	if (!rk->follow)
		return wire_msg_only(msg, IKE_PL_SA) &&
		       read_answer(sa, rk, msg);
	return ike_ke_value(msg, ike_follow_group(rk->follow), &ke) &&
	       ike_follow_finish(rk->follow, &rk->ke, &ke);
}

static void answered(struct ike_sa *sa, void *ctx, enum ike_result result,
		     const struct ike_in *in)
{
	struct ike_rekey *rk = sa->p->rekey;
	struct ike_nonce lowest;
	struct ike_sa *to;

	(void)ctx;
	if (result != IKE_RESULT_ANSWER || !rk)
		return;
	if (!read_any(sa, rk, in->msg)) {
		refused(sa, rk, in->msg);
		return;
	}
	if (ike_follow_group(rk->follow)) {
		/* Overtaken by the peer's own, this one is given up here. */
		if (sa->state != IKE_SA_ESTABLISHED)
			ike_rekey_free(sa);
		else if (!ike_follow_link(rk->follow, in->msg) ||
			 !follow(sa, rk))
			refused(sa, rk, in->msg);
		return;
	}
	to = make(sa, rk, in->msg, &lowest);
	if (!to) {
		refused(sa, rk, in->msg);
		return;
	}
	if (sa->state == IKE_SA_ESTABLISHED &&
	    !(rk->rival && ike_lower(&lowest, &rk->rival_lowest))) {
		win(sa, to);
		return;
	}
	/* The peer's own takes over, if it has not done so yet. */
	if (rk->rival)
		ike_rekey_rival_wins(sa);
	ike_rekey_free(sa);
	ike_sa_end(to, "the peer's own rekey takes its place", 0, true);
}
