// SPDX-License-Identifier: GPL-2.0
#include "agent/conf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/log.h"

char *conf_file_read(const char *path, size_t max, size_t *size,
		     struct stat *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), error;
	char *buf = NULL;
	struct stat st;
	size_t got = 0;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st))
		goto fail;
	if (!S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		goto fail;
	}
	if ((size_t)st.st_size > max) {
		errno = EFBIG;
		goto fail;
	}
	buf = calloc(1, (size_t)st.st_size + 1);
	if (!buf)
		goto fail;
	while (got < (size_t)st.st_size) {
		n = read(fd, buf + got, (size_t)st.st_size - got);
		if (n < 0)
			goto fail;
		if (!n)
			break;
		got += (size_t)n;
	}
	close(fd);
	*size = got;
	if (out)
		*out = st;
	return buf;
fail:
	error = errno;
	if (buf)
		explicit_bzero(buf, got);
	free(buf);
	if (fd >= 0)
		close(fd);
	errno = error;
	return NULL;
}

void conf_file_path(const char *name, const char *conf, char *out, size_t len)
{
	const char *slash = strrchr(conf, '/');

	if (name[0] == '/' || !slash)
		snprintf(out, len, "%s", name);
	else
		snprintf(out, len, "%.*s/%s", (int)(slash - conf), conf, name);
}

void conf_file_secret(const char *path, const struct stat *st)
{
	if (st->st_mode & (S_IRWXG | S_IRWXO))
		log_line(IKE_LOG_WARNING, NULL, "config",
			 "others than its owner can read or change %s; chmod 600 would be right",
			 path);
}
