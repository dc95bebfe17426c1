/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A network that is worse than any: what the agent sends is lost, doubled, late,
 * damaged or lacks something. Builds for tests have it (make IMPAIR=1), which
 * define MOBX_IMPAIR; in all others nothing of it is left but the refusal.
 */
#ifndef MOBX_AGENT_IMPAIR_H
#define MOBX_AGENT_IMPAIR_H

#include <errno.h>
#include <stdio.h>

#include "agent/udp.h"

struct event_base;

#ifdef MOBX_IMPAIR

#define IMPAIR_USAGE \
	"      --impair LIST   spoil what is sent: drop=RATE, duplicate=RATE,\n" \
	"                      corrupt=RATE, delay=RATE:MSms, omit=PAYLOAD, seed=N;\n" \
	"                      a RATE is N%, or N for each Nth\n"
#define IMPAIR_VERSION " (a build for tests, with --impair)"

/**
 * impair_parse() - what is to go wrong from now on
 * @text: "drop=10%,duplicate=5%,delay=20%:300ms,corrupt=3%,omit=NAME,seed=N"
 * @err: gets what is wrong, and what would be right
 * @errlen: octets of @err
 *
 * For this process and those that it forks, in place of what was to go wrong.
 *
 * Return: 0 or -EINVAL.
 */
int impair_parse(const char *text, char *err, size_t errlen);

/**
 * impair_begin() - where late datagrams wait, and payloads are left out
 * @base: event loop, which lives as long as anything is sent
 */
void impair_begin(struct event_base *base);

/**
 * impair_send() - udp_send(), unless something goes wrong
 * @fd: see udp_send(); so the others
 * @local: likewise
 * @remote: likewise
 * @ifindex: likewise
 * @data: likewise
 * @len: likewise
 *
 * Return: what udp_send() did; 0 for what is lost or late.
 */
int impair_send(int fd, const struct wire_endpoint *local,
		const struct wire_endpoint *remote, uint32_t ifindex,
		const uint8_t *data, size_t len);

#else

#define IMPAIR_USAGE ""
#define IMPAIR_VERSION ""

static inline int impair_parse(const char *text, char *err, size_t errlen)
{
	(void)text;
	snprintf(err, errlen,
		 "this build has none: it is for tests, and make IMPAIR=1 builds a mobxd that has it");
	return -ENOTSUP;
}

static inline void impair_begin(struct event_base *base)
{
	(void)base;
}

static inline int impair_send(int fd, const struct wire_endpoint *local,
			      const struct wire_endpoint *remote,
			      uint32_t ifindex, const uint8_t *data, size_t len)
{
	return udp_send(fd, local, remote, ifindex, data, len);
}

#endif /* MOBX_IMPAIR */

#endif /* MOBX_AGENT_IMPAIR_H */
