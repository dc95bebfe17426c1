// SPDX-License-Identifier: GPL-2.0
/*
 * Post-quantum preshared keys (RFC 8784). IKE_SA_INIT says whether both ends
 * know of them, IKE_AUTH names one; SK_d, SK_pi and SK_pr then depend on it.
 * Only the credentials know the key: they are given the three and change them.
 *
 * An initiator that can do without sends its authentication data twice, so that
 * a peer that lacks the key may go on with the other.
 */
#include <string.h>

#include "crypto/util.h"
#include "ike/auth.h"

/* What kind of name follows: octets that both ends have configured. */
#define PPK_ID_FIXED 2

static bool has_one(const struct ike_conn *c)
{
	return c->ppk_id_len != 0;
}

/* ------------------------------------------------------------- IKE_SA_INIT */

/** ike_ppk_init_build() - say in IKE_SA_INIT that we know of PPKs */
void ike_ppk_init_build(const struct ike_sa *sa, struct wire_enc *enc)
{
	if (sa->initiator ? has_one(sa->conn) : sa->p->use_ppk)
		wire_notify_encode(enc, IKE_N_USE_PPK, NULL, 0);
}

/**
 * ike_ppk_init_read() - does the peer's IKE_SA_INIT say so
 * @sa: IKE SA
 * @msg: message, which AUTH will cover
 */
void ike_ppk_init_read(struct ike_sa *sa, const struct wire_msg *msg)
{
	struct wire_notify n;

	sa->p->use_ppk = wire_notify_find(msg, IKE_N_USE_PPK, &n) &&
			 (sa->initiator ? has_one(sa->conn) :
					  ike_wanted(sa, has_one));
}

/* -------------------------------------------------------------- the keys */

static void exchange_keys(struct ike_sa *sa)
{
	struct crypto_ike_keys *k = &sa->p->keys;
	uint8_t *const in_use[] = { k->sk_d, k->sk_pi, k->sk_pr };
	uint8_t *other = sa->p->ppk.other;
	uint8_t kept[CRYPTO_PRF_MAX];
	unsigned int i;

	for (i = 0; i < 3; i++, other += k->prf_len) {
		memcpy(kept, in_use[i], k->prf_len);
		memcpy(in_use[i], other, k->prf_len);
		memcpy(other, kept, k->prf_len);
	}
	crypto_wipe(kept, sizeof(kept));
	sa->p->ppk.used = !sa->p->ppk.used;
}

/**
 * ike_ppk_ask() - ask for keys that depend on a PPK
 * @sa: IKE SA with connection
 * @id: which PPK
 * @fn: gets AUTH_DONE
 *
 * Return: false without memory.
 */
bool ike_ppk_ask(struct ike_sa *sa, struct wire_span id, ike_wait_fn fn)
{
	const struct crypto_ike_keys *k = &sa->p->keys;
	struct wire_wr wr = { 0 };
	struct ike_buf name = { 0 };
	struct ike_action *a = NULL;

	wire_wr_bytes(&wr, k->sk_d, k->prf_len);
	wire_wr_bytes(&wr, k->sk_pi, k->prf_len);
	wire_wr_bytes(&wr, k->sk_pr, k->prf_len);
	if (!wr.bad && ike_buf_set(&name, id.p, id.len))
		a = ike_ask(sa->eng, IKE_AC_AUTH_PPK, sa, fn, NULL);
	if (!a) {
		wire_wr_free(&wr);
		ike_buf_free(&name);
		return false;
	}
	memcpy(a->u.auth->conn, sa->conn->name, sizeof(a->u.auth->conn));
	a->u.auth->prf = sa->suite.prf;
	a->u.auth->octets = wire_wr_take(&wr, &a->u.auth->len);
	a->u.auth->auth = name.p;
	a->u.auth->auth_len = name.len;
	return true;
}

/**
 * ike_ppk_take() - use the keys that the credentials have made
 * @sa: IKE SA
 * @a: their answer
 *
 * Return: false if they do not know that PPK: nothing has changed.
 */
bool ike_ppk_take(struct ike_sa *sa, const struct ike_ev_auth_done *a)
{
	if (!a->ok || a->len != 3 * sa->p->keys.prf_len)
		return false;
	memcpy(sa->p->ppk.other, a->data, a->len);
	exchange_keys(sa);
	return true;
}

/** ike_ppk_forget() - nobody will go back to the other keys any more */
void ike_ppk_forget(struct ike_sa *sa)
{
	crypto_wipe(sa->p->ppk.other, sizeof(sa->p->ppk.other));
	ike_buf_free(&sa->p->ppk.auth);
}

/* --------------------------------------------------------------- initiator */

/**
 * ike_ppk_sign_without() - ask for authentication data of a peer without PPK
 * @sa: IKE SA of an initiator
 * @fn: gets AUTH_DONE
 *
 * Return: false without memory.
 */
bool ike_ppk_sign_without(struct ike_sa *sa, ike_wait_fn fn)
{
	bool ok;

	exchange_keys(sa);
	ok = ike_auth_sign(sa, fn);
	exchange_keys(sa);
	return ok;
}

/** ike_ppk_put() - what an initiator's IKE_AUTH says of its PPK */
void ike_ppk_put(const struct ike_sa *sa, struct wire_enc *enc)
{
	const struct ike_conn *c = sa->conn;
	uint8_t id[1 + IKE_MAX_PPK_ID] = { PPK_ID_FIXED };

	if (!sa->p->ppk.used)
		return;
	memcpy(id + 1, c->ppk_id, c->ppk_id_len);
	wire_notify_encode(enc, IKE_N_PPK_IDENTITY, id, 1u + c->ppk_id_len);
	if (sa->p->ppk.auth.len)
		wire_notify_encode(enc, IKE_N_NO_PPK_AUTH, sa->p->ppk.auth.p,
				   sa->p->ppk.auth.len);
}

/**
 * ike_ppk_answered() - what the answer to IKE_AUTH says of it
 * @sa: IKE SA of an initiator
 * @msg: answer, whose AUTH has not been looked at
 *
 * Return: NULL, or why that is not enough.
 */
const char *ike_ppk_answered(struct ike_sa *sa, const struct wire_msg *msg)
{
	struct wire_notify n;

	if (!sa->p->ppk.used || wire_notify_find(msg, IKE_N_PPK_IDENTITY, &n))
		return NULL;
	if (sa->conn->ppk_required)
		return "the peer does not know the post-quantum preshared key";
	exchange_keys(sa);
	return NULL;
}

/* --------------------------------------------------------------- responder */

/**
 * ike_ppk_named() - the PPK that an initiator's IKE_AUTH names
 * @sa: IKE SA of a responder
 * @msg: message, not authenticated
 * @id: gets its name
 *
 * Return: false if it names none in a way that is known here.
 */
bool ike_ppk_named(const struct ike_sa *sa, const struct wire_msg *msg,
		   struct wire_span *id)
{
	struct wire_notify n;

	if (!sa->p->use_ppk ||
	    !wire_notify_find(msg, IKE_N_PPK_IDENTITY, &n) ||
	    n.data.len < 2 || n.data.p[0] != PPK_ID_FIXED)
		return false;
	*id = (struct wire_span){ n.data.p + 1, n.data.len - 1 };
	return true;
}

/**
 * ike_ppk_unknown() - has an initiator used a PPK without a name known here
 * @sa: IKE SA of a responder
 * @msg: message, not authenticated, of which ike_ppk_named() is false
 *
 * There are names of other kinds, of which nothing is configured here.
 */
bool ike_ppk_unknown(const struct ike_sa *sa, const struct wire_msg *msg)
{
	struct wire_notify n;

	return sa->p->use_ppk && wire_notify_find(msg, IKE_N_PPK_IDENTITY, &n);
}

/**
 * ike_ppk_without() - authentication data for one that lacks the PPK named
 * @msg: message
 * @auth: its AUTH payload; the data of NO_PPK_AUTH take the place of its own
 *
 * Return: false if the initiator sent none: it insists.
 */
bool ike_ppk_without(const struct wire_msg *msg, struct wire_auth *auth)
{
	struct wire_notify n;

	if (!wire_notify_find(msg, IKE_N_NO_PPK_AUTH, &n) || !n.data.len)
		return false;
	auth->data = n.data;
	return true;
}

/** ike_ppk_confirm() - tell an initiator that its PPK has been used */
void ike_ppk_confirm(const struct ike_sa *sa, struct wire_enc *enc)
{
	if (sa->p->ppk.used)
		wire_notify_encode(enc, IKE_N_PPK_IDENTITY, NULL, 0);
}
