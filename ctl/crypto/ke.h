/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Key exchange: modp2048, 3072, 4096 (RFC 3526), ecp256, 384, 521 (RFC 5903),
 * x25519 and x448 (RFC 8031), with the tests of public values that RFC 6989
 * section 2 and RFC 7748 section 6 ask for; and where libcrypto has them, as from
 * OpenSSL 3.5 on, mlkem512, 768 and 1024 (FIPS 203, draft-ietf-ipsecme-ikev2-mlkem).
 *
 * The initiator generates, the responder answers what it got and has the secret
 * then, the initiator has it from the answer. Both ends of a group do the same. A
 * key encapsulation mechanism is another matter: the initiator's value is a key,
 * which the responder encrypts the secret with, and the answer has another length.
 */
#ifndef MOBX_CRYPTO_KE_H
#define MOBX_CRYPTO_KE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets that crypto_ke_generate() takes: 64 bits more than any group order. */
#define CRYPTO_KE_RANDOM	74
#define CRYPTO_KE_PRIVATE	66
#define CRYPTO_KE_PUBLIC_MAX	1568
#define CRYPTO_KE_SHARED_MAX	512

/**
 * struct crypto_ke - our half of an exchange; wipe with crypto_wipe()
 * @group: enum ike_ke_group.
 * @priv: Private value; a big-endian number for modp and ecp.
 * @pub: Public value as KE carries it: g^x for modp, x | y for ecp, the
 *   octets of RFC 7748 for x25519 and x448, for mlkem the encapsulation key or,
 *   of a responder, the ciphertext.
 * @pub_len: Octets of @pub.
 */
struct crypto_ke {
	uint16_t group;
	uint8_t priv[CRYPTO_KE_PRIVATE];
	uint8_t pub[CRYPTO_KE_PUBLIC_MAX];
	size_t pub_len;
};

/**
 * crypto_ke_public_len() - length of an initiator's value (K27)
 * @group: Transform ID.
 *
 * Return: octets, 0 when mobx does not have the group.
 */
size_t crypto_ke_public_len(uint16_t group);

/**
 * crypto_ke_answer_len() - length of a responder's value
 * @group: Transform ID.
 *
 * Return: as crypto_ke_public_len().
 */
size_t crypto_ke_answer_len(uint16_t group);

/**
 * crypto_ke_kem() - the key encapsulation mechanism behind a Transform ID
 * @group: Transform ID.
 *
 * Return: its name, such as "ML-KEM-768"; NULL for a group.
 */
const char *crypto_ke_kem(uint16_t group);

/**
 * crypto_ke_usable() - whether mobx has a group, and libcrypto what it needs
 * @group: Transform ID.
 *
 * The answer stays the same as long as the process lives; it takes libcrypto a
 * while to find.
 */
bool crypto_ke_usable(uint16_t group);

/**
 * crypto_ke_generate() - an initiator's key pair from the caller's random octets
 * @ke: Filled on success.
 * @group: Transform ID.
 * @random: Unpredictable octets; the same ones give the same pair.
 *
 * Return: 0, -ENOTSUP for an unknown group, -EIO when libcrypto fails.
 */
int crypto_ke_generate(struct crypto_ke *ke, uint16_t group,
		       const uint8_t random[CRYPTO_KE_RANDOM]);

/**
 * crypto_ke_from_private() - a key pair from a known private value
 * @ke: Filled on success.
 * @group: Transform ID.
 * @priv: Private value; for ecp 1 .. order - 1, for modp at least 2.
 * @len: Octets of @priv: those of a coordinate for ecp, 32 for x25519, 56 for
 *   x448; for modp 40, 52 or 60, twice the strength of the group; 64 for mlkem.
 *
 * Return: as crypto_ke_generate(), -EINVAL for a value out of range.
 */
int crypto_ke_from_private(struct crypto_ke *ke, uint16_t group,
			   const uint8_t *priv, size_t len);

/**
 * crypto_ke_answer() - a responder's value and the shared secret
 * @ke: Gets the value to be sent, and no private one; wiped on failure.
 * @group: Transform ID.
 * @random: As for crypto_ke_generate().
 * @peer: The initiator's public value.
 * @len: Octets of @peer.
 * @shared: Result, zeroed on failure: the x coordinate for ecp.
 * @shared_len: Octets of the result.
 *
 * Return: as crypto_ke_shared(), -ENOTSUP for an unknown group.
 */
int crypto_ke_answer(struct crypto_ke *ke, uint16_t group,
		     const uint8_t random[CRYPTO_KE_RANDOM],
		     const uint8_t *peer, size_t len,
		     uint8_t shared[CRYPTO_KE_SHARED_MAX], size_t *shared_len);

/**
 * crypto_ke_shared() - the shared secret, from the answer to an initiator
 * @ke: Our half.
 * @peer: The responder's value.
 * @len: Octets of @peer.
 * @shared: Result, zeroed on failure: the x coordinate for ecp.
 * @shared_len: Octets of the result.
 *
 * Return: 0; -EINVAL for a wrong length; -EBADMSG for a public value that fails
 * its tests (not within 2 .. p - 2; not on the curve; all-zero result; K28; no
 * encapsulation key, FIPS 203 section 7.2); -EIO. A ciphertext of the right length
 * has no test: from a wrong one comes another secret, which AUTH shows.
 */
int crypto_ke_shared(const struct crypto_ke *ke, const uint8_t *peer,
		     size_t len, uint8_t shared[CRYPTO_KE_SHARED_MAX],
		     size_t *shared_len);

#endif
