// SPDX-License-Identifier: GPL-2.0
/* Quick crash detection (RFC 6290), and what attackers make of it. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/secret.h"
#include "ike_net.h"

static struct net *with_secret(uint64_t seed)
{
	struct net *net = net_new(seed);

	net_secret(net, 0, 0xaa);
	net_secret(net, 1, 0xbb);
	return net;
}

static unsigned int tokens_in_clear(struct net *net, int host)
{
	struct wire_notify n;
	struct wire_msg msg;
	unsigned int found = 0;

	for (size_t i = 0; i < net->n_sent; i++)
		if (net->sent[i].from == host &&
		    !wire_msg_parse(net->sent[i].data, net->sent[i].len,
				    &msg) && !msg.has_sk &&
		    wire_notify_find(&msg, IKE_N_QUICK_CRASH_DETECTION, &n))
			found++;
	return found;
}

/* The agent of host 1 has died and begins anew; its kernel lives on. */
static void crash(struct net *net, uint8_t secret)
{
	struct ike_conn s = net_conn(1);
	struct ike_event ev = { .type = IKE_EV_LEFTOVER };

	net_restart(net, 1);
	net_secret(net, 1, secret);
	for (unsigned int i = 0; i < net->host[1].n_peers; i++) {
		ev.u.leftover.peer = net->host[1].peers[i].id;
		ev.u.leftover.label = net->host[1].peers[i].label;
		net_event(net, 1, &ev);
	}
	net_conn_add(net, 1, &s);
}

/* Until host 0 has asked so often whether its peer is alive */
static void until_asked(struct net *net, unsigned int times)
{
	while (net_count(net, 0, IKE_EX_INFORMATIONAL, false) < times)
		net_run(net, 100 * NET_MS);
}

/* Up, and host 1 has crashed; @spi gets the name of what is lost. */
static struct net *up_and_crashed(uint64_t seed, uint8_t secret, uint64_t *spi)
{
	struct net *net = with_secret(seed);

	net_up_asking(net);
	*spi = net_sa(net, 0)->spi_i;
	crash(net, secret);
	return net;
}

static bool anew(struct net *net, uint64_t spi)
{
	struct ike_sa *sa = net_sa(net, 0);

	return sa && sa->state == IKE_SA_ESTABLISHED && sa->spi_i != spi;
}

/* The first question after a crash brings the new IKE SA, not the last. */
static void crashed(void **state)
{
	uint64_t spi;
	struct net *net = up_and_crashed(1, 0xbb, &spi);

	(void)state;
	/* Liveness is asked for after some idle time: then it goes fast. */
	until_asked(net, 1);
	net_run(net, 600 * NET_MS);
	assert_true(anew(net, spi));
	assert_true(net_logged(net, 0, "lost it by a crash"));
	assert_int_equal(net_count(net, 0, IKE_EX_INFORMATIONAL, false), 1);
	net_run(net, 10 * NET_SECOND);
	assert_true(net_agree(net, 1));
	net_free(net);
}

/* Host 0 begins anew, with SAs of its earlier run in the kernel. */
static void initiator_again(struct net *net)
{
	struct ike_conn c = net_conn(0);
	struct ike_event ev = { .type = IKE_EV_LEFTOVER };

	ev.u.leftover.peer = net->host[0].peers[0].id;
	ev.u.leftover.label = net->host[0].peers[0].label;
	net_event(net, 0, &ev);
	c.initial_contact = false;
	net_conn_add(net, 0, &c);
}

/* Who waits for its peer to begin keeps what carries traffic until it does. */
static void initiator_crashed(void **state)
{
	struct net *net = with_secret(7);

	(void)state;
	net_up(net);
	net_restart(net, 0);
	net_secret(net, 0, 0xaa);
	initiator_again(net);
	net_run_without_gap(net, 100 * NET_MS);
	assert_int_equal(net->host[1].n_peers, 2);
	net_run_without_gap(net, 5 * NET_SECOND);
	assert_false(net_logged(net, 1, "lost it by a crash"));
	assert_true(tokens_in_clear(net, 0) > 0);
	net_run(net, 300 * NET_SECOND);
	assert_true(net_agree(net, 1));
	assert_int_equal(net->host[1].n_peers, 1);
	net_free(net);
}

/*
 * It comes back just before host 1 gives up: the new SAs take over as soon as the
 * old ones go, not when the time is over that they were given to be ready in.
 */
static void initiator_late(void **state)
{
	uint64_t end = 0;

	(void)state;
	for (unsigned int round = 0; round < 2; round++) {
		struct net *net = net_new(9);

		net_up(net);
		net_restart(net, 0);
		if (!round) {
			while (net_sa_count(net, 1))
				net_run(net, 10 * NET_MS);
			end = net->now;
		} else {
			net_run(net, end - 300 * NET_MS - net->now);
			assert_int_equal(net->host[1].n_peers, 1);
			initiator_again(net);
			net_run_without_gap(net, 5 * NET_SECOND);
			assert_true(net_logged(net, 1, "does not answer"));
			assert_int_equal(net->host[1].n_peers, 1);
		}
		net_free(net);
	}
}

/* Another secret proves nothing: nor does the notify without the right token. */
static void forged(void **state)
{
	uint64_t spi;
	struct net *net = up_and_crashed(2, 0xbc, &spi);

	(void)state;
	until_asked(net, 2);
	assert_false(anew(net, spi));
	assert_false(net_logged(net, 0, "lost it by a crash"));
	net_free(net);
}

/* Both have replaced the IKE SA, begun by either: the new tokens count. */
static void rekeyed(void **state)
{
	struct net *net;
	uint64_t spi;

	(void)state;
	for (int host = 0; host < 2; host++) {
		net = with_secret(3 + (uint64_t)host);
		net_up_asking(net);
		net_cmd(net, host, IKE_EV_CONN_REKEY,
			host ? "mobile" : "server");
		net_run(net, 5 * NET_SECOND);
		spi = net_sa(net, 0)->spi_i;
		assert_true(net_sa(net, 0)->p->qcd.len >= 16);
		assert_true(net_sa(net, 1)->p->qcd.len >= 16);
		crash(net, 0xbb);
		net_forget(net);
		until_asked(net, 1);
		net_run(net, 600 * NET_MS);
		assert_true(anew(net, spi));
		net_free(net);
	}
}

/*
 * Nobody gets the token of an IKE SA that is there, whatever he changes in the
 * header of a message for it.
 */
static void not_told(void **state)
{
	struct net *net = with_secret(5);
	const struct net_packet *p;
	uint8_t copy[2048];
	struct wire_endpoint ends[2];
	size_t len;

	(void)state;
	net_up_asking(net);
	until_asked(net, 1);
	for (int host = 0; host < 2; host++) {
		p = net_nth(net, host, IKE_EX_INFORMATIONAL, host, 0);
		assert_non_null(p);
		len = p->len;
		assert_true(len < sizeof(copy));
		ends[0] = p->src;
		ends[1] = p->dst;
		for (unsigned int flags = 0; flags < 256; flags++) {
			p = net_nth(net, host, IKE_EX_INFORMATIONAL, host, 0);
			memcpy(copy, p->data, len);
			copy[19] = (uint8_t)flags;
			net_inject(net, 1, &ends[host], &ends[!host], copy,
				   len);
			net_inject(net, 0, &ends[!host], &ends[host], copy,
				   len);
			net_run(net, 200 * NET_MS);
		}
	}
	assert_int_equal(tokens_in_clear(net, 0), 0);
	assert_int_equal(tokens_in_clear(net, 1), 0);
	net_free(net);
}

static enum net_verdict no_answer(struct net *net, struct net_packet *p,
				  void *ctx)
{
	(void)net;
	(void)ctx;
	return p->hdr.exchange == IKE_EX_CREATE_CHILD_SA &&
	       p->hdr.flags & IKE_FLAG_RESPONSE ? NET_DROP : NET_PASS;
}

/*
 * The peer has made the next IKE SA, and uses it before its answer is here: that
 * is not lost, but about to be.
 */
static void not_told_early(void **state)
{
	static const char *const names[] = { "server", "mobile" };

	(void)state;
	for (int host = 0; host < 2; host++) {
		struct net *net = with_secret(8);

		net_up(net);
		net->filter = no_answer;
		net_forget(net);
		net_cmd(net, host, IKE_EV_CONN_REKEY, names[host]);
		net_run(net, 15 * NET_SECOND);
		assert_true(net_sa_count(net, !host) == 2);
		assert_true(net_sa_count(net, host) == 1);
		/* It was asked, and has said that it has no such IKE SA. */
		assert_true(net->host[host].eng->n.drop[IKE_DROP_UNKNOWN_SPI] >
			    0);
		assert_int_equal(tokens_in_clear(net, host), 0);
		net->filter = NULL;
		net_run(net, 30 * NET_SECOND);
		assert_true(net_agree(net, 1));
		net_free(net);
	}
}

/* Without a secret nothing is said, and the other end's is of no use. */
static void without(void **state)
{
	struct net *net = net_new(6);

	(void)state;
	net_secret(net, 0, 0xaa);
	net_up_asking(net);
	assert_int_equal(net_sa(net, 0)->p->qcd.len, 0);
	assert_true(net_sa(net, 1)->p->qcd.len >= 16);
	net_free(net);
}

/* -------------------------------------------------------- kept on the disk */

static void kept(void **state)
{
	char folder[] = "/tmp/mobx-secret-XXXXXX", state_folder[64], path[96];
	uint8_t a[32], b[32] = { 0 };
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(state_folder, sizeof(state_folder), "%s/state", folder);
	snprintf(path, sizeof(path), "%s/qcd-secret", state_folder);
	assert_true(secret_keep(state_folder, a, sizeof(a)));
	assert_true(secret_keep(state_folder, b, sizeof(b)));
	assert_memory_equal(a, b, sizeof(a));
	/* Others can read it: no secret. */
	assert_int_equal(chmod(path, 0644), 0);
	assert_false(secret_keep(state_folder, b, sizeof(b)));
	assert_int_equal(chmod(path, 0600), 0);
	f = fopen(path, "wb");
	assert_non_null(f);
	fputs("short", f);
	fclose(f);
	assert_false(secret_keep(state_folder, b, sizeof(b)));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(state_folder), 0);
	assert_false(secret_keep("/nonexistent/state", b, sizeof(b)));
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crashed),
		cmocka_unit_test(initiator_crashed),
		cmocka_unit_test(initiator_late),
		cmocka_unit_test(forged),
		cmocka_unit_test(rekeyed),
		cmocka_unit_test(not_told),
		cmocka_unit_test(not_told_early),
		cmocka_unit_test(without),
		cmocka_unit_test(kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
