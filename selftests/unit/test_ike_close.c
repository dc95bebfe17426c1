// SPDX-License-Identifier: GPL-2.0
/* Commands, of which most end something: an IKE SA, a connection, the agent. */
#include <errno.h>

#include "ike_net.h"

static void closing(struct net *net, int host, const char *name)
{
	net_up(net);
	net_cmd(net, host, IKE_EV_CONN_DOWN, name);
	assert_int_equal(net->host[host].last_reply, 77);
	assert_int_equal(net->host[host].last_err, 0);
	net_run(net, 100 * NET_MS);
	assert_int_equal(net->host[0].n_peers + net->host[1].n_peers, 0);
	assert_int_equal(net->host[0].n_sas + net->host[1].n_sas, 0);
	assert_int_equal(net_sa_count(net, 0) + net_sa_count(net, 1), 0);
	assert_true(net_logged(net, !host, "reason=the peer closed it"));
}

/* covers: K49 */
static void delete_ike(void **state)
{
	struct net *net = net_new(8);

	(void)state;
	closing(net, 0, "server");
	/* Asked to go down: it stays down. */
	net_run(net, 100 * NET_SECOND);
	assert_int_equal(net_sa_count(net, 0), 0);
	net_cmd(net, 0, IKE_EV_CONN_UP, "server");
	net_run(net, NET_SECOND);
	assert_int_equal(net->host[0].last_reply, 77);
	assert_int_equal(net->host[0].last_err, 0);
	assert_true(net_agree(net, 1));
	net_free(net);

	/* The other end closed it: the initiator comes back. */
	net = net_new(9);
	closing(net, 1, "mobile");
	net_run(net, 2 * NET_SECOND);
	assert_true(net_agree(net, 1));
	net_free(net);
}

/* covers: C11 */
static void both_close(void **state)
{
	struct net *net = net_new(10);

	(void)state;
	net_up(net);
	net_cmd(net, 0, IKE_EV_CONN_DOWN, "server");
	net_cmd(net, 1, IKE_EV_CONN_DOWN, "mobile");
	net_run(net, 100 * NET_MS);
	assert_int_equal(net_sa_count(net, 0) + net_sa_count(net, 1), 0);
	assert_int_equal(net->host[0].n_peers + net->host[1].n_peers, 0);
	net_free(net);
}

static void stop(void **state)
{
	static const struct ike_event ev = { .type = IKE_EV_SHUTDOWN };
	struct net *net = net_new(11);

	(void)state;
	net_up(net);
	net_event(net, 0, &ev);
	assert_false(ike_engine_idle(net->host[0].eng));
	net_run(net, 100 * NET_MS);
	assert_true(ike_engine_idle(net->host[0].eng));
	assert_int_equal(net->host[1].n_peers, 0);
	net_run(net, 100 * NET_SECOND);
	assert_true(ike_engine_idle(net->host[0].eng));
	net_free(net);
}

static void commands(void **state)
{
	struct net *net = net_new(12);
	struct ike_event path = {
		.type = IKE_EV_PATH_CMD,
		.u.path_cmd = { .name = "server", .verb = IKE_PATH_ADD,
				.reply = 5 },
	};

	(void)state;
	net_conns(net);
	net_event(net, 0, &path);
	assert_int_equal(net->host[0].last_err, -ENOTCONN);
	net_run(net, NET_SECOND);
	net_event(net, 0, &path);
	assert_int_equal(net->host[0].last_err, -EOPNOTSUPP);
	path.u.path_cmd.name = "nobody";
	net_event(net, 0, &path);
	assert_int_equal(net->host[0].last_err, -ENOENT);
	net_cmd(net, 0, IKE_EV_CONN_UP, "nobody");
	assert_int_equal(net->host[0].last_err, -ENOENT);
	assert_non_null(strstr(net->host[0].last_text, "\"nobody\""));
	net_cmd(net, 1, IKE_EV_CONN_UP, "mobile");
	assert_int_equal(net->host[1].last_err, 0);
	net_cmd(net, 0, IKE_EV_CONN_DEL, "server");
	net_run(net, NET_SECOND);
	assert_int_equal(net->host[0].last_err, 0);
	assert_int_equal(net_sa_count(net, 0), 0);
	assert_null(net->host[0].eng->conns);
	net_cmd(net, 1, IKE_EV_CONN_UP, "mobile");
	assert_int_equal(net->host[1].last_err, -EOPNOTSUPP);
	net_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delete_ike),
		cmocka_unit_test(both_close),
		cmocka_unit_test(stop),
		cmocka_unit_test(commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
