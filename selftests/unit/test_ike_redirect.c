// SPDX-License-Identifier: GPL-2.0
/* A gateway sends initiators to another one (RFC 5685). */
#include "ike_net.h"
#include "wire/redirect.h"

/* Host 0 knows hosts 1 and 2; each of them may send it on. */
static struct net *configured(uint64_t seed, const char *from_1,
			      const char *from_2, bool follow,
			      enum ike_start start)
{
	struct net *net = net_new(seed);
	struct ike_conn c = net_conn(0), s = net_conn(1);

	if (from_1)
		s.redirect_to = net_addr(from_1);
	net_conn_add(net, 1, &s);
	memset(&s.redirect_to, 0, sizeof(s.redirect_to));
	if (from_2)
		s.redirect_to = net_addr(from_2);
	net_conn_add(net, 2, &s);
	c.follow_redirects = follow;
	c.start = start;
	c.nremote = 2;
	c.remote[1].addr = net_addr("10.0.0.3");
	c.remote[1].plen = 32;
	net_conn_add(net, 0, &c);
	return net;
}

static struct net *begin(uint64_t seed, const char *from_1, const char *from_2,
			 bool follow)
{
	return configured(seed, from_1, from_2, follow, IKE_START_ON_LOAD);
}

static bool up_with(struct net *net, int host)
{
	const struct ike_sa *sa = net_sa(net, 0);

	return sa && sa->state == IKE_SA_ESTABLISHED &&
	       net_host_of(net, &sa->remote.addr) == host &&
	       net->host[host].n_sas == 2;
}

/* Does the nth IKE_SA_INIT request of host 0 have a notify of that type? */
static bool init_says(struct net *net, unsigned int nth, uint16_t type)
{
	const struct net_packet *p = net_nth(net, 0, IKE_EX_SA_INIT, false,
					     nth);
	struct wire_notify n;
	struct wire_msg msg;

	assert_non_null(p);
	assert_int_equal(wire_msg_parse(p->data, p->len, &msg), WIRE_OK);
	return wire_notify_find(&msg, type, &n);
}

static void followed(void **state)
{
	struct net *net = begin(1, "10.0.0.3", NULL, true);

	(void)state;
	net_run(net, 100 * NET_MS);
	assert_true(up_with(net, 2));
	assert_int_equal(net->host[1].n_peers, 0);
	assert_int_equal(net_sa_count(net, 1), 0);
	assert_true(init_says(net, 0, IKE_N_REDIRECT_SUPPORTED));
	assert_true(init_says(net, 1, IKE_N_REDIRECTED_FROM));
	assert_false(init_says(net, 1, IKE_N_REDIRECT_SUPPORTED));
	assert_false(net_logged(net, 0, "error conn"));
	net_free(net);
}

/* Who does not know of it, or does not want it, is served as ever. */
static void not_known(void **state)
{
	struct net *net = begin(2, "10.0.0.3", NULL, false);
	struct ike_conn c = net_conn(0), s = net_conn(1);

	(void)state;
	net_run(net, 100 * NET_MS);
	assert_true(up_with(net, 1));
	assert_false(init_says(net, 0, IKE_N_REDIRECT_SUPPORTED));
	net_free(net);
	/* One address: there is nowhere to go. */
	net = net_new(3);
	s.redirect_to = net_addr("10.0.0.3");
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, 100 * NET_MS);
	assert_true(up_with(net, 1));
	assert_false(init_says(net, 0, IKE_N_REDIRECT_SUPPORTED));
	net_free(net);
}

static void not_allowed(void **state)
{
	struct net *net = begin(4, "10.0.0.9", NULL, true);

	(void)state;
	net_run(net, 100 * NET_MS);
	assert_true(net_logged(net, 0, "not one of remote"));
	assert_int_equal(net->host[1].n_peers, 0);
	/* The next attempt is with the other one. */
	net_run(net, 30 * NET_SECOND);
	assert_true(up_with(net, 2));
	net_free(net);
}

/* From one to the other and back: a few times, and not for ever. */
static void loop(void **state)
{
	struct net *net = begin(5, "10.0.0.3", "10.0.0.2", true);

	(void)state;
	net_run(net, NET_SECOND);
	assert_true(net_logged(net, 0, "too many of them"));
	assert_in_range(net_count(net, 0, IKE_EX_SA_INIT, false), 6, 9);
	net_free(net);
}

static enum net_verdict no_answer(struct net *net, struct net_packet *p,
				  void *ctx)
{
	(void)net;
	(void)ctx;
	return p->from == 1 ? NET_DROP : NET_PASS;
}

/* Whoever does not see the request cannot redirect, nor who says nonsense. */
static void forged(void **state)
{
	static const uint8_t short_data[][4] = {
		{ 1, 4, 10, 0 }, { 3, 2, 'a', 'b' }, { 2, 2, 0, 0 },
		{ 1, 255, 0, 0 },
	};
	struct net *net = begin(6, NULL, NULL, true);
	struct wire_redirect r = { .addr = net_addr("10.0.0.3") };
	uint8_t data[WIRE_REDIRECT_MAX], nonce[IKE_NONCE_LEN] = { 0 };
	const struct net_packet *p;
	struct wire_hdr hdr;
	struct wire_enc enc;
	size_t i, len;

	(void)state;
	net->filter = no_answer;
	net_run(net, 10 * NET_MS);
	p = net_nth(net, 0, IKE_EX_SA_INIT, false, 0);
	hdr = (struct wire_hdr){ .spi_i = p->hdr.spi_i,
				 .exchange = IKE_EX_SA_INIT,
				 .flags = IKE_FLAG_RESPONSE };
	for (i = 0; i < 6; i++) {
		r.nonce = (struct wire_span){ nonce, i == 4 ? sizeof(nonce) :
						     0 };
		len = wire_redirect_data(&r, data);
		if (i < 4) {
			memcpy(data, short_data[i], 4);
			len = 4;
		}
		wire_enc_start(&enc, &hdr);
		wire_notify_encode(&enc, IKE_N_REDIRECT, data, len);
		assert_true(wire_enc_finish(&enc));
		p = net_nth(net, 0, IKE_EX_SA_INIT, false, 0);
		net_inject(net, 0, &p->dst, &p->src, enc.wr.data, enc.wr.len);
		wire_enc_free(&enc);
		assert_int_equal(net_sa(net, 0)->state, IKE_SA_INIT);
		assert_int_equal(net_host_of(net, &net_sa(net, 0)->remote.addr),
				 1);
	}
	net_free(net);
}

/* What the peer says under protection, with IKE_AUTH and later */
static void put(struct wire_enc *enc, const char *to)
{
	const struct wire_redirect r = { .addr = net_addr(to) };
	uint8_t data[WIRE_REDIRECT_MAX];

	wire_enc_start(enc, NULL);
	wire_notify_encode(enc, IKE_N_REDIRECT, data,
			   wire_redirect_data(&r, data));
}

static void later(void **state)
{
	struct net *net = begin(7, NULL, NULL, true);
	struct wire_enc enc;

	(void)state;
	net_run(net, 100 * NET_MS);
	assert_true(up_with(net, 1));
	put(&enc, "10.0.0.9");
	net_forge(net, 1, IKE_EX_INFORMATIONAL, false, 0, &enc);
	net_run(net, 100 * NET_MS);
	assert_true(up_with(net, 1));
	put(&enc, "10.0.0.3");
	net_forge(net, 1, IKE_EX_INFORMATIONAL, false, 1, &enc);
	net_run(net, 400 * NET_MS);
	assert_true(up_with(net, 2));
	assert_int_equal(net->host[1].n_peers, 0);
	net_free(net);
	/* Who answers is not sent anywhere by who began. */
	net = begin(8, NULL, NULL, true);
	net_run(net, 100 * NET_MS);
	put(&enc, "10.0.0.3");
	net_forge(net, 0, IKE_EX_INFORMATIONAL, false, 2, &enc);
	net_run(net, 400 * NET_MS);
	assert_true(up_with(net, 1));
	net_free(net);
}

/* Set up for a packet: it goes on elsewhere, without waiting for the next one. */
static void on_traffic(void **state)
{
	struct ike_event ev = {
		.type = IKE_EV_ACQUIRE,
		.u.acquire = { .local = net_addr("10.0.0.1"),
			       .remote = net_addr("10.0.0.2"), .proto = 17,
			       .local_port = 4000, .remote_port = 7000,
			       .label = "conn:server" },
	};
	struct net *net = configured(10, NULL, NULL, true,
				     IKE_START_ON_TRAFFIC);
	struct wire_enc enc;

	(void)state;
	net_event(net, 0, &ev);
	net_run(net, 100 * NET_MS);
	assert_true(up_with(net, 1));
	put(&enc, "10.0.0.3");
	net_forge(net, 1, IKE_EX_INFORMATIONAL, false, 0, &enc);
	net_run(net, 400 * NET_MS);
	assert_true(up_with(net, 2));
	assert_int_equal(net->host[0].eng->conns->failures, 0);
	net_free(net);
}

static enum net_verdict add_redirect(struct net *net, struct net_packet *p,
				     void *ctx)
{
	struct wire_msg msg;
	struct wire_enc enc;
	uint8_t *plain;
	unsigned int i;

	(void)ctx;
	if (p->hdr.exchange != IKE_EX_AUTH || p->from != 1)
		return NET_PASS;
	assert_true(net_open(net, p, &msg, &plain));
	put(&enc, "10.0.0.3");
	for (i = 0; i < msg.n; i++)
		net_copy(&enc, &msg.payload[i]);
	free(plain);
	net_reseal(net, p, &enc);
	return NET_PASS;
}

static void with_auth(void **state)
{
	struct net *net = begin(9, NULL, NULL, true);

	(void)state;
	net->filter = add_redirect;
	net_run(net, 200 * NET_MS);
	assert_true(up_with(net, 2));
	net_run(net, 5 * NET_SECOND);
	assert_int_equal(net->host[1].n_peers, 0);
	assert_int_equal(net_sa_count(net, 0), 1);
	net_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(followed),
		cmocka_unit_test(not_known),
		cmocka_unit_test(not_allowed),
		cmocka_unit_test(loop),
		cmocka_unit_test(forged),
		cmocka_unit_test(later),
		cmocka_unit_test(on_traffic),
		cmocka_unit_test(with_auth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
