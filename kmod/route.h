/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_ROUTE_H
#define MOBX_ROUTE_H

#include <linux/types.h>

struct dst_entry;
struct mobx_net;
struct mobx_path;
struct mobx_sa;
struct net;
struct sk_buff;

u32 mobx_route_cookie(const struct dst_entry *dst, u16 family);
struct dst_entry *mobx_route_find(struct mobx_net *mnet,
				  struct mobx_path *path);
void mobx_route_forget(struct mobx_path *path);
void mobx_route_release(struct mobx_path *path);
int mobx_route_input(struct net *net, struct mobx_sa *sa, struct sk_buff *skb);
void mobx_route_in_release(struct mobx_sa *sa);

#endif
