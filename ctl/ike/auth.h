/* SPDX-License-Identifier: GPL-2.0 */
/* IKE_AUTH: what its two roles share. */
#ifndef MOBX_IKE_AUTH_H
#define MOBX_IKE_AUTH_H

#include "ike/priv.h"

bool ike_auth_hold(struct ike_sa *sa, const struct ike_in *in);
void ike_auth_release(struct ike_sa *sa);
bool ike_auth_sign(struct ike_sa *sa, ike_wait_fn fn);
const char *ike_auth_signed(struct ike_sa *sa,
			    const struct ike_ev_auth_done *a);
bool ike_auth_verify(struct ike_sa *sa, const struct wire_msg *msg,
		     const struct wire_id *id, const struct wire_auth *auth,
		     ike_wait_fn fn);
bool ike_auth_method_ok(const struct ike_sa *sa, uint8_t method);
bool ike_auth_id(const struct wire_id *w, struct ike_id *id);
bool ike_auth_open_ext(struct ike_sa *sa);
void ike_auth_refuse(struct ike_sa *sa, uint32_t mid, uint16_t type,
		     const char *reason);
void ike_auth_refused(struct ike_sa *sa, uint16_t type);
void ike_auth_put_extras(struct ike_sa *sa, struct wire_enc *b,
			 const struct wire_endpoint *local,
			 const struct wire_endpoint *remote);
void ike_auth_read_extras(struct ike_sa *sa, const struct ike_in *in);

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
void ike_resume_prove(struct ike_sa *sa, struct wire_span octets,
		      bool initiators, const struct wire_auth *theirs,
		      ike_wait_fn fn);
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
bool ike_ppk_without(const struct wire_msg *msg, struct wire_auth *auth);
void ike_ppk_confirm(const struct ike_sa *sa, struct wire_enc *enc);

#endif /* MOBX_IKE_AUTH_H */
