/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The Encrypted payload: a whole message sealed or opened (RFC 7296 section
 * 3.14), or a fragment of one (RFC 7383 section 2.5).
 */
#ifndef MOBX_CRYPTO_SK_H
#define MOBX_CRYPTO_SK_H

#include "crypto/keys.h"
#include "wire/msg.h"

/**
 * crypto_sk_seal() - make a protected message
 * @keys: Keys; @keys->next_iv moves on with a combined mode.
 * @initiator: We are the original initiator of the IKE SA (not of this
 *   exchange): picks SK_ei and SK_ai.
 * @hdr: Header; next payload and length are filled in here.
 * @first: Type of the first inner payload, 0 with none (wire_enc's @first).
 * @inner: The inner chain, NULL when @inner_len is 0.
 * @inner_len: Octets of @inner.
 * @random: 16 unpredictable octets, the IV of AES-CBC.
 * @out: Empty writer; gets the whole message.
 *
 * Return: 0; -EMSGSIZE beyond WIRE_MSG_MAX; -ENOMEM; -EIO.
 */
int crypto_sk_seal(struct crypto_ike_keys *keys, bool initiator,
		   const struct wire_hdr *hdr, uint8_t first,
		   const uint8_t *inner, size_t inner_len,
		   const uint8_t random[16], struct wire_wr *out);

/**
 * crypto_sk_open() - check and decrypt a protected message
 * @keys: Keys.
 * @initiator: The sender is the original initiator of the IKE SA.
 * @msg: Message with SK; its octets are not changed. On success its payloads
 *   are those that were inside, views of @plain.
 * @plain: Room for at least @msg->sk_len octets; must outlive @msg. Zeroed as
 *   far as it was used when the check fails.
 * @plain_len: Octets of @plain.
 * @err: Set to the syntax error inside an authentic message, else WIRE_OK.
 *
 * Return: 0 for an authentic message, also when @err says that its inside is
 * broken (INVALID_SYNTAX, fatal); -EBADMSG for one that is not (drop silently);
 * -EINVAL without SK or with too little room; -EIO.
 */
int crypto_sk_open(const struct crypto_ike_keys *keys, bool initiator,
		   struct wire_msg *msg, uint8_t *plain, size_t plain_len,
		   enum wire_err *err);

/**
 * crypto_sk_room() - how much fits into one message
 * @suite: Algorithms of the IKE SA.
 * @size: Octets that the message may have.
 * @fragment: It is to be a fragment.
 *
 * Return: octets of inner payloads that crypto_sk_seal() or crypto_skf_seal()
 * put into @size octets; 0 when not even one does.
 */
size_t crypto_sk_room(const struct crypto_suite *suite, size_t size,
		      bool fragment);

/**
 * struct crypto_fragment - one of the pieces of a message
 * @number: 1 to @total.
 * @total: Of how many.
 * @first: Type of the first inner payload; 0 but for the first fragment.
 * @data: Its part of the inner chain.
 */
struct crypto_fragment {
	uint16_t number;
	uint16_t total;
	uint8_t first;
	struct wire_span data;
};

/**
 * crypto_skf_seal() - make a message that carries a fragment
 * @keys: As for crypto_sk_seal().
 * @initiator: Likewise.
 * @hdr: Likewise; the same for all fragments of a message.
 * @f: The fragment.
 * @random: 16 unpredictable octets.
 * @out: Empty writer; gets the whole message.
 *
 * Return: as crypto_sk_seal().
 */
int crypto_skf_seal(struct crypto_ike_keys *keys, bool initiator,
		    const struct wire_hdr *hdr, const struct crypto_fragment *f,
		    const uint8_t random[16], struct wire_wr *out);

/**
 * crypto_skf_open() - check and decrypt a fragment
 * @keys: Keys.
 * @initiator: The sender is the original initiator of the IKE SA.
 * @msg: Message with SKF.
 * @plain: Room for at least @msg->sk_len octets.
 * @plain_len: Octets of @plain.
 * @len: Gets the octets of the fragment, without padding.
 *
 * Return: 0; -EBADMSG when it is not authentic, or its padding is longer than
 * itself; -EINVAL without SKF or with too little room; -EIO.
 */
int crypto_skf_open(const struct crypto_ike_keys *keys, bool initiator,
		    const struct wire_msg *msg, uint8_t *plain,
		    size_t plain_len, size_t *len);

#endif
