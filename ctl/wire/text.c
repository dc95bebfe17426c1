// SPDX-License-Identifier: GPL-2.0
#include "wire/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *wire_text_json(const char *text)
{
	json_t *s = json_string(text);
	char *ascii, *to;

	if (s)
		return s;
	/* \xNN takes four, and the last one ends with a zero. */
	ascii = malloc(4 * strlen(text) + 1);
	if (!ascii)
		return NULL;
	for (to = ascii; *text; text++) {
		unsigned char ch = (unsigned char)*text;

		if (ch < 0x80)
			*to++ = *text;
		else
			to += sprintf(to, "\\x%02x", ch);
	}
	*to = '\0';
	s = json_string(ascii);
	free(ascii);
	return s;
}
