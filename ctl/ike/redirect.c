// SPDX-License-Identifier: GPL-2.0
/*
 * Redirect (RFC 5685): a gateway sends initiators to another one, as an answer
 * to IKE_SA_INIT or later. It is followed to addresses that the connection has
 * anyway: the answer to IKE_SA_INIT is not authentic, and who is there has to
 * prove the same identity.
 */
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

/* So often in so long a time (section 4) */
#define MAX_REDIRECTS 5
#define LOOP_US (300 * IKE_SECOND)

static bool is_one_of(const struct ike_conn *c, const struct wire_addr *a)
{
	unsigned int i;

	for (i = 0; i < c->nremote; i++)
		if (c->remote[i].plen == 8 * wire_addr_len(a->family) &&
		    wire_addr_equal(&c->remote[i].addr, a))
			return true;
	return false;
}

/** ike_redirect_init_build() - say in IKE_SA_INIT that we may be redirected */
void ike_redirect_init_build(const struct ike_sa *sa, struct wire_enc *enc)
{
	const struct wire_redirect from = { .addr = sa->cs->redirected_from };
	uint8_t data[WIRE_REDIRECT_MAX];

	/* One address: there is nowhere else to go. */
	if (!sa->conn->follow_redirects || sa->conn->nremote < 2)
		return;
	if (sa->cs->redirect.family)
		wire_notify_encode(enc, IKE_N_REDIRECTED_FROM, data,
				   wire_redirect_data(&from, data));
	else
		wire_notify_encode(enc, IKE_N_REDIRECT_SUPPORTED, NULL, 0);
}

static bool refused(struct ike_sa *sa, const struct wire_redirect *r,
		    const char *why)
{
	struct ike_report *report;

	report = ike_act_report(sa->eng, IKE_LOG_WARNING, "log",
				sa->cs->cfg.name);
	ike_report_text(report, "reason", "a redirect is not followed: %s",
			why);
	ike_report_addr(report, "remote", &sa->remote.addr);
	ike_report_addr(report, "to", &r->addr);
	return false;
}

static bool looping(struct ike_sa *sa)
{
	struct ike_conn_state *cs = sa->cs;

	if (sa->eng->now - cs->redirects_us >= LOOP_US) {
		cs->redirects_us = sa->eng->now;
		cs->redirects = 0;
	}
	return ++cs->redirects > MAX_REDIRECTS;
}

/* May we be sent there? */
static bool allowed(struct ike_sa *sa, const struct wire_redirect *r)
{
	if (!sa->first_initiator || !sa->conn->follow_redirects ||
	    wire_addr_equal(&r->addr, &sa->remote.addr))
		return false;
	if (!is_one_of(sa->conn, &r->addr))
		return refused(sa, r, "the address is not one of remote");
	if (looping(sa))
		return refused(sa, r, "too many of them in five minutes");
	return true;
}

/* Without a word about a failure, for it is none. */
static void go(struct ike_sa *sa, const struct wire_addr *to, bool notify)
{
	struct ike_conn_state *cs = sa->cs;
	struct wire_addr from = sa->remote.addr;
	struct ike_report *r;

	r = ike_act_report(sa->eng, IKE_LOG_INFO, "log", cs->cfg.name);
	ike_report_text(r, "reason", "the peer redirects this connection");
	ike_report_addr(r, "remote", &from);
	ike_report_addr(r, "to", to);
	if (sa->state != IKE_SA_ESTABLISHED)
		sa->p->replaced = true;
	sa->p->redirected = true;
	ike_sa_end(sa, "the peer redirects this connection", 0, notify);
	cs->redirect = *to;
	cs->redirected_from = from;
	ike_conn_connect(sa->eng, cs);
}

/**
 * ike_redirect_init() - an answer to IKE_SA_INIT that may be a redirect
 * @sa: IKE SA of an initiator
 * @msg: answer, not authentic
 *
 * Return: whether it has one; followed if it knows our nonce and may be.
 */
bool ike_redirect_init(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct ike_buf *ni = &sa->p->ni;
	struct wire_redirect r;
	struct wire_notify n;

	if (!wire_notify_find(msg, IKE_N_REDIRECT, &n))
		return false;
	if (wire_redirect_decode(&n, &r) == WIRE_OK &&
	    r.nonce.len == ni->len &&
	    crypto_equal(r.nonce.p, ni->p, ni->len) && allowed(sa, &r))
		go(sa, &r.addr, false);
	return true;
}

/**
 * ike_redirect_in() - an authentic message of the peer that may be a redirect
 * @sa: IKE SA, of which the peer has proved who it is
 * @msg: message
 *
 * Return: true if it was followed: the IKE SA has ended.
 */
bool ike_redirect_in(struct ike_sa *sa, const struct wire_msg *msg)
{
	struct wire_redirect r;
	struct wire_notify n;

	if (!sa->cs || !wire_notify_find(msg, IKE_N_REDIRECT, &n) ||
	    wire_redirect_decode(&n, &r) != WIRE_OK || !allowed(sa, &r))
		return false;
	go(sa, &r.addr, true);
	return true;
}

/**
 * ike_redirect_away() - is an initiator to be sent to another gateway
 * @eng: engine
 * @pkt: its first message
 * @msg: parsed
 * @ni: its nonce
 * @data: gets the data of REDIRECT
 *
 * Only if all connections that it may mean say so.
 *
 * Return: octets in @data, 0 if it may stay.
 */
size_t ike_redirect_away(const struct ike_engine *eng,
			 const struct ike_ev_packet *pkt,
			 const struct wire_msg *msg, struct wire_span ni,
			 uint8_t data[WIRE_REDIRECT_MAX])
{
	struct wire_redirect r = { .nonce = ni };
	const struct ike_conn_state *cs;
	struct wire_notify n;

	if (!wire_notify_find(msg, IKE_N_REDIRECT_SUPPORTED, &n) &&
	    !wire_notify_find(msg, IKE_N_REDIRECTED_FROM, &n))
		return 0;
	for (cs = eng->conns; cs; cs = cs->next) {
		if (!ike_may_mean(eng, cs, &pkt->local, &pkt->remote))
			continue;
		if (!cs->cfg.redirect_to.family)
			return 0;
		r.addr = cs->cfg.redirect_to;
	}
	return r.addr.family ? wire_redirect_data(&r, data) : 0;
}
