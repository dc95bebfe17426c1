// SPDX-License-Identifier: GPL-2.0
#include "agent/rtnl.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* A link with many virtual functions answers with tens of kilobytes. */
#define ANSWER_MAX (128u * 1024)

int rtnl_open(struct rtnl *r)
{
	/* The kernel answers in the system call; this is for the impossible. */
	struct timeval second = { .tv_sec = 1 };
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int on = 1;

	r->seq = 0;
	r->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (r->fd < 0)
		return -errno;
	setsockopt(r->fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	setsockopt(r->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	if (bind(r->fd, (struct sockaddr *)&any, sizeof(any))) {
		int err = -errno;

		rtnl_close(r);
		return err;
	}
	return 0;
}

void rtnl_close(struct rtnl *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

static int ask(struct rtnl *r, struct nlmsghdr *h)
{
	ssize_t n;

	h->nlmsg_seq = ++r->seq;
	do {
		n = send(r->fd, h, h->nlmsg_len, 0);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/*
 * Hands the messages that answer the last question to @fn until the answer is
 * complete: one message, or all of a dump.
 */
static int answers(struct rtnl *r, void (*fn)(struct nlmsghdr *h, void *ctx),
		   void *ctx)
{
	static union {
		struct nlmsghdr h;
		char buf[ANSWER_MAX];
	} rsp;
	bool interrupted = false;

	for (;;) {
		ssize_t n = recv(r->fd, &rsp, sizeof(rsp), 0);
		struct nlmsghdr *h = &rsp.h;
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EPIPE;
		for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
			if (h->nlmsg_seq != r->seq)
				continue;
			interrupted |= !!(h->nlmsg_flags & NLM_F_DUMP_INTR);
			if (h->nlmsg_type == NLMSG_ERROR) {
				struct nlmsgerr *e = nlmsg_data(h);

				return nlmsg_datalen(h) < (int)sizeof(*e) ?
					       -EPROTO : e->error;
			}
			if (h->nlmsg_type == NLMSG_DONE)
				return interrupted ? -EAGAIN : 0;
			fn(h, ctx);
			if (!(h->nlmsg_flags & NLM_F_MULTI))
				return 0;
		}
	}
}

int rtnl_dump(struct rtnl *r, uint16_t type,
	      void (*fn)(struct nlmsghdr *h, void *ctx), void *ctx)
{
	union {
		struct nlmsghdr h;
		char buf[NLMSG_ALIGN(sizeof(struct nlmsghdr)) +
			 NLMSG_ALIGN(sizeof(struct ifinfomsg))];
	} req;
	size_t body = type == RTM_GETLINK ? sizeof(struct ifinfomsg) :
					    sizeof(struct ifaddrmsg);
	int ret;

	memset(&req, 0, sizeof(req));
	req.h.nlmsg_len = (uint32_t)nlmsg_size((int)body);
	req.h.nlmsg_type = type;
	req.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	ret = ask(r, &req.h);
	return ret ? ret : answers(r, fn, ctx);
}

struct lookup {
	struct rtnl_route *out;
	int ret;
};

static void on_route(struct nlmsghdr *h, void *ctx)
{
	struct nlattr *tb[RTA_MAX + 1];
	struct lookup *l = ctx;
	struct rtmsg *rtm;

	if (h->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(h, sizeof(*rtm), tb, RTA_MAX, NULL))
		return;
	rtm = nlmsg_data(h);
	if (rtm->rtm_type != RTN_UNICAST) {
		l->ret = -EHOSTUNREACH;
		return;
	}
	l->ret = 0;
	if (tb[RTA_OIF] && nla_len(tb[RTA_OIF]) >= 4)
		l->out->ifindex = nla_get_u32(tb[RTA_OIF]);
	if (tb[RTA_PRIORITY] && nla_len(tb[RTA_PRIORITY]) >= 4)
		l->out->metric = nla_get_u32(tb[RTA_PRIORITY]);
	if (tb[RTA_PREFSRC])
		wire_addr_set(&l->out->source, nla_data(tb[RTA_PREFSRC]),
			      (size_t)nla_len(tb[RTA_PREFSRC]));
}

int rtnl_lookup(struct rtnl *r, const struct wire_addr *remote,
		const struct wire_addr *local, uint32_t ifindex,
		struct rtnl_route *out)
{
	int len = (int)wire_addr_len(remote->family);
	struct rtmsg rtm = {
		.rtm_family = remote->family == 4 ? AF_INET : AF_INET6,
		.rtm_dst_len = (uint8_t)(len * 8),
	};
	struct lookup l = { .out = out, .ret = -ENETUNREACH };
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_REQUEST);
	int ret = -ENOMEM;

	memset(out, 0, sizeof(*out));
	if (!msg)
		return ret;
	if (local) {
		rtm.rtm_src_len = (uint8_t)(len * 8);
		/*
		 * The route itself, not what a lookup makes of it: one that is
		 * bound to an interface never fails otherwise, it takes the
		 * destination for on-link.
		 */
		rtm.rtm_flags = RTM_F_FIB_MATCH;
	}
	if (nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO) ||
	    nla_put(msg, RTA_DST, len, remote->a) ||
	    (local && (nla_put(msg, RTA_SRC, len, local->a) ||
		       nla_put_u32(msg, RTA_OIF, ifindex))))
		goto out;
	ret = ask(r, nlmsg_hdr(msg));
	if (!ret)
		ret = answers(r, on_route, &l);
	if (!ret)
		ret = l.ret;
out:
	nlmsg_free(msg);
	return ret;
}
