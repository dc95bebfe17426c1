// SPDX-License-Identifier: GPL-2.0
#include "eap_try.h"

#include <errno.h>
#include <stdio.h>

#include "crypto/util.h"
#include "pki.h"

#define NONCE 16
#define PROOF 16
#define ANSWER (2 * PROOF)

struct eap_try eap_try;

/** struct talk - a conversation by one of the methods */
struct talk {
	bool initiator;
	bool mutual;
	bool has_challenge;
	/* What the other said, as far as it has to be compared. */
	bool proof_given;
	uint8_t theirs[PROOF];
	/* The responder's nonce, then the initiator's: what proofs are of. */
	uint8_t nonces[2 * NONCE];
	bool asked_r;
	unsigned int heard;
	uint8_t proof[2][ANSWER];
};

static void *begin(struct ike_sa *sa)
{
	struct talk *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->initiator = sa->initiator;
	assert_int_equal(ike_sa_random(sa, t->nonces +
				       (sa->initiator ? NONCE : 0), NONCE), 0);
	eap_try.live++;
	return t;
}

static void *begin_mutual(struct ike_sa *sa)
{
	struct talk *t = begin(sa);

	t->mutual = true;
	return t;
}

static void end(void *state)
{
	eap_try.live--;
	free(state);
}

static enum ike_eap_verdict ask(struct talk *t, bool initiators,
				struct ike_eap_out *out)
{
	t->asked_r = !initiators;
	wire_wr_u8(&out->data, initiators ? 'i' : 'r');
	wire_wr_bytes(&out->data, t->nonces, sizeof(t->nonces));
	return IKE_EAP_ASK;
}

static enum ike_eap_verdict no(struct ike_eap_out *out, const char *text)
{
	out->text = text;
	return IKE_EAP_REFUSED;
}

/* Who has the secret is who it says, unless it should not be said. */
static enum ike_eap_verdict known(const struct talk *t, struct ike_eap_out *out)
{
	out->fits = !eap_try.nameless[!t->initiator];
	return t->initiator ? IKE_EAP_SAY_LAST : IKE_EAP_PROVED;
}

static enum ike_eap_verdict round_i(struct talk *t, const struct wire_span *in,
				    struct ike_eap_out *out)
{
	if (!t->has_challenge) {
		if (in->len < NONCE)
			return no(out, "a challenge that is too short");
		memcpy(t->nonces, in->p, NONCE);
		t->has_challenge = true;
		return ask(t, true, out);
	}
	if (!t->mutual || in->len != PROOF)
		return no(out, "a proof that is none");
	memcpy(t->theirs, in->p, PROOF);
	return ask(t, false, out);
}

static enum ike_eap_verdict round_r(struct talk *t, const struct wire_span *in,
				    struct ike_eap_out *out)
{
	if (!in) {
		wire_wr_bytes(&out->data, t->nonces, NONCE);
		wire_wr_zero(&out->data, eap_try.pad);
		return IKE_EAP_SAY;
	}
	if (t->proof_given)
		return in->len ? no(out, "more than an acknowledgement") :
				 known(t, out);
	if (in->len != NONCE + PROOF)
		return no(out, "an answer of another length");
	memcpy(t->nonces + NONCE, in->p, NONCE);
	memcpy(t->theirs, in->p + NONCE, PROOF);
	return ask(t, true, out);
}

static enum ike_eap_verdict round_of(void *state, const struct wire_span *in,
				     struct ike_eap_out *out)
{
	struct talk *t = state;

	return t->initiator ? round_i(t, in, out) : round_r(t, in, out);
}

static enum ike_eap_verdict told_i(struct talk *t, struct ike_eap_out *out)
{
	if (t->asked_r)
		return memcmp(t->theirs, t->proof[1], PROOF) ?
		       no(out, "the peer does not know the secret of EAP") :
		       known(t, out);
	wire_wr_bytes(&out->data, t->nonces + NONCE, NONCE);
	wire_wr_bytes(&out->data, t->proof[0], PROOF);
	return t->mutual ? IKE_EAP_SAY : IKE_EAP_SAY_LAST;
}

static enum ike_eap_verdict told_r(struct talk *t, struct ike_eap_out *out)
{
	if (t->asked_r) {
		wire_wr_bytes(&out->data, t->proof[1], PROOF);
		t->proof_given = true;
		return IKE_EAP_SAY;
	}
	if (memcmp(t->theirs, t->proof[0], PROOF))
		return no(out, "the peer does not know the secret of EAP");
	return t->mutual ? ask(t, false, out) : known(t, out);
}

static enum ike_eap_verdict told(void *state, const struct wire_span *answer,
				 struct ike_eap_out *out)
{
	struct talk *t = state;

	if (!answer)
		return IKE_EAP_REFUSED;
	assert_int_equal(answer->len, ANSWER);
	memcpy(t->proof[t->asked_r], answer->p, ANSWER);
	return t->initiator ? told_i(t, out) : told_r(t, out);
}

static enum ike_eap_verdict told_renamed(void *state,
					 const struct wire_span *answer,
					 struct ike_eap_out *out)
{
	enum ike_eap_verdict v = told(state, answer, out);

	assert_int_equal(ike_id_parse(eap_try.identity, &out->identity), 0);
	out->fits = false;
	return v;
}

/* Of the halves of the answers that nobody has said. */
static int key(void *state, uint8_t out[IKE_EAP_KEY_LEN])
{
	const struct talk *t = state;

	for (unsigned int i = 0; i < IKE_EAP_KEY_LEN / PROOF; i++)
		memcpy(out + i * PROOF, t->proof[i % 2] + PROOF, PROOF);
	memcpy(eap_try.key, out, IKE_EAP_KEY_LEN);
	if (eap_try.spoil[!t->initiator])
		out[IKE_EAP_KEY_LEN - 1] ^= 1;
	return 0;
}

static enum ike_eap_verdict endless(void *state, const struct wire_span *in,
				    struct ike_eap_out *out)
{
	struct talk *t = state;
	bool ends = eap_try.rounds && in && ++t->heard >= eap_try.rounds;

	if (ends && !t->initiator)
		return known(t, out);
	wire_wr_u8(&out->data, '.');
	return ends ? known(t, out) : IKE_EAP_SAY;
}

static enum ike_eap_verdict odd(void *state, const struct wire_span *in,
				struct ike_eap_out *out)
{
	(void)state;
	(void)in;
	out->fits = true;
	wire_wr_zero(&out->data, eap_try.question);
	return eap_try.verdict;
}

static const struct ike_eap_method mutual = {
	.name = "mutual", .type = EAP_TRY_MUTUAL, .safe = true,
	.begin = begin_mutual, .round = round_of, .told = told, .key = key,
	.free = end,
};

static const struct ike_eap_method plain = {
	.name = "plain", .type = EAP_TRY_PLAIN,
	.begin = begin, .round = round_of, .told = told, .free = end,
};

static const struct ike_eap_method without_end = {
	.name = "endless", .type = EAP_TRY_ENDLESS,
	.begin = begin, .round = endless, .free = end,
};

static const struct ike_eap_method renamed = {
	.name = "renamed", .type = EAP_TRY_RENAMED,
	.begin = begin, .round = round_of, .told = told_renamed, .free = end,
};

static const struct ike_eap_method deaf = {
	.name = "odd", .type = EAP_TRY_ODD,
	.begin = begin, .round = odd, .free = end,
};

static const struct ike_eap_method *const methods[] = {
	&mutual, &plain, &without_end, &renamed, &deaf, NULL
};

/* -------------------------------------------------------------------- hosts */

struct eap_pair *eap_pair_new(uint64_t seed, const uint8_t *types, bool only)
{
	struct eap_pair *p = calloc(1, sizeof(*p));
	enum ike_authby other = only ? IKE_AUTHBY_EAP : IKE_AUTHBY_PUBKEY;
	EVP_PKEY *sign = pki_key("P-256");
	int h;

	assert_non_null(p);
	eap_try = (struct eap_try){ 0 };
	p->net = net_new(seed);
	for (h = 0; h < 2; h++) {
		struct ike_conn *c = &p->conn[h];

		*c = net_conn(h);
		c->local_auth = h ? other : IKE_AUTHBY_EAP;
		c->remote_auth = h ? IKE_AUTHBY_EAP : other;
		for (; types[c->neap]; c->neap++)
			c->eap[c->neap] = types[c->neap];
		told_begin(&p->told[h], c->name, c->local_auth, c->remote_auth,
			   "");
		if (!only)
			told_item(&p->told[h], h ? CONF_ITEM_KEY :
						   CONF_ITEM_REMOTE_KEY,
				  pki_key_der(sign, h));
		told_end(&p->told[h]);
		p->net->host[h].creds = &p->told[h].list;
		p->net->host[h].eap_secret = "what only EAP knows";
		p->net->host[h].eng->s.eap = methods;
	}
	EVP_PKEY_free(sign);
	return p;
}

void eap_pair_start(struct eap_pair *p)
{
	net_conn_add(p->net, 1, &p->conn[1]);
	net_conn_add(p->net, 0, &p->conn[0]);
}

void eap_pair_free(struct eap_pair *p)
{
	net_free(p->net);
	assert_int_equal(eap_try.live, 0);
	cred_list_free(&p->told[0].list);
	cred_list_free(&p->told[1].list);
	free(p);
}

/* ------------------------------------------------------------ looking at it */

void eap_message(struct net *net, int host, unsigned int nth,
		    struct wire_msg *msg, uint8_t **octets)
{
	const struct net_packet *p = net_nth(net, host, IKE_EX_AUTH, host,
					     nth);

	assert_non_null(p);
	assert_true(net_open(net, p, msg, octets));
}

bool eap_carries(struct net *net, int host, unsigned int nth, uint8_t type)
{
	struct wire_msg msg;
	uint8_t *octets;
	bool yes;

	eap_message(net, host, nth, &msg, &octets);
	yes = wire_msg_next(&msg, type, NULL);
	free(octets);
	return yes;
}

bool eap_says(struct net *net, int host, unsigned int nth, uint16_t type)
{
	struct wire_notify n;
	struct wire_msg msg;
	uint8_t *octets;
	bool yes;

	eap_message(net, host, nth, &msg, &octets);
	yes = wire_notify_find(&msg, type, &n);
	free(octets);
	return yes;
}

bool eap_is_up(struct net *net)
{
	struct ike_sa *a = net_sa(net, 0), *b = net_sa(net, 1);

	return a && b && a->state == IKE_SA_ESTABLISHED &&
	       b->state == IKE_SA_ESTABLISHED && net_agree(net, 1) &&
	       !eap_try.live && !a->p->eap && !b->p->eap;
}

bool eap_refused_only(struct net *net)
{
	const struct ike_sa *sa = net->host[1].eng->sas;

	return sa && !sa->p->next && sa->state == IKE_SA_CLOSING &&
	       !sa->p->eap && !sa->p->auth_in;
}

void eap_must_be_up(struct net *net)
{
	net_run(net, 300 * NET_MS);
	if (!eap_is_up(net))
		net_fail(net, net->seed);
}

void eap_must_fail(struct eap_pair *p, int host, const char *reason)
{
	struct net *net = p->net;

	net_run(net, 700 * NET_MS);
	if (!net_logged(net, host, reason))
		net_fail(net, net->seed);
	assert_int_equal(net->host[0].n_peers, 0);
	assert_int_equal(net->host[1].n_peers, 0);
	net_cmd(net, 0, IKE_EV_CONN_DOWN, p->conn[0].name);
	net_run(net, 60 * NET_SECOND);
	assert_int_equal(net->host[1].eng->half_open, 0);
	assert_int_equal(net_sa_count(net, 0), 0);
	assert_int_equal(net_sa_count(net, 1), 0);
	assert_int_equal(eap_try.live, 0);
}
