// SPDX-License-Identifier: GPL-2.0
/* One own address in place of another, for many peers. */

#include <errno.h>

#include "kern/priv.h"

static struct nla_policy replace_policy[MOBX_A_REPLACE_MAX + 1] = {
	[MOBX_A_REPLACE_MOVED] = { .type = NLA_U32 },
	[MOBX_A_REPLACE_UNCHANGED] = { .type = NLA_U32 },
	[MOBX_A_REPLACE_FAILED] = { .type = NLA_U32 },
	[MOBX_A_REPLACE_FAILED_PEER] = { .type = NLA_U32 },
};

int kern_get_replace(const struct nlmsghdr *h, struct kern_replace *r)
{
	struct nlattr *tb[MOBX_A_REPLACE_MAX + 1];
	int len, rest;
	struct nlattr *head = kern_attrs_of(h, &len);
	const struct nlattr *a;

	if (nla_parse(tb, MOBX_A_REPLACE_MAX, head, len, replace_policy) ||
	    !tb[MOBX_A_REPLACE_MOVED] || !tb[MOBX_A_REPLACE_UNCHANGED] ||
	    !tb[MOBX_A_REPLACE_FAILED])
		return -EBADMSG;
	r->moved = nla_get_u32(tb[MOBX_A_REPLACE_MOVED]);
	r->unchanged = nla_get_u32(tb[MOBX_A_REPLACE_UNCHANGED]);
	r->failed = nla_get_u32(tb[MOBX_A_REPLACE_FAILED]);
	r->ntold = 0;
	nla_for_each_attr(a, head, len, rest) {
		if (nla_type(a) != MOBX_A_REPLACE_FAILED_PEER)
			continue;
		if (nla_len(a) != sizeof(uint32_t))
			return -EBADMSG;
		if (r->ntold < KERN_REPLACE_TOLD)
			r->told[r->ntold++] = nla_get_u32(a);
	}
	return 0;
}

int kern_peer_replace(struct kern *k, struct kern_replace *r)
{
	struct nl_msg *m = kern_msg(k, MOBX_CMD_PEER_REPLACE, 0);
	bool full = m && (kern_put_addr(m, MOBX_A_REPLACE_FROM, &r->from) ||
			  kern_put_addr(m, MOBX_A_REPLACE_TO, &r->to) ||
			  kern_put_label(m, MOBX_A_REPLACE_LABEL, r->label) ||
			  (r->has_accept_until &&
			   nla_put_u32(m, MOBX_A_REPLACE_ACCEPT_UNTIL,
				       r->accept_until_ms)));
	struct kern_answer a = { 0 };
	struct nlmsghdr *h;
	int ret;

	ret = kern_send(k, m, full, &a);
	if (ret)
		return ret;
	h = kern_answer_next(&a, NULL);
	if (!h || kern_get_replace(h, r))
		ret = kern_bad_answer(k, "move");
	kern_answer_free(&a);
	return ret;
}
