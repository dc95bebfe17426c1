// SPDX-License-Identifier: GPL-2.0
/*
 * Every decoder on octets that nobody meant to send: all truncations and bit
 * flips of good messages, and random ones.
 */
#include "feed.h"
#include "test_wire.h"

#include <stdbool.h>
#include <stdio.h>

#include "wire/cert.h"
#include "wire/cp.h"
#include "wire/mobike.h"
#include "wire/payload.h"
#include "wire/sa.h"

static unsigned long accepted;

static void feed(const uint8_t *data, size_t len)
{
	accepted += feed_message(data, len);
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

/* covers: K14 */
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
