/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The process that asks OCSP responders, on behalf of the credentials: it has no
 * privileges, no keys and no files, and alone may open a connection.
 */
#ifndef MOBX_AGENT_FETCH_H
#define MOBX_AGENT_FETCH_H

/**
 * fetch_main() - run it until the parent or the credentials go
 * @parent: end of a pair
 * @creds: end of a pair, where questions come from
 *
 * Return: exit status.
 */
int fetch_main(int parent, int creds);

#endif /* MOBX_AGENT_FETCH_H */
