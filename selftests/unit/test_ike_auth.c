// SPDX-License-Identifier: GPL-2.0
/* IKE_AUTH: who is let in, and what becomes of the first Child SA. */
#include "crypto/sk.h"
#include <stdio.h>

#include "ike_net.h"

static void nobody_is_in(struct net *net)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		assert_int_equal(net->host[i].n_peers, 0);
		assert_int_equal(net->host[i].n_sas, 0);
	}
}

/* The payloads of a packet are these types and no others. */
static void only_notify(struct net *net, const struct net_packet *p,
			struct crypto_ike_keys *keys, uint16_t type)
{
	struct wire_msg msg;
	struct wire_notify n;
	uint8_t plain[512];
	enum wire_err err;

	(void)net;
	assert_non_null(p);
	assert_int_equal(wire_msg_parse(p->data, p->len, &msg), WIRE_OK);
	assert_int_equal(crypto_sk_open(keys, false, &msg, plain,
					sizeof(plain), &err), 0);
	assert_int_equal(msg.n, 1);
	assert_true(wire_notify_find(&msg, type, &n));
	assert_int_equal(n.data.len, 0);
}

/*
 * One error for all that can be wrong, nothing in the kernel, and the log of
 * the responder says what it was.
 * covers: K32 K33
 */
static void refused(struct net *net, const char *log_here, const char *log_there)
{
	struct crypto_ike_keys keys;

	net_run(net, 11 * NET_MS);
	assert_non_null(net_sa(net, 0));
	keys = net_sa(net, 0)->p->keys;
	net_run(net, 100 * NET_MS);
	only_notify(net, net_nth(net, 1, IKE_EX_AUTH, true, 0), &keys,
		    IKE_N_AUTHENTICATION_FAILED);
	assert_true(net_logged(net, 1, log_there));
	assert_true(net_logged(net, 0, log_here));
	nobody_is_in(net);
	net_free(net);
}

static void wrong_psk(void **state)
{
	struct net *net = net_new(1);

	(void)state;
	net->host[0].psk = "another key";
	net_conns(net);
	refused(net, "do the identities and the pre-shared keys",
		"the peer does not know the pre-shared key");
}

static void unknown_identity(void **state)
{
	struct net *net = net_new(2);
	struct ike_conn c = net_conn(0), s = net_conn(1);

	(void)state;
	assert_int_equal(ike_id_parse("somebody.example", &c.local_id), 0);
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	refused(net, "AUTHENTICATION_FAILED",
		"remote_id=somebody.example reason=no connection is"
		" configured for these identities");
}

static void wrong_responder(void **state)
{
	struct net *net = net_new(3);
	struct ike_conn c = net_conn(0), s = net_conn(1);

	(void)state;
	assert_int_equal(ike_id_parse("other.example", &c.remote_id), 0);
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	refused(net, "AUTHENTICATION_FAILED", "no connection is configured");
}

/*
 * The responder proves nothing: the initiator tells it, and both forget.
 * covers: K33
 */
static void responder_has_no_key(void **state)
{
	struct net *net = net_new(4);

	(void)state;
	net->host[0].psk = NULL;
	net_conns(net);
	net_run(net, 100 * NET_MS);
	assert_true(net_logged(net, 0, "there are no credentials"));
	assert_int_equal(net_count(net, 0, IKE_EX_AUTH, false), 0);
	nobody_is_in(net);
	net_free(net);
}

static enum net_verdict other_key(struct net *net, struct net_packet *p,
				  void *ctx)
{
	(void)ctx;
	/* From here on the initiator has another key than it signed with. */
	if (p->from == 1 && p->hdr.exchange == IKE_EX_AUTH)
		net->host[0].psk = "another key";
	return NET_PASS;
}

/* covers: K30 K32 */
static void false_responder(void **state)
{
	struct net *net = net_new(5);

	(void)state;
	net->filter = other_key;
	net_conns(net);
	net_run(net, 200 * NET_MS);
	assert_true(net_logged(net, 0, "the peer does not know the pre-shared"
			       " key"));
	assert_true(net_logged(net, 1, "ike-down"));
	nobody_is_in(net);
	net_free(net);
}

/* A refusal that is lost is said again. covers: K2 K3 */
static enum net_verdict lose_first_answer(struct net *net,
					  struct net_packet *p, void *ctx)
{
	unsigned int *n = ctx;

	(void)net;
	return p->from == 1 && p->hdr.exchange == IKE_EX_AUTH && (*n)++ == 0 ?
	       NET_DROP : NET_PASS;
}

static void refusal_repeated(void **state)
{
	struct net *net = net_new(6);
	unsigned int n = 0;

	(void)state;
	net->filter = lose_first_answer;
	net->filter_ctx = &n;
	net->host[0].psk = "another key";
	net_conns(net);
	net_run(net, 400 * NET_MS);
	assert_true(net_logged(net, 0, "AUTHENTICATION_FAILED"));
	nobody_is_in(net);
	assert_int_equal(net->host[1].eng->half_open, 1);
	net->host[0].addr_up[0] = false;
	net_run(net, IKE_REFUSED_US);
	assert_int_equal(net_sa_count(net, 1), 0);
	assert_int_equal(net->host[1].eng->half_open, 0);
	net_free(net);
}

/* ------------------------------------------------------------- Child SA */

/* The IKE SA lives on without its Child SA, in both roles. covers: K37 K50 */
static void ts_unacceptable(void **state)
{
	struct net *net = net_new(7);
	struct ike_conn c = net_conn(0), s = net_conn(1);
	struct ike_event acquire = {
		.type = IKE_EV_ACQUIRE,
		.u.acquire = { .local = net_addr("10.0.0.1"),
			       .remote = net_addr("10.0.0.2"), .proto = 17,
			       .label = "conn:server" },
	};

	(void)state;
	s.protect[0].local_min = 8000;
	s.protect[0].local_max = 8001;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, 200 * NET_MS);
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	assert_int_equal(net_sa(net, 1)->state, IKE_SA_ESTABLISHED);
	assert_true(net_logged(net, 0, "the peer refuses the Child SA:"
			       " TS_UNACCEPTABLE"));
	assert_int_equal(net->host[0].n_peers, 1);
	assert_int_equal(net->host[1].n_peers, 1);
	assert_int_equal(net->host[0].n_sas + net->host[1].n_sas, 0);
	/* Traffic makes it try once more, without a new IKE SA. */
	net_event(net, 0, &acquire);
	net_run(net, 200 * NET_MS);
	assert_int_equal(net_count(net, 0, IKE_EX_CREATE_CHILD_SA, false), 1);
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	net_free(net);
}

/* Selectors are cut to what both want, in pairs. covers: K39 K41 K43 */
static void narrowed(void **state)
{
	struct net *net = net_new(8);
	struct ike_conn c = net_conn(0), s = net_conn(1);
	const struct ike_selector *sel;

	(void)state;
	c.protect[0] = (struct ike_selector){
			.proto = 0,
			.local_min = 0, .local_max = 65535,
			.remote_min = 0, .remote_max = 65535,
		};
	s.protect[1] = (struct ike_selector){
			.proto = 132,
			.local_min = 9000, .local_max = 9000,
			.remote_min = 0, .remote_max = 65535,
		};
	s.nprotect = 2;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, 200 * NET_MS);
	assert_true(net_agree(net, 1));
	assert_int_equal(net->host[0].sas[0].mode, MOBX_MODE_TRANSPORT);
	assert_int_equal(net->host[0].sas[0].nselectors, 2);
	sel = &net->host[0].sas[0].selectors[1];
	assert_int_equal(sel->proto, 132);
	assert_int_equal(sel->local_min, 0);
	assert_int_equal(sel->remote_min, 9000);
	assert_int_equal(sel->remote_max, 9000);
	sel = &net->host[1].sas[0].selectors[1];
	assert_int_equal(sel->local_min, 9000);
	assert_int_equal(sel->remote_max, 65535);
	net_free(net);
}

static void no_common_esp(void **state)
{
	struct net *net = net_new(9);
	struct ike_conn c = net_conn(0), s = net_conn(1);

	(void)state;
	c.nesp = 1;
	s.esp[0] = s.esp[1];
	s.nesp = 1;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_cmd(net, 0, IKE_EV_CONN_UP, "server");
	net_run(net, 200 * NET_MS);
	assert_true(net_logged(net, 0, "NO_PROPOSAL_CHOSEN"));
	assert_int_equal(net->host[0].last_reply, 77);
	assert_true(net->host[0].last_err < 0);
	assert_non_null(strstr(net->host[0].last_text, "Child SA is refused"));
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	net_free(net);
}

/* ---------------------------------------------------------------- kernel */

/*
 * The responder's inbound SA is in the kernel before its answer leaves, and an
 * id that is taken is passed over.
 * covers: I4
 */
static void kernel_first(void **state)
{
	struct net *net = net_new(10);

	(void)state;
	net->host[1].eexist = 2;
	net->kernel_us = 50 * NET_MS;
	net_conns(net);
	/* INIT 10 ms, AUTH 5 ms; then 3 peers and an SA, 50 ms each. */
	net_run(net, 214 * NET_MS);
	assert_int_equal(net_count(net, 1, IKE_EX_AUTH, true), 0);
	assert_int_equal(net->host[1].n_sas, 1);
	assert_int_equal(net->host[1].sas[0].dir, MOBX_DIR_IN);
	net_run(net, 10 * NET_MS);
	assert_int_equal(net_count(net, 1, IKE_EX_AUTH, true), 1);
	net_run(net, NET_SECOND);
	assert_true(net_agree(net, 1));
	net_free(net);
}

/* What the kernel refuses is undone, and both ends know. covers: I5 */
static void kernel_refuses(void **state)
{
	unsigned int host, what;

	(void)state;
	for (host = 0; host < 2; host++) {
		for (what = 0; what < 2; what++) {
			struct net *net = net_new(11 + host);

			net->host[host].refuse_peer = what == 0;
			net->host[host].refuse_sa = what == 1;
			net_conns(net);
			net_run(net, 60 * NET_MS);
			assert_true(net_logged(net, (int)host,
					       "kernel: "));
			nobody_is_in(net);
			/* It was that once: the next attempt succeeds. */
			net_run(net, 5 * NET_SECOND);
			assert_true(net_agree(net, 1));
			net_free(net);
		}
	}
}

/* An IKE SA that ends while the kernel makes its peer leaves none behind. */
static void orphan(void **state)
{
	struct net *net = net_new(12);

	(void)state;
	net->kernel_us = 100 * NET_MS;
	net_conns(net);
	net_run(net, 50 * NET_MS);
	assert_int_equal(net->host[1].n_peers, 1);
	net_cmd(net, 1, IKE_EV_CONN_DOWN, "mobile");
	net_cmd(net, 0, IKE_EV_CONN_DOWN, "server");
	net_run(net, 5 * NET_SECOND);
	nobody_is_in(net);
	net_free(net);
}

/* ---------------------------------------------------------------- restart */

static void restart(struct net *net, int host)
{
	struct net_host *h = &net->host[host];
	struct ike_settings s = h->eng->s;
	struct ike_event ev = { .type = IKE_EV_LEFTOVER };
	struct ike_conn c = net_conn(host);
	unsigned int i;

	ike_engine_free(h->eng);
	h->eng = ike_engine_new(&s, NULL);
	assert_non_null(h->eng);
	for (i = 0; i < h->n_peers; i++) {
		ev.u.leftover.peer = h->peers[i].id;
		ev.u.leftover.label = h->peers[i].label;
		net_event(net, host, &ev);
	}
	net_conn_add(net, host, &c);
}

/*
 * A restarted agent: new SAs first, then the old ones go; the peer, asked at
 * once, finds the old IKE SA dead. At every moment both have an SA for each
 * other.
 * covers: K38
 */
static void leftovers(void **state)
{
	struct net *net = net_new(13);
	uint32_t old;

	(void)state;
	net_up(net);
	old = net->host[0].peers[0].id;
	restart(net, 0);
	net_run_without_gap(net, 200 * NET_MS);
	assert_int_equal(net->host[0].n_peers, 2);
	assert_true(net->host[0].peers[1].id != old);
	/* The old SAs of both ends are still there. */
	assert_int_equal(net->host[1].n_peers, 2);
	net_run_without_gap(net, 4 * NET_SECOND);
	assert_int_equal(net->host[0].n_peers, 1);
	assert_true(net->host[0].peers[0].id != old);
	/* Unanswered for as long as retransmissions go: then it goes. */
	net_run(net, 60 * NET_SECOND);
	assert_int_equal(net->host[1].n_peers, 1);
	assert_true(net_logged(net, 1, "the peer does not answer"));
	assert_true(net_agree(net, 1));
	net_free(net);
}

/*
 * The same for a responder, whose clients have to find out: they keep what they
 * have until there are new SAs.
 */
static void responder_restarts(void **state)
{
	struct net *net = net_new(14);

	(void)state;
	net_up(net);
	restart(net, 1);
	net_run_without_gap(net, 100 * NET_SECOND);
	assert_true(net_logged(net, 0, "the peer does not answer"));
	assert_int_equal(net->host[1].n_peers, 1);
	assert_int_equal(net->host[0].n_peers, 1);
	assert_true(net_agree(net, 1));
	net_free(net);
}

/* INITIAL_CONTACT: only if configured, only once, and it is believed. */
static void initial_contact(void **state)
{
	struct net *net = net_new(15);
	struct ike_conn c = net_conn(0), s = net_conn(1);
	struct ike_settings settings;
	struct wire_notify n;
	struct wire_msg msg;
	uint8_t *plain;

	(void)state;
	net_up(net);
	assert_true(net_open(net, net_nth(net, 0, IKE_EX_AUTH, false, 0), &msg,
			     &plain));
	assert_false(wire_notify_find(&msg, IKE_N_INITIAL_CONTACT, &n));
	free(plain);
	settings = net->host[0].eng->s;
	ike_engine_free(net->host[0].eng);
	net->host[0].eng = ike_engine_new(&settings, NULL);
	net->host[0].n_peers = 0;
	net->host[0].n_sas = 0;
	c.initial_contact = true;
	net_forget(net);
	net_conn_add(net, 0, &c);
	net_run(net, 200 * NET_MS);
	assert_true(net_open(net, net_nth(net, 0, IKE_EX_AUTH, false, 0), &msg,
			     &plain));
	assert_true(wire_notify_find(&msg, IKE_N_INITIAL_CONTACT, &n));
	free(plain);
	assert_true(net_logged(net, 1, "INITIAL_CONTACT"));
	assert_int_equal(net->host[1].n_peers, 1);
	net_run(net, NET_SECOND);
	assert_true(net_agree(net, 1));
	/* The responder's end begins nothing anew: the second time without. */
	net_conn_add(net, 1, &s);
	net_cmd(net, 1, IKE_EV_CONN_DOWN, "mobile");
	net_forget(net);
	net_run(net, 5 * NET_SECOND);
	assert_true(net_open(net, net_nth(net, 0, IKE_EX_AUTH, false, 0), &msg,
			     &plain));
	assert_false(wire_notify_find(&msg, IKE_N_INITIAL_CONTACT, &n));
	free(plain);
	net_free(net);
}

/* Two clients of one connection that takes anybody. */
static void two_clients(void **state)
{
	struct net *net = net_new(16);
	struct ike_conn s = net_conn(1), c = net_conn(0), d = net_conn(0);

	(void)state;
	memset(&s.remote_id, 0, sizeof(s.remote_id));
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	assert_int_equal(ike_id_parse("key-id:third", &d.local_id), 0);
	net_conn_add(net, 2, &d);
	net_run(net, 500 * NET_MS);
	assert_int_equal(net->host[1].n_peers, 2);
	assert_int_equal(net->host[1].n_sas, 4);
	assert_string_equal(net->host[1].peers[0].label,
			    "mobile/mobile.example");
	assert_string_equal(net->host[1].peers[1].label,
			    "mobile/key-id:third");
	net_free(net);
}

/* A server's entry for who has @id (anybody: NULL) and is at @at. */
static void may(struct net *net, const char *name, const char *id,
		const char *at, uint16_t port)
{
	struct ike_conn s = net_conn(1);

	snprintf(s.name, sizeof(s.name), "%s", name);
	memset(&s.remote_id, 0, sizeof(s.remote_id));
	if (id)
		assert_int_equal(ike_id_parse(id, &s.remote_id), 0);
	s.nremote = 1;
	s.remote[0].addr = net_addr(at);
	s.remote[0].plen = id ? 32 : 8;
	s.protect[0].local_min = port;
	s.protect[0].local_max = port;
	net_conn_add(net, 1, &s);
}

/* A client that wants to reach this port. */
static void wants(struct net *net, int host, const char *id, uint16_t port)
{
	struct ike_conn c = net_conn(0);

	assert_int_equal(ike_id_parse(id, &c.local_id), 0);
	c.protect[0].remote_min = port;
	c.protect[0].remote_max = port;
	net_conn_add(net, host, &c);
	net_run(net, 300 * NET_MS);
}

/*
 * Who has authenticated gets what the entry for that identity allows, and not
 * what others may have; an entry for anybody comes after those with names, and
 * one for another place does not count. covers: AR13
 */
static void allowed_to_each(void **state)
{
	struct net *net = net_new(17);

	(void)state;
	may(net, "anybody", NULL, "10.0.0.0", 7000);
	may(net, "first", "first.example", "10.0.0.1", 7001);
	may(net, "other", "other.example", "10.0.0.3", 7002);
	may(net, "away", "away.example", "10.0.0.9", 7003);
	wants(net, 0, "first.example", 7001);
	assert_int_equal(net->host[1].n_sas, 2);
	assert_true(net_logged(net, 1, "child-up conn=first"));
	wants(net, 2, "other.example", 7001);
	assert_true(net_logged(net, 1, "ike-up conn=other"));
	assert_true(net_logged(net, 2, "TS_UNACCEPTABLE"));
	assert_int_equal(net->host[1].n_sas, 2);
	net_free(net);

	net = net_new(18);
	may(net, "anybody", NULL, "10.0.0.0", 7000);
	may(net, "away", "away.example", "10.0.0.9", 7003);
	wants(net, 0, "away.example", 7003);
	assert_false(net_logged(net, 1, "conn=away"));
	assert_int_equal(net->host[1].n_sas, 0);
	wants(net, 2, "stranger.example", 7000);
	assert_true(net_logged(net, 1, "child-up conn=anybody"));
	assert_int_equal(net->host[1].n_sas, 2);
	net_free(net);
}

/* MOBIKE_SUPPORTED with octets that mean nothing to us, in both directions. */
static enum net_verdict add_data(struct net *net, struct net_packet *p,
				 void *ctx)
{
	static const uint8_t data[5] = { 4, 5, 5, 5, 0 };
	unsigned int *changed = ctx;
	struct wire_notify n;
	struct wire_msg msg;
	struct wire_enc enc;
	uint8_t *plain;
	unsigned int i;

	if (p->hdr.exchange != IKE_EX_AUTH)
		return NET_PASS;
	assert_true(net_open(net, p, &msg, &plain));
	wire_enc_start(&enc, NULL);
	for (i = 0; i < msg.n; i++) {
		if (msg.payload[i].type != IKE_PL_NOTIFY ||
		    wire_notify_decode(&msg.payload[i], &n) != WIRE_OK ||
		    n.type != IKE_N_MOBIKE_SUPPORTED) {
			net_copy(&enc, &msg.payload[i]);
			continue;
		}
		wire_notify_encode(&enc, n.type, data, sizeof(data));
		++*changed;
	}
	free(plain);
	net_reseal(net, p, &enc);
	return NET_PASS;
}

/*
 * What comes with MOBIKE_SUPPORTED is for future use, and ignored.
 * covers: MB2
 */
static void supported_with_data(void **state)
{
	struct net *net = net_new(6);
	unsigned int changed = 0;

	(void)state;
	net->filter = add_data;
	net->filter_ctx = &changed;
	net_up(net);
	assert_int_equal(changed, 2);
	assert_true(net_sa(net, 0)->mobike && net_sa(net, 1)->mobike);
	net_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_psk),
		cmocka_unit_test(unknown_identity),
		cmocka_unit_test(wrong_responder),
		cmocka_unit_test(responder_has_no_key),
		cmocka_unit_test(false_responder),
		cmocka_unit_test(refusal_repeated),
		cmocka_unit_test(ts_unacceptable),
		cmocka_unit_test(narrowed),
		cmocka_unit_test(no_common_esp),
		cmocka_unit_test(kernel_first),
		cmocka_unit_test(kernel_refuses),
		cmocka_unit_test(orphan),
		cmocka_unit_test(leftovers),
		cmocka_unit_test(responder_restarts),
		cmocka_unit_test(initial_contact),
		cmocka_unit_test(two_clients),
		cmocka_unit_test(allowed_to_each),
		cmocka_unit_test(supported_with_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
