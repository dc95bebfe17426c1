// SPDX-License-Identifier: GPL-2.0
/* Peers and their bindings. */

#include <errno.h>
#include <stdlib.h>

#include "kern/priv.h"

static struct nla_policy peer_policy[MOBX_A_PEER_MAX + 1] = {
	[MOBX_A_PEER_ID] = { .type = NLA_U32 },
	[MOBX_A_PEER_GENERATION] = { .type = NLA_U64 },
	[MOBX_A_PEER_PATHS] = { .type = NLA_NESTED },
	[MOBX_A_PEER_SAS] = { .type = NLA_U32 },
	[MOBX_A_PEER_SPREAD] = { .type = NLA_U8 },
};

int kern_get_peer(const struct nlmsghdr *h, struct kern_peer *p)
{
	struct nlattr *tb[MOBX_A_PEER_MAX + 1];
	int len;
	struct nlattr *head = kern_attrs_of(h, &len);

	*p = (struct kern_peer){ 0 };
	if (nla_parse(tb, MOBX_A_PEER_MAX, head, len, peer_policy) ||
	    !tb[MOBX_A_PEER_ID] ||
	    (tb[MOBX_A_PEER_LABEL] &&
	     kern_get_label(tb[MOBX_A_PEER_LABEL], p->label)) ||
	    kern_get_paths(head, len, MOBX_A_PEER_PATHS, p->paths, &p->npaths))
		return -EBADMSG;
	p->id = nla_get_u32(tb[MOBX_A_PEER_ID]);
	if (tb[MOBX_A_PEER_GENERATION])
		p->generation = nla_get_u64(tb[MOBX_A_PEER_GENERATION]);
	if (tb[MOBX_A_PEER_SAS])
		p->sas = nla_get_u32(tb[MOBX_A_PEER_SAS]);
	if (tb[MOBX_A_PEER_SPREAD])
		p->spread = nla_get_u8(tb[MOBX_A_PEER_SPREAD]);
	return 0;
}

/* Requests whose answer is the generation of a new binding. */
static int send_binding(struct kern *k, struct nl_msg *m, bool full,
			uint64_t *generation)
{
	struct kern_answer a = { 0 };
	struct nlattr *tb[MOBX_A_PEER_MAX + 1];
	struct nlmsghdr *h;
	struct nlattr *head;
	int len, ret;

	ret = kern_send(k, m, full, &a);
	if (ret)
		return ret;
	h = kern_answer_next(&a, NULL);
	if (h) {
		head = kern_attrs_of(h, &len);
		ret = nla_parse(tb, MOBX_A_PEER_MAX, head, len, peer_policy);
	}
	if (!h || ret || !tb[MOBX_A_PEER_GENERATION])
		ret = kern_bad_answer(k, "binding");
	else if (generation)
		*generation = nla_get_u64(tb[MOBX_A_PEER_GENERATION]);
	kern_answer_free(&a);
	return ret;
}

int kern_peer_new(struct kern *k, const struct kern_peer *p,
		  uint64_t *generation)
{
	struct nl_msg *m = kern_msg(k, MOBX_CMD_PEER_NEW, 0);
	bool full = m && (nla_put_u32(m, MOBX_A_PEER_ID, p->id) ||
			  kern_put_label(m, MOBX_A_PEER_LABEL, p->label) ||
			  kern_put_paths(m, MOBX_A_PEER_PATHS, p->paths,
					 p->npaths) ||
			  (p->spread && nla_put_u8(m, MOBX_A_PEER_SPREAD, 1)));

	return send_binding(k, m, full, generation);
}

int kern_peer_rebind(struct kern *k, uint32_t id, uint64_t expected,
		     const struct kern_path *paths, unsigned int npaths,
		     uint64_t *generation)
{
	return kern_peer_rebind_spread(k, id, expected, paths, npaths,
				       KERN_SPREAD_KEEP, generation);
}

int kern_peer_rebind_spread(struct kern *k, uint32_t id, uint64_t expected,
			    const struct kern_path *paths, unsigned int npaths,
			    enum kern_spread spread, uint64_t *generation)
{
	struct nl_msg *m = kern_msg(k, MOBX_CMD_PEER_REBIND, 0);
	bool full = m && (nla_put_u32(m, MOBX_A_PEER_ID, id) ||
			  nla_put_u64(m, MOBX_A_PEER_EXPECTED_GENERATION,
				      expected) ||
			  kern_put_paths(m, MOBX_A_PEER_PATHS, paths, npaths) ||
			  (spread != KERN_SPREAD_KEEP &&
			   nla_put_u8(m, MOBX_A_PEER_SPREAD,
				      spread == KERN_SPREAD_ON)));

	return send_binding(k, m, full, generation);
}

int kern_peer_del(struct kern *k, uint32_t id)
{
	struct nl_msg *m = kern_msg(k, MOBX_CMD_PEER_DEL, 0);
	bool full = m && nla_put_u32(m, MOBX_A_PEER_ID, id);

	return kern_send(k, m, full, NULL);
}

int kern_peer_get(struct kern *k, uint32_t id, struct kern_peer *p)
{
	struct nl_msg *m = kern_msg(k, MOBX_CMD_PEER_GET, 0);
	bool full = m && nla_put_u32(m, MOBX_A_PEER_ID, id);
	struct kern_answer a = { 0 };
	struct nlmsghdr *h;
	int ret;

	ret = kern_send(k, m, full, &a);
	if (ret)
		return ret;
	h = kern_answer_next(&a, NULL);
	if (!h || kern_get_peer(h, p))
		ret = kern_bad_answer(k, "peer");
	kern_answer_free(&a);
	return ret;
}

int kern_peer_dump(struct kern *k,
		   int (*fn)(const struct kern_peer *p, void *ctx), void *ctx)
{
	struct kern_answer a = { 0 };
	struct kern_peer *p = malloc(sizeof(*p));
	struct nlmsghdr *h = NULL;
	int ret;

	if (!p)
		return kern_fail(k, -ENOMEM, "out of memory");
	ret = kern_send(k, kern_msg(k, MOBX_CMD_PEER_GET, NLM_F_DUMP), false,
			&a);
	while (!ret && (h = kern_answer_next(&a, h)))
		ret = kern_get_peer(h, p) ? kern_bad_answer(k, "peer") :
					    fn(p, ctx);
	free(p);
	kern_answer_free(&a);
	return ret;
}

int kern_peer_flush(struct kern *k, const char *label)
{
	struct nl_msg *m = kern_msg(k, MOBX_CMD_PEER_FLUSH, 0);
	bool full = m && label && nla_put_string(m, MOBX_A_PEER_LABEL, label);

	return kern_send(k, m, full, NULL);
}
