/* SPDX-License-Identifier: GPL-2.0 */
/* The control socket and its folder. */
#ifndef MOBX_AGENT_LISTEN_H
#define MOBX_AGENT_LISTEN_H

#include <stddef.h>

/**
 * listen_control() - make the control socket
 * @path: where
 * @err: reason of a failure; names another agent that has it
 * @errlen: octets in @err
 *
 * What an agent that died has left is replaced.
 *
 * Return: listening descriptor; -EADDRINUSE if another agent serves it; or
 * another negative errno.
 */
int listen_control(const char *path, char *err, size_t errlen);

/**
 * listen_empty_folder() - a folder to lock the other processes into
 * @control: path of the control socket; the folder is its neighbour "empty"
 * @out: gets the path
 * @outlen: octets in @out
 *
 * Return: 0 or a negative errno.
 */
int listen_empty_folder(const char *control, char *out, size_t outlen);

#endif /* MOBX_AGENT_LISTEN_H */
