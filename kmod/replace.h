/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_REPLACE_H
#define MOBX_REPLACE_H

#include <linux/types.h>

#include "addr.h"
#include "peer.h"

struct mobx_net;
struct netlink_ext_ack;

/* Peers that could not be moved, as many as an answer names. */
#define MOBX_REPLACE_TOLD	32

/**
 * struct mobx_replace - one own address in place of another, for many peers
 * @from: the address that goes
 * @to: the address that comes
 * @family: of both
 * @label: only peers that carry it, NULL for all
 * @until: when what comes to @from is no more taken, CLOCK_BOOTTIME in
 *	nanoseconds; 0 for at once
 * @moved: peers that have another binding now
 * @unchanged: peers that have not used @from
 * @failed: peers that could not be moved
 * @failed_ids: the first ones of these
 * @spec: the paths of the peer that is looked at
 */
struct mobx_replace {
	union mobx_addr		from;
	union mobx_addr		to;
	u16			family;
	const char		*label;
	u64			until;

	u32			moved;
	u32			unchanged;
	u32			failed;
	u32			failed_ids[MOBX_REPLACE_TOLD];
	struct mobx_path_spec	spec[MOBX_MAX_PATHS];
};

void mobx_replace_local(struct mobx_net *mnet, struct mobx_replace *r,
			struct netlink_ext_ack *extack);

#endif
