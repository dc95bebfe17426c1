// SPDX-License-Identifier: GPL-2.0
/*
 * What a packet shows to selectors.
 */

#include <linux/icmp.h>
#include <net/ip.h>

#include "addr.h"

/* Ports as RFC 4301, section 4.4.1.1 wants them; both or neither. */
static bool mobx_flow_ports(const struct sk_buff *skb, unsigned int offset,
			    u8 proto, u16 *sport, u16 *dport)
{
	const __be16 *ports;
	const u8 *icmp;
	__be16 buf[2];

	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		ports = skb_header_pointer(skb, offset, sizeof(buf), buf);
		if (!ports)
			return false;
		*sport = ntohs(ports[0]);
		*dport = ntohs(ports[1]);
		return true;
	case IPPROTO_ICMP:
		icmp = skb_header_pointer(skb, offset, 2, buf);
		if (!icmp)
			return false;
		*sport = icmp[0] << 8 | icmp[1];
		*dport = *sport;
		return true;
	default:
		*sport = 0;
		*dport = 0;
		return true;
	}
}

/**
 * mobx_flow_out4 - the flow of an IPv4 packet that leaves
 * @skb: its network header is set and checked
 * @flow: filled
 *
 * A later fragment, or a packet too short for the header of its protocol, has
 * opaque ports.
 */
void mobx_flow_out4(const struct sk_buff *skb, struct mobx_flow *flow)
{
	const struct iphdr *iph = ip_hdr(skb);

	flow->local = mobx_addr_v4(iph->saddr);
	flow->remote = mobx_addr_v4(iph->daddr);
	flow->family = AF_INET;
	flow->proto = iph->protocol;
	flow->local_port = 0;
	flow->remote_port = 0;
	flow->opaque_ports = (iph->frag_off & htons(IP_OFFSET)) ||
		!mobx_flow_ports(skb, skb_network_offset(skb) + iph->ihl * 4,
				 iph->protocol, &flow->local_port,
				 &flow->remote_port);
}

/**
 * mobx_flow_in4 - the flow of an IPv4 packet that arrives in clear
 * @skb: its network header is set and checked
 * @flow: filled, see mobx_flow_out4()
 */
void mobx_flow_in4(const struct sk_buff *skb, struct mobx_flow *flow)
{
	const struct iphdr *iph = ip_hdr(skb);

	flow->local = mobx_addr_v4(iph->daddr);
	flow->remote = mobx_addr_v4(iph->saddr);
	flow->family = AF_INET;
	flow->proto = iph->protocol;
	flow->local_port = 0;
	flow->remote_port = 0;
	flow->opaque_ports = (iph->frag_off & htons(IP_OFFSET)) ||
		!mobx_flow_ports(skb, skb_network_offset(skb) + iph->ihl * 4,
				 iph->protocol, &flow->remote_port,
				 &flow->local_port);
}

/**
 * mobx_flow_inner4 - the flow of what came out of an ESP packet
 * @skb: its network header is that of the ESP packet
 * @offset: from skb->data to the decrypted payload
 * @proto: next header of the ESP trailer
 * @flow: filled, see mobx_flow_out4()
 */
void mobx_flow_inner4(const struct sk_buff *skb, unsigned int offset, u8 proto,
		      struct mobx_flow *flow)
{
	const struct iphdr *iph = ip_hdr(skb);

	flow->local = mobx_addr_v4(iph->daddr);
	flow->remote = mobx_addr_v4(iph->saddr);
	flow->family = AF_INET;
	flow->proto = proto;
	flow->local_port = 0;
	flow->remote_port = 0;
	flow->opaque_ports = !mobx_flow_ports(skb, offset, proto,
					      &flow->remote_port,
					      &flow->local_port);
}
