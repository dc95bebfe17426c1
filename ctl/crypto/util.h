/* SPDX-License-Identifier: GPL-2.0 */
/* What every user of secrets needs. Errors of crypto/ are negative errnos. */
#ifndef MOBX_CRYPTO_UTIL_H
#define MOBX_CRYPTO_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/buf.h"

/**
 * crypto_init() - run every algorithm once
 *
 * Called at the start, before a chroot or a seccomp filter takes away what
 * libcrypto reads when it is first used.
 *
 * Return: 0, or a negative errno when libcrypto lacks or spoils one of them.
 */
int crypto_init(void);

/**
 * crypto_keep_secrets() - have private keys lie in locked memory from now on
 * @size: Octets of it, a power of two; when they are used up, no more keys can
 *   be loaded.
 *
 * Before anything else of crypto/.
 *
 * Return: 0; -EPERM when the memory could not be locked but is set apart;
 * -ENOMEM.
 */
int crypto_keep_secrets(size_t size);

/**
 * crypto_random() - fill with unpredictable octets
 * @ctx: Unused; the signature is that of the engine's random source.
 * @out: Filled.
 * @len: Octets.
 *
 * Return: 0 or -EIO, @out is zeroed then.
 */
int crypto_random(void *ctx, uint8_t *out, size_t len);

/**
 * crypto_version() - the version of libcrypto, such as "3.0.19"
 *
 * Return: that of this process, which may not be the one mobx was built with.
 */
const char *crypto_version(void);

/* Overwrites @len octets; the compiler cannot drop it. */
void crypto_wipe(void *p, size_t len);

/* Compares in a time that depends on @len only. */
bool crypto_equal(const void *a, const void *b, size_t len);

#endif
