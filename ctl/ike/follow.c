// SPDX-License-Identifier: GPL-2.0
/*
 * Several key exchanges of one CREATE_CHILD_SA that replaces an IKE SA (RFC 9370,
 * section 2.2.4): the first in that exchange, each other in an IKE_FOLLOWUP_KE.
 * The keys come from all shared secrets, so that until the last one there is
 * nothing but this.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

/* What a responder wants to be named by is its own matter; this is enough. */
#define LINK_MAX 256

static void keep_nonce(struct ike_nonce *to, struct wire_span from)
{
	to->len = from.len < sizeof(to->v) ? from.len : sizeof(to->v);
	memcpy(to->v, from.p, to->len);
}

/**
 * ike_follow_new() - key exchanges begin
 * @suite: what was chosen
 * @ni: nonces of the exchange
 * @nr: likewise
 *
 * Return: NULL without memory.
 */
struct ike_follow *ike_follow_new(const struct crypto_suite *suite,
				  struct wire_span ni, struct wire_span nr)
{
	struct ike_follow *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->suite = *suite;
	keep_nonce(&f->ni, ni);
	keep_nonce(&f->nr, nr);
	return f;
}

/** ike_follow_free() - wipe and free; NULL is fine */
void ike_follow_free(struct ike_follow *f)
{
	if (!f)
		return;
	ike_buf_free(&f->link);
	wire_free((uint8_t *)f, sizeof(*f));
}

/** ike_follow_group() - the additional one that is due, or IKE_KE_NONE */
uint16_t ike_follow_group(struct ike_follow *f)
{
	return ike_next_group(&f->suite, &f->next);
}

/** ike_follow_link() - keep how an answer names what is to follow */
bool ike_follow_link(struct ike_follow *f, const struct wire_msg *msg)
{
	struct wire_notify n;

	return wire_notify_find(msg, IKE_N_ADDITIONAL_KEY_EXCHANGE, &n) &&
	       n.data.len <= LINK_MAX &&
	       ike_buf_set(&f->link, n.data.p, n.data.len);
}

/* One more is done: the first, or the one that is due. */
static void keep_secret(struct ike_follow *f, const uint8_t *secret, size_t len)
{
	if (!f->begun) {
		memcpy(f->first, secret, len);
		f->first_len = len;
		f->begun = true;
	} else {
		memcpy(f->more + f->more_len, secret, len);
		f->more_len += len;
		f->next++;
	}
}

/**
 * ike_follow_finish() - initiator: a key exchange is done
 * @f: key exchanges
 * @own: our half
 * @ke: the peer's
 *
 * Return: false if the peer's value is no good.
 */
bool ike_follow_finish(struct ike_follow *f, const struct crypto_ke *own,
		       const struct wire_ke *ke)
{
	uint8_t secret[CRYPTO_KE_SHARED_MAX];
	size_t len;
	bool ok;

	ok = !crypto_ke_shared(own, ke->data.p, ke->data.len, secret, &len);
	if (ok)
		keep_secret(f, secret, len);
	crypto_wipe(secret, sizeof(secret));
	return ok;
}

/**
 * ike_follow_answer() - responder: a key exchange is done
 * @f: key exchanges
 * @eng: engine
 * @own: gets our value
 * @ke: the peer's
 *
 * Return: as ike_follow_finish().
 */
bool ike_follow_answer(struct ike_follow *f, struct ike_engine *eng,
		       struct crypto_ke *own, const struct wire_ke *ke)
{
	uint8_t secret[CRYPTO_KE_SHARED_MAX];
	size_t len;
	bool ok;

	ok = !ike_answer_ke(eng, own, ke, secret, &len);
	if (ok)
		keep_secret(f, secret, len);
	crypto_wipe(secret, sizeof(secret));
	return ok;
}

/** ike_follow_derive() - keys of the new IKE SA; false if that fails */
bool ike_follow_derive(const struct ike_sa *from, struct ike_sa *to,
		       const struct ike_follow *f)
{
	const struct wire_span ni = { f->ni.v, f->ni.len };
	const struct wire_span nr = { f->nr.v, f->nr.len };
	const struct wire_span first = { f->first, f->first_len };
	const struct wire_span more = { f->more, f->more_len };

	to->p->have_keys = !crypto_ike_rekey(&from->p->keys, &f->suite, ni, nr,
					     first, more, to->spi_i, to->spi_r,
					     &to->p->keys);
	return to->p->have_keys;
}
