// SPDX-License-Identifier: GPL-2.0
/*
 * IKE_INTERMEDIATE (RFC 9242), between IKE_SA_INIT and IKE_AUTH, for additional
 * key exchanges (RFC 9370, section 2.2.2): one request and its answer for each,
 * protected by the keys so far, and new keys from the shared secret. AUTH covers
 * them all.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/auth.h"

/* The generic header of SK, which AUTH covers */
#define SK_HDR_LEN 4

/* ------------------------------------------------------------- IKE_SA_INIT */

static bool conn_wants(const struct ike_conn *c)
{
	unsigned int i;

	for (i = 0; i < c->nike; i++)
		if (ike_more_groups(&c->ike[i]))
			return true;
	return false;
}

/** ike_inter_known() - does an IKE_SA_INIT message know of IKE_INTERMEDIATE */
bool ike_inter_known(const struct wire_msg *msg)
{
	struct wire_notify n;

	return wire_notify_find(msg, IKE_N_INTERMEDIATE_SUPPORTED, &n);
}

/**
 * ike_inter_ok() - may a suite be used with a peer
 * @s: suite
 * @msg: its IKE_SA_INIT message
 */
bool ike_inter_ok(const struct crypto_suite *s, const struct wire_msg *msg)
{
	return !ike_more_groups(s) || ike_inter_known(msg);
}

/**
 * ike_inter_init_build() - say in IKE_SA_INIT that we know of it
 * @sa: IKE SA, a responder's with its suite
 * @enc: message
 */
void ike_inter_init_build(const struct ike_sa *sa, struct wire_enc *enc)
{
	if (sa->initiator ? conn_wants(sa->conn) : ike_more_groups(&sa->suite))
		wire_notify_encode(enc, IKE_N_INTERMEDIATE_SUPPORTED, NULL, 0);
}

/* -------------------------------------------------------------------- state */

/* The next additional key exchange, or IKE_KE_NONE if there is none left. */
static uint16_t next_group(struct ike_sa *sa)
{
	return ike_next_group(&sa->suite, &sa->p->inter.next);
}

/** ike_inter_due() - is another IKE_INTERMEDIATE to come before IKE_AUTH */
bool ike_inter_due(struct ike_sa *sa)
{
	return next_group(sa) != IKE_KE_NONE;
}

/** ike_auth_mid() - Message ID of the first IKE_AUTH, when nothing is due before */
uint32_t ike_auth_mid(const struct ike_sa *sa)
{
	return 1 + sa->p->inter.rounds;
}

void ike_inter_free(struct ike_sa *sa)
{
	struct ike_inter *v = &sa->p->inter;

	if (v->old)
		wire_free((uint8_t *)v->old, sizeof(*v->old));
	crypto_wipe(v, sizeof(*v));
}

/**
 * ike_inter_keys() - keys that open a message
 * @sa: IKE SA
 * @hdr: its header
 *
 * An initiator that did not get our last answer repeats its request under the
 * keys of then.
 */
const struct crypto_ike_keys *ike_inter_keys(const struct ike_sa *sa,
					     const struct wire_hdr *hdr)
{
	const struct ike_inter *v = &sa->p->inter;

	return v->old && !sa->initiator && !(hdr->flags & IKE_FLAG_RESPONSE) &&
	       hdr->msg_id < ike_auth_mid(sa) ? v->old : &sa->p->keys;
}

/* --------------------------------------------------------------------- AUTH */

/*
 * Add a message to what AUTH covers: the header and that of SK as if there was
 * nothing in it but the payloads, then the payloads (RFC 9242, section 3.3.2).
 * Fragments do not count.
 */
static bool cover(struct ike_sa *sa, bool response, uint32_t mid, uint8_t first,
		  struct wire_span inner)
{
	struct ike_inter *v = &sa->p->inter;
	const struct crypto_ike_keys *k = &sa->p->keys;
	uint8_t *auth = response ? v->auth_r : v->auth_i;
	struct wire_hdr hdr = {
		.spi_i = sa->spi_i,
		.spi_r = sa->spi_r,
		.next = IKE_PL_SK,
		.exchange = IKE_EX_INTERMEDIATE,
		.flags = response ? IKE_FLAG_RESPONSE : IKE_FLAG_INITIATOR,
		.msg_id = mid,
		.length = (uint32_t)(IKE_HDR_LEN + SK_HDR_LEN + inner.len),
	};
	struct wire_wr wr = { 0 };
	struct wire_span parts[3];
	bool ok;

	wire_hdr_write(&wr, &hdr);
	wire_wr_u8(&wr, first);
	wire_wr_u8(&wr, 0);
	wire_wr_u16(&wr, (uint16_t)(SK_HDR_LEN + inner.len));
	parts[0] = (struct wire_span){ auth, v->rounds ? k->prf_len : 0 };
	parts[1] = (struct wire_span){ wr.data, wr.len };
	parts[2] = inner;
	ok = !wr.bad && !crypto_prf(sa->suite.prf, response ? k->sk_pr :
				    k->sk_pi, k->prf_len, parts, 3, auth);
	wire_wr_free(&wr);
	return ok;
}

/**
 * ike_inter_auth() - add to the octets that AUTH covers what came in between
 * @sa: IKE SA
 * @out: octets; nothing is added if nothing came
 */
void ike_inter_auth(const struct ike_sa *sa, struct wire_wr *out)
{
	const struct ike_inter *v = &sa->p->inter;

	if (!v->rounds)
		return;
	wire_wr_bytes(out, v->auth_i, sa->p->keys.prf_len);
	wire_wr_bytes(out, v->auth_r, sa->p->keys.prf_len);
	wire_wr_u32(out, ike_auth_mid(sa));
}

/* --------------------------------------------------------------------- keys */

/* An exchange is over: what comes next has other keys. */
static bool advance(struct ike_sa *sa, struct wire_span shared)
{
	static const struct wire_span none;
	struct ike_sa_private *p = sa->p;
	struct crypto_ike_keys *fresh = malloc(sizeof(*fresh));

	if (!fresh || crypto_ike_rekey(&p->keys, &sa->suite, ike_span(&p->ni),
				       ike_span(&p->nr), shared, none,
				       sa->spi_i, sa->spi_r, fresh)) {
		free(fresh);
		return false;
	}
	if (!p->inter.old)
		p->inter.old = malloc(sizeof(*p->inter.old));
	if (p->inter.old)
		*p->inter.old = p->keys;
	p->keys = *fresh;
	wire_free((uint8_t *)fresh, sizeof(*fresh));
	p->inter.next++;
	p->inter.rounds++;
	return true;
}

/* ---------------------------------------------------------------- initiator */

static bool build(struct ike_sa *sa, void *ctx,
		  const struct wire_endpoint *local,
		  const struct wire_endpoint *remote, struct wire_enc *b)
{
	const struct crypto_ke *ke = sa->p->ke;

	(void)ctx;
	(void)local;
	(void)remote;
	wire_ke_encode(b, ke->group, ke->pub, ke->pub_len);
	return cover(sa, false, ike_auth_mid(sa), b->first,
		     (struct wire_span){ b->wr.data, b->wr.len });
}

static void answered(struct ike_sa *sa, void *ctx, enum ike_result result,
		     const struct ike_in *in)
{
	struct wire_notify n;
	struct wire_ke ke;
	uint8_t shared[CRYPTO_KE_SHARED_MAX];
	struct wire_span g = { .p = shared };
	bool ok;

	(void)ctx;
	if (result != IKE_RESULT_ANSWER)
		return;
	if (!ike_ke_value(in->msg, next_group(sa), &ke)) {
		if (wire_notify_error(in->msg, &n))
			ike_auth_refused(sa, n.type);
		else
			ike_sa_fail(sa, "the answer to IKE_INTERMEDIATE has no"
				    " value of the group that is due");
		return;
	}
	ok = !crypto_ke_shared(sa->p->ke, ke.data.p, ke.data.len, shared,
			       &g.len) &&
	     cover(sa, true, in->mid, in->msg->sk_first, in->msg->inner) &&
	     advance(sa, g);
	crypto_wipe(shared, sizeof(shared));
	if (ok)
		ike_inter_start(sa);
	else
		ike_sa_fail(sa, "the peer's additional key exchange value is"
			    " no good");
}

/**
 * ike_inter_start() - go on with what is due next: IKE_AUTH at last
 * @sa: IKE SA of an initiator, with keys
 */
void ike_inter_start(struct ike_sa *sa)
{
	static const struct ike_request_desc d = {
		.build = build,
		.done = answered,
	};

	if (!ike_inter_due(sa)) {
		ike_init_free_ke(sa);
		ike_auth_start(sa);
	} else if (!ike_init_make_ke(sa, next_group(sa)) ||
		   !ike_request_new(sa, IKE_EX_INTERMEDIATE, &d)) {
		ike_sa_fail(sa, "no memory or no random numbers");
	} else {
		ike_requests_pump(sa);
	}
}

/* ---------------------------------------------------------------- responder */

static bool answer(struct ike_sa *sa, const struct ike_in *in,
		   const struct crypto_ke *own)
{
	struct wire_enc enc;
	bool ok;

	wire_enc_start(&enc, NULL);
	wire_ke_encode(&enc, own->group, own->pub, own->pub_len);
	ok = cover(sa, false, in->mid, in->msg->sk_first, in->msg->inner) &&
	     cover(sa, true, in->mid, enc.first,
		   (struct wire_span){ enc.wr.data, enc.wr.len });
	if (ok)
		ike_slot_answer(sa, in->mid, &enc);
	else
		wire_enc_free(&enc);
	return ok;
}

/**
 * ike_inter_request() - an IKE_INTERMEDIATE request
 * @sa: half-open IKE SA
 * @in: request, decrypted and well-formed
 */
void ike_inter_request(struct ike_sa *sa, const struct ike_in *in)
{
	uint8_t shared[CRYPTO_KE_SHARED_MAX];
	struct wire_span g = { .p = shared };
	struct crypto_ke own;
	struct wire_ke ke;

	if (in->mid != ike_auth_mid(sa) || sa->cs ||
	    !ike_ke_value(in->msg, next_group(sa), &ke)) {
		ike_auth_refuse(sa, in->mid, IKE_N_INVALID_SYNTAX,
				"IKE_INTERMEDIATE without a value of a group"
				" that is due");
		return;
	}
	if (ike_answer_ke(sa->eng, &own, &ke, shared, &g.len))
		ike_auth_refuse(sa, in->mid, IKE_N_INVALID_SYNTAX,
				"an additional key exchange value that is no"
				" good");
	else if (!answer(sa, in, &own) || !advance(sa, g))
		ike_sa_fail(sa, "no memory");
	crypto_wipe(&own, sizeof(own));
	crypto_wipe(shared, sizeof(shared));
}
