// SPDX-License-Identifier: GPL-2.0
/* Hosts, their engines and the wire between them; see ike_net.h. */
#include <errno.h>
#include <stdio.h>

#include "agent/cred.h"
#include "agent/lease.h"
#include "crypto/auth.h"
#include "crypto/sk.h"
#include "crypto/util.h"
#include "ike_net.h"

enum net_event_type {
	EV_ARRIVE,
	EV_ANSWER,
};

struct net_event {
	struct net_event *next;
	uint64_t at;
	uint64_t order;
	enum net_event_type type;
	int host;
	struct net_packet pkt;
	struct ike_event ev;
	uint8_t auth[CRYPTO_PRF_MAX];
	struct msg_auth_done done;
	struct msg_lease_done lease;
	struct wire_wr data;
	struct wire_wr certs;
	char text[64];
};

/* ---------------------------------------------------------------- random */

static uint64_t next_random(struct net *net)
{
	/* xorshift64*: good enough for tests, and the same everywhere. */
	net->rng ^= net->rng >> 12;
	net->rng ^= net->rng << 25;
	net->rng ^= net->rng >> 27;
	return net->rng * UINT64_C(0x2545f4914f6cdd1d);
}

uint32_t net_random(struct net *net, uint32_t below)
{
	return (uint32_t)(next_random(net) >> 32) % below;
}

static int fill_random(void *ctx, uint8_t *out, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		out[i] = (uint8_t)(next_random(ctx) >> 56);
	return 0;
}

struct wire_addr net_addr(const char *text)
{
	struct wire_addr a;

	assert_true(wire_addr_parse(&a, text));
	return a;
}

/* ---------------------------------------------------------------- events */

static struct net_event *event_add(struct net *net, uint64_t at,
				   enum net_event_type type, int host)
{
	struct net_event *e = calloc(1, sizeof(*e)), **p;

	assert_non_null(e);
	e->at = at;
	e->order = ++net->order;
	e->type = type;
	e->host = host;
	for (p = &net->events; *p && (*p)->at <= at; p = &(*p)->next)
		;
	e->next = *p;
	*p = e;
	return e;
}

static void event_free(struct net_event *e)
{
	free(e->pkt.data);
	wire_wr_free(&e->data);
	wire_wr_free(&e->certs);
	free(e);
}

/* ---------------------------------------------------------------- kernel */

static void kernel_action(struct net_host *h, const struct ike_action *a)
{
	uint64_t generation = 0, packets = 0;
	struct net_event *e;
	int err;

	if (a->type == IKE_AC_PEER_COUNTS)
		err = -EOPNOTSUPP;
	else if (a->type == IKE_AC_PEER_SENT)
		err = net_kernel_sent(h, a->u.peer.id, &packets);
	else
		err = net_kernel(h, a, &generation);
	assert_true(a->tag != 0);
	e = event_add(h->net, h->net->now + h->net->kernel_us, EV_ANSWER,
		      h->index);
	e->ev.type = IKE_EV_KERNEL_DONE;
	e->ev.u.kernel_done.tag = a->tag;
	e->ev.u.kernel_done.err = err;
	e->ev.u.kernel_done.generation = generation;
	e->ev.u.kernel_done.packets = packets;
	e->ev.u.kernel_done.text = err ? "as the test wants it" : NULL;
}

static int device(struct net_host *h, const struct ike_action *a)
{
	const struct wire_addr *addr = &a->u.addr.addr;
	unsigned int i;

	assert_string_equal(a->u.addr.device, "mobx0");
	for (i = 0; i < h->n_device; i++)
		if (wire_addr_equal(&h->device[i], addr))
			break;
	if (a->type == IKE_AC_ADDR_DEL) {
		if (i < h->n_device)
			h->device[i] = h->device[--h->n_device];
		return 0;
	}
	if (h->refuse_addr) {
		h->refuse_addr--;
		return -ENODEV;
	}
	assert_true(i < NET_ADDRS);
	if (i == h->n_device)
		h->device[h->n_device++] = *addr;
	return 0;
}

static void device_action(struct net_host *h, const struct ike_action *a)
{
	struct net_event *e;

	e = event_add(h->net, h->net->now + h->net->kernel_us, EV_ANSWER,
		      h->index);
	e->ev.type = IKE_EV_KERNEL_DONE;
	e->ev.u.kernel_done.tag = a->tag;
	e->ev.u.kernel_done.err = device(h, a);
}

static void lease_action(struct net_host *h, const struct ike_action *a)
{
	struct net_event *e;

	assert_non_null(h->leases);
	if (a->type == IKE_AC_LEASE_END) {
		assert_true(h->n_given >= a->u.lease->n);
		h->n_given -= a->u.lease->n;
		leases_give(h->leases, a->u.lease);
		return;
	}
	e = event_add(h->net, h->net->now + h->net->creds_us, EV_ANSWER,
		      h->index);
	leases_take(h->leases, h->conf, a->u.lease, &e->lease);
	h->n_given += e->lease.lease.n;
	e->ev.type = IKE_EV_LEASE_DONE;
	e->ev.u.lease_done.tag = a->tag;
	e->ev.u.lease_done.lease = e->lease.lease;
	e->ev.u.lease_done.text = e->lease.text[0] ? e->lease.text : NULL;
}

/* ----------------------------------------------------------- credentials */

static void ask_agent(const struct net_host *h, const struct ike_action *a,
		      struct net_event *e)
{
	const struct ike_ac_auth *in = a->u.auth;
	struct ike_ev_auth_done *out = &e->ev.u.auth_done;
	struct msg_auth m = { .prf = in->prf, .hashes = in->hashes,
			      .peer_id = in->peer_id, .method = in->method };
	const struct wire_span octets = { in->octets, in->len };
	const struct wire_span auth = { in->auth, in->auth_len };
	const struct wire_span certs = { in->certs, in->certs_len };

	memcpy(m.conn, in->conn, sizeof(m.conn));
	if (a->type == IKE_AC_AUTH_SIGN)
		cred_sign(h->creds, &m, octets, &e->done, &e->data, &e->certs);
	else if (a->type == IKE_AC_AUTH_EAP)
		cred_eap(&m, &e->done);
	else if (a->type == IKE_AC_AUTH_PPK)
		cred_ppk(h->creds, &m, octets, auth, &e->done, &e->data);
	else
		cred_verify(h->creds, &m, octets, auth, certs, NULL,
			    &e->done);
	out->ok = e->done.ok;
	out->method = e->done.method;
	out->data = e->data.data;
	out->len = e->data.len;
	out->certs = e->certs.data;
	out->certs_len = e->certs.len;
	out->text = e->done.text[0] ? e->done.text : NULL;
}

static void auth_action(struct net_host *h, const struct ike_action *a)
{
	const struct ike_ac_auth *in = a->u.auth;
	struct wire_span octets = { .p = in->octets, .len = in->len };
	struct wire_span psk = { .p = (const uint8_t *)h->psk };
	struct net_event *e;
	struct wire_span auth = { .p = in->auth, .len = in->auth_len };

	assert_true(a->tag != 0);
	e = event_add(h->net, h->net->now + h->net->creds_us, EV_ANSWER,
		      h->index);
	e->ev.type = IKE_EV_AUTH_DONE;
	e->ev.u.auth_done.tag = a->tag;
	if (a->type == IKE_AC_AUTH_EAP && h->eap_secret) {
		psk.p = (const uint8_t *)h->eap_secret;
	} else if (h->creds) {
		ask_agent(h, a, e);
		return;
	}
	if (!psk.p)
		return;
	psk.len = strlen((const char *)psk.p);
	if (a->type != IKE_AC_AUTH_VERIFY) {
		e->ev.u.auth_done.ok = !crypto_psk_auth(in->prf, psk, octets,
							e->auth);
		e->ev.u.auth_done.method = IKE_AUTH_PSK;
		e->ev.u.auth_done.data = e->auth;
		e->ev.u.auth_done.len = crypto_prf_len(in->prf);
	} else {
		e->ev.u.auth_done.ok = h->gullible ||
				       !crypto_psk_verify(in->prf, psk, octets,
							  auth);
	}
}

/* --------------------------------------------------------------- the wire */

static struct net_packet *remember(struct net *net, int from,
				   const struct ike_ac_send *s)
{
	struct net_packet *p;

	if (net->n_sent == net->cap_sent) {
		net->cap_sent = net->cap_sent ? 2 * net->cap_sent : 64;
		net->sent = realloc(net->sent, net->cap_sent *
				    sizeof(*net->sent));
		assert_non_null(net->sent);
	}
	p = &net->sent[net->n_sent++];
	memset(p, 0, sizeof(*p));
	p->at = net->now;
	p->from = from;
	p->src = s->local;
	p->dst = s->remote;
	p->data = malloc(s->len);
	assert_non_null(p->data);
	memcpy(p->data, s->data, s->len);
	p->len = s->len;
	if (!net_keepalive(p))
		assert_int_equal(wire_hdr_parse(p->data, p->len, &p->hdr),
				 WIRE_OK);
	return p;
}

int net_host_of(const struct net *net, const struct wire_addr *a)
{
	int i;
	unsigned int j;

	for (i = 0; i < NET_HOSTS; i++)
		for (j = 0; j < net->host[i].n_addrs; j++)
			if (net->host[i].addr_up[j] &&
			    wire_addr_equal(&net->host[i].addrs[j], a))
				return i;
	return -1;
}

bool net_keepalive(const struct net_packet *p)
{
	return p->len == 1 && p->data[0] == 0xff;
}

/* Its two ports are those next to each other from net->nat.port on. */
static void nat_out(const struct net *net, struct wire_endpoint *e)
{
	e->addr = net->nat.addr;
	e->port = (uint16_t)(net->nat.port + (e->port == IKE_NATT_PORT));
}

static void nat_in(const struct net *net, struct wire_endpoint *e)
{
	if (!wire_addr_equal(&e->addr, &net->nat.addr))
		return;
	e->addr = net->host[0].addrs[0];
	e->port = e->port == net->nat.port ? IKE_PORT :
		  e->port == net->nat.port + 1 ? IKE_NATT_PORT : 0;
}

static void deliver_later(struct net *net, const struct net_packet *sent)
{
	uint64_t at = net->now + net->delay_us;
	struct net_packet packet = *sent, *p = &packet;
	struct net_event *e;
	int to;

	if (net->nat.port && p->from == 0)
		nat_out(net, &p->src);
	if (net->nat.port && p->from != 0)
		nat_in(net, &p->dst);
	to = p->dst.port ? net_host_of(net, &p->dst.addr) : -1;
	if (net->jitter_us)
		at += net_random(net, (uint32_t)net->jitter_us);
	if (to < 0)
		return;
	e = event_add(net, at, EV_ARRIVE, to);
	e->pkt = *p;
	e->pkt.data = malloc(p->len);
	assert_non_null(e->pkt.data);
	memcpy(e->pkt.data, p->data, p->len);
}

static void send_action(struct net_host *h, const struct ike_ac_send *s)
{
	struct net *net = h->net;
	struct net_packet p = *remember(net, h->index, s);

	/* What a kernel drops nobody gets. */
	if (net_host_of(net, &p.src.addr) != h->index || net_keepalive(&p))
		return;
	if (net->lose_percent && net_random(net, 100) < net->lose_percent)
		return;
	deliver_later(net, &p);
	if (net->repeat_percent && net_random(net, 100) < net->repeat_percent)
		deliver_later(net, &p);
}

void net_forget(struct net *net)
{
	while (net->n_sent)
		free(net->sent[--net->n_sent].data);
}

/* ---------------------------------------------------------------- reports */

static void report_action(struct net_host *h, const struct ike_report *r)
{
	size_t room = sizeof(h->log) - h->log_len;
	char *to = h->log + h->log_len;
	unsigned int i;
	int n;

	n = snprintf(to, room, "%.6f %s conn=%s", (double)h->net->now / 1e6,
		     r->kind, r->conn);
	for (i = 0; i < r->n && n >= 0 && (size_t)n < room; i++) {
		if (r->kv[i].is_number)
			n += snprintf(to + n, room - (size_t)n, " %s=%lld",
				      r->kv[i].key,
				      (long long)r->kv[i].number);
		else
			n += snprintf(to + n, room - (size_t)n, " %s=%s",
				      r->kv[i].key, r->kv[i].text);
	}
	if (n < 0 || (size_t)n + 1 >= room)
		return;
	to[n] = '\n';
	to[n + 1] = 0;
	h->log_len += (size_t)n + 1;
}

bool net_logged(const struct net *net, int host, const char *text)
{
	return strstr(net->host[host].log, text) != NULL;
}

enum net_verdict net_gone(struct net *net, struct net_packet *p, void *ctx)
{
	(void)net;
	(void)p;
	(void)ctx;
	return NET_DROP;
}

void net_fail(const struct net *net, uint64_t seed)
{
	const struct ike_sa *sa;
	int h;

	for (h = 0; h < 2; h++) {
		fprintf(stderr, "host %d: %u SAs\n%s", h, net->host[h].n_sas,
			net->host[h].log);
		for (sa = net->host[h].eng->sas; sa; sa = sa->p->next)
			fprintf(stderr, "%016llx:%016llx state %d\n",
				(unsigned long long)sa->spi_i,
				(unsigned long long)sa->spi_r, sa->state);
	}
	fail_msg("seed %llu", (unsigned long long)seed);
	abort();
}

/* ---------------------------------------------------------------- engines */

static void act(struct net_host *h, const struct ike_actions *list)
{
	const struct ike_action *a;
	size_t i;

	for (i = 0; i < list->n; i++) {
		a = &list->v[i];
		switch (a->type) {
		case IKE_AC_SEND:
			send_action(h, &a->u.send);
			break;
		case IKE_AC_AUTH_SIGN:
		case IKE_AC_AUTH_VERIFY:
		case IKE_AC_AUTH_PPK:
		case IKE_AC_AUTH_EAP:
			auth_action(h, a);
			break;
		case IKE_AC_STATE:
			net_keep_state(h, &a->u.state);
			break;
		case IKE_AC_REPORT:
			report_action(h, &a->u.report);
			break;
		case IKE_AC_CMD_DONE:
			h->last_reply = a->u.done.reply;
			h->last_err = a->u.done.err;
			memcpy(h->last_text, a->u.done.text,
			       sizeof(h->last_text));
			break;
		case IKE_AC_ADDR_NEW:
		case IKE_AC_ADDR_DEL:
			device_action(h, a);
			break;
		case IKE_AC_ENDPOINT_NEW:
		case IKE_AC_ENDPOINT_DEL:
			fail_msg("an endpoint that nobody asks for");
			break;
		case IKE_AC_LEASE:
		case IKE_AC_LEASE_END:
			lease_action(h, a);
			break;
		case IKE_AC_PEER_NEW:
		case IKE_AC_PEER_REBIND:
		case IKE_AC_PEER_DEL:
		case IKE_AC_PEER_SENT:
		case IKE_AC_PEER_COUNTS:
		case IKE_AC_SA_NEW:
		case IKE_AC_SA_DEL:
			kernel_action(h, a);
			break;
		}
	}
}

/* Nothing that an IKE SA waits for is overlooked. */
static void check_deadlines(const struct ike_engine *eng)
{
	const struct ike_sa *sa;

	for (sa = eng->sas; sa; sa = sa->p->next)
		assert_true(sa->p->deadline == ike_sa_deadline(sa) &&
			    eng->heap[sa->p->heap_at] == sa &&
			    ike_sched_deadline(eng) <= sa->p->deadline);
}

/* The engine says so when it wants to watch routes to others. */
static void check_remotes(struct net_host *h)
{
	struct wire_addr now[NET_SAS];
	unsigned int n = ike_engine_remotes(h->eng, now, NET_SAS), i;

	if (!ike_engine_remotes_changed(h->eng)) {
		assert_int_equal(n, h->n_remotes);
		for (i = 0; i < n; i++)
			assert_true(wire_addr_equal(&now[i], &h->remotes[i]));
	}
	memcpy(h->remotes, now, sizeof(now));
	h->n_remotes = n;
}

void net_event(struct net *net, int host, const struct ike_event *ev)
{
	struct ike_actions list = { 0 };

	ike_engine_event(net->host[host].eng, ev, net->now, &list);
	check_deadlines(net->host[host].eng);
	check_remotes(&net->host[host]);
	act(&net->host[host], &list);
	ike_actions_clear(&list);
}

void net_inject(struct net *net, int host, const struct wire_endpoint *src,
		const struct wire_endpoint *dst, const void *data, size_t len)
{
	/* A copy of its very size: readers beyond the end are caught. */
	uint8_t *copy = malloc(len ? len : 1);
	struct ike_event ev = {
		.type = IKE_EV_PACKET,
		.u.packet = { .local = *dst, .remote = *src, .data = copy,
			      .len = len, .busy = net->host[host].busy },
	};

	assert_non_null(copy);
	if (len)
		memcpy(copy, data, len);
	net_event(net, host, &ev);
	free(copy);
}

static void happen(struct net *net, struct net_event *e)
{
	if (e->type == EV_ANSWER) {
		net_event(net, e->host, &e->ev);
		return;
	}
	if (net->filter &&
	    net->filter(net, &e->pkt, net->filter_ctx) == NET_DROP)
		return;
	net_inject(net, e->host, &e->pkt.src, &e->pkt.dst, e->pkt.data,
		   e->pkt.len);
}

static uint64_t next_deadline(struct net *net, int *host)
{
	uint64_t t = IKE_NEVER, d;
	int i;

	for (i = 0; i < NET_HOSTS; i++) {
		d = ike_engine_deadline(net->host[i].eng);
		if (d < t) {
			t = d;
			*host = i;
		}
	}
	return t;
}

void net_run(struct net *net, uint64_t us)
{
	static const struct ike_event timer = { .type = IKE_EV_TIMER };
	uint64_t end = net->now + us, t;
	unsigned int idle = 0;
	struct net_event *e;
	int host = 0;

	for (;;) {
		t = next_deadline(net, &host);
		e = net->events;
		if (e && e->at <= t && e->at <= end) {
			net->events = e->next;
			net->now = e->at;
			happen(net, e);
			event_free(e);
			idle = 0;
		} else if (t <= end) {
			/* A deadline that stays in the past never ends. */
			idle = t <= net->now ? idle + 1 : 0;
			assert_true(idle < 1000);
			if (t > net->now)
				net->now = t;
			net_event(net, host, &timer);
		} else {
			break;
		}
	}
	net->now = end;
}

/* ------------------------------------------------------------------ set-up */

void net_tell_addrs(struct net *net, int host)
{
	struct ike_host_addr v[IKE_MAX_HOST_ADDRS];
	struct wire_addr remotes[32];
	struct net_host *h = &net->host[host];
	unsigned int n, i, j, k = 0;
	struct ike_event ev = { .type = IKE_EV_ADDRS };

	memset(v, 0, sizeof(v));
	n = ike_engine_remotes(h->eng, remotes, 32);
	for (i = 0; i < n; i++) {
		for (j = 0; j < h->n_addrs; j++) {
			if (!h->addr_up[j])
				continue;
			v[k].local = h->addrs[j];
			v[k].remote = remotes[i];
			v[k].ifindex = j + 1;
			snprintf(v[k].ifname, sizeof(v[k].ifname), "eth%u", j);
			k++;
		}
	}
	ev.u.addrs.addrs = v;
	ev.u.addrs.n = k;
	net_event(net, host, &ev);
}

struct net *net_new_with(uint64_t seed, unsigned int cookie_threshold,
			 const struct ike_ext_ops *ext)
{
	struct net *net = calloc(1, sizeof(*net));
	struct ike_settings s = {
		.random = fill_random,
		.random_ctx = net,
		.cookie_threshold = cookie_threshold,
	};
	char text[32];
	int i;

	assert_non_null(net);
	net->seed = seed;
	net->rng = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	net->now = NET_SECOND;
	net->delay_us = 5 * NET_MS;
	net->kernel_us = 20;
	net->creds_us = 100;
	for (i = 0; i < NET_HOSTS; i++) {
		net->host[i].net = net;
		net->host[i].index = i;
		net->host[i].psk = "a key that both know";
		snprintf(text, sizeof(text), "10.0.0.%d", i + 1);
		net->host[i].addrs[0] = net_addr(text);
		net->host[i].addr_up[0] = true;
		net->host[i].n_addrs = 1;
		net->host[i].eng = ike_engine_new(&s, ext);
		assert_non_null(net->host[i].eng);
	}
	return net;
}

struct net *net_new(uint64_t seed)
{
	return net_new_with(seed, 1000, NULL);
}

void net_secret(struct net *net, int host, uint8_t octet)
{
	struct ike_settings *s = &net->host[host].eng->s;

	s->qcd = true;
	memset(s->qcd_secret, octet, sizeof(s->qcd_secret));
}

void net_restart(struct net *net, int host)
{
	struct net_host *h = &net->host[host];
	const struct ike_ext_ops *ext = h->eng->ext;
	struct ike_settings s = h->eng->s;
	struct net_event **at = &net->events, *e;

	/* Nobody is there any more for what was asked. */
	while ((e = *at)) {
		if (e->type != EV_ANSWER || e->host != host) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		event_free(e);
	}
	ike_engine_free(h->eng);
	s.qcd = false;
	h->eng = ike_engine_new(&s, ext);
	assert_non_null(h->eng);
	h->n_remotes = 0;
}

void net_free(struct net *net)
{
	struct net_event *e;
	int h;

	for (h = 0; h < NET_HOSTS; h++) {
		ike_engine_free(net->host[h].eng);
		net_drop_states(&net->host[h]);
	}
	while ((e = net->events)) {
		net->events = e->next;
		event_free(e);
	}
	net_forget(net);
	free(net->sent);
	free(net);
}
