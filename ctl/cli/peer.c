// SPDX-License-Identifier: GPL-2.0
/* mobx peer: remote parties and the sets of paths they may use. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum {
	PEER_LABEL,
	PEER_GENERATION,
	PEER_EXPECT,
	PEER_LOCAL,
	PEER_REMOTE,
	PEER_PATH,
	PEER_SPREAD,
	PEER_NO_SPREAD,
};

static const char *const peer_words[] = {
	"label", "generation", "expect", "local",     "remote",
	"path",	 "spread",     "no-spread", NULL
};

enum {
	PATH_LOCAL,
	PATH_REMOTE,
	PATH_STATE,
	PATH_PRIMARY,
	PATH_BACKUP,
	PATH_PREFERENCE,
	PATH_ACCEPT_UNTIL,
	PATH_CREDIT,
	PATH_MTU,
	PATH_ENCAP_SPORT,
	PATH_ENCAP_DPORT,
	PATH_NEXT,
	PATH_PEER_LABEL,
	PATH_PEER_SPREAD,
	PATH_PEER_NO_SPREAD,
};

static const char *const path_words[] = {
	"local",	"remote",      "state",	 "primary", "backup",
	"preference",	"accept-until", "credit", "mtu",    "encap-sport",
	"encap-dport",	"path",	       "label",	 "spread",  "no-spread",
	NULL
};

struct addr_list {
	struct wire_addr addr[MOBX_MAX_PATHS];
	unsigned int count;
};

static int take_addr_list(struct cli *c, const char *what,
			  struct addr_list *list)
{
	const char *word = cli_take(c, what);
	char *copy, *one, *rest;
	int ret = 0;

	if (!word)
		return CLI_SYNTAX;
	copy = strdup(word);
	if (!copy)
		return cli_refused(c, "out of memory");
	rest = copy;
	while (!ret && (one = strsep(&rest, ","))) {
		if (list->count == MOBX_MAX_PATHS)
			ret = cli_syntax(c, "%s: more than %d addresses", what,
					 MOBX_MAX_PATHS);
		else if (!wire_addr_parse(&list->addr[list->count], one))
			ret = cli_syntax(c, "%s: '%s' is not an IP address",
					 what, one);
		else
			list->count++;
	}
	free(copy);
	return ret;
}

static int path_value(struct cli *c, struct kern_path *p, int word)
{
	int state;

	switch (word) {
	case PATH_LOCAL:
		return cli_addr(c, "local", &p->local);
	case PATH_REMOTE:
		return cli_addr(c, "remote", &p->remote);
	case PATH_STATE:
		state = cli_named(c, &kern_states);
		if (state < 0)
			return CLI_SYNTAX;
		p->state = (enum mobx_path_state)state;
		return 0;
	case PATH_PRIMARY:
		p->flags |= MOBX_PATH_FLAGS_PRIMARY;
		return 0;
	case PATH_BACKUP:
		p->flags |= MOBX_PATH_FLAGS_BACKUP;
		return 0;
	case PATH_PREFERENCE:
		return cli_u8(c, "preference", &p->preference);
	case PATH_ACCEPT_UNTIL:
		return cli_u32(c, "accept-until", 0, UINT32_MAX,
			       &p->accept_until_ms);
	case PATH_CREDIT:
		return cli_u64(c, "credit", 0, UINT64_MAX, &p->credit);
	case PATH_MTU:
		return cli_u32(c, "mtu", 0, UINT32_MAX, &p->mtu);
	case PATH_ENCAP_SPORT:
		return cli_u16(c, "encap-sport", &p->encap_sport);
	case PATH_ENCAP_DPORT:
		return cli_u16(c, "encap-dport", &p->encap_dport);
	default:
		return cli_syntax(c, "not a word of a path");
	}
}

/* What follows the word `path`, up to the next one or what is the peer's. */
static int take_path(struct cli *c, struct kern_peer *peer)
{
	bool until = false;
	struct kern_path *p;

	if (peer->npaths == MOBX_MAX_PATHS)
		return cli_syntax(c, "more than %d paths", MOBX_MAX_PATHS);
	p = &peer->paths[peer->npaths++];
	kern_path_init(p);
	while (cli_more(c)) {
		int word = cli_keyword(c, path_words);

		if (word < 0)
			return CLI_SYNTAX;
		if (word >= PATH_NEXT) {
			c->next--;
			break;
		}
		if (path_value(c, p, word))
			return CLI_SYNTAX;
		until |= word == PATH_ACCEPT_UNTIL;
	}
	if (!p->local.family || !p->remote.family)
		return cli_syntax(c, "path %u has no %s address", peer->npaths,
				  p->local.family ? "remote" : "local");
	/* Other states have no such time: it would not get to the kernel. */
	if (until && p->state != MOBX_PATH_STATE_DEPRECATED)
		return cli_syntax(c, "path %u: accept-until is for a path that is given up: 'state deprecated accept-until MS' would be right",
				  peer->npaths);
	return 0;
}

/* Every own address with every address of the peer, of the same family. */
static int cross(const struct cli *c, const struct addr_list *local,
		 const struct addr_list *remote, struct kern_peer *peer)
{
	unsigned int before = peer->npaths;

	if (!local->count && !remote->count)
		return 0;
	if (!local->count || !remote->count)
		return cli_syntax(c, "%s is missing",
				  local->count ? "remote" : "local");
	for (unsigned int i = 0; i < local->count; i++) {
		for (unsigned int j = 0; j < remote->count; j++) {
			struct kern_path *p = &peer->paths[peer->npaths];

			if (local->addr[i].family != remote->addr[j].family)
				continue;
			if (peer->npaths == MOBX_MAX_PATHS)
				return cli_syntax(c, "these are more than %d paths",
						  MOBX_MAX_PATHS);
			kern_path_init(p);
			p->local = local->addr[i];
			p->remote = remote->addr[j];
			peer->npaths++;
		}
	}
	if (peer->npaths == before)
		return cli_syntax(c, "no local address has the family of a remote one");
	return 0;
}

/* Nobody said which path is primary: the first that may be. */
static void choose_primary(struct kern_peer *peer)
{
	for (unsigned int i = 0; i < peer->npaths; i++) {
		if (peer->paths[i].flags & MOBX_PATH_FLAGS_PRIMARY)
			return;
	}
	for (unsigned int i = 0; i < peer->npaths; i++) {
		if (peer->paths[i].state == MOBX_PATH_STATE_VALID ||
		    peer->paths[i].state == MOBX_PATH_STATE_TENTATIVE) {
			peer->paths[i].flags |= MOBX_PATH_FLAGS_PRIMARY;
			return;
		}
	}
}

static int take_generation(struct cli *c, struct cli_peer_args *a)
{
	a->has_expect = true;
	return cli_u64(c, "generation", 0, UINT64_MAX, &a->expect);
}

int cli_peer_parse(struct cli *c, struct cli_peer_args *a)
{
	struct addr_list local = { .count = 0 };
	struct addr_list remote = { .count = 0 };

	*a = (struct cli_peer_args){ 0 };
	if (cli_u32(c, "peer", 1, MOBX_MAX_PEER_ID, &a->peer.id))
		return CLI_SYNTAX;
	while (cli_more(c)) {
		int word = cli_keyword(c, peer_words);
		int ret = word < 0 ? CLI_SYNTAX : 0;

		if (word == PEER_LABEL)
			ret = cli_label(c, a->peer.label);
		else if (word == PEER_GENERATION || word == PEER_EXPECT)
			ret = take_generation(c, a);
		else if (word == PEER_LOCAL)
			ret = take_addr_list(c, "local", &local);
		else if (word == PEER_REMOTE)
			ret = take_addr_list(c, "remote", &remote);
		else if (word == PEER_PATH)
			ret = take_path(c, &a->peer);
		else if (word == PEER_SPREAD || word == PEER_NO_SPREAD)
			a->spread = word == PEER_SPREAD ? KERN_SPREAD_ON :
							  KERN_SPREAD_OFF;
		if (ret)
			return ret;
	}
	if (cross(c, &local, &remote, &a->peer))
		return CLI_SYNTAX;
	choose_primary(&a->peer);
	a->peer.spread = a->spread == KERN_SPREAD_ON;
	return 0;
}

static void path_counters_json(json_t *o, const struct kern_path *p)
{
	out_u64(o, "credit_used", p->credit_used);
	out_u64(o, "rx_packets", p->rx_packets);
	out_u64(o, "rx_bytes", p->rx_bytes);
	out_u64(o, "tx_packets", p->tx_packets);
	out_u64(o, "tx_bytes", p->tx_bytes);
	if (p->last_seen_ms != KERN_NEVER)
		out_u64(o, "last_seen", p->last_seen_ms);
}

json_t *cli_path_json(const struct cli *c, const struct kern_path *p)
{
	json_t *o = json_object();

	out_addr(o, "local", &p->local);
	out_addr(o, "remote", &p->remote);
	out_str(o, "state", kern_name(&kern_states, p->state));
	out_flag(o, "primary", p->flags & MOBX_PATH_FLAGS_PRIMARY);
	out_flag(o, "backup", p->flags & MOBX_PATH_FLAGS_BACKUP);
	if (p->preference || c->details)
		out_u64(o, "preference", p->preference);
	if (p->state == MOBX_PATH_STATE_DEPRECATED)
		out_u64(o, "accept_until", p->accept_until_ms);
	if (p->credit || c->details)
		out_u64(o, "credit", p->credit);
	if (p->mtu || c->details)
		out_u64(o, "mtu", p->mtu);
	if (p->encap_sport)
		out_u64(o, "encap_sport", p->encap_sport);
	if (p->encap_dport)
		out_u64(o, "encap_dport", p->encap_dport);
	if (c->stats)
		path_counters_json(o, p);
	return o;
}

json_t *cli_peer_json(const struct cli *c, const struct kern_peer *p)
{
	json_t *paths = json_array();
	json_t *o = json_object();

	out_u64(o, "peer", p->id);
	if (p->label[0])
		out_str(o, "label", p->label);
	out_u64(o, "generation", p->generation);
	out_flag(o, "spread", p->spread);
	if (c->stats || c->json)
		out_u64(o, "sas", p->sas);
	for (unsigned int i = 0; i < p->npaths; i++)
		json_array_append_new(paths, cli_path_json(c, &p->paths[i]));
	json_object_set_new(o, "paths", paths);
	return o;
}

static int peer_add(struct cli *c)
{
	struct cli_peer_args a;
	struct kern *k;

	if (cli_peer_parse(c, &a))
		return CLI_SYNTAX;
	k = cli_kern(c);
	if (!k)
		return CLI_REFUSED;
	return cli_kern_result(c, kern_peer_new(k, &a.peer, NULL));
}

static int peer_set(struct cli *c)
{
	struct cli_peer_args a;
	struct kern_peer now;
	struct kern *k;
	int ret = 0;

	if (cli_peer_parse(c, &a))
		return CLI_SYNTAX;
	if (a.peer.label[0])
		return cli_syntax(c, "a label cannot be changed");
	k = cli_kern(c);
	if (!k)
		return CLI_REFUSED;
	if (!a.has_expect) {
		ret = kern_peer_get(k, a.peer.id, &now);
		a.expect = now.generation;
	}
	if (!ret)
		ret = kern_peer_rebind_spread(k, a.peer.id, a.expect,
					      a.peer.paths, a.peer.npaths,
					      a.spread, NULL);
	return cli_kern_result(c, ret);
}

static int peer_delete(struct cli *c)
{
	uint32_t id;
	struct kern *k;

	if (cli_u32(c, "peer", 1, MOBX_MAX_PEER_ID, &id) || cli_end(c))
		return CLI_SYNTAX;
	k = cli_kern(c);
	if (!k)
		return CLI_REFUSED;
	return cli_kern_result(c, kern_peer_del(k, id));
}

struct peer_filter {
	struct cli *c;
	uint32_t id;
	char label[MOBX_MAX_LABEL + 1];
};

static int show_one(const struct kern_peer *p, void *ctx)
{
	struct peer_filter *f = ctx;

	if (!f->label[0] || !strcmp(f->label, p->label))
		out_item(f->c, NULL, cli_peer_json(f->c, p));
	return 0;
}

static int peer_filter(struct cli *c, struct peer_filter *f)
{
	static const char *const words[] = { "label", NULL };

	*f = (struct peer_filter){ .c = c };
	if (cli_more(c) && c->argv[c->next][0] >= '0' &&
	    c->argv[c->next][0] <= '9' &&
	    cli_u32(c, "peer", 1, MOBX_MAX_PEER_ID, &f->id))
		return CLI_SYNTAX;
	if (cli_more(c) && (cli_keyword(c, words) < 0 ||
			    cli_label(c, f->label)))
		return CLI_SYNTAX;
	return cli_end(c);
}

static int peer_show(struct cli *c)
{
	struct peer_filter f;
	struct kern_peer one;
	struct kern *k;
	int ret;

	if (peer_filter(c, &f))
		return CLI_SYNTAX;
	k = cli_kern(c);
	if (!k)
		return CLI_REFUSED;
	if (f.id) {
		ret = kern_peer_get(k, f.id, &one);
		if (ret)
			return cli_kern_result(c, ret);
		out_begin(c);
		ret = show_one(&one, &f);
	} else {
		out_begin(c);
		ret = kern_peer_dump(k, show_one, &f);
	}
	out_end(c);
	return cli_kern_result(c, ret);
}

static int peer_flush(struct cli *c)
{
	struct peer_filter f;
	struct kern *k;

	if (peer_filter(c, &f))
		return CLI_SYNTAX;
	if (f.id)
		return cli_syntax(c, "flush takes no peer: use del %u", f.id);
	k = cli_kern(c);
	if (!k)
		return CLI_REFUSED;
	return cli_kern_result(c, kern_peer_flush(k, f.label[0] ? f.label :
								  NULL));
}

static const struct cli_verb verbs[] = {
	{ "show", peer_show, "[ID] [label TEXT]" },
	{ "add", peer_add, "ID [label TEXT] [spread] PATHS" },
	{ "set", peer_set, "ID [expect GENERATION] [spread|no-spread] PATHS" },
	{ "replace", cli_replace,
	  "local ADDRESS by ADDRESS [label TEXT] [accept-until MS]" },
	{ "delete", peer_delete, "ID" },
	{ "flush", peer_flush, "[label TEXT]" },
	{ "list", peer_show, NULL },
	{ 0 }
};

const struct cli_object cli_peer = {
	.name = "peer",
	.verbs = verbs,
	.first = "0",
	.help = "remote parties and the paths they may use",
	.words =
		"PATHS := local ADDRESS[,...] remote ADDRESS[,...]   (each with each, the first is primary)\n"
		"       | path local ADDRESS remote ADDRESS [state tentative|valid|deprecated|removed]\n"
		"         [primary] [backup] [preference N] [accept-until MS] [credit OCTETS] [mtu N]\n"
		"         [encap-sport PORT] [encap-dport PORT] [path ...]\n"
		"`set` gives the peer another set of paths in one step; with `expect` only if\n"
		"the set is still the one that was shown with this generation.\n"
		"With `spread` each flow in tunnel mode goes by one of the best valid paths;\n"
		"without, all go by the primary one.\n"
		"`replace` moves all peers from one own address to another, each in one step;\n"
		"with `accept-until` what comes to the old one is taken for so long.\n",
};
