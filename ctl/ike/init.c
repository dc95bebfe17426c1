// SPDX-License-Identifier: GPL-2.0
/* IKE_SA_INIT: what both roles share, and the initiator's (RFC 7296, section 1.2). */
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

#define NAT_REFUSED "the peer refuses: it does not work through a NAT"

bool ike_make_nonce(struct ike_engine *eng, struct ike_buf *nonce)
{
	uint8_t n[IKE_NONCE_LEN];

	return !ike_random(eng, n, sizeof(n)) &&
	       ike_buf_set(nonce, n, sizeof(n));
}

/** ike_init_room_for_ke() - for key exchanges before IKE_AUTH; false without memory */
bool ike_init_room_for_ke(struct ike_sa *sa)
{
	if (!sa->p->ke)
		sa->p->ke = calloc(1, sizeof(*sa->p->ke));
	return sa->p->ke;
}

/** ike_init_make_ke() - an initiator's half of a key exchange before IKE_AUTH */
bool ike_init_make_ke(struct ike_sa *sa, uint16_t group)
{
	return ike_init_room_for_ke(sa) && !ike_make_ke(sa->eng, sa->p->ke, group);
}

void ike_init_free_ke(struct ike_sa *sa)
{
	if (sa->p->ke)
		crypto_wipe(sa->p->ke, sizeof(*sa->p->ke));
	free(sa->p->ke);
	sa->p->ke = NULL;
}

/** ike_init_derive() - all keys from a shared secret; the key exchange is over */
bool ike_init_derive(struct ike_sa *sa, struct wire_span shared)
{
	sa->p->have_keys = !crypto_ike_derive(&sa->suite, ike_span(&sa->p->ni),
					      ike_span(&sa->p->nr), shared,
					      sa->spi_i, sa->spi_r,
					      &sa->p->keys);
	ike_init_free_ke(sa);
	return sa->p->have_keys;
}

/* ----------------------------------------------------------- initiator */

/* The same request again, with a cookie in front or another group's value. */
static bool init_build(struct ike_sa *sa)
{
	struct ike_sa_private *p = sa->p;
	struct wire_hdr hdr = {
		.spi_i = sa->spi_i,
		.exchange = IKE_EX_SA_INIT,
		.flags = IKE_FLAG_INITIATOR,
	};
	struct wire_enc enc;
	bool ok;

	wire_enc_start(&enc, &hdr);
	if (p->cookie.p)
		wire_notify_encode(&enc, IKE_N_COOKIE, p->cookie.p,
				   p->cookie.len);
	wire_sa_encode(&enc, p->init_offer);
	wire_ke_encode(&enc, p->ke->group, p->ke->pub, p->ke->pub_len);
	wire_nonce_encode(&enc, p->ni.p, p->ni.len);
	if (sa->conn->nat_traversal)
		ike_put_natd(sa, &enc, &sa->local, &sa->remote);
	if (sa->conn->fragmentation)
		wire_notify_encode(&enc, IKE_N_FRAGMENTATION_SUPPORTED, NULL,
				   0);
	ike_redirect_init_build(sa, &enc);
	ike_inter_init_build(sa, &enc);
	ike_ppk_init_build(sa, &enc);
	ike_cert_init_build(sa, &enc);
	ok = wire_enc_finish(&enc) &&
	     ike_buf_set(&p->init_mine, enc.wr.data, enc.wr.len);
	wire_enc_free(&enc);
	return ok;
}

/** ike_init_send() - send init_mine, in place of what was sent before */
bool ike_init_send(struct ike_sa *sa, uint8_t exchange)
{
	static const struct ike_request_desc nothing;
	struct ike_request *r;

	ike_requests_close(sa, false);
	r = ike_request_new(sa, exchange, &nothing);
	if (!r || !ike_buf_set(&r->data, sa->p->init_mine.p,
			       sa->p->init_mine.len))
		return false;
	r->sent = true;
	ike_request_transmit(sa, r);
	return true;
}

/**
 * ike_init_start() - send the first message
 * @sa: new IKE SA with connection and addresses
 *
 * Return: false without memory or random octets.
 */
bool ike_init_start(struct ike_sa *sa)
{
	struct ike_sa_private *p = sa->p;

	p->init_offer = calloc(1, sizeof(*p->init_offer));
	if (!p->init_offer)
		return false;
	ike_propose(p->init_offer, sa->conn->ike, sa->conn->nike,
		    IKE_PROTO_IKE, 0, IKE_GROUPS_ALL);
	return ike_make_nonce(sa->eng, &p->ni) &&
	       ike_init_make_ke(sa, sa->conn->ike[0].ke) &&
	       init_build(sa) && ike_init_send(sa, IKE_EX_SA_INIT);
}

static bool init_again(struct ike_sa *sa)
{
	if (++sa->p->init_rounds > IKE_MAX_INIT_ROUNDS) {
		ike_sa_fail(sa, "the peer asks for IKE_SA_INIT again and"
			    " again");
		return false;
	}
	if (!init_build(sa) || !ike_init_send(sa, IKE_EX_SA_INIT)) {
		ike_sa_fail(sa, "no memory");
		return false;
	}
	return true;
}

static bool group_offered(const struct ike_conn *c, uint16_t group)
{
	unsigned int i;

	for (i = 0; i < c->nike; i++)
		if (c->ike[i].ke == group)
			return true;
	return false;
}

/* Not authenticated: believed only if nothing better comes (section 2.21.1). */
static void init_error(struct ike_sa *sa, const struct wire_notify *n)
{
	uint16_t group;

	if (n->type == IKE_N_INVALID_KE_PAYLOAD && wire_notify_u16(n, &group) &&
	    group != sa->p->ke->group && group_offered(sa->conn, group)) {
		if (ike_init_make_ke(sa, group))
			init_again(sa);
		return;
	}
	if (sa->p->init_error_us != IKE_NEVER)
		return;
	sa->p->init_error = n->type;
	sa->p->init_error_us = sa->eng->now + IKE_REFUSAL_US;
}

/* The refusal stands. */
void ike_init_refused(struct ike_sa *sa)
{
	const char *name = ike_notify_name(sa->p->init_error);
	char reason[80] = "the peer refuses: ";

	if (sa->p->init_error == IKE_N_UNEXPECTED_NAT_DETECTED) {
		ike_sa_fail(sa, NAT_REFUSED);
		return;
	}
	strncat(reason, name ? name : "an error that is not known here",
		sizeof(reason) - strlen(reason) - 1);
	ike_sa_fail(sa, reason);
}

static bool answer_sa(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_payload *pl = wire_msg_only(msg, IKE_PL_SA);
	struct wire_sa answer;

	if (!pl || wire_sa_decode(pl, &answer) != WIRE_OK ||
	    !wire_sa_answer_ok(sa->p->init_offer, &answer))
		return false;
	ike_chosen(&answer.p[0], &sa->suite);
	return sa->suite.ke == sa->p->ke->group &&
	       ike_inter_ok(&sa->suite, msg) &&
	       ike_suite_in(&sa->suite, sa->conn->ike, sa->conn->nike,
			    IKE_GROUPS_ALL);
}

/* The keys that an answer makes */
static bool finish(struct ike_sa *sa, struct wire_span theirs)
{
	uint8_t shared[CRYPTO_KE_SHARED_MAX];
	struct wire_span g = { .p = shared };
	bool ok;

	ok = !crypto_ke_shared(sa->p->ke, theirs.p, theirs.len, shared,
			       &g.len) &&
	     ike_init_derive(sa, g);
	crypto_wipe(shared, sizeof(shared));
	return ok;
}

/*
 * Not while a packet waits, nor while SAs of an earlier run carry traffic: they
 * go when there are new ones.
 */
static bool may_begin_childless(const struct ike_sa *sa)
{
	return sa->conn->childless == IKE_CHILDLESS_PREFER &&
	       !sa->cs->trigger.set &&
	       !ike_leftovers_of(sa->eng, sa->conn->name);
}

/**
 * ike_init_answered() - the first exchange is over: go on
 * @sa: IKE SA of an initiator, which has keys now
 * @pkt: the answer's datagram
 * @exchange: which exchange that was
 * @natd: from ike_natd_check()
 */
void ike_init_answered(struct ike_sa *sa, const struct ike_ev_packet *pkt,
		       uint8_t exchange, unsigned int natd)
{
	struct ike_sa_private *p = sa->p;

	ike_count(sa->eng, exchange, IKE_COUNT_ANSWERED);
	p->init_error_us = IKE_NEVER;
	/* This pair leads somewhere: IKE_AUTH gets all the time it needs. */
	p->expire_us = IKE_NEVER;
	ike_requests_close(sa, false);
	sa->state = IKE_SA_AUTH;
	sa->local = pkt->local;
	p->out_mid = 1;
	ike_nat_found(sa, sa->conn->nat_traversal ? natd : IKE_NATD_ABSENT);
	/* Both know NAT traversal: the other port, if MOBIKE may follow. */
	if (sa->nat || (sa->natt && sa->conn->mobike)) {
		sa->local.port = sa->eng->s.natt_port;
		sa->remote.port = sa->eng->s.natt_port;
	}
	ike_inter_start(sa);
}

/**
 * ike_init_response() - an answer to our first message
 *
 * Whatever does not fit is dropped: it may be an attacker's, and the peer's own
 * may still come.
 */
void ike_init_response(struct ike_sa *sa, const struct ike_ev_packet *pkt,
		       const struct wire_msg *msg)
{
	struct ike_sa_private *p = sa->p;
	const struct wire_payload *ke_pl, *nonce_pl;
	struct wire_span nonce;
	struct wire_notify n;
	struct wire_ke ke;
	unsigned int natd;

	if (msg->has_sk || msg->hdr.msg_id != 0 ||
	    wire_msg_unknown_critical(msg))
		return;
	if (wire_notify_find(msg, IKE_N_COOKIE, &n) && n.data.len >= 1 &&
	    n.data.len <= IKE_COOKIE_MAX) {
		if (ike_buf_set(&p->cookie, n.data.p, n.data.len))
			init_again(sa);
		return;
	}
	if (ike_redirect_init(sa, msg))
		return;
	if (wire_notify_error(msg, &n)) {
		ike_count_error_in(sa->eng, msg);
		init_error(sa, &n);
		return;
	}
	ke_pl = wire_msg_only(msg, IKE_PL_KE);
	nonce_pl = wire_msg_only(msg, IKE_PL_NONCE);
	if (!ke_pl || !nonce_pl || msg->hdr.spi_r == 0 ||
	    wire_ke_decode(ke_pl, &ke) != WIRE_OK ||
	    wire_nonce_decode(nonce_pl, &nonce) != WIRE_OK ||
	    !answer_sa(sa, msg) || ke.group != sa->suite.ke ||
	    ke.data.len != crypto_ke_answer_len(ke.group))
		return;
	natd = ike_natd_check(msg->hdr.spi_i, msg->hdr.spi_r, &pkt->local,
			      &pkt->remote, msg);
	sa->spi_r = msg->hdr.spi_r;
	if (!ike_buf_set(&p->nr, nonce.p, nonce.len) ||
	    !ike_buf_set(&p->init_theirs, msg->raw, msg->raw_len) ||
	    !finish(sa, ke.data)) {
		ike_sa_fail(sa, "the peer's key exchange value is no good");
		return;
	}
	p->fragments = sa->conn->fragmentation &&
		       wire_notify_find(msg, IKE_N_FRAGMENTATION_SUPPORTED, &n);
	p->childless = may_begin_childless(sa) &&
		       wire_notify_find(msg, IKE_N_CHILDLESS_SUPPORTED, &n);
	ike_ppk_init_read(sa, msg);
	ike_cert_init_read(sa, msg);
	if (sa->conn->ppk_required && !p->use_ppk) {
		ike_sa_fail(sa, "the peer knows no post-quantum preshared"
			    " keys, and ppk-required = true");
		return;
	}
	ike_init_answered(sa, pkt, IKE_EX_SA_INIT, natd);
}
