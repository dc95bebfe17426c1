/* SPDX-License-Identifier: GPL-2.0 */
/* What the credentials process is told of one connection. */
#ifndef SELFTESTS_TOLD_H
#define SELFTESTS_TOLD_H

#include "agent/cred.h"

struct told {
	struct cred_list list;
	struct msg_cred head;
};

/** told_begin() - of a connection of that name; @psk may be empty */
void told_begin(struct told *t, const char *name, enum ike_authby local,
		enum ike_authby remote, const char *psk);

/** told_item() - a key or certificate of it; freed with pki_free() */
void told_item(struct told *t, enum conf_item item, struct wire_span der);

/** told_end() - that was all: from now on @t->list has it */
void told_end(struct told *t);

#endif /* SELFTESTS_TOLD_H */
