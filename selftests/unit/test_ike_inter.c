// SPDX-License-Identifier: GPL-2.0
/*
 * Additional key exchanges (RFC 9370) in IKE_INTERMEDIATE (RFC 9242), of groups and
 * of mechanisms whose two ends differ.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "crypto/sk.h"
#include "fake_kem.h"
#include "ike_net.h"

#define ONE "aes128gcm16-prfsha256-ecp256-ke1_x25519"
#define THREE "aes256-sha256-prfsha256-x25519" \
	"-ke1_ecp384-ke2_x448-ke4_ecp256"
#define LARGE "aes128gcm16-prfsha512-ecp256-ke1_modp4096"
#define KEM "aes128gcm16-prfsha256-ecp256-ke1_mlkem512"
#define KEMS "aes256gcm16-prfsha384-ecp384" \
	"-ke1_mlkem512-ke2_x25519-ke3_mlkem768-ke4_mlkem1024"
#define PLAIN "aes128gcm16-prfsha256-ecp256"

/* Host 0 offers @first and then @second, host 1 takes @accepted. */
static struct net *begin(uint64_t seed, const char *first, const char *second,
			 const char *accepted)
{
	struct net *net = net_new(seed);
	struct ike_conn c = net_conn(0), s = net_conn(1);
	char err[IKE_MAX_TEXT];

	if (ike_suite_parse(first, false, &c.ike[0], err, sizeof(err)) ||
	    (second && ike_suite_parse(second, false, &c.ike[1], err,
				       sizeof(err))) ||
	    ike_suite_parse(accepted, false, &s.ike[0], err, sizeof(err)) ||
	    ike_suite_parse(PLAIN, false, &s.ike[1], err, sizeof(err)))
		fail_msg("%s", err);
	c.nike = second ? 2 : 1;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	return net;
}

static void is_up(struct net *net, unsigned int rounds)
{
	struct ike_sa *a = net_sa(net, 0), *b = net_sa(net, 1);

	if (!a || !b || a->state != IKE_SA_ESTABLISHED ||
	    b->state != IKE_SA_ESTABLISHED)
		net_fail(net, net->seed);
	assert_true(net_agree(net, 1));
	/* Not the datagrams: some come in fragments. */
	assert_int_equal(net_nth(net, 0, IKE_EX_AUTH, false, 0)->hdr.msg_id,
			 1 + rounds);
	assert_memory_equal(a->p->keys.sk_d, b->p->keys.sk_d, CRYPTO_PRF_MAX);
	assert_null(a->p->inter.old);
	assert_null(b->p->inter.old);
}

static void nobody_is_in(struct net *net)
{
	assert_int_equal(net->host[0].n_peers, 0);
	assert_int_equal(net->host[1].n_peers, 0);
}

static void up(void **state)
{
	static const struct {
		const char *suite;
		unsigned int rounds;
	} v[] = { { ONE, 1 }, { THREE, 3 }, { KEM, 1 } };
	char text[IKE_SUITE_TEXT];
	unsigned int i, host;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct net *net = begin(1 + i, v[i].suite, NULL, v[i].suite);

		net_run(net, 100 * NET_MS);
		is_up(net, v[i].rounds);
		assert_string_equal(ike_suite_text(&net_sa(net, 0)->suite,
						   false, text, sizeof(text)),
				    v[i].suite);
		/* What takes its place stands on the same secrets. */
		for (host = 0; host < 2; host++) {
			net_cmd(net, (int)host, IKE_EV_CONN_REKEY,
				host ? "mobile" : "server");
			net_run_without_gap(net, 5 * NET_SECOND);
			net_cmd(net, (int)host, IKE_EV_CONN_REKEY_CHILDREN,
				host ? "mobile" : "server");
			net_run_without_gap(net, 70 * NET_SECOND);
			assert_true(net_agree(net, 1));
		}
		net_free(net);
	}
}

/* A message of many octets comes in fragments, which AUTH does not see. */
static void fragments(void **state)
{
	static const char *const suites[] = { LARGE, KEMS };
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct net *net = begin(5, suites[i], NULL, suites[i]);
		const struct net_packet *p;
		unsigned int last;

		net_run(net, 300 * NET_MS);
		last = net_count(net, 0, IKE_EX_INTERMEDIATE, false) - 1;
		p = net_nth(net, 0, IKE_EX_INTERMEDIATE, false, last);
		assert_non_null(p);
		assert_int_equal(p->hdr.next, IKE_PL_SKF);
		assert_true(net_agree(net, 1));
		net_free(net);
	}
}

/* ------------------------------------------------------- what AUTH is about */

/* prf(SK_p, header | header of SK | payloads), by hand; the first of them */
static void by_hand(const struct net_packet *p,
		    struct crypto_ike_keys *keys, bool initiators,
		    uint8_t out[32])
{
	const uint8_t *sk_p = initiators ? keys->sk_pi : keys->sk_pr;
	uint8_t text[2048], plain[2048];
	unsigned int n = 0;
	struct wire_msg msg;
	enum wire_err err;
	size_t len;

	assert_int_equal(wire_msg_parse(p->data, p->len, &msg), WIRE_OK);
	assert_int_equal(crypto_sk_open(keys, initiators, &msg, plain,
					sizeof(plain), &err), 0);
	assert_int_equal(err, WIRE_OK);
	len = msg.inner.len;
	memcpy(text, p->data, 32);
	wire_put_u32(text + 24, (uint32_t)(32 + len));
	wire_put_u16(text + 30, (uint16_t)(4 + len));
	memcpy(text + 32, msg.inner.p, len);
	assert_non_null(HMAC(EVP_sha256(), sk_p, 32, text, 32 + len, out, &n));
	assert_int_equal(n, 32);
}

static void covered(void **state)
{
	struct net *net = begin(6, ONE, NULL, ONE);
	uint8_t want_i[32], want_r[32];
	int host;

	(void)state;
	/* The credentials take their time. */
	net->creds_us = NET_SECOND;
	net_run(net, 100 * NET_MS);
	assert_int_equal(net_count(net, 0, IKE_EX_AUTH, false), 0);
	by_hand(net_nth(net, 0, IKE_EX_INTERMEDIATE, false, 0),
		net_sa(net, 1)->p->inter.old, true, want_i);
	by_hand(net_nth(net, 1, IKE_EX_INTERMEDIATE, true, 0),
		net_sa(net, 1)->p->inter.old, false, want_r);
	for (host = 0; host < 2; host++) {
		const struct ike_inter *v = &net_sa(net, host)->p->inter;

		assert_memory_equal(v->auth_i, want_i, 32);
		assert_memory_equal(v->auth_r, want_r, 32);
	}
	net_run(net, 5 * NET_SECOND);
	is_up(net, 1);
	net_free(net);
}

/* Who can open the message, as a quantum computer may, adds a payload to it. */
static enum net_verdict add_payload(struct net *net, struct net_packet *p,
				    void *ctx)
{
	const int *from = ctx;
	struct crypto_ike_keys keys;
	uint8_t plain[2048];
	struct wire_notify n;
	struct wire_msg msg;
	struct wire_enc enc;
	struct wire_ke ke;
	enum wire_err err;

	if (p->hdr.exchange != IKE_EX_INTERMEDIATE || p->from != *from)
		return NET_PASS;
	keys = net_sa(net, 0)->p->keys;
	assert_int_equal(wire_msg_parse(p->data, p->len, &msg), WIRE_OK);
	assert_int_equal(crypto_sk_open(&keys, !p->from, &msg, plain,
					sizeof(plain), &err), 0);
	assert_int_equal(wire_ke_decode(wire_msg_only(&msg, IKE_PL_KE), &ke),
			 WIRE_OK);
	assert_false(wire_notify_find(&msg, IKE_N_INITIAL_CONTACT, &n));
	wire_enc_start(&enc, NULL);
	wire_ke_encode(&enc, ke.group, ke.data.p, ke.data.len);
	wire_notify_encode(&enc, IKE_N_INITIAL_CONTACT, NULL, 0);
	net_reseal(net, p, &enc);
	return NET_PASS;
}

static void changed(void **state)
{
	int from;

	(void)state;
	for (from = 0; from < 2; from++) {
		struct net *net = begin(7, ONE, NULL, ONE);

		net->filter = add_payload;
		net->filter_ctx = &from;
		net_run(net, 100 * NET_MS);
		assert_true(net_logged(net, 1, "does not know the pre-shared"
				       " key"));
		nobody_is_in(net);
		net_free(net);
	}
}

/* --------------------------------------------------------------- lossy wire */

/* What was answered under the keys before is repeated under them. */
static enum net_verdict lose_answers(struct net *net, struct net_packet *p,
				     void *ctx)
{
	unsigned int *n = ctx;

	(void)net;
	return p->from == 1 && p->hdr.exchange == IKE_EX_INTERMEDIATE &&
	       (*n)++ % 2 == 0 ? NET_DROP : NET_PASS;
}

static void repeated(void **state)
{
	struct net *net = begin(8, THREE, NULL, THREE);
	unsigned int n = 0;

	(void)state;
	net->filter = lose_answers;
	net->filter_ctx = &n;
	net_run(net, 5 * NET_SECOND);
	assert_int_equal(n, 6);
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	assert_true(net_agree(net, 1));
	net_free(net);
}

static void lossy(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 100; seed < 140; seed++) {
		const char *suite = seed % 2 ? THREE : KEM;
		struct net *net = begin(seed, suite, NULL, suite);

		net->lose_percent = 30;
		net->repeat_percent = 20;
		net->jitter_us = 20 * NET_MS;
		net_run(net, 60 * NET_SECOND);
		net_calm(net, 60 * NET_SECOND, seed);
		net_free(net);
	}
}

/* ----------------------------------------------------------- one lacks them */

static enum net_verdict strip(struct net *net, struct net_packet *p, void *ctx)
{
	static const uint8_t known[] = {
		0, IKE_N_INTERMEDIATE_SUPPORTED >> 8,
		IKE_N_INTERMEDIATE_SUPPORTED & 0xff
	};
	size_t i;

	(void)net;
	(void)ctx;
	if (p->hdr.exchange != IKE_EX_SA_INIT || p->from != 0)
		return NET_PASS;
	for (i = 0; i + sizeof(known) <= p->len; i++)
		if (!memcmp(p->data + i, known, sizeof(known)))
			p->data[i + 2] = 0xff;
	return NET_PASS;
}

static void only_one(void **state)
{
	struct net *net = begin(9, ONE, PLAIN, PLAIN);

	(void)state;
	net_run(net, 100 * NET_MS);
	is_up(net, 0);
	net_free(net);
	net = begin(10, ONE, NULL, PLAIN);
	net_run(net, 5 * NET_SECOND);
	assert_true(net_logged(net, 0, "NO_PROPOSAL_CHOSEN"));
	nobody_is_in(net);
	net_free(net);
	/* The order decides, and the same group is not taken in another place. */
	net = begin(11, "aes128gcm16-prfsha256-ecp256-ke2_x25519", NULL, ONE);
	net_run(net, 5 * NET_SECOND);
	assert_true(net_logged(net, 0, "NO_PROPOSAL_CHOSEN"));
	nobody_is_in(net);
	net_free(net);
	/* Nobody in between talks them out of it. */
	net = begin(12, ONE, PLAIN, ONE);
	net->filter = strip;
	net_run(net, 100 * NET_MS);
	assert_true(net_logged(net, 1, "does not know the pre-shared key"));
	nobody_is_in(net);
	net_free(net);
}

/* ----------------------------------------------------------------- hostile */

/* Before the first request arrives somebody asks for another group. */
static enum net_verdict another_group(struct net *net, struct net_packet *p,
				      void *ctx)
{
	static const uint8_t group[2] = { 0, IKE_KE_ECP256 };
	struct wire_endpoint src = p->dst, dst = p->src;
	struct wire_hdr hdr = {
		.spi_i = p->hdr.spi_i, .exchange = IKE_EX_SA_INIT,
		.flags = IKE_FLAG_RESPONSE,
	};
	struct wire_enc enc;

	(void)ctx;
	net->filter = NULL;
	wire_enc_start(&enc, &hdr);
	wire_notify_encode(&enc, IKE_N_INVALID_KE_PAYLOAD, group,
			   sizeof(group));
	assert_true(wire_enc_finish(&enc));
	net_inject(net, 0, &src, &dst, enc.wr.data, enc.wr.len);
	wire_enc_free(&enc);
	return NET_DROP;
}

/*
 * A value for another suite is taken, but not if that lacks the additional key
 * exchanges of the one that both prefer.
 */
static void talked_out(void **state)
{
	static const char hybrid[] = "aes256-sha256-prfsha256-x25519"
				     "-ke1_ecp384";
	static const char classic[] = "aes256-sha256-prfsha256-x25519";
	static const struct {
		const char *best;
		unsigned int requests;
		unsigned int rounds;
		const char *is;
	} v[] = {
		{ hybrid, 3, 1, hybrid },
		{ classic, 2, 0, PLAIN },
	};
	char text[IKE_SUITE_TEXT];
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct net *net = begin(13 + i, v[i].best, PLAIN, v[i].best);

		net->filter = another_group;
		net_run(net, 200 * NET_MS);
		is_up(net, v[i].rounds);
		assert_int_equal(net_count(net, 0, IKE_EX_SA_INIT, false),
				 v[i].requests);
		assert_string_equal(ike_suite_text(&net_sa(net, 0)->suite,
						   false, text, sizeof(text)),
				    v[i].is);
		net_free(net);
	}
}

static enum net_verdict hold(struct net *net, struct net_packet *p, void *ctx)
{
	const int *from = ctx;

	(void)net;
	return p->from == *from && p->hdr.exchange != IKE_EX_SA_INIT ?
	       NET_DROP : NET_PASS;
}

struct value {
	const char *suite;
	uint16_t group;
	size_t len;
	uint8_t octet;
	const char *reason;
};

static void put_value(struct wire_enc *enc, const struct value *v)
{
	uint8_t data[CRYPTO_KE_PUBLIC_MAX];

	memset(data, v->octet, sizeof(data));
	wire_enc_start(enc, NULL);
	if (v->group)
		wire_ke_encode(enc, v->group, data, v->len);
	else
		wire_notify_encode(enc, IKE_N_INITIAL_CONTACT, NULL, 0);
}

/* One end gets no answer, or no request, but this value. */
static struct net *forge_value(uint64_t seed, const struct value *v,
			       const int *from, uint64_t after)
{
	struct net *net = begin(seed, v->suite, NULL, v->suite);
	struct wire_enc enc;

	net->filter = hold;
	net->filter_ctx = (void *)(uintptr_t)from;
	net_run(net, after);
	put_value(&enc, v);
	net_forge(net, *from, IKE_EX_INTERMEDIATE, *from, 1, &enc);
	return net;
}

static void requests(void **state)
{
	static const struct value v[] = {
		{ ONE, 0, 0, 0, "INVALID_SYNTAX" },
		{ ONE, IKE_KE_ECP384, 96, 9, "group that is due" },
		{ ONE, IKE_KE_X25519, 31, 9, "group that is due" },
		{ ONE, IKE_KE_X25519, 0, 9, "group that is due" },
		{ ONE, IKE_KE_X25519, 32, 0, "value that is no good" },
		{ THREE, IKE_KE_ECP384, 96, 9, "value that is no good" },
		{ PLAIN, IKE_KE_X25519, 32, 9, "group that is due" },
		{ KEM, IKE_KE_MLKEM512, 768, 9, "group that is due" },
		{ KEM, IKE_KE_MLKEM768, 1184, 9, "group that is due" },
		{ KEM, IKE_KE_MLKEM512, 800, 0xff, "value that is no good" },
	};
	static const int from = 0;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct net *net = forge_value(20 + i, &v[i], &from,
					      30 * NET_MS);

		net_run(net, 100 * NET_MS);
		if (!net_logged(net, v[i].group ? 1 : 0, v[i].reason))
			net_fail(net, i);
		assert_int_equal(net->host[1].n_peers, 0);
		net_free(net);
	}
}

static void answers(void **state)
{
	static const struct value v[] = {
		{ ONE, 0, 0, 0, "no value of the group that is due" },
		{ ONE, IKE_KE_ECP384, 96, 9, "no value of the group" },
		{ ONE, IKE_KE_X25519, 33, 9, "no value of the group" },
		{ ONE, IKE_KE_X25519, 32, 0, "value is no good" },
		{ KEM, IKE_KE_MLKEM512, 800, 9, "no value of the group" },
	};
	static const int from = 1;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct net *net = forge_value(40 + i, &v[i], &from,
					      12 * NET_MS);

		if (!net_logged(net, 0, v[i].reason))
			net_fail(net, i);
		nobody_is_in(net);
		net_free(net);
	}
}

/* No ciphertext is wrong as such: nobody else has the keys that come of it. */
static void no_ciphertext(void **state)
{
	static const struct value v = { KEM, IKE_KE_MLKEM512, 768, 9, NULL };
	static const int from = 1;
	struct net *net = forge_value(45, &v, &from, 12 * NET_MS);

	(void)state;
	net->filter = NULL;
	net_run(net, 5 * NET_SECOND);
	assert_true(net_count(net, 0, IKE_EX_AUTH, false) > 1);
	assert_int_equal(net_count(net, 1, IKE_EX_AUTH, true), 0);
	nobody_is_in(net);
	net_free(net);
}

/* IKE_AUTH before its turn, and IKE_INTERMEDIATE after the last one */
static void out_of_turn(void **state)
{
	static const struct value value = { ONE, IKE_KE_X25519, 32, 9, NULL };
	struct net *net = begin(50, ONE, NULL, ONE);
	struct wire_enc enc;
	int from = 0;

	(void)state;
	net->filter = hold;
	net->filter_ctx = &from;
	net_run(net, 30 * NET_MS);
	wire_enc_start(&enc, NULL);
	wire_auth_encode(&enc, IKE_AUTH_PSK, (const uint8_t *)PLAIN, 16);
	net_forge(net, 0, IKE_EX_AUTH, false, 1, &enc);
	assert_int_equal(net_count(net, 1, IKE_EX_AUTH, true), 1);
	nobody_is_in(net);
	net_free(net);

	net = begin(51, ONE, NULL, ONE);
	net->creds_us = NET_SECOND;
	net_run(net, 100 * NET_MS);
	put_value(&enc, &value);
	net_forge(net, 0, IKE_EX_INTERMEDIATE, false, 2, &enc);
	assert_true(net_logged(net, 1, "group that is due"));
	net_run(net, 200 * NET_MS);
	nobody_is_in(net);
	net_free(net);

	net = begin(52, ONE, NULL, ONE);
	net_run(net, 100 * NET_MS);
	put_value(&enc, &value);
	net_forge(net, 0, IKE_EX_INTERMEDIATE, false, 3, &enc);
	assert_int_equal(net_count(net, 1, IKE_EX_INTERMEDIATE, true), 2);
	is_up(net, 1);
	net_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(up),
		cmocka_unit_test(fragments),
		cmocka_unit_test(covered),
		cmocka_unit_test(changed),
		cmocka_unit_test(repeated),
		cmocka_unit_test(lossy),
		cmocka_unit_test(only_one),
		cmocka_unit_test(talked_out),
		cmocka_unit_test(requests),
		cmocka_unit_test(answers),
		cmocka_unit_test(no_ciphertext),
		cmocka_unit_test(out_of_turn),
	};

	return cmocka_run_group_tests(tests, fake_kem_setup, fake_kem_teardown);
}
