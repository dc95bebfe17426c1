// SPDX-License-Identifier: GPL-2.0
/* An IKE SA of the run of the agent before this one is taken up: see leave.c. */
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/auth.h"

static void refuse(struct ike_engine *eng, const char *conn, const char *why)
{
	struct ike_report *r = ike_act_report(eng, IKE_LOG_WARNING, "not-taken",
					      conn);

	ike_report_text(r, "reason", "%s", why);
}

/* What the octets are, but for their sum; false if they are not whole. */
static bool whole(const struct ike_ev_state *ev, struct wire_rd *rd)
{
	const size_t len = ev->len < IKE_STATE_SUM ? 0 : ev->len - IKE_STATE_SUM;
	uint8_t sum[CRYPTO_PRF_MAX];

	wire_rd_init(rd, ev->data, len);
	return len && ike_state_sum((struct wire_span){ ev->data, len }, sum) &&
	       crypto_equal(sum, ev->data + len, IKE_STATE_SUM);
}

/* ------------------------------------------------------------ the kernel */

static const struct ike_left_sa *left_sa(const struct ike_leftover *l,
					 enum mobx_dir dir, uint32_t spi)
{
	unsigned int i;

	for (i = 0; i < l->n; i++)
		if (l->sas[i].spi == spi && l->sas[i].dir == dir)
			return &l->sas[i];
	return NULL;
}

/* An end of life that was told while nobody listened: as if told now. */
static bool kernel_has(struct ike_sa *sa, const struct ike_leftover *l)
{
	const struct ike_left_sa *in, *out;
	struct ike_child *c;

	for (c = sa->children; c; c = c->next) {
		in = left_sa(l, MOBX_DIR_IN, c->spi_in);
		out = left_sa(l, MOBX_DIR_OUT, c->spi_out);
		if (!in || !out)
			return false;
		if ((in->due || out->due) &&
		    ike_child_full(c)->again_us > sa->eng->now) {
			ike_child_full(c)->again_us = sa->eng->now;
			ike_child_full(c)->again_rekey = true;
		}
	}
	return true;
}

/* Its peer in the kernel, as the IKE SA left it; it is no leftover any more. */
static const char *claim(struct ike_sa *sa)
{
	struct ike_leftover **at = &sa->eng->leftovers, *l;
	char label[MOBX_MAX_LABEL + 1];

	while (*at && (*at)->peer != sa->peer)
		at = &(*at)->next;
	l = *at;
	if (!l)
		return "the kernel does not have its peer";
	ike_sa_label(sa, label);
	if (strcmp(l->label, label) || l->generation != sa->generation)
		return "the kernel's peer is another one now";
	if (!kernel_has(sa, l))
		return "the kernel does not have its Child SAs";
	*at = l->next;
	free(l);
	return NULL;
}

/* ---------------------------------------------------------------- the IKE SA */

static bool spis_are_free(const struct ike_sa *sa)
{
	const struct ike_child *c, *d;

	for (c = sa->children; c; c = c->next)
		for (d = c->next; d; d = d->next)
			if (c->spi_in == d->spi_in || c->spi_out == d->spi_out)
				return false;
	return true;
}

static bool fits(const struct ike_sa *sa)
{
	const struct ike_conn *conn = sa->conn;

	return sa->remote_id.type && spis_are_free(sa) &&
	       (!conn->remote_id.type ||
		ike_id_equal(&conn->remote_id, &sa->remote_id));
}

static void taken(struct ike_sa *sa, bool wanted)
{
	struct ike_conn_state *cs = sa->cs;
	struct ike_report *r;

	sa->state = IKE_SA_ESTABLISHED;
	sa->p->have_keys = true;
	sa->p->authentic = true;
	sa->p->announced = true;
	cs->wanted |= wanted && cs->cfg.role == IKE_INITIATE;
	cs->contacted = true;
	cs->retry_us = IKE_NEVER;
	r = ike_sa_report(sa, IKE_LOG_INFO, "taken-over");
	ike_report_addr(r, "local", &sa->local.addr);
	ike_report_addr(r, "remote", &sa->remote.addr);
	ike_report_number(r, "peer", sa->peer);
	ike_virtual_taken(sa);
	ike_sa_touch(sa);
}

/* Returns why not, or NULL. */
static const char *take(struct ike_engine *eng, struct ike_codec *c,
			struct ike_conn_state *cs)
{
	bool wanted = false, initiator = false;
	uint64_t own = 0;
	struct ike_sa *sa;
	const char *why;

	ike_codec_bool(c, &wanted);
	ike_codec_bool(c, &initiator);
	ike_codec_u64(c, &own);
	if (!ike_codec_ok(c) || !own)
		return "what was left of it is damaged";
	sa = ike_sa_new_spi(eng, initiator, own);
	if (!sa)
		return "no memory, or it is here already";
	sa->cs = cs;
	sa->conn = &cs->cfg;
	ike_image(c, sa);
	if (!ike_codec_ok(c) || c->in.left || !fits(sa))
		why = "what was left of it is damaged";
	else
		why = claim(sa);
	if (why)
		ike_sa_dead(sa);
	else
		taken(sa, wanted);
	return why;
}

/**
 * ike_take() - an IKE SA of an earlier run
 * @eng: engine that has been told of leftovers and connections, not of addresses
 * @ev: what leave.c has written; anything may stand there
 *
 * What does not fit is left alone: what the kernel has of it is a leftover then.
 */
void ike_take(struct ike_engine *eng, const struct ike_ev_state *ev)
{
	uint8_t was[IKE_STATE_SUM], is[CRYPTO_PRF_MAX];
	char name[IKE_MAX_NAME] = "";
	struct ike_conn_state *cs;
	struct ike_codec c = { 0 };
	uint32_t version = 0;
	const char *why;

	if (!whole(ev, &c.in)) {
		refuse(eng, "", "the state of an IKE SA is damaged");
		return;
	}
	ike_codec_u32(&c, &version);
	if (version != IKE_STATE_VERSION) {
		refuse(eng, "", "the state of an IKE SA is from another version");
		return;
	}
	ike_codec_text(&c, name, sizeof(name));
	ike_codec_octets(&c, was, sizeof(was));
	cs = ike_codec_ok(&c) ? ike_conn_find(eng, name) : NULL;
	if (!cs)
		why = "there is no such connection any more";
	else if (!ike_state_digest(&cs->cfg, is) ||
		 !crypto_equal(was, is, sizeof(was)))
		why = "the connection is configured otherwise now";
	else
		why = take(eng, &c, cs);
	if (why)
		refuse(eng, cs ? name : "", why);
}
