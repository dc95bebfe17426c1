/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Descriptors that the service manager keeps for us (sd_notify(3), FDSTORE=1, and
 * sd_listen_fds(3)): the sockets of IKE, which are to outlive the agent. ESP in
 * UDP is handed to the module as long as its socket is open, whoever has it.
 */
#ifndef MOBX_AGENT_STORE_H
#define MOBX_AGENT_STORE_H

#include <stddef.h>

#include "agent/udp.h"

#define STORE_MAX 32
#define STORE_NAME 32

/**
 * struct store - what the service manager has handed over
 * @n: entries that are still open
 * @fd: descriptors
 * @name: as it calls them; empty if it does not say
 */
struct store {
	unsigned int n;
	int fd[STORE_MAX];
	char name[STORE_MAX][STORE_NAME];
};

/**
 * store_take() - take what was handed over
 * @s: gets it
 *
 * Before any other descriptor is opened. No process that is forked gets it by the
 * environment; those without use for it call store_close().
 */
void store_take(struct store *s);

/** store_close() - close what is left of it */
void store_close(struct store *s);

/**
 * store_udp() - the sockets of IKE: those handed over, else new ones
 * @s: loses all that it has: what is none of them is closed, and the service
 *	manager told not to keep it
 * @udp: gets them, see udp_index(); new ones are put into the store,
 *	all if anything is dropped
 * @err: reason of a failure
 * @errlen: octets in @err
 *
 * Return: how many, half of them if the kernel does without IPv6; or a negative
 * errno.
 */
int store_udp(struct store *s, int udp[UDP_SOCKETS], char *err, size_t errlen);

#endif /* MOBX_AGENT_STORE_H */
