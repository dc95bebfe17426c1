// SPDX-License-Identifier: GPL-2.0
/*
 * Messages sealed whole or in fragments, and fragments put together again (RFC
 * 7383). What waits for its other fragments is bounded in octets, in number and
 * in time, and only authentic fragments are kept at all.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/sk.h"
#include "crypto/util.h"
#include "ike/priv.h"

/* A whole message in pieces for the smallest datagrams is not more than that. */
#define MAX_FRAGMENTS 160
/* Messages of one peer that may be incomplete at a time */
#define MAX_SETS 4
/* Octets for who has not proved yet who it is: a long chain of certificates */
#define MAX_UNKNOWN (32 * 1024)
/* Octets that all those together may make us keep */
#define MAX_ALL (16 * 1024 * 1024)
#define FRAG_US (30 * IKE_SECOND)

#define UDP_HDR_LEN 8

/* ------------------------------------------------------------------ sending */

/**
 * ike_ip_size() - the largest IP datagram to send fragments in
 * @sa: IKE SA
 * @local: own end of the path
 *
 * Where the link is known, what fits it, up to 1280 octets, which hardly any
 * path is too small for; else what every host has to take (RFC 7383, section
 * 2.5.1).
 */
size_t ike_ip_size(const struct ike_sa *sa, const struct wire_endpoint *local)
{
	const struct ike_host_addr *a;
	unsigned int i;

	for (i = 0; i < sa->eng->naddrs; i++) {
		a = &sa->eng->addrs[i];
		if (a->mtu < IKE_IP4_SIZE ||
		    !wire_addr_equal(&a->local, &local->addr))
			continue;
		return a->mtu < IKE_IP_SIZE ? a->mtu : IKE_IP_SIZE;
	}
	return local->addr.family == 4 ? IKE_IP4_SIZE : IKE_IP_SIZE;
}

/* Octets of an IKE message in an IP datagram, with the non-ESP marker counted */
static size_t message_size(const struct ike_sa *sa, size_t ip_size)
{
	size_t ip_hdr = sa->local.addr.family == 4 ? 20 : 40;

	return ip_size - ip_hdr - UDP_HDR_LEN - IKE_NON_ESP_MARKER_LEN;
}

static bool seal_whole(struct ike_sa *sa, const struct wire_hdr *hdr,
		       uint8_t first, struct wire_span inner,
		       struct wire_wr *out)
{
	uint8_t iv[16];

	return !ike_random(sa->eng, iv, sizeof(iv)) &&
	       !crypto_sk_seal(&sa->p->keys, sa->initiator, hdr, first,
			       inner.p, inner.len, iv, out);
}

static bool seal_fragment(struct ike_sa *sa, const struct wire_hdr *hdr,
			  const struct crypto_fragment *f, struct wire_wr *out)
{
	struct wire_wr one = { 0 };
	uint8_t iv[16];
	bool ok;

	ok = !ike_random(sa->eng, iv, sizeof(iv)) &&
	     !crypto_skf_seal(&sa->p->keys, sa->initiator, hdr, f, iv, &one);
	if (ok)
		wire_wr_bytes(out, one.data, one.len);
	wire_wr_free(&one);
	return ok;
}

static bool seal_fragments(struct ike_sa *sa, const struct wire_hdr *hdr,
			   uint8_t first, struct wire_span inner, size_t room,
			   struct wire_wr *out)
{
	size_t total = (inner.len + room - 1) / room, at = 0, n;
	struct crypto_fragment f = { .first = first };

	if (total > MAX_FRAGMENTS)
		return false;
	f.total = (uint16_t)total;
	for (f.number = 1; f.number <= total; f.number++) {
		n = inner.len - at < room ? inner.len - at : room;
		f.data = (struct wire_span){ inner.p + at, n };
		if (!seal_fragment(sa, hdr, &f, out))
			return false;
		f.first = IKE_PL_NONE;
		at += n;
	}
	return true;
}

/**
 * ike_seal() - a protected message from its inner payloads
 * @sa: IKE SA with keys
 * @exchange: exchange type
 * @response: or a request
 * @mid: Message ID
 * @first: type of the first inner payload
 * @inner: inner payloads
 * @ip_size: largest IP datagram, see ike_ip_size()
 * @out: gets the whole message, or its fragments one behind the other, for
 *	ike_send_buf()
 *
 * Return: false without memory or random octets, or when it is too long.
 */
bool ike_seal(struct ike_sa *sa, uint8_t exchange, bool response,
	      uint32_t mid, uint8_t first, struct wire_span inner,
	      size_t ip_size, struct ike_buf *out)
{
	size_t size = message_size(sa, ip_size), room;
	struct wire_wr wr = { 0 };
	struct wire_hdr hdr = {
		.spi_i = sa->spi_i,
		.spi_r = sa->spi_r,
		.exchange = exchange,
		.flags = (uint8_t)((sa->initiator ? IKE_FLAG_INITIATOR : 0) |
				   (response ? IKE_FLAG_RESPONSE : 0)),
		.msg_id = mid,
	};
	bool ok;

	room = crypto_sk_room(&sa->suite, size, true);
	if (!sa->p->fragments || !room ||
	    inner.len <= crypto_sk_room(&sa->suite, size, false))
		ok = seal_whole(sa, &hdr, first, inner, &wr);
	else
		ok = seal_fragments(sa, &hdr, first, inner, room, &wr);
	ok = ok && !wr.bad && ike_buf_set(out, wr.data, wr.len);
	wire_wr_free(&wr);
	return ok;
}

/**
 * ike_send_buf() - send what ike_seal() made, each message by itself
 * @eng: engine
 * @local: from
 * @remote: to
 * @data: messages one behind the other
 */
void ike_send_buf(struct ike_engine *eng, const struct wire_endpoint *local,
		  const struct wire_endpoint *remote,
		  const struct ike_buf *data)
{
	struct wire_rd rd;
	size_t at, len;

	for (at = 0; at + IKE_HDR_LEN <= data->len; at += len) {
		wire_rd_init(&rd, data->p + at + IKE_HDR_LEN - 4, 4);
		len = wire_rd_u32(&rd);
		if (len < IKE_HDR_LEN || len > data->len - at)
			return;
		ike_act_send(eng, local, remote, data->p + at, len);
	}
}

/* ---------------------------------------------------------------- receiving */

static void set_free(struct ike_sa *sa, struct ike_frags *f)
{
	unsigned int i;

	for (i = 0; i < f->total; i++)
		ike_buf_free(&f->part[i]);
	sa->eng->frag_octets -= f->len;
	free(f);
}

void ike_frags_free(struct ike_sa *sa)
{
	struct ike_frags *f;

	while ((f = sa->p->frags)) {
		sa->p->frags = f->next;
		set_free(sa, f);
	}
}

static struct ike_frags **find(struct ike_sa *sa, bool response, uint32_t mid)
{
	struct ike_frags **at = &sa->p->frags;

	while (*at && ((*at)->mid != mid || (*at)->response != response))
		at = &(*at)->next;
	return at;
}

/* The whole message is here: its fragments are of no use. */
void ike_frags_drop(struct ike_sa *sa, bool response, uint32_t mid)
{
	struct ike_frags **at = find(sa, response, mid), *f = *at;

	if (!f)
		return;
	*at = f->next;
	set_free(sa, f);
}

uint64_t ike_frag_deadline(const struct ike_sa *sa)
{
	const struct ike_frags *f;
	uint64_t t = IKE_NEVER;

	for (f = sa->p->frags; f; f = f->next)
		if (f->since + FRAG_US < t)
			t = f->since + FRAG_US;
	return t;
}

void ike_frag_timers(struct ike_sa *sa)
{
	struct ike_frags **at = &sa->p->frags, *f;

	while ((f = *at)) {
		if (sa->eng->now < f->since + FRAG_US) {
			at = &f->next;
			continue;
		}
		*at = f->next;
		set_free(sa, f);
	}
}

/* The newest comes first; the last one gives way. */
static struct ike_frags *set_new(struct ike_sa *sa, const struct wire_msg *msg,
				 bool response)
{
	struct ike_frags **at = &sa->p->frags, *f;
	unsigned int n = 1;

	for (; *at && n < MAX_SETS; at = &(*at)->next)
		n++;
	if ((f = *at)) {
		*at = f->next;
		set_free(sa, f);
	}
	f = calloc(1, sizeof(*f) + msg->fragments * sizeof(f->part[0]));
	if (!f)
		return NULL;
	f->response = response;
	f->mid = msg->hdr.msg_id;
	f->total = msg->fragments;
	f->since = sa->eng->now;
	f->next = sa->p->frags;
	sa->p->frags = f;
	return f;
}

/*
 * A larger total replaces what came so far: the sender tries smaller fragments;
 * a smaller one is late (RFC 7383, section 2.6).
 */
static struct ike_frags *set_for(struct ike_sa *sa, const struct wire_msg *msg,
				 bool response)
{
	struct ike_frags *f = *find(sa, response, msg->hdr.msg_id);

	if (f && msg->fragments < f->total)
		return NULL;
	if (f && msg->fragments > f->total) {
		ike_frags_drop(sa, response, msg->hdr.msg_id);
		f = NULL;
	}
	return f ? f : set_new(sa, msg, response);
}

static bool too_much(const struct ike_sa *sa, const struct ike_frags *f,
		     size_t more)
{
	size_t all = sa->eng->frag_octets + more;

	if (sa->initiator || sa->p->authentic)
		return f->len + more > WIRE_MSG_MAX;
	return f->len + more > MAX_UNKNOWN || all > MAX_ALL;
}

static bool join(const struct ike_frags *f, struct ike_buf *whole)
{
	size_t at = 0;
	unsigned int i;

	whole->p = malloc(f->len ? f->len : 1);
	if (!whole->p)
		return false;
	whole->len = f->len;
	for (i = 0; i < f->total; i++) {
		memcpy(whole->p + at, f->part[i].p, f->part[i].len);
		at += f->part[i].len;
	}
	return true;
}

/**
 * ike_frag_in() - an authentic fragment has come
 * @sa: IKE SA
 * @pkt: datagram that it came in
 * @msg: message with SKF; told the first inner payload when all is here
 * @plain: what was inside
 * @whole: gets the inner payloads of the whole message; to be freed
 * @size: gets the octets of all its datagrams
 *
 * Return: whether that was the last one that was missing.
 */
bool ike_frag_in(struct ike_sa *sa, const struct ike_ev_packet *pkt,
		 struct wire_msg *msg, struct wire_span plain,
		 struct ike_buf *whole, size_t *size)
{
	bool response = msg->hdr.flags & IKE_FLAG_RESPONSE, ok;
	struct ike_frags *f;
	struct ike_buf *part;

	if (!sa->p->fragments || msg->fragments > MAX_FRAGMENTS)
		return false;
	f = set_for(sa, msg, response);
	if (!f)
		return false;
	part = &f->part[msg->fragment - 1];
	if (part->p || too_much(sa, f, plain.len) ||
	    !ike_buf_set(part, plain.p, plain.len))
		return false;
	sa->eng->frag_octets += plain.len;
	f->len += plain.len;
	f->size += pkt->len;
	f->have++;
	if (msg->fragment == 1)
		f->first = msg->sk_first;
	if (f->have < f->total)
		return false;
	ok = join(f, whole);
	msg->sk_first = f->first;
	*size = f->size;
	ike_frags_drop(sa, response, msg->hdr.msg_id);
	return ok;
}
