// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel says when it refuses: its own words (extended
 * acknowledgement), and the name of the attribute that it points at.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <linux/genetlink.h>

#include "kern/names.h"
#include "kern/priv.h"

/* Added to the kernel's header in 5.20, later than some C libraries'. */
#define REFUSAL_MISS_TYPE 5
#define REFUSAL_MISS_NEST 6
#define REFUSAL_MAX REFUSAL_MISS_NEST

/*
 * Where in the request an offset lies, as words: "paths/local". Returns the
 * attribute set inside of what lies there, NULL if it has none.
 */
static const struct kern_attrs *name_attribute(const struct nlmsghdr *request,
					       uint32_t offset, char *buf,
					       size_t room)
{
	const uint8_t *base = (const uint8_t *)request;
	const struct genlmsghdr *genl = NLMSG_DATA(
		(struct nlmsghdr *)(uintptr_t)request);
	const struct kern_attrs *set = kern_cmd_attrs(genl->cmd);
	int len;
	struct nlattr *a = kern_attrs_of(request, &len);
	size_t used = 0;

	buf[0] = '\0';
	while (set && nla_ok(a, len)) {
		size_t start = (size_t)((uint8_t *)a - base);
		unsigned int type = (unsigned int)nla_type(a);

		if (offset < start)
			return NULL;
		if (offset >= start + (size_t)NLA_ALIGN(a->nla_len)) {
			a = nla_next(a, &len);
			continue;
		}
		if (type > set->max || !set->name[type])
			return NULL;
		used += (size_t)snprintf(buf + used, room - used, "%s%s",
					 used ? "/" : "", set->name[type]);
		set = set->nested ? set->nested[type] : NULL;
		if (offset == start || used >= room)
			return set;
		len = nla_len(a);
		a = nla_data(a);
	}
	return NULL;
}

static const char *plain_words(int err)
{
	switch (err) {
	case -EPERM:
	case -EACCES:
		return "not permitted: this needs CAP_NET_ADMIN (run it as root)";
	case -ENOENT:
		return "there is no such entry";
	case -EEXIST:
		return "there is one already";
	case -ESTALE:
		return "the generation is stale: the binding has changed meanwhile";
	case -EOPNOTSUPP:
		return "the module does not support this";
	default:
		return strerror(-err);
	}
}

static int error_of(const struct nlmsghdr *h)
{
	int err = 0;

	if (h->nlmsg_len >= NLMSG_LENGTH(sizeof(err)))
		memcpy(&err, NLMSG_DATA((struct nlmsghdr *)(uintptr_t)h),
		       sizeof(err));
	else if (h->nlmsg_type == NLMSG_ERROR)
		err = -EBADMSG;
	return err > 0 ? -err : err;
}

/* Octets before the attributes of an acknowledgement. */
static uint32_t fixed_part(const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = NLMSG_DATA((struct nlmsghdr *)(uintptr_t)h);

	if (h->nlmsg_type == NLMSG_DONE)
		return NLMSG_LENGTH(sizeof(int));
	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*e)) ||
	    e->msg.nlmsg_len < NLMSG_HDRLEN ||
	    (h->nlmsg_flags & NLM_F_CAPPED))
		return NLMSG_LENGTH(sizeof(*e));
	return NLMSG_LENGTH(sizeof(*e)) +
	       NLMSG_ALIGN(e->msg.nlmsg_len - NLMSG_HDRLEN);
}

/* The kernel's text may name the attribute already. */
static bool tells(const struct nlattr *text, const char *name)
{
	const char *last = strrchr(name, '/');

	return text && memmem(nla_data(text), (size_t)nla_len(text),
			      last ? last + 1 : name,
			      strlen(last ? last + 1 : name));
}

/* The attribute that is at fault or missing, as " (…)", or nothing. */
static void point_at(struct nlattr *const tb[], const struct nlmsghdr *request,
		     char *buf, size_t room)
{
	const struct genlmsghdr *genl = NLMSG_DATA(
		(struct nlmsghdr *)(uintptr_t)request);
	const struct kern_attrs *set = kern_cmd_attrs(genl->cmd);
	const struct nlattr *text = tb[NLMSGERR_ATTR_MSG];
	char name[96] = "";
	uint32_t type;

	buf[0] = '\0';
	if (tb[REFUSAL_MISS_TYPE]) {
		type = nla_get_u32(tb[REFUSAL_MISS_TYPE]);
		if (tb[REFUSAL_MISS_NEST])
			set = name_attribute(request,
					     nla_get_u32(tb[REFUSAL_MISS_NEST]),
					     name, sizeof(name));
		if (set && type <= set->max && set->name[type] &&
		    !tells(text, set->name[type]))
			snprintf(buf, room, " (%s%s%s is missing)", name,
				 name[0] ? "/" : "", set->name[type]);
	} else if (tb[NLMSGERR_ATTR_OFFS]) {
		name_attribute(request, nla_get_u32(tb[NLMSGERR_ATTR_OFFS]),
			       name, sizeof(name));
		if (name[0] && !tells(text, name))
			snprintf(buf, room, " (%s)", name);
	}
}

int kern_refusal(struct kern *k, const struct nlmsghdr *h,
		 const struct nlmsghdr *request)
{
	struct nla_policy policy[REFUSAL_MAX + 1] = {
		[NLMSGERR_ATTR_MSG] = { .type = NLA_STRING },
		[NLMSGERR_ATTR_OFFS] = { .type = NLA_U32 },
		[REFUSAL_MISS_TYPE] = { .type = NLA_U32 },
		[REFUSAL_MISS_NEST] = { .type = NLA_U32 },
	};
	struct nlattr *tb[REFUSAL_MAX + 1] = { NULL };
	uint32_t fixed = fixed_part(h);
	int err = error_of(h);
	char where[128] = "";

	if ((h->nlmsg_flags & NLM_F_ACK_TLVS) && h->nlmsg_len > fixed &&
	    !nla_parse(tb, REFUSAL_MAX,
		       (struct nlattr *)((uintptr_t)h + fixed),
		       (int)(h->nlmsg_len - fixed), policy))
		point_at(tb, request, where, sizeof(where));
	if (tb[NLMSGERR_ATTR_MSG])
		return kern_fail(k, err, "%.*s%s",
				 nla_len(tb[NLMSGERR_ATTR_MSG]),
				 (const char *)nla_data(tb[NLMSGERR_ATTR_MSG]),
				 where);
	if (!err)
		return 0;
	return kern_fail(k, err, "%s%s", plain_words(err), where);
}
