/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_GRO_H
#define MOBX_GRO_H

#include <linux/types.h>

struct sk_buff;

bool mobx_gro_receive(struct sk_buff *skb, bool tunnel);

int mobx_gro_init(void);
void mobx_gro_exit(void);

#endif
