// SPDX-License-Identifier: GPL-2.0
/*
 * Known answers: published vectors where there are any, else values computed
 * with other implementations (Python's hmac, hashlib and cryptography).
 */
#include "test_wire.h"

#include <errno.h>

#include "crypto/auth.h"
#include "crypto/keys.h"
#include "crypto/prf.h"
#include "crypto/util.h"

static struct wire_span span(const void *p, size_t len)
{
	return (struct wire_span){ p, len };
}

static struct wire_span hex(const char *text, uint8_t *room, size_t size)
{
	return span(room, unhex(text, room, size));
}

static void test_init(void **state)
{
	(void)state;
	assert_int_equal(crypto_init(), 0);
}

/* RFC 4231 test cases 2 and 6, RFC 2202 test case 2; data in pieces too */
static void test_hmac(void **state)
{
	static const char text[] = "what do ya want for nothing?";
	static const char *const want[] = {
		"effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
		"5bdcc146bf60754e6a042426089575c7"
		"5a003f089d2739839dec58b964ec3843",
		"af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47"
		"e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
		"164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
		"9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
	};
	static const char *const long_key[] = {
		NULL,
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
		"4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f"
		"3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
		"80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
		"6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
	};
	static const uint16_t prfs[] = { IKE_PRF_HMAC_SHA1,
					 IKE_PRF_HMAC_SHA2_256,
					 IKE_PRF_HMAC_SHA2_384,
					 IKE_PRF_HMAC_SHA2_512 };
	static const char long_text[] =
		"Test Using Larger Than Block-Size Key - Hash Key First";
	uint8_t out[CRYPTO_PRF_MAX], key[131];
	struct wire_span parts[3];

	(void)state;
	memset(key, 0xaa, sizeof(key));
	for (int i = 0; i < 4; i++) {
		parts[0] = span(text, 5);
		parts[1] = span(NULL, 0);
		parts[2] = span(text + 5, sizeof(text) - 1 - 5);
		assert_int_equal(crypto_prf(prfs[i], (const uint8_t *)"Jefe", 4,
					    parts, 3, out), 0);
		assert_hex(out, crypto_prf_len(prfs[i]), want[i]);
		if (!long_key[i])
			continue;
		parts[0] = span(long_text, sizeof(long_text) - 1);
		assert_int_equal(crypto_prf(prfs[i], key, sizeof(key), parts, 1,
					    out), 0);
		assert_hex(out, crypto_prf_len(prfs[i]), long_key[i]);
	}
	assert_int_equal(crypto_prf(1, key, 16, parts, 1, out), -ENOTSUP);
	assert_int_equal(crypto_prf_len(4), 0);
	/* An empty key is a key, not the one of before. */
	assert_int_equal(crypto_prf(IKE_PRF_HMAC_SHA2_256, NULL, 0, parts, 0,
				    out), 0);
	assert_hex(out, 32, "b613679a0814d9ec772f95d778c35fc5"
			    "ff1697c493715653c6c712144292c5ad");
}

static void test_prf_plus_limits(void **state)
{
	static const uint8_t key[20] = "kkkkkkkkkkkkkkkkkkkk";
	struct wire_span seed = span("seed", 4);
	uint8_t out[255 * 20 + 1];

	(void)state;
	assert_int_equal(crypto_prf_plus(IKE_PRF_HMAC_SHA1, key, 20, &seed, 1,
					 out, 255 * 20), 0);
	assert_hex(out + 254 * 20, 20,
		   "2f36480494c8571c27e9d40811b21b3a78328e95");
	assert_int_equal(crypto_prf_plus(IKE_PRF_HMAC_SHA1, key, 20, &seed, 1,
					 out, 255 * 20 + 1), -EINVAL);
	assert_int_equal(crypto_prf_plus(99, key, 20, &seed, 1, out, 1),
			 -ENOTSUP);
}

/* NIST's CAVP vector for IKEv2 with HMAC-SHA1 */
struct cavp {
	uint8_t room[6][64];
	struct wire_span ni, nr, gir, gir_new;
};

static const struct crypto_suite cavp_suite = {
	.encr = IKE_ENCR_AES_CBC, .key_bits = 128,
	.integ = IKE_INTEG_HMAC_SHA1_96, .prf = IKE_PRF_HMAC_SHA1,
	.ke = IKE_KE_ECP256,
};

#define CAVP_SPI_I	0x34c9e7c188868785
#define CAVP_SPI_R	0x3ff77d760d2b2199

static void cavp_init(struct cavp *c)
{
	c->ni = hex("32b50d5f4a3763f3", c->room[0], 64);
	c->nr = hex("9206a04b26564cb1", c->room[1], 64);
	c->gir = hex("4b2c1f971981a8ad8d0abeafabf38cf7"
		     "5fc8349c148142465ed9c8b516b8be52", c->room[2], 64);
	c->gir_new = hex("863f3c9d06efd39d2b907b97f8699e5d"
			 "d5251ef64a2a176f36ee40c87d4f9330", c->room[3], 64);
}

static void test_ike_keys(void **state)
{
	struct crypto_ike_keys keys;
	struct cavp c;

	(void)state;
	cavp_init(&c);
	assert_int_equal(crypto_ike_derive(&cavp_suite, c.ni, c.nr, c.gir,
					   CAVP_SPI_I, CAVP_SPI_R, &keys), 0);
	assert_int_equal(keys.prf_len, 20);
	assert_int_equal(keys.auth_len, 20);
	assert_int_equal(keys.enc_len, 16);
	assert_hex(keys.sk_d, 20, "a14293677cc80ff8f9cc0eee30d895da9d8f4056");
	assert_hex(keys.sk_ai, 20, "66e30ef0dfcb63c634a46002a2a63080e514a062");
	assert_hex(keys.sk_ar, 20, "768b76606f9fa5e992204fc5a670bde3f10d6b02");
	assert_hex(keys.sk_ei, 16, "7113936a5c55b648a194ae587b0088d5");
	assert_hex(keys.sk_er, 16, "2204b702c979fa280870d2ed41efa9c5");
	assert_hex(keys.sk_pi, 20, "49fd11198af1670b143d384bd275c5f594cf266b");
	assert_hex(keys.sk_pr, 20, "05ebadca855e4249520a441a81157435a7a56cc4");
}

/* Keys of the IKE SA, and of the one that takes its place */
static void cavp_rekey(struct cavp *c, struct wire_span more,
		       struct crypto_ike_keys *old,
		       struct crypto_ike_keys *keys)
{
	cavp_init(c);
	crypto_ike_derive(&cavp_suite, c->ni, c->nr, c->gir, CAVP_SPI_I,
			  CAVP_SPI_R, old);
	assert_int_equal(crypto_ike_rekey(old, &cavp_suite, c->ni, c->nr,
					  c->gir_new, more, CAVP_SPI_I,
					  CAVP_SPI_R, keys), 0);
}

/* SKEYSEED of the rekey is NIST's 63e81194946ebd05df7df5ebf5d8750056bf1f1d. */
static void test_ike_rekey(void **state)
{
	static const struct wire_span none;
	struct crypto_ike_keys old, keys;
	struct cavp c;

	(void)state;
	cavp_rekey(&c, none, &old, &keys);
	assert_hex(keys.sk_d, 20, "25bed3c6e133ce57281cd88cc2de69f5df7316ce");
	assert_hex(keys.sk_pr, 20, "759dafaff736ac3de46235506e1e683d157b3de9");
}

/*
 * RFC 9370, section 2.2.4: SKEYSEED = prf(SK_d, SK(0) | Ni | Nr | SK(1) | ...),
 * and SK_d is the first block of prf+(SKEYSEED, Ni | Nr | SPIi | SPIr).
 */
static void test_ike_rekey_more(void **state)
{
	static const uint8_t more_data[] = "two secrets, one behind the other";
	const struct wire_span more = { more_data, sizeof(more_data) };
	uint8_t seed[CRYPTO_PRF_MAX], want[CRYPTO_PRF_MAX], spis[17];
	struct wire_span first[4], second[3];
	struct crypto_ike_keys old, keys;
	struct cavp c;

	(void)state;
	cavp_rekey(&c, more, &old, &keys);
	first[0] = c.gir_new;
	first[1] = c.ni;
	first[2] = c.nr;
	first[3] = more;
	assert_int_equal(crypto_prf(cavp_suite.prf, old.sk_d, 20, first, 4,
				    seed), 0);
	wire_put_u64(spis, CAVP_SPI_I);
	wire_put_u64(spis + 8, CAVP_SPI_R);
	spis[16] = 1;
	second[0] = c.ni;
	second[1] = c.nr;
	second[2] = (struct wire_span){ spis, sizeof(spis) };
	assert_int_equal(crypto_prf(cavp_suite.prf, seed, 20, second, 3, want),
			 0);
	assert_memory_equal(keys.sk_d, want, 20);
}

static void test_child_keys(void **state)
{
	const struct crypto_suite gcm = { .encr = IKE_ENCR_AES_GCM_16,
					  .key_bits = 128 };
	const struct crypto_suite cbc = { .encr = IKE_ENCR_AES_CBC,
					  .key_bits = 128,
					  .integ = IKE_INTEG_HMAC_SHA1_96 };
	struct crypto_child_keys keys;
	struct crypto_ike_keys ike;
	struct cavp c;

	(void)state;
	cavp_init(&c);
	crypto_ike_derive(&cavp_suite, c.ni, c.nr, c.gir, CAVP_SPI_I,
			  CAVP_SPI_R, &ike);
	assert_int_equal(crypto_child_derive(&ike, &cbc, c.ni, c.nr,
					     span(NULL, 0), &keys), 0);
	assert_int_equal(keys.enc_len, 16);
	assert_int_equal(keys.auth_len, 20);
	assert_hex(keys.enc_i, 16, "8059e3ee8810e6c3a91bc8bcd2a7a411");
	assert_hex(keys.auth_i, 20, "51b8d0e6ae239c7b38093ad85ef4c5811a8e7b5d");
	assert_hex(keys.enc_r, 16, "1cdabd9560b2d5e092d1f24e2d4b85ec");
	assert_hex(keys.auth_r, 20, "cdf0ad0dc9abd94b51ee71814ca6dbc8bb51b630");

	/* with a salt, and with g^ir of the exchange in front */
	assert_int_equal(crypto_child_derive(&ike, &gcm, c.ni, c.nr, c.gir_new,
					     &keys), 0);
	assert_int_equal(keys.enc_len, 20);
	assert_int_equal(keys.auth_len, 0);
	assert_hex(keys.enc_i, 20, "bb43244c1860ad65ee1e211ffe8bb3661750c8f8");
	assert_hex(keys.enc_r, 20, "9cb9f547df7f4fa61d37301628190e38c66232ea");
}

/* covers: ES12 */
static void test_suites(void **state)
{
	static const struct {
		struct crypto_suite suite;
		int ike;
		int child;
	} cases[] = {
		{ { 20, 128, 0, 5, 19, { 0 }, false }, 0, 0 },
		{ { 20, 256, 0, 5, 31, { 0 }, false }, 0, 0 },
		{ { 12, 256, 14, 7, 31, { 0 }, false }, 0, 0 },
		{ { 12, 128, 0, 5, 19, { 0 }, false }, -EINVAL, -EINVAL },
		{ { 20, 128, 12, 5, 19, { 0 }, false }, -EINVAL, -EINVAL },
		{ { 20, 0, 0, 5, 19, { 0 }, false }, -EINVAL, -EINVAL },
		{ { 20, 64, 0, 5, 19, { 0 }, false }, -EINVAL, -EINVAL },
		{ { 12, 129, 12, 5, 19, { 0 }, false }, -EINVAL, -EINVAL },
		{ { 11, 0, 2, 5, 19, { 0 }, false }, -EINVAL, 0 },
		{ { 11, 0, 0, 5, 19, { 0 }, false }, -EINVAL, -EINVAL },
		{ { 11, 128, 2, 5, 19, { 0 }, false }, -EINVAL, -EINVAL },
		{ { 3, 0, 2, 5, 19, { 0 }, false }, -ENOTSUP, -ENOTSUP },
		{ { 12, 128, 5, 5, 19, { 0 }, false }, -ENOTSUP, -ENOTSUP },
		{ { 20, 128, 0, 4, 19, { 0 }, false }, -ENOTSUP, 0 },
		{ { 20, 128, 0, 5, 14, { 0 }, false }, 0, 0 },
		{ { 20, 128, 0, 5, 5, { 0 }, false }, -ENOTSUP, 0 },
		{ { 28, 0, 0, 5, 32, { 0 }, false }, 0, 0 },
		{ { 28, 256, 0, 5, 32, { 0 }, false }, -EINVAL, -EINVAL },
		{ { 28, 0, 12, 5, 32, { 0 }, false }, -EINVAL, -EINVAL },
		{ { 21, 128, 0, 5, 19, { 0 }, false }, -EINVAL, 0 },
		{ { 21, 128, 2, 5, 19, { 0 }, false }, -EINVAL, -EINVAL },
		{ { 20, 128, 0, 5, 0, { 0 }, false }, -ENOTSUP, 0 },
		{ { 20, 128, 0, 5, 19, { 31, 0, 14 }, false }, 0, 0 },
		{ { 20, 128, 0, 5, 19, { 5 }, false }, -ENOTSUP, 0 },
		{ { 20, 128, 0, 5, 19, { 19 }, false }, -EINVAL, 0 },
		{ { 20, 128, 0, 5, 19, { 0, 31, 31 }, false }, -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(crypto_ike_suite_check(&cases[i].suite),
				 cases[i].ike);
		assert_int_equal(crypto_child_suite_check(&cases[i].suite),
				 cases[i].child);
	}
}

static void test_derive_refuses(void **state)
{
	struct crypto_suite bad = cavp_suite;
	struct crypto_ike_keys keys;
	uint8_t nonce[257] = { 0 };
	struct cavp c;

	(void)state;
	cavp_init(&c);
	bad.encr = IKE_ENCR_NULL;
	assert_int_not_equal(crypto_ike_derive(&bad, c.ni, c.nr, c.gir, 1, 2,
					       &keys), 0);
	assert_int_equal(keys.prf_len, 0);
	bad.prf = 0;
	assert_int_not_equal(crypto_ike_derive(&bad, c.ni, c.nr, c.gir, 1, 2,
					       &keys), 0);
	assert_int_equal(crypto_ike_derive(&cavp_suite, span(nonce, 257), c.nr,
					   c.gir, 1, 2, &keys), -EINVAL);
	assert_int_equal(crypto_ike_derive(&cavp_suite, span(NULL, 0), c.nr,
					   c.gir, 1, 2, &keys), -EINVAL);
}

/* covers: K30 */
static void test_auth_octets(void **state)
{
	static const char id[] = "\2\0\0\0mobile.example";
	struct wire_wr out = { 0 };
	uint8_t sk_p[32];

	(void)state;
	for (int i = 0; i < 32; i++)
		sk_p[i] = (uint8_t)i;
	assert_int_equal(crypto_auth_octets(IKE_PRF_HMAC_SHA2_256,
					    span("message", 7),
					    span("nonce", 5), sk_p,
					    span(id, sizeof(id) - 1), &out), 0);
	assert_hex(out.data, out.len, "6d657373616765 6e6f6e6365"
		   "f7fa698d085a98903a289c80bd0aa1225cbe99bb42c16ee864f921eae86644b4");
	assert_int_equal(crypto_auth_octets(99, span("m", 1), span("n", 1),
					    sk_p, span(id, 4), &out), -ENOTSUP);
	wire_wr_free(&out);
}

/* covers: K31 */
static void test_psk(void **state)
{
	static const char want[] =
		"1abe2e44fb6981dc5c44bffa54ae464fc0ca9d1604baf336fd5e5d43bcc5c424";
	struct wire_span psk = span("secret of two", 13), octets;
	uint8_t room[64], out[CRYPTO_PRF_MAX];
	char long_psk[200];

	(void)state;
	octets = hex("6d657373616765 6e6f6e6365"
		     "f7fa698d085a98903a289c80bd0aa1225cbe99bb42c16ee864f921eae86644b4",
		     room, sizeof(room));
	assert_int_equal(crypto_psk_auth(IKE_PRF_HMAC_SHA2_256, psk, octets,
					 out), 0);
	assert_hex(out, 32, want);
	assert_int_equal(crypto_psk_verify(IKE_PRF_HMAC_SHA2_256, psk, octets,
					   span(out, 32)), 0);

	/* every bit counts, and so does the length */
	for (int bit = 0; bit < 32 * 8; bit++) {
		out[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(crypto_psk_verify(IKE_PRF_HMAC_SHA2_256, psk,
						   octets, span(out, 32)),
				 -EBADMSG);
		out[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len <= 64; len++)
		assert_int_equal(crypto_psk_verify(IKE_PRF_HMAC_SHA2_256, psk,
						   octets, span(out, len)),
				 len == 32 ? 0 : -EBADMSG);
	psk.len--;
	assert_int_equal(crypto_psk_verify(IKE_PRF_HMAC_SHA2_256, psk, octets,
					   span(out, 32)), -EBADMSG);
	psk.len = 0;
	assert_int_equal(crypto_psk_auth(IKE_PRF_HMAC_SHA2_256, psk, octets,
					 out), -EINVAL);
	assert_int_equal(crypto_psk_verify(IKE_PRF_HMAC_SHA2_256, psk, octets,
					   span(out, 32)), -EINVAL);

	/* longer than a block of the hash */
	memset(long_psk, 'x', sizeof(long_psk));
	assert_int_equal(crypto_psk_auth(IKE_PRF_HMAC_SHA2_256,
					 span(long_psk, 200), octets, out), 0);
	assert_int_equal(crypto_psk_verify(IKE_PRF_HMAC_SHA2_256,
					   span(long_psk, 199), octets,
					   span(out, 32)), -EBADMSG);
}

static void test_natd(void **state)
{
	struct wire_endpoint ep = { .port = 500 };
	uint8_t out[IKE_NATD_LEN];

	(void)state;
	wire_addr_parse(&ep.addr, "192.0.2.1");
	assert_int_equal(crypto_natd(0x0102030405060708, 0x1112131415161718,
				     &ep, out), 0);
	assert_hex(out, 20, "d798d986143f878f70765e0e869c80bbc375f701");
	wire_addr_parse(&ep.addr, "2001:db8::1");
	ep.port = 4500;
	assert_int_equal(crypto_natd(0x0102030405060708, 0, &ep, out), 0);
	assert_hex(out, 20, "98c75483db80168697635aa7844504963e87de33");
}

/* A cookie depends on version, secret, nonce, address and SPI. covers: K23 */
static void test_cookie(void **state)
{
	uint8_t secret[CRYPTO_COOKIE_SECRET] = { 7 };
	uint8_t base[CRYPTO_COOKIE_LEN], other[CRYPTO_COOKIE_LEN];
	struct wire_span ni = span("0123456789abcdef0123456789ab", 28);
	struct wire_addr v4, v6;

	(void)state;
	wire_addr_parse(&v4, "192.0.2.1");
	assert_int_equal(crypto_cookie(1, secret, ni, &v4, 5, base), 0);
	assert_int_equal(crypto_cookie(1, secret, ni, &v4, 5, other), 0);
	assert_memory_equal(base, other, sizeof(base));
	assert_int_equal(base[0], 1);
	assert_true(sizeof(base) <= IKE_COOKIE_MAX);

	crypto_cookie(2, secret, ni, &v4, 5, other);
	assert_int_equal(other[0], 2);
	crypto_cookie(1, secret, ni, &v4, 6, other);
	assert_memory_not_equal(base, other, sizeof(base));
	crypto_cookie(1, secret, span(ni.p, 27), &v4, 5, other);
	assert_memory_not_equal(base, other, sizeof(base));
	v4.a[3]++;
	crypto_cookie(1, secret, ni, &v4, 5, other);
	assert_memory_not_equal(base, other, sizeof(base));
	v4.a[3]--;
	secret[31]++;
	crypto_cookie(1, secret, ni, &v4, 5, other);
	assert_memory_not_equal(base, other, sizeof(base));
	secret[31]--;

	/* What an IPv6 address ends with may not pass for a nonce. */
	memset(&v6, 0, sizeof(v6));
	v6.family = 6;
	memcpy(v6.a, v4.a, 4);
	crypto_cookie(1, secret, span(ni.p, 16), &v6, 5, other);
	assert_memory_not_equal(base, other, sizeof(base));
}

static void test_util(void **state)
{
	uint8_t a[64] = { 0 }, b[64] = { 0 };

	(void)state;
	assert_int_equal(crypto_random(NULL, a, sizeof(a)), 0);
	assert_int_equal(crypto_random(NULL, b, sizeof(b)), 0);
	assert_false(crypto_equal(a, b, sizeof(a)));
	assert_true(crypto_equal(a, a, sizeof(a)));
	assert_true(crypto_equal(a, b, 0));
	memset(b, 0, sizeof(b));
	crypto_wipe(a, sizeof(a));
	assert_memory_equal(a, b, sizeof(a));
	crypto_wipe(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_prf_plus_limits),
		cmocka_unit_test(test_ike_keys),
		cmocka_unit_test(test_ike_rekey),
		cmocka_unit_test(test_ike_rekey_more),
		cmocka_unit_test(test_child_keys),
		cmocka_unit_test(test_suites),
		cmocka_unit_test(test_derive_refuses),
		cmocka_unit_test(test_auth_octets),
		cmocka_unit_test(test_psk),
		cmocka_unit_test(test_natd),
		cmocka_unit_test(test_cookie),
		cmocka_unit_test(test_util),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
