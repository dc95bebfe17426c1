// SPDX-License-Identifier: GPL-2.0
/* What the engine wants done, handed to whoever can do it. */
#include <errno.h>
#include <string.h>

#include "agent/chan.h"
#include "agent/control.h"
#include "agent/impair.h"
#include "agent/log.h"
#include "agent/msg.h"
#include "agent/udp.h"
#include "agent/worker.h"
#include "crypto/sig.h"

/* No signature that is taken has more; what is cut cannot match. */
#define AUTH_MAX CRYPTO_SIG_MAX

/* By which interface, if the watcher knows a way from here to there. */
static uint32_t interface_of(const struct worker *w,
			     const struct ike_ac_send *s)
{
	for (unsigned int i = 0; i < w->naddrs; i++)
		if (wire_addr_equal(&w->addrs[i].local, &s->local.addr) &&
		    wire_addr_equal(&w->addrs[i].remote, &s->remote.addr))
			return w->addrs[i].ifindex;
	return 0;
}

static void act_send(struct worker *w, const struct ike_ac_send *s)
{
	int fd = w->udp[udp_index(s->remote.addr.family, s->local.port)];
	char from[WIRE_ENDPOINT_TEXT], to[WIRE_ENDPOINT_TEXT];
	int ret;

	ret = impair_send(fd, &s->local, &s->remote, interface_of(w, s),
			  s->data, s->len);
	/* A link that has just gone is no surprise; the engine sends again. */
	if (ret)
		log_line(ret == -EPERM || ret == -EMSGSIZE ? IKE_LOG_WARNING :
							     IKE_LOG_DEBUG,
			 NULL, "send", "cannot send from %s to %s: %s",
			 wire_endpoint_text(&s->local, from),
			 wire_endpoint_text(&s->remote, to), strerror(-ret));
}

static void act_peer(struct worker *w, uint32_t type, uint64_t tag,
		     const struct ike_ac_peer *p)
{
	struct msg_peer m = {
		.id = p->id,
		.expected_generation = p->expected_generation,
		.npaths = type == MSG_PEER_DEL ? 0 : p->npaths,
	};
	struct iovec parts[] = {
		{ .iov_base = &m, .iov_len = sizeof(m) },
		{ .iov_base = p->paths,
		  .iov_len = m.npaths * sizeof(*p->paths) },
	};

	memcpy(m.label, p->label, sizeof(m.label));
	chan_sendv(w->parent, type, tag, parts, 2);
}

static void act_auth(struct worker *w, uint32_t type, uint64_t tag,
		     const struct ike_ac_auth *a)
{
	size_t auth_len = type == MSG_SIGN ? 0 : a->auth_len;
	struct msg_auth m = {
		.prf = a->prf,
		.hashes = a->hashes,
		.peer_id = a->peer_id,
		.method = a->method,
		.certs_len = (uint32_t)a->certs_len,
		.octets_len = (uint32_t)a->len,
		.auth_len = (uint32_t)(auth_len < AUTH_MAX ? auth_len :
							     AUTH_MAX),
	};
	struct iovec parts[] = {
		{ .iov_base = &m, .iov_len = sizeof(m) },
		{ .iov_base = a->octets, .iov_len = m.octets_len },
		{ .iov_base = a->auth, .iov_len = m.auth_len },
		{ .iov_base = a->certs, .iov_len = m.certs_len },
	};

	memcpy(m.conn, a->conn, sizeof(m.conn));
	if (type == MSG_PPK)
		w->n_ppk++;
	chan_sendv(w->creds, type, tag, parts, 4);
}

static void act(struct worker *w, const struct ike_action *a)
{
	switch (a->type) {
	case IKE_AC_SEND:
		act_send(w, &a->u.send);
		break;
	case IKE_AC_PEER_NEW:
		act_peer(w, MSG_PEER_NEW, a->tag, &a->u.peer);
		break;
	case IKE_AC_PEER_REBIND:
		act_peer(w, MSG_PEER_REBIND, a->tag, &a->u.peer);
		break;
	case IKE_AC_PEER_DEL:
		act_peer(w, MSG_PEER_DEL, a->tag, &a->u.peer);
		break;
	case IKE_AC_PEER_SENT:
	case IKE_AC_PEER_COUNTS:
		chan_send(w->parent, a->type == IKE_AC_PEER_SENT ?
					     MSG_PEER_SENT : MSG_PEER_COUNTS,
			  a->tag, &a->u.peer.id, sizeof(a->u.peer.id));
		break;
	case IKE_AC_SA_NEW:
		chan_send(w->parent, MSG_SA_NEW, a->tag, a->u.sa,
			  sizeof(*a->u.sa));
		break;
	case IKE_AC_SA_DEL:
		chan_send(w->parent, MSG_SA_DEL, a->tag, a->u.sa,
			  sizeof(*a->u.sa));
		break;
	case IKE_AC_ADDR_NEW:
	case IKE_AC_ADDR_DEL:
		chan_send(w->parent, a->type == IKE_AC_ADDR_NEW ? MSG_ADDR_NEW :
								  MSG_ADDR_DEL,
			  a->tag, &a->u.addr, sizeof(a->u.addr));
		break;
	case IKE_AC_ENDPOINT_NEW:
	case IKE_AC_ENDPOINT_DEL:
		chan_send(w->parent, a->type == IKE_AC_ENDPOINT_NEW ?
					     MSG_ENDPOINT_NEW : MSG_ENDPOINT_DEL,
			  0, &a->u.endpoint, sizeof(a->u.endpoint));
		break;
	case IKE_AC_LEASE:
	case IKE_AC_LEASE_END:
		chan_send(w->parent, a->type == IKE_AC_LEASE ? MSG_LEASE :
							       MSG_LEASE_END,
			  a->tag, a->u.lease, sizeof(*a->u.lease));
		break;
	case IKE_AC_AUTH_SIGN:
		act_auth(w, MSG_SIGN, a->tag, a->u.auth);
		break;
	case IKE_AC_AUTH_VERIFY:
		act_auth(w, MSG_VERIFY, a->tag, a->u.auth);
		break;
	case IKE_AC_AUTH_PPK:
		act_auth(w, MSG_PPK, a->tag, a->u.auth);
		break;
	case IKE_AC_AUTH_EAP:
		act_auth(w, MSG_EAP, a->tag, a->u.auth);
		break;
	case IKE_AC_STATE:
		chan_send(w->parent, MSG_LEFT, 0, a->u.state.data,
			  a->u.state.len);
		break;
	case IKE_AC_REPORT:
		log_report(&a->u.report);
		control_report(w->control, &a->u.report);
		break;
	case IKE_AC_CMD_DONE:
		control_done(w->control, a->u.done.reply, a->u.done.err,
			     a->u.done.text);
		break;
	}
}

void worker_act(struct worker *w, const struct ike_actions *acts)
{
	for (size_t i = 0; i < acts->n; i++)
		act(w, &acts->v[i]);
}
