// SPDX-License-Identifier: GPL-2.0
/* The traffic of the torture: each flow sends and receives by threads of its own. */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "torture.h"

#define MAGIC		0x6d6f6278u
#define UDP_SIZE	600u

struct flow flows[N_FLOWS] = {
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

void open_flow(struct flow *f, uint16_t port)
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

void *sender(void *arg)
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

void *receiver(void *arg)
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
