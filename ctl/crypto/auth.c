// SPDX-License-Identifier: GPL-2.0
/* AUTH with a pre-shared key, NAT detection hashes, cookies. */
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "crypto/auth.h"
#include "crypto/hmac.h"
#include "crypto/util.h"

/* message | nonce | prf(SK_p, body of the ID payload) */
int crypto_auth_octets(uint16_t prf, struct wire_span message,
		       struct wire_span nonce, const uint8_t *sk_p,
		       struct wire_span id_body, struct wire_wr *out)
{
	size_t len = crypto_prf_len(prf);
	uint8_t maced_id[CRYPTO_PRF_MAX];
	int err;

	err = crypto_prf(prf, sk_p, len, &id_body, 1, maced_id);
	if (err)
		return err;
	wire_wr_bytes(out, message.p, message.len);
	wire_wr_bytes(out, nonce.p, nonce.len);
	wire_wr_bytes(out, maced_id, len);
	return out->bad ? -ENOMEM : 0;
}

int crypto_psk_auth(uint16_t prf, struct wire_span psk, struct wire_span octets,
		    uint8_t out[CRYPTO_PRF_MAX])
{
	static const char pad[] = "Key Pad for IKEv2";
	const struct wire_span pad_span = { (const uint8_t *)pad,
					    sizeof(pad) - 1 };
	uint8_t key[CRYPTO_PRF_MAX];
	int err;

	memset(out, 0, CRYPTO_PRF_MAX);
	if (!psk.len)
		return -EINVAL;
	err = crypto_prf(prf, psk.p, psk.len, &pad_span, 1, key);
	if (!err)
		err = crypto_prf(prf, key, crypto_prf_len(prf), &octets, 1,
				 out);
	crypto_wipe(key, sizeof(key));
	return err;
}

int crypto_psk_verify(uint16_t prf, struct wire_span psk,
		      struct wire_span octets, struct wire_span auth)
{
	uint8_t expected[CRYPTO_PRF_MAX];
	int err;

	err = crypto_psk_auth(prf, psk, octets, expected);
	if (!err && (auth.len != crypto_prf_len(prf) ||
		     !crypto_equal(expected, auth.p, auth.len)))
		err = -EBADMSG;
	crypto_wipe(expected, sizeof(expected));
	return err;
}

int crypto_natd(uint64_t spi_i, uint64_t spi_r, const struct wire_endpoint *ep,
		uint8_t out[IKE_NATD_LEN])
{
	uint8_t data[2 * IKE_SPI_LEN + 16 + 2];
	size_t len = wire_addr_len(ep->addr.family);
	unsigned int out_len = 0;

	wire_put_u64(data, spi_i);
	wire_put_u64(data + 8, spi_r);
	memcpy(data + 16, ep->addr.a, len);
	wire_put_u16(data + 16 + len, ep->port);
	memset(out, 0, IKE_NATD_LEN);
	if (!EVP_Digest(data, 16 + len + 2, out, &out_len, EVP_sha1(), NULL) ||
	    out_len != IKE_NATD_LEN)
		return -EIO;
	return 0;
}

int crypto_cookie(uint8_t version, const uint8_t secret[CRYPTO_COOKIE_SECRET],
		  struct wire_span ni, const struct wire_addr *remote,
		  uint64_t spi_i, uint8_t out[CRYPTO_COOKIE_LEN])
{
	uint8_t spi[IKE_SPI_LEN];
	/* The nonce, whose length the initiator picks, comes last. */
	const struct wire_span parts[] = {
		{ &remote->family, 1 },
		{ remote->a, wire_addr_len(remote->family) },
		{ spi, sizeof(spi) },
		ni,
	};
	int err;

	wire_put_u64(spi, spi_i);
	memset(out, 0, CRYPTO_COOKIE_LEN);
	err = crypto_hmac("SHA256", secret, CRYPTO_COOKIE_SECRET, parts, 4,
			  out + 1, CRYPTO_COOKIE_LEN - 1);
	if (!err)
		out[0] = version;
	return err;
}
