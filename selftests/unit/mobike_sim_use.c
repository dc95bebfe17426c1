// SPDX-License-Identifier: GPL-2.0
/* The simulator from the outside: connections, commands, and looks at it. */
#include "mobike_sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct ike_conn sim_conn(int node)
{
	char err[128];
	struct ike_conn c;

	ike_conn_init(&c);
	snprintf(c.name, sizeof(c.name), "%s", node ? "mobile" : "server");
	c.role = node ? IKE_RESPOND : IKE_INITIATE;
	c.start = IKE_START_ON_LOAD;
	if (ike_id_parse(node ? "server.example" : "mobile.example",
			 &c.local_id) ||
	    ike_id_parse(node ? "mobile.example" : "server.example",
			 &c.remote_id) ||
	    ike_suite_parse("aes128gcm16-prfsha256-x25519", false, &c.ike[0],
			    err, sizeof(err)) ||
	    ike_suite_parse("aes128gcm16", true, &c.esp[0], err, sizeof(err)))
		abort();
	c.nike = 1;
	c.nesp = 1;
	if (!node) {
		c.nremote = 1;
		c.remote[0].plen = 32;
		wire_addr_parse(&c.remote[0].addr, "10.0.3.2");
	}
	c.nprotect = 1;
	c.protect[0].local_max = 65535;
	c.protect[0].remote_max = 65535;
	c.mobike = true;
	c.mobikex = true;
	c.rrc = IKE_RRC_EARLY;
	c.auto_add = true;
	c.mptcp = IKE_MPTCP_SUBFLOW;
	c.max_paths = 16;
	return c;
}

void sim_conn_add(struct sim *sim, int node, const struct ike_conn *conn)
{
	struct ike_event ev = { .type = IKE_EV_CONN_ADD };
	char err[160];

	if (ike_conn_check(conn, err, sizeof(err)))
		fail_msg("connection: %s", err);
	ev.u.conn.conn = conn;
	ev.u.conn.name = conn->name;
	sim_event(sim, node, &ev);
}

void sim_path(struct sim *sim, int node, enum ike_path_verb verb,
	      const char *addr, bool hard)
{
	static uint64_t reply = 1000;
	struct ike_event ev = { .type = IKE_EV_PATH_CMD };

	ev.u.path_cmd.name = node ? "mobile" : "server";
	ev.u.path_cmd.verb = verb;
	ev.u.path_cmd.hard = hard;
	ev.u.path_cmd.reply = ++reply;
	if (!wire_addr_parse(&ev.u.path_cmd.local, addr))
		fail_msg("no address: %s", addr);
	sim->node[node].last_reply = 0;
	sim_event(sim, node, &ev);
}

void sim_start(struct sim *sim)
{
	struct ike_conn c;

	sim_add_link(sim, 0, "10.0.1.2", "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, "10.0.2.2", "wlan", 5 * SIM_MS);
	sim_add_link(sim, 1, "10.0.3.2", "eth0", 2500);
	c = sim_conn(1);
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
}

/* ---------------------------------------------------------------- looks */

static void copy_status(const struct ike_status *s, void *ctx)
{
	struct ike_status *out = ctx;

	if (s->phase == IKE_CONN_IS_UP || out->phase == IKE_CONN_DOWN)
		*out = *s;
}

bool sim_status(struct sim *sim, int node, struct ike_status *st)
{
	memset(st, 0, sizeof(*st));
	st->phase = IKE_CONN_DOWN;
	ike_engine_status(sim->node[node].eng, NULL, sim->now, copy_status, st);
	return st->phase == IKE_CONN_IS_UP;
}

bool sim_lives_on(struct sim *sim, const char *own)
{
	struct wire_addr a;
	struct ike_status s;

	assert_true(wire_addr_parse(&a, own));
	assert_true(sim_status(sim, 0, &s));
	return wire_addr_equal(&s.local.addr, &a);
}

unsigned int sim_reports(const struct sim *sim, int node, const char *kind)
{
	const struct sim_node *n = &sim->node[node];

	for (unsigned int i = 0; i < n->n_kinds; i++)
		if (!strcmp(n->kinds[i].name, kind))
			return n->kinds[i].n;
	return 0;
}

static struct sim_peer *peer_of(struct sim_node *n, uint32_t id)
{
	for (unsigned int i = 0; i < n->n_peers; i++)
		if (n->peers[i].id == id)
			return &n->peers[i];
	return NULL;
}

static const struct ike_path *pair_of(const struct sim_peer *p,
				      const struct wire_addr *local,
				      const struct wire_addr *remote)
{
	for (unsigned int i = 0; i < p->n; i++)
		if (wire_addr_equal(&p->paths[i].local, local) &&
		    wire_addr_equal(&p->paths[i].remote, remote))
			return &p->paths[i];
	return NULL;
}

static const struct ike_path *pair_at(const struct sim *sim, int node,
				      const char *local, const char *remote)
{
	const struct sim_node *n = &sim->node[node];
	struct wire_addr l, r;

	if (!n->n_peers || !wire_addr_parse(&l, local) ||
	    !wire_addr_parse(&r, remote))
		return NULL;
	return pair_of(&n->peers[n->n_peers - 1], &l, &r);
}

int sim_path_state(const struct sim *sim, int node, const char *local,
		   const char *remote)
{
	const struct ike_path *e = pair_at(sim, node, local, remote);

	return e ? (int)e->state : -1;
}

int64_t sim_path_credit(const struct sim *sim, int node, const char *local,
			const char *remote)
{
	const struct ike_path *e = pair_at(sim, node, local, remote);

	return e ? (int64_t)e->credit : -1;
}

static const struct sim_link *link_of(const struct sim *sim,
				      const struct wire_addr *addr)
{
	for (int i = 0; i < 2; i++)
		for (unsigned int j = 0; j < sim->node[i].n_links; j++)
			if (wire_addr_equal(&sim->node[i].links[j].addr, addr))
				return &sim->node[i].links[j];
	return NULL;
}

/* How the other end knows an address. */
static const struct wire_addr *outside(const struct sim *sim,
				       const struct wire_addr *addr)
{
	const struct sim_link *l = link_of(sim, addr);

	return l && l->nat.family ? &l->nat : addr;
}

/* The same two addresses from the other end; both primary, if there is one. */
static const struct ike_path *counterpart(const struct sim *sim,
					  const struct ike_path *e,
					  const struct sim_peer *b)
{
	const struct ike_path *found = NULL;

	for (unsigned int i = 0; i < b->n; i++) {
		const struct ike_path *f = &b->paths[i];

		if (!wire_addr_equal(outside(sim, &e->local),
				     outside(sim, &f->remote)) ||
		    !wire_addr_equal(outside(sim, &e->remote),
				     outside(sim, &f->local)))
			continue;
		if (!((e->flags ^ f->flags) & MOBX_PATH_FLAGS_PRIMARY))
			return f;
		found = f;
	}
	return found;
}

/* What is sent to a NAT goes to the port that it has now. */
static bool arrives(const struct sim *sim, const struct ike_path *e,
		    const struct ike_path *f)
{
	const struct sim_link *l = link_of(sim, &f->local);

	return !l->nat_port || !(e->flags & MOBX_PATH_FLAGS_PRIMARY) ||
	       e->encap_dport == l->nat_port;
}

/* Two paths behind one NAT are one pair to who is in front of it. */
static bool both_primary(const struct sim *sim, const struct ike_path *e,
			 const struct ike_path *f)
{
	unsigned int shared = 0;

	for (unsigned int i = 0; i < sim->node[0].n_links; i++)
		shared += wire_addr_equal(outside(sim, &e->local),
					  &sim->node[0].links[i].nat);
	return shared > 1 ||
	       !((e->flags ^ f->flags) & MOBX_PATH_FLAGS_PRIMARY);
}

static bool mirrors(const struct sim *sim, const struct sim_peer *a,
		    const struct sim_peer *b, char *why, size_t len)
{
	char l[WIRE_ADDR_TEXT], r[WIRE_ADDR_TEXT];

	for (unsigned int i = 0; i < a->n; i++) {
		const struct ike_path *e = &a->paths[i], *f;

		if (e->state > MOBX_PATH_STATE_VALID)
			continue;
		f = counterpart(sim, e, b);
		if (f && arrives(sim, e, f) &&
		    e->state == MOBX_PATH_STATE_VALID &&
		    f->state == MOBX_PATH_STATE_VALID &&
		    both_primary(sim, e, f))
			continue;
		snprintf(why, len, "%s-%s: state %d flags %u to port %u, other "
			 "end: state %d flags %u", wire_addr_text(&e->local, l),
			 wire_addr_text(&e->remote, r), e->state, e->flags,
			 e->encap_dport, f ? (int)f->state : -1,
			 f ? f->flags : 0);
		return false;
	}
	return true;
}

bool sim_mirrored(struct sim *sim, char *why, size_t len)
{
	struct ike_status a, b;
	const struct sim_peer *p, *q;

	if (!sim_status(sim, 0, &a) || !sim_status(sim, 1, &b)) {
		snprintf(why, len, "not up");
		return false;
	}
	p = peer_of(&sim->node[0], a.peer);
	q = peer_of(&sim->node[1], b.peer);
	if (!p || !q) {
		snprintf(why, len, "no kernel peer");
		return false;
	}
	return mirrors(sim, p, q, why, len) && mirrors(sim, q, p, why, len);
}
