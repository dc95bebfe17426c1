/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_TUNNEL_H
#define MOBX_TUNNEL_H

#include <linux/types.h>

struct mobx_choice;
struct mobx_layout;
struct mobx_net;
struct mobx_sa;
struct sk_buff;

/* The longest outer headers: IPv6 and UDP. */
#define MOBX_TUNNEL_ROOM	48

/* Octets of the outer header of a path. */
static inline unsigned int mobx_tunnel_header(u16 family)
{
	return family == AF_INET ? 20 : 40;
}

void mobx_tunnel_layout(const struct sk_buff *skb,
			const struct mobx_choice *choice,
			struct mobx_layout *l);
bool mobx_tunnel_wrap(struct mobx_net *mnet, const struct mobx_sa *sa,
		      struct sk_buff *skb, struct mobx_layout *l);

void mobx_tunnel_receive(struct mobx_net *mnet, struct mobx_sa *sa,
			 struct sk_buff *skb, u8 tos, u8 next);

#endif
