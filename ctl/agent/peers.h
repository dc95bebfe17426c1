/* SPDX-License-Identifier: GPL-2.0 */
/* Which peers in the kernel are the agent's: those the worker may change. */
#ifndef MOBX_AGENT_PEERS_H
#define MOBX_AGENT_PEERS_H

#include <stdbool.h>
#include <stdint.h>

struct peers;

/** peers_new() - none yet; NULL without memory */
struct peers *peers_new(void);

/** peers_free() - NULL is fine */
void peers_free(struct peers *p);

/** peers_are_labelled() - is a label one that agents give: CONNECTION/IDENTITY */
bool peers_are_labelled(const char *label);

/** peers_has() - is the peer of a number the agent's */
bool peers_has(const struct peers *p, uint32_t id);

/** peers_add() - it is from now on: 0 or -ENOMEM */
int peers_add(struct peers *p, uint32_t id);

/** peers_del() - there is no such peer any more */
void peers_del(struct peers *p, uint32_t id);

#endif /* MOBX_AGENT_PEERS_H */
