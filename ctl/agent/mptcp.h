/* SPDX-License-Identifier: GPL-2.0 */
/*
 * MPTCP's endpoints: which own addresses connections may use besides the one
 * that they began with (ip-mptcp(8)). A path's address becomes one when the
 * peer has accepted the path, and ceases to be one before the peer is told that
 * it goes.
 */
#ifndef MOBX_AGENT_MPTCP_H
#define MOBX_AGENT_MPTCP_H

#include "agent/msg.h"

struct nl_sock;

/**
 * struct mptcp_endpoint - an address that is one
 * @addr: the address
 * @users: connections whose paths have it
 */
struct mptcp_endpoint {
	struct wire_addr addr;
	unsigned int users;
};

/**
 * struct mptcp - endpoints of this agent; starts as all zero
 * @nl: socket, or NULL before the first use
 * @family: the kernel's number of its interface
 * @v: the endpoints
 * @n: entries there
 */
struct mptcp {
	struct nl_sock *nl;
	int family;
	struct mptcp_endpoint v[IKE_MAX_HOST_ADDRS];
	unsigned int n;
};

/**
 * mptcp_run() - do what the worker asks of MPTCP
 * @m: endpoints
 * @conf: only connections that want endpoints get them, of their kind
 * @type: MSG_ENDPOINT_NEW or MSG_ENDPOINT_DEL
 * @data: its body; from the worker, which may be anybody by now
 * @len: octets of that
 *
 * What is wrong is logged: paths work without.
 */
void mptcp_run(struct mptcp *m, const struct conf *conf, uint32_t type,
	       const void *data, size_t len);

/**
 * mptcp_end() - take the endpoints down and forget them
 * @m: endpoints
 * @keep: leave them to the next run of the agent
 */
void mptcp_end(struct mptcp *m, bool keep);

#endif /* MOBX_AGENT_MPTCP_H */
