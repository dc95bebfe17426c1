/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_MEMO_H
#define MOBX_MEMO_H

#include <linux/types.h>

struct mobx_flow;
struct mobx_policy;

bool mobx_memo_find(unsigned long state, const struct mobx_flow *flow,
		    const struct mobx_policy **pol);
void mobx_memo_keep(unsigned long state, const struct mobx_flow *flow,
		    const struct mobx_policy *pol);
int mobx_memo_init(void);
void mobx_memo_exit(void);

#endif
