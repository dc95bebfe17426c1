/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_EVENT_H
#define MOBX_EVENT_H

#include "addr.h"
#include "encap.h"

struct mobx_binding;
struct mobx_net;
struct mobx_peer;
struct mobx_policy;
struct mobx_replace;
struct mobx_sa;

/*
 * Events of the multicast group "events". All may be called in any context,
 * in an RCU section or with references held; they cost next to nothing when
 * nobody listens, and what finds no memory is lost.
 */

/* An SA met a limit; @which is enum mobx_expire. */
void mobx_event_expire(const struct mobx_sa *sa, unsigned int which);

/*
 * A packet waits for an SA or a path. @policy is NULL where negotiated
 * selectors protect it; @peer is NULL where none is known. The caller limits
 * the rate to one a second for each policy and pair. Counts itself.
 */
void mobx_event_acquire(struct mobx_net *mnet, const struct mobx_policy *policy,
			const struct mobx_peer *peer,
			const struct mobx_flow *flow);

/*
 * An authentic packet came from outside the binding, or from another port of
 * ESP in UDP; at most ten a second. @encap is 0 for one without UDP.
 */
void mobx_event_hint(struct mobx_sa *sa, u16 family,
		     const union mobx_addr *local,
		     const union mobx_addr *remote, struct mobx_encap encap);

/* A peer is new, or has a new binding; @binding is NULL when it is gone. */
void mobx_event_binding(const struct mobx_peer *peer,
			const struct mobx_binding *binding);

/*
 * Many peers have moved from one own address to another: one event for all of
 * them, since as many as there may be would overrun who listens.
 */
void mobx_event_replaced(struct mobx_net *mnet, const struct mobx_replace *r);

/* The sequence numbers of an outbound SA are used up; once for each SA. */
void mobx_event_overflow(struct mobx_sa *sa);

/* An ICV was wrong; at most one a second for each SA. */
void mobx_event_integrity(struct mobx_sa *sa, u16 family,
			  const union mobx_addr *local,
			  const union mobx_addr *remote);

/*
 * The content of an authentic packet is none that its SA may carry; at most one
 * a second for each SA.
 */
void mobx_event_mismatch(struct mobx_sa *sa, const struct mobx_flow *flow);

#endif
