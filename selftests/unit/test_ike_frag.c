// SPDX-License-Identifier: GPL-2.0
/* IKE messages in fragments (RFC 7383), from good peers and from bad ones. */
#include <errno.h>

#include "crypto/sk.h"
#include "crypto/util.h"
#include "ike_net.h"

/* What an engine sends over a link that it knows nothing of: 576 octets of IP. */
#define MOST (IKE_IP4_SIZE - 20 - 8)

/* Identities and proposals so long that IKE_AUTH needs several datagrams. */
static struct ike_conn long_conn(int host)
{
	struct ike_conn c = net_conn(host);
	char a[IKE_MAX_ID + 1], b[IKE_MAX_ID + 1];
	unsigned int i;

	memset(a, host ? 's' : 'm', sizeof(a));
	memset(b, host ? 'm' : 's', sizeof(b));
	a[IKE_MAX_ID] = 0;
	b[IKE_MAX_ID] = 0;
	assert_int_equal(ike_id_parse(a, &c.local_id), 0);
	assert_int_equal(ike_id_parse(b, &c.remote_id), 0);
	for (i = c.nesp; i < IKE_MAX_PROPOSALS; i++)
		c.esp[c.nesp++] = c.esp[1];
	return c;
}

static void add_both(struct net *net, const struct ike_conn *i,
		     const struct ike_conn *r)
{
	net_conn_add(net, 1, r);
	net_conn_add(net, 0, i);
	net_tell_addrs(net, 0);
	net_tell_addrs(net, 1);
}

static bool host_is_up(const struct net *net, int host)
{
	const struct ike_sa *sa;

	for (sa = net->host[host].eng->sas; sa; sa = sa->p->next)
		if (sa->state == IKE_SA_ESTABLISHED)
			return true;
	return false;
}

static bool is_up(const struct net *net)
{
	return host_is_up(net, 0) && host_is_up(net, 1);
}

/* How many of the packets sent are fragments; none is too long. */
static unsigned int fragments(const struct net *net, int from)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < net->n_sent; i++) {
		if (net->sent[i].from != from)
			continue;
		assert_true(net->sent[i].len <= MOST ||
			    net->sent[i].hdr.exchange == IKE_EX_SA_INIT);
		n += net->sent[i].hdr.next == IKE_PL_SKF;
	}
	return n;
}

/* covers: K1 */
static void both_ways(void **state)
{
	struct net *net = net_new(1);
	struct ike_conn i = long_conn(0), r = long_conn(1);

	(void)state;
	add_both(net, &i, &r);
	net_run(net, 2 * NET_SECOND);
	assert_true(is_up(net));
	assert_true(net_sa(net, 0)->p->fragments);
	assert_true(net_sa(net, 1)->p->fragments);
	assert_true(fragments(net, 0) >= 2);
	assert_true(net_agree(net, 1));
	assert_null(net_sa(net, 0)->p->frags);
	assert_null(net_sa(net, 1)->p->frags);
	assert_int_equal(net->host[1].eng->frag_octets, 0);
	net_free(net);
}

/* Who does not offer them gets none, and gets its answer whole. */
static void not_negotiated(void **state)
{
	int who;

	(void)state;
	for (who = 0; who < 2; who++) {
		struct net *net = net_new(2);
		struct ike_conn i = long_conn(0), r = long_conn(1);
		size_t k;

		i.fragmentation = who != 0;
		r.fragmentation = who != 1;
		add_both(net, &i, &r);
		net_run(net, 2 * NET_SECOND);
		assert_true(is_up(net));
		assert_false(net_sa(net, 0)->p->fragments);
		assert_false(net_sa(net, 1)->p->fragments);
		for (k = 0; k < net->n_sent; k++)
			assert_int_not_equal(net->sent[k].hdr.next,
					     IKE_PL_SKF);
		net_free(net);
	}
}

/* covers: K2 K3 */
static void lost_doubled_late(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= 200; seed++) {
		struct net *net = net_new(seed);
		struct ike_conn i = long_conn(0), r = long_conn(1);

		net->lose_percent = 25;
		net->repeat_percent = 25;
		net->jitter_us = 30 * NET_MS;
		add_both(net, &i, &r);
		net_run(net, 60 * NET_SECOND);
		net->lose_percent = 0;
		net_run(net, 60 * NET_SECOND);
		if (!is_up(net))
			fail_msg("seed %u: not up", (unsigned int)seed);
		assert_int_equal(net->host[0].eng->frag_octets, 0);
		assert_int_equal(net->host[1].eng->frag_octets, 0);
		net_free(net);
	}
}

static enum net_verdict drop_auth(struct net *net, struct net_packet *pkt,
				  void *ctx)
{
	(void)net;
	(void)ctx;
	return pkt->hdr.exchange == IKE_EX_AUTH ? NET_DROP : NET_PASS;
}

/*
 * Sent again the same to the octet, until nobody has answered three times: the
 * link takes 1280 octets, the path perhaps less.
 */
static void smaller_after_a_while(void **state)
{
	struct net *net = net_new(3);
	struct ike_conn i = long_conn(0), r = long_conn(1);
	struct ike_host_addr link = { .mtu = 700 };
	struct ike_event ev = { .type = IKE_EV_ADDRS };
	const struct net_packet *first, *again;
	unsigned int n, k;

	(void)state;
	net->filter = drop_auth;
	add_both(net, &i, &r);
	link.local = net_addr("10.0.0.1");
	link.remote = net_addr("10.0.0.2");
	ev.u.addrs.addrs = &link;
	ev.u.addrs.n = 1;
	net_event(net, 0, &ev);
	net_run(net, 10 * NET_SECOND);
	/* Two fragments of up to 700 octets, three times; then smaller ones. */
	n = net_count(net, 0, IKE_EX_AUTH, false);
	assert_true(n >= 8);
	for (k = 0; k < 6; k++) {
		first = net_nth(net, 0, IKE_EX_AUTH, false, k % 2);
		again = net_nth(net, 0, IKE_EX_AUTH, false, k);
		assert_int_equal(first->len, again->len);
		assert_memory_equal(first->data, again->data, first->len);
		assert_true(k % 2 || first->len > MOST);
	}
	for (; k < n; k++) {
		again = net_nth(net, 0, IKE_EX_AUTH, false, k);
		assert_true(again->len <= MOST);
	}
	net->filter = NULL;
	net_run(net, 30 * NET_SECOND);
	assert_true(is_up(net));
	net_free(net);
}

/* --------------------------------------------------------- a hostile peer */

/* A request of host 0's in a fragment that says what it is told to say. */
static void forge(struct net *net, uint32_t mid, uint16_t number,
		  uint16_t total, uint8_t first, const void *data, size_t len)
{
	struct ike_sa *sa = net_sa(net, 0);
	struct crypto_ike_keys keys = sa->p->keys;
	const struct wire_hdr hdr = {
		.spi_i = sa->spi_i,
		.spi_r = sa->spi_r,
		.exchange = IKE_EX_INFORMATIONAL,
		.flags = IKE_FLAG_INITIATOR,
		.msg_id = mid,
	};
	const struct crypto_fragment f = {
		.number = number, .total = total, .first = first,
		.data = { data, len },
	};
	static uint64_t counter = 1 << 20;
	struct wire_wr wr = { 0 };
	uint8_t iv[16] = { 1 };

	keys.next_iv += counter++;
	assert_int_equal(crypto_skf_seal(&keys, true, &hdr, &f, iv, &wr), 0);
	net_inject(net, 1, &sa->local, &sa->remote, wr.data, wr.len);
	wire_wr_free(&wr);
	crypto_wipe(&keys, sizeof(keys));
}

static struct net *established(uint64_t seed)
{
	struct net *net = net_new(seed);

	net_up(net);
	net_run(net, NET_SECOND);
	net_forget(net);
	return net;
}

static unsigned int answers(const struct net *net)
{
	return net_count(net, 1, IKE_EX_INFORMATIONAL, true);
}

/* A vendor payload of 96 octets, to be cut in pieces. */
static void vendor(uint8_t out[100])
{
	memset(out, 'v', 100);
	out[0] = 0;
	out[1] = 0;
	wire_put_u16(out + 2, 100);
}

static void orders(void **state)
{
	struct net *net = established(4);
	uint32_t mid = net_sa(net, 0)->p->out_mid;
	uint8_t v[100];

	(void)state;
	vendor(v);
	/* The last one first, one twice, and the first with what comes next. */
	forge(net, mid, 3, 3, 0, v + 80, 20);
	forge(net, mid, 3, 3, 0, v + 80, 20);
	forge(net, mid, 1, 3, IKE_PL_VENDOR, v, 40);
	net_run(net, NET_SECOND);
	assert_int_equal(answers(net), 0);
	forge(net, mid, 2, 3, 0, v + 40, 40);
	net_run(net, NET_SECOND);
	assert_int_equal(answers(net), 1);
	/* Repeated: the first fragment alone brings the answer again. */
	forge(net, mid, 2, 3, 0, v + 40, 40);
	forge(net, mid, 3, 3, 0, v + 80, 20);
	net_run(net, NET_SECOND);
	assert_int_equal(answers(net), 1);
	forge(net, mid, 1, 3, IKE_PL_VENDOR, v, 40);
	net_run(net, NET_SECOND);
	assert_int_equal(answers(net), 2);
	assert_null(net_sa(net, 1)->p->frags);
	net_free(net);
}

/* A larger total begins anew; a smaller one is late and counts for nothing. */
static void totals(void **state)
{
	struct net *net = established(5);
	uint32_t mid = net_sa(net, 0)->p->out_mid;
	uint8_t v[100];

	(void)state;
	vendor(v);
	forge(net, mid, 1, 2, IKE_PL_VENDOR, v, 50);
	forge(net, mid, 1, 3, IKE_PL_VENDOR, v, 40);
	forge(net, mid, 2, 2, 0, v + 50, 50);
	net_run(net, NET_SECOND);
	assert_int_equal(answers(net), 0);
	assert_int_equal(net_sa(net, 1)->p->frags->total, 3);
	assert_int_equal(net_sa(net, 1)->p->frags->have, 1);
	forge(net, mid, 2, 3, 0, v + 40, 40);
	forge(net, mid, 3, 3, 0, v + 80, 20);
	net_run(net, NET_SECOND);
	assert_int_equal(answers(net), 1);
	net_free(net);
}

/* Half a message is kept for half a minute and no longer. */
static void given_up(void **state)
{
	struct net *net = established(6);
	uint32_t mid = net_sa(net, 0)->p->out_mid;
	uint8_t v[100];

	(void)state;
	vendor(v);
	forge(net, mid, 1, 2, IKE_PL_VENDOR, v, 50);
	net_run(net, 10 * NET_MS);
	assert_int_equal(net->host[1].eng->frag_octets, 50);
	net_run(net, 31 * NET_SECOND);
	assert_int_equal(net->host[1].eng->frag_octets, 0);
	assert_null(net_sa(net, 1)->p->frags);
	net_free(net);
}

/* More fragments, octets and messages than anybody needs. */
static void bounds(void **state)
{
	struct net *net = established(7);
	static const uint8_t big[60000];
	uint32_t mid = net_sa(net, 0)->p->out_mid;
	struct ike_sa *sa;
	unsigned int k;

	(void)state;
	sa = net_sa(net, 1);
	forge(net, mid, 1, 161, IKE_PL_VENDOR, big, 10);
	forge(net, mid, 1, 65535, IKE_PL_VENDOR, big, 10);
	net_run(net, 10 * NET_MS);
	assert_null(sa->p->frags);
	forge(net, mid, 1, 2, IKE_PL_VENDOR, big, sizeof(big));
	forge(net, mid, 2, 2, 0, big, sizeof(big));
	net_run(net, 10 * NET_MS);
	assert_int_equal(net->host[1].eng->frag_octets, sizeof(big));
	assert_int_equal(sa->p->frags->have, 1);
	/* Outside of the window nothing is kept. */
	for (k = 1; k < 40; k++)
		forge(net, mid + k, 1, 2, IKE_PL_VENDOR, big, 10);
	net_run(net, 10 * NET_MS);
	assert_int_equal(net->host[1].eng->frag_octets, sizeof(big));
	sa->p->own_window = 16;
	for (k = 1; k < 16; k++)
		forge(net, mid + k, 1, 2, IKE_PL_VENDOR, big, 10);
	net_run(net, 10 * NET_MS);
	assert_int_equal(net->host[1].eng->frag_octets, 4 * 10);
	net_free(net);
}

/* One wrong bit anywhere: as if it had never come. */
static void forged(void **state)
{
	struct net *net = established(8);
	struct ike_sa *sa = net_sa(net, 0);
	struct crypto_ike_keys keys = sa->p->keys;
	const struct wire_hdr hdr = {
		.spi_i = sa->spi_i, .spi_r = sa->spi_r,
		.exchange = IKE_EX_INFORMATIONAL,
		.flags = IKE_FLAG_INITIATOR, .msg_id = sa->p->out_mid,
	};
	const struct crypto_fragment f = {
		.number = 1, .total = 2, .first = IKE_PL_VENDOR,
		.data = { (const uint8_t *)"some octets", 11 },
	};
	struct wire_wr wr = { 0 };
	uint8_t iv[16] = { 1 };
	size_t bit;

	(void)state;
	keys.next_iv += 1 << 20;
	assert_int_equal(crypto_skf_seal(&keys, true, &hdr, &f, iv, &wr), 0);
	for (bit = 0; bit < 8 * wr.len; bit++) {
		wr.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		net_inject(net, 1, &sa->local, &sa->remote, wr.data, wr.len);
		wr.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	net_run(net, NET_SECOND);
	assert_null(net_sa(net, 1)->p->frags);
	net_inject(net, 1, &sa->local, &sa->remote, wr.data, wr.len);
	net_run(net, 10 * NET_MS);
	assert_non_null(net_sa(net, 1)->p->frags);
	wire_wr_free(&wr);
	net_free(net);
}

/* Put together, it is no message: the IKE SA ends, as with a whole one. */
static void broken_inside(void **state)
{
	struct net *net = established(9);
	uint32_t mid = net_sa(net, 0)->p->out_mid;
	uint8_t v[100];

	(void)state;
	vendor(v);
	forge(net, mid, 1, 2, IKE_PL_VENDOR, v, 50);
	forge(net, mid, 2, 2, 0, v + 50, 49);
	net_run(net, 100 * NET_MS);
	assert_int_equal(answers(net), 1);
	assert_true(net_logged(net, 1, "malformed"));
	net_free(net);
}

/* A stranger's long message: only so much before it says who it is. */
static void stranger(void **state)
{
	struct net *net = net_new(10);
	struct ike_conn i = long_conn(0), r = long_conn(1);
	static const uint8_t big[20000];
	struct ike_sa *sa;

	(void)state;
	net->filter = drop_auth;
	add_both(net, &i, &r);
	net_run(net, 100 * NET_MS);
	net->filter = NULL;
	sa = net_sa(net, 0);
	assert_int_equal(sa->state, IKE_SA_AUTH);
	for (uint16_t k = 1; k <= 3; k++) {
		struct crypto_ike_keys keys = sa->p->keys;
		const struct wire_hdr hdr = {
			.spi_i = sa->spi_i, .spi_r = sa->spi_r,
			.exchange = IKE_EX_AUTH,
			.flags = IKE_FLAG_INITIATOR, .msg_id = 1,
		};
		const struct crypto_fragment f = {
			.number = k, .total = 4,
			.data = { big, sizeof(big) },
		};
		struct wire_wr wr = { 0 };
		uint8_t iv[16] = { 1 };

		keys.next_iv += (1u << 20) + k;
		assert_int_equal(crypto_skf_seal(&keys, true, &hdr, &f, iv,
						 &wr), 0);
		net_inject(net, 1, &sa->local, &sa->remote, wr.data, wr.len);
		wire_wr_free(&wr);
	}
	net_run(net, NET_MS);
	assert_int_equal(net->host[1].eng->frag_octets, sizeof(big));
	/* It goes with the half-open IKE SA. */
	net_cmd(net, 0, IKE_EV_CONN_DOWN, "server");
	net_run(net, 60 * NET_SECOND);
	assert_int_equal(net->host[1].eng->frag_octets, 0);
	net_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(not_negotiated),
		cmocka_unit_test(lost_doubled_late),
		cmocka_unit_test(smaller_after_a_while),
		cmocka_unit_test(orders),
		cmocka_unit_test(totals),
		cmocka_unit_test(given_up),
		cmocka_unit_test(bounds),
		cmocka_unit_test(forged),
		cmocka_unit_test(broken_inside),
		cmocka_unit_test(stranger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
