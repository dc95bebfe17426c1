// SPDX-License-Identifier: GPL-2.0
/* The notifies of MOBIKE and MOBIKE-X, between messages and our structs. */
#include "mobike/session.h"
#include "wire/mobike.h"

#include <string.h>

static uint16_t block_type(enum mx_op_kind kind)
{
	switch (kind) {
	case MX_OP_ADD:
		return IKE_N_ADD_SA_ADDRESS;
	case MX_OP_UPDATE:
		return IKE_N_IP_PARAMETER;
	case MX_OP_REMOVE:
		break;
	}
	return IKE_N_REMOVE_SA_ADDRESS;
}

/**
 * mx_put_block() - append one block of a request
 * @b: message
 * @op: block; a derived update has none
 */
void mx_put_block(struct wire_enc *b, const struct mx_op *op)
{
	struct mobikex_block block = {
		.empty = op->derived,
		.flags = op->flags,
		.path_id = op->id,
		.preference = op->preference,
		.old_addr = op->old_addr,
		.new_addr = op->new_addr,
	};

	mobikex_block_encode(b, block_type(op->kind), &block);
}

/** mx_put_supported() - append the Vendor ID and MOBIKEX_SUPPORTED */
void mx_put_supported(struct wire_enc *b, uint8_t max_paths)
{
	wire_vendor_encode(b, mobikex_vendor_id, sizeof(mobikex_vendor_id));
	mobikex_supported_encode(b, max_paths);
}

/**
 * mx_get_supported() - does an IKE_AUTH message announce MOBIKE-X
 * @in: message
 * @max_paths: gets the sender's limit
 *
 * Return: whether all three marks are there (MOBIKE-X, section 3).
 */
bool mx_get_supported(const struct ike_in *in, uint8_t *max_paths)
{
	struct mobikex_supported s;
	struct wire_notify n;

	if (!wire_vendor_find(in->msg, mobikex_vendor_id,
			      sizeof(mobikex_vendor_id)) ||
	    !wire_notify_find(in->msg, IKE_N_MOBIKE_SUPPORTED, &n) ||
	    !wire_notify_find(in->msg, IKE_N_MOBIKEX_SUPPORTED, &n) ||
	    mobikex_supported_decode(&n, &s) != WIRE_OK)
		return false;
	*max_paths = s.max_paths;
	return true;
}

static void put_set(const struct mx_session *s, struct wire_enc *b,
		    uint64_t now)
{
	struct mobikex_set set = { .n = 0 };

	for (unsigned int i = 0; i < s->peer.n; i++) {
		const struct mx_path *p = &s->peer.path[i];

		set.e[set.n++] = (struct mobikex_set_entry){
			.path_id = p->id,
			.state = p->state,
			.preference = p->preference,
			.flags = p->flags,
			.observed = { .addr = p->addr, .port = p->port },
		};
	}
	for (unsigned int i = 0; i < s->peer.n_ghost; i++) {
		const struct mx_ghost *g = &s->peer.ghost[i];

		if (g->retired || g->accept_until <= now ||
		    set.n == MOBIKEX_PATHS_MAX)
			continue;
		set.e[set.n++] = (struct mobikex_set_entry){
			.path_id = g->id,
			.state = MOBIKEX_DEPRECATED,
			.preference = g->preference,
			.observed = { .addr = g->addr },
		};
	}
	mobikex_set_encode(b, &set);
}

/**
 * mx_put_answer() - fill the answer to an address request
 * @s: session, whose peer's set is told
 * @sa: IKE SA that the answer goes by
 * @b: answer
 * @a: what to say
 */
void mx_put_answer(const struct mx_session *s, const struct ike_sa *sa,
		   struct wire_enc *b, const struct mx_answer *a)
{
	if (a->error)
		wire_notify_encode(b, a->error, NULL, 0);
	if (a->error && a->why.reason && s->mobikex)
		mobikex_reason_encode(b, a->why.reason, a->why.index,
				      a->why.text);
	if (a->natd)
		ike_put_natd(sa, b, &a->local, &a->remote);
	if (a->cookie_len)
		wire_notify_encode(b, IKE_N_COOKIE2, a->cookie, a->cookie_len);
	if (!a->error && a->with_set)
		put_set(s, b, ike_sa_now(sa));
}

static bool bad_block(struct mx_request *rq, uint16_t index, const char *text)
{
	if (rq->why.reason)
		return false;
	rq->why.reason = MOBIKEX_R_BAD_FORMAT;
	rq->why.index = index;
	strncpy(rq->why.text, text, sizeof(rq->why.text) - 1);
	return false;
}

static bool get_block(const struct wire_notify *n, uint16_t index,
		      struct mx_request *rq, struct mx_op *op)
{
	struct mobikex_block block;
	enum wire_err err = mobikex_block_decode(n, &block);

	if (err != WIRE_OK)
		return bad_block(rq, index, wire_err_text(err));
	*op = (struct mx_op){
		.kind = n->type == IKE_N_ADD_SA_ADDRESS ? MX_OP_ADD :
			n->type == IKE_N_IP_PARAMETER	? MX_OP_UPDATE :
							  MX_OP_REMOVE,
		.derived = block.empty,
		.flags = block.flags,
		.id = block.path_id,
		.preference = block.preference,
		.index = index,
		.old_addr = block.old_addr,
		.new_addr = block.new_addr,
	};
	return true;
}

static void get_no_nats(const struct ike_in *in, const struct wire_notify *n,
			struct mx_request *rq)
{
	struct wire_endpoint src, dst;

	if (mobike_no_nats_decode(n, &src, &dst) != WIRE_OK ||
	    !wire_endpoint_equal(&src, &in->remote) ||
	    !wire_endpoint_equal(&dst, &in->local))
		rq->nat = true;
}

static void get_cookie(const struct wire_notify *n, struct mx_request *rq,
		       struct mx_answer *a)
{
	struct wire_span cookie;

	if (mobike_cookie2_decode(n, &cookie) != WIRE_OK) {
		rq->bad_cookie = true;
		return;
	}
	memcpy(a->cookie, cookie.p, cookie.len);
	a->cookie_len = (uint8_t)cookie.len;
}

/*
 * UPDATE_SA_ADDRESSES says what IP_PARAMETER is about: alone it is RFC 4555's,
 * and without it IP_PARAMETER means nothing.
 */
static void tie_update(struct mx_request *rq, bool update, bool parameters)
{
	unsigned int i;

	if (parameters && !update) {
		for (i = 0; i < rq->n && rq->ops[i].kind != MX_OP_UPDATE; i++)
			;
		bad_block(rq, i < rq->n ? rq->ops[i].index : 0,
			  "IP_PARAMETER without UPDATE_SA_ADDRESSES");
	}
	if (!update || parameters)
		return;
	if (rq->n == MX_MAX_OPS) {
		bad_block(rq, MX_MAX_OPS, "too many blocks");
		return;
	}
	rq->ops[rq->n++] = (struct mx_op){
		.kind = MX_OP_UPDATE,
		.derived = true,
	};
}

/* With a NAT in between, what a request says differs from its IP header. */
static void get_nats(const struct ike_sa *sa, const struct ike_in *in,
		     struct mx_request *rq)
{
	rq->natd = ike_in_natd(sa, in);
	for (unsigned int i = 0; i < rq->n; i++)
		if (rq->ops[i].new_addr.family &&
		    !wire_addr_equal(&rq->ops[i].new_addr, &in->remote.addr))
			rq->natd |= IKE_NATD_REMOTE;
	if (rq->natd & (IKE_NATD_LOCAL | IKE_NATD_REMOTE))
		rq->natd &= ~(unsigned int)IKE_NATD_NONE;
}

/**
 * mx_get_request() - what of a request is for us
 * @sa: IKE SA that it came by
 * @in: request
 * @mobikex: agreed; otherwise MOBIKE-X's notifies are ignored
 * @rq: result
 * @a: gets what the answer has to repeat
 */
void mx_get_request(const struct ike_sa *sa, const struct ike_in *in,
		    bool mobikex,
		    struct mx_request *rq, struct mx_answer *a)
{
	uint16_t index = 0;
	const struct wire_payload *pl = NULL;
	struct wire_notify n;
	bool update = false, parameters = false;

	memset(rq, 0, sizeof(*rq));
	memset(a, 0, sizeof(*a));
	a->local = in->local;
	a->remote = in->remote;
	while ((pl = wire_msg_next(in->msg, IKE_PL_NOTIFY, pl))) {
		if (wire_notify_decode(pl, &n) != WIRE_OK)
			continue;
		switch (n.type) {
		case IKE_N_UPDATE_SA_ADDRESSES:
			update = true;
			break;
		case IKE_N_COOKIE2:
			get_cookie(&n, rq, a);
			break;
		case IKE_N_NAT_DETECTION_SOURCE_IP:
		case IKE_N_NAT_DETECTION_DESTINATION_IP:
			a->natd = true;
			break;
		case IKE_N_NO_NATS_ALLOWED:
			get_no_nats(in, &n, rq);
			break;
		case IKE_N_ADDITIONAL_IP4_ADDRESS:
		case IKE_N_ADDITIONAL_IP6_ADDRESS:
		case IKE_N_NO_ADDITIONAL_ADDRESSES:
			rq->additional = true;
			break;
		case IKE_N_SA_ADDRESS_SET:
			rq->query |= mobikex;
			break;
		case IKE_N_IP_PARAMETER:
		case IKE_N_ADD_SA_ADDRESS:
		case IKE_N_REMOVE_SA_ADDRESS:
			if (!mobikex)
				break;
			rq->changes = true;
			if (rq->n == MX_MAX_OPS)
				bad_block(rq, index, "too many blocks");
			else if (get_block(&n, index, rq, &rq->ops[rq->n]))
				rq->n++;
			if (n.type == IKE_N_IP_PARAMETER)
				parameters = true;
			index++;
			break;
		}
	}
	rq->changes |= update;
	get_nats(sa, in, rq);
	tie_update(rq, update, parameters);
}
