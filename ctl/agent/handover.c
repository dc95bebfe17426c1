// SPDX-License-Identifier: GPL-2.0
#include "agent/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "agent/listen.h"
#include "agent/log.h"
#include "ike/ike.h"

static const char magic[8] = "mobx-ike";

static int name_it(struct handover *h, const char *control)
{
	char folder[CONF_MAX_PATH];
	int ret = listen_folder(control, folder);

	memset(h, 0, sizeof(*h));
	h->fd = -1;
	if (ret)
		return ret;
	snprintf(h->path, sizeof(h->path), "%s/handover", folder);
	snprintf(h->fresh, sizeof(h->fresh), "%s/handover.new", folder);
	return 0;
}

static bool in_memory(int fd)
{
	struct statfs s;

	return !fstatfs(fd, &s) &&
	       (s.f_type == TMPFS_MAGIC || s.f_type == RAMFS_MAGIC);
}

static void put(struct handover *h, const void *data, size_t len)
{
	if (!h->failed && write(h->fd, data, len) != (ssize_t)len)
		h->failed = true;
}

void handover_drop(struct handover *h)
{
	if (h->fd < 0)
		return;
	close(h->fd);
	h->fd = -1;
	unlink(h->fresh);
}

int handover_begin(struct handover *h, const char *control, char *err,
		   size_t errlen)
{
	int ret = name_it(h, control);

	if (!ret) {
		unlink(h->fresh);
		h->fd = open(h->fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
			     O_CLOEXEC, 0600);
		ret = h->fd < 0 ? -errno : 0;
	}
	if (ret) {
		snprintf(err, errlen, "cannot make %s: %s", h->fresh,
			 strerror(-ret));
		return ret;
	}
	if (!in_memory(h->fd)) {
		snprintf(err, errlen,
			 "%s would be on a disk, where no key may be; a control socket in a folder on a tmpfs, such as /run/mobx, would be right",
			 h->path);
		handover_drop(h);
		return -EMEDIUMTYPE;
	}
	put(h, magic, sizeof(magic));
	return 0;
}

void handover_add(struct handover *h, const void *data, size_t len)
{
	uint8_t head[4];

	if (h->fd < 0 || !len || len > IKE_STATE_MAX)
		return;
	wire_put_u32(head, (uint32_t)len);
	put(h, head, sizeof(head));
	put(h, data, len);
	h->n++;
}

int handover_end(struct handover *h)
{
	int ret = h->failed ? -ENOSPC : 0;

	if (h->fd < 0)
		return -EBADF;
	if (!ret && rename(h->fresh, h->path))
		ret = -errno;
	if (ret) {
		handover_drop(h);
		return ret;
	}
	close(h->fd);
	h->fd = -1;
	return 0;
}

/* ------------------------------------------------------------------- reading */

static bool is_ours(int fd)
{
	char start[sizeof(magic)];
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) &&
	       st.st_uid == geteuid() && !(st.st_mode & (S_IRWXG | S_IRWXO)) &&
	       in_memory(fd) &&
	       read(fd, start, sizeof(start)) == sizeof(start) &&
	       !memcmp(start, magic, sizeof(magic));
}

bool handover_find(struct handover *h, const char *control)
{
	if (name_it(h, control))
		return false;
	h->fd = open(h->path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (h->fd < 0) {
		if (errno != ENOENT)
			log_line(IKE_LOG_WARNING, NULL, "start",
				 "cannot read %s: %s; IKE SAs are made anew",
				 h->path, strerror(errno));
		return false;
	}
	if (unlink(h->path)) {
		/* It would be there for another one as well. */
		log_line(IKE_LOG_WARNING, NULL, "start",
			 "cannot remove %s: %s; IKE SAs are made anew", h->path,
			 strerror(errno));
	} else if (!is_ours(h->fd)) {
		log_line(IKE_LOG_WARNING, NULL, "start",
			 "%s is not what an agent has left; it is removed, IKE SAs are made anew",
			 h->path);
	} else {
		return true;
	}
	close(h->fd);
	h->fd = -1;
	return false;
}

static bool take(int fd, uint8_t *data, size_t *len)
{
	struct wire_rd rd;
	uint8_t head[4];

	if (read(fd, head, sizeof(head)) != sizeof(head))
		return false;
	wire_rd_init(&rd, head, sizeof(head));
	*len = wire_rd_u32(&rd);
	return *len && *len <= IKE_STATE_MAX &&
	       read(fd, data, *len) == (ssize_t)*len;
}

/* Pages that are free again may hold what was there for long. */
static void wipe(int fd)
{
	static const uint8_t zeros[4096];
	off_t size = lseek(fd, 0, SEEK_END), at;

	if (size <= 0 || lseek(fd, 0, SEEK_SET))
		return;
	for (at = 0; at < size; at += (off_t)sizeof(zeros))
		if (write(fd, zeros, sizeof(zeros)) < 0)
			return;
}

void handover_read(struct handover *h,
		   void (*fn)(void *ctx, const void *data, size_t len),
		   void *ctx)
{
	static uint8_t data[IKE_STATE_MAX];
	size_t len, total = 0;

	while (total < IKE_STATES_MAX && take(h->fd, data, &len)) {
		total += len;
		fn(ctx, data, len);
		h->n++;
	}
	explicit_bzero(data, sizeof(data));
	wipe(h->fd);
	close(h->fd);
	h->fd = -1;
}
