// SPDX-License-Identifier: GPL-2.0
/* Settings and counters of a network namespace. */

#include <errno.h>

#include "kern/priv.h"

int kern_conf_get(struct kern *k, struct kern_conf *c)
{
	struct nla_policy policy[MOBX_A_CONF_MAX + 1] = {
		[MOBX_A_CONF_DEFAULT_ACTION] = { .type = NLA_U32 },
		[MOBX_A_CONF_PROTECTING] = { .type = NLA_U32 },
		[MOBX_A_CONF_ICMP] = { .type = NLA_U8 },
		[MOBX_A_CONF_UNCOVERED] = { .type = NLA_U32 },
	};
	struct nlattr *tb[MOBX_A_CONF_MAX + 1] = { NULL };
	struct kern_answer a = { 0 };
	struct nlmsghdr *h;
	struct nlattr *head;
	int len, ret;

	ret = kern_send(k, kern_msg(k, MOBX_CMD_CONF, 0), false, &a);
	if (ret)
		return ret;
	h = kern_answer_next(&a, NULL);
	if (h) {
		head = kern_attrs_of(h, &len);
		ret = nla_parse(tb, MOBX_A_CONF_MAX, head, len, policy);
	}
	if (ret || !tb[MOBX_A_CONF_DEFAULT_ACTION] ||
	    !tb[MOBX_A_CONF_PROTECTING] || !tb[MOBX_A_CONF_ICMP] ||
	    !tb[MOBX_A_CONF_UNCOVERED]) {
		ret = kern_bad_answer(k, "configuration");
	} else {
		c->default_action = nla_get_u32(tb[MOBX_A_CONF_DEFAULT_ACTION]);
		c->icmp = nla_get_u8(tb[MOBX_A_CONF_ICMP]);
		c->uncovered = nla_get_u32(tb[MOBX_A_CONF_UNCOVERED]);
		c->protecting = nla_get_u32(tb[MOBX_A_CONF_PROTECTING]);
	}
	kern_answer_free(&a);
	return ret;
}

int kern_conf_set(struct kern *k, const struct kern_conf *c, unsigned int what)
{
	struct nl_msg *m = kern_msg(k, MOBX_CMD_CONF, 0);
	bool full = false;

	if (m && what & KERN_CONF_DEFAULT)
		full = nla_put_u32(m, MOBX_A_CONF_DEFAULT_ACTION,
				   c->default_action);
	if (m && what & KERN_CONF_ICMP)
		full = full || nla_put_u8(m, MOBX_A_CONF_ICMP, c->icmp);
	if (m && what & KERN_CONF_UNCOVERED)
		full = full || nla_put_u32(m, MOBX_A_CONF_UNCOVERED,
					   c->uncovered);
	return kern_send(k, m, full, NULL);
}

int kern_conf_ike_socket(struct kern *k, int fd)
{
	struct nl_msg *m = kern_msg(k, MOBX_CMD_CONF, 0);
	bool full = m && nla_put_s32(m, MOBX_A_CONF_IKE_SOCKET, fd);

	return kern_send(k, m, full, NULL);
}

static int get_counter(const struct nlattr *a, struct kern_stats *s)
{
	struct nla_policy policy[MOBX_A_COUNTER_MAX + 1] = {
		[MOBX_A_COUNTER_WHICH] = { .type = NLA_U32 },
		[MOBX_A_COUNTER_VALUE] = { .type = NLA_U64 },
	};
	struct nlattr *tb[MOBX_A_COUNTER_MAX + 1];
	uint32_t which;

	if (kern_parse_nest(tb, MOBX_A_COUNTER_MAX, a, policy) ||
	    !tb[MOBX_A_COUNTER_WHICH] || !tb[MOBX_A_COUNTER_VALUE])
		return -EBADMSG;
	which = nla_get_u32(tb[MOBX_A_COUNTER_WHICH]);
	if (which >= KERN_STATS_MAX)
		return 0;	/* of a later version */
	s->value[which] = nla_get_u64(tb[MOBX_A_COUNTER_VALUE]);
	if (which >= s->count)
		s->count = which + 1;
	return 0;
}

int kern_get_stats(const struct nlmsghdr *h, struct kern_stats *s)
{
	const struct nlattr *a;
	int len, rest;
	struct nlattr *head = kern_attrs_of(h, &len);

	*s = (struct kern_stats){ 0 };
	nla_for_each_attr(a, head, len, rest) {
		if (nla_type(a) == MOBX_A_STATS_COUNTER && get_counter(a, s))
			return -EBADMSG;
	}
	return 0;
}

int kern_stats_get(struct kern *k, struct kern_stats *s)
{
	struct kern_answer a = { 0 };
	struct nlmsghdr *h;
	int ret;

	ret = kern_send(k, kern_msg(k, MOBX_CMD_STATS_GET, 0), false, &a);
	if (ret)
		return ret;
	h = kern_answer_next(&a, NULL);
	if (!h || kern_get_stats(h, s))
		ret = kern_bad_answer(k, "set of counters");
	kern_answer_free(&a);
	return ret;
}
