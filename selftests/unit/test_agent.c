// SPDX-License-Identifier: GPL-2.0
/* The borders between the processes of mobxd, and its control socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <linux/capability.h>
#include <unistd.h>

#include "agent/chan.h"
#include "agent/control.h"
#include "agent/drop.h"
#include "agent/listen.h"
#include "agent/msg.h"
#include "agent/request.h"
#include "agent/worker.h"
#include "crypto/util.h"
#include "ike_net.h"

#define NOBODY 65534

static char folder[64];
static char path[96];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/mobx-agent-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/control", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

/* ------------------------------------------------------- control socket */

/* A path given by mistake does not cost a file. */
static void file_in_the_way(void **state)
{
	FILE *f = fopen(path, "w");
	char err[512] = "";
	struct stat st;

	(void)state;
	assert_non_null(f);
	fclose(f);
	assert_int_equal(listen_control(path, err, sizeof(err)), -ENOTSOCK);
	assert_non_null(strstr(err, path));
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(unlink(path), 0);
}

/* For root alone; one that is served stays, one that is left over goes. */
static void control_socket(void **state)
{
	char err[512] = "";
	struct stat st;
	int fd;

	(void)state;
	fd = listen_control(path, err, sizeof(err));
	assert_true(fd >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(listen_control(path, err, sizeof(err)), -EADDRINUSE);
	close(fd);
	fd = listen_control(path, err, sizeof(err));
	assert_true(fd >= 0);
	close(fd);
}

/* Who asks while the configuration is read gets its answer when that is there. */
static void control_waits(void **state)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int me = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), fd;
	struct worker w = { .base = event_base_new() };
	char err[512] = "", answer[512];
	struct control *c;

	(void)state;
	fd = listen_control(path, err, sizeof(err));
	assert_true(fd >= 0);
	c = control_new(w.base, fd, &w);
	assert_non_null(c);
	strcpy(sun.sun_path, path);
	assert_int_equal(connect(me, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(write(me, "{}\n", 3), 3);
	for (int i = 0; i < 4; i++)
		event_base_loop(w.base, EVLOOP_NONBLOCK);
	assert_int_equal(read(me, answer, sizeof(answer)), -1);
	assert_int_equal(errno, EAGAIN);
	control_begin(c);
	for (int i = 0; i < 4; i++)
		event_base_loop(w.base, EVLOOP_NONBLOCK);
	assert_true(read(me, answer, sizeof(answer)) > 0);
	close(me);
	control_free(c);
	event_base_free(w.base);
}

static void no_message(void *ctx, uint32_t type, uint64_t tag, const void *data,
		       size_t len)
{
	(void)ctx;
	(void)type;
	(void)tag;
	(void)data;
	(void)len;
}

/* Why a configuration is refused is told, in whatever it is written. */
static void control_says(void **state)
{
	static const char load[] = "{\"cmd\":\"conn-load\"}\n";
	static const struct chan_ops none = { .message = no_message };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int me = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), fd, pair[2];
	struct worker w = { .base = event_base_new() };
	char err[512] = "", answer[512] = "";
	struct control *c;

	(void)state;
	fd = listen_control(path, err, sizeof(err));
	assert_true(fd >= 0);
	assert_int_equal(chan_pair(pair), 0);
	w.parent = chan_new(w.base, pair[0], &none, NULL);
	c = control_new(w.base, fd, &w);
	assert_true(c && w.parent);
	control_begin(c);
	strcpy(sun.sun_path, path);
	assert_int_equal(connect(me, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(write(me, load, sizeof(load) - 1), sizeof(load) - 1);
	for (int i = 0; i < 4; i++)
		event_base_loop(w.base, EVLOOP_NONBLOCK);
	control_done(c, 1, -EINVAL, "caf\xe9.conf:3: boss");
	for (int i = 0; i < 4; i++)
		event_base_loop(w.base, EVLOOP_NONBLOCK);
	assert_true(read(me, answer, sizeof(answer) - 1) > 0);
	assert_string_equal(answer, "{\"ok\":false,\"error\":"
			    "\"caf\\\\xe9.conf:3: boss\"}\n");
	close(me);
	close(pair[1]);
	control_free(c);
	chan_free(w.parent);
	event_base_free(w.base);
}

/* Answers of as many connections as to be more than may wait. */
static struct ike_engine *many_conns(unsigned int n)
{
	static const struct ike_settings settings = { .random = crypto_random };
	struct ike_engine *eng = ike_engine_new(&settings, NULL);
	struct ike_event ev = { .type = IKE_EV_CONN_ADD };
	struct ike_conn c = net_conn(1);

	ev.u.conn.conn = &c;
	while (n--) {
		struct ike_actions acts = { 0 };

		snprintf(c.name, sizeof(c.name), "conn-%u", n);
		ike_engine_event(eng, &ev, worker_now_us(), &acts);
		ike_actions_clear(&acts);
	}
	return eng;
}

/* Long answers, one behind the other and with reports between, all come whole. */
static void control_long(void **state)
{
	static const char asks[] = "{\"cmd\":\"monitor\"}\n"
				   "{\"cmd\":\"conn-list\"}\n"
				   "{\"cmd\":\"conn-list\"}\n";
	static const struct ike_report report = { .kind = "move" };
	static char buf[1 << 20];
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int me = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), fd;
	struct worker w = { .base = event_base_new() };
	size_t lines = 0, octets = 0;
	char err[512] = "";
	struct control *c;

	(void)state;
	w.engine = many_conns(16000);
	fd = listen_control(path, err, sizeof(err));
	assert_true(fd >= 0);
	c = control_new(w.base, fd, &w);
	assert_non_null(c);
	control_begin(c);
	strcpy(sun.sun_path, path);
	assert_int_equal(connect(me, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(write(me, asks, sizeof(asks) - 1), sizeof(asks) - 1);
	for (int i = 0; i < 1000; i++) {
		ssize_t n;

		event_base_loop(w.base, EVLOOP_NONBLOCK);
		control_report(c, &report);
		n = read(me, buf, sizeof(buf));
		assert_true(n > 0 || errno == EAGAIN);
		for (ssize_t j = 0; j < n; j++)
			lines += buf[j] == '\n';
		octets += n > 0 ? (size_t)n : 0;
	}
	assert_true(octets > 8 << 20);
	assert_in_range(lines, 900, 1003);
	close(me);
	control_free(c);
	ike_engine_free(w.engine);
	event_base_free(w.base);
}

/* ------------------------------------------------------------ privileges */

static int still_has(void)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct d[2];

	if (drop_privileges(folder, NOBODY, NOBODY))
		return 1;
	if (syscall(SYS_capget, &h, d) || d[0].effective || d[1].effective ||
	    d[0].permitted || d[1].permitted || d[0].inheritable ||
	    d[1].inheritable)
		return 2;
	for (unsigned long cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) > 0 ||
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) > 0)
			return 3;
	if (getuid() != NOBODY || getgid() != NOBODY || getgroups(0, NULL))
		return 4;
	if (!setuid(0) || !setgid(0) || !setgroups(0, NULL))
		return 5;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
	    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0))
		return 6;
	if (!access("/etc/passwd", F_OK) || !chroot("/") ||
	    creat("/file", 0600) >= 0)
		return 7;
	return 0;
}

/* No way back to anything that root could do. */
static void privileges(void **state)
{
	gid_t group = 4;
	int status;
	pid_t pid;

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(chmod(folder, 0555), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(setgroups(1, &group) ? 8 : still_has());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(chmod(folder, 0700), 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int by_octet(const void *a, const void *b)
{
	return *(const unsigned char *)a - *(const unsigned char *)b;
}

/* Ends with 0 if what a process must do all day still works. */
static int all_day(const int *pair)
{
	char many[64 * 128] = { 0 };
	char c = 'x';
	void *p;

	if (write(pair[0], &c, 1) != 1 || read(pair[1], &c, 1) != 1)
		return 1;
	p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED || mprotect(p, 1 << 20, PROT_READ) ||
	    munmap(p, 1 << 20))
		return 2;
	/* As many addresses as a host may have. */
	qsort(many, 64, sizeof(many) / 64, by_octet);
	if (syscall(SYS_getrandom, &c, 1, 0) != 1)
		return 3;
	if (syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 0))
		return 4;
	return 0;
}

static const struct forbidden {
	long number;
	long arg[4];
	/* Which process may, or -1. */
	int may;
} forbidden[] = {
	{ SYS_execve, { 0, 0, 0 }, -1 },
	{ SYS_clone, { SIGCHLD, 0, 0 }, -1 },
	{ SYS_ptrace, { 0, 0, 0 }, -1 },
	{ SYS_setuid, { 0 }, -1 },
	{ SYS_mmap, { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE }, -1 },
	{ SYS_mprotect, { 0, 4096, PROT_EXEC }, -1 },
	{ SYS_socket, { AF_INET, SOCK_DGRAM, 0 }, FILTER_FETCH },
	{ SYS_socket, { AF_INET6, SOCK_STREAM, 0 }, FILTER_FETCH },
	{ SYS_connect, { -1, 0, 0 }, FILTER_FETCH },
	{ SYS_bind, { -1, 0, 0 }, FILTER_PARENT },
	{ SYS_socket, { AF_UNIX, SOCK_STREAM, 0 }, FILTER_PARENT },
	{ SYS_socket, { AF_PACKET, SOCK_RAW, 0 }, -1 },
	{ SYS_ioctl, { 0, TIOCSTI, 0 }, -1 },
	{ SYS_bpf, { 0, 0, 0 }, -1 },
	{ SYS_socket, { AF_NETLINK, SOCK_RAW, 0 }, FILTER_PARENT },
	{ SYS_openat, { AT_FDCWD, 0, O_RDONLY }, FILTER_PARENT },
	{ SYS_kill, { 1, 0 }, FILTER_PARENT },
	{ SYS_tgkill, { 1, 1, 0 }, -1 },
	{ SYS_unlink, { 0 }, FILTER_PARENT },
};

/* The status of a process that filters itself and then makes a call. */
static int filtered(enum filter_process process, const struct forbidden *f)
{
	int status, pair[2];
	pid_t pid;

	assert_int_equal(chan_pair(pair), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (filter_system_calls(process))
			_exit(9);
		status = f ? 0 : all_day(pair);
		if (f)
			syscall(f->number, f->arg[0], f->arg[1], f->arg[2],
				f->arg[3], -1, 0);
		/* The sanitizer's own _exit() asks for a signal stack. */
		syscall(SYS_exit_group, status);
	}
	close(pair[0]);
	close(pair[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* A process that does what its work does not take ends at once. */
static void system_calls(void **state)
{
	static const enum filter_process all[] = {
		FILTER_PARENT, FILTER_WORKER, FILTER_CREDS, FILTER_FETCH
	};
	size_t n = sizeof(forbidden) / sizeof(forbidden[0]);
	int status;

	(void)state;
	for (int i = 0; i < 4; i++) {
		status = filtered(all[i], NULL);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		for (size_t j = 0; j < n; j++) {
			status = filtered(all[i], &forbidden[j]);
			if (forbidden[j].may == (int)all[i]) {
				assert_true(WIFEXITED(status));
				continue;
			}
			assert_true(WIFSIGNALED(status));
			assert_int_equal(WTERMSIG(status), SIGSYS);
		}
	}
}

/* The parent keeps two capabilities and can get no other. */
static int admin_only(void)
{
	const unsigned int kept = 1u << CAP_NET_ADMIN | 1u << CAP_KILL;
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct d[2];

	if (drop_to_admin())
		return 1;
	if (syscall(SYS_capget, &h, d) || d[0].effective != kept ||
	    d[0].permitted != kept || d[1].effective || d[1].permitted ||
	    d[0].inheritable || d[1].inheritable)
		return 2;
	for (unsigned long cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) > 0 &&
		    cap != CAP_NET_ADMIN && cap != CAP_KILL)
			return 3;
	return setuid(NOBODY) ? 0 : 4;
}

static void parent_rights(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid())
		skip();
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(admin_only());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* -------------------------------------------------------------- requests */

static void refused(uint32_t type, const void *body, size_t len)
{
	struct msg_kernel_done done;

	/* Without a kernel: whatever were asked of it would end the test. */
	request_run(NULL, NULL, type, body, len, &done);
	assert_int_equal(done.err, -EBADMSG);
	assert_true(done.text[0]);
}

/* A worker that was taken over writes what it likes; none of it is believed. */
static void bad_peers(void **state)
{
	struct {
		struct msg_peer m;
		struct ike_path paths[MOBX_MAX_PATHS + 1];
	} b = { 0 };
	size_t one = sizeof(b.m) + sizeof(b.paths[0]);

	(void)state;
	for (size_t len = 0; len < sizeof(b.m); len++)
		refused(MSG_PEER_NEW, &b, len);
	b.m.npaths = 1;
	refused(MSG_PEER_NEW, &b, one - 1);
	refused(MSG_PEER_NEW, &b, one + 1);
	/* No family, then a state that there is not. */
	refused(MSG_PEER_NEW, &b, one);
	b.paths[0].local.family = 4;
	b.paths[0].remote.family = 5;
	refused(MSG_PEER_REBIND, &b, one);
	b.paths[0].remote.family = 4;
	b.paths[0].state = MOBX_PATH_STATE_REMOVED + 1;
	refused(MSG_PEER_NEW, &b, one);
	b.paths[0].state = MOBX_PATH_STATE_VALID;
	memset(b.m.label, 'x', sizeof(b.m.label));
	refused(MSG_PEER_NEW, &b, one);
	memset(b.m.label, 0, sizeof(b.m.label));
	b.m.npaths = MOBX_MAX_PATHS + 1;
	refused(MSG_PEER_NEW, &b, sizeof(b));
	b.m.npaths = UINT32_MAX;
	refused(MSG_PEER_NEW, &b, one);
}

static void bad_sas(void **state)
{
	const struct ike_ac_sa good = { .dir = MOBX_DIR_IN };
	struct ike_ac_sa sa = good;

	(void)state;
	refused(MSG_SA_NEW, &sa, sizeof(sa) - 1);
	refused(MSG_SA_DEL, &sa, 0);
	sa.enc_key_len = UINT8_MAX;
	refused(MSG_SA_NEW, &sa, sizeof(sa));
	sa = good;
	sa.auth_key_len = UINT8_MAX;
	refused(MSG_SA_NEW, &sa, sizeof(sa));
	sa = good;
	sa.nselectors = MOBX_MAX_SELECTORS + 1;
	refused(MSG_SA_NEW, &sa, sizeof(sa));
	memset(&sa.dir, 0xff, sizeof(sa.dir));
	sa.nselectors = 0;
	refused(MSG_SA_NEW, &sa, sizeof(sa));
}

/* -------------------------------------------------------------- channels */

struct seen {
	struct event_base *base;
	unsigned int messages;
	unsigned int closed;
	size_t len;
};

static void on_message(void *ctx, uint32_t type, uint64_t tag, const void *data,
		       size_t len)
{
	struct seen *s = ctx;

	(void)data;
	assert_int_equal(type, MSG_RELOAD);
	assert_int_equal(tag, 7);
	s->messages++;
	s->len = len;
}

static void on_closed(void *ctx)
{
	struct seen *s = ctx;

	s->closed++;
}

static const struct chan_ops ops = { on_message, on_closed };

/* What is not a whole message ends the channel, once. */
static void channels(void **state)
{
	static const uint32_t lies[] = { MSG_RELOAD, 100, 7, 0, 0 };
	struct seen s = { .base = event_base_new() };
	uint8_t *body = calloc(1, CHAN_MAX_BODY);
	struct chan *a, *b;
	int fd[2];

	(void)state;
	assert_non_null(body);
	assert_int_equal(chan_pair(fd), 0);
	a = chan_new(s.base, fd[0], &ops, &s);
	b = chan_new(s.base, fd[1], &ops, &s);
	chan_send(a, MSG_RELOAD, 7, body, CHAN_MAX_BODY);
	event_base_loop(s.base, EVLOOP_NONBLOCK);
	assert_int_equal(s.messages, 1);
	assert_int_equal(s.len, CHAN_MAX_BODY);
	assert_int_equal(send(fd[0], lies, sizeof(lies), 0), sizeof(lies));
	for (int i = 0; i < 4; i++)
		event_base_loop(s.base, EVLOOP_NONBLOCK);
	assert_int_equal(s.messages, 1);
	assert_int_equal(s.closed, 1);
	chan_free(b);
	for (int i = 0; i < 4; i++)
		event_base_loop(s.base, EVLOOP_NONBLOCK);
	assert_int_equal(s.closed, 2);
	chan_free(a);
	event_base_free(s.base);
	free(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_in_the_way),
		cmocka_unit_test(control_socket),
		cmocka_unit_test(control_waits),
		cmocka_unit_test(control_says),
		cmocka_unit_test(control_long),
		cmocka_unit_test(privileges),
		cmocka_unit_test(system_calls),
		cmocka_unit_test(parent_rights),
		cmocka_unit_test(bad_peers),
		cmocka_unit_test(bad_sas),
		cmocka_unit_test(channels),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
