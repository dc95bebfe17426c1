// SPDX-License-Identifier: GPL-2.0
#include "agent/parent.h"

#include <errno.h>
#include <event2/event.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/chan.h"
#include "agent/drop.h"
#include "agent/lease.h"
#include "agent/listen.h"
#include "agent/log.h"
#include "agent/msg.h"
#include "agent/notify.h"
#include "agent/owner.h"
#include "agent/parent_priv.h"
#include "agent/policy.h"
#include "agent/request.h"
#include "agent/secret.h"
#include "agent/signals.h"
#include "agent/store.h"
#include "agent/udp.h"
#include "agent/virtual.h"

/* For the Deletes to be answered; a dead peer does not hold the host up. */
#define STOP_SECONDS 3
/* For a process to end when its channel has closed, in steps of 10 ms. */
#define REAP_STEPS 100

const char *parent_control_path(const struct parent *p)
{
	return p->args->control ? p->args->control : p->conf->control;
}

enum ike_level parent_level(const struct parent *p)
{
	return p->args->debug ? IKE_LOG_DEBUG : p->conf->level;
}

static void fail(const char *text)
{
	log_line(IKE_LOG_ERROR, NULL, "start", "%s", text);
}

static void end(struct parent *p, int status)
{
	p->status = status;
	event_base_loopbreak(p->base);
}

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

static void on_kernel_readable(evutil_socket_t fd, short what, void *arg)
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
static void left(struct parent *p)
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
		left(p);
	/* Status 0 is for who was asked to end: others are started again. */
	if (!p->stopping)
		log_line(IKE_LOG_ERROR, NULL, "bug",
			 "the worker has stopped, which nobody told it to");
	end(p, p->stopping ? 0 : 1);
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
	end(p, p->stopping ? 0 : 1);
}

static void creds_closed(void *ctx)
{
	struct parent *p = ctx;

	/* It ends with the worker, whose last words may not be read yet. */
	if (!p->leaving)
		end(p, p->stopping ? 0 : 1);
}

static const struct chan_ops worker_ops = { from_worker, worker_closed };
static const struct chan_ops creds_ops = { from_creds, creds_closed };

static void tell_death(struct parent *p, pid_t pid, int status)
{
	const char *who = pid == p->args->worker_pid ? "worker" :
			  pid == p->args->creds_pid ? "credentials" :
						      "fetching";

	/* Credentials end with the worker, maybe before they are told to. */
	if (p->stopping && WIFEXITED(status) &&
	    (!WEXITSTATUS(status) || pid == p->args->creds_pid))
		return;
	if (WIFSIGNALED(status))
		log_line(IKE_LOG_ERROR, NULL, "died",
			 "the %s process (pid %d) was killed by signal %d (%s); SAs and policies stay in the kernel",
			 who, (int)pid, WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		log_line(IKE_LOG_ERROR, NULL, "died",
			 "the %s process (pid %d) ended with status %d; SAs and policies stay in the kernel",
			 who, (int)pid, WEXITSTATUS(status));
}

/* ---------------------------------------------------------------- signals */

static void stop(struct parent *p)
{
	struct timeval patience = { .tv_sec = STOP_SECONDS };

	/* It takes a second at most; a service manager may ask twice. */
	if (p->leaving)
		return;
	if (p->stopping) {
		end(p, 0);
		return;
	}
	p->stopping = true;
	log_line(IKE_LOG_INFO, NULL, "stop",
		 "closing all connections; policies stay, so that nothing leaves in clear");
	notify("STOPPING=1");
	chan_send(p->worker, MSG_STOP, 0, NULL, 0);
	event_add(p->patience, &patience);
}

/* The kernel keeps all that it has, and whoever comes next the IKE SAs. */
static void leave(struct parent *p)
{
	struct timeval patience = { .tv_sec = STOP_SECONDS };
	char err[CONF_MAX_ERROR];

	if (p->stopping)
		return;
	p->stopping = true;
	p->leaving = true;
	notify("STOPPING=1");
	if (handover_begin(&p->handover, parent_control_path(p), err,
			   sizeof(err))) {
		log_line(IKE_LOG_WARNING, NULL, "stop",
			 "%s; SAs and policies stay, the next run makes its IKE SAs anew",
			 err);
		end(p, 0);
		return;
	}
	chan_send(p->worker, MSG_LEAVE, 0, NULL, 0);
	event_add(p->patience, &patience);
}

static void on_patience(evutil_socket_t fd, short what, void *arg)
{
	struct parent *p = arg;

	(void)fd;
	(void)what;
	if (p->leaving) {
		left(p);
		end(p, 0);
		return;
	}
	log_line(IKE_LOG_WARNING, NULL, "stop",
		 "a peer did not answer the Delete within %d s; it will find out by itself",
		 STOP_SECONDS);
	end(arg, 0);
}

static void on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct parent *p = arg;
	int status;
	pid_t pid;

	(void)what;
	if (sig == SIGHUP) {
		parent_reload(p, 0);
	} else if (sig == SIGCHLD) {
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
			tell_death(p, pid, status);
			/* Its last words come first, then its channel ends. */
			if (!p->stopping)
				end(p, 1);
		}
	} else if (sig == SIGUSR2) {
		leave(p);
	} else {
		stop(p);
	}
}

/* ------------------------------------------------------------------ start */

static bool load(struct parent *p)
{
	char err[CONF_MAX_ERROR];

	if (conf_load(p->args->file, &p->conf, err, sizeof(err))) {
		fail(err);
		return false;
	}
	log_init("parent", parent_level(p));
	return true;
}

/* Sockets first: who finds them taken must not touch what another runs. */
static bool open_sockets(struct parent *p)
{
	char err[512];
	int n;

	p->control = listen_control(parent_control_path(p), err, sizeof(err));
	p->made_control = p->control >= 0;
	if (p->control == -ENOSPC || p->control == -EDQUOT) {
		log_line(IKE_LOG_ERROR, NULL, "start",
			 "%s; going on without: free some space and restart",
			 err);
	} else if (p->control < 0) {
		fail(err);
		return false;
	}
	n = store_udp(p->args->store, p->udp, err, sizeof(err));
	if (n < 0) {
		fail(err);
		return false;
	}
	p->nudp = (unsigned int)n;
	if (p->nudp < UDP_SOCKETS)
		log_line(IKE_LOG_INFO, NULL, "start",
			 "this kernel does without IPv6, so does IKE");
	neigh_open(&p->neigh);
	return true;
}

static bool open_kernel(struct parent *p)
{
	unsigned int xfrm = owner_xfrm_policies();
	char err[CONF_MAX_ERROR];

	if (kern_open(&p->kern, err, sizeof(err)) ||
	    kern_events_open(&p->kern_events, err, sizeof(err))) {
		fail(err);
		return false;
	}
	for (unsigned int i = 0; i < p->nudp; i++) {
		if (!kern_conf_ike_socket(p->kern, p->udp[i]))
			continue;
		fail(kern_error(p->kern));
		return false;
	}
	if (xfrm)
		log_line(IKE_LOG_WARNING, NULL, "xfrm",
			 "the kernel's own IPsec has %u policies here, which may catch the same traffic; ip xfrm policy shows them, mobx check says more",
			 xfrm);
	if (policy_sync(p->kern, p->conf, err, sizeof(err))) {
		fail(err);
		return false;
	}
	return true;
}

static bool find_user(const struct conf *c, struct msg_start *start)
{
	struct passwd *pw = getpwnam(c->user);

	if (!pw || !pw->pw_uid || !pw->pw_gid) {
		log_line(IKE_LOG_ERROR, NULL, "start",
			 "user \"%s\" %s; the name of a user without privileges would be right",
			 c->user, pw ? "is root or in root's group" :
				       "does not exist");
		return false;
	}
	start->uid = pw->pw_uid;
	start->gid = pw->pw_gid;
	return true;
}

static bool start_others(struct parent *p)
{
	struct msg_start start;
	int fds[MSG_NFDS];
	int ret;

	memset(&start, 0, sizeof(start));
	start.level = parent_level(p);
	start.cookie_threshold = p->conf->cookie_threshold;
	start.seccomp = p->conf->seccomp;
	start.has_control = p->control >= 0;
	start.nudp = p->nudp;
	for (unsigned int i = 0; i < UDP_SOCKETS; i++)
		fds[MSG_FD_UDP + i] = p->udp[i < p->nudp ? i : 0];
	fds[MSG_FD_CONTROL] = start.has_control ? p->control : p->udp[0];
	if (!find_user(p->conf, &start))
		return false;
	ret = listen_empty_folder(parent_control_path(p), start.root,
				  sizeof(start.root));
	if (ret) {
		log_line(IKE_LOG_ERROR, NULL, "start",
			 "cannot make the folder %s, which must be empty and root's: %s",
			 start.root, strerror(-ret));
		return false;
	}
	ret = chan_pass(p->args->creds, MSG_START, &start, sizeof(start), NULL,
			0);
	if (!ret)
		ret = chan_pass(p->args->fetch, MSG_START, &start,
				sizeof(start), NULL, 0);
	start.qcd = secret_keep(p->conf->state, start.qcd_secret,
				sizeof(start.qcd_secret));
	if (!ret)
		ret = chan_pass(p->args->worker, MSG_START, &start,
				sizeof(start), fds, MSG_NFDS);
	explicit_bzero(start.qcd_secret, sizeof(start.qcd_secret));
	if (ret) {
		fail("the other processes are gone already");
		return false;
	}
	if (p->control >= 0)
		close(p->control);
	p->control = -1;
	return true;
}

static bool start_loop(struct parent *p)
{
	static const int signals[] = {
		SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR2,
	};

	p->worker = chan_new(p->base, p->args->worker, &worker_ops, p);
	p->creds = chan_new(p->base, p->args->creds, &creds_ops, p);
	p->kern_readable = event_new(p->base, kern_events_fd(p->kern_events),
				     EV_READ | EV_PERSIST, on_kernel_readable,
				     p);
	p->patience = evtimer_new(p->base, on_patience, p);
	if (!p->worker || !p->creds || !p->kern_readable || !p->patience ||
	    event_add(p->kern_readable, NULL))
		return false;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		p->signals[i] = evsignal_new(p->base, signals[i], on_signal, p);
		if (!p->signals[i] || event_add(p->signals[i], NULL))
			return false;
	}
	signals_obey();
	return true;
}

static bool give_up_rights(const struct parent *p)
{
	int ret = drop_to_admin();

	if (ret)
		log_line(IKE_LOG_ERROR, NULL, "start",
			 "cannot give up capabilities: %s; in a service, CAP_SETPCAP in CapabilityBoundingSet would be right",
			 strerror(-ret));
	return !ret && !drop_system_calls(FILTER_PARENT, p->conf->seccomp);
}

/* -------------------------------------------------------------------- end */

/*
 * With their channels closed the others end by themselves. One that was killed
 * is why, and its channel may have told of it sooner than its death.
 */
static void reap(struct parent *p)
{
	pid_t pids[] = { p->args->worker_pid, p->args->creds_pid,
			 p->args->fetch_pid };

	for (int i = 0; i < 3; i++) {
		int step, status;

		for (step = 0; step < REAP_STEPS; step++) {
			pid_t got = waitpid(pids[i], &status, WNOHANG);

			if (got == pids[i] && WIFSIGNALED(status))
				tell_death(p, got, status);
			if (got == pids[i] || (got < 0 && errno == ECHILD))
				break;
			usleep(10000);
		}
		if (step == REAP_STEPS) {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], NULL, 0);
		}
	}
}

static void tear_down(struct parent *p)
{
	/* It ends anyway, and should not in the middle of this. */
	signals_hold();
	if (p->creds && p->stopping)
		chan_send(p->creds, MSG_STOP, 0, NULL, 0);
	chan_free(p->worker);
	chan_free(p->creds);
	if (!p->worker)
		close(p->args->worker);
	if (!p->creds)
		close(p->args->creds);
	close(p->args->fetch);
	reap(p);
	handover_drop(&p->handover);
	if (p->made_control)
		unlink(parent_control_path(p));
	for (int i = 0; i < PARENT_SIGNALS; i++)
		if (p->signals[i])
			event_free(p->signals[i]);
	if (p->kern_readable)
		event_free(p->kern_readable);
	if (p->patience)
		event_free(p->patience);
	kern_events_close(p->kern_events);
	kern_close(p->kern);
	neigh_close(&p->neigh);
	mptcp_end(&p->mptcp, p->leaving);
	leases_free(p->leases);
	peers_free(p->peers);
	conf_free(p->conf);
	if (p->base)
		event_base_free(p->base);
}

int parent_main(const struct parent_args *args)
{
	struct parent p = {
		.args = args,
		.control = -1,
		.neigh = { .fd = -EBADF },
		.handover = { .fd = -1 },
		.status = 1,
	};

	if (drop_swapping())
		log_line(IKE_LOG_WARNING, NULL, "start",
			 "cannot keep keys out of swap space: memory must not be locked; LimitMEMLOCK=infinity would be right");
	p.base = event_base_new();
	p.leases = leases_new();
	p.peers = peers_new();
	if (p.base && p.leases && p.peers && load(&p) && open_sockets(&p) &&
	    open_kernel(&p) && start_others(&p) && start_loop(&p) &&
	    give_up_rights(&p)) {
		parent_first_load(&p);
		event_base_dispatch(p.base);
	}
	tear_down(&p);
	return p.status;
}
