/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_EARLY_H
#define MOBX_EARLY_H

struct mobx_net;
struct sk_buff;

unsigned int mobx_early(struct mobx_net *mnet, struct sk_buff *skb);

#endif
