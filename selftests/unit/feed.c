// SPDX-License-Identifier: GPL-2.0
/*
 * Decoders read exact-sized memory, so that the address sanitizer sees the first
 * octet too many, and every view that they give out is read. What is accepted,
 * encodes and decodes to itself.
 */
#include "feed.h"
#include "test_wire.h"

#include <stdbool.h>

#include "wire/cert.h"
#include "wire/cp.h"
#include "wire/mobike.h"
#include "wire/payload.h"
#include "wire/redirect.h"
#include "wire/sa.h"

static volatile uint8_t sink;
static void read_span(struct wire_span s)
{
	for (size_t i = 0; i < s.len; i++)
		sink ^= s.p[i];
}

/* Decoding what encoding a decoded value gave must give that value. */
static void same_sa(const struct wire_sa *sa)
{
	struct wire_sa again;
	struct wire_enc enc;

	for (unsigned int i = 0; i < sa->n; i++) {
		if (sa->p[i].bad || !sa->p[i].num)
			return;
		for (unsigned int j = 0; j < sa->p[i].n; j++)
			if (sa->p[i].t[j].bad)
				return;
	}
	wire_enc_start(&enc, NULL);
	wire_sa_encode(&enc, sa);
	if (wire_enc_finish(&enc)) {
		const struct wire_payload pl = {
			.body = enc.wr.data + IKE_PAYLOAD_HDR_LEN,
			.len = enc.wr.len - IKE_PAYLOAD_HDR_LEN,
		};

		assert_int_equal(wire_sa_decode(&pl, &again), WIRE_OK);
		assert_int_equal(again.n, sa->n);
		for (unsigned int i = 0; i < sa->n; i++)
			assert_same_transforms(&again.p[i], &sa->p[i]);
	}
	wire_enc_free(&enc);
}

static void same_ts(const struct wire_ts_list *list)
{
	struct wire_ts_list again;
	struct wire_enc enc;

	if (!list->n)
		return;
	wire_enc_start(&enc, NULL);
	wire_ts_encode(&enc, IKE_PL_TSI, list);
	if (wire_enc_finish(&enc)) {
		const struct wire_payload pl = {
			.body = enc.wr.data + IKE_PAYLOAD_HDR_LEN,
			.len = enc.wr.len - IKE_PAYLOAD_HDR_LEN,
		};

		assert_int_equal(wire_ts_decode(&pl, &again), WIRE_OK);
		assert_int_equal(again.n, list->n);
		for (unsigned int i = 0; i < list->n; i++)
			assert_same_ts(&again.ts[i], &list->ts[i]);
	}
	wire_enc_free(&enc);
}

static void same_block(uint16_t type, const struct mobikex_block *b)
{
	struct mobikex_block again;
	struct wire_notify n;
	struct wire_enc enc;
	struct wire_msg msg;

	wire_enc_start(&enc, &test_hdr);
	mobikex_block_encode(&enc, type, b);
	finish_and_parse(&enc, &msg);
	assert_true(wire_notify_find(&msg, type, &n));
	assert_int_equal(mobikex_block_decode(&n, &again), WIRE_OK);
	assert_same_block(&again, b);
	wire_enc_free(&enc);
}

static void feed_redirect(const struct wire_notify *n)
{
	struct wire_redirect r, again;
	uint8_t data[WIRE_REDIRECT_MAX];
	struct wire_notify as = *n;

	if (wire_redirect_decode(n, &r) || r.nonce.len > IKE_NONCE_MAX)
		return;
	as.data.p = data;
	as.data.len = wire_redirect_data(&r, data);
	assert_int_equal(wire_redirect_decode(&as, &again), WIRE_OK);
	assert_true(wire_addr_equal(&r.addr, &again.addr));
	assert_int_equal(r.nonce.len, again.nonce.len);
}

static void feed_notify(const struct wire_notify *n)
{
	static const uint16_t blocks[] = { IKE_N_IP_PARAMETER,
					   IKE_N_ADD_SA_ADDRESS,
					   IKE_N_REMOVE_SA_ADDRESS };
	struct wire_endpoint src, dst;
	struct mobikex_supported s;
	struct mobikex_reason r;
	struct mobikex_block b;
	struct mobikex_set set;
	struct wire_addr addr;
	struct wire_span cookie;
	unsigned int hashes;
	uint32_t v32;
	uint16_t v16;

	read_span(n->spi);
	read_span(n->data);
	wire_notify_u16(n, &v16);
	wire_notify_u32(n, &v32);
	if (!mobikex_supported_decode(n, &s))
		assert_in_range(s.max_paths, 2, 64);
	for (int i = 0; i < 3; i++) {
		struct wire_notify as = *n;

		as.type = blocks[i];
		if (!mobikex_block_decode(&as, &b))
			same_block(blocks[i], &b);
	}
	if (!mobikex_set_decode(n, &set))
		assert_in_range(set.n, 0, MOBIKEX_PATHS_MAX);
	if (!mobikex_reason_decode(n, &r))
		assert_in_range(strlen(r.text), 0, MOBIKEX_REASON_TEXT);
	if (!mobike_cookie2_decode(n, &cookie))
		read_span(cookie);
	wire_hashes_decode(n, &hashes);
	feed_redirect(n);
	mobike_additional_decode(n, &addr);
	mobike_no_nats_decode(n, &src, &dst);
}

static void feed_cp(const struct wire_cp *cp)
{
	for (unsigned int i = 0; i < cp->n; i++)
		read_span(cp->attr[i].value);
}

void feed_body(const struct wire_payload *pl)
{
	static struct wire_sa sa;
	struct wire_ts_list list;
	struct wire_notify n;
	struct wire_delete del;
	struct wire_span nonce;
	struct wire_auth auth;
	struct wire_cert cert;
	struct wire_certreq req;
	struct wire_cp cp;
	struct wire_eap eap;
	struct wire_ke ke;
	struct wire_id id;

	if (!wire_cert_decode(pl, &cert))
		read_span(cert.data);
	if (!wire_certreq_decode(pl, &req))
		read_span(req.data);
	if (!wire_cp_decode(pl, &cp))
		feed_cp(&cp);
	if (!wire_eap_decode(pl, &eap))
		read_span(eap.data);
	if (!wire_sa_decode(pl, &sa))
		same_sa(&sa);
	if (!wire_ts_decode(pl, &list))
		same_ts(&list);
	if (!wire_ke_decode(pl, &ke))
		read_span(ke.data);
	if (!wire_nonce_decode(pl, &nonce))
		read_span(nonce);
	if (!wire_id_decode(pl, &id)) {
		read_span(id.data);
		read_span(id.body);
	}
	if (!wire_auth_decode(pl, &auth))
		read_span(auth.data);
	if (!wire_delete_decode(pl, &del))
		for (unsigned int i = 0; i < del.n; i++)
			sink ^= (uint8_t)wire_delete_spi(&del, i);
	if (!wire_notify_decode(pl, &n))
		feed_notify(&n);
}

bool feed_message(const uint8_t *data, size_t len)
{
	bool good;
	uint8_t *copy = exact(data, len);
	struct wire_msg msg;

	good = !wire_msg_parse(copy, len, &msg);
	if (good) {
		assert_int_equal(msg.raw_len, len);
		for (unsigned int i = 0; i < msg.n; i++) {
			uint8_t *body = exact(msg.payload[i].body,
					      msg.payload[i].len);
			struct wire_payload pl = msg.payload[i];

			pl.body = body;
			feed_body(&pl);
			free(body);
		}
		wire_msg_unknown_critical(&msg);
		if (msg.has_sk || msg.has_skf)
			wire_msg_parse_inner(&msg, msg.sk, msg.sk_len);
	} else {
		assert_int_equal(msg.n, 0);
	}
	free(copy);
	return good;
}
