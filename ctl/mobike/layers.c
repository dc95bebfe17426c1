// SPDX-License-Identifier: GPL-2.0
/*
 * What the layers above may use: an own address is ready for transports with
 * several (SCTP, MPTCP) when the kernel has it in the binding and the peer has
 * accepted it, and it is gone before the peer is asked to forget it. In the other
 * order their packets would be held, or dropped by the peer.
 */
#include "mobike/session.h"

static bool is_leaving(const struct mx_session *s, const struct mx_path *p)
{
	const struct mx_ask *a = s->ask;

	if (!a || a->kind != MX_ASK_REMOVE)
		return false;
	for (unsigned int i = 0; i < a->n; i++)
		if (a->ops[i].id == p->id)
			return true;
	return false;
}

static bool is_usable(const struct mx_session *s, const struct mx_path *p)
{
	return p->state == MOBIKEX_VALID && !is_leaving(s, p) &&
	       mx_cand_find(s->cand, s->n_cand, &p->addr);
}

static bool still_usable(const struct mx_session *s,
			 const struct wire_addr *addr)
{
	for (unsigned int i = 0; i < s->own.n; i++)
		if (wire_addr_equal(&s->own.path[i].addr, addr) &&
		    is_usable(s, &s->own.path[i]))
			return true;
	return false;
}

static void say(struct mx_session *s, struct ike_sa *sa, bool is_ready,
		const struct wire_addr *addr)
{
	struct ike_report *r = ike_sa_report(sa, IKE_LOG_INFO,
					     is_ready ? "address-ready" :
							"address-gone");

	ike_report_addr(r, "addr", addr);
	if (s->mptcp != IKE_MPTCP_NO)
		ike_sa_endpoint(sa, is_ready, addr);
}

static bool is_ready(const struct mx_session *s, const struct wire_addr *addr)
{
	for (unsigned int i = 0; i < s->n_ready; i++)
		if (wire_addr_equal(&s->ready[i], addr))
			return true;
	return false;
}

/* What does not stay is for who has it already. */
static bool stays(const struct mx_session *s, const struct wire_addr *addr)
{
	const struct mx_cand *c = mx_cand_find(s->cand, s->n_cand, addr);

	return c && !c->transient;
}

/*
 * Has the kernel a pair with this one that may be sent to? Of two paths of the peer
 * behind one NAT it knows one. If the peer's next address is still under test the
 * own one stays, or each move would have it go and come.
 */
static bool leads_somewhere(const struct mx_session *s,
			    const struct wire_addr *addr)
{
	struct ike_path pairs[IKE_MAX_PATHS];
	unsigned int n = mx_pairs(&s->own, &s->peer, ike_sa_now(s->sa), pairs);

	for (unsigned int i = 0; i < n; i++)
		if (pairs[i].state == MOBX_PATH_STATE_VALID &&
		    wire_addr_equal(&pairs[i].local, addr))
			return true;
	return false;
}

/**
 * mx_layers() - tell the layers above what has changed for them
 * @s: session
 *
 * To be called when a change is complete, and before a path's removal is asked
 * for.
 */
void mx_layers(struct mx_session *s)
{
	struct wire_addr addr;

	if (!s->mobikex)
		return;
	for (unsigned int i = 0; i < s->n_ready; i++) {
		addr = s->ready[i];
		if (still_usable(s, &addr))
			continue;
		s->ready[i--] = s->ready[--s->n_ready];
		say(s, s->sa, false, &addr);
	}
	/*
	 * Of a hard change this end knows already, the peer may not; of one of
	 * the peer's the kernel may not.
	 */
	if ((s->ask && s->ask->kind == MX_ASK_HARD) || s->pending)
		return;
	for (unsigned int i = 0; i < s->own.n; i++) {
		const struct mx_path *p = &s->own.path[i];

		if (!is_usable(s, p) || is_ready(s, &p->addr) ||
		    !stays(s, &p->addr) ||
		    !leads_somewhere(s, &p->addr) ||
		    s->n_ready == MX_MAX_PATHS ||
		    !mx_reserve(&s->ready, &s->ready_room, s->n_ready + 1,
				sizeof(*s->ready)))
			continue;
		if (!s->n_ready)
			s->mptcp = s->sa->conn->mptcp;
		s->ready[s->n_ready++] = p->addr;
		say(s, s->sa, true, &p->addr);
	}
}

/**
 * mx_layers_end() - nothing is ready any more
 * @s: session
 * @sa: IKE SA that ends, and the session with it
 */
void mx_layers_end(struct mx_session *s, struct ike_sa *sa)
{
	while (s->n_ready)
		say(s, sa, false, &s->ready[--s->n_ready]);
}
