/* SPDX-License-Identifier: GPL-2.0 */
/* Reading one `pool` section. */
#ifndef MOBX_AGENT_CONF_POOL_H
#define MOBX_AGENT_CONF_POOL_H

#include <confuse.h>

#include "agent/conf.h"

/** conf_pool_options() - options of the section, for CFG_SEC() */
cfg_opt_t *conf_pool_options(void);

/** conf_pool_watch() - check the values as they are read, for their lines */
void conf_pool_watch(cfg_t *root);

/**
 * conf_pool_build() - the pools of a file
 * @root: parsed, each section checked
 * @out: gets them
 *
 * Return: how many.
 */
unsigned int conf_pool_build(cfg_t *root, struct conf_pool out[CONF_MAX_POOLS]);

#endif /* MOBX_AGENT_CONF_POOL_H */
