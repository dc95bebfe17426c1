// SPDX-License-Identifier: GPL-2.0
/* The peer's answer to an own request: agreed, refused, or not from the peer. */
#include "crypto/util.h"
#include "mobike/session.h"
#include "wire/mobike.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAT_TRIES   3
#define NAT_WAIT_US (100 * 1000ull)

static void say_reason(const struct ike_in *in, uint16_t type,
		       struct mobikex_reason *reason, char *text, size_t len)
{
	struct wire_notify n;

	memset(reason, 0, sizeof(*reason));
	if (wire_notify_find(in->msg, IKE_N_MOBIKEX_REASON, &n) &&
	    mobikex_reason_decode(&n, reason) == WIRE_OK)
		snprintf(text, len, "refused by the peer: %s: %s",
			 mobikex_reason_name(reason->code), reason->text);
	else if (type == IKE_N_UNEXPECTED_NAT_DETECTED)
		snprintf(text, len, "there is a NAT on this way, and one of "
				    "the two ends does not allow any");
	else
		snprintf(text, len, "refused by the peer: notify %u", type);
}

/* The peer's view of our IDs is not ours: say it the way that needs none. */
static bool say_plainly(struct mx_session *s, const struct mobikex_reason *why)
{
	struct mx_ask *a = s->ask;

	if (a->ops[0].derived ||
	    (a->kind != MX_ASK_HARD &&
	     !(a->kind == MX_ASK_REFRESH &&
	       a->id == mx_set_primary(&s->own)->id)) ||
	    (why->code != MOBIKEX_R_NO_SUCH_PATH &&
	     why->code != MOBIKEX_R_DUPLICATE))
		return false;
	a->n = 1;
	memset(&a->ops[0], 0, sizeof(a->ops[0]));
	a->ops[0].kind = MX_OP_UPDATE;
	a->ops[0].derived = true;
	mx_ask_again(s, 0);
	mx_ask_send(s);
	return true;
}

/*
 * The peer's own set has nothing where the primary path leads: the ends know too
 * little of each other for anything but to begin anew, where they meet now. One of
 * them says so.
 */
static bool begin_anew(struct mx_session *s, const struct mobikex_reason *why)
{
	const struct mx_ask *a = s->ask;
	const struct mx_cand way = { .local = a->local.addr,
				     .remote = a->remote.addr };

	if (a->kind != MX_ASK_HARD || why->code != MOBIKEX_R_FAMILY ||
	    a->for_cmd || a->elsewhere || !s->sa->first_initiator)
		return false;
	mx_ask_drop(s);
	mx_ask_elsewhere(s, &way, false);
	return true;
}

/* The responder goes to where the initiator has it, which an answer tells. */
static void yield(struct mx_session *s, const struct mobikex_reason *why)
{
	if (s->ask->kind != MX_ASK_HARD || why->code != MOBIKEX_R_FAMILY ||
	    !s->mobikex || s->sa->first_initiator)
		return;
	s->yields = true;
	s->query_at = ike_sa_now(s->sa);
}

static void refused(struct mx_session *s, const struct ike_in *in,
		    uint16_t type)
{
	struct mobikex_reason why;
	char text[IKE_MAX_TEXT];

	if (type == IKE_N_TEMPORARY_FAILURE && s->ask->tries < MX_MAX_TRIES) {
		mx_ask_again(s, MX_BUSY_US);
		return;
	}
	if (type == IKE_N_UNEXPECTED_NAT_DETECTED &&
	    s->ask->tries < NAT_TRIES) {
		mx_ask_again(s, NAT_WAIT_US);
		return;
	}
	say_reason(in, type, &why, text, sizeof(text));
	/* The peer has another path there, or something else by this ID. */
	if (s->ask->kind == MX_ASK_ADD && why.code == MOBIKEX_R_DUPLICATE)
		mx_set_retire(&s->ask->before, s->ask->id, ike_sa_now(s->sa));
	if (say_plainly(s, &why) || begin_anew(s, &why)) {
		mx_steer(s);
		return;
	}
	yield(s, &why);
	if (s->ask->kind == MX_ASK_REFRESH &&
	    why.code == MOBIKEX_R_NO_SUCH_PATH &&
	    mx_give_up(s, s->ask->id))
		mx_commit(s, NULL, 0);
	if (s->ask->kind == MX_ASK_REMOVE &&
	    why.code == MOBIKEX_R_NO_SUCH_PATH) {
		mx_ask_done(s, in);
		return;
	}
	/* But who has just refused to tell is not asked at once. */
	if (s->mobikex && s->ask->kind != MX_ASK_REMOVE &&
	    s->ask->kind != MX_ASK_QUERY &&
	    (why.code == MOBIKEX_R_NO_SUCH_PATH ||
	     why.code == MOBIKEX_R_RRC_FAILED ||
	     why.code == MOBIKEX_R_DUPLICATE || why.code == MOBIKEX_R_LIMIT))
		s->query_at = ike_sa_now(s->sa);
	mx_ask_failed(s, type == IKE_N_TEMPORARY_FAILURE ? -EAGAIN : -EPERM,
		      text);
}

/* What the answer says of NATs is true of the path that the request took. */
static void agreed(struct mx_session *s, struct ike_sa *sa,
		   const struct ike_in *in, unsigned int natd)
{
	bool held = mx_hold(s);

	/* What is older and not answered yet has no effect any more. */
	ike_sa_overtaken(sa, in->mid);
	switch (s->ask->kind) {
	case MX_ASK_ADD:
	case MX_ASK_PRIMARY:
	case MX_ASK_HARD:
	case MX_ASK_REFRESH:
		if (mx_nat_answered(s, s->ask->id, in, natd)) {
			mx_commit(s, NULL, 0);
			mx_follow_primary(s);
		}
		break;
	case MX_ASK_REMOVE:
	case MX_ASK_QUERY:
		mx_nat_look(s, s->sa, in);
		break;
	}
	mx_release(s, held);
	mx_ask_done(s, in);
}

/**
 * mx_ask_answered() - the answer to the request under way is in
 * @s: session with a request under way
 * @sa: IKE SA that it came by
 * @in: the answer
 */
void mx_ask_answered(struct mx_session *s, struct ike_sa *sa,
		     const struct ike_in *in)
{
	unsigned int natd = ike_in_natd(sa, in);
	struct wire_notify n;

	if (wire_notify_find(in->msg, IKE_N_COOKIE2, &n) &&
	    (n.data.len != sizeof(s->ask->cookie) ||
	     !crypto_equal(n.data.p, s->ask->cookie,
			   sizeof(s->ask->cookie)))) {
		ike_sa_close(sa, "wrong COOKIE2 in an answer", true);
		return;
	}
	mx_nat_shown(s, sa, in);
	if (wire_notify_error(in->msg, &n))
		refused(s, in, n.type);
	else if (natd != IKE_NATD_ABSENT && natd != IKE_NATD_NONE && !sa->natt)
		refused(s, in, IKE_N_UNEXPECTED_NAT_DETECTED);
	else
		agreed(s, sa, in, natd);
}
