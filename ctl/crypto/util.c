// SPDX-License-Identifier: GPL-2.0
/* Randomness, wiping, comparing. */
#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/random.h>

#include "crypto/util.h"

int crypto_random(void *ctx, uint8_t *out, size_t len)
{
	size_t done = 0;

	(void)ctx;
	while (done < len) {
		ssize_t n = getrandom(out + done, len - done, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			crypto_wipe(out, len);
			return -EIO;
		}
		done += (size_t)n;
	}
	return 0;
}

int crypto_keep_secrets(size_t size)
{
	switch (CRYPTO_secure_malloc_init(size, 32)) {
	case 1:
		return 0;
	case 2:
		return -EPERM;
	}
	return -ENOMEM;
}

const char *crypto_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION_STRING);
}

void crypto_wipe(void *p, size_t len)
{
	if (len)
		explicit_bzero(p, len);
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
	return !len || !CRYPTO_memcmp(a, b, len);
}
