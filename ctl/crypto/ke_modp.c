// SPDX-License-Identifier: GPL-2.0
/*
 * Groups over large primes (RFC 3526), with g = 2. Their primes are safe, so
 * that 1 and p - 1 are the only public values of small order.
 */
#include <errno.h>
#include <openssl/bn.h>
#include <string.h>

#include "crypto/ke_group.h"
#include "crypto/util.h"

struct modp {
	BIGNUM *prime;
	BIGNUM *x;
	BIGNUM *y;
	BN_CTX *ctx;
};

static BIGNUM *prime_of(int bits)
{
	switch (bits) {
	case 2048:
		return BN_get_rfc3526_prime_2048(NULL);
	case 3072:
		return BN_get_rfc3526_prime_3072(NULL);
	case 4096:
		return BN_get_rfc3526_prime_4096(NULL);
	}
	return NULL;
}

static bool modp_init(struct modp *m, const struct ke_group *g)
{
	m->prime = prime_of(g->nid);
	m->x = BN_secure_new();
	m->y = BN_secure_new();
	m->ctx = BN_CTX_secure_new();
	return m->prime && m->x && m->y && m->ctx;
}

static void modp_exit(struct modp *m)
{
	BN_CTX_free(m->ctx);
	BN_clear_free(m->y);
	BN_clear_free(m->x);
	BN_free(m->prime);
}

/* @m->y ^ private value, as many octets as the prime has (K27). */
static bool modp_power(struct modp *m, const struct ke_group *g,
		       const uint8_t *priv, uint8_t *out)
{
	int len = (int)g->pub_len;

	if (!BN_bin2bn(priv, (int)g->priv_len, m->x))
		return false;
	BN_set_flags(m->x, BN_FLG_CONSTTIME);
	return BN_mod_exp_mont_consttime(m->y, m->y, m->x, m->prime, m->ctx,
					 NULL) &&
	       BN_bn2binpad(m->y, out, len) == len;
}

static int modp_from_private(const struct ke_group *g, struct crypto_ke *ke,
			     const uint8_t *priv)
{
	struct modp m = { 0 };
	int err = -EIO;
	size_t i = 0;

	while (i < g->priv_len - 1 && !priv[i])
		i++;
	if (i == g->priv_len - 1 && priv[i] < 2)
		return -EINVAL;
	memcpy(ke->priv, priv, g->priv_len);
	if (modp_init(&m, g) && BN_set_word(m.y, 2) &&
	    modp_power(&m, g, ke->priv, ke->pub))
		err = 0;
	modp_exit(&m);
	return err;
}

/* An exponent of exactly that many bits, at least twice the strength. */
static int modp_generate(const struct ke_group *g, struct crypto_ke *ke,
			 const uint8_t random[CRYPTO_KE_RANDOM])
{
	uint8_t priv[CRYPTO_KE_PRIVATE];
	int err;

	memcpy(priv, random, g->priv_len);
	priv[0] |= 0x80;
	err = modp_from_private(g, ke, priv);
	crypto_wipe(priv, sizeof(priv));
	return err;
}

/* RFC 6989 section 2.1: 1 < y < p - 1 */
static int modp_shared(const struct ke_group *g, const struct crypto_ke *ke,
		       const uint8_t *peer, uint8_t *shared)
{
	struct modp m = { 0 };
	int err = -EIO;

	if (!modp_init(&m, g) || !BN_bin2bn(peer, (int)g->pub_len, m.y) ||
	    !BN_sub(m.x, m.prime, BN_value_one()))
		goto out;
	err = -EBADMSG;
	if (BN_cmp(m.y, BN_value_one()) <= 0 || BN_cmp(m.y, m.x) >= 0)
		goto out;
	err = modp_power(&m, g, ke->priv, shared) ? 0 : -EIO;
out:
	modp_exit(&m);
	return err;
}

const struct ke_kind crypto_ke_modp = {
	.generate = modp_generate,
	.from_private = modp_from_private,
	.answer = crypto_ke_answer_alike,
	.shared = modp_shared,
};
