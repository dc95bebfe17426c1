// SPDX-License-Identifier: GPL-2.0
/*
 * A session on its way from one run of the agent to the next: the sets of paths
 * and what else both ends count on. What was learned about links is not among it,
 * nor what has been told to the layers above: both are found out again.
 */
#include "mobike/session.h"

/** mx_rests() - is nothing under way (ike_ext_ops.rests) */
bool mx_rests(const struct ike_sa *sa)
{
	const struct mx_session *s = sa->ext;

	return s && s->up && s->sa == sa && !s->pending && !s->ask && !s->rrc &&
	       !s->n_cmd && !s->telling && !s->steering;
}

static void path(struct ike_codec *c, struct mx_path *p)
{
	ike_codec_u16(c, &p->id);
	ike_codec_u8(c, &p->state);
	ike_codec_u8(c, &p->flags);
	ike_codec_u8(c, &p->preference);
	ike_codec_u8(c, &p->nat);
	ike_codec_check(c, !(p->nat & ~(IKE_NATD_LOCAL | IKE_NATD_REMOTE)));
	ike_codec_u16(c, &p->port);
	ike_codec_addr(c, &p->addr);
	ike_codec_addr(c, &p->inner);
	ike_codec_addr(c, &p->via);
	ike_codec_addr(c, &p->confirmed);
	ike_codec_endpoint(c, &p->outer);
	ike_codec_octets(c, p->seen, sizeof(p->seen));
	ike_codec_bool(c, &p->seen_set);
	ike_codec_octets(c, p->shown, sizeof(p->shown));
	ike_codec_u64(c, &p->shown_us);
	ike_codec_bool(c, &p->remapped);
	ike_codec_u64(c, &p->tell_at);
	ike_codec_u32(c, &p->led);
	ike_codec_u64(c, &p->credit);
	ike_codec_u64(c, &p->rtt_us);
}

static void ghost(struct ike_codec *c, struct mx_ghost *g)
{
	ike_codec_u16(c, &g->id);
	ike_codec_bool(c, &g->retired);
	ike_codec_u8(c, &g->preference);
	ike_codec_addr(c, &g->addr);
	ike_codec_addr(c, &g->inner);
	ike_codec_u64(c, &g->accept_until);
	ike_codec_u64(c, &g->forget_at);
}

static void set(struct ike_codec *c, struct mx_set *v)
{
	unsigned int n = v->n, ghosts = v->n_ghost;

	ike_codec_count(c, &n, MX_MAX_PATHS);
	ike_codec_count(c, &ghosts, MX_MAX_GHOSTS);
	if (!c->out && !mx_set_blank(v, n, ghosts)) {
		ike_codec_check(c, false);
		return;
	}
	for (unsigned int i = 0; i < n; i++)
		path(c, &v->path[i]);
	for (unsigned int i = 0; i < ghosts; i++)
		ghost(c, &v->ghost[i]);
	ike_codec_check(c, mx_set_sound(v));
}

static void memos(struct ike_codec *c, struct mx_memo *v, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		ike_codec_addr(c, &v[i].addr);
		ike_codec_u64(c, &v[i].until);
		ike_codec_count(c, &v[i].fails, 32);
	}
}

static void barred(struct ike_codec *c, struct mx_session *s)
{
	ike_codec_count(c, &s->n_barred, MX_MAX_BARRED);
	if (!c->out && !mx_reserve(&s->barred, &s->barred_room, s->n_barred,
				   sizeof(*s->barred))) {
		s->n_barred = 0;
		ike_codec_check(c, false);
	}
	memos(c, s->barred, s->n_barred);
}

static void addrs(struct ike_codec *c, struct wire_addr *v, unsigned int *n)
{
	ike_codec_count(c, n, IKE_MAX_OTHERS);
	for (unsigned int i = 0; i < *n; i++)
		ike_codec_addr(c, &v[i]);
}

/* Which requests of the peer count as old. */
static void order(struct ike_codec *c, struct ike_sa *sa, struct mx_session *s)
{
	bool by_this = s->last_sa == sa, known_by_this = s->known_sa == sa;

	ike_codec_bool(c, &by_this);
	ike_codec_u32(c, &s->last_mid);
	ike_codec_u64(c, &s->last_born);
	ike_codec_bool(c, &known_by_this);
	ike_codec_u32(c, &s->known_mid);
	s->last_sa = by_this ? sa : NULL;
	s->known_sa = known_by_this ? sa : NULL;
}

static void agreed(struct ike_codec *c, struct mx_session *s)
{
	ike_codec_bool(c, &s->offered);
	ike_codec_bool(c, &s->accepted);
	ike_codec_bool(c, &s->mobikex);
	ike_codec_count(c, &s->max_paths, MX_MAX_PATHS);
	ike_codec_check(c, !s->mobikex ||
			   (s->offered && s->accepted && s->sa->mobike));
}

static void unfinished(struct ike_codec *c, struct mx_session *s)
{
	ike_codec_count(c, &s->n_stray, MX_MAX_PATHS);
	for (unsigned int i = 0; i < s->n_stray; i++)
		ike_codec_u16(c, &s->stray[i]);
	ike_codec_bool(c, &s->primary_off);
	ike_codec_u64(c, &s->off_at);
	ike_codec_count(c, &s->off_tries, 6);
	ike_codec_u64(c, &s->query_at);
	ike_codec_u64(c, &s->rrc_at);
	ike_codec_u64(c, &s->committed_us);
	ike_codec_bool(c, &s->pinned);
	ike_codec_u16(c, &s->drain_id);
	ike_codec_u64(c, &s->drain_until);
}

/* In the kernel there is a pair for it, whose way the IKE SA goes. */
static bool is_sound(struct mx_session *s)
{
	const struct mx_path *l, *r;

	return mx_primary_pair(&s->own, &s->peer, &l, &r) &&
	       (!s->sa->mobike ||
		(wire_addr_equal(&l->addr, &s->sa->local.addr) &&
		 wire_addr_equal(&r->addr, &s->sa->remote.addr)));
}

/** mx_state() - write a session or read it (ike_ext_ops.state) */
void mx_state(struct ike_sa *sa, struct ike_codec *c)
{
	struct mx_session *s = sa->ext;

	agreed(c, s);
	set(c, &s->own);
	set(c, &s->peer);
	order(c, sa, s);
	barred(c, s);
	ike_codec_count(c, &s->n_memo, MX_MAX_CANDS);
	memos(c, s->memo, s->n_memo);
	unfinished(c, s);
	addrs(c, s->told, &s->n_told);
	addrs(c, s->known, &s->n_known);
	if (c->out) {
		/* They stay what they are for the layers above. */
		s->n_ready = 0;
		return;
	}
	if (!ike_codec_ok(c) || !is_sound(s)) {
		ike_codec_check(c, false);
		return;
	}
	s->up = true;
	mx_others_watch(s);
	mx_deadline(s);
}
