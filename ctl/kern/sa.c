// SPDX-License-Identifier: GPL-2.0
/* Security associations. Whatever held keys is wiped before it is let go. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kern/priv.h"

void kern_sa_init(struct kern_sa *sa)
{
	*sa = (struct kern_sa){
		.replay_window = KERN_WINDOW_DEFAULT,
		.idle_ms = KERN_NEVER,
	};
}

void kern_sa_wipe(struct kern_sa *sa)
{
	explicit_bzero(sa->enc_key, sizeof(sa->enc_key));
	explicit_bzero(sa->auth_key, sizeof(sa->auth_key));
	sa->enc_key_len = 0;
	sa->auth_key_len = 0;
}

static struct nla_policy sa_policy[MOBX_A_SA_MAX + 1] = {
	[MOBX_A_SA_SPI] = { .type = NLA_U32 },
	[MOBX_A_SA_DIR] = { .type = NLA_U32 },
	[MOBX_A_SA_PEER] = { .type = NLA_U32 },
	[MOBX_A_SA_MODE] = { .type = NLA_U32 },
	[MOBX_A_SA_ENC] = { .type = NLA_U32 },
	[MOBX_A_SA_ENC_KEY] = { .maxlen = MOBX_MAX_KEY },
	[MOBX_A_SA_AUTH] = { .type = NLA_U32 },
	[MOBX_A_SA_AUTH_KEY] = { .maxlen = MOBX_MAX_KEY },
	[MOBX_A_SA_ESN] = { .type = NLA_FLAG },
	[MOBX_A_SA_REPLAY_WINDOW] = { .type = NLA_U32 },
	[MOBX_A_SA_SEQ] = { .type = NLA_U64 },
	[MOBX_A_SA_SELECTORS] = { .type = NLA_NESTED },
	[MOBX_A_SA_LIFETIME] = { .type = NLA_NESTED },
	[MOBX_A_SA_MANAGED] = { .type = NLA_FLAG },
	[MOBX_A_SA_PACKETS] = { .type = NLA_U64 },
	[MOBX_A_SA_BYTES] = { .type = NLA_U64 },
	[MOBX_A_SA_REPLAYED] = { .type = NLA_U64 },
	[MOBX_A_SA_INTEGRITY_FAILED] = { .type = NLA_U64 },
	[MOBX_A_SA_AGE] = { .type = NLA_U64 },
	[MOBX_A_SA_IDLE] = { .type = NLA_U64 },
	[MOBX_A_SA_DF] = { .type = NLA_U32 },
	[MOBX_A_SA_TFC] = { .type = NLA_U16 },
};

static size_t get_key(const struct nlattr *a, uint8_t key[MOBX_MAX_KEY])
{
	size_t len = a ? (size_t)nla_len(a) : 0;

	if (len)
		memcpy(key, nla_data(a), len);
	return len;
}

static int get_selectors(const struct nlattr *head, int len,
			 struct kern_sa *sa)
{
	const struct nlattr *a;
	int rest;

	nla_for_each_attr(a, head, len, rest) {
		if (nla_type(a) != MOBX_A_SA_SELECTORS)
			continue;
		if (sa->nselectors == MOBX_MAX_SELECTORS ||
		    kern_get_selector(a, &sa->selectors[sa->nselectors]))
			return -EBADMSG;
		sa->nselectors++;
	}
	return 0;
}

static void get_counters(struct nlattr *const tb[], struct kern_sa *sa)
{
	if (tb[MOBX_A_SA_PACKETS])
		sa->packets = nla_get_u64(tb[MOBX_A_SA_PACKETS]);
	if (tb[MOBX_A_SA_BYTES])
		sa->bytes = nla_get_u64(tb[MOBX_A_SA_BYTES]);
	if (tb[MOBX_A_SA_REPLAYED])
		sa->replayed = nla_get_u64(tb[MOBX_A_SA_REPLAYED]);
	if (tb[MOBX_A_SA_INTEGRITY_FAILED])
		sa->integrity_failed =
			nla_get_u64(tb[MOBX_A_SA_INTEGRITY_FAILED]);
	if (tb[MOBX_A_SA_AGE])
		sa->age = nla_get_u64(tb[MOBX_A_SA_AGE]);
	if (tb[MOBX_A_SA_IDLE])
		sa->idle_ms = nla_get_u64(tb[MOBX_A_SA_IDLE]);
}

int kern_get_sa(const struct nlmsghdr *h, struct kern_sa *sa)
{
	struct nlattr *tb[MOBX_A_SA_MAX + 1];
	int len;
	struct nlattr *head = kern_attrs_of(h, &len);

	kern_sa_init(sa);
	if (nla_parse(tb, MOBX_A_SA_MAX, head, len, sa_policy) ||
	    !tb[MOBX_A_SA_SPI] || !tb[MOBX_A_SA_DIR] || !tb[MOBX_A_SA_PEER] ||
	    get_selectors(head, len, sa) ||
	    (tb[MOBX_A_SA_LIFETIME] &&
	     kern_get_lifetime(tb[MOBX_A_SA_LIFETIME], &sa->lifetime)))
		return -EBADMSG;
	sa->spi = nla_get_u32(tb[MOBX_A_SA_SPI]);
	sa->dir = nla_get_u32(tb[MOBX_A_SA_DIR]);
	sa->peer = nla_get_u32(tb[MOBX_A_SA_PEER]);
	if (tb[MOBX_A_SA_MODE])
		sa->mode = nla_get_u32(tb[MOBX_A_SA_MODE]);
	if (tb[MOBX_A_SA_DF])
		sa->df = nla_get_u32(tb[MOBX_A_SA_DF]);
	if (tb[MOBX_A_SA_ENC])
		sa->enc = nla_get_u32(tb[MOBX_A_SA_ENC]);
	if (tb[MOBX_A_SA_AUTH])
		sa->auth = nla_get_u32(tb[MOBX_A_SA_AUTH]);
	if (tb[MOBX_A_SA_REPLAY_WINDOW])
		sa->replay_window = nla_get_u32(tb[MOBX_A_SA_REPLAY_WINDOW]);
	if (tb[MOBX_A_SA_SEQ])
		sa->seq = nla_get_u64(tb[MOBX_A_SA_SEQ]);
	if (tb[MOBX_A_SA_TFC])
		sa->tfc = nla_get_u16(tb[MOBX_A_SA_TFC]);
	sa->esn = tb[MOBX_A_SA_ESN];
	sa->managed = tb[MOBX_A_SA_MANAGED];
	sa->enc_key_len = get_key(tb[MOBX_A_SA_ENC_KEY], sa->enc_key);
	sa->auth_key_len = get_key(tb[MOBX_A_SA_AUTH_KEY], sa->auth_key);
	get_counters(tb, sa);
	return 0;
}

static bool put_keys(struct nl_msg *m, const struct kern_sa *sa)
{
	bool full = nla_put_u32(m, MOBX_A_SA_ENC, sa->enc) ||
		    nla_put_u32(m, MOBX_A_SA_AUTH, sa->auth);

	if (sa->enc_key_len)
		full = full || nla_put(m, MOBX_A_SA_ENC_KEY,
				       (int)sa->enc_key_len, sa->enc_key);
	if (sa->auth_key_len)
		full = full || nla_put(m, MOBX_A_SA_AUTH_KEY,
				       (int)sa->auth_key_len, sa->auth_key);
	return full;
}

static bool put_sa(struct nl_msg *m, const struct kern_sa *sa)
{
	bool full = nla_put_u32(m, MOBX_A_SA_SPI, sa->spi) ||
		    nla_put_u32(m, MOBX_A_SA_DIR, sa->dir) ||
		    nla_put_u32(m, MOBX_A_SA_PEER, sa->peer) ||
		    nla_put_u32(m, MOBX_A_SA_MODE, sa->mode) ||
		    (sa->df && nla_put_u32(m, MOBX_A_SA_DF, sa->df)) ||
		    put_keys(m, sa) ||
		    (sa->esn && nla_put_flag(m, MOBX_A_SA_ESN)) ||
		    (sa->force && nla_put_flag(m, MOBX_A_SA_FORCE)) ||
		    (sa->managed && nla_put_flag(m, MOBX_A_SA_MANAGED)) ||
		    (sa->tfc && nla_put_u16(m, MOBX_A_SA_TFC, sa->tfc)) ||
		    (sa->seq && nla_put_u64(m, MOBX_A_SA_SEQ, sa->seq));

	if (sa->replay_window != KERN_WINDOW_DEFAULT)
		full = full || nla_put_u32(m, MOBX_A_SA_REPLAY_WINDOW,
					   sa->replay_window);
	for (unsigned int i = 0; !full && i < sa->nselectors; i++)
		full = kern_put_selector(m, MOBX_A_SA_SELECTORS,
					 &sa->selectors[i]);
	return full || kern_put_lifetime(m, MOBX_A_SA_LIFETIME, &sa->lifetime);
}

int kern_sa_new(struct kern *k, const struct kern_sa *sa)
{
	struct nl_msg *m = kern_msg(k, MOBX_CMD_SA_NEW, 0);
	bool full = m && put_sa(m, sa);

	return kern_send(k, m, full, NULL);
}

/* What names an SA; an inbound one has no need of its peer. */
static bool put_name(struct nl_msg *m, enum mobx_dir dir, uint32_t spi,
		     uint32_t peer)
{
	return nla_put_u32(m, MOBX_A_SA_DIR, dir) ||
	       nla_put_u32(m, MOBX_A_SA_SPI, spi) ||
	       (peer && nla_put_u32(m, MOBX_A_SA_PEER, peer));
}

int kern_sa_del(struct kern *k, enum mobx_dir dir, uint32_t spi, uint32_t peer)
{
	struct nl_msg *m = kern_msg(k, MOBX_CMD_SA_DEL, 0);
	bool full = m && put_name(m, dir, spi, peer);

	return kern_send(k, m, full, NULL);
}

int kern_sa_get(struct kern *k, enum mobx_dir dir, uint32_t spi, uint32_t peer,
		bool keys, struct kern_sa *sa)
{
	struct nl_msg *m = kern_msg(k, MOBX_CMD_SA_GET, 0);
	bool full = m && (put_name(m, dir, spi, peer) ||
			  (keys && nla_put_flag(m, MOBX_A_SA_SHOW_KEYS)));
	struct kern_answer a = { 0 };
	struct nlmsghdr *h;
	int ret;

	ret = kern_send(k, m, full, &a);
	if (ret)
		return ret;
	h = kern_answer_next(&a, NULL);
	if (!h || kern_get_sa(h, sa))
		ret = kern_bad_answer(k, "SA");
	kern_answer_free(&a);
	return ret;
}

int kern_sa_dump(struct kern *k, uint32_t peer, bool keys,
		 int (*fn)(const struct kern_sa *sa, void *ctx), void *ctx)
{
	struct nl_msg *m = kern_msg(k, MOBX_CMD_SA_GET, NLM_F_DUMP);
	bool full = m && ((peer && nla_put_u32(m, MOBX_A_SA_PEER, peer)) ||
			  (keys && nla_put_flag(m, MOBX_A_SA_SHOW_KEYS)));
	struct kern_answer a = { 0 };
	struct nlmsghdr *h = NULL;
	struct kern_sa sa;
	int ret;

	ret = kern_send(k, m, full, &a);
	while (!ret && (h = kern_answer_next(&a, h))) {
		ret = kern_get_sa(h, &sa) ? kern_bad_answer(k, "SA") :
					    fn(&sa, ctx);
		kern_sa_wipe(&sa);
	}
	kern_answer_free(&a);
	return ret;
}

int kern_sa_flush(struct kern *k, uint32_t peer)
{
	struct nl_msg *m = kern_msg(k, MOBX_CMD_SA_FLUSH, 0);
	bool full = m && peer && nla_put_u32(m, MOBX_A_SA_PEER, peer);

	return kern_send(k, m, full, NULL);
}
