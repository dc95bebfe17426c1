/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Certificates and what is asked of them (RFC 7296 sections 3.6 and 3.7), and
 * the hash algorithms that signatures may use (RFC 7427 section 4).
 */
#ifndef MOBX_WIRE_CERT_H
#define MOBX_WIRE_CERT_H

#include "wire/payload.h"

/**
 * struct wire_cert - Certificate
 * @encoding: enum ike_cert_encoding, or any other value.
 * @data: The certificate, never empty.
 */
struct wire_cert {
	uint8_t encoding;
	struct wire_span data;
};

enum wire_err wire_cert_decode(const struct wire_payload *pl,
			       struct wire_cert *cert);
void wire_cert_encode(struct wire_enc *enc, uint8_t encoding,
		      const uint8_t *data, size_t len);

/**
 * wire_cert_list_add() - append a certificate to a list of them
 * @wr: The list: for each the encoding, two octets of length, the certificate.
 * @cert: What to append, at most 65535 octets.
 *
 * Such lists go from process to process, never over the network.
 */
void wire_cert_list_add(struct wire_wr *wr, const struct wire_cert *cert);

/**
 * wire_cert_list_next() - walk over a list
 * @rd: Reader of the list.
 * @cert: Filled.
 *
 * Return: whether there was one more; false at the end, and with @rd bad for a
 * list that is cut.
 */
bool wire_cert_list_next(struct wire_rd *rd, struct wire_cert *cert);

/**
 * struct wire_certreq - Certificate Request
 * @encoding: enum ike_cert_encoding, or any other value.
 * @data: For X.509 the SHA-1 hashes of the public keys of certification
 *   authorities, IKE_CA_HASH_LEN octets each; may be empty.
 */
struct wire_certreq {
	uint8_t encoding;
	struct wire_span data;
};

enum wire_err wire_certreq_decode(const struct wire_payload *pl,
				  struct wire_certreq *req);
void wire_certreq_encode(struct wire_enc *enc, uint8_t encoding,
			 const uint8_t *data, size_t len);

/**
 * wire_hashes_decode() - the data of SIGNATURE_HASH_ALGORITHMS
 * @n: Notify of that type.
 * @hashes: Gets a bit 1 << enum ike_hash for each one that mobx knows.
 *
 * Return: WIRE_OK, or WIRE_E_LENGTH when it is no list of 16-bit numbers.
 */
enum wire_err wire_hashes_decode(const struct wire_notify *n,
				 unsigned int *hashes);

/**
 * wire_hashes_encode() - add SIGNATURE_HASH_ALGORITHMS
 * @enc: Message.
 * @hashes: Bits as above.
 */
void wire_hashes_encode(struct wire_enc *enc, unsigned int hashes);

#endif
