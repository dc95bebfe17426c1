/* SPDX-License-Identifier: GPL-2.0 */
/* Cases of nltest.c: peers, their paths, and what changes these. */

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
