// SPDX-License-Identifier: GPL-2.0
#include "agent/listen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/conf.h"

static int make_folder(const char *path, mode_t mode)
{
	return mkdir(path, mode) && errno != EEXIST ? -errno : 0;
}

static int folder_of(const char *path, char out[CONF_MAX_PATH])
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash - path >= CONF_MAX_PATH)
		return -EINVAL;
	snprintf(out, CONF_MAX_PATH, "%.*s", (int)(slash - path), path);
	return 0;
}

/* Is somebody there? */
static bool is_served(const struct sockaddr_un *sun, struct ucred *who)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(*who);
	bool served = false;

	memset(who, 0, sizeof(*who));
	if (fd >= 0 && !connect(fd, (const struct sockaddr *)sun, sizeof(*sun)))
		served = !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, who, &len);
	if (fd >= 0)
		close(fd);
	return served;
}

/* Only a socket that nobody serves is in the way; files are not ours. */
static int remove_stale(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	return unlink(path) ? -errno : 0;
}

static int bind_private(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t old;
	int ret;

	if (fd < 0)
		return -errno;
	old = umask(0177);
	ret = bind(fd, (const struct sockaddr *)sun, sizeof(*sun)) ? -errno : 0;
	umask(old);
	if (!ret && listen(fd, 16))
		ret = -errno;
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

int listen_control(const char *path, char *err, size_t errlen)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char folder[CONF_MAX_PATH];
	struct ucred who;
	int ret;

	if (strlen(path) >= sizeof(sun.sun_path) || folder_of(path, folder)) {
		snprintf(err, errlen,
			 "control socket %s: an absolute path of at most %zu characters would be right",
			 path, sizeof(sun.sun_path) - 1);
		return -EINVAL;
	}
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	ret = folder[0] ? make_folder(folder, 0755) : 0;
	if (!ret && is_served(&sun, &who)) {
		snprintf(err, errlen,
			 "another mobxd (pid %d) serves %s; stop it first, or give this one a network namespace and a control socket (-S PATH) of its own",
			 (int)who.pid, path);
		return -EADDRINUSE;
	}
	if (!ret)
		ret = remove_stale(path);
	if (!ret)
		ret = bind_private(&sun);
	if (ret < 0)
		snprintf(err, errlen, "cannot make the control socket %s: %s",
			 path, strerror(-ret));
	return ret;
}

int listen_empty_folder(const char *control, char *out, size_t outlen)
{
	char folder[CONF_MAX_PATH];
	struct stat st;
	int ret = folder_of(control, folder);

	if (ret)
		return ret;
	snprintf(out, outlen, "%s/empty", folder);
	if (folder[0])
		ret = make_folder(folder, 0755);
	if (!ret)
		ret = make_folder(out, 0555);
	if (!ret && (lstat(out, &st) || !S_ISDIR(st.st_mode) || st.st_uid))
		ret = -ENOTDIR;
	return ret;
}
