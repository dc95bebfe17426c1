// SPDX-License-Identifier: GPL-2.0
/*
 * Which IKE SA has something to do next, and which one is done for.
 *
 * Deadlines are kept in a heap, so that an event costs no more with ten
 * thousand IKE SAs than with one. Whoever changes what an IKE SA waits for
 * touches it; before the event is over its deadline is worked out anew.
 */
#include <stdlib.h>

#include "ike/priv.h"

/* ----------------------------------------------------------------- heap */

static void put(struct ike_engine *eng, size_t i, struct ike_sa *sa)
{
	eng->heap[i] = sa;
	sa->p->heap_at = i;
}

static void sift_up(struct ike_engine *eng, struct ike_sa *sa)
{
	size_t i = sa->p->heap_at, up;

	for (; i; i = up) {
		up = (i - 1) / 2;
		if (eng->heap[up]->p->deadline <= sa->p->deadline)
			break;
		put(eng, i, eng->heap[up]);
	}
	put(eng, i, sa);
}

static void sift_down(struct ike_engine *eng, struct ike_sa *sa)
{
	size_t i = sa->p->heap_at, c;

	while ((c = 2 * i + 1) < eng->n_heap) {
		if (c + 1 < eng->n_heap &&
		    eng->heap[c + 1]->p->deadline < eng->heap[c]->p->deadline)
			c++;
		if (eng->heap[c]->p->deadline >= sa->p->deadline)
			break;
		put(eng, i, eng->heap[c]);
		i = c;
	}
	put(eng, i, sa);
}

/** ike_sched_add() - a new IKE SA; false without memory */
bool ike_sched_add(struct ike_sa *sa)
{
	struct ike_engine *eng = sa->eng;
	size_t cap = eng->cap_heap ? 2 * eng->cap_heap : 64;
	struct ike_sa **v;

	if (eng->n_heap == eng->cap_heap) {
		v = realloc(eng->heap, cap * sizeof(struct ike_sa *));
		if (!v)
			return false;
		eng->heap = v;
		eng->cap_heap = cap;
	}
	sa->p->deadline = IKE_NEVER;
	put(eng, eng->n_heap++, sa);
	ike_sa_touch(sa);
	return true;
}

/** ike_sched_del() - an IKE SA is freed */
void ike_sched_del(struct ike_sa *sa)
{
	struct ike_engine *eng = sa->eng;
	struct ike_sa *last = eng->heap[--eng->n_heap], **at;

	if (sa->p->counted.family)
		eng->remotes_changed = true;
	if (last != sa) {
		put(eng, sa->p->heap_at, last);
		sift_up(eng, last);
		sift_down(eng, last);
	}
	for (at = &eng->touched; sa->p->touched && *at; at = &(*at)->p->touch) {
		if (*at != sa)
			continue;
		*at = sa->p->touch;
		break;
	}
}

/** ike_sa_touch() - what an IKE SA waits for may have changed */
void ike_sa_touch(struct ike_sa *sa)
{
	if (sa->p->touched)
		return;
	sa->p->touched = true;
	sa->p->touch = sa->eng->touched;
	sa->eng->touched = sa;
}

/**
 * ike_sa_has_remote() - does the route to the peer of an IKE SA matter
 * @sa: IKE SA
 *
 * Anybody can claim an address: strangers must not displace peers.
 *
 * Return: whether its remote address is one of ike_engine_remotes().
 */
bool ike_sa_has_remote(const struct ike_sa *sa)
{
	return sa->state <= IKE_SA_ESTABLISHED &&
	       (sa->initiator || sa->p->authentic);
}

static void look_at_remote(struct ike_sa *sa)
{
	struct wire_addr a = { 0 };

	if (ike_sa_has_remote(sa))
		a = sa->remote.addr;
	if (wire_addr_equal(&a, &sa->p->counted))
		return;
	sa->p->counted = a;
	sa->eng->remotes_changed = true;
}

/** ike_sched_flush() - the heap is right again */
void ike_sched_flush(struct ike_engine *eng)
{
	struct ike_sa *sa;

	while ((sa = eng->touched)) {
		eng->touched = sa->p->touch;
		sa->p->touched = false;
		sa->p->deadline = ike_sa_deadline(sa);
		sift_up(eng, sa);
		sift_down(eng, sa);
		look_at_remote(sa);
	}
}

uint64_t ike_sched_deadline(const struct ike_engine *eng)
{
	return eng->n_heap ? eng->heap[0]->p->deadline : IKE_NEVER;
}

/** ike_sched_run() - the timers of all IKE SAs that are due, once each */
void ike_sched_run(struct ike_engine *eng)
{
	struct ike_sa *due = NULL, *sa;

	while (eng->n_heap && eng->heap[0]->p->deadline <= eng->now) {
		sa = eng->heap[0];
		sa->p->deadline = IKE_NEVER;
		sift_down(eng, sa);
		sa->p->due = due;
		due = sa;
	}
	for (; due; due = due->p->due) {
		ike_sa_touch(due);
		ike_sa_touch(ike_sa_heir(due));
		ike_sa_timers(due);
	}
}

/* ---------------------------------------------------------------- the dead */

/** ike_sa_dead() - an IKE SA is done for: freed when the event is over */
void ike_sa_dead(struct ike_sa *sa)
{
	sa->state = IKE_SA_DEAD;
	if (sa->p->doomed)
		return;
	sa->p->doomed = true;
	sa->p->dead = sa->eng->dead;
	sa->eng->dead = sa;
	ike_sa_touch(sa);
}
