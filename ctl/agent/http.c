// SPDX-License-Identifier: GPL-2.0
#include "agent/http.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>

/* Of an answer; there is nothing in them that we would want to know. */
#define MAX_HEADERS 4096

/**
 * struct job - a request under way
 * @conn: its connection
 * @end: its time is over, or it has been answered and is to be freed: not
 *	within a callback of @conn, which goes with it
 * @error: what went wrong on the way
 * @done: who is to be told, NULL once that has been
 * @ctx: first argument of @done
 */
struct job {
	struct evhttp_connection *conn;
	struct event *end;
	const char *error;
	http_done done;
	void *ctx;
};

/* -------------------------------------------------------------------- URIs */

/*
 * NULL for what cannot be asked. With a % in it a host is no name, but libevent
 * takes it for an address with a scope and looks for that interface.
 */
static struct evhttp_uri *parse(const char *uri)
{
	struct evhttp_uri *u = evhttp_uri_parse(uri);
	const char *scheme = u ? evhttp_uri_get_scheme(u) : NULL;
	const char *host = u ? evhttp_uri_get_host(u) : NULL;

	if (scheme && !strcasecmp(scheme, "http") && host && *host &&
	    !strchr(host, '%') &&
	    !evhttp_uri_get_userinfo(u) && evhttp_uri_get_port(u) != 0)
		return u;
	if (u)
		evhttp_uri_free(u);
	return NULL;
}

bool http_uri_ok(const char *uri)
{
	struct evhttp_uri *u = parse(uri);

	if (u)
		evhttp_uri_free(u);
	return u;
}

static uint16_t port_of(const struct evhttp_uri *u)
{
	int port = evhttp_uri_get_port(u);

	return port > 0 ? (uint16_t)port : 80;
}

/* -------------------------------------------------------------------- jobs */

static void tell(struct job *j, const uint8_t *answer, size_t len,
		 const char *why)
{
	http_done done = j->done;

	j->done = NULL;
	if (done)
		done(j->ctx, answer, len, why);
}

/* A name that is still looked up would be connected to once it is known. */
static void end_lookup(struct evhttp_connection *conn)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(conn);

	if (bev && bufferevent_getfd(bev) < 0)
		bufferevent_setfd(bev, -1);
}

static void job_free(struct job *j)
{
	if (j->conn) {
		end_lookup(j->conn);
		evhttp_connection_free(j->conn);
	}
	if (j->end)
		event_free(j->end);
	free(j);
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
	struct job *j = arg;

	(void)fd;
	(void)what;
	tell(j, NULL, 0, "no answer in time");
	job_free(j);
}

static void on_error(enum evhttp_request_error error, void *arg)
{
	struct job *j = arg;

	switch (error) {
	case EVREQ_HTTP_TIMEOUT:
		j->error = "no answer in time";
		break;
	case EVREQ_HTTP_EOF:
		j->error = bufferevent_socket_get_dns_error(
			evhttp_connection_get_bufferevent(j->conn)) ?
			"the name of the web server has no address" :
			"the connection was closed before the end of the answer";
		break;
	case EVREQ_HTTP_INVALID_HEADER:
		j->error = "the answer is not HTTP";
		break;
	case EVREQ_HTTP_DATA_TOO_LONG:
		j->error = "the answer is too long";
		break;
	case EVREQ_HTTP_BUFFER_ERROR:
	case EVREQ_HTTP_REQUEST_CANCEL:
		break;
	}
}

static void on_answer(struct evhttp_request *req, void *arg)
{
	static const struct timeval now;
	int code = req ? evhttp_request_get_response_code(req) : 0;
	struct job *j = arg;
	struct evbuffer *in;
	size_t len;

	if (code == HTTP_OK) {
		in = evhttp_request_get_input_buffer(req);
		len = evbuffer_get_length(in);
		tell(j, evbuffer_pullup(in, -1), len,
		     len ? NULL : "the answer is empty");
	} else if (code) {
		tell(j, NULL, 0, "the web server refuses");
	} else {
		tell(j, NULL, 0, j->error ? j->error : "cannot be reached");
	}
	event_add(j->end, &now);
}

static bool fill(struct evhttp_request *req, const struct evhttp_uri *u,
		 const struct http_post *post)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
	const char *host = evhttp_uri_get_host(u);
	char text[300];
	int n;

	/* An address of IPv6 has its brackets here. */
	n = snprintf(text, sizeof(text), "%s:%u", host, port_of(u));
	return n > 0 && (size_t)n < sizeof(text) &&
	       !evhttp_add_header(headers, "Host", text) &&
	       !evhttp_add_header(headers, "Content-Type", post->type) &&
	       !evhttp_add_header(headers, "Connection", "close") &&
	       !evbuffer_add(evhttp_request_get_output_buffer(req), post->body,
			     post->len);
}

/* To whom to connect: an address of IPv6 has no brackets. */
static bool bare_host(const struct evhttp_uri *u, char *out, size_t len)
{
	const char *host = evhttp_uri_get_host(u);
	int n = *host == '[' ? snprintf(out, len, "%.*s",
					(int)strlen(host) - 2, host + 1) :
			       snprintf(out, len, "%s", host);

	return n > 0 && (size_t)n < len;
}

static bool begin(struct job *j, struct event_base *base,
		  struct evdns_base *dns, const struct evhttp_uri *u,
		  const struct http_post *post)
{
	const struct timeval patience = { .tv_sec = HTTP_SECONDS };
	const char *path = evhttp_uri_get_path(u);
	const char *query = evhttp_uri_get_query(u);
	struct evhttp_request *req;
	char host[256], what[600];

	snprintf(what, sizeof(what), "%s%s%s", path && *path ? path : "/",
		 query ? "?" : "", query ? query : "");
	j->end = evtimer_new(base, on_end, j);
	if (bare_host(u, host, sizeof(host)))
		j->conn = evhttp_connection_base_new(base, dns, host,
						     port_of(u));
	if (!j->end || !j->conn || event_add(j->end, &patience))
		return false;
	evhttp_connection_set_max_body_size(j->conn, (ev_ssize_t)post->max);
	evhttp_connection_set_max_headers_size(j->conn, MAX_HEADERS);
	req = evhttp_request_new(on_answer, j);
	if (!req)
		return false;
	evhttp_request_set_error_cb(req, on_error);
	if (!fill(req, u, post)) {
		evhttp_request_free(req);
		return false;
	}
	/* From here on the request is the connection's. */
	return !evhttp_make_request(j->conn, req, EVHTTP_REQ_POST, what);
}

void http_post(struct event_base *base, struct evdns_base *dns,
	       const struct http_post *post)
{
	struct evhttp_uri *u = parse(post->uri);
	struct job *j = u ? calloc(1, sizeof(*j)) : NULL;

	if (j) {
		j->done = post->done;
		j->ctx = post->ctx;
		if (!begin(j, base, dns, u, post)) {
			tell(j, NULL, 0, "cannot be reached");
			job_free(j);
		}
	} else {
		post->done(post->ctx, NULL, 0,
			   u ? "no memory" : "not a URI of HTTP");
	}
	if (u)
		evhttp_uri_free(u);
}
