/* SPDX-License-Identifier: BSD-2-Clause */
/* json_text: any bytes as a JSON string. */
#ifndef MPSHM_STAT_JSON_TEXT_H
#define MPSHM_STAT_JSON_TEXT_H

#include <stdio.h>

/*
 * A JSON string with its quotes.  Valid UTF-8 stays; control characters, C1 ones
 * too, become \u00NN; bytes that are no UTF-8 become \ufffd each.
 */
void json_quoted(FILE *file, const char *string);

#endif
