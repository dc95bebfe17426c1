// SPDX-License-Identifier: GPL-2.0
/* Peers and Child SAs in the kernel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

#define MAX_PEER_TRIES 64

static void report_refusal(struct ike_sa *sa, const char *what,
			   const struct ike_event *ev)
{
	const struct ike_ev_kernel_done *k = &ev->u.kernel_done;
	struct ike_report *r;

	if (k->err == -ECANCELED)
		return;
	r = ike_sa_report(sa, IKE_LOG_ERROR, "error");
	ike_report_text(r, "reason", "kernel: %s: %s", what,
			k->text && k->text[0] ? k->text : strerror(-k->err));
}

/* ---------------------------------------------------------------- peer */

struct peer_new {
	uint32_t id;
	unsigned int tries;
	void (*done)(struct ike_sa *sa, int err);
};

static void peer_ask(struct ike_sa *sa, struct peer_new *pn);

static void peer_answered(struct ike_sa *sa, void *ctx,
			  const struct ike_event *ev)
{
	const struct ike_ev_kernel_done *k = &ev->u.kernel_done;
	struct peer_new *pn = ctx;
	void (*done)(struct ike_sa *sa, int err) = pn->done;

	if (k->err == -EEXIST && sa && ++pn->tries < MAX_PEER_TRIES) {
		peer_ask(sa, pn);
		return;
	}
	if (k->err == 0 && sa) {
		sa->peer = pn->id;
		sa->generation = k->generation;
	}
	free(pn);
	if (!sa)
		return;
	if (k->err)
		report_refusal(sa, "new peer", ev);
	done(sa, k->err);
}

static void peer_ask(struct ike_sa *sa, struct peer_new *pn)
{
	struct ike_engine *eng = sa->eng;
	struct ike_path *path = calloc(1, sizeof(*path));
	struct ike_action *a = NULL;

	pn->id = ++eng->last_peer;
	if (path)
		a = ike_ask(eng, IKE_AC_PEER_NEW, sa, peer_answered, pn);
	if (!a) {
		void (*done)(struct ike_sa *sa, int err) = pn->done;

		free(path);
		free(pn);
		done(sa, -ENOMEM);
		return;
	}
	ike_wait_keep(eng, a->tag, pn->id);
	path->local = sa->local.addr;
	path->remote = sa->remote.addr;
	path->state = MOBX_PATH_STATE_VALID;
	path->flags = MOBX_PATH_FLAGS_PRIMARY;
	ike_nat_path(sa, path);
	a->u.peer.id = pn->id;
	ike_sa_label(sa, a->u.peer.label);
	a->u.peer.npaths = 1;
	a->u.peer.paths = path;
}

/**
 * ike_peer_new() - make the kernel peer of an IKE SA
 * @sa: IKE SA that knows its peer's identity
 * @done: called with 0, when sa->peer is set, or a negative errno; not called
 *	if the IKE SA ends before
 */
void ike_peer_new(struct ike_sa *sa, void (*done)(struct ike_sa *sa, int err))
{
	struct peer_new *pn = calloc(1, sizeof(*pn));

	if (!pn) {
		done(sa, -ENOMEM);
		return;
	}
	pn->done = done;
	peer_ask(sa, pn);
}

/* -------------------------------------------------------------- rebind */

struct rebind {
	void (*done)(struct ike_sa *sa, void *ctx, int err);
	void *ctx;
};

static void rebind_answered(struct ike_sa *sa, void *ctx,
			    const struct ike_event *ev)
{
	const struct ike_ev_kernel_done *k = &ev->u.kernel_done;
	struct rebind rb = *(struct rebind *)ctx;

	free(ctx);
	sa->p->rebinds--;
	if (k->err == 0)
		sa->generation = k->generation;
	else
		report_refusal(sa, "rebind", ev);
	if (rb.done)
		rb.done(sa, rb.ctx, k->err);
}

void ike_sa_rebind(struct ike_sa *sa, const struct ike_path *paths,
		   unsigned int n,
		   void (*done)(struct ike_sa *sa, void *ctx, int err),
		   void *ctx)
{
	struct rebind *rb = malloc(sizeof(*rb));
	struct ike_path *copy = malloc((n ? n : 1) * sizeof(*copy));
	struct ike_action *a = NULL;

	if (rb && copy && n > 0 && n <= IKE_MAX_PATHS && sa->peer)
		a = ike_ask(sa->eng, IKE_AC_PEER_REBIND, sa, rebind_answered,
			    rb);
	if (!a) {
		free(rb);
		free(copy);
		if (done)
			done(sa, ctx, sa->peer ? -ENOMEM : -ENOENT);
		return;
	}
	rb->done = done;
	rb->ctx = ctx;
	memcpy(copy, paths, n * sizeof(*copy));
	a->u.peer.id = sa->peer;
	a->u.peer.expected_generation = sa->generation + sa->p->rebinds++;
	a->u.peer.npaths = n;
	a->u.peer.paths = copy;
}

/* ------------------------------------------------------------ Child SAs */

struct install {
	uint32_t spi_in;
	enum mobx_dir dir;
	ike_child_fn done;
};

static void child_up(struct ike_sa *sa, struct ike_child *c)
{
	const struct ike_ext_ops *ext = sa->eng->ext;
	char label[MOBX_MAX_LABEL + 1];
	struct ike_report *r;
	char suite[IKE_SUITE_TEXT];

	ike_sa_label(sa, label);
	ike_leftovers_delete(sa->eng, label);
	c->state = IKE_CHILD_UP;
	c->out_installed = true;
	crypto_wipe(&ike_child_full(c)->keys,
		    sizeof(ike_child_full(c)->keys));
	r = ike_sa_report(sa, IKE_LOG_INFO, "child-up");
	ike_report_text(r, "spi_in", "%08x", c->spi_in);
	ike_report_text(r, "spi_out", "%08x", c->spi_out);
	ike_report_text(r, "suite", "%s",
			ike_suite_text(&c->suite, true, suite, sizeof(suite)));
	ike_report_text(r, "mode", "%s",
			ike_child_full(c)->mode == MOBX_MODE_TUNNEL ?
			"tunnel" : "transport");
	ike_report_number(r, "peer", sa->peer);
	if (sa->p->announced && ext && ext->child_new)
		ext->child_new(sa, c);
	if (ike_child_stale(sa, c))
		ike_child_full(c)->again_us = sa->eng->now;
}

static void sa_answered(struct ike_sa *sa, void *ctx,
			const struct ike_event *ev)
{
	struct install in = *(struct install *)ctx;
	int err = ev->u.kernel_done.err;
	struct ike_child *c = ike_child_find(sa, in.spi_in);
	unsigned int child;

	free(ctx);
	if (!c || err == -ECANCELED)
		return;
	/* What IKE_AUTH has held back may be a Delete of it. */
	child = c->child;
	if (err)
		report_refusal(sa, in.dir == MOBX_DIR_IN ? "inbound SA" :
			       "outbound SA", ev);
	else if (in.dir == MOBX_DIR_OUT)
		child_up(sa, c);
	in.done(sa, c, err);
	if (!err && in.dir == MOBX_DIR_OUT && sa->state == IKE_SA_ESTABLISHED)
		ike_child_dedup(sa, child);
}

static void fill(struct ike_sa *sa, struct ike_child *c, enum mobx_dir dir,
		 struct ike_ac_sa *k)
{
	struct ike_child_full *f = ike_child_full(c);
	/* Traffic of the exchange's initiator goes by the _i keys. */
	bool i = (dir == MOBX_DIR_OUT) == f->from_us;
	uint64_t soft = sa->conn->rekey_us / IKE_SECOND;

	k->spi = dir == MOBX_DIR_IN ? c->spi_in : c->spi_out;
	k->dir = dir;
	k->peer = sa->peer;
	k->mode = f->mode;
	ike_kernel_algs(&c->suite, &k->enc, &k->auth);
	k->enc_key_len = f->keys.enc_len;
	k->auth_key_len = f->keys.auth_len;
	memcpy(k->enc_key, i ? f->keys.enc_i : f->keys.enc_r,
	       f->keys.enc_len);
	memcpy(k->auth_key, i ? f->keys.auth_i : f->keys.auth_r,
	       f->keys.auth_len);
	k->esn = c->suite.esn;
	k->replay_window = sa->conn->replay_window;
	k->nselectors = c->nselectors;
	memcpy(k->selectors, c->selectors, sizeof(k->selectors));
	if (!soft)
		return;
	k->hard_seconds = soft + soft / 4 + 1;
	k->soft_seconds = soft - ike_jitter(sa->eng, soft);
}

static void install(struct ike_sa *sa, struct ike_child *c, enum mobx_dir dir,
		    ike_child_fn done)
{
	struct install *in = malloc(sizeof(*in));
	struct ike_action *a = NULL;

	if (in)
		a = ike_ask(sa->eng, IKE_AC_SA_NEW, sa, sa_answered, in);
	if (!a) {
		free(in);
		done(sa, c, -ENOMEM);
		return;
	}
	in->spi_in = c->spi_in;
	in->dir = dir;
	in->done = done;
	fill(sa, c, dir, a->u.sa);
}

/**
 * ike_child_install_in() - accept packets under a Child SA
 * @sa: IKE SA that has a kernel peer
 * @c: Child SA
 * @done: called with the result, unless @sa or @c goes before
 */
void ike_child_install_in(struct ike_sa *sa, struct ike_child *c,
			  ike_child_fn done)
{
	install(sa, c, MOBX_DIR_IN, done);
}

/** ike_child_install_out() - send under a Child SA; it is up with that */
void ike_child_install_out(struct ike_sa *sa, struct ike_child *c,
			   ike_child_fn done)
{
	ike_child_full(c)->switch_us = IKE_NEVER;
	ike_child_full(c)->out_asked = true;
	install(sa, c, MOBX_DIR_OUT, done);
}

/* It has not come to take another's place after all: that goes on. */
static void reinstate(struct ike_sa *sa, struct ike_child *c)
{
	struct ike_child *old = ike_child_find(sa, ike_child_full(c)->replaces);

	if (ike_child_full(c)->beside || !old ||
	    old->state != IKE_CHILD_REKEYED)
		return;
	old->state = IKE_CHILD_UP;
	if (ike_child_stale(sa, old))
		ike_child_full(old)->again_us = sa->eng->now;
}

/* What the peer asked for, and has deleted before it had our answer. */
static void answer_late(struct ike_sa *sa, struct ike_child_full *f)
{
	uint32_t mid;

	if (!f->answer)
		return;
	mid = f->answer->mid;
	wire_free((uint8_t *)f->answer, sizeof(*f->answer));
	f->answer = NULL;
	ike_slot_error(sa, mid, IKE_N_TEMPORARY_FAILURE, NULL, 0);
}

/**
 * ike_child_forget() - a Child SA is no more
 * @sa: IKE SA
 * @c: Child SA; freed
 * @why: for log and monitors
 *
 * Its outbound SA goes at once; what the peer sent before it knew is taken a
 * little longer.
 */
void ike_child_forget(struct ike_sa *sa, struct ike_child *c, const char *why)
{
	struct ike_report *r;
	struct ike_child **at;

	ike_switch_rest(sa, c);
	reinstate(sa, c);
	ike_create_lost(sa, c);
	answer_late(sa, ike_child_full(c));
	for (at = &sa->children; *at && *at != c; at = &(*at)->next)
		;
	if (*at)
		*at = c->next;
	if (ike_child_full(c)->out_asked && sa->peer)
		ike_linger_add(sa, c->spi_out, MOBX_DIR_OUT, 0);
	if (sa->peer)
		ike_linger_add(sa, c->spi_in, MOBX_DIR_IN, IKE_LINGER_US);
	ike_linger_run(sa);
	r = ike_sa_report(sa, IKE_LOG_INFO, "child-down");
	ike_report_text(r, "spi_in", "%08x", c->spi_in);
	ike_report_text(r, "spi_out", "%08x", c->spi_out);
	ike_report_text(r, "reason", "%s", why);
	ike_child_free(sa->eng, c);
}

static void counted(struct ike_sa *sa, void *ctx, const struct ike_event *ev)
{
	const struct ike_ext_ops *ext = sa->eng->ext;

	(void)ctx;
	if (ev->type == IKE_EV_COUNTS && ev->u.counts.n &&
	    sa->state == IKE_SA_ESTABLISHED && ext && ext->counts)
		ext->counts(sa, ev->u.counts.v, ev->u.counts.n);
}

void ike_sa_count(struct ike_sa *sa)
{
	struct ike_action *a = ike_ask(sa->eng, IKE_AC_PEER_COUNTS, sa, counted,
				       NULL);

	if (a)
		a->u.peer.id = sa->peer;
}
