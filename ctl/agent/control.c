// SPDX-License-Identifier: GPL-2.0
#include "agent/control.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "agent/chan.h"
#include "agent/log.h"
#include "agent/msg.h"
#include "agent/status.h"
#include "agent/worker.h"
#include "wire/text.h"

#define MAX_CLIENTS 64
#define MAX_LINE 16384
/* What may wait to be read by a client, behind an answer of any length. */
#define MAX_BACKLOG (4u << 20)
#define DEFAULT_TIMEOUT_MS 30000
#define MAX_TIMEOUT_MS 600000

/**
 * struct client - somebody at the control socket
 * @c: server
 * @bev: connection
 * @monitor: wants every report
 * @most: octets that may wait for it until all is read
 * @reply: number of the command that it waits for, 0 if none
 * @timeout: when it has waited long enough
 * @ends: has said all it had to say; goes when its answer is out
 */
struct client {
	LIST_ENTRY(client) entry;
	struct control *c;
	struct bufferevent *bev;
	bool monitor;
	size_t most;
	uint64_t reply;
	struct event *timeout;
	bool ends;
};

struct control {
	struct event_base *base;
	struct evconnlistener *listener;
	struct worker *w;
	LIST_HEAD(, client) clients;
	unsigned int nclients;
	uint64_t last_reply;
};

/* --------------------------------------------------------------- clients */

static void client_free(struct client *cl)
{
	LIST_REMOVE(cl, entry);
	cl->c->nclients--;
	if (cl->timeout)
		event_free(cl->timeout);
	bufferevent_free(cl->bev);
	free(cl);
}

static size_t backlog(const struct client *cl)
{
	return evbuffer_get_length(bufferevent_get_output(cl->bev));
}

/* Returns false, and the client is gone, if it is too far behind. */
static bool client_write(struct client *cl, const char *line, size_t len)
{
	/* The answer of ten thousand IKE SAs is long. */
	if (!backlog(cl))
		cl->most = len + MAX_BACKLOG;
	if (backlog(cl) + len > cl->most ||
	    bufferevent_write(cl->bev, line, len) ||
	    bufferevent_write(cl->bev, "\n", 1)) {
		log_line(IKE_LOG_WARNING, NULL, "control",
			 "a client does not read; dropped");
		client_free(cl);
		return false;
	}
	return true;
}

static bool client_send(struct client *cl, json_t *o)
{
	char *line = o ? json_dumps(o, JSON_COMPACT) : NULL;
	bool alive = false;

	json_decref(o);
	if (line)
		alive = client_write(cl, line, strlen(line));
	else
		client_free(cl);
	free(line);
	return alive;
}

static void answer_ok(struct client *cl, json_t *data)
{
	json_t *o = json_object();

	json_object_set_new(o, "ok", json_true());
	json_object_set_new(o, "data", data ? data : json_object());
	client_send(cl, o);
}

static void answer_error(struct client *cl, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void answer_error(struct client *cl, const char *fmt, ...)
{
	char text[CONF_MAX_ERROR];
	json_t *o = json_object();
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_object_set_new(o, "ok", json_false());
	json_object_set_new(o, "error", wire_text_json(text));
	client_send(cl, o);
}

/* ------------------------------------------- commands that take their time */

/* Its next line is read from the loop, not from within an action. */
static void read_later(struct client *cl)
{
	bufferevent_trigger(cl->bev, EV_READ, BEV_TRIG_IGNORE_WATERMARKS |
						      BEV_TRIG_DEFER_CALLBACKS);
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct client *cl = arg;

	(void)fd;
	(void)what;
	cl->reply = 0;
	read_later(cl);
	answer_error(cl, "not finished in time; it goes on nevertheless");
}

/* The client hears no more until control_done() or its patience ends. */
static uint64_t wait_for(struct client *cl, json_t *req)
{
	json_t *ms = json_object_get(req, "timeout_ms");
	json_int_t wait = json_is_integer(ms) ? json_integer_value(ms) :
						DEFAULT_TIMEOUT_MS;
	struct timeval tv;

	if (wait < 1 || wait > MAX_TIMEOUT_MS)
		wait = DEFAULT_TIMEOUT_MS;
	tv.tv_sec = (time_t)(wait / 1000);
	tv.tv_usec = (suseconds_t)(wait % 1000 * 1000);
	event_add(cl->timeout, &tv);
	cl->reply = ++cl->c->last_reply;
	return cl->reply;
}

void control_done(struct control *c, uint64_t reply, int err, const char *text)
{
	struct client *cl;

	if (!c || !reply)
		return;
	LIST_FOREACH(cl, &c->clients, entry)
		if (cl->reply == reply)
			break;
	if (!cl)
		return;
	cl->reply = 0;
	event_del(cl->timeout);
	read_later(cl);
	if (!err)
		answer_ok(cl, NULL);
	else
		answer_error(cl, "%s", text && *text ? text : strerror(-err));
}

/* -------------------------------------------------------------- commands */

static const char *text_of(json_t *req, const char *key)
{
	return json_string_value(json_object_get(req, key));
}

static const char *need_name(struct client *cl, json_t *req)
{
	const char *name = text_of(req, "name");

	if (!name || !*name || strlen(name) >= IKE_MAX_NAME) {
		answer_error(cl, "\"name\" is missing; the name of a connection would be right");
		return NULL;
	}
	return name;
}

static void collect_conn(const struct ike_status *s, void *ctx)
{
	json_array_append_new(ctx, status_conn(s));
}

static json_t *list_conns(const struct worker *w, const char *name)
{
	json_t *list = json_array();

	ike_engine_status(w->engine, name, worker_now_us(), collect_conn,
			  list);
	return list;
}

static void cmd_conn_list(struct client *cl, json_t *req)
{
	const char *name = text_of(req, "name");
	json_t *list = list_conns(cl->c->w, name);

	if (name && !json_array_size(list)) {
		json_decref(list);
		answer_error(cl, "there is no connection \"%s\"", name);
		return;
	}
	answer_ok(cl, list);
}

static void cmd_conn_show(struct client *cl, json_t *req)
{
	if (need_name(cl, req))
		cmd_conn_list(cl, req);
}

/* What a connection has by this name, each with the connection's. */
static void add_paths(json_t *out, const json_t *conn, const char *key)
{
	json_t *path;
	size_t i;

	json_array_foreach(json_object_get(conn, key), i, path) {
		json_t *p = json_deep_copy(path);

		json_object_set(p, "conn", json_object_get(conn, "name"));
		json_array_append_new(out, p);
	}
}

static void cmd_path_show(struct client *cl, json_t *req)
{
	const char *name = text_of(req, "name");
	json_t *list = list_conns(cl->c->w, name), *conn, *out = json_array();
	size_t i;

	json_array_foreach(list, i, conn) {
		add_paths(out, conn, "paths");
		add_paths(out, conn, "idle_paths");
	}
	if (name && !json_array_size(list)) {
		json_decref(out);
		answer_error(cl, "there is no connection \"%s\"", name);
	} else {
		answer_ok(cl, out);
	}
	json_decref(list);
}

static void conn_verb(struct client *cl, json_t *req, enum ike_event_type type)
{
	struct ike_event ev = { .type = type };
	const char *name = need_name(cl, req);

	if (!name)
		return;
	ev.u.conn.name = name;
	ev.u.conn.reply = wait_for(cl, req);
	worker_event(cl->c->w, &ev);
}

static void cmd_conn_up(struct client *cl, json_t *req)
{
	conn_verb(cl, req, IKE_EV_CONN_UP);
}

static void cmd_conn_down(struct client *cl, json_t *req)
{
	conn_verb(cl, req, IKE_EV_CONN_DOWN);
}

static void cmd_conn_rekey(struct client *cl, json_t *req)
{
	conn_verb(cl, req, json_is_true(json_object_get(req, "children")) ?
			   IKE_EV_CONN_REKEY_CHILDREN : IKE_EV_CONN_REKEY);
}

static void cmd_conn_load(struct client *cl, json_t *req)
{
	chan_send(cl->c->w->parent, MSG_RELOAD, wait_for(cl, req), NULL, 0);
}

static void path_verb(struct client *cl, json_t *req, enum ike_path_verb verb)
{
	struct ike_event ev = { .type = IKE_EV_PATH_CMD };
	const char *addr = text_of(req, "addr"), *name = need_name(cl, req);

	if (!name)
		return;
	if (!addr || !wire_addr_parse(&ev.u.path_cmd.local, addr)) {
		answer_error(cl, "\"addr\" is %s%s; an address of this host would be right",
			     addr ? "no address: " : "missing",
			     addr ? addr : "");
		return;
	}
	ev.u.path_cmd.name = name;
	ev.u.path_cmd.verb = verb;
	ev.u.path_cmd.hard = json_is_true(json_object_get(req, "hard"));
	ev.u.path_cmd.reply = wait_for(cl, req);
	worker_event(cl->c->w, &ev);
}

static void cmd_path_add(struct client *cl, json_t *req)
{
	path_verb(cl, req, IKE_PATH_ADD);
}

static void cmd_path_del(struct client *cl, json_t *req)
{
	path_verb(cl, req, IKE_PATH_DEL);
}

static void cmd_path_use(struct client *cl, json_t *req)
{
	path_verb(cl, req, IKE_PATH_USE);
}

static void cmd_status(struct client *cl, json_t *req)
{
	(void)req;
	answer_ok(cl, status_agent(cl->c->w));
}

static void cmd_stats(struct client *cl, json_t *req)
{
	(void)req;
	answer_ok(cl, status_counters(cl->c->w));
}

static void cmd_monitor(struct client *cl, json_t *req)
{
	(void)req;
	cl->monitor = true;
	answer_ok(cl, NULL);
}

static const struct {
	const char *name;
	void (*fn)(struct client *cl, json_t *req);
} commands[] = {
	{ "conn-list", cmd_conn_list },
	{ "conn-show", cmd_conn_show },
	{ "conn-up", cmd_conn_up },
	{ "conn-down", cmd_conn_down },
	{ "conn-rekey", cmd_conn_rekey },
	{ "conn-load", cmd_conn_load },
	{ "path-show", cmd_path_show },
	{ "path-add", cmd_path_add },
	{ "path-del", cmd_path_del },
	{ "path-use", cmd_path_use },
	{ "status", cmd_status },
	{ "stats", cmd_stats },
	{ "monitor", cmd_monitor },
};

static void unknown_command(struct client *cl, const char *cmd)
{
	char list[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		int n = snprintf(list + used, sizeof(list) - used, " %s",
				 commands[i].name);

		used += n > 0 && (size_t)n < sizeof(list) - used ? (size_t)n :
								   0;
	}
	answer_error(cl, "%s%s%s; there are:%s",
		     cmd ? "unknown command \"" : "\"cmd\" is missing",
		     cmd ? cmd : "", cmd ? "\"" : "", list);
}

static void command(struct client *cl, const char *line, size_t len)
{
	json_error_t error;
	json_t *req = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	const char *cmd;
	size_t i;

	if (!json_is_object(req)) {
		answer_error(cl, "not a JSON object: %s",
			     req ? "another value" : error.text);
		json_decref(req);
		return;
	}
	cmd = text_of(req, "cmd");
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (cmd && !strcmp(cmd, commands[i].name))
			break;
	if (i < sizeof(commands) / sizeof(commands[0]))
		commands[i].fn(cl, req);
	else
		unknown_command(cl, cmd);
	json_decref(req);
}

/* ------------------------------------------------------------ connection */

static bool is_alive(const struct control *c, const struct client *cl)
{
	struct client *it;

	LIST_FOREACH(it, &c->clients, entry)
		if (it == cl)
			return true;
	return false;
}

/* One command at a time: answers carry no number, and a long one is to be read. */
static bool is_served(const struct client *cl)
{
	return cl->reply || backlog(cl);
}

static void read_lines(struct client *cl)
{
	struct evbuffer *in = bufferevent_get_input(cl->bev);
	struct control *c = cl->c;

	while (!is_served(cl)) {
		size_t len;
		char *line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);

		if (!line)
			break;
		if (len)
			command(cl, line, len);
		free(line);
		if (!is_alive(c, cl))
			return;
	}
	if (!is_served(cl) && evbuffer_get_length(in) >= MAX_LINE)
		client_free(cl);
	else if (cl->ends && !is_served(cl))
		client_free(cl);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	(void)bev;
	read_lines(arg);
}

static void on_drained(struct bufferevent *bev, void *arg)
{
	(void)bev;
	read_lines(arg);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct client *cl = arg;

	/* Who has only closed its sending half still wants its answer. */
	if ((what & BEV_EVENT_EOF) && (cl->reply || backlog(cl))) {
		cl->ends = true;
		bufferevent_disable(bev, EV_READ);
		return;
	}
	client_free(cl);
}

static void on_accept(struct evconnlistener *l, evutil_socket_t fd,
		      struct sockaddr *sa, int len, void *arg)
{
	struct control *c = arg;
	struct client *cl = NULL;

	(void)l;
	(void)sa;
	(void)len;
	if (c->nclients < MAX_CLIENTS)
		cl = calloc(1, sizeof(*cl));
	if (!cl) {
		close(fd);
		return;
	}
	cl->c = c;
	cl->timeout = evtimer_new(c->base, on_timeout, cl);
	cl->bev = bufferevent_socket_new(c->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!cl->bev || !cl->timeout) {
		if (cl->timeout)
			event_free(cl->timeout);
		if (cl->bev)
			bufferevent_free(cl->bev);
		else
			close(fd);
		free(cl);
		return;
	}
	LIST_INSERT_HEAD(&c->clients, cl, entry);
	c->nclients++;
	bufferevent_setcb(cl->bev, on_read, on_drained, on_event, cl);
	bufferevent_setwatermark(cl->bev, EV_READ, 0, MAX_LINE);
	bufferevent_enable(cl->bev, EV_READ | EV_WRITE);
}

struct control *control_new(struct event_base *base, int fd, struct worker *w)
{
	struct control *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->base = base;
	c->w = w;
	LIST_INIT(&c->clients);
	evutil_make_socket_nonblocking(fd);
	/* The parent listens already; to who connects it is the agent. */
	c->listener = evconnlistener_new(base, on_accept, c,
					 LEV_OPT_CLOSE_ON_FREE |
						 LEV_OPT_CLOSE_ON_EXEC |
						 LEV_OPT_DISABLED,
					 0, fd);
	if (!c->listener) {
		free(c);
		return NULL;
	}
	return c;
}

void control_begin(struct control *c)
{
	if (c)
		evconnlistener_enable(c->listener);
}

void control_free(struct control *c)
{
	if (!c)
		return;
	while (!LIST_EMPTY(&c->clients))
		client_free(LIST_FIRST(&c->clients));
	evconnlistener_free(c->listener);
	free(c);
}

/* -------------------------------------------------------------- monitors */

void control_report(struct control *c, const struct ike_report *r)
{
	struct client *cl, *next;
	bool wanted = false;
	json_t *o;
	char *line;

	if (!c || r->level == IKE_LOG_DEBUG)
		return;
	LIST_FOREACH(cl, &c->clients, entry)
		wanted |= cl->monitor;
	if (!wanted)
		return;
	o = status_report(r);
	line = o ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	for (cl = LIST_FIRST(&c->clients); line && cl; cl = next) {
		next = LIST_NEXT(cl, entry);
		if (cl->monitor)
			client_write(cl, line, strlen(line));
	}
	free(line);
}
