// SPDX-License-Identifier: GPL-2.0
/* The kernel of ike_net.h: it checks what it is told, as the module would. */
#include <errno.h>

#include "ike_net.h"

static struct net_peer *peer_find(struct net_host *h, uint32_t id)
{
	unsigned int i;

	for (i = 0; i < h->n_peers; i++)
		if (h->peers[i].id == id)
			return &h->peers[i];
	return NULL;
}

static int kernel_peer_new(struct net_host *h, const struct ike_ac_peer *p,
			   uint64_t *generation)
{
	struct net_peer *n;

	if (h->refuse_peer) {
		h->refuse_peer--;
		return -EPERM;
	}
	if (h->eexist) {
		h->eexist--;
		return -EEXIST;
	}
	assert_true(p->id > 0 && p->npaths > 0);
	if (peer_find(h, p->id))
		return -EEXIST;
	assert_true(h->n_peers < NET_PEERS);
	n = &h->peers[h->n_peers++];
	memset(n, 0, sizeof(*n));
	n->id = p->id;
	n->generation = 1;
	memcpy(n->label, p->label, sizeof(n->label));
	n->n = p->npaths;
	memcpy(n->paths, p->paths, p->npaths * sizeof(n->paths[0]));
	*generation = 1;
	return 0;
}

static int kernel_peer_rebind(struct net_host *h, const struct ike_ac_peer *p,
			      uint64_t *generation)
{
	struct net_peer *n = peer_find(h, p->id);

	if (!n)
		return -ENOENT;
	if (p->expected_generation != n->generation)
		return -ESTALE;
	n->n = p->npaths;
	memcpy(n->paths, p->paths, p->npaths * sizeof(n->paths[0]));
	*generation = ++n->generation;
	return 0;
}

/* The order, oldest first, is kept. */
static void sa_remove(struct net_host *h, struct ike_ac_sa *sa)
{
	size_t behind = (size_t)(&h->sas[h->n_sas] - sa) - 1;

	memmove(sa, sa + 1, behind * sizeof(*sa));
	h->n_sas--;
}

static int kernel_peer_del(struct net_host *h, uint32_t id)
{
	struct net_peer *n = peer_find(h, id);
	unsigned int i = 0;

	if (!n)
		return -ENOENT;
	*n = h->peers[--h->n_peers];
	while (i < h->n_sas) {
		if (h->sas[i].peer == id)
			sa_remove(h, &h->sas[i]);
		else
			i++;
	}
	return 0;
}

static struct ike_ac_sa *sa_find(struct net_host *h,
				 const struct ike_ac_sa *like)
{
	unsigned int i;

	for (i = 0; i < h->n_sas; i++)
		if (h->sas[i].spi == like->spi && h->sas[i].dir == like->dir &&
		    (like->dir == MOBX_DIR_IN ||
		     h->sas[i].peer == like->peer))
			return &h->sas[i];
	return NULL;
}

static int kernel_sa_new(struct net_host *h, const struct ike_ac_sa *sa)
{
	if (h->refuse_sa) {
		h->refuse_sa--;
		return -EINVAL;
	}
	if (!peer_find(h, sa->peer))
		return -ENOENT;
	if (sa_find(h, sa))
		return -EEXIST;
	assert_true(sa->spi >= 256);
	assert_true(sa->enc_key_len + sa->auth_key_len > 0);
	assert_true(sa->nselectors > 0);
	assert_true(h->n_sas < NET_SAS);
	h->sas[h->n_sas++] = *sa;
	return 0;
}

static int kernel_sa_del(struct net_host *h, const struct ike_ac_sa *like)
{
	struct ike_ac_sa *sa = sa_find(h, like);

	if (!sa)
		return -ENOENT;
	sa_remove(h, sa);
	return 0;
}

int net_kernel_sent(struct net_host *h, uint32_t id, uint64_t *packets)
{
	const struct net_peer *n = peer_find(h, id);

	if (!n)
		return -ENOENT;
	*packets = n->packets;
	return 0;
}

int net_kernel(struct net_host *h, const struct ike_action *a,
	       uint64_t *generation)
{
	switch (a->type) {
	case IKE_AC_PEER_NEW:
		return kernel_peer_new(h, &a->u.peer, generation);
	case IKE_AC_PEER_REBIND:
		return kernel_peer_rebind(h, &a->u.peer, generation);
	case IKE_AC_PEER_DEL:
		return kernel_peer_del(h, a->u.peer.id);
	case IKE_AC_SA_NEW:
		return kernel_sa_new(h, a->u.sa);
	case IKE_AC_SA_DEL:
		return kernel_sa_del(h, a->u.sa);
	default:
		fail_msg("action %d is none of the kernel's", (int)a->type);
		return -EOPNOTSUPP;
	}
}
