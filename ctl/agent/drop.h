/* SPDX-License-Identifier: GPL-2.0 */
/* Giving privileges up for good. */
#ifndef MOBX_AGENT_DROP_H
#define MOBX_AGENT_DROP_H

#include <sys/types.h>

/**
 * drop_privileges() - no files, no capabilities, nobody's user
 * @root: empty folder to be locked into
 * @uid: user to become
 * @gid: group to become
 *
 * Return: 0, or a negative errno after which the process must not go on.
 */
int drop_privileges(const char *root, uid_t uid, gid_t gid);

#endif /* MOBX_AGENT_DROP_H */
