/* SPDX-License-Identifier: BSD-2-Clause */
#include "json_text.h"

#include <stdint.h>

/*
 * The length of the valid UTF-8 sequence at `bytes`, which ends in a NUL, and its
 * code point; 0: it is none (cut off, too long for its code point, a surrogate).
 */
static int utf8_sequence(const unsigned char *bytes, uint32_t *ret_point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = bytes[0];
	int length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t point = first;

	if (length == 0 || first > 0xf4)
		return 0;
	if (length > 1)
		point &= 0x7fu >> length;
	for (int i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (bytes[i] & 0x3fu);
	}
	if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 0;
	*ret_point = point;
	return length;
}

void json_quoted(FILE *file, const char *string)
{
	const unsigned char *at = (const unsigned char *) string;
	uint32_t point = 0;

	fputc('"', file);
	while (*at) {
		int length = utf8_sequence(at, &point);
		if (length == 0) {
			fputs("\\ufffd", file);
			length = 1;
		} else if (point == '"' || point == '\\') {
			fprintf(file, "\\%c", (int) point);
		} else if (point < ' ' || (point >= 0x7f && point < 0xa0)) {
			fprintf(file, "\\u%04x", (unsigned) point);
		} else {
			fwrite(at, 1, (size_t) length, file);
		}
		at += length;
	}
	fputc('"', file);
}
