// SPDX-License-Identifier: GPL-2.0
/* The hand-written peer: see mobike_hand.h. */
#include "mobike_hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mobike/mobike.h"

struct hand hand;

static int on_open(struct ike_sa *sa)
{
	sa->ext = &hand;
	return 0;
}

static void on_auth_build(struct ike_sa *sa, struct wire_enc *b)
{
	(void)sa;
	wire_vendor_encode(b, mobikex_vendor_id, sizeof(mobikex_vendor_id));
	mobikex_supported_encode(b, 16);
}

static unsigned int on_window(struct ike_sa *sa)
{
	(void)sa;
	return 4;
}

static void on_established(struct ike_sa *sa)
{
	assert_true(hand.n_sa < 4);
	hand.sa[hand.n_sa++] = sa;
}

static void on_closed(struct ike_sa *sa)
{
	for (unsigned int i = 0; i < hand.n_sa; i++)
		if (hand.sa[i] == sa)
			hand.sa[i] = NULL;
	hand.closed = true;
}

static enum ike_verdict on_request(struct ike_sa *sa, const struct ike_in *in,
				   struct wire_enc *b)
{
	static const uint8_t forged[32] = { 1 };
	struct wire_notify n;

	(void)sa;
	if (!wire_notify_find(in->msg, IKE_N_COOKIE2, &n))
		return IKE_PASS;
	hand.checks++;
	switch (hand.check) {
	case ANSWERED:
		return IKE_PASS;
	case FORGED:
		wire_notify_encode(b, IKE_N_COOKIE2, forged, sizeof(forged));
		return IKE_ANSWER;
	case WITHOUT:
		return IKE_ANSWER;
	case REFUSED:
		wire_notify_encode(b, IKE_N_UNACCEPTABLE_ADDRESSES, NULL, 0);
		return IKE_ANSWER;
	case SILENT:
		break;
	}
	return IKE_LATER;
}

static bool build(struct ike_sa *sa, void *ctx,
		  const struct wire_endpoint *local,
		  const struct wire_endpoint *remote, struct wire_enc *b)
{
	const struct ask *a = ctx;
	struct wire_endpoint from = *local;
	uint8_t cookie[80];

	for (unsigned int i = 0; i < a->n; i++)
		wire_notify_encode(b, a->v[i].type, a->v[i].data, a->v[i].len);
	if (a->no_nats == WRONG)
		from.port ^= 1;
	if (a->no_nats != NONE)
		mobike_no_nats_encode(b, &from, remote);
	if (a->natd)
		ike_put_natd(sa, b, local, remote);
	memset(cookie, 0x5a, sizeof(cookie));
	if (a->cookie_len)
		wire_notify_encode(b, IKE_N_COOKIE2, cookie, a->cookie_len);
	return true;
}

static void done(struct ike_sa *sa, void *ctx, enum ike_result result,
		 const struct ike_in *in)
{
	struct ask *a = ctx;
	struct wire_notify n;

	if (result != IKE_RESULT_ANSWER)
		return;
	a->answered = true;
	a->error = wire_notify_error(in->msg, &n) ? n.type : 0;
	if (wire_notify_find(in->msg, IKE_N_MOBIKEX_REASON, &n))
		assert_int_equal(mobikex_reason_decode(&n, &a->reason),
				 WIRE_OK);
	if (wire_notify_find(in->msg, IKE_N_COOKIE2, &n)) {
		a->cookie_back = n.data.len == a->cookie_len;
		for (size_t i = 0; i < n.data.len; i++)
			a->cookie_back &= n.data.p[i] == 0x5a;
	}
	a->natd_back = ike_in_natd(sa, in) == IKE_NATD_NONE;
	a->has_set = wire_notify_find(in->msg, IKE_N_SA_ADDRESS_SET, &n);
	if (a->has_set)
		assert_int_equal(mobikex_set_decode(&n, &a->set), WIRE_OK);
}

static void on_path_cmd(struct ike_sa *sa, const struct ike_ev_path_cmd *cmd)
{
	(void)cmd;
	for (unsigned int i = 0; i < hand.n_todo; i++) {
		struct ask *a = hand.todo[i];
		struct ike_request_desc d = {
			.local.port = 4500,
			.remote = hand.sa[a->conn]->remote,
			.build = build,
			.done = done,
			.ctx = a,
		};

		assert_true(wire_addr_parse(&d.local.addr, a->by));
		if (a->to)
			assert_true(wire_addr_parse(&d.remote.addr, a->to));
		assert_true(ike_sa_request(hand.sa[a->conn], &d));
	}
	hand.n_todo = 0;
	ike_sa_cmd_done(sa, cmd->reply, 0, "%s", "");
}

const struct ike_ext_ops hand_ext = {
	.open = on_open,
	.auth_build = on_auth_build,
	.window = on_window,
	.established = on_established,
	.closed = on_closed,
	.request = on_request,
	.path_cmd = on_path_cmd,
};

struct sim *hand_start(bool server_x, uint8_t max_paths)
{
	struct sim *sim = sim_new(4555, &hand_ext, &mobike_ext);
	struct ike_conn c;

	memset(&hand, 0, sizeof(hand));
	sim->verbose = getenv("SIM_VERBOSE") != NULL;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 5 * SIM_MS);
	sim_add_link(sim, 0, CABLE, "cable", 5 * SIM_MS);
	sim_add_link(sim, 0, LOCALNET, "ad-hoc", 5 * SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	c = sim_conn(1);
	c.mobikex = server_x;
	c.max_paths = max_paths;
	c.remote_id.type = 0;
	c.ndeny = 1;
	assert_true(wire_addr_parse(&c.deny[0].addr, "10.0.4.0"));
	c.deny[0].plen = 24;
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);
	assert_int_equal(hand.n_sa, 1);
	return sim;
}

struct ask hand_ask_by(const char *by)
{
	return (struct ask){
		.by = by,
		.natd = true,
		.cookie_len = 32,
	};
}

void hand_put(struct ask *a, uint16_t type, const void *data, size_t len)
{
	struct notify *n = &a->v[a->n++];

	assert_true(a->n <= HAND_MAX_NOTIFIES && len <= sizeof(n->data));
	n->type = type;
	n->len = len;
	if (len)
		memcpy(n->data, data, len);
}

void hand_put_block(struct ask *a, uint16_t type, uint16_t id, uint8_t flags,
		    const char *old, const char *new_addr)
{
	uint8_t d[40] = { 1, flags, (uint8_t)(id >> 8), (uint8_t)id };
	struct wire_addr addr;
	size_t len = 8;

	if (old) {
		assert_true(wire_addr_parse(&addr, old));
		d[5] = addr.family;
		memcpy(d + len, addr.a, wire_addr_len(addr.family));
		len += wire_addr_len(addr.family);
	}
	if (new_addr) {
		assert_true(wire_addr_parse(&addr, new_addr));
		d[6] = addr.family;
		memcpy(d + len, addr.a, wire_addr_len(addr.family));
		len += wire_addr_len(addr.family);
	}
	hand_put(a, type, d, len);
}

void hand_put_update(struct ask *a)
{
	hand_put(a, IKE_N_UPDATE_SA_ADDRESSES, NULL, 0);
}

void hand_send(struct sim *sim, struct ask *a, struct ask *b)
{
	hand.todo[0] = a;
	hand.todo[1] = b;
	hand.n_todo = b ? 2 : 1;
	sim_path(sim, hand.node, IKE_PATH_USE, RADIO, false);
	assert_int_equal(sim->node[hand.node].last_err, 0);
}

void hand_ask(struct sim *sim, struct ask *a)
{
	hand_send(sim, a, NULL);
	sim_run(sim, SIM_SECOND);
	assert_true(a->answered);
}

/* Refused as told, and the server is as it was. */
void hand_refuse(struct sim *sim, struct ask *a, uint16_t error,
		 uint16_t reason, uint16_t block)
{
	struct sim_peer before = sim->node[1].peers[0];

	hand_ask(sim, a);
	if (a->error != error || a->reason.code != reason)
		fail_msg("notify %u reason %u (%s) instead of %u %u", a->error,
			 a->reason.code, a->reason.text, error, reason);
	assert_int_equal(a->reason.block, block);
	assert_false(a->has_set);
	assert_true(a->cookie_back);
	assert_int_equal(sim->node[1].n_peers, 1);
	assert_int_equal(sim->node[1].peers[0].generation, before.generation);
	assert_memory_equal(sim->node[1].peers[0].paths, before.paths,
			    sizeof(before.paths[0]) * before.n);
	assert_false(hand.closed);
	memset(&a->reason, 0, sizeof(a->reason));
	a->answered = false;
}

void hand_agree(struct sim *sim, struct ask *a)
{
	hand_ask(sim, a);
	if (a->error)
		fail_msg("notify %u reason %u (%s)", a->error, a->reason.code,
			 a->reason.text);
	assert_true(a->cookie_back);
	assert_true(a->natd_back);
}

void hand_add_wlan(struct sim *sim)
{
	struct ask a = hand_ask_by(WLAN);

	hand_put_block(&a, IKE_N_ADD_SA_ADDRESS, 1, 0, NULL, WLAN);
	hand_agree(sim, &a);
	assert_int_equal(sim_path_state(sim, 1, SERVER, WLAN),
			 MOBX_PATH_STATE_VALID);
}
