// SPDX-License-Identifier: GPL-2.0
/* CERT, CERTREQ, SIGNATURE_HASH_ALGORITHMS, CP, EAP and SKF. */
#include "test_wire.h"

#include <stdbool.h>

#include "wire/cert.h"
#include "wire/cp.h"

static struct wire_payload body(const void *data, size_t len)
{
	return (struct wire_payload){ .body = data, .len = len };
}

/* covers: K36 */
static void test_cert(void **state)
{
	static const uint8_t der[] = { 0x30, 3, 2, 1, 5 };
	struct wire_payload pl;
	struct wire_cert cert;
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	wire_enc_start(&enc, &test_hdr);
	wire_cert_encode(&enc, IKE_CERT_X509_SIGNATURE, der, sizeof(der));
	finish_and_parse(&enc, &msg);
	assert_int_equal(msg.payload[0].type, IKE_PL_CERT);
	assert_int_equal(wire_cert_decode(&msg.payload[0], &cert), WIRE_OK);
	assert_int_equal(cert.encoding, IKE_CERT_X509_SIGNATURE);
	assert_int_equal(cert.data.len, sizeof(der));
	assert_memory_equal(cert.data.p, der, sizeof(der));
	/* A certificate of nothing is none. */
	for (size_t len = 0; len < 2; len++) {
		pl = body(msg.payload[0].body, len);
		assert_int_equal(wire_cert_decode(&pl, &cert), WIRE_E_SHORT);
	}
	wire_enc_free(&enc);
}

static void test_certreq(void **state)
{
	static const uint8_t hashes[64] = { IKE_CERT_X509_SIGNATURE, 1, 2 };
	struct wire_certreq req;
	struct wire_payload pl;
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	wire_enc_start(&enc, &test_hdr);
	wire_certreq_encode(&enc, IKE_CERT_X509_SIGNATURE, hashes, 40);
	finish_and_parse(&enc, &msg);
	assert_int_equal(msg.payload[0].type, IKE_PL_CERTREQ);
	assert_int_equal(wire_certreq_decode(&msg.payload[0], &req), WIRE_OK);
	assert_int_equal(req.data.len, 40);
	assert_memory_equal(req.data.p, hashes, 40);
	wire_enc_free(&enc);
	for (size_t len = 0; len <= sizeof(hashes); len++) {
		enum wire_err want = WIRE_OK;

		if (!len)
			want = WIRE_E_SHORT;
		else if ((len - 1) % IKE_CA_HASH_LEN)
			want = WIRE_E_LENGTH;
		pl = body(hashes, len);
		assert_int_equal(wire_certreq_decode(&pl, &req), want);
	}
	/* Other encodings say what they want in their own way. */
	pl = body("\x0f" "abc", 4);
	assert_int_equal(wire_certreq_decode(&pl, &req), WIRE_OK);
}

static void test_hashes(void **state)
{
	static const uint8_t odd[] = { 0, 2, 0, 0, 0x12, 0x34, 0, 5, 0 };
	struct wire_notify n = { .data = { odd, 8 } };
	unsigned int hashes = 0;
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	/* Numbers that nobody knows yet are skipped. */
	assert_int_equal(wire_hashes_decode(&n, &hashes), WIRE_OK);
	assert_int_equal(hashes, 1 << IKE_HASH_SHA2_256 |
				 1 << IKE_HASH_IDENTITY);
	n.data.len = 9;
	assert_int_equal(wire_hashes_decode(&n, &hashes), WIRE_E_LENGTH);
	for (unsigned int want = 0; want < 64; want += 2) {
		wire_enc_start(&enc, &test_hdr);
		wire_hashes_encode(&enc, want);
		finish_and_parse(&enc, &msg);
		assert_true(wire_notify_find(&msg,
					     IKE_N_SIGNATURE_HASH_ALGORITHMS,
					     &n));
		assert_int_equal(wire_hashes_decode(&n, &hashes), WIRE_OK);
		assert_int_equal(hashes, want);
		wire_enc_free(&enc);
	}
}

static void test_cp(void **state)
{
	static const uint8_t octets[32] = { 10, 0, 0, 1 };
	static const struct {
		uint16_t type;
		size_t len;
		bool ok;
	} cases[] = {
		{ IKE_CFG_IP4_ADDRESS, 0, true },
		{ IKE_CFG_IP4_ADDRESS, 4, true },
		{ IKE_CFG_IP4_ADDRESS, 3, false },
		{ IKE_CFG_IP4_DNS, 5, false },
		{ IKE_CFG_IP6_ADDRESS, 17, true },
		{ IKE_CFG_IP6_ADDRESS, 16, false },
		{ IKE_CFG_IP6_DNS, 16, true },
		{ IKE_CFG_IP6_DNS, 17, false },
		{ IKE_CFG_IP4_SUBNET, 8, true },
		{ IKE_CFG_IP4_SUBNET, 4, false },
		{ IKE_CFG_IP6_SUBNET, 17, true },
		{ IKE_CFG_SUPPORTED_ATTRIBUTES, 6, true },
		{ IKE_CFG_SUPPORTED_ATTRIBUTES, 5, false },
		{ IKE_CFG_APPLICATION_VERSION, 11, true },
		{ 0x7fff, 13, true },
	};
	struct wire_cp cp, again;
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&cp, 0, sizeof(cp));
		cp.type = IKE_CFG_REQUEST;
		cp.n = 2;
		cp.attr[0].type = IKE_CFG_IP4_DNS;
		cp.attr[1].type = cases[i].type;
		cp.attr[1].value.p = octets;
		cp.attr[1].value.len = cases[i].len;
		wire_enc_start(&enc, &test_hdr);
		wire_cp_encode(&enc, &cp);
		finish_and_parse(&enc, &msg);
		assert_int_equal(wire_cp_decode(&msg.payload[0], &again),
				 cases[i].ok ? WIRE_OK : WIRE_E_LENGTH);
		if (cases[i].ok) {
			assert_int_equal(again.n, 2);
			assert_int_equal(again.attr[1].type, cases[i].type);
			assert_int_equal(again.attr[1].value.len,
					 cases[i].len);
		}
		wire_enc_free(&enc);
	}
}

/* More attributes than there is room for; a prefix that is too long. */
static void test_cp_limits(void **state)
{
	static const uint8_t long_prefix[4 + 4 + 17] = {
		IKE_CFG_REPLY, 0, 0, 0, 0, IKE_CFG_IP6_ADDRESS, 0, 17,
		[24] = 129
	};
	uint8_t many[4 + 4 * 40] = { IKE_CFG_SET };
	struct wire_payload pl = body(many, sizeof(many));
	struct wire_cp cp;

	(void)state;
	assert_int_equal(wire_cp_decode(&pl, &cp), WIRE_OK);
	assert_int_equal(cp.n, WIRE_MAX_CP_ATTRS);
	assert_int_equal(cp.skipped, 40 - WIRE_MAX_CP_ATTRS);
	for (size_t len = 0; len < sizeof(many); len++) {
		pl = body(many, len);
		assert_int_equal(wire_cp_decode(&pl, &cp) == WIRE_OK,
				 len >= 4 && len % 4 == 0);
	}
	pl = body(long_prefix, sizeof(long_prefix));
	assert_int_equal(wire_cp_decode(&pl, &cp), WIRE_E_LENGTH);
	many[0] = 5;
	pl = body(many, sizeof(many));
	assert_int_equal(wire_cp_decode(&pl, &cp), WIRE_E_VALUE);
	/* The reserved bit in front of a type is nothing. covers: K14 */
	many[0] = IKE_CFG_REQUEST;
	many[4] = 0x80;
	many[5] = IKE_CFG_IP4_DNS;
	assert_int_equal(wire_cp_decode(&pl, &cp), WIRE_OK);
	assert_int_equal(cp.attr[0].type, IKE_CFG_IP4_DNS);
}

static void test_eap(void **state)
{
	static const uint8_t data[] = { 1, 2, 3 };
	struct wire_eap eap = { IKE_EAP_REQUEST, 7, 1, { data, 3 } }, again;
	struct wire_payload pl;
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	for (uint8_t code = IKE_EAP_REQUEST; code <= IKE_EAP_FAILURE; code++) {
		bool typed = code <= IKE_EAP_RESPONSE;

		eap.code = code;
		wire_enc_start(&enc, &test_hdr);
		wire_eap_encode(&enc, &eap);
		finish_and_parse(&enc, &msg);
		assert_int_equal(wire_eap_decode(&msg.payload[0], &again),
				 WIRE_OK);
		assert_int_equal(again.code, code);
		assert_int_equal(again.id, 7);
		assert_int_equal(again.type, typed ? 1 : 0);
		assert_int_equal(again.data.len, typed ? 3 : 0);
		for (size_t len = 0; len < msg.payload[0].len; len++) {
			pl = body(msg.payload[0].body, len);
			assert_int_not_equal(wire_eap_decode(&pl, &again),
					     WIRE_OK);
		}
		wire_enc_free(&enc);
	}
	pl = body("\1\1\0\4", 4);
	assert_int_equal(wire_eap_decode(&pl, &again), WIRE_E_SHORT);
	pl = body("\3\1\0\5\0", 5);
	assert_int_equal(wire_eap_decode(&pl, &again), WIRE_E_LENGTH);
	pl = body("\5\1\0\5\0", 5);
	assert_int_equal(wire_eap_decode(&pl, &again), WIRE_E_VALUE);
	pl = body("\1\1\0\6\1", 5);
	assert_int_equal(wire_eap_decode(&pl, &again), WIRE_E_LENGTH);
}

/* RFC 7383 section 2.5: numbers from 1 to the total */
static void test_skf(void **state)
{
	static const struct {
		uint16_t number;
		uint16_t total;
		bool ok;
	} cases[] = {
		{ 1, 1, true }, { 1, 2, true }, { 2, 2, true },
		{ 65535, 65535, true }, { 0, 1, false }, { 0, 0, false },
		{ 1, 0, false }, { 3, 2, false }, { 65535, 1, false },
	};
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		wire_enc_start(&enc, &test_hdr);
		wire_enc_payload(&enc, IKE_PL_SKF);
		wire_wr_u16(&enc.wr, cases[i].number);
		wire_wr_u16(&enc.wr, cases[i].total);
		wire_wr_zero(&enc.wr, 20);
		wire_enc_end(&enc);
		assert_true(wire_enc_finish(&enc));
		assert_int_equal(wire_msg_parse(enc.wr.data, enc.wr.len, &msg),
				 cases[i].ok ? WIRE_OK : WIRE_E_VALUE);
		assert_int_equal(msg.has_skf, cases[i].ok);
		assert_false(msg.has_sk);
		if (cases[i].ok) {
			assert_int_equal(msg.fragment, cases[i].number);
			assert_int_equal(msg.fragments, cases[i].total);
			assert_int_equal(msg.sk_len, 20);
			assert_ptr_equal(msg.sk, enc.wr.data + enc.wr.len - 20);
		}
		wire_enc_free(&enc);
	}
	/* Too short for its two numbers */
	wire_enc_start(&enc, &test_hdr);
	wire_enc_payload(&enc, IKE_PL_SKF);
	wire_wr_zero(&enc.wr, 3);
	wire_enc_end(&enc);
	assert_true(wire_enc_finish(&enc));
	assert_int_equal(wire_msg_parse(enc.wr.data, enc.wr.len, &msg),
			 WIRE_E_SHORT);
	wire_enc_free(&enc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cert),
		cmocka_unit_test(test_certreq),
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_cp),
		cmocka_unit_test(test_cp_limits),
		cmocka_unit_test(test_eap),
		cmocka_unit_test(test_skf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
