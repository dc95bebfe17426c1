// SPDX-License-Identifier: GPL-2.0
/* What goes wrong is a function of the seed: a run can be had again. */
#include "agent/impair.h"

#ifdef MOBX_IMPAIR

#include <event2/event.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "agent/log.h"
#include "ike/text.h"
#include "wire/ike_const.h"
#include "wire/msg.h"

#define MAX_OMIT	8
#define MAX_DELAY_MS	60000
/* Datagrams that are late at a time; of more, each goes at once. */
#define MAX_LATE	256

/**
 * struct rate - how often
 * @percent: in so many of a hundred cases, by chance; 0 for the other way
 * @every: in each of so many; 0 never
 * @seen: cases since the last one
 */
struct rate {
	unsigned int percent;
	unsigned int every;
	unsigned int seen;
};

/**
 * struct omitted - what is left out
 * @payload: type of payload
 * @notify: of notifies which, 0 for all
 */
struct omitted {
	uint8_t payload;
	uint16_t notify;
};

/**
 * struct impair - what goes wrong
 * @drop: how often
 * @duplicate: likewise
 * @corrupt: likewise, by one bit
 * @delay: likewise
 * @delay_ms: how late
 * @random: state of the generator
 * @nomit: entries in @omit
 * @omit: what is left out
 * @base: where what is late waits
 * @nlate: how many do
 */
static struct impair {
	struct rate drop;
	struct rate duplicate;
	struct rate corrupt;
	struct rate delay;
	unsigned int delay_ms;
	uint64_t random;
	unsigned int nomit;
	struct omitted omit[MAX_OMIT];
	struct event_base *base;
	unsigned int nlate;
} impair = { .random = 1 };

/* ----------------------------------------------------------------- options */

/* A number without a sign, and what follows it. */
static bool number(const char *text, unsigned long max, unsigned long *n,
		   const char **rest)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*n = strtoul(text, &end, 10);
	*rest = end;
	return !errno && *n <= max;
}

static bool read_rate(struct rate *r, const char *text, const char **rest)
{
	unsigned long n;

	if (!number(text, 1000000, &n, rest) || !n)
		return false;
	*r = (struct rate){ 0 };
	if (**rest != '%') {
		r->every = (unsigned int)n;
		return true;
	}
	(*rest)++;
	r->percent = (unsigned int)n;
	return n <= 100;
}

static int set_rate(struct rate *r, const char *key, const char *value,
		    char *err, size_t errlen)
{
	const char *rest;

	if (read_rate(r, value, &rest) && !*rest)
		return 0;
	return ike_refuse(err, errlen,
			  "%s=%s: \"1%%\" to \"100%%\", or N for each Nth, would be right",
			  key, value);
}

static int set_delay(const char *value, char *err, size_t errlen)
{
	const char *rest;
	unsigned long ms;

	if (read_rate(&impair.delay, value, &rest) && *rest == ':' &&
	    number(rest + 1, MAX_DELAY_MS, &ms, &rest) && ms &&
	    !strcmp(rest, "ms")) {
		impair.delay_ms = (unsigned int)ms;
		return 0;
	}
	return ike_refuse(err, errlen,
			  "delay=%s: such as \"20%%:300ms\", of at most %d ms, would be right",
			  value, MAX_DELAY_MS);
}

static int set_seed(const char *value, char *err, size_t errlen)
{
	const char *rest;
	unsigned long n;

	/* Of 0 the generator would make nothing else. */
	if (!number(value, ULONG_MAX, &n, &rest) || *rest || !n)
		return ike_refuse(err, errlen,
				  "seed=%s: a number from 1 on would be right",
				  value);
	impair.random = n;
	return 0;
}

/* As the RFCs write them. */
static const struct {
	const char *name;
	uint8_t type;
} payloads[] = {
	{ "SA", IKE_PL_SA }, { "KE", IKE_PL_KE }, { "IDi", IKE_PL_IDI },
	{ "IDr", IKE_PL_IDR }, { "CERT", IKE_PL_CERT },
	{ "CERTREQ", IKE_PL_CERTREQ }, { "AUTH", IKE_PL_AUTH },
	{ "Nonce", IKE_PL_NONCE }, { "N", IKE_PL_NOTIFY },
	{ "D", IKE_PL_DELETE }, { "V", IKE_PL_VENDOR }, { "TSi", IKE_PL_TSI },
	{ "TSr", IKE_PL_TSR }, { "CP", IKE_PL_CP }, { "EAP", IKE_PL_EAP },
};

static bool find_omitted(const char *name, struct omitted *o)
{
	const char *known;

	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		if (strcmp(name, payloads[i].name))
			continue;
		*o = (struct omitted){ .payload = payloads[i].type };
		return true;
	}
	for (unsigned int type = 1; type <= UINT16_MAX; type++) {
		known = ike_notify_name(type);
		if (!known || strcmp(name, known))
			continue;
		*o = (struct omitted){ IKE_PL_NOTIFY, (uint16_t)type };
		return true;
	}
	return false;
}

static int add_omitted(const char *value, char *err, size_t errlen)
{
	if (impair.nomit == MAX_OMIT)
		return ike_refuse(err, errlen, "omit: %d at most would be right",
				  MAX_OMIT);
	if (find_omitted(value, &impair.omit[impair.nomit])) {
		impair.nomit++;
		return 0;
	}
	return ike_refuse(err, errlen,
			  "omit=%s: a payload such as \"CERTREQ\" or a notify such as \"MOBIKE_SUPPORTED\", as the RFCs write it, would be right",
			  value);
}

static int set(const char *key, const char *value, char *err, size_t errlen)
{
	static const struct {
		const char *key;
		struct rate *rate;
	} rates[] = {
		{ "drop", &impair.drop },
		{ "duplicate", &impair.duplicate },
		{ "corrupt", &impair.corrupt },
	};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		if (!strcmp(key, rates[i].key))
			return set_rate(rates[i].rate, key, value, err, errlen);
	if (!strcmp(key, "delay"))
		return set_delay(value, err, errlen);
	if (!strcmp(key, "omit"))
		return add_omitted(value, err, errlen);
	if (!strcmp(key, "seed"))
		return set_seed(value, err, errlen);
	return ike_refuse(err, errlen,
			  "\"%s\" is none; drop, duplicate, corrupt, delay, omit and seed are",
			  key);
}

int impair_parse(const char *text, char *err, size_t errlen)
{
	char *copy = strdup(text), *at = copy, *word;
	int ret = copy ? 0 : -EINVAL;

	impair = (struct impair){
		.random = 1, .base = impair.base, .nlate = impair.nlate,
	};
	while (!ret && (word = strsep(&at, ","))) {
		char *value = strchr(word, '=');

		if (value)
			*value++ = '\0';
		ret = set(word, value ? value : "", err, errlen);
	}
	free(copy);
	return ret;
}

/* --------------------------------------------------------------- datagrams */

/* xorshift64*, by Vigna: good enough to be unlucky. */
static uint32_t draw(void)
{
	impair.random ^= impair.random >> 12;
	impair.random ^= impair.random << 25;
	impair.random ^= impair.random >> 27;
	return (uint32_t)((impair.random * 0x2545f4914f6cdd1dULL) >> 32);
}

static bool happens(struct rate *r)
{
	if (r->percent)
		return draw() % 100 < r->percent;
	if (!r->every || ++r->seen < r->every)
		return false;
	r->seen = 0;
	return true;
}

/**
 * struct datagram - one that is under way
 * @fd: see udp_send(); so the others
 * @local: likewise
 * @remote: likewise
 * @ifindex: likewise
 * @len: octets in @data
 * @data: a copy
 */
struct datagram {
	int fd;
	struct wire_endpoint local;
	struct wire_endpoint remote;
	uint32_t ifindex;
	size_t len;
	uint8_t data[];
};

static int leave(const struct datagram *d)
{
	return udp_send(d->fd, &d->local, &d->remote, d->ifindex, d->data,
			d->len);
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	impair.nlate--;
	leave(arg);
	free(arg);
}

static void tell(const char *what, const struct datagram *d)
{
	char to[WIRE_ENDPOINT_TEXT];

	log_line(IKE_LOG_DEBUG, NULL, "impair", "%s: %zu octets to %s", what,
		 d->len, wire_endpoint_text(&d->remote, to));
}

/* @d belongs to us. */
static int send_one(struct datagram *d)
{
	const struct timeval tv = {
		.tv_sec = impair.delay_ms / 1000,
		.tv_usec = (suseconds_t)(impair.delay_ms % 1000 * 1000),
	};
	int ret;

	if (d->len && happens(&impair.corrupt)) {
		d->data[draw() % d->len] ^= (uint8_t)(1u << draw() % 8);
		tell("corrupt", d);
	}
	if (happens(&impair.delay) && impair.nlate < MAX_LATE &&
	    !event_base_once(impair.base, -1, EV_TIMEOUT, on_late, d, &tv)) {
		impair.nlate++;
		tell("delay", d);
		return 0;
	}
	ret = leave(d);
	free(d);
	return ret;
}

int impair_send(int fd, const struct wire_endpoint *local,
		const struct wire_endpoint *remote, uint32_t ifindex,
		const uint8_t *data, size_t len)
{
	const struct datagram head = { fd, *local, *remote, ifindex, len };
	int copies = 1, ret = 0;

	if (happens(&impair.drop)) {
		tell("drop", &head);
		return 0;
	}
	if (happens(&impair.duplicate)) {
		tell("duplicate", &head);
		copies++;
	}
	while (!ret && copies--) {
		struct datagram *d = malloc(sizeof(*d) + len);

		if (!d)
			return -ENOMEM;
		*d = head;
		memcpy(d->data, data, len);
		ret = send_one(d);
	}
	return ret;
}

/* ---------------------------------------------------------------- payloads */

static bool omit(uint8_t type, const uint8_t *body, size_t len)
{
	uint16_t notify = 0;

	if (type == IKE_PL_NOTIFY && len >= 4)
		notify = (uint16_t)(body[2] << 8 | body[3]);
	for (unsigned int i = 0; i < impair.nomit; i++) {
		const struct omitted *o = &impair.omit[i];

		if (o->payload == type && (!o->notify || o->notify == notify))
			return true;
	}
	return false;
}

void impair_begin(struct event_base *base)
{
	impair.base = base;
	wire_enc_omit = impair.nomit ? omit : NULL;
}

#endif /* MOBX_IMPAIR */
