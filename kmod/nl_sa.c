// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: security associations.
 */

#include <linux/slab.h>
#include <net/sock.h>

#include "alg.h"
#include "compat.h"
#include "netlink.h"
#include "netns.h"
#include "peer.h"
#include "sa.h"

static int mobx_lifetime_parse(struct mobx_lifetime *life,
			       const struct nlattr *nest,
			       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[MOBX_A_LIFETIME_MAX + 1];
	u64 *field[] = {
		[MOBX_A_LIFETIME_SOFT_SECONDS] = &life->soft_seconds,
		[MOBX_A_LIFETIME_HARD_SECONDS] = &life->hard_seconds,
		[MOBX_A_LIFETIME_SOFT_BYTES] = &life->soft_bytes,
		[MOBX_A_LIFETIME_HARD_BYTES] = &life->hard_bytes,
		[MOBX_A_LIFETIME_SOFT_PACKETS] = &life->soft_packets,
		[MOBX_A_LIFETIME_HARD_PACKETS] = &life->hard_packets,
	};
	unsigned int i;
	int err;

	err = nla_parse_nested(tb, MOBX_A_LIFETIME_MAX, nest,
			       mobx_lifetime_nl_policy, extack);
	if (err)
		return err;
	for (i = MOBX_A_LIFETIME_SOFT_SECONDS; i < ARRAY_SIZE(field); i++)
		if (tb[i])
			*field[i] = nla_get_u64(tb[i]);
	return 0;
}

static int mobx_lifetime_put(struct sk_buff *skb,
			     const struct mobx_lifetime *life)
{
	const u64 value[] = {
		[MOBX_A_LIFETIME_SOFT_SECONDS] = life->soft_seconds,
		[MOBX_A_LIFETIME_HARD_SECONDS] = life->hard_seconds,
		[MOBX_A_LIFETIME_SOFT_BYTES] = life->soft_bytes,
		[MOBX_A_LIFETIME_HARD_BYTES] = life->hard_bytes,
		[MOBX_A_LIFETIME_SOFT_PACKETS] = life->soft_packets,
		[MOBX_A_LIFETIME_HARD_PACKETS] = life->hard_packets,
	};
	struct nlattr *nest;
	unsigned int i;

	nest = nla_nest_start(skb, MOBX_A_SA_LIFETIME);
	if (!nest)
		return -EMSGSIZE;
	for (i = MOBX_A_LIFETIME_SOFT_SECONDS; i < ARRAY_SIZE(value); i++)
		if (value[i] && nla_put_u64_64bit(skb, i, value[i],
						  MOBX_A_LIFETIME_PAD))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int mobx_selectors_parse(struct mobx_sa_spec *spec,
				const struct genl_info *info)
{
	const struct nlattr *attr;
	int err, rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		struct mobx_selector *sel = &spec->sels[spec->n_sels];

		if (nla_type(attr) != MOBX_A_SA_SELECTORS)
			continue;
		if (spec->n_sels == MOBX_MAX_SELECTORS) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "an SA has at most 16 selectors");
			return -E2BIG;
		}
		err = mobx_selector_parse(sel, attr, info->extack);
		if (err)
			return err;
		if (spec->mode == MOBX_MODE_TRANSPORT &&
		    (!mobx_range_any(&sel->local, sel->family) ||
		     !mobx_range_any(&sel->remote, sel->family))) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "a negotiated selector has no address in transport mode: that part is the binding of the peer");
			return -EINVAL;
		}
		spec->n_sels++;
	}
	return 0;
}

static int mobx_key_parse(const u8 **key, u16 *len, const struct nlattr *attr,
			  struct netlink_ext_ack *extack)
{
	if (!attr)
		return 0;
	if (nla_len(attr) > MOBX_MAX_KEY) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "a key has at most 64 octets");
		return -EINVAL;
	}
	*key = nla_data(attr);
	*len = nla_len(attr);
	return 0;
}

static u32 mobx_get_u32(const struct nlattr *attr, u32 absent)
{
	return attr ? nla_get_u32(attr) : absent;
}

static int mobx_sa_required(struct genl_info *info)
{
	if (!info->attrs[MOBX_A_SA_SPI])
		return mobx_nl_missing(info, MOBX_A_SA_SPI, "spi is missing");
	if (!info->attrs[MOBX_A_SA_DIR])
		return mobx_nl_missing(info, MOBX_A_SA_DIR,
				       "dir is missing: in or out");
	return 0;
}

/* The keys in @spec point into the request. */
static int mobx_sa_parse(struct mobx_sa_spec *spec, struct genl_info *info)
{
	struct nlattr **tb = info->attrs;
	int err;

	err = mobx_sa_required(info);
	if (err)
		return err;
	if (!tb[MOBX_A_SA_PEER])
		return mobx_nl_missing(info, MOBX_A_SA_PEER,
				       "peer is missing: whose SA is it?");
	if (!tb[MOBX_A_SA_ENC])
		return mobx_nl_missing(info, MOBX_A_SA_ENC,
				       "enc is missing: which cipher?");
	spec->spi = htonl(nla_get_u32(tb[MOBX_A_SA_SPI]));
	spec->dir = nla_get_u32(tb[MOBX_A_SA_DIR]);
	spec->mode = mobx_get_u32(tb[MOBX_A_SA_MODE], MOBX_MODE_TRANSPORT);
	spec->df = mobx_get_u32(tb[MOBX_A_SA_DF], MOBX_DF_COPY);
	spec->enc = nla_get_u32(tb[MOBX_A_SA_ENC]);
	spec->auth = mobx_get_u32(tb[MOBX_A_SA_AUTH], MOBX_AUTH_NONE);
	spec->esn = tb[MOBX_A_SA_ESN];
	spec->force = tb[MOBX_A_SA_FORCE];
	spec->managed = tb[MOBX_A_SA_MANAGED];
	/* 0 switches it off; who says nothing gets one that forgives much. */
	spec->replay_window = mobx_get_u32(tb[MOBX_A_SA_REPLAY_WINDOW],
					   spec->dir == MOBX_DIR_IN ?
					   MOBX_DEFAULT_REPLAY_WINDOW : 0);
	if (spec->replay_window > MOBX_MAX_REPLAY_WINDOW) {
		NL_SET_ERR_MSG_ATTR(info->extack, tb[MOBX_A_SA_REPLAY_WINDOW],
				    "a replay window has at most 65536 packets");
		return -ERANGE;
	}
	if (tb[MOBX_A_SA_TFC])
		spec->tfc = nla_get_u16(tb[MOBX_A_SA_TFC]);
	if (tb[MOBX_A_SA_SEQ])
		spec->seq = nla_get_u64(tb[MOBX_A_SA_SEQ]);
	err = mobx_key_parse(&spec->enc_key, &spec->enc_key_len,
			     tb[MOBX_A_SA_ENC_KEY], info->extack);
	if (err)
		return err;
	err = mobx_key_parse(&spec->auth_key, &spec->auth_key_len,
			     tb[MOBX_A_SA_AUTH_KEY], info->extack);
	if (err)
		return err;
	if (tb[MOBX_A_SA_LIFETIME]) {
		err = mobx_lifetime_parse(&spec->life, tb[MOBX_A_SA_LIFETIME],
					  info->extack);
		if (err)
			return err;
	}
	return mobx_selectors_parse(spec, info);
}

static struct mobx_peer *mobx_sa_peer_named(struct mobx_net *mnet,
					    const struct genl_info *info)
{
	struct nlattr *id = info->attrs[MOBX_A_SA_PEER];
	struct mobx_peer *peer;

	peer = mobx_peer_find(mnet, nla_get_u32(id));
	if (peer)
		return peer;
	NL_SET_ERR_MSG_ATTR(info->extack, id, "there is no peer with this id");
	return ERR_PTR(-ENOENT);
}

/*
 * Who frees the request does not know what is in it. What generic netlink refuses
 * by itself never gets here and keeps its keys.
 */
static void mobx_sa_wipe(const struct genl_info *info)
{
	const struct nlattr *attr;
	int rem;

	/* An attribute that comes twice counts once. */
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem)
		if (nla_type(attr) == MOBX_A_SA_ENC_KEY ||
		    nla_type(attr) == MOBX_A_SA_AUTH_KEY)
			memzero_explicit(nla_data(attr), nla_len(attr));
}

int mobx_nl_sa_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mobx_net *mnet = mobx_pernet(genl_info_net(info));
	struct mobx_sa_spec *spec;
	struct mobx_peer *peer;
	struct mobx_sa *sa;
	int err;

	spec = kzalloc(sizeof(*spec), GFP_KERNEL);
	err = spec ? mobx_sa_parse(spec, info) : -ENOMEM;
	if (err)
		goto out;
	sa = mobx_sa_alloc(spec, info->extack);
	err = PTR_ERR_OR_ZERO(sa);
	if (err)
		goto out;
	mutex_lock(&mnet->lock);
	peer = mobx_sa_peer_named(mnet, info);
	err = PTR_ERR_OR_ZERO(peer);
	if (!err)
		err = mobx_sa_insert(peer, sa, info->extack);
	mutex_unlock(&mnet->lock);
	if (err)
		mobx_sa_put(sa);
out:
	kfree(spec);
	mobx_sa_wipe(info);
	return err;
}

/* Context: under mobx_net.lock. */
static struct mobx_sa *mobx_sa_named(struct mobx_net *mnet,
				     struct genl_info *info)
{
	struct mobx_sa *sa;
	int err;

	err = mobx_sa_required(info);
	if (err)
		return ERR_PTR(err);
	sa = mobx_sa_find(mnet, nla_get_u32(info->attrs[MOBX_A_SA_DIR]),
			  htonl(nla_get_u32(info->attrs[MOBX_A_SA_SPI])),
			  mobx_get_u32(info->attrs[MOBX_A_SA_PEER], 0));
	if (!sa) {
		GENL_SET_ERR_MSG(info,
				 "there is no such SA: dir, spi and peer name one");
		return ERR_PTR(-ENOENT);
	}
	if (IS_ERR(sa))
		GENL_SET_ERR_MSG(info,
				 "several peers have an outbound SA with this SPI: give the peer too");
	return sa;
}

int mobx_nl_sa_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mobx_net *mnet = mobx_pernet(genl_info_net(info));
	struct mobx_sa *sa;
	int err;

	mutex_lock(&mnet->lock);
	sa = mobx_sa_named(mnet, info);
	err = PTR_ERR_OR_ZERO(sa);
	if (!err)
		mobx_sa_remove(sa);
	mutex_unlock(&mnet->lock);
	return err;
}

int mobx_nl_sa_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mobx_net *mnet = mobx_pernet(genl_info_net(info));
	struct mobx_peer *peer;
	unsigned long id;
	int err = 0;

	mutex_lock(&mnet->lock);
	if (info->attrs[MOBX_A_SA_PEER]) {
		peer = mobx_sa_peer_named(mnet, info);
		err = PTR_ERR_OR_ZERO(peer);
		if (!err)
			mobx_sa_remove_all(peer);
	} else {
		xa_for_each(&mnet->peers, id, peer)
			mobx_sa_remove_all(peer);
	}
	mutex_unlock(&mnet->lock);
	return err;
}

static int mobx_sa_put_counters(struct sk_buff *skb, const struct mobx_sa *sa)
{
	const struct { u16 type; u64 value; } numbers[] = {
		{ MOBX_A_SA_SEQ, mobx_sa_seq(sa) },
		{ MOBX_A_SA_PACKETS, atomic64_read(&sa->packets) },
		{ MOBX_A_SA_BYTES, atomic64_read(&sa->bytes) },
		{ MOBX_A_SA_REPLAYED, atomic64_read(&sa->replayed) },
		{ MOBX_A_SA_INTEGRITY_FAILED,
		  atomic64_read(&sa->integrity_failed) },
		{ MOBX_A_SA_AGE, div_u64(ktime_get_boottime_ns() - sa->added,
					 NSEC_PER_SEC) },
	};
	unsigned long used = READ_ONCE(sa->last_used);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (nla_put_u64_64bit(skb, numbers[i].type, numbers[i].value,
				      MOBX_A_SA_PAD))
			return -EMSGSIZE;
	if (used && nla_put_u64_64bit(skb, MOBX_A_SA_IDLE,
				      jiffies_to_msecs(jiffies - used),
				      MOBX_A_SA_PAD))
		return -EMSGSIZE;
	return 0;
}

static int mobx_sa_put_msg(struct sk_buff *skb, const struct mobx_sa *sa,
			   bool show_keys)
{
	unsigned int i;

	if (nla_put_u32(skb, MOBX_A_SA_SPI, ntohl(sa->spi)) ||
	    nla_put_u32(skb, MOBX_A_SA_DIR, sa->dir) ||
	    nla_put_u32(skb, MOBX_A_SA_PEER, sa->peer->id) ||
	    nla_put_u32(skb, MOBX_A_SA_MODE, sa->mode) ||
	    nla_put_u32(skb, MOBX_A_SA_ENC, sa->alg->enc) ||
	    nla_put_u32(skb, MOBX_A_SA_AUTH, sa->alg->auth))
		return -EMSGSIZE;
	if (sa->df && nla_put_u32(skb, MOBX_A_SA_DF, sa->df))
		return -EMSGSIZE;
	if (sa->dir == MOBX_DIR_IN &&
	    nla_put_u32(skb, MOBX_A_SA_REPLAY_WINDOW, sa->replay_window))
		return -EMSGSIZE;
	if (show_keys && sa->enc_key_len &&
	    nla_put(skb, MOBX_A_SA_ENC_KEY, sa->enc_key_len, sa->keys))
		return -EMSGSIZE;
	if (show_keys && sa->auth_key_len &&
	    nla_put(skb, MOBX_A_SA_AUTH_KEY, sa->auth_key_len,
		    sa->keys + sa->enc_key_len))
		return -EMSGSIZE;
	if (test_bit(MOBX_SA_ESN, &sa->flags) &&
	    nla_put_flag(skb, MOBX_A_SA_ESN))
		return -EMSGSIZE;
	if (test_bit(MOBX_SA_MANAGED, &sa->flags) &&
	    nla_put_flag(skb, MOBX_A_SA_MANAGED))
		return -EMSGSIZE;
	if (sa->tfc && nla_put_u16(skb, MOBX_A_SA_TFC, sa->tfc))
		return -EMSGSIZE;
	for (i = 0; i < sa->n_sels; i++)
		if (mobx_selector_put(skb, MOBX_A_SA_SELECTORS, &sa->sels[i]))
			return -EMSGSIZE;
	if (mobx_lifetime_put(skb, &sa->life))
		return -EMSGSIZE;
	return mobx_sa_put_counters(skb, sa);
}

int mobx_nl_sa_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mobx_net *mnet = mobx_pernet(genl_info_net(info));
	struct sk_buff *msg;
	struct mobx_sa *sa;
	void *hdr;
	int err;

	msg = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	mutex_lock(&mnet->lock);
	sa = mobx_sa_named(mnet, info);
	err = PTR_ERR_OR_ZERO(sa);
	if (err)
		goto unlock;
	err = -EMSGSIZE;
	hdr = genlmsg_put_reply(msg, info, &mobx_nl_family, 0, MOBX_CMD_SA_GET);
	if (!hdr || mobx_sa_put_msg(msg, sa, info->attrs[MOBX_A_SA_SHOW_KEYS]))
		goto unlock;
	mutex_unlock(&mnet->lock);
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);

unlock:
	mutex_unlock(&mnet->lock);
	nlmsg_free(msg);
	return err;
}

static int mobx_sa_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
			    const struct mobx_sa *sa)
{
	bool show_keys = mobx_dump_attrs(cb)[MOBX_A_SA_SHOW_KEYS];
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &mobx_nl_family, NLM_F_MULTI, MOBX_CMD_SA_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (mobx_sa_put_msg(skb, sa, show_keys)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genl_dump_check_consistent(cb, hdr);
	genlmsg_end(skb, hdr);
	return 0;
}

/* SAs of one list that were not dumped yet; *nth counts those of a peer. */
static int mobx_sa_dump_list(struct sk_buff *skb, struct netlink_callback *cb,
			     const struct list_head *list, unsigned long *nth)
{
	const struct mobx_sa *sa;
	int err;

	list_for_each_entry(sa, list, list) {
		if ((*nth)++ < (unsigned long)cb->args[1])
			continue;
		err = mobx_sa_dump_one(skb, cb, sa);
		if (err)
			return err;
		cb->args[1]++;
	}
	return 0;
}

/*
 * cb->args[0]: id of the peer to go on with; cb->args[1]: how many of its SAs
 * were dumped; cb->args[2]: no more to come. Should SAs have come or gone
 * since, the messages say so (NLM_F_DUMP_INTR).
 */
int mobx_nl_sa_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct mobx_net *mnet = mobx_pernet(sock_net(skb->sk));
	struct nlattr **tb = mobx_dump_attrs(cb);
	u32 only = mobx_get_u32(tb[MOBX_A_SA_PEER], 0);
	struct mobx_peer *peer;
	unsigned long id;
	int err = 0;

	if (cb->args[2])
		return 0;
	if (tb[MOBX_A_SA_SPI] || tb[MOBX_A_SA_DIR]) {
		NL_SET_ERR_MSG(cb->extack,
			       "a dump takes only a peer: ask for one SA by spi and dir");
		return -EINVAL;
	}
	mutex_lock(&mnet->lock);
	cb->seq = mnet->seq;
	xa_for_each_start(&mnet->peers, id, peer, cb->args[0]) {
		unsigned long nth = 0;

		if (only && peer->id != only)
			continue;
		if (id != cb->args[0])
			cb->args[1] = 0;
		cb->args[0] = id;
		err = mobx_sa_dump_list(skb, cb, &peer->sas_out, &nth);
		if (!err)
			err = mobx_sa_dump_list(skb, cb, &peer->sas_in, &nth);
		if (err)
			break;
	}
	mutex_unlock(&mnet->lock);
	cb->args[2] = !err;
	return skb->len ?: err;
}
