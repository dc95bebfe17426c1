/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AUTH with a pre-shared key (RFC 7296 section 2.15), in two steps: who runs the
 * exchange computes the octets to be signed, who keeps the credentials signs.
 * And the two hashes of IKE_SA_INIT: NAT detection and cookies.
 */
#ifndef MOBX_CRYPTO_AUTH_H
#define MOBX_CRYPTO_AUTH_H

#include "crypto/prf.h"
#include "wire/addr.h"
#include "wire/ike_const.h"

#define CRYPTO_COOKIE_SECRET	32
#define CRYPTO_COOKIE_LEN	33

/**
 * crypto_auth_octets() - the octets that AUTH covers (K30)
 * @prf: enum ike_prf of the IKE SA.
 * @message: The signer's IKE_SA_INIT message as last sent, from the first SPI
 *   octet (no non-ESP marker).
 * @nonce: The other side's nonce.
 * @sk_p: SK_pi when the initiator signs, else SK_pr; crypto_prf_len() octets.
 * @id_body: Body of the signer's ID payload, with type and reserved octets.
 * @out: Appended to.
 *
 * Return: 0, -ENOTSUP, -ENOMEM or -EIO.
 */
int crypto_auth_octets(uint16_t prf, struct wire_span message,
		       struct wire_span nonce, const uint8_t *sk_p,
		       struct wire_span id_body, struct wire_wr *out);

/**
 * crypto_psk_auth() - AUTH data from a pre-shared key (K31)
 * @prf: enum ike_prf of the IKE SA.
 * @psk: The key, without a terminator.
 * @octets: From crypto_auth_octets().
 * @out: Result of crypto_prf_len() octets, zeroed on failure.
 *
 * Return: 0, -EINVAL for an empty key, -ENOTSUP or -EIO.
 */
int crypto_psk_auth(uint16_t prf, struct wire_span psk,
		    struct wire_span octets, uint8_t out[CRYPTO_PRF_MAX]);

/**
 * crypto_psk_verify() - check the peer's AUTH data
 * @prf: enum ike_prf of the IKE SA.
 * @psk: The key.
 * @octets: From crypto_auth_octets() with the peer as signer.
 * @auth: AUTH data received.
 *
 * Return: 0, -EBADMSG when it does not match, else as crypto_psk_auth().
 */
int crypto_psk_verify(uint16_t prf, struct wire_span psk,
		      struct wire_span octets, struct wire_span auth);

/**
 * crypto_natd() - NAT_DETECTION_*_IP data: SHA-1(SPIs | address | port)
 * @spi_i: Initiator's SPI.
 * @spi_r: Responder's SPI, 0 in the first message.
 * @ep: Source or destination (RFC 7296 section 2.23).
 * @out: Hash, zeroed on failure.
 *
 * Return: 0 or -EIO.
 */
int crypto_natd(uint64_t spi_i, uint64_t spi_r, const struct wire_endpoint *ep,
		uint8_t out[IKE_NATD_LEN]);

/**
 * crypto_cookie() - a stateless cookie (K23)
 * @version: Which secret it is made with; the first octet of the cookie.
 * @secret: Secret of that version.
 * @ni: The initiator's nonce.
 * @remote: Where its message came from (the port does not count).
 * @spi_i: Its SPI.
 * @out: version | HMAC-SHA-256(secret, family | IPi | SPIi | Ni), zeroed on
 *   failure.
 *
 * Return: 0 or -EIO.
 */
int crypto_cookie(uint8_t version, const uint8_t secret[CRYPTO_COOKIE_SECRET],
		  struct wire_span ni, const struct wire_addr *remote,
		  uint64_t spi_i, uint8_t out[CRYPTO_COOKIE_LEN]);

#endif
