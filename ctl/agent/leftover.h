/* SPDX-License-Identifier: GPL-2.0 */
/* What an earlier run of the agent has left in the kernel. */
#ifndef MOBX_AGENT_LEFTOVER_H
#define MOBX_AGENT_LEFTOVER_H

#include <stdbool.h>

struct parent;

/**
 * leftover_tell() - tell the worker of the peers that are there already
 * @p: parent
 * @sas: tell of their SAs, too, for IKE SAs that are to be taken up
 */
void leftover_tell(struct parent *p, bool sas);

#endif /* MOBX_AGENT_LEFTOVER_H */
