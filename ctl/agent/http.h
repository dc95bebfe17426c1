/* SPDX-License-Identifier: GPL-2.0 */
/* One request to a web server, as OCSP (RFC 6960, appendix A) has it. */
#ifndef MOBX_AGENT_HTTP_H
#define MOBX_AGENT_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct evdns_base;

/* For all of it: the name of the server, the connection, the answer. */
#define HTTP_SECONDS 5

/** http_uri_ok() - is it the URI of a page that can be asked for without TLS */
bool http_uri_ok(const char *uri);

/**
 * typedef http_done - what became of a request
 * @ctx: from http_post()
 * @answer: octets of the answer, until the return
 * @len: how many, 0 without one
 * @why: reason then, else NULL
 */
typedef void (*http_done)(void *ctx, const uint8_t *answer, size_t len,
			  const char *why);

/**
 * struct http_post - a request
 * @uri: of what is asked
 * @type: media type of @body
 * @body: what is posted
 * @len: octets in @body
 * @max: octets of an answer at most
 * @done: called once, from the event loop or before http_post() returns
 * @ctx: first argument of @done
 */
struct http_post {
	const char *uri;
	const char *type;
	const uint8_t *body;
	size_t len;
	size_t max;
	http_done done;
	void *ctx;
};

/**
 * http_post() - send a request, and wait for the answer in the event loop
 * @base: event loop
 * @dns: who knows the addresses of names, without blocking
 * @post: what to send; copied
 *
 * Nothing else than a whole answer with status 200 counts: redirects are not
 * followed.
 */
void http_post(struct event_base *base, struct evdns_base *dns,
	       const struct http_post *post);

#endif /* MOBX_AGENT_HTTP_H */
