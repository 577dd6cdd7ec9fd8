/* SPDX-License-Identifier: BSD-2-Clause */
/* unheard: a machine whose madvise() says yes and does nothing, as under an emulator. */
#ifndef MPSHM_TESTS_UNIT_UNHEARD_H
#define MPSHM_TESTS_UNIT_UNHEARD_H

#include <stdbool.h>

/* From here on, in this process and its children. */
void advice_goes_unheard(bool unheard);

#endif
