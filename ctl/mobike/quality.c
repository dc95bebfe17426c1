// SPDX-License-Identifier: GPL-2.0
#include "mobike/quality.h"

#include "ike/sa.h"

/* Thousandths that more are lost by a path that is worse: two, if all was well. */
#define LOSS_WORSE 150
/* And that may be chance. */
#define LOSS_SAME  20
#define RTT_LESS_US (20 * 1000ull)
/* Answers that come somewhat later than usual are no second ones. */
#define SLACK_US (10 * 1000ull)

static void one(struct mx_quality *q, bool lost)
{
	if (lost)
		q->loss += (1000 - q->loss) / 8;
	else
		q->loss -= (q->loss + 7) / 8;
}

static void sample(struct mx_quality *q, uint64_t rtt)
{
	q->rtt_us = q->rtt_us ? (7 * q->rtt_us + rtt) / 8 : rtt;
	/* 0 means that nothing is known. */
	if (!q->rtt_us)
		q->rtt_us = 1;
}

/* A way that has become slow is not taken for one that loses for ever. */
static void take_base(struct mx_quality *q, uint64_t took_us)
{
	uint64_t more = q->base_us + q->base_us / 8;

	q->base_us = q->base_us && more < took_us ? more : took_us;
}

void mx_quality_answer(struct mx_quality *q, uint64_t took_us,
		       unsigned int tries, uint64_t interval_us)
{
	uint64_t at = 0;

	if (took_us > IKE_BACKOFF_MAX_US)
		return;
	take_base(q, took_us);
	q->tests++;
	for (unsigned int i = 1; i < tries; i++) {
		if (at + 2 * q->base_us + SLACK_US > took_us ||
		    at + interval_us > took_us)
			break;
		at += interval_us;
		interval_us = interval_us * 9 / 5;
		if (interval_us > IKE_BACKOFF_MAX_US)
			interval_us = IKE_BACKOFF_MAX_US;
		one(q, true);
	}
	one(q, false);
	sample(q, took_us - at);
}

void mx_quality_lost(struct mx_quality *q)
{
	q->tests++;
	one(q, true);
}

static bool is_known(const struct mx_quality *q)
{
	return q->tests >= MX_QUALITY_TESTS && q->rtt_us;
}

/*
 * By what each took at best: one late answer says nothing, and traffic fills the
 * queues of the one in use, whichever that is.
 */
bool mx_quality_better(const struct mx_quality *a, const struct mx_quality *b)
{
	if (!is_known(a) || !is_known(b))
		return false;
	if (a->loss + LOSS_WORSE <= b->loss)
		return true;
	return a->loss <= b->loss + LOSS_SAME &&
	       2 * a->base_us <= b->base_us &&
	       a->base_us + RTT_LESS_US <= b->base_us;
}

int mx_quality_compare(const struct mx_quality *a, const struct mx_quality *b)
{
	if (!is_known(a) || !is_known(b))
		return 0;
	if (a->loss + LOSS_SAME < b->loss || b->loss + LOSS_SAME < a->loss)
		return a->loss < b->loss ? -1 : 1;
	return a->rtt_us < b->rtt_us ? -1 : a->rtt_us > b->rtt_us;
}
