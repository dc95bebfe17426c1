// SPDX-License-Identifier: GPL-2.0
/*
 * Each allocation of each netlink operation fails once: the operation says so
 * and has changed nothing, or it has worked all the same. Needs a kernel with
 * fault injection; prints TAP; runs in a network namespace of its own.
 *
 * covers: I5
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/time.h>
#include <unistd.h>

#include "nl.h"

/* More allocations than any operation has. */
#define MAX_FAULTS	2000

static unsigned int tests, failures;
static int fail_nth;

static void ok(bool good, const char *what, unsigned int faults)
{
	printf("%sok %u %s: each of %u allocations failed\n",
	       good ? "" : "not ", ++tests, what, faults);
	failures += !good;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

/* Allocations that may sleep fail too, and nobody tells of each. */
static void prepare(void)
{
	static const char *const dirs[] = { "failslab", "fail_page_alloc" };
	char path[80];
	unsigned int i;

	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR);
	if (fail_nth < 0) {
		printf("1..0 # SKIP this kernel has no fault injection\n");
		exit(4);
	}
	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/ignore-gfp-wait",
			 dirs[i]);
		write_file(path, "N");
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/verbose",
			 dirs[i]);
		write_file(path, "0");
	}
	write_file("/sys/kernel/debug/fail_page_alloc/min-order", "0");
}

/* The @n-th allocation of this thread from here on fails; 0: none. */
static void arm(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(fail_nth, text, (size_t)len, 0) != len)
		die("fail-nth");
}

/* Whether the fault that was armed has struck. */
static bool struck(void)
{
	char text[16] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) < 1)
		die("fail-nth");
	return !atoi(text);
}

/*
 * Send what was built, with a fault; the answer's error, 0 for success, -1 if
 * the answer itself could not be allocated.
 */
static int talk_with_fault(unsigned int n, bool *hit)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)req;
	static uint32_t seq = 1u << 31;
	ssize_t len;

	nlh->nlmsg_len = (uint32_t)req_len;
	nlh->nlmsg_seq = ++seq;
	nlh->nlmsg_flags |= NLM_F_ACK;
	arm(n);
	len = send(sock, req, req_len, 0);
	*hit = struck();
	arm(0);
	if (len < 0)
		return errno;
	for (;;) {
		len = recv(sock, answer, sizeof(answer), 0);
		if (len < 0)
			return -1;
		nlh = (struct nlmsghdr *)answer;
		if (nlh->nlmsg_seq == seq && nlh->nlmsg_type == NLMSG_ERROR)
			return -((struct nlmsgerr *)NLMSG_DATA(nlh))->error;
	}
}

/* What dumps and the settings tell. */
static uint64_t all_state(void)
{
	uint64_t sum = state();

	begin(family, MOBX_CMD_CONF, 0);
	if (talk())
		die("conf");
	return sum_up(sum, (const struct nlmsghdr *)answer);
}

/* ----------------------------------------------------------- operations */

static uint32_t inet(uint8_t last)
{
	return htonl(0x0a000000u | last);
}

static void add_path(uint8_t local, uint8_t remote, uint32_t flags)
{
	size_t n = nest(MOBX_A_PEER_PATHS);

	put32(MOBX_A_PATH_LOCAL, inet(local));
	put32(MOBX_A_PATH_REMOTE, inet(remote));
	put32(MOBX_A_PATH_FLAGS, flags);
	nest_end(n);
}

static void peer_new(void)
{
	begin(family, MOBX_CMD_PEER_NEW, 0);
	put32(MOBX_A_PEER_ID, 7);
	put(MOBX_A_PEER_LABEL, "faults", 7);
	add_path(1, 2, MOBX_PATH_FLAGS_PRIMARY);
	add_path(1, 3, 0);
}

static void peer_del(void)
{
	begin(family, MOBX_CMD_PEER_DEL, 0);
	put32(MOBX_A_PEER_ID, 7);
}

/* Other addresses than the peer has, many of them. */
static void peer_rebind(void)
{
	uint64_t generation;
	uint8_t i;

	begin(family, MOBX_CMD_PEER_GET, 0);
	put32(MOBX_A_PEER_ID, 1);
	if (talk())
		die("peer-get");
	generation = value64(MOBX_A_PEER_GENERATION);
	begin(family, MOBX_CMD_PEER_REBIND, 0);
	put32(MOBX_A_PEER_ID, 1);
	put64(MOBX_A_PEER_EXPECTED_GENERATION, generation);
	for (i = 0; i < 8; i++)
		add_path(1, (uint8_t)(10 + 8 * (generation & 1) + i),
			 i ? 0 : MOBX_PATH_FLAGS_PRIMARY);
}

static void nothing(void)
{
	req_len = 0;
}

static void sa_new(uint32_t dir, uint32_t enc, size_t enc_len, uint32_t auth,
		   size_t auth_len)
{
	static const uint8_t key[64] = { 1, 2, 3 };
	size_t n;

	begin(family, MOBX_CMD_SA_NEW, 0);
	put32(MOBX_A_SA_SPI, 0x4000);
	put32(MOBX_A_SA_DIR, dir);
	put32(MOBX_A_SA_PEER, 1);
	put32(MOBX_A_SA_ENC, enc);
	if (enc_len)
		put(MOBX_A_SA_ENC_KEY, key, enc_len);
	if (auth_len) {
		put32(MOBX_A_SA_AUTH, auth);
		put(MOBX_A_SA_AUTH_KEY, key, auth_len);
	}
	put(MOBX_A_SA_FORCE, NULL, 0);
	n = nest(MOBX_A_SA_LIFETIME);
	put64(MOBX_A_LIFETIME_HARD_SECONDS, 3600);
	nest_end(n);
}

static void sa_gcm_out(void)
{
	sa_new(MOBX_DIR_OUT, MOBX_ENC_AES_GCM_16, 20, 0, 0);
}

static void sa_gcm_in(void)
{
	sa_new(MOBX_DIR_IN, MOBX_ENC_AES_GCM_16, 20, 0, 0);
}

static void sa_cbc_in(void)
{
	sa_new(MOBX_DIR_IN, MOBX_ENC_AES_CBC, 16, MOBX_AUTH_HMAC_SHA1_96, 20);
}

static void sa_null_out(void)
{
	sa_new(MOBX_DIR_OUT, MOBX_ENC_NULL, 0, MOBX_AUTH_HMAC_SHA1_96, 20);
}

static void sa_del(uint32_t dir)
{
	begin(family, MOBX_CMD_SA_DEL, 0);
	put32(MOBX_A_SA_SPI, 0x4000);
	put32(MOBX_A_SA_DIR, dir);
	put32(MOBX_A_SA_PEER, 1);
}

static void sa_del_in(void)
{
	sa_del(MOBX_DIR_IN);
}

static void sa_del_out(void)
{
	sa_del(MOBX_DIR_OUT);
}

static void policy_new(void)
{
	size_t n;

	begin(family, MOBX_CMD_POLICY_NEW, 0);
	put32(MOBX_A_POLICY_ORDER, 9);
	put32(MOBX_A_POLICY_ACTION, MOBX_ACTION_PROTECT);
	put32(MOBX_A_POLICY_PEER, 1);
	n = nest(MOBX_A_POLICY_SELECTOR);
	put32(MOBX_A_SELECTOR_REMOTE, inet(9));
	nest_end(n);
}

static void policy_del(void)
{
	begin(family, MOBX_CMD_POLICY_DEL, 0);
	put32(MOBX_A_POLICY_ORDER, 9);
}

static void conf_default(uint32_t action)
{
	begin(family, MOBX_CMD_CONF, 0);
	put32(MOBX_A_CONF_DEFAULT_ACTION, action);
}

static void conf_discard(void)
{
	conf_default(MOBX_ACTION_DISCARD);
}

static void conf_bypass(void)
{
	conf_default(MOBX_ACTION_BYPASS);
}

static void peer_get(void)
{
	begin(family, MOBX_CMD_PEER_GET, 0);
	put32(MOBX_A_PEER_ID, 1);
}

static void stats_get(void)
{
	begin(family, MOBX_CMD_STATS_GET, 0);
}

/* -------------------------------------------------------------- the test */

static void must(void (*make)(void))
{
	make();
	if (req_len && talk())
		printf("# %s\n", why);
}

/*
 * @make builds an operation, @undo what takes it back (or nothing, when it may
 * be done over and over).
 */
static void check(const char *what, void (*make)(void), void (*undo)(void))
{
	bool good = true, hit = true, done;
	uint64_t before, after;
	unsigned int n;
	int err;

	/* Once without a fault, for what is allocated only the first time. */
	must(make);
	must(undo);
	for (n = 1; hit && n < MAX_FAULTS; n++) {
		before = all_state();
		make();
		err = talk_with_fault(n, &hit);
		after = all_state();
		done = after != before;
		if (err > 0 && done) {
			printf("# %s, allocation %u: %s, and yet a change\n",
			       what, n, strerror(err));
			good = false;
		} else if (err > 0 && err != ENOMEM && err != ENOBUFS) {
			printf("# %s, allocation %u: %s\n", what, n,
			       strerror(err));
			good = false;
		}
		if (!done)
			continue;
		must(undo);
		if (undo != nothing && all_state() != before) {
			printf("# %s, allocation %u: cannot be undone\n", what,
			       n);
			good = false;
		}
	}
	ok(good && !hit && n > 2, what, n - 2);
}

int main(void)
{
	struct timeval patience = { .tv_sec = 5 };

	if (unshare(CLONE_NEWNET))
		die("unshare");
	prepare();
	resolve();
	if (setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)))
		die("setsockopt");
	printf("TAP version 13\n");
	/* The first object that protects brings the hooks. */
	check("the first peer", peer_new, peer_del);
	check("the default to discard", conf_discard, conf_bypass);
	begin(family, MOBX_CMD_PEER_NEW, 0);
	put32(MOBX_A_PEER_ID, 1);
	add_path(1, 9, MOBX_PATH_FLAGS_PRIMARY);
	if (talk())
		die("peer-new");
	check("a further peer", peer_new, peer_del);
	check("a rebind", peer_rebind, nothing);
	check("an outbound SA, AES-GCM", sa_gcm_out, sa_del_out);
	check("an inbound SA, AES-GCM", sa_gcm_in, sa_del_in);
	check("an inbound SA, AES-CBC", sa_cbc_in, sa_del_in);
	check("an outbound SA, NULL", sa_null_out, sa_del_out);
	check("a policy", policy_new, policy_del);
	must(sa_gcm_out);
	check("the end of an SA", sa_del_out, sa_gcm_out);
	must(peer_new);
	check("the end of a peer", peer_del, peer_new);
	check("a question about a peer", peer_get, nothing);
	check("a question about counters", stats_get, nothing);
	printf("1..%u\n", tests);
	return failures != 0;
}
