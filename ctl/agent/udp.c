// SPDX-License-Identifier: GPL-2.0
#include "agent/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "agent/owner.h"
#include "wire/ike_const.h"

union pktinfo_space {
	struct cmsghdr align;
	char buf[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

static int explain(uint16_t port, int error, char *err, size_t errlen)
{
	char who[128];

	if (error == EADDRINUSE && owner_of_udp_port(port, who, sizeof(who)))
		snprintf(err, errlen,
			 "UDP port %u is taken by %s; only one IKE daemon can have ports %u and %u: stop it (for strongSwan: systemctl disable --now strongswan strongswan-starter)",
			 port, who, IKE_PORT, IKE_NATT_PORT);
	else if (error == EADDRINUSE)
		snprintf(err, errlen,
			 "UDP port %u is taken by another IKE daemon (charon, pluto, iked or a second mobxd); stop it, ports %u and %u are needed",
			 port, IKE_PORT, IKE_NATT_PORT);
	else
		snprintf(err, errlen, "cannot open UDP port %u: %s", port,
			 strerror(error));
	return -error;
}

int udp_open(uint16_t port, char *err, size_t errlen)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_ANY),
	};
	int on = 1, dont = IP_PMTUDISC_DONT, size = 1 << 20;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return explain(port, errno, err, errlen);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	/* Big IKE messages may be fragmented on their way. */
	setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &dont, sizeof(dont));
	if (!setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) &&
	    !bind(fd, (struct sockaddr *)&sin, sizeof(sin)))
		return fd;
	error = errno;
	close(fd);
	return explain(port, error, err, errlen);
}

static bool has_marker(const uint8_t *marker, size_t n)
{
	static const uint8_t zero[IKE_NON_ESP_MARKER_LEN];

	return n > sizeof(zero) && !memcmp(marker, zero, sizeof(zero));
}

int udp_receive(int fd, uint16_t port, struct wire_endpoint *local,
		struct wire_endpoint *remote, uint8_t *buf, size_t max)
{
	size_t marker_len = port == IKE_NATT_PORT ? IKE_NON_ESP_MARKER_LEN : 0;
	uint8_t marker[IKE_NON_ESP_MARKER_LEN];
	struct iovec iov[2] = {
		{ .iov_base = marker, .iov_len = marker_len },
		{ .iov_base = buf, .iov_len = max },
	};
	union pktinfo_space space;
	struct sockaddr_in from;
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = iov,
		.msg_iovlen = 2,
		.msg_control = space.buf,
		.msg_controllen = sizeof(space.buf),
	};
	struct in_pktinfo info;
	struct cmsghdr *cm;
	ssize_t n = recvmsg(fd, &msg, 0);

	/* Errors of earlier datagrams (ICMP) are no news: IKE retransmits. */
	if (n < 0)
		return errno == EAGAIN ? -EAGAIN : 0;
	cm = CMSG_FIRSTHDR(&msg);
	if ((msg.msg_flags & MSG_TRUNC) || !cm ||
	    cm->cmsg_level != IPPROTO_IP || cm->cmsg_type != IP_PKTINFO ||
	    (marker_len && !has_marker(marker, (size_t)n)) ||
	    !wire_endpoint_from_sockaddr(remote, (struct sockaddr *)&from,
					 msg.msg_namelen))
		return 0;
	memcpy(&info, CMSG_DATA(cm), sizeof(info));
	wire_addr_set(&local->addr, (const uint8_t *)&info.ipi_addr,
		      sizeof(info.ipi_addr));
	local->port = port;
	return (int)((size_t)n - marker_len);
}

int udp_send(int fd, const struct wire_endpoint *local,
	     const struct wire_endpoint *remote, uint32_t ifindex,
	     const uint8_t *data, size_t len)
{
	size_t marker_len = local->port == IKE_NATT_PORT ?
				    IKE_NON_ESP_MARKER_LEN : 0;
	uint8_t marker[IKE_NON_ESP_MARKER_LEN] = { 0 };
	struct iovec iov[2] = {
		{ .iov_base = marker, .iov_len = marker_len },
		{ .iov_base = (void *)(uintptr_t)data, .iov_len = len },
	};
	union pktinfo_space space = { 0 };
	struct sockaddr_storage to;
	struct msghdr msg = {
		.msg_name = &to,
		.msg_iov = iov,
		.msg_iovlen = 2,
		.msg_control = space.buf,
		.msg_controllen = sizeof(space.buf),
	};
	struct in_pktinfo info = { .ipi_ifindex = (int)ifindex };
	struct cmsghdr *cm = CMSG_FIRSTHDR(&msg);

	if (remote->addr.family != 4)
		return -EAFNOSUPPORT;
	msg.msg_namelen = wire_endpoint_to_sockaddr(remote, &to);
	if (local->addr.family == 4)
		memcpy(&info.ipi_spec_dst, local->addr.a,
		       sizeof(info.ipi_spec_dst));
	cm->cmsg_level = IPPROTO_IP;
	cm->cmsg_type = IP_PKTINFO;
	cm->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(cm), &info, sizeof(info));
	return sendmsg(fd, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}
