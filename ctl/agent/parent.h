/* SPDX-License-Identifier: GPL-2.0 */
/* The process that keeps its privileges and parses nothing from the network. */
#ifndef MOBX_AGENT_PARENT_H
#define MOBX_AGENT_PARENT_H

#include <stdbool.h>
#include <sys/types.h>

struct store;

/**
 * struct parent_args - what the parent begins with
 * @file: path of the configuration
 * @control: path of the control socket from the command line, or NULL
 * @debug: log everything, whatever the configuration says
 * @store: descriptors that the service manager has kept
 * @worker: end of a pair to the worker
 * @creds: end of a pair to the credentials process
 * @fetch: end of a pair to the fetching process, which has to be told nothing
 *	but how to start
 * @worker_pid: process ID
 * @creds_pid: process ID
 * @fetch_pid: process ID
 */
struct parent_args {
	const char *file;
	const char *control;
	bool debug;
	struct store *store;
	int worker;
	int creds;
	int fetch;
	pid_t worker_pid;
	pid_t creds_pid;
	pid_t fetch_pid;
};

/**
 * parent_main() - load, start and supervise until told to stop
 * @args: see there; the descriptors are owned by the parent from now on
 *
 * Return: exit status: 0 if it was told to stop, 1 if anything went wrong.
 */
int parent_main(const struct parent_args *args);

#endif /* MOBX_AGENT_PARENT_H */
