// SPDX-License-Identifier: GPL-2.0
/* Signatures of AUTH payloads. */
#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "crypto/sig.h"
#include "crypto/sig_alg.h"

#define RSA_MIN_BITS	2048
#define RSA_MAX_BITS	16384

static const struct {
	const char *group;
	int bits;
	uint8_t method;
	int md;
} curves[] = {
	{ "prime256v1", 256, IKE_AUTH_ECDSA_256, NID_sha256 },
	{ "secp384r1", 384, IKE_AUTH_ECDSA_384, NID_sha384 },
	{ "secp521r1", 521, IKE_AUTH_ECDSA_521, NID_sha512 },
};

#define N_CURVES	(sizeof(curves) / sizeof(curves[0]))

/* Index in the table, -1 for another kind of key or curve */
static int curve_of(const EVP_PKEY *key)
{
	char group[32] = "";

	if (!EVP_PKEY_is_a(key, "EC") ||
	    !EVP_PKEY_get_group_name(key, group, sizeof(group), NULL))
		return -1;
	for (size_t i = 0; i < N_CURVES; i++)
		if (!strcmp(curves[i].group, group))
			return (int)i;
	return -1;
}

bool crypto_sig_key_ok(const EVP_PKEY *key, char *err, size_t errlen)
{
	int bits = EVP_PKEY_get_bits(key);

	if (EVP_PKEY_is_a(key, "RSA")) {
		if (bits >= RSA_MIN_BITS && bits <= RSA_MAX_BITS)
			return true;
		snprintf(err, errlen, "RSA with %d bits; %d to %d would be"
			 " right", bits, RSA_MIN_BITS, RSA_MAX_BITS);
		return false;
	}
	if (curve_of(key) >= 0 || EVP_PKEY_is_a(key, "ED25519") ||
	    EVP_PKEY_is_a(key, "ED448"))
		return true;
	snprintf(err, errlen, "a key of type %s; RSA, EC (P-256, P-384,"
		 " P-521), Ed25519 or Ed448 would be right",
		 EVP_PKEY_get0_type_name(key) ?
		 EVP_PKEY_get0_type_name(key) : "unknown");
	return false;
}

static const EVP_MD *digest(int nid)
{
	return nid == NID_undef ? NULL : EVP_get_digestbynid(nid);
}

/* The salt is as long as the hash (RFC 7427 section 3). */
static bool set_padding(EVP_PKEY_CTX *ctx, const struct sig_alg *a)
{
	const EVP_MD *md = digest(a->md);

	if (a->key != NID_rsaEncryption && a->key != NID_rsassaPss)
		return true;
	if (a->key == NID_rsaEncryption)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, a->salt_len) > 0 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) > 0;
}

static int sign(EVP_PKEY *key, const struct sig_alg *a, struct wire_span octets,
		uint8_t *sig, size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	bool ok;

	ok = ctx && EVP_DigestSignInit(ctx, &pctx, digest(a->md), NULL, key) &&
	     set_padding(pctx, a) &&
	     EVP_DigestSign(ctx, sig, len, octets.p, octets.len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok ? 0 : -EIO;
}

static int verify(EVP_PKEY *key, const struct sig_alg *a,
		  struct wire_span octets, struct wire_span sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	int err = -EIO;

	if (ctx && EVP_DigestVerifyInit(ctx, &pctx, digest(a->md), NULL, key) &&
	    set_padding(pctx, a))
		err = EVP_DigestVerify(ctx, sig.p, sig.len, octets.p,
				       octets.len) == 1 ? 0 : -EBADMSG;
	EVP_MD_CTX_free(ctx);
	return err;
}

/* ------------------------------------------------- RFC 7296 and RFC 4754 */

/* DER from and to the two numbers side by side (RFC 4754 section 7) */
static int raw_from_der(const uint8_t *der, size_t len, int coord, uint8_t *raw)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	int err = -EIO;

	if (sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, coord) == coord &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + coord, coord) == coord)
		err = 0;
	ECDSA_SIG_free(sig);
	return err;
}

static size_t der_from_raw(struct wire_span raw, uint8_t der[160])
{
	int coord = (int)raw.len / 2, len = 0;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw.p, coord, NULL);
	BIGNUM *s = BN_bin2bn(raw.p + coord, coord, NULL);

	if (sig && r && s && ECDSA_SIG_set0(sig, r, s)) {
		r = NULL;
		s = NULL;
		len = i2d_ECDSA_SIG(sig, &der);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return len > 0 ? (size_t)len : 0;
}

static int sign_classic(EVP_PKEY *key, struct wire_span octets,
			uint8_t *method, struct wire_wr *out)
{
	static const struct sig_alg rsa = { NID_rsaEncryption, NID_sha1, 0 };
	uint8_t sig[RSA_MAX_BITS / 8], raw[2 * 66];
	size_t len = sizeof(sig);
	int curve = curve_of(key), coord, err;
	struct sig_alg ec = { NID_X9_62_id_ecPublicKey, NID_undef, 0 };

	if (EVP_PKEY_is_a(key, "RSA")) {
		*method = IKE_AUTH_RSA_SIG;
		err = sign(key, &rsa, octets, sig, &len);
		if (!err)
			wire_wr_bytes(out, sig, len);
		return err;
	}
	if (curve < 0)
		return -ENOTSUP;
	coord = (curves[curve].bits + 7) / 8;
	*method = curves[curve].method;
	ec.md = curves[curve].md;
	err = sign(key, &ec, octets, sig, &len);
	if (!err)
		err = raw_from_der(sig, len, coord, raw);
	if (!err)
		wire_wr_bytes(out, raw, 2u * (size_t)coord);
	return err;
}

/* SHA-1 is what method 1 means when nothing else is said (section 3.8). */
static int verify_rsa(EVP_PKEY *key, struct wire_span octets,
		      struct wire_span auth)
{
	static const struct sig_alg rsa = { NID_rsaEncryption, NID_sha1, 0 };

	if (!EVP_PKEY_is_a(key, "RSA"))
		return -ENOTSUP;
	return verify(key, &rsa, octets, auth);
}

static int verify_ecdsa(EVP_PKEY *key, uint8_t method, struct wire_span octets,
			struct wire_span auth)
{
	struct sig_alg ec = { NID_X9_62_id_ecPublicKey, NID_undef, 0 };
	int curve = curve_of(key);
	struct wire_span sig;
	uint8_t der[160];

	if (curve < 0 || curves[curve].method != method)
		return -ENOTSUP;
	if (auth.len != 2u * (size_t)((curves[curve].bits + 7) / 8))
		return -EBADMSG;
	sig = (struct wire_span){ der, der_from_raw(auth, der) };
	if (!sig.len)
		return -EIO;
	ec.md = curves[curve].md;
	return verify(key, &ec, octets, sig);
}

/* ------------------------------------------------------------- RFC 7427 */

/* The hash that fits an EC key first; any key has them all. */
static int choose_hash(const EVP_PKEY *key, unsigned int hashes)
{
	static const int nids[] = { NID_sha256, NID_sha384, NID_sha512 };
	int curve = curve_of(key);

	for (int i = curve < 0 ? 0 : curve; i < 3; i++)
		if (hashes & 1u << (IKE_HASH_SHA2_256 + i))
			return nids[i];
	for (int i = 0; i < 3; i++)
		if (hashes & 1u << (IKE_HASH_SHA2_256 + i))
			return nids[i];
	return NID_undef;
}

static bool choose_alg(const EVP_PKEY *key, bool pss, unsigned int hashes,
		       struct sig_alg *a)
{
	*a = (struct sig_alg){ NID_undef, NID_undef, 0 };
	if (EVP_PKEY_is_a(key, "ED25519"))
		a->key = NID_ED25519;
	else if (EVP_PKEY_is_a(key, "ED448"))
		a->key = NID_ED448;
	if (a->key != NID_undef)
		return hashes & 1u << IKE_HASH_IDENTITY;
	a->md = choose_hash(key, hashes);
	if (a->md == NID_undef)
		return false;
	if (EVP_PKEY_is_a(key, "RSA"))
		a->key = pss ? NID_rsassaPss : NID_rsaEncryption;
	else
		a->key = NID_X9_62_id_ecPublicKey;
	a->salt_len = EVP_MD_get_size(digest(a->md));
	return true;
}

int crypto_sig_sign(EVP_PKEY *key, bool pss, unsigned int hashes,
		    struct wire_span octets, uint8_t *method,
		    struct wire_wr *out)
{
	uint8_t sig[RSA_MAX_BITS / 8], id[SIG_ALG_MAX];
	size_t len = sizeof(sig), id_len;
	struct sig_alg a;
	int err;

	if (choose_alg(key, pss, hashes, &a)) {
		*method = IKE_AUTH_DIGITAL_SIG;
		id_len = crypto_sig_alg_encode(&a, id);
		err = id_len ? sign(key, &a, octets, sig, &len) : -ENOTSUP;
		if (err)
			return err;
		wire_wr_u8(out, (uint8_t)id_len);
		wire_wr_bytes(out, id, id_len);
		wire_wr_bytes(out, sig, len);
	} else {
		err = sign_classic(key, octets, method, out);
		if (err)
			return err;
	}
	return out->bad ? -ENOMEM : 0;
}

static bool alg_fits(const struct sig_alg *a, const EVP_PKEY *key)
{
	switch (a->key) {
	case NID_rsaEncryption:
	case NID_rsassaPss:
		return EVP_PKEY_is_a(key, "RSA");
	case NID_X9_62_id_ecPublicKey:
		return curve_of(key) >= 0;
	case NID_ED25519:
		return EVP_PKEY_is_a(key, "ED25519");
	case NID_ED448:
		return EVP_PKEY_is_a(key, "ED448");
	}
	return false;
}

static int verify_digital(EVP_PKEY *key, struct wire_span octets,
			  struct wire_span auth)
{
	struct wire_span id, sig;
	struct wire_rd rd;
	struct sig_alg a;

	wire_rd_init(&rd, auth.p, auth.len);
	id.len = wire_rd_u8(&rd);
	id.p = wire_rd_bytes(&rd, id.len);
	sig.len = rd.left;
	sig.p = wire_rd_bytes(&rd, rd.left);
	if (rd.bad || !id.len || !sig.len)
		return -EBADMSG;
	if (!crypto_sig_alg_decode(id, &a) || !alg_fits(&a, key))
		return -ENOTSUP;
	return verify(key, &a, octets, sig);
}

int crypto_sig_verify(EVP_PKEY *key, uint8_t method, struct wire_span octets,
		      struct wire_span auth)
{
	switch (method) {
	case IKE_AUTH_RSA_SIG:
		return verify_rsa(key, octets, auth);
	case IKE_AUTH_ECDSA_256:
	case IKE_AUTH_ECDSA_384:
	case IKE_AUTH_ECDSA_521:
		return verify_ecdsa(key, method, octets, auth);
	case IKE_AUTH_DIGITAL_SIG:
		return verify_digital(key, octets, auth);
	}
	return -ENOTSUP;
}
