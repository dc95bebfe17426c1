// SPDX-License-Identifier: GPL-2.0
/* CREATE_CHILD_SA and Delete: make before break, and collisions of it. */
#include <stdio.h>

#include "crypto/sk.h"
#include "crypto/util.h"
#include "ike_net.h"

/*
 * A soft limit at either end, seen on either SA: new SAs, then the old ones go,
 * and no packet meets an end that is not ready for it.
 * covers: K45 K46 K49
 */
static void rekey(void **state)
{
	const struct net_packet *p;
	struct wire_notify n;
	struct wire_msg msg;
	struct net *net;
	uint32_t old_in, old_out;
	uint8_t *plain;
	int host, dir;

	(void)state;
	for (host = 0; host < 2; host++) {
		for (dir = 0; dir < 2; dir++) {
			net = net_new(1);
			net_up(net);
			old_in = net_sa(net, host)->children->spi_in;
			old_out = net_sa(net, host)->children->spi_out;
			net_expire(net, host, dir ? old_out : old_in,
				   dir ? MOBX_DIR_OUT : MOBX_DIR_IN,
				   MOBX_EXPIRE_SOFT);
			/* Twice told is not twice done. */
			net_expire(net, host, old_in, MOBX_DIR_IN,
				   MOBX_EXPIRE_SOFT);
			net_run_without_gap(net, 200 * NET_MS);
			p = net_nth(net, host, IKE_EX_CREATE_CHILD_SA, false,
				    0);
			assert_true(net_open(net, p, &msg, &plain));
			assert_true(wire_notify_find(&msg, IKE_N_REKEY_SA,
						     &n));
			assert_int_equal(n.protocol, IKE_PROTO_ESP);
			assert_int_equal(n.spi.len, 4);
			free(plain);
			assert_int_equal(net_count(net, host,
				IKE_EX_CREATE_CHILD_SA, false), 1);
			assert_true(net_newest(net, host, MOBX_DIR_IN)->spi !=
				    old_in);
			/* What was on its way under the old one is taken. */
			assert_int_equal(net->host[0].n_sas, 3);
			net_run_without_gap(net, 5 * NET_SECOND);
			assert_true(net_agree(net, 1));
			assert_int_equal(net->host[0].n_sas, 2);
			assert_int_equal(net->host[1].n_sas, 2);
			assert_int_equal(net->host[0].sas[0].nselectors, 1);
			net_free(net);
		}
	}
}

static enum net_verdict from_elsewhere(struct net *net, struct net_packet *p,
				       void *ctx)
{
	unsigned int *n = ctx;

	(void)net;
	if (p->hdr.exchange == IKE_EX_CREATE_CHILD_SA && p->from == 0 && !*n) {
		++*n;
		p->src = (struct wire_endpoint){ net_addr("10.0.0.9"), 4501 };
	}
	return NET_PASS;
}

/*
 * The addresses of a new IPsec SA are those of the IKE SA, wherever the request
 * for it came from; the answer that goes there is asked for again. covers: MB4
 */
static void addresses_of_the_ike_sa(void **state)
{
	struct net *net = net_new(31);
	const struct net_peer *p = &net->host[1].peers[0];
	unsigned int moved = 0;
	struct ike_path path;
	uint32_t spi;

	(void)state;
	net_up(net);
	path = p->paths[0];
	spi = net_sa(net, 1)->children->spi_in;
	net->filter = from_elsewhere;
	net->filter_ctx = &moved;
	net_expire(net, 0, net_sa(net, 0)->children->spi_in, MOBX_DIR_IN,
		   MOBX_EXPIRE_SOFT);
	net_run(net, 2 * NET_SECOND);
	assert_true(net_agree(net, 1));
	assert_int_not_equal(net_sa(net, 1)->children->spi_in, spi);
	assert_int_equal(net->host[1].n_peers, 1);
	assert_int_equal(p->n, 1);
	assert_int_equal(p->generation, 1);
	assert_memory_equal(&p->paths[0], &path, sizeof(path));
	net_free(net);
}

/* Keys of the new pair with a key exchange of its own. covers: K48 */
static void forward_secrecy(void **state)
{
	struct net *net = net_new(2);
	struct ike_conn c = net_conn(0), s = net_conn(1);
	char err[IKE_MAX_TEXT];
	struct wire_msg msg;
	uint8_t *plain;

	(void)state;
	assert_int_equal(ike_suite_parse("aes256gcm16-ecp256", true, &c.esp[0],
					 err, sizeof(err)), 0);
	assert_int_equal(ike_suite_parse("aes256gcm16-x25519", true, &c.esp[1],
					 err, sizeof(err)), 0);
	s.esp[0] = c.esp[1];
	s.nesp = 1;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, NET_SECOND);
	assert_true(net_agree(net, 1));
	assert_true(net_open(net, net_nth(net, 0, IKE_EX_AUTH, false, 0), &msg,
			     &plain));
	assert_null(wire_msg_only(&msg, IKE_PL_KE));
	free(plain);
	net_expire(net, 0, net_sa(net, 0)->children->spi_in, MOBX_DIR_IN,
		   MOBX_EXPIRE_SOFT);
	net_run_without_gap(net, NET_SECOND);
	/* ecp256 first, the other group on request. */
	assert_int_equal(net_count(net, 0, IKE_EX_CREATE_CHILD_SA, false), 2);
	assert_true(net_open(net, net_nth(net, 1, IKE_EX_CREATE_CHILD_SA, true,
					  1), &msg, &plain));
	assert_non_null(wire_msg_only(&msg, IKE_PL_KE));
	free(plain);
	assert_int_equal(net_sa(net, 0)->children->suite.ke, IKE_KE_X25519);
	net_run_without_gap(net, 5 * NET_SECOND);
	assert_true(net_agree(net, 1));
	net_free(net);
}

/*
 * Both rekey the same Child SA at once: one of the two new ones remains, the
 * same at both ends.
 * covers: C1 C2 C4
 */
static void both_rekey(void **state)
{
	unsigned int seed, host;
	struct net *net;

	(void)state;
	for (seed = 1; seed <= 120; seed++) {
		net = net_new(seed);
		net->jitter_us = seed % 3 ? 6 * NET_MS : 0;
		net_up(net);
		/* Busy kernels: what comes meanwhile is no exception. */
		if (seed > 60) {
			net->jitter_us = 30 * NET_MS;
			net->kernel_us = 5 * NET_MS + net_random(net, 20000);
		}
		for (host = 0; host < 2; host++) {
			net_expire(net, (int)host,
				   net_sa(net, (int)host)->children->spi_in,
				   MOBX_DIR_IN, MOBX_EXPIRE_SOFT);
			net_run(net, net_random(net, 5000));
		}
		net_run_without_gap(net, 20 * NET_SECOND);
		if (!net_agree(net, 1) || net->host[0].n_sas != 2 ||
		    net->host[1].n_sas != 2)
			net_fail(net, seed);
		assert_null(net_sa(net, 0)->children->next);
		assert_null(net_sa(net, 1)->children->next);
		net_free(net);
	}
}

/* The same over a network that loses and reorders. covers: C2 K2 */
static void rekey_bad_network(void **state)
{
	unsigned int seed, i;
	struct net *net;
	int host;

	(void)state;
	for (seed = 1; seed <= 100; seed++) {
		net = net_new(seed);
		net_up(net);
		net->lose_percent = 20;
		net->repeat_percent = 20;
		net->jitter_us = 300 * NET_MS;
		for (i = 0; i < 4; i++) {
			host = (int)net_random(net, 2);
			if (net_sa(net, host) && net_sa(net, host)->children)
				net_expire(net, host,
					   net_sa(net, host)->children->spi_in,
					   MOBX_DIR_IN, MOBX_EXPIRE_SOFT);
			net_run(net, net_random(net, 4000000));
		}
		net_calm(net, 120 * NET_SECOND, seed);
		if (net->host[0].n_sas != 2 || net->host[1].n_sas != 2)
			net_fail(net, seed);
		net_free(net);
	}
}

/* A hard limit: useless, so it goes, and another comes. covers: K46 */
static void hard_limit(void **state)
{
	struct net *net = net_new(3);
	uint32_t old;

	(void)state;
	net_up(net);
	old = net_sa(net, 0)->children->spi_in;
	net_expire(net, 0, old, MOBX_DIR_IN, MOBX_EXPIRE_HARD);
	net_run(net, 5 * NET_SECOND);
	assert_true(net_agree(net, 1));
	assert_true(net_sa(net, 0)->children->spi_in != old);
	assert_null(net_sa(net, 0)->children->next);
	/* What nobody knows changes nothing. */
	net_expire(net, 0, 12345, MOBX_DIR_IN, MOBX_EXPIRE_HARD);
	net_expire(net, 0, 12345, MOBX_DIR_OUT, MOBX_EXPIRE_SOFT);
	net_run(net, NET_SECOND);
	assert_true(net_agree(net, 1));
	net_free(net);
}

/* ------------------------------------------------- requests made by hand */

static void put_child(struct net *net, struct wire_enc *enc, uint32_t rekeys,
		      uint32_t spi, uint16_t encr)
{
	struct ike_conn c = net_conn(0);
	struct wire_sa *sa = calloc(1, sizeof(*sa));
	struct wire_ts_list l, r;
	uint8_t nonce[32] = { 1, 2, 3 };

	(void)net;
	assert_non_null(sa);
	c.esp[0].encr = encr;
	wire_enc_start(enc, NULL);
	if (rekeys)
		wire_notify_encode_esp(enc, IKE_N_REKEY_SA, rekeys, NULL, 0);
	ike_propose(sa, c.esp, 1, IKE_PROTO_ESP, spi,
		    IKE_GROUPS_NONE);
	wire_sa_encode(enc, sa);
	wire_nonce_encode(enc, nonce, sizeof(nonce));
	c.local[0] = net_addr("10.0.0.1");
	ike_ts_propose(&c, 0, &c.local[0], &c.remote[0].addr, &l, &r);
	wire_ts_encode(enc, IKE_PL_TSI, &l);
	wire_ts_encode(enc, IKE_PL_TSR, &r);
	wire_notify_encode(enc, IKE_N_USE_TRANSPORT_MODE, NULL, 0);
	free(sa);
}

/* The error in the last answer of the responder; 0 if it has none. */
static uint16_t last_error(struct net *net, uint8_t exchange)
{
	unsigned int n = net_count(net, 1, exchange, true);
	struct wire_notify e;
	struct wire_msg msg;
	uint8_t *plain;
	bool error;

	assert_true(n > 0);
	assert_true(net_open(net, net_nth(net, 1, exchange, true, n - 1), &msg,
			     &plain));
	error = wire_notify_error(&msg, &e);
	free(plain);
	return error ? e.type : 0;
}

/* covers: C3 K37 K43 K50 */
static void refused(void **state)
{
	struct net *net = net_new(4);
	struct wire_enc enc;
	uint32_t mid = 2, old;

	(void)state;
	net_up(net);
	old = net_sa(net, 0)->children->spi_in;
	/* An SA that it does not have. */
	put_child(net, &enc, old + 1, 5000, IKE_ENCR_AES_GCM_16);
	net_forge(net, 0, IKE_EX_CREATE_CHILD_SA, false, mid++, &enc);
	assert_int_equal(last_error(net, IKE_EX_CREATE_CHILD_SA),
			 IKE_N_CHILD_SA_NOT_FOUND);
	/* Algorithms that it does not want. */
	put_child(net, &enc, old, 5000, IKE_ENCR_AES_GCM_8);
	net_forge(net, 0, IKE_EX_CREATE_CHILD_SA, false, mid++, &enc);
	assert_int_equal(last_error(net, IKE_EX_CREATE_CHILD_SA),
			 IKE_N_NO_PROPOSAL_CHOSEN);
	/* A reserved SPI. */
	put_child(net, &enc, old, 255, IKE_ENCR_AES_GCM_16);
	net_forge(net, 0, IKE_EX_CREATE_CHILD_SA, false, mid++, &enc);
	assert_int_equal(last_error(net, IKE_EX_CREATE_CHILD_SA),
			 IKE_N_NO_PROPOSAL_CHOSEN);
	/* Tunnel mode. */
	put_child(net, &enc, old, 5000, IKE_ENCR_AES_GCM_16);
	enc.wr.data[enc.wr.len - 1] ^= 1;
	net_forge(net, 0, IKE_EX_CREATE_CHILD_SA, false, mid++, &enc);
	assert_int_equal(last_error(net, IKE_EX_CREATE_CHILD_SA),
			 IKE_N_NO_PROPOSAL_CHOSEN);
	assert_int_equal(net_sa(net, 1)->state, IKE_SA_ESTABLISHED);
	assert_int_equal(net->host[1].n_sas, 2);
	/* The kernel's refusal. */
	net->host[1].refuse_sa = 1;
	put_child(net, &enc, old, 5000, IKE_ENCR_AES_GCM_16);
	net_forge(net, 0, IKE_EX_CREATE_CHILD_SA, false, mid++, &enc);
	net_run(net, NET_MS);
	assert_int_equal(last_error(net, IKE_EX_CREATE_CHILD_SA),
			 IKE_N_TEMPORARY_FAILURE);
	net_run(net, 5 * NET_SECOND);
	assert_int_equal(net->host[1].n_sas, 2);
	assert_null(net_sa(net, 1)->children->next);
	net_free(net);
}

/* More Child SAs, but not any number. covers: K50 */
static void additional(void **state)
{
	struct net *net = net_new(5);
	struct wire_enc enc;
	uint32_t mid;

	(void)state;
	net_up(net);
	for (mid = 2; mid < 2 + IKE_MAX_CHILDREN; mid++) {
		put_child(net, &enc, 0, 6000 + mid, IKE_ENCR_AES_GCM_16);
		net_forge(net, 0, IKE_EX_CREATE_CHILD_SA, false, mid, &enc);
		net_run(net, NET_MS);
		assert_int_equal(last_error(net, IKE_EX_CREATE_CHILD_SA),
				 mid < 1 + IKE_MAX_CHILDREN ? 0 :
				 IKE_N_NO_ADDITIONAL_SAS);
	}
	/* Each might be there to replace another: that is given a moment. */
	net_run(net, 2 * NET_SECOND);
	assert_int_equal(net->host[1].n_sas, 2 * IKE_MAX_CHILDREN);
	net_free(net);
}

static void put_delete(struct wire_enc *enc, const uint32_t *spis, uint16_t n)
{
	wire_enc_start(enc, NULL);
	wire_delete_encode_esp(enc, spis, n);
}

/* covers: C6 K49 */
static void delete_child(void **state)
{
	struct net *net = net_new(6);
	uint32_t spis[3], own;
	struct wire_delete del;
	struct wire_enc enc;
	struct wire_msg msg;
	uint8_t *plain;

	(void)state;
	net_up(net);
	spis[0] = 4444;
	spis[1] = net_sa(net, 0)->children->spi_in;
	spis[2] = 5555;
	own = net_sa(net, 1)->children->spi_in;
	/* Unknown ones: an answer without Delete. */
	put_delete(&enc, spis, 1);
	net_forge(net, 0, IKE_EX_INFORMATIONAL, false, 2, &enc);
	assert_true(net_open(net, net_nth(net, 1, IKE_EX_INFORMATIONAL, true,
					  0), &msg, &plain));
	assert_int_equal(msg.n, 0);
	free(plain);
	put_delete(&enc, spis, 3);
	net_forge(net, 0, IKE_EX_INFORMATIONAL, false, 3, &enc);
	assert_true(net_open(net, net_nth(net, 1, IKE_EX_INFORMATIONAL, true,
					  1), &msg, &plain));
	assert_int_equal(msg.n, 1);
	assert_int_equal(wire_delete_decode(&msg.payload[0], &del), WIRE_OK);
	assert_int_equal(del.n, 1);
	assert_true(wire_delete_spi(&del, 0) == own);
	free(plain);
	assert_null(net_sa(net, 1)->children);
	assert_int_equal(net_sa(net, 1)->state, IKE_SA_ESTABLISHED);
	net_run(net, 4 * NET_SECOND);
	assert_int_equal(net->host[1].n_sas, 0);
	assert_int_equal(net->host[1].n_peers, 1);
	net_free(net);
}

/* -------------------------------------------------------------- IKE rekey */

struct rekeyed {
	struct crypto_ike_keys keys;
	uint64_t spi_i;
	uint64_t spi_r;
};

static void put_ike(struct wire_enc *enc, struct crypto_ke *ke, uint64_t spi,
		    const uint8_t *nonce)
{
	struct ike_conn c = net_conn(0);
	struct wire_sa *sa = calloc(1, sizeof(*sa));
	uint8_t random[CRYPTO_KE_RANDOM] = { 7, 7, 7 };

	assert_non_null(sa);
	assert_int_equal(crypto_ke_generate(ke, IKE_KE_ECP256, random), 0);
	ike_propose(sa, c.ike, 1, IKE_PROTO_IKE, 0, IKE_GROUPS_KE);
	sa->p[0].spi_len = 8;
	wire_put_u64(sa->p[0].spi, spi);
	wire_enc_start(enc, NULL);
	wire_sa_encode(enc, sa);
	wire_nonce_encode(enc, nonce, 32);
	wire_ke_encode(enc, ke->group, ke->pub, ke->pub_len);
	free(sa);
}

/* What the initiator of the rekey makes of the answer. */
static void read_rekey(struct net *net, struct crypto_ke *ke, uint64_t spi,
		       const uint8_t *nonce, struct rekeyed *to)
{
	static const struct wire_span none;
	struct ike_sa *old = net_sa(net, 0);
	uint8_t secret[CRYPTO_KE_SHARED_MAX];
	struct wire_span ni = { .p = nonce, .len = 32 }, nr;
	struct wire_span shared = { .p = secret };
	struct wire_sa *sa = calloc(1, sizeof(*sa));
	struct wire_msg msg;
	struct wire_rd rd;
	struct wire_ke theirs;
	uint8_t *plain;
	enum wire_err err;
	const struct net_packet *p;

	assert_non_null(sa);
	p = net_nth(net, 1, IKE_EX_CREATE_CHILD_SA, true, 0);
	assert_non_null(p);
	assert_int_equal(wire_msg_parse(p->data, p->len, &msg), WIRE_OK);
	plain = malloc(msg.sk_len);
	assert_non_null(plain);
	assert_int_equal(crypto_sk_open(&old->p->keys, false, &msg, plain,
					msg.sk_len, &err), 0);
	assert_int_equal(wire_sa_decode(wire_msg_only(&msg, IKE_PL_SA), sa),
			 WIRE_OK);
	assert_int_equal(sa->n, 1);
	assert_int_equal(sa->p[0].spi_len, 8);
	wire_rd_init(&rd, sa->p[0].spi, 8);
	to->spi_i = spi;
	to->spi_r = wire_rd_u64(&rd);
	assert_int_equal(wire_nonce_decode(wire_msg_only(&msg, IKE_PL_NONCE),
					   &nr), WIRE_OK);
	assert_int_equal(wire_ke_decode(wire_msg_only(&msg, IKE_PL_KE),
					&theirs), WIRE_OK);
	assert_int_equal(crypto_ke_shared(ke, theirs.data.p, theirs.data.len,
					  secret, &shared.len), 0);
	assert_int_equal(crypto_ike_rekey(&old->p->keys, &old->suite, ni, nr,
					  shared, none, to->spi_i, to->spi_r,
					  &to->keys), 0);
	free(plain);
	free(sa);
}

static void send_on(struct net *net, struct rekeyed *to, uint32_t mid,
		    struct wire_enc *enc)
{
	struct wire_hdr hdr = {
		.spi_i = to->spi_i, .spi_r = to->spi_r,
		.exchange = IKE_EX_INFORMATIONAL, .flags = IKE_FLAG_INITIATOR,
		.msg_id = mid,
	};
	struct ike_sa *old = net_sa(net, 0);
	struct wire_wr wr = { 0 };
	uint8_t iv[16] = { 3 };

	assert_true(wire_enc_finish(enc));
	assert_int_equal(crypto_sk_seal(&to->keys, true, &hdr, enc->first,
					enc->wr.data, enc->wr.len, iv, &wr),
			 0);
	net_inject(net, 1, &old->local, &old->remote, wr.data, wr.len);
	wire_wr_free(&wr);
	wire_enc_free(enc);
}

/* Is the last thing that host 1 said, under the keys of @sa, this notify? */
static bool answered_on(struct net *net, const struct ike_sa *sa, uint16_t type)
{
	const struct net_packet *p = &net->sent[net->n_sent - 1];
	struct wire_notify n;
	struct wire_msg msg;
	uint8_t plain[256];
	enum wire_err err;

	return wire_msg_parse(p->data, p->len, &msg) == WIRE_OK &&
	       !crypto_sk_open(&sa->p->keys, false, &msg, plain, sizeof(plain),
			       &err) &&
	       wire_notify_find(&msg, type, &n);
}

/*
 * The peer replaces the IKE SA: kernel peer and Child SAs are inherited, the
 * new one counts from zero, the old one waits for its Delete.
 * covers: K7
 */
static void rekey_ike(void **state)
{
	static const uint8_t nonce[32] = { 9, 8, 7 };
	struct net *net = net_new(7);
	struct rekeyed to;
	struct ike_sa *sa;
	struct crypto_ke ke;
	struct wire_enc enc;
	uint32_t peer, spi;

	(void)state;
	net_up(net);
	peer = net_sa(net, 1)->peer;
	spi = net_sa(net, 1)->children->spi_in;
	put_ike(&enc, &ke, 0x1234, nonce);
	net_forge(net, 0, IKE_EX_CREATE_CHILD_SA, false, 2, &enc);
	read_rekey(net, &ke, 0x1234, nonce, &to);
	assert_int_equal(net_sa_count(net, 1), 2);
	sa = net_sa(net, 1);
	assert_true(sa->spi_i == 0x1234 && sa->spi_r == to.spi_r);
	assert_int_equal(sa->peer, peer);
	assert_int_equal(sa->children->spi_in, spi);
	assert_false(sa->first_initiator);
	/* Child SAs are not made on the old one any more. */
	put_child(net, &enc, 0, 7000, IKE_ENCR_AES_GCM_16);
	net_forge(net, 0, IKE_EX_CREATE_CHILD_SA, false, 3, &enc);
	assert_int_equal(net->host[1].n_sas, 2);
	assert_true(answered_on(net, net_sa(net, 0), IKE_N_TEMPORARY_FAILURE));
	/* Whatever else still comes by it is answered there. */
	wire_enc_start(&enc, NULL);
	wire_notify_encode(&enc, IKE_N_COOKIE2, "12345678", 8);
	net_forge(net, 0, IKE_EX_INFORMATIONAL, false, 4, &enc);
	assert_true(answered_on(net, net_sa(net, 0), IKE_N_COOKIE2));
	/* It is deleted; the new one answers from Message ID 0 on. */
	wire_enc_start(&enc, NULL);
	wire_delete_encode_ike(&enc);
	net_forge(net, 0, IKE_EX_INFORMATIONAL, false, 5, &enc);
	assert_int_equal(net_sa_count(net, 1), 1);
	assert_int_equal(net->host[1].n_peers, 1);
	assert_int_equal(net->host[1].n_sas, 2);
	assert_false(net_logged(net, 1, "ike-down"));
	net_forget(net);
	wire_enc_start(&enc, NULL);
	send_on(net, &to, 0, &enc);
	assert_int_equal(net_count(net, 1, IKE_EX_INFORMATIONAL, true), 1);
	assert_true(net->sent[0].hdr.spi_r == to.spi_r);
	/* And it can end everything. */
	wire_enc_start(&enc, NULL);
	wire_delete_encode_ike(&enc);
	send_on(net, &to, 1, &enc);
	assert_int_equal(net_sa_count(net, 1), 0);
	assert_int_equal(net->host[1].n_peers, 0);
	crypto_wipe(&to, sizeof(to));
	net_free(net);
}

/* Not while a Child SA is being rekeyed. covers: C7 */
static void rekey_ike_busy(void **state)
{
	static const uint8_t nonce[32] = { 9, 8, 7 };
	struct net *net = net_new(8);
	struct crypto_ke ke;
	struct wire_enc enc;

	(void)state;
	net_up(net);
	net_expire(net, 1, net_sa(net, 1)->children->spi_in, MOBX_DIR_IN,
		   MOBX_EXPIRE_SOFT);
	put_ike(&enc, &ke, 0x1234, nonce);
	net_forge(net, 0, IKE_EX_CREATE_CHILD_SA, false, 2, &enc);
	assert_int_equal(last_error(net, IKE_EX_CREATE_CHILD_SA),
			 IKE_N_TEMPORARY_FAILURE);
	assert_int_equal(net_sa_count(net, 1), 1);
	net_free(net);
}

/* Another group than the one proposed first. covers: K48 */
static void rekey_ike_group(void **state)
{
	static const uint8_t nonce[32] = { 9, 8, 7 };
	struct net *net = net_new(9);
	struct crypto_ke ke;
	struct wire_enc enc;

	(void)state;
	net_up(net);
	put_ike(&enc, &ke, 0x1234, nonce);
	/* The KE payload is the last: group, reserved, value. */
	enc.wr.data[enc.wr.len - ke.pub_len - 3] = IKE_KE_X25519;
	net_forge(net, 0, IKE_EX_CREATE_CHILD_SA, false, 2, &enc);
	assert_int_equal(last_error(net, IKE_EX_CREATE_CHILD_SA),
			 IKE_N_INVALID_KE_PAYLOAD);
	/* An SPI of zero names nothing. */
	put_ike(&enc, &ke, 0, nonce);
	net_forge(net, 0, IKE_EX_CREATE_CHILD_SA, false, 3, &enc);
	assert_int_equal(last_error(net, IKE_EX_CREATE_CHILD_SA),
			 IKE_N_NO_PROPOSAL_CHOSEN);
	assert_int_equal(net_sa_count(net, 1), 1);
	net_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rekey),
		cmocka_unit_test(addresses_of_the_ike_sa),
		cmocka_unit_test(forward_secrecy),
		cmocka_unit_test(both_rekey),
		cmocka_unit_test(rekey_bad_network),
		cmocka_unit_test(hard_limit),
		cmocka_unit_test(refused),
		cmocka_unit_test(additional),
		cmocka_unit_test(delete_child),
		cmocka_unit_test(rekey_ike),
		cmocka_unit_test(rekey_ike_busy),
		cmocka_unit_test(rekey_ike_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
