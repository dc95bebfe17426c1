/* SPDX-License-Identifier: GPL-2.0 */
/* Virtual addresses of this host, on the devices that the configuration names. */
#ifndef MOBX_AGENT_VIRTUAL_H
#define MOBX_AGENT_VIRTUAL_H

#include "agent/msg.h"

/**
 * virtual_run() - do what the worker asks of a device
 * @conf: only devices of its connections are touched
 * @type: MSG_ADDR_NEW or MSG_ADDR_DEL
 * @data: its body; from the worker, which may be anybody by now
 * @len: octets of that
 * @done: gets the answer
 *
 * An address comes alone, with no route but to itself.
 */
void virtual_run(const struct conf *conf, uint32_t type, const void *data,
		 size_t len, struct msg_kernel_done *done);

#endif /* MOBX_AGENT_VIRTUAL_H */
