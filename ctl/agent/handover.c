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

#include "agent/log.h"
#include "ike/ike.h"

static const char magic[8] = "mobx-ike";

static int name_it(struct handover *h, const char *control)
{
	memset(h, 0, sizeof(*h));
	h->fd = -1;
	if (strlen(control) >= CONF_MAX_PATH)
		return -ENAMETOOLONG;
	snprintf(h->path, sizeof(h->path), "%s.handover", control);
	snprintf(h->fresh, sizeof(h->fresh), "%s.handover.new", control);
	return 0;
}

static bool in_memory(int fd)
{
	struct statfs s;

	return !fstatfs(fd, &s) &&
	       (s.f_type == TMPFS_MAGIC || s.f_type == RAMFS_MAGIC);
}

/* Pages that are free again may hold what was there for long. */
static void wipe(int fd)
{
	static const uint8_t zeros[4096];
	off_t left = lseek(fd, 0, SEEK_END);
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET))
		return;
	for (; left > 0; left -= n) {
		n = write(fd, zeros, left < (off_t)sizeof(zeros) ?
				     (size_t)left : sizeof(zeros));
		if (n <= 0)
			return;
	}
}

static void put(struct handover *h, const void *data, size_t len)
{
	if (!h->failed && write(h->fd, data, len) != (ssize_t)len)
		h->failed = true;
}

static void wipe_and_close(struct handover *h)
{
	wipe(h->fd);
	close(h->fd);
	h->fd = -1;
}

void handover_drop(struct handover *h)
{
	if (h->fd < 0)
		return;
	unlink(h->fresh);
	wipe_and_close(h);
}

/*
 * Has an agent written it? What another has put there is not ours to remove.
 * One that was killed may not have come to the end of the first octets.
 */
static bool is_ours(int fd)
{
	char start[sizeof(magic)];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return false;
	n = read(fd, start, sizeof(start));
	return n >= 0 && !memcmp(start, magic, (size_t)n);
}

static int open_left(const char *path)
{
	return open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/* What a run has left that was killed while it wrote. */
static void drop_stale(const struct handover *h)
{
	int fd = open_left(h->fresh);

	if (fd < 0)
		return;
	if (is_ours(fd)) {
		unlink(h->fresh);
		wipe(fd);
	}
	close(fd);
}

int handover_begin(struct handover *h, const char *control, char *err,
		   size_t errlen)
{
	int ret = name_it(h, control);

	if (!ret) {
		drop_stale(h);
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

/* Whole from the start on, and nobody else may have read or written it. */
static bool is_sound(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && !(st.st_mode & (S_IRWXG | S_IRWXO)) &&
	       !st.st_nlink && in_memory(fd) &&
	       lseek(fd, 0, SEEK_CUR) == sizeof(magic);
}

static void warn(const struct handover *h, const char *what, const char *why)
{
	log_line(IKE_LOG_WARNING, NULL, "start",
		 "%s %s%s; IKE SAs are made anew", h->path, what, why);
}

bool handover_find(struct handover *h, const char *control)
{
	if (name_it(h, control))
		return false;
	drop_stale(h);
	h->fd = open_left(h->path);
	if (h->fd < 0) {
		if (errno != ENOENT)
			warn(h, "cannot be read: ", strerror(errno));
		return false;
	}
	if (!is_ours(h->fd)) {
		warn(h, "is not what an agent has left", "; it stays");
		close(h->fd);
		h->fd = -1;
		return false;
	}
	if (unlink(h->path))
		/* It would be there for another one as well. */
		warn(h, "cannot be removed: ", strerror(errno));
	else if (!is_sound(h->fd))
		warn(h, "is cut, not on a tmpfs or not for root alone",
		     "; it is removed");
	else
		return true;
	wipe_and_close(h);
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
	wipe_and_close(h);
}
