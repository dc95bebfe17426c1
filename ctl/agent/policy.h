/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The policies of the connections in the kernel. They come with the
 * configuration and go when it drops them; nothing that the agent does or
 * suffers in between takes them away.
 */
#ifndef MOBX_AGENT_POLICY_H
#define MOBX_AGENT_POLICY_H

#include <stddef.h>

#include "agent/conf.h"

/**
 * policy_sync() - make the kernel's policies those of a configuration
 * @k: kernel
 * @conf: configuration
 * @err: reason of a failure
 * @errlen: octets in @err
 *
 * What stays is not touched. New policies are added before old ones go, and one
 * that changes is covered by a stand-in meanwhile, so that no packet finds a
 * gap. Refused as a whole when an order is taken by a policy that was not made
 * by this function.
 *
 * Return: 0, or a negative errno and the policies as they were.
 */
int policy_sync(struct kern *k, const struct conf *conf, char *err,
		size_t errlen);

#endif /* MOBX_AGENT_POLICY_H */
