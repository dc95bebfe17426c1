/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_PMTU_H
#define MOBX_PMTU_H

#include <linux/types.h>

struct dst_entry;
struct mobx_path;
struct mobx_sa;
struct sk_buff;

unsigned int mobx_pmtu_outer(const struct dst_entry *dst,
			     const struct mobx_path *path);
unsigned int mobx_pmtu_tell(struct sk_buff *skb, const struct mobx_sa *sa,
			    const struct mobx_path *path);
int mobx_pmtu_error(struct sk_buff *skb, u32 info);

#endif
