// SPDX-License-Identifier: GPL-2.0
/* mobx sa: security associations, keyed by hand or by the agent. */

#include <errno.h>
#include <string.h>

#include "cli/cli.h"

/* For the kernel: as long as a packet may be. */
#define TFC_MTU 65535

enum {
	SA_DIR,
	SA_SPI,
	SA_PEER,
	SA_MODE,
	SA_AEAD,
	SA_ENC,
	SA_AUTH,
	SA_WINDOW,
	SA_ESN,
	SA_SEQ,
	SA_FORCE,
	SA_MANAGED,
	SA_DF,
	SA_TFC,
	SA_SELECTOR,
	SA_LIFETIME,	/* and the five after it */
};

static const char *const sa_words[] = {
	"dir",		 "spi",		 "peer",       "mode",
	"aead",		 "enc",		 "auth",       "replay-window",
	"esn",		 "seq",		 "force",      "managed",
	"df",		 "tfc",		 "selector",   "soft-seconds",
	"hard-seconds",
	"soft-bytes",	 "hard-bytes",	 "soft-packets", "hard-packets",
	NULL
};

static bool is_aead(enum mobx_enc enc)
{
	return enc == MOBX_ENC_AES_GCM_16 || enc == MOBX_ENC_AES_GMAC ||
	       enc == MOBX_ENC_CHACHA20_POLY1305;
}

static int take_cipher(struct cli *c, struct kern_sa *sa, bool aead)
{
	int enc = cli_named(c, &kern_encs);

	if (enc < 0)
		return CLI_SYNTAX;
	sa->enc = (enum mobx_enc)enc;
	if (aead != is_aead(sa->enc))
		return cli_syntax(c, "%s is %s: use %s %s",
				  kern_name(&kern_encs, sa->enc),
				  aead ? "no combined-mode cipher" :
					 "a combined-mode cipher",
				  aead ? "enc" : "aead",
				  kern_name(&kern_encs, sa->enc));
	if (sa->enc == MOBX_ENC_NULL)
		return 0;
	return cli_key(c, aead ? "aead" : "enc", sa->enc_key, &sa->enc_key_len);
}

static int take_auth(struct cli *c, struct kern_sa *sa)
{
	int auth = cli_named(c, &kern_auths);

	if (auth < 0)
		return CLI_SYNTAX;
	sa->auth = (enum mobx_auth)auth;
	if (sa->auth == MOBX_AUTH_NONE)
		return 0;
	return cli_key(c, "auth", sa->auth_key, &sa->auth_key_len);
}

/* Words of a selector, as long as they come. */
static int take_selector(struct cli *c, struct kern_sa *sa)
{
	static const char *const words[] = { CLI_SELECTOR_WORDS, NULL };
	struct kern_selector *s;
	uint32_t given = 0;

	if (sa->nselectors == MOBX_MAX_SELECTORS)
		return cli_syntax(c, "more than %d selectors",
				  MOBX_MAX_SELECTORS);
	s = &sa->selectors[sa->nselectors++];
	kern_selector_any(s);
	while (cli_more(c)) {
		int word = cli_match(words, c->argv[c->next]);

		if (word < 0)
			break;
		c->next++;
		if (cli_selector(c, s, word, given))
			return CLI_SYNTAX;
		given |= 1U << word;
	}
	return cli_selector_check(c, s);
}

static int take_lifetime(struct cli *c, struct kern_lifetime *l, int word)
{
	uint64_t *limit[] = {
		&l->soft_seconds, &l->hard_seconds, &l->soft_bytes,
		&l->hard_bytes,	  &l->soft_packets, &l->hard_packets,
	};

	return cli_u64(c, sa_words[word], 0, UINT64_MAX,
		       limit[word - SA_LIFETIME]);
}

static int take_enum(struct cli *c, const struct kern_names *names,
		     unsigned int *v)
{
	int i = cli_named(c, names);

	if (i < 0)
		return CLI_SYNTAX;
	*v = (unsigned int)i;
	return 0;
}

/* A number of octets, or the MTU, whatever it is. */
static int take_tfc(struct cli *c, struct kern_sa *sa)
{
	if (cli_more(c) && !strcmp(c->argv[c->next], "mtu")) {
		c->next++;
		sa->tfc = TFC_MTU;
		return 0;
	}
	return cli_u16(c, "tfc", &sa->tfc);
}

static int sa_value(struct cli *c, struct kern_sa *sa, int word)
{
	switch (word) {
	case SA_DIR:
		return take_enum(c, &kern_dirs, &sa->dir);
	case SA_SPI:
		return cli_u32(c, "spi", 256, UINT32_MAX, &sa->spi);
	case SA_PEER:
		return cli_u32(c, "peer", 1, MOBX_MAX_PEER_ID, &sa->peer);
	case SA_MODE:
		return take_enum(c, &kern_modes, &sa->mode);
	case SA_AEAD:
	case SA_ENC:
		return take_cipher(c, sa, word == SA_AEAD);
	case SA_AUTH:
		return take_auth(c, sa);
	case SA_WINDOW:
		return cli_u32(c, "replay-window", 0, MOBX_MAX_REPLAY_WINDOW,
			       &sa->replay_window);
	case SA_ESN:
		sa->esn = true;
		return 0;
	case SA_SEQ:
		return cli_u64(c, "seq", 0, UINT64_MAX, &sa->seq);
	case SA_FORCE:
		sa->force = true;
		return 0;
	case SA_MANAGED:
		sa->managed = true;
		return 0;
	case SA_DF:
		return take_enum(c, &kern_dfs, &sa->df);
	case SA_TFC:
		return take_tfc(c, sa);
	case SA_SELECTOR:
		return take_selector(c, sa);
	default:
		return take_lifetime(c, &sa->lifetime, word);
	}
}

/* What was given is remembered word by word: nothing but its mode and limits
 * is left to a default.
 */
static int take_sa(struct cli *c, struct kern_sa *sa, uint32_t *given)
{
	kern_sa_init(sa);
	*given = 0;
	while (cli_more(c)) {
		int word = cli_keyword(c, sa_words);

		if (word < 0 || sa_value(c, sa, word))
			return CLI_SYNTAX;
		*given |= 1U << word;
	}
	return 0;
}

int cli_sa_parse(struct cli *c, struct kern_sa *sa)
{
	static const int needed[] = { SA_DIR, SA_SPI, SA_PEER };
	uint32_t given;

	if (take_sa(c, sa, &given))
		return CLI_SYNTAX;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (!(given & 1U << needed[i]))
			return cli_syntax(c, "%s is missing",
					  sa_words[needed[i]]);
	}
	if (!(given & (1U << SA_AEAD | 1U << SA_ENC)))
		return cli_syntax(c, "no cipher: aead NAME KEY, or enc NAME KEY auth NAME KEY");
	if ((given & 1U << SA_AEAD) && (given & (1U << SA_ENC | 1U << SA_AUTH)))
		return cli_syntax(c, "aead has its own integrity check: leave enc and auth away");
	if ((given & 1U << SA_ENC) && sa->auth == MOBX_AUTH_NONE)
		return cli_syntax(c, "enc needs auth NAME KEY: a cipher without integrity check is not safe");
	return 0;
}

static void key_json(json_t *o, const char *name, const uint8_t *key,
		     size_t len)
{
	char text[2 * MOBX_MAX_KEY + 3] = "0x";

	if (!len)
		return;
	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 + 2 * i, 3, "%02x", key[i]);
	out_str(o, name, text);
	explicit_bzero(text, sizeof(text));
}

static void algorithms_json(json_t *o, const struct kern_sa *sa)
{
	bool aead = is_aead(sa->enc);

	out_str(o, aead ? "aead" : "enc", kern_name(&kern_encs, sa->enc));
	key_json(o, aead ? "aead_key" : "enc_key", sa->enc_key,
		 sa->enc_key_len);
	if (aead)
		return;
	out_str(o, "auth", kern_name(&kern_auths, sa->auth));
	key_json(o, "auth_key", sa->auth_key, sa->auth_key_len);
}

static void lifetime_json(json_t *o, const struct kern_lifetime *l)
{
	if (l->soft_seconds)
		out_u64(o, "soft_seconds", l->soft_seconds);
	if (l->hard_seconds)
		out_u64(o, "hard_seconds", l->hard_seconds);
	if (l->soft_bytes)
		out_u64(o, "soft_bytes", l->soft_bytes);
	if (l->hard_bytes)
		out_u64(o, "hard_bytes", l->hard_bytes);
	if (l->soft_packets)
		out_u64(o, "soft_packets", l->soft_packets);
	if (l->hard_packets)
		out_u64(o, "hard_packets", l->hard_packets);
}

void cli_sa_counters(json_t *o, const struct kern_sa *sa)
{
	out_u64(o, "packets", sa->packets);
	out_u64(o, "bytes", sa->bytes);
	if (sa->dir == MOBX_DIR_IN) {
		out_u64(o, "replayed", sa->replayed);
		out_u64(o, "integrity_failed", sa->integrity_failed);
	}
	out_u64(o, "age", sa->age);
	if (sa->idle_ms != KERN_NEVER)
		out_u64(o, "idle", sa->idle_ms);
}

json_t *cli_selectors_json(const struct kern_sa *sa)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < sa->nselectors; i++) {
		json_t *s = json_object();

		cli_selector_json(s, &sa->selectors[i]);
		json_array_append_new(list, s);
	}
	return list;
}

json_t *cli_sa_json(const struct cli *c, const struct kern_sa *sa)
{
	json_t *o = json_object();
	char spi[16];

	snprintf(spi, sizeof(spi), "0x%08x", sa->spi);
	out_str(o, "dir", kern_name(&kern_dirs, sa->dir));
	out_str(o, "spi", spi);
	out_u64(o, "peer", sa->peer);
	out_str(o, "mode", kern_name(&kern_modes, sa->mode));
	algorithms_json(o, sa);
	if (sa->dir == MOBX_DIR_IN && sa->replay_window != KERN_WINDOW_DEFAULT)
		out_u64(o, "replay_window", sa->replay_window);
	out_flag(o, "esn", sa->esn);
	if (sa->seq || c->details)
		out_u64(o, "seq", sa->seq);
	out_flag(o, "managed", sa->managed);
	if (sa->df)
		out_str(o, "df", kern_name(&kern_dfs, sa->df));
	if (sa->tfc == TFC_MTU)
		out_str(o, "tfc", "mtu");
	else if (sa->tfc)
		out_u64(o, "tfc", sa->tfc);
	/* The kernel took it, so it was forced; typed again, it must be. */
	out_flag(o, "force", is_aead(sa->enc) && !sa->managed);
	lifetime_json(o, &sa->lifetime);
	if (c->stats)
		cli_sa_counters(o, sa);
	if (sa->nselectors)
		json_object_set_new(o, "selectors", cli_selectors_json(sa));
	return o;
}

static int sa_add(struct cli *c)
{
	struct kern_sa sa;
	struct kern *k;
	int ret = cli_sa_parse(c, &sa);

	if (!ret) {
		k = cli_kern(c);
		ret = k ? cli_kern_result(c, kern_sa_new(k, &sa)) : CLI_REFUSED;
	}
	kern_sa_wipe(&sa);
	return ret;
}

/**
 * struct sa_name - which SAs
 * @c: run
 * @dir: direction, or -1
 * @spi: SPI, or 0
 * @peer: id, or 0
 * @keys: show keys too
 */
struct sa_name {
	struct cli *c;
	int dir;
	uint32_t spi;
	uint32_t peer;
	bool keys;
};

static int take_name(struct cli *c, struct sa_name *n)
{
	static const char *const words[] = { "dir", "spi", "peer", "keys",
					     NULL };

	*n = (struct sa_name){ .c = c, .dir = -1 };
	while (cli_more(c)) {
		int word = cli_keyword(c, words);
		int ret = 0;

		if (word == 0) {
			n->dir = cli_named(c, &kern_dirs);
			ret = n->dir < 0;
		} else if (word == 1) {
			ret = cli_u32(c, "spi", 256, UINT32_MAX, &n->spi);
		} else if (word == 2) {
			ret = cli_u32(c, "peer", 1, MOBX_MAX_PEER_ID, &n->peer);
		} else if (word == 3) {
			n->keys = true;
		}
		if (ret || word < 0)
			return CLI_SYNTAX;
	}
	return 0;
}

static int sa_delete(struct cli *c)
{
	struct sa_name n;
	struct kern *k;

	if (take_name(c, &n))
		return CLI_SYNTAX;
	if (n.dir < 0 || !n.spi || n.keys)
		return cli_syntax(c, "an SA is named by dir and spi, an outbound one by its peer too");
	if (n.dir == MOBX_DIR_OUT && !n.peer)
		return cli_syntax(c, "peer is missing: two peers may have chosen the same SPI");
	k = cli_kern(c);
	if (!k)
		return CLI_REFUSED;
	return cli_kern_result(c, kern_sa_del(k, (enum mobx_dir)n.dir, n.spi,
					      n.peer));
}

static int show_one(const struct kern_sa *sa, void *ctx)
{
	struct sa_name *n = ctx;

	if ((n->dir < 0 || n->dir == (int)sa->dir) &&
	    (!n->spi || n->spi == sa->spi))
		out_item(n->c, "sa", cli_sa_json(n->c, sa));
	return 0;
}

static int sa_show(struct cli *c)
{
	struct sa_name n;
	struct kern *k;
	int ret;

	if (take_name(c, &n))
		return CLI_SYNTAX;
	k = cli_kern(c);
	if (!k)
		return CLI_REFUSED;
	out_begin(c);
	ret = kern_sa_dump(k, n.peer, n.keys, show_one, &n);
	out_end(c);
	if (!ret && n.spi && !c->items)
		return cli_refused(c, "there is no SA with SPI 0x%08x", n.spi);
	return cli_kern_result(c, ret);
}

static int sa_flush(struct cli *c)
{
	struct sa_name n;
	struct kern *k;

	if (take_name(c, &n))
		return CLI_SYNTAX;
	if (n.dir >= 0 || n.spi || n.keys)
		return cli_syntax(c, "flush takes nothing but a peer");
	k = cli_kern(c);
	if (!k)
		return CLI_REFUSED;
	return cli_kern_result(c, kern_sa_flush(k, n.peer));
}

static const struct cli_verb verbs[] = {
	{ "show", sa_show, "[dir in|out] [spi N] [peer ID] [keys]" },
	{ "add", sa_add,
	  "dir in|out spi N peer ID [mode transport|tunnel] ALGORITHM [OPTIONS] [selector SELECTOR]..." },
	{ "delete", sa_delete, "dir in|out spi N [peer ID]" },
	{ "flush", sa_flush, "[peer ID]" },
	{ "list", sa_show, NULL },
	{ 0 }
};

const struct cli_object cli_sa = {
	.name = "sa",
	.verbs = verbs,
	.first = "dir",
	.help = "security associations",
	.words =
		"ALGORITHM := aead NAME KEY | enc NAME KEY auth NAME KEY\n"
		"  aead: aes-gcm-16 aes-gmac chacha20-poly1305 (the salt follows the key)\n"
		"  enc: aes-cbc null (which has no key)\n"
		"  auth: hmac-sha1-96 hmac-sha2-256-128 hmac-sha2-384-192 hmac-sha2-512-256\n"
		"KEY := 0xHEX | file PATH | -   (standard input)\n"
		"OPTIONS := [replay-window PACKETS] [esn] [seq N] [force] [managed] [df copy|set|clear]\n"
		"  [tfc OCTETS|mtu]\n"
		"  [soft-|hard-seconds N] [soft-|hard-bytes N] [soft-|hard-packets N]\n"
		"SELECTOR := [local ADDRS] [remote ADDRS] [proto NAME] [sport PORTS] [dport PORTS]\n"
		"  [type N [code N]]\n"
		"Counter-mode ciphers (aead) with keys set by hand need `force` (RFC 8221): a\n"
		"key that is used twice gives everything away.\n",
};
