/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_SELECTOR_H
#define MOBX_SELECTOR_H

#include "addr.h"

struct nlattr;
struct netlink_ext_ack;

/**
 * struct mobx_selector - a traffic selector (RFC 4301, section 4.4.1.1)
 * @local: own prefix, host bits zero
 * @remote: the other side's prefix, host bits zero
 * @family: AF_INET, AF_INET6, or AF_UNSPEC when no prefix is given
 * @local_plen: bits of @local that count, 0 means any address
 * @remote_plen: the same for @remote
 * @proto: IP protocol, 0 means any
 * @any_ports: both ranges are 0 to 65535
 * @local_port_min: in host order; for ICMP type * 256 + code
 * @local_port_max: not below @local_port_min
 * @remote_port_min: as for @local_port_min
 * @remote_port_max: as for @local_port_max
 *
 * Seen from the host, not from a direction: one selector serves both.
 */
struct mobx_selector {
	union mobx_addr	local;
	union mobx_addr	remote;
	u16		family;
	u8		local_plen;
	u8		remote_plen;
	u8		proto;
	bool		any_ports;
	u16		local_port_min;
	u16		local_port_max;
	u16		remote_port_min;
	u16		remote_port_max;
};

/* How far a selector and a flow agree. */
enum mobx_match {
	MOBX_MATCH_NO,
	/* All that the packet shows agrees; its protocol or ports it does not. */
	MOBX_MATCH_MAYBE,
	MOBX_MATCH_YES,
};

enum mobx_match mobx_selector_match(const struct mobx_selector *sel,
				    const struct mobx_flow *flow);
int mobx_selector_parse(struct mobx_selector *sel, const struct nlattr *nest,
			struct netlink_ext_ack *extack);
int mobx_selector_put(struct sk_buff *skb, int attrtype,
		      const struct mobx_selector *sel);

#endif
