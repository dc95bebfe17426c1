// SPDX-License-Identifier: GPL-2.0
#include "told.h"

#include <stdio.h>
#include <string.h>

#include "pki.h"

/* Short enough that some have to be put together. */
#define PIECE 700

void told_begin(struct told *t, const char *name, enum ike_authby local,
		enum ike_authby remote, const char *psk)
{
	memset(t, 0, sizeof(*t));
	snprintf(t->head.name, sizeof(t->head.name), "%s", name);
	t->head.local_auth = local;
	t->head.remote_auth = remote;
	t->head.psk_len = (uint32_t)strlen(psk);
	memcpy(t->head.psk, psk, strlen(psk));
	cred_list_told(&t->list, MSG_CRED_BEGIN, &t->head, sizeof(t->head));
}

void told_item(struct told *t, enum conf_item item, struct wire_span der)
{
	struct msg_cred_item head = { .item = item };
	struct wire_span left = der;

	do {
		size_t len = left.len < PIECE ? left.len : PIECE;
		struct wire_wr wr = { 0 };

		head.more = len < left.len;
		wire_wr_bytes(&wr, &head, sizeof(head));
		wire_wr_bytes(&wr, left.p, len);
		cred_list_told(&t->list, MSG_CRED_ITEM, wr.data, wr.len);
		wire_wr_free(&wr);
		left.p += len;
		left.len -= len;
	} while (head.more);
	pki_free(der);
}

void told_end(struct told *t)
{
	struct msg_name m = { 0 };

	memcpy(m.name, t->head.name, sizeof(m.name));
	cred_list_told(&t->list, MSG_CRED_END, &m, sizeof(m));
}
