// SPDX-License-Identifier: GPL-2.0
#include "agent/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool path_from(const struct ike_path *in, struct kern_path *out)
{
	if (in->state > MOBX_PATH_STATE_REMOVED ||
	    !wire_addr_len(in->local.family) ||
	    !wire_addr_len(in->remote.family) ||
	    !in->encap_sport != !in->encap_dport)
		return false;
	kern_path_init(out);
	out->local = in->local;
	out->remote = in->remote;
	out->state = in->state;
	out->flags = in->flags;
	out->preference = in->preference;
	out->credit = in->credit;
	out->accept_until_ms = in->accept_until_ms;
	out->mtu = in->mtu;
	out->encap_sport = in->encap_sport;
	out->encap_dport = in->encap_dport;
	return true;
}

static int peer_from(const void *data, size_t len, struct msg_peer *m,
		     struct kern_peer *out)
{
	const uint8_t *paths = (const uint8_t *)data + sizeof(*m);
	struct ike_path path;

	if (len < sizeof(*m))
		return -EBADMSG;
	memcpy(m, data, sizeof(*m));
	if (m->npaths > MOBX_MAX_PATHS ||
	    len - sizeof(*m) != m->npaths * sizeof(path) ||
	    !memchr(m->label, 0, sizeof(m->label)))
		return -EBADMSG;
	out->id = m->id;
	memcpy(out->label, m->label, sizeof(out->label));
	for (out->npaths = 0; out->npaths < m->npaths; out->npaths++) {
		memcpy(&path, paths + out->npaths * sizeof(path), sizeof(path));
		if (!path_from(&path, &out->paths[out->npaths]))
			return -EBADMSG;
	}
	return 0;
}

/* One that was keyed by hand, or whatever the worker has made up. */
static int not_ours(uint32_t id, struct msg_kernel_done *done)
{
	snprintf(done->text, sizeof(done->text),
		 "peer %u is not of the agent's making; one that it made, or an earlier run of it, would be right",
		 id);
	return -EPERM;
}

/* A number that is taken stays whose it is. */
static int make_peer(struct kern *k, struct peers *own,
		     const struct kern_peer *p, uint64_t *generation)
{
	bool had = peers_has(own, p->id);
	int ret = peers_add(own, p->id);

	if (!ret)
		ret = kern_peer_new(k, p, generation);
	if (ret && !had)
		peers_del(own, p->id);
	return ret;
}

static int delete_peer(struct kern *k, struct peers *own, uint32_t id)
{
	int ret = kern_peer_del(k, id);

	if (!ret || ret == -ENOENT)
		peers_del(own, id);
	return ret;
}

static int peer_request(struct kern *k, struct peers *own, uint32_t type,
			const void *data, size_t len,
			struct msg_kernel_done *done)
{
	struct kern_peer *p = calloc(1, sizeof(*p));
	struct msg_peer m;
	int ret;

	if (!p)
		return -ENOMEM;
	ret = peer_from(data, len, &m, p);
	if (!ret && type == MSG_PEER_NEW)
		ret = make_peer(k, own, p, &done->generation);
	else if (!ret && !peers_has(own, p->id))
		ret = not_ours(p->id, done);
	else if (!ret && type == MSG_PEER_REBIND)
		ret = kern_peer_rebind(k, p->id, m.expected_generation,
				       p->paths, p->npaths, &done->generation);
	else if (!ret)
		ret = delete_peer(k, own, p->id);
	free(p);
	return ret;
}

static int sent_request(struct kern *k, const struct peers *own,
			const void *data, size_t len,
			struct msg_kernel_done *done)
{
	struct kern_peer *p;
	uint32_t id;
	int ret;

	if (len != sizeof(id))
		return -EBADMSG;
	memcpy(&id, data, sizeof(id));
	if (!peers_has(own, id))
		return not_ours(id, done);
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	ret = kern_peer_get(k, id, p);
	for (unsigned int i = 0; !ret && i < p->npaths; i++)
		done->packets += p->paths[i].tx_packets;
	free(p);
	return ret;
}

unsigned int request_counts(struct kern *k, const struct peers *own,
			    const void *data, size_t len,
			    struct ike_path_count *out)
{
	unsigned int n = 0;
	struct kern_peer *p;
	uint32_t id;

	if (len != sizeof(id))
		return 0;
	memcpy(&id, data, sizeof(id));
	if (!peers_has(own, id))
		return 0;
	p = calloc(1, sizeof(*p));
	if (p && !kern_peer_get(k, id, p))
		for (; n < p->npaths && n < IKE_MAX_PATHS; n++)
			out[n] = (struct ike_path_count){
				.local = p->paths[n].local,
				.remote = p->paths[n].remote,
				.tx = p->paths[n].tx_packets,
				.rx = p->paths[n].rx_packets,
			};
	free(p);
	return n;
}

static int sa_from(const struct ike_ac_sa *in, struct kern_sa *out)
{
	if (in->dir > MOBX_DIR_OUT || in->mode > MOBX_MODE_TUNNEL ||
	    in->enc > MOBX_ENC_CHACHA20_POLY1305 ||
	    in->auth > MOBX_AUTH_HMAC_SHA2_512_256 ||
	    in->enc_key_len > sizeof(out->enc_key) ||
	    in->auth_key_len > sizeof(out->auth_key) ||
	    in->nselectors > MOBX_MAX_SELECTORS)
		return -EBADMSG;
	kern_sa_init(out);
	out->spi = in->spi;
	out->dir = in->dir;
	out->peer = in->peer;
	out->mode = in->mode;
	out->enc = in->enc;
	memcpy(out->enc_key, in->enc_key, in->enc_key_len);
	out->enc_key_len = in->enc_key_len;
	out->auth = in->auth;
	memcpy(out->auth_key, in->auth_key, in->auth_key_len);
	out->auth_key_len = in->auth_key_len;
	out->esn = in->esn;
	/* The outbound end has none to size. */
	if (in->dir == MOBX_DIR_IN)
		out->replay_window = in->replay_window;
	out->nselectors = in->nselectors;
	for (unsigned int i = 0; i < in->nselectors; i++) {
		struct kern_selector *s = &out->selectors[i];

		kern_selector_any(s);
		/* Of a transport SA the paths say which hosts it is for. */
		if (in->mode == MOBX_MODE_TUNNEL) {
			s->local = in->selectors[i].local.addr;
			s->local_plen = in->selectors[i].local.plen;
			s->remote = in->selectors[i].remote.addr;
			s->remote_plen = in->selectors[i].remote.plen;
		}
		s->proto = in->selectors[i].proto;
		s->local_port_min = in->selectors[i].local_min;
		s->local_port_max = in->selectors[i].local_max;
		s->remote_port_min = in->selectors[i].remote_min;
		s->remote_port_max = in->selectors[i].remote_max;
	}
	out->lifetime.soft_seconds = in->soft_seconds;
	out->lifetime.hard_seconds = in->hard_seconds;
	out->managed = true;
	return 0;
}

static int sa_request(struct kern *k, const struct peers *own, uint32_t type,
		      const void *data, size_t len,
		      struct msg_kernel_done *done)
{
	struct ike_ac_sa in;
	struct kern_sa sa;
	int ret;

	if (len != sizeof(in))
		return -EBADMSG;
	memcpy(&in, data, sizeof(in));
	if (type == MSG_SA_DEL)
		return peers_has(own, in.peer) ?
			       kern_sa_del(k, in.dir, in.spi, in.peer) :
			       not_ours(in.peer, done);
	ret = sa_from(&in, &sa);
	if (!ret)
		ret = peers_has(own, in.peer) ? kern_sa_new(k, &sa) :
						not_ours(in.peer, done);
	kern_sa_wipe(&sa);
	explicit_bzero(&in, sizeof(in));
	return ret;
}

void request_run(struct kern *k, struct peers *own, uint32_t type,
		 const void *data, size_t len, struct msg_kernel_done *done)
{
	memset(done, 0, sizeof(*done));
	if (type == MSG_SA_NEW || type == MSG_SA_DEL)
		done->err = sa_request(k, own, type, data, len, done);
	else if (type == MSG_PEER_SENT)
		done->err = sent_request(k, own, data, len, done);
	else
		done->err = peer_request(k, own, type, data, len, done);
	if (done->err == -EBADMSG)
		snprintf(done->text, sizeof(done->text),
			 "the request itself is broken");
	else if (done->err && !done->text[0])
		snprintf(done->text, sizeof(done->text), "%s", kern_error(k));
}
