/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_SPREAD_H
#define MOBX_SPREAD_H

#include <linux/types.h>

struct mobx_binding;
struct mobx_bound;
struct mobx_flow;
struct mobx_headers;
struct mobx_path;

void mobx_spread_prepare(struct mobx_binding *b);
const struct mobx_bound *mobx_spread_choose(const struct mobx_binding *b,
					    const struct mobx_flow *flow,
					    const struct mobx_headers *h);
const struct mobx_bound *mobx_spread_again(const struct mobx_binding *b,
					   const struct mobx_path *path);

#endif
