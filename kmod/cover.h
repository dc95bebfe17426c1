/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_COVER_H
#define MOBX_COVER_H

struct mobx_net;
struct mobx_policy;

void mobx_cover_gone(struct mobx_net *mnet, const struct mobx_policy *gone);

#endif
