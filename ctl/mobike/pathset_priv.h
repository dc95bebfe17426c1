/* SPDX-License-Identifier: GPL-2.0 */
/* What pathset.c and apply.c share and nobody else needs. */
#ifndef MOBX_MOBIKE_PATHSET_PRIV_H
#define MOBX_MOBIKE_PATHSET_PRIV_H

#include "mobike/pathset.h"

bool mx_set_id_taken(const struct mx_set *set, uint16_t id);
bool mx_req_partner(const struct mx_req *req, uint8_t family);
void mx_set_elect(struct mx_set *set, const struct mx_req *req);
void mx_set_haunt(struct mx_set *set, const struct mx_path *p, bool retired,
		  uint64_t now, uint64_t grace);
void mx_set_hush(struct mx_set *set, uint16_t id, uint64_t now);
void mx_set_take_out(struct mx_set *set, struct mx_path *p);
struct mx_path *mx_set_put_in(struct mx_set *set, uint16_t id);

#endif /* MOBX_MOBIKE_PATHSET_PRIV_H */
