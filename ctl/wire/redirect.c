// SPDX-License-Identifier: GPL-2.0
/* REDIRECT and REDIRECTED_FROM: who a gateway is. */
#include <string.h>

#include "wire/redirect.h"

/* GW Ident Type; 3, a domain name, is nothing that could be checked. */
#define GW_IPV4	1
#define GW_IPV6	2

enum wire_err wire_redirect_decode(const struct wire_notify *n,
				   struct wire_redirect *r)
{
	const uint8_t *octets;
	struct wire_rd rd;
	uint8_t type, len;

	memset(r, 0, sizeof(*r));
	wire_rd_init(&rd, n->data.p, n->data.len);
	type = wire_rd_u8(&rd);
	len = wire_rd_u8(&rd);
	octets = wire_rd_bytes(&rd, len);
	if (rd.bad)
		return WIRE_E_SHORT;
	if (type != GW_IPV4 && type != GW_IPV6)
		return WIRE_E_VALUE;
	r->addr.family = type == GW_IPV4 ? 4 : 6;
	if (len != wire_addr_len(r->addr.family))
		return WIRE_E_LENGTH;
	memcpy(r->addr.a, octets, len);
	r->nonce.len = rd.left;
	r->nonce.p = wire_rd_bytes(&rd, rd.left);
	return WIRE_OK;
}

size_t wire_redirect_data(const struct wire_redirect *r,
			  uint8_t out[WIRE_REDIRECT_MAX])
{
	size_t len = wire_addr_len(r->addr.family);

	out[0] = r->addr.family == 4 ? GW_IPV4 : GW_IPV6;
	out[1] = (uint8_t)len;
	memcpy(out + 2, r->addr.a, len);
	if (r->nonce.len)
		memcpy(out + 2 + len, r->nonce.p, r->nonce.len);
	return 2 + len + r->nonce.len;
}
