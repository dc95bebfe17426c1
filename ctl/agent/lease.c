// SPDX-License-Identifier: GPL-2.0
#include "agent/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/conf_file.h"
#include "agent/log.h"

#define NAME "leases"
#define HEADER "mobx leases 1\n"
#define BUCKETS 4096
/* More would take more memory than who gives addresses out should. */
#define LEASES_MAX 65536
/* In the place of an identity's type: who had it is forgotten. */
#define NOBODY 0
/* Pool, address, identity in hexadecimal, and what stands between. */
#define LINE_MAX_LEN (IKE_MAX_NAME + WIRE_ADDR_TEXT + 2 * IKE_MAX_ID + 16)
#define FILE_MAX (2u * LEASES_MAX * LINE_MAX_LEN)

/* @users: IKE SAs that have it now; @left: when the last one ended, in turns. */
struct lease {
	struct lease *next_addr;
	struct lease *next_id;
	char pool[IKE_MAX_NAME];
	struct wire_addr addr;
	unsigned int users;
	uint64_t left;
	struct ike_id id;
};

struct leases {
	struct lease *by_addr[BUCKETS];
	struct lease *by_id[BUCKETS];
	unsigned int n;
	uint64_t turn;
	/* Lines in the file, whose end is appended to; -1: it is not kept. */
	unsigned int lines;
	int fd;
	char path[PATH_MAX];
};

/* ----------------------------------------------------------------- table */

/* FNV-1a */
static uint32_t sum(uint32_t h, const void *p, size_t len)
{
	const uint8_t *o = p;

	while (len--)
		h = (h ^ *o++) * 16777619u;
	return h;
}

static struct lease **addr_bucket(struct leases *l, const char *pool,
				  const struct wire_addr *a)
{
	uint32_t h = sum(2166136261u, pool, strlen(pool));

	return &l->by_addr[sum(h, a->a, sizeof(a->a)) % BUCKETS];
}

static struct lease **id_bucket(struct leases *l, const char *pool,
				const struct ike_id *id)
{
	uint32_t h = sum(2166136261u, pool, strlen(pool));

	return &l->by_id[sum(h, id->data, id->len) % BUCKETS];
}

static struct lease *find_addr(struct leases *l, const char *pool,
			       const struct wire_addr *a)
{
	struct lease *e = *addr_bucket(l, pool, a);

	while (e && (strcmp(e->pool, pool) || !wire_addr_equal(&e->addr, a)))
		e = e->next_addr;
	return e;
}

/* Octet by octet: how names are compared is not to be known here. */
static bool same_id(const struct ike_id *a, const struct ike_id *b)
{
	return a->type == b->type && a->len == b->len &&
	       !memcmp(a->data, b->data, a->len);
}

static struct lease *find_id(struct leases *l, const char *pool,
			     const struct ike_id *id, uint8_t family)
{
	struct lease *e = *id_bucket(l, pool, id);

	while (e && (strcmp(e->pool, pool) || e->addr.family != family ||
		     !same_id(&e->id, id)))
		e = e->next_id;
	return e;
}

static void link_id(struct leases *l, struct lease *e)
{
	struct lease **at = id_bucket(l, e->pool, &e->id);

	e->next_id = *at;
	*at = e;
}

static void unlink_id(struct leases *l, struct lease *e)
{
	struct lease **at = id_bucket(l, e->pool, &e->id);

	while (*at != e)
		at = &(*at)->next_id;
	*at = e->next_id;
}

static void unlink_addr(struct leases *l, struct lease *e)
{
	struct lease **at = addr_bucket(l, e->pool, &e->addr);

	while (*at != e)
		at = &(*at)->next_addr;
	*at = e->next_addr;
}

static void drop(struct leases *l, struct lease *e)
{
	unlink_id(l, e);
	unlink_addr(l, e);
	free(e);
	l->n--;
}

/* Whoever had the address has it no longer. */
static struct lease *assign(struct leases *l, const char *pool,
			    const struct wire_addr *a, const struct ike_id *id)
{
	struct lease *e = find_addr(l, pool, a), **at;

	if (e) {
		unlink_id(l, e);
	} else {
		e = l->n < LEASES_MAX ? calloc(1, sizeof(*e)) : NULL;
		if (!e)
			return NULL;
		snprintf(e->pool, sizeof(e->pool), "%s", pool);
		e->addr = *a;
		at = addr_bucket(l, pool, a);
		e->next_addr = *at;
		*at = e;
		l->n++;
	}
	e->id = *id;
	link_id(l, e);
	return e;
}

struct leases *leases_new(void)
{
	struct leases *l = calloc(1, sizeof(*l));

	if (l)
		l->fd = -1;
	return l;
}

void leases_free(struct leases *l)
{
	if (!l)
		return;
	for (unsigned int i = 0; i < BUCKETS; i++)
		while (l->by_addr[i])
			drop(l, l->by_addr[i]);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}

/* ------------------------------------------------------------------ file */

static int line_of(const struct lease *e, char line[LINE_MAX_LEN])
{
	char addr[WIRE_ADDR_TEXT];
	int at = snprintf(line, LINE_MAX_LEN, "%s %s %u ", e->pool,
			  wire_addr_text(&e->addr, addr), e->id.type);

	for (unsigned int i = 0; i < e->id.len; i++)
		at += snprintf(line + at, LINE_MAX_LEN - (size_t)at, "%02x",
			       e->id.data[i]);
	line[at++] = '\n';
	return at;
}

static bool hex(const char *text, struct ike_id *id)
{
	size_t len = strlen(text);
	unsigned int octet;

	if (!len || len % 2 || len / 2 > IKE_MAX_ID ||
	    strspn(text, "0123456789abcdef") != len)
		return false;
	for (id->len = 0; *text; text += 2) {
		sscanf(text, "%2x", &octet);
		id->data[id->len++] = (uint8_t)octet;
	}
	return true;
}

/* A later line about an address or a peer counts, not an earlier one. */
static bool read_line(struct leases *l, char *line)
{
	char *save = NULL, *pool = strtok_r(line, " ", &save);
	char *addr = strtok_r(NULL, " ", &save);
	char *type = strtok_r(NULL, " ", &save);
	char *id_text = strtok_r(NULL, " ", &save);
	struct ike_id id = { 0 };
	struct wire_addr a;
	struct lease *e;

	if (!id_text || strtok_r(NULL, " ", &save) ||
	    strlen(pool) >= IKE_MAX_NAME || !wire_addr_parse(&a, addr) ||
	    strlen(type) > 3 || strspn(type, "0123456789") != strlen(type) ||
	    atoi(type) > UINT8_MAX || !hex(id_text, &id))
		return false;
	id.type = (uint8_t)atoi(type);
	if (id.type == NOBODY) {
		e = find_addr(l, pool, &a);
		if (e)
			drop(l, e);
		return true;
	}
	e = find_id(l, pool, &id, a.family);
	if (e && !wire_addr_equal(&e->addr, &a))
		drop(l, e);
	e = assign(l, pool, &a, &id);
	if (e)
		e->left = ++l->turn;
	return e;
}

/* What the last write has left half done is no line. */
static void read_all(struct leases *l, char *text)
{
	unsigned int bad = 0;
	char *end;

	for (; (end = strchr(text, '\n')); text = end + 1) {
		*end = '\0';
		bad += !read_line(l, text);
	}
	bad += *text != '\0';
	if (bad)
		log_line(IKE_LOG_WARNING, NULL, "leases",
			 "%s: %u lines are damaged; who had these addresses may get others",
			 l->path, bad);
}

static int write_lines(struct leases *l, int fd)
{
	char line[LINE_MAX_LEN];
	FILE *f = fdopen(fd, "w");
	bool bad;

	if (!f) {
		close(fd);
		return -errno;
	}
	fputs(HEADER, f);
	l->lines = 0;
	for (unsigned int i = 0; i < BUCKETS; i++) {
		for (struct lease *e = l->by_addr[i]; e; e = e->next_addr) {
			fwrite(line, 1, (size_t)line_of(e, line), f);
			l->lines++;
		}
	}
	bad = fflush(f) || ferror(f) || fsync(fileno(f));
	return fclose(f) || bad ? -EIO : 0;
}

/* The whole file anew, in one step; then its end is open for what comes. */
static int rewrite(struct leases *l)
{
	char fresh[PATH_MAX + 8];
	int fd, ret;

	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	snprintf(fresh, sizeof(fresh), "%s.new", l->path);
	unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	ret = write_lines(l, fd);
	if (!ret && rename(fresh, l->path))
		ret = -errno;
	if (ret) {
		unlink(fresh);
		return ret;
	}
	l->fd = open(l->path, O_WRONLY | O_APPEND | O_CLOEXEC);
	return l->fd < 0 ? -errno : 0;
}

static void not_kept(struct leases *l, const char *why)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	log_line(IKE_LOG_WARNING, NULL, "leases",
		 "%s: %s; virtual addresses are given out, but not remembered for the time after a restart",
		 l->path, why);
}

void leases_keep(struct leases *l, const char *folder)
{
	size_t size = 0;
	struct stat st;
	char *text;
	int ret;

	if (l->path[0])
		return;
	snprintf(l->path, sizeof(l->path), "%s/" NAME, folder);
	if (mkdir(folder, 0700) && errno != EEXIST) {
		not_kept(l, strerror(errno));
		return;
	}
	text = conf_file_read(l->path, FILE_MAX, &size, &st);
	if (!text && errno != ENOENT) {
		not_kept(l, strerror(errno));
		return;
	}
	if (text && (size != strlen(text) || st.st_uid != geteuid() ||
		     st.st_mode & (S_IWGRP | S_IWOTH) ||
		     strncmp(text, HEADER, strlen(HEADER)))) {
		free(text);
		not_kept(l, "is not what this agent has made; removed, or for root alone to write, would be right");
		return;
	}
	if (text)
		read_all(l, text + strlen(HEADER));
	free(text);
	ret = rewrite(l);
	if (ret)
		not_kept(l, strerror(-ret));
}

/*
 * One write, so that a kill leaves all or nothing of it. It is not waited for
 * the disk: when the host itself fails, so do all connections, and a client
 * names the address that it would like to have again.
 */
static void append(struct leases *l, const char *line, int len)
{
	int ret = 0;

	if (l->fd < 0)
		return;
	if (l->lines >= 2 * l->n + 1024)
		ret = rewrite(l);
	else if (write(l->fd, line, (size_t)len) != len)
		ret = -ENOSPC;
	else
		l->lines++;
	if (ret)
		not_kept(l, strerror(-ret));
}

static void remember(struct leases *l, const struct lease *e)
{
	char line[LINE_MAX_LEN];

	append(l, line, line_of(e, line));
}

static void forget(struct leases *l, struct lease *e)
{
	struct lease nobody = *e;
	char line[LINE_MAX_LEN];

	nobody.id = (struct ike_id){ .type = NOBODY, .len = 1 };
	drop(l, e);
	append(l, line, line_of(&nobody, line));
}

/* ---------------------------------------------------------- giving out */

static unsigned int bits_of(const struct wire_addr *a)
{
	return 8u * (unsigned int)wire_addr_len(a->family);
}

static bool host_bits_are(const struct wire_addr *a, unsigned int plen,
			  bool ones)
{
	for (unsigned int i = plen; i < bits_of(a); i++)
		if (!(a->a[i / 8] & 0x80 >> i % 8) == ones)
			return false;
	return true;
}

/* Not the network itself, nor IPv4's broadcast address. */
static bool is_host(const struct ike_prefix *p, const struct wire_addr *a)
{
	if (p->plen + 1u >= bits_of(a))
		return true;
	return !host_bits_are(a, p->plen, false) &&
	       (a->family == 6 || !host_bits_are(a, p->plen, true));
}

static bool in_pool(const struct conf_pool *pool, const struct wire_addr *a)
{
	for (unsigned int i = 0; i < pool->n; i++)
		if (ike_prefix_has(&pool->prefix[i], a) &&
		    is_host(&pool->prefix[i], a))
			return true;
	return false;
}

static void next_addr(struct wire_addr *a)
{
	size_t i = wire_addr_len(a->family);

	while (i-- > 0 && ++a->a[i] == 0)
		;
}

/* The lowest that nobody has; at most LEASES_MAX are taken before it. */
static bool never_given(struct leases *l, const struct conf_pool *pool,
			uint8_t family, struct wire_addr *out)
{
	for (unsigned int i = 0; i < pool->n; i++) {
		const struct ike_prefix *p = &pool->prefix[i];
		struct wire_addr a = p->addr;

		if (a.family != family)
			continue;
		do {
			if (is_host(p, &a) && !find_addr(l, pool->name, &a)) {
				*out = a;
				return true;
			}
			next_addr(&a);
		} while (ike_prefix_has(p, &a) &&
			 !wire_addr_equal(&a, &p->addr));
	}
	return false;
}

static struct lease *left_longest_ago(struct leases *l,
				      const struct conf_pool *pool,
				      uint8_t family)
{
	struct lease *best = NULL;

	for (unsigned int i = 0; i < BUCKETS; i++)
		for (struct lease *e = l->by_addr[i]; e; e = e->next_addr)
			if (!e->users && e->addr.family == family &&
			    !strcmp(e->pool, pool->name) &&
			    in_pool(pool, &e->addr) &&
			    (!best || e->left < best->left))
				best = e;
	return best;
}

static bool is_offered(const struct conf *conf, const struct lease *e)
{
	const struct conf_pool *pool = conf_find_pool(conf, e->pool);

	return pool && in_pool(pool, &e->addr);
}

/* For one more, some other that nobody uses: best one that nobody can get. */
static bool make_room(struct leases *l, const struct conf *conf)
{
	struct lease *best = NULL;
	bool best_offered = true;

	if (l->n < LEASES_MAX)
		return true;
	for (unsigned int i = 0; i < BUCKETS; i++) {
		for (struct lease *e = l->by_addr[i]; e; e = e->next_addr) {
			bool offered = is_offered(conf, e);

			if (e->users || offered > best_offered ||
			    (best && offered == best_offered &&
			     e->left > best->left))
				continue;
			best = e;
			best_offered = offered;
		}
	}
	if (best)
		forget(l, best);
	return best;
}

static struct lease *take(struct leases *l, const struct conf *conf,
			  const struct conf_pool *pool, const struct ike_id *id,
			  const struct wire_addr *want)
{
	struct lease *e = find_id(l, pool->name, id, want->family);
	struct wire_addr a = *want;

	if (e && in_pool(pool, &e->addr))
		return e;
	if (e && !e->users)
		drop(l, e);
	if ((!in_pool(pool, &a) || find_addr(l, pool->name, &a)) &&
	    !never_given(l, pool, want->family, &a)) {
		e = left_longest_ago(l, pool, want->family);
		if (!e)
			return NULL;
		a = e->addr;
	} else if (!make_room(l, conf)) {
		return NULL;
	}
	e = assign(l, pool->name, &a, id);
	if (e)
		remember(l, e);
	return e;
}

static bool valid(const struct ike_ac_lease *m)
{
	if (!memchr(m->pool, 0, sizeof(m->pool)) || !m->id.type || !m->id.len ||
	    m->n > IKE_MAX_VIRTUAL)
		return false;
	for (unsigned int i = 0; i < m->n; i++)
		if (!wire_addr_len(m->want[i].family) ||
		    (i && m->want[i].family == m->want[0].family))
			return false;
	return true;
}

void leases_take(struct leases *l, const struct conf *conf,
		 const struct ike_ac_lease *m, struct msg_lease_done *out)
{
	const struct conf_pool *pool;

	memset(out, 0, sizeof(*out));
	pool = valid(m) ? conf_find_pool(conf, m->pool) : NULL;
	if (!pool) {
		snprintf(out->text, sizeof(out->text),
			 "there is no pool of this name any more");
		return;
	}
	for (unsigned int i = 0; i < m->n; i++) {
		struct lease *e = take(l, conf, pool, &m->id, &m->want[i]);

		if (!e)
			continue;
		e->users++;
		out->lease.addr[out->lease.n++] = e->addr;
	}
	if (!out->lease.n)
		snprintf(out->text, sizeof(out->text),
			 "pool \"%s\" has no address left of the family that the peer asks for",
			 pool->name);
	out->lease.ndns = pool->ndns;
	memcpy(out->lease.dns, pool->dns, sizeof(pool->dns));
}

void leases_give(struct leases *l, const struct ike_ac_lease *m)
{
	if (!valid(m))
		return;
	for (unsigned int i = 0; i < m->n; i++) {
		struct lease *e = find_addr(l, m->pool, &m->want[i]);

		if (!e || !e->users || !same_id(&e->id, &m->id))
			continue;
		if (!--e->users)
			e->left = ++l->turn;
	}
}
