// SPDX-License-Identifier: GPL-2.0
/*
 * What an answer says is not looked at here: it goes to the credentials, which
 * believe it only if its signature is good. Who takes this process over by one
 * can keep answers from them, and ask whom it likes.
 */
#include "agent/fetch.h"

#include <errno.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdlib.h>
#include <string.h>

#include "agent/chan.h"
#include "agent/drop.h"
#include "agent/http.h"
#include "agent/log.h"
#include "agent/msg.h"

/* Connections at a time; who asks holds no more questions either. */
#define MAX_POSTS 128

struct fetch {
	struct event_base *base;
	struct evdns_base *dns;
	struct chan *parent;
	struct chan *creds;
	unsigned int nposts;
};

/** struct post - a question under way, and its number */
struct post {
	struct fetch *f;
	uint64_t tag;
	char uri[CRYPTO_OCSP_URI_MAX];
};

static void answer(struct fetch *f, uint64_t tag, const uint8_t *data,
		   size_t len, const char *why)
{
	struct msg_fetched m = { 0 };
	struct iovec parts[] = {
		{ .iov_base = &m, .iov_len = sizeof(m) },
		{ .iov_base = (void *)(uintptr_t)data, .iov_len = len },
	};

	if (why)
		strncpy(m.text, why, sizeof(m.text) - 1);
	chan_sendv(f->creds, MSG_FETCHED, tag, parts, 2);
}

static void on_done(void *ctx, const uint8_t *data, size_t len,
		    const char *why)
{
	struct post *p = ctx;

	p->f->nposts--;
	answer(p->f, p->tag, data, len, why);
	free(p);
}

static void fetch(struct fetch *f, uint64_t tag, const struct msg_fetch *m,
		  const uint8_t *der, size_t len)
{
	struct post *p = f->nposts < MAX_POSTS ? calloc(1, sizeof(*p)) : NULL;
	const struct http_post post = {
		.uri = p ? p->uri : NULL,
		.type = "application/ocsp-request",
		.body = der,
		.len = len,
		.max = CRYPTO_OCSP_ANSWER_MAX,
		.done = on_done,
		.ctx = p,
	};

	if (!p) {
		answer(f, tag, NULL, 0, "too many are being asked");
		return;
	}
	p->f = f;
	p->tag = tag;
	memcpy(p->uri, m->uri, sizeof(p->uri) - 1);
	f->nposts++;
	http_post(f->base, f->dns, &post);
}

static void from_creds(void *ctx, uint32_t type, uint64_t tag,
		       const void *data, size_t len)
{
	const struct msg_fetch *m = data;

	if (type == MSG_FETCH && len > sizeof(*m))
		fetch(ctx, tag, m, (const uint8_t *)(m + 1), len - sizeof(*m));
}

/* The parent has said all at the start. */
static void from_parent(void *ctx, uint32_t type, uint64_t tag,
			const void *data, size_t len)
{
	(void)ctx;
	(void)type;
	(void)tag;
	(void)data;
	(void)len;
}

static void on_closed(void *ctx)
{
	struct fetch *f = ctx;

	event_base_loopbreak(f->base);
}

static const struct chan_ops parent_ops = { from_parent, on_closed };
static const struct chan_ops creds_ops = { from_creds, on_closed };

/*
 * The name servers of /etc/resolv.conf, which cannot be read later; without any,
 * addresses still do. One that is silent leaves time for another, and one family
 * without an answer is not waited for when the other has one.
 */
static struct evdns_base *name_servers(struct event_base *base)
{
	struct evdns_base *dns;

	dns = evdns_base_new(base, EVDNS_BASE_INITIALIZE_NAMESERVERS |
				   EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (!dns)
		dns = evdns_base_new(base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (!dns)
		return NULL;
	evdns_base_set_option(dns, "timeout:", "1");
	evdns_base_set_option(dns, "getaddrinfo-allow-skew:", "0.5");
	return dns;
}

static int set_up(struct fetch *f, const struct msg_start *start)
{
	f->base = event_base_new();
	f->dns = f->base ? name_servers(f->base) : NULL;
	/* For the numbers of questions to name servers. */
	if (!f->dns || evutil_secure_rng_init())
		return -ENOMEM;
	return drop_privileges(start->root, start->uid, start->gid);
}

int fetch_main(int parent, int creds)
{
	struct fetch f = { 0 };
	struct msg_start start;
	int ret;

	if (chan_take(parent, MSG_START, &start, sizeof(start), NULL, 0))
		return 1;
	log_init("fetch", start.level);
	ret = set_up(&f, &start);
	if (ret) {
		log_line(IKE_LOG_ERROR, NULL, "start",
			 "cannot set the fetching process up: %s",
			 strerror(-ret));
		return 1;
	}
	f.parent = chan_new(f.base, parent, &parent_ops, &f);
	f.creds = chan_new(f.base, creds, &creds_ops, &f);
	if (!f.parent || !f.creds ||
	    drop_system_calls(FILTER_FETCH, start.seccomp))
		return 1;
	event_base_dispatch(f.base);
	return 0;
}
