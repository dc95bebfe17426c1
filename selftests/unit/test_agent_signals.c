// SPDX-License-Identifier: GPL-2.0
/* What tells the agent to stop waits until it can be obeyed. */
#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/signals.h"

static const int all[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR2, SIGCHLD };

#define ALL (sizeof(all) / sizeof(all[0]))

static unsigned int seen[ALL];

static void on_signal(evutil_socket_t sig, short what, void *arg)
{
	(void)what;
	(void)arg;
	for (size_t i = 0; i < ALL; i++)
		seen[i] += all[i] == sig;
}

/* 0 if nothing that a terminal or an administrator sends reaches it. */
static int child(void)
{
	struct sigaction was;
	sigset_t now;

	signals_ignore();
	sigprocmask(SIG_BLOCK, NULL, &now);
	for (size_t i = 0; i < ALL; i++) {
		if (sigismember(&now, all[i]))
			return 1;
		if (all[i] == SIGCHLD)
			continue;
		sigaction(all[i], NULL, &was);
		if (was.sa_handler != SIG_IGN || kill(getpid(), all[i]))
			return 2;
	}
	return 0;
}

static void deferred(void **state)
{
	struct event_base *base = event_base_new();
	struct timeval soon = { .tv_usec = 50000 };
	struct event *ev[ALL];
	siginfo_t info;
	pid_t pid;

	(void)state;
	signals_hold();
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(child());
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED), 0);
	assert_int_equal(info.si_code, CLD_EXITED);
	assert_int_equal(info.si_status, 0);
	/* Not held back, these would end it here; SIGCHLD is there already. */
	for (size_t i = 0; i < ALL; i++)
		if (all[i] != SIGCHLD)
			assert_int_equal(kill(getpid(), all[i]), 0);
	for (size_t i = 0; i < ALL; i++) {
		ev[i] = evsignal_new(base, all[i], on_signal, NULL);
		assert_int_equal(event_add(ev[i], NULL), 0);
		assert_int_equal(seen[i], 0);
	}
	signals_obey();
	event_base_loopexit(base, &soon);
	event_base_dispatch(base);
	for (size_t i = 0; i < ALL; i++)
		assert_int_equal(seen[i], 1);
	/* At the end, when there are no handlers any more: they wait again. */
	signals_hold();
	for (size_t i = 0; i < ALL; i++)
		event_free(ev[i]);
	for (size_t i = 0; i < ALL; i++)
		assert_int_equal(kill(getpid(), all[i]), 0);
	event_base_free(base);
	/* Whoever runs the test is not to be ended by it. */
	signals_ignore();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deferred),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
