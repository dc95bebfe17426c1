/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The credentials of connections, in the process that alone has them: they sign
 * and verify, and no key leaves them.
 */
#ifndef MOBX_AGENT_CRED_H
#define MOBX_AGENT_CRED_H

#include "agent/msg.h"

struct cred;

/** struct cred_list - all of them; starts as all zero */
struct cred_list {
	struct cred *first;
	/* Being told, and not counting yet. */
	struct cred *fresh;
};

/**
 * cred_list_told() - the parent says something of credentials
 * @l: list
 * @type: one of MSG_CRED_*
 * @data: its body
 * @len: octets of that
 *
 * What was known of a connection counts until all that is new is here.
 */
void cred_list_told(struct cred_list *l, uint32_t type, const void *data,
		    size_t len);

/** cred_list_free() - wipe and free all */
void cred_list_free(struct cred_list *l);

/**
 * cred_sign() - own authentication data
 * @l: list
 * @m: question
 * @octets: what is to be signed
 * @done: gets the answer, but for the lengths
 * @data: gets authentication data
 * @certs: gets own certificates
 */
void cred_sign(const struct cred_list *l, const struct msg_auth *m,
	       struct wire_span octets, struct msg_auth_done *done,
	       struct wire_wr *data, struct wire_wr *certs);

/**
 * cred_ppk() - keys that depend on a post-quantum preshared key (RFC 8784)
 * @l: list
 * @m: question
 * @keys: SK_d', SK_pi', SK_pr'
 * @id: name of the PPK
 * @done: gets the answer, but for the lengths
 * @data: gets SK_d, SK_pi, SK_pr
 *
 * They say nothing of the PPK to one who has no quantum computer, nor to one
 * who has, as long as it is long enough.
 */
void cred_ppk(const struct cred_list *l, const struct msg_auth *m,
	      struct wire_span keys, struct wire_span id,
	      struct msg_auth_done *done, struct wire_wr *data);

/**
 * cred_eap() - what an EAP method asks that needs a secret
 * @m: question; @m->method is the type of the method
 * @done: gets the answer: no method has secrets here
 */
void cred_eap(const struct msg_auth *m, struct msg_auth_done *done);

/**
 * cred_verify() - whether the peer is who it says
 * @l: list
 * @m: question
 * @octets: what the peer has signed
 * @auth: its authentication data
 * @certs: its certificates
 * @ask: see crypto_ocsp_check()
 * @done: gets the answer
 *
 * Return: false, and nothing in @done: @ask is to be asked first, then this again.
 */
bool cred_verify(const struct cred_list *l, const struct msg_auth *m,
		 struct wire_span octets, struct wire_span auth,
		 struct wire_span certs, struct crypto_ocsp_ask *ask,
		 struct msg_auth_done *done);

#endif /* MOBX_AGENT_CRED_H */
