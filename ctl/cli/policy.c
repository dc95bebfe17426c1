// SPDX-License-Identifier: GPL-2.0
/* mobx policy: what must be protected, and what may pass in clear. */

#include <errno.h>
#include <string.h>

#include "cli/cli.h"

enum {
	POLICY_ORDER = CLI_SELECTOR_COUNT,
	POLICY_ACTION,
	POLICY_PEER,
	POLICY_MODE,
	POLICY_LABEL,
	POLICY_PFP,
};

static const char *const policy_words[] = {
	CLI_SELECTOR_WORDS, "order", "action", "peer", "mode", "label",
	"pfp", NULL
};

static int take_peer(struct cli *c, uint32_t *peer)
{
	if (cli_more(c) && !strcmp(c->argv[c->next], "*")) {
		c->next++;
		*peer = 0;
		return 0;
	}
	return cli_u32(c, "peer", 1, MOBX_MAX_PEER_ID, peer);
}

/* "remote,dport": what an SA takes from the packet */
static int take_pfp(struct cli *c, uint32_t *pfp)
{
	const char *word = cli_take(c, "pfp");
	char text[64], *save = NULL;
	int v;

	if (!word)
		return CLI_SYNTAX;
	snprintf(text, sizeof(text), "%s", word);
	*pfp = 0;
	for (char *one = strtok_r(text, ",", &save); one;
	     one = strtok_r(NULL, ",", &save)) {
		v = kern_value(&kern_pfps, one);
		if (v < 0)
			return cli_syntax(c, "pfp: '%s' is none of local, remote, proto, sport, dport (with commas between them)",
					  one);
		*pfp |= 1U << v;
	}
	return *pfp ? 0 : cli_syntax(c, "pfp: '%s' names no selector", word);
}

void cli_pfp_json(json_t *o, uint32_t pfp)
{
	char text[64];
	size_t len = 0;

	for (unsigned int i = 0; i < kern_pfps.count; i++)
		if (pfp & 1U << i)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"%s%s", len ? "," : "",
						kern_name(&kern_pfps, i));
	if (len)
		out_str(o, "pfp", text);
}

static int policy_value(struct cli *c, struct kern_policy *p, int word,
			uint32_t given)
{
	int v;

	switch (word) {
	case POLICY_ORDER:
		return cli_u32(c, "order", 0, UINT32_MAX, &p->order);
	case POLICY_ACTION:
		v = cli_named(c, &kern_actions);
		p->action = (enum mobx_action)v;
		return v < 0;
	case POLICY_PEER:
		return take_peer(c, &p->peer);
	case POLICY_MODE:
		v = cli_named(c, &kern_modes);
		p->mode = (enum mobx_mode)v;
		return v < 0;
	case POLICY_LABEL:
		return cli_label(c, p->label);
	case POLICY_PFP:
		return take_pfp(c, &p->pfp);
	default:
		return cli_selector(c, &p->selector, word, given);
	}
}

int cli_policy_parse(struct cli *c, struct kern_policy *p)
{
	uint32_t given = 0;

	*p = (struct kern_policy){ 0 };
	kern_selector_any(&p->selector);
	while (cli_more(c)) {
		int word = cli_keyword(c, policy_words);

		if (word < 0 || policy_value(c, p, word, given))
			return CLI_SYNTAX;
		given |= 1U << word;
	}
	if (!(given & 1U << POLICY_ORDER))
		return cli_syntax(c, "order is missing: the lowest that matches decides");
	if (!(given & 1U << POLICY_ACTION))
		return cli_syntax(c, "action is missing: protect, bypass or discard");
	if (p->action != MOBX_ACTION_PROTECT &&
	    (given & (1U << POLICY_PEER | 1U << POLICY_MODE |
		      1U << POLICY_PFP)))
		return cli_syntax(c, "peer, mode and pfp belong to action protect only");
	return cli_selector_check(c, &p->selector);
}

json_t *cli_policy_json(const struct cli *c, const struct kern_policy *p)
{
	json_t *o = json_object();

	if (p->builtin)
		out_flag(o, "builtin", true);
	else
		out_u64(o, "order", p->order);
	out_str(o, "action", kern_name(&kern_actions, p->action));
	if (p->action == MOBX_ACTION_PROTECT) {
		if (p->peer)
			out_u64(o, "peer", p->peer);
		else
			json_object_set_new(o, "peer", json_null());
		out_str(o, "mode", kern_name(&kern_modes, p->mode));
	}
	cli_selector_json(o, &p->selector);
	cli_pfp_json(o, p->pfp);
	if (p->label[0])
		out_str(o, "label", p->label);
	if (c->stats)
		out_u64(o, "packets", p->packets);
	return o;
}

static int policy_add(struct cli *c)
{
	struct kern_policy p;
	struct kern *k;

	if (cli_policy_parse(c, &p))
		return CLI_SYNTAX;
	k = cli_kern(c);
	if (!k)
		return CLI_REFUSED;
	return cli_kern_result(c, kern_policy_new(k, &p));
}

struct policy_name {
	struct cli *c;
	bool has_order;
	uint32_t order;
	char label[MOBX_MAX_LABEL + 1];
};

static int take_name(struct cli *c, struct policy_name *n)
{
	static const char *const words[] = { "order", "label", NULL };

	*n = (struct policy_name){ .c = c };
	while (cli_more(c)) {
		int word = cli_keyword(c, words);

		if (word < 0)
			return CLI_SYNTAX;
		if (word == 0) {
			n->has_order = true;
			if (cli_u32(c, "order", 0, UINT32_MAX, &n->order))
				return CLI_SYNTAX;
		} else if (cli_label(c, n->label)) {
			return CLI_SYNTAX;
		}
	}
	return 0;
}

static int policy_delete(struct cli *c)
{
	struct policy_name n;
	struct kern *k;

	if (take_name(c, &n))
		return CLI_SYNTAX;
	if (!n.has_order || n.label[0])
		return cli_syntax(c, "a policy is named by its order; `flush label TEXT` takes a label");
	k = cli_kern(c);
	if (!k)
		return CLI_REFUSED;
	return cli_kern_result(c, kern_policy_del(k, n.order));
}

static int show_one(const struct kern_policy *p, void *ctx)
{
	struct policy_name *n = ctx;

	if ((!n->has_order || (!p->builtin && n->order == p->order)) &&
	    (!n->label[0] || !strcmp(n->label, p->label)))
		out_item(n->c, "policy", cli_policy_json(n->c, p));
	return 0;
}

/* The default decides last and so stands last, as if it were an entry. */
static int show_default(struct cli *c, struct kern *k)
{
	json_t *o = json_object();
	struct kern_conf conf;
	int ret = kern_conf_get(k, &conf);

	if (ret) {
		json_decref(o);
		return ret;
	}
	out_str(o, "default", kern_name(&kern_actions, conf.default_action));
	out_str(o, "icmp", conf.icmp ? "on" : "off");
	out_str(o, "uncovered", kern_name(&kern_uncovereds, conf.uncovered));
	out_item(c, "policy", o);
	return 0;
}

static int policy_show(struct cli *c)
{
	struct policy_name n;
	struct kern *k;
	int ret;

	if (take_name(c, &n))
		return CLI_SYNTAX;
	k = cli_kern(c);
	if (!k)
		return CLI_REFUSED;
	out_begin(c);
	ret = kern_policy_dump(k, show_one, &n);
	if (!ret && !n.has_order && !n.label[0])
		ret = show_default(c, k);
	out_end(c);
	if (!ret && n.has_order && !c->items)
		return cli_refused(c, "there is no policy of order %u",
				   n.order);
	return cli_kern_result(c, ret);
}

static int policy_flush(struct cli *c)
{
	struct policy_name n;
	struct kern *k;

	if (take_name(c, &n))
		return CLI_SYNTAX;
	if (n.has_order)
		return cli_syntax(c, "flush takes no order: use del order %u",
				  n.order);
	k = cli_kern(c);
	if (!k)
		return CLI_REFUSED;
	return cli_kern_result(c, kern_policy_flush(k, n.label[0] ? n.label :
								    NULL));
}

static int take_icmp(struct cli *c, bool *icmp)
{
	const char *word = cli_take(c, "icmp");

	if (!word)
		return CLI_SYNTAX;
	*icmp = !strcmp(word, "on");
	if (!*icmp && strcmp(word, "off"))
		return cli_syntax(c, "icmp: '%s' is neither on nor off", word);
	return 0;
}

/* Words of `policy default` into @conf; what they set into @what. */
static int take_default(struct cli *c, struct kern_conf *conf,
			unsigned int *what)
{
	static const char *const words[] = { "bypass", "discard", "protect",
					     "icmp", "uncovered", NULL };
	int v;

	while (cli_more(c)) {
		switch (cli_keyword(c, words)) {
		case MOBX_ACTION_BYPASS:
			conf->default_action = MOBX_ACTION_BYPASS;
			*what |= KERN_CONF_DEFAULT;
			break;
		case MOBX_ACTION_DISCARD:
			conf->default_action = MOBX_ACTION_DISCARD;
			*what |= KERN_CONF_DEFAULT;
			break;
		case MOBX_ACTION_PROTECT:
			return cli_syntax(c, "the default is bypass or discard; what shall be protected takes a policy");
		case 3:
			if (take_icmp(c, &conf->icmp))
				return CLI_SYNTAX;
			*what |= KERN_CONF_ICMP;
			break;
		case 4:
			v = cli_named(c, &kern_uncovereds);
			if (v < 0)
				return CLI_SYNTAX;
			conf->uncovered = (enum mobx_uncovered)v;
			*what |= KERN_CONF_UNCOVERED;
			break;
		default:
			return CLI_SYNTAX;
		}
	}
	return 0;
}

static int policy_default(struct cli *c)
{
	struct kern_conf conf = { 0 };
	unsigned int what = 0;
	struct kern *k;
	int ret;

	if (take_default(c, &conf, &what))
		return CLI_SYNTAX;
	k = cli_kern(c);
	if (!k)
		return CLI_REFUSED;
	if (what)
		return cli_kern_result(c, kern_conf_set(k, &conf, what));
	out_begin(c);
	ret = show_default(c, k);
	out_end(c);
	return cli_kern_result(c, ret);
}

static const struct cli_verb verbs[] = {
	{ "show", policy_show, "[order N] [label TEXT]" },
	{ "add", policy_add,
	  "order N action protect|bypass|discard [peer ID|*] [mode transport|tunnel] SELECTOR [pfp SELECTORS] [label TEXT]" },
	{ "delete", policy_delete, "order N" },
	{ "flush", policy_flush, "[label TEXT]" },
	{ "default", policy_default, "[bypass|discard] [icmp on|off] [uncovered keep|remove]" },
	{ "list", policy_show, NULL },
	{ 0 }
};

const struct cli_object cli_policy = {
	.name = "policy",
	.verbs = verbs,
	.first = "order",
	.help = "what must be protected, and what may pass in clear",
	.words =
		"SELECTOR := [local ADDRS] [remote ADDRS] [proto NAME|NUMBER] [sport PORTS]\n"
		"  [dport PORTS] [type N [code N]]   (as a packet that this host sends has them)\n"
		"ADDRS := ADDRESS[/BITS] | FIRST-LAST | any    N := NUMBER | FIRST-LAST\n"
		"PORTS := PORT | FIRST-LAST | any | opaque\n"
		"SELECTORS := local,remote,proto,sport,dport or some of them: one SA for each value\n"
		"The lowest order that matches decides; `default` is for what nothing matches.\n",
};
