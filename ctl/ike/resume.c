// SPDX-License-Identifier: GPL-2.0
/*
 * Session resumption (RFC 5723): one round trip of IKE_SESSION_RESUME in place
 * of IKE_SA_INIT, without a key exchange, then IKE_AUTH with what both still
 * know of an earlier IKE SA in place of keys and certificates.
 *
 * A ticket is a reference: a number that nobody can guess, by which the
 * responder finds what it has kept itself. So no key lies on a disk that would
 * open every ticket ever recorded, a ticket is good for once and no more, and
 * what is taken back is gone. In exchange tickets end with the agent that gave
 * them; the initiator is told so, and begins anew as ever.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/auth.h"

#define LIFETIME_LEN 4
#define TICKET_MAX 4096
/* Peers that may come back; one each. */
#define SESSIONS_MAX 65536

static bool wanted(const struct ike_conn *c)
{
	return c->resume_us != 0;
}

/* ---------------------------------------------------------------- sessions */

static void session_free(struct ike_engine *eng, struct ike_session **at)
{
	struct ike_session *s = *at;

	*at = s->next;
	eng->n_sessions--;
	wire_free((uint8_t *)s, sizeof(*s));
}

static struct ike_session **bucket(struct ike_engine *eng,
				   const uint8_t *ticket)
{
	/* They are random: as good as any hash. */
	return &eng->sessions[(ticket[0] << 8 | ticket[1]) % IKE_SPI_BUCKETS];
}

static struct ike_session **session_find(struct ike_engine *eng,
					 struct wire_span ticket)
{
	struct ike_session **at;

	if (ticket.len != IKE_TICKET_LEN)
		return NULL;
	at = bucket(eng, ticket.p);
	while (*at && !crypto_equal((*at)->ticket, ticket.p, IKE_TICKET_LEN))
		at = &(*at)->next;
	return *at ? at : NULL;
}

/* One for each peer of a connection; those that are over go, too. */
static void sessions_drop(struct ike_engine *eng, const char *conn,
			  const struct ike_id *peer)
{
	struct ike_session **at, *s;
	unsigned int i;

	for (i = 0; i < IKE_SPI_BUCKETS && eng->n_sessions; i++) {
		at = &eng->sessions[i];
		while ((s = *at)) {
			if (eng->now >= s->until ||
			    (!strcmp(s->conn, conn) &&
			     (!peer || ike_id_equal(&s->peer, peer))))
				session_free(eng, at);
			else
				at = &s->next;
		}
	}
}

void ike_resume_free(struct ike_engine *eng)
{
	for (unsigned int i = 0; i < IKE_SPI_BUCKETS; i++)
		while (eng->sessions[i])
			session_free(eng, &eng->sessions[i]);
}

/** ike_resume_drop() - an initiator has no ticket any more */
void ike_resume_drop(struct ike_conn_state *cs)
{
	ike_buf_free(&cs->ticket.data);
	crypto_wipe(&cs->ticket, sizeof(cs->ticket));
}

/**
 * ike_resume_forget() - nothing of a connection is to be resumed any more
 * @eng: engine
 * @cs: connection
 */
void ike_resume_forget(struct ike_engine *eng, struct ike_conn_state *cs)
{
	ike_resume_drop(cs);
	sessions_drop(eng, cs->cfg.name, NULL);
}

/**
 * ike_resume_revoke() - an IKE SA was closed on purpose, by whichever end
 *
 * What is left of one whose peer fell silent may be resumed; of this nothing.
 */
void ike_resume_revoke(struct ike_sa *sa)
{
	if (!sa->p->authentic || !sa->cs || sa->p->replaced)
		return;
	ike_resume_drop(sa->cs);
	sessions_drop(sa->eng, sa->conn->name, &sa->remote_id);
}

static void keep(struct ike_kept *k, const struct ike_sa *sa)
{
	k->suite = sa->suite;
	memcpy(k->sk_d, sa->p->keys.sk_d, sizeof(k->sk_d));
	k->fragments = sa->p->fragments;
}

/* -------------------------------------------------- what IKE_AUTH says */

/** ike_resume_ask() - ask for a ticket in an IKE_AUTH request */
void ike_resume_ask(const struct ike_sa *sa, struct wire_enc *enc)
{
	if (wanted(sa->conn))
		wire_notify_encode(enc, IKE_N_TICKET_REQUEST, NULL, 0);
}

/** ike_resume_asked() - does an authentic IKE_AUTH request ask for one */
void ike_resume_asked(struct ike_sa *sa, const struct wire_msg *msg)
{
	struct wire_notify n;

	sa->p->ticket_asked = wire_notify_find(msg, IKE_N_TICKET_REQUEST, &n);
}

static struct ike_session *session_new(struct ike_sa *sa)
{
	struct ike_engine *eng = sa->eng;
	struct ike_session *s, **at;

	sessions_drop(eng, sa->conn->name, &sa->remote_id);
	s = eng->n_sessions < SESSIONS_MAX ? calloc(1, sizeof(*s)) : NULL;
	if (!s)
		return NULL;
	if (ike_random(eng, s->ticket, sizeof(s->ticket))) {
		free(s);
		return NULL;
	}
	keep(&s->kept, sa);
	memcpy(s->conn, sa->conn->name, sizeof(s->conn));
	s->peer = sa->remote_id;
	s->own = sa->conn->local_id;
	s->until = eng->now + sa->conn->resume_us;
	at = bucket(eng, s->ticket);
	s->next = *at;
	*at = s;
	eng->n_sessions++;
	return s;
}

/** ike_resume_give() - a ticket in the answer to IKE_AUTH, if asked for */
void ike_resume_give(struct ike_sa *sa, struct wire_enc *enc)
{
	uint8_t data[LIFETIME_LEN + IKE_TICKET_LEN];
	struct ike_session *s;

	if (!sa->p->ticket_asked)
		return;
	/* Who comes back says IDi, by which nobody is known here. */
	s = wanted(sa->conn) && !ike_eap_renamed(sa) ? session_new(sa) : NULL;
	if (!s) {
		wire_notify_encode(enc, IKE_N_TICKET_NACK, NULL, 0);
		return;
	}
	wire_put_u32(data, (uint32_t)(sa->conn->resume_us / IKE_SECOND));
	memcpy(data + LIFETIME_LEN, s->ticket, IKE_TICKET_LEN);
	wire_notify_encode(enc, IKE_N_TICKET_LT_OPAQUE, data, sizeof(data));
}

/**
 * ike_resume_read() - keep the ticket in an authentic answer to IKE_AUTH
 * @sa: IKE SA of an initiator
 * @msg: answer
 *
 * For as long as both ends want it kept, whichever is shorter.
 */
void ike_resume_read(struct ike_sa *sa, const struct wire_msg *msg)
{
	struct ike_ticket *t = &sa->cs->ticket;
	struct wire_notify n;
	struct wire_rd rd;
	uint64_t us;

	ike_resume_drop(sa->cs);
	if (!wanted(sa->conn) ||
	    !wire_notify_find(msg, IKE_N_TICKET_LT_OPAQUE, &n) ||
	    n.data.len <= LIFETIME_LEN || n.data.len > TICKET_MAX)
		return;
	wire_rd_init(&rd, n.data.p, n.data.len);
	us = wire_rd_u32(&rd) * IKE_SECOND;
	if (us > sa->conn->resume_us)
		us = sa->conn->resume_us;
	if (!us || !ike_buf_set(&t->data, n.data.p + LIFETIME_LEN,
				n.data.len - LIFETIME_LEN))
		return;
	keep(&t->kept, sa);
	t->until = sa->eng->now + us;
}

/* ------------------------------------------------------------------ IKE_AUTH */

/**
 * ike_resume_auth() - authentication data of an IKE SA that is resumed
 * @sa: IKE SA
 * @octets: what AUTH covers
 * @initiators: of the initiator's message, or the responder's
 * @out: gets crypto_prf_len() octets
 *
 * By the keys of the new IKE SA, which only they can have who had the old one.
 *
 * Return: 0 or a negative errno.
 */
int ike_resume_auth(const struct ike_sa *sa, struct wire_span octets,
		    bool initiators, uint8_t out[CRYPTO_PRF_MAX])
{
	const struct crypto_ike_keys *k = &sa->p->keys;

	return crypto_prf(sa->suite.prf, initiators ? k->sk_pi : k->sk_pr,
			  k->prf_len, &octets, 1, out);
}

/**
 * ike_resume_conn() - which connection a resumed IKE SA belongs to
 * @sa: IKE SA of a responder, whose remote_id is what the peer says it is
 *
 * Return: NULL if the ticket was given to another, or is not good any more.
 */
struct ike_conn_state *ike_resume_conn(const struct ike_sa *sa)
{
	const struct wire_span ticket = { sa->p->session->ticket,
					  IKE_TICKET_LEN };
	struct ike_session **at = session_find(sa->eng, ticket);

	/* Since it was shown it may have been used, revoked, or over. */
	if (!at || sa->eng->now >= (*at)->until ||
	    !ike_id_equal(&(*at)->peer, &sa->remote_id))
		return NULL;
	return ike_conn_find(sa->eng, (*at)->conn);
}

/** ike_resume_done() - the peer has proved it: its ticket is used up */
void ike_resume_done(struct ike_sa *sa)
{
	const struct ike_session *s = sa->p->session;
	struct ike_session **at;

	if (!s)
		return;
	at = session_find(sa->eng, (struct wire_span){ s->ticket,
						       IKE_TICKET_LEN });
	if (at)
		session_free(sa->eng, at);
}

void ike_resume_end(struct ike_sa *sa)
{
	if (sa->p->session)
		wire_free((uint8_t *)sa->p->session, sizeof(*sa->p->session));
	sa->p->session = NULL;
}

/* ------------------------------------------------------- IKE_SESSION_RESUME */

static bool derive(struct ike_sa *sa, const struct ike_kept *kept)
{
	static const char label[] = "Resumption";
	static const struct wire_span none;
	const struct wire_span first = { (const uint8_t *)label,
					 sizeof(label) - 1 };
	struct crypto_ike_keys *old = calloc(1, sizeof(*old));
	int rc;

	if (!old)
		return false;
	old->suite = kept->suite;
	old->prf_len = crypto_prf_len(kept->suite.prf);
	memcpy(old->sk_d, kept->sk_d, sizeof(old->sk_d));
	/* As if it took its place, with a text for the shared secret (5.1). */
	rc = crypto_ike_rekey(old, &sa->suite, ike_span(&sa->p->ni),
			      ike_span(&sa->p->nr), first, none, sa->spi_i,
			      sa->spi_r, &sa->p->keys);
	wire_free((uint8_t *)old, sizeof(*old));
	sa->p->have_keys = rc == 0;
	return rc == 0;
}

/* There was a key exchange then: there is none now. */
static void take_suite(struct ike_sa *sa, const struct ike_kept *kept)
{
	sa->suite = kept->suite;
	memset(sa->suite.addke, 0, sizeof(sa->suite.addke));
}

static bool request(struct ike_sa *sa)
{
	struct ike_sa_private *p = sa->p;
	const struct ike_buf *t = &sa->cs->ticket.data;
	struct wire_hdr hdr = {
		.spi_i = sa->spi_i,
		.exchange = IKE_EX_SESSION_RESUME,
		.flags = IKE_FLAG_INITIATOR,
	};
	struct wire_enc enc;
	bool ok;

	wire_enc_start(&enc, &hdr);
	if (p->cookie.p)
		wire_notify_encode(&enc, IKE_N_COOKIE, p->cookie.p,
				   p->cookie.len);
	wire_nonce_encode(&enc, p->ni.p, p->ni.len);
	wire_notify_encode(&enc, IKE_N_TICKET_OPAQUE, t->p, t->len);
	if (sa->conn->nat_traversal)
		ike_put_natd(sa, &enc, &sa->local, &sa->remote);
	ok = wire_enc_finish(&enc) &&
	     ike_buf_set(&p->init_mine, enc.wr.data, enc.wr.len);
	wire_enc_free(&enc);
	return ok && ike_init_send(sa, IKE_EX_SESSION_RESUME);
}

/**
 * ike_resume_start() - begin with a ticket, if the connection has one
 * @sa: new IKE SA of an initiator, with connection and addresses
 *
 * Return: false if it has none that can be used: IKE_SA_INIT is to begin.
 */
bool ike_resume_start(struct ike_sa *sa)
{
	struct ike_ticket *t = &sa->cs->ticket;

	if (!t->data.len)
		return false;
	if (sa->eng->now >= t->until) {
		ike_resume_drop(sa->cs);
		return false;
	}
	/*
	 * Who did not answer the last time may not know this exchange, or be
	 * another who does not: each way has its turn.
	 */
	t->shown = !t->shown;
	if (!t->shown)
		return false;
	sa->p->resuming = ike_make_nonce(sa->eng, &sa->p->ni) && request(sa);
	return sa->p->resuming;
}

/*
 * As if there had been no ticket, with another SPI: if the refusal is not the
 * responder's, that knows this one, and would take IKE_SA_INIT for a repetition.
 */
static void begin_anew(struct ike_sa *sa)
{
	ike_resume_drop(sa->cs);
	ike_sa_dead(sa);
	ike_conn_connect(sa->eng, sa->cs);
}

/**
 * ike_resume_response() - an answer to our first message with a ticket
 *
 * Nobody vouches for it. A refusal by an attacker costs a key exchange, what
 * else does not fit is dropped.
 */
void ike_resume_response(struct ike_sa *sa, const struct ike_ev_packet *pkt,
			 const struct wire_msg *msg)
{
	const struct wire_payload *nonce_pl = wire_msg_only(msg, IKE_PL_NONCE);
	struct ike_sa_private *p = sa->p;
	struct wire_span nonce;
	struct ike_kept kept;
	struct wire_notify n;

	if (msg->has_sk || msg->hdr.msg_id != 0 || !p->resuming ||
	    !sa->cs->ticket.data.len || wire_msg_unknown_critical(msg))
		return;
	kept = sa->cs->ticket.kept;
	if (wire_notify_find(msg, IKE_N_COOKIE, &n) && n.data.len >= 1 &&
	    n.data.len <= IKE_COOKIE_MAX) {
		if (++p->init_rounds > IKE_MAX_INIT_ROUNDS ||
		    !ike_buf_set(&p->cookie, n.data.p, n.data.len) ||
		    !request(sa))
			begin_anew(sa);
		goto out;
	}
	if (wire_notify_find(msg, IKE_N_TICKET_NACK, &n) ||
	    wire_notify_error(msg, &n)) {
		begin_anew(sa);
		goto out;
	}
	if (!nonce_pl || msg->hdr.spi_r == 0 ||
	    wire_nonce_decode(nonce_pl, &nonce) != WIRE_OK)
		goto out;
	sa->spi_r = msg->hdr.spi_r;
	take_suite(sa, &kept);
	p->fragments = kept.fragments;
	/* Whatever comes of it: once, no more. */
	ike_resume_drop(sa->cs);
	if (!ike_buf_set(&p->nr, nonce.p, nonce.len) ||
	    !ike_buf_set(&p->init_theirs, msg->raw, msg->raw_len) ||
	    !derive(sa, &kept))
		ike_sa_fail(sa, "no memory");
	else
		ike_init_answered(sa, pkt, IKE_EX_SESSION_RESUME,
				  ike_natd_check(msg->hdr.spi_i,
						 msg->hdr.spi_r, &pkt->local,
						 &pkt->remote, msg));
out:
	crypto_wipe(&kept, sizeof(kept));
}

/* --------------------------------------------------------------- responder */

/* What a ticket stands for, as long as the configuration still has it. */
static const struct ike_session *session_of(struct ike_engine *eng,
					    const struct ike_ev_packet *pkt,
					    const struct wire_msg *msg)
{
	const struct ike_conn_state *cs;
	struct ike_session **at;
	struct wire_notify n;

	if (!wire_notify_find(msg, IKE_N_TICKET_OPAQUE, &n))
		return NULL;
	at = session_find(eng, n.data);
	if (!at || eng->now >= (*at)->until)
		return NULL;
	cs = ike_conn_find(eng, (*at)->conn);
	/* Who is to go elsewhere is told in IKE_SA_INIT. */
	if (!cs || !wanted(&cs->cfg) || cs->cfg.redirect_to.family ||
	    !ike_may_mean(eng, cs, &pkt->local, &pkt->remote) ||
	    !ike_id_equal(&cs->cfg.local_id, &(*at)->own) ||
	    !ike_suite_in(&(*at)->kept.suite, cs->cfg.ike, cs->cfg.nike,
			  IKE_GROUPS_KE))
		return NULL;
	return *at;
}

static bool answer(struct ike_sa *sa)
{
	struct wire_hdr hdr = {
		.spi_i = sa->spi_i,
		.spi_r = sa->spi_r,
		.exchange = IKE_EX_SESSION_RESUME,
		.flags = IKE_FLAG_RESPONSE,
	};
	struct ike_sa_private *p = sa->p;
	struct wire_enc enc;
	bool ok;

	wire_enc_start(&enc, &hdr);
	wire_nonce_encode(&enc, p->nr.p, p->nr.len);
	if (sa->natt)
		ike_put_natd(sa, &enc, &sa->local, &sa->remote);
	ok = wire_enc_finish(&enc) &&
	     ike_buf_set(&p->init_mine, enc.wr.data, enc.wr.len);
	wire_enc_free(&enc);
	return ok;
}

static void accept_ticket(struct ike_engine *eng,
			  const struct ike_ev_packet *pkt,
			  const struct wire_msg *msg,
			  const struct ike_session *s, struct wire_span ni)
{
	struct ike_sa *sa = ike_init_half_open(eng, pkt, msg);

	if (!sa)
		return;
	sa->p->resuming = true;
	sa->p->session = malloc(sizeof(*s));
	if (sa->p->session)
		*sa->p->session = *s;
	take_suite(sa, &s->kept);
	sa->p->fragments = s->kept.fragments;
	if (!sa->p->session || !ike_make_nonce(eng, &sa->p->nr) ||
	    !ike_buf_set(&sa->p->ni, ni.p, ni.len) ||
	    !ike_buf_set(&sa->p->init_theirs, msg->raw, msg->raw_len) ||
	    !answer(sa) || !derive(sa, &s->kept)) {
		ike_sa_fail(sa, "IKE_SESSION_RESUME: no memory");
		return;
	}
	sa->state = IKE_SA_AUTH;
	ike_act_send(eng, &sa->local, &sa->remote, sa->p->init_mine.p,
		     sa->p->init_mine.len);
}

/**
 * ike_resume_request() - somebody begins with a ticket
 * @eng: engine
 * @pkt: the datagram
 * @msg: parsed; an IKE_SESSION_RESUME request with Message ID and responder SPI
 *	0, which is not a repetition
 * @ni: its nonce
 *
 * Return: false if the ticket stands for nothing.
 */
bool ike_resume_request(struct ike_engine *eng, const struct ike_ev_packet *pkt,
			const struct wire_msg *msg, struct wire_span ni)
{
	const struct ike_session *s = session_of(eng, pkt, msg);

	if (s)
		accept_ticket(eng, pkt, msg, s, ni);
	return s;
}
