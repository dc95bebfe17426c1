/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the files of ctl/kern and their tests; nobody else includes it. */
#ifndef MOBX_KERN_PRIV_H
#define MOBX_KERN_PRIV_H

#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "kern/kern.h"

#define KERN_ERROR_LEN 256

/**
 * struct kern - a netlink socket and what it knows
 * @fd: generic netlink socket
 * @family: number that the kernel gave the family
 * @group: number of its multicast group "events"
 * @seq: of the last request
 * @error: the last failure in words
 * @buf: a datagram from the kernel
 */
struct kern {
	int fd;
	uint16_t family;
	uint32_t group;
	uint32_t seq;
	char error[KERN_ERROR_LEN];
	uint8_t buf[65536] __attribute__((aligned(NLMSG_ALIGNTO)));
};

/**
 * struct kern_answer - the messages that answered a request
 * @buf: messages one after the other
 * @len: octets used
 * @room: octets allocated
 * @interrupted: the table changed while it was dumped
 */
struct kern_answer {
	uint8_t *buf;
	size_t len;
	size_t room;
	bool interrupted;
};

/** kern_fail() - note what failed; returns @err for the caller to return */
__attribute__((format(printf, 3, 4)))
int kern_fail(struct kern *k, int err, const char *fmt, ...);

/** kern_msg() - begin a request; NULL (noted) when memory is short */
struct nl_msg *kern_msg(struct kern *k, enum mobx_cmd cmd, int flags);

/**
 * kern_send() - send a request and wait until it is answered in full
 * @k: handle
 * @msg: request; freed in any case; NULL fails with -ENOMEM
 * @full: an attribute did not fit: not sent, freed, -EMSGSIZE
 * @answer: gets the answer, to be freed by kern_answer_free(); may be NULL
 *
 * Dumps that the kernel flags as interrupted are asked for again, a few times.
 */
int kern_send(struct kern *k, struct nl_msg *msg, bool full,
	      struct kern_answer *answer);

void kern_answer_free(struct kern_answer *a);

/**
 * kern_answer_next() - walk the messages of an answer
 * @a: answer
 * @prev: the message before, or NULL for the first
 */
struct nlmsghdr *kern_answer_next(const struct kern_answer *a,
				  const struct nlmsghdr *prev);

/** kern_attrs_of() - first attribute of a message of the family */
struct nlattr *kern_attrs_of(const struct nlmsghdr *h, int *len);

/** kern_parse_nest() - as nla_parse_nested(), which has no const */
static inline int kern_parse_nest(struct nlattr *tb[], int max,
				  const struct nlattr *a,
				  struct nla_policy *policy)
{
	return nla_parse(tb, max, nla_data(a), nla_len(a), policy);
}

/** kern_bad_answer() - the kernel's answer makes no sense: say so */
int kern_bad_answer(struct kern *k, const char *what);

/*
 * One encoder and one decoder for each nested attribute. Encoders return true
 * when the message is full; decoders return 0 or -EBADMSG.
 */
bool kern_put_addr(struct nl_msg *m, int type, const struct wire_addr *addr);
bool kern_put_label(struct nl_msg *m, int type, const char *label);
bool kern_put_path(struct nl_msg *m, int type, const struct kern_path *p);
bool kern_put_paths(struct nl_msg *m, int type, const struct kern_path *p,
		    unsigned int n);
bool kern_put_selector(struct nl_msg *m, int type,
		       const struct kern_selector *s);
bool kern_put_lifetime(struct nl_msg *m, int type,
		       const struct kern_lifetime *l);

int kern_get_addr(const struct nlattr *a, struct wire_addr *addr);
int kern_get_label(const struct nlattr *a, char label[MOBX_MAX_LABEL + 1]);
int kern_get_path(const struct nlattr *a, struct kern_path *p);
int kern_get_paths(const struct nlattr *head, int len, int type,
		   struct kern_path p[MOBX_MAX_PATHS], unsigned int *n);
int kern_get_selector(const struct nlattr *a, struct kern_selector *s);
int kern_get_lifetime(const struct nlattr *a, struct kern_lifetime *l);

/* Whole messages, for tests. */
int kern_get_peer(const struct nlmsghdr *h, struct kern_peer *p);
int kern_get_replace(const struct nlmsghdr *h, struct kern_replace *r);
int kern_get_sa(const struct nlmsghdr *h, struct kern_sa *sa);
int kern_get_policy(const struct nlmsghdr *h, struct kern_policy *p);
int kern_get_stats(const struct nlmsghdr *h, struct kern_stats *s);
int kern_get_event(const struct nlmsghdr *h, struct kern_event *ev);

/**
 * kern_refusal() - why the kernel refused, in words
 * @k: gets the text; of a success what the kernel remarked, if anything
 * @h: NLMSG_ERROR or NLMSG_DONE
 * @request: what was sent, to name the attribute that the kernel points at
 *
 * Return: the error, negative, or 0.
 */
int kern_refusal(struct kern *k, const struct nlmsghdr *h,
		 const struct nlmsghdr *request);

#endif /* MOBX_KERN_PRIV_H */
