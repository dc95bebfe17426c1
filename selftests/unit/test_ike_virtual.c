// SPDX-License-Identifier: GPL-2.0
/*
 * Virtual addresses (RFC 7296, sections 2.19 and 3.15), asked for and given out.
 * covers: K37
 */
#include <stdio.h>

#include "agent/lease.h"
#include "ike_net.h"
#include "wire/cp.h"

static struct conf pools = { .npool = 1 };
static struct conf_pool *const pool = &pools.pool[0];

static void prefix(const char *addr, uint8_t plen)
{
	pool->prefix[pool->n].addr = net_addr(addr);
	pool->prefix[pool->n++].plen = plen;
}

/* Two hosts of IPv4, as many as one likes of IPv6, and a name server of each. */
static struct net *begin(uint64_t seed)
{
	struct net *net = net_new(seed);

	memset(pool, 0, sizeof(*pool));
	strcpy(pool->name, "guests");
	prefix("192.168.9.0", 30);
	prefix("fd00:9::", 64);
	pool->dns[0] = net_addr("192.168.8.53");
	pool->dns[1] = net_addr("fd00:8::53");
	pool->ndns = 2;
	for (int h = 0; h < NET_HOSTS; h++) {
		net->host[h].leases = leases_new();
		net->host[h].conf = &pools;
	}
	return net;
}

static void end(struct net *net)
{
	for (int h = 0; h < NET_HOSTS; h++)
		leases_free(net->host[h].leases);
	net_free(net);
}

/* A client of 192.168.8.0/24, and the server in front of that. */
static struct ike_conn client(const char *first, const char *second)
{
	struct ike_conn c = net_conn(0);

	c.mode = MOBX_MODE_TUNNEL;
	c.nprotect = 1;
	c.protect[0] = (struct ike_selector){
		.local_max = 65535, .remote_max = 65535,
	};
	c.virtual[c.nvirtual++] = net_addr(first);
	if (second)
		c.virtual[c.nvirtual++] = net_addr(second);
	strcpy(c.device, "mobx0");
	return c;
}

static struct ike_conn server(void)
{
	struct ike_conn c = net_conn(1);

	c.mode = MOBX_MODE_TUNNEL;
	c.remote_id.type = 0;
	c.nprotect = 1;
	c.protect[0] = (struct ike_selector){
		.local_max = 65535, .remote_max = 65535,
	};
	strcpy(c.pool, "guests");
	return c;
}

static struct net *up(uint64_t seed, const char *first, const char *second)
{
	struct net *net = begin(seed);
	struct ike_conn c = client(first, second), s = server();

	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, NET_SECOND / 2);
	return net;
}

static const struct ike_virtual *given(struct net *net, int host)
{
	return &net_sa(net, host)->p->virtual;
}

/* The client's side of every SA of a host is one of these two addresses. */
static void narrowed(const struct net *net, int host, const char *a,
		     const char *b)
{
	const struct net_host *h = &net->host[host];

	assert_true(h->n_sas > 0);
	for (unsigned int i = 0; i < h->n_sas; i++) {
		const struct ike_ac_sa *s = &h->sas[i];

		assert_int_equal(s->nselectors, b ? 2 : 1);
		for (unsigned int j = 0; j < s->nselectors; j++) {
			const struct ike_prefix *p = host ?
				&s->selectors[j].remote :
				&s->selectors[j].local;
			struct wire_addr x = net_addr(p->addr.family ==
				net_addr(a).family ? a : b);

			assert_int_equal(p->plen,
					 8 * wire_addr_len(x.family));
			assert_true(wire_addr_equal(&p->addr, &x));
		}
	}
}

static bool on_device(const struct net *net, const char *addr)
{
	struct wire_addr a = net_addr(addr);

	for (unsigned int i = 0; i < net->host[0].n_device; i++)
		if (wire_addr_equal(&net->host[0].device[i], &a))
			return true;
	return false;
}

/* One of each family, or of one: the Child SA is for that alone. */
static void families(void **state)
{
	struct net *net = up(1, "0.0.0.0", "::");

	(void)state;
	assert_true(net_agree(net, 1));
	narrowed(net, 0, "192.168.9.1", "fd00:9::1");
	narrowed(net, 1, "192.168.9.1", "fd00:9::1");
	assert_int_equal(given(net, 0)->n, 2);
	assert_int_equal(given(net, 0)->ndns, 2);
	assert_int_equal(net->host[0].n_device, 2);
	assert_true(net_logged(net, 0, "virtual_ip4=192.168.9.1"));
	assert_true(net_logged(net, 0, "dns=192.168.8.53"));
	end(net);
	net = up(2, "::", NULL);
	assert_true(net_agree(net, 1));
	narrowed(net, 0, "fd00:9::1", NULL);
	narrowed(net, 1, "fd00:9::1", NULL);
	/* Nobody is told of name servers that he cannot reach. */
	assert_int_equal(given(net, 0)->ndns, 1);
	assert_true(on_device(net, "fd00:9::1"));
	end(net);
}

/* What is asked for is given, if nobody has it and the pool does. */
static void preferred(void **state)
{
	static const struct {
		const char *ask;
		const char *get;
	} v[] = {
		{ "192.168.9.2", "192.168.9.2" },
		{ "192.168.9.3", "192.168.9.1" },
		{ "192.168.9.0", "192.168.9.1" },
		{ "10.1.1.1", "192.168.9.1" },
	};
	struct net *net;

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		net = up(3 + i, v[i].ask, NULL);
		narrowed(net, 1, v[i].get, NULL);
		assert_true(on_device(net, v[i].get));
		end(net);
	}
}

/* Both SAs are replaced, from both ends: the addresses stay what they are. */
static void rekeyed(void **state)
{
	struct net *net;

	(void)state;
	for (int h = 0; h < 2; h++) {
		const char *name = h ? "mobile" : "server";

		net = up(10 + (uint64_t)h, "0.0.0.0", "::");
		net_cmd(net, h, IKE_EV_CONN_REKEY, name);
		net_run(net, 10 * NET_SECOND);
		net_cmd(net, h, IKE_EV_CONN_REKEY_CHILDREN, name);
		net_run(net, 70 * NET_SECOND);
		assert_true(net_agree(net, 1));
		narrowed(net, 0, "192.168.9.1", "fd00:9::1");
		narrowed(net, 1, "192.168.9.1", "fd00:9::1");
		assert_int_equal(net->host[1].n_given, 2);
		net_cmd(net, 0, IKE_EV_CONN_DOWN, "server");
		net_run(net, NET_SECOND);
		assert_int_equal(net->host[1].n_given, 0);
		assert_int_equal(net->host[0].n_device, 0);
		end(net);
	}
}

/*
 * The address is back before the connection is, and goes with it only when that
 * is not wanted any more.
 */
static void again(void **state)
{
	struct net *net = up(20, "0.0.0.0", NULL);
	struct ike_conn s = server();

	(void)state;
	net_restart(net, 1);
	net->host[1].n_peers = 0;
	net->host[1].n_sas = 0;
	net->host[1].n_given = 0;
	net->host[1].n_remotes = 0;
	for (int i = 0; i < 200; i++) {
		net_run(net, NET_SECOND);
		assert_true(on_device(net, "192.168.9.1"));
		if (i == 100)
			net_conn_add(net, 1, &s);
	}
	narrowed(net, 0, "192.168.9.1", NULL);
	assert_true(net_agree(net, 1));
	net_cmd(net, 0, IKE_EV_CONN_DEL, "server");
	net_run(net, NET_SECOND);
	assert_int_equal(net->host[0].n_device, 0);
	assert_int_equal(net->host[1].n_peers, 0);
	end(net);
}

/* The third host finds none left: it has an IKE SA for a moment, nothing more. */
static void exhausted(void **state)
{
	struct net *net = up(21, "0.0.0.0", NULL);
	struct ike_conn c = client("0.0.0.0", NULL);

	(void)state;
	pool->prefix[0].plen = 32;
	pool->prefix[0].addr = net_addr("192.168.9.1");
	assert_int_equal(ike_id_parse("other.example", &c.local_id), 0);
	net_conn_add(net, 2, &c);
	net_run(net, 100 * NET_MS);
	assert_true(net_logged(net, 1, "has no address left"));
	assert_true(net_logged(net, 2, "the peer gives no virtual address:"
			       " INTERNAL_ADDRESS_FAILURE"));
	assert_int_equal(net->host[2].n_peers, 0);
	assert_int_equal(net->host[2].n_device, 0);
	/* Once the first has gone it gets what that had. */
	net_cmd(net, 0, IKE_EV_CONN_DOWN, "server");
	net_run(net, 30 * NET_SECOND);
	assert_int_equal(net_sa(net, 2)->state, IKE_SA_ESTABLISHED);
	assert_int_equal(net->host[2].n_device, 1);
	assert_int_equal(net->host[1].n_given, 1);
	end(net);
}

/* Who does not ask gets no Child SA, and the IKE SA lives on. */
static void not_asked(void **state)
{
	struct net *net = begin(22);
	struct ike_conn c = client("0.0.0.0", NULL), s = server();

	(void)state;
	c.nvirtual = 0;
	c.device[0] = 0;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, NET_SECOND / 2);
	assert_true(net_logged(net, 0, "FAILED_CP_REQUIRED"));
	assert_int_equal(net_sa(net, 0)->state, IKE_SA_ESTABLISHED);
	assert_int_equal(net_sa(net, 1)->state, IKE_SA_ESTABLISHED);
	assert_int_equal(net->host[1].n_sas, 0);
	assert_int_equal(net->host[1].n_given, 0);
	end(net);
}

/* A server without a pool takes no notice; the client cannot do without. */
static void no_pool(void **state)
{
	struct net *net = begin(23);
	struct ike_conn c = client("0.0.0.0", NULL), s = server();

	(void)state;
	s.pool[0] = 0;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, 100 * NET_MS);
	assert_true(net_logged(net, 0, "the peer gives no virtual address"));
	assert_int_equal(net->host[0].n_sas, 0);
	assert_int_equal(net->host[0].n_peers, 0);
	end(net);
}

/* The device is not there: told so, and nothing is half done. */
static void no_device(void **state)
{
	struct net *net = begin(24);
	struct ike_conn c = client("0.0.0.0", "::"), s = server();

	(void)state;
	net->host[0].refuse_addr = 1;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	net_run(net, 60 * NET_MS);
	assert_true(net_logged(net, 0, "virtual address: No such"));
	assert_int_equal(net->host[0].n_peers, 0);
	net_run(net, NET_SECOND);
	assert_true(net_agree(net, 1));
	assert_int_equal(net->host[0].n_device, 2);
	assert_int_equal(net->host[1].n_given, 2);
	end(net);
}

/* It ends while the owner looks for an address: that is free again. */
static void gone_meanwhile(void **state)
{
	struct net *net = begin(25);
	struct ike_conn c = client("0.0.0.0", NULL), s = server();

	(void)state;
	net->creds_us = 20 * NET_MS;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &c);
	/* 10 for IKE_SA_INIT, 20 to sign, 5 on the way, 20 to verify. */
	net_run(net, 60 * NET_MS);
	assert_int_equal(net->host[1].n_given, 1);
	assert_int_equal(net_sa(net, 1)->p->virtual.n, 0);
	net_cmd(net, 1, IKE_EV_CONN_DEL, "mobile");
	net_run(net, NET_SECOND);
	assert_int_equal(net->host[1].n_given, 0);
	assert_int_equal(net->host[1].n_peers, 0);
	end(net);
}

/* A packet makes the Child SA: its selectors are those of the address, too. */
static void childless(void **state)
{
	struct ike_event ev = { .type = IKE_EV_ACQUIRE };
	struct net *net;

	(void)state;
	for (int h = 0; h < 2; h++) {
		struct ike_conn c = client("0.0.0.0", NULL), s = server();

		net = begin(26 + (uint64_t)h);
		c.childless = IKE_CHILDLESS_PREFER;
		net_conn_add(net, 1, &s);
		net_conn_add(net, 0, &c);
		net_run(net, NET_SECOND / 2);
		assert_int_equal(net->host[0].n_sas, 0);
		assert_true(on_device(net, "192.168.9.1"));
		ev.u.acquire.peer = net_sa(net, h)->peer;
		ev.u.acquire.local = net_addr(h ? "192.168.8.7" :
						  "192.168.9.1");
		ev.u.acquire.remote = net_addr(h ? "192.168.9.1" :
						   "192.168.8.7");
		ev.u.acquire.proto = 17;
		net_event(net, h, &ev);
		net_run(net, NET_SECOND);
		assert_true(net_agree(net, 1));
		narrowed(net, 0, "192.168.9.1", NULL);
		narrowed(net, 1, "192.168.9.1", NULL);
		end(net);
	}
}

/*
 * The next run leases again what was given out; if the IKE SA ends before it has
 * the answer, that is given back once, and only that.
 */
static void ends_while_leased(void **state)
{
	struct ike_conn s = server();
	struct net *net;

	(void)state;
	for (int empty = 0; empty < 2; empty++) {
		net = up(28, "0.0.0.0", NULL);
		assert_true(net_agree(net, 1));
		net_leave(net, 1);
		/* The whole agent begins anew. */
		leases_free(net->host[1].leases);
		net->host[1].leases = leases_new();
		net->host[1].n_given = 0;
		if (empty)
			pool->n = 0;
		net->creds_us = 50 * NET_MS;
		net_succeed(net, 1, &s);
		assert_int_equal(net->host[1].n_given, !empty);
		net_cmd(net, 1, IKE_EV_CONN_DOWN, "mobile");
		net->host[0].psk = NULL;
		net_run(net, 200 * NET_MS);
		assert_int_equal(net->host[1].n_given, 0);
		end(net);
	}
}

/* ---------------------------------------------------------------- hostile */

struct change {
	void (*make)(struct wire_cp *cp);
	int from;
};

static enum net_verdict change(struct net *net, struct net_packet *pkt,
			       void *ctx)
{
	const struct change *c = ctx;
	struct wire_enc enc;
	struct wire_msg msg;
	struct wire_cp cp;
	uint8_t *plain;

	if (pkt->from != c->from || pkt->hdr.exchange != IKE_EX_AUTH)
		return NET_PASS;
	assert_true(net_open(net, pkt, &msg, &plain));
	wire_enc_start(&enc, NULL);
	for (unsigned int i = 0; i < msg.n; i++) {
		if (msg.payload[i].type != IKE_PL_CP) {
			net_copy(&enc, &msg.payload[i]);
			continue;
		}
		assert_int_equal(wire_cp_decode(&msg.payload[i], &cp),
				 WIRE_OK);
		c->make(&cp);
		if (cp.type)
			wire_cp_encode(&enc, &cp);
	}
	net_reseal(net, pkt, &enc);
	free(plain);
	return NET_PASS;
}

static void without(struct wire_cp *cp)
{
	cp->type = 0;
}

static void set(struct wire_cp *cp)
{
	cp->type = IKE_CFG_SET;
}

static void empty(struct wire_cp *cp)
{
	cp->n = 0;
}

static void another_family(struct wire_cp *cp)
{
	static const uint8_t v6[17] = { 0xfd, [15] = 1, [16] = 128 };

	cp->n = 1;
	cp->attr[0].type = IKE_CFG_IP6_ADDRESS;
	cp->attr[0].value = (struct wire_span){ v6, 17 };
}

static void multicast(struct wire_cp *cp)
{
	static const uint8_t v4[4] = { 224, 0, 0, 1 };

	cp->attr[0].value = (struct wire_span){ v4, 4 };
}

static void no_value(struct wire_cp *cp)
{
	cp->attr[0].value.len = 0;
}

/* Two of one family: the first counts, and no selector is for the second. */
static void twice(struct wire_cp *cp)
{
	static const uint8_t v4[4] = { 192, 168, 9, 2 };

	memmove(&cp->attr[1], &cp->attr[0], cp->n * sizeof(cp->attr[0]));
	cp->n++;
	cp->attr[1].value = (struct wire_span){ v4, 4 };
}

static struct net *changed(uint64_t seed, int from,
			   void (*make)(struct wire_cp *cp))
{
	static struct change c;
	struct net *net = begin(seed);
	struct ike_conn i = client("0.0.0.0", NULL), s = server();

	c = (struct change){ .make = make, .from = from };
	net->filter = change;
	net->filter_ctx = &c;
	net_conn_add(net, 1, &s);
	net_conn_add(net, 0, &i);
	net_run(net, 100 * NET_MS);
	return net;
}

/* Answers that give nothing that can be used. */
static void bad_answers(void **state)
{
	static void (*const v[])(struct wire_cp *cp) = {
		without, set, empty, another_family, multicast, no_value,
	};
	struct net *net;

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		net = changed(40 + i, 1, v[i]);
		assert_true(net_logged(net, 0, "gives no virtual address"));
		assert_int_equal(net->host[0].n_peers, 0);
		assert_int_equal(net->host[0].n_device, 0);
		end(net);
	}
	net = changed(50, 1, twice);
	assert_int_equal(given(net, 0)->n, 1);
	assert_true(net_agree(net, 1));
	narrowed(net, 0, "192.168.9.1", NULL);
	end(net);
}

/* Requests that ask for nothing that there is. */
static void bad_requests(void **state)
{
	static void (*const v[])(struct wire_cp *cp) = { without, set, empty };
	struct net *net;

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		net = changed(60 + i, 0, v[i]);
		assert_true(net_logged(net, 0, "FAILED_CP_REQUIRED"));
		assert_int_equal(net->host[1].n_given, 0);
		end(net);
	}
}

/* ------------------------------------------------------------ configuration */

static void refused(const struct ike_conn *c, const char *why)
{
	char err[IKE_MAX_TEXT] = "";

	assert_int_not_equal(ike_conn_check(c, err, sizeof(err)), 0);
	if (!strstr(err, why))
		fail_msg("%s", err);
}

static void configured(void **state)
{
	struct ike_conn c = client("0.0.0.0", NULL);

	(void)state;
	c.mode = MOBX_MODE_TRANSPORT;
	refused(&c, "needs mode = \"tunnel\"");
	c = client("0.0.0.0", "10.0.0.1");
	refused(&c, "one of IPv4 and one of IPv6");
	c = client("0.0.0.0", NULL);
	c.role = IKE_RESPOND;
	refused(&c, "gives out from a pool");
	c = client("0.0.0.0", NULL);
	c.protect[0].remote.addr = net_addr("fd00::");
	refused(&c, "an IPv6 address");
	c = client("0.0.0.0", NULL);
	c.nvirtual = 0;
	refused(&c, "device needs virtual-address");
	c = server();
	c.role = IKE_INITIATE;
	c.nremote = 1;
	c.remote[0].addr = net_addr("10.0.0.1");
	c.remote[0].plen = 32;
	c.remote_id = c.local_id;
	refused(&c, "pool is for role");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families),
		cmocka_unit_test(preferred),
		cmocka_unit_test(rekeyed),
		cmocka_unit_test(again),
		cmocka_unit_test(exhausted),
		cmocka_unit_test(not_asked),
		cmocka_unit_test(no_pool),
		cmocka_unit_test(no_device),
		cmocka_unit_test(gone_meanwhile),
		cmocka_unit_test(childless),
		cmocka_unit_test(ends_while_leased),
		cmocka_unit_test(bad_answers),
		cmocka_unit_test(bad_requests),
		cmocka_unit_test(configured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
