/* SPDX-License-Identifier: GPL-2.0 */
/* Cases of nltest.c: dumps while things change, events, and who may ask. */

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
