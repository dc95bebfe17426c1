// SPDX-License-Identifier: GPL-2.0
/* AlgorithmIdentifiers of signatures (RFC 7427 appendix A, RFC 8420). */
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "crypto/sig_alg.h"

#define PSS_MIN_SALT	16

static const struct simple {
	struct sig_alg alg;
	size_t len;
	uint8_t der[15];
} simples[] = {
	{ { NID_rsaEncryption, NID_sha256, 0 }, 15,
	  { 0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11,
	    5, 0 } },
	{ { NID_rsaEncryption, NID_sha384, 0 }, 15,
	  { 0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12,
	    5, 0 } },
	{ { NID_rsaEncryption, NID_sha512, 0 }, 15,
	  { 0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13,
	    5, 0 } },
	{ { NID_X9_62_id_ecPublicKey, NID_sha256, 0 }, 12,
	  { 0x30, 0x0a, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2 } },
	{ { NID_X9_62_id_ecPublicKey, NID_sha384, 0 }, 12,
	  { 0x30, 0x0a, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3 } },
	{ { NID_X9_62_id_ecPublicKey, NID_sha512, 0 }, 12,
	  { 0x30, 0x0a, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4 } },
	{ { NID_ED25519, NID_undef, 0 }, 7, { 0x30, 5, 6, 3, 0x2b, 0x65,
					      0x70 } },
	{ { NID_ED448, NID_undef, 0 }, 7, { 0x30, 5, 6, 3, 0x2b, 0x65,
					    0x71 } },
};

#define N_SIMPLE	(sizeof(simples) / sizeof(simples[0]))

/* The hash and the salt's length are all that differs. */
static size_t pss_encode(const struct sig_alg *a, uint8_t out[SIG_ALG_MAX])
{
	static const uint8_t template[] = {
		0x30, 0x41, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10,
		0x30, 0x34,
		0xa0, 0x0f, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4,
		2, 0, 5, 0,
		0xa1, 0x1c, 0x30, 0x1a, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7,
		0x0d, 1, 1, 8,
		0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 0, 5, 0,
		0xa2, 3, 2, 1, 0,
	};
	uint8_t hash;

	switch (a->md) {
	case NID_sha256:
		hash = 1;
		break;
	case NID_sha384:
		hash = 2;
		break;
	case NID_sha512:
		hash = 3;
		break;
	default:
		return 0;
	}
	memcpy(out, template, sizeof(template));
	out[29] = hash;
	out[59] = hash;
	out[66] = (uint8_t)a->salt_len;
	return sizeof(template);
}

size_t crypto_sig_alg_encode(const struct sig_alg *a, uint8_t out[SIG_ALG_MAX])
{
	if (a->key == NID_rsassaPss)
		return pss_encode(a, out);
	for (size_t i = 0; i < N_SIMPLE; i++) {
		if (simples[i].alg.key != a->key || simples[i].alg.md != a->md)
			continue;
		memcpy(out, simples[i].der, simples[i].len);
		return simples[i].len;
	}
	return 0;
}

static int sound_md(const X509_ALGOR *alg)
{
	const ASN1_OBJECT *obj = NULL;
	int nid, type = 0;

	if (!alg)
		return NID_undef;
	X509_ALGOR_get0(&obj, &type, NULL, alg);
	if (type != V_ASN1_NULL && type != V_ASN1_UNDEF)
		return NID_undef;
	nid = OBJ_obj2nid(obj);
	return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512 ?
	       nid : NID_undef;
}

/* The hash of MGF1, which is the only mask generation function there is */
static int mgf1_md(const X509_ALGOR *mgf)
{
	const ASN1_OBJECT *obj = NULL;
	const void *value = NULL;
	int type = 0, nid = NID_undef;
	X509_ALGOR *hash;

	if (!mgf)
		return NID_undef;
	X509_ALGOR_get0(&obj, &type, &value, mgf);
	if (OBJ_obj2nid(obj) != NID_mgf1 || type != V_ASN1_SEQUENCE)
		return NID_undef;
	hash = ASN1_item_unpack(value, ASN1_ITEM_rptr(X509_ALGOR));
	nid = sound_md(hash);
	X509_ALGOR_free(hash);
	return nid;
}

static bool pss_params(const RSA_PSS_PARAMS *p, struct sig_alg *a)
{
	int size;

	/* Without a salt length it is that of SHA-1, 20. */
	a->salt_len = p->saltLength ?
		      (int)ASN1_INTEGER_get(p->saltLength) : 20;
	a->md = sound_md(p->hashAlgorithm);
	if (a->md == NID_undef || mgf1_md(p->maskGenAlgorithm) != a->md ||
	    (p->trailerField && ASN1_INTEGER_get(p->trailerField) != 1))
		return false;
	size = EVP_MD_get_size(EVP_get_digestbynid(a->md));
	return a->salt_len >= PSS_MIN_SALT && a->salt_len <= size;
}

static bool pss_decode(const X509_ALGOR *alg, struct sig_alg *a)
{
	const ASN1_OBJECT *obj = NULL;
	const void *value = NULL;
	RSA_PSS_PARAMS *p;
	int type = 0;
	bool ok;

	X509_ALGOR_get0(&obj, &type, &value, alg);
	if (OBJ_obj2nid(obj) != NID_rsassaPss || type != V_ASN1_SEQUENCE)
		return false;
	p = ASN1_item_unpack(value, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
	ok = p && pss_params(p, a);
	RSA_PSS_PARAMS_free(p);
	a->key = NID_rsassaPss;
	return ok;
}

bool crypto_sig_alg_decode(struct wire_span id, struct sig_alg *a)
{
	const unsigned char *p = id.p;
	X509_ALGOR *alg;
	bool ok;

	for (size_t i = 0; i < N_SIMPLE; i++) {
		if (id.len != simples[i].len ||
		    memcmp(id.p, simples[i].der, id.len))
			continue;
		*a = simples[i].alg;
		return true;
	}
	alg = d2i_X509_ALGOR(NULL, &p, (long)id.len);
	ok = alg && p == id.p + id.len && pss_decode(alg, a);
	X509_ALGOR_free(alg);
	return ok;
}
