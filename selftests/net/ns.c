// SPDX-License-Identifier: GPL-2.0
/*
 * ns NAME COMMAND [ARGUMENT]... - run a command in a network namespace
 *
 * What `ip netns exec` does but for its mount namespace with a /sys of its own,
 * which the tests rarely need and pay for with half the time of a command: they
 * begin thousands. Linked statically, for the same reason.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char path[64];
	int fd;

	if (argc < 3) {
		fputs("usage: ns NAME COMMAND [ARGUMENT]...\n", stderr);
		return 2;
	}
	if ((size_t)snprintf(path, sizeof(path), "/run/netns/%s", argv[1]) >=
	    sizeof(path)) {
		fprintf(stderr, "ns: '%s' is too long for a name\n", argv[1]);
		return 2;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET)) {
		fprintf(stderr, "ns: %s: %s\n", path, strerror(errno));
		return 1;
	}
	execvp(argv[2], argv + 2);
	fprintf(stderr, "ns: %s: %s\n", argv[2], strerror(errno));
	return errno == ENOENT ? 127 : 126;
}
