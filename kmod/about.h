/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_ABOUT_H
#define MOBX_ABOUT_H

#include <linux/types.h>

struct mobx_flow;
struct mobx_net;
struct mobx_policy;
struct mobx_sa;
struct sk_buff;

bool mobx_about_carried(const struct mobx_sa *sa,
			const struct mobx_flow *about);
bool mobx_about_protected(struct mobx_net *mnet, const struct mobx_flow *about,
			  const struct mobx_policy **policy);
bool mobx_about_out(struct mobx_net *mnet, const struct sk_buff *skb,
		    struct mobx_flow *flow, const struct mobx_policy **policy);
bool mobx_about_forged(struct mobx_net *mnet, const struct sk_buff *skb,
		       u16 family);
bool mobx_about_esp(const struct sk_buff *skb, u16 family);

#endif
