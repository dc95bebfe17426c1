// SPDX-License-Identifier: GPL-2.0
/*
 * CREATE_CHILD_SA for Child SAs, begun by us: new ones, and make before break
 * (RFC 7296, sections 1.3.1, 1.3.3, 2.8).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

/* Something short is under way: look again soon. */
#define BUSY_US (IKE_SECOND / 10)

/* Octet by octet; a shorter one that is a beginning of the other is lower. */
static int nonce_cmp(const uint8_t *a, size_t alen, const uint8_t *b,
		     size_t blen)
{
	int d = memcmp(a, b, alen < blen ? alen : blen);

	return d ? d : (alen > blen) - (alen < blen);
}

void ike_lowest(struct ike_nonce *low, struct wire_span a, struct wire_span b)
{
	struct wire_span s = nonce_cmp(a.p, a.len, b.p, b.len) < 0 ? a : b;

	low->len = s.len < sizeof(low->v) ? s.len : sizeof(low->v);
	memcpy(low->v, s.p, low->len);
}

bool ike_lower(const struct ike_nonce *a, const struct ike_nonce *b)
{
	return nonce_cmp(a->v, a->len, b->v, b->len) < 0;
}

/**
 * ike_create_again() - when to look again if nothing can begin now
 * @sa: IKE SA
 *
 * Return: a time, or IKE_WAITS.
 */
uint64_t ike_create_again(const struct ike_sa *sa)
{
	return sa->p->create || sa->p->rekey ? IKE_WAITS :
					       sa->eng->now + BUSY_US;
}

/** ike_create_wake() - what waits for the end of an exchange is due now */
void ike_create_wake(struct ike_sa *sa)
{
	struct ike_child *c;
	unsigned int i;

	for (c = sa->children; c; c = c->next)
		if (ike_child_full(c)->again_us == IKE_WAITS)
			ike_child_full(c)->again_us = sa->eng->now;
	for (i = 0; i < IKE_MAX_CONN_CHILDREN; i++)
		if (sa->p->new_us[i] == IKE_WAITS)
			sa->p->new_us[i] = sa->eng->now;
	ike_sa_touch(sa);
}

/* The exchange is over, whatever came of it. */
void ike_create_free(struct ike_sa *sa)
{
	struct ike_create *cr = sa->p->create;

	if (!cr)
		return;
	sa->p->create = NULL;
	wire_free((uint8_t *)cr, sizeof(*cr));
	if (sa->state == IKE_SA_ESTABLISHED)
		ike_create_wake(sa);
}

/* --------------------------------------------------------------- Delete */

struct delete_ctx {
	uint32_t spi_in;
	char why[48];
};

static bool build_delete(struct ike_sa *sa, void *ctx,
			 const struct wire_endpoint *local,
			 const struct wire_endpoint *remote,
			 struct wire_enc *b)
{
	const struct delete_ctx *d = ctx;

	(void)sa;
	(void)local;
	(void)remote;
	wire_delete_encode_esp(b, &d->spi_in, 1);
	return true;
}

static void send_delete(struct ike_sa *sa, uint32_t spi_in, const char *why);

static void delete_done(struct ike_sa *sa, void *ctx, enum ike_result result,
			const struct ike_in *in)
{
	const struct delete_ctx *d = ctx;
	struct ike_sa *heir = ike_sa_heir(sa);
	struct ike_child *c = ike_child_find(heir, d->spi_in);
	unsigned int child;
	bool anew;

	(void)in;
	if (result == IKE_RESULT_ANSWER && c) {
		anew = ike_child_full(c)->anew;
		child = c->child;
		ike_child_forget(heir, c, d->why);
		if (anew)
			ike_create_new(heir, child);
	} else if (result == IKE_RESULT_CLOSED && heir != sa) {
		send_delete(heir, d->spi_in, d->why);
	}
}

static void send_delete(struct ike_sa *sa, uint32_t spi_in, const char *why)
{
	struct ike_request_desc d = {
		.build = build_delete,
		.done = delete_done,
		.free = free,
	};
	struct delete_ctx *ctx = calloc(1, sizeof(*ctx));

	if (!ctx)
		return;
	ctx->spi_in = spi_in;
	strncpy(ctx->why, why, sizeof(ctx->why) - 1);
	d.ctx = ctx;
	ike_sa_request(sa, &d);
}

/**
 * ike_child_delete() - delete a Child SA at both ends
 * @sa: IKE SA
 * @c: Child SA; goes when the peer has answered
 * @why: for log and monitors
 */
void ike_child_delete(struct ike_sa *sa, struct ike_child *c, const char *why)
{
	if (c->state == IKE_CHILD_CLOSING)
		return;
	c->state = IKE_CHILD_CLOSING;
	send_delete(sa, c->spi_in, why);
}

/* The answerer made a Child SA that we never had. */
void ike_child_reject(struct ike_sa *sa, uint32_t spi_in)
{
	send_delete(sa, spi_in, "");
}

/* -------------------------------------------------------------- request */

static uint16_t first_group(const struct ike_conn *c)
{
	unsigned int i;

	for (i = 0; i < c->nesp; i++)
		if (c->esp[i].ke)
			return c->esp[i].ke;
	return 0;
}

static bool build_create(struct ike_sa *sa, void *ctx,
			 const struct wire_endpoint *local,
			 const struct wire_endpoint *remote,
			 struct wire_enc *b)
{
	struct ike_create *cr = sa->p->create;

	(void)ctx;
	(void)local;
	(void)remote;
	if (!cr)
		return false;
	if (cr->rekey)
		wire_notify_encode_esp(b, IKE_N_REKEY_SA, cr->old_in, NULL, 0);
	wire_sa_encode(b, &cr->sent);
	wire_nonce_encode(b, cr->nonce, sizeof(cr->nonce));
	if (cr->ke.group)
		wire_ke_encode(b, cr->ke.group, cr->ke.pub, cr->ke.pub_len);
	ike_child_put_ts(b, &cr->offer);
	return true;
}

static void create_answered(struct ike_sa *sa, void *ctx,
			    enum ike_result result, const struct ike_in *in);

/* The packet that waits comes first, or is all there is to be (2.9). */
static void put_trigger(const struct ike_sa *sa, struct ike_create *cr)
{
	if (cr->trigger)
		ike_ts_trigger(sa->conn, &sa->p->trigger, &cr->offer.tsi,
			       &cr->offer.tsr);
	if (!cr->single)
		return;
	cr->offer.tsi.n = 1;
	cr->offer.tsr.n = 1;
}

static bool create_send(struct ike_sa *sa, struct ike_create *cr,
			uint16_t group)
{
	static const struct ike_request_desc d = {
		.build = build_create,
		.done = create_answered,
	};

	cr->offer.spi_in = ike_child_spi(sa);
	if (!cr->offer.spi_in ||
	    ike_random(sa->eng, cr->nonce, sizeof(cr->nonce)) ||
	    (group && ike_make_ke(sa->eng, &cr->ke, group)))
		return false;
	ike_propose(&cr->sent, sa->conn->esp, sa->conn->nesp, IKE_PROTO_ESP,
		    cr->offer.spi_in, IKE_GROUPS_KE);
	cr->offer.mode = sa->conn->mode;
	cr->offer.conf = sa->cs->conf;
	if (!ike_virtual_propose(sa, cr->offer.child, &cr->offer.tsi,
				 &cr->offer.tsr))
		return false;
	put_trigger(sa, cr);
	if (!ike_request_new(sa, IKE_EX_CREATE_CHILD_SA, &d))
		return false;
	ike_requests_pump(sa);
	return true;
}

static bool create_start(struct ike_sa *sa, uint32_t old_in,
			 unsigned int child, bool rekey)
{
	struct ike_create *cr = NULL;

	/* Not while the IKE SA is rekeyed (section 2.25.1). */
	if (sa->state == IKE_SA_ESTABLISHED && sa->peer && !sa->p->create &&
	    !sa->p->rekey && !ike_follow_pending(sa))
		cr = calloc(1, sizeof(*cr));
	if (!cr)
		return false;
	cr->old_in = old_in;
	cr->rekey = rekey;
	cr->offer.child = child;
	cr->trigger = !old_in && sa->p->trigger.set &&
		      ike_virtual_may_trigger(sa, &sa->p->trigger) &&
		      ike_ts_child(sa->conn, &sa->p->trigger) == child;
	sa->p->create = cr;
	if (create_send(sa, cr, first_group(sa->conn)))
		return true;
	ike_create_free(sa);
	return false;
}

/* The peer has begun to: its answer waits for the kernel. */
static bool is_replaced(const struct ike_sa *sa, const struct ike_child *old)
{
	struct ike_child *c;

	for (c = sa->children; c; c = c->next)
		if (ike_child_full(c)->replaces == old->spi_in &&
		    ike_child_full(c)->answer)
			return true;
	return false;
}

void ike_sa_replace_child(struct ike_sa *sa, struct ike_child *child,
			  bool rekey)
{
	struct ike_child_full *f = ike_child_full(child);

	f->again_us = IKE_NEVER;
	if (child->state != IKE_CHILD_UP || ike_reload_ends(sa, child))
		return;
	/* It would promise the same selectors (section 2.8). */
	if (ike_child_stale(sa, child))
		rekey = false;
	if (is_replaced(sa, child) ||
	    !create_start(sa, child->spi_in, child->child, rekey)) {
		f->again_rekey = rekey;
		f->again_us = ike_create_again(sa);
	} else if (rekey) {
		child->state = IKE_CHILD_REKEYING;
	}
}

/**
 * ike_create_new() - a Child SA where there is none, and none on its way
 * @sa: IKE SA
 * @child: which one of the connection
 */
void ike_create_new(struct ike_sa *sa, unsigned int child)
{
	const struct ike_create *cr = sa->p->create;

	sa->p->new_us[child] = IKE_NEVER;
	if (child >= ike_conn_children(sa->conn) || ike_child_any(sa, child) ||
	    (cr && !cr->old_in && cr->offer.child == child))
		return;
	if (!create_start(sa, 0, child, false))
		sa->p->new_us[child] = ike_create_again(sa);
}

/** ike_create_rest() - IKE_AUTH has made one Child SA: who began makes all */
void ike_create_rest(struct ike_sa *sa)
{
	unsigned int i, n = ike_conn_children(sa->conn);

	if (!sa->first_initiator || !sa->children)
		return;
	for (i = 0; i < n; i++)
		ike_create_new(sa, i);
}

/* --------------------------------------------------------------- answer */

static void create_failed(struct ike_sa *sa, uint16_t type, int err)
{
	struct ike_create *cr = sa->p->create;
	struct ike_child *old = ike_child_find(sa, cr->old_in);
	const char *name = ike_notify_name(type);
	struct ike_report *r;
	unsigned int child = cr->offer.child;
	bool anew = false;
	uint64_t later;

	if (old && old->state == IKE_CHILD_REKEYING)
		old->state = cr->rival ? IKE_CHILD_REKEYED : IKE_CHILD_UP;
	if (cr->rival) {
		/* No need: the peer has replaced it, and will delete it. */
		ike_create_free(sa);
		return;
	}
	if (type == IKE_N_TEMPORARY_FAILURE) {
		later = sa->eng->now + IKE_AGAIN_US +
			ike_jitter(sa->eng, 5 * IKE_AGAIN_US);
		if (old) {
			ike_child_full(old)->again_us = later;
			ike_child_full(old)->again_rekey = cr->rekey;
		} else if (!cr->old_in) {
			sa->p->new_us[child] = later;
		}
	} else if (type == IKE_N_CHILD_SA_NOT_FOUND && old) {
		/* The peer has lost it: silently drop it, make another. */
		ike_child_forget(sa, old, "the peer does not have it");
		anew = true;
	} else if (type == IKE_N_NO_ADDITIONAL_SAS && old && cr->rekey) {
		/* It can have one only: this one goes first (section 1.3). */
		ike_child_full(old)->anew = true;
		ike_child_delete(sa, old, "the peer cannot rekey it");
	} else if (old && ike_child_stale(sa, old) &&
		   (name || err == -EPROTO)) {
		ike_reload_refused(sa, old, type);
	} else {
		r = ike_sa_report(sa, IKE_LOG_ERROR, "error");
		ike_report_text(r, "reason", "no new Child SA: %s",
				name ? name : strerror(-err));
	}
	ike_create_free(sa);
	if (anew)
		ike_create_new(sa, child);
}

static void out_installed(struct ike_sa *sa, struct ike_child *c, int err)
{
	struct ike_child *old;

	if (!sa->p->create)
		return;
	old = ike_child_find(sa, sa->p->create->old_in);
	if (err) {
		ike_child_delete(sa, c, "the kernel refuses it");
		create_failed(sa, 0, err);
		return;
	}
	if (old)
		ike_child_delete(sa, old, "replaced");
	ike_create_free(sa);
}

/**
 * ike_create_lost() - a Child SA goes that an exchange of ours may have made
 * @sa: IKE SA
 * @c: Child SA
 *
 * If the kernel is not done with it, nobody will hear of that any more: the
 * exchange is over now, and whatever it was for is tried again later.
 */
void ike_create_lost(struct ike_sa *sa, const struct ike_child *c)
{
	struct ike_create *cr = sa->p->create;

	if (!cr)
		return;
	if (cr->rival == c->spi_in)
		cr->rival = 0;
	if (cr->offer.spi_in == c->spi_in)
		create_failed(sa, IKE_N_TEMPORARY_FAILURE, -EAGAIN);
}

static void in_installed(struct ike_sa *sa, struct ike_child *c, int err)
{
	if (err)
		out_installed(sa, c, err);
	else
		ike_child_install_out(sa, c, out_installed);
}

/** ike_create_gone() - the peer deletes a Child SA that is not known here */
void ike_create_gone(struct ike_sa *sa, uint32_t spi_out)
{
	struct ike_create *cr = sa->p->create;

	if (cr && cr->n_gone < IKE_MAX_CHILDREN)
		cr->gone[cr->n_gone++] = spi_out;
}

static bool is_gone(const struct ike_create *cr)
{
	unsigned int i;

	for (i = 0; i < cr->n_gone; i++)
		if (cr->gone[i] == cr->offer.spi_out)
			return true;
	return false;
}

static int shared_secret(struct ike_create *cr, const struct wire_msg *msg,
			 uint8_t *shared, size_t *len)
{
	const struct wire_payload *pl = wire_msg_only(msg, IKE_PL_KE);
	struct wire_ke ke;

	*len = 0;
	if (!cr->offer.suite.ke)
		return 0;
	if (!pl || wire_ke_decode(pl, &ke) != WIRE_OK ||
	    ke.group != cr->offer.suite.ke || ke.group != cr->ke.group)
		return -EBADMSG;
	return crypto_ke_shared(&cr->ke, ke.data.p, ke.data.len, shared, len);
}

/*
 * Both ends rekeyed the same Child SA at once, and this exchange has the lowest
 * nonce of the four: its Child SA is the one too many (section 2.8.1).
 */
static bool lost_to_rival(const struct ike_create *cr)
{
	return cr->rival && ike_lower(&cr->lowest, &cr->rival_lowest);
}

/* The other way round: the peer's is one too many, and it will delete it. */
static void rival_lost(struct ike_sa *sa, const struct ike_create *cr)
{
	struct ike_child *c = ike_child_find(sa, cr->rival);

	if (!c)
		return;
	ike_child_full(c)->lost = true;
	ike_child_full(c)->switch_us = IKE_NEVER;
	if (!ike_child_full(c)->answer)
		c->state = IKE_CHILD_REKEYED;
}

static void create_made(struct ike_sa *sa, struct ike_create *cr,
			const struct wire_msg *msg)
{
	const struct wire_payload *pl = wire_msg_only(msg, IKE_PL_NONCE);
	uint8_t secret[CRYPTO_KE_SHARED_MAX];
	struct wire_span ni = { .p = cr->nonce, .len = sizeof(cr->nonce) };
	struct wire_span shared = { .p = secret };
	struct ike_child *c = NULL, *old;
	struct wire_span nr;

	if (pl && wire_nonce_decode(pl, &nr) == WIRE_OK &&
	    !shared_secret(cr, msg, secret, &shared.len)) {
		ike_lowest(&cr->lowest, ni, nr);
		if (lost_to_rival(cr)) {
			ike_child_reject(sa, cr->offer.spi_in);
			ike_create_free(sa);
			return;
		}
		rival_lost(sa, cr);
		c = ike_child_add(sa, &cr->offer, ni, nr, shared, true);
	}
	crypto_wipe(secret, sizeof(secret));
	if (c) {
		old = ike_child_find(sa, cr->old_in);
		if (old)
			ike_child_replaces(sa, c, old);
		ike_child_install_in(sa, c, in_installed);
		return;
	}
	ike_child_reject(sa, cr->offer.spi_in);
	create_failed(sa, 0, -EPROTO);
}

/* It wants a Child SA for each pair: that of the packet that waits (2.9). */
static bool single_pair(struct ike_sa *sa, const struct ike_in *in)
{
	struct ike_create *cr = sa->p->create;
	struct wire_notify n;

	if (!wire_notify_find(in->msg, IKE_N_SINGLE_PAIR_REQUIRED, &n) ||
	    !cr->trigger || cr->single)
		return false;
	cr->single = true;
	return create_send(sa, cr, cr->ke.group);
}

static bool other_group(struct ike_sa *sa, const struct ike_in *in)
{
	struct ike_create *cr = sa->p->create;
	struct wire_notify n;
	uint16_t group;
	unsigned int i;

	if (!wire_notify_find(in->msg, IKE_N_INVALID_KE_PAYLOAD, &n) ||
	    !wire_notify_u16(&n, &group) || ++cr->rounds > 2)
		return false;
	for (i = 0; i < sa->conn->nesp; i++)
		if (sa->conn->esp[i].ke == group && group)
			return create_send(sa, cr, group);
	return false;
}

/* Its connection has been configured anew meanwhile: this one is not wanted. */
static void overtaken(struct ike_sa *sa, const struct ike_in *in)
{
	struct ike_create *cr = sa->p->create;
	struct ike_child *old = ike_child_find(sa, cr->old_in);

	if (wire_msg_only(in->msg, IKE_PL_SA))
		ike_child_reject(sa, cr->offer.spi_in);
	if (old && old->state == IKE_CHILD_REKEYING)
		old->state = IKE_CHILD_UP;
	if (old)
		ike_child_full(old)->again_us = sa->eng->now;
	else
		sa->p->new_us[cr->offer.child] = sa->eng->now;
	ike_create_free(sa);
}

static void create_answered(struct ike_sa *sa, void *ctx,
			    enum ike_result result, const struct ike_in *in)
{
	struct ike_create *cr = sa->p->create;
	uint16_t err;

	(void)ctx;
	if (result != IKE_RESULT_ANSWER || !cr)
		return;
	if (!cr->rival && ike_reload_outdated(sa, cr->offer.child,
					      cr->offer.conf)) {
		overtaken(sa, in);
		return;
	}
	if (other_group(sa, in) || single_pair(sa, in))
		return;
	err = ike_child_accept(sa, in->msg, &cr->sent, &cr->offer);
	if (err == IKE_CHILD_UNWANTED)
		ike_child_reject(sa, cr->offer.spi_in);
	if (!err && is_gone(cr))
		create_failed(sa, IKE_N_TEMPORARY_FAILURE, -EAGAIN);
	else if (err)
		create_failed(sa, err == IKE_CHILD_UNWANTED ? 0 : err,
			      err == IKE_N_TEMPORARY_FAILURE ? -EAGAIN :
			      -EPROTO);
	else
		create_made(sa, cr, in->msg);
}
