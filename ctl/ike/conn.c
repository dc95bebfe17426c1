// SPDX-License-Identifier: GPL-2.0
/* Connections: defaults, checks, and the texts of identities and proposals. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ike/priv.h"

void ike_conn_init(struct ike_conn *c)
{
	memset(c, 0, sizeof(*c));
	c->mobike = true;
	c->mobikex = true;
	c->rrc = IKE_RRC_EARLY;
	c->auto_add = true;
	c->drain_us = IKE_SECOND;
	c->max_paths = 16;
	c->dpd_delay_us = 10 * IKE_SECOND;
	c->replay_window = 1024;
	c->retransmit_first_us = 250000;
	c->retransmit_tries = 8;
	c->rekey_us = 3600 * IKE_SECOND;
}

__attribute__((format(printf, 3, 4)))
static int refuse(char *err, size_t errlen, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, errlen, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int check_addresses(const struct ike_conn *c, char *err, size_t errlen)
{
	unsigned int i, hosts = 0;

	if (c->nlocal > IKE_MAX_ADDRS || c->nremote > IKE_MAX_ADDRS ||
	    c->nallow > IKE_MAX_ADDRS || c->ndeny > IKE_MAX_ADDRS)
		return refuse(err, errlen, "more than %d addresses in a list",
			      IKE_MAX_ADDRS);
	for (i = 0; i < c->nremote; i++)
		if (c->remote[i].addr.family && c->remote[i].plen ==
		    8 * wire_addr_len(c->remote[i].addr.family))
			hosts++;
	if (c->role == IKE_INITIATE && hosts == 0)
		return refuse(err, errlen, "role \"initiate\" needs an address"
			      " in remote, not \"any\" or a prefix");
	return 0;
}

/**
 * ike_kernel_algs() - algorithms of a Child SA in the kernel's names
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
	default:
		return false;
	}
}

static bool child_suite_ok(const struct crypto_suite *s)
{
	enum mobx_auth auth;
	enum mobx_enc enc;

	return !crypto_child_suite_check(s) && ike_kernel_algs(s, &enc, &auth);
}

static int check_suites(const struct ike_conn *c, char *err, size_t errlen)
{
	char text[80];
	unsigned int i;

	if (c->nike == 0 || c->nike > IKE_MAX_PROPOSALS)
		return refuse(err, errlen, "ike: 1 to %d proposals, not %u",
			      IKE_MAX_PROPOSALS, c->nike);
	if (c->nesp == 0 || c->nesp > IKE_MAX_PROPOSALS)
		return refuse(err, errlen, "esp: 1 to %d proposals, not %u",
			      IKE_MAX_PROPOSALS, c->nesp);
	for (i = 0; i < c->nike; i++)
		if (crypto_ike_suite_check(&c->ike[i]))
			return refuse(err, errlen, "ike: \"%s\" cannot be used",
				      ike_suite_text(&c->ike[i], false, text,
						     sizeof(text)));
	for (i = 0; i < c->nesp; i++)
		if (!child_suite_ok(&c->esp[i]))
			return refuse(err, errlen, "esp: \"%s\" cannot be used",
				      ike_suite_text(&c->esp[i], true, text,
						     sizeof(text)));
	return 0;
}

static int check_selectors(const struct ike_conn *c, char *err, size_t errlen)
{
	const struct ike_selector *s;
	unsigned int i;

	if (c->nprotect == 0 || c->nprotect > IKE_MAX_SELECTORS)
		return refuse(err, errlen, "protect: 1 to %d sections, not %u",
			      IKE_MAX_SELECTORS, c->nprotect);
	for (i = 0; i < c->nprotect; i++) {
		s = &c->protect[i];
		if (s->local_min > s->local_max ||
		    s->remote_min > s->remote_max)
			return refuse(err, errlen, "protect: a port range ends"
				      " before it begins");
		if (s->proto == 0 && (s->local_min || s->remote_min ||
				      s->local_max != 65535 ||
				      s->remote_max != 65535))
			return refuse(err, errlen, "protect: ports need a"
				      " protocol, for instance proto = \"udp\"");
	}
	return 0;
}

int ike_conn_check(const struct ike_conn *c, char *err, size_t errlen)
{
	int rc;

	if (!c->name[0] || !memchr(c->name, 0, sizeof(c->name)))
		return refuse(err, errlen, "a connection needs a name of 1 to"
			      " %d characters", IKE_MAX_NAME - 1);
	rc = check_addresses(c, err, errlen);
	if (!rc)
		rc = check_suites(c, err, errlen);
	if (!rc)
		rc = check_selectors(c, err, errlen);
	if (rc)
		return rc;
	if (c->nprefer > IKE_MAX_IFNAMES)
		return refuse(err, errlen, "prefer: at most %d interfaces",
			      IKE_MAX_IFNAMES);
	if (!c->local_id.len)
		return refuse(err, errlen, "local-id is missing");
	if (c->role == IKE_INITIATE && !c->remote_id.len)
		return refuse(err, errlen, "remote-id is missing");
	if (c->mobikex && !c->mobike)
		return refuse(err, errlen, "mobike-x = true needs mobike ="
			      " true");
	if (c->max_paths < 2 || c->max_paths > IKE_MAX_PATHS)
		return refuse(err, errlen, "max-paths: 2 to %d, not %u",
			      IKE_MAX_PATHS, c->max_paths);
	if (c->replay_window > MOBX_MAX_REPLAY_WINDOW)
		return refuse(err, errlen, "replay-window: at most %d packets,"
			      " not %u", MOBX_MAX_REPLAY_WINDOW,
			      c->replay_window);
	if (c->retransmit_first_us < 10000 ||
	    c->retransmit_first_us > 10 * IKE_SECOND)
		return refuse(err, errlen, "retransmit-first-ms: 10 to 10000");
	if (c->retransmit_tries < 1 || c->retransmit_tries > 30)
		return refuse(err, errlen, "retransmit-tries: 1 to 30, not %u",
			      c->retransmit_tries);
	return 0;
}

bool ike_prefix_has(const struct ike_prefix *p, const struct wire_addr *a)
{
	if (!p->addr.family)
		return true;
	return wire_addr_in_prefix(a, &p->addr, p->plen);
}

/* ---------------------------------------------------------- identities */

#define KEY_ID_PREFIX "key-id:"

int ike_id_parse(const char *text, struct ike_id *id)
{
	const void *data = text;
	size_t len = strlen(text);
	struct wire_addr addr;
	uint8_t type;

	memset(id, 0, sizeof(*id));
	if (!strncmp(text, KEY_ID_PREFIX, strlen(KEY_ID_PREFIX))) {
		type = IKE_ID_KEY_ID;
		data = text + strlen(KEY_ID_PREFIX);
		len -= strlen(KEY_ID_PREFIX);
	} else if (wire_addr_parse(&addr, text)) {
		type = addr.family == 4 ? IKE_ID_IPV4_ADDR : IKE_ID_IPV6_ADDR;
		data = addr.a;
		len = wire_addr_len(addr.family);
	} else if (strchr(text, '@')) {
		type = IKE_ID_RFC822_ADDR;
	} else {
		type = IKE_ID_FQDN;
	}
	if (len == 0 || len > IKE_MAX_ID)
		return -EINVAL;
	id->type = type;
	id->len = (uint8_t)len;
	memcpy(id->data, data, len);
	return 0;
}

const char *ike_id_text(const struct ike_id *id, char *buf, size_t len)
{
	char text[WIRE_ADDR_TEXT];
	struct wire_addr addr;
	size_t at = 0, i;

	if (len == 0)
		return "";
	buf[0] = 0;
	switch (id->type) {
	case 0:
		snprintf(buf, len, "any");
		return buf;
	case IKE_ID_IPV4_ADDR:
	case IKE_ID_IPV6_ADDR:
		if (wire_addr_set(&addr, id->data, id->len))
			snprintf(buf, len, "%s", wire_addr_text(&addr, text));
		return buf;
	case IKE_ID_KEY_ID:
		at = (size_t)snprintf(buf, len, "%s", KEY_ID_PREFIX);
		break;
	default:
		break;
	}
	/* The peer chose the octets: nothing of them may fool a terminal. */
	for (i = 0; i < id->len && at + 1 < len; i++, at++)
		buf[at] = id->data[i] > ' ' && id->data[i] < 0x7f ?
			  (char)id->data[i] : '?';
	if (at < len)
		buf[at] = 0;
	return buf;
}

bool ike_id_equal(const struct ike_id *a, const struct ike_id *b)
{
	if (a->type != b->type || a->len != b->len)
		return false;
	if (a->type == IKE_ID_FQDN)
		return !strncasecmp((const char *)a->data,
				    (const char *)b->data, a->len);
	return !memcmp(a->data, b->data, a->len);
}

/* ----------------------------------------------------------- proposals */

enum word_kind {
	WORD_ENCR,
	WORD_INTEG,
	WORD_PRF,
	WORD_KE,
	WORD_ESN,
};

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
	{ "aes256gcm128", WORD_ENCR, IKE_ENCR_AES_GCM_16, 256, 0 },
	{ "chacha20poly1305", WORD_ENCR, IKE_ENCR_CHACHA20_POLY1305, 0, 0 },
	{ "aes128gmac", WORD_ENCR, IKE_ENCR_NULL_AUTH_AES_GMAC, 128, 0 },
	{ "aes256gmac", WORD_ENCR, IKE_ENCR_NULL_AUTH_AES_GMAC, 256, 0 },
	{ "aes128", WORD_ENCR, IKE_ENCR_AES_CBC, 128, 0 },
	{ "aes192", WORD_ENCR, IKE_ENCR_AES_CBC, 192, 0 },
	{ "aes256", WORD_ENCR, IKE_ENCR_AES_CBC, 256, 0 },
	{ "null", WORD_ENCR, IKE_ENCR_NULL, 0, 0 },
	{ "sha1", WORD_INTEG, IKE_INTEG_HMAC_SHA1_96, 0, IKE_PRF_HMAC_SHA1 },
	{ "sha256", WORD_INTEG, IKE_INTEG_HMAC_SHA2_256_128, 0,
	  IKE_PRF_HMAC_SHA2_256 },
	{ "sha384", WORD_INTEG, IKE_INTEG_HMAC_SHA2_384_192, 0,
	  IKE_PRF_HMAC_SHA2_384 },
	{ "sha512", WORD_INTEG, IKE_INTEG_HMAC_SHA2_512_256, 0,
	  IKE_PRF_HMAC_SHA2_512 },
	{ "prfsha1", WORD_PRF, IKE_PRF_HMAC_SHA1, 0, 0 },
	{ "prfsha256", WORD_PRF, IKE_PRF_HMAC_SHA2_256, 0, 0 },
	{ "prfsha384", WORD_PRF, IKE_PRF_HMAC_SHA2_384, 0, 0 },
	{ "prfsha512", WORD_PRF, IKE_PRF_HMAC_SHA2_512, 0, 0 },
	{ "ecp256", WORD_KE, IKE_KE_ECP256, 0, 0 },
	{ "x25519", WORD_KE, IKE_KE_X25519, 0, 0 },
	{ "curve25519", WORD_KE, IKE_KE_X25519, 0, 0 },
	{ "esn", WORD_ESN, IKE_ESN_YES, 0, 0 },
	{ "noesn", WORD_ESN, IKE_ESN_NO, 0, 0 },
};

static const struct word *word_find(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].text) == len &&
		    !strncasecmp(words[i].text, text, len))
			return &words[i];
	return NULL;
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

static int suite_word(struct crypto_suite *s, const char *text, size_t len,
		      unsigned int *seen, uint16_t *prf, char *err,
		      size_t errlen)
{
	const struct word *w = word_find(text, len);

	if (!w)
		return refuse(err, errlen, "\"%.*s\" is no algorithm known"
			      " here; for instance aes128gcm16, aes256, sha256,"
			      " prfsha256, ecp256, x25519", (int)len, text);
	if (*seen & 1u << w->kind)
		return refuse(err, errlen, "\"%.*s\": one algorithm of each"
			      " kind in a proposal; write several proposals",
			      (int)len, text);
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
	if (esp) {
		if (seen & 1u << WORD_PRF)
			return refuse(err, errlen, "\"%s\": a PRF belongs to"
				      " ike, not to esp", text);
		rc = child_suite_ok(s) ? 0 : -EINVAL;
	} else {
		if (seen & 1u << WORD_ESN)
			return refuse(err, errlen, "\"%s\": esn belongs to esp,"
				      " not to ike", text);
		if (!(seen & 1u << WORD_KE))
			return refuse(err, errlen, "\"%s\": a key exchange is"
				      " missing, for instance -ecp256", text);
		if (!s->prf)
			s->prf = prf;
		if (!s->prf)
			return refuse(err, errlen, "\"%s\": a PRF is missing,"
				      " for instance -prfsha256", text);
		rc = crypto_ike_suite_check(s);
	}
	if (rc)
		return refuse(err, errlen, "\"%s\": these do not go together"
			      " here; for instance %s or %s", text,
			      esp ? "aes128gcm16" :
				    "aes128gcm16-prfsha256-ecp256",
			      esp ? "aes128-sha1" : "aes128-sha256-ecp256");
	return 0;
}

const char *ike_suite_text(const struct crypto_suite *s, bool esp, char *buf,
			   size_t len)
{
	snprintf(buf, len, "%s%s%s%s%s%s%s%s",
		 word_text(WORD_ENCR, s->encr, s->key_bits),
		 s->integ ? "-" : "",
		 s->integ ? word_text(WORD_INTEG, s->integ, 0) : "",
		 s->prf ? "-" : "",
		 s->prf ? word_text(WORD_PRF, s->prf, 0) : "",
		 s->ke ? "-" : "", s->ke ? word_text(WORD_KE, s->ke, 0) : "",
		 esp && s->esn ? "-esn" : "");
	return buf;
}
