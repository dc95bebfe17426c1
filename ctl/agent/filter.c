// SPDX-License-Identifier: GPL-2.0
#include "agent/filter.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * What an event loop, a log, malloc() and libcrypto need. With more than a
 * kilobyte to sort, qsort() asks how much memory there is.
 */
static const int always[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close),
	SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto),
	SCMP_SYS(sendmsg), SCMP_SYS(fcntl), SCMP_SYS(poll), SCMP_SYS(ppoll),
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2),
	SCMP_SYS(epoll_ctl), SCMP_SYS(timerfd_settime),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(getppid),
	SCMP_SYS(gettid), SCMP_SYS(sysinfo),
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(munlock), SCMP_SYS(futex), SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(exit), SCMP_SYS(exit_group),
};

/* Clients of the control socket. */
static const int worker_only[] = {
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(readv),
	SCMP_SYS(shutdown),
};

/* Web servers, name servers, and whether there is a way to them. */
static const int fetch_only[] = {
	SCMP_SYS(connect), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
	SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(readv),
	SCMP_SYS(shutdown),
};

/* Reading the configuration again, leases, netlink, the end of the others. */
static const int parent_only[] = {
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(lstat),
	SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx),
	SCMP_SYS(getdents64), SCMP_SYS(lseek), SCMP_SYS(pread64),
	SCMP_SYS(fstatfs),
	SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename),
	SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(fsync),
	SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(bind),
	SCMP_SYS(getsockname), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
	SCMP_SYS(rt_sigaction), SCMP_SYS(wait4), SCMP_SYS(kill),
	SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep), SCMP_SYS(geteuid),
};

static int allow(scmp_filter_ctx f, const int *calls, size_t n)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < n; i++)
		ret = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0);
	return ret;
}

#define ALLOW(f, calls) allow(f, calls, sizeof(calls) / sizeof((calls)[0]))

static int allow_memory(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp data = {
		.arg = 2, .op = SCMP_CMP_MASKED_EQ, .datum_a = PROT_EXEC,
	};
	int ret = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, data);

	return ret ? ret : seccomp_rule_add(f, SCMP_ACT_ALLOW,
					    SCMP_SYS(mprotect), 1, data);
}

/* abort() sends itself a signal; none are for others of the same user. */
static int allow_abort(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp self = {
		.arg = 0, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)getpid(),
	};

	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, self);
}

static int allow_ioctl(scmp_filter_ctx f, scmp_datum_t request)
{
	const struct scmp_arg_cmp same = {
		.arg = 1, .op = SCMP_CMP_EQ, .datum_a = request,
	};

	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, same);
}

static int allow_sockets(scmp_filter_ctx f, int one, int other)
{
	const struct scmp_arg_cmp families[] = {
		{ .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)one },
		{ .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)other },
	};
	int ret = 0;

	for (int i = 0; !ret && i < 2; i++)
		ret = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				       families[i]);
	return ret;
}

/*
 * How much a client or server has written; whether what libconfuse reads is a terminal;
 * the service manager and netlink.
 */
static int allow_some(scmp_filter_ctx f, enum filter_process process)
{
	int ret;

	if (process == FILTER_CREDS)
		return 0;
	ret = allow_ioctl(f, process == FILTER_PARENT ? TCGETS : FIONREAD);
	if (!ret && process == FILTER_PARENT)
		ret = allow_sockets(f, AF_UNIX, AF_NETLINK);
	if (!ret && process == FILTER_FETCH)
		ret = allow_sockets(f, AF_INET, AF_INET6);
	return ret;
}

int filter_system_calls(enum filter_process process)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int ret;

	if (!f)
		return -ENOMEM;
	ret = ALLOW(f, always);
	if (!ret && process == FILTER_WORKER)
		ret = ALLOW(f, worker_only);
	if (!ret && process == FILTER_PARENT)
		ret = ALLOW(f, parent_only);
	if (!ret && process == FILTER_FETCH)
		ret = ALLOW(f, fetch_only);
	if (!ret)
		ret = allow_abort(f);
	if (!ret)
		ret = allow_memory(f);
	if (!ret)
		ret = allow_some(f, process);
	/* A tree: the cost does not depend on a call's place in the lists. */
	if (!ret)
		ret = seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!ret)
		ret = seccomp_load(f);
	seccomp_release(f);
	return ret;
}
