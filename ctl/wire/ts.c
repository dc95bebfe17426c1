// SPDX-License-Identifier: GPL-2.0
/* Traffic Selector payloads and the arithmetic of selectors. */
#include "wire/payload.h"

/* Octets of a selector on the wire, with its header, by address family */
#define TS_HDR_LEN	8

static bool opaque(const struct wire_ts *ts)
{
	return ts->port_start == 65535 && ts->port_end == 0;
}

static bool any_port(const struct wire_ts *ts)
{
	return ts->port_start == 0 && ts->port_end == 65535;
}

static bool in_order(const struct wire_ts *ts)
{
	return wire_addr_cmp(&ts->start, &ts->end) <= 0 &&
	       (ts->port_start <= ts->port_end || opaque(ts));
}

static uint8_t ts_family(uint8_t type)
{
	return type == IKE_TS_IPV4_ADDR_RANGE ? 4 :
	       type == IKE_TS_IPV6_ADDR_RANGE ? 6 : 0;
}

static void addr_read(struct wire_rd *rd, uint8_t family, struct wire_addr *addr)
{
	size_t len = wire_addr_len(family);
	const uint8_t *p = wire_rd_bytes(rd, len);

	if (p)
		wire_addr_set(addr, p, len);
}

static enum wire_err ts_read(struct wire_rd *rd, struct wire_ts_list *list)
{
	uint8_t type = wire_rd_u8(rd);
	uint8_t protocol = wire_rd_u8(rd);
	uint16_t len = wire_rd_u16(rd);
	uint8_t family = ts_family(type);
	struct wire_ts ts = { .protocol = protocol };
	struct wire_rd sub;

	if (rd->bad)
		return WIRE_E_SHORT;
	if (len < 4)
		return WIRE_E_LENGTH;
	sub = wire_rd_sub(rd, len - 4u);
	if (sub.bad)
		return WIRE_E_LENGTH;
	if (family) {
		if (len != TS_HDR_LEN + 2 * wire_addr_len(family))
			return WIRE_E_LENGTH;
		ts.port_start = wire_rd_u16(&sub);
		ts.port_end = wire_rd_u16(&sub);
		addr_read(&sub, family, &ts.start);
		addr_read(&sub, family, &ts.end);
	}
	if (!family || !in_order(&ts) || list->n == WIRE_MAX_TS)
		list->skipped++;
	else
		list->ts[list->n++] = ts;
	return WIRE_OK;
}

enum wire_err wire_ts_decode(const struct wire_payload *pl,
			     struct wire_ts_list *list)
{
	struct wire_rd rd;
	unsigned int n;

	*list = (struct wire_ts_list){ 0 };
	wire_rd_init(&rd, pl->body, pl->len);
	n = wire_rd_u8(&rd);
	wire_rd_bytes(&rd, 3);
	if (rd.bad)
		return WIRE_E_SHORT;
	if (!n)
		return WIRE_E_VALUE;
	while (n--) {
		enum wire_err err = ts_read(&rd, list);

		if (err)
			return err;
	}
	return rd.left ? WIRE_E_LENGTH : WIRE_OK;
}

void wire_ts_encode(struct wire_enc *enc, uint8_t pl_type,
		    const struct wire_ts_list *list)
{
	struct wire_wr *wr = &enc->wr;

	wire_enc_payload(enc, pl_type);
	wire_wr_u8(wr, (uint8_t)list->n);
	wire_wr_zero(wr, 3);
	for (unsigned int i = 0; i < list->n; i++) {
		const struct wire_ts *ts = &list->ts[i];
		size_t len = wire_addr_len(ts->start.family);

		wire_wr_u8(wr, ts->start.family == 4 ? IKE_TS_IPV4_ADDR_RANGE :
						       IKE_TS_IPV6_ADDR_RANGE);
		wire_wr_u8(wr, ts->protocol);
		wire_wr_u16(wr, (uint16_t)(TS_HDR_LEN + 2 * len));
		wire_wr_u16(wr, ts->port_start);
		wire_wr_u16(wr, ts->port_end);
		wire_wr_bytes(wr, ts->start.a, len);
		wire_wr_bytes(wr, ts->end.a, len);
	}
	wire_enc_end(enc);
}

static bool ports_intersect(const struct wire_ts *a, const struct wire_ts *b,
			    struct wire_ts *out)
{
	const struct wire_ts *narrow = a;

	if (opaque(a) || opaque(b)) {
		if (!opaque(a) && !any_port(a))
			return false;
		if (!opaque(b) && !any_port(b))
			return false;
		narrow = opaque(a) ? a : b;
		out->port_start = narrow->port_start;
		out->port_end = narrow->port_end;
		return true;
	}
	out->port_start = a->port_start > b->port_start ? a->port_start :
							  b->port_start;
	out->port_end = a->port_end < b->port_end ? a->port_end : b->port_end;
	return out->port_start <= out->port_end;
}

bool wire_ts_intersect(const struct wire_ts *a, const struct wire_ts *b,
		       struct wire_ts *out)
{
	struct wire_ts common = { 0 };

	if (a->start.family != b->start.family)
		return false;
	if (a->protocol && b->protocol && a->protocol != b->protocol)
		return false;
	common.protocol = a->protocol ? a->protocol : b->protocol;
	if (!ports_intersect(a, b, &common))
		return false;
	common.start = wire_addr_cmp(&a->start, &b->start) > 0 ? a->start :
								 b->start;
	common.end = wire_addr_cmp(&a->end, &b->end) < 0 ? a->end : b->end;
	if (wire_addr_cmp(&common.start, &common.end) > 0)
		return false;
	*out = common;
	return true;
}

bool wire_ts_contains(const struct wire_ts *outer, const struct wire_ts *inner)
{
	struct wire_ts common;

	return wire_ts_intersect(outer, inner, &common) &&
	       common.protocol == inner->protocol &&
	       common.port_start == inner->port_start &&
	       common.port_end == inner->port_end &&
	       wire_addr_equal(&common.start, &inner->start) &&
	       wire_addr_equal(&common.end, &inner->end);
}
