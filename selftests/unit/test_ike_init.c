// SPDX-License-Identifier: GPL-2.0
/* IKE_SA_INIT in both roles, and what is nobody's. */
#include "ike_net.h"

/*
 * From nothing to SAs in both kernels, on port 4500 from IKE_AUTH on, within
 * two round trips and what credentials and kernel take.
 * covers: K7 K21 K30 K31 MB1 MB5
 */
static void establishes(void **state)
{
	const struct net_packet *p;
	struct net *net = net_new(1);
	struct wire_notify n;
	struct wire_msg msg;
	struct ike_sa *sa;
	uint8_t *plain;

	(void)state;
	net_up(net);
	assert_int_equal(net_count(net, 0, IKE_EX_SA_INIT, false), 1);
	assert_int_equal(net_count(net, 0, IKE_EX_AUTH, false), 1);
	p = net_nth(net, 0, IKE_EX_SA_INIT, false, 0);
	assert_true(p->hdr.spi_i != 0 && p->hdr.spi_r == 0);
	assert_int_equal(p->hdr.msg_id, 0);
	assert_int_equal(p->hdr.flags, IKE_FLAG_INITIATOR);
	assert_int_equal(p->dst.port, 500);
	p = net_nth(net, 0, IKE_EX_AUTH, false, 0);
	assert_int_equal(p->hdr.msg_id, 1);
	assert_int_equal(p->src.port, 4500);
	assert_int_equal(p->dst.port, 4500);
	assert_true(net_open(net, p, &msg, &plain));
	assert_true(wire_notify_find(&msg, IKE_N_MOBIKE_SUPPORTED, &n));
	assert_int_equal(n.data.len, 0);
	/* That is for those who cannot live with one: see test_mobike_nat.c. */
	assert_false(wire_notify_find(&msg, IKE_N_NO_NATS_ALLOWED, &n));
	free(plain);
	p = net_nth(net, 1, IKE_EX_AUTH, true, 0);
	assert_true(net_open(net, p, &msg, &plain));
	assert_true(wire_notify_find(&msg, IKE_N_MOBIKE_SUPPORTED, &n));
	free(plain);
	sa = net_sa(net, 0);
	assert_true(sa->mobike && net_sa(net, 1)->mobike);
	assert_true(sa->t_ike_us < 21 * NET_MS);
	assert_string_equal(net->host[0].peers[0].label,
			    "server/server.example");
	assert_true(net_logged(net, 0, "ike-up conn=server"));
	assert_true(net_logged(net, 1, "child-up conn=mobile"));
	net_free(net);
}

/* Every algorithm that a config can name reaches the kernel in agreement. */
static void every_suite(void **state)
{
	static const char *const ike[] = {
		"aes128gcm16-prfsha256-ecp256", "aes256gcm16-prfsha256-x25519",
		"aes128-sha256-ecp256", "aes256-sha256-prfsha256-x25519",
		"aes128-sha1-prfsha256-ecp256", "aes256-sha512-x25519",
	};
	static const char *const esp[] = {
		"aes128gcm16", "aes256gcm16", "aes128-sha1", "null-sha1",
		"aes256-sha256", "aes128gcm16-esn",
	};
	struct ike_conn c, s;
	char err[IKE_MAX_TEXT];
	struct net *net;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ike) / sizeof(ike[0]); i++) {
		net = net_new(i + 1);
		c = net_conn(0);
		s = net_conn(1);
		assert_int_equal(ike_suite_parse(ike[i], false, &c.ike[0], err,
						 sizeof(err)), 0);
		assert_int_equal(ike_suite_parse(esp[i], true, &c.esp[0], err,
						 sizeof(err)), 0);
		c.nike = 1;
		c.nesp = 1;
		s.ike[1] = c.ike[0];
		s.esp[1] = c.esp[0];
		net_conn_add(net, 1, &s);
		net_conn_add(net, 0, &c);
		net_run(net, 5 * NET_SECOND);
		assert_true(net_agree(net, 1));
		assert_int_equal(net->host[0].sas[0].esn, c.esp[0].esn);
		net_free(net);
	}
}

/* covers: K22 K23 K25 */
static void cookies(void **state)
{
	struct net *net = net_new_with(2, 0, NULL);
	const struct net_packet *first, *second;
	const struct wire_payload *pl;
	struct wire_msg a, b;
	struct wire_notify n;
	unsigned int i;

	(void)state;
	net_up(net);
	assert_int_equal(net_count(net, 0, IKE_EX_SA_INIT, false), 2);
	first = net_nth(net, 0, IKE_EX_SA_INIT, false, 0);
	second = net_nth(net, 0, IKE_EX_SA_INIT, false, 1);
	assert_int_equal(wire_msg_parse(first->data, first->len, &a), 0);
	assert_int_equal(wire_msg_parse(second->data, second->len, &b), 0);
	assert_true(b.hdr.spi_i == a.hdr.spi_i && b.hdr.spi_r == 0);
	pl = &b.payload[0];
	assert_int_equal(pl->type, IKE_PL_NOTIFY);
	assert_int_equal(wire_notify_decode(pl, &n), WIRE_OK);
	assert_int_equal(n.type, IKE_N_COOKIE);
	assert_in_range(n.data.len, 1, 64);
	/* Everything behind the cookie is as it was. */
	assert_int_equal(b.n, a.n + 1);
	for (i = 0; i < a.n; i++) {
		assert_int_equal(a.payload[i].len, b.payload[i + 1].len);
		assert_memory_equal(a.payload[i].body, b.payload[i + 1].body,
				    a.payload[i].len);
	}
	/* The responder has kept nothing of the first. */
	assert_int_equal(net_sa_count(net, 1), 1);
	net_free(net);
}

static enum net_verdict spoil_cookie(struct net *net, struct net_packet *p,
				     void *ctx)
{
	unsigned int *left = ctx;

	(void)net;
	/* The cookie begins behind header and notify header. */
	if (p->from == 1 && p->hdr.exchange == IKE_EX_SA_INIT && *left) {
		--*left;
		p->data[IKE_HDR_LEN + 12] ^= 1;
	}
	return NET_PASS;
}

/* A wrong cookie is as good as none, and there is an end to asking. */
static void wrong_cookies(void **state)
{
	struct net *net = net_new_with(3, 0, NULL);
	unsigned int left = 2;

	(void)state;
	net->filter = spoil_cookie;
	net->filter_ctx = &left;
	net_up(net);
	assert_int_equal(net_count(net, 0, IKE_EX_SA_INIT, false), 4);
	net_free(net);

	net = net_new_with(3, 0, NULL);
	left = 1000;
	net->filter = spoil_cookie;
	net->filter_ctx = &left;
	net_conns(net);
	net_run(net, 100 * NET_MS);
	assert_int_equal(net_count(net, 0, IKE_EX_SA_INIT, false),
			 1 + IKE_MAX_INIT_ROUNDS);
	assert_true(net_logged(net, 0, "again and again"));
	assert_int_equal(net_sa_count(net, 1), 0);
	net_free(net);
}

/* covers: K24 K27 */
static void invalid_ke(void **state)
{
	const struct net_packet *first, *second;
	struct net *net = net_new(4);
	struct ike_conn s = net_conn(1), c = net_conn(0);
	struct wire_msg a, b;

	(void)state;
	s.ike[0] = s.ike[1];
	s.nike = 1;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, 500 * NET_MS);
	assert_true(net_agree(net, 1));
	assert_int_equal(net_sa(net, 0)->suite.ke, IKE_KE_X25519);
	assert_int_equal(net_count(net, 0, IKE_EX_SA_INIT, false), 2);
	first = net_nth(net, 0, IKE_EX_SA_INIT, false, 0);
	second = net_nth(net, 0, IKE_EX_SA_INIT, false, 1);
	assert_int_equal(wire_msg_parse(first->data, first->len, &a), 0);
	assert_int_equal(wire_msg_parse(second->data, second->len, &b), 0);
	/* All proposals again, or an attacker could choose for us. */
	assert_int_equal(a.payload[0].type, IKE_PL_SA);
	assert_int_equal(a.payload[0].len, b.payload[0].len);
	assert_memory_equal(a.payload[0].body, b.payload[0].body,
			    a.payload[0].len);
	net_free(net);
}

static enum net_verdict forge_group(struct net *net, struct net_packet *p,
				    void *ctx)
{
	uint16_t group = *(uint16_t *)ctx;
	struct wire_endpoint src = p->dst, dst = p->src;
	struct wire_hdr hdr = {
		.spi_i = p->hdr.spi_i, .exchange = IKE_EX_SA_INIT,
		.flags = IKE_FLAG_RESPONSE,
	};
	struct wire_enc enc;
	uint8_t data[2];

	if (p->from != 0 || p->hdr.exchange != IKE_EX_SA_INIT)
		return NET_PASS;
	net->filter = NULL;
	wire_put_u16(data, group);
	wire_enc_start(&enc, &hdr);
	wire_notify_encode(&enc, IKE_N_INVALID_KE_PAYLOAD, data, 2);
	assert_true(wire_enc_finish(&enc));
	net_inject(net, 0, &src, &dst, enc.wr.data, enc.wr.len);
	wire_enc_free(&enc);
	return NET_PASS;
}

/* A group that was never offered is no reason to use it. covers: K24 */
static void forged_group(void **state)
{
	uint16_t group = IKE_KE_MODP2048;
	struct net *net = net_new(5);

	(void)state;
	net->filter = forge_group;
	net->filter_ctx = &group;
	net_up(net);
	assert_int_equal(net_count(net, 0, IKE_EX_SA_INIT, false), 1);
	net_free(net);
}

/* Nothing in common: said so, believed after a while. covers: K16 */
static void no_proposal(void **state)
{
	struct net *net = net_new(6);
	struct ike_conn s = net_conn(1), c = net_conn(0);

	(void)state;
	s.nike = 1;
	c.ike[0] = c.ike[1];
	c.nike = 1;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, NET_SECOND);
	assert_false(net_logged(net, 0, "NO_PROPOSAL_CHOSEN"));
	net_run(net, 2 * NET_SECOND);
	assert_true(net_logged(net, 0, "NO_PROPOSAL_CHOSEN"));
	assert_int_equal(net_sa_count(net, 1), 0);
	net_free(net);
}

static void repeated_init(void **state)
{
	const struct net_packet *req, *a, *b;
	struct net *net = net_new(9);

	(void)state;
	net_conns(net);
	net_run(net, 7 * NET_MS);
	req = net_nth(net, 0, IKE_EX_SA_INIT, false, 0);
	net_inject(net, 1, &req->src, &req->dst, req->data, req->len);
	assert_int_equal(net_sa_count(net, 1), 1);
	a = net_nth(net, 1, IKE_EX_SA_INIT, true, 0);
	b = net_nth(net, 1, IKE_EX_SA_INIT, true, 1);
	assert_non_null(b);
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->data, b->data, a->len);
	net_run(net, NET_SECOND);
	assert_true(net_agree(net, 1));
	/* Much later it is nobody's. */
	req = net_nth(net, 0, IKE_EX_SA_INIT, false, 0);
	net_inject(net, 1, &req->src, &req->dst, req->data, req->len);
	assert_int_equal(net_sa_count(net, 1), 1);
	assert_int_equal(net_count(net, 1, IKE_EX_SA_INIT, true), 2);
	net_free(net);
}

/*
 * Who has not proved who it is makes a responder neither keep what it sends
 * nor watch the way to an address that anybody can claim.
 */
static void strangers(void **state)
{
	static const uint8_t junk[200];
	struct wire_hdr hdr = { .exchange = IKE_EX_INFORMATIONAL,
				.flags = IKE_FLAG_INITIATOR, .msg_id = 2 };
	struct wire_endpoint src = net_at("10.0.0.1", 4500);
	struct wire_endpoint dst = net_at("10.0.0.2", 4500);
	struct net *net = net_new(15);
	struct wire_addr remotes[4];
	struct wire_enc enc;
	struct ike_sa *sa;

	(void)state;
	net_conns(net);
	net_run(net, 7 * NET_MS);
	sa = net_sa(net, 1);
	assert_non_null(sa);
	assert_int_equal(sa->state, IKE_SA_AUTH);
	hdr.spi_i = sa->spi_i;
	hdr.spi_r = sa->spi_r;
	wire_enc_start(&enc, &hdr);
	wire_enc_payload(&enc, IKE_PL_SK);
	wire_wr_bytes(&enc.wr, junk, sizeof(junk));
	wire_enc_end(&enc);
	assert_true(wire_enc_finish(&enc));
	net_inject(net, 1, &src, &dst, enc.wr.data, enc.wr.len);
	wire_enc_free(&enc);
	assert_int_equal(sa->p->n_early, 0);
	assert_int_equal(ike_engine_remotes(net->host[1].eng, remotes, 4), 0);
	net_run(net, NET_SECOND);
	assert_true(net_agree(net, 1));
	assert_int_equal(ike_engine_remotes(net->host[1].eng, remotes, 4), 1);
	assert_true(wire_addr_equal(&remotes[0], &src.addr));
	net_free(net);
}

static enum net_verdict hold_auth(struct net *net, struct net_packet *pkt,
				  void *ctx)
{
	(void)net;
	(void)ctx;
	return pkt->hdr.exchange == IKE_EX_AUTH ? NET_DROP : NET_PASS;
}

/*
 * IKE_AUTH from where IKE_SA_INIT did not come from would send a peer's traffic
 * to somebody who never asked for it.
 */
static void auth_from_elsewhere(void **state)
{
	struct wire_endpoint victim = net_at("10.0.0.3", 500);
	struct ike_conn server = net_conn(1), mobile = net_conn(0);
	const struct net_packet *req;
	struct net *net = net_new(16);

	(void)state;
	/* Nothing inside says where it comes from. */
	mobile.mobike = false;
	mobile.mobikex = false;
	net->filter = hold_auth;
	net_conn_add(net, 1, &server);
	net_conn_add(net, 0, &mobile);
	net_run(net, 50 * NET_MS);
	net->filter = NULL;
	req = net_nth(net, 0, IKE_EX_AUTH, false, 0);
	assert_non_null(req);
	net_inject(net, 1, &victim, &req->dst, req->data, req->len);
	net_run(net, 50 * NET_MS);
	assert_int_equal(net->host[1].n_peers, 0);
	/* From the right place the same request is still welcome. */
	net_run(net, 2 * NET_SECOND);
	assert_true(net_agree(net, 1));
	assert_true(wire_addr_equal(&net->host[1].peers[0].paths[0].remote,
				    &net->host[0].addrs[0]));
	net_free(net);
}

/* A half-open IKE SA does not stay. */
static void half_open_ends(void **state)
{
	const struct net_packet *req;
	struct net *net = net_new(10);

	(void)state;
	net_conns(net);
	req = net_nth(net, 0, IKE_EX_SA_INIT, false, 0);
	net->host[0].addr_up[0] = false;
	net_inject(net, 1, &req->src, &req->dst, req->data, req->len);
	assert_int_equal(net_sa_count(net, 1), 1);
	assert_int_equal(net->host[1].eng->half_open, 1);
	net_run(net, IKE_HALF_OPEN_US + NET_SECOND);
	assert_int_equal(net_sa_count(net, 1), 0);
	assert_int_equal(net->host[1].eng->half_open, 0);
	net_free(net);
}

static size_t header(uint8_t *out, const struct wire_hdr *hdr)
{
	struct wire_wr wr = { 0 };
	size_t len;

	wire_hdr_write(&wr, hdr);
	memcpy(out, wr.data, wr.len);
	len = wr.len;
	wire_wr_free(&wr);
	return len;
}

/* covers: K10 K11 K17 K18 */
static void nobodys(void **state)
{
	struct wire_endpoint src = net_at("10.0.0.9", 4500);
	struct wire_endpoint dst = net_at("10.0.0.2", 4500);
	struct wire_hdr hdr = {
		.spi_i = 1, .spi_r = 2, .exchange = IKE_EX_INFORMATIONAL,
		.flags = IKE_FLAG_INITIATOR, .msg_id = 5,
		.length = IKE_HDR_LEN,
	};
	struct net *net = net_new(11);
	const struct net_packet *p;
	struct wire_notify n;
	struct wire_msg msg;
	uint8_t m[64];
	unsigned int i;

	(void)state;
	net_conns(net);
	net_forget(net);
	header(m, &hdr);
	net_inject(net, 1, &src, &dst, m, IKE_HDR_LEN);
	p = net_nth(net, 1, IKE_EX_INFORMATIONAL, true, 0);
	assert_non_null(p);
	assert_int_equal(wire_msg_parse(p->data, p->len, &msg), WIRE_OK);
	assert_true(wire_notify_find(&msg, IKE_N_INVALID_IKE_SPI, &n));
	assert_true(msg.hdr.spi_i == 1 && msg.hdr.spi_r == 2);
	assert_int_equal(msg.hdr.msg_id, 5);
	assert_true(wire_endpoint_equal(&p->dst, &src));
	/* Not without end. */
	for (i = 0; i < 100; i++)
		net_inject(net, 1, &src, &dst, m, IKE_HDR_LEN);
	assert_in_range(net_count(net, 1, IKE_EX_INFORMATIONAL, true), 2, 20);
	/* Nothing at all to a response. */
	net_run(net, 2 * NET_SECOND);
	i = (unsigned int)net->n_sent;
	hdr.flags |= IKE_FLAG_RESPONSE;
	header(m, &hdr);
	net_inject(net, 1, &src, &dst, m, IKE_HDR_LEN);
	assert_int_equal(net->n_sent, i);
	/* Version 3 is told what we speak. */
	hdr.flags = IKE_FLAG_INITIATOR;
	header(m, &hdr);
	m[17] = 0x30;
	net_inject(net, 1, &src, &dst, m, IKE_HDR_LEN);
	assert_int_equal(net->n_sent, i + 1);
	p = &net->sent[i];
	assert_int_equal(wire_msg_parse(p->data, p->len, &msg), WIRE_OK);
	assert_true(wire_notify_find(&msg, IKE_N_INVALID_MAJOR_VERSION, &n));
	for (i = 0; i < NET_HOSTS; i++)
		assert_true(net->host[i].n_peers <= 1);
	net_free(net);
}

/*
 * IKE_SA_INIT cut short at each octet, and with each octet changed: never more
 * than an unauthenticated refusal, or an IKE SA that is half open.
 */
static void broken_init(void **state)
{
	struct net *net = net_new(12);
	const struct net_packet *req;
	uint8_t *copy;
	size_t i, len;

	(void)state;
	net_conns(net);
	req = net_nth(net, 0, IKE_EX_SA_INIT, false, 0);
	net->host[0].addr_up[0] = false;
	len = req->len;
	copy = malloc(len);
	assert_non_null(copy);
	for (i = 0; i < len; i++) {
		req = net_nth(net, 0, IKE_EX_SA_INIT, false, 0);
		net_inject(net, 1, &req->src, &req->dst, req->data, i);
	}
	assert_int_equal(net_sa_count(net, 1), 0);
	for (i = 0; i < len; i++) {
		req = net_nth(net, 0, IKE_EX_SA_INIT, false, 0);
		memcpy(copy, req->data, len);
		copy[i] ^= (uint8_t)(1u << net_random(net, 8));
		net_inject(net, 1, &req->src, &req->dst, copy, len);
	}
	free(copy);
	assert_int_equal(net->host[1].n_peers, 0);
	net_run(net, 60 * NET_SECOND);
	assert_int_equal(net_sa_count(net, 1), 0);
	net_free(net);
}

/* An unknown payload: skipped, but for the critical bit. covers: K12 K13 */
static void unknown_payload(void **state)
{
	struct net *net = net_new(13);
	struct wire_endpoint src = net_at("10.0.0.1", 500);
	struct wire_endpoint dst = net_at("10.0.0.2", 500);
	struct wire_hdr hdr = {
		.spi_i = 99, .exchange = IKE_EX_SA_INIT,
		.flags = IKE_FLAG_INITIATOR,
	};
	const struct net_packet *p;
	struct wire_notify n;
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	net_conns(net);
	net_forget(net);
	wire_enc_start(&enc, &hdr);
	wire_enc_payload(&enc, 200);
	wire_wr_u32(&enc.wr, 0);
	wire_enc_end(&enc);
	assert_true(wire_enc_finish(&enc));
	enc.wr.data[IKE_HDR_LEN + 1] = 0x80;
	net_inject(net, 1, &src, &dst, enc.wr.data, enc.wr.len);
	wire_enc_free(&enc);
	p = net_nth(net, 1, IKE_EX_SA_INIT, true, 0);
	assert_non_null(p);
	assert_int_equal(wire_msg_parse(p->data, p->len, &msg), WIRE_OK);
	assert_true(wire_notify_find(&msg, IKE_N_UNSUPPORTED_CRITICAL_PAYLOAD,
				     &n));
	assert_int_equal(n.data.len, 1);
	assert_int_equal(n.data.p[0], 200);
	net_free(net);
}

/* Put a payload that nobody knows, and that is critical, before all others. */
static enum net_verdict put_critical(struct net *net, struct net_packet *p,
				     void *ctx)
{
	unsigned int *n = ctx;
	uint8_t *longer;

	(void)net;
	if (p->from != 1 || p->hdr.exchange != IKE_EX_SA_INIT || (*n)++)
		return NET_PASS;
	longer = malloc(p->len + 4);
	memcpy(longer, p->data, IKE_HDR_LEN);
	memcpy(longer + IKE_HDR_LEN + 4, p->data + IKE_HDR_LEN,
	       p->len - IKE_HDR_LEN);
	longer[16] = 200;
	longer[IKE_HDR_LEN] = p->hdr.next;
	longer[IKE_HDR_LEN + 1] = 0x80;
	wire_put_u16(longer + IKE_HDR_LEN + 2, 4);
	p->len += 4;
	wire_put_u32(longer + 24, (uint32_t)p->len);
	free(p->data);
	p->data = longer;
	return NET_PASS;
}

/* An answer with such a payload counts for nothing; the true one comes. covers: K12 */
static void critical_answer(void **state)
{
	struct net *net = net_new(15);
	unsigned int n = 0;

	(void)state;
	net->filter = put_critical;
	net->filter_ctx = &n;
	net_conns(net);
	net_run(net, 50 * NET_MS);
	assert_int_equal(n, 1);
	assert_true(!net_sa(net, 0) ||
		    net_sa(net, 0)->state != IKE_SA_ESTABLISHED);
	net_run(net, 5 * NET_SECOND);
	assert_true(n > 1);
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	net_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(establishes),
		cmocka_unit_test(every_suite),
		cmocka_unit_test(cookies),
		cmocka_unit_test(wrong_cookies),
		cmocka_unit_test(invalid_ke),
		cmocka_unit_test(forged_group),
		cmocka_unit_test(no_proposal),
		cmocka_unit_test(repeated_init),
		cmocka_unit_test(strangers),
		cmocka_unit_test(auth_from_elsewhere),
		cmocka_unit_test(half_open_ends),
		cmocka_unit_test(nobodys),
		cmocka_unit_test(broken_init),
		cmocka_unit_test(unknown_payload),
		cmocka_unit_test(critical_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
