/* SPDX-License-Identifier: GPL-2.0 */
/* Cases of nltest.c: policies, and what is set for a namespace. */

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
