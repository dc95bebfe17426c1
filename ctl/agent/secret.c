// SPDX-License-Identifier: GPL-2.0
#include "agent/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/conf_file.h"
#include "agent/log.h"
#include "crypto/util.h"

#define NAME "qcd-secret"

static bool warn(const char *path, const char *why)
{
	log_line(IKE_LOG_WARNING, NULL, "start",
		 "%s: %s; without it peers notice a crash of this host late",
		 path, why);
	return false;
}

/* Returns 0, -ENOENT if there is none yet, or another negative errno. */
static int take(const char *path, uint8_t *secret, size_t len)
{
	struct stat st;
	size_t size = 0;
	char *text = conf_file_read(path, len, &size, &st);
	int ret = text ? 0 : -errno;

	if (!ret && (size != len || st.st_uid != geteuid() ||
		     st.st_mode & (S_IRWXG | S_IRWXO)))
		ret = -EPERM;
	if (!ret)
		memcpy(secret, text, len);
	if (text)
		explicit_bzero(text, size);
	free(text);
	return ret;
}

/* Whole or not at all: under another name until it is on the disk. */
static int put(const char *path, const uint8_t *secret, size_t len)
{
	char fresh[PATH_MAX + 8];
	int fd, ret = 0;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, secret, len) != (ssize_t)len || fsync(fd))
		ret = errno ? -errno : -ENOSPC;
	close(fd);
	if (!ret && rename(fresh, path))
		ret = -errno;
	if (ret)
		unlink(fresh);
	return ret;
}

bool secret_keep(const char *folder, uint8_t *secret, size_t len)
{
	char path[PATH_MAX];
	int ret;

	snprintf(path, sizeof(path), "%s/" NAME, folder);
	ret = take(path, secret, len);
	if (!ret)
		return true;
	if (ret == -EPERM || ret == -EFBIG)
		return warn(path, "is not what this agent has made; for root alone to read, or removed, would be right");
	if (ret != -ENOENT)
		return warn(path, strerror(-ret));
	if (mkdir(folder, 0700) && errno != EEXIST)
		return warn(folder, strerror(errno));
	ret = crypto_random(NULL, secret, len);
	if (!ret)
		ret = put(path, secret, len);
	if (!ret)
		return true;
	explicit_bzero(secret, len);
	return warn(path, strerror(-ret));
}
