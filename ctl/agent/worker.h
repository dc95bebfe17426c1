/* SPDX-License-Identifier: GPL-2.0 */
/* The process that talks to the network and runs the state machines. */
#ifndef MOBX_AGENT_WORKER_H
#define MOBX_AGENT_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/udp.h"
#include "ike/ike.h"

struct alarm;
struct chan;
struct control;
struct event;
struct event_base;
struct watch;

/* Remote addresses whose routes are watched at a time. */
#define WORKER_MAX_REMOTES 128

/**
 * struct worker - the process
 * @base: event loop
 * @engine: IKE
 * @parent: does what needs privileges
 * @creds: knows the keys
 * @n_ppk: how many PPKs it is asked for
 * @control: clients of the control socket; NULL without one
 * @watch: own addresses
 * @udp: sockets of ports 500 and 4500, see udp_index(); -1 where there is none
 * @readable: their events
 * @alarm: deadline of @engine
 * @remotes: last answer of ike_engine_remotes()
 * @nremotes: entries in @remotes
 * @addrs: last answer of watch_usable()
 * @naddrs: entries in @addrs
 * @own: last answer of watch_own()
 * @nown: entries in @own
 * @started_us: when the process was ready
 * @ready: the first configuration is loaded
 * @stopping: every connection is being closed
 * @idle: that is done, and the parent told
 * @orderly: and it has heard: exit status 0
 */
struct worker {
	struct event_base *base;
	struct ike_engine *engine;
	struct chan *parent;
	struct chan *creds;
	unsigned int n_ppk;
	struct control *control;
	struct watch *watch;
	int udp[UDP_SOCKETS];
	struct event *readable[UDP_SOCKETS];
	struct alarm *alarm;
	struct wire_addr remotes[WORKER_MAX_REMOTES];
	unsigned int nremotes;
	struct ike_host_addr addrs[IKE_MAX_HOST_ADDRS];
	unsigned int naddrs;
	struct ike_own_addr own[IKE_MAX_OWN];
	unsigned int nown;
	uint64_t started_us;
	bool ready;
	bool stopping;
	bool idle;
	bool orderly;
};

/**
 * worker_main() - run it until it is told to stop or another process goes
 * @parent: end of a pair
 * @creds: end of a pair
 *
 * Return: exit status.
 */
int worker_main(int parent, int creds);

/** worker_now_us() - microseconds that count while the host sleeps, too */
uint64_t worker_now_us(void);

/** worker_event() - let the engine see an event and carry its actions out */
void worker_event(struct worker *w, const struct ike_event *ev);

/** worker_act() - carry actions out, in their order (worker_act.c) */
void worker_act(struct worker *w, const struct ike_actions *acts);

#endif /* MOBX_AGENT_WORKER_H */
