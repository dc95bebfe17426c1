/* SPDX-License-Identifier: GPL-2.0 */
/* A secret that outlives the agent. */
#ifndef MOBX_AGENT_SECRET_H
#define MOBX_AGENT_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * secret_keep() - the secret of this host, made at the first start
 * @folder: where it lies; made if need be, in a folder that exists
 * @secret: gets it
 * @len: octets of it
 *
 * Return: true; false if there is none and none can be kept, which is logged.
 */
bool secret_keep(const char *folder, uint8_t *secret, size_t len);

#endif /* MOBX_AGENT_SECRET_H */
