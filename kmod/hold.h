/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_HOLD_H
#define MOBX_HOLD_H

#include <linux/hashtable.h>
#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "output.h"

struct mobx_choice;
struct mobx_net;
struct mobx_path;
struct mobx_sa;
struct sk_buff;

#define MOBX_HOLD_BITS	6

/**
 * struct mobx_hold - packets that wait in one network namespace
 * @lock: protects what follows, up to @keep_bytes
 * @queues: packets that wait to go out, of struct mobx_hold_queue by pair and
 *	policy
 * @n_queues: entries of @queues
 * @bytes: memory of the packets in @queues
 * @n_no_credit: packets in @queues that wait for credit
 * @epoch: grows whenever all of it is looked at; read without @lock
 * @keep: authentic packets that wait for their source to be admitted, oldest
 *	first, of struct mobx_kept
 * @n_keep: length of @keep
 * @keep_bytes: memory of the packets in @keep
 * @work: drops what has waited too long
 * @retry: looks at all of it once more
 * @closing: the namespace ends; nothing is queued any more
 * @busy: asynchronous cipher requests under way; the sum over all CPUs counts
 * @mnet: namespace
 */
struct mobx_hold {
	spinlock_t		lock; /* all up to keep_bytes */
	DECLARE_HASHTABLE(queues, MOBX_HOLD_BITS);
	unsigned int		n_queues;
	unsigned int		bytes;
	unsigned int		n_no_credit;
	unsigned int		epoch;
	struct list_head	keep;
	unsigned int		n_keep;
	unsigned int		keep_bytes;
	struct delayed_work	work;
	struct work_struct	retry;
	bool			closing;
	long __percpu		*busy;
	struct mobx_net		*mnet;
};

void mobx_hold_packet(struct mobx_net *mnet, struct sk_buff *skb,
		      mobx_okfn_t *okfn,
		      const struct mobx_choice *choice);
bool mobx_hold_expire(struct mobx_hold *hold);
void mobx_hold_drop_all(struct mobx_hold *hold);
void mobx_hold_retry_out(struct mobx_hold *hold);
void mobx_hold_credit(struct mobx_hold *hold);

void mobx_keep_packet(struct mobx_net *mnet, struct mobx_sa *sa,
		      struct sk_buff *skb, u16 family);
bool mobx_keep_expire(struct mobx_hold *hold);
void mobx_keep_drop_all(struct mobx_hold *hold);
void mobx_keep_retry(struct mobx_hold *hold);

#endif
