/* SPDX-License-Identifier: GPL-2.0 */
/* What a kind of group has to do; ke.c chooses and checks lengths. */
#ifndef MOBX_CRYPTO_KE_GROUP_H
#define MOBX_CRYPTO_KE_GROUP_H

#include "crypto/ke.h"

struct ke_group;

/**
 * struct ke_kind - the operations of one kind of group
 * @generate: a key pair from random octets
 * @from_private: a key pair from a private value of the group's length
 * @answer: a responder's value and the secret, from an initiator's value of the
 *	group's length and random octets
 * @shared: the secret, from a responder's value of the group's length
 *
 * Return values are those of the functions of ke.h.
 */
struct ke_kind {
	int (*generate)(const struct ke_group *g, struct crypto_ke *ke,
			const uint8_t random[CRYPTO_KE_RANDOM]);
	int (*from_private)(const struct ke_group *g, struct crypto_ke *ke,
			    const uint8_t *priv);
	int (*answer)(const struct ke_group *g, struct crypto_ke *ke,
		      const uint8_t random[CRYPTO_KE_RANDOM],
		      const uint8_t *peer, uint8_t *shared);
	int (*shared)(const struct ke_group *g, const struct crypto_ke *ke,
		      const uint8_t *peer, uint8_t *shared);
};

/**
 * struct ke_group - one group
 * @id: enum ike_ke_group
 * @kind: its operations
 * @nid: libcrypto's number of the curve; the bits of the prime for modp
 * @priv_len: octets of a private value
 * @pub_len: octets of an initiator's value
 * @answer_len: octets of a responder's value
 * @shared_len: octets of the secret
 * @kem: libcrypto's name of a key encapsulation mechanism, else NULL
 */
struct ke_group {
	uint16_t id;
	const struct ke_kind *kind;
	int nid;
	size_t priv_len;
	size_t pub_len;
	size_t answer_len;
	size_t shared_len;
	const char *kem;
};

/* The answer of kinds both of whose ends do the same */
int crypto_ke_answer_alike(const struct ke_group *g, struct crypto_ke *ke,
			   const uint8_t random[CRYPTO_KE_RANDOM],
			   const uint8_t *peer, uint8_t *shared);

extern const struct ke_kind crypto_ke_modp;
extern const struct ke_kind crypto_ke_ecp;
extern const struct ke_kind crypto_ke_ecx;
extern const struct ke_kind crypto_ke_mlkem;

#endif
