// SPDX-License-Identifier: GPL-2.0
/* mobx peer replace: an own address that changes, for all peers at once. */

#include <inttypes.h>

#include "cli/cli.h"

static int take_addresses(struct cli *c, struct kern_replace *r)
{
	static const char *const by[] = { "by", NULL };

	if (cli_addr(c, "local", &r->from))
		return CLI_SYNTAX;
	if (!cli_more(c))
		return cli_syntax(c, "by is missing: which address comes in its place?");
	if (cli_keyword(c, by) < 0)
		return CLI_SYNTAX;
	return cli_addr(c, "by", &r->to);
}

int cli_replace_parse(struct cli *c, struct kern_replace *r)
{
	static const char *const words[] = { "local", "label", "accept-until",
					     NULL };
	int ret;

	*r = (struct kern_replace){ 0 };
	while (cli_more(c)) {
		int word = cli_keyword(c, words);

		if (word < 0)
			return CLI_SYNTAX;
		r->has_accept_until |= word == 2;
		ret = word == 0 ? take_addresses(c, r) :
		      word == 1 ? cli_label(c, r->label) :
				  cli_u32(c, "accept-until", 0, UINT32_MAX,
					  &r->accept_until_ms);
		if (ret)
			return CLI_SYNTAX;
	}
	if (!r->from.family)
		return cli_syntax(c, "local is missing: which own address goes, by which?");
	return 0;
}

static json_t *replace_json(const struct kern_replace *r)
{
	json_t *told = json_array();
	json_t *o = json_object();

	out_u64(o, "moved", r->moved);
	out_u64(o, "unchanged", r->unchanged);
	out_u64(o, "failed", r->failed);
	for (unsigned int i = 0; i < r->ntold; i++)
		json_array_append_new(told, json_integer(r->told[i]));
	if (r->ntold)
		json_object_set_new(o, "failed_peers", told);
	else
		json_decref(told);
	return o;
}

int cli_replace(struct cli *c)
{
	struct kern_replace r;
	struct kern *k;
	int ret;

	if (cli_replace_parse(c, &r))
		return CLI_SYNTAX;
	k = cli_kern(c);
	if (!k)
		return CLI_REFUSED;
	ret = kern_peer_replace(k, &r);
	if (ret)
		return cli_kern_result(c, ret);
	out_begin(c);
	out_item(c, NULL, replace_json(&r));
	out_end(c);
	if (!r.failed)
		return 0;
	return cli_refused(c, "%" PRIu32 " of %" PRIu32 " peers could not be moved and are as before; %" PRIu32 ": %s",
			   r.failed, r.moved + r.failed,
			   r.ntold ? r.told[0] : 0, kern_error(k));
}
