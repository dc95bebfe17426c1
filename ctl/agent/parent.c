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
#include "agent/peers.h"
#include "agent/policy.h"
#include "agent/secret.h"
#include "agent/signals.h"
#include "agent/store.h"
#include "agent/udp.h"

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

void parent_end(struct parent *p, int status)
{
	p->status = status;
	event_base_loopbreak(p->base);
}

/* ------------------------------------------------------------- children */

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
		parent_end(p, 0);
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
		parent_end(p, 0);
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
		serve_left(p);
		parent_end(p, 0);
		return;
	}
	log_line(IKE_LOG_WARNING, NULL, "stop",
		 "a peer did not answer the Delete within %d s; it will find out by itself",
		 STOP_SECONDS);
	parent_end(arg, 0);
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
				parent_end(p, 1);
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

	p->worker = chan_new(p->base, p->args->worker, &serve_worker, p);
	p->creds = chan_new(p->base, p->args->creds, &serve_creds, p);
	p->kern_readable = event_new(p->base, kern_events_fd(p->kern_events),
				     EV_READ | EV_PERSIST, serve_kernel,
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
