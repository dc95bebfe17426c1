// SPDX-License-Identifier: GPL-2.0
/* Sockets that the service manager keeps: what comes back is looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/log.h"
#include "agent/store.h"

static int manager = -1;
static char folder[64];
static char path[96];

/* What the service manager was told last, and the descriptor with it or -1. */
static int told(char *text, size_t len)
{
	char space[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
	struct iovec iov = { .iov_base = text, .iov_len = len - 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = space, .msg_controllen = sizeof(space),
	};
	ssize_t n = recvmsg(manager, &msg, MSG_DONTWAIT);
	struct cmsghdr *cm;
	int fd = -1;

	text[n > 0 ? n : 0] = '\0';
	cm = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (cm && cm->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(cm), sizeof(fd));
	return fd;
}

static int set_up(void **state)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	(void)state;
	strcpy(folder, "/tmp/mobx-store-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/notify", folder);
	strcpy(sun.sun_path, path);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setenv("NOTIFY_SOCKET", path, 1);
	log_init("test", IKE_LOG_ERROR);
	return bind(manager, (struct sockaddr *)&sun, sizeof(sun));
}

static int tear_down(void **state)
{
	(void)state;
	close(manager);
	unlink(path);
	return rmdir(folder);
}

static int udp4(uint16_t port, uint32_t addr)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(addr),
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), one = 1;

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	return fd;
}

static void own_network(void)
{
	if (geteuid() || unshare(CLONE_NEWNET))
		skip();
}

/* New ones go to the service manager, and the next run has them again. */
static void round_trip(void **state)
{
	int udp[UDP_SOCKETS], again[UDP_SOCKETS], kept[UDP_SOCKETS], n, i, v = 0;
	socklen_t len = sizeof(v);
	struct store s = { 0 };
	char text[256], err[512];

	(void)state;
	own_network();
	n = store_udp(&s, udp, err, sizeof(err));
	assert_true(n == 2 || n == UDP_SOCKETS);
	for (i = 0; i < n; i++) {
		kept[i] = told(text, sizeof(text));
		assert_true(kept[i] >= 0);
		assert_non_null(strstr(text, "FDSTORE=1\nFDPOLL=0\nFDNAME=udp"));
		close(udp[i]);
	}
	assert_int_equal(told(text, sizeof(text)), -1);
	/* In any order, and with something that is none of ours but has a name of ours. */
	s.fd[0] = open("/dev/null", O_RDONLY);
	strcpy(s.name[0], "udp4-500");
	for (i = 0; i < n; i++) {
		s.fd[n - i] = kept[i];
		strcpy(s.name[n - i], "stored");
	}
	s.n = (unsigned int)n + 1;
	assert_int_equal(store_udp(&s, again, err, sizeof(err)), n);
	for (i = 0; i < n; i++)
		assert_int_equal(again[i], kept[i]);
	assert_int_equal(s.n, 0);
	assert_int_equal(told(text, sizeof(text)), -1);
	assert_string_equal(text, "FDSTOREREMOVE=1\nFDNAME=udp4-500");
	/* What is good may have gone with it, and is told again. */
	for (i = 0; i < n; i++) {
		v = told(text, sizeof(text));
		assert_true(v >= 0);
		close(v);
	}
	assert_int_equal(told(text, sizeof(text)), -1);
	assert_string_equal(text, "");
	v = 0;
	assert_int_equal(getsockopt(again[1], IPPROTO_UDP, UDP_ENCAP, &v, &len),
			 0);
	assert_int_equal(v, UDP_ENCAP_ESPINUDP);
	assert_true(fcntl(again[0], F_GETFL) & O_NONBLOCK);
	for (i = 0; i < n; i++)
		close(again[i]);
}

/* What looks nearly like one of them is none. */
static void not_ours(void **state)
{
	struct sockaddr_in peer = {
		.sin_family = AF_INET, .sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd, other;

	(void)state;
	own_network();
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(udp_take(fd, 0) < 0);
	close(fd);
	fd = open("/dev/null", O_RDWR);
	assert_true(udp_take(fd, 0) < 0);
	close(fd);
	assert_true(udp_take(-1, 0) < 0);
	fd = udp4(501, INADDR_ANY);
	assert_true(udp_take(fd, 0) < 0);
	close(fd);
	fd = udp4(500, INADDR_LOOPBACK);
	assert_true(udp_take(fd, 0) < 0);
	close(fd);
	fd = udp4(500, INADDR_ANY);
	assert_true(udp_take(fd, 1) < 0);
	assert_true(udp_take(fd, 2) < 0);
	assert_int_equal(udp_take(fd, 0), 0);
	/* Of another namespace; where the kernel can tell. */
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_true(udp_take(fd, 0) < 0);
	close(fd);
	if (!system("ip link set lo up")) {
		fd = udp4(500, INADDR_ANY);
		other = connect(fd, (struct sockaddr *)&peer, sizeof(peer));
		assert_true(other || udp_take(fd, 0) < 0);
		close(fd);
	}
}

static void environment(const char *pid, const char *fds, const char *fdnames)
{
	char own[16];

	snprintf(own, sizeof(own), "%d", getpid());
	setenv("LISTEN_PID", pid ? pid : own, 1);
	setenv("LISTEN_FDS", fds, 1);
	if (fdnames)
		setenv("LISTEN_FDNAMES", fdnames, 1);
	else
		unsetenv("LISTEN_FDNAMES");
}

/* In a process of its own, for the descriptors have fixed numbers. */
static bool in_child(int (*fn)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(fn());
	return pid > 0 && waitpid(pid, &status, 0) == pid &&
	       WIFEXITED(status) && !WEXITSTATUS(status);
}

static int two_fds(void)
{
	struct store s;
	int fd = open("/dev/null", O_RDONLY);

	dup2(fd, 3);
	dup2(fd, 4);
	environment(NULL, "2",
		    "udp4-500:a-name-that-is-longer-than-all-of-ours-may-be");
	store_take(&s);
	if (s.n != 2 || s.fd[0] != 3 || s.fd[1] != 4 ||
	    strcmp(s.name[0], "udp4-500") || s.name[1][0] ||
	    !(fcntl(3, F_GETFD) & FD_CLOEXEC) || getenv("LISTEN_FDS"))
		return 1;
	store_close(&s);
	return s.n || fcntl(3, F_GETFD) >= 0 || fcntl(4, F_GETFD) >= 0;
}

static int nothing(void)
{
	static const char *const bad[] = {
		"", "-1", "x", "1x", "99999999999999999999", "0", "4096",
	};
	struct store s;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		environment(NULL, bad[i], NULL);
		store_take(&s);
		if (s.n)
			return 1;
	}
	environment("1", "2", NULL);
	store_take(&s);
	return s.n || getenv("LISTEN_PID");
}

/* More than there is room for: the rest is closed, none is left open. */
static int many(void)
{
	struct store s;
	int fd = open("/dev/null", O_RDONLY), i;

	for (i = 3; i < 3 + STORE_MAX + 5; i++)
		dup2(fd, i);
	environment(NULL, "37", "a:b");
	store_take(&s);
	if (s.n != STORE_MAX || strcmp(s.name[1], "b") || s.name[2][0])
		return 1;
	return fcntl(3 + STORE_MAX, F_GETFD) >= 0;
}

static void by_environment(void **state)
{
	(void)state;
	assert_true(in_child(two_fds));
	assert_true(in_child(nothing));
	assert_true(in_child(many));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(not_ours),
		cmocka_unit_test(by_environment),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
