// SPDX-License-Identifier: GPL-2.0
/* mobx monitor: what happens, as it happens: in the kernel and in the agent. */

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

enum {
	ABOUT_SA = 1,
	ABOUT_PEER = 2,
	ABOUT_PATH = 4,
	ABOUT_CONN = 8,
	ABOUT_ALL = 15,
};

/* By the beginning of their name; the agent may report more than is here. */
static const struct {
	const char *event;
	unsigned int about;
} subjects[] = {
	{ "sa-expire", ABOUT_SA },
	{ "sequence-overflow", ABOUT_SA },
	{ "integrity-failure", ABOUT_SA },
	{ "selector-mismatch", ABOUT_SA },
	{ "child-", ABOUT_SA | ABOUT_CONN },
	{ "acquire", ABOUT_SA | ABOUT_CONN },
	{ "binding-changed", ABOUT_PEER },
	{ "local-replaced", ABOUT_PEER },
	{ "path-", ABOUT_PATH },
	{ "primary", ABOUT_PATH },
	{ "address-", ABOUT_PATH },
	{ "move", ABOUT_PATH | ABOUT_CONN },
	{ "overrun", ABOUT_ALL },
};

struct watch {
	struct cli *c;
	unsigned int about;
};

static unsigned int subject(const char *event)
{
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		if (!strncmp(subjects[i].event, event,
			     strlen(subjects[i].event)))
			return subjects[i].about;
	}
	return ABOUT_CONN;
}

/* In text, the time and the event stand before the rest without a name. */
static void print_event(const struct watch *w, json_t *o)
{
	const char *event = json_string_value(json_object_get(o, "event"));
	double when = json_number_value(json_object_get(o, "time"));
	time_t seconds = (time_t)when;
	char word[128], day[40];
	struct tm tm;

	if (!event || !(subject(event) & w->about)) {
		json_decref(o);
		return;
	}
	if (w->c->json) {
		out_line(w->c, NULL, o);
		return;
	}
	localtime_r(&seconds, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(word, sizeof(word), "%s.%06ld %s", day,
		 (long)((when - (double)seconds) * 1e6), event);
	json_object_del(o, "time");
	json_object_del(o, "event");
	out_line(w->c, word, o);
}

static json_t *new_event(const char *name)
{
	json_t *o = json_object();
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	json_object_set_new(o, "time", json_real((double)ts.tv_sec +
						 (double)ts.tv_nsec / 1e9));
	out_str(o, "event", name);
	return o;
}

static void ports_json(json_t *o, const struct kern_event *ev)
{
	out_u64(o, "proto", ev->proto);
	if (ev->local_port || ev->remote_port) {
		out_u64(o, "sport", ev->local_port);
		out_u64(o, "dport", ev->remote_port);
	}
}

static void sa_json(json_t *o, const struct kern_event *ev)
{
	char spi[16];

	snprintf(spi, sizeof(spi), "0x%08x", ev->spi);
	out_str(o, "spi", spi);
	if (ev->cmd == MOBX_CMD_SA_EXPIRE) {
		out_str(o, "dir", kern_name(&kern_dirs, ev->dir));
		out_str(o, "limit", kern_name(&kern_expires, ev->expire));
	}
}

json_t *cli_event_json(const struct cli *c, const struct kern_event *ev)
{
	json_t *o = new_event(kern_name(&kern_event_names, ev->cmd));
	json_t *paths;

	out_str(o, "source", "kernel");
	if (ev->peer)
		out_u64(o, "peer", ev->peer);
	if (ev->spi)
		sa_json(o, ev);
	out_addr(o, "local", &ev->local);
	out_addr(o, "remote", &ev->remote);
	if (ev->cmd == MOBX_CMD_ACQUIRE || ev->cmd == MOBX_CMD_SELECTOR_MISMATCH)
		ports_json(o, ev);
	if (ev->cmd == MOBX_CMD_PATH_HINT && ev->remote_port) {
		out_u64(o, "encap_sport", ev->local_port);
		out_u64(o, "encap_dport", ev->remote_port);
	}
	cli_pfp_json(o, ev->pfp);
	if (ev->has_policy)
		out_u64(o, "order", ev->policy_order);
	if (ev->label[0])
		out_str(o, "label", ev->label);
	if (ev->cmd == MOBX_CMD_LOCAL_REPLACED) {
		out_addr(o, "replaced", &ev->replaced);
		out_u64(o, "moved", ev->moved);
		out_u64(o, "failed", ev->failed);
	}
	if (ev->cmd != MOBX_CMD_BINDING_CHANGED)
		return o;
	out_flag(o, "spread", ev->spread);
	if (ev->generation)
		out_u64(o, "generation", ev->generation);
	paths = json_array();
	for (unsigned int i = 0; i < ev->npaths; i++)
		json_array_append_new(paths, cli_path_json(c, &ev->paths[i]));
	json_object_set_new(o, "paths", paths);
	out_flag(o, "gone", !ev->npaths);
	return o;
}

static void on_kernel(const struct kern_event *ev, void *ctx)
{
	const struct watch *w = ctx;

	print_event(w, cli_event_json(w->c, ev));
}

/* 0, or what ends the watch. */
static int read_kernel(const struct watch *w, struct kern_events *events)
{
	json_t *o;
	int ret = kern_events_read(events, on_kernel, (void *)(uintptr_t)w);

	if (ret == -ENOBUFS) {
		o = new_event("overrun");
		out_str(o, "source", "kernel");
		print_event(w, o);
		return 0;
	}
	if (ret)
		return cli_refused(w->c, "kernel events: %s", strerror(-ret));
	return 0;
}

/* False when the agent has gone. */
static bool read_agent(const struct watch *w, struct cli_reader *r)
{
	json_t *line;
	int ret;

	if (cli_reader_fill(r) <= 0)
		return false;
	while ((ret = cli_reader_line(r, &line))) {
		if (ret < 0)
			return false;
		if (json_object_get(line, "event")) {
			print_event(w, line);
			continue;
		}
		if (json_is_false(json_object_get(line, "ok")))
			cli_refused(w->c, "the agent refuses to report");
		json_decref(line);
	}
	return true;
}

static int watch(const struct watch *w, struct kern_events *events,
		 struct cli_reader *r)
{
	struct pollfd p[2] = {
		{ .fd = events ? kern_events_fd(events) : -1, .events = POLLIN },
		{ .fd = r->fd, .events = POLLIN },
	};

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		if (poll(p, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return cli_refused(w->c, "poll: %s", strerror(errno));
		}
		if (p[0].revents && read_kernel(w, events))
			return CLI_REFUSED;
		if (p[1].revents && !read_agent(w, r)) {
			cli_refused(w->c, "the agent has gone");
			p[1].fd = -1;
		}
		if (ferror(w->c->out))
			return CLI_REFUSED;
	}
	return CLI_REFUSED;
}

/* Either source will do: one may come later or not be there at all. */
static int open_agent(struct cli *c)
{
	json_t *request = json_object();
	char err[256];
	int fd = cli_control_open(c, err, sizeof(err));

	out_str(request, "cmd", "monitor");
	if (fd < 0) {
		json_decref(request);
		fprintf(c->err, "mobx: note: %s\n", err);
		return -1;
	}
	if (cli_control_send(fd, request)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int monitor(struct cli *c)
{
	static const char *const words[] = { "all",  "sa",   "peer",
					     "path", "conn", NULL };
	static const unsigned int about[] = { ABOUT_ALL, ABOUT_SA, ABOUT_PEER,
					      ABOUT_PATH, ABOUT_CONN };
	struct watch w = { .c = c };
	struct kern_events *events = NULL;
	struct cli_reader r = { .fd = -1 };
	char err[256];
	int ret;

	while (cli_more(c)) {
		int word = cli_keyword(c, words);

		if (word < 0)
			return CLI_SYNTAX;
		w.about |= about[word];
	}
	if (!w.about)
		w.about = ABOUT_ALL;
	if (kern_events_open(&events, err, sizeof(err))) {
		events = NULL;
		fprintf(c->err, "mobx: note: %s\n", err);
	}
	r.fd = open_agent(c);
	ret = watch(&w, events, &r);
	if (r.fd >= 0)
		close(r.fd);
	cli_reader_free(&r);
	kern_events_close(events);
	return ret;
}

static const struct cli_verb verbs[] = {
	{ "", monitor, "[all|sa|peer|path|conn]..." },
	{ 0 }
};

const struct cli_object cli_monitor = {
	.name = "monitor",
	.verbs = verbs,
	.help = "events of kernel and agent, one a line",
	.words = "With -j, one JSON object a line. It ends with an interrupt.\n",
};
