// SPDX-License-Identifier: GPL-2.0
#include "agent/udp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "agent/owner.h"
#include "wire/ike_const.h"

/* Room for the own address of a datagram, IPv4 or IPv6. */
union pktinfo_space {
	struct cmsghdr align;
	char buf[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

unsigned int udp_index(uint8_t family, uint16_t port)
{
	return (family == 6 ? 2u : 0u) + (port == IKE_NATT_PORT ? 1u : 0u);
}

uint16_t udp_port(unsigned int index)
{
	return index % 2 ? IKE_NATT_PORT : IKE_PORT;
}

static bool is_ipv6(unsigned int index)
{
	return index >= 2;
}

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

static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* Big IKE messages may be fragmented on their way. */
static int set_ipv4(int fd)
{
	set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
	return set(fd, IPPROTO_IP, IP_PKTINFO, 1);
}

static int set_ipv6(int fd)
{
	set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
	if (set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1))
		return -1;
	return set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

int udp_open(unsigned int index, char *err, size_t errlen)
{
	struct wire_endpoint any = {
		.addr.family = is_ipv6(index) ? 6 : 4,
		.port = udp_port(index),
	};
	struct sockaddr_storage ss;
	socklen_t len = wire_endpoint_to_sockaddr(&any, &ss);
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);
	int error;

	if (fd < 0)
		return explain(any.port, errno, err, errlen);
	set(fd, SOL_SOCKET, SO_RCVBUFFORCE, 1 << 20);
	/* Keepalives are dropped then, and ESP goes to the module. */
	if ((any.port != IKE_NATT_PORT ||
	     !set(fd, IPPROTO_UDP, UDP_ENCAP, UDP_ENCAP_ESPINUDP)) &&
	    !(is_ipv6(index) ? set_ipv6(fd) : set_ipv4(fd)) &&
	    !bind(fd, (struct sockaddr *)&ss, len))
		return fd;
	error = errno;
	close(fd);
	return explain(any.port, error, err, errlen);
}

static bool is(int fd, int option, int value)
{
	socklen_t len = sizeof(int);
	int v = -1;

	return !getsockopt(fd, SOL_SOCKET, option, &v, &len) && v == value;
}

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* In another namespace nothing would ever arrive. Kernels before 5.14 cannot say. */
static bool is_here(int fd)
{
	uint64_t theirs = 0, ours = 0;
	socklen_t len = sizeof(theirs), own_len = sizeof(ours);
	int own = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool here;

	if (own < 0)
		return false;
	here = getsockopt(own, SOL_SOCKET, SO_NETNS_COOKIE, &ours, &own_len) ||
	       (!getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &theirs, &len) &&
		ours == theirs);
	close(own);
	return here;
}

/* Bound to a port on all addresses, and to nobody in particular. */
static bool is_bound(int fd, unsigned int index)
{
	struct wire_endpoint any = {
		.addr.family = is_ipv6(index) ? 6 : 4,
		.port = udp_port(index),
	}, at;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) ||
	    !wire_endpoint_from_sockaddr(&at, (struct sockaddr *)&ss, len) ||
	    !wire_addr_equal(&at.addr, &any.addr) || at.port != any.port)
		return false;
	len = sizeof(ss);
	return getpeername(fd, (struct sockaddr *)&ss, &len) &&
	       errno == ENOTCONN;
}

int udp_take(int fd, unsigned int index)
{
	int flags = fcntl(fd, F_GETFL), only = 0;
	socklen_t len = sizeof(only);

	if (flags < 0 || !is(fd, SO_DOMAIN, is_ipv6(index) ? AF_INET6 : AF_INET) ||
	    !is(fd, SO_TYPE, SOCK_DGRAM) || !is(fd, SO_PROTOCOL, IPPROTO_UDP) ||
	    !is_bound(fd, index) || !is_here(fd))
		return -ENOTSOCK;
	/* What is bound cannot be told any more that it is for IPv6 only. */
	if (is_ipv6(index) &&
	    (getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &len) || !only ||
	     set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)))
		return -EINVAL;
	if ((!is_ipv6(index) && set_ipv4(fd)) ||
	    (udp_port(index) == IKE_NATT_PORT &&
	     set(fd, IPPROTO_UDP, UDP_ENCAP, UDP_ENCAP_ESPINUDP)) ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

static bool has_marker(const uint8_t *marker, size_t n)
{
	static const uint8_t zero[IKE_NON_ESP_MARKER_LEN];

	return n > sizeof(zero) && !memcmp(marker, zero, sizeof(zero));
}

/* To which own address a datagram came; false if the kernel does not say. */
static bool came_to(struct msghdr *msg, struct wire_addr *local)
{
	struct cmsghdr *cm = CMSG_FIRSTHDR(msg);
	struct in6_pktinfo info6;
	struct in_pktinfo info;

	if (!cm)
		return false;
	if (cm->cmsg_level == IPPROTO_IP && cm->cmsg_type == IP_PKTINFO) {
		memcpy(&info, CMSG_DATA(cm), sizeof(info));
		return wire_addr_set(local, (const uint8_t *)&info.ipi_addr,
				     sizeof(info.ipi_addr));
	}
	if (cm->cmsg_level != IPPROTO_IPV6 || cm->cmsg_type != IPV6_PKTINFO)
		return false;
	memcpy(&info6, CMSG_DATA(cm), sizeof(info6));
	return wire_addr_set(local, info6.ipi6_addr.s6_addr,
			     sizeof(info6.ipi6_addr));
}

/* An IPv6 address that means one host, whatever the link. */
static bool is_global(const struct wire_addr *a)
{
	return a->family != 6 || wire_addr_kind(a) == WIRE_ADDR_UNICAST ||
	       wire_addr_kind(a) == WIRE_ADDR_LOOPBACK;
}

int udp_receive(int fd, unsigned int index, struct wire_endpoint *local,
		struct wire_endpoint *remote, uint8_t *buf, size_t max)
{
	uint16_t port = udp_port(index);
	size_t marker_len = port == IKE_NATT_PORT ? IKE_NON_ESP_MARKER_LEN : 0;
	uint8_t marker[IKE_NON_ESP_MARKER_LEN];
	struct iovec iov[2] = {
		{ .iov_base = marker, .iov_len = marker_len },
		{ .iov_base = buf, .iov_len = max },
	};
	union pktinfo_space space;
	struct sockaddr_storage from;
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = iov,
		.msg_iovlen = 2,
		.msg_control = space.buf,
		.msg_controllen = sizeof(space.buf),
	};
	ssize_t n = recvmsg(fd, &msg, 0);

	/* Errors of earlier datagrams (ICMP) are no news: IKE retransmits. */
	if (n < 0)
		return errno == EAGAIN ? -EAGAIN : 0;
	if ((msg.msg_flags & MSG_TRUNC) || !came_to(&msg, &local->addr) ||
	    (marker_len && !has_marker(marker, (size_t)n)) ||
	    !wire_endpoint_from_sockaddr(remote, (struct sockaddr *)&from,
					 msg.msg_namelen) ||
	    !is_global(&local->addr) || !is_global(&remote->addr))
		return 0;
	local->port = port;
	return (int)((size_t)n - marker_len);
}

static void leave_from(struct msghdr *msg, const struct wire_addr *local,
		       bool ipv6, uint32_t ifindex)
{
	struct in6_pktinfo info6 = { .ipi6_ifindex = ifindex };
	struct in_pktinfo info = { .ipi_ifindex = (int)ifindex };
	struct cmsghdr *cm = CMSG_FIRSTHDR(msg);
	size_t len = ipv6 ? sizeof(info6) : sizeof(info);

	if (ipv6 && local->family == 6)
		memcpy(&info6.ipi6_addr, local->a, sizeof(info6.ipi6_addr));
	if (!ipv6 && local->family == 4)
		memcpy(&info.ipi_spec_dst, local->a, sizeof(info.ipi_spec_dst));
	cm->cmsg_level = ipv6 ? IPPROTO_IPV6 : IPPROTO_IP;
	cm->cmsg_type = ipv6 ? IPV6_PKTINFO : IP_PKTINFO;
	cm->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(cm), ipv6 ? (void *)&info6 : (void *)&info, len);
	msg->msg_controllen = CMSG_SPACE(len);
}

int udp_send(int fd, const struct wire_endpoint *local,
	     const struct wire_endpoint *remote, uint32_t ifindex,
	     const uint8_t *data, size_t len)
{
	/* A NAT keepalive, one octet, is neither IKE nor ESP. */
	size_t marker_len = local->port == IKE_NATT_PORT && len > 1 ?
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

	msg.msg_namelen = wire_endpoint_to_sockaddr(remote, &to);
	if (fd < 0 || !msg.msg_namelen)
		return -EAFNOSUPPORT;
	leave_from(&msg, &local->addr, remote->addr.family == 6, ifindex);
	return sendmsg(fd, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}
