/* SPDX-License-Identifier: GPL-2.0 */
/* What an engine has seen and done so far, in numbers. */
#ifndef MOBX_IKE_COUNTERS_H
#define MOBX_IKE_COUNTERS_H

#include <stdint.h>

struct ike_engine;

/** enum ike_count - counted for each kind of exchange */
enum ike_count {
	IKE_COUNT_REQUEST_IN,
	IKE_COUNT_REPEATED_IN,
	IKE_COUNT_REQUEST_OUT,
	IKE_COUNT_RESENT_OUT,
	IKE_COUNT_ANSWERED,
	IKE_COUNT_UNANSWERED,
	IKE_COUNT_N,
};

/** enum ike_drop - why a datagram was dropped */
enum ike_drop {
	IKE_DROP_MALFORMED,
	IKE_DROP_VERSION,
	IKE_DROP_UNKNOWN_SPI,
	IKE_DROP_NOT_AUTHENTIC,
	IKE_DROP_OUTSIDE_WINDOW,
	IKE_DROP_HALF_OPEN,
	IKE_DROP_BUSY,
	IKE_DROP_N,
};

/** enum ike_happened - everything else */
enum ike_happened {
	IKE_HAPPENED_ESTABLISHED,
	IKE_HAPPENED_REKEYED,
	IKE_HAPPENED_ENDED,
	IKE_HAPPENED_CHILD,
	IKE_HAPPENED_NOT_SAID,
	IKE_HAPPENED_N,
};

#define IKE_COUNT_EXCHANGES 7
/* Error notifies have the types below this one that are assigned. */
#define IKE_COUNT_ERRORS 64

struct ike_counters {
	uint64_t exchange[IKE_COUNT_EXCHANGES][IKE_COUNT_N];
	uint64_t error_in[IKE_COUNT_ERRORS];
	uint64_t error_out[IKE_COUNT_ERRORS];
	uint64_t drop[IKE_DROP_N];
	uint64_t happened[IKE_HAPPENED_N];
	uint64_t cookies;
};

/**
 * struct ike_counter - one number
 * @name: what was counted
 * @key: "exchange", "notify" or "reason" if it is counted apart for each, or
 *	NULL
 * @of: which
 * @value: how often
 */
struct ike_counter {
	const char *name;
	const char *key;
	const char *of;
	uint64_t value;
};

/**
 * ike_engine_counters() - visit all counters, those of a name in a row
 * @eng: engine
 * @fn: called for each; errors that never happened are left out
 * @ctx: handed to @fn
 */
void ike_engine_counters(const struct ike_engine *eng,
			 void (*fn)(const struct ike_counter *c, void *ctx),
			 void *ctx);

#endif /* MOBX_IKE_COUNTERS_H */
