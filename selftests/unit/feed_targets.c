// SPDX-License-Identifier: GPL-2.0
/* What fuzzers feed, and the test that replays what they have found. */
#include <errno.h>
#include <event2/event.h>
#include <jansson.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/alarm.h"
#include "agent/chan.h"
#include "agent/conf.h"
#include "agent/control.h"
#include "agent/lease.h"
#include "agent/worker.h"
#include "crypto/cert.h"
#include "crypto/dn.h"
#include "crypto/util.h"
#include "eap_try.h"
#include "feed.h"
#include "ike_net.h"
#include "pki.h"

static void message(const uint8_t *data, size_t len)
{
	feed_message(data, len);
}

static void payload(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct wire_payload pl = { .body = copy, .len = len };

	memcpy(copy, data, len);
	feed_body(&pl);
	free(copy);
}

/* What two hosts have agreed on in the kernel belongs to an IKE SA. */
static void consistent(struct net *net)
{
	for (int host = 0; host < 2; host++) {
		struct net_host *h = &net->host[host];

		assert_true(h->n_peers == 0 ? h->n_sas == 0 :
			    net_sa_count(net, host) > 0);
	}
}

/* A datagram to a host that waits for its peer, from anybody. */
static void datagram(const uint8_t *data, size_t len)
{
	const struct wire_endpoint src = { net_addr("10.0.0.1"), 500 };
	const struct wire_endpoint dst = { net_addr("10.0.0.2"), 500 };
	struct net *net = net_new(1);
	struct ike_conn s = net_conn(1);

	s.resume_us = NET_SECOND;
	net_conn_add(net, 1, &s);
	net_inject(net, 1, &src, &dst, data, len);
	net_run(net, NET_SECOND);
	consistent(net);
	net_free(net);
}

/* Two hosts that are due to do one more key exchange before IKE_AUTH. */
static void conns_with_more(struct net *net)
{
	struct ike_conn c;
	int host;

	for (host = 1; host >= 0; host--) {
		c = net_conn(host);
		c.ike[0].addke[0] = IKE_KE_X25519;
		c.nike = 1;
		net_conn_add(net, host, &c);
	}
}

static enum net_verdict no_inter(struct net *net, struct net_packet *pkt,
				 void *ctx)
{
	(void)net;
	(void)ctx;
	return pkt->hdr.exchange == IKE_EX_INTERMEDIATE ? NET_DROP : NET_PASS;
}

/* The same in place of IKE_FOLLOWUP_KE, or of its answer */
static void inner_follow(const uint8_t *data, size_t len)
{
	struct net *net = net_new(4);
	bool there = data[0] & 4;
	uint32_t mid;

	conns_with_more(net);
	net_run(net, 200 * NET_MS);
	mid = net_sa(net, 0)->p->out_mid + 1;
	net_cmd(net, 0, IKE_EV_CONN_REKEY, "server");
	net_run(net, 11 * NET_MS);
	net_seal(net, there, IKE_EX_FOLLOWUP_KE, there, mid, data[1], data + 2,
		 len - 2);
	net_run(net, 3 * NET_SECOND);
	consistent(net);
	net_free(net);
}

/* The same in place of IKE_INTERMEDIATE, or of its answer */
static void inner_between(const uint8_t *data, size_t len)
{
	struct net *net = net_new(3);
	uint8_t what = data[0];

	conns_with_more(net);
	net->filter = no_inter;
	net_run(net, 11 * NET_MS);
	net_seal(net, what & 4 ? 1 : 0, what % 4 ? IKE_EX_INTERMEDIATE :
		 IKE_EX_AUTH, what & 8, 1, data[1], data + 2, len - 2);
	net->filter = NULL;
	net_run(net, 3 * NET_SECOND);
	consistent(net);
	net_free(net);
}

/*
 * The same in place of IKE_AUTH, or of its answer, where virtual addresses are
 * asked for and given out, to an end that takes every proof for genuine.
 */
static void inner_virtual(const uint8_t *data, size_t len)
{
	static struct conf conf = {
		.npool = 1, .pool = { { .name = "guests", .n = 1 } },
	};
	struct net *net = net_new(5);
	bool answer = data[0] & 8;
	struct ike_conn c;
	int host;

	conf.pool[0].prefix[0].addr = net_addr("10.9.0.0");
	conf.pool[0].prefix[0].plen = 24;
	net->host[1].conf = &conf;
	net->host[1].leases = leases_new();
	net->host[!answer].gullible = true;
	for (host = 1; host >= 0; host--) {
		c = net_conn(host);
		c.mode = MOBX_MODE_TUNNEL;
		c.resume_us = 600 * NET_SECOND;
		if (host) {
			strcpy(c.pool, conf.pool[0].name);
		} else {
			c.virtual[c.nvirtual++] = net_addr("0.0.0.0");
			strcpy(c.device, "mobx0");
		}
		net_conn_add(net, host, &c);
	}
	net_run(net, 11 * NET_MS);
	net_seal(net, answer, IKE_EX_AUTH, answer, 1, data[1], data + 2,
		 len - 2);
	net_run(net, 3 * NET_SECOND);
	consistent(net);
	leases_free(net->host[1].leases);
	net_free(net);
}

/* The same in one of the rounds of EAP, or of the answers */
static void inner_eap(const uint8_t *data, size_t len)
{
	static const uint8_t types[] = { EAP_TRY_MUTUAL, EAP_TRY_PLAIN, 0 };
	struct eap_pair *p = eap_pair_new(6, types, false);
	bool answer = data[0] & 8;
	uint32_t round = data[0] % 4;

	eap_pair_start(p);
	net_run(p->net, (11 + 10 * round) * NET_MS);
	net_seal(p->net, answer, IKE_EX_AUTH, answer, 1 + round, data[1],
		 data + 2, len - 2);
	net_run(p->net, 3 * NET_SECOND);
	consistent(p->net);
	eap_pair_free(p);
}

/*
 * What an authentic peer may write: octet 0 chooses the exchange, who writes
 * and whether it is an answer, octet 1 is the type of the first payload.
 */
static void inner(const uint8_t *data, size_t len)
{
	static const uint8_t exchanges[] = {
		IKE_EX_AUTH, IKE_EX_CREATE_CHILD_SA, IKE_EX_INFORMATIONAL,
		IKE_EX_INFORMATIONAL,
	};
	struct net *net;
	uint8_t what;
	bool auth;

	if (len < 2)
		return;
	what = data[0];
	if (what & 128) {
		inner_eap(data, len);
		return;
	}
	if (what & 64) {
		inner_virtual(data, len);
		return;
	}
	if (what & 16) {
		(what & 32 ? inner_follow : inner_between)(data, len);
		return;
	}
	auth = what % 4 == 0;
	net = net_new(2);
	net_conns(net);
	/* Half-way through IKE_AUTH, or established. */
	net_run(net, auth ? 11 * NET_MS : 200 * NET_MS);
	net_seal(net, !auth && what & 4, exchanges[what % 4], what & 8,
		 auth ? 1 : what & 4 ? 0 : 2, data[1], data + 2, len - 2);
	net_run(net, 3 * NET_SECOND);
	consistent(net);
	net_free(net);
}

static void conf(const uint8_t *data, size_t len)
{
	char err[CONF_MAX_ERROR], path[32];
	struct conf *c = NULL;
	int fd = memfd_create("conf", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (conf_load(path, &c, err, sizeof(err)))
		assert_true(err[0]);
	else
		conf_free(c);
	close(fd);
}

/* ---------------------------------------------------------- control socket */

static struct worker agent;

static void ignore(void *ctx, uint32_t type, uint64_t tag, const void *data,
		   size_t len)
{
	(void)ctx;
	(void)type;
	(void)tag;
	(void)data;
	(void)len;
}

static void ignore_closed(void *ctx)
{
	(void)ctx;
}

static void ignore_alarm(void *ctx, uint64_t slept_us)
{
	(void)ctx;
	(void)slept_us;
}

static socklen_t control_address(struct sockaddr_un *sun)
{
	int n;

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	n = snprintf(sun->sun_path + 1, sizeof(sun->sun_path) - 1,
		     "mobx-feed-%d", (int)getpid());
	return (socklen_t)sizeof(sa_family_t) + 1 + (socklen_t)n;
}

/* A worker with one connection whose peer has to begin. */
static void agent_start(void)
{
	static const struct chan_ops ops = { ignore, ignore_closed };
	static const struct ike_settings settings = { .random = crypto_random };
	struct ike_event ev = { .type = IKE_EV_CONN_ADD };
	struct ike_actions acts = { 0 };
	struct ike_conn c = net_conn(1);
	struct sockaddr_un sun;
	socklen_t len = control_address(&sun);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), pair[2];

	assert_int_equal(bind(fd, (struct sockaddr *)&sun, len), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(chan_pair(pair), 0);
	agent.base = event_base_new();
	agent.engine = ike_engine_new(&settings, NULL);
	agent.alarm = alarm_new(agent.base, ignore_alarm, NULL);
	agent.parent = chan_new(agent.base, pair[0], &ops, NULL);
	agent.creds = chan_new(agent.base, pair[1], &ops, NULL);
	/* As mobxd does: a client may be gone before it has its answer. */
	signal(SIGPIPE, SIG_IGN);
	agent.control = control_new(agent.base, fd, &agent);
	control_begin(agent.control);
	for (int i = 0; i < UDP_SOCKETS; i++)
		agent.udp[i] = -1;
	ev.u.conn.conn = &c;
	ike_engine_event(agent.engine, &ev, worker_now_us(), &acts);
	ike_actions_clear(&acts);
}

static void agent_stop(void)
{
	control_free(agent.control);
	chan_free(agent.parent);
	chan_free(agent.creds);
	alarm_free(agent.alarm);
	ike_engine_free(agent.engine);
	event_base_free(agent.base);
	agent = (struct worker){ 0 };
}

static void all_objects(const char *answers, size_t len)
{
	const char *end;
	json_t *o;

	while ((end = memchr(answers, '\n', len))) {
		o = json_loadb(answers, (size_t)(end - answers), 0, NULL);
		assert_true(json_is_object(o));
		json_decref(o);
		len -= (size_t)(end - answers) + 1;
		answers = end + 1;
	}
}

/* Whatever a client writes, each line that it gets is an object. */
static void control(const uint8_t *data, size_t len)
{
	static char answers[1 << 20];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_un sun;
	size_t got = 0;
	ssize_t more;
	socklen_t n;

	if (!agent.base)
		agent_start();
	n = control_address(&sun);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, n), 0);
	(void)!send(fd, data, len, MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	for (int i = 0; i < 8; i++) {
		event_base_loop(agent.base, EVLOOP_NONBLOCK);
		while ((more = recv(fd, answers + got, sizeof(answers) - got,
				    0)) > 0)
			got += (size_t)more;
	}
	all_objects(answers, got);
	close(fd);
	event_base_loop(agent.base, EVLOOP_NONBLOCK);
}

/* ------------------------------------------------------------ certificates */

static void cert(const uint8_t *data, size_t len)
{
	static const struct {
		uint8_t type;
		const char *text;
	} ids[] = {
		{ IKE_ID_FQDN, "mobile.example" },
		{ IKE_ID_RFC822_ADDR, "mobile@example.org" },
		{ IKE_ID_IPV4_ADDR, "\x0a\x00\x00\x01" },
		{ IKE_ID_DER_ASN1_DN, "\x30\x02\x31\x00" },
	};
	struct wire_span der = { data, len };
	uint8_t hash[IKE_CA_HASH_LEN];
	char text[300];
	X509 *x;

	crypto_dn_text(der, text, sizeof(text));
	x = crypto_cert_decode(der);
	if (!x)
		return;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		const struct wire_span id = {
			(const uint8_t *)ids[i].text, strlen(ids[i].text),
		};

		crypto_cert_has_id(x, ids[i].type, id);
	}
	crypto_cert_names(x, text, sizeof(text));
	crypto_cert_for_ike(x);
	crypto_ca_hash(x, hash);
	X509_free(x);
}

/* ------------------------------------------------------------------- OCSP */

/* A certificate that a responder is asked about, and who may answer. */
static struct {
	EVP_PKEY *ca_key, *key;
	STACK_OF(X509) *chain;
	X509_STORE *store;
} family;

static void make_family(void)
{
	const struct pki_want ca = { .subject = "root", .ca = true };
	const struct pki_want own = { .subject = "mobile",
				      .san = "DNS:mobile.example" };
	X509 *root, *leaf;

	family.ca_key = pki_key("P-256");
	family.key = pki_key("P-256");
	root = pki_cert(family.ca_key, NULL, NULL, &ca);
	leaf = pki_cert(family.key, root, family.ca_key, &own);
	family.chain = sk_X509_new_null();
	sk_X509_push(family.chain, leaf);
	sk_X509_push(family.chain, root);
	family.store = X509_STORE_new();
	X509_STORE_add_cert(family.store, root);
}

static void free_family(void)
{
	EVP_PKEY_free(family.ca_key);
	EVP_PKEY_free(family.key);
	sk_X509_pop_free(family.chain, X509_free);
	X509_STORE_free(family.store);
}

/* Nobody who does not know our key says what a certificate is worth. */
static void answered(struct wire_span answer, bool genuine)
{
	struct crypto_ocsp *o = crypto_ocsp_new(CRYPTO_OCSP_STRICT,
						"http://ocsp.example/");
	struct crypto_ocsp_ask ask = { 0 };
	char err[200];
	int ret;

	assert_int_equal(crypto_ocsp_check(o, family.store, family.chain, &ask,
					   err, sizeof(err)), -EAGAIN);
	ask.answer = answer;
	ret = crypto_ocsp_check(o, family.store, family.chain, &ask, err,
				sizeof(err));
	assert_true(ret == -EACCES || (genuine && !ret));
	crypto_ocsp_ask_end(&ask);
	crypto_ocsp_free(o);
}

/* What it says, and its extensions, but whose it is. */
static OCSP_BASICRESP *copy_of(OCSP_BASICRESP *basic)
{
	OCSP_BASICRESP *copy = OCSP_BASICRESP_new();
	ASN1_GENERALIZEDTIME *revoked, *from, *to;
	OCSP_CERTID *id;
	int i, status, why;

	for (i = 0; i < OCSP_resp_count(basic); i++) {
		OCSP_SINGLERESP *one = OCSP_resp_get0(basic, i);

		status = OCSP_single_get0_status(one, &why, &revoked, &from,
						 &to);
		id = (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(one);
		OCSP_basic_add1_status(copy, id, status, why, revoked, from,
				       to);
	}
	for (i = 0; i < OCSP_BASICRESP_get_ext_count(basic); i++)
		OCSP_BASICRESP_add_ext(copy, OCSP_BASICRESP_get_ext(basic, i),
				       -1);
	return copy;
}

static void sign_again(const uint8_t *data, size_t len)
{
	OCSP_RESPONSE *resp = d2i_OCSP_RESPONSE(NULL, &data, (long)len), *anew;
	OCSP_BASICRESP *basic = resp ? OCSP_response_get1_basic(resp) : NULL;
	OCSP_BASICRESP *copy = basic ? copy_of(basic) : NULL;
	unsigned char *der = NULL;
	int n;

	if (copy && OCSP_basic_sign(copy, sk_X509_value(family.chain, 1),
				    family.ca_key, EVP_sha256(), NULL, 0)) {
		anew = OCSP_response_create(0, copy);
		n = i2d_OCSP_RESPONSE(anew, &der);
		if (n > 0)
			answered((struct wire_span){ der, (size_t)n }, true);
		OPENSSL_free(der);
		OCSP_RESPONSE_free(anew);
	}
	OCSP_BASICRESP_free(copy);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(resp);
	ERR_clear_error();
}

static void ocsp(const uint8_t *data, size_t len)
{
	if (!family.store)
		make_family();
	answered((struct wire_span){ data, len }, false);
	sign_again(data, len);
}

const struct feed_target feed_targets[] = {
	{ "message", message }, { "payload", payload },
	{ "datagram", datagram }, { "inner", inner }, { "conf", conf },
	{ "control", control }, { "cert", cert }, { "ocsp", ocsp },
};

const unsigned int feed_n_targets = sizeof(feed_targets) /
				    sizeof(feed_targets[0]);

void feed_end(void)
{
	if (agent.base)
		agent_stop();
	if (family.store)
		free_family();
}
