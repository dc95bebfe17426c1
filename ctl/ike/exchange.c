// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of ours: Message IDs, the peer's window, retransmission (RFC 7296,
 * sections 2.1 to 2.4).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

bool ike_buf_set(struct ike_buf *b, const void *p, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		return false;
	if (len)
		memcpy(copy, p, len);
	ike_buf_free(b);
	b->p = copy;
	b->len = len;
	return true;
}

void ike_buf_free(struct ike_buf *b)
{
	if (b->p)
		crypto_wipe(b->p, b->len);
	free(b->p);
	b->p = NULL;
	b->len = 0;
}

/* ----------------------------------------------------- requests of ours */

struct ike_request *ike_request_new(struct ike_sa *sa, uint8_t exchange,
				    const struct ike_request_desc *d)
{
	struct ike_request *r = calloc(1, sizeof(*r)), **at;

	if (!r)
		return NULL;
	r->id = ++sa->eng->last_request;
	r->exchange = exchange;
	r->d = *d;
	r->pinned = d->local.addr.family != 0;
	r->next_us = IKE_NEVER;
	for (at = &sa->p->requests; *at; at = &(*at)->next)
		;
	*at = r;
	ike_sa_touch(sa);
	return r;
}

void ike_request_free(struct ike_sa *sa, struct ike_request *r)
{
	struct ike_request **at;

	ike_sa_touch(sa);
	for (at = &sa->p->requests; *at && *at != r; at = &(*at)->next)
		;
	if (*at)
		*at = r->next;
	if (r->d.free)
		r->d.free(r->d.ctx);
	ike_buf_free(&r->data);
	ike_buf_free(&r->inner);
	free(r);
}

/*
 * The IKE SA ends: tell the makers. With @keep_sent what is outstanding goes on
 * until answered, or the Delete behind it would be outside the peer's window.
 */
void ike_requests_close(struct ike_sa *sa, bool keep_sent)
{
	struct ike_request *r, *list = sa->p->requests;
	struct ike_request **at = &sa->p->requests;

	sa->p->requests = NULL;
	while ((r = list)) {
		list = r->next;
		if (r->d.done)
			r->d.done(sa, r->d.ctx, IKE_RESULT_CLOSED, NULL);
		if (r->d.free)
			r->d.free(r->d.ctx);
		if (!keep_sent || !r->sent) {
			ike_buf_free(&r->data);
			ike_buf_free(&r->inner);
			free(r);
			continue;
		}
		memset(&r->d, 0, sizeof(r->d));
		r->pinned = false;
		r->held = false;
		r->next = NULL;
		*at = r;
		at = &r->next;
	}
}

bool ike_requests_outstanding(const struct ike_sa *sa)
{
	const struct ike_request *r;

	for (r = sa->p->requests; r; r = r->next)
		if (r->sent)
			return true;
	return false;
}

bool ike_request_tells(const struct ike_sa *sa)
{
	const struct ike_request *r;

	for (r = sa->p->requests; r; r = r->next)
		if (r->sent && !(r->pinned && (r->d.yields || r->held)))
			return true;
	return false;
}

static unsigned int outstanding(const struct ike_sa *sa, uint32_t *oldest)
{
	const struct ike_request *r;
	unsigned int n = 0;

	*oldest = sa->p->out_mid;
	for (r = sa->p->requests; r; r = r->next) {
		if (!r->sent)
			continue;
		n++;
		if (r->mid < *oldest)
			*oldest = r->mid;
	}
	return n;
}

unsigned int ike_sa_window(const struct ike_sa *sa)
{
	uint32_t oldest;
	unsigned int used;

	outstanding(sa, &oldest);
	used = sa->p->out_mid - oldest;
	return used < sa->p->peer_window ? sa->p->peer_window - used : 0;
}

unsigned int ike_sa_peer_window(const struct ike_sa *sa)
{
	return sa->p->peer_window;
}

static const struct wire_endpoint *request_local(const struct ike_sa *sa,
						 const struct ike_request *r)
{
	return r->pinned ? &r->d.local : &sa->local;
}

static const struct wire_endpoint *request_remote(const struct ike_sa *sa,
						  const struct ike_request *r)
{
	return r->pinned ? &r->d.remote : &sa->remote;
}

static bool in_fragments(const struct ike_buf *b)
{
	struct wire_hdr first;

	/* Told by the first message, whatever stands behind it. */
	wire_hdr_parse(b->p, b->len, &first);
	return first.next == IKE_PL_SKF;
}

static bool request_seal(struct ike_sa *sa, struct ike_request *r,
			 size_t ip_size)
{
	return ike_seal(sa, r->exchange, false, r->mid, r->inner_first,
			ike_span(&r->inner), ip_size, &r->data);
}

/*
 * Fragments that nobody answers may be too large for the path: once, as small
 * as any path has to take them (RFC 7383, section 2.5.2). Otherwise what is
 * sent again is the same to the octet.
 */
static void try_smaller(struct ike_sa *sa, struct ike_request *r)
{
	if (!r->inner.p || r->total_tries < IKE_TRIES_LARGE ||
	    request_local(sa, r)->addr.family != 4)
		return;
	request_seal(sa, r, IKE_IP4_SIZE);
	ike_buf_free(&r->inner);
}

/* ------------------------------------------------------------- timing */

static bool by_own_pair(const struct ike_sa *sa, const struct ike_request *r)
{
	return wire_endpoint_equal(request_local(sa, r), &sa->local) &&
	       wire_endpoint_equal(request_remote(sa, r), &sa->remote);
}

static void take_sample(struct ike_sa *sa, uint64_t rtt)
{
	uint64_t off = rtt > sa->rtt_us ? rtt - sa->rtt_us : sa->rtt_us - rtt;

	if (sa->rtt_us) {
		sa->rttvar_us = (3 * sa->rttvar_us + off) / 4;
		sa->rtt_us = (7 * sa->rtt_us + rtt) / 8;
	} else {
		sa->rttvar_us = rtt / 2;
		sa->rtt_us = rtt;
	}
	sa->rto_us = sa->rtt_us + 4 * sa->rttvar_us;
	if (sa->rto_us < 2 * sa->rtt_us)
		sa->rto_us = 2 * sa->rtt_us;
	if (sa->rto_us < IKE_RTO_MIN_US)
		sa->rto_us = IKE_RTO_MIN_US;
}

/**
 * ike_request_measure() - learn from the time that an answer took
 * @sa: IKE SA
 * @r: the request that has been answered now
 *
 * As RFC 6298 has it for TCP: what was sent once gives a sample; what was sent
 * again does not, but shows that less than it waited last would be too little
 * (sections 3 and 5). Nothing is learned of other ways than the IKE SA's own,
 * or of exchanges for which the peer has to calculate, unless nothing else is
 * known.
 */
void ike_request_measure(struct ike_sa *sa, const struct ike_request *r)
{
	bool quick = r->exchange == IKE_EX_INFORMATIONAL && by_own_pair(sa, r);
	uint64_t took = sa->eng->now - r->first_us;

	/* It would have been sent again, had this host not slept. */
	if (r->total_tries == 1 && took > IKE_BACKOFF_MAX_US)
		return;
	if (r->total_tries == 1 && (quick || !sa->rtt_us))
		take_sample(sa, took);
	else if (quick && r->interval > sa->rto_us)
		sa->rto_us = r->interval;
}

static bool expires(const struct ike_request *r)
{
	return r->sent && r->d.timeout_us && !r->expired;
}

static uint64_t back_off(uint64_t interval)
{
	interval = interval * 9 / 5;
	return interval > IKE_BACKOFF_MAX_US ? IKE_BACKOFF_MAX_US : interval;
}

/* The configured time is for ways and exchanges that were not measured. */
static uint64_t first_interval(const struct ike_sa *sa,
			       const struct ike_request *r)
{
	if (!sa->rto_us || r->exchange != IKE_EX_INFORMATIONAL ||
	    !by_own_pair(sa, r))
		return sa->conn->retransmit_first_us;
	return sa->rto_us > IKE_BACKOFF_MAX_US ? IKE_BACKOFF_MAX_US :
						 sa->rto_us;
}

/* A Delete is a courtesy: what comes after it need not wait long. */
static unsigned int most_tries(const struct ike_sa *sa,
			       const struct ike_request *r)
{
	unsigned int n = sa->conn->retransmit_tries;

	return (sa->state == IKE_SA_CLOSING || r->last) && n > 3 ? 3 : n;
}

/*
 * How long transmissions may be in vain: as long as the configured number of
 * them takes at the configured pace. A peer nearby is not dead any sooner.
 */
static uint64_t patience(const struct ike_sa *sa, const struct ike_request *r)
{
	uint64_t interval = sa->conn->retransmit_first_us, total = 0;
	unsigned int i;

	for (i = 0; i < most_tries(sa, r); i++) {
		total += interval;
		interval = back_off(interval);
	}
	return total;
}

void ike_request_transmit(struct ike_sa *sa, struct ike_request *r)
{
	struct ike_engine *eng = sa->eng;
	uint64_t end;

	try_smaller(sa, r);
	ike_send_buf(eng, request_local(sa, r), request_remote(sa, r),
		     &r->data);
	ike_count(eng, r->exchange, r->total_tries ? IKE_COUNT_RESENT_OUT :
						     IKE_COUNT_REQUEST_OUT);
	if (r->total_tries == 0) {
		r->first_us = eng->now;
		r->first_to = request_remote(sa, r)->addr;
	}
	r->several |= !wire_addr_equal(&r->first_to,
				       &request_remote(sa, r)->addr);
	if (r->tries == 0) {
		r->interval = first_interval(sa, r);
		r->begun_us = eng->now;
		r->restarted = r->total_tries > 0;
	} else {
		r->interval = back_off(r->interval);
	}
	if (r->total_tries == 0)
		r->first_interval = r->interval;
	r->tries++;
	r->total_tries++;
	r->next_us = eng->now + r->interval;
	end = r->begun_us + patience(sa, r);
	if (r->next_us > end && eng->now < end && !expires(r))
		r->next_us = end;
}

/* Build and send one queued request; false if it was dropped. */
static bool request_send(struct ike_sa *sa, struct ike_request *r)
{
	struct wire_enc enc;
	bool ok;

	wire_enc_start(&enc, NULL);
	r->sent = true;
	r->mid = sa->p->out_mid;
	ok = !r->d.build || r->d.build(sa, r->d.ctx, request_local(sa, r),
				       request_remote(sa, r), &enc);
	ok = ok && wire_enc_finish(&enc) &&
	     ike_buf_set(&r->inner, enc.wr.data, enc.wr.len);
	r->inner_first = enc.first;
	wire_enc_free(&enc);
	ok = ok && request_seal(sa, r, ike_ip_size(sa, request_local(sa, r)));
	if (!in_fragments(&r->data))
		ike_buf_free(&r->inner);
	if (!ok) {
		ike_request_free(sa, r);
		return false;
	}
	sa->p->out_mid++;
	ike_request_transmit(sa, r);
	return true;
}

/*
 * The maker has waited long enough, or must. The request itself goes on over the IKE
 * SA's own addresses, or it would block its slot of the window for ever.
 */
static void request_expire(struct ike_sa *sa, struct ike_request *r,
			   enum ike_result result)
{
	void (*done)(struct ike_sa *, void *, enum ike_result,
		     const struct ike_in *) = r->d.done;
	void (*release)(void *) = r->d.free;
	void *ctx = r->d.ctx;

	r->expired = true;
	r->d.done = NULL;
	r->d.free = NULL;
	r->d.ctx = NULL;
	r->held = r->d.stays && result == IKE_RESULT_TIMEOUT;
	r->pinned = r->held;
	r->tries = 0;
	ike_request_transmit(sa, r);
	/* From here on @r may be gone. */
	if (done)
		done(sa, ctx, result, NULL);
	if (release)
		release(ctx);
}

/* It may leave by the IKE SA's own addresses. */
static void let_go(struct ike_sa *sa, struct ike_request *r)
{
	r->held = false;
	r->pinned = false;
	r->tries = 0;
	ike_request_transmit(sa, r);
}

void ike_sa_overtaken(struct ike_sa *sa, uint32_t mid)
{
	struct ike_request *r;

	for (r = sa->p->requests; r; r = r->next)
		if (r->held && r->mid < mid)
			let_go(sa, r);
	ike_rekey_overtaken(sa);
}

/**
 * ike_requests_yield() - what tries a path ends
 * @sa: IKE SA
 *
 * It makes room for what waits: its slot is free one answer on.
 */
void ike_requests_yield(struct ike_sa *sa)
{
	struct ike_request *r;
	bool again;

	/* The call may change the list: start over after each. */
	do {
		again = false;
		for (r = sa->p->requests; r; r = r->next) {
			if (r->held)
				let_go(sa, r);
			if (!r->sent || !r->pinned || !r->d.yields)
				continue;
			request_expire(sa, r, IKE_RESULT_YIELDED);
			again = true;
			break;
		}
	} while (again && sa->state != IKE_SA_DEAD);
}

static struct ike_request *first_waiting(const struct ike_sa *sa)
{
	struct ike_request *r;

	for (r = sa->p->requests; r && r->sent; r = r->next)
		;
	return r;
}

/**
 * ike_requests_pump() - send what waits, as far as the peer's window allows
 *
 * Before the end of the Message IDs the IKE SA has to go (RFC 7296, 2.2).
 */
void ike_requests_pump(struct ike_sa *sa)
{
	struct ike_request *r;

	if (!sa->p->have_keys || sa->state == IKE_SA_DEAD)
		return;
	if (sa->p->out_mid > UINT32_MAX - IKE_MAX_WINDOW) {
		ike_sa_end(sa, "its Message IDs are used up", 0, false);
		return;
	}
	while (ike_sa_window(sa)) {
		r = first_waiting(sa);
		if (!r)
			return;
		request_send(sa, r);
	}
	if (first_waiting(sa))
		ike_requests_yield(sa);
}

uint64_t ike_sa_request(struct ike_sa *sa, const struct ike_request_desc *desc)
{
	struct ike_request *r = NULL;
	uint64_t id;

	if (sa->state == IKE_SA_ESTABLISHED)
		r = ike_request_new(sa, IKE_EX_INFORMATIONAL, desc);
	if (!r) {
		if (desc->free)
			desc->free(desc->ctx);
		return 0;
	}
	id = r->id;
	ike_requests_pump(sa);
	return id;
}

static struct ike_request *request_by_id(const struct ike_sa *sa, uint64_t id)
{
	struct ike_request *r;

	for (r = sa->p->requests; r; r = r->next)
		if (r->id == id)
			break;
	return r;
}

void ike_sa_request_forget(struct ike_sa *sa, uint64_t id)
{
	struct ike_request *r = request_by_id(sa, id);
	struct ike_sa *old;

	/* What was sent before the IKE SA was replaced, its predecessor has. */
	for (old = sa->eng->sas; !r && sa->p->predecessors && old;
	     old = old->p->next)
		if (old->p->replaced)
			r = request_by_id(old, id);
	if (!r)
		return;
	if (!r->sent) {
		ike_request_free(sa, r);
		return;
	}
	if (r->d.free)
		r->d.free(r->d.ctx);
	r->d.free = NULL;
	r->d.done = NULL;
	r->d.ctx = NULL;
	r->d.timeout_us = 0;
	r->held = r->pinned && r->d.stays;
	r->pinned = r->held;
}

void ike_sa_resend(struct ike_sa *sa)
{
	struct ike_request *r;

	for (r = sa->p->requests; r; r = r->next) {
		if (!r->sent || r->pinned)
			continue;
		r->tries = 0;
		ike_request_transmit(sa, r);
	}
}

void ike_sa_set_addresses(struct ike_sa *sa, const struct wire_endpoint *local,
			  const struct wire_endpoint *remote)
{
	if (wire_endpoint_equal(&sa->local, local) &&
	    wire_endpoint_equal(&sa->remote, remote))
		return;
	sa->local = *local;
	sa->remote = *remote;
	ike_sa_resend(sa);
	ike_rekey_moved(sa);
}

static void request_used_up(struct ike_sa *sa, struct ike_request *r)
{
	const struct ike_ext_ops *ext = sa->eng->ext;

	/* Patience is for a peer that nobody has heard of since. */
	if (sa->state == IKE_SA_ESTABLISHED && ext && ext->give_up &&
	    !ike_conn_newer(sa) && ext->give_up(sa)) {
		if (sa->state == IKE_SA_ESTABLISHED && r->tries)
			r->tries = 0;
		return;
	}
	sa->p->silent = true;
	ike_count(sa->eng, r->exchange, IKE_COUNT_UNANSWERED);
	ike_sa_fail(sa, "the peer does not answer");
}

static bool request_due(struct ike_sa *sa, struct ike_request *r)
{
	const struct ike_ext_ops *ext = sa->eng->ext;
	uint64_t now = sa->eng->now;
	unsigned int tries;

	if (!r->sent)
		return false;
	if (expires(r) && now >= r->first_us + r->d.timeout_us) {
		request_expire(sa, r, IKE_RESULT_TIMEOUT);
		return true;
	}
	if (now < r->next_us)
		return false;
	if (r->tries && !r->held && !expires(r) &&
	    now >= r->begun_us + patience(sa, r)) {
		r->next_us = now + r->interval;
		request_used_up(sa, r);
		return true;
	}
	ike_request_transmit(sa, r);
	tries = r->tries - 1;
	if (sa->state == IKE_SA_ESTABLISHED && ext && ext->trouble &&
	    !r->pinned)
		ext->trouble(sa, tries, now - r->begun_us);
	return true;
}

void ike_request_timers(struct ike_sa *sa)
{
	struct ike_request *r;
	bool again;

	/* Any of the calls may change the list: start over after each. */
	do {
		again = false;
		for (r = sa->p->requests; r; r = r->next) {
			again = request_due(sa, r);
			if (again)
				break;
		}
	} while (again && sa->state != IKE_SA_DEAD);
}

uint64_t ike_request_deadline(const struct ike_sa *sa)
{
	uint64_t t = IKE_NEVER, end;
	const struct ike_request *r;

	for (r = sa->p->requests; r; r = r->next) {
		if (!r->sent)
			continue;
		if (r->next_us < t)
			t = r->next_us;
		if (!expires(r))
			continue;
		end = r->first_us + r->d.timeout_us;
		if (end < t)
			t = end;
	}
	return t;
}
