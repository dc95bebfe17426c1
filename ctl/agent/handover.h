/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file beside the control socket, and named after it, by which one run of the
 * agent hands its IKE SAs to the next. There are keys in it: it is on a file system in memory
 * or nowhere, for root alone, and gone as soon as it is opened, so that no state
 * is ever taken up twice. What the octets mean the worker knows.
 */
#ifndef MOBX_AGENT_HANDOVER_H
#define MOBX_AGENT_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/conf.h"

/**
 * struct handover - the file
 * @fd: open file, or -1
 * @n: states written
 * @failed: one could not be written
 * @fresh: what it is called until it is whole
 * @path: what it is called then
 */
struct handover {
	int fd;
	unsigned int n;
	bool failed;
	char fresh[CONF_MAX_PATH + 16];
	char path[CONF_MAX_PATH + 16];
};

/**
 * handover_begin() - make the file
 * @h: file; any content
 * @control: control socket
 * @err: gets why not
 * @errlen: octets in @err
 *
 * Return: 0 or a negative errno.
 */
int handover_begin(struct handover *h, const char *control, char *err,
		   size_t errlen);

/** handover_add() - write the state of an IKE SA, at most IKE_STATE_MAX octets */
void handover_add(struct handover *h, const void *data, size_t len);

/**
 * handover_end() - it is whole: the next run may have it
 *
 * Return: 0, or a negative errno if it could not be written; there is none then.
 */
int handover_end(struct handover *h);

/** handover_drop() - nothing comes of it, if it has not ended */
void handover_drop(struct handover *h);

/**
 * handover_find() - open and remove what an earlier run has left
 * @h: file; any content
 * @control: control socket
 *
 * Return: whether there is something. What an agent has left but not as it should
 * be is wiped and removed, too; what none has left stays. Both are logged.
 */
bool handover_find(struct handover *h, const char *control);

/**
 * handover_read() - read it, wipe it and close it
 * @h: found
 * @fn: called for each state
 * @ctx: first argument of @fn
 */
void handover_read(struct handover *h,
		   void (*fn)(void *ctx, const void *data, size_t len),
		   void *ctx);

#endif /* MOBX_AGENT_HANDOVER_H */
