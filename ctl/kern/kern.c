// SPDX-License-Identifier: GPL-2.0
/*
 * Requests and answers of the netlink family: one socket, one request at a
 * time, and an answer that is complete before anybody looks at it.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <netlink/genl/genl.h>

#include "kern/priv.h"

/* The module answers in the system call; this only bounds a kernel bug. */
#define ANSWER_SECONDS 10

/* A table that changes all the time is taken as it is after so many tries. */
#define DUMP_TRIES 5

int kern_fail(struct kern *k, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(k->error, sizeof(k->error), fmt, ap);
	va_end(ap);
	return err;
}

int kern_bad_answer(struct kern *k, const char *what)
{
	return kern_fail(k, -EBADMSG,
			 "the kernel's description of a %s makes no sense: "
			 "do module and command have the same version?", what);
}

const char *kern_error(const struct kern *k)
{
	return k->error;
}

int kern_netns(const char *name, char *err, size_t errlen)
{
	char path[PATH_MAX];
	int fd, ret;

	ret = snprintf(path, sizeof(path), "%s%s",
		       strchr(name, '/') ? "" : "/run/netns/", name);
	if (ret < 0 || (size_t)ret >= sizeof(path) || !*name) {
		snprintf(err, errlen, "not a name of a network namespace");
		return -EINVAL;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		ret = -errno;
		snprintf(err, errlen, "network namespace %s: %s", path,
			 strerror(-ret));
		return ret;
	}
	ret = setns(fd, CLONE_NEWNET) ? -errno : 0;
	if (ret)
		snprintf(err, errlen, "cannot enter network namespace %s: %s",
			 path, strerror(-ret));
	close(fd);
	return ret;
}

struct nl_msg *kern_msg(struct kern *k, enum mobx_cmd cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(32768);

	if (!msg)
		return NULL;
	if (!genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, k->family, 0, flags,
			 (uint8_t)cmd, MOBX_GENL_VERSION)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

void kern_answer_free(struct kern_answer *a)
{
	if (a->buf)
		explicit_bzero(a->buf, a->len);
	free(a->buf);
	*a = (struct kern_answer){ 0 };
}

struct nlmsghdr *kern_answer_next(const struct kern_answer *a,
				  const struct nlmsghdr *prev)
{
	size_t off = 0;

	if (prev)
		off = (size_t)((const uint8_t *)prev - a->buf) +
		      NLMSG_ALIGN(prev->nlmsg_len);
	if (off >= a->len)
		return NULL;
	return (struct nlmsghdr *)(void *)(a->buf + off);
}

struct nlattr *kern_attrs_of(const struct nlmsghdr *h, int *len)
{
	uint8_t *data = (uint8_t *)NLMSG_DATA((struct nlmsghdr *)(uintptr_t)h);

	*len = (int)h->nlmsg_len - (int)NLMSG_LENGTH(GENL_HDRLEN);
	if (*len < 0)
		*len = 0;
	return (struct nlattr *)(void *)(data + GENL_HDRLEN);
}

/* Keys may be inside: an outgrown buffer is wiped, not just freed. */
static int answer_add(struct kern_answer *a, const struct nlmsghdr *h)
{
	size_t need = a->len + NLMSG_ALIGN(h->nlmsg_len);

	if (need > a->room) {
		size_t room = need * 2;
		uint8_t *buf = malloc(room);

		if (!buf)
			return -ENOMEM;
		if (a->len)
			memcpy(buf, a->buf, a->len);
		if (a->buf)
			explicit_bzero(a->buf, a->len);
		free(a->buf);
		a->buf = buf;
		a->room = room;
	}
	memset(a->buf + a->len, 0, NLMSG_ALIGN(h->nlmsg_len));
	memcpy(a->buf + a->len, h, h->nlmsg_len);
	a->len = need;
	return 0;
}

/*
 * Take one datagram. Returns 1 when the answer is complete, 0 when more must
 * come, or a negative error.
 */
static int take_datagram(struct kern *k, size_t len,
			 const struct nlmsghdr *request, struct kern_answer *a)
{
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)k->buf;
	unsigned int rest = (unsigned int)len;

	for (; NLMSG_OK(h, rest); h = NLMSG_NEXT(h, rest)) {
		int ret;

		if (h->nlmsg_seq != k->seq)
			continue;	/* of a request that was given up */
		if (h->nlmsg_flags & NLM_F_DUMP_INTR)
			a->interrupted = true;
		if (h->nlmsg_type == NLMSG_ERROR ||
		    h->nlmsg_type == NLMSG_DONE) {
			ret = kern_refusal(k, h, request);
			return ret ? ret : 1;
		}
		if (h->nlmsg_type < NLMSG_MIN_TYPE)
			continue;
		ret = answer_add(a, h);
		if (ret)
			return kern_fail(k, ret, "out of memory");
	}
	return 0;
}

static int receive_answer(struct kern *k, const struct nlmsghdr *request,
			  struct kern_answer *a)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t fromlen = sizeof(from);
		ssize_t n = recvfrom(k->fd, k->buf, sizeof(k->buf), MSG_TRUNC,
				     (struct sockaddr *)&from, &fromlen);
		int ret;

		if (n < 0) {
			if (errno == EINTR)
				continue;
			ret = -errno;
			return kern_fail(k, ret, "netlink: %s",
					 ret == -EAGAIN ? "the kernel does not answer" :
							  strerror(-ret));
		}
		if (from.nl_pid)
			continue;	/* only the kernel is listened to */
		if ((size_t)n > sizeof(k->buf))
			return kern_fail(k, -EMSGSIZE,
					 "netlink: answer of %zd octets", n);
		ret = take_datagram(k, (size_t)n, request, a);
		if (ret)
			return ret < 0 ? ret : 0;
	}
}

static int send_once(struct kern *k, struct nlmsghdr *h, struct kern_answer *a)
{
	ssize_t n;
	int ret;

	h->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	h->nlmsg_seq = ++k->seq;
	h->nlmsg_pid = 0;
	do {
		n = send(k->fd, h, h->nlmsg_len, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		ret = -errno;
		return kern_fail(k, ret, "netlink: %s", strerror(-ret));
	}
	ret = receive_answer(k, h, a);
	explicit_bzero(k->buf, sizeof(k->buf));
	return ret;
}

int kern_send(struct kern *k, struct nl_msg *msg, bool full,
	      struct kern_answer *answer)
{
	struct kern_answer a = { 0 };
	struct nlmsghdr *h;
	int ret = 0;

	k->error[0] = '\0';
	if (!msg)
		return kern_fail(k, -ENOMEM, "out of memory");
	h = nlmsg_hdr(msg);
	if (full)
		ret = kern_fail(k, -EMSGSIZE, "the request is too long");
	for (int i = 0; !ret && i < DUMP_TRIES; i++) {
		kern_answer_free(&a);
		ret = send_once(k, h, &a);
		if (!a.interrupted)
			break;
	}
	explicit_bzero(h, h->nlmsg_len);
	nlmsg_free(msg);
	if (ret || !answer)
		kern_answer_free(&a);
	else
		*answer = a;
	return ret;
}

static int find_group(struct nlattr *groups, uint32_t *id)
{
	struct nlattr *g;
	int rest;

	nla_for_each_nested(g, groups, rest) {
		struct nlattr *tb[CTRL_ATTR_MCAST_GRP_MAX + 1];
		struct nla_policy policy[CTRL_ATTR_MCAST_GRP_MAX + 1] = {
			[CTRL_ATTR_MCAST_GRP_NAME] = { .type = NLA_STRING },
			[CTRL_ATTR_MCAST_GRP_ID] = { .type = NLA_U32 },
		};

		if (kern_parse_nest(tb, CTRL_ATTR_MCAST_GRP_MAX, g, policy) ||
		    !tb[CTRL_ATTR_MCAST_GRP_NAME] || !tb[CTRL_ATTR_MCAST_GRP_ID])
			continue;
		if (!nla_strcmp(tb[CTRL_ATTR_MCAST_GRP_NAME],
				MOBX_MCGRP_EVENTS)) {
			*id = nla_get_u32(tb[CTRL_ATTR_MCAST_GRP_ID]);
			return 0;
		}
	}
	return -ENOENT;
}

static int take_family(struct kern *k, const struct nlmsghdr *h)
{
	struct nla_policy policy[CTRL_ATTR_MCAST_GROUPS + 1] = {
		[CTRL_ATTR_FAMILY_ID] = { .type = NLA_U16 },
		[CTRL_ATTR_MCAST_GROUPS] = { .type = NLA_NESTED },
	};
	struct nlattr *tb[CTRL_ATTR_MCAST_GROUPS + 1];
	struct nlattr *head;
	int len;

	if (!h)
		return -EBADMSG;
	head = kern_attrs_of(h, &len);
	if (nla_parse(tb, CTRL_ATTR_MCAST_GROUPS, head, len, policy) ||
	    !tb[CTRL_ATTR_FAMILY_ID] || !tb[CTRL_ATTR_MCAST_GROUPS] ||
	    find_group(tb[CTRL_ATTR_MCAST_GROUPS], &k->group))
		return -EBADMSG;
	k->family = nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	return 0;
}

/* Asking for a family by name makes the kernel load its module. */
static int find_family(struct kern *k)
{
	struct kern_answer a = { 0 };
	struct nl_msg *msg;
	bool full;
	int ret;

	k->family = GENL_ID_CTRL;
	msg = kern_msg(k, (enum mobx_cmd)CTRL_CMD_GETFAMILY, 0);
	full = msg && nla_put_string(msg, CTRL_ATTR_FAMILY_NAME,
				     MOBX_FAMILY_NAME);
	ret = kern_send(k, msg, full, &a);
	if (ret == -ENOENT)
		return kern_fail(k, ret, "the kernel module mobx is not loaded "
				 "(modprobe mobx; `mobx check` says more)");
	if (ret)
		return ret;
	ret = take_family(k, kern_answer_next(&a, NULL));
	kern_answer_free(&a);
	if (ret)
		return kern_bad_answer(k, "netlink family");
	return 0;
}

static int open_socket(struct kern *k)
{
	struct timeval limit = { .tv_sec = ANSWER_SECONDS };
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	int on = 1;

	k->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (k->fd < 0 || bind(k->fd, (struct sockaddr *)&self, sizeof(self)) ||
	    setsockopt(k->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    setsockopt(k->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(k->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on))) {
		int ret = -errno;

		return kern_fail(k, ret, "netlink: %s", strerror(-ret));
	}
	return 0;
}

int kern_open(struct kern **out, char *err, size_t errlen)
{
	struct kern *k = calloc(1, sizeof(*k));
	int ret;

	if (!k) {
		snprintf(err, errlen, "out of memory");
		return -ENOMEM;
	}
	k->fd = -1;
	ret = open_socket(k);
	if (!ret)
		ret = find_family(k);
	if (ret) {
		snprintf(err, errlen, "%s", k->error);
		kern_close(k);
		return ret;
	}
	*out = k;
	return 0;
}

void kern_close(struct kern *k)
{
	if (!k)
		return;
	if (k->fd >= 0)
		close(k->fd);
	free(k);
}
