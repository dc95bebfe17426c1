// SPDX-License-Identifier: GPL-2.0
/* Session resumption (RFC 5723), both roles. */
#include <stdio.h>

#include "ike_net.h"

/* @i, @r: for how many seconds the two ends want it to be possible. */
static struct net *up(uint64_t seed, unsigned int i, unsigned int r)
{
	struct net *net = net_new(seed);
	struct ike_conn c = net_conn(0), s = net_conn(1);

	c.resume_us = i * NET_SECOND;
	s.resume_us = r * NET_SECOND;
	/* A server that does not look after its clients. */
	s.dpd_delay_us = 0;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, NET_SECOND / 2);
	assert_true(net_agree(net, 1));
	net_forget(net);
	return net;
}

/* The network is gone until the initiator has given up. */
static void outage(struct net *net)
{
	unsigned int tries = 0;

	net->filter = net_gone;
	while (net_sa(net, 0) && net_sa(net, 0)->state == IKE_SA_ESTABLISHED) {
		net_run(net, NET_SECOND);
		assert_true(++tries < 300);
	}
	net_forget(net);
	net->filter = NULL;
}

static unsigned int resumes(const struct net *net)
{
	return net_count(net, 0, IKE_EX_SESSION_RESUME, false);
}

static unsigned int inits(const struct net *net)
{
	return net_count(net, 0, IKE_EX_SA_INIT, false);
}

static void is_up(struct net *net)
{
	/* So long the other end may look for the one that was before. */
	net_run(net, 120 * NET_SECOND);
	if (!net_agree(net, 1))
		net_fail(net, net->seed);
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	assert_memory_equal(net_sa(net, 0)->p->keys.sk_d,
			    net_sa(net, 1)->p->keys.sk_d, CRYPTO_PRF_MAX);
}

/* Neither a key exchange nor the credentials: those of the host are gone. */
static void resumed(void **state)
{
	struct net *net = up(1, 600, 600);
	uint8_t old[CRYPTO_PRF_MAX];

	(void)state;
	memcpy(old, net_sa(net, 0)->p->keys.sk_d, sizeof(old));
	net->host[0].psk = NULL;
	net->host[1].psk = NULL;
	for (int i = 0; i < 3; i++) {
		outage(net);
		is_up(net);
		assert_true(resumes(net) >= 1);
		assert_int_equal(inits(net), 0);
		assert_int_equal(net_count(net, 1, IKE_EX_SESSION_RESUME,
					   true), 1);
		assert_memory_not_equal(net_sa(net, 0)->p->keys.sk_d, old,
					32);
		/* What was before is gone at both ends. */
		assert_int_equal(net->host[0].n_peers, 1);
		assert_int_equal(net->host[1].n_peers, 1);
		assert_int_equal(net->host[1].eng->n_sessions, 1);
	}
	net_free(net);
}

/* The IKE SA that has it is another by then: its ticket is still good. */
static void after_rekey(void **state)
{
	struct net *net = up(2, 600, 600);

	(void)state;
	net_cmd(net, 0, IKE_EV_CONN_REKEY, "server");
	net_run(net, 70 * NET_SECOND);
	outage(net);
	is_up(net);
	assert_int_equal(inits(net), 0);
	net_cmd(net, 1, IKE_EV_CONN_REKEY, "mobile");
	net_run(net, 70 * NET_SECOND);
	is_up(net);
	net_free(net);
}

/* Who does not want it neither asks nor gives, nor keeps it too long. */
static void unwanted(void **state)
{
	static const struct {
		unsigned int i, r, after;
		bool asked;
	} v[] = {
		{ 0, 600, 0, false },
		{ 600, 0, 0, false },
		{ 0, 0, 0, false },
		/* Over at the initiator, over at both. */
		{ 5, 600, 0, false },
		{ 600, 5, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct net *net = up(10 + i, v[i].i, v[i].r);

		outage(net);
		is_up(net);
		assert_int_equal(resumes(net) > 0, v[i].asked);
		assert_true(inits(net) > 0);
		net_free(net);
	}
}

/* The other end has forgotten it: said so, and a full exchange follows. */
static void refused(void **state)
{
	struct net *net = up(20, 600, 600);
	struct ike_conn s = net_conn(1);

	(void)state;
	net_restart(net, 1);
	net->host[1].n_peers = 0;
	net->host[1].n_sas = 0;
	net->host[1].n_remotes = 0;
	net_conn_add(net, 1, &s);
	outage(net);
	is_up(net);
	assert_true(resumes(net) > 0);
	assert_true(inits(net) > 0);
	assert_int_equal(net->host[1].eng->n_sessions, 0);
	net_free(net);
}

/* What was closed on purpose stays closed, whoever did it. */
static void revoked(void **state)
{
	struct net *net;

	(void)state;
	/* Whoever has begun the IKE SA that it is by then. */
	for (int h = 0; h < 2; h++) {
		net = up(21 + (uint64_t)h, 600, 600);
		net_cmd(net, !h, IKE_EV_CONN_REKEY, h ? "server" : "mobile");
		net_run(net, 70 * NET_SECOND);
		assert_int_equal(net->host[1].eng->n_sessions, 1);
		assert_int_equal(net->host[0].eng->conns->ticket.data.len, 32);
		net_cmd(net, h, IKE_EV_CONN_DOWN, h ? "mobile" : "server");
		net_run(net, 100 * NET_MS);
		assert_int_equal(net->host[1].eng->n_sessions, 0);
		assert_int_equal(net->host[0].eng->conns->ticket.data.len, 0);
		net_cmd(net, 0, IKE_EV_CONN_UP, "server");
		is_up(net);
		assert_int_equal(resumes(net), 0);
		net_free(net);
	}
}

/* The connection has gone at the responder: so have its tickets. */
static void connection_gone(void **state)
{
	struct net *net = up(23, 600, 600);
	struct ike_conn s = net_conn(1);

	(void)state;
	net->filter = net_gone;
	net_cmd(net, 1, IKE_EV_CONN_DEL, "mobile");
	assert_int_equal(net->host[1].eng->n_sessions, 0);
	s.resume_us = 600 * NET_SECOND;
	net_conn_add(net, 1, &s);
	outage(net);
	is_up(net);
	assert_true(inits(net) > 0);
	net_free(net);
}

static enum net_verdict keep_first(struct net *net, struct net_packet *pkt,
				   void *ctx)
{
	struct net_packet *kept = ctx;

	(void)net;
	if (pkt->from == 0 && pkt->hdr.exchange == IKE_EX_SESSION_RESUME &&
	    !kept->data) {
		*kept = *pkt;
		kept->data = malloc(pkt->len);
		assert_non_null(kept->data);
		memcpy(kept->data, pkt->data, pkt->len);
	}
	return NET_PASS;
}

/* Recorded and shown again: it is of no use any more. */
static void once(void **state)
{
	struct net_packet kept = { 0 };
	struct net *net = up(24, 600, 600);

	(void)state;
	outage(net);
	net->filter = keep_first;
	net->filter_ctx = &kept;
	is_up(net);
	assert_non_null(kept.data);
	net_forget(net);
	/* Another SPI, lest it be a repetition. */
	kept.data[0] ^= 1;
	net_inject(net, 1, &kept.src, &kept.dst, kept.data, kept.len);
	assert_int_equal(net_count(net, 1, IKE_EX_SESSION_RESUME, true), 1);
	assert_null(net->host[1].eng->sas->p->next);
	assert_int_equal(net_sa_count(net, 1), 1);
	free(kept.data);
	net_free(net);
}

/*
 * Somebody has seen a ticket and is first: without the keys he gets nowhere,
 * and the one to whom it belongs does.
 */
static void stolen(void **state)
{
	struct net_packet kept = { 0 };
	struct net *net = up(25, 600, 600);

	(void)state;
	outage(net);
	net->filter = keep_first;
	net->filter_ctx = &kept;
	while (!kept.data)
		net_run(net, NET_MS);
	kept.data[0] ^= 1;
	net_inject(net, 1, &kept.src, &kept.dst, kept.data, kept.len);
	is_up(net);
	assert_int_equal(inits(net), 0);
	free(kept.data);
	net_free(net);
}

/* Under load the address has to be shown first, in this exchange too. */
static void cookie(void **state)
{
	struct net *net = up(26, 600, 600);

	(void)state;
	net->host[1].eng->s.cookie_threshold = 0;
	outage(net);
	is_up(net);
	assert_int_equal(inits(net), 0);
	assert_true(net_count(net, 1, IKE_EX_SESSION_RESUME, true) >= 2);
	net_free(net);
}

static enum net_verdict no_resume(struct net *net, struct net_packet *pkt,
				  void *ctx)
{
	(void)net;
	(void)ctx;
	return pkt->hdr.exchange == IKE_EX_SESSION_RESUME ? NET_DROP : NET_PASS;
}

/* Who is there now does not know this exchange and says nothing. */
static void ignored(void **state)
{
	struct net *net = up(27, 6000, 6000);
	unsigned int seconds = 0;

	(void)state;
	outage(net);
	net->filter = no_resume;
	while (!inits(net)) {
		net_run(net, NET_SECOND);
		assert_true(++seconds < 300);
	}
	assert_true(resumes(net) > 0);
	is_up(net);
	net_free(net);
}

/** struct gate - requests of IKE_AUTH that come to it, and whether it is shut */
struct gate {
	bool shut;
	unsigned int came;
};

static enum net_verdict hold_auth(struct net *net, struct net_packet *pkt,
				  void *ctx)
{
	struct gate *gate = ctx;

	(void)net;
	if (pkt->from != 0 || pkt->hdr.exchange != IKE_EX_AUTH)
		return NET_PASS;
	gate->came++;
	return gate->shut ? NET_DROP : NET_PASS;
}

/* Revoked between the ticket and the proof: it is of no use any more. */
static void revoked_meanwhile(void **state)
{
	struct gate gate = { .shut = true };
	struct net *net = up(28, 6000, 6000);

	(void)state;
	outage(net);
	net->filter = hold_auth;
	net->filter_ctx = &gate;
	while (!gate.came)
		net_run(net, NET_MS);
	assert_int_equal(inits(net), 0);
	net_cmd(net, 1, IKE_EV_CONN_DOWN, "mobile");
	assert_int_equal(net->host[1].eng->n_sessions, 0);
	gate.shut = false;
	is_up(net);
	assert_true(inits(net) > 0);
	net_free(net);
}

/* Messages are lost, doubled and late: it comes up all the same. */
static void lossy(void **state)
{
	(void)state;
	for (uint64_t seed = 100; seed < 130; seed++) {
		struct net *net = up(seed, 6000, 6000);

		outage(net);
		net->lose_percent = 25;
		net->repeat_percent = 25;
		net->jitter_us = 20 * NET_MS;
		net_run(net, 30 * NET_SECOND);
		net_calm(net, 300 * NET_SECOND, seed);
		net_free(net);
	}
}

/* ---------------------------------------------------------------- hostile */

struct forgery {
	uint16_t notify;
	bool nonce;
	unsigned int done;
};

/* An answer before the responder's own, by one who has seen the question. */
static enum net_verdict forge(struct net *net, struct net_packet *pkt,
			      void *ctx)
{
	struct forgery *f = ctx;
	struct wire_enc enc;
	struct wire_hdr hdr = {
		.spi_i = pkt->hdr.spi_i, .spi_r = f->nonce ? 7 : 0,
		.exchange = IKE_EX_SESSION_RESUME, .flags = IKE_FLAG_RESPONSE,
	};
	uint8_t data[64] = { 1 };

	if (pkt->from != 0 || pkt->hdr.exchange != IKE_EX_SESSION_RESUME ||
	    f->done > 20)
		return NET_PASS;
	f->done++;
	wire_enc_start(&enc, &hdr);
	if (f->nonce)
		wire_nonce_encode(&enc, data, 32);
	else
		wire_notify_encode(&enc, f->notify, data, f->notify ==
				   IKE_N_COOKIE ? 64 : 0);
	assert_true(wire_enc_finish(&enc));
	net_inject(net, 0, &pkt->dst, &pkt->src, enc.wr.data, enc.wr.len);
	wire_enc_free(&enc);
	return NET_PASS;
}

static void forged_answers(void **state)
{
	static const struct forgery v[] = {
		{ .notify = IKE_N_TICKET_NACK },
		{ .notify = IKE_N_INVALID_SYNTAX },
		{ .notify = IKE_N_COOKIE },
		{ .notify = IKE_N_TICKET_ACK },
		{ .nonce = true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct forgery f = v[i];
		struct net *net = up(30 + i, 600, 600);

		outage(net);
		net->filter = forge;
		net->filter_ctx = &f;
		is_up(net);
		assert_true(f.done > 0);
		net_free(net);
	}
}

/* First messages with tickets that nobody gave. */
static void forged_tickets(void **state)
{
	static const size_t len[] = { 0, 1, 31, 32, 33, 1000 };
	const struct wire_endpoint src = { net_addr("10.0.0.3"), 500 };
	const struct wire_endpoint dst = { net_addr("10.0.0.2"), 500 };
	struct net *net = up(40, 600, 600);
	uint8_t data[1000] = { 1 };
	struct wire_hdr hdr = {
		.spi_i = 9, .exchange = IKE_EX_SESSION_RESUME,
		.flags = IKE_FLAG_INITIATOR,
	};
	struct wire_enc enc;

	(void)state;
	for (size_t i = 0; i <= sizeof(len) / sizeof(len[0]); i++) {
		hdr.spi_i++;
		wire_enc_start(&enc, &hdr);
		wire_nonce_encode(&enc, data, 32);
		if (i < sizeof(len) / sizeof(len[0]))
			wire_notify_encode(&enc, IKE_N_TICKET_OPAQUE, data,
					   len[i]);
		assert_true(wire_enc_finish(&enc));
		net_inject(net, 1, &src, &dst, enc.wr.data, enc.wr.len);
		wire_enc_free(&enc);
		assert_int_equal(net_count(net, 1, IKE_EX_SESSION_RESUME,
					   true), i + 1);
		assert_int_equal(net_sa_count(net, 1), 1);
	}
	net_free(net);
}

/* The right keys, and another name: a ticket is for one. */
static enum net_verdict another_name(struct net *net, struct net_packet *pkt,
				     void *ctx)
{
	struct wire_enc enc;
	struct wire_msg msg;
	uint8_t *plain;

	(void)ctx;
	if (pkt->from != 0 || pkt->hdr.exchange != IKE_EX_AUTH)
		return NET_PASS;
	assert_true(net_open(net, pkt, &msg, &plain));
	wire_enc_start(&enc, NULL);
	for (unsigned int i = 0; i < msg.n; i++) {
		if (msg.payload[i].type == IKE_PL_IDI)
			wire_id_encode(&enc, IKE_PL_IDI, IKE_ID_FQDN,
				       (const uint8_t *)"other.example", 13);
		else
			net_copy(&enc, &msg.payload[i]);
	}
	net_reseal(net, pkt, &enc);
	free(plain);
	return NET_PASS;
}

static void of_another(void **state)
{
	struct net *net = up(41, 600, 600);

	(void)state;
	outage(net);
	net->filter = another_name;
	net_run(net, NET_SECOND);
	assert_true(net_logged(net, 1, "no connection is configured"));
	net->filter = NULL;
	is_up(net);
	assert_true(inits(net) > 0);
	net_free(net);
}

static void configured(void **state)
{
	struct ike_conn c = net_conn(0);
	char err[IKE_MAX_TEXT];

	(void)state;
	c.resume_us = NET_SECOND;
	assert_int_equal(ike_conn_check(&c, err, sizeof(err)), 0);
	c.ppk_id_len = 1;
	assert_int_not_equal(ike_conn_check(&c, err, sizeof(err)), 0);
	assert_non_null(strstr(err, "resume-seconds and ppk-id"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resumed),
		cmocka_unit_test(after_rekey),
		cmocka_unit_test(unwanted),
		cmocka_unit_test(refused),
		cmocka_unit_test(revoked),
		cmocka_unit_test(connection_gone),
		cmocka_unit_test(once),
		cmocka_unit_test(stolen),
		cmocka_unit_test(cookie),
		cmocka_unit_test(ignored),
		cmocka_unit_test(revoked_meanwhile),
		cmocka_unit_test(lossy),
		cmocka_unit_test(forged_answers),
		cmocka_unit_test(forged_tickets),
		cmocka_unit_test(of_another),
		cmocka_unit_test(configured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
