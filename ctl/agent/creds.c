// SPDX-License-Identifier: GPL-2.0
/*
 * Keys lie in locked memory of this process alone. It signs and verifies AUTH
 * for the worker and never tells a key to anybody.
 */
#include "agent/creds.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "agent/chan.h"
#include "agent/cred.h"
#include "agent/drop.h"
#include "agent/log.h"
#include "agent/msg.h"
#include "crypto/util.h"

/* Some hundred RSA keys with all that libcrypto computes from them */
#define SECRET_MEMORY (4u << 20)

struct creds {
	struct event_base *base;
	struct chan *parent;
	struct chan *worker;
	struct cred_list list;
	bool orderly;
};

static void from_parent(void *ctx, uint32_t type, uint64_t tag,
			const void *data, size_t len)
{
	struct creds *c = ctx;

	(void)tag;
	if (type != MSG_STOP) {
		cred_list_told(&c->list, type, data, len);
		return;
	}
	c->orderly = true;
	event_base_loopbreak(c->base);
}

static void answer(struct creds *c, uint64_t tag, struct msg_auth_done *done,
		   const struct wire_wr *data, const struct wire_wr *certs)
{
	struct iovec parts[] = {
		{ .iov_base = done, .iov_len = sizeof(*done) },
		{ .iov_base = data->data },
		{ .iov_base = certs->data },
	};

	if (done->ok) {
		done->len = (uint32_t)data->len;
		done->certs_len = (uint32_t)certs->len;
	}
	parts[1].iov_len = done->len;
	parts[2].iov_len = done->certs_len;
	chan_sendv(c->worker, MSG_AUTH_DONE, tag, parts, 3);
}

/* The worker is not trusted: it may have been taken over by a packet. */
static void from_worker(void *ctx, uint32_t type, uint64_t tag,
			const void *body, size_t len)
{
	struct wire_wr data = { 0 }, certs = { 0 };
	struct wire_span octets, auth, peer_certs;
	struct msg_auth_done done = { 0 };
	struct creds *c = ctx;
	struct wire_rd rd;
	struct msg_auth m;

	if ((type != MSG_SIGN && type != MSG_VERIFY && type != MSG_PPK &&
	     type != MSG_EAP) || len < sizeof(m))
		return;
	memcpy(&m, body, sizeof(m));
	m.conn[sizeof(m.conn) - 1] = '\0';
	wire_rd_init(&rd, (const uint8_t *)body + sizeof(m), len - sizeof(m));
	octets = (struct wire_span){ wire_rd_bytes(&rd, m.octets_len),
				     m.octets_len };
	auth = (struct wire_span){ wire_rd_bytes(&rd, m.auth_len), m.auth_len };
	peer_certs = (struct wire_span){ wire_rd_bytes(&rd, m.certs_len),
					 m.certs_len };
	if (!rd.bad && !rd.left && type == MSG_SIGN)
		cred_sign(&c->list, &m, octets, &done, &data, &certs);
	else if (!rd.bad && !rd.left && type == MSG_PPK)
		cred_ppk(&c->list, &m, octets, auth, &done, &data);
	else if (!rd.bad && !rd.left && type == MSG_EAP)
		cred_eap(&m, &done);
	else if (!rd.bad && !rd.left)
		cred_verify(&c->list, &m, octets, auth, peer_certs, &done);
	answer(c, tag, &done, &data, &certs);
	wire_wr_free(&data);
	wire_wr_free(&certs);
}

static void on_closed(void *ctx)
{
	struct creds *c = ctx;

	event_base_loopbreak(c->base);
}

static const struct chan_ops parent_ops = { from_parent, on_closed };
static const struct chan_ops worker_ops = { from_worker, on_closed };

static int set_up(const struct msg_start *start)
{
	int ret;

	drop_swapping();
	ret = crypto_keep_secrets(SECRET_MEMORY);

	/* The parent has told if memory cannot be locked. */
	if (ret && ret != -EPERM)
		return ret;
	ret = crypto_init();
	return ret ? ret : drop_privileges(start->root, start->uid, start->gid);
}

int creds_main(int parent, int worker)
{
	struct creds c = { 0 };
	struct msg_start start;
	int ret;

	if (chan_take(parent, MSG_START, &start, sizeof(start), NULL, 0))
		return 1;
	log_init("creds", start.level);
	ret = set_up(&start);
	if (ret) {
		log_line(IKE_LOG_ERROR, NULL, "start",
			 "cannot set the credentials process up: %s",
			 strerror(-ret));
		return 1;
	}
	c.base = event_base_new();
	c.parent = c.base ? chan_new(c.base, parent, &parent_ops, &c) : NULL;
	c.worker = c.base ? chan_new(c.base, worker, &worker_ops, &c) : NULL;
	if (c.parent && c.worker &&
	    !drop_system_calls(FILTER_CREDS, start.seccomp))
		event_base_dispatch(c.base);
	cred_list_free(&c.list);
	chan_free(c.parent);
	chan_free(c.worker);
	if (c.base)
		event_base_free(c.base);
	return c.orderly ? 0 : 1;
}
