// SPDX-License-Identifier: GPL-2.0
/*
 * Arithmetic on the path set of one end of an IKE SA: what a request makes of
 * it (MOBIKE-X, section 6, steps 5 and 7).
 */
#include "mobike/pathset_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 4, 5))) static int
refuse(struct mx_refusal *why, int reason, uint16_t index, const char *fmt, ...)
{
	va_list ap;

	why->reason = (uint16_t)reason;
	why->index = index;
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return reason;
}

static struct mx_ghost *ghost_of(struct mx_set *set, uint16_t id,
				 const struct wire_addr *addr)
{
	for (unsigned int i = 0; i < set->n_ghost; i++)
		if (set->ghost[i].id == id &&
		    (wire_addr_equal(&set->ghost[i].addr, addr) ||
		     wire_addr_equal(&set->ghost[i].inner, addr)))
			return &set->ghost[i];
	return NULL;
}

/* An owner that missed an answer may still name an address it had before. */
static bool old_matches(struct mx_set *set, const struct mx_path *p,
			const struct wire_addr *old)
{
	return !p->inner.family || wire_addr_equal(&p->addr, old) ||
	       wire_addr_equal(&p->inner, old) || ghost_of(set, p->id, old);
}

/*
 * Without a NAT the port says nothing, and a new one is taken as it comes. Where
 * there is one from now on ESP goes to that port, which nobody has proven.
 */
static void note_nat(struct mx_path *p, const struct mx_req *req)
{
	if (!req->nat_known)
		return;
	if (!p->nat && req->nat) {
		p->via = req->dst;
		p->state = req->fresh;
		p->credit = req->credit;
	}
	p->nat = req->nat;
}

static void settle(struct mx_path *p, const struct mx_req *req,
		   const struct wire_addr *inner)
{
	p->addr = req->src;
	p->inner = *inner;
	note_nat(p, req);
	p->port = req->src_port;
	p->via = req->dst;
	p->state = req->fresh;
	p->credit = req->credit;
	p->rtt_us = 0;
	/* Own sets: nobody has told how the peer sees it there. */
	p->outer.addr.family = 0;
	p->seen_set = false;
	p->shown_us = 0;
}

static int check_shape(const struct mx_op *op, struct mx_refusal *why)
{
	bool has_old = op->old_addr.family != 0;
	bool has_new = op->new_addr.family != 0;

	if (op->derived)
		return 0;
	switch (op->kind) {
	case MX_OP_ADD:
		if (has_old || !has_new)
			return refuse(why, MOBIKEX_R_BAD_FORMAT, op->index,
				      "ADD takes a new address and no old one");
		break;
	case MX_OP_UPDATE:
		if (has_old != has_new)
			return refuse(why, MOBIKEX_R_BAD_FORMAT, op->index,
				      "UPDATE takes both addresses or neither");
		break;
	case MX_OP_REMOVE:
		if (has_new)
			return refuse(why, MOBIKEX_R_BAD_FORMAT, op->index,
				      "REMOVE takes no new address");
		break;
	}
	return 0;
}

/* Behind a NAT only the owner knows; else it is what the IP header says. */
static struct wire_addr inner_of(const struct mx_op *op,
				 const struct mx_req *req)
{
	const struct wire_addr unknown = { .family = 0 };

	if (!op->derived)
		return op->new_addr;
	return req->nat ? unknown : req->src;
}

static int do_add(struct mx_set *set, const struct mx_op *op,
		  const struct mx_req *req, struct mx_refusal *why)
{
	struct mx_path *p = mx_set_by_source(set, req);
	struct wire_addr inner = inner_of(op, req);
	uint16_t id = op->id;

	if (op->derived) {
		if (p)
			return 0;
		id = (uint16_t)mx_set_free_id(set);
	} else if (inner.family != req->src.family) {
		return refuse(why, MOBIKEX_R_FAMILY, op->index,
			      "the request came by another address family");
	}
	if (p && p->id == id)
		return 0;
	if (p)
		return refuse(why, MOBIKEX_R_DUPLICATE, op->index,
			      "path %u has this address", p->id);
	if (mx_set_id_taken(set, id))
		return refuse(why, MOBIKEX_R_DUPLICATE, op->index,
			      "path ID %u is in use or was until just now", id);
	if (!mx_req_partner(req, req->src.family) && !req->may_join)
		return refuse(why, MOBIKEX_R_FAMILY, op->index,
			      "no address of this family here");
	if (set->n >= req->max_paths || set->n >= MX_MAX_PATHS)
		return refuse(why, MOBIKEX_R_LIMIT, op->index,
			      "%u paths are allowed", req->max_paths);
	p = mx_set_put_in(set, id);
	p->preference = op->preference;
	p->flags = op->flags & MOBIKEX_F_BACKUP;
	settle(p, req, &inner);
	return 0;
}

static int move_path(struct mx_set *set, struct mx_path *p,
		     const struct mx_op *op, const struct mx_req *req,
		     struct mx_refusal *why)
{
	struct mx_path *other = mx_set_by_source(set, req);
	struct wire_addr inner = inner_of(op, req);

	if (other == p) {
		p->port = req->src_port;
		p->inner = inner;
		note_nat(p, req);
		return 0;
	}
	if (other)
		return refuse(why, MOBIKEX_R_DUPLICATE, op->index,
			      "path %u has this address", other->id);
	if (!mx_req_partner(req, req->src.family))
		return refuse(why, MOBIKEX_R_FAMILY, op->index,
			      "no address of this family here");
	/* Of a NAT that has changed the port only there is nothing left. */
	if (!wire_addr_equal(&p->addr, &req->src))
		mx_set_haunt(set, p, false, req->now,
			     op->flags & MOBIKEX_F_SOFT ? MX_SOFT_US :
							  MX_GRACE_US);
	settle(p, req, &inner);
	return 0;
}

static int do_update(struct mx_set *set, const struct mx_op *op,
		     const struct mx_req *req, struct mx_refusal *why)
{
	struct mx_path *p;

	if (op->derived) {
		/* RFC 4555: there are no IDs, only where it came from. */
		p = mx_set_by_source(set, req);
		if (p) {
			p->port = req->src_port;
			/* It may be another link that has this mapping now. */
			p->inner = inner_of(op, req);
			note_nat(p, req);
			mx_set_lead(set, p->id);
			return 0;
		}
		return move_path(set, mx_set_primary(set), op, req, why);
	}
	p = mx_set_find(set, op->id);
	if (!p)
		return refuse(why, MOBIKEX_R_NO_SUCH_PATH, op->index,
			      "no path has ID %u", op->id);
	if (op->new_addr.family) {
		int err;

		if (op->new_addr.family != req->src.family)
			return refuse(why, MOBIKEX_R_FAMILY, op->index,
				      "the request came by another family");
		if (!old_matches(set, p, &op->old_addr))
			return refuse(why, MOBIKEX_R_NO_SUCH_PATH, op->index,
				      "path %u never had this old address",
				      op->id);
		err = move_path(set, p, op, req, why);
		if (err)
			return err;
	}
	p->preference = op->preference;
	p->flags = (uint8_t)((p->flags & ~MOBIKEX_F_BACKUP) |
			     (op->flags & MOBIKEX_F_BACKUP));
	return 0;
}

static int remove_others(struct mx_set *set, const struct mx_op *op,
			 const struct mx_req *req, struct mx_refusal *why)
{
	struct mx_path *keep = mx_set_by_source(set, req);

	if (!keep)
		return refuse(why, MOBIKEX_R_NO_SUCH_PATH, op->index,
			      "the request came by no path of the set");
	for (unsigned int i = 0; i < set->n; i++) {
		if (&set->path[i] == keep)
			continue;
		mx_set_hush(set, set->path[i].id, req->now);
		mx_set_haunt(set, &set->path[i], true, req->now, MX_GRACE_US);
	}
	set->path[0] = *keep;
	set->n = 1;
	return 0;
}

static int do_remove(struct mx_set *set, const struct mx_op *op,
		     const struct mx_req *req, struct mx_refusal *why)
{
	struct mx_path *p;

	if (op->derived)
		return remove_others(set, op, req, why);
	p = mx_set_find(set, op->id);
	if (op->old_addr.family && p &&
	    !wire_addr_equal(&p->addr, &op->old_addr) &&
	    !wire_addr_equal(&p->inner, &op->old_addr)) {
		/* An address it has left already: stop taking from there. */
		if (!ghost_of(set, op->id, &op->old_addr))
			return refuse(why, MOBIKEX_R_NO_SUCH_PATH, op->index,
				      "path %u never had this address", op->id);
		mx_set_hush(set, op->id, req->now);
		return 0;
	}
	if (!p)
		return refuse(why, MOBIKEX_R_NO_SUCH_PATH, op->index,
			      "no path has ID %u", op->id);
	if (set->n == 1)
		return refuse(why, MOBIKEX_R_LAST_PATH, op->index,
			      "path %u is the last one", op->id);
	mx_set_hush(set, op->id, req->now);
	mx_set_haunt(set, p, true, req->now, MX_GRACE_US);
	mx_set_take_out(set, p);
	return 0;
}

/* Two blocks that want different things of one path have no order. */
static int check_conflicts(const struct mx_op *ops, unsigned int n,
			   struct mx_refusal *why)
{
	const struct mx_op *primary = NULL;

	for (unsigned int i = 0; i < n; i++) {
		for (unsigned int j = 0; j < i; j++)
			if (ops[i].kind == ops[j].kind &&
			    (ops[i].derived || ops[j].derived ||
			     ops[i].id == ops[j].id))
				return refuse(
					why, MOBIKEX_R_BAD_FORMAT, ops[i].index,
					"two blocks of a kind for one path");
		if (!(ops[i].flags & MOBIKEX_F_PRIMARY) || ops[i].derived ||
		    ops[i].kind == MX_OP_REMOVE)
			continue;
		if (primary && primary->id != ops[i].id)
			return refuse(why, MOBIKEX_R_BAD_FORMAT, ops[i].index,
				      "two paths marked PRIMARY");
		primary = &ops[i];
	}
	return 0;
}

enum phase {
	REMOVE_IDLE,
	ADD,
	UPDATE,
	REMOVE_REST,
	PHASES
};

static enum phase phase_of(const struct mx_op *op, uint16_t primary)
{
	switch (op->kind) {
	case MX_OP_ADD:
		return ADD;
	case MX_OP_UPDATE:
		return UPDATE;
	case MX_OP_REMOVE:
		break;
	}
	return op->derived || op->id == primary ? REMOVE_REST : REMOVE_IDLE;
}

static int apply_one(struct mx_set *set, const struct mx_op *op,
		     const struct mx_req *req, struct mx_refusal *why)
{
	switch (op->kind) {
	case MX_OP_ADD:
		return do_add(set, op, req, why);
	case MX_OP_UPDATE:
		return do_update(set, op, req, why);
	case MX_OP_REMOVE:
		break;
	}
	return do_remove(set, op, req, why);
}

static void mark_primary(struct mx_set *set, const struct mx_op *ops,
			 unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (ops[i].kind != MX_OP_REMOVE && !ops[i].derived &&
		    (ops[i].flags & MOBIKEX_F_PRIMARY))
			mx_set_lead(set, ops[i].id);
}

static int apply_all(struct mx_set *work, const struct mx_op *ops,
		     unsigned int n, const struct mx_req *req,
		     struct mx_refusal *why)
{
	uint16_t primary = mx_set_primary(work)->id;

	for (unsigned int ph = 0; ph < PHASES; ph++) {
		for (unsigned int i = 0; i < n; i++)
			if (phase_of(&ops[i], primary) == ph &&
			    apply_one(work, &ops[i], req, why))
				return why->reason;
		if (ph == UPDATE)
			mark_primary(work, ops, n);
	}
	if (!mx_set_primary(work))
		mx_set_elect(work, req);
	if (!mx_req_partner(req, mx_set_primary(work)->addr.family))
		return refuse(why, MOBIKEX_R_FAMILY, 0,
			      "nothing here is of the primary path's family");
	return 0;
}

/**
 * mx_set_apply() - carry out all blocks of a request, or none
 * @set: the set of the end that asks
 * @ops: blocks, @n of them
 * @n: up to MX_MAX_OPS
 * @req: the request
 * @why: filled in always
 *
 * Works on a copy: removes of paths that are not primary, adds, updates, then
 * the other removes, so that the order of the payloads does not matter
 * (MOBIKE-X, section 6, step 7). The caller has looked at the source address
 * (step 6) and at NATs (step 4) before.
 *
 * Return: 0 and @set changed, or why not and @set as it was.
 */
int mx_set_apply(struct mx_set *set, const struct mx_op *ops, unsigned int n,
		 const struct mx_req *req, struct mx_refusal *why)
{
	struct mx_set work = { 0 };

	memset(why, 0, sizeof(*why));
	for (unsigned int i = 0; i < n; i++)
		if (check_shape(&ops[i], why))
			return why->reason;
	if (check_conflicts(ops, n, why))
		return why->reason;
	/* Each block adds one path at most. */
	if (!mx_set_copy(&work, set) || !mx_set_reserve(&work, set->n + n))
		refuse(why, MOBIKEX_R_INTERNAL, 0, "out of memory");
	else if (!apply_all(&work, ops, n, req, why))
		mx_set_move(set, &work);
	mx_set_free(&work);
	return why->reason;
}
