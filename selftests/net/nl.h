/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netlink for test programs: messages built octet by octet, since a library
 * would not build wrong ones. Each thread has a socket and a request of its own.
 */
#ifndef MOBX_TEST_NL_H
#define MOBX_TEST_NL_H

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/mobx.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* NLA_HDRLEN as a size */
#define ATTR_HDR	sizeof(struct nlattr)

static _Thread_local int sock;
static _Thread_local uint16_t family;
static _Thread_local uint32_t group;

/* The request under construction, and the answer to the last one. */
static _Thread_local _Alignas(4) uint8_t req[16384];
static _Thread_local size_t req_len;
static _Thread_local _Alignas(4) uint8_t answer[65536];
static _Thread_local size_t answer_len;
static _Thread_local char why[512];

static inline void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static inline void begin(uint16_t type, uint8_t cmd, uint16_t flags)
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

static inline void put(uint16_t type, const void *data, size_t len)
{
	struct nlattr *nla = (struct nlattr *)(req + req_len);

	nla->nla_type = type;
	nla->nla_len = (uint16_t)(ATTR_HDR + len);
	if (len)
		memcpy(nla + 1, data, len);
	req_len += (size_t)NLA_ALIGN(nla->nla_len);
}

static inline void put16(uint16_t type, uint16_t v)
{
	put(type, &v, sizeof(v));
}

static inline void put32(uint16_t type, uint32_t v)
{
	put(type, &v, sizeof(v));
}

static inline void put64(uint16_t type, uint64_t v)
{
	put(type, &v, sizeof(v));
}

static inline size_t nest(uint16_t type)
{
	size_t at = req_len;

	put((uint16_t)(type | NLA_F_NESTED), NULL, 0);
	return at;
}

static inline void nest_end(size_t at)
{
	((struct nlattr *)(req + at))->nla_len = (uint16_t)(req_len - at);
}

/* Send what was built; the answer's error, 0 for success. */
static inline int talk(void)
{
	static _Thread_local uint32_t seq;
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
static inline const struct nlattr *find(uint16_t type)
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

static inline uint64_t value64(uint16_t type)
{
	const struct nlattr *a = find(type);
	uint64_t v = 0;

	if (a)
		memcpy(&v, a + 1, sizeof(v));
	return v;
}

static inline void resolve(void)
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

/* ---------------------------------------------------------------- dumps */

/* Add the attributes of one message to a sum; not the age of an SA. */
static inline uint64_t sum_up(uint64_t sum, const struct nlmsghdr *nlh)
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
static inline unsigned int dump(void (*each)(const struct nlmsghdr *nlh, void *arg),
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

static inline void sum_each(const struct nlmsghdr *nlh, void *arg)
{
	uint64_t *sum = arg;

	*sum = sum_up(*sum, nlh);
}

/* The state of the namespace, as dumps tell it, in one number. */
static inline uint64_t state(void)
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

#endif
