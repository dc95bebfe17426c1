// SPDX-License-Identifier: GPL-2.0
/* mobxd: options, and the four processes that it is made of. */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "agent/chan.h"
#include "agent/conf.h"
#include "agent/creds.h"
#include "agent/fetch.h"
#include "agent/impair.h"
#include "agent/log.h"
#include "agent/parent.h"
#include "agent/signals.h"
#include "agent/store.h"
#include "agent/worker.h"

static const char usage[] =
	"usage: mobxd [options]\n"
	"  -c, --config FILE   configuration (" CONF_DEFAULT_FILE ")\n"
	"  -n, --check         check the configuration and exit\n"
	"  -S, --control PATH  control socket, in place of the configuration's\n"
	"  -d, --debug         log everything\n"
	"  -f, --foreground    stay in the foreground (it always does)\n"
	IMPAIR_USAGE
	"  -V, --version       print the version\n"
	"  -h, --help          print this text\n";

struct options {
	const char *file;
	const char *control;
	bool check;
	bool debug;
};

/* The others are forked later, and know of it. */
static bool impair(const char *list)
{
	char err[CONF_MAX_ERROR];

	if (!impair_parse(list, err, sizeof(err)))
		return true;
	fprintf(stderr, "mobxd: --impair: %s\n", err);
	return false;
}

/* Without a letter. */
#define OPTION_IMPAIR 256

/* Returns -1 to go on, else the exit status. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'n' },
		{ "control", required_argument, NULL, 'S' },
		{ "debug", no_argument, NULL, 'd' },
		{ "foreground", no_argument, NULL, 'f' },
		{ "impair", required_argument, NULL, OPTION_IMPAIR },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "c:nS:dfVh", longs, NULL)) >= 0) {
		switch (opt) {
		case 'c':
			o->file = optarg;
			break;
		case 'n':
			o->check = true;
			break;
		case 'S':
			o->control = optarg;
			break;
		case 'd':
			o->debug = true;
			break;
		case 'f':
			break;
		case OPTION_IMPAIR:
			if (!impair(optarg))
				return 2;
			break;
		case 'V':
			puts("mobxd " MOBX_VERSION IMPAIR_VERSION);
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "mobxd: \"%s\" is not an option\n%s", argv[optind],
		usage);
	return 2;
}

static int check(const char *file)
{
	char err[CONF_MAX_ERROR];
	struct conf *c;

	if (conf_load(file, &c, err, sizeof(err))) {
		fprintf(stderr, "mobxd: %s\n", err);
		return 1;
	}
	printf("%s: fine, %u connection%s\n", file, c->nconn,
	       c->nconn == 1 ? "" : "s");
	conf_free(c);
	return 0;
}

enum { AT_PARENT, AT_OTHER };

/**
 * struct pairs - between whom there are channels
 * @worker: parent and worker
 * @creds: parent and credentials
 * @fetch: parent and who fetches
 * @between: worker and credentials
 * @asked: who fetches and credentials
 */
struct pairs {
	int worker[2];
	int creds[2];
	int fetch[2];
	int between[2];
	int asked[2];
};

static int make_pairs(struct pairs *p)
{
	return chan_pair(p->worker) || chan_pair(p->creds) ||
	       chan_pair(p->fetch) || chan_pair(p->between) ||
	       chan_pair(p->asked);
}

static int run_worker(const struct pairs *p)
{
	return worker_main(p->worker[AT_OTHER], p->between[0]);
}

static int run_creds(const struct pairs *p)
{
	return creds_main(p->creds[AT_OTHER], p->between[1], p->asked[1]);
}

static int run_fetch(const struct pairs *p)
{
	return fetch_main(p->fetch[AT_OTHER], p->asked[0]);
}

/* All ends but those that a process needs itself. */
static void close_others(const struct pairs *p, const int *own)
{
	const int all[] = {
		p->worker[0], p->worker[1], p->creds[0], p->creds[1],
		p->fetch[0], p->fetch[1], p->between[0], p->between[1],
		p->asked[0], p->asked[1],
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] != own[0] && all[i] != own[1] && all[i] != own[2])
			close(all[i]);
}

/* @own: three of its ends, or one of them twice. */
static pid_t fork_one(const char *name, const struct pairs *p,
		      struct store *store, const int *own,
		      int (*run)(const struct pairs *p))
{
	pid_t pid = fork();

	if (pid)
		return pid;
	/* The parent alone decides when it is time to go; we follow it. */
	signals_ignore();
	prctl(PR_SET_NAME, name);
	close_others(p, own);
	store_close(store);
	exit(run(p));
}

static bool fork_all(const struct pairs *p, struct parent_args *args)
{
	const int worker[] = { p->worker[AT_OTHER], p->between[0],
			       p->between[0] };
	const int creds[] = { p->creds[AT_OTHER], p->between[1], p->asked[1] };
	const int fetch[] = { p->fetch[AT_OTHER], p->asked[0], p->asked[0] };
	const int own[] = { p->worker[AT_PARENT], p->creds[AT_PARENT],
			    p->fetch[AT_PARENT] };

	args->worker_pid = fork_one("mobxd-worker", p, args->store, worker,
				    run_worker);
	if (args->worker_pid > 0)
		args->creds_pid = fork_one("mobxd-creds", p, args->store, creds,
					   run_creds);
	if (args->creds_pid > 0)
		args->fetch_pid = fork_one("mobxd-fetch", p, args->store, fetch,
					   run_fetch);
	close_others(p, own);
	args->worker = own[0];
	args->creds = own[1];
	args->fetch = own[2];
	return args->fetch_pid > 0;
}

/* Forked before a key or anything else is read: they inherit nothing. */
static int run(const struct options *o)
{
	struct store store;
	struct parent_args args = {
		.file = o->file,
		.control = o->control,
		.debug = o->debug,
		.store = &store,
	};
	struct pairs p;

	/* A stop in the middle of the start is obeyed at its end. */
	signals_hold();
	signal(SIGPIPE, SIG_IGN);
	store_take(&store);
	if (make_pairs(&p)) {
		fprintf(stderr, "mobxd: cannot make a socket pair: %s\n",
			strerror(errno));
		return 1;
	}
	if (!fork_all(&p, &args)) {
		fprintf(stderr, "mobxd: cannot fork: %s\n", strerror(errno));
		return 1;
	}
	/* Memory that is freed is overwritten: the parser has held keys. */
	mallopt(M_PERTURB, 0x5a);
	return parent_main(&args);
}

int main(int argc, char **argv)
{
	struct options o = { .file = CONF_DEFAULT_FILE };
	int status = parse(argc, argv, &o);

	if (status >= 0)
		return status;
	log_init("parent", o.debug ? IKE_LOG_DEBUG : IKE_LOG_INFO);
	if (o.check)
		return check(o.file);
	if (geteuid()) {
		fputs("mobxd: root's privileges are needed (or use -n to check a configuration)\n",
		      stderr);
		return 1;
	}
	return run(&o);
}
