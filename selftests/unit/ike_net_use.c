// SPDX-License-Identifier: GPL-2.0
/* The hosts of ike_net.h in use: connections, what is up, and commands. */
#include "ike_net.h"

#include <stdio.h>

static void suite(struct crypto_suite *s, const char *text, bool esp)
{
	char err[IKE_MAX_TEXT] = "";

	if (ike_suite_parse(text, esp, s, err, sizeof(err)))
		fail_msg("%s", err);
}

struct wire_endpoint net_at(const char *addr, uint16_t port)
{
	struct wire_endpoint e = { .addr = net_addr(addr), .port = port };

	return e;
}

struct ike_conn net_conn(int host)
{
	struct ike_conn c;

	ike_conn_init(&c);
	snprintf(c.name, sizeof(c.name), host ? "mobile" : "server");
	c.role = host ? IKE_RESPOND : IKE_INITIATE;
	c.start = host ? IKE_START_MANUAL : IKE_START_ON_LOAD;
	if (!host) {
		c.nremote = 1;
		c.remote[0].addr = net_addr("10.0.0.2");
		c.remote[0].plen = 32;
	}
	assert_int_equal(ike_id_parse(host ? "server.example" :
				      "mobile.example", &c.local_id), 0);
	assert_int_equal(ike_id_parse(host ? "mobile.example" :
				      "server.example", &c.remote_id), 0);
	suite(&c.ike[0], "aes128gcm16-prfsha256-ecp256", false);
	suite(&c.ike[1], "aes256-sha256-x25519", false);
	c.nike = 2;
	suite(&c.esp[0], "aes128gcm16", true);
	suite(&c.esp[1], "aes128-sha1", true);
	c.nesp = 2;
	c.nprotect = 1;
	c.protect[0] = (struct ike_selector){
			.proto = 17,
			.local_min = 0, .local_max = 65535,
			.remote_min = 7000, .remote_max = 7010,
		};
	if (host)
		c.protect[0] = (struct ike_selector){
			.proto = 17,
			.local_min = 7000, .local_max = 7010,
			.remote_min = 0, .remote_max = 65535,
		};
	return c;
}

void net_conn_add(struct net *net, int host, const struct ike_conn *c)
{
	struct ike_event ev = {
		.type = IKE_EV_CONN_ADD,
		.u.conn = { .conn = c, .reply = 1 },
	};

	net_event(net, host, &ev);
	if (net->host[host].last_err)
		fail_msg("%s", net->host[host].last_text);
	net_tell_addrs(net, host);
}

void net_conns(struct net *net)
{
	struct ike_conn c = net_conn(1);

	net_conn_add(net, 1, &c);
	c = net_conn(0);
	net_conn_add(net, 0, &c);
}

void net_up(struct net *net)
{
	net_conns(net);
	net_run(net, NET_SECOND / 2);
	assert_non_null(net_sa(net, 0));
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	assert_int_equal(net_sa(net, 1)->state, IKE_SA_ESTABLISHED);
	assert_true(net_agree(net, 1));
}

void net_calm(struct net *net, uint64_t us, uint64_t seed)
{
	net->lose_percent = 0;
	net_run(net, us);
	if (!net_agree(net, 1))
		net_fail(net, seed);
}

void net_up_asking(struct net *net)
{
	struct ike_conn c = net_conn(0), s = net_conn(1);

	s.dpd_delay_us = 0;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, NET_SECOND / 2);
	assert_true(net_agree(net, 1));
}

void net_cmd(struct net *net, int host, enum ike_event_type type,
	     const char *name)
{
	struct ike_event ev = {
		.type = type,
		.u.conn = { .name = name, .reply = 77 },
	};

	net->host[host].last_reply = 0;
	net->host[host].last_err = 0;
	net_event(net, host, &ev);
}

void net_expire(struct net *net, int host, uint32_t spi, enum mobx_dir dir,
		enum mobx_expire kind)
{
	struct ike_event ev = {
		.type = IKE_EV_SA_EXPIRE,
		.u.sa_expire = { .spi = spi, .dir = dir, .kind = kind },
	};

	assert_int_equal(net->host[host].n_peers, 1);
	ev.u.sa_expire.peer = net->host[host].peers[0].id;
	net_event(net, host, &ev);
}
