// SPDX-License-Identifier: GPL-2.0
/* The traffic that both ends of the simulator protect, as a kernel would carry it. */
#include "mobike_sim_part.h"

#define KEEP_US		(100 * SIM_MS)
#define KEEP_STEP_US	SIM_MS

static const struct ike_path *primary_of(const struct sim_peer *p)
{
	for (unsigned int i = 0; i < p->n; i++)
		if (p->paths[i].flags & MOBX_PATH_FLAGS_PRIMARY)
			return &p->paths[i];
	return NULL;
}

static struct ike_path_count *count_of(struct sim_node *n,
				       const struct wire_addr *local,
				       const struct wire_addr *remote)
{
	unsigned int i;

	for (i = 0; i < n->n_counts; i++)
		if (wire_addr_equal(&n->counts[i].local, local) &&
		    wire_addr_equal(&n->counts[i].remote, remote))
			return &n->counts[i];
	if (i == SIM_MAX_COUNTS)
		sim_broken(n->sim, "more pairs than are counted");
	n->counts[n->n_counts].local = *local;
	n->counts[n->n_counts].remote = *remote;
	return &n->counts[n->n_counts++];
}

static void send_data(struct sim *sim, int node)
{
	struct sim_node *n = &sim->node[node];
	const struct ike_path *e;
	struct sim_event ev = { .type = EV_DATA, .node = !node };
	struct sim_link *from, *to;
	int owner;

	if (!n->n_peers || !n->sas || n->mute)
		return;
	e = primary_of(&n->peers[n->n_peers - 1]);
	n->flow.sent++;
	if (e->state != MOBX_PATH_STATE_VALID && !e->credit) {
		n->flow.not_sent++;
		return;
	}
	count_of(n, &e->local, &e->remote)->tx++;
	ev.local = (struct wire_endpoint){ e->remote, e->encap_dport };
	ev.remote = (struct wire_endpoint){ e->local, e->encap_sport };
	from = sim_link_of(sim, &e->local, &owner);
	to = sim_link_at(sim, &ev.local, &owner);
	if (!from || !to ||
	    !sim_travel(sim, &e->local, &ev.local, 0, &ev.at) ||
	    (!e->encap_sport && (from->nat.family || to->nat.family))) {
		n->flow.lost_on_link++;
		return;
	}
	sim_nat_shows(from, &ev.remote);
	sim_push(sim, ev);
}

/* Would the kernel take a packet by this pair: 1 yes, 0 no, -1 unknown. */
static int takes(const struct sim *sim, const struct sim_node *n,
		 const struct wire_addr *local, const struct wire_addr *remote)
{
	const struct sim_peer *p;

	if (!n->n_peers)
		return 0;
	p = &n->peers[n->n_peers - 1];
	for (unsigned int i = 0; i < p->n; i++) {
		const struct ike_path *e = &p->paths[i];

		if (!wire_addr_equal(&e->local, local) ||
		    !wire_addr_equal(&e->remote, remote))
			continue;
		if (e->state == MOBX_PATH_STATE_DEPRECATED)
			return sim->now < p->bound_at +
					  e->accept_until_ms * SIM_MS;
		return e->state != MOBX_PATH_STATE_REMOVED;
	}
	return -1;
}

/* The kernel says, not too often, that ESP comes from where no path is. */
static void hint(struct sim *sim, const struct sim_event *d,
		 const struct wire_addr *local)
{
	struct sim_node *n = &sim->node[d->node];
	struct ike_event ev = { .type = IKE_EV_PATH_HINT };

	if (sim->now < n->hint_at)
		return;
	n->hint_at = sim->now + SIM_SECOND;
	ev.u.path_hint.peer = n->peers[n->n_peers - 1].id;
	ev.u.path_hint.local = *local;
	ev.u.path_hint.remote = d->remote.addr;
	ev.u.path_hint.remote_port = d->remote.port;
	sim_event(sim, d->node, &ev);
}

static bool other_port(const struct sim_node *n, const struct sim_event *d,
		       const struct wire_addr *local)
{
	const struct sim_peer *p = &n->peers[n->n_peers - 1];

	for (unsigned int i = 0; i < p->n; i++)
		if (wire_addr_equal(&p->paths[i].local, local) &&
		    wire_addr_equal(&p->paths[i].remote, &d->remote.addr))
			return p->paths[i].encap_dport && d->remote.port &&
			       p->paths[i].encap_dport != d->remote.port;
	return false;
}

void sim_take_data(struct sim *sim, struct sim_event *ev)
{
	struct sim_node *n = &sim->node[ev->node];
	struct sim_flow *f = &sim->node[!ev->node].flow;
	int node, verdict;
	struct sim_link *l = sim_link_at(sim, &ev->local, &node);

	if (!l || !l->up) {
		f->lost_on_link++;
		return;
	}
	verdict = takes(sim, n, &l->addr, &ev->remote.addr);
	if (n->n_peers && !ev->tries &&
	    (verdict < 0 || other_port(n, ev, &l->addr)))
		hint(sim, ev, &l->addr);
	/* The kernel keeps what comes from elsewhere for a moment (I8). */
	if (verdict < 0 && ev->tries++ < KEEP_US / KEEP_STEP_US) {
		ev->at = sim->now + KEEP_STEP_US;
		sim_push(sim, *ev);
		return;
	}
	if (verdict < 1) {
		f->refused++;
		return;
	}
	f->received++;
	count_of(n, &l->addr, &ev->remote.addr)->rx++;
	if (f->last_at && sim->now - f->last_at > f->longest_gap)
		f->longest_gap = sim->now - f->last_at;
	f->last_at = sim->now;
}

void sim_tick(struct sim *sim)
{
	if (!sim->data_every_us)
		return;
	send_data(sim, 0);
	send_data(sim, 1);
	sim_push(sim, (struct sim_event){
		.at = sim->now + sim->data_every_us,
		.type = EV_TICK,
	});
}

void sim_kick_data(struct sim *sim)
{
	sim_push(sim, (struct sim_event){ .at = sim->now, .type = EV_TICK });
}
