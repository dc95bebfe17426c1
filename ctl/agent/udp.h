/* SPDX-License-Identifier: GPL-2.0 */
/* The UDP sockets of IKE: one for port 500, one for port 4500. */
#ifndef MOBX_AGENT_UDP_H
#define MOBX_AGENT_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/addr.h"

/** UDP_MAX - octets that any datagram fits in */
#define UDP_MAX 65536

/**
 * udp_open() - bind a port on all addresses
 * @port: 500 or 4500
 * @err: reason of a failure; names who has the port
 * @errlen: octets in @err
 *
 * Return: non-blocking descriptor, or a negative errno.
 */
int udp_open(uint16_t port, char *err, size_t errlen);

/**
 * udp_receive() - one datagram
 * @fd: socket
 * @port: that it is bound to
 * @local: gets the address that it came to
 * @remote: gets where it came from
 * @buf: gets the data, without the non-ESP marker
 * @max: room in @buf
 *
 * On port 4500 what does not begin with the marker (ESP in UDP, NAT keepalives)
 * is not for IKE (RFC 3948, section 2.2).
 *
 * Return: octets; 0 for a datagram to be ignored; -EAGAIN when there is none.
 */
int udp_receive(int fd, uint16_t port, struct wire_endpoint *local,
		struct wire_endpoint *remote, uint8_t *buf, size_t max);

/**
 * udp_send() - one datagram with a chosen source address
 * @fd: socket; on port 4500 the marker is put in front
 * @local: source; family 0 lets the kernel choose
 * @remote: destination
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
