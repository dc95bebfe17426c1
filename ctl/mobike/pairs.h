/* SPDX-License-Identifier: GPL-2.0 */
/* From two path sets to the binding that the kernel holds. */
#ifndef MOBX_MOBIKE_PAIRS_H
#define MOBX_MOBIKE_PAIRS_H

#include "ike/ike.h"
#include "mobike/pathset.h"

unsigned int mx_pairs_live(const struct mx_set *own, const struct mx_set *peer);
unsigned int mx_pairs(const struct mx_set *own, const struct mx_set *peer,
		      uint64_t now, struct ike_path out[IKE_MAX_PATHS]);
bool mx_primaries_meet(const struct mx_set *a, const struct mx_set *b);
bool mx_follow_family(struct mx_set *set, const struct mx_set *lead,
		      const struct wire_addr *at);
bool mx_primary_pair(const struct mx_set *own, const struct mx_set *peer,
		     const struct mx_path **l, const struct mx_path **r);

#endif /* MOBX_MOBIKE_PAIRS_H */
