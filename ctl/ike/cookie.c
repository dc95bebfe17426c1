// SPDX-License-Identifier: GPL-2.0
/*
 * Cookies: no memory for those who cannot receive at the address they claim
 * (RFC 7296, section 2.6).
 */
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

/* A secret makes cookies this long, and is believed as long again. */
#define SECRET_US (60 * IKE_SECOND)

static void secret_rotate(struct ike_engine *eng)
{
	if (eng->cookie_us && eng->now < eng->cookie_us + SECRET_US)
		return;
	if (!eng->cookie_us || eng->now >= eng->cookie_us + 2 * SECRET_US)
		ike_random(eng, eng->cookie_secret[0],
			   sizeof(eng->cookie_secret[0]));
	memcpy(eng->cookie_secret[1], eng->cookie_secret[0],
	       sizeof(eng->cookie_secret[0]));
	ike_random(eng, eng->cookie_secret[0], sizeof(eng->cookie_secret[0]));
	eng->cookie_version++;
	eng->cookie_us = eng->now ? eng->now : 1;
}

static bool genuine(struct ike_engine *eng, const struct ike_ev_packet *pkt,
		    const struct wire_msg *msg, struct wire_span ni,
		    struct wire_span cookie)
{
	uint8_t made[CRYPTO_COOKIE_LEN], age;

	if (cookie.len != sizeof(made))
		return false;
	age = (uint8_t)(eng->cookie_version - cookie.p[0]);
	if (age > 1)
		return false;
	if (crypto_cookie(cookie.p[0], eng->cookie_secret[age], ni,
			  &pkt->remote.addr, msg->hdr.spi_i, made))
		return false;
	return crypto_equal(made, cookie.p, sizeof(made));
}

/**
 * ike_cookie_check() - is an IKE_SA_INIT request worth an answer
 * @eng: engine
 * @pkt: the datagram
 * @msg: the request
 * @ni: its nonce
 * @fresh: gets the cookie to be asked for
 *
 * Return: whether the request may go on. A wrong cookie is as good as none.
 */
enum ike_cookie ike_cookie_check(struct ike_engine *eng,
				 const struct ike_ev_packet *pkt,
				 const struct wire_msg *msg,
				 struct wire_span ni,
				 uint8_t fresh[CRYPTO_COOKIE_LEN])
{
	struct wire_notify n;

	if (eng->half_open < eng->s.cookie_threshold)
		return IKE_COOKIE_FINE;
	secret_rotate(eng);
	if (wire_notify_find(msg, IKE_N_COOKIE, &n) &&
	    genuine(eng, pkt, msg, ni, n.data))
		return IKE_COOKIE_FINE;
	crypto_cookie(eng->cookie_version, eng->cookie_secret[0], ni,
		      &pkt->remote.addr, msg->hdr.spi_i, fresh);
	return IKE_COOKIE_WANTED;
}
