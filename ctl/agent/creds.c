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
#include <sys/queue.h>

#include "agent/chan.h"
#include "agent/cred.h"
#include "agent/drop.h"
#include "agent/http.h"
#include "agent/log.h"
#include "agent/msg.h"
#include "crypto/util.h"

/* Some hundred RSA keys with all that libcrypto computes from them */
#define SECRET_MEMORY (4u << 20)

/* Questions that wait for responders, and whom one asks one after the other */
#define MAX_HELD 128
#define MAX_ROUNDS 8

struct creds {
	struct event_base *base;
	struct chan *parent;
	struct chan *worker;
	struct chan *fetch;
	struct cred_list list;
	LIST_HEAD(, question) held;
	unsigned int nheld;
	uint64_t last_id;
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

/* ------------------------------------------------------------- questions */

/* Should who fetches not say by itself that there was no answer in time. */
static const struct timeval patience = { .tv_sec = HTTP_SECONDS + 2 };

/**
 * struct question - one of the worker's, that waits for a responder's word
 * @c: whose
 * @id: number by which the fetching process answers
 * @tag: number by which the worker hears of it
 * @ask: what a responder is asked
 * @rounds: how many have been asked
 * @late: when no answer counts any more
 * @len: octets in @body
 * @body: the message
 */
struct question {
	LIST_ENTRY(question) entry;
	struct creds *c;
	uint64_t id;
	uint64_t tag;
	struct crypto_ocsp_ask ask;
	unsigned int rounds;
	struct event *late;
	size_t len;
	uint8_t body[];
};

static void question_free(struct question *q)
{
	LIST_REMOVE(q, entry);
	q->c->nheld--;
	event_free(q->late);
	crypto_ocsp_ask_end(&q->ask);
	free(q);
}

/*
 * The worker is not trusted: it may have been taken over by a packet. False if
 * a responder has to be asked first, which never is without @ask.
 */
static bool run(struct creds *c, uint32_t type, uint64_t tag, const void *body,
		size_t len, struct crypto_ocsp_ask *ask)
{
	struct wire_wr data = { 0 }, certs = { 0 };
	struct wire_span octets, auth, peer_certs;
	struct msg_auth_done done = { .type = type };
	bool decided = true;
	struct wire_rd rd;
	struct msg_auth m;

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
		decided = cred_verify(&c->list, &m, octets, auth, peer_certs,
				      ask, &done);
	if (decided)
		answer(c, tag, &done, &data, &certs);
	wire_wr_free(&data);
	wire_wr_free(&certs);
	return decided;
}

static void ask_responder(struct question *q)
{
	struct creds *c = q->c;
	struct msg_fetch m = { 0 };
	const struct iovec parts[] = {
		{ .iov_base = &m, .iov_len = sizeof(m) },
		{ .iov_base = q->ask.request.data,
		  .iov_len = q->ask.request.len },
	};

	q->id = ++c->last_id;
	q->rounds++;
	memcpy(m.uri, q->ask.uri, sizeof(m.uri));
	chan_sendv(c->fetch, MSG_FETCH, q->id, parts, 2);
	event_add(q->late, &patience);
}

/*
 * There is an answer, or an empty one. Credentials may have changed since the
 * question, so all of it is looked at once more.
 */
static void go_on(struct question *q, struct wire_span answer)
{
	struct creds *c = q->c;

	q->ask.answer = answer;
	if (q->rounds < MAX_ROUNDS) {
		if (!run(c, MSG_VERIFY, q->tag, q->body, q->len, &q->ask)) {
			ask_responder(q);
			return;
		}
	} else {
		run(c, MSG_VERIFY, q->tag, q->body, q->len, NULL);
	}
	question_free(q);
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	struct question *q = arg;

	(void)fd;
	(void)what;
	log_line(IKE_LOG_ERROR, NULL, "ocsp", "%s: nobody says whether it answers",
		 q->ask.uri);
	go_on(q, (struct wire_span){ 0 });
}

static struct question *question_new(struct creds *c, size_t len)
{
	struct question *q;

	if (c->nheld >= MAX_HELD)
		return NULL;
	q = calloc(1, sizeof(*q) + len);
	if (!q)
		return NULL;
	q->late = evtimer_new(c->base, on_late, q);
	if (!q->late) {
		free(q);
		return NULL;
	}
	q->c = c;
	LIST_INSERT_HEAD(&c->held, q, entry);
	c->nheld++;
	return q;
}

/* With too many that wait already it is as if no responder answered. */
static void hold(struct creds *c, uint64_t tag, const void *body, size_t len,
		 struct crypto_ocsp_ask *ask)
{
	struct question *q = question_new(c, len);

	if (!q) {
		crypto_ocsp_ask_end(ask);
		run(c, MSG_VERIFY, tag, body, len, NULL);
		return;
	}
	q->tag = tag;
	q->ask = *ask;
	q->len = len;
	memcpy(q->body, body, len);
	ask_responder(q);
}

static void from_worker(void *ctx, uint32_t type, uint64_t tag,
			const void *body, size_t len)
{
	struct crypto_ocsp_ask ask = { 0 };
	struct creds *c = ctx;

	if ((type != MSG_SIGN && type != MSG_VERIFY && type != MSG_PPK &&
	     type != MSG_EAP) || len < sizeof(struct msg_auth))
		return;
	if (run(c, type, tag, body, len, &ask))
		crypto_ocsp_ask_end(&ask);
	else
		hold(c, tag, body, len, &ask);
}

/* Nor is who fetches trusted: it has heard from strangers. */
static void from_fetch(void *ctx, uint32_t type, uint64_t id, const void *data,
		       size_t len)
{
	const struct msg_fetched *m = data;
	struct creds *c = ctx;
	struct question *q;

	LIST_FOREACH(q, &c->held, entry)
		if (q->id == id)
			break;
	if (type != MSG_FETCHED || len < sizeof(*m) || !q)
		return;
	if (len == sizeof(*m))
		log_line(IKE_LOG_WARNING, NULL, "ocsp", "%s: %.*s", q->ask.uri,
			 (int)sizeof(m->text), m->text);
	go_on(q, (struct wire_span){ (const uint8_t *)(m + 1),
				     len - sizeof(*m) });
}

static void on_closed(void *ctx)
{
	struct creds *c = ctx;

	event_base_loopbreak(c->base);
}

static const struct chan_ops parent_ops = { from_parent, on_closed };
static const struct chan_ops worker_ops = { from_worker, on_closed };
static const struct chan_ops fetch_ops = { from_fetch, on_closed };

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

int creds_main(int parent, int worker, int fetch)
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
	c.fetch = c.base ? chan_new(c.base, fetch, &fetch_ops, &c) : NULL;
	if (c.parent && c.worker && c.fetch &&
	    !drop_system_calls(FILTER_CREDS, start.seccomp))
		event_base_dispatch(c.base);
	while (!LIST_EMPTY(&c.held))
		question_free(LIST_FIRST(&c.held));
	cred_list_free(&c.list);
	chan_free(c.parent);
	chan_free(c.worker);
	chan_free(c.fetch);
	if (c.base)
		event_base_free(c.base);
	return c.orderly ? 0 : 1;
}
