// SPDX-License-Identifier: GPL-2.0
/*
 * Traffic selectors, seen from a packet that this host sends: local and sport
 * are its own, remote and dport the other end's.
 */

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* Not from /etc/protocols, so that output means the same everywhere. */
static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
	{ "any", 0 },
	{ "icmp", IPPROTO_ICMP },
	{ "igmp", IPPROTO_IGMP },
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "dccp", IPPROTO_DCCP },
	{ "gre", IPPROTO_GRE },
	{ "esp", IPPROTO_ESP },
	{ "ah", IPPROTO_AH },
	{ "ipv6-icmp", IPPROTO_ICMPV6 },
	{ "icmpv6", IPPROTO_ICMPV6 },
	{ "sctp", IPPROTO_SCTP },
	{ "udplite", IPPROTO_UDPLITE },
};

#define PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

static int take_proto(struct cli *c, uint8_t *proto)
{
	const char *word = cli_take(c, "protocol");
	unsigned long n;
	char *end;

	if (!word)
		return CLI_SYNTAX;
	for (size_t i = 0; i < PROTOCOLS; i++) {
		if (!strcmp(protocols[i].name, word)) {
			*proto = protocols[i].number;
			return 0;
		}
	}
	n = strtoul(word, &end, 10);
	if (word[0] < '0' || word[0] > '9' || *end || n > 255)
		return cli_syntax(c, "'%s' is no protocol: udp, tcp, sctp, icmp, any or a number up to 255",
				  word);
	*proto = (uint8_t)n;
	return 0;
}

static int take_prefix(struct cli *c, const char *what, struct wire_addr *addr,
		       uint8_t *bits)
{
	const char *word = cli_take(c, what);
	char text[WIRE_ADDR_TEXT + 8];
	unsigned int whole;
	unsigned long n;
	char *slash, *end;

	if (!word)
		return CLI_SYNTAX;
	if (!strcmp(word, "any")) {
		*addr = (struct wire_addr){ 0 };
		*bits = 0;
		return 0;
	}
	snprintf(text, sizeof(text), "%s", word);
	slash = strchr(text, '/');
	if (slash)
		*slash++ = '\0';
	if (!wire_addr_parse(addr, text))
		return cli_syntax(c, "%s: '%s' is not ADDRESS, ADDRESS/BITS or any",
				  what, word);
	whole = 8 * (unsigned int)wire_addr_len(addr->family);
	n = slash ? strtoul(slash, &end, 10) : whole;
	if (slash && (*slash < '0' || *slash > '9' || *end || n > whole))
		return cli_syntax(c, "%s: '%s': the prefix has 0 to %u bits",
				  what, word, whole);
	for (unsigned int i = (unsigned int)n; i < whole; i++) {
		if (addr->a[i / 8] & (0x80 >> i % 8))
			return cli_syntax(c, "%s: '%s' has bits set behind the prefix",
					  what, word);
	}
	*bits = (uint8_t)n;
	return 0;
}

/* "any", "80", or "7000-7010" */
static int take_ports(struct cli *c, const char *what, uint16_t *min,
		      uint16_t *max)
{
	const char *word = cli_take(c, what);
	unsigned long from, to;
	char *end;

	if (!word)
		return CLI_SYNTAX;
	if (!strcmp(word, "any")) {
		*min = 0;
		*max = UINT16_MAX;
		return 0;
	}
	from = strtoul(word, &end, 10);
	to = from;
	if (end != word && end[0] == '-' && end[1] >= '0' && end[1] <= '9')
		to = strtoul(end + 1, &end, 10);
	if (word[0] < '0' || word[0] > '9' || *end || to > UINT16_MAX ||
	    from > to)
		return cli_syntax(c, "%s: '%s' is not a port, FIRST-LAST or any",
				  what, word);
	*min = (uint16_t)from;
	*max = (uint16_t)to;
	return 0;
}

/* ICMP type and code lie in the local ports (RFC 4301, section 4.4.1.1). */
static int take_icmp(struct cli *c, struct kern_selector *s, bool code)
{
	uint8_t v;

	if (cli_u8(c, code ? "code" : "type", &v))
		return CLI_SYNTAX;
	if (code) {
		s->local_port_min = (uint16_t)((s->local_port_min & 0xff00) | v);
		s->local_port_max = s->local_port_min;
	} else {
		s->local_port_min = (uint16_t)(v << 8);
		s->local_port_max = (uint16_t)(v << 8 | 0xff);
	}
	return 0;
}

int cli_selector(struct cli *c, struct kern_selector *s, int word)
{
	switch (word) {
	case 0:
		return take_prefix(c, "local", &s->local, &s->local_plen);
	case 1:
		return take_prefix(c, "remote", &s->remote, &s->remote_plen);
	case 2:
		return take_proto(c, &s->proto);
	case 3:
	case 5:
		return take_ports(c, "sport", &s->local_port_min,
				  &s->local_port_max);
	case 4:
	case 6:
		return take_ports(c, "dport", &s->remote_port_min,
				  &s->remote_port_max);
	case 7:
	case 8:
		return take_icmp(c, s, word == 8);
	default:
		return cli_syntax(c, "not a word of a selector");
	}
}

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_SCTP || proto == IPPROTO_DCCP ||
	       proto == IPPROTO_UDPLITE;
}

static bool is_icmp(uint8_t proto)
{
	return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

int cli_selector_check(const struct cli *c, const struct kern_selector *s)
{
	bool own = s->local_port_min || s->local_port_max != UINT16_MAX;
	bool other = s->remote_port_min || s->remote_port_max != UINT16_MAX;

	if (s->local.family && s->remote.family &&
	    s->local.family != s->remote.family)
		return cli_syntax(c, "local is IPv%d, remote is IPv%d",
				  s->local.family, s->remote.family);
	if ((own && !has_ports(s->proto) && !is_icmp(s->proto)) ||
	    (other && !has_ports(s->proto)))
		return cli_syntax(c, "ports need a protocol that has them: proto udp, tcp or sctp");
	return 0;
}

static void prefix_json(json_t *o, const char *name,
			const struct wire_addr *addr, uint8_t bits)
{
	char text[WIRE_ADDR_TEXT + 8];
	size_t len;

	if (!addr->family)
		return;
	wire_addr_text(addr, text);
	len = strlen(text);
	if (bits < 8 * wire_addr_len(addr->family))
		snprintf(text + len, sizeof(text) - len, "/%u", bits);
	out_str(o, name, text);
}

static void ports_json(json_t *o, const char *name, uint16_t min, uint16_t max)
{
	char text[16];

	if (!min && max == UINT16_MAX)
		return;
	if (min == max)
		snprintf(text, sizeof(text), "%u", min);
	else
		snprintf(text, sizeof(text), "%u-%u", min, max);
	out_str(o, name, text);
}

static void proto_json(json_t *o, uint8_t proto)
{
	char text[8];

	for (size_t i = 1; i < PROTOCOLS; i++) {
		if (protocols[i].number == proto) {
			out_str(o, "proto", protocols[i].name);
			return;
		}
	}
	snprintf(text, sizeof(text), "%u", proto);
	out_str(o, "proto", text);
}

void cli_selector_json(json_t *o, const struct kern_selector *s)
{
	unsigned int type = s->local_port_min >> 8;
	bool one_type = type == s->local_port_max >> 8;
	unsigned int code = s->local_port_min & 0xff;
	unsigned int last = s->local_port_max & 0xff;

	prefix_json(o, "local", &s->local, s->local_plen);
	prefix_json(o, "remote", &s->remote, s->remote_plen);
	if (s->proto)
		proto_json(o, s->proto);
	if (is_icmp(s->proto) && one_type &&
	    (code == last || (code == 0 && last == 0xff))) {
		out_u64(o, "type", type);
		if (code == last)
			out_u64(o, "code", code);
	} else {
		ports_json(o, "sport", s->local_port_min, s->local_port_max);
	}
	ports_json(o, "dport", s->remote_port_min, s->remote_port_max);
}
