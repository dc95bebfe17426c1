// SPDX-License-Identifier: GPL-2.0
/* Child SAs: negotiating one, in IKE_AUTH and CREATE_CHILD_SA alike. */
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

struct ike_child *ike_child_find(struct ike_sa *sa, uint32_t spi_in)
{
	struct ike_child *c = sa->children;

	while (c && c->spi_in != spi_in)
		c = c->next;
	return c;
}

struct ike_child *ike_child_find_out(struct ike_sa *sa, uint32_t spi_out)
{
	struct ike_child *c = sa->children;

	while (c && c->spi_out != spi_out)
		c = c->next;
	return c;
}

static struct ike_spi **spi_bucket(struct ike_engine *eng, uint32_t spi)
{
	/* They are random: as good as any hash. */
	return &eng->child_hash[spi % IKE_SPI_BUCKETS];
}

/** ike_spi_take() - from now on no other Child SA of this host has this SPI */
void ike_spi_take(struct ike_engine *eng, struct ike_spi *node, uint32_t spi)
{
	struct ike_spi **at = spi_bucket(eng, spi);

	node->spi = spi;
	node->next = *at;
	*at = node;
}

void ike_spi_release(struct ike_engine *eng, struct ike_spi *node)
{
	struct ike_spi **at = spi_bucket(eng, node->spi);

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
}

void ike_child_free(struct ike_engine *eng, struct ike_child *c)
{
	struct ike_child_full *f = ike_child_full(c);

	ike_spi_release(eng, &f->spi);
	if (f->answer)
		wire_free((uint8_t *)f->answer, sizeof(*f->answer));
	wire_free((uint8_t *)f, sizeof(*f));
}

unsigned int ike_child_count(const struct ike_sa *sa)
{
	const struct ike_child *c;
	unsigned int n = 0;

	for (c = sa->children; c; c = c->next)
		n++;
	return n;
}

/**
 * ike_child_any() - is there a Child SA that is not about to go
 * @sa: IKE SA
 * @child: which one of the connection
 */
bool ike_child_any(const struct ike_sa *sa, unsigned int child)
{
	const struct ike_child *c = sa->children;

	while (c && (c->state == IKE_CHILD_CLOSING || c->child != child))
		c = c->next;
	return c;
}

/**
 * ike_child_replaces() - a Child SA has come to take the place of another
 * @sa: IKE SA of both
 * @c: the new one
 * @old: what it replaces; out of date, the new one begins a line of its own
 */
void ike_child_replaces(const struct ike_sa *sa, struct ike_child *c,
			struct ike_child *old)
{
	ike_child_full(c)->replaces = old->spi_in;
	if (!ike_child_stale(sa, old))
		ike_child_full(c)->ours = ike_child_full(old)->ours;
}

/**
 * ike_child_dedup() - both ends have made the same Child SA anew at once
 * @sa: IKE SA with a Child SA that has just come up
 * @child: which one of the connection
 *
 * One is enough: the end that did not begin the IKE SA gives up its own.
 */
void ike_child_dedup(struct ike_sa *sa, unsigned int child)
{
	struct ike_child *c, *own = NULL, *theirs = NULL;

	for (c = sa->children; c && !sa->first_initiator; c = c->next) {
		if (c->state != IKE_CHILD_UP || c->child != child ||
		    ike_child_stale(sa, c))
			continue;
		if (ike_child_full(c)->ours)
			own = c;
		else
			theirs = c;
	}
	if (own && theirs)
		ike_child_delete(sa, own, "the peer has made another");
}

/*
 * An inbound SPI is looked up without the peer's address: no two Child SAs of
 * this host may share one.
 */
static bool spi_taken(struct ike_engine *eng, uint32_t spi)
{
	const struct ike_spi *s = *spi_bucket(eng, spi);

	while (s && s->spi != spi)
		s = s->next;
	return s;
}

/* A fresh inbound SPI; 0 if there is no randomness. */
uint32_t ike_child_spi(struct ike_sa *sa)
{
	uint32_t spi = 0;

	while (spi < 256 || spi_taken(sa->eng, spi))
		if (ike_random(sa->eng, &spi, sizeof(spi)))
			return 0;
	return spi;
}

static bool decode_ts(const struct wire_msg *msg, struct wire_ts_list *tsi,
		      struct wire_ts_list *tsr)
{
	const struct wire_payload *i = wire_msg_only(msg, IKE_PL_TSI);
	const struct wire_payload *r = wire_msg_only(msg, IKE_PL_TSR);

	return i && r && wire_ts_decode(i, tsi) == WIRE_OK &&
	       wire_ts_decode(r, tsr) == WIRE_OK;
}

static bool single_host(const struct wire_ts_list *l)
{
	return l->n && wire_addr_equal(&l->ts[0].start, &l->ts[0].end);
}

/* Responder: choose the algorithms. */
static uint16_t choose(struct ike_sa *sa, const struct wire_msg *msg,
		       bool with_ke, struct ike_offer *o)
{
	const struct wire_payload *pl = wire_msg_only(msg, IKE_PL_SA);
	struct wire_sa *offer = calloc(1, sizeof(*offer));
	struct wire_sa *ours = calloc(1, sizeof(*ours));
	uint16_t err = IKE_N_NO_PROPOSAL_CHOSEN;
	struct wire_rd rd;

	if (!offer || !ours || !pl || wire_sa_decode(pl, offer) != WIRE_OK)
		goto out;
	ike_propose(ours, sa->conn->esp, sa->conn->nesp, IKE_PROTO_ESP, 0,
		    with_ke ? IKE_GROUPS_KE : IKE_GROUPS_NONE);
	if (!wire_sa_choose(offer, ours, &o->chosen) ||
	    o->chosen.spi_len != ESP_SPI_LEN)
		goto out;
	wire_rd_init(&rd, o->chosen.spi, ESP_SPI_LEN);
	o->spi_out = wire_rd_u32(&rd);
	if (o->spi_out < 256)
		goto out;
	ike_chosen(&o->chosen, &o->suite);
	err = 0;
out:
	free(offer);
	free(ours);
	return err;
}

/*
 * Of the Child SAs that fit the first that there is not yet; what fits only
 * others may be had by another exchange (section 2.9).
 */
static bool narrow(struct ike_sa *sa, const struct wire_ts_list *tsi,
		   const struct wire_ts_list *tsr, const struct ike_child *old,
		   struct ike_offer *o)
{
	const struct wire_addr *local = &sa->local.addr;
	const struct wire_addr *remote = &sa->remote.addr;
	unsigned int n = ike_conn_children(sa->conn), i, fit = 0, best = n;

	if (old && single_host(tsi) && single_host(tsr)) {
		local = &tsr->ts[0].start;
		remote = &tsi->ts[0].start;
	}
	for (i = 0; i < n; i++) {
		if (!ike_ts_narrow(sa->conn, i, local, remote, tsr, tsi, o,
				   &o->tsr, &o->tsi))
			continue;
		fit++;
		if (old ? i == old->child : best == n ||
		    (ike_child_any(sa, best) && !ike_child_any(sa, i)))
			best = i;
	}
	if (best == n)
		return false;
	o->child = best;
	o->more = fit > 1;
	return ike_ts_narrow(sa->conn, best, local, remote, tsr, tsi, o,
			     &o->tsr, &o->tsi);
}

/**
 * ike_child_negotiate() - the responder's part of a Child SA's negotiation
 * @sa: IKE SA
 * @msg: request
 * @old: it replaces this one, or NULL: in transport mode its hosts are taken as
 *	they are named, since with MOBIKE the IKE SA may have moved under it
 * @with_ke: groups are allowed
 * @o: gets the result
 *
 * Return: 0, or the type of the error notify to answer with.
 */
uint16_t ike_child_negotiate(struct ike_sa *sa, const struct wire_msg *msg,
			     const struct ike_child *old, bool with_ke,
			     struct ike_offer *o)
{
	struct wire_ts_list tsi, tsr;
	struct wire_notify n;
	uint16_t err;

	memset(o, 0, sizeof(*o));
	o->mode = sa->conn->mode;
	o->conf = sa->cs->conf;
	/* Transport mode may be declined, but not be had unasked (1.3.1). */
	if (o->mode == MOBX_MODE_TRANSPORT &&
	    !wire_notify_find(msg, IKE_N_USE_TRANSPORT_MODE, &n))
		return IKE_N_NO_PROPOSAL_CHOSEN;
	err = choose(sa, msg, with_ke, o);
	if (err)
		return err;
	if (!decode_ts(msg, &tsi, &tsr))
		return IKE_N_TS_UNACCEPTABLE;
	ike_nat_selectors(sa, &tsr, &tsi);
	ike_virtual_narrow(sa, &tsr, &tsi);
	if (!narrow(sa, &tsi, &tsr, old, o))
		return IKE_N_TS_UNACCEPTABLE;
	o->spi_in = ike_child_spi(sa);
	if (!o->spi_in)
		return IKE_N_TEMPORARY_FAILURE;
	o->chosen.spi_len = ESP_SPI_LEN;
	wire_put_u32(o->chosen.spi, o->spi_in);
	return 0;
}

/**
 * ike_child_accept() - the initiator's look at the answer
 * @sa: IKE SA
 * @msg: response
 * @sent: proposals as sent
 * @o: @child, @spi_in and selectors as sent; gets the rest
 *
 * Return: 0; the error notify of the peer; or IKE_CHILD_UNWANTED.
 */
uint16_t ike_child_accept(struct ike_sa *sa, const struct wire_msg *msg,
			  const struct wire_sa *sent, struct ike_offer *o)
{
	const struct wire_payload *pl = wire_msg_only(msg, IKE_PL_SA);
	struct wire_ts_list tsi, tsr;
	struct wire_notify n;
	struct wire_sa *answer;
	bool ok;

	if (!pl)
		return wire_notify_error(msg, &n) ? n.type :
						    IKE_N_NO_PROPOSAL_CHOSEN;
	answer = calloc(1, sizeof(*answer));
	if (!answer)
		return IKE_CHILD_UNWANTED;
	ok = wire_sa_decode(pl, answer) == WIRE_OK &&
	     wire_sa_answer_ok(sent, answer) &&
	     answer->p[0].spi_len == ESP_SPI_LEN;
	if (ok) {
		struct wire_rd rd;

		wire_rd_init(&rd, answer->p[0].spi, ESP_SPI_LEN);
		o->spi_out = wire_rd_u32(&rd);
		ike_chosen(&answer->p[0], &o->suite);
	}
	free(answer);
	o->mode = sa->conn->mode;
	if (!ok || o->spi_out < 256 ||
	    wire_notify_find(msg, IKE_N_USE_TRANSPORT_MODE, &n) !=
	    (o->mode == MOBX_MODE_TRANSPORT) ||
	    !decode_ts(msg, &tsi, &tsr))
		return IKE_CHILD_UNWANTED;
	ike_nat_selectors(sa, &tsi, &tsr);
	ike_virtual_narrow(sa, &tsi, &tsr);
	if (!ike_ts_accept(sa->conn, &o->tsi, &o->tsr, &tsi, &tsr, o))
		return IKE_CHILD_UNWANTED;
	return 0;
}

void ike_child_put_sa(struct wire_enc *enc, const struct ike_offer *o)
{
	struct wire_sa *answer = calloc(1, sizeof(*answer));

	if (!answer) {
		enc->wr.bad = true;
		return;
	}
	answer->n = 1;
	answer->p[0] = o->chosen;
	wire_sa_encode(enc, answer);
	free(answer);
}

void ike_child_put_ts(struct wire_enc *enc, const struct ike_offer *o)
{
	wire_ts_encode(enc, IKE_PL_TSI, &o->tsi);
	wire_ts_encode(enc, IKE_PL_TSR, &o->tsr);
	if (o->mode == MOBX_MODE_TRANSPORT)
		wire_notify_encode(enc, IKE_N_USE_TRANSPORT_MODE, NULL, 0);
	if (o->more)
		wire_notify_encode(enc, IKE_N_ADDITIONAL_TS_POSSIBLE, NULL, 0);
}

/**
 * ike_child_add() - a Child SA that has been agreed on, with its keys
 * @sa: IKE SA
 * @o: the agreement
 * @ni: nonce of the exchange's initiator
 * @nr: nonce of its responder
 * @shared: secret of a key exchange, or empty
 * @from_us: we are the exchange's initiator
 *
 * Return: in sa->children, not yet in the kernel; or NULL.
 */
struct ike_child *ike_child_add(struct ike_sa *sa, const struct ike_offer *o,
				struct wire_span ni, struct wire_span nr,
				struct wire_span shared, bool from_us)
{
	struct ike_child_full *f = calloc(1, sizeof(*f));
	struct ike_child **at;

	if (!f)
		return NULL;
	if (crypto_child_derive(&sa->p->keys, &o->suite, ni, nr, shared,
				&f->keys)) {
		free(f);
		return NULL;
	}
	f->from_us = from_us;
	f->ours = from_us;
	f->switch_us = IKE_NEVER;
	f->again_us = IKE_NEVER;
	f->conf = o->conf;
	f->mode = o->mode;
	f->local = sa->local.addr;
	f->remote = sa->remote.addr;
	f->c.state = IKE_CHILD_INSTALLING;
	f->c.child = o->child;
	f->c.spi_in = o->spi_in;
	f->c.spi_out = o->spi_out;
	f->c.suite = o->suite;
	f->c.nselectors = o->nselectors;
	memcpy(f->c.selectors, o->selectors, sizeof(o->selectors));
	ike_spi_take(sa->eng, &f->spi, o->spi_in);
	sa->eng->n.happened[IKE_HAPPENED_CHILD]++;
	for (at = &sa->children; *at; at = &(*at)->next)
		;
	*at = &f->c;
	return &f->c;
}

bool ike_child_is_transport(const struct ike_child *c)
{
	const struct ike_child_full *f = (const struct ike_child_full *)c;

	return f->mode == MOBX_MODE_TRANSPORT;
}

bool ike_sa_has_transport(const struct ike_sa *sa)
{
	const struct ike_child *c;

	for (c = sa->children; c; c = c->next)
		if (ike_child_is_transport(c))
			return true;
	return false;
}
