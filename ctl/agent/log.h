/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Log lines on standard error: key=value, one a line. A line that cannot be
 * written (disk full, reader stuck) is lost; nothing waits for it.
 */
#ifndef MOBX_AGENT_LOG_H
#define MOBX_AGENT_LOG_H

#include "ike/ike.h"

/** log_init() - what to log from now on, and under which process name */
void log_init(const char *process, enum ike_level level);

/**
 * log_line() - one line about something
 * @level: how much it matters
 * @conn: connection, or NULL
 * @event: what kind of thing happened, one word
 * @fmt: message in words
 */
void log_line(enum ike_level level, const char *conn, const char *event,
	      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/** log_report() - a report of the state machine as a line */
void log_report(const struct ike_report *r);

/** log_wants() - would a line of this level be written */
bool log_wants(enum ike_level level);

#endif /* MOBX_AGENT_LOG_H */
