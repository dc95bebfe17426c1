// SPDX-License-Identifier: GPL-2.0
/*
 * Certificates as the state machine sees them: it carries them between the wire
 * and the credentials, which alone look inside.
 */
#include <string.h>

#include "crypto/sig.h"
#include "ike/priv.h"
#include "wire/cert.h"

/* Octets of certificates that are taken from a peer: a long chain of large ones */
#define MAX_CERT_OCTETS (24 * 1024)

/**
 * ike_may_mean() - whether a stranger may mean a connection
 * @eng: engine
 * @cs: connection
 * @local: where the stranger's message came to
 * @remote: and from
 */
bool ike_may_mean(const struct ike_engine *eng, const struct ike_conn_state *cs,
		  const struct wire_endpoint *local,
		  const struct wire_endpoint *remote)
{
	return !cs->removed && cs->cfg.role == IKE_RESPOND &&
	       ike_conn_local_ok(eng, &cs->cfg, &local->addr) &&
	       ike_conn_remote_ok(&cs->cfg, &remote->addr);
}

/* ----------------------------------------------------------------- CERTREQ */

/** struct cas - authorities to be named, each once */
struct cas {
	unsigned int n;
	uint8_t hash[IKE_MAX_CAS][IKE_CA_HASH_LEN];
};

static void add_cas(struct cas *cas, const struct ike_conn *c)
{
	unsigned int i, j;

	for (i = 0; i < c->ncas && cas->n < IKE_MAX_CAS; i++) {
		for (j = 0; j < cas->n; j++)
			if (!memcmp(cas->hash[j], c->ca[i], IKE_CA_HASH_LEN))
				break;
		if (j == cas->n)
			memcpy(cas->hash[cas->n++], c->ca[i], IKE_CA_HASH_LEN);
	}
}

static void put_cas(const struct cas *cas, struct wire_enc *enc)
{
	if (cas->n)
		wire_certreq_encode(enc, IKE_CERT_X509_SIGNATURE,
				    cas->hash[0], cas->n * IKE_CA_HASH_LEN);
}

/**
 * ike_cert_ask() - say whose certificates the peer may show
 * @sa: IKE SA of an initiator
 * @enc: its IKE_AUTH request
 */
void ike_cert_ask(const struct ike_sa *sa, struct wire_enc *enc)
{
	struct cas cas = { 0 };

	add_cas(&cas, sa->conn);
	put_cas(&cas, enc);
}

/* A responder that does not know yet whom it talks to asks for all. */
static void ask_stranger(const struct ike_sa *sa, struct wire_enc *enc)
{
	const struct ike_conn_state *cs;
	struct cas cas = { 0 };

	for (cs = sa->eng->conns; cs; cs = cs->next)
		if (ike_may_mean(sa->eng, cs, &sa->local, &sa->remote))
			add_cas(&cas, &cs->cfg);
	put_cas(&cas, enc);
}

/* ------------------------------------------------------------- IKE_SA_INIT */

/**
 * ike_cert_init_build() - what IKE_SA_INIT says of signatures
 * @sa: IKE SA; a responder has seen the request
 * @enc: message
 *
 * A responder speaks of RFC 7427 only if the initiator did.
 */
void ike_cert_init_build(struct ike_sa *sa, struct wire_enc *enc)
{
	if (sa->initiator) {
		if (ike_method(sa->conn->local_auth)->signs ||
		    ike_method(sa->conn->remote_auth)->signs)
			wire_hashes_encode(enc, CRYPTO_SIG_HASHES);
		return;
	}
	if (sa->p->hashes)
		wire_hashes_encode(enc, CRYPTO_SIG_HASHES);
	ask_stranger(sa, enc);
}

/** ike_cert_init_read() - what the peer's IKE_SA_INIT says of signatures */
void ike_cert_init_read(struct ike_sa *sa, const struct wire_msg *msg)
{
	struct wire_notify n;

	sa->p->hashes = 0;
	if (wire_notify_find(msg, IKE_N_SIGNATURE_HASH_ALGORITHMS, &n) &&
	    wire_hashes_decode(&n, &sa->p->hashes) != WIRE_OK)
		sa->p->hashes = 0;
}

/* ---------------------------------------------------------------- IKE_AUTH */

/**
 * ike_cert_put() - add our own certificates
 * @certs: list of them, the one that signs first
 * @enc: message
 */
void ike_cert_put(const struct ike_buf *certs, struct wire_enc *enc)
{
	struct wire_cert cert;
	struct wire_rd rd;

	wire_rd_init(&rd, certs->p, certs->len);
	while (wire_cert_list_next(&rd, &cert))
		wire_cert_encode(enc, cert.encoding, cert.data.p,
				 cert.data.len);
}

/**
 * ike_cert_collect() - the certificates of a peer's message
 * @msg: well-formed message
 * @list: gets them, as far as there is room
 *
 * Return: false without memory.
 */
bool ike_cert_collect(const struct wire_msg *msg, struct wire_wr *list)
{
	const struct wire_payload *pl = NULL;
	struct wire_cert cert;

	while ((pl = wire_msg_next(msg, IKE_PL_CERT, pl))) {
		if (wire_cert_decode(pl, &cert) != WIRE_OK ||
		    list->len + cert.data.len > MAX_CERT_OCTETS)
			continue;
		wire_cert_list_add(list, &cert);
	}
	return !list->bad;
}
