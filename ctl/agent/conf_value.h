/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The texts that a configuration may hold, each read by one function. All
 * return 0, or -EINVAL with @err saying what is wrong and what would be right.
 */
#ifndef MOBX_AGENT_CONF_VALUE_H
#define MOBX_AGENT_CONF_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "ike/ike.h"

/**
 * conf_prefix() - addresses
 * @text: "any", an address, or a prefix such as "10.0.0.0/8"
 * @out: result; family 0 for any
 * @err: reason
 * @errlen: octets in @err
 *
 * A prefix whose host part is not zero is refused.
 */
int conf_prefix(const char *text, struct ike_prefix *out, char *err,
		size_t errlen);

/**
 * conf_ports() - a port or a range of ports
 * @text: "any", "7000" or "7000-7010"
 * @min: first port
 * @max: last port
 * @err: reason
 * @errlen: octets in @err
 */
int conf_ports(const char *text, uint16_t *min, uint16_t *max, char *err,
	       size_t errlen);

/**
 * conf_proto() - an IP protocol
 * @text: "any", tcp, udp, sctp, icmp, ipv6-icmp or a number from 1 to 255
 * @out: number, 0 for any
 * @err: reason
 * @errlen: octets in @err
 */
int conf_proto(const char *text, uint8_t *out, char *err, size_t errlen);

/**
 * conf_psk() - a pre-shared key
 * @text: the key as it is, or 0x and an even number of hexadecimal digits
 * @len: octets of @text, without a closing newline
 * @out: the key
 * @max: room in @out
 * @out_len: octets of the key
 * @err: reason, which never shows the key
 * @errlen: octets in @err
 */
int conf_psk(const char *text, size_t len, uint8_t *out, size_t max,
	     size_t *out_len, char *err, size_t errlen);

/**
 * conf_word() - one of a few words
 * @text: what was written
 * @words: choices, ended by NULL
 * @err: reason, with the choices
 * @errlen: octets in @err
 *
 * Return: index of the word, or -EINVAL.
 */
int conf_word(const char *text, const char *const *words, char *err,
	      size_t errlen);

/**
 * conf_uri() - of a page that is asked for without TLS
 * @text: "http://HOST[:PORT][/PATH]"
 * @err: reason
 * @errlen: octets in @err
 */
int conf_uri(const char *text, char *err, size_t errlen);

#endif /* MOBX_AGENT_CONF_VALUE_H */
