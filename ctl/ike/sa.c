// SPDX-License-Identifier: GPL-2.0
/* IKE SAs: how they begin, what falls due, and how they end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/auth.h"

/* -------------------------------------------------------------- lookup */

uint64_t ike_sa_own_spi(const struct ike_sa *sa)
{
	return sa->initiator ? sa->spi_i : sa->spi_r;
}

static struct ike_sa **bucket(struct ike_engine *eng, uint64_t own_spi)
{
	/* Own SPIs are random: their low bits are as good as any hash. */
	return &eng->spi_hash[own_spi % IKE_SPI_BUCKETS];
}

struct ike_sa *ike_sa_lookup(const struct ike_engine *eng, uint64_t own_spi)
{
	struct ike_sa *sa = eng->spi_hash[own_spi % IKE_SPI_BUCKETS];

	while (sa && (ike_sa_own_spi(sa) != own_spi ||
		      sa->state == IKE_SA_DEAD))
		sa = sa->p->hash_next;
	return sa;
}

struct ike_sa *ike_sa_next(const struct ike_sa *sa, const struct ike_sa *prev)
{
	return prev ? prev->p->next : sa->eng->sas;
}

/* ----------------------------------------------------------- beginning */

/** ike_sa_spi() - an SPI that no IKE SA here has; 0 or a negative errno */
int ike_sa_spi(struct ike_engine *eng, uint64_t *spi)
{
	*spi = 0;
	while (*spi == 0 || ike_sa_lookup(eng, *spi))
		if (ike_random(eng, spi, sizeof(*spi)))
			return -EIO;
	return 0;
}

/**
 * ike_sa_new_spi() - an IKE SA with an SPI of its own and nothing else
 * @eng: engine
 * @initiator: whose SPI it is
 * @spi: own SPI, from ike_sa_spi()
 *
 * Return: NULL without memory, or if another IKE SA has taken the SPI since.
 */
struct ike_sa *ike_sa_new_spi(struct ike_engine *eng, bool initiator,
			      uint64_t spi)
{
	struct ike_sa *sa = calloc(1, sizeof(*sa)), **at;
	struct ike_sa_private *p = calloc(1, sizeof(*p));

	if (!sa || !p || ike_sa_lookup(eng, spi))
		goto fail;
	sa->eng = eng;
	sa->p = p;
	sa->state = IKE_SA_INIT;
	sa->initiator = initiator;
	sa->first_initiator = initiator;
	if (initiator)
		sa->spi_i = spi;
	else
		sa->spi_r = spi;
	sa->ext_deadline = IKE_NEVER;
	p->expire_us = IKE_NEVER;
	p->init_error_us = IKE_NEVER;
	for (unsigned int i = 0; i < IKE_MAX_CONN_CHILDREN; i++)
		p->new_us[i] = IKE_NEVER;
	p->rekey_us = IKE_NEVER;
	p->over_us = IKE_NEVER;
	p->start_us = eng->now;
	p->peer_window = 1;
	p->own_window = 1;
	if (!ike_sched_add(sa))
		goto fail;
	p->next = eng->sas;
	if (eng->sas)
		eng->sas->p->prev = sa;
	eng->sas = sa;
	at = bucket(eng, spi);
	p->hash_next = *at;
	*at = sa;
	return sa;
fail:
	free(sa);
	free(p);
	return NULL;
}

/** ike_sa_new() - the same with a fresh SPI; NULL also without randomness */
struct ike_sa *ike_sa_new(struct ike_engine *eng, bool initiator)
{
	uint64_t spi;

	if (ike_sa_spi(eng, &spi))
		return NULL;
	return ike_sa_new_spi(eng, initiator, spi);
}

static void no_longer_half_open(struct ike_sa *sa)
{
	if (!sa->p->half_open)
		return;
	sa->p->half_open = false;
	sa->eng->half_open--;
}

/* The peer has proved who it is. */
void ike_sa_authentic(struct ike_sa *sa)
{
	sa->p->authentic = true;
	sa->p->expire_us = IKE_NEVER;
	no_longer_half_open(sa);
}

/* What only IKE_SA_INIT and IKE_AUTH needed. */
static void drop_setup(struct ike_sa *sa)
{
	struct ike_sa_private *p = sa->p;

	ike_buf_free(&p->ni);
	ike_buf_free(&p->nr);
	ike_buf_free(&p->init_mine);
	ike_buf_free(&p->init_theirs);
	ike_buf_free(&p->cookie);
	ike_buf_free(&p->auth_mine);
	ike_buf_free(&p->auth_certs);
	free(p->init_offer);
	free(p->child_sent);
	free(p->offer);
	p->init_offer = NULL;
	p->child_sent = NULL;
	p->offer = NULL;
	ike_resume_end(sa);
	ike_inter_free(sa);
	ike_ppk_forget(sa);
	ike_eap_free(sa);
	ike_auth_release(sa);
}

/* Kernel peer and first Child SA are there, or the latter was refused. */
void ike_sa_established(struct ike_sa *sa)
{
	const struct ike_ext_ops *ext = sa->eng->ext;
	struct ike_report *r;
	char text[IKE_MAX_ID + 8];
	char suite[IKE_SUITE_TEXT];

	sa->state = IKE_SA_ESTABLISHED;
	sa->established_us = sa->eng->now;
	sa->t_ike_us = sa->eng->now - sa->p->start_us;
	sa->last_in_us = sa->eng->now;
	sa->p->way_heard_us = sa->eng->now;
	sa->eng->n.happened[IKE_HAPPENED_ESTABLISHED]++;
	r = ike_sa_report(sa, IKE_LOG_INFO, "ike-up");
	ike_report_addr(r, "local", &sa->local.addr);
	ike_report_addr(r, "remote", &sa->remote.addr);
	ike_report_text(r, "remote_id", "%s",
			ike_id_text(&sa->remote_id, text, sizeof(text)));
	ike_report_text(r, "suite", "%s",
			ike_suite_text(&sa->suite, false, suite,
				       sizeof(suite)));
	ike_report_text(r, "mobike", sa->mobike ? "yes" : "no");
	ike_nat_report(sa, r);
	ike_virtual_report(sa, r);
	ike_report_number(r, "t_ike_us", (int64_t)sa->t_ike_us);
	drop_setup(sa);
	ike_rekey_schedule(sa);
	ike_conn_is_up(sa);
	sa->p->announced = true;
	if (ext && ext->established)
		ext->established(sa);
	ike_create_rest(sa);
	ike_early_run(sa);
}

/* The label by which a later run of the agent knows the kernel peer again. */
void ike_sa_label(const struct ike_sa *sa, char label[MOBX_MAX_LABEL + 1])
{
	char id[IKE_MAX_ID + 8], full[IKE_MAX_NAME + sizeof(id)];
	uint32_t sum = 2166136261u;
	const char *p;
	int len;

	ike_id_text(&sa->remote_id, id, sizeof(id));
	len = snprintf(full, sizeof(full), "%s/%s", sa->conn->name, id);
	if (len <= MOBX_MAX_LABEL) {
		memcpy(label, full, (size_t)len + 1);
		return;
	}
	/* Too long: cut it, and let a sum (FNV-1a) tell the long ones apart. */
	for (p = full; *p; p++)
		sum = (sum ^ (uint8_t)*p) * 16777619u;
	snprintf(label, MOBX_MAX_LABEL + 1, "%.*s#%08x", MOBX_MAX_LABEL - 9,
		 full, sum);
}

/* ----------------------------------------------------------------- end */

static bool build_last_word(struct ike_sa *sa, void *ctx,
			    const struct wire_endpoint *local,
			    const struct wire_endpoint *remote,
			    struct wire_enc *b)
{
	const uint16_t *error = ctx;

	(void)sa;
	(void)local;
	(void)remote;
	if (*error)
		wire_notify_encode(b, *error, NULL, 0);
	else
		wire_delete_encode_ike(b);
	return true;
}

static void last_word_done(struct ike_sa *sa, void *ctx,
			   enum ike_result result, const struct ike_in *in)
{
	(void)ctx;
	(void)in;
	if (result != IKE_RESULT_CLOSED)
		ike_sa_dead(sa);
}

/**
 * ike_sa_last_word() - the last request of an IKE SA, which dies of the answer
 * @sa: IKE SA with keys
 * @error: to be told instead of a Delete, or 0
 *
 * Return: false if it could not be made.
 */
bool ike_sa_last_word(struct ike_sa *sa, uint16_t error)
{
	struct ike_request_desc d = {
		.build = build_last_word,
		.done = last_word_done,
		.free = free,
	};
	uint16_t *ctx = malloc(sizeof(*ctx));
	struct ike_request *r;

	if (!ctx)
		return false;
	*ctx = error;
	d.ctx = ctx;
	r = ike_request_new(sa, IKE_EX_INFORMATIONAL, &d);
	if (!r) {
		free(ctx);
		return false;
	}
	r->last = true;
	ike_requests_pump(sa);
	return sa->p->requests != NULL;
}

static void report_down(struct ike_sa *sa, const char *reason)
{
	struct ike_report *r;
	struct ike_child *c;

	for (c = sa->children; c; c = c->next) {
		r = ike_sa_report(sa, IKE_LOG_INFO, "child-down");
		ike_report_text(r, "spi_in", "%08x", c->spi_in);
		ike_report_text(r, "spi_out", "%08x", c->spi_out);
		ike_report_text(r, "reason", "the IKE SA ends");
	}
	sa->eng->n.happened[IKE_HAPPENED_ENDED]++;
	r = ike_sa_report(sa, IKE_LOG_INFO, "ike-down");
	ike_report_text(r, "reason", "%s", reason);
}

static void peer_del(struct ike_sa *sa)
{
	struct ike_action *a;

	if (!sa->peer || sa->p->replaced)
		return;
	if (sa->p->silent && sa->cs && sa->cs->wanted &&
	    sa->cs->cfg.start != IKE_START_ON_TRAFFIC &&
	    ike_leftover_keep(sa)) {
		sa->peer = 0;
		return;
	}
	a = ike_ask(sa->eng, IKE_AC_PEER_DEL, NULL, NULL, NULL);
	if (a)
		a->u.peer.id = sa->peer;
	sa->peer = 0;
}

/**
 * ike_sa_end() - the end of an IKE SA, in whatever state it is
 * @sa: IKE SA; freed at the end of the event
 * @reason: for log and monitors
 * @error: what to tell the peer instead of a Delete, or 0
 * @notify: tell the peer
 */
void ike_sa_end(struct ike_sa *sa, const char *reason, uint16_t error,
		bool notify)
{
	const struct ike_ext_ops *ext = sa->eng->ext;
	bool established = sa->p->announced;

	if (sa->state == IKE_SA_DEAD)
		return;
	ike_sa_touch(sa);
	if (sa->state == IKE_SA_CLOSING) {
		ike_sa_dead(sa);
		return;
	}
	if (notify)
		ike_resume_revoke(sa);
	notify = notify && sa->p->have_keys && (sa->p->authentic || error) &&
		 sa->state != IKE_SA_REKEYED && sa->state != IKE_SA_RIVAL;
	if (established && !sa->p->replaced) {
		report_down(sa, reason);
		ike_conn_hand_over(sa);
	}
	sa->state = IKE_SA_CLOSING;
	no_longer_half_open(sa);
	if (established && !sa->p->replaced && ext && ext->closed)
		ext->closed(sa);
	ike_waits_cancel(sa->eng, sa);
	ike_requests_close(sa, notify);
	ike_create_free(sa);
	ike_rekey_end(sa);
	peer_del(sa);
	if (!notify || !ike_sa_last_word(sa, error))
		ike_sa_dead(sa);
	if (!sa->cs || sa->p->replaced)
		return;
	ike_virtual_end(sa);
	ike_conn_lost(sa, reason);
	ike_virtual_left(sa->eng, sa->cs);
}

void ike_sa_fail(struct ike_sa *sa, const char *reason)
{
	ike_sa_end(sa, reason, 0, false);
}

void ike_sa_close(struct ike_sa *sa, const char *reason, bool notify)
{
	/* The extension may have heard of it by one that was replaced. */
	ike_sa_end(ike_sa_heir(sa), reason, 0, notify);
}

/*
 * A refusal may be lost: keep it for a while, for the request to be repeated.
 * Those that are refused count as half-open on, so that they stay few.
 */
void ike_sa_keep_answer(struct ike_sa *sa)
{
	sa->state = IKE_SA_CLOSING;
	sa->p->expire_us = sa->eng->now + IKE_REFUSED_US;
	sa->p->half_open = true;
	sa->eng->half_open++;
}

static void sa_free(struct ike_sa *sa)
{
	struct ike_engine *eng = sa->eng;
	struct ike_sa_private *p = sa->p;
	struct ike_sa **at;
	struct ike_child *c;
	struct ike_linger *l;

	for (at = bucket(eng, ike_sa_own_spi(sa)); *at != sa;
	     at = &(*at)->p->hash_next)
		;
	*at = p->hash_next;
	ike_init_forget(sa);
	no_longer_half_open(sa);
	ike_waits_cancel(eng, sa);
	ike_requests_close(sa, false);
	ike_create_free(sa);
	ike_rekey_free(sa);
	ike_follow_free(p->follow);
	ike_rekey_forget(sa);
	if (p->ext_open && eng->ext->free)
		eng->ext->free(sa);
	while ((c = sa->children)) {
		sa->children = c->next;
		ike_child_free(eng, c);
	}
	while ((l = p->linger)) {
		p->linger = l->next;
		ike_linger_free(sa, l);
	}
	ike_slots_clear(sa);
	ike_early_free(sa);
	ike_frags_free(sa);
	ike_buf_free(&p->qcd);
	drop_setup(sa);
	*(p->prev ? &p->prev->p->next : &eng->sas) = p->next;
	if (p->next)
		p->next->p->prev = p->prev;
	ike_sched_del(sa);
	crypto_wipe(p, sizeof(*p));
	free(p);
	free(sa);
}

/* Free the dead; with @all everything. */
void ike_sa_reap(struct ike_engine *eng, bool all)
{
	struct ike_sa *sa;

	/* What one leaves behind may make others end. */
	while ((sa = eng->dead)) {
		eng->dead = sa->p->dead;
		sa->p->doomed = false;
		/* It may have been kept for the sake of an answer. */
		if (sa->state == IKE_SA_DEAD)
			sa_free(sa);
	}
	while (all && eng->sas)
		sa_free(eng->sas);
}

/* -------------------------------------------------------------- timers */

void ike_linger_add(struct ike_sa *sa, uint32_t spi, enum mobx_dir dir,
		    uint64_t after)
{
	struct ike_linger *l = malloc(sizeof(*l));

	if (!l)
		return;
	if (dir == MOBX_DIR_IN)
		ike_spi_take(sa->eng, &l->node, spi);
	ike_sa_touch(sa);
	l->at = sa->eng->now + after;
	l->spi = spi;
	l->dir = dir;
	l->next = sa->p->linger;
	sa->p->linger = l;
}

void ike_linger_free(struct ike_sa *sa, struct ike_linger *l)
{
	if (l->dir == MOBX_DIR_IN)
		ike_spi_release(sa->eng, &l->node);
	free(l);
}

void ike_linger_run(struct ike_sa *sa)
{
	struct ike_linger **at = &sa->p->linger, *l;
	struct ike_action *a;

	while ((l = *at)) {
		if (sa->eng->now < l->at) {
			at = &l->next;
			continue;
		}
		a = ike_ask(sa->eng, IKE_AC_SA_DEL, NULL, NULL, NULL);
		if (a) {
			a->u.sa->spi = l->spi;
			a->u.sa->dir = l->dir;
			a->u.sa->peer = sa->peer;
		}
		*at = l->next;
		ike_linger_free(sa, l);
	}
}

/* Liveness checks are due when nothing was heard and nothing is asked. */
static uint64_t dpd_deadline(const struct ike_sa *sa)
{
	if (sa->state != IKE_SA_ESTABLISHED || !sa->conn->dpd_delay_us ||
	    ike_request_tells(sa))
		return IKE_NEVER;
	return sa->p->way_heard_us + sa->conn->dpd_delay_us;
}

static void earlier(uint64_t *t, uint64_t other)
{
	if (other < *t)
		*t = other;
}

uint64_t ike_sa_deadline(const struct ike_sa *sa)
{
	uint64_t t = sa->p->expire_us;
	const struct ike_linger *l;

	if (sa->state == IKE_SA_DEAD)
		return IKE_NEVER;
	earlier(&t, sa->p->init_error_us);
	earlier(&t, ike_request_deadline(sa));
	for (l = sa->p->linger; l; l = l->next)
		earlier(&t, l->at);
	earlier(&t, ike_create_deadline(sa));
	earlier(&t, ike_rekey_deadline(sa));
	earlier(&t, dpd_deadline(sa));
	earlier(&t, ike_frag_deadline(sa));
	earlier(&t, ike_nat_deadline(sa));
	if (sa->state == IKE_SA_ESTABLISHED)
		earlier(&t, sa->ext_deadline);
	return t;
}

void ike_sa_timers(struct ike_sa *sa)
{
	const struct ike_ext_ops *ext = sa->eng->ext;
	uint64_t now = sa->eng->now;

	if (now >= sa->p->expire_us) {
		sa->p->expire_us = IKE_NEVER;
		ike_sa_fail(sa, sa->state == IKE_SA_INIT && sa->initiator ?
			    "the peer does not answer" :
			    "the peer did not finish");
	}
	if (now >= sa->p->init_error_us) {
		sa->p->init_error_us = IKE_NEVER;
		ike_init_refused(sa);
	}
	if (sa->state != IKE_SA_DEAD)
		ike_request_timers(sa);
	if (sa->state == IKE_SA_DEAD)
		return;
	ike_linger_run(sa);
	ike_frag_timers(sa);
	ike_create_timers(sa);
	ike_rekey_timers(sa);
	if (sa->state == IKE_SA_ESTABLISHED && now >= sa->ext_deadline) {
		sa->ext_deadline = IKE_NEVER;
		if (ext && ext->timer)
			ext->timer(sa);
	}
	ike_nat_timers(sa);
	if (now >= dpd_deadline(sa))
		ike_info_liveness(sa);
}

/* ---------------------------------------------------- for the extension */

uint64_t ike_sa_now(const struct ike_sa *sa)
{
	return sa->eng->now;
}

int ike_sa_random(const struct ike_sa *sa, void *buf, size_t len)
{
	return ike_random(sa->eng, buf, len);
}

const struct ike_host_addr *ike_sa_addrs(const struct ike_sa *sa,
					 unsigned int *n)
{
	*n = sa->eng->naddrs;
	return sa->eng->addrs;
}

const struct ike_own_addr *ike_sa_own_addrs(const struct ike_sa *sa,
					 unsigned int *n)
{
	*n = sa->eng->n_own;
	return sa->eng->own;
}

void ike_sa_set_others(struct ike_sa *sa, const struct wire_addr *v,
		       unsigned int n)
{
	unsigned int same = 0;

	if (n > IKE_MAX_OTHERS)
		n = IKE_MAX_OTHERS;
	while (same < n && wire_addr_equal(&sa->p->others[same], &v[same]))
		same++;
	if (n == sa->p->n_others && same == n)
		return;
	sa->p->n_others = n;
	for (unsigned int i = 0; i < n; i++)
		sa->p->others[i] = v[i];
	sa->eng->remotes_changed = true;
}

void ike_sa_endpoint(struct ike_sa *sa, bool may, const struct wire_addr *addr)
{
	struct ike_action *a = ike_act(sa->eng, may ? IKE_AC_ENDPOINT_NEW :
						      IKE_AC_ENDPOINT_DEL);

	if (!a)
		return;
	memcpy(a->u.endpoint.conn, sa->conn->name, sizeof(a->u.endpoint.conn));
	a->u.endpoint.addr = *addr;
}
