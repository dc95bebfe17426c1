// SPDX-License-Identifier: GPL-2.0
/* What a test sees of the network of ike_net.h, and what it forges. */
#include "crypto/sk.h"
#include "crypto/util.h"
#include "ike_net.h"

struct ike_sa *net_sa(struct net *net, int host)
{
	struct ike_sa *sa, *found = NULL;

	for (sa = net->host[host].eng->sas; sa; sa = sa->p->next) {
		if (sa->state > IKE_SA_ESTABLISHED)
			continue;
		assert_null(found);
		found = sa;
	}
	return found;
}

unsigned int net_sa_count(struct net *net, int host)
{
	unsigned int n = 0;
	struct ike_sa *sa;

	for (sa = net->host[host].eng->sas; sa; sa = sa->p->next)
		n++;
	return n;
}

const struct net_packet *net_nth(const struct net *net, int from,
				 uint8_t exchange, bool response,
				 unsigned int nth)
{
	const struct net_packet *p;
	size_t i;

	for (i = 0; i < net->n_sent; i++) {
		p = &net->sent[i];
		if (p->from == from && p->hdr.exchange == exchange &&
		    !!(p->hdr.flags & IKE_FLAG_RESPONSE) == response &&
		    nth-- == 0)
			return p;
	}
	return NULL;
}

unsigned int net_count(const struct net *net, int from, uint8_t exchange,
		       bool response)
{
	unsigned int n = 0;

	while (net_nth(net, from, exchange, response, n))
		n++;
	return n;
}

void net_seal(struct net *net, int host, uint8_t exchange, bool response,
	      uint32_t mid, uint8_t first, const uint8_t *inner, size_t len)
{
	struct ike_sa *sa = net_sa(net, host);
	struct crypto_ike_keys keys = sa->p->keys;
	struct wire_hdr hdr = {
		.spi_i = sa->spi_i,
		.spi_r = sa->spi_r,
		.exchange = exchange,
		.flags = (uint8_t)((sa->initiator ? IKE_FLAG_INITIATOR : 0) |
				   (response ? IKE_FLAG_RESPONSE : 0)),
		.msg_id = mid,
	};
	struct wire_wr wr = { 0 };
	uint8_t iv[16] = { 1 };

	keys.next_iv += 1000000 + mid;
	assert_int_equal(crypto_sk_seal(&keys, sa->initiator, &hdr, first,
					inner, len, iv, &wr), 0);
	net_inject(net, net_host_of(net, &sa->remote.addr), &sa->local,
		   &sa->remote, wr.data, wr.len);
	wire_wr_free(&wr);
	crypto_wipe(&keys, sizeof(keys));
}

void net_forge(struct net *net, int host, uint8_t exchange, bool response,
	       uint32_t mid, struct wire_enc *enc)
{
	assert_true(wire_enc_finish(enc));
	net_seal(net, host, exchange, response, mid, enc->first, enc->wr.data,
		 enc->wr.len);
	wire_enc_free(enc);
}

void net_reseal(struct net *net, struct net_packet *pkt, struct wire_enc *enc)
{
	struct crypto_ike_keys keys = net_sa(net, 0)->p->keys;
	struct wire_hdr hdr = pkt->hdr;
	struct wire_wr wr = { 0 };
	uint8_t iv[16] = { 2 };

	keys.next_iv += 1000;
	assert_true(wire_enc_finish(enc));
	assert_int_equal(crypto_sk_seal(&keys, pkt->from == 0, &hdr, enc->first,
					enc->wr.data, enc->wr.len, iv, &wr), 0);
	wire_enc_free(enc);
	crypto_wipe(&keys, sizeof(keys));
	free(pkt->data);
	pkt->data = wire_wr_take(&wr, &pkt->len);
}

void net_copy(struct wire_enc *enc, const struct wire_payload *pl)
{
	wire_enc_payload(enc, pl->type);
	wire_wr_bytes(&enc->wr, pl->body, pl->len);
	wire_enc_end(enc);
}

bool net_open(struct net *net, const struct net_packet *pkt,
	      struct wire_msg *msg, uint8_t **plain)
{
	struct ike_sa *sa = net_sa(net, pkt->from);
	enum wire_err err;

	*plain = NULL;
	if (!sa || wire_msg_parse(pkt->data, pkt->len, msg) != WIRE_OK ||
	    !msg->has_sk)
		return false;
	*plain = malloc(msg->sk_len + 1);
	assert_non_null(*plain);
	return !crypto_sk_open(&sa->p->keys, sa->initiator, msg, *plain,
			       msg->sk_len, &err) && err == WIRE_OK;
}

static const struct ike_ac_sa *partner(const struct net_host *h,
				       const struct ike_ac_sa *out)
{
	unsigned int i;

	for (i = 0; i < h->n_sas; i++)
		if (h->sas[i].dir == MOBX_DIR_IN && h->sas[i].spi == out->spi)
			return &h->sas[i];
	return NULL;
}

static bool same_sa(const struct ike_ac_sa *a, const struct ike_ac_sa *b)
{
	return a->enc == b->enc && a->auth == b->auth && a->esn == b->esn &&
	       a->mode == b->mode && a->enc_key_len == b->enc_key_len &&
	       a->auth_key_len == b->auth_key_len &&
	       !memcmp(a->enc_key, b->enc_key, a->enc_key_len) &&
	       !memcmp(a->auth_key, b->auth_key, a->auth_key_len);
}

bool net_agree(const struct net *net, unsigned int pairs)
{
	unsigned int i, out[2] = { 0, 0 };
	const struct ike_ac_sa *sa, *other;
	int h;

	for (h = 0; h < 2; h++) {
		for (i = 0; i < net->host[h].n_sas; i++) {
			sa = &net->host[h].sas[i];
			if (sa->dir != MOBX_DIR_OUT)
				continue;
			other = partner(&net->host[!h], sa);
			if (!other || !same_sa(sa, other))
				return false;
			out[h]++;
		}
	}
	return out[0] == pairs && out[1] == pairs;
}

const struct ike_ac_sa *net_newest(const struct net *net, int host,
				   enum mobx_dir dir)
{
	const struct net_host *h = &net->host[host];
	unsigned int i = h->n_sas;

	while (i-- > 0)
		if (h->sas[i].dir == dir)
			return &h->sas[i];
	return NULL;
}

void net_run_without_gap(struct net *net, uint64_t us)
{
	const struct ike_ac_sa *out;
	uint64_t end = net->now + us;
	unsigned int i;
	bool taken;
	int h;

	while (net->now < end) {
		net_run(net, NET_MS / 2);
		for (h = 0; h < 2; h++) {
			out = net_newest(net, h, MOBX_DIR_OUT);
			assert_non_null(out);
			taken = false;
			for (i = 0; i < net->host[!h].n_sas; i++)
				taken |= net->host[!h].sas[i].dir ==
					 MOBX_DIR_IN &&
					 net->host[!h].sas[i].spi == out->spi;
			if (!taken)
				net_fail(net, net->seed);
		}
	}
}
