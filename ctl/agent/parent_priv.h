/* SPDX-License-Identifier: GPL-2.0 */
/* The parent's state, shared by the files that make it up. */
#ifndef MOBX_AGENT_PARENT_PRIV_H
#define MOBX_AGENT_PARENT_PRIV_H

#include <event2/util.h>

#include "agent/chan.h"
#include "agent/conf.h"
#include "agent/handover.h"
#include "agent/mptcp.h"
#include "agent/neigh.h"
#include "agent/parent.h"
#include "agent/udp.h"

struct event;
struct event_base;
struct leases;
struct peers;

#define PARENT_SIGNALS 5

/**
 * struct parent - the process
 * @args: what it was started with
 * @base: event loop
 * @conf: configuration in force
 * @kern: requests to the kernel
 * @kern_events: what the kernel reports
 * @kern_readable: event of @kern_events
 * @signals: SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR2
 * @patience: how long the worker may take to close its connections
 * @worker: channel
 * @creds: channel
 * @udp: sockets of ports 500 and 4500, kept to the end; see udp_index()
 * @nudp: how many of them there are: without IPv6 in the kernel half
 * @neigh: greets the links
 * @mptcp: endpoints for the addresses of paths
 * @leases: virtual addresses that peers have
 * @peers: peers in the kernel that are the agent's
 * @control: listening socket until it is passed on, or -1
 * @made_control: the control socket's file is ours to remove
 * @handover: what the next run gets
 * @stopping: told to stop
 * @leaving: and to leave all to the next run
 * @status: exit status
 */
struct parent {
	const struct parent_args *args;
	struct event_base *base;
	struct conf *conf;
	struct kern *kern;
	struct kern_events *kern_events;
	struct event *kern_readable;
	struct event *signals[PARENT_SIGNALS];
	struct event *patience;
	struct chan *worker;
	struct chan *creds;
	int udp[UDP_SOCKETS];
	unsigned int nudp;
	struct neigh neigh;
	struct mptcp mptcp;
	struct leases *leases;
	struct peers *peers;
	int control;
	bool made_control;
	struct handover handover;
	bool stopping;
	bool leaving;
	int status;
};

/** parent_control_path() - where the control socket is */
const char *parent_control_path(const struct parent *p);

/** parent_level() - what to log */
enum ike_level parent_level(const struct parent *p);

/** parent_end() - leave the event loop, with an exit status */
void parent_end(struct parent *p, int status);

/** serve_worker - the worker's requests, and its end; the context is the parent */
extern const struct chan_ops serve_worker;

/** serve_creds - the end of the credentials process; likewise */
extern const struct chan_ops serve_creds;

/** serve_left() - the worker has handed over all it had, or all it could in time */
void serve_left(struct parent *p);

/** serve_kernel() - a callback: the kernel has events; @arg is the parent */
void serve_kernel(evutil_socket_t fd, short what, void *arg);

/**
 * parent_let_read() - wait until both processes have read most of what was sent
 *
 * A configuration and what an earlier run has left may be more than a channel
 * queues. Between messages, while none of the two waits for the parent.
 */
void parent_let_read(struct parent *p);

/** parent_first_load() - give both processes what they work with */
void parent_first_load(struct parent *p);

/**
 * parent_reload() - read the configuration again
 * @p: parent
 * @reply: number of the command that asked, 0 for a signal
 *
 * A configuration with a mistake changes nothing.
 */
void parent_reload(struct parent *p, uint64_t reply);

#endif /* MOBX_AGENT_PARENT_PRIV_H */
