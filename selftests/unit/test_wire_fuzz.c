// SPDX-License-Identifier: GPL-2.0
/*
 * Every decoder on octets that nobody meant to send: all truncations and bit
 * flips of good messages, and random ones. Decoders read exact-sized memory, so
 * that the address sanitizer sees the first octet too many, and every view that
 * they give out is read. What is accepted, encodes and decodes to itself.
 */
#include "test_wire.h"

#include <stdbool.h>
#include <stdio.h>

#include "wire/cert.h"
#include "wire/cp.h"
#include "wire/mobike.h"
#include "wire/payload.h"
#include "wire/sa.h"

static volatile uint8_t sink;
static unsigned long accepted;

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
	mobike_additional_decode(n, &addr);
	mobike_no_nats_decode(n, &src, &dst);
}

static void feed_cp(const struct wire_cp *cp)
{
	for (unsigned int i = 0; i < cp->n; i++)
		read_span(cp->attr[i].value);
}

/* All decoders on one body, whatever type its payload claims to be of */
static void feed_body(const struct wire_payload *pl)
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

static void feed(const uint8_t *data, size_t len)
{
	uint8_t *copy = exact(data, len);
	struct wire_msg msg;

	if (!wire_msg_parse(copy, len, &msg)) {
		accepted++;
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
}

static void add_sa(struct wire_enc *enc)
{
	static struct wire_sa sa;

	memset(&sa, 0, sizeof(sa));
	sa.n = 2;
	for (int i = 0; i < 2; i++) {
		sa.p[i].protocol = IKE_PROTO_ESP;
		sa.p[i].spi_len = 4;
		wire_proposal_add(&sa.p[i], IKE_TT_ENCR, IKE_ENCR_AES_CBC, 128);
		wire_proposal_add(&sa.p[i], IKE_TT_INTEG,
				  IKE_INTEG_HMAC_SHA1_96, 0);
		wire_proposal_add(&sa.p[i], IKE_TT_ESN, IKE_ESN_NO, 0);
	}
	wire_sa_encode(enc, &sa);
}

static void add_ts(struct wire_enc *enc)
{
	struct wire_ts_list list = { .n = 2 };

	for (int i = 0; i < 2; i++) {
		list.ts[i].port_end = 65535;
		wire_addr_parse(&list.ts[i].start, i ? "::1" : "192.0.2.1");
		list.ts[i].end = list.ts[i].start;
	}
	wire_ts_encode(enc, IKE_PL_TSI, &list);
}

static void add_mobike(struct wire_enc *enc)
{
	struct mobikex_block b = { .path_id = 1 };
	struct mobikex_set set = { .n = 2 };
	struct wire_endpoint ep = { .port = 4500 };

	wire_addr_parse(&ep.addr, "192.0.2.1");
	b.new_addr = ep.addr;
	for (unsigned int i = 0; i < 2; i++)
		set.e[i] = (struct mobikex_set_entry){
			.state = MOBIKEX_VALID, .observed = ep };
	mobikex_supported_encode(enc, 16);
	mobikex_block_encode(enc, IKE_N_ADD_SA_ADDRESS, &b);
	mobikex_set_encode(enc, &set);
	mobikex_reason_encode(enc, 1, 0, "text");
	mobike_additional_encode(enc, &ep.addr);
	mobike_no_nats_encode(enc, &ep, &ep);
}

static void add_cp(struct wire_enc *enc)
{
	static const uint8_t octets[17] = { 10, 0, 0, 1 };
	const struct wire_cp cp = {
		.type = IKE_CFG_REPLY,
		.n = 3,
		.attr = {
			{ IKE_CFG_IP4_ADDRESS, { octets, 4 } },
			{ IKE_CFG_IP6_ADDRESS, { octets, 17 } },
			{ IKE_CFG_IP4_DNS, { octets, 4 } },
		},
	};

	wire_cp_encode(enc, &cp);
}

/* One message with every payload that mobx knows */
static void build_all(struct wire_enc *enc)
{
	static const uint8_t octets[32] = { 1, 2, 3 };
	static const uint32_t spis[] = { 0x100, 0x200 };
	const struct wire_eap eap = { IKE_EAP_RESPONSE, 1, 1, { octets, 3 } };

	wire_enc_start(enc, &test_hdr);
	add_sa(enc);
	wire_ke_encode(enc, IKE_KE_X25519, octets, 32);
	wire_nonce_encode(enc, octets, 32);
	wire_id_encode(enc, IKE_PL_IDI, IKE_ID_IPV4_ADDR, octets, 4);
	wire_auth_encode(enc, IKE_AUTH_PSK, octets, 32);
	add_ts(enc);
	wire_delete_encode_ike(enc);
	wire_delete_encode_esp(enc, spis, 2);
	wire_notify_encode_esp(enc, IKE_N_REKEY_SA, 0x100, NULL, 0);
	wire_notify_encode(enc, IKE_N_COOKIE2, octets, 8);
	add_mobike(enc);
	wire_cert_encode(enc, IKE_CERT_X509_SIGNATURE, octets, 32);
	wire_certreq_encode(enc, IKE_CERT_X509_SIGNATURE, octets, 20);
	wire_hashes_encode(enc, 0x3c);
	add_cp(enc);
	wire_eap_encode(enc, &eap);
	wire_vendor_encode(enc, mobikex_vendor_id, MOBIKEX_VENDOR_ID_LEN);
	wire_enc_payload(enc, IKE_PL_SK);
	wire_wr_zero(&enc->wr, 40);
	wire_enc_end(enc);
	assert_true(wire_enc_finish(enc));
}

/* covers: K14 E1 */
static void test_good_one(void **state)
{
	struct wire_enc enc;

	(void)state;
	build_all(&enc);
	accepted = 0;
	feed(enc.wr.data, enc.wr.len);
	assert_int_equal(accepted, 1);
	wire_enc_free(&enc);
}

/* covers: K14 */
static void test_truncations(void **state)
{
	struct wire_enc enc;

	(void)state;
	build_all(&enc);
	accepted = 0;
	for (size_t len = 0; len < enc.wr.len; len++) {
		feed(enc.wr.data, len);
		if (len >= IKE_HDR_LEN) {
			uint8_t *cut = exact(enc.wr.data, len);

			wire_put_u32(cut + 24, (uint32_t)len);
			feed(cut, len);
			free(cut);
		}
	}
	assert_int_equal(accepted, 0);
	wire_enc_free(&enc);
}

/* covers: K14 */
static void test_bit_flips(void **state)
{
	struct wire_enc enc;

	(void)state;
	build_all(&enc);
	for (size_t bit = 0; bit < enc.wr.len * 8; bit++) {
		enc.wr.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		feed(enc.wr.data, enc.wr.len);
		enc.wr.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	wire_enc_free(&enc);
}

/* Two octets anywhere set to lengths and counts that are extreme. covers: K14 */
static void test_extreme_lengths(void **state)
{
	static const uint16_t extremes[] = { 0, 1, 3, 4, 7, 8, 0x7fff, 0x8000,
					     0xfffe, 0xffff };
	struct wire_enc enc;

	(void)state;
	build_all(&enc);
	for (size_t at = IKE_HDR_LEN; at + 2 <= enc.wr.len; at++) {
		uint8_t saved[2];

		memcpy(saved, enc.wr.data + at, 2);
		for (size_t i = 0; i < sizeof(extremes) / sizeof(extremes[0]);
		     i++) {
			wire_put_u16(enc.wr.data + at, extremes[i]);
			feed(enc.wr.data, enc.wr.len);
		}
		memcpy(enc.wr.data + at, saved, 2);
	}
	wire_enc_free(&enc);
}

/* Several random changes at a time, and bodies that are random altogether */
static void test_random(void **state)
{
	uint64_t seed = 0x6d6f62780001;
	struct wire_enc enc;
	uint8_t body[200];

	(void)state;
	build_all(&enc);
	for (int round = 0; round < 3000; round++) {
		uint8_t *copy = exact(enc.wr.data, enc.wr.len);

		for (int i = 0; i < 4; i++)
			copy[IKE_HDR_LEN + draw(&seed) % (enc.wr.len -
			     IKE_HDR_LEN)] = (uint8_t)draw(&seed);
		feed(copy, enc.wr.len);
		free(copy);
	}
	for (int round = 0; round < 20000; round++) {
		size_t len = draw(&seed) % sizeof(body);
		struct wire_payload pl = { .len = len };
		uint8_t *copy;

		/* Small numbers make lengths and counts that nearly fit. */
		for (size_t i = 0; i < len; i++)
			body[i] = (uint8_t)(draw(&seed) % (round % 2 ? 256 : 20));
		copy = exact(body, len);
		pl.body = copy;
		feed_body(&pl);
		free(copy);
	}
	wire_enc_free(&enc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_one),
		cmocka_unit_test(test_truncations),
		cmocka_unit_test(test_bit_flips),
		cmocka_unit_test(test_extreme_lengths),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
