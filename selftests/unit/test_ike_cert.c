// SPDX-License-Identifier: GPL-2.0
/*
 * Two engines that authenticate with certificates and keys, each with the
 * agent's own credentials behind it.
 */
#include <errno.h>
#include <stdio.h>

#include "agent/cred.h"
#include "crypto/sig.h"
#include "ike_net.h"
#include "pki.h"
#include "told.h"
#include "wire/cert.h"

static const char *conn_name(int host)
{
	return host ? "mobile" : "server";
}

/* ------------------------------------------------------- a pair of hosts */

struct pair {
	struct net *net;
	struct ike_conn conn[2];
	struct told told[2];
	EVP_PKEY *ca_key;
	X509 *ca;
	EVP_PKEY *key[2];
	X509 *cert[2];
};

static struct pair *pair_new(uint64_t seed, const char *kind, const char *san)
{
	const struct pki_want ca = { .subject = "root", .ca = true };
	struct pair *p = calloc(1, sizeof(*p));
	char names[2][4000];
	int h;

	p->net = net_new(seed);
	p->ca_key = pki_key("P-256");
	p->ca = pki_cert(p->ca_key, NULL, NULL, &ca);
	snprintf(names[0], sizeof(names[0]), "DNS:mobile.example%s", san);
	snprintf(names[1], sizeof(names[1]), "DNS:server.example%s", san);
	for (h = 0; h < 2; h++) {
		const struct pki_want want = { .subject = conn_name(!h),
					       .san = names[h] };

		p->conn[h] = net_conn(h);
		p->conn[h].local_auth = IKE_AUTHBY_PUBKEY;
		p->conn[h].remote_auth = IKE_AUTHBY_PUBKEY;
		p->key[h] = pki_key(kind);
		p->cert[h] = pki_cert(p->key[h], p->ca, p->ca_key, &want);
		p->net->host[h].psk = NULL;
		p->net->host[h].creds = &p->told[h].list;
	}
	return p;
}

/* The usual: its own certificate, and the root for the peer's. */
static void tell_usual(struct pair *p, int h)
{
	told_begin(&p->told[h], conn_name(h), IKE_AUTHBY_PUBKEY,
		   IKE_AUTHBY_PUBKEY, "");
	told_item(&p->told[h], CONF_ITEM_KEY, pki_key_der(p->key[h], true));
	told_item(&p->told[h], CONF_ITEM_CERT, pki_der(p->cert[h]));
	told_item(&p->told[h], CONF_ITEM_CA, pki_der(p->ca));
	told_end(&p->told[h]);
	p->conn[h].ncas = 1;
	memset(p->conn[h].ca[0], 0xca, IKE_CA_HASH_LEN);
}

static void pair_start(struct pair *p)
{
	net_conn_add(p->net, 1, &p->conn[1]);
	net_conn_add(p->net, 0, &p->conn[0]);
	net_tell_addrs(p->net, 0);
	net_tell_addrs(p->net, 1);
	net_run(p->net, 2 * NET_SECOND);
}

static bool host_is_up(const struct pair *p, int h)
{
	const struct ike_sa *sa;

	for (sa = p->net->host[h].eng->sas; sa; sa = sa->p->next)
		if (sa->state == IKE_SA_ESTABLISHED)
			return true;
	return false;
}

static bool pair_is_up(const struct pair *p)
{
	return host_is_up(p, 0) && host_is_up(p, 1);
}

static void pair_free(struct pair *p)
{
	int h;

	net_free(p->net);
	for (h = 0; h < 2; h++) {
		cred_list_free(&p->told[h].list);
		EVP_PKEY_free(p->key[h]);
		X509_free(p->cert[h]);
	}
	EVP_PKEY_free(p->ca_key);
	X509_free(p->ca);
	free(p);
}

/* ------------------------------------------------------------------- tests */

/* covers: K30 K32 K36 */
static void every_kind(void **state)
{
	static const char *const kinds[] = { "rsa", "P-256", "P-384", "P-521",
					     "ed25519", "ed448" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct pair *p = pair_new(i + 1, kinds[i], "");

		tell_usual(p, 0);
		tell_usual(p, 1);
		pair_start(p);
		assert_true(pair_is_up(p));
		assert_true(net_agree(p->net, 1));
		assert_int_equal(net_sa(p->net, 1)->p->auth_certs.len, 0);
		pair_free(p);
	}
}

/* What IKE_SA_INIT says: hashes both ways, and the responder's authorities. */
static void announced(void **state)
{
	struct pair *p = pair_new(20, "P-256", "");
	struct wire_certreq req;
	unsigned int hashes;
	struct wire_notify n;
	struct wire_msg msg;
	int h;

	(void)state;
	tell_usual(p, 0);
	tell_usual(p, 1);
	pair_start(p);
	for (h = 0; h < 2; h++) {
		const struct net_packet *pkt;

		pkt = net_nth(p->net, h, IKE_EX_SA_INIT, h, 0);
		assert_int_equal(wire_msg_parse(pkt->data, pkt->len, &msg),
				 WIRE_OK);
		assert_true(wire_notify_find(&msg,
					     IKE_N_SIGNATURE_HASH_ALGORITHMS,
					     &n));
		assert_int_equal(wire_hashes_decode(&n, &hashes), WIRE_OK);
		assert_int_equal(hashes, CRYPTO_SIG_HASHES);
		assert_int_equal(!wire_msg_only(&msg, IKE_PL_CERTREQ), !h);
	}
	assert_int_equal(wire_certreq_decode(wire_msg_only(&msg,
					     IKE_PL_CERTREQ), &req), WIRE_OK);
	assert_int_equal(req.encoding, IKE_CERT_X509_SIGNATURE);
	assert_memory_equal(req.data.p, p->conn[1].ca[0], IKE_CA_HASH_LEN);
	pair_free(p);
}

static enum net_verdict drop_hashes(struct net *net, struct net_packet *pkt,
				    void *ctx)
{
	struct wire_notify n;
	struct wire_msg msg;

	(void)net;
	(void)ctx;
	if (pkt->hdr.exchange == IKE_EX_SA_INIT &&
	    wire_msg_parse(pkt->data, pkt->len, &msg) == WIRE_OK &&
	    wire_notify_find(&msg, IKE_N_SIGNATURE_HASH_ALGORITHMS, &n))
		return NET_DROP;
	return NET_PASS;
}

/* Only who signs, or wants the peer to, speaks of hashes. */
static void without_hashes(void **state)
{
	struct pair *p = pair_new(21, "P-384", "");

	(void)state;
	tell_usual(p, 0);
	tell_usual(p, 1);
	p->net->filter = drop_hashes;
	pair_start(p);
	assert_false(pair_is_up(p));
	pair_free(p);

	p = pair_new(22, "P-384", "");
	told_begin(&p->told[0], conn_name(0), IKE_AUTHBY_PSK,
		   IKE_AUTHBY_PSK, "a key");
	told_end(&p->told[0]);
	told_begin(&p->told[1], conn_name(1), IKE_AUTHBY_PSK,
		   IKE_AUTHBY_PSK, "a key");
	told_end(&p->told[1]);
	p->conn[0].local_auth = IKE_AUTHBY_PSK;
	p->conn[0].remote_auth = IKE_AUTHBY_PSK;
	p->conn[1].local_auth = IKE_AUTHBY_PSK;
	p->conn[1].remote_auth = IKE_AUTHBY_PSK;
	p->net->filter = drop_hashes;
	pair_start(p);
	assert_true(pair_is_up(p));
	pair_free(p);
}

/* covers: K31 K32 */
static void mixed(void **state)
{
	struct pair *p = pair_new(23, "rsa", "");

	(void)state;
	told_begin(&p->told[0], conn_name(0), IKE_AUTHBY_PSK,
		   IKE_AUTHBY_PUBKEY, "a key");
	told_item(&p->told[0], CONF_ITEM_CA, pki_der(p->ca));
	told_end(&p->told[0]);
	p->conn[0].local_auth = IKE_AUTHBY_PSK;
	told_begin(&p->told[1], conn_name(1), IKE_AUTHBY_PUBKEY,
		   IKE_AUTHBY_PSK, "a key");
	told_item(&p->told[1], CONF_ITEM_KEY, pki_key_der(p->key[1], true));
	told_item(&p->told[1], CONF_ITEM_CERT, pki_der(p->cert[1]));
	told_end(&p->told[1]);
	p->conn[1].remote_auth = IKE_AUTHBY_PSK;
	pair_start(p);
	assert_true(pair_is_up(p));
	pair_free(p);
}

/* Nobody gets in with the other way to prove oneself. covers: K33 */
static void other_way(void **state)
{
	struct pair *p = pair_new(24, "P-256", "");

	(void)state;
	told_begin(&p->told[0], conn_name(0), IKE_AUTHBY_PSK,
		   IKE_AUTHBY_PUBKEY, "a key");
	told_item(&p->told[0], CONF_ITEM_CA, pki_der(p->ca));
	told_end(&p->told[0]);
	p->conn[0].local_auth = IKE_AUTHBY_PSK;
	tell_usual(p, 1);
	pair_start(p);
	assert_false(pair_is_up(p));
	assert_true(net_logged(p->net, 1, "this way to authenticate"));
	assert_true(net_logged(p->net, 0, "AUTHENTICATION_FAILED"));
	pair_free(p);
}

/* Raw public keys (RFC 7670): of whom it is said beforehand. */
static void raw_keys(void **state)
{
	struct pair *p;
	int wrong, h;

	(void)state;
	for (wrong = 0; wrong < 2; wrong++) {
		p = pair_new(25, "ed25519", "");
		for (h = 0; h < 2; h++) {
			told_begin(&p->told[h], conn_name(h), IKE_AUTHBY_PUBKEY,
			     IKE_AUTHBY_PUBKEY, "");
			told_item(&p->told[h], CONF_ITEM_KEY,
				  pki_key_der(p->key[h], true));
			told_item(&p->told[h], CONF_ITEM_RAW,
				  pki_key_der(p->key[h], false));
			told_item(&p->told[h], CONF_ITEM_REMOTE_KEY,
				  pki_key_der(p->key[wrong && h ? h : !h],
					      false));
			told_end(&p->told[h]);
		}
		pair_start(p);
		assert_int_equal(pair_is_up(p), !wrong);
		if (wrong)
			assert_true(net_logged(p->net, 1, "remote-key"));
		pair_free(p);
	}
}

/* covers: K32 K33 */
static void wrong_certificates(void **state)
{
	const struct pki_want ca = { .subject = "other", .ca = true };
	const struct pki_want name = { .subject = "x",
				       .san = "DNS:elsewhere.example" };
	struct pair *p = pair_new(26, "P-256", "");
	EVP_PKEY *key = pki_key("P-256");
	X509 *other = pki_cert(key, NULL, NULL, &ca);

	(void)state;
	/* The initiator's is of an authority that the responder does not know. */
	X509_free(p->cert[0]);
	p->cert[0] = pki_cert(p->key[0], other, key,
			      &(struct pki_want){ .subject = "x",
						  .san = "DNS:mobile.example" });
	tell_usual(p, 0);
	tell_usual(p, 1);
	pair_start(p);
	assert_false(pair_is_up(p));
	assert_true(net_logged(p->net, 1, "issuer certificate"));
	assert_true(net_logged(p->net, 0, "AUTHENTICATION_FAILED"));
	pair_free(p);
	/* The responder's names somebody else. */
	p = pair_new(27, "P-256", "");
	X509_free(p->cert[1]);
	p->cert[1] = pki_cert(p->key[1], p->ca, p->ca_key, &name);
	tell_usual(p, 0);
	tell_usual(p, 1);
	pair_start(p);
	assert_false(host_is_up(p, 0));
	assert_true(net_logged(p->net, 0, "elsewhere.example"));
	net_run(p->net, 5 * NET_SECOND);
	assert_false(host_is_up(p, 1));
	pair_free(p);
	X509_free(other);
	EVP_PKEY_free(key);
}

/* covers: K1 K2 */
static void large_and_lossy(void **state)
{
	char san[3000];
	size_t at = 0;
	uint64_t seed;
	unsigned int i;

	(void)state;
	for (i = 0; i < 100; i++)
		at += (size_t)snprintf(san + at, sizeof(san) - at,
				       ",DNS:name-%03u.example", i);
	for (seed = 1; seed <= 20; seed++) {
		struct pair *p = pair_new(seed, "P-256", san);

		p->net->lose_percent = 10;
		p->net->repeat_percent = 10;
		p->net->jitter_us = 20 * NET_MS;
		tell_usual(p, 0);
		tell_usual(p, 1);
		pair_start(p);
		p->net->lose_percent = 0;
		net_run(p->net, 30 * NET_SECOND);
		if (!pair_is_up(p))
			fail_msg("seed %u: not up", (unsigned int)seed);
		assert_int_equal(net_nth(p->net, 0, IKE_EX_AUTH, false, 0)->
				 hdr.next, IKE_PL_SKF);
		pair_free(p);
	}
}

/* More than anybody needs: left out, and the reason is in the log. */
static void too_large(void **state)
{
	struct pair *p = pair_new(40, "P-256", "");
	const struct wire_cert cert = {
		IKE_CERT_X509_SIGNATURE, { (const uint8_t *)"0123456789", 10 }
	};
	struct wire_wr list = { 0 };
	struct wire_enc enc;
	struct wire_msg msg;
	static uint8_t big[20000];
	int i;

	(void)state;
	wire_enc_start(&enc, &(struct wire_hdr){ .spi_i = 1 });
	for (i = 0; i < 3; i++)
		wire_cert_encode(&enc, cert.encoding, big, sizeof(big));
	wire_cert_encode(&enc, cert.encoding, cert.data.p, cert.data.len);
	assert_true(wire_enc_finish(&enc));
	assert_int_equal(wire_msg_parse(enc.wr.data, enc.wr.len, &msg),
			 WIRE_OK);
	assert_true(ike_cert_collect(&msg, &list));
	assert_int_equal(list.len, 3 + sizeof(big) + 3 + 10);
	wire_wr_free(&list);
	wire_enc_free(&enc);
	pair_free(p);
}

/* New credentials count once they are whole; those of the gone do not. */
static void replaced(void **state)
{
	struct msg_auth m = { .prf = IKE_PRF_HMAC_SHA2_256 };
	const struct wire_span octets = { (const uint8_t *)"octets", 6 };
	struct msg_auth_done done = { 0 };
	struct wire_wr data = { 0 }, certs = { 0 };
	struct told t;
	struct msg_name name = { "server" };

	(void)state;
	told_begin(&t, conn_name(0), IKE_AUTHBY_PSK, IKE_AUTHBY_PSK, "a key");
	memcpy(m.conn, name.name, sizeof(m.conn));
	cred_sign(&t.list, &m, octets, &done, &data, &certs);
	assert_false(done.ok);
	assert_true(done.text[0]);
	told_end(&t);
	done = (struct msg_auth_done){ 0 };
	cred_sign(&t.list, &m, octets, &done, &data, &certs);
	assert_true(done.ok);
	assert_int_equal(done.method, IKE_AUTH_PSK);
	assert_int_equal(data.len, 32);
	cred_list_told(&t.list, MSG_CRED_BEGIN, &t.head, sizeof(t.head));
	done = (struct msg_auth_done){ 0 };
	cred_sign(&t.list, &m, octets, &done, &data, &certs);
	assert_true(done.ok);
	cred_list_told(&t.list, MSG_CRED_GONE, &name, sizeof(name));
	done = (struct msg_auth_done){ 0 };
	cred_sign(&t.list, &m, octets, &done, &data, &certs);
	assert_false(done.ok);
	/* Bodies that are too short, and items of nobody. */
	cred_list_told(&t.list, MSG_CRED_BEGIN, &t.head, 3);
	cred_list_told(&t.list, MSG_CRED_END, &name, 3);
	cred_list_free(&t.list);
	cred_list_told(&t.list, MSG_CRED_ITEM, &name, sizeof(name));
	wire_wr_free(&data);
	cred_list_free(&t.list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind),
		cmocka_unit_test(announced),
		cmocka_unit_test(without_hashes),
		cmocka_unit_test(mixed),
		cmocka_unit_test(other_way),
		cmocka_unit_test(raw_keys),
		cmocka_unit_test(wrong_certificates),
		cmocka_unit_test(large_and_lossy),
		cmocka_unit_test(too_large),
		cmocka_unit_test(replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
