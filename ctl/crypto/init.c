// SPDX-License-Identifier: GPL-2.0
/* A first run of everything that is asked of libcrypto. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "crypto/auth.h"
#include "crypto/ke.h"
#include "crypto/keys.h"
#include "crypto/sk.h"
#include "crypto/util.h"

static int try_prf(uint16_t prf, const uint8_t answer[4])
{
	static const uint8_t data[] = "what do ya want for nothing?";
	const struct wire_span part = { data, sizeof(data) - 1 };
	uint8_t out[CRYPTO_PRF_MAX];
	int err = crypto_prf(prf, (const uint8_t *)"Jefe", 4, &part, 1, out);

	return err ? err : memcmp(out, answer, 4) ? -EIO : 0;
}

/* The second test case of RFC 2202 and of RFC 4231, first octets */
static int try_prfs(void)
{
	static const struct {
		uint16_t prf;
		uint8_t answer[4];
	} cases[] = {
		{ IKE_PRF_HMAC_SHA1, { 0xef, 0xfc, 0xdf, 0x6a } },
		{ IKE_PRF_HMAC_SHA2_256, { 0x5b, 0xdc, 0xc1, 0x46 } },
		{ IKE_PRF_HMAC_SHA2_384, { 0xaf, 0x45, 0xd2, 0xe3 } },
		{ IKE_PRF_HMAC_SHA2_512, { 0x16, 0x4b, 0x7a, 0x7b } },
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(cases) / sizeof(cases[0]); i++)
		err = try_prf(cases[i].prf, cases[i].answer);
	return err;
}

static int try_ke(uint16_t group)
{
	static const uint8_t random[2][CRYPTO_KE_RANDOM] = { { 1 }, { 2 } };
	uint8_t shared[2][CRYPTO_KE_SHARED_MAX];
	struct crypto_ke a, b;
	size_t len;
	int err;

	err = crypto_ke_generate(&a, group, random[0]);
	if (!err)
		err = crypto_ke_answer(&b, group, random[1], a.pub, a.pub_len,
				       shared[1], &len);
	if (!err)
		err = crypto_ke_shared(&a, b.pub, b.pub_len, shared[0], &len);
	if (!err && memcmp(shared[0], shared[1], len))
		err = -EIO;
	return err;
}

static int try_sk(uint16_t encr, uint16_t key_bits, uint16_t integ)
{
	static const uint8_t random[16], inner[4] = { 0, 0, 0, 4 };
	const struct wire_hdr hdr = { .spi_i = 1, .spi_r = 2 };
	struct crypto_ike_keys keys = {
		.suite = { .encr = encr, .key_bits = key_bits, .integ = integ,
			   .prf = IKE_PRF_HMAC_SHA2_256, .ke = IKE_KE_ECP256 },
	};
	uint8_t plain[64];
	struct wire_wr out = { 0 };
	enum wire_err syntax;
	struct wire_msg msg;
	int err;

	err = crypto_sk_seal(&keys, true, &hdr, IKE_PL_VENDOR, inner,
			     sizeof(inner), random, &out);
	if (!err && wire_msg_parse(out.data, out.len, &msg))
		err = -EIO;
	if (!err)
		err = crypto_sk_open(&keys, true, &msg, plain, sizeof(plain),
				     &syntax);
	if (!err && (syntax || msg.n != 1))
		err = -EIO;
	wire_wr_free(&out);
	return err;
}

int crypto_init(void)
{
	/* One of each kind: the large primes would take a while. */
	static const uint16_t kes[] = {
		IKE_KE_MODP2048, IKE_KE_ECP256, IKE_KE_ECP384, IKE_KE_ECP521,
		IKE_KE_X25519, IKE_KE_X448, IKE_KE_MLKEM768
	};
	static const uint16_t bits[] = { 128, 192, 256 };
	const struct wire_endpoint nowhere = { { 4, { 0 } }, 0 };
	uint8_t hash[IKE_NATD_LEN];
	int err;

	/* The time zone, which every comparison of times asks for. */
	tzset();
	err = crypto_natd(0, 0, &nowhere, hash);
	if (!err)
		err = try_prfs();
	for (size_t i = 0; !err && i < sizeof(kes) / sizeof(kes[0]); i++)
		if (crypto_ke_usable(kes[i]))
			err = try_ke(kes[i]);
	if (!err)
		err = try_sk(IKE_ENCR_CHACHA20_POLY1305, 0, IKE_INTEG_NONE);
	for (size_t i = 0; !err && i < sizeof(bits) / sizeof(bits[0]); i++) {
		err = try_sk(IKE_ENCR_AES_GCM_16, bits[i], IKE_INTEG_NONE);
		if (!err)
			err = try_sk(IKE_ENCR_AES_CBC, bits[i],
				     IKE_INTEG_HMAC_SHA2_256_128);
	}
	return err;
}
