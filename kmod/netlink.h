/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_NETLINK_H
#define MOBX_NETLINK_H

#include <net/genetlink.h>

#include "netlink_gen.h"

struct mobx_binding;
struct mobx_net;
union mobx_addr;

extern struct genl_family mobx_nl_family;

int mobx_nl_missing(const struct genl_info *info, u16 type, const char *text);
const char *mobx_nl_label(const struct nlattr *attr);
int mobx_nl_addr(union mobx_addr *addr, u16 *family, const struct nlattr *attr,
		 struct netlink_ext_ack *extack);
size_t mobx_nl_paths_size(const struct mobx_binding *b);
int mobx_nl_put_paths(struct sk_buff *skb, int attrtype,
		      const struct mobx_binding *b);

int mobx_netlink_init(void);
void mobx_netlink_exit(void);

#endif
