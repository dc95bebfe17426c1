// SPDX-License-Identifier: GPL-2.0
/* mobx path: the addresses that a connection uses (MOBIKE, MOBIKE-X). */

#include "cli/cli.h"

static int path_change(struct cli *c, const char *cmd)
{
	static const char *const words[] = { "hard", "soft", NULL };
	const char *name = cli_take(c, "name of a connection");
	char text[WIRE_ADDR_TEXT];
	struct wire_addr addr;
	bool hard = false;
	json_t *r;

	if (!name || cli_addr(c, "address", &addr))
		return CLI_SYNTAX;
	while (cli_more(c)) {
		int word = cli_keyword(c, words);

		if (word < 0)
			return CLI_SYNTAX;
		hard = word == 0;
	}
	r = json_object();
	out_str(r, "cmd", cmd);
	out_str(r, "name", name);
	out_str(r, "addr", wire_addr_text(&addr, text));
	json_object_set_new(r, "hard", json_boolean(hard));
	return cli_control(c, r, NULL);
}

static int path_add(struct cli *c)
{
	return path_change(c, "path-add");
}

static int path_delete(struct cli *c)
{
	return path_change(c, "path-del");
}

static int path_use(struct cli *c)
{
	return path_change(c, "path-use");
}

/* Paths come as a list, or as the member of what describes a connection. */
static int print_paths(struct cli *c, const json_t *data)
{
	const json_t *paths = json_is_object(data) ?
				      json_object_get(data, "paths") : data;
	json_t *path;
	size_t i;

	json_array_foreach(paths, i, path) {
		if (json_is_object(path))
			out_item(c, "path", json_incref(path));
	}
	return 0;
}

static int path_show(struct cli *c)
{
	const char *name = NULL;
	json_t *data = NULL;
	json_t *r;
	int ret;

	if (cli_more(c))
		name = cli_take(c, "name of a connection");
	if (cli_end(c))
		return CLI_SYNTAX;
	r = json_object();
	out_str(r, "cmd", "path-show");
	if (name)
		out_str(r, "name", name);
	ret = cli_control(c, r, &data);
	if (ret)
		return ret;
	out_begin(c);
	ret = print_paths(c, data);
	out_end(c);
	json_decref(data);
	return ret;
}

static const struct cli_verb verbs[] = {
	{ "show", path_show, "[CONN]" },
	{ "add", path_add, "CONN ADDRESS" },
	{ "delete", path_delete, "CONN ADDRESS [hard]" },
	{ "use", path_use, "CONN ADDRESS [hard]" },
	{ "list", path_show, NULL },
	{ 0 }
};

const struct cli_object cli_path = {
	.name = "path",
	.verbs = verbs,
	.help = "addresses that a connection uses (through the agent)",
	.words =
		"ADDRESS is one of this host's own. `use` makes its path the primary one.\n"
		"Changes are soft (make before break); `hard` does them at once.\n",
};
