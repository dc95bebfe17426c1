/* SPDX-License-Identifier: GPL-2.0 */
/* Octets that nobody meant to send, to all that reads octets. */
#ifndef SELFTESTS_FEED_H
#define SELFTESTS_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/msg.h"

/** feed_message() - a datagram to the decoders; whether it is a message */
bool feed_message(const uint8_t *data, size_t len);

/** feed_body() - all decoders on one body, whatever type it claims to be of */
void feed_body(const struct wire_payload *pl);

/** struct feed_target - who is fed: the name of its corpus, and how */
struct feed_target {
	const char *name;
	void (*feed)(const uint8_t *data, size_t len);
};

extern const struct feed_target feed_targets[];
extern const unsigned int feed_n_targets;

/** feed_end() - free what is kept from one to the next */
void feed_end(void);

#endif /* SELFTESTS_FEED_H */
