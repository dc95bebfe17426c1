// SPDX-License-Identifier: GPL-2.0
/* Datagrams: whose they are, and what is said to those that are nobody's. */
#include <string.h>

#include "ike/priv.h"

#define UNKNOWN_PER_SECOND 10
/* Who has been heard of within this time is not asked whether it is alive. */
#define HINT_US IKE_SECOND

/* An unprotected answer: for a request of no IKE SA, or of IKE version 3. */
static void answer_in_clear(struct ike_engine *eng,
			    const struct ike_ev_packet *pkt,
			    const struct wire_hdr *to, uint16_t type)
{
	struct wire_hdr hdr = {
		.spi_i = to->spi_i,
		.spi_r = to->spi_r,
		.exchange = to->exchange,
		.flags = (uint8_t)(IKE_FLAG_RESPONSE |
				   (~to->flags & IKE_FLAG_INITIATOR)),
		.msg_id = to->msg_id,
	};
	struct wire_enc enc;

	wire_enc_start(&enc, &hdr);
	wire_notify_encode(&enc, type, NULL, 0);
	ike_count_error_out(eng, type);
	if (type == IKE_N_INVALID_IKE_SPI)
		ike_qcd_lost(eng, to, &enc);
	if (wire_enc_finish(&enc))
		ike_act_send(eng, &pkt->local, &pkt->remote, enc.wr.data,
			     enc.wr.len);
	wire_enc_free(&enc);
}

static bool is_init_request(const struct wire_hdr *h)
{
	return (h->exchange == IKE_EX_SA_INIT ||
		h->exchange == IKE_EX_SESSION_RESUME) &&
	       !(h->flags & IKE_FLAG_RESPONSE) &&
	       h->flags & IKE_FLAG_INITIATOR && h->spi_r == 0 &&
	       h->msg_id == 0;
}

static bool has_child_to(const struct ike_sa *sa, uint32_t spi)
{
	const struct ike_child *c;

	for (c = sa->children; c; c = c->next)
		if (c->spi_out == spi)
			return true;
	return false;
}

/*
 * Somebody says that ESP of ours is of no SA there, outside of any IKE SA, so
 * without a proof: the peer that it would be is asked for a sign of life, and
 * nothing else comes of it (RFC 7296, sections 1.5 and 2.4; RFC 4555, section
 * 3.5).
 */
static void invalid_spi(struct ike_engine *eng, const struct ike_ev_packet *pkt,
			const struct wire_notify *n)
{
	struct ike_sa *sa;
	struct wire_rd rd;
	uint32_t spi;

	if (n->data.len != sizeof(spi) ||
	    !ike_bucket_take(eng, &eng->unknown_spi, UNKNOWN_PER_SECOND))
		return;
	wire_rd_init(&rd, n->data.p, n->data.len);
	spi = wire_rd_u32(&rd);
	for (sa = eng->sas; sa; sa = sa->p->next) {
		if (sa->state != IKE_SA_ESTABLISHED ||
		    !wire_addr_equal(&sa->remote.addr, &pkt->remote.addr) ||
		    !has_child_to(sa, spi))
			continue;
		if (!ike_requests_outstanding(sa) &&
		    eng->now - sa->last_in_us >= HINT_US) {
			ike_sa_touch(sa);
			ike_info_liveness(sa);
		}
		return;
	}
}

/* Such a message is never answered: two hosts could go on for ever. */
static bool is_invalid_spi(const struct wire_msg *msg, struct wire_notify *n)
{
	return msg->hdr.exchange == IKE_EX_INFORMATIONAL &&
	       !(msg->hdr.flags & IKE_FLAG_RESPONSE) && !msg->has_sk &&
	       !msg->has_skf && wire_notify_find(msg, IKE_N_INVALID_SPI, n);
}

static void for_sa(struct ike_engine *eng, const struct ike_ev_packet *pkt,
		   struct wire_msg *msg)
{
	const struct wire_hdr *h = &msg->hdr;
	bool from_initiator = h->flags & IKE_FLAG_INITIATOR;
	struct ike_sa *sa;

	sa = ike_sa_lookup(eng, from_initiator ? h->spi_r : h->spi_i);
	/* The successor has it: that is not to be denied. */
	if (!sa && eng->leaving)
		return;
	if (!sa || sa->initiator == from_initiator) {
		eng->n.drop[IKE_DROP_UNKNOWN_SPI]++;
		if (!(h->flags & IKE_FLAG_RESPONSE) &&
		    h->exchange != IKE_EX_SA_INIT &&
		    ike_bucket_take(eng, &eng->unknown_spi,
				    UNKNOWN_PER_SECOND))
			answer_in_clear(eng, pkt, h, IKE_N_INVALID_IKE_SPI);
		return;
	}
	/* As if it was lost: it comes again. */
	if (pkt->busy && h->exchange == IKE_EX_AUTH &&
	    sa->state < IKE_SA_ESTABLISHED) {
		eng->n.drop[IKE_DROP_BUSY]++;
		return;
	}
	ike_sa_touch(sa);
	ike_sa_touch(ike_sa_heir(sa));
	if (h->exchange == IKE_EX_SA_INIT) {
		if (h->flags & IKE_FLAG_RESPONSE && sa->initiator &&
		    sa->state == IKE_SA_INIT && !sa->p->resuming)
			ike_init_response(sa, pkt, msg);
		return;
	}
	if (h->exchange == IKE_EX_SESSION_RESUME) {
		if (h->flags & IKE_FLAG_RESPONSE && sa->initiator &&
		    sa->state == IKE_SA_INIT && sa->p->resuming)
			ike_resume_response(sa, pkt, msg);
		return;
	}
	if (h->spi_i != sa->spi_i || h->spi_r != sa->spi_r ||
	    !sa->p->have_keys)
		return;
	if (msg->has_sk || msg->has_skf)
		ike_message_in(sa, pkt, msg);
	else
		ike_qcd_in(sa, msg);
}

/**
 * ike_packet() - a datagram has come
 *
 * What is not authentic changes nothing and, but for the few answers that RFC
 * 7296 wants (and those at a limited rate), is dropped without a word.
 */
void ike_packet(struct ike_engine *eng, const struct ike_ev_packet *pkt)
{
	struct wire_notify n;
	struct wire_msg msg;

	switch (wire_msg_parse(pkt->data, pkt->len, &msg)) {
	case WIRE_OK:
		break;
	case WIRE_E_MAJOR:
		eng->n.drop[IKE_DROP_VERSION]++;
		/* What has no SPI could not be told from others' answers. */
		if (msg.hdr.spi_i && !(msg.hdr.flags & IKE_FLAG_RESPONSE) &&
		    ike_bucket_take(eng, &eng->bad_version,
				    UNKNOWN_PER_SECOND))
			answer_in_clear(eng, pkt, &msg.hdr,
					IKE_N_INVALID_MAJOR_VERSION);
		return;
	default:
		eng->n.drop[IKE_DROP_MALFORMED]++;
		return;
	}
	if (is_init_request(&msg.hdr))
		ike_init_request(eng, pkt, &msg);
	else if (is_invalid_spi(&msg, &n))
		invalid_spi(eng, pkt, &n);
	else if (!msg.hdr.spi_i)
		eng->n.drop[IKE_DROP_MALFORMED]++;
	else
		for_sa(eng, pkt, &msg);
}
