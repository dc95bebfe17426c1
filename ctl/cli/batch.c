// SPDX-License-Identifier: GPL-2.0
/*
 * Batch files. A line that fails is reported and the next one is run: a boot
 * that loads policies must not leave traffic unprotected because of a slip in
 * the line before.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define MAX_WORDS 1024

static bool is_space(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

static int hex_value(char ch)
{
	const char *digits = "0123456789abcdef";
	const char *at = ch ? strchr(digits, ch) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Behind a backslash: \xNN as the printer writes it, else the octet itself. */
static char *unescape(char *from, char *to)
{
	int high, low;

	if (from[0] == 'x') {
		high = hex_value(from[1]);
		low = high < 0 ? -1 : hex_value(from[2]);
		if (low >= 0 && (high || low)) {
			*to = (char)(high << 4 | low);
			return from + 3;
		}
	}
	*to = from[0];
	return from + 1;
}

/* One word; the end of the line is NULL in *from, a failure in *why. */
static char *next_word(char **from, const char **why)
{
	char *read = *from;
	char *start, *write;
	char quote = '\0';

	while (is_space(*read) ||
	       (*read == '\\' && (is_space(read[1]) || !read[1])))
		read++;
	*from = NULL;
	if (!*read || *read == '#')
		return NULL;
	for (start = write = read; *read && (quote || !is_space(*read));) {
		if (*read == quote) {
			quote = '\0';
			read++;
		} else if (!quote && (*read == '"' || *read == '\'')) {
			quote = *read++;
		} else if (*read == '\\' && quote != '\'' && read[1]) {
			char octet;

			read = unescape(read + 1, &octet);
			*write++ = octet;
		} else {
			*write++ = *read++;
		}
	}
	if (quote)
		*why = "a quote is not closed";
	*from = *read ? read + 1 : read;
	*write = '\0';
	return start;
}

int cli_split(char *line, char **words, int max, const char **why)
{
	int n = 0;

	*why = NULL;
	while (line) {
		char *word = next_word(&line, why);

		if (*why)
			return -1;
		if (!word)
			break;
		if (n == max) {
			*why = "too many words";
			return -1;
		}
		words[n++] = word;
	}
	return n;
}

static int run_line(struct cli *c, char *line)
{
	char *words[MAX_WORDS + 1];
	const char *why;
	int n = cli_split(line, words, MAX_WORDS, &why);

	if (n < 0)
		return cli_syntax(c, "%s", why);
	words[n] = NULL;
	return n ? cli_run(c, n, words) : 0;
}

static int run_lines(struct cli *c, FILE *f)
{
	unsigned int count = 0;
	char *line = NULL;
	size_t room = 0;
	int worst = 0;
	ssize_t len;

	while ((len = getline(&line, &room, f)) >= 0) {
		int ret;

		c->line = ++count;
		if (memchr(line, '\0', (size_t)len))
			ret = cli_syntax(c, "this is not a text file");
		else
			ret = run_line(c, line);
		if (ret > worst)
			worst = ret;
		/* Keys may stand in the line. */
		explicit_bzero(line, room);
	}
	free(line);
	if (ferror(f))
		worst = cli_refused(c, "cannot read on: %s", strerror(errno));
	return worst;
}

int cli_batch(struct cli *c, const char *path)
{
	bool standard = !strcmp(path, "-");
	FILE *f = standard ? stdin : fopen(path, "r");
	int ret;

	if (!f)
		return cli_refused(c, "%s: %s", path, strerror(errno));
	c->file = standard ? "<stdin>" : path;
	c->stdin_taken = standard;
	ret = run_lines(c, f);
	c->file = NULL;
	if (!standard)
		fclose(f);
	return ret;
}
