// SPDX-License-Identifier: GPL-2.0
/*
 * NATs on the way. Who is behind one is shown to the peer at an address and port
 * that are not its own and that may change at any time: when the NAT forgets a
 * mapping or starts anew. Liveness goes on then, for answers go where requests
 * come from, while ESP of the peer is lost. So who is behind a NAT looks how
 * the peer sees it, in every message that tells, and says so when that changes
 * (RFC 4555, section 3.8).
 */
#include "crypto/auth.h"
#include "crypto/util.h"
#include "mobike/session.h"

#include <string.h>

/* How often somebody is asked who may have a new mapping; and for how long. */
#define HINT_US	      (1 * 1000000ull)
#define HINT_TRIAL_US (2 * 1000000ull)
/* And how often a path that does not answer is told of. */
#define TELL_US	      (4 * 1000000ull)
#define TELL_MAX_US   (300 * 1000000ull)

/* ---------------------------------------------------------- own mappings */

/**
 * mx_nat_digest() - what the peer's NATD payload says of an address and port
 * @sa: IKE SA
 * @at: where it sees us
 * @digest: gets it
 *
 * Return: false if it cannot be made.
 */
bool mx_nat_digest(const struct ike_sa *sa, const struct wire_endpoint *at,
		   uint8_t digest[MX_SEEN_LEN])
{
	return !crypto_natd(sa->spi_i, sa->spi_r, at, digest);
}

static bool is_of(const struct ike_sa *sa, const struct wire_addr *addr,
		  const struct wire_addr *here,
		  const uint8_t digest[MX_SEEN_LEN])
{
	const struct wire_endpoint at = { *addr, sa->local.port };
	uint8_t own[MX_SEEN_LEN];

	return addr->family && !wire_addr_equal(addr, here) &&
	       mx_nat_digest(sa, &at, own) &&
	       crypto_equal(own, digest, MX_SEEN_LEN);
}

/*
 * A request that was made for another address of this host, and sent again to this
 * one when the peer had heard of a move: no NAT shows one as the other.
 */
static bool for_another(const struct mx_session *s, const struct ike_sa *sa,
			const struct wire_addr *here,
			const uint8_t digest[MX_SEEN_LEN])
{
	for (unsigned int i = 0; i < s->n_cand; i++)
		if (is_of(sa, &s->cand[i].local, here, digest))
			return true;
	/* Its link may have gone, which is why it was sent again. */
	for (unsigned int i = 0; i < s->own.n; i++)
		if (is_of(sa, &s->own.path[i].addr, here, digest))
			return true;
	for (unsigned int i = 0; i < s->own.n_ghost; i++)
		if (is_of(sa, &s->own.ghost[i].addr, here, digest))
			return true;
	return false;
}

/* Where the peer sees the receiver of this message, as a digest. */
static bool shown_as(const struct mx_session *s, const struct ike_sa *sa,
		     const struct ike_in *in, uint8_t digest[MX_SEEN_LEN])
{
	struct wire_notify n;

	if (!wire_notify_find(in->msg, IKE_N_NAT_DETECTION_DESTINATION_IP,
			      &n) ||
	    n.data.len != MX_SEEN_LEN)
		return false;
	if (for_another(s, sa, &in->local.addr, n.data.p))
		return false;
	memcpy(digest, n.data.p, MX_SEEN_LEN);
	return true;
}

/* Without a NAT the peer sees what we are. */
static bool base_of(const struct ike_sa *sa, const struct mx_path *p,
		    uint8_t digest[MX_SEEN_LEN])
{
	const struct wire_endpoint at = { .addr = p->addr, .port = p->port };

	if (p->seen_set) {
		memcpy(digest, p->seen, MX_SEEN_LEN);
		return true;
	}
	return !(p->nat & IKE_NATD_LOCAL) && mx_nat_digest(sa, &at, digest);
}

/**
 * mx_nat_tell() - the peer is to be told where an own path is shown, soon
 * @p: the path
 */
void mx_nat_tell(struct mx_path *p)
{
	p->remapped = true;
	p->tell_at = 0;
	p->untold = 0;
}

/**
 * mx_nat_tell_later() - likewise, but it was in vain just now
 * @p: the path
 * @now: microseconds
 *
 * A path that leads nowhere is tried more and more seldom: its tries are worth
 * nothing to anybody.
 */
void mx_nat_tell_later(struct mx_path *p, uint64_t now)
{
	uint64_t wait = TELL_US << (p->untold < 16 ? p->untold : 16);

	p->remapped = true;
	p->untold++;
	p->tell_at = now + (wait < TELL_MAX_US ? wait : TELL_MAX_US);
}

/**
 * mx_nat_tell_again() - what the peer was told has not come about
 * @p: the path
 * @now: microseconds
 *
 * At once the first time, then as what is in vain.
 */
void mx_nat_tell_again(struct mx_path *p, uint64_t now)
{
	bool first = !p->untold;

	mx_nat_tell_later(p, now);
	if (first)
		p->tell_at = now;
}

/**
 * mx_nat_shown() - remember how the peer sees an own path
 * @s: session
 * @sa: IKE SA that the message came by
 * @in: message, authentic and fresh
 *
 * Return: the path, if the message tells.
 */
struct mx_path *mx_nat_shown(struct mx_session *s, const struct ike_sa *sa,
			     const struct ike_in *in)
{
	struct mx_path *p = mx_set_by_addr(&s->own, &in->local.addr);

	if (!p || sa != s->sa || !sa->natt || !shown_as(s, sa, in, p->shown))
		return NULL;
	p->shown_us = ike_sa_now(sa);
	return p;
}

/**
 * mx_nat_look() - how does the peer see an own path
 * @s: session
 * @sa: IKE SA that the message came by
 * @in: message, authentic and fresh
 *
 * A NAT may show us to each address of the peer as another one: compared are
 * those that the IKE SA's own end has seen.
 */
void mx_nat_look(struct mx_session *s, const struct ike_sa *sa,
		 const struct ike_in *in)
{
	struct mx_path *p = NULL;
	uint8_t was[MX_SEEN_LEN];

	if (wire_endpoint_equal(&in->remote, &sa->remote))
		p = mx_nat_shown(s, sa, in);
	if (!p)
		return;
	if (base_of(sa, p, was) && !crypto_equal(p->shown, was, MX_SEEN_LEN))
		mx_nat_tell(p);
	memcpy(p->seen, p->shown, MX_SEEN_LEN);
	p->seen_set = true;
	if (p->remapped)
		mx_steer(s);
}

/*
 * The answer came by another link: the NAT has given it the mapping of the one
 * that the request left by. The peer knows a mapping that is gone.
 */
static void came_elsewhere(struct mx_path *p, uint64_t now)
{
	if (p->nat & IKE_NATD_LOCAL)
		mx_nat_tell_again(p, now);
	else if (p->remapped)
		mx_nat_tell_later(p, now);
}

/**
 * mx_nat_compare() - a path that is not in use has been answered
 * @s: session
 * @sa: IKE SA that the answer came by
 * @in: the answer
 *
 * If it is shown elsewhere than the peer holds it, the peer is told before it
 * is needed.
 */
void mx_nat_compare(struct mx_session *s, const struct ike_sa *sa,
		    const struct ike_in *in)
{
	struct mx_path *p = mx_nat_shown(s, sa, in);

	if (!p || !(p->nat & IKE_NATD_LOCAL) || !p->seen_set ||
	    crypto_equal(p->shown, p->seen, MX_SEEN_LEN))
		return;
	memcpy(p->seen, p->shown, MX_SEEN_LEN);
	mx_nat_tell(p);
}

/**
 * mx_nat_answered() - the peer has answered to a request about an own path
 * @s: session
 * @id: the path, which the request left by
 * @in: the answer
 * @natd: what ike_in_natd() makes of it
 *
 * Return: whether there is a NAT now where there was none, or the reverse: the
 * kernel is to be told.
 */
bool mx_nat_answered(struct mx_session *s, uint16_t id,
		     const struct ike_in *in, unsigned int natd)
{
	struct mx_path *p = mx_set_find(&s->own, id);
	uint8_t was;

	if (!p)
		return false;
	if (!wire_addr_equal(&p->addr, &in->local.addr)) {
		came_elsewhere(p, ike_sa_now(s->sa));
		return false;
	}
	p->remapped = false;
	/* Otherwise that depends on what the answer lists. */
	if (!s->mobikex)
		p->untold = 0;
	/* It does not say what it makes of it, but has been told. */
	if (natd == IKE_NATD_ABSENT)
		return false;
	was = p->nat;
	p->nat = natd & (IKE_NATD_LOCAL | IKE_NATD_REMOTE);
	p->outer.addr.family = 0;
	p->seen_set = shown_as(s, s->sa, in, p->seen);
	return !p->nat != !was;
}

/**
 * mx_nat_rekeyed() - the digests that were seen are of another IKE SA
 * @s: session
 *
 * A change that happened meanwhile could not be told from the new digests.
 */
void mx_nat_rekeyed(struct mx_session *s)
{
	for (unsigned int i = 0; i < s->own.n; i++) {
		struct mx_path *p = &s->own.path[i];

		p->seen_set = false;
		p->shown_us = 0;
		if (!(p->nat & IKE_NATD_LOCAL))
			continue;
		mx_nat_tell(p);
		s->again_at = ike_sa_now(s->sa) + 1;
	}
}

/* ------------------------------------------------- mappings of the peer */

static bool is_known(struct mx_session *s, const struct wire_endpoint *at)
{
	for (unsigned int i = 0; i < s->peer.n; i++)
		if (s->peer.path[i].port == at->port &&
		    wire_addr_equal(&s->peer.path[i].addr, &at->addr))
			return true;
	return false;
}

/**
 * mx_nat_hint() - authentic ESP in UDP came from where no path of the peer is
 * @s: session
 * @h: from where
 *
 * Its NAT may have changed the mapping. That moves nobody (RFC 4555, section
 * 3.8, and I8); but a request that reaches the peer there tells it, and it will
 * say so itself.
 */
void mx_nat_hint(struct mx_session *s, const struct ike_ev_path_hint *h)
{
	const struct mx_path *p = mx_set_primary(&s->peer);
	const struct ike_request_desc d = {
		.local = { .addr = h->local, .port = s->sa->local.port },
		.remote = { .addr = h->remote, .port = h->remote_port },
		.timeout_us = HINT_TRIAL_US,
		.yields = true,
	};
	uint64_t now = ike_sa_now(s->sa);

	if (!(p->nat & IKE_NATD_REMOTE) || !h->remote_port ||
	    now < s->hint_at || is_known(s, &d.remote) ||
	    !mx_set_by_addr(&s->own, &h->local) ||
	    !mx_allowed(s->sa->conn, &h->remote) ||
	    wire_addr_kind(&h->remote) != WIRE_ADDR_UNICAST)
		return;
	s->hint_at = now + HINT_US;
	if (ike_sa_window(s->sa) > 1)
		mx_ask_for_sign(s, &d, false);
}
