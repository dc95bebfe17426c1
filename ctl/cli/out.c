// SPDX-License-Identifier: GPL-2.0
/*
 * One printer: what is shown is a tree of JSON, and text is another way to
 * write the tree: the names of its members are the words that `add` takes, so
 * that what is printed can be typed.
 */

#include <ctype.h>
#include <string.h>

#include "cli/cli.h"
#include "wire/text.h"

#define RESET "\033[0m"

void out_u64(json_t *o, const char *name, uint64_t v)
{
	char text[24];

	if (v <= INT64_MAX) {
		json_object_set_new(o, name, json_integer((json_int_t)v));
		return;
	}
	snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	json_object_set_new(o, name, json_string(text));
}

void out_str(json_t *o, const char *name, const char *v)
{
	json_object_set_new(o, name, wire_text_json(v));
}

void out_flag(json_t *o, const char *name, bool v)
{
	if (v)
		json_object_set_new(o, name, json_true());
}

void out_addr(json_t *o, const char *name, const struct wire_addr *addr)
{
	char text[WIRE_ADDR_TEXT];

	if (addr->family)
		out_str(o, name, wire_addr_text(addr, text));
}

static const char *color_of(const char *key, const char *value)
{
	static const struct {
		const char *value;
		const char *color;
	} states[] = {
		{ "valid", "\033[32m" },      { "up", "\033[32m" },
		{ "ok", "\033[32m" },	      { "tentative", "\033[33m" },
		{ "deprecated", "\033[33m" }, { "connecting", "\033[33m" },
		{ "note", "\033[33m" },	      { "removed", "\033[31m" },
		{ "down", "\033[31m" },	      { "problem", "\033[31m" },
	};

	/* One colon may belong to a port, two to IPv6. */
	if (!strcmp(key, "local") || !strcmp(key, "remote"))
		return strchr(value, ':') != strrchr(value, ':') ? "\033[34m" :
								   "\033[35m";
	if (strcmp(key, "state") && strcmp(key, "result"))
		return NULL;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (!strcmp(states[i].value, value))
			return states[i].color;
	}
	return NULL;
}

static bool is_plain(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++) {
		unsigned char ch = (unsigned char)*s;

		if (ch < 0x80 && !isalnum(ch) && !strchr("_.:@/%+,=*-", ch))
			return false;
	}
	return true;
}

/* In quotes where a shell-like reader would split; no control characters. */
static void text_string(FILE *f, const char *s)
{
	if (is_plain(s)) {
		fputs(s, f);
		return;
	}
	fputc('"', f);
	for (; *s; s++) {
		unsigned char ch = (unsigned char)*s;

		if (ch < 0x20 || ch == 0x7f)
			fprintf(f, "\\x%02x", ch);
		else if (ch == '"' || ch == '\\')
			fprintf(f, "\\%c", ch);
		else
			fputc(ch, f);
	}
	fputc('"', f);
}

static void text_word(FILE *f, const char *key)
{
	for (; *key; key++)
		fputc(*key == '_' ? '-' : *key, f);
}

/* Members whose value says enough without a name before it. */
static bool is_bare(const char *key)
{
	return !strcmp(key, "name") || !strcmp(key, "value") ||
	       !strcmp(key, "enc_key") || !strcmp(key, "auth_key") ||
	       !strcmp(key, "aead_key");
}

static void text_scalar(const struct cli *c, const char *key, const json_t *v)
{
	const char *color;

	switch (json_typeof(v)) {
	case JSON_STRING:
		color = c->color ? color_of(key, json_string_value(v)) : NULL;
		if (color)
			fputs(color, c->out);
		text_string(c->out, json_string_value(v));
		if (color)
			fputs(RESET, c->out);
		break;
	case JSON_INTEGER:
		fprintf(c->out, "%lld", (long long)json_integer_value(v));
		break;
	case JSON_REAL:
		fprintf(c->out, "%.3f", json_real_value(v));
		break;
	case JSON_TRUE:
		fputs("yes", c->out);
		break;
	case JSON_FALSE:
		fputs("no", c->out);
		break;
	case JSON_NULL:
		fputc('*', c->out);
		break;
	case JSON_OBJECT:
	case JSON_ARRAY:
		break;
	}
}

static void text_object(const struct cli *c, const json_t *o,
			unsigned int depth, bool *first);

static void text_nested(const struct cli *c, const char *word, const json_t *o,
			unsigned int depth)
{
	bool first = false;

	if (c->oneline) {
		fputs(" \\ ", c->out);
	} else {
		fputc('\n', c->out);
		for (unsigned int i = 0; i <= depth; i++)
			fputc('\t', c->out);
	}
	fputs(word, c->out);
	text_object(c, o, depth + 1, &first);
}

static void text_array(const struct cli *c, const char *key, const json_t *a,
		       unsigned int depth, bool *first)
{
	const json_t *v;
	char word[64];
	size_t i;

	snprintf(word, sizeof(word), "%s", key);
	if (!strcmp(key, "children"))
		word[5] = '\0';
	else if (word[0] && word[strlen(word) - 1] == 's')
		word[strlen(word) - 1] = '\0';
	json_array_foreach(a, i, v) {
		if (json_is_object(v)) {
			text_nested(c, word, v, depth);
			continue;
		}
		if (!i) {
			fputs(*first ? "" : " ", c->out);
			text_word(c->out, key);
			*first = false;
		}
		fputc(i ? ',' : ' ', c->out);
		text_scalar(c, word, v);
	}
}

/* No value, or false: nothing to say. Only a policy's peer may be anyone. */
static bool is_silent(const char *key, const json_t *v)
{
	return json_is_false(v) || (json_is_null(v) && strcmp(key, "peer"));
}

/* Scalars first, for they belong to the line that has begun. */
static void text_object(const struct cli *c, const json_t *o,
			unsigned int depth, bool *first)
{
	json_t *members = (json_t *)(uintptr_t)o;
	const char *key;
	json_t *v;

	json_object_foreach(members, key, v) {
		if (json_is_object(v) || json_is_array(v) || is_silent(key, v))
			continue;
		if (!*first)
			fputc(' ', c->out);
		*first = false;
		if (!is_bare(key) || json_is_true(v))
			text_word(c->out, key);
		if (json_is_true(v))
			continue;
		if (!is_bare(key))
			fputc(' ', c->out);
		text_scalar(c, key, v);
	}
	json_object_foreach(members, key, v) {
		if (json_is_object(v))
			text_nested(c, key, v, depth);
		else if (json_is_array(v))
			text_array(c, key, v, depth, first);
	}
}

static void text_item(const struct cli *c, const char *word, const json_t *o)
{
	bool first = !word;

	/* What cannot be added by hand is a comment to a batch file. */
	if (json_is_true(json_object_get(o, "builtin")))
		fputs("# ", c->out);
	if (word)
		fputs(word, c->out);
	text_object(c, o, 0, &first);
	fputc('\n', c->out);
}

static void json_item(const struct cli *c, const json_t *item)
{
	json_dumpf(item, c->out, c->pretty ? JSON_INDENT(4) : JSON_COMPACT);
}

void out_begin(struct cli *c)
{
	c->items = 0;
	if (c->json)
		fputc('[', c->out);
}

void out_item(struct cli *c, const char *word, json_t *item)
{
	if (!c->json) {
		text_item(c, word, item);
	} else {
		if (c->items)
			fputc(',', c->out);
		if (c->pretty)
			fputc('\n', c->out);
		json_item(c, item);
	}
	c->items++;
	json_decref(item);
}

void out_end(struct cli *c)
{
	if (c->json)
		fprintf(c->out, "%s]\n", c->pretty && c->items ? "\n" : "");
}

void out_line(struct cli *c, const char *word, json_t *item)
{
	bool oneline = c->oneline;

	c->oneline = true;
	if (c->json) {
		json_dumpf(item, c->out, JSON_COMPACT);
		fputc('\n', c->out);
	} else {
		text_item(c, word, item);
	}
	fflush(c->out);
	c->oneline = oneline;
	json_decref(item);
}
