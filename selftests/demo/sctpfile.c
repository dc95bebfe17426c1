// SPDX-License-Identifier: GPL-2.0
/*
 * sctpfile - carry a file over one kernel SCTP association whose addresses
 * come and go.
 *
 *   sctpfile recv PORT FILE LOG
 *   sctpfile send LOCAL SERVER PORT FILE BYTES-PER-SECOND
 *
 * The sender reads commands on its standard input, one a line, and sends the
 * ASCONF (RFC 5061) that each asks for:
 *
 *   add ADDR      the association may use ADDR too
 *   primary ADDR  the server shall send to ADDR
 *   del ADDR      ADDR is gone
 *
 * The receiver logs "time octets" for every read, for the throughput strip.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/sctp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK	1200
#define NSEC	1000000000ull

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NSEC + (uint64_t)ts.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "sctpfile: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in address(const char *ip, const char *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, ip, &sin.sin_addr) != 1) {
		fprintf(stderr, "sctpfile: '%s' is not an IPv4 address\n", ip);
		exit(1);
	}
	sin.sin_port = htons((uint16_t)atoi(port));
	return sin;
}

static int receive_file(const char *port, const char *path, const char *logpath)
{
	int lsock = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
	struct sockaddr_in any = address("0.0.0.0", port);
	FILE *file = fopen(path, "w"), *log = fopen(logpath, "w");
	static char buf[65536];
	int sock, on = 1;
	ssize_t got;

	if (lsock < 0 || !file || !log)
		fail("socket or files");
	setsockopt(lsock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(lsock, (struct sockaddr *)&any, sizeof(any)) ||
	    listen(lsock, 1))
		fail("listen");
	sock = accept(lsock, NULL, NULL);
	if (sock < 0)
		fail("accept");
	while ((got = recv(sock, buf, sizeof(buf), 0)) > 0) {
		fprintf(log, "%llu %zd\n",
			(unsigned long long)now_ns(CLOCK_REALTIME), got);
		if (fwrite(buf, 1, (size_t)got, file) != (size_t)got)
			fail(path);
	}
	if (got < 0)
		fail("recv");
	if (fclose(file) || fclose(log))
		fail(path);
	close(sock);
	close(lsock);
	return 0;
}

/* One command line; a refused one is told and the transfer goes on. */
static void command(int sock, char *line)
{
	char *verb = strtok(line, " \n"), *ip = strtok(NULL, " \n");
	struct sctp_setpeerprim prim = { 0 };
	struct sockaddr_in sin, own;
	socklen_t len = sizeof(own);
	int err = -1;

	if (!verb || !ip)
		return;
	if (getsockname(sock, (struct sockaddr *)&own, &len))
		fail("getsockname");
	sin = address(ip, "0");
	sin.sin_port = own.sin_port;
	if (!strcmp(verb, "add")) {
		err = sctp_bindx(sock, (struct sockaddr *)&sin, 1,
				 SCTP_BINDX_ADD_ADDR);
	} else if (!strcmp(verb, "del")) {
		err = sctp_bindx(sock, (struct sockaddr *)&sin, 1,
				 SCTP_BINDX_REM_ADDR);
	} else if (!strcmp(verb, "primary")) {
		memcpy(&prim.sspp_addr, &sin, sizeof(sin));
		err = setsockopt(sock, IPPROTO_SCTP, SCTP_SET_PEER_PRIMARY_ADDR,
				 &prim, sizeof(prim));
	} else {
		errno = EINVAL;
	}
	if (err)
		fprintf(stderr, "sctpfile: %s %s: %s\n", verb, ip,
			strerror(errno));
}

static void read_commands(int sock, int wait_ms)
{
	static char line[256];
	static size_t have;
	struct pollfd p = { .fd = 0, .events = POLLIN };
	static int closed;
	char *nl;
	ssize_t got;

	if (closed || poll(&p, 1, wait_ms) <= 0) {
		if (closed && wait_ms)
			poll(NULL, 0, wait_ms);
		return;
	}
	got = read(0, line + have, sizeof(line) - 1 - have);
	if (got <= 0) {
		closed = 1;
		return;
	}
	have += (size_t)got;
	line[have] = '\0';
	while ((nl = strchr(line, '\n'))) {
		*nl = '\0';
		command(sock, line);
		have -= (size_t)(nl + 1 - line);
		memmove(line, nl + 1, have + 1);
	}
	if (have == sizeof(line) - 1)
		have = 0;
}

static int send_file(const char *local, const char *server, const char *port,
		     const char *path, uint64_t rate)
{
	int sock = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
	struct sockaddr_in src = address(local, "0");
	struct sockaddr_in dst = address(server, port);
	uint64_t start, sent = 0;
	int file = open(path, O_RDONLY);
	char buf[CHUNK];
	ssize_t got;

	if (sock < 0 || file < 0)
		fail("socket or file");
	if (bind(sock, (struct sockaddr *)&src, sizeof(src)))
		fail("bind");
	if (connect(sock, (struct sockaddr *)&dst, sizeof(dst)))
		fail("connect");
	start = now_ns(CLOCK_MONOTONIC);
	while ((got = read(file, buf, sizeof(buf))) > 0) {
		for (ssize_t off = 0; off < got;) {
			ssize_t n = send(sock, buf + off, (size_t)(got - off),
					 0);

			if (n < 0)
				fail("send");
			off += n;
		}
		sent += (uint64_t)got;
		do
			read_commands(sock, 2);
		while ((now_ns(CLOCK_MONOTONIC) - start) / 1000 * rate <
		       sent * (NSEC / 1000));
	}
	if (got < 0)
		fail(path);
	close(file);
	/* An orderly end: SHUTDOWN goes out once all data is acknowledged. */
	close(sock);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "recv"))
		return receive_file(argv[2], argv[3], argv[4]);
	if (argc == 7 && !strcmp(argv[1], "send"))
		return send_file(argv[2], argv[3], argv[4], argv[5],
				 strtoull(argv[6], NULL, 10));
	fprintf(stderr, "usage: sctpfile recv PORT FILE LOG\n"
			"       sctpfile send LOCAL SERVER PORT FILE BYTES-PER-SECOND\n");
	return 1;
}
