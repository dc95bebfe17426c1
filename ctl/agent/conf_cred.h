/* SPDX-License-Identifier: GPL-2.0 */
/* How the two ends of a connection authenticate: options to keys. */
#ifndef MOBX_AGENT_CONF_CRED_H
#define MOBX_AGENT_CONF_CRED_H

#include <confuse.h>

#include "agent/conf.h"

/**
 * conf_cred_build() - read the keys and certificates of a connection
 * @sec: its section
 * @file: path of the configuration; relative paths start from its folder
 * @out: connection whose identities are set; gets the rest
 * @err: what is wrong and what would be right, without the line
 * @errlen: octets in @err
 *
 * Return: 0 or a negative errno.
 */
int conf_cred_build(cfg_t *sec, const char *file, struct conf_conn *out,
		    char *err, size_t errlen);

#endif /* MOBX_AGENT_CONF_CRED_H */
