/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer written by hand: the IKEv2 engine with an extension that says what a
 * test wants it to say, and notes what comes back.
 */
#ifndef SELFTESTS_MOBIKE_HAND_H
#define SELFTESTS_MOBIKE_HAND_H

#include "ike/sa.h"
#include "mobike_sim.h"
#include "wire/mobike.h"

#define RADIO	"10.0.1.2"
#define WLAN	"10.0.2.2"
#define CABLE	"10.0.4.2"
#define LOCALNET "169.254.7.7"
#define SERVER	"10.0.3.2"
#define RADIO6	"2001:db8:1::2"
#define SERVER6	"2001:db8:3::2"

#define HAND_MAX_NOTIFIES	70

enum no_nats { RIGHT, WRONG, NONE };
enum check { ANSWERED, FORGED, WITHOUT, SILENT, REFUSED };

struct notify {
	uint16_t type;
	uint8_t data[40];
	size_t len;
};

/**
 * struct ask - a request of the hand-written peer, and what came back
 *
 * @to: where it goes, if not to where the IKE SA is
 */
struct ask {
	const char *by;
	const char *to;
	unsigned int conn;
	enum no_nats no_nats;
	bool natd;
	size_t cookie_len;
	unsigned int n;
	struct notify v[HAND_MAX_NOTIFIES];

	bool answered;
	uint16_t error;
	struct mobikex_reason reason;
	bool cookie_back;
	bool natd_back;
	bool has_set;
	struct mobikex_set set;
};

/* The hand: which node it is, what it is about to do, and how it meets checks. */
struct hand {
	int node;
	struct ike_sa *sa[4];
	unsigned int n_sa;
	struct ask *todo[4];
	unsigned int n_todo;
	enum check check;
	unsigned int checks;
	bool closed;
};

extern struct hand hand;
extern const struct ike_ext_ops hand_ext;

/* The hand as mobile with four links, the real one as server; both up. */
struct sim *hand_start(bool server_x, uint8_t max_paths);

/* A request that leaves by this address, with NATD, COOKIE2, NO_NATS_ALLOWED */
struct ask hand_ask_by(const char *by);
void hand_put(struct ask *a, uint16_t type, const void *data, size_t len);
void hand_put_block(struct ask *a, uint16_t type, uint16_t id, uint8_t flags,
		    const char *old, const char *new_addr);
void hand_put_update(struct ask *a);

/* Send one, or two at the same moment; the others wait for the answer too. */
void hand_send(struct sim *sim, struct ask *a, struct ask *b);
void hand_ask(struct sim *sim, struct ask *a);

/* Refused as told, and the asked one's kernel is as it was. */
void hand_refuse(struct sim *sim, struct ask *a, uint16_t error,
		 uint16_t reason, uint16_t block);
void hand_agree(struct sim *sim, struct ask *a);
void hand_add_wlan(struct sim *sim);

#endif /* SELFTESTS_MOBIKE_HAND_H */
