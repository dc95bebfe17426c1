/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Typed, bounded messages between the processes of mobxd, over a socket pair
 * that keeps their borders (SOCK_SEQPACKET). Order is kept, nothing blocks but
 * chan_flush(), and what carried a message is wiped after it, since it may have
 * held a key.
 */
#ifndef MOBX_AGENT_CHAN_H
#define MOBX_AGENT_CHAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct event_base;
struct chan;

/* Longest body of a message in octets: an IKE datagram and certificates. */
#define CHAN_MAX_BODY (96u * 1024)
/* Octets that wait to be sent; a reader this far behind will not catch up. */
#define CHAN_MAX_QUEUE (16u << 20)
#define CHAN_MAX_FDS 8

/**
 * struct chan_ops - who listens
 * @message: a message has come; @data is as long as @len says and aligned
 * @closed: the other process is gone or does not read; called once
 */
struct chan_ops {
	void (*message)(void *ctx, uint32_t type, uint64_t tag,
			const void *data, size_t len);
	void (*closed)(void *ctx);
};

/** chan_pair() - two connected ends, close-on-exec; 0 or a negative errno */
int chan_pair(int fd[2]);

/**
 * chan_new() - begin to send and receive on one end
 * @base: event loop
 * @fd: end of a pair; owned by the channel from now on
 * @ops: who listens
 * @ctx: first argument of @ops
 *
 * Return: the channel, or NULL without memory.
 */
struct chan *chan_new(struct event_base *base, int fd,
		      const struct chan_ops *ops, void *ctx);

/** chan_free() - close; NULL is fine. Not from within @ops->message. */
void chan_free(struct chan *c);

/**
 * chan_send() - send, or queue if the other end is behind
 * @c: channel
 * @type: kind of message, enum msg_type
 * @tag: relates an answer to its question
 * @body: body, NULL for none
 * @len: octets of @body
 *
 * A message that cannot be queued either closes the channel (@ops->closed is
 * called from the event loop): order would be lost.
 */
void chan_send(struct chan *c, uint32_t type, uint64_t tag, const void *body,
	       size_t len);

#define CHAN_MAX_PARTS 4

/** chan_sendv() - the same with a body of up to CHAN_MAX_PARTS parts */
void chan_sendv(struct chan *c, uint32_t type, uint64_t tag,
		const struct iovec *parts, unsigned int n);

/** chan_queued() - octets that wait to be sent, of at most CHAN_MAX_QUEUE */
size_t chan_queued(const struct chan *c);

/**
 * chan_flush() - wait for the other end to read what is queued
 * @c: channel
 * @most: octets that may stay queued
 * @timeout_ms: how long the other end may go without reading any of it
 *
 * For what is more than CHAN_MAX_QUEUE, and before chan_free(), which drops what
 * is queued. Nothing else happens meanwhile: two ends must not both wait.
 *
 * Return: 0; -ETIMEDOUT, which closes the channel like a message that cannot be
 * queued; -EPIPE if it is closed already; or another negative errno.
 */
int chan_flush(struct chan *c, size_t most, int timeout_ms);

/**
 * chan_pass() - send the first message of a pair and descriptors with it
 * @fd: end of a pair that no channel owns yet
 * @type: kind of message
 * @body: its body
 * @len: octets of @body
 * @fds: descriptors to pass
 * @nfds: at most CHAN_MAX_FDS
 *
 * Return: 0 or a negative errno.
 */
int chan_pass(int fd, uint32_t type, const void *body, size_t len,
	      const int *fds, unsigned int nfds);

/**
 * chan_take() - wait for what chan_pass() sends
 * @fd: other end, that no channel owns yet
 * @type: expected kind of message
 * @body: filled
 * @len: expected octets
 * @fds: filled with descriptors, close-on-exec
 * @nfds: expected number of them
 *
 * Return: 0; -EPIPE if the sender is gone; -EPROTO if something else came.
 */
int chan_take(int fd, uint32_t type, void *body, size_t len, int *fds,
	      unsigned int nfds);

#endif /* MOBX_AGENT_CHAN_H */
