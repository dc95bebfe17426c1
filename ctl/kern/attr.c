// SPDX-License-Identifier: GPL-2.0
/* Nested attributes of the netlink family: an encoder and a decoder for each. */

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "kern/priv.h"

void kern_path_init(struct kern_path *p)
{
	*p = (struct kern_path){
		.state = MOBX_PATH_STATE_VALID,
		.last_seen_ms = KERN_NEVER,
	};
}

void kern_selector_any(struct kern_selector *s)
{
	*s = (struct kern_selector){
		.local_port_max = UINT16_MAX,
		.remote_port_max = UINT16_MAX,
	};
}

bool kern_put_addr(struct nl_msg *m, int type, const struct wire_addr *addr)
{
	size_t len = wire_addr_len(addr->family);

	return len && nla_put(m, type, (int)len, addr->a);
}

int kern_get_addr(const struct nlattr *a, struct wire_addr *addr)
{
	if (!wire_addr_set(addr, nla_data(a), (size_t)nla_len(a)))
		return -EBADMSG;
	return 0;
}

bool kern_put_label(struct nl_msg *m, int type, const char *label)
{
	return label[0] && nla_put_string(m, type, label);
}

int kern_get_label(const struct nlattr *a, char label[MOBX_MAX_LABEL + 1])
{
	size_t len = strnlen(nla_data(a), (size_t)nla_len(a));

	if (len > MOBX_MAX_LABEL)
		return -EBADMSG;
	memcpy(label, nla_data(a), len);
	label[len] = '\0';
	return 0;
}

bool kern_put_path(struct nl_msg *m, int type, const struct kern_path *p)
{
	struct nlattr *nest = nla_nest_start(m, type | NLA_F_NESTED);
	bool full = !nest;

	full = full || kern_put_addr(m, MOBX_A_PATH_LOCAL, &p->local) ||
	       kern_put_addr(m, MOBX_A_PATH_REMOTE, &p->remote) ||
	       nla_put_u32(m, MOBX_A_PATH_STATE, p->state) ||
	       nla_put_u8(m, MOBX_A_PATH_PREFERENCE, p->preference);
	if (p->flags)
		full = full || nla_put_u32(m, MOBX_A_PATH_FLAGS, p->flags);
	if (p->state == MOBX_PATH_STATE_DEPRECATED)
		full = full || nla_put_u32(m, MOBX_A_PATH_ACCEPT_UNTIL,
					   p->accept_until_ms);
	if (p->credit)
		full = full || nla_put_u64(m, MOBX_A_PATH_CREDIT, p->credit);
	if (p->mtu)
		full = full || nla_put_u32(m, MOBX_A_PATH_MTU, p->mtu);
	if (p->encap_sport)
		full = full || nla_put_u16(m, MOBX_A_PATH_ENCAP_SPORT,
					   htons(p->encap_sport));
	if (p->encap_dport)
		full = full || nla_put_u16(m, MOBX_A_PATH_ENCAP_DPORT,
					   htons(p->encap_dport));
	if (!full)
		nla_nest_end(m, nest);
	return full;
}

bool kern_put_paths(struct nl_msg *m, int type, const struct kern_path *p,
		    unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (kern_put_path(m, type, &p[i]))
			return true;
	}
	return false;
}

static struct nla_policy path_policy[MOBX_A_PATH_MAX + 1] = {
	[MOBX_A_PATH_LOCAL] = { .type = NLA_UNSPEC, .minlen = 4, .maxlen = 16 },
	[MOBX_A_PATH_REMOTE] = { .type = NLA_UNSPEC, .minlen = 4, .maxlen = 16 },
	[MOBX_A_PATH_STATE] = { .type = NLA_U32 },
	[MOBX_A_PATH_FLAGS] = { .type = NLA_U32 },
	[MOBX_A_PATH_PREFERENCE] = { .type = NLA_U8 },
	[MOBX_A_PATH_ACCEPT_UNTIL] = { .type = NLA_U32 },
	[MOBX_A_PATH_CREDIT] = { .type = NLA_U64 },
	[MOBX_A_PATH_CREDIT_USED] = { .type = NLA_U64 },
	[MOBX_A_PATH_MTU] = { .type = NLA_U32 },
	[MOBX_A_PATH_ENCAP_SPORT] = { .type = NLA_U16 },
	[MOBX_A_PATH_ENCAP_DPORT] = { .type = NLA_U16 },
	[MOBX_A_PATH_RX_PACKETS] = { .type = NLA_U64 },
	[MOBX_A_PATH_RX_BYTES] = { .type = NLA_U64 },
	[MOBX_A_PATH_TX_PACKETS] = { .type = NLA_U64 },
	[MOBX_A_PATH_TX_BYTES] = { .type = NLA_U64 },
	[MOBX_A_PATH_LAST_SEEN] = { .type = NLA_U64 },
};

static uint32_t u32_or(const struct nlattr *a, uint32_t otherwise)
{
	return a ? nla_get_u32(a) : otherwise;
}

static uint64_t u64_or(const struct nlattr *a, uint64_t otherwise)
{
	return a ? nla_get_u64(a) : otherwise;
}

int kern_get_path(const struct nlattr *a, struct kern_path *p)
{
	struct nlattr *tb[MOBX_A_PATH_MAX + 1];

	kern_path_init(p);
	if (kern_parse_nest(tb, MOBX_A_PATH_MAX, a, path_policy) ||
	    !tb[MOBX_A_PATH_LOCAL] || !tb[MOBX_A_PATH_REMOTE] ||
	    kern_get_addr(tb[MOBX_A_PATH_LOCAL], &p->local) ||
	    kern_get_addr(tb[MOBX_A_PATH_REMOTE], &p->remote) ||
	    p->local.family != p->remote.family)
		return -EBADMSG;
	p->state = u32_or(tb[MOBX_A_PATH_STATE], MOBX_PATH_STATE_VALID);
	if (p->state > MOBX_PATH_STATE_REMOVED)
		return -EBADMSG;
	p->flags = u32_or(tb[MOBX_A_PATH_FLAGS], 0);
	if (tb[MOBX_A_PATH_PREFERENCE])
		p->preference = nla_get_u8(tb[MOBX_A_PATH_PREFERENCE]);
	p->accept_until_ms = u32_or(tb[MOBX_A_PATH_ACCEPT_UNTIL], 0);
	p->credit = u64_or(tb[MOBX_A_PATH_CREDIT], 0);
	p->credit_used = u64_or(tb[MOBX_A_PATH_CREDIT_USED], 0);
	p->mtu = u32_or(tb[MOBX_A_PATH_MTU], 0);
	if (tb[MOBX_A_PATH_ENCAP_SPORT])
		p->encap_sport = ntohs(nla_get_u16(tb[MOBX_A_PATH_ENCAP_SPORT]));
	if (tb[MOBX_A_PATH_ENCAP_DPORT])
		p->encap_dport = ntohs(nla_get_u16(tb[MOBX_A_PATH_ENCAP_DPORT]));
	p->rx_packets = u64_or(tb[MOBX_A_PATH_RX_PACKETS], 0);
	p->rx_bytes = u64_or(tb[MOBX_A_PATH_RX_BYTES], 0);
	p->tx_packets = u64_or(tb[MOBX_A_PATH_TX_PACKETS], 0);
	p->tx_bytes = u64_or(tb[MOBX_A_PATH_TX_BYTES], 0);
	p->last_seen_ms = u64_or(tb[MOBX_A_PATH_LAST_SEEN], KERN_NEVER);
	return 0;
}

/* A set is one attribute for each member, side by side. */
int kern_get_paths(const struct nlattr *head, int len, int type,
		   struct kern_path p[MOBX_MAX_PATHS], unsigned int *n)
{
	const struct nlattr *a;
	int rest;

	*n = 0;
	nla_for_each_attr(a, head, len, rest) {
		if (nla_type(a) != type)
			continue;
		if (*n == MOBX_MAX_PATHS || kern_get_path(a, &p[*n]))
			return -EBADMSG;
		(*n)++;
	}
	return 0;
}

static bool put_range(struct nl_msg *m, const struct wire_addr *addr,
		      uint8_t plen, const struct wire_addr *last,
		      int addr_type, int plen_type, int last_type)
{
	if (!addr->family)
		return false;
	if (kern_put_addr(m, addr_type, addr))
		return true;
	return last->family ? kern_put_addr(m, last_type, last) :
			      nla_put_u8(m, plen_type, plen) < 0;
}

bool kern_put_selector(struct nl_msg *m, int type,
		       const struct kern_selector *s)
{
	struct nlattr *nest = nla_nest_start(m, type | NLA_F_NESTED);
	bool full = !nest || nla_put_u8(m, MOBX_A_SELECTOR_PROTO, s->proto);

	full = full ||
	       put_range(m, &s->local, s->local_plen, &s->local_last,
			 MOBX_A_SELECTOR_LOCAL, MOBX_A_SELECTOR_LOCAL_PLEN,
			 MOBX_A_SELECTOR_LOCAL_LAST) ||
	       put_range(m, &s->remote, s->remote_plen, &s->remote_last,
			 MOBX_A_SELECTOR_REMOTE, MOBX_A_SELECTOR_REMOTE_PLEN,
			 MOBX_A_SELECTOR_REMOTE_LAST);
	if (s->local_port_min || s->local_port_max != UINT16_MAX)
		full = full || nla_put_u16(m, MOBX_A_SELECTOR_LOCAL_PORT_MIN,
					   s->local_port_min) ||
		       nla_put_u16(m, MOBX_A_SELECTOR_LOCAL_PORT_MAX,
				   s->local_port_max);
	if (s->remote_port_min || s->remote_port_max != UINT16_MAX)
		full = full || nla_put_u16(m, MOBX_A_SELECTOR_REMOTE_PORT_MIN,
					   s->remote_port_min) ||
		       nla_put_u16(m, MOBX_A_SELECTOR_REMOTE_PORT_MAX,
				   s->remote_port_max);
	if (!full)
		nla_nest_end(m, nest);
	return full;
}

static struct nla_policy selector_policy[MOBX_A_SELECTOR_MAX + 1] = {
	[MOBX_A_SELECTOR_LOCAL] = { .minlen = 4, .maxlen = 16 },
	[MOBX_A_SELECTOR_LOCAL_PLEN] = { .type = NLA_U8 },
	[MOBX_A_SELECTOR_REMOTE] = { .minlen = 4, .maxlen = 16 },
	[MOBX_A_SELECTOR_REMOTE_PLEN] = { .type = NLA_U8 },
	[MOBX_A_SELECTOR_PROTO] = { .type = NLA_U8 },
	[MOBX_A_SELECTOR_LOCAL_PORT_MIN] = { .type = NLA_U16 },
	[MOBX_A_SELECTOR_LOCAL_PORT_MAX] = { .type = NLA_U16 },
	[MOBX_A_SELECTOR_REMOTE_PORT_MIN] = { .type = NLA_U16 },
	[MOBX_A_SELECTOR_REMOTE_PORT_MAX] = { .type = NLA_U16 },
	[MOBX_A_SELECTOR_LOCAL_LAST] = { .minlen = 4, .maxlen = 16 },
	[MOBX_A_SELECTOR_REMOTE_LAST] = { .minlen = 4, .maxlen = 16 },
};

static int get_range(const struct nlattr *addr, const struct nlattr *plen,
		     const struct nlattr *end, struct wire_addr *out,
		     uint8_t *bits, struct wire_addr *last)
{
	unsigned int whole;

	if (!addr)
		return 0;
	if (kern_get_addr(addr, out))
		return -EBADMSG;
	if (end)
		return kern_get_addr(end, last) ||
		       last->family != out->family ? -EBADMSG : 0;
	whole = 8 * (unsigned int)wire_addr_len(out->family);
	*bits = plen ? nla_get_u8(plen) : (uint8_t)whole;
	return *bits > whole ? -EBADMSG : 0;
}

static uint16_t u16_or(const struct nlattr *a, uint16_t otherwise)
{
	return a ? nla_get_u16(a) : otherwise;
}

int kern_get_selector(const struct nlattr *a, struct kern_selector *s)
{
	struct nlattr *tb[MOBX_A_SELECTOR_MAX + 1];

	kern_selector_any(s);
	if (kern_parse_nest(tb, MOBX_A_SELECTOR_MAX, a, selector_policy) ||
	    get_range(tb[MOBX_A_SELECTOR_LOCAL],
		      tb[MOBX_A_SELECTOR_LOCAL_PLEN],
		      tb[MOBX_A_SELECTOR_LOCAL_LAST], &s->local,
		      &s->local_plen, &s->local_last) ||
	    get_range(tb[MOBX_A_SELECTOR_REMOTE],
		      tb[MOBX_A_SELECTOR_REMOTE_PLEN],
		      tb[MOBX_A_SELECTOR_REMOTE_LAST], &s->remote,
		      &s->remote_plen, &s->remote_last))
		return -EBADMSG;
	if (tb[MOBX_A_SELECTOR_PROTO])
		s->proto = nla_get_u8(tb[MOBX_A_SELECTOR_PROTO]);
	s->local_port_min = u16_or(tb[MOBX_A_SELECTOR_LOCAL_PORT_MIN], 0);
	s->local_port_max = u16_or(tb[MOBX_A_SELECTOR_LOCAL_PORT_MAX],
				   UINT16_MAX);
	s->remote_port_min = u16_or(tb[MOBX_A_SELECTOR_REMOTE_PORT_MIN], 0);
	s->remote_port_max = u16_or(tb[MOBX_A_SELECTOR_REMOTE_PORT_MAX],
				    UINT16_MAX);
	return 0;
}

static const struct {
	int type;
	size_t offset;
} limits[] = {
	{ MOBX_A_LIFETIME_SOFT_SECONDS,
	  offsetof(struct kern_lifetime, soft_seconds) },
	{ MOBX_A_LIFETIME_HARD_SECONDS,
	  offsetof(struct kern_lifetime, hard_seconds) },
	{ MOBX_A_LIFETIME_SOFT_BYTES,
	  offsetof(struct kern_lifetime, soft_bytes) },
	{ MOBX_A_LIFETIME_HARD_BYTES,
	  offsetof(struct kern_lifetime, hard_bytes) },
	{ MOBX_A_LIFETIME_SOFT_PACKETS,
	  offsetof(struct kern_lifetime, soft_packets) },
	{ MOBX_A_LIFETIME_HARD_PACKETS,
	  offsetof(struct kern_lifetime, hard_packets) },
};

#define LIMITS (sizeof(limits) / sizeof(limits[0]))

bool kern_put_lifetime(struct nl_msg *m, int type,
		       const struct kern_lifetime *l)
{
	struct nlattr *nest = NULL;

	for (size_t i = 0; i < LIMITS; i++) {
		uint64_t limit;

		memcpy(&limit, (const char *)l + limits[i].offset,
		       sizeof(limit));
		if (!limit)
			continue;
		if (!nest)
			nest = nla_nest_start(m, type | NLA_F_NESTED);
		if (!nest || nla_put_u64(m, limits[i].type, limit))
			return true;
	}
	if (nest)
		nla_nest_end(m, nest);
	return false;
}

int kern_get_lifetime(const struct nlattr *a, struct kern_lifetime *l)
{
	struct nla_policy policy[MOBX_A_LIFETIME_MAX + 1] = { { 0 } };
	struct nlattr *tb[MOBX_A_LIFETIME_MAX + 1];

	*l = (struct kern_lifetime){ 0 };
	for (size_t i = 0; i < LIMITS; i++)
		policy[limits[i].type].type = NLA_U64;
	if (kern_parse_nest(tb, MOBX_A_LIFETIME_MAX, a, policy))
		return -EBADMSG;
	for (size_t i = 0; i < LIMITS; i++) {
		uint64_t limit = u64_or(tb[limits[i].type], 0);

		memcpy((char *)l + limits[i].offset, &limit, sizeof(limit));
	}
	return 0;
}
