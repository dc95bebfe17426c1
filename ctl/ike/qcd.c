// SPDX-License-Identifier: GPL-2.0
/*
 * Quick crash detection (RFC 6290). Each end tells the other a token that it
 * can compute from the SPIs again when it has lost everything else. Who is told
 * that token for an IKE SA that it has drops it at once: nobody but the other
 * end can know it, and that one has it no more.
 */
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

#define TOKEN_MIN 16
#define TOKEN_MAX 128
#define TOKEN_LEN 32

static bool make(const struct ike_engine *eng, uint64_t spi_i, uint64_t spi_r,
		 uint8_t token[CRYPTO_PRF_MAX])
{
	uint8_t spis[2 * IKE_SPI_LEN];
	const struct wire_span part = { spis, sizeof(spis) };

	wire_put_u64(spis, spi_i);
	wire_put_u64(spis + IKE_SPI_LEN, spi_r);
	return eng->s.qcd &&
	       !crypto_prf(IKE_PRF_HMAC_SHA2_256, eng->s.qcd_secret,
			   sizeof(eng->s.qcd_secret), &part, 1, token);
}

/**
 * ike_qcd_put() - add our token for an IKE SA to a protected message
 * @eng: engine; without a secret nothing is added
 * @spi_i: SPIs of that IKE SA
 * @spi_r: likewise
 * @enc: message
 */
void ike_qcd_put(const struct ike_engine *eng, uint64_t spi_i, uint64_t spi_r,
		 struct wire_enc *enc)
{
	uint8_t token[CRYPTO_PRF_MAX];

	if (make(eng, spi_i, spi_r, token))
		wire_notify_encode(enc, IKE_N_QUICK_CRASH_DETECTION, token,
				   TOKEN_LEN);
}

/** ike_qcd_read() - keep the peer's token, if an authentic message has one */
void ike_qcd_read(struct ike_sa *sa, const struct wire_msg *msg)
{
	struct wire_notify n;

	if (wire_notify_find(msg, IKE_N_QUICK_CRASH_DETECTION, &n) &&
	    n.data.len >= TOKEN_MIN && n.data.len <= TOKEN_MAX)
		ike_buf_set(&sa->p->qcd, n.data.p, n.data.len);
}

/*
 * Of an IKE SA that is there, or that a rekey is about to make: the peer may have
 * it already, and use it.
 */
static bool in_use(const struct ike_engine *eng, uint64_t own_spi)
{
	const struct ike_sa *sa;

	if (ike_sa_lookup(eng, own_spi))
		return true;
	for (sa = eng->sas; sa; sa = sa->p->next)
		if ((sa->p->rekey && sa->p->rekey->spi == own_spi) ||
		    (sa->p->follow && sa->p->follow->spi_own == own_spi))
			return true;
	return false;
}

/**
 * ike_qcd_lost() - add our token to the answer to a message for no IKE SA
 * @eng: engine
 * @to: header of that message
 * @enc: answer, in clear
 *
 * Never for an IKE SA that is there or about to be, whatever the flags of the
 * message say: an attacker could end it with the token.
 */
void ike_qcd_lost(const struct ike_engine *eng, const struct wire_hdr *to,
		  struct wire_enc *enc)
{
	if (!in_use(eng, to->spi_i) && !in_use(eng, to->spi_r))
		ike_qcd_put(eng, to->spi_i, to->spi_r, enc);
}

/**
 * ike_qcd_in() - a message in clear for an IKE SA with keys
 * @sa: IKE SA
 * @msg: message
 *
 * Worth nothing unless it has the token. What the other end has in its kernel
 * still carries traffic: ours stays until there is something new. Who cannot
 * begin anew, or has a new one already, is in no hurry: liveness ends the old
 * one when its traffic has gone over.
 */
void ike_qcd_in(struct ike_sa *sa, const struct wire_msg *msg)
{
	struct wire_notify lost, n;

	if (sa->state != IKE_SA_ESTABLISHED || !sa->p->qcd.len ||
	    !sa->cs->wanted || ike_conn_newer(sa) ||
	    !(msg->hdr.flags & IKE_FLAG_RESPONSE) ||
	    !wire_notify_find(msg, IKE_N_INVALID_IKE_SPI, &lost) ||
	    !wire_notify_find(msg, IKE_N_QUICK_CRASH_DETECTION, &n) ||
	    n.data.len != sa->p->qcd.len ||
	    !crypto_equal(n.data.p, sa->p->qcd.p, n.data.len))
		return;
	sa->p->silent = true;
	ike_sa_fail(sa, "the peer has lost it by a crash and proves that");
}

static bool build(struct ike_sa *sa, void *ctx,
		  const struct wire_endpoint *local,
		  const struct wire_endpoint *remote, struct wire_enc *b)
{
	(void)ctx;
	(void)local;
	(void)remote;
	ike_qcd_put(sa->eng, sa->spi_i, sa->spi_r, b);
	return true;
}

/**
 * ike_qcd_tell() - our token for an IKE SA that rekeying has made
 *
 * Who answers tells its own in the answer; who asks did not know the other SPI
 * then (section 4.2).
 */
void ike_qcd_tell(struct ike_sa *sa)
{
	static const struct ike_request_desc d = { .build = build };

	if (sa->eng->s.qcd && sa->initiator)
		ike_sa_request(sa, &d);
}
