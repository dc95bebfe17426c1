// SPDX-License-Identifier: GPL-2.0
/*
 * Random moves over a network that loses, repeats and reorders, through NATs that
 * start anew, of hosts with one family of addresses or with both: once it is quiet,
 * both ends hold the same proven paths, and what is sent to a NAT goes to the port
 * that it has then. SIM_SEED=N repeats one run and tells what happens in it and what
 * is in the end; SIM_RUNS=N makes another number of them; SIM_TEST=NAME runs one of
 * the tests.
 *
 * covers: MX6 MX7 MX10 MX11 MB12 MB25
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mobike/mobike.h"
#include "mobike_sim.h"

#define RADIO  "10.0.1.2"
#define WLAN   "10.0.2.2"
#define SERVER "10.0.3.2"

/* A Child SA has met its soft limit: a new one in the middle of it all. */
static void rekey_child(struct sim *sim, int node)
{
	struct ike_event ev = { .type = IKE_EV_SA_EXPIRE };
	struct ike_status s;

	if (!sim_status(sim, node, &s) || !s.nchildren)
		return;
	ev.u.sa_expire.peer = s.peer;
	ev.u.sa_expire.spi = s.children[0].spi_out;
	ev.u.sa_expire.dir = MOBX_DIR_OUT;
	ev.u.sa_expire.kind = MOBX_EXPIRE_SOFT;
	sim_event(sim, node, &ev);
}

/* And the IKE SA, which must take all that is known of paths along. */
static void rekey_ike(struct sim *sim, int node)
{
	struct ike_event ev = { .type = IKE_EV_CONN_REKEY };

	ev.u.conn.name = node ? "mobile" : "server";
	sim_event(sim, node, &ev);
}

/* Another port: of one NAT for both links it may be that of the other one. */
static void reboot_nat(struct sim *sim, struct sim_link *l)
{
	struct sim_link *links = sim->node[0].links;
	struct sim_link *other = l == links ? &links[1] : &links[0];
	uint16_t port = l->nat_port;

	if (!l->nat.family)
		return;
	if (!wire_addr_equal(&l->nat, &other->nat)) {
		l->nat_port = (uint16_t)(20000 + 2 * sim_random(sim, 20000));
		return;
	}
	switch (sim_random(sim, 3)) {
	case 0:
		l->nat_port = (uint16_t)(20000 + 2 * sim_random(sim, 10000));
		break;
	case 1:
		l->nat_port = other->nat_port;
		other->nat_port = port;
		break;
	case 2:
		l->nat_port = other->nat_port;
		other->nat_port = (uint16_t)(40000 + 2 * sim_random(sim, 9000));
		break;
	}
	if (l->nat_port == other->nat_port)
		other->nat_port += 2;
}

static void something_happens(struct sim *sim)
{
	unsigned int n = sim->node[0].n_links, l = sim_random(sim, n);
	struct sim_link *links = sim->node[0].links;
	char a[WIRE_ADDR_TEXT];

	wire_addr_text(&links[sim_random(sim, n)].addr, a);
	switch (sim_random(sim, links[0].nat.family ? 14 : 11)) {
	case 0:
	case 1:
		sim_set_link(sim, 0, l, false);
		break;
	case 2:
	case 3:
		sim_set_link(sim, 0, l, true);
		break;
	case 4:
		sim_path(sim, 0, IKE_PATH_USE, a, sim_random(sim, 2));
		break;
	case 5:
		sim_path(sim, 0,
			 sim_random(sim, 2) ? IKE_PATH_ADD : IKE_PATH_DEL, a,
			 sim_random(sim, 2));
		break;
	case 6:
		/* From one network to another in a moment. */
		for (unsigned int i = 0; i < n; i++)
			links[i].up = i == l;
		sim_tell_addrs(sim, 0);
		break;
	case 7:
		links[l].lose = links[l].lose ? 0 : 1000;
		break;
	case 8:
		rekey_child(sim, (int)sim_random(sim, 2));
		break;
	case 9:
		rekey_ike(sim, (int)sim_random(sim, 2));
		break;
	case 10:
		rekey_ike(sim, 0);
		rekey_ike(sim, 1);
		break;
	default:
		reboot_nat(sim, &links[l]);
		break;
	}
}

/* What the server has of one family goes or comes, or its primary path moves. */
static void something_happens_there(struct sim *sim)
{
	struct sim_link *links = sim->node[1].links;
	unsigned int l = sim_random(sim, 2);
	char a[WIRE_ADDR_TEXT];

	switch (sim_random(sim, 6)) {
	case 0:
		sim_set_link(sim, 1, !l, true);
		sim_set_link(sim, 1, l, false);
		break;
	case 1:
		sim_set_link(sim, 1, l, true);
		break;
	case 2:
		sim_path(sim, 1, IKE_PATH_USE, wire_addr_text(&links[l].addr, a),
			 sim_random(sim, 2));
		break;
	default:
		break;
	}
}

/*
 * How the mobile's radio and WLAN are shown; its cable never has a NAT, nor has
 * IPv6. Some runs were known before paths were tested, which makes other runs of
 * them.
 */
enum kind { BY_SEED, ONE_NAT, AS_THEN, BOTH_FAMILIES };

static void put_nats(struct sim *sim, uint64_t seed, enum kind kind)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct sim_link *l = &sim->node[0].links[i];

		if (kind != ONE_NAT && seed % 5 <= 2)
			return;
		wire_addr_parse(&l->nat,
				i && kind != ONE_NAT ? "192.0.2.2" : "192.0.2.1");
		l->nat_port = (uint16_t)(10000 * (i + 1));
	}
}

static void put_links(struct sim *sim, uint64_t seed, enum kind kind)
{
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 40 * SIM_MS);
	sim_add_link(sim, 0, "10.0.4.2", "cable", SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	if (kind == BOTH_FAMILIES) {
		sim_add_link(sim, 0, "2001:db8:1::2", "radio", 5 * SIM_MS);
		sim_add_link(sim, 0, "2001:db8:2::2", "wlan", 40 * SIM_MS);
		sim_add_link(sim, 1, "2001:db8:3::2", "eth0", 2500);
		sim_tell_addrs(sim, 1);
	}
	put_nats(sim, seed, kind);
	if (seed % 4 == 1)
		sim_add_link(sim, 1, "10.0.5.2", "eth1", 9000);
}

/* All is up and well from now on. */
static void calm(struct sim *sim)
{
	for (int node = 0; node < 2; node++) {
		for (unsigned int i = 0; i < sim->node[node].n_links; i++) {
			sim->node[node].links[i].lose = 0;
			sim->node[node].links[i].up = true;
		}
	}
	sim_tell_addrs(sim, 0);
	sim_tell_addrs(sim, 1);
	sim->lose = 0;
	sim_run(sim, 400 * SIM_SECOND);
}

/* A link that was away is new: whatever had been deleted by hand is tried again. */
static bool has_both(struct sim *sim)
{
	struct ike_status s;
	unsigned int n[2] = { 0, 0 };

	for (unsigned int go = 0; go < 4; go++) {
		for (unsigned int i = 0; i < sim->node[0].n_links; i++) {
			struct sim_link *l = &sim->node[0].links[i];

			l->up = (go & 1) || (l->addr.family == 6) != (go < 2);
		}
		sim_tell_addrs(sim, 0);
		sim_run(sim, 30 * SIM_SECOND);
	}
	if (!sim_status(sim, 0, &s))
		return false;
	for (unsigned int i = 0; i < s.npaths; i++)
		if (s.paths[i].path.state == MOBX_PATH_STATE_VALID)
			n[s.paths[i].path.local.family == 6]++;
	return n[0] && n[1];
}

/* A better link may be moved to at any time, just now as well. */
static bool agree(struct sim *sim, char *why, size_t len)
{
	if (sim_mirrored(sim, why, len))
		return true;
	sim_run(sim, SIM_SECOND);
	return sim_mirrored(sim, why, len);
}

static void tell_ends(struct sim *sim)
{
	char local[WIRE_ENDPOINT_TEXT], remote[WIRE_ENDPOINT_TEXT];
	struct ike_status s;

	for (int i = 0; i < 2; i++) {
		if (!sim_status(sim, i, &s))
			continue;
		printf("# %s: %s-%s\n", i ? "server" : "mobile",
		       wire_endpoint_text(&s.local, local),
		       wire_endpoint_text(&s.remote, remote));
		for (unsigned int j = 0; j < s.npaths; j++)
			printf("#\tpath %u %s-%s state %d flags %u\n",
			       s.paths[j].id,
			       wire_addr_text(&s.paths[j].path.local, local),
			       wire_addr_text(&s.paths[j].path.remote, remote),
			       (int)s.paths[j].path.state,
			       (unsigned int)s.paths[j].path.flags);
		for (unsigned int j = 0; j < s.nidle; j++)
			printf("#\tidle %u %s %s\n", s.idle[j].id,
			       s.idle[j].own ? "own" : "peer's",
			       wire_addr_text(&s.idle[j].addr, local));
	}
}

static bool random_run(uint64_t seed, enum kind kind, bool verbose)
{
	struct sim *sim = sim_new(seed, &mobike_ext, &mobike_ext);
	struct ike_conn c;
	char why[160];
	bool ok;

	sim->verbose = verbose;
	put_links(sim, seed, kind);
	c = sim_conn(1);
	c.mobikex = seed % 7 != 0;
	c.rrc = (enum ike_rrc)(seed % 3);
	c.dpd_delay_us = 10 * SIM_SECOND;
	c.path_test_us = kind == AS_THEN ? 0 : seed % 16 * SIM_SECOND;
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	c.auto_add = seed % 3 != 1;
	c.dpd_delay_us = 5 * SIM_SECOND;
	c.path_test_us = kind == AS_THEN ? 0 : seed % 8 * SIM_SECOND;
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);

	sim->lose = (unsigned int)(seed % 5) * 75;
	sim->repeat = seed % 2 ? 200 : 0;
	sim->jitter_us = seed % 3 ? 30 * SIM_MS : 0;
	for (int i = 0; i < 12; i++) {
		something_happens(sim);
		if (kind == BOTH_FAMILIES)
			something_happens_there(sim);
		sim_run(sim, sim_random(sim, seed % 2 ? 3000000 : 60000));
	}
	calm(sim);
	ok = agree(sim, why, sizeof(why));
	if (ok && kind == BOTH_FAMILIES && seed % 7 && seed % 3 != 1) {
		snprintf(why, sizeof(why), "not both families");
		ok = has_both(sim) && agree(sim, why, sizeof(why));
	}
	if (!ok)
		print_error("seed %llu: %s\n", (unsigned long long)seed, why);
	if (verbose)
		tell_ends(sim);
	sim_free(sim);
	return ok;
}

static void many_runs(enum kind kind)
{
	const char *one = getenv("SIM_SEED"), *many = getenv("SIM_RUNS");
	uint64_t runs = many ? strtoull(many, NULL, 10) : 1000;
	unsigned int failed = 0;

	if (one) {
		assert_true(random_run(strtoull(one, NULL, 10), kind, true));
		return;
	}
	for (uint64_t seed = 1; seed <= runs; seed++)
		failed += !random_run(seed, kind, false);
	assert_int_equal(failed, 0);
}

static void test_random(void **state)
{
	(void)state;
	many_runs(BY_SEED);
}

/* The mapping of one path may become that of the other. */
static void test_one_nat(void **state)
{
	(void)state;
	many_runs(ONE_NAT);
}

/* Both ends have IPv4 and IPv6, and the server's addresses change as well. */
static void test_both_families(void **state)
{
	(void)state;
	many_runs(BOTH_FAMILIES);
}

/* Runs that once ended in disagreement. */
static void test_known_seeds(void **state)
{
	static const uint16_t by_seed[] = {
		429, 449, 643, 748, 1158, 1249, 1303, 2063, 2298, 2809, 3233,
		3399, 3413, 3543, 3604, 3659, 3788, 4084, 4503, 4654, 5193,
		5358, 5763, 5818, 5879, 6323, 6628, 6758, 7044, 7334, 7428,
		7743, 7939, 7978, 8023, 8608, 8644, 9043, 9069, 9579, 9588,
		9964, 10053, 10203, 10709, 11434, 11478, 12024, 12273, 12303,
		12939, 12954, 13383, 13539, 13743, 13803, 13854, 14034, 14083,
		14109, 14139, 15063, 15364, 15478, 15753, 15789, 15809, 16414,
		16638, 16854, 16934, 16959, 17504, 18124, 18174, 18573, 19464,
		19529, 19923, 19979, 39880, 43832,
	};
	static const uint32_t both[] = {
		3365, 14133, 18299, 20169, 22433, 25876, 28221, 28568, 33778,
		36164, 44326, 46840, 46924, 57285, 57905, 78409,
		89721,
	};
	unsigned int failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(by_seed) / sizeof(by_seed[0]); i++)
		failed += !random_run(by_seed[i], AS_THEN, false);
	for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++)
		failed += !random_run(both[i], BOTH_FAMILIES, false);
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_one_nat),
		cmocka_unit_test(test_both_families),
		cmocka_unit_test(test_known_seeds),
	};

	cmocka_set_test_filter(getenv("SIM_TEST"));
	return cmocka_run_group_tests_name("mobike: random moves", tests, NULL,
					   NULL);
}
