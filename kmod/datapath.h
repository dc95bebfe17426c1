/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_DATAPATH_H
#define MOBX_DATAPATH_H

struct mobx_net;

/*
 * What the control plane calls in the data path.
 */

/* Protocol handlers. Context: module init and exit. */
int mobx_datapath_init(void);
void mobx_datapath_exit(void);

/*
 * Hold queues and the like of one namespace, at its birth, and when it ends and
 * nothing is in its tables any more: first close, then drain what the cipher
 * still has, then free, an RCU grace period between each.
 */
int mobx_datapath_net_init(struct mobx_net *mnet);
void mobx_datapath_net_close(struct mobx_net *mnet);
void mobx_datapath_net_drain(const struct mobx_net *mnet);
void mobx_datapath_net_exit(struct mobx_net *mnet);

/*
 * Netfilter hooks of one namespace: up with its first peer, SA, policy or
 * discarding default, down after the last. Context: process, under
 * mobx_net.lock; may sleep.
 */
int mobx_hooks_up(struct mobx_net *mnet);
void mobx_hooks_down(struct mobx_net *mnet);

/* And those that only a discarding default needs. Context: the same. */
int mobx_local_hooks_up(struct mobx_net *mnet);
void mobx_local_hooks_down(struct mobx_net *mnet);

/*
 * Something is there that held packets may have waited for: an SA, a binding
 * or a policy. Looks at all that is held in the namespace once more, both at
 * packets that wait to go out and at authentic ones kept for their source.
 * Context: process, under mobx_net.lock.
 */
void mobx_hold_retry(struct mobx_net *mnet);

#endif
