// SPDX-License-Identifier: GPL-2.0
#include "agent/signals.h"

#include <signal.h>
#include <stddef.h>

static const int orders[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR2 };

/*
 * Blocked, not ignored: what is ignored is lost. Linux keeps SIGCHLD, too, which
 * nobody hears of by default, as long as it is blocked.
 */
static void mask(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		sigaddset(&set, orders[i]);
	sigprocmask(how, &set, NULL);
}

void signals_hold(void)
{
	mask(SIG_BLOCK);
}

void signals_obey(void)
{
	mask(SIG_UNBLOCK);
}

void signals_ignore(void)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		signal(orders[i], SIG_IGN);
	mask(SIG_UNBLOCK);
}
