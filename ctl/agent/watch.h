/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which of this host's addresses can be used now, as rtnetlink tells it. The
 * first event of a burst is acted on at once; what follows within a few
 * milliseconds is looked at together.
 */
#ifndef MOBX_AGENT_WATCH_H
#define MOBX_AGENT_WATCH_H

#include "ike/ike.h"

struct event_base;
struct watch;

/**
 * watch_new() - begin to watch links, addresses, routes and rules
 * @base: event loop
 * @changed: called when watch_usable() may give another answer
 * @ctx: its argument
 * @err: reason of a failure
 * @errlen: octets in @err
 *
 * Return: the watcher, or NULL.
 */
struct watch *watch_new(struct event_base *base, void (*changed)(void *ctx),
			void *ctx, char *err, size_t errlen);

/** watch_free() - end it; NULL is fine */
void watch_free(struct watch *w);

/**
 * watch_usable() - who can be reached from where
 * @w: watcher
 * @remotes: addresses to be reached
 * @n: their number
 * @out: gets pairs, for each remote the kernel's own choice first, then by
 *	metric of the route
 * @max: room in @out
 *
 * Own addresses count whose link is up, has a carrier and is no tunnel of ours
 * (rtnl_is_tunnel()), and that are neither of the host itself nor still being
 * checked. What is deprecated or, of IPv6, temporary (RFC 8981) where the link
 * has another is transient and comes last, after all other pairs. Each is asked
 * of the kernel with source address and interface; no routing table is dumped.
 *
 * Return: number of pairs.
 */
unsigned int watch_usable(struct watch *w, const struct wire_addr *remotes,
			  unsigned int n, struct ike_host_addr *out,
			  unsigned int max);

/**
 * watch_own() - own addresses, whatever they reach
 * @w: watcher
 * @out: gets them, those that peers are told of first
 * @max: room in @out
 *
 * Return: their number.
 */
unsigned int watch_own(struct watch *w, struct ike_own_addr *out,
		       unsigned int max);

/**
 * watch_ignore() - leave the addresses of a device out
 * @w: watcher
 * @device: its name, whether it exists or not; until the watcher ends
 *
 * For virtual addresses: they are behind the tunnel that would use them.
 */
void watch_ignore(struct watch *w, const char *device);

/**
 * watch_hop() - link address that a next hop had a while ago
 * @w: watcher
 * @ifindex: its link, which has not lost its carrier since
 * @hop: a next hop of watch_usable()
 * @mac: gets the Ethernet address, six octets
 *
 * With the last IPv4 address of a link the kernel forgets all neighbours there.
 *
 * Return: whether it is known.
 */
bool watch_hop(const struct watch *w, uint32_t ifindex,
	       const struct wire_addr *hop, uint8_t *mac);

#endif /* MOBX_AGENT_WATCH_H */
