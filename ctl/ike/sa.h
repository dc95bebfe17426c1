/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IKE SAs from the inside: what an extension such as MOBIKE-X sees and may do.
 *
 * An extension is a table of functions that the engine calls; it keeps its own
 * state of an IKE SA in ike_sa.ext. It announces itself in IKE_AUTH, answers
 * INFORMATIONAL requests, makes its own, and owns the paths of the kernel peer
 * from "established" on. Everything runs in the one thread of the engine, and
 * nothing here may be called from outside a hook or a callback.
 *
 * What the core does, so that the extension does not: header, window, Message
 * IDs, encryption, stored responses, retransmission; MOBIKE_SUPPORTED and
 * NO_NATS_ALLOWED in IKE_AUTH (result: ike_sa.mobike); port 4500; liveness;
 * Delete; CREATE_CHILD_SA. NATD and COOKIE2 payloads in INFORMATIONAL requests
 * are the extension's; without one the core copies COOKIE2 and answers NATD
 * with NATD (RFC 4555, sections 3.7 and 3.8).
 */
#ifndef MOBX_IKE_SA_H
#define MOBX_IKE_SA_H

#include "ike/codec.h"
#include "ike/ike.h"
#include "wire/msg.h"

struct ike_sa;
struct ike_conn_state;

/* ------------------------------------------------ payloads in and out */

/**
 * IKE_BACKOFF_MAX_US - no longer between two transmissions of a request
 *
 * What took longer to be answered than to be sent again was not on its way all
 * that time: this host slept, and its clock went on.
 */
#define IKE_BACKOFF_MAX_US (30 * 1000000ull)

/**
 * struct ike_in - a protected message that has been received and authenticated
 * @local: where it came to
 * @remote: where it came from
 * @size: octets of the UDP payload
 * @mid: Message ID
 * @sent_us: response: when its request was first sent
 * @tries: response: how often its request was sent
 * @interval_us: response: between its first two transmissions, from then on more
 *	each time; 0: the pace began anew in between, and tells nothing
 * @several: response: its request went to more than one address: it proves none
 *	(RFC 4555, section 3.7)
 * @msg: its payloads; all that RFC 7296 defines are well-formed, what is in
 *	the data of notifies is for who reads it to check
 */
struct ike_in {
	struct wire_endpoint local;
	struct wire_endpoint remote;
	size_t size;
	uint32_t mid;
	uint64_t sent_us;
	unsigned int tries;
	uint64_t interval_us;
	bool several;
	const struct wire_msg *msg;
};

/**
 * ike_put_natd() - append NAT_DETECTION_SOURCE_IP and _DESTINATION_IP
 * @sa: whose SPIs
 * @b: message
 * @from: its source
 * @to: its destination
 */
void ike_put_natd(const struct ike_sa *sa, struct wire_enc *b,
		  const struct wire_endpoint *from,
		  const struct wire_endpoint *to);

/** enum ike_natd - what the NATD payloads of a message say */
enum ike_natd {
	IKE_NATD_ABSENT,
	IKE_NATD_NONE,
	IKE_NATD_LOCAL = 2,
	IKE_NATD_REMOTE = 4,
};

/**
 * ike_in_natd() - compare the NATD payloads of a message with its addresses
 *
 * Return: ABSENT, NONE (no NAT), or LOCAL | REMOTE: who is behind one.
 */
unsigned int ike_in_natd(const struct ike_sa *sa, const struct ike_in *in);

/* ------------------------------------------------------------- IKE SA */

enum ike_sa_state {
	IKE_SA_INIT,
	IKE_SA_AUTH,
	IKE_SA_ESTABLISHED,
	/* Made by the peer while we were making one for the same end. */
	IKE_SA_RIVAL,
	/* Replaced: it answers until it is deleted. */
	IKE_SA_REKEYED,
	IKE_SA_CLOSING,
	IKE_SA_DEAD,
};

enum ike_child_state {
	IKE_CHILD_INSTALLING,
	IKE_CHILD_UP,
	IKE_CHILD_REKEYING,
	IKE_CHILD_REKEYED,
	IKE_CHILD_CLOSING,
};

/**
 * struct ike_child - a pair of Child SAs
 * @next: in ike_sa.children
 * @state: see there
 * @child: which one of the connection
 * @spi_in: own SPI
 * @spi_out: the peer's
 * @suite: algorithms
 * @nselectors: entries in @selectors
 * @selectors: narrowed
 * @out_installed: the kernel has the outbound SA
 */
struct ike_child {
	struct ike_child *next;
	enum ike_child_state state;
	unsigned int child;
	uint32_t spi_in;
	uint32_t spi_out;
	struct crypto_suite suite;
	unsigned int nselectors;
	struct ike_selector selectors[IKE_MAX_SELECTORS];
	bool out_installed;
};

struct ike_sa_private;

/**
 * struct ike_sa - an IKE SA; extensions read all of it and write @ext,
 *	@ext_deadline only
 * @eng: its engine
 * @cs: its connection; NULL for a responder that has not seen IDi
 * @conn: configuration of that; NULL likewise
 * @state: see there
 * @initiator: this host started this IKE SA
 * @first_initiator: this host started the first of the series of IKE SAs:
 *	RFC 4555's "initiator" (section 1.3)
 * @spi_i: initiator's SPI
 * @spi_r: responder's
 * @local: own address and port of the IKE SA now
 * @remote: the peer's
 * @remote_id: authenticated; type 0 before that
 * @suite: algorithms
 * @mobike: both sides sent MOBIKE_SUPPORTED
 * @natt: both ends know NAT traversal and may use it
 * @nat: IKE_NATD_LOCAL, IKE_NATD_REMOTE: who is behind a NAT; 0 for nobody
 * @peer: kernel peer, 0 before it exists; kept by rekeying
 * @generation: of its binding, as the kernel last told
 * @children: Child SAs
 * @established_us: when
 * @t_ike_us: first request to Child SA in the kernel
 * @rtt_us: smoothed round trip time of requests sent once, 0 if none yet
 * @rttvar_us: its variation
 * @rto_us: time after which a request is sent again, 0 before any was answered
 * @last_in_us: when the last fresh protected message came
 * @ext: the extension's state
 * @ext_deadline: when the extension wants ike_ext_ops.timer(), or IKE_NEVER
 * @p: the core's own state
 */
struct ike_sa {
	struct ike_engine *eng;
	struct ike_conn_state *cs;
	const struct ike_conn *conn;
	enum ike_sa_state state;
	bool initiator;
	bool first_initiator;
	uint64_t spi_i;
	uint64_t spi_r;
	struct wire_endpoint local;
	struct wire_endpoint remote;
	struct ike_id remote_id;
	struct crypto_suite suite;
	bool mobike;
	bool natt;
	unsigned int nat;
	uint32_t peer;
	uint64_t generation;
	struct ike_child *children;
	uint64_t established_us;
	uint64_t t_ike_us;
	uint64_t rtt_us;
	uint64_t rttvar_us;
	uint64_t rto_us;
	uint64_t last_in_us;
	void *ext;
	uint64_t ext_deadline;
	struct ike_sa_private *p;
};

/** ike_sa_now() - time of the event that is being handled */
uint64_t ike_sa_now(const struct ike_sa *sa);

/** ike_sa_random() - octets that nobody can predict; 0, or -EIO and zeros */
int ike_sa_random(const struct ike_sa *sa, void *buf, size_t len);

/**
 * ike_sa_addrs() - the host's usable addresses, as the last ADDRS event had it
 * @sa: IKE SA
 * @n: gets their number
 *
 * Towards all remotes: look at ike_host_addr.remote.
 */
const struct ike_host_addr *ike_sa_addrs(const struct ike_sa *sa,
					 unsigned int *n);

/** ike_sa_own_addrs() - own addresses, whatever they reach, likewise */
const struct ike_own_addr *ike_sa_own_addrs(const struct ike_sa *sa,
					 unsigned int *n);

/** ike_sa_local_ok() - does the connection of an IKE SA let an own address be used */
bool ike_sa_local_ok(const struct ike_sa *sa, const struct wire_addr *own);

/**
 * ike_sa_set_others() - where else the peer may be met
 * @sa: IKE SA
 * @v: addresses, copied; instead of those from before
 * @n: how many, up to IKE_MAX_OTHERS
 *
 * Routes to them are watched from now on: they are among ike_engine_remotes().
 */
void ike_sa_set_others(struct ike_sa *sa, const struct wire_addr *v,
		       unsigned int n);

/**
 * ike_sa_endpoint() - an own address may be used by MPTCP, or not any more
 * @sa: IKE SA
 * @may: which of the two
 * @addr: the address
 */
void ike_sa_endpoint(struct ike_sa *sa, bool may, const struct wire_addr *addr);

/**
 * ike_child_is_transport() - is a Child SA in transport mode
 * @c: Child SA
 *
 * As it was agreed on: its connection may have another mode by now.
 */
bool ike_child_is_transport(const struct ike_child *c);

/** ike_sa_has_transport() - is any Child SA of an IKE SA in transport mode */
bool ike_sa_has_transport(const struct ike_sa *sa);

/**
 * ike_sa_next() - walk over all IKE SAs of the engine
 * @sa: any one
 * @prev: NULL to begin
 *
 * Return: the next, in no order that matters, or NULL.
 */
struct ike_sa *ike_sa_next(const struct ike_sa *sa, const struct ike_sa *prev);

/* ----------------------------------------------------------- requests */

enum ike_result {
	/* The answer is in; ike_in tells. */
	IKE_RESULT_ANSWER,
	/* No answer within ike_request_desc.timeout_us. */
	IKE_RESULT_TIMEOUT,
	/* The IKE SA is going away; say nothing more. */
	IKE_RESULT_CLOSED,
	/* It gave its slot of the window to another one: nothing is known. */
	IKE_RESULT_YIELDED,
};

/**
 * struct ike_request_desc - an INFORMATIONAL request to be made
 * @local: path to send it by; family 0: the addresses of the IKE SA, and it
 *	follows them when they change (RFC 4555, section 3.5)
 * @remote: likewise
 * @build: fills the message; called when the window lets it go, with the
 *	addresses that it will leave by. Return false to drop the request
 *	(@done is not called then).
 * @done: called once, unless the request was dropped; @in only with an ANSWER
 * @free: frees @ctx after all that, also when dropped; may be NULL
 * @ctx: handed to the three
 * @timeout_us: 0: the peer counts as dead when retransmissions are used up.
 *	Else: after this time @done gets TIMEOUT, and the request, so that it
 *	does not block its window slot, is sent again over the addresses of the
 *	IKE SA until answered, which nobody learns of.
 *	The time counts from the first transmission.
 * @yields: with @local: it tries a path and is of no importance. If another
 *	request finds the window closed, this one ends as with @timeout_us, and
 *	@done gets YIELDED.
 * @stays: with @local: what it says is true of that way only. After @timeout_us,
 *	or when it is forgotten, it is still sent by that way alone until
 *	ike_sa_overtaken(), or until its slot is needed.
 */
struct ike_request_desc {
	struct wire_endpoint local;
	struct wire_endpoint remote;
	bool (*build)(struct ike_sa *sa, void *ctx,
		      const struct wire_endpoint *local,
		      const struct wire_endpoint *remote, struct wire_enc *b);
	void (*done)(struct ike_sa *sa, void *ctx, enum ike_result result,
		     const struct ike_in *in);
	void (*free)(void *ctx);
	void *ctx;
	uint64_t timeout_us;
	bool yields;
	bool stays;
};

/**
 * ike_sa_request() - queue an INFORMATIONAL request
 *
 * Sent before this returns if the window is open.
 *
 * Return: its number, not 0; 0 if there was no memory or the IKE SA is not
 * established: then only @free has been called.
 */
uint64_t ike_sa_request(struct ike_sa *sa, const struct ike_request_desc *desc);

/**
 * ike_sa_request_forget() - nobody wants the answer any more
 *
 * One that was sent is retransmitted on until answered, as it must, by a predecessor
 * of @sa too; @done is not called, @free is.
 */
void ike_sa_request_forget(struct ike_sa *sa, uint64_t id);

/**
 * ike_sa_overtaken() - the peer has dealt with a request of ours
 * @sa: IKE SA
 * @mid: its Message ID
 *
 * Older ones that stayed on their way, and those by IKE SAs that @sa has replaced,
 * can do nothing any more: they are sent by the IKE SA's own addresses, so that
 * they are answered.
 */
void ike_sa_overtaken(struct ike_sa *sa, uint32_t mid);

/** ike_sa_peer_window() - requests that the peer takes at a time */
unsigned int ike_sa_peer_window(const struct ike_sa *sa);

/**
 * ike_request_tells() - does anything outstanding show whether the peer lives
 * @sa: IKE SA
 *
 * What tries another path says nothing of the one in use.
 *
 * Return: whether a liveness check would be one too many.
 */
bool ike_request_tells(const struct ike_sa *sa);

/** ike_sa_window() - requests that may still be sent now without waiting */
unsigned int ike_sa_window(const struct ike_sa *sa);

/**
 * ike_sa_set_addresses() - the IKE SA lives at other addresses from now on
 *
 * Requests that follow the IKE SA and are outstanding leave again at once from
 * there, the same octets (RFC 4555, section 3.5).
 */
void ike_sa_set_addresses(struct ike_sa *sa, const struct wire_endpoint *local,
			  const struct wire_endpoint *remote);

/**
 * ike_sa_set_nat() - who is behind a NAT on the way that the IKE SA goes now
 * @sa: IKE SA
 * @nat: IKE_NATD_LOCAL, IKE_NATD_REMOTE, or 0
 *
 * Who is behind one itself keeps the mapping alive from now on.
 */
void ike_sa_set_nat(struct ike_sa *sa, unsigned int nat);

/**
 * ike_sa_resend() - the link is back: send again what follows the IKE SA
 *
 * At once, the same octets, retransmission starting afresh.
 */
void ike_sa_resend(struct ike_sa *sa);

/* ------------------------------------------------ answering a request */

/** enum ike_verdict - what an extension says about a request */
enum ike_verdict {
	/* Not for me (nothing was appended): the core goes on. */
	IKE_PASS,
	/* The body is the answer: send it. */
	IKE_ANSWER,
	/* ike_sa_answer() will be called later. */
	IKE_LATER,
	/* Send the body, then close the IKE SA. */
	IKE_ANSWER_CLOSE,
};

/**
 * ike_sa_answer() - send the answer that was put off
 * @sa: IKE SA
 * @mid: ike_in.mid of the request
 * @build: appends the payloads, before this returns
 * @ctx: handed to @build
 *
 * It leaves from where the last copy of the request came to, to where that
 * came from. Nothing happens if the request is not waiting.
 */
void ike_sa_answer(struct ike_sa *sa, uint32_t mid,
		   void (*build)(struct ike_sa *sa, void *ctx,
				 struct wire_enc *b), void *ctx);

/* -------------------------------------------------------------- kernel */

/**
 * ike_sa_rebind() - give the kernel peer of an IKE SA another set of paths
 * @sa: IKE SA
 * @paths: the whole set, with the ports of ESP in UDP; copied
 * @n: 1 to IKE_MAX_PATHS
 * @done: called with the kernel's answer, 0 or a negative errno; -ECANCELED if
 *	the IKE SA goes first. May be NULL.
 * @ctx: handed to @done
 *
 * Several may be under way: each expects the generation that the one before
 * makes, so that after a failure those behind it fail too, with -ESTALE.
 */
void ike_sa_rebind(struct ike_sa *sa, const struct ike_path *paths,
		   unsigned int n,
		   void (*done)(struct ike_sa *sa, void *ctx, int err),
		   void *ctx);

/**
 * ike_sa_count() - ask what went by the paths of the kernel peer
 * @sa: IKE SA
 *
 * The answer is for ike_ext_ops.counts() of who has the paths by then; it may not
 * come.
 */
void ike_sa_count(struct ike_sa *sa);

/* ------------------------------------------------------ Child SAs, end */

/**
 * ike_sa_replace_child() - make a new Child SA, then delete the old one
 * @sa: IKE SA
 * @child: the one to replace
 * @rekey: true: REKEY_SA, same selectors; false: a new Child SA for the
 *	addresses that the IKE SA has now (a transport Child SA at an RFC 4555
 *	peer that moved)
 *
 * One exchange at a time: it is put off while another is under way, and tried
 * again when the peer asks for patience.
 */
void ike_sa_replace_child(struct ike_sa *sa, struct ike_child *child,
			  bool rekey);

/**
 * ike_sa_close() - end an IKE SA
 * @sa: IKE SA; freed after the current event, not before
 * @reason: for log and monitors
 * @notify: send a Delete first
 *
 * An initiator's connection is set up anew unless it was asked to go down.
 */
void ike_sa_close(struct ike_sa *sa, const char *reason, bool notify);

/* -------------------------------------------------------------- reports */

/**
 * ike_sa_report() - begin a report about an IKE SA
 * @sa: IKE SA; its connection and SPIs are said
 * @level: for the log
 * @kind: of ike_report.kind
 *
 * Return: to be completed with the functions below before anything else is
 * called; NULL without memory, which they take.
 */
struct ike_report *ike_sa_report(struct ike_sa *sa, enum ike_level level,
				 const char *kind);

/** ike_report_text() - add a text, as printf has it */
void ike_report_text(struct ike_report *r, const char *key, const char *fmt,
		     ...) __attribute__((format(printf, 3, 4)));

/** ike_report_number() - add a number */
void ike_report_number(struct ike_report *r, const char *key, int64_t value);

/** ike_report_addr() - add an address */
void ike_report_addr(struct ike_report *r, const char *key,
		     const struct wire_addr *addr);

/** ike_sa_cmd_done() - a command (ike_ev_path_cmd) is finished; 0 is ignored */
void ike_sa_cmd_done(struct ike_sa *sa, uint64_t reply, int err,
		     const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* ------------------------------------------------------------ extension */

/**
 * struct ike_ext_ops - an extension; any member may be NULL
 * @open: a new IKE SA has come into being as far as IKE_AUTH: make @sa->ext.
 *	Return 0 or a negative errno, which fails the IKE SA.
 * @free: free @sa->ext. No request's done or free is called after it.
 * @auth_build: append notifies and Vendor IDs to the IKE_AUTH message with the
 *	SA payload. A responder has seen @auth_in of the request by then.
 * @auth_in: look at the peer's authenticated IKE_AUTH message
 * @window: own window to be announced with SET_WINDOW_SIZE in IKE_AUTH:
 *	asked after @auth_in by a responder, before by an initiator; 0 or 1 says
 *	nothing. The core then keeps that many responses.
 * @established: the IKE SA, its kernel peer and first Child SA exist: the
 *	kernel has one path, @sa->local to @sa->remote, VALID and primary.
 *	Called too when the Child SA failed but the IKE SA lives: then @sa->peer
 *	exists as well.
 * @closed: the IKE SA ends; the kernel peer goes after this
 * @rekeyed: @to replaces @from (RFC 7296, section 2.18): hand the state on.
 *	@to->ext is NULL; kernel peer, children, addresses and @ext_deadline are
 *	@to's already. Requests that the peer made before it knew still come by
 *	@from, and answers to those that were under way (if the peer closes it
 *	first their @done gets CLOSED); @free is called for both in the end.
 * @request: an INFORMATIONAL request without Delete has come
 * @trouble: a request was retransmitted for the @tries-th time in vain, first
 *	sent @waited_us ago: look for a better path (RFC 4555, section 3.5)
 * @give_up: retransmissions are used up. Return true to let them start again
 *	(the extension has moved the IKE SA or knows that no link is up), false
 *	to let the IKE SA die.
 * @liveness: make a request that shows whether the peer lives. Return false to
 *	leave that to the core, whose request is empty.
 * @timer: @sa->ext_deadline has passed (it is IKE_NEVER on entry)
 * @addrs: the host's addresses have changed, or what they are judged by
 * @counts: the answer to ike_sa_count()
 * @awake: the host slept; the way in use is under test again, or something
 *	outstanding was sent anew by it
 * @path_cmd: a command for this connection; end it with ike_sa_cmd_done()
 * @path_hint: ESP came from outside the binding
 * @may_be_at: whether a NAT may have the peer at another address
 * @child_new: a Child SA has been made in the kernel (first one and others)
 * @rests: is nothing under way: could the next run of the agent go on from what
 *	@state tells
 * @state: write all that it takes for that, or read it into a fresh @sa->ext; on
 *	the way out nothing is done for @sa any more, and nobody told of its end
 * @status: fill @s->mobikex, npaths, paths and move
 *
 * All but @open, @free and @request (see @rekeyed) are called with @sa
 * established, but for the three of IKE_AUTH.
 */
struct ike_ext_ops {
	int (*open)(struct ike_sa *sa);
	void (*free)(struct ike_sa *sa);
	void (*auth_build)(struct ike_sa *sa, struct wire_enc *b);
	void (*auth_in)(struct ike_sa *sa, const struct ike_in *in);
	unsigned int (*window)(struct ike_sa *sa);
	void (*established)(struct ike_sa *sa);
	void (*closed)(struct ike_sa *sa);
	void (*rekeyed)(struct ike_sa *from, struct ike_sa *to);
	enum ike_verdict (*request)(struct ike_sa *sa, const struct ike_in *in,
				    struct wire_enc *answer);
	void (*trouble)(struct ike_sa *sa, unsigned int tries,
			uint64_t waited_us);
	bool (*give_up)(struct ike_sa *sa);
	bool (*liveness)(struct ike_sa *sa);
	void (*timer)(struct ike_sa *sa);
	void (*addrs)(struct ike_sa *sa);
	void (*counts)(struct ike_sa *sa, const struct ike_path_count *v,
		       unsigned int n);
	void (*awake)(struct ike_sa *sa);
	void (*path_cmd)(struct ike_sa *sa, const struct ike_ev_path_cmd *cmd);
	void (*path_hint)(struct ike_sa *sa, const struct ike_ev_path_hint *h);
	bool (*may_be_at)(struct ike_sa *sa, const struct wire_addr *addr);
	void (*child_new)(struct ike_sa *sa, struct ike_child *child);
	bool (*rests)(const struct ike_sa *sa);
	void (*state)(struct ike_sa *sa, struct ike_codec *c);
	void (*status)(const struct ike_sa *sa, struct ike_status *s);
};

#endif /* MOBX_IKE_SA_H */
