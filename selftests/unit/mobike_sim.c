// SPDX-License-Identifier: GPL-2.0
/* The simulator: two hosts with a kernel each, and their clock; see mobike_sim.h. */
#include "mobike_sim_part.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/auth.h"

#define KERNEL_US	40
#define AUTH_US		60
#define WATCH_US	200

static const char psk[] = "a secret that both ends of the simulator know";

/* -------------------------------------------------------------- kernel */

static struct sim_peer *peer_of(struct sim_node *n, uint32_t id)
{
	for (unsigned int i = 0; i < n->n_peers; i++)
		if (n->peers[i].id == id)
			return &n->peers[i];
	return NULL;
}

/* What the module refuses must never be asked of it. */
static void check_paths(const struct sim_node *n, const struct ike_ac_peer *p)
{
	unsigned int primaries = 0;

	if (!p->npaths || p->npaths > IKE_MAX_PATHS)
		sim_broken(n->sim, "%u paths", p->npaths);
	for (unsigned int i = 0; i < p->npaths; i++) {
		const struct ike_path *e = &p->paths[i];

		if (e->local.family != e->remote.family || !e->local.family)
			sim_broken(n->sim, "a pair of two families");
		if (e->flags & MOBX_PATH_FLAGS_PRIMARY) {
			primaries++;
			if (e->state > MOBX_PATH_STATE_VALID)
				sim_broken(n->sim, "primary cannot be used");
		}
		for (unsigned int j = 0; j < i; j++)
			if (wire_addr_equal(&p->paths[j].local, &e->local) &&
			    wire_addr_equal(&p->paths[j].remote, &e->remote))
				sim_broken(n->sim, "the same pair twice");
	}
	if (primaries != 1)
		sim_broken(n->sim, "%u primary paths", primaries);
}

static void bind_paths(struct sim_node *n, struct sim_peer *p,
		       const struct ike_ac_peer *a)
{
	p->n = a->npaths;
	memcpy(p->paths, a->paths, sizeof(p->paths[0]) * a->npaths);
	p->bound_at = n->sim->now;
	p->generation++;
}

static int kernel_peer(struct sim_node *n, const struct ike_action *ac,
		       uint64_t *generation)
{
	const struct ike_ac_peer *a = &ac->u.peer;
	struct sim_peer *p = peer_of(n, a->id);

	if (ac->type == IKE_AC_PEER_DEL) {
		if (!p)
			return -ENOENT;
		*p = n->peers[--n->n_peers];
		return 0;
	}
	check_paths(n, a);
	if (ac->type == IKE_AC_PEER_NEW) {
		if (p)
			return -EEXIST;
		if (n->n_peers == SIM_MAX_PEERS)
			sim_broken(n->sim, "kernel peers are never deleted");
		p = &n->peers[n->n_peers++];
		memset(p, 0, sizeof(*p));
		p->id = a->id;
		snprintf(p->label, sizeof(p->label), "%s", a->label);
		bind_paths(n, p, a);
		*generation = p->generation;
		return 0;
	}
	n->rebinds++;
	if (!p)
		return -ENOENT;
	*generation = p->generation;
	if (n->refuse_rebinds) {
		n->refuse_rebinds--;
		return -ENOMEM;
	}
	if (a->expected_generation != p->generation) {
		n->stale_rebinds++;
		return -ESTALE;
	}
	bind_paths(n, p, a);
	*generation = p->generation;
	return 0;
}

static void kernel(struct sim_node *n, const struct ike_action *ac)
{
	struct sim_event ev = {
		.at = n->sim->now + KERNEL_US,
		.type = EV_KERNEL,
		.node = n->index,
		.tag = ac->tag,
	};

	switch (ac->type) {
	case IKE_AC_SA_NEW:
		if (!peer_of(n, ac->u.sa->peer))
			ev.err = -ENOENT;
		else
			n->sas++;
		break;
	case IKE_AC_SA_DEL:
		if (n->sas)
			n->sas--;
		break;
	case IKE_AC_PEER_SENT:
		ev.packets = n->flow.sent;
		break;
	case IKE_AC_PEER_COUNTS:
		ev.type = EV_COUNTS;
		n->looks++;
		break;
	default:
		ev.err = kernel_peer(n, ac, &ev.generation);
		break;
	}
	sim_push(n->sim, ev);
}

/* --------------------------------------------------------- credentials */

static void credentials(struct sim_node *n, const struct ike_action *ac)
{
	const struct ike_ac_auth *a = ac->u.auth;
	struct wire_span key = { (const uint8_t *)psk, sizeof(psk) - 1 };
	struct wire_span octets = { a->octets, a->len };
	struct sim_event ev = {
		.at = n->sim->now + AUTH_US,
		.type = EV_AUTH,
		.node = n->index,
		.tag = ac->tag,
	};

	if (ac->type == IKE_AC_AUTH_VERIFY) {
		struct wire_span auth = { a->auth, a->auth_len };

		ev.ok = !crypto_psk_verify(a->prf, key, octets, auth);
	} else {
		ev.data = malloc(CRYPTO_PRF_MAX);
		if (!ev.data)
			sim_broken(n->sim, "out of memory");
		ev.ok = !crypto_psk_auth(a->prf, key, octets, ev.data);
		ev.len = crypto_prf_len(a->prf);
	}
	sim_push(n->sim, ev);
}

/* ------------------------------------------------------------- actions */

static void count_report(struct sim_node *n, const struct ike_report *r)
{
	unsigned int i;

	for (i = 0; i < n->n_kinds && strcmp(n->kinds[i].name, r->kind); i++)
		;
	if (i == n->n_kinds) {
		if (i == SIM_MAX_KINDS)
			return;
		snprintf(n->kinds[n->n_kinds++].name, sizeof(r->kind), "%s",
			 r->kind);
	}
	n->kinds[i].n++;
	if (!n->sim->verbose)
		return;
	printf("# %9.6f %s %s", (double)n->sim->now / 1e6,
	       n->index ? "server" : "mobile", r->kind);
	for (i = 0; i < r->n; i++)
		if (r->kv[i].is_number)
			printf(" %s=%lld", r->kv[i].key,
			       (long long)r->kv[i].number);
		else
			printf(" %s=%s", r->kv[i].key, r->kv[i].text);
	printf("\n");
}

/* Has this kernel a proven pair, in use or spare, with an own address? */
static bool is_bound(const struct sim_node *n, const struct wire_addr *own)
{
	for (unsigned int i = 0; i < n->n_peers; i++)
		for (unsigned int j = 0; j < n->peers[i].n; j++)
			if (n->peers[i].paths[j].state ==
				    MOBX_PATH_STATE_VALID &&
			    wire_addr_equal(&n->peers[i].paths[j].local, own))
				return true;
	return false;
}

static void endpoint(struct sim_node *n, const struct ike_action *ac)
{
	const struct wire_addr *own = &ac->u.endpoint.addr;
	unsigned int i;

	for (i = 0; i < n->n_endpoints; i++)
		if (wire_addr_equal(&n->endpoints[i], own))
			break;
	if (ac->type == IKE_AC_ENDPOINT_DEL) {
		if (i == n->n_endpoints)
			sim_broken(n->sim, "an endpoint goes that was not there");
		n->gone_while_bound = is_bound(n, own);
		if (!--n->endpoint_users[i]) {
			n->endpoints[i] = n->endpoints[--n->n_endpoints];
			n->endpoint_users[i] = n->endpoint_users[n->n_endpoints];
		}
		return;
	}
	/* What it sends must have a path, which the other end knows. */
	if (!is_bound(n, own))
		sim_broken(n->sim, "an endpoint before its path");
	if (i == SIM_MAX_LINKS)
		sim_broken(n->sim, "more endpoints than links");
	if (i == n->n_endpoints) {
		n->endpoints[n->n_endpoints++] = *own;
		n->endpoint_users[i] = 0;
	}
	n->endpoint_users[i]++;
}

static void carry_out(struct sim_node *n, const struct ike_action *ac)
{
	switch (ac->type) {
	case IKE_AC_SEND:
		sim_transmit(n->sim, &ac->u.send);
		break;
	case IKE_AC_PEER_NEW:
	case IKE_AC_PEER_REBIND:
	case IKE_AC_PEER_DEL:
	case IKE_AC_PEER_SENT:
	case IKE_AC_PEER_COUNTS:
	case IKE_AC_SA_NEW:
	case IKE_AC_SA_DEL:
		kernel(n, ac);
		break;
	case IKE_AC_AUTH_SIGN:
	case IKE_AC_AUTH_VERIFY:
		credentials(n, ac);
		break;
	case IKE_AC_AUTH_PPK:
	case IKE_AC_AUTH_EAP:
		sim_broken(n->sim, "a PPK or EAP that nobody has");
	case IKE_AC_ENDPOINT_NEW:
	case IKE_AC_ENDPOINT_DEL:
		endpoint(n, ac);
		break;
	case IKE_AC_ADDR_NEW:
	case IKE_AC_ADDR_DEL:
	case IKE_AC_LEASE:
	case IKE_AC_LEASE_END:
	case IKE_AC_STATE:
		sim_broken(n->sim, "what nobody asks for");
	case IKE_AC_REPORT:
		count_report(n, &ac->u.report);
		break;
	case IKE_AC_CMD_DONE:
		n->last_reply = ac->u.done.reply;
		n->last_err = ac->u.done.err;
		snprintf(n->last_text, sizeof(n->last_text), "%s",
			 ac->u.done.text);
		break;
	}
}

/* Routes towards remotes that have become of interest are reported soon. */
static void watch(struct sim_node *n)
{
	struct wire_addr now[IKE_MAX_HOST_ADDRS];
	unsigned int k = ike_engine_remotes(n->eng, now, IKE_MAX_HOST_ADDRS);

	if (k == n->n_remotes && !memcmp(now, n->remotes, sizeof(now[0]) * k))
		return;
	n->n_remotes = k;
	memcpy(n->remotes, now, sizeof(now[0]) * k);
	sim_push(n->sim, (struct sim_event){
		.at = n->sim->now + WATCH_US,
		.type = EV_ADDRS,
		.node = n->index,
	});
}

void sim_event(struct sim *sim, int node, const struct ike_event *ev)
{
	struct sim_node *n = &sim->node[node];
	struct ike_actions out = { 0 };

	ike_engine_event(n->eng, ev, sim->now, &out);
	for (size_t i = 0; i < out.n; i++)
		carry_out(n, &out.v[i]);
	ike_actions_clear(&out);
	watch(n);
}

void sim_tell_addrs(struct sim *sim, int node)
{
	struct sim_node *n = &sim->node[node];
	struct ike_host_addr v[IKE_MAX_HOST_ADDRS];
	struct ike_event ev = { .type = IKE_EV_ADDRS, .u.addrs.addrs = v };
	struct ike_own_addr own[SIM_MAX_LINKS];
	unsigned int k = 0;

	ev.u.addrs.own = own;
	for (unsigned int i = 0; i < n->n_links; i++)
		if (n->links[i].up) {
			struct ike_own_addr *o = &own[ev.u.addrs.n_own++];

			o->addr = n->links[i].addr;
			o->untold = n->links[i].transient;
			memcpy(o->ifname, n->links[i].ifname,
			       sizeof(o->ifname));
		}
	memset(v, 0, sizeof(v));
	for (unsigned int r = 0; r < n->n_remotes; r++) {
		for (unsigned int i = 0; i < n->n_links; i++) {
			const struct sim_link *l = &n->links[i];

			if (!l->up || k == IKE_MAX_HOST_ADDRS ||
			    l->addr.family != n->remotes[r].family)
				continue;
			v[k].local = l->addr;
			v[k].remote = n->remotes[r];
			v[k].ifindex = i + 1;
			memcpy(v[k].ifname, l->ifname, sizeof(l->ifname));
			v[k].transient = l->transient;
			v[k].deprecated = l->deprecated;
			v[k++].mtu = 1500;
		}
	}
	ev.u.addrs.n = k;
	sim_event(sim, node, &ev);
}

/* ---------------------------------------------------------------- clock */

static void arrive(struct sim *sim, const struct sim_event *ev)
{
	struct ike_event e = { .type = IKE_EV_PACKET };
	int node;
	struct sim_link *l = sim_link_at(sim, &ev->local, &node);

	if (!l || !l->up)
		return;
	e.u.packet.local = ev->local;
	sim_nat_lets_in(l, &e.u.packet.local.port);
	e.u.packet.local.addr = l->addr;
	e.u.packet.remote = ev->remote;
	e.u.packet.data = ev->data;
	e.u.packet.len = ev->len;
	sim_event(sim, node, &e);
}

static void happen(struct sim *sim, struct sim_event *ev)
{
	struct ike_event e = { 0 };

	switch (ev->type) {
	case EV_PACKET:
		arrive(sim, ev);
		break;
	case EV_KERNEL:
		e.type = IKE_EV_KERNEL_DONE;
		e.u.kernel_done.tag = ev->tag;
		e.u.kernel_done.err = ev->err;
		e.u.kernel_done.generation = ev->generation;
		e.u.kernel_done.packets = ev->packets;
		e.u.kernel_done.text = ev->err ? "refused" : NULL;
		sim_event(sim, ev->node, &e);
		break;
	case EV_COUNTS:
		e.type = IKE_EV_COUNTS;
		e.u.counts.tag = ev->tag;
		e.u.counts.n = sim->node[ev->node].n_counts;
		e.u.counts.v = sim->node[ev->node].counts;
		sim_event(sim, ev->node, &e);
		break;
	case EV_AUTH:
		e.type = IKE_EV_AUTH_DONE;
		e.u.auth_done.tag = ev->tag;
		e.u.auth_done.ok = ev->ok;
		e.u.auth_done.method = IKE_AUTH_PSK;
		e.u.auth_done.data = ev->data;
		e.u.auth_done.len = ev->len;
		sim_event(sim, ev->node, &e);
		break;
	case EV_ADDRS:
		sim_tell_addrs(sim, ev->node);
		break;
	case EV_TICK:
		sim_tick(sim);
		break;
	case EV_DATA:
		sim_take_data(sim, ev);
		break;
	}
	free(ev->data);
}

void sim_run(struct sim *sim, uint64_t us)
{
	uint64_t end = sim->now + us;
	unsigned int spins = 0;

	for (;;) {
		uint64_t t = sim->n ? sim->heap[0].at : IKE_NEVER;
		uint64_t was = sim->now;
		int timer = -1;

		for (int i = 0; i < 2; i++) {
			uint64_t d = ike_engine_deadline(sim->node[i].eng);

			if (d < t) {
				t = d;
				timer = i;
			}
		}
		if (t > end)
			break;
		if (t > sim->now)
			sim->now = t;
		spins = sim->now == was ? spins + 1 : 0;
		if (spins > 100000)
			sim_broken(sim, "time stands still");
		if (timer >= 0) {
			struct ike_event e = { .type = IKE_EV_TIMER };

			sim_event(sim, timer, &e);
		} else {
			struct sim_event ev = sim_pop(sim);

			happen(sim, &ev);
		}
	}
	sim->now = end;
}

/* --------------------------------------------------------------- set-up */

struct sim *sim_new(uint64_t seed, const struct ike_ext_ops *mobile,
		    const struct ike_ext_ops *server)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	struct ike_settings s = {
		.random = sim_fill_random,
		.random_ctx = sim,
		.cookie_threshold = 64,
	};

	if (!sim)
		abort();
	sim->seed = seed;
	sim->rng = (seed + 1) * 0x9e3779b97f4a7c15ull;
	sim->now = SIM_SECOND;
	for (int i = 0; i < 2; i++) {
		sim->node[i].sim = sim;
		sim->node[i].index = i;
		sim->node[i].eng = ike_engine_new(&s, i ? server : mobile);
		if (!sim->node[i].eng)
			abort();
	}
	return sim;
}

void sim_free(struct sim *sim)
{
	for (int i = 0; i < 2; i++)
		ike_engine_free(sim->node[i].eng);
	for (size_t i = 0; i < sim->n; i++)
		free(sim->heap[i].data);
	free(sim->heap);
	free(sim);
}

struct sim_link *sim_add_link(struct sim *sim, int node, const char *addr,
			      const char *ifname, uint64_t delay_us)
{
	struct sim_node *n = &sim->node[node];
	struct sim_link *l = &n->links[n->n_links++];

	if (n->n_links > SIM_MAX_LINKS || !wire_addr_parse(&l->addr, addr))
		sim_broken(sim, "no link %s", addr);
	snprintf(l->ifname, sizeof(l->ifname), "%s", ifname);
	l->delay_us = delay_us;
	l->up = true;
	return l;
}

void sim_set_link(struct sim *sim, int node, unsigned int link, bool up)
{
	struct sim_link *l = &sim->node[node].links[link];

	if (l->up == up)
		return;
	l->up = up;
	sim_tell_addrs(sim, node);
}
