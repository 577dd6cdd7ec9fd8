/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces of text for the page. */
#ifndef BENCH_SUITE_MARKUP_HH
#define BENCH_SUITE_MARKUP_HH

#include <string>

/* Safe in an element and in an attribute. */
std::string html_escaped(const std::string &text);

/* As printf(3), up to 500 bytes. */
std::string formatted(const char *text, ...) __attribute__((format(printf, 1, 2)));

#endif
