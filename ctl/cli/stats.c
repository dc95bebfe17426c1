// SPDX-License-Identifier: GPL-2.0
/* mobx stats: the module's counters. */

#include <string.h>

#include "cli/cli.h"

static int stats_show(struct cli *c)
{
	struct kern_stats s;
	struct kern *k;
	json_t *o;
	int only = -1;
	int ret;

	if (cli_more(c)) {
		only = cli_named(c, &kern_counters);
		if (only < 0 || cli_end(c))
			return CLI_SYNTAX;
	}
	k = cli_kern(c);
	if (!k)
		return CLI_REFUSED;
	ret = kern_stats_get(k, &s);
	if (ret)
		return cli_kern_result(c, ret);
	out_begin(c);
	for (unsigned int i = 0; i < s.count; i++) {
		if (only >= 0 ? only != (int)i :
				!s.value[i] && !c->details && !c->json)
			continue;
		o = json_object();
		out_str(o, "name", kern_name(&kern_counters, i));
		out_u64(o, "value", s.value[i]);
		out_item(c, NULL, o);
	}
	out_end(c);
	return 0;
}

static const struct cli_verb verbs[] = {
	{ "", stats_show, "[COUNTER]" },
	{ 0 }
};

const struct cli_object cli_stats = {
	.name = "stats",
	.verbs = verbs,
	.help = "the module's counters",
	.words =
		"Counters that are zero are shown with -d or by name only. The manual page\n"
		"says what each one counts.\n",
};
