/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One party's set of addresses and the arithmetic on it.
 *
 * Each end of an IKE SA keeps two sets: its own paths and its peer's. A path
 * is known by its Path ID, which its owner assigns; addresses are attributes
 * that may change. An address that a path left, and the last address of a path
 * that was removed, live on as a ghost: taken from for a short while, then
 * known as gone, then forgotten (MOBIKE-X, section 4).
 *
 * Everything here is pure: the same input gives the same set, whatever the
 * order of the blocks in the request, and a refused request gives none.
 */
#ifndef MOBX_MOBIKE_PATHSET_H
#define MOBX_MOBIKE_PATHSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/mobike.h"

#define MX_MAX_PATHS  64
#define MX_MAX_GHOSTS 64
#define MX_MAX_OPS    64

/** MX_SEEN_LEN - octets of a NAT detection payload */
#define MX_SEEN_LEN 20

/** MX_GRACE_US - packets in flight from an address that a path has left. */
#define MX_GRACE_US (2 * 1000000ull)
/** MX_SOFT_US - the same where the owner asked for SOFT and sends no REMOVE. */
#define MX_SOFT_US (30 * 1000000ull)
/** MX_FORGET_US - how long a removed path is known as such. */
#define MX_FORGET_US (120 * 1000000ull)

/**
 * struct mx_path - one path of a set
 * @id: Path ID, assigned by the owner
 * @state: MOBIKEX_TENTATIVE or MOBIKEX_VALID
 * @flags: MOBIKEX_F_PRIMARY (exactly one path of a set), MOBIKEX_F_BACKUP
 * @preference: 0 best to 255
 * @nat: IKE_NATD_*: who is behind a NAT on this way, as this host sees it
 * @port: observed UDP port of the IKE messages that announced it
 * @addr: address as this host sees it; with @port unique in the set
 * @inner: peer's sets: the owner's own view of it, family 0 if not told
 * @via: where the announcement arrived (peer's sets), family 0 if unknown
 * @confirmed: own sets: address that the peer is known to have for it, family
 *	0 if none
 * @outer: own sets: where the peer sees it behind a NAT, family 0 if not known
 * @seen: own sets: digest of that, as the peer is known to hold it (NATD)
 * @seen_set: @seen is there
 * @shown: own sets: the last such digest from anywhere, which the peer need not
 *	have made anything of
 * @shown_us: when, 0: never by this IKE SA
 * @remapped: own sets: the NAT has changed it, which the peer is to be told
 * @tell_at: own sets: but not before, microseconds
 * @untold: own sets: how often it was told in vain
 * @led: the higher, the later it was made primary by what both ends know, 0: never
 * @credit: octets that it may be sent while tentative
 * @rtt_us: round trip time when it was announced or checked, 0 if not known
 */
struct mx_path {
	uint16_t id;
	uint8_t state;
	uint8_t flags;
	uint8_t preference;
	uint8_t nat;
	uint16_t port;
	struct wire_addr addr;
	struct wire_addr inner;
	struct wire_addr via;
	struct wire_addr confirmed;
	struct wire_endpoint outer;
	uint8_t seen[MX_SEEN_LEN];
	bool seen_set;
	uint8_t shown[MX_SEEN_LEN];
	uint64_t shown_us;
	bool remapped;
	uint64_t tell_at;
	unsigned int untold;
	uint32_t led;
	uint64_t credit;
	uint64_t rtt_us;
};

/**
 * struct mx_ghost - an address that is in use no longer
 * @id: of the path that had it
 * @retired: the path itself is gone, and its ID not free before @forget_at
 * @preference: of the path
 * @addr: the address, family 0 if it was never known
 * @inner: peer's sets: the owner's own view of it, family 0 if not told
 * @accept_until: taken from until then, microseconds
 * @forget_at: dropped as known to be removed until then
 */
struct mx_ghost {
	uint16_t id;
	bool retired;
	uint8_t preference;
	struct wire_addr addr;
	struct wire_addr inner;
	uint64_t accept_until;
	uint64_t forget_at;
};

/**
 * struct mx_set - the paths of one end
 * @n: live paths, never 0
 * @n_ghost: addresses left behind
 * @room: entries that @path has room for
 * @ghost_room: entries that @ghost has room for
 * @path: live paths, by ID
 * @ghost: oldest first
 *
 * Begins as { 0 } and ends with mx_set_free(). Most have one path and no ghost,
 * and a server has two sets for each of its peers: they grow as they need.
 */
struct mx_set {
	unsigned int n;
	unsigned int n_ghost;
	unsigned int room;
	unsigned int ghost_room;
	struct mx_path *path;
	struct mx_ghost *ghost;
};

enum mx_op_kind {
	MX_OP_ADD,
	MX_OP_UPDATE,
	MX_OP_REMOVE,
};

/**
 * struct mx_op - one block of a request, syntax checked
 * @kind: which notify
 * @derived: the notify was empty, everything is taken from the request
 * @flags: MX_F_*
 * @id: Path ID
 * @preference: 0 best
 * @index: position among the blocks of the request, for the answer
 * @old_addr: family 0 if absent
 * @new_addr: family 0 if absent
 */
struct mx_op {
	enum mx_op_kind kind;
	bool derived;
	uint8_t flags;
	uint16_t id;
	uint8_t preference;
	uint16_t index;
	struct wire_addr old_addr;
	struct wire_addr new_addr;
};

/**
 * struct mx_req - what is known of the request that the blocks came by
 * @src: its observed source
 * @src_port: and port, host order
 * @dst: the address that it came to
 * @nat: IKE_NATD_*: who is behind a NAT
 * @nat_known: the request tells, else a path keeps what it had
 * @now: microseconds
 * @credit: octets that a new path may be sent while it is TENTATIVE
 * @fresh: state of new paths and addresses: MOBIKEX_TENTATIVE or MOBIKEX_VALID
 * @max_paths: live paths allowed
 * @may_join: @dst is of no path of the other set, but can become one
 * @partner4: the other set has IPv4 paths
 * @partner6: the other set has IPv6 paths
 */
struct mx_req {
	struct wire_addr src;
	uint16_t src_port;
	struct wire_addr dst;
	uint8_t nat;
	bool nat_known;
	uint64_t now;
	uint64_t credit;
	uint8_t fresh;
	unsigned int max_paths;
	bool may_join;
	bool partner4;
	bool partner6;
};

/**
 * struct mx_refusal - what to tell the other end
 * @reason: enum mobikex_reason_code, 0 if there is nothing to refuse
 * @index: of the offending block
 * @text: for people, at most 64 octets
 */
struct mx_refusal {
	uint16_t reason;
	uint16_t index;
	char text[65];
};

bool mx_reserve(void *list, unsigned int *room, unsigned int n, size_t size);
void mx_set_free(struct mx_set *set);
bool mx_set_reserve(struct mx_set *set, unsigned int paths);
bool mx_set_blank(struct mx_set *set, unsigned int paths, unsigned int ghosts);
bool mx_set_copy(struct mx_set *to, const struct mx_set *from);
void mx_set_move(struct mx_set *to, struct mx_set *from);
bool mx_set_init(struct mx_set *set, const struct wire_addr *addr,
		 uint16_t port, unsigned int nat);
void mx_set_restart(struct mx_set *set, const struct mx_req *req);
struct mx_path *mx_set_find(struct mx_set *set, uint16_t id);
struct mx_path *mx_set_by_addr(const struct mx_set *set,
			       const struct wire_addr *addr);
struct mx_path *mx_set_by_source(struct mx_set *set, const struct mx_req *req);
struct mx_path *mx_set_primary(const struct mx_set *set);
bool mx_set_has_family(const struct mx_set *set, uint8_t family);
int mx_set_free_id(const struct mx_set *set);
void mx_set_make_primary(struct mx_set *set, uint16_t id);
void mx_set_lead(struct mx_set *set, uint16_t id);
int mx_set_apply(struct mx_set *set, const struct mx_op *ops, unsigned int n,
		 const struct mx_req *req, struct mx_refusal *why);
void mx_set_retire(struct mx_set *set, uint16_t id, uint64_t now);
void mx_set_renumber(struct mx_set *set, uint16_t from, uint16_t to);
bool mx_set_drop(struct mx_set *set, uint16_t id, const struct mx_set *others,
		 uint64_t now, uint64_t grace);
bool mx_set_expire(struct mx_set *set, uint64_t now);
uint64_t mx_set_deadline(const struct mx_set *set, uint64_t now);
bool mx_set_sound(const struct mx_set *set);

#endif /* MOBX_MOBIKE_PATHSET_H */
