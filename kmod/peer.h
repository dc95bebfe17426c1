/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_PEER_H
#define MOBX_PEER_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/timekeeping.h>
#include <net/ipv6.h>
#include <uapi/linux/mobx.h>

#include "addr.h"
#include "encap.h"

struct mobx_net;
struct mobx_route;
struct netlink_ext_ack;

/**
 * struct mobx_path - what lasts of a pair of addresses while bindings change
 * @local: own address
 * @remote: the peer's address
 * @family: of both
 * @ref: bindings that hold this path
 * @route: of its addresses, for tunnel mode, or NULL; belongs to route.c
 * @mtu: largest IP packet in octets that fits, 0 if not known; READ_ONCE and
 *	WRITE_ONCE, set by netlink
 * @learnt: the same, lowered by ICMP; written before @learnt_until, read after it
 * @learnt_until: when that is too old, in jiffies of 64 bits; 0 for nothing learnt;
 *	likewise
 * @credit: octets that may be sent while the path is tentative; only raised,
 *	under mobx_net.lock; 0 for none, whatever comes
 * @earned: octets that may be sent besides, for what has come by the path since
 *	it is tentative
 * @credit_used: octets sent while tentative, IP header included
 * @last_seen: jiffies when an authentic packet came last, 0 for never;
 *	READ_ONCE and WRITE_ONCE
 * @rx_packets: authentic packets that came
 * @rx_bytes: and their octets, IP header included
 * @tx_packets: packets sent
 * @tx_bytes: and their octets, IP header included
 *
 * Found only through a binding, which holds a reference; valid as long as the
 * binding is, that is, to the end of the RCU section.
 */
struct mobx_path {
	union mobx_addr	local;
	union mobx_addr	remote;
	u16		family;
	refcount_t	ref;
	u32		mtu;
	u32		learnt;
	u64		learnt_until;
	struct mobx_route __rcu *route;
	atomic64_t	credit;
	atomic64_t	earned;
	atomic64_t	credit_used;

	unsigned long	last_seen;
	atomic64_t	rx_packets;
	atomic64_t	rx_bytes;
	atomic64_t	tx_packets;
	atomic64_t	tx_bytes;
};

/* All that may be sent by a path while it is tentative, in octets. */
static inline u64 mobx_path_credit(const struct mobx_path *path)
{
	return (u64)atomic64_read(&path->credit) +
	       (u64)atomic64_read(&path->earned);
}

/**
 * struct mobx_bound - one path as one binding has it
 * @local: same as in @path, close by for look-ups
 * @remote: same as in @path
 * @path: what it shares with earlier and later bindings; never NULL
 * @accept_until: for a deprecated path, CLOCK_BOOTTIME in nanoseconds
 * @family: of both addresses
 * @encap: ports of ESP in UDP
 * @state: enum mobx_path_state
 * @flags: enum mobx_path_flags
 * @preference: 0 best to 255
 * @spread: in a binding that spreads, whether flows go by this path
 * @key: what its weight for a flow comes of, then; belongs to spread.c
 */
struct mobx_bound {
	union mobx_addr		local;
	union mobx_addr		remote;
	struct mobx_path	*path;
	u64			accept_until;
	u16			family;
	struct mobx_encap	encap;
	u8			state;
	u8			flags;
	u8			preference;
	bool			spread;
	u32			key;
};

/**
 * struct mobx_binding - the pairs of addresses that a peer has now
 * @generation: 1 for the first binding of a peer, then one more each
 * @primary: index of the primary path
 * @n_paths: entries of @paths, 1 to MOBX_MAX_PATHS
 * @spread: tunnel mode takes several paths at once, see spread.c
 * @rcu: frees it after a grace period
 * @paths: in the order that netlink gave
 *
 * Nothing here changes once a peer points to it.
 */
struct mobx_binding {
	u64			generation;
	u16			primary;
	u16			n_paths;
	bool			spread;
	struct rcu_head		rcu;
	struct mobx_bound	paths[];
};

/**
 * struct mobx_peer - one remote party
 * @binding: the current one, never NULL while the peer is in a table; RCU,
 *	stored under mobx_net.lock
 * @sas_out: outbound SAs, newest first; RCU, changed under mobx_net.lock
 * @sas_in: inbound SAs, newest first; RCU, changed under mobx_net.lock
 * @mnet: namespace
 * @id: chosen by the user
 * @serial: grows with each new peer of a namespace: the higher, the newer
 * @n_sas: length of both lists; under mobx_net.lock
 * @n_policies: policies that name this peer; under mobx_net.lock
 * @ref: one for the table, one for each SA and policy, one for each who keeps
 *	a pointer beyond an RCU section
 * @rcu: frees it after a grace period
 * @nodes: address entries, of struct mobx_addr_node; under mobx_net.lock
 * @label: for people
 */
struct mobx_peer {
	struct mobx_binding __rcu *binding;
	struct list_head	sas_out;
	struct list_head	sas_in;
	struct mobx_net		*mnet;
	u32			id;
	u64			serial;

	u32			n_sas;
	u32			n_policies;
	refcount_t		ref;
	struct rcu_head		rcu;
	struct list_head	nodes;
	char			label[MOBX_MAX_LABEL + 1];
};

/**
 * struct mobx_addr_key - what address entries are found by
 * @addr: remote address
 * @family: of @addr, as a whole word so that there is no padding
 */
struct mobx_addr_key {
	union mobx_addr	addr;
	u32		family;
};

/**
 * struct mobx_addr_node - a peer may have this remote address
 * @node: in mobx_net.addrs
 * @key: remote address
 * @peer: whose binding tells whether it has the address now
 * @list: in mobx_peer.nodes
 * @rcu: frees it after a grace period
 */
struct mobx_addr_node {
	struct rhlist_head	node;
	struct mobx_addr_key	key;
	struct mobx_peer	*peer;
	struct list_head	list;
	struct rcu_head		rcu;
};

/**
 * struct mobx_path_spec - one path as netlink asks for it
 * @local: own address
 * @remote: the peer's address
 * @accept_until: CLOCK_BOOTTIME in nanoseconds, 0 when not given
 * @credit: octets, 0 when not given
 * @mtu: octets, 0 when not given
 * @heir_of: path that this one comes in place of, whose credit it gets, or NULL
 * @family: of both addresses
 * @encap: ports of ESP in UDP, both 0 for ESP without it
 * @state: enum mobx_path_state
 * @flags: enum mobx_path_flags
 * @preference: 0 best to 255
 */
struct mobx_path_spec {
	union mobx_addr	local;
	union mobx_addr	remote;
	u64		accept_until;
	u64		credit;
	u32		mtu;
	struct mobx_path *heir_of;
	u16		family;
	struct mobx_encap encap;
	u8		state;
	u8		flags;
	u8		preference;
};

/* @addr points to 4 or 16 octets, as in a packet. */
static inline bool mobx_addr_is(const union mobx_addr *a, u16 family,
				const void *addr)
{
	if (likely(family == AF_INET))
		return a->v4 == *(const __be32 *)addr;
	return ipv6_addr_equal(&a->v6, addr);
}

/**
 * mobx_binding_find - the entry of a pair of addresses
 * @b: binding
 * @family: of the addresses
 * @local: own address, 4 or 16 octets
 * @remote: the peer's, the same
 *
 * Context: RCU section in which @b was dereferenced.
 * Return: the entry, in whatever state, or NULL.
 */
static inline const struct mobx_bound *
mobx_binding_find(const struct mobx_binding *b, u16 family, const void *local,
		  const void *remote)
{
	unsigned int i;

	for (i = 0; i < b->n_paths; i++) {
		const struct mobx_bound *e = &b->paths[i];

		if (e->family == family &&
		    mobx_addr_is(&e->remote, family, remote) &&
		    mobx_addr_is(&e->local, family, local))
			return e;
	}
	return NULL;
}

/* Whether an address is a local one of the binding, in whatever state. */
static inline bool mobx_binding_has_local(const struct mobx_binding *b,
					  u16 family, const void *local)
{
	unsigned int i;

	for (i = 0; i < b->n_paths; i++)
		if (b->paths[i].family == family &&
		    mobx_addr_is(&b->paths[i].local, family, local))
			return true;
	return false;
}

/**
 * mobx_bound_accepts - whether authentic packets of a path are taken now
 * @e: entry of the current binding
 *
 * Tentative and valid paths are, deprecated ones until their time, removed
 * ones never.
 */
static inline bool mobx_bound_accepts(const struct mobx_bound *e)
{
	if (likely(e->state <= MOBX_PATH_STATE_VALID))
		return true;
	return e->state == MOBX_PATH_STATE_DEPRECATED &&
	       ktime_get_coarse_boottime_ns() < e->accept_until;
}

/* Context: RCU section; the list ends with it. */
struct rhlist_head *mobx_addr_lookup(struct mobx_net *mnet, u16 family,
				     const union mobx_addr *addr);

/**
 * mobx_for_each_peer_at - walk the peers that may have a remote address
 * @n: struct mobx_addr_node *, loop variable; @n->peer is the peer
 * @pos: struct rhlist_head *, scratch
 * @mnet: namespace
 * @fam: family of the address
 * @addr: const union mobx_addr *
 *
 * Whether a peer has the address now, its binding says. Newest entry first,
 * which need not be the newest peer: compare mobx_peer.serial.
 * Context: RCU section.
 */
#define mobx_for_each_peer_at(n, pos, mnet, fam, addr)			\
	rhl_for_each_entry_rcu(n, pos,					\
			       mobx_addr_lookup(mnet, fam, addr), node)

int mobx_binding_check_addr(const union mobx_addr *addr, u16 family,
			    struct netlink_ext_ack *extack);
int mobx_binding_check(const struct mobx_path_spec *spec, unsigned int n,
		       struct netlink_ext_ack *extack);
struct mobx_binding *mobx_binding_build(const struct mobx_binding *old,
					u64 generation,
					const struct mobx_path_spec *spec,
					unsigned int n);
void mobx_binding_commit(const struct mobx_binding *b,
			 const struct mobx_path_spec *spec);
bool mobx_binding_has_remote(const struct mobx_binding *b, u16 family,
			     const union mobx_addr *remote);
void mobx_binding_forget_routes(const struct mobx_binding *b);
void mobx_binding_free(struct mobx_binding *b);
void mobx_binding_free_rcu(struct mobx_binding *b);

/* Context: under mobx_net.lock. */
struct mobx_binding *mobx_peer_binding(const struct mobx_peer *peer);
struct mobx_peer *mobx_peer_find(struct mobx_net *mnet, u32 id);
int mobx_peer_create(struct mobx_net *mnet, u32 id, const char *label,
		     const struct mobx_path_spec *spec, unsigned int n,
		     bool spread, struct netlink_ext_ack *extack);
int mobx_peer_swap(struct mobx_peer *peer, const struct mobx_path_spec *spec,
		   unsigned int n, bool spread, struct netlink_ext_ack *extack);
int mobx_peer_rebind(struct mobx_peer *peer, u64 expected,
		     const struct mobx_path_spec *spec, unsigned int n,
		     const bool *spread, struct netlink_ext_ack *extack);
void mobx_peer_remove(struct mobx_peer *peer);
void mobx_peer_put(struct mobx_peer *peer);

/* Context: any in which the peer cannot go away; or RCU, then see the result. */
static inline bool mobx_peer_get(struct mobx_peer *peer)
{
	return refcount_inc_not_zero(&peer->ref);
}

int mobx_peer_tables_init(struct mobx_net *mnet);
void mobx_peer_tables_exit(struct mobx_net *mnet);

#endif
