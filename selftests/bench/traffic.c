// SPDX-License-Identifier: GPL-2.0
/*
 * traffic - send from one network namespace to another and say what a datagram
 * or an octet costs, in nanoseconds of CLOCK_MONOTONIC. In the rig's counted
 * mode (vm/run -c) that is the number of instructions.
 *
 *   traffic udp  FROM TO ADDRESS LENGTH BATCHES ROUNDS PROTOCOL [FLOWS]
 *   traffic tcp  FROM TO ADDRESS MEGABYTES ROUNDS
 *   traffic sctp FROM TO ADDRESS MEGABYTES ROUNDS
 *   traffic flows tcp|udp FROM TO ADDRESS FLOWS MILLISECONDS
 *
 * FROM and TO are names that "ip netns" made; ADDRESS is one of TO's. Prints
 * the cost, best of all rounds. PROTOCOL is the number that IP packets must
 * carry when they leave FROM (17 in clear, 50 under ESP): what is not protected
 * must not be measured as if it were. Datagrams of several FLOWS leave in turn,
 * each from a port of its own.
 *
 * What is measured begins and ends with a mark, for profiles (vm/run -p).
 *
 * With "flows" there are several senders and receivers at once, each a process,
 * for so long on whatever clock there is; what is printed is Mbit/s that all
 * receivers together read.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Datagrams sent before the receiver reads them: fits any receive buffer. */
#define BATCH 32
#define PORT 7001
#define CHUNK 65536
/* Octets of a stream that open the congestion window before the clock runs. */
#define WARM_UP (4 << 20)
/* The same for flows. */
#define WARM_UP_MS 500
#define MAX_FLOWS 512
#define DATAGRAM 1300

static void __attribute__((noreturn, format(printf, 1, 2)))
die(const char *format, ...)
{
	int error = errno;
	va_list args;

	va_start(args, format);
	fputs("traffic: ", stderr);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(error));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* As selftests/vm/count.c knows it. */
static void mark(void)
{
#ifdef __x86_64__
	__asm__ volatile("xchg %rbx, %rbx");
#endif
}

static unsigned long number(const char *text, unsigned long max)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || *end || end == text || !n || n > max) {
		fprintf(stderr, "traffic: '%s' is no number from 1 to %lu\n",
			text, max);
		exit(2);
	}
	return n;
}

/* A socket belongs to the namespace in which it was made. */
static void enter(const char *ns)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", ns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("%s", path);
	if (setns(fd, CLONE_NEWNET))
		die("setns %s", ns);
	close(fd);
}

/* An address and PORT, of either family. */
struct endpoint {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} sa;
	socklen_t size;
};

static struct endpoint endpoint(const char *address)
{
	struct endpoint to = { 0 };

	if (inet_pton(AF_INET, address, &to.sa.v4.sin_addr) == 1) {
		to.sa.v4.sin_family = AF_INET;
		to.sa.v4.sin_port = htons(PORT);
		to.size = sizeof(to.sa.v4);
	} else if (inet_pton(AF_INET6, address, &to.sa.v6.sin6_addr) == 1) {
		to.sa.v6.sin6_family = AF_INET6;
		to.sa.v6.sin6_port = htons(PORT);
		to.size = sizeof(to.sa.v6);
	} else {
		fprintf(stderr, "traffic: '%s' is no IP address\n", address);
		exit(2);
	}
	return to;
}

/* No wake-up may preempt a batch, or each round costs something else. */
static void be_first(void)
{
	struct sched_param param = { .sched_priority = 50 };

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		die("SCHED_FIFO");
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		die("mlockall");
}

/* A tap on all that leaves the current namespace. */
static int open_tap(void)
{
	struct sockaddr_ll all = { .sll_family = AF_PACKET,
				   .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&all, sizeof(all)))
		die("AF_PACKET");
	return fd;
}

/* What an IP packet carries; 0 where that does not count. */
static unsigned int carries(const uint8_t *ip, uint16_t protocol)
{
	if (protocol == htons(ETH_P_IP))
		return ip[9];
	/* Neighbours are looked for in clear. */
	if (protocol == htons(ETH_P_IPV6) && ip[6] != IPPROTO_ICMPV6)
		return ip[6];
	return 0;
}

/* Close the tap and see whether it saw nothing but @protocol. */
static void check_tap(int fd, unsigned long protocol)
{
	struct sockaddr_ll from;
	socklen_t size = sizeof(from);
	unsigned long right = 0;
	unsigned int is;
	uint8_t ip[20];

	while (recvfrom(fd, ip, sizeof(ip), MSG_TRUNC,
			(struct sockaddr *)&from, &size) >= (int)sizeof(ip)) {
		size = sizeof(from);
		is = from.sll_pkttype == PACKET_OUTGOING ?
			carries(ip, from.sll_protocol) : 0;
		if (!is)
			continue;
		if (is != protocol) {
			errno = EPROTO;
			die("IP protocol %u on the link where %lu should be",
			    is, protocol);
		}
		right++;
	}
	close(fd);
	if (!right) {
		errno = EPROTO;
		die("nothing of IP protocol %lu on the link", protocol);
	}
}

/* Sockets of as many flows, and where the datagrams of all of them arrive. */
struct udp {
	int tx[MAX_FLOWS];
	size_t flows;
	size_t next;
	int rx;
};

static void udp_batch(struct udp *udp, uint8_t *out, uint8_t *in, size_t len)
{
	int i;

	for (i = 0; i < BATCH; i++) {
		if (send(udp->tx[udp->next], out, len, 0) != (ssize_t)len)
			die("send");
		if (++udp->next == udp->flows)
			udp->next = 0;
	}
	for (i = 0; i < BATCH; i++) {
		ssize_t got = recv(udp->rx, in, len + 1, 0);

		if (got < 0)
			die("datagram %d of %d did not arrive", i + 1, BATCH);
		if (got != (ssize_t)len || memcmp(in, out, len)) {
			errno = EBADMSG;
			die("datagram %d is not what was sent", i + 1);
		}
	}
}

static void udp_open(struct udp *udp, const char *from, const char *to,
		     const char *address)
{
	struct endpoint at = endpoint(address);
	struct timeval limit = { .tv_sec = 2 };
	size_t i;

	enter(to);
	udp->rx = socket(at.sa.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (udp->rx < 0 || bind(udp->rx, &at.sa.any, at.size))
		die("bind %s", address);
	if (setsockopt(udp->rx, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)))
		die("SO_RCVTIMEO");
	enter(from);
	for (i = 0; i < udp->flows; i++) {
		int fd = socket(at.sa.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC,
				0);

		if (fd < 0 || connect(fd, &at.sa.any, at.size))
			die("connect %s", address);
		udp->tx[i] = fd;
	}
}

static void udp(struct udp *udp, size_t len, unsigned long batches,
		unsigned long rounds, unsigned long protocol)
{
	uint64_t best = UINT64_MAX;
	uint8_t *out = calloc(2, len + 1), *in;
	unsigned long b;
	int tap;

	if (!out)
		die("memory");
	in = out + len + 1;
	memset(out, 'x', len);
	be_first();
	tap = open_tap();
	for (b = 0; b < 2; b++)
		udp_batch(udp, out, in, len);
	check_tap(tap, protocol);
	/* Addresses are resolved, caches filled, lazy work done. */
	for (b = 0; b < 8; b++)
		udp_batch(udp, out, in, len);
	while (rounds--) {
		uint64_t start = now_ns(), took;

		mark();
		for (b = 0; b < batches; b++)
			udp_batch(udp, out, in, len);
		mark();
		took = now_ns() - start;
		if (took < best)
			best = took;
	}
	printf("%.0f\n", (double)best / (double)(batches * BATCH));
	free(out);
}

static void send_stream(const char *from, const struct endpoint *to,
			int protocol, uint64_t octets)
{
	static uint8_t chunk[CHUNK];
	int fd;

	enter(from);
	fd = socket(to->sa.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	if (fd < 0 || connect(fd, &to->sa.any, to->size))
		die("connect");
	while (octets) {
		size_t want = octets < CHUNK ? (size_t)octets : CHUNK;
		ssize_t sent = send(fd, chunk, want, MSG_NOSIGNAL);

		if (sent <= 0)
			die("send");
		octets -= (uint64_t)sent;
	}
	close(fd);
}

static void read_octets(int fd, uint64_t octets)
{
	static uint8_t chunk[CHUNK];

	while (octets) {
		size_t want = octets < CHUNK ? (size_t)octets : CHUNK;
		ssize_t got = recv(fd, chunk, want, 0);

		if (got == 0)
			errno = ECONNRESET;
		if (got <= 0)
			die("the stream broke off");
		octets -= (uint64_t)got;
	}
}

static void stream(const char *from, const char *to, const char *address,
		   int protocol, uint64_t octets, unsigned long rounds)
{
	struct endpoint at = endpoint(address);
	struct timeval limit = { .tv_sec = 20 };
	uint64_t best = UINT64_MAX, start, took;
	int listener, fd, status, one = 1;
	pid_t child;

	enter(to);
	listener = socket(at.sa.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC,
			  protocol);
	if (listener < 0 ||
	    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit,
		       sizeof(limit)) ||
	    bind(listener, &at.sa.any, at.size) ||
	    listen(listener, 1))
		die("listen on %s", address);
	while (rounds--) {
		fflush(stdout);
		child = fork();
		if (child < 0)
			die("fork");
		if (!child) {
			send_stream(from, &at, protocol, octets + WARM_UP);
			_exit(0);
		}
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			die("no connection from %s", from);
		read_octets(fd, WARM_UP);
		start = now_ns();
		mark();
		read_octets(fd, octets);
		mark();
		took = now_ns() - start;
		if (took < best)
			best = took;
		close(fd);
		if (waitpid(child, &status, 0) != child || status) {
			errno = ECHILD;
			die("the sender failed");
		}
	}
	printf("%.2f\n", (double)best / (double)octets);
}

/* One of several flows: what its receiver has read, alone in its cache line. */
struct flow {
	_Alignas(64) _Atomic uint64_t octets;
	pid_t sender;
	pid_t receiver;
};

static pid_t child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static void __attribute__((noreturn)) keep_reading(struct flow *flow, int fd,
						   int type)
{
	static uint8_t chunk[CHUNK];
	ssize_t got;

	if (type == SOCK_STREAM) {
		fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			die("accept");
	}
	while ((got = recv(fd, chunk, sizeof(chunk), 0)) > 0)
		atomic_fetch_add_explicit(&flow->octets, (uint64_t)got,
					  memory_order_relaxed);
	die("recv");
}

static void __attribute__((noreturn)) keep_sending(const char *from,
						   const struct endpoint *to,
						   int type)
{
	static uint8_t chunk[CHUNK];
	size_t len = type == SOCK_STREAM ? sizeof(chunk) : DATAGRAM;
	int fd;

	enter(from);
	fd = socket(to->sa.any.sa_family, type | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, &to->sa.any, to->size))
		die("connect");
	/* A datagram that a queue has no room for is lost like any other. */
	while (send(fd, chunk, len, MSG_NOSIGNAL) > 0 || errno == ENOBUFS)
		;
	die("send");
}

static void start_flow(struct flow *flow, const char *from,
		       struct endpoint to, in_port_t port, int type)
{
	int fd, one = 1;
	pid_t pid;

	/* In the same place for both families. */
	to.sa.v4.sin_port = htons(port);
	fd = socket(to.sa.any.sa_family, type | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, &to.sa.any, to.size) ||
	    (type == SOCK_STREAM && listen(fd, 1)))
		die("port %u", port);
	/* A child must not write its own 0 there: the memory is shared. */
	pid = child();
	if (!pid)
		keep_reading(flow, fd, type);
	flow->receiver = pid;
	close(fd);
	pid = child();
	if (!pid)
		keep_sending(from, &to, type);
	flow->sender = pid;
}

static uint64_t flows_read(const struct flow *flow, unsigned long n)
{
	uint64_t octets = 0;

	while (n--)
		octets += atomic_load_explicit(&flow[n].octets,
					       memory_order_relaxed);
	return octets;
}

static void sleep_ms(unsigned long ms)
{
	struct timespec t = { .tv_sec = (time_t)(ms / 1000),
			      .tv_nsec = (long)(ms % 1000) * 1000000 };

	if (nanosleep(&t, NULL))
		die("nanosleep");
}

static void flows(const char *from, const char *to, const char *address,
		  int type, unsigned long n, unsigned long ms)
{
	struct endpoint at = endpoint(address);
	uint64_t start, before, took, octets;
	struct flow *flow;
	unsigned long i;

	flow = mmap(NULL, n * sizeof(*flow), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (flow == MAP_FAILED)
		die("memory");
	enter(to);
	for (i = 0; i < n; i++)
		start_flow(&flow[i], from, at, (in_port_t)(PORT + i), type);
	sleep_ms(WARM_UP_MS);
	start = now_ns();
	before = flows_read(flow, n);
	sleep_ms(ms);
	octets = flows_read(flow, n) - before;
	took = now_ns() - start;
	for (i = 0; i < n; i++) {
		/* Whoever has failed by itself has said why. */
		if (waitpid(flow[i].sender, NULL, WNOHANG) ||
		    waitpid(flow[i].receiver, NULL, WNOHANG))
			exit(1);
		kill(flow[i].sender, SIGKILL);
		kill(flow[i].receiver, SIGKILL);
		if (!flow[i].octets) {
			errno = ENODATA;
			die("flow %lu", i + 1);
		}
	}
	while (wait(NULL) > 0)
		;
	printf("%.1f\n", (double)octets * 8000 / (double)took);
}

int main(int argc, char **argv)
{
	if ((argc == 9 || argc == 10) && !strcmp(argv[1], "udp")) {
		static struct udp sockets = { .flows = 1 };

		if (argc == 10)
			sockets.flows = number(argv[9], MAX_FLOWS);
		udp_open(&sockets, argv[2], argv[3], argv[4]);
		udp(&sockets, number(argv[5], 65507), number(argv[6], 1000000),
		    number(argv[7], 1000), number(argv[8], 255));
		return 0;
	}
	if (argc == 7 && (!strcmp(argv[1], "tcp") || !strcmp(argv[1], "sctp"))) {
		stream(argv[2], argv[3], argv[4],
		       argv[1][0] == 't' ? IPPROTO_TCP : IPPROTO_SCTP,
		       (uint64_t)number(argv[5], 100000) << 20,
		       number(argv[6], 1000));
		return 0;
	}
	if (argc == 8 && !strcmp(argv[1], "flows") &&
	    (!strcmp(argv[2], "tcp") || !strcmp(argv[2], "udp"))) {
		flows(argv[3], argv[4], argv[5],
		      argv[2][0] == 't' ? SOCK_STREAM : SOCK_DGRAM,
		      number(argv[6], MAX_FLOWS), number(argv[7], 600000));
		return 0;
	}
	fputs("usage: traffic udp FROM TO ADDRESS LENGTH BATCHES ROUNDS PROTOCOL [FLOWS]\n"
	      "       traffic tcp|sctp FROM TO ADDRESS MEGABYTES ROUNDS\n"
	      "       traffic flows tcp|udp FROM TO ADDRESS FLOWS MILLISECONDS\n",
	      stderr);
	return 2;
}
