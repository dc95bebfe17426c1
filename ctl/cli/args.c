// SPDX-License-Identifier: GPL-2.0
/* The words of a command line. Every message says what would be right. */

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static void complain(const struct cli *c, const char *fmt, va_list ap)
{
	if (c->file)
		fprintf(c->err, "%s:%u: ", c->file, c->line);
	else
		fputs("mobx: ", c->err);
	if (c->object)
		fprintf(c->err, "%s%s%s: ", c->object->name, c->verb ? " " : "",
			c->verb ? c->verb : "");
	vfprintf(c->err, fmt, ap);
	fputc('\n', c->err);
}

int cli_syntax(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, fmt, ap);
	va_end(ap);
	return CLI_SYNTAX;
}

int cli_refused(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, fmt, ap);
	va_end(ap);
	return CLI_REFUSED;
}

int cli_kern_result(const struct cli *c, int ret)
{
	return ret ? cli_refused(c, "%s", kern_error(c->kern)) : 0;
}

bool cli_more(const struct cli *c)
{
	return c->next < c->argc;
}

const char *cli_take(struct cli *c, const char *what)
{
	if (cli_more(c))
		return c->argv[c->next++];
	cli_syntax(c, "%s is missing at the end", what);
	return NULL;
}

int cli_end(const struct cli *c)
{
	if (!cli_more(c))
		return 0;
	return cli_syntax(c, "'%s' is too much", c->argv[c->next]);
}

int cli_match(const char *const *words, const char *word)
{
	size_t len = strlen(word);
	int found = -1;

	for (int i = 0; words[i]; i++) {
		if (!strcmp(words[i], word))
			return i;
		if (len && !strncmp(words[i], word, len))
			found = found == -1 ? i : -2;
	}
	return found;
}

static void list_words(const char *const *words, const char *beginning,
		       char *buf, size_t room)
{
	size_t len = strlen(beginning);
	size_t used = 0;

	buf[0] = '\0';
	for (int i = 0; words[i] && used < room; i++) {
		if (strncmp(words[i], beginning, len))
			continue;
		used += (size_t)snprintf(buf + used, room - used, "%s%s",
					 used ? ", " : "", words[i]);
	}
}

int cli_keyword(struct cli *c, const char *const *words)
{
	char list[512];
	const char *word = cli_take(c, "a word");
	int i;

	if (!word)
		return -1;
	i = cli_match(words, word);
	if (i >= 0)
		return i;
	list_words(words, i == -2 ? word : "", list, sizeof(list));
	if (i == -2)
		cli_syntax(c, "'%s' is ambiguous: %s", word, list);
	else
		cli_syntax(c, "unknown word '%s'; there are: %s", word, list);
	return -1;
}

int cli_named(struct cli *c, const struct kern_names *names)
{
	const char *words[KERN_STATS_MAX + 1];
	char list[1024];
	const char *word;
	unsigned int n;
	int i;

	for (n = 0; n < names->count && n < KERN_STATS_MAX; n++)
		words[n] = names->name[n];
	words[n] = NULL;
	word = cli_take(c, names->what);
	if (!word)
		return -1;
	i = cli_match(words, word);
	if (i >= 0)
		return i;
	list_words(words, i == -2 ? word : "", list, sizeof(list));
	cli_syntax(c, "'%s' is %s %s: %s", word,
		   i == -2 ? "more than one" : "no", names->what, list);
	return -1;
}

int cli_u64(struct cli *c, const char *what, uint64_t min, uint64_t max,
	    uint64_t *v)
{
	const char *word = cli_take(c, what);
	char *end;

	if (!word)
		return CLI_SYNTAX;
	errno = 0;
	*v = strtoull(word, &end, 0);
	if (!isdigit((unsigned char)word[0]) || *end || errno || *v < min ||
	    *v > max)
		return cli_syntax(c, "%s: '%s' is not a number from %llu to %llu",
				  what, word, (unsigned long long)min,
				  (unsigned long long)max);
	return 0;
}

int cli_u32(struct cli *c, const char *what, uint32_t min, uint32_t max,
	    uint32_t *v)
{
	uint64_t wide;

	if (cli_u64(c, what, min, max, &wide))
		return CLI_SYNTAX;
	*v = (uint32_t)wide;
	return 0;
}

int cli_u16(struct cli *c, const char *what, uint16_t *v)
{
	uint64_t wide;

	if (cli_u64(c, what, 0, UINT16_MAX, &wide))
		return CLI_SYNTAX;
	*v = (uint16_t)wide;
	return 0;
}

int cli_u8(struct cli *c, const char *what, uint8_t *v)
{
	uint64_t wide;

	if (cli_u64(c, what, 0, UINT8_MAX, &wide))
		return CLI_SYNTAX;
	*v = (uint8_t)wide;
	return 0;
}

int cli_addr(struct cli *c, const char *what, struct wire_addr *addr)
{
	const char *word = cli_take(c, what);

	if (!word)
		return CLI_SYNTAX;
	if (!wire_addr_parse(addr, word))
		return cli_syntax(c, "%s: '%s' is not an IP address", what,
				  word);
	return 0;
}

int cli_label(struct cli *c, char label[MOBX_MAX_LABEL + 1])
{
	const char *word = cli_take(c, "label");

	if (!word)
		return CLI_SYNTAX;
	if (strlen(word) > MOBX_MAX_LABEL)
		return cli_syntax(c, "the label has %zu octets, %d are allowed",
				  strlen(word), MOBX_MAX_LABEL);
	snprintf(label, MOBX_MAX_LABEL + 1, "%s", word);
	return 0;
}

static int hex_digit(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	if (ch >= 'a' && ch <= 'f')
		return ch - 'a' + 10;
	if (ch >= 'A' && ch <= 'F')
		return ch - 'A' + 10;
	return -1;
}

/* The key itself never appears in a message. */
static int key_from_hex(const struct cli *c, const char *what, const char *hex,
			uint8_t key[MOBX_MAX_KEY], size_t *len)
{
	size_t digits = strlen(hex + 2);

	if (digits % 2)
		return cli_syntax(c, "%s: the key has an odd number of digits",
				  what);
	if (digits / 2 > MOBX_MAX_KEY)
		return cli_syntax(c, "%s: the key has %zu octets, %d are allowed",
				  what, digits / 2, MOBX_MAX_KEY);
	for (size_t i = 0; i < digits / 2; i++) {
		int high = hex_digit(hex[2 + 2 * i]);
		int low = hex_digit(hex[3 + 2 * i]);

		if (high < 0 || low < 0)
			return cli_syntax(c, "%s: the key has a digit that is not hexadecimal",
					  what);
		key[i] = (uint8_t)(high << 4 | low);
	}
	*len = digits / 2;
	return 0;
}

static int key_from_file(const struct cli *c, const char *what,
			 const char *path, uint8_t key[MOBX_MAX_KEY],
			 size_t *len)
{
	bool standard = !strcmp(path, "-");
	char line[2 * MOBX_MAX_KEY + 64];
	FILE *f = standard ? stdin : fopen(path, "r");
	int ret;

	if (!f)
		return cli_refused(c, "%s: key file %s: %s", what, path,
				   strerror(errno));
	if (!standard)
		setvbuf(f, NULL, _IONBF, 0);	/* no second copy of the key */
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	if (!standard)
		fclose(f);
	line[strcspn(line, " \t\r\n")] = '\0';
	if (strncmp(line, "0x", 2))
		ret = cli_syntax(c, "%s: %s holds no key: 0x and hexadecimal digits are right",
				 what, standard ? "standard input" : path);
	else
		ret = key_from_hex(c, what, line, key, len);
	explicit_bzero(line, sizeof(line));
	return ret;
}

int cli_key(struct cli *c, const char *what, uint8_t key[MOBX_MAX_KEY],
	    size_t *len)
{
	const char *word = cli_take(c, "a key");

	if (!word)
		return CLI_SYNTAX;
	if (!strncmp(word, "0x", 2))
		return key_from_hex(c, what, word, key, len);
	if (!strcmp(word, "-")) {
		if (c->stdin_taken)
			return cli_syntax(c, "%s: standard input is the batch, a key cannot come from there",
					  what);
		return key_from_file(c, what, word, key, len);
	}
	if (!strcmp(word, "file")) {
		word = cli_take(c, "path of a key file");
		return word ? key_from_file(c, what, word, key, len) :
			      CLI_SYNTAX;
	}
	return cli_syntax(c, "%s: a key is 0xHEX, file PATH or - for standard input",
			  what);
}
