// SPDX-License-Identifier: GPL-2.0
/* Message IDs, windows, retransmission, liveness, a bad network. */
#include <errno.h>

#include "ike_net.h"

static enum net_verdict silent(struct net *net, struct net_packet *p, void *ctx)
{
	(void)net;
	(void)ctx;
	return p->from == 1 ? NET_DROP : NET_PASS;
}

/* The same octets each time, ever more slowly, then the end. covers: K2 K18 */
static void retransmission(void **state)
{
	const struct net_packet *a, *b;
	struct net *net = net_new(1);
	struct ike_conn c = net_conn(0);
	uint64_t gap, last = 0, patience = 0, interval;
	unsigned int i, n;

	(void)state;
	net_up(net);
	net_forget(net);
	net->filter = silent;
	net_run(net, 11 * NET_SECOND);
	a = net_nth(net, 0, IKE_EX_INFORMATIONAL, false, 0);
	assert_non_null(a);
	/* Measured, the peer is asked more often; it is not dead any sooner. */
	interval = c.retransmit_first_us;
	for (i = 0; i < c.retransmit_tries; i++, interval = interval * 9 / 5)
		patience += interval;
	net_run(net, a->at + patience - NET_SECOND - net->now);
	assert_false(net_logged(net, 0, "ike-down conn=server"));
	net_run(net, 2 * NET_SECOND);
	assert_true(net_logged(net, 0, "ike-down conn=server"));
	net_run(net, 35 * NET_SECOND);
	n = net_count(net, 0, IKE_EX_INFORMATIONAL, false);
	assert_in_range(n, c.retransmit_tries, c.retransmit_tries + 3);
	a = net_nth(net, 0, IKE_EX_INFORMATIONAL, false, 0);
	for (i = 1; i < n; i++) {
		b = net_nth(net, 0, IKE_EX_INFORMATIONAL, false, i);
		assert_int_equal(a->len, b->len);
		assert_memory_equal(a->data, b->data, a->len);
		gap = b->at - (i == 1 ? a->at :
			       net_nth(net, 0, IKE_EX_INFORMATIONAL, false,
				       i - 1)->at);
		assert_true(gap > last);
		last = gap;
	}
	assert_true(net_logged(net, 0, "the peer does not answer"));
	/* It tries again by itself, and gets through. */
	assert_true(net_count(net, 0, IKE_EX_SA_INIT, false) > 0);
	net->filter = NULL;
	net_run(net, 60 * NET_SECOND);
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	net_free(net);
}

/* The peer closes whatever it has just agreed to. */
static void turned_away(struct net *net, uint64_t us)
{
	for (uint64_t end = net->now + us; net->now < end;) {
		net_run(net, 100 * NET_MS);
		if (net_sa(net, 1) &&
		    net_sa(net, 1)->state == IKE_SA_ESTABLISHED)
			net_cmd(net, 1, IKE_EV_CONN_DOWN, "mobile");
	}
}

/*
 * A peer that closes at once is asked ever more seldom, like one that refuses;
 * one with which something has lasted is asked again without delay.
 */
static void closed_at_once(void **state)
{
	struct net *net = net_new(5);
	unsigned int n;

	(void)state;
	net_up(net);
	turned_away(net, 60 * NET_SECOND);
	n = net_count(net, 0, IKE_EX_SA_INIT, false);
	assert_in_range(n, 6, 10);
	turned_away(net, 300 * NET_SECOND);
	assert_in_range(net_count(net, 0, IKE_EX_SA_INIT, false), n + 4, n + 7);

	/* Rekeyed meanwhile, it is the same connection still. */
	net_run(net, 80 * NET_SECOND);
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	net_cmd(net, 0, IKE_EV_CONN_REKEY, "server");
	net_run(net, NET_SECOND);
	net_forget(net);
	net_cmd(net, 1, IKE_EV_CONN_DOWN, "mobile");
	net_run(net, NET_SECOND);
	assert_int_equal(net_count(net, 0, IKE_EX_SA_INIT, false), 1);
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	net_free(net);
}

/* Nor does traffic have it asked more often; once it has kept up, at once. */
static void packets_wait(void **state)
{
	struct ike_conn c = net_conn(0), s = net_conn(1);
	struct ike_event ev = {
		.type = IKE_EV_ACQUIRE,
		.u.acquire = { .proto = 17, .label = "conn:server" },
	};
	struct net *net = net_new(5);

	(void)state;
	c.start = IKE_START_ON_TRAFFIC;
	ev.u.acquire.local = net_addr("10.0.0.1");
	ev.u.acquire.remote = net_addr("10.0.0.2");
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	for (int i = 0; i < 600; i++) {
		net_event(net, 0, &ev);
		turned_away(net, 100 * NET_MS);
	}
	assert_in_range(net_count(net, 0, IKE_EX_SA_INIT, false), 6, 10);
	/* The last of them is not forgotten. */
	net_run(net, 120 * NET_SECOND);
	assert_true(net_agree(net, 1));
	net_cmd(net, 1, IKE_EV_CONN_DOWN, "mobile");
	net_run(net, NET_SECOND);
	assert_null(net_sa(net, 0));
	net_forget(net);
	net_event(net, 0, &ev);
	assert_int_equal(net_count(net, 0, IKE_EX_SA_INIT, false), 1);
	net_free(net);
}

/* covers: K19 K20 */
static void liveness(void **state)
{
	struct net *net = net_new(2);
	struct wire_msg msg;
	uint8_t *plain;

	(void)state;
	net_up(net);
	net_run(net, 65 * NET_SECOND);
	/* One each ten seconds, from whoever gets there first; both alive. */
	assert_in_range(net_count(net, 0, IKE_EX_INFORMATIONAL, false) +
			net_count(net, 1, IKE_EX_INFORMATIONAL, false), 6, 13);
	assert_int_equal(net_count(net, 0, IKE_EX_INFORMATIONAL, false),
			 net_count(net, 1, IKE_EX_INFORMATIONAL, true));
	assert_true(net_open(net, net_nth(net, 1, IKE_EX_INFORMATIONAL, true,
					  0), &msg, &plain));
	assert_int_equal(msg.n, 0);
	free(plain);
	assert_true(net_agree(net, 1));
	net_free(net);
}

/*
 * ESP that keeps coming, genuine but from elsewhere, is no sign of life: it may
 * have been held up on the way. covers: MB33
 */
static void esp_is_no_life(void **state)
{
	struct ike_event ev = { .type = IKE_EV_PATH_HINT };
	struct net *net = net_new(12);
	unsigned int i;

	(void)state;
	net_up(net);
	ev.u.path_hint.peer = net_sa(net, 0)->peer;
	ev.u.path_hint.local = net_addr("10.0.0.1");
	ev.u.path_hint.remote = net_addr("10.0.0.9");
	ev.u.path_hint.remote_port = 4500;
	net_forget(net);
	net->filter = silent;
	for (i = 0; i < 110; i++) {
		net_event(net, 0, &ev);
		net_run(net, 100 * NET_MS);
	}
	/* As soon as without it. */
	assert_true(net_count(net, 0, IKE_EX_INFORMATIONAL, false) > 0);
	for (i = 0; i < 600; i++) {
		net_event(net, 0, &ev);
		net_run(net, 100 * NET_MS);
	}
	assert_true(net_logged(net, 0, "the peer does not answer"));
	net_free(net);
}

/*
 * Host 0 is told by somebody at @from that it knows nothing of an SPI. The header
 * may have any SPIs, or none.
 */
static void say_invalid_spi(struct net *net, const char *from, uint32_t spi,
			    uint64_t in_header)
{
	struct wire_endpoint src = { net_addr(from), 4500 };
	struct wire_endpoint dst = { net_addr("10.0.0.1"), 4500 };
	struct wire_hdr hdr = {
		.spi_i = in_header,
		.exchange = IKE_EX_INFORMATIONAL,
		.flags = IKE_FLAG_INITIATOR,
	};
	struct wire_enc enc;
	uint8_t data[4];

	wire_put_u32(data, spi);
	wire_enc_start(&enc, &hdr);
	wire_notify_encode(&enc, IKE_N_INVALID_SPI, data, sizeof(data));
	assert_true(wire_enc_finish(&enc));
	net_inject(net, 0, &src, &dst, enc.wr.data, enc.wr.len);
	wire_enc_free(&enc);
}

/*
 * It has no proof, so it is a reason to ask for a sign of life, once, and for
 * nothing else: no answer, no other path. covers: MB9
 */
static void hinted(void **state)
{
	struct ike_conn c = net_conn(0), s = net_conn(1);
	struct net *net = net_new(13);
	uint32_t spi;

	(void)state;
	c.dpd_delay_us = 0;
	s.dpd_delay_us = 0;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, 8 * NET_SECOND);
	net_forget(net);
	spi = net_sa(net, 0)->children->spi_out;
	say_invalid_spi(net, "10.0.0.9", spi, 77);
	say_invalid_spi(net, "10.0.0.2", spi + 1, 0);
	net_run(net, NET_SECOND);
	assert_int_equal(net->n_sent, 0);
	say_invalid_spi(net, "10.0.0.2", spi, 0);
	say_invalid_spi(net, "10.0.0.2", spi, 0);
	assert_int_equal(net_count(net, 0, IKE_EX_INFORMATIONAL, false), 1);
	net_run(net, 100 * NET_MS);
	say_invalid_spi(net, "10.0.0.2", spi, 0);
	net_run(net, 100 * NET_MS);
	assert_int_equal(net->n_sent, 2);
	assert_int_equal(net->host[0].peers[0].generation, 1);
	assert_true(net_agree(net, 1));
	/* Is there nobody, it is found out. */
	net_run(net, 2 * NET_SECOND);
	net->filter = silent;
	say_invalid_spi(net, "10.0.0.2", spi, 77);
	net_run(net, 60 * NET_SECOND);
	assert_true(net_logged(net, 0, "the peer does not answer"));
	net_free(net);
}

static void no_liveness(void **state)
{
	struct net *net = net_new(3);
	struct ike_conn c = net_conn(0), s = net_conn(1);

	(void)state;
	c.dpd_delay_us = 0;
	s.dpd_delay_us = 0;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, 600 * NET_SECOND);
	assert_int_equal(net_count(net, 0, IKE_EX_INFORMATIONAL, false), 0);
	assert_int_equal(net_count(net, 1, IKE_EX_INFORMATIONAL, false), 0);
	net_free(net);
}

/*
 * A request that is repeated, from wherever, gets the same octets once more, to
 * where it came from; one that is forgotten, or ahead of the window, nothing.
 * covers: K3 K4 K5 K6 K8 K9
 */
static void stored_answers(void **state)
{
	struct net *net = net_new(4);
	struct wire_endpoint far = net_at("10.0.0.3", 1111);
	const struct net_packet *req, *a, *b;
	struct wire_enc enc;
	size_t sent;

	(void)state;
	net_up_asking(net);
	net_run(net, 11 * NET_SECOND);
	req = net_nth(net, 0, IKE_EX_INFORMATIONAL, false, 0);
	assert_non_null(req);
	net_inject(net, 1, &far, &req->dst, req->data, req->len);
	a = net_nth(net, 1, IKE_EX_INFORMATIONAL, true, 0);
	b = net_nth(net, 1, IKE_EX_INFORMATIONAL, true, 1);
	assert_non_null(b);
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->data, b->data, a->len);
	assert_true(wire_endpoint_equal(&b->dst, &far));
	/* No address of the IKE SA moved by that. */
	assert_int_equal(net_sa(net, 1)->remote.port, 4500);
	/* IKE_AUTH has left the window: forgotten. */
	sent = net->n_sent;
	req = net_nth(net, 0, IKE_EX_AUTH, false, 0);
	net_inject(net, 1, &req->src, &req->dst, req->data, req->len);
	assert_int_equal(net->n_sent, sent);
	/* Ahead of the window: 3 is next, 4 is too far. */
	wire_enc_start(&enc, NULL);
	net_forge(net, 0, IKE_EX_INFORMATIONAL, false, 4, &enc);
	assert_int_equal(net->n_sent, sent);
	wire_enc_start(&enc, NULL);
	net_forge(net, 0, IKE_EX_INFORMATIONAL, false, 3, &enc);
	assert_int_equal(net->n_sent, sent + 1);
	net_free(net);
}

/* Requests of an extension: several at once if the peer's window allows. */
struct asked {
	unsigned int built;
	unsigned int done;
	unsigned int freed;
	enum ike_result last;
};

static bool build_asked(struct ike_sa *sa, void *ctx,
			const struct wire_endpoint *local,
			const struct wire_endpoint *remote, struct wire_enc *b)
{
	struct asked *a = ctx;

	(void)sa;
	assert_true(local->addr.family == 4 && remote->addr.family == 4);
	a->built++;
	wire_notify_encode(b, IKE_N_COOKIE2, "12345678", 8);
	return true;
}

static void done_asked(struct ike_sa *sa, void *ctx, enum ike_result result,
		       const struct ike_in *in)
{
	struct asked *a = ctx;
	struct wire_notify n;

	(void)sa;
	a->done++;
	a->last = result;
	if (result != IKE_RESULT_ANSWER)
		return;
	assert_true(wire_notify_find(in->msg, IKE_N_COOKIE2, &n));
	assert_int_equal(n.data.len, 8);
	assert_true(in->tries == 1 || in->tries == 2);
}

static void free_asked(void *ctx)
{
	((struct asked *)ctx)->freed++;
}

static unsigned int window_of_four(struct ike_sa *sa)
{
	(void)sa;
	return 4;
}

static enum ike_verdict pass(struct ike_sa *sa, const struct ike_in *in,
			     struct wire_enc *answer)
{
	(void)sa;
	(void)in;
	(void)answer;
	return IKE_PASS;
}

static const struct ike_ext_ops windowed = {
	.window = window_of_four,
	.request = pass,
};

/* Actions of requests that a test makes between events. */
static void ask(struct net *net, struct asked *a, unsigned int n,
		const struct ike_request_desc *like)
{
	struct ike_actions list = { 0 };
	struct ike_engine *eng = net->host[0].eng;
	struct ike_request_desc d = *like;
	size_t i;

	d.build = build_asked;
	d.done = done_asked;
	d.free = free_asked;
	d.ctx = a;
	eng->out = &list;
	eng->now = net->now;
	while (n--)
		assert_true(ike_sa_request(net_sa(net, 0), &d) != 0);
	ike_sched_flush(eng);
	eng->out = NULL;
	for (i = 0; i < list.n; i++) {
		const struct ike_ac_send *s = &list.v[i].u.send;

		assert_int_equal(list.v[i].type, IKE_AC_SEND);
		net_inject(net, 1, &s->local, &s->remote, s->data, s->len);
	}
	ike_actions_clear(&list);
}

/* covers: K4 K5 */
static void windows(void **state)
{
	static const struct ike_request_desc plain;
	const struct ike_ext_ops *ext[] = { NULL, &windowed };
	static const unsigned int at_once[] = { 1, 4 };
	struct asked a;
	struct net *net;
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		memset(&a, 0, sizeof(a));
		net = net_new_with(5, 1000, ext[i]);
		net_up(net);
		assert_int_equal(ike_sa_window(net_sa(net, 0)), at_once[i]);
		ask(net, &a, 6, &plain);
		assert_int_equal(a.built, at_once[i]);
		assert_int_equal(ike_sa_window(net_sa(net, 0)), 0);
		net_run(net, NET_SECOND);
		assert_int_equal(a.built, 6);
		assert_int_equal(a.done, 6);
		assert_int_equal(a.freed, 6);
		net_free(net);
	}
}

/* The maker hears of the time-out; the slot is freed over the other path. */
static void timeout(void **state)
{
	struct net *net = net_new_with(6, 1000, &windowed);
	struct ike_request_desc d = { .timeout_us = 600 * NET_MS };
	struct asked a = { 0 };

	(void)state;
	net->host[0].n_addrs = 2;
	net->host[0].addrs[1] = net_addr("10.1.0.1");
	net->host[0].addr_up[1] = false;
	net_up(net);
	d.local = net_sa(net, 0)->local;
	d.local.addr = net->host[0].addrs[1];
	d.remote = net_sa(net, 0)->remote;
	/* What leaves from an address that is down goes nowhere. */
	net->host[1].addr_up[0] = false;
	ask(net, &a, 1, &d);
	net_run(net, 500 * NET_MS);
	assert_int_equal(a.done, 0);
	net->host[1].addr_up[0] = true;
	net_run(net, 200 * NET_MS);
	assert_int_equal(a.done, 1);
	assert_int_equal(a.freed, 1);
	assert_int_equal(a.last, IKE_RESULT_TIMEOUT);
	net_run(net, NET_SECOND);
	assert_int_equal(ike_sa_window(net_sa(net, 0)), 4);
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	net_free(net);
}

/* An IKE SA that ends tells whoever still waits. covers: C10 */
static void closed_while_waiting(void **state)
{
	static const struct ike_request_desc plain;
	struct net *net = net_new(7);
	struct asked a = { 0 };

	(void)state;
	net_up(net);
	net->filter = silent;
	ask(net, &a, 3, &plain);
	net_cmd(net, 0, IKE_EV_CONN_DOWN, "server");
	assert_int_equal(a.done, 3);
	assert_int_equal(a.freed, 3);
	assert_int_equal(a.last, IKE_RESULT_CLOSED);
	net_run(net, 60 * NET_SECOND);
	assert_int_equal(net_sa_count(net, 0), 0);
	net_free(net);
}

/* No address, no attempt; the first usable one is used at once. */
static void addresses(void **state)
{
	struct net *net = net_new(13);
	struct ike_conn c = net_conn(0), s = net_conn(1);

	(void)state;
	net->host[0].addr_up[0] = false;
	net->host[0].n_addrs = 2;
	net->host[0].addrs[1] = net_addr("10.1.0.1");
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_cmd(net, 0, IKE_EV_CONN_UP, "server");
	assert_int_equal(net->host[0].last_err, -ENETUNREACH);
	net_run(net, 100 * NET_SECOND);
	assert_int_equal(net->n_sent, 0);
	net->host[0].addr_up[1] = true;
	net_tell_addrs(net, 0);
	net_run(net, 100 * NET_MS);
	assert_true(net_agree(net, 1));
	assert_true(wire_addr_equal(&net_sa(net, 0)->local.addr,
				    &net->host[0].addrs[1]));
	/* Without an extension it cannot move: it begins anew elsewhere. */
	net->host[0].addr_up[1] = false;
	net->host[0].addr_up[0] = true;
	net_tell_addrs(net, 0);
	net_run(net, 100 * NET_MS);
	assert_true(net_logged(net, 0, "its own address is gone"));
	assert_true(wire_addr_equal(&net_sa(net, 0)->local.addr,
				    &net->host[0].addrs[0]));
	net_free(net);
}

static enum net_verdict hole(struct net *net, struct net_packet *p, void *ctx)
{
	(void)ctx;
	return wire_addr_equal(&p->src.addr, &net->host[0].addrs[0]) ?
	       NET_DROP : NET_PASS;
}

static enum net_verdict drop_early_auth(struct net *net,
					struct net_packet *pkt, void *ctx)
{
	(void)ctx;
	return pkt->hdr.exchange == IKE_EX_AUTH &&
	       net->now < 15 * NET_SECOND ? NET_DROP : NET_PASS;
}

/*
 * A peer that has answered IKE_SA_INIT may take its time with IKE_AUTH: other
 * pairs are for those that do not answer at all. covers: MB3 K2
 */
static void slow_to_authenticate(void **state)
{
	struct net *net = net_new(54);

	(void)state;
	net->host[0].n_addrs = 2;
	net->host[0].addrs[1] = net_addr("10.1.0.1");
	net->host[0].addr_up[1] = true;
	net->filter = drop_early_auth;
	net_conns(net);
	net_run(net, 30 * NET_SECOND);
	assert_int_equal(net_count(net, 0, IKE_EX_SA_INIT, false), 1);
	assert_true(net_count(net, 0, IKE_EX_AUTH, false) > 5);
	assert_non_null(net_sa(net, 0));
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	net_free(net);
}

/* A pair that leads nowhere is not the only one. covers: MB3 */
static void next_pair(void **state)
{
	struct net *net = net_new(14);

	(void)state;
	net->host[0].n_addrs = 2;
	net->host[0].addrs[1] = net_addr("10.1.0.1");
	net->host[0].addr_up[1] = true;
	net->filter = hole;
	net_conns(net);
	net_run(net, 6 * NET_SECOND);
	assert_true(net_agree(net, 1));
	assert_true(wire_addr_equal(&net_sa(net, 0)->local.addr,
				    &net->host[0].addrs[1]));
	net_free(net);
}

/*
 * The initiator's address goes while it is being set up: it does not wait for
 * retransmissions that nobody can answer, but begins from the next one.
 */
static void moves_while_set_up(void **state)
{
	uint64_t at;
	struct net *net;

	(void)state;
	for (at = 0; at < 24; at++) {
		net = net_new(60 + at);
		net->host[0].n_addrs = 2;
		net->host[0].addrs[1] = net_addr("10.1.0.1");
		net->host[0].addr_up[1] = false;
		net_conns(net);
		net_run(net, at * NET_MS);
		net->host[0].addr_up[0] = false;
		net->host[0].addr_up[1] = true;
		net_tell_addrs(net, 0);
		net_run(net, 60 * NET_MS);
		assert_non_null(net_sa(net, 0));
		assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
		assert_true(wire_addr_equal(&net_sa(net, 0)->local.addr,
					    &net->host[0].addrs[1]));
		net_free(net);
	}
}

/*
 * Loss, repetition and disorder of everything: it comes up, and what both have
 * in their kernels agrees. Each failure names its seed.
 */
static void bad_network(void **state)
{
	unsigned int seed;
	struct net *net;

	(void)state;
	for (seed = 1; seed <= 300; seed++) {
		net = net_new_with(seed, seed % 3 ? 1000 : 0,
				   seed % 2 ? &windowed : NULL);
		net->lose_percent = 30;
		net->repeat_percent = 30;
		net->jitter_us = 400 * NET_MS;
		net_conns(net);
		net_run(net, 40 * NET_SECOND);
		net_calm(net, 120 * NET_SECOND, seed);
		net_free(net);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(retransmission),
		cmocka_unit_test(closed_at_once),
		cmocka_unit_test(packets_wait),
		cmocka_unit_test(liveness),
		cmocka_unit_test(esp_is_no_life),
		cmocka_unit_test(hinted),
		cmocka_unit_test(no_liveness),
		cmocka_unit_test(stored_answers),
		cmocka_unit_test(windows),
		cmocka_unit_test(timeout),
		cmocka_unit_test(closed_while_waiting),
		cmocka_unit_test(addresses),
		cmocka_unit_test(next_pair),
		cmocka_unit_test(slow_to_authenticate),
		cmocka_unit_test(moves_while_set_up),
		cmocka_unit_test(bad_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
