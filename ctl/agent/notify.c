// SPDX-License-Identifier: GPL-2.0
#include "agent/notify.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

union fd_space {
	struct cmsghdr align;
	char buf[CMSG_SPACE(sizeof(int))];
};

static void put_fd(struct msghdr *msg, union fd_space *space, int fd)
{
	struct cmsghdr *cm;

	msg->msg_control = space->buf;
	msg->msg_controllen = sizeof(space->buf);
	cm = CMSG_FIRSTHDR(msg);
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cm), &fd, sizeof(fd));
}

void notify_fd(const char *state, int attached)
{
	struct iovec iov = {
		.iov_base = (void *)(uintptr_t)state, .iov_len = strlen(state),
	};
	union fd_space space = { 0 };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;
	struct msghdr msg = {
		.msg_name = &sun, .msg_iov = &iov, .msg_iovlen = 1,
	};
	int fd;

	if (!len || len >= sizeof(sun.sun_path) ||
	    (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(sun.sun_path, path, len);
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	msg.msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				      len);
	if (attached >= 0)
		put_fd(&msg, &space, attached);
	/* Nobody to tell is no reason to stop. */
	(void)!sendmsg(fd, &msg, MSG_NOSIGNAL);
	close(fd);
}

void notify(const char *state)
{
	notify_fd(state, -1);
}
