// SPDX-License-Identifier: GPL-2.0
/*
 * What the netlink family of the module refuses, and that what is refused
 * changes nothing. Prints TAP; runs in a network namespace of its own.
 *
 * usage: nltest              all tests
 *        nltest fuzz SEED N  send N requests with damage; only has to survive
 *        nltest make WHAT    make a peer, sa, policy or discarding default in the
 *                            namespace where it is, or nothing, and exit
 *        nltest sas N        give peer 1 N outbound SAs
 *        nltest hammer N LOCAL LOCAL REMOTE
 *                            rebind peer 1 N times, now one local address the
 *                            primary one, now the other; tell how long it took
 *        nltest peers N LOCAL
 *                            N peers with that own address
 *        nltest swap N LOCAL LOCAL
 *                            replace one own address by the other and back;
 *                            tell how long it took, and how many moved
 *        nltest contend N LOCAL LOCAL
 *                            the same while peers are rebound, come and go
 *
 * covers: I5 I6
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "nl.h"

#define V	MOBX_PATH_STATE_VALID
#define T	MOBX_PATH_STATE_TENTATIVE
#define D	MOBX_PATH_STATE_DEPRECATED
#define P	MOBX_PATH_FLAGS_PRIMARY

static unsigned int tests, failures;

static void ok(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %u ", good ? "" : "not ", ++tests);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	failures += !good;
}

/* ------------------------------------------------- what requests consist of */

static uint32_t addr(uint16_t low)
{
	uint8_t a[4] = { 10, 0, (uint8_t)(low >> 8), (uint8_t)low };
	uint32_t v;

	memcpy(&v, a, sizeof(v));
	return v;
}

static void path(uint16_t local, uint16_t remote, uint32_t state,
		 uint32_t flags)
{
	size_t n = nest(MOBX_A_PEER_PATHS);

	put32(MOBX_A_PATH_LOCAL, addr(local));
	put32(MOBX_A_PATH_REMOTE, addr(remote));
	put32(MOBX_A_PATH_STATE, state);
	put32(MOBX_A_PATH_FLAGS, flags);
	if (state == D)
		put32(MOBX_A_PATH_ACCEPT_UNTIL, 1000);
	nest_end(n);
}

static void peer(uint8_t cmd, uint32_t id)
{
	begin(family, cmd, 0);
	put32(MOBX_A_PEER_ID, id);
}

static void rebind(uint32_t id, uint64_t expected)
{
	peer(MOBX_CMD_PEER_REBIND, id);
	put64(MOBX_A_PEER_EXPECTED_GENERATION, expected);
}

static const uint8_t key[64] = { 1, 2, 3 };

/* An SA that is right but for what @except leaves out. */
static void sa(uint32_t spi, uint32_t dir, int except)
{
	begin(family, MOBX_CMD_SA_NEW, 0);
	if (except != MOBX_A_SA_SPI)
		put32(MOBX_A_SA_SPI, spi);
	if (except != MOBX_A_SA_DIR)
		put32(MOBX_A_SA_DIR, dir);
	if (except != MOBX_A_SA_PEER)
		put32(MOBX_A_SA_PEER, 1);
	if (except != MOBX_A_SA_ENC)
		put32(MOBX_A_SA_ENC, MOBX_ENC_AES_CBC);
	if (except != MOBX_A_SA_ENC_KEY)
		put(MOBX_A_SA_ENC_KEY, key, 16);
	if (except != MOBX_A_SA_AUTH)
		put32(MOBX_A_SA_AUTH, MOBX_AUTH_HMAC_SHA1_96);
	if (except != MOBX_A_SA_AUTH_KEY)
		put(MOBX_A_SA_AUTH_KEY, key, 20);
}

static void policy(uint32_t order, uint32_t action)
{
	begin(family, MOBX_CMD_POLICY_NEW, 0);
	put32(MOBX_A_POLICY_ORDER, order);
	put32(MOBX_A_POLICY_ACTION, action);
}

/* ---------------------------------------------------------- expectations */

/* The request built last must fail so, say so, and change nothing. */
static void refused(int err, const char *text, const char *what)
{
	uint8_t saved[sizeof(req)];
	size_t len = req_len;
	uint64_t before;
	int got;

	memcpy(saved, req, len);
	before = state();
	memcpy(req, saved, len);
	req_len = len;
	got = talk();
	if (got != err || !strstr(why, text))
		printf("# %s: got %s, \"%s\"; wanted %s, \"%s\"\n", what,
		       strerror(got), why, strerror(err), text);
	ok(got == err && strstr(why, text), "%s: refused", what);
	if (state() != before)
		ok(false, "%s: changed something", what);
}

static void accepted(const char *what)
{
	int got = talk();

	if (got)
		printf("# %s: %s, \"%s\"\n", what, strerror(got), why);
	ok(!got, "%s: accepted", what);
}

#include "nltest_peer.h"
#include "nltest_sa.h"
#include "nltest_policy.h"
#include "nltest_dump.h"
#include "nltest_tools.h"
#include "nltest_replace.h"

int main(int argc, char **argv)
{
	int foreign;

	if (argc == 3 && !strcmp(argv[1], "make")) {
		resolve();
		return make(argv[2]);
	}
	if (argc == 3 && !strcmp(argv[1], "sas")) {
		resolve();
		return many_sas((uint32_t)atoi(argv[2]));
	}
	if (argc == 6 && !strcmp(argv[1], "hammer")) {
		resolve();
		return hammer((unsigned int)atoi(argv[2]), argv + 3);
	}
	if (argc == 4 && !strcmp(argv[1], "peers")) {
		resolve();
		return many_peers((uint32_t)atoi(argv[2]), argv[3]);
	}
	if (argc == 5 && !strcmp(argv[1], "swap")) {
		resolve();
		return swap((unsigned int)atoi(argv[2]), argv + 3);
	}
	if (argc == 5 && !strcmp(argv[1], "contend")) {
		resolve();
		return contend((unsigned int)atoi(argv[2]), argv + 3);
	}
	foreign = socket(AF_INET, SOCK_DGRAM, 0);
	if (unshare(CLONE_NEWNET))
		die("unshare");
	resolve();
	if (argc == 4 && !strcmp(argv[1], "fuzz"))
		return fuzz((unsigned int)atoi(argv[2]), atol(argv[3]));
	if (argc > 1) {
		fprintf(stderr, "usage: nltest [fuzz SEED N | make peer|sa|policy|discard|nothing | sas N | hammer N LOCAL LOCAL REMOTE | peers N LOCAL | swap N LOCAL LOCAL | contend N LOCAL LOCAL]\n");
		return 2;
	}
	printf("TAP version 13\n");
	test_peer();
	test_rebind();
	test_spread();
	test_sa();
	test_policy();
	test_conf(foreign);
	test_dump();
	test_replace();
	test_replace_credit();
	test_events();
	test_permission();
	printf("1..%u\n", tests);
	return failures != 0;
}
