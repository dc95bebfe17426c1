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
static char control[64], other[64], file[80], fresh[80];

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(control, sizeof(control), "%s/control", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	snprintf(file, sizeof(file), "%s.handover", control);
	snprintf(fresh, sizeof(fresh), "%s.handover.new", control);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(file);
	unlink(fresh);
	unlink(other);
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

static int look_into(const char *path)
{
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	return fd;
}

/* There are no keys any more in what has been removed. */
static void wiped(int fd)
{
	uint8_t octets[1000];
	ssize_t n, all = 0;

	while ((n = read(fd, octets, sizeof(octets))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(octets[i], 0);
		all += n;
	}
	assert_true(all > 0);
	close(fd);
}

static struct got take(void)
{
	int fd = look_into(file);
	struct got g = { 0 };
	struct handover h;

	/* Another agent with its socket in the same folder has its own. */
	assert_false(handover_find(&h, other));
	assert_true(handover_find(&h, control));
	/* Nobody else gets it. */
	assert_int_equal(access(file, F_OK), -1);
	handover_read(&h, on_state, &g);
	assert_int_equal(h.n, g.n);
	wiped(fd);
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

/* An agent has left it, but who knows who has read or written it since? */
static void dropped(void)
{
	int fd = look_into(file);
	struct handover h;

	assert_false(handover_find(&h, control));
	assert_int_equal(access(file, F_OK), -1);
	wiped(fd);
}

static void test_not_sound(void **state)
{
	(void)state;
	leave();
	assert_int_equal(chmod(file, 0640), 0);
	dropped();
	leave();
	assert_int_equal(truncate(file, 3), 0);
	dropped();
	leave();
	assert_int_equal(link(file, other), 0);
	dropped();
	unlink(other);
}

/* What somebody else has put there stays. */
static void stays(void)
{
	struct handover h;
	struct stat st;

	assert_false(handover_find(&h, control));
	assert_int_equal(lstat(file, &st), 0);
	unlink(file);
}

static void test_not_ours(void **state)
{
	char text[5] = "";
	int fd;

	(void)state;
	fd = open(file, O_RDWR | O_CREAT, 0600);
	assert_int_equal(write(fd, "MOBX", 4), 4);
	stays();
	assert_int_equal(pread(fd, text, 4, 0), 4);
	assert_string_equal(text, "MOBX");
	close(fd);
	leave();
	assert_int_equal(rename(file, other), 0);
	assert_int_equal(symlink(other, file), 0);
	stays();
	assert_int_equal(access(other, F_OK), 0);
	unlink(other);
	assert_int_equal(mkfifo(file, 0600), 0);
	stays();
}

/* The wrong place: nothing is left there. */
static void test_disk(void **state)
{
	char err[256] = "";
	struct handover h;

	(void)state;
	assert_true(handover_begin(&h, "/proc/self/control", err,
				   sizeof(err)) < 0);
	assert_non_null(strstr(err, "/proc/self/control.handover"));
	assert_int_equal(h.fd, -1);
	handover_add(&h, "x", 1);
	assert_true(handover_end(&h) < 0);
}

/* Killed while it wrote: how many octets there are then */
static int half_written(off_t len)
{
	struct handover h;
	char err[256];

	assert_int_equal(handover_begin(&h, control, err, sizeof(err)), 0);
	handover_add(&h, "abcde", 5);
	assert_int_equal(ftruncate(h.fd, len), 0);
	close(h.fd);
	return look_into(fresh);
}

/* A rest of such a run goes with the next, and is in nobody's way. */
static void test_half_written(void **state)
{
	struct handover h;
	char err[256];
	int fd;

	(void)state;
	for (int i = 0; i < 2; i++) {
		fd = half_written(i ? 15 : 4);
		assert_false(handover_find(&h, control));
		assert_int_equal(access(fresh, F_OK), -1);
		wiped(fd);
	}
	close(half_written(0));
	fd = half_written(17);
	leave();
	wiped(fd);
	assert_int_equal(take().n, 2);
	/* Given up */
	assert_int_equal(handover_begin(&h, control, err, sizeof(err)), 0);
	handover_add(&h, "abcde", 5);
	fd = look_into(fresh);
	handover_drop(&h);
	assert_int_equal(access(fresh, F_OK), -1);
	wiped(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_not_sound),
		cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_disk),
		cmocka_unit_test(test_half_written),
	};

	return cmocka_run_group_tests(tests, setup, tear_down);
}
