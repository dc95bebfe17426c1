// SPDX-License-Identifier: GPL-2.0
/* What the module reports on its own. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>

#include "kern/priv.h"

/* A burst of moves fits; the kernel counts its own overhead into this. */
#define EVENT_BUFFER (1 << 20)

struct kern_events {
	struct kern *k;
	struct kern_event event;
};

static struct nla_policy event_policy[MOBX_A_EVENT_MAX + 1] = {
	[MOBX_A_EVENT_PEER] = { .type = NLA_U32 },
	[MOBX_A_EVENT_SPI] = { .type = NLA_U32 },
	[MOBX_A_EVENT_DIR] = { .type = NLA_U32 },
	[MOBX_A_EVENT_EXPIRE] = { .type = NLA_U32 },
	[MOBX_A_EVENT_GENERATION] = { .type = NLA_U64 },
	[MOBX_A_EVENT_LOCAL] = { .minlen = 4, .maxlen = 16 },
	[MOBX_A_EVENT_REMOTE] = { .minlen = 4, .maxlen = 16 },
	[MOBX_A_EVENT_PROTO] = { .type = NLA_U8 },
	[MOBX_A_EVENT_LOCAL_PORT] = { .type = NLA_U16 },
	[MOBX_A_EVENT_REMOTE_PORT] = { .type = NLA_U16 },
	[MOBX_A_EVENT_POLICY_ORDER] = { .type = NLA_U32 },
	[MOBX_A_EVENT_PATHS] = { .type = NLA_NESTED },
	[MOBX_A_EVENT_PFP] = { .type = NLA_U32 },
	[MOBX_A_EVENT_SPREAD] = { .type = NLA_U8 },
	[MOBX_A_EVENT_REPLACED] = { .minlen = 4, .maxlen = 16 },
	[MOBX_A_EVENT_MOVED] = { .type = NLA_U32 },
	[MOBX_A_EVENT_FAILED] = { .type = NLA_U32 },
};

static void get_scalars(struct nlattr *const tb[], struct kern_event *ev)
{
	if (tb[MOBX_A_EVENT_PEER])
		ev->peer = nla_get_u32(tb[MOBX_A_EVENT_PEER]);
	if (tb[MOBX_A_EVENT_SPI])
		ev->spi = nla_get_u32(tb[MOBX_A_EVENT_SPI]);
	if (tb[MOBX_A_EVENT_DIR])
		ev->dir = nla_get_u32(tb[MOBX_A_EVENT_DIR]);
	if (tb[MOBX_A_EVENT_EXPIRE])
		ev->expire = nla_get_u32(tb[MOBX_A_EVENT_EXPIRE]);
	if (tb[MOBX_A_EVENT_GENERATION])
		ev->generation = nla_get_u64(tb[MOBX_A_EVENT_GENERATION]);
	if (tb[MOBX_A_EVENT_PROTO])
		ev->proto = nla_get_u8(tb[MOBX_A_EVENT_PROTO]);
	if (tb[MOBX_A_EVENT_LOCAL_PORT])
		ev->local_port = nla_get_u16(tb[MOBX_A_EVENT_LOCAL_PORT]);
	if (tb[MOBX_A_EVENT_REMOTE_PORT])
		ev->remote_port = nla_get_u16(tb[MOBX_A_EVENT_REMOTE_PORT]);
	if (tb[MOBX_A_EVENT_PFP])
		ev->pfp = nla_get_u32(tb[MOBX_A_EVENT_PFP]);
	if (tb[MOBX_A_EVENT_SPREAD])
		ev->spread = nla_get_u8(tb[MOBX_A_EVENT_SPREAD]);
	if (tb[MOBX_A_EVENT_MOVED])
		ev->moved = nla_get_u32(tb[MOBX_A_EVENT_MOVED]);
	if (tb[MOBX_A_EVENT_FAILED])
		ev->failed = nla_get_u32(tb[MOBX_A_EVENT_FAILED]);
	if (tb[MOBX_A_EVENT_POLICY_ORDER]) {
		ev->policy_order = nla_get_u32(tb[MOBX_A_EVENT_POLICY_ORDER]);
		ev->has_policy = true;
	}
}

int kern_get_event(const struct nlmsghdr *h, struct kern_event *ev)
{
	const struct genlmsghdr *genl;
	struct nlattr *tb[MOBX_A_EVENT_MAX + 1];
	int len;
	struct nlattr *head;

	*ev = (struct kern_event){ 0 };
	if (h->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return -EBADMSG;
	genl = NLMSG_DATA((struct nlmsghdr *)(uintptr_t)h);
	if (genl->cmd < MOBX_CMD_SA_EXPIRE || genl->cmd > MOBX_CMD_MAX ||
	    genl->cmd == MOBX_CMD_PEER_REPLACE)
		return -EBADMSG;
	ev->cmd = genl->cmd;
	head = kern_attrs_of(h, &len);
	if (nla_parse(tb, MOBX_A_EVENT_MAX, head, len, event_policy) ||
	    (tb[MOBX_A_EVENT_LOCAL] &&
	     kern_get_addr(tb[MOBX_A_EVENT_LOCAL], &ev->local)) ||
	    (tb[MOBX_A_EVENT_REMOTE] &&
	     kern_get_addr(tb[MOBX_A_EVENT_REMOTE], &ev->remote)) ||
	    (tb[MOBX_A_EVENT_REPLACED] &&
	     kern_get_addr(tb[MOBX_A_EVENT_REPLACED], &ev->replaced)) ||
	    (tb[MOBX_A_EVENT_LABEL] &&
	     kern_get_label(tb[MOBX_A_EVENT_LABEL], ev->label)) ||
	    kern_get_paths(head, len, MOBX_A_EVENT_PATHS, ev->paths,
			   &ev->npaths))
		return -EBADMSG;
	get_scalars(tb, ev);
	return 0;
}

static int subscribe(struct kern *k)
{
	int size = EVENT_BUFFER;
	int group = (int)k->group;

	/* Without the privilege for the big buffer the small one must do. */
	if (setsockopt(k->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		(void)setsockopt(k->fd, SOL_SOCKET, SO_RCVBUF, &size,
				 sizeof(size));
	if (setsockopt(k->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		       sizeof(group)) ||
	    fcntl(k->fd, F_SETFL, O_NONBLOCK))
		return -errno;
	return 0;
}

int kern_events_open(struct kern_events **out, char *err, size_t errlen)
{
	struct kern_events *e = calloc(1, sizeof(*e));
	int ret;

	if (!e) {
		snprintf(err, errlen, "out of memory");
		return -ENOMEM;
	}
	ret = kern_open(&e->k, err, errlen);
	if (!ret) {
		ret = subscribe(e->k);
		if (ret)
			snprintf(err, errlen, "cannot subscribe to events: %s",
				 ret == -EPERM ? "CAP_NET_ADMIN is needed" :
						 strerror(-ret));
	}
	if (ret) {
		kern_events_close(e);
		return ret;
	}
	*out = e;
	return 0;
}

void kern_events_close(struct kern_events *e)
{
	if (!e)
		return;
	kern_close(e->k);
	free(e);
}

int kern_events_fd(const struct kern_events *e)
{
	return e->k->fd;
}

/* What this version cannot read is passed over: a later one may say more. */
static void take_events(struct kern_events *e, size_t len,
			void (*fn)(const struct kern_event *ev, void *ctx),
			void *ctx)
{
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)e->k->buf;
	unsigned int rest = (unsigned int)len;

	for (; NLMSG_OK(h, rest); h = NLMSG_NEXT(h, rest)) {
		if (h->nlmsg_type == e->k->family &&
		    !kern_get_event(h, &e->event))
			fn(&e->event, ctx);
	}
}

int kern_events_read(struct kern_events *e,
		     void (*fn)(const struct kern_event *ev, void *ctx),
		     void *ctx)
{
	struct kern *k = e->k;

	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t fromlen = sizeof(from);
		ssize_t n = recvfrom(k->fd, k->buf, sizeof(k->buf), MSG_TRUNC,
				     (struct sockaddr *)&from, &fromlen);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN)
				return 0;
			return -errno;
		}
		if (from.nl_pid == 0 && (size_t)n <= sizeof(k->buf))
			take_events(e, (size_t)n, fn, ctx);
	}
}
