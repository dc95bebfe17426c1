// SPDX-License-Identifier: GPL-2.0
/* IKE_SA_INIT, the responder's side (RFC 7296, section 1.2). */
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

/* Answers to strangers after which they do not come again, a second. */
#define REFUSALS_PER_SECOND 100

/*
 * All of a request is kept until the peer is authenticated. Twice what the longest
 * offers have is room for anybody, but not for thousands at once.
 */
#define LONG_REQUEST 8192

/*
 * It says how to go on. Without a limit, which a few forged requests would use up
 * for all others: as a cookie each is shorter than what asks for it, and keeps
 * nothing here.
 */
static bool goes_on(uint16_t type)
{
	return type == IKE_N_COOKIE || type == IKE_N_INVALID_KE_PAYLOAD ||
	       type == IKE_N_REDIRECT || type == IKE_N_TICKET_NACK;
}

static void refuse(struct ike_engine *eng, const struct ike_ev_packet *pkt,
		   const struct wire_msg *msg, uint16_t type,
		   const void *data, size_t len)
{
	struct wire_hdr hdr = {
		.spi_i = msg->hdr.spi_i,
		.exchange = msg->hdr.exchange,
		.flags = IKE_FLAG_RESPONSE,
	};
	struct wire_enc enc;

	if (!goes_on(type) &&
	    !ike_bucket_take(eng, &eng->refusals, REFUSALS_PER_SECOND))
		return;
	ike_count_error_out(eng, type);
	wire_enc_start(&enc, &hdr);
	wire_notify_encode(&enc, type, data, len);
	if (wire_enc_finish(&enc))
		ike_act_send(eng, &pkt->local, &pkt->remote, enc.wr.data,
			     enc.wr.len);
	wire_enc_free(&enc);
}

static struct ike_sa **init_bucket(struct ike_engine *eng, uint64_t spi_i)
{
	return &eng->init_hash[(spi_i ^ spi_i >> 32) % IKE_SPI_BUCKETS];
}

static void init_remember(struct ike_sa *sa)
{
	struct ike_sa **at = init_bucket(sa->eng, sa->spi_i);

	sa->p->init_next = *at;
	sa->p->in_init_hash = true;
	*at = sa;
}

void ike_init_forget(struct ike_sa *sa)
{
	struct ike_sa **at = init_bucket(sa->eng, sa->spi_i);

	ike_init_free_ke(sa);
	if (!sa->p->in_init_hash)
		return;
	while (*at != sa)
		at = &(*at)->p->init_next;
	*at = sa->p->init_next;
	sa->p->in_init_hash = false;
}

/* The same request once more gets the same answer, and no second IKE SA. */
static bool init_repeated(struct ike_engine *eng,
			  const struct ike_ev_packet *pkt,
			  const struct wire_msg *msg)
{
	struct ike_sa *sa = *init_bucket(eng, msg->hdr.spi_i);
	const struct ike_buf *seen;

	while (sa && (sa->spi_i != msg->hdr.spi_i ||
		      sa->state == IKE_SA_DEAD ||
		      !wire_addr_equal(&sa->remote.addr, &pkt->remote.addr)))
		sa = sa->p->init_next;
	if (!sa)
		return false;
	seen = &sa->p->init_theirs;
	if (sa->state == IKE_SA_AUTH && seen->len == msg->raw_len &&
	    !memcmp(seen->p, msg->raw, msg->raw_len))
		ike_act_send(eng, &pkt->local, &pkt->remote,
			     sa->p->init_mine.p, sa->p->init_mine.len);
	return true;
}

static bool same_groups(const struct crypto_suite *a,
			const struct crypto_suite *b)
{
	return a->ke == b->ke && !memcmp(a->addke, b->addke, sizeof(a->addke));
}

/*
 * Choose among what all connections accept that this peer may mean; with @like
 * only among suites that have its key exchanges.
 */
static bool choose_of(struct ike_engine *eng, const struct ike_ev_packet *pkt,
		      const struct wire_msg *msg, const struct wire_sa *offer,
		      const struct crypto_suite *like,
		      struct wire_proposal *chosen)
{
	struct crypto_suite v[WIRE_MAX_PROPOSALS];
	const struct ike_conn_state *cs;
	struct wire_sa *ours;
	unsigned int n = 0, i;
	bool ok;

	for (cs = eng->conns; cs; cs = cs->next) {
		if (!ike_may_mean(eng, cs, &pkt->local, &pkt->remote))
			continue;
		for (i = 0; i < cs->cfg.nike; i++)
			if ((!like || same_groups(&cs->cfg.ike[i], like)) &&
			    n < WIRE_MAX_PROPOSALS &&
			    ike_inter_ok(&cs->cfg.ike[i], msg) &&
			    !ike_suite_in(&cs->cfg.ike[i], v, n,
					  IKE_GROUPS_ALL))
				v[n++] = cs->cfg.ike[i];
	}
	if (n == 0)
		return false;
	ours = calloc(1, sizeof(*ours));
	if (!ours)
		return false;
	ike_propose(ours, v, n, IKE_PROTO_IKE, 0, IKE_GROUPS_ALL);
	ok = wire_sa_choose(offer, ours, chosen);
	free(ours);
	return ok;
}

/*
 * The best one, or one for the value that is here and saves a round trip: but an
 * attacker that has had the peer send that value must not do away with the best
 * one's additional key exchanges.
 */
static bool choose(struct ike_engine *eng, const struct ike_ev_packet *pkt,
		   const struct wire_msg *msg, const struct wire_sa *offer,
		   uint16_t group, struct wire_proposal *chosen)
{
	struct wire_proposal other;
	struct crypto_suite s;

	if (!choose_of(eng, pkt, msg, offer, NULL, chosen))
		return false;
	ike_chosen(chosen, &s);
	if (s.ke == group)
		return true;
	s.ke = group;
	if (choose_of(eng, pkt, msg, offer, &s, &other))
		*chosen = other;
	return true;
}

static bool wants_fragments(const struct ike_conn *c)
{
	return c->fragmentation;
}

static bool wants_childless(const struct ike_conn *c)
{
	return c->childless != IKE_CHILDLESS_NEVER;
}

/** ike_wanted() - some connection that a stranger may mean wants it */
bool ike_wanted(const struct ike_sa *sa,
		bool (*wants)(const struct ike_conn *c))
{
	const struct ike_conn_state *cs;

	for (cs = sa->eng->conns; cs; cs = cs->next)
		if (wants(&cs->cfg) &&
		    ike_may_mean(sa->eng, cs, &sa->local, &sa->remote))
			return true;
	return false;
}

static bool init_answer(struct ike_sa *sa, const struct wire_proposal *chosen)
{
	struct wire_hdr hdr = {
		.spi_i = sa->spi_i,
		.spi_r = sa->spi_r,
		.exchange = IKE_EX_SA_INIT,
		.flags = IKE_FLAG_RESPONSE,
	};
	struct ike_sa_private *p = sa->p;
	struct wire_sa *answer = calloc(1, sizeof(*answer));
	struct wire_enc enc;
	bool ok;

	if (!answer)
		return false;
	answer->n = 1;
	answer->p[0] = *chosen;
	wire_enc_start(&enc, &hdr);
	wire_sa_encode(&enc, answer);
	wire_ke_encode(&enc, p->ke->group, p->ke->pub, p->ke->pub_len);
	wire_nonce_encode(&enc, p->nr.p, p->nr.len);
	if (sa->natt)
		ike_put_natd(sa, &enc, &sa->local, &sa->remote);
	if (p->fragments)
		wire_notify_encode(&enc, IKE_N_FRAGMENTATION_SUPPORTED, NULL,
				   0);
	if (ike_wanted(sa, wants_childless))
		wire_notify_encode(&enc, IKE_N_CHILDLESS_SUPPORTED, NULL, 0);
	ike_inter_init_build(sa, &enc);
	ike_ppk_init_build(sa, &enc);
	ike_cert_init_build(sa, &enc);
	ok = wire_enc_finish(&enc) &&
	     ike_buf_set(&p->init_mine, enc.wr.data, enc.wr.len);
	wire_enc_free(&enc);
	free(answer);
	return ok;
}

/**
 * ike_init_half_open() - an IKE SA for somebody who begins
 * @eng: engine
 * @pkt: the datagram
 * @msg: parsed
 *
 * Everything has been checked: here memory is spent. Return: NULL without.
 */
struct ike_sa *ike_init_half_open(struct ike_engine *eng,
				  const struct ike_ev_packet *pkt,
				  const struct wire_msg *msg)
{
	struct ike_sa *sa = ike_sa_new(eng, false);

	if (!sa)
		return NULL;
	eng->half_open++;
	sa->p->half_open = true;
	sa->spi_i = msg->hdr.spi_i;
	init_remember(sa);
	sa->local = pkt->local;
	sa->remote = pkt->remote;
	sa->p->expire_us = eng->now + IKE_HALF_OPEN_US;
	sa->p->in_mid = 1;
	ike_nat_found(sa, ike_natd_check(msg->hdr.spi_i, 0, &pkt->local,
					 &pkt->remote, msg));
	return sa;
}

/* The answer that is to be sent, and the keys that come of it */
static bool respond(struct ike_sa *sa, const struct wire_proposal *chosen,
		    const struct wire_ke *ke)
{
	uint8_t shared[CRYPTO_KE_SHARED_MAX];
	struct wire_span g = { .p = shared };
	bool ok;

	ok = ike_init_room_for_ke(sa) &&
	     !ike_answer_ke(sa->eng, sa->p->ke, ke, shared, &g.len) &&
	     init_answer(sa, chosen) && ike_init_derive(sa, g);
	crypto_wipe(shared, sizeof(shared));
	return ok;
}

static void init_accept(struct ike_engine *eng,
			const struct ike_ev_packet *pkt,
			const struct wire_msg *msg,
			const struct wire_proposal *chosen,
			const struct wire_ke *ke, struct wire_span ni)
{
	struct ike_sa *sa = ike_init_half_open(eng, pkt, msg);
	struct wire_notify n;

	if (!sa)
		return;
	ike_chosen(chosen, &sa->suite);
	sa->p->fragments = wire_notify_find(msg, IKE_N_FRAGMENTATION_SUPPORTED,
					    &n) &&
			   ike_wanted(sa, wants_fragments);
	ike_ppk_init_read(sa, msg);
	ike_cert_init_read(sa, msg);
	if (!ike_make_nonce(eng, &sa->p->nr) ||
	    !ike_buf_set(&sa->p->ni, ni.p, ni.len) ||
	    !ike_buf_set(&sa->p->init_theirs, msg->raw, msg->raw_len) ||
	    !respond(sa, chosen, ke)) {
		ike_sa_fail(sa, "IKE_SA_INIT: no memory, or a public value"
			    " that is no good");
		return;
	}
	sa->state = IKE_SA_AUTH;
	ike_act_send(eng, &sa->local, &sa->remote, sa->p->init_mine.p,
		     sa->p->init_mine.len);
}

/* False if there are too many already, or it has to show its address first. */
static bool welcome(struct ike_engine *eng, const struct ike_ev_packet *pkt,
		    const struct wire_msg *msg, struct wire_span ni)
{
	uint8_t cookie[CRYPTO_COOKIE_LEN];

	if (eng->half_open >= eng->s.max_half_open ||
	    (eng->half_open >= eng->s.cookie_threshold &&
	     msg->raw_len > LONG_REQUEST)) {
		eng->n.drop[IKE_DROP_HALF_OPEN]++;
		return false;
	}
	if (ike_cookie_check(eng, pkt, msg, ni, cookie) == IKE_COOKIE_FINE)
		return true;
	refuse(eng, pkt, msg, IKE_N_COOKIE, cookie, sizeof(cookie));
	return false;
}

static void begin(struct ike_engine *eng, const struct ike_ev_packet *pkt,
		  const struct wire_msg *msg, struct wire_span ni)
{
	const struct wire_payload *sa_pl = wire_msg_only(msg, IKE_PL_SA);
	const struct wire_payload *ke_pl = wire_msg_only(msg, IKE_PL_KE);
	uint8_t group[2], away[WIRE_REDIRECT_MAX];
	size_t len;
	struct wire_proposal chosen;
	const struct wire_transform *t;
	struct wire_sa offer;
	struct wire_ke ke;

	if (!sa_pl || !ke_pl || wire_ke_decode(ke_pl, &ke) != WIRE_OK ||
	    wire_sa_decode(sa_pl, &offer) != WIRE_OK) {
		refuse(eng, pkt, msg, IKE_N_INVALID_SYNTAX, NULL, 0);
		return;
	}
	if (!welcome(eng, pkt, msg, ni))
		return;
	len = ike_redirect_away(eng, pkt, msg, ni, away);
	if (len) {
		refuse(eng, pkt, msg, IKE_N_REDIRECT, away, len);
		return;
	}
	if (!choose(eng, pkt, msg, &offer, ke.group, &chosen)) {
		refuse(eng, pkt, msg, IKE_N_NO_PROPOSAL_CHOSEN, NULL, 0);
		return;
	}
	t = wire_proposal_get(&chosen, IKE_TT_KE);
	if (!t || t->id != ke.group) {
		wire_put_u16(group, t ? t->id : IKE_KE_NONE);
		refuse(eng, pkt, msg, IKE_N_INVALID_KE_PAYLOAD, group,
		       sizeof(group));
		return;
	}
	if (ke.data.len != crypto_ke_public_len(ke.group)) {
		refuse(eng, pkt, msg, IKE_N_INVALID_SYNTAX, NULL, 0);
		return;
	}
	init_accept(eng, pkt, msg, &chosen, &ke, ni);
}

/**
 * ike_init_request() - somebody begins
 * @eng: engine
 * @pkt: the datagram
 * @msg: parsed; an IKE_SA_INIT or IKE_SESSION_RESUME request with Message ID
 *	and responder SPI 0
 */
void ike_init_request(struct ike_engine *eng, const struct ike_ev_packet *pkt,
		      const struct wire_msg *msg)
{
	const struct wire_payload *ni_pl = wire_msg_only(msg, IKE_PL_NONCE);
	uint8_t critical = wire_msg_unknown_critical(msg);
	struct wire_span ni;

	if (msg->has_sk || msg->hdr.spi_i == 0 || eng->shutdown ||
	    eng->leaving)
		return;
	if (init_repeated(eng, pkt, msg)) {
		ike_count(eng, msg->hdr.exchange, IKE_COUNT_REPEATED_IN);
		return;
	}
	ike_count(eng, msg->hdr.exchange, IKE_COUNT_REQUEST_IN);
	if (critical) {
		refuse(eng, pkt, msg, IKE_N_UNSUPPORTED_CRITICAL_PAYLOAD,
		       &critical, 1);
		return;
	}
	if (!ni_pl || wire_nonce_decode(ni_pl, &ni) != WIRE_OK)
		refuse(eng, pkt, msg, IKE_N_INVALID_SYNTAX, NULL, 0);
	else if (msg->hdr.exchange == IKE_EX_SA_INIT)
		begin(eng, pkt, msg, ni);
	else if (welcome(eng, pkt, msg, ni) &&
		 !ike_resume_request(eng, pkt, msg, ni))
		refuse(eng, pkt, msg, IKE_N_TICKET_NACK, NULL, 0);
}
