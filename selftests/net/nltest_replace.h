/* SPDX-License-Identifier: GPL-2.0 */
/* One own address in place of another, for many peers: cases of nltest.c. */

static void replace(uint16_t from, uint16_t to)
{
	begin(family, MOBX_CMD_PEER_REPLACE, 0);
	put32(MOBX_A_REPLACE_FROM, addr(from));
	put32(MOBX_A_REPLACE_TO, addr(to));
}

static uint32_t value32(uint16_t type)
{
	const struct nlattr *a = find(type);
	uint32_t v = UINT32_MAX;

	if (a)
		memcpy(&v, a + 1, sizeof(v));
	return v;
}

/* The answer's counts. */
static bool counts(uint32_t moved, uint32_t unchanged, uint32_t failed)
{
	bool good = value32(MOBX_A_REPLACE_MOVED) == moved &&
		    value32(MOBX_A_REPLACE_UNCHANGED) == unchanged &&
		    value32(MOBX_A_REPLACE_FAILED) == failed;

	if (!good)
		printf("# %u moved, %u unchanged, %u failed\n",
		       value32(MOBX_A_REPLACE_MOVED),
		       value32(MOBX_A_REPLACE_UNCHANGED),
		       value32(MOBX_A_REPLACE_FAILED));
	return good;
}

/* Whether peer @id has that many paths, @state of them of the local address. */
static bool has(uint32_t id, uint64_t generation, unsigned int paths,
		uint16_t local, uint32_t wanted)
{
	size_t at = NLMSG_HDRLEN + GENL_HDRLEN;
	unsigned int n = 0, found = 0;
	uint32_t want = addr(local);

	peer(MOBX_CMD_PEER_GET, id);
	if (talk() || value64(MOBX_A_PEER_GENERATION) != generation)
		return false;
	while (at + ATTR_HDR <= answer_len) {
		const struct nlattr *a = (const void *)(answer + at);
		/* The first three of a path: local, remote, state. */
		const uint32_t *p = (const void *)(a + 2);

		if ((a->nla_type & NLA_TYPE_MASK) == MOBX_A_PEER_PATHS) {
			n++;
			found += p[0] == want && p[4] == wanted;
		}
		at += (size_t)NLA_ALIGN(a->nla_len);
	}
	return n == paths && found == 1;
}

static void test_replace_refused(void)
{
	static const uint8_t link_local[16] = { 0xfe, 0x80, [15] = 1 };
	static const uint8_t ten[16] = { 0xfd, [15] = 1 };
	static const char label[65] =
		"0123456789012345678901234567890123456789012345678901234567890123";
	uint32_t multicast = 0x010000e0;

	begin(family, MOBX_CMD_PEER_REPLACE, 0);
	put32(MOBX_A_REPLACE_TO, addr(9));
	refused(EINVAL, "from is missing", "replace: no old address");
	begin(family, MOBX_CMD_PEER_REPLACE, 0);
	put32(MOBX_A_REPLACE_FROM, addr(1));
	refused(EINVAL, "to is missing", "replace: no new address");
	begin(family, MOBX_CMD_PEER_REPLACE, 0);
	put32(MOBX_A_REPLACE_FROM, addr(1));
	put(MOBX_A_REPLACE_TO, ten, 5);
	refused(EINVAL, "4 or 16", "replace: an address of odd length");
	begin(family, MOBX_CMD_PEER_REPLACE, 0);
	put32(MOBX_A_REPLACE_FROM, addr(1));
	put(MOBX_A_REPLACE_TO, ten, 16);
	refused(EINVAL, "family", "replace: by an address of another family");
	replace(1, 1);
	refused(EINVAL, "the old one", "replace: an address by itself");
	begin(family, MOBX_CMD_PEER_REPLACE, 0);
	put32(MOBX_A_REPLACE_FROM, addr(1));
	put32(MOBX_A_REPLACE_TO, multicast);
	refused(EINVAL, "unicast", "replace: by a multicast address");
	begin(family, MOBX_CMD_PEER_REPLACE, 0);
	put(MOBX_A_REPLACE_FROM, ten, 16);
	put(MOBX_A_REPLACE_TO, link_local, 16);
	refused(EINVAL, "link-local", "replace: by a link-local address");
	replace(1, 9);
	put(MOBX_A_REPLACE_LABEL, label, sizeof(label));
	refused(EINVAL, "", "replace: a label of 64 octets");
	replace(1, 9);
	put16(MOBX_A_REPLACE_ACCEPT_UNTIL, 1);
	refused(EINVAL, "", "replace: a short number");
	replace(1, 9);
	put32(MOBX_A_REPLACE_MOVED, 1);
	refused(EINVAL, "", "replace: an attribute of answers");
}

/* Peers of which some cannot move: the others do. */
static void test_replace(void)
{
	unsigned int i;

	good_peer();				/* 1 and 3 and 5 to 2 */
	accepted("replace: a peer");
	peer(MOBX_CMD_PEER_NEW, 2);
	path(3, 2, V, P);
	accepted("replace: one with another address");
	peer(MOBX_CMD_PEER_NEW, 3);
	path(1, 2, V, P);
	path(9, 2, V, 0);
	accepted("replace: one with both");
	/* Before there is a path whose time runs, which dumps tell. */
	test_replace_refused();
	peer(MOBX_CMD_PEER_NEW, 4);
	path(1, 2, V, P);
	path(9, 2, D, 0);
	accepted("replace: one that has left the new one");
	peer(MOBX_CMD_PEER_NEW, 5);
	for (i = 0; i < 64; i++)
		path(1, (uint16_t)(i + 20), V, i ? 0 : P);
	accepted("replace: one with 64 paths");

	replace(77, 78);
	accepted("replace: an address that nobody uses");
	ok(counts(0, 5, 0), "replace: and nobody moves");
	replace(1, 9);
	put(MOBX_A_REPLACE_LABEL, "two", 4);
	accepted("replace: of a label that nobody has");
	ok(counts(0, 5, 0), "replace: and nobody moves");
	replace(1, 9);
	put32(MOBX_A_REPLACE_ACCEPT_UNTIL, 5000);
	accepted("replace: in three of five");
	ok(counts(2, 1, 2) && value32(MOBX_A_REPLACE_FAILED_PEER) == 3,
	   "replace: two move, one is not concerned, two cannot");
	ok(has(1, 2, 4, 9, V) && has(1, 2, 4, 1, D),
	   "replace: the path has moved, the old one is deprecated");
	ok(has(2, 1, 1, 3, V), "replace: who has not used it is as before");
	ok(has(3, 1, 2, 1, V) && has(3, 1, 2, 9, V),
	   "replace: who has both is as before");
	ok(has(4, 2, 2, 9, V) && has(4, 2, 2, 1, D),
	   "replace: who had left the new address has it again");
	peer(MOBX_CMD_PEER_GET, 5);
	ok(!talk() && value64(MOBX_A_PEER_GENERATION) == 1,
	   "replace: who has no room is as before");
	rebind(1, 1);
	path(7, 2, V, P);
	ok(talk() == ESTALE, "replace: a rebind from before is stale");

	replace(9, 1);
	accepted("replace: back, at once");
	ok(counts(2, 2, 1), "replace: two move back");
	ok(has(1, 3, 3, 1, V) && has(4, 3, 1, 1, V),
	   "replace: and nothing is left of the address");
	replace(1, 9);
	put(MOBX_A_REPLACE_LABEL, "one", 4);
	accepted("replace: by label");
	ok(counts(1, 4, 0) && has(1, 4, 3, 9, V), "replace: one moves");
	begin(family, MOBX_CMD_PEER_FLUSH, 0);
	accepted("replace: flush");
}

/* How often a number of 64 bits is in the last answer. */
static unsigned int occurrences(uint64_t v)
{
	size_t at;
	unsigned int n = 0;

	for (at = 0; at + sizeof(v) <= answer_len; at += ATTR_HDR)
		n += !memcmp(answer + at, &v, sizeof(v));
	return n;
}

/* What is left of a credit moves with its path, and no more than that. */
static void test_replace_credit(void)
{
	size_t n;

	peer(MOBX_CMD_PEER_NEW, 1);
	path(3, 2, V, P);
	n = nest(MOBX_A_PEER_PATHS);
	put32(MOBX_A_PATH_LOCAL, addr(1));
	put32(MOBX_A_PATH_REMOTE, addr(2));
	put32(MOBX_A_PATH_STATE, T);
	put64(MOBX_A_PATH_CREDIT, 4000);
	put32(MOBX_A_PATH_MTU, 1300);
	nest_end(n);
	accepted("replace: a tentative path");
	replace(1, 9);
	put32(MOBX_A_REPLACE_ACCEPT_UNTIL, 5000);
	accepted("replace: it moves");
	peer(MOBX_CMD_PEER_GET, 1);
	ok(!talk(), "replace: and is shown");
	/* The credit of both, and all of the old one's is used. */
	ok(occurrences(4000) == 3, "replace: with its credit");
	rebind(1, 2);
	path(9, 2, V, P);
	accepted("replace: the other paths go");
	peer(MOBX_CMD_PEER_GET, 1);
	ok(!talk() && !memmem(answer, answer_len, &(uint32_t){ 1300 }, 4),
	   "replace: without the MTU of the old path");
	begin(family, MOBX_CMD_PEER_FLUSH, 0);
	accepted("replace: flush");
}

/* ------------------------------------------------- many of them, and the time */

/* @n peers with ids from 1000 on, all with the same own address. */
static int many_peers(uint32_t n, const char *local)
{
	uint32_t i, ip, remote;

	if (inet_pton(AF_INET, local, &ip) != 1)
		return 2;
	for (i = 0; i < n; i++) {
		peer(MOBX_CMD_PEER_NEW, 1000 + i);
		remote = htonl(0x0b000001 + i);
		hammer_path(&ip, &remote, P);
		if (talk()) {
			fprintf(stderr, "peer %u: %s\n", i, why);
			return 1;
		}
	}
	return 0;
}

/* Replace one address by the other and back, @n times: median in microseconds. */
static int swap(unsigned int n, char **addresses)
{
	double *took = calloc(n, sizeof(*took));
	struct timespec t0, t1;
	uint32_t ip[2];
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (inet_pton(AF_INET, addresses[i], &ip[i]) != 1)
			return 2;
	if (!took || !n)
		return 1;
	for (i = 0; i < n; i++) {
		begin(family, MOBX_CMD_PEER_REPLACE, 0);
		put32(MOBX_A_REPLACE_FROM, ip[i % 2]);
		put32(MOBX_A_REPLACE_TO, ip[!(i % 2)]);
		clock_gettime(CLOCK_MONOTONIC, &t0);
		if (talk() || value32(MOBX_A_REPLACE_FAILED)) {
			fprintf(stderr, "replace %u: %s\n", i, why);
			return 1;
		}
		clock_gettime(CLOCK_MONOTONIC, &t1);
		took[i] = (double)(t1.tv_sec - t0.tv_sec) * 1e6 +
			  (double)(t1.tv_nsec - t0.tv_nsec) / 1e3;
	}
	qsort(took, n, sizeof(*took), by_size);
	printf("%.0f %u\n", took[n / 2], value32(MOBX_A_REPLACE_MOVED));
	free(took);
	return 0;
}

/* Rebind a peer over and over, by what it has just been asked for. */
static int contend_rebind(uint32_t id, unsigned int n)
{
	unsigned int done = 0, stale = 0;
	uint64_t generation;
	uint8_t paths[4096];
	size_t len;
	int err;

	while (done < n) {
		const uint32_t *local, *remote;

		peer(MOBX_CMD_PEER_GET, id);
		if (talk())
			return -1;
		generation = value64(MOBX_A_PEER_GENERATION);
		len = find(MOBX_A_PEER_PATHS)->nla_len;
		if (len > sizeof(paths))
			return -1;
		memcpy(paths, find(MOBX_A_PEER_PATHS), len);
		local = (const void *)(paths + 2 * ATTR_HDR);
		remote = local + 2;
		rebind(id, generation);
		hammer_path(local, remote, P);
		err = talk();
		if (err && err != ESTALE)
			return -1;
		done += !err;
		stale += !!err;
	}
	fprintf(stderr, "# %u rebinds, %u stale ones among them\n", done, stale);
	return 0;
}

static int contend_replace(uint32_t from, uint32_t to, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		begin(family, MOBX_CMD_PEER_REPLACE, 0);
		put32(MOBX_A_REPLACE_FROM, i % 2 ? to : from);
		put32(MOBX_A_REPLACE_TO, i % 2 ? from : to);
		if (talk() || value32(MOBX_A_REPLACE_FAILED))
			return -1;
	}
	return 0;
}

/* Peers with the address come and go. */
static int contend_come_and_go(uint32_t from, unsigned int n)
{
	uint32_t remote = htonl(0x0c000001);
	unsigned int i;

	for (i = 0; i < n + 50; i++) {
		peer(MOBX_CMD_PEER_DEL, 900 + i % 50);
		if (i >= 50 && talk())
			return -1;
		peer(MOBX_CMD_PEER_NEW, 900 + i % 50);
		hammer_path(&from, &remote, P);
		if (i < n && talk())
			return -1;
	}
	return 0;
}

/*
 * All of that at once, over the peers of many_peers(): each binding has been
 * replaced exactly as often as somebody has said that he did.
 */
static int contend(unsigned int n, char **addresses)
{
	uint32_t ip[2], id[2] = { 1000, 1001 };
	uint64_t before[2];
	int status, bad = 0, i;
	pid_t pid[4];

	for (i = 0; i < 2; i++)
		if (inet_pton(AF_INET, addresses[i], &ip[i]) != 1)
			return 2;
	for (i = 0; i < 2; i++) {
		peer(MOBX_CMD_PEER_GET, id[i]);
		if (talk())
			return 1;
		before[i] = value64(MOBX_A_PEER_GENERATION);
	}
	for (i = 0; i < 4; i++) {
		pid[i] = fork();
		if (pid[i] < 0)
			die("fork");
		if (pid[i])
			continue;
		resolve();
		_exit(!!(i < 2 ? contend_rebind(id[i], n) :
			 i == 2 ? contend_replace(ip[0], ip[1], n) :
				  contend_come_and_go(ip[0], n)));
	}
	for (i = 0; i < 4; i++)
		if (waitpid(pid[i], &status, 0) != pid[i] || status) {
			fprintf(stderr, "process %d: %x\n", i, status);
			bad = 1;
		}
	for (i = 0; i < 2; i++) {
		peer(MOBX_CMD_PEER_GET, id[i]);
		if (talk() || value64(MOBX_A_PEER_GENERATION) !=
				      before[i] + 2 * n) {
			fprintf(stderr, "peer %u: generation %llu\n", id[i],
				(unsigned long long)
				value64(MOBX_A_PEER_GENERATION));
			bad = 1;
		}
	}
	return bad;
}
