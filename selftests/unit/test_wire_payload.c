// SPDX-License-Identifier: GPL-2.0
/* The payloads of RFC 7296 but SA. */
#include "test_wire.h"

#include <stdbool.h>

#include "wire/payload.h"

/* A payload straight from its body */
static struct wire_payload body(uint8_t type, const uint8_t *data, size_t len)
{
	return (struct wire_payload){ .type = type, .body = data, .len = len };
}

/* covers: K27 */
static void test_ke(void **state)
{
	static const uint8_t value[32] = { 1, 2, 3 };
	struct wire_payload pl;
	struct wire_enc enc;
	struct wire_msg msg;
	struct wire_ke ke;

	(void)state;
	wire_enc_start(&enc, &test_hdr);
	wire_ke_encode(&enc, IKE_KE_X25519, value, sizeof(value));
	finish_and_parse(&enc, &msg);
	assert_int_equal(wire_ke_decode(&msg.payload[0], &ke), WIRE_OK);
	assert_int_equal(ke.group, IKE_KE_X25519);
	assert_int_equal(ke.data.len, 32);
	assert_memory_equal(ke.data.p, value, 32);
	for (size_t len = 0; len < 4; len++) {
		pl = body(IKE_PL_KE, msg.payload[0].body, len);
		assert_int_equal(wire_ke_decode(&pl, &ke), WIRE_E_SHORT);
	}
	wire_enc_free(&enc);
}

/* covers: K26 */
static void test_nonce_lengths(void **state)
{
	static const uint8_t data[300];
	struct wire_span nonce;

	(void)state;
	for (size_t len = 0; len < sizeof(data); len++) {
		struct wire_payload pl = body(IKE_PL_NONCE, data, len);

		assert_int_equal(wire_nonce_decode(&pl, &nonce),
				 len < 16 || len > 256 ? WIRE_E_LENGTH :
							 WIRE_OK);
	}
}

/* covers: K35 */
static void test_id_types(void **state)
{
	static const struct {
		uint8_t type;
		const char *data;
		size_t len;
		enum wire_err want;
	} cases[] = {
		{ IKE_ID_IPV4_ADDR, "\xc0\0\2\1", 4, WIRE_OK },
		{ IKE_ID_IPV4_ADDR, "\xc0\0\2", 3, WIRE_E_LENGTH },
		{ IKE_ID_IPV4_ADDR, "\xc0\0\2\1\0", 5, WIRE_E_LENGTH },
		{ IKE_ID_IPV6_ADDR, "0123456789abcdef", 16, WIRE_OK },
		{ IKE_ID_IPV6_ADDR, "0123", 4, WIRE_E_LENGTH },
		{ IKE_ID_FQDN, "mobile.example", 14, WIRE_OK },
		{ IKE_ID_RFC822_ADDR, "user@mobile.example", 19, WIRE_OK },
		{ IKE_ID_KEY_ID, "\0\1\2", 3, WIRE_OK },
		{ IKE_ID_DER_ASN1_DN, "\x30\0", 2, WIRE_OK },
		{ 200, "", 0, WIRE_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wire_enc enc;
		struct wire_msg msg;
		struct wire_id id;

		wire_enc_start(&enc, &test_hdr);
		wire_id_encode(&enc, IKE_PL_IDI, cases[i].type,
			       (const uint8_t *)cases[i].data, cases[i].len);
		finish_and_parse(&enc, &msg);
		assert_int_equal(wire_id_decode(&msg.payload[0], &id),
				 cases[i].want);
		assert_int_equal(id.type, cases[i].type);
		assert_int_equal(id.data.len, cases[i].len);
		assert_int_equal(id.body.len, cases[i].len + 4);
		wire_enc_free(&enc);
	}
}

/* Reserved octets of ID and AUTH are ignored, but AUTH covers ID's. covers: K14 */
static void test_id_auth_reserved(void **state)
{
	static const uint8_t data[] = { 2, 0xff, 0xff, 0xff, 'a' };
	struct wire_payload pl = body(IKE_PL_IDR, data, sizeof(data));
	struct wire_auth auth;
	struct wire_id id;

	(void)state;
	assert_int_equal(wire_id_decode(&pl, &id), WIRE_OK);
	assert_ptr_equal(id.body.p, data);
	assert_int_equal(id.body.len, 5);
	assert_int_equal(wire_auth_decode(&pl, &auth), WIRE_OK);
	assert_int_equal(auth.method, IKE_AUTH_PSK);
	assert_int_equal(auth.data.len, 1);
	for (size_t len = 0; len < 4; len++) {
		pl = body(IKE_PL_IDR, data, len);
		assert_int_equal(wire_id_decode(&pl, &id), WIRE_E_SHORT);
		assert_int_equal(wire_auth_decode(&pl, &auth), WIRE_E_SHORT);
	}
}

/* covers: K16 */
static void test_notify(void **state)
{
	static const uint8_t group[2] = { 0, 31 };
	struct wire_enc enc;
	struct wire_msg msg;
	struct wire_notify n;
	uint32_t window;
	uint16_t v;

	(void)state;
	wire_enc_start(&enc, &test_hdr);
	wire_notify_encode(&enc, 40961, "status of somebody else", 23);
	wire_notify_encode(&enc, IKE_N_SET_WINDOW_SIZE, "\0\0\0\4", 4);
	wire_notify_encode_esp(&enc, IKE_N_REKEY_SA, 0xcafe0001, NULL, 0);
	wire_notify_encode(&enc, IKE_N_INVALID_KE_PAYLOAD, group, 2);
	finish_and_parse(&enc, &msg);

	assert_true(wire_notify_find(&msg, IKE_N_REKEY_SA, &n));
	assert_int_equal(n.protocol, IKE_PROTO_ESP);
	assert_int_equal(n.spi.len, 4);
	assert_memory_equal(n.spi.p, "\xca\xfe\0\1", 4);
	assert_true(wire_notify_find(&msg, IKE_N_SET_WINDOW_SIZE, &n));
	assert_true(wire_notify_u32(&n, &window));
	assert_int_equal(window, 4);
	assert_false(wire_notify_u16(&n, &v));
	assert_false(wire_notify_find(&msg, IKE_N_COOKIE, &n));
	assert_true(wire_notify_error(&msg, &n));
	assert_int_equal(n.type, IKE_N_INVALID_KE_PAYLOAD);
	assert_true(wire_notify_u16(&n, &v));
	assert_int_equal(v, IKE_KE_X25519);
	assert_false(wire_notify_u32(&n, &window));
	wire_enc_free(&enc);
}

/* An error of a type that nobody has defined is an error still. covers: K16 */
static void test_unknown_error(void **state)
{
	struct wire_enc enc;
	struct wire_msg msg;
	struct wire_notify n;

	(void)state;
	wire_enc_start(&enc, &test_hdr);
	wire_notify_encode(&enc, IKE_N_FIRST_STATUS, NULL, 0);
	wire_notify_encode(&enc, 12345, NULL, 0);
	finish_and_parse(&enc, &msg);
	assert_true(wire_notify_error(&msg, &n));
	assert_int_equal(n.type, 12345);
	wire_enc_free(&enc);

	wire_enc_start(&enc, &test_hdr);
	wire_notify_encode(&enc, IKE_N_FIRST_STATUS, NULL, 0);
	finish_and_parse(&enc, &msg);
	assert_false(wire_notify_error(&msg, &n));
	wire_enc_free(&enc);
}

/* A notify whose SPI does not fit is not found, and hides no other. */
static void test_notify_bad_spi(void **state)
{
	static const uint8_t data[] = { 3, 5, 0x40, 0x09, 1, 2, 3, 4 };
	struct wire_payload pl = body(IKE_PL_NOTIFY, data, sizeof(data));
	struct wire_enc enc;
	struct wire_msg msg;
	struct wire_notify n;

	(void)state;
	assert_int_equal(wire_notify_decode(&pl, &n), WIRE_E_SHORT);
	wire_enc_start(&enc, &test_hdr);
	wire_enc_payload(&enc, IKE_PL_NOTIFY);
	wire_wr_bytes(&enc.wr, data, sizeof(data));
	wire_enc_end(&enc);
	wire_notify_encode(&enc, IKE_N_REKEY_SA, "x", 1);
	finish_and_parse(&enc, &msg);
	assert_true(wire_notify_find(&msg, IKE_N_REKEY_SA, &n));
	assert_int_equal(n.data.len, 1);
	wire_enc_free(&enc);
}

/* covers: K49 */
static void test_delete(void **state)
{
	static const uint32_t spis[] = { 0x11111111, 0x22222222 };
	struct wire_enc enc;
	struct wire_msg msg;
	struct wire_delete del;

	(void)state;
	wire_enc_start(&enc, &test_hdr);
	wire_delete_encode_ike(&enc);
	wire_delete_encode_esp(&enc, spis, 2);
	finish_and_parse(&enc, &msg);
	assert_int_equal(wire_delete_decode(&msg.payload[0], &del), WIRE_OK);
	assert_int_equal(del.protocol, IKE_PROTO_IKE);
	assert_int_equal(del.n, 0);
	assert_int_equal(wire_delete_decode(&msg.payload[1], &del), WIRE_OK);
	assert_int_equal(del.protocol, IKE_PROTO_ESP);
	assert_int_equal(del.n, 2);
	assert_int_equal(wire_delete_spi(&del, 1), 0x22222222);
	assert_int_equal(wire_delete_spi(&del, 2), 0);
	wire_enc_free(&enc);
}

/* covers: K49 K14 */
static void test_delete_bad(void **state)
{
	static const struct {
		const char *hex;
		enum wire_err want;
	} cases[] = {
		{ "", WIRE_E_SHORT },
		{ "03 04 00", WIRE_E_SHORT },
		{ "03 04 0001", WIRE_E_LENGTH },
		{ "03 04 0001 010203", WIRE_E_LENGTH },
		{ "03 04 0001 0102030405", WIRE_E_LENGTH },
		{ "03 08 0001 0102030405060708", WIRE_E_LENGTH },
		{ "03 00 ffff", WIRE_E_LENGTH },
		{ "03 04 ffff 01020304", WIRE_E_LENGTH },
		{ "01 08 0001 0102030405060708", WIRE_E_LENGTH },
		{ "01 00 0001", WIRE_E_LENGTH },
		{ "01 00 0000 00", WIRE_E_LENGTH },
		{ "04 04 0001 01020304", WIRE_E_VALUE },
		{ "03 04 0000", WIRE_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t data[32];
		size_t len = unhex(cases[i].hex, data, sizeof(data));
		struct wire_payload pl = body(IKE_PL_DELETE, data, len);
		struct wire_delete del;

		assert_int_equal(wire_delete_decode(&pl, &del), cases[i].want);
	}
}

static struct wire_ts selector(uint8_t protocol, uint16_t from, uint16_t to,
			       const char *start, const char *end)
{
	struct wire_ts ts = { .protocol = protocol, .port_start = from,
			      .port_end = to };

	assert_true(wire_addr_parse(&ts.start, start));
	assert_true(wire_addr_parse(&ts.end, end));
	return ts;
}

/* covers: K42 */
static void test_ts_round_trip(void **state)
{
	struct wire_ts_list in = { .n = 3 }, out;
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	in.ts[0] = selector(17, 7000, 7010, "192.0.2.1", "192.0.2.1");
	in.ts[1] = selector(0, 0, 65535, "2001:db8::", "2001:db8::ffff");
	in.ts[2] = selector(132, 65535, 0, "10.0.0.0", "10.255.255.255");
	wire_enc_start(&enc, &test_hdr);
	wire_ts_encode(&enc, IKE_PL_TSI, &in);
	finish_and_parse(&enc, &msg);
	assert_int_equal(msg.payload[0].len, 4 + 16 + 40 + 16);
	assert_int_equal(wire_ts_decode(&msg.payload[0], &out), WIRE_OK);
	assert_int_equal(out.n, 3);
	assert_int_equal(out.skipped, 0);
	for (int i = 0; i < 3; i++)
		assert_same_ts(&in.ts[i], &out.ts[i]);
	wire_enc_free(&enc);
}

/* What is well-formed but unusable narrows; what is not is refused. covers: K14 K42 */
static void test_ts_bad(void **state)
{
	static const struct {
		const char *hex;
		enum wire_err want;
		unsigned int n;
		unsigned int skipped;
	} cases[] = {
		{ "", WIRE_E_SHORT, 0, 0 },
		{ "01 0000", WIRE_E_SHORT, 0, 0 },
		{ "00 000000", WIRE_E_VALUE, 0, 0 },
		{ "01 000000", WIRE_E_SHORT, 0, 0 },
		{ "01 000000 07 11 0010 0000 ffff c0000201 c0000201", WIRE_OK, 1, 0 },
		{ "01 ffffff 07 11 0010 0000 ffff c0000201 c0000201", WIRE_OK, 1, 0 },
		{ "02 000000 07 11 0010 0000 ffff c0000201 c0000201", WIRE_E_SHORT, 1, 0 },
		{ "01 000000 07 11 0010 0000 ffff c0000201 c0000201 00", WIRE_E_LENGTH, 1, 0 },
		{ "01 000000 07 11 0010 0000 ffff c0000201 c00002", WIRE_E_LENGTH, 0, 0 },
		{ "01 000000 07 11 000f 0000 ffff c0000201 c00002", WIRE_E_LENGTH, 0, 0 },
		{ "01 000000 08 11 0010 0000 ffff c0000201 c0000201", WIRE_E_LENGTH, 0, 0 },
		{ "01 000000 07 11 0003 0000 ffff c0000201 c0000201", WIRE_E_LENGTH, 0, 0 },
		{ "01 000000 07 11 0000 0000 ffff c0000201 c0000201", WIRE_E_LENGTH, 0, 0 },
		{ "01 000000 07 11 ffff 0000 ffff c0000201 c0000201", WIRE_E_LENGTH, 0, 0 },
		/* ends before it starts: address, port; opaque is no such case */
		{ "01 000000 07 11 0010 0000 ffff c0000202 c0000201", WIRE_OK, 0, 1 },
		{ "01 000000 07 11 0010 0051 0050 c0000201 c0000201", WIRE_OK, 0, 1 },
		{ "01 000000 07 11 0010 ffff 0000 c0000201 c0000201", WIRE_OK, 1, 0 },
		/* a type that we do not know, even without content */
		{ "02 000000 0a 00 0004 07 11 0010 0000 ffff c0000201 c0000201", WIRE_OK, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t data[64];
		size_t len = unhex(cases[i].hex, data, sizeof(data));
		uint8_t *copy = exact(data, len);
		struct wire_payload pl = body(IKE_PL_TSI, copy, len);
		struct wire_ts_list list;

		assert_int_equal(wire_ts_decode(&pl, &list), cases[i].want);
		assert_int_equal(list.n, cases[i].n);
		assert_int_equal(list.skipped, cases[i].skipped);
		free(copy);
	}
}

static void test_ts_many(void **state)
{
	struct wire_ts_list list;
	struct wire_wr wr = { 0 };
	struct wire_payload pl;
	uint8_t one[16];

	(void)state;
	unhex("07 11 0010 0000 ffff c0000201 c0000201", one, sizeof(one));
	wire_wr_u32(&wr, 255u << 24);
	for (int i = 0; i < 255; i++)
		wire_wr_bytes(&wr, one, sizeof(one));
	pl = body(IKE_PL_TSR, wr.data, wr.len);
	assert_int_equal(wire_ts_decode(&pl, &list), WIRE_OK);
	assert_int_equal(list.n, WIRE_MAX_TS);
	assert_int_equal(list.skipped, 255 - WIRE_MAX_TS);
	wire_wr_free(&wr);
}

static void test_ts_intersect(void **state)
{
	struct wire_ts any = selector(0, 0, 65535, "0.0.0.0", "255.255.255.255");
	struct wire_ts host = selector(17, 7000, 7010, "192.0.2.1", "192.0.2.1");
	struct wire_ts net = selector(17, 7005, 9000, "192.0.2.0", "192.0.2.255");
	struct wire_ts opaque = selector(17, 65535, 0, "192.0.2.1", "192.0.2.1");
	struct wire_ts tcp = selector(6, 0, 65535, "192.0.2.1", "192.0.2.1");
	struct wire_ts other = selector(17, 0, 65535, "192.0.3.0", "192.0.3.9");
	struct wire_ts v6 = selector(0, 0, 65535, "::", "ffff::");
	struct wire_ts out, want;

	(void)state;
	assert_true(wire_ts_intersect(&any, &host, &out));
	assert_same_ts(&out, &host);
	want = selector(17, 7005, 7010, "192.0.2.1", "192.0.2.1");
	assert_true(wire_ts_intersect(&host, &net, &out));
	assert_same_ts(&out, &want);
	assert_false(wire_ts_intersect(&host, &tcp, &out));
	assert_false(wire_ts_intersect(&net, &other, &out));
	assert_false(wire_ts_intersect(&any, &v6, &out));
	assert_false(wire_ts_intersect(&host, &opaque, &out));
	assert_true(wire_ts_intersect(&any, &opaque, &out));
	assert_same_ts(&out, &opaque);
	assert_true(wire_ts_intersect(&opaque, &opaque, &out));

	assert_true(wire_ts_contains(&any, &host));
	assert_true(wire_ts_contains(&any, &opaque));
	assert_true(wire_ts_contains(&host, &host));
	assert_false(wire_ts_contains(&host, &any));
	assert_false(wire_ts_contains(&host, &net));
	assert_false(wire_ts_contains(&host, &opaque));
	assert_false(wire_ts_contains(&opaque, &host));

	/* The result may overwrite an operand. */
	assert_true(wire_ts_intersect(&net, &host, &net));
	assert_same_ts(&net, &want);
}

static void test_vendor(void **state)
{
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	wire_enc_start(&enc, &test_hdr);
	wire_vendor_encode(&enc, (const uint8_t *)"abcd", 4);
	finish_and_parse(&enc, &msg);
	assert_true(wire_vendor_find(&msg, (const uint8_t *)"abcd", 4));
	assert_false(wire_vendor_find(&msg, (const uint8_t *)"abc", 3));
	assert_false(wire_vendor_find(&msg, (const uint8_t *)"abce", 4));
	wire_enc_free(&enc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ke),
		cmocka_unit_test(test_nonce_lengths),
		cmocka_unit_test(test_id_types),
		cmocka_unit_test(test_id_auth_reserved),
		cmocka_unit_test(test_notify),
		cmocka_unit_test(test_unknown_error),
		cmocka_unit_test(test_notify_bad_spi),
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_delete_bad),
		cmocka_unit_test(test_ts_round_trip),
		cmocka_unit_test(test_ts_bad),
		cmocka_unit_test(test_ts_many),
		cmocka_unit_test(test_ts_intersect),
		cmocka_unit_test(test_vendor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
