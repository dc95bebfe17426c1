// SPDX-License-Identifier: GPL-2.0
/* Sealing and opening the Encrypted payload. */
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "crypto/hmac.h"
#include "crypto/sk.h"
#include "crypto/util.h"

#define AEAD_NONCE_LEN	12

/* One direction's view of the keys */
struct half {
	struct crypto_encr encr;
	const EVP_CIPHER *cipher;
	const uint8_t *enc;
	const uint8_t *auth;
	size_t auth_len;
	const char *digest;
	size_t icv_len;
};

static const EVP_CIPHER *cipher_of(uint16_t encr, uint16_t key_bits)
{
	bool gcm = encr == IKE_ENCR_AES_GCM_16;

	if (encr == IKE_ENCR_CHACHA20_POLY1305)
		return EVP_chacha20_poly1305();
	switch (key_bits) {
	case 128:
		return gcm ? EVP_aes_128_gcm() : EVP_aes_128_cbc();
	case 192:
		return gcm ? EVP_aes_192_gcm() : EVP_aes_192_cbc();
	case 256:
		return gcm ? EVP_aes_256_gcm() : EVP_aes_256_cbc();
	}
	return NULL;
}

static const char *integ_digest(uint16_t integ)
{
	switch (integ) {
	case IKE_INTEG_HMAC_SHA1_96:
		return "SHA1";
	case IKE_INTEG_HMAC_SHA2_256_128:
		return "SHA256";
	case IKE_INTEG_HMAC_SHA2_384_192:
		return "SHA384";
	case IKE_INTEG_HMAC_SHA2_512_256:
		return "SHA512";
	}
	return NULL;
}

static int half_init(struct half *h, const struct crypto_ike_keys *keys,
		     bool initiator)
{
	const struct crypto_suite *s = &keys->suite;
	int err = crypto_ike_suite_check(s);

	if (err)
		return err;
	crypto_encr_info(s->encr, s->key_bits, &h->encr);
	crypto_integ_info(s->integ, &h->auth_len, &h->icv_len);
	if (h->encr.icv_len)
		h->icv_len = h->encr.icv_len;
	h->cipher = cipher_of(s->encr, s->key_bits);
	h->digest = integ_digest(s->integ);
	h->enc = initiator ? keys->sk_ei : keys->sk_er;
	h->auth = initiator ? keys->sk_ai : keys->sk_ar;
	return 0;
}

static void aead_nonce(const struct half *h, const uint8_t *iv,
		      uint8_t nonce[AEAD_NONCE_LEN])
{
	memcpy(nonce, h->enc + h->encr.key_len, h->encr.salt_len);
	memcpy(nonce + h->encr.salt_len, iv, h->encr.iv_len);
}

/*
 * One pass of the cipher from @in to @out, which may be the same. Combined
 * modes: @aad is covered too, @tag written (encryption) or compared.
 */
static bool cipher_run(const struct half *h, bool encrypt, const uint8_t *iv,
		       struct wire_span aad, const uint8_t *in, size_t len,
		       uint8_t *out, uint8_t *tag)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool aead = h->encr.icv_len != 0;
	uint8_t nonce[AEAD_NONCE_LEN];
	int tag_len = (int)h->encr.icv_len;
	int n = 0, end = 0;
	bool ok;

	if (aead)
		aead_nonce(h, iv, nonce);
	ok = ctx && EVP_CipherInit_ex(ctx, h->cipher, NULL, h->enc,
				      aead ? nonce : iv, encrypt);
	if (ok && !aead)
		ok = EVP_CIPHER_CTX_set_padding(ctx, 0);
	if (ok && aead && !encrypt)
		ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, tag_len,
					 tag);
	if (ok && aead)
		ok = EVP_CipherUpdate(ctx, NULL, &n, aad.p, (int)aad.len);
	if (ok && len)
		ok = EVP_CipherUpdate(ctx, out, &n, in, (int)len);
	/* Nothing is left to come: neither mode keeps octets back. */
	if (ok)
		ok = EVP_CipherFinal_ex(ctx, nonce, &end) && end == 0;
	if (ok && aead && encrypt)
		ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, tag_len,
					 tag);
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

static int seal_body(const struct half *h, struct wire_wr *out, size_t iv_at,
		     size_t ct_len)
{
	uint8_t *iv = out->data + iv_at;
	uint8_t *ct = iv + h->encr.iv_len;
	const struct wire_span aad = { out->data, iv_at };
	const struct wire_span covered = { out->data,
					   iv_at + h->encr.iv_len + ct_len };

	if (!cipher_run(h, true, iv, aad, ct, ct_len, ct, ct + ct_len))
		return -EIO;
	if (h->digest)
		return crypto_hmac(h->digest, h->auth, h->auth_len, &covered, 1,
				   ct + ct_len, h->icv_len);
	return 0;
}

/* @n octets and the octet that tells the length of the padding, padded */
static size_t padded(const struct half *h, size_t n)
{
	size_t block = h->encr.block;

	return n + 1 + (block - (n + 1) % block) % block;
}

/* All of a message but its inner payloads and their padding */
static size_t overhead(const struct half *h, bool fragment)
{
	return IKE_HDR_LEN + IKE_PAYLOAD_HDR_LEN +
	       (fragment ? WIRE_SKF_HDR_LEN : 0u) + h->encr.iv_len + h->icv_len;
}

static int seal(struct crypto_ike_keys *keys, bool initiator,
		const struct wire_hdr *hdr, const struct crypto_fragment *f,
		const uint8_t random[16], struct wire_wr *out)
{
	bool fragment = f->total != 0;
	struct wire_hdr header = *hdr;
	struct half h = { 0 };
	size_t ct_len, total, iv_at;
	uint8_t counter[8];
	int err;

	err = half_init(&h, keys, initiator);
	if (err)
		return err;
	if (f->data.len > WIRE_MSG_MAX)
		return -EMSGSIZE;
	ct_len = padded(&h, f->data.len);
	total = overhead(&h, fragment) + ct_len;
	if (total > WIRE_MSG_MAX)
		return -EMSGSIZE;

	header.next = fragment ? IKE_PL_SKF : IKE_PL_SK;
	header.length = (uint32_t)total;
	wire_hdr_write(out, &header);
	wire_wr_u8(out, f->first);
	wire_wr_u8(out, 0);
	wire_wr_u16(out, (uint16_t)(total - IKE_HDR_LEN));
	if (fragment) {
		wire_wr_u16(out, f->number);
		wire_wr_u16(out, f->total);
	}
	iv_at = out->len;
	if (h.encr.icv_len) {
		wire_put_u64(counter, keys->next_iv++);
		wire_wr_bytes(out, counter, sizeof(counter));
	} else {
		wire_wr_bytes(out, random, h.encr.iv_len);
	}
	wire_wr_bytes(out, f->data.p, f->data.len);
	wire_wr_zero(out, ct_len - f->data.len - 1);
	wire_wr_u8(out, (uint8_t)(ct_len - f->data.len - 1));
	wire_wr_zero(out, h.icv_len);
	if (out->bad)
		return -ENOMEM;
	err = seal_body(&h, out, iv_at, ct_len);
	if (err)
		wire_wr_free(out);
	return err;
}

int crypto_sk_seal(struct crypto_ike_keys *keys, bool initiator,
		   const struct wire_hdr *hdr, uint8_t first,
		   const uint8_t *inner, size_t inner_len,
		   const uint8_t random[16], struct wire_wr *out)
{
	const struct crypto_fragment whole = {
		.first = first,
		.data = { inner, inner_len },
	};

	return seal(keys, initiator, hdr, &whole, random, out);
}

int crypto_skf_seal(struct crypto_ike_keys *keys, bool initiator,
		    const struct wire_hdr *hdr, const struct crypto_fragment *f,
		    const uint8_t random[16], struct wire_wr *out)
{
	if (!f->number || f->number > f->total)
		return -EINVAL;
	return seal(keys, initiator, hdr, f, random, out);
}

size_t crypto_sk_room(const struct crypto_suite *suite, size_t size,
		      bool fragment)
{
	const struct crypto_ike_keys keys = { .suite = *suite };
	struct half h = { 0 };
	size_t room;

	if (half_init(&h, &keys, true) || size <= overhead(&h, fragment))
		return 0;
	room = size - overhead(&h, fragment);
	room -= room % h.encr.block;
	return room ? room - 1 : 0;
}

static int open_body(const struct half *h, const struct wire_msg *msg,
		     uint8_t *plain, size_t ct_len)
{
	const uint8_t *ct = msg->sk + h->encr.iv_len;
	const struct wire_span aad = { msg->raw, (size_t)(msg->sk - msg->raw) };
	const struct wire_span covered = { msg->raw,
					   msg->raw_len - h->icv_len };
	uint8_t icv[CRYPTO_PRF_MAX];
	int err;

	memcpy(icv, ct + ct_len, h->icv_len);
	if (!h->digest)
		return cipher_run(h, false, msg->sk, aad, ct, ct_len, plain,
				  icv) ? 0 : -EBADMSG;

	/* The checksum before anything else (RFC 7296 section 3.14) */
	err = crypto_hmac(h->digest, h->auth, h->auth_len, &covered, 1, icv,
			  h->icv_len);
	if (err)
		return err;
	if (!crypto_equal(icv, ct + ct_len, h->icv_len))
		return -EBADMSG;
	return cipher_run(h, false, msg->sk, aad, ct, ct_len, plain, NULL) ?
	       0 : -EIO;
}

/* Decrypts; @len gets the octets without padding. */
static int open_any(const struct crypto_ike_keys *keys, bool initiator,
		    const struct wire_msg *msg, uint8_t *plain, size_t *len,
		    bool *bad_padding)
{
	struct half h = { 0 };
	size_t ct_len, pad;
	int ret;

	ret = half_init(&h, keys, initiator);
	if (ret)
		return ret;
	/* At least the octet that tells the length of the padding */
	if (msg->sk_len < h.encr.iv_len + h.icv_len + 1)
		return -EBADMSG;
	ct_len = msg->sk_len - h.encr.iv_len - h.icv_len;
	if (ct_len % h.encr.block)
		return -EBADMSG;
	ret = open_body(&h, msg, plain, ct_len);
	if (ret) {
		crypto_wipe(plain, ct_len);
		return ret;
	}
	pad = plain[ct_len - 1];
	*bad_padding = pad + 1 > ct_len;
	*len = *bad_padding ? 0 : ct_len - 1 - pad;
	return 0;
}

int crypto_sk_open(const struct crypto_ike_keys *keys, bool initiator,
		   struct wire_msg *msg, uint8_t *plain, size_t plain_len,
		   enum wire_err *err)
{
	bool bad_padding;
	size_t len;
	int ret;

	*err = WIRE_OK;
	if (!msg->has_sk || msg->opened || plain_len < msg->sk_len)
		return -EINVAL;
	ret = open_any(keys, initiator, msg, plain, &len, &bad_padding);
	if (ret)
		return ret;
	if (bad_padding) {
		msg->n = 0;
		msg->opened = true;
		*err = WIRE_E_LENGTH;
		return 0;
	}
	*err = wire_msg_parse_inner(msg, plain, len);
	return 0;
}

int crypto_skf_open(const struct crypto_ike_keys *keys, bool initiator,
		    const struct wire_msg *msg, uint8_t *plain,
		    size_t plain_len, size_t *len)
{
	bool bad_padding;
	int ret;

	*len = 0;
	if (!msg->has_skf || msg->opened || plain_len < msg->sk_len)
		return -EINVAL;
	ret = open_any(keys, initiator, msg, plain, len, &bad_padding);
	return !ret && bad_padding ? -EBADMSG : ret;
}
