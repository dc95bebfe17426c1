// SPDX-License-Identifier: GPL-2.0
/* Notification data of MOBIKE and MOBIKE-X. */
#include <string.h>

#include "wire/mobike.h"

#define BLOCK_HDR_LEN	8
#define FLAGS_KNOWN	(MOBIKEX_F_PRIMARY | MOBIKEX_F_SOFT | MOBIKEX_F_BACKUP)

/* The first 16 octets of SHA-256("E2E-IPsec MOBIKE-X v1") */
const uint8_t mobikex_vendor_id[MOBIKEX_VENDOR_ID_LEN] = {
	0xea, 0xee, 0xce, 0x38, 0x72, 0x8a, 0x27, 0x18,
	0x0d, 0x19, 0x35, 0xee, 0x98, 0x29, 0x35, 0xbb,
};

const char *mobikex_reason_name(unsigned int code)
{
	static const char *const names[] = {
		[MOBIKEX_R_BAD_FORMAT] = "BAD_FORMAT",
		[MOBIKEX_R_NO_SUCH_PATH] = "NO_SUCH_PATH",
		[MOBIKEX_R_DUPLICATE] = "DUPLICATE",
		[MOBIKEX_R_SELECTOR_CONFLICT] = "SELECTOR_CONFLICT",
		[MOBIKEX_R_POLICY_DENIED] = "POLICY_DENIED",
		[MOBIKEX_R_LIMIT] = "LIMIT",
		[MOBIKEX_R_LAST_PATH] = "LAST_PATH",
		[MOBIKEX_R_FAMILY] = "FAMILY",
		[MOBIKEX_R_RRC_FAILED] = "RRC_FAILED",
		[MOBIKEX_R_BUSY] = "BUSY",
		[MOBIKEX_R_INTERNAL] = "INTERNAL",
	};

	if (code < 1 || code >= sizeof(names) / sizeof(names[0]))
		return "unknown reason";
	return names[code];
}

/* MOBIKE-X notifies are about the whole IKE SA. */
static bool about_ike_sa(const struct wire_notify *n)
{
	return n->protocol == IKE_PROTO_NONE && !n->spi.len;
}

enum wire_err mobikex_supported_decode(const struct wire_notify *n,
				       struct mobikex_supported *s)
{
	struct wire_rd rd;

	wire_rd_init(&rd, n->data.p, n->data.len);
	s->version = wire_rd_u8(&rd);
	s->max_paths = wire_rd_u8(&rd);
	wire_rd_u16(&rd);
	if (rd.bad)
		return WIRE_E_SHORT;
	if (!s->version)
		return WIRE_E_VALUE;
	if (s->max_paths < MOBIKEX_PATHS_MIN)
		s->max_paths = MOBIKEX_PATHS_MIN;
	if (s->max_paths > MOBIKEX_PATHS_MAX)
		s->max_paths = MOBIKEX_PATHS_MAX;
	return WIRE_OK;
}

void mobikex_supported_encode(struct wire_enc *enc, uint8_t max_paths)
{
	const uint8_t data[4] = { MOBIKEX_VERSION, max_paths };

	wire_notify_encode(enc, IKE_N_MOBIKEX_SUPPORTED, data, sizeof(data));
}

static bool family_ok(uint8_t family)
{
	return family == 0 || family == 4 || family == 6;
}

static bool shape_ok(uint16_t type, const struct mobikex_block *b)
{
	bool has_old = b->old_addr.family != 0;
	bool has_new = b->new_addr.family != 0;

	switch (type) {
	case IKE_N_IP_PARAMETER:
		return has_old == has_new;
	case IKE_N_ADD_SA_ADDRESS:
		return !has_old && has_new;
	case IKE_N_REMOVE_SA_ADDRESS:
		return !has_new;
	}
	return false;
}

static void addr_read(struct wire_rd *rd, uint8_t family, struct wire_addr *addr)
{
	size_t len = wire_addr_len(family);
	const uint8_t *p = len ? wire_rd_bytes(rd, len) : NULL;

	if (p)
		wire_addr_set(addr, p, len);
}

enum wire_err mobikex_block_decode(const struct wire_notify *n,
				   struct mobikex_block *b)
{
	uint8_t version, old_family, new_family;
	struct wire_rd rd;

	*b = (struct mobikex_block){ 0 };
	if (!about_ike_sa(n))
		return WIRE_E_VALUE;
	if (!n->data.len) {
		b->empty = true;
		return WIRE_OK;
	}
	wire_rd_init(&rd, n->data.p, n->data.len);
	version = wire_rd_u8(&rd);
	b->flags = wire_rd_u8(&rd) & FLAGS_KNOWN;
	b->path_id = wire_rd_u16(&rd);
	b->preference = wire_rd_u8(&rd);
	old_family = wire_rd_u8(&rd);
	new_family = wire_rd_u8(&rd);
	wire_rd_u8(&rd);
	if (rd.bad)
		return WIRE_E_SHORT;
	if (version != MOBIKEX_VERSION || !family_ok(old_family) ||
	    !family_ok(new_family))
		return WIRE_E_VALUE;
	if (rd.left != wire_addr_len(old_family) + wire_addr_len(new_family))
		return WIRE_E_LENGTH;
	addr_read(&rd, old_family, &b->old_addr);
	addr_read(&rd, new_family, &b->new_addr);
	return shape_ok(n->type, b) ? WIRE_OK : WIRE_E_VALUE;
}

void mobikex_block_encode(struct wire_enc *enc, uint16_t type,
			  const struct mobikex_block *b)
{
	uint8_t data[BLOCK_HDR_LEN + 2 * 16] = { MOBIKEX_VERSION };
	size_t old_len = wire_addr_len(b->old_addr.family);
	size_t new_len = wire_addr_len(b->new_addr.family);

	if (b->empty) {
		wire_notify_encode(enc, type, NULL, 0);
		return;
	}
	data[1] = b->flags & FLAGS_KNOWN;
	wire_put_u16(data + 2, b->path_id);
	data[4] = b->preference;
	data[5] = b->old_addr.family;
	data[6] = b->new_addr.family;
	memcpy(data + BLOCK_HDR_LEN, b->old_addr.a, old_len);
	memcpy(data + BLOCK_HDR_LEN + old_len, b->new_addr.a, new_len);
	wire_notify_encode(enc, type, data, BLOCK_HDR_LEN + old_len + new_len);
}

enum wire_err mobikex_set_decode(const struct wire_notify *n,
				 struct mobikex_set *set)
{
	struct wire_rd rd;

	set->n = 0;
	if (!about_ike_sa(n))
		return WIRE_E_VALUE;
	wire_rd_init(&rd, n->data.p, n->data.len);
	while (rd.left) {
		struct mobikex_set_entry e = { 0 };
		uint8_t family;

		if (set->n == MOBIKEX_PATHS_MAX)
			return WIRE_E_LIMIT;
		e.path_id = wire_rd_u16(&rd);
		e.state = wire_rd_u8(&rd);
		e.preference = wire_rd_u8(&rd);
		family = wire_rd_u8(&rd);
		e.flags = wire_rd_u8(&rd) & FLAGS_KNOWN;
		e.observed.port = wire_rd_u16(&rd);
		if (rd.bad)
			return WIRE_E_SHORT;
		if (e.state < MOBIKEX_TENTATIVE ||
		    e.state > MOBIKEX_DEPRECATED ||
		    !wire_addr_len(family))
			return WIRE_E_VALUE;
		addr_read(&rd, family, &e.observed.addr);
		if (rd.bad)
			return WIRE_E_SHORT;
		set->e[set->n++] = e;
	}
	return WIRE_OK;
}

void mobikex_set_encode(struct wire_enc *enc, const struct mobikex_set *set)
{
	uint8_t data[MOBIKEX_PATHS_MAX * (BLOCK_HDR_LEN + 16)];
	size_t at = 0;

	for (unsigned int i = 0; i < set->n && i < MOBIKEX_PATHS_MAX; i++) {
		const struct mobikex_set_entry *e = &set->e[i];
		size_t len = wire_addr_len(e->observed.addr.family);

		wire_put_u16(data + at, e->path_id);
		data[at + 2] = e->state;
		data[at + 3] = e->preference;
		data[at + 4] = e->observed.addr.family;
		data[at + 5] = e->flags & FLAGS_KNOWN;
		wire_put_u16(data + at + 6, e->observed.port);
		memcpy(data + at + BLOCK_HDR_LEN, e->observed.addr.a, len);
		at += BLOCK_HDR_LEN + len;
	}
	wire_notify_encode(enc, IKE_N_SA_ADDRESS_SET, data, at);
}

enum wire_err mobikex_reason_decode(const struct wire_notify *n,
				    struct mobikex_reason *r)
{
	struct wire_rd rd;
	size_t len;

	*r = (struct mobikex_reason){ 0 };
	wire_rd_init(&rd, n->data.p, n->data.len);
	r->code = wire_rd_u16(&rd);
	r->block = wire_rd_u16(&rd);
	if (rd.bad)
		return WIRE_E_SHORT;
	len = rd.left < MOBIKEX_REASON_TEXT ? rd.left : MOBIKEX_REASON_TEXT;
	wire_rd_copy(&rd, r->text, len);
	for (size_t i = 0; i < len; i++)
		if (r->text[i] < 0x20 || r->text[i] > 0x7e)
			r->text[i] = '?';
	return WIRE_OK;
}

void mobikex_reason_encode(struct wire_enc *enc, uint16_t code, uint16_t block,
			   const char *text)
{
	uint8_t data[4 + MOBIKEX_REASON_TEXT];
	size_t len = strlen(text);

	/* A cut must not leave half of a UTF-8 character. */
	if (len > MOBIKEX_REASON_TEXT) {
		len = MOBIKEX_REASON_TEXT;
		while (len && (text[len] & 0xc0) == 0x80)
			len--;
	}
	wire_put_u16(data, code);
	wire_put_u16(data + 2, block);
	memcpy(data + 4, text, len);
	wire_notify_encode(enc, IKE_N_MOBIKEX_REASON, data, 4 + len);
}

enum wire_err mobike_cookie2_decode(const struct wire_notify *n,
				    struct wire_span *cookie)
{
	*cookie = n->data;
	if (n->data.len < MOBIKE_COOKIE2_MIN || n->data.len > MOBIKE_COOKIE2_MAX)
		return WIRE_E_LENGTH;
	return WIRE_OK;
}

enum wire_err mobike_additional_decode(const struct wire_notify *n,
				       struct wire_addr *addr)
{
	size_t len = n->type == IKE_N_ADDITIONAL_IP4_ADDRESS ? 4 : 16;

	*addr = (struct wire_addr){ 0 };
	if (n->data.len != len)
		return WIRE_E_LENGTH;
	wire_addr_set(addr, n->data.p, len);
	return WIRE_OK;
}

void mobike_additional_encode(struct wire_enc *enc,
			      const struct wire_addr *addr)
{
	wire_notify_encode(enc, addr->family == 4 ?
			   IKE_N_ADDITIONAL_IP4_ADDRESS :
			   IKE_N_ADDITIONAL_IP6_ADDRESS,
			   addr->a, wire_addr_len(addr->family));
}

enum wire_err mobike_no_nats_decode(const struct wire_notify *n,
				    struct wire_endpoint *src,
				    struct wire_endpoint *dst)
{
	uint8_t family = n->data.len == 12 ? 4 : n->data.len == 36 ? 6 : 0;
	struct wire_rd rd;

	*src = (struct wire_endpoint){ 0 };
	*dst = (struct wire_endpoint){ 0 };
	if (!family)
		return WIRE_E_LENGTH;
	wire_rd_init(&rd, n->data.p, n->data.len);
	addr_read(&rd, family, &src->addr);
	addr_read(&rd, family, &dst->addr);
	src->port = wire_rd_u16(&rd);
	dst->port = wire_rd_u16(&rd);
	return WIRE_OK;
}

void mobike_no_nats_encode(struct wire_enc *enc,
			   const struct wire_endpoint *src,
			   const struct wire_endpoint *dst)
{
	size_t len = wire_addr_len(src->addr.family);
	uint8_t data[36];

	memcpy(data, src->addr.a, len);
	memcpy(data + len, dst->addr.a, len);
	wire_put_u16(data + 2 * len, src->port);
	wire_put_u16(data + 2 * len + 2, dst->port);
	wire_notify_encode(enc, IKE_N_NO_NATS_ALLOWED, data, 2 * len + 4);
}
