/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Virtual addresses that peers have been given. A peer gets what it had before,
 * as long as there is enough for all; a file remembers who had what.
 */
#ifndef MOBX_AGENT_LEASE_H
#define MOBX_AGENT_LEASE_H

#include "agent/msg.h"

struct leases;

/** leases_new() - none yet; NULL without memory */
struct leases *leases_new(void);

/** leases_free() - what is in the file stays. NULL is fine. */
void leases_free(struct leases *l);

/**
 * leases_keep() - read what an earlier run has left, and remember from now on
 * @l: leases
 * @folder: of the file; made if need be, in a folder that exists
 *
 * If that cannot be done it is logged, and addresses are given out all the same.
 */
void leases_keep(struct leases *l, const char *folder);

/**
 * leases_take() - addresses for a peer
 * @l: leases
 * @conf: says which pools there are
 * @m: who asks for what; from the worker, which may be anybody by now
 * @out: gets them
 *
 * An address that was not given to anybody yet goes before one whose holder is
 * not connected, of these the one that was left longest ago. As many are
 * remembered as there is room for: those that no pool gives out any more are
 * forgotten first, then those of any pool that were left longest ago.
 */
void leases_take(struct leases *l, const struct conf *conf,
		 const struct ike_ac_lease *m, struct msg_lease_done *out);

/** leases_give() - a connection of a peer, which got addresses, has ended */
void leases_give(struct leases *l, const struct ike_ac_lease *m);

#endif /* MOBX_AGENT_LEASE_H */
