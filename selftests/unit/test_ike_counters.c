// SPDX-License-Identifier: GPL-2.0
/* What an engine counts, and how much it says about strangers. */
#include <stdio.h>

#include "ike_net.h"

struct wanted {
	const char *name;
	const char *of;
	uint64_t value;
	unsigned int seen;
};

static void look(const struct ike_counter *c, void *ctx)
{
	struct wanted *w = ctx;

	if (strcmp(c->name, w->name) || (w->of && strcmp(c->of, w->of)))
		return;
	w->value = c->value;
	w->seen++;
}

/* A counter of a host; each is there once. */
static uint64_t counted(const struct net *net, int host, const char *name,
			const char *of)
{
	struct wanted w = { .name = name, .of = of };

	ike_engine_counters(net->host[host].eng, look, &w);
	assert_true(w.seen <= 1);
	return w.value;
}

static void exchanges(void **state)
{
	struct net *net = net_new(1);

	(void)state;
	net_up(net);
	for (int h = 0; h < 2; h++) {
		const char *in = h ? "requests_received" : "requests_sent";

		assert_int_equal(counted(net, h, in, "IKE_SA_INIT"), 1);
		assert_int_equal(counted(net, h, in, "IKE_AUTH"), 1);
		assert_int_equal(counted(net, h, in, "CREATE_CHILD_SA"), 0);
		assert_int_equal(counted(net, h, "ike_sas_established", NULL),
				 1);
		assert_int_equal(counted(net, h, "child_sas_made", NULL), 1);
	}
	assert_int_equal(counted(net, 0, "answers_received", "IKE_SA_INIT"), 1);
	assert_int_equal(counted(net, 0, "answers_received", "IKE_AUTH"), 1);
	net_cmd(net, 1, IKE_EV_CONN_REKEY, "mobile");
	net_run(net, NET_SECOND);
	assert_int_equal(counted(net, 1, "requests_sent", "CREATE_CHILD_SA"),
			 1);
	assert_int_equal(counted(net, 0, "ike_sas_rekeyed", NULL), 1);
	assert_int_equal(counted(net, 0, "ike_sas_ended", NULL), 0);
	net_cmd(net, 0, IKE_EV_CONN_DOWN, "server");
	net_run(net, NET_SECOND);
	assert_int_equal(counted(net, 0, "ike_sas_ended", NULL), 1);
	assert_int_equal(counted(net, 1, "ike_sas_ended", NULL), 1);
	net_free(net);
}

/* Errors that nobody has assigned are one counter, whatever their types. */
static void unknown(void **state)
{
	struct net *net = net_new(5);

	(void)state;
	assert_int_equal(counted(net, 0, "errors_sent", "unknown"), 0);
	for (uint16_t type = 60; type < 63; type++)
		ike_count_error_out(net->host[0].eng, type);
	assert_int_equal(counted(net, 0, "errors_sent", "unknown"), 3);
	net_free(net);
}

/* An answer is lost: the request is sent again, and known again. */
static void repeated(void **state)
{
	struct net *net = net_new(2);

	(void)state;
	net_up_asking(net);
	net->host[1].addr_up[0] = false;
	net_run(net, 20 * NET_SECOND);
	net->host[1].addr_up[0] = true;
	assert_true(counted(net, 0, "retransmissions_sent", "INFORMATIONAL"));
	net_run(net, 200 * NET_SECOND);
	assert_int_equal(counted(net, 0, "requests_in_vain", "INFORMATIONAL"),
			 counted(net, 0, "ike_sas_ended", NULL));
	net_free(net);
}

/* Datagrams that lead to nothing, each under its reason. */
static void dropped(void **state)
{
	struct net *net = net_new(3);
	const struct net_packet *p;
	uint8_t copy[2048];
	struct wire_endpoint src, dst;
	size_t len;

	(void)state;
	net_up_asking(net);
	net->host[1].addr_up[0] = false;
	net_run(net, 10 * NET_SECOND);
	p = net_nth(net, 0, IKE_EX_INFORMATIONAL, false, 0);
	assert_non_null(p);
	len = p->len;
	assert_true(len < sizeof(copy));
	src = p->src;
	dst = p->dst;
	memcpy(copy, p->data, len);
	net_inject(net, 1, &src, &dst, copy, 20);
	assert_int_equal(counted(net, 1, "datagrams_dropped", "malformed"), 1);
	copy[17] = 0x30;
	net_inject(net, 1, &src, &dst, copy, len);
	assert_int_equal(counted(net, 1, "datagrams_dropped", "major-version"),
			 1);
	assert_int_equal(counted(net, 1, "errors_sent",
				 "INVALID_MAJOR_VERSION"), 1);
	copy[17] = 0x20;
	copy[len - 1] ^= 1;
	net_inject(net, 1, &src, &dst, copy, len);
	assert_int_equal(counted(net, 1, "datagrams_dropped", "not-authentic"),
			 1);
	copy[23] += 100;
	net_inject(net, 1, &src, &dst, copy, len);
	assert_int_equal(counted(net, 1, "datagrams_dropped",
				 "outside-window"), 1);
	copy[8] ^= 1;
	net_inject(net, 1, &src, &dst, copy, len);
	assert_int_equal(counted(net, 1, "datagrams_dropped", "unknown-spi"),
			 1);
	assert_int_equal(counted(net, 1, "errors_sent", "INVALID_IKE_SPI"), 1);
	net_free(net);
}

/* Neither end begins to authenticate while its credentials are behind. */
static void busy(void **state)
{
	struct net *net = net_new(5);

	(void)state;
	net->host[1].busy = true;
	net_conns(net);
	net_run(net, NET_SECOND);
	assert_true(counted(net, 1, "datagrams_dropped",
			    "too-many-to-authenticate") >= 2);
	net->host[0].busy = true;
	net->host[1].busy = false;
	net_run(net, 2 * NET_SECOND);
	assert_int_equal(counted(net, 1, "ike_sas_established", NULL), 1);
	assert_int_equal(counted(net, 0, "ike_sas_established", NULL), 0);
	assert_true(counted(net, 0, "datagrams_dropped",
			    "too-many-to-authenticate") > 0);
	net->host[0].busy = false;
	net_run(net, 5 * NET_SECOND);
	assert_int_equal(counted(net, 0, "ike_sas_established", NULL), 1);
	assert_int_equal(counted(net, 0, "ike_sas_ended", NULL), 0);
	net_free(net);
}

/* The IKE_SA_INIT request of the first host, from another SPI and longer. */
static void inject_longer(struct net *net, size_t more)
{
	const struct net_packet *p = net_nth(net, 0, IKE_EX_SA_INIT, false, 0);
	size_t len = p->len + more;
	uint8_t *copy = calloc(1, len);

	assert_non_null(copy);
	memcpy(copy, p->data, IKE_HDR_LEN);
	memcpy(copy + IKE_HDR_LEN + more, p->data + IKE_HDR_LEN,
	       p->len - IKE_HDR_LEN);
	copy[0] ^= (uint8_t)more;
	copy[IKE_HDR_LEN] = copy[16];
	copy[16] = IKE_PL_VENDOR;
	wire_put_u32(copy + 24, (uint32_t)len);
	wire_put_u16(copy + IKE_HDR_LEN + 2, (uint16_t)more);
	net_inject(net, 1, &p->src, &p->dst, copy, len);
	free(copy);
}

/* Long requests are welcome, unless many strangers are here. */
static void long_requests(void **state)
{
	struct net *net = net_new_with(6, 2, NULL);

	(void)state;
	net_conns(net);
	net->host[0].addr_up[0] = false;
	inject_longer(net, 60001);
	assert_int_equal(net->host[1].eng->half_open, 1);
	inject_longer(net, 60002);
	assert_int_equal(net->host[1].eng->half_open, 2);
	inject_longer(net, 60003);
	assert_int_equal(counted(net, 1, "datagrams_dropped",
				 "too-many-half-open"), 1);
	/* One of the usual length may show where it is. */
	inject_longer(net, 104);
	assert_int_equal(net->host[1].eng->half_open, 2);
	assert_int_equal(counted(net, 1, "cookies_sent", NULL), 1);
	assert_int_equal(counted(net, 1, "datagrams_dropped",
				 "too-many-half-open"), 1);
	net_free(net);
}

static unsigned int lines_with(const char *log, const char *text)
{
	unsigned int n = 0;

	while ((log = strstr(log, text))) {
		log++;
		n++;
	}
	return n;
}

/* A thousand who do not know the key: ten lines a second, the rest counted. */
static void failures(void **state)
{
	struct net *net = net_new_with(4, 100000, NULL);
	struct ike_conn c = net_conn(0), s = net_conn(1);
	unsigned int lines;
	uint64_t failed;

	(void)state;
	net->host[0].psk = "another key";
	net->host[1].psk = "the key";
	s.remote_id.type = 0;
	net_conn_add(net, 1, &s);
	for (unsigned int i = 0; i < 100; i++) {
		snprintf(c.name, sizeof(c.name), "server%u", i);
		net_conn_add(net, 0, &c);
	}
	net_run(net, NET_SECOND / 10);
	failed = counted(net, 1, "errors_sent", "AUTHENTICATION_FAILED");
	lines = lines_with(net->host[1].log, "does not know");
	assert_true(failed >= 100);
	assert_true(lines >= 10 && lines <= 20);
	assert_int_equal(counted(net, 1, "log_lines_left_out", NULL),
			 failed - lines);
	assert_int_equal(counted(net, 0, "errors_received",
				 "AUTHENTICATION_FAILED"), failed);
	net_run(net, 3 * NET_SECOND);
	assert_true(net_logged(net, 1, "left_out="));
	net_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exchanges),
		cmocka_unit_test(unknown),
		cmocka_unit_test(repeated),
		cmocka_unit_test(dropped),
		cmocka_unit_test(busy),
		cmocka_unit_test(long_requests),
		cmocka_unit_test(failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
