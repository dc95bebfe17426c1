// SPDX-License-Identifier: GPL-2.0
/* Notification data of MOBIKE and MOBIKE-X. */
#include "test_wire.h"

#include <openssl/evp.h>

#include "wire/mobike.h"

static struct wire_addr addr(const char *text)
{
	struct wire_addr a;

	assert_true(wire_addr_parse(&a, text));
	return a;
}

static struct wire_notify notify(uint16_t type, const uint8_t *data, size_t len)
{
	return (struct wire_notify){ .type = type, .data = { data, len } };
}

/* Encodes one notify with @encode and hands it back decoded. */
#define SEND(msg, enc, encode) do {				\
		wire_enc_start(&(enc), &test_hdr);		\
		encode;						\
		finish_and_parse(&(enc), &(msg));		\
	} while (0)

static void test_vendor_id(void **state)
{
	static const char text[] = "E2E-IPsec MOBIKE-X v1";
	uint8_t hash[32];

	(void)state;
	assert_true(EVP_Digest(text, sizeof(text) - 1, hash, NULL, EVP_sha256(),
			       NULL));
	assert_memory_equal(hash, mobikex_vendor_id, 16);
}

static void test_supported(void **state)
{
	static const struct {
		const char *hex;
		enum wire_err want;
		uint8_t max_paths;
	} cases[] = {
		{ "", WIRE_E_SHORT, 0 },
		{ "01 10 00", WIRE_E_SHORT, 0 },
		{ "01 10 0000", WIRE_OK, 16 },
		{ "01 10 ffff", WIRE_OK, 16 },
		{ "02 10 0000 0102030405", WIRE_OK, 16 },
		{ "01 00 0000", WIRE_OK, 2 },
		{ "01 ff 0000", WIRE_OK, 64 },
		{ "00 10 0000", WIRE_E_VALUE, 0 },
	};
	struct mobikex_supported s;
	struct wire_enc enc;
	struct wire_msg msg;
	struct wire_notify n;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t data[16];

		n = notify(IKE_N_MOBIKEX_SUPPORTED, data,
			   unhex(cases[i].hex, data, sizeof(data)));
		assert_int_equal(mobikex_supported_decode(&n, &s),
				 cases[i].want);
		if (cases[i].max_paths)
			assert_int_equal(s.max_paths, cases[i].max_paths);
	}
	SEND(msg, enc, mobikex_supported_encode(&enc, 16));
	assert_hex(msg.payload[0].body, msg.payload[0].len,
		   "00 00 be00 01 10 0000");
	wire_enc_free(&enc);
}

static void test_block_round_trip(void **state)
{
	static const uint16_t types[] = { IKE_N_IP_PARAMETER,
					  IKE_N_ADD_SA_ADDRESS,
					  IKE_N_REMOVE_SA_ADDRESS };
	struct mobikex_block blocks[] = {
		{ .flags = MOBIKEX_F_PRIMARY, .path_id = 0x1234,
		  .preference = 7, .old_addr = addr("192.0.2.1"),
		  .new_addr = addr("2001:db8::1") },
		{ .flags = MOBIKEX_F_SOFT | MOBIKEX_F_BACKUP, .path_id = 1,
		  .new_addr = addr("192.0.2.1") },
		{ .path_id = 65535, .old_addr = addr("2001:db8::1") },
	};
	struct wire_notify n;
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct mobikex_block back;

		SEND(msg, enc, mobikex_block_encode(&enc, types[i], &blocks[i]));
		assert_true(wire_notify_find(&msg, types[i], &n));
		assert_int_equal(mobikex_block_decode(&n, &back), WIRE_OK);
		assert_same_block(&back, &blocks[i]);
		wire_enc_free(&enc);
	}
	SEND(msg, enc, mobikex_block_encode(&enc, types[1], &blocks[1]));
	assert_hex(msg.payload[0].body, msg.payload[0].len,
		   "00 00 be02 01 0a 0001 00 00 04 00 c0000201");
	wire_enc_free(&enc);
}

/* covers: E1 */
static void test_block_bad(void **state)
{
	static const struct {
		uint16_t type;
		const char *hex;
		enum wire_err want;
	} cases[] = {
		{ IKE_N_ADD_SA_ADDRESS, "01 00 0001 00 00 04", WIRE_E_SHORT },
		{ IKE_N_ADD_SA_ADDRESS, "01", WIRE_E_SHORT },
		{ IKE_N_ADD_SA_ADDRESS, "01 00 0001 00 00 04 00 c0000201", WIRE_OK },
		{ IKE_N_ADD_SA_ADDRESS, "01 f4 0001 00 00 04 ff c0000201", WIRE_OK },
		{ IKE_N_ADD_SA_ADDRESS, "01 00 0001 00 00 04 00 c00002", WIRE_E_LENGTH },
		{ IKE_N_ADD_SA_ADDRESS, "01 00 0001 00 00 04 00 c000020100", WIRE_E_LENGTH },
		{ IKE_N_ADD_SA_ADDRESS, "01 00 0001 00 00 04 00", WIRE_E_LENGTH },
		{ IKE_N_ADD_SA_ADDRESS, "01 00 0001 00 00 06 00 c0000201", WIRE_E_LENGTH },
		{ IKE_N_ADD_SA_ADDRESS, "01 00 0001 00 00 05 00 c0000201", WIRE_E_VALUE },
		{ IKE_N_ADD_SA_ADDRESS, "01 00 0001 00 ff 04 00 c0000201", WIRE_E_VALUE },
		{ IKE_N_ADD_SA_ADDRESS, "02 00 0001 00 00 04 00 c0000201", WIRE_E_VALUE },
		{ IKE_N_ADD_SA_ADDRESS, "00 00 0001 00 00 04 00 c0000201", WIRE_E_VALUE },
		{ IKE_N_ADD_SA_ADDRESS, "01 00 0001 00 00 00 00", WIRE_E_VALUE },
		{ IKE_N_ADD_SA_ADDRESS, "01 00 0001 00 04 04 00 c0000201 c0000202", WIRE_E_VALUE },
		{ IKE_N_ADD_SA_ADDRESS, "01 00 0001 00 04 00 00 c0000201", WIRE_E_VALUE },
		{ IKE_N_REMOVE_SA_ADDRESS, "01 00 0001 00 00 00 00", WIRE_OK },
		{ IKE_N_REMOVE_SA_ADDRESS, "01 00 0001 00 04 00 00 c0000201", WIRE_OK },
		{ IKE_N_REMOVE_SA_ADDRESS, "01 00 0001 00 00 04 00 c0000201", WIRE_E_VALUE },
		{ IKE_N_IP_PARAMETER, "01 00 0001 00 00 00 00", WIRE_OK },
		{ IKE_N_IP_PARAMETER, "01 00 0001 00 04 04 00 c0000201 c0000202", WIRE_OK },
		{ IKE_N_IP_PARAMETER, "01 00 0001 00 00 04 00 c0000201", WIRE_E_VALUE },
		{ IKE_N_IP_PARAMETER, "01 00 0001 00 04 00 00 c0000201", WIRE_E_VALUE },
		{ IKE_N_COOKIE2, "01 00 0001 00 00 00 00", WIRE_E_VALUE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t data[64];
		size_t len = unhex(cases[i].hex, data, sizeof(data));
		uint8_t *copy = exact(data, len);
		struct wire_notify n = notify(cases[i].type, copy, len);
		struct mobikex_block b;

		assert_int_equal(mobikex_block_decode(&n, &b), cases[i].want);
		assert_false(b.empty);
		assert_int_equal(b.flags & ~0x0b, 0);
		n.protocol = IKE_PROTO_ESP;
		assert_int_equal(mobikex_block_decode(&n, &b), WIRE_E_VALUE);
		n.protocol = IKE_PROTO_NONE;
		n.spi = (struct wire_span){ copy, 1 };
		assert_int_equal(mobikex_block_decode(&n, &b), WIRE_E_VALUE);
		free(copy);
	}
}

/* No data at all: everything is derived from the packet. */
static void test_block_empty(void **state)
{
	const struct mobikex_block empty = { .empty = true };
	struct mobikex_block b;
	struct wire_notify n;
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	SEND(msg, enc, mobikex_block_encode(&enc, IKE_N_ADD_SA_ADDRESS, &empty));
	assert_true(wire_notify_find(&msg, IKE_N_ADD_SA_ADDRESS, &n));
	assert_int_equal(n.data.len, 0);
	assert_int_equal(mobikex_block_decode(&n, &b), WIRE_OK);
	assert_true(b.empty);
	wire_enc_free(&enc);
}

static void test_set(void **state)
{
	struct mobikex_set set = { .n = 2 }, back;
	struct wire_notify n;
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	set.e[0] = (struct mobikex_set_entry){
		0, MOBIKEX_VALID, 1, MOBIKEX_F_PRIMARY,
		{ addr("192.0.2.1"), 4500 }
	};
	set.e[1] = (struct mobikex_set_entry){
		9, MOBIKEX_TENTATIVE, 255, 0, { addr("2001:db8::1"), 1024 }
	};
	SEND(msg, enc, mobikex_set_encode(&enc, &set));
	assert_hex(msg.payload[0].body, msg.payload[0].len, "00 00 be04"
		   "0000 02 01 04 01 1194 c0000201"
		   "0009 01 ff 06 00 0400 20010db8000000000000000000000001");
	assert_true(wire_notify_find(&msg, IKE_N_SA_ADDRESS_SET, &n));
	assert_int_equal(mobikex_set_decode(&n, &back), WIRE_OK);
	assert_int_equal(back.n, 2);
	assert_same_entry(&back.e[0], &set.e[0]);
	assert_same_entry(&back.e[1], &set.e[1]);

	/* Cut anywhere but between the two */
	for (size_t len = 0; len < n.data.len; len++) {
		uint8_t *copy = exact(n.data.p, len);
		struct wire_notify cut = notify(n.type, copy, len);

		assert_int_equal(mobikex_set_decode(&cut, &back) == WIRE_OK,
				 len == 0 || len == 12);
		free(copy);
	}
	wire_enc_free(&enc);
}

static void test_set_bad(void **state)
{
	static const char *const bad[] = {
		"0000 00 00 04 00 1194 c0000201",
		"0000 04 00 04 00 1194 c0000201",
		"0000 02 00 00 00 1194",
		"0000 02 00 05 00 1194 c0000201",
	};
	uint8_t data[65 * 12];
	struct mobikex_set set;
	struct wire_notify n;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		n = notify(IKE_N_SA_ADDRESS_SET, data,
			   unhex(bad[i], data, sizeof(data)));
		assert_int_equal(mobikex_set_decode(&n, &set), WIRE_E_VALUE);
	}
	for (size_t i = 0; i < 65; i++)
		unhex("0000 02 00 04 00 1194 c0000201", data + 12 * i, 12);
	n = notify(IKE_N_SA_ADDRESS_SET, data, 64 * 12);
	assert_int_equal(mobikex_set_decode(&n, &set), WIRE_OK);
	assert_int_equal(set.n, 64);
	n.data.len = 65 * 12;
	assert_int_equal(mobikex_set_decode(&n, &set), WIRE_E_LIMIT);
	n.protocol = IKE_PROTO_ESP;
	assert_int_equal(mobikex_set_decode(&n, &set), WIRE_E_VALUE);
}

static void test_reason(void **state)
{
	static const uint8_t hostile[] = "\0\6\0\1ab\n\x1b[2Jc\0d\xff";
	char text[100];
	struct mobikex_reason r;
	struct wire_notify n;
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	SEND(msg, enc, mobikex_reason_encode(&enc, MOBIKEX_R_LAST_PATH, 3,
					     "path 1 is the last"));
	assert_true(wire_notify_find(&msg, IKE_N_MOBIKEX_REASON, &n));
	assert_int_equal(mobikex_reason_decode(&n, &r), WIRE_OK);
	assert_int_equal(r.code, 7);
	assert_int_equal(r.block, 3);
	assert_string_equal(r.text, "path 1 is the last");
	wire_enc_free(&enc);

	n = notify(IKE_N_MOBIKEX_REASON, hostile, sizeof(hostile) - 1);
	assert_int_equal(mobikex_reason_decode(&n, &r), WIRE_OK);
	assert_string_equal(r.text, "ab??[2Jc?d?");
	for (size_t len = 0; len < 4; len++) {
		n.data.len = len;
		assert_int_equal(mobikex_reason_decode(&n, &r), WIRE_E_SHORT);
	}

	/* 63 letters and a character of two octets: cut in front of it */
	memset(text, 'x', sizeof(text));
	memcpy(text + 63, "\xc3\xa4", 3);
	SEND(msg, enc, mobikex_reason_encode(&enc, 1, 0, text));
	assert_true(wire_notify_find(&msg, IKE_N_MOBIKEX_REASON, &n));
	assert_int_equal(n.data.len, 4 + 63);
	wire_enc_free(&enc);
	memset(text, 'x', sizeof(text) - 1);
	text[99] = '\0';
	SEND(msg, enc, mobikex_reason_encode(&enc, 1, 0, text));
	assert_true(wire_notify_find(&msg, IKE_N_MOBIKEX_REASON, &n));
	assert_int_equal(n.data.len, 4 + 64);
	wire_enc_free(&enc);

	assert_string_equal(mobikex_reason_name(10), "BUSY");
	assert_string_equal(mobikex_reason_name(0), "unknown reason");
	assert_string_equal(mobikex_reason_name(12), "unknown reason");
}

/* covers: MB22 E8 */
static void test_cookie2_lengths(void **state)
{
	static const uint8_t data[70];
	struct wire_span cookie;

	(void)state;
	for (size_t len = 0; len < sizeof(data); len++) {
		struct wire_notify n = notify(IKE_N_COOKIE2, data, len);

		assert_int_equal(mobike_cookie2_decode(&n, &cookie),
				 len < 8 || len > 64 ? WIRE_E_LENGTH : WIRE_OK);
	}
}

static void test_additional(void **state)
{
	static const char *const texts[] = { "192.0.2.1", "2001:db8::1" };
	struct wire_addr back, a;
	struct wire_notify n;
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	for (uint16_t i = 0; i < 2; i++) {
		a = addr(texts[i]);
		SEND(msg, enc, mobike_additional_encode(&enc, &a));
		assert_true(wire_notify_find(&msg, IKE_N_ADDITIONAL_IP4_ADDRESS
					     + i, &n));
		assert_int_equal(mobike_additional_decode(&n, &back), WIRE_OK);
		assert_true(wire_addr_equal(&a, &back));
		n.data.len--;
		assert_int_equal(mobike_additional_decode(&n, &back),
				 WIRE_E_LENGTH);
		n.data.len++;
		n.type = (uint16_t)(IKE_N_ADDITIONAL_IP6_ADDRESS - i);
		assert_int_equal(mobike_additional_decode(&n, &back),
				 WIRE_E_LENGTH);
		wire_enc_free(&enc);
	}
}

static void test_no_nats(void **state)
{
	struct wire_endpoint src = { addr("192.0.2.1"), 4500 };
	struct wire_endpoint dst = { addr("198.51.100.2"), 500 };
	struct wire_endpoint a, b;
	struct wire_notify n;
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	SEND(msg, enc, mobike_no_nats_encode(&enc, &src, &dst));
	assert_hex(msg.payload[0].body, msg.payload[0].len,
		   "00 00 4012 c0000201 c6336402 1194 01f4");
	assert_true(wire_notify_find(&msg, IKE_N_NO_NATS_ALLOWED, &n));
	assert_int_equal(mobike_no_nats_decode(&n, &a, &b), WIRE_OK);
	assert_true(wire_endpoint_equal(&a, &src));
	assert_true(wire_endpoint_equal(&b, &dst));
	for (size_t len = 0; len < 12; len++) {
		n.data.len = len;
		assert_int_equal(mobike_no_nats_decode(&n, &a, &b),
				 WIRE_E_LENGTH);
		assert_int_equal(a.addr.family, 0);
	}
	wire_enc_free(&enc);

	src.addr = addr("2001:db8::1");
	dst.addr = addr("2001:db8::2");
	SEND(msg, enc, mobike_no_nats_encode(&enc, &src, &dst));
	assert_true(wire_notify_find(&msg, IKE_N_NO_NATS_ALLOWED, &n));
	assert_int_equal(n.data.len, 36);
	assert_int_equal(mobike_no_nats_decode(&n, &a, &b), WIRE_OK);
	assert_true(wire_endpoint_equal(&b, &dst));
	wire_enc_free(&enc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vendor_id),
		cmocka_unit_test(test_supported),
		cmocka_unit_test(test_block_round_trip),
		cmocka_unit_test(test_block_bad),
		cmocka_unit_test(test_block_empty),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_set_bad),
		cmocka_unit_test(test_reason),
		cmocka_unit_test(test_cookie2_lengths),
		cmocka_unit_test(test_additional),
		cmocka_unit_test(test_no_nats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
