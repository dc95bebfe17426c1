// SPDX-License-Identifier: GPL-2.0
#include "agent/conf_pool.h"

#include <stdio.h>
#include <string.h>

#include "agent/conf_value.h"

cfg_opt_t *conf_pool_options(void)
{
	static cfg_opt_t pool[] = {
		CFG_STR_LIST("addresses", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("dns", NULL, CFGF_NODEFAULT),
		CFG_END()
	};

	return pool;
}

static int complain(cfg_t *cfg, cfg_opt_t *opt, const char *err)
{
	cfg_error(cfg, "%s: %s", cfg_opt_name(opt), err);
	return -1;
}

static const char *last_text(cfg_opt_t *opt)
{
	return cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
}

static int check_addresses(cfg_t *cfg, cfg_opt_t *opt)
{
	char err[CONF_MAX_ERROR];
	struct ike_prefix p;

	if (conf_prefix(last_text(opt), &p, err, sizeof(err)))
		return complain(cfg, opt, err);
	if (wire_addr_kind(&p.addr) != WIRE_ADDR_UNICAST)
		return complain(cfg, opt,
				"prefixes of addresses that hosts can have, such as \"10.9.0.0/24\", would be right");
	if (cfg_opt_size(opt) > CONF_MAX_PREFIXES)
		return complain(cfg, opt, "more than 8 prefixes");
	return 0;
}

static int check_dns(cfg_t *cfg, cfg_opt_t *opt)
{
	struct wire_addr a;

	if (!wire_addr_parse(&a, last_text(opt)) ||
	    wire_addr_kind(&a) != WIRE_ADDR_UNICAST)
		return complain(cfg, opt,
				"addresses of name servers such as \"10.9.0.1\" would be right");
	if (cfg_opt_size(opt) > IKE_MAX_DNS)
		return complain(cfg, opt, "more than 4 name servers");
	return 0;
}

static bool overlap(const struct ike_prefix *a, const struct ike_prefix *b)
{
	return ike_prefix_has(a, &b->addr) || ike_prefix_has(b, &a->addr);
}

static struct ike_prefix prefix_of(cfg_t *sec, unsigned int i)
{
	char err[CONF_MAX_ERROR];
	struct ike_prefix p;

	conf_prefix(cfg_getnstr(sec, "addresses", i), &p, err, sizeof(err));
	return p;
}

/* Two who have the same address could not be told apart. */
static int check_overlap(cfg_t *cfg, cfg_opt_t *opt, cfg_t *mine)
{
	unsigned int last = cfg_opt_size(opt) - 1;

	for (unsigned int i = 0; i < cfg_size(mine, "addresses"); i++) {
		struct ike_prefix a = prefix_of(mine, i);

		for (unsigned int s = 0; s <= last; s++) {
			cfg_t *sec = cfg_opt_getnsec(opt, s);
			unsigned int n = s == last ? i : cfg_size(sec, "addresses");

			while (n--) {
				struct ike_prefix b = prefix_of(sec, n);

				if (!overlap(&a, &b))
					continue;
				cfg_error(cfg, "pool \"%s\": %s overlaps with %s of pool \"%s\"; an address belongs to one pool",
					  cfg_title(mine),
					  cfg_getnstr(mine, "addresses", i),
					  cfg_getnstr(sec, "addresses", n),
					  cfg_title(sec));
				return -1;
			}
		}
	}
	return 0;
}

static int check_pool(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *sec = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	const char *name = cfg_title(sec);
	size_t len = strlen(name);

	/* It stands in a file between blanks. */
	if (!len || len >= IKE_MAX_NAME || strpbrk(name, " \t\n")) {
		cfg_error(cfg, "pool \"%s\": a name has 1 to %u characters without blanks",
			  name, IKE_MAX_NAME - 1);
		return -1;
	}
	if (!cfg_size(sec, "addresses")) {
		cfg_error(cfg, "pool \"%s\": addresses is missing; for instance addresses = { \"10.9.0.0/24\" } would be right",
			  name);
		return -1;
	}
	if (cfg_opt_size(opt) > CONF_MAX_POOLS) {
		cfg_error(cfg, "more than %u pools", CONF_MAX_POOLS);
		return -1;
	}
	return check_overlap(cfg, opt, sec);
}

void conf_pool_watch(cfg_t *root)
{
	cfg_set_validate_func(root, "pool|addresses", check_addresses);
	cfg_set_validate_func(root, "pool|dns", check_dns);
	cfg_set_validate_func(root, "pool", check_pool);
}

unsigned int conf_pool_build(cfg_t *root, struct conf_pool out[CONF_MAX_POOLS])
{
	unsigned int n = cfg_size(root, "pool");

	for (unsigned int i = 0; i < n; i++) {
		cfg_t *sec = cfg_getnsec(root, "pool", i);
		struct conf_pool *p = &out[i];

		snprintf(p->name, sizeof(p->name), "%s", cfg_title(sec));
		for (; p->n < cfg_size(sec, "addresses"); p->n++)
			p->prefix[p->n] = prefix_of(sec, p->n);
		for (; p->ndns < cfg_size(sec, "dns"); p->ndns++)
			wire_addr_parse(&p->dns[p->ndns],
					cfg_getnstr(sec, "dns", p->ndns));
	}
	return n;
}
