/* SPDX-License-Identifier: GPL-2.0 */
/* Requests of the worker to the kernel, carried out by the parent. */
#ifndef MOBX_AGENT_REQUEST_H
#define MOBX_AGENT_REQUEST_H

#include "agent/msg.h"
#include "agent/peers.h"
#include "kern/kern.h"

/**
 * request_run() - check a request and carry it out
 * @k: kernel
 * @own: peers that the worker may change; follows what is done
 * @type: MSG_PEER_NEW to MSG_SA_DEL
 * @data: body
 * @len: octets of it
 * @done: gets the answer
 *
 * The worker is not trusted: nothing in the body is believed before it is
 * checked, and policies and the peers of others are out of its reach.
 */
void request_run(struct kern *k, struct peers *own, uint32_t type,
		 const void *data, size_t len, struct msg_kernel_done *done);

/**
 * request_counts() - MSG_PEER_COUNTS
 * @k: kernel
 * @own: peers that the worker may ask for
 * @data: body: id of a peer
 * @len: octets of it
 * @out: gets the counters of its paths, room for IKE_MAX_PATHS
 *
 * Return: how many, 0 for whatever is wrong.
 */
unsigned int request_counts(struct kern *k, const struct peers *own,
			    const void *data, size_t len,
			    struct ike_path_count *out);

#endif /* MOBX_AGENT_REQUEST_H */
