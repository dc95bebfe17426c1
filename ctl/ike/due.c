// SPDX-License-Identifier: GPL-2.0
/* What Child SAs wait for: a limit that is met, a time to switch or try again. */
#include "ike/priv.h"

static void switched(struct ike_sa *sa, struct ike_child *c, int err)
{
	if (err)
		ike_child_delete(sa, c, "the kernel refuses it");
}

/** ike_child_switch() - send under a Child SA that the peer has begun */
void ike_child_switch(struct ike_sa *sa, struct ike_child *c)
{
	ike_child_install_out(sa, c, switched);
}

/**
 * ike_switch_from() - a Child SA is about to go: send under its successor
 * @sa: IKE SA
 * @old_in: own SPI of the one that goes
 *
 * Who answers a rekey sends under the old SA until the one that asked shows
 * that it takes packets under the new, by deleting the old (section 2.8).
 */
void ike_switch_from(struct ike_sa *sa, uint32_t old_in)
{
	struct ike_child *c;

	for (c = sa->children; c; c = c->next)
		if (ike_child_full(c)->replaces == old_in &&
		    ike_child_full(c)->switch_us != IKE_NEVER)
			ike_child_switch(sa, c);
}

/* Does any other Child SA send what one is for. */
static bool carried(const struct ike_sa *sa, const struct ike_child *c,
		    const struct ike_child *gone)
{
	const struct ike_child *o;

	for (o = sa->children; o; o = o->next)
		if (o != c && o != gone && o->out_installed &&
		    o->state != IKE_CHILD_CLOSING && ike_child_overlaps(o, c))
			return true;
	return false;
}

/**
 * ike_switch_rest() - a Child SA goes: what waits beside it may wait in vain
 * @sa: IKE SA
 * @gone: is still there
 */
void ike_switch_rest(struct ike_sa *sa, const struct ike_child *gone)
{
	struct ike_child *c;

	for (c = sa->children; c; c = c->next)
		if (c != gone && ike_child_full(c)->beside &&
		    ike_child_full(c)->switch_us != IKE_NEVER &&
		    !carried(sa, c, gone))
			ike_child_switch(sa, c);
}

/**
 * ike_switch_now() - nothing else carries this peer's traffic any more
 * @sa: IKE SA that took its time to send under its Child SAs
 *
 * Packets are held in what is left of the time that its initiator needs at least.
 */
void ike_switch_now(struct ike_sa *sa)
{
	uint64_t ready = sa->established_us + IKE_READY_US;
	struct ike_child *c;

	ike_sa_touch(sa);
	for (c = sa->children; c; c = c->next) {
		struct ike_child_full *f = ike_child_full(c);

		if (f->replaces || f->switch_us == IKE_NEVER)
			continue;
		if (ready <= sa->eng->now)
			ike_child_switch(sa, c);
		else if (ready < f->switch_us)
			f->switch_us = ready;
	}
}

/* Nothing heard since the answer left: it may not have got there. */
static void switch_at_last(struct ike_sa *sa, struct ike_child *c)
{
	struct ike_child_full *f = ike_child_full(c);

	if (f->replaces && sa->last_in_us + IKE_SWITCH_US <= sa->eng->now)
		f->switch_us = sa->eng->now + IKE_SWITCH_US;
	else
		ike_child_switch(sa, c);
}

/** ike_create_timers() - switch, replace and make the Child SAs that are due */
void ike_create_timers(struct ike_sa *sa)
{
	struct ike_child *c, *next;
	uint64_t now = sa->eng->now;
	unsigned int i;

	if (sa->state != IKE_SA_ESTABLISHED)
		return;
	for (c = sa->children; c; c = next) {
		next = c->next;
		if (now >= ike_child_full(c)->switch_us)
			switch_at_last(sa, c);
		if (now >= ike_child_full(c)->again_us)
			ike_sa_replace_child(sa, c,
					     ike_child_full(c)->again_rekey);
	}
	for (i = 0; i < IKE_MAX_CONN_CHILDREN; i++)
		if (now >= sa->p->new_us[i])
			ike_create_new(sa, i);
}

/** ike_create_deadline() - when ike_create_timers() is to be called, or IKE_NEVER */
uint64_t ike_create_deadline(const struct ike_sa *sa)
{
	uint64_t t = IKE_WAITS;
	struct ike_child *c;
	unsigned int i;

	if (sa->state != IKE_SA_ESTABLISHED)
		return IKE_NEVER;
	for (i = 0; i < IKE_MAX_CONN_CHILDREN; i++)
		if (sa->p->new_us[i] < t)
			t = sa->p->new_us[i];
	for (c = sa->children; c; c = c->next) {
		if (ike_child_full(c)->switch_us < t)
			t = ike_child_full(c)->switch_us;
		if (ike_child_full(c)->again_us < t)
			t = ike_child_full(c)->again_us;
	}
	/* What ends that wait is no timer. */
	return t == IKE_WAITS ? IKE_NEVER : t;
}

/**
 * ike_child_expire() - an SA in the kernel has met a limit
 *
 * Soft: replace it. Hard: it is useless, and so is its other half.
 */
void ike_child_expire(struct ike_sa *sa, const struct ike_ev_sa_expire *ev)
{
	struct ike_child *c;

	c = ev->dir == MOBX_DIR_IN ? ike_child_find(sa, ev->spi) :
				     ike_child_find_out(sa, ev->spi);
	if (!c)
		return;
	if (ev->kind == MOBX_EXPIRE_HARD) {
		ike_child_delete(sa, c, "its lifetime is over");
		ike_create_new(sa, c->child);
	} else {
		ike_sa_replace_child(sa, c, true);
	}
}
