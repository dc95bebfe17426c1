/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_PMTU_H
#define MOBX_PMTU_H

#include <linux/types.h>

struct dst_entry;
struct inet6_skb_parm;
struct mobx_choice;
struct mobx_layout;
struct mobx_net;
struct mobx_path;
struct sk_buff;

unsigned int mobx_pmtu_known(const struct mobx_path *path);
unsigned int mobx_pmtu_outer(const struct dst_entry *dst, u16 family,
			     const struct mobx_path *path);
void mobx_pmtu_tell(struct sk_buff *skb, const struct mobx_choice *choice,
		    struct mobx_layout *l);
bool mobx_pmtu_tunnel(struct mobx_net *mnet, struct sk_buff *skb,
		      const struct mobx_choice *choice, struct mobx_layout *l);
void mobx_pmtu_encap(struct mobx_net *mnet, struct sk_buff *skb, u16 family);
int mobx_pmtu_error4(struct sk_buff *skb, u32 info);
int mobx_pmtu_error6(struct sk_buff *skb, struct inet6_skb_parm *opt, u8 type,
		     u8 code, int offset, __be32 info);

#endif
