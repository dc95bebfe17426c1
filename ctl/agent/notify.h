/* SPDX-License-Identifier: GPL-2.0 */
/* What systemd wants to know, see sd_notify(3). */
#ifndef MOBX_AGENT_NOTIFY_H
#define MOBX_AGENT_NOTIFY_H

/** notify() - tell the service manager, if there is one */
void notify(const char *state);

/** notify_fd() - the same, with a descriptor for it */
void notify_fd(const char *state, int fd);

#endif /* MOBX_AGENT_NOTIFY_H */
