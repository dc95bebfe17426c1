/* SPDX-License-Identifier: GPL-2.0 */
/* Giving privileges up for good. */
#ifndef MOBX_AGENT_DROP_H
#define MOBX_AGENT_DROP_H

#include <stdbool.h>
#include <sys/types.h>

#include "agent/filter.h"

/**
 * drop_privileges() - no files, no capabilities, nobody's user
 * @root: empty folder to be locked into
 * @uid: user to become
 * @gid: group to become
 *
 * Return: 0, or a negative errno after which the process must not go on.
 */
int drop_privileges(const char *root, uid_t uid, gid_t gid);

/**
 * drop_to_admin() - the parent keeps what changing SAs and policies takes
 *
 * CAP_NET_ADMIN, and CAP_KILL for the two other processes.
 *
 * Return: 0, or a negative errno after which the process must not go on.
 */
int drop_to_admin(void);

/**
 * drop_swapping() - no page of this process is ever written to a disk
 *
 * While it is still privileged; later pages included.
 *
 * Return: 0, or a negative errno when the limit of locked memory stands against
 * it: nothing is locked then.
 */
int drop_swapping(void);

/**
 * drop_system_calls() - let a process make only those that its work takes
 * @process: which one
 * @filter: the configuration says so
 *
 * Return: 0, or a negative errno after which the process must not go on; it has
 * been logged.
 */
int drop_system_calls(enum filter_process process, bool filter);

#endif /* MOBX_AGENT_DROP_H */
