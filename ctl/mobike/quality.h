/* SPDX-License-Identifier: GPL-2.0 */
/* How well a path does, from the tests of it. Pure arithmetic. */
#ifndef MOBX_MOBIKE_QUALITY_H
#define MOBX_MOBIKE_QUALITY_H

#include <stdbool.h>
#include <stdint.h>

/** MX_QUALITY_TESTS - fewer say nothing that a decision could rest on */
#define MX_QUALITY_TESTS 4

/**
 * struct mx_quality - of a path, smoothed
 * @tests: how many there were, answered or not
 * @loss: of what is sent by it and answered by it, in thousandths
 * @rtt_us: round trip time, 0 if none was answered
 * @base_us: what it took lately at best
 */
struct mx_quality {
	unsigned int tests;
	unsigned int loss;
	uint64_t rtt_us;
	uint64_t base_us;
};

/**
 * mx_quality_answer() - a test was answered
 * @q: quality
 * @took_us: from the first transmission to the answer
 * @tries: transmissions
 * @interval_us: between the first two; from then on each time 1.8 of it, up to
 *	IKE_BACKOFF_MAX_US
 *
 * An answer does not tell which transmission it is for. Those that would have
 * been answered long ago count as lost, the first of the others is the one.
 * Nothing is learned of what took longer than IKE_BACKOFF_MAX_US: this host slept,
 * or it has waited for so long that other things have been seen to by then.
 */
void mx_quality_answer(struct mx_quality *q, uint64_t took_us,
		       unsigned int tries, uint64_t interval_us);

/** mx_quality_lost() - a test was not answered */
void mx_quality_lost(struct mx_quality *q);

/**
 * mx_quality_better() - is a path so much better that it is worth a move
 * @a: its quality
 * @b: of the one in use
 *
 * If less is lost by 15 % of all, which a single loss is not; or not more is
 * lost, and the round trip takes less than half the time, by 20 ms at least, by
 * what it took lately at best. The other way round the same
 * holds, so that two that do alike are not moved between for ever.
 *
 * Return: whether it is; not if one of them was not tested enough.
 */
bool mx_quality_better(const struct mx_quality *a, const struct mx_quality *b);

/**
 * mx_quality_compare() - which is to be tried first when one is needed
 *
 * Return: less than 0 if it is @a, 0 if nothing tells.
 */
int mx_quality_compare(const struct mx_quality *a, const struct mx_quality *b);

#endif /* MOBX_MOBIKE_QUALITY_H */
