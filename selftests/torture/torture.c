// SPDX-License-Identifier: GPL-2.0
/*
 * Traffic of all kinds over SAs that are replaced and a peer that moves without
 * end, and an audit of every packet on every link.
 *
 * usage: torture SECONDS REBINDS DATAGRAMS
 *
 * Two hosts, the namespaces a and b, and two links between them, one pair of
 * addresses each: 10.6.1.1 and 10.6.1.2, 10.6.2.1 and 10.6.2.2. Each host's
 * peer gets REBINDS bindings a second. The first pair is in all of them, now
 * primary, now not: what flows over it, DATAGRAMS a second, a TCP stream and an
 * SCTP association each way, must lose nothing and double nothing. The second
 * comes and goes, in all states that a path can have: there packets may be
 * lost, but neither doubled nor sent in clear. A third kind of datagram has the
 * address of one pair as its source and that of the other as its destination:
 * no binding ever has such a pair, so none may be on any link, in any form.
 *
 * On the links there may be ESP between the addresses of a pair, and nothing
 * else; under one SPI no sequence number twice, and no IV.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "../net/nl.h"
#include "torture.h"

volatile bool stop_sending, stop_moving, stop_all;
unsigned int seconds, datagram_rate;
static unsigned int rebind_rate;
static unsigned long rebinds, rekeys, policies;
static unsigned int failures;

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC + (uint64_t)ts.tv_nsec;
}

/* Sleep until the next of @rate moments a second; behind time, do not. */
void pace(uint64_t *next, unsigned int rate)
{
	struct timespec ts;

	if (!*next)
		*next = now_ns();
	*next += NSEC / rate;
	ts.tv_sec = (time_t)(*next / NSEC);
	ts.tv_nsec = (long)(*next % NSEC);
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

void must(bool good, const char *what)
{
	if (!good) {
		printf("Bail out! %s: %s (%s)\n", what, why, strerror(errno));
		exit(1);
	}
}

void enter(int host)
{
	int fd = open(host ? "/run/netns/b" : "/run/netns/a", O_RDONLY);

	must(fd >= 0 && !setns(fd, CLONE_NEWNET), "namespace");
	close(fd);
}

/* Address of a host on a link, both counted from 0. */
uint32_t address(int host, int link)
{
	return htonl(0x0a060101u + (uint32_t)link * 256 + (uint32_t)host);
}

/* ------------------------------------------------------- peers, SAs, policies */

static void path(int host, int link, uint32_t state_of, uint32_t flags)
{
	size_t n = nest(MOBX_A_PEER_PATHS);

	put32(MOBX_A_PATH_LOCAL, address(host, link));
	put32(MOBX_A_PATH_REMOTE, address(!host, link));
	put32(MOBX_A_PATH_STATE, state_of);
	put32(MOBX_A_PATH_FLAGS, flags);
	if (state_of == MOBX_PATH_STATE_DEPRECATED)
		put32(MOBX_A_PATH_ACCEPT_UNTIL, 20);
	if (state_of == MOBX_PATH_STATE_TENTATIVE)
		put64(MOBX_A_PATH_CREDIT, 1u << 30);
	nest_end(n);
}

/* One of the bindings that a peer may have. */
static void binding(int host, unsigned int which)
{
	static const uint32_t states[] = {
		MOBX_PATH_STATE_VALID, MOBX_PATH_STATE_TENTATIVE,
		MOBX_PATH_STATE_DEPRECATED, MOBX_PATH_STATE_REMOVED,
	};

	switch (which % 6) {
	case 0:		/* the second is primary */
		path(host, 0, MOBX_PATH_STATE_VALID, 0);
		path(host, 1, MOBX_PATH_STATE_VALID, MOBX_PATH_FLAGS_PRIMARY);
		break;
	case 1:		/* and not there at all */
		path(host, 0, MOBX_PATH_STATE_VALID, MOBX_PATH_FLAGS_PRIMARY);
		break;
	default:
		path(host, 1, states[which % 6 - 2], MOBX_PATH_FLAGS_BACKUP);
		path(host, 0, MOBX_PATH_STATE_VALID, MOBX_PATH_FLAGS_PRIMARY);
	}
}

static void *mover(void *arg)
{
	int host = (int)(intptr_t)arg;
	uint64_t next = 0, generation = 1;
	unsigned int i;

	enter(host);
	resolve();
	for (i = 0; !stop_moving; i++) {
		begin(family, MOBX_CMD_PEER_REBIND, 0);
		put32(MOBX_A_PEER_ID, 1);
		put64(MOBX_A_PEER_EXPECTED_GENERATION, generation++);
		binding(host, i);
		must(!talk(), "rebind");
		__atomic_add_fetch(&rebinds, 1, __ATOMIC_RELAXED);
		pace(&next, rebind_rate);
	}
	return NULL;
}

/* Netlink sockets of both hosts, of this thread. */
static _Thread_local int both[2];

static void resolve_both(void)
{
	int host;

	for (host = 0; host < 2; host++) {
		enter(host);
		resolve();
		both[host] = sock;
	}
}

static void sa(int host, uint32_t dir, uint32_t spi, const uint8_t *key)
{
	sock = both[host];
	begin(family, MOBX_CMD_SA_NEW, 0);
	put32(MOBX_A_SA_SPI, spi);
	put32(MOBX_A_SA_DIR, dir);
	put32(MOBX_A_SA_PEER, 1);
	put32(MOBX_A_SA_ENC, MOBX_ENC_AES_GCM_16);
	put(MOBX_A_SA_ENC_KEY, key, 20);
	put(MOBX_A_SA_MANAGED, NULL, 0);
	must(!talk(), "SA");
}

static void sa_del(int host, uint32_t dir, uint32_t spi)
{
	sock = both[host];
	begin(family, MOBX_CMD_SA_DEL, 0);
	put32(MOBX_A_SA_SPI, spi);
	put32(MOBX_A_SA_DIR, dir);
	put32(MOBX_A_SA_PEER, 1);
	must(!talk(), "end of an SA");
}

/* Both directions get an SA; make before break: the receiver's side first. */
static void new_sas(uint32_t spi)
{
	uint8_t key[2][20];
	int host;

	must(getrandom(key, sizeof(key), 0) == sizeof(key), "keys");
	for (host = 0; host < 2; host++)
		sa(!host, MOBX_DIR_IN, spi + (uint32_t)host, key[host]);
	for (host = 0; host < 2; host++)
		sa(host, MOBX_DIR_OUT, spi + (uint32_t)host, key[host]);
}

/* Packets that an inbound SA has taken. */
static uint64_t received(int host, uint32_t spi)
{
	sock = both[host];
	begin(family, MOBX_CMD_SA_GET, 0);
	put32(MOBX_A_SA_SPI, spi);
	put32(MOBX_A_SA_DIR, MOBX_DIR_IN);
	must(!talk() && find(MOBX_A_SA_PACKETS), "an SA that is still there");
	return value64(MOBX_A_SA_PACKETS);
}

/*
 * What left under an old SA may be on its way for longer than any daemon waits when
 * the machine has other things to do. It ends when it has been silent for so many
 * rounds of a second.
 */
#define SILENT_ROUNDS	3
#define MAX_OLD		64u

/* The SAs of a round: those that it made, and the sum of what they have taken. */
static struct old {
	uint64_t taken;
	unsigned int silent;
} olds[MAX_OLD];

static uint32_t spi_of(uint32_t round)
{
	return 0x1000 + 2 * round;
}

/* Ends what has fallen silent of the rounds from @oldest to before @round. */
static uint32_t end_old(uint32_t oldest, uint32_t round)
{
	uint32_t each;
	uint64_t taken;
	struct old *old;
	int host;

	must(round - oldest < MAX_OLD, "old SAs that do not fall silent");
	for (each = oldest; each < round; each++) {
		old = &olds[each % MAX_OLD];
		for (taken = 0, host = 0; host < 2; host++)
			taken += received(!host, spi_of(each) + (uint32_t)host);
		old->silent = taken == old->taken ? old->silent + 1 : 0;
		old->taken = taken;
	}
	for (; oldest < round; oldest++) {
		old = &olds[oldest % MAX_OLD];
		if (old->silent < SILENT_ROUNDS)
			break;
		for (host = 0; host < 2; host++)
			sa_del(!host, MOBX_DIR_IN, spi_of(oldest) + (uint32_t)host);
		*old = (struct old){ 0 };
	}
	return oldest;
}

static void *rekeyer(void *arg)
{
	uint32_t round, oldest = 0;
	int host;

	(void)arg;
	resolve_both();
	for (round = 0; !stop_moving; round++) {
		usleep(400000);
		new_sas(spi_of(round + 1));
		usleep(100000);
		for (host = 0; host < 2; host++)
			sa_del(host, MOBX_DIR_OUT, spi_of(round) + (uint32_t)host);
		usleep(500000);
		oldest = end_old(oldest, round + 1);
		rekeys++;
	}
	return NULL;
}

static void policy(int host, uint32_t order, uint32_t action, uint32_t remote)
{
	size_t n;

	sock = both[host];
	begin(family, MOBX_CMD_POLICY_NEW, 0);
	put32(MOBX_A_POLICY_ORDER, order);
	put32(MOBX_A_POLICY_ACTION, action);
	n = nest(MOBX_A_POLICY_SELECTOR);
	put32(MOBX_A_SELECTOR_REMOTE, htonl(remote));
	put(MOBX_A_SELECTOR_REMOTE_PLEN, &(uint8_t){ 16 }, 1);
	nest_end(n);
	must(!talk(), "policy");
}

/* Policies about others come and go, before and behind the one that counts. */
static void *legislator(void *arg)
{
	uint64_t next = 0;
	uint32_t i;
	int host;

	(void)arg;
	resolve_both();
	for (i = 0; !stop_moving; i++) {
		for (host = 0; host < 2; host++)
			policy(host, i % 2 ? 5 + i % 90 : 200 + i % 90,
			       i % 3, 0xc6330000u + (i << 16));
		pace(&next, 50);
		for (host = 0; host < 2; host++) {
			sock = both[host];
			begin(family, MOBX_CMD_POLICY_DEL, 0);
			put32(MOBX_A_POLICY_ORDER,
			      i % 2 ? 5 + i % 90 : 200 + i % 90);
			must(!talk(), "end of a policy");
		}
		policies += 2;
	}
	return NULL;
}

static void set_up(void)
{
	int host;

	resolve_both();
	for (host = 0; host < 2; host++) {
		sock = both[host];
		begin(family, MOBX_CMD_PEER_NEW, 0);
		put32(MOBX_A_PEER_ID, 1);
		binding(host, 0);
		must(!talk(), "peer");
	}
	new_sas(spi_of(0));
	for (host = 0; host < 2; host++)
		policy(host, 100, MOBX_ACTION_PROTECT, 0x0a060000);
}

/* ---------------------------------------------------------------- judgement */

static unsigned int tests;

static void check(bool good, const char *what)
{
	printf("%sok %u %s\n", good ? "" : "not ", ++tests, what);
	failures += !good;
}

static void judge(double took)
{
	bool whole = true, once = true, right = true, alive = true;
	unsigned long arrived = 0;
	bool none = true;
	unsigned int i;

	for (i = 0; i < N_FLOWS; i++) {
		struct flow *f = &flows[i];

		f->lost = f->sent - f->received;
		printf("# %-22s sent %7lu (%.0f a second), lost %lu, twice %lu, wrong %lu\n",
		       f->name, f->sent, (double)f->sent / took, f->lost,
		       f->twice, f->wrong);
		arrived += f->received;
		once &= !f->twice;
		right &= !f->wrong;
		whole &= !f->whole || !f->lost;
		none &= !f->nothing || !f->received;
		alive &= f->nothing || f->received > 0;
	}
	printf("# %lu rebinds (%.0f a second), %lu SAs replaced, %lu policies\n",
	       rebinds, (double)rebinds / took, 2 * rekeys, policies);
	printf("# %lu ESP packets on the links, %lu in clear, %lu of no pair, %lu numbers and %lu IVs twice, %lu not audited\n",
	       audit.esp, audit.clear, audit.foreign, audit.number_twice,
	       audit.iv_twice, audit.dropped);
	check(alive && rekeys && rebinds > 10,
	      "there was traffic on all flows, moved and rekeyed");
	check(!audit.dropped && audit.esp > arrived,
	      "every packet was audited, both ways");
	check(!audit.clear, "nothing in clear");
	check(!audit.foreign && none, "no packet mixes two bindings");
	check(!audit.number_twice, "no sequence number twice");
	check(!audit.iv_twice, "no IV twice");
	check(whole, "nothing lost of what only moved softly");
	check(once, "nothing doubled");
	check(right, "nothing damaged");
}

int main(int argc, char **argv)
{
	pthread_t movers[2], keys, law, eyes;
	uint64_t start;
	unsigned int i;

	if (argc != 4) {
		fprintf(stderr, "usage: torture SECONDS REBINDS DATAGRAMS\n");
		return 2;
	}
	seconds = (unsigned int)atoi(argv[1]);
	rebind_rate = (unsigned int)atoi(argv[2]);
	datagram_rate = (unsigned int)atoi(argv[3]);
	must(seconds && rebind_rate && datagram_rate, "numbers above 0");
	setvbuf(stdout, NULL, _IONBF, 0);
	enter(0);
	open_rings();
	pthread_create(&eyes, NULL, auditor, NULL);
	set_up();
	for (i = 0; i < N_FLOWS; i++)
		open_flow(&flows[i], (uint16_t)(5000 + i));
	start = now_ns();
	for (i = 0; i < N_FLOWS; i++) {
		pthread_create(&flows[i].receiver, NULL, receiver, &flows[i]);
		pthread_create(&flows[i].sender, NULL, sender, &flows[i]);
	}
	for (i = 0; i < 2; i++)
		pthread_create(&movers[i], NULL, mover, (void *)(intptr_t)i);
	pthread_create(&keys, NULL, rekeyer, NULL);
	pthread_create(&law, NULL, legislator, NULL);
	sleep(seconds);
	stop_sending = true;
	for (i = 0; i < N_FLOWS; i++)
		pthread_join(flows[i].sender, NULL);
	start = now_ns() - start;
	/* What is on its way arrives while all goes on moving. */
	sleep(2);
	stop_moving = true;
	pthread_join(movers[0], NULL);
	pthread_join(movers[1], NULL);
	pthread_join(keys, NULL);
	pthread_join(law, NULL);
	stop_all = true;
	for (i = 0; i < N_FLOWS; i++)
		pthread_join(flows[i].receiver, NULL);
	pthread_join(eyes, NULL);
	judge((double)start / (double)NSEC);
	printf("1..%u\n", tests);
	return failures != 0;
}
