/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Included before every file of the library, by the Makefile alone.
 *
 * The library is compiled with hidden visibility; what the public headers declare
 * is its public face.  The headers themselves stay free of compiler decoration.
 * lib/mpshm.map lists the same names once more, for their versions;
 * tests/lint/symbols.sh holds the three together.
 */
#ifndef MPSHM_EXPORTS_H
#define MPSHM_EXPORTS_H

#pragma GCC visibility push(default)
#include <mpshm.h>
#pragma GCC visibility pop

#endif
