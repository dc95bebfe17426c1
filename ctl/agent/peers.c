// SPDX-License-Identifier: GPL-2.0
#include "agent/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Numbers follow each other, so that these are filled evenly. */
#define BUCKETS 4096

struct entry {
	struct entry *next;
	uint32_t id;
};

struct peers {
	struct entry *bucket[BUCKETS];
};

struct peers *peers_new(void)
{
	return calloc(1, sizeof(struct peers));
}

void peers_free(struct peers *p)
{
	if (!p)
		return;
	for (unsigned int i = 0; i < BUCKETS; i++)
		while (p->bucket[i])
			peers_del(p, p->bucket[i]->id);
	free(p);
}

bool peers_are_labelled(const char *label)
{
	return strchr(label, '/');
}

bool peers_has(const struct peers *p, uint32_t id)
{
	const struct entry *e = p->bucket[id % BUCKETS];

	while (e && e->id != id)
		e = e->next;
	return e;
}

int peers_add(struct peers *p, uint32_t id)
{
	struct entry *e;

	if (peers_has(p, id))
		return 0;
	e = malloc(sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->id = id;
	e->next = p->bucket[id % BUCKETS];
	p->bucket[id % BUCKETS] = e;
	return 0;
}

void peers_del(struct peers *p, uint32_t id)
{
	struct entry **at = &p->bucket[id % BUCKETS], *e;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	e = *at;
	if (!e)
		return;
	*at = e->next;
	free(e);
}
