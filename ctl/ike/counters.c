// SPDX-License-Identifier: GPL-2.0
#include "ike/priv.h"

static const char *const exchange_names[IKE_COUNT_EXCHANGES] = {
	"IKE_SA_INIT", "IKE_AUTH", "CREATE_CHILD_SA", "INFORMATIONAL",
	"IKE_INTERMEDIATE", "IKE_FOLLOWUP_KE", "IKE_SESSION_RESUME",
};

static const char *const count_names[IKE_COUNT_N] = {
	[IKE_COUNT_REQUEST_IN] = "requests_received",
	[IKE_COUNT_REPEATED_IN] = "repetitions_received",
	[IKE_COUNT_REQUEST_OUT] = "requests_sent",
	[IKE_COUNT_RESENT_OUT] = "retransmissions_sent",
	[IKE_COUNT_ANSWERED] = "answers_received",
	[IKE_COUNT_UNANSWERED] = "requests_in_vain",
};

static const char *const drop_names[IKE_DROP_N] = {
	[IKE_DROP_MALFORMED] = "malformed",
	[IKE_DROP_VERSION] = "major-version",
	[IKE_DROP_UNKNOWN_SPI] = "unknown-spi",
	[IKE_DROP_NOT_AUTHENTIC] = "not-authentic",
	[IKE_DROP_OUTSIDE_WINDOW] = "outside-window",
	[IKE_DROP_HALF_OPEN] = "too-many-half-open",
	[IKE_DROP_BUSY] = "too-many-to-authenticate",
};

static const char *const happened_names[IKE_HAPPENED_N] = {
	[IKE_HAPPENED_ESTABLISHED] = "ike_sas_established",
	[IKE_HAPPENED_REKEYED] = "ike_sas_rekeyed",
	[IKE_HAPPENED_ENDED] = "ike_sas_ended",
	[IKE_HAPPENED_CHILD] = "child_sas_made",
	[IKE_HAPPENED_NOT_SAID] = "log_lines_left_out",
};

/** ike_count() - one more message of a kind of exchange */
void ike_count(struct ike_engine *eng, uint8_t exchange, enum ike_count what)
{
	static const uint8_t at[] = {
		[IKE_EX_SA_INIT] = 1, [IKE_EX_AUTH] = 2,
		[IKE_EX_CREATE_CHILD_SA] = 3, [IKE_EX_INFORMATIONAL] = 4,
		[IKE_EX_INTERMEDIATE] = 5, [IKE_EX_FOLLOWUP_KE] = 6,
		[IKE_EX_SESSION_RESUME] = 7,
	};

	if (exchange < sizeof(at) && at[exchange])
		eng->n.exchange[at[exchange] - 1][what]++;
}

void ike_count_error_out(struct ike_engine *eng, uint16_t type)
{
	if (type == IKE_N_COOKIE)
		eng->n.cookies++;
	else if (type < IKE_COUNT_ERRORS)
		eng->n.error_out[type]++;
}

void ike_count_error_in(struct ike_engine *eng, const struct wire_msg *msg)
{
	struct wire_notify n;

	if (wire_notify_error(msg, &n) && n.type < IKE_COUNT_ERRORS)
		eng->n.error_in[n.type]++;
}

static void errors(const uint64_t *v, const char *name,
		   void (*fn)(const struct ike_counter *c, void *ctx),
		   void *ctx)
{
	struct ike_counter c = { .name = name, .key = "notify" };
	uint64_t unknown = 0;
	uint16_t type;

	for (type = 0; type < IKE_COUNT_ERRORS; type++) {
		c.of = ike_notify_name(type);
		c.value = v[type];
		if (!c.of)
			unknown += c.value;
		else if (c.value)
			fn(&c, ctx);
	}
	/* One for all of them: a name and a label mean one counter. */
	c.of = "unknown";
	c.value = unknown;
	if (unknown)
		fn(&c, ctx);
}

void ike_engine_counters(const struct ike_engine *eng,
			 void (*fn)(const struct ike_counter *c, void *ctx),
			 void *ctx)
{
	struct ike_counter c = { .key = "exchange" };
	unsigned int i, j;

	for (i = 0; i < IKE_COUNT_N; i++) {
		c.name = count_names[i];
		for (j = 0; j < IKE_COUNT_EXCHANGES; j++) {
			c.of = exchange_names[j];
			c.value = eng->n.exchange[j][i];
			fn(&c, ctx);
		}
	}
	errors(eng->n.error_out, "errors_sent", fn, ctx);
	errors(eng->n.error_in, "errors_received", fn, ctx);
	c.name = "datagrams_dropped";
	c.key = "reason";
	for (i = 0; i < IKE_DROP_N; i++) {
		c.of = drop_names[i];
		c.value = eng->n.drop[i];
		fn(&c, ctx);
	}
	c.key = NULL;
	c.of = NULL;
	for (i = 0; i < IKE_HAPPENED_N; i++) {
		c.name = happened_names[i];
		c.value = eng->n.happened[i];
		fn(&c, ctx);
	}
	c.name = "cookies_sent";
	c.value = eng->n.cookies;
	fn(&c, ctx);
}
