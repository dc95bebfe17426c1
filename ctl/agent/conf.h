/* SPDX-License-Identifier: GPL-2.0 */
/* The configuration of mobxd, see mobxd.conf(5). */
#ifndef MOBX_AGENT_CONF_H
#define MOBX_AGENT_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "ike/ike.h"
#include "kern/kern.h"

#define CONF_DEFAULT_FILE "/etc/mobx/mobxd.conf"
#define CONF_DEFAULT_CONTROL "/run/mobx/control"
#define CONF_MAX_CONNS 256
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

/**
 * struct conf_conn - one `connection` section
 * @ike: what the state machine needs to know
 * @protect: as many as @ike.nprotect, in the same order
 * @psk: the pre-shared key
 * @psk_len: octets of @psk
 */
struct conf_conn {
	struct ike_conn ike;
	struct conf_protect protect[IKE_MAX_SELECTORS];
	uint8_t psk[CONF_MAX_PSK];
	size_t psk_len;
};

/**
 * struct conf - a whole file
 * @level: what to log
 * @control: path of the control socket
 * @user: who the unprivileged processes are
 * @cookie_threshold: half-open IKE SAs before cookies are asked for
 * @nconn: entries in @conn
 * @conn: connections in the order of the file
 */
struct conf {
	enum ike_level level;
	char control[CONF_MAX_PATH];
	char user[64];
	unsigned int cookie_threshold;
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

#endif /* MOBX_AGENT_CONF_H */
