// SPDX-License-Identifier: GPL-2.0
#include "agent/watch.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "agent/log.h"
#include "agent/rtnl.h"

/* After acting on an event, how long the next ones are gathered. */
#define SETTLE_US 3000
/* When tables that could not be read are tried again. */
#define REREAD_US (100 * 1000)
#define WATCH_LINKS 1024
#define WATCH_ADDRS 4096
#define WATCH_HOPS 32
/* When link addresses of next hops are looked up: after an event, later on. */
#define LEARN_SOON_S 1
#define LEARN_LATER_S 15

/* @tunnel: made by our kernel module, see rtnl_is_tunnel(). */
struct link {
	uint32_t ifindex;
	uint32_t flags;
	uint32_t mtu;
	bool tunnel;
	char name[IKE_IFNAME_LEN];
};

struct own {
	uint32_t ifindex;
	uint32_t flags;
	uint8_t scope;
	struct wire_addr addr;
};

/* A next hop; @known: it has answered with @mac. */
struct hop {
	uint32_t ifindex;
	struct wire_addr addr;
	uint8_t mac[RTNL_MAC_LEN];
	bool known;
};

/* Its links and addresses; pointers, with room for WATCH_LINKS and WATCH_ADDRS. */
struct tables {
	struct link *link;
	unsigned int nlink;
	struct own *own;
	unsigned int nown;
};

/*
 * @spare: what is read anew, until it is complete
 * @unread: that failed, and is tried again
 */
struct watch {
	int fd;
	struct rtnl rtnl;
	struct event *readable;
	struct event *settled;
	struct event *learn;
	struct event *reread;
	void (*changed)(void *ctx);
	void *ctx;
	bool again;
	struct tables t;
	struct tables spare;
	bool unread;
	struct hop hop[WATCH_HOPS];
	unsigned int nhop;
	char (*ignored)[IKE_IFNAME_LEN];
	unsigned int nignored;
};

/* ---------------------------------------------------------------- tables */

static struct link *link_find(struct watch *w, uint32_t ifindex)
{
	for (unsigned int i = 0; i < w->t.nlink; i++)
		if (w->t.link[i].ifindex == ifindex)
			return &w->t.link[i];
	return NULL;
}

/* Behind a link that was away for a while there may be another network. */
static void forget_hops(struct watch *w, uint32_t ifindex)
{
	for (unsigned int i = 0; i < w->nhop; i++)
		if (w->hop[i].ifindex == ifindex)
			w->hop[i--] = w->hop[--w->nhop];
}

static void on_link(struct watch *w, struct nlmsghdr *h)
{
	struct nlattr *tb[IFLA_MAX + 1];
	struct ifinfomsg *ifi;
	struct link *l;

	if (nlmsg_parse(h, sizeof(*ifi), tb, IFLA_MAX, NULL))
		return;
	ifi = nlmsg_data(h);
	/* Bridges repeat their ports in a family of their own. */
	if (ifi->ifi_family != AF_UNSPEC)
		return;
	l = link_find(w, (uint32_t)ifi->ifi_index);
	if (h->nlmsg_type == RTM_DELLINK || !(ifi->ifi_flags & IFF_LOWER_UP))
		forget_hops(w, (uint32_t)ifi->ifi_index);
	if (h->nlmsg_type == RTM_DELLINK) {
		if (l)
			*l = w->t.link[--w->t.nlink];
		return;
	}
	if (!l) {
		if (w->t.nlink == WATCH_LINKS)
			return;
		l = &w->t.link[w->t.nlink++];
		memset(l, 0, sizeof(*l));
	}
	l->ifindex = (uint32_t)ifi->ifi_index;
	l->flags = ifi->ifi_flags;
	l->tunnel = rtnl_is_tunnel(tb[IFLA_LINKINFO]);
	if (tb[IFLA_MTU] && nla_len(tb[IFLA_MTU]) >= 4)
		l->mtu = nla_get_u32(tb[IFLA_MTU]);
	if (tb[IFLA_IFNAME])
		nla_strlcpy(l->name, tb[IFLA_IFNAME], sizeof(l->name));
}

static void on_addr(struct watch *w, struct nlmsghdr *h)
{
	struct nlattr *tb[IFA_MAX + 1], *addr;
	struct own o = { 0 };
	struct ifaddrmsg *ifa;
	unsigned int i;

	if (nlmsg_parse(h, sizeof(*ifa), tb, IFA_MAX, NULL))
		return;
	ifa = nlmsg_data(h);
	addr = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	if (!addr || !wire_addr_set(&o.addr, nla_data(addr),
				    (size_t)nla_len(addr)))
		return;
	o.ifindex = ifa->ifa_index;
	o.scope = ifa->ifa_scope;
	o.flags = tb[IFA_FLAGS] && nla_len(tb[IFA_FLAGS]) >= 4 ?
			  nla_get_u32(tb[IFA_FLAGS]) : ifa->ifa_flags;
	for (i = 0; i < w->t.nown; i++)
		if (w->t.own[i].ifindex == o.ifindex &&
		    wire_addr_equal(&w->t.own[i].addr, &o.addr))
			break;
	if (h->nlmsg_type == RTM_DELADDR) {
		if (i < w->t.nown)
			w->t.own[i] = w->t.own[--w->t.nown];
		return;
	}
	if (i == WATCH_ADDRS)
		return;
	if (i == w->t.nown)
		w->t.nown++;
	w->t.own[i] = o;
}

static void on_message(struct nlmsghdr *h, void *ctx)
{
	struct watch *w = ctx;

	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		on_link(w, h);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		on_addr(w, h);
		break;
	default:
		/* Routes and rules are asked for when they matter. */
		break;
	}
}

static void swap_tables(struct watch *w)
{
	struct tables t = w->t;

	w->t = w->spare;
	w->spare = t;
}

/*
 * Everything anew, at the start and when the kernel lost events. What is known
 * goes when all of it has been read: paths whose addresses are missing go.
 */
static int read_tables(struct watch *w)
{
	int ret = -EAGAIN;

	swap_tables(w);
	for (int i = 0; i < 10 && ret == -EAGAIN; i++) {
		w->t.nlink = 0;
		w->t.nown = 0;
		ret = rtnl_dump(&w->rtnl, RTM_GETLINK, on_message, w);
		if (!ret)
			ret = rtnl_dump(&w->rtnl, RTM_GETADDR, on_message, w);
	}
	if (ret)
		swap_tables(w);
	return ret;
}

/* ---------------------------------------------------------------- events */

static void learn_in(struct watch *w, time_t seconds)
{
	struct timeval tv = { .tv_sec = seconds };

	event_add(w->learn, &tv);
}

static void on_learn(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;

	(void)fd;
	(void)what;
	for (unsigned int i = 0; i < w->nhop; i++) {
		struct hop *h = &w->hop[i];

		h->known |= !rtnl_neigh(&w->rtnl, h->ifindex, &h->addr, h->mac);
	}
	learn_in(w, LEARN_LATER_S);
}

static void act(struct watch *w)
{
	struct timeval settle = { .tv_usec = SETTLE_US };

	w->again = false;
	event_add(w->settled, &settle);
	learn_in(w, LEARN_SOON_S);
	w->changed(w->ctx);
}

static void on_settled(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;

	(void)fd;
	(void)what;
	if (w->again)
		act(w);
}

static void act_soon(struct watch *w)
{
	if (event_pending(w->settled, EV_TIMEOUT, NULL))
		w->again = true;
	else
		act(w);
}

/* One datagram is as large as the kernel makes them. */
static union {
	struct nlmsghdr h;
	char buf[64 * 1024];
} rsp;

static void reread(struct watch *w)
{
	struct timeval later = { .tv_usec = REREAD_US };
	ssize_t n;
	int ret;

	/* What waits here is older than what is read now. */
	do
		n = recv(w->fd, &rsp, sizeof(rsp), 0);
	while (n > 0 || (n < 0 && errno == ENOBUFS));
	ret = read_tables(w);
	/* Said once, however often it is tried. */
	if (ret && !w->unread)
		log_line(IKE_LOG_ERROR, NULL, "rtnetlink",
			 "cannot read links and addresses (%s); trying again until it works",
			 strerror(-ret));
	w->unread = ret;
	if (ret)
		event_add(w->reread, &later);
	else
		event_del(w->reread);
}

static void on_reread(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;

	(void)fd;
	(void)what;
	reread(w);
	if (!w->unread)
		act_soon(w);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;

	(void)what;
	for (;;) {
		ssize_t n = recv(fd, &rsp, sizeof(rsp), 0);
		struct nlmsghdr *h = &rsp.h;
		int left = (int)n;

		if (n < 0 && errno == ENOBUFS) {
			log_line(IKE_LOG_WARNING, NULL, "rtnetlink",
				 "the kernel lost events; reading all links and addresses anew");
			reread(w);
			continue;
		}
		if (n <= 0)
			break;
		for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left))
			on_message(h, w);
	}
	act_soon(w);
}

static int open_events(void)
{
	static const int groups[] = {
		RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
		RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,
		RTNLGRP_IPV6_RULE,
	};
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_ROUTE);
	int size = 4 << 20;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)))
		goto fail;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
			       &groups[i], sizeof(groups[i])) && i < 2)
			goto fail;
	return fd;
fail:
	size = -errno;
	close(fd);
	return size;
}

struct watch *watch_new(struct event_base *base, void (*changed)(void *ctx),
			void *ctx, char *err, size_t errlen)
{
	struct watch *w = calloc(1, sizeof(*w));
	int ret = -ENOMEM;

	if (!w)
		goto fail;
	w->changed = changed;
	w->ctx = ctx;
	w->rtnl.fd = -1;
	w->fd = open_events();
	ret = w->fd < 0 ? w->fd : rtnl_open(&w->rtnl);
	if (ret)
		goto fail;
	w->t.link = calloc(WATCH_LINKS, sizeof(*w->t.link));
	w->t.own = calloc(WATCH_ADDRS, sizeof(*w->t.own));
	w->spare.link = calloc(WATCH_LINKS, sizeof(*w->spare.link));
	w->spare.own = calloc(WATCH_ADDRS, sizeof(*w->spare.own));
	w->readable = event_new(base, w->fd, EV_READ | EV_PERSIST, on_readable,
				w);
	w->settled = evtimer_new(base, on_settled, w);
	w->learn = evtimer_new(base, on_learn, w);
	w->reread = evtimer_new(base, on_reread, w);
	ret = -ENOMEM;
	if (!w->t.link || !w->t.own || !w->spare.link || !w->spare.own ||
	    !w->readable || !w->settled || !w->learn || !w->reread ||
	    event_add(w->readable, NULL))
		goto fail;
	ret = read_tables(w);
	if (!ret) {
		learn_in(w, LEARN_SOON_S);
		return w;
	}
fail:
	snprintf(err, errlen, "cannot watch links and addresses: %s",
		 strerror(-ret));
	watch_free(w);
	return NULL;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	if (w->readable)
		event_free(w->readable);
	if (w->settled)
		event_free(w->settled);
	if (w->learn)
		event_free(w->learn);
	if (w->reread)
		event_free(w->reread);
	if (w->fd >= 0)
		close(w->fd);
	rtnl_close(&w->rtnl);
	free(w->t.link);
	free(w->t.own);
	free(w->spare.link);
	free(w->spare.own);
	free(w->ignored);
	free(w);
}

/* --------------------------------------------------------------- answers */

static bool is_ignored(const struct watch *w, const char *name)
{
	for (unsigned int i = 0; i < w->nignored; i++)
		if (!strcmp(w->ignored[i], name))
			return true;
	return false;
}

void watch_ignore(struct watch *w, const char *device)
{
	char (*v)[IKE_IFNAME_LEN];

	if (is_ignored(w, device))
		return;
	v = reallocarray(w->ignored, w->nignored + 1, sizeof(*v));
	if (!v)
		return;
	w->ignored = v;
	snprintf(v[w->nignored++], sizeof(*v), "%s", device);
}

/* What goes into a tunnel of ours needs a path, it does not make one. */
static bool link_usable(const struct watch *w, const struct link *l)
{
	return l && !l->tunnel && !is_ignored(w, l->name) &&
	       (l->flags & IFF_UP) && (l->flags & IFF_LOWER_UP) &&
	       !(l->flags & IFF_LOOPBACK);
}

static bool usable(const struct watch *w, const struct own *o,
		   const struct link *l)
{
	return link_usable(w, l) && o->scope == RT_SCOPE_UNIVERSE &&
	       wire_addr_kind(&o->addr) == WIRE_ADDR_UNICAST &&
	       !(o->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED));
}

static bool is_temporary(const struct own *o)
{
	return o->addr.family == 6 && (o->flags & IFA_F_TEMPORARY);
}

static bool is_deprecated(const struct own *o)
{
	return o->flags & IFA_F_DEPRECATED;
}

/* How the kernel stands to a candidate: it would take it, or its link. */
enum choice {
	NOT_CHOSEN,
	LINK_CHOSEN,
	CHOSEN,
};

struct candidate {
	struct ike_host_addr pair;
	enum choice chosen;
	bool temporary;
	uint32_t metric;
	uint32_t place;
};

static int compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->chosen != y->chosen)
		return x->chosen > y->chosen ? -1 : 1;
	if (x->metric != y->metric)
		return x->metric < y->metric ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static void note_hop(struct watch *w, uint32_t ifindex,
		     const struct wire_addr *addr)
{
	for (unsigned int i = 0; i < w->nhop; i++)
		if (w->hop[i].ifindex == ifindex &&
		    wire_addr_equal(&w->hop[i].addr, addr))
			return;
	/* More than one would ever use: the first ones matter most. */
	if (w->nhop == WATCH_HOPS)
		return;
	w->hop[w->nhop++] = (struct hop){ .ifindex = ifindex, .addr = *addr };
}

bool watch_hop(const struct watch *w, uint32_t ifindex,
	       const struct wire_addr *hop, uint8_t *mac)
{
	for (unsigned int i = 0; i < w->nhop; i++) {
		const struct hop *h = &w->hop[i];

		if (h->known && h->ifindex == ifindex &&
		    wire_addr_equal(&h->addr, hop)) {
			memcpy(mac, h->mac, sizeof(h->mac));
			return true;
		}
	}
	return false;
}

static bool candidate_get(struct watch *w, const struct own *o,
			  const struct wire_addr *remote,
			  const struct rtnl_route *def, struct candidate *c)
{
	struct link *l = link_find(w, o->ifindex);
	struct rtnl_route r;

	if (o->addr.family != remote->family || !usable(w, o, l) ||
	    rtnl_lookup(&w->rtnl, remote, &o->addr, o->ifindex, &r) ||
	    (r.ifindex && r.ifindex != o->ifindex))
		return false;
	memset(c, 0, sizeof(*c));
	c->pair.local = o->addr;
	c->pair.remote = *remote;
	c->pair.hop = r.hop.family ? r.hop : *remote;
	note_hop(w, o->ifindex, &c->pair.hop);
	c->pair.ifindex = o->ifindex;
	memcpy(c->pair.ifname, l->name, sizeof(c->pair.ifname));
	c->pair.mtu = l->mtu;
	if (def->ifindex == o->ifindex)
		c->chosen = wire_addr_equal(&def->source, &o->addr) ?
				    CHOSEN : LINK_CHOSEN;
	c->temporary = is_temporary(o);
	c->pair.deprecated = is_deprecated(o);
	c->metric = r.metric;
	return true;
}

/* An address that will be gone tomorrow is for links that have no other. */
static void mark_transient(struct candidate *c, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct ike_host_addr *p = &c[i].pair;

		c[i].place = i;
		p->transient = p->deprecated;
		for (unsigned int j = 0; j < n && c[i].temporary; j++)
			p->transient |= !c[j].temporary &&
					!c[j].pair.deprecated &&
					c[j].pair.ifindex == p->ifindex;
	}
}

unsigned int watch_own(struct watch *w, struct ike_own_addr *out,
		       unsigned int max)
{
	unsigned int n = 0;

	for (int untold = 0; untold < 2; untold++) {
		for (unsigned int i = 0; i < w->t.nown && n < max; i++) {
			const struct own *o = &w->t.own[i];
			const struct link *l = link_find(w, o->ifindex);
			bool told = usable(w, o, l) && !is_temporary(o) &&
				    !is_deprecated(o);

			if (!l || told == untold)
				continue;
			out[n].addr = o->addr;
			out[n].untold = untold;
			memcpy(out[n++].ifname, l->name, sizeof(out->ifname));
		}
	}
	return n;
}

unsigned int watch_usable(struct watch *w, const struct wire_addr *remotes,
			  unsigned int n, struct ike_host_addr *out,
			  unsigned int max)
{
	struct candidate c[IKE_MAX_HOST_ADDRS];
	struct ike_host_addr late[IKE_MAX_HOST_ADDRS];
	unsigned int total = 0, n_late = 0;

	for (unsigned int i = 0; i < n; i++) {
		unsigned int found = 0;
		struct rtnl_route def;

		rtnl_lookup(&w->rtnl, &remotes[i], NULL, 0, &def);
		for (unsigned int j = 0; j < w->t.nown; j++) {
			if (found == IKE_MAX_HOST_ADDRS)
				break;
			found += candidate_get(w, &w->t.own[j], &remotes[i], &def,
					       &c[found]);
		}
		mark_transient(c, found);
		qsort(c, found, sizeof(c[0]), compare);
		for (unsigned int j = 0; j < found; j++) {
			if (!c[j].pair.transient && total < max)
				out[total++] = c[j].pair;
			else if (c[j].pair.transient &&
				 n_late < IKE_MAX_HOST_ADDRS)
				late[n_late++] = c[j].pair;
		}
	}
	for (unsigned int j = 0; j < n_late && total < max; j++)
		out[total++] = late[j];
	return total;
}
