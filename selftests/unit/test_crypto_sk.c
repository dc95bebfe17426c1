// SPDX-License-Identifier: GPL-2.0
/* The Encrypted payload: sealed, opened, forged, cut and broken inside. */
#include "test_wire.h"

#include <errno.h>
#include <stdbool.h>

#include "crypto/hmac.h"
#include "crypto/sk.h"
#include "crypto/util.h"
#include "wire/payload.h"

#define GCM	IKE_ENCR_AES_GCM_16
#define CBC	IKE_ENCR_AES_CBC

static const struct crypto_suite suites[] = {
	{ GCM, 128, 0, IKE_PRF_HMAC_SHA2_256, IKE_KE_ECP256, { 0 }, false },
	{ GCM, 256, 0, IKE_PRF_HMAC_SHA2_256, IKE_KE_X25519, { 0 }, false },
	{ CBC, 128, IKE_INTEG_HMAC_SHA2_256_128, IKE_PRF_HMAC_SHA2_256,
	  IKE_KE_ECP256, { 0 }, false },
	{ CBC, 256, IKE_INTEG_HMAC_SHA2_512_256, IKE_PRF_HMAC_SHA2_512,
	  IKE_KE_ECP256, { 0 }, false },
	{ CBC, 128, IKE_INTEG_HMAC_SHA1_96, IKE_PRF_HMAC_SHA1,
	  IKE_KE_ECP256, { 0 }, false },
	{ CBC, 192, IKE_INTEG_HMAC_SHA2_384_192, IKE_PRF_HMAC_SHA2_384,
	  IKE_KE_ECP256, { 0 }, false },
	{ IKE_ENCR_CHACHA20_POLY1305, 0, 0, IKE_PRF_HMAC_SHA2_256,
	  IKE_KE_X25519, { 0 }, false },
};

#define N_SUITES	(sizeof(suites) / sizeof(suites[0]))

static const uint8_t iv[16] = "unpredictable iv";

static struct crypto_ike_keys keys_of(const struct crypto_suite *suite)
{
	static const uint8_t octets[32] = { 42 };
	const struct wire_span s = { octets, sizeof(octets) };
	struct crypto_ike_keys keys;

	assert_int_equal(crypto_ike_derive(suite, s, s, s, 1, 2, &keys), 0);
	return keys;
}

/* A message with a vendor payload of @len octets inside */
static struct wire_wr seal(struct crypto_ike_keys *keys, bool initiator,
			   size_t len)
{
	static const uint8_t octets[70000];
	struct wire_wr out = { 0 };
	struct wire_enc enc;

	wire_enc_start(&enc, NULL);
	wire_vendor_encode(&enc, octets, len);
	assert_true(wire_enc_finish(&enc));
	assert_int_equal(crypto_sk_seal(keys, initiator, &test_hdr, enc.first,
					enc.wr.data, enc.wr.len, iv, &out), 0);
	wire_enc_free(&enc);
	return out;
}

/* Parses and opens @data; -EPROTO when it is no message with SK at all. */
static int unseal(const struct crypto_ike_keys *keys, bool initiator,
		  const uint8_t *data, size_t len, struct wire_msg *msg,
		  enum wire_err *err)
{
	uint8_t *copy = exact(data, len);
	uint8_t *plain;
	int ret = -EPROTO;

	if (!wire_msg_parse(copy, len, msg) && msg->has_sk) {
		plain = exact(copy, msg->sk_len);
		ret = crypto_sk_open(keys, initiator, msg, plain, msg->sk_len,
				     err);
		/* Only counts and types are looked at once this is gone. */
		free(plain);
	}
	free(copy);
	return ret;
}

/* covers: K15 K1 */
static void test_round_trip(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 10, 11, 12, 13, 27, 28, 1200,
					3000, 60000 };

	(void)state;
	for (size_t s = 0; s < N_SUITES; s++) {
		struct crypto_ike_keys keys = keys_of(&suites[s]);

		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct wire_wr out = seal(&keys, i % 2, sizes[i]);
			enum wire_err err;
			struct wire_msg msg;

			assert_int_equal(unseal(&keys, i % 2, out.data, out.len,
						&msg, &err), 0);
			assert_int_equal(err, WIRE_OK);
			assert_int_equal(msg.n, 1);
			assert_int_equal(msg.payload[0].type, IKE_PL_VENDOR);
			assert_int_equal(msg.payload[0].len, sizes[i]);
			assert_int_equal(msg.hdr.msg_id, test_hdr.msg_id);
			wire_wr_free(&out);
		}
	}
}

/* Padding is no longer than it must be. covers: K15 */
static void test_minimal_padding(void **state)
{
	struct crypto_ike_keys gcm = keys_of(&suites[0]);
	struct crypto_ike_keys cbc = keys_of(&suites[2]);

	(void)state;
	for (size_t len = 0; len < 40; len++) {
		struct wire_wr out = seal(&gcm, true, len);

		assert_int_equal(out.len, 28 + 4 + 8 + 4 + len + 1 + 16);
		wire_wr_free(&out);
		out = seal(&cbc, true, len);
		assert_int_equal(out.len, 28 + 4 + 16 +
				 (4 + len + 1 + 15) / 16 * 16 + 16);
		wire_wr_free(&out);
	}
}

/* An empty message, a liveness test */
static void test_empty(void **state)
{
	(void)state;
	for (size_t s = 0; s < N_SUITES; s++) {
		struct crypto_ike_keys keys = keys_of(&suites[s]);
		struct wire_wr out = { 0 };
		enum wire_err err;
		struct wire_msg msg;

		assert_int_equal(crypto_sk_seal(&keys, true, &test_hdr, 0, NULL,
						0, iv, &out), 0);
		assert_int_equal(unseal(&keys, true, out.data, out.len, &msg,
					&err), 0);
		assert_int_equal(err, WIRE_OK);
		assert_int_equal(msg.n, 0);
		assert_true(msg.opened);
		wire_wr_free(&out);
	}
}

/*
 * Messages that another implementation made (Python's cryptography); the second
 * one with 39 octets of padding where 7 would do. covers: K15
 */
static void test_foreign(void **state)
{
	static const char gcm[] =
		"111111111111111122222222222222222e2025080000000700000041"
		"290000250102030405060708d19bd6723c55ca4aec7c66ef57953480"
		"099a9887a8b411bca9";
	static const char cbc[] =
		"111111111111111122222222222222222e2025200000000700000070"
		"29000054808182838485868788898a8b8c8d8e8f6c56d9b56d4ecc45"
		"e37a9ffe98a7f9ff2ee55bce8abc9ac736e5fb5b05d33fff2825857b"
		"291005c6c6f7debe52183533fca6c51363c949338ca190e8cfeceef4";
	struct crypto_ike_keys keys = { .suite = suites[0], .enc_len = 20 };
	uint8_t data[256], plain[256];
	enum wire_err err;
	struct wire_msg msg;
	struct wire_notify n;
	size_t len;

	(void)state;
	unhex("0102030405060708090a0b0c0d0e0f10a0a1a2a3", keys.sk_ei, 20);
	len = unhex(gcm, data, sizeof(data));
	assert_int_equal(wire_msg_parse(data, len, &msg), WIRE_OK);
	assert_int_equal(crypto_sk_open(&keys, true, &msg, plain, sizeof(plain),
					&err), 0);
	assert_int_equal(err, WIRE_OK);
	assert_true(wire_notify_find(&msg, IKE_N_NAT_DETECTION_DESTINATION_IP,
				     &n));

	keys = (struct crypto_ike_keys){ .suite = suites[2] };
	keys.suite.key_bits = 256;
	keys.enc_len = keys.auth_len = 32;
	for (int i = 0; i < 32; i++) {
		keys.sk_er[i] = (uint8_t)(1 + i);
		keys.sk_ar[i] = (uint8_t)(65 + i);
	}
	len = unhex(cbc, data, sizeof(data));
	assert_int_equal(wire_msg_parse(data, len, &msg), WIRE_OK);
	assert_int_equal(crypto_sk_open(&keys, false, &msg, plain,
					sizeof(plain), &err), 0);
	assert_int_equal(err, WIRE_OK);
	assert_int_equal(msg.n, 1);
	assert_true(wire_notify_find(&msg, IKE_N_NAT_DETECTION_DESTINATION_IP,
				     &n));
}

/* Every bit of a message is covered, header and all. covers: K15 */
static void test_bit_flips(void **state)
{
	(void)state;
	for (size_t s = 0; s < N_SUITES; s++) {
		struct crypto_ike_keys keys = keys_of(&suites[s]);
		struct wire_wr out = seal(&keys, true, 20);
		enum wire_err err;
		struct wire_msg msg;

		for (size_t bit = 0; bit < out.len * 8; bit++) {
			out.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_not_equal(unseal(&keys, true, out.data,
						    out.len, &msg, &err), 0);
			out.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_int_equal(unseal(&keys, true, out.data, out.len, &msg,
					&err), 0);
		wire_wr_free(&out);
	}
}

/* Cut at every length, with lengths that agree. covers: K15 */
static void test_truncations(void **state)
{
	(void)state;
	for (size_t s = 0; s < N_SUITES; s++) {
		struct crypto_ike_keys keys = keys_of(&suites[s]);
		struct wire_wr out = seal(&keys, true, 20);
		enum wire_err err;
		struct wire_msg msg;

		for (size_t len = 32; len < out.len; len++) {
			wire_put_u32(out.data + 24, (uint32_t)len);
			wire_put_u16(out.data + 30, (uint16_t)(len - 28));
			assert_int_equal(unseal(&keys, true, out.data, len,
						&msg, &err), -EBADMSG);
		}
		wire_wr_free(&out);
	}
}

/* A message reflected, or of another SA */
static void test_wrong_keys(void **state)
{
	(void)state;
	for (size_t s = 0; s < N_SUITES; s++) {
		struct crypto_ike_keys keys = keys_of(&suites[s]), other = keys;
		struct wire_wr out = seal(&keys, true, 20);
		enum wire_err err;
		struct wire_msg msg;

		assert_int_equal(unseal(&keys, false, out.data, out.len, &msg,
					&err), -EBADMSG);
		if (keys.auth_len)
			other.sk_ai[0] ^= 1;
		else
			other.sk_ei[0] ^= 1;
		assert_int_equal(unseal(&other, true, out.data, out.len, &msg,
					&err), -EBADMSG);
		wire_wr_free(&out);
	}
}

/* No IV of AES-GCM is used twice, whatever the caller's octets. covers: K15 */
static void test_gcm_iv(void **state)
{
	struct crypto_ike_keys keys = keys_of(&suites[0]);
	uint8_t last[8] = { 0 };

	(void)state;
	for (int i = 0; i < 300; i++) {
		struct wire_wr out = seal(&keys, true, 4);

		if (i)
			assert_true(memcmp(out.data + 32, last, 8) > 0);
		memcpy(last, out.data + 32, 8);
		wire_wr_free(&out);
	}
	assert_true(keys.next_iv == 300);
}

/* What is authentic may be broken inside all the same. covers: K15 */
static void test_broken_inside(void **state)
{
	static const struct {
		uint8_t first;
		const char *hex;
		enum wire_err want;
	} cases[] = {
		{ IKE_PL_NOTIFY, "", WIRE_E_SHORT },
		{ IKE_PL_NOTIFY, "00 00 0003", WIRE_E_LENGTH },
		{ IKE_PL_NOTIFY, "00 00 ffff", WIRE_E_LENGTH },
		{ IKE_PL_NOTIFY, "29 00 0008 00004005", WIRE_E_SHORT },
		{ IKE_PL_NONE, "00 00 0004", WIRE_E_LENGTH },
		{ IKE_PL_SK, "00 00 0004", WIRE_E_ORDER },
	};

	(void)state;
	for (size_t s = 0; s < N_SUITES; s++) {
		struct crypto_ike_keys keys = keys_of(&suites[s]);

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct wire_wr out = { 0 };
			uint8_t inner[32];
			enum wire_err err;
			struct wire_msg msg;
			size_t len = unhex(cases[i].hex, inner, sizeof(inner));

			assert_int_equal(crypto_sk_seal(&keys, true, &test_hdr,
							cases[i].first, inner,
							len, iv, &out), 0);
			assert_int_equal(unseal(&keys, true, out.data, out.len,
						&msg, &err), 0);
			assert_int_equal(err, cases[i].want);
			assert_int_equal(msg.n, 0);
			wire_wr_free(&out);
		}
	}
}

/*
 * A pad length of 15 is right, any above goes beyond the plaintext. A bit of the
 * IV is the same bit of the first block; whoever has the key can vouch for it.
 * covers: K15
 */
static void test_pad_length(void **state)
{
	struct crypto_ike_keys keys = keys_of(&suites[2]);
	struct wire_wr out = { 0 };

	(void)state;
	assert_int_equal(crypto_sk_seal(&keys, true, &test_hdr, 0, NULL, 0, iv,
					&out), 0);
	for (unsigned int pad = 0; pad < 256; pad++) {
		const struct wire_span covered = { out.data, out.len - 16 };
		enum wire_err err;
		struct wire_msg msg;

		out.data[32 + 15] = (uint8_t)(iv[15] ^ 15 ^ pad);
		assert_int_equal(crypto_hmac("SHA256", keys.sk_ai, 32, &covered,
					     1, out.data + out.len - 16, 16), 0);
		assert_int_equal(unseal(&keys, true, out.data, out.len, &msg,
					&err), 0);
		assert_int_equal(err, pad == 15 ? WIRE_OK : WIRE_E_LENGTH);
		assert_true(msg.opened);
	}
	wire_wr_free(&out);
}

static void test_misuse(void **state)
{
	static const uint8_t big[70000];
	struct crypto_ike_keys keys = keys_of(&suites[0]);
	struct wire_wr out = seal(&keys, true, 4);
	uint8_t plain[64];
	enum wire_err err;
	struct wire_msg msg;

	(void)state;
	assert_int_equal(wire_msg_parse(out.data, out.len, &msg), WIRE_OK);
	assert_int_equal(crypto_sk_open(&keys, true, &msg, plain,
					msg.sk_len - 1, &err), -EINVAL);
	assert_int_equal(crypto_sk_open(&keys, true, &msg, plain,
					sizeof(plain), &err), 0);
	assert_int_equal(crypto_sk_open(&keys, true, &msg, plain,
					sizeof(plain), &err), -EINVAL);
	msg = (struct wire_msg){ 0 };
	assert_int_equal(crypto_sk_open(&keys, true, &msg, plain,
					sizeof(plain), &err), -EINVAL);
	wire_wr_free(&out);

	assert_int_equal(crypto_sk_seal(&keys, true, &test_hdr, 43, big, 65535,
					iv, &out), -EMSGSIZE);
	assert_int_equal(crypto_sk_seal(&keys, true, &test_hdr, 43, big, 70000,
					iv, &out), -EMSGSIZE);
	keys.suite.encr = IKE_ENCR_NULL;
	assert_int_not_equal(crypto_sk_seal(&keys, true, &test_hdr, 43, big, 4,
					    iv, &out), 0);
	assert_int_equal(out.len, 0);
	wire_wr_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_minimal_padding),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_bit_flips),
		cmocka_unit_test(test_truncations),
		cmocka_unit_test(test_wrong_keys),
		cmocka_unit_test(test_gcm_iv),
		cmocka_unit_test(test_broken_inside),
		cmocka_unit_test(test_pad_length),
		cmocka_unit_test(test_misuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
