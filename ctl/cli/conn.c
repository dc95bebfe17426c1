// SPDX-License-Identifier: GPL-2.0
/* mobx conn: IKE connections, which the agent holds. */

#include <string.h>

#include "cli/cli.h"

static json_t *request(const char *cmd, const char *name)
{
	json_t *r = json_object();

	out_str(r, "cmd", cmd);
	if (name)
		out_str(r, "name", name);
	return r;
}

/* A list of connections, or one. */
static void print_conns(struct cli *c, json_t *data)
{
	json_t *conn;
	size_t i;

	out_begin(c);
	if (json_is_array(data)) {
		json_array_foreach(data, i, conn) {
			if (json_is_object(conn))
				out_item(c, "conn", json_incref(conn));
		}
	} else if (json_is_object(data)) {
		out_item(c, "conn", json_incref(data));
	}
	out_end(c);
	json_decref(data);
}

static int conn_list(struct cli *c)
{
	json_t *data = NULL;
	int ret;

	if (cli_end(c))
		return CLI_SYNTAX;
	ret = cli_control(c, request("conn-list", NULL), &data);
	if (!ret)
		print_conns(c, data);
	return ret;
}

static int conn_show(struct cli *c)
{
	json_t *data = NULL;
	const char *name;
	int ret;

	if (!cli_more(c))
		return conn_list(c);
	name = cli_take(c, "name of a connection");
	if (cli_end(c))
		return CLI_SYNTAX;
	ret = cli_control(c, request("conn-show", name), &data);
	if (!ret)
		print_conns(c, data);
	return ret;
}

static int conn_change(struct cli *c, const char *cmd)
{
	static const char *const words[] = { "timeout", NULL };
	const char *name = cli_take(c, "name of a connection");
	json_t *r;

	if (!name)
		return CLI_SYNTAX;
	r = request(cmd, name);
	while (cli_more(c)) {
		uint32_t seconds;

		if (cli_keyword(c, words) < 0 ||
		    cli_u32(c, "timeout", 1, 100, &seconds)) {
			json_decref(r);
			return CLI_SYNTAX;
		}
		out_u64(r, "timeout_ms", 1000ULL * seconds);
	}
	return cli_control(c, r, NULL);
}

static int conn_up(struct cli *c)
{
	return conn_change(c, "conn-up");
}

static int conn_down(struct cli *c)
{
	return conn_change(c, "conn-down");
}

static int conn_rekey(struct cli *c)
{
	static const char *const words[] = { "ike", "children", NULL };
	const char *name = cli_take(c, "name of a connection");
	int what = 0;
	json_t *r;

	if (!name)
		return CLI_SYNTAX;
	if (cli_more(c))
		what = cli_keyword(c, words);
	if (what < 0 || cli_end(c))
		return CLI_SYNTAX;
	r = request("conn-rekey", name);
	json_object_set_new(r, "children", json_boolean(what));
	return cli_control(c, r, NULL);
}

static int conn_load(struct cli *c)
{
	if (cli_end(c))
		return CLI_SYNTAX;
	return cli_control(c, request("conn-load", NULL), NULL);
}

static const struct cli_verb verbs[] = {
	{ "show", conn_show, "[NAME]" },
	{ "list", conn_list, "" },
	{ "up", conn_up, "NAME [timeout SECONDS]" },
	{ "down", conn_down, "NAME [timeout SECONDS]" },
	{ "rekey", conn_rekey, "NAME [ike|children]" },
	{ "load", conn_load, "" },
	{ 0 }
};

const struct cli_object cli_conn = {
	.name = "conn",
	.verbs = verbs,
	.help = "IKE connections (through the agent)",
	.words = "`rekey` replaces the IKE SA or the Child SAs now.\n"
		 "`load` makes the agent read its configuration again.\n",
};
