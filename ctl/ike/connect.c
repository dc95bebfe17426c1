// SPDX-License-Identifier: GPL-2.0
/* Connections: when they are set up, over which addresses, and again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ike/priv.h"

#define FIRST_RETRY_US (IKE_SECOND / 5)
#define LAST_RETRY_US (60 * IKE_SECOND)
/* What ends sooner was never of use: an attempt like those that fail. */
#define LIVED_US (10 * IKE_SECOND)
#define MAX_PAIRS 64

struct pair {
	struct wire_addr local;
	struct wire_addr remote;
	unsigned int rank;
};

struct ike_conn_state *ike_conn_find(const struct ike_engine *eng,
				     const char *name)
{
	struct ike_conn_state *cs;

	for (cs = eng->conns; cs; cs = cs->next)
		if (!cs->removed && !strcmp(cs->cfg.name, name))
			return cs;
	return NULL;
}

bool ike_conn_remote_ok(const struct ike_conn *c, const struct wire_addr *a)
{
	unsigned int i;

	for (i = 0; i < c->nremote; i++)
		if (ike_prefix_has(&c->remote[i], a))
			return true;
	return c->nremote == 0;
}

/**
 * ike_conn_sa() - the IKE SA of a connection that counts
 *
 * Return: an established one before one that is being set up, else NULL.
 */
struct ike_sa *ike_conn_sa(const struct ike_engine *eng,
			   const struct ike_conn_state *cs)
{
	struct ike_sa *sa, *found = NULL;

	for (sa = eng->sas; sa; sa = sa->p->next) {
		if (sa->cs != cs || sa->state > IKE_SA_ESTABLISHED)
			continue;
		if (sa->state == IKE_SA_ESTABLISHED)
			return sa;
		found = sa;
	}
	return found;
}

/* ----------------------------------------------------------- candidates */

static bool is_host(const struct ike_prefix *p)
{
	return p->addr.family && p->plen == 8 * wire_addr_len(p->addr.family);
}

static unsigned int rank_of(const struct ike_conn *c, const char *ifname)
{
	unsigned int i;

	for (i = 0; i < c->nprefer; i++)
		if (!strncmp(c->prefer[i], ifname, IKE_IFNAME_LEN))
			return i;
	return c->nprefer;
}

/* Pairs to try, preferred interfaces first, else in the order configured. */
static unsigned int candidates(const struct ike_engine *eng,
			       const struct ike_conn *c, struct pair *v)
{
	const struct ike_host_addr *h;
	unsigned int i, j, k, n = 0;
	struct pair p;

	for (i = 0; i < c->nremote; i++) {
		for (j = 0; j < eng->naddrs && n < MAX_PAIRS; j++) {
			h = &eng->addrs[j];
			if (!is_host(&c->remote[i]) || h->transient ||
			    !wire_addr_equal(&h->remote, &c->remote[i].addr) ||
			    !ike_conn_may_use(c, &h->local, h->ifname))
				continue;
			p.local = h->local;
			p.remote = h->remote;
			p.rank = rank_of(c, h->ifname);
			for (k = n++; k > 0 && v[k - 1].rank > p.rank; k--)
				v[k] = v[k - 1];
			v[k] = p;
		}
	}
	return n;
}

static bool addr_usable(const struct ike_engine *eng,
			const struct wire_addr *local)
{
	unsigned int i;

	for (i = 0; i < eng->naddrs; i++)
		if (wire_addr_equal(&eng->addrs[i].local, local))
			return true;
	return false;
}

/* Where the peer has sent us, if that can be reached: only that. */
static unsigned int redirected(const struct ike_conn_state *cs, struct pair *v,
			       unsigned int n)
{
	unsigned int i, m = 0;

	for (i = 0; i < n && cs->redirect.family; i++)
		if (wire_addr_equal(&v[i].remote, &cs->redirect))
			v[m++] = v[i];
	return m ? m : n;
}

/* -------------------------------------------------------------- set up */

static void nowhere(struct ike_engine *eng, struct ike_conn_state *cs)
{
	struct ike_report *r;

	ike_act_cmd_done(eng, cs->up_reply, -ENETUNREACH, "no own address"
			 " reaches the remote address of connection %s now; it"
			 " comes up as soon as one does", cs->cfg.name);
	cs->up_reply = 0;
	cs->retry_us = IKE_NEVER;
	if (cs->told_nowhere_us &&
	    eng->now < cs->told_nowhere_us + 60 * IKE_SECOND)
		return;
	cs->told_nowhere_us = eng->now ? eng->now : 1;
	r = ike_act_report(eng, IKE_LOG_WARNING, "log", cs->cfg.name);
	ike_report_text(r, "reason", "no own address reaches the remote"
			" address; waiting for one");
}

/**
 * ike_conn_connect() - begin an IKE SA, if the connection needs one
 *
 * Every attempt takes the next pair of addresses (RFC 4555, section 3.1), each
 * a new IKE SA: the NATD payloads tell the addresses, so that the same request
 * could not leave from another one.
 */
void ike_conn_connect(struct ike_engine *eng, struct ike_conn_state *cs)
{
	struct pair v[MAX_PAIRS];
	struct ike_sa *sa;
	unsigned int n;

	if (!cs->wanted || cs->removed || eng->shutdown || eng->leaving ||
	    cs->cfg.role != IKE_INITIATE || ike_conn_sa(eng, cs))
		return;
	n = candidates(eng, &cs->cfg, v);
	if (n == 0) {
		nowhere(eng, cs);
		return;
	}
	n = redirected(cs, v, n);
	cs->retry_us = IKE_NEVER;
	sa = ike_sa_new(eng, true);
	if (!sa) {
		cs->retry_us = eng->now + IKE_SECOND;
		return;
	}
	sa->cs = cs;
	sa->conn = &cs->cfg;
	sa->local.addr = v[cs->pair % n].local;
	sa->local.port = eng->s.port;
	sa->remote.addr = v[cs->pair % n].remote;
	sa->remote.port = eng->s.port;
	/* With more than one pair to try none may take all the time. */
	if (n > 1)
		sa->p->expire_us = eng->now + 16 * cs->cfg.retransmit_first_us;
	if (!ike_resume_start(sa) && !ike_init_start(sa))
		ike_sa_fail(sa, "no memory or no random numbers");
}

static bool same_client(const struct ike_sa *a, const struct ike_sa *b)
{
	return a != b && a->cs == b->cs &&
	       a->state == IKE_SA_ESTABLISHED &&
	       ike_id_equal(&a->remote_id, &b->remote_id);
}

/** ike_conn_newer() - has the same peer set up another IKE SA since */
bool ike_conn_newer(const struct ike_sa *sa)
{
	const struct ike_sa *other;

	for (other = sa->eng->sas; other; other = other->p->next)
		if (same_client(other, sa) &&
		    other->established_us > sa->established_us)
			return true;
	return false;
}

/**
 * ike_conn_successor() - does traffic of this peer flow already
 * @sa: IKE SA that is being established
 *
 * Return: true if an older IKE SA, or what an earlier run of the agent left in
 * the kernel, carries it.
 */
bool ike_conn_successor(const struct ike_sa *sa)
{
	char label[MOBX_MAX_LABEL + 1];
	const struct ike_sa *other;

	ike_sa_label(sa, label);
	if (ike_leftovers_any(sa->eng, label))
		return true;
	for (other = sa->eng->sas; other; other = other->p->next)
		if (same_client(other, sa))
			return true;
	return false;
}

/**
 * ike_conn_is_up() - an IKE SA of a connection is established
 *
 * Another IKE SA of the same identity may have lost its other end by a crash:
 * ask it now, not when it next falls silent.
 */
void ike_conn_is_up(struct ike_sa *sa)
{
	struct ike_engine *eng = sa->eng;
	struct ike_conn_state *cs = sa->cs;
	struct ike_sa *other;

	if (sa->children || sa->p->childless)
		ike_act_cmd_done(eng, cs->up_reply, 0, "%s", "");
	else
		ike_act_cmd_done(eng, cs->up_reply, -EPROTO, "connection %s:"
				 " the IKE SA is up, the Child SA is refused"
				 " (see the log)", cs->cfg.name);
	cs->up_reply = 0;
	cs->up_us = eng->now;
	cs->contacted = true;
	cs->told_nowhere_us = 0;
	for (other = eng->sas; other; other = other->p->next)
		if (same_client(other, sa) && !ike_requests_outstanding(other))
			ike_info_liveness(other);
}

/**
 * ike_conn_hand_over() - an IKE SA ends, and with it what it sends under
 * @sa: IKE SA, still established
 *
 * A new one of the same peer that has left sending to it until now takes over,
 * or packets would be held for the rest of that time.
 */
void ike_conn_hand_over(struct ike_sa *sa)
{
	struct ike_sa *other;

	for (other = sa->eng->sas; other; other = other->p->next)
		if (same_client(other, sa))
			ike_switch_now(other);
}

static uint64_t retry_delay(const struct ike_conn_state *cs)
{
	uint64_t d = FIRST_RETRY_US;
	unsigned int i;

	for (i = 0; i < cs->failures && d < LAST_RETRY_US; i++)
		d *= 2;
	return d < LAST_RETRY_US ? d : LAST_RETRY_US;
}

/**
 * ike_conn_lost() - an IKE SA of a connection has ended
 * @sa: IKE SA
 * @why: reason
 *
 * A peer that takes everybody and closes at once, for it is full or configured
 * otherwise, is left alone for longer each time, as one that refuses. One that
 * sends us elsewhere is not: there it goes on at once.
 */
void ike_conn_lost(const struct ike_sa *sa, const char *why)
{
	struct ike_conn_state *cs = sa->cs;
	struct ike_engine *eng = sa->eng;
	struct ike_report *r;

	if (cs->cfg.role != IKE_INITIATE || sa->p->redirected ||
	    ike_conn_sa(eng, cs))
		return;
	if (!sa->p->announced) {
		r = ike_act_report(eng, IKE_LOG_ERROR, "error", cs->cfg.name);
		ike_report_text(r, "reason", "%s", why);
		cs->pair++;
		cs->redirect.family = 0;
	}
	/* One that this host has ended by command is no failure. */
	if (!cs->wanted ||
	    (sa->p->announced && eng->now - cs->up_us >= LIVED_US))
		cs->failures = 0;
	else if (cs->failures < 16)
		cs->failures++;
	ike_act_cmd_done(eng, cs->up_reply, -ECONNREFUSED,
			 "connection %s: %s", cs->cfg.name, why);
	cs->up_reply = 0;
	/* Packets that want it later have to wait for as long. */
	if (cs->cfg.start == IKE_START_ON_TRAFFIC)
		cs->wanted = false;
	if (cs->wanted || cs->failures)
		cs->retry_us = eng->now + retry_delay(cs);
}

/* -------------------------------------------------------------- events */

static void close_all(struct ike_engine *eng, struct ike_conn_state *cs,
		      const char *why)
{
	struct ike_sa *sa;

	for (sa = eng->sas; sa; sa = sa->p->next)
		if (sa->cs == cs)
			ike_sa_end(sa, why, 0, true);
}

static void conn_remove(struct ike_engine *eng, struct ike_conn_state *cs)
{
	ike_leftovers_drop(eng, cs->cfg.name);
	cs->wanted = false;
	cs->removed = true;
	cs->retry_us = IKE_NEVER;
	close_all(eng, cs, "the connection is removed");
	ike_resume_forget(eng, cs);
	ike_virtual_left(eng, cs);
}

void ike_conn_add(struct ike_engine *eng, const struct ike_ev_conn *ev)
{
	struct ike_conn_state *cs = ike_conn_find(eng, ev->conn->name), **at;
	char err[IKE_MAX_TEXT];

	if (ike_conn_check(ev->conn, err, sizeof(err)) ||
	    ike_eap_conn_check(eng, ev->conn, err, sizeof(err))) {
		ike_act_cmd_done(eng, ev->reply, -EINVAL, "%s", err);
		return;
	}
	if (cs && ike_reload(eng, cs, ev->conn)) {
		ike_act_cmd_done(eng, ev->reply, 0, "%s", "");
		return;
	}
	if (cs)
		conn_remove(eng, cs);
	cs = calloc(1, sizeof(*cs));
	if (!cs) {
		ike_act_cmd_done(eng, ev->reply, -ENOMEM, "no memory");
		return;
	}
	cs->cfg = *ev->conn;
	cs->conf = 1;
	cs->retry_us = IKE_NEVER;
	for (at = &eng->conns; *at; at = &(*at)->next)
		;
	*at = cs;
	ike_act_cmd_done(eng, ev->reply, 0, "%s", "");
	if (cs->cfg.role != IKE_INITIATE ||
	    cs->cfg.start != IKE_START_ON_LOAD)
		return;
	/* The owner has yet to learn of its addresses: wait for those. */
	cs->wanted = true;
	if (eng->naddrs)
		ike_conn_connect(eng, cs);
}

static struct ike_conn_state *named(struct ike_engine *eng,
				    const struct ike_ev_conn *ev)
{
	struct ike_conn_state *cs = ike_conn_find(eng, ev->name);

	if (!cs)
		ike_act_cmd_done(eng, ev->reply, -ENOENT,
				 "there is no connection \"%s\"", ev->name);
	return cs;
}

void ike_conn_del(struct ike_engine *eng, const struct ike_ev_conn *ev)
{
	struct ike_conn_state *cs = named(eng, ev);

	if (!cs)
		return;
	conn_remove(eng, cs);
	ike_act_cmd_done(eng, ev->reply, 0, "%s", "");
}

void ike_conn_up(struct ike_engine *eng, const struct ike_ev_conn *ev)
{
	struct ike_conn_state *cs = named(eng, ev);
	struct ike_sa *sa;

	if (!cs)
		return;
	sa = ike_conn_sa(eng, cs);
	if (sa && sa->state == IKE_SA_ESTABLISHED) {
		ike_act_cmd_done(eng, ev->reply, 0, "%s", "");
		return;
	}
	if (cs->cfg.role != IKE_INITIATE) {
		ike_act_cmd_done(eng, ev->reply, -EOPNOTSUPP, "connection %s"
				 " has role \"respond\": its peer has to begin",
				 cs->cfg.name);
		return;
	}
	/* Who asked before is told that somebody else waits in its place. */
	ike_act_cmd_done(eng, cs->up_reply, -EBUSY,
			 "connection %s: asked for again", cs->cfg.name);
	cs->up_reply = ev->reply;
	cs->wanted = true;
	cs->failures = 0;
	ike_conn_connect(eng, cs);
}

void ike_conn_down(struct ike_engine *eng, const struct ike_ev_conn *ev)
{
	struct ike_conn_state *cs = named(eng, ev);

	if (!cs)
		return;
	cs->wanted = false;
	cs->retry_us = IKE_NEVER;
	ike_leftovers_drop(eng, cs->cfg.name);
	close_all(eng, cs, "asked for");
	ike_resume_forget(eng, cs);
	ike_virtual_left(eng, cs);
	ike_act_cmd_done(eng, ev->reply, 0, "%s", "");
}

static void rekey_children(struct ike_sa *sa)
{
	struct ike_child *c, *next;

	for (c = sa->children; c; c = next) {
		next = c->next;
		ike_sa_replace_child(sa, c, true);
	}
}

/**
 * ike_conn_rekey() - replace what a connection has before it has to be
 * @eng: engine
 * @ev: which connection
 * @children: its Child SAs; else its IKE SAs
 *
 * The command is done when it has begun.
 */
void ike_conn_rekey(struct ike_engine *eng, const struct ike_ev_conn *ev,
		    bool children)
{
	struct ike_conn_state *cs = named(eng, ev);
	bool any = false;
	struct ike_sa *sa;

	if (!cs)
		return;
	for (sa = eng->sas; sa; sa = sa->p->next) {
		if (sa->cs != cs || sa->state != IKE_SA_ESTABLISHED)
			continue;
		any = true;
		if (children)
			rekey_children(sa);
		else
			ike_rekey_start(sa);
	}
	if (any)
		ike_act_cmd_done(eng, ev->reply, 0, "%s", "");
	else
		ike_act_cmd_done(eng, ev->reply, -ENOTCONN, "connection %s is"
				 " not up: mobx conn up %s", ev->name,
				 ev->name);
}

/*
 * An IKE SA that cannot follow its host (no MOBIKE) is worth nothing without
 * its address; neither is one that is only half there.
 */
static void addr_gone(struct ike_sa *sa)
{
	if (sa->state > IKE_SA_ESTABLISHED || !sa->first_initiator ||
	    addr_usable(sa->eng, &sa->local.addr))
		return;
	if (sa->state == IKE_SA_ESTABLISHED && sa->mobike && sa->eng->ext)
		return;
	ike_sa_fail(sa, "its own address is gone");
	if (sa->cs->wanted)
		sa->cs->retry_us = sa->eng->now;
}

void ike_conn_addrs(struct ike_engine *eng)
{
	const struct ike_ext_ops *ext = eng->ext;
	struct ike_conn_state *cs;
	struct ike_sa *sa;

	for (sa = eng->sas; sa; sa = sa->p->next) {
		addr_gone(sa);
		if (sa->state == IKE_SA_ESTABLISHED && ext && ext->addrs)
			ext->addrs(sa);
	}
	for (cs = eng->conns; cs; cs = cs->next) {
		if (!cs->wanted || ike_conn_sa(eng, cs))
			continue;
		if (cs->retry_us == IKE_NEVER || cs->retry_us <= eng->now)
			ike_conn_connect(eng, cs);
	}
}

#define LABEL_PREFIX "conn:"

static struct ike_sa *acquire_sa(struct ike_engine *eng, uint32_t peer)
{
	struct ike_sa *sa;

	for (sa = eng->sas; sa && peer; sa = sa->p->next)
		if (sa->peer == peer && sa->state == IKE_SA_ESTABLISHED)
			return sa;
	return NULL;
}

void ike_conn_acquire(struct ike_engine *eng, const struct ike_ev_acquire *ev)
{
	struct ike_conn_state *cs = NULL;
	struct ike_sa *sa = acquire_sa(eng, ev->peer);
	struct ike_report *r;
	struct ike_trigger t = {
		.set = true, .local = ev->local, .remote = ev->remote,
		.proto = ev->proto, .local_port = ev->local_port,
		.remote_port = ev->remote_port,
	};

	if (ev->label && !strncmp(ev->label, LABEL_PREFIX,
				  strlen(LABEL_PREFIX)))
		cs = ike_conn_find(eng, ev->label + strlen(LABEL_PREFIX));
	if (!sa && cs)
		sa = ike_conn_sa(eng, cs);
	r = ike_act_report(eng, IKE_LOG_INFO, "acquire",
			   sa && sa->conn ? sa->conn->name :
			   cs ? cs->cfg.name : "");
	ike_report_addr(r, "local", &ev->local);
	ike_report_addr(r, "remote", &ev->remote);
	ike_report_number(r, "proto", ev->proto);
	ike_report_number(r, "local_port", ev->local_port);
	ike_report_number(r, "remote_port", ev->remote_port);
	if (sa && sa->state == IKE_SA_ESTABLISHED) {
		sa->p->trigger = t;
		ike_create_new(sa, ike_ts_child(sa->conn, &t));
	}
	if (sa)
		return;
	if (!cs || cs->cfg.role != IKE_INITIATE ||
	    cs->cfg.start == IKE_START_MANUAL)
		return;
	cs->wanted = true;
	cs->trigger = t;
	if (cs->retry_us == IKE_NEVER || cs->retry_us <= eng->now)
		ike_conn_connect(eng, cs);
}

/* Connections that are removed go when their last IKE SA has gone. */
void ike_conn_reap(struct ike_engine *eng)
{
	struct ike_conn_state **at = &eng->conns, *cs;
	struct ike_sa *sa;

	while ((cs = *at)) {
		sa = cs->removed ? eng->sas : NULL;
		while (sa && sa->cs != cs)
			sa = sa->p->next;
		if (!cs->removed || sa) {
			at = &cs->next;
			continue;
		}
		*at = cs->next;
		ike_resume_drop(cs);
		free(cs);
	}
}
