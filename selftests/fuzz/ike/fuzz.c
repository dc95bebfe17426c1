// SPDX-License-Identifier: GPL-2.0
/* libFuzzer's entry: TARGET is one of feed_targets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct feed_target *target;

	for (unsigned int i = 0; !target && i < feed_n_targets; i++)
		if (!strcmp(feed_targets[i].name, TEXT(TARGET)))
			target = &feed_targets[i];
	if (!target)
		abort();
	target->feed(data, len);
	return 0;
}
