// SPDX-License-Identifier: GPL-2.0
#include "agent/conf_conn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/conf_cred.h"
#include "agent/conf_value.h"

static const char *const default_ike[] = {
	"aes128gcm16-prfsha256-ecp256", "aes128gcm16-prfsha256-x25519",
	"aes256gcm16-prfsha256-ecp256", "aes256gcm16-prfsha256-x25519",
	"aes128-sha256-prfsha256-ecp256", NULL
};
static const char *const default_esp[] = { "aes128gcm16", "aes256gcm16", NULL };

/* ----------------------------------------------- a section, as it closes */

static int too_many(const char *what, unsigned int max, char *err,
		    size_t errlen)
{
	snprintf(err, errlen, "%s: more than %u", what, max);
	return -EINVAL;
}

/* A list of prefixes; "any" anywhere in it makes it empty, which means any. */
static int build_prefixes(cfg_t *sec, const char *option,
			  struct ike_prefix out[IKE_MAX_ADDRS],
			  unsigned int *count, char *err, size_t errlen)
{
	unsigned int n = cfg_size(sec, option);

	*count = 0;
	if (n > IKE_MAX_ADDRS)
		return too_many(option, IKE_MAX_ADDRS, err, errlen);
	for (unsigned int i = 0; i < n; i++) {
		int ret = conf_prefix(cfg_getnstr(sec, option, i), &out[i], err,
				      errlen);

		if (ret)
			return ret;
		if (!out[i].addr.family) {
			memset(out, 0, sizeof(*out) * IKE_MAX_ADDRS);
			return 0;
		}
	}
	*count = n;
	return 0;
}

static int build_addresses(cfg_t *sec, struct ike_conn *c, char *err,
			   size_t errlen)
{
	struct ike_prefix own[IKE_MAX_ADDRS];
	int ret;

	memset(own, 0, sizeof(own));
	ret = build_prefixes(sec, "local", own, &c->nlocal, err, errlen);
	if (ret)
		return ret;
	for (unsigned int i = 0; i < c->nlocal; i++)
		c->local[i] = own[i].addr;

	if (c->role == IKE_INITIATE && !cfg_size(sec, "remote")) {
		snprintf(err, errlen,
			 "remote is missing; who initiates needs an address, for instance remote = { \"192.0.2.1\" }");
		return -EINVAL;
	}
	return build_prefixes(sec, "remote", c->remote, &c->nremote, err,
			      errlen);
}

static int build_identity(cfg_t *sec, const char *option, struct ike_id *id,
			  char *err, size_t errlen)
{
	if (!cfg_size(sec, option)) {
		snprintf(err, errlen,
			 "%s is missing; an FQDN, an address, user@fqdn or \"key-id:TEXT\" would be right",
			 option);
		return -EINVAL;
	}
	return ike_id_parse(cfg_getstr(sec, option), id);
}

static int build_suites(cfg_t *sec, const char *option, bool esp,
			struct crypto_suite out[IKE_MAX_PROPOSALS],
			unsigned int *count, char *err, size_t errlen)
{
	const char *const *defaults = esp ? default_esp : default_ike;
	unsigned int n = cfg_size(sec, option), wanted = n;

	if (n > IKE_MAX_PROPOSALS)
		return too_many(option, IKE_MAX_PROPOSALS, err, errlen);
	while (!wanted && defaults[n])
		n++;
	for (unsigned int i = 0; i < n; i++) {
		const char *text = wanted ? cfg_getnstr(sec, option, i) :
					    defaults[i];
		int ret = ike_suite_parse(text, esp, &out[i], err, errlen);

		if (ret)
			return ret;
	}
	*count = n;
	return 0;
}

static int protect_prefix(cfg_t *sec, const char *option,
			  struct wire_addr *addr, uint8_t *plen, char *err,
			  size_t errlen)
{
	struct ike_prefix p;
	int ret;

	if (!cfg_size(sec, option))
		return 0;
	ret = conf_prefix(cfg_getstr(sec, option), &p, err, errlen);
	*addr = p.addr;
	*plen = p.plen;
	return ret;
}

static int build_protect(cfg_t *sec, struct ike_selector *ike,
			 struct conf_protect *out, char *err, size_t errlen)
{
	struct kern_selector *s = &out->selector;
	int ret = 0;

	kern_selector_any(s);
	if (!cfg_size(sec, "order")) {
		snprintf(err, errlen,
			 "protect has no order; a number such as order = 100 would be right (the lowest that matches decides)");
		return -EINVAL;
	}
	out->order = (uint32_t)cfg_getint(sec, "order");
	if (cfg_size(sec, "proto"))
		ret = conf_proto(cfg_getstr(sec, "proto"), &s->proto, err,
				 errlen);
	if (!ret && cfg_size(sec, "local-port"))
		ret = conf_ports(cfg_getstr(sec, "local-port"),
				 &s->local_port_min, &s->local_port_max, err,
				 errlen);
	if (!ret && cfg_size(sec, "remote-port"))
		ret = conf_ports(cfg_getstr(sec, "remote-port"),
				 &s->remote_port_min, &s->remote_port_max, err,
				 errlen);
	if (!ret)
		ret = protect_prefix(sec, "local", &s->local, &s->local_plen,
				     err, errlen);
	if (!ret)
		ret = protect_prefix(sec, "remote", &s->remote,
				     &s->remote_plen, err, errlen);
	if (cfg_size(sec, "child"))
		ike->child = (uint8_t)cfg_getint(sec, "child");
	ike->local.addr = s->local;
	ike->local.plen = s->local_plen;
	ike->remote.addr = s->remote;
	ike->remote.plen = s->remote_plen;
	ike->proto = s->proto;
	ike->local_min = s->local_port_min;
	ike->local_max = s->local_port_max;
	ike->remote_min = s->remote_port_min;
	ike->remote_max = s->remote_port_max;
	return ret;
}

static int build_protects(cfg_t *sec, struct conf_conn *out, char *err,
			  size_t errlen)
{
	unsigned int n = cfg_size(sec, "protect");

	if (!n || n > IKE_MAX_SELECTORS) {
		snprintf(err, errlen,
			 "%u protect sections; 1 to %u would be right", n,
			 IKE_MAX_SELECTORS);
		return -EINVAL;
	}
	for (unsigned int i = 0; i < n; i++) {
		int ret = build_protect(cfg_getnsec(sec, "protect", i),
					&out->ike.protect[i], &out->protect[i],
					err, errlen);

		if (ret)
			return ret;
	}
	out->ike.nprotect = n;
	return 0;
}

static int build_links(cfg_t *sec, const char *option, struct ike_links *l,
		       char *err, size_t errlen)
{
	unsigned int n = cfg_size(sec, option);

	if (n > IKE_MAX_LINKS)
		return too_many(option, IKE_MAX_LINKS, err, errlen);
	for (l->n = 0; l->n < n; l->n++)
		snprintf(l->name[l->n], IKE_IFNAME_LEN, "%s",
			 cfg_getnstr(sec, option, l->n));
	return 0;
}

/* What this end uses of its own. */
static int build_own(cfg_t *sec, struct ike_conn *c, char *err, size_t errlen)
{
	int ret = build_prefixes(sec, "local-allow", c->local_allow,
				 &c->nlocal_allow, err, errlen);

	if (!ret)
		ret = build_prefixes(sec, "local-deny", c->local_deny,
				     &c->nlocal_deny, err, errlen);
	if (!ret)
		ret = build_links(sec, "link-allow", &c->link_allow, err,
				  errlen);
	return ret ? ret : build_links(sec, "link-deny", &c->link_deny, err,
				       errlen);
}

static int build_paths(cfg_t *sec, struct ike_conn *c, char *err,
		       size_t errlen)
{
	unsigned int n = cfg_size(sec, "prefer");
	int ret;

	if (cfg_size(sec, "auto-add"))
		c->auto_add = cfg_getbool(sec, "auto-add");
	if (cfg_size(sec, "mptcp"))
		c->mptcp = (enum ike_mptcp)conf_word(cfg_getstr(sec, "mptcp"),
						     conf_mptcp_words, err,
						     errlen);
	if (cfg_size(sec, "drain-ms"))
		c->drain_us = (uint64_t)cfg_getint(sec, "drain-ms") * 1000;
	if (cfg_size(sec, "test-seconds"))
		c->path_test_us =
			(uint64_t)cfg_getint(sec, "test-seconds") * 1000000;
	if (cfg_size(sec, "max-paths"))
		c->max_paths = (uint8_t)cfg_getint(sec, "max-paths");
	if (n > IKE_MAX_IFNAMES)
		return too_many("prefer", IKE_MAX_IFNAMES, err, errlen);
	for (c->nprefer = 0; c->nprefer < n; c->nprefer++)
		snprintf(c->prefer[c->nprefer], IKE_IFNAME_LEN, "%s",
			 cfg_getnstr(sec, "prefer", c->nprefer));
	ret = build_own(sec, c, err, errlen);
	if (!ret)
		ret = build_prefixes(sec, "allow", c->allow, &c->nallow, err,
				     errlen);
	if (ret)
		return ret;
	return build_prefixes(sec, "deny", c->deny, &c->ndeny, err, errlen);
}

static void build_numbers(cfg_t *sec, struct ike_conn *c)
{
	if (cfg_size(sec, "dpd-delay"))
		c->dpd_delay_us =
			(uint64_t)cfg_getint(sec, "dpd-delay") * 1000000;
	if (cfg_size(sec, "replay-window"))
		c->replay_window = (uint32_t)cfg_getint(sec, "replay-window");
	if (cfg_size(sec, "retransmit-first-ms"))
		c->retransmit_first_us =
			(uint64_t)cfg_getint(sec, "retransmit-first-ms") * 1000;
	if (cfg_size(sec, "retransmit-tries"))
		c->retransmit_tries =
			(unsigned int)cfg_getint(sec, "retransmit-tries");
	if (cfg_size(sec, "rekey-seconds"))
		c->rekey_us =
			(uint64_t)cfg_getint(sec, "rekey-seconds") * 1000000;
	if (cfg_size(sec, "resume-seconds"))
		c->resume_us = 1000000 *
			(uint64_t)cfg_getint(sec, "resume-seconds");
	if (cfg_size(sec, "ike-rekey-seconds"))
		c->ike_rekey_us = 1000000 *
			(uint64_t)cfg_getint(sec, "ike-rekey-seconds");
}

static int build_redirect(cfg_t *sec, struct ike_conn *c, char *err,
			  size_t errlen)
{
	struct ike_prefix p;
	int ret;

	if (cfg_size(sec, "follow-redirects"))
		c->follow_redirects = cfg_getbool(sec, "follow-redirects");
	if (!cfg_size(sec, "redirect-to"))
		return 0;
	ret = conf_prefix(cfg_getstr(sec, "redirect-to"), &p, err, errlen);
	c->redirect_to = p.addr;
	return ret;
}

static void build_virtual(cfg_t *sec, struct ike_conn *c)
{
	unsigned int n = cfg_size(sec, "virtual-address");

	if (cfg_size(sec, "pool"))
		snprintf(c->pool, sizeof(c->pool), "%s",
			 cfg_getstr(sec, "pool"));
	if (cfg_size(sec, "device"))
		snprintf(c->device, sizeof(c->device), "%s",
			 cfg_getstr(sec, "device"));
	for (; c->nvirtual < n && c->nvirtual < IKE_MAX_VIRTUAL; c->nvirtual++)
		wire_addr_parse(&c->virtual[c->nvirtual],
				cfg_getnstr(sec, "virtual-address",
					    c->nvirtual));
}

static int build_words(cfg_t *sec, struct ike_conn *c, char *err,
		       size_t errlen)
{
	if (!cfg_size(sec, "role")) {
		snprintf(err, errlen,
			 "role is missing; initiate or respond would be right");
		return -EINVAL;
	}
	c->role = conf_word(cfg_getstr(sec, "role"), conf_role_words, err, errlen) ?
			  IKE_RESPOND : IKE_INITIATE;
	c->start = IKE_START_ON_LOAD;
	if (cfg_size(sec, "start"))
		c->start = (enum ike_start)conf_word(cfg_getstr(sec, "start"),
						     conf_start_words, err, errlen);
	if (cfg_size(sec, "mode"))
		c->mode = (enum mobx_mode)conf_word(cfg_getstr(sec, "mode"),
						    conf_mode_words, err,
						    errlen);
	if (cfg_size(sec, "childless"))
		c->childless = (enum ike_childless)
			conf_word(cfg_getstr(sec, "childless"),
				  conf_childless_words, err, errlen);
	if (cfg_size(sec, "rrc"))
		c->rrc = (enum ike_rrc)conf_word(cfg_getstr(sec, "rrc"),
						 conf_rrc_words, err, errlen);
	if (cfg_size(sec, "mobike"))
		c->mobike = cfg_getbool(sec, "mobike");
	if (cfg_size(sec, "mobike-x"))
		c->mobikex = cfg_getbool(sec, "mobike-x");
	else if (!c->mobike)
		c->mobikex = false;
	if (cfg_size(sec, "nat-traversal"))
		c->nat_traversal = cfg_getbool(sec, "nat-traversal");
	if (cfg_size(sec, "fragmentation"))
		c->fragmentation = cfg_getbool(sec, "fragmentation");
	return 0;
}

static int check_name(const char *name, char *err, size_t errlen)
{
	size_t len = strlen(name);

	if (!len || len >= IKE_MAX_NAME ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != len) {
		snprintf(err, errlen,
			 "a name has 1 to %u letters, digits, '-', '_' and '.'",
			 IKE_MAX_NAME - 1);
		return -EINVAL;
	}
	return 0;
}

void conf_conn_clear(struct conf_conn *c)
{
	wire_wr_free(&c->items);
	explicit_bzero(c, sizeof(*c));
}

int conf_conn_build(cfg_t *sec, const char *file, struct conf_conn *out,
		    char *err, size_t errlen)
{
	struct ike_conn *c = &out->ike;
	int ret;

	memset(out, 0, sizeof(*out));
	ike_conn_init(c);
	ret = check_name(cfg_title(sec), err, errlen);
	if (ret)
		return ret;
	snprintf(c->name, sizeof(c->name), "%s", cfg_title(sec));
	ret = build_words(sec, c, err, errlen);
	if (!ret)
		ret = build_addresses(sec, c, err, errlen);
	if (!ret)
		ret = build_redirect(sec, c, err, errlen);
	if (!ret)
		ret = build_identity(sec, "local-id", &c->local_id, err, errlen);
	/* A responder may take anybody who knows the key. */
	if (!ret && (c->role == IKE_INITIATE || cfg_size(sec, "remote-id")))
		ret = build_identity(sec, "remote-id", &c->remote_id, err,
				     errlen);
	if (!ret)
		ret = conf_cred_build(sec, file, out, err, errlen);
	if (!ret)
		ret = build_suites(sec, "ike", false, c->ike, &c->nike, err,
				   errlen);
	if (!ret)
		ret = build_suites(sec, "esp", true, c->esp, &c->nesp, err,
				   errlen);
	if (!ret)
		ret = build_protects(sec, out, err, errlen);
	if (!ret)
		ret = build_paths(cfg_getsec(sec, "paths"), c, err, errlen);
	if (ret)
		return ret;
	build_virtual(sec, c);
	build_numbers(sec, c);
	return ike_conn_check(c, err, errlen);
}
