/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The IKEv2 state machine (RFC 7296): what goes in, what comes out.
 *
 * An engine holds the connections of one host and their IKE SAs. It is pure:
 * (state, event, now, random) -> actions. It never touches a socket, a clock,
 * a file or the kernel; its owner hands it events and carries out the actions
 * that it returns, in their order. One engine serves one thread.
 *
 * An action that the kernel or the credentials have to answer carries a tag;
 * the owner hands the answer back as an event with the same tag, sooner or
 * later, but each exactly once and those of the kernel in the order of the
 * actions. What must not happen before the kernel has agreed (a message that
 * lets the peer use a new path or SA) leaves the engine only after that answer.
 *
 * Times are microseconds of one clock that never goes back. Ports and SPIs of
 * ESP are in host order. Datagrams go in and out without the non-ESP marker:
 * it belongs to port 4500 and whoever owns that socket adds and removes it.
 */
#ifndef MOBX_IKE_IKE_H
#define MOBX_IKE_IKE_H

#include "ike/action.h"
#include "ike/conn.h"
#include "ike/counters.h"
#include "ike/event.h"
#include "ike/status.h"
#include "ike/text.h"

#define IKE_NEVER UINT64_MAX
#define IKE_QCD_SECRET 32

struct ike_eap_method;

/**
 * struct ike_settings - of the whole engine
 * @random: fills a buffer with octets that nobody can predict, returns 0;
 *	see crypto_random()
 * @random_ctx: its first argument
 * @cookie_threshold: half-open IKE SAs before cookies are asked for; 0 always
 * @max_half_open: above this IKE_SA_INIT requests are dropped; 0 means 4096
 * @qcd: tell peers how to notice that this host has lost its IKE SAs (RFC 6290)
 * @qcd_secret: with that, the same after a crash
 * @port: of IKE, 0 means 500
 * @natt_port: the other one, 0 means 4500
 * @eap: EAP methods that there are, the last entry NULL, which stay as long as
 *	the engine; or NULL for none. See ike/eap.h.
 */
struct ike_settings {
	int (*random)(void *ctx, uint8_t *out, size_t len);
	void *random_ctx;
	unsigned int cookie_threshold;
	unsigned int max_half_open;
	bool qcd;
	uint8_t qcd_secret[IKE_QCD_SECRET];
	uint16_t port;
	uint16_t natt_port;
	const struct ike_eap_method *const *eap;
};

struct ike_engine;
struct ike_ext_ops;

/**
 * ike_engine_new() - an engine without connections
 * @s: settings, copied
 * @ext: extension (MOBIKE-X, see ike/sa.h), or NULL for none
 *
 * Return: the engine, or NULL without memory.
 */
struct ike_engine *ike_engine_new(const struct ike_settings *s,
				  const struct ike_ext_ops *ext);

/** ike_engine_free() - wipe and free; sends nothing. NULL is fine. */
void ike_engine_free(struct ike_engine *eng);

/**
 * ike_engine_event() - let an event happen
 * @eng: engine
 * @ev: what happened; nothing that it points to is kept
 * @now_us: when
 * @out: actions are appended here
 *
 * Without memory the event is as if lost, which the protocol survives.
 */
void ike_engine_event(struct ike_engine *eng, const struct ike_event *ev,
		      uint64_t now_us, struct ike_actions *out);

/** ike_engine_deadline() - when a TIMER event is due, or IKE_NEVER */
uint64_t ike_engine_deadline(const struct ike_engine *eng);

/**
 * ike_engine_remotes() - remote addresses whose routes matter now
 * @eng: engine
 * @out: gets them, without duplicates
 * @max: room in @out
 *
 * To be asked anew after events, if ike_engine_remotes_changed(); the owner
 * watches routes towards these and reports them with IKE_EV_ADDRS, also when
 * the list changes.
 *
 * Return: how many.
 */
unsigned int ike_engine_remotes(const struct ike_engine *eng,
				struct wire_addr *out, unsigned int max);

/** ike_engine_remotes_changed() - may they be others than when last asked */
bool ike_engine_remotes_changed(struct ike_engine *eng);

/** ike_engine_idle() - after SHUTDOWN or LEAVE: has every IKE SA gone */
bool ike_engine_idle(const struct ike_engine *eng);

#endif /* MOBX_IKE_IKE_H */
