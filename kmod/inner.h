/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_INNER_H
#define MOBX_INNER_H

struct mobx_flow;
struct mobx_net;
struct mobx_sa;

struct mobx_sa *mobx_inner_find(struct mobx_net *mnet,
				const struct mobx_flow *flow, u8 pfp);
int mobx_inner_add(struct mobx_net *mnet, struct mobx_sa *sa);
void mobx_inner_remove(struct mobx_net *mnet, struct mobx_sa *sa);

int mobx_inner_init(struct mobx_net *mnet);
void mobx_inner_exit(struct mobx_net *mnet);

#endif
