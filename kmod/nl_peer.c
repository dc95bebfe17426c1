// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: peers and their bindings.
 */

#include <linux/slab.h>
#include <net/sock.h>

#include "netlink.h"
#include "netns.h"
#include "peer.h"
#include "pmtu.h"

/* Octets of one path in a message, padding for 64-bit values included. */
#define MOBX_NL_PATH_SIZE						\
	(nla_total_size(0) + 2 * nla_total_size(sizeof(union mobx_addr)) + \
	 4 * nla_total_size(sizeof(u32)) + nla_total_size(sizeof(u8)) +	\
	 2 * nla_total_size(sizeof(u16)) + 7 * nla_total_size_64bit(sizeof(u64)))

/* An address of 4 or 16 octets, as it stands in an attribute. */
int mobx_nl_addr(union mobx_addr *addr, u16 *family, const struct nlattr *attr,
		 struct netlink_ext_ack *extack)
{
	memset(addr, 0, sizeof(*addr));
	switch (nla_len(attr)) {
	case sizeof(__be32):
		*family = AF_INET;
		break;
	case sizeof(struct in6_addr):
		*family = AF_INET6;
		break;
	default:
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "an address has 4 or 16 octets");
		return -EINVAL;
	}
	memcpy(addr, nla_data(attr), nla_len(attr));
	return 0;
}

static int mobx_path_numbers(struct mobx_path_spec *spec, struct nlattr **tb,
			     struct netlink_ext_ack *extack)
{
	bool ends = spec->state == MOBX_PATH_STATE_DEPRECATED;
	struct nlattr *attr;

	attr = tb[MOBX_A_PATH_ACCEPT_UNTIL];
	if (ends != !!attr) {
		NL_SET_ERR_MSG(extack,
			       "a deprecated path, and no other, has an accept-until time");
		return -EINVAL;
	}
	if (attr)
		spec->accept_until = ktime_get_boottime_ns() +
			(u64)nla_get_u32(attr) * NSEC_PER_MSEC;
	attr = tb[MOBX_A_PATH_MTU];
	if (attr) {
		spec->mtu = nla_get_u32(attr);
		if (spec->mtu && (spec->mtu < 68 || spec->mtu > 65535)) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "the MTU of a path is 68 to 65535, or 0 for not known");
			return -ERANGE;
		}
	}
	attr = tb[MOBX_A_PATH_CREDIT];
	if (attr) {
		spec->credit = nla_get_u64(attr);
		if (spec->credit > S64_MAX) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "credit is at most 2^63 - 1 octets");
			return -ERANGE;
		}
	}
	return 0;
}

/* What only dumps have. */
static int mobx_path_refuse(struct nlattr **tb, struct netlink_ext_ack *extack)
{
	static const u8 dump_only[] = {
		MOBX_A_PATH_CREDIT_USED, MOBX_A_PATH_RX_PACKETS,
		MOBX_A_PATH_RX_BYTES, MOBX_A_PATH_TX_PACKETS,
		MOBX_A_PATH_TX_BYTES, MOBX_A_PATH_LAST_SEEN,
	};
	struct nlattr *attr;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dump_only); i++) {
		attr = tb[dump_only[i]];
		if (!attr)
			continue;
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "counters of a path are told, not set");
		return -EINVAL;
	}
	return 0;
}

static int mobx_path_parse(struct mobx_path_spec *spec,
			   const struct nlattr *nest,
			   struct netlink_ext_ack *extack)
{
	struct nlattr *tb[MOBX_A_PATH_MAX + 1];
	u16 family;
	int err;

	err = nla_parse_nested(tb, MOBX_A_PATH_MAX, nest, mobx_path_nl_policy,
			       extack);
	if (err)
		return err;
	if (!tb[MOBX_A_PATH_LOCAL] || !tb[MOBX_A_PATH_REMOTE]) {
		NL_SET_ERR_ATTR_MISS(extack, nest, tb[MOBX_A_PATH_LOCAL] ?
				     MOBX_A_PATH_REMOTE : MOBX_A_PATH_LOCAL);
		NL_SET_ERR_MSG(extack,
			       "a path needs a local and a remote address");
		return -EINVAL;
	}
	err = mobx_nl_addr(&spec->local, &spec->family, tb[MOBX_A_PATH_LOCAL],
			   extack);
	if (err)
		return err;
	err = mobx_nl_addr(&spec->remote, &family, tb[MOBX_A_PATH_REMOTE],
			   extack);
	if (err)
		return err;
	if (family != spec->family) {
		NL_SET_ERR_MSG_ATTR(extack, tb[MOBX_A_PATH_REMOTE],
				    "local and remote must be of one family");
		return -EINVAL;
	}
	err = mobx_path_refuse(tb, extack);
	if (err)
		return err;
	spec->state = MOBX_PATH_STATE_VALID;
	if (tb[MOBX_A_PATH_STATE])
		spec->state = nla_get_u32(tb[MOBX_A_PATH_STATE]);
	if (tb[MOBX_A_PATH_FLAGS])
		spec->flags = nla_get_u32(tb[MOBX_A_PATH_FLAGS]);
	if (tb[MOBX_A_PATH_PREFERENCE])
		spec->preference = nla_get_u8(tb[MOBX_A_PATH_PREFERENCE]);
	if (tb[MOBX_A_PATH_ENCAP_SPORT])
		spec->encap.sport = nla_get_be16(tb[MOBX_A_PATH_ENCAP_SPORT]);
	if (tb[MOBX_A_PATH_ENCAP_DPORT])
		spec->encap.dport = nla_get_be16(tb[MOBX_A_PATH_ENCAP_DPORT]);
	return mobx_path_numbers(spec, tb, extack);
}

/*
 * All MOBX_A_PEER_PATHS of a request. On success *spec is an array of *n, to
 * be freed by the caller; mobx_binding_check() looks at them as a whole.
 */
static int mobx_paths_parse(const struct genl_info *info,
			    struct mobx_path_spec **spec, unsigned int *n)
{
	struct mobx_path_spec *array;
	const struct nlattr *attr;
	unsigned int count = 0;
	int err, rem;

	array = kcalloc(MOBX_MAX_PATHS, sizeof(*array), GFP_KERNEL);
	if (!array)
		return -ENOMEM;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != MOBX_A_PEER_PATHS)
			continue;
		if (count == MOBX_MAX_PATHS) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "a binding has at most 64 paths");
			err = -E2BIG;
			goto err_free;
		}
		err = mobx_path_parse(&array[count], attr, info->extack);
		if (err)
			goto err_free;
		count++;
	}
	*spec = array;
	*n = count;
	return 0;

err_free:
	kfree(array);
	return err;
}

/* Room that mobx_nl_put_paths() needs. */
size_t mobx_nl_paths_size(const struct mobx_binding *b)
{
	return b->n_paths * MOBX_NL_PATH_SIZE;
}

static int mobx_path_put_counters(struct sk_buff *skb,
				  const struct mobx_path *path)
{
	const struct { u16 type; u64 value; } counters[] = {
		{ MOBX_A_PATH_CREDIT, mobx_path_credit(path) },
		{ MOBX_A_PATH_CREDIT_USED, atomic64_read(&path->credit_used) },
		{ MOBX_A_PATH_RX_PACKETS, atomic64_read(&path->rx_packets) },
		{ MOBX_A_PATH_RX_BYTES, atomic64_read(&path->rx_bytes) },
		{ MOBX_A_PATH_TX_PACKETS, atomic64_read(&path->tx_packets) },
		{ MOBX_A_PATH_TX_BYTES, atomic64_read(&path->tx_bytes) },
	};
	unsigned long seen = READ_ONCE(path->last_seen);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		if (nla_put_u64_64bit(skb, counters[i].type,
				      counters[i].value,
				      MOBX_A_PATH_PAD))
			return -EMSGSIZE;
	if (seen && nla_put_u64_64bit(skb, MOBX_A_PATH_LAST_SEEN,
				      jiffies_to_msecs(jiffies - seen),
				      MOBX_A_PATH_PAD))
		return -EMSGSIZE;
	return 0;
}

static int mobx_path_put(struct sk_buff *skb, const struct mobx_bound *e)
{
	unsigned int len = mobx_addr_len(e->family);
	u64 now = ktime_get_boottime_ns();
	u64 left = 0;

	if (e->accept_until > now)
		left = div_u64(e->accept_until - now, NSEC_PER_MSEC);
	if (nla_put(skb, MOBX_A_PATH_LOCAL, len, &e->local) ||
	    nla_put(skb, MOBX_A_PATH_REMOTE, len, &e->remote) ||
	    nla_put_u32(skb, MOBX_A_PATH_STATE, e->state) ||
	    nla_put_u32(skb, MOBX_A_PATH_FLAGS, e->flags) ||
	    nla_put_u8(skb, MOBX_A_PATH_PREFERENCE, e->preference) ||
	    nla_put_u32(skb, MOBX_A_PATH_MTU, mobx_pmtu_known(e->path)))
		return -EMSGSIZE;
	if (e->state == MOBX_PATH_STATE_DEPRECATED &&
	    nla_put_u32(skb, MOBX_A_PATH_ACCEPT_UNTIL, left))
		return -EMSGSIZE;
	if (e->encap.sport &&
	    (nla_put_be16(skb, MOBX_A_PATH_ENCAP_SPORT, e->encap.sport) ||
	     nla_put_be16(skb, MOBX_A_PATH_ENCAP_DPORT, e->encap.dport)))
		return -EMSGSIZE;
	return mobx_path_put_counters(skb, e->path);
}

/**
 * mobx_nl_put_paths - write the paths of a binding
 * @skb: message; on failure to be trimmed by the caller
 * @attrtype: type of each path's nest
 * @b: binding that cannot go away
 *
 * Context: any.
 * Return: 0 or -EMSGSIZE
 */
int mobx_nl_put_paths(struct sk_buff *skb, int attrtype,
		      const struct mobx_binding *b)
{
	struct nlattr *nest;
	unsigned int i;

	for (i = 0; i < b->n_paths; i++) {
		nest = nla_nest_start(skb, attrtype);
		if (!nest || mobx_path_put(skb, &b->paths[i]))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static struct mobx_peer *mobx_peer_named(struct mobx_net *mnet,
					 const struct genl_info *info)
{
	struct nlattr *id = info->attrs[MOBX_A_PEER_ID];
	struct mobx_peer *peer;

	if (!id)
		return ERR_PTR(mobx_nl_missing(info, MOBX_A_PEER_ID,
					       "id is missing: which peer?"));
	peer = mobx_peer_find(mnet, nla_get_u32(id));
	if (peer)
		return peer;
	NL_SET_ERR_MSG_ATTR(info->extack, id, "there is no peer with this id");
	return ERR_PTR(-ENOENT);
}

/*
 * The reply of a change has nothing that could fail after the change: it is
 * allocated before.
 */
static struct sk_buff *mobx_peer_reply_alloc(void)
{
	return nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
}

static int mobx_peer_reply(struct sk_buff *msg, struct genl_info *info,
			   u8 cmd, u32 id, u64 generation)
{
	void *hdr = genlmsg_put_reply(msg, info, &mobx_nl_family, 0, cmd);

	if (!hdr || nla_put_u32(msg, MOBX_A_PEER_ID, id) ||
	    nla_put_u64_64bit(msg, MOBX_A_PEER_GENERATION, generation,
			      MOBX_A_PEER_PAD)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

int mobx_nl_peer_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mobx_net *mnet = mobx_pernet(genl_info_net(info));
	struct nlattr *spread = info->attrs[MOBX_A_PEER_SPREAD];
	struct mobx_path_spec *spec;
	struct sk_buff *msg;
	unsigned int n;
	int err;
	u32 id;

	if (!info->attrs[MOBX_A_PEER_ID])
		return mobx_nl_missing(info, MOBX_A_PEER_ID,
				       "id is missing: a number for the peer");
	id = nla_get_u32(info->attrs[MOBX_A_PEER_ID]);
	if (id > MOBX_MAX_PEER_ID) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[MOBX_A_PEER_ID],
				    "the id of a peer is 2147483647 at most");
		return -ERANGE;
	}
	err = mobx_paths_parse(info, &spec, &n);
	if (err)
		return err;
	err = -ENOMEM;
	msg = mobx_peer_reply_alloc();
	if (!msg)
		goto out;
	if (!n) {
		nlmsg_free(msg);
		err = mobx_nl_missing(info, MOBX_A_PEER_PATHS,
				      "paths are missing: a peer has at least one");
		goto out;
	}
	mutex_lock(&mnet->lock);
	err = mobx_peer_create(mnet, id,
			       mobx_nl_label(info->attrs[MOBX_A_PEER_LABEL]),
			       spec, n, spread && nla_get_u8(spread),
			       info->extack);
	mutex_unlock(&mnet->lock);
	if (err)
		nlmsg_free(msg);
	else
		err = mobx_peer_reply(msg, info, MOBX_CMD_PEER_NEW, id, 1);
out:
	kfree(spec);
	return err;
}

int mobx_nl_peer_rebind_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mobx_net *mnet = mobx_pernet(genl_info_net(info));
	struct nlattr *expected = info->attrs[MOBX_A_PEER_EXPECTED_GENERATION];
	struct nlattr *spread = info->attrs[MOBX_A_PEER_SPREAD];
	bool spreads = spread && nla_get_u8(spread);
	struct mobx_path_spec *spec;
	struct mobx_peer *peer;
	struct sk_buff *msg;
	unsigned int n;
	int err;

	if (!expected)
		return mobx_nl_missing(info, MOBX_A_PEER_EXPECTED_GENERATION,
				       "expected-generation is missing: which binding is to be replaced?");
	err = mobx_paths_parse(info, &spec, &n);
	if (err)
		return err;
	err = -ENOMEM;
	msg = mobx_peer_reply_alloc();
	if (!msg)
		goto out;
	mutex_lock(&mnet->lock);
	peer = mobx_peer_named(mnet, info);
	err = PTR_ERR_OR_ZERO(peer);
	if (!err)
		err = mobx_peer_rebind(peer, nla_get_u64(expected), spec, n,
				       spread ? &spreads : NULL, info->extack);
	mutex_unlock(&mnet->lock);
	if (err)
		nlmsg_free(msg);
	else
		err = mobx_peer_reply(msg, info, MOBX_CMD_PEER_REBIND,
				      nla_get_u32(info->attrs[MOBX_A_PEER_ID]),
				      nla_get_u64(expected) + 1);
out:
	kfree(spec);
	return err;
}

static int mobx_peer_removable(const struct mobx_peer *peer,
			       struct netlink_ext_ack *extack)
{
	if (!peer->n_policies)
		return 0;
	NL_SET_ERR_MSG(extack,
		       "a policy names the peer: delete the policy first");
	return -EBUSY;
}

int mobx_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mobx_net *mnet = mobx_pernet(genl_info_net(info));
	struct mobx_peer *peer;
	int err;

	mutex_lock(&mnet->lock);
	peer = mobx_peer_named(mnet, info);
	err = PTR_ERR_OR_ZERO(peer);
	if (!err)
		err = mobx_peer_removable(peer, info->extack);
	if (!err)
		mobx_peer_remove(peer);
	mutex_unlock(&mnet->lock);
	return err;
}

int mobx_nl_peer_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mobx_net *mnet = mobx_pernet(genl_info_net(info));
	struct nlattr *label = info->attrs[MOBX_A_PEER_LABEL];
	struct mobx_peer *peer;
	unsigned long id;
	int err = 0;

	mutex_lock(&mnet->lock);
	xa_for_each(&mnet->peers, id, peer) {
		if (label && strcmp(peer->label, mobx_nl_label(label)))
			continue;
		err = mobx_peer_removable(peer, info->extack);
		if (err)
			goto out;
	}
	xa_for_each(&mnet->peers, id, peer)
		if (!label || !strcmp(peer->label, mobx_nl_label(label)))
			mobx_peer_remove(peer);
out:
	mutex_unlock(&mnet->lock);
	return err;
}

static int mobx_peer_put_msg(struct sk_buff *msg, const struct mobx_peer *peer,
			     const struct mobx_binding *b)
{
	if (nla_put_u32(msg, MOBX_A_PEER_ID, peer->id) ||
	    (*peer->label &&
	     nla_put_string(msg, MOBX_A_PEER_LABEL, peer->label)) ||
	    nla_put_u64_64bit(msg, MOBX_A_PEER_GENERATION, b->generation,
			      MOBX_A_PEER_PAD) ||
	    nla_put_u32(msg, MOBX_A_PEER_SAS, peer->n_sas) ||
	    (b->spread && nla_put_u8(msg, MOBX_A_PEER_SPREAD, 1)))
		return -EMSGSIZE;
	return mobx_nl_put_paths(msg, MOBX_A_PEER_PATHS, b);
}

int mobx_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mobx_net *mnet = mobx_pernet(genl_info_net(info));
	const struct mobx_binding *b;
	struct mobx_peer *peer;
	struct sk_buff *msg;
	void *hdr;
	int err;

	mutex_lock(&mnet->lock);
	peer = mobx_peer_named(mnet, info);
	err = PTR_ERR_OR_ZERO(peer);
	if (err)
		goto unlock;
	b = mobx_peer_binding(peer);
	err = -ENOMEM;
	msg = nlmsg_new(NLMSG_DEFAULT_SIZE + mobx_nl_paths_size(b), GFP_KERNEL);
	if (!msg)
		goto unlock;
	err = -EMSGSIZE;
	hdr = genlmsg_put_reply(msg, info, &mobx_nl_family, 0,
				MOBX_CMD_PEER_GET);
	if (!hdr || mobx_peer_put_msg(msg, peer, b)) {
		nlmsg_free(msg);
		goto unlock;
	}
	mutex_unlock(&mnet->lock);
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);

unlock:
	mutex_unlock(&mnet->lock);
	return err;
}

/* Room for a message about a peer. A dump begins with less than some need. */
static int mobx_peer_msg_room(struct sk_buff *skb, const struct mobx_binding *b)
{
	size_t need = NLMSG_DEFAULT_SIZE + mobx_nl_paths_size(b);

	if (skb->len || skb_tailroom(skb) >= need)
		return 0;
	return pskb_expand_head(skb, 0, need - skb_tailroom(skb), GFP_KERNEL);
}

static int mobx_peer_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
			      const struct mobx_peer *peer)
{
	const struct mobx_binding *b = mobx_peer_binding(peer);
	void *hdr;
	int err;

	err = mobx_peer_msg_room(skb, b);
	if (err)
		return err;
	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &mobx_nl_family, NLM_F_MULTI, MOBX_CMD_PEER_GET);
	if (!hdr)
		return -EMSGSIZE;
	err = mobx_peer_put_msg(skb, peer, b);
	if (err) {
		genlmsg_cancel(skb, hdr);
		return err;
	}
	genl_dump_check_consistent(cb, hdr);
	genlmsg_end(skb, hdr);
	return 0;
}

/* cb->args[0]: id to go on with; cb->args[1]: no more to come. */
int mobx_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct mobx_net *mnet = mobx_pernet(sock_net(skb->sk));
	struct mobx_peer *peer;
	unsigned long id;
	int err = 0;

	if (cb->args[1])
		return 0;
	mutex_lock(&mnet->lock);
	cb->seq = mnet->seq;
	xa_for_each_start(&mnet->peers, id, peer, cb->args[0]) {
		err = mobx_peer_dump_one(skb, cb, peer);
		if (err)
			break;
	}
	mutex_unlock(&mnet->lock);
	cb->args[0] = id;
	cb->args[1] = !err;
	return skb->len ?: err;
}
