// SPDX-License-Identifier: GPL-2.0
/*
 * What fuzzers have found worth keeping, once more: each file of a corpus as it
 * is, cut off at a few places, and with a few octets changed.
 * covers: K14
 */
#include <dirent.h>
#include <stdio.h>

#include "feed.h"
#include "ike_net.h"

#define MAX_SIZE 65536

static uint64_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

/* As it is; shorter; changed in four places. */
static void feed_file(const struct feed_target *t, const char *path)
{
	uint8_t *data = malloc(MAX_SIZE), *copy;
	FILE *f = fopen(path, "rb");
	uint64_t seed = 1;
	size_t len, cut;

	assert_non_null(f);
	len = fread(data, 1, MAX_SIZE, f);
	fclose(f);
	t->feed(data, len);
	for (int i = 0; i < 4 && len; i++) {
		cut = i < 2 ? len : next(&seed) % len;
		copy = malloc(cut + 1);
		memcpy(copy, data, cut);
		for (int j = 0; j < 4 * (i % 2) && cut; j++)
			copy[next(&seed) % cut] = (uint8_t)next(&seed);
		t->feed(copy, cut);
		free(copy);
	}
	free(data);
}

static void corpora(void **state)
{
	char folder[128], path[512];
	struct dirent **list;
	int n;

	(void)state;
	for (unsigned int i = 0; i < feed_n_targets; i++) {
		snprintf(folder, sizeof(folder), "selftests/fuzz/ike/%s",
			 feed_targets[i].name);
		n = scandir(folder, &list, NULL, alphasort);
		assert_true(n > 2);
		while (n--) {
			snprintf(path, sizeof(path), "%s/%s", folder,
				 list[n]->d_name);
			if (list[n]->d_type == DT_REG)
				feed_file(&feed_targets[i], path);
			free(list[n]);
		}
		free(list);
	}
	feed_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(corpora),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
