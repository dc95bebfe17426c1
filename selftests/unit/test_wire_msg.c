// SPDX-License-Identifier: GPL-2.0
/* IKE header and chain of payloads. */
#include "test_wire.h"

#include <stdbool.h>

#include "wire/payload.h"

/* Offsets in the header */
#define AT_SPI_I	0
#define AT_NEXT		16
#define AT_VERSION	17
#define AT_FLAGS	19
#define AT_LENGTH	24

/* A message of two nonces, 16 octets each */
static size_t two_nonces(uint8_t *data, size_t room)
{
	static const uint8_t nonce[16] = "0123456789abcdef";
	struct wire_enc enc;
	size_t len;

	wire_enc_start(&enc, &test_hdr);
	wire_nonce_encode(&enc, nonce, sizeof(nonce));
	wire_nonce_encode(&enc, nonce, sizeof(nonce));
	assert_true(wire_enc_finish(&enc));
	len = enc.wr.len;
	assert_true(len <= room);
	memcpy(data, enc.wr.data, len);
	wire_enc_free(&enc);
	return len;
}

static enum wire_err parse_exact(const uint8_t *data, size_t len,
				 struct wire_msg *msg)
{
	uint8_t *copy = exact(data, len);
	enum wire_err err = wire_msg_parse(copy, len, msg);

	free(copy);
	return err;
}

static void test_round_trip(void **state)
{
	uint8_t data[128];
	struct wire_msg msg;
	size_t len = two_nonces(data, sizeof(data));

	(void)state;
	assert_int_equal(len, IKE_HDR_LEN + 2 * 20);
	assert_int_equal(wire_msg_parse(data, len, &msg), WIRE_OK);
	assert_true(msg.hdr.spi_i == test_hdr.spi_i);
	assert_true(msg.hdr.spi_r == test_hdr.spi_r);
	assert_int_equal(msg.hdr.major, 2);
	assert_int_equal(msg.hdr.minor, 0);
	assert_int_equal(msg.hdr.exchange, IKE_EX_INFORMATIONAL);
	assert_int_equal(msg.hdr.flags, IKE_FLAG_INITIATOR);
	assert_int_equal(msg.hdr.msg_id, 7);
	assert_int_equal(msg.n, 2);
	assert_int_equal(msg.payload[1].type, IKE_PL_NONCE);
	assert_int_equal(msg.payload[1].len, 16);
	assert_null(wire_msg_only(&msg, IKE_PL_NONCE));
	assert_ptr_equal(wire_msg_next(&msg, IKE_PL_NONCE, &msg.payload[0]),
			 &msg.payload[1]);
	assert_null(wire_msg_next(&msg, IKE_PL_NONCE, &msg.payload[1]));
	assert_null(wire_msg_next(&msg, IKE_PL_KE, NULL));
}

/* covers: K10 K21 */
static void test_header_bits(void **state)
{
	uint8_t data[128];
	size_t len = two_nonces(data, sizeof(data));
	struct wire_msg msg;

	(void)state;
	data[AT_VERSION] = 0x2f;	/* minor versions do not matter */
	data[AT_FLAGS] = 0xff;		/* nor do the X bits */
	assert_int_equal(parse_exact(data, len, &msg), WIRE_OK);
	assert_int_equal(msg.hdr.minor, 15);
	assert_int_equal(msg.hdr.flags, IKE_FLAG_INITIATOR | IKE_FLAG_VERSION |
			 IKE_FLAG_RESPONSE);

	data[AT_VERSION] = 0x30;
	assert_int_equal(parse_exact(data, len, &msg), WIRE_E_MAJOR);
	assert_true(msg.hdr.spi_i == test_hdr.spi_i);
	assert_int_equal(msg.hdr.msg_id, 7);
	data[AT_VERSION] = 0x10;
	assert_int_equal(parse_exact(data, len, &msg), WIRE_E_VERSION);
	data[AT_VERSION] = 0x20;

	memset(data + AT_SPI_I, 0, 8);
	assert_int_equal(parse_exact(data, len, &msg), WIRE_E_VALUE);
}

/* The V bit is never sent, whatever the caller asks for. covers: K10 */
static void test_header_written_clean(void **state)
{
	struct wire_hdr hdr = test_hdr;
	struct wire_enc enc;

	(void)state;
	hdr.flags = 0xff;
	hdr.next = 99;
	hdr.length = 12345;
	wire_enc_start(&enc, &hdr);
	assert_true(wire_enc_finish(&enc));
	assert_hex(enc.wr.data, enc.wr.len, "0102030405060708 1112131415161718"
		   "00 20 25 28 00000007 0000001c");
	wire_enc_free(&enc);
}

/* Truncated anywhere, or longer than it says. covers: K14 */
static void test_lengths(void **state)
{
	uint8_t data[129] = { 0 };
	size_t len = two_nonces(data, sizeof(data));
	struct wire_msg msg;

	(void)state;
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t copy[129];

		assert_int_not_equal(parse_exact(data, cut, &msg), WIRE_OK);
		assert_int_equal(msg.n, 0);
		/* with a header that agrees */
		memcpy(copy, data, cut);
		if (cut <= IKE_HDR_LEN)
			continue;
		wire_put_u32(copy + AT_LENGTH, (uint32_t)cut);
		assert_int_not_equal(parse_exact(copy, cut, &msg), WIRE_OK);
		assert_int_equal(msg.n, 0);
	}
	assert_int_equal(parse_exact(data, len + 1, &msg), WIRE_E_LENGTH);
	wire_put_u32(data + AT_LENGTH, (uint32_t)len + 1);
	assert_int_equal(parse_exact(data, len + 1, &msg), WIRE_E_LENGTH);
	wire_put_u32(data + AT_LENGTH, UINT32_MAX);
	assert_int_equal(parse_exact(data, len, &msg), WIRE_E_LENGTH);
}

/* Lengths of a payload that are impossible. covers: K14 */
static void test_payload_lengths(void **state)
{
	static const uint16_t wrong[] = { 0, 1, 3, 4, 19, 21, 39, 41, 0x8000,
					  0xffff };
	uint8_t data[128];
	size_t len = two_nonces(data, sizeof(data));
	struct wire_msg msg;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		wire_put_u16(data + IKE_HDR_LEN + 2, wrong[i]);
		assert_int_not_equal(parse_exact(data, len, &msg), WIRE_OK);
	}
	/* One payload that takes both is whole, but the next must not follow. */
	wire_put_u16(data + IKE_HDR_LEN + 2, 40);
	assert_int_equal(parse_exact(data, len, &msg), WIRE_E_SHORT);
	data[IKE_HDR_LEN] = IKE_PL_NONE;
	assert_int_equal(parse_exact(data, len, &msg), WIRE_OK);
	assert_int_equal(msg.n, 1);
	data[AT_NEXT] = IKE_PL_NONE;
	assert_int_equal(parse_exact(data, len, &msg), WIRE_E_LENGTH);
}

/* Reserved bits beside the critical one are ignored. covers: K14 */
static void test_reserved_bits(void **state)
{
	uint8_t data[128];
	size_t len = two_nonces(data, sizeof(data));
	struct wire_msg msg;

	(void)state;
	data[IKE_HDR_LEN + 1] = 0x7f;
	assert_int_equal(wire_msg_parse(data, len, &msg), WIRE_OK);
	assert_false(msg.payload[0].critical);
}

/* covers: K12 */
static void test_critical(void **state)
{
	uint8_t data[128];
	size_t len = two_nonces(data, sizeof(data));
	struct wire_msg msg;

	(void)state;
	data[IKE_HDR_LEN + 1] = 0x80;
	assert_int_equal(wire_msg_parse(data, len, &msg), WIRE_OK);
	assert_true(msg.payload[0].critical);
	assert_int_equal(wire_msg_unknown_critical(&msg), 0);

	for (unsigned int type = 1; type < 256; type++) {
		bool known = type >= IKE_PL_SA && type <= IKE_PL_EAP;

		if (type == IKE_PL_SK || type == IKE_PL_SKF)
			continue;
		data[AT_NEXT] = (uint8_t)type;
		data[IKE_HDR_LEN + 1] = 0x80;
		assert_int_equal(wire_msg_parse(data, len, &msg), WIRE_OK);
		assert_int_equal(wire_msg_unknown_critical(&msg),
				 known ? 0 : type);
		data[IKE_HDR_LEN + 1] = 0;
		assert_int_equal(wire_msg_parse(data, len, &msg), WIRE_OK);
		assert_int_equal(wire_msg_unknown_critical(&msg), 0);
	}
}

/* Any order is as good as another. covers: K13 */
static void test_any_order(void **state)
{
	static const uint8_t nonce[16];
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	wire_enc_start(&enc, &test_hdr);
	wire_notify_encode(&enc, IKE_N_COOKIE2, nonce, 8);
	wire_ke_encode(&enc, IKE_KE_X25519, nonce, 16);
	wire_nonce_encode(&enc, nonce, 16);
	wire_vendor_encode(&enc, nonce, 4);
	finish_and_parse(&enc, &msg);
	assert_int_equal(msg.n, 4);
	assert_non_null(wire_msg_only(&msg, IKE_PL_KE));
	assert_non_null(wire_msg_only(&msg, IKE_PL_NONCE));
	wire_enc_free(&enc);
}

/* covers: K14 */
static void test_too_many_payloads(void **state)
{
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	for (unsigned int n = WIRE_MAX_PAYLOADS; n < WIRE_MAX_PAYLOADS + 2;
	     n++) {
		wire_enc_start(&enc, &test_hdr);
		for (unsigned int i = 0; i < n; i++)
			wire_vendor_encode(&enc, NULL, 0);
		assert_true(wire_enc_finish(&enc));
		assert_int_equal(wire_msg_parse(enc.wr.data, enc.wr.len, &msg),
				 n > WIRE_MAX_PAYLOADS ? WIRE_E_LIMIT : WIRE_OK);
		wire_enc_free(&enc);
	}
}

/* SK ends the chain and says what is inside of it. covers: K15 */
static void test_sk_is_last(void **state)
{
	struct wire_enc enc, inner;
	struct wire_msg msg;

	(void)state;
	wire_enc_start(&enc, &test_hdr);
	wire_vendor_encode(&enc, (const uint8_t *)"outside", 7);
	wire_enc_payload(&enc, IKE_PL_SK);
	wire_wr_zero(&enc.wr, 30);
	wire_enc_end(&enc);
	assert_true(wire_enc_finish(&enc));
	enc.wr.data[IKE_HDR_LEN + 11] = IKE_PL_VENDOR;
	assert_int_equal(wire_msg_parse(enc.wr.data, enc.wr.len, &msg),
			 WIRE_OK);
	assert_true(msg.has_sk);
	assert_int_equal(msg.sk_first, IKE_PL_VENDOR);
	assert_int_equal(msg.sk_len, 30);
	assert_int_equal(msg.n, 2);

	wire_enc_start(&inner, NULL);
	wire_vendor_encode(&inner, (const uint8_t *)"in", 2);
	wire_notify_encode(&inner, IKE_N_COOKIE2, "12345678", 8);
	assert_true(wire_enc_finish(&inner));
	assert_int_equal(inner.first, IKE_PL_VENDOR);
	assert_int_equal(wire_msg_parse_inner(&msg, inner.wr.data,
					      inner.wr.len), WIRE_OK);
	/* What stood outside of SK is gone. */
	assert_int_equal(msg.n, 2);
	assert_false(wire_vendor_find(&msg, (const uint8_t *)"outside", 7));
	assert_true(wire_vendor_find(&msg, (const uint8_t *)"in", 2));
	assert_int_equal(msg.payload[1].type, IKE_PL_NOTIFY);
	wire_enc_free(&inner);

	/* Something behind SK */
	wire_wr_u32(&enc.wr, 4);
	wire_wr_set_u32(&enc.wr, AT_LENGTH, (uint32_t)enc.wr.len);
	assert_int_equal(wire_msg_parse(enc.wr.data, enc.wr.len, &msg),
			 WIRE_E_ORDER);
	wire_enc_free(&enc);
}

/* covers: K15 */
static void test_no_sk_inside_sk(void **state)
{
	static const uint8_t types[] = { IKE_PL_SK, IKE_PL_SKF };
	struct wire_enc inner;
	struct wire_msg msg = { .has_sk = true };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		wire_enc_start(&inner, NULL);
		wire_enc_payload(&inner, types[i]);
		wire_wr_zero(&inner.wr, 8);
		wire_enc_end(&inner);
		assert_true(wire_enc_finish(&inner));
		msg.sk_first = inner.first;
		assert_int_equal(wire_msg_parse_inner(&msg, inner.wr.data,
						      inner.wr.len),
				 WIRE_E_ORDER);
		assert_int_equal(msg.n, 0);
		wire_enc_free(&inner);
	}
}

/* An empty SK is a liveness test. */
static void test_empty_inner(void **state)
{
	struct wire_msg msg = { .has_sk = true, .sk_first = IKE_PL_NONE };

	(void)state;
	assert_int_equal(wire_msg_parse_inner(&msg, NULL, 0), WIRE_OK);
	assert_true(msg.opened);
	assert_int_equal(msg.n, 0);
	msg.sk_first = IKE_PL_NOTIFY;
	assert_int_equal(wire_msg_parse_inner(&msg, NULL, 0), WIRE_E_SHORT);
}

/* covers: K1 */
static void test_big_messages(void **state)
{
	static const size_t sizes[] = { 1280, 3000, 65535, 65536 };
	static const uint8_t zeros[65536];
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		bool fits = sizes[i] <= WIRE_MSG_MAX;

		wire_enc_start(&enc, &test_hdr);
		wire_vendor_encode(&enc, zeros,
				   sizes[i] - IKE_HDR_LEN - IKE_PAYLOAD_HDR_LEN);
		assert_int_equal(wire_enc_finish(&enc), fits);
		if (fits)
			assert_int_equal(wire_msg_parse(enc.wr.data, enc.wr.len,
							&msg), WIRE_OK);
		wire_enc_free(&enc);
	}
	wire_enc_start(&enc, NULL);
	wire_vendor_encode(&enc, zeros, 65532);
	assert_false(wire_enc_finish(&enc));
	wire_enc_free(&enc);
}

static void test_encoder_misuse(void **state)
{
	struct wire_enc enc;

	(void)state;
	wire_enc_start(&enc, &test_hdr);
	wire_enc_payload(&enc, IKE_PL_VENDOR);
	assert_false(wire_enc_finish(&enc));
	wire_enc_free(&enc);
	wire_enc_start(&enc, NULL);
	wire_enc_end(&enc);
	assert_false(wire_enc_finish(&enc));
	wire_enc_free(&enc);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(ike_notify_name(16400), "UPDATE_SA_ADDRESSES");
	assert_string_equal(ike_notify_name(48642), "ADD_SA_ADDRESS");
	assert_null(ike_notify_name(2));
	assert_string_equal(ike_exchange_name(34), "IKE_SA_INIT");
	assert_null(ike_exchange_name(33));
	assert_string_equal(ike_transform_name(IKE_TT_KE, 31), "x25519");
	assert_string_equal(ike_transform_name(IKE_TT_ENCR, 20), "aes-gcm-16");
	assert_null(ike_transform_name(IKE_TT_ENCR, 1));
	assert_null(ike_transform_name(99, 1));
	assert_string_equal(ike_transform_name(IKE_TT_PRF, 5), "hmac-sha2-256");
	assert_string_equal(ike_transform_name(IKE_TT_INTEG, 12),
			    "hmac-sha2-256-128");
	assert_string_equal(ike_transform_name(IKE_TT_ESN, 0), "no-esn");
	for (int err = WIRE_OK; err <= WIRE_E_LIMIT; err++)
		assert_string_not_equal(wire_err_text((enum wire_err)err),
					"unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_header_bits),
		cmocka_unit_test(test_header_written_clean),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_payload_lengths),
		cmocka_unit_test(test_reserved_bits),
		cmocka_unit_test(test_critical),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_too_many_payloads),
		cmocka_unit_test(test_sk_is_last),
		cmocka_unit_test(test_no_sk_inside_sk),
		cmocka_unit_test(test_empty_inner),
		cmocka_unit_test(test_big_messages),
		cmocka_unit_test(test_encoder_misuse),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
