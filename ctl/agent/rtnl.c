// SPDX-License-Identifier: GPL-2.0
#include "agent/rtnl.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* A link with many virtual functions answers with tens of kilobytes. */
#define ANSWER_MAX (128u * 1024)
/* As kmod/device.c has it. */
#define TUNNEL_KIND "mobx"

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
	if (tb[RTA_GATEWAY])
		wire_addr_set(&l->out->hop, nla_data(tb[RTA_GATEWAY]),
			      (size_t)nla_len(tb[RTA_GATEWAY]));
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

/* Where a link address goes, and what became of it. */
struct mac_reply {
	uint8_t *mac;
	int ret;
};

static void on_own(struct nlmsghdr *h, void *ctx)
{
	const struct rtmsg *rtm = nlmsg_data(h);
	bool *own = ctx;

	*own = h->nlmsg_type == RTM_NEWROUTE &&
	       nlmsg_datalen(h) >= (int)sizeof(*rtm) &&
	       rtm->rtm_type == RTN_LOCAL;
}

bool rtnl_is_own(struct rtnl *r, const struct wire_addr *addr)
{
	int len = (int)wire_addr_len(addr->family);
	struct rtmsg rtm = {
		.rtm_family = addr->family == 4 ? AF_INET : AF_INET6,
		.rtm_dst_len = (uint8_t)(len * 8),
	};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_REQUEST);
	bool own = false;

	if (!msg)
		return false;
	if (nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO) ||
	    nla_put(msg, RTA_DST, len, addr->a) || ask(r, nlmsg_hdr(msg)) ||
	    answers(r, on_own, &own))
		own = false;
	nlmsg_free(msg);
	return own;
}

static void on_own_link(struct nlmsghdr *h, void *ctx)
{
	struct nlattr *tb[IFLA_MAX + 1];
	struct mac_reply *n = ctx;
	struct ifinfomsg *ifi;

	if (h->nlmsg_type != RTM_NEWLINK ||
	    nlmsg_parse(h, sizeof(*ifi), tb, IFLA_MAX, NULL))
		return;
	ifi = nlmsg_data(h);
	if (ifi->ifi_type != ARPHRD_ETHER || (ifi->ifi_flags & IFF_NOARP) ||
	    !tb[IFLA_ADDRESS] || nla_len(tb[IFLA_ADDRESS]) != RTNL_MAC_LEN)
		return;
	memcpy(n->mac, nla_data(tb[IFLA_ADDRESS]), RTNL_MAC_LEN);
	n->ret = 0;
}

int rtnl_link(struct rtnl *r, uint32_t ifindex, uint8_t mac[RTNL_MAC_LEN])
{
	struct ifinfomsg ifi = { .ifi_index = (int)ifindex };
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETLINK, NLM_F_REQUEST);
	struct mac_reply n = { .mac = mac, .ret = -EAFNOSUPPORT };
	int ret = -ENOMEM;

	if (!msg)
		return ret;
	if (!nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO)) {
		ret = ask(r, nlmsg_hdr(msg));
		if (!ret)
			ret = answers(r, on_own_link, &n);
	}
	nlmsg_free(msg);
	return ret ? ret : n.ret;
}

static void on_neigh(struct nlmsghdr *h, void *ctx)
{
	struct nlattr *tb[NDA_MAX + 1];
	struct mac_reply *n = ctx;
	struct ndmsg *ndm;

	if (h->nlmsg_type != RTM_NEWNEIGH ||
	    nlmsg_parse(h, sizeof(*ndm), tb, NDA_MAX, NULL))
		return;
	ndm = nlmsg_data(h);
	if (!(ndm->ndm_state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY |
				NUD_PROBE)) ||
	    !tb[NDA_LLADDR] || nla_len(tb[NDA_LLADDR]) != RTNL_MAC_LEN)
		return;
	memcpy(n->mac, nla_data(tb[NDA_LLADDR]), RTNL_MAC_LEN);
	n->ret = 0;
}

/* A request about one neighbour; @mac only to make it known. */
static struct nl_msg *neigh_msg(int type, int flags, uint32_t ifindex,
				const struct wire_addr *addr,
				const uint8_t *mac)
{
	struct ndmsg ndm = {
		.ndm_family = addr->family == 4 ? AF_INET : AF_INET6,
		.ndm_ifindex = (int)ifindex,
		.ndm_state = mac ? NUD_PROBE : 0,
	};
	struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);

	if (!msg)
		return NULL;
	if (!nlmsg_append(msg, &ndm, sizeof(ndm), NLMSG_ALIGNTO) &&
	    !nla_put(msg, NDA_DST, (int)wire_addr_len(addr->family), addr->a) &&
	    (!mac || !nla_put(msg, NDA_LLADDR, RTNL_MAC_LEN, mac)))
		return msg;
	nlmsg_free(msg);
	return NULL;
}

int rtnl_neigh(struct rtnl *r, uint32_t ifindex, const struct wire_addr *addr,
	       uint8_t mac[RTNL_MAC_LEN])
{
	struct nl_msg *msg = neigh_msg(RTM_GETNEIGH, 0, ifindex, addr, NULL);
	struct mac_reply n = { .mac = mac, .ret = -ENOENT };
	int ret = -ENOMEM;

	if (!msg)
		return ret;
	ret = ask(r, nlmsg_hdr(msg));
	if (!ret)
		ret = answers(r, on_neigh, &n);
	nlmsg_free(msg);
	return ret ? ret : n.ret;
}

static void ignore(struct nlmsghdr *h, void *ctx)
{
	(void)h;
	(void)ctx;
}

int rtnl_neigh_add(struct rtnl *r, uint32_t ifindex,
		   const struct wire_addr *addr,
		   const uint8_t mac[RTNL_MAC_LEN])
{
	struct nl_msg *msg = neigh_msg(RTM_NEWNEIGH,
				       NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
				       ifindex, addr, mac);
	int ret = -ENOMEM;

	if (!msg)
		return ret;
	ret = ask(r, nlmsg_hdr(msg));
	if (!ret)
		ret = answers(r, ignore, NULL);
	nlmsg_free(msg);
	return ret;
}

bool rtnl_is_tunnel(struct nlattr *linkinfo)
{
	struct nlattr *tb[IFLA_INFO_MAX + 1], *kind;

	if (!linkinfo || nla_parse_nested(tb, IFLA_INFO_MAX, linkinfo, NULL))
		return false;
	kind = tb[IFLA_INFO_KIND];
	/* The kernel ends it with a zero; nothing is read beyond it. */
	return kind && nla_len(kind) >= (int)strlen(TUNNEL_KIND) &&
	       !strncmp(nla_data(kind), TUNNEL_KIND, (size_t)nla_len(kind));
}

static void on_found(struct nlmsghdr *h, void *ctx)
{
	const struct ifinfomsg *ifi = nlmsg_data(h);
	uint32_t *ifindex = ctx;

	if (h->nlmsg_type == RTM_NEWLINK &&
	    nlmsg_datalen(h) >= (int)sizeof(*ifi) && ifi->ifi_index > 0)
		*ifindex = (uint32_t)ifi->ifi_index;
}

int rtnl_find(struct rtnl *r, const char *name, uint32_t *ifindex)
{
	struct ifinfomsg ifi = { 0 };
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETLINK, NLM_F_REQUEST);
	int ret = -ENOMEM;

	*ifindex = 0;
	if (!msg)
		return ret;
	if (!nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) &&
	    !nla_put_string(msg, IFLA_IFNAME, name)) {
		ret = ask(r, nlmsg_hdr(msg));
		if (!ret)
			ret = answers(r, on_found, ifindex);
	}
	nlmsg_free(msg);
	return ret || *ifindex ? ret : -ENODEV;
}

int rtnl_addr(struct rtnl *r, bool add, uint32_t ifindex,
	      const struct wire_addr *addr)
{
	int len = (int)wire_addr_len(addr->family);
	struct ifaddrmsg ifa = {
		.ifa_family = addr->family == 4 ? AF_INET : AF_INET6,
		.ifa_prefixlen = (uint8_t)(8 * len),
		.ifa_scope = RT_SCOPE_UNIVERSE,
		.ifa_index = ifindex,
	};
	struct nl_msg *msg;
	int ret = -ENOMEM;

	msg = nlmsg_alloc_simple(add ? RTM_NEWADDR : RTM_DELADDR,
				 NLM_F_REQUEST | NLM_F_ACK |
				 (add ? NLM_F_CREATE | NLM_F_REPLACE : 0));
	if (!msg)
		return ret;
	/* Nobody else has it, and it is needed now. */
	if (!nlmsg_append(msg, &ifa, sizeof(ifa), NLMSG_ALIGNTO) &&
	    !nla_put(msg, IFA_LOCAL, len, addr->a) &&
	    !nla_put(msg, IFA_ADDRESS, len, addr->a) &&
	    !nla_put_u32(msg, IFA_FLAGS, IFA_F_NODAD | IFA_F_NOPREFIXROUTE)) {
		ret = ask(r, nlmsg_hdr(msg));
		if (!ret)
			ret = answers(r, ignore, NULL);
	}
	nlmsg_free(msg);
	return ret;
}
