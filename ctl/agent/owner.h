/* SPDX-License-Identifier: GPL-2.0 */
/* Who is in the way. */
#ifndef MOBX_AGENT_OWNER_H
#define MOBX_AGENT_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * owner_of_udp_port() - which process of this network namespace has a port
 * @port: local port, IPv4 or IPv6
 * @who: gets "NAME (pid N)"
 * @len: octets in @who
 *
 * Return: whether one was found.
 */
bool owner_of_udp_port(uint16_t port, char *who, size_t len);

/**
 * owner_xfrm_policies() - policies of the kernel's own IPsec
 *
 * Return: how many there are here, those of single sockets not counted.
 */
unsigned int owner_xfrm_policies(void);

#endif /* MOBX_AGENT_OWNER_H */
