// SPDX-License-Identifier: GPL-2.0
#include "agent/chan.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "agent/log.h"

/* Messages handled before others get their turn. */
#define BURST 32

struct head {
	uint32_t type;
	uint32_t len;
	uint64_t tag;
};

struct queued {
	STAILQ_ENTRY(queued) entry;
	size_t len;
	uint8_t data[];
};

struct chan {
	int fd;
	const struct chan_ops *ops;
	void *ctx;
	struct event *readable;
	struct event *writable;
	STAILQ_HEAD(, queued) queue;
	size_t queued;
	bool broken;
	uint8_t *buf;
};

int chan_pair(int fd[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd))
		return -errno;
	return 0;
}

/* Later and from the loop, so that no caller is surprised in mid-sentence. */
static void break_off(struct chan *c)
{
	if (c->broken)
		return;
	c->broken = true;
	event_active(c->readable, EV_READ, 0);
}

/* Not because the other end has gone: nobody else says so. */
static void give_up(struct chan *c, const char *why)
{
	log_line(IKE_LOG_ERROR, NULL, "bug", "%s; giving up", why);
	break_off(c);
}

/* Returns whether there may be more. */
static bool receive(struct chan *c)
{
	struct head *h = (struct head *)(void *)c->buf;
	ssize_t n = recv(c->fd, c->buf, sizeof(*h) + CHAN_MAX_BODY, MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n < (ssize_t)sizeof(*h) ||
	    (size_t)n > sizeof(*h) + CHAN_MAX_BODY ||
	    h->len != (size_t)n - sizeof(*h)) {
		break_off(c);
		return false;
	}
	c->ops->message(c->ctx, h->type, h->tag, c->buf + sizeof(*h), h->len);
	explicit_bzero(c->buf, (size_t)n);
	return true;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct chan *c = arg;

	(void)fd;
	(void)what;
	for (int i = 0; i < BURST && !c->broken && receive(c); i++)
		;
	if (c->broken) {
		event_del(c->readable);
		event_del(c->writable);
		c->ops->closed(c->ctx);
	}
}

static void queue_free(struct queued *q)
{
	explicit_bzero(q->data, q->len);
	free(q);
}

/* Returns whether the first in the queue is on its way. */
static bool send_first(struct chan *c)
{
	struct queued *q = STAILQ_FIRST(&c->queue);

	if (send(c->fd, q->data, q->len, MSG_NOSIGNAL) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			break_off(c);
		return false;
	}
	STAILQ_REMOVE_HEAD(&c->queue, entry);
	c->queued -= q->len;
	queue_free(q);
	return true;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct chan *c = arg;

	(void)fd;
	(void)what;
	while (!STAILQ_EMPTY(&c->queue))
		if (!send_first(c))
			return;
	event_del(c->writable);
}

size_t chan_queued(const struct chan *c)
{
	return c->queued;
}

int chan_flush(struct chan *c, size_t most, int timeout_ms)
{
	struct pollfd p = { .fd = c->fd, .events = POLLOUT };
	int n;

	while (!c->broken && c->queued > most) {
		if (send_first(c) || c->broken)
			continue;
		n = poll(&p, 1, timeout_ms);
		if (n > 0 || (n < 0 && errno == EINTR))
			continue;
		n = n ? -errno : -ETIMEDOUT;
		break_off(c);
		return n;
	}
	return c->broken ? -EPIPE : 0;
}

struct chan *chan_new(struct event_base *base, int fd,
		      const struct chan_ops *ops, void *ctx)
{
	struct chan *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->fd = fd;
	c->ops = ops;
	c->ctx = ctx;
	STAILQ_INIT(&c->queue);
	c->buf = malloc(sizeof(struct head) + CHAN_MAX_BODY);
	evutil_make_socket_nonblocking(fd);
	c->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, c);
	c->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable,
				c);
	if (!c->buf || !c->readable || !c->writable ||
	    event_add(c->readable, NULL)) {
		chan_free(c);
		return NULL;
	}
	return c;
}

void chan_free(struct chan *c)
{
	struct queued *q;

	if (!c)
		return;
	if (c->readable)
		event_free(c->readable);
	if (c->writable)
		event_free(c->writable);
	while ((q = STAILQ_FIRST(&c->queue))) {
		STAILQ_REMOVE_HEAD(&c->queue, entry);
		queue_free(q);
	}
	close(c->fd);
	free(c->buf);
	free(c);
}

static void enqueue(struct chan *c, const struct iovec *iov, unsigned int n,
		    size_t len)
{
	struct queued *q = NULL;
	size_t off = 0;

	if (c->queued + len <= CHAN_MAX_QUEUE)
		q = malloc(sizeof(*q) + len);
	if (!q) {
		give_up(c, "what another process is to read is too much");
		return;
	}
	q->len = len;
	for (unsigned int i = 0; i < n; i++) {
		if (iov[i].iov_len)
			memcpy(q->data + off, iov[i].iov_base, iov[i].iov_len);
		off += iov[i].iov_len;
	}
	STAILQ_INSERT_TAIL(&c->queue, q, entry);
	c->queued += len;
	event_add(c->writable, NULL);
}

void chan_sendv(struct chan *c, uint32_t type, uint64_t tag,
		const struct iovec *parts, unsigned int n)
{
	struct head h = { .type = type, .tag = tag };
	struct iovec iov[1 + CHAN_MAX_PARTS] = {
		{ .iov_base = &h, .iov_len = sizeof(h) },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = n + 1 };
	size_t len = 0;

	for (unsigned int i = 0; i < n && i < CHAN_MAX_PARTS; i++) {
		iov[i + 1] = parts[i];
		len += parts[i].iov_len;
	}
	h.len = (uint32_t)len;
	if (c->broken)
		return;
	if (len > CHAN_MAX_BODY || n > CHAN_MAX_PARTS) {
		give_up(c, "a message for another process is too long");
		return;
	}
	if (STAILQ_EMPTY(&c->queue)) {
		if (sendmsg(c->fd, &msg, MSG_NOSIGNAL) >= 0)
			return;
		if (errno != EAGAIN && errno != EINTR) {
			break_off(c);
			return;
		}
	}
	enqueue(c, iov, n + 1, sizeof(h) + len);
}

void chan_send(struct chan *c, uint32_t type, uint64_t tag, const void *body,
	       size_t len)
{
	struct iovec part = {
		.iov_base = (void *)(uintptr_t)body,
		.iov_len = len,
	};

	chan_sendv(c, type, tag, &part, 1);
}

union control_space {
	struct cmsghdr align;
	char buf[CMSG_SPACE(sizeof(int) * CHAN_MAX_FDS)];
};

int chan_pass(int fd, uint32_t type, const void *body, size_t len,
	      const int *fds, unsigned int nfds)
{
	struct head h = { .type = type, .len = (uint32_t)len };
	struct iovec iov[2] = {
		{ .iov_base = &h, .iov_len = sizeof(h) },
		{ .iov_base = (void *)(uintptr_t)body, .iov_len = len },
	};
	union control_space space = { 0 };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	struct cmsghdr *cm;

	if (nfds > CHAN_MAX_FDS)
		return -EINVAL;
	if (nfds) {
		msg.msg_control = space.buf;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		cm = CMSG_FIRSTHDR(&msg);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(cm), fds, sizeof(int) * nfds);
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int chan_take(int fd, uint32_t type, void *body, size_t len, int *fds,
	      unsigned int nfds)
{
	struct head h;
	struct iovec iov[2] = {
		{ .iov_base = &h, .iov_len = sizeof(h) },
		{ .iov_base = body, .iov_len = len },
	};
	union control_space space = { 0 };
	struct msghdr msg = {
		.msg_iov = iov,
		.msg_iovlen = 2,
		.msg_control = space.buf,
		.msg_controllen = sizeof(space.buf),
	};
	struct cmsghdr *cm;
	ssize_t n;

	do {
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return -EPIPE;
	cm = CMSG_FIRSTHDR(&msg);
	if ((size_t)n != sizeof(h) + len || h.type != type || h.len != len ||
	    (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || !!cm != !!nfds)
		return -EPROTO;
	if (cm) {
		if (cm->cmsg_type != SCM_RIGHTS ||
		    cm->cmsg_len != CMSG_LEN(sizeof(int) * nfds))
			return -EPROTO;
		memcpy(fds, CMSG_DATA(cm), sizeof(int) * nfds);
	}
	return 0;
}
