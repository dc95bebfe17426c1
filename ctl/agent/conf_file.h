/* SPDX-License-Identifier: GPL-2.0 */
/* Files that the configuration consists of or names. */
#ifndef MOBX_AGENT_CONF_FILE_H
#define MOBX_AGENT_CONF_FILE_H

#include <stddef.h>
#include <sys/stat.h>

/**
 * conf_file_read() - a whole file
 * @path: regular file
 * @max: most octets that it may have
 * @size: gets its octets
 * @st: gets what the file system says of it; or NULL
 *
 * Return: its octets and a closing NUL, which the caller wipes if need be and
 * frees; NULL and errno.
 */
char *conf_file_read(const char *path, size_t max, size_t *size,
		     struct stat *st);

/**
 * conf_file_path() - a path that the configuration names
 * @name: absolute, or from the folder of the configuration
 * @conf: path of the configuration
 * @out: gets the path
 * @len: octets in @out
 */
void conf_file_path(const char *name, const char *conf, char *out, size_t len);

/** conf_file_secret() - warn if others than its owner can read a file */
void conf_file_secret(const char *path, const struct stat *st);

#endif /* MOBX_AGENT_CONF_FILE_H */
