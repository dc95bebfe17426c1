// SPDX-License-Identifier: GPL-2.0
/*
 * Suites with separate integrity (RFC 4303, section 3.3.2: encrypt, then compute
 * the ICV) without the template that makes an AEAD of two algorithms. It goes
 * from one to the other by requests with scatter lists and completions; for a
 * packet in one piece two calls do. What is in several pieces, or comes when the
 * vector registers are taken, goes the other way, see esp.c.
 */
#include <crypto/aead.h>
#include <crypto/algapi.h>
#include <crypto/hash.h>
#include <crypto/internal/simd.h>
#include <crypto/skcipher.h>
#include <linux/err.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/simd.h>

#include "alg.h"
#include "pair.h"

/* What a cipher that answers at once may want besides its request. */
#define MOBX_PAIR_REQSIZE	128

/* A cipher that answers at once, whatever it is that hides it. */
static struct crypto_skcipher *mobx_pair_cipher(const char *name)
{
	struct crypto_skcipher *tfm = crypto_alloc_skcipher(name, 0, 0), *inner;
	char internal[CRYPTO_MAX_ALG_NAME];

	if (IS_ERR(tfm))
		return tfm;
	if (crypto_skcipher_alg(tfm)->base.cra_flags & CRYPTO_ALG_ASYNC) {
		inner = ERR_PTR(-ENOENT);
		if (mobx_alg_internal(crypto_skcipher_driver_name(tfm),
				      internal))
			inner = crypto_alloc_skcipher(internal,
						      CRYPTO_ALG_INTERNAL,
						      CRYPTO_ALG_INTERNAL |
						      CRYPTO_ALG_ASYNC);
		crypto_free_skcipher(tfm);
		tfm = inner;
	}
	if (!IS_ERR(tfm) && crypto_skcipher_reqsize(tfm) > MOBX_PAIR_REQSIZE) {
		crypto_free_skcipher(tfm);
		return ERR_PTR(-ENOENT);
	}
	return tfm;
}

static int mobx_pair_set_up(struct mobx_pair *pair, const struct mobx_alg *alg,
			    const u8 *enc_key, unsigned int enc_len,
			    const u8 *auth_key, unsigned int auth_len)
{
	int err;

	pair->mac = crypto_alloc_shash(alg->mac, 0, 0);
	if (IS_ERR(pair->mac))
		return PTR_ERR(pair->mac);
	err = crypto_shash_setkey(pair->mac, auth_key, auth_len);
	if (err || !alg->cipher)
		return err;
	pair->cipher = mobx_pair_cipher(alg->cipher);
	if (IS_ERR(pair->cipher))
		return PTR_ERR(pair->cipher);
	/* The others do without, and need not ask. */
	pair->simd = crypto_skcipher_alg(pair->cipher)->base.cra_flags &
		     CRYPTO_ALG_INTERNAL;
	return crypto_skcipher_setkey(pair->cipher, enc_key, enc_len);
}

/**
 * mobx_pair_alloc - cipher and integrity algorithm of a suite, with their keys
 * @alg: suite
 * @tfm: what the crypto API has for it as a whole
 * @enc_key: the cipher's key; not read when @enc_len is 0
 * @enc_len: octets of @enc_key
 * @auth_key: integrity key
 * @auth_len: octets of @auth_key
 *
 * Return: what mobx_pair_free() frees; NULL where the AEAD has to do, since the
 *	suite is one by itself, or hardware or whatever else was asked for takes
 *	it as a whole, or no cipher here answers at once
 * Context: process; may load modules.
 */
struct mobx_pair *mobx_pair_alloc(const struct mobx_alg *alg,
				  struct crypto_aead *tfm,
				  const u8 *enc_key, unsigned int enc_len,
				  const u8 *auth_key, unsigned int auth_len)
{
	const char *driver = crypto_tfm_alg_driver_name(crypto_aead_tfm(tfm));
	struct mobx_pair *pair;

	if (!alg->mac || (!strstarts(driver, "authenc(") &&
			  !strstarts(driver, "authencesn(")))
		return NULL;
	pair = kzalloc(sizeof(*pair), GFP_KERNEL);
	if (!pair)
		return NULL;
	if (mobx_pair_set_up(pair, alg, enc_key, enc_len, auth_key, auth_len)) {
		mobx_pair_free(pair);
		return NULL;
	}
	return pair;
}

/**
 * mobx_pair_free - give it back
 * @pair: from mobx_pair_alloc(), or NULL
 *
 * Context: process.
 */
void mobx_pair_free(struct mobx_pair *pair)
{
	if (!pair)
		return;
	if (!IS_ERR_OR_NULL(pair->cipher))
		crypto_free_skcipher(pair->cipher);
	if (!IS_ERR_OR_NULL(pair->mac))
		crypto_free_shash(pair->mac);
	kfree(pair);
}

/**
 * mobx_pair_usable - whether the next packet can be had done
 * @pair: of its SA
 *
 * Context: any; the answer holds for as long as bottom halves are off.
 * Return: whether the vector registers are free, which the cipher may need
 */
bool mobx_pair_usable(const struct mobx_pair *pair)
{
	return !pair->simd || crypto_simd_usable();
}

/*
 * What is uninitialized here the algorithms fill themselves. Most kernels are built
 * to clear all that is on the stack, which takes longer than to encrypt a block.
 */
static int mobx_pair_crypt(struct crypto_skcipher *cipher, bool encrypt,
			   u8 *text, unsigned int len, u8 *iv)
{
	u8 room[sizeof(struct skcipher_request) + MOBX_PAIR_REQSIZE]
		CRYPTO_MINALIGN_ATTR __uninitialized;
	struct skcipher_request *req = (void *)room;
	struct scatterlist sg = { 0 };

	sg_set_page(&sg, virt_to_page(text), len, offset_in_page(text));
	sg_mark_end(&sg);
	skcipher_request_set_tfm(req, cipher);
	skcipher_request_set_callback(req, 0, NULL, NULL);
	skcipher_request_set_crypt(req, &sg, &sg, len, iv);
	return encrypt ? crypto_skcipher_encrypt(req) :
			 crypto_skcipher_decrypt(req);
}

/* The upper half of an extended number is behind all else (RFC 4303, 2.2.1). */
static int mobx_pair_icv(struct crypto_shash *mac, u8 *esp, unsigned int len,
			 const __be32 *high, u8 *icv)
{
	u8 room[sizeof(struct shash_desc) + HASH_MAX_DESCSIZE]
		CRYPTO_MINALIGN_ATTR __uninitialized;
	struct shash_desc *desc = (void *)room;

	if (high) {
		memcpy(esp + len, high, MOBX_ESN_LEN);
		len += MOBX_ESN_LEN;
	}
	desc->tfm = mac;
	/* Which wipes its state at the end, as all that have sha*_base_finish(). */
	return crypto_shash_digest(desc, esp, len, icv);
}

/**
 * mobx_pair_encrypt - encrypt a packet and append its ICV
 * @pair: of its SA
 * @alg: suite
 * @esp: ESP header, nonce and text, in one piece, with room for the ICV behind
 * @len: octets of them without the ICV
 * @high: upper half of an extended sequence number, NULL if it is none
 *
 * The nonce, of @alg->iv_len octets, is one that the key has not had before. It
 * becomes the IV, encrypted as if it were the first block of the text and with an
 * IV of zeros: so nobody can foresee it (NIST SP 800-38A, appendix C, the first
 * method; RFC 3602, section 3), and it costs one block.
 *
 * Context: any in which mobx_pair_usable() holds.
 * Return: 0 or a negative error
 */
int mobx_pair_encrypt(const struct mobx_pair *pair, const struct mobx_alg *alg,
		      u8 *esp, unsigned int len, const __be32 *high)
{
	u8 icv[MOBX_ALG_MAX_DIGEST] __uninitialized;
	u8 zeros[MOBX_ALG_MAX_IV] = { 0 };
	int err = 0;

	if (pair->cipher)
		err = mobx_pair_crypt(pair->cipher, true,
				      esp + MOBX_ESP_HDR_LEN,
				      len - MOBX_ESP_HDR_LEN, zeros);
	if (!err)
		err = mobx_pair_icv(pair->mac, esp, len, high, icv);
	if (!err)
		memcpy(esp + len, icv, alg->icv_len);
	return err;
}

/**
 * mobx_pair_decrypt - check a packet's ICV and decrypt it
 * @pair: of its SA
 * @alg: suite
 * @esp: ESP header, IV, text and ICV, in one piece; the ICV may be overwritten
 * @len: octets of them without the ICV
 * @high: upper half of an extended sequence number, NULL if it is none
 *
 * Context: any in which mobx_pair_usable() holds.
 * Return: 0, -EBADMSG when the ICV is not right, or another negative error
 */
int mobx_pair_decrypt(const struct mobx_pair *pair, const struct mobx_alg *alg,
		      u8 *esp, unsigned int len, const __be32 *high)
{
	unsigned int head = mobx_alg_header(alg);
	u8 icv[MOBX_ALG_MAX_DIGEST] __uninitialized;
	u8 saved[MOBX_ALG_MAX_ICV] __uninitialized;
	u8 iv[MOBX_ALG_MAX_IV], *sent = esp + len;
	int err;

	/* The number's upper half takes its place. */
	if (high)
		sent = memcpy(saved, sent, alg->icv_len);
	err = mobx_pair_icv(pair->mac, esp, len, high, icv);
	if (unlikely(err))
		return err;
	if (unlikely(crypto_memneq(icv, sent, alg->icv_len)))
		return -EBADMSG;
	if (!pair->cipher)
		return 0;
	/* There is none but CBC here, with an IV of a block. */
	memcpy(iv, esp + MOBX_ESP_HDR_LEN, sizeof(iv));
	return mobx_pair_crypt(pair->cipher, false, esp + head, len - head, iv);
}
