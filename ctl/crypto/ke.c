// SPDX-License-Identifier: GPL-2.0
/* The groups, and what holds for all of them. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <string.h>

#include "crypto/ke_group.h"
#include "crypto/util.h"
#include "wire/ike_const.h"

#define GROUP(id, kind, nid, priv, pub, shared) \
	{ id, &crypto_ke_ ## kind, nid, priv, pub, pub, shared, NULL }
/* FIPS 203, tables 2 and 3; the private value is the seed of a pair, d | z. */
#define MLKEM(k, pub, answer) \
	{ IKE_KE_MLKEM ## k, &crypto_ke_mlkem, 0, 64, pub, answer, 32, \
	  "ML-KEM-" #k }

static const struct ke_group groups[] = {
	GROUP(IKE_KE_MODP2048, modp, 2048, 40, 256, 256),
	GROUP(IKE_KE_MODP3072, modp, 3072, 52, 384, 384),
	GROUP(IKE_KE_MODP4096, modp, 4096, 60, 512, 512),
	GROUP(IKE_KE_ECP256, ecp, NID_X9_62_prime256v1, 32, 64, 32),
	GROUP(IKE_KE_ECP384, ecp, NID_secp384r1, 48, 96, 48),
	GROUP(IKE_KE_ECP521, ecp, NID_secp521r1, 66, 132, 66),
	GROUP(IKE_KE_X25519, ecx, EVP_PKEY_X25519, 32, 32, 32),
	GROUP(IKE_KE_X448, ecx, EVP_PKEY_X448, 56, 56, 56),
	MLKEM(512, 800, 768),
	MLKEM(768, 1184, 1088),
	MLKEM(1024, 1568, 1568),
};

static const struct ke_group *find(uint16_t id)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (groups[i].id == id)
			return &groups[i];
	return NULL;
}

size_t crypto_ke_public_len(uint16_t group)
{
	const struct ke_group *g = find(group);

	return g ? g->pub_len : 0;
}

size_t crypto_ke_answer_len(uint16_t group)
{
	const struct ke_group *g = find(group);

	return g ? g->answer_len : 0;
}

const char *crypto_ke_kem(uint16_t group)
{
	const struct ke_group *g = find(group);

	return g ? g->kem : NULL;
}

bool crypto_ke_usable(uint16_t group)
{
	const struct ke_group *g = find(group);
	EVP_KEYMGMT *there;

	if (!g || !g->kem)
		return g;
	ERR_set_mark();
	there = EVP_KEYMGMT_fetch(NULL, g->kem, NULL);
	ERR_pop_to_mark();
	EVP_KEYMGMT_free(there);
	return there;
}

static int ke_checked(struct crypto_ke *ke, int err)
{
	if (err)
		crypto_wipe(ke, sizeof(*ke));
	return err;
}

int crypto_ke_generate(struct crypto_ke *ke, uint16_t group,
		       const uint8_t random[CRYPTO_KE_RANDOM])
{
	const struct ke_group *g = find(group);

	memset(ke, 0, sizeof(*ke));
	if (!g)
		return -ENOTSUP;
	ke->group = group;
	ke->pub_len = g->pub_len;
	return ke_checked(ke, g->kind->generate(g, ke, random));
}

int crypto_ke_from_private(struct crypto_ke *ke, uint16_t group,
			   const uint8_t *priv, size_t len)
{
	const struct ke_group *g = find(group);

	memset(ke, 0, sizeof(*ke));
	if (!g)
		return -ENOTSUP;
	if (len != g->priv_len)
		return -EINVAL;
	ke->group = group;
	ke->pub_len = g->pub_len;
	return ke_checked(ke, g->kind->from_private(g, ke, priv));
}

int crypto_ke_answer_alike(const struct ke_group *g, struct crypto_ke *ke,
			   const uint8_t random[CRYPTO_KE_RANDOM],
			   const uint8_t *peer, uint8_t *shared)
{
	int err = g->kind->generate(g, ke, random);

	return err ? err : g->kind->shared(g, ke, peer, shared);
}

int crypto_ke_answer(struct crypto_ke *ke, uint16_t group,
		     const uint8_t random[CRYPTO_KE_RANDOM],
		     const uint8_t *peer, size_t len,
		     uint8_t shared[CRYPTO_KE_SHARED_MAX], size_t *shared_len)
{
	const struct ke_group *g = find(group);
	int err;

	memset(ke, 0, sizeof(*ke));
	memset(shared, 0, CRYPTO_KE_SHARED_MAX);
	*shared_len = 0;
	if (!g)
		return -ENOTSUP;
	if (len != g->pub_len)
		return -EINVAL;
	ke->group = group;
	ke->pub_len = g->answer_len;
	err = ke_checked(ke, g->kind->answer(g, ke, random, peer, shared));
	crypto_wipe(ke->priv, sizeof(ke->priv));
	if (err)
		crypto_wipe(shared, CRYPTO_KE_SHARED_MAX);
	else
		*shared_len = g->shared_len;
	return err;
}

int crypto_ke_shared(const struct crypto_ke *ke, const uint8_t *peer,
		     size_t len, uint8_t shared[CRYPTO_KE_SHARED_MAX],
		     size_t *shared_len)
{
	const struct ke_group *g = find(ke->group);
	int err;

	memset(shared, 0, CRYPTO_KE_SHARED_MAX);
	*shared_len = 0;
	if (!g || !ke->pub_len || len != g->answer_len)
		return -EINVAL;
	err = g->kind->shared(g, ke, peer, shared);
	if (err)
		crypto_wipe(shared, CRYPTO_KE_SHARED_MAX);
	else
		*shared_len = g->shared_len;
	return err;
}
