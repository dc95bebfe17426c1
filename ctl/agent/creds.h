/* SPDX-License-Identifier: GPL-2.0 */
/* The process that knows the keys. */
#ifndef MOBX_AGENT_CREDS_H
#define MOBX_AGENT_CREDS_H

/**
 * creds_main() - run it until one of the others goes
 * @parent: end of a pair, where keys come from
 * @worker: end of a pair, where questions come from
 * @fetch: end of a pair, to who asks OCSP responders
 *
 * Return: exit status.
 */
int creds_main(int parent, int worker, int fetch);

#endif /* MOBX_AGENT_CREDS_H */
