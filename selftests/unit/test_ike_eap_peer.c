// SPDX-License-Identifier: GPL-2.0
/* EAP inside IKE_AUTH: which method, who it was, and other peers. */
#include <stdio.h>

#include "eap_try.h"
#include "wire/cert.h"
#include "wire/cp.h"

static const uint8_t mutual[] = { EAP_TRY_MUTUAL, 0 };
static const uint8_t plain[] = { EAP_TRY_PLAIN, 0 };
static const uint8_t renamed[] = { EAP_TRY_RENAMED, 0 };

/* ------------------------------------------------------- which method, who */

/* Nak names what would be right; the responder has it. covers: K34 */
static void another_method(void **state)
{
	static const uint8_t many[] = { EAP_TRY_ENDLESS, EAP_TRY_PLAIN,
					EAP_TRY_MUTUAL, 0 };
	struct eap_pair *p = eap_pair_new(20, many, false);

	(void)state;
	p->conn[0].neap = 1;
	p->conn[0].eap[0] = EAP_TRY_MUTUAL;
	eap_pair_start(p);
	eap_must_be_up(p->net);
	assert_int_equal(net_count(p->net, 0, IKE_EX_AUTH, false), 5);
	eap_pair_free(p);
	p = eap_pair_new(21, plain, false);
	p->conn[0].eap[0] = EAP_TRY_MUTUAL;
	eap_pair_start(p);
	net_run(p->net, 200 * NET_MS);
	assert_true(net_logged(p->net, 1, "takes none of this connection's"));
	eap_must_fail(p, 0, "EAP Failure");
	eap_pair_free(p);
}

/* It is the identity that EAP proves that counts. */
static void identities(void **state)
{
	struct eap_pair *p = eap_pair_new(22, renamed, false);
	char text[IKE_MAX_ID];

	(void)state;
	eap_try.identity = "mobile.example";
	eap_pair_start(p);
	eap_must_be_up(p->net);
	eap_pair_free(p);

	p = eap_pair_new(23, renamed, false);
	eap_try.identity = "subscriber.example";
	eap_pair_start(p);
	eap_must_fail(p, 1, "to be another than IDi says");
	eap_pair_free(p);

	/* Where anybody may come the name is the one that was proved. */
	p = eap_pair_new(24, renamed, false);
	eap_try.identity = "subscriber.example";
	memset(&p->conn[1].remote_id, 0, sizeof(p->conn[1].remote_id));
	p->conn[0].resume_us = 600 * NET_SECOND;
	p->conn[1].resume_us = 600 * NET_SECOND;
	eap_pair_start(p);
	eap_must_be_up(p->net);
	assert_string_equal(ike_id_text(&net_sa(p->net, 1)->remote_id, text,
					sizeof(text)), "subscriber.example");
	assert_true(eap_says(p->net, 1, 2, IKE_N_TICKET_NACK));
	eap_pair_free(p);
}

/*
 * Anybody may come, and who has a secret claims to be another: who lets it has to
 * say that it has compared.
 */
static void nameless(void **state)
{
	static const uint8_t *const types[] = { mutual, plain };

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct eap_pair *p = eap_pair_new(70 + i, types[i & 1], false);

		if (i & 2)
			memset(&p->conn[1].remote_id, 0,
			       sizeof(p->conn[1].remote_id));
		eap_try.nameless[1] = true;
		eap_pair_start(p);
		net_run(p->net, 100 * NET_MS);
		assert_true(eap_refused_only(p->net));
		assert_true(net_logged(p->net, 0, "AUTHENTICATION_FAILED"));
		eap_must_fail(p, 1, "says neither who the peer is nor");
		eap_pair_free(p);
	}
}

/* Methods that are not as they should be let nobody in, and the log says why. */
static void odd_methods(void **state)
{
	static const uint8_t first[] = { EAP_TRY_ODD, 0 };
	static const uint8_t second[] = { EAP_TRY_PLAIN, EAP_TRY_ODD, 0 };
	static const struct {
		const uint8_t *types;
		enum ike_eap_verdict verdict;
		size_t question;
		const char *why;
	} v[] = {
		{ first, IKE_EAP_PROVED, 0, "before it has said anything" },
		/* Its Nak is a round, but nothing of the method's. */
		{ second, IKE_EAP_PROVED, 0, "before it has said anything" },
		{ first, IKE_EAP_ASK, 1, "asks, and takes no answer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct eap_pair *p = eap_pair_new(80 + i, v[i].types, false);

		p->conn[0].neap = 1;
		p->conn[0].eap[0] = EAP_TRY_ODD;
		eap_try.verdict = v[i].verdict;
		eap_try.question = v[i].question;
		eap_pair_start(p);
		eap_must_fail(p, 1, v[i].why);
		eap_pair_free(p);
	}
}

static enum net_verdict nothing_of_auth(struct net *net,
					struct net_packet *pkt, void *ctx)
{
	(void)net;
	(void)ctx;
	return pkt->hdr.exchange == IKE_EX_AUTH ? NET_DROP : NET_PASS;
}

/* With the same name a ticket does without EAP the next time. */
static void resumed(void **state)
{
	struct eap_pair *p = eap_pair_new(25, mutual, false);

	(void)state;
	p->conn[0].resume_us = 600 * NET_SECOND;
	p->conn[1].resume_us = 600 * NET_SECOND;
	eap_pair_start(p);
	eap_must_be_up(p->net);
	p->net->filter = net_gone;
	while (net_sa(p->net, 0) &&
	       net_sa(p->net, 0)->state == IKE_SA_ESTABLISHED)
		net_run(p->net, NET_SECOND);
	net_forget(p->net);
	p->net->filter = NULL;
	net_run(p->net, 30 * NET_SECOND);
	assert_int_equal(net_sa(p->net, 0)->state, IKE_SA_ESTABLISHED);
	assert_int_not_equal(net_count(p->net, 0, IKE_EX_SESSION_RESUME,
				       false), 0);
	assert_int_equal(net_count(p->net, 0, IKE_EX_AUTH, false), 1);
	eap_pair_free(p);
}

/* ------------------------------------------------------------ other packets */

/**
 * struct swap - another EAP packet in place of one
 *
 * @from: whose; @mid: of which message, 1 for the first IKE_AUTH.
 * @eap: but for its identifier, which is that of the other and @id_off.
 */
struct swap {
	int from;
	uint32_t mid;
	struct wire_eap eap;
	uint8_t id_off;
	bool done;
};

static enum net_verdict swap_eap(struct net *net, struct net_packet *pkt,
				 void *ctx)
{
	struct swap *s = ctx;
	struct wire_eap eap;
	struct wire_msg msg;
	struct wire_enc enc;
	uint8_t *octets;

	if (pkt->from != s->from || pkt->hdr.exchange != IKE_EX_AUTH ||
	    pkt->hdr.msg_id != s->mid || s->done)
		return NET_PASS;
	s->done = true;
	assert_true(net_open(net, pkt, &msg, &octets));
	wire_enc_start(&enc, NULL);
	for (unsigned int i = 0; i < msg.n; i++) {
		if (msg.payload[i].type != IKE_PL_EAP) {
			net_copy(&enc, &msg.payload[i]);
			continue;
		}
		wire_eap_decode(&msg.payload[i], &eap);
		s->eap.id = (uint8_t)(eap.id + s->id_off);
		wire_eap_encode(&enc, &s->eap);
	}
	net_reseal(net, pkt, &enc);
	free(octets);
	return NET_PASS;
}

/* The initiator's second message, in answer to such a packet */
static void answer_to(const struct wire_eap *said, struct wire_eap *got,
		      uint8_t *data)
{
	struct eap_pair *p = eap_pair_new(30, plain, false);
	struct swap swap = { .from = 1, .mid = 1, .eap = *said };
	struct wire_msg msg;
	uint8_t *octets;

	p->net->filter = swap_eap;
	p->net->filter_ctx = &swap;
	eap_pair_start(p);
	net_run(p->net, 23 * NET_MS);
	eap_message(p->net, 0, 1, &msg, &octets);
	assert_int_equal(wire_eap_decode(wire_msg_only(&msg, IKE_PL_EAP), got),
			 WIRE_OK);
	assert_int_equal(got->code, IKE_EAP_RESPONSE);
	assert_int_equal(got->id, swap.eap.id);
	assert_true(got->data.len < 64);
	memcpy(data, got->data.p, got->data.len);
	free(octets);
	/* The responder never asked that. */
	net_run(p->net, 300 * NET_MS);
	assert_true(net_logged(p->net, 1, "another EAP method than the one"));
	eap_pair_free(p);
}

/* Peers ask who one is although IDi has said it. covers: K34 */
static void identity_request(void **state)
{
	const struct wire_eap ask = { IKE_EAP_REQUEST, 0, IKE_EAP_IDENTITY,
				      { NULL, 0 } };
	const struct wire_eap note = { IKE_EAP_REQUEST, 0, IKE_EAP_NOTIFICATION,
				       { (const uint8_t *)"hello", 5 } };
	struct wire_eap got;
	uint8_t data[64];

	(void)state;
	answer_to(&ask, &got, data);
	assert_int_equal(got.type, IKE_EAP_IDENTITY);
	assert_int_equal(got.data.len, strlen("mobile.example"));
	assert_memory_equal(data, "mobile.example", got.data.len);
	answer_to(&note, &got, data);
	assert_int_equal(got.type, IKE_EAP_NOTIFICATION);
	assert_int_equal(got.data.len, 0);
}

/* What has no place where it stands: who gets it ends it, and says why. */
static void out_of_place(void **state)
{
	static const uint8_t other[] = { EAP_TRY_PLAIN }, zeros[32];
	static const struct {
		struct swap swap;
		const char *why;
	} v[] = {
		/* Where the method has just begun */
		{ { 1, 1, { IKE_EAP_SUCCESS, 0, 0, { NULL, 0 } }, 0, false },
		  "before it has proved" },
		{ { 1, 1, { IKE_EAP_FAILURE, 0, 0, { NULL, 0 } }, 0, false },
		  "EAP Failure" },
		{ { 1, 1, { IKE_EAP_RESPONSE, 0, EAP_TRY_MUTUAL, { NULL, 0 } },
		    0, false }, "no place there" },
		{ { 1, 1, { IKE_EAP_REQUEST, 0, IKE_EAP_NAK, { NULL, 0 } },
		    0, false }, "answers nothing" },
		{ { 1, 1, { IKE_EAP_REQUEST, 0, EAP_TRY_MUTUAL, { NULL, 0 } },
		    0, false }, "too short" },
		/* Later on */
		{ { 1, 2, { IKE_EAP_REQUEST, 0, EAP_TRY_PLAIN, { zeros, 16 } },
		    0, false }, "changes the EAP method" },
		{ { 1, 2, { IKE_EAP_SUCCESS, 0, 0, { NULL, 0 } }, 0, false },
		  "before it has proved" },
		{ { 1, 2, { IKE_EAP_REQUEST, 0, IKE_EAP_IDENTITY, { NULL, 0 } },
		    0, false }, "no place there" },
		{ { 1, 3, { IKE_EAP_SUCCESS, 0, 0, { NULL, 0 } }, 1, false },
		  "no place there" },
		/* What an initiator answers */
		{ { 0, 2, { IKE_EAP_REQUEST, 0, EAP_TRY_MUTUAL, { zeros, 32 } },
		    0, false }, "no answer to what EAP asked" },
		{ { 0, 2, { IKE_EAP_RESPONSE, 0, EAP_TRY_MUTUAL, { zeros, 32 } },
		    1, false }, "no answer to what EAP asked" },
		{ { 0, 2, { IKE_EAP_RESPONSE, 0, EAP_TRY_MUTUAL, { zeros, 32 } },
		    0, false }, "does not know the secret" },
		{ { 0, 2, { IKE_EAP_RESPONSE, 0, IKE_EAP_NAK, { NULL, 0 } },
		    0, false }, "none of this connection's EAP methods" },
		{ { 0, 3, { IKE_EAP_RESPONSE, 0, IKE_EAP_NAK, { other, 1 } },
		    0, false }, "another EAP method half-way" },
		{ { 0, 3, { IKE_EAP_RESPONSE, 0, EAP_TRY_PLAIN, { NULL, 0 } },
		    0, false }, "another EAP method than the one" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct eap_pair *p = eap_pair_new(40 + i, mutual, false);
		struct swap swap = v[i].swap;

		p->conn[1].neap = 2;
		p->conn[1].eap[1] = EAP_TRY_PLAIN;
		p->net->filter = swap_eap;
		p->net->filter_ctx = &swap;
		eap_pair_start(p);
		net_run(p->net, 60 * NET_MS);
		assert_true(swap.done);
		if (!net_logged(p->net, !swap.from, v[i].why))
			net_fail(p->net, 40 + i);
		assert_true(swap.from || eap_refused_only(p->net));
		assert_int_equal(p->net->host[0].n_peers, 0);
		assert_int_equal(p->net->host[1].n_peers, 0);
		eap_pair_free(p);
	}
}

/* After the last round there is none, while the kernel is still at work. */
static void one_more(void **state)
{
	struct eap_pair *p = eap_pair_new(57, mutual, false);
	const struct wire_eap eap = { IKE_EAP_RESPONSE, 0, EAP_TRY_MUTUAL,
				      { NULL, 0 } };
	struct wire_enc enc;

	(void)state;
	p->net->kernel_us = 20 * NET_MS;
	eap_pair_start(p);
	net_run(p->net, 96 * NET_MS);
	assert_int_equal(net_sa(p->net, 1)->state, IKE_SA_AUTH);
	assert_int_equal(net_count(p->net, 1, IKE_EX_AUTH, true), 4);
	wire_enc_start(&enc, NULL);
	wire_eap_encode(&enc, &eap);
	net_forge(p->net, 0, IKE_EX_AUTH, false, 5, &enc);
	eap_must_be_up(p->net);
	assert_int_equal(net_count(p->net, 1, IKE_EX_AUTH, true), 5);
	assert_true(eap_says(p->net, 1, 4, IKE_N_INVALID_SYNTAX));
	eap_pair_free(p);
}

/* @certs: certificates and who may issue them, else a notify */
static void say_long_first(struct eap_pair *p, bool certs)
{
	static uint8_t text[9000];
	struct wire_enc enc;

	net_conn_add(p->net, 1, &p->conn[1]);
	p->net->filter = nothing_of_auth;
	net_conn_add(p->net, 0, &p->conn[0]);
	net_run(p->net, 12 * NET_MS);
	wire_enc_start(&enc, NULL);
	wire_id_encode(&enc, IKE_PL_IDI, IKE_ID_FQDN,
		       (const uint8_t *)"mobile.example", 14);
	if (certs) {
		wire_cert_encode(&enc, IKE_CERT_X509_SIGNATURE, text,
				 sizeof(text));
		wire_certreq_encode(&enc, IKE_CERT_X509_SIGNATURE, text, 20);
	} else {
		wire_notify_encode(&enc, 40000, text, sizeof(text));
	}
	wire_notify_encode(&enc, IKE_N_MOBIKE_SUPPORTED, NULL, 0);
	net_forge(p->net, 0, IKE_EX_AUTH, false, 1, &enc);
}

/* So much is not kept of one who is not known, and certificates not at all. */
static void long_first(void **state)
{
	struct eap_pair *p = eap_pair_new(58, plain, false);
	const struct wire_msg *msg;
	struct wire_notify n;

	(void)state;
	say_long_first(p, false);
	net_run(p->net, 12 * NET_MS);
	assert_true(net_logged(p->net, 1, "wants EAP is too long"));
	assert_true(eap_refused_only(p->net));
	eap_pair_free(p);

	p = eap_pair_new(58, plain, false);
	say_long_first(p, true);
	assert_non_null(net_sa(p->net, 1));
	assert_non_null(net_sa(p->net, 1)->p->auth_in);
	msg = &net_sa(p->net, 1)->p->auth_in->msg;
	assert_int_equal(msg->n, 2);
	assert_non_null(wire_msg_only(msg, IKE_PL_IDI));
	assert_true(wire_notify_find(msg, IKE_N_MOBIKE_SUPPORTED, &n));
	eap_pair_free(p);
}

/* Rounds without end, of an initiator that counts none */
static void endless_peer(void **state)
{
	static const uint8_t endless[] = { EAP_TRY_ENDLESS, 0 };
	struct eap_pair *p = eap_pair_new(59, endless, false);
	struct wire_eap eap = { IKE_EAP_RESPONSE, 0, EAP_TRY_ENDLESS,
				{ NULL, 0 } };
	struct ike_sa *sa;
	struct wire_enc enc;
	unsigned int i;

	(void)state;
	net_conn_add(p->net, 1, &p->conn[1]);
	net_conn_add(p->net, 0, &p->conn[0]);
	net_run(p->net, 15 * NET_MS + 500);
	p->net->filter = nothing_of_auth;
	sa = net_sa(p->net, 1);
	assert_non_null(sa->p->eap);
	for (i = 1; sa->state == IKE_SA_AUTH && i < 1000; i++) {
		eap.id = sa->p->eap->id;
		wire_enc_start(&enc, NULL);
		wire_eap_encode(&enc, &eap);
		net_forge(p->net, 0, IKE_EX_AUTH, false, 1 + i, &enc);
	}
	assert_int_equal(i - 1, IKE_EAP_MAX_ROUNDS + 1);
	assert_true(net_logged(p->net, 1, "EAP does not come to an end"));
	eap_pair_free(p);
}

/*
 * Whatever an authentic peer writes in the midst of it, at each round: nobody
 * gets in by it, and nothing is lost of.
 */
static void hostile(void **state)
{
	static const uint8_t types[] = { IKE_PL_EAP, IKE_PL_AUTH, IKE_PL_NOTIFY,
					 IKE_PL_EAP };
	unsigned int seed;

	(void)state;
	for (seed = 1; seed <= 200; seed++) {
		bool only = seed % 5 == 0;
		const uint8_t *method = only || seed % 3 ? mutual : plain;
		struct eap_pair *p = eap_pair_new(1000 + seed, method, only);
		struct net *net = p->net;
		bool answer = seed & 1;
		uint8_t body[64];
		size_t len;

		eap_pair_start(p);
		net_run(net, 11 * NET_MS + net_random(net, 5) * 10 * NET_MS);
		len = 4 + net_random(net, sizeof(body) - 4);
		for (size_t i = 4; i < len; i++)
			body[i] = (uint8_t)net_random(net, 256);
		body[0] = 0;
		body[1] = 0;
		body[2] = 0;
		body[3] = (uint8_t)len;
		if (len >= 9 && net_random(net, 4)) {
			body[4] = (uint8_t)(1 + net_random(net, 4));
			body[6] = 0;
			body[7] = (uint8_t)(len - 4);
			body[8] = net_random(net, 2) ? EAP_TRY_MUTUAL :
						       body[8] % 6;
		}
		if (net_sa(net, 0) && net_sa(net, 1))
			net_seal(net, answer, IKE_EX_AUTH, answer,
				 (uint32_t)net_random(net, 7),
				 types[net_random(net, 4)], body, len);
		net_run(net, 3 * NET_SECOND);
		eap_pair_free(p);
	}
}

/* ------------------------------------------------------------ configuration */

static void refused(struct eap_pair *p, int host, const char *why)
{
	struct ike_event ev = {
		.type = IKE_EV_CONN_ADD,
		.u.conn = { .conn = &p->conn[host], .reply = 1 },
	};

	net_event(p->net, host, &ev);
	assert_int_not_equal(p->net->host[host].last_err, 0);
	if (!strstr(p->net->host[host].last_text, why))
		fail_msg("%s", p->net->host[host].last_text);
	eap_pair_free(p);
}

static void configured(void **state)
{
	struct eap_pair *p;

	(void)state;
	p = eap_pair_new(50, plain, true);
	refused(p, 0, "EAP method plain is not safe without");
	p = eap_pair_new(51, plain, false);
	p->net->host[1].eng->s.eap = NULL;
	refused(p, 1, "EAP method 101 is not known here");
	p = eap_pair_new(52, plain, false);
	p->conn[0].neap = 0;
	refused(p, 0, "EAP: 1 to 8 methods");
	p = eap_pair_new(53, plain, false);
	p->conn[0].eap[0] = IKE_EAP_IDENTITY;
	refused(p, 0, "EAP: 1 is no method");
	p = eap_pair_new(54, plain, false);
	p->conn[0].remote_auth = IKE_AUTHBY_PSK;
	refused(p, 0, "remote-auth = \"pubkey\"");
	p = eap_pair_new(55, plain, false);
	p->conn[1].local_auth = IKE_AUTHBY_EAP;
	p->conn[1].remote_auth = IKE_AUTHBY_PUBKEY;
	refused(p, 1, "only if who initiates does");
	p = eap_pair_new(56, plain, false);
	p->conn[0].ppk_id_len = 1;
	refused(p, 0, "ppk-id does not go with EAP");
}

/* Somebody who asks for it where it is not configured, and the other way */
static void not_wanted(void **state)
{
	struct eap_pair *p = eap_pair_new(57, plain, false);

	(void)state;
	p->conn[1].remote_auth = IKE_AUTHBY_PUBKEY;
	eap_pair_start(p);
	eap_must_fail(p, 1, "this way to authenticate, with EAP");
	assert_true(net_logged(p->net, 0, "AUTHENTICATION_FAILED"));
	eap_pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_method),
		cmocka_unit_test(identities),
		cmocka_unit_test(nameless),
		cmocka_unit_test(odd_methods),
		cmocka_unit_test(resumed),
		cmocka_unit_test(identity_request),
		cmocka_unit_test(out_of_place),
		cmocka_unit_test(one_more),
		cmocka_unit_test(long_first),
		cmocka_unit_test(endless_peer),
		cmocka_unit_test(hostile),
		cmocka_unit_test(configured),
		cmocka_unit_test(not_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
