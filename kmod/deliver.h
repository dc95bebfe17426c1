/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_DELIVER_H
#define MOBX_DELIVER_H

#include <linux/types.h>

struct mobx_net;
struct mobx_sa;
struct net;
struct sk_buff;

bool mobx_deliver_route4(struct net *net, struct mobx_sa *sa,
			 struct sk_buff *skb);
void mobx_deliver(struct mobx_net *mnet, struct mobx_sa *sa,
		  struct sk_buff *skb, u16 family);
void mobx_deliver_merged(struct mobx_net *mnet, struct sk_buff *skb);
bool mobx_deliver_mark_take(struct sk_buff *skb);

int mobx_deliver_init(void);
void mobx_deliver_exit(void);

#endif
