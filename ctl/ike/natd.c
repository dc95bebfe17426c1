// SPDX-License-Identifier: GPL-2.0
/* NAT detection (RFC 7296, section 2.23). */
#include "crypto/util.h"
#include "ike/priv.h"

void ike_put_natd(const struct ike_sa *sa, struct wire_enc *b,
		  const struct wire_endpoint *from,
		  const struct wire_endpoint *to)
{
	uint8_t hash[IKE_NATD_LEN];

	crypto_natd(sa->spi_i, sa->spi_r, from, hash);
	wire_notify_encode(b, IKE_N_NAT_DETECTION_SOURCE_IP, hash,
			   sizeof(hash));
	crypto_natd(sa->spi_i, sa->spi_r, to, hash);
	wire_notify_encode(b, IKE_N_NAT_DETECTION_DESTINATION_IP, hash,
			   sizeof(hash));
}

/**
 * ike_natd_check() - what the NATD payloads of a message say
 * @spi_i: SPIs as in its header
 * @spi_r: likewise
 * @local: where it came to
 * @remote: where it came from
 * @msg: message
 *
 * A sender with several addresses may list several sources: one has to fit.
 *
 * Return: IKE_NATD_*.
 */
unsigned int ike_natd_check(uint64_t spi_i, uint64_t spi_r,
			    const struct wire_endpoint *local,
			    const struct wire_endpoint *remote,
			    const struct wire_msg *msg)
{
	bool source = false, source_ok = false, dest = false, dest_ok = false;
	uint8_t from[IKE_NATD_LEN], to[IKE_NATD_LEN];
	const struct wire_payload *pl = NULL;
	unsigned int found = 0;
	struct wire_notify n;

	if (crypto_natd(spi_i, spi_r, remote, from) ||
	    crypto_natd(spi_i, spi_r, local, to))
		return IKE_NATD_ABSENT;
	while ((pl = wire_msg_next(msg, IKE_PL_NOTIFY, pl))) {
		if (wire_notify_decode(pl, &n) != WIRE_OK)
			continue;
		if (n.type == IKE_N_NAT_DETECTION_SOURCE_IP) {
			source = true;
			source_ok |= n.data.len == sizeof(from) &&
				     crypto_equal(n.data.p, from, sizeof(from));
		} else if (n.type == IKE_N_NAT_DETECTION_DESTINATION_IP) {
			dest = true;
			dest_ok |= n.data.len == sizeof(to) &&
				   crypto_equal(n.data.p, to, sizeof(to));
		}
	}
	if (!source || !dest)
		return IKE_NATD_ABSENT;
	if (!source_ok)
		found |= IKE_NATD_REMOTE;
	if (!dest_ok)
		found |= IKE_NATD_LOCAL;
	return found ? found : IKE_NATD_NONE;
}

unsigned int ike_in_natd(const struct ike_sa *sa, const struct ike_in *in)
{
	return ike_natd_check(sa->spi_i, sa->spi_r, &in->local, &in->remote,
			      in->msg);
}
