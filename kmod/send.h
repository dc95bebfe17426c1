/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_SEND_H
#define MOBX_SEND_H

#include <linux/bits.h>

struct mobx_layout;
struct mobx_net;
struct mobx_sa;
struct sk_buff;

/*
 * What was encrypted already, though it looks like UDP. A bit of the flags of
 * IPCB and IP6CB that the kernel does not use; whoever sends a packet of his
 * own clears them.
 */
#define MOBX_CB_SENT		BIT(14)

void mobx_send(struct mobx_net *mnet, const struct mobx_sa *sa,
	       struct sk_buff *skb, const struct mobx_layout *l);

#endif
