/* SPDX-License-Identifier: GPL-2.0 */
/* What an engine remembers: IKE SAs, their exchanges, Child SAs. */
#ifndef MOBX_IKE_STATE_H
#define MOBX_IKE_STATE_H

#include "crypto/auth.h"
#include "crypto/ke.h"
#include "crypto/keys.h"
#include "ike/sa.h"
#include "ike/status.h"
#include "wire/payload.h"
#include "wire/sa.h"

#define IKE_SECOND UINT64_C(1000000)

/* Most requests that either side may have outstanding. */
#define IKE_MAX_WINDOW 16
#define IKE_NONCE_LEN 32
/* A half-open IKE SA of a responder lives this long. */
#define IKE_HALF_OPEN_US (30 * IKE_SECOND)
/* Datagrams that were on their way under an SA that is deleted. */
#define IKE_LINGER_US (3 * IKE_SECOND)
/* A NAT forgets after as little as half a minute (RFC 3948, section 4). */
#define IKE_KEEPALIVE_US (20 * IKE_SECOND)
/* Where ESP comes from is asked so often, and an answer waited for. */
#define IKE_NAT_PROBE_US (2 * IKE_SECOND)
/* From where a NAT had the peer's packets before: those under way. */
#define IKE_NAT_GRACE_MS 2000
/*
 * The answerer of a rekey sends under the new SA after this time at last: many
 * times longer than the peer needs to ask for a lost answer again.
 */
#define IKE_SWITCH_US (60 * IKE_SECOND)
/*
 * The same at the start of an IKE SA that takes another's place: less, for the
 * other end may have forgotten everything, but more than a busy host takes from
 * the answer to its own new SAs.
 */
#define IKE_HANDOVER_US IKE_SECOND
/* The least of that, where nothing else carries traffic any more. */
#define IKE_READY_US (IKE_SECOND / 10)
/* An unauthenticated refusal is believed when nothing better came. */
#define IKE_REFUSAL_US (2 * IKE_SECOND)
/* So long a refused IKE_AUTH request may be repeated. */
#define IKE_REFUSED_US (5 * IKE_SECOND)
/* After TEMPORARY_FAILURE: never at once (RFC 7296, section 2.25). */
#define IKE_AGAIN_US (10 * IKE_SECOND)
/*
 * No request is sent again sooner, however short the way: the peer's kernel and
 * its scheduler want their share.
 */
#define IKE_RTO_MIN_US (IKE_SECOND / 10)
/* Most IKE_SA_INIT requests that answers can make us send anew. */
#define IKE_MAX_INIT_ROUNDS 5
#define IKE_SPI_BUCKETS 1024
/* Of what leave.c writes: another one for each change of it. */
#define IKE_STATE_VERSION 3
#define IKE_STATE_SUM 32

/*
 * No time either: as soon as the CREATE_CHILD_SA exchange that is outstanding is
 * over. Without a way to the peer that may take as long as the host is away.
 */
#define IKE_WAITS (IKE_NEVER - 1)

/** struct ike_buf - octets with their length, from malloc() */
struct ike_buf {
	uint8_t *p;
	size_t len;
};

/**
 * struct ike_request - a request of ours, queued or outstanding
 *
 * @pinned: stays on @local and @remote when the IKE SA moves.
 * @expired: the one who made it has been told TIMEOUT.
 * @held: nobody waits for it, but it stays @pinned until it is overtaken.
 * @last: the IKE SA ends with it.
 * @several: it went to another address than @first_to.
 * @restarted: there was a series of transmissions before this one.
 * @data: one message, or its fragments one behind the other.
 * @first_interval: between the first two transmissions.
 * @interval: time to the next retransmission.
 * @tries: transmissions in this series, which began at @begun_us.
 */
struct ike_request {
	struct ike_request *next;
	uint64_t id;
	uint8_t exchange;
	uint32_t mid;
	bool sent;
	bool pinned;
	bool expired;
	bool held;
	bool last;
	bool several;
	bool restarted;
	struct wire_addr first_to;
	struct ike_buf data;
	/* What it holds, as long as smaller fragments may be tried. */
	struct ike_buf inner;
	uint8_t inner_first;
	struct ike_request_desc d;
	uint64_t first_us;
	uint64_t next_us;
	uint64_t first_interval;
	uint64_t interval;
	uint64_t begun_us;
	unsigned int tries;
	unsigned int total_tries;
};

/**
 * struct ike_frags - a message of the peer's that comes in fragments
 *
 * @response: or a request.
 * @have: Fragments that are here, of @total.
 * @first: Type of the first inner payload, from the first fragment.
 * @size: Octets of the datagrams so far.
 * @len: Octets in @part.
 * @since: When the first one came.
 */
struct ike_frags {
	struct ike_frags *next;
	bool response;
	uint32_t mid;
	uint16_t total;
	uint16_t have;
	uint8_t first;
	size_t size;
	size_t len;
	uint64_t since;
	struct ike_buf part[];
};

enum ike_slot_state {
	IKE_SLOT_PENDING,
	IKE_SLOT_ANSWERED,
};

/** struct ike_slot - a request of the peer's and its answer */
struct ike_slot {
	struct ike_slot *next;
	enum ike_slot_state state;
	uint32_t mid;
	uint8_t exchange;
	struct wire_endpoint local;
	struct wire_endpoint remote;
	struct ike_buf answer;
};

/** struct ike_held - a message kept while somebody else is asked */
struct ike_held {
	struct ike_in in;
	struct wire_msg msg;
	size_t plain_len;
	uint8_t plain[];
};

/**
 * struct ike_offer - a Child SA that is being negotiated
 *
 * @child: which one of the connection.
 * @conf: as that was configured, see ike_conn_state.
 * @suite: what was chosen.
 * @more: responder: there are selectors for another Child SA.
 * @chosen: responder: the same as the proposal to be answered.
 * @tsi: initiator of the exchange; offered, then as answered.
 */
struct ike_offer {
	unsigned int child;
	unsigned int conf;
	enum mobx_mode mode;
	bool more;
	struct crypto_suite suite;
	struct wire_proposal chosen;
	uint32_t spi_in;
	uint32_t spi_out;
	struct wire_ts_list tsi;
	struct wire_ts_list tsr;
	unsigned int nselectors;
	struct ike_selector selectors[IKE_MAX_SELECTORS];
};

/* A Child SA that the answerer made but we cannot use: it has to be deleted. */
#define IKE_CHILD_UNWANTED 0xffff

/** struct ike_spi - an inbound SPI that no other Child SA may have */
struct ike_spi {
	struct ike_spi *next;
	uint32_t spi;
};

/**
 * struct ike_child_full - a Child SA with what extensions need not see
 *
 * @spi: its own SPI is taken.
 * @conf: as its connection was configured when it was agreed on.
 * @mode: as agreed.
 * @local: own address of the IKE SA then; @remote: the peer's.
 * @keys: until both SAs are in the kernel.
 * @from_us: we began the exchange that made it.
 * @ours: we made the first one of its line of rekeys.
 * @replaces: own SPI of the Child SA that it takes the place of, or 0.
 * @beside: what that is, is a guess: the peer has not said so.
 * @switch_us: when to begin sending under it, come what may.
 * @again_us: when to try to replace it, IKE_NEVER or IKE_WAITS.
 * @again_rekey: and how, see ike_sa_replace_child().
 * @anew: once it is deleted another is made.
 * @out_asked: the kernel has been told of the outbound SA.
 * @lost: one too many: the peer will delete it, nothing is sent under it.
 * @answer: what the exchange that made it still has to say.
 */
struct ike_child_full {
	struct ike_child c;
	struct ike_spi spi;
	unsigned int conf;
	enum mobx_mode mode;
	struct wire_addr local;
	struct wire_addr remote;
	struct crypto_child_keys keys;
	bool from_us;
	bool ours;
	uint32_t replaces;
	bool beside;
	uint64_t switch_us;
	uint64_t again_us;
	bool again_rekey;
	bool anew;
	bool out_asked;
	bool lost;
	struct ike_answer *answer;
};

static inline struct ike_child_full *ike_child_full(struct ike_child *c)
{
	return (struct ike_child_full *)c;
}

/** typedef ike_child_fn - a Child SA has been put into the kernel, or not */
typedef void (*ike_child_fn)(struct ike_sa *sa, struct ike_child *c, int err);

/** struct ike_answer - of a CREATE_CHILD_SA that waits for the kernel */
struct ike_answer {
	uint32_t mid;
	struct ike_offer offer;
	uint8_t nonce[IKE_NONCE_LEN];
	struct crypto_ke ke;
};

/** struct ike_nonce - the lower of an exchange's two nonces */
struct ike_nonce {
	uint8_t v[IKE_NONCE_MAX];
	size_t len;
};

/**
 * struct ike_create - a CREATE_CHILD_SA exchange of ours for a Child SA
 *
 * @old_in: own SPI of the Child SA to be replaced, or 0.
 * @rival: own SPI of what the peer's rekey of the same one made, or 0.
 * @trigger: it has the selectors of a packet in front; @single: only those.
 * @gone: SPIs not known here that the peer has deleted since: its answer, which
 *	may be late, may tell of one of them.
 */
struct ike_create {
	uint32_t old_in;
	bool rekey;
	unsigned int rounds;
	struct wire_sa sent;
	struct ike_offer offer;
	struct crypto_ke ke;
	uint8_t nonce[IKE_NONCE_LEN];
	struct ike_nonce lowest;
	uint32_t rival;
	struct ike_nonce rival_lowest;
	bool trigger;
	bool single;
	unsigned int n_gone;
	uint32_t gone[IKE_MAX_CHILDREN];
};

/**
 * struct ike_follow - key exchanges of one CREATE_CHILD_SA (RFC 9370), until all
 *	are done
 *
 * @suite: of the IKE SA to be made.
 * @spi_peer: the peer's SPI of it.
 * @spi_own: our own, if we answer.
 * @since: responder: when the last one was answered.
 * @next: index of the additional one that is due; @begun: the first is done.
 * @link: what names this one in the next request.
 * @first: shared secret of the first one; @more: those of the others.
 */
struct ike_follow {
	struct crypto_suite suite;
	uint64_t spi_peer;
	uint64_t spi_own;
	uint64_t since;
	struct ike_nonce ni;
	struct ike_nonce nr;
	unsigned int next;
	bool begun;
	struct ike_buf link;
	size_t first_len;
	uint8_t first[CRYPTO_KE_SHARED_MAX];
	size_t more_len;
	uint8_t more[CRYPTO_MAX_ADDKE * CRYPTO_KE_SHARED_MAX];
};

/**
 * struct ike_rekey - an exchange of ours that replaces the IKE SA
 *
 * @spi: own SPI of the new one.
 * @sent: the request has left.
 * @follow: answered, but more key exchanges are to come; or NULL.
 * @rival: made by the peer's exchange for the same end, or NULL.
 */
struct ike_rekey {
	uint64_t spi;
	bool sent;
	unsigned int rounds;
	struct wire_sa offer;
	struct crypto_ke ke;
	uint8_t nonce[IKE_NONCE_LEN];
	struct ike_follow *follow;
	struct ike_sa *rival;
	struct ike_nonce rival_lowest;
};

/** struct ike_trigger - a packet for which there is no SA; @set: there is one */
struct ike_trigger {
	bool set;
	struct wire_addr local;
	struct wire_addr remote;
	uint8_t proto;
	uint16_t local_port;
	uint16_t remote_port;
};

/** struct ike_linger - an SA to be deleted in the kernel a little later */
struct ike_linger {
	struct ike_linger *next;
	uint64_t at;
	uint32_t spi;
	enum mobx_dir dir;
	struct ike_spi node;
};

#define IKE_MAX_EARLY 4

/** struct ike_early - a datagram that is looked at a little later */
struct ike_early {
	struct wire_endpoint local;
	struct wire_endpoint remote;
	struct ike_buf data;
};

/**
 * struct ike_ppk - of an IKE SA that has or may get a post-quantum preshared key
 *
 * @other: SK_d, SK_pi and SK_pr as they are not used now: without it or with it.
 * @auth: initiator: authentication data without it, for a peer that lacks it.
 * @used: it has gone into the keys.
 */
struct ike_ppk {
	uint8_t other[CRYPTO_PPK_KEYS_MAX];
	struct ike_buf auth;
	bool used;
};

/**
 * struct ike_inter - what comes between IKE_SA_INIT and IKE_AUTH (RFC 9242)
 *
 * @next: index of the additional key exchange that is due.
 * @rounds: exchanges that are over.
 * @auth_i: what AUTH covers of the initiator's messages so far.
 * @auth_r: the same of the responder's.
 * @old: keys of the last exchange, or NULL.
 */
struct ike_inter {
	unsigned int next;
	unsigned int rounds;
	uint8_t auth_i[CRYPTO_PRF_MAX];
	uint8_t auth_r[CRYPTO_PRF_MAX];
	struct crypto_ike_keys *old;
};

#define IKE_TICKET_LEN 32

/** struct ike_kept - of an IKE SA, for another that resumes it (RFC 5723) */
struct ike_kept {
	struct crypto_suite suite;
	uint8_t sk_d[CRYPTO_PRF_MAX];
	bool fragments;
};

/**
 * struct ike_ticket - initiator: what the responder wants to be shown then
 *
 * @shown: it was, and nothing has come of it yet.
 */
struct ike_ticket {
	struct ike_buf data;
	uint64_t until;
	bool shown;
	struct ike_kept kept;
};

/** struct ike_session - responder: what a ticket stands for */
struct ike_session {
	struct ike_session *next;
	uint8_t ticket[IKE_TICKET_LEN];
	uint64_t until;
	char conn[IKE_MAX_NAME];
	struct ike_id own;
	struct ike_id peer;
	struct ike_kept kept;
};

struct ike_eap;

struct ike_sa_private {
	struct ike_sa *next;
	struct ike_sa *prev;
	/* Of sched.c: place in the heap, and lists of a moment. */
	uint64_t deadline;
	size_t heap_at;
	/* Its part of ike_engine_remotes(), when last looked at. */
	struct wire_addr counted;
	/* Where the peer may be met too. */
	struct wire_addr others[IKE_MAX_OTHERS];
	unsigned int n_others;
	bool touched;
	struct ike_sa *touch;
	struct ike_sa *due;
	bool doomed;
	struct ike_sa *dead;
	struct ike_sa *hash_next;
	struct ike_sa *init_next;
	bool in_init_hash;

	struct crypto_ike_keys keys;
	bool have_keys;
	/* Counts as half-open: a responder that knows nobody yet. */
	bool half_open;
	/* The peer is authenticated, a Delete would be understood. */
	bool authentic;
	/* The extension has been told that it is established. */
	bool announced;
	bool ext_open;
	/* Until there are keys. */
	struct crypto_ke *ke;
	struct ike_buf ni;
	struct ike_buf nr;
	/* The IKE_SA_INIT messages that AUTH covers. */
	struct ike_buf init_mine;
	struct ike_buf init_theirs;
	struct ike_buf cookie;
	struct wire_sa *init_offer;
	unsigned int init_rounds;
	uint16_t init_error;
	uint64_t init_error_us;

	uint64_t start_us;
	uint64_t expire_us;
	/*
	 * When was last looked whether a NAT has to be reminded of us, how many
	 * packets had left, and since when none may have; 0 for the beginning.
	 */
	uint64_t nat_look_us;
	uint64_t nat_packets;
	uint64_t nat_quiet_us;
	/* When was last asked where ESP came from. */
	uint64_t nat_probe_us;

	uint32_t out_mid;
	unsigned int peer_window;
	struct ike_request *requests;

	uint32_t in_mid;
	unsigned int own_window;
	/* Those of the window, and of as many before it: often one or two. */
	struct ike_slot *slots;

	/* What the peer will say when it has lost this IKE SA (RFC 6290). */
	struct ike_buf qcd;

	/* Both ends know fragments (RFC 7383); those that wait for others. */
	bool fragments;
	struct ike_frags *frags;

	/* Requests that came before IKE_AUTH was through. */
	unsigned int n_early;
	struct ike_early early[IKE_MAX_EARLY];

	struct ike_inter inter;
	/* IKE_AUTH in work. */
	struct ike_held *auth_in;
	struct ike_buf auth_mine;
	uint8_t auth_method;
	struct ike_buf auth_certs;
	/* Hash algorithms of the peer's signatures, 0 without RFC 7427. */
	unsigned int hashes;
	/* Both ends know IKE SAs without Child SA (RFC 6023); there is none. */
	bool childless;
	/* Both ends know PPKs (RFC 8784), and one may be used. */
	bool use_ppk;
	struct ike_ppk ppk;
	/* IKE_AUTH takes several rounds; NULL if not, or before the second. */
	struct ike_eap *eap;
	/* It begins with a ticket; the peer's, until it is established. */
	bool resuming;
	struct ike_session *session;
	bool ticket_asked;
	/* Virtual addresses: own ones, or those that the peer was given. */
	struct ike_virtual virtual;
	/* The pool is asked for the peer's once more: they are not taken yet. */
	bool leasing;
	uint16_t child_error;
	struct ike_offer *offer;
	struct wire_sa *child_sent;

	struct ike_create *create;
	/* When to make a Child SA where there is none, IKE_NEVER or IKE_WAITS. */
	uint64_t new_us[IKE_MAX_CONN_CHILDREN];
	/* A packet that waits for one. */
	struct ike_trigger trigger;
	struct ike_linger *linger;
	unsigned int rebinds;

	/* Rekeying of the IKE SA: ours, when it is due, and when at last. */
	struct ike_rekey *rekey;
	/* The peer's, while more key exchanges of it are to come. */
	struct ike_follow *follow;
	uint64_t rekey_us;
	uint64_t over_us;
	/* What it has belongs to another IKE SA: it ends without a word. */
	bool replaced;
	/* That one, and how many have this one for it. */
	struct ike_sa *successor;
	unsigned int predecessors;
	/* The IKE SA that both ends rekeyed, while this one is a rival. */
	struct ike_sa *rival_of;
	/* A successor that the peer may not know of yet. */
	bool unheard;
	/* Replaced by us: to be deleted when nothing is under way any more. */
	bool delete_due;
	/* Ends because the peer says nothing. */
	bool silent;
	/* Ends because its connection goes on with another gateway. */
	bool redirected;
	/* When something last came by the addresses that it has now. */
	uint64_t way_heard_us;
};

/**
 * struct ike_conn_state - a connection and what it is up to
 *
 * @conf: counts from 1 how @cfg changes under its IKE SAs.
 * @agreed: @conf since which a Child SA is what it is: those agreed on before
 *	are out of date.
 */
struct ike_conn_state {
	struct ike_conn_state *next;
	struct ike_conn cfg;
	unsigned int conf;
	unsigned int agreed[IKE_MAX_CONN_CHILDREN];
	bool removed;
	bool wanted;
	bool contacted;
	unsigned int pair;
	/* Attempts in a row of which nothing lasted. */
	unsigned int failures;
	uint64_t retry_us;
	/* When the last IKE SA was authenticated; a rekey is none. */
	uint64_t up_us;
	uint64_t up_reply;
	uint64_t told_nowhere_us;
	/* Where the peer has sent us, from where, and how often of late. */
	struct wire_addr redirect;
	struct wire_addr redirected_from;
	unsigned int redirects;
	uint64_t redirects_us;
	/* What it is set up for, if a packet waits. */
	struct ike_trigger trigger;
	/* For the next IKE SA. */
	struct ike_ticket ticket;
	/* Virtual addresses that its device has by us. */
	unsigned int n_placed;
	struct wire_addr placed[IKE_MAX_VIRTUAL];
};

struct ike_wait;

/** typedef ike_wait_fn - the answer to a tagged action is in */
typedef void (*ike_wait_fn)(struct ike_sa *sa, void *ctx,
			    const struct ike_event *ev);

struct ike_wait {
	struct ike_wait *next;
	uint64_t tag;
	struct ike_sa *sa;
	ike_wait_fn fn;
	void *ctx;
	/* Outlives @sa; @fn is called without one then. */
	bool keep;
	uint32_t peer;
};

struct ike_leftover {
	struct ike_leftover *next;
	uint64_t delete_us;
	uint32_t peer;
	char label[MOBX_MAX_LABEL + 1];
	uint64_t generation;
	unsigned int n;
	struct ike_left_sa sas[];
};

/** struct ike_bucket - a token bucket: so many a second, no more */
struct ike_bucket {
	uint64_t at;
	unsigned int left;
};

struct ike_engine {
	struct ike_settings s;
	const struct ike_ext_ops *ext;
	uint64_t now;
	struct ike_actions *out;
	struct ike_conn_state *conns;
	struct ike_sa *sas;
	struct ike_sa *spi_hash[IKE_SPI_BUCKETS];
	/* Responders' IKE SAs by the initiator's SPI. */
	struct ike_sa *init_hash[IKE_SPI_BUCKETS];
	struct ike_sa **heap;
	size_t n_heap;
	size_t cap_heap;
	bool remotes_changed;
	struct ike_sa *touched;
	struct ike_sa *dead;
	/* Inbound SPIs of Child SAs, in use or lingering. */
	struct ike_spi *child_hash[IKE_SPI_BUCKETS];
	struct ike_wait *waits;
	struct ike_wait **last_wait;
	uint64_t last_tag;
	uint64_t last_request;
	uint32_t last_peer;
	struct ike_leftover *leftovers;
	struct ike_session *sessions[IKE_SPI_BUCKETS];
	unsigned int n_sessions;
	struct ike_host_addr addrs[IKE_MAX_HOST_ADDRS];
	unsigned int naddrs;
	struct ike_own_addr own[IKE_MAX_OWN];
	unsigned int n_own;
	unsigned int half_open;
	/* Octets of fragments that wait for others, of all IKE SAs. */
	size_t frag_octets;
	uint8_t cookie_secret[2][CRYPTO_COOKIE_SECRET];
	uint8_t cookie_version;
	uint64_t cookie_us;
	struct ike_bucket unknown_spi;
	struct ike_bucket bad_version;
	struct ike_bucket refusals;
	struct ike_bucket failures;
	/* Lines about strangers that were left out since one was not. */
	unsigned int not_said;
	struct ike_counters n;
	bool shutdown;
	/* A successor goes on: what rests is handed over, at last then. */
	bool leaving;
	uint64_t leave_us;
	size_t left_octets;
};

#endif /* MOBX_IKE_STATE_H */
