// SPDX-License-Identifier: GPL-2.0
/* The module: whether it is there, what it needs, and who keeps it loaded. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if.h>
#include <linux/if_alg.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <netlink/route/link.h>
#include <netlink/socket.h>

#include "cli/check.h"

#define MAX_NAMESPACES 1024

/* The first line of a file; "" if it cannot be read. */
static void first_line(const char *path, char *buf, size_t room)
{
	FILE *f = fopen(path, "r");

	buf[0] = '\0';
	if (!f)
		return;
	if (!fgets(buf, (int)room, f))
		buf[0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	fclose(f);
}

/* Whether depmod knows a mobx.ko for this kernel. */
static bool is_installed(const char *release)
{
	char path[PATH_MAX], line[4096];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", release);
	f = fopen(path, "r");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		const char *at;

		line[strcspn(line, ":")] = '\0';
		at = strstr(line, "/mobx.ko");
		found = at != NULL;
	}
	fclose(f);
	return found;
}

/* What makes a kernel refuse modules that it has no key for; NULL: nothing. */
static const char *signature_rule(void)
{
	const char *secure =
		"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
	char line[128];
	uint8_t value[5] = { 0 };
	FILE *f;

	first_line("/sys/module/module/parameters/sig_enforce", line,
		   sizeof(line));
	if (line[0] == 'Y')
		return "the kernel takes signed modules only (module.sig_enforce)";
	first_line("/sys/kernel/security/lockdown", line, sizeof(line));
	if (strstr(line, "[integrity]") || strstr(line, "[confidentiality]"))
		return "the kernel is locked down and takes signed modules only";
	f = fopen(secure, "r");
	if (!f)
		return NULL;
	if (fread(value, 1, sizeof(value), f) != sizeof(value))
		value[4] = 0;
	fclose(f);
	return value[4] == 1 ? "Secure Boot is on" : NULL;
}

static void why_not_loaded(struct check *k, int err, const char *text)
{
	struct utsname u = { 0 };
	const char *rule = signature_rule();

	uname(&u);
	if (err != -ENOENT)
		check_problem(k, "module", "run it as root", "%s", text);
	else if (!is_installed(u.release))
		check_problem(k, "module",
			      "make install (through DKMS for every kernel), or make modules KDIR=... and insmod",
			      "mobx.ko is not installed for kernel %s",
			      u.release);
	else if (rule)
		check_problem(k, "module",
			      "sign mobx.ko with a key enrolled by `mokutil --import` (DKMS does so by itself)",
			      "mobx.ko is installed but not loaded: %s", rule);
	else
		check_problem(k, "module", "modprobe mobx, then look at dmesg",
			      "mobx.ko is installed for kernel %s but not loaded",
			      u.release);
}

bool check_module(struct check *k)
{
	char err[CHECK_TEXT], version[64];
	int ret = kern_open(&k->c->kern, err, sizeof(err));

	if (ret) {
		k->c->kern = NULL;
		why_not_loaded(k, ret, err);
		return false;
	}
	first_line("/sys/module/mobx/version", version, sizeof(version));
	if (version[0] && strcmp(version, MOBX_VERSION))
		check_note(k, "module",
			   "unload it (see below who holds it) and load the new one",
			   "loaded, version %s; this command is %s", version,
			   MOBX_VERSION);
	else
		check_ok(k, "module", "loaded%s%s", version[0] ? ", version " : "",
			 version);
	return true;
}

/* Binding a socket to an algorithm makes the kernel look for it. */
static int find_algorithm(const char *name)
{
	struct sockaddr_alg sa = { .salg_family = AF_ALG,
				   .salg_type = "aead" };
	int fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int ret = 0;

	if (fd < 0)
		return -errno;
	snprintf((char *)sa.salg_name, sizeof(sa.salg_name), "%s", name);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)))
		ret = -errno;
	close(fd);
	return ret;
}

void check_crypto(struct check *k)
{
	static const struct {
		const char *suite;
		const char *name;
		const char *modules;
	} suites[] = {
		{ "aes-gcm-16", "rfc4106(gcm(aes))", "seqiv gcm ghash aes" },
		{ "aes-gmac", "rfc4543(gcm(aes))", "gcm ghash aes" },
		{ "chacha20-poly1305", "rfc7539esp(chacha20,poly1305)",
		  "chacha20poly1305 chacha_generic poly1305_generic" },
		{ "aes-cbc hmac-sha1-96", "authenc(hmac(sha1),cbc(aes))",
		  "authenc hmac sha1 cbc aes" },
		{ "aes-cbc hmac-sha2-256-128", "authenc(hmac(sha256),cbc(aes))",
		  "authenc hmac sha256 cbc aes" },
		{ "aes-cbc hmac-sha2-512-256", "authenc(hmac(sha512),cbc(aes))",
		  "authenc hmac sha512 cbc aes" },
		{ "null hmac-sha1-96", "authenc(hmac(sha1),ecb(cipher_null))",
		  "authenc hmac sha1 ecb crypto_null" },
		{ "esn with aes-cbc", "authencesn(hmac(sha1),cbc(aes))",
		  "authencesn hmac sha1 cbc aes" },
	};
	unsigned int found = 0;

	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		int ret = find_algorithm(suites[i].name);
		char cure[CHECK_TEXT];

		if (ret == -EAFNOSUPPORT) {
			check_note(k, "crypto", NULL,
				   "the kernel has no AF_ALG sockets: its algorithms cannot be listed");
			return;
		}
		if (!ret) {
			found++;
			continue;
		}
		snprintf(cure, sizeof(cure), "modprobe -a %s",
			 suites[i].modules);
		check_problem(k, "crypto", cure, "%s: the kernel has no %s",
			      suites[i].suite, suites[i].name);
	}
	if (found == sizeof(suites) / sizeof(suites[0]))
		check_ok(k, "crypto", "the kernel has all algorithms");
}

struct holder {
	struct check *k;
	ino_t seen[MAX_NAMESPACES];
	unsigned int count;
	unsigned int holding;
	unsigned int peers;
	unsigned int sas;
	unsigned int policies;
};

static int count_peer(const struct kern_peer *p, void *ctx)
{
	struct holder *h = ctx;

	h->peers++;
	h->sas += p->sas;
	return 0;
}

static int count_policy(const struct kern_policy *p, void *ctx)
{
	struct holder *h = ctx;

	h->policies += !p->builtin;
	return 0;
}

/*
 * The network device of the network namespace that the process is in now; "" if
 * it has none.
 */
static void find_device(char *name, size_t room)
{
	struct nl_sock *sk = nl_socket_alloc();
	struct nl_cache *links = NULL;
	struct nl_object *o;

	name[0] = '\0';
	if (!sk || nl_connect(sk, NETLINK_ROUTE) ||
	    rtnl_link_alloc_cache(sk, AF_UNSPEC, &links)) {
		nl_socket_free(sk);
		return;
	}
	for (o = nl_cache_get_first(links); o; o = nl_cache_get_next(o)) {
		struct rtnl_link *link = (struct rtnl_link *)o;
		const char *type = rtnl_link_get_type(link);

		if (type && !strcmp(type, "mobx"))
			snprintf(name, room, "%s", rtnl_link_get_name(link));
	}
	nl_cache_free(links);
	nl_socket_free(sk);
}

/* What there is in the network namespace that the process is in now. */
static void report_holder(struct holder *h, const char *where,
			  const char *mobx)
{
	struct kern_conf conf;
	struct kern *k;
	char err[CHECK_TEXT], cure[2 * PATH_MAX], device[IFNAMSIZ];

	if (kern_open(&k, err, sizeof(err)))
		return;
	h->peers = 0;
	h->sas = 0;
	h->policies = 0;
	if (!kern_conf_get(k, &conf) && conf.protecting &&
	    !kern_peer_dump(k, count_peer, h) &&
	    !kern_policy_dump(k, count_policy, h)) {
		bool discard = conf.default_action == MOBX_ACTION_DISCARD;

		h->holding++;
		find_device(device, sizeof(device));
		snprintf(cure, sizeof(cure),
			 "to unload it: %s policy flush; %s peer flush%s%s%s%s%s%s",
			 mobx, mobx, discard ? "; " : "", discard ? mobx : "",
			 discard ? " policy default bypass" : "",
			 *device ? "; ip link delete " : "", device,
			 *device ? " there" : "");
		check_note(h->k, "holds", cure,
			   "%s: peers %u, SAs %u, policies %u, default %s%s%s keep the module loaded",
			   where, h->peers, h->sas, h->policies,
			   kern_name(&kern_actions, conf.default_action),
			   *device ? ", device " : "", device);
	}
	kern_close(k);
}

/* Whether a namespace is seen for the first time; path leads to it. */
static bool is_new(struct holder *h, const char *path)
{
	struct stat st;

	if (stat(path, &st) || h->count == MAX_NAMESPACES)
		return false;
	for (unsigned int i = 0; i < h->count; i++) {
		if (h->seen[i] == st.st_ino)
			return false;
	}
	h->seen[h->count++] = st.st_ino;
	return true;
}

static bool enter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool done = fd >= 0 && !setns(fd, CLONE_NEWNET);

	if (fd >= 0)
		close(fd);
	return done;
}

static void named_namespaces(struct holder *h)
{
	DIR *d = opendir("/run/netns");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char path[PATH_MAX], where[NAME_MAX + 16], mobx[NAME_MAX + 16];

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/run/netns/%s", e->d_name);
		if (!is_new(h, path) || !enter(path))
			continue;
		snprintf(where, sizeof(where), "netns %s", e->d_name);
		snprintf(mobx, sizeof(mobx), "mobx -n %s", e->d_name);
		report_holder(h, where, mobx);
	}
	if (d)
		closedir(d);
}

/* Containers have network namespaces without a name; a process leads there. */
static void process_namespaces(struct holder *h)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char path[PATH_MAX], comm[64], where[128], mobx[64];
		long pid = strtol(e->d_name, NULL, 10);

		snprintf(path, sizeof(path), "/proc/%ld/ns/net", pid);
		if (pid <= 0 || !is_new(h, path) || !enter(path))
			continue;
		snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
		first_line(path, comm, sizeof(comm));
		snprintf(where, sizeof(where), "the netns of process %ld (%s)",
			 pid, comm);
		snprintf(mobx, sizeof(mobx), "nsenter -t %ld -n mobx", pid);
		report_holder(h, where, mobx);
	}
	if (d)
		closedir(d);
}

void check_holders(struct check *k)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct holder *h = calloc(1, sizeof(*h));
	char mobx[PATH_MAX + 16] = "mobx";

	if (home < 0 || !h) {
		free(h);
		return;
	}
	h->k = k;
	is_new(h, "/proc/self/ns/net");
	if (k->c->netns)
		snprintf(mobx, sizeof(mobx), "mobx -n %s", k->c->netns);
	report_holder(h, "this netns", mobx);
	named_namespaces(h);
	process_namespaces(h);
	if (setns(home, CLONE_NEWNET))
		check_note(k, "holds", NULL,
			   "what follows may be about another network namespace: %s",
			   strerror(errno));
	close(home);
	if (!h->holding)
		check_ok(k, "holds",
			 "nothing keeps the module loaded: rmmod mobx works");
	free(h);
}
