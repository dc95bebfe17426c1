/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_SPD_H
#define MOBX_SPD_H

#include <linux/rbtree.h>
#include <linux/rhashtable-types.h>

#include "addr.h"

struct mobx_policy;

/* Two indexes: for packets that show their ports, and for the others. */
enum mobx_spd_view {
	MOBX_SPD_PORTS,
	MOBX_SPD_OPAQUE,
	MOBX_SPD_VIEWS,
};

/**
 * struct mobx_spd_key - what a policy is found by
 * @shape: what the rest was taken from, see struct mobx_spd_shape
 * @proto: IP protocol, 0 when the shape leaves it out
 * @local_port: own port, 0 when the shape leaves it out
 * @remote_port: the other one
 * @local: own prefix
 * @remote: the other side's
 */
struct mobx_spd_key {
	u32		shape;
	u32		proto;
	u16		local_port;
	u16		remote_port;
	union mobx_addr	local;
	union mobx_addr	remote;
};

/**
 * struct mobx_spd_node - a policy in one index
 * @node: in mobx_spd.table
 * @key: where
 * @policy: the policy
 * @exact: all of its selector is in @key
 */
struct mobx_spd_node {
	struct rhlist_head		node;
	struct mobx_spd_key		key;
	bool				exact;
	const struct mobx_policy	*policy;
};

struct mobx_spd_map;

/**
 * struct mobx_spd - the security policy database of a namespace
 * @policies: of struct mobx_policy by order; under mobx_net.lock
 * @map: the shapes in use, for each view; RCU, NULL where there are none
 * @table: of struct mobx_spd_node; RCU
 * @state: number of its last change; no other SPD has or had the same
 *
 * Changed under mobx_net.lock, read under RCU. See spd.c.
 */
struct mobx_spd {
	struct rb_root			policies;
	struct mobx_spd_map __rcu	*map[MOBX_SPD_VIEWS];
	struct rhltable			table;
	unsigned long			state;
};

int mobx_spd_init(struct mobx_spd *spd);
void mobx_spd_exit(struct mobx_spd *spd);
int mobx_spd_insert(struct mobx_spd *spd, struct mobx_policy *pol);
void mobx_spd_remove(struct mobx_spd *spd, struct mobx_policy *pol);
struct mobx_policy *mobx_spd_find(const struct mobx_spd *spd, u32 order);
struct mobx_policy *mobx_spd_from(const struct mobx_spd *spd, u32 order);
struct mobx_policy *mobx_spd_next(const struct mobx_policy *pol);
struct mobx_policy *mobx_spd_prev(const struct mobx_policy *pol);
struct mobx_policy *mobx_spd_last(const struct mobx_spd *spd);
const struct mobx_policy *mobx_spd_lookup(const struct mobx_spd *spd,
					  const struct mobx_flow *flow);
bool mobx_policy_decides(const struct mobx_policy *pol,
			 const struct mobx_flow *flow);

#endif
