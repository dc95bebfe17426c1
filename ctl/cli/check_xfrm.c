// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's own IPsec: a policy of XFRM sees a packet before mobx does, and
 * what it transforms has another face then.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netlink/attr.h>

#include "cli/check.h"

struct xfrm_scan {
	struct check *k;
	unsigned int policies;
	unsigned int overlaps;
};

struct overlap {
	const struct xfrm_userpolicy_info *x;
	bool found;
	uint32_t order;
};

/* The first and the last address of a prefix. */
static void prefix_bounds(const uint8_t *addr, unsigned int bits, size_t len,
			  uint8_t *first, uint8_t *last)
{
	for (unsigned int i = 0; i < len; i++) {
		unsigned int n = bits < 8 * i ? 0 : bits - 8 * i;
		uint8_t host = (uint8_t)(n > 7 ? 0 : 0xff >> n);

		first[i] = addr[i] & (uint8_t)~host;
		last[i] = addr[i] | host;
	}
}

/* Whether a prefix of XFRM and the addresses of a selector have one in common. */
static bool addrs_meet(const xfrm_address_t *a, unsigned int abits,
		       uint16_t family, const struct wire_addr *b,
		       unsigned int bbits, const struct wire_addr *blast)
{
	size_t len = wire_addr_len(b->family);
	uint8_t afirst[16], alast[16], first[16], last[16];

	if (!b->family)
		return true;
	if (family && (family == AF_INET ? 4 : 6) != b->family)
		return !abits && !bbits && !blast->family;
	if (abits > 8 * len || bbits > 8 * len)
		return false;
	prefix_bounds((const uint8_t *)a, abits, len, afirst, alast);
	prefix_bounds(b->a, blast->family ? (unsigned int)(8 * len) : bbits,
		      len, first, last);
	if (blast->family)
		memcpy(last, blast->a, len);
	return memcmp(afirst, last, len) <= 0 && memcmp(first, alast, len) <= 0;
}

static bool ports_meet(uint16_t port, uint16_t mask, uint16_t min, uint16_t max)
{
	uint16_t one = ntohs(port);

	return !mask || (one >= min && one <= max);
}

bool check_overlap(const struct xfrm_userpolicy_info *x,
		   const struct kern_selector *s)
{
	const struct xfrm_selector *sel = &x->sel;
	bool out = x->dir == XFRM_POLICY_OUT;

	if (sel->proto && s->proto && sel->proto != s->proto)
		return false;
	return addrs_meet(out ? &sel->saddr : &sel->daddr,
			  out ? sel->prefixlen_s : sel->prefixlen_d,
			  sel->family, &s->local, s->local_plen,
			  &s->local_last) &&
	       addrs_meet(out ? &sel->daddr : &sel->saddr,
			  out ? sel->prefixlen_d : sel->prefixlen_s,
			  sel->family, &s->remote, s->remote_plen,
			  &s->remote_last) &&
	       ports_meet(out ? sel->sport : sel->dport,
			  out ? sel->sport_mask : sel->dport_mask,
			  s->local_port_min, s->local_port_max) &&
	       ports_meet(out ? sel->dport : sel->sport,
			  out ? sel->dport_mask : sel->sport_mask,
			  s->remote_port_min, s->remote_port_max);
}

static int compare(const struct kern_policy *p, void *ctx)
{
	struct overlap *o = ctx;

	if (o->found || p->action != MOBX_ACTION_PROTECT ||
	    !check_overlap(o->x, &p->selector))
		return 0;
	o->found = true;
	o->order = p->order;
	return 0;
}

static void describe(const struct xfrm_userpolicy_info *x, char *text,
		     size_t room)
{
	char src[INET6_ADDRSTRLEN] = "?", dst[INET6_ADDRSTRLEN] = "?";

	inet_ntop(x->sel.family, &x->sel.saddr, src, sizeof(src));
	inet_ntop(x->sel.family, &x->sel.daddr, dst, sizeof(dst));
	snprintf(text, room, "dir %s src %s/%u dst %s/%u",
		 x->dir == XFRM_POLICY_OUT ? "out" : "in", src,
		 x->sel.prefixlen_s, dst, x->sel.prefixlen_d);
}

/* Policies that let pass untouched are none of our business. */
static void take_policy(struct xfrm_scan *s, const struct nlmsghdr *h)
{
	const struct xfrm_userpolicy_info *x =
		NLMSG_DATA((struct nlmsghdr *)(uintptr_t)h);
	struct overlap o = { .x = x };
	char text[256];
	int len = (int)h->nlmsg_len - (int)NLMSG_SPACE(sizeof(*x));

	if (len < 0 || x->dir > XFRM_POLICY_OUT)
		return;
	if (x->action == XFRM_POLICY_ALLOW &&
	    !nla_find((const struct nlattr *)(const void *)
			      ((const char *)h + NLMSG_SPACE(sizeof(*x))),
		      len, XFRMA_TMPL))
		return;
	s->policies++;
	if (!s->k->c->kern || kern_policy_dump(s->k->c->kern, compare, &o) ||
	    !o.found)
		return;
	s->overlaps++;
	describe(x, text, sizeof(text));
	check_problem(s->k, "xfrm",
		      "delete it (ip xfrm policy), or stop the daemon that made it, or narrow the policy of mobx",
		      "XFRM policy %s catches what mobx policy order %u protects",
		      text, o.order);
}

/* 1 at the end of the dump, 0 for more to come, or a negative error. */
static int take_datagram(struct xfrm_scan *s, struct nlmsghdr *h,
			 unsigned int len)
{
	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *e = NLMSG_DATA(h);

			return h->nlmsg_len < NLMSG_LENGTH(sizeof(*e)) ?
				       -EBADMSG : e->error ? e->error : 1;
		}
		if (h->nlmsg_type == XFRM_MSG_NEWPOLICY)
			take_policy(s, h);
	}
	return 0;
}

static int dump(struct xfrm_scan *s, int fd)
{
	static uint8_t buf[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct {
		struct nlmsghdr h;
		struct xfrm_userpolicy_id id;
	} request = {
		.h = { .nlmsg_len = sizeof(request),
		       .nlmsg_type = XFRM_MSG_GETPOLICY,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	};
	int ret = 0;

	if (send(fd, &request, sizeof(request), 0) < 0)
		return -errno;
	while (!ret) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n < 0)
			return -errno;
		ret = take_datagram(s, (struct nlmsghdr *)(void *)buf,
				    (unsigned int)n);
	}
	return ret < 0 ? ret : 0;
}

void check_xfrm(struct check *k)
{
	struct xfrm_scan s = { .k = k };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);
	int ret = fd < 0 ? -errno : dump(&s, fd);

	if (fd >= 0)
		close(fd);
	if (ret == -EPROTONOSUPPORT)
		check_ok(k, "xfrm", "the kernel has no XFRM");
	else if (ret)
		check_note(k, "xfrm", NULL, "XFRM policies cannot be seen: %s",
			   strerror(-ret));
	else if (!s.policies)
		check_ok(k, "xfrm", "there are no XFRM policies");
	else if (!s.overlaps)
		check_ok(k, "xfrm",
			 "%u XFRM policies, none for traffic that mobx protects",
			 s.policies);
}
