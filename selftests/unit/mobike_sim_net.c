// SPDX-License-Identifier: GPL-2.0
/* What the simulator stands on: chance, the queue of what is to happen, and links. */
#include "mobike_sim_part.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noreturn, format(printf, 2, 3)))
void sim_broken(const struct sim *sim, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "seed %llu, %.6f s: ", (unsigned long long)sim->seed,
		(double)sim->now / 1e6);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

/* ------------------------------------------------------------- chance */

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

uint32_t sim_random(struct sim *sim, uint32_t below)
{
	return (uint32_t)((next_random(&sim->rng) >> 20) % below);
}

int sim_fill_random(void *ctx, uint8_t *buf, size_t len)
{
	struct sim *sim = ctx;

	if (sim->no_random)
		return -EIO;
	for (size_t i = 0; i < len; i++)
		buf[i] = (uint8_t)(next_random(&sim->rng) >> 32);
	return 0;
}

/* --------------------------------------------------------------- queue */

static bool before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void sim_push(struct sim *sim, struct sim_event ev)
{
	size_t i = sim->n++;

	if (sim->n > sim->cap) {
		sim->cap = sim->cap ? sim->cap * 2 : 64;
		sim->heap = realloc(sim->heap, sim->cap * sizeof(*sim->heap));
		if (!sim->heap)
			sim_broken(sim, "out of memory");
	}
	ev.order = sim->order++;
	for (; i && before(&ev, &sim->heap[(i - 1) / 2]); i = (i - 1) / 2)
		sim->heap[i] = sim->heap[(i - 1) / 2];
	sim->heap[i] = ev;
}

struct sim_event sim_pop(struct sim *sim)
{
	struct sim_event top = sim->heap[0], last = sim->heap[--sim->n];
	size_t i = 0, c;

	while ((c = 2 * i + 1) < sim->n) {
		if (c + 1 < sim->n && before(&sim->heap[c + 1], &sim->heap[c]))
			c++;
		if (!before(&sim->heap[c], &last))
			break;
		sim->heap[i] = sim->heap[c];
		i = c;
	}
	if (sim->n)
		sim->heap[i] = last;
	return top;
}

/* ------------------------------------------------------------- network */

struct sim_link *sim_link_of(struct sim *sim, const struct wire_addr *addr,
			     int *node)
{
	for (int i = 0; i < 2; i++) {
		for (unsigned int j = 0; j < sim->node[i].n_links; j++) {
			struct sim_link *l = &sim->node[i].links[j];

			if (wire_addr_equal(&l->addr, addr) ||
			    (l->nat.family && wire_addr_equal(&l->nat, addr))) {
				*node = i;
				return l;
			}
		}
	}
	return NULL;
}

bool sim_nat_lets_in(const struct sim_link *l, uint16_t *port)
{
	if (!l->nat.family || !l->nat_port)
		return true;
	if (*port != l->nat_port && *port != l->nat_port + 1)
		return false;
	*port = *port == l->nat_port ? IKE_NATT_PORT : IKE_PORT;
	return true;
}

struct sim_link *sim_link_at(struct sim *sim, const struct wire_endpoint *to,
			     int *node)
{
	for (int i = 0; i < 2; i++) {
		for (unsigned int j = 0; j < sim->node[i].n_links; j++) {
			struct sim_link *l = &sim->node[i].links[j];
			uint16_t port = to->port;

			*node = i;
			if (wire_addr_equal(l->nat.family ? &l->nat : &l->addr,
					    &to->addr) && sim_nat_lets_in(l, &port))
				return l;
		}
	}
	return NULL;
}

void sim_nat_shows(const struct sim_link *l, struct wire_endpoint *e)
{
	if (!l->nat.family)
		return;
	e->addr = l->nat;
	if (l->nat_port)
		e->port = (uint16_t)(l->nat_port + (e->port == IKE_PORT));
}

bool sim_travel(struct sim *sim, const struct wire_addr *from,
		const struct wire_endpoint *to, unsigned int lose, uint64_t *at)
{
	struct sim_link *a, *b;
	int na, nb;

	a = sim_link_of(sim, from, &na);
	b = sim_link_at(sim, to, &nb);
	if (!a || !b || !a->up || !b->up || na == nb)
		return false;
	if (sim_random(sim, 1000) < lose ||
	    sim_random(sim, 1000) < a->lose || sim_random(sim, 1000) < b->lose)
		return false;
	*at = sim->now + a->delay_us + b->delay_us;
	return true;
}

void sim_transmit(struct sim *sim, const struct ike_ac_send *s)
{
	unsigned int copies = 1 + (sim_random(sim, 1000) < sim->repeat);
	struct sim_event ev = {
		.type = EV_PACKET,
		.local = s->remote,
		.remote = s->local,
		.len = s->len,
	};
	unsigned int number = sim->sent++;
	int node;
	struct sim_link *l = sim_link_of(sim, &s->local.addr, &node);

	if (number < 64 && sim->drop >> number & 1)
		return;
	if (l)
		sim_nat_shows(l, &ev.remote);
	if (l)
		sim->node[node].ike_sent++;
	while (copies--) {
		if (!sim_travel(sim, &s->local.addr, &s->remote, sim->lose,
			    &ev.at))
			continue;
		if (sim->jitter_us)
			ev.at += sim_random(sim, (uint32_t)sim->jitter_us);
		ev.data = malloc(s->len);
		if (!ev.data)
			sim_broken(sim, "out of memory");
		memcpy(ev.data, s->data, s->len);
		sim_push(sim, ev);
	}
}
