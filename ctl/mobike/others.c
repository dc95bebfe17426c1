// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses that an IKE SA does not use now (RFC 4555, sections 3.4 and 3.6):
 * the responder tells its own, and again whenever they change; the initiator
 * keeps them, for the day on which no path leads to where the peer is. With
 * MOBIKE-X they are also how paths of another family come about.
 */
#include "mobike/session.h"
#include "wire/mobike.h"

#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------- telling own ones */

static bool among(const struct wire_addr *v, unsigned int n,
		  const struct wire_addr *addr)
{
	for (unsigned int i = 0; i < n; i++)
		if (wire_addr_equal(&v[i], addr))
			return true;
	return false;
}

static bool may_tell(const struct ike_sa *sa, const struct ike_own_addr *own)
{
	return !own->untold &&
	       ike_conn_may_use(sa->conn, &own->addr, own->ifname);
}

/**
 * mx_others_may_join() - can an own address become a path by itself
 * @s: session
 * @addr: where a request came to
 *
 * What the peer may be told of may also be met by it.
 *
 * Return: true if so, and it is none yet.
 */
bool mx_others_may_join(const struct mx_session *s, const struct wire_addr *addr)
{
	const struct ike_own_addr *own;
	unsigned int n;

	if (!s->mobikex || mx_set_by_addr(&s->own, addr))
		return false;
	own = ike_sa_own_addrs(s->sa, &n);
	for (unsigned int i = 0; i < n; i++)
		if (wire_addr_equal(&own[i].addr, addr))
			return may_tell(s->sa, &own[i]);
	return false;
}

/* What is to be told: all but where the message comes from. */
static unsigned int own_others(const struct ike_sa *sa,
			       const struct wire_addr *from,
			       struct wire_addr out[IKE_MAX_OTHERS])
{
	const struct ike_own_addr *own;
	unsigned int n, k = 0;

	own = ike_sa_own_addrs(sa, &n);
	for (unsigned int i = 0; i < n && k < IKE_MAX_OTHERS; i++)
		if (!wire_addr_equal(&own[i].addr, from) &&
		    may_tell(sa, &own[i]))
			out[k++] = own[i].addr;
	return k;
}

/**
 * mx_others_put() - the responder's list, into its IKE_AUTH message
 * @s: session
 * @sa: its IKE SA, for which MOBIKE is agreed
 * @b: message
 */
void mx_others_put(struct mx_session *s, const struct ike_sa *sa,
		   struct wire_enc *b)
{
	s->n_told = own_others(sa, &sa->local.addr, s->told);
	for (unsigned int i = 0; i < s->n_told; i++)
		mobike_additional_encode(b, &s->told[i]);
}

static bool build(struct ike_sa *sa, void *ctx,
		  const struct wire_endpoint *local,
		  const struct wire_endpoint *remote, struct wire_enc *b)
{
	struct mx_session *s = ctx;

	if (!s->sa)
		return false;
	s->n_told = own_others(sa, &local->addr, s->told);
	for (unsigned int i = 0; i < s->n_told; i++)
		mobike_additional_encode(b, &s->told[i]);
	if (!s->n_told)
		wire_notify_encode(b, IKE_N_NO_ADDITIONAL_ADDRESSES, NULL, 0);
	if (!sa->natt)
		mobike_no_nats_encode(b, local, remote);
	return true;
}

static void done(struct ike_sa *sa, void *ctx, enum ike_result result,
		 const struct ike_in *in)
{
	struct mx_session *s = ctx;

	(void)result;
	(void)in;
	/* Its successor tells anew. */
	if (s->sa != sa)
		return;
	s->telling = false;
	mx_steer(s);
}

static void release(void *ctx)
{
	mx_session_put(ctx);
}

/**
 * mx_others_tell() - tell the list anew if it has changed
 * @s: session
 *
 * The address that a request comes from is part of what it says, so that after
 * a change of it a new one is made (RFC 4555, section 3.6).
 */
void mx_others_tell(struct mx_session *s)
{
	struct wire_addr now[IKE_MAX_OTHERS];
	unsigned int n, known, same = 0;
	struct ike_request_desc d = {
		.build = build,
		.done = done,
		.free = release,
		.ctx = s,
	};

	ike_sa_own_addrs(s->sa, &known);
	if (s->sa->first_initiator || s->telling || !known)
		return;
	n = own_others(s->sa, &s->sa->local.addr, now);
	for (unsigned int i = 0; i < n; i++)
		same += among(s->told, s->n_told, &now[i]);
	if (n == s->n_told && same == n && !s->untold)
		return;
	s->telling = true;
	s->lists = true;
	s->untold = false;
	mx_session_get(s);
	if (!ike_sa_request(s->sa, &d))
		s->telling = false;
}

/**
 * mx_others_leave() - the own address that is used is gone
 * @s: session
 *
 * An RFC 4555 responder waits for the initiator to move; but from an address
 * that it does not have it cannot even tell (section 3.5).
 */
void mx_others_leave(struct mx_session *s)
{
	struct mx_req own = {
		.src_port = s->sa->local.port,
		.now = ike_sa_now(s->sa),
		.fresh = MOBIKEX_VALID,
	};

	if (!s->sa->mobike || s->mobikex || s->sa->first_initiator ||
	    s->pending || !s->n_cand)
		return;
	own.src = s->cand[0].local;
	mx_set_restart(&s->own, &own);
	mx_commit(s, NULL, 0);
	mx_follow_primary(s);
}

/* ---------------------------------------------------- keeping the peer's */

/**
 * mx_others_in() - what a message of the peer says of its addresses
 * @s: session
 * @sa: IKE SA that it came by
 * @in: message
 *
 * A new list takes the place of the old one; where the message came from is
 * part of it. Nothing else changes (RFC 4555, section 3.4). What comes from where
 * the peer must not be does not count: it may have been sent on from there.
 */
void mx_others_in(struct mx_session *s, struct ike_sa *sa,
		  const struct ike_in *in)
{
	const struct wire_payload *pl = NULL;
	struct wire_addr addr;
	struct wire_notify n;

	if (!wire_addr_equal(&in->remote.addr, &sa->remote.addr) &&
	    !mx_may_be_at(sa, &in->remote.addr))
		return;
	s->n_known = 0;
	s->known[s->n_known++] = in->remote.addr;
	while ((pl = wire_msg_next(in->msg, IKE_PL_NOTIFY, pl))) {
		if (wire_notify_decode(pl, &n) != WIRE_OK ||
		    (n.type != IKE_N_ADDITIONAL_IP4_ADDRESS &&
		     n.type != IKE_N_ADDITIONAL_IP6_ADDRESS) ||
		    mobike_additional_decode(&n, &addr) != WIRE_OK ||
		    wire_addr_kind(&addr) != WIRE_ADDR_UNICAST ||
		    !mx_allowed(sa->conn, &addr) ||
		    s->n_known == IKE_MAX_OTHERS ||
		    among(s->known, s->n_known, &addr))
			continue;
		s->known[s->n_known++] = addr;
	}
	mx_others_watch(s);
}

/**
 * mx_others_watch() - have the ways watched to where else the peer may be met
 * @s: session
 *
 * The way to the primary path's address is; that is of one family.
 */
void mx_others_watch(struct mx_session *s)
{
	struct wire_addr v[IKE_MAX_OTHERS];
	unsigned int n = 0;

	for (unsigned int i = 0; i < s->peer.n; i++) {
		const struct wire_addr *a = &s->peer.path[i].addr;

		if (n < IKE_MAX_OTHERS / 2 && !among(v, n, a) &&
		    a->family != s->sa->remote.addr.family)
			v[n++] = *a;
	}
	for (unsigned int i = 0; i < s->n_known && n < IKE_MAX_OTHERS; i++)
		if (!among(v, n, &s->known[i]))
			v[n++] = s->known[i];
	ike_sa_set_others(s->sa, v, n);
}

/**
 * mx_others_gone() - the peer has left the address that we use
 * @s: session
 *
 * It tells its list from where it is: from elsewhere only if it had to go there,
 * though what it left may be among its addresses again by now. Whichever of them we
 * are asking for will do.
 */
bool mx_others_gone(struct mx_session *s)
{
	const struct wire_addr *at = &mx_set_primary(&s->peer)->addr;

	if (!s->n_known || wire_addr_equal(&s->known[0], at))
		return false;
	return !(s->ask && s->ask->elsewhere &&
		 among(s->known, s->n_known, at));
}

/** mx_others_stays() - the peer has refused to leave one that it has told of */
void mx_others_stays(struct mx_session *s)
{
	const struct wire_addr *at = &mx_set_primary(&s->peer)->addr;

	if (among(s->known, s->n_known, at))
		mx_others_agreed(s, at);
}

/**
 * mx_others_silent() - where the peer seems to have gone it does not answer
 * @s: session, which is back where it was
 *
 * Somebody else may have sent its list on from there: where we are it is until
 * that does not answer either. Then all that is known is asked in earnest.
 */
void mx_others_silent(struct mx_session *s)
{
	mx_others_agreed(s, &mx_set_primary(&s->peer)->addr);
}

/**
 * mx_others_agreed() - the peer is where we want it to be
 * @s: session
 * @addr: one of its addresses
 */
void mx_others_agreed(struct mx_session *s, const struct wire_addr *addr)
{
	unsigned int i = 0;

	if (!s->n_known)
		return;
	while (i < s->n_known && !wire_addr_equal(&s->known[i], addr))
		i++;
	if (i == s->n_known && i < IKE_MAX_OTHERS)
		s->n_known++;
	else if (i == s->n_known)
		i--;
	s->known[i] = s->known[0];
	s->known[0] = *addr;
}

static struct mx_tried *tried(struct mx_session *s,
			      const struct wire_addr *local,
			      const struct wire_addr *remote)
{
	for (unsigned int i = 0; i < s->n_tried; i++)
		if (wire_addr_equal(&s->tried[i].local, local) &&
		    wire_addr_equal(&s->tried[i].remote, remote))
			return &s->tried[i];
	return NULL;
}

/**
 * mx_others_shun() - a pair of addresses does not get answers
 * @s: session
 * @local: own address
 * @remote: the peer's
 */
void mx_others_shun(struct mx_session *s, const struct wire_addr *local,
		    const struct wire_addr *remote)
{
	struct mx_tried *t = tried(s, local, remote);

	for (unsigned int i = 0; !t && i < s->n_tried; i++)
		if (s->tried[i].until <= ike_sa_now(s->sa))
			t = &s->tried[i];
	if (!t && s->n_tried < MX_MAX_TRIED &&
	    mx_reserve(&s->tried, &s->tried_room, s->n_tried + 1,
		       sizeof(*s->tried)))
		t = &s->tried[s->n_tried++];
	if (!t && !s->n_tried)
		return;
	if (!t)
		t = &s->tried[0];
	t->local = *local;
	t->remote = *remote;
	t->since = ike_sa_now(s->sa);
	t->until = t->since + MX_SUSPECT_US;
}

/*
 * Not twice unless the peer was heard of between: one that is gone would never
 * be found dead.
 */
static uint64_t due(struct mx_session *s, const struct ike_host_addr *h)
{
	const struct mx_tried *t = tried(s, &h->local, &h->remote);

	if (!t)
		return 0;
	return s->sa->last_in_us > t->since ? t->until : IKE_NEVER;
}

/**
 * mx_others_find() - pairs with addresses of the peer that are not in its set
 * @s: session
 *
 * In @s->other, the kernel's preference first. Return: how many.
 */
unsigned int mx_others_find(struct mx_session *s)
{
	unsigned int n, k = 0;
	const struct ike_host_addr *h = ike_sa_addrs(s->sa, &n);

	for (unsigned int i = 0; i < n && k < MX_MAX_OTHER; i++) {
		if (h[i].transient ||
		    !among(s->known, s->n_known, &h[i].remote) ||
		    mx_set_by_addr(&s->peer, &h[i].remote) ||
		    !ike_conn_may_use(s->sa->conn, &h[i].local, h[i].ifname))
			continue;
		if (!mx_reserve(&s->other, &s->other_room, k + 1,
				sizeof(*s->other)))
			break;
		s->other[k++] = (struct mx_cand){
			.local = h[i].local,
			.remote = h[i].remote,
			.rank = mx_rank_ifname(s->sa->conn, h[i].ifname),
			.not_before = due(s, &h[i]),
			.add_at = mx_shunned_until(s, &h[i].local),
		};
	}
	return k;
}
