/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_SELECTOR_H
#define MOBX_SELECTOR_H

#include "addr.h"

struct nlattr;
struct netlink_ext_ack;

/* From this port to port 0: only packets that show no ports (OPAQUE). */
#define MOBX_PORT_OPAQUE	U16_MAX

/**
 * struct mobx_range - a range of addresses
 * @first: the lowest
 * @last: the highest, the same in a range of one
 */
struct mobx_range {
	union mobx_addr	first;
	union mobx_addr	last;
};

/**
 * struct mobx_selector - a traffic selector (RFC 4301, section 4.4.1.1)
 * @local: own addresses; all of @family where none are given
 * @remote: the other side's
 * @family: AF_INET, AF_INET6, or AF_UNSPEC when no address is given: any of
 *	either family
 * @proto: IP protocol, 0 means any
 * @any_ports: both ranges are 0 to 65535: whether a packet shows ports or not
 * @opaque_ports: packets that show no ports, and no others
 * @local_port_min: in host order; for ICMP type * 256 + code, for the mobility
 *	header type * 256; MOBX_PORT_OPAQUE to 0 for OPAQUE
 * @local_port_max: not below @local_port_min
 * @remote_port_min: as for @local_port_min
 * @remote_port_max: as for @local_port_max
 *
 * Seen from the host, not from a direction: one selector serves both.
 */
struct mobx_selector {
	struct mobx_range	local;
	struct mobx_range	remote;
	u16			family;
	u8			proto;
	bool			any_ports;
	bool			opaque_ports;
	u16			local_port_min;
	u16			local_port_max;
	u16			remote_port_min;
	u16			remote_port_max;
};

#define MOBX_SELECTOR_ANY						\
	((struct mobx_selector){					\
		.any_ports = true,					\
		.local_port_max = U16_MAX,				\
		.remote_port_max = U16_MAX,				\
	})

/* How far a selector and a flow agree. */
enum mobx_match {
	MOBX_MATCH_NO,
	/* All that the packet shows agrees; its protocol or ports it does not. */
	MOBX_MATCH_MAYBE,
	MOBX_MATCH_YES,
};

bool mobx_proto_has_ports(u8 proto);
unsigned int mobx_range_bits(const struct mobx_range *range, u16 family);
union mobx_addr mobx_addr_mask(unsigned int bits, u16 family);
struct mobx_range mobx_range_of(const union mobx_addr *prefix,
				unsigned int bits, u16 family);
bool mobx_range_valid(const struct mobx_range *range);
bool mobx_range_is_prefix(const struct mobx_range *range, u16 family);
bool mobx_range_any(const struct mobx_range *range, u16 family);

enum mobx_match mobx_selector_match(const struct mobx_selector *sel,
				    const struct mobx_flow *flow);
bool mobx_selector_single(const struct mobx_selector *sel, u8 pfp, u8 proto);
bool mobx_selector_meets(const struct mobx_selector *a,
			 const struct mobx_selector *b);
int mobx_selector_parse(struct mobx_selector *sel, const struct nlattr *nest,
			struct netlink_ext_ack *extack);
int mobx_selector_put(struct sk_buff *skb, int attrtype,
		      const struct mobx_selector *sel);

#endif
