// SPDX-License-Identifier: GPL-2.0
/*
 * ESP from an attacker, and from a peer that has the keys and no manners.
 *
 * usage: esp SEED COUNT
 *
 * Runs in the namespace of the sender; that of the receiver is /run/netns/a,
 * whose SAs it makes. First each octet of each shape of packet is damaged in
 * turn: nothing may get through, each is counted for what it is. Then COUNT
 * packets: sealed with the right key around anything, damaged afterwards or
 * not, in fragments, with checksums and segmentation that they do not have, by
 * devices that hand them over in pieces, at odd places, or shared with others.
 * What was to be delivered is counted here too, and compared.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../net/nl.h"

#define MAX_PACKET	65536u
#define SPI_FIRST	0x1001u

struct suite {
	const char *name;
	uint32_t enc, auth;
	unsigned int key, auth_key, iv, block, icv;
	bool selectors;			/* UDP only */
};

static const struct suite suites[] = {
	{ "null hmac-sha1", MOBX_ENC_NULL, MOBX_AUTH_HMAC_SHA1_96,
	  0, 20, 0, 4, 12, false },
	{ "aes-gcm-128", MOBX_ENC_AES_GCM_16, MOBX_AUTH_NONE,
	  20, 0, 8, 4, 16, false },
	{ "aes-gcm-256", MOBX_ENC_AES_GCM_16, MOBX_AUTH_NONE,
	  36, 0, 8, 4, 16, true },
	{ "aes-cbc hmac-sha1", MOBX_ENC_AES_CBC, MOBX_AUTH_HMAC_SHA1_96,
	  16, 20, 16, 16, 12, false },
	{ "aes-cbc hmac-sha2-256", MOBX_ENC_AES_CBC,
	  MOBX_AUTH_HMAC_SHA2_256_128, 32, 32, 16, 16, 16, false },
};

#define N_SUITES	(sizeof(suites) / sizeof(suites[0]))

/* How a packet gets to the receiver. */
enum way { WAY_VETH, WAY_VNET, WAY_XDP, WAY_MIRROR, WAY_TUN, WAY_TAP, N_WAYS };

static const char *const way_name[] = {
	"veth", "with a virtio header", "moved by XDP", "mirrored", "tun",
	"tap in pieces",
};

static uint32_t seq[N_SUITES];
static uint64_t rng;
static int packet, packet_vnet, tun, tap;
static uint8_t mac[3][ETH_ALEN];	/* of va, vc, vd */
static int ifindex[3];
static unsigned long sent[N_WAYS], good[N_WAYS];

static uint32_t rnd(uint32_t below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)((rng >> 16) % below);
}

static bool one_in(uint32_t n)
{
	return !rnd(n);
}

static void scramble(uint8_t *p, size_t n)
{
	while (n--)
		*p++ = (uint8_t)rnd(256);
}

static uint8_t key_octet(unsigned int i)
{
	return (uint8_t)(7 * i + 3);
}

/* --------------------------------------------------------------- the sealing */

static void need(bool good_result, const char *what)
{
	if (!good_result) {
		printf("Bail out! %s\n", what);
		exit(1);
	}
}

/* ESP around @len octets of plain text; the place for it is at @esp. */
static size_t seal(unsigned int s, uint32_t number, const uint8_t *plain,
		   size_t len, uint8_t *esp)
{
	const struct suite *a = &suites[s];
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint32_t head[2] = { htonl(SPI_FIRST + s), htonl(number) };
	uint8_t key[64], nonce[12], md[64];
	unsigned int i, md_len;
	uint8_t *text = esp + 8 + a->iv;
	int n;

	for (i = 0; i < sizeof(key); i++)
		key[i] = key_octet(i);
	memcpy(esp, head, 8);
	scramble(esp + 8, a->iv);
	need(c, "memory");
	if (a->enc == MOBX_ENC_AES_GCM_16) {
		memcpy(nonce, key + a->key - 4, 4);
		memcpy(nonce + 4, esp + 8, 8);
		need(EVP_EncryptInit_ex(c, a->key == 20 ? EVP_aes_128_gcm() :
					EVP_aes_256_gcm(), NULL, key, nonce) &&
		     EVP_EncryptUpdate(c, NULL, &n, esp, 8) &&
		     EVP_EncryptUpdate(c, text, &n, plain, (int)len) &&
		     EVP_EncryptFinal_ex(c, text + n, &n) &&
		     EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, 16,
					 text + len), "AES-GCM");
	} else {
		if (a->enc == MOBX_ENC_NULL)
			memcpy(text, plain, len);
		else
			need(EVP_EncryptInit_ex(c, a->key == 16 ?
						EVP_aes_128_cbc() :
						EVP_aes_256_cbc(), NULL, key,
						esp + 8) &&
			     EVP_CIPHER_CTX_set_padding(c, 0) &&
			     EVP_EncryptUpdate(c, text, &n, plain, (int)len),
			     "AES-CBC");
		need(HMAC(a->auth_key == 20 ? EVP_sha1() : EVP_sha256(), key,
			  (int)a->auth_key, esp, 8 + a->iv + len, md, &md_len),
		     "HMAC");
		memcpy(text + len, md, a->icv);
	}
	EVP_CIPHER_CTX_free(c);
	return 8 + a->iv + len + a->icv;
}

/* ------------------------------------------------------------- the receiver */

static void enter(const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
	close(fd);
}

static void path(const char *local, const char *remote, uint32_t flags)
{
	struct in_addr l, r;
	size_t n = nest(MOBX_A_PEER_PATHS);

	inet_pton(AF_INET, local, &l);
	inet_pton(AF_INET, remote, &r);
	put32(MOBX_A_PATH_LOCAL, l.s_addr);
	put32(MOBX_A_PATH_REMOTE, r.s_addr);
	put32(MOBX_A_PATH_FLAGS, flags);
	nest_end(n);
}

static void sa(unsigned int s, uint32_t dir)
{
	const struct suite *a = &suites[s];
	uint8_t key[64];
	unsigned int i;
	size_t n;

	for (i = 0; i < sizeof(key); i++)
		key[i] = key_octet(i);
	begin(family, MOBX_CMD_SA_NEW, 0);
	put32(MOBX_A_SA_SPI, SPI_FIRST + s);
	put32(MOBX_A_SA_DIR, dir);
	put32(MOBX_A_SA_PEER, 1);
	put32(MOBX_A_SA_ENC, a->enc);
	put32(MOBX_A_SA_AUTH, a->auth);
	if (a->key)
		put(MOBX_A_SA_ENC_KEY, key, a->key);
	if (a->auth_key)
		put(MOBX_A_SA_AUTH_KEY, key, a->auth_key);
	put(MOBX_A_SA_FORCE, NULL, 0);
	if (a->selectors) {
		uint8_t udp = IPPROTO_UDP;

		n = nest(MOBX_A_SA_SELECTORS);
		put(MOBX_A_SELECTOR_PROTO, &udp, 1);
		nest_end(n);
	}
	need(!talk(), why);
}

static uint64_t counter(uint32_t which)
{
	size_t at = NLMSG_HDRLEN + GENL_HDRLEN + ATTR_HDR;

	begin(family, MOBX_CMD_STATS_GET, 0);
	put32(MOBX_A_STATS_WHICH, which);
	need(!talk(), why);
	while (at + ATTR_HDR <= answer_len) {
		const struct nlattr *a = (const void *)(answer + at);
		uint64_t v;

		if (a->nla_type == MOBX_A_COUNTER_VALUE) {
			memcpy(&v, a + 1, sizeof(v));
			return v;
		}
		at += (size_t)NLA_ALIGN(a->nla_len);
	}
	need(false, "no counter in the answer");
	return 0;
}

/* Somebody who answers, so that what came in makes something go out. */
static void listeners(void)
{
	struct sockaddr_in here = {
		.sin_family = AF_INET, .sin_port = htons(4242),
	};
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	bind(s, (struct sockaddr *)&here, sizeof(here));
	s = socket(AF_INET, SOCK_STREAM, 0);
	bind(s, (struct sockaddr *)&here, sizeof(here));
	listen(s, 16);
	/* Never read: what it gets is shared until its queue is full. */
	socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
}

static int open_tun(const char *name, int flags)
{
	struct ifreq ifr = { .ifr_flags = (short)flags };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr))
		die("tun");
	return fd;
}

/* Frames that reach va through XDP have been moved by as much as they say. */
static void attach_xdp(const char *dev)
{
	/*
	 * r2 = *(u8 *)data; if it is below 16 (no frame of ours begins so but
	 * for those that ask for it): bpf_xdp_adjust_head(ctx, r2); pass.
	 */
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 6, .src_reg = 1 },
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 3, .src_reg = 1 },
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 4, .src_reg = 1,
		  .off = 4 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 5, .src_reg = 3 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 5, .imm = 40 },
		{ .code = BPF_JMP | BPF_JGT | BPF_X, .dst_reg = 5, .src_reg = 4,
		  .off = 6 },
		{ .code = BPF_LDX | BPF_MEM | BPF_B, .dst_reg = 2, .src_reg = 3 },
		{ .code = BPF_JMP | BPF_JGT | BPF_K, .dst_reg = 2, .imm = 15,
		  .off = 4 },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 2, .imm = 0,
		  .off = 3 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 6 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_xdp_adjust_head },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = XDP_PASS },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	static char log[8192];
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (uint64_t)(uintptr_t)program,
		.insn_cnt = sizeof(program) / sizeof(program[0]),
		.license = (uint64_t)(uintptr_t)"GPL",
		.log_buf = (uint64_t)(uintptr_t)log,
		.log_size = sizeof(log), .log_level = 1,
	};
	union bpf_attr link = {
		.link_create.attach_type = BPF_XDP,
		.link_create.flags = XDP_FLAGS_SKB_MODE,
	};

	link.link_create.prog_fd = (uint32_t)syscall(SYS_bpf, BPF_PROG_LOAD,
						     &load, sizeof(load));
	if ((int)link.link_create.prog_fd < 0)
		die(log);
	link.link_create.target_ifindex = if_nametoindex(dev);
	if (syscall(SYS_bpf, BPF_LINK_CREATE, &link, sizeof(link)) < 0)
		die("XDP");
}

static void read_mac(const char *dev, uint8_t *to)
{
	struct ifreq ifr = { 0 };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	strncpy(ifr.ifr_name, dev, IFNAMSIZ - 1);
	if (ioctl(s, SIOCGIFHWADDR, &ifr))
		die(dev);
	memcpy(to, ifr.ifr_hwaddr.sa_data, ETH_ALEN);
	close(s);
}

static void set_up(void)
{
	unsigned int s;

	enter("a");
	resolve();
	begin(family, MOBX_CMD_PEER_NEW, 0);
	put32(MOBX_A_PEER_ID, 1);
	path("10.9.0.1", "10.9.0.2", MOBX_PATH_FLAGS_PRIMARY);
	path("10.9.1.1", "10.9.1.2", 0);
	path("10.9.2.1", "10.9.2.2", 0);
	path("10.9.3.1", "10.9.3.2", 0);
	path("10.9.4.1", "10.9.4.2", 0);
	need(!talk(), why);
	for (s = 0; s < N_SUITES; s++)
		sa(s, MOBX_DIR_IN);
	sa(1, MOBX_DIR_OUT);
	begin(family, MOBX_CMD_POLICY_NEW, 0);
	put32(MOBX_A_POLICY_ORDER, 1);
	put32(MOBX_A_POLICY_ACTION, MOBX_ACTION_PROTECT);
	need(!talk(), why);
	listeners();
	tun = open_tun("tun0", IFF_TUN | IFF_NO_PI);
	tap = open_tun("tap0", IFF_TAP | IFF_NO_PI | IFF_NAPI | IFF_NAPI_FRAGS);
	if (system("ip link set tun0 up && ip addr add 10.9.3.1/24 dev tun0 && "
		   "ip link set tap0 address 02:00:00:00:00:09 && "
		   "ip link set tap0 up && ip addr add 10.9.4.1/24 dev tap0"))
		die("ip");
	attach_xdp("vc");
	read_mac("va", mac[0]);
	read_mac("vc", mac[1]);
	read_mac("vd", mac[2]);
	enter("b");
	packet = socket(AF_PACKET, SOCK_RAW, 0);
	packet_vnet = socket(AF_PACKET, SOCK_RAW, 0);
	s = 1;
	if (packet < 0 || setsockopt(packet_vnet, SOL_PACKET, PACKET_VNET_HDR,
				     &s, sizeof(s)))
		die("packet socket");
	ifindex[0] = (int)if_nametoindex("vb");
	ifindex[1] = (int)if_nametoindex("vcb");
	ifindex[2] = (int)if_nametoindex("vdb");
}

/* ------------------------------------------------------------------ sending */

static uint16_t checksum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (; n > 1; n -= 2, p += 2)
		sum += (uint32_t)(p[0] << 8 | p[1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

struct ipv4 {
	uint8_t ihl, tos;
	uint16_t len, id, frag;
	uint8_t ttl, proto;
	uint16_t check;
	uint32_t src, dst;
} __attribute__((packed, aligned(2)));

static size_t ip_header(uint8_t *p, enum way way, size_t payload,
			unsigned int options, uint16_t frag, uint16_t id)
{
	static const uint8_t net[N_WAYS] = { 0, 0, 1, 2, 3, 4 };
	struct ipv4 h = {
		.ihl = (uint8_t)(0x45 + options / 4), .ttl = 64, .proto = 50,
		.len = htons((uint16_t)(sizeof(h) + options + payload)),
		.id = htons(id), .frag = htons(frag),
		.src = htonl(0x0a090002u | (uint32_t)net[way] << 8),
		.dst = htonl(0x0a090001u | (uint32_t)net[way] << 8),
	};

	memcpy(p, &h, sizeof(h));
	memset(p + sizeof(h), 1, options);	/* no operation */
	h.check = checksum(p, sizeof(h) + options);
	memcpy(p, &h, sizeof(h));
	return sizeof(h) + options;
}

/* Which of the three pairs of veth, for ways that use one. */
static unsigned int link_of(enum way way)
{
	return way == WAY_XDP ? 1 : way == WAY_MIRROR ? 2 : 0;
}

/* Whether the packet at @ip was taken by its device. */
static bool send_ip(enum way way, const uint8_t *ip, size_t len)
{
	static uint8_t frame[16 + sizeof(struct virtio_net_hdr) + ETH_HLEN +
			     MAX_PACKET];
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	struct virtio_net_hdr vnet = { 0 };
	uint8_t *p = frame;
	unsigned int l = link_of(way), shift;
	struct iovec piece[8];
	int n = 0;

	if (way == WAY_TUN)
		return write(tun, ip, len) == (ssize_t)len;
	if (way == WAY_VNET) {
		if (one_in(2)) {
			vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
			vnet.csum_start = (uint16_t)(ETH_HLEN + 20 + rnd(16));
			vnet.csum_offset = (uint16_t)rnd(20);
		}
		if (one_in(2)) {
			vnet.gso_type = (uint8_t)(1 + rnd(5));
			vnet.gso_size = (uint16_t)(1 + rnd(1400));
			vnet.hdr_len = (uint16_t)rnd(80);
		}
		memcpy(p, &vnet, sizeof(vnet));
		p += sizeof(vnet);
	}
	if (way == WAY_XDP && one_in(2)) {
		shift = 1 + rnd(15);
		memset(p, (int)shift, shift);
		p += shift;
	}
	memcpy(p, way == WAY_TAP ? (const uint8_t *)"\2\0\0\0\0\11" : mac[l],
	       ETH_ALEN);
	memcpy(p + ETH_ALEN, "\2\0\0\0\0\1", ETH_ALEN);
	memcpy(p + 2 * ETH_ALEN, "\10\0", 2);
	p += ETH_HLEN;
	memcpy(p, ip, len);
	p += len;
	if (way == WAY_TAP) {
		/* The header's piece, and some more, each a page fragment. */
		size_t rest = (size_t)(p - frame), cut = 64;

		for (p = frame; rest && n < 8; n++) {
			if (cut > rest || n == 7)
				cut = rest;
			piece[n] = (struct iovec){ p, cut };
			p += cut;
			rest -= cut;
			cut = 1 + rnd(400);
		}
		return writev(tap, piece, n) > 0;
	}
	to.sll_ifindex = ifindex[l];
	return sendto(way == WAY_VNET ? packet_vnet : packet, frame,
		      (size_t)(p - frame), 0, (struct sockaddr *)&to,
		      sizeof(to)) > 0;
}

/*
 * A whole ESP packet in fragments, in this order or the other; whether all of
 * them were taken.
 */
static bool send_fragments(enum way way, const uint8_t *esp, size_t len)
{
	static uint8_t ip[MAX_PACKET];
	static uint16_t id;
	size_t unit = 8 * (size_t)(1 + rnd(180)), n, i, head;
	bool backwards = one_in(2), all = true;

	/* The kernel puts no more together than it gets within its limits. */
	if (unit * 64 < len)
		unit = 1400;
	n = (len + unit - 1) / unit;
	id++;
	for (i = 0; i < n; i++) {
		size_t k = backwards ? n - 1 - i : i, part = unit;

		if (k * unit + part > len)
			part = len - k * unit;
		head = ip_header(ip, way, part, 0,
				 (uint16_t)(k * unit / 8 |
					    (k + 1 < n ? 0x2000 : 0)), id);
		memcpy(ip + head, esp + k * unit, part);
		all &= send_ip(way, ip, head + part);
	}
	return all;
}

/* ------------------------------------------------------------------- phases */

/* One octet of each packet is wrong; all shapes, all octets. */
static bool every_octet(void)
{
	static const size_t lengths[] = { 2, 6, 62, 1402 };
	static uint8_t plain[2048], esp[2048], ip[2200];
	uint64_t integrity = counter(MOBX_STAT_IN_INTEGRITY);
	uint64_t replayed = counter(MOBX_STAT_IN_REPLAYED);
	uint64_t unknown = counter(MOBX_STAT_IN_UNKNOWN_SPI);
	uint64_t malformed = counter(MOBX_STAT_IN_MALFORMED);
	uint64_t accepted = counter(MOBX_STAT_IN_PROTECTED);
	unsigned long n = 0, spi = 0, bad = 0;
	unsigned int s, i;
	size_t len, at, head;

	for (s = 0; s < N_SUITES; s++) {
		for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			size_t text = (lengths[i] + suites[s].block - 1) /
				      suites[s].block * suites[s].block;

			memset(plain, 0, text);
			plain[text - 1] = IPPROTO_UDP;
			len = seal(s, ++seq[s], plain, text, esp);
			for (at = 0; at < len; at++) {
				uint8_t flip = (uint8_t)(1u << rnd(8));

				/* Far into a long one, each is like the next. */
				if (at > 80 && at + 40 < len && !one_in(16))
					continue;
				esp[at] ^= flip;
				head = ip_header(ip, WAY_VETH, len, 0, 0, 0);
				memcpy(ip + head, esp, len);
				need(send_ip(WAY_VETH, ip, head + len),
				     "a packet cannot be sent");
				esp[at] ^= flip;
				if (at < 4)
					spi++;
				else
					bad++;
				n++;
			}
		}
	}
	usleep(200000);
	integrity = counter(MOBX_STAT_IN_INTEGRITY) - integrity;
	replayed = counter(MOBX_STAT_IN_REPLAYED) - replayed;
	unknown = counter(MOBX_STAT_IN_UNKNOWN_SPI) - unknown;
	malformed = counter(MOBX_STAT_IN_MALFORMED) - malformed;
	accepted = counter(MOBX_STAT_IN_PROTECTED) - accepted;
	printf("# %lu packets with one octet wrong: %llu accepted; %llu of another SPI, %llu of no length of its suite, %llu replayed, %llu without integrity\n",
	       n, (unsigned long long)accepted, (unsigned long long)unknown,
	       (unsigned long long)malformed, (unsigned long long)replayed,
	       (unsigned long long)integrity);
	/*
	 * Another bit of the SPI may make it that of another SA, whose suite
	 * has other lengths; one of the number, that of another packet.
	 */
	return !accepted && unknown + malformed <= spi &&
	       unknown + malformed + replayed + integrity == n &&
	       integrity + replayed >= bad && integrity + 40 >= bad;
}

enum fate { DROPPED, PERHAPS, DELIVERED };

/* The plain text: what is inside, padding, its length, the next header. */
static size_t invent(unsigned int s, uint8_t *plain, enum fate *fate)
{
	static const uint8_t protos[] = {
		17, 17, 17, 6, 1, 132, 50, 4, 41, 51, 0, 22, 59, 255, 44, 2, 136,
	};
	unsigned int block = suites[s].block;
	size_t len = one_in(20) ? rnd(60000) : one_in(3) ? rnd(1400) : rnd(80);
	unsigned int pad = (unsigned int)(block - (len + 2) % block) % block;
	uint8_t proto = one_in(8) ? (uint8_t)rnd(256) :
				    protos[rnd(sizeof(protos))];
	unsigned int i;

	scramble(plain, len);
	/* A header of UDP, TCP or SCTP to somebody who listens. */
	if (len > 8 && one_in(2)) {
		plain[2] = 4242 >> 8;
		plain[3] = 4242 & 0xff;
		plain[4] = (uint8_t)(len >> 8);
		plain[5] = (uint8_t)len;
		plain[6] = 0;
		plain[7] = 0;
	}
	if (one_in(8))
		pad += block * rnd((255 - pad) / block + 1);
	for (i = 0; i < pad; i++)
		plain[len + i] = (uint8_t)(i + 1);
	plain[len + pad] = (uint8_t)pad;
	plain[len + pad + 1] = proto;
	*fate = DELIVERED;
	if (proto == 59 || (suites[s].selectors && proto != 17))
		*fate = DROPPED;
	/* A length of the padding that is another one, and may be right. */
	if (one_in(12)) {
		plain[len + pad] = (uint8_t)rnd(256);
		if (*fate == DELIVERED)
			*fate = PERHAPS;
	} else if (pad && one_in(12)) {
		plain[len + rnd(pad)] ^= (uint8_t)(1 + rnd(255));
		*fate = DROPPED;
	}
	return len + pad + 2;
}

/* What an attacker does to a packet on its way; its length afterwards. */
static size_t spoil(uint8_t *esp, size_t len)
{
	size_t at, first = rnd((uint32_t)len);
	unsigned int i;

	switch (rnd(5)) {
	case 0:
		return rnd((uint32_t)len);
	case 1:
		scramble(esp + len, 64);
		return len + 1 + rnd(63);
	case 2:
		scramble(esp, one_in(2) ? 8 : len);
		return len;
	default:
		esp[first] ^= (uint8_t)(1u << rnd(8));
		for (i = rnd(3); i; i--) {
			at = rnd((uint32_t)len);
			if (at != first)
				esp[at] ^= (uint8_t)(1u << rnd(8));
		}
		return len;
	}
}

/* One packet; counts it if it must be delivered, or may be. */
static void one(unsigned long *must, unsigned long *may)
{
	static uint8_t plain[MAX_PACKET], esp[MAX_PACKET + 200];
	static uint8_t ip[MAX_PACKET + 300];
	unsigned int s = rnd(N_SUITES), options = 0;
	enum way way = (enum way)rnd(N_WAYS);
	bool taken, spoilt = one_in(3), old = one_in(10);
	enum fate fate;
	size_t len = invent(s, plain, &fate), head;
	uint32_t number = seq[s] + 1 + (one_in(20) ? rnd(40) : 0);

	if (old)
		number = seq[s] - (seq[s] > 600 ? rnd(600) : 0);
	else
		seq[s] = number;
	len = seal(s, number, plain, len, esp);
	/* A gap that was left before may be filled. */
	if (old && fate == DELIVERED)
		fate = PERHAPS;
	if (spoilt) {
		len = spoil(esp, len);
		fate = DROPPED;
	}
	if (len > 1400 || one_in(6)) {
		taken = send_fragments(way, esp, len);
		/* Not put together again: too many, too small, no time. */
		if (fate == DELIVERED)
			fate = PERHAPS;
		goto out;
	}
	if (one_in(10))
		options = 4 * rnd(11);
	head = ip_header(ip, way, len, options, one_in(8) ? 0x4000 : 0,
			 (uint16_t)rnd(65536));
	memcpy(ip + head, esp, len);
	taken = send_ip(way, ip, head + len);
	/* With a header that claims what it likes it need not get far. */
	if (way == WAY_VNET && fate == DELIVERED)
		fate = PERHAPS;
out:
	sent[way] += taken;
	if (fate == PERHAPS)
		(*may)++;
	else if (fate == DELIVERED && taken)
		(*must)++;
	good[way] += fate == DELIVERED && taken;
}

int main(int argc, char **argv)
{
	unsigned long count, i, must = 0, may = 0;
	uint64_t before, after;
	bool fine;

	if (argc != 3) {
		fprintf(stderr, "usage: esp SEED COUNT\n");
		return 2;
	}
	rng = (strtoull(argv[1], NULL, 0) + 1) * 0x9e3779b97f4a7c15ULL;
	count = strtoul(argv[2], NULL, 0);
	setvbuf(stdout, NULL, _IONBF, 0);
	set_up();
	fine = every_octet();
	printf("%sok 1 every octet of every shape: none accepted\n",
	       fine ? "" : "not ");
	before = counter(MOBX_STAT_IN_PROTECTED);
	for (i = 0; i < count; i++) {
		one(&must, &may);
		/* Nothing is to be lost in a queue. */
		if (!(i % 32))
			sched_yield();
	}
	usleep(300000);
	after = counter(MOBX_STAT_IN_PROTECTED) - before;
	for (i = 0; i < N_WAYS; i++)
		printf("# %-20s %8lu sent, %8lu in order\n", way_name[i],
		       sent[i], good[i]);
	printf("# %llu delivered; %lu had to be, %lu more might\n",
	       (unsigned long long)after, must, may);
	printf("%sok 2 delivered is what was in order, and nothing else\n",
	       after >= must && after <= must + may ? "" : "not ");
	fine &= after >= must && after <= must + may && must;
	return !fine;
}
