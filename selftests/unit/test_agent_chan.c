// SPDX-License-Identifier: GPL-2.0
/* Messages between the processes of mobxd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/chan.h"

struct end {
	struct event_base *base;
	struct chan *chan;
	unsigned int got;
	size_t octets;
	uint64_t next_tag;
	bool closed;
};

static void on_message(void *ctx, uint32_t type, uint64_t tag,
		       const void *data, size_t len)
{
	struct end *e = ctx;

	assert_int_equal(type, 5);
	assert_int_equal(tag, e->next_tag++);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(((const uint8_t *)data)[i], (uint8_t)tag);
	e->got++;
	e->octets += len;
}

static void on_closed(void *ctx)
{
	struct end *e = ctx;

	assert_false(e->closed);
	e->closed = true;
}

static const struct chan_ops ops = { on_message, on_closed };

static void run(struct event_base *base)
{
	struct timeval tv = { .tv_usec = 50000 };

	event_base_loopexit(base, &tv);
	event_base_dispatch(base);
}

struct pair {
	struct event_base *base;
	struct end end[2];
};

static void pair_open(struct pair *p)
{
	int fd[2];

	memset(p, 0, sizeof(*p));
	p->base = event_base_new();
	assert_int_equal(chan_pair(fd), 0);
	for (int i = 0; i < 2; i++) {
		p->end[i].chan = chan_new(p->base, fd[i], &ops, &p->end[i]);
		assert_non_null(p->end[i].chan);
	}
}

static void pair_close(struct pair *p)
{
	chan_free(p->end[0].chan);
	chan_free(p->end[1].chan);
	event_base_free(p->base);
}

static void say(struct chan *c, uint64_t tag, size_t len)
{
	uint8_t *body = malloc(len + 1);

	memset(body, (int)tag, len);
	chan_send(c, 5, tag, body, len);
	free(body);
}

/* More than the socket holds: what is queued keeps its order. */
static void in_order(void **state)
{
	struct pair p;
	size_t sent = 0;

	(void)state;
	pair_open(&p);
	for (unsigned int i = 0; i < 300; i++) {
		size_t len = i % 7 ? i * 50 : i % 2 ? 0 : CHAN_MAX_BODY;

		say(p.end[0].chan, i, len);
		sent += len;
	}
	for (int i = 0; i < 200 && p.end[1].got < 300; i++)
		run(p.base);
	assert_int_equal(p.end[1].got, 300);
	assert_int_equal(p.end[1].octets, sent);
	assert_false(p.end[0].closed);
	pair_close(&p);
}

static void in_parts(void **state)
{
	uint8_t body[6] = { 0 };
	struct iovec parts[] = {
		{ .iov_base = body, .iov_len = 2 },
		{ .iov_base = NULL, .iov_len = 0 },
		{ .iov_base = body, .iov_len = 6 },
	};
	struct pair p;

	(void)state;
	pair_open(&p);
	chan_sendv(p.end[1].chan, 5, 0, parts, 3);
	run(p.base);
	assert_int_equal(p.end[0].got, 1);
	assert_int_equal(p.end[0].octets, 8);
	pair_close(&p);
}

static void other_end_gone(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	say(p.end[0].chan, 0, 10);
	chan_free(p.end[0].chan);
	p.end[0].chan = NULL;
	run(p.base);
	/* What was said before is still heard. */
	assert_int_equal(p.end[1].got, 1);
	assert_true(p.end[1].closed);
	say(p.end[1].chan, 0, 10);
	pair_close(&p);
}

/* Too long, or too much unread: the channel breaks, and says so once. */
static void too_much(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	say(p.end[0].chan, 0, CHAN_MAX_BODY + 1);
	assert_false(p.end[0].closed);
	run(p.base);
	assert_true(p.end[0].closed);
	pair_close(&p);

	pair_open(&p);
	for (unsigned int i = 0; i < 400; i++)
		say(p.end[0].chan, i, CHAN_MAX_BODY);
	run(p.base);
	assert_true(p.end[0].closed);
	pair_close(&p);
}

#define MANY 250

/* Says more than a channel queues, and ends at once. */
static void talker(int fd)
{
	struct event_base *base = event_base_new();
	struct end e = { .base = base };
	int ret = 0;

	e.chan = chan_new(base, fd, &ops, &e);
	for (unsigned int i = 0; i < MANY && !ret; i++) {
		say(e.chan, i, CHAN_MAX_BODY);
		ret = chan_flush(e.chan, 1 << 20, 10000);
	}
	if (!ret)
		ret = chan_flush(e.chan, 0, 10000);
	chan_free(e.chan);
	_exit(ret || e.closed);
}

static void all_before_the_end(void **state)
{
	struct end e = { .base = event_base_new() };
	int fd[2], status = -1;
	pid_t pid;

	(void)state;
	assert_true((size_t)MANY * CHAN_MAX_BODY > CHAN_MAX_QUEUE);
	assert_int_equal(chan_pair(fd), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(fd[0]);
		talker(fd[1]);
	}
	close(fd[1]);
	e.chan = chan_new(e.base, fd[0], &ops, &e);
	assert_non_null(e.chan);
	for (int i = 0; i < 400 && !e.closed; i++)
		run(e.base);
	assert_true(e.closed);
	assert_int_equal(e.got, MANY);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	chan_free(e.chan);
	event_base_free(e.base);
}

static void nobody_reads(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	assert_int_equal(chan_flush(p.end[0].chan, 0, 20), 0);
	for (unsigned int i = 0; i < 20; i++)
		say(p.end[0].chan, i, CHAN_MAX_BODY);
	assert_int_equal(chan_flush(p.end[0].chan, CHAN_MAX_QUEUE, 20), 0);
	assert_int_equal(chan_flush(p.end[0].chan, 0, 20), -ETIMEDOUT);
	assert_int_equal(chan_flush(p.end[0].chan, 0, 20), -EPIPE);
	run(p.base);
	assert_true(p.end[0].closed);
	pair_close(&p);
}

/* What is no message of ours breaks the channel. */
static void rubbish(void **state)
{
	static const uint8_t bytes[64] = { 5, 0, 0, 0, 99 };
	static const size_t lengths[] = { 1, 15, 16, 64 };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct end e = { .base = event_base_new() };
		int fd[2];

		assert_int_equal(chan_pair(fd), 0);
		e.chan = chan_new(e.base, fd[0], &ops, &e);
		assert_int_equal(write(fd[1], bytes, lengths[i]), lengths[i]);
		run(e.base);
		assert_true(e.closed);
		assert_int_equal(e.got, 0);
		close(fd[1]);
		chan_free(e.chan);
		event_base_free(e.base);
	}
}

static void descriptors(void **state)
{
	int fd[2], pipes[2], taken[2] = { -1, -1 };
	char body[8] = "1234567", got[8] = "", c = 0;

	(void)state;
	assert_int_equal(chan_pair(fd), 0);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(chan_pass(fd[0], 9, body, sizeof(body), pipes, 2), 0);
	assert_int_equal(chan_take(fd[1], 9, got, sizeof(got), taken, 2), 0);
	assert_string_equal(got, body);
	assert_int_equal(write(taken[1], "x", 1), 1);
	assert_int_equal(read(pipes[0], &c, 1), 1);
	assert_int_equal(c, 'x');
	for (int i = 0; i < 2; i++) {
		close(pipes[i]);
		close(taken[i]);
	}
	/* Another type, another length, none where some should be. */
	assert_int_equal(chan_pass(fd[0], 8, body, sizeof(body), NULL, 0), 0);
	assert_int_equal(chan_take(fd[1], 9, got, sizeof(got), NULL, 0),
			 -EPROTO);
	assert_int_equal(chan_pass(fd[0], 9, body, 4, NULL, 0), 0);
	assert_int_equal(chan_take(fd[1], 9, got, sizeof(got), NULL, 0),
			 -EPROTO);
	assert_int_equal(chan_pass(fd[0], 9, body, sizeof(body), NULL, 0), 0);
	assert_int_equal(chan_take(fd[1], 9, got, sizeof(got), taken, 2),
			 -EPROTO);
	close(fd[0]);
	assert_int_equal(chan_take(fd[1], 9, got, sizeof(got), NULL, 0),
			 -EPIPE);
	close(fd[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(in_parts),
		cmocka_unit_test(other_end_gone),
		cmocka_unit_test(too_much),
		cmocka_unit_test(all_before_the_end),
		cmocka_unit_test(nobody_reads),
		cmocka_unit_test(rubbish),
		cmocka_unit_test(descriptors),
	};

	return cmocka_run_group_tests_name("agent_chan", tests, NULL, NULL);
}
