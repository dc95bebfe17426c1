/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The control socket: one JSON object a line each way, see mobxd(8). A client
 * that does not read what it asked for is dropped, never waited for.
 */
#ifndef MOBX_AGENT_CONTROL_H
#define MOBX_AGENT_CONTROL_H

#include <stdint.h>

#include "ike/ike.h"

struct control;
struct event_base;
struct worker;

/**
 * control_new() - get ready to serve clients; who connects waits for control_begin()
 * @base: event loop
 * @fd: listening socket, owned from now on
 * @w: who carries out what they ask for
 *
 * Return: the server, or NULL without memory.
 */
struct control *control_new(struct event_base *base, int fd, struct worker *w);

/**
 * control_begin() - serve clients, those who have waited first
 * @c: server; NULL is fine
 *
 * Not before what they may ask for is there: to a client the connections of a
 * configuration are there as soon as the agent answers.
 */
void control_begin(struct control *c);

/** control_free() - drop all clients; NULL is fine */
void control_free(struct control *c);

/** control_report() - tell every client that monitors; NULL is fine */
void control_report(struct control *c, const struct ike_report *r);

/**
 * control_done() - a command is finished
 * @c: server; NULL is fine
 * @reply: number that the command was given; unknown ones are ignored
 * @err: 0 or a negative errno
 * @text: why it failed
 */
void control_done(struct control *c, uint64_t reply, int err,
		  const char *text);

#endif /* MOBX_AGENT_CONTROL_H */
