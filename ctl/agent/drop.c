// SPDX-License-Identifier: GPL-2.0
#include "agent/drop.h"

#include <cap-ng.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/log.h"

int drop_privileges(const char *root, uid_t uid, gid_t gid)
{
	if (chroot(root) || chdir("/"))
		return -errno;
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_change_id((int)uid, (int)gid,
			    CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING))
		return -EPERM;
	/* No core with keys in it, and no ptrace from others of this user. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return -errno;
	if (setuid(0) == 0 || geteuid() != uid || getegid() != gid)
		return -EPERM;
	return 0;
}

int drop_to_admin(void)
{
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED |
			  CAPNG_BOUNDING_SET, CAP_NET_ADMIN, CAP_KILL, -1) ||
	    capng_apply(CAPNG_SELECT_BOTH))
		return -EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return -errno;
	return 0;
}

/* With less than all there is, one page too many would be refused later. */
int drop_swapping(void)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(RLIMIT_MEMLOCK, &all) ||
	    mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		return -errno;
	return 0;
}

int drop_system_calls(enum filter_process process, bool filter)
{
	int ret = filter ? filter_system_calls(process) : 0;

	if (ret)
		log_line(IKE_LOG_ERROR, NULL, "start",
			 "cannot filter system calls: %s; a kernel with CONFIG_SECCOMP_FILTER would be right, or seccomp = false in the configuration",
			 strerror(-ret));
	return ret;
}
