// SPDX-License-Identifier: GPL-2.0
/*
 * Candidates: own addresses that can be used now, where each leads, and which of
 * them are not to be tried for a while because they failed.
 */
#include "mobike/session.h"

#include <string.h>

#define MAX_SHUN_US (300 * 1000000ull)

static struct mx_memo *memo_of(struct mx_session *s,
			       const struct wire_addr *addr)
{
	for (unsigned int i = 0; i < s->n_memo; i++)
		if (wire_addr_equal(&s->memo[i].addr, addr))
			return &s->memo[i];
	return NULL;
}

/**
 * mx_shun() - do not try an own address for a while, longer each time
 * @s: session
 * @own: the address
 * @us: how long at first; UINT64_MAX: until its link goes away, or a command
 *	wants it; 0: all is forgiven
 */
void mx_shun(struct mx_session *s, const struct wire_addr *own, uint64_t us)
{
	struct mx_memo *m = memo_of(s, own);
	uint64_t now = ike_sa_now(s->sa);

	if (!us) {
		if (m)
			*m = s->memo[--s->n_memo];
	} else {
		if (!m && s->n_memo == MX_MAX_CANDS)
			m = &s->memo[0];
		else if (!m)
			m = &s->memo[s->n_memo++];
		if (!wire_addr_equal(&m->addr, own))
			*m = (struct mx_memo){ .addr = *own };
		if (us != UINT64_MAX) {
			us <<= m->fails;
			if (us > MAX_SHUN_US)
				us = MAX_SHUN_US;
			else
				m->fails++;
			us += now;
		}
		m->until = us;
	}
	for (unsigned int i = 0; i < s->n_cand; i++)
		if (wire_addr_equal(&s->cand[i].local, own))
			s->cand[i].not_before = us;
}

/** mx_shunned_until() - an own address is not tried before, 0: at any time */
uint64_t mx_shunned_until(struct mx_session *s, const struct wire_addr *own)
{
	const struct mx_memo *m = memo_of(s, own);

	return m ? m->until : 0;
}

/*
 * In transport mode a packet has the address that its flow has, which the kernel
 * gives out: a temporary one is bound as it comes, and one that it gives out no
 * more as long as it is there, for who began with it. In tunnel mode nobody sees
 * it, and a path that will be gone tomorrow is of no use. The mode is that of the
 * Child SAs, and that of those to come.
 */
static bool is_wanted(struct mx_session *s, const struct ike_host_addr *h)
{
	if (!ike_conn_may_use(s->sa->conn, &h->local, h->ifname))
		return false;
	if (!h->transient)
		return true;
	return s->mobikex &&
	       (s->sa->conn->mode == MOBX_MODE_TRANSPORT ||
		ike_sa_has_transport(s->sa)) &&
	       (!h->deprecated || mx_set_by_addr(&s->own, &h->local));
}

static bool is_transient_full(const struct mx_session *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < s->n_cand; i++)
		n += s->cand[i].transient;
	return n >= MX_MAX_TRANSIENT || n >= s->max_paths / 2;
}

/* One candidate for each own address; the peer's primary is its best end. */
static void add_cand(struct mx_session *s, const struct mx_cand *was,
		     unsigned int n_was, const struct ike_host_addr *h)
{
	const struct mx_path *to = mx_set_by_addr(&s->peer, &h->remote);
	const struct mx_cand *old = mx_cand_find(was, n_was, &h->local);
	struct mx_cand *c;

	if (!to || !is_wanted(s, h))
		return;
	for (unsigned int i = 0; i < s->n_cand; i++) {
		c = &s->cand[i];
		if (!wire_addr_equal(&c->local, &h->local))
			continue;
		if ((to->flags & MOBIKEX_F_PRIMARY) ||
		    !mx_set_by_addr(&s->peer, &c->remote))
			c->remote = h->remote;
		return;
	}
	if (s->n_cand == MX_MAX_CANDS ||
	    (h->transient && is_transient_full(s)) ||
	    !mx_reserve(&s->cand, &s->cand_room, s->n_cand + 1,
			sizeof(*s->cand)))
		return;
	c = &s->cand[s->n_cand++];
	c->local = h->local;
	c->remote = h->remote;
	c->rank = mx_rank_ifname(s->sa->conn, h->ifname);
	c->transient = h->transient;
	c->deprecated = h->deprecated;
	c->since = old ? old->since : ike_sa_now(s->sa);
	c->not_before = mx_shunned_until(s, &h->local);
	c->test_at = old ? old->test_at : 0;
	c->tested_us = old ? old->tested_us : 0;
	c->testing = old && old->testing;
	c->silent = old && old->silent;
	c->quality = old ? old->quality : (struct mx_quality){ 0 };
	c->traffic = old ? old->traffic : (struct mx_traffic){ 0 };
}

static bool leads_anywhere(const struct ike_host_addr *h, unsigned int n,
			   const struct wire_addr *own)
{
	for (unsigned int i = 0; i < n; i++)
		if (wire_addr_equal(&h[i].local, own))
			return true;
	return false;
}

/* A link that went away starts anew when it comes back. */
static void forget_memos(struct mx_session *s, const struct ike_host_addr *h,
			 unsigned int n)
{
	for (unsigned int i = 0; i < s->n_memo; i++)
		if (!mx_cand_find(s->cand, s->n_cand, &s->memo[i].addr) &&
		    !(s->mobikex && leads_anywhere(h, n, &s->memo[i].addr)))
			s->memo[i--] = s->memo[--s->n_memo];
}

/* What others of them leave room for, the ones given out now first. */
static void add_cands(struct mx_session *s, const struct mx_cand *was,
		      unsigned int n_was)
{
	unsigned int n;
	const struct ike_host_addr *h = ike_sa_addrs(s->sa, &n);

	for (unsigned int kind = 0; kind < 3; kind++)
		for (unsigned int i = 0; i < n; i++)
			if (kind == (h[i].transient ? 1u + h[i].deprecated : 0u))
				add_cand(s, was, n_was, &h[i]);
}

/**
 * mx_candidates_follow() - the peer's set has changed, the host's addresses not
 * @s: session
 * @in: the request that changed it, or NULL
 *
 * Only what has or has not got a partner of its family by that comes or goes: the
 * way to another address of the peer may not be watched yet. But the way that the
 * request came is one.
 */
void mx_candidates_follow(struct mx_session *s, const struct ike_in *in)
{
	const struct ike_own_addr *own;
	struct ike_host_addr h = { 0 };
	unsigned int n;
	unsigned int kept = 0;

	for (unsigned int i = 0; i < s->n_cand; i++)
		if (mx_set_has_family(&s->peer, s->cand[i].local.family))
			s->cand[kept++] = s->cand[i];
	s->n_cand = kept;
	add_cands(s, NULL, 0);
	own = ike_sa_own_addrs(s->sa, &n);
	for (unsigned int i = 0; in && i < n; i++) {
		if (own[i].untold ||
		    !wire_addr_equal(&own[i].addr, &in->local.addr))
			continue;
		h.local = in->local.addr;
		h.remote = in->remote.addr;
		memcpy(h.ifname, own[i].ifname, sizeof(h.ifname));
		add_cand(s, NULL, 0, &h);
	}
}

/**
 * mx_candidates() - take over the host's usable addresses
 * @s: session
 */
void mx_candidates(struct mx_session *s)
{
	struct mx_cand was[MX_MAX_CANDS];
	unsigned int n_was = s->n_cand, n;
	const struct ike_host_addr *h = ike_sa_addrs(s->sa, &n);

	if (n_was)
		memcpy(was, s->cand, n_was * sizeof(*was));
	s->n_cand = 0;
	add_cands(s, was, n_was);
	if (s->n_cand)
		s->links_known = true;
	forget_memos(s, h, n);
	if (s->suspect.family && !mx_cand_find(s->cand, s->n_cand, &s->suspect))
		s->suspect.family = 0;
}
