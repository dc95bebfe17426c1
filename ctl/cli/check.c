// SPDX-License-Identifier: GPL-2.0
/* mobx check: names what is missing or in the way on this host, and the cure. */

#include <stdarg.h>
#include <unistd.h>

#include "cli/check.h"

static void report(struct check *k, const char *result, const char *what,
		   const char *cure, const char *text)
{
	struct cli *c = k->c;
	const char *color = "", *reset = "";
	json_t *o;

	if (c->json) {
		o = json_object();
		out_str(o, "check", what);
		out_str(o, "result", result);
		out_str(o, "text", text);
		if (cure)
			out_str(o, "cure", cure);
		out_item(c, NULL, o);
		return;
	}
	if (c->color) {
		color = *result == 'o' ? "\033[32m" :
			*result == 'n' ? "\033[33m" : "\033[31m";
		reset = "\033[0m";
	}
	fprintf(c->out, "%s%-8s%s %-8s %s\n", color, result, reset, what, text);
	if (cure)
		fprintf(c->out, "%-8s %-8s cure: %s\n", "", "", cure);
}

void check_ok(struct check *k, const char *what, const char *fmt, ...)
{
	char text[CHECK_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report(k, "ok", what, NULL, text);
}

void check_note(struct check *k, const char *what, const char *cure,
		const char *fmt, ...)
{
	char text[CHECK_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report(k, "note", what, cure, text);
}

void check_problem(struct check *k, const char *what, const char *cure,
		   const char *fmt, ...)
{
	char text[CHECK_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report(k, "problem", what, cure, text);
	k->problems++;
}

struct count {
	unsigned int protect;
	unsigned int other;
};

static int count_policy(const struct kern_policy *p, void *ctx)
{
	struct count *n = ctx;

	if (p->action == MOBX_ACTION_PROTECT)
		n->protect++;
	else if (!p->builtin)
		n->other++;
	return 0;
}

static void check_policy(struct check *k)
{
	struct kern_conf conf;
	struct count n = { 0 };

	if (kern_conf_get(k->c->kern, &conf) ||
	    kern_policy_dump(k->c->kern, count_policy, &n)) {
		check_problem(k, "policy", "run it as root", "%s",
			      kern_error(k->c->kern));
		return;
	}
	if (!n.protect)
		check_note(k, "policy",
			   "mobx policy add order 100 action protect ..., or a connection in mobxd.conf",
			   "no policy protects anything; %u bypass or discard; default %s",
			   n.other, kern_name(&kern_actions,
					      conf.default_action));
	else
		check_ok(k, "policy",
			 "%u protect, %u bypass or discard; default %s: what no policy matches %s",
			 n.protect, n.other,
			 kern_name(&kern_actions, conf.default_action),
			 conf.default_action == MOBX_ACTION_BYPASS ?
				 "passes in clear" : "is dropped");
}

static int check(struct cli *c)
{
	struct check k = { .c = c };
	bool module;

	if (cli_end(c))
		return CLI_SYNTAX;
	out_begin(c);
	if (geteuid())
		check_note(&k, "rights", "sudo mobx check",
			   "not run as root: much cannot be seen");
	module = check_module(&k);
	check_crypto(&k);
	if (module) {
		check_policy(&k);
		check_holders(&k);
	}
	check_agent(&k);
	check_ports(&k);
	check_xfrm(&k);
	out_end(c);
	return k.problems ? CLI_REFUSED : 0;
}

static const struct cli_verb verbs[] = {
	{ "", check, "" },
	{ 0 }
};

const struct cli_object cli_check = {
	.name = "check",
	.verbs = verbs,
	.help = "what is missing or in the way on this host",
	.words = "The exit status is 2 if there is a problem.\n",
};
