// SPDX-License-Identifier: GPL-2.0
/* What the parent does for the worker, and tells it of the kernel. */
#include <errno.h>
#include <string.h>

#include "agent/chan.h"
#include "agent/lease.h"
#include "agent/log.h"
#include "agent/msg.h"
#include "agent/notify.h"
#include "agent/parent_priv.h"
#include "agent/request.h"
#include "agent/virtual.h"

/* -------------------------------------------------------- kernel events */

static void on_kernel_event(const struct kern_event *e, void *ctx)
{
	struct parent *p = ctx;
	struct msg_acquire acquire = { 0 };
	struct ike_ev_sa_expire expire = {
		.peer = e->peer, .spi = e->spi, .dir = e->dir, .kind = e->expire,
	};
	struct ike_ev_path_hint hint = {
		.peer = e->peer, .local = e->local, .remote = e->remote,
		.remote_port = e->remote_port,
	};

	switch ((unsigned int)e->cmd) {
	case MOBX_CMD_ACQUIRE:
		acquire.ev.peer = e->peer;
		acquire.ev.local = e->local;
		acquire.ev.remote = e->remote;
		acquire.ev.proto = e->proto;
		acquire.ev.local_port = e->local_port;
		acquire.ev.remote_port = e->remote_port;
		memcpy(acquire.label, e->label, sizeof(acquire.label));
		chan_send(p->worker, MSG_ACQUIRE, 0, &acquire, sizeof(acquire));
		break;
	case MOBX_CMD_SEQUENCE_OVERFLOW:
		expire.dir = MOBX_DIR_OUT;
		expire.kind = MOBX_EXPIRE_HARD;
		chan_send(p->worker, MSG_SA_EXPIRE, 0, &expire, sizeof(expire));
		break;
	case MOBX_CMD_SA_EXPIRE:
		chan_send(p->worker, MSG_SA_EXPIRE, 0, &expire, sizeof(expire));
		break;
	case MOBX_CMD_PATH_HINT:
		chan_send(p->worker, MSG_PATH_HINT, 0, &hint, sizeof(hint));
		break;
	case MOBX_CMD_INTEGRITY_FAILURE:
		log_line(IKE_LOG_WARNING, NULL, "integrity-failure",
			 "peer %u, inbound SA 0x%08x: a packet was forged or damaged",
			 e->peer, e->spi);
		break;
	default:
		/* Bindings change because the worker asked for it. */
		break;
	}
}

void serve_kernel(evutil_socket_t fd, short what, void *arg)
{
	struct parent *p = arg;

	(void)fd;
	(void)what;
	if (kern_events_read(p->kern_events, on_kernel_event, p) == -ENOBUFS)
		log_line(IKE_LOG_WARNING, NULL, "kernel",
			 "events were lost; packets that still wait ask again, SAs near their end are replaced when they reach it");
}

/* ------------------------------------------------------- other processes */

/* Without it a move takes longer: nothing to complain about. */
static void neighbour(struct parent *p, const void *data, size_t len)
{
	struct neigh_ask m;
	int ret;

	if (len != sizeof(m))
		return;
	memcpy(&m, data, sizeof(m));
	ret = neigh_ask(&p->neigh, &m);
	if (ret)
		log_line(IKE_LOG_DEBUG, NULL, "neighbour",
			 "cannot ask for the next hop: %s", strerror(-ret));
}

static void lease(struct parent *p, uint32_t type, uint64_t tag,
		  const void *data, size_t len)
{
	struct msg_lease_done done = { 0 };
	struct ike_ac_lease m;

	if (len != sizeof(m))
		return;
	memcpy(&m, data, sizeof(m));
	m.pool[sizeof(m.pool) - 1] = '\0';
	if (type == MSG_LEASE_END) {
		leases_give(p->leases, &m);
		return;
	}
	leases_keep(p->leases, p->conf->state);
	leases_take(p->leases, p->conf, &m, &done);
	chan_send(p->worker, MSG_LEASE_DONE, tag, &done, sizeof(done));
}

/* Whole, or not at all: what is not handed over is made anew. */
void serve_left(struct parent *p)
{
	int ret;

	if (p->handover.fd < 0)
		return;
	ret = handover_end(&p->handover);
	if (ret)
		log_line(IKE_LOG_ERROR, NULL, "stop",
			 "cannot write %s: %s; the next run makes its IKE SAs anew",
			 p->handover.path, strerror(-ret));
	else
		log_line(IKE_LOG_INFO, NULL, "stop",
			 "%u IKE SAs are left to the next run in %s",
			 p->handover.n, p->handover.path);
}

static void idle(struct parent *p)
{
	if (p->leaving)
		serve_left(p);
	/* Status 0 is for who was asked to end: others are started again. */
	if (!p->stopping)
		log_line(IKE_LOG_ERROR, NULL, "bug",
			 "the worker has stopped, which nobody told it to");
	parent_end(p, p->stopping ? 0 : 1);
}

static void count(struct parent *p, uint64_t tag, const void *data, size_t len)
{
	struct ike_path_count v[IKE_MAX_PATHS];
	unsigned int n = request_counts(p->kern, p->peers, data, len, v);

	chan_send(p->worker, MSG_COUNTS, tag, v, n * sizeof(v[0]));
}

static void from_worker(void *ctx, uint32_t type, uint64_t tag,
			const void *data, size_t len)
{
	struct msg_kernel_done done;
	struct parent *p = ctx;

	switch (type) {
	case MSG_PEER_NEW:
	case MSG_PEER_REBIND:
	case MSG_PEER_DEL:
	case MSG_PEER_SENT:
	case MSG_SA_NEW:
	case MSG_SA_DEL:
		request_run(p->kern, p->peers, type, data, len, &done);
		chan_send(p->worker, MSG_KERNEL_DONE, tag, &done, sizeof(done));
		break;
	case MSG_PEER_COUNTS:
		count(p, tag, data, len);
		break;
	case MSG_ADDR_NEW:
	case MSG_ADDR_DEL:
		virtual_run(p->conf, type, data, len, &done);
		chan_send(p->worker, MSG_KERNEL_DONE, tag, &done, sizeof(done));
		break;
	case MSG_ENDPOINT_NEW:
	case MSG_ENDPOINT_DEL:
		/* They stay for the successor. */
		if (!p->leaving)
			mptcp_run(&p->mptcp, p->conf, type, data, len);
		break;
	case MSG_LEASE:
	case MSG_LEASE_END:
		lease(p, type, tag, data, len);
		break;
	case MSG_LEFT:
		if (p->leaving)
			handover_add(&p->handover, data, len);
		break;
	case MSG_NEIGH:
		neighbour(p, data, len);
		break;
	case MSG_RELOAD:
		parent_reload(p, tag);
		break;
	case MSG_READY:
		/* Told to stop before: nobody is to count on it any more. */
		if (p->stopping)
			break;
		log_line(IKE_LOG_INFO, NULL, "ready", "%u connections, control socket %s",
			 p->conf->nconn, parent_control_path(p));
		notify("READY=1\nSTATUS=running");
		break;
	case MSG_IDLE:
		idle(p);
		break;
	default:
		log_line(IKE_LOG_ERROR, NULL, "bug",
			 "message %u of %zu octets from the worker", type, len);
		break;
	}
}

/* The credentials process has nothing to say to the parent. */
static void from_creds(void *ctx, uint32_t type, uint64_t tag,
		       const void *data, size_t len)
{
	(void)ctx;
	(void)tag;
	(void)data;
	log_line(IKE_LOG_ERROR, NULL, "bug",
		 "message %u of %zu octets from the credentials process", type,
		 len);
}

static void worker_closed(void *ctx)
{
	struct parent *p = ctx;

	if (p->leaving && p->handover.fd >= 0)
		log_line(IKE_LOG_ERROR, NULL, "stop",
			 "the worker ended before it had handed its IKE SAs over; the next run makes them anew");
	parent_end(p, p->stopping ? 0 : 1);
}

static void creds_closed(void *ctx)
{
	struct parent *p = ctx;

	/* It ends with the worker, whose last words may not be read yet. */
	if (!p->leaving)
		parent_end(p, p->stopping ? 0 : 1);
}

const struct chan_ops serve_worker = { from_worker, worker_closed };
const struct chan_ops serve_creds = { from_creds, creds_closed };
