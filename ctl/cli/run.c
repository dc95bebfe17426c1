// SPDX-License-Identifier: GPL-2.0
/* From the command line to the object and verb that it names. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static const struct cli_object *const objects[] = {
	&cli_peer, &cli_sa,	 &cli_policy, &cli_conn,
	&cli_path, &cli_monitor, &cli_stats,  &cli_check,
};

#define OBJECTS (sizeof(objects) / sizeof(objects[0]))

struct kern *cli_kern(struct cli *c)
{
	char err[256];

	if (!c->kern && kern_open(&c->kern, err, sizeof(err))) {
		c->kern = NULL;
		cli_refused(c, "%s", err);
	}
	return c->kern;
}

static void print_usage(FILE *f)
{
	fputs("Usage: mobx [OPTIONS] OBJECT [VERB] [ARGUMENTS]\n"
	      "       mobx [OPTIONS] -b FILE\n"
	      "where  OBJECT :=", f);
	for (size_t i = 0; i < OBJECTS; i++)
		fprintf(f, "%s %-9s %s\n", i ? "                " : "",
			objects[i]->name, objects[i]->help);
	fputs("       OPTIONS := -j[son] -p[retty] -s[tatistics] -d[etails] -o[neline]\n"
	      "                  -c[olor][=always|auto|never] -n[etns] NAME -S SOCKET -V[ersion]\n"
	      "Words may be cut short where that is unambiguous. `mobx OBJECT help` tells more.\n",
	      f);
}

static void print_help(const struct cli *c, const struct cli_object *o)
{
	const char *before = "Usage:";

	for (const struct cli_verb *v = o->verbs; v->name; v++) {
		if (!v->help)
			continue;
		fprintf(c->out, "%s mobx %s%s%s%s%s\n", before, o->name,
			v->name[0] ? " " : "", v->name, v->help[0] ? " " : "",
			v->help);
		before = "      ";
	}
	if (o->words)
		fputs(o->words, c->out);
}

static const struct cli_object *find_object(const struct cli *c,
					    const char *word)
{
	const char *names[OBJECTS + 1] = { NULL };
	int i;

	for (size_t n = 0; n < OBJECTS; n++)
		names[n] = objects[n]->name;
	i = cli_match(names, word);
	if (i >= 0)
		return objects[i];
	cli_syntax(c, i == -2 ? "object '%s' is ambiguous; `mobx help` lists them" :
				"there is no object '%s'; `mobx help` lists them",
		   word);
	return NULL;
}

/* A line that begins as an entry is printed adds that entry. */
static bool begins_entry(const struct cli_object *o, const char *word)
{
	if (!o->first)
		return false;
	if (!strcmp(o->first, "0"))
		return word[0] >= '0' && word[0] <= '9';
	return !strcmp(o->first, word);
}

static const struct cli_verb *find_verb(struct cli *c, const char *word)
{
	const struct cli_verb *verbs = c->object->verbs;
	const char *names[16] = { NULL };
	char list[256] = "";
	size_t used = 0;
	int i;

	for (int n = 0; verbs[n].name && n < 15; n++) {
		names[n] = verbs[n].name;
		used += (size_t)snprintf(list + used, sizeof(list) - used,
					 "%s%s", n ? ", " : "", names[n]);
		if (used >= sizeof(list))
			break;
	}
	i = cli_match(names, word);
	if (i >= 0)
		return &verbs[i];
	cli_syntax(c, i == -2 ? "'%s' is ambiguous; there are: %s" :
				"unknown verb '%s'; there are: %s", word, list);
	return NULL;
}

static int run_verb(struct cli *c, int argc, char **argv)
{
	const struct cli_verb *v = c->object->verbs;

	c->argc = argc;
	c->argv = argv;
	c->next = 0;
	/* An object with a single nameless verb has arguments at once. */
	if (argc && v->name[0]) {
		if (begins_entry(c->object, argv[0])) {
			v = find_verb(c, "add");
		} else {
			v = find_verb(c, argv[0]);
			c->next = 1;
		}
		if (!v)
			return CLI_SYNTAX;
	}
	c->verb = v->name[0] ? v->name : NULL;
	return v->run(c);
}

int cli_run(struct cli *c, int argc, char **argv)
{
	const struct cli_object *o;
	int ret;

	c->object = NULL;
	c->verb = NULL;
	if (!strcmp(argv[0], "help")) {
		if (argc == 1) {
			print_usage(c->out);
			return 0;
		}
		o = find_object(c, argv[1]);
		if (o)
			print_help(c, o);
		return o ? 0 : CLI_SYNTAX;
	}
	o = find_object(c, argv[0]);
	if (!o)
		return CLI_SYNTAX;
	if (argc > 1 && !strcmp(argv[1], "help")) {
		print_help(c, o);
		return 0;
	}
	c->object = o;
	ret = run_verb(c, argc - 1, argv + 1);
	c->object = NULL;
	c->verb = NULL;
	return ret;
}

enum {
	OPT_JSON,
	OPT_PRETTY,
	OPT_STATS,
	OPT_DETAILS,
	OPT_ONELINE,
	OPT_BATCH,
	OPT_NETNS,
	OPT_HELP,
};

static const char *const options[] = {
	"json",	   "pretty", "statistics", "details",
	"oneline", "batch",  "netns",	   "help", NULL
};

static int set_color(struct cli *c, const char *value)
{
	if (!*value || !strcmp(value, "=always")) {
		c->color = true;
	} else if (!strcmp(value, "=auto")) {
		c->color = isatty(fileno(c->out)) == 1;
	} else if (!strcmp(value, "=never")) {
		c->color = false;
	} else {
		return cli_syntax(c, "color%s: =always, =auto or =never are right",
				  value);
	}
	return 0;
}

static int value_option(struct cli *c, const char *word, const char *value,
			const char **to)
{
	if (!value)
		return cli_syntax(c, "option %s needs a value", word);
	*to = value;
	return 0;
}

static bool is_color(const char *name)
{
	size_t len = strcspn(name, "=");

	return len && len <= strlen("color") && !strncmp(name, "color", len);
}

/* One option; *eaten tells whether its value was taken too. */
static int take_option(struct cli *c, const char *word, const char *value,
		       const char **batch, int *eaten)
{
	const char *name = word + (word[1] == '-' ? 2 : 1);

	*eaten = 0;
	if (!strcmp(name, "S")) {
		*eaten = 1;
		return value_option(c, word, value, &c->control);
	}
	if (is_color(name))
		return set_color(c, name + strcspn(name, "="));
	switch (cli_match(options, name)) {
	case OPT_JSON:
		c->json = true;
		return 0;
	case OPT_PRETTY:
		c->pretty = true;
		return 0;
	case OPT_STATS:
		c->stats = true;
		return 0;
	case OPT_DETAILS:
		c->details = true;
		return 0;
	case OPT_ONELINE:
		c->oneline = true;
		return 0;
	case OPT_BATCH:
		*eaten = 1;
		return value_option(c, word, value, batch);
	case OPT_NETNS:
		*eaten = 1;
		return value_option(c, word, value, &c->netns);
	default:
		return cli_syntax(c, "unknown option %s; `mobx help` lists them",
				  word);
	}
}

static bool is_option(const char *word, const char *which)
{
	word += strspn(word, "-");
	return *word && !strncmp(word, which, strlen(word));
}

/* Output that was lost must not look like success: a full disk, a closed pipe. */
static int finish(struct cli *c, int ret)
{
	if ((fflush(c->out) || ferror(c->out)) && !ret)
		ret = cli_refused(c, "cannot write the output");
	kern_close(c->kern);
	c->kern = NULL;
	return ret;
}

int cli_main(int argc, char **argv)
{
	struct cli c = { .out = stdout, .err = stderr };
	const char *batch = NULL;
	char err[256];
	int i, eaten;

	c.control = getenv("MOBX_CONTROL");
	if (!c.control || !*c.control)
		c.control = CLI_CONTROL_DEFAULT;
	for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (is_option(argv[i], "Version")) {
			puts("mobx " MOBX_VERSION);
			return 0;
		}
		if (is_option(argv[i], "help")) {
			print_usage(stdout);
			return 0;
		}
		if (take_option(&c, argv[i], i + 1 < argc ? argv[i + 1] : NULL,
				&batch, &eaten))
			return CLI_SYNTAX;
		i += eaten;
	}
	if (batch ? i < argc : i == argc) {
		print_usage(stderr);
		return CLI_SYNTAX;
	}
	if (c.netns && kern_netns(c.netns, err, sizeof(err)))
		return cli_refused(&c, "%s", err);
	return finish(&c, batch ? cli_batch(&c, batch) :
				  cli_run(&c, argc - i, argv + i));
}
