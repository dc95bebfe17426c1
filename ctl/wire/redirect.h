/* SPDX-License-Identifier: GPL-2.0 */
/* REDIRECT and REDIRECTED_FROM (RFC 5685 section 7). */
#ifndef MOBX_WIRE_REDIRECT_H
#define MOBX_WIRE_REDIRECT_H

#include "wire/addr.h"
#include "wire/ike_const.h"
#include "wire/payload.h"

/* Type, length, an IPv6 address, a nonce */
#define WIRE_REDIRECT_MAX	(2 + 16 + IKE_NONCE_MAX)

/**
 * struct wire_redirect - where an initiator is sent, or was sent from
 * @addr: Address of the other gateway.
 * @nonce: The initiator's nonce in an answer to IKE_SA_INIT, else empty.
 */
struct wire_redirect {
	struct wire_addr addr;
	struct wire_span nonce;
};

/**
 * wire_redirect_decode() - the data of such a notify
 * @n: Notify.
 * @r: Filled on success.
 *
 * Return: WIRE_OK; WIRE_E_SHORT or WIRE_E_LENGTH; WIRE_E_VALUE for a gateway
 * that is not named by an address.
 */
enum wire_err wire_redirect_decode(const struct wire_notify *n,
				   struct wire_redirect *r);

/**
 * wire_redirect_data() - the data to be sent
 * @r: Gateway and nonce of at most IKE_NONCE_MAX octets.
 * @out: Result.
 *
 * Return: its octets.
 */
size_t wire_redirect_data(const struct wire_redirect *r,
			  uint8_t out[WIRE_REDIRECT_MAX]);

#endif
