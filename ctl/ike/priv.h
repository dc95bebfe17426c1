/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of ike/ do for each other, and nobody else sees. */
#ifndef MOBX_IKE_PRIV_H
#define MOBX_IKE_PRIV_H

#include "ike/state.h"
#include "wire/redirect.h"

/* suite.c */
bool ike_kernel_algs(const struct crypto_suite *s, enum mobx_enc *enc,
		     enum mobx_auth *auth);
bool ike_child_suite_ok(const struct crypto_suite *s);

/* actions.c */
struct ike_action *ike_act(struct ike_engine *eng, enum ike_action_type type);
void ike_act_send(struct ike_engine *eng, const struct wire_endpoint *local,
		  const struct wire_endpoint *remote, const uint8_t *data,
		  size_t len);
void ike_act_cmd_done(struct ike_engine *eng, uint64_t reply, int err,
		      const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
struct ike_report *ike_act_report(struct ike_engine *eng, enum ike_level level,
				  const char *kind, const char *conn);
void ike_stranger_report(struct ike_sa *sa, const char *reason);
struct ike_action *ike_ask(struct ike_engine *eng, enum ike_action_type type,
			   struct ike_sa *sa, ike_wait_fn fn, void *ctx);
void ike_answered(struct ike_engine *eng, uint64_t tag,
		  const struct ike_event *ev);
void ike_wait_keep(struct ike_engine *eng, uint64_t tag, uint32_t peer);
void ike_waits_move(struct ike_engine *eng, const struct ike_sa *from,
		    struct ike_sa *to);
void ike_waits_cancel(struct ike_engine *eng, struct ike_sa *sa);
bool ike_bucket_take(struct ike_engine *eng, struct ike_bucket *b,
		     unsigned int per_second);

/* counters.c */
void ike_count(struct ike_engine *eng, uint8_t exchange, enum ike_count what);
void ike_count_error_out(struct ike_engine *eng, uint16_t type);
void ike_count_error_in(struct ike_engine *eng, const struct wire_msg *msg);

/* engine.c */
int ike_random(struct ike_engine *eng, void *buf, size_t len);
void ike_leftovers_delete(struct ike_engine *eng, const char *label);
void ike_leftovers_drop(struct ike_engine *eng, const char *conn);
void ike_leftovers_now(struct ike_engine *eng);
bool ike_leftover_keep(struct ike_sa *sa);
bool ike_leftovers_of(const struct ike_engine *eng, const char *conn);
bool ike_leftovers_any(const struct ike_engine *eng, const char *label);

/* connect.c */
struct ike_conn_state *ike_conn_find(const struct ike_engine *eng,
				     const char *name);
bool ike_conn_local_ok(const struct ike_engine *eng, const struct ike_conn *c,
		       const struct wire_addr *own);
bool ike_conn_remote_ok(const struct ike_conn *c, const struct wire_addr *a);
struct ike_sa *ike_conn_sa(const struct ike_engine *eng,
			   const struct ike_conn_state *cs);
void ike_conn_add(struct ike_engine *eng, const struct ike_ev_conn *ev);
void ike_conn_del(struct ike_engine *eng, const struct ike_ev_conn *ev);
void ike_conn_up(struct ike_engine *eng, const struct ike_ev_conn *ev);
void ike_conn_down(struct ike_engine *eng, const struct ike_ev_conn *ev);
void ike_conn_rekey(struct ike_engine *eng, const struct ike_ev_conn *ev,
		    bool children);
void ike_conn_connect(struct ike_engine *eng, struct ike_conn_state *cs);
bool ike_conn_successor(const struct ike_sa *sa);
bool ike_conn_newer(const struct ike_sa *sa);
void ike_conn_is_up(struct ike_sa *sa);
void ike_conn_hand_over(struct ike_sa *sa);
void ike_conn_lost(const struct ike_sa *sa, const char *why);
void ike_conn_addrs(struct ike_engine *eng);
void ike_conn_acquire(struct ike_engine *eng, const struct ike_ev_acquire *ev);
void ike_conn_reap(struct ike_engine *eng);

/* sa.c */
struct ike_sa *ike_sa_new(struct ike_engine *eng, bool initiator);
struct ike_sa *ike_sa_lookup(const struct ike_engine *eng, uint64_t own_spi);
uint64_t ike_sa_own_spi(const struct ike_sa *sa);
int ike_sa_spi(struct ike_engine *eng, uint64_t *spi);
struct ike_sa *ike_sa_new_spi(struct ike_engine *eng, bool initiator,
			      uint64_t spi);
bool ike_sa_last_word(struct ike_sa *sa, uint16_t error);
void ike_sa_fail(struct ike_sa *sa, const char *reason);
void ike_sa_end(struct ike_sa *sa, const char *reason, uint16_t error,
		bool notify);
void ike_sa_keep_answer(struct ike_sa *sa);
void ike_sa_authentic(struct ike_sa *sa);
void ike_sa_established(struct ike_sa *sa);
void ike_sa_label(const struct ike_sa *sa, char label[MOBX_MAX_LABEL + 1]);
void ike_sa_reap(struct ike_engine *eng, bool all);
void ike_sa_timers(struct ike_sa *sa);
uint64_t ike_sa_deadline(const struct ike_sa *sa);
void ike_linger_run(struct ike_sa *sa);
void ike_linger_add(struct ike_sa *sa, uint32_t spi, enum mobx_dir dir,
		    uint64_t after);

void ike_linger_free(struct ike_sa *sa, struct ike_linger *l);

/* sched.c */
bool ike_sched_add(struct ike_sa *sa);
void ike_sched_del(struct ike_sa *sa);
void ike_sa_touch(struct ike_sa *sa);
bool ike_sa_has_remote(const struct ike_sa *sa);
void ike_sched_flush(struct ike_engine *eng);
uint64_t ike_sched_deadline(const struct ike_engine *eng);
void ike_sched_run(struct ike_engine *eng);
void ike_sa_dead(struct ike_sa *sa);

/* exchange.c */
bool ike_buf_set(struct ike_buf *b, const void *p, size_t len);
void ike_buf_free(struct ike_buf *b);
struct ike_request *ike_request_new(struct ike_sa *sa, uint8_t exchange,
				    const struct ike_request_desc *d);
void ike_request_free(struct ike_sa *sa, struct ike_request *r);
void ike_requests_close(struct ike_sa *sa, bool keep_sent);
bool ike_requests_outstanding(const struct ike_sa *sa);
void ike_requests_pump(struct ike_sa *sa);
void ike_requests_yield(struct ike_sa *sa);
void ike_request_transmit(struct ike_sa *sa, struct ike_request *r);
void ike_request_measure(struct ike_sa *sa, const struct ike_request *r);
void ike_request_timers(struct ike_sa *sa);
uint64_t ike_request_deadline(const struct ike_sa *sa);

/* redirect.c */
void ike_redirect_init_build(const struct ike_sa *sa, struct wire_enc *enc);
bool ike_redirect_init(struct ike_sa *sa, const struct wire_msg *msg);
bool ike_redirect_in(struct ike_sa *sa, const struct wire_msg *msg);
size_t ike_redirect_away(const struct ike_engine *eng,
			 const struct ike_ev_packet *pkt,
			 const struct wire_msg *msg, struct wire_span ni,
			 uint8_t data[WIRE_REDIRECT_MAX]);

/* resume.c */
void ike_resume_free(struct ike_engine *eng);
void ike_resume_drop(struct ike_conn_state *cs);
void ike_resume_forget(struct ike_engine *eng, struct ike_conn_state *cs);
void ike_resume_revoke(struct ike_sa *sa);
void ike_resume_end(struct ike_sa *sa);
bool ike_resume_start(struct ike_sa *sa);
void ike_resume_response(struct ike_sa *sa, const struct ike_ev_packet *pkt,
			 const struct wire_msg *msg);
bool ike_resume_request(struct ike_engine *eng, const struct ike_ev_packet *pkt,
			const struct wire_msg *msg, struct wire_span ni);

/* inter.c */
bool ike_inter_known(const struct wire_msg *msg);
bool ike_inter_ok(const struct crypto_suite *s, const struct wire_msg *msg);
void ike_inter_init_build(const struct ike_sa *sa, struct wire_enc *enc);
const struct crypto_ike_keys *ike_inter_keys(const struct ike_sa *sa,
					     const struct wire_hdr *hdr);
void ike_inter_start(struct ike_sa *sa);
void ike_inter_request(struct ike_sa *sa, const struct ike_in *in);
void ike_inter_free(struct ike_sa *sa);

/* ppk.c */
void ike_ppk_init_build(const struct ike_sa *sa, struct wire_enc *enc);
void ike_ppk_init_read(struct ike_sa *sa, const struct wire_msg *msg);
void ike_ppk_forget(struct ike_sa *sa);

/* cert.c */
bool ike_may_mean(const struct ike_engine *eng, const struct ike_conn_state *cs,
		  const struct wire_endpoint *local,
		  const struct wire_endpoint *remote);
void ike_cert_init_build(struct ike_sa *sa, struct wire_enc *enc);
void ike_cert_init_read(struct ike_sa *sa, const struct wire_msg *msg);
void ike_cert_put(const struct ike_buf *certs, struct wire_enc *enc);
void ike_cert_ask(const struct ike_sa *sa, struct wire_enc *enc);
bool ike_cert_collect(const struct wire_msg *msg, struct wire_wr *list);

/* eap.c */
int ike_eap_conn_check(const struct ike_engine *eng, const struct ike_conn *c,
		       char *err, size_t errlen);

/* method.c */
/**
 * struct ike_method - a way to prove who one is
 * @auth: a bit for each AUTH method that belongs to it
 * @credentials: what both ends have to agree on, for a log line
 * @otherwise: what a peer does that proves it in another way
 * @no_proof: what is wrong when the proof fails and nobody knows better
 * @signs: with a private key, so that hash algorithms are to be agreed on
 * @eap: by EAP, in several rounds of IKE_AUTH
 */
struct ike_method {
	uint32_t auth;
	const char *credentials;
	const char *otherwise;
	const char *no_proof;
	bool signs;
	bool eap;
};

const struct ike_method *ike_method(enum ike_authby by);
bool ike_method_fits(const struct ike_conn *c, uint8_t method);

/* frag.c */
#define IKE_IP_SIZE 1280
#define IKE_IP4_SIZE 576
/* Transmissions before smaller fragments are tried */
#define IKE_TRIES_LARGE 3
bool ike_seal(struct ike_sa *sa, uint8_t exchange, bool response,
	      uint32_t mid, uint8_t first, struct wire_span inner,
	      size_t ip_size, struct ike_buf *out);
size_t ike_ip_size(const struct ike_sa *sa, const struct wire_endpoint *local);
void ike_send_buf(struct ike_engine *eng, const struct wire_endpoint *local,
		  const struct wire_endpoint *remote,
		  const struct ike_buf *data);
bool ike_frag_in(struct ike_sa *sa, const struct ike_ev_packet *pkt,
		 struct wire_msg *msg, struct wire_span plain,
		 struct ike_buf *whole, size_t *size);
void ike_frags_drop(struct ike_sa *sa, bool response, uint32_t mid);
void ike_frags_free(struct ike_sa *sa);
void ike_frag_timers(struct ike_sa *sa);
uint64_t ike_frag_deadline(const struct ike_sa *sa);

/* expect.c */
bool ike_expects(const struct ike_sa *sa, const struct wire_hdr *hdr);
bool ike_expect_payloads(struct wire_msg *msg);

/* message.c */
void ike_early_run(struct ike_sa *sa);
void ike_early_free(struct ike_sa *sa);
void ike_message_in(struct ike_sa *sa, const struct ike_ev_packet *pkt,
		    struct wire_msg *msg);
void ike_slot_answer(struct ike_sa *sa, uint32_t mid, struct wire_enc *enc);
void ike_slots_clear(struct ike_sa *sa);
void ike_slot_error(struct ike_sa *sa, uint32_t mid, uint16_t type,
		    const void *data, size_t len);

/* init.c */
bool ike_init_start(struct ike_sa *sa);
bool ike_init_send(struct ike_sa *sa, uint8_t exchange);
void ike_init_answered(struct ike_sa *sa, const struct ike_ev_packet *pkt,
		       uint8_t exchange, unsigned int natd);
bool ike_make_nonce(struct ike_engine *eng, struct ike_buf *nonce);
void ike_init_refused(struct ike_sa *sa);
void ike_init_response(struct ike_sa *sa, const struct ike_ev_packet *pkt,
		       const struct wire_msg *msg);
unsigned int ike_natd_check(uint64_t spi_i, uint64_t spi_r,
			    const struct wire_endpoint *local,
			    const struct wire_endpoint *remote,
			    const struct wire_msg *msg);
void ike_nat_found(struct ike_sa *sa, unsigned int natd);
void ike_nat_report(const struct ike_sa *sa, struct ike_report *r);
void ike_nat_path(const struct ike_sa *sa, struct ike_path *path);
void ike_nat_follow(struct ike_sa *sa, const struct ike_in *in);
uint64_t ike_nat_deadline(const struct ike_sa *sa);
void ike_nat_timers(struct ike_sa *sa);
void ike_nat_hint(struct ike_sa *sa, const struct ike_ev_path_hint *h);
void ike_nat_selectors(const struct ike_sa *sa, struct wire_ts_list *own,
		       struct wire_ts_list *theirs);
bool ike_init_room_for_ke(struct ike_sa *sa);
bool ike_init_make_ke(struct ike_sa *sa, uint16_t group);
void ike_init_free_ke(struct ike_sa *sa);
bool ike_init_derive(struct ike_sa *sa, struct wire_span shared);

/* init_r.c */
struct ike_sa *ike_init_half_open(struct ike_engine *eng,
				  const struct ike_ev_packet *pkt,
				  const struct wire_msg *msg);
void ike_init_forget(struct ike_sa *sa);
void ike_init_request(struct ike_engine *eng, const struct ike_ev_packet *pkt,
		      const struct wire_msg *msg);
bool ike_wanted(const struct ike_sa *sa,
		bool (*wants)(const struct ike_conn *c));

/* cookie.c */
enum ike_cookie {
	IKE_COOKIE_FINE,
	IKE_COOKIE_WANTED,
};
enum ike_cookie ike_cookie_check(struct ike_engine *eng,
				 const struct ike_ev_packet *pkt,
				 const struct wire_msg *msg,
				 struct wire_span ni,
				 uint8_t fresh[CRYPTO_COOKIE_LEN]);

/* auth.c, auth_i.c, auth_r.c */
struct wire_span ike_span(const struct ike_buf *b);
void ike_auth_start(struct ike_sa *sa);
void ike_auth_request(struct ike_sa *sa, const struct ike_in *in);

/* propose.c */
/** enum ike_groups - which key exchanges of a suite count */
enum ike_groups {
	IKE_GROUPS_NONE,
	/* Without additional ones */
	IKE_GROUPS_KE,
	IKE_GROUPS_ALL,
};

void ike_propose(struct wire_sa *sa, const struct crypto_suite *suites,
		 unsigned int n, uint8_t protocol, uint32_t spi,
		 enum ike_groups groups);
void ike_chosen(const struct wire_proposal *p, struct crypto_suite *suite);
bool ike_suite_in(const struct crypto_suite *s, const struct crypto_suite *v,
		  unsigned int n, enum ike_groups groups);
uint16_t ike_next_group(const struct crypto_suite *s, unsigned int *next);
bool ike_more_groups(const struct crypto_suite *s);
unsigned int ike_conn_children(const struct ike_conn *c);
unsigned int ike_ts_child(const struct ike_conn *c,
			  const struct ike_trigger *t);
void ike_ts_propose(const struct ike_conn *c, unsigned int child,
		    const struct wire_addr *local,
		    const struct wire_addr *remote, struct wire_ts_list *l,
		    struct wire_ts_list *r);
void ike_ts_trigger(const struct ike_conn *c, const struct ike_trigger *t,
		    struct wire_ts_list *l, struct wire_ts_list *r);
bool ike_ts_narrow(const struct ike_conn *c, unsigned int child,
		   const struct wire_addr *local,
		   const struct wire_addr *remote,
		   const struct wire_ts_list *tl,
		   const struct wire_ts_list *tr, struct ike_offer *o,
		   struct wire_ts_list *l, struct wire_ts_list *r);
bool ike_child_overlaps(const struct ike_child *a, const struct ike_child *b);
bool ike_ts_accept(const struct ike_conn *c, const struct wire_ts_list *sent_l,
		   const struct wire_ts_list *sent_r,
		   const struct wire_ts_list *l, const struct wire_ts_list *r,
		   struct ike_offer *o);

void ike_ts_virtual(const struct ike_conn *c, unsigned int child,
		    const struct wire_addr *addr, bool known,
		    struct wire_ts_list *l, struct wire_ts_list *r);

/* virtual.c */
void ike_virtual_report(const struct ike_sa *sa, struct ike_report *r);
bool ike_virtual_propose(const struct ike_sa *sa, unsigned int child,
			 struct wire_ts_list *l, struct wire_ts_list *r);
void ike_virtual_narrow(const struct ike_sa *sa, struct wire_ts_list *own,
			struct wire_ts_list *theirs);
bool ike_virtual_may_trigger(const struct ike_sa *sa,
			     const struct ike_trigger *t);
void ike_virtual_left(struct ike_engine *eng, struct ike_conn_state *cs);
void ike_virtual_end(struct ike_sa *sa);
void ike_virtual_taken(struct ike_sa *sa);

/* child.c */
uint32_t ike_child_spi(struct ike_sa *sa);
uint16_t ike_child_negotiate(struct ike_sa *sa, const struct wire_msg *msg,
			     const struct ike_child *old, bool with_ke,
			     struct ike_offer *o);
uint16_t ike_child_accept(struct ike_sa *sa, const struct wire_msg *msg,
			  const struct wire_sa *sent, struct ike_offer *o);
void ike_child_put_sa(struct wire_enc *enc, const struct ike_offer *o);
void ike_child_put_ts(struct wire_enc *enc, const struct ike_offer *o);
struct ike_child *ike_child_add(struct ike_sa *sa, const struct ike_offer *o,
				struct wire_span ni, struct wire_span nr,
				struct wire_span shared, bool from_us);
struct ike_child *ike_child_find(struct ike_sa *sa, uint32_t spi_in);
struct ike_child *ike_child_find_out(struct ike_sa *sa, uint32_t spi_out);
void ike_child_free(struct ike_engine *eng, struct ike_child *c);
void ike_spi_take(struct ike_engine *eng, struct ike_spi *node, uint32_t spi);
void ike_spi_release(struct ike_engine *eng, struct ike_spi *node);
unsigned int ike_child_count(const struct ike_sa *sa);
void ike_child_replaces(const struct ike_sa *sa, struct ike_child *c,
			struct ike_child *old);
bool ike_child_any(const struct ike_sa *sa, unsigned int child);
void ike_child_dedup(struct ike_sa *sa, unsigned int child);

/* reload.c */
bool ike_reload(struct ike_engine *eng, struct ike_conn_state *cs,
		const struct ike_conn *conn);
bool ike_reload_outdated(const struct ike_sa *sa, unsigned int child,
			 unsigned int conf);
bool ike_child_stale(const struct ike_sa *sa, struct ike_child *c);
bool ike_reload_ends(struct ike_sa *sa, struct ike_child *c);
void ike_reload_refused(struct ike_sa *sa, struct ike_child *old,
			uint16_t error);

/* install.c */
void ike_peer_new(struct ike_sa *sa, void (*done)(struct ike_sa *sa, int err));
void ike_child_install_in(struct ike_sa *sa, struct ike_child *c,
			  ike_child_fn done);
void ike_child_install_out(struct ike_sa *sa, struct ike_child *c,
			   ike_child_fn done);
void ike_child_forget(struct ike_sa *sa, struct ike_child *c, const char *why);

/* create.c, create_r.c, due.c */
void ike_lowest(struct ike_nonce *low, struct wire_span a, struct wire_span b);
void ike_create_request(struct ike_sa *sa, const struct ike_in *in);
bool ike_lower(const struct ike_nonce *a, const struct ike_nonce *b);
uint64_t ike_create_again(const struct ike_sa *sa);
void ike_create_wake(struct ike_sa *sa);
void ike_create_free(struct ike_sa *sa);
void ike_create_gone(struct ike_sa *sa, uint32_t spi_out);
void ike_create_lost(struct ike_sa *sa, const struct ike_child *c);
void ike_create_new(struct ike_sa *sa, unsigned int child);
void ike_create_rest(struct ike_sa *sa);
void ike_create_timers(struct ike_sa *sa);
uint64_t ike_create_deadline(const struct ike_sa *sa);
void ike_child_switch(struct ike_sa *sa, struct ike_child *c);
void ike_switch_from(struct ike_sa *sa, uint32_t old_in);
void ike_switch_rest(struct ike_sa *sa, const struct ike_child *gone);
void ike_switch_now(struct ike_sa *sa);
void ike_child_delete(struct ike_sa *sa, struct ike_child *c, const char *why);
void ike_child_reject(struct ike_sa *sa, uint32_t spi_in);
void ike_child_expire(struct ike_sa *sa, const struct ike_ev_sa_expire *ev);

/* ke.c */
int ike_make_ke(struct ike_engine *eng, struct crypto_ke *ke, uint16_t group);
int ike_answer_ke(struct ike_engine *eng, struct crypto_ke *ke,
		  const struct wire_ke *theirs, uint8_t *shared, size_t *len);
bool ike_ke_value(const struct wire_msg *msg, uint16_t group,
		  struct wire_ke *ke);

/* follow.c */
/* What names an exchange that goes on */
#define IKE_LINK_LEN 8
struct ike_follow *ike_follow_new(const struct crypto_suite *suite,
				  struct wire_span ni, struct wire_span nr);
void ike_follow_free(struct ike_follow *f);
uint16_t ike_follow_group(struct ike_follow *f);
bool ike_follow_link(struct ike_follow *f, const struct wire_msg *msg);
bool ike_follow_finish(struct ike_follow *f, const struct crypto_ke *own,
		       const struct wire_ke *ke);
bool ike_follow_answer(struct ike_follow *f, struct ike_engine *eng,
		       struct crypto_ke *own, const struct wire_ke *ke);
bool ike_follow_derive(const struct ike_sa *from, struct ike_sa *to,
		       const struct ike_follow *f);

/* image.c, leave.c, take.c */
void ike_image(struct ike_codec *c, struct ike_sa *sa);
bool ike_state_digest(const struct ike_conn *conn,
		      uint8_t digest[CRYPTO_PRF_MAX]);
bool ike_state_sum(struct wire_span octets, uint8_t sum[CRYPTO_PRF_MAX]);
void ike_leave(struct ike_engine *eng);
void ike_leave_run(struct ike_engine *eng);
void ike_take(struct ike_engine *eng, const struct ike_ev_state *ev);

/* rekey.c, rekey_i.c, rekey_r.c */
struct ike_sa *ike_sa_heir(struct ike_sa *sa);
uint64_t ike_jitter(struct ike_engine *eng, uint64_t us);
void ike_rekey_schedule(struct ike_sa *sa);
bool ike_rekey_busy(const struct ike_sa *sa);
void ike_rekey_inherit(struct ike_sa *from, struct ike_sa *to);
void ike_rekey_lost(struct ike_sa *sa);
void ike_rekey_heard(struct ike_sa *sa);
void ike_rekey_moved(struct ike_sa *sa);
void ike_rekey_overtaken(struct ike_sa *sa);
void ike_rekey_forget(struct ike_sa *sa);
void ike_rekey_end(struct ike_sa *sa);
void ike_rekey_timers(struct ike_sa *sa);
uint64_t ike_rekey_deadline(const struct ike_sa *sa);
void ike_rekey_start(struct ike_sa *sa);
void ike_rekey_free(struct ike_sa *sa);
void ike_rekey_rival_wins(struct ike_sa *sa);
void ike_rekey_close_old(struct ike_sa *sa);
bool ike_follow_pending(const struct ike_sa *sa);
void ike_follow_request(struct ike_sa *sa, const struct ike_in *in);
void ike_rekey_request(struct ike_sa *sa, const struct ike_in *in,
		       const struct wire_sa *offer);

/* info.c */
void ike_info_request(struct ike_sa *sa, const struct ike_in *in);
bool ike_info_closes(const struct ike_in *in);
void ike_info_liveness(struct ike_sa *sa);
void ike_info_awake(struct ike_sa *sa);
void ike_info_probe(struct ike_sa *sa, const struct wire_endpoint *remote,
		    void (*done)(struct ike_sa *sa, void *ctx,
				 enum ike_result result,
				 const struct ike_in *in),
		    uint64_t timeout_us);
void ike_info_announce_window(struct ike_sa *sa);
void ike_info_window(struct ike_sa *sa, const struct ike_in *in);

/* qcd.c */
void ike_qcd_put(const struct ike_engine *eng, uint64_t spi_i, uint64_t spi_r,
		 struct wire_enc *enc);
void ike_qcd_read(struct ike_sa *sa, const struct wire_msg *msg);
void ike_qcd_lost(const struct ike_engine *eng, const struct wire_hdr *to,
		  struct wire_enc *enc);
void ike_qcd_in(struct ike_sa *sa, const struct wire_msg *msg);
void ike_qcd_tell(struct ike_sa *sa);

/* packet.c */
void ike_packet(struct ike_engine *eng, const struct ike_ev_packet *pkt);

#endif /* MOBX_IKE_PRIV_H */
