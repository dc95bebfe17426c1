// SPDX-License-Identifier: GPL-2.0
/*
 * flow - a numbered UDP stream each way, with a log that can be audited.
 *
 *   flow mobile SERVER PORT RATE SECONDS LOG [LOCAL]
 *   flow server PORT RATE SECONDS LOG [LOCAL]
 *
 * Both ends send RATE datagrams a second. Without LOCAL the mobile's socket is
 * not bound to an address, so that the kernel's routes choose its source; the
 * server answers whatever source it heard last. Every datagram sent and received is
 * kept in memory and written to LOG at the end, one a line:
 *
 *   S seq time            sent (or tried: E follows)
 *   E seq errno           the kernel refused to send it
 *   R seq time sent-time  received
 *
 * Times are CLOCK_REALTIME in nanoseconds; both ends run on one machine.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define FLOW_MAGIC	0x6d6f6278u
#define FLOW_LEN	200u
#define NSEC		1000000000ull

struct datagram {
	uint32_t magic;
	uint32_t seq;
	uint64_t sent;
	uint8_t fill[FLOW_LEN - 16];
};

struct record {
	char what;
	uint32_t seq;
	uint64_t a, b;
};

struct flow {
	int sock;
	bool have_dest;
	struct sockaddr_in dest;
	uint32_t seq;
	struct record *rec;
	size_t n, max;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * NSEC + (uint64_t)ts.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "flow: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void note(struct flow *f, char what, uint32_t seq, uint64_t a,
		 uint64_t b)
{
	if (f->n == f->max) {
		f->max = f->max ? 2 * f->max : 65536;
		f->rec = realloc(f->rec, f->max * sizeof(*f->rec));
		if (!f->rec)
			fail("memory for the log");
	}
	f->rec[f->n++] = (struct record){ what, seq, a, b };
}

static void send_one(struct flow *f)
{
	struct datagram d = { .magic = FLOW_MAGIC, .seq = f->seq++ };

	d.sent = now_ns();
	note(f, 'S', d.seq, d.sent, 0);
	if (sendto(f->sock, &d, sizeof(d), 0, (struct sockaddr *)&f->dest,
		   sizeof(f->dest)) < 0)
		note(f, 'E', d.seq, (uint64_t)errno, 0);
}

static void receive_all(struct flow *f, bool follow)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	struct datagram d;
	ssize_t got;

	/* ICMP errors come back here too; they are no datagram and no end. */
	while ((got = recvfrom(f->sock, &d, sizeof(d), MSG_DONTWAIT,
			       (struct sockaddr *)&from, &len)) >= 0) {
		if (got != sizeof(d) || d.magic != FLOW_MAGIC)
			continue;
		note(f, 'R', d.seq, now_ns(), d.sent);
		if (follow) {
			f->dest = from;
			f->have_dest = true;
		}
	}
}

/* Send every 1/rate seconds until the end, then listen for the stragglers. */
static void run(struct flow *f, unsigned int rate, unsigned int seconds,
		bool follow)
{
	long period = (long)(NSEC / rate);
	struct itimerspec it = {
		.it_interval.tv_nsec = period, .it_value.tv_nsec = period,
	};
	int tfd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	uint64_t end = now_ns() + seconds * NSEC, due;

	if (tfd < 0 || timerfd_settime(tfd, 0, &it, NULL))
		fail("timer");
	while (now_ns() < end + NSEC) {
		struct pollfd p[2] = {
			{ .fd = f->sock, .events = POLLIN },
			{ .fd = tfd, .events = POLLIN },
		};

		if (poll(p, 2, 1000) < 0)
			fail("poll");
		if (p[0].revents)
			receive_all(f, follow);
		if (!(p[1].revents & POLLIN) ||
		    read(tfd, &due, sizeof(due)) != sizeof(due))
			continue;
		while (due-- && f->have_dest && now_ns() < end)
			send_one(f);
	}
	close(tfd);
}

static void write_log(const struct flow *f, const char *path)
{
	FILE *out = fopen(path, "w");

	if (!out)
		fail(path);
	for (size_t i = 0; i < f->n; i++) {
		const struct record *r = &f->rec[i];

		fprintf(out, "%c %u %llu", r->what, r->seq,
			(unsigned long long)r->a);
		if (r->what == 'R')
			fprintf(out, " %llu", (unsigned long long)r->b);
		fputc('\n', out);
	}
	if (fclose(out))
		fail(path);
}

static unsigned int number(const char *s)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	if (!*s || *end || !n || n > 1000000) {
		fprintf(stderr, "flow: '%s' is not a number from 1 to 1000000\n",
			s);
		exit(1);
	}
	return (unsigned int)n;
}

static struct in_addr address(const char *s)
{
	struct in_addr addr;

	if (inet_pton(AF_INET, s, &addr) != 1) {
		fprintf(stderr, "flow: '%s' is not an IPv4 address\n", s);
		exit(1);
	}
	return addr;
}

int main(int argc, char **argv)
{
	struct sockaddr_in local = { .sin_family = AF_INET };
	struct flow f = { .dest.sin_family = AF_INET };
	bool mobile = argc >= 7 && argc <= 8 && !strcmp(argv[1], "mobile");
	bool server = argc >= 6 && argc <= 7 && !strcmp(argv[1], "server");
	int size = 1 << 20;

	if (!mobile && !server) {
		fprintf(stderr,
			"usage: flow mobile SERVER PORT RATE SECONDS LOG [LOCAL]\n"
			"       flow server PORT RATE SECONDS LOG [LOCAL]\n");
		return 1;
	}
	argv += mobile ? 2 : 1;
	f.sock = socket(AF_INET, SOCK_DGRAM, 0);
	if (f.sock < 0)
		fail("socket");
	setsockopt(f.sock, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (argv[5])
		local.sin_addr = address(argv[5]);
	if (mobile) {
		f.dest.sin_addr = address(argv[0]);
		f.dest.sin_port = htons((uint16_t)number(argv[1]));
		f.have_dest = true;
	} else {
		local.sin_port = htons((uint16_t)number(argv[1]));
	}
	if (bind(f.sock, (struct sockaddr *)&local, sizeof(local)))
		fail("bind");
	run(&f, number(argv[2]), number(argv[3]), server);
	write_log(&f, argv[4]);
	free(f.rec);
	close(f.sock);
	return 0;
}
