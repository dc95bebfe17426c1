// SPDX-License-Identifier: GPL-2.0
/* The configuration on its way to the kernel and to the other processes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/chan.h"
#include "agent/handover.h"
#include "agent/leftover.h"
#include "agent/log.h"
#include "agent/msg.h"
#include "agent/parent_priv.h"
#include "agent/policy.h"

/* What may wait to be read; and for how long nothing of it is. */
#define AHEAD_MAX (1u << 20)
#define READ_MS 20000

static void let_read(struct chan *c, const char *who)
{
	if (chan_flush(c, AHEAD_MAX, READ_MS) == -ETIMEDOUT)
		log_line(IKE_LOG_ERROR, NULL, "load",
			 "the %s process has read nothing for %d s; giving up",
			 who, READ_MS / 1000);
}

void parent_let_read(struct parent *p)
{
	let_read(p->creds, "credentials");
	let_read(p->worker, "worker");
}

static void send_item(struct parent *p, const char *name, enum conf_item item,
		      struct wire_span der)
{
	struct msg_cred_item m = { .item = item };

	snprintf(m.name, sizeof(m.name), "%s", name);
	do {
		size_t len = der.len < MSG_PIECE ? der.len : MSG_PIECE;
		const struct iovec parts[] = {
			{ .iov_base = &m, .iov_len = sizeof(m) },
			{ .iov_base = (void *)(uintptr_t)der.p,
			  .iov_len = len },
		};

		der.p += len;
		der.len -= len;
		m.more = der.len;
		chan_sendv(p->creds, MSG_CRED_ITEM, 0, parts, 2);
	} while (m.more);
}

static void send_name(struct chan *to, uint32_t type, const char *name)
{
	struct msg_name m = { 0 };

	snprintf(m.name, sizeof(m.name), "%s", name);
	chan_send(to, type, 0, &m, sizeof(m));
}

static void send_creds(struct parent *p, const struct conf_conn *c)
{
	struct msg_cred m = {
		.local_auth = c->ike.local_auth,
		.remote_auth = c->ike.remote_auth,
		.rsa_pkcs1 = c->rsa_pkcs1,
		.psk_len = (uint32_t)c->psk_len,
		.ppk_len = (uint32_t)c->ppk_len,
		.ppk_id_len = c->ike.ppk_id_len,
		.ocsp = c->ocsp,
	};
	enum conf_item item;
	struct wire_span der;
	struct wire_rd rd;

	memcpy(m.name, c->ike.name, sizeof(m.name));
	memcpy(m.psk, c->psk, c->psk_len);
	memcpy(m.ppk, c->ppk, c->ppk_len);
	memcpy(m.ppk_id, c->ike.ppk_id, c->ike.ppk_id_len);
	memcpy(m.ocsp_uri, c->ocsp_uri, sizeof(m.ocsp_uri));
	chan_send(p->creds, MSG_CRED_BEGIN, 0, &m, sizeof(m));
	explicit_bzero(&m, sizeof(m));
	wire_rd_init(&rd, c->items.data, c->items.len);
	while (conf_item_next(&rd, &item, &der))
		send_item(p, c->ike.name, item, der);
	send_name(p->creds, MSG_CRED_END, c->ike.name);
	parent_let_read(p);
}

/* Keys go first: a connection may need its own as soon as it is there. */
static void send_all(struct parent *p)
{
	for (unsigned int i = 0; i < p->conf->nconn; i++)
		send_creds(p, &p->conf->conn[i]);
	for (unsigned int i = 0; i < p->conf->nconn; i++) {
		struct conf_conn *c = &p->conf->conn[i];

		chan_send(p->worker, MSG_CONN, 0, &c->ike, sizeof(c->ike));
		parent_let_read(p);
		/* From now on only the other processes need it. */
		explicit_bzero(c->psk, sizeof(c->psk));
		explicit_bzero(c->ppk, sizeof(c->ppk));
		wire_wr_free(&c->items);
	}
}

static void send_loaded(struct parent *p, uint64_t reply)
{
	struct msg_loaded loaded = { 0 };

	chan_send(p->worker, MSG_LOADED, reply, &loaded, sizeof(loaded));
}

/* ------------------------------------------------------------ first load */

/*
 * INITIAL_CONTACT makes the peer drop every other IKE SA between the same two
 * identities: right when this host has just started, wrong while traffic flows
 * under SAs of an earlier run or when two connections share their identities.
 */
static void choose_initial_contact(struct conf *conf)
{
	for (unsigned int i = 0; i < conf->nconn; i++) {
		struct ike_conn *a = &conf->conn[i].ike;

		a->initial_contact = a->role == IKE_INITIATE;
		for (unsigned int j = 0; j < conf->nconn; j++) {
			const struct ike_conn *b = &conf->conn[j].ike;

			if (i != j && ike_id_equal(&a->local_id, &b->local_id) &&
			    ike_id_equal(&a->remote_id, &b->remote_id))
				a->initial_contact = false;
		}
	}
}

static void send_state(void *ctx, const void *data, size_t len)
{
	struct parent *p = ctx;

	chan_send(p->worker, MSG_STATE, 0, data, len);
	parent_let_read(p);
}

void parent_first_load(struct parent *p)
{
	struct handover h;
	bool handed = handover_find(&h, parent_control_path(p));

	choose_initial_contact(p->conf);
	leftover_tell(p, handed);
	send_all(p);
	if (handed) {
		handover_read(&h, send_state, p);
		log_line(IKE_LOG_INFO, NULL, "handover",
			 "%u IKE SAs of the run before this one", h.n);
	}
	send_loaded(p, 0);
}

/* ---------------------------------------------------------------- reload */

static int load(struct parent *p, struct conf **out, char *err, size_t errlen)
{
	struct conf *c;
	int ret = conf_load(p->args->file, &c, err, errlen);

	if (ret)
		return ret;
	ret = policy_sync(p->kern, c, err, errlen);
	if (ret)
		conf_free(c);
	else
		*out = c;
	return ret;
}

static void warn_fixed(const struct conf *old, const struct conf *new)
{
	if (strcmp(old->control, new->control) ||
	    strcmp(old->state, new->state) ||
	    strcmp(old->user, new->user) ||
	    old->cookie_threshold != new->cookie_threshold ||
	    old->seccomp != new->seccomp || old->level != new->level)
		log_line(IKE_LOG_WARNING, NULL, "reload",
			 "log-level, control, state, user, cookie-threshold and seccomp change with a restart only");
}

/* At the end it is the socket in use that is removed, not another's. */
static void keep_fixed(struct conf *new, const struct conf *old)
{
	memcpy(new->control, old->control, sizeof(new->control));
	memcpy(new->state, old->state, sizeof(new->state));
	memcpy(new->user, old->user, sizeof(new->user));
	new->cookie_threshold = old->cookie_threshold;
	new->seccomp = old->seccomp;
	new->level = old->level;
}

static void drop_gone(struct parent *p, const struct conf *old)
{
	for (unsigned int i = 0; i < old->nconn; i++) {
		const char *name = old->conn[i].ike.name;

		if (conf_find(p->conf, name))
			continue;
		send_name(p->worker, MSG_CONN_GONE, name);
		send_name(p->creds, MSG_CRED_GONE, name);
	}
}

/* What was decided at the start stays, lest the connection look changed. */
static void keep_initial_contact(struct conf *new, const struct conf *old)
{
	for (unsigned int i = 0; i < new->nconn; i++) {
		struct ike_conn *c = &new->conn[i].ike;
		const struct conf_conn *before = conf_find(old, c->name);

		c->initial_contact = before && before->ike.initial_contact;
	}
}

void parent_reload(struct parent *p, uint64_t reply)
{
	struct msg_loaded failed = { 0 };
	struct conf *old = p->conf, *new;

	if (p->stopping)
		return;
	failed.err = load(p, &new, failed.text, sizeof(failed.text));
	if (failed.err) {
		log_line(IKE_LOG_ERROR, NULL, "reload",
			 "nothing changed: %s", failed.text);
		chan_send(p->worker, MSG_LOADED, reply, &failed,
			  sizeof(failed));
		return;
	}
	warn_fixed(old, new);
	keep_fixed(new, old);
	keep_initial_contact(new, old);
	p->conf = new;
	drop_gone(p, old);
	send_all(p);
	send_loaded(p, reply);
	conf_free(old);
	log_line(IKE_LOG_INFO, NULL, "reload", "%u connections",
		 p->conf->nconn);
}
