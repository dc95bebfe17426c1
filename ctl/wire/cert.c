// SPDX-License-Identifier: GPL-2.0
/* CERT, CERTREQ and SIGNATURE_HASH_ALGORITHMS. */
#include "wire/cert.h"

enum wire_err wire_cert_decode(const struct wire_payload *pl,
			       struct wire_cert *cert)
{
	struct wire_rd rd;

	wire_rd_init(&rd, pl->body, pl->len);
	cert->encoding = wire_rd_u8(&rd);
	if (!rd.left)
		return WIRE_E_SHORT;
	cert->data.len = rd.left;
	cert->data.p = wire_rd_bytes(&rd, rd.left);
	return WIRE_OK;
}

void wire_cert_encode(struct wire_enc *enc, uint8_t encoding,
		      const uint8_t *data, size_t len)
{
	wire_enc_payload(enc, IKE_PL_CERT);
	wire_wr_u8(&enc->wr, encoding);
	wire_wr_bytes(&enc->wr, data, len);
	wire_enc_end(enc);
}

void wire_cert_list_add(struct wire_wr *wr, const struct wire_cert *cert)
{
	if (cert->data.len > UINT16_MAX) {
		wr->bad = true;
		return;
	}
	wire_wr_u8(wr, cert->encoding);
	wire_wr_u16(wr, (uint16_t)cert->data.len);
	wire_wr_bytes(wr, cert->data.p, cert->data.len);
}

bool wire_cert_list_next(struct wire_rd *rd, struct wire_cert *cert)
{
	if (!rd->left)
		return false;
	cert->encoding = wire_rd_u8(rd);
	cert->data.len = wire_rd_u16(rd);
	cert->data.p = wire_rd_bytes(rd, cert->data.len);
	return !rd->bad;
}

enum wire_err wire_certreq_decode(const struct wire_payload *pl,
				  struct wire_certreq *req)
{
	struct wire_rd rd;

	wire_rd_init(&rd, pl->body, pl->len);
	req->encoding = wire_rd_u8(&rd);
	if (rd.bad)
		return WIRE_E_SHORT;
	req->data.len = rd.left;
	req->data.p = wire_rd_bytes(&rd, rd.left);
	if (req->encoding == IKE_CERT_X509_SIGNATURE &&
	    req->data.len % IKE_CA_HASH_LEN)
		return WIRE_E_LENGTH;
	return WIRE_OK;
}

void wire_certreq_encode(struct wire_enc *enc, uint8_t encoding,
			 const uint8_t *data, size_t len)
{
	wire_enc_payload(enc, IKE_PL_CERTREQ);
	wire_wr_u8(&enc->wr, encoding);
	wire_wr_bytes(&enc->wr, data, len);
	wire_enc_end(enc);
}

enum wire_err wire_hashes_decode(const struct wire_notify *n,
				 unsigned int *hashes)
{
	struct wire_rd rd;

	*hashes = 0;
	wire_rd_init(&rd, n->data.p, n->data.len);
	while (rd.left) {
		uint16_t hash = wire_rd_u16(&rd);

		if (rd.bad)
			return WIRE_E_LENGTH;
		if (hash >= IKE_HASH_SHA1 && hash <= IKE_HASH_IDENTITY)
			*hashes |= 1u << hash;
	}
	return WIRE_OK;
}

void wire_hashes_encode(struct wire_enc *enc, unsigned int hashes)
{
	uint8_t data[2 * IKE_HASH_IDENTITY];
	size_t len = 0;

	for (uint16_t h = IKE_HASH_SHA1; h <= IKE_HASH_IDENTITY; h++) {
		if (!(hashes & 1u << h))
			continue;
		wire_put_u16(data + len, h);
		len += 2;
	}
	wire_notify_encode(enc, IKE_N_SIGNATURE_HASH_ALGORITHMS, data, len);
}
