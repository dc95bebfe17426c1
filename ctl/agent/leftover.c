// SPDX-License-Identifier: GPL-2.0
#include "agent/leftover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/chan.h"
#include "agent/log.h"
#include "agent/msg.h"
#include "agent/parent_priv.h"
#include "agent/peers.h"
#include "kern/kern.h"

/* Of one peer; more would not fit into a message. */
#define MAX_SAS 1024

struct entry {
	uint32_t peer;
	struct ike_left_sa sa;
};

/** struct list - all SAs, by peer */
struct list {
	struct entry *v;
	size_t n;
	size_t cap;
};

struct telling {
	struct parent *p;
	struct list list;
};

static int add(const struct kern_sa *sa, void *ctx)
{
	uint64_t soft = sa->lifetime.soft_seconds;
	size_t cap;
	struct list *l = ctx;
	struct entry *v;

	if (l->n == l->cap) {
		cap = l->cap ? 2 * l->cap : 256;
		v = realloc(l->v, cap * sizeof(*v));
		if (!v)
			return -ENOMEM;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = (struct entry){
		.peer = sa->peer,
		.sa = { .spi = sa->spi, .dir = sa->dir,
			.due = soft && sa->age >= soft },
	};
	return 0;
}

static int by_peer(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->peer > y->peer) - (x->peer < y->peer);
}

/* The first one of a peer, or where it would be. */
static size_t first_of(const struct list *l, uint32_t peer)
{
	size_t low = 0, high = l->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (l->v[mid].peer < peer)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void tell(struct telling *t, struct msg_leftover *m)
{
	struct ike_left_sa sas[MAX_SAS];
	const struct list *l = &t->list;
	struct iovec parts[] = {
		{ .iov_base = m, .iov_len = sizeof(*m) },
		{ .iov_base = sas },
	};

	memset(sas, 0, sizeof(sas));
	for (size_t i = first_of(l, m->peer); i < l->n && m->n < MAX_SAS &&
	     l->v[i].peer == m->peer; i++)
		sas[m->n++] = l->v[i].sa;
	parts[1].iov_len = m->n * sizeof(sas[0]);
	chan_sendv(t->p->worker, MSG_LEFTOVER, 0, parts, 2);
	parent_let_read(t->p);
}

/* The connection that a kernel peer was made for, see ike_sa_label(). */
static struct conf_conn *conn_of_label(const struct conf *conf,
				       const char *label)
{
	char name[IKE_MAX_NAME];
	size_t len = strcspn(label, "/");

	if (!label[len] || len >= sizeof(name))
		return NULL;
	memcpy(name, label, len);
	name[len] = '\0';
	return conf_find(conf, name);
}

static int on_peer(const struct kern_peer *peer, void *ctx)
{
	struct msg_leftover m;
	struct telling *t = ctx;
	struct conf_conn *c = conn_of_label(t->p->conf, peer->label);

	memset(&m, 0, sizeof(m));
	m.peer = peer->id;
	m.generation = peer->generation;
	memcpy(m.label, peer->label, sizeof(m.label));
	/* Peers of others count too: their IDs are not free. */
	tell(t, &m);
	if (peers_are_labelled(peer->label) &&
	    peers_add(t->p->peers, peer->id))
		return -ENOMEM;
	if (c) {
		c->ike.initial_contact = false;
		log_line(IKE_LOG_INFO, c->ike.name, "leftover",
			 "peer %u of an earlier run still protects traffic; unless its IKE SA is taken over, it goes when new SAs are there",
			 peer->id);
	} else if (peers_are_labelled(peer->label)) {
		log_line(IKE_LOG_WARNING, NULL, "leftover",
			 "peer %u (%s) belongs to no connection of the configuration; if nobody needs it: mobx peer del %u",
			 peer->id, peer->label, peer->id);
	}
	return 0;
}

void leftover_tell(struct parent *p, bool sas)
{
	struct telling t = { .p = p };

	if (sas && kern_sa_dump(p->kern, 0, false, add, &t.list))
		log_line(IKE_LOG_ERROR, NULL, "leftover",
			 "cannot read the kernel's SAs: %s",
			 kern_error(p->kern));
	if (t.list.n)
		qsort(t.list.v, t.list.n, sizeof(t.list.v[0]), by_peer);
	if (kern_peer_dump(p->kern, on_peer, &t))
		log_line(IKE_LOG_ERROR, NULL, "leftover",
			 "cannot read the kernel's peers: %s",
			 kern_error(p->kern));
	free(t.list.v);
}
