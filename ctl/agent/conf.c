// SPDX-License-Identifier: GPL-2.0
#include "agent/conf.h"

#include <confuse.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/conf_conn.h"
#include "agent/conf_file.h"
#include "agent/conf_pool.h"
#include "agent/conf_value.h"
#include "agent/log.h"

#define CONF_MAX_SIZE (4u << 20)

/*
 * libconfuse has no room for a context; one file is read at a time. What becomes
 * of it is here, and how many connections that has room for. The orders of its
 * policies so far are here too, with the connections that have them: asking
 * libconfuse for each would take seconds where there are thousands.
 */
static struct {
	const char *file;
	char *err;
	size_t errlen;
	struct conf *conf;
	unsigned int room;
	struct taken {
		long order;
		unsigned int conn;
	} *taken;
	size_t ntaken;
} reading;

static const char *const level_words[] = {
	"error", "warning", "info", "debug", NULL
};

static void put(size_t *used, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void put(size_t *used, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (*used >= reading.errlen)
		return;
	va_start(ap, fmt);
	n = vsnprintf(reading.err + *used, reading.errlen - *used, fmt, ap);
	va_end(ap);
	*used += n > 0 ? (size_t)n : 0;
}

/* Keeps the first message and adds what would be right to the parser's own. */
static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[CONF_MAX_ERROR];
	size_t used = 0;

	if (reading.err[0])
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	put(&used, "%s:%d: ", reading.file, cfg->line);
	if (cfg->title)
		put(&used, "%s \"%s\": ", cfg->name, cfg->title);
	put(&used, "%s", text);
	if (strstr(fmt, "no such option")) {
		put(&used, "; there are:");
		for (cfg_opt_t *o = cfg->opts; o->name; o++)
			put(&used, " %s", o->name);
	} else if (strstr(fmt, "boolean value")) {
		put(&used, "; true or false would be right");
	} else if (strstr(fmt, "integer value")) {
		put(&used, "; a whole number would be right");
	} else if (strstr(fmt, "missing title")) {
		put(&used, "; a name, as in connection \"NAME\" {, would be right");
	}
}

/* An order belongs to one policy; all connections share the SPD. */
static int take_order(cfg_t *cfg, cfg_opt_t *conns, long order)
{
	unsigned int mine = cfg_opt_size(conns) - 1;
	struct taken *v = reading.taken;

	for (size_t i = 0; i < reading.ntaken; i++) {
		if (v[i].order != order)
			continue;
		cfg_error(cfg, "connection \"%s\": order %ld is taken by connection \"%s\" already; each protect section needs its own",
			  cfg_title(cfg_opt_getnsec(conns, mine)), order,
			  cfg_title(cfg_opt_getnsec(conns, v[i].conn)));
		return -1;
	}
	v = reallocarray(v, reading.ntaken + 1, sizeof(*v));
	if (!v) {
		cfg_error(cfg, "no memory");
		return -1;
	}
	v[reading.ntaken++] = (struct taken){ .order = order, .conn = mine };
	reading.taken = v;
	return 0;
}

static int check_orders(cfg_t *cfg, cfg_opt_t *conns)
{
	cfg_t *mine = cfg_opt_getnsec(conns, cfg_opt_size(conns) - 1);

	for (unsigned int p = 0; p < cfg_size(mine, "protect"); p++)
		if (take_order(cfg, conns,
			       cfg_getint(cfg_getnsec(mine, "protect", p),
					  "order")))
			return -1;
	return 0;
}

/* Not realloc(), which would leave keys where the connections were. */
static int make_room(unsigned int room)
{
	struct conf *c = reading.conf;
	struct conf_conn *v = calloc(room, sizeof(*v));

	if (!v)
		return -ENOMEM;
	if (c->nconn) {
		memcpy(v, c->conn, c->nconn * sizeof(*v));
		explicit_bzero(c->conn, c->nconn * sizeof(*v));
	}
	free(c->conn);
	c->conn = v;
	reading.room = room;
	return 0;
}

/* Built here and once: what is wrong, or only warned of, is told of this line. */
static int take_connection(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *sec = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	char err[CONF_MAX_ERROR] = "";
	struct conf *c = reading.conf;

	if (c->nconn == CONF_MAX_CONNS) {
		cfg_error(cfg, "more than %u connections", CONF_MAX_CONNS);
		return -1;
	}
	if (c->nconn == reading.room && make_room(2 * reading.room + 8)) {
		cfg_error(cfg, "no memory");
		return -1;
	}
	if (conf_conn_build(sec, reading.file, &c->conn[c->nconn], err,
			    sizeof(err))) {
		conf_conn_clear(&c->conn[c->nconn]);
		cfg_error(cfg, "connection \"%s\": %s", cfg_title(sec), err);
		return -1;
	}
	c->nconn++;
	return check_orders(cfg, opt);
}

static int check_level(cfg_t *cfg, cfg_opt_t *opt)
{
	char err[CONF_MAX_ERROR];

	if (conf_word(cfg_opt_getnstr(opt, 0), level_words, err,
		      sizeof(err)) >= 0)
		return 0;
	cfg_error(cfg, "%s: %s", cfg_opt_name(opt), err);
	return -1;
}

/* Of the control socket, or of the folder for what is kept. */
static int check_path(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *path = cfg_opt_getnstr(opt, 0);

	if (path[0] == '/' && strlen(path) < CONF_MAX_PATH)
		return 0;
	cfg_error(cfg, "%s: \"%s\" must be an absolute path of at most %d characters",
		  cfg_opt_name(opt), path, CONF_MAX_PATH - 1);
	return -1;
}

static int check_user(cfg_t *cfg, cfg_opt_t *opt)
{
	size_t len = strlen(cfg_opt_getnstr(opt, 0));

	if (len && len < sizeof(((struct conf *)0)->user))
		return 0;
	cfg_error(cfg, "%s: the name of a user without privileges would be right, such as \"nobody\"",
		  cfg_opt_name(opt));
	return -1;
}

static int check_threshold(cfg_t *cfg, cfg_opt_t *opt)
{
	long n = cfg_opt_getnint(opt, 0);

	if (n >= 0 && n <= 65535)
		return 0;
	cfg_error(cfg, "%s: %ld is out of range; 0 to 65535 would be right",
		  cfg_opt_name(opt), n);
	return -1;
}

static cfg_t *parser_new(void)
{
	cfg_opt_t options[] = {
		CFG_STR("log-level", "info", CFGF_NONE),
		CFG_STR("control", CONF_DEFAULT_CONTROL, CFGF_NONE),
		CFG_STR("state", CONF_DEFAULT_STATE, CFGF_NONE),
		CFG_STR("user", "nobody", CFGF_NONE),
		CFG_INT("cookie-threshold", 64, CFGF_NONE),
		CFG_BOOL("seccomp", cfg_true, CFGF_NONE),
		CFG_SEC("pool", conf_pool_options(),
			CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_SEC("connection", conf_conn_options(),
			CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_END()
	};
	cfg_t *cfg = cfg_init(options, CFGF_NONE);

	if (!cfg)
		return NULL;
	cfg_set_error_function(cfg, on_error);
	cfg_set_validate_func(cfg, "log-level", check_level);
	cfg_set_validate_func(cfg, "control", check_path);
	cfg_set_validate_func(cfg, "state", check_path);
	cfg_set_validate_func(cfg, "user", check_user);
	cfg_set_validate_func(cfg, "cookie-threshold", check_threshold);
	cfg_set_validate_func(cfg, "connection", take_connection);
	conf_conn_watch(cfg);
	conf_pool_watch(cfg);
	return cfg;
}

/* The keys that a connection's section has in it, not in files. */
static char *inline_key(cfg_t *cfg, unsigned int conn, unsigned int which)
{
	static const char *const options[] = { "psk", "ppk" };
	cfg_t *sec = cfg_getnsec(cfg, "connection", conn);

	return cfg_size(sec, options[which]) ?
		       cfg_getstr(sec, options[which]) : NULL;
}

static bool has_inline_key(cfg_t *cfg)
{
	for (unsigned int i = 0; i < cfg_size(cfg, "connection"); i++)
		if (inline_key(cfg, i, 0) || inline_key(cfg, i, 1))
			return true;
	return false;
}

static void warn_readable(cfg_t *cfg, const char *file)
{
	struct stat st;

	if (has_inline_key(cfg) && !stat(file, &st) &&
	    (st.st_mode & (S_IRWXG | S_IRWXO)))
		log_line(IKE_LOG_WARNING, NULL, "config",
			 "%s holds a key, and others than its owner can read or change it; chmod 600 would be right",
			 file);
}

/* What libconfuse still holds of keys is overwritten before it is freed. */
static void parser_free(cfg_t *cfg)
{
	for (unsigned int i = 0; i < 2 * cfg_size(cfg, "connection"); i++) {
		char *key = inline_key(cfg, i / 2, i % 2);

		if (key)
			explicit_bzero(key, strlen(key));
	}
	cfg_free(cfg);
}

/* A pool may stand below the connections that give out from it. */
static int check_pools(const struct conf *c, char *err, size_t errlen)
{
	for (unsigned int i = 0; i < c->nconn; i++) {
		const struct ike_conn *conn = &c->conn[i].ike;

		if (!conn->pool[0] || conf_find_pool(c, conn->pool))
			continue;
		snprintf(err, errlen,
			 "%s: connection \"%s\": there is no pool \"%s\"; pool \"%s\" { addresses = { \"10.9.0.0/24\" } } beside the connections would be right",
			 reading.file, conn->name, conn->pool, conn->pool);
		return -EINVAL;
	}
	return 0;
}

static int build(cfg_t *cfg, struct conf *c, char *err, size_t errlen)
{
	c->level = (enum ike_level)conf_word(cfg_getstr(cfg, "log-level"),
					     level_words, err, errlen);
	snprintf(c->control, sizeof(c->control), "%s",
		 cfg_getstr(cfg, "control"));
	snprintf(c->state, sizeof(c->state), "%s", cfg_getstr(cfg, "state"));
	snprintf(c->user, sizeof(c->user), "%s", cfg_getstr(cfg, "user"));
	c->cookie_threshold =
		(unsigned int)cfg_getint(cfg, "cookie-threshold");
	c->seccomp = cfg_getbool(cfg, "seccomp");
	c->npool = conf_pool_build(cfg, c->pool);
	if (c->nconn && make_room(c->nconn)) {
		snprintf(err, errlen, "no memory");
		return -ENOMEM;
	}
	return check_pools(c, err, errlen);
}

int conf_load(const char *file, struct conf **out, char *err, size_t errlen)
{
	struct conf *c = NULL;
	cfg_t *cfg = NULL;
	size_t size = 0;
	int ret = -EINVAL;
	char *text;

	err[0] = '\0';
	reading.file = file;
	reading.err = err;
	reading.errlen = errlen;
	text = conf_file_read(file, CONF_MAX_SIZE, &size, NULL);
	if (!text) {
		ret = -errno;
		snprintf(err, errlen, "%s: cannot read it: %s", file,
			 strerror(errno));
		return ret;
	}
	if (memchr(text, 0, size)) {
		snprintf(err, errlen,
			 "%s: cannot read it: it holds a NUL, so it is no text",
			 file);
		ret = -EILSEQ;
		goto out;
	}
	cfg = parser_new();
	c = calloc(1, sizeof(*c));
	if (!cfg || !c) {
		snprintf(err, errlen, "no memory");
		ret = -ENOMEM;
		goto out;
	}
	reading.conf = c;
	reading.room = 0;
	if (size && cfg_parse_buf(cfg, text) != CFG_SUCCESS) {
		if (!err[0])
			snprintf(err, errlen, "%s:%d: syntax error", file,
				 cfg->line);
		goto out;
	}
	ret = build(cfg, c, err, errlen);
	if (!ret)
		warn_readable(cfg, file);
out:
	explicit_bzero(text, size);
	free(text);
	free(reading.taken);
	reading.taken = NULL;
	reading.ntaken = 0;
	reading.conf = NULL;
	if (cfg)
		parser_free(cfg);
	if (ret) {
		conf_free(c);
		return ret;
	}
	*out = c;
	return 0;
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	for (unsigned int i = 0; c->conn && i < c->nconn; i++)
		conf_conn_clear(&c->conn[i]);
	free(c->conn);
	free(c);
}

struct conf_conn *conf_find(const struct conf *c, const char *name)
{
	for (unsigned int i = 0; i < c->nconn; i++)
		if (!strcmp(c->conn[i].ike.name, name))
			return &c->conn[i];
	return NULL;
}

const struct conf_pool *conf_find_pool(const struct conf *c, const char *name)
{
	for (unsigned int i = 0; i < c->npool; i++)
		if (!strcmp(c->pool[i].name, name))
			return &c->pool[i];
	return NULL;
}
