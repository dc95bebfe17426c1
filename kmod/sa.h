/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_SA_H
#define MOBX_SA_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/jiffies.h>
#include <linux/llist.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/timekeeping.h>
#include <linux/timerqueue.h>
#include <uapi/linux/mobx.h>

#include "selector.h"

struct crypto_aead;
struct mobx_alg;
struct mobx_net;
struct mobx_peer;
struct mobx_replay;
struct mobx_route_in;
struct netlink_ext_ack;

/*
 * Where extended sequence numbers end. Not at 2^64 - 1, for then CPUs that come
 * too late, all at once, would begin anew with 0.
 */
#define MOBX_ESN_LAST			(U64_MAX - U16_MAX)

/* Packets, for an inbound SA that is added without a word about it. */
#define MOBX_DEFAULT_REPLAY_WINDOW	1024

/* Bits of mobx_sa.flags; all but the first two may be set at any time. */
enum mobx_sa_flag {
	MOBX_SA_ESN,		/* extended sequence numbers */
	MOBX_SA_MANAGED,	/* set by a key management daemon */
	MOBX_SA_SOFT,		/* a soft limit was met and told */
	MOBX_SA_DEAD,		/* a hard limit was met, or it was removed */
	MOBX_SA_REMOVED,	/* in no table; under mobx_net.lock */
	MOBX_SA_OVERFLOW,	/* the end of its sequence numbers was told */
};

/**
 * struct mobx_lifetime - limits of an SA, 0 for none
 * @soft_seconds: since the SA was added, on CLOCK_BOOTTIME
 * @hard_seconds: the same
 * @soft_bytes: octets of IP packets before ESP (out) or after it (in)
 * @hard_bytes: the same
 * @soft_packets: packets
 * @hard_packets: packets
 */
struct mobx_lifetime {
	u64	soft_seconds;
	u64	hard_seconds;
	u64	soft_bytes;
	u64	hard_bytes;
	u64	soft_packets;
	u64	hard_packets;
};

/**
 * struct mobx_sa - a security association (RFC 4301, section 4.4.2)
 * @node: in mobx_net.sa_in or mobx_net.sa_out, keyed by @spi
 * @spi: security parameters index
 * @dir: enum mobx_dir
 * @mode: enum mobx_mode
 * @df: enum mobx_df, outbound in tunnel mode
 * @n_sels: entries of @sels; 0: any traffic that a policy sends here
 * @tfc: outbound, octets that packets are padded to, U16_MAX for the MTU
 * @alg: algorithm
 * @tfm: keyed transform; its key holds the salt where the algorithm has one
 * @direct: the same without a queue, or NULL, see mobx_alg_direct()
 * @pair: the same for packets in one piece, or NULL, see mobx_pair_alloc()
 * @late: requests under way that may complete later
 * @peer: whose SA it is; a reference
 * @iv_base: random; combined with the sequence number it makes the IV of
 *	counter-mode ciphers, so no IV repeats under one key, and the nonce from
 *	which a pair makes the IV
 * @seq_last: outbound, the last sequence number that may be given out
 * @hard_until: CLOCK_BOOTTIME in nanoseconds when it ends, U64_MAX for never
 * @limit_packets: packets at which mobx_sa_limit() has something to do
 * @limit_bytes: octets at which it has
 * @flags: bits of enum mobx_sa_flag
 * @replay: window, inbound only; NULL when anti-replay is off
 * @route: inbound, see mobx_route_input(); RCU
 * @seq: outbound, the last sequence number given out
 * @packets: protected or authenticated
 * @bytes: and their octets
 * @replayed: inbound, packets refused by the window
 * @integrity_failed: inbound, packets whose ICV was wrong
 * @last_used: jiffies of the last packet, 0 for never
 * @next_hint: jiffies before which no further hint event is due
 * @next_mismatch: jiffies before which no further selector event is due
 * @next_integrity: jiffies before which no further integrity event is due
 * @list: in mobx_peer.sas_out or .sas_in; RCU
 * @inner: of struct mobx_inner_node; under mobx_net.lock
 * @life: limits as asked for
 * @ref: one for the tables, one for each asynchronous request and held packet
 * @expired: in mobx_net.expired
 * @timer: in mobx_net.timers when it has a limit in time
 * @rcu: until no reader can have it any more, see mobx_sa_put()
 * @free: from then on, in the list of SAs to free
 * @added: CLOCK_BOOTTIME in nanoseconds
 * @keys: encryption key and salt, then integrity key; for show-keys only;
 *	behind @sels
 * @enc_key_len: octets of the first part of @keys
 * @auth_key_len: octets of the second part of @keys
 * @replay_window: packets
 * @sels: negotiated selectors
 *
 * With one selector and 64 octets of keys it fits into 512 octets.
 *
 * It points to its peer and never to an address, so a move touches no SA.
 * Found under RCU; who keeps it longer takes a reference.
 */
struct mobx_sa {
	/* Read by every packet. */
	struct rhlist_head	node;
	__be32			spi;
	u8			dir;
	u8			mode;
	u8			df;
	u8			n_sels;
	u16			tfc;
	const struct mobx_alg	*alg;
	struct crypto_aead	*tfm;
	struct crypto_aead	*direct;
	struct mobx_pair	*pair;
	atomic_t		late;
	struct mobx_peer	*peer;
	u64			iv_base;
	u64			seq_last;
	u64			hard_until;
	u64			limit_packets;
	u64			limit_bytes;
	unsigned long		flags;
	struct mobx_replay	*replay;
	struct mobx_route_in __rcu *route;
	struct list_head	list;
	struct list_head	inner;
	/* Not read by them; there is room. */
	struct mobx_lifetime	life;

	/* Written by every packet. */
	atomic64_t		seq ____cacheline_aligned_in_smp;
	atomic64_t		packets;
	atomic64_t		bytes;
	unsigned long		last_used;
	refcount_t		ref;

	/* Written seldom. */
	atomic64_t		replayed ____cacheline_aligned_in_smp;
	atomic64_t		integrity_failed;
	unsigned long		next_hint;
	unsigned long		next_integrity;
	unsigned long		next_mismatch;
	struct llist_node	expired;
	struct timerqueue_node	timer;
	union {
		struct rcu_head		rcu;
		struct llist_node	free;
	};
	u64			added;
	u8			*keys;
	u16			enc_key_len;
	u16			auth_key_len;
	u32			replay_window;
	struct mobx_selector	sels[];
};

/**
 * struct mobx_sa_spec - an SA as netlink asks for it
 * @spi: in network order
 * @dir: enum mobx_dir
 * @mode: enum mobx_mode
 * @df: enum mobx_df
 * @enc: enum mobx_enc
 * @auth: enum mobx_auth
 * @enc_key: @enc_key_len octets, salt included
 * @auth_key: @auth_key_len octets
 * @enc_key_len: up to MOBX_MAX_KEY
 * @auth_key_len: up to MOBX_MAX_KEY
 * @seq: out, the last number sent; in, the highest accepted
 * @replay_window: packets, 0 for none
 * @tfc: octets, U16_MAX for the MTU
 * @n_sels: up to MOBX_MAX_SELECTORS
 * @esn: extended sequence numbers
 * @force: counter mode with manual keys all the same
 * @managed: set by a key management daemon
 * @life: limits
 * @sels: @n_sels selectors
 */
struct mobx_sa_spec {
	__be32			spi;
	u8			dir;
	u8			mode;
	u8			df;
	u8			enc;
	u8			auth;
	const u8		*enc_key;
	const u8		*auth_key;
	u16			enc_key_len;
	u16			auth_key_len;
	u64			seq;
	u32			replay_window;
	u16			tfc;
	u8			n_sels;
	bool			esn;
	bool			force;
	bool			managed;
	struct mobx_lifetime	life;
	struct mobx_selector	sels[MOBX_MAX_SELECTORS];
};

struct mobx_sa *mobx_sa_find_in(struct mobx_net *mnet, __be32 spi);
struct rhlist_head *mobx_sa_lookup_out(struct mobx_net *mnet, __be32 spi);

/* Walk the outbound SAs of an SPI, of whichever peers. Context: RCU section. */
#define mobx_for_each_sa_out(sa, pos, mnet, spi)			\
	rhl_for_each_entry_rcu(sa, pos, mobx_sa_lookup_out(mnet, spi), node)

enum mobx_match mobx_sa_match(const struct mobx_sa *sa,
			      const struct mobx_flow *flow);
struct mobx_sa *mobx_sa_choose_out(const struct mobx_peer *peer,
				   enum mobx_mode mode,
				   const struct mobx_flow *flow, u8 pfp);
bool mobx_sa_serves(const struct mobx_sa *sa, const struct mobx_flow *flow,
		    u8 pfp);
bool mobx_flow_negotiated(struct mobx_net *mnet, enum mobx_dir dir,
			  const struct mobx_flow *flow);

void mobx_sa_set_limits(struct mobx_sa *sa);
void mobx_sa_timer_start(struct mobx_net *mnet, struct mobx_sa *sa);
void mobx_sa_expire(struct mobx_sa *sa, enum mobx_expire which);
void mobx_sa_expire_timers(struct mobx_net *mnet);
void mobx_sa_expire_remove(struct mobx_net *mnet);
bool mobx_sa_limit(struct mobx_sa *sa, u64 packets, u64 bytes);

/**
 * mobx_sa_usable - whether an SA may take another packet
 * @sa: SA
 *
 * Context: RCU section, or a reference held.
 */
static inline bool mobx_sa_usable(const struct mobx_sa *sa)
{
	if (unlikely(test_bit(MOBX_SA_DEAD, &sa->flags)))
		return false;
	return likely(sa->hard_until == U64_MAX) ||
	       ktime_get_coarse_boottime_ns() < sa->hard_until;
}

/**
 * mobx_sa_account - count a packet against the limits of its SA
 * @sa: SA
 * @len: octets of the IP packet without ESP
 *
 * Out: before the packet is encrypted. In: after its ICV was found right.
 * Tells of limits that are met, in any context.
 *
 * Context: RCU section, or a reference held.
 * Return: false when the packet is beyond a hard limit and must not pass.
 */
static inline bool mobx_sa_account(struct mobx_sa *sa, unsigned int len)
{
	u64 packets = atomic64_inc_return(&sa->packets);
	u64 bytes = atomic64_add_return(len, &sa->bytes);
	unsigned long now = jiffies;

	if (READ_ONCE(sa->last_used) != now)
		WRITE_ONCE(sa->last_used, now);
	if (likely(packets < READ_ONCE(sa->limit_packets) &&
		   bytes < READ_ONCE(sa->limit_bytes)))
		return true;
	return mobx_sa_limit(sa, packets, bytes);
}

static inline void mobx_sa_get(struct mobx_sa *sa)
{
	refcount_inc(&sa->ref);
}

/* For who found it under RCU: false when it is going away already. */
static inline bool mobx_sa_tryget(struct mobx_sa *sa)
{
	return refcount_inc_not_zero(&sa->ref);
}

void mobx_sa_put(struct mobx_sa *sa);

static inline bool mobx_sa_esn(const struct mobx_sa *sa)
{
	return test_bit(MOBX_SA_ESN, &sa->flags);
}

struct mobx_sa *mobx_sa_alloc(const struct mobx_sa_spec *spec,
			      struct netlink_ext_ack *extack);
int mobx_sa_insert(struct mobx_peer *peer, struct mobx_sa *sa,
		   struct netlink_ext_ack *extack);
void mobx_sa_remove(struct mobx_sa *sa);
void mobx_sa_remove_all(struct mobx_peer *peer);
struct mobx_sa *mobx_sa_find(struct mobx_net *mnet, enum mobx_dir dir,
			     __be32 spi, u32 peer_id);
u64 mobx_sa_seq(const struct mobx_sa *sa);

int mobx_sa_tables_init(struct mobx_net *mnet);
void mobx_sa_tables_exit(struct mobx_net *mnet);
void mobx_sa_flush_free(void);

#endif
