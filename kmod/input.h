/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_INPUT_H
#define MOBX_INPUT_H

#include <linux/types.h>

struct mobx_net;
struct mobx_path;
struct mobx_sa;
struct nf_hook_state;
struct sk_buff;

unsigned int mobx_input_hook(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state);
void mobx_input_decrypted(struct mobx_net *mnet, struct mobx_sa *sa,
			  struct sk_buff *skb, u64 seq, int err);
void mobx_input_late(struct mobx_net *mnet, struct mobx_path *path,
		     struct sk_buff *skb, u16 family);
void mobx_input_merged(struct mobx_net *mnet, struct sk_buff *skb);

int mobx_input_init(void);
void mobx_input_exit(void);

#endif
