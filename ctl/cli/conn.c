// SPDX-License-Identifier: GPL-2.0
/* mobx conn: IKE connections, which the agent holds. */

#include <errno.h>
#include <stdlib.h>

#include "cli/cli.h"

static json_t *request(const char *cmd, const char *name)
{
	json_t *r = json_object();

	out_str(r, "cmd", cmd);
	if (name)
		out_str(r, "name", name);
	return r;
}

/*
 * Seconds until an SA of this age has lived so long. What ends one of a Child SA's two
 * ends both.
 */
static void left_json(json_t *child, const char *key, uint64_t seconds,
		      uint64_t age)
{
	const json_t *other = json_object_get(child, key);
	uint64_t left = seconds > age ? seconds - age : 0;

	if (seconds &&
	    (!other || left < (uint64_t)json_integer_value(other)))
		out_u64(child, key, left);
}

/*
 * One of a Child SA's two SAs, from the module: it may be gone by now. Return: 0 or
 * what the module says.
 */
static int half_json(struct kern *k, enum mobx_dir dir, uint32_t peer,
		     json_t *child)
{
	const char *spi = json_string_value(json_object_get(child,
		dir == MOBX_DIR_IN ? "spi_in" : "spi_out"));
	struct kern_sa sa;
	json_t *o;
	int ret;

	if (!spi)
		return 0;
	ret = kern_sa_get(k, dir, (uint32_t)strtoul(spi, NULL, 0), peer, false,
			  &sa);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	o = json_object();
	cli_sa_counters(o, &sa);
	json_object_set_new(child, kern_name(&kern_dirs, dir), o);
	left_json(child, "rekey_s", sa.lifetime.soft_seconds, sa.age);
	left_json(child, "expires_s", sa.lifetime.hard_seconds, sa.age);
	if (dir == MOBX_DIR_IN)
		json_object_set_new(child, "selectors",
				    cli_selectors_json(&sa));
	return 0;
}

/* What the agent does not count: the module does. */
static int add_statistics(struct kern *k, const json_t *conn)
{
	uint32_t peer = (uint32_t)json_integer_value(
		json_object_get(conn, "peer"));
	json_t *child;
	size_t i;
	int ret = 0;

	json_array_foreach(json_object_get(conn, "children"), i, child) {
		if (!ret)
			ret = half_json(k, MOBX_DIR_IN, peer, child);
		if (!ret)
			ret = half_json(k, MOBX_DIR_OUT, peer, child);
	}
	return ret;
}

static int print_conn(struct cli *c, struct kern *k, json_t *conn)
{
	int ret = 0;

	if (!json_is_object(conn))
		return 0;
	if (k)
		ret = add_statistics(k, conn);
	out_item(c, "conn", json_incref(conn));
	return ret;
}

/* A list of connections, or one. */
static int print_conns(struct cli *c, json_t *data)
{
	struct kern *k = c->stats ? cli_kern(c) : NULL;
	json_t *conn;
	int ret = 0;
	size_t i;

	if (c->stats && !k) {
		json_decref(data);
		return CLI_REFUSED;
	}
	out_begin(c);
	if (json_is_array(data)) {
		/* What the module has refused once is not asked again. */
		json_array_foreach(data, i, conn) {
			const int err = print_conn(c, ret ? NULL : k, conn);

			ret = ret ? ret : err;
		}
	} else {
		ret = print_conn(c, k, data);
	}
	out_end(c);
	json_decref(data);
	return ret ? cli_kern_result(c, ret) : 0;
}

static int conn_list(struct cli *c)
{
	json_t *data = NULL;
	int ret;

	if (cli_end(c))
		return CLI_SYNTAX;
	ret = cli_control(c, request("conn-list", NULL), &data);
	return ret ? ret : print_conns(c, data);
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
	return ret ? ret : print_conns(c, data);
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
		 "`load` makes the agent read its configuration again.\n"
		 "With -s, `show` and `list` tell what the module has counted.\n",
};
