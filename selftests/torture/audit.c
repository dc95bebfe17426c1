// SPDX-License-Identifier: GPL-2.0
/* The audit of the torture: every packet on both links, as host a sees them. */
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "torture.h"

/* What was seen under one SPI; a set of numbers and one of IVs. */
struct sa_seen {
	uint32_t spi;
	size_t n, size;
	uint64_t *numbers, *ivs;
};

struct audit audit;

static struct sa_seen sas[64];

/* Whether @v is new in a set of @size places; 0 is nobody. */
static bool add(uint64_t *set, size_t size, uint64_t v)
{
	size_t at = (size_t)(v * 0x9e3779b97f4a7c15ULL >> 20) & (size - 1);

	for (; set[at]; at = (at + 1) & (size - 1))
		if (set[at] == v)
			return false;
	set[at] = v;
	return true;
}

static void grow(struct sa_seen *s)
{
	uint64_t *old[2] = { s->numbers, s->ivs }, *set;
	size_t i, k, size = s->size ? 4 * s->size : 16384;

	for (k = 0; k < 2; k++) {
		set = calloc(size, sizeof(*set));
		must(set, "memory");
		for (i = 0; i < s->size; i++)
			if (old[k][i])
				add(set, size, old[k][i]);
		free(old[k]);
		*(k ? &s->ivs : &s->numbers) = set;
	}
	s->size = size;
}

/* An SPI has its place until 32 younger pairs have come. */
static struct sa_seen *sa_of(uint32_t spi)
{
	struct sa_seen *s = &sas[spi % 64];

	if (s->spi != spi) {
		if (s->size) {
			memset(s->numbers, 0, s->size * sizeof(*s->numbers));
			memset(s->ivs, 0, s->size * sizeof(*s->ivs));
		}
		s->spi = spi;
		s->n = 0;
	}
	if (4 * s->n >= s->size)
		grow(s);
	return s;
}

static void audit_packet(const uint8_t *frame, unsigned int len,
			 unsigned int link)
{
	const uint8_t *ip = frame + ETH_HLEN;
	uint16_t protocol = (uint16_t)(frame[12] << 8 | frame[13]);
	uint32_t src, dst, spi, number;
	unsigned int head = (ip[0] & 15u) * 4;
	struct sa_seen *s;
	uint64_t iv;

	if (protocol == ETH_P_ARP)
		return;
	len -= ETH_HLEN;
	memcpy(&src, ip + 12, 4);
	memcpy(&dst, ip + 16, 4);
	if (protocol != ETH_P_IP || ip[9] != IPPROTO_ESP) {
		if (!audit.clear++)
			printf("# in clear on link %u: protocol %04x, %u\n",
			       link, protocol, ip[9]);
		return;
	}
	audit.esp++;
	if (!((src == address(0, (int)link) && dst == address(1, (int)link)) ||
	      (src == address(1, (int)link) && dst == address(0, (int)link))))
		audit.foreign++;
	/* A later fragment has no header of ESP. */
	if ((ip[6] & 0x1f) || ip[7] || len < head + 16)
		return;
	memcpy(&spi, ip + head, 4);
	memcpy(&number, ip + head + 4, 4);
	memcpy(&iv, ip + head + 8, 8);
	s = sa_of(ntohl(spi));
	s->n++;
	audit.number_twice += !add(s->numbers, s->size, ntohl(number));
	audit.iv_twice += iv && !add(s->ivs, s->size, iv);
}

/*
 * A ring that takes the head of each packet on a device. A block is given to us
 * after a tenth of a second at the latest, full or not: all of them last long
 * enough for a machine that is too busy to look.
 */
struct ring {
	int fd;
	uint8_t *blocks;
	unsigned int next;
};

#define RING_BLOCKS	256u
#define RING_BLOCK	(1u << 18)

static void open_ring(struct ring *r, const char *dev)
{
	struct sock_filter head[] = { { BPF_RET | BPF_K, 0, 0, 96 } };
	struct sock_fprog filter = { 1, head };
	struct tpacket_req3 req3 = {
		.tp_block_size = RING_BLOCK, .tp_block_nr = RING_BLOCKS,
		.tp_frame_size = 2048,
		.tp_frame_nr = RING_BLOCK / 2048 * RING_BLOCKS,
		.tp_retire_blk_tov = 100,
	};
	struct sockaddr_ll here = {
		/* One protocol alone would not be shown on its way out. */
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(dev),
	};
	int version = TPACKET_V3;

	r->fd = socket(AF_PACKET, SOCK_RAW, 0);
	must(r->fd >= 0 && here.sll_ifindex &&
	     !setsockopt(r->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
			 sizeof(filter)) &&
	     !setsockopt(r->fd, SOL_PACKET, PACKET_VERSION, &version,
			 sizeof(version)) &&
	     !setsockopt(r->fd, SOL_PACKET, PACKET_RX_RING, &req3,
			 sizeof(req3)), dev);
	r->blocks = mmap(NULL, (size_t)RING_BLOCK * RING_BLOCKS,
			 PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	must(r->blocks != MAP_FAILED &&
	     !bind(r->fd, (struct sockaddr *)&here, sizeof(here)), dev);
}

/* Whether there was anything. */
static bool read_ring(struct ring *r, unsigned int link)
{
	struct tpacket_block_desc *block =
		(void *)(r->blocks + (size_t)r->next * RING_BLOCK);
	struct tpacket3_hdr *h;
	uint32_t i;

	if (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) &
	      TP_STATUS_USER))
		return false;
	h = (void *)((uint8_t *)block + block->hdr.bh1.offset_to_first_pkt);
	for (i = 0; i < block->hdr.bh1.num_pkts; i++) {
		audit_packet((uint8_t *)h + h->tp_mac, h->tp_snaplen, link);
		h = (void *)((uint8_t *)h + h->tp_next_offset);
	}
	__atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL,
			 __ATOMIC_RELEASE);
	r->next = (r->next + 1) % RING_BLOCKS;
	return true;
}

static struct ring rings[2];

void open_rings(void)
{
	open_ring(&rings[0], "va");
	open_ring(&rings[1], "vc");
}

void *auditor(void *arg)
{
	struct tpacket_stats_v3 stats;
	socklen_t len;
	unsigned int i;
	bool any;

	(void)arg;
	do {
		any = false;
		for (i = 0; i < 2; i++)
			any |= read_ring(&rings[i], i);
		if (!any)
			usleep(10000);
	} while (any || !stop_all);
	for (i = 0; i < 2; i++) {
		len = sizeof(stats);
		must(!getsockopt(rings[i].fd, SOL_PACKET, PACKET_STATISTICS,
				 &stats, &len), "statistics");
		audit.dropped += stats.tp_drops;
	}
	return NULL;
}
