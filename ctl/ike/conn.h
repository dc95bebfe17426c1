/* SPDX-License-Identifier: GPL-2.0 */
/* A connection as configured. */
#ifndef MOBX_IKE_CONN_H
#define MOBX_IKE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/mobx.h>

#include "crypto/keys.h"
#include "ike/text.h"
#include "wire/addr.h"
#include "wire/ike_const.h"

#define IKE_MAX_NAME 48
#define IKE_MAX_ADDRS 16
#define IKE_MAX_PROPOSALS 8
#define IKE_MAX_SELECTORS MOBX_MAX_SELECTORS
#define IKE_MAX_CONN_CHILDREN 16
#define IKE_MAX_IFNAMES 8
/* Patterns of interface names, in a list of what may be used or must not. */
#define IKE_MAX_LINKS 16
#define IKE_MAX_PPK_ID 64
#define IKE_MAX_CAS 32
#define IKE_MAX_EAP 8
#define IKE_IFNAME_LEN 16
/* Virtual addresses of one host: one of each family. */
#define IKE_MAX_VIRTUAL 2
#define IKE_MAX_DNS 4

enum ike_role {
	IKE_INITIATE,
	IKE_RESPOND,
};

/** enum ike_start - what makes an initiator set its connection up */
enum ike_start {
	IKE_START_MANUAL,
	IKE_START_ON_LOAD,
	IKE_START_ON_TRAFFIC,
};

/** enum ike_authby - how a side proves who it is */
enum ike_authby {
	IKE_AUTHBY_PSK,
	IKE_AUTHBY_PUBKEY,
	/* An initiator by a method; a responder by a safe one and nothing else. */
	IKE_AUTHBY_EAP,
};

/** enum ike_rrc - return routability policy (MOBIKE-X, section 8) */
enum ike_rrc {
	IKE_RRC_EARLY,
	IKE_RRC_BEFORE,
	IKE_RRC_OFF,
};

/** enum ike_mptcp - what own addresses are for MPTCP, see ip-mptcp(8) */
enum ike_mptcp {
	IKE_MPTCP_NO,
	IKE_MPTCP_SUBFLOW,
	IKE_MPTCP_SIGNAL,
	IKE_MPTCP_FULLMESH,
};

/** enum ike_childless - IKE SAs that begin without a Child SA (RFC 6023) */
enum ike_childless {
	/* A peer may begin so. */
	IKE_CHILDLESS_ALLOW,
	/* We do so where the peer can. */
	IKE_CHILDLESS_PREFER,
	IKE_CHILDLESS_NEVER,
};

/**
 * struct ike_links - interfaces by name
 * @n: entries in @name
 * @name: a name, or the beginning of some with a '*' after it
 */
struct ike_links {
	unsigned int n;
	char name[IKE_MAX_LINKS][IKE_IFNAME_LEN];
};

/** struct ike_prefix - addresses; family 0 means any address */
struct ike_prefix {
	struct wire_addr addr;
	uint8_t plen;
};

/**
 * struct ike_virtual - what a responder gives an initiator to be reached by
 * @n: entries in @addr
 * @addr: virtual addresses, at most one of each family
 * @ndns: entries in @dns
 * @dns: name servers
 */
struct ike_virtual {
	unsigned int n;
	struct wire_addr addr[IKE_MAX_VIRTUAL];
	unsigned int ndns;
	struct wire_addr dns[IKE_MAX_DNS];
};

/**
 * struct ike_selector - what a connection protects, in terms of this host
 * @proto: IP protocol, 0 for any
 * @local_min: first own port; 0 to 65535 means any
 * @local_max: last own port
 * @remote_min: first port of the peer
 * @remote_max: last one
 * @child: which of the connection's Child SAs it belongs to
 * @local: own addresses; transport mode: not looked at
 * @remote: the peer's; likewise
 *
 * In transport mode the addresses are those of the peer's paths: own set and
 * peer's set.
 */
struct ike_selector {
	uint8_t proto;
	uint16_t local_min;
	uint16_t local_max;
	uint16_t remote_min;
	uint16_t remote_max;
	uint8_t child;
	struct ike_prefix local;
	struct ike_prefix remote;
};

/**
 * struct ike_conn - a connection as configured
 * @name: unique
 * @role: who starts
 * @start: initiator: when
 * @local: own addresses to use; @nlocal 0 means any
 * @remote: the peer's; @nremote 0 means any (responder only). An initiator
 *	tries the single addresses in their order.
 * @local_id: sent
 * @remote_id: wanted; type 0 accepts any identity that can prove itself
 * @local_auth: how we do it
 * @remote_auth: how the peer has to
 * @neap: entries in @eap, with IKE_AUTHBY_EAP
 * @eap: EAP types in order of preference
 * @ppk_id: which post-quantum preshared key is mixed in (RFC 8784)
 * @ppk_id_len: octets of it, 0 without one
 * @ppk_required: nothing without that key
 * @ncas: entries in @ca; 0 with IKE_AUTHBY_PUBKEY when the peer's certificate
 *	or key is known itself
 * @ca: certification authorities for the peer, as CERTREQ names them
 * @ike: proposals of the IKE SA in order of preference, one suite each
 * @esp: proposals of Child SAs; @ke there is for perfect forward secrecy
 * @mode: of its Child SAs
 * @protect: traffic selectors, at least one for each Child SA from 0 on
 * @pool: responder: each peer gets a virtual address from there and is nobody
 *	else in its Child SAs; empty: none
 * @nvirtual: entries in @virtual
 * @virtual: initiator: virtual addresses to ask for, at most one of each
 *	family; 0.0.0.0 and :: ask for any
 * @device: initiator: network device that gets them; empty: none
 * @mobike: offer and accept RFC 4555
 * @mobikex: offer and accept MOBIKE-X; needs @mobike
 * @nat_traversal: a NAT may be in between; false: it must not, and MOBIKE says so
 * @fragmentation: offer and accept fragments (RFC 7383)
 * @follow_redirects: initiator: go where the peer sends us (RFC 5685), if it is
 *	one of @remote
 * @redirect_to: responder: where initiators are sent; family 0: nowhere
 * @childless: IKE SAs without a Child SA, until a packet wants one
 * @rrc: return routability policy
 * @auto_add: make every usable local link a path by itself
 * @prefer: interface names in order of preference
 * @allow: addresses that the peer's paths may have; @nallow 0 means all
 * @deny: addresses that they may not
 * @nlocal_allow: entries in @local_allow
 * @local_allow: own addresses that may be used besides being one of @local; 0
 *	means all
 * @nlocal_deny: entries in @local_deny
 * @local_deny: own addresses that are not used, whatever else is said
 * @link_allow: interfaces whose addresses may be used; none means all
 * @link_deny: interfaces whose addresses are not used
 * @mptcp: kind of the endpoints that own addresses become once they are ready
 * @drain_us: shortest time that a path is kept after a soft move
 * @max_paths: MOBIKE-X limit announced to the peer, 2 to 64
 * @dpd_delay_us: idle time before a liveness check, 0 for none
 * @path_test_us: time between two tests of a path that is not in use, 0 for none
 * @replay_window: packets
 * @retransmit_first_us: time before the first retransmission
 * @retransmit_tries: transmissions in vain before the peer counts as dead
 * @rekey_us: soft lifetime of Child SAs, 0 for none; the hard one is 1.25 of it
 * @ike_rekey_us: the same of the IKE SA
 * @resume_us: how long an IKE SA may be resumed (RFC 5723), 0 for never
 * @initial_contact: send INITIAL_CONTACT; right only at a host's first start
 *
 * Flat, so that it can be copied and sent to another process as it is. The key
 * is not here: the owner knows it by @name.
 */
struct ike_conn {
	char name[IKE_MAX_NAME];
	enum ike_role role;
	enum ike_start start;
	unsigned int nlocal;
	struct wire_addr local[IKE_MAX_ADDRS];
	unsigned int nremote;
	struct ike_prefix remote[IKE_MAX_ADDRS];
	struct ike_id local_id;
	struct ike_id remote_id;
	enum ike_authby local_auth;
	enum ike_authby remote_auth;
	unsigned int neap;
	uint8_t eap[IKE_MAX_EAP];
	uint8_t ppk_id[IKE_MAX_PPK_ID];
	uint8_t ppk_id_len;
	bool ppk_required;
	unsigned int ncas;
	uint8_t ca[IKE_MAX_CAS][IKE_CA_HASH_LEN];
	unsigned int nike;
	struct crypto_suite ike[IKE_MAX_PROPOSALS];
	unsigned int nesp;
	struct crypto_suite esp[IKE_MAX_PROPOSALS];
	enum mobx_mode mode;
	unsigned int nprotect;
	struct ike_selector protect[IKE_MAX_SELECTORS];
	char pool[IKE_MAX_NAME];
	unsigned int nvirtual;
	struct wire_addr virtual[IKE_MAX_VIRTUAL];
	char device[IKE_IFNAME_LEN];
	bool mobike;
	bool mobikex;
	bool nat_traversal;
	bool fragmentation;
	bool follow_redirects;
	struct wire_addr redirect_to;
	enum ike_childless childless;
	enum ike_rrc rrc;
	bool auto_add;
	unsigned int nprefer;
	char prefer[IKE_MAX_IFNAMES][IKE_IFNAME_LEN];
	unsigned int nallow;
	struct ike_prefix allow[IKE_MAX_ADDRS];
	unsigned int ndeny;
	struct ike_prefix deny[IKE_MAX_ADDRS];
	unsigned int nlocal_allow;
	struct ike_prefix local_allow[IKE_MAX_ADDRS];
	unsigned int nlocal_deny;
	struct ike_prefix local_deny[IKE_MAX_ADDRS];
	struct ike_links link_allow;
	struct ike_links link_deny;
	enum ike_mptcp mptcp;
	uint64_t drain_us;
	uint8_t max_paths;
	uint64_t dpd_delay_us;
	uint64_t path_test_us;
	uint32_t replay_window;
	uint64_t retransmit_first_us;
	unsigned int retransmit_tries;
	uint64_t rekey_us;
	uint64_t ike_rekey_us;
	uint64_t resume_us;
	bool initial_contact;
};

/** ike_conn_init() - defaults of every member that has one; the rest zero */
void ike_conn_init(struct ike_conn *c);

/**
 * ike_conn_check() - is a connection usable as it is
 * @c: connection
 * @err: gets what is wrong and what would be right
 * @errlen: octets in @err
 *
 * Return: 0 or -EINVAL.
 */
int ike_conn_check(const struct ike_conn *c, char *err, size_t errlen);

/**
 * ike_conn_may_use() - may a connection use an own address
 * @c: connection
 * @addr: the address
 * @ifname: its interface; NULL if that is not known: it is not judged then
 *
 * Return: whether @c->local and the lists of addresses and interfaces let it.
 */
bool ike_conn_may_use(const struct ike_conn *c, const struct wire_addr *addr,
		      const char *ifname);

/** ike_prefix_has() - does a prefix hold an address; family 0 holds all */
bool ike_prefix_has(const struct ike_prefix *p, const struct wire_addr *a);

/** ike_prefixes_have() - does any of @n prefixes */
bool ike_prefixes_have(const struct ike_prefix *v, unsigned int n,
		       const struct wire_addr *a);

/**
 * ike_selector_meets() - do two selectors have a protocol and ports in common
 * @a: one
 * @b: the other
 *
 * Whatever the addresses are.
 */
bool ike_selector_meets(const struct ike_selector *a,
			const struct ike_selector *b);

#endif /* MOBX_IKE_CONN_H */
