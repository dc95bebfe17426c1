// SPDX-License-Identifier: GPL-2.0
/*
 * Virtual addresses (RFC 7296, sections 2.19 and 3.15): an initiator asks for
 * them in IKE_AUTH, a responder gives them out from a pool, and Child SAs are
 * for them alone on the initiator's side. Who owns the engine keeps the pools
 * and puts addresses on devices.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ike/auth.h"
#include "wire/cp.h"

/* An IPv6 address is followed by the length of its prefix. */
#define IP6_VALUE_LEN 17
#define IP6_PLEN 128

static bool asks(const struct ike_sa *sa)
{
	return sa->conn->nvirtual != 0;
}

static bool gives(const struct ike_sa *sa)
{
	return sa->conn->pool[0] != 0;
}

static const struct wire_addr *of_family(const struct wire_addr *v,
					 unsigned int n, uint8_t family)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (v[i].family == family)
			return &v[i];
	return NULL;
}

static bool has(const struct wire_addr *v, unsigned int n,
		const struct wire_addr *a)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (wire_addr_equal(&v[i], a))
			return true;
	return false;
}

/** ike_virtual_report() - add the virtual addresses to a report */
void ike_virtual_report(const struct ike_sa *sa, struct ike_report *r)
{
	const struct ike_virtual *v = &sa->p->virtual;
	unsigned int i;

	for (i = 0; i < v->n; i++)
		ike_report_addr(r, v->addr[i].family == 4 ? "virtual_ip4" :
							    "virtual_ip6",
				&v->addr[i]);
	for (i = 0; i < v->ndns; i++)
		ike_report_addr(r, "dns", &v->dns[i]);
}

/* ------------------------------------------------------ traffic selectors */

/**
 * ike_virtual_propose() - what a Child SA protects, see ike_ts_propose()
 * @sa: IKE SA with connection
 * @child: which of its Child SAs
 * @l: gets the own side
 * @r: gets the peer's
 *
 * Return: false if there is nothing: no virtual address fits.
 */
bool ike_virtual_propose(const struct ike_sa *sa, unsigned int child,
			 struct wire_ts_list *l, struct wire_ts_list *r)
{
	const struct ike_virtual *v = &sa->p->virtual;
	const struct wire_addr *addr = v->addr;
	unsigned int n = v->n, i;

	if (!asks(sa) && !gives(sa)) {
		ike_ts_propose(sa->conn, child, &sa->local.addr,
			       &sa->remote.addr, l, r);
		return true;
	}
	if (asks(sa) && n == 0) {
		addr = sa->conn->virtual;
		n = sa->conn->nvirtual;
	}
	memset(l, 0, sizeof(*l));
	memset(r, 0, sizeof(*r));
	for (i = 0; i < n; i++)
		ike_ts_virtual(sa->conn, child, &addr[i], v->n != 0, l, r);
	return l->n && r->n;
}

/* The parts of the client's selectors that are its virtual addresses. */
static void narrow(const struct ike_virtual *v, struct wire_ts_list *l)
{
	struct wire_ts_list out = { 0 };
	struct wire_ts ts = { .port_end = 65535 };
	unsigned int i, j;

	for (i = 0; i < l->n; i++) {
		for (j = 0; j < v->n && out.n < WIRE_MAX_TS; j++) {
			ts.start = v->addr[j];
			ts.end = v->addr[j];
			if (wire_ts_intersect(&l->ts[i], &ts, &out.ts[out.n]))
				out.n++;
		}
	}
	*l = out;
}

/**
 * ike_virtual_narrow() - in its Child SAs a client is its virtual addresses
 * @sa: IKE SA with connection
 * @own: own side of what the peer has sent
 * @theirs: its own
 *
 * Both are left as they are where there are no virtual addresses.
 */
void ike_virtual_narrow(const struct ike_sa *sa, struct wire_ts_list *own,
			struct wire_ts_list *theirs)
{
	if (asks(sa))
		narrow(&sa->p->virtual, own);
	else if (gives(sa))
		narrow(&sa->p->virtual, theirs);
}

/** ike_virtual_may_trigger() - may a packet stand first in the selectors */
bool ike_virtual_may_trigger(const struct ike_sa *sa,
			     const struct ike_trigger *t)
{
	const struct ike_virtual *v = &sa->p->virtual;

	if (asks(sa))
		return has(v->addr, v->n, &t->local);
	return !gives(sa) || has(v->addr, v->n, &t->remote);
}

/* ---------------------------------------------------------------- messages */

static void put(struct wire_cp *cp, uint16_t type, const void *value,
		size_t len)
{
	struct wire_cp_attr *a = &cp->attr[cp->n++];

	a->type = type;
	a->value = (struct wire_span){ value, len };
}

static void put_addr(struct wire_cp *cp, const struct wire_addr *a,
		     uint8_t value[IP6_VALUE_LEN])
{
	if (a->family == 4) {
		put(cp, IKE_CFG_IP4_ADDRESS, a->a, 4);
		return;
	}
	memcpy(value, a->a, 16);
	value[16] = IP6_PLEN;
	put(cp, IKE_CFG_IP6_ADDRESS, value, IP6_VALUE_LEN);
}

static const struct wire_payload *find(const struct wire_msg *msg,
				       uint8_t type, struct wire_cp *cp)
{
	const struct wire_payload *pl = wire_msg_only(msg, IKE_PL_CP);

	if (!pl || wire_cp_decode(pl, cp) != WIRE_OK || cp->type != type)
		return NULL;
	return pl;
}

/* The address in an attribute; false if it is no attribute for one. */
static bool get_addr(const struct wire_cp_attr *a, struct wire_addr *addr)
{
	uint8_t family = a->type == IKE_CFG_IP4_ADDRESS ? 4 :
			 a->type == IKE_CFG_IP6_ADDRESS ? 6 : 0;
	size_t len = wire_addr_len(family);

	memset(addr, 0, sizeof(*addr));
	addr->family = family;
	if (family && a->value.len >= len)
		memcpy(addr->a, a->value.p, len);
	return family;
}

static bool get_dns(const struct wire_cp_attr *a, struct wire_addr *addr)
{
	return (a->type == IKE_CFG_IP4_DNS || a->type == IKE_CFG_IP6_DNS) &&
	       wire_addr_set(addr, a->value.p, a->value.len);
}

static bool usable(const struct wire_addr *a)
{
	return wire_addr_kind(a) == WIRE_ADDR_UNICAST;
}

/* --------------------------------------------------------------- initiator */

/**
 * ike_virtual_ask() - CFG_REQUEST, if the connection wants one
 * @sa: IKE SA of an initiator
 * @enc: IKE_AUTH request
 *
 * What its device has from an earlier IKE SA would be best.
 */
void ike_virtual_ask(const struct ike_sa *sa, struct wire_enc *enc)
{
	const struct ike_conn_state *cs = sa->cs;
	uint8_t value[IKE_MAX_VIRTUAL][IP6_VALUE_LEN];
	struct wire_cp cp = { .type = IKE_CFG_REQUEST };
	unsigned int i;

	for (i = 0; i < sa->conn->nvirtual; i++) {
		const struct wire_addr *a = &sa->conn->virtual[i];
		bool four = a->family == 4;

		if (!usable(a))
			a = of_family(cs->placed, cs->n_placed, a->family);
		if (a)
			put_addr(&cp, a, value[i]);
		else
			put(&cp, four ? IKE_CFG_IP4_ADDRESS :
					IKE_CFG_IP6_ADDRESS, NULL, 0);
		put(&cp, four ? IKE_CFG_IP4_DNS : IKE_CFG_IP6_DNS, NULL, 0);
	}
	if (cp.n)
		wire_cp_encode(enc, &cp);
}

/**
 * ike_virtual_read() - what the answer to IKE_AUTH gives
 * @sa: IKE SA of an initiator, whose peer is authentic
 * @msg: answer
 *
 * One address of each family that was asked for counts, no more.
 *
 * Return: false if addresses were asked for and there are none.
 */
bool ike_virtual_read(struct ike_sa *sa, const struct wire_msg *msg)
{
	struct ike_virtual *v = &sa->p->virtual;
	const struct ike_conn *c = sa->conn;
	struct wire_addr a;
	struct wire_cp cp;
	unsigned int i;

	if (!asks(sa))
		return true;
	if (!find(msg, IKE_CFG_REPLY, &cp))
		return false;
	for (i = 0; i < cp.n; i++) {
		if (get_addr(&cp.attr[i], &a)) {
			if (usable(&a) &&
			    of_family(c->virtual, c->nvirtual, a.family) &&
			    !of_family(v->addr, v->n, a.family))
				v->addr[v->n++] = a;
		} else if (get_dns(&cp.attr[i], &a)) {
			if (usable(&a) && v->ndns < IKE_MAX_DNS)
				v->dns[v->ndns++] = a;
		}
	}
	return v->n > 0;
}

static bool device_ask(struct ike_engine *eng, struct ike_sa *sa,
		       const struct ike_conn *c, enum ike_action_type type,
		       const struct wire_addr *addr, ike_wait_fn fn, void *ctx)
{
	struct ike_action *a = ike_ask(eng, type, sa, fn, ctx);

	if (!a)
		return false;
	memcpy(a->u.addr.device, c->device, sizeof(a->u.addr.device));
	a->u.addr.addr = *addr;
	return true;
}

/* Take those off the device that are not among @v. */
static void take_off(struct ike_engine *eng, struct ike_conn_state *cs,
		     const struct ike_virtual *v)
{
	unsigned int i, n = 0;

	for (i = 0; i < cs->n_placed; i++) {
		if (v && has(v->addr, v->n, &cs->placed[i]))
			cs->placed[n++] = cs->placed[i];
		else
			device_ask(eng, NULL, &cs->cfg, IKE_AC_ADDR_DEL,
				   &cs->placed[i], NULL, NULL);
	}
	cs->n_placed = n;
}

struct placing {
	unsigned int left;
	void (*done)(struct ike_sa *sa, int err);
};

static void placed(struct ike_sa *sa, void *ctx, const struct ike_event *ev)
{
	const struct ike_ev_kernel_done *k = &ev->u.kernel_done;
	const struct ike_virtual *v = &sa->p->virtual;
	struct placing *p = ctx;
	struct placing last = *p;
	struct ike_report *r;

	if (k->err == -ECANCELED) {
		free(p);
		return;
	}
	if (!k->err && --p->left &&
	    device_ask(sa->eng, sa, sa->conn, IKE_AC_ADDR_NEW,
		       &v->addr[p->left - 1], placed, p))
		return;
	free(p);
	if (k->err) {
		r = ike_sa_report(sa, IKE_LOG_ERROR, "error");
		ike_report_text(r, "reason", "virtual address: %s",
				k->text && k->text[0] ? k->text :
							strerror(-k->err));
	}
	last.done(sa, k->err ? k->err : last.left > 1 ? -ENOMEM : 0);
}

/**
 * ike_virtual_place() - put the virtual addresses on the connection's device
 * @sa: IKE SA of an initiator
 * @done: called with 0 or a negative errno, at once if there is nothing to do;
 *	not called if the IKE SA ends before
 *
 * They stay there while the connection is wanted, also without an IKE SA: what
 * is bound to them waits for the next one. Others than these go.
 */
void ike_virtual_place(struct ike_sa *sa,
		       void (*done)(struct ike_sa *sa, int err))
{
	const struct ike_virtual *v = &sa->p->virtual;
	struct ike_conn_state *cs = sa->cs;
	struct placing *p;

	if (!sa->conn->device[0] || !v->n) {
		done(sa, 0);
		return;
	}
	take_off(sa->eng, cs, v);
	/* From now on: nobody takes the answer if the IKE SA ends before. */
	cs->n_placed = v->n;
	memcpy(cs->placed, v->addr, sizeof(cs->placed));
	p = malloc(sizeof(*p));
	if (p) {
		*p = (struct placing){ .left = v->n, .done = done };
		if (device_ask(sa->eng, sa, sa->conn, IKE_AC_ADDR_NEW,
			       &v->addr[v->n - 1], placed, p))
			return;
	}
	free(p);
	done(sa, -ENOMEM);
}

/**
 * ike_virtual_left() - an IKE SA of a connection has ended, or is not wanted
 * @eng: engine
 * @cs: connection: without an IKE SA to come its device loses the addresses
 */
void ike_virtual_left(struct ike_engine *eng, struct ike_conn_state *cs)
{
	if (eng->shutdown || cs->removed ||
	    (!cs->wanted && !ike_conn_sa(eng, cs)))
		take_off(eng, cs, NULL);
}

/* --------------------------------------------------------------- responder */

struct leasing {
	struct ike_engine *eng;
	struct ike_ac_lease ask;
	bool dns[2];
	void (*done)(struct ike_sa *sa, uint16_t error);
};

static void give_back(struct ike_engine *eng, const char *pool,
		      const struct ike_id *id, const struct ike_virtual *v)
{
	struct ike_action *a = ike_act(eng, IKE_AC_LEASE_END);

	if (!a)
		return;
	memcpy(a->u.lease->pool, pool, sizeof(a->u.lease->pool));
	a->u.lease->id = *id;
	a->u.lease->n = v->n;
	memcpy(a->u.lease->want, v->addr, sizeof(a->u.lease->want));
}

static void leased(struct ike_sa *sa, void *ctx, const struct ike_event *ev)
{
	const struct ike_ev_lease_done *d = &ev->u.lease_done;
	struct leasing l = *(struct leasing *)ctx;
	struct ike_virtual *v;
	struct ike_report *r;
	unsigned int i;

	free(ctx);
	if (!sa) {
		/* It has ended meanwhile. */
		if (d->lease.n)
			give_back(l.eng, l.ask.pool, &l.ask.id, &d->lease);
		return;
	}
	v = &sa->p->virtual;
	v->n = d->lease.n;
	memcpy(v->addr, d->lease.addr, sizeof(v->addr));
	for (i = 0; i < d->lease.ndns; i++)
		if (l.dns[d->lease.dns[i].family == 6])
			v->dns[v->ndns++] = d->lease.dns[i];
	if (!v->n) {
		r = ike_sa_report(sa, IKE_LOG_ERROR, "error");
		ike_report_text(r, "reason", "%s", d->text ? d->text :
				"there is no virtual address for the peer");
	}
	l.done(sa, v->n ? 0 : IKE_N_INTERNAL_ADDRESS_FAILURE);
}

/* What a CFG_REQUEST asks for. */
static void wanted(const struct wire_cp *cp, struct leasing *l)
{
	struct wire_addr a;
	unsigned int i;

	for (i = 0; i < cp->n; i++) {
		if (cp->attr[i].type == IKE_CFG_IP4_DNS)
			l->dns[0] = true;
		else if (cp->attr[i].type == IKE_CFG_IP6_DNS)
			l->dns[1] = true;
		else if (get_addr(&cp->attr[i], &a) &&
			 !of_family(l->ask.want, l->ask.n, a.family))
			l->ask.want[l->ask.n++] = a;
	}
}

/* Whatever becomes of the IKE SA, @fn gets the answer and @l. */
static bool ask_lease(struct ike_sa *sa, struct leasing *l, ike_wait_fn fn)
{
	struct ike_action *a = ike_ask(sa->eng, IKE_AC_LEASE, sa, fn, l);

	if (!a)
		return false;
	l->eng = sa->eng;
	memcpy(l->ask.pool, sa->conn->pool, sizeof(l->ask.pool));
	l->ask.id = sa->remote_id;
	*a->u.lease = l->ask;
	ike_wait_keep(sa->eng, a->tag, 0);
	return true;
}

/**
 * ike_virtual_lease() - get for the peer what it asks for
 * @sa: IKE SA of a responder, whose peer is authentic
 * @msg: IKE_AUTH request
 * @done: called with 0, or the notify that refuses the Child SA; not called if
 *	the IKE SA ends before
 *
 * Where a connection has a pool nobody gets a Child SA who does not ask.
 */
void ike_virtual_lease(struct ike_sa *sa, const struct wire_msg *msg,
		       void (*done)(struct ike_sa *sa, uint16_t error))
{
	struct leasing *l;
	struct wire_cp cp;

	if (!gives(sa)) {
		done(sa, 0);
		return;
	}
	l = calloc(1, sizeof(*l));
	if (!l) {
		done(sa, IKE_N_INTERNAL_ADDRESS_FAILURE);
		return;
	}
	if (find(msg, IKE_CFG_REQUEST, &cp))
		wanted(&cp, l);
	if (!l->ask.n) {
		free(l);
		done(sa, IKE_N_FAILED_CP_REQUIRED);
		return;
	}
	l->done = done;
	if (!ask_lease(sa, l, leased)) {
		free(l);
		done(sa, IKE_N_INTERNAL_ADDRESS_FAILURE);
	}
}

static void leased_again(struct ike_sa *sa, void *ctx,
			 const struct ike_event *ev)
{
	const struct ike_ev_lease_done *d = &ev->u.lease_done;
	struct leasing l = *(struct leasing *)ctx;
	struct ike_virtual *v;
	unsigned int i, same = 0;

	free(ctx);
	v = sa ? &sa->p->virtual : NULL;
	if (sa)
		sa->p->leasing = false;
	for (i = 0; v && i < v->n; i++)
		same += has(d->lease.addr, d->lease.n, &v->addr[i]);
	if (v && same == v->n && same == d->lease.n)
		return;
	if (d->lease.n)
		give_back(l.eng, l.ask.pool, &l.ask.id, &d->lease);
	if (!v)
		return;
	v->n = 0;
	ike_sa_close(sa, "its virtual address is not in the pool any more",
		     true);
}

/**
 * ike_virtual_taken() - an IKE SA of an earlier run has been taken up
 * @sa: IKE SA
 *
 * Its virtual addresses are on the device still, or have to be leased again.
 */
void ike_virtual_taken(struct ike_sa *sa)
{
	const struct ike_virtual *v = &sa->p->virtual;
	struct ike_conn_state *cs = sa->cs;
	struct leasing *l;

	if (asks(sa) && sa->conn->device[0]) {
		cs->n_placed = v->n;
		memcpy(cs->placed, v->addr, sizeof(cs->placed));
	}
	if (!gives(sa) || !v->n)
		return;
	l = calloc(1, sizeof(*l));
	if (!l)
		return;
	l->ask.n = v->n;
	memcpy(l->ask.want, v->addr, sizeof(l->ask.want));
	sa->p->leasing = ask_lease(sa, l, leased_again);
	if (!sa->p->leasing)
		free(l);
}

/** ike_virtual_reply() - CFG_REPLY with what the peer has been given */
void ike_virtual_reply(const struct ike_sa *sa, struct wire_enc *enc)
{
	const struct ike_virtual *v = &sa->p->virtual;
	uint8_t value[IKE_MAX_VIRTUAL][IP6_VALUE_LEN];
	struct wire_cp cp = { .type = IKE_CFG_REPLY };
	unsigned int i;

	for (i = 0; i < v->n; i++)
		put_addr(&cp, &v->addr[i], value[i]);
	for (i = 0; i < v->ndns; i++)
		put(&cp, v->dns[i].family == 4 ? IKE_CFG_IP4_DNS :
						 IKE_CFG_IP6_DNS,
		    v->dns[i].a, wire_addr_len(v->dns[i].family));
	if (cp.n)
		wire_cp_encode(enc, &cp);
}

/**
 * ike_virtual_end() - an IKE SA ends: what its peer was given is free again
 * @sa: IKE SA
 *
 * What is being leased again is given back with the answer, which tells what that
 * is.
 */
void ike_virtual_end(struct ike_sa *sa)
{
	if (!gives(sa) || !sa->p->virtual.n)
		return;
	if (!sa->p->leasing)
		give_back(sa->eng, sa->conn->pool, &sa->remote_id,
			  &sa->p->virtual);
	sa->p->virtual.n = 0;
}
