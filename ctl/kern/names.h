/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The words of the netlink family: what a person reads and writes for an
 * enumeration, and what its attributes are called.
 */
#ifndef MOBX_KERN_NAMES_H
#define MOBX_KERN_NAMES_H

#include <stdint.h>

#include <linux/mobx.h>

/**
 * struct kern_names - words of an enumeration
 * @what: what the enumeration is about, for messages
 * @name: by value; NULL where a value has no word
 * @count: entries of @name
 */
struct kern_names {
	const char *what;
	const char *const *name;
	unsigned int count;
};

extern const struct kern_names kern_states;
extern const struct kern_names kern_dirs;
extern const struct kern_names kern_modes;
extern const struct kern_names kern_dfs;
extern const struct kern_names kern_encs;
extern const struct kern_names kern_auths;
extern const struct kern_names kern_actions;
extern const struct kern_names kern_pfps;	/* by bit of enum mobx_pfp */
extern const struct kern_names kern_uncovereds;
extern const struct kern_names kern_expires;
extern const struct kern_names kern_counters;
extern const struct kern_names kern_event_names;	/* by enum mobx_cmd */

/**
 * kern_name() - the word for a value
 *
 * Return: the word, or "?" for a value that this version does not know.
 */
const char *kern_name(const struct kern_names *names, uint32_t value);

/**
 * kern_value() - the value of a word
 *
 * Return: the value, or -1 if no value has this word.
 */
int kern_value(const struct kern_names *names, const char *word);

/**
 * struct kern_attrs - an attribute set
 * @name: by attribute number
 * @nested: by attribute number, the set inside of it, or NULL
 * @max: highest attribute number
 */
struct kern_attrs {
	const char *const *name;
	const struct kern_attrs *const *nested;
	unsigned int max;
};

/** kern_cmd_attrs() - the attribute set of a command; NULL if unknown */
const struct kern_attrs *kern_cmd_attrs(unsigned int cmd);

#endif /* MOBX_KERN_NAMES_H */
