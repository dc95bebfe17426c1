// SPDX-License-Identifier: GPL-2.0
#include "agent/log.h"

#include <ctype.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A pipe takes a line up to this size whole or not at all. */
#define LINE_MAX_OCTETS 4000

static struct {
	const char *process;
	enum ike_level level;
	bool journal;
} logger = { "mobxd", IKE_LOG_INFO, false };

struct line {
	char text[LINE_MAX_OCTETS];
	size_t len;
};

void log_init(const char *process, enum ike_level level)
{
	logger.process = process;
	logger.level = level;
	logger.journal = getenv("JOURNAL_STREAM");
}

bool log_wants(enum ike_level level)
{
	return level <= logger.level;
}

static void add_char(struct line *l, char c)
{
	if (l->len < sizeof(l->text) - 1)
		l->text[l->len++] = c;
}

static void add_text(struct line *l, const char *s)
{
	while (*s)
		add_char(l, *s++);
}

/* As it is if that is unambiguous, else in quotes with what hurts escaped. */
static void add_value(struct line *l, const char *s)
{
	bool plain = *s;

	for (const char *p = s; *p; p++)
		if (!isgraph((unsigned char)*p) || strchr("\"\\=", *p))
			plain = false;
	if (plain) {
		add_text(l, s);
		return;
	}
	add_char(l, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			add_char(l, '\\');
		add_char(l, iscntrl((unsigned char)*s) ? ' ' : *s);
	}
	add_char(l, '"');
}

static void add_pair(struct line *l, const char *key, const char *value)
{
	add_char(l, ' ');
	add_text(l, key);
	add_char(l, '=');
	add_value(l, value);
}

static void begin(struct line *l, enum ike_level level, const char *conn,
		  const char *event)
{
	static const struct {
		const char *name, *priority;
	} levels[] = {
		[IKE_LOG_ERROR] = { "error", "<3>" },
		[IKE_LOG_WARNING] = { "warning", "<4>" },
		[IKE_LOG_INFO] = { "info", "<6>" },
		[IKE_LOG_DEBUG] = { "debug", "<7>" },
	};

	l->len = 0;
	if (logger.journal)
		add_text(l, levels[level].priority);
	add_text(l, "level=");
	add_text(l, levels[level].name);
	add_pair(l, "process", logger.process);
	add_pair(l, "event", event);
	if (conn && *conn)
		add_pair(l, "conn", conn);
}

static void finish(struct line *l)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

	l->text[l->len++] = '\n';
	if (poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT) ||
	    write(STDERR_FILENO, l->text, l->len) < 0)
		return;
}

void log_line(enum ike_level level, const char *conn, const char *event,
	      const char *fmt, ...)
{
	char text[1024];
	struct line l;
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	begin(&l, level, conn, event);
	add_pair(&l, "msg", text);
	finish(&l);
}

void log_report(const struct ike_report *r)
{
	char number[24];
	struct line l;

	if (!log_wants(r->level))
		return;
	begin(&l, r->level, r->conn, r->kind);
	for (unsigned int i = 0; i < r->n; i++) {
		const struct ike_kv *kv = &r->kv[i];

		if (kv->is_number)
			snprintf(number, sizeof(number), "%lld",
				 (long long)kv->number);
		add_pair(&l, kv->key, kv->is_number ? number : kv->text);
	}
	finish(&l);
}
