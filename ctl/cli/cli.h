/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The command `mobx`: one file for each object, and what they share: the words
 * of a command line, one printer for text and JSON, one handle on the kernel.
 *
 * Commands return the exit status: 0 done, CLI_SYNTAX for what was typed,
 * CLI_REFUSED for what kernel, agent or host did not do. The message has been
 * printed by then.
 */
#ifndef MOBX_CLI_CLI_H
#define MOBX_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "kern/kern.h"
#include "kern/names.h"

#define CLI_SYNTAX 1
#define CLI_REFUSED 2

#define CLI_CONTROL_DEFAULT "/run/mobx/control"

struct cli_object;

/**
 * struct cli - one run of the command
 * @json: print JSON
 * @pretty: with line breaks
 * @stats: print counters
 * @details: print what is usually of no interest
 * @oneline: one entry a line
 * @color: mark addresses and states
 * @control: path of the agent's control socket
 * @netns: network namespace to work in, or NULL
 * @kern: handle on the kernel, opened by cli_kern()
 * @out: where answers go
 * @err: where messages go
 * @file: batch file, or NULL
 * @line: line of it
 * @stdin_taken: standard input is the batch file
 * @object: what this command is about
 * @verb: what it shall do
 * @argv: words after the verb
 * @argc: their number
 * @next: the next one to look at
 * @items: entries of a list printed so far
 */
struct cli {
	bool json;
	bool pretty;
	bool stats;
	bool details;
	bool oneline;
	bool color;
	const char *control;
	const char *netns;
	struct kern *kern;
	FILE *out;
	FILE *err;
	const char *file;
	unsigned int line;
	bool stdin_taken;
	const struct cli_object *object;
	const char *verb;
	char **argv;
	int argc;
	int next;
	unsigned int items;
};

/**
 * struct cli_verb - what can be done with an object
 * @name: its word; any unambiguous beginning will do
 * @run: does it
 * @help: its arguments, for `help`
 */
struct cli_verb {
	const char *name;
	int (*run)(struct cli *c);
	const char *help;
};

/**
 * struct cli_object - what the command can be about
 * @name: its word
 * @verbs: up to one without a name; the first is the one meant by no verb
 * @first: word that an entry begins with when it is printed: a line that
 *	begins so is an "add". "0" stands for a number, NULL for no such word
 * @help: one line about it
 * @words: the longer arguments, for `help`; may be NULL
 */
struct cli_object {
	const char *name;
	const struct cli_verb *verbs;
	const char *first;
	const char *help;
	const char *words;
};

extern const struct cli_object cli_peer;
extern const struct cli_object cli_sa;
extern const struct cli_object cli_policy;
extern const struct cli_object cli_conn;
extern const struct cli_object cli_path;
extern const struct cli_object cli_monitor;
extern const struct cli_object cli_stats;
extern const struct cli_object cli_check;

/* run.c */

/** cli_main() - the whole command, from its arguments to its exit status */
int cli_main(int argc, char **argv);

/** cli_run() - one command: object, verb, arguments */
int cli_run(struct cli *c, int argc, char **argv);

/** cli_kern() - the kernel, opened when first needed; NULL: message printed */
struct kern *cli_kern(struct cli *c);

/* batch.c */

/** cli_batch() - every line of a file, "-" for standard input */
int cli_batch(struct cli *c, const char *path);

/**
 * cli_split() - a line of a batch file into words
 * @line: changed in place; must live as long as the words
 * @words: gets them
 * @max: room in @words
 * @why: gets the reason of a failure
 *
 * Return: number of words, or -1.
 */
int cli_split(char *line, char **words, int max, const char **why);

/* args.c */

/** cli_syntax() - complain about what was typed; returns CLI_SYNTAX */
__attribute__((format(printf, 2, 3)))
int cli_syntax(const struct cli *c, const char *fmt, ...);

/** cli_refused() - complain about what was not done; returns CLI_REFUSED */
__attribute__((format(printf, 2, 3)))
int cli_refused(const struct cli *c, const char *fmt, ...);

/** cli_kern_result() - 0, or the kernel's words printed and CLI_REFUSED */
int cli_kern_result(const struct cli *c, int ret);

bool cli_more(const struct cli *c);

/** cli_take() - the next word; NULL (message printed) if there is none */
const char *cli_take(struct cli *c, const char *what);

/** cli_end() - complain if words are left over */
int cli_end(const struct cli *c);

/**
 * cli_match() - find a word by an unambiguous beginning
 * @words: NULL-terminated
 * @word: what was typed
 *
 * Return: its index, -1 if there is none, -2 if there are several.
 */
int cli_match(const char *const *words, const char *word);

/** cli_keyword() - take one of @words; its index, or -1 (message printed) */
int cli_keyword(struct cli *c, const char *const *words);

/** cli_named() - take a word of an enumeration; -1: message printed */
int cli_named(struct cli *c, const struct kern_names *names);

int cli_u64(struct cli *c, const char *what, uint64_t min, uint64_t max,
	    uint64_t *v);
int cli_u32(struct cli *c, const char *what, uint32_t min, uint32_t max,
	    uint32_t *v);
int cli_u16(struct cli *c, const char *what, uint16_t *v);
int cli_u8(struct cli *c, const char *what, uint8_t *v);
int cli_addr(struct cli *c, const char *what, struct wire_addr *addr);
int cli_label(struct cli *c, char label[MOBX_MAX_LABEL + 1]);

/** cli_key() - take 0xHEX, `file PATH` or `-` */
int cli_key(struct cli *c, const char *what, uint8_t key[MOBX_MAX_KEY],
	    size_t *len);

/* selector.c */

#define CLI_SELECTOR_WORDS                                                  \
	"local", "remote", "proto", "sport", "dport", "local-port",         \
	"remote-port", "type", "code"
#define CLI_SELECTOR_COUNT 9

/**
 * cli_selector() - the value of a selector's word
 * @c: run
 * @s: changed
 * @word: index in CLI_SELECTOR_WORDS
 * @given: the words before it in this selector, a bit for each index
 */
int cli_selector(struct cli *c, struct kern_selector *s, int word,
		 uint32_t given);

/** cli_selector_check() - whether its parts fit each other */
int cli_selector_check(const struct cli *c, const struct kern_selector *s);

/** cli_selector_json() - add its members to an object */
void cli_selector_json(json_t *o, const struct kern_selector *s);

/** cli_pfp_json() - add the names of enum mobx_pfp's bits, if there are any */
void cli_pfp_json(json_t *o, uint32_t pfp);

/* Objects: parsers and printers, also for tests */

/**
 * struct cli_peer_args - what `peer add` and `peer set` take
 * @peer: id, label, paths
 * @expect: generation that `set` expects
 * @has_expect: whether it was given
 * @spread: what `set` makes of that
 */
struct cli_peer_args {
	struct kern_peer peer;
	uint64_t expect;
	bool has_expect;
	enum kern_spread spread;
};

int cli_peer_parse(struct cli *c, struct cli_peer_args *a);
json_t *cli_peer_json(const struct cli *c, const struct kern_peer *p);
int cli_replace(struct cli *c);
int cli_replace_parse(struct cli *c, struct kern_replace *r);
json_t *cli_path_json(const struct cli *c, const struct kern_path *p);
int cli_sa_parse(struct cli *c, struct kern_sa *sa);
json_t *cli_sa_json(const struct cli *c, const struct kern_sa *sa);
json_t *cli_selectors_json(const struct kern_sa *sa);
void cli_sa_counters(json_t *o, const struct kern_sa *sa);
int cli_policy_parse(struct cli *c, struct kern_policy *p);
json_t *cli_policy_json(const struct cli *c, const struct kern_policy *p);
json_t *cli_event_json(const struct cli *c, const struct kern_event *ev);

/* out.c */

/** out_u64() - add a number; beyond JSON's integers it becomes a string */
void out_u64(json_t *o, const char *name, uint64_t v);
void out_str(json_t *o, const char *name, const char *v);
void out_flag(json_t *o, const char *name, bool v);
void out_addr(json_t *o, const char *name, const struct wire_addr *addr);

/** out_begin() - a list begins */
void out_begin(struct cli *c);

/**
 * out_item() - print an entry of a list
 * @c: run
 * @word: that stands before it in text; NULL for none
 * @item: the entry; consumed
 */
void out_item(struct cli *c, const char *word, json_t *item);

/** out_end() - the list is complete */
void out_end(struct cli *c);

/** out_line() - print an entry that stands alone, on one line, at once */
void out_line(struct cli *c, const char *word, json_t *item);

/* control.c */

/**
 * cli_control_open() - connect to the agent
 * @c: run
 * @err: gets the reason of a failure
 * @errlen: octets in @err
 *
 * Return: descriptor, or a negative errno.
 */
int cli_control_open(const struct cli *c, char *err, size_t errlen);

/**
 * cli_control() - ask the agent something
 * @c: run
 * @request: consumed
 * @data: gets the answer's data, may be NULL
 *
 * Return: 0 or CLI_REFUSED.
 */
int cli_control(struct cli *c, json_t *request, json_t **data);

/** cli_control_send() - send a request; 0 or a negative errno; consumes it */
int cli_control_send(int fd, json_t *request);

/**
 * struct cli_reader - lines from the control socket
 * @fd: socket
 * @buf: what has come and was not taken yet
 * @len: octets in it
 * @room: octets allocated
 */
struct cli_reader {
	int fd;
	char *buf;
	size_t len;
	size_t room;
};

/**
 * cli_reader_fill() - read what has come
 *
 * Return: octets read, 0 at the end, or a negative errno.
 */
ssize_t cli_reader_fill(struct cli_reader *r);

/**
 * cli_reader_line() - take a line that has come in full
 * @r: reader
 * @value: gets it
 *
 * Return: 1, 0 if there is none yet, or -EBADMSG for a line without sense.
 */
int cli_reader_line(struct cli_reader *r, json_t **value);
void cli_reader_free(struct cli_reader *r);

#endif /* MOBX_CLI_CLI_H */
