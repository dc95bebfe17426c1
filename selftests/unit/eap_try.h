/* SPDX-License-Identifier: GPL-2.0 */
/*
 * EAP methods for tests, and two hosts that use them: host 1 signs with a key
 * that host 0 knows, unless EAP is all that either has.
 */
#ifndef SELFTESTS_EAP_TRY_H
#define SELFTESTS_EAP_TRY_H

#include "ike/auth.h"
#include "ike_net.h"
#include "told.h"

/* Both prove that they know a secret, and have a key. */
#define EAP_TRY_MUTUAL 100
/* An initiator proves it, and there is no key. */
#define EAP_TRY_PLAIN 101
/* Neither comes to an end, but after eap_try.rounds. */
#define EAP_TRY_ENDLESS 102
/* Like PLAIN, but the responder stays what it is told in eap_try.identity. */
#define EAP_TRY_RENAMED 103
/* A responder's says eap_try.verdict at once and takes no answers. */
#define EAP_TRY_ODD 104

/**
 * struct eap_try - what the methods do besides
 * @pad: octets that follow a challenge
 * @spoil: hosts, by their roles, whose key is another: initiator, responder
 * @identity: what RENAMED proves
 * @nameless: hosts, by their roles, that do not say that the peer is who its ID
 *	payload says
 * @rounds: after how many answers ENDLESS ends, 0 for never
 * @verdict: what ODD says, and @question: octets that it asks
 * @key: what MUTUAL has made last
 * @live: conversations that are not freed
 */
struct eap_try {
	size_t pad;
	bool spoil[2];
	const char *identity;
	bool nameless[2];
	unsigned int rounds;
	enum ike_eap_verdict verdict;
	size_t question;
	uint8_t key[IKE_EAP_KEY_LEN];
	unsigned int live;
};

extern struct eap_try eap_try;

struct eap_pair {
	struct net *net;
	struct ike_conn conn[2];
	struct told told[2];
};

/**
 * eap_pair_new() - two hosts with connections that are not added yet
 * @seed: of the network
 * @types: EAP types of both, 0 at the end
 * @only: EAP alone: nobody signs
 */
struct eap_pair *eap_pair_new(uint64_t seed, const uint8_t *types, bool only);

/** eap_pair_start() - add the connections, the responder's first */
void eap_pair_start(struct eap_pair *p);

void eap_pair_free(struct eap_pair *p);

/** eap_message() - the nth IKE_AUTH message of a host; free @octets */
void eap_message(struct net *net, int host, unsigned int nth,
		 struct wire_msg *msg, uint8_t **octets);

/** eap_carries() - has it a payload of a type */
bool eap_carries(struct net *net, int host, unsigned int nth, uint8_t type);

/** eap_says() - has it a notify of a type */
bool eap_says(struct net *net, int host, unsigned int nth, uint16_t type);

/** eap_is_up() - both are established, and nothing of EAP is left */
bool eap_is_up(struct net *net);

/** eap_refused_only() - host 1 has refused, and keeps its answer and no secret */
bool eap_refused_only(struct net *net);

/** eap_must_be_up() - the same, in a moment */
void eap_must_be_up(struct net *net);

/**
 * eap_must_fail() - nobody gets in, and nothing is left of it after a while
 * @p: pair
 * @host: whose log says why
 * @reason: which is that
 */
void eap_must_fail(struct eap_pair *p, int host, const char *reason);

#endif /* SELFTESTS_EAP_TRY_H */
