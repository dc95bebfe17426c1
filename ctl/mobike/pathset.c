// SPDX-License-Identifier: GPL-2.0
/*
 * The path set of one end of an IKE SA: what one can see and do with it.
 */
#include "mobike/pathset_priv.h"

#include <stdlib.h>
#include <string.h>

/** mx_set_free() - nothing is left of a set but { 0 } */
void mx_set_free(struct mx_set *set)
{
	free(set->path);
	free(set->ghost);
	memset(set, 0, sizeof(*set));
}

/**
 * mx_reserve() - room at the end of a list
 * @list: address of the pointer to its entries
 * @room: entries that it has room for
 * @n: how many there may be from now on
 * @size: of one
 *
 * Room that there was once stays: to fill a list anew with as many as it had
 * does not fail.
 *
 * Return: false without memory, and the list as it was.
 */
bool mx_reserve(void *list, unsigned int *room, unsigned int n, size_t size)
{
	void *v;

	if (n <= *room)
		return true;
	memcpy(&v, list, sizeof(v));
	v = reallocarray(v, n, size);
	if (!v)
		return false;
	memcpy(list, &v, sizeof(v));
	*room = n;
	return true;
}

/**
 * mx_set_reserve() - make room for paths
 * @set: any set
 * @paths: how many there may be from now on
 *
 * Return: false without memory.
 */
bool mx_set_reserve(struct mx_set *set, unsigned int paths)
{
	return mx_reserve(&set->path, &set->room, paths, sizeof(*set->path));
}

static bool reserve_ghosts(struct mx_set *set, unsigned int ghosts)
{
	return mx_reserve(&set->ghost, &set->ghost_room, ghosts,
			  sizeof(*set->ghost));
}

/**
 * mx_set_blank() - so many paths and ghosts, of which nothing is known
 * @set: any set
 * @paths: live ones
 * @ghosts: addresses left behind
 *
 * Return: false without memory, and @set as it was.
 */
bool mx_set_blank(struct mx_set *set, unsigned int paths, unsigned int ghosts)
{
	if (!mx_set_reserve(set, paths) || !reserve_ghosts(set, ghosts))
		return false;
	set->n = paths;
	set->n_ghost = ghosts;
	if (paths)
		memset(set->path, 0, paths * sizeof(*set->path));
	if (ghosts)
		memset(set->ghost, 0, ghosts * sizeof(*set->ghost));
	return true;
}

/**
 * mx_set_copy() - the same once more
 * @to: any set
 * @from: another one
 *
 * Return: false without memory, and @to as it was but for the room that it has:
 * mx_set_free() is still due.
 */
bool mx_set_copy(struct mx_set *to, const struct mx_set *from)
{
	if (!mx_set_reserve(to, from->n) || !reserve_ghosts(to, from->n_ghost))
		return false;
	to->n = from->n;
	to->n_ghost = from->n_ghost;
	if (from->n)
		memcpy(to->path, from->path, from->n * sizeof(*to->path));
	if (from->n_ghost)
		memcpy(to->ghost, from->ghost,
		       from->n_ghost * sizeof(*to->ghost));
	return true;
}

/** mx_set_move() - @to is what @from was, of which nothing is left */
void mx_set_move(struct mx_set *to, struct mx_set *from)
{
	mx_set_free(to);
	*to = *from;
	memset(from, 0, sizeof(*from));
}

/**
 * mx_set_init() - the set that an IKE SA starts with: path 0, proven
 * @set: to fill
 * @addr: address that the IKE SA was set up on
 * @port: and port, host order
 * @nat: IKE_NATD_* of this end, or 0
 *
 * Behind a NAT nobody has told the peer's own view of its address.
 *
 * Return: false without memory, and @set as it was; never when it has had a path.
 */
bool mx_set_init(struct mx_set *set, const struct wire_addr *addr,
		 uint16_t port, unsigned int nat)
{
	if (!mx_set_reserve(set, 1))
		return false;
	memset(&set->path[0], 0, sizeof(set->path[0]));
	set->n = 1;
	set->n_ghost = 0;
	set->path[0].state = MOBIKEX_VALID;
	set->path[0].flags = MOBIKEX_F_PRIMARY;
	set->path[0].nat = (uint8_t)nat;
	set->path[0].addr = *addr;
	if (!nat)
		set->path[0].inner = *addr;
	set->path[0].confirmed = *addr;
	set->path[0].port = port;
	return true;
}

/** mx_set_find() - the live path of an ID, or NULL */
struct mx_path *mx_set_find(struct mx_set *set, uint16_t id)
{
	for (unsigned int i = 0; i < set->n; i++)
		if (set->path[i].id == id)
			return &set->path[i];
	return NULL;
}

/** mx_set_by_addr() - the live path that has an outside address, or NULL */
struct mx_path *mx_set_by_addr(const struct mx_set *set, const struct wire_addr *addr)
{
	for (unsigned int i = 0; i < set->n; i++)
		if (wire_addr_equal(&set->path[i].addr, addr))
			return &set->path[i];
	return NULL;
}

/**
 * mx_set_by_source() - the live path that a request came by
 * @set: set of the end that sent it
 * @req: the request
 *
 * Ports count where there is a NAT: behind it several paths may have one
 * address.
 *
 * Return: the path, or NULL.
 */
struct mx_path *mx_set_by_source(struct mx_set *set, const struct mx_req *req)
{
	for (unsigned int i = 0; i < set->n; i++) {
		struct mx_path *p = &set->path[i];

		if (wire_addr_equal(&p->addr, &req->src) &&
		    (p->port == req->src_port || !(p->nat || req->nat)))
			return p;
	}
	return NULL;
}

/** mx_set_primary() - the primary path; there always is one */
struct mx_path *mx_set_primary(const struct mx_set *set)
{
	for (unsigned int i = 0; i < set->n; i++)
		if (set->path[i].flags & MOBIKEX_F_PRIMARY)
			return &set->path[i];
	return NULL;
}

/** mx_set_has_family() - whether a live path is of family 4 or 6 */
bool mx_set_has_family(const struct mx_set *set, uint8_t family)
{
	for (unsigned int i = 0; i < set->n; i++)
		if (set->path[i].addr.family == family)
			return true;
	return false;
}

bool mx_set_id_taken(const struct mx_set *set, uint16_t id)
{
	for (unsigned int i = 0; i < set->n; i++)
		if (set->path[i].id == id)
			return true;
	for (unsigned int i = 0; i < set->n_ghost; i++)
		if (set->ghost[i].retired && set->ghost[i].id == id)
			return true;
	return false;
}

/**
 * mx_set_free_id() - lowest Path ID that is neither in use nor just retired
 * @set: any set
 *
 * Return: the ID; there are more IDs than paths and ghosts together.
 */
int mx_set_free_id(const struct mx_set *set)
{
	int id = 0;

	while (mx_set_id_taken(set, (uint16_t)id))
		id++;
	return id;
}

/** mx_set_make_primary() - move the mark; @id must be live */
void mx_set_make_primary(struct mx_set *set, uint16_t id)
{
	for (unsigned int i = 0; i < set->n; i++) {
		set->path[i].flags &= (uint8_t)~MOBIKEX_F_PRIMARY;
		if (set->path[i].id == id)
			set->path[i].flags |= MOBIKEX_F_PRIMARY;
	}
}

/** mx_set_lead() - likewise, and both ends know */
void mx_set_lead(struct mx_set *set, uint16_t id)
{
	uint32_t last = 0;

	for (unsigned int i = 0; i < set->n; i++)
		if (set->path[i].led > last)
			last = set->path[i].led;
	mx_set_make_primary(set, id);
	mx_set_find(set, id)->led = last + 1;
}

/* Has the other set paths of this family? */
bool mx_req_partner(const struct mx_req *req, uint8_t family)
{
	return family == 4 ? req->partner4 : req->partner6;
}

/* Lower is better; without a partner it is of no use as the primary one. */
static unsigned int rank(const struct mx_path *p, const struct mx_req *req)
{
	return (mx_req_partner(req, p->addr.family) ? 0u : 1u << 10) +
	       (p->state == MOBIKEX_VALID ? 0u : 1u << 9) +
	       (p->flags & MOBIKEX_F_BACKUP ? 1u << 8 : 0u) + p->preference;
}

void mx_set_elect(struct mx_set *set, const struct mx_req *req)
{
	struct mx_path *best = mx_set_by_source(set, req);

	if (!best || !mx_req_partner(req, best->addr.family)) {
		best = &set->path[0];
		for (unsigned int i = 1; i < set->n; i++)
			if (rank(&set->path[i], req) < rank(best, req))
				best = &set->path[i];
	}
	mx_set_make_primary(set, best->id);
}

void mx_set_haunt(struct mx_set *set, const struct mx_path *p, bool retired,
		  uint64_t now, uint64_t grace)
{
	struct mx_ghost *g;

	if (set->n_ghost == MX_MAX_GHOSTS ||
	    !reserve_ghosts(set, set->n_ghost + 1)) {
		/* The oldest gives its place, if there is one. */
		if (!set->n_ghost)
			return;
		set->n_ghost--;
		memmove(&set->ghost[0], &set->ghost[1],
			sizeof(set->ghost[0]) * set->n_ghost);
	}
	g = &set->ghost[set->n_ghost++];
	memset(g, 0, sizeof(*g));
	g->id = p->id;
	g->retired = retired;
	g->preference = p->preference;
	g->addr = p->addr;
	g->inner = p->inner;
	g->accept_until = now + grace;
	g->forget_at = g->accept_until + MX_FORGET_US;
}

/* The owner has said that it is done with what the path left behind. */
void mx_set_hush(struct mx_set *set, uint16_t id, uint64_t now)
{
	for (unsigned int i = 0; i < set->n_ghost; i++) {
		struct mx_ghost *g = &set->ghost[i];

		if (g->id == id && g->accept_until > now + MX_GRACE_US) {
			g->accept_until = now + MX_GRACE_US;
			g->forget_at = g->accept_until + MX_FORGET_US;
		}
	}
}

void mx_set_take_out(struct mx_set *set, struct mx_path *p)
{
	size_t i = (size_t)(p - set->path);

	memmove(p, p + 1, sizeof(*p) * (set->n - i - 1));
	set->n--;
}

/* There has to be room. */
struct mx_path *mx_set_put_in(struct mx_set *set, uint16_t id)
{
	unsigned int i = set->n++;

	while (i && set->path[i - 1].id > id) {
		set->path[i] = set->path[i - 1];
		i--;
	}
	memset(&set->path[i], 0, sizeof(set->path[i]));
	set->path[i].id = id;
	return &set->path[i];
}

/**
 * mx_set_restart() - begin anew with one path, ID 0, where a request is from
 * @set: set whose paths all become ghosts
 * @req: the request
 */
void mx_set_restart(struct mx_set *set, const struct mx_req *req)
{
	for (unsigned int i = 0; i < set->n; i++)
		if (!wire_addr_equal(&set->path[i].addr, &req->src))
			mx_set_haunt(set, &set->path[i], set->path[i].id != 0,
				     req->now, MX_GRACE_US);
	memset(&set->path[0], 0, sizeof(set->path[0]));
	set->n = 1;
	set->path[0].state = req->fresh;
	set->path[0].flags = MOBIKEX_F_PRIMARY;
	set->path[0].nat = req->nat;
	set->path[0].addr = req->src;
	if (!req->nat)
		set->path[0].inner = req->src;
	set->path[0].confirmed = req->src;
	set->path[0].port = req->src_port;
	set->path[0].via = req->dst;
	set->path[0].credit = req->credit;
}

/**
 * mx_set_retire() - an ID is not to be given to a path for a while
 * @set: own set
 * @id: ID that the peer has for something, or had until just now
 * @now: microseconds
 */
void mx_set_retire(struct mx_set *set, uint16_t id, uint64_t now)
{
	const struct mx_path nowhere = { .id = id };

	if (!mx_set_id_taken(set, id))
		mx_set_haunt(set, &nowhere, true, now, 0);
}

/**
 * mx_set_renumber() - give a live path another ID
 * @set: its set
 * @from: ID it has
 * @to: ID that no live path has
 */
void mx_set_renumber(struct mx_set *set, uint16_t from, uint16_t to)
{
	struct mx_path moved = *mx_set_find(set, from);

	mx_set_take_out(set, mx_set_find(set, from));
	moved.id = to;
	*mx_set_put_in(set, to) = moved;
}

/**
 * mx_set_drop() - remove a path that nobody asked to remove
 * @set: its set
 * @id: the path
 * @others: the other end's set
 * @now: microseconds
 * @grace: how long its packets are still taken, microseconds
 *
 * Return: false if there is no such path, or no other that leads anywhere.
 */
bool mx_set_drop(struct mx_set *set, uint16_t id, const struct mx_set *others,
		 uint64_t now, uint64_t grace)
{
	const struct mx_req nobody = {
		.partner4 = mx_set_has_family(others, 4),
		.partner6 = mx_set_has_family(others, 6),
	};
	struct mx_path *p = mx_set_find(set, id);
	bool leads = false;

	for (unsigned int i = 0; p && i < set->n; i++)
		leads |= &set->path[i] != p &&
			 mx_req_partner(&nobody, set->path[i].addr.family);
	if (!leads)
		return false;
	mx_set_haunt(set, p, true, now, grace);
	mx_set_take_out(set, p);
	if (!mx_set_primary(set))
		mx_set_elect(set, &nobody);
	return true;
}

/**
 * mx_set_expire() - forget what has been gone for long enough
 * @set: any set
 * @now: microseconds
 *
 * Return: whether anything was forgotten.
 */
bool mx_set_expire(struct mx_set *set, uint64_t now)
{
	unsigned int kept = 0;
	bool changed;

	for (unsigned int i = 0; i < set->n_ghost; i++)
		if (set->ghost[i].forget_at > now)
			set->ghost[kept++] = set->ghost[i];
	changed = kept != set->n_ghost;
	set->n_ghost = kept;
	return changed;
}

/**
 * mx_set_deadline() - when a ghost changes next
 * @set: any set
 * @now: microseconds
 *
 * Return: the first accept_until or forget_at after @now, or UINT64_MAX.
 */
uint64_t mx_set_deadline(const struct mx_set *set, uint64_t now)
{
	uint64_t next = UINT64_MAX;

	for (unsigned int i = 0; i < set->n_ghost; i++) {
		const struct mx_ghost *g = &set->ghost[i];
		uint64_t t = g->accept_until > now ? g->accept_until :
						     g->forget_at;

		if (t < next)
			next = t;
	}
	return next;
}

/**
 * mx_set_sound() - whether what must hold of a set holds
 * @set: any set
 *
 * Never empty, one primary, IDs and addresses unique (invariant I6), the latter
 * with ports where there is a NAT.
 *
 * Return: true if so.
 */
bool mx_set_sound(const struct mx_set *set)
{
	unsigned int primaries = 0;

	if (!set->n || set->n > MX_MAX_PATHS || set->n_ghost > MX_MAX_GHOSTS)
		return false;
	for (unsigned int i = 0; i < set->n; i++) {
		const struct mx_path *p = &set->path[i];

		if (p->addr.family != 4 && p->addr.family != 6)
			return false;
		if (p->state != MOBIKEX_TENTATIVE && p->state != MOBIKEX_VALID)
			return false;
		primaries += p->flags & MOBIKEX_F_PRIMARY;
		for (unsigned int j = 0; j < i; j++) {
			const struct mx_path *q = &set->path[j];

			if (q->id >= p->id ||
			    (wire_addr_equal(&q->addr, &p->addr) &&
			     (q->port == p->port || !(q->nat || p->nat))))
				return false;
		}
	}
	return primaries == 1;
}
