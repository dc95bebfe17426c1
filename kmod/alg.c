// SPDX-License-Identifier: GPL-2.0
/*
 * The table of algorithms for ESP (RFC 8221), and how the kernel's crypto API
 * names them. All of them are AEADs there, and every one takes the ESP header
 * with the IV as its associated data, so that the data path knows one layout:
 *
 *	| SPI | sequence | IV | payload, padding, pad length, next header | ICV |
 *	|<- associated data ->|<------------- encrypted ------------------>|
 */
#include <crypto/aead.h>
#include <crypto/authenc.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "alg.h"

static const struct mobx_alg mobx_algs[] = {
	{
		/* RFC 4106 */
		.enc = MOBX_ENC_AES_GCM_16,
		.auth = MOBX_AUTH_NONE,
		.name = "aes-gcm-16",
		.template = "rfc4106(gcm(aes))",
		.enc_key_len = { 16, 32 },
		.salt_len = 4,
		.iv_len = 8,
		.block = 4,
		.icv_len = 16,
		.iv = MOBX_IV_COUNTER,
	},
	{
		/* RFC 3602, RFC 2404 */
		.enc = MOBX_ENC_AES_CBC,
		.auth = MOBX_AUTH_HMAC_SHA1_96,
		.name = "aes-cbc hmac-sha1-96",
		.template = "authenc(hmac(sha1),cbc(aes))",
		.enc_key_len = { 16, 24, 32 },
		.auth_key_len = 20,
		.iv_len = 16,
		.block = 16,
		.icv_len = 12,
		.iv = MOBX_IV_RANDOM,
	},
	{
		/* RFC 3602, RFC 4868 */
		.enc = MOBX_ENC_AES_CBC,
		.auth = MOBX_AUTH_HMAC_SHA2_256_128,
		.name = "aes-cbc hmac-sha2-256-128",
		.template = "authenc(hmac(sha256),cbc(aes))",
		.enc_key_len = { 16, 24, 32 },
		.auth_key_len = 32,
		.iv_len = 16,
		.block = 16,
		.icv_len = 16,
		.iv = MOBX_IV_RANDOM,
	},
	{
		/* RFC 2410, RFC 2404 */
		.enc = MOBX_ENC_NULL,
		.auth = MOBX_AUTH_HMAC_SHA1_96,
		.name = "null hmac-sha1-96",
		.template = "authenc(hmac(sha1),ecb(cipher_null))",
		.auth_key_len = 20,
		.block = 4,
		.icv_len = 12,
		.iv = MOBX_IV_NONE,
	},
};

/**
 * mobx_alg_find - look a suite up
 * @enc: enum mobx_enc
 * @auth: enum mobx_auth
 * @extack: told what would be right
 *
 * Return: the suite, or NULL with @extack set
 * Context: any.
 */
const struct mobx_alg *mobx_alg_find(u32 enc, u32 auth,
				     struct netlink_ext_ack *extack)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mobx_algs); i++)
		if (mobx_algs[i].enc == enc && mobx_algs[i].auth == auth)
			return &mobx_algs[i];

	if (enc == MOBX_ENC_NULL && auth == MOBX_AUTH_NONE)
		NL_SET_ERR_MSG(extack,
			       "null without auth protects nothing: add auth hmac-sha1-96");
	else if (enc == MOBX_ENC_AES_CBC && auth == MOBX_AUTH_NONE)
		NL_SET_ERR_MSG(extack,
			       "aes-cbc needs auth hmac-sha1-96 or hmac-sha2-256-128");
	else if (enc == MOBX_ENC_AES_GCM_16)
		NL_SET_ERR_MSG(extack,
			       "aes-gcm-16 has its own integrity; leave auth out");
	else
		NL_SET_ERR_MSG(extack,
			       "not supported yet: use aes-gcm-16, or aes-cbc with hmac-sha1-96");
	return NULL;
}

/**
 * mobx_alg_check_keys - whether keys have the lengths that a suite needs
 * @alg: suite
 * @enc_len: octets of the cipher's key with its salt
 * @auth_len: octets of the integrity key
 * @extack: told what would be right
 *
 * Return: 0 or -EINVAL
 * Context: any.
 */
int mobx_alg_check_keys(const struct mobx_alg *alg, unsigned int enc_len,
			unsigned int auth_len, struct netlink_ext_ack *extack)
{
	unsigned int i;

	if (auth_len != alg->auth_key_len) {
		if (!alg->auth_key_len)
			NL_SET_ERR_MSG(extack,
				       "auth-key given, but the suite has none");
		else if (alg->auth_key_len == 20)
			NL_SET_ERR_MSG(extack,
				       "auth-key must have 20 octets");
		else
			NL_SET_ERR_MSG(extack,
				       "auth-key must have 32 octets");
		return -EINVAL;
	}
	if (!alg->enc_key_len[0] && !enc_len)
		return 0;
	for (i = 0; i < MOBX_ALG_KEY_LENGTHS && alg->enc_key_len[i]; i++)
		if (enc_len == alg->enc_key_len[i] + alg->salt_len)
			return 0;

	if (!alg->enc_key_len[0])
		NL_SET_ERR_MSG(extack,
			       "enc-key given, but null encryption has none");
	else if (alg->salt_len)
		NL_SET_ERR_MSG(extack,
			       "enc-key must have 20 or 36 octets, the last 4 are the salt");
	else
		NL_SET_ERR_MSG(extack,
			       "enc-key must have 16, 24 or 32 octets");
	return -EINVAL;
}

/* authenc() takes both keys in one blob, behind an attribute with a length. */
static int mobx_alg_set_authenc_key(struct crypto_aead *tfm,
				    const u8 *enc_key, unsigned int enc_len,
				    const u8 *auth_key, unsigned int auth_len)
{
	struct crypto_authenc_key_param *param;
	unsigned int len;
	struct rtattr *rta;
	u8 *blob, *p;
	int err;

	len = RTA_SPACE(sizeof(*param)) + auth_len + enc_len;
	blob = kzalloc(len, GFP_KERNEL);
	if (!blob)
		return -ENOMEM;
	rta = (struct rtattr *)blob;
	rta->rta_type = CRYPTO_AUTHENC_KEYA_PARAM;
	rta->rta_len = RTA_LENGTH(sizeof(*param));
	param = RTA_DATA(rta);
	param->enckeylen = cpu_to_be32(enc_len);
	p = blob + RTA_SPACE(sizeof(*param));
	memcpy(p, auth_key, auth_len);
	if (enc_len)
		memcpy(p + auth_len, enc_key, enc_len);
	err = crypto_aead_setkey(tfm, blob, len);
	kfree_sensitive(blob);
	return err;
}

/**
 * mobx_alg_alloc - a transform with its keys set
 * @alg: suite
 * @enc_key: the cipher's key with its salt; not read when @enc_len is 0
 * @enc_len: octets of @enc_key, as mobx_alg_check_keys() wants them
 * @auth_key: integrity key; not read when @auth_len is 0
 * @auth_len: octets of @auth_key
 * @extack: told what is missing
 *
 * The transform may be asynchronous: the fast ones are, in name, on every
 * kernel before 6.16, since a task's use of the vector registers may be
 * interrupted by a packet.
 *
 * Return: the transform, which crypto_free_aead() frees, or an ERR_PTR
 * Context: process; may load modules.
 */
struct crypto_aead *mobx_alg_alloc(const struct mobx_alg *alg,
				   const u8 *enc_key, unsigned int enc_len,
				   const u8 *auth_key, unsigned int auth_len,
				   struct netlink_ext_ack *extack)
{
	struct crypto_aead *tfm;
	int err;

	tfm = crypto_alloc_aead(alg->template, 0, 0);
	if (IS_ERR(tfm)) {
		NL_SET_ERR_MSG(extack,
			       "this kernel lacks the algorithm or its crypto module");
		return tfm;
	}
	if (alg->auth_key_len)
		err = mobx_alg_set_authenc_key(tfm, enc_key, enc_len,
					       auth_key, auth_len);
	else
		err = crypto_aead_setkey(tfm, enc_key, enc_len);
	if (!err)
		err = crypto_aead_setauthsize(tfm, alg->icv_len);
	if (err) {
		NL_SET_ERR_MSG(extack, "the crypto API refuses the key");
		crypto_free_aead(tfm);
		return ERR_PTR(err);
	}
	return tfm;
}

/**
 * mobx_alg_payload - the longest payload that fits
 * @alg: suite
 * @len: octets for ESP from its header to the ICV
 *
 * Return: octets, 0 when not even padding fits
 * Context: any.
 */
unsigned int mobx_alg_payload(const struct mobx_alg *alg, unsigned int len)
{
	unsigned int fixed = mobx_alg_header(alg) + alg->icv_len, room;

	room = len > fixed ? round_down(len - fixed, alg->block) : 0;
	return room > 2 ? room - 2 : 0;
}
