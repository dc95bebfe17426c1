// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to the netlink family, made from its own description: most of them
 * plausible, with values inside, at and beyond their ranges, attributes too
 * many or too few, nests cut short. Several processes send at once, while
 * others dump, listen, send packets, and make and destroy namespaces.
 *
 * usage: netlink SEED COUNT [PROCESSES]
 *
 * What the kernel says of it is for the rig to see; this program only tells
 * how many were taken, and fails when it was none of some kind of request, for
 * then it has tested nothing but the door. With one process a seed repeats
 * what it did.
 */
#include <arpa/inet.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../net/nl.h"

enum kind {
	KIND_NUMBER, KIND_BINARY, KIND_STRING, KIND_NEST, KIND_FLAG, KIND_PAD,
};

struct attr {
	uint16_t type;
	enum kind kind;
	unsigned int size;		/* of a number */
	unsigned int nested;		/* index of a set */
	unsigned int multi;
	uint64_t min, max;		/* max 0: as large as it gets */
	unsigned int max_len;
};

struct set {
	const struct attr *attrs;
	unsigned int n;
};

struct op {
	const char *name;
	uint8_t cmd;
	unsigned int set;
	const uint16_t *wants;
	unsigned int n_wants;
	unsigned int dumps;
};

#include "netlink_spec.h"

#define N_OPS	(sizeof(ops) / sizeof(ops[0]))
#define IDS	6u

struct tally {
	unsigned long sent[N_OPS], taken[N_OPS];
};

static struct tally *tally;
static uint64_t rng;
/* What each peer's generation was when last heard of. */
static uint64_t generation[IDS + 1];

static uint32_t rnd(uint32_t below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)((rng >> 16) % below);
}

static bool one_in(uint32_t n)
{
	return !rnd(n);
}

/* ------------------------------------------------------------------ values */

/* At an edge of its range, or of its type, or anything. */
static uint64_t edge(const struct attr *a)
{
	const uint64_t edges[] = {
		0, 1, a->min, a->min - 1, a->max, a->max + 1, a->max * 2,
		0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x10000, 0x7fffffff,
		0x80000000, 0xffffffff, 0x100000000, INT64_MAX, UINT64_MAX,
	};

	if (one_in(4))
		return (uint64_t)rnd(UINT32_MAX) << 32 | rnd(UINT32_MAX);
	return edges[rnd(sizeof(edges) / sizeof(edges[0]))];
}

static bool is(unsigned int set, const struct attr *a, unsigned int want,
	       uint16_t type)
{
	return sets[set].attrs == sets[want].attrs && a->type == type;
}

#define SET(name) set_of(name##_attrs)
static unsigned int set_of(const struct attr *attrs)
{
	unsigned int i = 0;

	while (sets[i].attrs != attrs)
		i++;
	return i;
}

/* What a well-meant request would have; the peer is that of the request. */
static uint64_t sensible(unsigned int set, const struct attr *a, uint32_t id)
{
	if (is(set, a, SET(peer), MOBX_A_PEER_ID) ||
	    is(set, a, SET(sa), MOBX_A_SA_PEER))
		return id;
	if (is(set, a, SET(policy), MOBX_A_POLICY_PEER))
		return one_in(2) ? 0 : id;
	if (is(set, a, SET(peer), MOBX_A_PEER_EXPECTED_GENERATION))
		return generation[id];
	if (is(set, a, SET(sa), MOBX_A_SA_SPI))
		return 0x100 + id;	/* few, so that requests meet */
	if (is(set, a, SET(policy), MOBX_A_POLICY_ORDER))
		return rnd(16);
	if (is(set, a, SET(path), MOBX_A_PATH_STATE))
		return one_in(4) ? MOBX_PATH_STATE_TENTATIVE :
				   MOBX_PATH_STATE_VALID;
	if (is(set, a, SET(conf), MOBX_A_CONF_DEFAULT_ACTION))
		return one_in(2) ? MOBX_ACTION_BYPASS : MOBX_ACTION_DISCARD;
	if (is(set, a, SET(selector), MOBX_A_SELECTOR_LOCAL_PLEN) ||
	    is(set, a, SET(selector), MOBX_A_SELECTOR_REMOTE_PLEN))
		return 32;
	if (is(set, a, SET(selector), MOBX_A_SELECTOR_PROTO))
		return IPPROTO_UDP;
	if (is(set, a, SET(selector), MOBX_A_SELECTOR_LOCAL_PORT_MIN) ||
	    is(set, a, SET(selector), MOBX_A_SELECTOR_REMOTE_PORT_MIN))
		return rnd(1000);
	if (is(set, a, SET(selector), MOBX_A_SELECTOR_LOCAL_PORT_MAX) ||
	    is(set, a, SET(selector), MOBX_A_SELECTOR_REMOTE_PORT_MAX))
		return 1000 + rnd(1000);
	if (a->max)
		return a->min + rnd((uint32_t)(a->max - a->min + 1));
	return rnd(2000);
}

static void put_number(unsigned int set, const struct attr *a, uint32_t id,
		       bool wild)
{
	uint64_t v = wild ? edge(a) : sensible(set, a, id);

	put(a->type, &v, wild && one_in(8) ? rnd(12) : a->size);
}

static void put_binary(const struct attr *a, bool wild)
{
	uint8_t data[256];
	size_t i, len;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)rnd(256);
	/* An address: one of few, so that they meet. */
	data[0] = 10;
	data[1] = 0;
	data[2] = 0;
	data[3] = (uint8_t)(1 + rnd(8));
	len = one_in(12) ? 16 : 4;
	if (wild)
		len = rnd(sizeof(data));
	put(a->type, data, len);
}

static void put_string(const struct attr *a, bool wild)
{
	char text[100];
	size_t len = wild ? rnd(sizeof(text)) : 1 + rnd(4);

	memset(text, 'a' + (int)rnd(3), sizeof(text));
	text[len ? len - 1 : 0] = '\0';
	if (wild && one_in(3))
		memset(text, 0x80, sizeof(text));
	put(a->type, text, len);
}

static const struct attr *attr_of(unsigned int set, uint16_t type)
{
	unsigned int i;

	for (i = 0; i < sets[set].n; i++)
		if (sets[set].attrs[i].type == type)
			return &sets[set].attrs[i];
	return NULL;
}

static void put_attr(unsigned int set, const struct attr *a, uint32_t id,
		     unsigned int wildness);

/* A pair of addresses as it should be, or nearly. */
static void put_path(const struct attr *a, uint32_t id, unsigned int nth,
		     unsigned int wildness)
{
	bool primary = !nth;
	unsigned int set = a->nested, i;
	size_t n = nest(a->type);

	/* A pair once only, or nearly. */
	put32(MOBX_A_PATH_LOCAL, htonl(0x0a000001u + nth % 8));
	put32(MOBX_A_PATH_REMOTE, htonl(0x0a000001u + rnd(8)));
	put32(MOBX_A_PATH_FLAGS, primary ? MOBX_PATH_FLAGS_PRIMARY :
					   2 * rnd(2));
	for (i = 0; i < 2; i++)
		if (wildness && one_in(wildness))
			put_attr(set, &sets[set].attrs[rnd(sets[set].n)], id,
				 wildness);
	if (one_in(3))
		put32(MOBX_A_PATH_MTU, 500 + rnd(1200));
	if (one_in(4)) {
		put32(MOBX_A_PATH_STATE, MOBX_PATH_STATE_TENTATIVE);
		put64(MOBX_A_PATH_CREDIT, rnd(5000));
	} else if (!primary && one_in(4)) {
		put32(MOBX_A_PATH_STATE, MOBX_PATH_STATE_DEPRECATED);
		put32(MOBX_A_PATH_ACCEPT_UNTIL, rnd(500));
	}
	nest_end(n);
}

/* A selector has a prefix or a range of addresses, and with ports a protocol. */
static bool goes_well(unsigned int set, unsigned int which)
{
	uint16_t type = sets[set].attrs[which].type;

	return sets[set].attrs != selector_attrs ||
	       type == MOBX_A_SELECTOR_REMOTE ||
	       type == MOBX_A_SELECTOR_REMOTE_PLEN ||
	       (type >= MOBX_A_SELECTOR_PROTO &&
		type != MOBX_A_SELECTOR_LOCAL_LAST &&
		type != MOBX_A_SELECTOR_REMOTE_LAST);
}

static void put_nest(const struct attr *a, uint32_t id, unsigned int wildness)
{
	unsigned int times = a->multi ? 1 + rnd(one_in(40) ? 70 : 4) : 1, i, k;
	size_t n;

	for (i = 0; i < times && req_len < sizeof(req) - 2048; i++) {
		if (sets[a->nested].attrs == path_attrs &&
		    (!wildness || !one_in(wildness))) {
			put_path(a, id, i, wildness);
			continue;
		}
		n = nest(a->type);
		for (k = 0; k < sets[a->nested].n; k++)
			if (wildness ? one_in(2) : goes_well(a->nested, k))
				put_attr(a->nested, &sets[a->nested].attrs[k],
					 id, wildness);
		nest_end(n);
		/* Longer or shorter than what is inside. */
		if (wildness && one_in(2 * wildness))
			((struct nlattr *)(req + n))->nla_len =
				(uint16_t)rnd((uint32_t)(req_len - n) + 8);
	}
}

/* One in @wildness (0: none) of what is put is not what was asked for. */
static void put_attr(unsigned int set, const struct attr *a, uint32_t id,
		     unsigned int wildness)
{
	bool wild = wildness && one_in(wildness);

	if (req_len > sizeof(req) - 2048)
		return;
	switch (a->kind) {
	case KIND_NUMBER:
		put_number(set, a, id, wild);
		break;
	case KIND_BINARY:
		put_binary(a, wild);
		break;
	case KIND_STRING:
		put_string(a, wild);
		break;
	case KIND_NEST:
		put_nest(a, id, wildness);
		break;
	case KIND_FLAG:
		put(a->type, req, wild ? rnd(5) : 0);
		break;
	case KIND_PAD:
		put(a->type, NULL, 0);
		break;
	}
}

/* ---------------------------------------------------------------- requests */

/* Suites that there are, with keys as long as they should be. */
static void put_suite(void)
{
	static const struct { uint32_t enc, auth; uint8_t key, auth_key; } s[] = {
		{ MOBX_ENC_AES_GCM_16, MOBX_AUTH_NONE, 20, 0 },
		{ MOBX_ENC_AES_GCM_16, MOBX_AUTH_NONE, 36, 0 },
		{ MOBX_ENC_AES_CBC, MOBX_AUTH_HMAC_SHA1_96, 16, 20 },
		{ MOBX_ENC_AES_CBC, MOBX_AUTH_HMAC_SHA2_256_128, 32, 32 },
		{ MOBX_ENC_NULL, MOBX_AUTH_HMAC_SHA1_96, 0, 20 },
	};
	unsigned int i = rnd(sizeof(s) / sizeof(s[0]));
	uint8_t key[64];

	memset(key, (int)rnd(256), sizeof(key));
	put32(MOBX_A_SA_ENC, s[i].enc);
	put32(MOBX_A_SA_AUTH, s[i].auth);
	if (s[i].key)
		put(MOBX_A_SA_ENC_KEY, key, s[i].key);
	if (s[i].auth_key)
		put(MOBX_A_SA_AUTH_KEY, key, s[i].auth_key);
	put(MOBX_A_SA_FORCE, NULL, 0);
}

static bool suite_attr(uint16_t type)
{
	return type == MOBX_A_SA_ENC || type == MOBX_A_SA_AUTH ||
	       type == MOBX_A_SA_ENC_KEY || type == MOBX_A_SA_AUTH_KEY ||
	       type == MOBX_A_SA_FORCE;
}

/* What nobody needs to give, and what makes most requests fail. */
static bool seldom(const struct op *op, uint16_t type)
{
	if (op->cmd == MOBX_CMD_SA_NEW)
		return type == MOBX_A_SA_ESN || type == MOBX_A_SA_MODE ||
		       type == MOBX_A_SA_SEQ || type == MOBX_A_SA_LIFETIME ||
		       type == MOBX_A_SA_SELECTORS ||
		       type == MOBX_A_SA_REPLAY_WINDOW ||
		       type == MOBX_A_SA_DF || type == MOBX_A_SA_TFC;
	if (op->cmd == MOBX_CMD_POLICY_NEW)
		return type == MOBX_A_POLICY_MODE ||
		       type == MOBX_A_POLICY_PEER ||
		       type == MOBX_A_POLICY_PFP;
	return op->cmd == MOBX_CMD_CONF && type == MOBX_A_CONF_IKE_SOCKET;
}

static void build(const struct op *op, uint32_t id, unsigned int wildness)
{
	bool suite = op->cmd == MOBX_CMD_SA_NEW && !(wildness && one_in(3));
	unsigned int i;

	begin(family, op->cmd, op->dumps && one_in(4) ? NLM_F_DUMP : 0);
	for (i = 0; i < op->n_wants; i++) {
		uint16_t type = op->wants[i];

		if ((suite && suite_attr(type)) ||
		    (seldom(op, type) && !one_in(4)) ||
		    (wildness && one_in(3 * wildness)))
			continue;
		put_attr(op->set, attr_of(op->set, type), id, wildness);
	}
	if (suite)
		put_suite();
	/* More than is wanted, from its own set or from nowhere. */
	while (wildness && one_in(2 * wildness) && req_len < 8192) {
		const struct set *s = &sets[op->set];

		if (one_in(4))
			put((uint16_t)rnd(65536), req, rnd(64));
		else
			put_attr(op->set, &s->attrs[rnd(s->n)], id, wildness);
	}
}

/* Damage that no description has. */
static void damage(void)
{
	size_t head = NLMSG_HDRLEN, i;

	switch (rnd(3)) {
	case 0:
		if (req_len > head)
			req_len = head + rnd((uint32_t)(req_len - head));
		break;
	case 1:
		for (i = 1 + rnd(4); i && req_len > head; i--)
			req[head + rnd((uint32_t)(req_len - head))] ^=
				(uint8_t)(1u << rnd(8));
		break;
	default:
		if (req_len + 64 < sizeof(req))
			req_len += rnd(64);
	}
}

/* Send, and read all that comes back; the error, 0 for success. */
static int exchange(void)
{
	static uint32_t seq;
	struct nlmsghdr *nlh = (struct nlmsghdr *)req;
	int err = -1;
	ssize_t n;

	nlh->nlmsg_len = (uint32_t)req_len;
	nlh->nlmsg_seq = ++seq;
	nlh->nlmsg_flags |= NLM_F_ACK;
	if (send(sock, req, req_len, 0) < 0)
		return errno;
	while (err < 0) {
		n = recv(sock, answer, sizeof(answer), 0);
		/* No memory for an answer, or none to a message without flags. */
		if (n < 0)
			return errno;
		answer_len = (size_t)n;
		for (nlh = (struct nlmsghdr *)answer; NLMSG_OK(nlh, (size_t)n);
		     nlh = NLMSG_NEXT(nlh, n)) {
			if (nlh->nlmsg_seq != seq)
				continue;
			if (nlh->nlmsg_type == NLMSG_ERROR ||
			    nlh->nlmsg_type == NLMSG_DONE)
				err = -*(int *)NLMSG_DATA(nlh);
		}
	}
	return err;
}

static void learn_generation(uint32_t id)
{
	begin(family, MOBX_CMD_PEER_GET, 0);
	put32(MOBX_A_PEER_ID, id);
	if (!talk())
		generation[id] = value64(MOBX_A_PEER_GENERATION);
}

/* What removes comes seldom: there must be something to meet. */
static const struct op *choose(void)
{
	const struct op *op;

	do {
		op = &ops[rnd(N_OPS)];
	} while ((strstr(op->name, "-flush") && !one_in(20)) ||
		 (strstr(op->name, "-del") && !one_in(4)) ||
		 (strstr(op->name, "-get") && !one_in(2)));
	return op;
}

static void fuzz(uint64_t seed, unsigned long count)
{
	struct timeval patience = { .tv_sec = 10 };

	rng = (seed + 1) * 0x9e3779b97f4a7c15ULL;
	rnd(2);
	resolve();
	if (setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)))
		die("setsockopt");
	while (count--) {
		const struct op *op = choose();
		uint32_t id = 1 + rnd(IDS);
		unsigned int wildness = one_in(2) ? 0 : 2 + rnd(8);
		bool damaged = one_in(10);

		if (op->cmd == MOBX_CMD_PEER_REBIND)
			learn_generation(id);
		build(op, id, wildness);
		if (damaged)
			damage();
		__atomic_add_fetch(&tally->sent[op - ops], 1, __ATOMIC_RELAXED);
		if (!exchange() && !damaged)
			__atomic_add_fetch(&tally->taken[op - ops], 1,
					   __ATOMIC_RELAXED);
	}
}

/* --------------------------------------------------- what goes on meanwhile */

static void each_nothing(const struct nlmsghdr *nlh, void *arg)
{
	(void)nlh;
	(void)arg;
}

static void dump_all(void)
{
	static const uint8_t dumps[] = {
		MOBX_CMD_PEER_GET, MOBX_CMD_SA_GET, MOBX_CMD_POLICY_GET,
	};

	resolve();
	for (unsigned int i = 0;; i++) {
		begin(family, dumps[i % 3], 0);
		dump(each_nothing, NULL);
	}
}

static void listen_all(void)
{
	resolve();
	if (setsockopt(sock, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		       sizeof(group)))
		die("membership");
	for (;;)
		recv(sock, answer, sizeof(answer), 0);
}

/* Packets to and from the addresses that requests are about. */
static void send_all(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	static const uint8_t data[1400];
	int udp[4], any = 1;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		udp[i] = socket(AF_INET, SOCK_DGRAM, 0);
		to.sin_addr.s_addr = htonl(0x0a000001u + i);
		setsockopt(udp[i], SOL_IP, IP_FREEBIND, &any, sizeof(any));
		if (bind(udp[i], (struct sockaddr *)&to, sizeof(to)))
			die("bind");
	}
	for (i = 0;; i++) {
		to.sin_addr.s_addr = htonl(0x0a000001u + i % 8);
		sendto(udp[i / 8 % 4], data, 1 + i % sizeof(data), MSG_DONTWAIT,
		       (struct sockaddr *)&to, sizeof(to));
		if (!(i % 64))
			usleep(1000);
	}
}

static void world(void)
{
	if (unshare(CLONE_NEWNET))
		die("unshare");
	if (system("ip link set lo up; ip link add d0 type dummy; "
		   "ip addr add 10.0.0.1/24 dev d0; ip addr add 10.0.0.2/24 dev d0; "
		   "ip link set d0 up arp off"))
		die("ip");
}

static pid_t spawn(void (*work)(void))
{
	pid_t pid = fork();

	if (!pid) {
		work();
		_exit(1);
	}
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Namespaces that are born, filled and destroyed. */
static void churn(uint64_t seed)
{
	for (;; seed++) {
		pid_t pid = fork();

		if (!pid) {
			world();
			pid = spawn(send_all);
			fuzz(seed, 100);
			end(pid);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
}

/*
 * Nothing outlives the run, whoever ends and however: what is left of a PID
 * namespace dies with its first process. A sender that stayed behind would keep
 * its network namespace, and that the module.
 */
static void contain(void)
{
	int status = 0;
	pid_t pid;

	if (unshare(CLONE_NEWPID))
		die("unshare");
	pid = fork();
	if (!pid)
		return;
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		die("fork");
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static int tell(void)
{
	unsigned long sent = 0, taken = 0;
	int bad = 0;
	size_t i;

	for (i = 0; i < N_OPS; i++) {
		sent += tally->sent[i];
		taken += tally->taken[i];
		printf("# %-14s %7lu sent %7lu taken\n", ops[i].name,
		       tally->sent[i], tally->taken[i]);
	}
	printf("%lu requests, %lu taken\n", sent, taken);
	for (i = 0; i < N_OPS; i++) {
		if (tally->taken[i])
			continue;
		printf("no %s was taken\n", ops[i].name);
		bad = 1;
	}
	return bad;
}

int main(int argc, char **argv)
{
	unsigned long seed, count;
	unsigned int n = 2, i;
	pid_t helper[4], *worker;
	int status, bad = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: netlink SEED COUNT [PROCESSES]\n");
		return 2;
	}
	seed = strtoul(argv[1], NULL, 0);
	count = strtoul(argv[2], NULL, 0);
	if (argc > 3)
		n = (unsigned int)atoi(argv[3]);
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	worker = calloc(n ? n : 1, sizeof(*worker));
	if (tally == MAP_FAILED || !worker || !n)
		die("memory");
	setvbuf(stdout, NULL, _IONBF, 0);
	contain();
	world();
	helper[0] = spawn(dump_all);
	helper[1] = spawn(listen_all);
	helper[2] = spawn(send_all);
	helper[3] = fork();
	if (!helper[3])
		churn(seed + 1000);
	for (i = 0; i < n; i++) {
		worker[i] = fork();
		if (!worker[i]) {
			fuzz(seed + i, count / n);
			_exit(0);
		}
	}
	for (i = 0; i < n; i++) {
		waitpid(worker[i], &status, 0);
		bad |= status;
	}
	for (i = 0; i < 4; i++)
		end(helper[i]);
	free(worker);
	bad |= tell();
	return bad != 0;
}
