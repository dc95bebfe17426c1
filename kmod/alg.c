// SPDX-License-Identifier: GPL-2.0
/*
 * The table of algorithms for ESP (RFC 8221), and how the kernel's crypto API
 * names them. All of them are AEADs there, and every one takes the ESP header
 * with the IV as its associated data, so that the data path knows one layout:
 *
 *	| SPI | sequence | IV | payload, padding, pad length, next header | ICV |
 *	|<- associated data ->|<------------- encrypted ------------------>|
 *
 * With extended sequence numbers (RFC 4303, section 2.2.1) the sequence number
 * in it has eight octets, which esp.c arranges. RFC 4106, 4543 and 7634 have
 * it so; for separate integrity authencesn() moves the upper half to where the
 * ICV wants it, behind the next header.
 */
#include <crypto/aead.h>
#include <crypto/authenc.h>
#include <crypto/cryptd.h>
#include <linux/crypto.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "alg.h"

/* Suites with separate integrity; for their levels see RFC 8221. */
#define MOBX_CBC(_auth, _name, _key_len, _icv_len, _mac)		\
	{								\
		.enc = MOBX_ENC_AES_CBC,				\
		.auth = (_auth),					\
		.name = (_name),					\
		.cipher = "cbc(aes)",					\
		.mac = (_mac),						\
		.enc_key_len = { 16, 24, 32 },				\
		.auth_key_len = (_key_len),				\
		.iv_len = 16,						\
		.block = 16,						\
		.icv_len = (_icv_len),					\
		.iv = MOBX_IV_RANDOM,					\
	}

#define MOBX_NULL(_auth, _name, _key_len, _icv_len, _mac)		\
	{								\
		.enc = MOBX_ENC_NULL,					\
		.auth = (_auth),					\
		.name = (_name),					\
		.mac = (_mac),						\
		.auth_key_len = (_key_len),				\
		.block = 4,						\
		.icv_len = (_icv_len),					\
		.iv = MOBX_IV_NONE,					\
	}

static const struct mobx_alg mobx_algs[] = {
	{
		/* RFC 4106 */
		.enc = MOBX_ENC_AES_GCM_16,
		.auth = MOBX_AUTH_NONE,
		.name = "aes-gcm-16",
		.template = "rfc4106(gcm(aes))",
		.enc_key_len = { 16, 24, 32 },
		.salt_len = 4,
		.iv_len = MOBX_ALG_COUNTER_IV,
		.block = 4,
		.icv_len = 16,
		.iv = MOBX_IV_COUNTER,
	},
	{
		/* RFC 4543: everything is associated data, the IV included */
		.enc = MOBX_ENC_AES_GMAC,
		.auth = MOBX_AUTH_NONE,
		.name = "aes-gmac",
		.template = "rfc4543(gcm(aes))",
		.enc_key_len = { 16, 24, 32 },
		.salt_len = 4,
		.iv_len = MOBX_ALG_COUNTER_IV,
		.block = 4,
		.icv_len = 16,
		.iv = MOBX_IV_COUNTER,
	},
	{
		/* RFC 7634 */
		.enc = MOBX_ENC_CHACHA20_POLY1305,
		.auth = MOBX_AUTH_NONE,
		.name = "chacha20-poly1305",
		.template = "rfc7539esp(chacha20,poly1305)",
		.enc_key_len = { 32 },
		.salt_len = 4,
		.iv_len = MOBX_ALG_COUNTER_IV,
		.block = 4,
		.icv_len = 16,
		.iv = MOBX_IV_COUNTER,
	},
	/* RFC 3602, with RFC 2404 and RFC 4868 */
	MOBX_CBC(MOBX_AUTH_HMAC_SHA1_96, "aes-cbc hmac-sha1-96",
		 20, 12, "hmac(sha1)"),
	MOBX_CBC(MOBX_AUTH_HMAC_SHA2_256_128, "aes-cbc hmac-sha2-256-128",
		 32, 16, "hmac(sha256)"),
	MOBX_CBC(MOBX_AUTH_HMAC_SHA2_384_192, "aes-cbc hmac-sha2-384-192",
		 48, 24, "hmac(sha384)"),
	MOBX_CBC(MOBX_AUTH_HMAC_SHA2_512_256, "aes-cbc hmac-sha2-512-256",
		 64, 32, "hmac(sha512)"),
	/* RFC 2410, with RFC 2404 and RFC 4868 */
	MOBX_NULL(MOBX_AUTH_HMAC_SHA1_96, "null hmac-sha1-96",
		  20, 12, "hmac(sha1)"),
	MOBX_NULL(MOBX_AUTH_HMAC_SHA2_256_128, "null hmac-sha2-256-128",
		  32, 16, "hmac(sha256)"),
	MOBX_NULL(MOBX_AUTH_HMAC_SHA2_384_192, "null hmac-sha2-384-192",
		  48, 24, "hmac(sha384)"),
	MOBX_NULL(MOBX_AUTH_HMAC_SHA2_512_256, "null hmac-sha2-512-256",
		  64, 32, "hmac(sha512)"),
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

	if (auth == MOBX_AUTH_NONE && enc == MOBX_ENC_NULL)
		NL_SET_ERR_MSG(extack,
			       "null without auth protects nothing: add auth hmac-sha2-256-128");
	else if (auth == MOBX_AUTH_NONE)
		NL_SET_ERR_MSG(extack,
			       "aes-cbc without auth can be forged: add auth hmac-sha2-256-128");
	else
		NL_SET_ERR_MSG(extack,
			       "this cipher has its own integrity; leave auth out");
	return NULL;
}

static void mobx_alg_refuse_enc_key(const struct mobx_alg *alg,
				    struct netlink_ext_ack *extack)
{
	if (!alg->enc_key_len[0])
		NL_SET_ERR_MSG(extack,
			       "enc-key given, but null encryption has none");
	else if (!alg->salt_len)
		NL_SET_ERR_MSG(extack,
			       "enc-key must have 16, 24 or 32 octets");
	else if (!alg->enc_key_len[1])
		NL_SET_ERR_MSG(extack,
			       "enc-key must have 36 octets, the last 4 are the salt");
	else
		NL_SET_ERR_MSG(extack,
			       "enc-key must have 20, 28 or 36 octets, the last 4 are the salt");
}

static void mobx_alg_refuse_auth_key(const struct mobx_alg *alg,
				     struct netlink_ext_ack *extack)
{
	switch (alg->auth_key_len) {
	case 0:
		NL_SET_ERR_MSG(extack,
			       "auth-key given, but the suite has none");
		break;
	case 20:
		NL_SET_ERR_MSG(extack, "auth-key must have 20 octets");
		break;
	case 32:
		NL_SET_ERR_MSG(extack, "auth-key must have 32 octets");
		break;
	case 48:
		NL_SET_ERR_MSG(extack, "auth-key must have 48 octets");
		break;
	default:
		NL_SET_ERR_MSG(extack, "auth-key must have 64 octets");
	}
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
		mobx_alg_refuse_auth_key(alg, extack);
		return -EINVAL;
	}
	if (!alg->enc_key_len[0] && !enc_len)
		return 0;
	for (i = 0; i < MOBX_ALG_KEY_LENGTHS && alg->enc_key_len[i]; i++)
		if (enc_len == alg->enc_key_len[i] + alg->salt_len)
			return 0;
	mobx_alg_refuse_enc_key(alg, extack);
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
 * mobx_alg_internal - what the crypto API calls a cipher without its cover
 * @driver: of the cover
 * @name: CRYPTO_MAX_ALG_NAME octets, filled in
 *
 * Return: whether there is one: templates have no cover, what is in one has its
 *	name behind "__"
 * Context: process.
 */
bool mobx_alg_internal(const char *driver, char *name)
{
	return !strchr(driver, '(') &&
	       snprintf(name, CRYPTO_MAX_ALG_NAME, "__%s", driver) <
	       CRYPTO_MAX_ALG_NAME &&
	       crypto_has_alg(name, CRYPTO_ALG_INTERNAL,
			      CRYPTO_ALG_INTERNAL | CRYPTO_NOLOAD);
}

/*
 * The fast ciphers are asynchronous, on every kernel before 6.16, since a task's
 * use of the vector registers may be interrupted by a packet. What the crypto API
 * gives then is a cover that asks for each request whether the registers are
 * free, and has it done at once or by cryptd. Without the cover we can ask
 * ourselves, before references are taken that only a late answer needs.
 */
static struct crypto_aead *mobx_alg_uncover(struct crypto_aead *tfm)
{
#if IS_ENABLED(CONFIG_CRYPTO_CRYPTD)
	const char *driver = crypto_tfm_alg_driver_name(crypto_aead_tfm(tfm));
	char name[CRYPTO_MAX_ALG_NAME];
	struct cryptd_aead *inner;

	if (!(crypto_aead_alg(tfm)->base.cra_flags & CRYPTO_ALG_ASYNC) ||
	    !mobx_alg_internal(driver, name))
		return tfm;
	inner = cryptd_alloc_aead(name, CRYPTO_ALG_INTERNAL,
				  CRYPTO_ALG_INTERNAL);
	if (IS_ERR(inner))
		return tfm;
	crypto_free_aead(tfm);
	return &inner->base;
#else
	return tfm;
#endif
}

/* Nobody is given an internal algorithm who has not asked for one. */
static bool mobx_alg_uncovered(struct crypto_aead *tfm)
{
	return crypto_aead_alg(tfm)->base.cra_flags & CRYPTO_ALG_INTERNAL;
}

/**
 * mobx_alg_direct - the transform that does at once what another queues
 * @tfm: from mobx_alg_alloc()
 *
 * Return: a transform with the same key that lives as long as @tfm, for use
 *	while crypto_simd_usable() says so and @tfm has nothing queued; or NULL
 *	if @tfm is all there is
 * Context: any.
 */
struct crypto_aead *mobx_alg_direct(struct crypto_aead *tfm)
{
#if IS_ENABLED(CONFIG_CRYPTO_CRYPTD)
	if (mobx_alg_uncovered(tfm))
		return cryptd_aead_child(__cryptd_aead_cast(tfm));
#endif
	return NULL;
}

/**
 * mobx_alg_free - give a transform back
 * @tfm: from mobx_alg_alloc()
 *
 * Context: process; a request's completion may be on its way out still.
 */
void mobx_alg_free(struct crypto_aead *tfm)
{
#if IS_ENABLED(CONFIG_CRYPTO_CRYPTD)
	if (mobx_alg_uncovered(tfm)) {
		cryptd_free_aead(__cryptd_aead_cast(tfm));
		return;
	}
#endif
	crypto_free_aead(tfm);
}

/**
 * mobx_alg_alloc - a transform with its keys set
 * @alg: suite
 * @esn: for extended sequence numbers
 * @enc_key: the cipher's key with its salt; not read when @enc_len is 0
 * @enc_len: octets of @enc_key, as mobx_alg_check_keys() wants them
 * @auth_key: integrity key; not read when @auth_len is 0
 * @auth_len: octets of @auth_key
 * @extack: told what is missing
 *
 * The transform may be asynchronous; see mobx_alg_direct().
 *
 * Return: the transform, which mobx_alg_free() frees, or an ERR_PTR
 * Context: process; may load modules.
 */
struct crypto_aead *mobx_alg_alloc(const struct mobx_alg *alg, bool esn,
				   const u8 *enc_key, unsigned int enc_len,
				   const u8 *auth_key, unsigned int auth_len,
				   struct netlink_ext_ack *extack)
{
	const char *cipher = alg->cipher ?: "ecb(cipher_null)";
	char name[CRYPTO_MAX_ALG_NAME];
	struct crypto_aead *tfm;
	int err;

	if (alg->mac)
		snprintf(name, sizeof(name), "authenc%s(%s,%s)",
			 esn ? "esn" : "", alg->mac, cipher);
	tfm = crypto_alloc_aead(alg->mac ? name : alg->template, 0, 0);
	if (IS_ERR(tfm)) {
		NL_SET_ERR_MSG(extack,
			       "this kernel lacks the algorithm or its crypto module");
		return tfm;
	}
	tfm = mobx_alg_uncover(tfm);
	if (alg->auth_key_len)
		err = mobx_alg_set_authenc_key(tfm, enc_key, enc_len,
					       auth_key, auth_len);
	else
		err = crypto_aead_setkey(tfm, enc_key, enc_len);
	if (!err)
		err = crypto_aead_setauthsize(tfm, alg->icv_len);
	if (err) {
		NL_SET_ERR_MSG(extack, "the crypto API refuses the key");
		mobx_alg_free(tfm);
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
