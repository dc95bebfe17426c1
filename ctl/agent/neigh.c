// SPDX-License-Identifier: GPL-2.0
#include "agent/neigh.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void neigh_open(struct neigh *n)
{
	/* Protocol 0: it sends, and never gets a packet. */
	n->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (n->fd < 0)
		n->fd = -errno;
	else if (rtnl_open(&n->rtnl))
		neigh_close(n);
}

void neigh_close(struct neigh *n)
{
	if (n->fd < 0)
		return;
	close(n->fd);
	rtnl_close(&n->rtnl);
	n->fd = -EBADF;
}

/* The kernel learns of nobody but whom its own routes lead to. */
static bool is_next_hop(struct neigh *n, const struct neigh_ask *m)
{
	struct rtnl_route r;

	return m->remote.family == 4 &&
	       !rtnl_lookup(&n->rtnl, &m->remote, &m->local, m->ifindex, &r) &&
	       r.ifindex == m->ifindex &&
	       wire_addr_equal(r.hop.family ? &r.hop : &m->remote, &m->hop);
}

int neigh_ask(struct neigh *n, const struct neigh_ask *m)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = (int)m->ifindex,
		.sll_halen = ETH_ALEN,
	};
	struct ether_arp arp = {
		.ea_hdr.ar_hrd = htons(ARPHRD_ETHER),
		.ea_hdr.ar_pro = htons(ETH_P_IP),
		.ea_hdr.ar_hln = ETH_ALEN,
		.ea_hdr.ar_pln = sizeof(struct in_addr),
		.ea_hdr.ar_op = htons(ARPOP_REQUEST),
	};
	int ret;

	if (n->fd < 0)
		return n->fd;
	if (m->local.family != 4 || m->hop.family != 4)
		return -EAFNOSUPPORT;
	/* The worker parses the network: it is not to speak for others. */
	if (!rtnl_is_own(&n->rtnl, &m->local))
		return -EADDRNOTAVAIL;
	ret = rtnl_link(&n->rtnl, m->ifindex, arp.arp_sha);
	if (ret)
		return ret;
	if (m->has_mac && is_next_hop(n, m))
		rtnl_neigh_add(&n->rtnl, m->ifindex, &m->hop, m->mac);
	memcpy(arp.arp_spa, m->local.a, sizeof(arp.arp_spa));
	memcpy(arp.arp_tpa, m->hop.a, sizeof(arp.arp_tpa));
	memset(to.sll_addr, 0xff, ETH_ALEN);
	if (sendto(n->fd, &arp, sizeof(arp), 0, (const struct sockaddr *)&to,
		   sizeof(to)) < 0)
		return -errno;
	return 0;
}
