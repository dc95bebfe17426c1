// SPDX-License-Identifier: GPL-2.0
/* One run of an agent after the other: see ike_net.h. */
#include "ike_net.h"

void net_keep_state(struct net_host *h, const struct ike_ac_state *a)
{
	struct net_state *s = &h->states[h->n_states++];

	assert_true(h->n_states <= NET_PEERS && a->len <= IKE_STATE_MAX);
	s->data = malloc(a->len);
	assert_non_null(s->data);
	memcpy(s->data, a->data, a->len);
	s->len = a->len;
}

void net_drop_states(struct net_host *h)
{
	while (h->n_states)
		free(h->states[--h->n_states].data);
}

void net_leave(struct net *net, int host)
{
	static const struct ike_event leave = { .type = IKE_EV_LEAVE };
	struct net_host *h = &net->host[host];

	net_drop_states(h);
	net_event(net, host, &leave);
	for (int i = 0; i < 2000 && !ike_engine_idle(h->eng); i++)
		net_run(net, NET_MS);
	assert_true(ike_engine_idle(h->eng));
}

static void tell_leftover(struct net *net, int host, const struct net_peer *p)
{
	struct ike_event ev = { .type = IKE_EV_LEFTOVER };
	struct net_host *h = &net->host[host];
	struct ike_left_sa sas[NET_SAS];

	memset(sas, 0, sizeof(sas));
	for (unsigned int i = 0; i < h->n_sas; i++) {
		if (h->sas[i].peer != p->id)
			continue;
		sas[ev.u.leftover.n].spi = h->sas[i].spi;
		sas[ev.u.leftover.n++].dir = h->sas[i].dir;
	}
	ev.u.leftover.peer = p->id;
	ev.u.leftover.label = p->label;
	ev.u.leftover.generation = p->generation;
	ev.u.leftover.sas = sas;
	net_event(net, host, &ev);
}

void net_succeed(struct net *net, int host, const struct ike_conn *conn)
{
	struct ike_event ev = { .type = IKE_EV_STATE };
	const struct ike_event add = {
		.type = IKE_EV_CONN_ADD, .u.conn.conn = conn,
	};
	struct net_host *h = &net->host[host];
	struct ike_settings s = h->eng->s;

	net_restart(net, host);
	h->eng->s = s;
	for (unsigned int i = 0; i < h->n_peers; i++)
		tell_leftover(net, host, &h->peers[i]);
	net_event(net, host, &add);
	for (unsigned int i = 0; i < h->n_states; i++) {
		ev.u.state.data = h->states[i].data;
		ev.u.state.len = h->states[i].len;
		net_event(net, host, &ev);
	}
	net_tell_addrs(net, host);
}
