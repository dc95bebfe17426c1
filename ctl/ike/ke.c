// SPDX-License-Identifier: GPL-2.0
/* Values of key exchanges: ours, and the peer's. */
#include "crypto/util.h"
#include "ike/priv.h"

/** ike_make_ke() - an initiator's half, as crypto_ke_generate() */
int ike_make_ke(struct ike_engine *eng, struct crypto_ke *ke, uint16_t group)
{
	uint8_t random[CRYPTO_KE_RANDOM];
	int rc = ike_random(eng, random, sizeof(random));

	if (!rc)
		rc = crypto_ke_generate(ke, group, random);
	crypto_wipe(random, sizeof(random));
	return rc;
}

/** ike_answer_ke() - a responder's value and the secret, as crypto_ke_answer() */
int ike_answer_ke(struct ike_engine *eng, struct crypto_ke *ke,
		  const struct wire_ke *theirs, uint8_t *shared, size_t *len)
{
	uint8_t random[CRYPTO_KE_RANDOM];
	int rc = ike_random(eng, random, sizeof(random));

	if (!rc)
		rc = crypto_ke_answer(ke, theirs->group, random, theirs->data.p,
				      theirs->data.len, shared, len);
	crypto_wipe(random, sizeof(random));
	return rc;
}

/**
 * ike_ke_value() - the peer's value of the group that is due
 * @msg: well-formed message
 * @group: that group, or IKE_KE_NONE
 * @ke: gets it
 *
 * Return: false if the message has none of that group and its length.
 */
bool ike_ke_value(const struct wire_msg *msg, uint16_t group,
		  struct wire_ke *ke)
{
	const struct wire_payload *pl = wire_msg_only(msg, IKE_PL_KE);
	size_t len = msg->hdr.flags & IKE_FLAG_RESPONSE ?
		     crypto_ke_answer_len(group) : crypto_ke_public_len(group);

	return group != IKE_KE_NONE && pl &&
	       wire_ke_decode(pl, ke) == WIRE_OK && ke->group == group &&
	       ke->data.len == len;
}
