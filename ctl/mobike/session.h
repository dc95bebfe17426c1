/* SPDX-License-Identifier: GPL-2.0 */
/*
 * State of MOBIKE and MOBIKE-X for one IKE SA, shared by the files of this
 * folder. An IKE SA and the one that replaces it share one session.
 *
 *   ext.c	the table of hooks; birth, rekeying and death
 *   payload.c	notifies in and out
 *   answer.c	requests of the peer that change its paths
 *   rrc.c	return routability checks of the peer's paths
 *   ask.c	own requests that change own paths
 *   failed.c	those of which nothing comes
 *   reply.c	the peer's answers to them
 *   told.c	what follows when the peer has agreed
 *   nat.c	NATs on the way: what they make of our addresses
 *   probe.c	signs of life, by the path in use and by the others
 *   reconcile.c	what the peer says that it knows of our paths
 *   command.c	commands of the user
 *   layers.c	what SCTP and MPTCP may use
 *   handover.c	from one run of the agent to the next
 *   others.c	addresses that are not in use (RFC 4555's lists)
 *   traffic.c	the kernel's counters of a path
 *   cands.c	own addresses that can be used
 *   steer.c	the path manager's decisions carried out; timers
 */
#ifndef MOBX_MOBIKE_SESSION_H
#define MOBX_MOBIKE_SESSION_H

#include "ike/sa.h"
#include "mobike/manager.h"
#include "mobike/pairs.h"
#include "mobike/pathset.h"

#define MX_COOKIE_LEN	32
#define MX_WINDOW	4

/** MX_PROBE_US - an announcement by a new path gets that long for an answer */
#define MX_PROBE_US	(5 * 1000000ull)
/** MX_RRC_US - and a routability check */
#define MX_RRC_US	(6 * 1000000ull)
/**
 * MX_PATIENCE_US - how long a responder waits for a peer that went silent, and
 * either end for one whose only path does not prove itself
 */
#define MX_PATIENCE_US	(300 * 1000000ull)
/** MX_BARRED_US - an address that failed its check is refused for so long */
#define MX_BARRED_US	(30 * 1000000ull)
/** MX_BUSY_US - wait after TEMPORARY_FAILURE */
#define MX_BUSY_US	(1 * 1000000ull)
/** MX_QUERY_US - ask what came of the check of a path, once it is over */
#define MX_QUERY_US	(8 * 1000000ull)
/**
 * MX_SUSPECT_US - a path that did not answer is shunned for so long
 *
 * Longer than a request is retransmitted by default: a peer that answers by no
 * path is found dead before the first one is tried again.
 */
#define MX_SUSPECT_US	(60 * 1000000ull)

/**
 * MX_MAX_TRANSIENT - addresses that are bound for the flows that have them
 *
 * Half of all paths at most. A host with one prefix and the usual lifetimes has
 * eight temporary addresses, of which seven are deprecated.
 */
#define MX_MAX_TRANSIENT 8

#define MX_MAX_TRIES	5
#define MX_MAX_BARRED	16
#define MX_MAX_CMDS	16
#define MX_MAX_TRIED	32
#define MX_MAX_OTHER	16

struct mx_session;

/**
 * struct mx_answer - what the answer to a request is made of
 * @natd: the request had NATD, so the answer has
 * @local: where the request came to
 * @remote: where it came from
 * @cookie: its COOKIE2
 * @cookie_len: octets of it, 0 for none
 * @error: error notify, 0 for success
 * @why: with an error: reason, if @why.reason is not 0
 * @with_set: append SA_ADDRESS_SET
 */
struct mx_answer {
	bool natd;
	struct wire_endpoint local;
	struct wire_endpoint remote;
	uint8_t cookie[64];
	uint8_t cookie_len;
	uint16_t error;
	struct mx_refusal why;
	bool with_set;
};

/**
 * struct mx_pending - a request that waits for the kernel
 * @sa: the IKE SA it came by
 * @mid: its Message ID
 * @serial: of the rebind
 * @moved: it changes the primary or its address
 * @soft: the old path still works
 * @anew: both sets have begun anew
 * @again: an own request has ended meanwhile: if the kernel refuses this one, what
 *	it was told then was in vain, too
 * @answer: what to say if all is well
 * @before: the peer's set, to go back to
 * @own_before: own set, likewise (RFC 4555 peers choose our address too)
 */
struct mx_pending {
	struct ike_sa *sa;
	uint32_t mid;
	uint64_t serial;
	bool moved;
	bool soft;
	bool anew;
	bool again;
	struct mx_answer answer;
	struct mx_set before;
	struct mx_set own_before;
};

/**
 * struct mx_rrc - a routability check under way
 * @next: list
 * @s: session; NULL once nobody cares
 * @id: path of the peer
 * @addr: its address
 * @port: and port
 * @cookie: COOKIE2
 * @request: number of the request, 0 until it is known
 */
struct mx_rrc {
	struct mx_rrc *next;
	struct mx_session *s;
	uint16_t id;
	uint16_t port;
	struct wire_addr addr;
	uint8_t cookie[MX_COOKIE_LEN];
	uint64_t request;
};

enum mx_ask_kind {
	MX_ASK_ADD,
	MX_ASK_PRIMARY,
	MX_ASK_HARD,
	MX_ASK_REFRESH,
	MX_ASK_REMOVE,
	MX_ASK_QUERY,
};

/**
 * struct mx_ask - the one request of ours that is about addresses
 * @kind: what it is for
 * @id: path that it is about
 * @n: entries in @ops
 * @ops: its blocks
 * @local: it leaves by
 * @remote: and goes to
 * @serial: callbacks with another one are stale
 * @request: number of the request, 0 while it waits for the kernel or a timer
 * @retry_at: time to send it (again), IKE_NEVER
 * @started_us: when the change began
 * @tries: transmissions as a new request
 * @for_cmd: it serves the command at the head of the queue
 * @cookie: COOKIE2
 * @before: own set, to go back to
 * @elsewhere: it goes to an address that is not in the peer's set
 * @trial: with @elsewhere: nothing is wrong with where we were
 * @peer_before: with @elsewhere: that set, likewise
 * @peer_moved: the peer has changed its set meanwhile, which stays so
 * @primary_moved: its primary path has
 * @anew: and began anew with our own, which stays so too
 * @took_along: the peer's primary path went over to the family of the own one
 * @peer_from: its ID before
 * @peer_to: and then
 * @peer_led: what that path's @led was
 */
struct mx_ask {
	enum mx_ask_kind kind;
	uint16_t id;
	unsigned int n;
	struct mx_op ops[MX_MAX_PATHS + 1];
	struct wire_endpoint local;
	struct wire_endpoint remote;
	uint64_t serial;
	uint64_t request;
	uint64_t retry_at;
	uint64_t started_us;
	unsigned int tries;
	bool for_cmd;
	uint8_t cookie[MX_COOKIE_LEN];
	struct mx_set before;
	bool elsewhere;
	bool trial;
	struct mx_set peer_before;
	bool peer_moved;
	bool primary_moved;
	bool anew;
	bool took_along;
	uint16_t peer_from;
	uint16_t peer_to;
	uint32_t peer_led;
};

/** struct mx_tried - a pair of addresses that got no answer, @since @until */
struct mx_tried {
	struct wire_addr local;
	struct wire_addr remote;
	uint64_t since;
	uint64_t until;
};

/** struct mx_cmd - a command in the queue; @begun: requests made for it */
struct mx_cmd {
	enum ike_path_verb verb;
	struct wire_addr local;
	bool hard;
	unsigned int begun;
	uint64_t reply;
};

/**
 * struct mx_memo - an address with a history
 * @addr: peer's (barred) or own (refused or deleted by hand)
 * @until: until when
 * @fails: how often it failed in a row
 */
struct mx_memo {
	struct wire_addr addr;
	uint64_t until;
	unsigned int fails;
};

/**
 * struct mx_session - all of it
 * @refs: IKE SAs and callbacks that point here
 * @sa: the IKE SA that new requests go by, NULL once closed
 * @offered: this host announced MOBIKE-X
 * @accepted: the peer did
 * @mobikex: both did
 * @up: established
 * @max_paths: of each set: own limit, once agreed the lower one of both
 * @serial: source of numbers
 * @own: own paths
 * @peer: the peer's
 * @pending: request that waits for the kernel, or NULL
 * @last_mid: of the last request that changed the peer's paths
 * @last_sa: and its IKE SA
 * @last_born: when that was established: what came by an older one is older
 * @rrc: checks under way
 * @barred: addresses of the peer that failed their check
 * @n_barred: entries there, up to MX_MAX_BARRED
 * @barred_room: and room for so many
 * @ask: own request under way
 * @stray: own paths that only the peer knows, to be removed
 * @n_stray: entries there
 * @primary_off: the peer holds another of our paths for primary, or knows it
 *	elsewhere than where it is
 * @off_at: it is told so, but not before
 * @off_tries: and has been so often
 * @ready: own addresses that the layers above have been told to use
 * @n_ready: entries there
 * @ready_room: and room for so many
 * @mptcp: what became of these for MPTCP
 * @crossed: a change of the peer's has met an own request on its way
 * @query_at: ask for the peer's view then
 * @yields: responder: the peer cannot meet us where we are
 * @settle_at: and not before then for the last time, mx_settle()
 * @in_vain: paths that only the peer has could not be removed so often
 * @cmd: commands, oldest first
 * @n_cmd: entries there
 * @cand: own addresses that can be used
 * @n_cand: entries there
 * @cand_room: and room for so many
 * @other: pairs with addresses that are not in the peer's set, as last looked at
 * @other_room: entries that there is room for
 * @memo: own addresses not to be tried for now
 * @n_memo: entries there
 * @told: responder: own addresses besides that of the IKE SA, as last told
 * @n_told: entries there
 * @telling: a list is on its way
 * @lists: a list was, not only in IKE_AUTH
 * @untold: it is told once more: the peer may not have made anything of it
 * @known: initiator: the peer's addresses, as it told last; the first is where it is
 * @n_known: entries there; 0: it never told
 * @known_sa: IKE SA that the last list came by, never followed
 * @known_mid: and its Message ID
 * @tried: pairs that got no answer
 * @n_tried: entries there
 * @tried_room: and room for so many
 * @suspect: own address that does not get answers
 * @suspect_until: until then
 * @steering: mx_steer() is at work, or held up by mx_hold()
 * @steer_again: and is to look again
 * @committed_us: time of the last binding
 * @links_known: the host's addresses have been told at least once
 * @pinned: the primary was chosen by hand
 * @stay_until: quality moves nothing before
 * @stay_us: how long that was at last, if it was for quality
 * @left: own address that was primary before a change for quality
 * @rrc_at: no routability check begins before, 0: at any time
 * @unproven_us: since when checks of the peer's only path have failed, 0: they
 *	have not
 * @calm_until: after a failure only what is urgent is asked until then
 * @again_at: the path manager wants to be asked then
 * @look_at: look at the kernel's counters then, 0: they are not looked at
 * @hint_at: nobody asks before that where ESP came from
 * @drain_id: path that was primary before a soft move
 * @drain_until: may be removed then
 * @move: last move
 *
 * Lists that are pointers grow by mx_reserve(), up to the limits above. Most stay
 * empty, and a server has a session for each of its peers.
 */
struct mx_session {
	unsigned int refs;
	struct ike_sa *sa;
	bool offered;
	bool accepted;
	bool mobikex;
	bool up;
	unsigned int max_paths;
	uint64_t serial;
	struct mx_set own;
	struct mx_set peer;
	struct mx_pending *pending;
	uint32_t last_mid;
	const struct ike_sa *last_sa;
	uint64_t last_born;
	struct mx_rrc *rrc;
	struct mx_memo *barred;
	unsigned int n_barred;
	unsigned int barred_room;
	struct mx_ask *ask;
	uint16_t stray[MX_MAX_PATHS];
	unsigned int n_stray;
	bool primary_off;
	uint64_t off_at;
	unsigned int off_tries;
	struct wire_addr *ready;
	unsigned int n_ready;
	unsigned int ready_room;
	enum ike_mptcp mptcp;
	bool crossed;
	uint64_t query_at;
	bool yields;
	uint64_t settle_at;
	unsigned int in_vain;
	struct mx_cmd cmd[MX_MAX_CMDS];
	unsigned int n_cmd;
	struct mx_cand *cand;
	unsigned int n_cand;
	unsigned int cand_room;
	struct mx_cand *other;
	unsigned int other_room;
	struct mx_memo memo[MX_MAX_CANDS];
	unsigned int n_memo;
	struct wire_addr told[IKE_MAX_OTHERS];
	unsigned int n_told;
	bool telling;
	bool lists;
	bool untold;
	struct wire_addr known[IKE_MAX_OTHERS];
	unsigned int n_known;
	const struct ike_sa *known_sa;
	uint32_t known_mid;
	struct mx_tried *tried;
	unsigned int n_tried;
	unsigned int tried_room;
	struct wire_addr suspect;
	uint64_t suspect_until;
	bool steering;
	bool steer_again;
	uint64_t committed_us;
	bool links_known;
	bool pinned;
	uint64_t stay_until;
	uint64_t stay_us;
	struct wire_addr left;
	uint64_t rrc_at;
	uint64_t unproven_us;
	uint64_t calm_until;
	uint64_t again_at;
	uint64_t look_at;
	uint64_t hint_at;
	uint16_t drain_id;
	uint64_t drain_until;
	struct ike_move_status move;
};

/* answer.c */
void mx_pending_free(struct mx_pending *p);

/* ext.c */
void mx_session_get(struct mx_session *s);
void mx_session_put(struct mx_session *s);
typedef void mx_commit_fn(struct mx_session *s, uint64_t serial, int err);
void mx_commit(struct mx_session *s, mx_commit_fn *done, uint64_t serial);
void mx_follow_primary(struct mx_session *s);
void mx_report_path(struct mx_session *s, const char *kind, bool is_own,
		    const struct mx_path *p);
enum ike_rrc mx_rrc_policy(const struct mx_session *s);

/* payload.c */
void mx_put_block(struct wire_enc *b, const struct mx_op *op);
void mx_put_supported(struct wire_enc *b, uint8_t max_paths);
void mx_put_answer(const struct mx_session *s, const struct ike_sa *sa,
		   struct wire_enc *b, const struct mx_answer *a);
bool mx_get_supported(const struct ike_in *in, uint8_t *max_paths);

/**
 * struct mx_request - the notifies of a request that are ours
 * @n: entries in @ops
 * @ops: blocks, syntax checked
 * @changes: it is about the sender's paths
 * @query: it asks for SA_ADDRESS_SET
 * @additional: it has ADDITIONAL_*_ADDRESS or NO_ADDITIONAL_ADDRESSES
 * @nat: NO_NATS_ALLOWED is there and does not fit
 * @natd: what the NATD payloads say, and addresses that are not the IP header's
 * @bad_cookie: COOKIE2 has a length that it must not have
 * @why: syntax error of a block
 */
struct mx_request {
	unsigned int n;
	struct mx_op ops[MX_MAX_OPS];
	bool changes;
	bool query;
	bool additional;
	bool nat;
	unsigned int natd;
	bool bad_cookie;
	struct mx_refusal why;
};

void mx_get_request(const struct ike_sa *sa, const struct ike_in *in,
		    bool mobikex,
		    struct mx_request *rq, struct mx_answer *a);

/* answer.c */
enum ike_verdict mx_request(struct ike_sa *sa, const struct ike_in *in,
			    struct wire_enc *answer);
bool mx_may_be_at(struct ike_sa *sa, const struct wire_addr *addr);
bool mx_allowed(const struct ike_conn *conn, const struct wire_addr *addr);
bool mx_barred(const struct mx_session *s, const struct wire_addr *addr,
	       uint64_t now);

/* rrc.c */
void mx_rrc_start(struct mx_session *s);
bool mx_rrc_hopeless(struct mx_session *s);
void mx_rrc_drop_all(struct mx_session *s);

/* reply.c */
void mx_ask_answered(struct mx_session *s, struct ike_sa *sa,
		     const struct ike_in *in);

/* told.c */
void mx_ask_done(struct mx_session *s, const struct ike_in *in);

/* ask.c */
void mx_ask_add(struct mx_session *s, const struct mx_cand *c, bool for_cmd);
void mx_ask_primary(struct mx_session *s, uint16_t id, bool for_cmd);
void mx_ask_hard(struct mx_session *s, uint16_t id, const struct mx_cand *c,
		 bool for_cmd);
void mx_ask_elsewhere(struct mx_session *s, const struct mx_cand *c,
		      bool trial);
void mx_ask_remove(struct mx_session *s, const uint16_t *ids, unsigned int n,
		   bool for_cmd);
void mx_ask_refresh(struct mx_session *s, uint16_t id);
void mx_ask_query(struct mx_session *s);
void mx_ask_timer(struct mx_session *s, uint64_t now);
void mx_ask_preempt(struct mx_session *s);
void mx_ask_drop(struct mx_session *s);
void mx_ask_again(struct mx_session *s, uint64_t wait);
void mx_ask_send(struct mx_session *s);

/* failed.c */
void mx_ask_follow(struct mx_session *s, const struct wire_addr *at);
void mx_ask_peer_moved(struct mx_session *s, bool primary, bool anew);
void mx_ask_failed(struct mx_session *s, int err, const char *why);

/* probe.c */
bool mx_ask_for_sign(struct mx_session *s, const struct ike_request_desc *where,
		     bool is_test);
bool mx_liveness(struct mx_session *s);
void mx_test_paths(struct mx_session *s);
void mx_test_soon(struct mx_session *s, struct mx_cand *c);
void mx_test_all(struct mx_session *s);
uint64_t mx_test_deadline(const struct mx_session *s, uint64_t now);

/* traffic.c */
void mx_traffic_plan(struct mx_session *s);
void mx_traffic_timer(struct mx_session *s);
bool mx_traffic_quiet(struct mx_traffic *t, uint64_t tx, uint64_t rx,
		      uint64_t now, uint64_t most_us);
void mx_traffic_counts(struct mx_session *s, const struct ike_path_count *v,
		       unsigned int n);

/* nat.c */
struct mx_path *mx_nat_shown(struct mx_session *s, const struct ike_sa *sa,
			     const struct ike_in *in);
bool mx_nat_digest(const struct ike_sa *sa, const struct wire_endpoint *at,
		   uint8_t digest[MX_SEEN_LEN]);
void mx_nat_tell(struct mx_path *p);
void mx_nat_tell_later(struct mx_path *p, uint64_t now);
void mx_nat_tell_again(struct mx_path *p, uint64_t now);
void mx_nat_compare(struct mx_session *s, const struct ike_sa *sa,
		    const struct ike_in *in);
void mx_nat_look(struct mx_session *s, const struct ike_sa *sa,
		 const struct ike_in *in);
bool mx_nat_answered(struct mx_session *s, uint16_t id,
		     const struct ike_in *in, unsigned int natd);
void mx_nat_hint(struct mx_session *s, const struct ike_ev_path_hint *h);
void mx_nat_rekeyed(struct mx_session *s);

/* reconcile.c */
bool mx_give_up(struct mx_session *s, uint16_t id);
void mx_settle(struct mx_session *s, uint64_t us);
void mx_not_let_go(struct mx_session *s);
void mx_reconcile(struct mx_session *s, const struct ike_in *in);

/* layers.c */
void mx_layers(struct mx_session *s);
void mx_layers_end(struct mx_session *s, struct ike_sa *sa);

/* handover.c */
bool mx_rests(const struct ike_sa *sa);
void mx_state(struct ike_sa *sa, struct ike_codec *c);

/* others.c */
void mx_others_put(struct mx_session *s, const struct ike_sa *sa,
		   struct wire_enc *b);
void mx_others_tell(struct mx_session *s);
bool mx_others_may_join(const struct mx_session *s,
			const struct wire_addr *addr);
void mx_others_watch(struct mx_session *s);
void mx_others_in(struct mx_session *s, struct ike_sa *sa,
		  const struct ike_in *in);
void mx_others_leave(struct mx_session *s);
bool mx_others_gone(struct mx_session *s);
void mx_others_agreed(struct mx_session *s, const struct wire_addr *addr);
void mx_others_silent(struct mx_session *s);
void mx_others_stays(struct mx_session *s);
void mx_others_shun(struct mx_session *s, const struct wire_addr *local,
		    const struct wire_addr *remote);
unsigned int mx_others_find(struct mx_session *s);

/* cands.c */
void mx_candidates(struct mx_session *s);
void mx_candidates_follow(struct mx_session *s, const struct ike_in *in);
void mx_shun(struct mx_session *s, const struct wire_addr *own, uint64_t us);
uint64_t mx_shunned_until(struct mx_session *s, const struct wire_addr *own);

/* command.c, steer.c */
void mx_steer(struct mx_session *s);
bool mx_hold(struct mx_session *s);
void mx_release(struct mx_session *s, bool held);
void mx_command(struct mx_session *s, const struct ike_ev_path_cmd *cmd);
void mx_command_end(struct mx_session *s, int err, const char *text);
bool mx_command_step(struct mx_session *s);
void mx_commands_drop(struct mx_session *s);
void mx_suspect(struct mx_session *s);
void mx_timer(struct mx_session *s);
void mx_deadline(struct mx_session *s);

#endif /* MOBX_MOBIKE_SESSION_H */
