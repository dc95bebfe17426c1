// SPDX-License-Identifier: GPL-2.0
#include "agent/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/log.h"
#include "agent/notify.h"

/* By the protocol they begin here. */
#define FIRST_FD 3

static const char *const names[UDP_SOCKETS] = {
	"udp4-500", "udp4-4500", "udp6-500", "udp6-4500",
};

/* A number of the environment; 0 if it is none, or too large. */
static unsigned long number(const char *variable, unsigned long max)
{
	const char *text = getenv(variable);
	unsigned long v;
	char *end;

	if (!text || text[0] < '0' || text[0] > '9')
		return 0;
	errno = 0;
	v = strtoul(text, &end, 10);
	return errno || *end || v > max ? 0 : v;
}

/* The next of the names, which a colon ends; "" if it is too long. */
static const char *next_name(const char *at, char name[STORE_NAME])
{
	size_t len = at ? strcspn(at, ":") : 0;

	name[0] = '\0';
	if (len < STORE_NAME && at)
		snprintf(name, STORE_NAME, "%.*s", (int)len, at);
	return at && at[len] ? at + len + 1 : NULL;
}

void store_take(struct store *s)
{
	const char *at = getenv("LISTEN_FDNAMES");
	unsigned long n = number("LISTEN_FDS", 1024);
	int fd;

	s->n = 0;
	/* The environment of some other process says nothing about ours. */
	if (number("LISTEN_PID", INT32_MAX) != (unsigned long)getpid())
		n = 0;
	for (unsigned long i = 0; i < n; i++) {
		fd = FIRST_FD + (int)i;
		if (s->n == STORE_MAX) {
			close(fd);
			continue;
		}
		at = next_name(at, s->name[s->n]);
		if (!fcntl(fd, F_SETFD, FD_CLOEXEC))
			s->fd[s->n++] = fd;
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

void store_close(struct store *s)
{
	while (s->n)
		close(s->fd[--s->n]);
}

/* The first that is the socket of a place, which is no longer in there then. */
static int find(struct store *s, unsigned int index)
{
	int fd;

	for (unsigned int i = 0; i < s->n; i++) {
		fd = s->fd[i];
		if (udp_take(fd, index))
			continue;
		s->n--;
		s->fd[i] = s->fd[s->n];
		memcpy(s->name[i], s->name[s->n], STORE_NAME);
		return fd;
	}
	return -ENOENT;
}

/* No error on it, which a stranger might cause, is to end its being kept. */
static void keep(int fd, unsigned int index)
{
	char state[64];

	snprintf(state, sizeof(state), "FDSTORE=1\nFDPOLL=0\nFDNAME=%s",
		 names[index]);
	notify_fd(state, fd);
}

/*
 * The service manager has what it gave, until it is told by name: all goes, and
 * what is good is kept anew after that. Otherwise a leftover of the same name, of
 * another namespace or one that cannot be set up, takes a place for ever, and its
 * port.
 */
static void forget(const char *name)
{
	char state[64];

	snprintf(state, sizeof(state), "FDSTOREREMOVE=1\nFDNAME=%s", name);
	notify(state);
}

/* Returns how many there were. */
static unsigned int drop_rest(struct store *s)
{
	unsigned int n = s->n;

	for (unsigned int i = 0; i < s->n; i++) {
		log_line(IKE_LOG_WARNING, NULL, "start",
			 "descriptor %d (\"%s\") from the service manager is no IKE socket of this namespace; closing it",
			 s->fd[i], s->name[i]);
		if (s->name[i][0])
			forget(s->name[i]);
	}
	store_close(s);
	return n;
}

/* What the service manager was told to forget has its port for a moment yet. */
static int open_after(unsigned int dropped, unsigned int index, char *err,
		      size_t errlen)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000000 };
	int fd = udp_open(index, err, errlen);

	for (int i = 0; dropped && fd == -EADDRINUSE && i < 20; i++) {
		nanosleep(&pause, NULL);
		fd = udp_open(index, err, errlen);
	}
	return fd;
}

int store_udp(struct store *s, int udp[UDP_SOCKETS], char *err, size_t errlen)
{
	unsigned int n, taken = 0, dropped;
	bool is_new;

	for (n = 0; n < UDP_SOCKETS; n++) {
		udp[n] = find(s, n);
		if (udp[n] >= 0)
			taken++;
	}
	/* Those have to go first if they have one of the ports. */
	dropped = drop_rest(s);
	for (n = 0; n < UDP_SOCKETS; n++) {
		is_new = udp[n] < 0;
		if (is_new)
			udp[n] = open_after(dropped, n, err, errlen);
		if (udp[n] == -EAFNOSUPPORT && n)
			break;
		if (udp[n] < 0)
			return udp[n];
		/* One that was taken may have gone with another of its name. */
		if (is_new || dropped)
			keep(udp[n], n);
	}
	if (taken)
		log_line(IKE_LOG_INFO, NULL, "start",
			 "%u sockets of the run before this one", taken);
	return (int)n;
}
