/* SPDX-License-Identifier: GPL-2.0 */
/* IKE_AUTH: what its two roles share. */
#ifndef MOBX_IKE_AUTH_H
#define MOBX_IKE_AUTH_H

#include "ike/eap.h"
#include "ike/priv.h"

/*
 * Rounds of IKE_AUTH that carry what the initiator says by EAP, between the first
 * and the one with AUTH: certificates in pieces have room.
 */
#define IKE_EAP_MAX_ROUNDS 64

/** typedef ike_eap_fn - an EAP method has spoken; @text: why not, if refused */
typedef void (*ike_eap_fn)(struct ike_sa *sa, enum ike_eap_verdict v,
			   const char *text);

/**
 * struct ike_eap - EAP inside IKE_AUTH
 *
 * @m: method in use, or NULL; @state is its own.
 * @said: what goes on when it has spoken.
 * @rounds: IKE_AUTH requests after the first; an initiator's: those with EAP.
 * @id: of the last EAP request.
 * @type: what is said next, with @data.
 * @offered: responder: index of the method in the connection.
 * @begun: responder: the peer has answered by the method.
 * @through: initiator: the method takes Success.
 * @over: Success was said: only AUTH is left; @last: it is here.
 * @keyed: the method has made @key.
 * @fits: the method finds that the peer is who its ID payload says.
 * @identity: whom the peer has proved to be, or type 0.
 * @peer_id: initiator: body of IDr, which AUTH covers.
 */
struct ike_eap {
	const struct ike_eap_method *m;
	void *state;
	ike_eap_fn said;
	unsigned int rounds;
	uint8_t id;
	uint8_t type;
	struct ike_buf data;
	unsigned int offered;
	bool begun;
	bool through;
	bool fits;
	bool over;
	bool last;
	bool keyed;
	uint8_t key[IKE_EAP_KEY_LEN];
	struct ike_id identity;
	struct ike_buf peer_id;
};

bool ike_auth_hold(struct ike_sa *sa, const struct ike_in *in);
void ike_auth_release(struct ike_sa *sa);
bool ike_auth_sign(struct ike_sa *sa, ike_wait_fn fn);
bool ike_auth_signed(struct ike_sa *sa, const struct ike_event *ev,
		     const char **why);
bool ike_auth_verify(struct ike_sa *sa, const struct wire_msg *msg,
		     const struct wire_id *id, const struct wire_auth *auth,
		     ike_wait_fn fn);
bool ike_auth_method_ok(const struct ike_sa *sa, uint8_t method);
bool ike_auth_id(const struct wire_id *w, struct ike_id *id);
bool ike_auth_open_ext(struct ike_sa *sa);
void ike_auth_refuse(struct ike_sa *sa, uint32_t mid, uint16_t type,
		     const char *reason);
void ike_auth_refused(struct ike_sa *sa, uint16_t type);
uint32_t ike_auth_now(const struct ike_sa *sa);
void ike_auth_put_extras(struct ike_sa *sa, struct wire_enc *b,
			 const struct wire_endpoint *local,
			 const struct wire_endpoint *remote);
void ike_auth_read_extras(struct ike_sa *sa, const struct ike_in *in);

/* auth_i.c, auth_r.c */
void ike_auth_lacks(struct ike_sa *sa, const struct wire_msg *msg,
		    const char *what);
void ike_auth_another(struct ike_sa *sa);
void ike_auth_answer_verified(struct ike_sa *sa, void *ctx,
			      const struct ike_event *ev);
void ike_auth_request_verified(struct ike_sa *sa, void *ctx,
			       const struct ike_event *ev);

/* eap.c */
bool ike_eap_due(const struct ike_sa *sa);
bool ike_eap_only(const struct ike_sa *sa);
bool ike_eap_begin(struct ike_sa *sa, uint8_t type);
bool ike_eap_set(struct ike_sa *sa, uint8_t type, const void *data, size_t len);
void ike_eap_round(struct ike_sa *sa, const struct wire_span *in,
		   ike_eap_fn said);
void ike_eap_put(const struct ike_sa *sa, enum ike_eap_code code,
		 struct wire_enc *enc);
bool ike_eap_over(struct ike_sa *sa);
bool ike_eap_proves(const struct ike_sa *sa);
int ike_eap_auth(const struct ike_sa *sa, struct wire_span octets,
		 bool initiators, uint8_t out[CRYPTO_PRF_MAX]);
bool ike_eap_renamed(const struct ike_sa *sa);
void ike_eap_free(struct ike_sa *sa);

/* eap_i.c, eap_r.c */
void ike_eap_first(struct ike_sa *sa, const struct ike_in *in,
		   const struct wire_id *id);
void ike_eap_start(struct ike_sa *sa, const struct ike_in *in);
void ike_eap_request(struct ike_sa *sa, const struct ike_in *in);

/* virtual.c */
void ike_virtual_ask(const struct ike_sa *sa, struct wire_enc *enc);
bool ike_virtual_read(struct ike_sa *sa, const struct wire_msg *msg);
void ike_virtual_place(struct ike_sa *sa,
		       void (*done)(struct ike_sa *sa, int err));
void ike_virtual_lease(struct ike_sa *sa, const struct wire_msg *msg,
		       void (*done)(struct ike_sa *sa, uint16_t error));
void ike_virtual_reply(const struct ike_sa *sa, struct wire_enc *enc);

/* resume.c */
void ike_resume_ask(const struct ike_sa *sa, struct wire_enc *enc);
void ike_resume_asked(struct ike_sa *sa, const struct wire_msg *msg);
void ike_resume_give(struct ike_sa *sa, struct wire_enc *enc);
void ike_resume_read(struct ike_sa *sa, const struct wire_msg *msg);
int ike_resume_auth(const struct ike_sa *sa, struct wire_span octets,
		    bool initiators, uint8_t out[CRYPTO_PRF_MAX]);
struct ike_conn_state *ike_resume_conn(const struct ike_sa *sa);
void ike_resume_done(struct ike_sa *sa);

/* inter.c */
bool ike_inter_due(struct ike_sa *sa);
uint32_t ike_auth_mid(const struct ike_sa *sa);
void ike_inter_auth(const struct ike_sa *sa, struct wire_wr *out);

/* ppk.c */
bool ike_ppk_ask(struct ike_sa *sa, struct wire_span id, ike_wait_fn fn);
bool ike_ppk_take(struct ike_sa *sa, const struct ike_ev_auth_done *a);
bool ike_ppk_sign_without(struct ike_sa *sa, ike_wait_fn fn);
void ike_ppk_put(const struct ike_sa *sa, struct wire_enc *enc);
const char *ike_ppk_answered(struct ike_sa *sa, const struct wire_msg *msg);
bool ike_ppk_named(const struct ike_sa *sa, const struct wire_msg *msg,
		   struct wire_span *id);
bool ike_ppk_unknown(const struct ike_sa *sa, const struct wire_msg *msg);
bool ike_ppk_without(const struct wire_msg *msg, struct wire_auth *auth);
void ike_ppk_confirm(const struct ike_sa *sa, struct wire_enc *enc);

#endif /* MOBX_IKE_AUTH_H */
