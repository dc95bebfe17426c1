// SPDX-License-Identifier: GPL-2.0
/*
 * One IKE SA takes another's place (RFC 7296, sections 1.3.2, 2.8, 2.18): what
 * both roles have in common. rekey_i.c begins an exchange, rekey_r.c answers.
 *
 * The successor has everything from the moment on at which this end knows that
 * it counts; the old IKE SA then only answers, and ends with its Delete. When
 * both ends begin at once each makes two new ones (section 2.8.2): the one that
 * the peer began is the rival of our own, and the exchange that holds the
 * lowest of the four nonces loses. Each end closes what it began and lost.
 */
#include <string.h>

#include "ike/priv.h"

/* So long an IKE SA waits for its Delete once nobody needs it any more. */
#define OLD_US (60 * IKE_SECOND)

/**
 * ike_sa_heir() - the IKE SA that has what this one had
 * @sa: any IKE SA
 *
 * Return: @sa itself unless it was replaced.
 */
struct ike_sa *ike_sa_heir(struct ike_sa *sa)
{
	while (sa->p->successor)
		sa = sa->p->successor;
	return sa;
}

/* Jitter, lest both ends rekey at once (RFC 7296, section 2.8). */
uint64_t ike_jitter(struct ike_engine *eng, uint64_t us)
{
	uint32_t r = 0;

	ike_random(eng, &r, sizeof(r));
	return us / 10 * (r % 1024) / 1024;
}

/** ike_rekey_schedule() - a new IKE SA: when it is to be replaced, at last */
void ike_rekey_schedule(struct ike_sa *sa)
{
	uint64_t us = sa->conn->ike_rekey_us;

	if (!us)
		return;
	sa->p->rekey_us = sa->eng->now + us - ike_jitter(sa->eng, us);
	sa->p->over_us = sa->eng->now + us + us / 4;
}

/**
 * ike_rekey_busy() - is something going on with the Child SAs of an IKE SA
 *
 * Then is not the time to rekey it (section 2.25.2).
 */
bool ike_rekey_busy(const struct ike_sa *sa)
{
	const struct ike_child *c;

	for (c = sa->children; c; c = c->next)
		if (c->state != IKE_CHILD_UP)
			return true;
	return sa->p->create;
}

/* Requests under way stay; those that wait leave under the new IKE SA. */
static void move_requests(struct ike_sa *from, struct ike_sa *to)
{
	struct ike_request **at = &from->p->requests, **end, *r;

	for (end = &to->p->requests; *end; end = &(*end)->next)
		;
	while ((r = *at)) {
		if (r->sent) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		r->next = NULL;
		*end = r;
		end = &r->next;
	}
}

static void move_children(struct ike_sa *from, struct ike_sa *to)
{
	to->children = from->children;
	from->children = NULL;
	to->p->linger = from->p->linger;
	from->p->linger = NULL;
	memcpy(to->p->new_us, from->p->new_us, sizeof(to->p->new_us));
	to->p->trigger = from->p->trigger;
	to->p->rebinds = from->p->rebinds;
	from->p->rebinds = 0;
	ike_waits_move(from->eng, from, to);
	/* No exchange goes on under the new IKE SA yet. */
	ike_create_wake(to);
}

static void move_state(const struct ike_sa *from, struct ike_sa *to)
{
	from->eng->n.happened[IKE_HAPPENED_REKEYED]++;
	to->first_initiator = from->first_initiator;
	to->local = from->local;
	to->remote = from->remote;
	to->remote_id = from->remote_id;
	to->mobike = from->mobike;
	to->natt = from->natt;
	to->nat = from->nat;
	to->p->fragments = from->p->fragments;
	to->p->ppk.used = from->p->ppk.used;
	to->p->virtual = from->p->virtual;
	to->p->leasing = from->p->leasing;
	to->peer = from->peer;
	to->generation = from->generation;
	to->t_ike_us = from->t_ike_us;
	to->rtt_us = from->rtt_us;
	to->rttvar_us = from->rttvar_us;
	to->rto_us = from->rto_us;
	to->p->own_window = from->p->own_window;
}

static void tell_extension(struct ike_sa *from, struct ike_sa *to)
{
	const struct ike_ext_ops *ext = from->eng->ext;

	if (!from->p->ext_open || !ext->rekeyed)
		return;
	to->ext_deadline = from->ext_deadline;
	from->ext_deadline = IKE_NEVER;
	ext->rekeyed(from, to);
	to->p->ext_open = true;
}

/**
 * ike_rekey_inherit() - an IKE SA takes the place of another
 * @from: established; it only answers from now on
 * @to: has keys; is established from now on
 *
 * A peer that has not had our answer yet knows @from only: that stays until
 * something comes by @to. Who closes @from is the caller's to see to.
 */
void ike_rekey_inherit(struct ike_sa *from, struct ike_sa *to)
{
	struct ike_report *r;

	ike_sa_touch(from);
	ike_sa_touch(to);
	move_state(from, to);
	to->established_us = from->eng->now;
	to->last_in_us = from->eng->now;
	to->p->way_heard_us = from->eng->now;
	to->state = IKE_SA_ESTABLISHED;
	to->p->announced = true;
	to->p->replaced = false;
	to->p->unheard = true;
	to->p->expire_us = IKE_NEVER;
	to->p->predecessors++;
	move_requests(from, to);
	move_children(from, to);
	from->state = IKE_SA_REKEYED;
	from->p->replaced = true;
	from->p->successor = to;
	from->p->rekey_us = IKE_NEVER;
	from->p->over_us = IKE_NEVER;
	from->peer = 0;
	tell_extension(from, to);
	ike_rekey_schedule(to);
	r = ike_sa_report(to, IKE_LOG_INFO, "ike-rekey");
	ike_report_text(r, "old", "%016llx:%016llx",
			(unsigned long long)from->spi_i,
			(unsigned long long)from->spi_r);
	ike_requests_pump(to);
	ike_qcd_tell(to);
}

/* Nobody needs it any more. */
static void outlived(struct ike_sa *sa)
{
	sa->p->expire_us = sa->eng->now + OLD_US;
	ike_sa_touch(sa);
}

/** ike_rekey_lost() - an IKE SA that came to nothing waits for its Delete */
void ike_rekey_lost(struct ike_sa *sa)
{
	sa->state = IKE_SA_REKEYED;
	sa->p->rival_of = NULL;
	sa->p->replaced = true;
	outlived(sa);
}

/**
 * ike_rekey_heard() - something authentic came by an IKE SA
 *
 * Now the peer has it too: a predecessor need not wait much longer, and a
 * window can be announced.
 */
void ike_rekey_heard(struct ike_sa *sa)
{
	struct ike_sa *old;

	if (!sa->p->unheard)
		return;
	sa->p->unheard = false;
	for (old = sa->eng->sas; old; old = old->p->next)
		if (old->p->successor == sa && old->p->expire_us == IKE_NEVER)
			outlived(old);
	ike_info_announce_window(sa);
}

/** ike_rekey_moved() - requests under way by predecessors follow an IKE SA */
void ike_rekey_moved(struct ike_sa *sa)
{
	struct ike_sa *old;

	for (old = sa->eng->sas; sa->p->predecessors && old; old = old->p->next)
		if (old->p->successor == sa)
			ike_sa_set_addresses(old, &sa->local, &sa->remote);
}

/**
 * ike_rekey_overtaken() - the peer has dealt with a request by an IKE SA
 *
 * What its predecessors still have under way has no effect any more. They are not
 * closed before that is answered: so no way is to be held that may be dead.
 */
void ike_rekey_overtaken(struct ike_sa *sa)
{
	struct ike_sa *old;

	for (old = sa->eng->sas; sa->p->predecessors && old; old = old->p->next)
		if (old->p->successor == sa)
			ike_sa_overtaken(old, UINT32_MAX);
}

/**
 * ike_rekey_forget() - an IKE SA is freed: nobody may point to it
 *
 * If it was to be the successor of another, that has the next one for it.
 */
void ike_rekey_forget(struct ike_sa *sa)
{
	struct ike_sa *next = sa->p->successor, *old;

	for (old = sa->eng->sas; sa->p->predecessors && old;
	     old = old->p->next) {
		if (old->p->successor != sa)
			continue;
		sa->p->predecessors--;
		old->p->successor = next;
		if (!next)
			continue;
		next->p->predecessors++;
		if (!next->p->unheard && old->p->expire_us == IKE_NEVER)
			outlived(old);
	}
	if (next)
		next->p->predecessors--;
}

/**
 * ike_rekey_end() - an IKE SA ends: what hangs on it
 *
 * Without a successor those that it replaced have nothing to wait for, and a
 * rival of its own never came to anything.
 */
void ike_rekey_end(struct ike_sa *sa)
{
	struct ike_sa *old = sa->p->rival_of;

	if (old && old->p->rekey && old->p->rekey->rival == sa)
		old->p->rekey->rival = NULL;
	sa->p->rival_of = NULL;
	if (sa->p->rekey && sa->p->rekey->rival)
		ike_sa_dead(sa->p->rekey->rival);
	ike_rekey_free(sa);
	for (old = sa->eng->sas; sa->p->predecessors && old; old = old->p->next)
		if (old->p->successor == sa && !sa->p->successor)
			ike_sa_fail(old, "its successor ends");
}

static void over(struct ike_sa *sa)
{
	sa->p->over_us = IKE_NEVER;
	ike_sa_end(sa, "its lifetime is over and it could not be rekeyed", 0,
		   true);
}

void ike_rekey_timers(struct ike_sa *sa)
{
	if (sa->state != IKE_SA_ESTABLISHED)
		return;
	if (sa->eng->now >= sa->p->over_us)
		over(sa);
	else if (sa->eng->now >= sa->p->rekey_us)
		ike_rekey_start(sa);
}

uint64_t ike_rekey_deadline(const struct ike_sa *sa)
{
	if (sa->state != IKE_SA_ESTABLISHED)
		return IKE_NEVER;
	return sa->p->rekey_us < sa->p->over_us ? sa->p->rekey_us :
						  sa->p->over_us;
}
