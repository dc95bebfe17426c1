// SPDX-License-Identifier: GPL-2.0
/* The agent, and others that want to be the IKE daemon of this host. */

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/check.h"

void check_agent(struct check *k)
{
	char err[CHECK_TEXT];
	int fd = cli_control_open(k->c, err, sizeof(err));
	json_t *request, *data = NULL;

	if (fd < 0) {
		check_note(k, "agent", "systemctl start mobxd",
			   "%s (keys set by hand work without it)", err);
		return;
	}
	close(fd);
	request = json_object();
	out_str(request, "cmd", "status");
	if (cli_control(k->c, request, &data)) {
		check_problem(k, "agent", "systemctl restart mobxd",
			      "mobxd is there but does not answer");
		return;
	}
	check_ok(k, "agent", "mobxd runs: pid %lld, %lld of %lld connections up",
		 (long long)json_integer_value(json_object_get(data, "pid")),
		 (long long)json_integer_value(json_object_get(data, "up")),
		 (long long)json_integer_value(
			 json_object_get(data, "connections")));
	json_decref(data);
}

bool check_port_of(const char *line, unsigned int *port, unsigned long *inode)
{
	return sscanf(line,
		      " %*d: %*[0-9A-Fa-f]:%x %*x:%*x %*x %*x:%*x %*x:%*x %*x %*u %*u %lu",
		      port, inode) == 2;
}

static bool has_socket(const char *pid, unsigned long inode)
{
	char path[PATH_MAX], want[64], link[64];
	bool found = false;
	struct dirent *e;
	DIR *d;

	snprintf(want, sizeof(want), "socket:[%lu]", inode);
	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	d = opendir(path);
	while (d && !found && (e = readdir(d))) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, e->d_name);
		n = readlink(path, link, sizeof(link) - 1);
		if (n > 0) {
			link[n] = '\0';
			found = !strcmp(link, want);
		}
	}
	if (d)
		closedir(d);
	return found;
}

/* Who holds a socket; "" if that cannot be seen. */
static void owner_of(unsigned long inode, char *comm, size_t room, long *pid)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	comm[0] = '\0';
	while (d && !comm[0] && (e = readdir(d))) {
		char path[PATH_MAX];
		FILE *f;

		*pid = strtol(e->d_name, NULL, 10);
		if (*pid <= 0 || !has_socket(e->d_name, inode))
			continue;
		snprintf(path, sizeof(path), "/proc/%ld/comm", *pid);
		f = fopen(path, "r");
		if (!f || !fgets(comm, (int)room, f))
			snprintf(comm, room, "?");
		if (f)
			fclose(f);
		comm[strcspn(comm, "\n")] = '\0';
	}
	if (d)
		closedir(d);
}

static const char *cure_for(const char *comm)
{
	static const struct {
		const char *comm;
		const char *cure;
	} daemons[] = {
		{ "charon", "systemctl disable --now strongswan strongswan-starter" },
		{ "pluto", "systemctl disable --now ipsec" },
		{ "iked", "systemctl disable --now openiked" },
		{ "racoon", "systemctl disable --now racoon" },
	};

	for (size_t i = 0; i < sizeof(daemons) / sizeof(daemons[0]); i++) {
		if (!strncmp(daemons[i].comm, comm, strlen(daemons[i].comm)))
			return daemons[i].cure;
	}
	return "stop it: one host has one IKE daemon";
}

static void report_owner(struct check *k, unsigned int port,
			 unsigned long inode, bool *mobxd)
{
	char comm[64];
	long pid = 0;

	owner_of(inode, comm, sizeof(comm), &pid);
	if (!strcmp(comm, "mobxd")) {
		*mobxd = true;
		return;
	}
	if (!comm[0])
		check_problem(k, "ports", "run this as root to see who",
			      "another process has UDP port %u", port);
	else
		check_problem(k, "ports", cure_for(comm),
			      "%s (process %ld) has UDP port %u, which the agent needs",
			      comm, pid, port);
}

static unsigned int scan(struct check *k, const char *path, bool *mobxd)
{
	unsigned int found = 0, port;
	unsigned long inode;
	char line[512];
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f)) {
		if (!check_port_of(line, &port, &inode) ||
		    (port != 500 && port != 4500))
			continue;
		found++;
		report_owner(k, port, inode, mobxd);
	}
	if (f)
		fclose(f);
	return found;
}

void check_ports(struct check *k)
{
	bool mobxd = false;
	unsigned int found = scan(k, "/proc/self/net/udp", &mobxd) +
			     scan(k, "/proc/self/net/udp6", &mobxd);

	if (!found)
		check_ok(k, "ports", "UDP ports 500 and 4500 are free");
	else if (mobxd)
		check_ok(k, "ports", "mobxd has UDP ports 500 and 4500");
}
