/* SPDX-License-Identifier: GPL-2.0 */
/* Requests of the worker to the kernel, carried out by the parent. */
#ifndef MOBX_AGENT_REQUEST_H
#define MOBX_AGENT_REQUEST_H

#include "agent/msg.h"
#include "kern/kern.h"

/**
 * request_run() - check a request and carry it out
 * @k: kernel
 * @type: MSG_PEER_NEW to MSG_SA_DEL
 * @data: body
 * @len: octets of it
 * @done: gets the answer
 *
 * The worker is not trusted: nothing in the body is believed before it is
 * checked, and policies are out of its reach.
 */
void request_run(struct kern *k, uint32_t type, const void *data, size_t len,
		 struct msg_kernel_done *done);

#endif /* MOBX_AGENT_REQUEST_H */
