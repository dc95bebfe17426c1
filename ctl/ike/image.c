// SPDX-License-Identifier: GPL-2.0
/*
 * What an IKE SA is when nothing is under way, in octets: leave.c gives it to the
 * next run of the agent, take.c takes it up there. Keys that only IKE_AUTH needs
 * and those of Child SAs, which the kernel has, are not among them.
 *
 * Times are those of the host's clock, which goes on meanwhile.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/auth.h"

/* Nobody's message is longer. */
#define MAX_BUF 65535
#define MAX_LINGER 64

static void buf(struct ike_codec *c, struct ike_buf *b)
{
	unsigned int len = (unsigned int)b->len;
	const uint8_t *p;

	ike_codec_count(c, &len, MAX_BUF);
	if (c->out) {
		wire_wr_bytes(c->out, b->p, len);
		return;
	}
	p = wire_rd_bytes(&c->in, len);
	if (len && p)
		ike_codec_check(c, ike_buf_set(b, p, len));
}

static void keys(struct ike_codec *c, struct crypto_ike_keys *k)
{
	struct crypto_encr encr;
	size_t icv;

	ike_codec_suite(c, &k->suite);
	if (!c->out) {
		ike_codec_check(c, !crypto_ike_suite_check(&k->suite));
		if (!ike_codec_ok(c) ||
		    crypto_encr_info(k->suite.encr, k->suite.key_bits, &encr) ||
		    crypto_integ_info(k->suite.integ, &k->auth_len, &icv)) {
			ike_codec_check(c, false);
			return;
		}
		k->prf_len = crypto_prf_len(k->suite.prf);
		k->enc_len = encr.key_len + encr.salt_len;
	}
	ike_codec_octets(c, k->sk_d, k->prf_len);
	ike_codec_octets(c, k->sk_ai, k->auth_len);
	ike_codec_octets(c, k->sk_ar, k->auth_len);
	ike_codec_octets(c, k->sk_ei, k->enc_len);
	ike_codec_octets(c, k->sk_er, k->enc_len);
	ike_codec_u64(c, &k->next_iv);
}

/* Who both ends are, and where. */
static void ends(struct ike_codec *c, struct ike_sa *sa)
{
	ike_codec_bool(c, &sa->first_initiator);
	ike_codec_endpoint(c, &sa->local);
	ike_codec_endpoint(c, &sa->remote);
	ike_codec_check(c, sa->local.addr.family && sa->remote.addr.family ==
						    sa->local.addr.family);
	ike_codec_id(c, &sa->remote_id);
	ike_codec_bool(c, &sa->mobike);
	ike_codec_bool(c, &sa->natt);
	ike_codec_count(c, &sa->nat, IKE_NATD_LOCAL | IKE_NATD_REMOTE);
	ike_codec_check(c, !(sa->nat & IKE_NATD_NONE));
	ike_codec_u32(c, &sa->peer);
	ike_codec_u64(c, &sa->generation);
	ike_codec_bool(c, &sa->p->fragments);
	ike_codec_bool(c, &sa->p->childless);
	ike_codec_bool(c, &sa->p->ppk.used);
	buf(c, &sa->p->qcd);
}

static void times(struct ike_codec *c, struct ike_sa *sa)
{
	struct ike_sa_private *p = sa->p;
	unsigned int i;

	ike_codec_u64(c, &sa->established_us);
	ike_codec_u64(c, &sa->t_ike_us);
	ike_codec_u64(c, &sa->rtt_us);
	ike_codec_u64(c, &sa->rttvar_us);
	ike_codec_u64(c, &sa->rto_us);
	ike_codec_u64(c, &sa->last_in_us);
	ike_codec_u64(c, &p->way_heard_us);
	ike_codec_check(c, sa->established_us <= sa->eng->now &&
			   sa->last_in_us <= sa->eng->now &&
			   p->way_heard_us <= sa->eng->now &&
			   sa->rto_us <= IKE_BACKOFF_MAX_US * 64);
	ike_codec_u64(c, &p->rekey_us);
	ike_codec_u64(c, &p->over_us);
	ike_codec_u64(c, &p->nat_look_us);
	ike_codec_u64(c, &p->nat_packets);
	ike_codec_u64(c, &p->nat_quiet_us);
	ike_codec_check(c, p->nat_look_us <= sa->eng->now &&
			   p->nat_quiet_us <= sa->eng->now);
	for (i = 0; i < IKE_MAX_CONN_CHILDREN; i++) {
		ike_codec_u64(c, &p->new_us[i]);
		ike_codec_check(c, p->new_us[i] == IKE_NEVER ||
				   i < ike_conn_children(sa->conn));
	}
}

static void slot(struct ike_codec *c, struct ike_sa *sa, struct ike_slot *s)
{
	ike_codec_u32(c, &s->mid);
	ike_codec_u8(c, &s->exchange);
	ike_codec_endpoint(c, &s->local);
	ike_codec_endpoint(c, &s->remote);
	buf(c, &s->answer);
	s->state = IKE_SLOT_ANSWERED;
	ike_codec_check(c, s->answer.len >= IKE_HDR_LEN &&
			   s->mid < sa->p->in_mid + sa->p->own_window &&
			   s->mid + sa->p->own_window >= sa->p->in_mid);
}

static void slots(struct ike_codec *c, struct ike_sa *sa)
{
	struct ike_slot **at = &sa->p->slots, *s;
	unsigned int n = 0, i;

	for (s = *at; s; s = s->next)
		n++;
	ike_codec_count(c, &n, 2 * IKE_MAX_WINDOW);
	for (i = 0; i < n && ike_codec_ok(c); i++, at = &(*at)->next) {
		if (!c->out)
			*at = calloc(1, sizeof(**at));
		if (!*at) {
			ike_codec_check(c, false);
			return;
		}
		slot(c, sa, *at);
		for (s = sa->p->slots; s != *at; s = s->next)
			ike_codec_check(c, s->mid != (*at)->mid);
	}
}

/* Message IDs, windows, and the answers that the peer may ask for again. */
static void windows(struct ike_codec *c, struct ike_sa *sa)
{
	struct ike_sa_private *p = sa->p;

	ike_codec_u32(c, &p->out_mid);
	ike_codec_u32(c, &p->in_mid);
	ike_codec_count(c, &p->peer_window, IKE_MAX_WINDOW);
	ike_codec_count(c, &p->own_window, IKE_MAX_WINDOW);
	ike_codec_check(c, p->peer_window && p->own_window);
	ike_codec_check(c, p->in_mid <= UINT32_MAX - IKE_MAX_WINDOW);
	slots(c, sa);
}

static void virtual(struct ike_codec *c, struct ike_virtual *v)
{
	unsigned int i;

	ike_codec_count(c, &v->n, IKE_MAX_VIRTUAL);
	for (i = 0; i < v->n; i++) {
		ike_codec_addr(c, &v->addr[i]);
		ike_codec_check(c, v->addr[i].family);
	}
	ike_codec_count(c, &v->ndns, IKE_MAX_DNS);
	for (i = 0; i < v->ndns; i++)
		ike_codec_addr(c, &v->dns[i]);
}

/* ------------------------------------------------------------ Child SAs */

static void prefix(struct ike_codec *c, struct ike_prefix *p)
{
	ike_codec_addr(c, &p->addr);
	ike_codec_u8(c, &p->plen);
	ike_codec_check(c, p->plen <= 8 * wire_addr_len(p->addr.family));
}

static void selector(struct ike_codec *c, struct ike_selector *s)
{
	ike_codec_u8(c, &s->proto);
	ike_codec_u16(c, &s->local_min);
	ike_codec_u16(c, &s->local_max);
	ike_codec_u16(c, &s->remote_min);
	ike_codec_u16(c, &s->remote_max);
	ike_codec_u8(c, &s->child);
	ike_codec_check(c, s->child < IKE_MAX_CONN_CHILDREN);
	prefix(c, &s->local);
	prefix(c, &s->remote);
}

/* As the connection has it now, or as it had it before and the peer wants it. */
static void terms(struct ike_codec *c, const struct ike_sa *sa,
		  struct ike_child_full *f)
{
	bool tunnel = f->mode == MOBX_MODE_TUNNEL;
	bool stale = c->out && ike_child_stale(sa, &f->c);

	ike_codec_bool(c, &tunnel);
	ike_codec_bool(c, &stale);
	if (c->out || !ike_codec_ok(c))
		return;
	f->local = sa->local.addr;
	f->remote = sa->remote.addr;
	f->mode = tunnel ? MOBX_MODE_TUNNEL : MOBX_MODE_TRANSPORT;
	if (stale)
		sa->cs->agreed[f->c.child] = sa->cs->conf;
	else
		f->conf = sa->cs->conf;
}

static void child(struct ike_codec *c, const struct ike_sa *sa,
		  struct ike_child_full *f)
{
	unsigned int i;

	ike_codec_count(c, &f->c.child, ike_conn_children(sa->conn) - 1);
	terms(c, sa, f);
	ike_codec_u32(c, &f->c.spi_in);
	ike_codec_u32(c, &f->c.spi_out);
	ike_codec_check(c, f->c.spi_in > 255 && f->c.spi_out > 255);
	ike_codec_suite(c, &f->c.suite);
	ike_codec_check(c, ike_child_suite_ok(&f->c.suite));
	ike_codec_bool(c, &f->from_us);
	ike_codec_bool(c, &f->ours);
	ike_codec_u64(c, &f->again_us);
	ike_codec_bool(c, &f->again_rekey);
	ike_codec_count(c, &f->c.nselectors, IKE_MAX_SELECTORS);
	for (i = 0; i < f->c.nselectors; i++)
		selector(c, &f->c.selectors[i]);
}

static struct ike_child *child_new(void)
{
	struct ike_child_full *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->switch_us = IKE_NEVER;
	f->out_asked = true;
	f->c.out_installed = true;
	f->c.state = IKE_CHILD_UP;
	return &f->c;
}

static void children(struct ike_codec *c, struct ike_sa *sa)
{
	unsigned int n = ike_child_count(sa), i;
	struct ike_child **at = &sa->children;

	ike_codec_count(c, &n, IKE_MAX_CHILDREN);
	for (i = 0; i < n && ike_codec_ok(c); i++, at = &(*at)->next) {
		if (!c->out)
			*at = child_new();
		if (!*at) {
			ike_codec_check(c, false);
			return;
		}
		child(c, sa, ike_child_full(*at));
		if (!c->out)
			ike_spi_take(sa->eng, &ike_child_full(*at)->spi,
				     (*at)->spi_in);
	}
}

/* What the kernel loses soon; @after counts from now. */
static void lingering(struct ike_codec *c, struct ike_sa *sa)
{
	const struct ike_linger *l;
	unsigned int n = 0, i;

	for (l = sa->p->linger; l; l = l->next)
		n++;
	ike_codec_count(c, &n, MAX_LINGER);
	l = sa->p->linger;
	for (i = 0; i < n && ike_codec_ok(c); i++) {
		uint8_t dir = l ? (uint8_t)l->dir : 0;
		uint32_t spi = l ? l->spi : 0;

		ike_codec_u32(c, &spi);
		ike_codec_u8(c, &dir);
		ike_codec_check(c, dir <= MOBX_DIR_OUT);
		if (c->out)
			l = l->next;
		else if (ike_codec_ok(c))
			ike_linger_add(sa, spi, dir, IKE_LINGER_US);
	}
}

/* ---------------------------------------------------------------- all of it */

/**
 * ike_image() - write or read an IKE SA
 * @c: codec
 * @sa: IKE SA; to be read it is new, with its own SPI and its connection
 *
 * What has been read is sound in itself. Whether it goes with the kernel's state
 * is for the caller to find out.
 */
void ike_image(struct ike_codec *c, struct ike_sa *sa)
{
	const struct ike_ext_ops *ext = sa->eng->ext;
	bool has_ext = sa->p->ext_open;

	ike_codec_u64(c, sa->initiator ? &sa->spi_r : &sa->spi_i);
	ike_codec_check(c, sa->spi_i && sa->spi_r);
	keys(c, &sa->p->keys);
	sa->suite = sa->p->keys.suite;
	ends(c, sa);
	times(c, sa);
	windows(c, sa);
	virtual(c, &sa->p->virtual);
	children(c, sa);
	lingering(c, sa);
	ike_codec_bool(c, &has_ext);
	if (!has_ext || !ike_codec_ok(c))
		return;
	if (!ext || !ext->state || !ike_auth_open_ext(sa))
		ike_codec_check(c, false);
	else
		ext->state(sa, c);
}
