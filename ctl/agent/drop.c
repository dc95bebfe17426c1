// SPDX-License-Identifier: GPL-2.0
#include "agent/drop.h"

#include <cap-ng.h>
#include <errno.h>
#include <sys/prctl.h>
#include <unistd.h>

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
