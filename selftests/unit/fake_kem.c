// SPDX-License-Identifier: GPL-2.0
/*
 * A provider of libcrypto with ML-KEM-512, 768 and 1024 that are x25519 within. The
 * key is a public value of it and filling, the ciphertext another one and filling,
 * the secret a hash of both and of what the two values make.
 */
#include "fake_kem.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/ke.h"
#include "wire/ike_const.h"

#define X_LEN		32
#define SEED_LEN	64
#define FILLING		0x5a

struct key {
	size_t pub_len;
	size_t ct_len;
	bool have_pub;
	bool have_priv;
	uint8_t priv[X_LEN];
	uint8_t pub[CRYPTO_KE_PUBLIC_MAX];
};

/* What makes a key, and what uses one */
struct gen {
	struct key size;
	uint8_t seed[SEED_LEN];
};

struct use {
	struct key *key;
	uint8_t m[X_LEN];
};

/* ------------------------------------------------------------------- x25519 */

static int x_public(const uint8_t priv[X_LEN], uint8_t pub[X_LEN])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL,
						     priv, X_LEN);
	size_t len = X_LEN;
	int ok = EVP_PKEY_get_raw_public_key(key, pub, &len);

	EVP_PKEY_free(key);
	return ok == 1;
}

static int x_shared(const uint8_t priv[X_LEN], const uint8_t pub[X_LEN],
		    uint8_t out[X_LEN])
{
	EVP_PKEY *a = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, priv,
						   X_LEN);
	EVP_PKEY *b = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, pub,
						  X_LEN);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(a, NULL);
	size_t len = X_LEN;
	int ok;

	ok = EVP_PKEY_derive_init(ctx) == 1 &&
	     EVP_PKEY_derive_set_peer(ctx, b) == 1 &&
	     EVP_PKEY_derive(ctx, out, &len) == 1;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
	return ok;
}

static int hash(const struct key *key, const uint8_t *ct,
		const uint8_t with[X_LEN], uint8_t *secret)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	int ok;

	ok = EVP_DigestInit_ex(md, EVP_sha256(), NULL) &&
	     EVP_DigestUpdate(md, with, X_LEN) &&
	     EVP_DigestUpdate(md, ct, key->ct_len) &&
	     EVP_DigestUpdate(md, key->pub, key->pub_len) &&
	     EVP_DigestFinal_ex(md, secret, NULL);
	EVP_MD_CTX_free(md);
	return ok;
}

/* --------------------------------------------------------------------- keys */

static void key_free(void *p)
{
	free(p);
}

static int key_has(const void *p, int selection)
{
	const struct key *key = p;

	return (!(selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) ||
		key->have_pub) &&
	       (!(selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) ||
		key->have_priv);
}

/* As of a true one not all octets are a key. */
static int key_import(void *p, int selection, const OSSL_PARAM params[])
{
	const OSSL_PARAM *pub = OSSL_PARAM_locate_const(params, "pub");
	struct key *key = p;
	size_t i;

	(void)selection;
	if (!pub || pub->data_size != key->pub_len)
		return 0;
	memcpy(key->pub, pub->data, key->pub_len);
	for (i = X_LEN; i < key->pub_len; i++)
		if (key->pub[i] != FILLING)
			return 0;
	key->have_pub = true;
	return 1;
}

static const OSSL_PARAM *pub_type(void)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_octet_string("pub", NULL, 0),
		OSSL_PARAM_END
	};

	return types;
}

static const OSSL_PARAM *key_import_types(int selection)
{
	(void)selection;
	return pub_type();
}

static const OSSL_PARAM *key_gettable(void *provctx)
{
	(void)provctx;
	return pub_type();
}

static int key_get(void *p, OSSL_PARAM params[])
{
	OSSL_PARAM *pub = OSSL_PARAM_locate(params, "pub");
	struct key *key = p;

	return !pub || OSSL_PARAM_set_octet_string(pub, key->pub,
						   key->pub_len);
}

static int gen_set(void *p, const OSSL_PARAM params[])
{
	const OSSL_PARAM *seed = OSSL_PARAM_locate_const(params, "seed");
	struct gen *gen = p;
	void *to = gen->seed;

	return !seed || OSSL_PARAM_get_octet_string(seed, &to, SEED_LEN, NULL);
}

static const OSSL_PARAM *gen_settable(void *p, void *provctx)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_octet_string("seed", NULL, 0),
		OSSL_PARAM_END
	};

	(void)p;
	(void)provctx;
	return types;
}

static void *gen_key(void *p, OSSL_CALLBACK *done, void *arg)
{
	const struct gen *gen = p;
	struct key *key = malloc(sizeof(*key));

	(void)done;
	(void)arg;
	*key = gen->size;
	memcpy(key->priv, gen->seed, X_LEN);
	memset(key->pub, FILLING, key->pub_len);
	key->have_priv = true;
	key->have_pub = true;
	if (x_public(key->priv, key->pub))
		return key;
	free(key);
	return NULL;
}

static void *key_new(size_t pub_len, size_t ct_len)
{
	struct key *key = calloc(1, sizeof(*key));

	key->pub_len = pub_len;
	key->ct_len = ct_len;
	return key;
}

static void *gen_new(size_t pub_len, size_t ct_len)
{
	struct gen *gen = calloc(1, sizeof(*gen));

	gen->size.pub_len = pub_len;
	gen->size.ct_len = ct_len;
	return gen;
}

/* ---------------------------------------------------------------- mechanism */

static void *use_new(void *provctx)
{
	(void)provctx;
	return calloc(1, sizeof(struct use));
}

static int use_init(void *p, void *key, const OSSL_PARAM params[])
{
	const OSSL_PARAM *m = params ? OSSL_PARAM_locate_const(params, "ikme") :
				       NULL;
	struct use *use = p;
	void *to = use->m;

	use->key = key;
	return !m || OSSL_PARAM_get_octet_string(m, &to, X_LEN, NULL);
}

static int encapsulate(void *p, unsigned char *ct, size_t *ct_len,
		       unsigned char *secret, size_t *len)
{
	const struct use *use = p;
	const struct key *key = use->key;
	uint8_t both[X_LEN];

	*ct_len = key->ct_len;
	*len = X_LEN;
	memset(ct, FILLING, key->ct_len);
	return x_public(use->m, ct) && x_shared(use->m, key->pub, both) &&
	       hash(key, ct, both, secret);
}

/* A ciphertext that nobody made has a secret as well, which nobody else knows. */
static int decapsulate(void *p, unsigned char *secret, size_t *len,
		       const unsigned char *ct, size_t ct_len)
{
	const struct use *use = p;
	const struct key *key = use->key;
	uint8_t both[X_LEN];

	if (!key->have_priv || ct_len != key->ct_len)
		return 0;
	*len = X_LEN;
	if (!x_shared(key->priv, ct, both))
		memcpy(both, key->priv, X_LEN);
	return hash(key, ct, both, secret);
}

/* ----------------------------------------------------------------- provider */

typedef void (*fn)(void);

#define SIZE(k, pub_len, ct_len)					\
	static void *key_new_ ## k(void *provctx)			\
	{								\
		(void)provctx;						\
		return key_new(pub_len, ct_len);			\
	}								\
									\
	static void *gen_new_ ## k(void *provctx, int selection,	\
				   const OSSL_PARAM params[])		\
	{								\
		(void)provctx;						\
		(void)selection;					\
		(void)params;						\
		return gen_new(pub_len, ct_len);			\
	}								\
									\
	static const OSSL_DISPATCH keys_ ## k[] = {			\
		{ OSSL_FUNC_KEYMGMT_NEW, (fn)key_new_ ## k },		\
		{ OSSL_FUNC_KEYMGMT_FREE, (fn)key_free },		\
		{ OSSL_FUNC_KEYMGMT_HAS, (fn)key_has },			\
		{ OSSL_FUNC_KEYMGMT_IMPORT, (fn)key_import },		\
		{ OSSL_FUNC_KEYMGMT_IMPORT_TYPES, (fn)key_import_types }, \
		{ OSSL_FUNC_KEYMGMT_GET_PARAMS, (fn)key_get },		\
		{ OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (fn)key_gettable }, \
		{ OSSL_FUNC_KEYMGMT_GEN_INIT, (fn)gen_new_ ## k },	\
		{ OSSL_FUNC_KEYMGMT_GEN_SET_PARAMS, (fn)gen_set },	\
		{ OSSL_FUNC_KEYMGMT_GEN_SETTABLE_PARAMS, (fn)gen_settable }, \
		{ OSSL_FUNC_KEYMGMT_GEN, (fn)gen_key },			\
		{ OSSL_FUNC_KEYMGMT_GEN_CLEANUP, (fn)key_free },	\
		{ 0, NULL }						\
	}

SIZE(512, 800, 768);
SIZE(768, 1184, 1088);
SIZE(1024, 1568, 1568);

static const OSSL_DISPATCH mechanism[] = {
	{ OSSL_FUNC_KEM_NEWCTX, (fn)use_new },
	{ OSSL_FUNC_KEM_FREECTX, (fn)key_free },
	{ OSSL_FUNC_KEM_ENCAPSULATE_INIT, (fn)use_init },
	{ OSSL_FUNC_KEM_ENCAPSULATE, (fn)encapsulate },
	{ OSSL_FUNC_KEM_DECAPSULATE_INIT, (fn)use_init },
	{ OSSL_FUNC_KEM_DECAPSULATE, (fn)decapsulate },
	{ 0, NULL }
};

static const OSSL_ALGORITHM *query(void *provctx, int operation, int *no_cache)
{
	static const OSSL_ALGORITHM keys[] = {
		{ "ML-KEM-512", "provider=fake", keys_512, NULL },
		{ "ML-KEM-768", "provider=fake", keys_768, NULL },
		{ "ML-KEM-1024", "provider=fake", keys_1024, NULL },
		{ NULL, NULL, NULL, NULL }
	};
	static const OSSL_ALGORITHM mechanisms[] = {
		{ "ML-KEM-512", "provider=fake", mechanism, NULL },
		{ "ML-KEM-768", "provider=fake", mechanism, NULL },
		{ "ML-KEM-1024", "provider=fake", mechanism, NULL },
		{ NULL, NULL, NULL, NULL }
	};

	(void)provctx;
	*no_cache = 0;
	return operation == OSSL_OP_KEYMGMT ? keys :
	       operation == OSSL_OP_KEM ? mechanisms : NULL;
}

static int provider_init(const OSSL_CORE_HANDLE *handle,
			 const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
			 void **provctx)
{
	static const OSSL_DISPATCH table[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (fn)query },
		{ 0, NULL }
	};

	(void)in;
	*out = table;
	*provctx = (void *)(uintptr_t)handle;
	return 1;
}

/* Who loads one has to load what is there without being asked for, too. */
static OSSL_PROVIDER *own, *fake;

int fake_kem_setup(void **state)
{
	(void)state;
	if (crypto_ke_usable(IKE_KE_MLKEM768))
		return 0;
	own = OSSL_PROVIDER_load(NULL, "default");
	if (OSSL_PROVIDER_add_builtin(NULL, "fake", provider_init))
		fake = OSSL_PROVIDER_load(NULL, "fake");
	return own && fake && crypto_ke_usable(IKE_KE_MLKEM768) ? 0 : -1;
}

int fake_kem_teardown(void **state)
{
	(void)state;
	if (fake)
		OSSL_PROVIDER_unload(fake);
	if (own)
		OSSL_PROVIDER_unload(own);
	return 0;
}
