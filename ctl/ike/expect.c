// SPDX-License-Identifier: GPL-2.0
/*
 * Which exchange may take place when, begun by whom, and with which payloads
 * (RFC 7296, section 1 and appendix C). Looked at before any code of an
 * exchange runs: that sees nothing which has no place in its message.
 */
#include "ike/priv.h"

#define PL(type) (UINT64_C(1) << (type))
#define IN(state) (1u << (state))

#define EVERYWHERE (PL(IKE_PL_NOTIFY) | PL(IKE_PL_VENDOR))
#define CHILD (PL(IKE_PL_SA) | PL(IKE_PL_TSI) | PL(IKE_PL_TSR))
#define IDENTITY (PL(IKE_PL_CERT) | PL(IKE_PL_AUTH) | PL(IKE_PL_EAP) | \
		  PL(IKE_PL_CP))
#define ANY_AFTER_AUTH (IN(IKE_SA_ESTABLISHED) | IN(IKE_SA_RIVAL) | \
			IN(IKE_SA_REKEYED) | IN(IKE_SA_CLOSING))

/**
 * struct rule - one kind of message
 *
 * @states: of the IKE SA in which a request of it may come.
 * @to_initiator: the IKE SA's initiator may be asked too.
 * @needed: payloads without which a request is malformed.
 * @allowed: payloads that are looked at.
 */
struct rule {
	uint8_t exchange;
	bool response;
	unsigned int states;
	bool to_initiator;
	uint64_t needed;
	uint64_t allowed;
};

static const struct rule rules[] = {
	{
		.exchange = IKE_EX_AUTH,
		.states = IN(IKE_SA_AUTH),
		.allowed = EVERYWHERE | CHILD | IDENTITY | PL(IKE_PL_IDI) |
			   PL(IKE_PL_IDR) | PL(IKE_PL_CERTREQ),
	}, {
		.exchange = IKE_EX_AUTH,
		.response = true,
		.allowed = EVERYWHERE | CHILD | IDENTITY | PL(IKE_PL_IDR),
	}, {
		.exchange = IKE_EX_INTERMEDIATE,
		.states = IN(IKE_SA_AUTH),
		.needed = PL(IKE_PL_KE),
		.allowed = EVERYWHERE | PL(IKE_PL_KE),
	}, {
		.exchange = IKE_EX_INTERMEDIATE,
		.response = true,
		.allowed = EVERYWHERE | PL(IKE_PL_KE),
	}, {
		.exchange = IKE_EX_CREATE_CHILD_SA,
		.states = ANY_AFTER_AUTH,
		.to_initiator = true,
		.needed = PL(IKE_PL_SA) | PL(IKE_PL_NONCE),
		.allowed = EVERYWHERE | CHILD | PL(IKE_PL_NONCE) |
			   PL(IKE_PL_KE),
	}, {
		.exchange = IKE_EX_CREATE_CHILD_SA,
		.response = true,
		.allowed = EVERYWHERE | CHILD | PL(IKE_PL_NONCE) |
			   PL(IKE_PL_KE),
	}, {
		.exchange = IKE_EX_FOLLOWUP_KE,
		.states = ANY_AFTER_AUTH,
		.to_initiator = true,
		.needed = PL(IKE_PL_KE),
		.allowed = EVERYWHERE | PL(IKE_PL_KE),
	}, {
		.exchange = IKE_EX_FOLLOWUP_KE,
		.response = true,
		.allowed = EVERYWHERE | PL(IKE_PL_KE),
	}, {
		.exchange = IKE_EX_INFORMATIONAL,
		.states = ANY_AFTER_AUTH,
		.to_initiator = true,
		.allowed = EVERYWHERE | PL(IKE_PL_DELETE) | PL(IKE_PL_CP),
	}, {
		.exchange = IKE_EX_INFORMATIONAL,
		.response = true,
		.allowed = EVERYWHERE | PL(IKE_PL_DELETE) | PL(IKE_PL_CP),
	},
};

static const struct rule *rule_of(const struct wire_hdr *hdr)
{
	bool response = hdr->flags & IKE_FLAG_RESPONSE;
	size_t i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].exchange == hdr->exchange &&
		    rules[i].response == response)
			return &rules[i];
	return NULL;
}

/** ike_expects() - may a request come by an IKE SA as it is now */
bool ike_expects(const struct ike_sa *sa, const struct wire_hdr *hdr)
{
	const struct rule *rule = rule_of(hdr);

	return rule && rule->states & IN(sa->state) &&
	       (rule->to_initiator || !sa->initiator);
}

/**
 * ike_expect_payloads() - take out of a message what has no place in it
 * @msg: opened
 *
 * What is not known is left in: a critical one is to be refused by name.
 *
 * Return: false if it lacks what it needs.
 */
bool ike_expect_payloads(struct wire_msg *msg)
{
	const struct rule *rule = rule_of(&msg->hdr);
	unsigned int i, n = 0;
	uint64_t seen = 0;
	uint8_t type;

	for (i = 0; rule && i < msg->n; i++) {
		type = msg->payload[i].type;
		if (type >= IKE_PL_SA && type <= IKE_PL_EAP) {
			if (!(rule->allowed & PL(type)))
				continue;
			seen |= PL(type);
		}
		msg->payload[n++] = msg->payload[i];
	}
	if (rule)
		msg->n = n;
	return !rule || !(rule->needed & ~seen);
}
