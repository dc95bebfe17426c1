// SPDX-License-Identifier: GPL-2.0
/* The list of actions that an event leads to, and the answers to them. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

/* Log lines about those who fail to authenticate. */
#define FAILURES_PER_SECOND 10

static void action_clear(struct ike_action *a)
{
	switch (a->type) {
	case IKE_AC_SEND:
		free(a->u.send.data);
		break;
	case IKE_AC_PEER_NEW:
	case IKE_AC_PEER_REBIND:
	case IKE_AC_PEER_DEL:
	case IKE_AC_PEER_SENT:
	case IKE_AC_PEER_COUNTS:
		free(a->u.peer.paths);
		break;
	case IKE_AC_SA_NEW:
	case IKE_AC_SA_DEL:
		crypto_wipe(a->u.sa, sizeof(*a->u.sa));
		free(a->u.sa);
		break;
	case IKE_AC_AUTH_SIGN:
	case IKE_AC_AUTH_VERIFY:
	case IKE_AC_AUTH_PPK:
	case IKE_AC_AUTH_EAP:
		wire_free(a->u.auth->octets, a->u.auth->len);
		free(a->u.auth->auth);
		free(a->u.auth->certs);
		free(a->u.auth);
		break;
	case IKE_AC_LEASE:
	case IKE_AC_LEASE_END:
		free(a->u.lease);
		break;
	case IKE_AC_STATE:
		wire_free(a->u.state.data, a->u.state.len);
		break;
	case IKE_AC_REPORT:
		free(a->u.report.kv);
		break;
	case IKE_AC_ADDR_NEW:
	case IKE_AC_ADDR_DEL:
	case IKE_AC_ENDPOINT_NEW:
	case IKE_AC_ENDPOINT_DEL:
	case IKE_AC_CMD_DONE:
		break;
	}
}

void ike_actions_clear(struct ike_actions *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		action_clear(&a->v[i]);
	free(a->v);
	memset(a, 0, sizeof(*a));
}

/**
 * ike_act() - append an action
 *
 * The struct that the type's pointer names is there and zero.
 *
 * Return: valid until the next action is appended; NULL without memory.
 */
struct ike_action *ike_act(struct ike_engine *eng, enum ike_action_type type)
{
	struct ike_actions *l = eng->out;
	struct ike_action *a, *v;
	void *part = NULL;
	size_t cap;

	if (l->n == l->cap) {
		cap = l->cap ? 2 * l->cap : 16;
		v = realloc(l->v, cap * sizeof(*v));
		if (!v)
			return NULL;
		l->v = v;
		l->cap = cap;
	}
	if (type == IKE_AC_SA_NEW || type == IKE_AC_SA_DEL)
		part = calloc(1, sizeof(struct ike_ac_sa));
	else if (type == IKE_AC_AUTH_SIGN || type == IKE_AC_AUTH_VERIFY ||
		 type == IKE_AC_AUTH_PPK || type == IKE_AC_AUTH_EAP)
		part = calloc(1, sizeof(struct ike_ac_auth));
	else if (type == IKE_AC_LEASE || type == IKE_AC_LEASE_END)
		part = calloc(1, sizeof(struct ike_ac_lease));
	else if (type == IKE_AC_REPORT)
		part = calloc(IKE_MAX_KV, sizeof(struct ike_kv));
	else
		part = NULL;
	a = &l->v[l->n];
	memset(a, 0, sizeof(*a));
	a->type = type;
	switch (type) {
	case IKE_AC_SA_NEW:
	case IKE_AC_SA_DEL:
		a->u.sa = part;
		break;
	case IKE_AC_AUTH_SIGN:
	case IKE_AC_AUTH_VERIFY:
	case IKE_AC_AUTH_PPK:
	case IKE_AC_AUTH_EAP:
		a->u.auth = part;
		break;
	case IKE_AC_LEASE:
	case IKE_AC_LEASE_END:
		a->u.lease = part;
		break;
	case IKE_AC_REPORT:
		a->u.report.kv = part;
		break;
	case IKE_AC_SEND:
	case IKE_AC_PEER_NEW:
	case IKE_AC_PEER_REBIND:
	case IKE_AC_PEER_DEL:
	case IKE_AC_PEER_SENT:
	case IKE_AC_PEER_COUNTS:
	case IKE_AC_ADDR_NEW:
	case IKE_AC_ADDR_DEL:
	case IKE_AC_ENDPOINT_NEW:
	case IKE_AC_ENDPOINT_DEL:
	case IKE_AC_STATE:
	case IKE_AC_CMD_DONE:
		l->n++;
		return a;
	}
	if (!part)
		return NULL;
	l->n++;
	return a;
}

void ike_act_send(struct ike_engine *eng, const struct wire_endpoint *local,
		  const struct wire_endpoint *remote, const uint8_t *data,
		  size_t len)
{
	uint8_t *copy = malloc(len);
	struct ike_action *a;

	if (!copy)
		return;
	a = ike_act(eng, IKE_AC_SEND);
	if (!a) {
		free(copy);
		return;
	}
	memcpy(copy, data, len);
	a->u.send.local = *local;
	a->u.send.remote = *remote;
	a->u.send.data = copy;
	a->u.send.len = len;
}

static void cmd_done(struct ike_engine *eng, uint64_t reply, int err,
		     const char *fmt, va_list ap)
{
	struct ike_action *a;

	if (!reply)
		return;
	a = ike_act(eng, IKE_AC_CMD_DONE);
	if (!a)
		return;
	a->u.done.reply = reply;
	a->u.done.err = err;
	vsnprintf(a->u.done.text, sizeof(a->u.done.text), fmt, ap);
}

void ike_act_cmd_done(struct ike_engine *eng, uint64_t reply, int err,
		      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	cmd_done(eng, reply, err, fmt, ap);
	va_end(ap);
}

void ike_sa_cmd_done(struct ike_sa *sa, uint64_t reply, int err,
		     const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	cmd_done(sa->eng, reply, err, fmt, ap);
	va_end(ap);
}

/* ------------------------------------------------------------- reports */

struct ike_report *ike_act_report(struct ike_engine *eng, enum ike_level level,
				  const char *kind, const char *conn)
{
	struct ike_action *a = ike_act(eng, IKE_AC_REPORT);

	if (!a)
		return NULL;
	a->u.report.level = level;
	snprintf(a->u.report.kind, sizeof(a->u.report.kind), "%s", kind);
	snprintf(a->u.report.conn, sizeof(a->u.report.conn), "%s", conn);
	return &a->u.report;
}

struct ike_report *ike_sa_report(struct ike_sa *sa, enum ike_level level,
				 const char *kind)
{
	struct ike_report *r;

	r = ike_act_report(sa->eng, level, kind,
			   sa->conn ? sa->conn->name : "");
	ike_report_text(r, "ike", "%016llx:%016llx",
			(unsigned long long)sa->spi_i,
			(unsigned long long)sa->spi_r);
	return r;
}

static struct ike_kv *report_kv(struct ike_report *r, const char *key)
{
	struct ike_kv *kv;

	if (!r || r->n == IKE_MAX_KV)
		return NULL;
	kv = &r->kv[r->n++];
	snprintf(kv->key, sizeof(kv->key), "%s", key);
	return kv;
}

void ike_report_text(struct ike_report *r, const char *key, const char *fmt,
		     ...)
{
	struct ike_kv *kv = report_kv(r, key);
	va_list ap;

	if (!kv)
		return;
	va_start(ap, fmt);
	vsnprintf(kv->text, sizeof(kv->text), fmt, ap);
	va_end(ap);
}

void ike_report_number(struct ike_report *r, const char *key, int64_t value)
{
	struct ike_kv *kv = report_kv(r, key);

	if (!kv)
		return;
	kv->is_number = true;
	kv->number = value;
}

void ike_report_addr(struct ike_report *r, const char *key,
		     const struct wire_addr *addr)
{
	char text[WIRE_ADDR_TEXT];

	ike_report_text(r, key, "%s", wire_addr_text(addr, text));
}

/* ------------------------------------------------------ tags and answers */

/**
 * ike_ask() - append an action that somebody has to answer
 * @eng: engine
 * @type: of the action
 * @sa: IKE SA that waits; if it goes first, @fn is called with an event
 *	KERNEL_DONE of -ECANCELED; or NULL
 * @fn: called with the answer; NULL if nobody wants it
 * @ctx: handed to @fn
 *
 * Return: the action, to be completed; NULL without memory (@fn is not called).
 */
struct ike_action *ike_ask(struct ike_engine *eng, enum ike_action_type type,
			   struct ike_sa *sa, ike_wait_fn fn, void *ctx)
{
	struct ike_wait *w = NULL;
	struct ike_action *a;

	if (fn) {
		w = calloc(1, sizeof(*w));
		if (!w)
			return NULL;
	}
	a = ike_act(eng, type);
	if (!a) {
		free(w);
		return NULL;
	}
	a->tag = ++eng->last_tag;
	if (!w)
		return a;
	w->tag = a->tag;
	w->sa = sa;
	w->fn = fn;
	w->ctx = ctx;
	*eng->last_wait = w;
	eng->last_wait = &w->next;
	return a;
}

static void orphan_delete(struct ike_engine *eng, const struct ike_wait *w,
			  const struct ike_event *ev)
{
	struct ike_action *a;

	if (!w->keep || !w->peer || w->sa || ev->u.kernel_done.err)
		return;
	a = ike_act(eng, IKE_AC_PEER_DEL);
	if (!a)
		return;
	a->tag = ++eng->last_tag;
	a->u.peer.id = w->peer;
}

static void wait_unlink(struct ike_engine *eng, struct ike_wait **at)
{
	struct ike_wait *w = *at;

	*at = w->next;
	if (eng->last_wait == &w->next)
		eng->last_wait = at;
}

void ike_answered(struct ike_engine *eng, uint64_t tag,
		  const struct ike_event *ev)
{
	struct ike_wait **at, *w;

	for (at = &eng->waits; *at; at = &(*at)->next) {
		w = *at;
		if (w->tag != tag)
			continue;
		wait_unlink(eng, at);
		if (w->sa) {
			ike_sa_touch(w->sa);
			ike_sa_touch(ike_sa_heir(w->sa));
		}
		orphan_delete(eng, w, ev);
		w->fn(w->sa, w->ctx, ev);
		free(w);
		return;
	}
}

/*
 * The answer counts even when the IKE SA has gone by then, because what was made
 * for nobody has to be deleted: a new peer here, anything else (@peer is 0) by
 * the function that gets the answer.
 */
void ike_wait_keep(struct ike_engine *eng, uint64_t tag, uint32_t peer)
{
	struct ike_wait *w;

	for (w = eng->waits; w; w = w->next) {
		if (w->tag != tag)
			continue;
		w->keep = true;
		w->peer = peer;
	}
}

void ike_waits_move(struct ike_engine *eng, const struct ike_sa *from,
		    struct ike_sa *to)
{
	struct ike_wait *w;

	for (w = eng->waits; w; w = w->next)
		if (w->sa == from)
			w->sa = to;
}

/* Tell those who wait on behalf of an IKE SA that it is going. */
void ike_waits_cancel(struct ike_engine *eng, struct ike_sa *sa)
{
	static const struct ike_event gone = {
		.type = IKE_EV_KERNEL_DONE,
		.u.kernel_done.err = -ECANCELED,
	};
	struct ike_wait **at = &eng->waits, *w;

	while (*at) {
		w = *at;
		if (w->sa != sa) {
			at = &w->next;
			continue;
		}
		if (w->keep) {
			w->sa = NULL;
			continue;
		}
		wait_unlink(eng, at);
		w->fn(sa, w->ctx, &gone);
		free(w);
		/* It may have changed the list. */
		at = &eng->waits;
	}
}

bool ike_bucket_take(struct ike_engine *eng, struct ike_bucket *b,
		     unsigned int per_second)
{
	if (b->at == 0 || eng->now >= b->at + IKE_SECOND) {
		b->at = eng->now ? eng->now : 1;
		b->left = per_second;
	}
	if (b->left == 0)
		return false;
	b->left--;
	return true;
}

/**
 * ike_stranger_report() - somebody who has not proved who it is fails
 * @sa: IKE SA of a responder
 * @reason: why
 *
 * Anybody can bring that about: so many lines a second, the rest is counted and
 * told with the next.
 */
void ike_stranger_report(struct ike_sa *sa, const char *reason)
{
	struct ike_engine *eng = sa->eng;
	char text[IKE_MAX_ID + 8];
	struct ike_report *r;

	if (!ike_bucket_take(eng, &eng->failures, FAILURES_PER_SECOND)) {
		eng->n.happened[IKE_HAPPENED_NOT_SAID]++;
		eng->not_said++;
		return;
	}
	r = ike_sa_report(sa, IKE_LOG_ERROR, "error");
	ike_report_addr(r, "remote", &sa->remote.addr);
	if (sa->remote_id.type)
		ike_report_text(r, "remote_id", "%s",
				ike_id_text(&sa->remote_id, text,
					    sizeof(text)));
	ike_report_text(r, "reason", "%s", reason);
	if (eng->not_said)
		ike_report_number(r, "left_out", eng->not_said);
	eng->not_said = 0;
}
