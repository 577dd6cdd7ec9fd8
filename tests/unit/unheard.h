/* SPDX-License-Identifier: BSD-2-Clause */
/* unheard: a machine whose madvise() says yes and does nothing, as under an emulator. */
#ifndef MPSHM_TESTS_UNIT_UNHEARD_H
#define MPSHM_TESTS_UNIT_UNHEARD_H

/* For tcase_add_checked_fixture(), before a suite's own. */
void advice_goes_unheard(void);
void advice_is_heard_again(void);

#endif
