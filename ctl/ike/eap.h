/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an EAP method is to the state machine (RFC 3748, RFC 7296 section 2.16).
 *
 * A method is a table of functions and plays both roles. It is as pure as the
 * engine: packets in, packets out. It runs where the network is parsed, which is
 * no place for secrets; what needs one (what a SIM calculates, a password, what
 * a RADIUS server says) it asks for, as the engine asks for AUTH, and goes on
 * with the answer. The engine deals with all that is EAP's and not the method's:
 * codes, identifiers, Nak, Identity, Notification, Success and Failure, how many
 * rounds there may be, and AUTH from the key.
 */
#ifndef MOBX_IKE_EAP_H
#define MOBX_IKE_EAP_H

#include "ike/sa.h"

/* Of the Master Session Key (RFC 5247, section 1.2) */
#define IKE_EAP_KEY_LEN 64

/** enum ike_eap_verdict - what a method makes of a packet */
enum ike_eap_verdict {
	/* The next packet is in ike_eap_out.data. */
	IKE_EAP_SAY,
	/* The same, of an initiator that has all it wants: Success may come. */
	IKE_EAP_SAY_LAST,
	/*
	 * A responder's: the peer has proved who it is, by a packet of the
	 * method at least.
	 */
	IKE_EAP_PROVED,
	/* It ends in failure; ike_eap_out.text may tell why. */
	IKE_EAP_REFUSED,
	/* The question in ike_eap_out.data comes first. */
	IKE_EAP_ASK,
};

/**
 * struct ike_eap_out - what a method has to say, all zero before it is called
 * @data: SAY: Type-Data of the packet; ASK: the question; of at most
 *	IKE_EAP_MAX_DATA octets. Freed and wiped by who called.
 * @identity: PROVED: whom, if the method knows better than IDi; else type 0
 * @fits: PROVED and SAY_LAST: the method has compared whom it has authenticated
 *	with who the peer's ID payload says it is, &ike_sa.remote_id, and that is
 *	the same. A responder's has to say that or @identity, an initiator's where
 *	nobody signs (RFC 5998): else who is somebody could claim to be anybody.
 * @text: REFUSED: why, for the log; static
 */
struct ike_eap_out {
	struct wire_wr data;
	struct ike_id identity;
	bool fits;
	const char *text;
};

/* Octets of one packet; methods with more to say go on in the next one. */
#define IKE_EAP_MAX_DATA (16 * 1024)

/**
 * struct ike_eap_method - an EAP method
 * @name: for the log
 * @type: EAP type, 4 to 253
 * @safe: authenticates both ends and makes a key that nobody can guess from
 *	what was sent: needs no AUTH of the responder before (RFC 5998, section 4)
 * @begin: Make what one conversation needs. @sa->initiator says which role it
 *	has, @sa->conn what is configured. NULL without memory.
 * @round: A packet of this method has come: its Type-Data, of any length and
 *	content. A responder is first called with NULL: it begins.
 * @told: What was asked for; NULL if it was refused. Never without @round
 *	having said ASK; may be NULL in a method that does not.
 * @key: Master Session Key, after Success; 0 or a negative errno. NULL in a
 *	method that makes none.
 * @free: End of what @begin made: wipe it. Called in any state, an answer to
 *	what was asked does not come any more.
 */
struct ike_eap_method {
	const char *name;
	uint8_t type;
	bool safe;
	void *(*begin)(struct ike_sa *sa);
	enum ike_eap_verdict (*round)(void *state, const struct wire_span *in,
				      struct ike_eap_out *out);
	enum ike_eap_verdict (*told)(void *state, const struct wire_span *answer,
				     struct ike_eap_out *out);
	int (*key)(void *state, uint8_t key[IKE_EAP_KEY_LEN]);
	void (*free)(void *state);
};

#endif /* MOBX_IKE_EAP_H */
