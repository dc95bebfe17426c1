/* SPDX-License-Identifier: GPL-2.0 */
/* Which system calls a process of mobxd may still make once it has started. */
#ifndef MOBX_AGENT_FILTER_H
#define MOBX_AGENT_FILTER_H

enum filter_process {
	FILTER_PARENT,
	FILTER_WORKER,
	FILTER_CREDS,
	FILTER_FETCH,
};

/**
 * filter_system_calls() - from now on another one ends the process at once
 * @process: whose work it does
 *
 * For good, and for this process alone. Memory can be made executable in none
 * of them; files and other processes are the parent's only, and new sockets its
 * and, for the internet, those of who fetches.
 *
 * Return: 0, or a negative errno and nothing is filtered.
 */
int filter_system_calls(enum filter_process process);

#endif /* MOBX_AGENT_FILTER_H */
