// SPDX-License-Identifier: GPL-2.0
/* Groups over prime curves: ecp256, ecp384, ecp521 (RFC 5903). */
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <string.h>

#include "crypto/ke_group.h"

struct ecp {
	const EC_GROUP *group;
	EC_POINT *point;
	BN_CTX *ctx;
	BIGNUM *k;
	BIGNUM *x;
	BIGNUM *y;
	int coord;
};

/*
 * What libcrypto works out of a curve's name, a quarter of a key exchange over ecp256,
 * kept. One thread at a time, like all that is above.
 */
static const EC_GROUP *ecp_group(int nid)
{
	static struct {
		int nid;
		EC_GROUP *group;
	} kept[3];
	size_t i = 0;

	while (kept[i].group && kept[i].nid != nid)
		if (++i == sizeof(kept) / sizeof(kept[0]))
			return NULL;
	if (!kept[i].group) {
		kept[i].group = EC_GROUP_new_by_curve_name(nid);
		kept[i].nid = nid;
	}
	return kept[i].group;
}

static bool ecp_init(struct ecp *e, const struct ke_group *g)
{
	e->group = ecp_group(g->nid);
	e->point = e->group ? EC_POINT_new(e->group) : NULL;
	e->ctx = BN_CTX_secure_new();
	e->k = BN_secure_new();
	e->x = BN_secure_new();
	e->y = BN_secure_new();
	e->coord = (int)g->priv_len;
	return e->point && e->ctx && e->k && e->x && e->y;
}

static void ecp_exit(struct ecp *e)
{
	BN_clear_free(e->y);
	BN_clear_free(e->x);
	BN_clear_free(e->k);
	BN_CTX_free(e->ctx);
	EC_POINT_clear_free(e->point);
}

/* @e->k, 1 .. order - 1, as octets to @ke, and its public value with it. */
static int ecp_public(struct ecp *e, struct crypto_ke *ke)
{
	BN_set_flags(e->k, BN_FLG_CONSTTIME);
	if (BN_bn2binpad(e->k, ke->priv, e->coord) != e->coord ||
	    !EC_POINT_mul(e->group, e->point, e->k, NULL, NULL, e->ctx) ||
	    !EC_POINT_get_affine_coordinates(e->group, e->point, e->x, e->y,
					     e->ctx) ||
	    BN_bn2binpad(e->x, ke->pub, e->coord) != e->coord ||
	    BN_bn2binpad(e->y, ke->pub + e->coord, e->coord) != e->coord)
		return -EIO;
	return 0;
}

/*
 * 1 + random mod (order - 1): with 64 bits more than the order has, no value is
 * likelier than another by more than 2^-64.
 */
static int ecp_generate(const struct ke_group *g, struct crypto_ke *ke,
			const uint8_t random[CRYPTO_KE_RANDOM])
{
	struct ecp e = { 0 };
	int err = -EIO;

	if (ecp_init(&e, g) && BN_copy(e.x, EC_GROUP_get0_order(e.group)) &&
	    BN_sub_word(e.x, 1) && BN_bin2bn(random, e.coord + 8, e.y)) {
		BN_set_flags(e.y, BN_FLG_CONSTTIME);
		if (BN_mod(e.k, e.y, e.x, e.ctx) && BN_add_word(e.k, 1))
			err = ecp_public(&e, ke);
	}
	ecp_exit(&e);
	return err;
}

static int ecp_from_private(const struct ke_group *g, struct crypto_ke *ke,
			    const uint8_t *priv)
{
	struct ecp e = { 0 };
	int err = -EIO;

	if (ecp_init(&e, g) && BN_bin2bn(priv, e.coord, e.k)) {
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

	if (!BN_bin2bn(peer, e->coord, e->x) ||
	    !BN_bin2bn(peer + e->coord, e->coord, e->y))
		return -EIO;
	if (BN_cmp(e->x, prime) >= 0 || BN_cmp(e->y, prime) >= 0 ||
	    !EC_POINT_set_affine_coordinates(e->group, e->point, e->x, e->y,
					     e->ctx) ||
	    EC_POINT_is_on_curve(e->group, e->point, e->ctx) != 1)
		return -EBADMSG;
	return 0;
}

/* RFC 5903 section 7: the secret is the x coordinate alone. */
static int ecp_shared(const struct ke_group *g, const struct crypto_ke *ke,
		      const uint8_t *peer, uint8_t *shared)
{
	struct ecp e = { 0 };
	int err = -EIO;

	if (!ecp_init(&e, g) || !BN_bin2bn(ke->priv, e.coord, e.k))
		goto out;
	err = ecp_load_peer(&e, peer);
	if (err)
		goto out;
	BN_set_flags(e.k, BN_FLG_CONSTTIME);
	if (!EC_POINT_mul(e.group, e.point, NULL, e.point, e.k, e.ctx) ||
	    !EC_POINT_get_affine_coordinates(e.group, e.point, e.x, NULL,
					     e.ctx) ||
	    BN_bn2binpad(e.x, shared, e.coord) != e.coord)
		err = -EIO;
out:
	ecp_exit(&e);
	return err;
}

const struct ke_kind crypto_ke_ecp = {
	.generate = ecp_generate,
	.from_private = ecp_from_private,
	.answer = crypto_ke_answer_alike,
	.shared = ecp_shared,
};
