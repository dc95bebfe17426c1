// SPDX-License-Identifier: GPL-2.0
/*
 * A connection is configured anew while it is up. Where only its Child SAs are
 * concerned the IKE SA stays, and each of them that changes is made anew beside
 * the old one, which goes when the new one carries traffic (MOBIKE-X, section 5:
 * make before break). That needs the consent of the peer: as long as it refuses,
 * the old one stays.
 */
#include <string.h>

#include "ike/priv.h"

/* A responder may have thousands of peers: between the first requests to two. */
#define SPREAD_US (IKE_SECOND / 200)

/* ------------------------------------------------------- what has changed */

/* Apart from these members a change is one of the IKE SA too. */
static bool only_children(const struct ike_conn *old,
			  const struct ike_conn *new)
{
	struct ike_conn c;

	/* Not by assignment: what lies between its members counts. */
	memcpy(&c, new, sizeof(c));
	c.nesp = old->nesp;
	memcpy(c.esp, old->esp, sizeof(c.esp));
	c.mode = old->mode;
	c.nprotect = old->nprotect;
	memcpy(c.protect, old->protect, sizeof(c.protect));
	c.replay_window = old->replay_window;
	c.rekey_us = old->rekey_us;
	c.ike_rekey_us = old->ike_rekey_us;
	return !memcmp(&c, old, sizeof(c));
}

static const struct ike_selector *nth(const struct ike_conn *c,
				      unsigned int child, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < c->nprotect; i++)
		if (c->protect[i].child == child && n-- == 0)
			return &c->protect[i];
	return NULL;
}

static bool same_selectors(const struct ike_conn *a, const struct ike_conn *b,
			   unsigned int child)
{
	const struct ike_selector *x, *y;
	unsigned int n = 0;

	do {
		x = nth(a, child, n);
		y = nth(b, child, n++);
	} while (x && y && !memcmp(x, y, sizeof(*x)));
	return !x && !y;
}

/* What the peer has to agree to. */
static bool same_terms(const struct ike_conn *a, const struct ike_conn *b,
		       unsigned int child)
{
	return a->mode == b->mode && a->nesp == b->nesp &&
	       !memcmp(a->esp, b->esp, sizeof(a->esp)) &&
	       same_selectors(a, b, child);
}

/* ---------------------------------------------------------- what is to do */

/**
 * ike_reload_outdated() - has a connection changed since something was agreed on
 * @sa: IKE SA with connection
 * @child: which of its Child SAs
 * @conf: as it was configured then
 */
bool ike_reload_outdated(const struct ike_sa *sa, unsigned int child,
			 unsigned int conf)
{
	return child >= ike_conn_children(sa->conn) ||
	       conf < sa->cs->agreed[child];
}

/** ike_child_stale() - is a Child SA not as its connection has it by now */
bool ike_child_stale(const struct ike_sa *sa, struct ike_child *c)
{
	return ike_reload_outdated(sa, c->child, ike_child_full(c)->conf);
}

static bool has_current(const struct ike_sa *sa, unsigned int child)
{
	struct ike_child *c;

	for (c = sa->children; c; c = c->next)
		if (c->child == child && c->state == IKE_CHILD_UP &&
		    !ike_child_stale(sa, c))
			return true;
	return false;
}

/* Is anything to be made that may carry what another Child SA does now. */
static bool unsettled(const struct ike_sa *sa)
{
	unsigned int i, n = ike_conn_children(sa->conn);
	struct ike_child *c;

	if (sa->p->create)
		return true;
	for (i = 0; i < n; i++)
		if (sa->p->new_us[i] != IKE_NEVER)
			return true;
	for (c = sa->children; c; c = c->next)
		if (c->child < n && ike_child_stale(sa, c) &&
		    ike_child_full(c)->again_us != IKE_NEVER)
			return true;
	return false;
}

/**
 * ike_reload_ends() - does a Child SA end instead of being replaced
 * @sa: IKE SA
 * @c: Child SA that is up
 *
 * It does if its successor is there already, and if it is not configured any
 * more; that last of all, for others may have what it had.
 */
bool ike_reload_ends(struct ike_sa *sa, struct ike_child *c)
{
	if (!ike_child_stale(sa, c))
		return false;
	if (has_current(sa, c->child)) {
		ike_child_delete(sa, c, "replaced");
		return true;
	}
	if (c->child < ike_conn_children(sa->conn))
		return false;
	if (unsettled(sa))
		ike_child_full(c)->again_us = ike_create_again(sa);
	else
		ike_child_delete(sa, c, "not configured any more");
	return true;
}

/**
 * ike_reload_refused() - the peer does not agree to a change
 * @sa: IKE SA
 * @old: Child SA that stays as it is
 * @error: type of its notify, 0 for an answer that is no good
 *
 * Who has no room for a second one beside it may agree to the change or not: the
 * old one is not given up for that.
 */
void ike_reload_refused(struct ike_sa *sa, struct ike_child *old,
			uint16_t error)
{
	struct ike_report *r = ike_sa_report(sa, IKE_LOG_ERROR, "error");
	const char *why = ike_notify_name(error);

	ike_report_text(r, "spi_in", "%08x", old->spi_in);
	ike_report_text(r, "reason", "the peer does not agree to what is"
			" configured now (%s): the Child SA from before stays",
			why ? why : "its answer is no good");
	if (error == IKE_N_NO_ADDITIONAL_SAS) {
		ike_report_text(r, "hint", "it takes no second Child SA beside"
				" that one: set the connection up anew, first"
				" mobx conn down %s", sa->conn->name);
		return;
	}
	ike_report_text(r, "hint", "change the peer's configuration as well,"
			" then here: mobx conn rekey %s children",
			sa->conn->name);
}

/* ----------------------------------------------------------------- reload */

static bool is_up(const struct ike_engine *eng, const struct ike_conn_state *cs)
{
	const struct ike_sa *sa = ike_conn_sa(eng, cs);

	return sa && sa->state == IKE_SA_ESTABLISHED;
}

/* A reload that changes nothing is no reason to make what the peer has not. */
static bool to_be_made(const struct ike_sa *sa, unsigned int child, bool same)
{
	return same ? sa->first_initiator :
		      sa->cs->agreed[child] == sa->cs->conf;
}

static void renegotiate(struct ike_sa *sa, bool same, bool limits, uint64_t at)
{
	const struct ike_ext_ops *ext = sa->eng->ext;
	unsigned int i, n = ike_conn_children(sa->conn);
	struct ike_child *c;

	for (i = n; i < IKE_MAX_CONN_CHILDREN; i++)
		sa->p->new_us[i] = IKE_NEVER;
	for (c = sa->children; c; c = c->next) {
		if (c->child < n && !limits && !ike_child_stale(sa, c))
			continue;
		ike_child_full(c)->again_us = at;
		ike_child_full(c)->again_rekey = true;
	}
	/* One without any makes them when a packet wants one. */
	for (i = 0; sa->children && i < n; i++)
		if (to_be_made(sa, i, same))
			sa->p->new_us[i] = at;
	if (at <= sa->eng->now)
		ike_create_timers(sa);
	ike_sa_touch(sa);
	/* Which of the host's addresses are of use depends on the mode. */
	if (ext && ext->addrs)
		ext->addrs(sa);
}

static void change(struct ike_conn_state *cs, const struct ike_conn *conn)
{
	unsigned int i;

	cs->conf++;
	for (i = 0; i < IKE_MAX_CONN_CHILDREN; i++)
		if (!same_terms(&cs->cfg, conn, i))
			cs->agreed[i] = cs->conf;
	memcpy(&cs->cfg, conn, sizeof(cs->cfg));
}

/**
 * ike_reload() - a connection that is there is configured again
 * @eng: engine
 * @cs: connection
 * @conn: what it is from now on
 *
 * If nothing has changed, what the peer has refused before is tried again.
 *
 * Return: false if it has to be set up anew: then nothing has happened.
 */
bool ike_reload(struct ike_engine *eng, struct ike_conn_state *cs,
		const struct ike_conn *conn)
{
	bool same = !memcmp(&cs->cfg, conn, sizeof(cs->cfg)), limits, ike;
	uint64_t at = eng->now;
	struct ike_sa *sa;

	if (!same && (!is_up(eng, cs) || !only_children(&cs->cfg, conn)))
		return false;
	limits = cs->cfg.rekey_us != conn->rekey_us ||
		 cs->cfg.replay_window != conn->replay_window;
	ike = cs->cfg.ike_rekey_us != conn->ike_rekey_us;
	if (!same) {
		ike_report_text(ike_act_report(eng, IKE_LOG_INFO, "log",
					       conn->name),
				"reason", "configured anew: the IKE SA stays,"
				" Child SAs that differ are replaced");
		change(cs, conn);
	}
	for (sa = eng->sas; sa; sa = sa->p->next) {
		if (sa->cs != cs)
			continue;
		/* What it has offered is not what it is to be any more. */
		if (!same && sa->initiator && sa->state < IKE_SA_ESTABLISHED)
			ike_sa_end(sa, "its connection is configured anew", 0,
				   true);
		if (sa->state != IKE_SA_ESTABLISHED)
			continue;
		if (ike) {
			sa->p->rekey_us = IKE_NEVER;
			sa->p->over_us = IKE_NEVER;
			ike_rekey_schedule(sa);
		}
		renegotiate(sa, same, limits, at);
		if (conn->role == IKE_RESPOND)
			at += SPREAD_US;
	}
	return true;
}
