/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_SEND_H
#define MOBX_SEND_H

struct mobx_layout;
struct mobx_net;
struct mobx_sa;
struct sk_buff;

void mobx_send(struct mobx_net *mnet, const struct mobx_sa *sa,
	       struct sk_buff *skb, const struct mobx_layout *l);

#endif
