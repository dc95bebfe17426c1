// SPDX-License-Identifier: GPL-2.0
/*
 * Traffic selectors, seen from a packet that this host sends: local and sport
 * are its own, remote and dport the other end's.
 */

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* Their places in CLI_SELECTOR_WORDS. */
enum { SELECTOR_TYPE = 7, SELECTOR_CODE };

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
	{ "mh", IPPROTO_MH },
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

/* ADDRESS/BITS; a whole address has all its bits */
static int take_prefix(const struct cli *c, const char *what, const char *word,
		       char *text, struct wire_addr *addr, uint8_t *bits)
{
	char *slash = strchr(text, '/');
	unsigned int whole;
	unsigned long n;
	char *end;

	if (slash)
		*slash++ = '\0';
	if (!wire_addr_parse(addr, text))
		return cli_syntax(c, "%s: '%s' is not ADDRESS, ADDRESS/BITS, FIRST-LAST or any",
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

/* "any", a prefix, or the first and the last address of a range */
static int take_addrs(struct cli *c, const char *what, struct wire_addr *addr,
		      uint8_t *bits, struct wire_addr *last)
{
	const char *word = cli_take(c, what);
	char text[2 * WIRE_ADDR_TEXT + 8];
	char *dash;

	if (!word)
		return CLI_SYNTAX;
	*addr = (struct wire_addr){ 0 };
	*last = (struct wire_addr){ 0 };
	*bits = 0;
	if (!strcmp(word, "any"))
		return 0;
	snprintf(text, sizeof(text), "%s", word);
	dash = strchr(text, '-');
	if (!dash)
		return take_prefix(c, what, word, text, addr, bits);
	*dash++ = '\0';
	if (!wire_addr_parse(addr, text) || !wire_addr_parse(last, dash) ||
	    addr->family != last->family)
		return cli_syntax(c, "%s: '%s': a range is two addresses of one family, FIRST-LAST",
				  what, word);
	if (memcmp(addr->a, last->a, wire_addr_len(addr->family)) > 0)
		return cli_syntax(c, "%s: '%s' begins above its end", what,
				  word);
	return 0;
}

/* "80" or "7000-7010"; false for something else, or beyond @most */
static bool parse_range(const char *word, unsigned long most,
			unsigned long *from, unsigned long *to)
{
	char *end;

	*from = strtoul(word, &end, 10);
	*to = *from;
	if (end != word && end[0] == '-' && end[1] >= '0' && end[1] <= '9')
		*to = strtoul(end + 1, &end, 10);
	return word[0] >= '0' && word[0] <= '9' && !*end && *to <= most &&
	       *from <= *to;
}

/* Or "any", or "opaque": packets that show no ports. */
static int take_ports(struct cli *c, const char *what, uint16_t *min,
		      uint16_t *max)
{
	const char *word = cli_take(c, what);
	unsigned long from, to;

	if (!word)
		return CLI_SYNTAX;
	if (!strcmp(word, "any")) {
		*min = 0;
		*max = UINT16_MAX;
		return 0;
	}
	if (!strcmp(word, "opaque")) {
		*min = UINT16_MAX;
		*max = 0;
		return 0;
	}
	if (!parse_range(word, UINT16_MAX, &from, &to))
		return cli_syntax(c, "%s: '%s' is not a port, FIRST-LAST, any or opaque",
				  what, word);
	*min = (uint16_t)from;
	*max = (uint16_t)to;
	return 0;
}

/*
 * Types and codes lie in the local ports, from the first code of the first type
 * to the last code of the last one (RFC 4301, section 4.4.1.1).
 */
static int take_type(struct cli *c, struct kern_selector *s, bool code,
		     uint32_t given)
{
	const char *what = code ? "code" : "type";
	const char *word = cli_take(c, what);
	unsigned long from, to;

	if (!word)
		return CLI_SYNTAX;
	/* Either would take in more than was meant, without a word. */
	if (code && !(given & 1U << SELECTOR_TYPE))
		return cli_syntax(c, "code: of which type? 'type N code M' would be right");
	if (!code && given & 1U << SELECTOR_CODE)
		return cli_syntax(c, "type: it has a code already; one 'type N code M' would be right");
	if (!parse_range(word, UINT8_MAX, &from, &to))
		return cli_syntax(c, "%s: '%s' is not a number up to 255 or FIRST-LAST",
				  what, word);
	if (code) {
		s->local_port_min = (uint16_t)((s->local_port_min & 0xff00) |
					       from);
		s->local_port_max = (uint16_t)((s->local_port_max & 0xff00) |
					       to);
	} else {
		s->local_port_min = (uint16_t)(from << 8);
		s->local_port_max = (uint16_t)(to << 8 | 0xff);
	}
	return 0;
}

int cli_selector(struct cli *c, struct kern_selector *s, int word,
		 uint32_t given)
{
	switch (word) {
	case 0:
		return take_addrs(c, "local", &s->local, &s->local_plen,
				  &s->local_last);
	case 1:
		return take_addrs(c, "remote", &s->remote, &s->remote_plen,
				  &s->remote_last);
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
	case SELECTOR_TYPE:
	case SELECTOR_CODE:
		return take_type(c, s, word == SELECTOR_CODE, given);
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

static bool has_type(uint8_t proto)
{
	return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6 ||
	       proto == IPPROTO_MH;
}

int cli_selector_check(const struct cli *c, const struct kern_selector *s)
{
	bool own = s->local_port_min || s->local_port_max != UINT16_MAX;
	bool other = s->remote_port_min || s->remote_port_max != UINT16_MAX;

	if (s->local.family && s->remote.family &&
	    s->local.family != s->remote.family)
		return cli_syntax(c, "local is IPv%d, remote is IPv%d",
				  s->local.family, s->remote.family);
	if ((own && !has_ports(s->proto) && !has_type(s->proto)) ||
	    (other && !has_ports(s->proto)))
		return cli_syntax(c, "ports need a protocol that has them: proto udp, tcp or sctp; type and code are for icmp, icmpv6 and mh");
	if (s->local_port_min > s->local_port_max &&
	    s->local_port_min != UINT16_MAX)
		return cli_syntax(c, "the code begins above its end");
	return 0;
}

static void addrs_json(json_t *o, const char *name,
		       const struct wire_addr *addr, uint8_t bits,
		       const struct wire_addr *last)
{
	char text[2 * WIRE_ADDR_TEXT + 8];
	size_t len;

	if (!addr->family)
		return;
	wire_addr_text(addr, text);
	len = strlen(text);
	if (last->family) {
		text[len++] = '-';
		wire_addr_text(last, text + len);
	} else if (bits < 8 * wire_addr_len(addr->family)) {
		snprintf(text + len, sizeof(text) - len, "/%u", bits);
	}
	out_str(o, name, text);
}

/* One number, or "FIRST-LAST". */
static void range_json(json_t *o, const char *name, unsigned int from,
		       unsigned int to)
{
	char text[24];

	if (from == to) {
		out_u64(o, name, from);
		return;
	}
	snprintf(text, sizeof(text), "%u-%u", from, to);
	out_str(o, name, text);
}

static void ports_json(json_t *o, const char *name, uint16_t min, uint16_t max)
{
	char text[16];

	if (!min && max == UINT16_MAX)
		return;
	if (min > max)
		snprintf(text, sizeof(text), "opaque");
	else if (min == max)
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

static void type_json(json_t *o, const struct kern_selector *s)
{
	unsigned int code = s->local_port_min & 0xff;
	unsigned int last = s->local_port_max & 0xff;

	if (!s->local_port_min && s->local_port_max == UINT16_MAX)
		return;
	range_json(o, "type", s->local_port_min >> 8, s->local_port_max >> 8);
	if (code || last != 0xff)
		range_json(o, "code", code, last);
}

void cli_selector_json(json_t *o, const struct kern_selector *s)
{
	addrs_json(o, "local", &s->local, s->local_plen, &s->local_last);
	addrs_json(o, "remote", &s->remote, s->remote_plen, &s->remote_last);
	if (s->proto)
		proto_json(o, s->proto);
	if (has_type(s->proto) && s->local_port_min <= s->local_port_max)
		type_json(o, s);
	else
		ports_json(o, "sport", s->local_port_min, s->local_port_max);
	ports_json(o, "dport", s->remote_port_min, s->remote_port_max);
}
