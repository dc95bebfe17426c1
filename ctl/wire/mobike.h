/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Data of the notifies of MOBIKE (RFC 4555 section 4.2) and of MOBIKE-X
 * (Documentation/mobike-x.rst). All have protocol 0 and no SPI.
 */
#ifndef MOBX_WIRE_MOBIKE_H
#define MOBX_WIRE_MOBIKE_H

#include "wire/addr.h"
#include "wire/msg.h"
#include "wire/payload.h"

#define MOBIKEX_VERSION		1
#define MOBIKEX_PATHS_MIN	2
#define MOBIKEX_PATHS_MAX	64
#define MOBIKEX_PATHS_DEFAULT	16
#define MOBIKEX_VENDOR_ID_LEN	16
#define MOBIKEX_REASON_TEXT	64

extern const uint8_t mobikex_vendor_id[MOBIKEX_VENDOR_ID_LEN];

/* Flags of a path block */
enum mobikex_flag {
	MOBIKEX_F_PRIMARY = 0x01,
	MOBIKEX_F_SOFT = 0x02,
	MOBIKEX_F_BACKUP = 0x08,
};

/* States in SA_ADDRESS_SET */
enum mobikex_state {
	MOBIKEX_TENTATIVE = 1,
	MOBIKEX_VALID = 2,
	MOBIKEX_DEPRECATED = 3,
};

enum mobikex_reason_code {
	MOBIKEX_R_BAD_FORMAT = 1,
	MOBIKEX_R_NO_SUCH_PATH = 2,
	MOBIKEX_R_DUPLICATE = 3,
	MOBIKEX_R_SELECTOR_CONFLICT = 4,
	MOBIKEX_R_POLICY_DENIED = 5,
	MOBIKEX_R_LIMIT = 6,
	MOBIKEX_R_LAST_PATH = 7,
	MOBIKEX_R_FAMILY = 8,
	MOBIKEX_R_RRC_FAILED = 9,
	MOBIKEX_R_BUSY = 10,
	MOBIKEX_R_INTERNAL = 11,
};

/* "NO_SUCH_PATH" and so on; "unknown reason" for any other code. */
const char *mobikex_reason_name(unsigned int code);

/**
 * struct mobikex_supported - MOBIKEX_SUPPORTED
 * @version: 1 or above.
 * @max_paths: Most paths that the sender keeps, clamped to 2..64.
 */
struct mobikex_supported {
	uint8_t version;
	uint8_t max_paths;
};

/* WIRE_E_SHORT: as if not sent. A longer one's tail is ignored. */
enum wire_err mobikex_supported_decode(const struct wire_notify *n,
				       struct mobikex_supported *s);
void mobikex_supported_encode(struct wire_enc *enc, uint8_t max_paths);

/**
 * struct mobikex_block - IP_PARAMETER, ADD_SA_ADDRESS or REMOVE_SA_ADDRESS
 * @empty: The notify has no data: all is derived from the packet. The other
 *   fields are zero then.
 * @flags: enum mobikex_flag bits; unknown bits are kept out.
 * @path_id: The sender's path.
 * @preference: 0 best to 255.
 * @old_addr: Family 0 when absent.
 * @new_addr: Family 0 when absent.
 */
struct mobikex_block {
	bool empty;
	uint8_t flags;
	uint16_t path_id;
	uint8_t preference;
	struct wire_addr old_addr;
	struct wire_addr new_addr;
};

/**
 * mobikex_block_decode() - syntax and shape of one block (E1)
 * @n: Notify of one of the three types; the shape that its type allows is
 *   checked: IP_PARAMETER has both addresses or none, ADD the new one only,
 *   REMOVE none or the old one. ADD and REMOVE may be empty, IP_PARAMETER too
 *   (then it says nothing).
 * @b: Filled.
 *
 * Return: WIRE_OK, or why not: the answer is then BAD_FORMAT.
 */
enum wire_err mobikex_block_decode(const struct wire_notify *n,
				   struct mobikex_block *b);

/**
 * mobikex_block_encode() - add one block as a notify
 * @enc: Message.
 * @type: IKE_N_IP_PARAMETER, IKE_N_ADD_SA_ADDRESS or IKE_N_REMOVE_SA_ADDRESS.
 * @b: Block; @b->empty: no data.
 */
void mobikex_block_encode(struct wire_enc *enc, uint16_t type,
			  const struct mobikex_block *b);

/**
 * struct mobikex_set_entry - one path as the answerer sees it
 * @path_id: The asker's path.
 * @state: enum mobikex_state.
 * @preference: 0 best to 255.
 * @flags: enum mobikex_flag bits.
 * @observed: Address and port seen.
 */
struct mobikex_set_entry {
	uint16_t path_id;
	uint8_t state;
	uint8_t preference;
	uint8_t flags;
	struct wire_endpoint observed;
};

/**
 * struct mobikex_set - SA_ADDRESS_SET; no entries in a request: a query
 * @n: Entries of @e.
 * @e: The paths, in ascending order of their IDs not guaranteed.
 */
struct mobikex_set {
	unsigned int n;
	struct mobikex_set_entry e[MOBIKEX_PATHS_MAX];
};

enum wire_err mobikex_set_decode(const struct wire_notify *n,
				 struct mobikex_set *set);
void mobikex_set_encode(struct wire_enc *enc, const struct mobikex_set *set);

/**
 * struct mobikex_reason - MOBIKEX_REASON
 * @code: enum mobikex_reason_code, or any other value.
 * @block: Index of the offending block in payload order, 0 the first.
 * @text: UTF-8; what is not printable ASCII is shown as '?', for logs.
 */
struct mobikex_reason {
	uint16_t code;
	uint16_t block;
	char text[MOBIKEX_REASON_TEXT + 1];
};

enum wire_err mobikex_reason_decode(const struct wire_notify *n,
				    struct mobikex_reason *r);

/**
 * mobikex_reason_encode() - add a MOBIKEX_REASON
 * @enc: Message.
 * @code: enum mobikex_reason_code.
 * @block: Index of the offending block.
 * @text: Cut at MOBIKEX_REASON_TEXT octets.
 */
void mobikex_reason_encode(struct wire_enc *enc, uint16_t code, uint16_t block,
			   const char *text);

/**
 * mobike_cookie2_decode() - COOKIE2 (MB22)
 * @n: Notify.
 * @cookie: View of its data.
 *
 * Return: WIRE_OK, or WIRE_E_LENGTH outside of 8..64 octets (E8).
 */
enum wire_err mobike_cookie2_decode(const struct wire_notify *n,
				    struct wire_span *cookie);

/**
 * mobike_additional_decode() - ADDITIONAL_IP4_ADDRESS, ADDITIONAL_IP6_ADDRESS
 * @n: Notify of one of the two types.
 * @addr: Filled.
 *
 * Return: WIRE_OK, or WIRE_E_LENGTH when the data is not 4 or 16 octets as the
 * type says.
 */
enum wire_err mobike_additional_decode(const struct wire_notify *n,
				       struct wire_addr *addr);
void mobike_additional_encode(struct wire_enc *enc,
			      const struct wire_addr *addr);

/**
 * mobike_no_nats_decode() - NO_NATS_ALLOWED
 * @n: Notify.
 * @src: The sender's own address and port as it sees them.
 * @dst: Where it sent to.
 *
 * Return: WIRE_OK, or WIRE_E_LENGTH when the data is not 12 or 36 octets.
 */
enum wire_err mobike_no_nats_decode(const struct wire_notify *n,
				    struct wire_endpoint *src,
				    struct wire_endpoint *dst);

/**
 * mobike_no_nats_encode() - add a NO_NATS_ALLOWED
 * @enc: Message.
 * @src: Where this message is sent from.
 * @dst: Where it is sent to, of the same family.
 */
void mobike_no_nats_encode(struct wire_enc *enc,
			   const struct wire_endpoint *src,
			   const struct wire_endpoint *dst);

#endif
