/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Algorithms of IKE and Child SAs, and their keys (RFC 7296 sections 2.13, 2.14,
 * 2.17, 2.18; RFC 5282 for combined modes).
 */
#ifndef MOBX_CRYPTO_KEYS_H
#define MOBX_CRYPTO_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/prf.h"

#define CRYPTO_KEY_MAX	64
#define CRYPTO_MAX_ADDKE	7

/**
 * struct crypto_encr - what to know about a cipher with its key length
 * @key_len: Octets of the key, without salt.
 * @salt_len: Octets of salt that follow the key in keying material.
 * @iv_len: Octets of the IV on the wire.
 * @block: Ciphertext is a multiple of this.
 * @icv_len: Octets of the ICV of a combined mode, 0 for others.
 */
struct crypto_encr {
	size_t key_len;
	size_t salt_len;
	size_t iv_len;
	size_t block;
	size_t icv_len;
};

/**
 * crypto_encr_info() - look a cipher up
 * @encr: enum ike_encr.
 * @key_bits: Key Length attribute, 0 where the cipher has none.
 * @info: Filled.
 *
 * Return: 0, -ENOTSUP when mobx has no such cipher, -EINVAL when it has but not
 * with this key length.
 */
int crypto_encr_info(uint16_t encr, uint16_t key_bits,
		     struct crypto_encr *info);

/**
 * crypto_integ_info() - look an integrity algorithm up
 * @integ: enum ike_integ, IKE_INTEG_NONE gives two zeros.
 * @key_len: Octets of its key.
 * @icv_len: Octets of its ICV.
 *
 * Return: 0 or -ENOTSUP.
 */
int crypto_integ_info(uint16_t integ, size_t *key_len, size_t *icv_len);

/**
 * struct crypto_suite - what was negotiated
 * @encr: enum ike_encr.
 * @key_bits: Key length of @encr.
 * @integ: enum ike_integ, IKE_INTEG_NONE with a combined mode.
 * @prf: enum ike_prf, 0 for a Child SA.
 * @ke: enum ike_ke_group, IKE_KE_NONE for a Child SA without.
 * @addke: Additional key exchanges (RFC 9370), enum ike_ke_group; in their
 *   order, IKE_KE_NONE where there is none.
 * @esn: Extended sequence numbers, for a Child SA.
 */
struct crypto_suite {
	uint16_t encr;
	uint16_t key_bits;
	uint16_t integ;
	uint16_t prf;
	uint16_t ke;
	uint16_t addke[CRYPTO_MAX_ADDKE];
	bool esn;
};

/**
 * crypto_ike_suite_check() - whether an IKE SA can use it
 * @suite: AES-GCM-16, ChaCha20-Poly1305 (RFC 7634), or AES-CBC with an
 *   integrity algorithm; a PRF and a group.
 *
 * Return: 0, -ENOTSUP or -EINVAL (integrity missing, or beside a combined mode;
 * without encryption never, RFC 7296 section 5; a group twice, RFC 9370 section
 * 2.2.1).
 */
int crypto_ike_suite_check(const struct crypto_suite *suite);

/**
 * crypto_child_suite_check() - whether a Child SA can use it
 * @suite: As above; ENCR_NULL with an integrity algorithm and AES-GMAC (RFC
 *   4543) allowed.
 *
 * Return: 0, -ENOTSUP or -EINVAL (neither encryption nor integrity, ES12).
 */
int crypto_child_suite_check(const struct crypto_suite *suite);

/**
 * struct crypto_ike_keys - secrets of an IKE SA; wipe with crypto_wipe()
 * @suite: Algorithms.
 * @prf_len: Octets of @sk_d, @sk_pi, @sk_pr.
 * @enc_len: Octets of @sk_ei, @sk_er: key and salt.
 * @auth_len: Octets of @sk_ai, @sk_ar, 0 with a combined mode.
 * @sk_d: Derives Child SAs and successors.
 * @sk_ai: Integrity, messages of the original initiator.
 * @sk_ar: Integrity, messages of the original responder.
 * @sk_ei: Encryption, messages of the original initiator.
 * @sk_er: Encryption, messages of the original responder.
 * @sk_pi: AUTH of the initiator.
 * @sk_pr: AUTH of the responder.
 * @next_iv: Our next IV of a counter-mode cipher; never decreases while the
 *   keys live, and goes with them when they are handed on.
 */
struct crypto_ike_keys {
	struct crypto_suite suite;
	size_t prf_len;
	size_t enc_len;
	size_t auth_len;
	uint8_t sk_d[CRYPTO_PRF_MAX];
	uint8_t sk_ai[CRYPTO_KEY_MAX];
	uint8_t sk_ar[CRYPTO_KEY_MAX];
	uint8_t sk_ei[CRYPTO_KEY_MAX];
	uint8_t sk_er[CRYPTO_KEY_MAX];
	uint8_t sk_pi[CRYPTO_PRF_MAX];
	uint8_t sk_pr[CRYPTO_PRF_MAX];
	uint64_t next_iv;
};

/**
 * crypto_ike_derive() - keys of a first IKE SA
 * @suite: Algorithms, checked by crypto_ike_suite_check().
 * @ni: Nonce of the initiator.
 * @nr: Nonce of the responder.
 * @shared: g^ir.
 * @spi_i: Initiator's SPI.
 * @spi_r: Responder's SPI.
 * @keys: Filled, zeroed on failure.
 *
 * Return: 0 or a negative errno.
 */
int crypto_ike_derive(const struct crypto_suite *suite, struct wire_span ni,
		      struct wire_span nr, struct wire_span shared,
		      uint64_t spi_i, uint64_t spi_r,
		      struct crypto_ike_keys *keys);

/**
 * crypto_ike_rekey() - keys of an IKE SA that replaces another (section 2.18)
 * @old: Keys of the one replaced: its SK_d and PRF make SKEYSEED.
 * @suite: Algorithms of the new one.
 * @ni: Nonce of the rekey's initiator.
 * @nr: Nonce of the rekey's responder.
 * @shared: g^ir of the rekey.
 * @more: Shared secrets of additional key exchanges, one behind the other (RFC
 *   9370 section 2.2.4).
 * @spi_i: New SPI of the rekey's initiator.
 * @spi_r: New SPI of the rekey's responder.
 * @keys: Filled, zeroed on failure.
 *
 * Return: 0 or a negative errno.
 */
int crypto_ike_rekey(const struct crypto_ike_keys *old,
		     const struct crypto_suite *suite, struct wire_span ni,
		     struct wire_span nr, struct wire_span shared,
		     struct wire_span more, uint64_t spi_i, uint64_t spi_r,
		     struct crypto_ike_keys *keys);

/* SK_d, SK_pi and SK_pr one behind the other, each crypto_prf_len() octets */
#define CRYPTO_PPK_KEYS_MAX	(3 * CRYPTO_PRF_MAX)

/**
 * crypto_ppk_mix() - keys that depend on a post-quantum preshared key as well
 *	(RFC 8784 section 3)
 * @prf: enum ike_prf of the IKE SA.
 * @ppk: The PPK.
 * @in: SK_d', SK_pi', SK_pr' of @prf.
 * @out: SK_d, SK_pi, SK_pr, zeroed on failure.
 *
 * Return: 0, -EINVAL for an empty key, -ENOTSUP or -EIO.
 */
int crypto_ppk_mix(uint16_t prf, struct wire_span ppk, const uint8_t *in,
		   uint8_t out[CRYPTO_PPK_KEYS_MAX]);

/**
 * struct crypto_child_keys - keys of a Child SA pair; wipe with crypto_wipe()
 * @enc_len: Octets of @enc_i, @enc_r: key and salt.
 * @auth_len: Octets of @auth_i, @auth_r.
 * @enc_i: Encryption, traffic of the exchange's initiator.
 * @auth_i: Integrity, traffic of the exchange's initiator.
 * @enc_r: Encryption, traffic of the exchange's responder.
 * @auth_r: Integrity, traffic of the exchange's responder.
 */
struct crypto_child_keys {
	size_t enc_len;
	size_t auth_len;
	uint8_t enc_i[CRYPTO_KEY_MAX];
	uint8_t auth_i[CRYPTO_KEY_MAX];
	uint8_t enc_r[CRYPTO_KEY_MAX];
	uint8_t auth_r[CRYPTO_KEY_MAX];
};

/**
 * crypto_child_derive() - KEYMAT of a Child SA (section 2.17)
 * @ike: Keys of its IKE SA.
 * @suite: Algorithms of the Child SA.
 * @ni: Nonce of the exchange's initiator.
 * @nr: Nonce of the exchange's responder.
 * @shared: g^ir of a CREATE_CHILD_SA with KE, else an empty span.
 * @keys: Filled, zeroed on failure.
 *
 * Return: 0 or a negative errno.
 */
int crypto_child_derive(const struct crypto_ike_keys *ike,
			const struct crypto_suite *suite, struct wire_span ni,
			struct wire_span nr, struct wire_span shared,
			struct crypto_child_keys *keys);

#endif
