/* SPDX-License-Identifier: GPL-2.0 */
/* Cases of nltest.c: SAs, their keys and lifetimes. */

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
