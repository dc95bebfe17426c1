// SPDX-License-Identifier: GPL-2.0
/* The engine: events in, actions out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

/* Kernel peers that the engine makes are numbered from here, so that people
 * who key by hand have the small numbers. */
#define FIRST_PEER 4096

struct ike_engine *ike_engine_new(const struct ike_settings *s,
				  const struct ike_ext_ops *ext)
{
	struct ike_engine *eng = calloc(1, sizeof(*eng));

	if (!eng)
		return NULL;
	eng->s = *s;
	eng->ext = ext;
	if (!eng->s.port)
		eng->s.port = IKE_PORT;
	if (!eng->s.natt_port)
		eng->s.natt_port = IKE_NATT_PORT;
	if (!eng->s.max_half_open)
		eng->s.max_half_open = 4096;
	eng->last_peer = FIRST_PEER - 1;
	eng->last_wait = &eng->waits;
	return eng;
}

void ike_engine_free(struct ike_engine *eng)
{
	struct ike_actions nobody_cares = { 0 };
	struct ike_conn_state *cs;
	struct ike_leftover *l;
	struct ike_wait *w;

	if (!eng)
		return;
	eng->out = &nobody_cares;
	ike_sa_reap(eng, true);
	while ((w = eng->waits)) {
		/* Only those that are kept outlive their IKE SA. */
		eng->waits = w->next;
		free(w->ctx);
		free(w);
	}
	while ((cs = eng->conns)) {
		eng->conns = cs->next;
		ike_resume_drop(cs);
		free(cs);
	}
	ike_resume_free(eng);
	while ((l = eng->leftovers)) {
		eng->leftovers = l->next;
		free(l);
	}
	free(eng->heap);
	ike_actions_clear(&nobody_cares);
	crypto_wipe(eng, sizeof(*eng));
	free(eng);
}

int ike_random(struct ike_engine *eng, void *buf, size_t len)
{
	int rc = eng->s.random(eng->s.random_ctx, buf, len);

	if (rc)
		memset(buf, 0, len);
	return rc;
}

/* --------------------------------------------------------------- events */

static void leftover(struct ike_engine *eng, const struct ike_ev_leftover *ev)
{
	struct ike_leftover *l;

	/* New peers take numbers that no peer in the kernel has. */
	if (ev->peer > eng->last_peer && ev->peer < UINT32_MAX / 2)
		eng->last_peer = ev->peer;
	if (!ev->label || !ev->label[0])
		return;
	l = calloc(1, sizeof(*l) + ev->n * sizeof(l->sas[0]));
	if (!l)
		return;
	l->peer = ev->peer;
	l->generation = ev->generation;
	l->n = ev->n;
	if (ev->n)
		memcpy(l->sas, ev->sas, ev->n * sizeof(l->sas[0]));
	l->delete_us = IKE_NEVER;
	snprintf(l->label, sizeof(l->label), "%s", ev->label);
	l->next = eng->leftovers;
	eng->leftovers = l;
}

/*
 * What an earlier run left in the kernel is not needed any more, but for what
 * the peer sent under it before it knew.
 */
void ike_leftovers_delete(struct ike_engine *eng, const char *label)
{
	struct ike_leftover *l;

	for (l = eng->leftovers; l; l = l->next)
		if (!strcmp(l->label, label) && l->delete_us == IKE_NEVER)
			l->delete_us = eng->now + IKE_LINGER_US;
}

/**
 * ike_leftover_keep() - leave the kernel peer of an IKE SA where it is
 * @sa: IKE SA whose peer has fallen silent
 *
 * Its agent may be gone while its kernel still has the SAs: traffic goes on
 * under them until the connection has new ones.
 *
 * Return: whether it is kept.
 */
bool ike_leftover_keep(struct ike_sa *sa)
{
	struct ike_leftover *l = calloc(1, sizeof(*l));

	if (!l)
		return false;
	l->peer = sa->peer;
	l->delete_us = IKE_NEVER;
	ike_sa_label(sa, l->label);
	l->next = sa->eng->leftovers;
	sa->eng->leftovers = l;
	return true;
}

bool ike_leftovers_any(const struct ike_engine *eng, const char *label)
{
	const struct ike_leftover *l;

	for (l = eng->leftovers; l; l = l->next)
		if (!strcmp(l->label, label))
			return true;
	return false;
}

static void leftover_timers(struct ike_engine *eng)
{
	struct ike_leftover **at = &eng->leftovers, *l;
	struct ike_action *a;

	while ((l = *at)) {
		if (eng->now < l->delete_us) {
			at = &l->next;
			continue;
		}
		a = ike_ask(eng, IKE_AC_PEER_DEL, NULL, NULL, NULL);
		if (a)
			a->u.peer.id = l->peer;
		*at = l->next;
		free(l);
	}
}

static bool leftover_of(const struct ike_leftover *l, const char *conn)
{
	size_t len = strlen(conn);

	return !strncmp(l->label, conn, len) && l->label[len] == '/';
}

/** ike_leftovers_of() - does anything of a connection's past carry traffic */
bool ike_leftovers_of(const struct ike_engine *eng, const char *conn)
{
	const struct ike_leftover *l = eng->leftovers;

	while (l && !leftover_of(l, conn))
		l = l->next;
	return l;
}

/* Nobody will make new SAs for what a connection has left: it can go now. */
void ike_leftovers_drop(struct ike_engine *eng, const char *conn)
{
	struct ike_leftover *l;

	for (l = eng->leftovers; l; l = l->next)
		if (leftover_of(l, conn))
			l->delete_us = eng->now;
	leftover_timers(eng);
}

/* Who comes after this run of the agent would not know that they are to go. */
void ike_leftovers_now(struct ike_engine *eng)
{
	struct ike_leftover *l;

	for (l = eng->leftovers; l; l = l->next)
		if (l->delete_us != IKE_NEVER)
			l->delete_us = eng->now;
	leftover_timers(eng);
}

static void timers(struct ike_engine *eng)
{
	struct ike_conn_state *cs;

	leftover_timers(eng);
	ike_sched_run(eng);
	for (cs = eng->conns; cs; cs = cs->next) {
		if (eng->now < cs->retry_us)
			continue;
		cs->retry_us = IKE_NEVER;
		ike_conn_connect(eng, cs);
	}
}

/* Whoever waited to try again need not wait for the rest of it either. */
static void awake(struct ike_engine *eng)
{
	struct ike_conn_state *cs;
	struct ike_sa *sa;

	for (sa = eng->sas; sa; sa = sa->p->next)
		ike_info_awake(sa);
	for (cs = eng->conns; cs; cs = cs->next)
		if (cs->retry_us != IKE_NEVER)
			cs->retry_us = eng->now;
	timers(eng);
}

static void addrs(struct ike_engine *eng, const struct ike_ev_addrs *ev)
{
	unsigned int n = ev->n;

	if (n > IKE_MAX_HOST_ADDRS)
		n = IKE_MAX_HOST_ADDRS;
	if (n)
		memcpy(eng->addrs, ev->addrs, n * sizeof(eng->addrs[0]));
	eng->naddrs = n;
	eng->n_own = ev->n_own < IKE_MAX_OWN ? ev->n_own : IKE_MAX_OWN;
	for (unsigned int i = 0; i < eng->n_own; i++)
		eng->own[i] = ev->own[i];
	ike_conn_addrs(eng);
}

static void path_cmd(struct ike_engine *eng, const struct ike_ev_path_cmd *ev)
{
	const struct ike_ext_ops *ext = eng->ext;
	struct ike_conn_state *cs = ike_conn_find(eng, ev->name);
	struct ike_sa *sa = cs ? ike_conn_sa(eng, cs) : NULL;

	if (!cs)
		ike_act_cmd_done(eng, ev->reply, -ENOENT,
				 "there is no connection \"%s\"", ev->name);
	else if (!sa || sa->state != IKE_SA_ESTABLISHED)
		ike_act_cmd_done(eng, ev->reply, -ENOTCONN,
				 "connection %s is not up: mobx conn up %s",
				 ev->name, ev->name);
	else if (!ext || !ext->path_cmd || !sa->mobike)
		ike_act_cmd_done(eng, ev->reply, -EOPNOTSUPP, "connection %s"
				 " does not use MOBIKE, its paths are fixed",
				 ev->name);
	else
		ext->path_cmd(sa, ev);
}

static void path_hint(struct ike_engine *eng,
		      const struct ike_ev_path_hint *ev)
{
	struct ike_sa *sa;

	for (sa = eng->sas; sa; sa = sa->p->next) {
		if (sa->peer != ev->peer || sa->state != IKE_SA_ESTABLISHED)
			continue;
		ike_nat_hint(sa, ev);
		if (eng->ext && eng->ext->path_hint)
			eng->ext->path_hint(sa, ev);
		ike_sa_touch(sa);
	}
}

static void sa_expire(struct ike_engine *eng,
		      const struct ike_ev_sa_expire *ev)
{
	struct ike_sa *sa;

	for (sa = eng->sas; sa; sa = sa->p->next)
		if (sa->peer == ev->peer && sa->state == IKE_SA_ESTABLISHED) {
			ike_child_expire(sa, ev);
			ike_sa_touch(sa);
		}
}

static void stop(struct ike_engine *eng)
{
	struct ike_conn_state *cs;
	struct ike_sa *sa;

	eng->shutdown = true;
	for (cs = eng->conns; cs; cs = cs->next)
		ike_leftovers_drop(eng, cs->cfg.name);
	for (sa = eng->sas; sa; sa = sa->p->next)
		ike_sa_end(sa, "the agent stops", 0, true);
	for (cs = eng->conns; cs; cs = cs->next)
		ike_virtual_left(eng, cs);
}

static void dispatch(struct ike_engine *eng, const struct ike_event *ev)
{
	switch (ev->type) {
	case IKE_EV_PACKET:
		ike_packet(eng, &ev->u.packet);
		break;
	case IKE_EV_TIMER:
		timers(eng);
		break;
	case IKE_EV_AWAKE:
		awake(eng);
		break;
	case IKE_EV_CONN_ADD:
		ike_conn_add(eng, &ev->u.conn);
		break;
	case IKE_EV_CONN_DEL:
		ike_conn_del(eng, &ev->u.conn);
		break;
	case IKE_EV_CONN_UP:
		ike_conn_up(eng, &ev->u.conn);
		break;
	case IKE_EV_CONN_DOWN:
		ike_conn_down(eng, &ev->u.conn);
		break;
	case IKE_EV_CONN_REKEY:
		ike_conn_rekey(eng, &ev->u.conn, false);
		break;
	case IKE_EV_CONN_REKEY_CHILDREN:
		ike_conn_rekey(eng, &ev->u.conn, true);
		break;
	case IKE_EV_ADDRS:
		addrs(eng, &ev->u.addrs);
		break;
	case IKE_EV_PATH_CMD:
		path_cmd(eng, &ev->u.path_cmd);
		break;
	case IKE_EV_KERNEL_DONE:
		ike_answered(eng, ev->u.kernel_done.tag, ev);
		break;
	case IKE_EV_COUNTS:
		ike_answered(eng, ev->u.counts.tag, ev);
		break;
	case IKE_EV_AUTH_DONE:
		ike_answered(eng, ev->u.auth_done.tag, ev);
		break;
	case IKE_EV_LEASE_DONE:
		ike_answered(eng, ev->u.lease_done.tag, ev);
		break;
	case IKE_EV_ACQUIRE:
		ike_conn_acquire(eng, &ev->u.acquire);
		break;
	case IKE_EV_SA_EXPIRE:
		sa_expire(eng, &ev->u.sa_expire);
		break;
	case IKE_EV_PATH_HINT:
		path_hint(eng, &ev->u.path_hint);
		break;
	case IKE_EV_LEFTOVER:
		leftover(eng, &ev->u.leftover);
		break;
	case IKE_EV_STATE:
		ike_take(eng, &ev->u.state);
		break;
	case IKE_EV_SHUTDOWN:
		stop(eng);
		break;
	case IKE_EV_LEAVE:
		ike_leave(eng);
		break;
	}
}

/*
 * Seldom, and about no one IKE SA. What the others are about is touched by those
 * who handle them.
 */
static bool concerns_all(enum ike_event_type type)
{
	return type != IKE_EV_PACKET && type != IKE_EV_TIMER &&
	       type != IKE_EV_KERNEL_DONE && type != IKE_EV_COUNTS &&
	       type != IKE_EV_AUTH_DONE &&
	       type != IKE_EV_LEASE_DONE && type != IKE_EV_CONN_UP &&
	       type != IKE_EV_PATH_HINT && type != IKE_EV_SA_EXPIRE;
}

void ike_engine_event(struct ike_engine *eng, const struct ike_event *ev,
		      uint64_t now_us, struct ike_actions *out)
{
	if (now_us > eng->now)
		eng->now = now_us;
	eng->out = out;
	dispatch(eng, ev);
	ike_leave_run(eng);
	if (concerns_all(ev->type)) {
		eng->remotes_changed = true;
		for (struct ike_sa *sa = eng->sas; sa; sa = sa->p->next)
			ike_sa_touch(sa);
	}
	ike_sa_reap(eng, false);
	ike_sched_flush(eng);
	ike_conn_reap(eng);
	eng->out = NULL;
}

uint64_t ike_engine_deadline(const struct ike_engine *eng)
{
	const struct ike_conn_state *cs;
	const struct ike_leftover *l;
	uint64_t t = ike_sched_deadline(eng);

	if (eng->leaving && eng->sas && eng->leave_us < t)
		t = eng->leave_us;
	for (cs = eng->conns; cs; cs = cs->next)
		if (cs->retry_us < t)
			t = cs->retry_us;
	for (l = eng->leftovers; l; l = l->next)
		if (l->delete_us < t)
			t = l->delete_us;
	return t;
}

bool ike_engine_idle(const struct ike_engine *eng)
{
	return !eng->sas;
}

bool ike_engine_remotes_changed(struct ike_engine *eng)
{
	bool changed = eng->remotes_changed;

	eng->remotes_changed = false;
	return changed;
}

static unsigned int remote_add(struct wire_addr *out, unsigned int n,
			       unsigned int max, const struct wire_addr *a)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (wire_addr_equal(&out[i], a))
			return n;
	if (n < max && a->family)
		out[n++] = *a;
	return n;
}

unsigned int ike_engine_remotes(const struct ike_engine *eng,
				struct wire_addr *out, unsigned int max)
{
	const struct ike_conn_state *cs;
	const struct ike_sa *sa;
	unsigned int n = 0, i;

	for (cs = eng->conns; cs; cs = cs->next)
		for (i = 0; !cs->removed && i < cs->cfg.nremote; i++)
			if (cs->cfg.remote[i].plen == 8 *
			    wire_addr_len(cs->cfg.remote[i].addr.family))
				n = remote_add(out, n, max,
					       &cs->cfg.remote[i].addr);
	for (sa = eng->sas; sa && n < max; sa = sa->p->next)
		if (ike_sa_has_remote(sa))
			n = remote_add(out, n, max, &sa->remote.addr);
	/* Last, for want of room they can be missed best. */
	for (sa = eng->sas; sa && n < max; sa = sa->p->next)
		for (i = 0; ike_sa_has_remote(sa) && i < sa->p->n_others; i++)
			n = remote_add(out, n, max, &sa->p->others[i]);
	return n;
}

/* --------------------------------------------------------------- status */

static void status_children(const struct ike_sa *sa, struct ike_status *s)
{
	const struct ike_child *c;

	for (c = sa->children; c && s->nchildren < IKE_MAX_CHILDREN;
	     c = c->next) {
		s->children[s->nchildren].child = c->child;
		s->children[s->nchildren].spi_in = c->spi_in;
		s->children[s->nchildren].spi_out = c->spi_out;
		s->children[s->nchildren].suite = c->suite;
		s->nchildren++;
	}
}

static uint64_t until(uint64_t when, uint64_t now)
{
	if (when == IKE_NEVER)
		return IKE_NEVER;
	return when > now ? when - now : 0;
}

static void status_sa(const struct ike_sa *sa, uint64_t now,
		      struct ike_status *s)
{
	const struct ike_ext_ops *ext = sa->eng->ext;

	s->conn = sa->conn;
	s->local = sa->local;
	s->remote = sa->remote;
	s->spi_i = sa->spi_i;
	s->spi_r = sa->spi_r;
	s->phase = IKE_CONN_CONNECTING;
	s->rekey_us = IKE_NEVER;
	if (sa->state != IKE_SA_ESTABLISHED)
		return;
	s->phase = IKE_CONN_IS_UP;
	s->remote_id = sa->remote_id;
	s->peer = sa->peer;
	s->suite = sa->suite;
	s->ppk = sa->p->ppk.used;
	s->age_us = now > sa->established_us ? now - sa->established_us : 0;
	s->rekey_us = until(sa->p->rekey_us, now);
	s->nat_local = sa->nat & IKE_NATD_LOCAL;
	s->nat_remote = sa->nat & IKE_NATD_REMOTE;
	s->t_ike_us = sa->t_ike_us;
	s->mobike = sa->mobike;
	s->virtual = sa->p->virtual;
	status_children(sa, s);
	if (ext && ext->status) {
		ext->status(sa, s);
	} else if (sa->peer) {
		s->npaths = 1;
		s->paths[0].path.local = sa->local.addr;
		s->paths[0].path.remote = sa->remote.addr;
		s->paths[0].path.state = MOBX_PATH_STATE_VALID;
		s->paths[0].path.flags = MOBX_PATH_FLAGS_PRIMARY;
		s->paths[0].rtt_us = sa->rtt_us;
	}
}

void ike_engine_status(const struct ike_engine *eng, const char *name,
		       uint64_t now_us,
		       void (*fn)(const struct ike_status *s, void *ctx),
		       void *ctx)
{
	const struct ike_conn_state *cs;
	struct ike_status *s = malloc(sizeof(*s));
	const struct ike_sa *sa;
	bool any;

	for (cs = eng->conns; s && cs; cs = cs->next) {
		if (cs->removed || (name && strcmp(name, cs->cfg.name)))
			continue;
		any = false;
		for (sa = eng->sas; sa; sa = sa->p->next) {
			if (sa->cs != cs || sa->state > IKE_SA_ESTABLISHED)
				continue;
			memset(s, 0, sizeof(*s));
			status_sa(sa, now_us, s);
			fn(s, ctx);
			any = true;
		}
		if (any)
			continue;
		memset(s, 0, sizeof(*s));
		s->conn = &cs->cfg;
		s->phase = cs->wanted ? IKE_CONN_CONNECTING : IKE_CONN_DOWN;
		fn(s, ctx);
	}
	free(s);
}
