// SPDX-License-Identifier: GPL-2.0
/*
 * What the netlink family of the module refuses, and that what is refused
 * changes nothing. Builds its messages octet by octet, since a library would
 * not build wrong ones. Prints TAP; runs in a network namespace of its own.
 *
 * usage: nltest              all tests
 *        nltest fuzz SEED N  send N requests with damage; only has to survive
 *        nltest make WHAT    make a peer, sa, policy or discarding default in the
 *                            namespace where it is, or nothing, and exit
 *        nltest sas N        give peer 1 N outbound SAs
 *        nltest hammer N LOCAL LOCAL REMOTE
 *                            rebind peer 1 N times, now one local address the
 *                            primary one, now the other; tell how long it took
 *
 * covers: I5 I6
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/mobx.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* NLA_HDRLEN as a size */
#define ATTR_HDR	sizeof(struct nlattr)

#define V	MOBX_PATH_STATE_VALID
#define T	MOBX_PATH_STATE_TENTATIVE
#define D	MOBX_PATH_STATE_DEPRECATED
#define P	MOBX_PATH_FLAGS_PRIMARY

static int sock;
static uint16_t family;
static uint32_t group;
static unsigned int tests, failures;

/* The request under construction, and the answer to the last one. */
static _Alignas(4) uint8_t req[16384];
static size_t req_len;
static _Alignas(4) uint8_t answer[65536];
static size_t answer_len;
static char why[512];

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

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

/* ------------------------------------------------------------ messages */

static void begin(uint16_t type, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)req;
	struct genlmsghdr *ghdr = NLMSG_DATA(nlh);

	memset(req, 0, sizeof(req));
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	ghdr->cmd = cmd;
	ghdr->version = MOBX_GENL_VERSION;
	req_len = NLMSG_HDRLEN + GENL_HDRLEN;
}

static void put(uint16_t type, const void *data, size_t len)
{
	struct nlattr *nla = (struct nlattr *)(req + req_len);

	nla->nla_type = type;
	nla->nla_len = (uint16_t)(ATTR_HDR + len);
	if (len)
		memcpy(nla + 1, data, len);
	req_len += (size_t)NLA_ALIGN(nla->nla_len);
}

static void put16(uint16_t type, uint16_t v)
{
	put(type, &v, sizeof(v));
}

static void put32(uint16_t type, uint32_t v)
{
	put(type, &v, sizeof(v));
}

static void put64(uint16_t type, uint64_t v)
{
	put(type, &v, sizeof(v));
}

static size_t nest(uint16_t type)
{
	size_t at = req_len;

	put((uint16_t)(type | NLA_F_NESTED), NULL, 0);
	return at;
}

static void nest_end(size_t at)
{
	((struct nlattr *)(req + at))->nla_len = (uint16_t)(req_len - at);
}

/* Send what was built; the answer's error, 0 for success. */
static int talk(void)
{
	static uint32_t seq;
	struct nlmsghdr *nlh = (struct nlmsghdr *)req;
	const struct nlmsgerr *err;
	ssize_t n;

	nlh->nlmsg_len = (uint32_t)req_len;
	nlh->nlmsg_seq = ++seq;
	nlh->nlmsg_flags |= NLM_F_ACK;
	if (send(sock, req, req_len, 0) < 0)
		return errno;
	why[0] = '\0';
	answer_len = 0;
	for (;;) {
		n = recv(sock, answer + answer_len, sizeof(answer) - answer_len,
			 0);
		if (n < 0)
			die("recv");
		nlh = (struct nlmsghdr *)(answer + answer_len);
		if (nlh->nlmsg_seq != seq)
			continue;
		if (nlh->nlmsg_type != NLMSG_ERROR) {
			answer_len += (size_t)n;
			continue;
		}
		err = NLMSG_DATA(nlh);
		if (err->error && nlh->nlmsg_flags & NLM_F_ACK_TLVS) {
			const struct nlattr *a;
			size_t at = NLMSG_HDRLEN + sizeof(*err);

			for (; at + ATTR_HDR <= nlh->nlmsg_len;
			     at += (size_t)NLA_ALIGN(a->nla_len)) {
				a = (const void *)((const uint8_t *)nlh + at);
				if (a->nla_len < ATTR_HDR)
					break;
				if (a->nla_type == NLMSGERR_ATTR_MSG)
					snprintf(why, sizeof(why), "%s",
						 (const char *)(a + 1));
			}
		}
		return -err->error;
	}
}

/* An attribute at the top of the last answer, or NULL. */
static const struct nlattr *find(uint16_t type)
{
	size_t at = NLMSG_HDRLEN + GENL_HDRLEN;

	while (at + ATTR_HDR <= answer_len) {
		const struct nlattr *a = (const void *)(answer + at);

		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a;
		at += (size_t)NLA_ALIGN(a->nla_len);
	}
	return NULL;
}

static uint64_t value64(uint16_t type)
{
	const struct nlattr *a = find(type);
	uint64_t v = 0;

	if (a)
		memcpy(&v, a + 1, sizeof(v));
	return v;
}

static void resolve(void)
{
	const struct nlattr *a, *g;
	int one = 1;

	sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (sock < 0)
		die("socket");
	if (setsockopt(sock, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)) ||
	    setsockopt(sock, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one)))
		die("setsockopt");
	begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	put(CTRL_ATTR_FAMILY_NAME, MOBX_FAMILY_NAME, sizeof(MOBX_FAMILY_NAME));
	if (talk()) {
		printf("Bail out! no netlink family mobx: is the module loaded?\n");
		exit(1);
	}
	a = find(CTRL_ATTR_FAMILY_ID);
	memcpy(&family, a + 1, sizeof(family));
	/* One group: its nest holds one nest, which holds name and id. */
	g = find(CTRL_ATTR_MCAST_GROUPS) + 2;
	while (g->nla_type != CTRL_ATTR_MCAST_GRP_ID)
		g = (const void *)((const uint8_t *)g + NLA_ALIGN(g->nla_len));
	memcpy(&group, g + 1, sizeof(group));
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

/* Add the attributes of one message to a sum; not the age of an SA. */
static uint64_t sum_up(uint64_t sum, const struct nlmsghdr *nlh)
{
	size_t at = NLMSG_HDRLEN + GENL_HDRLEN;
	const uint8_t *m = (const uint8_t *)nlh;

	while (at + ATTR_HDR <= nlh->nlmsg_len) {
		const struct nlattr *a = (const void *)(m + at);
		size_t k;

		if (nlh->nlmsg_type < NLMSG_MIN_TYPE || a->nla_len < ATTR_HDR)
			break;
		for (k = 0; k < a->nla_len; k++)
			if (((const struct genlmsghdr *)NLMSG_DATA(nlh))->cmd !=
			    MOBX_CMD_SA_GET || a->nla_type != MOBX_A_SA_AGE)
				sum = (sum ^ m[at + k]) * 1099511628211ULL;
		at += (size_t)NLA_ALIGN(a->nla_len);
	}
	return sum;
}

/* Send what was built as a dump and call @each for its messages; their number. */
static unsigned int dump(void (*each)(const struct nlmsghdr *nlh, void *arg),
			 void *arg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)req;
	unsigned int count = 0;
	ssize_t n;

	nlh->nlmsg_flags |= NLM_F_DUMP;
	nlh->nlmsg_len = (uint32_t)req_len;
	if (send(sock, req, req_len, 0) < 0)
		die("send");
	for (;;) {
		n = recv(sock, answer, sizeof(answer), 0);
		if (n < 0)
			die("recv");
		nlh = (struct nlmsghdr *)answer;
		for (; NLMSG_OK(nlh, (size_t)n); nlh = NLMSG_NEXT(nlh, n)) {
			if (nlh->nlmsg_type == NLMSG_DONE ||
			    nlh->nlmsg_type == NLMSG_ERROR) {
				const int *err = NLMSG_DATA(nlh);

				if (*err)
					printf("# dump: %s\n", strerror(-*err));
				return count;
			}
			each(nlh, arg);
			count++;
		}
	}
}

static void sum_each(const struct nlmsghdr *nlh, void *arg)
{
	uint64_t *sum = arg;

	*sum = sum_up(*sum, nlh);
}

/* The state of the namespace, as dumps tell it, in one number. */
static uint64_t state(void)
{
	static const uint8_t dumps[] = {
		MOBX_CMD_PEER_GET, MOBX_CMD_SA_GET, MOBX_CMD_POLICY_GET,
	};
	uint64_t sum = 14695981039346656037ULL;
	unsigned int i;

	for (i = 0; i < sizeof(dumps); i++) {
		begin(family, dumps[i], 0);
		sum += dump(sum_each, &sum);
	}
	return sum;
}

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

#include "nltest_cases.h"

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
	foreign = socket(AF_INET, SOCK_DGRAM, 0);
	if (unshare(CLONE_NEWNET))
		die("unshare");
	resolve();
	if (argc == 4 && !strcmp(argv[1], "fuzz"))
		return fuzz((unsigned int)atoi(argv[2]), atol(argv[3]));
	if (argc > 1) {
		fprintf(stderr, "usage: nltest [fuzz SEED N | make peer|sa|policy|discard|nothing | sas N | hammer N LOCAL LOCAL REMOTE]\n");
		return 2;
	}
	printf("TAP version 13\n");
	test_peer();
	test_rebind();
	test_sa();
	test_policy();
	test_conf(foreign);
	test_dump();
	test_events();
	test_permission();
	printf("1..%u\n", tests);
	return failures != 0;
}
