// SPDX-License-Identifier: GPL-2.0
/* Post-quantum preshared keys (RFC 8784), with the credentials of the agent. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include "agent/cred.h"
#include "ike_net.h"

#define PPK_A "a key that no quantum computer finds"
#define PPK_B "another one, which is as long as that"

/** struct end - what one host has */
struct end {
	const char *id;
	const char *key;
	bool required;
};

static const struct end nothing;
static const struct end a = { "first", PPK_A, false };
static const struct end a_required = { "first", PPK_A, true };
static const struct end b = { "second", PPK_B, false };
static const struct end b_required = { "second", PPK_B, true };
static const struct end false_a = { "first", PPK_B, false };

static struct cred_list lists[2];

static void tell(struct cred_list *l, const char *name, const struct end *e)
{
	static const char psk[] = "a key that both know";
	struct msg_cred m = { .psk_len = sizeof(psk) - 1 };
	struct msg_name end = { 0 };

	snprintf(m.name, sizeof(m.name), "%s", name);
	snprintf(end.name, sizeof(end.name), "%s", name);
	memcpy(m.psk, psk, sizeof(psk) - 1);
	if (e->id) {
		m.ppk_id_len = (uint8_t)strlen(e->id);
		memcpy(m.ppk_id, e->id, m.ppk_id_len);
		m.ppk_len = (uint32_t)strlen(e->key);
		memcpy(m.ppk, e->key, m.ppk_len);
	}
	cred_list_told(l, MSG_CRED_BEGIN, &m, sizeof(m));
	cred_list_told(l, MSG_CRED_END, &end, sizeof(end));
}

static void end_add(struct net *net, int host, const struct end *e)
{
	struct ike_conn c = net_conn(host);

	if (e->id) {
		c.ppk_id_len = (uint8_t)strlen(e->id);
		memcpy(c.ppk_id, e->id, c.ppk_id_len);
	}
	c.ppk_required = e->required;
	tell(&lists[host], c.name, e);
	net->host[host].creds = &lists[host];
	net_conn_add(net, host, &c);
}

static struct net *begin(uint64_t seed, const struct end *initiator,
			 const struct end *responder)
{
	struct net *net = net_new(seed);

	end_add(net, 1, responder);
	end_add(net, 0, initiator);
	return net;
}

static void finish(struct net *net)
{
	net_free(net);
	cred_list_free(&lists[0]);
	cred_list_free(&lists[1]);
}

/* In the first IKE_AUTH message of a host; the data's length, or -1 */
static int said(struct net *net, int host, uint16_t type, uint8_t *first)
{
	struct wire_notify n;
	struct wire_msg msg;
	uint8_t *plain;
	int len = -1;

	assert_true(net_open(net, net_nth(net, host, IKE_EX_AUTH, host, 0),
			     &msg, &plain));
	if (wire_notify_find(&msg, type, &n)) {
		len = (int)n.data.len;
		if (len && first)
			*first = n.data.p[0];
	}
	free(plain);
	return len;
}

static void is_up(struct net *net, bool used)
{
	static const uint8_t wiped[CRYPTO_PPK_KEYS_MAX];
	int host;

	net_run(net, 200 * NET_MS);
	assert_true(net_agree(net, 1));
	for (host = 0; host < 2; host++) {
		struct ike_sa *sa = net_sa(net, host);

		assert_int_equal(sa->state, IKE_SA_ESTABLISHED);
		assert_int_equal(sa->p->ppk.used, used);
		assert_memory_equal(sa->p->ppk.other, wiped, sizeof(wiped));
	}
	assert_memory_equal(net_sa(net, 0)->p->keys.sk_d,
			    net_sa(net, 1)->p->keys.sk_d, CRYPTO_PRF_MAX);
}

static void is_refused(struct net *net, int host, const char *reason)
{
	net_run(net, 200 * NET_MS);
	if (!net_logged(net, host, reason))
		net_fail(net, net->seed);
	assert_int_equal(net->host[0].n_peers, 0);
	assert_int_equal(net->host[1].n_peers, 0);
}

static void refused(uint64_t seed, const struct end *initiator,
		    const struct end *responder, int host, const char *reason)
{
	struct net *net = begin(seed, initiator, responder);

	is_refused(net, host, reason);
	finish(net);
}

/* Both have it: it is used, whoever insists. */
static void both(void **state)
{
	static const struct end *const ends[] = { &a, &a_required };
	unsigned int i, j;

	(void)state;
	for (i = 0; i < 2; i++) {
		for (j = 0; j < 2; j++) {
			struct net *net = begin(1 + i, ends[i], ends[j]);
			uint8_t first = 0;

			is_up(net, true);
			assert_int_equal(said(net, 0, IKE_N_PPK_IDENTITY,
					      &first), 6);
			assert_int_equal(first, 2);
			/* Only who can do without says so. */
			assert_int_equal(said(net, 0, IKE_N_NO_PPK_AUTH, NULL),
					 i ? -1 : 32);
			assert_int_equal(said(net, 1, IKE_N_PPK_IDENTITY,
					      NULL), 0);
			finish(net);
		}
	}
}

/* What comes after depends on it too, and says so. */
static void rekeyed(void **state)
{
	struct net *net = begin(3, &a_required, &a_required);

	(void)state;
	is_up(net, true);
	net_cmd(net, 0, IKE_EV_CONN_REKEY, "server");
	net_cmd(net, 1, IKE_EV_CONN_REKEY_CHILDREN, "mobile");
	net_run(net, 70 * NET_SECOND);
	is_up(net, true);
	finish(net);
}

/* One lacks the other's: without, unless somebody insists. */
static void another_name(void **state)
{
	struct net *net = begin(4, &a, &b);

	(void)state;
	is_up(net, false);
	assert_int_equal(said(net, 1, IKE_N_PPK_IDENTITY, NULL), -1);
	finish(net);
	refused(5, &a_required, &b, 1, "the peer insists");
	refused(6, &a, &b_required, 1, "another post-quantum preshared key");
}

/* One knows nothing of PPKs. */
static void only_one(void **state)
{
	struct net *net = begin(7, &a, &nothing);

	(void)state;
	is_up(net, false);
	assert_int_equal(said(net, 0, IKE_N_PPK_IDENTITY, NULL), -1);
	finish(net);
	is_up(net = begin(8, &nothing, &a), false);
	finish(net);
	refused(9, &a_required, &nothing, 0,
		"knows no post-quantum preshared keys");
	refused(10, &nothing, &a_required, 1,
		"the peer uses no post-quantum preshared key");
}

/* The name alone is not enough, although the initiator could do without. */
static void another_key(void **state)
{
	(void)state;
	refused(11, &a, &false_a, 1, "does not know the pre-shared key");
}

static enum net_verdict strip(struct net *net, struct net_packet *p, void *ctx)
{
	static const uint8_t use_ppk[] = { 0, IKE_N_USE_PPK >> 8,
					   IKE_N_USE_PPK & 0xff };
	const int *from = ctx;
	size_t i;

	(void)net;
	if (p->hdr.exchange != IKE_EX_SA_INIT || p->from != *from)
		return NET_PASS;
	/* The last octet of it makes another notify, which nobody knows. */
	for (i = 0; i + sizeof(use_ppk) <= p->len; i++)
		if (!memcmp(p->data + i, use_ppk, sizeof(use_ppk)))
			p->data[i + 2] = 0xff;
	return NET_PASS;
}

/*
 * AUTH covers what IKE_SA_INIT said: nobody in between talks them out of it. Who
 * was lied to sees it when the other proves what it has said.
 */
static void stripped(void **state)
{
	int from;

	(void)state;
	for (from = 0; from < 2; from++) {
		struct net *net = begin(12, &a, &a);

		net->filter = strip;
		net->filter_ctx = &from;
		is_refused(net, !from, "does not know the pre-shared key");
		finish(net);
	}
}

/* An initiator that names its PPK in another way (RFC 8784, section 5.1) */
static enum net_verdict opaque(struct net *net, struct net_packet *p, void *ctx)
{
	struct wire_msg msg;
	struct wire_notify n;
	struct wire_enc enc;
	uint8_t *plain;
	unsigned int i;

	(void)ctx;
	if (p->hdr.exchange != IKE_EX_AUTH || p->from != 0)
		return NET_PASS;
	assert_true(net_open(net, p, &msg, &plain));
	assert_true(wire_notify_find(&msg, IKE_N_PPK_IDENTITY, &n));
	plain[n.data.p - plain] = 1;
	wire_enc_start(&enc, NULL);
	for (i = 0; i < msg.n; i++)
		net_copy(&enc, &msg.payload[i]);
	free(plain);
	net_reseal(net, p, &enc);
	return NET_PASS;
}

/* As if its key was not known here: without, unless somebody insists. */
static void another_kind(void **state)
{
	static const struct {
		const struct end *initiator;
		const struct end *responder;
		const char *refused;
	} v[] = {
		{ &a, &a, NULL },
		{ &a_required, &a, "the peer insists" },
		{ &a, &a_required, "the peer uses no" },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct net *net = begin(13 + i, v[i].initiator, v[i].responder);

		net->filter = opaque;
		if (v[i].refused)
			is_refused(net, 1, v[i].refused);
		else
			is_up(net, false);
		finish(net);
	}
}

/* ------------------------------------------------------------ hostile names */

static enum net_verdict no_auth(struct net *net, struct net_packet *p,
				void *ctx)
{
	const bool *drop = ctx;

	(void)net;
	return *drop && p->from == 0 && p->hdr.exchange == IKE_EX_AUTH ?
	       NET_DROP : NET_PASS;
}

static void names(void **state)
{
	static const struct {
		size_t len;
		uint8_t data[80];
		const char *reason;
	} v[] = {
		{ 0, "", "the peer uses no" },
		{ 1, "\2", "the peer uses no" },
		{ 6, "\1first", "the peer uses no" },
		{ 7, "\2first2", "the peer names another" },
		{ 5, "\2firs", "the peer names another" },
		{ 80, "\2first", "the peer names another" },
		{ 6, "\2first", "does not know the pre-shared key" },
	};
	struct wire_enc enc;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct net *net = begin(20 + i, &a, &a_required);
		struct ike_conn c = net_conn(0);
		bool drop = true;

		net->filter = no_auth;
		net->filter_ctx = &drop;
		net_run(net, 30 * NET_MS);
		wire_enc_start(&enc, NULL);
		wire_id_encode(&enc, IKE_PL_IDI, c.local_id.type,
			       c.local_id.data, c.local_id.len);
		wire_auth_encode(&enc, IKE_AUTH_PSK, (const uint8_t *)PPK_A,
				 32);
		wire_notify_encode(&enc, IKE_N_PPK_IDENTITY, v[i].data,
				   v[i].len);
		drop = false;
		net_forge(net, 0, IKE_EX_AUTH, false, 1, &enc);
		net_run(net, 50 * NET_MS);
		if (!net_logged(net, 1, v[i].reason))
			net_fail(net, i);
		assert_int_equal(net->host[1].n_peers, 0);
		finish(net);
	}
}

/* ------------------------------------------------------------- credentials */

static bool mixes(const char *conn, uint16_t prf, size_t len, const char *id,
		  uint8_t *out)
{
	static const uint8_t keys[256] = { 1, 2, 3 };
	struct msg_auth m = { .prf = prf };
	struct msg_auth_done done = { 0 };
	struct wire_wr data = { 0 };

	snprintf(m.conn, sizeof(m.conn), "%s", conn);
	cred_ppk(&lists[0], &m, (struct wire_span){ keys, len },
		 (struct wire_span){ (const uint8_t *)id, strlen(id) }, &done,
		 &data);
	if (done.ok)
		memcpy(out, data.data, data.len);
	else
		assert_int_equal(data.len, 0);
	wire_wr_free(&data);
	return done.ok;
}

/*
 * The worker may ask what it likes. What it gets is prf+, of which one block is
 * the HMAC of the key's text and the octet 1.
 */
static void asked(void **state)
{
	uint8_t out[CRYPTO_PPK_KEYS_MAX], in[33] = { 1, 2, 3 }, mac[32];
	unsigned int len = 0;

	(void)state;
	tell(&lists[0], "server", &a);
	tell(&lists[0], "other", &nothing);
	assert_true(mixes("server", IKE_PRF_HMAC_SHA2_256, 96, "first", out));
	in[32] = 1;
	assert_non_null(HMAC(EVP_sha256(), PPK_A, sizeof(PPK_A) - 1, in,
			     sizeof(in), mac, &len));
	assert_memory_equal(out, mac, sizeof(mac));
	assert_false(mixes("server", IKE_PRF_HMAC_SHA2_256, 95, "first", out));
	assert_false(mixes("server", IKE_PRF_HMAC_SHA2_256, 0, "first", out));
	assert_false(mixes("server", IKE_PRF_HMAC_SHA2_512, 96, "first", out));
	assert_false(mixes("server", 999, 0, "first", out));
	assert_false(mixes("server", IKE_PRF_HMAC_SHA2_256, 96, "f", out));
	assert_false(mixes("server", IKE_PRF_HMAC_SHA2_256, 96, "", out));
	assert_false(mixes("other", IKE_PRF_HMAC_SHA2_256, 96, "first", out));
	assert_false(mixes("other", IKE_PRF_HMAC_SHA2_256, 96, "", out));
	assert_false(mixes("none", IKE_PRF_HMAC_SHA2_256, 96, "first", out));
	cred_list_free(&lists[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both),
		cmocka_unit_test(rekeyed),
		cmocka_unit_test(another_name),
		cmocka_unit_test(only_one),
		cmocka_unit_test(another_key),
		cmocka_unit_test(stripped),
		cmocka_unit_test(another_kind),
		cmocka_unit_test(names),
		cmocka_unit_test(asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
