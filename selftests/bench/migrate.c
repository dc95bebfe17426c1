// SPDX-License-Identifier: GPL-2.0
/*
 * migrate - move SAs of the kernel's own IPsec from one local address to
 * another, one XFRM_MSG_MIGRATE for each and its policy, as it wants, and say
 * how many nanoseconds of CLOCK_MONOTONIC that took in all.
 *
 *   migrate SAS OLD NEW REMOTE
 *
 * The SAs are outbound ones in tunnel mode with reqid 1 to SAS, the policy of
 * each has its reqid as source port of UDP. Runs in the namespace that has them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct request {
	struct nlmsghdr hdr;
	struct xfrm_userpolicy_id policy;
	struct nlattr attr;
	struct xfrm_user_migrate move;
};

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "migrate: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint32_t address(const char *text)
{
	struct in_addr a;

	if (inet_pton(AF_INET, text, &a) != 1) {
		fprintf(stderr, "migrate: '%s' is no IPv4 address\n", text);
		exit(2);
	}
	return a.s_addr;
}

static void move_one(int fd, uint32_t reqid, char **words)
{
	uint32_t old = address(words[0]), new = address(words[1]);
	uint32_t remote = address(words[2]);
	struct request r = {
		.hdr = { .nlmsg_len = sizeof(r),
			 .nlmsg_type = XFRM_MSG_MIGRATE,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
			 .nlmsg_seq = reqid },
		.policy = { .dir = XFRM_POLICY_OUT,
			    .sel = { .family = AF_INET, .proto = IPPROTO_UDP,
				     .sport = htons((uint16_t)reqid),
				     .sport_mask = 0xffff } },
		.attr = { .nla_len = sizeof(r.attr) + sizeof(r.move),
			  .nla_type = XFRMA_MIGRATE },
		.move = { .old_saddr.a4 = old, .old_daddr.a4 = remote,
			  .new_saddr.a4 = new, .new_daddr.a4 = remote,
			  .proto = IPPROTO_ESP, .mode = XFRM_MODE_TUNNEL,
			  .reqid = reqid, .old_family = AF_INET,
			  .new_family = AF_INET },
	};
	struct {
		struct nlmsghdr hdr;
		struct nlmsgerr err;
		uint8_t more[sizeof(r)];
	} answer;

	if (send(fd, &r, sizeof(r), 0) != sizeof(r) ||
	    recv(fd, &answer, sizeof(answer), 0) < (ssize_t)NLMSG_LENGTH(4))
		die("netlink");
	errno = -answer.err.error;
	if (answer.hdr.nlmsg_type != NLMSG_ERROR || errno)
		die("XFRM_MSG_MIGRATE");
}

int main(int argc, char **argv)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	unsigned long n = argc == 5 ? strtoul(argv[1], NULL, 10) : 0;
	uint64_t start;
	uint32_t i;
	int fd;

	if (!n || n > 65535) {
		fputs("usage: migrate SAS OLD NEW REMOTE\n", stderr);
		return 2;
	}
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);
	if (fd < 0 || connect(fd, (struct sockaddr *)&kernel, sizeof(kernel)))
		die("netlink");
	start = now_ns();
	for (i = 1; i <= n; i++)
		move_one(fd, i, argv + 2);
	printf("%llu\n", (unsigned long long)(now_ns() - start));
	close(fd);
	return 0;
}
