// SPDX-License-Identifier: GPL-2.0
/*
 * SAs that lose their policy. RFC 4301, section 4.4.1 wants a change of the SPD
 * to be checked against the SAs that are there, and the administrator to say
 * what becomes of those that it no longer covers: in this namespace they are
 * kept, or end (struct mobx_net.uncovered).
 */

#include "cover.h"
#include "netns.h"
#include "peer.h"
#include "policy.h"
#include "sa.h"

/*
 * In transport mode the addresses of an SA are those that its peer has now; in
 * tunnel mode they are in its selectors.
 */
static bool mobx_cover_selector(const struct mobx_policy *pol,
				const struct mobx_sa *sa,
				struct mobx_selector sel)
{
	const struct mobx_binding *b;
	unsigned int i;

	if (sa->mode != MOBX_MODE_TRANSPORT)
		return mobx_selector_meets(&pol->sel, &sel);
	b = rcu_dereference_protected(sa->peer->binding,
				      lockdep_is_held(&sa->peer->mnet->lock));
	for (i = 0; i < b->n_paths; i++) {
		const struct mobx_bound *e = &b->paths[i];

		sel.family = e->family;
		sel.local = (struct mobx_range){ e->local, e->local };
		sel.remote = (struct mobx_range){ e->remote, e->remote };
		if (mobx_selector_meets(&pol->sel, &sel))
			return true;
	}
	return false;
}

/* Whether a policy may send packets to an SA. */
static bool mobx_cover_has(const struct mobx_policy *pol,
			   const struct mobx_sa *sa)
{
	unsigned int i;

	if (pol->action != MOBX_ACTION_PROTECT || pol->mode != sa->mode ||
	    (pol->peer && pol->peer != sa->peer))
		return false;
	for (i = 0; i < sa->n_sels; i++)
		if (mobx_cover_selector(pol, sa, sa->sels[i]))
			return true;
	return !sa->n_sels && mobx_cover_selector(pol, sa, MOBX_SELECTOR_ANY);
}

static void mobx_cover_check(struct mobx_net *mnet, struct list_head *sas,
			     const struct mobx_policy *gone)
{
	const struct mobx_policy *pol;
	struct mobx_sa *sa;

	list_for_each_entry(sa, sas, list) {
		if (!mobx_cover_has(gone, sa))
			continue;
		for (pol = mobx_spd_from(&mnet->spd, 0); pol;
		     pol = mobx_spd_next(pol))
			if (mobx_cover_has(pol, sa))
				break;
		if (!pol)
			mobx_sa_expire(sa, MOBX_EXPIRE_HARD);
	}
}

/**
 * mobx_cover_gone - look after the SAs of a policy that has gone
 * @mnet: namespace
 * @gone: policy, in the SPD no more
 *
 * Where the namespace says so, SAs that it covered and that no other policy
 * covers come to their end, as if they had met a hard limit.
 *
 * Context: process, under mobx_net.lock.
 */
void mobx_cover_gone(struct mobx_net *mnet, const struct mobx_policy *gone)
{
	struct mobx_peer *peer;
	unsigned long id;

	lockdep_assert_held(&mnet->lock);
	if (mnet->uncovered == MOBX_UNCOVERED_KEEP ||
	    gone->action != MOBX_ACTION_PROTECT)
		return;
	xa_for_each(&mnet->peers, id, peer) {
		if (gone->peer && gone->peer != peer)
			continue;
		mobx_cover_check(mnet, &peer->sas_out, gone);
		mobx_cover_check(mnet, &peer->sas_in, gone);
	}
}
