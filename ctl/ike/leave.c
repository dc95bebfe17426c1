// SPDX-License-Identifier: GPL-2.0
/*
 * The agent ends, but not what it looks after: an IKE SA goes to the next run of
 * the agent as soon as nothing of it is under way. Nobody is told; what comes for
 * it from then on is not answered, so that its peer asks again. One that does not
 * come to rest in time stays behind, as if the agent had been killed: its
 * successor authenticates anew beside what the kernel has.
 */
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

/* So long what is under way may take. */
#define REST_US IKE_SECOND

/*
 * What a connection is: SAs of another one of the same name are not for it, as
 * when a configuration is loaded. Whether it sends INITIAL_CONTACT depends on what
 * the kernel has at the start.
 */
bool ike_state_digest(const struct ike_conn *conn,
		      uint8_t digest[CRYPTO_PRF_MAX])
{
	static const uint8_t key[] = "connection";
	struct ike_conn c = *conn;
	struct wire_span part = { (const uint8_t *)&c, sizeof(c) };

	/* Not by assignment alone: what lies between its members counts. */
	memcpy(&c, conn, sizeof(c));
	c.initial_contact = false;
	return !crypto_prf(IKE_PRF_HMAC_SHA2_256, key, sizeof(key), &part, 1,
			   digest);
}

/** ike_state_sum() - shows damage; who may write the state is trusted */
bool ike_state_sum(struct wire_span octets, uint8_t sum[CRYPTO_PRF_MAX])
{
	static const uint8_t key[] = "state";

	return !crypto_prf(IKE_PRF_HMAC_SHA2_256, key, sizeof(key), &octets, 1,
			   sum);
}

static bool children_rest(const struct ike_sa *sa)
{
	const struct ike_child *c;

	for (c = sa->children; c; c = c->next)
		if (c->state != IKE_CHILD_UP || !c->out_installed ||
		    c->child >= ike_conn_children(sa->conn))
			return false;
	return true;
}

static bool anybody_waits(const struct ike_sa *sa)
{
	const struct ike_wait *w;

	for (w = sa->eng->waits; w; w = w->next)
		if (w->sa == sa)
			return true;
	return false;
}

static bool answers_wait(const struct ike_sa *sa)
{
	const struct ike_slot *s;

	for (s = sa->p->slots; s; s = s->next)
		if (s->state == IKE_SLOT_PENDING)
			return true;
	return false;
}

/* Is nothing under way that the successor would not know how to go on with? */
static bool rests(const struct ike_sa *sa)
{
	const struct ike_ext_ops *ext = sa->eng->ext;
	const struct ike_sa_private *p = sa->p;

	return sa->state == IKE_SA_ESTABLISHED && p->announced && sa->peer &&
	       !p->requests && !p->create && !p->rekey && !p->follow &&
	       !p->rebinds && !p->unheard && !p->predecessors &&
	       children_rest(sa) && !answers_wait(sa) && !anybody_waits(sa) &&
	       (!p->ext_open || !ext->rests || ext->rests(sa));
}

static bool write_state(struct ike_sa *sa, struct wire_wr *out)
{
	struct ike_codec c = { .out = out };
	uint32_t version = IKE_STATE_VERSION;
	uint64_t own = ike_sa_own_spi(sa);
	uint8_t digest[CRYPTO_PRF_MAX];

	if (!ike_state_digest(sa->conn, digest))
		return false;
	ike_codec_u32(&c, &version);
	ike_codec_text(&c, sa->cs->cfg.name, IKE_MAX_NAME);
	ike_codec_octets(&c, digest, IKE_STATE_SUM);
	ike_codec_bool(&c, &sa->cs->wanted);
	ike_codec_bool(&c, &sa->initiator);
	ike_codec_u64(&c, &own);
	ike_image(&c, sa);
	if (!ike_codec_ok(&c) ||
	    !ike_state_sum((struct wire_span){ out->data, out->len }, digest))
		return false;
	wire_wr_bytes(out, digest, IKE_STATE_SUM);
	return !out->bad && out->len <= IKE_STATE_MAX;
}

/* The kernel keeps what it has; here nothing is left of it. */
static void let_go(struct ike_sa *sa, const char *reason)
{
	struct ike_report *r;

	if (reason && sa->p->announced && !sa->p->replaced) {
		r = ike_sa_report(sa, IKE_LOG_WARNING, "left-behind");
		ike_report_text(r, "reason", "%s", reason);
	}
	ike_waits_cancel(sa->eng, sa);
	ike_sa_dead(sa);
}

static void hand_over(struct ike_sa *sa)
{
	struct wire_wr out = { 0 };
	struct ike_action *a = NULL;
	size_t len;

	if (!write_state(sa, &out) ||
	    sa->eng->left_octets + out.len > IKE_STATES_MAX) {
		wire_wr_free(&out);
		let_go(sa, "there is no room for its state");
		return;
	}
	a = ike_act(sa->eng, IKE_AC_STATE);
	if (!a) {
		wire_wr_free(&out);
		return;
	}
	a->u.state.data = wire_wr_take(&out, &len);
	a->u.state.len = len;
	sa->eng->left_octets += len;
	ike_sa_report(sa, IKE_LOG_INFO, "handed-over");
	let_go(sa, NULL);
}

/** ike_leave_run() - hand over what has come to rest; after each event */
void ike_leave_run(struct ike_engine *eng)
{
	struct ike_sa *sa;

	for (sa = eng->sas; eng->leaving && sa; sa = sa->p->next) {
		if (sa->state == IKE_SA_DEAD)
			continue;
		if (rests(sa))
			hand_over(sa);
		else if (eng->now >= eng->leave_us)
			let_go(sa, "something is under way that does not end");
	}
}

/** ike_leave() - the agent ends and has a successor */
void ike_leave(struct ike_engine *eng)
{
	struct ike_sa *sa;

	if (eng->leaving)
		return;
	eng->leaving = true;
	eng->leave_us = eng->now + REST_US;
	ike_leftovers_now(eng);
	for (sa = eng->sas; sa; sa = sa->p->next) {
		if (sa->state < IKE_SA_ESTABLISHED)
			let_go(sa, NULL);
		else if (sa->state == IKE_SA_ESTABLISHED)
			ike_requests_yield(sa);
	}
}
