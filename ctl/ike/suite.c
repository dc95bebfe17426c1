// SPDX-License-Identifier: GPL-2.0
/*
 * Proposals in strongSwan's keywords: what mobx has, and what it refuses and why
 * (RFC 8247 for IKE, RFC 8221 for ESP).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "crypto/util.h"
#include "ike/priv.h"

enum word_kind {
	WORD_ENCR,
	WORD_INTEG,
	WORD_PRF,
	WORD_KE,
	WORD_ESN,
};

/* Of several words for one algorithm the first is the one that is shown. */
static const struct word {
	const char *text;
	enum word_kind kind;
	uint16_t id;
	uint16_t key_bits;
	/* For integrity: the PRF of the same hash. */
	uint16_t prf;
} words[] = {
	{ "aes128gcm16", WORD_ENCR, IKE_ENCR_AES_GCM_16, 128, 0 },
	{ "aes192gcm16", WORD_ENCR, IKE_ENCR_AES_GCM_16, 192, 0 },
	{ "aes256gcm16", WORD_ENCR, IKE_ENCR_AES_GCM_16, 256, 0 },
	{ "aes128gcm128", WORD_ENCR, IKE_ENCR_AES_GCM_16, 128, 0 },
	{ "aes192gcm128", WORD_ENCR, IKE_ENCR_AES_GCM_16, 192, 0 },
	{ "aes256gcm128", WORD_ENCR, IKE_ENCR_AES_GCM_16, 256, 0 },
	{ "chacha20poly1305", WORD_ENCR, IKE_ENCR_CHACHA20_POLY1305, 0, 0 },
	{ "aes128gmac", WORD_ENCR, IKE_ENCR_NULL_AUTH_AES_GMAC, 128, 0 },
	{ "aes192gmac", WORD_ENCR, IKE_ENCR_NULL_AUTH_AES_GMAC, 192, 0 },
	{ "aes256gmac", WORD_ENCR, IKE_ENCR_NULL_AUTH_AES_GMAC, 256, 0 },
	{ "aes128", WORD_ENCR, IKE_ENCR_AES_CBC, 128, 0 },
	{ "aes192", WORD_ENCR, IKE_ENCR_AES_CBC, 192, 0 },
	{ "aes256", WORD_ENCR, IKE_ENCR_AES_CBC, 256, 0 },
	{ "aes", WORD_ENCR, IKE_ENCR_AES_CBC, 128, 0 },
	{ "null", WORD_ENCR, IKE_ENCR_NULL, 0, 0 },
	{ "sha1", WORD_INTEG, IKE_INTEG_HMAC_SHA1_96, 0, IKE_PRF_HMAC_SHA1 },
	{ "sha", WORD_INTEG, IKE_INTEG_HMAC_SHA1_96, 0, IKE_PRF_HMAC_SHA1 },
	{ "sha256", WORD_INTEG, IKE_INTEG_HMAC_SHA2_256_128, 0,
	  IKE_PRF_HMAC_SHA2_256 },
	{ "sha2_256", WORD_INTEG, IKE_INTEG_HMAC_SHA2_256_128, 0,
	  IKE_PRF_HMAC_SHA2_256 },
	{ "sha384", WORD_INTEG, IKE_INTEG_HMAC_SHA2_384_192, 0,
	  IKE_PRF_HMAC_SHA2_384 },
	{ "sha2_384", WORD_INTEG, IKE_INTEG_HMAC_SHA2_384_192, 0,
	  IKE_PRF_HMAC_SHA2_384 },
	{ "sha512", WORD_INTEG, IKE_INTEG_HMAC_SHA2_512_256, 0,
	  IKE_PRF_HMAC_SHA2_512 },
	{ "sha2_512", WORD_INTEG, IKE_INTEG_HMAC_SHA2_512_256, 0,
	  IKE_PRF_HMAC_SHA2_512 },
	{ "prfsha1", WORD_PRF, IKE_PRF_HMAC_SHA1, 0, 0 },
	{ "prfsha256", WORD_PRF, IKE_PRF_HMAC_SHA2_256, 0, 0 },
	{ "prfsha384", WORD_PRF, IKE_PRF_HMAC_SHA2_384, 0, 0 },
	{ "prfsha512", WORD_PRF, IKE_PRF_HMAC_SHA2_512, 0, 0 },
	{ "modp2048", WORD_KE, IKE_KE_MODP2048, 0, 0 },
	{ "modp3072", WORD_KE, IKE_KE_MODP3072, 0, 0 },
	{ "modp4096", WORD_KE, IKE_KE_MODP4096, 0, 0 },
	{ "ecp256", WORD_KE, IKE_KE_ECP256, 0, 0 },
	{ "ecp384", WORD_KE, IKE_KE_ECP384, 0, 0 },
	{ "ecp521", WORD_KE, IKE_KE_ECP521, 0, 0 },
	{ "x25519", WORD_KE, IKE_KE_X25519, 0, 0 },
	{ "curve25519", WORD_KE, IKE_KE_X25519, 0, 0 },
	{ "x448", WORD_KE, IKE_KE_X448, 0, 0 },
	{ "curve448", WORD_KE, IKE_KE_X448, 0, 0 },
	{ "mlkem512", WORD_KE, IKE_KE_MLKEM512, 0, 0 },
	{ "mlkem768", WORD_KE, IKE_KE_MLKEM768, 0, 0 },
	{ "mlkem1024", WORD_KE, IKE_KE_MLKEM1024, 0, 0 },
	{ "esn", WORD_ESN, IKE_ESN_YES, 0, 0 },
	{ "noesn", WORD_ESN, IKE_ESN_NO, 0, 0 },
};

/* Others have it; a word ends in * where all that begin so are meant. */
static const struct refused_word {
	const char *text;
	const char *why;
	const char *cure;
} refused[] = {
	{ "des", "56-bit keys are broken (RFC 8247: MUST NOT)", "aes128gcm16" },
	{ "3des", "blocks of 64 bits give way after some gigabytes (RFC 8221)",
	  "aes128gcm16 or aes128" },
	{ "blowfish*", "blocks of 64 bits give way after some gigabytes"
	  " (RFC 8221: MUST NOT)", "aes128gcm16 or aes128" },
	{ "cast128", "blocks of 64 bits give way after some gigabytes",
	  "aes128gcm16 or aes128" },
	{ "idea", "it is obsolete (RFC 8247: MUST NOT)", "aes128gcm16" },
	{ "md5*", "MD5 is broken (RFC 8247: MUST NOT)", "sha256" },
	{ "prfmd5", "MD5 is broken (RFC 8247: MUST NOT)", "prfsha256" },
	{ "sha256_96", "it is no standard", "sha256" },
	{ "modp768", "the group is too small (RFC 8247: MUST NOT)",
	  "ecp256 or modp2048" },
	{ "modp1024*", "the group is too small (RFC 8247: SHOULD NOT)",
	  "ecp256 or modp2048" },
	{ "modp1536", "the group is too small (RFC 8247: SHOULD NOT)",
	  "ecp256 or modp2048" },
	{ "modp2048s*", "its subgroup is of unknown origin (RFC 8247: MUST"
	  " NOT)", "modp2048 or ecp256" },
	{ "ecp192", "the group is too small", "ecp256" },
	{ "ecp224", "the group is too small", "ecp256" },
	{ "aes*gcm8", "its ICV is too short", "aes256gcm16" },
	{ "aes*gcm12", "its ICV is too short", "aes256gcm16" },
	{ "aes*gcm64", "its ICV is too short", "aes256gcm16" },
	{ "aes*gcm96", "its ICV is too short", "aes256gcm16" },
	{ "modp6144", "it is very slow, and not supported",
	  "ecp384 or modp4096" },
	{ "modp8192", "it is very slow, and not supported",
	  "ecp521 or modp4096" },
};

int ike_refuse(char *err, size_t errlen, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, errlen, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* -------------------------------------------------------- the kernel's part */

/**
 * ike_kernel_algs() - algorithms of a Child SA in the kernel's names
 * @s: suite
 * @enc: gets the cipher
 * @auth: gets the integrity algorithm
 *
 * Return: false if the kernel does not have them.
 */
bool ike_kernel_algs(const struct crypto_suite *s, enum mobx_enc *enc,
		     enum mobx_auth *auth)
{
	switch (s->encr) {
	case IKE_ENCR_AES_GCM_16:
		*enc = MOBX_ENC_AES_GCM_16;
		break;
	case IKE_ENCR_AES_CBC:
		*enc = MOBX_ENC_AES_CBC;
		break;
	case IKE_ENCR_NULL:
		*enc = MOBX_ENC_NULL;
		break;
	case IKE_ENCR_NULL_AUTH_AES_GMAC:
		*enc = MOBX_ENC_AES_GMAC;
		break;
	case IKE_ENCR_CHACHA20_POLY1305:
		*enc = MOBX_ENC_CHACHA20_POLY1305;
		break;
	default:
		return false;
	}
	switch (s->integ) {
	case IKE_INTEG_NONE:
		*auth = MOBX_AUTH_NONE;
		return true;
	case IKE_INTEG_HMAC_SHA1_96:
		*auth = MOBX_AUTH_HMAC_SHA1_96;
		return true;
	case IKE_INTEG_HMAC_SHA2_256_128:
		*auth = MOBX_AUTH_HMAC_SHA2_256_128;
		return true;
	case IKE_INTEG_HMAC_SHA2_384_192:
		*auth = MOBX_AUTH_HMAC_SHA2_384_192;
		return true;
	case IKE_INTEG_HMAC_SHA2_512_256:
		*auth = MOBX_AUTH_HMAC_SHA2_512_256;
		return true;
	default:
		return false;
	}
}

/**
 * ike_child_suite_ok() - whether a Child SA can use it, here and in the kernel
 * @s: suite
 */
bool ike_child_suite_ok(const struct crypto_suite *s)
{
	enum mobx_auth auth;
	enum mobx_enc enc;

	return !crypto_child_suite_check(s) && ike_kernel_algs(s, &enc, &auth);
}

/* ------------------------------------------------------------------- words */

static const struct word *word_find(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].text) == len &&
		    !strncasecmp(words[i].text, text, len))
			return &words[i];
	return NULL;
}

/* A * stands for any octets, and stands once. */
static bool refused_match(const char *pattern, const char *text, size_t len)
{
	size_t head = strcspn(pattern, "*"), tail;

	if (!pattern[head])
		return head == len && !strncasecmp(pattern, text, len);
	tail = strlen(pattern + head + 1);
	return len >= head + tail && !strncasecmp(pattern, text, head) &&
	       !strncasecmp(pattern + head + 1, text + len - tail, tail);
}

static int word_unknown(const char *text, size_t len, char *err, size_t errlen)
{
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (refused_match(refused[i].text, text, len))
			return ike_refuse(err, errlen, "\"%.*s\" is refused: %s;"
					  " %s would be right", (int)len, text,
					  refused[i].why, refused[i].cure);
	return ike_refuse(err, errlen, "\"%.*s\" is no algorithm known here; for"
			  " instance aes128gcm16, aes256, sha256, prfsha256,"
			  " ecp256, x25519, modp2048", (int)len, text);
}

static const char *word_text(enum word_kind kind, uint16_t id, uint16_t bits)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].kind == kind && words[i].id == id &&
		    words[i].key_bits == bits)
			return words[i].text;
	return "?";
}

/* "ke1_" to "ke7_": which additional key exchange, else 0 */
static unsigned int addke_of(const char *text, size_t len)
{
	return len > 4 && !strncasecmp(text, "ke", 2) && text[2] >= '1' &&
	       text[2] < '1' + CRYPTO_MAX_ADDKE && text[3] == '_' ?
	       (unsigned int)(text[2] - '0') : 0;
}

static int addke_word(struct crypto_suite *s, unsigned int n, const char *text,
		      size_t len, char *err, size_t errlen)
{
	const struct word *w = word_find(text, len);

	if (!w)
		return word_unknown(text, len, err, errlen);
	if (w->kind != WORD_KE)
		return ike_refuse(err, errlen, "\"ke%u_%.*s\": a key exchange has"
				  " to follow, for instance ke%u_x25519", n,
				  (int)len, text, n);
	if (s->addke[n - 1])
		return ike_refuse(err, errlen, "\"ke%u_%.*s\": one key exchange of"
				  " each number in a proposal; write several"
				  " proposals", n, (int)len, text);
	if (!crypto_ke_usable(w->id))
		return ike_refuse(err, errlen, "\"ke%u_%.*s\": libcrypto %s does not"
				  " have %s; OpenSSL 3.5 and later do", n,
				  (int)len, text, crypto_version(),
				  crypto_ke_kem(w->id));
	s->addke[n - 1] = w->id;
	return 0;
}

static int suite_word(struct crypto_suite *s, const char *text, size_t len,
		      unsigned int *seen, uint16_t *prf, char *err,
		      size_t errlen)
{
	unsigned int n = addke_of(text, len);
	const struct word *w = word_find(text, len);

	if (n)
		return addke_word(s, n, text + 4, len - 4, err, errlen);
	if (!w)
		return word_unknown(text, len, err, errlen);
	if (*seen & 1u << w->kind)
		return ike_refuse(err, errlen, "\"%.*s\": one algorithm of each"
				  " kind in a proposal; write several proposals",
				  (int)len, text);
	/* The first value comes in IKE_SA_INIT, which nobody may fragment. */
	if (w->kind == WORD_KE && crypto_ke_kem(w->id))
		return ike_refuse(err, errlen, "\"%.*s\" is too large for the first"
				  " key exchange; as another one of ike, ke1_%.*s,"
				  " it would be right", (int)len, text, (int)len,
				  text);
	*seen |= 1u << w->kind;
	switch (w->kind) {
	case WORD_ENCR:
		s->encr = w->id;
		s->key_bits = w->key_bits;
		break;
	case WORD_INTEG:
		s->integ = w->id;
		*prf = w->prf;
		break;
	case WORD_PRF:
		s->prf = w->id;
		break;
	case WORD_KE:
		s->ke = w->id;
		break;
	case WORD_ESN:
		s->esn = w->id == IKE_ESN_YES;
		break;
	}
	return 0;
}

/* Next to a combined mode, "sha256" means the PRF, as in strongSwan. */
static void hash_means_prf(struct crypto_suite *s, unsigned int seen)
{
	struct crypto_encr encr;

	if (!(seen & 1u << WORD_PRF) &&
	    !crypto_encr_info(s->encr, s->key_bits, &encr) && encr.icv_len)
		s->integ = IKE_INTEG_NONE;
}

static int ike_suite(const char *text, unsigned int seen, uint16_t prf,
		     struct crypto_suite *s, char *err, size_t errlen)
{
	if (seen & 1u << WORD_ESN)
		return ike_refuse(err, errlen, "\"%s\": esn belongs to esp, not to"
				  " ike", text);
	if (!(seen & 1u << WORD_KE))
		return ike_refuse(err, errlen, "\"%s\": a key exchange is missing,"
				  " for instance -ecp256", text);
	hash_means_prf(s, seen);
	if (!s->prf)
		s->prf = prf;
	if (!s->prf)
		return ike_refuse(err, errlen, "\"%s\": a PRF is missing, for"
				  " instance -prfsha256", text);
	if (!crypto_ike_suite_check(s))
		return 0;
	return ike_refuse(err, errlen, "\"%s\": these do not go together here; for"
			  " instance aes128gcm16-prfsha256-ecp256 or"
			  " aes128-sha256-ecp256, each key exchange once", text);
}

static int esp_suite(const char *text, unsigned int seen,
		     const struct crypto_suite *s, char *err, size_t errlen)
{
	unsigned int i;

	if (seen & 1u << WORD_PRF)
		return ike_refuse(err, errlen, "\"%s\": a PRF belongs to ike, not"
				  " to esp", text);
	for (i = 0; i < CRYPTO_MAX_ADDKE; i++)
		if (s->addke[i])
			return ike_refuse(err, errlen, "\"%s\": additional key"
					  " exchanges belong to ike, not to esp",
					  text);
	if (ike_child_suite_ok(s))
		return 0;
	return ike_refuse(err, errlen, "\"%s\": these do not go together here; for"
			  " instance aes128gcm16 or aes128-sha256", text);
}

int ike_suite_parse(const char *text, bool esp, struct crypto_suite *s,
		    char *err, size_t errlen)
{
	const char *p = text;
	unsigned int seen = 0;
	uint16_t prf = 0;
	size_t len;
	int rc;

	memset(s, 0, sizeof(*s));
	for (;;) {
		len = strcspn(p, "-");
		rc = suite_word(s, p, len, &seen, &prf, err, errlen);
		if (rc)
			return rc;
		if (!p[len])
			break;
		p += len + 1;
	}
	if (!(seen & 1u << WORD_ENCR))
		return ike_refuse(err, errlen, "\"%s\": a cipher is missing, for"
				  " instance aes128gcm16", text);
	return esp ? esp_suite(text, seen, s, err, errlen) :
		     ike_suite(text, seen, prf, s, err, errlen);
}

const char *ike_suite_text(const struct crypto_suite *s, bool esp, char *buf,
			   size_t len)
{
	unsigned int i;
	int n;

	n = snprintf(buf, len, "%s%s%s%s%s%s%s%s",
		 word_text(WORD_ENCR, s->encr, s->key_bits),
		 s->integ ? "-" : "",
		 s->integ ? word_text(WORD_INTEG, s->integ, 0) : "",
		 s->prf ? "-" : "",
		 s->prf ? word_text(WORD_PRF, s->prf, 0) : "",
		 s->ke ? "-" : "", s->ke ? word_text(WORD_KE, s->ke, 0) : "",
		 esp && s->esn ? "-esn" : "");
	for (i = 0; i < CRYPTO_MAX_ADDKE; i++)
		if (s->addke[i] && n >= 0 && (size_t)n < len)
			n += snprintf(buf + n, len - (size_t)n, "-ke%u_%s",
				      i + 1, word_text(WORD_KE, s->addke[i],
						       0));
	return buf;
}
