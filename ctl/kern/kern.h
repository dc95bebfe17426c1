/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's side of mobx seen from userspace: plain structs and one
 * function per command of the netlink family (Documentation/netlink/specs/
 * mobx.yaml). The command line and the agent use nothing else to talk to the
 * module.
 *
 * A handle serves one thread. Requests block until the kernel has answered,
 * which takes microseconds: the module does all its work in the system call.
 * Functions return 0 or a negative errno; kern_error() then says in words what
 * was refused, the kernel's own words where it has any.
 */
#ifndef MOBX_KERN_KERN_H
#define MOBX_KERN_KERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/mobx.h>

#include "wire/addr.h"

/** KERN_NEVER - a time that lies in no past: nothing has happened yet. */
#define KERN_NEVER UINT64_MAX

/** KERN_WINDOW_DEFAULT - leave the size of a replay window to the kernel. */
#define KERN_WINDOW_DEFAULT UINT32_MAX

/** KERN_STATS_MAX - room for counters, more than the ABI has names for. */
#define KERN_STATS_MAX 64

struct kern;
struct kern_events;

/**
 * struct kern_path - one pair of addresses of a binding
 * @local: own address
 * @remote: the peer's, of the same family
 * @state: what the remote end has shown so far
 * @flags: MOBX_PATH_FLAGS_*; one path of a set carries _PRIMARY
 * @preference: 0 best to 255
 * @accept_until_ms: of a deprecated path, milliseconds from now
 * @credit: octets that a tentative path may be sent, 0 for none; raises only
 * @credit_used: octets sent while tentative (answers only)
 * @mtu: path MTU in octets, 0 if not known
 * @encap_sport: own UDP port of encapsulation, host order, 0 for none
 * @encap_dport: the peer's
 * @rx_packets: received by this path (answers only, like all that follow)
 * @rx_bytes: octets of them
 * @tx_packets: sent by this path
 * @tx_bytes: octets of them
 * @last_seen_ms: since an authentic packet came, or KERN_NEVER
 */
struct kern_path {
	struct wire_addr local;
	struct wire_addr remote;
	enum mobx_path_state state;
	uint32_t flags;
	uint8_t preference;
	uint32_t accept_until_ms;
	uint64_t credit;
	uint64_t credit_used;
	uint32_t mtu;
	uint16_t encap_sport;
	uint16_t encap_dport;
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t last_seen_ms;
};

/**
 * struct kern_peer - one remote party
 * @id: not 0, unique in the network namespace
 * @label: for people and for an agent that finds its own again; may be empty
 * @generation: of the binding; answers only
 * @sas: number of its SAs; answers only
 * @spread: its flows in tunnel mode take several paths at once
 * @npaths: entries used in @paths
 * @paths: in order of preference
 */
struct kern_peer {
	uint32_t id;
	char label[MOBX_MAX_LABEL + 1];
	uint64_t generation;
	uint32_t sas;
	bool spread;
	unsigned int npaths;
	struct kern_path paths[MOBX_MAX_PATHS];
};

/**
 * struct kern_selector - which packets, in terms of the host
 * @local: own address or prefix; family 0 means any
 * @local_plen: length of the prefix in bits
 * @local_last: last address of a range in place of a prefix, else family 0
 * @remote: the other end's; family 0 means any
 * @remote_plen: length of the prefix in bits
 * @remote_last: last address of a range in place of a prefix, else family 0
 * @proto: IP protocol, 0 for any
 * @local_port_min: first own port, host order; 0 to 65535 means any
 * @local_port_max: last own port
 * @remote_port_min: first port of the other end
 * @remote_port_max: last one
 *
 * For ICMP the local ports are type << 8 | code, for the mobility header type
 * << 8 (RFC 4301, section 4.4.1.1); from 65535 to 0 is OPAQUE.
 * Start from kern_selector_any().
 */
struct kern_selector {
	struct wire_addr local;
	uint8_t local_plen;
	struct wire_addr local_last;
	struct wire_addr remote;
	uint8_t remote_plen;
	struct wire_addr remote_last;
	uint8_t proto;
	uint16_t local_port_min;
	uint16_t local_port_max;
	uint16_t remote_port_min;
	uint16_t remote_port_max;
};

/** struct kern_lifetime - limits of an SA, 0 for none */
struct kern_lifetime {
	uint64_t soft_seconds;
	uint64_t hard_seconds;
	uint64_t soft_bytes;
	uint64_t hard_bytes;
	uint64_t soft_packets;
	uint64_t hard_packets;
};

/**
 * struct kern_sa - a security association
 * @spi: host order, from 256 on
 * @dir: direction
 * @peer: id of the peer it belongs to
 * @mode: transport or tunnel
 * @df: outbound in tunnel mode, the DF bit of an IPv4 outer header
 * @enc: cipher
 * @enc_key: key, then salt where the cipher has one
 * @enc_key_len: octets, salt counted; 0 in answers that do not tell keys
 * @auth: integrity algorithm, none with a combined-mode cipher
 * @auth_key: its key
 * @auth_key_len: octets
 * @esn: extended sequence numbers
 * @replay_window: packets, 0 for no anti-replay, or KERN_WINDOW_DEFAULT; an
 *	outbound SA has none: 0 or the default
 * @seq: out, last number sent; in, highest accepted
 * @nselectors: entries used in @selectors; none means all traffic of the pair
 * @selectors: negotiated selectors
 * @lifetime: limits
 * @force: take a counter-mode cipher with a key set by hand (requests only)
 * @managed: keys come fresh from a key management daemon
 * @tfc: octets that packets are padded to, 0 for none, 65535 for the MTU
 * @packets: protected or delivered (answers only, like all that follow)
 * @bytes: octets of them
 * @replayed: dropped as seen before or too old
 * @integrity_failed: dropped for a wrong integrity check value
 * @age: seconds since it was added
 * @idle_ms: since a packet used it, or KERN_NEVER
 */
struct kern_sa {
	uint32_t spi;
	enum mobx_dir dir;
	uint32_t peer;
	enum mobx_mode mode;
	enum mobx_df df;
	enum mobx_enc enc;
	uint8_t enc_key[MOBX_MAX_KEY];
	size_t enc_key_len;
	enum mobx_auth auth;
	uint8_t auth_key[MOBX_MAX_KEY];
	size_t auth_key_len;
	bool esn;
	uint32_t replay_window;
	uint64_t seq;
	unsigned int nselectors;
	struct kern_selector selectors[MOBX_MAX_SELECTORS];
	struct kern_lifetime lifetime;
	bool force;
	bool managed;
	uint16_t tfc;
	uint64_t packets;
	uint64_t bytes;
	uint64_t replayed;
	uint64_t integrity_failed;
	uint64_t age;
	uint64_t idle_ms;
};

/**
 * struct kern_policy - an entry of the security policy database
 * @order: its place; the lowest that matches decides
 * @action: protect, bypass or discard
 * @peer: for protect, id of the peer; 0 for whichever has the address
 * @mode: for protect, transport or tunnel
 * @pfp: enum mobx_pfp, for action protect: what an SA takes from the packet
 * @selector: what it matches
 * @label: may be empty; policies are flushed by it
 * @packets: that it decided (answers only)
 * @builtin: an exemption of the module itself (answers only)
 */
struct kern_policy {
	uint32_t order;
	enum mobx_action action;
	uint32_t peer;
	enum mobx_mode mode;
	uint32_t pfp;
	struct kern_selector selector;
	char label[MOBX_MAX_LABEL + 1];
	uint64_t packets;
	bool builtin;
};

/**
 * struct kern_conf - settings of the network namespace
 * @default_action: for what no policy matches: bypass or discard
 * @icmp: whether what is discarded on its way out causes an ICMP error
 * @uncovered: what becomes of SAs that no policy covers any more
 * @protecting: peers, SAs, policies and the device that keep the module loaded
 */
struct kern_conf {
	enum mobx_action default_action;
	bool icmp;
	enum mobx_uncovered uncovered;
	uint32_t protecting;
};

/**
 * struct kern_stats - counters of the network namespace
 * @count: entries of @value that a kernel of this version has
 * @value: by enum mobx_stat
 */
struct kern_stats {
	unsigned int count;
	uint64_t value[KERN_STATS_MAX];
};

/**
 * struct kern_event - what the module reports on its own
 * @cmd: MOBX_CMD_SA_EXPIRE, _ACQUIRE, _PATH_HINT, _BINDING_CHANGED,
 *	_SEQUENCE_OVERFLOW, _INTEGRITY_FAILURE, _SELECTOR_MISMATCH or
 *	_LOCAL_REPLACED
 * @peer: id of the peer, 0 if none
 * @spi: SPI of the SA
 * @dir: its direction
 * @expire: which limit it met
 * @generation: of the new binding
 * @local: own address; family 0 if the event has none
 * @replaced: own address that it came in place of; family 0 likewise
 * @remote: the other end's
 * @proto: IP protocol of the packet that waits, or that did not fit its SA
 * @local_port: its own port, host order
 * @remote_port: its other port
 * @pfp: enum mobx_pfp, which of these values an SA is to take
 * @policy_order: of the policy that wants it protected
 * @has_policy: an explicit policy, not a negotiated selector, wants it so
 * @label: of that policy, of the peer whose binding changed, or of the peers
 *	that were moved
 * @moved: peers that have moved from one own address to another
 * @failed: peers that could not
 * @spread: the new binding spreads flows over paths
 * @npaths: entries used in @paths; 0 says that the peer is gone
 * @paths: the new binding
 *
 * Members that the event's kind does not carry are zero.
 */
struct kern_event {
	enum mobx_cmd cmd;
	uint32_t peer;
	uint32_t spi;
	enum mobx_dir dir;
	enum mobx_expire expire;
	uint64_t generation;
	struct wire_addr local;
	struct wire_addr remote;
	struct wire_addr replaced;
	uint8_t proto;
	uint16_t local_port;
	uint16_t remote_port;
	uint32_t pfp;
	uint32_t policy_order;
	bool has_policy;
	char label[MOBX_MAX_LABEL + 1];
	uint32_t moved;
	uint32_t failed;
	bool spread;
	unsigned int npaths;
	struct kern_path paths[MOBX_MAX_PATHS];
};

/**
 * kern_netns() - move the calling thread into a named network namespace
 * @name: as `ip netns` knows it, or a path when it holds a slash
 * @err: gets the reason of a failure
 * @errlen: octets in @err
 *
 * Handles opened before stay where they are.
 *
 * Return: 0 or a negative errno.
 */
int kern_netns(const char *name, char *err, size_t errlen);

/**
 * kern_open() - talk to the module in the current network namespace
 * @out: gets the handle
 * @err: gets the reason of a failure
 * @errlen: octets in @err
 *
 * The kernel loads the module by itself if it is installed.
 *
 * Return: 0; -ENOENT if the module is not loaded; or another negative errno.
 */
int kern_open(struct kern **out, char *err, size_t errlen);

/** kern_close() - give a handle back; NULL is fine */
void kern_close(struct kern *k);

/**
 * kern_error() - the last failure of a handle in words
 *
 * After a success, what the kernel remarked about it, usually nothing.
 *
 * Return: a text without a newline, valid until the next request.
 */
const char *kern_error(const struct kern *k);

/** kern_path_init() - a valid path without flags, limits or counters */
void kern_path_init(struct kern_path *p);

/** kern_selector_any() - a selector that matches everything */
void kern_selector_any(struct kern_selector *s);

/** kern_sa_init() - all zero but for the default replay window */
void kern_sa_init(struct kern_sa *sa);

/** kern_sa_wipe() - overwrite the keys */
void kern_sa_wipe(struct kern_sa *sa);

/**
 * kern_peer_new() - add a peer with its first binding
 * @k: handle
 * @p: id, label, paths
 * @generation: gets the generation of the binding, may be NULL
 *
 * Return: 0; -EEXIST if the id is taken; or another negative errno.
 */
int kern_peer_new(struct kern *k, const struct kern_peer *p,
		  uint64_t *generation);

/**
 * kern_peer_rebind() - give a peer another binding in one step
 * @k: handle
 * @id: the peer
 * @expected: generation that the binding is believed to have
 * @paths: the whole new set
 * @npaths: their number
 * @generation: gets the new generation, may be NULL
 *
 * Return: 0; -ESTALE if @expected is not current; or another negative errno.
 * Whatever fails changes nothing.
 */
int kern_peer_rebind(struct kern *k, uint32_t id, uint64_t expected,
		     const struct kern_path *paths, unsigned int npaths,
		     uint64_t *generation);

/**
 * enum kern_spread - whether a new binding spreads flows over paths
 * @KERN_SPREAD_KEEP: as the one before it
 * @KERN_SPREAD_OFF: no
 * @KERN_SPREAD_ON: yes
 */
enum kern_spread {
	KERN_SPREAD_KEEP,
	KERN_SPREAD_OFF,
	KERN_SPREAD_ON,
};

/** kern_peer_rebind_spread() - kern_peer_rebind() that sets @spread, too */
int kern_peer_rebind_spread(struct kern *k, uint32_t id, uint64_t expected,
			    const struct kern_path *paths, unsigned int npaths,
			    enum kern_spread spread, uint64_t *generation);

/** KERN_REPLACE_TOLD - room for peers that could not be moved */
#define KERN_REPLACE_TOLD 64

/**
 * struct kern_replace - one own address in place of another, for many peers
 * @from: the address that goes
 * @to: the address that comes, of the same family
 * @label: only peers that carry it; empty for all
 * @has_accept_until: what comes to @from is taken for a while
 * @accept_until_ms: how long, in milliseconds
 * @moved: peers that have another binding (answers only, as all that follow)
 * @unchanged: peers that have not used @from
 * @failed: peers that could not be moved
 * @ntold: entries used in @told
 * @told: ids of the first of these
 */
struct kern_replace {
	struct wire_addr from;
	struct wire_addr to;
	char label[MOBX_MAX_LABEL + 1];
	bool has_accept_until;
	uint32_t accept_until_ms;
	uint32_t moved;
	uint32_t unchanged;
	uint32_t failed;
	unsigned int ntold;
	uint32_t told[KERN_REPLACE_TOLD];
};

/**
 * kern_peer_replace() - give all peers that use an own address another one
 * @k: handle
 * @r: what to do, and what was done
 *
 * A peer that could not be moved is as before; kern_error() then says what was
 * wrong with the first one.
 *
 * Return: 0, whether or not all could be moved; or a negative errno, and
 * nothing was changed.
 */
int kern_peer_replace(struct kern *k, struct kern_replace *r);

/** kern_peer_del() - remove a peer with its SAs; -EBUSY if a policy names it */
int kern_peer_del(struct kern *k, uint32_t id);

/** kern_peer_get() - one peer; -ENOENT if there is none */
int kern_peer_get(struct kern *k, uint32_t id, struct kern_peer *p);

/**
 * kern_peer_dump() - all peers
 * @k: handle
 * @fn: called for each; anything but 0 ends the dump
 * @ctx: handed to @fn
 *
 * The list is complete and consistent before @fn sees the first entry, so @fn
 * may send requests of its own. The same holds for the other dumps.
 *
 * Return: 0, a negative errno, or what @fn returned.
 */
int kern_peer_dump(struct kern *k,
		   int (*fn)(const struct kern_peer *p, void *ctx), void *ctx);

/**
 * kern_peer_flush() - remove peers with their SAs
 * @k: handle
 * @label: remove those that carry it; NULL for all
 *
 * Return: 0; -EBUSY while a policy names one (nothing is changed then).
 */
int kern_peer_flush(struct kern *k, const char *label);

/** kern_sa_new() - add an SA to a peer */
int kern_sa_new(struct kern *k, const struct kern_sa *sa);

/** kern_sa_del() - remove an SA; @peer counts for outbound ones */
int kern_sa_del(struct kern *k, enum mobx_dir dir, uint32_t spi, uint32_t peer);

/** kern_sa_get() - one SA; @keys asks for its keys too (wipe them) */
int kern_sa_get(struct kern *k, enum mobx_dir dir, uint32_t spi, uint32_t peer,
		bool keys, struct kern_sa *sa);

/**
 * kern_sa_dump() - SAs
 * @k: handle
 * @peer: of this peer only, or 0 for all
 * @keys: ask for keys too; each entry is wiped after @fn has seen it
 * @fn: called for each; anything but 0 ends the dump
 * @ctx: handed to @fn
 */
int kern_sa_dump(struct kern *k, uint32_t peer, bool keys,
		 int (*fn)(const struct kern_sa *sa, void *ctx), void *ctx);

/** kern_sa_flush() - remove the SAs of a peer, or with 0 of all peers */
int kern_sa_flush(struct kern *k, uint32_t peer);

/** kern_policy_new() - add a policy; -EEXIST if its order is taken */
int kern_policy_new(struct kern *k, const struct kern_policy *p);

/** kern_policy_del() - remove the policy of an order */
int kern_policy_del(struct kern *k, uint32_t order);

/** kern_policy_get() - the policy of an order */
int kern_policy_get(struct kern *k, uint32_t order, struct kern_policy *p);

/** kern_policy_dump() - all policies, the built-in ones among them */
int kern_policy_dump(struct kern *k,
		     int (*fn)(const struct kern_policy *p, void *ctx),
		     void *ctx);

/** kern_policy_flush() - remove policies, with @label those that carry it */
int kern_policy_flush(struct kern *k, const char *label);

/** kern_conf_get() - settings of the network namespace */
int kern_conf_get(struct kern *k, struct kern_conf *c);

/**
 * enum kern_conf_what - settings, bits for kern_conf_set()
 * @KERN_CONF_DEFAULT: default_action
 * @KERN_CONF_ICMP: icmp
 * @KERN_CONF_UNCOVERED: uncovered
 */
enum kern_conf_what {
	KERN_CONF_DEFAULT = 1,
	KERN_CONF_ICMP = 2,
	KERN_CONF_UNCOVERED = 4,
};

/**
 * kern_conf_set() - change settings of the network namespace
 * @k: handle
 * @c: new values
 * @what: which of them, enum kern_conf_what; the others stay
 *
 * Return: 0 or a negative errno.
 */
int kern_conf_set(struct kern *k, const struct kern_conf *c, unsigned int what);

/** kern_conf_ike_socket() - exempt the UDP socket @fd of this process */
int kern_conf_ike_socket(struct kern *k, int fd);

/** kern_stats_get() - all counters */
int kern_stats_get(struct kern *k, struct kern_stats *s);

/**
 * kern_events_open() - subscribe to the module's events
 * @out: gets the subscription
 * @err: gets the reason of a failure
 * @errlen: octets in @err
 *
 * Return: 0; -ENOENT if the module is not loaded; or another negative errno.
 */
int kern_events_open(struct kern_events **out, char *err, size_t errlen);

/** kern_events_close() - end a subscription; NULL is fine */
void kern_events_close(struct kern_events *e);

/** kern_events_fd() - non-blocking descriptor to wait on for reading */
int kern_events_fd(const struct kern_events *e);

/**
 * kern_events_read() - hand over all events that have arrived
 * @e: subscription
 * @fn: called for each, in order
 * @ctx: handed to @fn
 *
 * Return: 0; -ENOBUFS if events were lost, because they came faster than they
 * were read: look at the tables anew; or another negative errno.
 */
int kern_events_read(struct kern_events *e,
		     void (*fn)(const struct kern_event *ev, void *ctx),
		     void *ctx);

#endif /* MOBX_KERN_KERN_H */
