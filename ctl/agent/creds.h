/* SPDX-License-Identifier: GPL-2.0 */
/* The process that knows the pre-shared keys. */
#ifndef MOBX_AGENT_CREDS_H
#define MOBX_AGENT_CREDS_H

/**
 * creds_main() - run it until the parent or the worker goes
 * @parent: end of a pair, where keys come from
 * @worker: end of a pair, where questions come from
 *
 * Return: exit status.
 */
int creds_main(int parent, int worker);

#endif /* MOBX_AGENT_CREDS_H */
