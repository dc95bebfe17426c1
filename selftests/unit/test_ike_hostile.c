// SPDX-License-Identifier: GPL-2.0
/* Hostile messages: forged, broken, out of place, from those who may speak. */
#include "ike_net.h"

/* Protected answers, not the refusals in clear that strangers get. */
static unsigned int answers(const struct net *net)
{
	unsigned int i, n = 0;
	const struct net_packet *p;

	for (i = 0; (p = net_nth(net, 1, IKE_EX_INFORMATIONAL, true, i)); i++)
		n += p->hdr.next == IKE_PL_SK;
	return n;
}

/* Unknown and critical: refused by name; else skipped. covers: K12 K16 E7 */
static void critical(void **state)
{
	struct net *net = net_new(15);
	const struct net_packet *p;
	struct wire_notify n;
	struct wire_enc enc;
	struct wire_msg msg;
	uint8_t *plain;
	unsigned int i;

	(void)state;
	net_up(net);
	for (i = 0; i < 2; i++) {
		net_forget(net);
		wire_enc_start(&enc, NULL);
		wire_notify_encode(&enc, 49999, "status", 6);
		wire_notify_encode(&enc, 16000, "error", 5);
		wire_enc_payload(&enc, 130);
		wire_enc_end(&enc);
		if (i)
			enc.wr.data[enc.wr.len - 3] = 0x80;
		net_forge(net, 0, IKE_EX_INFORMATIONAL, false, 2 + i, &enc);
		p = net_nth(net, 1, IKE_EX_INFORMATIONAL, true, 0);
		assert_non_null(p);
		assert_true(net_open(net, p, &msg, &plain));
		assert_int_equal(msg.n, i);
		if (i) {
			assert_true(wire_notify_find(&msg,
				IKE_N_UNSUPPORTED_CRITICAL_PAYLOAD, &n));
			assert_int_equal(n.data.p[0], 130);
		}
		free(plain);
	}
	assert_int_equal(net_sa(net, 1)->state, IKE_SA_ESTABLISHED);
	net_free(net);
}

static enum net_verdict critical_answer(struct net *net, struct net_packet *p,
					void *ctx)
{
	struct wire_enc enc;

	(void)ctx;
	if (p->from != 1 || p->hdr.exchange != IKE_EX_CREATE_CHILD_SA)
		return NET_PASS;
	wire_enc_start(&enc, NULL);
	wire_enc_payload(&enc, 130);
	wire_enc_end(&enc);
	enc.wr.data[enc.wr.len - 3] = 0x80;
	net_reseal(net, p, &enc);
	return NET_PASS;
}

/* In an answer there is nobody to be told: the end. covers: K12 */
static void critical_in_answer(void **state)
{
	struct net *net = net_new(14);

	(void)state;
	net_up(net);
	net->filter = critical_answer;
	net_cmd(net, 0, IKE_EV_CONN_REKEY_CHILDREN, "server");
	net_run(net, 100 * NET_MS);
	assert_true(net_logged(net, 0, "a critical payload of the peer's answer"));
	net_free(net);
}

/* Broken inside an authentic message: the end (RFC 7296, 2.21.3). */
static void broken_inside(void **state)
{
	struct net *net = net_new(16);
	struct wire_enc enc;

	(void)state;
	net_up(net);
	wire_enc_start(&enc, NULL);
	wire_enc_payload(&enc, IKE_PL_NOTIFY);
	wire_wr_u8(&enc.wr, 0);
	wire_enc_end(&enc);
	net_forge(net, 0, IKE_EX_INFORMATIONAL, false, 2, &enc);
	assert_null(net_sa(net, 1));
	assert_int_equal(net->host[1].n_peers, 0);
	assert_true(net_logged(net, 1, "malformed"));
	net_free(net);
}

/*
 * Every bit of a protected request changed, and every length of it: dropped,
 * and the true one is still answered.
 * covers: K15
 */
static void forged(void **state)
{
	struct net *net = net_new(17);
	const struct net_packet *req;
	size_t i, sent, bits;
	uint8_t *copy;

	(void)state;
	net_up_asking(net);
	net->host[1].addr_up[0] = false;
	net_run(net, 10 * NET_SECOND);
	req = net_nth(net, 0, IKE_EX_INFORMATIONAL, false, 0);
	assert_non_null(req);
	copy = malloc(req->len);
	assert_non_null(copy);
	sent = answers(net);
	bits = 8 * req->len;
	for (i = 0; i < bits; i++) {
		memcpy(copy, req->data, req->len);
		copy[i / 8] ^= (uint8_t)(1u << i % 8);
		/* Another SPI is another matter: nobody's. */
		if (i / 8 < 16)
			continue;
		net_inject(net, 1, &req->src, &req->dst, copy, req->len);
		req = net_nth(net, 0, IKE_EX_INFORMATIONAL, false, 0);
	}
	for (i = 0; i < req->len; i++) {
		net_inject(net, 1, &req->src, &req->dst, req->data, i);
		req = net_nth(net, 0, IKE_EX_INFORMATIONAL, false, 0);
	}
	free(copy);
	assert_int_equal(answers(net), sent);
	net_inject(net, 1, &req->src, &req->dst, req->data, req->len);
	assert_int_equal(answers(net), sent + 1);
	net_free(net);
}

/* Responses that nobody asked for. */
static void unasked(void **state)
{
	struct net *net = net_new(18);
	struct wire_enc enc;
	uint32_t mid;

	(void)state;
	net_up(net);
	for (mid = 0; mid < 5; mid++) {
		wire_enc_start(&enc, NULL);
		wire_notify_encode(&enc, IKE_N_INVALID_SYNTAX, NULL, 0);
		net_forge(net, 1, IKE_EX_INFORMATIONAL, true, mid, &enc);
	}
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	assert_true(net_agree(net, 1));
	net_free(net);
}

/* An exchange that does not exist, or not here. */
static void strange_exchange(void **state)
{
	struct net *net = net_new(19);
	struct wire_enc enc;

	(void)state;
	net_up(net);
	wire_enc_start(&enc, NULL);
	net_forge(net, 0, 99, false, 2, &enc);
	wire_enc_start(&enc, NULL);
	net_forge(net, 0, IKE_EX_AUTH, false, 3, &enc);
	assert_int_equal(net_sa(net, 1)->state, IKE_SA_ESTABLISHED);
	assert_true(net_agree(net, 1));
	net_free(net);
}

/* The peer says that it failed for good. covers: K33 */
static void fatal_notify(void **state)
{
	struct net *net = net_new(20);
	struct wire_enc enc;

	(void)state;
	net_up(net);
	wire_enc_start(&enc, NULL);
	wire_notify_encode(&enc, IKE_N_AUTHENTICATION_FAILED, NULL, 0);
	net_forge(net, 0, IKE_EX_INFORMATIONAL, false, 2, &enc);
	assert_null(net_sa(net, 1));
	assert_int_equal(net->host[1].n_peers, 0);
	net_free(net);
}

/* The inner octets of the first request of an exchange that host 0 sends. */
static size_t inner_of(uint8_t exchange, uint8_t *first, uint8_t *out,
		       size_t room)
{
	struct net *net = net_new(21);
	const struct net_packet *p;
	struct wire_msg msg;
	uint8_t *plain;
	size_t len;

	net_up(net);
	if (exchange == IKE_EX_CREATE_CHILD_SA)
		net_expire(net, 0, net_sa(net, 0)->children->spi_in,
			   MOBX_DIR_IN, MOBX_EXPIRE_SOFT);
	if (exchange == IKE_EX_CREATE_CHILD_SA ||
	    exchange == IKE_EX_INFORMATIONAL)
		net_run(net, 60 * NET_SECOND);
	p = net_nth(net, 0, exchange, false, 0);
	assert_non_null(p);
	assert_true(net_open(net, p, &msg, &plain));
	*first = msg.n ? msg.payload[0].type : 0;
	len = msg.n ? (size_t)(msg.payload[msg.n - 1].body +
			       msg.payload[msg.n - 1].len - plain) : 0;
	assert_true(len <= room);
	memcpy(out, plain, len);
	free(plain);
	net_free(net);
	return len;
}

/*
 * A payload that has no place in its message is as if it were not there.
 * Without those that it needs a request is malformed.
 */
static void out_of_place(void **state)
{
	static const uint8_t nonce[32] = { 1, 2, 3 };
	struct net *net = net_new(22);
	struct wire_enc enc;
	struct wire_msg msg;
	uint8_t *plain;
	uint32_t spi;

	(void)state;
	net_up(net);
	wire_enc_start(&enc, NULL);
	wire_nonce_encode(&enc, nonce, sizeof(nonce));
	wire_delete_encode_ike(&enc);
	net_forge(net, 0, IKE_EX_INFORMATIONAL, false, 2, &enc);
	assert_null(net_sa(net, 1));
	net_free(net);

	net = net_new(23);
	net_up(net);
	spi = net_sa(net, 0)->children->spi_in;
	wire_enc_start(&enc, NULL);
	wire_ke_encode(&enc, IKE_KE_ECP256, nonce, sizeof(nonce));
	wire_nonce_encode(&enc, nonce, sizeof(nonce));
	wire_notify_encode(&enc, IKE_N_COOKIE2, "12345678", 8);
	net_forge(net, 0, IKE_EX_INFORMATIONAL, false, 2, &enc);
	assert_true(net_open(net, net_nth(net, 1, IKE_EX_INFORMATIONAL, true,
					  0), &msg, &plain));
	assert_int_equal(msg.n, 1);
	free(plain);
	wire_enc_start(&enc, NULL);
	wire_nonce_encode(&enc, nonce, sizeof(nonce));
	wire_delete_encode_esp(&enc, &spi, 1);
	net_forge(net, 0, IKE_EX_CREATE_CHILD_SA, false, 3, &enc);
	assert_null(net_sa(net, 1));
	assert_true(net_logged(net, 1, "malformed"));
	net_free(net);
}

/*
 * What an authentic but hostile peer can write: real requests with a few
 * octets changed, cut or repeated, under the right keys. Whatever comes of it,
 * sanitizers stay quiet, and what the kernel holds belongs to an IKE SA.
 */
static void fuzz_inside(void **state)
{
	static const uint8_t kinds[] = {
		IKE_EX_AUTH, IKE_EX_CREATE_CHILD_SA, IKE_EX_INFORMATIONAL,
	};
	uint8_t inner[1024], copy[1024], first;
	unsigned int kind, i, j;
	struct net *net;
	size_t len, cut;

	(void)state;
	for (kind = 0; kind < 3; kind++) {
		len = inner_of(kinds[kind], &first, inner, sizeof(inner));
		if (!len) {
			/* Liveness is empty: a Delete is not. */
			struct wire_enc enc;
			uint32_t spi = 4711;

			wire_enc_start(&enc, NULL);
			wire_delete_encode_esp(&enc, &spi, 1);
			wire_notify_encode(&enc, IKE_N_COOKIE2, "123456789",
					   9);
			assert_true(wire_enc_finish(&enc));
			len = enc.wr.len;
			first = enc.first;
			memcpy(inner, enc.wr.data, len);
			wire_enc_free(&enc);
		}
		for (i = 0; i < 400; i++) {
			net = net_new(i);
			net_conns(net);
			net_run(net, kinds[kind] == IKE_EX_AUTH ? 11 * NET_MS :
				500 * NET_MS);
			memcpy(copy, inner, len);
			for (j = net_random(net, 4) + 1; j > 0; j--)
				copy[net_random(net, (uint32_t)len)] =
					(uint8_t)net_random(net, 256);
			cut = net_random(net, 4) ? len :
			      net_random(net, (uint32_t)len + 1);
			net_seal(net, 0, kinds[kind], false,
				 kinds[kind] == IKE_EX_AUTH ? 1 : 2, first,
				 copy, cut);
			net_run(net, 200 * NET_SECOND);
			assert_true(net->host[1].n_peers <= 1);
			assert_true(net->host[1].n_peers == 1 ||
				    net->host[1].n_sas == 0);
			assert_int_equal(net->host[1].eng->half_open, 0);
			net_free(net);
		}
	}
}

/* IKE_SA_INIT requests that are no good, from anywhere */
static void crowd(struct net *net, unsigned int n)
{
	struct wire_endpoint src = { net_addr("10.0.0.9"), 500 };
	struct wire_endpoint dst = { net_addr("10.0.0.2"), 500 };
	struct wire_hdr hdr = {
		.exchange = IKE_EX_SA_INIT, .flags = IKE_FLAG_INITIATOR,
	};
	struct wire_enc enc;

	while (n) {
		hdr.spi_i = n--;
		wire_enc_start(&enc, &hdr);
		wire_nonce_encode(&enc, (const uint8_t *)"0123456789abcdef",
				  16);
		assert_true(wire_enc_finish(&enc));
		net_inject(net, 1, &src, &dst, enc.wr.data, enc.wr.len);
		wire_enc_free(&enc);
	}
}

/*
 * Strangers are not told without end what is wrong, and do not keep others from
 * being told which group to begin with.
 */
static void crowded(void **state)
{
	struct net *net = net_new(23);
	struct ike_conn s = net_conn(1), c = net_conn(0);

	(void)state;
	s.ike[0] = s.ike[1];
	s.nike = 1;
	net_conn_add(net, 1, &s);
	crowd(net, 150);
	assert_int_equal(net_count(net, 1, IKE_EX_SA_INIT, true), 100);
	net_conn_add(net, 0, &c);
	net_run(net, 100 * NET_MS);
	assert_true(net_agree(net, 1));
	net_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(critical),
		cmocka_unit_test(critical_in_answer),
		cmocka_unit_test(broken_inside),
		cmocka_unit_test(forged),
		cmocka_unit_test(unasked),
		cmocka_unit_test(strange_exchange),
		cmocka_unit_test(fatal_notify),
		cmocka_unit_test(out_of_place),
		cmocka_unit_test(fuzz_inside),
		cmocka_unit_test(crowded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
