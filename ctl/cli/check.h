/* SPDX-License-Identifier: GPL-2.0 */
/* `mobx check`: what is missing on this host or in the way, and the cure. */
#ifndef MOBX_CLI_CHECK_H
#define MOBX_CLI_CHECK_H

#include "cli/cli.h"

#define CHECK_TEXT 512

/**
 * struct check - a run of the diagnosis
 * @c: run
 * @problems: found so far
 */
struct check {
	struct cli *c;
	unsigned int problems;
};

/** check_ok() - something is as it should be */
__attribute__((format(printf, 3, 4)))
void check_ok(struct check *k, const char *what, const char *fmt, ...);

/** check_note() - something to know; @cure may be NULL */
__attribute__((format(printf, 4, 5)))
void check_note(struct check *k, const char *what, const char *cure,
		const char *fmt, ...);

/** check_problem() - something does not work; @cure says what helps */
__attribute__((format(printf, 4, 5)))
void check_problem(struct check *k, const char *what, const char *cure,
		   const char *fmt, ...);

/* check_module.c */

/** check_module() - loaded, or why not; false if it cannot be talked to */
bool check_module(struct check *k);

/** check_crypto() - the algorithms that the module asks the kernel for */
void check_crypto(struct check *k);

/** check_holders() - which network namespaces keep the module loaded */
void check_holders(struct check *k);

/* check_ike.c */

/** check_agent() - whether the agent answers */
void check_agent(struct check *k);

/** check_ports() - whether somebody else has the UDP ports of IKE */
void check_ports(struct check *k);

/**
 * check_port_of() - read a line of /proc/net/udp
 * @line: text
 * @port: gets the local port
 * @inode: gets the socket's number
 *
 * Return: whether it describes a socket.
 */
bool check_port_of(const char *line, unsigned int *port, unsigned long *inode);

/* check_xfrm.c */

/** check_xfrm() - XFRM policies that would catch what mobx protects */
void check_xfrm(struct check *k);

struct xfrm_userpolicy_info;

/**
 * check_overlap() - whether an XFRM policy may match what a selector matches
 * @x: policy of direction in or out
 * @s: selector
 */
bool check_overlap(const struct xfrm_userpolicy_info *x,
		   const struct kern_selector *s);

#endif /* MOBX_CLI_CHECK_H */
