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
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "../net/nl.h"

#define NSEC		1000000000ull
#define MAGIC		0x6d6f6278u
#define UDP_SIZE	600u

/* In the order in which they end. */
static volatile bool stop_sending, stop_moving, stop_all;
static unsigned int seconds, rebind_rate, datagram_rate;
static unsigned long rebinds, rekeys, policies;
static unsigned int failures;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC + (uint64_t)ts.tv_nsec;
}

/* Sleep until the next of @rate moments a second; behind time, do not. */
static void pace(uint64_t *next, unsigned int rate)
{
	struct timespec ts;

	if (!*next)
		*next = now_ns();
	*next += NSEC / rate;
	ts.tv_sec = (time_t)(*next / NSEC);
	ts.tv_nsec = (long)(*next % NSEC);
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static void must(bool good, const char *what)
{
	if (!good) {
		printf("Bail out! %s: %s (%s)\n", what, why, strerror(errno));
		exit(1);
	}
}

static void enter(int host)
{
	int fd = open(host ? "/run/netns/b" : "/run/netns/a", O_RDONLY);

	must(fd >= 0 && !setns(fd, CLONE_NEWNET), "namespace");
	close(fd);
}

/* Address of a host on a link, both counted from 0. */
static uint32_t address(int host, int link)
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

/*
 * For so many rounds of a second what left under an old SA may be on its way, as it
 * is on a machine that is busy all the time (strongSwan gives it five seconds).
 */
#define OLD_ROUNDS 3

static void *rekeyer(void *arg)
{
	uint32_t spi = 0x1000, old;
	int host;

	(void)arg;
	resolve_both();
	for (; !stop_moving; spi += 2) {
		usleep(400000);
		new_sas(spi + 2);
		usleep(100000);
		for (host = 0; host < 2; host++)
			sa_del(host, MOBX_DIR_OUT, spi + (uint32_t)host);
		usleep(500000);
		rekeys++;
		if (rekeys <= OLD_ROUNDS)
			continue;
		old = spi - 2 * OLD_ROUNDS;
		for (host = 0; host < 2; host++)
			sa_del(!host, MOBX_DIR_IN, old + (uint32_t)host);
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
	new_sas(0x1000);
	for (host = 0; host < 2; host++)
		policy(host, 100, MOBX_ACTION_PROTECT, 0x0a060000);
}

/* ------------------------------------------------------------------ traffic */

/* One way of one protocol. */
struct flow {
	const char *name;
	int type, proto, from, source, link;
	unsigned int rate;		/* a second; else of the datagrams' */
	unsigned int part;		/* the nth part, or all of them */
	bool whole;			/* must lose nothing */
	bool nothing;			/* must not arrive */
	uint16_t port;
	int tx, rx;
	unsigned long sent, received, lost, twice, wrong;
	uint8_t *seen;
	pthread_t sender, receiver;
};

static struct flow flows[] = {
	{ .name = "udp up", .type = SOCK_DGRAM, .whole = true },
	{ .name = "udp down", .type = SOCK_DGRAM, .from = 1, .whole = true },
	{ .name = "tcp up", .type = SOCK_STREAM, .rate = 20, .whole = true },
	{ .name = "tcp down", .type = SOCK_STREAM, .from = 1, .rate = 20,
	  .whole = true },
	{ .name = "sctp up", .type = SOCK_STREAM, .proto = IPPROTO_SCTP,
	  .rate = 20, .whole = true },
	{ .name = "sctp down", .type = SOCK_STREAM, .proto = IPPROTO_SCTP,
	  .from = 1, .rate = 20, .whole = true },
	{ .name = "udp up, second link", .type = SOCK_DGRAM, .source = 1,
	  .link = 1, .part = 5 },
	{ .name = "udp down, second link", .type = SOCK_DGRAM, .from = 1,
	  .source = 1, .link = 1, .part = 5 },
	{ .name = "udp up, no pair", .type = SOCK_DGRAM, .link = 1,
	  .rate = 20, .nothing = true },
	{ .name = "udp down, no pair", .type = SOCK_DGRAM, .from = 1,
	  .source = 1, .rate = 20, .nothing = true },
};

#define N_FLOWS	(sizeof(flows) / sizeof(flows[0]))

static int bound(const struct flow *f, int host, int link, uint16_t port)
{
	struct sockaddr_in here = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = address(host, link),
	};
	int size = 1 << 23, s;

	enter(host);
	s = socket(AF_INET, f->type, f->proto);
	must(s >= 0 && !bind(s, (struct sockaddr *)&here, sizeof(here)),
	     f->name);
	if (f->type == SOCK_DGRAM)
		must(!setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &size,
				 sizeof(size)), "SO_RCVBUFFORCE");
	return s;
}

static void open_flow(struct flow *f, uint16_t port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = address(!f->from, f->link),
	};
	int listener;

	if (!f->rate)
		f->rate = (datagram_rate - 1) / (f->part ?: 1) + 1;
	f->seen = calloc(1, (size_t)(seconds + 10) * f->rate);
	must(f->seen, "memory");
	f->rx = bound(f, !f->from, f->link, port);
	f->tx = bound(f, f->from, f->source, 0);
	if (f->type == SOCK_DGRAM) {
		must(!connect(f->tx, (struct sockaddr *)&to, sizeof(to)),
		     f->name);
		return;
	}
	listener = f->rx;
	must(!listen(listener, 1) &&
	     !connect(f->tx, (struct sockaddr *)&to, sizeof(to)), f->name);
	f->rx = accept(listener, NULL, NULL);
	must(f->rx >= 0, f->name);
	close(listener);
}

static uint8_t pattern(unsigned long at)
{
	return (uint8_t)(at * 2654435761u >> 13);
}

static void *sender(void *arg)
{
	struct flow *f = arg;
	uint32_t head[2] = { MAGIC, 0 };
	uint8_t data[8192];
	uint64_t next = 0;
	size_t i, len = sizeof(data);

	while (!stop_sending) {
		if (f->type == SOCK_DGRAM) {
			len = UDP_SIZE;
			memset(data, (int)f->sent, len);
			head[1] = (uint32_t)f->sent;
			memcpy(data, head, sizeof(head));
		} else {
			for (i = 0; i < len; i++)
				data[i] = pattern(f->sent * len + i);
		}
		if (send(f->tx, data, len, 0) == (ssize_t)len)
			f->sent++;
		else if (f->type != SOCK_DGRAM)
			break;
		pace(&next, f->rate);
	}
	if (f->type != SOCK_DGRAM)
		shutdown(f->tx, SHUT_WR);
	return NULL;
}

static void receive_datagram(struct flow *f, const uint8_t *data, ssize_t n)
{
	uint32_t head[2];

	memcpy(head, data, sizeof(head));
	if (n != UDP_SIZE || head[0] != MAGIC ||
	    head[1] >= (seconds + 10) * f->rate) {
		f->wrong++;
		return;
	}
	if (f->seen[head[1]]++)
		f->twice++;
	else
		f->received++;
}

static void *receiver(void *arg)
{
	struct flow *f = arg;
	struct pollfd p = { .fd = f->rx, .events = POLLIN };
	uint8_t data[65536];
	unsigned long octets = 0;
	ssize_t n, i;

	while (!stop_all) {
		if (poll(&p, 1, 100) < 1)
			continue;
		n = recv(f->rx, data, sizeof(data), MSG_DONTWAIT);
		if (f->type == SOCK_DGRAM) {
			if (n > 0)
				receive_datagram(f, data, n);
			continue;
		}
		if (n <= 0)
			break;
		for (i = 0; i < n; i++, octets++)
			f->wrong += data[i] != pattern(octets);
		f->received = octets / 8192;
	}
	return NULL;
}

/* -------------------------------------------------------------------- audit */

/* What was seen under one SPI; a set of numbers and one of IVs. */
struct sa_seen {
	uint32_t spi;
	size_t n, size;
	uint64_t *numbers, *ivs;
};

static struct {
	unsigned long esp, clear, foreign, number_twice, iv_twice, dropped;
} audit;

static struct sa_seen sas[64];

/* Whether @v is new in a set of @size places; 0 is nobody. */
static bool add(uint64_t *set, size_t size, uint64_t v)
{
	size_t at = (size_t)(v * 0x9e3779b97f4a7c15ULL >> 20) & (size - 1);

	for (; set[at]; at = (at + 1) & (size - 1))
		if (set[at] == v)
			return false;
	set[at] = v;
	return true;
}

static void grow(struct sa_seen *s)
{
	uint64_t *old[2] = { s->numbers, s->ivs }, *set;
	size_t i, k, size = s->size ? 4 * s->size : 16384;

	for (k = 0; k < 2; k++) {
		set = calloc(size, sizeof(*set));
		must(set, "memory");
		for (i = 0; i < s->size; i++)
			if (old[k][i])
				add(set, size, old[k][i]);
		free(old[k]);
		*(k ? &s->ivs : &s->numbers) = set;
	}
	s->size = size;
}

/* An SPI has its place until 32 younger pairs have come. */
static struct sa_seen *sa_of(uint32_t spi)
{
	struct sa_seen *s = &sas[spi % 64];

	if (s->spi != spi) {
		if (s->size) {
			memset(s->numbers, 0, s->size * sizeof(*s->numbers));
			memset(s->ivs, 0, s->size * sizeof(*s->ivs));
		}
		s->spi = spi;
		s->n = 0;
	}
	if (4 * s->n >= s->size)
		grow(s);
	return s;
}

static void audit_packet(const uint8_t *frame, unsigned int len,
			 unsigned int link)
{
	const uint8_t *ip = frame + ETH_HLEN;
	uint16_t protocol = (uint16_t)(frame[12] << 8 | frame[13]);
	uint32_t src, dst, spi, number;
	unsigned int head = (ip[0] & 15u) * 4;
	struct sa_seen *s;
	uint64_t iv;

	if (protocol == ETH_P_ARP)
		return;
	len -= ETH_HLEN;
	memcpy(&src, ip + 12, 4);
	memcpy(&dst, ip + 16, 4);
	if (protocol != ETH_P_IP || ip[9] != IPPROTO_ESP) {
		if (!audit.clear++)
			printf("# in clear on link %u: protocol %04x, %u\n",
			       link, protocol, ip[9]);
		return;
	}
	audit.esp++;
	if (!((src == address(0, (int)link) && dst == address(1, (int)link)) ||
	      (src == address(1, (int)link) && dst == address(0, (int)link))))
		audit.foreign++;
	/* A later fragment has no header of ESP. */
	if ((ip[6] & 0x1f) || ip[7] || len < head + 16)
		return;
	memcpy(&spi, ip + head, 4);
	memcpy(&number, ip + head + 4, 4);
	memcpy(&iv, ip + head + 8, 8);
	s = sa_of(ntohl(spi));
	s->n++;
	audit.number_twice += !add(s->numbers, s->size, ntohl(number));
	audit.iv_twice += iv && !add(s->ivs, s->size, iv);
}

/*
 * A ring that takes the head of each packet on a device. A block is given to us
 * after a tenth of a second at the latest, full or not: all of them last long
 * enough for a machine that is too busy to look.
 */
struct ring {
	int fd;
	uint8_t *blocks;
	unsigned int next;
};

#define RING_BLOCKS	256u
#define RING_BLOCK	(1u << 18)

static void open_ring(struct ring *r, const char *dev)
{
	struct sock_filter head[] = { { BPF_RET | BPF_K, 0, 0, 96 } };
	struct sock_fprog filter = { 1, head };
	struct tpacket_req3 req3 = {
		.tp_block_size = RING_BLOCK, .tp_block_nr = RING_BLOCKS,
		.tp_frame_size = 2048,
		.tp_frame_nr = RING_BLOCK / 2048 * RING_BLOCKS,
		.tp_retire_blk_tov = 100,
	};
	struct sockaddr_ll here = {
		/* One protocol alone would not be shown on its way out. */
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(dev),
	};
	int version = TPACKET_V3;

	r->fd = socket(AF_PACKET, SOCK_RAW, 0);
	must(r->fd >= 0 && here.sll_ifindex &&
	     !setsockopt(r->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
			 sizeof(filter)) &&
	     !setsockopt(r->fd, SOL_PACKET, PACKET_VERSION, &version,
			 sizeof(version)) &&
	     !setsockopt(r->fd, SOL_PACKET, PACKET_RX_RING, &req3,
			 sizeof(req3)), dev);
	r->blocks = mmap(NULL, (size_t)RING_BLOCK * RING_BLOCKS,
			 PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	must(r->blocks != MAP_FAILED &&
	     !bind(r->fd, (struct sockaddr *)&here, sizeof(here)), dev);
}

/* Whether there was anything. */
static bool read_ring(struct ring *r, unsigned int link)
{
	struct tpacket_block_desc *block =
		(void *)(r->blocks + (size_t)r->next * RING_BLOCK);
	struct tpacket3_hdr *h;
	uint32_t i;

	if (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) &
	      TP_STATUS_USER))
		return false;
	h = (void *)((uint8_t *)block + block->hdr.bh1.offset_to_first_pkt);
	for (i = 0; i < block->hdr.bh1.num_pkts; i++) {
		audit_packet((uint8_t *)h + h->tp_mac, h->tp_snaplen, link);
		h = (void *)((uint8_t *)h + h->tp_next_offset);
	}
	__atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL,
			 __ATOMIC_RELEASE);
	r->next = (r->next + 1) % RING_BLOCKS;
	return true;
}

static struct ring rings[2];

static void *auditor(void *arg)
{
	struct tpacket_stats_v3 stats;
	socklen_t len;
	unsigned int i;
	bool any;

	(void)arg;
	do {
		any = false;
		for (i = 0; i < 2; i++)
			any |= read_ring(&rings[i], i);
		if (!any)
			usleep(10000);
	} while (any || !stop_all);
	for (i = 0; i < 2; i++) {
		len = sizeof(stats);
		must(!getsockopt(rings[i].fd, SOL_PACKET, PACKET_STATISTICS,
				 &stats, &len), "statistics");
		audit.dropped += stats.tp_drops;
	}
	return NULL;
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
	open_ring(&rings[0], "va");
	open_ring(&rings[1], "vc");
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
