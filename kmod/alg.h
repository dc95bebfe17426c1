/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_ALG_H
#define MOBX_ALG_H

#include <linux/math.h>
#include <linux/types.h>
#include <uapi/linux/mobx.h>

struct crypto_aead;
struct netlink_ext_ack;

#define MOBX_ALG_KEY_LENGTHS	3
#define MOBX_ALG_MAX_IV		16
/* What every counter-mode suite has. */
#define MOBX_ALG_COUNTER_IV	8
#define MOBX_ALG_MAX_ICV	32
/* Of an integrity algorithm, before it is cut to the ICV. */
#define MOBX_ALG_MAX_DIGEST	64

/* SPI and sequence number, what every ESP packet begins with. */
#define MOBX_ESP_HDR_LEN	8

/* Upper half of an extended sequence number, authenticated but never sent. */
#define MOBX_ESN_LEN		4

/**
 * enum mobx_iv - where the initialisation vector of a packet comes from
 * @MOBX_IV_NONE: the cipher has none
 * @MOBX_IV_COUNTER: must be unique for the key; taken from the SA's counter
 * @MOBX_IV_RANDOM: must be unpredictable
 */
enum mobx_iv {
	MOBX_IV_NONE,
	MOBX_IV_COUNTER,
	MOBX_IV_RANDOM,
};

/**
 * struct mobx_alg - a suite of cipher and integrity algorithm for ESP
 * @enc: enum mobx_enc
 * @auth: enum mobx_auth
 * @name: for people
 * @template: name of the AEAD in the crypto API, which takes SPI, sequence
 *	number and IV as associated data, in the packet's own order; NULL for
 *	separate integrity: authenc(@mac,@cipher), or authencesn() for extended
 *	sequence numbers
 * @cipher: the cipher alone, NULL for null and in a combined mode
 * @mac: the integrity algorithm alone, NULL in a combined mode
 * @enc_key_len: octets that the cipher's key may have, zero ends the list
 * @auth_key_len: octets of the integrity key, 0 for combined-mode ciphers
 * @salt_len: octets of salt that follow the cipher's key
 * @iv_len: octets of IV in each packet
 * @block: octets that the ciphertext's length is a multiple of, 4 or more
 * @icv_len: octets of integrity check value
 * @iv: where the IV comes from
 */
struct mobx_alg {
	u8		enc;
	u8		auth;
	const char	*name;
	const char	*template;
	const char	*cipher;
	const char	*mac;
	u8		enc_key_len[MOBX_ALG_KEY_LENGTHS];
	u8		auth_key_len;
	u8		salt_len;
	u8		iv_len;
	u8		block;
	u8		icv_len;
	enum mobx_iv	iv;
};

/* One key with one IV twice gives both packets away (RFC 8221, section 3). */
static inline bool mobx_alg_counter_mode(const struct mobx_alg *alg)
{
	return alg->iv == MOBX_IV_COUNTER;
}

/**
 * mobx_alg_trailer - octets that ESP adds behind a payload
 * @alg: suite
 * @len: payload in octets
 *
 * Return: padding, pad length, next header and ICV (RFC 4303, section 2.4)
 */
static inline unsigned int mobx_alg_trailer(const struct mobx_alg *alg,
					    unsigned int len)
{
	return round_up(len + 2, alg->block) - len + alg->icv_len;
}

/* Octets that ESP adds in front of a payload. */
static inline unsigned int mobx_alg_header(const struct mobx_alg *alg)
{
	return MOBX_ESP_HDR_LEN + alg->iv_len;
}

unsigned int mobx_alg_payload(const struct mobx_alg *alg, unsigned int len);

const struct mobx_alg *mobx_alg_find(u32 enc, u32 auth,
				     struct netlink_ext_ack *extack);
int mobx_alg_check_keys(const struct mobx_alg *alg, unsigned int enc_len,
			unsigned int auth_len, struct netlink_ext_ack *extack);
struct crypto_aead *mobx_alg_alloc(const struct mobx_alg *alg, bool esn,
				   const u8 *enc_key, unsigned int enc_len,
				   const u8 *auth_key, unsigned int auth_len,
				   struct netlink_ext_ack *extack);
bool mobx_alg_internal(const char *driver, char *name);
struct crypto_aead *mobx_alg_direct(struct crypto_aead *tfm);
void mobx_alg_free(struct crypto_aead *tfm);

#endif
