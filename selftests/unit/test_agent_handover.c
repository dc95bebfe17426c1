// SPDX-License-Identifier: GPL-2.0
/* The file by which one run of the agent hands its IKE SAs to the next. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/handover.h"
#include "ike/ike.h"

static char folder[] = "/dev/shm/mobx-handover.XXXXXX";
static char control[64], file[64], fresh[64];

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(control, sizeof(control), "%s/control", folder);
	snprintf(file, sizeof(file), "%s/handover", folder);
	snprintf(fresh, sizeof(fresh), "%s/handover.new", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(file);
	unlink(fresh);
	return rmdir(folder);
}

struct got {
	unsigned int n;
	size_t len[4];
	uint8_t first[4];
};

static void on_state(void *ctx, const void *data, size_t len)
{
	struct got *g = ctx;

	assert_true(g->n < 4);
	g->len[g->n] = len;
	g->first[g->n++] = *(const uint8_t *)data;
}

/* Two states, of 5 octets and as many as there may be */
static void leave(void)
{
	static uint8_t large[IKE_STATE_MAX];
	struct handover h;
	char err[256];

	memset(large, 7, sizeof(large));
	assert_int_equal(handover_begin(&h, control, err, sizeof(err)), 0);
	handover_add(&h, "abcde", 5);
	handover_add(&h, large, sizeof(large));
	assert_int_equal(access(file, F_OK), -1);
	assert_int_equal(handover_end(&h), 0);
	assert_int_equal(h.n, 2);
}

static struct got take(void)
{
	struct got g = { 0 };
	struct handover h;

	assert_true(handover_find(&h, control));
	/* Nobody else gets it. */
	assert_int_equal(access(file, F_OK), -1);
	handover_read(&h, on_state, &g);
	assert_int_equal(h.n, g.n);
	return g;
}

static void test_round(void **state)
{
	struct handover h;
	struct stat st;
	struct got g;

	(void)state;
	assert_false(handover_find(&h, control));
	leave();
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	g = take();
	assert_int_equal(g.n, 2);
	assert_int_equal(g.len[0], 5);
	assert_int_equal(g.first[0], 'a');
	assert_int_equal(g.len[1], IKE_STATE_MAX);
	assert_false(handover_find(&h, control));
}

/* Cut anywhere: what is whole comes, and nothing breaks. */
static void test_cut(void **state)
{
	static const off_t sizes[] = { 13, 16, 17, 20, 100, 65000 };
	struct got g;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		leave();
		assert_int_equal(truncate(file, sizes[i]), 0);
		g = take();
		assert_int_equal(g.n, sizes[i] >= 17 ? 1 : 0);
	}
}

static void refused(void)
{
	struct handover h;

	assert_false(handover_find(&h, control));
	unlink(file);
}

static void test_not_ours(void **state)
{
	int fd;

	(void)state;
	leave();
	assert_int_equal(chmod(file, 0640), 0);
	refused();
	leave();
	fd = open(file, O_WRONLY);
	assert_int_equal(write(fd, "MOBX", 4), 4);
	close(fd);
	refused();
	leave();
	assert_int_equal(truncate(file, 3), 0);
	refused();
	leave();
	assert_int_equal(rename(file, fresh), 0);
	assert_int_equal(symlink(fresh, file), 0);
	refused();
	unlink(fresh);
	assert_int_equal(mkfifo(file, 0600), 0);
	refused();
}

/* The wrong place: nothing is left there. */
static void test_disk(void **state)
{
	char err[256] = "";
	struct handover h;

	(void)state;
	assert_true(handover_begin(&h, "/proc/self/control", err,
				   sizeof(err)) < 0);
	assert_non_null(strstr(err, "/proc/self/handover"));
	assert_int_equal(h.fd, -1);
	handover_add(&h, "x", 1);
	assert_true(handover_end(&h) < 0);
}

/* A rest of a run that was killed while it wrote is in nobody's way. */
static void test_half_written(void **state)
{
	struct handover h;
	char err[256];

	(void)state;
	assert_int_equal(handover_begin(&h, control, err, sizeof(err)), 0);
	handover_add(&h, "abcde", 5);
	close(h.fd);
	assert_false(handover_find(&h, control));
	leave();
	assert_int_equal(take().n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_disk),
		cmocka_unit_test(test_half_written),
	};

	return cmocka_run_group_tests(tests, setup, tear_down);
}
