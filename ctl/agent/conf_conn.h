/* SPDX-License-Identifier: GPL-2.0 */
/* From a parsed `connection` section to a struct conf_conn. */
#ifndef MOBX_AGENT_CONF_CONN_H
#define MOBX_AGENT_CONF_CONN_H

#include <confuse.h>

#include "agent/conf.h"

/* Words of options, in the order of their enumerations; ended by NULL. */
extern const char *const conf_role_words[];
extern const char *const conf_start_words[];
extern const char *const conf_mode_words[];
extern const char *const conf_childless_words[];
extern const char *const conf_rrc_words[];
extern const char *const conf_mptcp_words[];
extern const char *const conf_auth_words[];
/* In the order of enum crypto_ocsp_policy */
extern const char *const conf_ocsp_words[];

/** conf_conn_options() - the options of a connection, for the parser */
cfg_opt_t *conf_conn_options(void);

/**
 * conf_conn_watch() - have values checked as soon as they are read
 * @root: parser, whose error function reports the line
 */
void conf_conn_watch(cfg_t *root);

/**
 * conf_conn_build() - convert a section and check it as a whole
 * @sec: section
 * @file: path of the configuration; a relative psk-file starts from its folder
 * @out: result; conf_conn_clear() in any case
 * @err: what is wrong and what would be right, without the line
 * @errlen: octets in @err
 *
 * Return: 0 or a negative errno.
 */
int conf_conn_build(cfg_t *sec, const char *file, struct conf_conn *out,
		    char *err, size_t errlen);

/** conf_conn_clear() - wipe the keys of a connection and free what it holds */
void conf_conn_clear(struct conf_conn *c);

#endif /* MOBX_AGENT_CONF_CONN_H */
