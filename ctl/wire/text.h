/* SPDX-License-Identifier: GPL-2.0 */
/* Texts that come from anywhere, for who takes UTF-8 alone. */
#ifndef MOBX_WIRE_TEXT_H
#define MOBX_WIRE_TEXT_H

#include <jansson.h>

/**
 * wire_text_json() - a text as a string of JSON
 * @text: octets up to a zero
 *
 * What is no UTF-8 is shown octet by octet: beyond ASCII each is \xNN.
 *
 * Return: string; NULL without memory.
 */
json_t *wire_text_json(const char *text);

#endif /* MOBX_WIRE_TEXT_H */
