/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The UDP sockets of IKE: ports 500 and 4500, each for IPv4 and IPv6. A socket
 * for both families would show IPv4 addresses in another form.
 */
#ifndef MOBX_AGENT_UDP_H
#define MOBX_AGENT_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/addr.h"

/** UDP_MAX - octets that any datagram fits in */
#define UDP_MAX 65536

/** UDP_SOCKETS - two ports, two families; see udp_index() */
#define UDP_SOCKETS 4

/** udp_index() - place of the socket of a family, 4 or 6, and a port */
unsigned int udp_index(uint8_t family, uint16_t port);

/** udp_port() - port of the socket at a place */
uint16_t udp_port(unsigned int index);

/**
 * udp_open() - bind a port on all addresses of a family
 * @index: which, see udp_index()
 * @err: reason of a failure; names who has the port
 * @errlen: octets in @err
 *
 * Return: non-blocking descriptor; -EAFNOSUPPORT if the kernel does without the
 * family; or another negative errno.
 */
int udp_open(unsigned int index, char *err, size_t errlen);

/**
 * udp_take() - use a socket that udp_open() made in an earlier run
 * @fd: descriptor of anything
 * @index: which socket it is to be
 *
 * Return: 0 if it is that: UDP, bound to this port on all addresses of this family
 * and nothing else, in this network namespace; or a negative errno.
 */
int udp_take(int fd, unsigned int index);

/**
 * udp_receive() - one datagram
 * @fd: socket
 * @index: its place
 * @local: gets the address that it came to
 * @remote: gets where it came from
 * @buf: gets the data, without the non-ESP marker
 * @max: room in @buf
 *
 * On port 4500 what does not begin with the marker (ESP in UDP, NAT keepalives)
 * is not for IKE (RFC 3948, section 2.2). Nor is what comes by link-local IPv6
 * addresses, which mean nothing without a link, or by multicast.
 *
 * Return: octets; 0 for a datagram to be ignored; -EAGAIN when there is none.
 */
int udp_receive(int fd, unsigned int index, struct wire_endpoint *local,
		struct wire_endpoint *remote, uint8_t *buf, size_t max);

/**
 * udp_send() - one datagram with a chosen source address
 * @fd: socket; on port 4500 the marker is put in front
 * @local: source; family 0 lets the kernel choose
 * @remote: destination, of the socket's family
 * @ifindex: interface to leave by, 0 for what the routes say
 * @data: octets
 * @len: their number
 *
 * Return: 0 or a negative errno.
 */
int udp_send(int fd, const struct wire_endpoint *local,
	     const struct wire_endpoint *remote, uint32_t ifindex,
	     const uint8_t *data, size_t len);

#endif /* MOBX_AGENT_UDP_H */
