// SPDX-License-Identifier: GPL-2.0
/*
 * Random moves over a network that loses, repeats and reorders, through NATs that
 * start anew: once it is quiet, both ends hold the same proven paths, and what
 * is sent to a NAT goes to the port that it has then. SIM_SEED=N repeats one run and
 * tells what happens in it; SIM_RUNS=N makes another number of them.
 *
 * covers: MX6 MX10 MX11 MB12 MB25
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

/* Another port. */
static void reboot_nat(struct sim *sim, struct sim_link *l)
{
	if (!l->nat.family)
		return;
	l->nat_port = (uint16_t)(20000 + 2 * sim_random(sim, 20000));
}

static void something_happens(struct sim *sim)
{
	static const char *const mobile[] = { RADIO, WLAN, "10.0.4.2" };
	unsigned int l = sim_random(sim, 3);
	const char *a = mobile[sim_random(sim, 3)];
	struct sim_link *links = sim->node[0].links;

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
		for (unsigned int i = 0; i < 3; i++)
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

static void random_run(uint64_t seed, bool verbose)
{
	struct sim *sim = sim_new(seed, &mobike_ext, &mobike_ext);
	struct ike_conn c;
	char why[160];

	sim->verbose = verbose;
	sim_add_link(sim, 0, RADIO, "radio", 5 * SIM_MS);
	sim_add_link(sim, 0, WLAN, "wlan", 40 * SIM_MS);
	sim_add_link(sim, 0, "10.0.4.2", "cable", SIM_MS);
	sim_add_link(sim, 1, SERVER, "eth0", 2500);
	/* Radio and WLAN, that is; the cable has none. */
	for (unsigned int i = 0; i < 2 && seed % 5 > 2; i++) {
		struct sim_link *l = &sim->node[0].links[i];

		wire_addr_parse(&l->nat, i ? "192.0.2.2" : "192.0.2.1");
		l->nat_port = (uint16_t)(10000 * (i + 1));
	}
	if (seed % 4 == 1)
		sim_add_link(sim, 1, "10.0.5.2", "eth1", 9000);
	c = sim_conn(1);
	c.mobikex = seed % 7 != 0;
	c.rrc = (enum ike_rrc)(seed % 3);
	c.dpd_delay_us = 10 * SIM_SECOND;
	sim_conn_add(sim, 1, &c);
	c = sim_conn(0);
	c.auto_add = seed % 3 != 1;
	c.dpd_delay_us = 5 * SIM_SECOND;
	sim_conn_add(sim, 0, &c);
	sim_run(sim, 2 * SIM_SECOND);

	sim->lose = (unsigned int)(seed % 5) * 75;
	sim->repeat = seed % 2 ? 200 : 0;
	sim->jitter_us = seed % 3 ? 30 * SIM_MS : 0;
	for (int i = 0; i < 12; i++) {
		something_happens(sim);
		sim_run(sim, sim_random(sim, seed % 2 ? 3000000 : 60000));
	}
	for (unsigned int i = 0; i < 3; i++) {
		sim->node[0].links[i].lose = 0;
		sim->node[0].links[i].up = true;
	}
	sim_tell_addrs(sim, 0);
	sim->lose = 0;
	sim_run(sim, 400 * SIM_SECOND);
	if (!sim_mirrored(sim, why, sizeof(why)))
		fail_msg("seed %llu: %s", (unsigned long long)seed, why);
	sim_free(sim);
}

static void test_random(void **state)
{
	const char *one = getenv("SIM_SEED"), *many = getenv("SIM_RUNS");
	uint64_t runs = many ? strtoull(many, NULL, 10) : 300;

	(void)state;
	if (one) {
		random_run(strtoull(one, NULL, 10), true);
		return;
	}
	for (uint64_t seed = 1; seed <= runs; seed++)
		random_run(seed, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("mobike: random moves", tests, NULL,
					   NULL);
}
