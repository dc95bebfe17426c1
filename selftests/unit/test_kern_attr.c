// SPDX-License-Identifier: GPL-2.0
/*
 * The netlink side of userspace: structs survive a round trip through
 * attributes, broken answers are refused, refusals are told in words, and the
 * words are those of the specification.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/genl.h>

#include <cmocka.h>

#include <errno.h>

#include "kern/names.h"
#include "kern/priv.h"

static struct nl_msg *message(uint8_t cmd)
{
	struct nl_msg *m = nlmsg_alloc_size(32768);

	assert_non_null(m);
	assert_non_null(genlmsg_put(m, 0, 0, 40, 0, 0, cmd, 1));
	return m;
}

static struct kern_path sample_path(void)
{
	struct kern_path p;

	kern_path_init(&p);
	wire_addr_parse(&p.local, "10.0.0.1");
	wire_addr_parse(&p.remote, "10.0.0.2");
	p.state = MOBX_PATH_STATE_DEPRECATED;
	p.flags = MOBX_PATH_FLAGS_BACKUP;
	p.preference = 7;
	p.accept_until_ms = 2500;
	p.credit = 1ULL << 40;
	p.mtu = 1400;
	p.encap_sport = 4500;
	p.encap_dport = 4501;
	return p;
}

static bool same_path(const struct kern_path *a, const struct kern_path *b)
{
	return wire_addr_equal(&a->local, &b->local) &&
	       wire_addr_equal(&a->remote, &b->remote) &&
	       a->state == b->state && a->flags == b->flags &&
	       a->preference == b->preference &&
	       a->accept_until_ms == b->accept_until_ms &&
	       a->credit == b->credit && a->mtu == b->mtu &&
	       a->encap_sport == b->encap_sport &&
	       a->encap_dport == b->encap_dport &&
	       a->last_seen_ms == b->last_seen_ms;
}

static void test_peer(void **state)
{
	struct kern_path p[3] = { sample_path(), sample_path(), sample_path() };
	struct nl_msg *m = message(MOBX_CMD_PEER_GET);
	struct kern_peer *back = malloc(sizeof(*back));

	(void)state;
	assert_non_null(back);
	wire_addr_parse(&p[1].local, "2001:db8::1");
	wire_addr_parse(&p[1].remote, "2001:db8::2");
	p[1].state = MOBX_PATH_STATE_VALID;
	p[1].accept_until_ms = 0;
	p[2].credit = 0;
	p[2].mtu = 0;
	p[2].encap_sport = 0;
	nla_put_u32(m, MOBX_A_PEER_ID, 7);
	assert_false(kern_put_label(m, MOBX_A_PEER_LABEL, "a label"));
	nla_put_u64(m, MOBX_A_PEER_GENERATION, 1ULL << 33);
	nla_put_u32(m, MOBX_A_PEER_SAS, 12);
	assert_false(kern_put_paths(m, MOBX_A_PEER_PATHS, p, 3));
	assert_int_equal(kern_get_peer(nlmsg_hdr(m), back), 0);
	assert_int_equal(back->id, 7);
	assert_string_equal(back->label, "a label");
	assert_true(back->generation == 1ULL << 33);
	assert_int_equal(back->sas, 12);
	assert_int_equal(back->npaths, 3);
	for (int i = 0; i < 3; i++)
		assert_true(same_path(&p[i], &back->paths[i]));
	free(back);
	nlmsg_free(m);
}

static void test_too_many_paths(void **state)
{
	struct kern_path p = sample_path();
	struct nl_msg *m = message(MOBX_CMD_PEER_GET);
	struct kern_peer *back = malloc(sizeof(*back));

	(void)state;
	nla_put_u32(m, MOBX_A_PEER_ID, 7);
	for (int i = 0; i < MOBX_MAX_PATHS; i++)
		assert_false(kern_put_path(m, MOBX_A_PEER_PATHS, &p));
	assert_int_equal(kern_get_peer(nlmsg_hdr(m), back), 0);
	assert_int_equal(back->npaths, MOBX_MAX_PATHS);
	assert_false(kern_put_path(m, MOBX_A_PEER_PATHS, &p));
	assert_int_equal(kern_get_peer(nlmsg_hdr(m), back), -EBADMSG);
	free(back);
	nlmsg_free(m);
}

static void test_message_full(void **state)
{
	struct kern_path p = sample_path();
	struct nl_msg *m = nlmsg_alloc_size(256);

	(void)state;
	genlmsg_put(m, 0, 0, 40, 0, 0, MOBX_CMD_PEER_NEW, 1);
	assert_true(kern_put_path(m, 1, &p) || kern_put_path(m, 1, &p) ||
		    kern_put_path(m, 1, &p));
	nlmsg_free(m);
}

static void fill_sa(struct nl_msg *m)
{
	static const uint8_t key[20] = { 1, 2, 3 };
	struct kern_lifetime life = { .soft_seconds = 1,
				      .hard_packets = UINT64_MAX };
	struct kern_selector s;

	kern_selector_any(&s);
	nla_put_u32(m, MOBX_A_SA_SPI, 0x1000);
	nla_put_u32(m, MOBX_A_SA_DIR, MOBX_DIR_OUT);
	nla_put_u32(m, MOBX_A_SA_PEER, 1);
	nla_put_u32(m, MOBX_A_SA_ENC, MOBX_ENC_AES_GCM_16);
	nla_put(m, MOBX_A_SA_ENC_KEY, sizeof(key), key);
	nla_put_flag(m, MOBX_A_SA_ESN);
	nla_put_u64(m, MOBX_A_SA_IDLE, 5);
	kern_put_selector(m, MOBX_A_SA_SELECTORS, &s);
	s.proto = 17;
	s.local_port_min = 5;
	s.local_port_max = 6;
	wire_addr_parse(&s.remote, "10.0.0.0");
	s.remote_plen = 8;
	kern_put_selector(m, MOBX_A_SA_SELECTORS, &s);
	wire_addr_parse(&s.remote_last, "10.0.0.9");
	kern_put_selector(m, MOBX_A_SA_SELECTORS, &s);
	kern_put_lifetime(m, MOBX_A_SA_LIFETIME, &life);
}

static void test_sa(void **state)
{
	struct nl_msg *m = message(MOBX_CMD_SA_GET);
	struct kern_sa sa;

	(void)state;
	fill_sa(m);
	assert_int_equal(kern_get_sa(nlmsg_hdr(m), &sa), 0);
	assert_int_equal(sa.spi, 0x1000);
	assert_int_equal(sa.enc_key_len, 20);
	assert_int_equal(sa.enc_key[2], 3);
	assert_true(sa.esn && !sa.managed);
	assert_int_equal(sa.idle_ms, 5);
	assert_int_equal(sa.nselectors, 3);
	assert_int_equal(sa.selectors[0].remote.family, 0);
	assert_int_equal(sa.selectors[0].local_port_max, UINT16_MAX);
	assert_int_equal(sa.selectors[1].local_port_min, 5);
	assert_int_equal(sa.selectors[1].remote.a[0], 10);
	assert_int_equal(sa.selectors[1].remote_plen, 8);
	assert_int_equal(sa.selectors[1].remote_last.family, 0);
	assert_int_equal(sa.selectors[2].remote_last.family, 4);
	assert_int_equal(sa.selectors[2].remote_last.a[3], 9);
	assert_int_equal(sa.selectors[2].remote.a[3], 0);
	assert_int_equal(sa.lifetime.soft_seconds, 1);
	assert_true(sa.lifetime.hard_packets == UINT64_MAX);
	assert_int_equal(sa.lifetime.hard_seconds, 0);
	nlmsg_free(m);
}

/* However an answer is cut or bent, it is refused or read, never overrun. */
static void test_noise(void **state)
{
	struct nl_msg *m = message(MOBX_CMD_SA_GET);
	struct kern_path p = sample_path();
	struct kern_event *ev = malloc(sizeof(*ev));
	struct kern_peer *peer = malloc(sizeof(*peer));
	struct kern_policy pol;
	struct kern_stats st;
	struct kern_sa sa;
	size_t len;

	(void)state;
	fill_sa(m);
	kern_put_path(m, MOBX_A_PEER_PATHS, &p);
	len = nlmsg_hdr(m)->nlmsg_len;
	srandom(7);
	for (int i = 0; i < 30000; i++) {
		/* of exactly the length, so that ASan sees the edge */
		size_t cut = i < (int)len ? (size_t)i : len;
		struct nlmsghdr *h;

		if (cut < NLMSG_HDRLEN)
			continue;
		h = malloc(cut);
		memcpy(h, nlmsg_hdr(m), cut);
		h->nlmsg_len = (uint32_t)cut;
		for (int j = 0; i >= (int)len && j < 4; j++)
			((uint8_t *)h)[NLMSG_HDRLEN + (size_t)random() %
				       (cut - NLMSG_HDRLEN)] =
				(uint8_t)random();
		kern_get_sa(h, &sa);
		kern_get_peer(h, peer);
		kern_get_policy(h, &pol);
		kern_get_stats(h, &st);
		kern_get_event(h, ev);
		free(h);
	}
	free(ev);
	free(peer);
	nlmsg_free(m);
}

static void test_bad_answers(void **state)
{
	struct nl_msg *m = message(MOBX_CMD_SA_GET);
	struct kern_policy pol;
	struct kern_sa sa;
	uint8_t key[MOBX_MAX_KEY + 1] = { 0 };

	(void)state;
	assert_int_equal(kern_get_sa(nlmsg_hdr(m), &sa), -EBADMSG);
	assert_int_equal(kern_get_policy(nlmsg_hdr(m), &pol), -EBADMSG);
	nla_put_u32(m, MOBX_A_SA_SPI, 0x1000);
	nla_put_u32(m, MOBX_A_SA_DIR, 0);
	nla_put_u32(m, MOBX_A_SA_PEER, 1);
	assert_int_equal(kern_get_sa(nlmsg_hdr(m), &sa), 0);
	nla_put(m, MOBX_A_SA_ENC_KEY, sizeof(key), key);
	assert_int_equal(kern_get_sa(nlmsg_hdr(m), &sa), -EBADMSG);
	nlmsg_free(m);
}

static void test_stats(void **state)
{
	struct nl_msg *m = message(MOBX_CMD_STATS_GET);
	struct kern_stats s;

	(void)state;
	for (uint32_t i = 0; i < KERN_STATS_MAX + 3; i++) {
		struct nlattr *nest = nla_nest_start(m, MOBX_A_STATS_COUNTER);

		nla_put_u32(m, MOBX_A_COUNTER_WHICH, i);
		nla_put_u64(m, MOBX_A_COUNTER_VALUE, 10 * i);
		nla_nest_end(m, nest);
	}
	assert_int_equal(kern_get_stats(nlmsg_hdr(m), &s), 0);
	assert_int_equal(s.count, KERN_STATS_MAX);
	assert_int_equal(s.value[5], 50);
	nlmsg_free(m);
}

static void test_event(void **state)
{
	struct nl_msg *m = message(MOBX_CMD_BINDING_CHANGED);
	struct kern_path p = sample_path();
	struct kern_event *ev = malloc(sizeof(*ev));

	(void)state;
	nla_put_u32(m, MOBX_A_EVENT_PEER, 9);
	nla_put_u64(m, MOBX_A_EVENT_GENERATION, 4);
	kern_put_label(m, MOBX_A_EVENT_LABEL, "x");
	kern_put_path(m, MOBX_A_EVENT_PATHS, &p);
	assert_int_equal(kern_get_event(nlmsg_hdr(m), ev), 0);
	assert_int_equal(ev->cmd, MOBX_CMD_BINDING_CHANGED);
	assert_int_equal(ev->peer, 9);
	assert_int_equal(ev->generation, 4);
	assert_int_equal(ev->npaths, 1);
	assert_true(same_path(&ev->paths[0], &p));
	assert_false(ev->has_policy);
	nlmsg_free(m);
	m = message(MOBX_CMD_PEER_GET);
	assert_int_equal(kern_get_event(nlmsg_hdr(m), ev), -EBADMSG);
	nlmsg_free(m);
	free(ev);
}

static void test_replaced(void **state)
{
	struct nl_msg *m = message(MOBX_CMD_LOCAL_REPLACED);
	struct kern_event *ev = malloc(sizeof(*ev));
	static const uint8_t two[4] = { 10, 0, 0, 2 };
	struct kern_replace r;

	(void)state;
	nla_put(m, MOBX_A_EVENT_REPLACED, sizeof(two), two);
	nla_put_u32(m, MOBX_A_EVENT_MOVED, 100000);
	nla_put_u32(m, MOBX_A_EVENT_FAILED, 3);
	assert_int_equal(kern_get_event(nlmsg_hdr(m), ev), 0);
	assert_int_equal(ev->moved, 100000);
	assert_int_equal(ev->failed, 3);
	assert_memory_equal(ev->replaced.a, two, sizeof(two));
	assert_false(ev->spread);
	nlmsg_free(m);
	free(ev);

	m = message(MOBX_CMD_PEER_REPLACE);
	nla_put_u32(m, MOBX_A_REPLACE_MOVED, 7);
	nla_put_u32(m, MOBX_A_REPLACE_UNCHANGED, 8);
	assert_int_equal(kern_get_replace(nlmsg_hdr(m), &r), -EBADMSG);
	nla_put_u32(m, MOBX_A_REPLACE_FAILED, 100);
	for (uint32_t i = 1; i <= 100; i++)
		nla_put_u32(m, MOBX_A_REPLACE_FAILED_PEER, i);
	assert_int_equal(kern_get_replace(nlmsg_hdr(m), &r), 0);
	assert_int_equal(r.moved, 7);
	assert_int_equal(r.unchanged, 8);
	assert_int_equal(r.failed, 100);
	assert_int_equal(r.ntold, KERN_REPLACE_TOLD);
	assert_int_equal(r.told[63], 64);
	nla_put_u64(m, MOBX_A_REPLACE_FAILED_PEER, 1);
	assert_int_equal(kern_get_replace(nlmsg_hdr(m), &r), -EBADMSG);
	nlmsg_free(m);
}

/* An acknowledgement as the kernel builds it. */
static struct nl_msg *refusal(int err, const char *text)
{
	struct nl_msg *m = nlmsg_alloc_size(1024);
	struct nlmsgerr e = { .error = err, .msg = { .nlmsg_len = 64 } };

	nlmsg_put(m, 0, 0, NLMSG_ERROR, 0, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	nlmsg_append(m, &e, sizeof(e), NLMSG_ALIGNTO);
	if (text)
		nla_put_string(m, NLMSGERR_ATTR_MSG, text);
	return m;
}

static void refused(int err, const char *text, int attr, uint32_t value,
		    const struct nlmsghdr *request, const char *expected)
{
	static struct kern k;
	struct nl_msg *m = refusal(err, text);

	if (attr)
		nla_put_u32(m, attr, value);
	assert_int_equal(kern_refusal(&k, nlmsg_hdr(m), request), err);
	if (err)
		assert_string_equal(kern_error(&k), expected);
	nlmsg_free(m);
}

static void test_refusals(void **state)
{
	struct nl_msg *m = message(MOBX_CMD_PEER_NEW);
	struct kern_path p = sample_path();
	const struct nlmsghdr *request = nlmsg_hdr(m);
	uint32_t path, remote;

	(void)state;
	nla_put_u32(m, MOBX_A_PEER_ID, 7);
	path = request->nlmsg_len;
	kern_put_path(m, MOBX_A_PEER_PATHS, &p);
	remote = path + 4 + 8;	/* behind the local one */
	refused(0, NULL, 0, 0, request, "");
	refused(-EINVAL, "no such thing", 0, 0, request, "no such thing");
	refused(-EINVAL, "out of range", NLMSGERR_ATTR_OFFS,
		NLMSG_HDRLEN + GENL_HDRLEN, request, "out of range (id)");
	refused(-EINVAL, "bad set", NLMSGERR_ATTR_OFFS, path, request,
		"bad set (paths)");
	refused(-EINVAL, "bad address", NLMSGERR_ATTR_OFFS, remote, request,
		"bad address (paths/remote)");
	refused(-EINVAL, "beyond", NLMSGERR_ATTR_OFFS, 0xfffffff0, request,
		"beyond");
	refused(-EINVAL, "before", NLMSGERR_ATTR_OFFS, 3, request, "before");
	refused(-EINVAL, "missing", 5, MOBX_A_PEER_LABEL, request,
		"missing (label is missing)");
	refused(-EINVAL, "this address is odd", NLMSGERR_ATTR_OFFS, remote,
		request, "this address is odd (paths/remote)");
	refused(-EINVAL, "the remote address is odd", NLMSGERR_ATTR_OFFS,
		remote, request, "the remote address is odd");
	refused(-EINVAL, "a label is missing", 5, MOBX_A_PEER_LABEL, request,
		"a label is missing");
	refused(-EINVAL, "missing", 5, 4711, request, "missing");
	refused(-ESTALE, NULL, 0, 0, request,
		"the generation is stale: the binding has changed meanwhile");
	refused(-EPERM, NULL, 0, 0, request,
		"not permitted: this needs CAP_NET_ADMIN (run it as root)");
	nlmsg_free(m);
}

static void test_refusal_noise(void **state)
{
	struct nl_msg *request = message(MOBX_CMD_PEER_NEW);
	struct nl_msg *m = refusal(-EINVAL, "a text of some length");
	struct kern_path p = sample_path();
	static struct kern k;
	size_t len;

	(void)state;
	kern_put_path(request, MOBX_A_PEER_PATHS, &p);
	nla_put_u32(m, NLMSGERR_ATTR_OFFS, 28);
	nla_put_u32(m, 5, 2);
	len = nlmsg_hdr(m)->nlmsg_len;
	srandom(3);
	for (int i = 0; i < 20000; i++) {
		size_t cut = NLMSG_HDRLEN + (size_t)random() %
						    (len - NLMSG_HDRLEN + 1);
		struct nlmsghdr *h = malloc(cut);

		memcpy(h, nlmsg_hdr(m), cut);
		h->nlmsg_len = (uint32_t)cut;
		if (cut > NLMSG_HDRLEN)
			((uint8_t *)h)[NLMSG_HDRLEN + (size_t)random() %
				       (cut - NLMSG_HDRLEN)] =
				(uint8_t)random();
		if (random() % 2)
			h->nlmsg_flags &= (uint16_t)~NLM_F_CAPPED;
		if (random() % 4 == 0)
			h->nlmsg_type = NLMSG_DONE;
		kern_refusal(&k, h, nlmsg_hdr(request));
		free(h);
	}
	nlmsg_free(m);
	nlmsg_free(request);
}

/*
 * The words of an enumeration in the order of the specification: the lines
 * that follow "name: @enumeration", one "name:" or "- word" an entry.
 */
static void spec_is(const char *enumeration, const struct kern_names *names)
{
	FILE *f = fopen("Documentation/netlink/specs/mobx.yaml", "r");
	char line[256], want[64], word[64];
	unsigned int n = 0;
	bool inside = false;

	if (!f)
		fail_msg("run this from the top of the tree");
	snprintf(want, sizeof(want), "    name: %s\n", enumeration);
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "attribute-sets:", 15) ||
		    (inside && !strcmp(line, "  -\n")))
			break;
		if (!strcmp(line, want))
			inside = true;
		else if (inside &&
			 (sscanf(line, "        name: %63s", word) == 1 ||
			  sscanf(line, "      - %63s", word) == 1)) {
			char *bare = word + strspn(word, "\"");

			bare[strcspn(bare, "\"")] = '\0';
			assert_string_equal(kern_name(names, n), bare);
			assert_int_equal(kern_value(names, bare), n);
			n++;
		}
	}
	fclose(f);
	assert_true(n > 0);
	assert_int_equal(n, names->count);
}

static void test_names(void **state)
{
	(void)state;
	spec_is("path-state", &kern_states);
	spec_is("dir", &kern_dirs);
	spec_is("mode", &kern_modes);
	spec_is("enc", &kern_encs);
	spec_is("auth", &kern_auths);
	spec_is("action", &kern_actions);
	spec_is("expire", &kern_expires);
	spec_is("stat", &kern_counters);
	assert_string_equal(kern_name(&kern_dirs, 99), "?");
	assert_int_equal(kern_value(&kern_dirs, "up"), -1);
	assert_string_equal(kern_name(&kern_event_names, MOBX_CMD_ACQUIRE),
			    "acquire");
	assert_string_equal(kern_name(&kern_event_names, MOBX_CMD_PEER_NEW),
			    "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peer),
		cmocka_unit_test(test_too_many_paths),
		cmocka_unit_test(test_message_full),
		cmocka_unit_test(test_sa),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_bad_answers),
		cmocka_unit_test(test_stats),
		cmocka_unit_test(test_event),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_refusal_noise),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
