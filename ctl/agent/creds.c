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
#include <sys/mman.h>

#include "agent/chan.h"
#include "agent/drop.h"
#include "agent/log.h"
#include "agent/msg.h"
#include "crypto/auth.h"
#include "crypto/util.h"

struct creds {
	struct event_base *base;
	struct chan *parent;
	struct chan *worker;
	struct msg_key *key;
	unsigned int nkey;
	bool orderly;
};

static struct msg_key *find(struct creds *c, const char *name)
{
	for (unsigned int i = 0; i < c->nkey; i++)
		if (!strcmp(c->key[i].name, name))
			return &c->key[i];
	return NULL;
}

static void set_key(struct creds *c, const struct msg_key *key)
{
	struct msg_key *k = find(c, key->name);

	if (!k && c->nkey < CONF_MAX_CONNS)
		k = &c->key[c->nkey++];
	if (k)
		*k = *key;
}

static void forget_key(struct creds *c, const char *name)
{
	struct msg_key *k = find(c, name);

	if (!k)
		return;
	*k = c->key[--c->nkey];
	explicit_bzero(&c->key[c->nkey], sizeof(*k));
}

static void from_parent(void *ctx, uint32_t type, uint64_t tag,
			const void *data, size_t len)
{
	struct creds *c = ctx;

	(void)tag;
	if (type == MSG_KEY && len == sizeof(struct msg_key)) {
		set_key(c, data);
	} else if (type == MSG_KEY_GONE && len == sizeof(struct msg_name)) {
		forget_key(c, ((const struct msg_name *)data)->name);
	} else if (type == MSG_STOP) {
		c->orderly = true;
		event_base_loopbreak(c->base);
	}
}

static void answer(struct creds *c, bool verify, const struct msg_auth *m,
		   const uint8_t *octets, struct msg_auth_done *done)
{
	struct wire_span signed_octets = { octets, m->octets_len };
	struct wire_span auth = { octets + m->octets_len, m->auth_len };
	struct msg_key *k = find(c, m->conn);
	struct wire_span psk;
	int ret;

	if (!k)
		return;
	psk = (struct wire_span){ k->key, k->len };
	if (verify) {
		ret = crypto_psk_verify(m->prf, psk, signed_octets, auth);
	} else {
		ret = crypto_psk_auth(m->prf, psk, signed_octets, done->data);
		done->len = (uint32_t)crypto_prf_len(m->prf);
	}
	done->ok = !ret;
	if (ret && ret != -EBADMSG)
		log_line(IKE_LOG_ERROR, m->conn, "auth",
			 "cannot compute AUTH: %s", strerror(-ret));
}

/* The worker is not trusted: it may have been taken over by a packet. */
static void from_worker(void *ctx, uint32_t type, uint64_t tag,
			const void *data, size_t len)
{
	struct msg_auth_done done = { 0 };
	struct creds *c = ctx;
	struct msg_auth m;

	if ((type != MSG_SIGN && type != MSG_VERIFY) || len < sizeof(m))
		return;
	memcpy(&m, data, sizeof(m));
	m.conn[sizeof(m.conn) - 1] = '\0';
	if (len - sizeof(m) == (uint64_t)m.octets_len + m.auth_len)
		answer(c, type == MSG_VERIFY, &m,
		       (const uint8_t *)data + sizeof(m), &done);
	chan_send(c->worker, MSG_AUTH_DONE, tag, &done, sizeof(done));
}

static void on_closed(void *ctx)
{
	struct creds *c = ctx;

	event_base_loopbreak(c->base);
}

static const struct chan_ops parent_ops = { from_parent, on_closed };
static const struct chan_ops worker_ops = { from_worker, on_closed };

/* One mapping of its own: locked, not dumped, not inherited. */
static struct msg_key *key_memory(void)
{
	size_t size = sizeof(struct msg_key) * CONF_MAX_CONNS;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (mlock(p, size))
		log_line(IKE_LOG_WARNING, NULL, "start",
			 "cannot lock the memory of the keys: %s; LimitMEMLOCK=infinity or more would be right",
			 strerror(errno));
	madvise(p, size, MADV_DONTDUMP);
	return p;
}

int creds_main(int parent, int worker)
{
	struct creds c = { 0 };
	struct msg_start start;
	int ret;

	if (chan_take(parent, MSG_START, &start, sizeof(start), NULL, 0))
		return 1;
	log_init("creds", start.level);
	c.key = key_memory();
	ret = c.key ? crypto_init() : -ENOMEM;
	if (!ret)
		ret = drop_privileges(start.root, start.uid, start.gid);
	if (ret) {
		log_line(IKE_LOG_ERROR, NULL, "start",
			 "cannot set the credentials process up: %s",
			 strerror(-ret));
		return 1;
	}
	c.base = event_base_new();
	c.parent = c.base ? chan_new(c.base, parent, &parent_ops, &c) : NULL;
	c.worker = c.base ? chan_new(c.base, worker, &worker_ops, &c) : NULL;
	if (c.parent && c.worker)
		event_base_dispatch(c.base);
	explicit_bzero(c.key, sizeof(struct msg_key) * CONF_MAX_CONNS);
	chan_free(c.parent);
	chan_free(c.worker);
	if (c.base)
		event_base_free(c.base);
	return c.orderly ? 0 : 1;
}
