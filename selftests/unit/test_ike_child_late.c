// SPDX-License-Identifier: GPL-2.0
/* Child SAs that change or go while a kernel is still busy with them. */
#include "ike_net.h"

static struct ike_child *newest(struct net *net, int host)
{
	struct ike_child *c = net_sa(net, host)->children;

	while (c->next)
		c = c->next;
	return c;
}

static void rekey(struct net *net, int host)
{
	net_expire(net, host, net_sa(net, host)->children->spi_in, MOBX_DIR_IN,
		   MOBX_EXPIRE_SOFT);
}

/* Until a host has so many Child SAs. */
static void run_until(struct net *net, int host, unsigned int children)
{
	unsigned int i;

	for (i = 0; i < 1000 && ike_child_count(net_sa(net, host)) < children;
	     i++)
		net_run(net, NET_MS);
	assert_int_equal(ike_child_count(net_sa(net, host)), children);
}

/*
 * The peer deletes our new Child SA while our kernel makes one of its two SAs:
 * the old one stays, and is rekeyed again later.
 */
static void deleted_while_installed(void **state)
{
	struct ike_child *old, *c;
	struct net *net;
	uint32_t spi;
	int out;

	(void)state;
	for (out = 0; out < 2; out++) {
		net = net_new(1);
		net_up(net);
		net->kernel_us = 50 * NET_MS;
		spi = net_sa(net, 0)->children->spi_in;
		rekey(net, 0);
		run_until(net, 0, 2);
		net_run(net, out ? 60 * NET_MS : 0);
		assert_int_equal(newest(net, 0)->state, IKE_CHILD_INSTALLING);
		net_expire(net, 1, newest(net, 1)->spi_in, MOBX_DIR_IN,
			   MOBX_EXPIRE_HARD);
		net_run(net, 300 * NET_MS);
		old = net_sa(net, 0)->children;
		assert_true(old->spi_in == spi && !old->next);
		assert_int_equal(old->state, IKE_CHILD_UP);
		assert_null(net_sa(net, 0)->p->create);
		assert_int_equal(net_count(net, 0, IKE_EX_CREATE_CHILD_SA,
					   false), 1);
		net_run(net, 20 * NET_SECOND);
		c = net_sa(net, 0)->children;
		assert_true(c->spi_in != spi && !c->next);
		assert_true(net_agree(net, 1));
		assert_int_equal(net->host[0].n_sas, 2);
		assert_int_equal(net->host[1].n_sas, 2);
		net_free(net);
	}
}

/*
 * The peer, whose window has room, deletes what it has asked for while our
 * kernel makes it: it gets an answer to both.
 */
static void deleted_unanswered(void **state)
{
	struct net *net = net_new(2);
	struct wire_enc enc;
	struct ike_sa *sa;
	uint32_t spi;

	(void)state;
	net_up(net);
	net->kernel_us = 50 * NET_MS;
	net_sa(net, 1)->p->own_window = 2;
	sa = net_sa(net, 0);
	rekey(net, 0);
	spi = sa->p->create->offer.spi_in;
	run_until(net, 1, 2);
	wire_enc_start(&enc, NULL);
	wire_delete_encode_esp(&enc, &spi, 1);
	net_forge(net, 0, IKE_EX_INFORMATIONAL, false, sa->p->out_mid++, &enc);
	assert_null(net_sa(net, 1)->children->next);
	assert_int_equal(net_count(net, 1, IKE_EX_CREATE_CHILD_SA, true), 1);
	net_run(net, 300 * NET_MS);
	assert_null(sa->p->create);
	assert_int_equal(sa->children->state, IKE_CHILD_UP);
	net_run(net, 20 * NET_SECOND);
	assert_true(net_agree(net, 1));
	assert_int_equal(net_count(net, 0, IKE_EX_CREATE_CHILD_SA, false), 2);
	net_free(net);
}

/*
 * A Delete of the first Child SA waits for IKE_AUTH to be through, which it is
 * with that Child SA.
 */
static void deleted_with_ike_auth(void **state)
{
	struct net *net = net_new(3);
	unsigned int i;
	uint32_t spi;

	(void)state;
	net->kernel_us = 50 * NET_MS;
	net_conns(net);
	for (i = 0; i < 1000 && net->host[1].n_sas < 2; i++)
		net_run(net, NET_MS);
	net->kernel_us = 20;
	net_run(net, 10 * NET_MS);
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	assert_int_equal(net_sa(net, 1)->state, IKE_SA_AUTH);
	spi = net_sa(net, 0)->children->spi_in;
	net_expire(net, 0, spi, MOBX_DIR_IN, MOBX_EXPIRE_HARD);
	net_run(net, 10 * NET_MS);
	assert_int_equal(net_sa(net, 1)->p->n_early, 1);
	net_run(net, NET_SECOND);
	assert_int_equal(net_sa(net, 1)->state, IKE_SA_ESTABLISHED);
	net_run(net, 4 * NET_SECOND);
	assert_true(net_agree(net, 1));
	assert_true(net_sa(net, 0)->children->spi_in != spi);
	net_free(net);
}

static enum net_verdict no_request(struct net *net, struct net_packet *p,
				   void *ctx)
{
	(void)net;
	(void)ctx;
	return p->hdr.exchange == IKE_EX_CREATE_CHILD_SA && p->from == 1 &&
	       !(p->hdr.flags & IKE_FLAG_RESPONSE) ? NET_DROP : NET_PASS;
}

/*
 * Both rekey the same Child SA, and the request of one comes when the other has
 * its answer and its kernel is at work: whatever the nonces are, one remains.
 */
static void rekeyed_while_installed(void **state)
{
	struct net *net;
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= 10; seed++) {
		net = net_new(seed);
		net_up(net);
		net->filter = no_request;
		rekey(net, 1);
		rekey(net, 0);
		while (!net_count(net, 1, IKE_EX_CREATE_CHILD_SA, true))
			net_run(net, NET_MS);
		net->kernel_us = 2 * NET_SECOND;
		net->filter = NULL;
		net_run(net, 2 * NET_SECOND);
		assert_int_equal(net_sa(net, 0)->children->next->state,
				 IKE_CHILD_INSTALLING);
		assert_true(net_count(net, 1, IKE_EX_CREATE_CHILD_SA, false) >
			    1);
		net->kernel_us = 20;
		net_run(net, 20 * NET_SECOND);
		if (!net_agree(net, 1) || net->host[0].n_sas != 2 ||
		    net->host[1].n_sas != 2)
			net_fail(net, seed);
		assert_int_equal(net_sa(net, 0)->children->state,
				 IKE_CHILD_UP);
		assert_int_equal(net_sa(net, 1)->children->state,
				 IKE_CHILD_UP);
		net_free(net);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deleted_while_installed),
		cmocka_unit_test(deleted_unanswered),
		cmocka_unit_test(deleted_with_ike_auth),
		cmocka_unit_test(rekeyed_while_installed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
