// SPDX-License-Identifier: GPL-2.0
/*
 * Events for who listens to the multicast group.
 */

#include <linux/jiffies.h>

#include "event.h"
#include "netlink.h"
#include "netns.h"
#include "peer.h"
#include "policy.h"
#include "replace.h"
#include "sa.h"

/* Intervals between two events of a kind that one SA may cause. */
#define MOBX_HINT_INTERVAL	(HZ / 10)
#define MOBX_INTEGRITY_INTERVAL	HZ
#define MOBX_MISMATCH_INTERVAL	HZ

/* Room for an event without paths. */
#define MOBX_EVENT_SIZE		256

/* An event under construction. */
struct mobx_event {
	struct sk_buff	*msg;
	void		*hdr;
};

static bool mobx_event_wanted(const struct mobx_net *mnet)
{
	return genl_has_listeners(&mobx_nl_family, mnet->net,
				  MOBX_NLGRP_EVENTS);
}

static bool mobx_event_begin(struct mobx_event *ev, u8 cmd, size_t size,
			     gfp_t gfp)
{
	ev->msg = genlmsg_new(size, gfp);
	if (!ev->msg)
		return false;
	ev->hdr = genlmsg_put(ev->msg, 0, 0, &mobx_nl_family, 0, cmd);
	if (ev->hdr)
		return true;
	nlmsg_free(ev->msg);
	return false;
}

/* @err: whether something did not fit; then there is no event. */
static void mobx_event_send(struct mobx_event *ev, struct mobx_net *mnet,
			    int err, gfp_t gfp)
{
	if (WARN_ON_ONCE(err)) {
		nlmsg_free(ev->msg);
		return;
	}
	genlmsg_end(ev->msg, ev->hdr);
	genlmsg_multicast_netns(&mobx_nl_family, mnet->net, ev->msg, 0,
				MOBX_NLGRP_EVENTS, gfp);
}

/* Peer and SPI, which most events begin with. */
static int mobx_event_put_sa(struct sk_buff *msg, const struct mobx_sa *sa)
{
	return nla_put_u32(msg, MOBX_A_EVENT_PEER, sa->peer->id) ?:
	       nla_put_u32(msg, MOBX_A_EVENT_SPI, ntohl(sa->spi));
}

static int mobx_event_put_pair(struct sk_buff *msg, u16 family,
			       const union mobx_addr *local,
			       const union mobx_addr *remote)
{
	unsigned int len = mobx_addr_len(family);

	return nla_put(msg, MOBX_A_EVENT_LOCAL, len, local) ?:
	       nla_put(msg, MOBX_A_EVENT_REMOTE, len, remote);
}

static int mobx_event_put_flow(struct sk_buff *msg,
			       const struct mobx_flow *flow)
{
	int err;

	err = mobx_event_put_pair(msg, flow->family, &flow->local,
				  &flow->remote) ?:
	      nla_put_u8(msg, MOBX_A_EVENT_PROTO, flow->proto);
	if (err || flow->opaque_ports)
		return err;
	return nla_put_u16(msg, MOBX_A_EVENT_LOCAL_PORT, flow->local_port) ?:
	       nla_put_u16(msg, MOBX_A_EVENT_REMOTE_PORT, flow->remote_port);
}

void mobx_event_expire(const struct mobx_sa *sa, unsigned int which)
{
	struct mobx_net *mnet = sa->peer->mnet;
	struct mobx_event ev;
	int err;

	if (!mobx_event_wanted(mnet) ||
	    !mobx_event_begin(&ev, MOBX_CMD_SA_EXPIRE, MOBX_EVENT_SIZE,
			      GFP_ATOMIC))
		return;
	err = mobx_event_put_sa(ev.msg, sa) ?:
	      nla_put_u32(ev.msg, MOBX_A_EVENT_DIR, sa->dir) ?:
	      nla_put_u32(ev.msg, MOBX_A_EVENT_EXPIRE, which);
	mobx_event_send(&ev, mnet, err, GFP_ATOMIC);
}

void mobx_event_acquire(struct mobx_net *mnet, const struct mobx_policy *policy,
			const struct mobx_peer *peer,
			const struct mobx_flow *flow)
{
	struct mobx_event ev;
	int err = 0;

	mobx_stat_inc(mnet, MOBX_STAT_ACQUIRES);
	if (!mobx_event_wanted(mnet) ||
	    !mobx_event_begin(&ev, MOBX_CMD_ACQUIRE, MOBX_EVENT_SIZE,
			      GFP_ATOMIC))
		return;
	if (policy)
		err = nla_put_u32(ev.msg, MOBX_A_EVENT_POLICY_ORDER,
				  policy->order) ?:
		      nla_put_string(ev.msg, MOBX_A_EVENT_LABEL, policy->label);
	if (policy && policy->pfp)
		err = err ?: nla_put_u32(ev.msg, MOBX_A_EVENT_PFP, policy->pfp);
	if (peer)
		err = err ?: nla_put_u32(ev.msg, MOBX_A_EVENT_PEER, peer->id);
	err = err ?: mobx_event_put_flow(ev.msg, flow);
	mobx_event_send(&ev, mnet, err, GFP_ATOMIC);
}

/*
 * Whether an event that had a pause until *next is due, which then begins the
 * next pause. Only one of several CPUs that ask at once is told yes.
 */
static bool mobx_event_due(unsigned long *next, unsigned long interval)
{
	unsigned long now = jiffies;
	unsigned long then = READ_ONCE(*next);

	if (then && time_before(now, then))
		return false;
	return try_cmpxchg(next, &then, (now + interval) ?: 1);
}

/* An event that names an SA and a pair of addresses. */
static void mobx_event_sa_pair(const struct mobx_sa *sa, u8 cmd, u16 family,
			       const union mobx_addr *local,
			       const union mobx_addr *remote,
			       struct mobx_encap encap)
{
	struct mobx_net *mnet = sa->peer->mnet;
	struct mobx_event ev;
	int err;

	if (!mobx_event_begin(&ev, cmd, MOBX_EVENT_SIZE, GFP_ATOMIC))
		return;
	err = mobx_event_put_sa(ev.msg, sa) ?:
	      mobx_event_put_pair(ev.msg, family, local, remote);
	if (encap.dport)
		err = err ?: nla_put_u16(ev.msg, MOBX_A_EVENT_LOCAL_PORT,
					 ntohs(encap.sport)) ?:
		      nla_put_u16(ev.msg, MOBX_A_EVENT_REMOTE_PORT,
				  ntohs(encap.dport));
	mobx_event_send(&ev, mnet, err, GFP_ATOMIC);
}

void mobx_event_hint(struct mobx_sa *sa, u16 family,
		     const union mobx_addr *local,
		     const union mobx_addr *remote, struct mobx_encap encap)
{
	if (mobx_event_wanted(sa->peer->mnet) &&
	    mobx_event_due(&sa->next_hint, MOBX_HINT_INTERVAL))
		mobx_event_sa_pair(sa, MOBX_CMD_PATH_HINT, family, local,
				   remote, encap);
}

void mobx_event_integrity(struct mobx_sa *sa, u16 family,
			  const union mobx_addr *local,
			  const union mobx_addr *remote)
{
	if (mobx_event_wanted(sa->peer->mnet) &&
	    mobx_event_due(&sa->next_integrity, MOBX_INTEGRITY_INTERVAL))
		mobx_event_sa_pair(sa, MOBX_CMD_INTEGRITY_FAILURE, family,
				   local, remote, (struct mobx_encap){ 0 });
}

void mobx_event_overflow(struct mobx_sa *sa)
{
	struct mobx_net *mnet = sa->peer->mnet;
	struct mobx_event ev;

	if (test_and_set_bit(MOBX_SA_OVERFLOW, &sa->flags))
		return;
	if (!mobx_event_wanted(mnet) ||
	    !mobx_event_begin(&ev, MOBX_CMD_SEQUENCE_OVERFLOW, MOBX_EVENT_SIZE,
			      GFP_ATOMIC))
		return;
	mobx_event_send(&ev, mnet, mobx_event_put_sa(ev.msg, sa), GFP_ATOMIC);
}

void mobx_event_mismatch(struct mobx_sa *sa, const struct mobx_flow *flow)
{
	struct mobx_net *mnet = sa->peer->mnet;
	struct mobx_event ev;
	int err;

	if (!mobx_event_wanted(mnet) ||
	    !mobx_event_due(&sa->next_mismatch, MOBX_MISMATCH_INTERVAL) ||
	    !mobx_event_begin(&ev, MOBX_CMD_SELECTOR_MISMATCH, MOBX_EVENT_SIZE,
			      GFP_ATOMIC))
		return;
	err = mobx_event_put_sa(ev.msg, sa) ?: mobx_event_put_flow(ev.msg, flow);
	mobx_event_send(&ev, mnet, err, GFP_ATOMIC);
}

/* Context: process, under mobx_net.lock. */
void mobx_event_binding(const struct mobx_peer *peer,
			const struct mobx_binding *binding)
{
	struct mobx_net *mnet = peer->mnet;
	size_t size = MOBX_EVENT_SIZE;
	struct mobx_event ev;
	int err;

	if (binding)
		size += mobx_nl_paths_size(binding);
	if (!mobx_event_wanted(mnet) ||
	    !mobx_event_begin(&ev, MOBX_CMD_BINDING_CHANGED, size, GFP_KERNEL))
		return;
	err = nla_put_u32(ev.msg, MOBX_A_EVENT_PEER, peer->id);
	if (*peer->label)
		err = err ?: nla_put_string(ev.msg, MOBX_A_EVENT_LABEL,
					    peer->label);
	if (binding)
		err = err ?:
		      nla_put_u64_64bit(ev.msg, MOBX_A_EVENT_GENERATION,
					binding->generation,
					MOBX_A_EVENT_PAD) ?:
		      mobx_nl_put_paths(ev.msg, MOBX_A_EVENT_PATHS, binding);
	if (binding && binding->spread)
		err = err ?: nla_put_u8(ev.msg, MOBX_A_EVENT_SPREAD, 1);
	mobx_event_send(&ev, mnet, err, GFP_KERNEL);
}

/* Context: process, under mobx_net.lock. */
void mobx_event_replaced(struct mobx_net *mnet, const struct mobx_replace *r)
{
	unsigned int len = mobx_addr_len(r->family);
	struct mobx_event ev;
	int err;

	if (!mobx_event_wanted(mnet) ||
	    !mobx_event_begin(&ev, MOBX_CMD_LOCAL_REPLACED, MOBX_EVENT_SIZE,
			      GFP_KERNEL))
		return;
	err = nla_put(ev.msg, MOBX_A_EVENT_REPLACED, len, &r->from) ?:
	      nla_put(ev.msg, MOBX_A_EVENT_LOCAL, len, &r->to) ?:
	      nla_put_u32(ev.msg, MOBX_A_EVENT_MOVED, r->moved);
	if (r->label)
		err = err ?: nla_put_string(ev.msg, MOBX_A_EVENT_LABEL,
					    r->label);
	if (r->failed)
		err = err ?: nla_put_u32(ev.msg, MOBX_A_EVENT_FAILED,
					 r->failed);
	mobx_event_send(&ev, mnet, err, GFP_KERNEL);
}
