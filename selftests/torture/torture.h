/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the torture share: see torture.c. */
#ifndef SELFTESTS_TORTURE_H
#define SELFTESTS_TORTURE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define NSEC		1000000000ull

/* In the order in which they end. */
extern volatile bool stop_sending, stop_moving, stop_all;
/* How long, and how many datagrams a second each way. */
extern unsigned int seconds, datagram_rate;

uint64_t now_ns(void);
/* Sleep until the next of @rate moments a second; behind time, do not. */
void pace(uint64_t *next, unsigned int rate);
/* Or the whole test ends. */
void must(bool good, const char *what);
/* The calling thread goes into the namespace of a host. */
void enter(int host);
/* Address of a host on a link, both counted from 0; in network byte order. */
uint32_t address(int host, int link);

/* traffic.c */

/* One way of one protocol. */
struct flow {
	const char *name;
	int type, proto, from, source, link;
	unsigned int rate;		/* a second; else of the datagrams' */
	unsigned int part;		/* the nth part, or all of them */
	bool whole;			/* must lose nothing */
	bool nothing;			/* must not arrive */
	uint16_t port;
	int tx, rx;
	unsigned long sent, received, lost, twice, wrong;
	uint8_t *seen;
	pthread_t sender, receiver;
};

#define N_FLOWS		10u

extern struct flow flows[N_FLOWS];

void open_flow(struct flow *f, uint16_t port);
/* Threads: pthread_create() gets the flow. */
void *sender(void *arg);
void *receiver(void *arg);

/* audit.c */

/* What was on the links; @dropped of it was not looked at. */
struct audit {
	unsigned long esp, clear, foreign, number_twice, iv_twice, dropped;
};

extern struct audit audit;

/* In the namespace of host a. */
void open_rings(void);
/* A thread; ends with @stop_all. */
void *auditor(void *arg);

#endif /* SELFTESTS_TORTURE_H */
