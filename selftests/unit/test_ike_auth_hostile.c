// SPDX-License-Identifier: GPL-2.0
/*
 * IKE_AUTH and CREATE_CHILD_SA of a peer that has the keys of IKE_SA_INIT, as
 * anybody may, and writes what it likes: refused with what RFC 7296 says, a
 * reason in the log, and nothing left behind.
 */
#include "crypto/sk.h"
#include "crypto/util.h"
#include "ike_net.h"

static void identity(struct wire_enc *enc, uint8_t type, size_t len)
{
	static const uint8_t name[4000] = { 'x' };

	wire_id_encode(enc, type, IKE_ID_FQDN, name, len);
}

static void known(struct wire_enc *enc, uint8_t type, const char *name)
{
	wire_id_encode(enc, type, IKE_ID_FQDN, (const uint8_t *)name,
		       strlen(name));
}

static void proof(struct wire_enc *enc, uint8_t method)
{
	static const uint8_t octets[32] = { 1 };

	wire_auth_encode(enc, method, octets, sizeof(octets));
}

static void no_idi(struct wire_enc *enc)
{
	proof(enc, IKE_AUTH_PSK);
}

static void two_idi(struct wire_enc *enc)
{
	identity(enc, IKE_PL_IDI, 10);
	identity(enc, IKE_PL_IDI, 11);
	proof(enc, IKE_AUTH_PSK);
}

static void long_idi(struct wire_enc *enc)
{
	identity(enc, IKE_PL_IDI, IKE_MAX_ID + 1);
	proof(enc, IKE_AUTH_PSK);
}

static void long_idr(struct wire_enc *enc)
{
	identity(enc, IKE_PL_IDI, 10);
	identity(enc, IKE_PL_IDR, 4000);
	proof(enc, IKE_AUTH_PSK);
}

static void no_auth(struct wire_enc *enc)
{
	identity(enc, IKE_PL_IDI, 10);
}

static void two_auths(struct wire_enc *enc)
{
	identity(enc, IKE_PL_IDI, 10);
	proof(enc, IKE_AUTH_PSK);
	proof(enc, IKE_AUTH_PSK);
}

static void strange_method(struct wire_enc *enc)
{
	known(enc, IKE_PL_IDI, "mobile.example");
	proof(enc, 200);
}

static void wrong_proof(struct wire_enc *enc)
{
	known(enc, IKE_PL_IDI, "mobile.example");
	proof(enc, IKE_AUTH_PSK);
}

static void not_answered(struct wire_enc *enc)
{
	wire_notify_encode(enc, IKE_N_MOBIKE_SUPPORTED, NULL, 0);
}

static void idr_alone(struct wire_enc *enc)
{
	known(enc, IKE_PL_IDR, "server.example");
}

static void long_idr_back(struct wire_enc *enc)
{
	identity(enc, IKE_PL_IDR, IKE_MAX_ID + 1);
	proof(enc, IKE_AUTH_PSK);
}

static void strange_method_back(struct wire_enc *enc)
{
	idr_alone(enc);
	proof(enc, 200);
}

struct forgery {
	void (*build)(struct wire_enc *enc);
	/* Of the answer, if a request is replaced. */
	uint16_t error;
	const char *log;
	int from;
};

/* IKE_AUTH as the host sends it becomes another one. */
static enum net_verdict replace(struct net *net, struct net_packet *p,
				void *ctx)
{
	const struct forgery *f = ctx;
	struct wire_enc enc;

	if (p->hdr.exchange != IKE_EX_AUTH || p->from != f->from)
		return NET_PASS;
	wire_enc_start(&enc, NULL);
	f->build(&enc);
	net_reseal(net, p, &enc);
	return NET_PASS;
}

static uint16_t error_in(const struct net_packet *p,
			 const struct crypto_ike_keys *keys)
{
	struct wire_notify n;
	struct wire_msg msg;
	uint8_t plain[512];
	enum wire_err err;

	assert_non_null(p);
	assert_int_equal(wire_msg_parse(p->data, p->len, &msg), WIRE_OK);
	assert_int_equal(crypto_sk_open(keys, false, &msg, plain,
					sizeof(plain), &err), 0);
	assert_int_equal(msg.n, 1);
	assert_true(wire_notify_error(&msg, &n));
	return n.type;
}

static void nothing_left(struct net *net)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		assert_int_equal(net->host[i].n_peers, 0);
		assert_int_equal(net->host[i].n_sas, 0);
		assert_int_equal(net_sa_count(net, (int)i), 0);
	}
	assert_int_equal(net->host[1].eng->half_open, 0);
}

static void forge(const struct forgery *f, uint64_t seed)
{
	struct net *net = net_new(seed);
	struct crypto_ike_keys keys;
	struct ike_conn c = net_conn(0);

	net->filter = replace;
	net->filter_ctx = (void *)f;
	net_conns(net);
	net_run(net, 11 * NET_MS);
	assert_non_null(net_sa(net, 0));
	keys = net_sa(net, 0)->p->keys;
	net_run(net, 200 * NET_MS);
	if (!net_logged(net, f->from == 0, f->log))
		net_fail(net, seed);
	if (f->error)
		assert_int_equal(error_in(net_nth(net, 1, IKE_EX_AUTH, true, 0),
					  &keys), f->error);
	net_cmd(net, 0, IKE_EV_CONN_DOWN, c.name);
	/* A request refused: not as long as one that is half-open. */
	net_run(net, f->error ? 6 * NET_SECOND : 400 * NET_SECOND);
	nothing_left(net);
	crypto_wipe(&keys, sizeof(keys));
	net_free(net);
}

/* covers: K32 K33 */
static void responder(void **state)
{
	static const struct forgery v[] = {
		{ no_idi, IKE_N_INVALID_SYNTAX, "IKE_AUTH without IDi", 0 },
		{ two_idi, IKE_N_INVALID_SYNTAX, "IKE_AUTH without IDi", 0 },
		{ long_idi, IKE_N_AUTHENTICATION_FAILED,
		  "an identity is longer", 0 },
		{ long_idr, IKE_N_AUTHENTICATION_FAILED,
		  "an identity is longer", 0 },
		{ no_auth, IKE_N_AUTHENTICATION_FAILED,
		  "to authenticate, with EAP", 0 },
		{ two_auths, IKE_N_INVALID_SYNTAX,
		  "IKE_AUTH with several AUTH", 0 },
		{ strange_method, IKE_N_AUTHENTICATION_FAILED,
		  "no connection is configured", 0 },
		{ wrong_proof, IKE_N_AUTHENTICATION_FAILED,
		  "does not know the pre-shared key", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		forge(&v[i], 100 + i);
}

/* covers: K32 K33 */
static void initiator(void **state)
{
	static const struct forgery v[] = {
		{ not_answered, 0, "lacks IDr or AUTH", 1 },
		{ idr_alone, 0, "lacks IDr or AUTH", 1 },
		{ long_idr_back, 0, "is not who it should be", 1 },
		{ strange_method_back, 0, "is not who it should be", 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		forge(&v[i], 200 + i);
}

/* With a group of its own; point: on the curve or not. */
static void create(struct net *net, uint32_t mid, bool point, bool twice)
{
	static const uint8_t nonce[32] = { 1, 2, 3 };
	uint8_t value[64] = { 0 }, random[CRYPTO_KE_RANDOM] = { 3 };
	struct ike_conn c = net_conn(0);
	struct wire_ts_list l, r;
	struct wire_enc enc;
	struct wire_sa *sa = calloc(1, sizeof(*sa));
	struct crypto_ke ke;

	assert_non_null(sa);
	c.esp[0].ke = IKE_KE_ECP256;
	wire_enc_start(&enc, NULL);
	ike_propose(sa, c.esp, 1, IKE_PROTO_ESP, 4711, IKE_GROUPS_ALL);
	wire_sa_encode(&enc, sa);
	wire_nonce_encode(&enc, nonce, sizeof(nonce));
	if (twice)
		wire_nonce_encode(&enc, nonce, sizeof(nonce));
	if (point) {
		assert_int_equal(crypto_ke_generate(&ke, IKE_KE_ECP256,
						    random), 0);
		memcpy(value, ke.pub, sizeof(value));
		crypto_wipe(&ke, sizeof(ke));
	}
	wire_ke_encode(&enc, IKE_KE_ECP256, value, sizeof(value));
	c.local[0] = net_addr("10.0.0.1");
	ike_ts_propose(&c, 0, &c.local[0], &c.remote[0].addr, &l, &r);
	wire_ts_encode(&enc, IKE_PL_TSI, &l);
	wire_ts_encode(&enc, IKE_PL_TSR, &r);
	wire_notify_encode(&enc, IKE_N_USE_TRANSPORT_MODE, NULL, 0);
	free(sa);
	net_forget(net);
	net_forge(net, 0, IKE_EX_CREATE_CHILD_SA, false, mid, &enc);
}

/* A value that is no point of its curve makes no keys. covers: K28 K50 */
static void bad_value(void **state)
{
	struct net *net = net_new(300);
	struct ike_conn c = net_conn(0), s = net_conn(1);
	unsigned int n;

	(void)state;
	s.esp[1] = s.esp[0];
	s.esp[1].ke = IKE_KE_ECP256;
	s.nesp = 2;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, NET_SECOND / 2);
	n = net->host[1].n_sas;
	create(net, 2, false, false);
	net_run(net, 50 * NET_MS);
	assert_int_equal(error_in(net_nth(net, 1, IKE_EX_CREATE_CHILD_SA, true,
					  0), &net_sa(net, 0)->p->keys),
			 IKE_N_INVALID_SYNTAX);
	assert_int_equal(net_sa(net, 1)->state, IKE_SA_ESTABLISHED);
	assert_int_equal(net->host[1].n_sas, n);
	/* It is the value: with a good one there is a Child SA more. */
	create(net, 3, true, false);
	net_run(net, 2 * NET_SECOND);
	assert_int_equal(net->host[1].n_sas, n + 2);
	/* Two nonces: which of them? The end (section 2.21.3). */
	create(net, 4, true, true);
	net_run(net, 50 * NET_MS);
	assert_true(net_logged(net, 1, "malformed"));
	assert_null(net_sa(net, 1));
	net_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(responder),
		cmocka_unit_test(initiator),
		cmocka_unit_test(bad_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
