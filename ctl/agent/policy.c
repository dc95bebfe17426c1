// SPDX-License-Identifier: GPL-2.0
#include "agent/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/log.h"

/* What the kernel says of a refusal, which the next request overwrites. */
#define WHY_LEN 256

/* Growing list of policies. */
struct list {
	struct kern_policy *v;
	unsigned int n;
};

static int list_add(struct list *l, const struct kern_policy *p)
{
	struct kern_policy *v = reallocarray(l->v, l->n + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	l->v = v;
	l->v[l->n++] = *p;
	return 0;
}

static const struct kern_policy *list_find(const struct list *l,
					   uint32_t order)
{
	for (unsigned int i = 0; i < l->n; i++)
		if (l->v[i].order == order)
			return &l->v[i];
	return NULL;
}

static bool is_ours(const struct kern_policy *p)
{
	return !strncmp(p->label, CONF_POLICY_LABEL, strlen(CONF_POLICY_LABEL));
}

static int collect(const struct kern_policy *p, void *ctx)
{
	return p->builtin ? 0 : list_add(ctx, p);
}

static int wanted_by(const struct conf *conf, struct list *out)
{
	for (unsigned int i = 0; i < conf->nconn; i++) {
		const struct conf_conn *c = &conf->conn[i];

		for (unsigned int j = 0; j < c->ike.nprotect; j++) {
			struct kern_policy p = {
				.order = c->protect[j].order,
				.action = MOBX_ACTION_PROTECT,
				.mode = c->ike.mode,
				.selector = c->protect[j].selector,
			};

			snprintf(p.label, sizeof(p.label), "%s%s",
				 CONF_POLICY_LABEL, c->ike.name);
			if (list_add(out, &p))
				return -ENOMEM;
		}
	}
	return 0;
}

static bool same_selector(const struct kern_selector *a,
			  const struct kern_selector *b)
{
	return wire_addr_equal(&a->local, &b->local) &&
	       a->local_plen == b->local_plen &&
	       wire_addr_equal(&a->local_last, &b->local_last) &&
	       wire_addr_equal(&a->remote, &b->remote) &&
	       a->remote_plen == b->remote_plen &&
	       wire_addr_equal(&a->remote_last, &b->remote_last) &&
	       a->proto == b->proto &&
	       a->local_port_min == b->local_port_min &&
	       a->local_port_max == b->local_port_max &&
	       a->remote_port_min == b->remote_port_min &&
	       a->remote_port_max == b->remote_port_max;
}

static bool same(const struct kern_policy *a, const struct kern_policy *b)
{
	return a->action == b->action && a->peer == b->peer &&
	       a->mode == b->mode && a->pfp == b->pfp && !strcmp(a->label, b->label) &&
	       same_selector(&a->selector, &b->selector);
}

/* A place just before @order that nobody has or wants, else just after it. */
static uint32_t free_order(const struct list *have, const struct list *want,
			   uint32_t order)
{
	for (uint32_t o = order; o-- > 0;)
		if (!list_find(have, o) && !list_find(want, o))
			return o;
	while (list_find(have, ++order) || list_find(want, order))
		;
	return order;
}

static int told(struct kern *k, int ret, char why[WHY_LEN])
{
	if (ret)
		snprintf(why, WHY_LEN, "%s", kern_error(k));
	return ret;
}

static int replace(struct kern *k, const struct list *have,
		   const struct list *want, const struct kern_policy *old,
		   const struct kern_policy *p, char why[WHY_LEN])
{
	struct kern_policy stand_in = *p;
	int ret;

	stand_in.order = free_order(have, want, p->order);
	ret = told(k, kern_policy_new(k, &stand_in), why);
	if (ret)
		return ret;
	ret = told(k, kern_policy_del(k, p->order), why);
	if (!ret) {
		ret = told(k, kern_policy_new(k, p), why);
		if (ret)
			kern_policy_new(k, old);
	}
	kern_policy_del(k, stand_in.order);
	return ret;
}

static int check_places(const struct list *have, const struct list *want,
			char *err, size_t errlen)
{
	for (unsigned int i = 0; i < want->n; i++) {
		const struct kern_policy *p = list_find(have, want->v[i].order);

		if (!p || is_ours(p))
			continue;
		snprintf(err, errlen,
			 "connection \"%s\": order %u is taken by a policy that was set by hand; choose another order, or remove it: mobx policy del order %u",
			 want->v[i].label + strlen(CONF_POLICY_LABEL),
			 p->order, p->order);
		return -EEXIST;
	}
	return 0;
}

/* Takes back what put_one() has done for the first @n of @want. */
static void undo(struct kern *k, const struct list *have,
		 const struct list *want, unsigned int n)
{
	char why[WHY_LEN];

	while (n--) {
		const struct kern_policy *p = &want->v[n];
		const struct kern_policy *old = list_find(have, p->order);

		if (!old)
			kern_policy_del(k, p->order);
		else if (!same(old, p))
			replace(k, have, want, p, old, why);
	}
}

static int put_one(struct kern *k, const struct list *have,
		   const struct list *want, const struct kern_policy *p,
		   char why[WHY_LEN])
{
	const struct kern_policy *old = list_find(have, p->order);

	if (!old)
		return told(k, kern_policy_new(k, p), why);
	return same(old, p) ? 0 : replace(k, have, want, old, p, why);
}

static int put(struct kern *k, const struct list *have,
	       const struct list *want, char *err, size_t errlen)
{
	char why[WHY_LEN];

	for (unsigned int i = 0; i < want->n; i++) {
		const struct kern_policy *p = &want->v[i];
		int ret = put_one(k, have, want, p, why);

		if (!ret)
			continue;
		snprintf(err, errlen,
			 "connection \"%s\": the kernel refuses the policy of order %u: %s",
			 p->label + strlen(CONF_POLICY_LABEL), p->order, why);
		undo(k, have, want, i);
		return ret;
	}
	return 0;
}

static void remove_dropped(struct kern *k, const struct list *have,
			   const struct list *want)
{
	for (unsigned int i = 0; i < have->n; i++) {
		const struct kern_policy *p = &have->v[i];
		const char *conn = p->label + strlen(CONF_POLICY_LABEL);

		if (!is_ours(p) || list_find(want, p->order))
			continue;
		if (kern_policy_del(k, p->order))
			log_line(IKE_LOG_ERROR, conn, "policy",
				 "cannot remove the policy of order %u: %s",
				 p->order, kern_error(k));
		else
			log_line(IKE_LOG_INFO, conn, "policy",
				 "order %u removed: the configuration has it no longer",
				 p->order);
	}
}

int policy_sync(struct kern *k, const struct conf *conf, char *err,
		size_t errlen)
{
	struct list have = { 0 }, want = { 0 };
	int ret;

	ret = kern_policy_dump(k, collect, &have);
	if (ret)
		snprintf(err, errlen, "cannot read the kernel's policies: %s",
			 kern_error(k));
	else if (wanted_by(conf, &want)) {
		snprintf(err, errlen, "no memory");
		ret = -ENOMEM;
	}
	if (!ret)
		ret = check_places(&have, &want, err, errlen);
	if (!ret)
		ret = put(k, &have, &want, err, errlen);
	if (!ret)
		remove_dropped(k, &have, &want);
	free(have.v);
	free(want.v);
	return ret;
}
