// SPDX-License-Identifier: GPL-2.0
#include "agent/worker.h"

#include <errno.h>
#include <event2/event.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/alarm.h"
#include "agent/chan.h"
#include "agent/control.h"
#include "agent/drop.h"
#include "agent/impair.h"
#include "agent/log.h"
#include "agent/msg.h"
#include "agent/neigh.h"
#include "agent/udp.h"
#include "agent/watch.h"
#include "crypto/util.h"
#include "mobike/mobike.h"

/* Datagrams of one socket before others get their turn. */
#define BURST 32
/* At the end, for the parent to read; it waits no longer for us either. */
#define LAST_WORDS_MS 3000

_Static_assert(IKE_STATES_MAX <= CHAN_MAX_QUEUE / 2,
	       "all that is handed over can be queued at once");

/* Who is to be authenticated adds so much at most, a burst of them 3 MB. */
#define CREDS_EACH   (100u << 10)
#define CREDS_BEHIND (CHAN_MAX_QUEUE / 2)

uint64_t worker_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* ---------------------------------------------------------------- events */

static void set_timer(struct worker *w)
{
	alarm_set(w->alarm, ike_engine_deadline(w->engine));
}

/* Whose PPK is looked for is to be authenticated next, without a datagram. */
static bool is_busy(const struct worker *w)
{
	return chan_queued(w->creds) + (size_t)w->n_ppk * CREDS_EACH >
	       CREDS_BEHIND;
}

static void engine_event(struct worker *w, const struct ike_event *ev)
{
	struct ike_actions acts = { 0 };

	ike_engine_event(w->engine, ev, worker_now_us(), &acts);
	worker_act(w, &acts);
	ike_actions_clear(&acts);
}

static bool same_way(const struct ike_host_addr *a,
		     const struct ike_host_addr *b)
{
	return a->ifindex == b->ifindex &&
	       wire_addr_equal(&a->local, &b->local) &&
	       wire_addr_equal(&a->hop, &b->hop);
}

/*
 * Nobody on the link is to be asked for in the middle of a move: not the next
 * hop by us, nor we by it when the peer's answer comes.
 */
static void greet(struct worker *w, const struct ike_host_addr *was,
		  unsigned int n_was)
{
	for (unsigned int i = 0; i < w->naddrs; i++) {
		const struct ike_host_addr *a = &w->addrs[i];
		/* ARP is IPv4's. */
		bool known = a->local.family != 4;
		struct neigh_ask m = {
			.local = a->local,
			.remote = a->remote,
			.hop = a->hop,
			.ifindex = a->ifindex,
		};

		for (unsigned int j = 0; j < n_was && !known; j++)
			known = same_way(&was[j], a);
		for (unsigned int j = 0; j < i && !known; j++)
			known = same_way(&w->addrs[j], a);
		if (known)
			continue;
		m.has_mac = watch_hop(w->watch, m.ifindex, &m.hop, m.mac);
		chan_send(w->parent, MSG_NEIGH, 0, &m, sizeof(m));
	}
}

/* Tells the engine which addresses can be used, if that is news to it. */
static void look_at_addrs(struct worker *w)
{
	struct ike_host_addr addrs[IKE_MAX_HOST_ADDRS], was[IKE_MAX_HOST_ADDRS];
	struct ike_event ev = { .type = IKE_EV_ADDRS };
	unsigned int n, n_was = w->naddrs, n_own;
	struct ike_own_addr own[IKE_MAX_OWN];

	memset(addrs, 0, sizeof(addrs));
	n = watch_usable(w->watch, w->remotes, w->nremotes, addrs,
			 IKE_MAX_HOST_ADDRS);
	memset(own, 0, sizeof(own));
	n_own = watch_own(w->watch, own, IKE_MAX_OWN);
	if (n == w->naddrs && n_own == w->nown &&
	    !memcmp(addrs, w->addrs, n * sizeof(addrs[0])) &&
	    !memcmp(own, w->own, sizeof(own)))
		return;
	memcpy(was, w->addrs, sizeof(was));
	memcpy(w->addrs, addrs, sizeof(addrs));
	w->naddrs = n;
	memcpy(w->own, own, sizeof(own));
	w->nown = n_own;
	greet(w, was, n_was);
	ev.u.addrs.addrs = w->addrs;
	ev.u.addrs.n = n;
	ev.u.addrs.own = w->own;
	ev.u.addrs.n_own = n_own;
	engine_event(w, &ev);
}

/* Which remote addresses matter follows from events, and makes new ones. */
static void follow_remotes(struct worker *w)
{
	struct wire_addr remotes[WORKER_MAX_REMOTES];
	unsigned int n;

	for (int i = 0; i < 4 && ike_engine_remotes_changed(w->engine); i++) {
		memset(remotes, 0, sizeof(remotes));
		n = ike_engine_remotes(w->engine, remotes, WORKER_MAX_REMOTES);
		if (n == w->nremotes &&
		    !memcmp(remotes, w->remotes, n * sizeof(remotes[0])))
			return;
		memcpy(w->remotes, remotes, sizeof(remotes));
		w->nremotes = n;
		look_at_addrs(w);
	}
}

static void stop_when_idle(struct worker *w)
{
	int ret;

	if (!w->stopping || w->idle || !ike_engine_idle(w->engine))
		return;
	w->idle = true;
	chan_send(w->parent, MSG_IDLE, 0, NULL, 0);
	/* All IKE SAs may go at once, which is more than the socket takes. */
	ret = chan_flush(w->parent, 0, LAST_WORDS_MS);
	w->orderly = !ret;
	if (ret)
		log_line(IKE_LOG_ERROR, NULL, "stop",
			 "the parent did not read all that it was told: %s",
			 strerror(-ret));
	event_base_loopbreak(w->base);
}

void worker_event(struct worker *w, const struct ike_event *ev)
{
	engine_event(w, ev);
	/* Until all is loaded nothing begins: there may be IKE SAs already. */
	if (w->ready) {
		follow_remotes(w);
		set_timer(w);
	}
	stop_when_idle(w);
}

static void on_addrs_changed(void *ctx)
{
	struct worker *w = ctx;

	if (!w->engine || !w->ready)
		return;
	look_at_addrs(w);
	follow_remotes(w);
	set_timer(w);
	stop_when_idle(w);
}

/* What the network was before the host slept is worth nothing after it. */
static void on_awake(struct worker *w, uint64_t slept_us)
{
	struct ike_event ev = { .type = IKE_EV_AWAKE };

	log_line(IKE_LOG_INFO, NULL, "awake",
		 "the host was asleep for %llu s; every path is looked at",
		 (unsigned long long)(slept_us / 1000000));
	look_at_addrs(w);
	worker_event(w, &ev);
}

static void on_alarm(void *ctx, uint64_t slept_us)
{
	struct ike_event ev = { .type = IKE_EV_TIMER };
	struct worker *w = ctx;

	if (!w->ready)
		return;
	if (slept_us)
		on_awake(w, slept_us);
	worker_event(w, &ev);
}

static void on_datagram(evutil_socket_t fd, short what, void *arg)
{
	static uint8_t buf[UDP_MAX];
	struct worker *w = arg;
	unsigned int at = 0;

	(void)what;
	while (w->udp[at] != fd)
		at++;
	for (int i = 0; i < BURST; i++) {
		struct ike_event ev = { .type = IKE_EV_PACKET };
		struct ike_ev_packet *p = &ev.u.packet;
		int n = udp_receive(fd, at, &p->local, &p->remote, buf,
				    sizeof(buf));

		if (n < 0)
			break;
		if (!n)
			continue;
		p->data = buf;
		p->len = (size_t)n;
		p->busy = is_busy(w);
		worker_event(w, &ev);
	}
}

/* -------------------------------------------------------------- messages */

static void on_conn(struct worker *w, const struct ike_conn *conn)
{
	struct ike_event ev = { .type = IKE_EV_CONN_ADD };

	if (conn->device[0])
		watch_ignore(w->watch, conn->device);
	ev.u.conn.conn = conn;
	ev.u.conn.name = conn->name;
	worker_event(w, &ev);
}

static void on_conn_gone(struct worker *w, const struct msg_name *m)
{
	struct ike_event ev = { .type = IKE_EV_CONN_DEL };

	ev.u.conn.name = m->name;
	worker_event(w, &ev);
}

static void on_leftover(struct worker *w, const struct msg_leftover *m)
{
	struct ike_event ev = { .type = IKE_EV_LEFTOVER };

	ev.u.leftover.peer = m->peer;
	ev.u.leftover.label = m->label;
	ev.u.leftover.generation = m->generation;
	ev.u.leftover.n = m->n;
	ev.u.leftover.sas = (const struct ike_left_sa *)(m + 1);
	worker_event(w, &ev);
}

static bool is_leftover(const struct msg_leftover *m, size_t len)
{
	return len >= sizeof(*m) &&
	       len - sizeof(*m) == m->n * sizeof(struct ike_left_sa);
}

static void on_state(struct worker *w, const void *data, size_t len)
{
	struct ike_event ev = { .type = IKE_EV_STATE };

	ev.u.state.data = data;
	ev.u.state.len = len;
	worker_event(w, &ev);
}

/* What came for IKE SAs meanwhile waits in the sockets. */
static void begin(struct worker *w)
{
	for (int i = 0; i < UDP_SOCKETS; i++)
		if (w->readable[i])
			event_add(w->readable[i], NULL);
	w->ready = true;
	follow_remotes(w);
	/* Who only answers asks for no route, but has addresses. */
	look_at_addrs(w);
	follow_remotes(w);
	set_timer(w);
	control_begin(w->control);
	w->started_us = worker_now_us();
	chan_send(w->parent, MSG_READY, 0, NULL, 0);
}

static void on_loaded(struct worker *w, uint64_t reply,
		      const struct msg_loaded *m)
{
	if (!w->ready)
		begin(w);
	if (reply)
		control_done(w->control, reply, m->err, m->text);
}

static void on_kernel_done(struct worker *w, uint64_t tag,
			   const struct msg_kernel_done *m)
{
	struct ike_event ev = { .type = IKE_EV_KERNEL_DONE };

	ev.u.kernel_done.tag = tag;
	ev.u.kernel_done.err = m->err;
	ev.u.kernel_done.generation = m->generation;
	ev.u.kernel_done.packets = m->packets;
	ev.u.kernel_done.text = m->text[0] ? m->text : NULL;
	worker_event(w, &ev);
}

static void on_counts(struct worker *w, uint64_t tag, const void *data,
		      size_t len)
{
	struct ike_event ev = { .type = IKE_EV_COUNTS };

	ev.u.counts.tag = tag;
	ev.u.counts.v = data;
	ev.u.counts.n = (unsigned int)(len / sizeof(*ev.u.counts.v));
	worker_event(w, &ev);
}

static void on_lease_done(struct worker *w, uint64_t tag,
			  const struct msg_lease_done *m)
{
	struct ike_event ev = { .type = IKE_EV_LEASE_DONE };

	ev.u.lease_done.tag = tag;
	ev.u.lease_done.lease = m->lease;
	ev.u.lease_done.text = m->text[0] ? m->text : NULL;
	worker_event(w, &ev);
}

static void on_acquire(struct worker *w, const struct msg_acquire *m)
{
	struct ike_event ev = { .type = IKE_EV_ACQUIRE };

	ev.u.acquire = m->ev;
	ev.u.acquire.label = m->label[0] ? m->label : NULL;
	worker_event(w, &ev);
}

static void on_stop(struct worker *w, enum ike_event_type type)
{
	struct ike_event ev = { .type = type };

	if (w->stopping)
		return;
	w->stopping = true;
	worker_event(w, &ev);
}

static void on_kernel_event(struct worker *w, uint32_t type, const void *data)
{
	struct ike_event ev = { .type = IKE_EV_SA_EXPIRE };

	if (type == MSG_SA_EXPIRE) {
		ev.u.sa_expire = *(const struct ike_ev_sa_expire *)data;
	} else {
		ev.type = IKE_EV_PATH_HINT;
		ev.u.path_hint = *(const struct ike_ev_path_hint *)data;
	}
	worker_event(w, &ev);
}

/* The parent is trusted; a length that is wrong means a bug in one of us. */
static void from_parent(void *ctx, uint32_t type, uint64_t tag,
			const void *data, size_t len)
{
	struct worker *w = ctx;

	if (type == MSG_CONN && len == sizeof(struct ike_conn))
		on_conn(w, data);
	else if (type == MSG_CONN_GONE && len == sizeof(struct msg_name))
		on_conn_gone(w, data);
	else if (type == MSG_LEFTOVER && is_leftover(data, len))
		on_leftover(w, data);
	else if (type == MSG_STATE && len)
		on_state(w, data, len);
	else if (type == MSG_LOADED && len == sizeof(struct msg_loaded))
		on_loaded(w, tag, data);
	else if (type == MSG_KERNEL_DONE &&
		 len == sizeof(struct msg_kernel_done))
		on_kernel_done(w, tag, data);
	else if (type == MSG_COUNTS && !(len % sizeof(struct ike_path_count)))
		on_counts(w, tag, data, len);
	else if (type == MSG_LEASE_DONE && len == sizeof(struct msg_lease_done))
		on_lease_done(w, tag, data);
	else if (type == MSG_ACQUIRE && len == sizeof(struct msg_acquire))
		on_acquire(w, data);
	else if ((type == MSG_SA_EXPIRE &&
		  len == sizeof(struct ike_ev_sa_expire)) ||
		 (type == MSG_PATH_HINT &&
		  len == sizeof(struct ike_ev_path_hint)))
		on_kernel_event(w, type, data);
	else if (type == MSG_STOP)
		on_stop(w, IKE_EV_SHUTDOWN);
	else if (type == MSG_LEAVE)
		on_stop(w, IKE_EV_LEAVE);
	else
		log_line(IKE_LOG_ERROR, NULL, "bug",
			 "message %u of %zu octets from the parent", type, len);
}

static void from_creds(void *ctx, uint32_t type, uint64_t tag,
		       const void *data, size_t len)
{
	struct ike_event ev = { .type = IKE_EV_AUTH_DONE };
	const struct msg_auth_done *m = data;
	struct worker *w = ctx;

	if (type != MSG_AUTH_DONE || len < sizeof(*m) ||
	    len - sizeof(*m) != (uint64_t)m->len + m->certs_len)
		return;
	if (m->type == MSG_PPK && w->n_ppk)
		w->n_ppk--;
	ev.u.auth_done.tag = tag;
	ev.u.auth_done.ok = m->ok;
	ev.u.auth_done.method = m->method;
	ev.u.auth_done.data = (const uint8_t *)(m + 1);
	ev.u.auth_done.len = m->len;
	ev.u.auth_done.certs = (const uint8_t *)(m + 1) + m->len;
	ev.u.auth_done.certs_len = m->certs_len;
	ev.u.auth_done.text = m->text[0] ? m->text : NULL;
	worker_event(w, &ev);
}

/* Without one of the others nothing useful is left; traffic goes on. */
static void on_closed(void *ctx)
{
	struct worker *w = ctx;

	event_base_loopbreak(w->base);
}

static const struct chan_ops parent_ops = { from_parent, on_closed };
static const struct chan_ops creds_ops = { from_creds, on_closed };

/* ----------------------------------------------------------------- start */

static struct event_base *new_base(void)
{
	struct event_config *cfg = event_config_new();
	struct event_base *base = NULL;

	if (cfg && !event_config_set_flag(cfg, EVENT_BASE_FLAG_PRECISE_TIMER))
		base = event_base_new_with_config(cfg);
	if (cfg)
		event_config_free(cfg);
	return base;
}

static bool set_up_engine(struct worker *w, struct msg_start *start)
{
	struct ike_settings settings = {
		.random = crypto_random,
		.cookie_threshold = start->cookie_threshold,
		.qcd = start->qcd,
	};

	memcpy(settings.qcd_secret, start->qcd_secret, IKE_QCD_SECRET);
	crypto_wipe(start->qcd_secret, IKE_QCD_SECRET);
	w->engine = ike_engine_new(&settings, &mobike_ext);
	crypto_wipe(settings.qcd_secret, IKE_QCD_SECRET);
	w->alarm = alarm_new(w->base, on_alarm, w);
	return w->engine && w->alarm;
}

static bool set_up_udp(struct worker *w, const int *fds, unsigned int n)
{
	for (unsigned int i = 0; i < UDP_SOCKETS; i++) {
		w->udp[i] = i < n ? fds[MSG_FD_UDP + i] : -1;
		if (i >= n) {
			close(fds[MSG_FD_UDP + i]);
			continue;
		}
		w->readable[i] = event_new(w->base, w->udp[i],
					   EV_READ | EV_PERSIST, on_datagram,
					   w);
		if (!w->readable[i])
			return false;
	}
	return true;
}

/* Everything that needs privileges first, then without them the rest. */
static bool set_up(struct worker *w, int parent, int creds)
{
	struct msg_start start;
	int fds[MSG_NFDS];
	char err[256] = "";
	int ret;

	if (chan_take(parent, MSG_START, &start, sizeof(start), fds, MSG_NFDS))
		return false;
	log_init("worker", start.level);
	drop_swapping();
	w->base = new_base();
	ret = w->base ? crypto_init() : -ENOMEM;
	if (ret)
		goto fail;
	impair_begin(w->base);
	w->watch = watch_new(w->base, on_addrs_changed, w, err, sizeof(err));
	ret = -EIO;
	if (!w->watch)
		goto fail;
	/* It reads a device for that when it is first used. */
	json_object_seed(0);
	ret = drop_privileges(start.root, start.uid, start.gid);
	if (ret)
		goto fail;
	ret = -ENOMEM;
	if (!set_up_engine(w, &start) || !set_up_udp(w, fds, start.nudp))
		goto fail;
	if (start.has_control) {
		w->control = control_new(w->base, fds[MSG_FD_CONTROL], w);
		if (!w->control)
			goto fail;
	} else {
		close(fds[MSG_FD_CONTROL]);
	}
	w->creds = chan_new(w->base, creds, &creds_ops, w);
	w->parent = chan_new(w->base, parent, &parent_ops, w);
	if (w->creds && w->parent)
		return !drop_system_calls(FILTER_WORKER, start.seccomp);
fail:
	log_line(IKE_LOG_ERROR, NULL, "start",
		 "cannot set the worker up: %s", err[0] ? err : strerror(-ret));
	return false;
}

static void tear_down(struct worker *w)
{
	ike_engine_free(w->engine);
	control_free(w->control);
	watch_free(w->watch);
	for (int i = 0; i < UDP_SOCKETS; i++)
		if (w->readable[i])
			event_free(w->readable[i]);
	alarm_free(w->alarm);
	chan_free(w->creds);
	chan_free(w->parent);
	if (w->base)
		event_base_free(w->base);
}

int worker_main(int parent, int creds)
{
	static struct worker w;

	if (set_up(&w, parent, creds))
		event_base_dispatch(w.base);
	tear_down(&w);
	return w.orderly ? 0 : 1;
}
