/* SPDX-License-Identifier: GPL-2.0 */
/* The cases of nltest.c, one function for each object. */

/* A peer of id 1 that is right: three pairs, the first one primary. */
static void good_peer(void)
{
	peer(MOBX_CMD_PEER_NEW, 1);
	put(MOBX_A_PEER_LABEL, "one", 4);
	path(1, 2, V, P);
	path(3, 2, V, 0);
	path(5, 2, T, 0);
}

/* A request of @cmd for peer 1 with one path of which one attribute is @a. */
static size_t odd_path(uint16_t local, uint16_t remote)
{
	size_t n;

	peer(MOBX_CMD_PEER_NEW, 9);
	n = nest(MOBX_A_PEER_PATHS);
	if (local)
		put32(MOBX_A_PATH_LOCAL, addr(local));
	if (remote)
		put32(MOBX_A_PATH_REMOTE, addr(remote));
	put32(MOBX_A_PATH_FLAGS, P);
	return n;
}

static void test_peer_paths(void)
{
	static const uint8_t link_local[16] = { 0xfe, 0x80, [15] = 1 };
	static const uint8_t ten[16] = { 10 };
	uint32_t multicast = 0x010000e0;
	unsigned int i;
	size_t n;

	nest_end(odd_path(1, 0));
	refused(EINVAL, "remote", "peer: a path without remote");
	nest_end(odd_path(0, 2));
	refused(EINVAL, "local", "peer: a path without local");
	for (i = 0; i <= 16; i++) {
		if (i == 4 || i == 16)
			continue;
		n = odd_path(0, 2);
		put(MOBX_A_PATH_LOCAL, ten, i);
		nest_end(n);
		refused(EINVAL, "4 or 16", "peer: an address of odd length");
	}
	n = odd_path(0, 2);
	put(MOBX_A_PATH_LOCAL, ten, 16);
	nest_end(n);
	refused(EINVAL, "one family", "peer: a path of two families");
	n = odd_path(0, 0);
	put(MOBX_A_PATH_LOCAL, link_local, 16);
	put(MOBX_A_PATH_REMOTE, ten, 16);
	nest_end(n);
	refused(EINVAL, "link-local", "peer: a link-local address");
	n = odd_path(1, 0);
	put(MOBX_A_PATH_REMOTE, &multicast, 4);
	nest_end(n);
	refused(EINVAL, "unicast", "peer: a multicast address");
	n = odd_path(1, 2);
	put32(MOBX_A_PATH_STATE, 4);
	nest_end(n);
	refused(ERANGE, "", "peer: an unknown state");
	n = odd_path(1, 2);
	put32(MOBX_A_PATH_FLAGS, 4);
	nest_end(n);
	refused(EINVAL, "", "peer: an unknown flag");
	n = odd_path(1, 2);
	put16(MOBX_A_PATH_STATE, 1);
	nest_end(n);
	refused(EINVAL, "", "peer: a short number");
	n = odd_path(1, 2);
	put64(MOBX_A_PATH_TX_BYTES, 1);
	nest_end(n);
	refused(EINVAL, "not set", "peer: a counter that is not to be set");
	n = odd_path(1, 2);
	put16(MOBX_A_PATH_ENCAP_SPORT, 4500);
	nest_end(n);
	refused(EINVAL, "both ports", "peer: UDP encapsulation with one port");
	n = odd_path(1, 2);
	put32(MOBX_A_PATH_ACCEPT_UNTIL, 10);
	nest_end(n);
	refused(EINVAL, "deprecated", "peer: a valid path with an end");
	n = odd_path(1, 2);
	put32(MOBX_A_PATH_MTU, 67);
	nest_end(n);
	refused(ERANGE, "MTU", "peer: an MTU below 68");
	n = odd_path(1, 2);
	put64(MOBX_A_PATH_CREDIT, UINT64_MAX);
	nest_end(n);
	refused(ERANGE, "credit", "peer: more credit than counts");
	n = odd_path(1, 2);
	put32(MOBX_A_PATH_PAD + 1, 0);
	nest_end(n);
	refused(EINVAL, "", "peer: an unknown attribute in a path");
}

static void test_peer(void)
{
	static const char label[65] =
		"0123456789012345678901234567890123456789012345678901234567890123";
	unsigned int i;
	size_t n;

	begin(family, MOBX_CMD_PEER_NEW, 0);
	path(1, 2, V, P);
	refused(EINVAL, "id is missing", "peer: no id");
	peer(MOBX_CMD_PEER_NEW, 0);
	path(1, 2, V, P);
	refused(ERANGE, "", "peer: id 0");
	peer(MOBX_CMD_PEER_NEW, MOBX_MAX_PEER_ID + 1u);
	path(1, 2, V, P);
	refused(ERANGE, "at most", "peer: an id with the uppermost bit set");
	peer(MOBX_CMD_PEER_NEW, MOBX_MAX_PEER_ID);
	path(1, 2, V, P);
	accepted("peer: the largest id");
	peer(MOBX_CMD_PEER_DEL, MOBX_MAX_PEER_ID);
	accepted("peer: the largest id, gone");
	peer(MOBX_CMD_PEER_NEW, 9);
	refused(EINVAL, "paths are missing", "peer: no paths");
	peer(MOBX_CMD_PEER_NEW, 9);
	path(1, 2, V, 0);
	refused(EINVAL, "primary", "peer: no primary path");
	peer(MOBX_CMD_PEER_NEW, 9);
	path(1, 2, V, P);
	path(3, 2, V, P);
	refused(EINVAL, "primary", "peer: two primary paths");
	peer(MOBX_CMD_PEER_NEW, 9);
	path(1, 2, D, P);
	refused(EINVAL, "primary", "peer: a deprecated primary path");
	peer(MOBX_CMD_PEER_NEW, 9);
	path(1, 2, V, P);
	path(1, 2, T, 0);
	refused(EINVAL, "twice", "peer: one pair twice");
	peer(MOBX_CMD_PEER_NEW, 9);
	for (i = 0; i < 65; i++)
		path((uint16_t)(i + 3), 2, V, i ? 0 : P);
	refused(E2BIG, "64", "peer: 65 paths");
	peer(MOBX_CMD_PEER_NEW, 9);
	put(MOBX_A_PEER_LABEL, label, sizeof(label));
	path(1, 2, V, P);
	refused(EINVAL, "", "peer: a label of 64 octets");
	peer(MOBX_CMD_PEER_NEW, 9);
	put(MOBX_A_PEER_LABEL, label, 5);
	path(1, 2, V, P);
	refused(EINVAL, "", "peer: a label without end");
	peer(MOBX_CMD_PEER_NEW, 9);
	path(1, 2, V, P);
	put32(MOBX_A_PEER_SAS, 1);
	refused(EINVAL, "", "peer: an attribute of dumps");
	peer(MOBX_CMD_PEER_NEW, 9);
	n = nest(MOBX_A_PEER_PATHS);
	((struct nlattr *)(req + n))->nla_type = MOBX_A_PEER_PATHS;
	put32(MOBX_A_PATH_LOCAL, addr(1));
	nest_end(n);
	refused(EINVAL, "", "peer: a nest that is not marked as one");
	peer(MOBX_CMD_PEER_NEW, 9);
	path(1, 2, V, P);
	req_len += 4;
	refused(EINVAL, "", "peer: octets behind the last attribute");
	test_peer_paths();

	good_peer();
	accepted("peer: good");
	ok(value64(MOBX_A_PEER_GENERATION) == 1, "peer: generation 1");
	good_peer();
	refused(EEXIST, "already", "peer: the same id again");
	peer(MOBX_CMD_PEER_GET, 77);
	refused(ENOENT, "no peer", "peer: get an unknown one");
	peer(MOBX_CMD_PEER_DEL, 77);
	refused(ENOENT, "no peer", "peer: delete an unknown one");
	peer(MOBX_CMD_PEER_NEW, 2);
	for (i = 0; i < 64; i++)
		path((uint16_t)(i + 3), 2, V, i ? 0 : P);
	accepted("peer: 64 paths");
	peer(MOBX_CMD_PEER_DEL, 2);
	accepted("peer: delete");
}

static void test_rebind(void)
{
	peer(MOBX_CMD_PEER_REBIND, 1);
	path(7, 2, V, P);
	refused(EINVAL, "expected-generation", "rebind: nothing expected");
	rebind(1, 0);
	path(7, 2, V, P);
	refused(ESTALE, "generation", "rebind: generation 0");
	rebind(1, 2);
	path(7, 2, V, P);
	refused(ESTALE, "generation", "rebind: a generation to come");
	rebind(1, 1);
	refused(EINVAL, "last address", "rebind: the last address removed");
	rebind(5, 1);
	path(7, 2, V, P);
	refused(ENOENT, "no peer", "rebind: an unknown peer");
	rebind(1, 1);
	path(7, 2, V, P);
	path(8, 2, V, P);
	refused(EINVAL, "primary", "rebind: two primary paths");
	rebind(1, 1);
	path(7, 2, V, P);
	path(1, 2, D, 0);
	accepted("rebind: good");
	ok(value64(MOBX_A_PEER_GENERATION) == 2, "rebind: generation 2");
	rebind(1, 1);
	path(9, 2, V, P);
	ok(talk() == ESTALE, "rebind: the old generation is stale");
	rebind(1, 2);
	path(1, 2, V, P);
	accepted("rebind: back");
	ok(value64(MOBX_A_PEER_GENERATION) == 3, "rebind: generation 3");
}

/* Whether flows are spread over paths belongs to the binding. */
static void test_spread(void)
{
	rebind(1, 3);
	put(MOBX_A_PEER_SPREAD, &(uint8_t){ 2 }, 1);
	path(1, 2, V, P);
	refused(ERANGE, "", "spread: more than on");
	rebind(1, 3);
	put(MOBX_A_PEER_SPREAD, &(uint8_t){ 1 }, 1);
	path(1, 2, V, P);
	accepted("spread: on");
	rebind(1, 4);
	path(1, 2, V, P);
	accepted("spread: not mentioned");
	peer(MOBX_CMD_PEER_GET, 1);
	ok(!talk() && find(MOBX_A_PEER_SPREAD), "spread: stays");
	rebind(1, 5);
	put(MOBX_A_PEER_SPREAD, &(uint8_t){ 0 }, 1);
	path(1, 2, V, P);
	accepted("spread: off");
	peer(MOBX_CMD_PEER_GET, 1);
	ok(!talk() && !find(MOBX_A_PEER_SPREAD), "spread: is off");
}

static void test_sa_missing(void)
{
	sa(0x1000, MOBX_DIR_OUT, MOBX_A_SA_SPI);
	refused(EINVAL, "spi", "sa: no SPI");
	sa(0x1000, MOBX_DIR_OUT, MOBX_A_SA_DIR);
	refused(EINVAL, "dir", "sa: no direction");
	sa(0x1000, MOBX_DIR_OUT, MOBX_A_SA_PEER);
	refused(EINVAL, "peer", "sa: no peer");
	sa(0x1000, MOBX_DIR_OUT, MOBX_A_SA_ENC);
	refused(EINVAL, "enc", "sa: no cipher");
	sa(0x1000, MOBX_DIR_OUT, MOBX_A_SA_ENC_KEY);
	refused(EINVAL, "enc-key", "sa: no key");
	sa(0x1000, MOBX_DIR_OUT, MOBX_A_SA_AUTH);
	refused(EOPNOTSUPP, "auth", "sa: a cipher without integrity");
	sa(0x1000, MOBX_DIR_OUT, MOBX_A_SA_AUTH_KEY);
	refused(EINVAL, "auth-key", "sa: no integrity key");
	sa(255, MOBX_DIR_OUT, 0);
	refused(ERANGE, "", "sa: a reserved SPI");
	sa(0x1000, 2, 0);
	refused(ERANGE, "", "sa: a third direction");
}

/* Without integrity of its own. */
static void cipher(uint32_t enc, size_t key_len)
{
	begin(family, MOBX_CMD_SA_NEW, 0);
	put32(MOBX_A_SA_SPI, 0x1000);
	put32(MOBX_A_SA_DIR, MOBX_DIR_OUT);
	put32(MOBX_A_SA_PEER, 1);
	put32(MOBX_A_SA_ENC, enc);
	if (key_len)
		put(MOBX_A_SA_ENC_KEY, key, key_len);
	put(MOBX_A_SA_FORCE, NULL, 0);
}

static void gcm(uint32_t spi, uint32_t dir, size_t key_len)
{
	begin(family, MOBX_CMD_SA_NEW, 0);
	put32(MOBX_A_SA_SPI, spi);
	put32(MOBX_A_SA_DIR, dir);
	put32(MOBX_A_SA_PEER, 1);
	put32(MOBX_A_SA_ENC, MOBX_ENC_AES_GCM_16);
	put(MOBX_A_SA_ENC_KEY, key, key_len);
}

static void test_sa_keys(void)
{
	static const uint8_t long_key[80];

	gcm(0x1000, MOBX_DIR_OUT, 20);
	refused(EINVAL, "force", "sa: counter mode with a manual key");
	gcm(0x1000, MOBX_DIR_OUT, 16);
	put(MOBX_A_SA_FORCE, NULL, 0);
	refused(EINVAL, "20, 28 or 36", "sa: a key without salt");
	cipher(MOBX_ENC_CHACHA20_POLY1305, 20);
	refused(EINVAL, "36 octets", "sa: ChaCha20 with a short key");
	cipher(MOBX_ENC_NULL, 0);
	refused(EOPNOTSUPP, "protects nothing", "sa: neither cipher nor ICV");
	gcm(0x1000, MOBX_DIR_OUT, 20);
	put(MOBX_A_SA_FORCE, NULL, 0);
	put32(MOBX_A_SA_AUTH, MOBX_AUTH_HMAC_SHA1_96);
	refused(EOPNOTSUPP, "integrity", "sa: two kinds of integrity");
	gcm(0x1000, MOBX_DIR_OUT, 20);
	put(MOBX_A_SA_FORCE, NULL, 0);
	put(MOBX_A_SA_AUTH_KEY, key, 20);
	refused(EINVAL, "auth-key", "sa: an integrity key for nothing");
	sa(0x1000, MOBX_DIR_OUT, MOBX_A_SA_ENC_KEY);
	put(MOBX_A_SA_ENC_KEY, long_key, sizeof(long_key));
	refused(EINVAL, "64", "sa: a key of 80 octets");
	sa(0x1000, MOBX_DIR_OUT, MOBX_A_SA_ENC_KEY);
	put(MOBX_A_SA_ENC_KEY, key, 17);
	refused(EINVAL, "16, 24 or 32", "sa: a key of 17 octets");
}

/*
 * A refusal that quotes the request shows what the module has left of it: of two
 * attributes with keys the second one counts.
 */
static void test_sa_wiped(void)
{
	static const uint8_t twice[16] = "sixteen letters";
	int off = 0, on = 1;
	bool quoted;

	setsockopt(sock, SOL_NETLINK, NETLINK_EXT_ACK, &off, sizeof(off));
	setsockopt(sock, SOL_NETLINK, NETLINK_CAP_ACK, &off, sizeof(off));
	sa(0x1000, MOBX_DIR_OUT, MOBX_A_SA_PEER);
	put(MOBX_A_SA_ENC_KEY, twice, sizeof(twice));
	put(MOBX_A_SA_ENC_KEY, twice, sizeof(twice));
	put(MOBX_A_SA_AUTH_KEY, twice, sizeof(twice));
	put(MOBX_A_SA_AUTH_KEY, twice, sizeof(twice));
	put32(MOBX_A_SA_PEER, 999);
	memset(answer, 0, sizeof(answer));
	quoted = talk() && memmem(answer, sizeof(answer), req + NLMSG_HDRLEN, 20);
	ok(quoted, "sa: a refusal quotes the request");
	ok(!memmem(answer, sizeof(answer), twice, sizeof(twice)),
	   "sa: without any of its keys");
	setsockopt(sock, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(sock, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
}

static void lifetime(uint16_t a, uint64_t va, uint16_t b, uint64_t vb)
{
	size_t n = nest(MOBX_A_SA_LIFETIME);

	put64(a, va);
	put64(b, vb);
	nest_end(n);
}

static void test_sa_values(void)
{
	unsigned int i;
	size_t n;

	sa(0x1000, MOBX_DIR_OUT, 0);
	put32(MOBX_A_SA_DF, MOBX_DF_SET);
	refused(EINVAL, "tunnel mode only", "sa: df in transport mode");
	sa(0x1000, MOBX_DIR_IN, 0);
	put32(MOBX_A_SA_MODE, MOBX_MODE_TUNNEL);
	put32(MOBX_A_SA_DF, MOBX_DF_SET);
	refused(EINVAL, "outbound", "sa: df for what arrives");
	sa(0x1000, MOBX_DIR_OUT, 0);
	put32(MOBX_A_SA_MODE, MOBX_MODE_TUNNEL);
	put32(MOBX_A_SA_DF, MOBX_DF_CLEAR + 1);
	refused(ERANGE, "", "sa: an unknown df");
	sa(0x1000, MOBX_DIR_IN, 0);
	put(MOBX_A_SA_ESN, NULL, 0);
	put32(MOBX_A_SA_REPLAY_WINDOW, 0);
	refused(EINVAL, "replay window", "sa: ESN without a window");
	sa(0x1000, MOBX_DIR_OUT, 0);
	put(MOBX_A_SA_ESN, NULL, 0);
	put64(MOBX_A_SA_SEQ, 0xffffffffffff0001);
	refused(ERANGE, "0xffffffffffff0000", "sa: ESN that would go round");
	sa(0x1000, MOBX_DIR_OUT, 0);
	put32(MOBX_A_SA_REPLAY_WINDOW, 64);
	refused(EINVAL, "inbound", "sa: a window for what leaves");
	sa(0x1000, MOBX_DIR_IN, 0);
	put16(MOBX_A_SA_TFC, 100);
	refused(EINVAL, "outbound", "sa: TFC for what comes");
	sa(0x1000, MOBX_DIR_IN, 0);
	put32(MOBX_A_SA_REPLAY_WINDOW, 65537);
	refused(ERANGE, "65536", "sa: a window of 65537");
	sa(0x1000, MOBX_DIR_OUT, 0);
	put64(MOBX_A_SA_SEQ, 1ULL << 32);
	refused(ERANGE, "32 bits", "sa: a number of 33 bits");
	sa(0x1000, MOBX_DIR_OUT, 0);
	lifetime(MOBX_A_LIFETIME_SOFT_BYTES, 11, MOBX_A_LIFETIME_HARD_BYTES,
		 10);
	refused(EINVAL, "soft", "sa: a soft limit beyond the hard one");
	sa(0x1000, MOBX_DIR_OUT, 0);
	for (i = 0; i < 17; i++)
		nest_end(nest(MOBX_A_SA_SELECTORS));
	refused(E2BIG, "16", "sa: 17 selectors");
	sa(0x1000, MOBX_DIR_OUT, 0);
	n = nest(MOBX_A_SA_SELECTORS);
	put32(MOBX_A_SELECTOR_LOCAL, addr(1));
	nest_end(n);
	refused(EINVAL, "no address", "sa: a selector with an address");
	sa(0x1000, MOBX_DIR_OUT, MOBX_A_SA_PEER);
	put32(MOBX_A_SA_PEER, 77);
	refused(ENOENT, "no peer", "sa: an unknown peer");
}

/* Whether SAs that a dump shows have keys; @arg: how many have. */
static void count_keys(const struct nlmsghdr *nlh, void *arg)
{
	size_t at = NLMSG_HDRLEN + GENL_HDRLEN;
	unsigned int *count = arg;

	while (at + ATTR_HDR <= nlh->nlmsg_len) {
		const struct nlattr *a = (const void *)((const char *)nlh + at);

		*count += a->nla_type == MOBX_A_SA_ENC_KEY &&
			  a->nla_len == ATTR_HDR + 16 &&
			  !memcmp(a + 1, key, 16);
		at += (size_t)NLA_ALIGN(a->nla_len);
	}
}

static void test_sa(void)
{
	unsigned int keys = 0;

	test_sa_missing();
	test_sa_keys();
	test_sa_wiped();
	test_sa_values();
	sa(0x1000, MOBX_DIR_OUT, 0);
	accepted("sa: out");
	sa(0x1000, MOBX_DIR_OUT, 0);
	refused(EEXIST, "already", "sa: the same one again");
	sa(0x1000, MOBX_DIR_IN, 0);
	accepted("sa: in, same SPI");
	sa(0x1000, MOBX_DIR_IN, 0);
	refused(EEXIST, "already", "sa: that one again");
	begin(family, MOBX_CMD_SA_DEL, 0);
	put32(MOBX_A_SA_SPI, 0x1001);
	put32(MOBX_A_SA_DIR, MOBX_DIR_IN);
	refused(ENOENT, "no such SA", "sa: delete an unknown one");
	begin(family, MOBX_CMD_SA_GET, 0);
	put32(MOBX_A_SA_SPI, 0x1000);
	put32(MOBX_A_SA_DIR, MOBX_DIR_IN);
	accepted("sa: get");
	ok(!find(MOBX_A_SA_ENC_KEY), "sa: no key in sight");
	begin(family, MOBX_CMD_SA_GET, 0);
	ok(dump(count_keys, &keys) == 2 && !keys, "sa: no key in a dump");
	begin(family, MOBX_CMD_SA_GET, 0);
	put(MOBX_A_SA_SHOW_KEYS, NULL, 0);
	ok(dump(count_keys, &keys) == 2 && keys == 2, "sa: keys when asked");

	/* An SPI that two peers chose needs the peer. */
	peer(MOBX_CMD_PEER_NEW, 3);
	path(1, 2, V, P);
	accepted("sa: another peer with the same address");
	sa(0x1000, MOBX_DIR_OUT, MOBX_A_SA_PEER);
	put32(MOBX_A_SA_PEER, 3);
	accepted("sa: another peer's SPI");
	begin(family, MOBX_CMD_SA_DEL, 0);
	put32(MOBX_A_SA_SPI, 0x1000);
	put32(MOBX_A_SA_DIR, MOBX_DIR_OUT);
	refused(ENOTUNIQ, "peer", "sa: delete one of two");
	peer(MOBX_CMD_PEER_DEL, 3);
	accepted("sa: peer deleted with its SA");
	begin(family, MOBX_CMD_SA_GET, 0);
	ok(dump(count_keys, &keys) == 2, "sa: and its SA is gone");
}

/* A policy with a selector of two attributes. */
static void odd_policy(uint16_t a, const void *va, size_t la, uint16_t b,
		       const void *vb, size_t lb)
{
	size_t n;

	policy(10, MOBX_ACTION_DISCARD);
	n = nest(MOBX_A_POLICY_SELECTOR);
	put(a, va, la);
	put(b, vb, lb);
	nest_end(n);
}

/* The selector of packets that show no ports. */
static void opaque_ports(void)
{
	static const uint8_t udp = 17;
	size_t n = nest(MOBX_A_POLICY_SELECTOR);

	put(MOBX_A_SELECTOR_PROTO, &udp, 1);
	put16(MOBX_A_SELECTOR_LOCAL_PORT_MIN, 65535);
	put16(MOBX_A_SELECTOR_LOCAL_PORT_MAX, 0);
	nest_end(n);
}

/* Ranges of addresses, and OPAQUE in place of ports. */
static void test_policy_ranges(void)
{
	uint32_t below = addr(0x100), host = addr(0x101);
	uint16_t opaque[2] = { 65535, 0 }, port = 53;
	static const uint8_t zero[16], udp = 17;
	size_t n;

	odd_policy(MOBX_A_SELECTOR_LOCAL, &host, 4,
		   MOBX_A_SELECTOR_LOCAL_LAST, &below, 4);
	refused(EINVAL, "above its end", "policy: addresses the wrong way round");
	odd_policy(MOBX_A_SELECTOR_LOCAL, &host, 4,
		   MOBX_A_SELECTOR_LOCAL_LAST, zero, 16);
	refused(EINVAL, "one family", "policy: a range of two families");
	odd_policy(MOBX_A_SELECTOR_LOCAL_LAST, &host, 4,
		   MOBX_A_SELECTOR_PROTO, &udp, 1);
	refused(EINVAL, "needs its address", "policy: the end of a range alone");
	policy(10, MOBX_ACTION_DISCARD);
	n = nest(MOBX_A_POLICY_SELECTOR);
	put(MOBX_A_SELECTOR_LOCAL, &host, 4);
	put(MOBX_A_SELECTOR_LOCAL_PLEN, &udp, 1);
	put(MOBX_A_SELECTOR_LOCAL_LAST, &host, 4);
	nest_end(n);
	refused(EINVAL, "not both", "policy: prefix and range");
	policy(10, MOBX_ACTION_DISCARD);
	n = nest(MOBX_A_POLICY_SELECTOR);
	put(MOBX_A_SELECTOR_PROTO, &udp, 1);
	put16(MOBX_A_SELECTOR_LOCAL_PORT_MIN, opaque[0]);
	put16(MOBX_A_SELECTOR_LOCAL_PORT_MAX, opaque[1]);
	put16(MOBX_A_SELECTOR_REMOTE_PORT_MIN, port);
	put16(MOBX_A_SELECTOR_REMOTE_PORT_MAX, port);
	nest_end(n);
	refused(EINVAL, "OPAQUE", "policy: one port opaque, the other not");
	odd_policy(MOBX_A_SELECTOR_LOCAL_PORT_MIN, &opaque[0], 2,
		   MOBX_A_SELECTOR_LOCAL_PORT_MAX, &opaque[1], 2);
	refused(EINVAL, "protocol", "policy: opaque ports of no protocol");
}

static void test_policy(void)
{
	static const uint8_t zero[16], plen24 = 24, plen33 = 33, udp = 17;
	uint16_t low = 10, high = 20;
	uint32_t host = addr(0x101);

	begin(family, MOBX_CMD_POLICY_NEW, 0);
	put32(MOBX_A_POLICY_ACTION, MOBX_ACTION_DISCARD);
	refused(EINVAL, "order", "policy: no order");
	begin(family, MOBX_CMD_POLICY_NEW, 0);
	put32(MOBX_A_POLICY_ORDER, 10);
	refused(EINVAL, "action", "policy: no action");
	policy(10, 3);
	refused(ERANGE, "", "policy: a fourth action");
	policy(10, MOBX_ACTION_BYPASS);
	put32(MOBX_A_POLICY_PEER, 1);
	refused(EINVAL, "protect", "policy: bypass with a peer");
	policy(10, MOBX_ACTION_PROTECT);
	put32(MOBX_A_POLICY_PEER, 77);
	refused(ENOENT, "no peer", "policy: an unknown peer");
	odd_policy(MOBX_A_SELECTOR_LOCAL, &host, 4,
		   MOBX_A_SELECTOR_LOCAL_PLEN, &plen33, 1);
	refused(EINVAL, "prefix length", "policy: 33 bits of IPv4");
	odd_policy(MOBX_A_SELECTOR_LOCAL, &host, 4,
		   MOBX_A_SELECTOR_LOCAL_PLEN, &plen24, 1);
	refused(EINVAL, "beyond its prefix", "policy: host bits in a prefix");
	odd_policy(MOBX_A_SELECTOR_PROTO, &udp, 1,
		   MOBX_A_SELECTOR_LOCAL_PLEN, &plen24, 1);
	refused(EINVAL, "needs its address", "policy: a length alone");
	odd_policy(MOBX_A_SELECTOR_LOCAL, zero, 16,
		   MOBX_A_SELECTOR_REMOTE, &host, 4);
	refused(EINVAL, "one family", "policy: two families");
	odd_policy(MOBX_A_SELECTOR_LOCAL, zero, 3,
		   MOBX_A_SELECTOR_PROTO, &udp, 1);
	refused(EINVAL, "4 or 16", "policy: an address of 3 octets");
	odd_policy(MOBX_A_SELECTOR_LOCAL_PORT_MIN, &high, 2,
		   MOBX_A_SELECTOR_LOCAL_PORT_MAX, &low, 2);
	refused(EINVAL, "range", "policy: ports the wrong way round");
	odd_policy(MOBX_A_SELECTOR_LOCAL_PORT_MIN, &low, 2,
		   MOBX_A_SELECTOR_LOCAL_PORT_MAX, &high, 2);
	refused(EINVAL, "protocol", "policy: ports of no protocol");
	test_policy_ranges();

	policy(10, MOBX_ACTION_DISCARD);
	put32(MOBX_A_POLICY_PFP, MOBX_PFP_REMOTE);
	refused(EINVAL, "protect", "policy: discard with pfp");
	policy(10, MOBX_ACTION_PROTECT);
	put32(MOBX_A_POLICY_PFP, 32);
	refused(EINVAL, "", "policy: an unknown pfp");
	policy(10, MOBX_ACTION_PROTECT);
	put32(MOBX_A_POLICY_PFP, MOBX_PFP_LOCAL_PORT);
	opaque_ports();
	refused(EINVAL, "OPAQUE", "policy: pfp of OPAQUE ports");
	policy(10, MOBX_ACTION_PROTECT);
	put32(MOBX_A_POLICY_PEER, 1);
	put(MOBX_A_POLICY_LABEL, "mine", 5);
	accepted("policy: protect");
	policy(10, MOBX_ACTION_DISCARD);
	refused(EEXIST, "already", "policy: an order that is taken");
	policy(UINT32_MAX, MOBX_ACTION_BYPASS);
	accepted("policy: the last order");
	policy(5, MOBX_ACTION_BYPASS);
	accepted("policy: before them");
	peer(MOBX_CMD_PEER_DEL, 1);
	refused(EBUSY, "policy", "policy: its peer deleted");
	begin(family, MOBX_CMD_PEER_FLUSH, 0);
	refused(EBUSY, "policy", "policy: all peers flushed");
	begin(family, MOBX_CMD_POLICY_DEL, 0);
	put32(MOBX_A_POLICY_ORDER, 6);
	refused(ENOENT, "no policy", "policy: delete an unknown one");
	begin(family, MOBX_CMD_POLICY_FLUSH, 0);
	put(MOBX_A_POLICY_LABEL, "mine", 5);
	accepted("policy: flush one label");
	begin(family, MOBX_CMD_POLICY_GET, 0);
	put32(MOBX_A_POLICY_ORDER, 10);
	refused(ENOENT, "no policy", "policy: get what was flushed");
	begin(family, MOBX_CMD_POLICY_GET, 0);
	put32(MOBX_A_POLICY_ORDER, 5);
	accepted("policy: get what was not");
	begin(family, MOBX_CMD_POLICY_FLUSH, 0);
	accepted("policy: flush");
	begin(family, MOBX_CMD_PEER_FLUSH, 0);
	accepted("policy: then peers go too");
}

static uint32_t protecting(void)
{
	const struct nlattr *a = find(MOBX_A_CONF_PROTECTING);
	uint32_t v = 0;

	if (a)
		memcpy(&v, a + 1, sizeof(v));
	return v;
}

static void conf(uint16_t type, int value)
{
	begin(family, MOBX_CMD_CONF, 0);
	put32(type, (uint32_t)value);
}

static void test_conf(int foreign)
{
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	int tcp = socket(AF_INET, SOCK_STREAM, 0);

	if (udp < 0 || tcp < 0)
		die("socket");
	conf(MOBX_A_CONF_DEFAULT_ACTION, MOBX_ACTION_PROTECT);
	refused(EINVAL, "bypass or discard", "conf: default protect");
	conf(MOBX_A_CONF_IKE_SOCKET, -1);
	refused(EBADF, "open socket", "conf: no descriptor");
	conf(MOBX_A_CONF_IKE_SOCKET, open("/dev/null", O_RDONLY));
	refused(ENOTSOCK, "open socket", "conf: not a socket");
	conf(MOBX_A_CONF_IKE_SOCKET, tcp);
	refused(EPROTOTYPE, "UDP", "conf: a TCP socket");
	conf(MOBX_A_CONF_IKE_SOCKET, foreign);
	refused(EXDEV, "namespace", "conf: a socket from elsewhere");
	conf(MOBX_A_CONF_IKE_SOCKET, udp);
	accepted("conf: a UDP socket");
	ok(protecting() == 0, "conf: nothing holds the module");
	conf(MOBX_A_CONF_DEFAULT_ACTION, MOBX_ACTION_DISCARD);
	accepted("conf: default discard");
	ok(protecting() == 1, "conf: which holds the module");
	conf(MOBX_A_CONF_DEFAULT_ACTION, MOBX_ACTION_DISCARD);
	accepted("conf: the same again");
	ok(protecting() == 1, "conf: which changes nothing");
	conf(MOBX_A_CONF_DEFAULT_ACTION, MOBX_ACTION_BYPASS);
	accepted("conf: default bypass");
	ok(protecting() == 0, "conf: which lets the module go");
	begin(family, MOBX_CMD_STATS_GET, 0);
	put32(MOBX_A_STATS_WHICH, MOBX_STAT_MAX + 1);
	refused(ERANGE, "", "stats: an unknown counter");
}

struct dump_seen {
	unsigned int	interrupted;
	unsigned int	count;
	bool		change;
};

/* Change something while a dump is under way, over another socket. */
static void change_once(const struct nlmsghdr *nlh, void *arg)
{
	struct dump_seen *seen = arg;

	seen->interrupted += !!(nlh->nlmsg_flags & NLM_F_DUMP_INTR);
	if (!seen->count++ && seen->change) {
		int other = sock;

		sock = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
		if (sock < 0)
			die("socket");
		peer(MOBX_CMD_PEER_DEL, 150);
		((struct nlmsghdr *)req)->nlmsg_len = (uint32_t)req_len;
		if (send(sock, req, req_len, 0) < 0)
			die("send");
		close(sock);
		sock = other;
	}
}

static void test_dump(void)
{
	struct dump_seen seen = { 0 };
	unsigned int i, j;

	for (i = 1; i <= 200; i++) {
		peer(MOBX_CMD_PEER_NEW, i);
		for (j = 0; j < (i % 8 ? 1 : 64); j++)
			path((uint16_t)(j + 3), 2, V, j ? 0 : P);
		if (talk())
			die("peer");
	}
	begin(family, MOBX_CMD_PEER_GET, 0);
	ok(dump(change_once, &seen) == 200 && !seen.interrupted,
	   "dump: 200 peers, some with 64 paths");
	seen = (struct dump_seen){ .change = true };
	begin(family, MOBX_CMD_PEER_GET, 0);
	ok(dump(change_once, &seen) == 199 && seen.interrupted,
	   "dump: a change in the middle is marked");
	begin(family, MOBX_CMD_PEER_FLUSH, 0);
	accepted("dump: flush");
	begin(family, MOBX_CMD_SA_GET, 0);
	put32(MOBX_A_SA_SPI, 0x1000);
	ok(dump(change_once, &seen) == 0, "dump: of one SPI is refused");
}

/* The next event's command within a time, 0 for none. */
static uint8_t event(int listener, unsigned int milliseconds)
{
	struct timeval tv = { milliseconds / 1000,
			      milliseconds % 1000 * 1000 };
	ssize_t n;

	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	n = recv(listener, answer, sizeof(answer), 0);
	answer_len = n > 0 ? (size_t)n : 0;
	return n > 0 ? ((struct genlmsghdr *)NLMSG_DATA(answer))->cmd : 0;
}

static void test_events(void)
{
	int listener = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK };
	const struct nlattr *a;

	if (listener < 0 || bind(listener, (struct sockaddr *)&nl, sizeof(nl)) ||
	    setsockopt(listener, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		       sizeof(group)))
		die("listener");
	good_peer();
	accepted("events: a peer");
	ok(event(listener, 1000) == MOBX_CMD_BINDING_CHANGED &&
	   value64(MOBX_A_EVENT_GENERATION) == 1, "events: and word of it");
	rebind(1, 1);
	path(7, 2, V, P);
	path(1, 2, D, 0);
	accepted("events: a rebind");
	ok(event(listener, 1000) == MOBX_CMD_BINDING_CHANGED &&
	   value64(MOBX_A_EVENT_GENERATION) == 2 && find(MOBX_A_EVENT_PATHS),
	   "events: and word of that");
	rebind(1, 1);
	path(9, 2, V, P);
	ok(talk() == ESTALE && !event(listener, 100),
	   "events: none of what is refused");
	begin(family, MOBX_CMD_PEER_REPLACE, 0);
	put32(MOBX_A_REPLACE_FROM, addr(7));
	put32(MOBX_A_REPLACE_TO, addr(8));
	accepted("events: an own address replaced");
	ok(event(listener, 1000) == MOBX_CMD_LOCAL_REPLACED &&
	   find(MOBX_A_EVENT_REPLACED) && find(MOBX_A_EVENT_MOVED) &&
	   !event(listener, 100), "events: and one word of it");

	sa(0x2000, MOBX_DIR_OUT, 0);
	lifetime(MOBX_A_LIFETIME_SOFT_SECONDS, 1, MOBX_A_LIFETIME_HARD_SECONDS,
		 2);
	accepted("events: an SA of 2 seconds");
	ok(event(listener, 3000) == MOBX_CMD_SA_EXPIRE &&
	   (a = find(MOBX_A_EVENT_EXPIRE)) &&
	   !memcmp(a + 1, "\0\0\0\0", 4), "events: it is near its end");
	ok(event(listener, 3000) == MOBX_CMD_SA_EXPIRE &&
	   !find(MOBX_A_EVENT_GENERATION), "events: and has met it");
	usleep(50000);
	begin(family, MOBX_CMD_SA_GET, 0);
	put32(MOBX_A_SA_SPI, 0x2000);
	put32(MOBX_A_SA_DIR, MOBX_DIR_OUT);
	refused(ENOENT, "no such SA", "events: an SA that has ended");
	peer(MOBX_CMD_PEER_DEL, 1);
	accepted("events: the peer deleted");
	ok(event(listener, 1000) == MOBX_CMD_BINDING_CHANGED &&
	   !find(MOBX_A_EVENT_PATHS), "events: and word of it");
	close(listener);
}

/* The same requests from someone who may not. */
static void test_permission(void)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		if (setgid(65534) || setuid(65534))
			_exit(2);
		sock = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
		good_peer();
		if (talk() != EPERM)
			_exit(1);
		begin(family, MOBX_CMD_STATS_GET, 0);
		_exit(talk() != EPERM);
	}
	ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	   !WEXITSTATUS(status), "permission: none without CAP_NET_ADMIN");
}

static int make(const char *what)
{
	int err;

	if (!strcmp(what, "peer"))
		good_peer();
	else if (!strcmp(what, "sa"))
		sa(0x1000, MOBX_DIR_IN, 0);
	else if (!strcmp(what, "policy"))
		policy(10, MOBX_ACTION_PROTECT);
	else if (!strcmp(what, "discard"))
		conf(MOBX_A_CONF_DEFAULT_ACTION, MOBX_ACTION_DISCARD);
	else if (!strcmp(what, "nothing"))
		conf(MOBX_A_CONF_DEFAULT_ACTION, MOBX_ACTION_BYPASS);
	else
		return 2;
	err = talk();
	if (err)
		fprintf(stderr, "make %s: %s, \"%s\"\n", what, strerror(err),
			why);
	return err != 0;
}

/* Send good requests with octets changed; the kernel has to survive. */
static int fuzz(unsigned int seed, long n)
{
	unsigned long kinds[2] = { 0 };

	srand(seed);
	while (n-- > 0) {
		int hits = rand() % 4;
		uint32_t spi = 0x1000 + (uint32_t)(rand() % 4);

		switch (rand() % 6) {
		case 0:
			good_peer();
			break;
		case 1:
			rebind(1, (uint64_t)(rand() % 4));
			path((uint16_t)(rand() % 9), 2, V, P);
			path((uint16_t)(rand() % 9), 2, D, 0);
			break;
		case 2:
			sa(spi, MOBX_DIR_IN, 0);
			break;
		case 3:
			gcm(spi, MOBX_DIR_OUT, 20);
			put(MOBX_A_SA_FORCE, NULL, 0);
			lifetime(MOBX_A_LIFETIME_HARD_SECONDS, 1,
				 MOBX_A_LIFETIME_SOFT_PACKETS, 1);
			break;
		case 4:
			policy((uint32_t)(rand() % 4), (uint32_t)(rand() % 3));
			nest_end(nest(MOBX_A_POLICY_SELECTOR));
			break;
		default:
			begin(family, (uint8_t)(1 + rand() % MOBX_CMD_MAX), 0);
			put32(MOBX_A_PEER_ID, 1);
			break;
		}
		while (hits--)
			req[(size_t)NLMSG_HDRLEN + (size_t)rand() %
			    (req_len - NLMSG_HDRLEN)] = (uint8_t)rand();
		kinds[talk() != 0]++;
	}
	printf("# seed %u: %lu accepted, %lu refused\n", seed, kinds[0],
	       kinds[1]);
	return !kinds[0] || !kinds[1];
}

static int many_sas(uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		gcm(0x100000 + i, MOBX_DIR_OUT, 20);
		put(MOBX_A_SA_FORCE, NULL, 0);
		if (talk()) {
			fprintf(stderr, "SA %u: %s\n", i, why);
			return 1;
		}
	}
	return 0;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void hammer_path(const uint32_t *local, const uint32_t *remote,
			uint32_t flags)
{
	size_t n = nest(MOBX_A_PEER_PATHS);

	put32(MOBX_A_PATH_LOCAL, *local);
	put32(MOBX_A_PATH_REMOTE, *remote);
	put32(MOBX_A_PATH_FLAGS, flags);
	nest_end(n);
}

static int hammer(unsigned int n, char **addresses)
{
	double *took = calloc(n, sizeof(*took));
	struct timespec t0, t1;
	uint64_t generation;
	uint32_t ip[3];
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (inet_pton(AF_INET, addresses[i], &ip[i]) != 1)
			return 2;
	peer(MOBX_CMD_PEER_GET, 1);
	if (talk() || !took || !n)
		return 1;
	generation = value64(MOBX_A_PEER_GENERATION);
	for (i = 0; i < n; i++) {
		rebind(1, generation + i);
		/* The order of the paths changes too. */
		hammer_path(&ip[i % 2], &ip[2], P);
		hammer_path(&ip[!(i % 2)], &ip[2], 0);
		clock_gettime(CLOCK_MONOTONIC, &t0);
		if (talk() ||
		    value64(MOBX_A_PEER_GENERATION) != generation + i + 1) {
			fprintf(stderr, "rebind %u: %s\n", i, why);
			return 1;
		}
		clock_gettime(CLOCK_MONOTONIC, &t1);
		took[i] = (double)(t1.tv_sec - t0.tv_sec) * 1e6 +
			  (double)(t1.tv_nsec - t0.tv_nsec) / 1e3;
	}
	qsort(took, n, sizeof(*took), by_size);
	/* Microseconds, half of all rebinds took less. */
	printf("%.0f\n", took[n / 2]);
	free(took);
	return 0;
}
