/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_IKESOCK_H
#define MOBX_IKESOCK_H

#include <linux/types.h>

struct mobx_net;
struct netlink_ext_ack;
struct sock;

int mobx_ikesock_register(struct mobx_net *mnet, int fd,
			  struct netlink_ext_ack *extack);
bool mobx_ikesock_is(const struct mobx_net *mnet, const struct sock *sk);

#endif
