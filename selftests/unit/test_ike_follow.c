// SPDX-License-Identifier: GPL-2.0
/* An IKE SA replaced by several key exchanges (RFC 9370, IKE_FOLLOWUP_KE). */
#include "fake_kem.h"
#include "ike_net.h"

#define THREE "aes256-sha256-prfsha256-x25519" \
	"-ke1_ecp384-ke2_x448-ke4_ecp256"
#define ONE "aes128gcm16-prfsha256-ecp256-ke1_x25519"
#define KEMS "aes128gcm16-prfsha256-ecp256-ke1_mlkem512-ke2_x448"
#define PLAIN "aes128gcm16-prfsha256-ecp256"

static void parse(struct crypto_suite *s, const char *text)
{
	char err[IKE_MAX_TEXT];

	if (ike_suite_parse(text, false, s, err, sizeof(err)))
		fail_msg("%s", err);
}

static struct net *begin(uint64_t seed, const char *suite)
{
	struct net *net = net_new(seed);
	struct ike_conn c;
	int host;

	for (host = 1; host >= 0; host--) {
		c = net_conn(host);
		parse(&c.ike[0], suite);
		c.nike = 1;
		net_conn_add(net, host, &c);
	}
	net_run(net, 200 * NET_MS);
	assert_true(net_agree(net, 1));
	net_forget(net);
	return net;
}

static void rekey(struct net *net, int host)
{
	net_cmd(net, host, IKE_EV_CONN_REKEY, host ? "mobile" : "server");
}

static bool same(struct net *net)
{
	const struct ike_sa *a = net_sa(net, 0), *b = net_sa(net, 1);

	return a && b && a->spi_i == b->spi_i && a->spi_r == b->spi_r &&
	       !memcmp(a->p->keys.sk_d, b->p->keys.sk_d, CRYPTO_PRF_MAX) &&
	       net_sa_count(net, 0) == 1 && net_sa_count(net, 1) == 1;
}

/* The error in the last answer of a host to IKE_FOLLOWUP_KE, or 0 */
static uint16_t last_error(struct net *net, int host)
{
	unsigned int n = net_count(net, host, IKE_EX_FOLLOWUP_KE, true);
	struct wire_notify notify = { .type = 0 };
	struct wire_msg msg;
	uint8_t *plain;

	assert_true(n > 0);
	assert_true(net_open(net, net_nth(net, host, IKE_EX_FOLLOWUP_KE, true,
					  n - 1), &msg, &plain));
	wire_notify_error(&msg, &notify);
	free(plain);
	return notify.type;
}

static void each(void **state)
{
	static const char *const suites[] = { ONE, THREE, KEMS };
	/* Datagrams: an encapsulation key comes in two fragments. */
	static const unsigned int follows[] = { 1, 3, 3 };
	unsigned int i;
	uint64_t spi;
	int host;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct net *net = begin(1 + i, suites[i]);
		struct crypto_suite want;

		parse(&want, suites[i]);
		for (host = 0; host < 2; host++) {
			spi = net_sa(net, 0)->spi_i;
			net_forget(net);
			rekey(net, host);
			net_run_without_gap(net, NET_SECOND);
			assert_true(same(net));
			assert_true(net_sa(net, 0)->spi_i != spi);
			assert_true(ike_suite_in(&net_sa(net, 0)->suite, &want,
						 1, IKE_GROUPS_ALL));
			assert_int_equal(net_count(net, host,
						   IKE_EX_FOLLOWUP_KE, false),
					 follows[i]);
			assert_true(net_agree(net, 1));
		}
		net_free(net);
	}
}

/* One that has them and one that has not: a rekey is as it was before. */
static void other_lacks(void **state)
{
	struct net *net = net_new(3);
	struct ike_conn c = net_conn(0), s = net_conn(1);
	int host;

	(void)state;
	parse(&c.ike[0], ONE);
	parse(&c.ike[1], PLAIN);
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, 200 * NET_MS);
	for (host = 0; host < 2; host++) {
		rekey(net, host);
		net_run_without_gap(net, NET_SECOND);
		assert_true(same(net));
		assert_int_equal(net_count(net, host, IKE_EX_CREATE_CHILD_SA,
					   false), 1);
	}
	assert_int_equal(net_count(net, 0, IKE_EX_FOLLOWUP_KE, false), 0);
	assert_int_equal(net_count(net, 1, IKE_EX_FOLLOWUP_KE, false), 0);
	net_free(net);
}

/* ----------------------------------------------------------------- hostile */

static enum net_verdict hold(struct net *net, struct net_packet *p, void *ctx)
{
	const int *from = ctx;

	(void)net;
	return p->from == *from && p->hdr.exchange == IKE_EX_FOLLOWUP_KE ?
	       NET_DROP : NET_PASS;
}

/* What the answer to CREATE_CHILD_SA wants the next request to be named by */
static size_t link_of(struct net *net, uint8_t link[64])
{
	struct wire_notify n;
	struct wire_msg msg;
	uint8_t *plain;
	size_t len;

	assert_true(net_open(net, net_nth(net, 1, IKE_EX_CREATE_CHILD_SA, true,
					  0), &msg, &plain));
	assert_true(wire_notify_find(&msg, IKE_N_ADDITIONAL_KEY_EXCHANGE, &n));
	len = n.data.len;
	assert_true(len <= 64);
	memcpy(link, n.data.p, len);
	free(plain);
	return len;
}

static void put(struct wire_enc *enc, uint16_t group, size_t len, uint8_t octet,
		const uint8_t *link, size_t link_len)
{
	uint8_t value[512];

	memset(value, octet, sizeof(value));
	wire_enc_start(enc, NULL);
	wire_ke_encode(enc, group, value, len);
	if (link)
		wire_notify_encode(enc, IKE_N_ADDITIONAL_KEY_EXCHANGE, link,
				   link_len);
}

/* Whatever comes in its place: the IKE SA that is there lives on. */
static void requests(void **state)
{
	static const struct {
		uint16_t group;
		size_t len;
		uint8_t octet;
		/* More or less than the link, and 1 for a false one */
		int link;
		uint16_t error;
	} v[] = {
		{ IKE_KE_X25519, 32, 9, -100, IKE_N_STATE_NOT_FOUND },
		{ IKE_KE_X25519, 32, 9, -8, IKE_N_STATE_NOT_FOUND },
		{ IKE_KE_X25519, 32, 9, -1, IKE_N_STATE_NOT_FOUND },
		{ IKE_KE_X25519, 32, 9, 1, IKE_N_STATE_NOT_FOUND },
		{ IKE_KE_X25519, 31, 9, 0, IKE_N_INVALID_SYNTAX },
		{ IKE_KE_X25519, 32, 0, 0, IKE_N_INVALID_SYNTAX },
		{ IKE_KE_ECP384, 96, 9, 0, IKE_N_INVALID_SYNTAX },
		{ IKE_KE_X25519, 32, 9, 0, 0 },
	};
	uint8_t link[64];
	struct wire_enc enc;
	int from = 0;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct net *net = begin(10 + i, ONE);
		uint32_t mid = net_sa(net, 0)->p->out_mid;

		net->filter = hold;
		net->filter_ctx = &from;
		rekey(net, 0);
		net_run(net, 15 * NET_MS);
		len = link_of(net, link);
		assert_int_equal(len, IKE_LINK_LEN);
		if (v[i].link == 1)
			link[0] ^= 1;
		else if (v[i].link > -100)
			len -= (size_t)-v[i].link;
		put(&enc, v[i].group, v[i].len, v[i].octet,
		    v[i].link > -100 ? link : NULL, len);
		net_forge(net, 0, IKE_EX_FOLLOWUP_KE, false, mid + 1, &enc);
		/* What is as it should be makes the new one. */
		assert_int_equal(net_sa_count(net, 1), v[i].error ? 1 : 2);
		if (v[i].error) {
			assert_int_equal(last_error(net, 1), v[i].error);
			assert_int_equal(net_sa(net, 1)->state,
					 IKE_SA_ESTABLISHED);
		}
		net_free(net);
	}
}

/* Nothing to follow, and the time in which it could */
static void no_state(void **state)
{
	struct net *net = begin(30, ONE);
	uint32_t mid = net_sa(net, 0)->p->out_mid;
	uint8_t link[64] = { 0 };
	struct wire_enc enc;
	int from = 0;

	(void)state;
	put(&enc, IKE_KE_X25519, 32, 9, link, IKE_LINK_LEN);
	net_forge(net, 0, IKE_EX_FOLLOWUP_KE, false, mid, &enc);
	assert_int_equal(last_error(net, 1), IKE_N_STATE_NOT_FOUND);
	net_free(net);

	net = begin(31, ONE);
	mid = net_sa(net, 0)->p->out_mid;
	net->filter = hold;
	net->filter_ctx = &from;
	rekey(net, 0);
	net_run(net, 15 * NET_MS);
	/* As a peer that is in work with one: nothing else is begun. */
	net_cmd(net, 1, IKE_EV_CONN_REKEY_CHILDREN, "mobile");
	net_run(net, NET_SECOND);
	assert_int_equal(net_count(net, 1, IKE_EX_CREATE_CHILD_SA, false), 0);
	/* Far too late, and then the peer gets what it could not have. */
	net->filter = NULL;
	net->host[0].addr_up[0] = false;
	net_run(net, 31 * NET_SECOND);
	net->host[0].addr_up[0] = true;
	net_run(net, 90 * NET_SECOND);
	assert_true(same(net));
	assert_true(net_agree(net, 1));
	net_free(net);
}

static enum net_verdict hold_answer(struct net *net, struct net_packet *p,
				    void *ctx)
{
	(void)net;
	(void)ctx;
	return p->from == 1 && p->hdr.exchange == IKE_EX_FOLLOWUP_KE ?
	       NET_DROP : NET_PASS;
}

/* An answer that is no good ends the rekey, not the IKE SA. */
static void answers(void **state)
{
	static const struct {
		uint16_t group;
		size_t len;
		uint8_t octet;
		size_t link;
	} v[] = {
		{ IKE_KE_X448, 56, 9, 8 },
		{ IKE_KE_ECP384, 95, 9, 8 },
		{ IKE_KE_ECP384, 96, 9, 8 },
		{ IKE_KE_X25519, 32, 9, 8 },
	};
	uint8_t link[64] = { 0 };
	struct wire_enc enc;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct net *net = begin(40 + i, THREE);
		uint64_t spi = net_sa(net, 0)->spi_i;
		uint32_t mid = net_sa(net, 0)->p->out_mid;

		net->filter = hold_answer;
		rekey(net, 0);
		net_run(net, 15 * NET_MS);
		put(&enc, v[i].group, v[i].len, v[i].octet, link, v[i].link);
		net_forge(net, 1, IKE_EX_FOLLOWUP_KE, true, mid + 1, &enc);
		assert_true(net_logged(net, 0, "cannot be rekeyed"));
		assert_null(net_sa(net, 0)->p->rekey);
		assert_true(net_sa(net, 0)->spi_i == spi);
		assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
		net_free(net);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each),
		cmocka_unit_test(other_lacks),
		cmocka_unit_test(requests),
		cmocka_unit_test(no_state),
		cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests(tests, fake_kem_setup, fake_kem_teardown);
}
