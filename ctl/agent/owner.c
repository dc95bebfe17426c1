// SPDX-License-Identifier: GPL-2.0
#include "agent/owner.h"

#include <ctype.h>
#include <dirent.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define MAX_INODES 16

/* Columns: slot, local ADDR:PORT in hex, remote, state, queues, ..., inode. */
static unsigned int socket_inodes(const char *table, uint16_t port,
				  unsigned long *inode, unsigned int max)
{
	FILE *f = fopen(table, "re");
	unsigned int n = 0;
	char line[512];

	while (f && n < max && fgets(line, sizeof(line), f)) {
		unsigned int p;

		if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*s %*s %*s %*s %*s %*s %*s %lu",
			   &p, &inode[n]) == 2 && p == port)
			n++;
	}
	if (f)
		fclose(f);
	return n;
}

static bool holds(const char *pid, const unsigned long *inode, unsigned int n)
{
	char path[300], link[64];
	bool found = false;
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	d = opendir(path);
	while (d && !found && (e = readdir(d))) {
		unsigned long got;
		ssize_t len;

		len = readlinkat(dirfd(d), e->d_name, link, sizeof(link) - 1);
		if (len <= 0)
			continue;
		link[len] = '\0';
		if (sscanf(link, "socket:[%lu]", &got) != 1)
			continue;
		for (unsigned int i = 0; i < n; i++)
			found |= inode[i] == got;
	}
	if (d)
		closedir(d);
	return found;
}

static void name_of(const char *pid, char *who, size_t len)
{
	char path[300], name[32] = "?";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "re");
	if (f) {
		if (fgets(name, sizeof(name), f))
			name[strcspn(name, "\n")] = '\0';
		fclose(f);
	}
	snprintf(who, len, "%s (pid %s)", name, pid);
}

bool owner_of_udp_port(uint16_t port, char *who, size_t len)
{
	unsigned long inode[2 * MAX_INODES];
	bool found = false;
	struct dirent *e;
	unsigned int n;
	DIR *d;

	n = socket_inodes("/proc/net/udp", port, inode, MAX_INODES);
	n += socket_inodes("/proc/net/udp6", port, inode + n, MAX_INODES);
	if (!n)
		return false;
	d = opendir("/proc");
	while (d && !found && (e = readdir(d))) {
		if (!isdigit((unsigned char)e->d_name[0]) ||
		    !holds(e->d_name, inode, n))
			continue;
		name_of(e->d_name, who, len);
		found = true;
	}
	if (d)
		closedir(d);
	return found;
}

unsigned int owner_xfrm_policies(void)
{
	struct {
		struct nlmsghdr h;
		uint32_t flags;
	} req = {
		.h = {
			.nlmsg_len = sizeof(req),
			.nlmsg_type = XFRM_MSG_GETSPDINFO,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.flags = UINT32_MAX,
	};
	struct timeval second = { .tv_sec = 1 };
	struct xfrmu_spdinfo info = { 0 };
	union {
		struct nlmsghdr h;
		char buf[4096];
	} rsp;
	struct nlattr *tb[XFRMA_SPD_MAX + 1];
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);
	ssize_t n = -1;

	if (fd < 0)
		return 0;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	if (send(fd, &req, sizeof(req), 0) == (ssize_t)sizeof(req))
		n = recv(fd, &rsp, sizeof(rsp), 0);
	close(fd);
	if (n > 0 && nlmsg_ok(&rsp.h, (int)n) &&
	    rsp.h.nlmsg_type == XFRM_MSG_NEWSPDINFO &&
	    !nlmsg_parse(&rsp.h, sizeof(uint32_t), tb, XFRMA_SPD_MAX, NULL) &&
	    tb[XFRMA_SPD_INFO] &&
	    nla_len(tb[XFRMA_SPD_INFO]) >= (int)sizeof(info))
		memcpy(&info, nla_data(tb[XFRMA_SPD_INFO]), sizeof(info));
	return info.incnt + info.outcnt + info.fwdcnt;
}
