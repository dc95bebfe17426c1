// SPDX-License-Identifier: GPL-2.0
/* The security policy database. */

#include <errno.h>

#include "kern/priv.h"

static struct nla_policy policy_policy[MOBX_A_POLICY_MAX + 1] = {
	[MOBX_A_POLICY_ORDER] = { .type = NLA_U32 },
	[MOBX_A_POLICY_ACTION] = { .type = NLA_U32 },
	[MOBX_A_POLICY_PEER] = { .type = NLA_U32 },
	[MOBX_A_POLICY_MODE] = { .type = NLA_U32 },
	[MOBX_A_POLICY_SELECTOR] = { .type = NLA_NESTED },
	[MOBX_A_POLICY_PACKETS] = { .type = NLA_U64 },
	[MOBX_A_POLICY_BUILTIN] = { .type = NLA_FLAG },
	[MOBX_A_POLICY_PFP] = { .type = NLA_U32 },
};

/* A built-in exemption stands before the order and has none. */
int kern_get_policy(const struct nlmsghdr *h, struct kern_policy *p)
{
	struct nlattr *tb[MOBX_A_POLICY_MAX + 1];
	int len;
	struct nlattr *head = kern_attrs_of(h, &len);

	*p = (struct kern_policy){ 0 };
	kern_selector_any(&p->selector);
	if (nla_parse(tb, MOBX_A_POLICY_MAX, head, len, policy_policy) ||
	    !tb[MOBX_A_POLICY_ACTION] ||
	    (!tb[MOBX_A_POLICY_ORDER] && !tb[MOBX_A_POLICY_BUILTIN]) ||
	    (tb[MOBX_A_POLICY_LABEL] &&
	     kern_get_label(tb[MOBX_A_POLICY_LABEL], p->label)) ||
	    (tb[MOBX_A_POLICY_SELECTOR] &&
	     kern_get_selector(tb[MOBX_A_POLICY_SELECTOR], &p->selector)))
		return -EBADMSG;
	p->action = nla_get_u32(tb[MOBX_A_POLICY_ACTION]);
	p->builtin = tb[MOBX_A_POLICY_BUILTIN];
	if (tb[MOBX_A_POLICY_ORDER])
		p->order = nla_get_u32(tb[MOBX_A_POLICY_ORDER]);
	if (tb[MOBX_A_POLICY_PEER])
		p->peer = nla_get_u32(tb[MOBX_A_POLICY_PEER]);
	if (tb[MOBX_A_POLICY_MODE])
		p->mode = nla_get_u32(tb[MOBX_A_POLICY_MODE]);
	if (tb[MOBX_A_POLICY_PFP])
		p->pfp = nla_get_u32(tb[MOBX_A_POLICY_PFP]);
	if (tb[MOBX_A_POLICY_PACKETS])
		p->packets = nla_get_u64(tb[MOBX_A_POLICY_PACKETS]);
	return 0;
}

static bool put_policy(struct nl_msg *m, const struct kern_policy *p)
{
	bool full = nla_put_u32(m, MOBX_A_POLICY_ORDER, p->order) ||
		    nla_put_u32(m, MOBX_A_POLICY_ACTION, p->action) ||
		    kern_put_selector(m, MOBX_A_POLICY_SELECTOR,
				      &p->selector) ||
		    kern_put_label(m, MOBX_A_POLICY_LABEL, p->label);

	if (p->action == MOBX_ACTION_PROTECT)
		full = full || nla_put_u32(m, MOBX_A_POLICY_MODE, p->mode);
	if (p->pfp)
		full = full || nla_put_u32(m, MOBX_A_POLICY_PFP, p->pfp);
	if (p->peer)
		full = full || nla_put_u32(m, MOBX_A_POLICY_PEER, p->peer);
	return full;
}

int kern_policy_new(struct kern *k, const struct kern_policy *p)
{
	struct nl_msg *m = kern_msg(k, MOBX_CMD_POLICY_NEW, 0);
	bool full = m && put_policy(m, p);

	return kern_send(k, m, full, NULL);
}

int kern_policy_del(struct kern *k, uint32_t order)
{
	struct nl_msg *m = kern_msg(k, MOBX_CMD_POLICY_DEL, 0);
	bool full = m && nla_put_u32(m, MOBX_A_POLICY_ORDER, order);

	return kern_send(k, m, full, NULL);
}

int kern_policy_get(struct kern *k, uint32_t order, struct kern_policy *p)
{
	struct nl_msg *m = kern_msg(k, MOBX_CMD_POLICY_GET, 0);
	bool full = m && nla_put_u32(m, MOBX_A_POLICY_ORDER, order);
	struct kern_answer a = { 0 };
	struct nlmsghdr *h;
	int ret;

	ret = kern_send(k, m, full, &a);
	if (ret)
		return ret;
	h = kern_answer_next(&a, NULL);
	if (!h || kern_get_policy(h, p))
		ret = kern_bad_answer(k, "policy");
	kern_answer_free(&a);
	return ret;
}

int kern_policy_dump(struct kern *k,
		     int (*fn)(const struct kern_policy *p, void *ctx),
		     void *ctx)
{
	struct kern_answer a = { 0 };
	struct kern_policy p;
	struct nlmsghdr *h = NULL;
	int ret;

	ret = kern_send(k, kern_msg(k, MOBX_CMD_POLICY_GET, NLM_F_DUMP), false,
			&a);
	while (!ret && (h = kern_answer_next(&a, h)))
		ret = kern_get_policy(h, &p) ? kern_bad_answer(k, "policy") :
					       fn(&p, ctx);
	kern_answer_free(&a);
	return ret;
}

int kern_policy_flush(struct kern *k, const char *label)
{
	struct nl_msg *m = kern_msg(k, MOBX_CMD_POLICY_FLUSH, 0);
	bool full = m && label && nla_put_string(m, MOBX_A_POLICY_LABEL, label);

	return kern_send(k, m, full, NULL);
}
