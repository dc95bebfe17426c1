// SPDX-License-Identifier: GPL-2.0
/* ecp256 and x25519. */
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <string.h>

#include "crypto/ke.h"
#include "crypto/util.h"
#include "wire/ike_const.h"

#define COORD	32

struct ecp {
	EC_GROUP *group;
	EC_POINT *point;
	BN_CTX *ctx;
	BIGNUM *k;
	BIGNUM *x;
	BIGNUM *y;
};

static bool ecp_init(struct ecp *e)
{
	e->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	e->point = e->group ? EC_POINT_new(e->group) : NULL;
	e->ctx = BN_CTX_secure_new();
	e->k = BN_secure_new();
	e->x = BN_secure_new();
	e->y = BN_secure_new();
	return e->point && e->ctx && e->k && e->x && e->y;
}

static void ecp_exit(struct ecp *e)
{
	BN_clear_free(e->y);
	BN_clear_free(e->x);
	BN_clear_free(e->k);
	BN_CTX_free(e->ctx);
	EC_POINT_clear_free(e->point);
	EC_GROUP_free(e->group);
}

/* @e->k, 1 .. order - 1, as 32 octets to @ke, and its public value with it. */
static int ecp_public(struct ecp *e, struct crypto_ke *ke)
{
	BN_set_flags(e->k, BN_FLG_CONSTTIME);
	if (BN_bn2binpad(e->k, ke->priv, COORD) != COORD ||
	    !EC_POINT_mul(e->group, e->point, e->k, NULL, NULL, e->ctx) ||
	    !EC_POINT_get_affine_coordinates(e->group, e->point, e->x, e->y,
					     e->ctx) ||
	    BN_bn2binpad(e->x, ke->pub, COORD) != COORD ||
	    BN_bn2binpad(e->y, ke->pub + COORD, COORD) != COORD)
		return -EIO;
	ke->pub_len = 2 * COORD;
	return 0;
}

/*
 * 1 + random mod (order - 1): with 64 bits more than the order has, no value is
 * likelier than another by more than 2^-64.
 */
static int ecp_generate(struct crypto_ke *ke,
			const uint8_t random[CRYPTO_KE_RANDOM])
{
	struct ecp e = { 0 };
	int err = -EIO;

	if (ecp_init(&e) && BN_copy(e.x, EC_GROUP_get0_order(e.group)) &&
	    BN_sub_word(e.x, 1) && BN_bin2bn(random, CRYPTO_KE_RANDOM, e.y)) {
		BN_set_flags(e.y, BN_FLG_CONSTTIME);
		if (BN_mod(e.k, e.y, e.x, e.ctx) && BN_add_word(e.k, 1))
			err = ecp_public(&e, ke);
	}
	ecp_exit(&e);
	return err;
}

static int ecp_from_private(struct crypto_ke *ke, const uint8_t *priv)
{
	struct ecp e = { 0 };
	int err = -EIO;

	if (ecp_init(&e) && BN_bin2bn(priv, COORD, e.k)) {
		if (BN_is_zero(e.k) ||
		    BN_cmp(e.k, EC_GROUP_get0_order(e.group)) >= 0)
			err = -EINVAL;
		else
			err = ecp_public(&e, ke);
	}
	ecp_exit(&e);
	return err;
}

/*
 * RFC 6989 section 2.3: x and y below the prime, and the point on the curve.
 * Its order then needs no test, as the cofactor is 1.
 */
static int ecp_load_peer(struct ecp *e, const uint8_t *peer)
{
	const BIGNUM *prime = EC_GROUP_get0_field(e->group);

	if (!BN_bin2bn(peer, COORD, e->x) ||
	    !BN_bin2bn(peer + COORD, COORD, e->y))
		return -EIO;
	if (BN_cmp(e->x, prime) >= 0 || BN_cmp(e->y, prime) >= 0 ||
	    !EC_POINT_set_affine_coordinates(e->group, e->point, e->x, e->y,
					     e->ctx) ||
	    EC_POINT_is_on_curve(e->group, e->point, e->ctx) != 1)
		return -EBADMSG;
	return 0;
}

/* RFC 5903 section 7: the secret is the x coordinate alone. */
static int ecp_shared(const struct crypto_ke *ke, const uint8_t *peer,
		      uint8_t *shared)
{
	struct ecp e = { 0 };
	int err = -EIO;

	if (!ecp_init(&e) || !BN_bin2bn(ke->priv, COORD, e.k))
		goto out;
	err = ecp_load_peer(&e, peer);
	if (err)
		goto out;
	BN_set_flags(e.k, BN_FLG_CONSTTIME);
	if (!EC_POINT_mul(e.group, e.point, NULL, e.point, e.k, e.ctx) ||
	    !EC_POINT_get_affine_coordinates(e.group, e.point, e.x, NULL,
					     e.ctx) ||
	    BN_bn2binpad(e.x, shared, COORD) != COORD)
		err = -EIO;
out:
	ecp_exit(&e);
	return err;
}

static int x25519_from_private(struct crypto_ke *ke, const uint8_t *priv)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL,
						     priv, CRYPTO_KE_PRIVATE);
	size_t len = CRYPTO_KE_PRIVATE;
	int err = -EIO;

	if (key && EVP_PKEY_get_raw_public_key(key, ke->pub, &len) == 1) {
		memcpy(ke->priv, priv, CRYPTO_KE_PRIVATE);
		ke->pub_len = len;
		err = 0;
	}
	EVP_PKEY_free(key);
	return err;
}

/*
 * libcrypto refuses an all-zero result, which only a point of small order gives
 * (RFC 7748 section 6.1, RFC 8031 section 3.1).
 */
static int x25519_shared(const struct crypto_ke *ke, const uint8_t *peer,
			 uint8_t *shared)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL,
						     ke->priv,
						     CRYPTO_KE_PRIVATE);
	EVP_PKEY *pub = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL,
						    peer, CRYPTO_KE_PRIVATE);
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	size_t len = CRYPTO_KE_SHARED_MAX;
	int err = -EIO;

	if (ctx && pub && EVP_PKEY_derive_init(ctx) == 1 &&
	    EVP_PKEY_derive_set_peer(ctx, pub) == 1)
		err = EVP_PKEY_derive(ctx, shared, &len) == 1 ? 0 : -EBADMSG;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pub);
	EVP_PKEY_free(key);
	return err;
}

size_t crypto_ke_public_len(uint16_t group)
{
	switch (group) {
	case IKE_KE_ECP256:
		return 2 * COORD;
	case IKE_KE_X25519:
		return CRYPTO_KE_PRIVATE;
	}
	return 0;
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
	memset(ke, 0, sizeof(*ke));
	ke->group = group;
	switch (group) {
	case IKE_KE_ECP256:
		return ke_checked(ke, ecp_generate(ke, random));
	case IKE_KE_X25519:
		return ke_checked(ke, x25519_from_private(ke, random));
	}
	return ke_checked(ke, -ENOTSUP);
}

int crypto_ke_from_private(struct crypto_ke *ke, uint16_t group,
			   const uint8_t priv[CRYPTO_KE_PRIVATE])
{
	memset(ke, 0, sizeof(*ke));
	ke->group = group;
	switch (group) {
	case IKE_KE_ECP256:
		return ke_checked(ke, ecp_from_private(ke, priv));
	case IKE_KE_X25519:
		return ke_checked(ke, x25519_from_private(ke, priv));
	}
	return ke_checked(ke, -ENOTSUP);
}

int crypto_ke_shared(const struct crypto_ke *ke, const uint8_t *peer,
		     size_t len, uint8_t shared[CRYPTO_KE_SHARED_MAX],
		     size_t *shared_len)
{
	int err;

	memset(shared, 0, CRYPTO_KE_SHARED_MAX);
	*shared_len = 0;
	if (!ke->pub_len || len != crypto_ke_public_len(ke->group))
		return -EINVAL;
	err = ke->group == IKE_KE_ECP256 ? ecp_shared(ke, peer, shared) :
					   x25519_shared(ke, peer, shared);
	if (err)
		crypto_wipe(shared, CRYPTO_KE_SHARED_MAX);
	else
		*shared_len = CRYPTO_KE_SHARED_MAX;
	return err;
}
