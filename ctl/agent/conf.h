/* SPDX-License-Identifier: GPL-2.0 */
/* The configuration of mobxd, see mobxd.conf(5). */
#ifndef MOBX_AGENT_CONF_H
#define MOBX_AGENT_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/ocsp.h"
#include "ike/ike.h"
#include "kern/kern.h"

#define CONF_DEFAULT_FILE "/etc/mobx/mobxd.conf"
#define CONF_DEFAULT_CONTROL "/run/mobx/control"
#define CONF_DEFAULT_STATE "/var/lib/mobx"
#define CONF_MAX_CONNS 4096
#define CONF_MAX_POOLS 16
#define CONF_MAX_PREFIXES 8
#define CONF_MAX_PSK 128
#define CONF_MAX_PATH 100
#define CONF_MAX_ERROR 512

/* What the label of a connection's policies begins with; its name follows. */
#define CONF_POLICY_LABEL "conn:"

/**
 * struct conf_protect - what one `protect` section asks of the kernel
 * @order: place in the SPD
 * @selector: static part, prefixes included
 */
struct conf_protect {
	uint32_t order;
	struct kern_selector selector;
};

/** enum conf_item - what the credentials process is told of a connection */
enum conf_item {
	/* Private key, PKCS #8. */
	CONF_ITEM_KEY,
	/* Own certificate; the first is that of the key. */
	CONF_ITEM_CERT,
	/* Own public key, sent in place of a certificate. */
	CONF_ITEM_RAW,
	/* The peer's authorities, its own certificate or key, what is revoked. */
	CONF_ITEM_CA,
	CONF_ITEM_REMOTE_CERT,
	CONF_ITEM_REMOTE_KEY,
	CONF_ITEM_CRL,
};

/**
 * struct conf_conn - one `connection` section
 * @ike: what the state machine needs to know
 * @protect: as many as @ike.nprotect, in the same order
 * @psk: the pre-shared key
 * @psk_len: octets of @psk, 0 without one
 * @ppk: the post-quantum preshared key of @ike.ppk_id
 * @ppk_len: octets of @ppk, 0 without one
 * @rsa_pkcs1: sign with PKCS #1 v1.5 in place of RSASSA-PSS
 * @ocsp: what responders are asked of the peer's certificates
 * @ocsp_uri: which one, or empty for those that certificates name
 * @items: keys and certificates, see conf_item_next()
 */
struct conf_conn {
	struct ike_conn ike;
	struct conf_protect protect[IKE_MAX_SELECTORS];
	uint8_t psk[CONF_MAX_PSK];
	size_t psk_len;
	uint8_t ppk[CONF_MAX_PSK];
	size_t ppk_len;
	bool rsa_pkcs1;
	enum crypto_ocsp_policy ocsp;
	char ocsp_uri[CRYPTO_OCSP_URI_MAX];
	struct wire_wr items;
};

/**
 * conf_item_next() - walk over the keys and certificates of a connection
 * @rd: reader of struct conf_conn.items
 * @item: gets what comes next
 * @der: gets its octets
 *
 * Return: whether there was one more.
 */
bool conf_item_next(struct wire_rd *rd, enum conf_item *item,
		    struct wire_span *der);

/**
 * struct conf_pool - one `pool` section: virtual addresses to be given out
 * @name: unique
 * @n: entries in @prefix
 * @prefix: the addresses
 * @ndns: entries in @dns
 * @dns: name servers that go with them
 */
struct conf_pool {
	char name[IKE_MAX_NAME];
	unsigned int n;
	struct ike_prefix prefix[CONF_MAX_PREFIXES];
	unsigned int ndns;
	struct wire_addr dns[IKE_MAX_DNS];
};

/**
 * struct conf - a whole file
 * @level: what to log
 * @control: path of the control socket
 * @state: folder of what has to outlive the agent
 * @user: who the unprivileged processes are
 * @cookie_threshold: half-open IKE SAs before cookies are asked for
 * @seccomp: the processes may make only the system calls that they need
 * @npool: entries in @pool
 * @pool: pools of virtual addresses
 * @nconn: entries in @conn
 * @conn: connections in the order of the file
 */
struct conf {
	enum ike_level level;
	char control[CONF_MAX_PATH];
	char state[CONF_MAX_PATH];
	char user[64];
	unsigned int cookie_threshold;
	bool seccomp;
	unsigned int npool;
	struct conf_pool pool[CONF_MAX_POOLS];
	unsigned int nconn;
	struct conf_conn *conn;
};

/**
 * conf_load() - read and check a configuration
 * @file: its path
 * @out: gets the configuration, to be freed with conf_free()
 * @err: gets "FILE:LINE: what is wrong, what would be right"
 * @errlen: octets in @err
 *
 * Return: 0, or a negative errno and nothing in @out.
 */
int conf_load(const char *file, struct conf **out, char *err, size_t errlen);

/** conf_free() - wipe the keys and free; NULL is fine */
void conf_free(struct conf *c);

/** conf_find() - the connection of a name, or NULL */
struct conf_conn *conf_find(const struct conf *c, const char *name);

/** conf_find_pool() - the pool of a name, or NULL */
const struct conf_pool *conf_find_pool(const struct conf *c, const char *name);

#endif /* MOBX_AGENT_CONF_H */
