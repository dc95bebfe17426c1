// SPDX-License-Identifier: GPL-2.0
/* EAP inside IKE_AUTH: several rounds, by methods that only tests have. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include "eap_try.h"
#include "pki.h"

static const uint8_t mutual[] = { EAP_TRY_MUTUAL, 0 };
static const uint8_t plain[] = { EAP_TRY_PLAIN, 0 };
static const uint8_t endless[] = { EAP_TRY_ENDLESS, 0 };

/* ------------------------------------------------------------ success */

/*
 * Who is in which message (RFC 7296, section 2.16), and MOBIKE_SUPPORTED with
 * the SA payload: of an initiator in its first one, of a responder in its last.
 * covers: K34 MB1
 */
static void with_key(void **state)
{
	struct eap_pair *p = eap_pair_new(1, mutual, false);
	struct net *net = p->net;
	unsigned int i, last;

	(void)state;
	eap_pair_start(p);
	eap_must_be_up(net);
	last = net_count(net, 0, IKE_EX_AUTH, false) - 1;
	assert_int_equal(last, 3);
	assert_int_equal(net_count(net, 1, IKE_EX_AUTH, true), last + 1);
	for (i = 0; i <= last; i++) {
		bool first = i == 0, end = i == last;

		assert_int_equal(eap_carries(net, 0, i, IKE_PL_AUTH), end);
		assert_int_equal(eap_carries(net, 0, i, IKE_PL_IDI), first);
		assert_int_equal(eap_carries(net, 0, i, IKE_PL_SA), first);
		assert_int_equal(eap_carries(net, 0, i, IKE_PL_TSI), first);
		assert_int_equal(eap_carries(net, 0, i, IKE_PL_EAP),
				 !first && !end);
		assert_int_equal(eap_says(net, 0, i, IKE_N_MOBIKE_SUPPORTED),
				 first);
		assert_int_equal(eap_carries(net, 1, i, IKE_PL_AUTH),
				 first || end);
		assert_int_equal(eap_carries(net, 1, i, IKE_PL_IDR), first);
		assert_int_equal(eap_carries(net, 1, i, IKE_PL_SA), end);
		assert_int_equal(eap_carries(net, 1, i, IKE_PL_EAP), !end);
		assert_int_equal(eap_says(net, 1, i, IKE_N_MOBIKE_SUPPORTED),
				 end);
	}
	assert_false(eap_says(net, 0, 0, IKE_N_EAP_ONLY_AUTHENTICATION));
	assert_true(net_sa(net, 0)->mobike);
	assert_true(net_sa(net, 1)->mobike);
	/* What takes its place needs no EAP. */
	net_cmd(net, 0, IKE_EV_CONN_REKEY, p->conn[0].name);
	net_run(net, 5 * NET_SECOND);
	assert_true(eap_is_up(net));
	eap_pair_free(p);
}

/* HMAC-SHA-256 of up to three parts */
static void prf(const uint8_t *key, size_t len, const struct wire_span *parts,
		unsigned int n, uint8_t out[32])
{
	uint8_t text[2048];
	unsigned int olen;
	size_t at = 0;

	for (unsigned int i = 0; i < n; i++) {
		assert_true(at + parts[i].len <= sizeof(text));
		memcpy(text + at, parts[i].p, parts[i].len);
		at += parts[i].len;
	}
	assert_non_null(HMAC(EVP_sha256(), key, (int)len, text, at, out,
			     &olen));
}

static struct wire_span nonce_of(const struct net_packet *p)
{
	struct wire_span nonce;
	struct wire_msg msg;

	assert_int_equal(wire_msg_parse(p->data, p->len, &msg), WIRE_OK);
	assert_int_equal(wire_nonce_decode(wire_msg_only(&msg, IKE_PL_NONCE),
					   &nonce), WIRE_OK);
	return nonce;
}

/* The last AUTH of a host, by hand (RFC 7296, sections 2.15 and 2.16) */
static void auth_by_hand(struct net *net, int host, const uint8_t *shared,
			 size_t shared_len, uint8_t out[32])
{
	static const uint8_t pad[] = "Key Pad for IKEv2";
	const struct crypto_ike_keys *k = &net_sa(net, 0)->p->keys;
	const struct net_packet *init[2] = {
		net_nth(net, 0, IKE_EX_SA_INIT, false, 0),
		net_nth(net, 1, IKE_EX_SA_INIT, true, 0),
	};
	const struct wire_span key_pad = { pad, sizeof(pad) - 1 };
	uint8_t maced[32], key[32], *octets;
	const struct wire_payload *id;
	struct wire_span parts[3];
	struct wire_msg msg;

	eap_message(net, host, 0, &msg, &octets);
	id = wire_msg_only(&msg, host ? IKE_PL_IDR : IKE_PL_IDI);
	parts[0] = (struct wire_span){ id->body, id->len };
	prf(host ? k->sk_pr : k->sk_pi, k->prf_len, parts, 1, maced);
	free(octets);
	parts[0] = (struct wire_span){ init[host]->data, init[host]->len };
	parts[1] = nonce_of(init[!host]);
	parts[2] = (struct wire_span){ maced, sizeof(maced) };
	prf(shared, shared_len, &key_pad, 1, key);
	prf(key, sizeof(key), parts, 3, out);
}

static void last_auth(struct net *net, int host, uint8_t out[32])
{
	unsigned int n = net_count(net, host, IKE_EX_AUTH, host);
	struct wire_auth auth;
	struct wire_msg msg;
	uint8_t *octets;

	eap_message(net, host, n - 1, &msg, &octets);
	assert_int_equal(wire_auth_decode(wire_msg_only(&msg, IKE_PL_AUTH),
					  &auth), WIRE_OK);
	assert_int_equal(auth.method, IKE_AUTH_PSK);
	assert_int_equal(auth.data.len, 32);
	memcpy(out, auth.data.p, 32);
	free(octets);
}

/* What AUTH is made from: the method's key, or SK_pi and SK_pr. covers: K34 */
static void made_from(void **state)
{
	uint8_t said[32], wanted[32];

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct eap_pair *p = eap_pair_new(60 + i, i & 2 ? mutual :
							  plain, false);
		const struct crypto_ike_keys *k;
		int host = i & 1;

		eap_pair_start(p);
		eap_must_be_up(p->net);
		k = &net_sa(p->net, 0)->p->keys;
		last_auth(p->net, host, said);
		if (i & 2)
			auth_by_hand(p->net, host, eap_try.key,
				     sizeof(eap_try.key), wanted);
		else
			auth_by_hand(p->net, host, host ? k->sk_pr : k->sk_pi,
				     k->prf_len, wanted);
		assert_memory_equal(said, wanted, 32);
		assert_int_equal(net_count(p->net, 0, IKE_EX_AUTH, false),
				 i & 2 ? 4 : 3);
		eap_pair_free(p);
	}
}

/* AUTH says which Message ID IKE_AUTH began with, whatever came before. */
static void after_intermediate(void **state)
{
	struct eap_pair *p = eap_pair_new(3, mutual, false);

	(void)state;
	for (int h = 0; h < 2; h++) {
		p->conn[h].ike[0].addke[0] = IKE_KE_X25519;
		p->conn[h].nike = 1;
	}
	eap_pair_start(p);
	eap_must_be_up(p->net);
	assert_int_equal(net_nth(p->net, 0, IKE_EX_AUTH, false, 0)->hdr.msg_id,
			 2);
	eap_pair_free(p);
}

/* Neither end signs: the method has to do (RFC 5998). covers: K34 */
static void eap_only(void **state)
{
	struct eap_pair *p = eap_pair_new(4, mutual, true);

	(void)state;
	eap_pair_start(p);
	eap_must_be_up(p->net);
	assert_true(eap_says(p->net, 0, 0, IKE_N_EAP_ONLY_AUTHENTICATION));
	assert_false(eap_carries(p->net, 1, 0, IKE_PL_AUTH));
	assert_true(eap_carries(p->net, 1, 0, IKE_PL_EAP));
	assert_true(eap_carries(p->net, 1, 3, IKE_PL_AUTH));
	eap_pair_free(p);
}

/*
 * Nobody signs, and that the other has a secret does not make it the one that is
 * meant.
 */
static void eap_only_by_whom(void **state)
{
	struct eap_pair *p = eap_pair_new(18, mutual, true);

	(void)state;
	eap_try.nameless[0] = true;
	eap_pair_start(p);
	eap_must_fail(p, 0, "does not say that the peer is who its IDr says");
	eap_pair_free(p);
	/* Where the responder signs, that is what counts. */
	p = eap_pair_new(19, mutual, false);
	eap_try.nameless[0] = true;
	eap_pair_start(p);
	eap_must_be_up(p->net);
	eap_pair_free(p);
}

/* One end wants a signature where the other has none to give. */
static void eap_only_for_one(void **state)
{
	struct eap_pair *p = eap_pair_new(5, mutual, true);

	(void)state;
	p->conn[0].remote_auth = IKE_AUTHBY_PUBKEY;
	eap_pair_start(p);
	eap_must_fail(p, 1, "the peer wants us to sign");
	eap_pair_free(p);
	p = eap_pair_new(6, mutual, false);
	p->conn[0].remote_auth = IKE_AUTHBY_EAP;
	eap_pair_start(p);
	eap_must_fail(p, 0, "it does not go by EAP alone");
	eap_pair_free(p);
}

/* What does not fit into a datagram goes in fragments, at each round. */
static void large(void **state)
{
	struct eap_pair *p = eap_pair_new(7, mutual, false);
	const struct net_packet *first;

	(void)state;
	eap_try.pad = 12000;
	eap_pair_start(p);
	eap_must_be_up(p->net);
	first = net_nth(p->net, 1, IKE_EX_AUTH, true, 8);
	assert_non_null(first);
	assert_int_equal(first->hdr.next, IKE_PL_SKF);
	eap_pair_free(p);
	/* More than that a method may not want to say at once. */
	p = eap_pair_new(8, mutual, false);
	eap_try.pad = IKE_EAP_MAX_DATA;
	eap_pair_start(p);
	eap_must_fail(p, 1, "too much to say");
	eap_pair_free(p);
}

/* Loss and repetition cost time, no more. covers: K2 */
static void loss(void **state)
{
	unsigned int seed;

	(void)state;
	for (seed = 100; seed < 130; seed++) {
		struct eap_pair *p = eap_pair_new(seed, seed % 2 ? mutual :
							 plain, false);

		p->net->lose_percent = 25;
		p->net->repeat_percent = 25;
		p->net->jitter_us = 20 * NET_MS;
		eap_pair_start(p);
		net_run(p->net, 60 * NET_SECOND);
		net_calm(p->net, 60 * NET_SECOND, seed);
		assert_int_equal(eap_try.live, 0);
		eap_pair_free(p);
	}
}

/* ------------------------------------------------------------ failure */

static unsigned int refusals;

/* Nobody may speak of AUTHENTICATION_FAILED. */
static enum net_verdict count_refusals(struct net *net, struct net_packet *pkt,
				       void *ctx)
{
	struct wire_notify n;
	struct wire_msg msg;
	uint8_t *octets;

	(void)ctx;
	if (net_open(net, pkt, &msg, &octets) &&
	    wire_notify_error(&msg, &n))
		refusals++;
	free(octets);
	return NET_PASS;
}

/* EAP Failure says it, and nothing else does. covers: K33 K34 */
static void wrong_secret(void **state)
{
	static const uint8_t *const types[] = { mutual, plain };

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct eap_pair *p = eap_pair_new(10 + i, types[i], false);

		refusals = 0;
		p->net->filter = count_refusals;
		p->net->host[0].eap_secret = "something else";
		eap_pair_start(p);
		net_run(p->net, 400 * NET_MS);
		assert_true(net_logged(p->net, 1, "does not know the secret"));
		eap_must_fail(p, 0, "the peer refuses: EAP Failure of");
		assert_int_equal(refusals, 0);
		eap_pair_free(p);
	}
}

/* The agent itself has no secrets for any method. */
static void no_secret(void **state)
{
	struct eap_pair *p = eap_pair_new(12, plain, false);

	(void)state;
	p->net->host[1].eap_secret = NULL;
	eap_pair_start(p);
	eap_must_fail(p, 1, "there are no credentials for EAP method 101");
	eap_pair_free(p);
}

/* A lost Failure is said again when the initiator asks again. covers: K2 */
static enum net_verdict lose_first(struct net *net, struct net_packet *pkt,
				   void *ctx)
{
	unsigned int *left = ctx;

	(void)net;
	if (pkt->from == 1 && pkt->hdr.exchange == IKE_EX_AUTH &&
	    pkt->hdr.msg_id == 2 && *left) {
		(*left)--;
		return NET_DROP;
	}
	return NET_PASS;
}

static void lost_failure(void **state)
{
	struct eap_pair *p = eap_pair_new(13, plain, false);
	unsigned int left = 1;

	(void)state;
	p->net->filter = lose_first;
	p->net->filter_ctx = &left;
	p->net->host[0].eap_secret = "something else";
	eap_pair_start(p);
	eap_must_fail(p, 0, "the peer refuses: EAP Failure of plain");
	assert_int_equal(left, 0);
	eap_pair_free(p);
}

/* EAP went well, but with whom? The initiator does not know the key. */
static void wrong_auth_i(void **state)
{
	struct eap_pair *p = eap_pair_new(14, mutual, false);

	(void)state;
	eap_try.spoil[0] = true;
	eap_pair_start(p);
	eap_must_fail(p, 1, "does not know the key that EAP has made");
	assert_true(net_logged(p->net, 0, "AUTHENTICATION_FAILED"));
	eap_pair_free(p);
	/* To say that again needs no key. */
	p = eap_pair_new(14, mutual, false);
	eap_try.spoil[0] = true;
	eap_pair_start(p);
	net_run(p->net, 100 * NET_MS);
	assert_true(eap_refused_only(p->net));
	eap_pair_free(p);
}

/* Another AUTH in the answer that says it last */
static enum net_verdict forge_auth(struct net *net, struct net_packet *pkt,
				   void *ctx)
{
	const struct wire_payload *pl;
	uint8_t *octets, data[32] = { 1 };
	struct wire_msg msg;
	struct wire_enc enc;

	if (pkt->from != 1 || pkt->hdr.exchange != IKE_EX_AUTH ||
	    pkt->hdr.msg_id != 4)
		return NET_PASS;
	assert_true(net_open(net, pkt, &msg, &octets));
	wire_enc_start(&enc, NULL);
	for (unsigned int i = 0; i < msg.n; i++) {
		pl = &msg.payload[i];
		if (pl->type == IKE_PL_AUTH)
			wire_auth_encode(&enc, *(const uint8_t *)ctx, data,
					 sizeof(data));
		else
			net_copy(&enc, pl);
	}
	net_reseal(net, pkt, &enc);
	free(octets);
	return NET_PASS;
}

static void wrong_auth_r(void **state)
{
	static uint8_t method;
	static const char *const why[] = {
		"does not know the key that EAP has made",
		"the peer's last AUTH is not made from EAP's key",
	};

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct eap_pair *p = eap_pair_new(15, mutual, false);

		method = i ? IKE_AUTH_DIGITAL_SIG : IKE_AUTH_PSK;
		p->net->filter = forge_auth;
		p->net->filter_ctx = &method;
		eap_pair_start(p);
		net_run(p->net, 300 * NET_MS);
		if (!net_logged(p->net, 0, why[i]))
			net_fail(p->net, 15);
		assert_int_equal(p->net->host[0].n_peers, 0);
		eap_pair_free(p);
	}
}

/* The responder is another: nothing of EAP is said to it. */
static void wrong_responder(void **state)
{
	struct eap_pair *p = eap_pair_new(16, plain, false);
	EVP_PKEY *other = pki_key("P-256");

	(void)state;
	cred_list_free(&p->told[0].list);
	told_begin(&p->told[0], p->conn[0].name, IKE_AUTHBY_EAP,
		   IKE_AUTHBY_PUBKEY, "");
	told_item(&p->told[0], CONF_ITEM_REMOTE_KEY,
		  pki_key_der(other, false));
	told_end(&p->told[0]);
	EVP_PKEY_free(other);
	eap_pair_start(p);
	net_run(p->net, 300 * NET_MS);
	assert_int_equal(net_count(p->net, 0, IKE_EX_AUTH, false), 1);
	assert_int_equal(net_sa_count(p->net, 0), 0);
	/* One who goes away leaves nothing half-open for long. */
	net_cmd(p->net, 0, IKE_EV_CONN_DOWN, p->conn[0].name);
	net_run(p->net, 31 * NET_SECOND);
	assert_int_equal(p->net->host[1].eng->half_open, 0);
	assert_int_equal(net_sa_count(p->net, 1), 0);
	eap_pair_free(p);
}

static void too_many_rounds(void **state)
{
	struct eap_pair *p = eap_pair_new(17, endless, false);

	(void)state;
	p->net->delay_us = NET_MS;
	eap_pair_start(p);
	net_run(p->net, 500 * NET_MS);
	assert_true(net_count(p->net, 0, IKE_EX_AUTH, false) <=
		    IKE_EAP_MAX_ROUNDS + 1);
	eap_must_fail(p, 0, "EAP does not come to an end");
	eap_pair_free(p);
}

/* As many rounds as there may be, and AUTH after them; and one more. */
static void just_enough_rounds(void **state)
{
	struct eap_pair *p = eap_pair_new(26, endless, false);

	(void)state;
	eap_try.rounds = IKE_EAP_MAX_ROUNDS;
	p->net->delay_us = NET_MS;
	eap_pair_start(p);
	eap_must_be_up(p->net);
	assert_int_equal(net_count(p->net, 0, IKE_EX_AUTH, false),
			 IKE_EAP_MAX_ROUNDS + 2);
	eap_pair_free(p);
	p = eap_pair_new(27, endless, false);
	eap_try.rounds = IKE_EAP_MAX_ROUNDS + 1;
	p->net->delay_us = NET_MS;
	eap_pair_start(p);
	eap_must_fail(p, 0, "EAP does not come to an end");
	eap_pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_key),
		cmocka_unit_test(made_from),
		cmocka_unit_test(after_intermediate),
		cmocka_unit_test(eap_only),
		cmocka_unit_test(eap_only_by_whom),
		cmocka_unit_test(eap_only_for_one),
		cmocka_unit_test(large),
		cmocka_unit_test(loss),
		cmocka_unit_test(wrong_secret),
		cmocka_unit_test(no_secret),
		cmocka_unit_test(lost_failure),
		cmocka_unit_test(wrong_auth_i),
		cmocka_unit_test(wrong_auth_r),
		cmocka_unit_test(wrong_responder),
		cmocka_unit_test(too_many_rounds),
		cmocka_unit_test(just_enough_rounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
