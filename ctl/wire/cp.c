// SPDX-License-Identifier: GPL-2.0
/* CP and EAP payloads. */
#include <string.h>

#include "wire/cp.h"

#define ATTR_RESERVED	0x8000
#define EAP_HDR_LEN	4

/* Lengths of section 3.15.1; an empty value asks for one. */
static bool attr_len_ok(const struct wire_cp_attr *a)
{
	size_t len = a->value.len;

	switch (a->type) {
	case IKE_CFG_IP4_ADDRESS:
	case IKE_CFG_IP4_NETMASK:
	case IKE_CFG_IP4_DNS:
	case IKE_CFG_IP4_NBNS:
	case IKE_CFG_IP4_DHCP:
		return !len || len == 4;
	case IKE_CFG_IP6_DNS:
	case IKE_CFG_IP6_DHCP:
		return !len || len == 16;
	case IKE_CFG_IP4_SUBNET:
		return !len || len == 8;
	case IKE_CFG_IP6_ADDRESS:
	case IKE_CFG_IP6_SUBNET:
		return !len || (len == 17 && a->value.p[16] <= 128);
	case IKE_CFG_SUPPORTED_ATTRIBUTES:
		return len % 2 == 0;
	}
	return true;
}

enum wire_err wire_cp_decode(const struct wire_payload *pl, struct wire_cp *cp)
{
	struct wire_cp_attr a;
	struct wire_rd rd;

	memset(cp, 0, sizeof(*cp));
	wire_rd_init(&rd, pl->body, pl->len);
	cp->type = wire_rd_u8(&rd);
	wire_rd_bytes(&rd, 3);
	if (rd.bad)
		return WIRE_E_SHORT;
	if (cp->type < IKE_CFG_REQUEST || cp->type > IKE_CFG_ACK)
		return WIRE_E_VALUE;
	while (rd.left) {
		a.type = wire_rd_u16(&rd) & (uint16_t)~ATTR_RESERVED;
		a.value.len = wire_rd_u16(&rd);
		a.value.p = wire_rd_bytes(&rd, a.value.len);
		if (rd.bad || !attr_len_ok(&a))
			return WIRE_E_LENGTH;
		if (cp->n < WIRE_MAX_CP_ATTRS)
			cp->attr[cp->n++] = a;
		else
			cp->skipped++;
	}
	return WIRE_OK;
}

void wire_cp_encode(struct wire_enc *enc, const struct wire_cp *cp)
{
	wire_enc_payload(enc, IKE_PL_CP);
	wire_wr_u8(&enc->wr, cp->type);
	wire_wr_zero(&enc->wr, 3);
	for (unsigned int i = 0; i < cp->n; i++) {
		const struct wire_cp_attr *a = &cp->attr[i];

		wire_wr_u16(&enc->wr, a->type & (uint16_t)~ATTR_RESERVED);
		wire_wr_u16(&enc->wr, (uint16_t)a->value.len);
		wire_wr_bytes(&enc->wr, a->value.p, a->value.len);
	}
	wire_enc_end(enc);
}

static bool eap_has_type(uint8_t code)
{
	return code == IKE_EAP_REQUEST || code == IKE_EAP_RESPONSE;
}

enum wire_err wire_eap_decode(const struct wire_payload *pl,
			      struct wire_eap *eap)
{
	struct wire_rd rd;
	uint16_t len;

	memset(eap, 0, sizeof(*eap));
	wire_rd_init(&rd, pl->body, pl->len);
	eap->code = wire_rd_u8(&rd);
	eap->id = wire_rd_u8(&rd);
	len = wire_rd_u16(&rd);
	if (rd.bad)
		return WIRE_E_SHORT;
	if (len != pl->len)
		return WIRE_E_LENGTH;
	if (eap->code < IKE_EAP_REQUEST || eap->code > IKE_EAP_FAILURE)
		return WIRE_E_VALUE;
	if (!eap_has_type(eap->code))
		return rd.left ? WIRE_E_LENGTH : WIRE_OK;
	eap->type = wire_rd_u8(&rd);
	if (rd.bad)
		return WIRE_E_SHORT;
	eap->data.len = rd.left;
	eap->data.p = wire_rd_bytes(&rd, rd.left);
	return WIRE_OK;
}

void wire_eap_encode(struct wire_enc *enc, const struct wire_eap *eap)
{
	bool typed = eap_has_type(eap->code);

	wire_enc_payload(enc, IKE_PL_EAP);
	wire_wr_u8(&enc->wr, eap->code);
	wire_wr_u8(&enc->wr, eap->id);
	wire_wr_u16(&enc->wr, (uint16_t)(EAP_HDR_LEN +
					 (typed ? 1 + eap->data.len : 0)));
	if (typed) {
		wire_wr_u8(&enc->wr, eap->type);
		wire_wr_bytes(&enc->wr, eap->data.p, eap->data.len);
	}
	wire_enc_end(enc);
}
