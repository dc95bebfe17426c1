// SPDX-License-Identifier: GPL-2.0
/*
 * The border between the worker, which may have been taken over by a packet,
 * and the parent, which has privileges: what is wrong never gets to the kernel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/request.h"

static struct peers *own;
static unsigned int calls;
static int answer;
static struct kern_peer peer;
static struct kern_sa sa;
static uint64_t expected;

void kern_path_init(struct kern_path *p)
{
	memset(p, 0, sizeof(*p));
}

void kern_selector_any(struct kern_selector *s)
{
	memset(s, 0, sizeof(*s));
}

void kern_sa_init(struct kern_sa *s)
{
	memset(s, 0, sizeof(*s));
	s->replay_window = KERN_WINDOW_DEFAULT;
}

void kern_sa_wipe(struct kern_sa *s)
{
	memset(s->enc_key, 0, sizeof(s->enc_key));
}

const char *kern_error(const struct kern *k)
{
	(void)k;
	return "the kernel's words";
}

int kern_peer_new(struct kern *k, const struct kern_peer *p,
		  uint64_t *generation)
{
	(void)k;
	calls++;
	peer = *p;
	*generation = 1;
	return answer;
}

int kern_peer_rebind(struct kern *k, uint32_t id, uint64_t gen,
		     const struct kern_path *paths, unsigned int npaths,
		     uint64_t *generation)
{
	(void)k;
	calls++;
	peer.id = id;
	peer.npaths = npaths;
	memcpy(peer.paths, paths, npaths * sizeof(*paths));
	expected = gen;
	*generation = gen + 1;
	return answer;
}

int kern_peer_del(struct kern *k, uint32_t id)
{
	(void)k;
	calls++;
	peer.id = id;
	return answer;
}

int kern_peer_get(struct kern *k, uint32_t id, struct kern_peer *p)
{
	(void)k;
	calls++;
	*p = peer;
	p->id = id;
	return answer;
}

int kern_sa_new(struct kern *k, const struct kern_sa *s)
{
	(void)k;
	calls++;
	sa = *s;
	return answer;
}

int kern_sa_del(struct kern *k, enum mobx_dir dir, uint32_t spi, uint32_t id)
{
	(void)k;
	calls++;
	sa.dir = dir;
	sa.spi = spi;
	sa.peer = id;
	return answer;
}

struct body {
	struct msg_peer m;
	struct ike_path paths[MOBX_MAX_PATHS + 1];
};

static size_t body_len(unsigned int npaths)
{
	return sizeof(struct msg_peer) + npaths * sizeof(struct ike_path);
}

static void fill(struct body *b, unsigned int npaths)
{
	memset(b, 0, sizeof(*b));
	b->m.id = 7;
	b->m.npaths = npaths;
	strcpy(b->m.label, "server/id");
	for (unsigned int i = 0; i < npaths; i++) {
		wire_addr_parse(&b->paths[i].local, "10.0.0.1");
		wire_addr_parse(&b->paths[i].remote, "10.0.0.2");
		b->paths[i].remote.a[3] = (uint8_t)i;
		b->paths[i].credit = i;
	}
}

static struct msg_kernel_done run(uint32_t type, const void *data, size_t len)
{
	struct msg_kernel_done done;

	calls = 0;
	request_run(NULL, own, type, data, len, &done);
	return done;
}

static void good_peers(void **state)
{
	struct body b;

	(void)state;
	answer = 0;
	fill(&b, 2);
	assert_int_equal(run(MSG_PEER_NEW, &b, body_len(2)).err, 0);
	assert_int_equal(calls, 1);
	assert_int_equal(peer.id, 7);
	assert_string_equal(peer.label, "server/id");
	assert_int_equal(peer.npaths, 2);
	assert_int_equal(peer.paths[1].remote.a[3], 1);
	b.m.expected_generation = 4;
	assert_int_equal(run(MSG_PEER_REBIND, &b, body_len(2)).generation, 5);
	assert_int_equal(expected, 4);
	fill(&b, MOBX_MAX_PATHS);
	assert_int_equal(run(MSG_PEER_NEW, &b, body_len(MOBX_MAX_PATHS)).err,
			 0);
	fill(&b, 0);
	assert_int_equal(run(MSG_PEER_DEL, &b, body_len(0)).err, 0);
	assert_int_equal(calls, 1);
}

static void not_ours(uint32_t type, const void *data, size_t len)
{
	struct msg_kernel_done done = run(type, data, len);

	assert_int_equal(done.err, -EPERM);
	assert_int_equal(calls, 0);
	assert_non_null(strstr(done.text, "peer 7 is not of the agent's"));
}

static struct ike_ac_sa good_sa(enum mobx_dir dir);

/* Peers that were keyed by hand, or are gone, are out of the worker's reach. */
static void others(void **state)
{
	struct ike_ac_sa s = good_sa(MOBX_DIR_OUT);
	struct ike_path_count v[IKE_MAX_PATHS];
	uint32_t id = 7;
	struct body b;

	(void)state;
	fill(&b, 1);
	peers_del(own, 7);
	for (int i = 0; i < 2; i++) {
		not_ours(MSG_PEER_REBIND, &b, body_len(1));
		not_ours(MSG_PEER_DEL, &b, body_len(1));
		not_ours(MSG_PEER_SENT, &id, sizeof(id));
		not_ours(MSG_SA_NEW, &s, sizeof(s));
		not_ours(MSG_SA_DEL, &s, sizeof(s));
		assert_int_equal(request_counts(NULL, own, &id, sizeof(id), v),
				 0);
		assert_int_equal(calls, 0);
		/* To ask for the number of another makes it nobody's. */
		answer = -EEXIST;
		assert_int_equal(run(MSG_PEER_NEW, &b, body_len(1)).err,
				 -EEXIST);
		answer = 0;
	}
	/* Its own it keeps until it is gone, whatever goes wrong meanwhile. */
	assert_int_equal(run(MSG_PEER_NEW, &b, body_len(1)).err, 0);
	answer = -EEXIST;
	assert_int_equal(run(MSG_PEER_NEW, &b, body_len(1)).err, -EEXIST);
	answer = -EBUSY;
	assert_int_equal(run(MSG_PEER_DEL, &b, body_len(1)).err, -EBUSY);
	answer = 0;
	assert_int_equal(run(MSG_PEER_REBIND, &b, body_len(1)).err, 0);
	assert_int_equal(run(MSG_PEER_DEL, &b, body_len(1)).err, 0);
	not_ours(MSG_PEER_REBIND, &b, body_len(1));
	assert_int_equal(peers_add(own, 7), 0);
}

/* Many of them, and which labels tell of one that an earlier run has left. */
static void many_peers(void **state)
{
	struct peers *p = peers_new();

	(void)state;
	assert_non_null(p);
	for (uint32_t id = 1; id < 30000; id++)
		assert_int_equal(peers_add(p, id * 3), 0);
	assert_int_equal(peers_add(p, 3), 0);
	for (uint32_t id = 1; id < 30000; id += 2)
		peers_del(p, id * 3);
	peers_del(p, 1);
	for (uint32_t id = 0; id < 90000; id++)
		assert_int_equal(peers_has(p, id), id && !(id % 6));
	peers_free(p);
	peers_free(NULL);
	assert_true(peers_are_labelled("server/mobile.example"));
	assert_false(peers_are_labelled("by hand"));
	assert_false(peers_are_labelled(""));
}

static void packets_sent(void **state)
{
	struct msg_kernel_done done;
	uint32_t id = 7;

	(void)state;
	answer = 0;
	peer.npaths = 2;
	peer.paths[0].tx_packets = 40;
	peer.paths[1].tx_packets = 2;
	done = run(MSG_PEER_SENT, &id, sizeof(id));
	assert_int_equal(done.err, 0);
	assert_int_equal(done.packets, 42);
	assert_int_equal(calls, 1);
	answer = -ENOENT;
	done = run(MSG_PEER_SENT, &id, sizeof(id));
	assert_int_equal(done.err, -ENOENT);
	assert_int_equal(done.packets, 0);
	answer = 0;
}

/* What went by each path; a request that is wrong is told nothing. */
static void packets_counted(void **state)
{
	struct ike_path_count v[IKE_MAX_PATHS];
	uint32_t id = 7;

	(void)state;
	answer = 0;
	calls = 0;
	memset(&peer, 0, sizeof(peer));
	peer.npaths = 2;
	assert_true(wire_addr_parse(&peer.paths[1].local, "10.0.1.2"));
	assert_true(wire_addr_parse(&peer.paths[1].remote, "10.0.3.2"));
	peer.paths[1].tx_packets = 40;
	peer.paths[1].rx_packets = 39;
	assert_int_equal(request_counts(NULL, own, &id, sizeof(id), v), 2);
	assert_int_equal(v[0].tx, 0);
	assert_int_equal(v[1].tx, 40);
	assert_int_equal(v[1].rx, 39);
	assert_true(wire_addr_equal(&v[1].local, &peer.paths[1].local));
	assert_true(wire_addr_equal(&v[1].remote, &peer.paths[1].remote));
	answer = -ENOENT;
	assert_int_equal(request_counts(NULL, own, &id, sizeof(id), v), 0);
	answer = 0;
	calls = 0;
	assert_int_equal(request_counts(NULL, own, &id, sizeof(id) - 1, v), 0);
	assert_int_equal(request_counts(NULL, own, &id, sizeof(id) + 1, v), 0);
	assert_int_equal(calls, 0);
}

static void refused_by_kernel(void **state)
{
	struct msg_kernel_done done;
	struct body b;

	(void)state;
	answer = -ESTALE;
	fill(&b, 1);
	done = run(MSG_PEER_REBIND, &b, body_len(1));
	assert_int_equal(done.err, -ESTALE);
	assert_string_equal(done.text, "the kernel's words");
	answer = 0;
}

static void broken(uint32_t type, const void *data, size_t len)
{
	struct msg_kernel_done done = run(type, data, len);

	assert_int_equal(done.err, -EBADMSG);
	assert_int_equal(calls, 0);
	assert_true(done.text[0]);
}

static void bad_peers(void **state)
{
	struct body b;

	(void)state;
	fill(&b, 2);
	for (size_t len = 0; len <= body_len(3); len++)
		if (len != body_len(2))
			broken(MSG_PEER_NEW, &b, len);
	broken(MSG_PEER_SENT, &b, sizeof(uint32_t) - 1);
	broken(MSG_PEER_SENT, &b, sizeof(uint32_t) + 1);
	b.m.npaths = UINT32_MAX;
	broken(MSG_PEER_NEW, &b, body_len(2));
	fill(&b, MOBX_MAX_PATHS + 1);
	broken(MSG_PEER_REBIND, &b, body_len(MOBX_MAX_PATHS + 1));
	fill(&b, 1);
	memset(b.m.label, 'x', sizeof(b.m.label));
	broken(MSG_PEER_NEW, &b, body_len(1));
	fill(&b, 1);
	b.paths[0].local.family = 5;
	broken(MSG_PEER_NEW, &b, body_len(1));
	fill(&b, 1);
	b.paths[0].remote.family = 0;
	broken(MSG_PEER_NEW, &b, body_len(1));
	fill(&b, 1);
	b.paths[0].state = 99;
	broken(MSG_PEER_NEW, &b, body_len(1));
}

static struct ike_ac_sa good_sa(enum mobx_dir dir)
{
	struct ike_ac_sa s;

	memset(&s, 0, sizeof(s));
	s.spi = 0x1000;
	s.dir = dir;
	s.peer = 7;
	s.mode = MOBX_MODE_TRANSPORT;
	s.enc = MOBX_ENC_AES_GCM_16;
	s.enc_key_len = 20;
	memset(s.enc_key, 0x42, 20);
	s.replay_window = 512;
	s.nselectors = 1;
	s.selectors[0].proto = 17;
	s.selectors[0].remote_max = 9;
	s.hard_seconds = 60;
	return s;
}

static void good_sas(void **state)
{
	struct ike_ac_sa s = good_sa(MOBX_DIR_IN);

	(void)state;
	assert_int_equal(run(MSG_SA_NEW, &s, sizeof(s)).err, 0);
	assert_int_equal(calls, 1);
	assert_int_equal(sa.spi, 0x1000);
	assert_int_equal(sa.enc_key_len, 20);
	assert_int_equal(sa.enc_key[19], 0x42);
	assert_int_equal(sa.replay_window, 512);
	assert_int_equal(sa.selectors[0].proto, 17);
	assert_int_equal(sa.selectors[0].remote_port_max, 9);
	assert_int_equal(sa.lifetime.hard_seconds, 60);
	assert_true(sa.managed);
	assert_false(sa.force);
	s = good_sa(MOBX_DIR_OUT);
	assert_int_equal(run(MSG_SA_NEW, &s, sizeof(s)).err, 0);
	assert_int_equal(sa.replay_window, KERN_WINDOW_DEFAULT);
	assert_int_equal(run(MSG_SA_DEL, &s, sizeof(s)).err, 0);
	assert_int_equal(sa.dir, MOBX_DIR_OUT);
	assert_int_equal(sa.peer, 7);
}

static void bad_sas(void **state)
{
	struct ike_ac_sa s = good_sa(MOBX_DIR_IN);
	uint8_t longer[sizeof(s) + 1] = { 0 };

	(void)state;
	for (size_t len = 0; len < sizeof(s); len++)
		broken(MSG_SA_NEW, &s, len);
	memcpy(longer, &s, sizeof(s));
	broken(MSG_SA_NEW, longer, sizeof(longer));
	s.enc_key_len = MOBX_MAX_KEY + 1;
	broken(MSG_SA_NEW, &s, sizeof(s));
	s = good_sa(MOBX_DIR_IN);
	s.auth_key_len = SIZE_MAX;
	broken(MSG_SA_NEW, &s, sizeof(s));
	s = good_sa(MOBX_DIR_IN);
	s.nselectors = IKE_MAX_SELECTORS + 1;
	broken(MSG_SA_NEW, &s, sizeof(s));
	s = good_sa(MOBX_DIR_IN);
	s.dir = 2;
	broken(MSG_SA_NEW, &s, sizeof(s));
	s = good_sa(MOBX_DIR_IN);
	s.enc = 200;
	broken(MSG_SA_NEW, &s, sizeof(s));
	s = good_sa(MOBX_DIR_IN);
	s.auth = 200;
	broken(MSG_SA_NEW, &s, sizeof(s));
	s = good_sa(MOBX_DIR_IN);
	s.mode = 200;
	broken(MSG_SA_NEW, &s, sizeof(s));
}

static int setup(void **state)
{
	(void)state;
	own = peers_new();
	return !own || peers_add(own, 7);
}

static int teardown(void **state)
{
	(void)state;
	peers_free(own);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(good_peers, setup, teardown),
		cmocka_unit_test_setup_teardown(others, setup, teardown),
		cmocka_unit_test(many_peers),
		cmocka_unit_test_setup_teardown(packets_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(packets_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(refused_by_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_peers, setup, teardown),
		cmocka_unit_test_setup_teardown(good_sas, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_sas, setup, teardown),
	};

	return cmocka_run_group_tests_name("agent_request", tests, NULL, NULL);
}
