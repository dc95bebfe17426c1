// SPDX-License-Identifier: GPL-2.0
/* The options of a connection, each checked while its line is read. */
#include "agent/conf_conn.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "agent/conf_value.h"

const char *const conf_role_words[] = { "initiate", "respond", NULL };
const char *const conf_start_words[] = {
	"manual", "on-load", "on-traffic", NULL
};
const char *const conf_childless_words[] = {
	"allow", "prefer", "never", NULL
};
const char *const conf_rrc_words[] = { "early", "before", "off", NULL };
const char *const conf_mptcp_words[] = { "no", "subflow", "signal", "fullmesh",
					 NULL };
const char *const conf_auth_words[] = { "psk", "pubkey", NULL };
const char *const conf_ocsp_words[] = { "no", "relaxed", "if-uri", "strict",
					NULL };
static const char *const padding_words[] = { "pss", "pkcs1", NULL };
const char *const conf_mode_words[] = { "transport", "tunnel", NULL };

/* What a number may be; times are converted by the builder. */
static const struct range {
	const char *option;
	long min, max;
} ranges[] = {
	{ "dpd-delay", 0, 86400 },
	{ "replay-window", 0, MOBX_MAX_REPLAY_WINDOW },
	{ "retransmit-first-ms", 10, 10000 },
	{ "retransmit-tries", 1, 30 },
	{ "rekey-seconds", 0, 31536000 },
	{ "ike-rekey-seconds", 0, 31536000 },
	{ "resume-seconds", 0, 31536000 },
	{ "order", 0, INT_MAX },
	{ "child", 0, IKE_MAX_CONN_CHILDREN - 1 },
	{ "drain-ms", 0, 600000 },
	{ "test-seconds", 0, 86400 },
	{ "max-paths", 2, MOBX_MAX_PATHS },
};

cfg_opt_t *conf_conn_options(void)
{
	static cfg_opt_t protect[] = {
		CFG_INT("order", 0, CFGF_NODEFAULT),
		CFG_INT("child", 0, CFGF_NODEFAULT),
		CFG_STR("proto", NULL, CFGF_NODEFAULT),
		CFG_STR("local-port", NULL, CFGF_NODEFAULT),
		CFG_STR("remote-port", NULL, CFGF_NODEFAULT),
		CFG_STR("local", NULL, CFGF_NODEFAULT),
		CFG_STR("remote", NULL, CFGF_NODEFAULT),
		CFG_END()
	};
	static cfg_opt_t paths[] = {
		CFG_BOOL("auto-add", cfg_false, CFGF_NODEFAULT),
		CFG_STR_LIST("prefer", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("allow", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("deny", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("local-allow", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("local-deny", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("link-allow", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("link-deny", NULL, CFGF_NODEFAULT),
		CFG_STR("mptcp", NULL, CFGF_NODEFAULT),
		CFG_INT("drain-ms", 0, CFGF_NODEFAULT),
		CFG_INT("test-seconds", 0, CFGF_NODEFAULT),
		CFG_INT("max-paths", 0, CFGF_NODEFAULT),
		CFG_END()
	};
	static cfg_opt_t conn[] = {
		CFG_STR("role", NULL, CFGF_NODEFAULT),
		CFG_STR("start", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("local", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("remote", NULL, CFGF_NODEFAULT),
		CFG_STR("local-id", NULL, CFGF_NODEFAULT),
		CFG_STR("remote-id", NULL, CFGF_NODEFAULT),
		CFG_STR("psk", NULL, CFGF_NODEFAULT),
		CFG_STR("psk-file", NULL, CFGF_NODEFAULT),
		CFG_STR("ppk-id", NULL, CFGF_NODEFAULT),
		CFG_STR("ppk", NULL, CFGF_NODEFAULT),
		CFG_STR("ppk-file", NULL, CFGF_NODEFAULT),
		CFG_BOOL("ppk-required", cfg_false, CFGF_NODEFAULT),
		CFG_STR("local-auth", NULL, CFGF_NODEFAULT),
		CFG_STR("remote-auth", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("cert", NULL, CFGF_NODEFAULT),
		CFG_STR("key", NULL, CFGF_NODEFAULT),
		CFG_STR("rsa-padding", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("ca", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("crl", NULL, CFGF_NODEFAULT),
		CFG_STR("ocsp", NULL, CFGF_NODEFAULT),
		CFG_STR("ocsp-uri", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("remote-cert", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("remote-key", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("ike", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("esp", NULL, CFGF_NODEFAULT),
		CFG_STR("mode", NULL, CFGF_NODEFAULT),
		CFG_SEC("protect", protect, CFGF_MULTI),
		CFG_STR("pool", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("virtual-address", NULL, CFGF_NODEFAULT),
		CFG_STR("device", NULL, CFGF_NODEFAULT),
		CFG_BOOL("mobike", cfg_false, CFGF_NODEFAULT),
		CFG_BOOL("mobike-x", cfg_false, CFGF_NODEFAULT),
		CFG_BOOL("nat-traversal", cfg_true, CFGF_NODEFAULT),
		CFG_BOOL("fragmentation", cfg_true, CFGF_NODEFAULT),
		CFG_BOOL("follow-redirects", cfg_true, CFGF_NODEFAULT),
		CFG_STR("redirect-to", NULL, CFGF_NODEFAULT),
		CFG_STR("childless", NULL, CFGF_NODEFAULT),
		CFG_STR("rrc", NULL, CFGF_NODEFAULT),
		CFG_SEC("paths", paths, CFGF_NONE),
		CFG_INT("dpd-delay", 0, CFGF_NODEFAULT),
		CFG_INT("replay-window", 0, CFGF_NODEFAULT),
		CFG_INT("retransmit-first-ms", 0, CFGF_NODEFAULT),
		CFG_INT("retransmit-tries", 0, CFGF_NODEFAULT),
		CFG_INT("rekey-seconds", 0, CFGF_NODEFAULT),
		CFG_INT("ike-rekey-seconds", 0, CFGF_NODEFAULT),
		CFG_INT("resume-seconds", 0, CFGF_NODEFAULT),
		CFG_END()
	};

	return conn;
}

/* ------------------------------------------- one value, while it is read */

/* The value that was read last. */
static const char *last_text(cfg_opt_t *opt)
{
	return cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
}

static int complain(cfg_t *cfg, cfg_opt_t *opt, const char *err)
{
	cfg_error(cfg, "%s: %s", cfg_opt_name(opt), err);
	return -1;
}

static int check_words(cfg_t *cfg, cfg_opt_t *opt, const char *const *words)
{
	char err[CONF_MAX_ERROR];

	if (conf_word(last_text(opt), words, err, sizeof(err)) < 0)
		return complain(cfg, opt, err);
	return 0;
}

static int check_role(cfg_t *cfg, cfg_opt_t *opt)
{
	return check_words(cfg, opt, conf_role_words);
}

static int check_start(cfg_t *cfg, cfg_opt_t *opt)
{
	return check_words(cfg, opt, conf_start_words);
}

static int check_childless(cfg_t *cfg, cfg_opt_t *opt)
{
	return check_words(cfg, opt, conf_childless_words);
}

static int check_rrc(cfg_t *cfg, cfg_opt_t *opt)
{
	return check_words(cfg, opt, conf_rrc_words);
}

static int check_mptcp(cfg_t *cfg, cfg_opt_t *opt)
{
	return check_words(cfg, opt, conf_mptcp_words);
}

static int check_auth(cfg_t *cfg, cfg_opt_t *opt)
{
	/* Somebody will try: that others can do it does not help here. */
	if (!strncasecmp(last_text(opt), "eap", 3))
		return complain(cfg, opt, "no EAP method is built in; psk or pubkey would be right");
	return check_words(cfg, opt, conf_auth_words);
}

static int check_padding(cfg_t *cfg, cfg_opt_t *opt)
{
	return check_words(cfg, opt, padding_words);
}

static int check_ocsp(cfg_t *cfg, cfg_opt_t *opt)
{
	return check_words(cfg, opt, conf_ocsp_words);
}

static int check_uri(cfg_t *cfg, cfg_opt_t *opt)
{
	char err[CONF_MAX_ERROR];

	if (conf_uri(last_text(opt), err, sizeof(err)))
		return complain(cfg, opt, err);
	return 0;
}

static int check_mode(cfg_t *cfg, cfg_opt_t *opt)
{
	return check_words(cfg, opt, conf_mode_words);
}

static int check_prefix(cfg_t *cfg, cfg_opt_t *opt)
{
	char err[CONF_MAX_ERROR];
	struct ike_prefix p;

	if (conf_prefix(last_text(opt), &p, err, sizeof(err)))
		return complain(cfg, opt, err);
	return 0;
}

static bool is_host(const struct ike_prefix *p)
{
	return p->addr.family && p->plen == wire_addr_len(p->addr.family) * 8;
}

/* Whether IKE can be spoken with a host at an address. */
static int check_address(cfg_t *cfg, cfg_opt_t *opt,
			 const struct wire_addr *addr)
{
	char err[CONF_MAX_ERROR], text[WIRE_ADDR_TEXT];
	const char *what = NULL;

	switch (wire_addr_kind(addr)) {
	case WIRE_ADDR_UNICAST:
	case WIRE_ADDR_LOOPBACK:
		return 0;
	case WIRE_ADDR_LINK_LOCAL:
		if (addr->family == 4)
			return 0;
		what = "is link-local: it means a host only together with a link, and does not move";
		break;
	case WIRE_ADDR_MULTICAST:
		what = "is a multicast address";
		break;
	case WIRE_ADDR_UNSPECIFIED:
	case WIRE_ADDR_BROADCAST:
		what = "is not the address of a host";
		break;
	case WIRE_ADDR_MAPPED:
		what = "is an IPv4 address in IPv6's form";
		break;
	}
	snprintf(err, sizeof(err), "%s %s; %s would be right",
		 wire_addr_text(addr, text), what,
		 addr->family == 4 || wire_addr_kind(addr) == WIRE_ADDR_MAPPED ?
		 "an address such as \"192.0.2.1\"" :
		 "an address such as \"2001:db8::1\"");
	return complain(cfg, opt, err);
}

static int check_hosts(cfg_t *cfg, cfg_opt_t *opt)
{
	char err[CONF_MAX_ERROR];
	struct ike_prefix p;

	if (conf_prefix(last_text(opt), &p, err, sizeof(err)))
		return complain(cfg, opt, err);
	return is_host(&p) ? check_address(cfg, opt, &p.addr) : 0;
}

static int check_host(cfg_t *cfg, cfg_opt_t *opt)
{
	char err[CONF_MAX_ERROR];
	struct ike_prefix p;

	if (conf_prefix(last_text(opt), &p, err, sizeof(err)))
		return complain(cfg, opt, err);
	if (!is_host(&p))
		return complain(cfg, opt, "a single address would be right");
	return check_address(cfg, opt, &p.addr);
}

static int check_own(cfg_t *cfg, cfg_opt_t *opt)
{
	char err[CONF_MAX_ERROR];
	struct ike_prefix p;

	if (conf_prefix(last_text(opt), &p, err, sizeof(err)))
		return complain(cfg, opt, err);
	if (p.addr.family && !is_host(&p))
		return complain(cfg, opt,
				"a prefix is no own address; \"any\" or single addresses would be right");
	return p.addr.family ? check_address(cfg, opt, &p.addr) : 0;
}

static int check_virtual(cfg_t *cfg, cfg_opt_t *opt)
{
	struct wire_addr a;

	if (!wire_addr_parse(&a, last_text(opt)))
		return complain(cfg, opt,
				"\"0.0.0.0\" or \"::\" for any, or the address that would be best, would be right");
	if (cfg_opt_size(opt) > IKE_MAX_VIRTUAL)
		return complain(cfg, opt,
				"one of IPv4 and one of IPv6 at most would be right");
	return wire_addr_kind(&a) == WIRE_ADDR_UNSPECIFIED ?
		       0 : check_address(cfg, opt, &a);
}

static int check_pool(cfg_t *cfg, cfg_opt_t *opt)
{
	size_t len = strlen(last_text(opt));

	if (!len || len >= IKE_MAX_NAME)
		return complain(cfg, opt,
				"the name of a pool section would be right");
	return 0;
}

static int check_ports(cfg_t *cfg, cfg_opt_t *opt)
{
	char err[CONF_MAX_ERROR];
	uint16_t min, max;

	if (conf_ports(last_text(opt), &min, &max, err, sizeof(err)))
		return complain(cfg, opt, err);
	return 0;
}

static int check_proto(cfg_t *cfg, cfg_opt_t *opt)
{
	char err[CONF_MAX_ERROR];
	uint8_t proto;

	if (conf_proto(last_text(opt), &proto, err, sizeof(err)))
		return complain(cfg, opt, err);
	return 0;
}

static int check_id(cfg_t *cfg, cfg_opt_t *opt)
{
	struct ike_id id;

	if (ike_id_parse(last_text(opt), &id))
		return complain(cfg, opt,
				"1 to 255 octets would be right: an FQDN, an address, user@fqdn, \"CN=NAME, O=NAME\" or \"key-id:TEXT\"");
	return 0;
}

static int check_ike(cfg_t *cfg, cfg_opt_t *opt)
{
	char err[CONF_MAX_ERROR];
	struct crypto_suite suite;

	if (ike_suite_parse(last_text(opt), false, &suite, err, sizeof(err)))
		return complain(cfg, opt, err);
	return 0;
}

static int check_esp(cfg_t *cfg, cfg_opt_t *opt)
{
	char err[CONF_MAX_ERROR];
	struct crypto_suite suite;

	if (ike_suite_parse(last_text(opt), true, &suite, err, sizeof(err)))
		return complain(cfg, opt, err);
	return 0;
}

static int check_ifname(cfg_t *cfg, cfg_opt_t *opt)
{
	size_t len = strlen(last_text(opt));

	if (!len || len >= IKE_IFNAME_LEN)
		return complain(cfg, opt,
				"an interface name has 1 to 15 characters");
	return 0;
}

static int check_links(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *text = last_text(opt), *star = strchr(text, '*');

	if (star && star[1])
		return complain(cfg, opt,
				"a '*' stands at the end of a name only, such as in \"docker*\"");
	if (star == text)
		return complain(cfg, opt,
				"\"*\" means every interface; leave the option out to allow all, and name those that are not to be used");
	return check_ifname(cfg, opt);
}

/* "any" empties other lists, and would this one. */
static int check_denied(cfg_t *cfg, cfg_opt_t *opt)
{
	if (!strcmp(last_text(opt), "any"))
		return complain(cfg, opt,
				"\"any\" would leave no address; those that are not to be used would be right, or local-allow with the others");
	return check_prefix(cfg, opt);
}

static int check_range(cfg_t *cfg, cfg_opt_t *opt)
{
	long n = cfg_opt_getnint(opt, cfg_opt_size(opt) - 1);
	char err[128];

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		const struct range *r = &ranges[i];

		if (strcmp(r->option, cfg_opt_name(opt)) ||
		    (n >= r->min && n <= r->max))
			continue;
		snprintf(err, sizeof(err),
			 "%ld is out of range; %ld to %ld would be right", n,
			 r->min, r->max);
		return complain(cfg, opt, err);
	}
	return 0;
}

void conf_conn_watch(cfg_t *root)
{
	static const struct {
		const char *option;
		cfg_validate_callback_t fn;
	} checks[] = {
		{ "role", check_role },
		{ "start", check_start },
		{ "local", check_own },
		{ "remote", check_hosts },
		{ "local-id", check_id },
		{ "remote-id", check_id },
		{ "local-auth", check_auth },
		{ "remote-auth", check_auth },
		{ "rsa-padding", check_padding },
		{ "ocsp", check_ocsp },
		{ "ocsp-uri", check_uri },
		{ "ike", check_ike },
		{ "esp", check_esp },
		{ "mode", check_mode },
		{ "redirect-to", check_host },
		{ "pool", check_pool },
		{ "virtual-address", check_virtual },
		{ "device", check_ifname },
		{ "childless", check_childless },
		{ "rrc", check_rrc },
		{ "dpd-delay", check_range },
		{ "replay-window", check_range },
		{ "retransmit-first-ms", check_range },
		{ "retransmit-tries", check_range },
		{ "rekey-seconds", check_range },
		{ "ike-rekey-seconds", check_range },
		{ "resume-seconds", check_range },
		{ "protect|order", check_range },
		{ "protect|child", check_range },
		{ "protect|proto", check_proto },
		{ "protect|local-port", check_ports },
		{ "protect|remote-port", check_ports },
		{ "protect|local", check_prefix },
		{ "protect|remote", check_prefix },
		{ "paths|prefer", check_ifname },
		{ "paths|allow", check_prefix },
		{ "paths|deny", check_prefix },
		{ "paths|local-allow", check_prefix },
		{ "paths|local-deny", check_denied },
		{ "paths|link-allow", check_links },
		{ "paths|link-deny", check_links },
		{ "paths|mptcp", check_mptcp },
		{ "paths|drain-ms", check_range },
		{ "paths|test-seconds", check_range },
		{ "paths|max-paths", check_range },
	};
	char name[64];

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		snprintf(name, sizeof(name), "connection|%s", checks[i].option);
		cfg_set_validate_func(root, name, checks[i].fn);
	}
}
