/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_ESP_H
#define MOBX_ESP_H

#include <linux/types.h>

#include "alg.h"

struct mobx_layout;
struct mobx_net;
struct mobx_sa;
struct sk_buff;

void mobx_esp_encrypt(struct mobx_net *mnet, struct mobx_sa *sa,
		      struct sk_buff *skb, const struct mobx_layout *l);
int mobx_esp_decrypt(struct mobx_net *mnet, struct mobx_sa *sa,
		     struct sk_buff *skb, u64 seq);

void mobx_esp_exit(void);

#endif
