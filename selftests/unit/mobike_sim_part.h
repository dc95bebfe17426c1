/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the simulator are to each other. */
#ifndef SELFTESTS_MOBIKE_SIM_PART_H
#define SELFTESTS_MOBIKE_SIM_PART_H

#include "mobike_sim.h"

enum { EV_PACKET, EV_KERNEL, EV_COUNTS, EV_AUTH, EV_ADDRS, EV_TICK, EV_DATA };

/** sim_broken() - the simulator itself, or what it is used for, is at fault: end */
__attribute__((noreturn, format(printf, 2, 3)))
void sim_broken(const struct sim *sim, const char *fmt, ...);

/** sim_fill_random() - what an engine of the world @ctx draws its numbers from */
int sim_fill_random(void *ctx, uint8_t *buf, size_t len);

/** sim_push() - have something happen at @ev.at, behind what happens then already */
void sim_push(struct sim *sim, struct sim_event ev);

/** sim_pop() - take what happens next; there is something */
struct sim_event sim_pop(struct sim *sim);

/** sim_link_of() - whose address this is, inside or outside of a NAT */
struct sim_link *sim_link_of(struct sim *sim, const struct wire_addr *addr,
			     int *node);

/** sim_link_at() - who gets what is sent to an address and port that all can see */
struct sim_link *sim_link_at(struct sim *sim, const struct wire_endpoint *to,
			     int *node);

/** sim_nat_lets_in() - is @port one of the NAT's; it becomes the one inside */
bool sim_nat_lets_in(const struct sim_link *l, uint16_t *port);

/** sim_nat_shows() - what becomes of a source behind this link's NAT */
void sim_nat_shows(const struct sim_link *l, struct wire_endpoint *e);

/** sim_travel() - when something sent now arrives; false if it is lost */
bool sim_travel(struct sim *sim, const struct wire_addr *from,
		const struct wire_endpoint *to, unsigned int lose, uint64_t *at);

/** sim_transmit() - a datagram of IKE sets out, or copies of it, or none does */
void sim_transmit(struct sim *sim, const struct ike_ac_send *s);

/** sim_tick() - both ends send a protected datagram, and soon the next */
void sim_tick(struct sim *sim);

/** sim_take_data() - one of those has come to where a kernel judges it */
void sim_take_data(struct sim *sim, struct sim_event *ev);

#endif /* SELFTESTS_MOBIKE_SIM_PART_H */
