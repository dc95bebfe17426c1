// SPDX-License-Identifier: GPL-2.0
/* mobx stats: the counters of the module and of the agent. */

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"

/* 0, or what the command returns */
static int ask_module(struct cli *c, struct kern_stats *s)
{
	struct kern *k = cli_kern(c);

	return k ? cli_kern_result(c, kern_stats_get(k, s)) : CLI_REFUSED;
}

static json_t *ask_agent(struct cli *c)
{
	json_t *request = json_object(), *data = NULL;

	out_str(request, "cmd", "stats");
	if (cli_control(c, request, &data))
		return NULL;
	if (json_is_array(data))
		return data;
	json_decref(data);
	return NULL;
}

static int show_agent(struct cli *c)
{
	json_t *list, *o;
	size_t i;

	if (cli_end(c))
		return CLI_SYNTAX;
	list = ask_agent(c);
	if (!list)
		return CLI_REFUSED;
	out_begin(c);
	json_array_foreach(list, i, o) {
		if (json_integer_value(json_object_get(o, "value")) ||
		    c->details || c->json)
			out_item(c, NULL, json_incref(o));
	}
	out_end(c);
	json_decref(list);
	return 0;
}

/* ------------------------------------------------------------- OpenMetrics */

/* Names have letters, digits and underscores. */
static void print_name(struct cli *c, const char *part, const char *name)
{
	fprintf(c->out, "mobx_%s_", part);
	for (; *name; name++)
		fputc(isalnum((unsigned char)*name) ? *name : '_', c->out);
}

static void print_type(struct cli *c, const char *part, const char *name)
{
	fputs("# TYPE ", c->out);
	print_name(c, part, name);
	fputs(" counter\n", c->out);
}

/* Labels are words of the RFCs or of mobx: nothing in them has to be escaped. */
static void print_agent(struct cli *c, json_t *o, const char **last)
{
	static const char *const keys[] = { "exchange", "notify", "reason" };
	const char *name = json_string_value(json_object_get(o, "name"));

	if (!name)
		return;
	if (!*last || strcmp(*last, name))
		print_type(c, "agent", name);
	*last = name;
	print_name(c, "agent", name);
	fputs("_total", c->out);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *of = json_object_get(o, keys[i]);

		if (json_is_string(of))
			fprintf(c->out, "{%s=\"%s\"}", keys[i],
				json_string_value(of));
	}
	fprintf(c->out, " %" JSON_INTEGER_FORMAT "\n",
		json_integer_value(json_object_get(o, "value")));
}

static int show_openmetrics(struct cli *c)
{
	const char *last = NULL;
	struct kern_stats s;
	json_t *list, *o;
	size_t i;
	int ret;

	if (cli_end(c))
		return CLI_SYNTAX;
	ret = ask_module(c, &s);
	if (ret)
		return ret;
	list = ask_agent(c);
	if (!list)
		return CLI_REFUSED;
	for (i = 0; i < s.count; i++) {
		const char *name = kern_name(&kern_counters, (unsigned int)i);

		print_type(c, "module", name);
		print_name(c, "module", name);
		fprintf(c->out, "_total %" PRIu64 "\n", s.value[i]);
	}
	json_array_foreach(list, i, o)
		print_agent(c, o, &last);
	fputs("# EOF\n", c->out);
	json_decref(list);
	return 0;
}

/* --------------------------------------------------------------- module */

static int show_module(struct cli *c)
{
	struct kern_stats s;
	json_t *o;
	int only = -1;
	int ret;

	if (cli_more(c)) {
		only = cli_named(c, &kern_counters);
		if (only < 0 || cli_end(c))
			return CLI_SYNTAX;
	}
	ret = ask_module(c, &s);
	if (ret)
		return ret;
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

static int stats_show(struct cli *c)
{
	static const char *const others[] = { "agent", "openmetrics", NULL };
	int i = cli_more(c) ? cli_match(others, c->argv[c->next]) : -1;

	if (i < 0)
		return show_module(c);
	c->next++;
	return i ? show_openmetrics(c) : show_agent(c);
}

static const struct cli_verb verbs[] = {
	{ "", stats_show, "[COUNTER | agent | openmetrics]" },
	{ 0 }
};

const struct cli_object cli_stats = {
	.name = "stats",
	.verbs = verbs,
	.help = "the counters of the module and of the agent",
	.words =
		"Counters that are zero are shown with -d or by name only. agent prints those\n"
		"of mobxd, openmetrics all of both as a collector of metrics reads them. The\n"
		"manual page says what each one counts.\n",
};
